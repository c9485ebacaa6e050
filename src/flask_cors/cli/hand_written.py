"""Where an app writes the headers by hand: hooks and views that name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from flask import Flask

from ..core import ACL_ORIGIN
from .inspection import Function, code_of, constants, function_at, members


def hand_written(app: Flask, endpoint: str | None = None) -> list[Function]:
    """Return the functions that write Access-Control-Allow-Origin by themselves.

    Of views the one of `endpoint` alone, and every hook that may act on its response.
    """
    functions = [*after_hooks(app)]
    if endpoint is not None:
        functions.append(app.view_functions.get(endpoint))
    return [function_at(function) for function in functions if writes_origin(function)]


def after_hooks(app: Flask) -> Iterator[object]:
    """Yield the hooks of an app, and of its blueprints, that may answer or change a response."""
    for registered in (app.before_request_funcs, app.after_request_funcs):
        for functions in cast("dict[object, list[object]]", registered).values():
            yield from functions


def writes_origin(function: object) -> bool:
    """Return whether a function names Access-Control-Allow-Origin, as one does that writes it."""
    view_class: type | None = getattr(function, "view_class", None)
    parts = [function] if view_class is None else members(view_class)
    return any(
        text.lower() == ACL_ORIGIN.lower() for part in parts for text in constants(code_of(part))
    )
