"""CORS for any ASGI app: Quart, Starlette, FastAPI, Django, or Flask behind an ASGI server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias, cast

from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    ASGISendEvent,
    HTTPResponseStartEvent,
    HTTPScope,
    Scope,
)

from ._log import is_worth_logging, log_decision
from .core import (
    ACL_ALLOW_HEADERS,
    ACL_CREDENTIALS,
    ACL_EXPOSE_HEADERS,
    ACL_MAX_AGE,
    ACL_METHODS,
    ACL_ORIGIN,
    ACL_REQUEST_HEADER_PRIVATE_NETWORK,
    ACL_REQUEST_HEADERS,
    ACL_REQUEST_METHOD,
    ACL_RESPONSE_PRIVATE_NETWORK,
    Decision,
)
from .core.errors import Problems
from .core.merge import MERGED_FIELDS, VARY, merge
from .core.options import CORSOptions, Unpack
from .core.policy import compile_resources
from .core.resources import ResourceTable
from .core.settings import OptionSource

# `ASGI3Application` would refuse the apps of Quart, Starlette and Django in every type checker.
ASGIApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
Lines: TypeAlias = Iterable[tuple[bytes, bytes]]


_READ = {
    name.lower().encode("ascii"): name
    for name in (
        "Origin",
        ACL_REQUEST_METHOD,
        ACL_REQUEST_HEADERS,
        ACL_REQUEST_HEADER_PRIVATE_NETWORK,
    )
}
# Names are in lower case in ASGI.
_WRITTEN = {
    name: name.lower().encode("ascii")
    for name in (
        ACL_ALLOW_HEADERS,
        ACL_CREDENTIALS,
        ACL_EXPOSE_HEADERS,
        ACL_MAX_AGE,
        ACL_METHODS,
        ACL_ORIGIN,
        ACL_RESPONSE_PRIVATE_NETWORK,
        VARY,
    )
}
_MERGED = frozenset(name.encode("ascii") for name in MERGED_FIELDS)


class ScopeHeaders:
    """Are the header fields of an ASGI request that a policy reads.

    Lines of one name are joined, as HTTP has it.
    """

    __slots__ = ("_fields",)

    def __init__(self, lines: Lines) -> None:
        self._fields: dict[str, bytes] = {}
        for key, value in lines:
            name = _READ.get(key.lower())
            if name is not None:
                before = self._fields.get(name)
                self._fields[name] = value if before is None else before + b", " + value

    def get(self, name: str, /) -> str | None:
        """Return the value of the field `name`, or `None` where the request has none."""
        value = self._fields.get(name)
        return None if value is None else value.decode("latin-1")


def _given(scope: HTTPScope) -> Mapping[str, object]:
    """Return a scope as what it may lack: a server need not give what has a default."""
    return cast("Mapping[str, object]", scope)


def routed_path(scope: HTTPScope) -> str:
    """Return the path that a framework routes on: without the root path, with one leading slash."""
    path, root = scope["path"], str(_given(scope).get("root_path", "")).rstrip("/")
    if root and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    return "/" + path.lstrip("/")


class CORSMiddleware:
    """Lets other origins read the responses of an ASGI app.

    Preflights are answered here; of everything else only `http.response.start` is touched. An
    exception that the app lets escape before it is answered with a 500 that has the headers, so
    that a script sees its status, and goes on to the server; `intercept_exceptions=False` leaves
    the answer to what is around.

    Args:
        app: the ASGI app.
        options: those of `flask_cors.CORS`, by name; origin callables may be `async`.

    Raises:
        ConfigurationError: with every problem of the options.
    """

    def __init__(self, app: ASGIApp, **options: Unpack[CORSOptions]) -> None:
        self.app = app
        self._resources = ResourceTable(compile_resources([OptionSource({**options})], Problems()))

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one connection."""
        app = cast("ASGI3Application", self.app)
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        policy = self._resources.catch_all or self._resources.find(routed_path(scope))
        if policy is None:
            await app(scope, receive, send)
            return
        headers = ScopeHeaders(cast("Lines", _given(scope).get("headers", ())))
        decision = await policy.decide_async(scope["method"], headers)
        if is_worth_logging(decision):
            log_decision(decision, policy, scope["method"], routed_path(scope), headers)
        if decision.kind == "preflight" and policy.settings.automatic_options:
            await _respond(send, 200, decision, b"")
            return
        started = False

        async def send_with_headers(event: ASGISendEvent) -> None:
            nonlocal started
            if event["type"] == "http.response.start":
                started = True
                event = event.copy()
                event["headers"] = _added(decision, event.get("headers", ()))
            await send(event)

        try:
            await app(scope, receive, send_with_headers)
        except Exception:
            if policy.settings.intercept_exceptions and not started:
                await _respond(send, 500, decision, b"Internal Server Error")
            raise


async def _respond(send: ASGISendCallable, status: int, decision: Decision, body: bytes) -> None:
    lines = [(b"content-length", b"%d" % len(body)), *_encoded(decision.lines)]
    if body:
        lines.append((b"content-type", b"text/plain"))
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": status,
        "headers": lines,
        "trailers": False,
    }
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _added(decision: Decision, lines: Lines) -> Lines:
    """Return the lines of a response with what the decision adds."""
    lines = list(lines)
    if not any(name.lower() in _MERGED for name, _ in lines):
        return lines + _encoded(decision.lines)
    present = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines]
    merged = merge(present, decision.lines, anyone=decision.anyone)
    own = {*present}
    return [
        (
            (field[0] if field in own else field[0].lower()).encode("latin-1"),
            field[1].encode("latin-1"),
        )
        for field in merged
    ]


def _encoded(fields: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(_WRITTEN[name], value.encode("latin-1")) for name, value in fields]
