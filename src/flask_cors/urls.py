"""URLs as browsers read them: the URL standard (https://url.spec.whatwg.org) for http and https.

Of a URL with another scheme only the scheme is parsed, because no script may fetch it. Host names
outside ASCII are mapped with Python's Unicode tables instead of those of UTS #46: characters newer
than Python's tables are refused, and only the simple rules on joiners are implemented.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple, cast
from urllib.parse import quote, unquote_to_bytes

from .core.origins import canonical_ipv6

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(.*)", re.IGNORECASE | re.ASCII | re.DOTALL)
_CONTROL_OR_SPACE = "".join(map(chr, range(0x21)))
_AUTHORITY = re.compile(r"[/\\]*([^/\\?#]*)(.*)", re.DOTALL)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?", re.ASCII | re.DOTALL)
_PATH_QUERY_FRAGMENT = re.compile(r"([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_DOT_SEGMENTS = frozenset({".", "%2e"})
_DOUBLE_DOT_SEGMENTS = frozenset({"..", ".%2e", "%2e.", "%2e%2e"})

# Characters that are not percent-encoded, besides letters, digits and "_.-~" (section 1.3).
_SAFE_IN_USERINFO = "!$%&'()*+,"
_SAFE_IN_PATH = "!$%&'()*+,:;=@[]|"
_SAFE_IN_QUERY = "!$%&()*+,/:;=?@[\\]^`{|}"
_SAFE_IN_FRAGMENT = "!#$%&'()*+,/:;=?@[\\]^{|}"


class URL(NamedTuple):
    """A URL, split into its serialized parts."""

    scheme: str
    host: str = ""
    port: str = ""
    """digits; empty for the scheme's default port"""
    path: str = ""
    query: str | None = None
    """without its `?`; `None` if there is none"""
    fragment: str | None = None
    """without its `#`; `None` if there is none"""
    username: str = ""
    password: str = ""

    @property
    def is_http(self) -> bool:
        """Return whether the scheme is `http` or `https`, which scripts may fetch."""
        return self.scheme in _DEFAULT_PORTS

    @property
    def origin(self) -> str:
        """Return the serialized origin; `null` if the scheme is not `http` or `https`."""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}" if self.is_http else "null"

    @property
    def href(self) -> str:
        """Return the whole URL, serialized."""
        user = self.username + (f":{self.password}" if self.password else "")
        before_path = self.origin.replace("://", f"://{user}@" if user else "://", 1)
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        before_path = before_path if self.is_http else f"{self.scheme}:"
        return before_path + self.path + query + fragment


def parse_url(text: str, base: URL | None = None) -> URL:
    """Parse a URL (section 4.4, "basic URL parser").

    Args:
        text: the URL, absolute or relative to `base`.
        base: the base URL; its scheme has to be `http` or `https`.

    Raises:
        ValueError: if the URL is not valid.
    """
    # Browsers replace a lone surrogate by U+FFFD.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = re.sub(r"[\t\n\r]", "", text.strip(_CONTROL_OR_SPACE))
    match = _SCHEME.fullmatch(text)
    if match is None:
        if base is None:
            raise ValueError(f"{text!r} is not a URL: it has no scheme")
        return _relative(text, base)
    scheme, rest = match[1].lower(), match[2]
    if scheme not in _DEFAULT_PORTS:
        return URL(scheme, path=rest)
    if base is not None and base.scheme == scheme and not rest.startswith("//"):
        return _relative(rest, base)
    return _absolute(scheme, rest)


def _absolute(scheme: str, text: str) -> URL:
    """Parse what follows the scheme: slashes, the authority, and the rest."""
    authority, rest = cast("re.Match[str]", _AUTHORITY.fullmatch(text)).groups()
    user, _, host_and_port = authority.rpartition("@")
    username, _, password = user.partition(":")
    match = _HOST_AND_PORT.fullmatch(host_and_port)
    if match is None:
        raise ValueError(f"{host_and_port!r} is not a valid host and port")
    host, port = _parse_host(match[1]), match[2] or ""
    if port:
        port = port.lstrip("0") or "0"
        if len(port) > 5 or int(port) > 65535:
            raise ValueError(f"{port} is not a valid port")
    url = URL(
        scheme,
        host,
        "" if port == _DEFAULT_PORTS[scheme] else port,
        username=quote(username, _SAFE_IN_USERINFO),
        password=quote(password, _SAFE_IN_USERINFO),
    )
    path, query, fragment = _split_path(rest)
    return url._replace(path=_join_path([], path[1:]), query=query, fragment=fragment)


def _relative(text: str, base: URL) -> URL:
    """Parse a URL that takes its scheme from its base."""
    if re.match(r"[/\\]{2}", text):
        return _absolute(base.scheme, text)
    path, query, fragment = _split_path(text)
    if not path:
        return base._replace(query=base.query if query is None else query, fragment=fragment)
    parents = [] if path.startswith("/") else base.path.split("/")[1:-1]
    path = _join_path(parents, path.removeprefix("/"))
    return base._replace(path=path, query=query, fragment=fragment)


def _split_path(text: str) -> tuple[str, str | None, str | None]:
    """Return the path with backslashes replaced by slashes, and the encoded query and fragment."""
    match = cast("re.Match[str]", _PATH_QUERY_FRAGMENT.fullmatch(text))
    path, query, fragment = match.groups()
    return (
        path.replace("\\", "/"),
        None if query is None else quote(query, _SAFE_IN_QUERY),
        None if fragment is None else quote(fragment, _SAFE_IN_FRAGMENT),
    )


def _join_path(parents: Sequence[str], path: str) -> str:
    """Append a path to some segments and resolve its dot segments (section 4.4, "path state")."""
    segments = [*parents]
    appended = path.split("/")
    for segment in appended:
        if segment.lower() in _DOUBLE_DOT_SEGMENTS:
            del segments[-1:]
        elif segment.lower() not in _DOT_SEGMENTS:
            segments.append(quote(segment, _SAFE_IN_PATH))
    if appended[-1].lower() in _DOT_SEGMENTS | _DOUBLE_DOT_SEGMENTS:
        segments.append("")
    return "/" + "/".join(segments)


# Hosts --------------------------------------------------------------------------------------------

_IPV4_NUMBER = re.compile("0x([0-9a-f]*)|0([0-7]+)|(0|[1-9][0-9]*)")
_FORBIDDEN_IN_DOMAIN = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")


def _parse_host(text: str) -> str:
    """Return a serialized host (section 3.5, "host parser" and "IPv6 serializer")."""
    if text.startswith("["):
        address = None if "%" in text else canonical_ipv6(text)  # no zone in a URL: [fe80::1%eth0]
        if address is None:
            raise ValueError(f"{text!r} is not an IPv6 address")
        return address
    domain = _domain_to_ascii(unquote_to_bytes(text).decode("utf-8", "replace"))
    if not domain or _FORBIDDEN_IN_DOMAIN.search(domain):
        raise ValueError(f"{text!r} is not a valid host")
    parts = domain.removesuffix(".").split(".")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", parts[-1], re.ASCII):  # "ends in a number checker"
        return _parse_ipv4(parts)
    return domain


def _parse_ipv4(parts: Sequence[str]) -> str:
    """Return the IPv4 address of one to four numbers (section 3.5, "IPv4 parser")."""
    *high, low = map(_parse_ipv4_number, parts)
    if len(high) > 3 or any(number > 255 for number in high) or low >= 256 ** (4 - len(high)):
        raise ValueError(f"{'.'.join(parts)!r} is not an IPv4 address")
    for index, number in enumerate(high):
        low += number << 8 * (3 - index)
    return ".".join(str(low >> shift & 255) for shift in (24, 16, 8, 0))


def _parse_ipv4_number(text: str) -> int:
    """Return a hexadecimal (`0x…`), octal (`0…`) or decimal number."""
    match = _IPV4_NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a part of an IPv4 address")
    hexadecimal, octal, decimal = match.groups()
    if hexadecimal is not None:
        return int(hexadecimal or "0", 16)
    return int(octal, 8) if octal else int(decimal)


# Internationalized hosts (section 3.3, "domain to ASCII") -----------------------------------------

_IGNORED = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2064\u206a-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0100-\U000e01ef]"
)
_FULL_STOPS = re.compile("[\u3002\uff0e\uff61]")
_KEPT = re.compile("([\u00df\u03c2\u200c\u200d])")  # kept as they are: case folding changes them
_DISALLOWED = re.compile("[\u2ff0-\u2fff\ufe12\ufffc\ufffd]")
_DISALLOWED_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_ZERO_WIDTH_NON_JOINER, _JOINERS = "\u200c", "\u200c\u200d"


def _domain_to_ascii(domain: str) -> str:
    """Return a domain in lower case, with its labels outside ASCII in punycode.

    Raises:
        ValueError: if a label is not valid.
    """
    if domain.isascii() and not re.search(r"(^|\.)xn--", domain, re.IGNORECASE):
        return domain.lower()
    labels = [_to_unicode(label) for label in _map_characters(domain).split(".")]
    right_to_left = any(_directions(label) & {"R", "AL", "AN"} for label in labels)
    for label in filter(None, labels):
        bidi_valid = not right_to_left or _satisfies_bidi_rule(label)
        if not (_is_valid_label(label) and bidi_valid):
            raise ValueError(f"{label!r} is not a valid label of a host name")
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels
    )


def _map_characters(text: str) -> str:
    """Map and normalize a domain (UTS #46, section 4, steps 1 and 2)."""
    text = _FULL_STOPS.sub(".", _IGNORED.sub("", text)).replace("\u1e9e", "\u00df")
    parts = _KEPT.split(unicodedata.normalize("NFC", text))
    for index in range(0, len(parts), 2):  # every second part is a kept character
        folded = unicodedata.normalize("NFKC", parts[index]).casefold()
        if folded.count(".") != parts[index].count(".") or _DISALLOWED.search(parts[index]):
            raise ValueError(f"{text!r} contains a character that no host name can have")
        parts[index] = unicodedata.normalize("NFKC", folded)
    return unicodedata.normalize("NFC", "".join(parts))


def _to_unicode(label: str) -> str:
    """Return a label decoded, if it is punycode (UTS #46, section 4, step 4)."""
    if not label.startswith("xn--"):
        return label
    decoded = label[4:].encode("ascii").decode("punycode")
    if decoded.isascii() or _map_characters(decoded) != decoded:
        raise ValueError(f"{label!r} is not a valid label of a host name")
    return decoded


def _is_valid_label(label: str) -> bool:
    """Return whether a label is valid (UTS #46, section 4.1; RFC 5892, appendix A)."""
    for index, character in enumerate(label):
        if character in _JOINERS:
            before, after = label[:index][-1:], label[index + 1 :][:1]
            joined = before and unicodedata.combining(before) == 9  # a virama
            arabic = character == _ZERO_WIDTH_NON_JOINER and _directions(before + after) == {"AL"}
            if not (joined or arabic):
                return False
        elif not character.isascii() and unicodedata.category(character) in _DISALLOWED_CATEGORIES:
            return False
    return not unicodedata.category(label[0]).startswith("M")


def _directions(text: str) -> set[str]:
    """Return the bidirectional classes of the characters of a text."""
    return {unicodedata.bidirectional(character) for character in text}


def _satisfies_bidi_rule(label: str) -> bool:
    """Return whether a label satisfies the Bidi Rule (RFC 5893, section 2)."""
    classes = [unicodedata.bidirectional(character) for character in label]
    first = classes[0]
    last = next((kind for kind in reversed(classes) if kind != "NSM"), "")
    neutral = {"EN", "ES", "CS", "ET", "ON", "BN", "NSM"}
    if first == "L":
        return {*classes} <= {"L", *neutral} and last in {"L", "EN"}
    numbers = {"AN", "EN"}
    return (
        first in {"R", "AL"}
        and {*classes} <= {"R", "AL", "AN", *neutral}
        and last in {"R", "AL", *numbers}
        and not numbers <= {*classes}
    )
