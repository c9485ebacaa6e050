"""Puts CORS rules under test: `fetch` over an app, with a browser's eyes and without a network."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from json import dumps, loads
from typing import TypedDict
from urllib.parse import urljoin, urlsplit

from werkzeug.datastructures import Headers
from werkzeug.test import Client

from .browser import (
    STANDARD,
    Credentials,
    Engine,
    Outcome,
    PreflightCache,
    Request,
    Response,
    Sent,
    Step,
    fetch,
    origin_of,
)
from .core import ACL_REQUEST_METHOD, CORSError
from .core.options import Unpack
from .wsgi import WSGIApplication


class FetchOptions(TypedDict, total=False):
    """What a script may say about a request beside its method and URL."""

    headers: Mapping[str, str] | Sequence[tuple[str, str]]
    body: bytes | str
    """text goes as `text/plain`, unless `headers` say otherwise"""
    json: object
    """a value to send as JSON instead"""
    credentials: Credentials
    """whether cookies go along; `same-origin` if absent"""


class CORSBlocked(CORSError):  # noqa: N818  (a state of the world, as in "TypeError: Failed to fetch")
    """Says that a browser keeps a response from the script, or does not send the request."""

    def __init__(self, step: Step, outcome: Outcome) -> None:
        super().__init__(step, outcome)
        self.step = step
        """the check that failed"""
        self.outcome = outcome
        """every step, and the requests that were sent with their responses"""

    def __str__(self) -> str:
        sent = "".join(
            f"\n  {sent.request.method} {sent.request.url} -> {response.status}"
            for sent, response in self.outcome.exchanges
        )
        return f"{self.step.code}: {self.step.told} (Fetch, {self.step.section}){sent}"


@dataclass(frozen=True)
class Fetched:
    """Is what a script gets."""

    status: int
    headers: Headers
    """those that the script may read"""
    body: bytes
    outcome: Outcome
    """every step, and the requests that were sent with their responses"""

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> object:
        """Return the body parsed as JSON."""
        return loads(self.body)


class Browser:
    """Fetches from an app as a page of another origin would, with cookies and a preflight cache.

    Whether a cookie is kept back by its `SameSite` or `Secure` attribute is not modelled; Werkzeug
    2.2 sends every cookie to every host.

    Args:
        app: a Flask app, or any WSGI callable. It answers for every host.
        origin: the origin of the page, or its URL; `null` for a sandboxed one.
        server: the URL that the app is served at.
        engine: the browser.

    Raises:
        ValueError: if the page has no such origin.
    """

    def __init__(
        self,
        app: WSGIApplication,
        origin: str = "https://app.example",
        *,
        server: str = "http://localhost",
        engine: Engine = STANDARD,
    ) -> None:
        self.origin: str = origin if origin == "null" else origin_of(origin)
        self._server = server
        self._engine = engine
        self._with_cookies = Client(app)
        self._without = Client(app, use_cookies=False)
        self._cache = PreflightCache()

    def fetch(self, method: str, url: str, **options: Unpack[FetchOptions]) -> Fetched:
        """Return what a script gets for `fetch(url, {method, headers, body, credentials})`.

        Args:
            method: the method.
            url: a path on the server, or a whole URL.
            options: those of `FetchOptions`.

        Raises:
            CORSBlocked: if the browser refuses.
            ValueError: if a script could not make the request; a GET with a body is one.
        """
        outcome = self.outcome(method, url, **options)
        if outcome.response is None:
            raise CORSBlocked(outcome.steps[-1], outcome)
        response = outcome.response
        return Fetched(response.status, Headers(response.headers), response.body, outcome)

    def outcome(self, method: str, url: str, **options: Unpack[FetchOptions]) -> Outcome:
        """Same as `fetch`, but returns every step, and raises no `CORSBlocked`."""
        headers = options.get("headers", ())
        fields = [*(headers.items() if isinstance(headers, Mapping) else headers)]
        body = options.get("body")
        kind = "text/plain;charset=UTF-8" if isinstance(body, str) else None
        if "json" in options:
            body, kind = dumps(options["json"]), "application/json"
        if body is not None and method.upper() in {"GET", "HEAD"}:
            raise ValueError(f"a {method} has no body")
        if kind and not any(name.lower() == "content-type" for name, _ in fields):
            fields.append(("Content-Type", kind))
        request = Request(
            method,
            urljoin(self._server, url),
            tuple(fields),
            self.origin,
            options.get("credentials", "same-origin"),
        )
        fetching = fetch(request, self._engine, self._cache, time.monotonic())
        advance = partial(next, fetching)
        while True:
            try:
                sent = advance()
            except StopIteration as stop:
                outcome: Outcome = stop.value
                return outcome
            advance = partial(fetching.send, self._send(sent, body))

    def _send(self, sent: Sent, body: bytes | str | None) -> Response:
        request = sent.request
        preflight = any(name == ACL_REQUEST_METHOD for name, _ in request.headers)
        client = self._with_cookies if sent.with_credentials else self._without
        url = urlsplit(request.url)
        response = client.open(
            url._replace(path=url.path or "/").geturl(),
            base_url=origin_of(request.url) + "/",
            method=request.method,
            headers=list(request.headers),
            data=None if preflight or request.method in {"GET", "HEAD"} else body,
            buffered=True,
        )
        return Response(response.status_code, tuple(response.headers.items()), response.get_data())


if sys.modules.get("pytest"):  # nobody else has to have it, or to wait for its import
    import pytest

    @pytest.fixture
    def browser(app: WSGIApplication) -> Browser:
        """Give a `Browser` on a page of another origin; the project has a fixture `app`."""
        return Browser(app)
