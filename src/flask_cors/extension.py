"""`CORS`: policies for a whole Flask app, for some of its paths, or for a blueprint."""

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
    """The rules for other origins that read the responses of a Flask app or blueprint.

    An app can have several: their resources form one table. Options that are not given are read
    from `app.config["CORS_<NAME>"]`.

    The options, which `CORSOptions` describes in full:

    - `origins`: the websites whose scripts may read responses.
    - `methods`: the request methods that a preflight allows.
    - `allow_headers`: the request headers that scripts may set.
    - `expose_headers`: the response headers that scripts may read, in addition to the few that they
      always may.
    - `supports_credentials`: whether requests may include cookies and HTTP authentication.
    - `max_age`: how long browsers may cache the answer to a preflight.
    - `send_wildcard`: whether to send `*` instead of the request's origin if any origin is allowed.
    - `vary_header`: whether `Vary` names the request headers that a response depends on.
    - `allow_private_network`: whether a preflight that asks for access to a private network is
      granted it.
    - `always_send`: whether requests without an `Origin` header get the headers too, if one value
      is right for everyone.
    - `automatic_options`: whether preflights are answered automatically.
    - `intercept_exceptions`: whether the 500 response to an uncaught exception gets the headers
      too, so that scripts can read its status.
    - `resources`: the paths that other origins may access.

    Args:
        app: the app or blueprint; leave it out to call `init_app` later.
        options: the options, by name.

    Raises:
        ConfigurationError: with all problems of the options. For a blueprint, problems that result
            from the app's configuration are raised when it is registered.
    """

    def __init__(
        self, app: Flask | Blueprint | None = None, **options: Unpack[CORSOptions]
    ) -> None:
        self._source = _source(options)
        self._already_warned: list[Problem] = []
        if app is not None:
            self.init_app(app)
        else:
            self._already_warned = _check([self._source])

    def init_app(self, app: Flask | Blueprint, **options: Unpack[CORSOptions]) -> None:
        """Set up an app or blueprint; options given here override those of the constructor.

        Args:
            app: the app or blueprint.
            options: the options, by name.

        Raises:
            ConfigurationError: same as for the constructor.
        """
        sources = [self._source, _source(options)]
        if isinstance(app, Blueprint):
            already_warned = [*self._already_warned, *_check(sources)]
            app.record(lambda setup: _set_up_blueprint(setup, sources, already_warned))
        elif hasattr(app, "wsgi_app") and not isinstance(app, type):
            _add(_without_proxy(app), sources, self._already_warned)
        else:
            problems = Problems()
            problems.error(
                "not-an-app",
                "app",
                app,
                f"{safe_repr(app)} is not a Flask app or blueprint. Write CORS(app); for Quart, "
                "Starlette, FastAPI or Django use flask_cors.asgi.CORSMiddleware, for any other "
                "WSGI app flask_cors.wsgi.CORSMiddleware",
            )
            problems.raise_errors()


def _without_proxy(app: Flask) -> Flask:
    """Return the app behind a proxy such as `current_app`, which may later be another app."""
    proxy: object = app
    if isinstance(proxy, LocalProxy):
        return cast("LocalProxy[Flask]", proxy)._get_current_object()
    return app


def _source(options: CORSOptions) -> OptionSource:
    given = cast("dict[str, object]", materialize({**options}))
    return OptionSource(given, place=place_of_caller())


def _check(sources: list[OptionSource]) -> list[Problem]:
    """Check options before the app's configuration is known; return the warnings issued.

    Raises:
        ConfigurationError: with the problems that no configuration could resolve.
    """
    problems = Problems()
    resolve_resources(sources, problems, complete=False)
    problems.raise_errors()
    problems.issue_warnings()
    return problems.warnings


def _add(
    app: Flask,
    sources: list[OptionSource],
    already_warned: list[Problem],
    blueprint: str = "",
) -> None:
    problems = Problems()
    entries = compile_resources([config_of(app, problems), *sources], problems, already_warned)
    compile_views(app)
    state_of(app).add(app, entries, blueprint)


def _set_up_blueprint(
    setup: BlueprintSetupState, sources: list[OptionSource], already_warned: list[Problem]
) -> None:
    app = cast("Flask", setup.app)  # Flask types it as its base class without I/O
    # The name in `request.blueprints`, with the prefixes of nesting and registration.
    _add(app, sources, already_warned, f"{setup.name_prefix}.{setup.name}".lstrip("."))
