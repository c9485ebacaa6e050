"""The headers of other frameworks fit as they are, to be read and to be written."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

import pytest
import werkzeug.datastructures
from werkzeug.test import EnvironBuilder

from flask_cors.core import Decision, Policy, RequestHeaders, ResponseHeaders

ORIGIN = "https://a.example"
REQUESTS = {
    "plain": {},
    "actual": {"Origin": ORIGIN},
    "refused": {"Origin": "https://c.example"},
    "preflight": {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-b,x-a",
    },
    "lower-case": {"origin": ORIGIN, "access-control-request-method": "put"},
}
Lines = list[tuple[str, str]]


def environ(fields: Mapping[str, str]) -> dict[str, object]:
    return EnvironBuilder(headers=dict(fields)).get_environ()


def apart(*frameworks: Callable[..., object]) -> list[object]:
    """Make cases of what needs the packages of `nox -s frameworks`."""
    return [pytest.param(each, marks=pytest.mark.frameworks) for each in frameworks]


def flask_request(fields: Mapping[str, str]) -> RequestHeaders:
    flask = importlib.import_module("flask")
    return flask.Request(environ(fields)).headers


def quart_request(fields: Mapping[str, str]) -> RequestHeaders:
    quart = importlib.import_module("quart")
    headers = werkzeug.datastructures.Headers(fields)

    async def send_push_promise(path: str, headers: object) -> None:
        raise NotImplementedError

    return quart.Request(
        "GET", "http", "/", b"", headers, "", "1.1", {}, send_push_promise=send_push_promise
    ).headers


def starlette_request(fields: Mapping[str, str]) -> RequestHeaders:
    starlette = importlib.import_module("starlette.requests")
    lines = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    return starlette.Request({"type": "http", "headers": lines}).headers


def django_request(fields: Mapping[str, str]) -> RequestHeaders:
    django = importlib.import_module("django.http.request")
    return django.HttpHeaders(environ(fields))


def flask_response(lines: Lines) -> ResponseHeaders:
    flask = importlib.import_module("flask")
    headers = flask.Response().headers
    headers.clear()
    headers.extend(lines)
    return headers


def quart_response(lines: Lines) -> ResponseHeaders:
    quart = importlib.import_module("quart")
    headers = quart.Response("").headers
    headers.clear()
    headers.extend(lines)
    return headers


def starlette_response(lines: Lines) -> ResponseHeaders:
    starlette = importlib.import_module("starlette.responses")
    response = starlette.Response()
    response.raw_headers = [(name.lower().encode(), value.encode()) for name, value in lines]
    return response.headers


def django_response(lines: Lines) -> ResponseHeaders:
    django = importlib.import_module("django.http.response")
    headers = django.ResponseHeaders({})
    for name, value in lines:
        headers[name] = value
    return headers


def by_name(lines: object) -> dict[str, str]:
    """Return field lines with those of one name joined, as HTTP reads them."""
    fields: dict[str, str] = {}
    for name, value in lines:
        known = fields.get(name.lower())
        fields[name.lower()] = value if known is None else f"{known}, {value}"
    return fields


@pytest.mark.parametrize(
    "framework", [flask_request, *apart(quart_request, starlette_request, django_request)]
)
@pytest.mark.parametrize(
    "fields", [pytest.param(fields, id=id_) for id_, fields in REQUESTS.items()]
)
def test_request_headers_are_read(
    framework: Callable[[Mapping[str, str]], RequestHeaders], fields: dict[str, str]
) -> None:
    policy = Policy.from_options(origins=[ORIGIN, "https://b.example"], methods="PUT")
    expected = policy.decide("OPTIONS", {name.title(): value for name, value in fields.items()})
    assert expected == policy.decide("OPTIONS", framework(fields))


DECISION = Decision(
    "preflight",
    "granted",
    (
        ("Access-Control-Allow-Origin", ORIGIN),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "X-A"),
    ),
    ("Origin", "Access-Control-Request-Method"),
)


@pytest.mark.parametrize(
    "framework", [flask_response, *apart(quart_response, starlette_response, django_response)]
)
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="bare"),
        pytest.param([("Content-Type", "text/html"), ("ETag", '"1"')], id="others"),
        pytest.param([("Vary", "Accept-Encoding, Cookie")], id="vary"),
        pytest.param([("Vary", "origin")], id="vary-by-origin"),
        pytest.param([("Vary", "*")], id="vary-by-everything"),
        pytest.param([("Access-Control-Expose-Headers", "X-B")], id="exposing"),
        pytest.param([("Access-Control-Allow-Credentials", "true")], id="credentials"),
        pytest.param([("Access-Control-Allow-Origin", "*"), ("Vary", "Cookie")], id="allow-origin"),
    ],
)
def test_response_headers_are_written(
    framework: Callable[[Lines], ResponseHeaders], lines: Lines
) -> None:
    headers = framework(lines)
    DECISION.apply(headers)
    assert by_name(DECISION.added_to(lines)) == by_name(headers.items())


@pytest.mark.parametrize("framework", [flask_response, *apart(quart_response, starlette_response)])
def test_lines_of_one_name_are_kept(framework: Callable[[Lines], ResponseHeaders]) -> None:
    lines = [("Set-Cookie", "a=1"), ("Vary", "Cookie"), ("Set-Cookie", "b=2"), ("Vary", "Accept")]
    headers = framework(lines)
    DECISION.apply(headers)
    written = [(name.lower(), value) for name, value in headers.items()]
    assert [line for line in written if line[0] == "set-cookie"] == [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ]
    assert by_name(DECISION.added_to(lines)) == by_name(written)


@pytest.mark.parametrize(
    "framework", [flask_response, *apart(quart_response, starlette_response, django_response)]
)
def test_applied_twice_is_applied_once(framework: Callable[[Lines], ResponseHeaders]) -> None:
    headers = framework([("Vary", "Cookie")])
    DECISION.apply(headers)
    once = list(headers.items())
    DECISION.apply(headers)
    assert once == list(headers.items())
