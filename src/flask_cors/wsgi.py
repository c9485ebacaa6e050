"""CORS for any WSGI app (PEP 3333), and what the Flask extension is built on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import GeneratorType, TracebackType
from typing import Any, Protocol, TypeAlias, Union, cast

from ._log import is_quiet, is_worth_logging, log_decision
from .core import (
    ACL_REQUEST_HEADER_PRIVATE_NETWORK,
    ACL_REQUEST_HEADERS,
    ACL_REQUEST_METHOD,
    Decision,
    Policy,
)
from .core.errors import Problems, safe_repr
from .core.merge import Lines, merge
from .core.options import CORSOptions, Unpack
from .core.origins import MAX_ORIGIN_LENGTH, is_async
from .core.policy import compile_resources
from .core.resources import ResourceTable
from .core.settings import OptionSource

WSGIEnvironment: TypeAlias = dict[str, Any]  # what PEP 3333 puts there is of any type
ExcInfo: TypeAlias = Union[
    tuple[type[BaseException], BaseException, TracebackType], tuple[None, None, None]
]
ResponseLines: TypeAlias = list[tuple[str, str]]


class StartResponse(Protocol):
    """Is the callable that a WSGI app starts its response with."""

    def __call__(
        self, status: str, headers: ResponseLines, exc_info: ExcInfo | None = ..., /
    ) -> Callable[[bytes], object]:
        """Send, or hold until there is a body, the status and the header lines."""
        ...


WSGIApplication: TypeAlias = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

_KEYS = {
    name: "HTTP_" + name.upper().replace("-", "_")
    for name in (
        "Origin",
        ACL_REQUEST_METHOD,
        ACL_REQUEST_HEADERS,
        ACL_REQUEST_HEADER_PRIVATE_NETWORK,
    )
}


class EnvironHeaders:
    """Are the header fields that a policy reads, as they stand in a WSGI environment."""

    __slots__ = ("_environ",)

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    def get(self, name: str, /) -> str | None:
        """Return the value of the field `name`, or `None` where the request has none."""
        value: str | None = self._environ.get(_KEYS[name])
        return value


def routed_path(environ: WSGIEnvironment) -> str:
    """Return the path that a framework routes on: decoded once, with one leading slash."""
    path: str = environ.get("PATH_INFO", "")
    if not path.isascii():
        path = path.encode("latin-1", "replace").decode("utf-8", "replace")
    return "/" + path.lstrip("/")


Wait: TypeAlias = Callable[[Awaitable[bool]], bool]


def is_preflight(environ: WSGIEnvironment) -> bool:
    """Return whether a request is a preflight (Fetch, "CORS-preflight request")."""
    return (
        environ["REQUEST_METHOD"] == "OPTIONS"
        and "HTTP_ORIGIN" in environ
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    )


def decide(
    policy: Policy, environ: WSGIEnvironment, wait: Wait | None = None, path: str | None = None
) -> Decision:
    """Return what a policy says about a request, and log it, with its path as it came."""
    decision = policy.decide(environ["REQUEST_METHOD"], EnvironHeaders(environ), wait)
    if is_worth_logging(decision):
        _log(decision, policy, environ, path)
    return decision


async def decide_async(policy: Policy, environ: WSGIEnvironment) -> Decision:
    """Same as `decide`, awaiting the origin callables that need it."""
    headers = EnvironHeaders(environ)
    decision = await policy.decide_async(environ["REQUEST_METHOD"], headers)
    if is_worth_logging(decision):
        _log(decision, policy, environ)
    return decision


def _log(
    decision: Decision, policy: Policy, environ: WSGIEnvironment, path: str | None = None
) -> None:
    method, path = environ["REQUEST_METHOD"], path or routed_path(environ)
    log_decision(decision, policy, method, path, EnvironHeaders(environ))


def lines_to_add(
    policy: Policy, environ: WSGIEnvironment, wait: Wait | None = None, path: str | None = None
) -> Lines:
    """Return what a policy adds to the response to a request: as `decide`, unless it is known."""
    lines = None
    origin: str | None = environ.get("HTTP_ORIGIN")
    # What is looked up is hashed, and a request may bring any length.
    bounded = origin is None or len(origin) <= MAX_ORIGIN_LENGTH
    if bounded and environ["REQUEST_METHOD"] != "OPTIONS" and is_quiet():
        lines = policy.memo.get(origin)
    return decide(policy, environ, wait, path).lines if lines is None else lines


def answer_preflight(decision: Decision, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a preflight: 200 and empty, granted or not, so that a browser can say what failed."""
    start_response("200 OK", decision.added_to([("Content-Length", "0")]))
    return []


def adding(
    start_response: StartResponse,
    lines_now: Callable[[WSGIEnvironment, str], Lines],
    environ: WSGIEnvironment,
) -> StartResponse:
    """Return a `start_response` that adds what is decided when a response starts, by its status."""

    def start(
        status: str, headers: ResponseLines, exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        headers = merge(headers, lines_now(environ, status))
        if exc_info is None:
            return start_response(status, headers)
        return start_response(status, headers, exc_info)

    return start


class CORSMiddleware:
    """Lets other origins read the responses of a WSGI app.

    An exception that the app lets escape is answered with a 500 that has the headers, so that a
    script sees its status, and goes on to the server; `intercept_exceptions=False` leaves the
    answer to the server too.

    Args:
        app: the WSGI app.
        options: those of `flask_cors.CORS`, by name.

    Raises:
        ConfigurationError: with every problem of the options; an `async` origin callable is one,
            for WSGI has no event loop.
    """

    def __init__(self, app: WSGIApplication, **options: Unpack[CORSOptions]) -> None:
        self.app = app
        problems = Problems()
        self._resources = ResourceTable(compile_resources([OptionSource({**options})], problems))
        for _, policy in self._resources.entries:
            for predicate in filter(is_async, policy.settings.origins.predicates):
                problems.error(
                    "origin-async",
                    "origins",
                    predicate,
                    f"origins: {safe_repr(predicate)} is async, and plain WSGI has no event "
                    "loop to run it. Write `def`, or use flask_cors.CORS or flask_cors.asgi",
                )
        problems.raise_errors()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        path = routed_path(environ)  # the app may move it later
        policy = self._resources.find(path)
        if policy is None:
            return self.app(environ, start_response)
        if is_preflight(environ) and policy.settings.automatic_options:
            return answer_preflight(decide(policy, environ), start_response)
        decided: list[Lines] = []

        def decide_once(environ: WSGIEnvironment, _status: str) -> Lines:
            if not decided:  # a response may be started anew
                decided.append(lines_to_add(policy, environ, path=path))
            return decided[0]

        start = adding(start_response, decide_once, environ)
        if not policy.settings.intercept_exceptions:
            return self.app(environ, start)
        started = written = False

        def start_and_note(
            status: str, headers: ResponseLines, exc_info: ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            nonlocal started
            started = True
            write = start(status, headers, exc_info)

            def note(data: bytes) -> object:
                nonlocal written
                written = True
                return write(data)

            return note

        try:
            parts = self.app(environ, start_and_note)
        except Exception as error:
            if written:
                raise
            return _failed(error, start)
        made_while_sent = not started or isinstance(cast("object", parts), GeneratorType)
        return _Guarded(parts, start) if made_while_sent else parts


def _failed(error: Exception, start: StartResponse) -> Iterator[bytes]:
    """Answer with a 500, and let the server see the exception once that is sent."""
    body = b"Internal Server Error"
    lines = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    traceback = cast("TracebackType", error.__traceback__)  # it was raised
    start("500 Internal Server Error", lines, (type(error), error, traceback))
    yield body
    raise error


class _Guarded:
    """Is a body that is made while it is sent: until its first part an exception can be answered.

    Other bodies go as they are: a server recognises a file by its type.
    """

    def __init__(self, parts: Iterable[bytes], start: StartResponse) -> None:
        self._parts = parts
        self._start = start

    def __iter__(self) -> Iterator[bytes]:
        sent = False
        try:
            for part in self._parts:
                sent = sent or bool(part)
                yield part
        except Exception as error:
            if sent:
                raise
            yield from _failed(error, self._start)

    def close(self) -> None:
        getattr(self._parts, "close", bool)()
