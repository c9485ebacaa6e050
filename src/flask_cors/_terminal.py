"""Warnings in the developer's terminal: in debug mode, one for each response that browsers block.

The browser's console says that it blocks a response, but hardly why. The warning gives the reason
and the edit that allows the page, once for each origin, method and route. In production this module
is not loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from flask import Flask
from flask.logging import default_handler
from werkzeug.routing import Rule

from ._advice import (
    Advice,
    allow_rule,
    explain_credentials,
    explain_refusal,
    function_of_view,
    write_options,
)
from ._flask import AppState, answering_endpoint, state_of, view_policy
from ._log import logger
from .core import ACL_CREDENTIALS, ACL_ORIGIN, ACL_REQUEST_METHOD, Decision, Policy
from .core.errors import safe_repr
from .core.headers import normalize_method
from .core.origins import MAX_ORIGIN_LENGTH
from .wsgi import EnvironHeaders, WSGIEnvironment, is_preflight, request_method, routed_path

_MOST_WARNINGS = 1000
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def warn_of_blocked(
    app: Flask,
    environ: WSGIEnvironment,
    decided: tuple[Policy, Decision] | None,
    status: str,
    headers: Iterable[tuple[str, str]],
) -> None:
    """Log a warning if browsers will not give a response to the page that asked for it.

    Args:
        app: the app.
        environ: the WSGI environment of the request.
        decided: the policy that applies and its decision, if there is one.
        status: the status of the response.
        headers: the final headers of the response.
    """
    fields, state = EnvironHeaders(environ), state_of(app)
    origin = fields.get("Origin")
    if origin is None or len(origin) > MAX_ORIGIN_LENGTH:
        return
    if not _is_cross_origin_fetch(environ, origin):
        return
    asked = fields.get(ACL_REQUEST_METHOD) if is_preflight(environ) else request_method(environ)
    method = normalize_method(asked or "")
    endpoint = answering_endpoint(app, environ, method)
    key = (origin, method[:20], endpoint or "")
    if key in state.warned or len(state.warned) >= _MOST_WARNINGS:
        return
    sent = [(name.lower(), value) for name, value in headers]
    if decided is not None:
        source = source_of(app, state, decided[0], endpoint, method)
        advice = _advice_on(environ, decided, status, sent, source)
    else:
        advice = _advice_without_decision(app, environ, (endpoint, method), status, sent)
    if advice is None:
        return
    state.warned.add(key)
    _show_warnings()
    logger.warning(
        "CORS: browsers block %s %s for pages of %s. %s %s",
        safe_repr(method)[1:-1],
        safe_repr(routed_path(environ))[1:-1],
        safe_repr(origin)[1:-1],
        advice.cause,
        advice.fix,
    )


_CREDENTIALS = ACL_CREDENTIALS.lower()


def _advice_on(
    environ: WSGIEnvironment,
    decided: tuple[Policy, Decision],
    status: str,
    sent: list[tuple[str, str]],
    source: str,
) -> Advice | None:
    """Return why a response is blocked that a policy decided about; `None` if it is not."""
    policy, decision = decided
    settings, fields, origin = policy.settings, EnvironHeaders(environ), environ["HTTP_ORIGIN"]
    if decision.outcome != "granted" and not (
        decision.outcome == "origin" and _allows_origin(sent, origin)  # a view or hook wrote it
    ):
        return explain_refusal(decision, settings, fields, source)
    by_the_app = f"{source} allows the page, but "
    if not _allows_origin(sent, origin):
        return _written_by_the_app(by_the_app, sent)
    if is_preflight(environ):
        if status.startswith("2"):
            return None
        fix = write_options(settings, {"automatic_options": "True"}, source)
        cause = f"{source} leaves preflights to the app, which answers {status}."
        return Advice("preflight-left", cause, fix)
    # The script asked for credentials: otherwise a cross-origin request has no cookies.
    if "HTTP_COOKIE" not in environ or _allows_credentials(sent, origin):
        return None
    if settings.supports_credentials:
        return _written_by_the_app(by_the_app, sent)
    return explain_credentials(settings, origin, source)


def _advice_without_decision(
    app: Flask,
    environ: WSGIEnvironment,
    asked: tuple[str | None, str],
    status: str,
    sent: list[tuple[str, str]],
) -> Advice | None:
    """Return why a response is blocked to which no policy was applied; `None` if it is not.

    Args:
        app: the app.
        environ: the WSGI environment of the request.
        asked: the endpoint and the method.
        status: the status of the response.
        sent: the headers of the response.
    """
    state, origin = state_of(app), environ["HTTP_ORIGIN"]
    policy = state.response_policy(app, environ)
    if policy is not None and state.withholds(environ, policy, status):
        source = source_of(app, state, policy, *asked)
        return Advice(
            "exception",
            f"The app raised an exception. {source} allows the page, but adds no headers to the "
            f"{status[:3]}, since intercept_exceptions is off.",
            write_options(policy.settings, {"intercept_exceptions": "True"}, source),
        )
    if _allows_origin(sent, origin) and (
        "HTTP_COOKIE" not in environ or _allows_credentials(sent, origin)
    ):
        return None
    advice = _without_policy(app, origin, *asked)
    written = advice and _written_by_the_app(f"{advice.cause[:-1]}, and ", sent)
    return written._replace(fix=f"{written.fix} {advice.fix}") if advice and written else advice


def _written_by_the_app(cause: str, sent: list[tuple[str, str]]) -> Advice | None:
    """Return the advice on an Allow-Origin that the app writes itself, if there is one."""
    values = [value for name, value in sent if name == ACL_ORIGIN.lower()]
    if not values:
        return None
    shown = " and ".join(safe_repr(value)[1:-1] for value in values)
    return Advice(
        "headers-by-hand",
        f"{cause}the app itself writes {ACL_ORIGIN}: {shown}.",
        "Remove the code that writes it.",
    )


def _is_cross_origin_fetch(environ: WSGIEnvironment, origin: str) -> bool:
    """Return whether a script of another origin sent the request, as far as the request shows.

    Requests of forms can have an `Origin` too, but browsers do not block their responses.
    """
    scheme, host = str(environ.get("wsgi.url_scheme")), str(environ.get("HTTP_HOST", ""))
    own = f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ':'))}"
    return (
        environ.get("HTTP_SEC_FETCH_SITE") != "same-origin"
        and environ.get("HTTP_SEC_FETCH_MODE", "cors") == "cors"
        and origin.lower() != own.lower()
    )


def _allows_origin(sent: list[tuple[str, str]], origin: str) -> bool:
    return [value for name, value in sent if name == ACL_ORIGIN.lower()] in (["*"], [origin])


def _allows_credentials(sent: list[tuple[str, str]], origin: str) -> bool:
    return (_CREDENTIALS, "true") in sent and (ACL_ORIGIN.lower(), origin) in sent


def resource_name(blueprint: str, pattern: str) -> str:
    """Return the name of a resource of a blueprint or of the app, for messages."""
    return (f"blueprint {blueprint}, " if blueprint else "") + f"resource {safe_repr(pattern)}"


def source_of(
    app: Flask, state: AppState, policy: Policy | None, endpoint: str | None, method: str
) -> str:
    """Return the name of a policy, for messages: where it was written."""
    if view_policy(app, endpoint, method):
        return f"cross_origin on {endpoint}"
    for blueprint, table in [*state.blueprints.items(), ("", state.resources)]:
        for pattern, candidate in table.entries:
            if candidate is policy:
                return resource_name(blueprint, pattern.text)
    called = (own.place for own, compiled in [*state.views.items()] if compiled is policy)
    name = next(called, "").partition(" (")[0]
    return f"cross_origin on {name}" if name else "no policy"


def _without_policy(app: Flask, origin: str, endpoint: str | None, method: str) -> Advice | None:
    """Return the edit that allows an origin to use a route to which no policy applies."""
    rule = next(app.url_map.iter_rules(endpoint), None) if endpoint else None
    if rule is None:
        return None  # without a route, CORS is not the problem
    view = function_of_view(app.view_functions.get(rule.endpoint), method)
    return Advice(
        "no-policy",
        f"No policy applies to {rule.rule}.",
        allow_rule(rule.rule, view, origin, others=other_rules(app, rule)),
    )


def other_rules(app: Flask, rule: Rule) -> list[str]:
    """Return the text of each other URL rule of an app; a host or subdomain makes another rule."""
    own = (rule.host, rule.subdomain, rule.rule)
    return [
        other.rule
        for other in app.url_map.iter_rules()
        if (other.host, other.subdomain, other.rule) != own
    ]


def _show_warnings() -> None:
    """Write the warnings to the terminal if no handler does, as Flask does for the app's logger."""
    if logger.getEffectiveLevel() > logging.WARNING:
        return
    place: logging.Logger | None = logger
    while place is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in place.handlers):
            return
        place = place.parent if place.propagate else None
    logger.addHandler(default_handler)
