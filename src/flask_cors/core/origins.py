"""An origin, and an indexed set of origins: what is needed at request time.

An origin is `scheme://host[:port]` or `null` (https://fetch.spec.whatwg.org/#origin-header). A
request takes a few look-ups, however many origins are configured. Its `Origin` is checked against
the grammar before a regular expression or a callable gets it.
"""

import inspect
import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple

from .options import OriginPredicate

MAX_ORIGIN_LENGTH = 64 + len("://") + 253 + len(":65535")  # scheme, host, port

_DEFAULT_PORTS = {"ftp": 21, "http": 80, "https": 443, "ws": 80, "wss": 443}
NAME = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?"
_SERIALIZED = re.compile(
    rf"([a-z][a-z0-9+.-]{{0,63}})://({NAME}|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?",
    re.IGNORECASE | re.ASCII,
)

# The pages of apps: `file://`, `qrc://`, `app://.`.
_WITHOUT_HOST = re.compile(r"([a-z][a-z0-9+.-]{0,63})://(\.?)", re.IGNORECASE | re.ASCII)


def is_async(function: object) -> bool:
    """Return whether a callable is a coroutine function, or an object whose `__call__` is one."""
    call = getattr(function, "__call__", None)  # noqa: B004  (it is inspected, not only found)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


class Origin(NamedTuple):
    """The three parts of an origin other than `null`."""

    scheme: str
    host: str
    port: str
    """digits, or an empty string"""


def is_web_scheme(scheme: str) -> bool:
    """Return whether origins of a scheme need a host (https://url.spec.whatwg.org/#special-scheme).

    The origins of apps need none: `file://`, `qrc://`, `app://.`.
    """
    return scheme.lower() in _DEFAULT_PORTS


def parse_origin(text: str) -> Origin | None:
    """Return the parts of a serialized origin as written, or `None` if `text` is not an origin.

    `null` is an origin without parts, so it gives `None` too.
    """
    if len(text) > MAX_ORIGIN_LENGTH:
        return None
    match = _SERIALIZED.fullmatch(text)
    if match is None:
        match = _WITHOUT_HOST.fullmatch(text)
        return None if match is None or is_web_scheme(match[1]) else Origin(match[1], match[2], "")
    scheme, host, port = match.groups(default="")
    if len(host) > 253 or (port and not 0 < int(port) <= 65535):
        return None
    if host.startswith("[") and canonical_ipv6(host) is None:
        return None
    return Origin(scheme, host, port)


def is_origin(text: str) -> bool:
    """Return whether `text` is a valid value of `Origin`: a serialized origin or `null`."""
    return text == "null" or parse_origin(text) is not None


def omitted_ports(scheme: str) -> tuple[str, ...]:
    """Return the ports that a serialized origin of `scheme` leaves out: none, and the default."""
    return ("", str(_DEFAULT_PORTS.get(scheme, "")))


def canonical_ipv6(host: str) -> str | None:
    """Return a bracketed IPv6 address as browsers serialize it, or `None` if it is invalid."""
    try:
        address = IPv6Address(host[1:-1])
    except AddressValueError:
        return None
    if address.ipv4_mapped:  # Python 3.13 writes the last 32 bits with dots, browsers do not
        low = int(address.ipv4_mapped)
        return f"[::ffff:{low >> 16:x}:{low & 0xFFFF:x}]"
    return f"[{address.compressed}]"


_EVERY_WEBSITE = frozenset({"https://*", "https://*:*", "http://*", "http://*:*"})


class OriginRules(NamedTuple):
    """The origins that a policy allows, indexed for fast look-up."""

    any: bool = False
    exact: frozenset[str] = frozenset()
    """canonical origins, and `null`"""
    wildcards: frozenset[str] = frozenset()
    """canonical origin patterns: `https://*.example.com`, `http://localhost:*`, `https://*`"""
    regexes: tuple[re.Pattern[str], ...] = ()
    predicates: tuple[OriginPredicate, ...] = ()
    wide_regexes: tuple[re.Pattern[str], ...] = ()
    """those of `regexes` that match any website"""

    @property
    def only_origin(self) -> str | None:
        """Return the allowed origin, if the rules consist of exactly one exact origin."""
        if self.any or self.wildcards or self.regexes or self.predicates or len(self.exact) != 1:
            return None
        return next(iter(self.exact))

    @property
    def anyone(self) -> bool:
        """Return whether any website is allowed, by the wildcard or by a pattern as wide.

        Callables are left out, since it is not known what they allow.
        """
        return self.any or not _EVERY_WEBSITE.isdisjoint(self.wildcards) or bool(self.wide_regexes)

    def verdict(self, text: str) -> bool | None:
        """Return whether an `Origin` is allowed, or `None` if the callables have to decide."""
        if self.any:
            return True
        # Check the length first: the look-ups below hash the whole, client-controlled string.
        if len(text) > MAX_ORIGIN_LENGTH:
            return False
        if text in self.exact:
            return True
        if not text.isascii():  # `lower` would turn the Kelvin sign into an ordinary "k"
            return False
        canonical = text.lower()
        if canonical in self.exact and canonical != "null":
            return True
        if not (self.wildcards or self.regexes or self.predicates):
            return False
        return self._matches_pattern(text, canonical)

    def _matches_pattern(self, text: str, canonical: str) -> bool | None:
        origin = parse_origin(canonical)
        if origin is None:
            return False
        if not self.wildcards.isdisjoint(matching_patterns(origin)):
            return True
        if any(regex.fullmatch(text) for regex in self.regexes):
            return True
        return None if self.predicates else False

    def near_miss(self, text: str) -> str | None:
        """Return a regular expression that matches only the start of a refused origin, if any.

        It was probably written to match a prefix, but expressions have to match the whole origin.
        """
        if parse_origin(text) is None:
            return None
        starts = ((regex.pattern, regex.match(text)) for regex in self.regexes)
        return next((pattern for pattern, match in starts if match and match.end()), None)


def matching_patterns(origin: Origin) -> Iterator[str]:
    """Yield every canonical origin pattern that matches an origin in lower case.

    There are about two for each label of the host: one with the origin's port, one with any port.
    """
    scheme, host, port = origin
    ports = (":" + port if port not in omitted_ports(scheme) else "", ":*")
    hosts = ["*"]
    if not host.startswith("["):
        labels = host.split(".")
        hosts += ["*." + ".".join(labels[start:]) for start in range(1, len(labels))]
    for name in hosts:
        for suffix in ports:
            yield f"{scheme}://{name}{suffix}"
    yield f"{scheme}://{host}:*"
