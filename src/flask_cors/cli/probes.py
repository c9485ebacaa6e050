"""Findings that need a request: who else writes the headers, and what stops preflights."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from ..core import ACL_ORIGIN, ACL_REQUEST_METHOD, Problem
from ..wsgi import WSGIEnvironment
from .hand_written import after_hooks, hand_written, writes_origin
from .inspection import (
    answering_view,
    decide,
    environ_at,
    environ_of,
    function_at,
    handler_policies,
    is_installed,
    own_policy,
    policy_at,
    rule_of,
    settings_of,
    usual_host,
    view_policies,
)
from .serving import Passage, ServedApp

_PAGE = "https://flask-cors-check.invalid"
_PATH = "/.flask-cors-check"
# A method that no view takes, so that none is called where a route is for every path.
_METHOD = "FLASK-CORS-CHECK"
MOST_PREFLIGHTS = 20


def probe_findings(app: Flask) -> Iterator[Problem]:
    """Find out, by requests that reach no view, what else acts on what the app answers."""
    if not is_installed(app) and not view_policies(app):
        yield from _hand_written_alone(app)
        return
    served = ServedApp(app, usual_host(app))
    yield from _second_layer(app, served)
    yield from _hand_written_views(app)
    if not is_installed(app):
        yield from _stopped_preflights(app)


def _ask(served: ServedApp, environ: WSGIEnvironment) -> tuple[Response, Passage]:
    body, status, headers = run_wsgi_app(served, environ)
    return Response(body, status, headers), served.passages[-1]


# A second layer -----------------------------------------------------------------------------------


def _second_layer(app: Flask, served: ServedApp) -> Iterator[Problem]:
    """Send a request that no view takes, and see whether somebody else adds headers."""
    environ = environ_at(usual_host(app), _PATH)
    if not isinstance(rule_of(app, environ, "GET"), NotFound):
        environ = environ_at(usual_host(app), _PATH, _METHOD)
    environ["HTTP_ORIGIN"] = _PAGE
    response, passage = _ask(served, {**environ})
    if passage.environ is None or passage.is_propagated:
        return  # something around the app answers, and that is not for this app to say
    found = response.headers.getlist(ACL_ORIGIN)
    if found not in ([], *([value] for value in _own_values(app, environ))):
        where = ", ".join(map(str, hand_written(app))) or (
            "an after_request hook, a second library, a middleware"
        )
        yield Problem(
            "second-layer",
            "app",
            found,
            f"another layer writes {ACL_ORIGIN} too: {', '.join(found)}. Take it out ({where}): "
            "one place decides",
        )


def _own_values(app: Flask, environ: WSGIEnvironment) -> list[str]:
    """Return what the app's own policies may give to a response that no view makes."""
    method = environ["REQUEST_METHOD"]
    endpoint = answering_view(app, environ, method)
    policy = policy_at(app, endpoint, method, environ)
    policies = [policy] if policy else []
    policies += [settings_of(own, app) for own in handler_policies(app)]
    decided = (dict(decide(app, policy, environ).lines) for policy in policies)
    return [lines[ACL_ORIGIN] for lines in decided if ACL_ORIGIN in lines]


def _hand_written_alone(app: Flask) -> Iterator[Problem]:
    """Find hooks that write the headers in an app that has no policy at all."""
    writers = [function_at(hook) for hook in after_hooks(app) if writes_origin(hook)]
    if writers:
        yield Problem(
            "headers-by-hand",
            "app",
            ACL_ORIGIN,
            f"{', '.join(map(str, writers))} writes {ACL_ORIGIN} by hand: preflights, errors and "
            "Vary are easily forgotten there. Let one place decide: "
            "CORS(app, origins=['https://app.example'])",
        )


def _hand_written_views(app: Flask) -> Iterator[Problem]:
    """Find views that write the header which their policy writes too."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        method = min((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}, default="OPTIONS")
        policy = policy_at(app, rule.endpoint, method, environ_of(app, rule))
        if policy is not None and writes_origin(view):
            yield Problem(
                "headers-by-hand",
                "app",
                ACL_ORIGIN,
                f"{function_at(view)} writes {ACL_ORIGIN} by hand, and its policy does not count "
                "where it does. Take that out: one place decides",
            )


# Preflights that are stopped ----------------------------------------------------------------------


def _stopped_preflights(app: Flask) -> Iterator[Problem]:
    """Send preflights to decorated views, which answer them uncalled, past the hooks."""
    if not app.before_request_funcs:
        return
    for number, (own, endpoint) in enumerate(view_policies(app).items()):
        rule = next(app.url_map.iter_rules(endpoint))
        methods = sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})
        method = next((name for name in methods if own_policy(app, endpoint, name) is own), None)
        if method is None or number >= MOST_PREFLIGHTS:
            continue
        environ = environ_of(app, rule)
        builder = EnvironBuilder.from_environ(environ)
        builder.method = "OPTIONS"
        builder.headers["Origin"] = _PAGE
        builder.headers[ACL_REQUEST_METHOD] = method
        asked = builder.get_environ()
        response, passage = _ask(ServedApp(app, asked["HTTP_HOST"]), asked)
        if passage.hook and response.status_code >= 300:
            yield Problem(
                "view-behind-hook",
                "cross_origin",
                endpoint,
                f"preflights of {rule.rule} are answered with {response.status_code} in "
                f"{passage.hook}, before cross_origin on {function_at(own.view)} sees them: they "
                "bring no credentials. Let CORS stand before the hooks: CORS(app, resources=[])",
            )
            return
