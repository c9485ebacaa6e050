"""A Flask app served without a network, with a trace of what happens to each request in it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from flask import Flask
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import HTTPException

from .._advice import function_at, line_of
from ..core import Decision, Policy
from ..wsgi import ExcInfo, ResponseLines, StartResponse, WSGIApplication, WSGIEnvironment
from .inspection import decisions_recorded, warnings_ignored, watch_preflights


@dataclass
class RequestTrace:
    """A record of what happened to one request."""

    environ: WSGIEnvironment | None = None
    """the request as it reached the app; `None` if something around the app answered"""
    for_other_server: bool = False
    """whether it was for another server, which is not contacted"""
    error: BaseException | None = None
    """an exception that the app did not catch"""
    handled: object = None
    """the last exception that reached the app's own handling of uncaught exceptions"""
    is_propagated: bool = False
    """whether the app passed that exception on to the server"""
    hook: str = ""
    """the function or line that answered or raised before the view was called"""
    is_live: bool = False
    """whether a running server answered; then nothing else is known"""
    decisions: dict[Policy, Decision] = field(default_factory=dict[Policy, Decision])
    """what each policy decided about it"""


class ServedApp:
    """A Flask app as a server runs it: with the debugger in debug mode, else as in production."""

    def __init__(self, app: Flask, host: str) -> None:
        self.traces: list[RequestTrace] = []
        """one trace for each request, in order"""
        self._host = host
        served = _without_body(_traced(app, self._latest), self._latest)
        self._served: WSGIApplication = served
        if app.debug:
            self._served = cast(
                "WSGIApplication", DebuggedApplication(served, evalex=True, pin_logging=False)
            )

    def _latest(self) -> RequestTrace:
        return self.traces[-1] if self.traces else RequestTrace()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        self.traces.append(RequestTrace())
        if environ["HTTP_HOST"] != self._host:
            self._latest().for_other_server = True
            start_response("502 Bad Gateway", [])
            return []
        environ["wsgi.errors"] = io.StringIO()  # the commands report the exception themselves
        with warnings_ignored(), decisions_recorded(self._latest().decisions):
            try:
                return [*self._served(environ, start_response)][:0]
            except (Exception, SystemExit) as error:  # noqa: BLE001  (as a server does)
                self._latest().error = error
                self._latest().is_propagated = True
                start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
                return []


def _without_body(app: WSGIApplication, latest: Callable[[], RequestTrace]) -> WSGIApplication:
    """Return an app whose responses are cut off after the headers: a body may be endless."""

    def served(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = False

        def start(
            status: str, headers: ResponseLines, exc_info: ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            nonlocal started
            started = True
            return start_response(status, headers, exc_info)

        try:
            body = app(environ, start)
            parts = iter(body)
            while not started and next(parts, None) is not None:
                pass
        except (Exception, SystemExit) as error:
            latest().error = error
            latest().is_propagated = True
            raise
        with suppress(Exception):  # a server only logs what closing a body raises
            getattr(body, "close", bool)()
        return []

    return served


def _traced(app: Flask, latest: Callable[[], RequestTrace]) -> Flask:
    """Make an app record what happens to its requests."""
    context, preprocess = app.request_context, app.preprocess_request
    handle = app.handle_exception

    def request_context(environ: WSGIEnvironment, *more: object) -> object:
        _note_environ(latest(), environ)
        return cast("Callable[..., object]", context)(environ, *more)

    def preprocess_request(*args: object) -> object:
        try:
            answer = cast("Callable[..., object]", preprocess)(*args)
        except Exception as error:
            latest().hook = line_of(error)
            raise
        if answer is not None:
            latest().hook = _hooks(app)
        return answer

    def handle_exception(*args: object) -> object:
        latest().handled = error = args[-1]
        if isinstance(error, BaseException) and not isinstance(error, HTTPException):
            latest().error = error
        return cast("Callable[..., object]", handle)(*args)

    def log_exception(*args: object) -> None:
        exc_info = cast("ExcInfo", args[-1])
        latest().error = exc_info[1] or latest().error

    for name, tracing in {
        "request_context": request_context,
        "preprocess_request": preprocess_request,
        "handle_exception": handle_exception,
        "log_exception": log_exception,
    }.items():
        setattr(app, name, tracing)
    watch_preflights(app, lambda environ: _note_environ(latest(), environ))
    return app


def _hooks(app: Flask) -> str:
    """Return the hooks that may have answered before the view."""
    found = [hook for hooks in app.before_request_funcs.values() for hook in hooks]
    return " or ".join(str(function_at(hook)) for hook in found)


def _note_environ(trace: RequestTrace, environ: WSGIEnvironment) -> None:
    if trace.environ is None:
        trace.environ = {**environ}
