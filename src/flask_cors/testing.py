"""A browser for tests of CORS rules: `fetch` on an app, without a network."""

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
    """The options of `fetch` besides the method and the URL."""

    headers: Mapping[str, str] | Sequence[tuple[str, str]]
    body: bytes | str
    """text is sent as `text/plain`, unless `headers` sets another Content-Type"""
    json: object
    """a value to send as JSON instead of `body`"""
    credentials: Credentials
    """whether cookies are sent; `same-origin` if absent"""


class CORSBlocked(CORSError):  # noqa: N818  (a public name: browsers say "blocked by CORS policy")
    """A response that the browser blocks, or a request that it does not send."""

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
    """A response as the script sees it."""

    status: int
    headers: Headers
    """the headers that the script may read"""
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
    """A browser that shows a page of another origin, with cookies and a preflight cache.

    Args:
        app: a Flask app, or any WSGI callable. It gets the requests to all hosts.
        origin: the origin of the page, or its URL; `null` for a sandboxed page.
        server: the URL at which the app is served.
        engine: the browser to imitate.
        read_body: whether to read bodies. If not, a body is closed as soon as the headers are
            there, so an endless body does no harm; the body in the result is then empty.

    Raises:
        ValueError: if `origin` is not a valid origin, or `server` is not an http or https URL.
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
            raise ValueError(f"{server!r} is not an http or https URL")
        self._engine = engine
        self._read_body = read_body
        self._cache = PreflightCache()
        self._jar = CookieJar()

    def set_cookie(self, cookie: str, url: str = "/") -> CookieNote | None:
        """Set a cookie, as if the server had set it when one of its own pages was open.

        Args:
            cookie: the value of `Set-Cookie`: `user=Ada; SameSite=None; Secure`.
            url: the URL that sets it: a path on the server, or a whole URL.

        Returns:
            Why the cookie is not stored, or `None` if it is.
        """
        source = parse_url(url, self._server)
        return self._jar.store(cookie, source, time.time(), same_site=True)

    def fetch(self, method: str, url: str, **options: Unpack[FetchOptions]) -> Fetched:
        """Return what a script gets from `fetch(url, {method, headers, body, credentials})`.

        Args:
            method: the method.
            url: a path on the server, or a whole URL.
            options: the options in `FetchOptions`.

        Raises:
            CORSBlocked: if the browser blocks the request or the response.
            ValueError: if no script could make the request, such as a GET with a body.
        """
        outcome = self.outcome(method, url, **options)
        if outcome.response is None:
            raise CORSBlocked(outcome.steps[-1], outcome)
        response = outcome.response
        return Fetched(response.status, Headers(response.headers), response.body, outcome)

    def outcome(self, method: str, url: str, **options: Unpack[FetchOptions]) -> FetchOutcome:
        """Same as `fetch`, but returns every step and never raises `CORSBlocked`."""
        request, body = self._request(method, url, options)
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

    def _request(
        self, method: str, url: str, options: FetchOptions
    ) -> tuple[Request, bytes | str | None]:
        """Return the request that a script makes with these options, and its body."""
        headers = options.get("headers", ())
        fields = [*(headers.items() if isinstance(headers, Mapping) else headers)]
        body = options.get("body")
        content_type = "text/plain;charset=UTF-8" if isinstance(body, str) else None
        if "json" in options:
            body, content_type = dumps(options["json"]), "application/json"
        if body is not None and method.upper() in {"GET", "HEAD"}:
            raise ValueError(f"a {method} request cannot have a body")
        if content_type and not any(name.lower() == "content-type" for name, _ in fields):
            fields.append(("Content-Type", content_type))
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
    """Return the response of an app; without `read_body`, read only until it has started."""
    starts: list[tuple[str, ResponseLines]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: ResponseLines, _exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        starts.append((status, headers))  # the last one counts: an error replaces the first
        return written.append

    body = app(environ, start_response)
    try:
        for part in body if read_body or not starts else ():
            written.append(part)
            if starts and not read_body:  # PEP 3333 lets an app start the response this late
                break
    finally:
        close: Callable[[], object] = getattr(body, "close", list)
        close()
    status, headers = starts[-1]
    return Response(int(status[:3]), tuple(headers), b"".join(written) if read_body else b"")


if sys.modules.get("pytest"):  # pytest is not a dependency, and slow to import
    import pytest

    @pytest.fixture
    def browser(app: WSGIApplication) -> Browser:
        """Return a `Browser` on a page of another origin, for the project's fixture `app`."""
        return Browser(app)
