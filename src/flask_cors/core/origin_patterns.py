"""Parsing of configured origins: an origin, an origin pattern or a regular expression.

This is needed at set-up. What is needed at request time is in `origins`.
"""

import re
import unicodedata
import warnings
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
    """The reason why a configured string can never match an origin, with what to write instead.

    Args:
        code: the stable name of this kind of problem.
        message: the text, with `{}` for each of the remedies.
        remedies: what to write instead.
    """

    def __init__(self, code: Code, message: str, *remedies: str) -> None:
        super().__init__(message.format(*map(_quoted, remedies)) if remedies else message)
        self.code: Code = code
        self.message = message
        self.remedies = remedies


def _quoted(origin: str) -> str:
    """Return an origin as Python code."""
    quoted = safe_repr(origin)
    return "r" + quoted.replace("\\\\", "\\") if "\\" in quoted else quoted


def read_origin(written: str | re.Pattern[str]) -> str | re.Pattern[str]:
    """Parse one configured origin, pattern or regular expression.

    Returns:
        `"*"`, `"null"`, an origin or an origin pattern in its canonical spelling (lower case, no
        default port, no trailing slash), or a compiled regular expression.

    Raises:
        OriginError: if it can never match an origin. What it says to write is accepted.
    """
    try:
        return _read(written) if isinstance(written, str) else _read_compiled(written)
    except OriginError as error:
        remedies = map(_accepted, error.remedies)
        raise OriginError(error.code, error.message, *remedies) from error.__cause__


def _accepted(suggestion: str) -> str:
    """Return a suggestion, or what is suggested instead of one that is refused, or an example."""
    if ", " in suggestion:
        return ", ".join(map(_accepted, suggestion.split(", ")))
    example = "http://app.example" if suggestion.startswith("http:") else "https://app.example"
    for _ in range(_MOST_MISTAKES):
        try:
            _read(suggestion)
        except OriginError as error:
            suggestion = error.remedies[0]
        else:
            return suggestion if len(ascii(suggestion)) <= _LONGEST_REMEDY else example
    return example


_MOST_MISTAKES = 5  # of one origin, that are corrected one after the other
_LONGEST_REMEDY = 120  # characters; a longer one would be shortened in a message


def _read(text: str) -> str | re.Pattern[str]:
    if text in ANY_SPELLINGS:
        return "*"
    if text.lower() == "null":
        return "null"
    if not text.isascii():
        _refuse_invisible(text)
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


def _refuse_invisible(text: str) -> None:
    """Raise an error for characters that nobody sees and that browsers remove from a host."""
    visible = _without_ignored(text)
    if visible != text:
        (code, *_) = [ord(character) for character in text if _is_ignored(character)]
        raise OriginError(
            "origin-idn", f"has an invisible character (U+{code:04X}). Write {{}}", visible
        )


def _only_looks_like_regex(text: str) -> bool:
    """Return whether a string without a scheme only looks like a regular expression."""
    return (
        re.fullmatch(_BARE_IPV6, text) is not None
        or re.match(r"[a-z]*:?\\\\", text, re.IGNORECASE) is not None  # https:\\a.example
        or re.fullmatch(r"/.*/[a-z]*", text, re.DOTALL) is not None  # JavaScript's syntax
    )


# In a class of characters, these may become operators in a later Python: `re` warns of them.
_WARNED_OF = ("[[", "--", "&&", "~~", "||")


def compile_text(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a string compiled without the warnings of `re`, which are not about the user's code.

    Raises:
        REGEX_ERRORS: if it is not a valid regular expression.
    """
    if not any(sign in pattern for sign in _WARNED_OF):
        return re.compile(pattern, flags)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(pattern, flags)


def compile_regex(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    """Return a pattern compiled to ignore case.

    Raises:
        REGEX_ERRORS: if it is not a valid regular expression.
    """
    if isinstance(pattern, str):
        return compile_text(pattern, re.IGNORECASE)
    return re.compile(pattern.pattern, pattern.flags | re.IGNORECASE)


def _read_compiled(pattern: re.Pattern[str]) -> str | re.Pattern[str]:
    if pattern.pattern in ANY_SPELLINGS:
        return "*"
    if not pattern.flags & re.VERBOSE:
        _check_regex(pattern.pattern)
    return compile_regex(pattern)


def _check_regex(pattern: str) -> None:
    """Raise an error for an expression that no origin can match, or for a misread `*`."""
    from .origin_regexes import regex_mistake  # noqa: PLC0415  (many apps have no expression)

    mistake = regex_mistake(pattern)
    if mistake is not None:
        raise OriginError(mistake.code, mistake.message, *mistake.remedies)


def _compiled(text: str) -> re.Pattern[str]:
    if not text.isascii():
        raise OriginError(
            "origin-idn",
            "has non-ASCII letters; browsers send the punycode form. Write it, as in {}",
            r"https://xn--bcher-kva\.example",
        )
    try:
        regex = compile_regex(text)
    except REGEX_ERRORS as error:
        reason = str(error).replace("{", "{{").replace("}", "}}")
        raise OriginError(
            "origin-regex",
            f"is not a valid regular expression ({reason}). Write the origin without "
            "regex syntax, {}, or fix the expression",
            "https://app.example",
        ) from error
    if not regex.flags & re.VERBOSE:
        _check_regex(text)
    return regex


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
            "has a wildcard as its scheme. List the schemes: {}, {}",
            f"https{text[1:]}",
            f"http{text[1:]}",
        )
    if text.lower() in ("all", "any", "anyone", "everyone"):
        return OriginError("origin-scheme", "is not an origin. Write {} for every website", "*")
    if has_regex_syntax(text) and text.startswith("/"):
        return OriginError(
            "origin-regex",
            "is enclosed in slashes, as in JavaScript, and would match nothing. Write {}",
            text[1:].rpartition("/")[0].replace("\\/", "/"),
        )
    return _of_a_page(text) or _bare_host(text)


_NO_ORIGIN = r"(?i)(?:data|about|javascript|blob|filesystem|view-source):(?!\d+/?$)"
_APP = r"(?i)(?:app|capacitor|electron|file|ionic|qrc|tauri|[a-z]+-extension)(?=:\w)"


def _of_a_page(text: str) -> OriginError | None:
    """Return the error for a page that has another origin, or for an app's origin without `//`."""
    nested = re.match(r"(?:blob|filesystem|view-source):(\w+://[^/#]*)", text, re.IGNORECASE)
    if nested or re.match(_NO_ORIGIN, text):
        sent = nested[1] if nested else "null"
        return OriginError("origin-scheme", "is not an origin; browsers send {0}. Write {0}", sent)
    app = re.fullmatch(r"([a-z][a-z0-9+.-]*):/?(\.?)", text, re.IGNORECASE)
    if app is None and (name := re.match(_APP, text)) is not None:
        app = re.fullmatch(rf"({name[0]}):/?([\w.-]*[a-z][\w.-]*)", text, re.IGNORECASE)
    if app and not is_web_scheme(app[1]):
        return OriginError(
            "origin-scheme",
            "lacks the '//' after the scheme. Write {}",
            f"{app[1].lower()}://{app[2]}",
        )
    named = re.match(r"[\w-]+\s*[:=]\s*(?=\w+://)", text)
    if named and not re.match(r"https?:", text, re.IGNORECASE):
        return OriginError(
            "origin-scheme", "has a name before the origin. Write {}", text[named.end() :]
        )
    return None


def _bare_host(text: str) -> OriginError:
    """Return the error for a host where an origin was expected."""
    bare = re.sub(r"(?i)^(?:https?:[/\\]*|https?[/\\]+|:?[/\\]+)", "", text)
    host = re.split(r"[/\\?#]", bare)[0].rpartition("@")[2]
    if not host.strip("*."):
        host = "app.example"
    wrong = "has no scheme, so it can never match."
    try:
        _read(f"https://{host}")
    except OriginError as error:
        return OriginError(
            "origin-scheme", f"{wrong} With one, it {error.message}", *error.remedies
        )
    return OriginError(
        "origin-scheme", f"{wrong} Write {{}} or {{}}", f"https://{host}", f"http://{host}"
    )


def _malformed(text: str, scheme: str, host: str, rest: str) -> OriginError:
    """Return the error for a string that starts like an origin but does not end like one."""
    origin = text[: len(text) - len(rest)]
    misread = _misread(text, scheme, host + rest)
    if misread is not None:
        return misread
    _, at, name = re.split(r"[/?#]", rest)[0].rpartition("@")
    if at:
        return OriginError(
            "origin-userinfo",
            "contains a user name or password; an origin has none. Write {}",
            f"{scheme}://{name or host}",
        )
    if rest.startswith(("/", "#")) and (host or not is_web_scheme(scheme)):
        return OriginError(
            "origin-path", "has a path; an origin has none, so it can never match. Write {}", origin
        )
    if rest.startswith("?"):
        return OriginError(
            "origin-query",
            "has a query; an origin has none, so it can never match. Write {}",
            origin,
        )
    if "*" in rest:
        return _wildcard(scheme, host)
    if rest.startswith(":") and host:
        return OriginError(
            "origin-port",
            "has an invalid port. Write a number from 1 to 65535, or ':*' for any: {}, {}",
            f"{scheme}://{host}:8000",
            f"{scheme}://{host}:*",
        )
    return _no_host(scheme, rest.strip("/") if not host else "")


def _misread(text: str, scheme: str, authority: str) -> OriginError | None:
    """Return the error for several origins, a repeated scheme or a badly written IPv6 address."""
    several = re.split(r"[\s;|]+(?=\w+://)", text)
    if len(several) > 1:
        return OriginError(
            "origin-host",
            "contains more than one origin. Write commas between them, or write a list: {}",
            ", ".join(several),
        )
    again = re.match(r"(?:https?:?/+)*(https?):?/+(?=[^/])", authority, re.IGNORECASE)
    if again:
        once = f"{again[1].lower()}://{authority[again.end() :]}"
        return OriginError("origin-scheme", "has the scheme twice. Write {}", once)
    address = _unbracketed(text[len(scheme) + 3 :])
    if address is not None:
        return OriginError(
            "origin-host",
            "is not what browsers send: an IPv6 address is in brackets, and only a colon and a "
            "port may follow. Write {}",
            f"{scheme}://{address}",
        )
    return None


def _no_host(scheme: str, host: str = "") -> OriginError:
    host = host if re.fullmatch(_HOST_NAME, host) else "app.example"
    return OriginError("origin-host", "has no valid host. Write {}", f"{scheme}://{host}")


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
        "or the whole port. Write {}, {} or {}; for anything finer, use a regular expression: {}",
        f"{scheme}://*.{below}",
        f"{scheme}://*",
        f"{scheme}://localhost:*",
        rf"{scheme}://app-\d+\.example\.com",
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
                "has an invalid port. Write a number from 1 to 65535, or ':*' for any: {}",
                f"{scheme}://{host}:*",
            )
    return f"{scheme}://{host}" + (f":{port}" if port not in omitted_ports(scheme) else "")


def _check_scheme(scheme: str, host: str, port: str) -> None:
    """Raise an error for a scheme that pages do not have."""
    if scheme in {"http", "https"}:
        return
    from .origin_regexes import meant_scheme  # noqa: PLC0415  (an app's own scheme is rare)

    meant = meant_scheme(scheme)
    if meant is not None:
        host, port = host or "app.example", f":{port}" if port else ""
        raise OriginError(
            "origin-scheme",
            "has a scheme that no page has, so it can never match. Write {}",
            f"{meant}://{host}{port}",
        )


def _canonical_host(scheme: str, host: str, port: str) -> str:
    if not host.isascii():
        raise OriginError(
            "origin-idn",
            "has an internationalised host; browsers send its punycode form. Write {}",
            f"{scheme}://{_punycode(host)}{':' * bool(port)}{port}",
        )
    # Only after the check for ASCII: `lower` would turn the Kelvin sign into an ordinary "k".
    host = host.lower()
    if host.startswith("["):
        address = canonical_ipv6(host)
        if address is None:
            raise OriginError(
                "origin-host",
                "has an invalid IPv6 address. Write {}",
                f"{scheme}://[2001:db8::1]",
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
    text = "has an extra dot in its host. Write {}"
    remedies = [f"{scheme}://{name}{port}"]
    if host[0] == ".":
        text += ", or {} for its subdomains"
        remedies.append(f"{scheme}://*.{name}{port}")
    return OriginError("origin-host", text, *remedies)


def _check_ipv4(scheme: str, host: str, port: str) -> None:
    """Raise an error for an IPv4 address that is invalid, or that browsers write differently."""
    address = _ipv4(host.removesuffix("."))
    if address == host:
        return
    port = f":{port}" if port else ""
    text = "is not what browsers send: they write an IPv4 address in full. Write {}"
    if address is None:
        address, text = "127.0.0.1", "has an invalid IPv4 address. Write {}"
    raise OriginError("origin-host", text, f"{scheme}://{address}{port}")


def _ipv4(host: str) -> str | None:
    """Return an address as browsers serialize it (https://url.spec.whatwg.org/#concept-ipv4-parser)."""
    parts = host.split(".")
    if not all(map(str.isalnum, parts)):  # `int` reads a sign and underscores, too
        return None
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


_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
_VIRAMA = 9  # the combining class of the signs after which a joiner is part of a name


def _punycode(host: str) -> str:
    """Return the probable ASCII form of a host, for use in a message.

    https://www.unicode.org/reports/tr46/#ToASCII, without the checks.
    """
    normal = unicodedata.normalize("NFKC", host.translate(_DOTS))
    # Letter by letter: `lower` would write a capital sigma differently at the end of a word.
    labels = unicodedata.normalize("NFKC", "".join(map(str.lower, normal))).split(".")
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
        for label in labels
    )


def _without_ignored(text: str) -> str:
    """Return a text without the characters that browsers remove from a host."""
    return "".join(
        character
        for before, character in zip(" " + text, text, strict=False)
        if not _is_ignored(character) or unicodedata.combining(before) == _VIRAMA
    )


def _is_ignored(character: str) -> bool:
    """Return whether a character is a format character or a variation selector."""
    name = unicodedata.name(character, "")
    return unicodedata.category(character) == "Cf" or "VARIATION SELECTOR" in name
