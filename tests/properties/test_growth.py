"""How the work of a request grows: counted, not timed, so the numbers are the same on any machine.

What is counted: calls of functions, Python's and C's; among these the calls of regular
expressions; how often an origin is hashed or compared; and the memory that a request takes.
"""

from __future__ import annotations

import gc
import re
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from itertools import count
from typing import NamedTuple

import pytest
from flask import Flask
from werkzeug.test import create_environ

from flask_cors import CORS, asgi, cross_origin, wsgi
from flask_cors.core import Policy

from ..support.memory import bytes_left

pytestmark = pytest.mark.slow

FEW, MANY = 10, 1_000
KIB, KIB_64 = 1024, 64 * 1024
EVIL = "https://evil.test"


class Work(NamedTuple):
    """What a request made the interpreter do."""

    calls: int
    regexes: int


POLICIES_TO_FORGET = [
    Policy.from_options(origins=origins) for origins in ("*", "https://*.nobody.example")
]


def forget() -> None:
    """Push out what is remembered of earlier requests: what is counted is the first of its kind."""
    for policy in POLICIES_TO_FORGET:
        for number in range(1_000):
            policy.decide("GET", {"Origin": f"https://{number}.nobody.example"})


def counted(request: Callable[[], object]) -> Work:
    forget()
    calls = regexes = 0

    def count(_frame, event: str, called: object) -> None:
        nonlocal calls, regexes
        if event in ("call", "c_call"):
            calls += 1
            regexes += isinstance(getattr(called, "__self__", None), re.Pattern)

    before = sys.getprofile()
    gc.disable()  # what it may finalize would be counted too
    sys.setprofile(count)
    try:
        request()
    finally:
        sys.setprofile(before)
        gc.enable()
    return Work(calls, regexes)


def work(app, environ: dict[str, object]) -> Work:
    """Count the calls that a request to a WSGI app makes, which is not the app's first."""
    serve(app, environ | {field: text for field, text in ANOTHER.items() if field in environ})()
    return counted(serve(app, environ))


def memory(request: Callable[[], object]) -> int:
    """Return how many bytes more than before a request held at its worst."""
    forget()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    request()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - before


class CountedText(str):
    """A text that counts how often it is hashed and compared, as what is made of it does."""

    __slots__ = ()
    hashed = compared = 0

    def __hash__(self) -> int:
        CountedText.hashed += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        CountedText.compared += 1
        return super().__eq__(other)

    def lower(self) -> CountedText:
        return CountedText(super().lower())


class CountedBytes(bytes):
    """Bytes that count how many of them are copied where something is added to them."""

    __slots__ = ()
    copied = 0

    def __add__(self, other: bytes) -> CountedBytes:
        CountedBytes.copied += len(self)
        return CountedBytes(super().__add__(other))


def started(_status, _lines, _exc_info=None):
    return bytes


def serve(app, environ: dict[str, object]) -> Callable[[], object]:
    """Return what sends the same request to a WSGI app, again and again."""

    def request() -> None:
        parts = app(environ.copy(), started)
        b"".join(parts)
        getattr(parts, "close", bool)()

    return request


def said(_environ, start_response) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "1")])
    return [b"x"]


def in_flask(path: str = "/x", **options: object):
    app = Flask("growth", static_folder=None)
    app.add_url_rule(path, "x", lambda: "x")
    CORS(app, **options)
    return app


def in_wsgi(path: str = "/x", **options: object):
    return wsgi.CORSMiddleware(said, **options)


ADAPTERS = pytest.mark.parametrize("adapter", [in_flask, in_wsgi], ids=["flask", "wsgi"])


def each_with_one(
    names: tuple[str, str], first: Mapping[str, object], second: Mapping[str, object], one: str
) -> pytest.MarkDecorator:
    """Make cases of every value of the first, and of every of the second with `one` of the first.

    The two are looked at apart: all pairs of them would say the same many times over.
    """
    usual = next(iter(second))
    pairs = [(name, usual) for name in first] + [(one, name) for name in second if name != usual]
    return pytest.mark.parametrize(
        names, [pytest.param(first[a], second[b], id=f"{a}-{b}") for a, b in pairs]
    )


ASKED = {
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type,x-token",
}


def get(origin: str, path: str = "/x") -> dict[str, object]:
    return {**create_environ("/x"), "PATH_INFO": path, "HTTP_ORIGIN": origin}


def preflight(origin: str, path: str = "/x", **fields: str) -> dict[str, object]:
    return {**get(origin, path), **ASKED, "REQUEST_METHOD": "OPTIONS", **fields}


ANOTHER = {
    "HTTP_ORIGIN": "https://another.test",
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PATCH",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-another",
}

KINDS = pytest.mark.parametrize("kind", [get, preflight], ids=["actual", "preflight"])
DOORS = {
    "flask-actual": (in_flask, get),
    "flask-preflight": (in_flask, preflight),
    "wsgi-actual": (in_wsgi, get),
    "wsgi-preflight": (in_wsgi, preflight),
}


def exact(count: int) -> list[str]:
    return [f"https://site{number}.example" for number in range(count)]


def wildcards(count: int) -> list[str]:
    return [f"https://*.site{number}.example" for number in range(count)]


ASKING = {
    "exact": (exact, "https://site7.example"),
    "exact-in-upper-case": (exact, "HTTPS://Site7.Example"),
    "exact-missed": (exact, EVIL),
    "wildcard": (wildcards, "https://a.b.site7.example"),
    "wildcard-missed": (wildcards, "https://a.b.evil.test"),
}
ORIGINS = pytest.mark.parametrize(("origins", "origin"), ASKING.values(), ids=ASKING)


@pytest.mark.parametrize("origin", ["https://site1.example", EVIL], ids=["granted", "refused"])
def test_what_was_decided_about_an_origin_is_remembered(origin):
    app = in_flask(origins=exact(5))
    for _ in range(2):
        serve(app, get("https://another.test"))()  # the app's own first requests
    request = serve(app, get(origin))
    first, second = counted(request), counted(request)
    assert second.calls < first.calls


# Configurations that grow -------------------------------------------------------------------------


@each_with_one(("asking", "door"), ASKING, DOORS, one="wildcard-missed")
def test_the_calls_of_a_request_do_not_depend_on_how_many_origins_there_are(asking, door):
    (origins, origin), (adapter, kind) = asking, door
    few, many = (work(adapter(origins=origins(count)), kind(origin)) for count in (FEW, MANY))
    assert few == many


@ORIGINS
def test_an_origin_is_hashed_and_compared_a_few_times_however_many_there_are(origins, origin):
    def looked_at(count: int) -> tuple[int, int]:
        policy = Policy.from_options(origins=origins(count))
        headers = {"Origin": CountedText(origin)}
        forget()
        CountedText.hashed = CountedText.compared = 0
        policy.decide("GET", headers)
        return CountedText.hashed, CountedText.compared

    few, many = looked_at(FEW), looked_at(MANY)
    assert few == many
    assert max(many) <= 5


def literals(count: int) -> list[str]:
    return [f"/r{number}" for number in range(count)]


def prefixes(count: int) -> list[str]:
    return [f"/r{number}/*" for number in range(count)]


PATHS = {
    "literal": (literals, "/r7"),
    "literal-missed": (literals, "/none"),
    "prefix": (prefixes, "/r7/a/b"),
    "prefix-missed": (prefixes, "/none/a/b"),
}


@each_with_one(("asking", "door"), PATHS, DOORS, one="prefix-missed")
def test_the_calls_of_a_request_do_not_depend_on_how_many_resources_there_are(asking, door):
    (resources, path), (adapter, kind) = asking, door
    few, many = (
        work(adapter(path, resources=resources(count)), kind(EVIL, path)) for count in (FEW, MANY)
    )
    assert few == many


@KINDS
@pytest.mark.parametrize("decorated", [True, False], ids=["decorated", "beside-decorated"])
def test_the_calls_of_a_request_do_not_depend_on_how_many_views_there_are(decorated, kind):
    def app(count: int):
        flask_app = Flask("growth", static_folder=None)
        for number in range(count):
            decorate = cross_origin if number % 2 else (lambda view: view)
            flask_app.add_url_rule(f"/r{number}", f"r{number}", decorate(lambda: "x"))
        CORS(flask_app)
        return flask_app

    environ = kind(EVIL, "/r7" if decorated else "/r6")
    few, many = (work(app(count), environ) for count in (FEW, MANY))
    assert few == many


def test_each_regular_expression_is_tried_once():
    def tried(count: int) -> int:
        regexes = [rf"https://a\d+\.site{number}\.example" for number in range(count)]
        policy = Policy.from_options(origins=regexes)
        return counted(lambda: policy.decide("GET", {"Origin": EVIL})).regexes

    assert tried(100) - tried(10) == 90


# Requests that grow -------------------------------------------------------------------------------

# Of a policy each, so that all that could read a long text is there.
POLICIES = {
    "any": {"origins": "*"},
    "one": {"origins": "https://app.example"},
    "list": {"origins": exact(5), "allow_headers": ["Content-Type", "X-Token"]},
    "wildcard": {"origins": wildcards(5), "allow_headers": ["X-*", "A*B*C"]},
    "regex": {"origins": [r"https://(a+\.)+site\.example"], "allow_headers": [r"x-a*.*-id"]},
    "callable": {"origins": [lambda _: True], "allow_headers": "*"},
}
POLICY = pytest.mark.parametrize("options", POLICIES.values(), ids=POLICIES)

HOSTILE = {
    "labels": "A.",
    "letters": "a",
    "commas": ",",
    "blanks": ", ",
    "names": "a,",
    "pattern": "x-a",
    "high": "\xe9",
    "origins": "https://",
    "ipv6": "[:",
}
EACH_POLICY_AND_TEXT = each_with_one(("options", "unit"), POLICIES, HOSTILE, one="regex")


def filled(start: str, unit: str, size: int) -> str:
    return (start + unit * (size // len(unit) + 1))[:size]


@ADAPTERS
@KINDS
@EACH_POLICY_AND_TEXT
def test_a_longer_origin_makes_no_more_calls_and_meets_no_regular_expression(
    options, unit, kind, adapter
):
    app = adapter(**options)
    ordinary, short, long = (
        work(app, kind(origin))
        for origin in (EVIL, *(filled("https://", unit, size) for size in (KIB, KIB_64)))
    )
    assert short == long
    assert long.calls <= ordinary.calls
    assert long.regexes <= ordinary.regexes


@ADAPTERS
@KINDS
@POLICY
def test_an_origin_that_is_too_long_is_not_even_hashed(options, kind, adapter):
    request = serve(adapter(**options), kind(CountedText(filled("https://", "a", KIB_64))))
    CountedText.hashed = CountedText.compared = 0
    request()
    assert CountedText.hashed == 0
    assert CountedText.compared <= 2


@ADAPTERS
@EACH_POLICY_AND_TEXT
def test_more_requested_headers_than_the_budget_make_no_more_calls(options, unit, adapter):
    app = adapter(**options)
    origin = next(iter(options["origins"])) if isinstance(options["origins"], list) else EVIL
    ordinary, short, long = (
        work(app, preflight(str(origin), HTTP_ACCESS_CONTROL_REQUEST_HEADERS=asked))
        for asked in ("content-type,x-token", filled("", unit, KIB), filled("", unit, KIB_64))
    )
    assert long.calls <= short.calls
    assert long.calls <= ordinary.calls
    assert long.regexes <= ordinary.regexes


@ADAPTERS
def test_the_most_headers_that_are_checked_cost_a_few_calls_each(adapter):
    app = adapter(origins="*", allow_headers=["X-*", "Y-*-Z"])
    few, most = (
        work(app, preflight(EVIL, HTTP_ACCESS_CONTROL_REQUEST_HEADERS=",".join(names)))
        for names in (["q"], ["q"] * 128)
    )
    assert (most.calls - few.calls) / 127 <= 30


def test_the_longest_origin_that_is_read_costs_a_few_calls_a_label():
    policy = Policy.from_options(origins=wildcards(5))
    labels = 120
    origin = "https://" + "a." * labels + "test"
    few = counted(lambda: policy.decide("GET", {"Origin": EVIL}))
    most = counted(lambda: policy.decide("GET", {"Origin": origin}))
    assert few.regexes == most.regexes
    assert (most.calls - few.calls) / labels <= 6


@each_with_one(
    ("resources", "unit"),
    {
        "everything": "/*",
        "literals": literals(5),
        "prefixes": prefixes(5),
        "glob": ["/a*b*c*d"],
        "mixed": ["/api/*", "*/deep"],
    },
    {"many": "/a", "one": "a", "known": "/r1", "high": "\xe9"},
    one="prefixes",
)
@pytest.mark.parametrize(
    ("adapter", "kind"),
    # Of an actual request in Flask Werkzeug's routing would be counted too.
    [(in_wsgi, get), (in_wsgi, preflight), (in_flask, preflight)],
    ids=["wsgi-actual", "wsgi-preflight", "flask-preflight"],
)
def test_a_longer_path_makes_no_more_calls(adapter, kind, resources, unit):
    app = adapter(resources=resources)
    short, long = (work(app, kind(EVIL, filled("/", unit, size))) for size in (KIB, KIB_64))
    assert long.calls <= short.calls


FIELDS = pytest.mark.parametrize("field", ["HTTP_ORIGIN", *ASKED])


@FIELDS
@each_with_one(
    ("options", "unit"),
    POLICIES,
    {text: text for text in ["a", "A", ",", "a,", "a."]},
    one="wildcard",
)
@ADAPTERS
def test_a_hostile_request_takes_no_more_memory_than_a_few_copies_of_itself(
    field, unit, options, adapter
):
    environ = {**preflight("https://app.example"), field: filled("https://", unit, KIB_64)}
    assert memory(serve(adapter(**options), environ)) <= 5 * KIB_64


@ADAPTERS
@each_with_one(
    ("options", "field"), POLICIES, {field: field for field in ["HTTP_ORIGIN", *ASKED]}, one="any"
)
def test_what_is_kept_of_hostile_requests_is_bounded(options, field, adapter):
    app = adapter(**options)
    numbers = count()

    def send() -> None:
        text = filled(f"https://{next(numbers)}", "a", KIB_64)
        serve(app, preflight("https://app.example", **{field: text}))()
        serve(app, get(text if field == "HTTP_ORIGIN" else EVIL))()

    # A hundred texts are six MiB, if they are kept.
    assert bytes_left(send, times=100) <= 1024 * KIB


# ASGI ---------------------------------------------------------------------------------------------


def serve_asgi(options: dict[str, object], *lines: tuple[bytes, bytes]) -> Callable[[], object]:
    async def app(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    async def receive():
        raise AssertionError("nothing is received")

    async def send(_event) -> None:
        return None

    served = asgi.CORSMiddleware(app, **options)
    asked = len(lines) > 1
    scope = {
        "type": "http",
        "method": "OPTIONS" if asked else "GET",
        "path": "/x",
        "headers": [(b"host", b"127.0.0.1"), *lines],
    }

    def run() -> None:
        coroutine = served(scope.copy(), receive, send)
        with pytest.raises(StopIteration):  # it waits for nothing
            coroutine.send(None)

    return run


@ORIGINS
def test_asgi_makes_as_many_calls_with_any_number_of_origins(origins, origin):
    line = (b"origin", origin.encode())
    few, many = (counted(serve_asgi({"origins": origins(count)}, line)) for count in (FEW, MANY))
    assert few == many


@EACH_POLICY_AND_TEXT
def test_asgi_makes_no_more_calls_for_hostile_fields(options, unit):
    def lines(size: int) -> list[tuple[bytes, bytes]]:
        text = filled("", unit, size).encode("latin-1")
        asked = (b"access-control-request-method", b"PUT")
        return [
            (b"origin", b"https://app.example"),
            asked,
            (b"access-control-request-headers", text),
        ]

    short, long = (counted(serve_asgi(options, *lines(size))) for size in (KIB, KIB_64))
    assert long.calls <= short.calls
    assert long.regexes <= short.regexes


REPEATED = pytest.mark.parametrize(
    "name", [b"origin", b"access-control-request-method", b"access-control-request-headers"]
)


def repeated(name: bytes, number: int) -> Callable[[], object]:
    asked = [(b"origin", b"https://app.example"), (b"access-control-request-method", b"PUT")]
    lines = [(key, CountedBytes(value)) for key, value in (*asked, *[(name, b"a")] * number)]
    return serve_asgi({"origins": "*"}, *lines)


@REPEATED
def test_each_of_many_short_lines_of_a_name_is_looked_at_a_few_times(name):
    few, many = (counted(repeated(name, number)) for number in (MANY, 2 * MANY))
    assert (many.calls - few.calls) / MANY <= 10
    assert few.regexes == many.regexes
    CountedBytes.copied = 0
    repeated(name, 10 * MANY)()
    assert CountedBytes.copied <= 10 * MANY


@REPEATED
def test_many_short_lines_of_a_name_take_no_more_memory_than_a_few(name):
    few, many = (memory(repeated(name, number)) for number in (MANY, 20 * MANY))
    assert many - few <= 8 * KIB
