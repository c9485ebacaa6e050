"""CORS for any WSGI app (PEP 3333), and what the Flask extension is built on."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, TypeAlias, Union

from ._log import log_decision, to_be_logged
from .core import (
    ACL_REQUEST_HEADER_PRIVATE_NETWORK,
    ACL_REQUEST_HEADERS,
    ACL_REQUEST_METHOD,
    Decision,
    Policy,
)
from .core.errors import Report, shown
from .core.options import CORSOptions, Layer, Unpack
from .core.origins import is_async
from .core.policy import compile_resources
from .core.resources import ResourceTable

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


class PolicyMiddleware:
    """Answers preflights and adds headers on the way out; a subclass says whose policy holds."""

    def __init__(self, app: WSGIApplication, wait: Wait | None = None) -> None:
        self.app = app
        self._wait = wait

    def preflight_policy(self, environ: WSGIEnvironment) -> Policy | None:
        """Return the policy that a preflight is answered by, before the app sees it."""
        raise NotImplementedError

    def response_decision(self, environ: WSGIEnvironment) -> Decision | None:
        """Return what to add to a response that is about to start, if anything."""
        raise NotImplementedError

    def decide(self, policy: Policy, environ: WSGIEnvironment) -> Decision:
        """Return what a policy says about a request, and log it."""
        method: str = environ["REQUEST_METHOD"]
        headers = EnvironHeaders(environ)
        decision = policy.decide(method, headers, self._wait)
        if to_be_logged(decision):
            log_decision(decision, policy, method, routed_path(environ), headers)
        return decision

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if environ["REQUEST_METHOD"] == "OPTIONS" and is_preflight(environ):
            policy = self.preflight_policy(environ)
            if policy is not None and policy.settings.automatic_options:
                answer = self.decide(policy, environ)
                start_response("200 OK", answer.added_to([("Content-Length", "0")]))
                return []
        decided: list[Decision | None] = []

        def start(
            status: str, headers: ResponseLines, exc_info: ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            if not decided:  # a second call replaces the response, not the decision
                decided.append(self.response_decision(environ))
            decision = decided[0]
            if decision is not None:
                headers = decision.added_to(headers)
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        return self.app(environ, start)


class CORSMiddleware(PolicyMiddleware):
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
        super().__init__(app)
        report = Report()
        self._resources = ResourceTable(compile_resources([Layer({**options})], report))
        for _, policy in self._resources.given:
            for predicate in filter(is_async, policy.settings.origins.predicates):
                report.error(
                    "origin-async",
                    "origins",
                    predicate,
                    f"origins: {shown(predicate)} is async, and plain WSGI has no event loop to "
                    "run it. Write `def`, or use flask_cors.CORS or flask_cors.asgi",
                )
        report.raise_problems()

    def preflight_policy(self, environ: WSGIEnvironment) -> Policy | None:
        """Return the policy of the requested path."""
        return self._resources.find(routed_path(environ))

    def response_decision(self, environ: WSGIEnvironment) -> Decision | None:
        """Return what the policy of the requested path says."""
        policy = self._resources.find(routed_path(environ))
        return self.decide(policy, environ) if policy else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        started = False

        def start(
            status: str, headers: ResponseLines, exc_info: ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            nonlocal started
            started = True
            return start_response(status, headers, exc_info)

        def failed(error: Exception) -> Iterator[bytes]:
            """Answer with a 500, and let the server see the exception once that is sent."""
            policy = self._resources.find(routed_path(environ))
            if started or policy is None or not policy.settings.intercept_exceptions:
                raise error
            body = b"Internal Server Error"
            lines = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
            lines = self.decide(policy, environ).added_to(lines)
            start_response("500 Internal Server Error", lines, sys.exc_info())
            yield body
            raise error

        def guarded(parts: Iterable[bytes]) -> Iterator[bytes]:
            """Serve an app that starts its response only when it is iterated over."""
            try:
                yield from parts
            except Exception as error:  # noqa: BLE001  (goes on to the server)
                yield from failed(error)
            finally:
                getattr(parts, "close", bool)()

        try:
            parts = super().__call__(environ, start)
        except Exception as error:  # noqa: BLE001  (goes on to the server)
            return failed(error)
        return parts if started else guarded(parts)


def is_preflight(environ: WSGIEnvironment) -> bool:
    """Return whether an OPTIONS request is a preflight."""
    return "HTTP_ORIGIN" in environ and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
