"""The other half of the protocol: what a browser does, as pure functions over values.

`fetch` is the whole of it without a network: a generator that yields each request that a browser
would send, is sent the response, and returns an `Outcome`. Each check that it makes is a `Step`
that names the part of the Fetch standard (https://fetch.spec.whatwg.org) it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Container, Generator, Iterable, Sequence
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
from .core.origin_patterns import read_origin
from .core.origins import parse_origin

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
    """what it is called"""
    max_age_cap: int | None = None
    """the longest, in seconds, that a preflight is remembered"""
    wildcard_covers_authorization: bool = False
    """whether `*` in Access-Control-Allow-Headers stands for `Authorization` too"""


STANDARD = Engine("the standard")
CHROMIUM = Engine("Chromium", 7_200, wildcard_covers_authorization=True)
FIREFOX = Engine("Firefox", 86_400, wildcard_covers_authorization=True)
WEBKIT = Engine("WebKit", 600, wildcard_covers_authorization=True)


class Step(NamedTuple):
    """Is one check of a browser, and how it came out."""

    code: Code
    """what it is about"""
    passed: bool
    """how it came out"""
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
        """Return the value of a field, its lines joined by commas as Fetch's "get" does."""
        lines = [value.strip(" \t") for line, value in self.headers if line.lower() == name.lower()]
        return ", ".join(lines) if lines else None


class Sent(NamedTuple):
    """Is a request on the wire."""

    request: Request
    """with the headers that the browser adds, but for cookies"""
    with_credentials: bool = False
    """whether cookies go with it, and are taken from its response"""


class Exchange(NamedTuple):
    """Is a request on the wire and its response."""

    sent: Sent
    """the request"""
    response: Response
    """what came back, whole"""


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
_NO_VALUE = re.compile(r"[^\x01-\x09\x0b\x0c\x0e-\xff]")
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_FORBIDDEN_HEADER = re.compile(
    r"accept-(charset|encoding)|access-control-request-(headers|method)|connection|content-length"
    r"|cookie2?|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer"
    r"|transfer-encoding|upgrade|via|(proxy|sec)-.*"
)
_BODY_HEADERS = {"content-encoding", "content-language", "content-location", "content-type"}


def is_safelisted_header(name: str, value: str) -> bool:
    """Return whether a header goes without permission (Fetch, "CORS-safelisted request-header")."""
    if len(value) > 128:  # each character is a byte
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
        return any(method.strip().upper() in FORBIDDEN_METHODS for method in value.split(","))
    return _FORBIDDEN_HEADER.fullmatch(name) is not None


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
            size += len(value)
        else:
            unsafe.add(name.lower())
    return tuple(sorted(unsafe | safelisted if size > 1024 else unsafe))


def preflight_reasons(request: Request) -> tuple[str, ...]:
    """Return why a cross-origin request needs a preflight, in words; nothing if it is simple."""
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
            reasons.append(f"the safelisted headers are over 1,024 bytes together, with {name}")
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
    """Check whether a response may be shared with the page (Fetch, "CORS check").

    `prefix` is `preflight-` where the response is one to a preflight of `request`.
    """
    include = request.credentials == "include"
    allowed = response.get(ACL_ORIGIN)
    passed = allowed == request.origin or (allowed == "*" and not include)
    told = f"no {ACL_ORIGIN}" if allowed is None else f"{ACL_ORIGIN} is {allowed}"
    if passed:
        told += ", anyone" if allowed == "*" else ", the page's"
    else:
        told += f"; the page is {request.origin}"
        if allowed == "*":
            told += ", and * does not count with credentials"
    steps = [Step("preflight-origin" if prefix else "origin", passed, told, "CORS check")]
    if passed and include:
        credentials = response.get(ACL_CREDENTIALS)
        told = f"{ACL_CREDENTIALS} is {credentials}" if credentials else f"no {ACL_CREDENTIALS}"
        code: Code = "preflight-credentials" if prefix else "credentials"
        steps.append(Step(code, credentials == "true", told, "CORS check"))
    return tuple(steps)


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
    told = f"{ACL_METHODS} is {', '.join(methods)}" if methods else f"no {ACL_METHODS}"
    return Step("preflight-method", _allows_method(request, methods), told, section)


def _headers_step(request: Request, response: Response, section: str, engine: Engine) -> Step:
    names = _listed(response, ACL_ALLOW_HEADERS)
    if names is None:
        told = f"{ACL_ALLOW_HEADERS} is malformed: {response.get(ACL_ALLOW_HEADERS)}"
        return Step("preflight-headers", False, told, section)
    if missing := _missing_headers(request, names, engine):
        told = f"{ACL_ALLOW_HEADERS} does not name {', '.join(missing)}"
        return Step("preflight-headers", False, told, section)
    told = f"{ACL_ALLOW_HEADERS} names what is asked for" if names else "none needs permission"
    return Step("preflight-headers", True, told, section)


def _allows_method(request: Request, methods: Container[str]) -> bool:
    wildcard = "*" in methods and request.credentials != "include"
    return wildcard or request.method in methods or request.method in SAFELISTED_METHODS


def _missing_headers(request: Request, names: Iterable[str], engine: Engine) -> list[str]:
    allowed = {name.lower() for name in names}
    wildcard = "*" in allowed and request.credentials != "include"
    return [
        name
        for name in unsafe_headers(request.headers)
        if name not in allowed
        and not (wildcard and (name != "authorization" or engine.wildcard_covers_authorization))
    ]


def remembered_for(response: Response, engine: Engine = STANDARD) -> int:
    """Return for how many seconds a preflight is remembered; missing or malformed counts as 5."""
    value = response.get(ACL_MAX_AGE) or ""
    # 18 digits are more than any cap.
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
    exposed = {name.lower() for name in _listed(response, ACL_EXPOSE_HEADERS) or ()}
    everything = not cross_origin or ("*" in exposed and credentials != "include")
    return tuple(
        (name, value)
        for name, value in response.headers
        if name.lower() not in {"set-cookie", "set-cookie2"}
        and (everything or name.lower() in exposed | SAFELISTED_RESPONSE_HEADERS)
    )


def _listed(response: Response, name: str) -> tuple[str, ...] | None:
    """Return a list of tokens, empty where there is none, or `None` where it is malformed."""
    elements = [element.strip(" \t") for element in (response.get(name) or "").split(",")]
    tokens = tuple(element for element in elements if element)
    return tokens if all(map(is_token, tokens)) else None


# Fetching -----------------------------------------------------------------------------------------


def origin_of(url: str) -> str:
    """Return the serialized origin of a URL.

    Raises:
        ValueError: if it has none.
    """
    try:
        parts = urlsplit(url)
        origin = str(read_origin(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"))
    except ValueError:
        origin = ""
    if parse_origin(origin) is None:  # nor is a pattern one
        raise ValueError(f"{url!r} has no origin")
    return origin


class PreflightCache:
    """Remembers what preflights have allowed (Fetch, "CORS-preflight cache")."""

    def __init__(self) -> None:
        # Until when: by origin, URL, credentials, field, and method or name.
        self._entries: dict[tuple[str, str, bool, str, str], float] = {}

    def covers(self, request: Request, now: float, engine: Engine) -> bool:
        """Return whether what is remembered at a time, in seconds, allows a request."""
        allowed: dict[str, set[str]] = {ACL_METHODS: set(), ACL_ALLOW_HEADERS: set()}
        for (origin, url, include, field, name), expires in self._entries.items():
            same = (origin, url) == (request.origin, request.url)
            if same and now < expires and (include or request.credentials != "include"):
                allowed[field].add(name)
        return _allows_method(request, allowed[ACL_METHODS]) and not _missing_headers(
            request, allowed[ACL_ALLOW_HEADERS], engine
        )

    def remember(self, request: Request, response: Response, now: float, engine: Engine) -> None:
        """Keep what the response to a request's preflight allows."""
        expires = now + remembered_for(response, engine)
        include = request.credentials == "include"
        for field in (ACL_METHODS, ACL_ALLOW_HEADERS):
            for name in _listed(response, field) or ():
                self._entries[request.origin, request.url, include, field, name] = expires

    def forget(self, request: Request) -> None:
        """Drop what was allowed to a request's origin and URL, as a failure does."""
        place = (request.origin, request.url)
        self._entries = {key: at for key, at in self._entries.items() if key[:2] != place}


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
        cache: what earlier preflights have allowed.
        now: the time in seconds, for the cache.

    Yields:
        Each request as it is sent; send its response back.

    Returns:
        What the script gets.

    Raises:
        ValueError: if a script could not make the request: its URL is not one of `http` or
            `https` or holds a user name, or a header is none.
    """
    flow = _Flow(engine, cache, now)
    response = yield from flow.run(request)
    return Outcome(tuple(flow.events), response)


_HTTP = ("http://", "https://")


def _as_scripted(request: Request) -> Request:
    """Return a request as a script makes it (Fetch, "new Request()" and "append")."""
    if not origin_of(request.url).startswith(_HTTP):
        raise ValueError(f"{request.url!r} is no http or https URL")
    parts = urlsplit(request.url)
    if parts.username or parts.password:
        raise ValueError(f"{request.url!r} holds a user name or a password")
    headers: list[tuple[str, str]] = []
    for name, value in request.headers:
        stripped = value.strip(" \t\r\n")
        if not is_token(name) or _NO_VALUE.search(stripped):
            raise ValueError(f"{name!r}: {value!r} is no header")
        if not is_forbidden_header(name, stripped):
            headers.append((name, stripped))
    return replace(request, method=normalize_method(request.method), headers=tuple(headers))


class _Flow:
    """Is one fetch under way."""

    def __init__(self, engine: Engine, cache: PreflightCache | None, now: float) -> None:
        self.events: list[Step | Exchange] = []
        self._engine = engine
        self._cache = cache or PreflightCache()
        self._now = now

    def run(self, request: Request) -> Generator[Sent, Response, Response | None]:
        request = _as_scripted(request)
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
                if preflight_reasons(request):
                    self._cache.forget(request)
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
        self._refuse_redirect("on and on, more than 20 times")
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
        if self._cache.covers(request, self._now, self._engine):
            told = f"needed ({reasons}), and remembered"
            self.events.append(Step("preflight", True, told, "CORS-preflight cache"))
            return True
        self.events.append(Step("preflight", True, f"needed: {reasons}", "HTTP fetch"))
        response = yield from self._send(Sent(preflight_request(request)))
        passed = self._passed(preflight_check(request, response, self._engine))
        if passed:
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
        url = response.get("Location") or ""
        try:
            url = urljoin(request.url, url)
            target = origin_of(url)
        except ValueError:
            target = ""
        if not target.startswith(_HTTP):
            self._refuse_redirect(f"to {url}, which is no http or https URL")
            return None
        parts = urlsplit(url)
        if (parts.username or parts.password) and (cross_origin or target != page):
            self._refuse_redirect(f"to {url}, which holds a user name or password")
            return None
        told = f"{response.status} to {url}"
        headers, method, origin = request.headers, request.method, request.origin
        if (response.status in {301, 302} and method == "POST") or (
            response.status == 303 and method not in {"GET", "HEAD"}
        ):
            method, told = "GET", told + ", as GET"
            headers = tuple(line for line in headers if line[0].lower() not in _BODY_HEADERS)
        if target != origin_of(request.url):
            headers = tuple(line for line in headers if line[0].lower() != "authorization")
            if page != origin_of(request.url):
                origin, told = "null", told + "; from here on the origin is null"
        self.events.append(Step("redirect", True, told, "HTTP-redirect fetch"))
        return replace(request, method=method, url=url, headers=headers, origin=origin)
