"""CORS for any WSGI app (PEP 3333), and what the Flask extension is built on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
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


def is_preflight(environ: WSGIEnvironment) -> bool:
    """Return whether an OPTIONS request is a preflight."""
    return "HTTP_ORIGIN" in environ and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
