"""Why a browser refuses, in words: the cause, and the option to write with its value filled in."""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import RequestRedirect
from werkzeug.test import EnvironBuilder

from ._flask import (
    VIEW_POLICY,
    AppState,
    ViewPolicy,
    all_view_policies,
    asked_method,
    matched,
    run_in,
    view_policy,
)
from .browser import Exchange, Outcome, origin_of
from .core import (
    ACL_ALLOW_HEADERS,
    ACL_CREDENTIALS,
    ACL_METHODS,
    ACL_ORIGIN,
    ACL_REQUEST_HEADERS,
    Decision,
    Policy,
    Settings,
)
from .core.errors import shown
from .core.headers import parse_names
from .core.origins import Origin, OriginPredicate, OriginRules, parse_origin
from .findings import in_python
from .wsgi import EnvironHeaders, WSGIEnvironment, is_preflight


class Advice(NamedTuple):
    """Is why a browser refuses, and what to do; what is to be written stands last."""

    cause: str
    cure: str


class Place(NamedTuple):
    """Is the policy that holds for a request, and where it was written."""

    policy: Policy | None
    source: str


class _Case(NamedTuple):
    """Is the request at whose response a browser stopped."""

    app: Flask
    exchange: Exchange
    environ: WSGIEnvironment
    place: Place
    endpoint: str | None
    check: str
    """what failed: origin, credentials, status, method or headers"""
    raised: Exception | None


# Where things are ---------------------------------------------------------------------------------


def state_of(app: Flask) -> AppState:
    """Return the state of an app, which is empty where nothing was set up."""
    state: object = app.extensions.get("cors")
    return state if isinstance(state, AppState) else AppState(app)


def environ_of(exchange: Exchange) -> WSGIEnvironment:
    """Return the WSGI environment of a request that was sent."""
    request = exchange.sent.request
    return environ_at(request.url, request.method, request.headers)


def environ_at(
    url: str, method: str = "GET", headers: Iterable[tuple[str, str]] = ()
) -> WSGIEnvironment:
    """Return the WSGI environment of a request for a URL, or for a path."""
    parts = urlsplit(url)
    base = f"{parts.scheme or 'http'}://{parts.netloc or 'localhost'}/"
    builder = EnvironBuilder(
        parts.path or "/",
        base_url=base,
        query_string=parts.query,
        method=method,
        headers=list(headers),
    )
    return builder.get_environ()


def place_of(app: Flask, environ: WSGIEnvironment) -> tuple[Place, str | None]:
    """Return whose policy holds, and the endpoint; of a preflight, for what it asks for."""
    method = _method_of(environ)
    endpoint = matched(app, environ, method)
    return place_at(app, endpoint, method, environ), endpoint


def place_at(app: Flask, endpoint: str | None, method: str, environ: WSGIEnvironment) -> Place:
    """Return whose policy holds for an endpoint, and where it was written."""
    state = state_of(app)
    policy = state.policy(endpoint, method, environ)
    if policy is None:
        return Place(None, "no policy")
    if endpoint and view_policy(app.view_functions.get(endpoint), method):
        return Place(policy, f"cross_origin on {endpoint}")
    for name, table in state.blueprints.items():
        for pattern, candidate in table.given:
            if candidate is policy:
                return Place(policy, f"blueprint {name}, resource {shown(pattern.text)}")
    patterns = [path.text for path, candidate in state.resources.given if candidate is policy]
    return Place(policy, f"resource {shown(patterns[-1])}")


def _method_of(environ: WSGIEnvironment) -> str:
    method: str = environ["REQUEST_METHOD"]
    return asked_method(environ) if is_preflight(environ) else method


def route_error(app: Flask, environ: WSGIEnvironment) -> HTTPException | None:
    """Return what keeps a request, or the one a preflight asks for, from reaching a view."""
    try:
        adapter = app.create_url_adapter(app.request_class(environ, populate_request=False))
        if adapter is not None:
            adapter.match(method=_method_of(environ))
    except HTTPException as error:
        return error
    except Exception:  # noqa: BLE001  (of a converter of the app, which may need its context)
        return None
    return None


def hides(view: object, own: ViewPolicy, depth: int = 3) -> str:
    """Return why Flask does not see a view's `cross_origin`, and the cure; nothing if it does."""
    if own.view is view:
        return "@cross_origin stands above @app.route. Put it below, directly above the function"
    for cell in getattr(view, "__closure__", None) or ():
        inner: object = cell.cell_contents
        if getattr(inner, VIEW_POLICY, None) is own or (depth and hides(inner, own, depth - 1)):
            return (
                "A decorator between @app.route and @cross_origin hides it. Put "
                "@cross_origin above that one, directly below @app.route"
            )
    return ""


_NOT_THE_APP = (sysconfig.get_path("stdlib"), str(Path(__file__).parent), "<")


def line_of(error: BaseException) -> str:
    """Return the line of the app that an exception came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        frame
        for frame in frames
        if not frame.filename.startswith(_NOT_THE_APP) and "site-packages" not in frame.filename
    ]
    frame = (own or frames)[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}"


def serve(app: Flask) -> list[Exception]:
    """Have an app answer as it does in production; return the exceptions that nobody catches."""
    raised: list[Exception] = []
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.log_exception = lambda exc_info: raised.append(exc_info[1])  # type: ignore[method-assign, assignment, arg-type, return-value]  # they are told here
    return raised


# Policies as they are written ---------------------------------------------------------------------


def written(settings: Settings, most: int = 1000) -> dict[str, str]:
    """Return the options of a policy as they are written in Python, without the defaults.

    Of lists longer than `most` the rest is left out.
    """
    rules, headers, default = settings.origins, settings.allow_headers, Settings()
    found = {
        "origins": "'*'"
        if rules.any
        else _list(rules.exact | rules.wildcards, rules.regexes, rules.predicates, most)
    }
    if settings.methods != default.methods:
        found["methods"] = "'*'" if settings.methods.any else _list(settings.methods.names)
    if not headers.any:
        found["allow_headers"] = _list(
            headers.names.union(headers.globs), headers.regexes, most=most
        )
    if settings.expose_headers:
        found["expose_headers"] = _list(settings.expose_headers)
    for option in ("supports_credentials", "max_age", "send_wildcard", "vary_header"):
        found |= _if_other(option, settings, default)
    for option in ("allow_private_network", "always_send", "automatic_options"):
        found |= _if_other(option, settings, default)
    return found | _if_other("intercept_exceptions", settings, default)


def _if_other(option: str, settings: Settings, default: Settings) -> dict[str, str]:
    value: object = getattr(settings, option)
    return {} if value == getattr(default, option) else {option: repr(value)}


def _list(
    names: Iterable[str],
    regexes: Iterable[re.Pattern[str]] = (),
    predicates: Iterable[OriginPredicate] = (),
    most: int = 1000,
) -> str:
    items = [repr(name) for name in sorted(names)]
    items += [in_python(regex) for regex in regexes]
    items += [getattr(predicate, "__name__", "...") for predicate in predicates]
    if len(items) > most:
        items[most:] = [f"... {len(items) - most} more"]
    return f"[{', '.join(items)}]"


# What a readable response is ----------------------------------------------------------------------


def outlook(app: Flask, outcome: Outcome, raised: list[Exception]) -> str:
    """Return what a readable response is, where it is no success: an impostor of a CORS error."""
    response = outcome.response
    if response is None or response.status < 400:
        return ""
    told = _error_of_the_app(app, environ_of(outcome.exchanges[-1]), response.status, raised)
    return f"That is no CORS error: {told}."


def _error_of_the_app(
    app: Flask, environ: WSGIEnvironment, status: int, raised: list[Exception]
) -> str:
    if raised:
        error = raised[-1]
        return f"the app raised {type(error).__name__}: {error} ({line_of(error)})"
    unrouted = route_error(app, environ)
    if status == 404 and isinstance(unrouted, NotFound):
        return f"no route of the app is {environ['PATH_INFO']}"
    if status == 405 and isinstance(unrouted, MethodNotAllowed):
        methods = ", ".join(sorted(unrouted.valid_methods or ()))
        return f"the route takes {methods}, not {_method_of(environ)}"
    return f"the app answers {_status(status)} by itself"


def _status(status: int) -> str:
    return f"{status} {HTTP_STATUS_CODES.get(status, '')}".strip()
