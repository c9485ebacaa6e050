from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from flask import Flask

from flask_cors import CORS, cross_origin

ORIGIN = "https://a.example"
OTHER = "https://c.example"
LOGGER = "flask_cors"
Line = tuple[str, str]


def app_with(**options: object) -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/things", "things", lambda: "things", methods=["GET", "PUT"])
    CORS(app, **options)
    return app


def asking(method: str = "PUT", names: str = "", origin: str = ORIGIN) -> dict[str, str]:
    return {
        "HTTP_ORIGIN": origin,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": method,
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": names,
    }


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[..., list[Line]]:
    """Send a request to an app and return what was logged of it."""

    def send(
        app: Flask, method: str, environ: dict[str, str], path: str = "/things", at: int = 10
    ) -> list[Line]:
        caplog.clear()
        with caplog.at_level(at, LOGGER):
            app.test_client().open(path, method=method, environ_overrides=environ)
        return [
            (record.levelname, record.getMessage())
            for record in caplog.records
            if record.name == LOGGER
        ]

    return send


@pytest.mark.parametrize(
    ("options", "method", "environ", "level", "parts"),
    [
        pytest.param({}, "GET", {}, "DEBUG", ["plain", "GET /things"], id="plain"),
        pytest.param(
            {},
            "GET",
            {"HTTP_ORIGIN": ORIGIN},
            "DEBUG",
            ["actual", "GET /things", ORIGIN, "granted"],
            id="actual",
        ),
        pytest.param(
            {"origins": ORIGIN},
            "GET",
            {"HTTP_ORIGIN": OTHER},
            "DEBUG",
            ["actual", "GET /things", OTHER, "origins"],
            id="actual-refused",
        ),
        pytest.param(
            {},
            "OPTIONS",
            asking("PUT", "x-a"),
            "DEBUG",
            ["preflight", "OPTIONS /things", ORIGIN, "granted"],
            id="preflight",
        ),
        pytest.param(
            {"origins": ORIGIN},
            "OPTIONS",
            asking(origin=OTHER),
            "INFO",
            ["preflight", "OPTIONS /things", OTHER, "origins"],
            id="preflight-origin",
        ),
        pytest.param(
            {"methods": "GET"},
            "OPTIONS",
            asking("PUT"),
            "INFO",
            ["preflight", ORIGIN, "method", "PUT"],
            id="preflight-method",
        ),
        pytest.param(
            {"allow_headers": ["x-a"]},
            "OPTIONS",
            asking("PUT", "x-a,x-b"),
            "INFO",
            ["preflight", ORIGIN, "allow_headers", "x-b"],
            id="preflight-headers",
        ),
    ],
)
def test_each_decision_is_one_line(
    said: Callable[..., list[Line]],
    *,
    options: dict[str, object],
    method: str,
    environ: dict[str, str],
    level: str,
    parts: list[str],
) -> None:
    ((logged, message),) = said(app_with(**options), method, environ)
    assert level == logged
    assert [part for part in parts if part not in message] == []


def test_a_refusal_is_not_called_granted(said: Callable[..., list[Line]]) -> None:
    app = app_with(origins=[ORIGIN], methods="GET", allow_headers="x-a")
    for environ in (asking("PUT"), asking("GET", "x-b"), asking("GET", "", OTHER)):
        ((_, message),) = said(app, "OPTIONS", environ)
        assert "granted" not in message


@pytest.mark.parametrize(
    ("at", "levels"),
    [(logging.DEBUG, ["DEBUG", "INFO"]), (logging.INFO, ["INFO"]), (logging.WARNING, [])],
)
def test_only_refused_preflights_are_of_interest_by_default(
    said: Callable[..., list[Line]], at: int, levels: list[str]
) -> None:
    app = app_with(origins=[ORIGIN])
    actual = said(app, "GET", {"HTTP_ORIGIN": OTHER}, at=at)
    asked = said(app, "OPTIONS", asking(origin=OTHER), at=at)
    assert levels == [level for level, _ in actual + asked]


def test_a_decorated_view_says_one_line_too(said: Callable[..., list[Line]]) -> None:
    for app in (Flask(__name__), app_with(origins=OTHER)):
        app.add_url_rule("/view", "view", cross_origin(origins=ORIGIN)(lambda: "view"))
        ((level, message),) = said(app, "GET", {"HTTP_ORIGIN": ORIGIN}, "/view")
        assert level == "DEBUG"
        assert "granted" in message


def test_an_async_view_says_one_line_too(said: Callable[..., list[Line]]) -> None:
    async def view() -> str:
        return "view"

    app = Flask(__name__)
    app.add_url_rule("/view", "view", cross_origin(origins=ORIGIN)(view))
    ((level, message),) = said(app, "OPTIONS", asking(origin=OTHER), "/view")
    assert level == "INFO"
    assert OTHER in message


# What could nearly match -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origins", "origin", "named"),
    [
        pytest.param("^http://localhost", "http://localhost:3000", True, id="prefix"),
        pytest.param(["^http://localhost", ORIGIN], "http://localhost:3000", True, id="in-a-list"),
        pytest.param("^http://localhost", "https://localhost:3000", False, id="no-match"),
        pytest.param("^http://localhost", "http://localhost:3000/", False, id="no-origin"),
        pytest.param("(?:^http://localhost)?", OTHER, False, id="empty-match"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_regex_that_matches_the_start_is_named(
    said: Callable[..., list[Line]], origins: object, origin: str, named: bool, method: str
) -> None:
    ((_, message),) = said(app_with(origins=origins), method, asking(origin=origin))
    assert named == ("^http://localhost" in message)


# Callables that raise ----------------------------------------------------------------------------


def failing(origin: str) -> bool:
    raise LookupError("the database is away")


async def failing_async(origin: str) -> bool:
    raise LookupError("the database is away")


@pytest.mark.parametrize("predicate", [failing, failing_async])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("at", [logging.DEBUG, logging.ERROR])
def test_a_callable_that_raises_is_an_error_with_its_traceback(
    caplog: pytest.LogCaptureFixture, predicate: object, method: str, at: int
) -> None:
    app = app_with(origins=predicate)
    with caplog.at_level(at, LOGGER):
        response = app.test_client().open("/things", method=method, environ_overrides=asking())
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.name == LOGGER
    assert ORIGIN in record.getMessage()
    assert "in failing" in caplog.text
    assert "LookupError: the database is away" in caplog.text
    assert (response.status_code, response.headers.get("Access-Control-Allow-Origin")) == (
        200,
        None,
    )


def test_a_callable_that_raises_in_the_decorator_is_an_error_once(
    said: Callable[..., list[Line]],
) -> None:
    app = app_with()
    app.add_url_rule("/view", "view", cross_origin(origins=failing)(lambda: "view"))
    for method in ("GET", "OPTIONS"):
        lines = said(app, method, asking("GET"), "/view", logging.ERROR)
        assert [level for level, _ in lines] == ["ERROR"]


def test_a_callable_that_says_no_is_no_error(said: Callable[..., list[Line]]) -> None:
    ((level, _),) = said(app_with(origins=lambda origin: False), "GET", {"HTTP_ORIGIN": ORIGIN})
    assert level == "DEBUG"


# Untrusted values --------------------------------------------------------------------------------

FORGED = "\r\nCORS: actual GET /admin: origin 'https://evil.test' granted"
HOSTILE = {
    "line-feed": FORGED,
    "next-line": "a\x85b",
    "escape": "\x1b[2J\x1b]0;title\x07",
    "nul": "a\x00b",
    "tab": "a\tb",
    "backspace": "granted\x08\x08\x08",
    "not-ascii": "https://\xe4.example",
    "quote": "a', b",
    "format": "%s %(name)s {0} %",
    "64-KiB": "x" * 65536,
    "64-KiB-of-controls": "\x00" * 65536,
}


@pytest.mark.parametrize("value", [pytest.param(value, id=id_) for id_, value in HOSTILE.items()])
@pytest.mark.parametrize(
    ("options", "environ"),
    [
        pytest.param({}, lambda value: {"HTTP_ORIGIN": value}, id="origin"),
        pytest.param({"origins": []}, lambda value: {"HTTP_ORIGIN": value}, id="origin-refused"),
        pytest.param(
            {"origins": []}, lambda value: asking(origin=value), id="origin-of-a-preflight"
        ),
        pytest.param({}, asking, id="requested-method"),
        pytest.param(
            {"allow_headers": []}, lambda value: asking("PUT", value), id="requested-headers"
        ),
        pytest.param({}, lambda value: {"PATH_INFO": "/" + value}, id="path"),
        pytest.param({}, lambda value: {"REQUEST_METHOD": value}, id="method"),
        pytest.param(
            {},
            lambda value: {
                **asking(value, value, value),
                "REQUEST_METHOD": "OPTIONS",
                "PATH_INFO": "/" + value,
            },
            id="all",
        ),
    ],
)
def test_untrusted_values_are_escaped_and_shortened(
    said: Callable[..., list[Line]],
    options: dict[str, object],
    environ: Callable[[str], dict[str, str]],
    value: str,
) -> None:
    method = "OPTIONS" if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ(value) else "GET"
    ((_, message),) = said(app_with(**options), method, environ(value))
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 600


def test_the_origin_of_an_error_is_escaped_and_shortened(said: Callable[..., list[Line]]) -> None:
    # Whatever the policy lets a callable see.
    origin = "https://" + ".".join(["h" * 60] * 4)
    ((_, message),) = said(
        app_with(origins=failing), "GET", {"HTTP_ORIGIN": origin}, at=logging.ERROR
    )
    assert message.isprintable()
    assert len(message) < 240


def test_the_logger_is_silent_by_default() -> None:
    handlers = logging.getLogger(LOGGER).handlers
    assert [logging.NullHandler] == [type(handler) for handler in handlers]
    assert logging.getLogger(LOGGER).level == logging.NOTSET
