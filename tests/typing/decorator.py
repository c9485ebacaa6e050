"""What `cross_origin` has to accept, and what is left of a view's type. Checked, never run."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, ClassVar, NoReturn, TypeVar, Union

from flask import Blueprint, Flask, Response, abort, jsonify
from flask.typing import ResponseReturnValue
from flask.views import MethodView, View
from typing_extensions import assert_type

from flask_cors import CrossOriginOptions, cross_origin

app = Flask(__name__)
blueprint = Blueprint("api", __name__)

# Functions --------------------------------------------------------------------------------------


@cross_origin
def bare(number: int, *, word: str = "") -> str:
    return word * number


@cross_origin()
def called(number: int, *, word: str = "") -> str:
    return word * number


@cross_origin(origins="https://app.example", max_age=timedelta(hours=1))
def configured(number: int, *, word: str = "") -> str:
    return word * number


assert_type(bare(1, word="a"), Union[str, Response])
assert_type(called(number=1), Union[str, Response])
assert_type(configured(1), Union[str, Response])


@cross_origin
async def bare_async(number: int, *, word: str = "") -> str:
    return word * number


@cross_origin()
async def called_async(number: int, *, word: str = "") -> str:
    return word * number


async def awaiting() -> None:
    coroutine = assert_type(bare_async(1), Coroutine[Any, Any, Union[str, Response]])
    assert_type(await coroutine, Union[str, Response])
    assert_type(await called_async(number=1, word="a"), Union[str, Response])


@cross_origin()
def returning_a_response() -> Response:
    return jsonify(ok=True)


@cross_origin()
def returning_a_tuple() -> tuple[str, int]:
    return "made", 201


@cross_origin()
def returning_a_dict() -> dict[str, Any]:
    return {"ok": True}


@cross_origin()
async def returning_a_dict_later() -> dict[str, Any]:
    return {"ok": True}


@cross_origin()
def returning_anything_that_is_a_response() -> ResponseReturnValue:
    return "text"


assert_type(returning_a_response(), Response)
assert_type(returning_a_tuple(), Union[tuple[str, int], Response])
assert_type(returning_a_dict(), Union[dict[str, Any], Response])


@cross_origin
async def taking_anything(value: Any) -> str:
    return str(value)


async def awaiting_anything() -> None:
    # A view's own `Any` does not make all of it `Any`.
    assert_type(await returning_a_dict_later(), Union[dict[str, Any], Response])
    assert_type(await taking_anything(1), Union[str, Response])


@cross_origin
def aborting_bare() -> NoReturn:
    abort(410)


@cross_origin()
def aborting(number: int) -> NoReturn:
    abort(number)


@cross_origin()
async def aborting_async() -> NoReturn:
    abort(410)


def after_abort() -> None:
    # A preflight is answered with a `Response` before such a view is reached.
    assert_type(aborting_bare(), Response)


def after_another_abort() -> None:
    assert_type(aborting(1), Response)


async def after_an_async_abort() -> None:
    assert_type(await aborting_async(), Response)


# What is a view, and stays one ------------------------------------------------------------------


@app.route("/<int:number>")
@cross_origin(origins=["https://app.example"])
def routed(number: int) -> str:
    return str(number)


@app.get("/async/<int:number>")
@cross_origin
async def routed_async(number: int) -> tuple[dict[str, int], int]:
    return {"number": number}, 200


@blueprint.route("/")
@cross_origin()
@cross_origin(max_age=1)
def routed_by_a_blueprint() -> str:
    return ""


assert_type(routed(1), Union[str, Response])

app.add_url_rule("/partial", view_func=cross_origin(functools.partial(bare, 1, word="a")))
app.add_url_rule("/lambda", view_func=cross_origin()(lambda: "text"))


@app.errorhandler(404)
@cross_origin()
def not_found(error: Exception) -> tuple[str, int]:
    return str(error), 404


F = TypeVar("F", bound=Callable[..., Any])


def other(view: F) -> F:
    return view


@app.route("/stacked")
@other
@cross_origin()
@other
def stacked(word: str) -> str:
    return word


assert_type(stacked(word=""), Union[str, Response])

# Methods and classes ----------------------------------------------------------------------------


class Controller:
    @cross_origin
    def index(self, number: int) -> str:
        return str(number)

    @cross_origin()
    async def index_async(self, number: int) -> str:
        return str(number)

    @staticmethod
    @cross_origin()
    def static(number: int) -> str:
        return str(number)


class CallableObject:
    def __call__(self, number: int) -> str:
        return str(number)


assert_type(Controller().index(1), Union[str, Response])
assert_type(Controller.static(1), Union[str, Response])
assert_type(cross_origin(Controller().index)(1), Union[str, Response])
assert_type(cross_origin(CallableObject())(1), Union[str, Response])
app.add_url_rule("/<int:number>", view_func=Controller().index)


class Items(MethodView):
    @cross_origin(methods=["GET"])
    def get(self, name: str) -> str:
        return name

    @cross_origin
    async def post(self, name: str) -> dict[str, str]:
        return {"name": name}


assert_type(Items().get("a"), Union[str, Response])


async def awaiting_methods() -> None:
    assert_type(await Controller().index_async(1), Union[str, Response])
    assert_type(await Items().post("a"), Union[dict[str, str], Response])


@cross_origin
class BareClass(MethodView):
    def __init__(self, number: int) -> None:
        self.number = number


@cross_origin(origins="*")
class ConfiguredClass(View):
    def dispatch_request(self) -> str:
        return ""


assert_type(BareClass(1), BareClass)
assert_type(BareClass(1).number, int)
assert_type(ConfiguredClass(), ConfiguredClass)
assert_type(ConfiguredClass().dispatch_request(), str)
app.add_url_rule("/class", view_func=BareClass.as_view("class", 1))


class InDecorators(View):
    decorators = [cross_origin(origins="*"), other, cross_origin()]  # noqa: RUF012  (Flask's way)

    def dispatch_request(self) -> str:
        return ""


class BareInDecorators(View):
    decorators = [cross_origin]  # noqa: RUF012  (as above)


class InDeclaredDecorators(View):
    decorators: ClassVar[list[Callable[..., Any]]] = [cross_origin(origins="*")]


# Options ----------------------------------------------------------------------------------------

options: CrossOriginOptions = {
    "origins": [re.compile("https://.+"), lambda origin: origin.isascii()],
    "methods": "GET",
    "allow_headers": None,
    "expose_headers": {"X-Total"},
    "supports_credentials": False,
    "max_age": 1.5,
    "send_wildcard": True,
    "vary_header": True,
    "allow_private_network": False,
    "always_send": False,
    "automatic_options": False,
}
cross_origin(**options)


def from_anywhere(given: dict[str, Any]) -> None:
    cross_origin(**given)
    cross_origin(**given)(bare)
