"""Why a browser refuses, in words: the cause, and the option to write with its value filled in."""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple

from flask import Flask
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.test import EnvironBuilder

from ._flask import AppState, all_view_policies, asked_method, matched, run_in, view_policy
from .browser import Exchange, Outcome
from .core import ACL_ORIGIN, Decision, Policy, Settings
from .core.errors import shown
from .wsgi import EnvironHeaders, WSGIEnvironment, is_preflight


class Advice(NamedTuple):
    """Is why a browser refuses, and what to write instead."""

    cause: str
    cure: str


class Place(NamedTuple):
    """Is the policy that holds for a request, and where it was written."""

    policy: Policy | None
    source: str


def state_of(app: Flask) -> AppState:
    """Return the state of an app, which is empty where nothing was set up."""
    state: object = app.extensions.get("cors")
    return state if isinstance(state, AppState) else AppState(app)


def place_of(app: Flask, environ: WSGIEnvironment) -> tuple[Place, str | None]:
    """Return whose policy holds, and the endpoint; of a preflight, for what it asks for."""
    preflight = is_preflight(environ)
    method = asked_method(environ) if preflight else environ["REQUEST_METHOD"]
    endpoint = matched(app, environ, method)
    return source_of(
        app, state_of(app).policy(endpoint, method, environ), endpoint, method
    ), endpoint


def source_of(app: Flask, policy: Policy | None, endpoint: str | None, method: str) -> Place:
    """Return a policy with where it was written."""
    state = state_of(app)
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


def summary(settings: Settings) -> str:
    """Return a policy in a line."""
    rules = settings.origins
    origins = sorted(rules.exact | rules.wildcards) + [
        f"r{shown(r.pattern)}" for r in rules.regexes
    ]
    origins += [getattr(call, "__name__", "a callable") + "()" for call in rules.predicates]
    text = ", ".join(origins[:3]) or "nobody"
    text += f" and {len(origins) - 3} more" if len(origins) > 3 else ""
    text = "any origin" if rules.any else text
    return text + (", credentials" if settings.supports_credentials else "")


def _raw(regex: re.Pattern[str] | str) -> str:
    """Return a regular expression as it is written in Python."""
    text = regex if isinstance(regex, str) else regex.pattern
    return "r" + shown(text).replace(r"\\", "\\")


def environ_of(exchange: Exchange) -> WSGIEnvironment:
    """Return the WSGI environment of a request that was sent."""
    request = exchange.sent.request
    path = re.sub(r"^[a-z]+://[^/?]*", "", request.url)
    base = request.url[: len(request.url) - len(path)] + "/"
    builder = EnvironBuilder(
        path or "/", base_url=base, method=request.method, headers=list(request.headers)
    )
    return builder.get_environ()


def advice(app: Flask, outcome: Outcome) -> Advice | None:
    """Return why a browser refuses and what to write instead, or `None` where it does not."""
    if outcome.response is not None:
        return None
    step = outcome.steps[-1]
    if step.code == "method":
        return Advice(f"{step.told}: browsers forbid it.", "Use another method.")
    if step.code == "redirect":
        return Advice(f"A redirect leads {step.told}.", "Fetch the last URL at once.")
    exchange = outcome.exchanges[-1]
    environ = environ_of(exchange)
    place, endpoint = place_of(app, environ)
    if misplaced := _not_decorated(app, endpoint):
        return misplaced
    if place.policy is None:
        path = environ["PATH_INFO"]
        return _without_policy(app, exchange, path, exchange.sent.request.origin)
    decision = place.policy.decide(
        environ["REQUEST_METHOD"], EnvironHeaders(environ), partial(run_in, app)
    )
    expected = dict(decision.headers).get(ACL_ORIGIN)
    found = exchange.response.get(ACL_ORIGIN)
    if found is not None and found != expected:
        return _second_layer(found)
    if found is None and expected is not None:
        return _withheld(app, place, exchange)
    return _refused(place, decision, exchange, environ)


def outlook(outcome: Outcome) -> str:
    """Return what a readable response is, where it is no success: an impostor of a CORS error."""
    response = outcome.response
    if response is None or response.status < 400:
        return ""
    told = _IMPOSTORS.get(response.status, "an error of the app")
    return f"{response.status} is {told}; it is no CORS error."


_IMPOSTORS = {
    401: "the app asking for credentials that the request did not bring",
    403: "the app refusing the request itself",
    404: "no route of the app",
    405: "a route that does not take the method",
    500: "an exception in the app: see its log",
}


def _status(exchange: Exchange) -> str:
    status = exchange.response.status
    return f"{status} {HTTP_STATUS_CODES.get(status, '')}".strip()


def _second_layer(found: str) -> Advice:
    doubled = " twice" if ", " in found else ""
    return Advice(
        f"Another layer wrote {ACL_ORIGIN}{doubled}: {shown(found)}. It may be an after_request "
        "hook, a second library, or a proxy.",
        "Take that layer out: one place decides.",
    )


def _without_policy(app: Flask, exchange: Exchange, path: str, origin: str) -> Advice:
    """Explain a response for which no policy of this library holds."""
    found = exchange.response.get(ACL_ORIGIN)
    if found is not None:
        return _second_layer(found)
    status = exchange.response.status
    open_path = f'CORS(app, resources={{{path!r}: {{"origins": [{origin!r}]}}}})'
    if location := exchange.response.get("Location"):
        return Advice(
            f"The app redirects {path} to {location}, and browsers follow no redirect of a "
            "preflight, nor one without the headers.",
            f"Fetch {location} at once, or write {open_path}",
        )
    if status in {404, 405}:
        return Advice(
            f"The app answered {_status(exchange)}: {_IMPOSTORS[status]}.",
            f"Mend the path or the method; to let scripts read the error: {open_path}",
        )
    patterns = [shown(pattern.text) for pattern, _ in state_of(app).resources.given]
    only = f"; the resources are {', '.join(patterns[:5])}" if patterns else ""
    return Advice(f"No policy holds for {path}{only}.", f"Write {open_path}")


def _not_decorated(app: Flask, endpoint: str | None) -> Advice | None:
    """Explain a view whose decorator stands above the route."""
    view = app.view_functions.get(endpoint or "")
    if view is None or not any(own.view is view for own in list(all_view_policies)):
        return None
    return Advice(
        f"@cross_origin stands above @app.route of {endpoint}: Flask got the view undecorated.",
        f"Put @cross_origin directly above `def {endpoint}`, below @app.route.",
    )


def _withheld(app: Flask, place: Place, exchange: Exchange) -> Advice:
    """Explain a response without the headers that its policy grants."""
    asked = f"The app answered {_status(exchange)} without the headers that {place.source} grants"
    settings = place.policy.settings if place.policy else None
    if exchange.response.status >= 500 and settings and not settings.intercept_exceptions:
        return Advice(f"{asked}: intercept_exceptions is False.", "Write intercept_exceptions=True")
    if state_of(app).installed:
        return Advice(
            f"{asked}: a layer around the app answered itself, or took them away.",
            "Put that layer inside, before CORS(app), or let it pass the headers on.",
        )
    return Advice(
        f"{asked}: a hook, a redirect or an error came before the view, and preflights bring no "
        "credentials.",
        "Write CORS(app, resources=[]): then preflights are answered before hooks.",
    )


def _refused(
    place: Place, decision: Decision, exchange: Exchange, environ: WSGIEnvironment
) -> Advice:
    """Explain a refusal by the policy that holds."""
    settings = place.policy.settings if place.policy else Settings()
    origin = exchange.sent.request.origin
    where = f"in {place.source}"
    if decision.outcome == "origin":
        regex = settings.origins.near_miss(origin)
        if regex is not None:
            return Advice(
                f"{origin} matches only in part: the regular expression {_raw(regex)} {where} "
                "has to match the whole origin.",
                f"Write origins={_extended(settings, origin)}",
            )
        return Advice(
            f"{origin} is not in origins {where}: {summary(settings)}.",
            f"Write origins={_extended(settings, origin)}",
        )
    if decision.outcome == "method":
        method = asked_method(environ)
        methods = sorted({*settings.methods.names, method})
        return Advice(f"{method} is not in methods {where}.", f"Write methods={methods}")
    if decision.outcome == "headers":
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "").split(",")
        missing = [name for name in asked if not settings.allow_headers.allow(name)]
        names = sorted({*settings.allow_headers.names, *missing})
        return Advice(
            f"{', '.join(missing)} is not in allow_headers {where}.", f"Write allow_headers={names}"
        )
    written = "*" if settings.origins.any else None
    origins = [origin] if written else None
    return Advice(
        f"The request brings credentials, and supports_credentials is not set {where}.",
        "Write supports_credentials=True" + (f", origins={origins}" if origins else ""),
    )


def _extended(settings: Settings, origin: str) -> str:
    """Return the origins as they are written, with one more."""
    rules = settings.origins
    written = [repr(known) for known in sorted(rules.exact | rules.wildcards)]
    written += [_raw(regex) for regex in rules.regexes]
    written += [getattr(call, "__name__", "...") for call in rules.predicates]
    kept = written if len(written) < 4 else ["..."]
    return f"[{', '.join([*kept, repr(origin)])}]"
