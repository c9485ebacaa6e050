"""The model of a browser, tested against the steps of the Fetch standard and against policies."""

from __future__ import annotations

import re
from collections.abc import Iterable

import flask
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_cors import CORS
from flask_cors.browser import (
    CHROMIUM,
    FIREFOX,
    STANDARD,
    WEBKIT,
    BrowserProfile,
    FetchOutcome,
    PreflightCache,
    Request,
    Response,
    cors_check,
    fetch,
    is_forbidden_header,
    is_safelisted_header,
    origin_of,
    preflight_check,
    preflight_reasons,
    preflight_request,
    readable_headers,
    remembered_for,
    unsafe_headers,
)
from flask_cors.testing import Browser
from flask_cors.wsgi import CORSMiddleware

from .support.strategies import (
    PROPERTY_SETTINGS,
    ignore_cors_warnings,
    needs_permission,
    normalized,
    scripts,
)

pytestmark = pytest.mark.flaskless

APP = "https://app.example"
API = "https://api.example"
OTHER = "https://other.example"
ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"
METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
EXPOSE = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"


def response(status=200, **fields):
    """Return a response; the keywords are short names of its fields."""
    names = {"origin": ORIGIN, "credentials": CREDENTIALS, "methods": METHODS, "headers": HEADERS}
    names |= {"expose": EXPOSE, "max_age": MAX_AGE, "location": "Location"}
    return Response(status, tuple((names[name], value) for name, value in fields.items()))


def request(method="GET", url=API + "/", headers=(), origin=APP, credentials="same-origin"):
    return Request(method, url, tuple(headers), origin, credentials)


def run(asked: Request, *responses: Response, **options: object) -> FetchOutcome:
    """Fetch with these responses, in order; the last one answers all further requests."""
    fetching = fetch(asked, **options)
    left = list(responses)
    try:
        next(fetching)
        while True:
            fetching.send(left.pop(0) if len(left) > 1 else left[0])
    except StopIteration as stop:
        return stop.value


def sent(outcome: FetchOutcome) -> list[tuple[str, str]]:
    return [(each.sent.request.method, each.sent.request.url) for each in outcome.exchanges]


def last(outcome: FetchOutcome) -> Request:
    return outcome.exchanges[-1].sent.request


def failed(outcome: FetchOutcome) -> str | None:
    """Return the code of the step that failed, if any; no step may follow it."""
    failures = [step.code for step in outcome.steps if not step.passed]
    assert len(failures) <= 1
    assert (failures == []) == (outcome.response is not None)
    return failures[0] if failures else None


def field(asked: Request, name: str) -> str | None:
    values = [value for other, value in asked.headers if other == name]
    assert len(values) <= 1
    return values[0] if values else None


OPEN = response(origin="*", methods="*", headers="*, authorization")


# Methods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "on_the_wire"),
    [
        *((name.lower(), name) for name in ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")),
        ("gEt", "GET"),
        ("patch", "patch"),
        ("Patch", "Patch"),
        ("query", "query"),
        ("PURGE", "PURGE"),
    ],
)
def test_six_methods_are_normalized(written, on_the_wire):
    assert on_the_wire == last(run(request(written), OPEN)).method


@pytest.mark.parametrize("method", ["CONNECT", "trace", "Track", "", "P UT", "PUT\r\n", "PÜT", "@"])
def test_a_forbidden_method_is_not_sent(method):
    outcome = run(request(method), OPEN)
    assert failed(outcome) == "method"
    assert outcome.exchanges == ()


@pytest.mark.parametrize(
    ("method", "preflight"),
    [
        ("GET", False),
        ("HEAD", False),
        ("POST", False),
        ("post", False),
        ("PUT", True),
        ("DELETE", True),
        ("PATCH", True),
        ("OPTIONS", True),
        ("QUERY", True),
        ("Get ", None),
    ],
)
def test_which_methods_need_a_preflight(method, preflight):
    asked = [method for method, _ in sent(run(request(method), OPEN))]
    expected = {None: [], False: [method.upper()], True: ["OPTIONS", method]}
    assert expected[preflight] == asked


# Headers of the request ---------------------------------------------------------------------------

FORBIDDEN = [
    "Accept-Charset",
    "Accept-Encoding",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Connection",
    "Content-Length",
    "Cookie",
    "Cookie2",
    "Date",
    "DNT",
    "Expect",
    "Host",
    "Keep-Alive",
    "Origin",
    "Referer",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Via",
    "Proxy-Authorization",
    "Proxy-",
    "Sec-Fetch-Site",
    "sec-",
]
FREE = [
    "Accept",
    "Accept-",
    "Access-Control-Request-Private-Network",
    "Access-Control-Request",
    "Authorization",
    "Cookie3",
    "X-Origin",
    "Origin-",
    "Proxy",
    "Sec",
    "User-Agent",
    "Via1",
]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_headers(name):
    assert is_forbidden_header(name)
    assert is_forbidden_header(name.upper(), "any")
    assert is_forbidden_header(name.lower())


@pytest.mark.parametrize("name", FREE)
def test_headers_that_a_script_may_set(name):
    assert not is_forbidden_header(name, "TRACE")


@pytest.mark.parametrize("name", ["X-HTTP-Method", "x-http-method-override", "X-METHOD-OVERRIDE"])
@pytest.mark.parametrize(
    ("value", "forbidden"),
    [
        ("TRACE", True),
        ("connect", True),
        ("PUT,\tTrack ", True),
        ("GET, PUT", False),
        ("TRACED", False),
        ("", False),
        ('"a,TRACE,b"', False),
        ('"a,TRACE,b",TRACE', True),
        (r'"a\",TRACE', False),
        (r'"a\",",TRACE', True),
        ('"TRACE"', False),
        ('"unclosed,TRACE', False),
        ("unclosed\\", False),
        ('a"b,TRACE"c , track', True),
        ("GET,,TRACE", True),
    ],
)
def test_method_override_headers_with_a_forbidden_method_are_forbidden(name, value, forbidden):
    assert forbidden == is_forbidden_header(name, value)


def test_forbidden_headers_are_dropped_and_values_stripped():
    forbidden = [(name, "x") for name in FORBIDDEN] + [("X-HTTP-Method", "TRACE")]
    headers = [*forbidden, ("X-A", " \t1 \r\n"), ("Accept", "\ttext/*")]
    outcome = run(request(headers=headers), OPEN)
    preflight, actual = outcome.exchanges
    assert field(preflight.sent.request, "Access-Control-Request-Headers") == "x-a"
    assert actual.sent.request.headers == (("X-A", "1"), ("Accept", "text/*"), ("Origin", APP))


UNSAFE_BYTES = [chr(byte) for byte in (*range(0x20), 0x7F) if byte != 0x09] + [*'"():<>?@[\\]{}']


@pytest.mark.parametrize("byte", UNSAFE_BYTES, ids=repr)
@pytest.mark.parametrize("name", ["Accept", "Content-Type"])
def test_bytes_that_make_a_value_unsafe(name, byte):
    assert not is_safelisted_header(name, f"text/plain;{byte}")


@pytest.mark.parametrize("name", ["accept", "CONTENT-TYPE"])
def test_all_other_bytes_are_safe(name):
    safe = [chr(byte) for byte in range(0x100) if chr(byte) not in UNSAFE_BYTES]
    unsafe = [byte for byte in safe if not is_safelisted_header(name, f"text/plain;x={byte}")]
    assert unsafe == []


@pytest.mark.parametrize("name", ["Accept-Language", "content-language"])
def test_bytes_of_a_language(name):
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz *,-.;="
    safe = [chr(byte) for byte in range(0x100) if is_safelisted_header(name, chr(byte))]
    assert sorted(letters) == safe
    assert is_safelisted_header(name, "")
    assert not is_safelisted_header(name, "en\n")


@pytest.mark.parametrize(
    ("value", "safelisted"),
    [
        ("text/plain", True),
        ("TEXT/Plain", True),
        ("text/plain;charset=UTF-8", True),
        ("text/plain ; x", True),
        ("\ttext/plain\t", True),
        ("multipart/form-data; boundary=x", True),
        ("application/x-www-form-urlencoded", True),
        ("text/plain;", True),
        ("application/json", False),
        ("text/plain, application/json", False),
        ("application/json;text/plain", False),
        ("text /plain", False),
        ("text/ plain", False),
        ("text/plain\xa0", False),
        ("text/plain\x85;x", False),
        ("text/plainer", False),
        ("text/", False),
        ("text", False),
        ("", False),
        (";text/plain", False),
        ('text/plain;charset="x"', False),
    ],
)
def test_the_content_types_of_a_form_are_safelisted(value, safelisted):
    assert safelisted == is_safelisted_header("Content-Type", value)


@pytest.mark.parametrize(
    ("value", "safelisted"),
    [
        ("bytes=0-", True),
        ("bytes=0-0", True),
        ("bytes=1-20", True),
        ("bytes=007-8", True),
        ("bytes=9-10", True),
        ("bytes=10-9", False),
        ("bytes=-500", False),
        ("bytes=-", False),
        ("bytes=0-1,3-4", False),
        ("bytes= 0-1", False),
        ("bytes =0-1", False),
        ("bytes=0-1 ", False),
        ("bytes=0-1\n", False),
        ("Bytes=0-1", False),
        ("bytes=\u0660-", False),
        ("lines=0-1", False),
        ("0-1", False),
        ("", False),
    ],
)
def test_a_single_range_is_safelisted(value, safelisted):
    assert safelisted == is_safelisted_header("Range", value)


@pytest.mark.parametrize("name", ["Authorization", "X-A", "Accept-Encoding", "User-Agent", "DPR"])
def test_no_other_header_is_safelisted(name):
    assert not is_safelisted_header(name, "")


@pytest.mark.parametrize(
    ("name", "start", "filler"),
    [
        ("Accept", "", "a"),
        ("Accept", "", "\xe9"),  # one byte in a header, two in UTF-8
        ("Accept-Language", "", "a"),
        ("Content-Language", "", "a"),
        ("Content-Type", "text/plain;x=", "a"),
        ("Range", "bytes=0-", "9"),
    ],
)
def test_a_safelisted_value_has_at_most_128_bytes(name, start, filler):
    longest = start + filler * (128 - len(start))
    assert is_safelisted_header(name, longest)
    assert not is_safelisted_header(name, longest + filler)


def test_unsafe_names_are_lower_case_sorted_and_unique():
    headers = [("X-B", "1"), ("x-A", "2"), ("X-b", "3"), ("Accept", "*/*"), ("Range", "x")]
    assert unsafe_headers(headers) == ("range", "x-a", "x-b")


def test_safelisted_values_have_at_most_1024_bytes_together():
    eight = [("Accept", "\xe9" * 128)] * 7 + [("Accept-Language", "a" * 128)]
    long = ("X-Long", "x" * 2000)
    assert unsafe_headers(eight) == ()
    assert unsafe_headers([*eight, long]) == ("x-long",)
    over = [*eight, ("Content-Language", "a")]
    assert unsafe_headers(over) == ("accept", "accept-language", "content-language")
    assert unsafe_headers([*over, long]) == (
        "accept",
        "accept-language",
        "content-language",
        "x-long",
    )


@pytest.mark.parametrize(
    ("method", "headers", "reasons"),
    [
        ("GET", [("Accept", "*/*"), ("Content-Type", "text/plain")], []),
        ("PUT", [], ["the method PUT is not GET, HEAD or POST"]),
        (
            "POST",
            [("Content-Type", "application/json")],
            ["Content-Type application/json is not one that a form can send"],
        ),
        (
            "POST",
            [("Content-Type", "application/json"), ("content-type", "text/plain")],
            ["Content-Type application/json is not one that a form can send"],
        ),
        ("GET", [("X-A", "1" * 200)], ["the header x-a is not safelisted"]),
        ("GET", [("Range", "x")], ["the value of range is over 128 bytes or not safelisted"]),
        (
            "GET",
            [("Accept", "a" * 128)] * 8 + [("Content-Language", "a")],
            [
                f"the safelisted headers, with {name}, are over 1,024 bytes together"
                for name in ("accept", "content-language")
            ],
        ),
        (
            "DELETE",
            [("X-B", "1"), ("X-A", "1")],
            [
                "the method DELETE is not GET, HEAD or POST",
                "the header x-a is not safelisted",
                "the header x-b is not safelisted",
            ],
        ),
    ],
)
def test_the_reasons_for_a_preflight(method, headers, reasons):
    assert reasons == list(preflight_reasons(request(method, headers=headers)))


# The preflight ------------------------------------------------------------------------------------


def test_a_preflight_requests_the_method_and_the_header_names():
    headers = [("X-B", "1"), ("Content-Type", "application/json"), ("Accept", "text/*")]
    asked = preflight_request(request("PATCH", API + "/a?b", headers, credentials="include"))
    assert (
        asked.method,
        asked.url,
        asked.origin,
        asked.credentials,
    ) == ("OPTIONS", API + "/a?b", APP, "omit")
    assert asked.headers == (
        ("Accept", "*/*"),
        ("Access-Control-Request-Method", "PATCH"),
        ("Access-Control-Request-Headers", "content-type,x-b"),
        ("Origin", APP),
    )


def test_a_preflight_for_a_method_requests_no_headers():
    asked = preflight_request(request("PUT", headers=[("Accept", "text/*")]))
    assert None is field(asked, "Access-Control-Request-Headers")


@pytest.mark.parametrize("credentials", ["omit", "same-origin", "include"])
def test_a_preflight_is_sent_without_credentials(credentials):
    granted = response(origin=APP, credentials="true", methods="PUT")
    preflight, actual = run(request("PUT", credentials=credentials), granted).exchanges
    assert not preflight.sent.with_credentials
    assert (credentials == "include") == actual.sent.with_credentials


PUT = request("PUT")
PUT_WITH = request("PUT", credentials="include")
TOKEN = request(headers=[("X-Token", "1")])
TOKEN_WITH = request(headers=[("X-Token", "1")], credentials="include")
AUTHORIZED = request(headers=[("Authorization", "x")])
AUTHORIZED_WITH = request(headers=[("Authorization", "x")], credentials="include")
WITH = {"origin": APP, "credentials": "true"}


@pytest.mark.parametrize(
    ("asked", "answer", "failing"),
    [
        (PUT, response(origin=APP, methods="PUT"), None),
        (PUT, response(origin="*", methods="GET, PUT"), None),
        (PUT, response(origin="*", methods="*"), None),
        (PUT, response(origin="*", methods=" ,PUT,, "), None),
        (PUT, response(), "preflight-origin"),
        (PUT, response(origin=OTHER, methods="PUT"), "preflight-origin"),
        (PUT, response(404), "preflight-origin"),
        (PUT, response(origin="*"), "preflight-method"),
        (PUT, response(origin="*", methods=""), "preflight-method"),
        (PUT, response(origin="*", methods="put"), "preflight-method"),
        (PUT, response(origin="*", methods="GET"), "preflight-method"),
        (PUT, response(origin="*", methods="PUT; GET"), "preflight-method"),
        (PUT, response(origin="*", methods='"PUT"'), "preflight-method"),
        (PUT, response(origin="*", methods="PUT", headers="x token"), "preflight-headers"),
        (PUT_WITH, response(**WITH, methods="PUT"), None),
        (PUT_WITH, response(**WITH, methods="*"), "preflight-method"),
        (PUT_WITH, response(origin="*", credentials="true", methods="PUT"), "preflight-origin"),
        (PUT_WITH, response(origin=APP, methods="PUT"), "preflight-credentials"),
        (PUT_WITH, response(origin=APP, credentials="True"), "preflight-credentials"),
        (request("*", credentials="include"), response(**WITH, methods="*"), None),
        (request("patch"), response(origin="*", methods="PATCH"), "preflight-method"),
        (TOKEN, response(origin="*", headers="x-token"), None),
        (TOKEN, response(origin="*", headers="X-TOKEN, X-B"), None),
        (TOKEN, response(origin="*", headers="*"), None),
        (TOKEN, response(origin="*"), "preflight-headers"),
        (TOKEN, response(origin="*", headers="x-tok"), "preflight-headers"),
        (TOKEN, response(origin="*", headers="x-token, a/b"), "preflight-headers"),
        (TOKEN, response(origin="*", headers="x-token", methods="a b"), "preflight-method"),
        (TOKEN, response(origin="*", headers="x-token", methods="PUT"), None),
        (TOKEN_WITH, response(**WITH, headers="x-token"), None),
        (TOKEN_WITH, response(**WITH, headers="*"), "preflight-headers"),
        (AUTHORIZED, response(origin="*", headers="AUTHORIZATION"), None),
        (AUTHORIZED, response(origin="*", headers="*"), "preflight-headers"),
        (AUTHORIZED, response(origin="*", headers="*, Authorization"), None),
        (AUTHORIZED_WITH, response(**WITH, headers="authorization"), None),
    ],
)
def test_the_preflight_check(asked, answer, failing):
    steps = preflight_check(asked, answer)
    assert ([failing] if failing else []) == [step.code for step in steps if not step.passed]
    assert steps[-1].passed == (failing is None)
    outcome = run(asked, answer, response(**WITH))
    assert failing == failed(outcome)
    assert len(outcome.exchanges) == (2 if failing is None else 1)


@pytest.mark.parametrize(
    ("engine", "headers", "credentials", "passed"),
    [
        (STANDARD, "*", "omit", False),
        (CHROMIUM, "*", "omit", True),
        (FIREFOX, "*", "same-origin", True),
        (WEBKIT, "*", "omit", True),
        (CHROMIUM, "*", "include", False),
        (CHROMIUM, "authorization", "include", True),
        (CHROMIUM, "x-token", "omit", False),
    ],
)
def test_whether_the_wildcard_covers_authorization(engine, headers, credentials, passed):
    asked = request(headers=[("Authorization", "x")], credentials=credentials)
    steps = preflight_check(asked, response(**WITH, headers=headers), engine)
    assert ("preflight-headers", passed) == (steps[-1].code, steps[-1].passed)


@pytest.mark.parametrize(
    ("status", "passed"),
    [(199, False), (200, True), (204, True), (299, True), (300, False), (404, False), (500, False)],
)
def test_a_preflight_has_to_succeed(status, passed):
    steps = preflight_check(PUT, response(status, origin="*", methods="PUT"))
    assert [step.code for step in steps if not step.passed] == (
        [] if passed else ["preflight-status"]
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_preflight_that_is_redirected_fails(status):
    outcome = run(PUT, response(status, origin="*", methods="PUT", location="/other"))
    assert failed(outcome) == "preflight-status"
    assert sent(outcome) == [("OPTIONS", API + "/")]


@pytest.mark.parametrize(
    ("asked", "answer", "detail"),
    [
        (PUT, response(origin="*"), f"no {METHODS}"),
        (PUT, response(origin="*", methods="GET,POST"), f"{METHODS} is GET, POST"),
        (PUT, response(origin="*", methods="a b"), f"{METHODS} is malformed: a b"),
        (PUT, response(origin="*", methods="PUT"), "none needs permission"),
        (PUT, response(500, origin="*"), "status 500"),
        (TOKEN, response(origin="*", headers="a b"), f"{HEADERS} is malformed: a b"),
        (TOKEN, response(origin="*", headers="x"), f"{HEADERS} does not list x-token"),
        (TOKEN, response(origin="*", headers="*"), f"{HEADERS} lists what is requested"),
        (PUT, response(), f"no {ORIGIN}; the page is {APP}"),
    ],
)
def test_a_preflight_check_describes_what_it_compared(asked, answer, detail):
    assert detail == preflight_check(asked, answer)[-1].detail


# The CORS check -----------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "preflight-"])
@pytest.mark.parametrize(
    ("origin", "credentials", "fields", "failing"),
    [
        (APP, "omit", {"origin": APP}, None),
        (APP, "same-origin", {"origin": "*"}, None),
        (APP, "omit", {"origin": "*", "credentials": "nonsense"}, None),
        (APP, "omit", {}, "origin"),
        (APP, "omit", {"origin": ""}, "origin"),
        (APP, "omit", {"origin": APP + "/"}, "origin"),
        (APP, "omit", {"origin": APP.upper()}, "origin"),
        (APP, "omit", {"origin": APP + ":443"}, "origin"),
        (APP, "omit", {"origin": f"{APP}, {OTHER}"}, "origin"),
        (APP, "omit", {"origin": f"{APP} {OTHER}"}, "origin"),
        (APP, "omit", {"origin": "*, *"}, "origin"),
        (APP, "omit", {"origin": "null"}, "origin"),
        (APP, "omit", {"origin": f" {APP}\t"}, None),  # stripped like every field value
        ("null", "omit", {"origin": "null"}, None),
        ("null", "omit", {"origin": "Null"}, "origin"),
        (APP, "include", {"origin": APP, "credentials": "true"}, None),
        (APP, "include", {"origin": "*", "credentials": "true"}, "origin"),
        (APP, "include", {"origin": APP}, "credentials"),
        (APP, "include", {"origin": APP, "credentials": ""}, "credentials"),
        (APP, "include", {"origin": APP, "credentials": "True"}, "credentials"),
        (APP, "include", {"origin": APP, "credentials": "true, true"}, "credentials"),
        ("null", "include", {"origin": "null", "credentials": "true"}, None),
    ],
)
def test_the_cors_check(origin, credentials, fields, failing, prefix):
    asked = request(origin=origin, credentials=credentials)
    steps = cors_check(asked, response(**fields), prefix)
    codes = [step.code for step in steps if not step.passed]
    assert ([prefix + failing] if failing else []) == codes
    assert steps[-1].passed == (failing is None)


@pytest.mark.parametrize("name", [ORIGIN, CREDENTIALS])
def test_two_lines_are_joined_and_fail(name):
    fields = ((ORIGIN, APP), (CREDENTIALS, "true"))
    twice = [(name.lower(), value) for other, value in fields if other == name]
    steps = cors_check(request(credentials="include"), Response(200, (*fields, *twice)))
    assert not steps[-1].passed
    assert f"{twice[0][1]}, {twice[0][1]}" in steps[-1].detail


@pytest.mark.parametrize(
    ("credentials", "fields", "detail"),
    [
        ("omit", {"origin": "*"}, f"{ORIGIN} is *, any origin"),
        ("omit", {"origin": APP}, f"{ORIGIN} is {APP}, the page's"),
        ("omit", {}, f"no {ORIGIN}; the page is {APP}"),
        ("omit", {"origin": OTHER}, f"{ORIGIN} is {OTHER}; the page is {APP}"),
        (
            "include",
            {"origin": "*"},
            f"{ORIGIN} is *; the page is {APP}, and * is not valid with credentials",
        ),
        ("include", {"origin": APP}, f"no {CREDENTIALS}"),
        ("include", {"origin": APP, "credentials": "yes"}, f"{CREDENTIALS} is yes"),
    ],
)
def test_a_cors_check_describes_what_it_compared(credentials, fields, detail):
    steps = cors_check(request(credentials=credentials), response(**fields))
    assert detail == steps[-1].detail


def test_a_response_that_is_not_shared_is_not_readable():
    outcome = run(request(), Response(200, (("X-Secret", "1"),), b"secret"))
    assert failed(outcome) == "origin"
    assert sent(outcome) == [("GET", API + "/")]


@pytest.mark.parametrize("status", [200, 204, 304, 404, 500])
def test_a_shared_response_is_readable_with_any_status(status):
    outcome = run(request(), response(status, origin="*"))
    assert status == outcome.response.status


# What a script may read ---------------------------------------------------------------------------

SAFE = [
    "Cache-Control",
    "Content-Language",
    "Content-Length",
    "Content-Type",
    "Expires",
    "Last-Modified",
    "Pragma",
]


def readable(expose: Iterable[str], credentials="omit", **options: object) -> list[str]:
    names = [*SAFE, "X-A", "x-b", "*", "Set-Cookie", "Set-Cookie2", "ETag"]
    fields = [(name, "1") for name in names] + [(EXPOSE, value) for value in expose]
    shown = readable_headers(Response(200, tuple(fields)), credentials, **options)
    return [name for name, _ in shown if name != EXPOSE]


@pytest.mark.parametrize(
    ("expose", "credentials", "more"),
    [
        ([], "omit", []),
        ([""], "omit", []),
        (["x-a, X-B"], "omit", ["X-A", "x-b"]),
        (["x-a", "X-B"], "include", ["X-A", "x-b"]),
        (["Set-Cookie, set-cookie2, etag"], "omit", ["ETag"]),
        (["*"], "same-origin", ["X-A", "x-b", "*", "ETag"]),
        (["*"], "include", ["*"]),
        (["x-a b, x-b"], "omit", []),
        (["x-a", "x b"], "omit", []),
    ],
)
def test_which_headers_are_readable(expose, credentials, more):
    assert [*SAFE, *more] == readable(expose, credentials)


@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_everything_but_cookies_is_readable_on_the_same_origin(credentials):
    names = readable([], credentials, cross_origin=False)
    assert [*SAFE, "X-A", "x-b", "*", "ETag"] == names


def test_a_script_gets_the_status_the_body_and_the_readable_headers():
    fields = ((ORIGIN, "*"), ("Content-Type", "text/plain"), ("Set-Cookie", "a=b"), ("X-A", "1"))
    outcome = run(request(), Response(201, fields, b"body"))
    assert Response(201, (("Content-Type", "text/plain"),), b"body") == outcome.response


# The same origin ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "url"),
    [
        (APP, APP + "/"),
        (APP, "HTTPS://APP.EXAMPLE:443/"),
        ("http://[::1]:5000", "http://[0:0::1]:5000/"),
    ],
)
@pytest.mark.parametrize(
    ("method", "origin"), [("GET", None), ("HEAD", None), ("PUT", "page"), ("POST", "page")]
)
def test_the_same_origin_needs_no_permission(page, url, method, origin):
    headers = [("X-Token", "1")]
    outcome = run(request(method, url, headers, page), Response(200, (("X-A", "1"),)))
    assert None is failed(outcome)
    assert outcome.steps == ()
    assert [(method, page + "/")] == sent(outcome)
    assert (page if origin else None) == field(last(outcome), "Origin")
    assert outcome.response.headers == (("X-A", "1"),)


@pytest.mark.parametrize(
    ("page", "url"),
    [
        ("http://app.example", "https://app.example/"),
        (APP, "https://app.example:444/"),
        (APP, "https://www.app.example/"),
        ("null", APP),
        ("http://localhost", "http://127.0.0.1/"),
    ],
)
def test_what_differs_in_scheme_host_or_port_is_another_origin(page, url):
    assert failed(run(request("GET", url, origin=page), response())) == "origin"


@pytest.mark.parametrize(
    ("credentials", "here", "elsewhere"),
    [("omit", False, False), ("same-origin", True, False), ("include", True, True)],
)
def test_when_cookies_are_sent(credentials, here, elsewhere):
    answer = response(**WITH)
    same = run(request(url=APP, credentials=credentials), answer)
    other = run(request(url=API, credentials=credentials), answer)
    assert [here] == [each.sent.with_credentials for each in same.exchanges]
    assert [elsewhere] == [each.sent.with_credentials for each in other.exchanges]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://App.Example/a?b#c", "https://app.example"),
        ("http://a.example:80", "http://a.example"),
        ("http://a.example:443/", "http://a.example:443"),
        ("http://me:it@a.example:08/", "http://a.example:8"),
        ("http://[2001:DB8::0:1]:1/", "http://[2001:db8::1]:1"),
        ("chrome-extension://abc/page.html", "chrome-extension://abc"),
    ],
)
def test_the_origin_of_a_url(url, origin):
    assert origin == origin_of(url)


NO_URL = [
    "",
    "/path",
    "a.example",
    "http://",
    "http://a|b/",
    "http://a b/",
    "http://a.example:99999/",
    "http://[::1/",
]


@pytest.mark.parametrize("url", [*NO_URL, "data:,x"])
def test_a_url_without_an_origin_is_an_error(url):
    with pytest.raises(ValueError, match="has no origin"):
        origin_of(url)


@pytest.mark.parametrize("url", NO_URL)
def test_a_url_that_no_script_can_fetch_is_an_error(url):
    with pytest.raises(ValueError, match="is not an http or https URL"):
        run(request(url=url), OPEN)


def test_another_scheme_is_an_error():
    with pytest.raises(ValueError, match="is not an http or https URL"):
        run(request(url="ftp://a.example/"), OPEN)


# Redirects ----------------------------------------------------------------------------------------


def redirect(to: str, status: int = 302, **fields: str) -> Response:
    return response(status, location=to, **{"origin": "*", "methods": "*", "headers": "*"} | fields)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status):
    outcome = run(request(url=API + "/a/b?c"), redirect("../d", status), OPEN)
    assert sent(outcome) == [("GET", API + "/a/b?c"), ("GET", API + "/d")]
    assert [field(each.sent.request, "Origin") for each in outcome.exchanges] == [APP, APP]
    assert None is failed(outcome)


@pytest.mark.parametrize("status", [200, 201, 300, 304, 305, 306])
def test_no_other_status_redirects(status):
    outcome = run(request(), redirect("/d", status), OPEN)
    assert sent(outcome) == [("GET", API + "/")]
    assert status == outcome.response.status


def test_a_redirect_without_a_location_is_a_response():
    assert run(request(), response(302, origin="*"), OPEN).response.status == 302


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        *((status, "POST", "GET") for status in (301, 302, 303)),
        *((status, "POST", "POST") for status in (307, 308)),
        *((status, "HEAD", "HEAD") for status in (301, 302, 303, 307, 308)),
        *((status, "PUT", "PUT") for status in (301, 302, 307, 308)),
        (303, "PUT", "GET"),
        (303, "DELETE", "GET"),
        (303, "patch", "GET"),
        (303, "GET", "GET"),
    ],
)
def test_the_method_after_a_redirect(status, method, then):
    names = ("Content-Type", "content-language", "Content-Encoding", "Content-Location", "X-A")
    headers = [(name, "x") for name in names]
    outcome = run(request(method, APP, headers), redirect("/d", status), OPEN)
    kept = ["X-A"] if method != then else list(names)
    assert then == last(outcome).method
    assert kept == [name for name, _ in last(outcome).headers if name != "Origin"]
    assert (then != method) == outcome.steps[0].detail.endswith(", as GET")


def test_each_hop_is_checked():
    hop = redirect(API + "/b", origin=OTHER)
    outcome = run(request(), hop, OPEN)
    assert failed(outcome) == "origin"
    assert sent(outcome) == [("GET", API + "/")]


def test_each_hop_has_its_preflight():
    outcome = run(PUT, OPEN, redirect("/b", 307), OPEN)
    expected = [("OPTIONS", "/"), ("PUT", "/"), ("OPTIONS", "/b"), ("PUT", "/b")]
    assert [(method, API + path) for method, path in expected] == sent(outcome)


def test_a_redirect_from_the_page_s_origin_is_checked_at_its_target_only():
    headers = [("X-A", "1")]
    away = response(302, location=API + "/b")
    outcome = run(request(url=APP + "/a", headers=headers), away, response())
    assert failed(outcome) == "preflight-origin"
    assert sent(outcome) == [("GET", APP + "/a"), ("OPTIONS", API + "/b")]
    assert field(last(outcome), "Origin") == APP


@pytest.mark.parametrize(
    ("urls", "origins"),
    [
        ([API, API + "/b"], [APP, APP]),
        ([APP, API], [None, APP]),
        ([API, OTHER], [APP, "null"]),
        ([API, OTHER, API], [APP, "null", "null"]),
        ([API, APP], [APP, "null"]),
        ([APP, API, APP], [None, APP, "null"]),
        ([APP, API, API + "/b", OTHER], [None, APP, APP, "null"]),
    ],
)
def test_the_origin_after_a_redirect(urls, origins):
    outcome = run(request(url=urls[0]), *map(redirect, urls[1:]), OPEN)
    assert origins == [field(each.sent.request, "Origin") for each in outcome.exchanges]
    assert ("null" in origins) == any("origin is null" in step.detail for step in outcome.steps)
    assert None is failed(outcome)


def test_a_redirect_back_to_the_page_s_origin_has_the_origin_null():
    back = redirect(APP + "/b", origin=APP, credentials="true")
    outcome = run(request(credentials="include"), back, response(**WITH))
    assert failed(outcome) == "origin"
    assert f"{ORIGIN} is {APP}; the page is null" == outcome.steps[-1].detail
    assert [each.sent.with_credentials for each in outcome.exchanges] == [True, True]


def test_same_origin_cookies_are_not_sent_after_a_cross_origin_redirect():
    urls = [APP, APP + "/b", API, APP + "/c"]
    outcome = run(request(url=urls[0]), *map(redirect, urls[1:]), OPEN)
    assert [each.sent.with_credentials for each in outcome.exchanges] == [True, True, False, False]


@pytest.mark.parametrize(
    ("urls", "kept"),
    [
        ([API, API + "/b"], True),
        ([APP, APP + "/b"], True),
        ([API, "https://API.example:443/b"], True),
        ([API, OTHER], False),
        ([APP, API], False),
        ([API, APP], False),
        ([APP, API, APP], False),
        ([API, "https://api.example:444"], False),
    ],
)
def test_a_cross_origin_redirect_removes_authorization(urls, kept):
    headers = [("authorization", "x"), ("X-A", "1")]
    hops = [part for url in urls[1:] for part in (redirect(url), OPEN)]
    first = [] if urls[0] == APP else [OPEN]
    outcome = run(request(url=urls[0], headers=headers), *first, *hops, OPEN)
    assert kept == ("authorization" in dict(last(outcome).headers))
    assert field(last(outcome), "X-A") == "1"


@pytest.mark.parametrize(
    "location",
    [
        "data:text/plain,x",
        "ftp://other.example/",
        "javascript:alert(1)",
        "chrome-extension://abc/",
        "http://[::1",
        "http://a|b/",
        "http://a.example:99999/",
    ],
)
@pytest.mark.parametrize("url", [APP, API])
def test_a_redirect_to_an_invalid_url_fails(url, location):
    outcome = run(request(url=url + "/a"), redirect(location), OPEN)
    assert failed(outcome) == "redirect"
    assert len(outcome.exchanges) == 1


@pytest.mark.parametrize("user", ["user:secret@", "user@", ":secret@"])
@pytest.mark.parametrize(
    ("url", "to", "passed"),
    [
        (API, "api.example", False),
        (API, "other.example", False),
        (API, "app.example", False),
        (APP, "api.example", False),
        (APP, "app.example", True),
    ],
)
def test_a_redirect_to_a_url_with_a_password_is_followed_on_the_same_origin_only(
    url, to, passed, user
):
    outcome = run(request(url=url), redirect(f"https://{user}{to}/"), OPEN)
    assert (None if passed else "redirect") == failed(outcome)


def test_an_empty_user_name_is_ignored():
    assert None is failed(run(request(), redirect("https://@other.example/"), OPEN))


@pytest.mark.parametrize("url", [APP, API])
def test_twenty_redirects_are_followed(url):
    hops = [redirect(f"/{number}") for number in range(20)]
    followed = run(request(url=url), *hops, OPEN)
    assert None is failed(followed)
    assert len(followed.exchanges) == 21
    refused = run(request(url=url), *hops, redirect("/on"), OPEN)
    assert failed(refused) == "redirect"
    assert len(refused.exchanges) == 21


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("///other.example/x", "https://other.example/x"),
        (r"\\other.example\x", "https://other.example/x"),
        ("https://other.example:/x", "https://other.example/x"),
        ("https://other.example:443/x", "https://other.example/x"),
        ("https://b\xfccher.example/", "https://xn--bcher-kva.example/"),
        ("https://b\xc3\xbccher.example/", "https://xn--bcher-kva.example/"),  # UTF-8 on the wire
        ("/\xc3\xa9", "https://api.example/%C3%A9"),
        ("", "https://api.example/a/b?q"),
        ("c#g", "https://api.example/a/c#g"),
    ],
)
def test_a_location_is_read_as_a_url(location, url):
    outcome = run(request(url=API + "/a/b?q"), redirect(location), OPEN)
    assert url == last(outcome).url


def test_a_redirect_may_change_the_scheme():
    asked = request(url="https://api.example/a/b", origin="http://app.example")
    outcome = run(asked, redirect("http:other.example/x"), OPEN)
    assert last(outcome).url == "http://other.example/x"


def test_a_redirect_without_a_fragment_keeps_that_of_the_request():
    outcome = run(request(url=API + "/a#f"), redirect("/b"), redirect("/c#g"), OPEN)
    assert [url.removeprefix(API) for _, url in sent(outcome)] == ["/a#f", "/b#f", "/c#g"]


TWICE = Response(302, ((ORIGIN, "*"), ("Location", "/b"), ("location", "/b")))
SEVERAL = Response(302, ((ORIGIN, "*"), ("Location", "/b"), ("Location", "/c")))


@pytest.mark.parametrize(
    ("answer", "engine", "failing"),
    [
        (SEVERAL, STANDARD, "redirect"),
        (SEVERAL, CHROMIUM, "redirect"),
        (SEVERAL, WEBKIT, "redirect"),
        (TWICE, STANDARD, "redirect"),
        (TWICE, CHROMIUM, None),
        (TWICE, FIREFOX, None),
    ],
)
def test_several_locations_fail(answer, engine, failing):
    assert failing == failed(run(request(), answer, OPEN, engine=engine))


# Mixed content ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "url", "mixed"),
    [
        (APP, "http://api.example/", True),
        (APP, "http://localhost.example/", True),
        (APP, "http://10.0.0.1/", True),
        (APP, "https://api.example/", False),
        (APP, "http://localhost:5000/", False),
        (APP, "http://localhost./", False),
        (APP, "http://api.localhost/", False),
        (APP, "http://127.0.0.1:5000/", False),
        (APP, "http://127.1/", False),
        (APP, "http://[::1]/", False),
        ("http://app.example", "http://api.example/", False),
        ("null", "http://api.example/", False),
        ("file://", "http://api.example/", False),
    ],
)
def test_an_https_page_fetches_no_unencrypted_url(page, url, mixed):
    outcome = run(request("PUT", url, origin=page), OPEN)
    assert ("mixed-content" if mixed else None) == failed(outcome)
    assert mixed == (outcome.exchanges == ())


def test_a_redirect_to_an_unencrypted_url_is_not_followed():
    outcome = run(request(), redirect("http://api.example/b"), OPEN)
    assert sent(outcome) == [("GET", API + "/")]
    assert failed(outcome) == "mixed-content"
    assert "http://api.example/b is not encrypted" in outcome.steps[-1].detail
    assert outcome.steps[-1].section == "main fetch"


def test_a_loop_ends():
    outcome = run(request(), redirect(""))
    assert failed(outcome) == "redirect"
    assert {API + "/"} == {url for _, url in sent(outcome)}


# The preflight cache ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "engine", "seconds"),
    [
        (None, STANDARD, 5),
        ("", STANDARD, 5),
        ("-1", STANDARD, 5),
        ("1.5", STANDARD, 5),
        ("10s", STANDARD, 5),
        ("60, 60", STANDARD, 5),
        ("\u0661", STANDARD, 5),
        ("0", STANDARD, 0),
        ("00060", STANDARD, 60),
        ("0" * 30 + "60", STANDARD, 60),
        (" 60 ", STANDARD, 60),
        ("1000000", STANDARD, 1_000_000),
        ("1000000", FIREFOX, 86_400),
        ("1000000", CHROMIUM, 7_200),
        ("1000000", WEBKIT, 600),
        ("599", WEBKIT, 599),
        ("9" * 5000, CHROMIUM, 7_200),
        (None, CHROMIUM, 5),
        (None, BrowserProfile("eager", 3), 3),
    ],
)
def test_how_long_a_preflight_is_cached(value, engine, seconds):
    fields = {} if value is None else {"max_age": value}
    assert seconds == remembered_for(response(**fields), engine)


def test_a_max_age_with_many_digits_is_accepted():
    assert remembered_for(response(max_age="9" * 5000)) >= 10**17


def test_two_max_ages_are_malformed():
    assert remembered_for(Response(200, ((MAX_AGE, "60"), (MAX_AGE, "60")))) == 5


FIRST = request("PUT", headers=[("X-A", "1")])
GRANT = response(origin=APP, credentials="true", methods="PUT, PATCH", headers="X-A, X-B")


def asks(cache: PreflightCache, asked: Request, answer: Response = GRANT, now: float = 0) -> bool:
    """Fetch, and return whether a preflight was sent."""
    return "OPTIONS" in [method for method, _ in sent(run(asked, answer, cache=cache, now=now))]


@pytest.mark.parametrize(
    ("then", "again"),
    [
        (FIRST, False),
        (request("PATCH", headers=[("x-b", "2")]), False),
        (request("PUT"), False),
        (request(headers=[("X-A", "2")]), False),
        (request("DELETE"), True),
        (request("PUT", headers=[("X-C", "1")]), True),
        (request("PUT", API + "/b"), True),
        (request("PUT", API + "/?b"), True),
        (request("PUT", origin=OTHER), True),
        (request("PUT", credentials="omit"), False),
        (request("PUT", credentials="include"), True),
    ],
)
def test_the_key_of_a_cached_preflight(then, again):
    cache = PreflightCache()
    assert asks(cache, FIRST)
    assert again == asks(cache, then)


@pytest.mark.parametrize("credentials", ["omit", "same-origin", "include"])
def test_a_preflight_with_credentials_is_used_without_them_too(credentials):
    cache = PreflightCache()
    assert asks(cache, request("PUT", credentials="include"))
    assert not asks(cache, request("PUT", credentials=credentials))


def test_cached_preflights_are_combined():
    cache = PreflightCache()
    assert asks(cache, TOKEN, response(origin=APP, headers="x-token"))
    assert asks(cache, PUT, response(origin=APP, methods="PUT"))
    assert not asks(cache, request("PUT", headers=[("X-Token", "1")]))


@pytest.mark.parametrize(
    ("engine", "then", "again"),
    [
        (STANDARD, request("PATCH", headers=[("X-C", "1")]), False),
        (STANDARD, AUTHORIZED, True),
        (CHROMIUM, AUTHORIZED, False),
        (CHROMIUM, request("PATCH", credentials="include"), True),
    ],
)
def test_a_wildcard_is_cached_as_a_wildcard(engine, then, again):
    cache = PreflightCache()
    granted = response(**WITH, methods="PUT, *", headers="X-A, *")
    run(FIRST, granted, cache=cache, engine=engine)
    outcome = run(then, granted, cache=cache, engine=engine)
    assert again == (sent(outcome)[0][0] == "OPTIONS")


def test_a_cached_preflight_expires():
    cache = PreflightCache()
    granted = response(**WITH, methods="PUT", max_age="60")
    assert asks(cache, PUT, granted, 100)
    assert not asks(cache, PUT, granted, 159.9)
    assert asks(cache, PUT, granted, 160)
    assert not asks(cache, PUT, granted, 161)


@pytest.mark.parametrize(("engine", "until"), [(STANDARD, 86_400), (WEBKIT, 600)])
def test_an_engine_limits_the_age_of_a_cached_preflight(engine, until):
    cache = PreflightCache()
    granted = response(**WITH, methods="PUT", max_age="86400")
    run(PUT, granted, cache=cache, engine=engine)
    assert cache.covers(PUT, until - 1, engine)
    assert not cache.covers(PUT, until, engine)


def test_a_max_age_of_zero_caches_nothing():
    cache = PreflightCache()
    granted = response(**WITH, methods="PUT", max_age="0")
    assert asks(cache, PUT, granted)
    assert asks(cache, PUT, granted)


def test_a_failed_preflight_is_not_cached():
    cache = PreflightCache()
    assert asks(cache, PUT, response(origin=OTHER, methods="PUT"))
    assert asks(cache, PUT)


@pytest.mark.parametrize("asked", [PUT, TOKEN], ids=["method", "header"])
def test_a_failure_clears_the_cache_entries(asked):
    cache = PreflightCache()
    assert asks(cache, asked, response(origin=APP, methods="PUT", headers="x-token"))
    assert failed(run(asked, response(), cache=cache)) == "origin"
    assert asks(cache, asked)


def test_a_failure_clears_only_entries_of_its_origin_and_url():
    cache = PreflightCache()
    elsewhere = request("PUT", API + "/b")
    assert asks(cache, PUT)
    assert asks(cache, elsewhere)
    run(PUT, response(), cache=cache)
    assert not asks(cache, elsewhere)


@pytest.mark.parametrize("location", ["ftp://api.example/", "http://[", "http://clear.example/"])
def test_a_redirect_that_is_not_followed_clears_the_cache_entries(location):
    cache = PreflightCache()
    granted = response(**WITH, methods="PUT", max_age="600")
    outcome = run(PUT, granted, redirect(location, 307), cache=cache)
    assert failed(outcome) in {"redirect", "mixed-content"}
    there = request("PUT", last(outcome).url)
    assert asks(cache, there) == (location != "http://clear.example/")


def test_a_failure_after_a_redirect_clears_only_entries_of_the_last_url():
    # Fetch, "main fetch": the entries of the current URL are cleared, that of the redirect.
    cache = PreflightCache()
    there = request("PUT", API + "/b")
    assert asks(cache, PUT)
    assert asks(cache, there)
    assert failed(run(PUT, redirect("/b", 307), response(), cache=cache)) == "origin"
    assert not asks(cache, PUT)
    assert asks(cache, there)


def test_a_failure_after_a_redirect_to_a_get_clears_entries_too():
    cache = PreflightCache()
    there = request("PUT", API + "/b")
    assert asks(cache, PUT)
    assert asks(cache, there)
    assert failed(run(PUT, redirect("/b", 303), response(), cache=cache)) == "origin"
    assert asks(cache, there)


def test_a_simple_request_that_fails_clears_nothing():
    cache = PreflightCache()
    assert asks(cache, PUT)
    assert failed(run(request(), response(), cache=cache)) == "origin"
    assert not asks(cache, PUT)


def test_a_cached_preflight_is_a_step_and_the_response_is_still_checked():
    cache = PreflightCache()
    run(PUT, GRANT, cache=cache)
    outcome = run(PUT, response(), cache=cache)
    detail = "needed (the method PUT is not GET, HEAD or POST), but cached"
    assert [("preflight", detail), ("origin", f"no {ORIGIN}; the page is {APP}")] == [
        (step.code, step.detail) for step in outcome.steps
    ]


# What happened, in its order ----------------------------------------------------------------------


def test_events_are_in_order():
    outcome = run(PUT, OPEN, response(origin=OTHER))
    steps = ["preflight", "preflight-origin", "preflight-status", "preflight-method"]
    steps += ["preflight-headers", "origin"]
    assert steps == [step.code for step in outcome.steps]
    kinds = [type(event).__name__ for event in outcome.events]
    assert ["Step", "Exchange", *["Step"] * 4, "Exchange", "Step"] == kinds
    assert [OPEN, response(origin=OTHER)] == [each.response for each in outcome.exchanges]
    assert {"HTTP fetch", "CORS-preflight fetch", "CORS check"} == {
        step.section for step in outcome.steps
    }


def test_the_defaults_are_those_of_a_sandboxed_page():
    outcome = run(Request("GET", API), response(origin="null"))
    assert field(last(outcome), "Origin") == "null"
    assert [each.sent.with_credentials for each in outcome.exchanges] == [False]


texts = st.text(max_size=20) | st.sampled_from(
    [
        "//",
        "///b",
        "http:",
        "http://[",
        "http://\u2100.example",
        "//a:b",
        "//[::1]:x/",
        "9" * 5000,
        "*",
    ]
)
answers = st.builds(
    Response,
    st.sampled_from([200, 302, 307, 500]),
    st.lists(
        st.tuples(st.sampled_from([METHODS, HEADERS, EXPOSE, MAX_AGE, "Location"]), texts),
        max_size=4,
    ).map(lambda lines: ((ORIGIN, "*"), *lines)),
)


@pytest.mark.parametrize("url", ["http://me@api.example/", "http://:secret@api.example/"])
def test_a_script_cannot_fetch_a_url_with_a_user_name(url):
    with pytest.raises(ValueError, match="user name"):
        run(Request("GET", url, origin=APP), Response(200))


@pytest.mark.parametrize(
    ("name", "value"),
    [("X A", "1"), ("", "1"), ("X-A", "a\0b"), ("X-A", "a\nb"), ("X-A", "\u0100")],
    ids=ascii,
)
def test_a_script_cannot_send_an_invalid_header(name, value):
    with pytest.raises(ValueError, match="is not a valid header"):
        run(request(headers=[(name, value)]), Response(200))


@settings(PROPERTY_SETTINGS, max_examples=300)
@given(st.sampled_from(["GET", "PUT"]), texts, st.lists(answers, min_size=1, max_size=4))
def test_no_response_breaks_the_browser(method, value, responses):
    value = re.sub(r"[^\t\x20-\xff]", "", value)  # what a script can send
    outcome = run(request(method, headers=[("Range", value), ("X-A", value)]), *responses)
    assert 1 <= len(outcome.exchanges) <= 42
    assert (outcome.response is None) == (not outcome.steps[-1].passed)


# What a policy grants, the browser lets through, and nothing else ---------------------------------


@settings(PROPERTY_SETTINGS, max_examples=300)
@ignore_cors_warnings
@given(scripts(), st.sampled_from([STANDARD, CHROMIUM]), st.sampled_from(["wsgi", "flask"]))
def test_the_browser_lets_through_exactly_what_a_policy_allows(case, engine, adapter):
    configuration, asked = case
    reached = []

    def inner(environ, start_response):
        reached.append(environ["REQUEST_METHOD"])
        own = [(name, "1") for name in ("Content-Type", "X-One", "X-Two", "Set-Cookie")]
        start_response("200 OK", own)
        return [b"own"]

    options = {**configuration.options, "automatic_options": True}
    if adapter == "wsgi":
        app = CORSMiddleware(inner, **options)
    else:
        app = Flask(__name__, static_folder=None)
        app.full_dispatch_request = lambda *_: app.response_class.from_app(
            inner, flask.request.environ
        )
        CORS(app, **options)
    outcome = Browser(app, asked.origin, server="https://server.test", engine=engine).outcome(
        asked.method, "/", headers=asked.headers, credentials=asked.credentials
    )
    method, names = normalized(asked.method), needs_permission(asked)
    shared = configuration.allows(asked.origin) and (
        configuration.credentials or asked.credentials != "include"
    )
    granted = configuration.allows_method(method) and all(map(configuration.allows_name, names))
    simple = method in {"GET", "HEAD", "POST"} and names == []
    assert reached == ([method] if simple or (shared and granted) else [])
    assert (outcome.response is not None) == (shared and (simple or granted))
    if outcome.response:
        seen = [name for name, _ in outcome.response.headers]
        assert sorted(seen) == sorted(["Content-Type", *configuration.exposed])
        assert method == "HEAD" or outcome.response.body == b"own"
