"""Puts CORS rules under test: `fetch` over an app, with a browser's eyes and without a network."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from json import dumps, loads
from typing import TypedDict

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from .browser import (
    STANDARD,
    BrowserProfile,
    Credentials,
    FetchOutcome,
    OutgoingRequest,
    PreflightCache,
    Request,
    Response,
    Step,
    fetch,
    origin_of,
)
from .cookies import CookieJar, CookieNote
from .core import ACL_REQUEST_METHOD, CORSError
from .core.options import Unpack
from .core.origins import is_origin
from .urls import parse_url
from .wsgi import ExcInfo, ResponseLines, WSGIApplication, WSGIEnvironment


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
    """A browser keeps a response from the script, or does not send the request."""

    def __init__(self, step: Step, outcome: FetchOutcome) -> None:
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
        return f"{self.step.code}: {self.step.detail} (Fetch, {self.step.section}){sent}"


@dataclass(frozen=True)
class Fetched:
    """What a script gets."""

    status: int
    headers: Headers
    """those that the script may read"""
    body: bytes
    outcome: FetchOutcome
    """every step, and the requests that were sent with their responses"""

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> object:
        """Return the body parsed as JSON."""
        return loads(self.body)


class Browser:
    """A page of another origin, which fetches from an app; with cookies and a preflight cache.

    Args:
        app: a Flask app, or any WSGI callable. It answers for every host.
        origin: the origin of the page, or its URL; `null` for a sandboxed one.
        server: the URL that the app is served at.
        engine: the browser.
        read_body: whether bodies are read. Without it a body is closed once the headers are there,
            so that one that never ends does no harm, and is empty in what is returned.

    Raises:
        ValueError: if the page has no such origin, or `server` is no URL.
    """

    def __init__(
        self,
        app: WSGIApplication,
        origin: str = "https://app.example",
        *,
        server: str = "http://localhost",
        engine: BrowserProfile = STANDARD,
        read_body: bool = True,
    ) -> None:
        self.origin: str = origin if origin == "null" else origin_of(origin)
        if not is_origin(self.origin):
            raise ValueError(f"{origin!r} has no origin")
        self._app = app
        self._server = parse_url(server)
        if not self._server.is_http:
            raise ValueError(f"{server!r} is no http or https URL")
        self._engine = engine
        self._read_body = read_body
        self._cache = PreflightCache()
        self._jar = CookieJar()

    def set_cookie(self, cookie: str, url: str = "/") -> CookieNote | None:
        """Put a cookie into the browser, as if the server had set it on a page of its own.

        Args:
            cookie: what would stand in `Set-Cookie`: `user=Ada; SameSite=None; Secure`.
            url: where it comes from: a path on the server, or a whole URL.

        Returns:
            Why it is not stored, or `None`.
        """
        place = parse_url(url, self._server)
        return self._jar.store(cookie, place, time.time(), same_site=True)

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

    def outcome(self, method: str, url: str, **options: Unpack[FetchOptions]) -> FetchOutcome:
        """Same as `fetch`, but returns every step, and raises no `CORSBlocked`."""
        request, body = self._scripted(method, url, options)
        fetching = fetch(
            request,
            self._engine,
            self._cache,
            time.monotonic(),
            jar=self._jar,
            date=time.time(),
        )
        advance = partial(next, fetching)
        while True:
            try:
                sent = advance()
            except StopIteration as stop:
                outcome: FetchOutcome = stop.value
                return outcome
            advance = partial(fetching.send, self._send(sent, body))

    def _scripted(
        self, method: str, url: str, options: FetchOptions
    ) -> tuple[Request, bytes | str | None]:
        """Return a request as a script makes it, and its body."""
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
            parse_url(url, self._server).href,
            tuple(fields),
            self.origin,
            options.get("credentials", "same-origin"),
        )
        return request, body

    def _send(self, sent: OutgoingRequest, body: bytes | str | None) -> Response:
        request = sent.request
        preflight = any(name == ACL_REQUEST_METHOD for name, _ in request.headers)
        url = parse_url(request.url)
        cookies = [("Cookie", sent.cookies)] if sent.cookies else []
        builder = EnvironBuilder(
            url._replace(username="", password="", fragment=None).href,
            base_url=url.origin + "/",
            method=request.method,
            headers=[*request.headers, *cookies],
            data=None if preflight or request.method in {"GET", "HEAD"} else body,
        )
        try:
            return _call(self._app, builder.get_environ(), read_body=self._read_body)
        finally:
            builder.close()


def _call(app: WSGIApplication, environ: WSGIEnvironment, *, read_body: bool) -> Response:
    """Return what an app answers; without `read_body` no more is read than the headers take."""
    heads: list[tuple[str, ResponseLines]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: ResponseLines, _exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        heads.append((status, headers))  # the last counts: that of an error replaces another
        return written.append

    body = app(environ, start_response)
    try:
        for part in body if read_body or not heads else ():
            written.append(part)
            if heads and not read_body:  # apps may start the response with the first part
                break
    finally:
        close: Callable[[], object] = getattr(body, "close", list)
        close()
    status, headers = heads[-1]
    return Response(int(status[:3]), tuple(headers), b"".join(written) if read_body else b"")


if sys.modules.get("pytest"):  # nobody else has to have it, or to wait for its import
    import pytest

    @pytest.fixture
    def browser(app: WSGIApplication) -> Browser:
        """Give a `Browser` on a page of another origin; the project has a fixture `app`."""
        return Browser(app)
