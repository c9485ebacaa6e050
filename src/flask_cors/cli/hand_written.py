"""Hooks and views that write CORS headers by hand."""

from __future__ import annotations

import ast
import inspect
import textwrap
import tokenize
from collections.abc import Iterator
from types import CodeType
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
    return any(_writes(code) for part in parts if (code := code_of(part)) is not None)


def _writes(code: CodeType) -> bool:
    if not any(map(_is_field, constants(code))):
        return False
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (
        OSError,
        SyntaxError,
        tokenize.TokenError,
    ):  # there is no source, or a lambda is a part of a statement
        return True
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    fields: list[ast.expr] = [node for node in names if _is_field(node.value)]
    variables = _variables(tree, fields)
    read = {id(node) for statement in ast.walk(tree) for node in _read_by(statement)}
    read |= {id(node) for nodes in variables.values() for node in nodes}
    fields += [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in variables and isinstance(node.ctx, ast.Load)
    ]
    # Without a trace of the name in the source, the code was made in another way.
    return not fields or any(id(node) not in read for node in fields)


def _is_field(value: object) -> bool:
    return isinstance(value, str) and value.lower() == ACL_ORIGIN.lower()


def _variables(tree: ast.AST, fields: list[ast.expr]) -> dict[str, list[ast.expr]]:
    """Return the variables that get the field's name, each with the constants that it gets."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign([ast.Name(name)], value):
                pass
            case ast.For(ast.Name(name), value) | ast.comprehension(ast.Name(name), value):
                pass
            case _:
                continue
        given = [part for part in _items(value) if part in fields]
        if given:
            found.setdefault(name, []).extend(given)
    return found


def _items(value: ast.expr) -> list[ast.expr]:
    """Return the items of a list, tuple or set; of anything else, itself."""
    return value.elts if isinstance(value, (ast.List, ast.Tuple, ast.Set)) else [value]


_READING = frozenset({"discard", "get", "get_all", "getlist", "has_key", "pop", "remove"})


def _read_by(node: ast.AST) -> list[ast.expr]:
    """Return the parts of an expression that name a field and do not write it."""
    match node:
        case ast.Compare(left, _, others):
            return [item for part in (left, *others) for item in _items(part)]
        case ast.Subscript(_, name, ast.Load() | ast.Del()):
            return [name]
        case ast.Call(ast.Attribute(_, method), arguments) if method in _READING:
            return arguments[:1]
        case _:
            return []
