"""CORS for any WSGI app (PEP 3333). The Flask extension is built on this module.

Preflights are answered here; other responses only get header lines. Exceptions are passed on, since
a debugger or a framework around the middleware may answer them, which it cannot know.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from logging import DEBUG
from types import TracebackType
from typing import Any, Protocol, TypeAlias, Union

from ._log import is_worth_logging, log_decision, logger, root_logger
from .core import Decision, Policy
from .core.errors import Problems, safe_repr
from .core.headers import REQUEST_FIELDS
from .core.merge import ORDINARY_FIELDS, Field, merge
from .core.options import MIDDLEWARE_OPTIONS, MiddlewareOptions, Unpack
from .core.origins import MAX_ORIGIN_LENGTH, is_async
from .core.policy import Context
from .core.resources import ResourceTable
from .core.settings import OptionSource, resolve_resources

WSGIEnvironment: TypeAlias = dict[str, Any]  # its values can have any type (PEP 3333)
ExcInfo: TypeAlias = Union[
    tuple[type[BaseException], BaseException, TracebackType], tuple[None, None, None]
]
ResponseLines: TypeAlias = list[tuple[str, str]]


class StartResponse(Protocol):
    """The callable with which a WSGI app starts its response."""

    def __call__(
        self, status: str, headers: ResponseLines, exc_info: ExcInfo | None = ..., /
    ) -> Callable[[bytes], object]:
        """Send the status and the header lines, or keep them until there is a body."""
        ...


# Frameworks and servers have types for the two arguments that do not fit each other. Only a type as
# wide as this fits all of them, both as a parameter and as an argument.
WSGIApplication: TypeAlias = Callable[[Any, Any], Iterable[bytes]]

_KEYS = {name: "HTTP_" + name.upper().replace("-", "_") for name in REQUEST_FIELDS}


ASKED_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"


class EnvironHeaders:
    """The header fields of a WSGI environment that a policy reads."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def get(self, name: str, /) -> str | None:
        """Return the value of the field `name`, or `None` where the request has none."""
        value: str | None = self._environ.get(_KEYS[name])
        return value


def routed_path(environ: Mapping[str, Any]) -> str:
    """Return the path that frameworks route on: decoded once, with one leading slash."""
    path: str = environ.get("PATH_INFO", "")
    if not path.isascii():
        path = path.encode("latin-1", "replace").decode("utf-8", "replace")
    return "/" + path.lstrip("/")


Wait: TypeAlias = Callable[[Awaitable[bool]], bool]


def request_method(environ: Mapping[str, Any]) -> str:
    """Return the method of a request in upper case.

    Servers do not change its case, and frameworks accept `options` for OPTIONS.
    """
    method: str = environ.get("REQUEST_METHOD", "")
    return method.upper()


def is_preflight(environ: Mapping[str, Any]) -> bool:
    """Return whether a request is a preflight.

    https://fetch.spec.whatwg.org/#cors-preflight-request
    """
    return (
        ASKED_METHOD in environ
        and "HTTP_ORIGIN" in environ
        and request_method(environ) == "OPTIONS"
    )


def decide(
    policy: Policy,
    environ: Mapping[str, Any],
    wait: Wait | None = None,
    context: Context = nullcontext,
) -> Decision:
    """Return the decision of a policy about a request, and log it.

    Args:
        policy: the policy.
        environ: the WSGI environment of the request.
        wait: runs the awaitable of an `async` origin callable; without it, such a callable refuses
            the origin.
        context: returns the context manager in which origin callables are called.
    """
    decision = policy.decide(request_method(environ), EnvironHeaders(environ), wait, context)
    _log(decision, policy, environ)
    return decision


async def decide_async(policy: Policy, environ: Mapping[str, Any]) -> Decision:
    """Same as `decide`, but awaits `async` origin callables."""
    decision = await policy.decide_async(request_method(environ), EnvironHeaders(environ))
    _log(decision, policy, environ)
    return decision


def _log(decision: Decision, policy: Policy, environ: Mapping[str, Any]) -> None:
    if is_worth_logging(decision):
        method = environ.get("REQUEST_METHOD", "")
        log_decision(decision, policy, method, routed_path(environ), EnvironHeaders(environ))


def known_fields(
    policy: Policy, environ: WSGIEnvironment, present: Sequence[Field]
) -> list[Field] | None:
    """Return the fields of a response together with those that a policy remembers for the origin.

    The result is `None` if the policy has to decide, or if its decision has to be logged. The
    request must not have Access-Control-Request-Method, since it may be a preflight.
    """
    origin: str | None = environ.get("HTTP_ORIGIN")
    # Check the length first: a look-up hashes the whole, client-controlled string.
    if origin is not None and len(origin) > MAX_ORIGIN_LENGTH:
        return None
    if (logger.level or root_logger.level) <= DEBUG:  # `isEnabledFor` would take twice as long
        return None
    lines = policy.memo.get(origin)
    if lines is None:
        return None
    for name, _ in present:
        if name not in ORDINARY_FIELDS:
            return merge(present, lines, anyone=policy.anyone)
    return [*present, *lines]


def answer_preflight(decision: Decision, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a preflight with 200 and no body, even if refused: browsers then say what failed."""
    lines = [("Content-Length", "0"), ("Content-Type", "text/plain")]
    start_response("200 OK", decision.added_to(lines))
    return [b""]  # an empty part, since Hypercorn starts a response only at the first one


class CORSMiddleware:
    """A middleware that answers preflights and adds CORS headers to the responses of a WSGI app.

    Exceptions of the app are passed on. The 500 response to one has the headers if the framework
    that creates it is inside the middleware (`app = CORSMiddleware(app, …)`).

    Args:
        app: the WSGI app.
        options: the options of `flask_cors.CORS`, by name, except `intercept_exceptions`.

    Raises:
        ConfigurationError: with all problems of the options. An `async` origin callable is one,
            since WSGI has no event loop.
    """

    def __init__(self, app: WSGIApplication, **options: Unpack[MiddlewareOptions]) -> None:
        self.app = app
        problems = Problems()
        resolved = resolve_resources([OptionSource({**options})], problems, MIDDLEWARE_OPTIONS)
        for _, settings in resolved:
            for predicate in filter(is_async, settings.origins.predicates):
                problems.error(
                    "origin-async",
                    "origins",
                    predicate,
                    f"{settings.name('origins')}: {safe_repr(predicate)} is async, but plain WSGI "
                    "has no event loop to run it. "
                    "Write `def`, or use flask_cors.CORS or flask_cors.asgi",
                )
        problems.raise_errors()
        problems.issue_warnings()
        self._resources = ResourceTable([(path, Policy(settings)) for path, settings in resolved])

    def __call__(
        self,
        environ: Mapping[str, Any],
        start_response: Callable[..., Callable[[bytes], object]],
    ) -> Iterable[bytes]:
        """Serve one request."""
        policy = self._resources.find(routed_path(environ))
        if policy is None:
            return self.app(environ, start_response)
        # Decide before the app runs, which may change the path, method or headers in `environ`.
        decision = decide(policy, environ)
        if decision.kind == "preflight" and policy.settings.automatic_options:
            return answer_preflight(decision, start_response)

        # PEP 3333 passes the arguments by position, but some apps pass them by name.
        def start(
            status: str, headers: Iterable[tuple[str, str]], exc_info: ExcInfo | None = None
        ) -> Callable[[bytes], object]:
            lines = decision.added_to(headers)
            if exc_info is None:
                return start_response(status, lines)
            return start_response(status, lines, exc_info)

        return self.app(environ, start)
