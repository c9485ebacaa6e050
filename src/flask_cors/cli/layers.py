"""Layers that answer instead of an app: apps mounted beside it, and wrappers around it."""

from __future__ import annotations

from flask import Flask

from .inspection import layers_around, mounted_at


def layer_that_answers(app: Flask, path: str, origin: str) -> tuple[str, str]:
    """Return the layer that answers a path instead of the app, and the edit that allows a page.

    Args:
        app: the app that the layer wraps.
        path: the path of the request.
        origin: the origin of the page.
    """
    layers = layers_around(app)
    for layer in layers:
        mounted = mounted_at(layer, path)
        if mounted is not None:
            prefix, other = mounted
            name = type(layer).__name__
            return f"The app that {name} mounts at {prefix}", _allow_mounted(prefix, other, origin)
    for layer in layers:
        if _is_socket_io(layer):
            fix = f"Socket.IO has its own option. Write cors_allowed_origins=[{origin!r}]"
            return f"A wrapper around the app, {name_of_layer(layer)},", fix
    name = f", {name_of_layer(layers[0])}," if layers else ""
    return (
        f"A wrapper around the app{name}",
        _wrap(_pattern(path), origin),
    )


def _wrap(pattern: str, origin: str) -> str:
    return (
        "If the page may read that, put CORS around it too. Write app.wsgi_app = "
        f"flask_cors.wsgi.CORSMiddleware(app.wsgi_app, resources={{{pattern!r}: "
        f"{{'origins': [{origin!r}]}}}})"
    )


def _allow_mounted(prefix: str, other: object, origin: str) -> str:
    if isinstance(getattr(other, "__self__", other), Flask):
        return f"That app needs CORS of its own. Write CORS(other, origins=[{origin!r}])"
    return (
        f"That app needs CORS of its own. Mount, at {prefix}: "
        f"flask_cors.wsgi.CORSMiddleware(other, origins=[{origin!r}])"
    )


def _is_socket_io(layer: object) -> bool:
    return type(layer).__module__.partition(".")[0] in {"engineio", "flask_socketio", "socketio"}


def name_of_layer(layer: object) -> str:
    """Return the name of a layer in the source code."""
    return str(getattr(layer, "__qualname__", type(layer).__name__)).rpartition("<locals>.")[2]


def _pattern(path: str) -> str:
    """Return the resource for a path's first segment: wrappers usually serve one prefix."""
    first = path.strip("/").partition("/")[0]
    return f"/{first}/*" if first else "/*"
