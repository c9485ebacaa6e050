"""Why a browser refuses, in words: the cause, and the edit that mends it and does no harm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    explain_credentials,
    explain_refusal,
    line_of,
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
from ..wsgi import EnvironHeaders, WSGIEnvironment, routed_path
from .fixes import decorate, leads_to_a_login, near_routes, open_route
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
    source_of,
    tables,
    view_at,
)
from .layers import layer_that_answers, name_of_layer
from .serving import Passage

ELSEWHERE = "another server, which was not asked"
ANOTHER_APP = "another app or layer, which this one's CORS does not reach"
RUNNING = "the running server"


@dataclass
class Case:
    """One exchange between browser and app, and what is known of it."""

    app: Flask | None
    """`None` where a running server is asked, and the app is not at hand"""
    exchange: Exchange
    passage: Passage
    page: str
    """the origin of the page"""

    def __post_init__(self) -> None:
        """Find out whose policy holds, and where it was written."""
        request = self.exchange.sent.request
        self.origin: str = request.origin
        self.environ: WSGIEnvironment = (
            self.passage.environ
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
        self.source: str = ELSEWHERE
        if self.passage.is_elsewhere:
            return
        if self.app is None:
            self.source = RUNNING
        elif self.passage.environ is None and not self.passage.is_live:
            self.source = ANOTHER_APP
        else:
            self.endpoint = answering_view(self.app, self.environ, self.method)
            self.policy = policy_at(self.app, self.endpoint, self.method, self.environ)
            self.source = source_of(self.app, self.policy, self.endpoint, self.method)

    @property
    def path(self) -> str:
        """Return the path that was asked for."""
        return routed_path(self.environ)

    @property
    def rules(self) -> Settings:
        """Return the settings of the policy that holds, which there has to be."""
        assert self.policy is not None  # noqa: S101  (for the type checker)
        return self.policy.settings

    @cached_property
    def decision(self) -> Decision | None:
        """Return what the policy that holds says."""
        return decide(self.app, self.policy, self.environ) if self.app and self.policy else None

    def expected(self, name: str) -> str | None:
        """Return the value of a field that the policy gives to the response."""
        return dict(self.decision.lines).get(name) if self.decision else None

    def found(self, name: str) -> list[str]:
        """Return the values of a field of the response, one a line."""
        lines = self.exchange.response.headers
        return [value for line, value in lines if line.lower() == name.lower()]

    def answer(self) -> str:
        """Return what an error that the app answers with is."""
        error = self.passage.error
        if error is not None:
            return f"the app raised {type(error).__name__}: {error} ({line_of(error)})"
        unrouted = self.unrouted
        if isinstance(unrouted, NotFound):
            return f"the app has no route for {self.path}"
        if isinstance(unrouted, MethodNotAllowed):
            methods = ", ".join(sorted(unrouted.valid_methods or ()))
            return f"the route takes {methods}, not {self.method}"
        status = self.exchange.response.status
        phrase = HTTP_STATUS_CODES.get(status, "")
        hook = f", in {self.passage.hook}" if self.passage.hook else ""
        return f"the app itself answers {status} {phrase}".strip() + hook

    @property
    def unrouted(self) -> HTTPException | None:
        """Return what keeps the request from a view: a 404, a 405, a redirect."""
        rule = rule_of(self.app, self.environ, self.method) if self.app else None
        return rule if isinstance(rule, HTTPException) else None

    def leads_to_a_login(self, location: str) -> bool:
        """Return whether a redirect looks like one to a login page: by its URL, or by a hook."""
        target = urlsplit(urljoin(self.exchange.sent.request.url, location))
        elsewhere = target.path != self.path
        return elsewhere and (leads_to_a_login(location) or bool(self.passage.hook))

    def opened(self) -> str:
        """Return the edit that opens the route to the page; empty where there is no route."""
        credentials = self.exchange.sent.request.credentials == "include"
        origin = self.page if self.page != "null" else "https://app.example"
        app = cast("Flask", self.app)
        return open_route(app, self.environ, self.method, origin, credentials=credentials)


Cause = Callable[[Case, Step], "Advice | None"]


def advice(cases: Sequence[Case], outcome: FetchOutcome) -> Advice | None:
    """Return why a browser refuses and what to do about it, or `None` where it does not."""
    if outcome.response is not None:
        return None
    step = outcome.steps[-1]
    if step.code in _UNSENT:
        return _unsent(step, cases)
    case = cases[-1]
    causes = (cause(case, step) for cause in _CAUSES)
    found = next(filter(None, causes), None) or _by_policy(case, step)
    redirected = any(passed.code == "redirect" for passed in outcome.steps)
    if redirected and not case.passage.is_elsewhere:
        return _after_a_redirect(case, found, _redirecting(cases))
    return found


def _redirecting(cases: Sequence[Case]) -> Case:
    """Return the case of the last redirect."""
    return next(case for case in reversed(cases[:-1]) if case.found("Location"))


# Before anything is sent --------------------------------------------------------------------------

_UNSENT = frozenset({"method", "mixed-content", "redirect"})


def _unsent(step: Step, cases: Sequence[Case]) -> Advice:
    if step.code == "method":
        return Advice("method-forbidden", f"In a browser {step.detail}.", "Use another method.")
    if step.code == "mixed-content":
        return Advice(
            "mixed-content",
            f"This is mixed content, and no CORS error: {step.detail}.",
            "Serve the app with https too, and fetch that. Its URL begins with https://",
        )
    where = f" That comes from {cases[-1].source}." if cases else ""
    return Advice(
        "redirect-refused",
        f"Browsers refuse a redirect {step.detail}.{where}",
        "Redirect to a whole http or https URL without a user name, or fetch the right one at "
        "once.",
    )


# After a redirect ---------------------------------------------------------------------------------


def _after_a_redirect(case: Case, found: Advice, before: Case) -> Advice:
    url = case.exchange.sent.request.url
    if before.leads_to_a_login(url):
        return Advice(
            "login-redirect",
            f"The app redirects {before.path} to {url}, which looks like a login page, and no "
            f"script is to read that. It is refused there: {found.cause}",
            "Answer scripts with 401 instead of the redirect, and let the page go to the login.",
        )
    if case.origin == "null" != before.page:
        return Advice(
            "redirect-null",
            f"The redirect to {url} leads from one origin to another, so the browser sends "
            "Origin: null from there on.",
            f"Fetch {url} at once.",
        )
    return found._replace(cause=f"After the redirect to {url}: {found.cause}")


def _elsewhere(case: Case, _step: Step) -> Advice | None:
    """Explain what another server answers, which is not asked."""
    if not case.passage.is_elsewhere:
        return None
    url = case.exchange.sent.request.url
    return Advice(
        "redirect-elsewhere",
        f"The app redirects to {url}, another server, and only that one can let scripts "
        "read its answer.",
        "Answer scripts with 401 or the URL, and let the page go there itself.",
    )


# Who answers --------------------------------------------------------------------------------------


def _proxy(case: Case, _step: Step) -> Advice | None:
    """Explain an answer that the app did not make, of what stands before a running server."""
    if not case.passage.is_live:
        return None
    response = case.exchange.response
    server = ", ".join(case.found("Server"))
    who = f"a proxy or a host in front of the app{f' ({server})' if server else ''}"
    if response.status in {502, 503, 504} or 520 <= response.status <= 530:
        phrase = HTTP_STATUS_CODES.get(response.status, "")
        return Advice(
            "proxy",
            f"This is no CORS error: {response.status} {phrase}".rstrip()
            + f" is made by {who}, not by the app, which it did not reach.",
            "Start the app, and see that the proxy sends to the address that it listens on.",
        )
    if case.found(ACL_ORIGIN):
        return None
    location = response.get("Location")
    if location is not None and _changes_the_host_alone(case, location):
        return Advice(
            "proxy",
            f"The redirect to {location} is made by {who}, not by a view of the app: it leads to "
            "the same path.",
            f"Fetch {urljoin(case.exchange.sent.request.url, location)} at once.",
        )
    if case.policy is None or case.expected(ACL_ORIGIN) is None:
        return None
    if response.status == 500:
        return Advice(
            "exception",
            f"{case.source} lets the page in, but {RUNNING} answers 500 without the headers: an "
            "exception that the app leaves to its server, or to the debugger.",
            "Look into the log of the server, and mend that. Without --live the app tells it.",
        )
    return Advice(
        "not-this-app",
        f"{case.source} lets the page in, but {RUNNING} answers {response.status} without the "
        f"headers: {who} answers by itself or takes them away, or older code is running.",
        "Start the server anew, and have what stands in front pass the headers of the app on.",
    )


def _changes_the_host_alone(case: Case, location: str) -> bool:
    """Return whether a redirect leads to the same path on another host or scheme."""
    before = urlsplit(case.exchange.sent.request.url)
    after = urlsplit(urljoin(before.geturl(), location))
    same = (before.path or "/", before.query) == (after.path or "/", after.query)
    return same and before[:2] != after[:2]


def _another_app(case: Case, _step: Step) -> Advice | None:
    """Explain an answer that this app did not make: of a mounted app, or of a wrapper."""
    if case.source != ANOTHER_APP or case.app is None:
        return None
    path = case.exchange.sent.request.url.partition("://")[2].partition("/")[2].partition("?")[0]
    layer, fix = layer_that_answers(case.app, f"/{path}", case.page)
    error = case.passage.error
    answer = f"with {case.exchange.response.status}"
    if error is not None:
        answer = f"by raising {type(error).__name__}: {error} ({line_of(error)})"
    return Advice(
        "other-app",
        f"{layer} answers /{path} {answer}, before this app is reached: another app that is "
        "mounted there, or a wrapper. CORS(app) does not open what another one answers.",
        fix,
    )


def _twice(case: Case, _step: Step) -> Advice | None:
    """Explain a header that two layers write."""
    lines = case.found(ACL_ORIGIN)
    values = [part.strip() for line in lines for part in line.split(",")]
    if len(values) < 2:
        return None
    if case.passage.is_live:
        server = ", ".join(case.found("Server"))
        return Advice(
            "headers-twice",
            f"{ACL_ORIGIN} comes twice: {', '.join(values)}. The app writes it, and so does what "
            f"stands in front of it{f' ({server})' if server else ''}: a proxy, a CDN, a host.",
            "Let one of them do it. In nginx, take out: add_header Access-Control-Allow-Origin",
        )
    return _second_layer(case, ACL_ORIGIN)


# Whether the app is to blame ----------------------------------------------------------------------


def _unseen(case: Case, _step: Step) -> Advice | None:
    """Explain that Flask does not see the policy of a view."""
    if (
        case.app is None
        or case.endpoint is None
        or own_policy(case.app, case.endpoint, case.method)
    ):
        return None
    return explain_unseen_view(case.app, case.endpoint)


def _propagated(case: Case, _step: Step) -> Advice | None:
    """Explain an exception that the app passes on, so that its server answers."""
    if case.app is None or not case.passage.is_propagated or case.found(ACL_ORIGIN):
        return None
    if case.app.debug and case.policy is not None and is_installed(case.app):
        return None  # the policy says why
    if case.app.debug:
        fix = case.opened() if case.policy is None else "Write CORS(app, resources=[])"
        return Advice(
            "debugger",
            f"Under debug the page is the debugger's, for {case.answer()}, and it has no headers "
            f"here: {_why_bare(case)}.",
            f"Mend the exception; a script reads of it once CORS(app) is there. {fix}",
        )
    key = "TESTING" if case.app.testing else "PROPAGATE_EXCEPTIONS"
    return Advice(
        "exception-propagated",
        f"{case.answer()[:1].upper()}{case.answer()[1:]}, and {key} passes it on to the server, "
        "whose own page has no headers.",
        f"Mend the exception, and take out app.config[{key!r}]",
    )


def _why_bare(case: Case) -> str:
    if case.policy is None:
        return f"no policy holds for {case.path}"
    return "a decorator alone stands within what failed"


def _no_policy(case: Case, _step: Step) -> Advice | None:
    """Explain a response for which no policy holds."""
    if case.policy is not None:
        return None
    if case.app is None:
        return Advice(
            "no-policy",
            f"{RUNNING.capitalize()} sends no {ACL_ORIGIN} for {case.path}.",
            f"Let the page in. Write CORS(app, origins=[{case.page!r}])",
        )
    causes = (_written_by_hand, _beside, _missing_route, _redirected)
    return next(filter(None, (cause(case) for cause in causes)), None) or _uncovered(case)


def _written_by_hand(case: Case) -> Advice | None:
    """Explain headers that are there though no policy holds."""
    names = (ACL_ORIGIN, ACL_CREDENTIALS, ACL_METHODS, ACL_ALLOW_HEADERS)
    found = [name for name in names if case.found(name)]
    if not found or case.app is None:
        return None
    where = hand_written(case.app, case.endpoint)
    at = f" in {', '.join(map(str, where))}" if where else ""
    lacks = [name for name in names[:1] if name not in found]
    if case.preflight:
        lacks += [name for name in (ACL_METHODS, ACL_ALLOW_HEADERS) if name not in found]
    told = f"; it lacks {', '.join(lacks)}" if lacks else ""
    fix = case.opened() or f"Write CORS(app, origins=[{case.page!r}])"
    return Advice(
        "headers-by-hand",
        f"No policy holds for {case.path}, and the headers are written by hand{at}: "
        f"{', '.join(f'{name}: {value}' for name in found for value in case.found(name))}{told}.",
        f"Take out what is written by hand, and let one place decide. {fix}",
    )


def _beside(case: Case) -> Advice | None:
    """Explain that another view of the URL is decorated, and this one is not."""
    if case.app is None or case.endpoint is None:
        return None
    decorated = decorated_beside(case.app, case.endpoint)
    if decorated is None:
        return None
    view = view_at(case.app, case.endpoint, case.method)
    credentials = case.exchange.sent.request.credentials == "include"
    return Advice(
        "view-beside",
        f"{view}, which takes {case.method} {case.path}, has no policy: cross_origin is on "
        f"{decorated} alone, another view of the same URL.",
        decorate(view, case.page, credentials),
    )


def _missing_route(case: Case) -> Advice | None:
    """Explain a 404, and a 405 that no policy lets through."""
    unrouted = case.unrouted
    if isinstance(unrouted, NotFound) and case.app is not None:
        hosts = other_hosts(case.app, case.environ)
        near = [*near_routes(case.app, case.path)]
        hint = f" It is there on {', '.join(hosts)}." if hosts else ""
        if near and not hosts:
            hint = f" Near it is {' and '.join(near)}."
        return Advice(
            "not-found",
            f"This is no CORS error: {case.answer()}.{hint}",
            "Mend the URL in the script, or add the route. To open what does not exist mends "
            "nothing.",
        )
    if isinstance(unrouted, MethodNotAllowed):
        return Advice(
            "method-not-routed",
            f"This is no CORS error: {case.answer()}. Nor does a policy hold for {case.path}.",
            f"Use one of those methods, or add the route. For the page to read it: {case.opened()}",
        )
    return None


def _redirected(case: Case) -> Advice | None:
    """Explain a redirect for which no policy holds."""
    location = case.exchange.response.get("Location")
    if location is None:
        return None
    opened = case.opened()
    if not urljoin("http:", location).startswith(("http:", "https:")):
        return Advice(
            "redirect-refused",
            f"The app redirects {case.path} to {location}. Browsers refuse that, whatever CORS "
            "allows.",
            "Redirect to a whole http or https URL.",
        )
    if isinstance(case.unrouted, RequestRedirect):
        return Advice(
            "redirect-slash",
            f"The app redirects {case.path} to {location}. Browsers follow no redirect of a "
            "preflight, and none that comes without the headers.",
            f"Fetch {location} at once, and have a policy hold there. {opened}",
        )
    if case.leads_to_a_login(location):
        return Advice(
            "login-redirect",
            f"The app redirects {case.path} to {location}, which looks like a login page, and no "
            f"policy holds for {case.path}. Browsers follow no redirect of a preflight, and none "
            "that comes without the headers.",
            "Answer scripts with 401 instead of the redirect, and let the page go to the login. "
            f"For the page to read the 401: {opened}",
        )
    return Advice(
        "redirect",
        f"The app redirects {case.path} to {location}, and no policy holds for {case.path}. "
        "Browsers follow no redirect of a preflight, and none that comes without the headers.",
        f"Fetch {location} at once, if the page may read that, or let the redirect be read. "
        f"{opened}",
    )


def _uncovered(case: Case) -> Advice:
    """Explain that nothing opens the route."""
    patterns = [
        safe_repr(pattern.text)
        for blueprint, table in (tables(case.app) if case.app else ())
        for pattern, _ in table.entries
        if not blueprint
    ]
    only = f"; the resources are {', '.join(patterns[:5])}" if patterns else ""
    opened = case.opened()
    if case.preflight and case.passage.hook:
        return Advice(
            "no-policy",
            f"No policy holds for {case.path}{only}, so the preflight, which brings no "
            f"credentials, comes to a hook: {case.answer()}.",
            f"Then it is answered before the hooks. {opened}",
        )
    if case.exchange.response.status >= 400 or case.passage.error:
        told = case.answer()
        return Advice(
            "no-policy",
            f"{told[:1].upper()}{told[1:]}; and no policy holds for {case.path}{only}, so that "
            "the script cannot read the error.",
            f"Mend that; and for the page to read what comes then: {opened}",
        )
    return Advice("no-policy", f"No policy holds for {case.path}{only}.", opened)


# By the policy that holds -------------------------------------------------------------------------

_FIELDS = {"method": ACL_METHODS, "headers": ACL_ALLOW_HEADERS, "credentials": ACL_CREDENTIALS}


def _by_policy(case: Case, step: Step) -> Advice:
    """Explain a refusal by the policy that holds, or by what became of its answer."""
    check = step.code.removeprefix("preflight-")
    name = _FIELDS.get(check, ACL_ORIGIN)
    changed = ", ".join(case.found(name)) != (case.expected(name) or "")
    if check == "status" or (changed and not case.found(ACL_ORIGIN)):
        return _withheld(case)
    if changed:
        return _second_layer(case, name)
    headers = EnvironHeaders(case.environ)
    decision = cast("Decision", case.decision)
    refusal = explain_refusal(decision, case.rules, headers, case.source)
    if refusal is None:
        return explain_credentials(case.rules, case.page, case.source)
    unrouted = case.unrouted
    if isinstance(unrouted, (NotFound, MethodNotAllowed)):
        cause = f"{refusal.cause} Besides, {case.answer()}."
        if refusal.code == "method-not-listed":
            return Advice("method-not-routed", cause, "Use one of those methods, or add the route.")
        return refusal._replace(cause=cause)
    return refusal


def _second_layer(case: Case, name: str) -> Advice:
    where = hand_written(case.app, case.endpoint) if case.app else []
    looked_for = "an after_request hook, a view, a second library or a middleware"
    at = f"It is written by hand in {', '.join(map(str, where))}" if where else ""
    return Advice(
        "second-layer",
        f"Another layer of the app writes these headers too: {name} is "
        f"{', '.join(case.found(name)) or 'not there'}. {at or f'Look for {looked_for}'}.",
        "Take that out: one place decides.",
    )


def _withheld(case: Case) -> Advice:
    """Explain an answer that came from elsewhere, or lost its headers on the way."""
    told = f"{case.source} lets the page in, but {case.answer()}"
    if case.passage.error and not case.rules.intercept_exceptions:
        fix = write_options(case.rules, {"intercept_exceptions": "True"}, case.source)
        return Advice("exception", f"{told}, and intercept_exceptions is off.", fix)
    if case.preflight and not case.rules.automatic_options:
        fix = write_options(case.rules, {"automatic_options": "True"}, case.source)
        return Advice("preflight-left", f"{told} to the preflight.", fix)
    if case.app is not None and is_installed(case.app):
        return Advice(
            "headers-lost",
            f"{case.source} lets the page in, and the app adds the headers; a layer around it"
            f"{_layers(case.app)} takes them away.",
            "Have that layer pass on the headers of the app.",
        )
    return _before_the_view(case, told)


def _layers(app: Flask) -> str:
    names = [name_of_layer(layer) for layer in layers_around(app)]
    return f" ({', '.join(names)})" if names else ""


def _before_the_view(case: Case, told: str) -> Advice:
    location = case.exchange.response.get("Location")
    if isinstance(case.unrouted, RequestRedirect):
        return Advice(
            "redirect-slash",
            f"{case.source} lets the page in, but the app redirects {case.path} to {location}, "
            "before the view is reached. Browsers follow no redirect of a preflight.",
            f"Fetch {location} at once, or let CORS stand before. Write CORS(app, resources=[])",
        )
    if location is not None and not case.preflight:
        return Advice(
            "login-redirect",
            f"{told}: it redirects to {location}, before the view is reached.",
            "Answer scripts with 401 instead of the redirect, and let CORS stand before the "
            "hooks. Write CORS(app, resources=[])",
        )
    hook = " A preflight brings no credentials, so a hook that asks for them refuses each."
    return Advice(
        "hook",
        f"{told}, before the view is reached.{hook if case.preflight else ''}",
        "Let CORS stand before the hooks. Write CORS(app, resources=[])",
    )


_CAUSES: tuple[Cause, ...] = (
    _elsewhere,
    _proxy,
    _another_app,
    _twice,
    _unseen,
    _propagated,
    _no_policy,
)
