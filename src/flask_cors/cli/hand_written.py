"""Hooks and views that write CORS headers by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from flask import Flask

from .._advice import Function, function_at
from ..core import ACL_ORIGIN
from .inspection import code_of, constants, members


def hand_written(app: Flask, endpoint: str | None = None) -> list[Function]:
    """Return the functions that write Access-Control-Allow-Origin themselves.

    These are hooks of any blueprint and, of all views, only that of `endpoint`.
    """
    functions = [*after_hooks(app)]
    if endpoint is not None:
        functions.append(app.view_functions.get(endpoint))
    return [function_at(function) for function in functions if writes_origin(function)]


def after_hooks(app: Flask) -> Iterator[object]:
    """Yield the hooks of an app and its blueprints that can make or change a response."""
    for registered in (app.before_request_funcs, app.after_request_funcs):
        for functions in cast("dict[object, list[object]]", registered).values():
            yield from functions


def writes_origin(function: object) -> bool:
    """Return whether a function probably writes Access-Control-Allow-Origin: its code names it."""
    view_class: type | None = getattr(function, "view_class", None)
    parts = [function] if view_class is None else members(view_class)
    return any(
        text.lower() == ACL_ORIGIN.lower() for part in parts for text in constants(code_of(part))
    )
