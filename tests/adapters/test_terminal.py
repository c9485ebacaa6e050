"""In debug mode the log says what a browser blocks, why, and what to write."""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from flask import Flask, Response
from flask.logging import default_handler

from flask_cors import CORS, cross_origin

from ..support.apps import behind_a_closure, untouched
from ..support.servers import free_port, running

A = "https://a.example"
EVIL = "https://evil.test"


def make_app(*, debug: bool = True) -> Flask:
    app = Flask("terminal")
    app.debug = debug
    app.add_url_rule("/x", "x", lambda: "x", methods=["GET", "PUT"])
    app.add_url_rule("/items/<int:number>", "items", lambda number: "x")
    app.add_url_rule("/mine", "mine", lambda: Response("x", headers=own_headers()))
    return app


def own_headers() -> dict[str, str]:
    return {"Access-Control-Allow-Origin": EVIL}


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    caplog.clear()
    return found


def ask(app: Flask, path: str = "/x", method: str = "GET", origin: str = EVIL, **more: str) -> None:
    headers = {"Origin": origin, **{name.replace("_", "-"): more[name] for name in more}}
    app.test_client(use_cookies=False).open(path, method=method, headers=headers)


def ask_before(app: Flask, method: str, origin: str = A, names: str = "", path: str = "/x") -> None:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": names}
    ask(app, path, "OPTIONS", origin, **asked)


@pytest.mark.parametrize("door", [untouched, behind_a_closure])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PATCH"])
def test_a_request_without_an_origin_is_answered_and_nothing_is_told(
    door: Any, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = door(make_app())
    helper = cross_origin(origins=A)(lambda: "x")
    app.add_url_rule("/calls", "calls", lambda: (helper(), 200))
    app.add_url_rule("/decorated", "decorated", helper)
    for extension in (False, True):
        if extension:
            CORS(app, origins=A)
        for path in ("/x", "/calls", "/decorated", "/nowhere"):
            assert app.test_client().open(path, method=method).status_code in (200, 404, 405)
    assert warned(caplog) == []


@pytest.mark.parametrize("debug", [True, False])
def test_what_a_called_function_refuses_is_told_in_debug_mode_alone(
    caplog: pytest.LogCaptureFixture, *, debug: bool
) -> None:
    app = make_app(debug=debug)
    helper = cross_origin(origins=A)(lambda: "x")
    app.add_url_rule("/calls", "calls", lambda: (helper(), 200))
    ask(app, "/calls", origin=A)
    assert warned(caplog) == []
    ask(app, "/calls")
    told = warned(caplog)
    assert len(told) == debug
    assert all(EVIL in message for message in told)


@pytest.mark.parametrize("door", [untouched, behind_a_closure])
def test_an_origin_that_is_refused_is_told_once_with_the_edit(
    door: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = door(make_app())
    CORS(app, origins=A)
    for _ in range(3):
        ask(app)
    (message,) = warned(caplog)
    assert message.startswith(f"CORS: browsers block GET /x for pages of {EVIL}. {EVIL} is not")
    assert f"origins=['{A}', '{EVIL}']" in message
    ask(app, method="PUT")
    ask(app, origin="https://other.test")
    assert [text[15:27] for text in warned(caplog)] == ["block PUT /x", "block GET /x"]


def test_a_method_and_a_header_that_are_refused_are_told(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    CORS(app, origins=A, methods=["GET", "PUT"], allow_headers=["Content-Type"])
    ask_before(app, "DELETE")
    ask_before(app, "PUT", names="x-token")
    ask_before(app, "GET")
    method, header = warned(caplog)
    assert "methods=['DELETE', 'GET', 'PUT']" in method
    assert "allow_headers=['content-type', 'x-token']" in header


def test_a_route_without_a_policy_is_told_with_its_pattern(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app()
    CORS(app, resources={"/api/*": {"origins": A}})
    ask(app, "/items/7")
    ask(app)
    items, x = warned(caplog)
    assert f"Write CORS(app, resources={{'/items/*': {{'origins': ['{EVIL}']}}}})" in items
    assert "'/x': " in x


def test_a_route_whose_resource_would_cover_everything_gets_a_decorator(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app()

    @app.get("/<name>")
    def profile(name: str) -> str:
        return name

    CORS(app, resources=[])
    ask(app, "/ada")
    (message,) = warned(caplog)
    line = f"test_terminal.py, line {profile.__code__.co_firstlineno}"
    edit = f"Write directly above profile ({line}): @cross_origin(origins=['{EVIL}'])"
    assert message.endswith(f"No policy applies to /<name>. {edit}")


def test_a_route_whose_resource_would_cover_another_one_gets_a_decorator(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app()
    app.add_url_rule("/items/<int:number>/tokens", "tokens", lambda number: "secret")
    CORS(app, resources=[])
    ask(app, "/items/7")
    (message,) = warned(caplog)
    assert "@cross_origin(origins=" in message
    assert "resources=" not in message


def test_text_that_is_not_an_origin_is_named_so(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    CORS(app, origins=A)
    ask(app, origin="nonsense")
    (message,) = warned(caplog)
    assert "Browsers do not send an origin like this" in message


@pytest.mark.parametrize("extended", [False, True], ids=["alone", "with-app"])
def test_a_decorated_view_is_named(extended: bool, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    app.add_url_rule("/own", "own", cross_origin(origins=A)(lambda: "x"))
    if extended:
        CORS(app, resources=[])
    ask(app, "/own")
    (message,) = warned(caplog)
    assert "not among the origins of cross_origin on own" in message


def test_a_function_that_a_view_calls_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    called = cross_origin(origins=A)(lambda: "x")
    app.add_url_rule("/calls", "calls", lambda: called())  # noqa: PLW0108  (a view that calls it)
    ask(app, "/calls")
    (message,) = warned(caplog)
    assert f"{EVIL} is not among the origins of cross_origin on <lambda>: " in message


WRITTEN = "itself writes Access-Control-Allow-Origin: {}. Remove the code that writes it."


def writing(*values: str, **fields: str) -> Flask:
    """Make an app with a view that writes CORS headers by itself."""
    app = make_app()
    headers = [("Access-Control-Allow-Origin", value) for value in values]
    headers += [(f"Access-Control-Allow-{name}", value) for name, value in fields.items()]
    app.add_url_rule("/own", "own", lambda: Response("x", headers=headers))
    return app


@pytest.mark.parametrize(
    ("values", "cookies"),
    [((EVIL,), ""), ((A, EVIL), ""), (("*",), "session=1")],
    ids=["another", "two", "anyone-with-cookies"],
)
@pytest.mark.parametrize("covered", [True, False])
def test_a_header_that_the_app_writes_itself_is_told_of(
    values: tuple[str, ...], cookies: str, caplog: pytest.LogCaptureFixture, *, covered: bool
) -> None:
    app = writing(*values)
    CORS(app, origins=A, supports_credentials=True, resources="/*" if covered else [])
    ask(app, "/own", origin=A, **({"Cookie": cookies} if cookies else {}))
    (message,) = warned(caplog)
    assert WRITTEN.format(" and ".join(values)) in message
    assert ("'/own': " in message) is not covered
    assert ("resource '/*' allows the page, but" in message) is covered


def test_headers_that_the_app_writes_itself_and_that_browsers_accept_are_not_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = writing(A, Credentials="true")
    CORS(app, resources=[])
    ask(app, "/own", origin=A, Cookie="session=1")
    assert warned(caplog) == []


def failing(app: Flask) -> Flask:
    def fail() -> str:
        raise LookupError

    app.add_url_rule("/fails", "fails", fail)
    return app


def test_an_exception_that_is_left_without_headers_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = failing(make_app())
    app.config["PROPAGATE_EXCEPTIONS"] = False
    CORS(app, origins=A, intercept_exceptions=False)
    ask(app, "/fails", origin=A)
    (message,) = warned(caplog)
    assert "adds no headers to the 500, since intercept_exceptions is off" in message
    assert message.endswith("Write intercept_exceptions=True")


def test_an_exception_of_a_route_without_a_policy_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = failing(make_app())
    CORS(app, resources=[])
    with pytest.raises(LookupError):
        ask(app, "/fails")
    (message,) = warned(caplog)
    assert "No policy applies to /fails" in message


@pytest.mark.parametrize("status", [204, 401])
def test_a_preflight_that_the_app_answers_is_told_of_if_it_is_refused(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app()
    app.before_request(lambda: Response("", status))
    CORS(app, origins=A, automatic_options=False)
    ask_before(app, "PUT")
    told = warned(caplog)
    assert len(told) == (status == 401)
    assert all("leaves preflights to the app, which answers 401" in message for message in told)
    assert all(message.endswith("Write automatic_options=True") for message in told)


def test_credentials_that_are_not_allowed_are_told(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    CORS(app, origins=A)
    ask(app, origin=A, Cookie="session=1")
    (message,) = warned(caplog)
    assert "supports_credentials=True" in message


def test_a_callable_is_asked_once_a_request(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    def tenants(origin: str) -> bool:
        asked.append(origin)
        return origin == A

    app = make_app()
    CORS(app, origins=tenants)
    ask(app)
    assert asked == [EVIL]
    (message,) = warned(caplog)
    assert "Make tenants" in message
    assert f"return True for '{EVIL}'" in message
    ask(app, origin=A)
    assert warned(caplog) == []


SILENT = {
    "allowed": {"origin": A},
    "form": {"Sec_Fetch_Mode": "navigate"},
    "same-origin": {"origin": "http://localhost"},
    "same-origin-behind-a-proxy": {"Sec_Fetch_Site": "same-origin"},
    "let-in-by-the-view": {"path": "/mine"},
    "too-long": {"origin": "https://" + "a" * 400},
}


@pytest.mark.parametrize("request_", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("options", [{"origins": A}, {"resources": []}], ids=["list", "nothing"])
def test_what_no_browser_blocks_is_not_told(
    request_: dict[str, str], options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app()
    CORS(app, **options)
    if request_.get("origin") == A and "resources" in options:
        return
    ask(app, **request_)
    assert warned(caplog) == []


def test_a_path_without_a_route_is_no_matter_of_cors(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    CORS(app, resources=[])
    ask(app, "/nowhere")
    assert warned(caplog) == []


def test_production_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(debug=False)
    CORS(app, origins=A)
    ask(app)
    ask_before(app, "PUT", origin=EVIL)
    assert warned(caplog) == []


def test_what_is_told_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    CORS(app, origins=A)
    for number in range(1100):
        ask(app, origin=f"https://evil{number}.test")
    assert len(warned(caplog)) == 1000


def test_an_untrusted_value_writes_no_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    CORS(app, origins=A)
    ask_before(app, "PUT\x1b[31m", names="x\x1b")
    assert all("\x1b" not in text for text in warned(caplog))


def without_handlers(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """Return the logger as it is where nobody has set up logging, which pytest does."""
    logger = logging.getLogger("flask_cors")
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logger, "handlers", [logging.NullHandler()])
    return logger


def test_the_warning_is_written_where_nobody_has_set_up_logging(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_handlers(monkeypatch)
    app, errors = make_app(), io.StringIO()
    CORS(app, origins=A)
    app.test_client().get("/x", headers={"Origin": EVIL}, errors_stream=errors)
    assert "browsers block GET /x" in errors.getvalue()


def test_a_logger_that_is_turned_down_is_left_so(monkeypatch: pytest.MonkeyPatch) -> None:
    logger = without_handlers(monkeypatch)
    level = logger.level
    app, errors = make_app(), io.StringIO()
    CORS(app, origins=A)
    try:
        logger.setLevel(logging.ERROR)
        app.test_client().get("/x", headers={"Origin": EVIL}, errors_stream=errors)
    finally:
        logger.setLevel(level)
    assert errors.getvalue() == ""
    assert not [handler for handler in logger.handlers if handler is default_handler]


@pytest.mark.server
def test_the_development_server_shows_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from flask import Flask\n"
        "from flask_cors import CORS\n"
        "app = Flask(__name__)\n"
        f"CORS(app, origins={A!r})\n"
        "app.add_url_rule('/x', 'x', lambda: 'x')\n"
    )
    port, log = free_port(), tmp_path / "log"
    command = [sys.executable, "-m", "flask", "--app", "app", "run", "--debug", "--no-reload"]
    with running([*command, "--port", str(port)], log, port, cwd=tmp_path):
        request = Request(f"http://127.0.0.1:{port}/x", headers={"Origin": EVIL})
        for _ in range(2):
            with urlopen(request) as answer:  # noqa: S310  (a server of this test)
                assert answer.status == 200
    told = [line for line in log.read_text().splitlines() if "browsers block" in line]
    assert len(told) == 1
    assert told[0].endswith(f"In CORS() (app.py, line 4): Write origins=['{A}', '{EVIL}']")
