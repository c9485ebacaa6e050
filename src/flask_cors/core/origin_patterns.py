"""Parsing of configured origins: an origin, an origin pattern or a regular expression.

This is needed at set-up. What is needed at request time is in `origins`.
"""

import re
import unicodedata
from difflib import get_close_matches
from ipaddress import IPv4Address

from .environment import CHARACTER_CLASS
from .errors import Code, safe_repr
from .headers import has_regex_syntax
from .origins import NAME, canonical_ipv6, is_web_scheme, omitted_ports

ANY_SPELLINGS = frozenset({"*", ".*", "^.*", ".*$", "^.*$", ".+", "^.+$"})
"""The spellings of the wildcard: `*`, and regular expressions that match everything."""

# Plain strings: `re` compiles them when they are first used, and most apps never need them.
_HOST_NAME = rf"(?ia){NAME}"
# A serialized origin as written in a configuration; `rest` is whatever follows it.
_WRITTEN = (
    r"(?s)(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{0,63})://"
    # ASCII letters and digits, "*-._", and every character outside ASCII. The class is negated
    # because `re` takes long to compile a class that reaches to the last code point.
    r"(?P<host>\[[0-9a-fA-F:.]*\]|[^\x00-)+,/:-@\[-^`{-\x7f]*)"
    r"(?::(?P<port>[0-9]+|\*)(?!\w))?(?P<rest>.*)"
)
_ADDRESS = r"(?:[0-9a-f.]*:){2}[0-9a-f.:]*"
_IPV6 = rf"(?i)\[?{_ADDRESS}[\]%]"
_BARE_IPV6 = r"(?i)\[[0-9a-f.:]+\](?::[0-9*]*)?/?"
_NUMBER = r"(?i)(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?"


REGEX_ERRORS = (re.error, OverflowError, RecursionError)
"""The exceptions that `re.compile` raises for an invalid expression."""


class OriginError(ValueError):
    """The reason why a configured string can never match an origin, with what to write instead."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code


def read_origin(text: str) -> str | re.Pattern[str]:
    """Parse one configured origin.

    Returns:
        `"*"`, `"null"`, an origin or an origin pattern in its canonical spelling (lower case, no
        default port, no trailing slash), or a compiled regular expression.

    Raises:
        OriginError: if it can never match an origin.
    """
    if text in ANY_SPELLINGS:
        return "*"
    if text.lower() == "null":
        return "null"
    written = re.fullmatch(_WRITTEN, text)
    if written is None:
        if has_regex_syntax(text) and not _only_looks_like_regex(text):
            return _compiled(text)
        raise _without_scheme(text)
    scheme, host, port, rest = written.group("scheme", "host", "port", "rest")
    if rest in ("", "/"):
        if not (host.startswith(".") and ".*" in host):
            canonical = _canonical(scheme.lower(), host, port or "")
            return text if text == canonical else canonical  # keeps one string in memory, not two
    elif host.startswith("*") and has_regex_syntax(rest):
        raise _wildcard(scheme, host)
    if _is_regex(host, rest):
        return _compiled(text)
    raise _malformed(text, scheme, host, rest)


def _only_looks_like_regex(text: str) -> bool:
    """Return whether a string without a scheme only looks like a regular expression."""
    return (
        re.fullmatch(_BARE_IPV6, text) is not None
        or re.match(r"[a-z]*:?\\\\", text, re.IGNORECASE) is not None  # https:\\a.example
        or re.fullmatch(r"/.*/[a-z]*", text, re.DOTALL) is not None  # JavaScript's syntax
    )


def compile_regex(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    """Return a pattern compiled to ignore case.

    Raises:
        REGEX_ERRORS: if it is not a valid regular expression.
    """
    if isinstance(pattern, str):
        return re.compile(pattern, re.IGNORECASE)
    return re.compile(pattern.pattern, pattern.flags | re.IGNORECASE)


def _compiled(text: str) -> re.Pattern[str]:
    if not text.isascii():
        raise OriginError(
            "origin-idn",
            "has non-ASCII letters; browsers send the punycode form. Write 'xn--...'",
        )
    try:
        return compile_regex(text)
    except REGEX_ERRORS as error:
        raise OriginError(
            "origin-regex",
            f"is not a valid regular expression ({error}). Write the origin without "
            "regex syntax, 'https://app.example', or fix the expression",
        ) from error


def _is_regex(host: str, rest: str) -> bool:
    """Return whether `scheme://host` followed by `rest` can be a regular expression.

    An origin has no path, query or fragment, so an expression for one can never match.
    """
    if rest.startswith(("/", "#", "://")) or "@" in re.sub(CHARACTER_CLASS, "", rest):
        return False
    if re.match(_IPV6, host + rest):
        return False  # an IPv6 address: as an expression, it would be a class of characters
    query = rest.removeprefix("?")
    if query != rest and not host.endswith((".", "*")):
        return "." in query and not re.search(r"[=&/#%]", query)
    return has_regex_syntax(host + rest) and not re.search(r"[\s;]\w+://", rest)


def _without_scheme(text: str) -> OriginError:
    """Return the error for a string that does not start with a scheme."""
    if text.startswith("*://"):
        return OriginError(
            "origin-wildcard",
            f"has a wildcard as its scheme. List the schemes: 'https{text[1:]}', 'http{text[1:]}'",
        )
    if text.lower() in ("all", "any", "anyone", "everyone"):
        return OriginError("origin-scheme", "is not an origin. Write '*' for every website")
    if has_regex_syntax(text) and text.startswith("/"):
        inner = safe_repr(text[1:].rpartition("/")[0].replace("\\/", "/"))
        return OriginError(
            "origin-regex",
            "is enclosed in slashes, as in JavaScript, and would match nothing. "
            f"Write r{inner.replace(chr(92) * 2, chr(92))}",
        )
    app = re.fullmatch(r"([a-z][a-z0-9+.-]*):/?(\.?)", text, re.IGNORECASE)
    if app and not is_web_scheme(app[1]):
        return OriginError(
            "origin-scheme",
            f"lacks the '//' after the scheme. Write '{app[1].lower()}://{app[2]}'",
        )
    nested = re.match(r"(?:blob|filesystem|view-source):(\w+://[^/#]*)", text, re.IGNORECASE)
    if nested or re.match(r"(?:data|about|javascript):(?!\d+/?$)", text, re.IGNORECASE):
        sent = safe_repr(nested[1]) if nested else "'null'"
        return OriginError("origin-scheme", f"is not an origin; browsers send {sent}. Write {sent}")
    return _bare_host(text)


def _bare_host(text: str) -> OriginError:
    """Return the error for a host where an origin was expected."""
    bare = re.sub(r"(?i)^(?:https?:[/\\]*|https?[/\\]+|:?[/\\]+)", "", text)
    host = re.split(r"[/\\?#]", bare)[0].rpartition("@")[2]
    if not host.strip("*."):
        host = "app.example"
    wrong = "has no scheme, so it can never match."
    try:
        read_origin(f"https://{host}")  # the message must not say to write what is refused too
    except OriginError as error:
        return OriginError("origin-scheme", f"{wrong} With one, it {error}")
    secure, plain = safe_repr(f"https://{host}"), safe_repr(f"http://{host}")
    return OriginError("origin-scheme", f"{wrong} Write {secure} or {plain}")


def _malformed(text: str, scheme: str, host: str, rest: str) -> OriginError:
    """Return the error for a string that starts like an origin but does not end like one."""
    origin = safe_repr(text[: len(text) - len(rest)])
    misread = _misread(text, scheme, host + rest)
    if misread is not None:
        return misread
    _, at, name = re.split(r"[/?#]", rest)[0].rpartition("@")
    if at:
        return OriginError(
            "origin-userinfo",
            f"contains a user name or password; an origin has none. Write '{scheme}://{name}'",
        )
    if rest.startswith(("/", "#")) and (host or not is_web_scheme(scheme)):
        return OriginError(
            "origin-path",
            f"has a path; an origin has none, so it can never match. Write {origin}",
        )
    if rest.startswith("?"):
        return OriginError(
            "origin-query",
            f"has a query; an origin has none, so it can never match. Write {origin}",
        )
    if "*" in rest:
        return _wildcard(scheme, host)
    if rest.startswith(":") and host:
        return OriginError(
            "origin-port",
            "has an invalid port. Write a number from 1 to 65535, or ':*' for any: "
            f"'{scheme}://{host}:8000', '{scheme}://{host}:*'",
        )
    return _no_host(scheme, rest.strip("/") if not host else "")


def _misread(text: str, scheme: str, authority: str) -> OriginError | None:
    """Return the error for several origins, a repeated scheme or a badly written IPv6 address."""
    several = re.split(r"[\s;|]+(?=\w+://)", text)
    if len(several) > 1:
        return OriginError(
            "origin-host",
            "contains more than one origin. Write commas between them, or write a list: "
            f"{safe_repr(', '.join(several))}",
        )
    again = re.match(r"(?:https?:?/+)*(https?):?/+(?=[^/])", authority, re.IGNORECASE)
    if again:
        once = safe_repr(f"{again[1].lower()}://{authority[again.end() :]}")
        return OriginError("origin-scheme", f"has the scheme twice. Write {once}")
    address = _unbracketed(text[len(scheme) + 3 :])
    if address is not None:
        return OriginError(
            "origin-host",
            "is not what browsers send: an IPv6 address is in brackets, and only a colon and a "
            f"port may follow. Write '{scheme}://{address}'",
        )
    return None


def _no_host(scheme: str, host: str = "") -> OriginError:
    host = host if re.fullmatch(_HOST_NAME, host) else "app.example"
    return OriginError("origin-host", f"has no valid host. Write '{scheme}://{host}'")


def _unbracketed(authority: str) -> str | None:
    """Return an IPv6 address and port as browsers write them, if brackets or a colon are missing.

    The zone of an address (`%eth0`) is local to one machine, so browsers do not send it.
    """
    found = re.fullmatch(
        rf"\[?(?P<address>{_ADDRESS})(?:%[\w%]+)?"
        r"(?:\]:?(?P<port>[0-9]+)?(?P<more>.*))?/?",
        authority,
        re.IGNORECASE | re.DOTALL,
    )
    if found is None:
        return None
    address, port = found["address"], found["port"] or ("*" if found["more"] else "")
    if "]" not in authority:
        head, _, last = address.rpartition(":")
        if canonical_ipv6(f"[{head}]") and last.isdecimal() and len(last) > 3:
            address, port = head, last  # four or more digits are probably a port
    host = canonical_ipv6(f"[{address}]")
    return host and host + (f":{port}" if port else "")


def _wildcard(scheme: str, host: str) -> OriginError:
    below = host.rpartition("*")[2].strip(".-")
    below = below if below.count(".") and re.fullmatch(_HOST_NAME, below) else "example.com"
    if re.fullmatch(_NUMBER, below):
        below = "example.com"
    return OriginError(
        "origin-wildcard",
        "has a '*' where it is not supported: it can replace whole leading labels, the whole host "
        f"or the whole port. Write '{scheme}://*.{below}', '{scheme}://*' or "
        f"'{scheme}://localhost:*'; for anything finer, use a regular expression: "
        rf"r'{scheme}://app-\d+\.example\.com'",
    )


def _canonical(scheme: str, host: str, port: str) -> str:
    """Return an origin or origin pattern in the spelling that browsers use."""
    _check_scheme(scheme, host, port)
    if host in ("", ".") and not port and not is_web_scheme(scheme):
        return f"{scheme}://{host}"
    host = _canonical_host(scheme, host, port)
    if port not in ("", "*"):
        port = port.lstrip("0") or "0"
        if len(port) > 5 or not 0 < int(port) <= 65535:
            raise OriginError(
                "origin-port",
                f"has an invalid port. Write a number from 1 to 65535, or ':*' for any: "
                f"'{scheme}://{host}:*'",
            )
    return f"{scheme}://{host}" + (f":{port}" if port not in omitted_ports(scheme) else "")


_SCHEME_OF_PAGES = {"ws": "http", "wss": "https"}


def _check_scheme(scheme: str, host: str, port: str) -> None:
    """Raise an error for a scheme that pages do not have."""
    meant = _SCHEME_OF_PAGES.get(scheme)
    if not is_web_scheme(scheme):
        meant = next(iter(get_close_matches(scheme, ("https", "http"), 1, 0.75)), None)
    if meant is not None:
        host, port = host or "app.example", f":{port}" if port else ""
        raise OriginError(
            "origin-scheme",
            f"has a scheme that no page has, so it can never match. Write '{meant}://{host}{port}'",
        )


def _canonical_host(scheme: str, host: str, port: str) -> str:
    if not host.isascii():
        raise OriginError(
            "origin-idn",
            f"has an internationalised host; browsers send its punycode form. "
            f"Write '{scheme}://{_punycode(host)}{':' * bool(port)}{port}'",
        )
    # Only after the check for ASCII: `lower` would turn the Kelvin sign into an ordinary "k".
    host = host.lower()
    if host.startswith("["):
        address = canonical_ipv6(host)
        if address is None:
            raise OriginError(
                "origin-host", f"has an invalid IPv6 address. Write '{scheme}://[2001:db8::1]'"
            )
        return address
    name = host.removeprefix("*.")
    if host == "*":
        return host
    if "*" in name or (name != host and re.fullmatch(_NUMBER, name)):
        raise _wildcard(scheme, host)
    labels = [label for label in name.split(".") if label]
    if name.removesuffix(".") != ".".join(labels) and labels:
        raise _empty_label(scheme, host, labels, port)
    if re.fullmatch(_HOST_NAME, name) is None or len(name) > 253:
        raise _no_host(scheme)
    if is_web_scheme(scheme) and re.fullmatch(_NUMBER, name):
        _check_ipv4(scheme, host, port)
    return host


def _empty_label(scheme: str, host: str, labels: list[str], port: str) -> OriginError:
    name, port = ".".join(labels), f":{port}" if port else ""
    subdomains = f", or '{scheme}://*.{name}{port}' for its subdomains" if host[0] == "." else ""
    return OriginError(
        "origin-host",
        f"has an extra dot in its host. Write '{scheme}://{name}{port}'{subdomains}",
    )


def _check_ipv4(scheme: str, host: str, port: str) -> None:
    """Raise an error for an IPv4 address that is invalid, or that browsers write differently."""
    address = _ipv4(host.removesuffix("."))
    if address == host:
        return
    port = f":{port}" if port else ""
    if address is None:
        raise OriginError(
            "origin-host", f"has an invalid IPv4 address. Write '{scheme}://127.0.0.1{port}'"
        )
    raise OriginError(
        "origin-host",
        f"is not what browsers send: they write an IPv4 address in full. "
        f"Write '{scheme}://{address}{port}'",
    )


def _ipv4(host: str) -> str | None:
    """Return an address as browsers serialize it (https://url.spec.whatwg.org/#concept-ipv4-parser)."""
    parts = host.split(".")
    bases = [16 if part.startswith("0x") else 8 if part[:1] == "0" else 10 for part in parts]
    try:
        numbers = [
            int(part.removeprefix("0x") or "0", base)
            for part, base in zip(parts, bases, strict=True)
        ]
    except ValueError:
        return None
    *first, last = numbers
    if len(first) > 3 or any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    return str(IPv4Address(sum(n * 256 ** (3 - at) for at, n in enumerate(first)) + last))


def _punycode(host: str) -> str:
    """Return the probable ASCII form of a host, for use in a message."""
    labels = unicodedata.normalize("NFKC", host).lower().split(".")
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
        for label in labels
    )
