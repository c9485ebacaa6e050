# Types of what the tests use of flask-smorest, which has none of its own.
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import flask
from marshmallow import Schema

_C = TypeVar("_C", bound=Callable[..., Any])

class Blueprint(flask.Blueprint):
    def response(
        self, status_code: int, schema: type[Schema] | None = None
    ) -> Callable[[_C], _C]: ...
    # What Flask's own takes is a function; this one takes a class too.
    def route(self, rule: str, **options: object) -> Callable[[_C], _C]: ...

class Api:
    def __init__(self, app: flask.Flask | None = None) -> None: ...
    def register_blueprint(self, blp: Blueprint) -> None: ...

def abort(http_status_code: int, **kwargs: object) -> NoReturn: ...
