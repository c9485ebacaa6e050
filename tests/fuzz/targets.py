"""What is fuzzed: functions of bytes that raise where a law of the library is broken.

Each input is a list of fields with `\\x1f` between them, which a fuzzer can cut and join. What is
expected is written here anew, from the grammar and the design: of the code that is tested only its
answers are used. `run.py` lets the fuzzer loose on these functions; `test_corpus.py` runs what was
worth keeping through them, without it.
"""

from __future__ import annotations

import logging
import re
import string
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias, TypeVar, Union, get_args

from flask_cors import ConfigurationError, CORSWarning, CrossOriginOptions, asgi, wsgi
from flask_cors.core import Policy
from flask_cors.core.errors import Code
from flask_cors.core.headers import is_token, matches_glob, normalize_method, parse_names
from flask_cors.core.origin_patterns import OriginError, read_origin
from flask_cors.core.origins import is_origin, parse_origin
from flask_cors.core.resources import PathPattern, ResourceTable, without_dot_segments

T = TypeVar("T")
Entry: TypeAlias = Union[str, "re.Pattern[str]"]
Line: TypeAlias = tuple[str, str]
BytesLine: TypeAlias = tuple[bytes, bytes]

SEPARATOR = b"\x1f"
# Python's own remarks on an expression that somebody wrote, and ours on an option, are no findings.
REMARKS = (CORSWarning, DeprecationWarning, FutureWarning)


def fields(data: bytes, count: int) -> list[str]:
    """Return the first `count` fields as text, any character possible; those not there as empty."""
    parts = [*data.split(SEPARATOR, count - 1), *[b""] * count][:count]
    return [part.decode("utf-8", "surrogateescape") for part in parts]


@contextmanager
def without_remarks() -> Generator[None, None, None]:
    with warnings.catch_warnings():
        for category in REMARKS:
            warnings.simplefilter("ignore", category)
        yield


# The grammar ------------------------------------------------------------------------------------

LETTERS = set(string.ascii_letters)
DIGITS = set(string.digits)
SCHEME = LETTERS | DIGITS | set("+.-")
HOST = LETTERS | DIGITS | set("._-")
TOKEN = LETTERS | DIGITS | set("!#$%&'*+-.^_`|~")
DEFAULT_PORTS = {"ftp": "21", "http": "80", "https": "443", "ws": "80", "wss": "443"}


WEB_SCHEMES = {"ftp", "http", "https", "ws", "wss"}


def origin_parts(text: str) -> tuple[str, str, str] | None:
    """Return scheme, host and port of a serialized origin as they stand, else `None`."""
    scheme, found, rest = text.partition("://")
    if not found or not 0 < len(scheme) <= 64 or scheme[0] not in LETTERS or set(scheme) - SCHEME:
        return None
    if rest.startswith("["):
        address, closed, port = rest[1:].partition("]")
        host = f"[{address}]"
        if not closed or not is_ipv6(address):
            return None
    else:
        host, colon, port = rest.partition(":")
        port = colon + port
        if rest in ("", ".") and scheme.lower() not in WEB_SCHEMES:
            return scheme, host, ""  # of an app
        if len(host) > 253 or not all(host.removesuffix(".").split(".")) or set(host) - HOST:
            return None
    if port and (port[0] != ":" or not is_port(port[1:])):
        return None
    return scheme, host, port[1:]


def is_port(text: str) -> bool:
    return 0 < len(text) < 6 and not set(text) - DIGITS and 0 < int(text) < 65536


def is_ipv6(text: str) -> bool:
    """Return whether `text` is an IPv6 address as RFC 4291, section 2.2, writes it."""
    head, gap, tail = text.partition("::")
    groups = [group for half in (head, tail) if half for group in half.split(":")]
    count = len(groups)
    if groups and "." in groups[-1]:
        if not text.endswith(groups[-1]) or not is_ipv4(groups.pop()):
            return False
        count += 1
    hexadecimal = all(
        0 < len(group) < 5 and not set(group) - set(string.hexdigits) for group in groups
    )
    return hexadecimal and (count < 8 if gap else count == 8)


def is_ipv4(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(
        0 < len(part) < 4 and not set(part) - DIGITS and str(int(part)) == part and int(part) < 256
        for part in parts
    )


def tokens(text: str) -> bool:
    """Return whether a response field is a list of tokens, written the usual way."""
    return all(part and not set(part) - TOKEN for part in text.split(", "))


def glob_allows(glob: str, text: str) -> bool:
    """Return whether `*` for any characters makes `glob` into `text`: every way is followed."""
    states = {0}
    for character in [*text, ""]:
        for state in sorted(states):
            while state < len(glob) and glob[state] == "*":
                state += 1  # noqa: PLW2901  (past a `*` that stands for no more)
                states.add(state)
        if character:
            states = {state for state in states if state < len(glob) and glob[state] == "*"} | {
                state + 1 for state in states if state < len(glob) and glob[state] == character
            }
    return len(glob) in states


def entry_allows(entry: Entry, text: str) -> bool:
    """Return whether a configured origin, in its canonical spelling, allows an `Origin`."""
    if entry in ("*", "null"):
        return entry in ("*", text)
    asked = origin_parts(text)
    if isinstance(entry, re.Pattern):
        return asked is not None and re.fullmatch(entry.pattern, text, re.IGNORECASE) is not None
    if asked is None:
        return False
    if "*" not in entry:
        return text.lower() == entry
    scheme, _, rest = entry.partition("://")
    host, bracket, port = rest.partition("]") if rest[0] == "[" else ("", "", rest)
    name, _, port = port.partition(":")
    theirs = asked[1].lower()
    default = DEFAULT_PORTS.get(scheme, "")
    return (
        asked[0].lower() == scheme
        and (
            name + host + bracket in ("*", theirs)
            or (name.startswith("*.") and theirs.endswith(name[1:]))
        )
        and (port == "*" or (port or default) == (asked[2] or default))
    )


# Origins ----------------------------------------------------------------------------------------


def origin(data: bytes) -> None:
    """Read what a request sends as an origin if it is one, and as nothing else."""
    (text,) = fields(data, 1)
    parts = origin_parts(text)
    found = parse_origin(text)
    assert parts == (None if found is None else tuple(found)), text
    assert is_origin(text) == (text == "null" or parts is not None), text
    if parts is not None:
        assert text.isascii()
        assert text.isprintable()
        assert len(text) <= 326


# What a policy tells of a text before it is read as an origin.
UNFINISHED = {"origin-unset", "value-list", "value-placeholder", "value-quoted"}


def configured(data: bytes) -> None:
    """Refuse a configured origin with a reason; or read it in one way, and let in no other."""
    written, asked = fields(data, 2)
    with without_remarks():
        try:
            entry = read_origin(written)
        except OriginError as error:
            is_told({error.code}, str(error))
            entry = None
        codes: set[str] = set()
        try:
            policy = Policy.from_options(origins=[written])
        except ConfigurationError as error:
            codes = {problem.code for problem in error.problems}
            is_told(codes, str(error))
            policy = None
    as_item = written == written.strip() and "," not in written  # blanks are stripped there
    as_item = as_item and not codes & UNFINISHED
    slow = policy is None and isinstance(entry, re.Pattern) and codes == {"regex-backtracking"}
    if as_item and not slow:
        assert (policy is None) == (entry is None), written
    if entry is None:
        return
    assert written.isascii(), written
    if isinstance(entry, re.Pattern):
        assert entry.pattern == written
        assert entry.flags & re.IGNORECASE
        asking = ["https://a.example", "https://a.example\n", "null"]
    else:
        is_canonical(entry)
        asking = [asked, *neighbours(entry)]
    if policy is None or not as_item:
        return
    for text in asking:
        allowed = policy.decide("GET", {"Origin": text}).outcome == "granted"
        assert allowed == entry_allows(entry, text), (written, text)
        policy.settings.origins.near_miss(text)


def is_told(codes: set[str], message: str) -> None:
    """Assert that an error has codes that are documented, and says something."""
    assert codes
    assert codes <= set(get_args(Code))
    assert message


def is_canonical(entry: str) -> None:
    """Assert that what was read is as browsers write it, and reads to itself."""
    assert read_origin(entry) == entry
    if entry in ("*", "null"):
        return
    scheme, _, rest = entry.partition("://")
    if rest in ("", "."):
        assert origin_parts(entry) is not None, entry
        return
    name = rest.replace("*.", "x.", 1).replace("*:", "x:") if rest != "*" else "x"
    any_port = name.endswith(":*")
    parts = origin_parts(f"{scheme}://{name.removesuffix(':*')}")
    assert parts is not None, entry
    assert entry == entry.lower()
    assert parts[2] != DEFAULT_PORTS.get(scheme, "none")
    assert not (any_port and parts[2])


def neighbours(entry: str) -> list[str]:
    """Return origins that an entry lets in, and what is only near to one."""
    base = entry.replace("://*", "://x").replace(":*", ":8000")
    return [
        base,
        base.upper(),
        base + "/",
        base + "\n",
        base + ".evil.test",
        base + "." + base.partition("://")[2],
        base + ":1",
        base + "0",
        base[:-1],
        "x" + base,
        base.replace("://", "://x."),
        base.replace("://", "://x"),
        base.replace("x.", "", 1),
        base.replace(".", "x", 1),
        base.replace("http", "https"),
        base.replace(":8000", ""),
        base.replace(":8000", ":8001"),
        base.replace("k", "\u212a").replace("s", "\u017f"),
        f"{base},{base}",
        f"{base} ",
        "null",
        "https://evil.test",
    ]


# Lists and globs --------------------------------------------------------------------------------

SIX = ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")


def lists(data: bytes) -> None:
    """Split a list within its budget, normalise a method, compare with a glob."""
    grown, text, glob = fields(data, 3)
    times = 2 ** (ord(grown[0]) % 16 if grown else 0)
    text = text * min(times, 1 + 20_000 // (len(text) + 1))
    names = parse_names(text)
    listed = [element.strip(" \t") for element in text.split(",")]
    kept = [element for element in listed if element]
    within = len(text) <= 8192 and len(kept) <= 128 and len(listed) - len(kept) <= 16
    assert names == (kept if within else None), text

    text = text[:80]
    assert is_token(text) == (text != "" and not set(text) - TOKEN), text
    method = normalize_method(text)
    assert method == (text.upper() if text.isascii() and text.upper() in SIX else text), text
    assert normalize_method(method) == method
    assert matches_glob(glob, text) == glob_allows(glob, text), (glob, text)


def options(data: bytes) -> None:
    """Refuse options with the reasons, or emit nothing unsound because of them."""
    methods, allow, expose, max_age, switch, asked = fields(data, 6)
    given: dict[str, str] = {
        "methods": methods,
        "allow_headers": allow,
        "expose_headers": expose,
        "max_age": max_age,
        "send_wildcard": switch,
    }
    with without_remarks():
        try:
            policy = Policy.from_options(**{name: text for name, text in given.items() if text})  # type: ignore[arg-type]  # any text
        except ConfigurationError as error:
            is_told({problem.code for problem in error.problems}, str(error))
            return
    for method in ("GET", methods):
        request = {
            "Origin": "https://a.example",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": f"x-a, {asked[:24]}",
        }
        decision = policy.decide("OPTIONS", request)
        is_sound(decision.added_to([]), "https://a.example")
        if method.upper() in ("CONNECT", "TRACE", "TRACK"):
            assert decision.outcome == "method"
    is_sound(
        policy.decide("GET", {"Origin": "https://a.example"}).added_to([]), "https://a.example"
    )


# Resources --------------------------------------------------------------------------------------


def resources(data: bytes) -> None:
    """Find what the most specific pattern says, as trying them all does."""
    path, *patterns = fields(data, 8)
    path = "/" + path.lstrip("/")
    entries: list[tuple[PathPattern, int]] = []
    with without_remarks():
        for number, text in enumerate(patterns):
            if is_expression(text) and (len(re.findall(r"[*+{]", text)) > 3 or len(path) > 200):
                continue  # one that may take forever
            with suppress(re.error, OverflowError, RecursionError):
                entries.append((PathPattern.read(text), number))
    table = ResourceTable(entries)
    expected = most_specific(entries, path)
    plain = without_dot_segments(path)
    assert without_dot_segments(plain) == plain
    if expected != most_specific(entries, plain):
        expected = None
    for pattern, _ in entries:
        text = pattern.text
        assert path_allowed(text, path) == pattern.matches(path), (text, path)
        assert pattern.reachable or not pattern.matches(plain), (text, path)
    assert table.find(path) == expected, (path, patterns)
    if table.catch_all is not None:
        assert table.catch_all == expected


def most_specific(entries: list[tuple[PathPattern, int]], path: str) -> int | None:
    """Return the number of the most specific pattern that matches a path as it stands."""
    best: tuple[tuple[bool, int, int, int], int] | None = None
    for pattern, number in entries:
        text = pattern.text
        literal = not is_expression(text) and "*" not in text
        rank = (literal, text.count("/"), len(text), number)
        if path_allowed(text, path) and (best is None or rank > best[0]):
            best = (rank, number)
    return None if best is None else best[1]


def is_expression(text: str) -> bool:
    return bool(set(text) & set(r"\^$[]()?|")) or ".*" in text


def path_allowed(pattern: str, path: str) -> bool:
    """Return whether a resource is for a path."""
    if is_expression(pattern):
        return re.match(pattern, path) is not None
    below = pattern.endswith("/*") and glob_allows(pattern[:-2], path)
    return below or glob_allows(pattern, path)


# The decision -----------------------------------------------------------------------------------


class Case(NamedTuple):
    """A policy: its options as they are given, and its origins as `entry_allows` reads them."""

    others: CrossOriginOptions
    entries: tuple[Entry, ...] = ("*",)
    predicate: Callable[[str], bool] | None = None
    methods: tuple[str, ...] | None = None
    headers: tuple[str, ...] | None = None

    @property
    def options(self) -> CrossOriginOptions:
        options = self.others.copy()
        if self.methods is not None:
            options["methods"] = self.methods
        if self.headers is not None:
            options["allow_headers"] = self.headers
        return options


asked_of_callables: list[str] = []


def odd(text: str) -> bool:
    asked_of_callables.append(text)
    return len(text) % 2 == 1


async def odd_async(text: str) -> bool:
    return odd(text)


def failing(text: str) -> bool:
    asked_of_callables.append(text)
    raise LookupError(text)


def refusing(text: str) -> bool:
    return False


SOLE = "https://a.example"
LISTED = (
    "https://a.example",
    "https://*.b.example:*",
    "http://[::1]:*",
    "chrome-extension://*",
    "null",
)
TRUSTED = ("https://*.a.example", "https://[2001:db8::1]:8443")
LOCAL = r"http://localhost(:[0-9]+)?"
CASES = {
    "default": Case({}),
    "star": Case({"send_wildcard": True, "expose_headers": ["X-B", "X-A"], "max_age": 600}),
    "quiet": Case({"always_send": False, "send_wildcard": True}),
    "echo": Case(
        {"always_send": False}, methods=("*",), headers=("X-A", "x-*-c*", "y[0-9]+", "^Z")
    ),
    "sole": Case(
        {"origins": SOLE, "supports_credentials": True, "max_age": 0, "expose_headers": ["X-A"]},
        (SOLE,),
    ),
    "sole-quiet": Case(
        {"origins": SOLE, "supports_credentials": True, "always_send": False}, (SOLE,)
    ),
    "listed": Case(
        {"origins": [*LISTED, LOCAL], "max_age": 7200, "allow_private_network": True},
        (*LISTED, re.compile(LOCAL)),
        methods=("PATCH", "GET", "purge", "QUERY"),
        headers=("X-A", "x-b*", "authorization"),
    ),
    "trusted": Case(
        {"origins": list(TRUSTED), "supports_credentials": True, "automatic_options": False},
        TRUSTED,
        headers=("*",),
    ),
    "asked": Case({"origins": [SOLE, odd]}, (SOLE,), odd, methods=("*",)),
    "async": Case({"origins": [odd_async, SOLE]}, (SOLE,), odd),
    "failing": Case({"origins": [failing, "null"], "max_age": 1}, ("null",), refusing),
    "nobody": Case({"origins": []}, ()),
    "closed": Case({}, methods=(), headers=()),
    "unvaried": Case({"origins": ["http://*", SOLE], "vary_header": False}, ("http://*", SOLE)),
}
NAMES = list(CASES)
ORIGIN, METHOD, HEADERS, PRIVATE = (
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Private-Network",
)
DEFAULT_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

with without_remarks():
    POLICIES = {name: Policy.from_options(**case.options) for name, case in CASES.items()}


def case_allows(case: Case, text: str) -> bool:
    if any(entry_allows(entry, text) for entry in case.entries):
        return True
    return case.predicate is not None and origin_parts(text) is not None and case.predicate(text)


def header_allowed(case: Case, name: str) -> bool:
    if not name or set(name) - TOKEN:
        return False
    return any(
        re.fullmatch(entry, name, re.IGNORECASE) is not None
        if is_expression(entry)
        else glob_allows(entry.lower(), name.lower())
        for entry in (("*",) if case.headers is None else case.headers)
    )


def requested_method(case: Case, text: str) -> str | None:
    """Return what Allow-Methods is for a preflight that asks for a method, `None` if refused."""
    method = text.upper() if text.isascii() and text.upper() in SIX else text
    listed = DEFAULT_METHODS if case.methods is None else case.methods
    if listed == ("*",):
        forbidden = method.upper() in ("CONNECT", "TRACE", "TRACK")
        return method if method and not set(method) - TOKEN and not forbidden else None
    return ", ".join(sorted(listed)) if method in listed else None


class Expected(NamedTuple):
    """What should come of one request."""

    kind: str
    outcome: str
    lines: dict[str, str]
    vary: tuple[str, ...]


def expected(case: Case, method: str, request: dict[str, str]) -> Expected:
    """Return what the table of section 3 says."""
    given, text = case.others, request.get(ORIGIN)
    everyone = case.entries == ("*",)
    sole = SOLE if case.entries == (SOLE,) and case.predicate is None else None
    always = given.get("always_send", True)
    vary_on = given.get("vary_header", True)
    lines = (
        {"Access-Control-Allow-Credentials": "true"} if given.get("supports_credentials") else {}
    )
    exposed = ", ".join(sorted(given.get("expose_headers") or []))
    exposes = {"Access-Control-Expose-Headers": exposed} if exposed else {}
    vary: tuple[str, ...] = (ORIGIN,) if vary_on else ()
    if text is None:
        value = ("*" if everyone else sole) if always else None
        if value is None:
            return Expected("plain", "granted", {}, vary)
        allow = {"Access-Control-Allow-Origin": value}
        return Expected("plain", "granted", {**allow, **lines, **exposes}, ())
    preflight = method == "OPTIONS" and METHOD in request
    kind = "preflight" if preflight else "actual"
    if preflight and vary_on:
        private = (PRIVATE,) if given.get("allow_private_network") else ()
        vary = (ORIGIN, METHOD, HEADERS, *private)
    if not case_allows(case, text):
        return Expected(kind, "origin", {}, vary)
    sound = text == "null" or origin_parts(text) is not None
    echoed = sole if sole and always else text  # however the client spells the one origin
    value = "*" if everyone and (given.get("send_wildcard") or not sound) else echoed
    lines["Access-Control-Allow-Origin"] = value
    if not preflight:
        same = value == "*" or (value == sole and always)
        return Expected(kind, "granted", {**lines, **exposes}, () if same else vary)
    if given.get("allow_private_network") and request.get(PRIVATE) == "true":
        lines["Access-Control-Allow-Private-Network"] = "true"
    methods = requested_method(case, request[METHOD])
    if methods is None:
        return Expected(kind, "method", lines, vary)
    lines["Access-Control-Allow-Methods"] = methods
    if given.get("max_age") is not None:
        lines["Access-Control-Max-Age"] = str(given.get("max_age"))
    elements = [element.strip(" \t") for element in request.get(HEADERS, "").split(",")]
    names = [element for element in elements if element]
    within = len(request.get(HEADERS, "")) <= 8192 and len(names) <= 128
    within = within and len(elements) - len(names) <= 16
    allowed = {name for name in names if header_allowed(case, name)} if within else set[str]()
    if allowed:
        lines["Access-Control-Allow-Headers"] = ", ".join(sorted(allowed))
    granted = within and allowed == set(names)
    return Expected(kind, "granted" if granted else "headers", lines, vary)


def is_sound(
    lines: Iterable[Line],
    text: str | None,
    own: frozenset[str] = frozenset(),
    *,
    allows_itself: bool = False,
) -> None:
    """Assert what no response may break, whatever was asked."""
    found: dict[str, list[str]] = {}
    for name, value in lines:
        assert not set(name) - TOKEN, name
        assert value.isascii(), (name, value)
        assert value.isprintable(), (name, value)
        found.setdefault(name.lower(), []).append(value)
    allowed = found.get("access-control-allow-origin", [])
    assert len(allowed) <= 1, allowed
    valid = text is not None and (text == "null" or origin_parts(text) is not None)
    assert set(allowed) <= {"*", SOLE, *own, *([text] if text is not None and valid else [])}
    for name in ("allow-methods", "allow-headers", "expose-headers"):
        assert all(tokens(value) for value in found.get(f"access-control-{name}", [])), found
    assert all(tokens(value) for value in found.get("vary", [])), found
    credentials = found.get("access-control-allow-credentials", [])
    assert credentials in ([], ["true"]), credentials
    # An app that says it by itself is told to everyone, with `*`, and no browser heeds it there.
    assert not (credentials and allowed in (["*"], ["null"])) or allows_itself, found
    assert set(found.get("access-control-allow-private-network", [])) <= {"true"}
    assert all(value.isdigit() for value in found.get("access-control-max-age", []))


def request_of(flags: str, texts: list[str], spelt: str) -> tuple[str, dict[str, str]]:
    """Return a method and request fields; of flags of 0 everything is there, on an OPTIONS."""
    bits = ord(flags[0]) if flags else 48
    names = (ORIGIN, METHOD, HEADERS, PRIVATE)
    request = {
        name: text
        for place, (name, text) in enumerate(zip(names, texts, strict=True))
        if not bits >> place & 1
    }
    method = ("GET", "PUT", spelt, "OPTIONS")[bits >> 4 & 3]
    return method, request


def at_once(answer: Awaitable[T]) -> T:
    """Run what needs no event loop."""
    steps: Generator[Any, Any, T] = answer.__await__()
    try:
        next(steps)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # of type T, which StopIteration does not say
    raise AssertionError("something waited")


def decision(data: bytes) -> None:
    """Decide about any request as the design says, at first and again."""
    chosen, flags, text, requested, headers, private, spelt = fields(data, 7)
    name = NAMES[(ord(chosen[0]) - ord("0")) % len(NAMES) if chosen else 0]
    method, request = request_of(flags, [text, requested, headers, private], spelt)
    case, policy = CASES[name], POLICIES[name]
    assert_decided(case, policy, method, request)
    assert_decided(case, Policy(policy.settings), method, request)


def assert_decided(case: Case, policy: Policy, method: str, request: dict[str, str]) -> None:
    awaits = case is CASES["async"]
    wanted = expected(case, method, request)
    for asynchronous in (False, True):
        asked_of_callables.clear()
        if asynchronous:
            decided = at_once(policy.decide_async(method, request))
        else:
            decided = policy.decide(method, request, at_once if awaits else None)
        assert len(asked_of_callables) <= 1, asked_of_callables
        assert all(origin_parts(asked) is not None for asked in asked_of_callables)
        assert (decided.error is not None) == (
            case is CASES["failing"] and len(asked_of_callables) == 1
        )
        is_sound(decided.added_to([]), request.get(ORIGIN))
        if is_overlong(request):
            continue  # a bound on what is compared, which the design leaves to the code
        assert wanted == (decided.kind, decided.outcome, dict(decided.headers), decided.vary)
        assert len(dict(decided.headers)) == len(decided.headers)


def is_overlong(request: dict[str, str]) -> bool:
    names = request.get(HEADERS, "").split(",")
    return any(len(name) > 256 for name in [request.get(METHOD, ""), *names])


# The middlewares --------------------------------------------------------------------------------


class BoomError(Exception):
    """The exception that an app raises."""


OWN = frozenset({"https://own.example"})
# What an app sends by itself: what it has already is left alone, or merged with.
APPS: dict[str, list[Line]] = {
    "bare": [],
    "own": [("access-control-allow-origin", "https://own.example"), ("Vary", "Cookie")],
    "varied": [("Vary", "Cookie"), ("vary", "ORIGIN, Accept")],
    "varied-by-all": [("vary", "*")],
    "credentials": [("Access-Control-Allow-Credentials", "true")],
    "exposing": [("Access-Control-Expose-Headers", "X-C")],
    "raising": [],
    "raising-late": [("Vary", "Cookie")],
}


class Answer(NamedTuple):
    """A response, from either middleware; of status 0 if there was none."""

    status: int
    lines: list[Line]
    body: bytes
    raised: bool


class Wsgi:
    """The WSGI middleware around an app that answers as told."""

    def __init__(self, **options: Any) -> None:
        self.middleware = wsgi.CORSMiddleware(self.app, **options)

    def app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        behaviour: str = environ["fuzz.app"]
        if behaviour == "raising":
            raise BoomError
        start_response("202 Accepted", [("X-App", "1"), *APPS[behaviour]])
        return self.body(behaviour)

    def body(self, behaviour: str) -> Iterator[bytes]:
        if behaviour == "raising-late":
            raise BoomError
        yield b"app"

    def answer(self, method: str, path: bytes, app: str, request: dict[str, str]) -> Answer:
        started: list[tuple[str, list[Line]]] = []

        def start_response(status: str, lines: list[Line], exc_info: object = None) -> Any:
            started.append((status, lines))

        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.decode("latin-1"),
            "fuzz.app": app,
            **{"HTTP_" + name.upper().replace("-", "_"): text for name, text in request.items()},
        }
        body, raised = b"", False
        try:
            for part in self.middleware(environ, start_response):
                body += part
        except BoomError:
            raised = True
        status, lines = started[-1] if started else ("000", [])
        return Answer(int(status[:3]), lines, body, raised)


class Asgi:
    """The ASGI middleware around the same app."""

    def __init__(self, **options: Any) -> None:
        self.middleware = asgi.CORSMiddleware(self.app, **options)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        behaviour: str = scope["fuzz.app"]
        if behaviour == "raising":
            raise BoomError
        lines = [
            (name.lower().encode("ascii"), value.encode("latin-1"))
            for name, value in [("X-App", "1"), *APPS[behaviour]]
        ]
        await send({"type": "http.response.start", "status": 202, "headers": lines})
        if behaviour == "raising-late":
            raise BoomError
        await send({"type": "http.response.body", "body": b"app", "more_body": False})

    def answer(self, method: str, path: bytes, app: str, request: dict[str, str]) -> Answer:
        events: list[dict[str, Any]] = []

        async def send(event: Any) -> None:
            events.append(event)

        scope: Any = {
            "type": "http",
            "method": method,
            "path": path.decode("utf-8", "replace"),
            "headers": [
                (name.lower().encode("ascii"), text.encode("latin-1"))
                for name, text in request.items()
            ],
            "fuzz.app": app,
        }
        raised = False
        served: Coroutine[Any, Any, None] = self.middleware(scope, never, send)
        try:
            at_once(served)
        except BoomError:
            raised = True
        start, *parts = events or [{"status": 0, "headers": []}]
        lines = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]
        ]
        return Answer(start["status"], lines, b"".join(part["body"] for part in parts), raised)


async def never() -> Any:
    raise AssertionError("the middleware read the request's body")


# `/0`, `/0/` and what is below have the first policy, and so on; the rest of the app has none.
SERVED = {f"/{place}/*": CASES[name].options for place, name in enumerate(NAMES) if name != "async"}
with without_remarks():
    MIDDLEWARES = (Wsgi(resources=SERVED), Asgi(resources=SERVED))

logger = logging.getLogger("flask_cors")


class Heard(logging.Handler):
    """A handler that keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def listening() -> Generator[list[str], None, None]:
    heard, before = Heard(), (logger.level, logger.propagate)
    logger.addHandler(heard)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield heard.messages
    finally:
        logger.removeHandler(heard)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def middleware(data: bytes) -> None:
    """Answer any bytes in a request as the design says, under WSGI and ASGI alike."""
    parts = [*data.split(SEPARATOR, 7), *[b""] * 8][:8]
    path = parts[2]
    app, flags, _, text, requested, headers, private, spelt = (p.decode("latin-1") for p in parts)
    behaviour = list(APPS)[ord(app[0]) % len(APPS) if app else 0]
    method, request = request_of(flags, [text, requested, headers, private], spelt)
    first = path.decode("utf-8", "replace").lstrip("/").split("/")[0]
    case = CASES[NAMES[int(first)]] if f"/{first}/*" in SERVED else None
    answers: list[Answer] = []
    for server in MIDDLEWARES:
        with listening() as messages:
            answer = server.answer(method, path, behaviour, request)
        answers.append(answer)
        assert_answered(case, answer, method, behaviour, request)
        for message in messages:
            assert message.isascii(), message
            assert message.isprintable(), message
            assert len(message) < 1000, message
        assert (len(messages) > 0) == (case is not None)
    for ours, theirs in pairwise(answers if case else []):
        assert of_cors(ours.lines) == of_cors(theirs.lines)
        assert ours.raised == theirs.raised


def of_cors(lines: Iterable[Line]) -> list[Line]:
    """Return the lines that are of CORS; of `Vary` its elements, in however many lines they are."""
    return sorted(
        (name.lower(), element.lower() if name.lower() == "vary" else element)
        for name, value in lines
        if name.lower().startswith("access-control-") or name.lower() == "vary"
        for element in (value.split(", ") if name.lower() == "vary" else [value])
    )


def assert_answered(
    case: Case | None, answer: Answer, method: str, app: str, request: dict[str, str]
) -> None:
    sent = APPS[app]
    if case is None:
        assert of_cors(answer.lines) == (of_cors(sent) if answer.status == 202 else [])
        return
    wanted = expected(case, method.upper(), request)
    is_sound(answer.lines, request.get(ORIGIN), OWN, allows_itself=app == "credentials")
    if wanted.kind == "preflight" and case.others.get("automatic_options", True):
        assert (answer.status, answer.body, answer.raised) == (200, b"", False)
        assert ("content-length", "0") in [(name.lower(), text) for name, text in answer.lines]
        sent = []
    elif app == "raising":
        assert answer == Answer(0, [], b"", raised=True)
        return
    elif app == "raising-late":
        assert (answer.status, answer.body, answer.raised) == (202, b"", True)
    else:
        assert (answer.status, answer.body, answer.raised) == (202, b"app", False)
    if app == "own" and sent:
        assert of_cors(answer.lines) == of_cors(sent)
        return
    named = {
        element.strip().lower()
        for name, text in sent
        if name.lower() == "vary"
        for element in text.split(",")
    }
    vary = () if "*" in named else [name for name in wanted.vary if name.lower() not in named]
    added = [*wanted.lines.items(), *([("Vary", ", ".join(vary))] if vary else [])]
    if is_overlong(request) or (app == "credentials" and sent):
        return  # laws alone: what is compared is bounded, and what such an app means is unclear
    assert of_cors(answer.lines) == of_cors([*sent, *added])


TARGETS: dict[str, Callable[[bytes], None]] = {
    "origin": origin,
    "configured": configured,
    "lists": lists,
    "options": options,
    "resources": resources,
    "decision": decision,
    "middleware": middleware,
}
