"""The protocols that a framework's header objects have to fit.

They are structural and small, so that the headers of Flask, Quart, Starlette and Django fit as they
are. There is no protocol for a whole request, because requests differ too much (Starlette's has no
`path`, Django's method may be `None`); the parts of a request are passed separately instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class RequestHeaders(Protocol):
    """The header fields of a request, by name; upper and lower case are the same."""

    def get(self, name: str, /) -> str | None:
        """Return the value of the field `name`, or `None` where the request has none."""
        ...


class ResponseHeaders(Protocol):
    """The header fields of a response, by name; upper and lower case are the same."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return each field line as a pair of name and value."""
        ...

    def __setitem__(self, name: str, value: str, /) -> None:
        """Replace all lines of the field `name` with one that has `value`."""
        ...
