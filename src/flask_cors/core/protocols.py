"""What a framework's objects must look like to be read and written here.

Structural and small on purpose: the headers of Flask, Quart, Starlette and Django fit as they are.
A whole request has no common shape (Starlette's has no `path`, Django's method may be `None`), so
its pieces are passed instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class RequestHeaders(Protocol):
    """What a decision reads: header fields by name, without regard to case."""

    def get(self, name: str, /) -> str | None:
        """Return the value of the field `name`, or `None` where the request has none."""
        ...


class ResponseHeaders(Protocol):
    """What a decision is written to: header fields by name, without regard to case."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return every field line as a name and its value."""
        ...

    def __setitem__(self, name: str, value: str, /) -> None:
        """Replace all lines of the field `name` by one with `value`."""
        ...
