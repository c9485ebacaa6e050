from __future__ import annotations

import asyncio
import importlib
import inspect
import logging
import warnings
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from importlib.metadata import version
from threading import Barrier, Event, Thread
from unittest.mock import MagicMock, Mock

import pytest
from flask import Blueprint, Flask, current_app, got_request_exception, request
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter
from werkzeug.test import EnvironBuilder, TestResponse

import flask_cors
from flask_cors import CORS, ConfigurationError, CORSWarning, cross_origin

from ..support.apps import Door, every_door, untouched

APP = "https://app.example"
OTHER = "https://other.example"
FLASK = tuple(int(part) for part in version("flask").split(".")[:2])


APPS = ["https://a.example", "https://b.example"]


def make_app(**config: object) -> Flask:
    app = Flask(__name__)
    app.config.update(config)

    @app.route("/", defaults={"path": ""})
    @app.route("/<path:path>", methods=["GET", "PUT"])
    def echo(path: str) -> str:
        return path

    return app


def get(app: Flask, path: str = "/", origin: str = APP) -> TestResponse:
    return app.test_client().get(path, headers={"Origin": origin})


def preflight(
    app: Flask, path: str = "/", method: str = "PUT", origin: str = APP, base_url: str | None = None
) -> TestResponse:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return app.test_client().options(path, headers=headers, base_url=base_url)


def allowed(response: TestResponse) -> list[str]:
    return response.headers.getlist("Access-Control-Allow-Origin")


def max_age(response: TestResponse) -> str | None:
    return response.headers.get("Access-Control-Max-Age")


def exposed(response: TestResponse) -> str | None:
    return response.headers.get("Access-Control-Expose-Headers")


def cors_headers(response: TestResponse) -> list[str]:
    return [name for name, _ in response.headers if name.startswith("Access-Control-")]


# Ways to set up -------------------------------------------------------------------------------


def test_an_app_is_open_without_credentials_by_default():
    app = make_app()
    CORS(app)
    response = get(app)
    assert allowed(response) == [APP]
    assert response.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_without_an_origin_the_wildcard_is_sent_by_default():
    app = make_app()
    CORS(app)
    response = app.test_client().get("/")
    assert allowed(response) == ["*"]
    assert "Vary" not in response.headers


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_what_only_names_a_method_to_come_is_served_as_any_request(method: str):
    app = make_app()
    CORS(app, origins=APP)
    headers = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    response = app.test_client().open("/x", method=method, headers=headers)
    assert response.data == b"x"
    assert allowed(response) == [APP]


def test_init_app_sets_up_later():
    cors = CORS(origins=APP)
    app = make_app()
    assert allowed(get(app)) == []
    cors.init_app(app)
    assert allowed(get(app)) == [APP]
    assert allowed(get(app, origin=OTHER)) == []


def test_one_object_serves_apps_that_differ_in_their_configuration():
    cors = CORS(max_age=5)
    first = make_app(CORS_ORIGINS=APP)
    second = make_app(CORS_ORIGINS=OTHER)
    cors.init_app(first)
    cors.init_app(second, max_age=6)
    assert (allowed(get(first)), allowed(get(second))) == ([APP], [])
    assert max_age(preflight(first)) == "5"
    assert max_age(preflight(second, origin=OTHER)) == "6"


def test_the_options_of_one_init_app_do_not_reach_the_next():
    cors = CORS()
    first, second = make_app(), make_app()
    cors.init_app(first, origins=OTHER)
    cors.init_app(second)
    assert (allowed(get(first)), allowed(get(second))) == ([], [APP])


def test_what_an_iterator_yields_serves_every_app():
    cors = CORS(origins=(origin for origin in [APP]), resources=iter(["/*"]))
    first, second = make_app(), make_app()
    cors.init_app(first)
    cors.init_app(second)
    assert (allowed(get(first)), allowed(get(second))) == ([APP], [APP])


def test_what_an_iterator_inside_resources_yields_serves_every_app():
    cors = CORS(resources={"/*": {"origins": (origin for origin in [APP])}})
    first, second = make_app(), make_app()
    cors.init_app(first)
    cors.init_app(second)
    assert (allowed(get(first)), allowed(get(second))) == ([APP], [APP])


def test_several_on_one_app_form_one_table():
    app = make_app()
    CORS(app, resources={"/api/*": {"origins": APP}})
    CORS(app, resources={"/api/open": {"origins": "*", "expose_headers": "X-Open"}})
    CORS(app, resources="/files/*", origins=OTHER)
    assert allowed(get(app, "/api/x")) == [APP]
    assert exposed(get(app, "/api/open", OTHER)) == "X-Open"
    assert allowed(get(app, "/files/x", OTHER)) == [OTHER]
    assert allowed(get(app, "/files/x")) == []
    assert cors_headers(get(app, "/elsewhere")) == []


def test_of_two_for_the_same_paths_the_later_wins():
    app = make_app()
    CORS(app, origins=OTHER)
    CORS(app, origins=APP)
    assert allowed(get(app)) == [APP]
    assert allowed(get(app, origin=OTHER)) == []


def test_the_most_specific_resource_wins_whatever_the_order():
    app = make_app()
    resources = {
        "/api/v1/users": {"max_age": 1},
        "/*": {"max_age": 4},
        r"/api/v\d+/.+": {"max_age": 3},
        "/api/v1/*": {"max_age": 2},
    }
    CORS(app, resources=resources)
    paths = ["/api/v1/users", "/api/v1/", "/api/v2/x", "/x"]
    assert [max_age(preflight(app, path)) for path in paths] == ["1", "2", "3", "4"]


def test_the_proxy_of_the_current_app_stands_for_the_app():
    app, other = make_app(), make_app()
    two_views(app)
    with app.app_context():
        CORS(current_app, origins=APP)
    for context in (other.app_context(), nullcontext()):
        with context:
            assert allowed(get(app)) == [APP]
            assert allowed(get(other)) == []
            assert max_age(preflight(app, "/item")) == "2"


@pytest.mark.parametrize("mock", [Mock, MagicMock])
@pytest.mark.parametrize("options", [{}, {"intercept_exceptions": False}], ids=["bare", "watching"])
def test_a_mock_passes_as_an_app(mock: type[Mock], options: dict[str, bool]):
    assert isinstance(CORS(mock(), **options), CORS)


class AsgiApp:
    asgi_app = None


@pytest.mark.parametrize(
    "app",
    [
        pytest.param(AsgiApp(), id="asgi"),
        pytest.param(lambda environ, start_response: [], id="wsgi"),
        pytest.param("app", id="text"),
        pytest.param(Flask, id="class"),
        pytest.param(["https://app.example"], id="origins"),
    ],
)
def test_what_is_no_flask_app_is_refused_by_name(app: object):
    with pytest.raises(ConfigurationError) as caught:
        CORS(app)
    (problem,) = caught.value.problems
    assert (problem.code, problem.value) == ("not-an-app", app)
    assert "flask_cors.asgi.CORSMiddleware" in problem.message


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [("quart", "Quart", ["testing"]), ("fastapi", "FastAPI", []), ("starlette", "Starlette", [])],
)
def test_an_app_of_another_framework_is_refused(module: str, name: str, arguments: list[str]):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # their own
        source = "starlette.applications" if module == "starlette" else module
        app = getattr(importlib.import_module(source), name)(*arguments)
    with pytest.raises(ConfigurationError, match="not-an-app"):
        CORS().init_app(app)


def test_no_app_at_all_is_refused_by_init_app():
    with pytest.raises(ConfigurationError, match="not-an-app"):
        CORS().init_app(None)


def test_without_an_app_own_problems_are_raised_at_once():
    with pytest.raises(ConfigurationError) as caught:
        CORS(origin=APP, origins="app.example", max_age=-1)
    assert {problem.code for problem in caught.value.problems} == {
        "option-unknown",
        "origin-scheme",
        "max-age",
    }


def test_without_an_app_what_the_app_may_add_is_not_judged():
    cors = CORS(supports_credentials=True)
    app = make_app(CORS_ORIGINS=APP)
    cors.init_app(app)
    assert get(app).headers["Access-Control-Allow-Credentials"] == "true"
    with pytest.raises(ConfigurationError, match="credentials-wildcard"):
        cors.init_app(make_app())


def test_a_refused_configuration_leaves_the_app_as_it_was():
    app = make_app()
    before = app.wsgi_app
    with pytest.raises(ConfigurationError):
        CORS(app, supports_credentials=True)
    assert app.wsgi_app == before
    assert cors_headers(get(app)) == []


def test_a_doubt_is_told_where_the_user_wrote_it():
    app = make_app()
    with pytest.warns(CORSWarning) as caught:
        CORS(app, allow_private_network=True)
    assert [warning.filename for warning in caught] == [__file__]


def test_without_signals_exceptions_cannot_be_left_alone(monkeypatch: pytest.MonkeyPatch):
    def connect(*_: object, **__: object) -> None:  # as in Flask 2.2 without blinker
        raise RuntimeError

    monkeypatch.setattr(got_request_exception, "connect", connect)
    app = make_app()
    with pytest.raises(ConfigurationError, match="signals-missing"):
        CORS(app, intercept_exceptions=False)
    assert cors_headers(get(app)) == []


# Which layer holds ------------------------------------------------------------------------------


def layered(*given: object) -> Flask:
    """Set up an app with `supports_credentials` in its layers, the weakest first."""
    config, constructor, init_app, resource = given
    app = make_app(CORS_SUPPORTS_CREDENTIALS=config, CORS_ORIGINS=APP)
    cors = CORS(supports_credentials=constructor)
    resources = {"/*": {"supports_credentials": resource}}
    cors.init_app(app, supports_credentials=init_app, resources=resources)
    return app


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param((None, None, None, None), None, id="default"),
        pytest.param((True, None, None, None), "true", id="config"),
        pytest.param((True, False, None, None), None, id="constructor-over-config"),
        pytest.param((False, True, None, None), "true", id="constructor"),
        pytest.param((True, True, False, None), None, id="init-app-over-constructor"),
        pytest.param((False, False, True, None), "true", id="init-app"),
        pytest.param((True, True, True, False), None, id="resource-over-init-app"),
        pytest.param((False, False, False, True), "true", id="resource"),
    ],
)
def test_the_strongest_layer_that_says_something_holds(
    layers: tuple[bool | None, ...], expected: str | None
):
    response = get(layered(*layers))
    assert response.headers.get("Access-Control-Allow-Credentials") == expected


def test_a_contradiction_is_judged_on_what_results():
    app = make_app()
    CORS(app, supports_credentials=True, resources={"/api/*": {"origins": APP}})
    assert get(app, "/api/x").headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize(
    ("key", "value", "header", "expected"),
    [
        ("ORIGINS", f" {OTHER} , {APP} ", "Access-Control-Allow-Origin", APP),
        ("METHODS", "get, PUT", "Access-Control-Allow-Methods", "GET, PUT"),
        ("MAX_AGE", "600", "Access-Control-Max-Age", "600"),
        ("SEND_WILDCARD", "Yes", "Access-Control-Allow-Origin", "*"),
        ("VARY_HEADER", "off", "Vary", None),
        ("RESOURCES", "/api/*, /files/*", "Access-Control-Allow-Origin", None),
    ],
)
def test_strings_of_an_environment_configure_an_app(
    key: str, value: str, header: str, expected: str | None
):
    app = make_app(**{f"CORS_{key}": value})
    CORS(app)
    assert preflight(app).headers.get(header) == expected


def test_strings_of_an_environment_for_what_is_exposed_and_with_credentials():
    app = make_app(CORS_ORIGINS=APP, CORS_EXPOSE_HEADERS="X-B,X-A", CORS_SUPPORTS_CREDENTIALS="1")
    CORS(app)
    response = get(app)
    assert exposed(response) == "X-A, X-B"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize("value", [None, "", "  "], ids=["none", "empty", "blank"])
def test_an_unset_environment_variable_is_never_everyone(value: str | None):
    with pytest.raises(ConfigurationError, match="origin-unset"):
        CORS(make_app(CORS_ORIGINS=value))


def test_the_problems_of_every_layer_are_told_at_once():
    app = make_app(CORS_MAX_AGE="soon")
    with pytest.raises(ConfigurationError) as caught:
        CORS(methods="TRACE").init_app(app)
    assert [problem.code for problem in caught.value.problems] == ["method-forbidden"]
    with pytest.raises(ConfigurationError) as caught:
        CORS(max_age=1).init_app(app, origins="x", resources={"/": {"vary_header": "maybe"}})
    assert {problem.code for problem in caught.value.problems} == {
        "max-age",
        "origin-scheme",
        "boolean",
    }


def test_a_key_that_is_nearly_an_option_warns_and_others_do_not():
    app = make_app(CORS_METHOD="GET", CORS_TEAM="blue")
    with pytest.warns(CORSWarning, match="CORS_METHODS") as caught:
        CORS(app)
    assert len(caught) == 1


def test_a_key_that_is_set_later_has_no_effect():
    app = make_app(CORS_ORIGINS=APP)
    CORS(app)
    app.config["CORS_ORIGINS"] = OTHER
    assert allowed(get(app, origin=OTHER)) == []


# The path ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "path", "matches"),
    [
        pytest.param("/api/*", "/api", True, id="glob-itself"),
        pytest.param("/api/*", "/api/", True, id="glob-slash"),
        pytest.param("/api/*", "/api/a/b", True, id="glob-below"),
        pytest.param("/api/*", "/apifoo", False, id="glob-ends-at-segment"),
        pytest.param("/api/*", "/API/x", False, id="glob-case"),
        pytest.param("/api/*", "/x/api/y", False, id="glob-not-inside"),
        pytest.param("/a", "/a/b", False, id="literal-is-exact"),
        pytest.param("/a.b", "/aXb", False, id="literal-dot"),
        pytest.param("/a*c", "/a/b/c", True, id="glob-any-characters"),
        pytest.param(r"/v\d+", "/v1/x", True, id="regex-from-the-start"),
        pytest.param(r"/v\d+", "/x/v1", False, id="regex-not-inside"),
        pytest.param("/api/a", "/%61pi/a", True, id="encoded-letter"),
        pytest.param("/api/a", "/api%2Fa", True, id="encoded-slash"),
        pytest.param("/a", "/%2561", False, id="decoded-once"),
        pytest.param("/a+b", "/a+b", True, id="plus"),
        pytest.param("/a b", "/a+b", False, id="plus-is-no-blank"),
        pytest.param("/a b", "/a%20b", True, id="blank"),
        pytest.param("/caf\u00e9/*", "/caf%C3%A9/x", True, id="non-ascii"),
        pytest.param("/\u2603", "/%E2%98%83", True, id="snowman"),
        pytest.param("/caf\u00e9", "/caf%E9", False, id="no-utf-8"),
    ],
)
@pytest.mark.parametrize("send", [get, preflight], ids=["actual", "preflight"])
def test_the_path_is_what_flask_routes_on(
    send: Callable[[Flask, str], TestResponse], resource: str, path: str, matches: bool
):
    app = make_app()
    CORS(app, resources=resource)
    assert bool(allowed(send(app, path))) == matches


@pytest.mark.parametrize("path", ["//api/a", "///api/a", "api/a"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_the_path_has_one_leading_slash(method: str, path: str):
    app = make_app()
    CORS(app, resources="/api/a")
    headers = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    overrides = {"PATH_INFO": path}
    response = app.test_client().open(method=method, headers=headers, environ_overrides=overrides)
    assert allowed(response) == [APP]


def test_the_query_is_no_part_of_the_path():
    app = make_app()
    CORS(app, resources="/a")
    assert allowed(get(app, "/a?/b")) == [APP]
    assert allowed(get(app, "/b?/a")) == []


def test_the_prefix_that_an_app_is_mounted_at_is_no_part_of_the_path():
    app = make_app()
    CORS(app, resources="/x")
    response = app.test_client().get("/x", base_url="http://a.test/app", headers={"Origin": APP})
    assert allowed(response) == [APP]


# Whose policy answers a preflight ----------------------------------------------------------------


def two_views(app: Flask) -> None:
    @app.get("/item", endpoint="read")
    @cross_origin(max_age=1, origins="*")
    def read() -> str:
        return "read"

    @app.put("/item", endpoint="write")
    @cross_origin(max_age=2, origins=APP)
    def write() -> str:
        return "written"


@every_door
def test_two_views_on_one_url_each_have_their_own_policy(door: Door):
    app = door(Flask(__name__))
    two_views(app)
    CORS(app, max_age=3)
    expected = {"GET": "1", "HEAD": "1", "PUT": "2", "put": "2"}
    assert {method: max_age(preflight(app, "/item", method)) for method in expected} == expected
    assert allowed(preflight(app, "/item", "PUT", OTHER)) == []


def test_hosts_and_subdomains_tell_views_apart():
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "site.test"
    for number, subdomain in enumerate(["", "api"], 1):
        view = cross_origin(max_age=number)(lambda: "")
        app.add_url_rule("/", str(number), view, subdomain=subdomain, methods=["GET", "PUT"])
    CORS(app, max_age=3)
    hosts = ["http://site.test", "http://api.site.test", "http://none.site.test"]
    answers = [preflight(app, "/", base_url=host) for host in hosts]
    assert [max_age(answer) for answer in answers] == ["1", "2", "3"]


def test_host_matching_tells_views_apart():
    app = Flask(__name__, host_matching=True, static_host="a.test")
    for number, host in enumerate(["a.test", "b.test"], 1):
        view = cross_origin(max_age=number)(lambda: "")
        app.add_url_rule("/", str(number), view, host=host, methods=["GET", "PUT"])
    CORS(app, max_age=3)
    answers = [preflight(app, base_url=f"http://{host}.test") for host in "abc"]
    assert [max_age(answer) for answer in answers] == ["1", "2", "3"]


@pytest.mark.skipif(FLASK < (3, 1), reason="Flask knows trusted hosts from 3.1")
def test_a_host_that_is_not_trusted_is_answered_by_the_resources():
    app = make_app(TRUSTED_HOSTS=["site.test"])
    two_views(app)
    CORS(app, max_age=3)
    hosts = ["http://site.test", "http://evil.test"]
    assert [max_age(preflight(app, "/item", base_url=host)) for host in hosts] == ["2", "3"]
    response = app.test_client().get("/", base_url=hosts[1], headers={"Origin": APP})
    assert (response.status_code, allowed(response)) == (400, [APP])


class Failing(BaseConverter):
    def to_python(self, value: str) -> str:
        raise ZeroDivisionError(value)


class Lookup(BaseConverter):
    """Looks a name up as one does in a database: with the app at hand."""

    def to_python(self, value: str) -> str:
        return current_app.config["NAMES"][value]


def app_with_converters(door: Door) -> Flask:
    app = make_app(NAMES={"tea": "Tea"})
    app.url_map.converters.update(failing=Failing, lookup=Lookup)
    app.add_url_rule("/fails/<failing:x>", "fails", lambda x: x, methods=["PUT"])
    view = cross_origin(max_age=1)(lambda x: x)
    app.add_url_rule("/found/<lookup:x>", "found", view, methods=["PUT"])
    CORS(door(app), max_age=2)
    return app


def test_a_converter_that_fails_does_not_fail_the_preflight():
    response = preflight(app_with_converters(untouched), "/fails/x")
    assert (response.status_code, max_age(response)) == (200, "2")


@every_door
def test_a_converter_may_use_the_current_app(door: Door):
    app = app_with_converters(door)
    assert app.test_client().put("/found/tea").text == "Tea"
    assert max_age(preflight(app, "/found/tea")) == "1"


def test_an_app_with_only_resources_matches_no_url_for_a_preflight():
    seen = []

    class Counting(BaseConverter):
        def to_python(self, value: str) -> str:
            seen.append(value)
            return value

    app = Flask(__name__)
    app.url_map.converters["counting"] = Counting
    app.add_url_rule("/<counting:x>", "view", lambda x: x, methods=["PUT"])
    CORS(app)
    assert allowed(preflight(app, "/x")) == [APP]
    assert seen == []
    app.test_client().put("/x")
    assert seen == ["x"]


def test_a_view_that_is_decorated_after_the_first_request_has_its_policy():
    app = make_app()
    CORS(app, max_age=1)
    assert max_age(preflight(app, "/x")) == "1"
    app.view_functions["echo"] = cross_origin(max_age=2)(app.view_functions["echo"])
    assert max_age(preflight(app, "/x")) == "2"


class CopyingFlask(Flask):
    """Is an app that, as some do, has its middleware in a method of its own."""

    def wsgi_app(self, environ: dict[str, object], start_response: Callable) -> Iterable[bytes]:
        return super().wsgi_app({**environ}, start_response)


def test_the_view_s_policy_reaches_the_response_of_a_subclass_that_copies_the_environment():
    app = CopyingFlask(__name__)
    app.get("/")(cross_origin(origins=APP)(lambda: ""))
    CORS(app, origins=OTHER)
    assert allowed(get(app)) == [APP]
    assert allowed(get(app, origin=OTHER)) == []


# Only the app's own answers ----------------------------------------------------------------------


def metrics(environ: dict[str, object], start_response: Callable) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"metrics"]


def copying(app: Callable) -> Callable:
    return lambda environ, start_response: app({**environ}, start_response)


def delaying(app: Callable) -> Callable:
    """Wrap an app so that it is called only when its response is iterated over."""

    def middleware(environ: dict[str, object], start_response: Callable) -> Iterator[bytes]:
        yield from app(environ, start_response)

    return middleware


def buffering(app: Callable) -> Callable:
    """Wrap an app so that its response is started only once it is complete."""

    def middleware(environ: dict[str, object], start_response: Callable) -> Iterable[bytes]:
        started = []
        parts = app(environ, lambda status, lines, _=None: started.append((status, lines)))
        body = b"".join(parts)
        getattr(parts, "close", bool)()
        start_response(*started[0])
        return [body]

    return middleware


def plain(app: Callable) -> Callable:
    return app


ROUND = pytest.mark.parametrize("around", [plain, copying, delaying, buffering])


def mounted(around: Callable, mount: Callable = metrics) -> Flask:
    app = make_app()
    app.wsgi_app = DispatcherMiddleware(around(app.wsgi_app), {"/metrics": mount})
    app.wsgi_app = around(app.wsgi_app)
    CORS(app, max_age=1)
    return app


@ROUND
def test_what_was_mounted_before_is_not_opened(around: Callable):
    app = mounted(around)
    assert get(app, "/metrics").text == "metrics"
    assert cors_headers(get(app, "/metrics")) == []
    assert cors_headers(preflight(app, "/metrics")) == []
    assert preflight(app, "/metrics").text == "metrics"


@ROUND
def test_beside_what_was_mounted_the_app_s_own_answers_are_open(around: Callable):
    app = mounted(around)
    response = get(app, "/x")
    assert (response.text, allowed(response)) == ("x", [APP])
    assert allowed(get(app, "/metric")) == [APP]


@ROUND
def test_beside_what_was_mounted_the_app_s_preflights_are_answered(around: Callable):
    app = mounted(around)
    response = preflight(app, "/x")
    assert (response.status_code, response.data, max_age(response)) == (200, b"", "1")


@ROUND
def test_beside_what_was_mounted_a_view_s_policy_holds(around: Callable):
    app = make_app()
    two_views(app)
    app.wsgi_app = around(DispatcherMiddleware(app.wsgi_app, {"/metrics": metrics}))
    CORS(app, max_age=3)
    answers = [preflight(app, "/item", method) for method in ("GET", "PUT")]
    answers.append(preflight(app, "/none", "PUT"))
    assert [max_age(answer) for answer in answers] == ["1", "2", "3"]


def test_what_is_mounted_is_not_opened_where_a_context_is_pushed():
    app = mounted(plain)
    with app.app_context():
        assert cors_headers(get(app, "/metrics")) == []
    with app.test_request_context("/x", headers={"Origin": APP}):
        assert cors_headers(get(app, "/metrics")) == []
        assert cors_headers(preflight(app, "/metrics")) == []
        assert allowed(get(app, "/x")) == [APP]


def test_what_is_mounted_is_not_opened_where_a_view_asks_for_it():
    app = mounted(plain)

    @app.get("/ask")
    def ask() -> list[str]:
        return cors_headers(get(app, "/metrics"))

    response = get(app, "/ask")
    assert (response.json, allowed(response)) == ([], [APP])


@pytest.mark.parametrize("name", ["app_context", "request_context"])
def test_what_is_mounted_is_not_opened_where_it_uses_the_app(name: str):
    def inside(environ: dict[str, object], start_response: Callable) -> Iterable[bytes]:
        arguments = [environ] if name == "request_context" else []
        with getattr(app, name)(*arguments):
            return metrics(environ, start_response)

    app = mounted(plain, inside)
    assert get(app, "/metrics").text == "metrics"
    assert cors_headers(get(app, "/metrics")) == []
    assert cors_headers(preflight(app, "/metrics")) == []


def test_a_mounted_flask_app_has_its_own_policy():
    outer, inner = make_app(), make_app()
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/inner": inner})
    CORS(outer, max_age=1, expose_headers="X-Outer")
    CORS(inner, max_age=2, expose_headers="X-Inner")
    assert [max_age(preflight(outer, path)) for path in ("/x", "/inner/x")] == ["1", "2"]
    assert [exposed(get(outer, path)) for path in ("/x", "/inner/x")] == ["X-Outer", "X-Inner"]


def test_a_mounted_flask_app_without_cors_stays_closed():
    outer = mounted(plain, make_app())
    assert get(outer, "/metrics/x").text == "x"
    assert cors_headers(get(outer, "/metrics/x")) == []
    assert cors_headers(preflight(outer, "/metrics/x")) == []


def test_what_is_mounted_afterwards_stays_outside():
    app = make_app()
    CORS(app)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/metrics": metrics})
    CORS(app, resources={"/x": {"max_age": 1}})
    assert cors_headers(get(app, "/metrics")) == []
    assert cors_headers(preflight(app, "/metrics")) == []
    assert allowed(get(app, "/x")) == [APP]
    assert max_age(preflight(app, "/x")) == "1"


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_proxy_fix_on_either_side_works(before: bool):
    app = Flask(__name__)
    app.add_url_rule("/", "view", lambda: request.scheme, methods=["GET", "PUT"])
    if before:
        app.wsgi_app = ProxyFix(app.wsgi_app)
    CORS(app)
    if not before:
        app.wsgi_app = ProxyFix(app.wsgi_app)
    headers = {"Origin": APP, "X-Forwarded-Proto": "https"}
    response = app.test_client().get("/", headers=headers)
    assert (response.text, allowed(response)) == ("https", [APP])
    assert allowed(preflight(app)) == [APP]


def debugged(app: Flask, **options: object) -> Flask:
    app.add_url_rule("/fails", "fails", lambda: 1 / 0)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.wsgi_app = DebuggedApplication(app.wsgi_app, evalex=True, pin_logging=False)
    CORS(app, **options)
    return app


# Werkzeug 2.2 renders the page with an attribute that Python 3.13 deprecates.
RENDERED = pytest.mark.filterwarnings("ignore:Deprecated in 3.13:DeprecationWarning")


@RENDERED
def test_the_debugger_s_page_for_an_exception_is_the_app_s_answer():
    response = get(debugged(make_app()), "/fails")
    assert response.status_code == 500
    assert "ZeroDivisionError" in response.text
    assert allowed(response) == [APP]


@RENDERED
def test_the_debugger_s_page_is_left_alone_where_exceptions_are():
    response = get(debugged(make_app(), intercept_exceptions=False), "/fails")
    assert response.status_code == 500
    assert cors_headers(response) == []


@pytest.mark.parametrize(
    "path",
    ["/console", "/x?__debugger__=yes&cmd=resource&f=style.css"],
    ids=["console", "resource"],
)
def test_the_debugger_s_own_tools_are_not_opened(path: str):
    app = debugged(make_app())
    response = app.test_client().get(path, headers={"Origin": APP}, base_url="http://localhost")
    assert "debugger" in response.text
    assert cors_headers(response) == []


def test_what_was_mounted_inside_the_debugger_is_not_opened():
    app = make_app()
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/metrics": metrics})
    debugged(app)
    assert get(app, "/metrics").text == "metrics"
    assert cors_headers(get(app, "/metrics")) == []
    assert allowed(get(app, "/x")) == [APP]


# Origin callables -------------------------------------------------------------------------------


def by_function(origin: str) -> bool:
    return origin == APP


async def by_coroutine(origin: str) -> bool:
    await asyncio.sleep(0)
    return origin == APP


class ByObject:
    def __call__(self, origin: str) -> bool:
        return origin == APP


class ByAsyncObject:
    async def __call__(self, origin: str) -> bool:
        return origin == APP


@every_door
@pytest.mark.parametrize(
    "predicate",
    [
        pytest.param(by_function, id="function"),
        pytest.param(by_coroutine, id="coroutine"),
        pytest.param(ByObject(), id="object"),
        pytest.param(ByAsyncObject(), id="async-object"),
        pytest.param(lambda origin: by_coroutine(origin.lower()), id="lambda"),
    ],
)
def test_a_callable_decides(predicate: Callable, door: Door):
    app = door(make_app())
    CORS(app, origins=predicate)
    assert [allowed(get(app, origin=origin)) for origin in (APP, OTHER)] == [[APP], []]
    assert [allowed(preflight(app, origin=origin)) for origin in (APP, OTHER)] == [[APP], []]
    assert get(app, origin=OTHER).headers["Vary"] == "Origin"


@pytest.mark.parametrize("automatic", [True, False])
@every_door
def test_a_callable_is_asked_once_a_request(door: Door, automatic: bool):
    asked: list[str] = []
    app = door(make_app())
    app.get("/own")(cross_origin(origins=asked.append)(lambda: ""))
    CORS(app, origins=asked.append, automatic_options=automatic)
    for path, send in [("/x", get), ("/x", preflight), ("/own", get), ("/none/", preflight)]:
        asked.clear()
        send(app, path)
        assert asked == [APP]


def test_a_callable_is_asked_last_and_only_for_origins():
    asked: list[str] = []
    app = make_app()
    CORS(app, origins=[asked.append, APP, "https://*.test"])
    for origin in (APP, "https://a.test", "no origin", "null"):
        get(app, origin=origin)
    app.test_client().get("/")
    assert asked == []
    get(app, origin=OTHER)
    assert asked == [OTHER]


async def raise_later(origin: str) -> bool:
    raise LookupError(origin)


def raise_now(origin: str) -> bool:
    raise LookupError(origin)


@pytest.mark.parametrize("predicate", [raise_now, raise_later])
@pytest.mark.parametrize("send", [get, preflight], ids=["actual", "preflight"])
def test_a_callable_that_raises_denies_and_is_logged(
    send: Callable, predicate: Callable, caplog: pytest.LogCaptureFixture
):
    app = make_app()
    CORS(app, origins=predicate)
    response = send(app)
    assert response.status_code == 200
    assert cors_headers(response) == []
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert (record.name, record.exc_info[0]) == ("flask_cors", LookupError)


@pytest.mark.asyncio
async def test_an_async_callable_is_run_from_a_worker_thread_of_a_loop():
    app = make_app()
    CORS(app, origins=by_coroutine)
    assert allowed(await asyncio.to_thread(get, app)) == [APP]


@pytest.mark.asyncio
async def test_an_async_callable_denies_in_the_thread_of_a_running_loop(
    caplog: pytest.LogCaptureFixture,
):
    made = []

    def remembered(origin: str) -> Coroutine[object, object, bool]:
        made.append(by_coroutine(origin))
        return made[0]

    app = make_app()
    CORS(app, origins=remembered)
    assert allowed(get(app)) == []
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.name for record in errors] == ["flask_cors"]
    state = inspect.getcoroutinestate(made[0])
    made[0].close()
    assert state == inspect.CORO_CLOSED  # else Python warns that it was never awaited


# Threads ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("eager_switches")
def test_set_up_from_several_threads_installs_once_and_loses_nothing(
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.DEBUG, "flask_cors")
    for _ in range(20):
        app = make_app()
        ready = Barrier(4)

        def set_up(number: int, app: Flask = app, ready: Barrier = ready) -> None:
            ready.wait()
            CORS(app, resources={f"/{number}": {"max_age": number}})

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(set_up, range(4)))
        assert [max_age(preflight(app, f"/{number}")) for number in range(4)] == list("0123")
        caplog.clear()
        get(app, "/0")
        assert len(caplog.records) == 1  # what is installed twice decides twice


@pytest.mark.usefixtures("eager_switches")
def test_requests_of_many_threads_do_not_cross():
    app = make_app()
    CORS(app, origins=["https://*.example", by_coroutine])
    origins = [f"https://site{number}.example" for number in range(100)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda origin: allowed(get(app, "/x", origin)), origins))
    assert answers == [[origin] for origin in origins]


def test_the_first_requests_may_come_at_the_same_time():
    entered, go_on = Event(), Event()

    def slow_once(name: str) -> Callable[..., object]:
        read = getattr(dict, name)

        def slow(self: dict, *arguments: object) -> object:
            if not entered.is_set():
                entered.set()
                go_on.wait(10)
            return read(self, *arguments)

        return slow

    readers = ["__getitem__", "__iter__", "get", "items", "keys", "values"]
    slow_dict = type("SlowOnce", (dict,), {name: slow_once(name) for name in readers})

    app = make_app()
    two_views(app)
    CORS(app, max_age=3)
    app.view_functions = slow_dict(app.view_functions)
    first = Thread(target=preflight, args=[app, "/item"])
    first.start()
    assert entered.wait(10)
    second = max_age(preflight(app, "/item"))
    go_on.set()
    first.join()
    assert second == "2"


def test_public_names_are_those_of_the_older_package():
    assert flask_cors.extension.CORS is flask_cors.CORS
    assert isinstance(CORS(Blueprint("bp", __name__)), CORS)


@pytest.mark.parametrize(
    "origins", [APPS, [lambda origin: origin in APPS]], ids=["list", "callable"]
)
@every_door
def test_an_environment_that_is_used_for_another_origin_is_decided_anew(origins, door: Door):
    app = door(make_app())
    CORS(app, origins=origins)
    environ = EnvironBuilder("/x").get_environ()
    seen = []
    for origin in (*APPS, "https://evil.test", *APPS):
        environ["HTTP_ORIGIN"] = origin
        b"".join(app.wsgi_app(environ, lambda status, lines: seen.append(dict(lines))))
    assert [each.get("Access-Control-Allow-Origin") for each in seen] == [*APPS, None, *APPS]
