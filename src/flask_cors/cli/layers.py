"""Layers that answer instead of an app: apps mounted beside it, and wrappers around it."""

from __future__ import annotations

import weakref
from typing import cast

from flask import Flask

from .._advice import list_origins, list_resource
from .inspection import closure_variables, layers_around, mounted_at


def mounted_flask(app: Flask, path: str) -> tuple[str, Flask] | None:
    """Return the prefix and the Flask app that is mounted beside an app at a path, if one is."""
    for layer in layers_around(app):
        mounted = mounted_at(layer, path)
        if mounted is not None:
            prefix, other = mounted
            served = _served_app(other)
            return (prefix, served) if served is not None else None
    return None


def _served_app(mounted: object) -> Flask | None:
    """Return the Flask app whose `wsgi_app` a WSGI app is, also with the middleware of `CORS`."""
    app = getattr(mounted, "__self__", mounted)
    if isinstance(app, Flask):
        return app
    reference = dict(closure_variables(mounted)).get("app_ref")
    app = cast("object", reference()) if isinstance(reference, weakref.ref) else None
    return app if isinstance(app, Flask) else None


def layer_that_answers(
    app: Flask, path: str, origin: str, *, credentials: bool = False
) -> tuple[str, str]:
    """Return the layer that answers a path instead of the app, and the edit that allows a page.

    Args:
        app: the app that the layer wraps.
        path: the path of the request.
        origin: the origin of the page.
        credentials: whether the request is made with credentials.
    """
    layers = layers_around(app)
    for layer in layers:
        mounted = mounted_at(layer, path)
        if mounted is not None:
            options = list_origins(origin, credentials=credentials)
            fix = (
                f"That app needs CORS of its own. Mount, at {mounted[0]}: "
                f"flask_cors.wsgi.CORSMiddleware(other, {options})"
            )
            return f"The app that {type(layer).__name__} mounts at {mounted[0]}", fix
    for layer in layers:
        if _is_socket_io(layer):
            fix = f"Socket.IO has its own option. Write cors_allowed_origins=[{origin!r}]"
            return f"A wrapper around the app, {name_of_layer(layer)},", fix
    name = f", {name_of_layer(layers[0])}," if layers else ""
    resources = list_resource(_pattern(path), origin, credentials=credentials)
    fix = (
        "If the page may read that, put CORS around it too. Write app.wsgi_app = "
        f"flask_cors.wsgi.CORSMiddleware(app.wsgi_app, resources={resources})"
    )
    return f"A wrapper around the app{name}", fix


def _is_socket_io(layer: object) -> bool:
    return type(layer).__module__.partition(".")[0] in {"engineio", "flask_socketio", "socketio"}


def name_of_layer(layer: object) -> str:
    """Return the name of a layer in the source code."""
    return str(getattr(layer, "__qualname__", type(layer).__name__)).rpartition("<locals>.")[2]


def _pattern(path: str) -> str:
    """Return the resource for a path's first segment: wrappers usually serve one prefix."""
    first = path.strip("/").partition("/")[0]
    return f"/{first}/*" if first else "/*"
