from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator

import pytest
from flask import (
    Flask,
    Response,
    abort,
    got_request_exception,
    redirect,
    request,
    request_finished,
    request_started,
    send_file,
    session,
    stream_with_context,
)
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.routing import RequestRedirect
from werkzeug.test import EnvironBuilder, TestResponse

from flask_cors import CORS, cross_origin

from ..support.apps import Door, doors_before_hooks, every_door

APP = "https://app.example"
OTHER = "https://other.example"
REDIRECTED = redirect("/").status_code  # 302, or 303 from Flask 3.2


def fail() -> str:
    raise ZeroDivisionError


def move() -> str:
    raise RequestRedirect("http://localhost/x")


def stream() -> Iterator[str]:
    yield "a"
    yield "b"


def make_app(**config: object) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    app.secret_key = "testing"
    app.add_url_rule("/", "index", lambda: "index", methods=["GET", "PUT"])
    app.add_url_rule("/slash/", "slash", lambda: "slash", methods=["GET", "PUT"])
    app.add_url_rule("/fails", "fails", fail)
    app.add_url_rule("/aborts/<int:code>", "aborts", abort)
    return app


def get(app: Flask, path: str = "/", method: str = "GET", **headers: str) -> TestResponse:
    headers = {"Origin": APP, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return app.test_client().open(path, method=method, headers=headers)


def preflight(
    app: Flask, path: str = "/", method: str = "PUT", origin: str = APP, asked: str = "X-A"
) -> TestResponse:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": asked,
    }
    return app.test_client().options(path, headers=headers)


def allowed(response: TestResponse) -> list[str]:
    return response.headers.getlist("Access-Control-Allow-Origin")


def cors_headers(response: TestResponse) -> dict[str, str]:
    prefix = "Access-Control-"
    headers = {name: value for name, value in response.headers if name.startswith(prefix)}
    return {name.removeprefix(prefix): value for name, value in headers.items()}


# Preflights come before anything else ------------------------------------------------------------


@every_door
def test_a_granted_preflight_says_everything_and_nothing_more(door: Door):
    app = door(make_app())
    CORS(app, max_age=600, methods="PUT, GET", expose_headers="X-B")
    response = preflight(app, asked="x-b,X-A")
    assert cors_headers(response) == {
        "Allow-Origin": APP,
        "Allow-Methods": "GET, PUT",
        "Allow-Headers": "X-A, x-b",
        "Max-Age": "600",
    }
    assert response.status == "200 OK"
    assert (response.data, response.headers["Content-Length"]) == (b"", "0")
    assert response.headers["Vary"] == (
        "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    )


@every_door
@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        pytest.param({"origin": OTHER}, {}, id="origin"),
        pytest.param({"method": "DELETE"}, {"Allow-Origin": APP}, id="method"),
        pytest.param(
            {"asked": "X-A, X-B"},
            {"Allow-Origin": APP, "Allow-Methods": "PUT", "Allow-Headers": "X-A"},
            id="headers",
        ),
    ],
)
def test_a_refused_preflight_lets_the_browser_name_the_check(
    door: Door, asked: dict[str, str], granted: dict[str, str]
):
    app = door(make_app())
    CORS(app, origins=APP, methods="PUT", allow_headers="X-A")
    response = preflight(app, **asked)
    assert (response.status_code, response.data) == (200, b"")
    assert cors_headers(response) == granted
    assert response.headers["Vary"] == (
        "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    )


@doors_before_hooks
def test_no_hook_runs_for_a_preflight(door: Door):
    app = door(make_app())
    called: list[str] = []

    @app.before_request
    def authenticate() -> tuple[str, int]:
        called.append("before")
        return "log in first", 401

    @app.after_request
    def count(response: Response) -> Response:
        called.append("after")
        return response

    @app.url_value_preprocessor
    def preprocess(*_: object) -> None:
        called.append("values")

    CORS(app)
    response = preflight(app)
    assert (response.status_code, allowed(response), called) == (200, [APP], [])
    response = get(app)
    assert (response.status_code, allowed(response)) == (401, [APP])
    assert called == ["values", "before", "after"]


def test_a_preflight_costs_no_request_of_flask():
    app = make_app()
    called: list[str] = []
    app.teardown_request(lambda _: called.append("request"))
    app.teardown_appcontext(lambda _: called.append("app"))
    CORS(app)

    def note(*_: object, **__: object) -> None:
        called.append("signal")

    with request_started.connected_to(note, app), request_finished.connected_to(note, app):
        assert allowed(preflight(app)) == [APP]
        assert called == []
        get(app)
    assert called == ["signal", "signal", "request", "app"]


@every_door
@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        pytest.param("/slash", "PUT", 308, id="redirect"),
        pytest.param("/none", "PUT", 404, id="404"),
        pytest.param("/", "DELETE", 405, id="405"),
    ],
)
@pytest.mark.parametrize("decorated", [False, True], ids=["resources", "views-too"])
def test_where_no_view_answers_the_preflight_is_granted_and_the_status_readable(
    decorated: bool, path: str, method: str, status: int, door: Door
):
    app = door(make_app())
    if decorated:
        app.get("/own")(cross_origin(origins=OTHER)(lambda: ""))
    CORS(app)
    response = preflight(app, path, method)
    assert (response.status_code, allowed(response)) == (200, [APP])
    assert method in response.headers["Access-Control-Allow-Methods"]
    response = get(app, path, method)
    assert (response.status_code, allowed(response)) == (status, [APP])


def app_with_options(**options: object) -> Flask:
    """Set up an app with a view that answers OPTIONS by itself."""
    app = make_app()

    @app.route("/own", methods=["OPTIONS", "PUT"])
    def own() -> tuple[str, int]:
        return request.get_data(as_text=True) or "no body", 299

    CORS(app, **options)
    return app


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": APP, "Access-Control-Request-Method": "PUT"}, 200, id="preflight"),
        pytest.param({"Origin": APP}, 299, id="no-method"),
        pytest.param({"Access-Control-Request-Method": "PUT"}, 299, id="no-origin"),
        pytest.param({}, 299, id="neither"),
    ],
)
def test_a_view_that_lists_options_gets_all_but_preflights(headers: dict[str, str], status: int):
    response = app_with_options().test_client().options("/own", headers=headers)
    assert response.status_code == status
    assert allowed(response) == [APP if "Origin" in headers else "*"]


def test_flask_s_own_answer_to_options_stays():
    app = make_app()
    CORS(app)
    response = get(app, method="OPTIONS")
    assert set(response.allow) == {"GET", "HEAD", "OPTIONS", "PUT"}
    assert cors_headers(response) == {"Allow-Origin": APP}


@pytest.mark.parametrize(
    ("path", "status"), [("/own", 299), ("/", 200), ("/none", 404), ("/slash", 308)]
)
def test_preflights_that_are_handed_back_still_get_the_headers_of_one(path: str, status: int):
    app = app_with_options(automatic_options=False, max_age=5)
    response = preflight(app, path)
    assert response.status_code == status
    assert cors_headers(response) == {
        "Allow-Origin": APP,
        "Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
        "Allow-Headers": "X-A",
        "Max-Age": "5",
    }
    assert "Access-Control-Request-Method" in response.headers["Vary"]


@every_door
def test_preflights_that_are_handed_back_pass_the_hooks(door: Door):
    app = door(make_app())
    app.before_request(lambda: ("log in first", 401))
    CORS(app, automatic_options=False)
    response = preflight(app)
    assert (response.status_code, allowed(response)) == (401, [APP])


def test_preflights_may_be_handed_back_for_a_part_of_the_app():
    app = make_app(CORS_AUTOMATIC_OPTIONS="yes")
    CORS(app, resources={"/none": {"automatic_options": False}, "/*": {}})
    assert (preflight(app, "/none").status_code, preflight(app, "/other").status_code) == (404, 200)


@pytest.mark.parametrize("origin", [APP, OTHER, "https://evil.test"])
def test_a_preflight_changes_nothing_about_the_answers_to_requests(origin: str):
    app = make_app()
    CORS(app, origins=[APP, "https://b.example"], supports_credentials=True, max_age=5)
    before = [cors_headers(get(app, Origin=origin)), cors_headers(app.test_client().get("/"))]
    asked_first = make_app()
    CORS(asked_first, origins=[APP, "https://b.example"], supports_credentials=True, max_age=5)
    for _ in range(3):
        preflight(asked_first, origin=origin)
        after = [cors_headers(get(asked_first, Origin=origin))]
        after.append(cors_headers(asked_first.test_client().get("/")))
        assert before == after


# Headers on every response -----------------------------------------------------------------------


@every_door
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 429, 500, 503])
def test_an_aborted_request_has_the_headers(status: int, door: Door):
    app = door(make_app())
    CORS(app, expose_headers="X-A")
    response = get(app, f"/aborts/{status}")
    assert response.status_code == status
    assert cors_headers(response) == {"Allow-Origin": APP, "Expose-Headers": "X-A"}


@every_door
def test_an_uncaught_exception_has_the_headers(door: Door):
    app = door(make_app())
    CORS(app)
    response = get(app, "/fails")
    assert (response.status_code, allowed(response)) == (500, [APP])


def send(data: bytes, etag: str) -> Response:
    return send_file(io.BytesIO(data), mimetype="text/plain", etag=etag)


def app_with_responses() -> Flask:
    app = make_app()
    app.add_url_rule("/redirect", "redirect", lambda: redirect("/elsewhere"))
    app.add_url_rule("/stream", "stream", lambda: Response(stream()))
    app.add_url_rule("/context", "context", lambda: Response(stream_with_context(stream())))
    app.add_url_rule("/empty", "empty", lambda: ("", 204))
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/file", "file", lambda: send(b"text", "v2"))
    app.add_url_rule("/same", "same", lambda: send(b"text", "v1"))
    app.add_url_rule("/raises", "raises", lambda: abort(Response("by a response", 409)))
    app.add_url_rule("/moves", "moves", move)
    return app


@every_door
@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        pytest.param("/redirect", REDIRECTED, None, id="redirect"),
        pytest.param("/stream", 200, b"ab", id="stream"),
        pytest.param("/context", 200, b"ab", id="stream-with-context"),
        pytest.param("/empty", 204, b"", id="no-content"),
        pytest.param("/json", 200, b'{"a":1}\n', id="json"),
        pytest.param("/file", 200, b"text", id="file"),
        pytest.param("/same", 304, b"", id="not-modified"),
        pytest.param("/raises", 409, b"by a response", id="abort-with-response"),
        pytest.param("/moves", 308, None, id="raised-redirect"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_kind_of_response_has_the_headers(
    method: str, path: str, status: int, body: bytes | None, door: Door
):
    app = door(app_with_responses())
    CORS(app, origins=[APP, OTHER])
    with get(app, path, method, If_None_Match='"v1"') as response:
        assert (response.status_code, allowed(response)) == (status, [APP])
        assert response.headers["Vary"] == "Origin"
        if body is not None:
            assert response.data == (body if method == "GET" else b"")


def test_static_files_have_the_headers(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    app = Flask(__name__, static_folder=str(tmp_path), static_url_path="/files")
    CORS(app)
    with get(app, "/files/a.txt") as response:
        assert (response.text, allowed(response)) == ("text", [APP])
        etag = response.headers["ETag"]
    with get(app, "/files/a.txt", If_None_Match=etag) as response:
        assert (response.status_code, allowed(response)) == (304, [APP])
    with get(app, "/files/a.txt", Range="bytes=1-2") as response:
        assert (response.status_code, response.text, allowed(response)) == (206, "ex", [APP])


def test_a_stream_is_passed_on_as_it_comes():
    app = make_app()
    made: list[str] = []

    def parts() -> Iterator[str]:
        for part in "ab":
            made.append(part)
            yield part

    app.add_url_rule("/parts", "parts", lambda: Response(parts()))
    CORS(app)
    with app.test_client().get("/parts", headers={"Origin": APP}, buffered=False) as response:
        assert allowed(response) == [APP]
        chunks = response.iter_encoded()
        assert (next(chunks), made) == (b"a", ["a"])


@every_door
def test_a_response_that_a_hook_puts_in_place_has_the_headers(door: Door):
    app = door(make_app())
    app.after_request(lambda _: Response("another"))
    CORS(app)
    for path in ("/", "/none", "/fails"):
        response = get(app, path)
        assert (response.text, allowed(response)) == ("another", [APP])


def test_a_hook_cannot_lose_the_headers():
    app = make_app()

    @app.after_request
    def clear(response: Response) -> Response:
        response.headers.clear()
        return response

    CORS(app)
    assert get(app).headers.getlist("Content-Type") == []
    assert (allowed(get(app)), get(app).headers["Vary"]) == ([APP], "Origin")


@every_door
def test_a_failing_hook_has_the_headers(door: Door):
    app = door(make_app())
    app.after_request(lambda _: fail())
    CORS(app)
    response = get(app)
    assert (response.status_code, allowed(response)) == (500, [APP])


@pytest.mark.parametrize(
    ("error", "path"),
    [
        (404, "/none"),
        (HTTPException, "/aborts/403"),
        (ZeroDivisionError, "/fails"),
        (500, "/fails"),
    ],
)
def test_what_an_error_handler_renders_has_the_headers(error: type[Exception] | int, path: str):
    app = make_app()
    app.register_error_handler(error, lambda _: ("handled", 299))
    CORS(app)
    response = get(app, path)
    assert (response.text, response.status_code, allowed(response)) == ("handled", 299, [APP])


@pytest.mark.parametrize("path", ["/", "/none", "/fails"])
@pytest.mark.parametrize("origin", [OTHER, "null", "no origin"])
def test_an_origin_that_is_not_allowed_gets_vary_only(origin: str, path: str):
    app = make_app()
    CORS(app, origins=APP, supports_credentials=True, expose_headers="X-A")
    response = get(app, path, Origin=origin)
    assert cors_headers(response) == {}
    assert response.headers.getlist("Vary") == ["Origin"]


def test_a_request_without_origin_gets_the_one_origin_there_is():
    app = make_app()
    CORS(app, origins=APP, supports_credentials=True)
    response = app.test_client().get("/")
    assert cors_headers(response) == {"Allow-Origin": APP, "Allow-Credentials": "true"}
    assert "Vary" not in response.headers


def test_a_request_without_origin_gets_nothing_where_it_is_not_wanted():
    app = make_app()
    CORS(app, always_send=False)
    response = app.test_client().get("/")
    assert cors_headers(response) == {}
    assert response.headers["Vary"] == "Origin"


# Uncaught exceptions that are left alone ---------------------------------------------------------


@every_door
def test_the_500_of_an_uncaught_exception_can_be_left_alone(door: Door):
    app = door(make_app())
    CORS(app, intercept_exceptions=False)
    response = get(app, "/fails")
    assert (response.status_code, cors_headers(response)) == (500, {})
    assert allowed(get(app, "/")) == [APP]
    assert allowed(get(app, "/aborts/500")) == [APP]


@every_door
@pytest.mark.parametrize("error", [500, InternalServerError])
def test_it_is_left_alone_whoever_renders_it(error: type[Exception] | int, door: Door):
    app = door(make_app())
    app.register_error_handler(error, lambda _: ("handled", 503))
    CORS(app, intercept_exceptions=False)
    response = get(app, "/fails")
    assert (response.text, cors_headers(response)) == ("handled", {})


def test_an_exception_that_the_app_handles_is_not_uncaught():
    app = make_app()
    app.register_error_handler(ZeroDivisionError, lambda _: ("handled", 500))
    CORS(app, intercept_exceptions=False)
    response = get(app, "/fails")
    assert (response.text, allowed(response)) == ("handled", [APP])


def test_a_signal_for_an_http_exception_is_not_about_an_uncaught_one():
    app = make_app()

    @app.errorhandler(404)
    def render(error: HTTPException) -> HTTPException:
        got_request_exception.send(app, exception=error)  # as Flask-RESTful does
        return error

    CORS(app, intercept_exceptions=False)
    response = get(app, "/none")
    assert (response.status_code, allowed(response)) == (404, [APP])


@every_door
@pytest.mark.parametrize("extended", [False, True], ids=["alone", "with-extension"])
@pytest.mark.parametrize(
    ("status", "expected"), [(299, [APP]), (499, [APP]), (500, []), (599, []), (600, [APP])]
)
def test_an_exception_is_uncaught_if_its_answer_is_a_server_error(
    status: int, expected: list[str], extended: bool, door: Door
):
    app = door(make_app(CORS_INTERCEPT_EXCEPTIONS=False))
    app.add_url_rule("/own", "own", cross_origin(fail))

    @app.errorhandler(ZeroDivisionError)
    def render(error: ZeroDivisionError) -> tuple[str, int]:
        got_request_exception.send(app, exception=error)  # as Flask-RESTful does for all it handles
        return "handled", status

    if extended:
        CORS(app)
    response = get(app, "/own")
    assert (response.status_code, allowed(response)) == (status, expected)


def test_exceptions_may_be_left_alone_in_a_part_of_the_app():
    app = make_app()
    app.add_url_rule("/open/fails", "open", fail)
    CORS(app, intercept_exceptions=False, resources={"/open/*": {"intercept_exceptions": True}})
    CORS(app, resources={"/*": {"intercept_exceptions": False}})
    assert allowed(get(app, "/open/fails")) == [APP]
    assert allowed(get(app, "/fails")) == []


@pytest.mark.parametrize("extended", [False, True], ids=["alone", "with-extension"])
def test_a_view_s_exceptions_are_left_alone_by_the_app_s_configuration(extended: bool):
    app = make_app(CORS_INTERCEPT_EXCEPTIONS="no")
    app.add_url_rule("/own", "own", cross_origin(fail), methods=["GET", "PUT"])
    if extended:
        CORS(app)
        CORS(app, resources="/other")
    assert cors_headers(get(app, "/own")) == {}
    assert allowed(preflight(app, "/own")) == [APP]


def test_one_app_s_exceptions_are_not_another_s():
    left_alone, open_app = make_app(), make_app()
    CORS(left_alone, intercept_exceptions=False)
    CORS(open_app)
    assert allowed(get(open_app, "/fails")) == [APP]
    assert allowed(get(left_alone, "/fails")) == []


@every_door
@pytest.mark.parametrize("config", ["TESTING", "DEBUG", "PROPAGATE_EXCEPTIONS"])
@pytest.mark.parametrize("intercept", [True, False])
def test_exceptions_propagate_as_they_do_without(intercept: bool, config: str, door: Door):
    app = door(make_app(**{config: True}))
    CORS(app, intercept_exceptions=intercept)
    with pytest.raises(ZeroDivisionError):
        get(app, "/fails")


# What a response has already ---------------------------------------------------------------------


@every_door
@pytest.mark.parametrize("name", ["Access-Control-Allow-Origin", "access-control-allow-origin"])
def test_a_response_that_allows_an_origin_by_itself_is_left_alone(name: str, door: Door):
    app = door(make_app())
    app.add_url_rule("/own", "own", lambda: ("", {name: OTHER, "Vary": "Cookie"}))
    CORS(app, origins=APP, supports_credentials=True, expose_headers="X-A")
    response = get(app, "/own")
    assert cors_headers(response).keys() <= {"Allow-Origin"}
    assert allowed(response) == [OTHER]
    assert response.headers.getlist("Vary") == ["Cookie"]


def test_what_a_hook_allows_is_left_alone():
    app = make_app()

    @app.after_request
    def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    CORS(app, origins=APP)
    response = get(app)
    assert (allowed(response), response.headers.get("Vary")) == (["*"], None)
    assert allowed(preflight(app)) == [APP]


def test_what_the_session_varies_by_stays():
    app = make_app()
    app.add_url_rule("/user", "user", lambda: session.get("user", "nobody"))
    CORS(app)
    assert get(app, "/user").headers.getlist("Vary") == ["Cookie, Origin"]


@pytest.mark.parametrize(
    ("own", "lines"),
    [
        pytest.param("Accept", ["Accept, Origin"], id="other"),
        pytest.param("origin", ["origin"], id="named"),
        pytest.param("Accept,  ORIGIN", ["Accept,  ORIGIN"], id="named-in-a-list"),
        pytest.param("*", ["*"], id="everything"),
        pytest.param("X-Origin", ["X-Origin, Origin"], id="alike"),
        pytest.param(["Origin", "Cookie"], ["Origin, Cookie"], id="named-in-one-of-two-lines"),
    ],
)
def test_vary_names_the_origin_once(own: str | list[str], lines: list[str]):
    app = make_app()
    app.add_url_rule("/own", "own", lambda: ("", {"Vary": own}))
    CORS(app)
    assert get(app, "/own").headers.getlist("Vary") == lines


def test_vary_can_be_left_alone():
    app = make_app()
    app.add_url_rule("/own", "own", lambda: ("", {"Vary": "Accept"}))
    CORS(app, vary_header=False)
    assert get(app, "/own").headers.getlist("Vary") == ["Accept"]
    assert "Vary" not in preflight(app).headers


def test_cookies_and_other_lines_stay():
    app = make_app()
    lines = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Access-Control-Expose-Headers", "X-B")]
    app.add_url_rule("/own", "own", lambda: ("", lines))
    CORS(app, expose_headers="X-A")
    response = get(app, "/own")
    assert response.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    exposed = ", ".join(response.headers.getlist("Access-Control-Expose-Headers"))
    assert set(exposed.split(", ")) == {"X-A", "X-B"}


def test_credentials_are_not_allowed_twice():
    app = make_app()
    app.add_url_rule("/own", "own", lambda: ("", {"Access-Control-Allow-Credentials": "true"}))
    CORS(app, origins=APP, supports_credentials=True)
    response = get(app, "/own")
    assert response.headers.getlist("Access-Control-Allow-Credentials") == ["true"]
    assert allowed(response) == [APP]


# A view's own policy, and the log ----------------------------------------------------------------


@every_door
@pytest.mark.parametrize("path", ["/own", "/own?fail=500", "/own?fail=403"])
def test_a_view_s_policy_holds_for_whatever_results(path: str, door: Door):
    app = door(make_app())

    @app.put("/own")
    @cross_origin(origins=APP, expose_headers="X-View")
    def own() -> str:
        if "fail" in request.args:
            abort(int(request.args["fail"]))
        return "own"

    CORS(app, origins=OTHER)
    assert cors_headers(get(app, path, "PUT")) == {"Allow-Origin": APP, "Expose-Headers": "X-View"}
    assert cors_headers(get(app, path, "PUT", Origin=OTHER)) == {}


@every_door
def test_a_view_s_policy_holds_where_a_hook_answers_for_it(door: Door):
    app = door(make_app())
    app.put("/own")(cross_origin(origins=APP)(lambda: ""))
    app.before_request(lambda: abort(401))
    CORS(app, origins=OTHER)
    response = get(app, "/own", "PUT")
    assert (response.status_code, allowed(response)) == (401, [APP])


def levels(caplog: pytest.LogCaptureFixture) -> list[int]:
    return [record.levelno for record in caplog.records if record.name == "flask_cors"]


@every_door
@pytest.mark.parametrize(
    ("send_request", "expected"),
    [
        pytest.param(get, [logging.DEBUG], id="actual"),
        pytest.param(lambda app: get(app, Origin=OTHER), [logging.DEBUG], id="refused"),
        pytest.param(lambda app: app.test_client().get("/"), [logging.DEBUG], id="plain"),
        pytest.param(preflight, [logging.DEBUG], id="preflight"),
        pytest.param(
            lambda app: preflight(app, origin=OTHER), [logging.INFO], id="refused-preflight"
        ),
    ],
)
def test_each_decision_is_logged_once(
    send_request: Callable[[Flask], TestResponse],
    expected: list[int],
    door: Door,
    caplog: pytest.LogCaptureFixture,
):
    app = door(make_app())
    CORS(app, origins=APP)
    with caplog.at_level(logging.DEBUG, "flask_cors"):
        send_request(app)
    assert levels(caplog) == expected


class StartedAnew(Response):
    """Notices after it has started that it fails, and says so."""

    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        error = (LookupError, LookupError(), None)
        start_response("500 Oh No", [("Content-Type", "text/plain")], error)
        return [b"failed"]


def test_a_response_that_is_started_anew_has_the_headers_again():
    app = make_app()
    app.add_url_rule("/anew", "anew", StartedAnew)
    CORS(app)
    started = []
    environ = EnvironBuilder("/anew", headers={"Origin": APP}).get_environ()
    assert b"".join(app.wsgi_app(environ, lambda *args: started.append(args))) == b"failed"
    assert [(args[0], dict(args[1])["Access-Control-Allow-Origin"]) for args in started] == [
        ("200 OK", APP),
        ("500 Oh No", APP),
    ]
    assert [args[2][0] for args in started[1:]] == [LookupError]
