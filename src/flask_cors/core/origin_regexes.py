"""Mistakes in regular expressions for origins: what no origin can match, and misread wildcards.

Only what is certain is a mistake. What groups and alternatives contain is not examined.
"""

import re
import string
from difflib import get_close_matches
from typing import NamedTuple

from .environment import CHARACTER_CLASS
from .errors import Code
from .origins import canonical_ipv6, is_web_scheme, omitted_ports

# Plain strings: `re` compiles them when they are first used, and most apps never need them.
_PART = rf"(?s)\\.|{CHARACTER_CLASS}|\(\?[a-zA-Z]+\)|."
_STAR_AFTER_SLASHES = r"(?is)[\^(]*(?P<scheme>.*?):\\?/\\?/(?P<sign>[*?])(?P<after>.*)"
_NAME = r"(?i)(?:[*+?]|\\?\.)*(?P<name>[a-z0-9_-]+(?:\\?\.[a-z0-9_-]+)+)"
_ONLY_A_CLASS = rf"(?s)\^?{CHARACTER_CLASS}\]*\$?"
_IPV6_AS_CLASS = r"\[(?P<address>[^\]\\^]*:[^\]\\]*:[^\]\\]*)\](?![*+?{])"
# Most expressions: nothing in them can be one of the mistakes.
_USUAL = r"\^?https?\??:\\?/\\?/(?![*?])(?!.*\[[*?]\])(?:[ -\"$-.0-9;-?A-\[\]-~]|\\[^*?/:@#])*"
_OPTIONAL = r"(?:[*?]|\{0?,|\{0\})"

# What stands for a part that is not one literal character, or for an escaped one.
_GROUP, _CLASS, _QUESTION_MARK, _STAR = "\0", "\1", "\2", "\3"
_ESCAPED = {"?": _QUESTION_MARK, "*": _STAR, **dict.fromkeys("^$+{|", _CLASS)}

_LETTERS = string.ascii_letters + string.digits

_SCHEME_OF_PAGES = {"ws": "http", "wss": "https", "wss?": "https?"}


class Mistake(NamedTuple):
    """What is wrong with an expression. The message has `{}` for each of the remedies."""

    code: Code
    message: str
    remedies: tuple[str, ...]


def meant_scheme(scheme: str) -> str | None:
    """Return the scheme that was probably meant by one that pages do not have."""
    if is_web_scheme(scheme) or scheme in _SCHEME_OF_PAGES:
        return _SCHEME_OF_PAGES.get(scheme)
    return next(iter(get_close_matches(scheme, ("https", "http"), 1, 0.75)), None)


def regex_mistake(pattern: str) -> Mistake | None:
    """Return what is wrong with an expression that is not verbose, or `None`."""
    if re.fullmatch(_USUAL, pattern):
        return None
    if re.fullmatch(_ONLY_A_CLASS, pattern):
        return Mistake(
            "origin-scheme",
            "is a class of characters: it matches one character, and never an origin. Write {}",
            ("https://app.example",),
        )
    if (mistake := _star_after_slashes(pattern)) is not None:
        return mistake
    flat = _Flat.of(pattern)
    return None if "|" in flat.text else _not_ascii(flat) or _never_matching(flat)


def _star_after_slashes(pattern: str) -> Mistake | None:
    """Return the mistake of `//*.a.example`, which matches `//xa.example` but no subdomain."""
    found = re.match(_STAR_AFTER_SLASHES, re.sub(CHARACTER_CLASS, "x", pattern))
    if found is None:
        return None
    scheme, after = found["scheme"], found["after"]
    schemes = [scheme] if scheme in {"https", "http"} else ["https", "http"]
    any_host = re.fullmatch(r"(?P<port>(?::(?:[0-9]+|\*))?)[$)]*", after)
    if any_host is not None:
        return Mistake(
            "origin-wildcard",
            f"has a '{found['sign']}' straight after the slashes, where it stands for slashes. "
            f"Write {' and '.join('{}' for _ in schemes)} for any host",
            tuple(f"{one}://*{any_host['port']}" for one in schemes),
        )
    named = re.match(_NAME, after)
    name = named["name"].replace("\\", "").lower() if named else "example.com"
    written = scheme if len(schemes) == 1 else "https?"
    return Mistake(
        "origin-wildcard",
        f"has a '{found['sign']}' straight after the slashes, where it stands for slashes, so that "
        f"a dot after it matches a single character. Write {' and '.join('{}' for _ in schemes)}; "
        "or, with the domain itself, {}",
        (
            *(f"{one}://*.{name}" for one in schemes),
            rf"{written}://(.+\.)?{re.escape(name)}",
        ),
    )


class _Flat(NamedTuple):
    """An expression without its groups: one character for each part outside of them."""

    pattern: str
    text: str
    places: tuple[int, ...]
    """for each character of the text, the position of its part in the pattern, and the end"""

    @classmethod
    def of(cls, pattern: str) -> "_Flat":
        parts: list[str] = []
        places: list[int] = []
        depth = 0
        for found in re.finditer(_PART, pattern):
            part = found[0]
            depth -= part == ")"
            if not depth and not part.startswith("(?"):
                parts.append(_as_character(part))
                places.append(found.start())
            depth += part == "("
        return cls(pattern, "".join(parts), (*places, len(pattern)))

    def written(self, start: int, end: int) -> str:
        """Return what a part of the text is in the pattern."""
        return self.pattern[self.places[start] : self.places[end]]

    def certain(self, signs: str, start: int) -> int | None:
        """Return where one of some signs is that every match needs, or `None`."""
        found = re.compile(rf"[{signs}](?!{_OPTIONAL})").search(self.text, start)
        return found and found.start()


def _as_character(part: str) -> str:
    if part[0] == "[":
        return _ESCAPED.get(part[1], part[1]) if len(part) == 3 else _CLASS
    if part[0] == "\\":
        return _CLASS if part[1].isalnum() else _ESCAPED.get(part[1], part[1])
    return _GROUP if part in "()" else part


def _not_ascii(flat: _Flat) -> Mistake | None:
    if flat.text.isascii():
        return None
    letters = {sign for sign in flat.text if not sign.isascii()}
    # Without regard to case, the long s and the Kelvin sign match ASCII letters.
    never = [re.escape(sign) for sign in letters if not re.search(sign, _LETTERS, re.IGNORECASE)]
    if not never or flat.certain("".join(never), 0) is None:
        return None
    return Mistake(
        "origin-idn",
        "has non-ASCII letters; browsers send the punycode form. Write it, as in {}",
        (r"https://xn--bcher-kva\.example",),
    )


def _never_matching(flat: _Flat) -> Mistake | None:
    """Return what every match needs although no origin has it."""
    start = flat.text.find("://") + 3
    if start < 3:
        return None
    scheme = flat.text[: start - 3].lstrip("^").lower()
    meant = meant_scheme(scheme) if re.fullmatch(r"[a-z][a-z0-9-]*|wss\?", scheme) else None
    if meant is not None:
        return Mistake(
            "origin-scheme",
            "has a scheme that no page has, so it can never match. Write {}",
            (f"{meant}{flat.written(start - 3, len(flat.text))}",),
        )
    return _address_as_class(flat, start) or _sign(flat, start) or _port(flat, start, scheme)


def _address_as_class(flat: _Flat, start: int) -> Mistake | None:
    """Return the mistake of an IPv6 address whose brackets are not escaped."""
    found = re.match(_IPV6_AS_CLASS, flat.written(start, len(flat.text)))
    if found is None:
        return None
    address = canonical_ipv6(f"[{found['address']}]") or "[2001:db8::1]"
    escaped = address.replace("[", r"\[").replace("]", r"\]")
    rest = flat.pattern[flat.places[start] + found.end() :]
    return Mistake(
        "origin-host",
        "has brackets that are not escaped: they are a class of characters, not an IPv6 address. "
        "Write {}",
        (f"{flat.written(0, start)}{escaped}{rest}",),
    )


_SIGNS: dict[str, tuple[Code, str]] = {
    "/": ("origin-path", "has a path; an origin has none"),
    "#": ("origin-path", "has a fragment; an origin has none"),
    _QUESTION_MARK: ("origin-query", "has a query; an origin has none"),
    "@": ("origin-userinfo", "contains a user name or password; an origin has none"),
    _STAR: ("origin-wildcard", "has a '*' that stands for itself; an origin has none"),
}


def _sign(flat: _Flat, start: int) -> Mistake | None:
    """Return the mistake of a sign after the slashes that no origin has."""
    place = flat.certain("".join(_SIGNS), start)
    if place is None:
        return None
    code, text = _SIGNS[flat.text[place]]
    before, after = flat.written(0, place), flat.written(place + 1, len(flat.text))
    if code == "origin-userinfo":
        remedy = flat.written(0, start) + after
    elif code == "origin-wildcard":
        remedy = f"{before}[^.]+{after}"
    else:
        remedy = before
    return Mistake(code, f"{text}, so it can never match. Write {{}}", (remedy,))


def _port(flat: _Flat, start: int, scheme: str) -> Mistake | None:
    """Return the mistake of a port that no origin has, or of a `:*` without a port."""
    found = re.compile(r":(?P<port>[0-9]+|\*)(?=\$?\Z)").search(flat.text, start)
    if found is None:
        return None
    before, after = flat.written(0, found.start()), flat.written(found.end(), len(flat.text))
    any_port = rf"{before}(:\d+)?{after}"
    port = found["port"]
    if port == "*":
        return Mistake(
            "origin-wildcard",
            "has a ':*' that repeats the colon, so that no port matches. Write {}",
            (any_port,),
        )
    if port in omitted_ports(scheme):
        text = "has the default port of its scheme, which browsers leave out. Write {}"
        return Mistake("origin-port", text, (before + after,))
    if len(port) > 5 or not 0 < int(port) <= 65535:
        text = "has an invalid port. Write a number from 1 to 65535, or allow any: {}"
        return Mistake("origin-port", text, (any_port,))
    return None
