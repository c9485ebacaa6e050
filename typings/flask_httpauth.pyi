# Types of what the tests use of Flask-HTTPAuth, which has none of its own.
from collections.abc import Callable
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

class HTTPBasicAuth:
    def login_required(self, f: _F, /) -> _F: ...
    def verify_password(self, f: Callable[[str, str], object], /) -> object: ...
