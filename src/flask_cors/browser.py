"""The browser's side of CORS, as pure functions over values.

`fetch` does what a browser does for a script, without a network: a generator that yields each
request to send, receives its response, and returns a `FetchOutcome`. Each check is recorded as a
`Step`, with the section of the Fetch standard (https://fetch.spec.whatwg.org) that requires it.
`urls.py` parses the URLs, `cookies.py` keeps the cookies.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Container, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from .cookies import CookieJar, CookieNote, is_same_site, without_credentials
from .core import (
    ACL_ALLOW_HEADERS,
    ACL_CREDENTIALS,
    ACL_EXPOSE_HEADERS,
    ACL_MAX_AGE,
    ACL_METHODS,
    ACL_ORIGIN,
    ACL_REQUEST_HEADERS,
    ACL_REQUEST_METHOD,
)
from .core.headers import FORBIDDEN_METHODS, is_token, normalize_method
from .core.origin_patterns import read_origin
from .core.origins import parse_origin
from .core.sites import is_trustworthy
from .urls import URL, parse_url

Credentials: TypeAlias = Literal["omit", "same-origin", "include"]
Fields: TypeAlias = tuple[tuple[str, str], ...]
StepCode: TypeAlias = Literal[
    "method",
    "mixed-content",
    "preflight",
    "preflight-origin",
    "preflight-credentials",
    "preflight-status",
    "preflight-method",
    "preflight-headers",
    "origin",
    "credentials",
    "redirect",
]
"""What a step checks. The first step that fails is the reason why the browser blocks."""


class BrowserProfile(NamedTuple):
    """The ways in which a browser departs from the Fetch standard."""

    name: str
    """the name of the browser"""
    max_age_cap: int | None = None
    """the longest time, in seconds, that a preflight is cached"""
    wildcard_covers_authorization: bool = False
    """whether `*` in Access-Control-Allow-Headers allows `Authorization` too"""
    follows_repeated_location: bool = False
    """whether a redirect with several identical Location lines is followed"""


STANDARD = BrowserProfile("the standard")
CHROMIUM = BrowserProfile(
    "Chromium", 7_200, wildcard_covers_authorization=True, follows_repeated_location=True
)
FIREFOX = BrowserProfile(
    "Firefox", 86_400, wildcard_covers_authorization=True, follows_repeated_location=True
)
WEBKIT = BrowserProfile("WebKit", 600, wildcard_covers_authorization=True)


class Step(NamedTuple):
    """One check of a browser and its result."""

    code: StepCode
    """what is checked"""
    passed: bool
    """whether the check passed"""
    detail: str
    """what was compared, in words"""
    section: str
    """the section of the Fetch standard"""


@dataclass(frozen=True)
class Request:
    """A request, as a script makes it or as the browser sends it."""

    method: str
    url: str
    headers: Fields = ()
    origin: str = "null"
    """the serialized origin of the page"""
    credentials: Credentials = "same-origin"


@dataclass(frozen=True)
class Response:
    """A response as it arrives."""

    status: int
    headers: Fields = ()
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """Return the value of a field, with several lines joined by commas (Fetch, "get")."""
        lines = self.lines(name)
        return ", ".join(lines) if lines else None

    def lines(self, name: str) -> list[str]:
        """Return the value of each line of a field, in order."""
        return [value.strip(" \t") for line, value in self.headers if line.lower() == name.lower()]


class OutgoingRequest(NamedTuple):
    """A request as it is sent."""

    request: Request
    """the request, with the headers that the browser adds, except `Cookie`"""
    with_credentials: bool = False
    """whether cookies are sent with it, and stored from its response"""
    cookies: str = ""
    """the value of `Cookie`; empty if no cookie is sent"""


class Exchange(NamedTuple):
    """A request as it was sent, and its response."""

    sent: OutgoingRequest
    """the request"""
    response: Response
    """the response, with all its headers"""


class FetchOutcome(NamedTuple):
    """The result of a fetch: a response, or the step that failed."""

    events: tuple[Step | Exchange, ...]
    """the checks and the exchanges, in order"""
    response: Response | None
    """the response, with the headers that the script may read; `None` if the browser blocks it"""
    cookie_notes: tuple[CookieNote, ...] = ()
    """the cookies that were not stored or not sent, and why"""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the checks; if the browser blocks the response, the last one is the reason."""
        return tuple(event for event in self.events if isinstance(event, Step))

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Return the requests that were sent, with their responses."""
        return tuple(event for event in self.events if isinstance(event, Exchange))


Fetching: TypeAlias = Generator[OutgoingRequest, Response, FetchOutcome]


# What needs a preflight ---------------------------------------------------------------------------

SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
SAFELISTED_CONTENT_TYPES = frozenset(
    {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
_UNSAFE_BYTE = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')
_INVALID_IN_VALUE = re.compile(r"[^\x01-\x09\x0b\x0c\x0e-\xff]")
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_FORBIDDEN_HEADER = re.compile(
    r"accept-(charset|encoding)|access-control-request-(headers|method)|connection|content-length"
    r"|cookie2?|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer"
    r"|transfer-encoding|upgrade|via|(proxy|sec)-.*"
)
_BODY_HEADERS = {"content-encoding", "content-language", "content-location", "content-type"}


def is_safelisted_header(name: str, value: str) -> bool:
    """Return whether a header needs no permission (Fetch, "CORS-safelisted request-header")."""
    if len(value) > 128:  # header values are byte strings: a character is a byte
        return False
    name = name.lower()
    if name == "accept":
        return not _UNSAFE_BYTE.search(value)
    if name in {"accept-language", "content-language"}:
        return _LANGUAGE.fullmatch(value) is not None
    if name == "content-type":
        essence = value.partition(";")[0].strip(" \t").lower()
        return not _UNSAFE_BYTE.search(value) and essence in SAFELISTED_CONTENT_TYPES
    if name == "range":
        match = re.fullmatch(r"bytes=([0-9]+)-([0-9]*)", value)
        return match is not None and (not match[2] or int(match[1]) <= int(match[2]))
    return False


def is_forbidden_header(name: str, value: str = "") -> bool:
    """Return whether a script cannot set a header (Fetch, "forbidden request-header")."""
    name = name.lower()
    if name in {"x-http-method", "x-http-method-override", "x-method-override"}:
        return any(method.upper() in FORBIDDEN_METHODS for method in _elements(value))
    return _FORBIDDEN_HEADER.fullmatch(name) is not None


_LIST_ELEMENT = re.compile(r'((?:[^",]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))*)(?:,|\Z)', re.DOTALL)


def _elements(value: str) -> list[str]:
    """Return the elements of a list, empty ones included (Fetch, "get, decode, and split").

    A comma within quotes does not separate elements.
    """
    return [element.strip(" \t") for element in _LIST_ELEMENT.findall(value)]


def unsafe_headers(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the names of the headers that need permission, lower-case, sorted and unique.

    Fetch, "CORS-unsafe request-header names": if the safelisted values are over 1,024 bytes
    together, their headers need permission too.
    """
    unsafe: set[str] = set()
    safelisted: set[str] = set()
    size = 0
    for name, value in headers:
        if is_safelisted_header(name, value):
            safelisted.add(name.lower())
            size += len(value)
        else:
            unsafe.add(name.lower())
    return tuple(sorted(unsafe | safelisted if size > 1024 else unsafe))


def preflight_reasons(request: Request) -> tuple[str, ...]:
    """Return why a cross-origin request needs a preflight, in words; empty if it needs none."""
    reasons: list[str] = []
    if request.method not in SAFELISTED_METHODS:
        reasons.append(f"the method {request.method} is not GET, HEAD or POST")
    for name in unsafe_headers(request.headers):
        values = [
            value
            for other, value in request.headers
            if other.lower() == name and not is_safelisted_header(name, value)
        ]
        if not values:
            reasons.append(f"the safelisted headers, with {name}, are over 1,024 bytes together")
        elif name == "content-type":
            reasons.append(f"Content-Type {values[0]} is not one that a form can send")
        elif name in {"accept", "accept-language", "content-language", "range"}:
            reasons.append(f"the value of {name} is over 128 bytes or not safelisted")
        else:
            reasons.append(f"the header {name} is not safelisted")
    return tuple(reasons)


def preflight_request(request: Request) -> Request:
    """Return the preflight of a request (Fetch, "CORS-preflight fetch")."""
    asked: list[tuple[str, str]] = [("Accept", "*/*"), (ACL_REQUEST_METHOD, request.method)]
    if unsafe := unsafe_headers(request.headers):
        asked.append((ACL_REQUEST_HEADERS, ",".join(unsafe)))
    headers = (*asked, ("Origin", request.origin))
    return replace(request, method="OPTIONS", headers=headers, credentials="omit")


# The checks ---------------------------------------------------------------------------------------


def cors_check(request: Request, response: Response, prefix: str = "") -> tuple[Step, ...]:
    """Check whether the page may read a response.

    https://fetch.spec.whatwg.org/#concept-cors-check

    `prefix` is `preflight-` if it is the response to the preflight of `request`.
    """
    include = request.credentials == "include"
    allowed = response.get(ACL_ORIGIN)
    passed = allowed == request.origin or (allowed == "*" and not include)
    detail = f"no {ACL_ORIGIN}" if allowed is None else f"{ACL_ORIGIN} is {allowed}"
    if passed:
        detail += ", any origin" if allowed == "*" else ", the page's"
    else:
        detail += f"; the page is {request.origin}"
        if allowed == "*":
            detail += ", and * is not valid with credentials"
    steps = [Step("preflight-origin" if prefix else "origin", passed, detail, "CORS check")]
    if passed and include:
        credentials = response.get(ACL_CREDENTIALS)
        detail = f"{ACL_CREDENTIALS} is {credentials}" if credentials else f"no {ACL_CREDENTIALS}"
        code: StepCode = "preflight-credentials" if prefix else "credentials"
        steps.append(Step(code, credentials == "true", detail, "CORS check"))
    return tuple(steps)


def preflight_check(
    request: Request, response: Response, engine: BrowserProfile = STANDARD
) -> tuple[Step, ...]:
    """Check whether a preflight's response allows `request`; stop at the first check that fails.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7.
    """
    steps = list(cors_check(request, response, "preflight-"))
    section = "CORS-preflight fetch"
    if steps[-1].passed:
        ok = 200 <= response.status <= 299
        steps.append(Step("preflight-status", ok, f"status {response.status}", section))
    if steps[-1].passed:
        steps.append(_method_step(request, response, section))
    if steps[-1].passed:
        steps.append(_headers_step(request, response, section, engine))
    return tuple(steps)


def _method_step(request: Request, response: Response, section: str) -> Step:
    methods = _tokens(response, ACL_METHODS)
    if methods is None:
        detail = f"{ACL_METHODS} is malformed: {response.get(ACL_METHODS)}"
        return Step("preflight-method", False, detail, section)
    if request.method in SAFELISTED_METHODS:
        detail = f"{request.method} needs no permission"
        return Step("preflight-method", True, detail, section)
    detail = f"{ACL_METHODS} is {', '.join(methods)}" if methods else f"no {ACL_METHODS}"
    return Step("preflight-method", _allows_method(request, methods), detail, section)


def _headers_step(
    request: Request, response: Response, section: str, engine: BrowserProfile
) -> Step:
    names = _tokens(response, ACL_ALLOW_HEADERS)
    if names is None:
        detail = f"{ACL_ALLOW_HEADERS} is malformed: {response.get(ACL_ALLOW_HEADERS)}"
        return Step("preflight-headers", False, detail, section)
    if missing := _missing_headers(request, names, engine):
        detail = f"{ACL_ALLOW_HEADERS} does not list {', '.join(missing)}"
        return Step("preflight-headers", False, detail, section)
    detail = f"{ACL_ALLOW_HEADERS} lists what is requested" if names else "none needs permission"
    return Step("preflight-headers", True, detail, section)


def _allows_method(request: Request, methods: Container[str]) -> bool:
    wildcard = "*" in methods and request.credentials != "include"
    return wildcard or request.method in methods or request.method in SAFELISTED_METHODS


def _missing_headers(request: Request, names: Iterable[str], engine: BrowserProfile) -> list[str]:
    allowed = {name.lower() for name in names}
    wildcard = "*" in allowed and request.credentials != "include"
    return [
        name
        for name in unsafe_headers(request.headers)
        if name not in allowed
        and not (wildcard and (name != "authorization" or engine.wildcard_covers_authorization))
    ]


def remembered_for(response: Response, engine: BrowserProfile = STANDARD) -> int:
    """Return for how many seconds a preflight is cached: 5 if Max-Age is missing or malformed."""
    value = response.get(ACL_MAX_AGE) or ""
    # Read 18 digits at most: they exceed every cap, and `int` refuses very long numbers.
    seconds = int(value.lstrip("0")[:18] or 0) if re.fullmatch("[0-9]+", value) else 5
    return seconds if engine.max_age_cap is None else min(seconds, engine.max_age_cap)


SAFELISTED_RESPONSE_HEADERS = frozenset(
    {
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    }
)


def readable_headers(
    response: Response, credentials: Credentials, *, cross_origin: bool = True
) -> Fields:
    """Return the headers that a script may read (Fetch, "CORS filtered response")."""
    exposed = {name.lower() for name in _tokens(response, ACL_EXPOSE_HEADERS) or ()}
    everything = not cross_origin or ("*" in exposed and credentials != "include")
    return tuple(
        (name, value)
        for name, value in response.headers
        if name.lower() not in {"set-cookie", "set-cookie2"}
        and (everything or name.lower() in exposed | SAFELISTED_RESPONSE_HEADERS)
    )


def _tokens(response: Response, name: str) -> tuple[str, ...] | None:
    """Return the tokens of a list field: empty if it is absent, `None` if it is malformed."""
    elements = [element.strip(" \t") for element in (response.get(name) or "").split(",")]
    tokens = tuple(element for element in elements if element)
    return tokens if all(map(is_token, tokens)) else None


# Fetching -----------------------------------------------------------------------------------------


def origin_of(url: str) -> str:
    """Return the serialized origin of a URL.

    Raises:
        ValueError: if the URL has no origin.
    """
    try:
        parsed = parse_url(url)
        if parsed.is_http:
            return parsed.origin
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        origin = str(read_origin(f"{parts.scheme}://{host}")) if "://" in url else ""
    except ValueError:
        origin = ""
    if parse_origin(origin) is None:  # `read_origin` also accepts patterns, such as https://*
        raise ValueError(f"{url!r} has no origin")
    return origin


class PreflightCache:
    """The methods and headers that preflights have allowed (Fetch, "CORS-preflight cache")."""

    def __init__(self) -> None:
        # (origin, URL, whether with credentials, field, method or header name) -> expiry time
        self._entries: dict[tuple[str, str, bool, str, str], float] = {}

    def covers(self, request: Request, now: float, engine: BrowserProfile) -> bool:
        """Return whether the entries that are valid at `now`, in seconds, allow a request."""
        allowed: dict[str, set[str]] = {ACL_METHODS: set(), ACL_ALLOW_HEADERS: set()}
        for (origin, url, include, field, name), expires in self._entries.items():
            same = (origin, url) == (request.origin, request.url)
            if same and now < expires and (include or request.credentials != "include"):
                allowed[field].add(name)
        return _allows_method(request, allowed[ACL_METHODS]) and not _missing_headers(
            request, allowed[ACL_ALLOW_HEADERS], engine
        )

    def remember(
        self, request: Request, response: Response, now: float, engine: BrowserProfile
    ) -> None:
        """Store what the response to a request's preflight allows."""
        expires = now + remembered_for(response, engine)
        include = request.credentials == "include"
        for field in (ACL_METHODS, ACL_ALLOW_HEADERS):
            for name in _tokens(response, field) or ():
                self._entries[request.origin, request.url, include, field, name] = expires

    def forget(self, request: Request) -> None:
        """Remove the entries for a request's origin and URL, as a network error does."""
        failed = (request.origin, request.url)
        self._entries = {key: at for key, at in self._entries.items() if key[:2] != failed}


def fetch(  # noqa: PLR0913  (the browser's state is passed in; each argument has a default)
    request: Request,
    engine: BrowserProfile = STANDARD,
    cache: PreflightCache | None = None,
    now: float = 0,
    *,
    jar: CookieJar | None = None,
    date: float = 0,
) -> Fetching:
    """Do what a browser does for `fetch(url, {mode: "cors"})`, redirects included.

    Args:
        request: the script's request; headers that no script can set are dropped.
        engine: the browser.
        cache: what earlier preflights have allowed.
        now: the time in seconds, for the cache.
        jar: the cookies of earlier responses.
        date: the time in seconds since 1970, for the cookies.

    Yields:
        Each request as the browser sends it; send its response back.

    Returns:
        The result for the script.

    Raises:
        ValueError: if a script could not make the request: its URL is not an `http` or `https`
            URL or contains a user name, or a header is not valid.
    """
    request = _validated(request)
    state = _FetchState(
        request.origin, engine, cache or PreflightCache(), now, jar or CookieJar(), date
    )
    response = yield from state.run(request)
    return FetchOutcome(tuple(state.events), response, tuple(state.cookie_notes))


def _validated(request: Request) -> Request:
    """Return a request as `new Request()` makes it (Fetch, "new Request()" and "append")."""
    try:
        url = parse_url(request.url)
    except ValueError as error:
        raise ValueError(f"{request.url!r} is not an http or https URL: {error}") from error
    if not url.is_http:
        raise ValueError(f"{request.url!r} is not an http or https URL")
    if url.username or url.password:
        raise ValueError(f"{request.url!r} contains a user name or a password")
    headers: list[tuple[str, str]] = []
    for name, value in request.headers:
        stripped = value.strip(" \t\r\n")
        if not is_token(name) or _INVALID_IN_VALUE.search(stripped):
            raise ValueError(f"{name!r}: {value!r} is not a valid header")
        if not is_forbidden_header(name, stripped):
            headers.append((name, stripped))
    method = normalize_method(request.method)
    return replace(request, method=method, url=url.href, headers=tuple(headers))


@dataclass
class _FetchState:
    """The state of one fetch."""

    page: str
    """the origin of the page"""
    engine: BrowserProfile
    cache: PreflightCache
    now: float
    jar: CookieJar
    date: float
    cross_origin: bool = False
    """whether a request has left the page's origin; a redirect back to it does not reset this"""
    redirects: int = 0

    def __post_init__(self) -> None:
        """Start without events and notes."""
        self.events: list[Step | Exchange] = []
        self.cookie_notes: list[CookieNote] = []

    def run(self, request: Request) -> Generator[OutgoingRequest, Response, Response | None]:
        if not is_token(request.method) or request.method.upper() in FORBIDDEN_METHODS:
            detail = f"no script may send {request.method}"
            self._fail("method", detail, "forbidden method")
            return None
        with_preflight = False
        while True:
            self.cross_origin = self.cross_origin or origin_of(request.url) != self.page
            with_preflight = with_preflight or self._needs_preflight(request)
            response = yield from self._hop(request)
            if response is not None and not _is_redirect(response):
                return self._filtered(request, response)
            redirected = self._redirected(request, response) if response else None
            if redirected is None:
                break
            request = redirected
        # Fetch, "main fetch": a network error clears the cache entries of the current URL.
        # Chromium keeps them if the failure is a redirect.
        if with_preflight:
            self.cache.forget(request)
        return None

    def _needs_preflight(self, request: Request) -> bool:
        return self.cross_origin and bool(preflight_reasons(request))

    def _hop(self, request: Request) -> Generator[OutgoingRequest, Response, Response | None]:
        """Send one request, after its preflight; return the response if all checks pass."""
        if _is_mixed_content(self.page, request.url):
            detail = f"{request.url} is not encrypted, but the page was loaded over https"
            self._fail("mixed-content", detail, "main fetch")
            return None
        if self._needs_preflight(request):
            allowed = yield from self._preflight(request)
            if not allowed:
                return None
        headers = request.headers
        if self.cross_origin or request.method not in {"GET", "HEAD"}:
            headers = (*headers, ("Origin", request.origin))
        response = yield from self._exchange(replace(request, headers=headers))
        if self.cross_origin and not self._record(cors_check(request, response)):
            return None
        return response

    def _preflight(self, request: Request) -> Generator[OutgoingRequest, Response, bool]:
        reasons = "; ".join(preflight_reasons(request))
        if self.cache.covers(request, self.now, self.engine):
            detail = f"needed ({reasons}), but cached"
            self.events.append(Step("preflight", True, detail, "CORS-preflight cache"))
            return True
        self.events.append(Step("preflight", True, f"needed: {reasons}", "HTTP fetch"))
        response = yield from self._send(OutgoingRequest(preflight_request(request)))
        passed = self._record(preflight_check(request, response, self.engine))
        if passed:
            self.cache.remember(request, response, self.now, self.engine)
        return passed

    def _exchange(self, request: Request) -> Generator[OutgoingRequest, Response, Response]:
        """Send a request with its cookies, and store the cookies of the response."""
        url = parse_url(request.url)
        same_site = is_same_site(self.page, url)
        cookies, notes = self.jar.select(url, self.date, same_site=same_site)
        omitted = request.credentials == "omit"
        if omitted or (request.credentials == "same-origin" and self.cross_origin):
            response = yield from self._send(OutgoingRequest(request))
            self.cookie_notes += without_credentials(url, cookies, response.lines("Set-Cookie"))
            return response
        self.cookie_notes += notes
        value = "; ".join(cookie.pair for cookie in cookies)
        response = yield from self._send(OutgoingRequest(request, True, value))
        for line in response.lines("Set-Cookie"):
            note = self.jar.store(line, url, self.date, same_site=same_site)
            self.cookie_notes += [note] if note else []
        return response

    def _send(self, sent: OutgoingRequest) -> Generator[OutgoingRequest, Response, Response]:
        response = yield sent
        self.events.append(Exchange(sent, response))
        return response

    def _record(self, steps: Sequence[Step]) -> bool:
        """Record some checks, and return whether the last one passed."""
        self.events += steps
        return steps[-1].passed

    def _fail(self, code: StepCode, detail: str, section: str) -> None:
        self.events.append(Step(code, False, detail, section))

    def _redirected(self, request: Request, response: Response) -> Request | None:
        """Return the request that a redirect leads to (Fetch, "HTTP-redirect fetch")."""
        here = parse_url(request.url)
        url = self._redirect_url(here, response.lines("Location"))
        if url is None:
            return None
        detail = f"{response.status} to {url.href}"
        headers, method, origin = request.headers, request.method, request.origin
        if (response.status in {301, 302} and method == "POST") or (
            response.status == 303 and method not in {"GET", "HEAD"}
        ):
            method, detail = "GET", detail + ", as GET"
            headers = tuple(line for line in headers if line[0].lower() not in _BODY_HEADERS)
        if url.origin != here.origin:
            headers = tuple(line for line in headers if line[0].lower() != "authorization")
            if self.page != here.origin:
                origin, detail = "null", detail + "; from here on the origin is null"
        self.events.append(Step("redirect", True, detail, "HTTP-redirect fetch"))
        return replace(request, method=method, url=url.href, headers=headers, origin=origin)

    def _redirect_url(self, here: URL, locations: Sequence[str]) -> URL | None:
        """Return the URL that a redirect leads to, or `None` if a browser does not follow it."""
        url, problem = _location_url(locations[0], here), None
        same = self.engine.follows_repeated_location and len({*locations}) == 1
        if len(locations) > 1 and not same:
            problem = f"with several Location lines: {' and '.join(locations)}"
        elif url is None or not url.is_http:
            problem = f"to {locations[0]}, which is not an http or https URL"
        elif (url.username or url.password) and (self.cross_origin or url.origin != self.page):
            problem = f"to {url.href}, which contains a user name or a password"
        elif self.redirects == 20:
            problem = "that follows 20 others"
        if problem is None:
            self.redirects += 1
            return url
        self._fail("redirect", problem, "HTTP-redirect fetch")
        return None

    def _filtered(self, request: Request, response: Response) -> Response:
        """Return a response with only the headers that the script may read."""
        headers = readable_headers(response, request.credentials, cross_origin=self.cross_origin)
        return replace(response, headers=headers)


def _is_mixed_content(page: str, url: str) -> bool:
    """Return whether a browser blocks an unencrypted URL that an https page fetches.

    https://www.w3.org/TR/mixed-content/#should-block-fetch; `fetch` is not upgraded to https.
    """
    target = parse_url(url)
    return page.startswith("https://") and not is_trustworthy(target.scheme, target.host)


def _is_redirect(response: Response) -> bool:
    return response.status in {301, 302, 303, 307, 308} and bool(response.lines("Location"))


def _location_url(location: str, base: URL) -> URL | None:
    """Return the URL of a redirect, or `None` if it is not valid (Fetch, "location URL")."""
    with contextlib.suppress(UnicodeError):  # WSGI passes bytes as Latin-1; browsers read UTF-8
        location = location.encode("latin-1").decode("utf-8")
    try:
        url = parse_url(location, base)
    except ValueError:
        return None
    return url if url.fragment is not None else url._replace(fragment=base.fragment)
