"""Findings that need a request: other code that writes CORS headers, hooks that stop preflights."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from .._advice import function_at
from ..core import ACL_ORIGIN, Problem
from ..core.origins import OriginRules
from ..wsgi import WSGIEnvironment
from .hand_written import after_hooks, hand_written, writes_origin
from .inspection import (
    answering_view,
    decide,
    environ_at,
    environ_of,
    handler_policies,
    is_installed,
    own_policy,
    policy_at,
    rule_of,
    settings_of,
    usual_host,
    view_policies,
)
from .samples import text_of
from .serving import RequestTrace, ServedApp

_PAGE = "https://flask-cors-check.invalid"
_PATH = "/.flask-cors-check"
# No view accepts this method, so none is called even if a route matches every path.
_METHOD = "FLASK-CORS-CHECK"
MAX_PREFLIGHTS = 20


def probe_findings(app: Flask) -> Iterator[Problem]:
    """Return the findings from requests that reach no view."""
    if not is_installed(app) and not view_policies(app):
        yield from _hand_written_hooks(app)
        return
    served = ServedApp(app, usual_host(app))
    yield from _second_layer(app, served)
    yield from _hand_written_views(app)
    if not is_installed(app):
        yield from _stopped_preflights(app)


def _send(served: ServedApp, environ: WSGIEnvironment) -> tuple[Response, RequestTrace]:
    body, status, headers = run_wsgi_app(served, environ)
    return Response(body, status, headers), served.traces[-1]


# A second layer -----------------------------------------------------------------------------------


def _second_layer(app: Flask, served: ServedApp) -> Iterator[Problem]:
    """Send a request that no view accepts, and check whether other code adds CORS headers."""
    environ = environ_at(usual_host(app), _PATH)
    if not isinstance(rule_of(app, environ, "GET"), NotFound):
        environ = environ_at(usual_host(app), _PATH, _METHOD)
    environ["HTTP_ORIGIN"] = _PAGE
    response, trace = _send(served, {**environ})
    if trace.environ is None or trace.is_propagated:
        return  # the response comes from a layer around the app, not from the app
    found = response.headers.getlist(ACL_ORIGIN)
    if found not in ([], *([value] for value in _own_values(app, environ))):
        where = ", ".join(map(str, hand_written(app))) or (
            "an after_request hook, a second library, a middleware"
        )
        yield Problem(
            "second-layer",
            "app",
            found,
            f"another layer writes {ACL_ORIGIN} too: {', '.join(found)}. Remove it ({where}), so "
            "that only one place writes the header",
        )


def _own_values(app: Flask, environ: WSGIEnvironment) -> list[str]:
    """Return the values that the app's own policies may write for a request without a view."""
    method = environ["REQUEST_METHOD"]
    endpoint = answering_view(app, environ, method)
    policy = policy_at(app, endpoint, method, environ)
    policies = [policy] if policy else []
    policies += [settings_of(own, app) for own in handler_policies(app)]
    all_fields = (dict(decide(app, policy, environ).lines) for policy in policies)
    return [fields[ACL_ORIGIN] for fields in all_fields if ACL_ORIGIN in fields]


def _hand_written_hooks(app: Flask) -> Iterator[Problem]:
    """Find hooks that write CORS headers in an app without a policy."""
    writers = [function_at(hook) for hook in after_hooks(app) if writes_origin(hook)]
    if writers:
        yield Problem(
            "headers-by-hand",
            "app",
            ACL_ORIGIN,
            f"{', '.join(map(str, writers))} writes {ACL_ORIGIN} by hand, which easily misses "
            "preflights, errors and Vary. Write instead: "
            "CORS(app, origins=['https://app.example'])",
        )


def _hand_written_views(app: Flask) -> Iterator[Problem]:
    """Find views that write CORS headers although a policy applies to them."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        method = min((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}, default="OPTIONS")
        policy = policy_at(app, rule.endpoint, method, environ_of(app, rule))
        if policy is not None and writes_origin(view):
            yield Problem(
                "headers-by-hand",
                "app",
                ACL_ORIGIN,
                f"{function_at(view)} writes {ACL_ORIGIN} by hand, and then its policy has no "
                "effect. Remove that, and let the policy decide",
            )


# Preflights that a hook answers -------------------------------------------------------------------


def _stopped_preflights(app: Flask) -> Iterator[Problem]:
    """Send preflights to decorated views, and find hooks that answer them. No view is called."""
    if not app.before_request_funcs:
        return
    for number, (own, endpoint) in enumerate(view_policies(app).items()):
        rule = next((rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint), None)
        if rule is None:
            continue
        methods = sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})
        method = next((name for name in methods if own_policy(app, endpoint, name) is own), None)
        if method is None or number >= MAX_PREFLIGHTS:
            continue
        policy = settings_of(own, app)
        preflight = {
            **environ_of(app, rule),
            "REQUEST_METHOD": "OPTIONS",
            "HTTP_ORIGIN": _allowed_origin(policy.settings.origins),
            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": method,
        }
        granted = [name for name, _ in decide(app, policy, preflight).lines if name != "Vary"]
        response, trace = _send(ServedApp(app, preflight["HTTP_HOST"]), preflight)
        refused = response.status_code >= 300
        if trace.hook and (refused or not all(name in response.headers for name in granted)):
            why = ": they carry no credentials" if refused else ", without the CORS headers"
            yield Problem(
                "view-behind-hook",
                "cross_origin",
                endpoint,
                f"a hook, {trace.hook}, answers preflights of {rule.rule} with "
                f"{response.status_code}, before cross_origin on {function_at(own.view)} can{why}. "
                "Let CORS run before the hooks: CORS(app, resources=[])",
            )
            return


def _allowed_origin(rules: OriginRules) -> str:
    """Return an origin that a policy probably allows."""
    known = sorted(rules.exact | rules.wildcards) + [text_of(regex) for regex in rules.regexes]
    return _PAGE if rules.any or not known else re.sub(r"\*", "1", known[0])
