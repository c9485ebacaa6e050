"""The ways in which a request may come to a Flask app, and what its policies are told apart by."""

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
    """Put a middleware around an app that tells what it stands around."""
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]  # Flask's way to add one
    return app


def behind_a_closure(app: Flask) -> Flask:
    """Put a middleware around an app that nothing can look into."""
    inner = app.wsgi_app

    def middleware(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return inner(environ, start_response)

    app.wsgi_app = middleware  # type: ignore[method-assign, assignment]  # as above
    return app


every_door = pytest.mark.parametrize("door", [untouched, below_a_proxy, behind_a_closure])
"""for what holds however an app is served"""
doors_before_hooks = pytest.mark.parametrize("door", [untouched, below_a_proxy])
"""for what a request meets before Flask has run a hook: a closure lets nothing in there"""
