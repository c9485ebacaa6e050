"""Warnings in the developer's terminal: in debug mode, one for each response that browsers block.

The browser's console says that it blocks a response, but hardly why. The warning gives the reason
and the edit that allows the page, once for each origin, method and route. In production this module
is not loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Literal

from flask import Flask
from flask.logging import default_handler

from ._advice import (
    Advice,
    allow_rule,
    explain_credentials,
    explain_refusal,
    function_of_view,
)
from ._flask import AppState, answering_endpoint, request_context, view_policy, wait
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
    state: AppState,
    environ: WSGIEnvironment,
    policy: Policy | None,
    headers: Iterable[tuple[str, str]],
) -> None:
    """Log a warning if browsers will not give a response to the page that asked for it.

    Args:
        app: the app.
        state: the app's policies.
        environ: the WSGI environment of the request.
        policy: the policy that applies, if any.
        headers: the final headers of the response.
    """
    fields = EnvironHeaders(environ)
    origin = fields.get("Origin")
    if origin is None or len(origin) > MAX_ORIGIN_LENGTH:
        return
    if not _is_cross_origin_fetch(environ, origin):
        return
    preflight = is_preflight(environ)
    asked = fields.get(ACL_REQUEST_METHOD) if preflight else request_method(environ)
    method = normalize_method(asked or "")
    endpoint = answering_endpoint(app, environ, method)
    key = (origin, method[:20], endpoint or "")
    if key in state.warned or len(state.warned) >= _MOST_WARNINGS:
        return
    source = source_of(app, state, policy, endpoint, method)
    sent = {name.lower(): value for name, value in headers}
    if policy is None:
        allowed = _allows_origin(sent, origin)
        advice = None if allowed else _without_policy(app, origin, endpoint, method)
    else:
        decision = _decision(app, policy, environ, sent)
        advice = explain_refusal(decision, policy.settings, fields, source)
        if advice is None and "HTTP_COOKIE" in environ and sent.get(_CREDENTIALS) != "true":
            # The script asked for credentials: otherwise a cross-origin request has no cookies.
            advice = explain_credentials(policy.settings, origin, source)
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


def _allows_origin(sent: dict[str, str], origin: str) -> bool:
    return sent.get(ACL_ORIGIN.lower()) in {"*", origin}


def _decision(
    app: Flask, policy: Policy, environ: WSGIEnvironment, sent: dict[str, str]
) -> Decision:
    """Return the policy's decision; if the origin was refused, no callable is asked again."""
    kind: Literal["preflight", "actual"] = "preflight" if is_preflight(environ) else "actual"
    origin = environ["HTTP_ORIGIN"]
    if not policy.settings.origins.predicates:
        decision = policy.decide(request_method(environ), EnvironHeaders(environ))
    elif not _allows_origin(sent, origin):
        decision = Decision(kind, "origin")
    else:
        with request_context(app, environ):
            decision = policy.decide(request_method(environ), EnvironHeaders(environ), wait)
    is_allowed_by_app = decision.outcome == "origin" and _allows_origin(sent, origin)
    return Decision(kind) if is_allowed_by_app else decision  # a view or hook wrote the header


def resource_name(blueprint: str, pattern: str) -> str:
    """Return the name of a resource of a blueprint or of the app, for messages."""
    return (f"blueprint {blueprint}, " if blueprint else "") + f"resource {safe_repr(pattern)}"


def source_of(
    app: Flask, state: AppState, policy: Policy | None, endpoint: str | None, method: str
) -> str:
    """Return the name of a policy, for messages: where it was written."""
    if endpoint and view_policy(app.view_functions.get(endpoint), method):
        return f"cross_origin on {endpoint}"
    for blueprint, table in [*state.blueprints.items(), ("", state.resources)]:
        for pattern, candidate in table.entries:
            if candidate is policy:
                return resource_name(blueprint, pattern.text)
    return "no policy"


def _without_policy(app: Flask, origin: str, endpoint: str | None, method: str) -> Advice | None:
    """Return the edit that allows an origin to use a route to which no policy applies."""
    rule = next(app.url_map.iter_rules(endpoint), None) if endpoint else None
    if rule is None:
        return None  # without a route, CORS is not the problem
    view = function_of_view(app.view_functions.get(rule.endpoint), method)
    return Advice(
        "no-policy",
        f"No policy applies to {rule.rule}.",
        allow_rule(rule.rule, view, origin),
    )


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
