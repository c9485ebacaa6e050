"""Strategies for the properties: configurations and requests, drawn together with their meaning.

A model that parsed the configuration would repeat the code under test. So each part is drawn as its
meaning, and the option is written from that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import AddressValueError, IPv6Address
from typing import Any, NamedTuple, TypeAlias, TypeVar

import pytest
from hypothesis import example, settings
from hypothesis import strategies as st

from flask_cors.browser import Credentials, Request

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])
Options: TypeAlias = dict[str, Any]
Line: TypeAlias = tuple[str, str]

PROPERTY_SETTINGS = settings(derandomize=True, database=None, deadline=None, max_examples=200)
ignore_cors_warnings = pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")

# Fields of a response, in lower case.
ALLOW_ORIGIN = "access-control-allow-origin"
CREDENTIALS = "access-control-allow-credentials"


def examples(*cases: object) -> Callable[[F], F]:
    """Also test a property with these cases; a tuple stands for several arguments."""

    def decorate(test: F) -> F:
        for case in cases:
            test = example(*case)(test) if isinstance(case, tuple) else example(case)(test)
        return test

    return decorate


def requested_names(value: str) -> list[str] | None:
    """Return the names that a preflight requests, or `None` if they exceed the limits."""
    listed = [element.strip(" \t") for element in value.split(",")] if value else []
    names = [element for element in listed if element]
    within = len(value) <= 8192 and len(names) <= 128 and len(listed) - len(names) <= 16
    return names if within else None


def some(values: Sequence[T], most: int | None = None) -> st.SearchStrategy[list[T]]:
    """Draw a list of some of these values, without duplicates."""
    return st.lists(st.sampled_from(values), unique_by=repr, max_size=most)


def values(lines: Iterable[Line], name: str) -> list[str]:
    """Return the value of each line of a field; `name` is in lower case."""
    return [value for line, value in lines if line.lower() == name]


def elements(lines: Iterable[Line], name: str) -> list[str]:
    """Return the elements of a list field, from all its lines, in lower case and sorted."""
    listed = ",".join(values(lines, name)).lower().split(",")
    return sorted(element.strip() for element in listed if element.strip())


# Origins that are sent ----------------------------------------------------------------------------

DEFAULT_PORTS = {"http": "80", "https": "443", "chrome-extension": ""}
# The grammars of tokens and origins, written independently of the code under test.
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
WEB_SCHEMES = {"ftp", "http", "https", "ws", "wss"}
_OF_AN_APP = re.compile(r"([a-z][a-z0-9+.-]*)://(\.?)()", re.IGNORECASE | re.ASCII)
_SERIALIZED = re.compile(
    r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|(?:[a-z0-9_-]+\.)*[a-z0-9_-]+\.?)(?::([0-9]+))?",
    re.IGNORECASE | re.ASCII,
)


class Site(NamedTuple):
    """A tuple origin; `port` is empty for the scheme's default."""

    scheme: str
    host: str
    port: str = ""

    @property
    def text(self) -> str:
        """Return the origin as a browser sends it."""
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port else "")


def site_of(text: str) -> Site | None:
    """Parse a serialized origin, in upper or lower case; `None` if `text` is not an origin."""
    found = _SERIALIZED.fullmatch(text) or _OF_AN_APP.fullmatch(text)
    if found is None or (found[2] in ("", ".") and found[1].lower() in WEB_SCHEMES):
        return None
    scheme, host, port = (part.lower() for part in found.groups(default=""))
    if len(scheme) > 64 or len(host) > 253 or len(port) > 5 or (port and not 0 < int(port) < 65536):
        return None
    if host.startswith("["):
        try:
            IPv6Address(host[1:-1])
        except AddressValueError:
            return None
    return Site(scheme, host, "" if port == DEFAULT_PORTS.get(scheme) else port)


def is_page(origin: str) -> bool:
    """Return whether a browser can send this as `Origin`."""
    site = site_of(origin)
    if site is None:
        return origin == "null"
    # A host that ends in a number is an IPv4 address, or not valid.
    number = re.search(r"(^|\.)[0-9]+\.?$", site.host)
    return site.text == origin and (number is None or site.host == "127.0.0.1")


schemes = st.sampled_from(sorted(DEFAULT_PORTS))
label_lists = st.lists(st.sampled_from(["a", "b", "example", "test"]), min_size=1, max_size=4)
named_hosts = label_lists.map(".".join)
hosts = named_hosts | st.sampled_from(["localhost", "127.0.0.1", "[::1]", "[2001:db8::1]"])
ports = st.sampled_from(["", "", "1", "8000", "65535"])
sites = st.builds(Site, schemes, hosts, ports)
serialized = sites.map(lambda site: site.text)


def _explicit(origin: str) -> str:
    """Write an origin with its default port, which no browser does."""
    site = site_of(origin)
    port = DEFAULT_PORTS[site.scheme] if site and not site.port else ""
    return f"{origin}:{port}" if port else origin


# Changes of an origin that an attacker may try, or a careless expression may allow.
CHANGES: list[Callable[[str], str]] = [
    str,
    str,
    str,
    str.upper,
    str.title,
    _explicit,
    lambda origin: origin + ".evil.test",
    lambda origin: origin + "evil",
    lambda origin: origin + ":1",
    lambda origin: origin + ".",
    lambda origin: origin.replace("://", "://evil"),
    lambda origin: origin.replace("://", "://evil."),
    lambda origin: origin.replace("http:", "https:"),
    lambda origin: "evil" + origin,
    lambda origin: origin.replace(".", "x", 1),
    lambda origin: origin.replace("://b.", "://", 1),
]
pieces = st.sampled_from(
    ["", ".", "/", " ", "\r\n", "\n", "@", "*", ":", ",", "\x00", "\u212a", "\udce4", "null", "%2e"]
)
malformed = (
    st.text(max_size=40)
    | st.tuples(pieces, serialized, pieces).map("".join)
    | st.tuples(serialized, st.text(max_size=5)).map("".join)
    | st.integers(250, 70_000).map(lambda size: "https://" + "a" * size + ".example")
    | st.sampled_from(["null", "Null", "NULL", "", "*", "null, null"])
)


def changed(origins: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Draw these origins, most of them changed."""
    return st.tuples(st.sampled_from(CHANGES), origins).map(lambda pair: pair[0](pair[1]))


origins = changed(serialized) | malformed


# Configured origins -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Entry:
    """An item of a list of origins or header names, with its meaning."""

    written: Any
    allows: Callable[[str], bool]
    sample: str = ""
    """a value that it allows"""
    kind: str = ""

    def __repr__(self) -> str:
        return repr(self.written)


ANYONE = [
    Entry(written, lambda _: True, "https://a.example", "any")
    for written in ("*", ".*", "^.*$", re.compile(".*"))
]
NULL = Entry("null", lambda text: text == "null", "null", "null")


def _exact(site: Site, spell: Callable[[str], str]) -> Entry:
    return Entry(
        spell(site.text),
        lambda text: text.isascii() and text.lower() == site.text,
        site.text,
        "exact",
    )


def _pattern(scheme: str, host: str, port: str, sub: str) -> Entry:
    """Return an origin pattern; `host` is a host, `*`, or starts with `*.`."""
    written = f"{scheme}://{host}" + (f":{port}" if port else "")
    port = "" if port == DEFAULT_PORTS[scheme] else port
    suffix = host.removeprefix("*.").split(".")

    def allows(text: str) -> bool:
        site = site_of(text)
        if site is None or site.scheme != scheme or port not in ("*", site.port):
            return False
        if host == "*":
            return True
        if not host.startswith("*."):
            return site.host == host
        labels = site.host.split(".")
        return len(labels) > len(suffix) and labels[-len(suffix) :] == suffix

    named = host.replace("*", sub, 1)
    return Entry(written, allows, Site(scheme, named, port.replace("*", "8000")).text)


def _regex(source: str, sample: str, *, compiled: bool) -> Entry:
    """Return a regular expression, which has to match a whole origin and ignores case."""

    def allows(text: str) -> bool:
        return site_of(text) is not None and bool(re.fullmatch(source, text, re.IGNORECASE))

    return Entry(re.compile(source) if compiled else source, allows, sample)


REGEXES = [
    _regex(source, sample, compiled=compiled)
    for source, sample in [
        (r"https://(.+\.)?a\.example", "https://b.a.example"),
        (r"^http://localhost", "http://localhost"),
        (r"https?://[a-z]+\.example:\d+", "https://a.example:8000"),
        (r"HTTPS://B\.A\.EXAMPLE$", "https://b.a.example"),
        (r"null|https://example", "https://example"),
        (r"https://a\.example|", "https://a.example"),
        (r"(?s:.)*\.b\.test(\n)?", "https://a.b.test"),
    ]
    for compiled in (False, True)
    if not (compiled and source.startswith("("))  # a compiled copy would add nothing
]


def _of_odd_length(origin: str) -> bool:
    return len(origin) % 2 == 1


def _no_boolean(origin: str) -> str:
    return "example" if "example" in origin else ""


def _failing(origin: str) -> bool:
    raise LookupError(origin)


def _asking(predicate: Callable[[str], Any], sample: str) -> Entry:
    return Entry(
        predicate, lambda text: site_of(text) is not None and predicate(text) is True, sample
    )


CALLABLES = [
    _asking(_of_odd_length, "https://b.a.test"),
    _asking(_no_boolean, "https://example"),
    Entry(_failing, lambda _: False, "https://a.example"),
]

SPELLINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    lambda text: text + "/",
    lambda text: f" {text}\t",
    _explicit,
]
exact_entries = st.builds(_exact, sites, st.sampled_from(SPELLINGS))
pattern_entries = st.builds(
    _pattern,
    schemes,
    named_hosts.map("*.{}".format) | st.just("*"),
    ports | st.sampled_from(["*", "80", "443"]),
    st.sampled_from(["b", "b.a"]),
) | st.builds(_pattern, schemes, hosts, st.just("*"), st.just(""))
entries = exact_entries | pattern_entries | st.sampled_from([NULL, NULL, *REGEXES])
entry_lists = st.lists(entries, max_size=5)


# Configurations -----------------------------------------------------------------------------------

VERBS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PURGE"]
DEFAULT_METHODS = frozenset(VERBS) - {"PURGE"}
NAMES = [
    Entry("X-A", lambda name: name.lower() == "x-a"),
    Entry("x-b", lambda name: name.lower() == "x-b"),
    Entry("Authorization", lambda name: name.lower() == "authorization"),
    Entry("Content-Type", lambda name: name.lower() == "content-type"),
    Entry("X-B*", lambda name: name.lower().startswith("x-b")),
    Entry("x-[a-b]", lambda name: name.lower() in ("x-a", "x-b")),
    Entry(re.compile("X-C"), lambda name: name.lower() == "x-c"),
]


def normalized(method: str) -> str:
    """Return a method as a browser sends it: it converts six methods to upper case."""
    usual = {verb.lower(): verb for verb in VERBS if verb not in ("PATCH", "PURGE")}
    return usual.get(method.lower(), method) if method.isascii() else method


SWITCHES = {
    True: [True, 1, "1", "true", " Yes", "ON"],
    False: [False, 0, "0", "FALSE", "no ", "off"],
}
AGES = [(0, 0), (600, 600), (" 600 ", 600), (1.9, 1), (timedelta(minutes=1), 60), (None, None)]
EXPOSED: list[tuple[Any, tuple[str, ...]]] = [
    (None, ()),
    ([], ()),
    ("X-One", ("X-One",)),
    ("X-Two ,X-One", ("X-One", "X-Two")),
    (("X-Two",), ("X-Two",)),
]


@dataclass(frozen=True)
class Configuration:
    """A drawn configuration: the options as written, and their meaning."""

    options: Options
    origins: tuple[Entry, ...]
    methods: frozenset[str] | None
    """`None` for any method"""
    names: tuple[Entry, ...] | None
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = None
    send_wildcard: bool = False
    vary: bool = True
    private_network: bool = False
    always_send: bool = True
    automatic: bool = True

    @property
    def everyone(self) -> bool:
        """Return whether any origin is allowed."""
        return any(entry.kind == "any" for entry in self.origins)

    @property
    def sole(self) -> str | None:
        """Return the origin, if the policy allows exactly one."""
        samples = {entry.sample for entry in self.origins}
        exact = all(entry.kind in ("exact", "null") for entry in self.origins)
        return next(iter(samples)) if exact and len(samples) == 1 else None

    def allows(self, origin: str) -> bool:
        """Return whether an `Origin` is allowed."""
        return any(entry.allows(origin) for entry in self.origins)

    def allows_method(self, method: str) -> bool:
        """Return whether a requested method is allowed."""
        if self.methods is None:
            short = len(method) <= 256 and bool(TOKEN.fullmatch(method))
            return short and method.upper() not in ("CONNECT", "TRACE", "TRACK")
        return normalized(method) in self.methods

    def allows_name(self, name: str) -> bool:
        """Return whether a header is allowed."""
        return bool(TOKEN.fullmatch(name)) and (
            self.names is None or any(entry.allows(name) for entry in self.names)
        )


def _spelt(draw: st.DrawFn, items: Sequence[Any]) -> Any:
    """Write a list in one of the accepted forms: an iterable, one item, or text with commas."""
    ways: list[Any] = [list(items), tuple(items), dict.fromkeys(items).keys()]
    if len(items) == 1:
        ways += items
    if items and all(isinstance(item, str) for item in items):
        ways.append(" ,".join(items))
    return draw(st.sampled_from(ways))


switches = st.fixed_dictionaries(
    {},
    optional={
        option: st.sampled_from(SWITCHES[True] + SWITCHES[False])
        for option in (
            "supports_credentials",
            "send_wildcard",
            "vary_header",
            "allow_private_network",
            "always_send",
            "automatic_options",
        )
    },
)


def _is_on(options: Options, option: str, *, default: bool) -> bool:
    return options[option] in SWITCHES[True] if option in options else default


# Created once: to create and validate a strategy costs more than to draw from it.
_one_of_four = st.sampled_from([True, False, False, False])
_yes_or_no = st.booleans()
_anyone = st.sampled_from(ANYONE)
_verbs: st.SearchStrategy[list[str] | None] = st.none() | some(VERBS) | st.just(["*"])
_names: st.SearchStrategy[list[Entry] | None] = st.none() | some(NAMES) | st.just([])
_any_name: st.SearchStrategy[Options] = st.sampled_from([{}, {"allow_headers": "*"}])
_exposed = st.sampled_from(EXPOSED)
_ages = st.sampled_from(AGES)


def _draw_origins(
    draw: st.DrawFn, options: Options, callables: Sequence[Entry]
) -> tuple[Entry, ...]:
    if draw(_one_of_four):
        anyone = draw(_anyone)
        if draw(_yes_or_no):
            options["origins"] = anyone.written
        return (anyone,)
    origins = tuple(draw(entry_lists))
    if draw(_one_of_four) and callables:
        origins = (*origins, draw(st.sampled_from(callables)))
    options["origins"] = _spelt(draw, [entry.written for entry in origins])
    return origins


def _draw_methods(draw: st.DrawFn, options: Options) -> frozenset[str] | None:
    verbs = draw(_verbs)
    if verbs is None:
        return DEFAULT_METHODS
    lower = draw(_yes_or_no)
    written = [verb.lower() if lower and verb != "PURGE" else verb for verb in verbs]
    options["methods"] = _spelt(draw, written)
    return None if "*" in verbs else frozenset(verbs)


def _draw_names(draw: st.DrawFn, options: Options) -> tuple[Entry, ...] | None:
    names = draw(_names)
    if names is None:
        options |= draw(_any_name)
        return None
    options["allow_headers"] = _spelt(draw, [entry.written for entry in names])
    return tuple(names)


@st.composite
def configurations(draw: st.DrawFn, *, callables: Sequence[Entry] = CALLABLES) -> Configuration:
    """Draw a configuration without errors."""
    options: Options = draw(switches)
    origins = _draw_origins(draw, options, callables)
    methods = _draw_methods(draw, options)
    names = _draw_names(draw, options)
    options["expose_headers"], exposed = draw(_exposed)
    options["max_age"], max_age = draw(_ages)
    if any(entry.kind in ("any", "null") for entry in origins):
        options.pop("supports_credentials", None)
    return Configuration(
        options,
        origins,
        methods,
        names,
        exposed,
        _is_on(options, "supports_credentials", default=False),
        max_age,
        _is_on(options, "send_wildcard", default=False),
        _is_on(options, "vary_header", default=True),
        _is_on(options, "allow_private_network", default=False),
        _is_on(options, "always_send", default=True),
        _is_on(options, "automatic_options", default=True),
    )


# Requests -----------------------------------------------------------------------------------------

asked_methods = st.sampled_from([*VERBS, "put", "patch", "purge", "TRACE", "trace", ""]) | st.text(
    max_size=8
)
asked_names = st.sampled_from(
    ["x-a", "X-B", "x-bc", "x-c", "authorization", "content-type", "x-*", "*", "", " ", "x y"]
) | st.text(max_size=8)
usual_names = some(["x-a", "X-A", "x-b", "authorization", "content-type"]).map(",".join)
name_lists = (
    usual_names
    | st.lists(asked_names, max_size=6).map(", ".join)
    | st.sampled_from(["," * 20_000, "x," * 200, "x" * 9000, ",x-a" * 16, "x-a," + "," * 16])
)


class Asked(NamedTuple):
    """The parts of a request that matter for CORS."""

    method: str
    fields: dict[str, str]

    def of(self, origin: str | None) -> Asked:
        """Return the same request with another `Origin`, or without one."""
        fields = {name: value for name, value in self.fields.items() if name != "Origin"}
        return Asked(self.method, fields if origin is None else {**fields, "Origin": origin})

    @property
    def is_preflight(self) -> bool:
        """Return whether the request is a CORS-preflight request."""
        asks = {"Origin", "Access-Control-Request-Method"} <= self.fields.keys()
        return self.method == "OPTIONS" and asks


def environ_of(asked: Asked, path: str = "/", root: str = "") -> dict[str, Any]:
    """Return the WSGI environment of a request, with only the keys that the library may need."""
    fields = {
        "HTTP_" + name.upper().replace("-", "_"): value for name, value in asked.fields.items()
    }
    path = path.encode().decode("latin-1")
    return {"REQUEST_METHOD": asked.method, "SCRIPT_NAME": root, "PATH_INFO": path, **fields}


sent_methods = st.sampled_from(["GET", "OPTIONS", "OPTIONS", "PUT"])


def near(*drawn: Configuration) -> st.SearchStrategy[str]:
    """Draw origins, many of them allowed or similar to an allowed one."""
    samples = [entry.sample for one in drawn for entry in one.origins]
    return changed(st.sampled_from(samples)) | origins if samples else origins


def _fields(origin: str | None, fields: dict[str, str]) -> dict[str, str]:
    return fields if origin is None else {"Origin": origin, **fields}


_asked_fields = st.fixed_dictionaries(
    {},
    optional={
        "Access-Control-Request-Method": asked_methods,
        "Access-Control-Request-Headers": name_lists,
        "Access-Control-Request-Private-Network": st.sampled_from(["true", "false", "\n"]),
    },
)
_usual_preflights = st.tuples(st.sampled_from(VERBS), usual_names).map(
    lambda pair: {
        "Access-Control-Request-Method": pair[0],
        "Access-Control-Request-Headers": pair[1],
    }
)
_fields_alone = _asked_fields | _usual_preflights


def requests(
    origins: st.SearchStrategy[str],
    methods: st.SearchStrategy[str] = sent_methods,
) -> st.SearchStrategy[Asked]:
    """Draw requests with these origins; some have no `Origin`."""
    origin = st.one_of(origins, origins, origins, st.none())
    return st.builds(Asked, methods, st.builds(_fields, origin, _fields_alone))


@st.composite
def cases(
    draw: st.DrawFn, drawn: st.SearchStrategy[Configuration] | None = None
) -> tuple[Configuration, Asked]:
    """Draw a configuration, and a request that is related to it."""
    configuration = draw(configurations() if drawn is None else drawn)
    return configuration, draw(requests(near(configuration)))


# Resources ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Place:
    """A path pattern, with its meaning."""

    written: Any
    covers: Callable[[str], bool]
    literal: bool = False

    def __repr__(self) -> str:
        return repr(self.written)


PLACES = [
    Place("/*", lambda path: True),
    Place("*", lambda path: True),
    Place("/api/*", lambda path: path == "/api" or path.startswith("/api/")),
    Place("/api/x/*", lambda path: path == "/api/x" or path.startswith("/api/x/")),
    Place("/api/x", lambda path: path == "/api/x", literal=True),
    Place("/api/", lambda path: path == "/api/", literal=True),
    Place("/\u00fc/x", lambda path: path == "/\u00fc/x", literal=True),
    Place("/api*", lambda path: path.startswith("/api")),
    Place("/*/x", lambda path: len(path) > 2 and path.endswith("/x")),
    Place(r"/api/[a-x]", lambda path: re.match("/api/[a-x]", path) is not None),
    Place(r"^/(api|API)/.*$", lambda path: path.lower().startswith("/api/")),
    Place(re.compile("/f|/m"), lambda path: path.startswith(("/f", "/m"))),
]


@dataclass(frozen=True)
class SetUp:
    """The options of an app or a middleware, with resources."""

    options: Options
    base: Configuration
    places: tuple[tuple[Place, Options], ...]
    """the resources, each with the options that apply there"""
    drawn: tuple[Configuration, ...]

    def governing(self, path: str) -> Options | None:
        """Return the options that apply to a path: those of the most specific resource."""
        path = "/" + path.lstrip("/")
        found = [
            ((place.literal, text.count("/"), len(text), number), options)
            for number, (place, options) in enumerate(self.places)
            if place.covers(path)
            for text in [getattr(place.written, "pattern", place.written)]
        ]
        return max(found, key=lambda each: each[0])[1] if found else None


@st.composite
def set_ups(draw: st.DrawFn, *, callables: Sequence[Entry] = CALLABLES) -> SetUp:
    """Draw options with resources, which may have options of their own."""
    base = draw(configurations(callables=callables))
    options = {"intercept_exceptions": draw(st.booleans()), **base.options}
    drawn = [base]
    places: list[tuple[Place, Options]] = []
    own: dict[Any, Options] = {}
    for place in draw(some(PLACES, most=3)):
        own[place.written] = {}
        if draw(st.booleans()):
            more = draw(configurations(callables=callables))
            drawn.append(more)
            given = {name: value for name, value in more.options.items() if value is not None}
            intercepted = draw(st.booleans())
            # The inherited options may contradict these, so set what could.
            own[place.written] = {
                **given,
                "supports_credentials": more.credentials and "origins" in given,
                "intercept_exceptions": intercepted,
            }
        places.append((place, {**options, **own[place.written]}))
    if not places:
        return SetUp(options, base, ((PLACES[0], options),), (base,))
    written: Any = list(own) if not any(own.values()) else own
    return SetUp({**options, "resources": written}, base, tuple(places), tuple(drawn))


# Anything at all ----------------------------------------------------------------------------------


def _one_of_each() -> st.SearchStrategy[Any]:
    texts = st.text(max_size=12) | pieces | st.sampled_from(["https://a.example", "/api/*", "GET"])
    constants: list[Any] = [
        None,
        True,
        False,
        b"https://a.example",
        re.compile("https://a"),
        re.compile(b"https://a"),
        timedelta.max,
        timedelta(days=-1),
        _of_odd_length,
        str,
        object(),
        10**400,
        1e308,
        1j,
    ]
    return texts | st.integers() | st.floats() | st.sampled_from(constants)


def _many(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.text(max_size=5) | st.integers() | st.sampled_from(["/api/*", "origins", "methods"])
    return (
        st.lists(items, max_size=3)
        | st.lists(items, max_size=3).map(tuple)
        | st.lists(items, max_size=3).map(iter)
        | st.frozensets(st.text(max_size=5) | st.integers(), max_size=3)
        | st.dictionaries(keys, items, max_size=3)
    )


anything = st.recursive(_one_of_each(), _many, max_leaves=6)
OPTIONS = [
    "origins",
    "methods",
    "allow_headers",
    "expose_headers",
    "supports_credentials",
    "max_age",
    "send_wildcard",
    "vary_header",
    "allow_private_network",
    "always_send",
    "automatic_options",
    "intercept_exceptions",
    "resources",
]
option_names = st.sampled_from(
    [*OPTIONS, *OPTIONS, "origin", "headers", "allow_credentials", "max-age", "ORIGINS", "", "é"]
)
any_options: st.SearchStrategy[Options] = st.dictionaries(option_names, anything, max_size=4)

# Origins in a configuration, correct and wrong, made of pieces that people write.
written_origins = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["https://"] * 6 + ["http://", "HTTPS://", "", "^https://", "*://", "https:/"]),
    st.lists(
        st.sampled_from(
            [
                *("a", "a", "b", ".", ".", "*.", "*", "example", r"\.", ".*", "(a|b)", "[ab]"),
                *("\u00e9", "@", "[::1]", "b?", "^", "xn--", "_", " ", ","),
            ]
        ),
        min_size=1,
        max_size=4,
    ).map("".join),
    st.sampled_from(["", "", "", ".example", ".example", r"\.example"]),
    st.sampled_from(["", "", "", "", ":*", ":80", ":443", "/", "/x", "?x=1", "$", r"(:\d+)?", "|"]),
) | st.text("htps:/*.ab\\|()?[]^$, ", max_size=12)


# Scripts ------------------------------------------------------------------------------------------

SCRIPTED = [
    ("X-A", "x"),
    ("x-b", "x"),
    ("X-BC", "x"),
    ("x-c", "x"),
    ("Authorization", "x"),
    ("Content-Type", "application/json"),
    ("Content-Type", "text/plain"),
]
_scripted_methods = st.sampled_from([*VERBS, "put", "patch", "get"])
_scripted_headers = st.lists(
    st.sampled_from(SCRIPTED), max_size=3, unique_by=lambda line: line[0].lower()
)
_credentials: st.SearchStrategy[Credentials] = st.sampled_from(["omit", "same-origin", "include"])


@st.composite
def scripts(draw: st.DrawFn) -> tuple[Configuration, Request]:
    """Draw a configuration, and the request of a script on some page."""
    drawn = draw(configurations())
    samples = [entry.sample for entry in drawn.origins if entry.sample]
    pages = changed(st.sampled_from([*samples, "null"])) | serialized
    page = draw(pages.filter(is_page))
    method, headers = draw(_scripted_methods), tuple(draw(_scripted_headers))
    return drawn, Request(method, "https://server.test/", headers, page, draw(_credentials))


def needs_permission(request: Request) -> list[str]:
    """Return the names of the headers for which a drawn script needs a preflight."""
    return [name for name, value in request.headers if value != "text/plain"]
