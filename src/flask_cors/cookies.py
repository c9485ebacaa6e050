"""The cookies of a browser, for requests that scripts make (RFC 6265bis).

Section names are those of draft-ietf-httpbis-rfc6265bis. The standard library's `http.cookiejar`
is not used: it follows RFC 2965, and supports neither `SameSite` nor cookie name prefixes.
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

_MAX_PAIR_LENGTH = 4096  # octets, name and value together
_MAX_ATTRIBUTE_LENGTH = 1024  # octets of an attribute's value
_MAX_LIFETIME = 400 * 24 * 60 * 60  # seconds
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
    """the URL of the request"""


@dataclass(frozen=True)
class Cookie:
    """A cookie in the jar."""

    name: str
    value: str
    domain: str
    host_only: bool
    """whether it is sent to `domain` only, not to its subdomains"""
    path: str
    secure: bool
    same_site: SameSite
    """`default` if the attribute is absent or unknown; browsers treat that as `lax`"""
    expires: float | None
    """seconds since 1970; `None` for a session cookie"""

    @property
    def key(self) -> tuple[str, str, bool, str]:
        """Return the fields that identify a cookie in a jar."""
        return (self.name, self.domain, self.host_only, self.path)

    @property
    def pair(self) -> str:
        """Return the part of the `Cookie` field for this cookie: `name=value`."""
        return f"{self.name}={self.value}" if self.name else self.value


def is_same_site(origin: str, url: URL) -> bool:
    """Return whether a page's origin and a URL are same-site: schemes count, ports do not.

    https://html.spec.whatwg.org/#same-site; the origin `null` is not same-site with any URL.
    """
    scheme, _, host = origin.partition("://")
    host = re.sub(r":[0-9]+$", "", host)
    return scheme == url.scheme and registrable_domain(host) == registrable_domain(url.host)


class CookieJar:
    """The cookies of one browser.

    A browser's limit on the number of cookies, and its eviction order, are not modelled.
    """

    def __init__(self) -> None:
        # In order of creation: a dict keeps the position of a key when its value is replaced.
        self._cookies: dict[tuple[str, str, bool, str], Cookie] = {}

    def store(self, line: str, url: URL, now: float, *, same_site: bool) -> CookieNote | None:
        """Store a cookie of a response (section "Storage Model").

        Args:
            line: the value of one `Set-Cookie` line.
            url: the URL of the response.
            now: the time in seconds since 1970.
            same_site: whether the page that made the request is same-site with `url`.

        Returns:
            Why the cookie is not stored, or `None` if it is.
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
        """Return the cookies to send with a request, in order, and why others are not sent.

        Section "Retrieval Algorithm". Cookies of other hosts get no note.

        Args:
            url: the URL of the request.
            now: the time in seconds since 1970.
            same_site: whether the page that makes the request is same-site with `url`.
        """
        self._drop_expired(now)
        sent: list[Cookie] = []
        notes: list[CookieNote] = []
        for cookie in self._cookies.values():
            matches = not cookie.host_only and _domain_match(url.host, cookie.domain)
            if url.host == cookie.domain or matches:
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
        """Return why an insecure connection may not set a cookie."""
        if is_trustworthy(url.scheme, url.host):
            return None
        if cookie.secure:
            return "secure-over-http", f"it is Secure, and {url.origin} is not"
        # An attacker on the network must not replace a cookie that was set over https.
        for other in self._cookies.values():
            domains = cookie.domain, other.domain
            overlap = _domain_match(*domains) or _domain_match(*reversed(domains))
            same = other.secure and other.name == cookie.name and overlap
            if same and _path_match(cookie.path, other.path):
                return "overwrites-secure", "it would replace a Secure cookie of the same name"
        return None


def without_credentials(
    url: URL, cookies: Iterable[Cookie], lines: Iterable[str]
) -> Iterator[CookieNote]:
    """Yield a note for each cookie that is not sent or stored because credentials are off.

    Args:
        url: the URL of the request.
        cookies: the cookies that would be sent with credentials.
        lines: the values of the `Set-Cookie` lines of the response.
    """
    for cookie in cookies:
        detail = "the script does not send credentials"
        yield CookieNote(cookie.name, "not-sent", "without-credentials", detail, url.href)
    for line in lines:
        detail = "the script did not send credentials"
        yield CookieNote(_parse(line)[0], "not-stored", "without-credentials", detail, url.href)


def _parse(line: str) -> tuple[str, str, dict[str, str]]:
    """Return the name, the value and the attributes (section "The Set-Cookie Header Field").

    If an attribute is repeated, the last valid one counts.
    """
    pair, *rest = line.split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    attributes: dict[str, str] = {}
    for attribute in rest:
        key, _, text = attribute.partition("=")
        key, text = key.strip(_BLANKS).lower(), text.strip(_BLANKS)
        invalid = (key == "max-age" and not re.fullmatch("-?[0-9]+", text)) or (
            key == "expires" and _parse_date(text) is None
        )
        if len(text) <= _MAX_ATTRIBUTE_LENGTH and not invalid:
            attributes[key] = text
    return name.strip(_BLANKS), value.strip(_BLANKS), attributes


def _to_cookie(
    name: str, value: str, attributes: Mapping[str, str], url: URL, now: float
) -> Cookie:
    """Return the cookie that a `Set-Cookie` line defines."""
    domain = _domain_of(attributes, url)
    path = attributes.get("path", "")
    attribute = attributes.get("samesite", "").lower()
    same_site: dict[str, SameSite] = {"none": "none", "lax": "lax", "strict": "strict"}
    return Cookie(
        name,
        value,
        domain or url.host,
        host_only=not domain,
        path=path if path.startswith("/") else url.path.rpartition("/")[0] or "/",
        secure="secure" in attributes,
        same_site=same_site.get(attribute, "default"),
        expires=_expiry(attributes, now),
    )


def _domain_of(attributes: Mapping[str, str], url: URL) -> str:
    """Return the domain of a cookie; empty if the cookie is host-only."""
    domain = attributes.get("domain", "").removeprefix(".").lower()
    return "" if domain == url.host and is_public_suffix(domain) else domain


def _expiry(attributes: Mapping[str, str], now: float) -> float | None:
    """Return when a cookie expires; Max-Age takes precedence over Expires."""
    if "max-age" in attributes:
        return now + min(int(attributes["max-age"]), _MAX_LIFETIME)
    expires = _parse_date(attributes.get("expires", ""))
    return None if expires is None else min(expires, now + _MAX_LIFETIME)


def _pair_refusal(line: str, cookie: Cookie) -> _Refusal | None:
    if _CONTROL.search(line):
        return "malformed", "it contains a control character"
    if not cookie.name and not cookie.value:
        return "malformed", "it is empty"
    if len(cookie.name) + len(cookie.value) > _MAX_PAIR_LENGTH:
        return "too-large", "its name and value are over 4,096 bytes together"
    return None


def _domain_refusal(attributes: Mapping[str, str], url: URL) -> _Refusal | None:
    domain = _domain_of(attributes, url)
    if domain and is_public_suffix(domain):
        return "public-suffix", f"Domain={domain} is shared by hosts of different owners"
    if domain and not _domain_match(url.host, domain):
        return "domain-mismatch", f"Domain={domain} does not match {url.host}"
    return None


def _site_refusal(cookie: Cookie, *, same_site: bool) -> _Refusal | None:
    """Return why SameSite excludes a cookie from a fetch (section '"Cross-site" requests')."""
    if cookie.same_site == "none":
        if cookie.secure:
            return None
        return "samesite-none-insecure", "SameSite=None requires Secure"
    if same_site:
        return None
    if cookie.same_site == "default":
        return "samesite-lax-default", "without SameSite it is Lax, and the page is on another site"
    name = cookie.same_site.capitalize()
    code: CookieCode = "samesite-lax" if cookie.same_site == "lax" else "samesite-strict"
    return code, f"it is SameSite={name}, and the page is on another site"


def _prefix_refusal(cookie: Cookie, attributes: Mapping[str, str]) -> _Refusal | None:
    """Return which rule of its name's prefix a cookie breaks (section "Cookie Name Prefixes")."""
    name = (cookie.name or cookie.value).lower()  # a server may read a value without `=` as a name
    if not name.startswith(("__secure-", "__host-")):
        return None
    if not cookie.name:
        return "prefix", "it has no name, and its value starts with the prefix of a name"
    if not cookie.secure:
        return "prefix", "the prefix of its name requires Secure"
    for_one_host = attributes.get("path") == "/" and not attributes.get("domain")
    if name.startswith("__host-") and not for_one_host:
        return "prefix", "the prefix of its name requires Path=/ and no Domain"
    return None


def _sending_refusal(cookie: Cookie, url: URL, *, same_site: bool) -> _Refusal | None:
    if not _path_match(url.path, cookie.path):
        return "path-mismatch", f"it is for {cookie.path}"
    if cookie.secure and not is_trustworthy(url.scheme, url.host):
        return "secure-over-http", f"it is Secure, and {url.origin} is not"
    return _site_refusal(cookie, same_site=same_site)


def _domain_match(host: str, domain: str) -> bool:
    """Return whether a host is a domain or a subdomain of it (section "Domain Matching")."""
    return host == domain or (host.endswith("." + domain) and not is_address(host))


def _path_match(path: str, cookie_path: str) -> bool:
    """Return whether a path is a cookie's path or below it (section "Paths and Path-Match")."""
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
    """Return a date in seconds since 1970, or `None` if it is not valid (section "Dates")."""
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
