"""An app served as it is run, without a network, and what becomes of each request in it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from flask import Flask
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import HTTPException

from .._advice import line_of
from ..wsgi import ExcInfo, ResponseLines, StartResponse, WSGIApplication, WSGIEnvironment
from .inspection import function_at, watch_preflights, without_noise


@dataclass
class Passage:
    """What became of one request."""

    environ: WSGIEnvironment | None = None
    """as it reached the app; `None` where something around the app answered"""
    is_elsewhere: bool = False
    """whether it was for another server, which was not asked"""
    error: BaseException | None = None
    """an exception that the app did not catch"""
    is_propagated: bool = False
    """whether that one was left to what is around the app"""
    hook: str = ""
    """the line of a function that answered or raised before the view was called"""
    is_live: bool = False
    """whether a running server answered, so that nothing else is known"""


class ServedApp:
    """A Flask app as it is run: with its debugger in debug mode, else as in production."""

    def __init__(self, app: Flask, host: str) -> None:
        self.passages: list[Passage] = []
        """what became of each request, in their order"""
        self._host = host
        served = _head_of(_watched(app, self._latest), self._latest)
        self._served: WSGIApplication = served
        if app.debug:
            self._served = cast(
                "WSGIApplication", DebuggedApplication(served, evalex=True, pin_logging=False)
            )

    def _latest(self) -> Passage:
        return self.passages[-1] if self.passages else Passage()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        self.passages.append(Passage())
        if environ["HTTP_HOST"] != self._host:
            self._latest().is_elsewhere = True
            start_response("502 Bad Gateway", [])
            return []
        environ["wsgi.errors"] = io.StringIO()  # the exception is told in other words
        with without_noise():
            try:
                return [*self._served(environ, start_response)][:0]
            except Exception as error:  # noqa: BLE001  (as a server does)
                self._latest().error = error
                self._latest().is_propagated = True
                start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
                return []


def _head_of(app: WSGIApplication, latest: Callable[[], Passage]) -> WSGIApplication:
    """Return an app that stops once its response has started: a body may never end, or raise."""

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
        except Exception as error:
            latest().error = error
            latest().is_propagated = True
            raise
        with suppress(Exception):  # what closing a body raises is the server's to log
            getattr(body, "close", bool)()
        return []

    return served


def _watched(app: Flask, latest: Callable[[], Passage]) -> Flask:
    """Have an app tell what becomes of its requests."""
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
        error = args[-1]
        if isinstance(error, BaseException) and not isinstance(error, HTTPException):
            latest().error = error
        return cast("Callable[..., object]", handle)(*args)

    def log_exception(*args: object) -> None:
        exc_info = cast("ExcInfo", args[-1])
        latest().error = exc_info[1] or latest().error

    for name, watching in {
        "request_context": request_context,
        "preprocess_request": preprocess_request,
        "handle_exception": handle_exception,
        "log_exception": log_exception,
    }.items():
        setattr(app, name, watching)
    watch_preflights(app, lambda environ: _note_environ(latest(), environ))
    return app


def _hooks(app: Flask) -> str:
    """Return the functions that may have answered before a view."""
    found = [hook for hooks in app.before_request_funcs.values() for hook in hooks]
    return " or ".join(str(function_at(hook)) for hook in found)


def _note_environ(passage: Passage, environ: WSGIEnvironment) -> None:
    if passage.environ is None:
        passage.environ = {**environ}
