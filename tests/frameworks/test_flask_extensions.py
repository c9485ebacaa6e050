"""Flask extensions that make views, answer errors or ask for a log-in, all in front of CORS."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Request, Response, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from werkzeug.test import TestResponse

from flask_cors import CORS, cross_origin
from flask_cors.testing import Browser, CORSBlocked

if TYPE_CHECKING:
    import flask_compress
    import flask_httpauth
    import flask_login
    import flask_restful
    import flask_restful.fields
    import flask_restx
    import flask_restx.fields
    import flask_smorest
    import marshmallow
else:

    class Installed:
        """Is a module; who uses it where it is not installed is skipped."""

        def __init__(self, name):
            self.name = name

        def __getattr__(self, attribute):
            if attribute.startswith("_"):  # pytest looks at what a module holds
                raise AttributeError(attribute)
            pytest.importorskip(self.name, reason=f"{self.name} is not installed")
            try:
                return importlib.import_module(f"{self.name}.{attribute}")
            except ImportError:
                return getattr(importlib.import_module(self.name), attribute)

    flask_compress = Installed("flask_compress")
    flask_httpauth = Installed("flask_httpauth")
    flask_login = Installed("flask_login")
    flask_restful = Installed("flask_restful")
    flask_restx = Installed("flask_restx")
    flask_smorest = Installed("flask_smorest")
    marshmallow = Installed("marshmallow")

APP = "https://app.example"
OTHER = "https://other.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"

Decorators = Sequence[Callable[[Any], Any]]
Install = Callable[[Flask], object]


class TakenError(Exception):
    """Is what one of the APIs answers by a table or a handler of its own."""


def flask_app() -> Flask:
    app = Flask(__name__)
    app.config.from_mapping(API_TITLE="Items", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    return app


def ask(app: Flask, method: str, path: str, *, origin: str = APP, **fields: str) -> TestResponse:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return app.test_client().open(path, method=method, headers={"Origin": origin, **headers})


def preflight(app: Flask, path: str, *, origin: str = APP, method: str = "PUT") -> TestResponse:
    return ask(app, "OPTIONS", path, origin=origin, Access_Control_Request_Method=method)


def allowed(response: TestResponse) -> list[str]:
    return response.headers.getlist(ALLOW_ORIGIN)


def varies(response: TestResponse) -> list[str]:
    return [name.strip() for line in response.headers.getlist("Vary") for name in line.split(",")]


# Three ways to write an API of the same answers.


def with_restful(app: Flask | Blueprint, decorators: Decorators = ()) -> None:
    class Item(flask_restful.Resource):
        def get(self) -> ResponseReturnValue:
            return {"id": 1}

        def put(self) -> ResponseReturnValue:
            return {"id": 1}, 201

        def post(self) -> ResponseReturnValue:
            raise TakenError

        def delete(self) -> ResponseReturnValue:
            flask_restful.abort(422, message="Keep it")

        def patch(self) -> ResponseReturnValue:
            raise ValueError

    errors = {"TakenError": {"status": 409, "message": "Taken"}}
    api = flask_restful.Api(app, decorators=list(decorators), errors=errors)
    api.add_resource(Item, "/item")


def with_restx(app: Flask | Blueprint, decorators: Decorators = ()) -> None:
    items = flask_restx.Namespace("items", path="/", decorators=list(decorators))

    @items.route("/item")
    class Item(flask_restx.Resource):
        def get(self) -> ResponseReturnValue:
            return {"id": 1}

        def put(self) -> ResponseReturnValue:
            return {"id": 1}, 201

        def post(self) -> ResponseReturnValue:
            raise TakenError

        def delete(self) -> ResponseReturnValue:
            items.abort(422, "Keep it")
            return {}

        def patch(self) -> ResponseReturnValue:
            raise ValueError

    @items.errorhandler(TakenError)
    def taken(_error: TakenError) -> ResponseReturnValue:
        return {"message": "Taken"}, 409

    flask_restx.Api(app).add_namespace(items)


def with_smorest(app: Flask, decorators: Decorators = ()) -> None:
    items = flask_smorest.Blueprint("items", __name__)
    given = list(decorators)

    class ItemSchema(marshmallow.Schema):
        id = marshmallow.fields.Integer()

    @items.route("/item")
    class Item(MethodView):
        decorators = given

        @items.response(200, ItemSchema)
        def get(self) -> dict[str, int]:
            return {"id": 1, "secret": 2}

        @items.response(201, ItemSchema)
        def put(self) -> dict[str, int]:
            return {"id": 1}

        @items.response(200)
        def post(self) -> None:
            raise TakenError

        @items.response(204)
        def delete(self) -> None:
            flask_smorest.abort(422, message="Keep it")

        @items.response(200)
        def patch(self) -> None:
            raise ValueError

    @items.errorhandler(TakenError)
    def taken(_error: TakenError) -> ResponseReturnValue:
        return {"message": "Taken"}, 409

    flask_smorest.Api(app).register_blueprint(items)


APIS = [
    pytest.param(with_restful, id="flask-restful"),
    pytest.param(with_restx, id="flask-restx"),
    pytest.param(with_smorest, id="flask-smorest"),
]
ANSWERS = [
    pytest.param("GET", "/item", 200, id="view"),
    pytest.param("PUT", "/item", 201, id="view-after-a-preflight"),
    pytest.param("POST", "/item", 409, id="error-with-an-answer-of-its-own"),
    pytest.param("DELETE", "/item", 422, id="abort"),
    pytest.param("PATCH", "/item", 500, id="uncaught-exception"),
    pytest.param("GET", "/nothing", 404, id="no-such-url"),
    pytest.param("QUERY", "/item", 405, id="no-such-method"),
]


@pytest.mark.parametrize("install", APIS)
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_of_an_api_is_readable(
    install: Install, method: str, path: str, status: int
) -> None:
    app = flask_app()
    install(app)
    CORS(app, origins=[APP], methods="*")
    assert status == Browser(app, APP).fetch(method, path).status


@pytest.mark.parametrize("install", APIS)
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_no_answer_of_an_api_is_readable_for_others(
    install: Install, method: str, path: str, status: int
) -> None:
    app = flask_app()
    CORS(app, origins=[APP])
    install(app)
    response = ask(app, method, path, origin=OTHER)
    assert status == response.status_code
    assert allowed(response) == []
    with pytest.raises(CORSBlocked):
        Browser(app, OTHER).fetch(method, path)


@pytest.mark.parametrize("install", APIS)
def test_a_handler_of_the_app_s_own_makes_readable_answers_too(install: Install) -> None:
    app = flask_app()
    CORS(app, origins=[APP])
    install(app)

    @app.route("/plain")
    def plain() -> ResponseReturnValue:
        raise LookupError

    @app.errorhandler(LookupError)
    def not_there(_error: LookupError) -> ResponseReturnValue:
        return "Not there", 410

    response = ask(app, "GET", "/plain")
    assert (response.status_code, allowed(response)) == (410, [APP])


@pytest.mark.parametrize("install", APIS)
@pytest.mark.parametrize("extension", [True, False], ids=["with-extension", "alone"])
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS[:5])
def test_an_api_s_list_of_decorators_takes_cross_origin(
    *, install: Callable[..., object], extension: bool, method: str, path: str, status: int
) -> None:
    app = flask_app()
    if extension:
        CORS(app, origins=[OTHER])
    install(app, [cross_origin(origins=[APP])])
    assert status == Browser(app, APP).fetch(method, path).status
    with pytest.raises(CORSBlocked):
        Browser(app, OTHER).fetch(method, path)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/swagger.json", id="specification"),
        pytest.param("/", id="page"),
    ],
)
def test_the_swagger_views_of_restx_have_the_headers(path: str) -> None:
    app = flask_app()
    CORS(app, origins=[APP])
    with_restx(app)
    response = ask(app, "GET", path)
    assert (response.status_code, allowed(response)) == (200, [APP])


# The app says OTHER, the blueprint APP.


def restful_blueprint(app: Flask) -> None:
    blueprint = Blueprint("v1", __name__, url_prefix="/v1")
    CORS(blueprint, origins=[APP])
    with_restful(blueprint)
    app.register_blueprint(blueprint)


def restx_blueprint(app: Flask) -> None:
    blueprint = Blueprint("v1", __name__, url_prefix="/v1")
    CORS(blueprint, origins=[APP])
    with_restx(blueprint)
    app.register_blueprint(blueprint)


def smorest_blueprint(app: Flask) -> None:
    blueprint = flask_smorest.Blueprint("v1", __name__, url_prefix="/v1")
    CORS(blueprint, origins=[APP])

    @blueprint.route("/item")
    class Item(MethodView):
        @blueprint.response(201)
        def put(self) -> dict[str, int]:
            return {"id": 1}

        @blueprint.response(200)
        def patch(self) -> None:
            raise ValueError

    flask_smorest.Api(app).register_blueprint(blueprint)


@pytest.mark.parametrize(
    "install",
    [
        pytest.param(restful_blueprint, id="flask-restful"),
        pytest.param(restx_blueprint, id="flask-restx"),
        pytest.param(smorest_blueprint, id="flask-smorest"),
    ],
)
@pytest.mark.parametrize(
    ("method", "status"),
    [pytest.param("PUT", 201, id="view"), pytest.param("PATCH", 500, id="exception")],
)
def test_the_policy_of_a_blueprint_holds_for_the_api_in_it(
    install: Install, method: str, status: int
) -> None:
    app = flask_app()
    CORS(app, origins=[OTHER])
    install(app)
    assert status == Browser(app, APP).fetch(method, "/v1/item").status
    with pytest.raises(CORSBlocked):
        Browser(app, OTHER).fetch(method, "/v1/item")


# Where `cross_origin` may stand.

here = cross_origin(origins=[APP])


def restful_item(item: type[flask_restful.Resource], app: Flask) -> None:
    flask_restful.Api(app).add_resource(item, "/item")


def restful_method(app: Flask) -> None:
    class Item(flask_restful.Resource):
        @here
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    restful_item(Item, app)


def restful_method_below_a_decorator(app: Flask) -> None:
    class Item(flask_restful.Resource):
        @flask_restful.marshal_with({"id": flask_restful.fields.Integer})
        @here
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    restful_item(Item, app)


def restful_method_above_a_decorator(app: Flask) -> None:
    class Item(flask_restful.Resource):
        @here
        @flask_restful.marshal_with({"id": flask_restful.fields.Integer})
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    restful_item(Item, app)


def restful_class(app: Flask) -> None:
    @here
    class Item(flask_restful.Resource):
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    restful_item(Item, app)


def restful_class_list(app: Flask) -> None:
    class Item(flask_restful.Resource):
        decorators = [here]  # noqa: RUF012  (as Flask's documentation has it)

        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    restful_item(Item, app)


def restful_inherited_method(app: Flask) -> None:
    class Base(flask_restful.Resource):
        @here
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    class Item(Base):
        def get(self) -> ResponseReturnValue:
            return {"id": 1}

    restful_item(Item, app)


def restx_method(app: Flask) -> None:
    items = flask_restx.Namespace("items", path="/")

    @items.route("/item")
    class Item(flask_restx.Resource):
        @here
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    flask_restx.Api(app).add_namespace(items)


def restx_class(app: Flask) -> None:
    items = flask_restx.Namespace("items", path="/")

    @items.route("/item")
    @here
    class Item(flask_restx.Resource):
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    flask_restx.Api(app).add_namespace(items)


def restx_method_above_a_decorator(app: Flask) -> None:
    items = flask_restx.Namespace("items", path="/")

    @items.route("/item")
    class Item(flask_restx.Resource):
        @here
        @items.marshal_with({"id": flask_restx.fields.Integer})
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    flask_restx.Api(app).add_namespace(items)


def restx_api(app: Flask) -> None:
    items = flask_restx.Namespace("items", path="/")

    @items.route("/item")
    class Item(flask_restx.Resource):
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    flask_restx.Api(app, decorators=[here]).add_namespace(items)


def smorest_class(app: Flask) -> None:
    items = flask_smorest.Blueprint("items", __name__)

    @items.route("/item")
    @here
    class Item(MethodView):
        @items.response(200)
        def put(self) -> dict[str, int]:
            return {"id": 1}

    flask_smorest.Api(app).register_blueprint(items)


def smorest_method_above_a_decorator(app: Flask) -> None:
    items = flask_smorest.Blueprint("items", __name__)

    @items.route("/item")
    class Item(MethodView):
        @here
        @items.response(200)
        def put(self) -> dict[str, int]:
            return {"id": 1}

    flask_smorest.Api(app).register_blueprint(items)


def smorest_method_below_a_decorator(app: Flask) -> None:
    items = flask_smorest.Blueprint("items", __name__)

    @items.route("/item")
    class Item(MethodView):
        @items.response(200)
        @here
        def put(self) -> dict[str, int]:
            return {"id": 1}

    flask_smorest.Api(app).register_blueprint(items)


def smorest_function_above_a_decorator(app: Flask) -> None:
    items = flask_smorest.Blueprint("items", __name__)

    @items.route("/item", methods=["PUT"])
    @here
    @items.response(200)
    def put() -> dict[str, int]:
        return {"id": 1}

    flask_smorest.Api(app).register_blueprint(items)


def smorest_function_below_a_decorator(app: Flask) -> None:
    items = flask_smorest.Blueprint("items", __name__)

    @items.route("/item", methods=["PUT"])
    @items.response(200)
    @here
    def put() -> dict[str, int]:
        return {"id": 1}

    flask_smorest.Api(app).register_blueprint(items)


def smorest_async_function(app: Flask) -> None:
    items = flask_smorest.Blueprint("items", __name__)

    @items.route("/item", methods=["PUT"])
    @here
    async def put() -> dict[str, int]:
        return {"id": 1}

    flask_smorest.Api(app).register_blueprint(items)


PLACES = [
    restful_method,
    restful_method_below_a_decorator,
    restful_method_above_a_decorator,
    restful_class,
    restful_class_list,
    restful_inherited_method,
    restx_method,
    restx_method_above_a_decorator,
    restx_class,
    restx_api,
    smorest_class,
    smorest_method_above_a_decorator,
    smorest_method_below_a_decorator,
    smorest_function_above_a_decorator,
    smorest_function_below_a_decorator,
    smorest_async_function,
]


# Below another decorator the class does not get to know of the policy of a method, and Flask
# answers OPTIONS by itself.
NEED_THE_EXTENSION = (restful_method_below_a_decorator, smorest_method_below_a_decorator)


@pytest.mark.parametrize("install", PLACES, ids=lambda install: str(install.__name__))
@pytest.mark.parametrize("extension", [True, False], ids=["with-extension", "alone"])
def test_cross_origin_rules_its_view_wherever_it_stands(
    *, install: Install, extension: bool
) -> None:
    app = flask_app()
    if extension:
        CORS(app, origins=[OTHER])
    elif install in NEED_THE_EXTENSION:
        CORS(app, resources=[])
    install(app)
    fetched = Browser(app, APP).fetch("PUT", "/item", json={})
    assert (fetched.status, fetched.json()) == (200, {"id": 1})
    assert allowed(preflight(app, "/item", origin=OTHER)) == []
    assert allowed(ask(app, "PUT", "/item", origin=OTHER)) == []


def per_method(app: Flask) -> None:
    class Item(flask_restful.Resource):
        method_decorators = {"put": [here]}  # noqa: RUF012  (as Flask-RESTful has it)

        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    restful_item(Item, app)


def for_all_methods(app: Flask) -> None:
    class Item(flask_restful.Resource):
        method_decorators = [here]  # noqa: RUF012  (as Flask-RESTful has it)

        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    restful_item(Item, app)


def for_all_methods_of_restx(app: Flask) -> None:
    class Item(flask_restx.Resource):
        method_decorators = [here]  # noqa: RUF012  (as Flask-RESTX has it)

        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    items = flask_restx.Namespace("items", path="/")
    items.route("/item")(Item)
    flask_restx.Api(app).add_namespace(items)


METHOD_DECORATORS = [per_method, for_all_methods, for_all_methods_of_restx]


@pytest.mark.parametrize("install", METHOD_DECORATORS)
@pytest.mark.parametrize("extension", [True, False], ids=["with-extension", "alone"])
def test_method_decorators_rule_the_actual_request(*, install: Install, extension: bool) -> None:
    app = flask_app()
    if extension:
        CORS(app, origins=[OTHER])
    install(app)
    assert allowed(ask(app, "PUT", "/item")) == [APP]
    refused = ask(app, "PUT", "/item", origin=OTHER)
    assert allowed(refused) == []
    assert "Origin" in varies(refused)


@pytest.mark.parametrize("install", METHOD_DECORATORS)
def test_method_decorators_rule_the_preflight_with_the_extension(install: Install) -> None:
    app = flask_app()
    CORS(app, origins=[OTHER])
    install(app)
    assert allowed(preflight(app, "/item", origin=OTHER)) == []
    assert allowed(preflight(app, "/item")) == [APP]


def test_documentation_given_above_cross_origin_is_kept() -> None:
    app = flask_app()
    items = flask_restx.Namespace("items", path="/")

    @items.route("/item")
    class Item(flask_restx.Resource):
        @items.doc("list_items")
        @here
        def get(self) -> ResponseReturnValue:
            return {"id": 1}

    flask_restx.Api(app).add_namespace(items)
    specification = json.loads(app.test_client().get("/swagger.json").data)
    assert specification["paths"]["/item"]["get"]["operationId"] == "list_items"


# Exceptions that are left alone.


@pytest.mark.parametrize("install", APIS)
@pytest.mark.parametrize("decorated", [True, False], ids=["decorator", "extension"])
@pytest.mark.parametrize(
    ("method", "status", "origins"),
    [
        pytest.param("GET", 200, [APP], id="view"),
        pytest.param("DELETE", 422, [APP], id="abort"),
        pytest.param("POST", 409, [APP], id="error-with-an-answer-of-its-own"),
        pytest.param("PATCH", 500, [], id="uncaught-exception"),
    ],
)
def test_only_uncaught_exceptions_go_without_headers_where_not_intercepted(
    *,
    install: Callable[..., object],
    decorated: bool,
    method: str,
    status: int,
    origins: list[str],
) -> None:
    app = flask_app()
    app.config["CORS_INTERCEPT_EXCEPTIONS"] = False
    if decorated:
        install(app, [cross_origin(origins=[APP])])
    else:
        install(app)
        CORS(app, origins=[APP])
    response = ask(app, method, "/item")
    assert (status, origins) == (response.status_code, allowed(response))


def test_what_the_app_s_handler_answers_behind_restful_has_headers_where_not_intercepted() -> None:
    app = flask_app()
    app.config["PROPAGATE_EXCEPTIONS"] = True  # Flask-RESTful then leaves errors to the app
    CORS(app, origins=[APP], intercept_exceptions=False)
    with_restful(app)

    @app.errorhandler(ValueError)
    def bad(_error: ValueError) -> ResponseReturnValue:
        return "Bad", 400

    response = ask(app, "PATCH", "/item")
    assert (response.status_code, allowed(response)) == (400, [APP])


# Who asks for a log-in.


def basic_auth() -> flask_httpauth.HTTPBasicAuth:
    auth = flask_httpauth.HTTPBasicAuth()

    @auth.verify_password
    def verify(name: str, password: str) -> str | None:
        return name if password == "right" else None

    return auth


def basic_hook(app: Flask) -> None:
    @app.before_request
    @basic_auth().login_required
    def guard() -> None:
        return None

    @app.put("/item")
    def put() -> ResponseReturnValue:
        return {"id": 1}


def basic_decorator(app: Flask) -> None:
    @app.put("/item")
    @basic_auth().login_required
    def put() -> ResponseReturnValue:
        return {"id": 1}


def basic_api(app: Flask) -> None:
    class Item(flask_restful.Resource):
        def put(self) -> ResponseReturnValue:
            return {"id": 1}

    decorators = [basic_auth().login_required]
    flask_restful.Api(app, decorators=decorators).add_resource(Item, "/item")


def user_of(request: Request) -> flask_login.UserMixin | None:
    credentials = request.authorization
    known = credentials is not None and credentials.password == "right"
    return flask_login.UserMixin() if known else None


def login_hook(app: Flask) -> None:
    manager = flask_login.LoginManager(app)
    manager.request_loader(user_of)

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        known = bool(flask_login.current_user.is_authenticated)
        return None if known else manager.unauthorized()

    @app.put("/item")
    def put() -> ResponseReturnValue:
        return {"id": 1}


def login_decorator(app: Flask) -> None:
    flask_login.LoginManager(app).request_loader(user_of)

    @app.put("/item")
    @flask_login.login_required
    def put() -> ResponseReturnValue:
        return {"id": 1}


GUARDS = [basic_hook, basic_decorator, basic_api, login_hook, login_decorator]
RIGHT = {"Authorization": "Basic YW5uOnJpZ2h0"}
WRONG = {"Authorization": "Basic YW5uOndyb25n"}


@pytest.mark.parametrize("install", GUARDS, ids=lambda install: str(install.__name__))
@pytest.mark.parametrize("early", [True, False], ids=["cors-first", "cors-last"])
@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        pytest.param({}, 401, id="none"),
        pytest.param(WRONG, 401, id="wrong"),
        pytest.param(RIGHT, 200, id="right"),
    ],
)
def test_a_preflight_needs_no_log_in_and_the_answer_to_who_lacks_one_is_readable(
    *, install: Install, early: bool, credentials: dict[str, str], status: int
) -> None:
    app = flask_app()
    if early:
        CORS(app, origins=[APP])
    install(app)
    if not early:
        CORS(app, origins=[APP])
    fetched = Browser(app, APP).fetch("PUT", "/item", headers=credentials)
    assert status == fetched.status
    assert len(fetched.outcome.exchanges) == 2  # with the preflight


def login_above(app: Flask) -> None:
    @app.put("/item")
    @basic_auth().login_required
    @here
    def put() -> ResponseReturnValue:
        return {"id": 1}


def login_below(app: Flask) -> None:
    @app.put("/item")
    @here
    @basic_auth().login_required
    def put() -> ResponseReturnValue:
        return {"id": 1}


@pytest.mark.parametrize(
    ("install", "extension"),
    [
        pytest.param(login_below, False, id="log-in-below"),
        pytest.param(login_below, True, id="log-in-below-with-extension"),
        pytest.param(login_above, True, id="log-in-above-with-extension"),
    ],
)
@pytest.mark.parametrize(
    ("credentials", "status"),
    [pytest.param({}, 401, id="none"), pytest.param(RIGHT, 200, id="right")],
)
def test_a_decorated_view_may_ask_for_a_log_in(
    *, install: Install, extension: bool, credentials: dict[str, str], status: int
) -> None:
    app = flask_app()
    if extension:
        CORS(app, origins=[OTHER])
    install(app)
    assert status == Browser(app, APP).fetch("PUT", "/item", headers=credentials).status
    assert allowed(ask(app, "PUT", "/item", origin=OTHER)) == []


def test_a_hook_s_401_has_the_policy_of_the_decorated_view_with_the_extension() -> None:
    app = flask_app()
    CORS(app, origins=[OTHER])

    @app.before_request
    @basic_auth().login_required
    def guard() -> None:
        return None

    @app.put("/item")
    @here
    def put() -> ResponseReturnValue:
        return {"id": 1}

    assert Browser(app, APP).fetch("PUT", "/item").status == 401
    assert allowed(ask(app, "PUT", "/item", origin=OTHER)) == []


def test_a_redirect_to_the_log_in_page_is_followed_and_read() -> None:
    app = flask_app()
    app.secret_key = "secret"
    CORS(app, origins=[APP])
    manager = flask_login.LoginManager(app)
    manager.login_view = "log_in"
    manager.request_loader(user_of)

    @app.get("/log-in")
    def log_in() -> ResponseReturnValue:
        return "Who are you?"

    @app.get("/item")
    @flask_login.login_required
    def get() -> ResponseReturnValue:
        return {"id": 1}

    redirect = ask(app, "GET", "/item")
    assert (redirect.status_code, allowed(redirect)) == (302, [APP])
    assert Browser(app, APP).fetch("GET", "/item").text == "Who are you?"


# Who touches the headers.

ORIGINS = [APP, OTHER]  # several, so that answers vary


@pytest.fixture
def compressed() -> Flask:
    app = flask_app()
    flask_compress.Compress(app)

    @app.put("/item")
    def put() -> ResponseReturnValue:
        return {"text": "long" * 1000}, {"ETag": '"1"'}

    @app.put("/decorated")
    @cross_origin(origins=ORIGINS)
    def decorated() -> ResponseReturnValue:
        return {"text": "long" * 1000}

    return app


@pytest.mark.parametrize(
    ("path", "extension"),
    [
        pytest.param("/item", True, id="extension"),
        pytest.param("/decorated", True, id="decorator-with-extension"),
        pytest.param("/decorated", False, id="decorator"),
    ],
)
@pytest.mark.parametrize("origin", [APP, "https://stranger.example"], ids=["allowed", "refused"])
def test_a_compressed_answer_varies_by_the_encoding_and_by_the_origin(
    *, compressed: Flask, path: str, extension: bool, origin: str
) -> None:
    if extension:
        CORS(compressed, origins=ORIGINS)
    response = ask(compressed, "PUT", path, origin=origin, Accept_Encoding="gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert sorted(varies(response)) == ["Accept-Encoding", "Origin"]
    assert allowed(response) == ([origin] if origin in ORIGINS else [])


@pytest.mark.parametrize("extension", [True, False], ids=["with-extension", "alone"])
def test_a_preflight_passes_a_compressing_app(*, compressed: Flask, extension: bool) -> None:
    if extension:
        CORS(compressed, origins=ORIGINS)
    answer = preflight(compressed, "/decorated")
    assert (answer.status_code, answer.data, allowed(answer)) == (200, b"", [APP])
    names = {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}
    assert names <= {*varies(answer)}
    assert len(varies(answer)) == len({*varies(answer)})


@pytest.fixture
def hardened() -> Flask:
    app = flask_app()

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "default-src 'self'"
        response.headers["Strict-Transport-Security"] = "max-age=31556926"
        response.headers["Vary"] = "Cookie"
        response.headers["X-Seen"] = request.method
        return response

    @app.put("/item")
    def put() -> ResponseReturnValue:
        return {"id": 1}

    return app


@pytest.mark.parametrize("early", [True, False], ids=["cors-first", "cors-last"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("PUT", "/item", 200, id="view"),
        pytest.param("GET", "/nothing", 404, id="error"),
    ],
)
def test_headers_that_a_hook_sets_stay_and_take_nothing_away(
    *, early: bool, hardened: Flask, method: str, path: str, status: int
) -> None:
    app = hardened
    if early:
        outer = flask_app()
        CORS(outer, origins=ORIGINS)
        outer.after_request_funcs.update(hardened.after_request_funcs)
        outer.add_url_rule("/item", view_func=hardened.view_functions["put"], methods=["PUT"])
        app = outer
    else:
        CORS(app, origins=ORIGINS)
    response = ask(app, method, path)
    assert (status, [APP]) == (response.status_code, allowed(response))
    assert response.headers["Content-Security-Policy"] == "default-src 'self'"
    assert response.headers["Strict-Transport-Security"] == "max-age=31556926"
    assert varies(response) == ["Cookie", "Origin"]


def test_no_hook_that_sets_headers_runs_for_a_preflight(hardened: Flask) -> None:
    CORS(hardened, origins=ORIGINS)
    answer = preflight(hardened, "/item")
    assert allowed(answer) == [APP]
    assert "X-Seen" not in answer.headers


def test_an_allow_origin_that_a_hook_sets_is_left_alone(hardened: Flask) -> None:
    CORS(hardened, origins=ORIGINS)

    @hardened.after_request
    def open_it(response: Response) -> Response:
        response.headers[ALLOW_ORIGIN] = "*"
        return response

    response = ask(hardened, "PUT", "/item")
    assert allowed(response) == ["*"]
    assert varies(response) == ["Cookie"]
