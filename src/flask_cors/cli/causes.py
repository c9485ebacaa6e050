"""Why a browser blocks a request: the cause in words, and an edit that fixes it safely."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast
from urllib.parse import urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import RequestRedirect
from werkzeug.test import EnvironBuilder

from .._advice import (
    Advice,
    decorate,
    explain_credentials,
    explain_refusal,
    function_of_view,
    line_of,
    list_origins,
    write_options,
)
from ..browser import Exchange, FetchOutcome, Step, origin_of
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
from ..core.origins import parse_origin
from ..wsgi import EnvironHeaders, WSGIEnvironment, routed_path
from .fixes import allow_route, looks_like_login, similar_routes
from .hand_written import hand_written
from .inspection import (
    answering_view,
    decide,
    decorated_beside,
    explain_unseen_view,
    is_installed,
    is_preflight,
    layers_around,
    method_of,
    other_hosts,
    own_policy,
    policy_at,
    rule_of,
    setting,
    source_of,
    tables,
)
from .layers import layer_that_answers, mounted_flask, name_of_layer
from .serving import RequestTrace

OTHER_SERVER = "another server, which was not contacted"
OTHER_APP = "another app or a wrapper, outside of this app's CORS"
RUNNING = "the running server"


@dataclass
class Case:
    """One exchange between browser and app, with the policy that applied to it."""

    app: Flask | None
    """`None` if a running server answers and the app cannot be loaded"""
    exchange: Exchange
    trace: RequestTrace
    page: str
    """the origin of the page"""

    def __post_init__(self) -> None:
        """Find the policy that applies, and where it was written."""
        request = self.exchange.sent.request
        self.origin: str = request.origin
        self.environ: WSGIEnvironment = (
            self.trace.environ
            or EnvironBuilder(
                request.url,
                base_url=origin_of(request.url) + "/",
                method=request.method,
                headers=list(request.headers),
            ).get_environ()
        )
        self.preflight: bool = is_preflight(self.environ)
        self.method: str = method_of(self.environ)
        self.endpoint: str | None = None
        self.policy: Policy | None = None
        self.source: str = OTHER_SERVER
        if self.trace.for_other_server:
            return
        if self.app is None:
            self.source = RUNNING
        elif self.trace.environ is None and not self.trace.is_live:
            self.source = OTHER_APP
        else:
            self.endpoint = answering_view(self.app, self.environ, self.method)
            self.policy = policy_at(self.app, self.endpoint, self.method, self.environ)
            self.source = source_of(self.app, self.policy, self.endpoint, self.method)

    @property
    def path(self) -> str:
        """Return the path of the request."""
        return routed_path(self.environ)

    @property
    def settings(self) -> Settings:
        """Return the settings of the policy; there has to be one."""
        assert self.policy is not None  # noqa: S101  (for the type checker)
        return self.policy.settings

    @cached_property
    def decision(self) -> Decision | None:
        """Return the policy's decision about the request, as it was made if it was recorded."""
        if not (self.app and self.policy):
            return None
        made = self.trace.decisions.get(self.policy)
        return made or decide(self.app, self.policy, self.environ)

    def expected(self, name: str) -> str | None:
        """Return the value of a field that the policy sets on the response."""
        return dict(self.decision.lines).get(name) if self.decision else None

    def found(self, name: str) -> list[str]:
        """Return the value of each line of a field of the response."""
        lines = self.exchange.response.headers
        return [value for line, value in lines if line.lower() == name.lower()]

    def describe_error(self) -> str:
        """Return the reason for an error status of the response, in words."""
        error = self.trace.error
        if error is not None:
            return f"the app raised {type(error).__name__}: {error} ({line_of(error)})"
        status = self.exchange.response.status
        phrase = HTTP_STATUS_CODES.get(status, "")
        if self.source == OTHER_APP:
            return f"another app or a wrapper answers {status} {phrase}".strip()
        routing_error = self.routing_error
        if isinstance(routing_error, NotFound):
            return f"the app has no route for {self.path}"
        if isinstance(routing_error, MethodNotAllowed):
            methods = ", ".join(sorted(routing_error.valid_methods or ()))
            return f"the route accepts {methods}, not {self.method}"
        hook = f", in {self.trace.hook}" if self.trace.hook else ""
        return f"the app itself answers {status} {phrase}".strip() + hook

    @property
    def routing_error(self) -> HTTPException | None:
        """Return why the request reaches no view: a 404, a 405 or a redirect."""
        rule = rule_of(self.app, self.environ, self.method) if self.app else None
        return rule if isinstance(rule, HTTPException) else None

    def redirects_to_login(self, location: str) -> bool:
        """Return whether a redirect probably leads to a login page, by its URL."""
        requested = self.exchange.sent.request.url
        target = urlsplit(urljoin(requested, location))
        return target.path != self.path and looks_like_login(location, requested)

    def edit_to_allow(self, *others: str) -> str:
        """Return the edit that allows the page, and other origins, to use the route.

        It is empty if there is no route.
        """
        credentials = self.exchange.sent.request.credentials == "include"
        origin = self.page if self.page != "null" else "https://app.example"
        app = cast("Flask", self.app)
        origins = sorted({origin, *others})
        return allow_route(app, self.environ, self.method, *origins, credentials=credentials)


Cause = Callable[[Case, Step], "Advice | None"]


def advice(cases: Sequence[Case], outcome: FetchOutcome) -> Advice | None:
    """Return why the browser blocks the response and how to fix it; `None` if it does not."""
    if outcome.response is not None:
        return None
    step = outcome.steps[-1]
    if step.code in _NOT_SENT:
        return _not_sent(step, cases)
    case = cases[-1]
    found = _cause_of(case, step)
    redirected = any(passed.code == "redirect" for passed in outcome.steps)
    if redirected and not case.trace.for_other_server:
        return _after_redirect(case, found, _last_redirect(cases))
    return found


def _cause_of(case: Case, step: Step) -> Advice:
    causes = (cause(case, step) for cause in _CAUSES)
    return next(filter(None, causes), None) or _by_policy(case, step)


def _last_redirect(cases: Sequence[Case]) -> Case:
    return next(case for case in reversed(cases[:-1]) if case.found("Location"))


# Requests that the browser does not send ----------------------------------------------------------

_NOT_SENT = frozenset({"method", "mixed-content", "redirect"})


def _not_sent(step: Step, cases: Sequence[Case]) -> Advice:
    if step.code == "method":
        return Advice("method-forbidden", f"In a browser, {step.detail}.", "Use another method.")
    if step.code == "mixed-content":
        if cases:
            return _redirected_to_http(step, cases[-1])
        return Advice(
            "mixed-content",
            f"This is mixed content, not a CORS error: {step.detail}.",
            "Serve the app over https too, and fetch that URL. It begins with https://",
        )
    where = f" It comes from {cases[-1].source}." if cases else ""
    return Advice(
        "redirect-refused",
        f"Browsers do not follow a redirect {step.detail}.{where}",
        "Redirect to an absolute http or https URL without a user name, or fetch the final URL "
        "directly.",
    )


def _redirected_to_http(step: Step, case: Case) -> Advice:
    """Explain a redirect from https to http."""
    request = urlsplit(case.exchange.sent.request.url)
    target = urlsplit(urljoin(request.geturl(), case.exchange.response.get("Location") or ""))
    fix = "Redirect to an https URL."
    if target.hostname == request.hostname:
        # The app builds the URL with the scheme of the proxy's request.
        fix += (
            " If a proxy ends TLS in front of the app, let the app trust it for the scheme. Write "
            "app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1)"
        )
    return Advice(
        "mixed-content",
        f"This is mixed content, not a CORS error: the app redirects {case.path} to http, and "
        f"{step.detail}.",
        fix,
    )


# After a redirect ---------------------------------------------------------------------------------


def _after_redirect(case: Case, found: Advice, before: Case) -> Advice:
    url = case.exchange.sent.request.url
    if before.redirects_to_login(url):
        return Advice(
            "login-redirect",
            f"The app redirects {before.path} to {url}, which looks like a login page. Scripts "
            f"should not read a login page, and the browser blocks it: {found.cause}",
            "Answer scripts with 401 instead of the redirect, and let the page open the login "
            "page.",
        )
    if case.origin == "null" != before.page:
        return Advice(
            "redirect-null",
            f"The redirect to {url} leads from one origin to another, so the browser sends "
            "Origin: null from there on.",
            f"Fetch {url} directly.",
        )
    return found._replace(cause=f"After the redirect to {url}: {found.cause}")


def _other_server(case: Case, _step: Step) -> Advice | None:
    """Explain a redirect to another server, which is not contacted."""
    if not case.trace.for_other_server:
        return None
    url = case.exchange.sent.request.url
    return Advice(
        "redirect-elsewhere",
        f"The app redirects to {url}, on another server. Only that server can allow scripts to "
        "read its response.",
        "Answer scripts with 401 or with the URL, and let the page open it.",
    )


# Responses that the app did not make --------------------------------------------------------------


def _proxy(case: Case, _step: Step) -> Advice | None:
    """Explain a response that comes from something in front of the running app."""
    if not case.trace.is_live:
        return None
    response = case.exchange.response
    server = ", ".join(case.found("Server"))
    who = f"a proxy or a host in front of the app{f' ({server})' if server else ''}"
    if response.status in {502, 503, 504} or 520 <= response.status <= 530:
        phrase = HTTP_STATUS_CODES.get(response.status, "")
        return Advice(
            "proxy",
            f"This is not a CORS error: {response.status} {phrase}".rstrip()
            + f" comes from {who}, which did not reach the app.",
            "Start the app, and check that the proxy forwards to the address it listens on.",
        )
    if case.found(ACL_ORIGIN):
        return None
    location = response.get("Location")
    if location is not None and _changes_only_the_host(case, location):
        return Advice(
            "proxy",
            f"The redirect to {location} comes from {who}, not from a view: it leads to the same "
            "path.",
            f"Fetch {urljoin(case.exchange.sent.request.url, location)} directly.",
        )
    return _without_headers(case, who)


def _without_headers(case: Case, who: str) -> Advice | None:
    """Explain a live response without the headers that the app's policy grants."""
    if case.app is not None and (case.policy is None or case.expected(ACL_ORIGIN) is None):
        return None  # the app explains it
    response = case.exchange.response
    location = response.get("Location")
    if location is not None and case.redirects_to_login(location):
        return Advice(
            "login-redirect",
            f"{case.path} is redirected to {location}, which looks like a login page, by the app "
            f"or by {who}. {_NOT_FOLLOWED}",
            "Answer scripts with 401 and the app's headers instead of the redirect, and let "
            "preflights pass without a login.",
        )
    if case.app is None:
        return None
    if response.status == 500:
        return Advice(
            "exception",
            f"{case.source} allows the page, but {RUNNING} answers 500 without the headers: the "
            "app passed an exception on to the server or the debugger.",
            "Fix the exception. It is in the log of the server; this command without --live "
            "shows it too.",
        )
    return Advice(
        "not-this-app",
        f"{case.source} allows the page, but {RUNNING} answers {response.status} without the "
        f"headers: {who} answers itself or removes them, or older code is running.",
        _RESTART,
    )


_RESTART = "Restart the server, and make everything in front of it pass on the app's headers."


def _not_this_app(case: Case, difference: str) -> Advice:
    """Explain that a running server answers differently from the app."""
    return Advice(
        "not-this-app",
        f"{RUNNING.capitalize()} answers {case.exchange.response.status} with {difference}: older "
        "code is running, or something in front of the app answers or changes the headers.",
        _RESTART,
    )


def _sends_other_value(case: Case, name: str) -> Advice:
    """Explain that a running server sends another value of a field than the app."""
    found, expected = ", ".join(case.found(name)), case.expected(name)
    difference = f"{name}: {found}" if found else f"no {name}"
    difference += (
        f", where this app sends {expected}" if expected else ", which this app does not send"
    )
    return _not_this_app(case, difference)


def _changes_only_the_host(case: Case, location: str) -> bool:
    """Return whether a redirect leads to the same path on another host or scheme."""
    before = urlsplit(case.exchange.sent.request.url)
    after = urlsplit(urljoin(before.geturl(), location))
    same = (before.path or "/", before.query) == (after.path or "/", after.query)
    return same and before[:2] != after[:2]


def _other_app(case: Case, step: Step) -> Advice | None:
    """Explain a response of an app that is mounted beside this one, or of a wrapper around it."""
    if case.source != OTHER_APP or case.app is None:
        return None
    credentials = case.exchange.sent.request.credentials == "include"
    layer, fix = layer_that_answers(case.app, case.path, case.page, credentials=credentials)
    error = case.trace.error
    status = case.exchange.response.status
    answer = f"with {status}"
    if error is not None:
        answer = f"by raising {type(error).__name__}: {error} ({line_of(error)})"
    cause = f"{layer} answers {case.path} {answer}, before the request reaches this app."
    mounted = mounted_flask(case.app, case.path)
    if mounted is not None:
        found = _cause_of(_within(case, *mounted), step)
        fix = found.fix.replace("CORS(app", "CORS(other")
        return Advice("other-app", f"{cause} In that app: {found.cause}", fix)
    if status == 404:
        fix = (
            "Correct the URL in the script, or add the route there. A policy alone would not help."
        )
    return Advice(
        "other-app",
        f"{cause} CORS(app) does not apply to responses of another app or of a wrapper.",
        fix,
    )


def _within(case: Case, prefix: str, other: Flask) -> Case:
    """Return the case of a mounted app: the same exchange, with the paths of that app."""
    environ = {
        **case.environ,
        "SCRIPT_NAME": prefix,
        "PATH_INFO": case.environ["PATH_INFO"].removeprefix(prefix),
    }
    return Case(other, case.exchange, replace(case.trace, environ=environ), case.page)


def _sent_twice(case: Case, _step: Step) -> Advice | None:
    """Explain a header that two layers add."""
    lines = case.found(ACL_ORIGIN)
    values = [part.strip() for line in lines for part in line.split(",")]
    if len(values) < 2:
        return None
    if case.trace.is_live:
        server = ", ".join(case.found("Server"))
        return Advice(
            "headers-twice",
            f"{ACL_ORIGIN} is sent twice: {', '.join(values)}. The app adds it, and so does "
            f"something in front of it{f' ({server})' if server else ''}: a proxy, a CDN or a "
            "host.",
            "Let only one of them add it. In nginx, remove: add_header Access-Control-Allow-Origin",
        )
    return _second_layer(case, ACL_ORIGIN)


# Responses of the app without a policy ------------------------------------------------------------


def _unseen(case: Case, _step: Step) -> Advice | None:
    """Explain that Flask does not see a view's `cross_origin`."""
    if (
        case.app is None
        or case.endpoint is None
        or own_policy(case.app, case.endpoint, case.method)
    ):
        return None
    return explain_unseen_view(case.app, case.endpoint)


def _propagated(case: Case, _step: Step) -> Advice | None:
    """Explain an exception that the app passes on to the server."""
    if case.app is None or not case.trace.is_propagated or case.found(ACL_ORIGIN):
        return None
    if case.trace.error is not case.trace.handled:
        return _raised_outside(case)
    if case.app.debug and case.policy is not None and is_installed(case.app):
        return None  # `_by_policy` explains it
    if case.app.debug:
        fix = case.edit_to_allow() if case.policy is None else "Write CORS(app, resources=[])"
        return Advice(
            "debugger",
            f"In debug mode the debugger answers, because {case.describe_error()}. Its page has "
            f"no CORS headers: {_why_without_headers(case)}.",
            f"Fix the exception. To let scripts read the debugger's page: {fix}",
        )
    keys = [key for key in ("PROPAGATE_EXCEPTIONS", "TESTING") if setting(case.app, key)]
    error = case.describe_error()
    return Advice(
        "exception-propagated",
        f"{error[:1].upper()}{error[1:]}, and it is passed on to the server, whose error page has "
        f"no CORS headers, because of {' and '.join(keys)}.",
        f"Fix the exception, and remove {' and '.join(f'app.config[{key!r}]' for key in keys)}",
    )


def _raised_outside(case: Case) -> Advice:
    """Explain an exception that is raised where the app does not handle exceptions."""
    error = case.describe_error()
    where = ""
    if isinstance(case.trace.error, Exception):
        where = " It comes from a teardown function, an error handler or a layer around the app."
    return Advice(
        "exception-propagated",
        f"{error[:1].upper()}{error[1:]}, where no error handler sees it, so it reaches the "
        f"server, whose error page has no CORS headers.{where}",
        "Fix the exception.",
    )


def _why_without_headers(case: Case) -> str:
    if case.policy is None:
        return f"no policy applies to {case.path}"
    return "a decorator alone cannot add them"


def _refused_without_app(case: Case, step: Step) -> Advice:
    """Explain a response of a running server whose app cannot be loaded."""
    name = _FIELDS.get(step.code.removeprefix("preflight-"), ACL_ORIGIN)
    found = ", ".join(case.found(name))
    sends = f"sends {name}: {found}" if found else f"sends no {name}"
    if step.code == "preflight-status":
        sends = f"answers the preflight with {case.exchange.response.status}"
    fix = "Allow the request in the policy of the server."
    if name == ACL_ORIGIN and not found:
        fix = f"Allow the page. Write CORS(app, origins=[{case.page!r}])"
    return Advice("no-policy", f"{RUNNING.capitalize()} {sends} for {case.path}.", fix)


def _no_policy(case: Case, step: Step) -> Advice | None:
    """Explain a response to which no policy applies."""
    if case.policy is not None:
        return None
    if case.app is None:
        return _refused_without_app(case, step)
    causes = (_written_by_hand, _beside_decorated, _missing_route, _redirected)
    return next(filter(None, (cause(case) for cause in causes)), None) or _uncovered(case)


def _written_by_hand(case: Case) -> Advice | None:
    """Explain CORS headers that are sent although no policy applies."""
    names = (ACL_ORIGIN, ACL_CREDENTIALS, ACL_METHODS, ACL_ALLOW_HEADERS)
    found = [name for name in names if case.found(name)]
    if not found or case.app is None:
        return None
    where = hand_written(case.app, case.endpoint)
    if case.trace.is_live and not where:
        return _sends_other_value(case, found[0])
    at = f" in {', '.join(map(str, where))}" if where else ""
    missing = [name for name in names[:1] if name not in found]
    if case.preflight:
        missing += [name for name in (ACL_METHODS, ACL_ALLOW_HEADERS) if name not in found]
    without = f"; missing: {', '.join(missing)}" if missing else ""
    known = [value for value in case.found(ACL_ORIGIN) if parse_origin(value)]
    fix = (
        case.edit_to_allow(*known)
        or f"Write CORS(app, {list_origins(*sorted({case.page, *known}))})"
    )
    if known and hand_written(case.app):  # a hook, which other routes may have too
        fix = f"Other routes that {' and '.join(known)} reads then need a policy too. {fix}"
    fields = ", ".join(f"{name}: {value}" for name in found for value in case.found(name))
    return Advice(
        "headers-by-hand",
        f"No policy applies to {case.path}, and the headers are written by hand{at}: "
        f"{fields}{without}.",
        f"Remove the code that writes them. {fix}",
    )


def _beside_decorated(case: Case) -> Advice | None:
    """Explain that another view of the URL is decorated, but not this one."""
    if case.app is None or case.endpoint is None:
        return None
    decorated = decorated_beside(case.app, case.endpoint)
    if decorated is None:
        return None
    view = function_of_view(case.app.view_functions[case.endpoint], case.method)
    credentials = case.exchange.sent.request.credentials == "include"
    return Advice(
        "view-beside",
        f"{view}, which handles {case.method} {case.path}, has no policy: cross_origin is only on "
        f"{decorated}, another view of the same URL.",
        decorate(view, case.page, credentials=credentials),
    )


def _missing_route(case: Case) -> Advice | None:
    """Explain a 404, or a 405 to which no policy applies."""
    routing_error = case.routing_error
    if isinstance(routing_error, NotFound) and case.app is not None:
        hosts = other_hosts(case.app, case.environ)
        similar = [*similar_routes(case.app, case.path)]
        hint = f" The host {' or '.join(hosts)} has one." if hosts else ""
        if similar and not hosts:
            hint = f" A similar route is {' or '.join(similar)}."
        return Advice(
            "not-found",
            f"This is not a CORS error: {case.describe_error()}.{hint}",
            "Correct the URL in the script, or add the route. A policy alone would not help.",
        )
    if isinstance(routing_error, MethodNotAllowed):
        return Advice(
            "method-not-routed",
            f"This is not a CORS error: {case.describe_error()}. Also, no policy applies to "
            f"{case.path}.",
            "Use one of those methods, or add the route. To let the page read the response: "
            f"{case.edit_to_allow()}",
        )
    return None


_NOT_FOLLOWED = "Browsers follow no redirect of a preflight, and no redirect without CORS headers."


def _redirected(case: Case) -> Advice | None:
    """Explain a redirect to which no policy applies."""
    location = case.exchange.response.get("Location")
    if location is None:
        return None
    redirect, edit = f"The app redirects {case.path} to {location}", case.edit_to_allow()
    if not urljoin("http:", location).startswith(("http:", "https:")):
        return Advice(
            "redirect-refused",
            f"{redirect}. Browsers do not follow that, whatever CORS allows.",
            "Redirect to an http or https URL.",
        )
    if isinstance(case.routing_error, RequestRedirect):
        return Advice(
            "redirect-slash",
            f"{redirect}. {_NOT_FOLLOWED}",
            f"Fetch {location} directly, and give it a policy. {edit}",
        )
    if case.redirects_to_login(location):
        return Advice(
            "login-redirect",
            f"{redirect}, which looks like a login page, and no policy applies to {case.path}. "
            f"{_NOT_FOLLOWED}",
            "Answer scripts with 401 instead of the redirect, and let the page open the login "
            f"page. To let the page read the 401: {edit}",
        )
    return Advice(
        "redirect",
        f"{redirect}, and no policy applies to {case.path}. {_NOT_FOLLOWED}",
        f"Fetch {location} directly, if the page may read it. Or allow the page to follow the "
        f"redirect: {edit}",
    )


def _uncovered(case: Case) -> Advice:
    """Explain that no policy covers the route."""
    patterns = [
        safe_repr(pattern.text)
        for blueprint, table in (tables(case.app) if case.app else ())
        for pattern, _ in table.entries
        if not blueprint
    ]
    only = f"; the resources are {', '.join(patterns[:5])}" if patterns else ""
    edit = case.edit_to_allow()
    if case.preflight and case.trace.hook:
        how = "Add a policy; preflights are then answered before the hooks."
        if case.app is not None and not is_installed(case.app) and "@cross_origin" in edit:
            how = "Let CORS run before the hooks, and add a policy. Write CORS(app, resources=[])."
        return Advice(
            "no-policy",
            f"No policy applies to {case.path}{only}, so the preflight, which carries no "
            f"credentials, reaches a hook: {case.describe_error()}.",
            f"{how} {edit}",
        )
    if case.exchange.response.status >= 400 or case.trace.error:
        error = case.describe_error()
        return Advice(
            "no-policy",
            f"{error[:1].upper()}{error[1:]}. No policy applies to {case.path}{only}, so the "
            "script cannot read the error.",
            f"Fix the error. To let the page read the response: {edit}",
        )
    return Advice("no-policy", f"No policy applies to {case.path}{only}.", edit)


# Responses to which a policy applies --------------------------------------------------------------

_FIELDS = {"method": ACL_METHODS, "headers": ACL_ALLOW_HEADERS, "credentials": ACL_CREDENTIALS}


def _by_policy(case: Case, step: Step) -> Advice:
    """Explain a refusal of the policy, or why its headers are missing or changed."""
    check = step.code.removeprefix("preflight-")
    name = _FIELDS.get(check, ACL_ORIGIN)
    changed = ", ".join(case.found(name)) != (case.expected(name) or "")
    if check == "status" or (changed and not case.found(ACL_ORIGIN)):
        return _headers_missing(case)
    if changed:
        return _second_layer(case, name)
    headers = EnvironHeaders(case.environ)
    decision = cast("Decision", case.decision)
    refusal = explain_refusal(decision, case.settings, headers, case.source)
    if refusal is None:
        return explain_credentials(case.settings, case.page, case.source)
    if isinstance(case.routing_error, (NotFound, MethodNotAllowed)):
        cause = f"{refusal.cause} Also, {case.describe_error()}."
        if refusal.code == "method-not-listed":
            return Advice("method-not-routed", cause, "Use one of those methods, or add the route.")
        return refusal._replace(cause=cause)
    return refusal


def _second_layer(case: Case, name: str) -> Advice:
    where = hand_written(case.app, case.endpoint) if case.app else []
    if case.trace.is_live and not where:
        return _sends_other_value(case, name)
    at = "Look for an after_request hook, a view, a second library or a middleware"
    if where:
        at = f"It is written by hand in {', '.join(map(str, where))}"
    return Advice(
        "second-layer",
        f"Another layer of the app writes these headers too: {name} is "
        f"{', '.join(case.found(name)) or 'missing'}. {at}.",
        "Remove that, so that only one place writes them.",
    )


def _headers_missing(case: Case) -> Advice:
    """Explain a response that lacks the headers which the policy grants."""
    cause = f"{case.source} allows the page, but {case.describe_error()}"
    if case.trace.error and not case.settings.intercept_exceptions:
        fix = write_options(case.settings, {"intercept_exceptions": "True"}, case.source)
        return Advice("exception", f"{cause}, and intercept_exceptions is off.", fix)
    if case.preflight and not case.settings.automatic_options:
        fix = write_options(case.settings, {"automatic_options": "True"}, case.source)
        cause = f"{case.source} allows the page, but automatic_options is off, and "
        return Advice("preflight-left", f"{cause}{case.describe_error()}.", fix)
    if case.app is not None and is_installed(case.app):
        if case.trace.is_live:
            return _not_this_app(case, "the headers, where this app answers the preflight with 200")
        return Advice(
            "headers-lost",
            f"{case.source} allows the page, and the app adds the headers, but a layer around it"
            f"{_layers(case.app)} removes them.",
            "Make that layer pass on the headers of the app.",
        )
    return _before_the_view(case, cause)


def _layers(app: Flask) -> str:
    names = [name_of_layer(layer) for layer in layers_around(app)]
    return f" ({', '.join(names)})" if names else ""


def _before_the_view(case: Case, cause: str) -> Advice:
    location = case.exchange.response.get("Location")
    if isinstance(case.routing_error, RequestRedirect):
        return Advice(
            "redirect-slash",
            f"{case.source} allows the page, but the app redirects {case.path} to {location}, "
            "before the view is called. Browsers follow no redirect of a preflight.",
            f"Fetch {location} directly, or let CORS answer preflights before the redirect. Write "
            "CORS(app, resources=[])",
        )
    if location is not None and not case.preflight and not case.redirects_to_login(location):
        return Advice(
            "redirect",
            f"{cause}: it redirects to {location}, before the view is called, and browsers follow "
            "no redirect without CORS headers.",
            f"Fetch {location} directly, or let CORS run before the hooks. Write "
            "CORS(app, resources=[])",
        )
    if location is not None and not case.preflight:
        return Advice(
            "login-redirect",
            f"{cause}: it redirects to {location}, before the view is called.",
            "Answer scripts with 401 instead of the redirect, and let CORS run before the hooks. "
            "Write CORS(app, resources=[])",
        )
    hook = " A preflight carries no credentials, so a hook that requires them refuses it."
    return Advice(
        "hook",
        f"{cause}, before the view is called.{hook if case.preflight else ''}",
        "Let CORS run before the hooks. Write CORS(app, resources=[])",
    )


_CAUSES: tuple[Cause, ...] = (
    _other_server,
    _proxy,
    _other_app,
    _sent_twice,
    _unseen,
    _propagated,
    _no_policy,
)
