"""The developer's terminal: while an app is in debug mode, a WARNING for what a browser blocks.

A browser tells its console that it blocks a response, and hardly why; here it is said, once for
each origin, method and route, with the edit that lets the page in. In production nothing of this
module is loaded.
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
    """Warn of a response that a browser will keep from the page that asked for it.

    Args:
        app: the app.
        state: what it was set up with.
        environ: the request.
        policy: whose policy holds, if any does.
        headers: those of the response as it leaves.
    """
    fields = EnvironHeaders(environ)
    origin = fields.get("Origin") or ""
    if not _asks_across_origins(environ, origin) or len(origin) > MAX_ORIGIN_LENGTH:
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
        allowed = _is_let_in(sent, origin)
        advice = None if allowed else _without_policy(app, origin, endpoint, method)
    else:
        decision = _decision(app, policy, environ, sent)
        advice = explain_refusal(decision, policy.settings, fields, source)
        if advice is None and "HTTP_COOKIE" in environ and sent.get(_CREDENTIALS) != "true":
            # A page sends cookies to another origin with credentials: 'include' alone.
            advice = explain_credentials(policy.settings, origin, source)
    if advice is None:
        return
    state.warned.add(key)
    _let_warnings_be_seen()
    logger.warning(
        "CORS: a browser blocks %s %s for pages of %s. %s %s",
        safe_repr(method)[1:-1],
        safe_repr(routed_path(environ))[1:-1],
        safe_repr(origin)[1:-1],
        advice.cause,
        advice.fix,
    )


_CREDENTIALS = ACL_CREDENTIALS.lower()


def _asks_across_origins(environ: WSGIEnvironment, origin: str) -> bool:
    """Return whether a script of another origin asks, as far as the request shows it.

    Forms and links are not kept from their pages, and their requests can have an `Origin`, too.
    """
    scheme, host = str(environ.get("wsgi.url_scheme")), str(environ.get("HTTP_HOST", ""))
    own = f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ':'))}"
    return (
        environ.get("HTTP_SEC_FETCH_SITE") != "same-origin"
        and environ.get("HTTP_SEC_FETCH_MODE", "cors") == "cors"
        and origin.lower() != own.lower()
    )


def _is_let_in(sent: dict[str, str], origin: str) -> bool:
    return sent.get(ACL_ORIGIN.lower()) in {"*", origin}


def _decision(
    app: Flask, policy: Policy, environ: WSGIEnvironment, sent: dict[str, str]
) -> Decision:
    """Return what the policy has decided; its callables are not asked again for it."""
    kind: Literal["preflight", "actual"] = "preflight" if is_preflight(environ) else "actual"
    origin = environ["HTTP_ORIGIN"]
    if not policy.settings.origins.predicates:
        decision = policy.decide(request_method(environ), EnvironHeaders(environ))
    elif not _is_let_in(sent, origin):
        decision = Decision(kind, "origin")
    else:
        with request_context(app, environ):
            decision = policy.decide(request_method(environ), EnvironHeaders(environ), wait)
    let_in = decision.outcome == "origin" and _is_let_in(sent, origin)
    return Decision(kind) if let_in else decision  # a view or hook has let the page in by itself


def resource_name(blueprint: str, pattern: str) -> str:
    """Return what a resource, of a blueprint or of the app, is called."""
    return (f"blueprint {blueprint}, " if blueprint else "") + f"resource {safe_repr(pattern)}"


def source_of(
    app: Flask, state: AppState, policy: Policy | None, endpoint: str | None, method: str
) -> str:
    """Return where a policy was written, for a person."""
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


def _let_warnings_be_seen() -> None:
    """Have the warnings written to the terminal, as Flask does with those of the app."""
    if logger.getEffectiveLevel() > logging.WARNING:
        return
    place: logging.Logger | None = logger
    while place is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in place.handlers):
            return
        place = place.parent if place.propagate else None
    logger.addHandler(default_handler)
