"""The result of `explain`: what a page gets from an app, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.routing import Rule

from .._advice import Advice
from ..browser import Credentials, FetchOutcome, Step, origin_of
from ..core.sites import is_loopback
from ..testing import Browser
from .causes import Case, advice
from .inspection import environ_at, other_hosts, rule_of, setting, usual_host
from .live import LiveServer
from .notes import CONSOLE_DIFFERS, Note, forbidden_headers, notes
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
        """Return notes about a response that the page may read."""
        if self.outcome.response is None:
            return []
        found = [*notes(self.cases, self.outcome), *forbidden_headers(self.question.headers)]
        return [*found, CONSOLE_DIFFERS] if self.question.is_reported else found

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
    """
    host = urlsplit(origin_of(question.url)).netloc
    served: ServedApp | LiveServer
    if question.live or app is None:
        served = LiveServer(question.live, host)
    else:
        served = ServedApp(app, host)
    browser = Browser(served, question.origin, server=question.url, read_body=False)
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
        for exchange, trace in zip(outcome.exchanges, served.traces, strict=True)
    ]
    outcome = outcome._replace(cookie_notes=(*refused, *outcome.cookie_notes))
    return Explanation(question, outcome, cases)


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
