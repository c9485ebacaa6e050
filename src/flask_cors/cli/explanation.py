"""The result of `explain`: what a page gets from an app, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.routing import RequestRedirect, Rule

from .._advice import Advice
from ..browser import Credentials, FetchOutcome, Step, origin_of
from ..core import ACL_ALLOW_HEADERS, ACL_METHODS, ACL_ORIGIN
from ..core.sites import is_loopback
from ..testing import Browser
from ..urls import parse_url
from ..wsgi import StartResponse, WSGIApplication, WSGIEnvironment
from .causes import Case, advice
from .inspection import (
    environ_at,
    is_preflight,
    layers_around,
    mounted_at,
    other_hosts,
    rule_of,
    setting,
    usual_host,
)
from .live import LiveServer
from .notes import CONSOLE_DIFFERS, Note, forbidden_headers, method_unnamed, notes
from .serving import ServedApp
from .sessions import cookie_line


class Question(NamedTuple):
    """A request to explain, and the page that makes it."""

    method: str
    url: str
    origin: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    credentials: Credentials = "same-origin"
    cookies: tuple[str, ...] = ()
    live: str = ""
    """the URL of a running server to ask instead of the app"""
    is_reported: bool = False
    """whether a browser's console reported it as blocked"""
    is_guess: bool = False
    """whether the method is a guess; then only preflights, GET and HEAD are sent"""


@dataclass(frozen=True)
class Explanation:
    """The result for a page: each request, each check, and the cause if the browser blocks."""

    question: Question
    outcome: FetchOutcome
    cases: list[Case]

    @property
    def events(self) -> Iterator[Step | Case]:
        """Yield the checks and the exchanges in order, each exchange as its `Case`."""
        cases = iter(self.cases)
        for event in self.outcome.events:
            yield event if isinstance(event, Step) else next(cases)

    @cached_property
    def advice(self) -> Advice | None:
        """Return why the browser blocks the response and how to fix it; `None` if it does not."""
        return advice(self.cases, self.outcome)

    @cached_property
    def notes(self) -> list[Note]:
        """Return notes about a response that the page may read, and about a guessed method."""
        readable = self.outcome.response is not None
        found: list[Note] = []
        if readable:
            found = [*notes(self.cases, self.outcome), *forbidden_headers(self.question.headers)]
        if self.question.is_guess and self.cases:
            with_json = ("Content-Type", "application/json") in self.question.headers
            note = method_unnamed(self.question.method, with_json=with_json, readable=readable)
            return [*found, note]
        return [*found, CONSOLE_DIFFERS] if self.question.is_reported and readable else found

    @property
    def status(self) -> int | None:
        """Return the status of the response that the script gets, if it gets one."""
        return self.outcome.response.status if self.outcome.response else None

    def as_json(self) -> dict[str, object]:
        """Return the explanation as JSON."""
        return {
            "readable": self.outcome.response is not None,
            "status": self.status,
            "code": self.advice.code if self.advice else None,
            "cause": self.advice.cause if self.advice else None,
            "cure": self.advice.fix if self.advice else None,
            "notes": [note.text for note in self.notes],
            "note_codes": [note.code for note in self.notes],
            "cookies": [note._asdict() for note in self.outcome.cookie_notes],
            "events": [_event_as_json(event) for event in self.events],
        }


def _event_as_json(event: Step | Case) -> dict[str, object]:
    if isinstance(event, Step):
        step = {
            "code": event.code,
            "passed": event.passed,
            "told": event.detail,
            "section": event.section,
        }
        return {"step": step}
    sent, response = event.exchange
    return {
        "request": {**asdict(sent.request), "cookies": sent.cookies},
        "response": {"status": response.status, "headers": response.headers},
        "policy": event.source,
    }


def explain(app: Flask | None, question: Question) -> Explanation:
    """Send the request as a browser would, and explain the result.

    Raises:
        LiveError: if a running server is asked and does not answer.
        UnsafeGuess: if the method is a guess, and the preflight does not forbid the request.
    """
    return _explain(app, question, _serve(app, question))


def _serve(app: Flask | None, question: Question) -> ServedApp | LiveServer:
    host = urlsplit(origin_of(question.url)).netloc
    if question.live or app is None:
        return LiveServer(question.live, host)
    return ServedApp(app, host)


def _explain(app: Flask | None, question: Question, served: ServedApp | LiveServer) -> Explanation:
    first = len(served.traces)
    asked: WSGIApplication = _without_guesses(served) if question.is_guess else served
    browser = Browser(asked, question.origin, server=question.url, read_body=False)
    lines = (cookie_line(app, cookie) for cookie in question.cookies)
    refused = [note for line in lines if (note := browser.set_cookie(line, question.url))]
    if question.body is None:
        outcome = browser.outcome(
            question.method,
            question.url,
            headers=question.headers,
            credentials=question.credentials,
        )
    else:
        outcome = browser.outcome(
            question.method,
            question.url,
            headers=question.headers,
            credentials=question.credentials,
            body=question.body,
        )
    cases = [
        Case(app, exchange, trace, question.origin)
        for exchange, trace in zip(outcome.exchanges, served.traces[first:], strict=True)
    ]
    outcome = outcome._replace(cookie_notes=(*refused, *outcome.cookie_notes))
    return Explanation(question, outcome, cases)


# Methods that a console line does not name --------------------------------------------------------


class UnsafeGuess(Exception):  # noqa: N818  (not an error: the request is not blocked so far)
    """A request with a guessed method that may change data, and that no preflight forbids."""


def _without_guesses(served: WSGIApplication) -> WSGIApplication:
    """Return an app that raises `UnsafeGuess` for a request that may change data."""

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} and not is_preflight(environ):
            raise UnsafeGuess
        return served(environ, start_response)

    return guarded


def explain_first_blocked(
    app: Flask | None, questions: Sequence[Question], check: str
) -> Explanation | None:
    """Explain the first of some guesses that fails the check which a console line names.

    Returns:
        The explanation of that guess, else that of the first guess whose response the page may
        read; `None` if there is neither.

    Raises:
        LiveError: if a running server is asked and does not answer.
    """
    served, readable = _serve(app, questions[0]), None
    for question in questions:
        try:
            explanation = _explain(app, question, served)
        except UnsafeGuess:
            continue
        if explanation.outcome.response is not None:
            readable = readable or explanation
        elif _fails(explanation, check):
            return explanation
    return readable


_CHECKS = {
    "origin": ACL_ORIGIN,
    "credentials": ACL_ORIGIN,
    "method": ACL_METHODS,
    "headers": ACL_ALLOW_HEADERS,
}


def _fails(explanation: Explanation, check: str) -> bool:
    """Return whether a blocked guess fails at the header `check`; if empty, at any but a guess."""
    if explanation.advice is not None and explanation.advice.code == "method-not-routed":
        return False
    failed = _CHECKS.get(explanation.outcome.steps[-1].code.removeprefix("preflight-"))
    return failed == check if check else failed != ACL_ALLOW_HEADERS


_USUAL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def methods_at(app: Flask, url: str) -> list[str]:
    """Return the methods that the routes of a URL take, without HEAD and OPTIONS, GET first."""
    parsed = parse_url(url)
    path = parsed.path
    for layer in layers_around(app):
        mount = mounted_at(layer, path)
        path = path[len(mount[0]) :] if mount else path
    environ = environ_at(parsed.origin.partition("://")[2], path)
    others = {method for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    methods = [*_USUAL_METHODS, *sorted(others - {*_USUAL_METHODS, "HEAD", "OPTIONS"})]
    routed = (Rule, RequestRedirect)
    return [method for method in methods if isinstance(rule_of(app, environ, method), routed)]


# URLs ---------------------------------------------------------------------------------------------


def url_of(app: Flask, path: str, origin: str, method: str) -> str:
    """Return the URL at which a page most likely fetches a path of an app."""
    host = usual_host(app)
    path = f"/{path.lstrip('/')}"
    environ = environ_at(host, path)
    if not isinstance(rule_of(app, environ, method), Rule):
        host = next(iter(other_hosts(app, environ)), host)
    scheme = setting(app, "PREFERRED_URL_SCHEME")
    # An https page could not fetch http: that would be mixed content.
    if origin.startswith("https:") and not is_loopback(host.partition(":")[0]):
        scheme = "https"
    return f"{scheme}://{host}{path}"
