"""The other half of the protocol: what a browser does, as pure functions over values.

`fetch` is the whole of it without a network: a generator that yields each request that a browser
would send, is sent the response, and returns an `Outcome`. Each check that it makes is a `Step`
that names the part of the Fetch standard (https://fetch.spec.whatwg.org) it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import urljoin, urlsplit

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
from .core.origins import read_origin

Credentials: TypeAlias = Literal["omit", "same-origin", "include"]
Fields: TypeAlias = tuple[tuple[str, str], ...]
Code: TypeAlias = Literal[
    "method",
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
"""What a step is about; the first that fails is why a browser refuses."""


class Engine(NamedTuple):
    """Is in what the browsers differ from each other and from the standard."""

    name: str
    max_age_cap: int | None = None
    """the longest, in seconds, that a preflight is remembered"""
    wildcard_covers_authorization: bool = False


STANDARD = Engine("the standard")
CHROMIUM = Engine("Chromium", 7_200, wildcard_covers_authorization=True)
FIREFOX = Engine("Firefox", 86_400, wildcard_covers_authorization=True)
WEBKIT = Engine("WebKit", 600, wildcard_covers_authorization=True)


class Step(NamedTuple):
    """Is one check of a browser, and how it came out."""

    code: Code
    passed: bool
    told: str
    """what was compared, in words"""
    section: str
    """the part of the Fetch standard"""


@dataclass(frozen=True)
class Request:
    """Is one request, of a script or as it is sent."""

    method: str
    url: str
    headers: Fields = ()
    origin: str = "null"
    """the serialized origin of the page"""
    credentials: Credentials = "same-origin"


@dataclass(frozen=True)
class Response:
    """Is one response as it arrives."""

    status: int
    headers: Fields = ()
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """Return the value of a field, its lines joined by `, ` as Fetch's "get" does."""
        return _get(self.headers, name)


class Sent(NamedTuple):
    """Is a request on the wire."""

    request: Request
    """with the headers that the browser adds, but for cookies"""
    with_credentials: bool = False
    """whether cookies go with it, and are taken from its response"""


class Exchange(NamedTuple):
    """Is a request on the wire and its response."""

    sent: Sent
    response: Response


class Outcome(NamedTuple):
    """Is what a script gets: a response, or the step that failed."""

    events: tuple[Step | Exchange, ...]
    """the checks and the exchanges, in their order"""
    response: Response | None
    """with the headers that the script may read; `None` where the browser refuses"""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the checks; where the browser refuses, the last is why."""
        return tuple(event for event in self.events if isinstance(event, Step))

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Return the requests that were sent, with their responses."""
        return tuple(event for event in self.events if isinstance(event, Exchange))


Fetching: TypeAlias = Generator[Sent, Response, Outcome]


# What needs a preflight ---------------------------------------------------------------------------

SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
SAFELISTED_CONTENT_TYPES = frozenset(
    {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
_UNSAFE_BYTE = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_FORBIDDEN_HEADERS = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "access-control-request-private-network",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)


def is_safelisted_header(name: str, value: str) -> bool:
    """Return whether a header goes without permission (Fetch, "CORS-safelisted request-header")."""
    if len(value.encode()) > 128:
        return False
    name = name.lower()
    if name == "accept":
        return not _UNSAFE_BYTE.search(value)
    if name in {"accept-language", "content-language"}:
        return _LANGUAGE.fullmatch(value) is not None
    if name == "content-type":
        essence = value.partition(";")[0].strip().lower()
        return not _UNSAFE_BYTE.search(value) and essence in SAFELISTED_CONTENT_TYPES
    if name == "range":
        first, last = _single_range(value)
        return first is not None and (last is None or first <= last)
    return False


def _single_range(value: str) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"bytes=([0-9]+)-([0-9]*)", value)
    if match is None:
        return None, None
    return int(match[1]), int(match[2]) if match[2] else None


def is_forbidden_header(name: str, value: str = "") -> bool:
    """Return whether a script cannot set a header (Fetch, "forbidden request-header")."""
    name = name.lower()
    if name in {"x-http-method", "x-http-method-override", "x-method-override"}:
        return any(method.strip().upper() in FORBIDDEN_METHODS for method in value.split(","))
    return name in _FORBIDDEN_HEADERS or name.startswith(("proxy-", "sec-"))


def unsafe_headers(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the names that need permission, lower-case, sorted, each once.

    Fetch, "CORS-unsafe request-header names": together the safelisted values may take 1,024 bytes.
    """
    unsafe: set[str] = set()
    safelisted: set[str] = set()
    size = 0
    for name, value in headers:
        if is_safelisted_header(name, value):
            safelisted.add(name.lower())
            size += len(value.encode())
        else:
            unsafe.add(name.lower())
    return tuple(sorted(unsafe | safelisted if size > 1024 else unsafe))


def preflight_reasons(request: Request) -> tuple[str, ...]:
    """Return why a cross-origin request needs a preflight, in words; nothing if it is simple."""
    reasons: list[str] = []
    if request.method not in SAFELISTED_METHODS:
        reasons.append(f"the method {request.method} is not GET, HEAD or POST")
    values = {name.lower(): value for name, value in request.headers}
    for name in unsafe_headers(request.headers):
        if name == "content-type":
            reasons.append(f"Content-Type {values[name]} is not one that a form can send")
        elif is_safelisted_header(name, values[name]):
            reasons.append(f"the safelisted headers are over 1,024 bytes together, with {name}")
        elif len(values[name].encode()) > 128:
            reasons.append(f"the value of {name} is over 128 bytes or not safelisted")
        else:
            reasons.append(f"the header {name} is not safelisted")
    return tuple(reasons)


def preflight_request(request: Request) -> Request:
    """Return the preflight of a request (Fetch, "CORS-preflight fetch")."""
    asked: list[tuple[str, str]] = [("Accept", "*/*"), (ACL_REQUEST_METHOD, request.method)]
    unsafe = unsafe_headers(request.headers)
    if unsafe:
        asked.append((ACL_REQUEST_HEADERS, ",".join(unsafe)))
    asked.append(("Origin", request.origin))
    return replace(request, method="OPTIONS", headers=tuple(asked), credentials="omit")


# The checks ---------------------------------------------------------------------------------------


def cors_check(request: Request, response: Response, prefix: str = "") -> tuple[Step, ...]:
    """Check whether a response may be shared with the page (Fetch, "CORS check").

    `prefix` is `preflight-` where the response is one to a preflight of `request`.
    """
    section = "CORS check"
    include = request.credentials == "include"
    allowed = response.get(ACL_ORIGIN)
    origin: Code = "preflight-origin" if prefix else "origin"
    if allowed is None:
        return (Step(origin, False, f"no {ACL_ORIGIN}; the page is {request.origin}", section),)
    if allowed == "*" and not include:
        return (Step(origin, True, f"{ACL_ORIGIN} is *, anyone", section),)
    if allowed != request.origin:
        told = f"{ACL_ORIGIN} is {allowed}; the page is {request.origin}"
        if allowed == "*":
            told += ", and * does not count with credentials"
        return (Step(origin, False, told, section),)
    steps = (Step(origin, True, f"{ACL_ORIGIN} is {allowed}, the page's", section),)
    if not include:
        return steps
    credentials = response.get(ACL_CREDENTIALS)
    return (
        *steps,
        Step(
            "preflight-credentials" if prefix else "credentials",
            credentials == "true",
            f"{ACL_CREDENTIALS} is {credentials}" if credentials else f"no {ACL_CREDENTIALS}",
            section,
        ),
    )


def preflight_check(
    request: Request, response: Response, engine: Engine = STANDARD
) -> tuple[Step, ...]:
    """Check whether a preflight's response allows `request`; stops at the first that fails.

    Fetch, "CORS-preflight fetch", step 7.
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
    methods = _listed(response, ACL_METHODS)
    if methods is None:
        told = f"{ACL_METHODS} is malformed: {response.get(ACL_METHODS)}"
        return Step("preflight-method", False, told, section)
    if request.method in SAFELISTED_METHODS:
        told = f"{request.method} needs no permission"
        return Step("preflight-method", True, told, section)
    wildcard = "*" in methods and request.credentials != "include"
    told = f"{ACL_METHODS} is {', '.join(methods)}" if methods else f"no {ACL_METHODS}"
    return Step("preflight-method", request.method in methods or wildcard, told, section)


def _headers_step(request: Request, response: Response, section: str, engine: Engine) -> Step:
    names = _listed(response, ACL_ALLOW_HEADERS)
    if names is None:
        told = f"{ACL_ALLOW_HEADERS} is malformed: {response.get(ACL_ALLOW_HEADERS)}"
        return Step("preflight-headers", False, told, section)
    allowed = {name.lower() for name in names}
    wildcard = "*" in allowed and request.credentials != "include"
    missing = [
        name
        for name in unsafe_headers(request.headers)
        if name not in allowed
        and not (wildcard and (name != "authorization" or engine.wildcard_covers_authorization))
    ]
    if missing:
        told = f"{ACL_ALLOW_HEADERS} does not name {', '.join(missing)}"
        return Step("preflight-headers", False, told, section)
    told = f"{ACL_ALLOW_HEADERS} names what is asked for" if names else "none needs permission"
    return Step("preflight-headers", True, told, section)


def remembered_for(response: Response, engine: Engine = STANDARD) -> int:
    """Return for how many seconds a preflight is remembered; missing or malformed counts as 5."""
    value = response.get(ACL_MAX_AGE)
    seconds = int(value) if value is not None and re.fullmatch(r"[0-9]{1,18}", value) else 5
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
    exposed = {name.lower() for name in _listed(response, ACL_EXPOSE_HEADERS) or ()}
    everything = not cross_origin or ("*" in exposed and credentials != "include")
    return tuple(
        (name, value)
        for name, value in response.headers
        if name.lower() not in {"set-cookie", "set-cookie2"}
        and (everything or name.lower() in exposed | SAFELISTED_RESPONSE_HEADERS)
    )


def _get(headers: Iterable[tuple[str, str]], wanted: str) -> str | None:
    values = [value.strip(" \t") for name, value in headers if name.lower() == wanted.lower()]
    return ", ".join(values) if values else None


def _listed(response: Response, name: str) -> tuple[str, ...] | None:
    """Return a list of tokens, empty where there is none, or `None` where it is malformed."""
    elements = [element.strip(" \t") for element in (response.get(name) or "").split(",")]
    tokens = tuple(element for element in elements if element)
    return tokens if all(map(is_token, tokens)) else None


# Fetching -----------------------------------------------------------------------------------------


def origin_of(url: str) -> str:
    """Return the serialized origin of a URL."""
    parts = urlsplit(url)
    return str(read_origin(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"))


class PreflightCache:
    """Remembers what preflights have allowed, by origin, URL and credentials."""

    def __init__(self) -> None:
        self._entries: MutableMapping[tuple[str, str, bool], tuple[float, Response]] = {}

    def covers(self, request: Request, now: float, engine: Engine) -> bool:
        """Return whether what is remembered at a time, in seconds, allows a request."""
        expires, response = self._entries.get(_cache_key(request), (now, None))
        return (
            response is not None
            and now < expires
            and all(step.passed for step in preflight_check(request, response, engine))
        )

    def remember(self, request: Request, response: Response, now: float, engine: Engine) -> None:
        """Keep the response to a request's preflight."""
        self._entries[_cache_key(request)] = (now + remembered_for(response, engine), response)


def _cache_key(request: Request) -> tuple[str, str, bool]:
    return request.origin, request.url, request.credentials == "include"


def fetch(
    request: Request,
    engine: Engine = STANDARD,
    cache: PreflightCache | None = None,
    now: float = 0,
) -> Fetching:
    """Do what a browser does for `fetch(url, {mode: "cors"})`, redirects included.

    Args:
        request: what the script asks for; headers that it cannot set are left out.
        engine: the browser.
        cache: what earlier preflights allowed; without one every preflight is sent.
        now: the time in seconds, for the cache.

    Yields:
        Each request as it is sent; send its response back.

    Returns:
        What the script gets.
    """
    flow = _Flow(engine, cache, now)
    response = yield from flow.run(request)
    return Outcome(tuple(flow.events), response)


class _Flow:
    """Is one fetch under way."""

    def __init__(self, engine: Engine, cache: PreflightCache | None, now: float) -> None:
        self.events: list[Step | Exchange] = []
        self._engine = engine
        self._cache = cache
        self._now = now

    def run(self, request: Request) -> Generator[Sent, Response, Response | None]:
        request = replace(
            request,
            method=normalize_method(request.method),
            headers=tuple(
                (name, value)
                for name, value in request.headers
                if not is_forbidden_header(name, value)
            ),
        )
        if not is_token(request.method) or request.method.upper() in FORBIDDEN_METHODS:
            told = f"no script may send {request.method}"
            self.events.append(Step("method", False, told, "forbidden method"))
            return None
        page = request.origin
        cross_origin = False
        for _ in range(21):
            cross_origin = cross_origin or origin_of(request.url) != page
            response = yield from self._hop(request, cross_origin=cross_origin)
            if response is None:
                return None
            location = response.get("Location")
            if location is None or response.status not in {301, 302, 303, 307, 308}:
                readable = readable_headers(
                    response, request.credentials, cross_origin=cross_origin
                )
                return replace(response, headers=readable)
            redirected = self._redirected(request, response, page, cross_origin=cross_origin)
            if redirected is None:
                return None
            request = redirected
        self._refuse_redirect("more than 20 redirects")
        return None

    def _hop(
        self, request: Request, *, cross_origin: bool
    ) -> Generator[Sent, Response, Response | None]:
        """Send one request, after its preflight; return its response if the checks pass."""
        if cross_origin and preflight_reasons(request):
            allowed = yield from self._preflight(request)
            if not allowed:
                return None
        headers = request.headers
        if cross_origin or request.method not in {"GET", "HEAD"}:
            headers = (*headers, ("Origin", request.origin))
        include = request.credentials == "include"
        with_credentials = include or (request.credentials == "same-origin" and not cross_origin)
        response = yield from self._send(Sent(replace(request, headers=headers), with_credentials))
        if cross_origin and not self._passed(cors_check(request, response)):
            return None
        return response

    def _preflight(self, request: Request) -> Generator[Sent, Response, bool]:
        reasons = "; ".join(preflight_reasons(request))
        if self._cache and self._cache.covers(request, self._now, self._engine):
            told = f"needed ({reasons}), and remembered"
            self.events.append(Step("preflight", True, told, "CORS-preflight cache"))
            return True
        self.events.append(Step("preflight", True, f"needed: {reasons}", "HTTP fetch"))
        response = yield from self._send(Sent(preflight_request(request)))
        passed = self._passed(preflight_check(request, response, self._engine))
        if passed and self._cache:
            self._cache.remember(request, response, self._now, self._engine)
        return passed

    def _send(self, sent: Sent) -> Generator[Sent, Response, Response]:
        response = yield sent
        self.events.append(Exchange(sent, response))
        return response

    def _passed(self, steps: Sequence[Step]) -> bool:
        self.events += steps
        return steps[-1].passed

    def _refuse_redirect(self, told: str) -> None:
        self.events.append(Step("redirect", False, told, "HTTP-redirect fetch"))

    def _redirected(
        self, request: Request, response: Response, page: str, *, cross_origin: bool
    ) -> Request | None:
        """Return the request that a redirect leads to (Fetch, "HTTP-redirect fetch")."""
        url = urljoin(request.url, response.get("Location") or "")
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            self._refuse_redirect(f"to {url}, which is no http or https URL")
            return None
        target = origin_of(url)
        if "@" in parts.netloc and (cross_origin or target != page):
            self._refuse_redirect(f"to {url}, which holds a user name or password")
            return None
        told = f"{response.status} to {url}"
        headers, method, origin = request.headers, request.method, request.origin
        if (response.status in {301, 302} and method == "POST") or (
            response.status == 303 and method not in {"GET", "HEAD"}
        ):
            method, told = "GET", told + ", as GET"
            about_body = {
                "content-encoding",
                "content-language",
                "content-location",
                "content-type",
            }
            headers = tuple(line for line in headers if line[0].lower() not in about_body)
        if target != origin_of(request.url):
            headers = tuple(line for line in headers if line[0].lower() != "authorization")
            if page != origin_of(request.url):
                origin, told = "null", told + "; from here on the origin is null"
        self.events.append(Step("redirect", True, told, "HTTP-redirect fetch"))
        return replace(request, method=method, url=url, headers=headers, origin=origin)
