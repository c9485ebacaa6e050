# Types of what the tests use of Flask-RESTful, which has none of its own.
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn, TypeVar

from flask import Blueprint, Flask
from flask.views import MethodView

_F = TypeVar("_F", bound=Callable[..., Any])

class Resource(MethodView):
    method_decorators: ClassVar[
        Sequence[Callable[[Any], Any]] | Mapping[str, Sequence[Callable[[Any], Any]]]
    ]

class Api:
    def __init__(
        self,
        app: Flask | Blueprint | None = None,
        *,
        decorators: Sequence[Callable[[Any], Any]] | None = None,
        errors: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None: ...
    def add_resource(self, resource: type[Resource], *urls: str) -> None: ...

def abort(http_status_code: int, **kwargs: object) -> NoReturn: ...
def marshal_with(fields: Mapping[str, object]) -> Callable[[_F], _F]: ...
