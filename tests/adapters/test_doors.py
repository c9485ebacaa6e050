"""Whose policy holds, by whatever door a request comes, and whoever calls whom."""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import inspect
import io
import re
import sys
import weakref
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    after_this_request,
    current_app,
    g,
    make_response,
    request,
    session,
)
from flask.views import MethodView, View
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from flask_cors import CORS, ConfigurationError, cross_origin

A = "https://a.example"
B = "https://b.example"
EVIL = "https://evil.test"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_METHODS = "Access-Control-Allow-Methods"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"]


def asking(method: str, origin: str = A, headers: str = "") -> dict[str, str]:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return asked | ({"Access-Control-Request-Headers": headers} if headers else {})


def fresh(app: Any = None) -> Flask:
    app = Flask(__name__) if app is None else app
    app.logger.disabled = True  # of what fails on purpose
    return app


def fetch(app: Any, path: str = "/x", method: str = "GET", origin: str | None = A, **more: Any):
    headers = {**more.pop("headers", {}), **({"Origin": origin} if origin else {})}
    return Client(app, use_cookies=False).open(path, method=method, headers=headers, **more)


def preflight(app: Any, path: str = "/x", method: str = "POST", origin: str = A, verb="OPTIONS"):
    environ = EnvironBuilder(path, headers=asking(method, origin)).get_environ()
    environ["REQUEST_METHOD"] = verb  # as a server passes it on, which the builder would not
    return Response.from_app(app, environ)


def granted(response: Any) -> str | None:
    values = response.headers.getlist(ALLOW_ORIGIN)
    assert len(values) < 2
    return values[0] if values else None


class Bodies(list[str]):
    """The bodies of views that ran."""

    def view(self, name: str, answer: Any = "text") -> Callable[..., Any]:
        def body(**_: object) -> Any:
            self.append(name)
            return answer() if callable(answer) else answer

        body.__name__ = name
        return body


@pytest.fixture
def bodies() -> Bodies:
    return Bodies()


# Methods in any case ------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["options", "Options", "oPTIONS"])
@pytest.mark.parametrize("by", ["decorator", "decorator-and-app", "app", "blueprint"])
def test_a_method_counts_without_regard_to_case(verb: str, by: str, bodies: Bodies) -> None:
    app = fresh()
    blueprint = Blueprint("b", __name__)
    view = bodies.view("view")
    if by.startswith("decorator"):
        view = cross_origin(origins=A)(view)
    (blueprint if by == "blueprint" else app).add_url_rule("/x", view_func=view, methods=["POST"])
    if by == "blueprint":
        CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    if by == "app":
        app.before_request(lambda: abort(401))
    if by.endswith("app"):
        CORS(app, **({"origins": A} if by == "app" else {"resources": []}))
    answer = preflight(app, verb=verb)
    assert (answer.status_code, granted(answer), bodies) == (200, A, [])
    assert "POST" in answer.headers[ALLOW_METHODS]


# The configuration key, and bodies of neighbours --------------------------------------------------


@pytest.mark.parametrize("extended", [False, True], ids=["alone", "with-app"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_body_does_not_run_where_the_key_hands_preflights_to_flask(
    extended: bool, asynchronous: bool, bodies: Bodies
) -> None:
    app = fresh()
    app.config["CORS_AUTOMATIC_OPTIONS"] = False
    view = bodies.view("view")

    async def async_view() -> Any:
        return view()

    decorated = cross_origin(origins=A)(async_view if asynchronous else view)
    app.add_url_rule("/x", "x", decorated, methods=["POST"])
    if extended:
        CORS(app, resources=[])
    answer = preflight(app)
    assert (answer.status_code, granted(answer), bodies) == (200, A, [])
    assert "POST" in answer.headers[ALLOW_METHODS]
    assert {"OPTIONS", "POST"} == answer.allow.as_set(preserve_casing=True)


@pytest.mark.parametrize("order", [1, -1], ids=["decorated-first", "decorated-second"])
@pytest.mark.parametrize("lists", [["POST"], ["POST", "OPTIONS"]], ids=["lists-post", "options"])
def test_of_two_views_on_a_url_each_method_has_its_own_policy(
    order: int, lists: list[str], bodies: Bodies
) -> None:
    app = fresh()
    rules = [
        ("get", cross_origin(origins=A)(bodies.view("get")), ["GET"]),
        ("post", bodies.view("post"), lists),
    ]
    for name, view, methods in rules[::order]:
        app.add_url_rule("/x", name, view, methods=methods)
    CORS(app, resources=[])
    answer = preflight(app, method="GET")
    assert (answer.status_code, granted(answer), bodies) == (200, A, [])
    assert None is granted(preflight(app, method="POST"))
    assert "get" not in bodies
    assert [granted(fetch(app, method=method)) for method in ("GET", "POST")] == [A, None]


def test_the_second_view_of_a_url_has_its_own_policy(bodies: Bodies) -> None:
    app = fresh()
    app.add_url_rule("/x", "get", bodies.view("get"), methods=["GET"])
    app.add_url_rule("/x", "post", cross_origin(origins=A)(bodies.view("post")), methods=["POST"])
    CORS(app, resources=[])
    assert [granted(preflight(app, method=method)) for method in ("POST", "GET")] == [A, None]
    assert bodies == []


# Functions that are called ------------------------------------------------------------------------


@pytest.mark.parametrize("extended", [False, True], ids=["alone", "with-app"])
def test_a_view_that_calls_a_decorated_function_is_not_opened(extended: bool) -> None:
    app = fresh()
    opened = app.get("/open")(cross_origin(origins=A)(lambda: "open"))

    @app.get("/closed")
    def closed() -> str:
        opened()
        return "closed"

    @app.get("/passing")
    def passing() -> Any:
        return opened()

    if extended:
        CORS(app, resources=[])
    assert None is granted(fetch(app, "/closed"))
    assert [granted(fetch(app, path)) for path in ("/open", "/passing")] == [A, A]
    assert None is granted(fetch(app, "/passing", origin=EVIL))


def test_a_stricter_function_is_not_opened_by_the_app_that_passes_its_answer_on() -> None:
    app = fresh()

    @cross_origin(origins=A)
    def strict() -> str:
        return "secret"

    app.add_url_rule("/x", "x", lambda: strict())  # noqa: PLW0108  (a view that calls it)
    app.add_url_rule("/y", "y", lambda: f"mine {strict()}")
    CORS(app)
    assert [granted(fetch(app, origin=origin)) for origin in (A, EVIL)] == [A, None]
    assert [granted(fetch(app, "/y", origin=origin)) for origin in (A, EVIL)] == [A, EVIL]


def test_a_views_own_policy_wins_over_that_of_a_function_it_calls() -> None:
    app = fresh()

    @cross_origin(origins=B)
    def called() -> str:
        return "called"

    app.add_url_rule("/x", "x", cross_origin(origins=A)(lambda: called()))  # noqa: PLW0108  (as above)
    assert [granted(fetch(app, origin=origin)) for origin in (A, B)] == [A, None]
    CORS(app, resources=[])
    assert [granted(fetch(app, origin=origin)) for origin in (A, B)] == [A, None]


@pytest.mark.parametrize("extended", [False, True], ids=["alone", "with-app"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_function_can_be_decorated_at_the_call(
    extended: bool, asynchronous: bool, bodies: Bodies
) -> None:
    app = fresh()
    body = bodies.view("function")

    def function(_request: object) -> Any:
        return body()

    async def async_function(_request: object) -> Any:
        return body()

    @app.route("/x", methods=["GET", "PUT", "OPTIONS"])
    def generic() -> Any:
        return cross_origin(origins=A, methods=["GET", "PUT"])(function)(request)

    @app.route("/async", methods=["GET", "PUT", "OPTIONS"])
    async def async_generic() -> Any:
        return await cross_origin(origins=A, methods=["GET", "PUT"])(async_function)(request)

    if extended:
        CORS(app, resources=[])
    path = "/async" if asynchronous else "/x"
    answer = preflight(app, path, "PUT")
    assert (
        answer.status_code,
        granted(answer),
        answer.headers[ALLOW_METHODS],
    ) == (200, A, "GET, PUT")
    assert bodies == []
    assert fetch(app, path, "OPTIONS").allow.as_set() == {"get", "head", "put", "options"}
    assert bodies == []
    actual = fetch(app, path, "PUT")
    assert (granted(actual), actual.get_data(as_text=True)) == (A, "text")


def test_of_stacked_decorators_the_outermost_holds() -> None:
    for extended in (False, True):
        app = fresh()
        stacked = cross_origin(origins=A)(cross_origin(origins=B)(lambda: "x"))
        app.add_url_rule("/x", "x", stacked, methods=["POST"])
        if extended:
            CORS(app, resources=[])
        for answer in (fetch, preflight):
            assert [granted(answer(app, method="POST", origin=origin)) for origin in (A, B)] == [
                A,
                None,
            ]


def test_a_decorated_error_handler_acts_on_what_it_returns() -> None:
    for extended in (False, True):
        app = fresh()
        app.register_error_handler(404, cross_origin(origins=A)(lambda error: ("gone", 404)))
        if extended:
            CORS(app, resources=[])
        assert [granted(fetch(app, "/no", origin=origin)) for origin in (A, EVIL)] == [A, None]


# Doors --------------------------------------------------------------------------------------------


def by_dispatch(app: Flask) -> Callable[..., Any]:
    """Serve by `full_dispatch_request` in a context, as functions hosts do."""

    def served(environ: dict[str, Any], start_response: Any) -> Any:
        with app.request_context(environ) as context:
            arguments = (context,) if _takes_context(app) else ()
            try:
                response = app.full_dispatch_request(*arguments)
            except Exception as error:  # noqa: BLE001  (as Flask's own `wsgi_app` does)
                response = app.handle_exception(*arguments, error)
            return response(environ, start_response)

    return served


def _takes_context(app: Flask) -> bool:
    return bool(inspect.signature(app.full_dispatch_request).parameters)


def taken_before(app: Flask) -> Callable[..., Any]:
    return app.wsgi_app


def behind_a_closure(app: Flask) -> Callable[..., Any]:
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Any:
        return inner(environ, start_response)

    app.wsgi_app = middleware
    return app


@pytest.mark.parametrize("door", [by_dispatch, taken_before, behind_a_closure])
@pytest.mark.parametrize("by", ["app", "blueprint", "decorator"])
def test_what_comes_by_another_door_has_the_headers(door: Any, by: str, bodies: Bodies) -> None:
    app = fresh()
    served = door(app)
    blueprint = Blueprint("b", __name__)
    decorate = cross_origin(origins=A) if by == "decorator" else lambda view: view

    def fail() -> str:
        raise LookupError

    blueprint.add_url_rule("/x", "x", decorate(bodies.view("x")), methods=["GET", "POST"])
    blueprint.add_url_rule("/fails", "fails", decorate(fail))
    blueprint.add_url_rule("/aborts", "aborts", decorate(lambda: abort(418)))
    if by == "blueprint":
        CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    CORS(app, **({"origins": A} if by == "app" else {"resources": []}))
    for path, status in (("/x", 200), ("/fails", 500), ("/aborts", 418)):
        for origin, expected in ((A, A), (EVIL, None)):
            answer = fetch(served, path, origin=origin)
            assert (status, expected) == (answer.status_code, granted(answer))
    assert (404, A if by == "app" else None) == (
        fetch(served, "/no").status_code,
        granted(fetch(served, "/no")),
    )
    bodies.clear()
    answer = preflight(served)
    assert (answer.status_code, granted(answer), bodies) == (200, A, [])
    assert "POST" in answer.headers[ALLOW_METHODS]
    assert None is granted(preflight(served, origin=EVIL))


@pytest.mark.parametrize("door", [by_dispatch, taken_before, behind_a_closure])
def test_a_hook_that_refuses_does_not_refuse_a_preflight_by_another_door(door: Any) -> None:
    app = fresh()
    served = door(app)
    app.before_request(lambda: abort(401))
    app.add_url_rule("/x", "x", lambda: "", methods=["POST"])
    CORS(app, origins=A)
    assert (preflight(served).status_code, granted(preflight(served))) == (200, A)
    assert (fetch(served).status_code, granted(fetch(served))) == (401, A)


@pytest.mark.parametrize("intercepts", [True, False])
@pytest.mark.parametrize("door", [lambda app: app, by_dispatch, behind_a_closure])
def test_the_500_of_an_uncaught_exception_is_left_alone_if_so_said(
    door: Any, intercepts: bool
) -> None:
    app = fresh()
    served = door(app)

    @app.get("/x")
    def fail() -> str:
        raise LookupError

    app.register_error_handler(500, lambda error: ("rendered", 500))
    app.add_url_rule("/y", "y", lambda: ("made", 500))
    CORS(app, origins=A, intercept_exceptions=intercepts)
    assert [A if intercepts else None, A] == [granted(fetch(served, path)) for path in ("/x", "/y")]


class HoldsByName:
    def __init__(self, name: str, held: Any) -> None:
        setattr(self, name, held)
        self.name = name

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return getattr(self, self.name)(environ, start_response)


def answers_some_itself(app: Any) -> Any:
    return DispatcherMiddleware(app, {"/other": other})


def other(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"other"]


@pytest.mark.parametrize(
    "around",
    [
        ProxyFix,
        answers_some_itself,
        lambda app: ProxyFix(answers_some_itself(ProxyFix(app))),
        lambda app: HoldsByName("app", app),
        lambda app: HoldsByName("wsgi_app", app),
        lambda app: HoldsByName("application", HoldsByName("app", app)),
    ],
    ids=["proxy", "dispatcher", "several", "app", "wsgi_app", "application"],
)
def test_the_middleware_goes_below_what_was_put_around_before(around: Any) -> None:
    app = fresh()
    hooks: list[str] = []
    app.wsgi_app = around(app.wsgi_app)
    app.before_request(lambda: setattr(g, "start", 1))
    app.before_request(lambda: hooks.append(request.method))
    app.teardown_request(lambda error: g.start)
    app.add_url_rule("/x", "x", lambda: "x", methods=["POST"])
    CORS(app, origins=A)
    answer = preflight(app)
    assert (answer.status_code, granted(answer), hooks) == (200, A, [])
    assert (fetch(app, method="POST").status_code, granted(fetch(app, method="POST"))) == (200, A)
    if "other" in fetch(app, "/other/x").get_data(as_text=True):
        assert None is granted(fetch(app, "/other/x"))


def test_an_app_that_is_mounted_under_a_prefix_is_found_in_the_mounts() -> None:
    app = fresh()
    hooks: list[str] = []
    app.before_request(lambda: hooks.append(request.method))
    app.add_url_rule("/x", "x", lambda: "x", methods=["POST"])
    app.wsgi_app = DispatcherMiddleware(other, {"/prefix": app.wsgi_app})
    CORS(app, origins=A)
    answer = preflight(app, "/prefix/x")
    assert (answer.status_code, granted(answer), hooks) == (200, A, [])
    assert None is granted(fetch(app, "/else"))


def test_what_is_put_around_afterwards_stays_around() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", lambda: "x", methods=["POST"])
    CORS(app, origins=A)
    app.wsgi_app = ProxyFix(app.wsgi_app)
    assert (preflight(app).status_code, granted(preflight(app))) == (200, A)


def test_an_environment_that_is_used_again_by_another_door_is_decided_anew() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", lambda: "x")
    CORS(app, origins=A)
    environ = EnvironBuilder("/x", headers={"Origin": A}).get_environ()
    run_wsgi_app(app, environ)
    assert granted(Response.from_app(by_dispatch(app), environ)) == A


def test_an_app_that_calls_another_with_its_own_environment_keeps_its_policy() -> None:
    inner, outer = fresh(), fresh(Flask("outer"))
    inner.add_url_rule("/x", "inner", lambda: "inner")
    CORS(inner, origins=B)

    @outer.get("/x")
    def view() -> str:
        return Response.from_app(inner, request.environ).get_data(as_text=True)

    CORS(outer, resources={"/x": {"origins": A}})
    outer.add_url_rule("/own", "own", cross_origin(origins=A)(view))
    assert [granted(fetch(outer, origin=origin)) for origin in (A, B)] == [A, None]
    assert [granted(fetch(outer, "/own", origin=origin)) for origin in (A, B)] == [A, None]


def test_a_view_of_an_app_that_is_called_with_the_environment_of_another_has_its_policy() -> None:
    inner, outer = fresh(), fresh(Flask("outer"))

    @inner.get("/x")
    @cross_origin(origins=A)
    def missing() -> Any:
        abort(404)

    outer.add_url_rule("/x", "x", lambda: Response.from_app(inner, request.environ))
    CORS(outer, resources=[])
    for _ in range(2):
        assert (fetch(outer).status_code, granted(fetch(outer))) == (404, A)
        assert granted(fetch(outer, origin=B)) is None


# Contexts of callables ----------------------------------------------------------------------------


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("path", ["/x", "/no", "/fails", "/post-only"])
@pytest.mark.parametrize("door", [lambda app: app, by_dispatch, behind_a_closure])
def test_a_callable_has_the_context_of_the_app_and_the_request(
    door: Any, path: str, asynchronous: bool
) -> None:
    app = fresh()
    app.config["TENANTS"] = [A]
    opened: list[str] = []

    def tenants(origin: str) -> bool:
        if "database" not in g:
            g.database = "open"
            opened.append("open")
        assert request.path == path
        assert session is not None
        return origin in current_app.config["TENANTS"]

    async def async_tenants(origin: str) -> bool:
        await asyncio.sleep(0)
        return tenants(origin)

    @app.teardown_appcontext
    def close(_error: object) -> None:
        if g.pop("database", None):
            opened.append("closed")

    def fail() -> str:
        raise LookupError

    served = door(app)
    app.add_url_rule("/x", "x", lambda: "x", methods=["GET", "POST"])
    app.add_url_rule("/fails", "fails", fail, methods=["GET", "POST"])
    app.add_url_rule("/post-only", "post", lambda: "x", methods=["POST"])
    CORS(app, origins=async_tenants if asynchronous else tenants)
    for origin, expected in ((A, A), (EVIL, None)):
        for ask in (fetch, preflight):
            opened.clear()
            assert expected == granted(ask(served, path, origin=origin))
            assert opened == ["open", "closed"]


@pytest.mark.parametrize("door", [lambda app: app, by_dispatch, behind_a_closure])
def test_a_callable_shares_the_context_of_the_hooks_and_the_view(door: Any) -> None:
    app = fresh()
    app.before_request(lambda: setattr(request, "tenants", [A]))
    served = door(app)
    app.add_url_rule("/x", "x", lambda: setattr(g, "seen", vars(request)["tenants"]) or "x")
    CORS(app, origins=lambda origin: origin in vars(request)["tenants"] and origin in g.seen)
    assert [granted(fetch(served, origin=origin)) for origin in (A, EVIL)] == [A, None]


@pytest.mark.parametrize("by", ["app", "decorator", "alone"])
def test_an_async_callable_is_run_as_the_app_runs_its_async_views(by: str) -> None:
    ran: list[str] = []

    class App(Flask):
        def async_to_sync(self, func: Any) -> Any:
            ran.append("run")
            return super().async_to_sync(func)

    async def tenants(origin: str) -> bool:
        await asyncio.sleep(0)
        return origin == A

    app = fresh(App("app"))
    view = (lambda: "x") if by == "app" else cross_origin(origins=tenants)(lambda: "x")
    app.add_url_rule("/x", "x", view)
    if by != "alone":
        CORS(app, **({"origins": tenants} if by == "app" else {"resources": []}))
    assert [granted(fetch(app, origin=origin)) for origin in (A, EVIL)] == [A, None]
    assert ran == ["run", "run"]


class Tenants(list[str]):
    """A callable that allows one origin, and the origins that it was asked about."""

    def __call__(self, origin: str) -> bool:
        self.append(origin)
        return origin == A


@pytest.mark.parametrize("inner_door", [lambda app: app, by_dispatch])
@pytest.mark.parametrize("inner_view", [lambda: "inner", lambda: 1 // 0], ids=["answers", "raises"])
def test_a_callable_is_asked_once_where_the_view_calls_another_app(
    inner_door: Any, inner_view: Callable[[], Any]
) -> None:
    inner, outer, tenants = fresh(), fresh(Flask("outer")), Tenants()
    inner.testing = True  # exceptions reach the caller
    inner.add_url_rule("/x", "inner", inner_view)
    CORS(inner, origins=B)

    @outer.get("/x")
    def view() -> str:
        with suppress(ZeroDivisionError):
            # Werkzeug's own ways to call an app give it a copy of the environment.
            b"".join(inner_door(inner)(request.environ, lambda *started: started))
        return "outer"

    CORS(outer, origins=tenants)
    assert [granted(fetch(outer, origin=origin)) for origin in (A, EVIL)] == [A, None]
    assert tenants == [A, EVIL]


@pytest.mark.parametrize("door", [lambda app: app, by_dispatch, behind_a_closure])
def test_a_callable_is_asked_once_where_a_hook_fails_while_an_exception_is_answered(
    door: Any,
) -> None:
    app, tenants = fresh(), Tenants()
    app.after_request(lambda response: 1 // 0)
    app.add_url_rule("/x", "x", lambda: "x")
    served = door(app)
    CORS(app, origins=tenants)
    assert [granted(fetch(served, origin=origin)) for origin in (A, EVIL)] == [A, None]
    assert tenants == [A, EVIL]


def test_an_async_callable_is_awaited_once_for_an_async_function_that_a_view_awaits() -> None:
    asked: list[str] = []

    async def tenants(origin: str) -> bool:
        await asyncio.sleep(0)
        asked.append(origin)
        return origin == A

    @cross_origin(origins=tenants)
    async def helper() -> str:
        return "body"

    app = fresh()

    @app.get("/x")
    async def view() -> Any:
        return await helper()

    CORS(app, resources=[])
    assert [granted(fetch(app, origin=origin)) for origin in (A, EVIL)] == [A, None]
    assert asked == [A, EVIL]


def test_a_teardown_function_that_relies_on_hooks_does_not_fail_a_preflight(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = fresh()
    app.before_request(lambda: setattr(g, "start", 1))
    app.teardown_request(lambda error: g.start)
    app.add_url_rule("/x", "x", lambda: "x", methods=["POST"])
    CORS(app, origins=lambda origin: origin == A)
    assert (preflight(app).status_code, granted(preflight(app))) == (200, A)
    assert "teardown" in caplog.text
    assert (fetch(app, method="POST").status_code, granted(fetch(app, method="POST"))) == (200, A)


# Responses that are used again --------------------------------------------------------------------


def kept_by_view(kept: Response) -> Any:
    return lambda: kept


def kept_in_a_tuple(kept: Response) -> Any:
    return lambda: (kept, 203)


def kept_as_an_error(kept: Response) -> Any:
    kept.status_code = 503
    return lambda: kept


def kept_by_abort(kept: Response) -> Any:
    return lambda: abort(kept)


@pytest.mark.parametrize("door", [lambda app: app, by_dispatch, behind_a_closure])
@pytest.mark.parametrize("by", ["alone", "decorator", "app", "called"])
@pytest.mark.parametrize("keep", [kept_by_view, kept_in_a_tuple, kept_as_an_error, kept_by_abort])
def test_a_response_that_is_kept_serves_each_origin_its_own(door: Any, by: str, keep: Any) -> None:
    kept = Response("kept")
    app, neighbour = fresh(), fresh(Flask("neighbour"))
    decorated = cross_origin(origins=[A, B])(keep(kept))
    served = door(app)
    if by == "called" and keep is kept_by_abort:
        pytest.skip("it returns nothing to act on")
    views = {"app": keep(kept), "called": lambda: decorated()}  # noqa: PLW0108  (a view that calls it)
    app.add_url_rule("/x", "x", views.get(by, decorated))
    app.add_url_rule("/bare", "bare", lambda: kept)
    neighbour.add_url_rule("/x", "x", lambda: kept)
    if by != "alone":
        CORS(
            app,
            **({"resources": {"/x": {"origins": [A, B]}}} if by == "app" else {"resources": []}),
        )
    for origin, expected in ((A, A), (B, B), (EVIL, None), (A, A), (None, None)):
        answer = fetch(served, origin=origin)
        assert (expected, "kept") == (granted(answer), answer.get_data(as_text=True))
        assert answer.headers.getlist("Vary") == ["Origin"]
    assert [granted(fetch(neighbour)), granted(fetch(served, "/bare"))] == [None, None]


def fails_once() -> Callable[[Response], Response]:
    """Make a hook for responses that fails for the first of them."""
    failures = [LookupError]

    def hook(response: Response) -> Response:
        if failures:
            raise failures.pop()
        return response

    return hook


@pytest.mark.parametrize("by", ["alone", "app"])
@pytest.mark.parametrize("status", [200, 404, 499])
def test_a_response_that_is_kept_is_not_changed_by_a_hook_that_fails(by: str, status: int) -> None:
    kept = Response("kept", status)
    app = fresh()
    app.add_url_rule("/x", "x", cross_origin(origins=[A, B])(lambda: kept))
    app.after_request(fails_once())
    if by == "app":
        CORS(app, resources=[])
    answers = [fetch(by_dispatch(app), origin=origin) for origin in (A, B)]
    assert [(answer.status_code, granted(answer)) for answer in answers] == [(500, A), (status, B)]


@pytest.mark.parametrize("door", [lambda app: app, by_dispatch, behind_a_closure])
@pytest.mark.parametrize("by", ["alone", "decorator", "app"])
@pytest.mark.parametrize("hook", [None, lambda response: 1 // 0], ids=["hookless", "failing-hook"])
@pytest.mark.parametrize("status", [299, 499, 500, 599, 600])
def test_a_kept_answer_to_an_exception_serves_each_origin_its_own(
    status: int, hook: Any, by: str, door: Any
) -> None:
    kept = Response("kept", status, {"Vary": "Cookie"})
    app = fresh()
    served = door(app)
    app.register_error_handler(500, lambda error: kept)
    if hook is not None:
        app.after_request(hook)
    app.add_url_rule("/x", "x", cross_origin(origins=[A, B])(lambda: 1 // 0))
    if by != "alone":
        CORS(app, **({"origins": [A, B]} if by == "app" else {"resources": []}))
    for origin, expected in ((A, A), (B, B), (EVIL, None), (A, A), (None, None)):
        answer = fetch(served, origin=origin)
        assert (answer.status_code, answer.get_data(as_text=True)) == (status, "kept")
        # The decorator alone adds to its own response, which a hook that fails leaves out.
        left_out = by == "alone" and hook is not None
        assert granted(answer) == (None if left_out else expected)
        assert answer.headers.getlist("Vary") == ["Cookie" if left_out else "Cookie, Origin"]


@pytest.mark.parametrize("door", [lambda app: app, by_dispatch])
@pytest.mark.parametrize("by", ["decorator", "app"])
@pytest.mark.parametrize(
    "view",
    [lambda: Response("made"), lambda: 1 // 0, lambda: abort(404)],
    ids=["response", "exception", "abort"],
)
def test_where_a_hook_fails_each_time_the_500_has_the_headers(
    view: Callable[[], Any], by: str, door: Any
) -> None:
    app = fresh()
    app.after_request(lambda response: 1 // 0)
    app.add_url_rule("/x", "x", view if by == "app" else cross_origin(origins=A)(view))
    CORS(app, **({"origins": A} if by == "app" else {"resources": []}))
    answer = fetch(door(app))
    assert (answer.status_code, granted(answer)) == (500, A)


def test_a_cache_above_the_decorator_serves_each_origin_its_own(bodies: Bodies) -> None:
    app = fresh()
    stored: dict[str, Any] = {}

    def cached(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if request.path not in stored:
                stored[request.path] = make_response(view(*args, **kwargs))
            return stored[request.path]

        return wrapper

    app.add_url_rule("/x", "x", cached(cross_origin(origins=[A, B])(bodies.view("x"))))
    CORS(app, resources=[])
    assert (
        preflight(app, method="GET").status_code,
        granted(preflight(app, method="GET")),
    ) == (200, A)
    assert stored == {}
    for origin, expected in ((None, None), (A, A), (EVIL, None), (B, B), (A, A)):
        assert expected == granted(fetch(app, origin=origin))
    assert bodies == ["x"]


# Credentials of a view's own ----------------------------------------------------------------------


@pytest.mark.parametrize("door", [lambda app: app, by_dispatch, behind_a_closure])
@pytest.mark.parametrize("by", ["alone", "decorator", "app"])
@pytest.mark.parametrize(("origins", "expected"), [("*", "*"), ([A, B], A)])
def test_credentials_of_a_views_own_are_for_no_website_that_anyone_has(
    door: Any, by: str, origins: Any, expected: str
) -> None:
    app = fresh()
    served = door(app)

    def view() -> Any:
        return Response("x", headers={"Access-Control-Allow-Credentials": "true"})

    app.add_url_rule("/x", "x", view if by == "app" else cross_origin(origins=origins)(view))
    if by != "alone":
        CORS(app, **({"origins": origins} if by == "app" else {"resources": []}))
    assert expected == granted(fetch(served))


# Headers that were replaced -----------------------------------------------------------------------


def replacing(response: Response) -> Response:
    response.headers = {"Content-Type": "application/json", "X-Own": "1"}  # type: ignore[assignment]  # OAuth libraries do
    return response


@pytest.mark.parametrize("door", [lambda app: app, by_dispatch, behind_a_closure])
@pytest.mark.parametrize("place", ["view", "hook", "handler"])
@pytest.mark.parametrize("by", ["alone", "decorator", "app"])
def test_headers_that_were_replaced_by_a_dict_are_added_to(door: Any, place: str, by: str) -> None:
    app = fresh()
    served = door(app)

    def view() -> Any:
        if place == "handler":
            abort(404)
        return replacing(Response("{}")) if place == "view" else "{}"

    if place == "hook":
        app.after_request(replacing)
    if place == "handler":
        app.register_error_handler(404, lambda error: replacing(Response("{}", 404)))
    app.add_url_rule("/x", "x", view if by == "app" else cross_origin(origins=A)(view))
    if by != "alone":
        CORS(app, **({"origins": A} if by == "app" else {"resources": []}))
    if place == "hook" and by == "alone":
        return  # it replaces the headers that the decorator has added before
    answer = fetch(served)
    expected = {"Content-Type": "application/json", "X-Own": "1", ALLOW_ORIGIN: A}
    assert expected.items() <= dict(answer.headers).items()


def test_headers_that_were_replaced_before_the_decorator_adds_to_them_are_added_to() -> None:
    app = fresh()
    app.before_request(lambda: after_this_request(replacing) and None)
    app.add_url_rule("/x", "x", cross_origin(origins=A)(lambda: "{}"))
    assert (granted(fetch(app)), fetch(app).headers["X-Own"]) == (A, "1")


# 405, redirects, 404 ------------------------------------------------------------------------------


@pytest.mark.parametrize("door", [lambda app: app, by_dispatch, behind_a_closure])
def test_errors_follow_the_view_at_the_url_and_so_do_their_preflights(door: Any) -> None:
    app = fresh()
    served = door(app)
    blueprint = Blueprint("b", __name__)
    blueprint.get("/x")(lambda: "x")
    blueprint.get("/slash/", endpoint="slash")(lambda: "x")
    blueprint.get("/own", endpoint="own")(cross_origin(origins=B)(lambda: "x"))
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    CORS(app, origins="https://app.example")
    for origin, path, method, status in [
        (A, "/x", "PUT", 405),
        (B, "/own", "PUT", 405),
        (A, "/slash/", "DELETE", 405),
        (A, "/slash", "GET", 308),
        ("https://app.example", "/no", "GET", 404),
    ]:
        actual = fetch(served, path, method, origin)
        assert (status, origin) == (actual.status_code, granted(actual)), path
        asked = preflight(served, path, method, origin)
        assert (200, origin) == (asked.status_code, granted(asked)), path


@pytest.mark.parametrize("root", ["/prefix", "/prefix/"])
def test_a_redirect_to_the_slash_follows_its_view_below_a_prefix_too(root: str) -> None:
    app = fresh()
    app.add_url_rule("/slash/", "slash", cross_origin(origins=A)(lambda: "x"))
    CORS(app, origins=B)
    for ask, method in ((fetch, "GET"), (preflight_below, "GET")):
        assert [
            granted(ask(app, "/slash", method, origin, environ_overrides={"SCRIPT_NAME": root}))
            for origin in (A, B)
        ] == [A, None]


def preflight_below(app: Flask, path: str, method: str, origin: str, **more: Any) -> Any:
    headers = asking(method, origin)
    return Client(app, use_cookies=False).open(path, method="OPTIONS", headers=headers, **more)


@pytest.mark.parametrize("target", ["https://other.example/own", "http://localhost/elsewhere"])
def test_a_redirect_to_where_no_view_of_the_app_is_belongs_to_the_resources(target: str) -> None:
    app = fresh()
    app.add_url_rule("/own", "own", cross_origin(origins=A)(lambda: "x"))
    app.add_url_rule("/old", "old", redirect_to=target)
    CORS(app, origins=B)
    assert [granted(fetch(app, "/old", origin=origin)) for origin in (A, B)] == [None, B]
    assert [granted(preflight(app, "/old", "GET", origin)) for origin in (A, B)] == [None, B]


def test_a_url_of_which_no_view_answers_options_belongs_to_the_resources() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", cross_origin(origins=A, automatic_options=False)(lambda: "x"))
    app.view_functions["x"].provide_automatic_options = False
    app.add_url_rule("/y", "y", app.view_functions["x"], provide_automatic_options=False)
    CORS(app, origins=B)
    assert [granted(fetch(app, "/y", "PUT", origin)) for origin in (A, B)] == [None, B]
    assert [granted(preflight(app, "/y", "PUT", origin)) for origin in (A, B)] == [None, B]


def test_a_replaced_view_is_seen() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", lambda: "x")
    CORS(app, origins=B)
    assert [granted(fetch(app, origin=origin)) for origin in (A, B)] == [None, B]
    assert None is granted(preflight(app, method="GET"))
    app.view_functions["x"] = cross_origin(origins=A)(lambda: "new")
    assert [granted(fetch(app, origin=origin)) for origin in (A, B)] == [A, None]
    assert granted(preflight(app, method="GET")) == A


# What surrounds it --------------------------------------------------------------------------------


def test_an_app_that_was_never_served_is_freed_with_its_last_reference() -> None:
    gc.disable()
    try:
        app = Flask(__name__)
        CORS(app, resources={"/*": {"origins": A}})
        CORS(app, resources={"/api/*": {"origins": lambda origin: True}})
        app.add_url_rule("/x", "x", cross_origin(origins=A)(lambda: "x"))
        freed = weakref.ref(app)
        del app
        assert freed() is None
    finally:
        gc.enable()


def test_an_app_that_serves_is_kept_by_what_holds_its_wsgi_app() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", lambda: {"json": True})
    CORS(app, origins=A)
    served = app.wsgi_app
    assert granted(fetch(served)) == A
    del app
    gc.collect()
    assert granted(fetch(served)) == A


def test_an_app_that_is_gone_before_its_first_request_is_told() -> None:
    app = Flask(__name__)
    CORS(app)
    served = app.wsgi_app
    del app
    gc.collect()
    with pytest.raises(RuntimeError, match=r"app = create_app\(\)"):
        fetch(served)


def test_a_copy_of_an_app_answers_as_the_app_does() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", cross_origin(origins=A)(lambda: "x"), methods=["GET", "POST"])
    app.add_url_rule("/y", "y", lambda: "y")
    CORS(app, origins=B)
    copied = copy.copy(app)
    for served in (app, copied, by_dispatch(copied)):
        assert [granted(fetch(served)), granted(preflight(served))] == [A, A]
        assert [granted(fetch(served, "/y", origin=origin)) for origin in (A, B)] == [None, B]


def test_a_copy_that_is_extended_does_not_take_the_headers_of_the_other() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", cross_origin(origins=A)(lambda: "x"), methods=["GET", "POST"])
    copied = copy.copy(app)
    CORS(copied, resources=[])
    for served in (app, copied):
        assert [granted(fetch(served)), granted(preflight(served))] == [A, A]


class Answering(Flask):
    """An app that answers some paths, and exceptions, by itself."""

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/health":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"up"]
        return super().wsgi_app(environ, start_response)

    def handle_exception(self, ctx, *_: Any) -> Response:  # Flask 3.2 looks at the parameter
        return self.response_class("handled", 500)


def test_an_app_that_overrides_methods_of_flask_has_its_headers() -> None:
    app = fresh(Answering(__name__))

    @app.get("/x")
    def fail() -> str:
        raise LookupError

    CORS(app, origins=A)
    for path, status in (("/health", 200), ("/x", 500), ("/no", 404)):
        answer = fetch(app, path)
        assert (status, A) == (answer.status_code, granted(answer))


def test_set_up_after_the_first_request_holds_from_then_on() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", lambda: "x", methods=["GET", "POST"])
    assert None is granted(fetch(app))
    CORS(app, origins=A)
    assert [granted(fetch(app)), granted(preflight(app))] == [A, A]


def test_the_class_of_the_app_and_what_flask_defines_stay() -> None:
    app = Flask(__name__)
    before = {name: getattr(Flask, name) for name in dir(Flask)}
    CORS(app)
    assert type(app) is Flask
    assert {"process_response", "wsgi_app"} == vars(app).keys() & set(dir(Flask)) - {
        *vars(Flask(__name__))
    }
    assert before == {name: getattr(Flask, name) for name in dir(Flask)}


def test_an_override_of_process_response_from_before_is_called() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", lambda: "x")
    flasks = app.process_response

    def marked(*args: Any) -> Response:
        response = flasks(*args)
        response.headers["X-Marked"] = "1"
        return response

    app.process_response = marked  # type: ignore[method-assign]  # what is tested
    CORS(app, origins=A)
    for served in (app, by_dispatch(app)):
        answer = fetch(served)
        assert (answer.headers["X-Marked"], granted(answer)) == ("1", A)


# Classes ------------------------------------------------------------------------------------------


def class_view(kind: str, bodies: Bodies, *, asynchronous: bool, options: bool) -> Any:
    """Make a class-based view that is decorated in one of the ways."""
    decorate = cross_origin(origins=A)
    on_method = decorate if kind == "method" else lambda view: view

    def post(self: object) -> str:
        bodies.append("post")
        return "post"

    async def async_post(self: object) -> str:
        bodies.append("post")
        return "post"

    def own_options(self: object) -> Any:
        bodies.append("options")
        return Response("own", 203)

    members: dict[str, Any] = {"post": on_method(async_post if asynchronous else post)}
    if options:
        members["options"] = own_options
    if kind == "decorators":
        members["decorators"] = [decorate]
    made = type("Made", (MethodView,), members)
    return decorate(made) if kind == "class" else made


@pytest.mark.parametrize("extended", [False, True], ids=["alone", "with-app"])
@pytest.mark.parametrize("kind", ["class", "method", "decorators", "as_view"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("options", [False, True], ids=["bare", "own-options"])
@pytest.mark.parametrize("init", [False, True], ids=["once", "every-request"])
def test_a_class_based_view_has_its_policy(  # noqa: PLR0917  (a table of five columns)
    kind: str, extended: bool, asynchronous: bool, options: bool, init: bool, bodies: Bodies
) -> None:
    if kind == "method" and not extended:
        pytest.skip("a class made by `type` tells a method nothing; see the tests of the decorator")
    app = fresh()
    made = class_view(kind, bodies, asynchronous=asynchronous, options=options)
    made.init_every_request = init
    view = made.as_view("x")
    app.add_url_rule("/x", view_func=cross_origin(origins=A)(view) if kind == "as_view" else view)
    if extended:
        CORS(app, resources=[])
    answer = preflight(app)
    assert (answer.status_code, granted(answer), bodies) == (200, A, [])
    assert "POST" in answer.headers[ALLOW_METHODS]
    assert None is granted(preflight(app, origin=EVIL))
    assert [granted(fetch(app, method="POST", origin=each)) for each in (A, EVIL)] == [A, None]
    bodies.clear()
    plain = fetch(app, method="OPTIONS")
    assert (203 if options else 200, ["options"] * options) == (plain.status_code, bodies)


@pytest.mark.parametrize("extended", [False, True], ids=["alone", "with-app"])
@pytest.mark.parametrize("methods", [["GET"], ["GET", "OPTIONS"]], ids=["get", "options"])
def test_a_view_class_has_its_policy(extended: bool, methods: list[str], bodies: Bodies) -> None:
    app = fresh()

    @cross_origin(origins=A)
    class Made(View):
        def dispatch_request(self) -> str:
            bodies.append(request.method)
            return "x"

    Made.methods = methods
    app.add_url_rule("/x", view_func=Made.as_view("x"))
    if extended:
        CORS(app, resources=[])
    answer = preflight(app, method="GET")
    assert (answer.status_code, granted(answer), bodies) == (200, A, [])
    assert [granted(fetch(app, origin=origin)) for origin in (A, EVIL)] == [A, None]


# Errors of a view's policy ------------------------------------------------------------------------


def test_an_error_of_a_views_policy_names_the_view() -> None:
    def read_me() -> str:
        return "x"

    app = fresh()
    decorated = cross_origin(supports_credentials=True)(read_me)
    app.add_url_rule("/x", "x", decorated)
    app.testing = True
    line = read_me.__code__.co_firstlineno
    with pytest.raises(ConfigurationError) as raised:
        fetch(app)
    (problem,) = raised.value.problems
    assert problem.code == "credentials-wildcard"
    assert f"read_me ({__file__}, line {line})" in problem.message
    with pytest.raises(ConfigurationError, match="read_me"):
        CORS(app, resources={"/other/*": {"origins": A}})


def test_an_error_names_the_function_that_other_decorators_have_wrapped() -> None:
    def read_me() -> str:
        return "x"

    @functools.wraps(read_me)
    def wrapping() -> str:
        return read_me()

    app = fresh()
    app.add_url_rule("/x", "x", cross_origin(supports_credentials=True)(wrapping))
    line = read_me.__code__.co_firstlineno
    with pytest.raises(ConfigurationError, match=f"read_me .*, line {line}"):
        CORS(app, resources=[])


def test_an_error_of_a_view_that_comes_later_is_a_500_that_is_logged_by_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Flask("logging")
    CORS(app, resources={"/other/*": {"origins": A}})

    @app.get("/x")
    @cross_origin(supports_credentials=True)
    def read_me() -> str:
        return "x"

    for answer in (fetch(app), preflight(app, method="GET")):
        assert (answer.status_code, granted(answer)) == (500, None)
    assert caplog.text.count("cross_origin on read_me") == 2


# The debugger -------------------------------------------------------------------------------------


def test_a_request_that_a_view_makes_for_another_app_leaves_the_policy_to_that_view() -> None:
    inner = Flask("inner")
    inner.add_url_rule("/x", "named_alike", lambda: "x")
    outer = fresh(Flask("outer"))
    outer.add_url_rule("/other", "named_alike", cross_origin(origins=B)(lambda: "other"))

    @outer.get("/x")
    @cross_origin(origins=A)
    def look() -> str:
        other = inner.request_class(request.environ)
        adapter: Any = inner.create_url_adapter(other)
        other.url_rule, _ = adapter.match(return_rule=True)
        return str(other.endpoint)

    CORS(outer, resources=[])
    for _ in range(2):
        assert [granted(fetch(outer, "/other", origin=origin)) for origin in (A, B)] == [None, B]
        assert [granted(fetch(outer, origin=origin)) for origin in (A, B)] == [A, None]
    assert fetch(outer).text == "named_alike"


def test_a_redirect_out_of_the_app_is_no_view_of_it() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", cross_origin(origins=A)(lambda: "x"))
    app.add_url_rule("/old", "old", lambda: "old", redirect_to="/web/x")
    app.add_url_rule("/inside", "inside", lambda: "inside", redirect_to="/api/x")
    CORS(app, resources={"/*": {"origins": B}})
    mounted = DispatcherMiddleware(Flask("other"), {"/api": app})
    for path, expected in (("/api/old", B), ("/api/inside", A), ("/api/x", A)):
        found = [fetch(mounted, path, origin=origin) for origin in (A, B)]
        assert {expected} == {*map(granted, found)} - {None}


def test_setting_up_an_app_many_times_puts_nothing_around_what_is_there() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", lambda: "x")
    for number in range(sys.getrecursionlimit()):
        CORS(app, resources={f"/{number}": {"origins": B}} if number else {"/x": {"origins": A}})
    found = fetch(app)
    assert (found.status_code, granted(found)) == (200, A)


def test_what_is_set_up_after_a_request_holds_for_the_next_one() -> None:
    app, blueprint = fresh(), Blueprint("blueprint", "blueprint")
    app.add_url_rule("/x", "blueprint.x", lambda: "x")
    CORS(app, resources=[])
    CORS(blueprint, origins=B)
    assert [granted(fetch(app, origin=origin)) for origin in (A, B)] == [None, None]
    CORS(app, origins=A)
    assert [granted(fetch(app, origin=origin)) for origin in (A, B)] == [A, None]


def test_only_the_resources_that_say_so_leave_exceptions_without_headers() -> None:
    app = fresh()
    for path in ("/kept", "/bare", "/uncovered"):
        app.add_url_rule(path, path, lambda: {}["missing"])
    CORS(app, origins=A, resources={"/kept": {}, "/bare": {"intercept_exceptions": False}})
    for path, expected in (("/kept", A), ("/bare", None), ("/uncovered", None)):
        found = fetch(app, path)
        assert (found.status_code, granted(found)) == (500, expected)


def test_a_converter_that_needs_the_app_is_asked_for_preflights() -> None:
    class Tenant(BaseConverter):
        def to_python(self, value: str) -> str:
            return str(current_app.config["TENANTS"][value])

    app = fresh()
    app.config["TENANTS"] = {"a": "A"}
    app.url_map.converters["tenant"] = Tenant
    app.add_url_rule("/<tenant:name>", "x", cross_origin(origins=A)(lambda name: name))
    app.before_request(lambda: None if request.method == "GET" else ("log in", 401))
    CORS(app, resources=[])
    assert fetch(app, "/a").text == "A"
    answered = preflight(app, "/a", "GET")
    assert (answered.status_code, granted(answered)) == (200, A)


def test_the_app_of_others_that_is_served_at_the_root_is_not_opened() -> None:
    other, app = fresh(Flask("other")), fresh()
    for each in (other, app):
        each.add_url_rule("/x", "x", lambda: "x")
    app.wsgi_app = DispatcherMiddleware(other.wsgi_app, {"/mounted": app.wsgi_app})
    CORS(app, origins=A)
    assert [granted(fetch(app, path)) for path in ("/x", "/mounted/x")] == [None, A]


def test_a_copy_of_an_app_that_is_gone_is_served_by_every_door() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", lambda: "x")
    CORS(app, origins=A)
    copied = copy.copy(app)
    del app
    gc.collect()
    assert (
        granted(by_the_override(copied, EnvironBuilder("/x", headers={"Origin": A}).get_environ()))
        == A
    )


def test_a_view_that_is_replaced_has_the_policy_of_the_new_one_at_once() -> None:
    app = fresh()
    app.add_url_rule("/x", "x", cross_origin(origins=A)(lambda: "x"))
    app.add_url_rule("/y", "y", lambda: "y")
    CORS(app, resources={"/y": {"origins": B}})
    for path in ("/x", "/y", "/x", "/y"):
        fetch(app, path)
    app.view_functions["x"] = lambda: "another x"
    app.view_functions["y"] = cross_origin(origins=A)(lambda: "another y")
    assert [granted(fetch(app, "/x")), granted(fetch(app, "/y"))] == [None, A]
    assert [granted(preflight(app, "/x", "GET")), granted(preflight(app, "/y", "GET"))] == [None, A]


def by_the_middleware(app: Flask, environ: Any) -> Any:
    started: list[Any] = []  # `Response.from_app` would copy the environment
    b"".join(app.wsgi_app(environ, lambda status, headers: started.extend((status, headers))))
    return Response("", *started)


def by_the_override(app: Flask, environ: Any) -> Any:
    started: list[Any] = []
    served = by_dispatch(app)
    b"".join(served(environ, lambda status, headers: started.extend((status, headers))))
    return Response("", *started)


@pytest.mark.parametrize(
    ("first", "propagates"),
    [(by_the_middleware, False), (by_the_middleware, True), (by_the_override, False)],
    ids=["middleware", "propagated", "override"],
)
@pytest.mark.parametrize("then", [by_the_middleware, by_the_override])
def test_an_environment_that_is_used_again_keeps_nothing_of_an_exception(
    first: Any, then: Any, propagates: bool
) -> None:
    app = fresh()
    app.config["PROPAGATE_EXCEPTIONS"] = propagates
    fails = iter([True, False, True, False])

    @app.get("/x")
    def view() -> tuple[str, int]:
        if next(fails):
            raise LookupError
        return "sorry", 500

    CORS(app, origins=A, intercept_exceptions=False)
    environ = EnvironBuilder("/x", headers={"Origin": A}).get_environ()
    for _ in range(2):
        with suppress(LookupError):
            response = first(app, environ)
            assert (response.status_code, granted(response)) == (500, None)
        response = then(app, environ)
        assert (response.status_code, granted(response)) == (500, A)


@pytest.fixture
def debugged() -> Flask:
    app = fresh(Flask("debugged"))
    app.debug = True

    @app.get("/x")
    def fail() -> str:
        secret = 41
        raise LookupError(secret)

    return app


def page_of(debugger: Any, origin: str = A) -> Any:
    errors = io.StringIO()
    answer = fetch(debugger, origin=origin, errors_stream=errors, buffered=True)
    assert errors.getvalue().count("LookupError: 41") == 1  # the exception is logged once
    return answer


def test_the_page_of_the_debugger_around_has_the_headers(debugged: Flask) -> None:
    CORS(debugged, origins=[A, B])
    debugger = DebuggedApplication(debugged, evalex=True, pin_logging=False)
    for origin, expected in ((A, A), (B, B), (EVIL, None)):
        answer = page_of(debugger, origin)
        assert (500, expected) == (answer.status_code, granted(answer))
        assert "Werkzeug Debugger" in answer.get_data(as_text=True)


def test_the_console_of_the_debugger_works_in_the_context_of_the_request(debugged: Flask) -> None:
    CORS(debugged, origins=A)
    debugger = DebuggedApplication(debugged, evalex=True, pin_logging=False)
    page = page_of(debugger).get_data(as_text=True)
    assert f'SECRET = "{debugger.secret}"' in page
    assert "raise error" not in page  # by which the debugger gets to know of it
    frames = [int(frame) for frame in re.findall(r'id="frame-(\d+)"', page)]
    assert {*frames} <= {*debugger.frames}
    assert "41" in debugger.frames[frames[-1]].eval("secret")
    with ExitStack() as contexts:
        for context in (
            debugger.frame_contexts[frames[-1]]
            if hasattr(debugger, "frame_contexts")
            else debugger.frames[frames[-1]][1]
        ):
            contexts.enter_context(context)
        assert request.path == "/x"


@pytest.mark.parametrize("evalex", [True, False])
def test_a_debugger_without_a_console_gets_none(debugged: Flask, evalex: bool) -> None:
    CORS(debugged, origins=A)
    page = page_of(DebuggedApplication(debugged, evalex=evalex, pin_logging=False))
    assert f"EVALEX = {str(evalex).lower()}" in page.get_data(as_text=True)
    assert granted(page) == A


def test_a_debugger_that_stands_below_something_is_found(debugged: Flask) -> None:
    debugged.wsgi_app = ProxyFix(DebuggedApplication(debugged.wsgi_app, evalex=True))
    CORS(debugged, origins=A)
    assert granted(page_of(debugged)) == A


@pytest.mark.parametrize("options", [{"intercept_exceptions": False}, {"resources": "/other"}])
def test_the_page_is_left_alone_where_no_policy_asks_for_it(
    debugged: Flask, options: dict[str, Any]
) -> None:
    CORS(debugged, origins=A, **options)
    page = page_of(DebuggedApplication(debugged, evalex=True, pin_logging=False))
    assert (page.status_code, granted(page)) == (500, None)


def test_without_a_debugger_the_exception_leaves_the_app_as_it_is(debugged: Flask) -> None:
    CORS(debugged, origins=A)
    with pytest.raises(LookupError, match="41"):
        fetch(debugged)


def test_what_is_only_named_like_the_debugger_is_none(debugged: Flask) -> None:
    CORS(debugged, origins=A)

    class Debugger:
        def debug_application(self) -> Any:
            return fetch(debugged)

    with pytest.raises(LookupError, match="41"):
        Debugger().debug_application()


def test_a_server_that_does_not_load_the_debugger_does_not_miss_it(
    debugged: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    CORS(debugged, origins=A)
    monkeypatch.delitem(sys.modules, "werkzeug.debug")
    with pytest.raises(LookupError, match="41"):
        fetch(debugged)


@pytest.mark.parametrize("decorated", [False, True], ids=["app", "view"])
def test_a_key_that_can_be_read_once_is_read_by_all(decorated: bool) -> None:
    app = fresh()
    app.config["CORS_ORIGINS"] = iter([A, B])
    app.add_url_rule("/x", "x", cross_origin(lambda: "x") if decorated else lambda: "x")
    CORS(app, resources=[] if decorated else "/*")
    assert [granted(fetch(app, origin=origin)) for origin in (A, B, EVIL)] == [A, B, None]
