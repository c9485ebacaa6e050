from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Awaitable, Callable, Generator, Iterator
from datetime import timedelta
from itertools import count, product

import pytest
from werkzeug.datastructures import Headers

from flask_cors.core import ACL_ORIGIN, ConfigurationError, CORSWarning, Decision, Policy
from flask_cors.core.options import RESOURCE_OPTIONS

from ..support.memory import bytes_left

A = "https://a.example"
B = "https://b.example"
LISTED = {"origins": [A, B]}
SOLE = {"origins": A}
METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
PREFLIGHT_VARY = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")
LONGEST = "s" * 64 + "://" + ".".join(["h" * 63] * 3) + "." + "h" * 61 + ":65535"

MALFORMED = {
    "empty": "",
    "no-scheme": "a.example",
    "no-host": "https://",
    "digit-scheme": "1https://a.example",
    "trailing-slash": "https://a.example/",
    "path": "https://a.example/x",
    "query": "https://a.example?x",
    "fragment": "https://a.example#x",
    "userinfo": "https://u:p@a.example",
    "port-zero": "https://a.example:0",
    "port-too-high": "https://a.example:65536",
    "port-empty": "https://a.example:",
    "port-no-digits": "https://a.example:x",
    "port-other-digits": "https://a.example:\u0661\u0662",
    "empty-label": "https://a..example",
    "leading-dot": "https://.example",
    "two": "https://a.example, https://b.example",
    "two-by-blank": "https://a.example https://b.example",
    "leading-blank": " https://a.example",
    "trailing-blank": "https://a.example ",
    "line-feed": "https://a.example\n",
    "header-injection": "https://a.example\r\nSet-Cookie: a=b",
    "nul": "https://a.example\x00",
    "star": "*",
    "pattern": "https://*.a.example",
    "any-host": "https://*",
    "percent": "https://%61.example",
    "international": "https://\xe4.example",
    "kelvin": "https://\u212a.example",
    "surrogate": "https://\udce4.example",
    "ipv6-open": "https://[::1",
    "ipv6-bad": "https://[1::2::3]",
    "ipv6-zone": "https://[fe80::1%25eth0]",
    "null-in-capitals": "NULL",
    "null-and-more": "null, https://a.example",
    "64-KiB": "https://" + "a" * 65536 + ".example",
    "one-too-long": "s" + LONGEST,
    "host-too-long": "https://" + ".".join(["h" * 63] * 4),
}


def asking(
    method: str = "PUT", names: str | None = None, origin: str = A, **more: str
) -> dict[str, str]:
    fields = {"Origin": origin, "Access-Control-Request-Method": method}
    if names is not None:
        fields["Access-Control-Request-Headers"] = names
    return fields | {f"Access-Control-Request-{name}": value for name, value in more.items()}


def told(decision: Decision) -> tuple[str, str, dict[str, str], tuple[str, ...]]:
    """Return a decision with its fields by name, without what their names begin with."""
    fields = {name.removeprefix("Access-Control-"): value for name, value in decision.headers}
    assert len(fields) == len(decision.headers)
    return decision.kind, decision.outcome, fields, decision.vary


def preflight(options: dict[str, object], request: dict[str, str]) -> Decision:
    return Policy.from_options(**options).decide("OPTIONS", request)


def granted(options: dict[str, object], request: dict[str, str]) -> str:
    return preflight(options, request).outcome


def field(name: str, decision: Decision) -> str | None:
    return dict(decision.headers).get(f"Access-Control-{name}")


EXPOSING = {"expose_headers": ["X-B", "X-A"]}
WITH_CREDENTIALS = {**LISTED, "supports_credentials": True}
SOLE_WITH_CREDENTIALS = {**SOLE, "supports_credentials": True}
ALLOWED = {"Allow-Origin": A, "Allow-Methods": METHODS}

CASES = {
    # id: (options, method, request) -> (kind, outcome, headers, vary)
    # -- actual, origin allowed
    "actual-default": (
        ({}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-wildcard-sent": (
        ({"send_wildcard": True}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": "*"}, ()),
    ),
    "actual-wildcard-among-others": (
        ({"origins": [A, "*"], "send_wildcard": True}, "GET", {"Origin": B}),
        ("actual", "granted", {"Allow-Origin": "*"}, ()),
    ),
    "actual-wildcard-sent-to-those-with-origin-only": (
        ({"send_wildcard": True, "always_send": False}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": "*"}, ()),
    ),
    "actual-send-wildcard-without-wildcard": (
        ({**LISTED, "send_wildcard": True}, "GET", {"Origin": B}),
        ("actual", "granted", {"Allow-Origin": B}, ("Origin",)),
    ),
    "actual-sole-with-send-wildcard": (
        ({**SOLE, "send_wildcard": True}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ()),
    ),
    "actual-listed": (
        (LISTED, "DELETE", {"Origin": B}),
        ("actual", "granted", {"Allow-Origin": B}, ("Origin",)),
    ),
    "actual-exposing": (
        ({**LISTED, **EXPOSING}, "GET", {"Origin": A}),
        (
            "actual",
            "granted",
            {"Allow-Origin": A, "Expose-Headers": "X-A, X-B"},
            ("Origin",),
        ),
    ),
    "actual-exposing-to-everyone": (
        ({"expose_headers": "*", "send_wildcard": True}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": "*", "Expose-Headers": "*"}, ()),
    ),
    "actual-credentials": (
        ({**WITH_CREDENTIALS, **EXPOSING}, "POST", {"Origin": A}),
        (
            "actual",
            "granted",
            {"Allow-Origin": A, "Allow-Credentials": "true", "Expose-Headers": "X-A, X-B"},
            ("Origin",),
        ),
    ),
    "actual-credentials-are-not-of-the-wildcard-sent": (
        ({**WITH_CREDENTIALS, "send_wildcard": True}, "GET", {"Origin": A}),
        (
            "actual",
            "granted",
            {"Allow-Origin": A, "Allow-Credentials": "true"},
            ("Origin",),
        ),
    ),
    "actual-sole": (
        (SOLE, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ()),
    ),
    "actual-sole-written-twice": (
        ({"origins": [A, "HTTPS://A.Example:443/"]}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ()),
    ),
    "actual-sole-without-always-send": (
        ({**SOLE, "always_send": False}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-sole-asked-in-capitals": (
        (SOLE, "GET", {"Origin": "HTTPS://A.EXAMPLE"}),
        ("actual", "granted", {"Allow-Origin": A}, ()),
    ),
    "actual-one-pattern-is-not-one-origin": (
        ({"origins": "https://*.example"}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-one-regex-is-not-one-origin": (
        ({"origins": r"https://a\.example"}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-one-origin-and-a-regex": (
        ({"origins": [A, re.compile("x")]}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-one-origin-and-a-callable": (
        ({"origins": [A, lambda origin: False]}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-one-origin-and-a-pattern": (
        ({"origins": [A, "http://localhost:*"]}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-unvaried": (
        ({**LISTED, "vary_header": False}, "GET", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ()),
    ),
    "actual-null-by-wildcard": (
        ({}, "GET", {"Origin": "null"}),
        ("actual", "granted", {"Allow-Origin": "null"}, ("Origin",)),
    ),
    "actual-null-listed": (
        ({"origins": [A, "null"]}, "GET", {"Origin": "null"}),
        ("actual", "granted", {"Allow-Origin": "null"}, ("Origin",)),
    ),
    "actual-longest-origin": (
        ({}, "GET", {"Origin": LONGEST}),
        ("actual", "granted", {"Allow-Origin": LONGEST}, ("Origin",)),
    ),
    "actual-ipv6": (
        ({"origins": ["http://[::1]:8000", A]}, "GET", {"Origin": "http://[::1]:8000"}),
        ("actual", "granted", {"Allow-Origin": "http://[::1]:8000"}, ("Origin",)),
    ),
    "actual-options-that-is-no-preflight": (
        (LISTED, "OPTIONS", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-other-method-with-request-method": (
        (LISTED, "GET", asking("PUT")),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-method-in-lower-case-is-no-preflight": (
        (LISTED, "options", asking("PUT")),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-methods-are-checked-in-preflights-only": (
        ({**LISTED, "methods": "GET"}, "DELETE", {"Origin": A}),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    "actual-without-what-only-preflights-get": (
        (
            {**LISTED, "max_age": 5, "allow_headers": "X-A"},
            "GET",
            {"Origin": A, "Access-Control-Request-Headers": "x-a"},
        ),
        ("actual", "granted", {"Allow-Origin": A}, ("Origin",)),
    ),
    # -- actual, origin not allowed
    "refused": (
        ({**WITH_CREDENTIALS, **EXPOSING}, "GET", {"Origin": "https://c.example"}),
        ("actual", "origin", {}, ("Origin",)),
    ),
    "refused-by-sole": ((SOLE, "GET", {"Origin": B}), ("actual", "origin", {}, ("Origin",))),
    "refused-by-nobody": (
        ({"origins": []}, "GET", {"Origin": A}),
        ("actual", "origin", {}, ("Origin",)),
    ),
    "refused-null": ((LISTED, "GET", {"Origin": "null"}), ("actual", "origin", {}, ("Origin",))),
    "refused-null-by-any-host": (
        (
            {"origins": ["https://*", r"https?://.*", lambda origin: True]},
            "GET",
            {"Origin": "null"},
        ),
        ("actual", "origin", {}, ("Origin",)),
    ),
    "refused-other-port": (
        (LISTED, "GET", {"Origin": A + ":8443"}),
        ("actual", "origin", {}, ("Origin",)),
    ),
    "refused-other-scheme": (
        (LISTED, "GET", {"Origin": "http://a.example"}),
        ("actual", "origin", {}, ("Origin",)),
    ),
    "refused-unvaried": (
        ({**LISTED, "vary_header": False}, "GET", {"Origin": "https://c.example"}),
        ("actual", "origin", {}, ()),
    ),
    # -- plain
    "plain-default": (({}, "GET", {}), ("plain", "granted", {"Allow-Origin": "*"}, ())),
    "plain-default-exposing": (
        (EXPOSING, "GET", {}),
        ("plain", "granted", {"Allow-Origin": "*", "Expose-Headers": "X-A, X-B"}, ()),
    ),
    "plain-default-without-always-send": (
        ({**EXPOSING, "always_send": False}, "GET", {}),
        ("plain", "granted", {}, ("Origin",)),
    ),
    "plain-wildcard-sent-without-always-send": (
        ({"send_wildcard": True, "always_send": False}, "GET", {}),
        ("plain", "granted", {}, ("Origin",)),
    ),
    "plain-sole": ((SOLE, "GET", {}), ("plain", "granted", {"Allow-Origin": A}, ())),
    "plain-sole-null": (
        ({"origins": "null"}, "GET", {}),
        ("plain", "granted", {"Allow-Origin": "null"}, ()),
    ),
    "plain-sole-credentials": (
        ({**SOLE_WITH_CREDENTIALS, **EXPOSING}, "GET", {}),
        (
            "plain",
            "granted",
            {"Allow-Origin": A, "Allow-Credentials": "true", "Expose-Headers": "X-A, X-B"},
            (),
        ),
    ),
    "plain-sole-without-always-send": (
        ({**SOLE_WITH_CREDENTIALS, "always_send": False}, "GET", {}),
        ("plain", "granted", {}, ("Origin",)),
    ),
    "plain-listed": (
        ({**WITH_CREDENTIALS, **EXPOSING}, "GET", {}),
        ("plain", "granted", {}, ("Origin",)),
    ),
    "plain-nobody": (({"origins": []}, "GET", {}), ("plain", "granted", {}, ("Origin",))),
    "plain-one-pattern": (
        ({"origins": "https://*.example"}, "GET", {}),
        ("plain", "granted", {}, ("Origin",)),
    ),
    "plain-unvaried": (
        ({**LISTED, "vary_header": False}, "GET", {}),
        ("plain", "granted", {}, ()),
    ),
    "plain-callable-is-not-asked": (
        ({"origins": lambda origin: 1 / 0}, "GET", {}),
        ("plain", "granted", {}, ("Origin",)),
    ),
    "plain-options-with-request-method": (
        (LISTED, "OPTIONS", {"Access-Control-Request-Method": "PUT"}),
        ("plain", "granted", {}, ("Origin",)),
    ),
    # -- preflight, all allowed
    "preflight-default": (
        ({}, "OPTIONS", asking("PUT", "x-b,x-a")),
        ("preflight", "granted", {**ALLOWED, "Allow-Headers": "x-a, x-b"}, PREFLIGHT_VARY),
    ),
    "preflight-no-headers-asked-for": (
        (LISTED, "OPTIONS", asking("GET")),
        ("preflight", "granted", ALLOWED, PREFLIGHT_VARY),
    ),
    "preflight-empty-headers-asked-for": (
        (LISTED, "OPTIONS", asking("GET", "")),
        ("preflight", "granted", ALLOWED, PREFLIGHT_VARY),
    ),
    "preflight-sole-varies-all-the-same": (
        (SOLE, "OPTIONS", asking()),
        ("preflight", "granted", ALLOWED, PREFLIGHT_VARY),
    ),
    "preflight-wildcard-sent": (
        ({"send_wildcard": True}, "OPTIONS", asking()),
        ("preflight", "granted", {**ALLOWED, "Allow-Origin": "*"}, PREFLIGHT_VARY),
    ),
    "preflight-everything": (
        (
            {
                **WITH_CREDENTIALS,
                **EXPOSING,
                "methods": "PUT, GET",
                "allow_headers": "X-A, X-B",
                "max_age": 600,
            },
            "OPTIONS",
            asking("PUT", "X-b,x-A"),
        ),
        (
            "preflight",
            "granted",
            {
                "Allow-Origin": A,
                "Allow-Credentials": "true",
                "Allow-Methods": "GET, PUT",
                "Allow-Headers": "X-b, x-A",
                "Max-Age": "600",
            },
            PREFLIGHT_VARY,
        ),
    ),
    "preflight-unvaried": (
        ({"vary_header": False}, "OPTIONS", asking()),
        ("preflight", "granted", ALLOWED, ()),
    ),
    # -- preflight, method or header not allowed
    "preflight-method-not-allowed": (
        (
            {**WITH_CREDENTIALS, "methods": ["GET"], "max_age": 600, **EXPOSING},
            "OPTIONS",
            asking("PUT", "x-a"),
        ),
        (
            "preflight",
            "method",
            {"Allow-Origin": A, "Allow-Credentials": "true"},
            PREFLIGHT_VARY,
        ),
    ),
    "preflight-header-not-allowed": (
        (
            {**WITH_CREDENTIALS, "allow_headers": ["X-A"], "max_age": 600, **EXPOSING},
            "OPTIONS",
            asking("PUT", "x-a,x-b"),
        ),
        (
            "preflight",
            "headers",
            {
                "Allow-Origin": A,
                "Allow-Credentials": "true",
                "Allow-Methods": METHODS,
                "Allow-Headers": "x-a",
                "Max-Age": "600",
            },
            PREFLIGHT_VARY,
        ),
    ),
    "preflight-no-header-allowed": (
        ({**LISTED, "allow_headers": []}, "OPTIONS", asking("PUT", "x-a")),
        ("preflight", "headers", ALLOWED, PREFLIGHT_VARY),
    ),
    "preflight-neither-allowed": (
        ({**LISTED, "methods": [], "allow_headers": []}, "OPTIONS", asking("PUT", "x-a")),
        ("preflight", "method", {"Allow-Origin": A}, PREFLIGHT_VARY),
    ),
    # -- preflight, origin not allowed
    "preflight-refused": (
        ({**WITH_CREDENTIALS, "max_age": 5}, "OPTIONS", asking(origin="https://c.example")),
        ("preflight", "origin", {}, PREFLIGHT_VARY),
    ),
    "preflight-refused-by-sole": (
        (SOLE, "OPTIONS", asking(origin=B)),
        ("preflight", "origin", {}, PREFLIGHT_VARY),
    ),
    "preflight-refused-for-the-origin-first": (
        (
            {**LISTED, "methods": [], "allow_headers": []},
            "OPTIONS",
            asking("PUT", "x-a", origin="null"),
        ),
        ("preflight", "origin", {}, PREFLIGHT_VARY),
    ),
    "preflight-refused-unvaried": (
        ({**LISTED, "vary_header": False}, "OPTIONS", asking(origin="null")),
        ("preflight", "origin", {}, ()),
    ),
}

cases = pytest.mark.parametrize(
    ("case", "expected"), [pytest.param(*case, id=id_) for id_, case in CASES.items()]
)


@cases
def test_decisions(
    case: tuple[dict[str, object], str, dict[str, str]], expected: tuple[object, ...]
) -> None:
    options, method, request = case
    assert expected == told(Policy.from_options(**options).decide(method, request))


@cases
@pytest.mark.asyncio
async def test_async_decisions_are_the_same(
    case: tuple[dict[str, object], str, dict[str, str]], expected: tuple[object, ...]
) -> None:
    options, method, request = case
    assert expected == told(await Policy.from_options(**options).decide_async(method, request))


# Malformed origins -------------------------------------------------------------------------------

malformed = pytest.mark.parametrize(
    "origin", [pytest.param(origin, id=id_) for id_, origin in MALFORMED.items()]
)


@malformed
@pytest.mark.parametrize("send_wildcard", [False, True])
def test_a_malformed_origin_is_answered_with_the_wildcard_where_any_is_allowed(
    origin: str, send_wildcard: bool
) -> None:
    policy = Policy.from_options(send_wildcard=send_wildcard)
    actual = told(policy.decide("GET", {"Origin": origin}))
    assert actual == ("actual", "granted", {"Allow-Origin": "*"}, ())
    asked = told(policy.decide("OPTIONS", asking(origin=origin)))
    assert asked == ("preflight", "granted", {**ALLOWED, "Allow-Origin": "*"}, PREFLIGHT_VARY)


@malformed
@pytest.mark.parametrize(
    "origins",
    [
        pytest.param([A, B, "null"], id="listed"),
        pytest.param(["null"], id="sole-null"),
        pytest.param([A, "https://*", "https://*:*", "https://*.example"], id="patterns"),
        pytest.param([re.compile(r"[\s\S]*"), r"(.|\s)*"], id="regexes"),
        pytest.param(lambda origin: True, id="callable"),
    ],
)
def test_a_malformed_origin_is_refused_by_everything_but_the_wildcard(
    origin: str, origins: object
) -> None:
    policy = Policy.from_options(origins=origins)
    assert told(policy.decide("GET", {"Origin": origin})) == ("actual", "origin", {}, ("Origin",))


# Methods -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("methods", "requested", "outcome", "listed"),
    [
        pytest.param(None, "PATCH", "granted", METHODS, id="default"),
        pytest.param(None, "QUERY", "method", None, id="default-does-not-list"),
        pytest.param(["PUT"], "PUT", "granted", "PUT", id="listed"),
        pytest.param("put, DELETE", "PUT", "granted", "DELETE, PUT", id="sorted"),
        pytest.param(["put"], "PUT", "granted", "PUT", id="configured-in-lower-case"),
        pytest.param(["PUT"], "put", "granted", "PUT", id="fetch-normalises-put"),
        pytest.param(["DELETE"], "dElEtE", "granted", "DELETE", id="fetch-normalises-delete"),
        pytest.param(["PATCH"], "patch", "method", None, id="fetch-does-not-normalise-patch"),
        pytest.param(["QUERY"], "query", "method", None, id="fetch-does-not-normalise-others"),
        pytest.param(["GET"], "ET", "method", None, id="part-of-a-method"),
        pytest.param(["GET"], "GETS", "method", None, id="more-than-a-method"),
        pytest.param(["GET"], "GET, PUT", "method", None, id="two-methods"),
        pytest.param(["GET"], " GET", "method", None, id="blank"),
        pytest.param(["POST"], "po\u017ft", "method", None, id="long-s-is-no-s"),
        pytest.param(["PUT"], "GET", "method", None, id="get-not-listed"),
        pytest.param(["PUT"], "HEAD", "method", None, id="head-not-listed"),
        pytest.param(["PUT"], "POST", "method", None, id="post-not-listed"),
        pytest.param([], "GET", "method", None, id="none"),
        pytest.param(["GET"], "", "method", None, id="empty"),
        pytest.param(["purge"], "purge", "granted", "purge", id="own-method-as-written"),
        pytest.param("*", "GET", "granted", "GET", id="any"),
        pytest.param(["*"], "put", "granted", "PUT", id="any-normalised"),
        pytest.param(["GET", "*"], "PURGE", "granted", "PURGE", id="any-among-others"),
        pytest.param("*", "x-own!", "granted", "x-own!", id="any-token"),
        pytest.param("*", "", "method", None, id="any-but-empty"),
        pytest.param("*", "A B", "method", None, id="any-but-no-token"),
        pytest.param("*", "A\r\nX: y", "method", None, id="any-but-injection"),
        pytest.param("*", "GET,PUT", "method", None, id="any-but-a-list"),
        pytest.param("*", "P\xdcT", "method", None, id="any-but-not-ascii"),
        pytest.param("*", "po\u017ft", "method", None, id="any-but-long-s"),
        pytest.param("*", "TRACE", "method", None, id="any-but-trace"),
        pytest.param("*", "Connect", "method", None, id="any-but-connect"),
        pytest.param("*", "track", "method", None, id="any-but-track"),
    ],
)
def test_methods(methods: object, requested: str, outcome: str, listed: str | None) -> None:
    decision = preflight({"methods": methods}, asking(requested))
    assert (outcome, listed) == (decision.outcome, field("Allow-Methods", decision))


# Headers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allow_headers", "requested", "outcome", "listed"),
    [
        pytest.param(None, "authorization,x-b", "granted", "authorization, x-b", id="default"),
        pytest.param("*", "x-b,x-a", "granted", "x-a, x-b", id="any-sorted"),
        pytest.param(["X-A"], "x-a", "granted", "x-a", id="clients-spelling"),
        pytest.param(["x-a"], "X-A", "granted", "X-A", id="clients-spelling-in-capitals"),
        pytest.param("X-A, X-B", "x-b, x-a", "granted", "x-a, x-b", id="string-of-two"),
        pytest.param(["X-A"], "x-a,x-a", "granted", "x-a", id="named-twice"),
        pytest.param(["X-A"], "x-a,x-b", "headers", "x-a", id="one-left-out"),
        pytest.param(["X-A"], "x-ab", "headers", None, id="more-than-a-name"),
        pytest.param(["X-AB"], "x-a", "headers", None, id="part-of-a-name"),
        pytest.param([], "x-a", "headers", None, id="none"),
        pytest.param([], "", "granted", None, id="none-needed"),
        pytest.param("X-*", "x-a,x-b-c", "granted", "x-a, x-b-c", id="glob"),
        pytest.param("X-*", "ax-a", "headers", None, id="glob-is-anchored"),
        pytest.param("X-*-Id", "x-trace-id", "granted", "x-trace-id", id="glob-inside"),
        pytest.param("X-*-Id", "x-trace-ids", "headers", None, id="glob-ends"),
        pytest.param("X+*", "xx-a", "headers", None, id="glob-has-one-special-character"),
        pytest.param("X-.*", "x-a", "granted", "x-a", id="regex"),
        pytest.param("X-.*", "a-x-b", "headers", None, id="regex-from-the-start"),
        pytest.param(r"X-\d", "x-12", "headers", None, id="regex-to-the-end"),
        pytest.param(re.compile("X-[ab]"), "x-a,X-B", "granted", "X-B, x-a", id="compiled"),
        pytest.param(re.compile("X-[ab]"), "x-ab", "headers", None, id="compiled-whole"),
        pytest.param([re.compile("x-a"), "X-B"], "x-a,x-b", "granted", "x-a, x-b", id="mixed"),
        pytest.param("*", "x a", "headers", None, id="no-token"),
        pytest.param("*", "x-a,\xfc", "headers", "x-a", id="not-ascii"),
        pytest.param("*", "x-a,x\r\nset-cookie: a", "headers", "x-a", id="injection"),
        pytest.param("*", "x-a\n", "headers", None, id="line-feed"),
        pytest.param("*", "x-a:b", "headers", None, id="colon"),
        pytest.param("*", '"x-a"', "headers", None, id="quoted"),
        pytest.param(re.compile(r"[\s\S]*"), "x a", "headers", None, id="no-token-by-regex"),
        pytest.param("X-K", "x-\u212a", "headers", None, id="kelvin-is-no-k"),
        pytest.param("*", " \tx-a\t ,\tx-b", "granted", "x-a, x-b", id="blanks"),
        pytest.param("*", ",", "granted", None, id="empty-elements-only"),
        pytest.param("*", "x-a,,x-b", "granted", "x-a, x-b", id="empty-element"),
    ],
)
def test_headers(allow_headers: object, requested: str, outcome: str, listed: str | None) -> None:
    decision = preflight({"allow_headers": allow_headers}, asking("PUT", requested))
    assert (outcome, listed) == (decision.outcome, field("Allow-Headers", decision))


@pytest.mark.parametrize(
    ("requested", "outcome"),
    [
        pytest.param("x" * 8192, "granted", id="8-KiB"),
        pytest.param("x" * 8193, "headers", id="more-than-8-KiB"),
        pytest.param("," * 65536, "headers", id="64-KiB-of-commas"),
        pytest.param(" " * 65536, "headers", id="64-KiB-of-blanks"),
        pytest.param(",".join(["x-a"] * 128), "granted", id="128-names"),
        pytest.param(",".join(["x-a"] * 129), "headers", id="129-names"),
        pytest.param("x-a" + "," * 16, "granted", id="16-empty"),
        pytest.param("x-a" + "," * 17, "headers", id="17-empty"),
        pytest.param("x-a" + ", " * 17, "headers", id="17-blank"),
        pytest.param(",".join(["x-a"] * 128) + "," * 16, "granted", id="both-at-their-limits"),
        pytest.param(",".join(["x-a"] * 128) + "," * 17, "headers", id="one-beyond-both"),
    ],
)
def test_the_budget_of_the_header_list(requested: str, outcome: str) -> None:
    assert outcome == granted({}, asking("PUT", requested))


def test_beyond_the_budget_no_header_is_listed_and_the_rest_is_as_ever() -> None:
    decision = preflight({"max_age": 5}, asking("PUT", "x-a" + "," * 17))
    expected = ("preflight", "headers", {**ALLOWED, "Max-Age": "5"}, PREFLIGHT_VARY)
    assert expected == told(decision)


# Max age, private network ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("max_age", "sent"),
    [
        pytest.param(None, None, id="not-given"),
        pytest.param(0, "0", id="zero"),
        pytest.param("0", "0", id="zero-as-a-string"),
        pytest.param(600, "600", id="seconds"),
        pytest.param("600", "600", id="digits"),
        pytest.param(1.9, "1", id="cut"),
        pytest.param(timedelta(minutes=10), "600", id="timedelta"),
        pytest.param(timedelta(milliseconds=1), "0", id="short-timedelta"),
    ],
)
def test_max_age(max_age: object, sent: str | None) -> None:
    assert sent == field("Max-Age", preflight({"max_age": max_age}, asking()))


@pytest.mark.parametrize(
    ("asked", "origin", "sent"),
    [
        pytest.param("true", A, "true", id="asked"),
        pytest.param("false", A, None, id="asked-not-to"),
        pytest.param("TRUE", A, None, id="asked-in-capitals"),
        pytest.param("", A, None, id="empty"),
        pytest.param("true", "https://c.example", None, id="origin-refused"),
    ],
)
def test_private_network(asked: str, origin: str, sent: str | None) -> None:
    with pytest.warns(CORSWarning, match="allow_private_network"):
        policy = Policy.from_options(**LISTED, allow_private_network=True)
    request = asking(origin=origin, **{"Private-Network": asked})
    assert sent == field("Allow-Private-Network", policy.decide("OPTIONS", request))
    assert field("Allow-Private-Network", policy.decide("GET", request)) is None
    assert field("Allow-Private-Network", policy.decide("OPTIONS", asking())) is None


def test_private_network_is_off_by_default() -> None:
    decision = preflight({}, asking(**{"Private-Network": "true"}))
    assert field("Allow-Private-Network", decision) is None


# Callables ---------------------------------------------------------------------------------------


class Awaited:
    """An awaitable that is no coroutine."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer

    def __await__(self) -> Generator[None, None, bool]:
        return self.answer
        yield


class Asked:
    """An origin callable that counts."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.origins: list[str] = []

    def __call__(self, origin: str) -> object:
        self.origins.append(origin)
        return self.answer


class AskedAsync(Asked):
    async def __call__(self, origin: str) -> object:
        await asyncio.sleep(0)
        return super().__call__(origin)


def failing(origin: str) -> bool:
    raise LookupError(origin)


async def failing_async(origin: str) -> bool:
    await asyncio.sleep(0)
    raise LookupError(origin)


def run(awaitable: Awaitable[bool]) -> bool:
    async def awaited() -> bool:
        return await awaitable

    return asyncio.run(awaited())


@pytest.mark.parametrize("kind", [Asked, AskedAsync])
@pytest.mark.parametrize(("answer", "outcome"), [(True, "granted"), (False, "origin")])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_callable_is_asked_once(
    kind: type[Asked], answer: bool, outcome: str, method: str
) -> None:
    predicate = kind(answer)
    decision = Policy.from_options(origins=predicate).decide(method, asking(), run)
    assert (outcome, [A], None) == (decision.outcome, predicate.origins, decision.error)


@pytest.mark.parametrize("kind", [Asked, AskedAsync])
@pytest.mark.parametrize(("answer", "outcome"), [(True, "granted"), (False, "origin")])
@pytest.mark.asyncio
async def test_a_callable_is_asked_once_in_async_code(
    kind: type[Asked], answer: bool, outcome: str
) -> None:
    predicate = kind(answer)
    decision = await Policy.from_options(origins=predicate).decide_async("GET", {"Origin": A})
    assert (outcome, [A], None) == (decision.outcome, predicate.origins, decision.error)


@pytest.mark.parametrize("kind", [Asked, AskedAsync])
@pytest.mark.parametrize(
    ("origins", "origin", "outcome"),
    [
        pytest.param([A], A, "granted", id="listed"),
        pytest.param(["https://*.example"], A, "granted", id="pattern"),
        pytest.param([re.compile(".*a.*")], A, "granted", id="regex"),
        pytest.param(["*"], A, "granted", id="wildcard"),
        pytest.param([], "null", "origin", id="null"),
        pytest.param([], "https://a.example/", "origin", id="malformed"),
        pytest.param([], "s" + LONGEST, "origin", id="too-long"),
    ],
)
def test_a_callable_is_asked_last_and_never_about_what_is_no_origin(
    kind: type[Asked], origins: list[object], origin: str, outcome: str
) -> None:
    predicate = kind(True)
    policy = Policy.from_options(origins=[predicate, *origins])
    decision = policy.decide("GET", {"Origin": origin}, run)
    assert (outcome, []) == (decision.outcome, predicate.origins)


def test_several_callables_are_asked_until_one_agrees() -> None:
    predicates = [Asked(False), AskedAsync(True), Asked(True)]
    decision = Policy.from_options(origins=predicates).decide("GET", {"Origin": A}, run)
    assert decision.outcome == "granted"
    assert [predicate.origins for predicate in predicates] == [[A], [A], []]


@pytest.mark.asyncio
async def test_several_callables_are_asked_until_one_agrees_in_async_code() -> None:
    predicates = [Asked(False), AskedAsync(True), Asked(True)]
    policy = Policy.from_options(origins=predicates)
    decision = await policy.decide_async("GET", {"Origin": A})
    assert decision.outcome == "granted"
    assert [predicate.origins for predicate in predicates] == [[A], [A], []]


@pytest.mark.parametrize("predicate", [failing, failing_async])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_callable_that_raises_denies(predicate: object, method: str) -> None:
    policy = Policy.from_options(origins=[predicate, B])
    decision = policy.decide(method, asking(), run)
    assert told(decision)[1:3] == ("origin", {})
    assert repr(decision.error) == repr(LookupError(A))
    assert policy.decide(method, asking(origin=B), run).outcome == "granted"


@pytest.mark.parametrize("predicate", [failing, failing_async])
@pytest.mark.asyncio
async def test_a_callable_that_raises_denies_in_async_code(predicate: object) -> None:
    decision = await Policy.from_options(origins=predicate).decide_async("GET", {"Origin": A})
    assert told(decision) == ("actual", "origin", {}, ("Origin",))
    assert repr(decision.error) == repr(LookupError(A))


def test_the_error_of_one_request_is_not_in_the_next() -> None:
    errors = iter([LookupError("once")])

    def failing_once(origin: str) -> bool:
        for error in errors:
            raise error
        return False

    policy = Policy.from_options(origins=failing_once)
    decisions = [policy.decide("GET", {"Origin": A}) for _ in range(2)]
    assert [LookupError, type(None)] == [type(decision.error) for decision in decisions]


@pytest.mark.parametrize(
    "predicate",
    [
        pytest.param(AskedAsync(True), id="async"),
        pytest.param(Asked(Awaited(True)), id="awaitable"),
    ],
)
def test_what_cannot_be_awaited_denies(predicate: Asked) -> None:
    decision = Policy.from_options(origins=predicate).decide("GET", {"Origin": A})
    assert decision.outcome == "origin"
    assert isinstance(decision.error, TypeError)


@pytest.mark.parametrize(("answer", "outcome"), [(True, "granted"), (False, "origin")])
@pytest.mark.asyncio
async def test_an_awaitable_of_any_type_is_awaited(answer: bool, outcome: str) -> None:
    policy = Policy.from_options(origins=Asked(Awaited(answer)))
    assert outcome == (await policy.decide_async("GET", {"Origin": A})).outcome


@pytest.mark.parametrize(("answer", "outcome"), [(True, "granted"), (False, "origin")])
def test_an_awaitable_of_any_type_is_waited_for(answer: bool, outcome: str) -> None:
    policy = Policy.from_options(origins=Asked(Awaited(answer)))
    assert outcome == policy.decide("GET", {"Origin": A}, run).outcome


@pytest.mark.asyncio
async def test_a_cancelled_request_stays_cancelled() -> None:
    async def cancelled(origin: str) -> bool:
        raise asyncio.CancelledError

    policy = Policy.from_options(origins=cancelled)
    with pytest.raises(asyncio.CancelledError):
        await policy.decide_async("GET", {"Origin": A})


# What reaches the response -----------------------------------------------------------------------

GRANTED = Decision(
    "actual",
    "granted",
    (
        ("Access-Control-Allow-Origin", A),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "X-A"),
    ),
    ("Origin",),
)
REFUSED = Decision("actual", "origin", (), ("Origin",))
NOTHING = Decision("plain")
TYPE = ("Content-Type", "text/html")


@pytest.mark.parametrize(
    ("decision", "present", "added"),
    [
        pytest.param(GRANTED, [], [*GRANTED.headers, ("Vary", "Origin")], id="bare"),
        pytest.param(GRANTED, [TYPE], [*GRANTED.headers, ("Vary", "Origin")], id="others"),
        pytest.param(REFUSED, [TYPE], [("Vary", "Origin")], id="refused"),
        pytest.param(NOTHING, [TYPE], [], id="nothing-to-add"),
        pytest.param(NOTHING, [("Vary", "Cookie")], [], id="nothing-to-add-to-vary"),
        pytest.param(REFUSED, [("Vary", "Origin")], [], id="varies-already"),
        pytest.param(REFUSED, [("vary", "Cookie ,\torigin")], [], id="varies-already-in-a-list"),
        pytest.param(
            NOTHING,
            [("Vary", "Cookie"), TYPE, ("VARY", "ORIGIN")],
            [],
            id="nothing-to-add-to-two-lines",
        ),
        pytest.param(REFUSED, [("Vary", "*")], [], id="varies-by-everything"),
        pytest.param(REFUSED, [("Vary", "Cookie, *")], [], id="varies-by-everything-in-a-list"),
        pytest.param(GRANTED, [("Vary", "*")], [*GRANTED.headers], id="granted-and-varies"),
        pytest.param(
            Decision("preflight", "origin", (), PREFLIGHT_VARY),
            [],
            [("Vary", ", ".join(PREFLIGHT_VARY))],
            id="varies-by-three",
        ),
        pytest.param(
            GRANTED,
            [("Access-Control-Expose-Headers", "X-B")],
            [*GRANTED.headers, ("Vary", "Origin")],
            id="exposes-more",
        ),
        pytest.param(
            GRANTED,
            [("access-control-allow-credentials", "true")],
            [GRANTED.headers[0], GRANTED.headers[2], ("Vary", "Origin")],
            id="credentials-once",
        ),
        pytest.param(
            GRANTED, [("Access-Control-Allow-Origin", B)], [], id="allow-origin-is-left-alone"
        ),
        pytest.param(
            GRANTED, [("access-control-allow-origin", "")], [], id="empty-allow-origin-too"
        ),
        pytest.param(
            REFUSED, [TYPE, ("ACCESS-CONTROL-ALLOW-ORIGIN", "*")], [], id="refused-left-alone-too"
        ),
        pytest.param(
            GRANTED,
            [("Vary", "Cookie"), ("Vary", "Origin"), ("Access-Control-Allow-Origin", "*")],
            [],
            id="vary-is-left-alone-too",
        ),
    ],
)
def test_what_is_added_to_a_response(
    decision: Decision, present: list[tuple[str, str]], added: list[tuple[str, str]]
) -> None:
    given = list(present)
    assert [*present, *added] == decision.added_to(given)
    assert present == given


@pytest.mark.parametrize(
    ("decision", "present", "lines"),
    [
        pytest.param(
            GRANTED,
            [("Vary", "Accept-Encoding"), TYPE],
            [TYPE, *GRANTED.headers, ("Vary", "Accept-Encoding, Origin")],
            id="one",
        ),
        pytest.param(
            REFUSED,
            [("Vary", "Cookie"), TYPE, ("vary", "X-Origin, Accept")],
            [TYPE, ("Vary", "Cookie, X-Origin, Accept, Origin")],
            id="several",
        ),
        pytest.param(
            REFUSED,
            [("Vary", "Cookie"), TYPE, ("VARY", "ORIGIN")],
            [TYPE, ("Vary", "Cookie, ORIGIN")],
            id="several-that-name-it",
        ),
        pytest.param(
            GRANTED,
            [("Vary", "Origin"), ("Vary", "")],
            [*GRANTED.headers, ("Vary", "Origin")],
            id="an-empty-one-and-one-that-names-it",
        ),
        pytest.param(
            REFUSED, [("Vary", "*"), ("Vary", "Cookie")], [("Vary", "*")], id="everything-and-one"
        ),
        pytest.param(
            Decision("preflight", "origin", (), PREFLIGHT_VARY),
            [("Vary", "origin, access-control-request-headers")],
            [("Vary", "origin, access-control-request-headers, Access-Control-Request-Method")],
            id="two-of-three",
        ),
        pytest.param(REFUSED, [("Vary", " ")], [("Vary", "Origin")], id="empty"),
    ],
)
def test_what_a_response_varies_by_comes_in_one_line(
    decision: Decision, present: list[tuple[str, str]], lines: list[tuple[str, str]]
) -> None:
    given = list(present)
    assert lines == decision.added_to(given)
    assert present == given
    headers = Headers(present)
    decision.apply(headers)
    assert [dict(lines)["Vary"]] == headers.getlist("Vary")


def test_a_response_may_come_as_any_iterable() -> None:
    assert REFUSED.added_to(iter([TYPE])) == [TYPE, ("Vary", "Origin")]


@pytest.mark.parametrize("name", ["Methods", "Headers"])
def test_what_the_view_says_to_a_preflight_is_not_said_twice(name: str) -> None:
    own = (f"Access-Control-Allow-{name}", "X")
    lines = preflight({"max_age": 5}, asking("PUT", "x-a")).added_to([own])
    assert [own] == [line for line in lines if line[0] == own[0]]


@pytest.mark.parametrize("options", [{}, {"send_wildcard": True}], ids=["echoed", "wildcard"])
@pytest.mark.parametrize("request_headers", [{}, {"Origin": A}], ids=["plain", "actual"])
def test_credentials_of_the_views_own_meet_a_policy_for_everyone_as_a_wildcard(
    options: dict[str, object], request_headers: dict[str, str]
) -> None:
    own = ("Access-Control-Allow-Credentials", "true")
    lines = Policy.from_options(**options).decide("GET", request_headers).added_to([own])
    # Browsers refuse the two together, so no website acts with the user's cookies.
    assert [own, ("Access-Control-Allow-Origin", "*")] == lines[:2]
    assert lines[2:] in ([], [("Vary", "Origin")])


@pytest.mark.parametrize(
    "origins",
    [
        "https://*",
        "http://*:*",
        r"https?://.*",
        r"https://[^/]+\.[a-z]+",
        r"https?://\w+(\.\w+)+",
        ["https://*", A],
    ],
    ids=["hosts", "plain-http", "regex", "domains", "words", "listed-too"],
)
def test_credentials_of_the_views_own_meet_what_is_as_wide_as_the_wildcard_as_one(
    origins: object,
) -> None:
    own = ("Access-Control-Allow-Credentials", "true")
    policy = Policy.from_options(origins=origins)
    page = "http://page.com" if origins == "http://*:*" else "https://page.com"
    lines = policy.decide("GET", {"Origin": page}).added_to([own])
    # Not everyone is let in, so a cache has to keep them apart.
    assert [own, ("Access-Control-Allow-Origin", "*"), ("Vary", "Origin")] == lines


@pytest.mark.parametrize(
    "origins", [A, "https://*.a.example", r"https://.*\.a\.example", lambda _: True]
)
def test_what_lets_in_hosts_of_ones_own_is_not_as_wide(origins: object) -> None:
    assert not Policy.from_options(origins=origins).anyone


@pytest.mark.parametrize("origins", [A, [A, "https://b.example"]], ids=["one", "listed"])
def test_credentials_of_the_views_own_do_not_take_a_listed_origin_away(origins: object) -> None:
    own = ("Access-Control-Allow-Credentials", "true")
    lines = Policy.from_options(origins=origins).decide("GET", {"Origin": A}).added_to([own])
    assert lines[:2] == [own, ("Access-Control-Allow-Origin", A)]


# The policy --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["settings", "anyone", "memo", "other"])
def test_a_policy_is_immutable(name: str) -> None:
    policy = Policy.from_options(**SOLE)
    with pytest.raises(AttributeError, match="is immutable"):
        setattr(policy, name, None)
    with pytest.raises(AttributeError, match="is immutable"):
        delattr(policy, name)


def test_a_policy_shows_its_settings() -> None:
    policy = Policy.from_options(**SOLE)
    assert repr(policy) == f"Policy({policy.settings!r})"


def test_what_a_policy_is_made_of_is_immutable() -> None:
    settings = Policy.from_options(**SOLE, expose_headers="X-A").settings
    assert hash(settings) is not None
    for part in (settings, settings.origins, settings.methods, settings.allow_headers):
        names = getattr(part, "_fields", None) or [field.name for field in dataclasses.fields(part)]
        for name in names:
            with pytest.raises(AttributeError):
                setattr(part, name, None)


def test_a_policy_keeps_nothing_of_what_it_was_made_from() -> None:
    origins, methods = [A, B], ["GET", "PUT"]
    policy = Policy.from_options(origins=origins, methods=methods)
    before = told(policy.decide("OPTIONS", asking()))
    origins.clear()
    methods.clear()
    assert before == told(policy.decide("OPTIONS", asking()))


def test_a_policy_decides_alike_whatever_came_before() -> None:
    policy = Policy.from_options(**LISTED, methods=["PUT"], allow_headers=["X-A"])
    requests = [asking(*parts) for parts in product(("PUT", "GET"), ("x-a", "x-b"), (A, "null"))]
    first = [policy.decide("OPTIONS", request) for request in requests]
    assert first[::-1] == [policy.decide("OPTIONS", request) for request in requests[::-1]]


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        pytest.param({"supports_credentials": True}, ["credentials-wildcard"], id="default"),
        pytest.param(
            {"supports_credentials": True, "origins": [A, "*"]}, ["credentials-wildcard"], id="star"
        ),
        pytest.param(
            {"supports_credentials": True, "origins": ".*"}, ["credentials-wildcard"], id="regex"
        ),
        pytest.param(
            {"supports_credentials": True, "origins": re.compile(".*", re.DOTALL)},
            ["credentials-wildcard"],
            id="compiled",
        ),
        pytest.param(
            {"supports_credentials": True, "origins": [A, "null"]}, ["credentials-null"], id="null"
        ),
        pytest.param({"origin": A}, ["option-unknown"], id="misspelt"),
        pytest.param({"resources": "/*"}, ["option-unknown"], id="resources"),
        pytest.param({"intercept_exceptions": True}, ["option-unknown"], id="of-an-app"),
        pytest.param({"origins": None}, ["origin-unset"], id="none"),
        pytest.param({"origins": " "}, ["origin-unset"], id="blank"),
        pytest.param({"origins": {A: True}}, ["option-type"], id="mapping"),
        pytest.param(
            {"origins": ["a.example", "https://a.example/x"], "methods": "TRACE", "max_age": -1},
            ["origin-scheme", "origin-path", "method-forbidden", "max-age"],
            id="all-at-once",
        ),
    ],
)
def test_a_policy_is_not_made_of_wrong_options(
    options: dict[str, object], codes: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Policy.from_options(**options)
    assert codes == [problem.code for problem in raised.value.problems]


def test_none_is_as_if_not_given() -> None:
    names = sorted(RESOURCE_OPTIONS)
    options = dict.fromkeys(set(names) - {"origins", "intercept_exceptions"})
    assert Policy.from_options().settings == Policy.from_options(**options).settings


def test_a_doubtful_option_warns() -> None:
    with pytest.warns(CORSWarning, match="expose_headers") as warned:
        Policy.from_options(**WITH_CREDENTIALS, expose_headers="*")
    assert [__file__] == [warning.filename for warning in warned]


# What is remembered -------------------------------------------------------------------------------


def test_what_is_kept_of_ten_thousand_origins_is_bounded():
    policy = Policy.from_options(origins=["https://a.example", "https://*.b.example"])
    first = policy.decide("GET", {"Origin": "https://a.example"})
    numbers = count()

    def ask() -> None:
        number = next(numbers)
        granted = policy.decide("GET", {"Origin": f"https://{number}.b.example"})
        assert granted.headers == ((ACL_ORIGIN, f"https://{number}.b.example"),)
        refused = policy.decide("GET", {"Origin": f"https://{number}.evil.test"})
        assert (refused.outcome, refused.headers) == ("origin", ())

    # Ten thousand answers are more than 2 MiB, if they are all kept.
    assert bytes_left(ask, times=10_000) < 2**20
    assert first == policy.decide("GET", {"Origin": "https://a.example"})


def test_what_a_callable_says_is_not_remembered():
    allowed = {"https://a.example"}
    policy = Policy.from_options(origins=lambda origin: origin in allowed)
    asked = {"Origin": "https://a.example"}
    assert policy.decide("GET", asked).outcome == "granted"
    allowed.clear()
    assert policy.decide("GET", asked).outcome == "origin"


def test_what_is_kept_of_preflights_is_bounded():
    policy = Policy.from_options(origins=A, methods="*", allow_headers=["X-*"])
    numbers = count()

    def ask() -> None:
        asked = {
            "Origin": A,
            "Access-Control-Request-Method": f"M{next(numbers)}",
            "Access-Control-Request-Headers": f"x-{next(numbers)}, x-" + "a" * 4_000,
        }
        assert policy.decide("OPTIONS", asked).outcome == "headers"

    # A thousand answers are more than 4 MiB, if they are all kept.
    assert bytes_left(ask, times=1_000) < 2**20


@pytest.mark.parametrize("field", ["Method", "Headers"])
def test_nothing_is_kept_of_what_is_too_long_to_be_granted(field: str):
    policy = Policy.from_options(origins=A, methods="*")
    numbers = count()

    def ask() -> None:
        asked = {"Origin": A, "Access-Control-Request-Method": "PUT"}
        asked[f"Access-Control-Request-{field}"] = f"x{next(numbers)}" * 200_000
        assert policy.decide("OPTIONS", asked).outcome != "granted"

    assert bytes_left(ask, times=20) < 2**18


@pytest.mark.parametrize(("length", "outcome"), [(256, "granted"), (257, "method")])
def test_a_method_that_is_too_long_is_refused(length: int, outcome: str):
    asked = {"Origin": A, "Access-Control-Request-Method": "M" * length}
    policy = Policy.from_options(origins=A, methods="*")
    assert outcome == policy.decide("OPTIONS", asked).outcome


@pytest.mark.parametrize(("options", "expected"), [({}, True), (LISTED, False), (SOLE, False)])
def test_every_decision_that_grants_says_whether_anyone_is_let_in(options: object, expected: bool):
    policy = Policy.from_options(**options)
    preflight = {"Origin": A, "Access-Control-Request-Method": "PUT"}
    decisions = [policy.decide("GET", {"Origin": A}), policy.decide("OPTIONS", preflight)]
    if options != LISTED:  # else a request without an origin is granted nothing
        decisions.append(policy.decide("GET", {}))
    assert [expected] * len(decisions) == [decision.anyone for decision in decisions]


class OneLineEach(dict[str, str]):
    """Headers of a framework whose assignment replaces all lines of a name, in any case."""

    def __setitem__(self, name: str, value: str) -> None:
        for old in [old for old in self if old.lower() == name.lower()]:
            del self[old]
        super().__setitem__(name, value)


@pytest.mark.parametrize("name", ["Access-Control-Expose-Headers", "access-control-expose-headers"])
def test_what_a_framework_holds_in_one_line_is_added_to(name: str):
    headers = OneLineEach({name: "X-Own", "vary": "Accept", "X-Other": "kept"})
    policy = Policy.from_options(**LISTED, expose_headers=["X-Total"])
    policy.decide("GET", {"Origin": A}).apply(headers)
    assert headers == {
        "Access-Control-Allow-Origin": A,
        "Access-Control-Expose-Headers": "X-Own, X-Total",
        "Vary": "Accept, Origin",
        "X-Other": "kept",
    }


async def agrees(_origin: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("predicate", "mistake", "remedy"),
    [
        (len, "returned a value of type int; ", "only True allows an origin"),
        (agrees, "returned a coroutine, which cannot be awaited here: ", "write `def` instead"),
    ],
    ids=["truthy", "coroutine"],
)
def test_it_is_said_what_is_wrong_with_an_answer(predicate: object, mistake: str, remedy: str):
    decision = Policy.from_options(origins=predicate).decide("GET", {"Origin": A})
    assert f"an origin callable {mistake}{remedy}" in str(decision.error)


# Callables ----------------------------------------------------------------------------------------


class Truthy:
    """An object that says nothing, like a response with status 403."""


def generator() -> Iterator[bool]:
    yield True


async def coroutine() -> bool:
    return True


NO_ANSWERS = [
    pytest.param(Truthy, "Truthy", id="object"),
    pytest.param(lambda: "no", "str", id="text"),
    pytest.param(lambda: 1, "int", id="number"),
    pytest.param(lambda: re.match("h", A), "Match", id="match"),
    pytest.param(generator, "generator", id="generator"),
    pytest.param(lambda: (False, "reason"), "tuple", id="tuple"),
]


@pytest.mark.parametrize(("answer", "kind"), NO_ANSWERS)
@pytest.mark.asyncio
async def test_only_true_lets_in_and_what_is_no_answer_is_told_with_its_type(
    answer: Callable[[], object], kind: str
) -> None:
    async def awaited(origin: str) -> object:
        return answer()

    plain = Policy.from_options(origins=lambda origin: answer())
    decisions = [
        plain.decide("GET", {"Origin": A}),
        await plain.decide_async("GET", {"Origin": A}),
        await Policy.from_options(origins=awaited).decide_async("GET", {"Origin": A}),
    ]
    for decision in decisions:
        assert (decision.outcome, decision.headers) == ("origin", ())
        assert isinstance(decision.error, TypeError)
        assert kind in str(decision.error)


@pytest.mark.parametrize("answer", [False, None, 0, "", [], 0.0], ids=repr)
@pytest.mark.asyncio
async def test_what_is_false_denies_and_is_no_mistake(answer: object) -> None:
    policy = Policy.from_options(origins=lambda origin: answer)
    for decision in (
        policy.decide("GET", {"Origin": A}),
        await policy.decide_async("GET", {"Origin": A}),
    ):
        assert (decision.outcome, decision.error) == ("origin", None)


@pytest.mark.filterwarnings("error")
@pytest.mark.asyncio
async def test_a_coroutine_that_nobody_awaits_is_no_yes() -> None:
    async def within(origin: str) -> object:
        return coroutine()

    decisions = [
        Policy.from_options(origins=lambda origin: coroutine()).decide("GET", {"Origin": A}),
        await Policy.from_options(origins=within).decide_async("GET", {"Origin": A}),
    ]
    for decision in decisions:
        assert decision.outcome == "origin"
        assert "coroutine" in str(decision.error)


# What preflights vary by --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")
@pytest.mark.parametrize("origin", [A, "https://evil.test"], ids=["allowed", "refused"])
@pytest.mark.parametrize("asked", [{}, {"Access-Control-Request-Private-Network": "true"}])
def test_with_the_private_network_option_preflights_vary_by_its_field(
    origin: str, asked: dict[str, str]
) -> None:
    request = {**asking(), **asked, "Origin": origin}
    field = "Access-Control-Request-Private-Network"
    on = Policy.from_options(origins=A, allow_private_network=True)
    assert field in on.decide("OPTIONS", request).vary
    assert field not in on.decide("GET", request).vary
    assert field not in Policy.from_options(origins=A).decide("OPTIONS", request).vary
    quiet = Policy.from_options(origins=A, allow_private_network=True, vary_header=False)
    assert quiet.decide("OPTIONS", request).vary == ()


# Origins of apps ----------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["file://", "app://.", "qrc://", "tauri://localhost"])
def test_the_origin_of_an_app_matches_itself_alone(origin: str) -> None:
    policy = Policy.from_options(origins=[origin, A])
    assert dict(policy.decide("GET", {"Origin": origin}).headers)[ACL_ORIGIN] == origin
    for other in ("null", "file://a", "app://", "app://..", "qrc://.", "https://", "http://."):
        assert policy.decide("GET", {"Origin": other}).outcome == "origin"


@pytest.mark.parametrize(
    ("origin", "value"),
    [("file://", "file://"), ("app://.", "app://."), ("https://", "*"), ("http://.", "*")],
)
def test_the_wildcard_echoes_the_origins_of_apps_and_nothing_that_is_none(
    origin: str, value: str
) -> None:
    decision = Policy.from_options().decide("GET", {"Origin": origin})
    assert dict(decision.headers)[ACL_ORIGIN] == value
