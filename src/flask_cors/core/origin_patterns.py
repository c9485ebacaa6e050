"""What people write as an origin, parsed: an origin, an origin pattern or a regular expression.

Set-up needs this; what a request needs stands in `origins`.
"""

import re
import unicodedata

from .errors import Code, safe_repr
from .headers import has_regex_syntax
from .origins import NAME, canonical_ipv6, omitted_ports

ANY_SPELLINGS = frozenset({"*", ".*", "^.*", ".*$", "^.*$", ".+", "^.+$"})
"""How the wildcard is written: `*`, and the regular expressions that match everything."""

_HOST_NAME = re.compile(NAME, re.IGNORECASE | re.ASCII)
_BARE_IPV6 = re.compile(r"\[[0-9a-fA-F:.]+\](?::(?:[0-9]+|\*))?/?")
# The same as people write it; what else stands in the string is left for `rest`.
_WRITTEN = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{0,63})://"
    r"(?P<host>\[[0-9a-fA-F:.]*\]|[a-zA-Z0-9_.*\u0080-\U0010ffff-]*)"
    r"(?::(?P<port>[0-9]+|\*)(?![\w*\\]))?(?P<rest>.*)",
    re.DOTALL,
)


REGEX_ERRORS = (re.error, OverflowError, RecursionError)
"""What `re.compile` raises for an expression that is not valid."""


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
        OriginError: if no origin could match it.
    """
    if text in ANY_SPELLINGS:
        return "*"
    if text.lower() == "null":
        return "null"
    written = _WRITTEN.fullmatch(text)
    if written is None:
        if has_regex_syntax(text) and _BARE_IPV6.fullmatch(text) is None:
            return _compiled(text)
        raise _without_scheme(text)
    scheme, host, port, rest = written.group("scheme", "host", "port", "rest")
    if rest not in ("", "/") or not host or (host.startswith(".") and ".*" in host):
        if host.startswith("*") and has_regex_syntax(rest):
            raise _wildcard(scheme)
        if _is_regex(host, rest):
            return _compiled(text)
        raise _malformed(text, scheme, host, rest)
    canonical = _canonical(scheme.lower(), host, port or "")
    return text if text == canonical else canonical  # one text is kept of each, not two


def compile_regex(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    """Return a pattern compiled to be compared without regard to case.

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
            "has letters outside ASCII; browsers send the punycode form. Write 'xn--...'",
        )
    try:
        return compile_regex(text)
    except REGEX_ERRORS as error:
        raise OriginError(
            "origin-regex",
            f"is not a valid regular expression ({error}). Write the origin without "
            "regex syntax, 'https://app.example', or mend the expression",
        ) from error


def _is_regex(host: str, rest: str) -> bool:
    """Return whether `scheme://host` followed by `rest` can be a regular expression at all.

    An origin holds no path, query or fragment, so what spells one out can never match.
    """
    if rest.startswith(("/", "#")) or "@" in rest.partition("\\")[0]:
        return False
    query = rest.removeprefix("?")
    if query != rest and not host.endswith((".", "*")):
        return "." in query and not re.search(r"[=&/#%]", query)
    return has_regex_syntax(host + rest)


def _without_scheme(text: str) -> OriginError:
    if text.startswith("*://"):
        return OriginError(
            "origin-wildcard",
            f"has a wildcard for its scheme. List the schemes: 'https{text[1:]}', 'http{text[1:]}'",
        )
    bare = re.sub(r"^(?:https?:/*|https?/+|:?/+)", "", text)
    host = safe_repr(re.split(r"[/?#@]", bare)[0])[1:-1]
    if not host.strip("*."):
        host = "app.example"
    return OriginError(
        "origin-scheme",
        f"has no scheme, so it can never match. Write 'https://{host}' or 'http://{host}'",
    )


def _malformed(text: str, scheme: str, host: str, rest: str) -> OriginError:
    """Return the error for a string that starts like an origin and does not end like one."""
    origin = text[: len(text) - len(rest)]
    written = safe_repr(origin)[1:-1]
    if "@" in rest:
        host = rest.rpartition("@")[2].rstrip("/")
        return OriginError(
            "origin-userinfo",
            f"holds a user name or password, which no origin does. Write '{scheme}://{host}'",
        )
    if rest.startswith(("/", "#")) and host:
        return OriginError(
            "origin-path",
            f"has a path, which no origin has, so it can never match. Write '{written}'",
        )
    if rest.startswith("?"):
        return OriginError(
            "origin-query",
            f"has a query, which no origin has, so it can never match. Write '{written}'",
        )
    if "*" in rest:
        return _wildcard(scheme)
    if rest.startswith(":"):
        return OriginError(
            "origin-port",
            "has a bad port. Write a number from 1 to 65535, or ':*' for any: "
            f"'{scheme}://{host}:8000', '{scheme}://{host}:*'",
        )
    return OriginError(
        "origin-host", f"has no valid host. Write '{scheme}://app.example', one origin an item"
    )


def _wildcard(scheme: str) -> OriginError:
    return OriginError(
        "origin-wildcard",
        "has a '*' where none can stand: it stands for whole leading labels, a whole host or a "
        f"whole port. Write '{scheme}://*.example.com', '{scheme}://*' or "
        f"'{scheme}://localhost:*'; for anything finer a regular expression: "
        rf"r'{scheme}://app-\d+\.example\.com'",
    )


def _canonical(scheme: str, host: str, port: str) -> str:
    """Return an origin or origin pattern in the spelling that a browser would send."""
    if not host.isascii():
        raise OriginError(
            "origin-idn",
            f"has an internationalised host; browsers send its punycode form. "
            f"Write '{scheme}://{_punycode(host)}{':' * bool(port)}{port}'",
        )
    host = host.lower()  # only now: in lower case the Kelvin sign is an ordinary "k"
    if host.startswith("["):
        address = canonical_ipv6(host)
        if address is None:
            raise OriginError(
                "origin-host", f"has no valid IPv6 address. Write '{scheme}://[2001:db8::1]'"
            )
        host = address
    elif host != "*":
        name = host.removeprefix("*.")
        if "*" in name:
            raise _wildcard(scheme)
        if _HOST_NAME.fullmatch(name) is None or len(name) > 253:
            raise OriginError(
                "origin-host",
                f"has no valid host. Write '{scheme}://app.example'",
            )
    if port not in ("", "*"):
        port = port.lstrip("0") or "0"
        if len(port) > 5 or not 0 < int(port) <= 65535:
            raise OriginError(
                "origin-port",
                f"has a bad port. Write a number from 1 to 65535, or ':*' for any: "
                f"'{scheme}://{host}:*'",
            )
    return f"{scheme}://{host}" + (f":{port}" if port not in omitted_ports(scheme) else "")


def _punycode(host: str) -> str:
    """Return the likely ASCII form of a host; for a message, which a person reads."""
    labels = unicodedata.normalize("NFKC", host).lower().split(".")
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
        for label in labels
    )
