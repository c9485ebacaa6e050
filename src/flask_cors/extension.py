"""`CORS`: policies for a whole Flask app, for parts of it by path, or for a blueprint."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState
from werkzeug.local import LocalProxy

from ._flask import compile_views, config_of, state_of
from .core import Problem
from .core.errors import Problems, place_of_caller, safe_repr
from .core.options import CORSOptions, Unpack
from .core.policy import compile_resources
from .core.settings import OptionSource, materialize, resolve_resources


class CORS:
    """The rules by which other origins may read the responses of a Flask app or blueprint.

    Several on one app form one table of resources. What is not given is read from
    `app.config["CORS_<NAME>"]`.

    The options, which `CORSOptions` describes in full:

    - `origins`: the websites whose scripts may read responses.
    - `methods`: the methods that a preflight is granted.
    - `allow_headers`: the request headers that a script may set.
    - `expose_headers`: the response headers that a script may read, beside the few that it always
      may.
    - `supports_credentials`: whether requests may carry cookies and HTTP authentication.
    - `max_age`: how long a browser may remember the answer to a preflight.
    - `send_wildcard`: whether to answer with `*` instead of the request's origin where any origin
      is allowed.
    - `vary_header`: whether `Vary` names the request headers that an answer depends on, as shared
      caches need it.
    - `allow_private_network`: whether a preflight that asks to reach a private network is granted
      that.
    - `always_send`: whether requests without an `Origin` header get the headers too, where one
      value is right for everyone.
    - `automatic_options`: whether preflights are answered here.
    - `intercept_exceptions`: whether the 500 of an exception that nobody caught has the headers
      too, so that a script can read its status.
    - `resources`: the paths that other origins may read.

    Args:
        app: the app or blueprint; leave it out to call `init_app` later.
        options: the options, by name.

    Raises:
        ConfigurationError: with every problem of the options. Of a blueprint, those that the
            app's configuration adds are raised when it is registered.
    """

    def __init__(
        self, app: Flask | Blueprint | None = None, **options: Unpack[CORSOptions]
    ) -> None:
        self._layer = _layer(options)
        self._told: list[Problem] = []
        if app is not None:
            self.init_app(app)
        else:
            self._told = _judge_alone([self._layer])

    def init_app(self, app: Flask | Blueprint, **options: Unpack[CORSOptions]) -> None:
        """Set up an app or blueprint; options given here win over the constructor's.

        Args:
            app: the app or blueprint.
            options: the options, by name.

        Raises:
            ConfigurationError: same as of the constructor.
        """
        layers = [self._layer, _layer(options)]
        if isinstance(app, Blueprint):
            told = [*self._told, *_judge_alone(layers)]
            app.record(lambda setup: _set_up_blueprint(setup, layers, told))
        elif hasattr(app, "wsgi_app") and not isinstance(app, type):
            _add(_itself(app), layers, self._told)
        else:
            problems = Problems()
            problems.error(
                "not-an-app",
                "app",
                app,
                f"{safe_repr(app)} is no Flask app or blueprint. Write CORS(app); for Quart, "
                "Starlette, FastAPI or Django use flask_cors.asgi.CORSMiddleware, for another "
                "WSGI app flask_cors.wsgi.CORSMiddleware",
            )
            problems.raise_errors()


def _itself(app: Flask) -> Flask:
    """Return an app, and not a stand-in (`current_app`), which would be another one later."""
    stand_in: object = app
    if isinstance(stand_in, LocalProxy):
        return cast("LocalProxy[Flask]", stand_in)._get_current_object()
    return app


def _layer(options: CORSOptions) -> OptionSource:
    given = cast("dict[str, object]", materialize({**options}))
    return OptionSource(given, place=place_of_caller())


def _judge_alone(layers: list[OptionSource]) -> list[Problem]:
    """Raise what is wrong whatever the app's configuration will say; return what was doubted."""
    problems = Problems()
    resolve_resources(layers, problems, complete=False)
    problems.raise_errors()
    problems.issue_warnings()
    return problems.warnings


def _add(app: Flask, layers: list[OptionSource], told: list[Problem], blueprint: str = "") -> None:
    problems = Problems()
    entries = compile_resources([config_of(app, problems), *layers], problems, told)
    compile_views(app)
    state_of(app).add(app, entries, blueprint)


def _set_up_blueprint(
    setup: BlueprintSetupState, layers: list[OptionSource], told: list[Problem]
) -> None:
    app = cast("Flask", setup.app)  # Flask types it as the half of itself that does no I/O
    # The name that requests know it by, prefixes of nesting and registration included.
    _add(app, layers, told, f"{setup.name_prefix}.{setup.name}".lstrip("."))
