"""The ways in which a Flask app may be wrapped when it is served."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

Door: TypeAlias = Callable[[Flask], Flask]


def untouched(app: Flask) -> Flask:
    """Leave an app as it is."""
    return app


def below_a_proxy(app: Flask) -> Flask:
    """Wrap an app in a middleware with an attribute for the wrapped app."""
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]  # documented by Flask
    return app


def behind_a_closure(app: Flask) -> Flask:
    """Wrap an app in a closure, which does not show the wrapped app."""
    inner = app.wsgi_app

    def middleware(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return inner(environ, start_response)

    app.wsgi_app = middleware  # type: ignore[method-assign, assignment]  # as above
    return app


every_door = pytest.mark.parametrize("door", [untouched, below_a_proxy, behind_a_closure])
"""for behaviour that does not depend on the wrapper"""
doors_before_hooks = pytest.mark.parametrize("door", [untouched, below_a_proxy])
"""for behaviour before Flask runs a hook: `CORS` cannot add its middleware below a closure"""
