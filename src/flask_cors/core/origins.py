"""An origin, and a set of origins with an index: what a request needs.

An origin is `scheme://host[:port]` or `null` (RFC 6454, section 6; Fetch, "Origin header").
A request costs a look-up or a few, however many origins are configured. What it sends is checked
against the grammar before a regular expression or a callable sees it.
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

_OF_AN_APP = re.compile(r"([a-z][a-z0-9+.-]{0,63})://(\.?)", re.IGNORECASE | re.ASCII)


def is_async(function: object) -> bool:
    """Return whether a callable is a coroutine function, or an object that is called as one."""
    call = getattr(function, "__call__", None)  # noqa: B004  (of which kind it is, not whether)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


class Origin(NamedTuple):
    """An origin that is not `null`, in its three parts."""

    scheme: str
    host: str
    port: str
    """digits, or empty"""


def is_web_scheme(scheme: str) -> bool:
    """Return whether origins of a scheme need a host (https://url.spec.whatwg.org/#special-scheme).

    Those of apps need none: `file://`, `qrc://`, `app://.`.
    """
    return scheme.lower() in _DEFAULT_PORTS


def parse_origin(text: str) -> Origin | None:
    """Return the parts of a serialized origin as they stand there, or `None` if `text` is none.

    `null` is an origin without parts, so it has none here either.
    """
    if len(text) > MAX_ORIGIN_LENGTH:
        return None
    match = _SERIALIZED.fullmatch(text)
    if match is None:
        match = _OF_AN_APP.fullmatch(text)
        return None if match is None or is_web_scheme(match[1]) else Origin(match[1], match[2], "")
    scheme, host, port = match.groups(default="")
    if len(host) > 253 or (port and not 0 < int(port) <= 65535):
        return None
    if host.startswith("[") and canonical_ipv6(host) is None:
        return None
    return Origin(scheme, host, port)


def is_origin(text: str) -> bool:
    """Return whether `text` is what an `Origin` field may hold: a serialized origin or `null`."""
    return text == "null" or parse_origin(text) is not None


def omitted_ports(scheme: str) -> tuple[str, ...]:
    """Return the spellings of the port that a serialized origin of `scheme` leaves out."""
    return ("", str(_DEFAULT_PORTS.get(scheme, "")))


def canonical_ipv6(host: str) -> str | None:
    """Return a bracketed IPv6 address as browsers serialize it, or `None` if it is none."""
    try:
        address = IPv6Address(host[1:-1])
    except AddressValueError:
        return None
    if address.ipv4_mapped:  # browsers write the last 32 bits in hexadecimal, Python 3.13 dotted
        low = int(address.ipv4_mapped)
        return f"[::ffff:{low >> 16:x}:{low & 0xFFFF:x}]"
    return f"[{address.compressed}]"


_EVERY_WEBSITE = frozenset({"https://*", "https://*:*", "http://*", "http://*:*"})


class OriginRules(NamedTuple):
    """The origins that a policy allows, indexed."""

    any: bool = False
    exact: frozenset[str] = frozenset()
    """canonical origins, and `null`"""
    wildcards: frozenset[str] = frozenset()
    """canonical origin patterns: `https://*.example.com`, `http://localhost:*`, `https://*`"""
    regexes: tuple[re.Pattern[str], ...] = ()
    predicates: tuple[OriginPredicate, ...] = ()
    wide_regexes: tuple[re.Pattern[str], ...] = ()
    """those of `regexes` that let any website in"""

    @property
    def only_origin(self) -> str | None:
        """Return the origin, if the rules are exactly one exact origin."""
        if self.any or self.wildcards or self.regexes or self.predicates or len(self.exact) != 1:
            return None
        return next(iter(self.exact))

    @property
    def anyone(self) -> bool:
        """Return whether any website is let in, by the wildcard or by what is as wide.

        What callables let in is not known, and counts as nobody.
        """
        return self.any or not _EVERY_WEBSITE.isdisjoint(self.wildcards) or bool(self.wide_regexes)

    def verdict(self, text: str) -> bool | None:
        """Return whether an `Origin` is allowed, or `None` where the callables must be asked."""
        if self.any:
            return True
        if len(text) > MAX_ORIGIN_LENGTH:  # before it is hashed or searched
            return False
        if text in self.exact:
            return True
        if not text.isascii():  # `lower` makes a "k" of the Kelvin sign
            return False
        canonical = text.lower()
        if canonical in self.exact and canonical != "null":
            return True
        if not (self.wildcards or self.regexes or self.predicates):
            return False
        return self._searched(text, canonical)

    def _searched(self, text: str, canonical: str) -> bool | None:
        origin = parse_origin(canonical)
        if origin is None:
            return False
        if not self.wildcards.isdisjoint(generalizations(origin)):
            return True
        if any(regex.fullmatch(text) for regex in self.regexes):
            return True
        return None if self.predicates else False

    def near_miss(self, text: str) -> str | None:
        """Return the regular expression that matches only the start of a refused origin, if any.

        The first thing to look at where an expression was written for a prefix.
        """
        if parse_origin(text) is None:
            return None
        starts = ((regex.pattern, regex.match(text)) for regex in self.regexes)
        return next((pattern for pattern, match in starts if match and match.end()), None)


def generalizations(origin: Origin) -> Iterator[str]:
    """Return every canonical origin pattern that matches an origin in lower case.

    They are as many as its host has labels, twice: for its own port and for any.
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
