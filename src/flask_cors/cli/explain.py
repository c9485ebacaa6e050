"""Why a browser refuses, in words: the cause, and the option to write with its value filled in."""

from __future__ import annotations

import gc
import sysconfig
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import MapAdapter
from werkzeug.test import EnvironBuilder

from .._flask import (
    VIEW_POLICY,
    ViewPolicy,
    answering_endpoint,
    decorated_views,
    is_installed,
    policy_for,
    run_in,
    state_of,
    view_policy,
)
from ..browser import Exchange, FetchOutcome, Response, origin_of
from ..core import (
    ACL_ALLOW_HEADERS,
    ACL_CREDENTIALS,
    ACL_METHODS,
    ACL_ORIGIN,
    Decision,
    Policy,
    Settings,
)
from ..core.errors import safe_repr
from ..core.headers import HeaderRules, normalize_method, parse_names
from ..core.origins import Origin, parse_origin
from ..wsgi import EnvironHeaders, WSGIEnvironment, is_preflight, routed_path
from .findings import in_python


class Advice(NamedTuple):
    """Is why a browser refuses, and what to do about it. Code that is to be written stands last."""

    cause: str
    cure: str


def route_error(app: Flask, environ: WSGIEnvironment, method: str) -> HTTPException | None:
    """Return what keeps a request with `method` from reaching a view."""
    try:
        adapter = app.create_url_adapter(app.request_class(environ, populate_request=False))
        cast("MapAdapter", adapter).match(method=method)
    except HTTPException as error:
        return error
    except Exception:  # noqa: BLE001  (of a converter of the app, which may need its context)
        return None
    return None


# Policies as they are written ---------------------------------------------------------------------


def resource_name(blueprint: str, pattern: str) -> str:
    """Return what a resource, of a blueprint or of the app, is called."""
    return (f"blueprint {blueprint}, " if blueprint else "") + f"resource {safe_repr(pattern)}"


def source_of(app: Flask, policy: Policy | None, endpoint: str | None, method: str) -> str:
    """Return where a policy was written."""
    if policy is None:
        return "no policy"
    if endpoint and view_policy(app.view_functions.get(endpoint), method):
        return f"cross_origin on {endpoint}"
    state = state_of(app)
    names = [
        resource_name(blueprint, pattern.text)
        for blueprint, table in [("", state.resources), *state.blueprints.items()]
        for pattern, candidate in table.entries
        if candidate is policy
    ]
    return names[-1]


def written(policy: Policy | None, most: int = 1000) -> dict[str, str]:
    """Return the options of a policy that are no defaults as they are written in Python.

    Of lists longer than `most` the rest is left out.
    """
    found: dict[str, str] = {}
    if policy is None:
        return found
    for field in fields(policy.settings):
        value: object = getattr(policy.settings, field.name)
        if not field.compare or (value == field.default and field.name != "origins"):
            continue
        if field.name == "expose_headers":
            value = HeaderRules(names=frozenset(policy.settings.expose_headers))
        found[field.name] = _listed(value, most=most) if hasattr(value, "any") else repr(value)
    return found


def _listed(rules: object, *more: str, most: int = 1000) -> str:
    """Return the value of an option that is a list, with `more` items, as it is written."""
    if getattr(rules, "any", False):
        return "'*'"
    names = set(more)
    for part in ("exact", "wildcards", "names", "globs"):
        names.update(getattr(rules, part, ()))
    items = [repr(name) for name in sorted(names)]
    items += [in_python(regex.pattern) for regex in getattr(rules, "regexes", ())]
    items += [getattr(call, "__name__", "...") for call in getattr(rules, "predicates", ())]
    if len(items) > most:
        items[most:] = [f"... {len(items) - most} more"]
    return f"[{', '.join(items)}]"


def hidden(view: object, own: ViewPolicy, depth: int = 3) -> Advice | None:
    """Explain why Flask does not see the policy of a view, where it is so."""
    if own.view is view:
        return Advice(
            "@cross_origin stands above @app.route",
            "Put it below, directly above the function.",
        )
    enclosed: list[object] = gc.get_referents(*(getattr(view, "__closure__", None) or ()))
    for inner in enclosed:
        if not issubclass(type(inner), (FunctionType, partial)):
            continue
        if getattr(inner, VIEW_POLICY, None) is own or (depth and hidden(inner, own, depth - 1)):
            return Advice(
                "a decorator between @app.route and @cross_origin hides the latter",
                "Put @cross_origin above that one, directly below @app.route.",
            )
    return None


# What an app answers ------------------------------------------------------------------------------


def serve(app: Flask) -> list[BaseException]:
    """Have an app answer as it does in production; return where it will tell its exceptions."""
    raised: list[BaseException] = []
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.log_exception = lambda exc_info: raised.extend(filter(None, exc_info[1:2]))  # type: ignore[method-assign]  # told here instead
    return raised


_NOT_THE_APP = (sysconfig.get_path("stdlib"), str(Path(__file__).parent.parent), "<")


def line_of(error: BaseException) -> str:
    """Return the line of the app that an exception came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_THE_APP)]
    own = [frame for frame in own if "site-packages" not in frame.filename] or list(frames)
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}"


@dataclass
class Case:
    """Is one exchange between browser and app."""

    app: Flask
    host: str
    """where the app is served; what a redirect leads to elsewhere is not asked"""
    exchange: Exchange
    raised: list[BaseException]
    """the exceptions that the app did not catch"""

    def __post_init__(self) -> None:
        """Find out whose policy holds, and where it was written."""
        request = self.exchange.sent.request
        self.origin = request.origin
        self.environ = EnvironBuilder(
            request.url,
            base_url=origin_of(request.url) + "/",
            method=request.method,
            headers=list(request.headers),
        ).get_environ()
        self.preflight = is_preflight(self.environ)
        asked = self.environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "")
        self.method = normalize_method(asked) if self.preflight else request.method
        self.endpoint = answering_endpoint(self.app, self.environ, self.method)
        self.policy = policy_for(self.app, self.endpoint, self.method, routed_path(self.environ))
        self.source = source_of(self.app, self.policy, self.endpoint, self.method)
        self.elsewhere = urlsplit(origin_of(request.url)).netloc != self.host
        if self.elsewhere:
            self.source = "another server, which was not asked"

    @property
    def rules(self) -> Settings:
        """Return the settings of the policy that holds."""
        return cast("Policy", self.policy).settings

    def decide(self) -> Decision:
        """Return what the policy that holds says."""
        wait = partial(run_in, self.app)
        policy, headers = cast("Policy", self.policy), EnvironHeaders(self.environ)
        return policy.decide(self.exchange.sent.request.method, headers, wait)

    def answer(self) -> str:
        """Return what an error that the app answers with is."""
        if self.raised:
            error = self.raised[-1]
            return f"the app raised {type(error).__name__}: {error} ({line_of(error)})"
        unrouted = route_error(self.app, self.environ, self.method)
        if isinstance(unrouted, NotFound):
            return f"the app has no route for {routed_path(self.environ)}"
        if isinstance(unrouted, MethodNotAllowed):
            methods = ", ".join(sorted(unrouted.valid_methods or ()))
            return f"the route takes {methods}, not {self.method}"
        status = self.exchange.response.status
        return f"the app itself answers {status} {HTTP_STATUS_CODES.get(status, '')}".strip()


def notes(case: Case, outcome: FetchOutcome) -> list[str]:
    """Return what to know about a response that can be read: it may be no success."""
    found: list[str] = []
    if case.exchange.response.status >= 400:
        found.append(f"That is no CORS error: {case.answer()}.")
    if not outcome.steps:
        found.append("The page is of the app's own origin, so CORS does not come into it.")
    elif case.policy and (foreign := _foreign(case, ACL_ORIGIN)):
        found.append(foreign.cause)
    readable = {name.lower() for name, _ in cast("Response", outcome.response).headers}
    own = {name for name, _ in case.exchange.response.headers if name.lower().startswith("x-")}
    if unread := sorted(name for name in own if name.lower() not in readable):
        exposed = HeaderRules(names=frozenset(case.rules.expose_headers if case.policy else ()))
        told = f"The script does not see {', '.join(unread)}."
        found.append(f"{told} Write expose_headers={_listed(exposed, *unread)}")
    return found


# Why a browser refuses ----------------------------------------------------------------------------


def advice(cases: Sequence[Case], outcome: FetchOutcome) -> Advice | None:
    """Return why a browser refuses and what to do about it, or `None` where it does not."""
    if outcome.response is not None:
        return None
    step = outcome.steps[-1]
    if step.code == "method":
        return Advice(f"In a browser {step.detail}.", "Use another method.")
    if step.code == "redirect":
        return Advice(f"Browsers refuse a redirect {step.detail}.", "Fetch the right URL at once.")
    if step.code == "mixed-content":
        return Advice(
            f"This is mixed content: {step.detail}.",
            "Serve the app over https, and fetch it there.",
        )
    case = cases[-1]
    last = case.exchange.sent.request.url
    if case.elsewhere:
        return Advice(
            f"The app redirects to {last}, another server, and only that one can let scripts "
            "read its answer.",
            "Answer scripts with 401 or the URL, and let the page go there itself.",
        )
    told = _without_policy(case) or _by_policy(case, step.code.removeprefix("preflight-"))
    if any(passed.code == "redirect" for passed in outcome.steps):
        return told._replace(cause=f"After the redirect to {last}: {told.cause}")
    return told


def _without_policy(case: Case) -> Advice | None:
    """Explain a response for which no policy holds, or that of a view whose own is not seen."""
    path, response = routed_path(case.environ), case.exchange.response
    view = case.app.view_functions.get(case.endpoint or "")
    for own in list(decorated_views):
        misplaced = hidden(view, own) if view else None
        if misplaced and not case.source.startswith("cross_origin"):
            return Advice(f"On {case.endpoint}, {misplaced.cause}.", misplaced.cure)
    if case.policy is not None:
        return None
    found, location = response.get(ACL_ORIGIN), response.get("Location")
    if found is not None:
        return _second_layer(ACL_ORIGIN, found)
    pattern = f"{path}/*" if location else path
    opened = f"Write CORS(app, resources={{{pattern!r}: {{'origins': [{case.origin!r}]}}}})"
    if location:
        return Advice(
            f"The app redirects {path} to {location}. Browsers follow no redirect of a preflight, "
            "and none that comes without the headers.",
            f"Fetch {location} at once, or let CORS stand before the redirect. {opened}",
        )
    if response.status >= 400 or route_error(case.app, case.environ, case.method):
        return Advice(
            f"This is no CORS error: {case.answer()}.",
            f"Mend that. For scripts to read such errors, a policy has to hold. {opened}",
        )
    patterns = [safe_repr(pattern.text) for pattern, _ in state_of(case.app).resources.entries]
    only = f"; the resources are {', '.join(patterns[:5])}" if patterns else ""
    return Advice(f"No policy holds for {path}{only}.", opened)


def _by_policy(case: Case, check: str) -> Advice:
    """Explain a refusal by the policy that holds, or by what became of its answer."""
    field = {"method": ACL_METHODS, "headers": ACL_ALLOW_HEADERS, "credentials": ACL_CREDENTIALS}
    changed = _foreign(case, field.get(check, ACL_ORIGIN))
    if check == "status" or (changed and case.exchange.response.get(ACL_ORIGIN) is None):
        return _withheld(case)
    if changed:
        return changed
    decision = case.decide()
    if decision.outcome == "origin":
        return _origin_refused(case, decision.error)
    if decision.outcome == "method":
        return _method_refused(case)
    if decision.outcome == "headers":
        return _headers_refused(case)
    origins = f", origins=[{case.origin!r}]" if case.rules.origins.any else ""
    return Advice(
        f"The request brings credentials, which {case.source} does not support.",
        f"Write supports_credentials=True{origins}",
    )


def _foreign(case: Case, name: str) -> Advice | None:
    """Explain a header that is not what the policy says."""
    found = case.exchange.response.get(name)
    same = found == dict(case.decide().headers).get(name)
    return None if same else _second_layer(name, found)


def _second_layer(name: str, found: str | None) -> Advice:
    return Advice(
        f"Another layer of the app writes these headers too: {name} is {found}. Look for an "
        "after_request hook, a view, a second library or a middleware.",
        "Take that out: one place decides.",
    )


def _withheld(case: Case) -> Advice:
    """Explain an answer that came from elsewhere, or lost its headers on the way."""
    told = f"{case.source} lets the page in, but {case.answer()}"
    if case.raised and not case.rules.intercept_exceptions:
        return Advice(
            f"{told}, and intercept_exceptions is off.", "Write intercept_exceptions=True"
        )
    if not case.rules.automatic_options:
        return Advice(f"{told} to the preflight.", "Write automatic_options=True")
    if is_installed(case.app):
        return Advice(
            f"{told}, in a layer around CORS, or that layer took the headers away.",
            "Set that layer up before CORS(app), or have it pass the headers on.",
        )
    hook = " A preflight brings no credentials, so a hook that asks for them refuses each."
    return Advice(
        f"{told}, before the view is reached.{hook if case.preflight else ''}",
        "Let CORS stand before the hooks. Write CORS(app, resources=[])",
    )


def _origin_refused(case: Case, error: Exception | None) -> Advice:
    rules, origin = case.rules.origins, case.origin
    if error is not None:
        told = f"{type(error).__name__}: {error} ({line_of(error)})"
        return Advice(f"The origin callable of {case.source} raised {told}.", "Mend it.")
    if origin == "null":
        return Advice(
            "The page has no origin: it is a file, or in a sandboxed frame.",
            "Serve it from a web server: python -m http.server",
        )
    told = f"{origin} is not among the origins of {case.source}: {_listed(rules, most=5)}."
    wanted = cast("Origin", parse_origin(origin))
    known = sorted(rules.exact | rules.wildcards)
    told += next(filter(None, (_difference(name, wanted) for name in known)), "")
    if regex := rules.near_miss(origin):
        told += f" {in_python(regex)} matches its start, but has to match the whole."
        if wanted.host in _LOOPBACK:
            origin = f"{wanted.scheme}://{wanted.host}:*"
    cure = f"Write origins={_listed(rules, origin)}"
    return Advice(told, cure if len(known) < 8 else f"Add {origin!r} to origins.")


_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def _difference(known: str, wanted: Origin) -> str:
    """Return how an origin differs from a known one, if only by a little."""
    parts = parse_origin(known.replace("://*.", "://", 1)) or Origin("", "", "")
    differing = [name for name in Origin._fields if getattr(parts, name) != getattr(wanted, name)]
    if not differing:
        return f" {known} stands for subdomains, not for the bare domain."
    if differing == ["host"] and _LOOPBACK.issuperset({parts.host, wanted.host}):
        return f" To a browser {parts.host} and {wanted.host} are two hosts."
    if differing in (["scheme"], ["port"]):
        return f" Only the {differing[0]} is another than in {known}."
    return ""


def _method_refused(case: Case) -> Advice:
    rules, method = case.rules.methods, case.method
    if method.upper() in rules.names:
        return Advice(
            f"{method} is not {method.upper()}, and browsers do not put it in capitals.",
            f"In the script write method: {method.upper()!r}",
        )
    told = f"{method} is not among the methods of {case.source}: {_listed(rules)}."
    return Advice(told, f"Write methods={_listed(rules, method)}")


def _headers_refused(case: Case) -> Advice:
    rules = case.rules.allow_headers
    asked = parse_names(case.environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")) or ()
    missing = [name for name in asked if not rules.allow(name)]
    return Advice(
        f"{', '.join(missing)}: not among the allow_headers of {case.source}: {_listed(rules)}.",
        f"Write allow_headers={_listed(rules, *missing)}",
    )
