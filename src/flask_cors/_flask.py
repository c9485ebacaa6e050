"""What the extension and the decorator share: whose policy holds, and how it reaches a response."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import TypeAlias, TypeVar, cast
from weakref import WeakKeyDictionary, WeakSet

from flask import Flask, current_app, got_request_exception, has_request_context, request
from flask.wrappers import Response
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy

from .core import Decision, Policy
from .core.errors import Report
from .core.headers import normalize_method
from .core.options import (
    CROSS_ORIGIN_OPTIONS,
    OPTIONS,
    CrossOriginOptions,
    Layer,
    config_layer,
    judge,
    read_layer,
)
from .core.origins import OriginRules
from .core.resources import PathPattern, ResourceTable
from .wsgi import PolicyMiddleware, StartResponse, WSGIEnvironment, is_preflight, routed_path

T = TypeVar("T")
Policies: TypeAlias = ResourceTable[Policy]

# Keys of the WSGI environment.
PASSAGE = "flask_cors.passage"  # (the app's state,): a tuple of its own for each request
DECIDED = "flask_cors.decided"  # (app, policy, decision) of the view
UNCAUGHT = "flask_cors.uncaught"  # the app in which an exception was caught by nobody

# An attribute of what `cross_origin` returns: the `ViewPolicy`. `functools.wraps` carries it along.
VIEW_POLICY = "_flask_cors_policy"

_lock = Lock()


def this_app(app: Flask = current_app) -> Flask:
    """Return the current app, or `app`, itself: not a stand-in, which would be another later."""
    stand_in: object = app
    if isinstance(stand_in, LocalProxy):
        return cast("LocalProxy[Flask]", stand_in)._get_current_object()
    return app


def run_in(app: Flask, awaitable: Awaitable[T]) -> T:
    """Run an awaitable to its end in sync code, as `app` runs its async views."""

    async def awaited() -> T:
        return await awaitable

    return cast("T", app.ensure_sync(awaited)())


def asked_method(environ: WSGIEnvironment) -> str:
    """Return the method that a preflight asks for."""
    return normalize_method(environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"])


def matched(app: Flask, environ: WSGIEnvironment, method: str) -> str | None:
    """Return the endpoint that a request with `method` would reach, if it would reach one."""
    try:
        adapter = app.create_url_adapter(app.request_class(environ, populate_request=False))
        return adapter.match(method=method)[0] if adapter else None
    except Exception:  # noqa: BLE001  (404, 405, a redirect, a converter of the app that fails)
        return None


def config_of(app: Flask, report: Report) -> Layer:
    """Return the `CORS_*` keys of an app as a layer of options."""
    config: object = app.config
    layer = config_layer(config if isinstance(config, Mapping) else {}, report)
    for option, value in layer.options.items():
        if isinstance(value, Iterator):  # it can be read once, and the configuration is by many
            app.config[layer.name(option)] = tuple(cast("Iterator[object]", value))
            return config_of(app, report)
    state_of(app).config = dict(layer.options)
    return layer


all_view_policies: WeakSet[ViewPolicy] = WeakSet()
"""Of every view in the process, for `flask cors` to find those that no route uses."""


class ViewPolicy:
    """Is the policy of a decorated view: its options, compiled once for each app it runs in."""

    def __init__(self, options: CrossOriginOptions) -> None:
        report = Report()
        self._values = read_layer(Layer({**options}), CROSS_ORIGIN_OPTIONS, report)
        # What is not given here may be by the app, so it is judged as harmless.
        judge({"origins": OriginRules(), **self._values}, "", report)
        report.raise_problems()
        report.warn()
        self._told = report.doubts
        self.view: object = None
        """what was decorated with it last"""
        all_view_policies.add(self)
        self.automatic_options = self._values.get("automatic_options", True) is True

    def within(self, app: Flask) -> Policy:
        """Return the policy in `app`, whose configuration says what the decorator does not."""
        state = state_of(app)
        return state.views.get(self) or self._compile(app, state)

    def _compile(self, app: Flask, state: AppState) -> Policy:
        report = Report()
        values = read_layer(config_of(app, report), OPTIONS, report)
        policy = Policy(judge({**values, **self._values}, "", report))
        report.raise_problems()
        report.warn(told=self._told)
        if not policy.settings.intercept_exceptions:
            state.watch_exceptions()
        state.views[self] = policy
        return policy


def view_policy(view: object, method: str) -> ViewPolicy | None:
    """Return the policy that `cross_origin` gave a view function, or a method of its class."""
    own = getattr(view, VIEW_POLICY, None)
    if own is None:
        view_class = getattr(view, "view_class", None)
        handler = getattr(view_class, method.lower(), None)
        if handler is None and method == "HEAD":
            handler = getattr(view_class, "get", None)
        own = getattr(handler, VIEW_POLICY, None)
        if own is None:
            own = getattr(getattr(view_class, "dispatch_request", None), VIEW_POLICY, None)
    return own if isinstance(own, ViewPolicy) else None


_NOWHERE: Policies = ResourceTable(())


class AppState:
    """Holds the policies of one app: `app.extensions["cors"]`."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.resources = _NOWHERE
        self.blueprints: dict[str, Policies] = {}
        # Weak, so that a view that is decorated anew for each request leaves nothing.
        self.views: WeakKeyDictionary[ViewPolicy, Policy] = WeakKeyDictionary()
        self.config: dict[str, object] = {}
        """the `CORS_*` keys as they were when they were last read"""
        self._middleware: _FlaskMiddleware | None = None
        self._views_counted = 0
        self._views_decorated = False
        self._watching = False

    def add(self, entries: Sequence[tuple[PathPattern, Policy]], blueprint: str = "") -> None:
        """Add resources, of a blueprint or of the app, and put the middleware around it, once."""
        if not all(policy.settings.intercept_exceptions for _, policy in entries):
            self.watch_exceptions()
        with _lock:
            if blueprint:
                known = self.blueprints.get(blueprint, _NOWHERE)
                self.blueprints[blueprint] = ResourceTable((*known.given, *entries))
            else:
                self.resources = ResourceTable((*self.resources.given, *entries))
            if self._middleware is None:
                self._middleware = _FlaskMiddleware(self)
                self.app.wsgi_app = self._middleware  # type: ignore[method-assign]  # Flask's way to add middleware

    @property
    def installed(self) -> bool:
        """Return whether the middleware is around the app."""
        return self._middleware is not None

    def watch_exceptions(self) -> None:
        """Note in its environment when a request ends in an exception that nobody caught."""
        if self._watching:
            return
        try:
            got_request_exception.connect(self._note_exception, self.app)
        except RuntimeError:  # Flask 2.2 without blinker
            report = Report()
            report.error(
                "signals-missing",
                "intercept_exceptions",
                "False",
                "intercept_exceptions=False needs Flask's signals. Install blinker",
            )
            report.raise_problems()
        self._watching = True

    def _note_exception(self, _app: Flask, *, exception: BaseException, **_: object) -> None:
        # Flask-RESTful sends the signal for `abort` too.
        if not isinstance(exception, HTTPException):
            request.environ[UNCAUGHT] = self.app

    def preflight_policy(self, environ: WSGIEnvironment) -> Policy | None:
        """Return whose policy holds for a preflight: that of the request it asks for."""
        method = asked_method(environ)
        endpoint = matched(self.app, environ, method) if self._routed() else None
        return self.policy(endpoint, method, environ)

    def response_policy(self, environ: WSGIEnvironment) -> Policy | None:
        """Return whose policy holds for a response."""
        if not self._routed():
            return self.resources.everywhere or self.resources.find(routed_path(environ))
        if environ["REQUEST_METHOD"] == "OPTIONS" and is_preflight(environ):
            return self.preflight_policy(environ)
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        return self.policy(getattr(rule, "endpoint", None), environ["REQUEST_METHOD"], environ)

    def _routed(self) -> bool:
        """Return whether it depends on the view, or its blueprint, whose policy holds."""
        functions = self.app.view_functions
        if len(functions) != self._views_counted:
            self._views_counted = len(functions)
            self._views_decorated = any(map(_is_decorated, functions.values()))
        return self._views_decorated or bool(self.blueprints)

    def policy(self, endpoint: str | None, method: str, environ: WSGIEnvironment) -> Policy | None:
        """Return whose policy holds: the view's, the innermost blueprint's, or a resource's."""
        path = routed_path(environ)
        if endpoint is not None:
            view = view_policy(self.app.view_functions.get(endpoint), method)
            if view is not None:
                return view.within(self.app)
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


class _FlaskMiddleware(PolicyMiddleware):
    """Is the middleware with a look-up that knows Flask."""

    def __init__(self, state: AppState) -> None:
        app = state.app
        super().__init__(app.wsgi_app, partial(run_in, app))
        self._state = state
        # What was put around the app before may answer on its own (DispatcherMiddleware): only
        # what comes from Flask itself is touched then, and preflights are answered in there. The
        # debugger's page for an exception is the app's answer to it.
        self._wrapped = "wsgi_app" in vars(app) and type(self.app).__module__ != "werkzeug.debug"
        if self._wrapped:
            self._answer_inside(app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[PASSAGE] = (self._state,)
        return super().__call__(environ, start_response)

    def preflight_policy(self, environ: WSGIEnvironment) -> Policy | None:
        return None if self._wrapped else self._state.preflight_policy(environ)

    def response_decision(self, environ: WSGIEnvironment) -> Decision | None:
        own = self._own(environ)
        if own is None:
            return None
        app = self._state.app
        decided_in, policy, decision = own.get(DECIDED) or (None, None, None)
        if decided_in is not app:
            policy, decision = self._state.response_policy(own), None
        if policy is None or (
            own.get(UNCAUGHT) is app and not policy.settings.intercept_exceptions
        ):
            return None
        return decision or self.decide(policy, own)

    def _own(self, environ: WSGIEnvironment) -> WSGIEnvironment | None:
        """Return the environment that Flask itself saw, if it is Flask's response that starts."""
        if not self._wrapped:
            return environ
        if has_request_context() and current_app == self._state.app:
            inner = request.environ  # in between it may have been copied
            if inner.get(PASSAGE) is environ[PASSAGE]:
                return inner
        return None

    def _answer_inside(self, app: Flask) -> None:
        dispatch = app.full_dispatch_request

        def full_dispatch_request() -> Response:
            environ = request.environ
            if request.method == "OPTIONS" and is_preflight(environ) and PASSAGE in environ:
                policy = self._state.preflight_policy(environ)
                if policy is not None and policy.settings.automatic_options:
                    return app.response_class()  # on its way out it gets its headers
            return dispatch()

        app.full_dispatch_request = full_dispatch_request  # type: ignore[method-assign]  # before any hook
