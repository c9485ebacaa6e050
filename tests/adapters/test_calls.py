"""Functions that are called, environments that are passed on, contexts and layers that fail."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import (
    Flask,
    Request,
    Response,
    abort,
    after_this_request,
    current_app,
    g,
    got_request_exception,
    has_request_context,
    request,
)
from flask.sessions import SecureCookieSessionInterface
from flask.views import MethodView, View
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import BaseConverter
from werkzeug.test import Client, EnvironBuilder

from flask_cors import CORS, cross_origin

A = "https://a.example"
B = "https://b.example"
EVIL = "https://evil.test"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.logger.disabled = True  # of what fails on purpose
    return app


def fetch(app: Any, path: str = "/x", origin: str = A, method: str = "GET") -> Any:
    headers = {"Origin": origin}
    return Client(app, use_cookies=False).open(path, method=method, headers=headers)


def preflight(app: Any, path: str = "/x", origin: str = A, method: str = "GET") -> Any:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return Client(app, use_cookies=False).open(path, method="OPTIONS", headers=asked)


def granted(response: Any) -> str | None:
    return response.headers.get(ALLOW_ORIGIN)


def calling(function: Any) -> Callable[[], Any]:
    """Return a view that is not decorated, and calls a function."""

    def view() -> Any:
        return function()

    return view


def both(app: Any, path: str = "/x", origin: str = A, method: str = "GET") -> list[str | None]:
    """Return whom the answer to a preflight allows, and whom that to the request."""
    return [granted(ask(app, path, origin, method)) for ask in (preflight, fetch)]


# A context that cannot be made --------------------------------------------------------------------


class Sessions(SecureCookieSessionInterface):
    """Sessions in a store that may be down."""

    down = False

    def open_session(self, app: Flask, request: Request) -> Any:
        if self.down:
            raise ConnectionError("the store is down")
        return super().open_session(app, request)


def test_a_preflight_whose_context_fails_is_refused_and_leaves_no_context(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.session_interface = sessions = Sessions()

    @app.put("/x")
    def view() -> str:
        seen = g.get("user", "nobody")
        g.user = "somebody"
        return str(seen)

    CORS(app, origins=lambda origin: origin == A)
    sessions.down = True
    answer = preflight(app, method="PUT")
    assert (answer.status_code, granted(answer)) == (200, None)
    assert not has_request_context()
    assert [str(record.exc_info and record.exc_info[1]) for record in caplog.records] == [
        "the store is down"
    ]
    sessions.down = False
    answers = [fetch(app, method="PUT") for _ in range(2)]
    assert [(answer.text, granted(answer)) for answer in answers] == [("nobody", A)] * 2


def test_a_callable_is_asked_in_the_context_of_its_own_app_where_an_environment_is_passed_on() -> (
    None
):
    inner, outer = Flask("inner"), Flask("outer")
    inner.config["ALLOWED"], outer.config["ALLOWED"] = [A], [B]
    inner.add_url_rule("/x", "x", lambda: "inner", methods=["PUT"])
    CORS(inner, origins=lambda origin: origin in current_app.config["ALLOWED"])

    @outer.route("/x", methods=["PUT", "OPTIONS"])
    def gate() -> Any:
        started: list[Any] = []
        body = b"".join(inner.wsgi_app(request.environ, lambda *line: started.append(line)))
        return body, started[0][0], started[0][1]

    assert both(outer, method="PUT") == [A, A]
    assert both(outer, origin=B, method="PUT") == [None, None]


def test_an_exception_that_is_no_error_leaves_nothing_in_the_environment(app: Flask) -> None:
    class Timeout(BaseException):
        pass

    failures: list[type[BaseException]] = [Timeout]

    @app.get("/x")
    def view() -> str:
        if failures:
            raise failures.pop()
        return "x"

    CORS(app, origins=A)
    environ = EnvironBuilder("/x", headers={"Origin": A}).get_environ()
    with pytest.raises(Timeout):
        app.wsgi_app(environ, lambda *_: lambda _: None)
    with app.request_context(environ) as context:
        takes = (context,) if app.full_dispatch_request.__code__.co_argcount > 1 else ()
        assert granted(app.full_dispatch_request(*takes)) == A


def test_a_path_that_is_changed_in_an_environment_that_a_view_passes_on_does_not_count() -> None:
    app, inner = Flask("app"), Flask("inner")
    inner.add_url_rule("/x", "x", lambda: "inner")
    mounted = DispatcherMiddleware(Flask("none"), {"/gate": inner})

    @app.get("/gate/<path:path>")
    def gate(path: str) -> bytes:
        return b"".join(mounted(request.environ, lambda *_: lambda _: None))

    CORS(app, resources={"/gate/*": {"origins": A}})
    for _ in range(2):
        assert both(app, "/gate/x") == [A, A]


# Matching that needs the request ------------------------------------------------------------------


class Tenant(BaseConverter):
    """Reads the request, which has a context only while it is served."""

    def to_python(self, value: str) -> str:
        return f"{value} on {request.host}"


class OwnRequest(Request):
    """Takes nothing but an environment."""

    def __init__(self, environ: Any) -> None:
        super().__init__(environ)


@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("kind", ["converter", "request-class"])
def test_the_view_is_found_where_matching_needs_the_request(
    app: Flask, kind: str, *, extended: bool
) -> None:
    if kind == "converter":
        app.url_map.converters["tenant"] = Tenant
    else:
        app.request_class = OwnRequest
        app.url_map.converters["tenant"] = BaseConverter
    view = cross_origin(origins=A)(lambda name: "x")
    app.add_url_rule("/x/<tenant:name>", "x", view, methods=["PUT"])
    if extended:
        CORS(app, origins=B)
    assert both(app, "/x/1", method="PUT") == [A, A]
    assert both(app, "/x/1", origin=B, method="PUT") == [None, None]
    assert fetch(app, "/x/1", method="OPTIONS").headers["Allow"] in ("OPTIONS, PUT", "PUT, OPTIONS")


# Which method of a class --------------------------------------------------------------------------


def test_a_method_that_flask_does_not_know_has_the_policy_of_its_handler(app: Flask) -> None:
    class Search(MethodView):
        def get(self) -> str:
            return "get"

        @cross_origin(origins=A, methods=["QUERY"])
        def query(self) -> str:
            return "query"

    app.add_url_rule("/x", view_func=Search.as_view("x"), methods=["GET", "QUERY"])
    CORS(app, origins=B)
    assert both(app, method="QUERY") == [A, A]
    assert both(app, origin=B, method="QUERY") == [None, None]
    assert both(app, origin=B) == [B, B]


class ClassProperty:
    """A property of a class."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read = read

    def __get__(self, instance: object, owner: type) -> Any:
        return self.read(owner)


def test_a_client_does_not_choose_which_attribute_of_a_class_is_read(app: Flask) -> None:
    class Shop(MethodView):
        store = ClassProperty(lambda owner: current_app.config["NO_SUCH_KEY"])

        @cross_origin(origins=A)
        def get(self) -> str:
            return "get"

        def post(self) -> str:
            return "post"

    app.add_url_rule("/x", view_func=Shop.as_view("x"))
    CORS(app, resources=[])
    assert fetch(app, method="STORE").status_code == 405
    assert preflight(app, method="STORE").status_code == 200


@pytest.mark.parametrize("by", ["class", "decorators", "method", "as_view"])
@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("key", [True, False])
def test_the_body_of_a_view_class_without_an_options_handler_does_not_run_for_options(
    app: Flask, by: str, *, extended: bool, key: bool
) -> None:
    ran: list[str] = []
    decorate: Any = cross_origin(origins=A)

    class Transfer(View):
        methods = ("POST", "OPTIONS")
        decorators = (decorate,) if by == "decorators" else ()

        def dispatch_request(self) -> str:
            ran.append(request.method)
            return "x"

    if by == "method":
        Transfer.dispatch_request = decorate(Transfer.dispatch_request)
    owner = decorate(Transfer) if by == "class" else Transfer
    view = owner.as_view("x")
    app.config["CORS_AUTOMATIC_OPTIONS"] = key
    app.add_url_rule("/x", view_func=decorate(view) if by == "as_view" else view)
    if extended:
        CORS(app, resources=[])
    assert preflight(app, method="POST").status_code == 200
    assert fetch(app, method="OPTIONS").headers["Allow"] in ("OPTIONS, POST", "POST, OPTIONS")
    assert ran == []
    assert granted(fetch(app, method="POST")) == A


class Decorated:
    """A view that is an object."""

    __name__ = "object"

    @cross_origin(origins=A)
    def __call__(self) -> str:
        return "object"


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(Decorated(), id="object"),
        pytest.param(
            functools.partial(cross_origin(origins=A)(lambda text: text), "partial"), id="partial"
        ),
        pytest.param(functools.partial(Decorated()), id="partial-object"),
    ],
)
def test_a_view_that_is_no_function_has_the_policy_of_what_it_calls(app: Flask, view: Any) -> None:
    app.add_url_rule("/x", "x", view)
    CORS(app, resources=[])
    assert both(app) == [A, A]
    assert both(app, origin=EVIL) == [None, None]


# Functions that views call ------------------------------------------------------------------------


@cross_origin(origins=B)
def stricter() -> str:
    return "stricter"


@cross_origin(origins=A)
def other() -> str:
    return "other"


def call_both() -> Any:
    answer = stricter()
    other()
    return answer


def call_in_a_hook() -> Any:
    @after_this_request
    def hook(response: Response) -> Response:
        other()
        return response

    return stricter()


@pytest.mark.parametrize("view", [calling(stricter), call_both, call_in_a_hook])
def test_what_a_called_function_refuses_is_not_undone_by_a_wider_policy(
    app: Flask, view: Any
) -> None:
    app.add_url_rule("/x", "x", view)
    CORS(app)
    assert [granted(fetch(app, origin=origin)) for origin in (EVIL, B)] == [None, B]


def test_a_response_that_replaces_the_called_functions_has_the_policy_of_the_view(
    app: Flask,
) -> None:
    app.add_url_rule("/x", "x", lambda: (stricter(), "own")[1])
    CORS(app, origins=A)
    assert [granted(fetch(app, origin=origin)) for origin in (A, B)] == [A, None]


@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("kind", ["stacked", "calling"])
def test_of_decorated_functions_that_call_each_other_the_outermost_holds(
    app: Flask, kind: str, *, extended: bool
) -> None:
    inner: Any = cross_origin(origins=B)(lambda: "x")
    outer: Any = cross_origin(origins=A)(inner if kind == "stacked" else calling(inner))
    app.add_url_rule("/x", "x", calling(outer), methods=["GET", "OPTIONS"])
    if extended:
        CORS(app, resources=[], automatic_options=False)
    assert [granted(fetch(app, origin=origin)) for origin in (A, B)] == [A, None]
    assert [granted(preflight(app, origin=origin)) for origin in (A, B)] == [A, None]


def test_a_response_of_a_called_function_that_is_kept_serves_each_origin_its_own(
    app: Flask,
) -> None:
    kept: list[Any] = []
    load: Any = cross_origin(origins=[A, B])(lambda: "x")

    @app.get("/x")
    def view() -> Any:
        if not kept:
            kept.append(load())
        return kept[0]

    @app.get("/again")
    def again() -> Any:
        load()
        return kept[0]

    CORS(app, origins=[A, B])
    for path in ("/x", "/again"):
        answers = [fetch(app, path, origin) for origin in (A, B, EVIL)]
        assert [granted(answer) for answer in answers] == [A, B, None]


@pytest.mark.parametrize("hook", [None, lambda response: 1 // 0], ids=["hookless", "failing-hook"])
def test_a_kept_answer_to_an_exception_is_left_as_it_is_by_the_decorator_alone(
    app: Flask, hook: Any
) -> None:
    sorry = Response("sorry", 500)
    app.register_error_handler(500, lambda error: sorry)
    app.add_url_rule("/x", "x", cross_origin(origins=A)(lambda: 1 // 0))
    app.add_url_rule("/closed", "closed", lambda: 1 // 0)
    if hook is not None:
        app.after_request(hook)
    # A hook that fails leaves the decorator's response out.
    assert granted(fetch(app)) == (A if hook is None else None)
    assert granted(fetch(app, "/closed")) is None
    assert ALLOW_ORIGIN not in sorry.headers


# Exceptions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [403, 404])
def test_an_http_exception_that_nobody_caught_is_left_without_headers_too(
    app: Flask, code: int
) -> None:
    app.after_request(lambda response: abort(code))
    app.add_url_rule("/x", "x", lambda: "x")
    CORS(app, origins=A, intercept_exceptions=False)
    answer = fetch(app)
    assert (answer.status_code, granted(answer)) == (500, None)


def test_an_http_exception_that_an_extension_answers_has_headers(app: Flask) -> None:
    @app.get("/x")
    def view() -> Any:
        # As Flask-RESTful does for `abort`.
        got_request_exception.send(app, exception=ServiceUnavailable())
        return "try later", 503

    CORS(app, origins=A, intercept_exceptions=False)
    answer = fetch(app)
    assert (answer.status_code, granted(answer)) == (503, A)


def test_an_exception_that_a_view_catches_gets_no_page_of_the_debugger(app: Flask) -> None:
    app.debug = True

    @app.get("/fails")
    def fails() -> str:
        raise LookupError

    @app.get("/x")
    def view() -> Any:
        try:
            return current_app.test_client().get("/fails", headers={"Origin": A}).status
        except LookupError:
            return "caught"

    CORS(app, origins=A)
    debugged = DebuggedApplication(app)
    assert fetch(debugged).text == "caught"
    builder = EnvironBuilder("/fails", headers={"Origin": A})
    with Client(debugged).open(builder.get_environ() | {"wsgi.errors": io.StringIO()}) as page:
        assert (page.status_code, granted(page)) == (500, A)


# Layers around an app -----------------------------------------------------------------------------


class Layer:
    """A layer around an app that holds it in no attribute that is looked at."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        return self.inner(environ, start_response)


class Raising(Layer):
    """A layer whose attribute raises outside of a context."""

    @property
    def app(self) -> Any:
        return current_app.name


class SettingUp(Layer):
    """A layer that makes another app when it is looked at."""

    @property
    def application(self) -> Flask:
        made = Flask("made")
        CORS(made)
        return made


@pytest.mark.parametrize("layer", [Raising, SettingUp])
def test_a_layer_whose_attributes_are_properties_does_not_stop_the_set_up(
    app: Flask, layer: Any
) -> None:
    app.add_url_rule("/x", "x", lambda: "x")
    app.wsgi_app = layer(app.wsgi_app)
    CORS(app, origins=A)
    assert both(app) == [A, A]


class OfItsOwn(Flask):
    """An app whose `wsgi_app` is no method, and which counts as false."""

    def __len__(self) -> int:
        return 0

    @property
    def wsgi_app(self) -> Any:
        return lambda environ, start_response: Flask.wsgi_app(self, environ, start_response)

    @wsgi_app.setter
    def wsgi_app(self, layer: Any) -> None:
        raise AttributeError("it cannot be set")


class Empty(Flask):
    """An app that counts as false."""

    def __len__(self) -> int:
        return 0


@pytest.mark.parametrize("kind", [OfItsOwn, Empty])
def test_an_app_that_is_not_like_others_has_its_headers(kind: type[Flask]) -> None:
    app = kind(__name__)
    app.add_url_rule("/x", "x", lambda: "x")
    CORS(app, origins=A)
    for _ in range(2):
        assert both(app) == [A, A]


@pytest.mark.parametrize("by", ["app", "decorator", "alone", "called"])
@pytest.mark.parametrize("debug", [True, False])
def test_a_callable_is_asked_once_in_debug_mode_too(app: Flask, by: str, *, debug: bool) -> None:
    asked: list[str] = []

    def tenants(origin: str) -> bool:
        asked.append(origin)
        return origin == A

    app.debug = debug
    decorated: Any = cross_origin(origins=tenants)(lambda: "x")
    views = {"app": lambda: "x", "called": calling(decorated)}
    app.add_url_rule("/x", "x", views.get(by, decorated))
    if by != "alone":
        CORS(app, **({"origins": tenants} if by == "app" else {"resources": []}))
    assert [granted(fetch(app, origin=origin)) for origin in (A, EVIL)] == [A, None]
    assert asked == [A, EVIL]
    if by != "called":
        assert [granted(preflight(app, origin=origin)) for origin in (A, EVIL)] == [A, None]
        assert asked == [A, EVIL] * 2
