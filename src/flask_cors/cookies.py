"""Cookies as browsers keep them for what scripts fetch: RFC 6265bis.

The names of sections are those of draft-ietf-httpbis-rfc6265bis. `http.cookiejar` of the
standard library is no base for this: it follows RFC 2965, knows no `SameSite` and no prefixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal, NamedTuple, TypeAlias

from .core.sites import is_address, is_public_suffix, is_trustworthy, registrable_domain
from .urls import URL

CookieCode: TypeAlias = Literal[
    "domain-mismatch",
    "malformed",
    "overwrites-secure",
    "path-mismatch",
    "prefix",
    "public-suffix",
    "samesite-lax",
    "samesite-lax-default",
    "samesite-none-insecure",
    "samesite-strict",
    "secure-over-http",
    "too-large",
    "without-credentials",
]
"""Why a cookie is not stored, or not sent."""
SameSite: TypeAlias = Literal["none", "lax", "strict", "default"]
_Refusal: TypeAlias = tuple[CookieCode, str]

_LONGEST_PAIR = 4096  # octets of name and value together
_LONGEST_ATTRIBUTE = 1024  # octets of its value
_LONGEST_LIFE = 400 * 24 * 60 * 60  # seconds
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BLANKS = " \t"


class CookieNote(NamedTuple):
    """A cookie that a browser does not store or does not send, and why."""

    name: str
    event: Literal["not-stored", "not-sent"]
    code: CookieCode
    detail: str
    """the reason, in words"""
    url: str
    """of the request"""


@dataclass(frozen=True)
class Cookie:
    """A cookie in the jar."""

    name: str
    value: str
    domain: str
    host_only: bool
    """whether it goes to `domain` alone, and not to the hosts below it"""
    path: str
    secure: bool
    same_site: SameSite
    """`default` where the attribute is absent or unknown; browsers take that for `lax`"""
    expires: float | None
    """seconds since 1970; `None` for the end of the session"""

    @property
    def key(self) -> tuple[str, str, bool, str]:
        """Return what no two cookies of a jar share."""
        return (self.name, self.domain, self.host_only, self.path)

    @property
    def pair(self) -> str:
        """Return what is sent of it."""
        return f"{self.name}={self.value}" if self.name else self.value


def is_same_site(origin: str, url: URL) -> bool:
    """Return whether a page's origin and a URL are of one site: schemes count, ports do not.

    https://html.spec.whatwg.org/#same-site; the origin `null` is of no site.
    """
    scheme, _, host = origin.partition("://")
    host = re.sub(r":[0-9]+$", "", host)
    return scheme == url.scheme and registrable_domain(host) == registrable_domain(url.host)


class CookieJar:
    """The cookies of one browser.

    How many cookies a browser keeps, and which it drops first, is not modelled.
    """

    def __init__(self) -> None:
        # In the order of their creation, which a dict keeps where a value is replaced.
        self._cookies: dict[tuple[str, str, bool, str], Cookie] = {}

    def store(self, line: str, url: URL, now: float, *, same_site: bool) -> CookieNote | None:
        """Take a cookie from a response (section "Storage Model").

        Args:
            line: the value of one `Set-Cookie` line.
            url: where the response came from.
            now: the time in seconds since 1970.
            same_site: whether the page that fetched it is of the same site.

        Returns:
            Why it is not stored, or `None`.
        """
        self._drop_expired(now)
        name, value, attributes = _parse(line)
        cookie = _to_cookie(name, value, attributes, url, now)
        refusal = (
            _pair_refusal(line, cookie)
            or _domain_refusal(attributes, url)
            or self._secure_refusal(cookie, url)
            or _site_refusal(cookie, same_site=same_site)
            or _prefix_refusal(cookie, attributes)
        )
        if refusal:
            return CookieNote(name, "not-stored", *refusal, url.href)
        self._cookies[cookie.key] = cookie
        return None

    def select(
        self, url: URL, now: float, *, same_site: bool
    ) -> tuple[list[Cookie], list[CookieNote]]:
        """Return the cookies that go with a request, in their order, and why others do not.

        Cookies of other hosts are not mentioned (section "Retrieval Algorithm").

        Args:
            url: where the request goes.
            now: the time in seconds since 1970.
            same_site: whether the page that fetches is of the same site.
        """
        self._drop_expired(now)
        sent: list[Cookie] = []
        notes: list[CookieNote] = []
        for cookie in self._cookies.values():
            below = not cookie.host_only and _domain_match(url.host, cookie.domain)
            if url.host == cookie.domain or below:
                if refusal := _sending_refusal(cookie, url, same_site=same_site):
                    notes.append(CookieNote(cookie.name, "not-sent", *refusal, url.href))
                else:
                    sent.append(cookie)
        return sorted(sent, key=lambda cookie: -len(cookie.path)), notes

    def _drop_expired(self, now: float) -> None:
        self._cookies = {
            key: cookie
            for key, cookie in self._cookies.items()
            if cookie.expires is None or now < cookie.expires
        }

    def _secure_refusal(self, cookie: Cookie, url: URL) -> _Refusal | None:
        """Say why a connection that is not secure may not set a cookie."""
        if is_trustworthy(url.scheme, url.host):
            return None
        if cookie.secure:
            return "secure-over-http", f"it is Secure, and {url.origin} is not"
        # Whoever is on the network must not replace a cookie that came over https.
        for other in self._cookies.values():
            domains = cookie.domain, other.domain
            near = _domain_match(*domains) or _domain_match(*reversed(domains))
            same = other.secure and other.name == cookie.name and near
            if same and _path_match(cookie.path, other.path):
                return "overwrites-secure", "it would stand in for a Secure cookie of that name"
        return None


def without_credentials(
    url: URL, cookies: Iterable[Cookie], lines: Iterable[str]
) -> Iterator[CookieNote]:
    """Yield a note for each cookie that would go or come, had the script asked for credentials.

    Args:
        url: where the request goes.
        cookies: those that would go with it.
        lines: the values of the `Set-Cookie` lines of its response.
    """
    for cookie in cookies:
        detail = "the script does not ask for credentials"
        yield CookieNote(cookie.name, "not-sent", "without-credentials", detail, url.href)
    for line in lines:
        detail = "the script did not ask for credentials"
        yield CookieNote(_parse(line)[0], "not-stored", "without-credentials", detail, url.href)


def _parse(line: str) -> tuple[str, str, dict[str, str]]:
    """Return the name, the value and the attributes (section "The Set-Cookie Header Field").

    Of several attributes of one name the last that can be read counts.
    """
    pair, *rest = line.split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    attributes: dict[str, str] = {}
    for attribute in rest:
        key, _, text = attribute.partition("=")
        key, text = key.strip(_BLANKS).lower(), text.strip(_BLANKS)
        unreadable = (key == "max-age" and not re.fullmatch("-?[0-9]+", text)) or (
            key == "expires" and _parse_date(text) is None
        )
        if len(text) <= _LONGEST_ATTRIBUTE and not unreadable:
            attributes[key] = text
    return name.strip(_BLANKS), value.strip(_BLANKS), attributes


def _to_cookie(
    name: str, value: str, attributes: Mapping[str, str], url: URL, now: float
) -> Cookie:
    """Return the cookie that a line makes, if nothing is against it."""
    domain = _domain_of(attributes, url)
    path = attributes.get("path", "")
    written = attributes.get("samesite", "").lower()
    same_site: dict[str, SameSite] = {"none": "none", "lax": "lax", "strict": "strict"}
    return Cookie(
        name,
        value,
        domain or url.host,
        host_only=not domain,
        path=path if path.startswith("/") else url.path.rpartition("/")[0] or "/",
        secure="secure" in attributes,
        same_site=same_site.get(written, "default"),
        expires=_expiry(attributes, now),
    )


def _domain_of(attributes: Mapping[str, str], url: URL) -> str:
    """Return the domain that a cookie is for, empty where it is for the host alone."""
    domain = attributes.get("domain", "").removeprefix(".").lower()
    return "" if domain == url.host and is_public_suffix(domain) else domain


def _expiry(attributes: Mapping[str, str], now: float) -> float | None:
    """Return when a cookie ends; Max-Age is stronger than Expires."""
    if "max-age" in attributes:
        return now + min(int(attributes["max-age"]), _LONGEST_LIFE)
    expires = _parse_date(attributes.get("expires", ""))
    return None if expires is None else min(expires, now + _LONGEST_LIFE)


def _pair_refusal(line: str, cookie: Cookie) -> _Refusal | None:
    if _CONTROL.search(line):
        return "malformed", "it holds a control character"
    if not cookie.name and not cookie.value:
        return "malformed", "it is empty"
    if len(cookie.name) + len(cookie.value) > _LONGEST_PAIR:
        return "too-large", "its name and value are over 4,096 bytes together"
    return None


def _domain_refusal(attributes: Mapping[str, str], url: URL) -> _Refusal | None:
    domain = _domain_of(attributes, url)
    if domain and is_public_suffix(domain):
        return "public-suffix", f"Domain={domain} is shared by hosts of different owners"
    if domain and not _domain_match(url.host, domain):
        return "domain-mismatch", f"Domain={domain} does not stand for {url.host}"
    return None


def _site_refusal(cookie: Cookie, *, same_site: bool) -> _Refusal | None:
    """Say why SameSite keeps a cookie from a fetch (section '"Cross-site" requests')."""
    if cookie.same_site == "none":
        if cookie.secure:
            return None
        return "samesite-none-insecure", "SameSite=None counts with Secure alone"
    if same_site:
        return None
    if cookie.same_site == "default":
        return "samesite-lax-default", "without SameSite it is Lax, and the page is of another site"
    name = cookie.same_site.capitalize()
    code: CookieCode = "samesite-lax" if cookie.same_site == "lax" else "samesite-strict"
    return code, f"it is SameSite={name}, and the page is of another site"


def _prefix_refusal(cookie: Cookie, attributes: Mapping[str, str]) -> _Refusal | None:
    """Say what the prefix of a cookie's name asks for (section "Cookie Name Prefixes")."""
    name = (cookie.name or cookie.value).lower()  # a server may take a value for a name
    if not name.startswith(("__secure-", "__host-")):
        return None
    if not cookie.name:
        return "prefix", "it has no name, and its value begins like the name of a better one"
    if not cookie.secure:
        return "prefix", "by its name it has to be Secure"
    promised = attributes.get("path") == "/" and not attributes.get("domain")
    if name.startswith("__host-") and not promised:
        return "prefix", "by its name it has to have Path=/ and no Domain"
    return None


def _sending_refusal(cookie: Cookie, url: URL, *, same_site: bool) -> _Refusal | None:
    if not _path_match(url.path, cookie.path):
        return "path-mismatch", f"it is for {cookie.path}"
    if cookie.secure and not is_trustworthy(url.scheme, url.host):
        return "secure-over-http", f"it is Secure, and {url.origin} is not"
    return _site_refusal(cookie, same_site=same_site)


def _domain_match(host: str, domain: str) -> bool:
    """Return whether a host is a domain or below it (section "Domain Matching")."""
    return host == domain or (host.endswith("." + domain) and not is_address(host))


def _path_match(path: str, cookie_path: str) -> bool:
    """Return whether a path is a cookie's or below it (section "Paths and Path-Match")."""
    return path == cookie_path or path.startswith(cookie_path.removesuffix("/") + "/")


_DATE_DELIMITERS = re.compile(r"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_DATE_PARTS = {
    "time": re.compile("([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])"),
    "day": re.compile("([0-9]{1,2})(?![0-9])"),
    "month": re.compile("(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE),
    "year": re.compile("([0-9]{2,4})(?![0-9])"),
}
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"


def _parse_date(text: str) -> float | None:
    """Return a date in seconds since 1970, or `None` if it is none (section "Dates")."""
    found: dict[str, tuple[str, ...]] = {}
    for token in _DATE_DELIMITERS.split(text):
        for part, expression in _DATE_PARTS.items():
            match = None if part in found else expression.match(token)
            if match:
                found[part] = match.groups()
                break
    if len(found) < len(_DATE_PARTS):
        return None
    year, day = int(found["year"][0]), int(found["day"][0])
    if year < 100:
        year += 1900 if year >= 70 else 2000
    hour, minute, second = map(int, found["time"])
    month = _MONTHS.index(found["month"][0].lower()) // 3 + 1
    try:
        date = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    except ValueError:
        return None
    return date.timestamp() if year >= 1601 else None
