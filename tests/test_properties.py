"""Laws that hold for any policy and any request, of the core and of the Flask adapter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import product

import pytest
from flask import Flask, Response
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flask_cors import CORS, ConfigurationError, cross_origin
from flask_cors.core import Decision, Policy

LAW = settings(derandomize=True, database=None, deadline=None, max_examples=500)

Line = tuple[str, str]
ALLOW_ORIGIN = "access-control-allow-origin"
CREDENTIALS = "access-control-allow-credentials"

# What is drawn ----------------------------------------------------------------------------------

SCHEMES = ["http://", "https://", "chrome-extension://"]
HOSTS = [
    "example",
    "a.example",
    "b.a.example",
    "c.b.a.example",
    "aexample",
    "a.example.evil.test",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "[2001:db8::1]",
]
PORTS = ["", ":1", ":80", ":443", ":8000", ":65535"]
WILD_HOSTS = ["*", "*.example", "*.a.example", "*.b.a.example", "*.test"]
REGEXES = [
    r"https://(.+\.)?a\.example",
    r"^http://localhost",
    r"https?://[a-z]+\.example:\d+",
    r"HTTPS://B\.A\.EXAMPLE$",
    r"null|https://example",
]


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


SENT = ["".join(parts) for parts in product(SCHEMES, HOSTS, PORTS)]
sent = st.sampled_from(SENT)
# As browsers do: without the default port.
serialized = st.sampled_from(
    [origin for origin in SENT if not re.fullmatch("http:.*[^:]:80|https:.*[^:]:443", origin)]
)
PATTERNS = [
    *("".join(parts) for parts in product(SCHEMES, WILD_HOSTS, [*PORTS, ":*"])),
    *("".join(parts) for parts in product(SCHEMES, HOSTS, [":*"])),
]
patterns = st.sampled_from(PATTERNS)
configured = st.lists(
    st.just("null") | serialized | patterns | st.sampled_from(REGEXES), max_size=6
)
dots = st.sampled_from(
    ["", ".", "/", " ", "\r\n", "@", "*", ":", "\x00", "\u212a", "\udce4", "null"]
)
texts = st.text(max_size=40) | joined(dots, sent, dots) | joined(sent, st.text(max_size=5))
origins = (
    serialized
    | sent
    | sent.map(str.upper)
    | st.sampled_from(["null", "Null", "", "*"])
    | texts
    | st.integers(300, 70_000).map(lambda size: "https://" + "a" * size + ".example")
)
methods = st.sampled_from(["GET", "put", "PATCH", "patch", "PURGE", "TRACE", ""]) | st.text(
    max_size=8
)
names = st.sampled_from(["x-a", "X-B", "authorization", "x-*", "", " "]) | st.text(max_size=8)
name_lists = st.lists(names, max_size=8).map(",".join) | st.sampled_from(
    ["," * 20_000, "x," * 200, "x" * 9000]
)
requests = st.fixed_dictionaries(
    {"Origin": origins},
    optional={
        "Access-Control-Request-Method": methods,
        "Access-Control-Request-Headers": name_lists,
        "Access-Control-Request-Private-Network": st.sampled_from(["true", "false", "\n"]),
    },
)
asking_methods = st.sampled_from(["GET", "OPTIONS", "PUT"])
options = st.fixed_dictionaries(
    {},
    optional={
        "origins": st.just("*") | serialized | configured,
        "methods": st.sampled_from([["GET"], ["*"], [], "PUT, PATCH, PURGE"]),
        "allow_headers": st.sampled_from(["*", "X-*", ["X-A", "x-b"], [], "x-[a-z]+"]),
        "expose_headers": st.sampled_from(["X-A", ["X-A", "X-B"]]),
        "supports_credentials": st.booleans(),
        "max_age": st.sampled_from([0, 600]),
        "send_wildcard": st.booleans(),
        "vary_header": st.booleans(),
        "always_send": st.booleans(),
    },
)
ignoring_doubts = pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")


def policy_of(options: dict[str, object]) -> Policy:
    """Compile drawn options; what contradicts itself is no example."""
    try:
        return Policy.from_options(**options)
    except ConfigurationError:
        assume(False)
        raise


def values(lines: Iterable[Line], name: str) -> list[str]:
    return [value for line, value in lines if line.lower() == name]


def varies_by_origin(lines: Iterable[Line]) -> bool:
    varied = {name.strip().lower() for value in values(lines, "vary") for name in value.split(",")}
    return not varied.isdisjoint({"origin", "*"})


def readable(lines: Iterable[Line], origin: str | None) -> tuple[bool, bool]:
    """Return whether a browser lets a page of an origin read it, without and with credentials."""
    allowed = values(lines, ALLOW_ORIGIN)
    with_credentials = allowed == [origin] and values(lines, CREDENTIALS) == ["true"]
    return allowed in ([origin], ["*"]), with_credentials


# What is a token, an origin: written anew, so as not to agree with the code by being the code.
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
SERIALIZED = re.compile(
    r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|(?:[a-z0-9_-]+\.)*[a-z0-9_-]+\.?)(?::([0-9]+))?",
    re.IGNORECASE | re.ASCII,
)
DEFAULT_PORTS = {"http": "80", "https": "443"}


def parts_of(origin: str) -> tuple[str, str, str] | None:
    found = SERIALIZED.fullmatch(origin)
    if found is None:
        return None
    scheme, host, port = found.groups(default="")
    if len(scheme) > 64 or len(host) > 253 or len(port) > 5 or (port and not 0 < int(port) < 65536):
        return None
    return scheme.lower(), host.lower(), port or DEFAULT_PORTS.get(scheme.lower(), "")


# The core ----------------------------------------------------------------------------------------


@ignoring_doubts
@LAW
@given(options, asking_methods | st.text(max_size=8), requests)
@example({"origins": "null"}, "GET", {"Origin": "NULL"})
def test_nothing_comes_back_unvalidated(
    options: dict[str, object], method: str, request: dict[str, str]
) -> None:
    policy = policy_of(options)
    fields = {
        name.removeprefix("Access-Control-"): value
        for name, value in policy.decide(method, request).added_to([])
    }
    assert all(value.isascii() and value.isprintable() for value in fields.values())
    origin = fields.get("Allow-Origin", "*")
    assert origin in ("*", "null") or parts_of(origin) is not None
    for name in ("Allow-Methods", "Allow-Headers", "Expose-Headers", "Vary"):
        listed = fields[name].split(", ") if name in fields else []
        assert [element for element in listed if not TOKEN.fullmatch(element)] == []
    assert fields.get("Allow-Credentials", "true") == "true"
    assert fields.get("Max-Age", "0").isdigit()


@ignoring_doubts
@LAW
@given(options, asking_methods, requests)
def test_credentials_are_never_granted_to_everyone_or_null(
    options: dict[str, object], method: str, request: dict[str, str]
) -> None:
    policy = policy_of(options)
    for headers in (request, {}):
        fields = dict(policy.decide(method, headers).headers)
        assert not (
            fields.get("Access-Control-Allow-Origin") in ("*", "null")
            and "Access-Control-Allow-Credentials" in fields
        )


@ignoring_doubts
@LAW
@given(options, asking_methods, requests, st.none() | serialized | st.just("null"))
def test_a_response_that_is_wrong_for_another_origin_varies(
    options: dict[str, object], method: str, request: dict[str, str], other: str | None
) -> None:
    policy = policy_of({**options, "vary_header": True})
    others = {name: value for name, value in request.items() if name != "Origin"}
    if other is not None:
        others["Origin"] = other
    ours = policy.decide(method, request).added_to([])
    theirs = policy.decide(method, others).added_to([])
    if readable(ours, other) != readable(theirs, other) and other is not None:
        assert varies_by_origin(ours)
    # What browsers send: an origin that is not serialized as they do it is none of theirs.
    origin = request["Origin"]
    if readable(theirs, origin) != readable(ours, origin) and origin == origin.lower():
        assert varies_by_origin(theirs)


@ignoring_doubts
@LAW
@given(options, asking_methods, requests, st.none() | origins)
def test_two_origins_that_are_answered_differently_are_both_told_to_vary(
    options: dict[str, object], method: str, request: dict[str, str], other: str | None
) -> None:
    # Without always_send nothing but `*` is the same for everyone.
    policy = policy_of({**options, "vary_header": True, "always_send": False})
    others = {name: value for name, value in request.items() if name != "Origin"}
    if other is not None:
        others["Origin"] = other
    answers = [policy.decide(method, headers).added_to([]) for headers in (request, others)]
    for lines in answers:
        assert varies_by_origin(lines) or values(lines, ALLOW_ORIGIN) == ["*"]


def naively_allowed(written: list[str], text: str) -> bool:
    """Return what section 2 of the design says, one entry after the other."""
    return any(naively_matches(entry, text) for entry in written)


def naively_matches(entry: str, text: str) -> bool:
    if entry in REGEXES:
        return parts_of(text) is not None and bool(re.fullmatch(entry, text, re.IGNORECASE))
    if "*" not in entry:
        scheme, port = entry.partition("://")[0], DEFAULT_PORTS.get(entry.partition("://")[0])
        return text.isascii() and text.lower() == entry.removesuffix(f":{port}")
    origin = parts_of(text)
    if origin is None:
        return False
    scheme, _, rest = entry.partition("://")
    split = re.fullmatch(r"(.*?)(?::([0-9]+|\*))?", rest) if "[" not in rest else None
    host, port = split.groups() if split else rest.rsplit(":", 1)
    return (
        scheme == origin[0]
        and (host in ("*", origin[1]) or (host.startswith("*.") and origin[1].endswith(host[1:])))
        and (port == "*" or (port or DEFAULT_PORTS.get(scheme, "")) == origin[2])
    )


@pytest.mark.parametrize("entry", [*SENT, *PATTERNS, *REGEXES])
def test_each_entry_allows_what_a_linear_model_does(entry: str) -> None:
    policy = Policy.from_options(origins=[entry])
    expected = [origin for origin in SENT if naively_matches(entry, origin)]
    assert expected == [
        origin for origin in SENT if policy.decide("GET", {"Origin": origin}).outcome == "granted"
    ]


@settings(LAW, max_examples=1000)
@given(configured, origins)
@example(["https://*.a.example"], "https://a.example")
@example(["https://*.a.example"], "https://a.example.evil.test")
@example(["https://*:*"], "https://a.example")
@example(["http://[::1]:*"], "http://[::1]:80")
def test_the_index_of_origins_agrees_with_a_linear_model(written: list[str], text: str) -> None:
    assume(text.lower() != "null" or text == "null")  # a law of its own, above
    expected = "granted" if naively_allowed(written, text) else "origin"
    assert expected == Policy.from_options(origins=written).decide("GET", {"Origin": text}).outcome


@LAW
@given(configured, st.lists(serialized | patterns, max_size=3), serialized)
def test_more_origins_never_allow_less(written: list[str], more: list[str], origin: str) -> None:
    few, many = (
        Policy.from_options(origins=entries).decide("GET", {"Origin": origin}).outcome == "granted"
        for entries in (written, written + more)
    )
    assert many or not few


present_lines = st.lists(
    st.tuples(
        st.sampled_from(["Vary", "vary"]),
        st.sampled_from(
            ["Cookie", "origin", "Accept, Cookie", "*", "Access-Control-Request-Method"]
        ),
    )
    | st.sampled_from(
        [
            ("Access-Control-Allow-Origin", "https://a.example"),
            ("access-control-allow-origin", "*"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "GET"),
            ("access-control-expose-headers", "X-C"),
            ("Access-Control-Max-Age", "1"),
            ("Content-Type", "text/html"),
            ("Set-Cookie", "a=b"),
        ]
    ),
    max_size=5,
    unique_by=lambda line: (line[0], line[1] if line[0].lower() in ("vary", "set-cookie") else ""),
).filter(lambda lines: len(values(lines, ALLOW_ORIGIN)) < 2)


def by_name(lines: Iterable[Line]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in lines:
        fields.setdefault(name.lower(), []).extend(value.split(", "))
    return fields


def decided(options: dict[str, object], method: str, request: dict[str, str]) -> Decision:
    return policy_of(options).decide(method, request)


@ignoring_doubts
@LAW
@given(options, asking_methods, requests, present_lines)
def test_what_is_applied_is_what_is_added(
    options: dict[str, object], method: str, request: dict[str, str], present: list[Line]
) -> None:
    decision = decided(options, method, request)
    headers = Headers(present)
    decision.apply(headers)
    assert by_name(decision.added_to(present)) == by_name(headers.items())


@ignoring_doubts
@LAW
@given(options, asking_methods, requests, present_lines)
def test_a_response_is_only_added_to(
    options: dict[str, object], method: str, request: dict[str, str], present: list[Line]
) -> None:
    lines = decided(options, method, request).added_to(present)
    assert present == lines[: len(present)]
    lists = {"vary", "access-control-expose-headers", "set-cookie"}
    for name in {name.lower() for name, _ in lines} - lists:
        assert len(values(lines, name)) <= max(1, len(values(present, name)))
    if values(present, ALLOW_ORIGIN):
        assert present == lines


@ignoring_doubts
@LAW
@given(options, asking_methods, requests, present_lines)
def test_what_varies_is_named_once(
    options: dict[str, object], method: str, request: dict[str, str], present: list[Line]
) -> None:
    decision = decided(options, method, request)
    assume(not values(present, ALLOW_ORIGIN))
    before = {name.lower() for name in by_name(present).get("vary", [])}
    added = by_name(decision.added_to(present)[len(present) :]).get("vary", [])
    expected = [] if "*" in before else [n for n in decision.vary if n.lower() not in before]
    assert expected == added


# The Flask adapter -------------------------------------------------------------------------------

POLICIES = {
    "default": {},
    "wildcard": {"send_wildcard": True, "expose_headers": "X-A"},
    "sole": {"origins": "https://a.example", "supports_credentials": True, "max_age": 0},
    "listed": {
        "origins": ["https://a.example", "https://*.example:*", "null", r"http://localhost(:\d+)?"],
        "methods": ["GET", "PATCH"],
        "allow_headers": ["X-A", "x-b*"],
        "max_age": 600,
    },
    "some": {"origins": lambda origin: len(origin) % 2, "methods": "*", "always_send": False},
    "failing": {"origins": lambda origin: 1 / 0},
    "nobody": {"origins": []},
}
policy_names = st.sampled_from(sorted(POLICIES))
paths = st.sampled_from(["/extension", "/decorated", "/own", "/varied", "/missing", "/failing"])


@cache
def app_with(policy: str) -> Flask:
    app = Flask(__name__)
    app.logger.disabled = True  # of the view that fails
    app.add_url_rule("/extension", "extension", lambda: "text")
    app.add_url_rule("/decorated", "decorated", cross_origin(**POLICIES[policy])(lambda: "text"))
    app.add_url_rule("/failing", "failing", lambda: 1 / 0)
    own = {"Access-Control-Allow-Origin": "https://own.example", "Vary": "Cookie"}
    app.add_url_rule("/own", "own", lambda: Response("text", headers=own))
    app.add_url_rule("/varied", "varied", lambda: Response("text", headers={"Vary": "Cookie"}))
    CORS(app, **POLICIES[policy])
    return app


def answered(policy: str, path: str, method: str, request: dict[str, str]) -> list[Line]:
    environ = EnvironBuilder(path, method=method).get_environ()
    environ |= {"HTTP_" + name.upper().replace("-", "_"): text for name, text in request.items()}
    return list(run_wsgi_app(app_with(policy), environ, buffered=True)[2].items())


def of_cors(lines: Iterable[Line]) -> list[Line]:
    return sorted(
        (name, value)
        for name, value in lines
        if name.startswith("Access-Control-") or name == "Vary"
    )


# A server gives a WSGI app text of latin-1 alone (PEP 3333).
latin_requests = requests.map(
    lambda request: {
        name: value.encode("latin-1", "ignore").decode("latin-1") for name, value in request.items()
    }
)


@LAW
@given(policy_names, paths, asking_methods, latin_requests)
def test_flask_answers_as_the_policy_decides(
    policy: str, path: str, method: str, request: dict[str, str]
) -> None:
    decision = Policy.from_options(**POLICIES[policy]).decide(method, request)
    expected = decision.added_to([])
    if decision.kind != "preflight" and method in ("GET", "OPTIONS"):
        if path == "/own" and method == "GET":
            expected = [("Access-Control-Allow-Origin", "https://own.example"), ("Vary", "Cookie")]
        if path == "/varied" and method == "GET":
            expected = decision.added_to([("Vary", "Cookie")])
    assert of_cors(expected) == of_cors(answered(policy, path, method, request))


@LAW
@given(policy_names, paths, asking_methods, latin_requests)
def test_flask_sends_one_allow_origin_and_no_line_break(
    policy: str, path: str, method: str, request: dict[str, str]
) -> None:
    lines = answered(policy, path, method, request)
    assert len(values(lines, ALLOW_ORIGIN)) <= 1
    assert all(value.isprintable() for name, value in lines)
    assert values(lines, ALLOW_ORIGIN) != ["*"] or not values(lines, CREDENTIALS)


@LAW
@given(policy_names, paths.filter("/own".__ne__), asking_methods, serialized, serialized)
def test_flask_varies_where_another_origin_is_answered_differently(
    policy: str, path: str, method: str, origin: str, other: str
) -> None:
    ours = answered(policy, path, method, {"Origin": origin})
    theirs = answered(policy, path, method, {"Origin": other})
    if readable(ours, other) != readable(theirs, other):
        assert varies_by_origin(ours)
    if readable(theirs, origin) != readable(ours, origin):
        assert varies_by_origin(theirs)
