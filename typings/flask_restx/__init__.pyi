# Types of what the tests use of Flask-RESTX, which has none of its own.
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from flask import Blueprint, Flask
from flask.views import MethodView

_F = TypeVar("_F", bound=Callable[..., Any])
_R = TypeVar("_R", bound=type[Resource])

class Resource(MethodView):
    method_decorators: ClassVar[Sequence[Callable[[Any], Any]]]

class Namespace:
    def __init__(
        self,
        name: str,
        *,
        path: str | None = None,
        decorators: Sequence[Callable[[Any], Any]] | None = None,
    ) -> None: ...
    def abort(self, code: int = 500, message: str | None = None) -> None: ...
    def doc(self, shortcut: str) -> Callable[[_F], _F]: ...
    def errorhandler(self, exception: type[Exception]) -> Callable[[_F], _F]: ...
    def marshal_with(self, fields: Mapping[str, object]) -> Callable[[_F], _F]: ...
    def route(self, *urls: str) -> Callable[[_R], _R]: ...

class Api:
    def __init__(
        self,
        app: Flask | Blueprint | None = None,
        *,
        decorators: Sequence[Callable[[Any], Any]] | None = None,
    ) -> None: ...
    def add_namespace(self, ns: Namespace) -> None: ...
