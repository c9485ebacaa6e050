"""`cross_origin` over real Flask apps, alone and together with `CORS(app)`."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import inspect
import weakref
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, ClassVar, NoReturn

import pytest
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    g,
    redirect,
    request,
    session,
    stream_with_context,
)
from flask.views import MethodView, View
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder, TestResponse

from flask_cors import CORS, ConfigurationError, CORSWarning, cross_origin

from ..support.apps import Door, every_door
from ..support.memory import bytes_left

# Whom the views allow, whom the app's resources do, and nobody.
APP = "https://app.example"
RESOURCE = "https://resource.example"
EVIL = "https://evil.example"

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_METHODS = "Access-Control-Allow-Methods"
MAX_AGE = "Access-Control-Max-Age"
PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"

for_app = cross_origin(origins=APP)


@pytest.fixture(params=["alone", "with-CORS"])
def configured(request: pytest.FixtureRequest) -> Callable[..., Flask]:
    """Make apps with a configuration, without the extension or with one for someone else."""

    def make(**config: object) -> Flask:
        app = Flask(__name__)
        app.config.update(config)
        if request.param == "with-CORS":
            CORS(app, origins=RESOURCE)
        return app

    return make


@pytest.fixture
def app(configured: Callable[..., Flask]) -> Flask:
    return configured()


def get(app: Flask, path: str = "/", origin: str = APP) -> TestResponse:
    return app.test_client().get(path, headers={"Origin": origin})


def preflight(app: Flask, path: str = "/", method: str = "GET", origin: str = APP) -> TestResponse:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return app.test_client().options(path, headers=asked)


def answer(response: TestResponse) -> tuple[int, str | None]:
    return response.status_code, response.headers.get(ALLOW_ORIGIN)


def serve(app: Flask, view: object, path: str = "/", methods: list[str] | None = None) -> None:
    app.add_url_rule(path, path.strip("/") or "index", view, methods=methods)  # type: ignore[arg-type]  # any kind of view


def passing(view: Callable[..., object]) -> Callable[..., object]:
    """Decorate a view with something else."""

    @functools.wraps(view)
    def wrapper(*args: object, **kwargs: object) -> object:
        return view(*args, **kwargs)

    return wrapper


def passing_async(view: Callable[..., Awaitable[object]]) -> Callable[..., object]:
    @functools.wraps(view)
    async def wrapper(*args: object, **kwargs: object) -> object:
        return await view(*args, **kwargs)

    return wrapper


# Kinds of views ----------------------------------------------------------------------------------


def sync_view() -> str:
    return "body"


async def async_view() -> str:
    await asyncio.sleep(0)
    return "body"


def greeting(text: str) -> str:
    return text


async def async_greeting(text: str) -> str:
    return text


class SyncObject:
    def __call__(self) -> str:
        return "body"


class AsyncObject:
    async def __call__(self) -> str:
        await asyncio.sleep(0)
        return "body"


class Slotted:
    __slots__ = ()

    def __call__(self) -> str:
        return "body"


class Controller:
    def view(self) -> str:
        return "body"

    async def async_view(self) -> str:
        return "body"

    @classmethod
    def class_view(cls) -> str:
        return "body"


def returning_awaitable() -> Awaitable[str]:
    return async_view()


class Eventually:
    def __await__(self) -> Iterator[None]:
        yield from asyncio.sleep(0).__await__()
        return "body"


def returning_awaitable_object() -> Eventually:
    return Eventually()


VIEWS = {
    "sync": sync_view,
    "async": async_view,
    "lambda": lambda: "body",
    "partial": functools.partial(greeting, "body"),
    "async-partial": functools.partial(async_greeting, "body"),
    "object": SyncObject(),
    "async-object": AsyncObject(),
    "slotted-object": Slotted(),
    "bound-method": Controller().view,
    "async-bound-method": Controller().async_view,
    "class-method": Controller.class_view,
    "returning-coroutine": returning_awaitable,
    "returning-awaitable-object": returning_awaitable_object,
}
each_kind = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


@each_kind
def test_bare_every_kind_of_view_is_open(app: Flask, view: Callable[..., object]) -> None:
    serve(app, cross_origin(view))
    response = get(app)
    assert answer(response) == (200, APP)
    assert response.text == "body"


@each_kind
def test_with_options_every_kind_of_view_allows_whom_they_say(
    app: Flask, view: Callable[..., object]
) -> None:
    serve(app, cross_origin(origins=[APP, "https://b.example"])(view))
    assert answer(get(app)) == (200, APP)
    assert answer(get(app, origin=EVIL)) == (200, None)
    assert get(app, origin=EVIL).text == "body"


@each_kind
def test_every_kind_of_view_has_its_preflight_answered(
    app: Flask, view: Callable[..., object]
) -> None:
    serve(app, cross_origin(origins=[APP], methods=["GET"], max_age=60)(view))
    response = preflight(app)
    assert answer(response) == (200, APP)
    assert response.headers[ALLOW_METHODS] == "GET"
    assert response.headers[MAX_AGE] == "60"
    assert response.headers["Content-Length"] == "0"
    assert response.headers["Vary"] == PREFLIGHT_VARY
    assert response.data == b""


@each_kind
def test_a_refused_preflight_is_answered_with_200_and_no_grant(
    app: Flask, view: Callable[..., object]
) -> None:
    serve(app, for_app(view))
    response = preflight(app, origin=EVIL)
    assert answer(response) == (200, None)
    assert ALLOW_METHODS not in response.headers
    assert response.headers["Vary"] == PREFLIGHT_VARY
    assert response.data == b""


@pytest.mark.parametrize("use", [cross_origin, cross_origin(), for_app], ids=["bare", "()", "opt"])
@pytest.mark.parametrize(
    ("view", "stays_async"),
    [
        pytest.param(sync_view, False, id="sync"),
        pytest.param(async_view, True, id="async"),
        pytest.param(functools.partial(greeting, "x"), False, id="partial"),
        pytest.param(functools.partial(async_greeting, "x"), True, id="async-partial"),
        pytest.param(SyncObject(), False, id="object"),
        pytest.param(AsyncObject(), True, id="async-object"),
        pytest.param(Controller().async_view, True, id="async-bound-method"),
        pytest.param(returning_awaitable, False, id="returning-awaitable"),
    ],
)
def test_a_coroutine_function_stays_one_and_no_other_becomes_one(
    use: Callable[..., object], view: object, stays_async: bool
) -> None:
    assert stays_async == inspect.iscoroutinefunction(use(view))


def test_two_on_one_async_view_leave_it_a_coroutine_function() -> None:
    assert inspect.iscoroutinefunction(cross_origin(for_app(async_view)))


@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        pytest.param("text", 200, b"text", id="str"),
        pytest.param(b"bytes", 200, b"bytes", id="bytes"),
        pytest.param(("made", 201), 201, b"made", id="tuple"),
        pytest.param(("made", 202, {"X-Made": "1"}), 202, b"made", id="tuple-with-headers"),
        pytest.param({"a": 1}, 200, b'{"a":1}\n', id="dict"),
        pytest.param([1], 200, b"[1]\n", id="list"),
        pytest.param("", 200, b"", id="empty"),
        pytest.param({}, 200, b"{}\n", id="empty-dict"),
    ],
)
def test_what_an_awaitable_of_a_sync_view_results_in_is_the_response(
    app: Flask, result: object, status: int, body: bytes
) -> None:
    async def eventually() -> object:
        await asyncio.sleep(0)
        return result

    def view() -> Awaitable[object]:
        return eventually()

    serve(app, for_app(view))
    response = get(app)
    assert (status, APP) == answer(response)
    assert body == response.data


@pytest.mark.parametrize("view", [sync_view, async_view], ids=["sync", "async"])
def test_what_the_function_is_called_survives(view: Callable[..., object]) -> None:
    decorated = for_app(view)
    assert view.__name__ == decorated.__name__
    assert view.__module__ == decorated.__module__
    assert inspect.signature(view) == inspect.signature(decorated)
    assert view is inspect.unwrap(decorated)


def test_the_function_itself_is_left_as_it_was(app: Flask) -> None:
    def view() -> str:
        return "body"

    serve(app, for_app(view), "/decorated")
    serve(app, view, "/undecorated")
    assert vars(view) == {}
    assert answer(get(app, "/decorated")) == (200, APP)
    assert answer(get(app, "/undecorated")) == (200, None)


def test_arguments_reach_the_view(app: Flask) -> None:
    @app.route("/<int:number>/<word>")
    @for_app
    def view(number: int, word: str) -> dict[str, object]:
        return {"number": number, "word": word}

    assert get(app, "/7/tea").get_json() == {"number": 7, "word": "tea"}


def test_a_view_that_is_called_by_another_leaves_the_outer_policy(app: Flask) -> None:
    inner = cross_origin(origins=EVIL)(sync_view)

    @app.route("/")
    @for_app
    def view() -> str:
        return inner()

    assert answer(get(app)) == (200, APP)
    assert answer(get(app, origin=EVIL)) == (200, None)


# OPTIONS -----------------------------------------------------------------------------------------


def test_the_view_does_not_run_for_a_preflight(app: Flask) -> None:
    ran = []

    @app.route("/", methods=["GET", "POST", "OPTIONS"])
    @for_app
    def view() -> str:
        ran.append(request.method)
        return "body"

    preflight(app, method="POST")
    preflight(app, method="POST", origin=EVIL)
    assert ran == []


def test_a_method_that_no_view_answers_to_is_decided_by_the_view_at_that_url() -> None:
    app = Flask(__name__)
    serve(app, for_app(sync_view))
    assert answer(preflight(app, method="PUT")) == (200, APP)
    assert answer(preflight(app, method="PUT", origin=EVIL)) == (200, None)


def test_other_options_requests_are_answered_as_flask_does(app: Flask) -> None:
    serve(app, for_app(sync_view), methods=["GET", "PUT"])
    response = app.test_client().options("/", headers={"Origin": APP})
    assert answer(response) == (200, APP)
    assert {"GET", "HEAD", "OPTIONS", "PUT"} == set(response.allow)
    assert ALLOW_METHODS not in response.headers


def test_options_without_origin_is_no_preflight(app: Flask) -> None:
    serve(app, for_app(sync_view))
    asked = {"Access-Control-Request-Method": "GET"}
    response = app.test_client().options("/", headers=asked)
    assert {"GET", "HEAD", "OPTIONS"} == set(response.allow)
    assert ALLOW_METHODS not in response.headers


def test_a_preflight_for_head_is_that_of_get(app: Flask) -> None:
    serve(app, for_app(sync_view))
    assert answer(preflight(app, method="HEAD")) == (200, APP)


@pytest.mark.parametrize("listed", [["GET"], ["GET", "OPTIONS"]], ids=["not-listed", "listed"])
def test_of_two_views_on_one_url_each_has_its_own_preflight(app: Flask, listed: list[str]) -> None:
    @app.route("/", methods=listed)
    @cross_origin(origins="https://reader.example")
    def read() -> str:
        return "read"

    @app.route("/", methods=["POST"])
    @cross_origin(origins="https://writer.example")
    def write() -> str:
        return "written"

    reader, writer = "https://reader.example", "https://writer.example"
    assert (200, reader) == answer(preflight(app, method="GET", origin=reader))
    assert (200, writer) == answer(preflight(app, method="POST", origin=writer))
    assert answer(preflight(app, method="POST", origin=reader)) == (200, None)
    assert answer(preflight(app, method="GET", origin=writer)) == (200, None)


def test_a_decorated_view_does_not_run_for_the_preflight_of_an_undecorated_one_beside_it() -> None:
    app = Flask(__name__)
    ran = []

    @app.route("/", methods=["GET"])
    @for_app
    def read() -> str:
        ran.append(request.method)
        return "read"

    @app.route("/", methods=["POST"])
    def write() -> str:
        return "written"

    response = preflight(app, method="POST")
    assert ran == []
    assert answer(response) == (200, None)
    assert response.data == b""


def test_nor_where_a_resource_of_the_app_does_not_reach() -> None:
    app = Flask(__name__)
    CORS(app, resources={"/elsewhere": {"origins": RESOURCE}})
    ran = []

    @app.route("/", methods=["GET"])
    @for_app
    def read() -> str:
        ran.append(request.method)
        return "read"

    @app.route("/", methods=["POST"])
    def write() -> str:
        return "written"

    assert answer(preflight(app, method="POST")) == (200, None)
    assert ran == []


def test_a_decorated_class_does_not_fail_for_the_preflight_of_a_view_beside_it() -> None:
    app = Flask(__name__)

    @for_app
    class Reader(MethodView):
        def get(self) -> str:
            return "read"

    app.add_url_rule("/", view_func=Reader.as_view("read"))
    app.add_url_rule("/", "write", sync_view, methods=["POST"])
    assert answer(preflight(app, method="POST")) == (200, None)


def test_automatic_options_false_lets_the_view_answer_with_the_headers_of_a_preflight(
    app: Flask,
) -> None:
    @app.route("/", methods=["OPTIONS", "PUT"])
    @cross_origin(origins=APP, methods="PUT", automatic_options=False)
    def view() -> tuple[str, int]:
        return "own", 202

    response = preflight(app, method="PUT")
    assert answer(response) == (202, APP)
    assert response.text == "own"
    assert response.headers[ALLOW_METHODS] == "PUT"
    assert response.headers["Vary"] == PREFLIGHT_VARY


def test_automatic_options_false_leaves_a_route_without_options_to_flask() -> None:
    app = Flask(__name__)
    serve(app, cross_origin(origins=APP, automatic_options=False)(sync_view))
    response = preflight(app)
    assert answer(response) == (200, None)
    assert {"GET", "HEAD", "OPTIONS"} == set(response.allow)


def test_automatic_options_false_with_the_extension_adds_the_headers_to_flasks_answer() -> None:
    app = Flask(__name__)
    CORS(app, origins=RESOURCE)
    serve(app, cross_origin(origins=APP, automatic_options=False)(sync_view))
    response = preflight(app)
    assert answer(response) == (200, APP)
    assert {"GET", "HEAD", "OPTIONS"} == set(response.allow)
    assert "GET" in response.headers[ALLOW_METHODS]


def test_automatic_options_off_by_configuration_is_overruled_by_the_decorator() -> None:
    app = Flask(__name__)
    app.config["CORS_AUTOMATIC_OPTIONS"] = False
    serve(app, cross_origin(origins=APP, automatic_options=True)(sync_view), methods=["OPTIONS"])
    assert preflight(app, method="OPTIONS").data == b""


def test_automatic_options_off_by_configuration_leaves_a_class_without_options_to_flask(
    configured: Callable[..., Flask],
) -> None:
    app = configured(CORS_AUTOMATIC_OPTIONS=False)

    @for_app
    class Items(MethodView):
        def get(self) -> str:
            return "body"

    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert answer(preflight(app)) == (200, APP)


# Class-based views -------------------------------------------------------------------------------


def decorated_view_class() -> type[View]:
    @for_app
    class Page(View):
        def dispatch_request(self) -> str:
            return "body"

    return Page


def decorated_async_view_class() -> type[View]:
    @for_app
    class Page(View):
        async def dispatch_request(self) -> str:
            await asyncio.sleep(0)
            return "body"

    return Page


def decorated_method_view_class() -> type[View]:
    @for_app
    class Items(MethodView):
        def get(self) -> str:
            return "body"

    return Items


def class_without_an_instance_for_each_request() -> type[View]:
    @for_app
    class Items(MethodView):
        init_every_request = False

        def get(self) -> str:
            return "body"

    return Items


def in_decorators() -> type[View]:
    class Items(MethodView):
        decorators = [for_app]  # noqa: RUF012  (as Flask documents it)

        def get(self) -> str:
            return "body"

    return Items


def bare_in_decorators() -> type[View]:
    class Items(MethodView):
        decorators = [cross_origin]  # noqa: RUF012  (as Flask documents it)

        def get(self) -> str:
            return "body"

    return Items


def in_decorators_of_a_view() -> type[View]:
    class Page(View):
        decorators = (passing, for_app)

        def dispatch_request(self) -> str:
            return "body"

    return Page


def in_decorators_below_another() -> type[View]:
    class Items(MethodView):
        decorators = [for_app, passing]  # noqa: RUF012  (as Flask documents it)

        def get(self) -> str:
            return "body"

    return Items


def class_with_a_method_for_options() -> type[View]:
    @for_app
    class Items(MethodView):
        def get(self) -> str:
            return "body"

        def options(self) -> tuple[str, int]:
            return "own", 204

    return Items


def subclass_of_a_decorated_class() -> type[View]:
    class Items(decorated_method_view_class()):  # type: ignore[misc]  # made by a function
        def post(self) -> str:
            return "body"

    return Items


def subclass_with_decorators_of_its_own() -> type[View]:
    base = decorated_method_view_class()

    class Items(base):  # type: ignore[misc, valid-type]  # made by a function
        decorators = [*base.decorators, passing]  # noqa: RUF012  (as Flask documents it)

    return Items


def one_method() -> type[View]:
    class Items(MethodView):
        @for_app
        def get(self) -> str:
            return "body"

    return Items


def one_async_method() -> type[View]:
    class Items(MethodView):
        @for_app
        async def get(self) -> str:
            await asyncio.sleep(0)
            return "body"

    return Items


def one_method_bare() -> type[View]:
    class Items(MethodView):
        @cross_origin
        def get(self) -> str:
            return "body"

    return Items


def one_method_below_another_decorator() -> type[View]:
    class Items(MethodView):
        @passing
        @for_app
        def get(self) -> str:
            return "body"

    return Items


def one_async_method_below_another_decorator() -> type[View]:
    class Items(MethodView):
        @passing_async
        @for_app
        async def get(self) -> str:
            return "body"

    return Items


def one_method_above_another_decorator() -> type[View]:
    class Items(MethodView):
        @for_app
        @passing
        def get(self) -> str:
            return "body"

    return Items


def one_method_twice() -> type[View]:
    class Items(MethodView):
        @for_app
        @cross_origin(origins=EVIL)
        def get(self) -> str:
            return "body"

    return Items


def one_async_method_twice() -> type[View]:
    class Items(MethodView):
        @for_app
        @cross_origin(origins=EVIL)
        async def get(self) -> str:
            return "body"

    return Items


def one_method_beside_one_for_options() -> type[View]:
    class Items(MethodView):
        @for_app
        def get(self) -> str:
            return "body"

        def options(self) -> tuple[str, int]:
            return "own", 204

    return Items


def one_method_of_a_class_that_names_its_methods() -> type[View]:
    class Items(MethodView):
        methods: ClassVar[set[str]] = {"GET"}

        @for_app
        def get(self) -> str:
            return "body"

    return Items


def decorated_class_that_names_its_methods() -> type[View]:
    @for_app
    class Items(MethodView):
        methods: ClassVar[set[str]] = {"GET"}

        def get(self) -> str:
            return "body"

    return Items


def one_method_among_decorators_of_the_class() -> type[View]:
    class Items(MethodView):
        decorators = [passing]  # noqa: RUF012  (as Flask documents it)

        @for_app
        def get(self) -> str:
            return "body"

    return Items


def one_method_inherited() -> type[View]:
    class Items(one_method()):  # type: ignore[misc]  # made by a function
        def post(self) -> str:
            return "body"

    return Items


def one_method_inherited_with_other_decorators() -> type[View]:
    class Items(one_method()):  # type: ignore[misc]  # made by a function
        decorators = [passing]  # noqa: RUF012  (as Flask documents it)

    return Items


def one_method_of_a_mixin() -> type[View]:
    class Readable:
        @for_app
        def get(self) -> str:
            return "body"

    class Items(Readable, MethodView):
        pass

    return Items


def one_method_assigned_later() -> type[View]:
    class Items(MethodView):
        def get(self) -> str:
            return "body"

    Items.get = for_app(Items.get)  # type: ignore[method-assign]  # what is tested
    return Items


def one_method_from_a_function() -> type[View]:
    def shared(self: object) -> str:
        return "body"

    class Items(MethodView):
        get = for_app(shared)

    return Items


def dispatch_request() -> type[View]:
    class Page(View):
        @for_app
        def dispatch_request(self) -> str:
            return "body"

    return Page


def async_dispatch_request() -> type[View]:
    class Page(View):
        @for_app
        async def dispatch_request(self) -> str:
            return "body"

    return Page


CLASSES = [
    decorated_view_class,
    decorated_async_view_class,
    decorated_method_view_class,
    class_without_an_instance_for_each_request,
    in_decorators,
    bare_in_decorators,
    in_decorators_of_a_view,
    in_decorators_below_another,
    class_with_a_method_for_options,
    subclass_of_a_decorated_class,
    subclass_with_decorators_of_its_own,
    one_method,
    one_async_method,
    one_method_bare,
    one_method_below_another_decorator,
    one_async_method_below_another_decorator,
    one_method_above_another_decorator,
    one_method_twice,
    one_async_method_twice,
    one_method_beside_one_for_options,
    one_method_of_a_class_that_names_its_methods,
    decorated_class_that_names_its_methods,
    one_method_among_decorators_of_the_class,
    one_method_inherited,
    one_method_inherited_with_other_decorators,
    one_method_of_a_mixin,
    one_method_assigned_later,
    one_method_from_a_function,
    dispatch_request,
    async_dispatch_request,
]
each_class = pytest.mark.parametrize("make", CLASSES, ids=lambda make: make.__name__)


@each_class
def test_class_based_views_answer_with_their_policy(
    app: Flask, make: Callable[[], type[View]]
) -> None:
    app.add_url_rule("/", view_func=make().as_view("items"))
    response = get(app)
    assert answer(response) == (200, APP)
    assert response.text == "body"


# Where neither the class nor `as_view` gets to know of a policy, Flask answers OPTIONS by itself.
NEED_THE_EXTENSION = (
    in_decorators_below_another,
    one_method_below_another_decorator,
    one_async_method_below_another_decorator,
    one_method_of_a_mixin,
    one_method_assigned_later,
    one_method_from_a_function,
)


@pytest.mark.parametrize("make", NEED_THE_EXTENSION, ids=lambda make: make.__name__)
def test_without_the_extension_flask_answers_preflights_that_do_not_reach_the_decorator(
    make: Callable[[], type[View]],
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=make().as_view("items"))
    assert answer(preflight(app)) == (200, None)
    assert answer(get(app)) == (200, APP)


@each_class
def test_class_based_views_have_their_preflights_answered(
    app: Flask, make: Callable[[], type[View]]
) -> None:
    if make in NEED_THE_EXTENSION:
        CORS(app, resources=[])
    app.add_url_rule("/", view_func=make().as_view("items"))
    response = preflight(app)
    assert answer(response) == (200, APP)
    assert "GET" in response.headers[ALLOW_METHODS]
    assert response.data == b""


@each_class
def test_class_based_views_list_their_methods_for_other_options_requests(
    app: Flask, make: Callable[[], type[View]]
) -> None:
    app.add_url_rule("/", view_func=make().as_view("items"))
    response = app.test_client().options("/", headers={"Origin": APP})
    own = make in (class_with_a_method_for_options, one_method_beside_one_for_options)
    assert (204 if own else 200) == response.status_code
    assert own or {"GET", "HEAD", "OPTIONS"} <= set(response.allow)


def test_a_class_s_own_handler_of_options_may_be_called_by_its_other_methods(app: Flask) -> None:
    class Items(MethodView):
        @for_app
        def get(self) -> str:
            return self.options()

        def post(self) -> str:
            return self.options()

        def options(self) -> str:
            return "own"

    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert answer(get(app)) == (200, APP)
    posted = app.test_client().post("/", headers={"Origin": APP})
    assert answer(posted) == (200, None)
    assert [get(app).text, posted.text] == ["own", "own"]


@pytest.mark.parametrize("make", [one_method, one_method_assigned_later, one_method_of_a_mixin])
def test_a_method_that_a_class_does_not_take_has_no_policy_of_another(
    make: Callable[[], type[View]],
) -> None:
    app = Flask(__name__)
    CORS(app, resources=[])
    app.add_url_rule("/", view_func=make().as_view("items"))
    for _ in range(2):
        assert answer(get(app)) == (200, APP)
        assert answer(app.test_client().post("/", headers={"Origin": APP})) == (405, None)
        assert answer(preflight(app, method="POST")) == (200, None)


def test_only_the_handler_of_options_that_is_decorated_has_the_policy() -> None:
    class Items(MethodView):
        def get(self) -> str:
            return "body"

        @for_app
        def options(self) -> str:
            return "own"

    app = Flask(__name__)
    CORS(app, resources=[])
    app.add_url_rule("/", view_func=Items.as_view("items"))
    client = app.test_client()
    assert answer(get(app)) == (200, None)
    assert answer(client.options("/", headers={"Origin": APP})) == (200, APP)
    assert answer(client.post("/", headers={"Origin": APP})) == (405, APP)


def test_a_decorated_class_keeps_its_other_decorators(app: Flask) -> None:
    def shouting(view: Callable[..., str]) -> Callable[..., str]:
        return lambda **arguments: view(**arguments).upper()

    @for_app
    class Items(MethodView):
        decorators = [shouting]  # noqa: RUF012  (as Flask documents it)

        def get(self) -> str:
            return "body"

    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert (get(app).text, answer(get(app))) == ("BODY", (200, APP))


def test_what_was_decorated_is_found_below_a_method(app: Flask) -> None:
    def written(self: object) -> str:
        return "body"

    written.__qualname__ = "Items.get"
    items = type("Items", (MethodView,), {"get": for_app(written)})
    assert inspect.unwrap(items.get) is written  # type: ignore[attr-defined]  # made above


@pytest.mark.parametrize("first", ["get", "post", "delete"])
def test_each_method_of_a_class_is_judged_when_the_app_is_set_up(first: str) -> None:
    plain: dict[str, Any] = dict.fromkeys(("get", "post", "delete"), lambda self: "body")
    wrong = cross_origin(origins="*")(plain[first])
    app = Flask(__name__)
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    app.add_url_rule("/", view_func=type("V", (MethodView,), {**plain, first: wrong}).as_view("v"))
    with pytest.raises(ConfigurationError, match="CORS_SUPPORTS_CREDENTIALS"):
        CORS(app, resources=[])


def test_a_called_function_may_return_nothing_and_leave_the_answer_to_its_caller(
    app: Flask,
) -> None:
    helper = for_app(lambda: None)
    app.add_url_rule("/", "view", lambda: helper() or "of the caller")
    assert get(app).text == "of the caller"


def test_a_called_function_waits_for_an_async_callable(app: Flask) -> None:
    async def tenants(origin: str) -> bool:
        return origin == APP

    helper = cross_origin(origins=tenants)(lambda: "body")
    app.add_url_rule("/", "view", lambda: (helper(), 200))
    assert [answer(get(app, origin=origin))[1] for origin in (APP, EVIL)] == [APP, None]


def at_module_level() -> str:
    return "body"


def test_a_decorated_function_stays_a_function_that_a_class_binds() -> None:
    decorated = for_app(at_module_level)
    assert inspect.isfunction(decorated)
    assert type("Holder", (), {"method": decorated})().method.__func__ is decorated


def test_the_methods_that_a_view_requires_stay_required(app: Flask) -> None:
    def view() -> str:
        return request.method

    view.required_methods = {"PURGE"}  # type: ignore[attr-defined]  # Flask reads it
    app.add_url_rule("/", "view", for_app(view))
    assert app.test_client().open("/", method="PURGE").text == "PURGE"


def test_a_function_that_leaves_options_to_its_caller_opens_the_answer_of_a_call() -> None:
    helper = cross_origin(origins=APP, automatic_options=False)(lambda: "own")
    app = Flask(__name__)
    app.add_url_rule("/", "view", lambda: (helper(), 200), methods=["OPTIONS"])
    response = preflight(app)
    assert answer(response) == (200, APP)
    assert response.text == "own"


def test_each_method_of_a_class_has_its_own_policy_and_preflight(app: Flask) -> None:
    class Items(MethodView):
        @cross_origin(origins="https://reader.example")
        def get(self) -> str:
            return "read"

        @cross_origin(origins="https://writer.example", max_age=5)
        def post(self) -> str:
            return "written"

    app.add_url_rule("/", view_func=Items.as_view("items"))
    reader, writer = "https://reader.example", "https://writer.example"
    assert (200, reader) == answer(preflight(app, method="GET", origin=reader))
    assert (200, reader) == answer(preflight(app, method="HEAD", origin=reader))
    assert answer(preflight(app, method="POST", origin=reader)) == (200, None)
    granted = preflight(app, method="POST", origin=writer)
    assert (200, writer) == answer(granted)
    assert granted.headers[MAX_AGE] == "5"
    client = app.test_client()
    assert (200, writer) == answer(client.post("/", headers={"Origin": writer}))
    assert answer(client.post("/", headers={"Origin": reader})) == (200, None)
    assert (200, reader) == answer(client.head("/", headers={"Origin": reader}))


@pytest.mark.parametrize("extension", [True, False], ids=["extension", "alone"])
@pytest.mark.parametrize("named", [None, {"GET"}], ids=["collected", "named"])
def test_a_handler_of_head_may_have_a_policy_that_get_does_not(
    named: set[str] | None, extension: bool
) -> None:
    app = Flask(__name__)
    if extension:
        CORS(app, resources=[])

    class Items(MethodView):
        if named:
            methods = named

        def get(self) -> str:
            return "body"

        @for_app
        def head(self) -> NoReturn:
            abort(404)

    app.add_url_rule("/", view_func=Items.as_view("items"))
    client = app.test_client()
    for _ in range(2):
        assert answer(client.get("/", headers={"Origin": APP})) == (200, None)
        assert answer(client.head("/", headers={"Origin": APP})) == (404, APP)


@pytest.mark.parametrize("resource", [None, RESOURCE], ids=["none", "resource"])
def test_a_method_without_a_policy_of_its_own_has_none_or_the_resources(
    resource: str | None,
) -> None:
    app = Flask(__name__)
    if resource:
        CORS(app, origins=resource)

    class Items(MethodView):
        @for_app
        def get(self) -> str:
            return "read"

        def post(self) -> str:
            return "written"

    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert answer(preflight(app, method="POST", origin=APP)) == (200, None)
    assert (200, resource) == answer(preflight(app, method="POST", origin=RESOURCE))


def test_a_decorated_class_wins_over_what_is_on_its_methods(app: Flask) -> None:
    @for_app
    class Items(MethodView):
        @cross_origin(origins=EVIL)
        def get(self) -> str:
            return "body"

    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert answer(get(app)) == (200, APP)
    assert answer(preflight(app)) == (200, APP)
    assert answer(preflight(app, origin=EVIL)) == (200, None)


def test_decorating_a_subclass_leaves_its_base_as_it_was(app: Flask) -> None:
    class Base(MethodView):
        def get(self) -> str:
            return "body"

    @for_app
    class Items(Base):
        pass

    app.add_url_rule("/base", view_func=Base.as_view("base"))
    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert answer(get(app, "/base")) == (200, None)
    assert answer(preflight(app, "/base")) == (200, None)
    assert answer(preflight(app)) == (200, APP)


def test_a_decorated_class_stays_the_class_it_is() -> None:
    class Items(MethodView):
        pass

    assert Items is for_app(Items)
    assert Items is cross_origin(Items)


def test_the_arguments_of_as_view_and_of_the_url_reach_a_decorated_class(app: Flask) -> None:
    @for_app
    class Items(MethodView):
        def __init__(self, prefix: str) -> None:
            self.prefix = prefix

        def get(self, name: str) -> str:
            return self.prefix + name

    app.add_url_rule("/<name>", view_func=Items.as_view("items", prefix="a-"))
    assert get(app, "/tea").text == "a-tea"


def test_an_async_method_stays_a_coroutine_function() -> None:
    class Items(MethodView):
        @for_app
        async def get(self) -> str:
            return "body"

        @for_app
        @cross_origin
        async def post(self) -> str:
            return "body"

    assert inspect.iscoroutinefunction(Items.get)
    assert inspect.iscoroutinefunction(Items().get)
    assert inspect.iscoroutinefunction(Items.post)


def test_another_decorator_sees_an_async_method_as_a_coroutine_function() -> None:
    seen = []

    def looking(view: Callable[..., object]) -> Callable[..., object]:
        seen.append(inspect.iscoroutinefunction(view))
        return view

    class Items(MethodView):
        @looking
        @for_app
        async def get(self) -> str:
            return "body"

    assert seen == [True]
    assert inspect.iscoroutinefunction(Items.get)


@pytest.mark.parametrize(
    "name", ["index", "async_index", "static", "async_static", "of_class", "async_of_class"]
)
def test_methods_of_a_plain_class_are_views(app: Flask, name: str) -> None:
    class Pages:
        @for_app
        def index(self) -> str:
            return "Pages"

        @for_app
        async def async_index(self) -> str:
            return "Pages"

        @staticmethod
        @for_app
        def static() -> str:
            return "Pages"

        @staticmethod
        @for_app
        async def async_static() -> str:
            return "Pages"

        @classmethod
        @for_app
        async def async_of_class(cls) -> str:
            return cls.__name__

        @classmethod
        @for_app
        def of_class(cls) -> str:
            return cls.__name__

    serve(app, getattr(Pages(), name))
    assert answer(get(app)) == (200, APP)
    assert answer(preflight(app)) == (200, APP)
    assert get(app).text == "Pages"


def test_a_function_in_a_class_body_can_be_called_there() -> None:
    class Pages:
        @for_app
        def index(self) -> str:
            return "body"

        name = index.__name__

    assert Pages.name == "index"
    assert Pages.index.__name__ == "index"


# Stacked -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stacked",
    [
        pytest.param(lambda: passing(for_app(sync_view)), id="below"),
        pytest.param(lambda: for_app(passing(sync_view)), id="above"),
        pytest.param(lambda: passing(for_app(passing(sync_view))), id="between"),
        pytest.param(lambda: passing_async(for_app(async_view)), id="async-below"),
        pytest.param(lambda: for_app(passing_async(async_view)), id="async-above"),
        pytest.param(lambda: for_app(passing(async_view)), id="sync-over-async"),
    ],
)
def test_other_decorators_may_stand_above_and_below(
    app: Flask, stacked: Callable[[], object]
) -> None:
    serve(app, stacked())
    assert answer(get(app)) == (200, APP)
    assert answer(preflight(app)) == (200, APP)
    assert get(app).text == "body"


@pytest.mark.parametrize("view", [sync_view, async_view], ids=["sync", "async"])
@pytest.mark.parametrize("between", [False, True], ids=["directly", "with-another-between"])
def test_of_two_the_outermost_holds(app: Flask, view: Callable[..., object], between: bool) -> None:
    inner = cross_origin(origins=EVIL, expose_headers="X-Inner", max_age=9)(view)
    if between:
        inner = passing(inner)
    serve(app, for_app(inner))
    assert answer(get(app)) == (200, APP)
    assert "Access-Control-Expose-Headers" not in get(app).headers
    assert answer(get(app, origin=EVIL)) == (200, None)
    assert answer(preflight(app)) == (200, APP)
    assert MAX_AGE not in preflight(app).headers
    assert answer(preflight(app, origin=EVIL)) == (200, None)


def test_the_views_policy_wins_over_the_apps_resource() -> None:
    app = Flask(__name__)
    CORS(app, resources={"/": {"origins": RESOURCE, "expose_headers": "X-Resource"}})
    serve(app, for_app(sync_view))
    response = get(app)
    assert answer(response) == (200, APP)
    assert "Access-Control-Expose-Headers" not in response.headers
    assert answer(get(app, origin=RESOURCE)) == (200, None)
    assert answer(preflight(app, origin=RESOURCE)) == (200, None)


def test_the_views_policy_wins_over_the_blueprints(app: Flask) -> None:
    blueprint = Blueprint("api", __name__)
    CORS(blueprint, origins="https://blueprint.example")
    blueprint.add_url_rule("/", "view", for_app(sync_view))
    blueprint.add_url_rule("/beside", "beside", sync_view)
    app.register_blueprint(blueprint)
    assert answer(get(app)) == (200, APP)
    assert answer(preflight(app)) == (200, APP)
    assert answer(preflight(app, origin="https://blueprint.example")) == (200, None)
    assert answer(get(app, "/beside", "https://blueprint.example")) == (
        200,
        "https://blueprint.example",
    )


def test_a_response_that_says_it_itself_is_left_alone(app: Flask) -> None:
    @app.route("/")
    @for_app
    def view() -> Response:
        return Response("body", headers={ALLOW_ORIGIN: "https://own.example"})

    assert get(app).headers.getlist(ALLOW_ORIGIN) == ["https://own.example"]


def test_other_fields_of_the_response_stay(app: Flask) -> None:
    @app.route("/")
    @cross_origin(origins=[APP, "https://b.example"])
    def view() -> Response:
        response = Response("body", headers={"Vary": "Accept-Encoding"})
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    response = get(app)
    assert len(response.headers.getlist("Set-Cookie")) == 2
    assert ", ".join(response.headers.getlist("Vary")) == "Accept-Encoding, Origin"


# Responses that the view does not return ---------------------------------------------------------


def aborting() -> None:
    abort(404)


def aborting_with_a_response() -> None:
    abort(Response("stop", 418))


def raising_http() -> None:
    raise HTTPException(response=Response("stop", 418))


def failing() -> None:
    raise LookupError


async def aborting_async() -> None:
    await asyncio.sleep(0)
    abort(404)


async def failing_async() -> None:
    await asyncio.sleep(0)
    raise LookupError


def redirecting() -> object:
    return redirect("/elsewhere")


def streaming() -> Response:
    return Response(stream_with_context(iter(["a", "b"])), headers={"X-Streamed": "1"})


@pytest.mark.parametrize(
    ("view", "status"),
    [
        pytest.param(aborting, 404, id="abort-404"),
        pytest.param(aborting_with_a_response, 418, id="abort-response"),
        pytest.param(raising_http, 418, id="http-exception"),
        pytest.param(failing, 500, id="uncaught"),
        pytest.param(aborting_async, 404, id="async-abort"),
        pytest.param(failing_async, 500, id="async-uncaught"),
        pytest.param(redirecting, redirect("/").status_code, id="redirect"),
        pytest.param(streaming, 200, id="stream"),
    ],
)
def test_the_headers_reach_whatever_response_results(
    app: Flask, view: Callable[..., object], status: int
) -> None:
    serve(app, for_app(view))
    assert (status, APP) == answer(get(app))
    assert (status, None) == answer(get(app, origin=EVIL))


@pytest.mark.parametrize(
    ("caught", "view", "status"),
    [
        pytest.param(404, aborting, 299, id="of-status"),
        pytest.param(LookupError, failing, 299, id="of-exception"),
        pytest.param(500, failing, 299, id="of-500"),
        pytest.param(Exception, failing_async, 299, id="of-any"),
    ],
)
def test_the_headers_reach_the_response_of_an_error_handler(
    app: Flask, caught: type[Exception] | int, view: Callable[..., object], status: int
) -> None:
    app.register_error_handler(caught, lambda error: ("handled", 299))
    serve(app, for_app(view))
    response = get(app)
    assert (status, APP) == answer(response)
    assert response.text == "handled"


@pytest.mark.parametrize("handled", [False, True], ids=["flasks-500", "own-500"])
def test_intercept_exceptions_off_by_configuration_leaves_the_500_bare(
    configured: Callable[..., Flask], handled: bool
) -> None:
    app = configured(CORS_INTERCEPT_EXCEPTIONS="false")
    if handled:
        app.register_error_handler(500, lambda error: ("handled", 500))
    serve(app, for_app(failing), "/failing")
    serve(app, for_app(aborting), "/aborting")
    assert answer(get(app, "/failing")) == (500, None)
    assert answer(get(app, "/aborting")) == (404, APP)


def test_with_intercept_exceptions_off_a_caught_exception_is_none() -> None:
    app = Flask(__name__)
    app.config["CORS_INTERCEPT_EXCEPTIONS"] = False
    app.register_error_handler(LookupError, lambda error: ("handled", 299))
    serve(app, for_app(failing))
    assert answer(get(app)) == (299, APP)


@pytest.mark.parametrize("hook", ["before_request", "url_value_preprocessor"])
def test_a_hook_that_answers_before_the_view_has_the_views_policy(hook: str) -> None:
    app = Flask(__name__)
    CORS(app, origins=RESOURCE)

    def authenticate(*args: object) -> None:
        abort(401)

    getattr(app, hook)(authenticate)
    serve(app, for_app(sync_view))
    assert answer(get(app)) == (401, APP)
    assert answer(get(app, origin=RESOURCE)) == (401, None)
    assert answer(preflight(app)) == (200, APP)


def test_a_hook_that_answers_before_the_view_has_the_policy_of_its_class_method() -> None:
    app = Flask(__name__)
    CORS(app, origins=RESOURCE)
    app.before_request(lambda: ("who are you?", 401))

    class Items(MethodView):
        @for_app
        def get(self) -> str:
            return "body"

    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert answer(get(app)) == (401, APP)
    assert answer(app.test_client().head("/", headers={"Origin": APP})) == (401, APP)


# Several apps, and the configuration -------------------------------------------------------------

shared_view = cross_origin(methods=["GET"])(sync_view)


def test_apps_that_share_a_view_each_have_their_own_policy() -> None:
    apps = {}
    for name in ("a", "b"):
        apps[name] = app = Flask(name)
        app.config["CORS_ORIGINS"] = f"https://{name}.example"
        serve(app, shared_view)
    for _ in range(2):
        assert answer(get(apps["a"], origin="https://a.example")) == (200, "https://a.example")
        assert answer(get(apps["a"], origin="https://b.example")) == (200, None)
        assert answer(get(apps["b"], origin="https://b.example")) == (200, "https://b.example")
        assert answer(get(apps["b"], origin="https://a.example")) == (200, None)


def test_an_app_that_shares_a_view_can_be_wrong_while_another_is_right() -> None:
    right, wrong = Flask("right"), Flask("wrong")
    wrong.testing = True
    wrong.config["CORS_MAX_AGE"] = "soon"
    for app in (right, wrong):
        serve(app, shared_view)
    assert answer(get(right)) == (200, APP)
    with pytest.raises(ConfigurationError, match="CORS_MAX_AGE"):
        get(wrong)
    assert answer(get(right)) == (200, APP)


class Counted(dict[str, object]):
    """A configuration that counts how often its `CORS_*` keys may have been read."""

    reads = 0

    def __iter__(self) -> Iterator[str]:
        self.reads += 1
        return super().__iter__()

    def items(self) -> object:  # type: ignore[override]  # counts, and returns the same
        self.reads += 1
        return super().items()

    def keys(self) -> object:  # type: ignore[override]  # as above
        self.reads += 1
        return super().keys()

    def get(self, key: str, default: object = None) -> object:
        self.reads += key.startswith("CORS_")
        return super().get(key, default)

    def __getitem__(self, key: str) -> object:
        self.reads += key.startswith("CORS_")
        return super().__getitem__(key)


@pytest.mark.parametrize("view", [sync_view, async_view], ids=["sync", "async"])
def test_the_options_meet_the_configuration_once_per_app(
    app: Flask, view: Callable[..., object]
) -> None:
    serve(app, for_app(view))
    app.config = Counted(app.config, CORS_EXPOSE_HEADERS="X-Configured")  # type: ignore[assignment]  # counts
    get(app)
    preflight(app)
    reads = app.config.reads  # type: ignore[attr-defined]  # as above
    for _ in range(3):
        assert get(app).headers["Access-Control-Expose-Headers"] == "X-Configured"
        preflight(app)
    assert reads == app.config.reads  # type: ignore[attr-defined]  # as above


def test_a_key_that_is_set_before_the_first_request_counts(app: Flask) -> None:
    serve(app, cross_origin(sync_view))
    app.config["CORS_EXPOSE_HEADERS"] = "X-Late"
    assert get(app).headers["Access-Control-Expose-Headers"] == "X-Late"


def test_what_the_decorator_says_wins_over_the_configuration() -> None:
    app = Flask(__name__)
    app.config.update(CORS_ORIGINS=RESOURCE, CORS_MAX_AGE=1, CORS_EXPOSE_HEADERS="X-Configured")
    serve(app, cross_origin(origins=APP, max_age=2)(sync_view))
    assert answer(get(app)) == (200, APP)
    assert get(app).headers["Access-Control-Expose-Headers"] == "X-Configured"
    assert preflight(app).headers[MAX_AGE] == "2"


def test_none_stands_for_not_given() -> None:
    app = Flask(__name__)
    app.config["CORS_EXPOSE_HEADERS"] = "X-Configured"
    serve(app, cross_origin(origins=APP, expose_headers=None)(sync_view))
    assert get(app).headers["Access-Control-Expose-Headers"] == "X-Configured"


@pytest.mark.parametrize(
    ("config", "options", "code"),
    [
        pytest.param({"CORS_ORIGINS": None}, {}, "origin-unset", id="unset"),
        pytest.param({"CORS_ORIGINS": "localhost:3000"}, {}, "origin-scheme", id="no-scheme"),
        pytest.param({"CORS_MAX_AGE": "soon"}, {"origins": APP}, "max-age", id="max-age"),
        pytest.param(
            {"CORS_SUPPORTS_CREDENTIALS": "1"}, {}, "credentials-wildcard", id="credentials"
        ),
        pytest.param(
            {"CORS_ORIGINS": "*"},
            {"supports_credentials": True},
            "credentials-wildcard",
            id="wildcard",
        ),
    ],
)
@pytest.mark.parametrize("ask", [get, preflight], ids=["actual", "preflight"])
def test_what_is_wrong_only_with_the_app_raises_at_the_first_use(
    app: Flask,
    ask: Callable[[Flask], object],
    config: dict[str, object],
    options: dict[str, object],
    code: str,
) -> None:
    app.testing = True
    serve(app, cross_origin(**options)(sync_view))  # type: ignore[arg-type]  # from a table
    app.config.update(config)
    with pytest.raises(ConfigurationError) as raised:
        ask(app)
    assert [code] == [problem.code for problem in raised.value.problems]


def test_credentials_are_right_where_the_app_names_the_origins() -> None:
    app = Flask(__name__)
    app.config["CORS_ORIGINS"] = APP
    serve(app, cross_origin(supports_credentials=True)(sync_view))
    assert get(app).headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        pytest.param({"origin": APP}, ["option-unknown"], id="misspelt"),
        pytest.param({"resources": "/*"}, ["option-unknown"], id="resources"),
        pytest.param({"intercept_exceptions": False}, ["option-unknown"], id="of-the-extension"),
        pytest.param({"origins": "localhost:3000"}, ["origin-scheme"], id="no-scheme"),
        pytest.param({"origins": None}, ["origin-unset"], id="unset"),
        pytest.param(
            {"origins": "*", "supports_credentials": True}, ["credentials-wildcard"], id="wildcard"
        ),
        pytest.param(
            {"origins": "null", "supports_credentials": True}, ["credentials-null"], id="null"
        ),
        pytest.param(
            {"methods": "TRACE", "max_age": -1, "expose_headers": "a b"},
            ["method-forbidden", "max-age", "header-name"],
            id="all-at-once",
        ),
        pytest.param({"automatic_options": "perhaps"}, ["boolean"], id="boolean"),
    ],
)
def test_what_the_decorator_itself_shows_raises_when_decorating(
    options: dict[str, object], codes: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        cross_origin(**options)  # type: ignore[arg-type]  # what is tested
    assert codes == [problem.code for problem in raised.value.problems]


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(APP, id="origin"),
        pytest.param([APP], id="origins"),
        pytest.param({"origins": APP}, id="options"),
        pytest.param(True, id="bool"),
        pytest.param(object, id="class"),
        pytest.param(Flask("app"), id="app"),
    ],
)
def test_what_is_no_view_raises_when_decorating(view: object) -> None:
    with pytest.raises(ConfigurationError) as raised:
        cross_origin(view)  # type: ignore[call-overload]  # what is tested
    assert [problem.code for problem in raised.value.problems] == ["not-a-view"]
    assert "cross_origin(origins=" in raised.value.problems[0].message
    with pytest.raises(ConfigurationError, match="not-a-view"):
        cross_origin()(view)  # type: ignore[call-overload]  # what is tested


def test_an_origin_callable_without_its_name_raises_when_a_view_is_decorated() -> None:
    def is_tenant(origin: str) -> bool:
        raise AssertionError(origin)

    decorate: Any = cross_origin(is_tenant)
    with pytest.raises(ConfigurationError, match=r"is_tenant.* cross_origin\(origins=") as raised:
        decorate(sync_view)
    assert [problem.code for problem in raised.value.problems] == ["not-a-view"]


def test_a_decorated_view_may_take_a_callable(app: Flask) -> None:
    run = cross_origin(origins=APP)(lambda function: function())
    with app.test_request_context(headers={"Origin": APP}):
        assert run(lambda: "called").headers["Access-Control-Allow-Origin"] == APP


def test_doubts_about_the_decorator_are_told_once(recwarn: pytest.WarningsRecorder) -> None:
    app = Flask(__name__)
    with pytest.warns(CORSWarning, match="allow_private_network") as told:
        decorated = cross_origin(origins=APP, allow_private_network=True)(sync_view)
    assert [__file__] == [warning.filename for warning in told]
    serve(app, decorated)
    assert answer(get(app)) == (200, APP)
    # Flask 2.2 has warnings of its own on newer Pythons.
    assert [warning for warning in recwarn.list if warning.category is CORSWarning] == []


def test_options_given_as_iterators_are_read_once(app: Flask) -> None:
    serve(app, cross_origin(origins=iter([APP]), methods=iter(["GET"]))(sync_view))
    for _ in range(2):
        assert answer(get(app)) == (200, APP)
        assert preflight(app).headers[ALLOW_METHODS] == "GET"


def test_one_decorator_serves_several_views(app: Flask) -> None:
    serve(app, for_app(sync_view), "/a")
    serve(app, for_app(async_view), "/b")
    assert [answer(get(app, path)) for path in ("/a", "/b")] == [(200, APP), (200, APP)]


# Contexts, and origin callables ------------------------------------------------------------------

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def test_after_an_await_contexts_are_the_views_own(app: Flask) -> None:
    app.secret_key = "key"

    @app.before_request
    def prepare() -> None:
        g.user = "ann"

    @app.route("/<path:rest>")
    @for_app
    async def view(rest: str) -> dict[str, object]:
        variable.set("in-view")
        session["seen"] = "yes"
        await asyncio.sleep(0)
        return {
            "app": current_app.name,
            "path": request.path,
            "user": g.user,
            "seen": session["seen"],
            "variable": variable.get(),
        }

    response = get(app, "/some/path")
    assert response.get_json() == {
        "app": app.name,
        "path": "/some/path",
        "user": "ann",
        "seen": "yes",
        "variable": "in-view",
    }
    assert "session=" in response.headers["Set-Cookie"]
    assert answer(response) == (200, APP)


def test_views_run_at_the_same_time_do_not_see_each_others_context(app: Flask) -> None:
    @app.route("/<name>")
    @for_app
    async def view(name: str) -> str:
        variable.set(name)
        await asyncio.sleep(0.01)
        return variable.get() + request.path

    async def ask(name: str) -> str:
        return (await asyncio.to_thread(get, app, f"/{name}")).text

    async def ask_all() -> list[str]:
        return await asyncio.gather(*(ask(name) for name in "abcd"))

    assert [f"{name}/{name}" for name in "abcd"] == asyncio.run(ask_all())


def counted(
    allow: Callable[[str], bool], asked: list[str], *, asynchronous: bool
) -> Callable[[str], object]:
    async def predicate_async(origin: str) -> bool:
        await asyncio.sleep(0)
        asked.append(origin)
        return allow(origin)

    def predicate(origin: str) -> bool:
        asked.append(origin)
        return allow(origin)

    return predicate_async if asynchronous else predicate


def is_app(origin: str) -> bool:
    return origin == APP


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync-callable", "async-callable"])
@pytest.mark.parametrize(
    "view", [sync_view, async_view, aborting, failing], ids=lambda v: v.__name__
)
@pytest.mark.parametrize("ask", [get, preflight], ids=["actual", "preflight"])
@pytest.mark.parametrize("origin", [APP, EVIL], ids=["allowed", "refused"])
def test_an_origin_callable_is_asked_once_a_request(
    app: Flask,
    asynchronous: bool,
    view: Callable[..., object],
    ask: Callable[..., TestResponse],
    origin: str,
) -> None:
    asked: list[str] = []
    predicate = counted(is_app, asked, asynchronous=asynchronous)
    serve(app, cross_origin(origins=predicate)(view))  # type: ignore[arg-type]  # sync or async
    response = ask(app, origin=origin)
    assert [origin] == asked
    assert (APP if origin == APP else None) == response.headers.get(ALLOW_ORIGIN)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync-callable", "async-callable"])
@pytest.mark.parametrize("make", [in_decorators, one_method], ids=lambda make: make.__name__)
def test_an_origin_callable_of_a_class_is_asked_once_a_request(
    app: Flask, asynchronous: bool, make: Callable[[], type[View]]
) -> None:
    asked: list[str] = []
    predicate = counted(is_app, asked, asynchronous=asynchronous)
    policy = cross_origin(origins=predicate)  # type: ignore[arg-type]  # sync or async

    class Items(MethodView):
        decorators = [policy] if make is in_decorators else []

        @(policy if make is one_method else passing)
        def get(self) -> str:
            return "body"

    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert answer(get(app)) == (200, APP)
    assert answer(preflight(app)) == (200, APP)
    assert asked == [APP, APP]


def test_an_origin_callable_is_asked_once_though_preflights_are_handed_to_the_view(
    app: Flask,
) -> None:
    asked: list[str] = []
    predicate = counted(is_app, asked, asynchronous=False)
    policy = cross_origin(origins=predicate, automatic_options=False)  # type: ignore[arg-type]  # any
    serve(app, policy(sync_view), methods=["OPTIONS", "GET"])
    assert answer(preflight(app)) == (200, APP)
    assert asked == [APP]


def test_an_async_origin_callable_sees_the_request_of_a_sync_and_an_async_view(app: Flask) -> None:
    async def tenant(origin: str) -> bool:
        await asyncio.sleep(0)
        return request.path == "/" + origin.rpartition("/")[2].partition(".")[0]

    policy = cross_origin(origins=tenant)
    serve(app, policy(sync_view), "/app")
    serve(app, policy(async_view), "/evil")
    assert answer(get(app, "/app")) == (200, APP)
    assert answer(get(app, "/app", EVIL)) == (200, None)
    assert answer(get(app, "/evil", EVIL)) == (200, EVIL)
    assert answer(get(app, "/evil")) == (200, None)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync-callable", "async-callable"])
@pytest.mark.parametrize("view", [sync_view, async_view], ids=["sync", "async"])
def test_an_origin_callable_that_raises_refuses_and_is_logged(
    app: Flask,
    asynchronous: bool,
    view: Callable[..., object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(origin: str) -> bool:
        raise OSError(origin)

    predicate = counted(broken, [], asynchronous=asynchronous)
    serve(app, cross_origin(origins=predicate)(view))  # type: ignore[arg-type]  # sync or async
    assert answer(get(app)) == (200, None)
    assert [record.name for record in caplog.records] == ["flask_cors"]


@pytest.mark.asyncio
async def test_an_async_view_can_be_awaited_in_a_request_context() -> None:
    app = Flask(__name__)
    decorated = for_app(async_view)
    with app.test_request_context("/", headers={"Origin": APP}):
        called = await decorated()
    # No view was routed to, so it acts on what it returns.
    assert answer(called) == (200, APP)
    assert called.get_data(as_text=True) == "body"


@pytest.mark.asyncio
async def test_an_async_origin_callable_is_awaited_where_the_view_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def only_app(origin: str) -> bool:
        await asyncio.sleep(0)
        return is_app(origin)

    caplog.set_level("DEBUG", "flask_cors")
    with Flask(__name__).test_request_context("/", headers={"Origin": APP}):
        called = await cross_origin(origins=only_app)(async_view)()
    assert answer(called) == (200, APP)
    assert ["granted" in record.getMessage() for record in caplog.records] == [True]


def test_outside_a_request_a_decorated_view_says_so() -> None:
    with pytest.raises(RuntimeError, match="context"):
        for_app(sync_view)()


# One environment, several apps -------------------------------------------------------------------


def test_an_app_that_is_tried_after_another_one_decides_for_itself(
    configured: Callable[..., Flask],
) -> None:
    first, second = configured(), configured()
    serve(first, cross_origin(origins=EVIL)(aborting))
    serve(second, for_app(sync_view))

    def cascade(environ: dict[str, object], start_response: Callable[..., object]) -> object:
        tried = []
        parts = first.wsgi_app(environ, lambda *args: tried.append(args))
        b"".join(parts)
        return second.wsgi_app(environ, start_response)

    outer = Flask("outer")
    outer.wsgi_app = cascade  # type: ignore[method-assign]  # a server that tries one after the other
    assert answer(get(outer)) == (200, APP)
    assert answer(get(outer, origin=EVIL)) == (200, None)
    assert answer(preflight(outer)) == (200, APP)


def test_an_exception_of_the_app_tried_before_is_not_of_the_next() -> None:
    first, second = Flask("first"), Flask("second")
    for app in (first, second):
        app.config["CORS_INTERCEPT_EXCEPTIONS"] = False
    serve(first, for_app(failing))
    serve(second, for_app(sync_view))

    def cascade(environ: dict[str, object], start_response: Callable[..., object]) -> object:
        b"".join(first.wsgi_app(environ, lambda *args: None))
        return second.wsgi_app(environ, start_response)

    outer = Flask("outer")
    outer.wsgi_app = cascade  # type: ignore[method-assign]  # as above
    assert answer(get(outer)) == (200, APP)


# Memory ------------------------------------------------------------------------------------------


def test_a_view_that_is_decorated_for_each_request_leaves_nothing(app: Flask) -> None:
    made = []

    @app.route("/")
    def view() -> object:
        def fresh() -> str:
            return "body"

        made.append(weakref.ref(fresh))
        return for_this(fresh)()

    def for_this(fresh: Callable[..., object]) -> Callable[..., object]:
        return cross_origin(origins=lambda origin: fresh is not None)(fresh)

    for _ in range(3):
        assert answer(get(app)) == (200, APP)
    gc.collect()
    assert [reference() for reference in made] == [None] * 3


def test_a_decorator_does_not_keep_what_it_decorated() -> None:
    def fresh() -> str:
        return "body"

    reference = weakref.ref(fresh)
    decorator = cross_origin(origins=APP)
    decorator(fresh)
    del fresh
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("closing", [False, True], ids=["plain", "its-configuration-refers-to-it"])
def test_a_shared_view_does_not_keep_an_app(closing: bool) -> None:
    def use_app() -> weakref.ref[Flask]:
        app = Flask(__name__)
        serve(app, shared_view)
        if closing:
            app.config["CORS_ORIGINS"] = lambda origin: app.name != origin
        assert answer(get(app)) == (200, APP)
        return weakref.ref(app)

    reference = use_app()
    gc.collect()
    assert reference() is None


# What stands beside a decorated view --------------------------------------------------------------


def test_an_async_view_does_not_run_for_the_preflight_of_an_undecorated_one_beside_it() -> None:
    app, ran = Flask(__name__), []

    @app.get("/")
    @for_app
    async def read() -> str:
        ran.append("read")
        return "body"

    @app.put("/")
    def write() -> str:
        return "body"

    assert answer(preflight(app, method="PUT")) == (200, None)
    assert answer(preflight(app, method="GET")) == (200, APP)
    assert ran == []


@pytest.mark.parametrize("applied", [[for_app], {"get": [for_app]}], ids=["list", "by-method"])
def test_decorators_that_a_class_applies_to_its_methods_rule_their_preflights(
    applied: object,
) -> None:
    class Items(MethodView):
        method_decorators = applied  # as Flask-RESTful has it

        def get(self) -> str:
            return "body"

    app = Flask(__name__)
    CORS(app, origins=RESOURCE)
    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert answer(preflight(app)) == (200, APP)
    assert answer(preflight(app, origin=RESOURCE)) == (200, None)


# What comes before the view, and environments that are used again ---------------------------------


class Resource(MethodView):
    """Decorates a method when it is called, as those of Flask-RESTful do."""

    method_decorators: ClassVar[list[Callable[..., object]]] = []

    def dispatch_request(self, **kwargs: object) -> object:
        method = getattr(self, request.method.lower())
        for decorate in self.method_decorators:
            method = decorate(method)
        return method(**kwargs)


def test_a_view_that_was_never_reached_has_its_policy_too() -> None:
    class Admin(Resource):
        method_decorators: ClassVar[list[Callable[..., object]]] = [cross_origin(origins=RESOURCE)]

        def get(self) -> str:
            return "secret"

    app = Flask(__name__)
    CORS(app)
    app.before_request(lambda: ("Who are you?", 401))
    app.add_url_rule("/", view_func=Admin.as_view("admin"))
    response = get(app, origin=APP)
    assert answer(response) == (401, None)


def test_a_method_that_is_decorated_at_each_call_leaves_nothing(app: Flask) -> None:
    class Public(Resource):
        method_decorators: ClassVar[list[Callable[..., object]]] = [cross_origin()]

        def get(self) -> str:
            return ""

    app.add_url_rule("/", view_func=Public.as_view("public"))
    assert bytes_left(lambda: get(app), times=300) < 50_000  # a view or its policy is 500 bytes


@every_door
def test_an_environment_that_is_used_again_is_decided_anew(door: Door) -> None:
    app = door(Flask(__name__))
    CORS(app, resources={"/open": {}, "/closed": {"origins": RESOURCE}})
    app.add_url_rule("/open", "open", cross_origin(lambda: ""))
    app.add_url_rule("/closed", "closed", lambda: "secret")
    environ = EnvironBuilder("/open", headers={"Origin": APP}).get_environ()
    started: list[tuple[str, str | None]] = []

    def start(status: str, lines: list[tuple[str, str]]) -> None:
        started.append((status, dict(lines).get(ALLOW_ORIGIN)))

    for path in ("/open", "/closed"):
        environ["PATH_INFO"] = path
        b"".join(app.wsgi_app(environ, start))
    assert started == [("200 OK", APP), ("200 OK", None)]


def test_a_view_that_calls_another_app_keeps_its_policy() -> None:
    inner, outer = Flask("inner"), Flask("outer")
    CORS(inner)
    CORS(outer)
    inner.add_url_rule("/", "inner", lambda: "inner")

    @cross_origin(origins=RESOURCE)
    def view() -> str:
        seen = []
        b"".join(inner.wsgi_app(request.environ, lambda *started: seen.append(started)))
        assert seen[0][0] == "200 OK"
        return "outer"

    outer.add_url_rule("/", "outer", view)
    assert answer(get(outer)) == (200, None)
