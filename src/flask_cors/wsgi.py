"""CORS for any WSGI app (PEP 3333), and what the Flask extension is built on.

Preflights are answered here, and of everything else the header lines alone are touched. An
exception passes: something around may answer it (a debugger, a framework's handler), which cannot
be seen from here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from logging import DEBUG
from operator import itemgetter
from types import TracebackType
from typing import Any, Protocol, TypeAlias, Union

from ._log import is_worth_logging, log_decision, logger, root_logger
from .core import Decision, Policy
from .core.errors import Problems, safe_repr
from .core.headers import REQUEST_FIELDS
from .core.merge import ORDINARY_FIELDS, Field, merge
from .core.options import MIDDLEWARE_OPTIONS, MiddlewareOptions, Unpack
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
    """The callable that a WSGI app starts its response with."""

    def __call__(
        self, status: str, headers: ResponseLines, exc_info: ExcInfo | None = ..., /
    ) -> Callable[[bytes], object]:
        """Send, or hold until there is a body, the status and the header lines."""
        ...


# Frameworks and servers type the two arguments in ways that do not fit each other. Only such a wide
# type fits all of them, where an app is taken and where one is wanted.
WSGIApplication: TypeAlias = Callable[[Any, Any], Iterable[bytes]]

_KEYS = {name: "HTTP_" + name.upper().replace("-", "_") for name in REQUEST_FIELDS}


ASKED_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"


class EnvironHeaders:
    """The header fields that a policy reads, as they stand in a WSGI environment."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def get(self, name: str, /) -> str | None:
        """Return the value of the field `name`, or `None` where the request has none."""
        value: str | None = self._environ.get(_KEYS[name])
        return value


def routed_path(environ: Mapping[str, Any]) -> str:
    """Return the path that a framework routes on: decoded once, with one leading slash."""
    path: str = environ.get("PATH_INFO", "")
    if not path.isascii():
        path = path.encode("latin-1", "replace").decode("utf-8", "replace")
    return "/" + path.lstrip("/")


Wait: TypeAlias = Callable[[Awaitable[bool]], bool]


def request_method(environ: Mapping[str, Any]) -> str:
    """Return the method of a request in upper case.

    Servers pass it on as it came, and frameworks take `options` for OPTIONS.
    """
    method: str = environ.get("REQUEST_METHOD", "")
    return method.upper()


def is_preflight(environ: Mapping[str, Any]) -> bool:
    """Return whether a request is a preflight (Fetch, "CORS-preflight request")."""
    return (
        ASKED_METHOD in environ
        and "HTTP_ORIGIN" in environ
        and request_method(environ) == "OPTIONS"
    )


def decide(
    policy: Policy,
    environ: Mapping[str, Any],
    wait: Wait | None = None,
    path: str | None = None,
) -> Decision:
    """Return what a policy says about a request, and log it.

    Args:
        policy: the policy.
        environ: the WSGI environment of the request.
        wait: runs what an `async` origin callable returns; without it such a callable denies.
        path: the path to log, where the app may have moved it since.
    """
    decision = policy.decide(request_method(environ), EnvironHeaders(environ), wait)
    _log(decision, policy, environ, path)
    return decision


async def decide_async(policy: Policy, environ: Mapping[str, Any]) -> Decision:
    """Same as `decide`, awaiting the origin callables that need it."""
    decision = await policy.decide_async(request_method(environ), EnvironHeaders(environ))
    _log(decision, policy, environ, None)
    return decision


def _log(decision: Decision, policy: Policy, environ: Mapping[str, Any], path: str | None) -> None:
    if is_worth_logging(decision):
        method = environ.get("REQUEST_METHOD", "")
        path = path or routed_path(environ)
        log_decision(decision, policy, method, path, EnvironHeaders(environ))


_name = itemgetter(0)  # of a field; a function of Python would cost as much as all the rest


def known_fields(
    policy: Policy, environ: WSGIEnvironment, present: Sequence[Field]
) -> list[Field] | None:
    """Return the fields of a response together with those that a policy is known to add.

    `None` where the policy has to decide, or where its decision is logged.
    """
    origin: str | None = environ.get("HTTP_ORIGIN")
    # What is looked up is hashed, and a request may bring any length.
    if (origin is not None and len(origin) > MAX_ORIGIN_LENGTH) or ASKED_METHOD in environ:
        return None
    if (logger.level or root_logger.level) <= DEBUG:  # `isEnabledFor` would take twice as long
        return None
    lines = policy.memo.get(origin)
    if lines is None:
        return None
    if ORDINARY_FIELDS.issuperset(map(_name, present)):
        return [*present, *lines]
    return merge(present, lines, anyone=policy.anyone)


def answer_preflight(decision: Decision, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a preflight: 200 and empty, granted or not, so that a browser can say what failed."""
    lines = [("Content-Length", "0"), ("Content-Type", "text/plain")]
    start_response("200 OK", decision.added_to(lines))
    return []


class CORSMiddleware:
    """A WSGI app whose responses other origins may read by rules.

    Preflights are answered here. An exception of the app passes: its 500 has headers where the
    framework that answers it stands inside (`app = CORSMiddleware(app, …)`).

    Args:
        app: the WSGI app.
        options: those of `flask_cors.CORS`, by name, but `intercept_exceptions`.

    Raises:
        ConfigurationError: with every problem of the options; an `async` origin callable is one,
            for WSGI has no event loop.
    """

    def __init__(self, app: WSGIApplication, **options: Unpack[MiddlewareOptions]) -> None:
        self.app = app
        problems = Problems()
        entries = compile_resources(
            [OptionSource({**options})], problems, allowed=MIDDLEWARE_OPTIONS
        )
        self._resources = ResourceTable(entries)
        for _, policy in entries:
            for predicate in filter(is_async, policy.settings.origins.predicates):
                problems.error(
                    "origin-async",
                    "origins",
                    predicate,
                    f"origins: {safe_repr(predicate)} is async, and plain WSGI has no event "
                    "loop to run it. Write `def`, or use flask_cors.CORS or flask_cors.asgi",
                )
        problems.raise_errors()

    def __call__(
        self,
        environ: Mapping[str, Any],
        start_response: Callable[..., Callable[[bytes], object]],
    ) -> Iterable[bytes]:
        """Serve one request."""
        path = routed_path(environ)
        policy = self._resources.find(path)
        if policy is None:
            return self.app(environ, start_response)
        # Before the app, which may change the environment: the path, the method, the headers.
        decision = decide(policy, environ, path=path)
        if decision.kind == "preflight" and policy.settings.automatic_options:
            return answer_preflight(decision, start_response)

        # PEP 3333 has the arguments by position; but servers take them by name, and so apps do.
        def start(
            status: str, headers: Iterable[tuple[str, str]], exc_info: ExcInfo | None = None
        ) -> Callable[[bytes], object]:
            lines = decision.added_to(headers)
            if exc_info is None:
                return start_response(status, lines)
            return start_response(status, lines, exc_info)

        return self.app(environ, start)
