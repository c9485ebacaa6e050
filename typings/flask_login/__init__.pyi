# Types of what the tests use of Flask-Login, which has none of its own.
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Request
from flask.wrappers import Response

_F = TypeVar("_F", bound=Callable[..., Any])

class UserMixin:
    id: str
    @property
    def is_authenticated(self) -> bool: ...

class LoginManager:
    login_view: str | None
    def __init__(self, app: Flask | None = None) -> None: ...
    def request_loader(self, callback: Callable[[Request], UserMixin | None]) -> object: ...
    def unauthorized(self) -> Response: ...

current_user: UserMixin

def login_required(func: _F) -> _F: ...
