"""What a page gets of an app, found out by asking as a browser does, and why."""

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
from .notes import CONSOLE_DIFFERS, Note, left_out, notes
from .serving import ServedApp


class Question(NamedTuple):
    """What a script asks for, and of whom."""

    method: str
    url: str
    origin: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    credentials: Credentials = "same-origin"
    cookies: tuple[str, ...] = ()
    live: str = ""
    """the URL of a running server that is asked instead of the app"""
    is_reported: bool = False
    """whether the console of a browser said that it was refused"""


@dataclass(frozen=True)
class Explanation:
    """What a page gets: each request and each check on the way, and what they come to."""

    question: Question
    outcome: FetchOutcome
    cases: list[Case]

    @property
    def events(self) -> Iterator[Step | Case]:
        """Yield the checks and the exchanges in their order, these with what is known of them."""
        cases = iter(self.cases)
        for event in self.outcome.events:
            yield event if isinstance(event, Step) else next(cases)

    @cached_property
    def advice(self) -> Advice | None:
        """Return why a browser refuses, and what to do; `None` where it does not."""
        return advice(self.cases, self.outcome)

    @cached_property
    def notes(self) -> list[Note]:
        """Return what to know where it does not."""
        if self.outcome.response is None:
            return []
        found = [*notes(self.cases, self.outcome), *left_out(self.question.headers)]
        return [*found, CONSOLE_DIFFERS] if self.question.is_reported else found

    @property
    def status(self) -> int | None:
        """Return the status that the script reads, if it reads one."""
        return self.outcome.response.status if self.outcome.response else None

    def as_json(self) -> dict[str, object]:
        """Return the explanation for machines."""
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
    """Ask as a browser would, and find out what became of it.

    Raises:
        LiveError: if a running server is asked, and gives no answer.
    """
    host = urlsplit(origin_of(question.url)).netloc
    served: ServedApp | LiveServer
    if question.live or app is None:
        served = LiveServer(question.live, host)
    else:
        served = ServedApp(app, host)
    browser = Browser(served, question.origin, server=question.url, read_body=False)
    for cookie in question.cookies:
        browser.set_cookie(cookie, question.url)
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
        Case(app, exchange, passage, question.origin)
        for exchange, passage in zip(outcome.exchanges, served.passages, strict=True)
    ]
    return Explanation(question, outcome, cases)


def url_of(app: Flask, path: str, origin: str, method: str) -> str:
    """Return the URL that a path of an app most likely has, for a page to fetch it."""
    host = usual_host(app)
    path = f"/{path.lstrip('/')}"
    environ = environ_at(host, path)
    if not isinstance(rule_of(app, environ, method), Rule):
        host = next(iter(other_hosts(app, environ)), host)
    scheme = setting(app, "PREFERRED_URL_SCHEME")
    # An app that says nothing else is served at the page's own scheme: http would be mixed content.
    if origin.startswith("https:") and not is_loopback(host.partition(":")[0]):
        scheme = "https"
    return f"{scheme}://{host}{path}"
