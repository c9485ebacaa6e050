"""What the extension and the decorator share: whose policy holds, and how it reaches a response."""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from logging import DEBUG
from threading import Lock
from types import CoroutineType
from typing import ClassVar, TypeAlias, TypeVar, cast

from flask import Flask, current_app, got_request_exception, request
from flask.typing import ResponseReturnValue
from flask.wrappers import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy

from ._log import logger, root_logger
from .core import Decision, Policy
from .core.errors import Problems
from .core.headers import normalize_method
from .core.merge import ORDINARY_FIELDS, Lines, merge
from .core.options import CrossOriginOptions
from .core.origins import MAX_ORIGIN_LENGTH
from .core.resources import PathPattern, ResourceTable
from .core.settings import OptionSource, config_source, materialize, resolve_view
from .wsgi import (
    ExcInfo,
    ResponseLines,
    StartResponse,
    WSGIApplication,
    WSGIEnvironment,
    adding,
    answer_preflight,
    decide,
    is_preflight,
    lines_to_add,
    routed_path,
)

T = TypeVar("T")
Policies: TypeAlias = ResourceTable[Policy]

# Keys of the WSGI environment.
PASSAGE = "flask_cors.passage"  # the state of the app whose responses get their headers later
UNCAUGHT = "flask_cors.uncaught"  # the app in which an exception was caught by nobody

# An attribute of what `cross_origin` returns: the `ViewPolicy`. `functools.wraps` carries it along.
VIEW_POLICY = "_flask_cors_policy"

_lock = Lock()


# Looked through: what is asked of a proxy costs ten times as much as of what it stands for.
app_proxy = cast("LocalProxy[Flask]", current_app)
request_proxy = cast("LocalProxy[Request]", request)


def this_environ() -> WSGIEnvironment:
    """Return the WSGI environment of the current request."""
    return request_proxy._get_current_object().environ


def this_app() -> Flask:
    """Return the current app itself: not a stand-in, which would be another later."""
    return app_proxy._get_current_object()


def run_in(app: Flask, awaitable: Awaitable[T]) -> T:
    """Run an awaitable to its end in sync code, as `app` runs its async views."""

    async def awaited() -> T:
        return await awaitable

    try:
        return cast("T", app.ensure_sync(awaited)())
    finally:
        if isinstance(awaitable, CoroutineType):  # it may not have come to be awaited
            awaitable.close()


def asked_method(environ: WSGIEnvironment) -> str:
    """Return the method that a preflight asks for."""
    return normalize_method(environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"])


def matched(app: Flask, environ: WSGIEnvironment, method: str) -> str | None:
    """Return the endpoint that a request with `method` would reach, if it would reach one."""
    if not method:  # Werkzeug would take the preflight's own
        return None
    try:
        return _match(app, environ, method)
    except HTTPException:  # 404, 405, a redirect
        return None
    except Exception:  # noqa: BLE001  (of a converter of the app, which may need its context)
        try:
            with app.app_context():
                return _match(app, environ, method)
        except Exception:  # noqa: BLE001  (the request itself will show it)
            return None


def _match(app: Flask, environ: WSGIEnvironment, method: str) -> str | None:
    adapter = app.create_url_adapter(app.request_class(environ, populate_request=False))
    return adapter.match(method=method)[0] if adapter else None


def is_withheld(app: Flask, policy: Policy, environ: WSGIEnvironment, status: str) -> bool:
    """Return whether a response is that to an uncaught exception, and `intercept_exceptions` off.

    Flask-RESTful sends the signal also for exceptions that it then handles, so the status counts.
    """
    return (
        environ.get(UNCAUGHT) is app
        and not policy.settings.intercept_exceptions
        and status.startswith("5")
    )


def config_of(app: Flask, problems: Problems) -> OptionSource:
    """Return the `CORS_*` keys of an app as a layer of options."""
    config: object = app.config
    layer = config_source(config if isinstance(config, Mapping) else {}, problems)
    for option, value in layer.options.items():
        if isinstance(value, Iterator):  # it can be read once, and the configuration is by many
            app.config[layer.name(option)] = tuple(cast("Iterator[object]", value))
            return config_of(app, problems)
    state_of(app).config = dict(layer.options)
    return layer


all_view_policies: weakref.WeakSet[ViewPolicy] = weakref.WeakSet()
"""Of every view in the process, for `flask cors` to find those that no route uses."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """Is the policy of a decorated view in one app."""

    state: AppState
    policy: Policy


class ViewPolicy:
    """Is the policy of a decorated view: its options, compiled once for each app it runs in."""

    decorated: ClassVar[int] = 0
    """how often a policy for a view was made or first used in this process"""

    def __init__(self, options: CrossOriginOptions) -> None:
        problems = Problems()
        self._source = OptionSource(cast("dict[str, object]", materialize({**options})))
        # What is not given here may be by the app, so it is judged as harmless.
        settings = resolve_view([self._source], problems, complete=False)
        problems.raise_errors()
        problems.issue_warnings()
        self._told = problems.warnings
        self._view: weakref.ref[object] | None = None
        self._latest: weakref.ref[Compiled] | None = None
        self.automatic_options = settings.automatic_options
        ViewPolicy._count()

    @staticmethod
    def _count() -> None:
        with _lock:
            ViewPolicy.decorated += 1
            for state in _states:
                state.known = {}

    def note(self, view: object) -> None:
        """Note that a view is decorated with this policy."""
        if self not in all_view_policies:  # Flask-RESTful may decorate anew for each request
            all_view_policies.add(self)
            ViewPolicy._count()
        with suppress(TypeError):  # not everything that is callable can be referred to weakly
            self._view = weakref.ref(view)

    @property
    def view(self) -> object:
        """Return what was decorated with this policy last, if it is still there."""
        return self._view() if self._view else None

    def within(self, app: Flask) -> Compiled:
        """Return the policy in an app, whose configuration says what the decorator does not."""
        latest = None if self._latest is None else self._latest()
        if latest is not None and latest.state.app is app:
            return latest
        state = state_of(app)
        compiled = state.views.get(self)
        if compiled is None:
            compiled = state.views[self] = Compiled(state, self._compile(state))
        self._latest = weakref.ref(compiled)
        return compiled

    def _compile(self, state: AppState) -> Policy:
        problems = Problems()
        policy = Policy(resolve_view([config_of(state.app, problems), self._source], problems))
        problems.raise_errors()
        problems.issue_warnings(already_warned=self._told)
        if not policy.settings.intercept_exceptions:
            state.watch_exceptions()
        return policy


def view_policy(view: object, method: str) -> ViewPolicy | None:
    """Return the policy that `cross_origin` gave a view function, or a method of its class."""
    holders: list[object] = [view]
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        handler = getattr(view_class, method.lower(), None)
        if handler is None and method == "HEAD":
            handler = getattr(view_class, "get", None)
        # Flask-RESTful applies these to a method when it is called, so the method does not have it.
        applied: object = getattr(view_class, "method_decorators", ())
        if isinstance(applied, Mapping):
            applied = cast("Mapping[object, object]", applied).get(method.lower(), ())
        holders += [*reversed(cast("Sequence[object]", applied)), handler]
        holders.append(getattr(view_class, "dispatch_request", None))
    for holder in holders:
        own = getattr(holder, VIEW_POLICY, None)
        if isinstance(own, ViewPolicy):
            return own
    return None


Decided: TypeAlias = tuple["Policy | None", "Lines | None"]
_UNDECIDED: Decided = (None, None)
_NOWHERE: Policies = ResourceTable(())

_states: weakref.WeakSet[AppState] = weakref.WeakSet()


class AppState:
    """Holds the policies of one app: `app.extensions["cors"]`."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.decided = f"flask_cors.decided.{id(self):x}"
        """the key of whose policy holds in a WSGI environment, and what it adds if that is known"""
        self._wait = partial(run_in, app)
        self.resources = _NOWHERE
        self.alone: Policy | None = None
        """the policy of every response, whatever it answers to, unless a view has its own"""
        self.known: dict[str | None, Lines] = {}
        """what every response gets, by the origin that asks, as far as it is known; empty where
        callables are asked, and in a process where a view has a policy of its own"""
        self.blueprints: dict[str, Policies] = {}
        # Weak, so that a view that is decorated anew for each request leaves nothing.
        self.views: weakref.WeakKeyDictionary[ViewPolicy, Compiled] = weakref.WeakKeyDictionary()
        self.config: dict[str, object] = {}
        """the `CORS_*` keys as they were when they were last read"""
        self.installed = False
        """whether the app's preflights and responses come by here"""
        self._views: tuple[int, int, bool] = (0, 0, False)
        self._watching = False

    def add(self, entries: Sequence[tuple[PathPattern, Policy]], blueprint: str = "") -> None:
        """Add resources, of a blueprint or of the app, and put the middleware around it, once."""
        if not all(policy.settings.intercept_exceptions for _, policy in entries):
            self.watch_exceptions()
        with _lock:
            if blueprint:
                known = self.blueprints.get(blueprint, _NOWHERE)
                self.blueprints[blueprint] = ResourceTable((*known.entries, *entries))
            else:
                self.resources = ResourceTable((*self.resources.entries, *entries))
            alone = None if self.blueprints else self.resources.catch_all
            self.alone = alone if alone and alone.settings.intercept_exceptions else None
            self.known = {}
            if self.alone and not (self.alone.settings.origins.predicates or ViewPolicy.decorated):
                self.known = self.alone.memo
            _states.add(self)
            if not self.installed:
                self.installed = True
                _install(self)

    def watch_exceptions(self) -> None:
        """Note in its environment when a request ends in an exception that nobody caught."""
        if self._watching:
            return
        try:
            got_request_exception.connect(self._note_exception, self.app)
        except RuntimeError:  # Flask 2.2 without blinker
            problems = Problems()
            problems.error(
                "signals-missing",
                "intercept_exceptions",
                "False",
                "intercept_exceptions=False needs Flask's signals. Install blinker",
            )
            problems.raise_errors()
        self._watching = True

    def _note_exception(self, _app: Flask, *, exception: BaseException, **_: object) -> None:
        if not isinstance(exception, HTTPException):  # Flask-RESTful sends it for `abort` too
            request.environ[UNCAUGHT] = self.app

    def preflight_policy(self, environ: WSGIEnvironment) -> Policy | None:
        """Return whose policy holds for a preflight: that of the request it asks for."""
        method = asked_method(environ)
        endpoint = matched(self.app, environ, method) if self._routed() else None
        return self.policy(endpoint, method, environ)

    def decide(self, policy: Policy, environ: WSGIEnvironment) -> Decision:
        """Return what a policy says about a request; `async` origin callables are bridged."""
        return decide(policy, environ, self._wait)

    def lines(self, environ: WSGIEnvironment, status: str) -> Lines:
        """Return what to add to a response of the app with a status."""
        decided: Decided = environ.get(self.decided, _UNDECIDED)
        policy, lines = decided
        if policy is None and not ViewPolicy.decorated:
            policy = self.alone
        if policy is None:
            policy = self.response_policy(environ)
        if policy is None:
            return ()
        if lines is None:
            lines = lines_to_add(policy, environ, self._wait)
            if policy.settings.origins.predicates:  # a response may be started anew
                environ[self.decided] = (policy, lines)
        withheld = UNCAUGHT in environ and is_withheld(self.app, policy, environ, status)
        return () if withheld else lines

    def response_policy(self, environ: WSGIEnvironment) -> Policy | None:
        """Return whose policy holds for a response."""
        if not self._routed():
            return self.alone or self.resources.find(routed_path(environ))
        if is_preflight(environ):
            return self.preflight_policy(environ)
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        return self.policy(getattr(rule, "endpoint", None), environ["REQUEST_METHOD"], environ)

    def _routed(self) -> bool:
        """Return whether it depends on the view, or its blueprint, whose policy holds."""
        if self.blueprints:
            return True
        functions = self.app.view_functions
        count, decorated, found = self._views
        if count != len(functions) or decorated != ViewPolicy.decorated:
            count, decorated = len(functions), ViewPolicy.decorated
            found = any(map(_is_decorated, list(functions.values())))
            self._views = (count, decorated, found)
        return found

    def policy(self, endpoint: str | None, method: str, environ: WSGIEnvironment) -> Policy | None:
        """Return whose policy holds: the view's, the innermost blueprint's, or a resource's."""
        if endpoint is not None:
            view = view_policy(self.app.view_functions.get(endpoint), method)
            if view is not None:
                return view.within(self.app).policy
        if self.alone is not None:
            return self.alone
        path = routed_path(environ)
        if endpoint is not None:
            blueprint = endpoint.rpartition(".")[0]
            while blueprint:
                table = self.blueprints.get(blueprint)
                policy = table.find(path) if table else None
                if policy is not None:
                    return policy
                blueprint = blueprint.rpartition(".")[0]
        return self.resources.find(path)


def _is_decorated(view: object) -> bool:
    methods: Iterable[str] = getattr(getattr(view, "view_class", None), "methods", None) or ("GET",)
    return any(view_policy(view, method) for method in methods)


def state_of(app: Flask) -> AppState:
    """Return the state of an app, made when it is first asked for."""
    state: object = app.extensions.get("cors")
    if isinstance(state, AppState):
        return state
    with _lock:
        state = app.extensions.get("cors")
        if not isinstance(state, AppState):
            state = AppState(app)
            app.extensions.update(cors=state)
        return state


def _install(state: AppState) -> None:
    """Put the middleware around an app.

    What was put around it before may answer on its own (`DispatcherMiddleware`), and that is not
    for this app to open. Then only what leaves Flask itself is touched, a step further in.
    """
    app = state.app
    before = app.wsgi_app
    overridden = getattr(type(app), "wsgi_app", Flask.wsgi_app) is not Flask.wsgi_app
    if "wsgi_app" not in vars(app) and not overridden:
        app.wsgi_app = _middleware(state)  # type: ignore[assignment, method-assign]  # Flask's way to add middleware
        return
    _install_inside(state)
    if type(before).__module__ == "werkzeug.debug":
        # The debugger's page for an exception is the app's answer to it; its tools are not.
        state.watch_exceptions()
        app.wsgi_app = _DebuggerMiddleware(state)  # type: ignore[method-assign]  # as above


def _install_inside(state: AppState) -> None:
    app = state.app
    dispatch, finalize = app.full_dispatch_request, app.finalize_request

    def full_dispatch_request() -> Response:
        environ = request.environ
        environ[PASSAGE] = state
        environ.pop(state.decided, None)
        if is_preflight(environ):
            policy = state.preflight_policy(environ)
            if policy is not None and policy.settings.automatic_options:
                response = app.response_class()
                add_to(response.headers, state.decide(policy, environ).lines)
                return response
        return dispatch()

    def finalize_request(
        rv: ResponseReturnValue | HTTPException,
        from_error_handler: bool = False,  # noqa: FBT001, FBT002  (Flask's signature)
    ) -> Response:
        response = finalize(rv, from_error_handler)
        add_to(response.headers, state.lines(request.environ, response.status))
        return response

    app.full_dispatch_request = full_dispatch_request  # type: ignore[method-assign]  # before any hook
    app.finalize_request = finalize_request  # type: ignore[method-assign]  # after any hook


def add_to(headers: Headers, lines: Lines) -> None:
    """Add the lines of a decision to the headers of a response."""
    headers[:] = merge(list(headers), lines)


def _middleware(state: AppState) -> WSGIApplication:
    """Return the middleware with a look-up that knows Flask."""
    app = state.app.wsgi_app

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not state.known:
            environ[PASSAGE] = state
            environ.pop(state.decided, None)  # of a request that had this environment before
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return _serve_options(state, app, environ, start_response)

        # Most responses of most apps come by here, so it calls nothing that it can do by itself: in
        # an app at work a call costs as much as all of that (`nox -s bench`).
        def start(
            status: str, headers: ResponseLines, exc_info: ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            lines = None
            origin: str | None = environ.get("HTTP_ORIGIN")
            # What is looked up is hashed, and a request may bring any length. Nothing is logged
            # above DEBUG, as `isEnabledFor` would say.
            if (origin is None or len(origin) <= MAX_ORIGIN_LENGTH) and (
                logger.level or root_logger.level
            ) > DEBUG:
                lines = state.known.get(origin)
            if lines is None:
                lines = state.lines(environ, status)
            for name, _ in headers:
                if name not in ORDINARY_FIELDS:
                    headers = merge(headers, lines)
                    break
            else:
                headers = [*headers, *lines]
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        return app(environ, start)

    return middleware


def _serve_options(
    state: AppState, app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer a preflight, or pass on what is none, or is not to be answered here."""
    if is_preflight(environ):
        policy = state.preflight_policy(environ)
        if policy is not None and policy.settings.automatic_options:
            return answer_preflight(state.decide(policy, environ), start_response)
    return app(environ, adding(start_response, state.lines, environ))


class _DebuggerMiddleware:
    """Adds headers to the debugger's page for an exception of the app, and to nothing else."""

    def __init__(self, state: AppState) -> None:
        self.app = state.app.wsgi_app
        self._state = state

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def lines(environ: WSGIEnvironment, status: str) -> Lines:
            uncaught = environ.get(UNCAUGHT) is self._state.app
            return self._state.lines(environ, status) if uncaught else ()

        return self.app(environ, adding(start_response, lines, environ))
