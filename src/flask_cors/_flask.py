"""The Flask adapter: which policy applies to a request, and how its headers get into the response.

`policy_for` answers the first question for an endpoint, a method and a path. `answering_endpoint`
finds the endpoint of a request, or of the request that a preflight announces.

Headers are added in two places. A WSGI middleware directly around Flask's own `wsgi_app` answers
preflights before anything else does, and adds headers when a response starts. A response that does
not leave through it (`app.full_dispatch_request()`, called in a request context) passes through
`Flask.process_response`, which Flask documents as meant to be overridden. A request reads no state
but that of its app.
"""

from __future__ import annotations

import copy
import inspect
import sys
import weakref
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import RLock
from types import CoroutineType, FrameType, MethodType, NoneType
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn, TypeAlias, TypeVar, cast
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app, got_request_exception, request
from flask.wrappers import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.local import LocalProxy
from werkzeug.routing import MapAdapter, RequestRedirect, Rule

from ._log import logger
from .core import ConfigurationError, Decision, Policy, Problem
from .core.errors import Problems, place_of_caller
from .core.headers import normalize_method
from .core.merge import VARY, Field
from .core.options import CrossOriginOptions
from .core.resources import MAX_MEMO_PATH, PathPattern, ResourceTable
from .core.settings import OptionSource, config_source, materialize, resolve_view
from .wsgi import (
    ASKED_METHOD,
    ExcInfo,
    ResponseLines,
    StartResponse,
    WSGIApplication,
    WSGIEnvironment,
    answer_preflight,
    decide,
    is_preflight,
    known_fields,
    request_method,
    routed_path,
)

if TYPE_CHECKING:  # a production server does not load the debugger
    from werkzeug.debug import DebuggedApplication

T = TypeVar("T")
Policies: TypeAlias = ResourceTable[Policy]
Write: TypeAlias = Callable[[bytes], object]

MARK = "flask_cors.mark"
"""A key of the WSGI environment: the state of the app whose middleware is going to add the headers,
or a `Note` that has more to say. Afterwards, it is what it was before."""

VIEW_POLICY = "_flask_cors_policy"
"""The attribute by which a decorated view has its `ViewPolicy`; `functools.wraps` copies it."""

# An attribute takes ten times as long through one of Flask's proxies.
current_request = cast("LocalProxy[Request]", request)._get_current_object
this_app = cast("LocalProxy[Flask]", current_app)._get_current_object

_lock = RLock()  # a layer around an app may set up another app when it is looked at


def run_in(app: Flask, awaitable: Awaitable[T]) -> T:
    """Run an awaitable to its end in sync code, as `app` runs its async views."""

    async def awaited() -> T:
        return await awaitable

    try:
        return cast("T", app.ensure_sync(awaited)())
    finally:
        if isinstance(awaitable, CoroutineType):  # it may not have been awaited
            awaitable.close()


def wait(awaitable: Awaitable[T]) -> T:
    """Run an awaitable to its end as `run_in` does, for the current app."""
    return run_in(this_app(), awaitable)


def active_request(app: Flask, environ: WSGIEnvironment) -> Request | None:
    """Return the request of an environment, if its context in the app is active."""
    try:
        active = current_request()
    except RuntimeError:
        return None
    return active if active.environ is environ and this_app() is app else None


@contextmanager
def request_context(app: Flask, environ: WSGIEnvironment) -> Generator[None]:
    """Push the context of a request for origin callables, which may read `request` or a database.

    The app's `before_request` functions do not run for a preflight, so its teardown functions may
    miss what they expect. The preflight is answered all the same.
    """
    if active_request(app, environ) is not None:
        yield
        return
    context = app.request_context(environ)
    try:
        context.push()  # if it fails, it has to be popped all the same
        yield
    finally:
        try:
            context.pop()
        except Exception:  # noqa: BLE001  (whatever a teardown function of the app raises)
            logger.exception("CORS: a teardown function failed after an origin callable was asked")


# Policies of views --------------------------------------------------------------------------------


class ViewPolicy:
    """The policy of a decorated view: its options, compiled once for each app that uses it."""

    def __init__(self, options: CrossOriginOptions) -> None:
        problems = Problems()
        given = cast("dict[str, object]", materialize({**options}))
        self._source = OptionSource(given, place=place_of_caller())
        # The app's configuration may give the options that are missing here, so only those that are
        # given are judged.
        settings = resolve_view([self._source], problems, complete=False)
        problems.raise_errors()
        problems.issue_warnings()
        self._already_warned = problems.warnings
        self._view: weakref.ref[object] | None = None
        self.place: str = ""
        """the name of the decorated function, with its file and line"""
        self.automatic_options: bool = settings.automatic_options
        """whether the decorator's own options have OPTIONS requests answered here"""

    def decorate(self, view: object) -> None:
        """Remember the view that is decorated, for messages and for the command line."""
        self.place = place_of(view)
        decorated_views.add(self)
        with suppress(TypeError):  # some callables allow no weak reference
            self._view = weakref.ref(view)

    @property
    def view(self) -> object:
        """Return the view that was decorated last with this policy, if it still exists."""
        return self._view() if self._view else None

    def within(self, app: Flask) -> Policy:
        """Return the policy in an app, whose configuration supplies the options not given here.

        Raises:
            ConfigurationError: with every problem that the configuration adds, and the view's name.
        """
        state = state_of(app)
        policy = state.views.get(self)
        if policy is None:
            policy = state.views[self] = self._compile(app, state)
        return policy

    def _compile(self, app: Flask, state: AppState) -> Policy:
        problems = Problems()
        policy = Policy(resolve_view([config_of(app, problems), self._source], problems))
        if self.place:
            place = f"cross_origin on {self.place}: "
            problems.errors[:] = [
                problem._replace(message=place + problem.message) for problem in problems.errors
            ]
        problems.raise_errors()
        problems.issue_warnings(self._already_warned)
        if not policy.settings.intercept_exceptions:
            state.watch_exceptions(app)
        return policy


decorated_views: weakref.WeakSet[ViewPolicy] = weakref.WeakSet()
"""The policies of all views of the process, for `flask cors` to find views that no route uses."""


def place_of(view: object) -> str:
    """Return the name of a function or class, with its file and line if these are known."""
    function = inspect.unwrap(cast("Callable[..., object]", view))
    name = str(getattr(function, "__name__", type(function).__name__))
    code = getattr(function, "__code__", None)
    return f"{name} ({code.co_filename}, line {code.co_firstlineno})" if code else name


def methods_of(app: Flask, endpoint: str) -> set[str]:
    """Return the methods of an endpoint's routes. OPTIONS stands for all methods that none has."""
    rules: Iterable[Rule] = ()
    with suppress(KeyError):  # the view may have no route
        rules = app.url_map.iter_rules(endpoint)
    return {"OPTIONS"}.union(*(rule.methods or () for rule in rules))


def policies_by_method(app: Flask, endpoint: str) -> dict[str, ViewPolicy | None]:
    """Return the policies that `cross_origin` gave a view, by method."""
    view = app.view_functions.get(endpoint)
    own = next(_marks(_parts(view)), None)
    view_class: type | None = getattr(view, "view_class", None)
    methods = methods_of(app, endpoint)
    if own is not None or view_class is None:
        return dict.fromkeys(methods, own)
    return {method: next(_marks(_handlers(view_class, method)), None) for method in methods}


def view_policy(app: Flask, endpoint: str | None, method: str) -> ViewPolicy | None:
    """Return the policy that `cross_origin` gave a view, or a method of its class."""
    return _policy_of_method(policies_by_method(app, endpoint), method) if endpoint else None


def _policy_of_method(policies: Mapping[str, ViewPolicy | None], method: str) -> ViewPolicy | None:
    return policies[method if method in policies else "OPTIONS"]


def _marks(holders: Iterable[object]) -> Iterator[ViewPolicy]:
    """Yield the policies of the functions that are decorated."""
    for holder in holders:
        mark: object = getattr(holder, VIEW_POLICY, None)
        if isinstance(mark, ViewPolicy):
            yield mark


def _parts(view: object) -> Iterator[object]:
    """Yield a view, and what it calls if it is no function."""
    yield view
    while isinstance(view, partial):
        view = cast("partial[object]", view).func
        yield view
    yield getattr(type(view), "__call__", None)  # noqa: B004  (what is read is its mark)


def _handlers(view_class: type, method: str) -> list[object]:
    """Return what handles a method in a class, and may be decorated."""
    names = ("head", "get") if method == "HEAD" else (method.lower(), "options")
    handlers = [getattr(view_class, name, None) for name in names]
    # Flask-RESTful decorates a method only when it is called, so the method has no mark yet.
    applied: object = getattr(view_class, "method_decorators", ())
    if isinstance(applied, Mapping):
        applied = cast("Mapping[object, object]", applied).get(names[0], ())
    found = [*reversed(cast("Sequence[object]", applied)), handlers[0] or handlers[1]]
    return [*found, getattr(view_class, "dispatch_request", None)]


# Which policy applies -----------------------------------------------------------------------------


class Entry(NamedTuple):
    """The policies of an endpoint."""

    view: object
    """the view function, by which it is noticed if another one replaces it"""
    views: Mapping[str, ViewPolicy | None]
    """the policies that `cross_origin` gave the view, by method"""
    policy: Policy | Literal[False] | None
    """the policy for all requests, or `False` if it depends on the method or on the path"""
    policies: Mapping[str, Policy | None]
    """the policies for paths that were requested lately"""

    def view_policy(self, method: str) -> ViewPolicy | None:
        """Return the policy that `cross_origin` gave the view, or a method of its class."""
        return _policy_of_method(self.views, method)


class Note(NamedTuple):
    """What is known of a request that the usual way through the middleware does not suit."""

    acting: AppState | None
    """the state of the app whose middleware is going to add the headers, if any"""
    failed: AppState | None = None
    """the state of the app that did not catch an exception"""
    settled: tuple[object, ...] = ()
    """The responses that have their headers already, since a decorated function returned them.
    Once the response that leaves the app is known, no other one is here."""


def note_of(environ: WSGIEnvironment) -> Note:
    """Return the note of a request, which says nothing more than the mark if there is none."""
    mark: Note | AppState | None = environ.get(MARK)
    return mark if isinstance(mark, Note) else Note(mark)


_NO_RESOURCES: Policies = ResourceTable(())


class AppState:
    """The policies of one app: `app.extensions["cors"]`. It does not refer to the app."""

    def __init__(self) -> None:
        self.resources = _NO_RESOURCES
        self.blueprints: dict[str, Policies] = {}
        # Weak, so that memory does not grow if a view is decorated again for each request.
        self.views: weakref.WeakKeyDictionary[ViewPolicy, Policy] = weakref.WeakKeyDictionary()
        self.config: dict[str, object] = {}
        """the `CORS_*` keys, as they were read last"""
        self.entries: dict[str, Entry] = {}
        """the policies of endpoints that were requested; replaced when something is added"""
        self._seen: tuple[list[object], bool] = ([], False)
        """the app's views as last seen, and whether any may have a policy of its own"""
        self.installed_in: Callable[[], Flask | None] = NoneType
        """returns the app that was set up, if any; a copy of that app shares its state"""
        self.adds = False
        """whether fields were added to responses that the app may have kept"""
        self.warned: set[tuple[str, str, str]] = set()
        """the warnings given in debug mode: origin, method and endpoint"""
        self._watching = False

    def add(
        self, app: Flask, entries: Sequence[tuple[PathPattern, Policy]], blueprint: str = ""
    ) -> None:
        """Add resources to a blueprint or to the app, and install the adapter in the app."""
        if not all(policy.settings.intercept_exceptions for _, policy in entries):
            self.watch_exceptions(app)
        with _lock:
            if blueprint:
                before = self.blueprints.get(blueprint, _NO_RESOURCES)
                added = ResourceTable((*before.entries, *entries))
                self.blueprints = {**self.blueprints, blueprint: added}
            else:
                self.resources = ResourceTable((*self.resources.entries, *entries))
            self.entries = {}
            install(app, self)

    def watch_exceptions(self, app: Flask) -> None:
        """Have a request's environment marked when it ends in an uncaught exception."""
        if self._watching:
            return
        try:
            got_request_exception.connect(self._note_exception, app)
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
        # Flask-RESTful sends the signal also for `abort(503)`, which it handles.
        if not isinstance(exception, HTTPException) or (exception.code or 500) < 500:
            environ = current_request().environ
            environ[MARK] = note_of(environ)._replace(failed=self)

    def entry(self, app: Flask, endpoint: str) -> Entry:
        """Return the policies of an endpoint."""
        # `add` begins a new dict. An entry that was computed before must not get into that one.
        entries = self.entries
        view = app.view_functions.get(endpoint)
        entry = entries.get(endpoint)
        if entry is not None and entry.view is view:
            return entry
        views = policies_by_method(app, endpoint)
        own, *others = {*views.values()}
        if others:
            entry = Entry(view, views, False, {})
        elif own is not None:
            entry = Entry(view, views, own.within(app), {})
        else:
            tables = [*self._blueprint_tables(endpoint), self.resources]
            # `policy_for` looks a path up where several tables may have it.
            policies = tables[0].memo if len(tables) == 1 else {}
            entry = Entry(view, views, _policy_of_all_paths(tables), policies)
        entries[endpoint] = entry
        return entry

    def _blueprint_tables(self, endpoint: str) -> Iterator[Policies]:
        """Yield the resources of the blueprints of an endpoint, the innermost first."""
        if not self.blueprints:
            return
        blueprint = endpoint.rpartition(".")[0]
        while blueprint:
            table = self.blueprints.get(blueprint)
            if table is not None:
                yield table
            blueprint = blueprint.rpartition(".")[0]

    def policy_for(self, app: Flask, endpoint: str | None, method: str, path: str) -> Policy | None:
        """Return the policy of the view, else of the innermost blueprint, else of a resource."""
        if endpoint is not None:
            entry = self.entry(app, endpoint)
            if entry.policy is not False:
                return entry.policy
            own = entry.view_policy(method)
            if own is not None:
                return own.within(app)
            for table in self._blueprint_tables(endpoint):
                policy = table.find(path)
                if policy is not None:
                    return policy
        return self.resources.find(path)

    def preflight_policy(self, app: Flask, environ: WSGIEnvironment) -> Policy | None:
        """Return the policy for a preflight, which is that of the request it announces."""
        path = routed_path(environ)
        if not self.blueprints and not self._has_decorated_views(app):
            return self.resources.find(path)
        method = normalize_method(environ[ASKED_METHOD])
        endpoint = answering_endpoint(app, environ, method)
        return self.policy_for(app, endpoint, method, path)

    def _has_decorated_views(self, app: Flask) -> bool:
        """Return whether any view may have a policy of its own; else no URL need be matched."""
        views: list[object] = [*app.view_functions.values()]
        if views != self._seen[0]:  # functions are equal only if they are the same one
            found = (hasattr(view, "view_class") or any(_marks(_parts(view))) for view in views)
            self._seen = (views, any(found))
        return self._seen[1]

    def response_policy(
        self, app: Flask, environ: WSGIEnvironment, status: str = ""
    ) -> Policy | None:
        """Return the policy for the response to a request.

        It is `None` also for a response that has its headers already, and for a response with this
        status that gets none because of `intercept_exceptions=False`.
        """
        if note_of(environ).settled:
            return None
        policy = self._policy_at_the_url(app, environ)
        return None if self.withholds(environ, policy, status) else policy

    def _policy_at_the_url(self, app: Flask, environ: WSGIEnvironment) -> Policy | None:
        routed = active_request(app, environ)
        try:
            if is_preflight(environ):
                return self.preflight_policy(app, environ)
            if routed is None:
                method = request_method(environ)
                endpoint = answering_endpoint(app, environ, method)
            elif routed.url_rule is not None:
                method, endpoint = routed.method, routed.url_rule.endpoint
            else:
                method, error = routed.method, routed.routing_exception
                unrouted = isinstance(error, (MethodNotAllowed, RequestRedirect))
                endpoint = answering_endpoint(app, environ, method) if unrouted else None
            # A view may pass the environment on, to what changes its path.
            path = routed.path if routed is not None else routed_path(environ)
            return self.policy_for(app, endpoint, method, path)
        except ConfigurationError:  # the view has raised it already
            return None

    def withholds(self, environ: WSGIEnvironment, policy: Policy | None, status: str) -> bool:
        """Return whether this response gets no headers because of `intercept_exceptions=False`.

        That holds for the 500 of an uncaught exception. Flask-RESTful sends Flask's signal also for
        exceptions that it handles, so the status has to be looked at too.
        """
        return (
            note_of(environ).failed is self
            and policy is not None
            and not policy.settings.intercept_exceptions
            and status.startswith("5")
        )


def _policy_of_all_paths(tables: Iterable[Policies]) -> Policy | Literal[False] | None:
    """Return the policy that all paths have, or `False` if it depends on the path.

    Args:
        tables: resources, of which an earlier table takes precedence.
    """
    for table in tables:
        if table.catch_all is not None:
            return table.catch_all
        if table.entries:
            return False
    return None


def compile_views(app: Flask) -> None:
    """Compile the policies of an app's decorated views, so that their problems are raised early.

    Raises:
        ConfigurationError: with the problems of all views.
    """
    errors: dict[ViewPolicy, tuple[Problem, ...]] = {}
    views: object = app.view_functions
    # A copy: another thread may add a view meanwhile.
    for endpoint in [*cast("Mapping[str, object]", views)] if isinstance(views, Mapping) else ():
        for own in policies_by_method(app, endpoint).values():
            if own is None or own in errors:
                continue
            try:
                own.within(app)
            except ConfigurationError as error:
                errors[own] = error.problems
    problems = Problems()
    problems.errors.extend(problem for found in errors.values() for problem in found)
    problems.raise_errors()


def is_installed(app: Flask) -> bool:
    """Return whether `CORS` was set up for this very app, rather than only for some views."""
    return state_of(app).installed_in() is app


def state_of(app: Flask) -> AppState:
    """Return the state of an app, which is created when it is first needed."""
    state: object = app.extensions.get("cors")
    if isinstance(state, AppState):
        return state
    with _lock:
        state = app.extensions.get("cors")
        if not isinstance(state, AppState):
            state = AppState()
            app.extensions.update(cors=state)
        return state


def policy_for(app: Flask, endpoint: str | None, method: str, path: str) -> Policy | None:
    """Return the policy of the view, else of the innermost blueprint, else of a resource."""
    return state_of(app).policy_for(app, endpoint, method, path)


def config_of(app: Flask, problems: Problems) -> OptionSource:
    """Return the `CORS_*` keys of an app as a source of options."""
    config: object = app.config
    source = config_source(config if isinstance(config, Mapping) else {}, problems)
    for option, value in source.options.items():
        if isinstance(value, Iterator):  # it can be read only once, but every policy reads the keys
            app.config[source.name(option)] = tuple(cast("Iterator[object]", value))
            return config_of(app, problems)
    state_of(app).config = dict(source.options)
    return source


def url_adapter(app: Flask, environ: WSGIEnvironment) -> MapAdapter:
    """Return the URL matcher for a request, which need not be the current one."""
    # A copy, since a request writes itself into its environment.
    adapter = app.create_url_adapter(app.request_class({**environ}))
    return cast("MapAdapter", adapter)  # `None` is returned only without a request


def answering_endpoint(app: Flask, environ: WSGIEnvironment, method: str) -> str | None:
    """Return the endpoint of the view that answers a request for this URL with `method`.

    If no view handles the method (405), that is the view that answers OPTIONS. If Flask redirects
    to another URL of the app, it is the view there. Without a route it is `None`.
    """
    try:
        return _answering_endpoint(app, environ, method)
    except HTTPException:
        return None
    except Exception:  # noqa: BLE001  (a converter of the app may raise any, without its context)
        try:
            with request_context(app, environ):
                return _answering_endpoint(app, environ, method)
        except Exception:  # noqa: BLE001  (the request itself will raise it again)
            return None


def _answering_endpoint(app: Flask, environ: WSGIEnvironment, method: str) -> str | None:
    adapter = url_adapter(app, environ)
    try:
        return _match(adapter, None, method)
    except RequestRedirect as redirect:
        target = urlsplit(redirect.new_url)
    root = adapter.script_name.rstrip("/")
    if target.netloc != adapter.get_host(None) or not target.path.startswith(f"{root}/"):
        return None
    return _match(adapter, unquote(target.path[len(root) :]), method)


def _match(adapter: MapAdapter, path: str | None, method: str) -> str:
    with suppress(MethodNotAllowed):
        return str(adapter.match(path, method=method)[0])
    return str(adapter.match(path, method="OPTIONS")[0])


# Where headers are added --------------------------------------------------------------------------


def install(app: Flask, state: AppState) -> None:
    """Put the middleware around Flask's own `wsgi_app`, and override `process_response`, once."""
    if not isinstance(cast("object", app), Flask) or state.installed_in() is app:
        return
    state.installed_in = weakref.ref(app)
    app.process_response = _override(app, state)  # type: ignore[method-assign]  # Flask documents it as made to be overridden
    own = cast("object", app.wsgi_app)
    if isinstance(own, MethodType) and own.__self__ is app:
        app.wsgi_app = _middleware(app, own, state)  # type: ignore[assignment, method-assign]  # Flask's way to add middleware
        return
    layers: list[object] = [own]
    for layer in layers:
        # A layer around the app may answer by itself (`DispatcherMiddleware`), which is not for
        # this app's policy to open, so the middleware goes below all layers. It cannot look into a
        # closure; then the override of `process_response` does the work alone.
        for name, inner, replace in _apps_inside(layer):
            if isinstance(inner, MethodType) and inner.__self__ is app:
                with suppress(AttributeError, TypeError):  # some layers allow no change
                    replace(name, _middleware(app, inner, state))
                    return
            if inner is not None and inner is not app and len(layers) < _MOST_LAYERS:
                layers.append(inner)


_MOST_LAYERS = 50


def _apps_inside(layer: object) -> Iterator[tuple[str, object, Callable[[str, object], object]]]:
    """Yield the WSGI apps inside a middleware: name, app, and a function that replaces it."""
    for name in ("app", "wsgi_app", "application", "mounts"):
        inner: object = None
        with suppress(Exception):  # it may be a property, which may raise any
            inner = getattr(layer, name, None)
        if name != "mounts":
            yield name, inner, partial(setattr, layer)
        elif isinstance(inner, dict):
            mounted = cast("dict[str, object]", inner)
            for path, app in [*mounted.items()]:
                yield path, app, mounted.__setitem__


def _raise_gone() -> NoReturn:
    raise RuntimeError(
        "the Flask app no longer exists. Keep a reference: app = create_app(), then app.wsgi_app"
    )


def _middleware(  # noqa: C901  (that of the function inside)
    app: Flask, wsgi_app: object, state: AppState
) -> WSGIApplication:
    """Return the middleware around an app's own `wsgi_app`.

    The app refers to the middleware, so the middleware refers to the app weakly until the first
    request: an app that never serves one is freed with its last reference. From then on it keeps
    the app alive, as a bound method does.
    """
    serve = cast(
        "Callable[[Flask, WSGIEnvironment, StartResponse], Iterable[bytes]]",
        cast("MethodType", wsgi_app).__func__,
    )
    app_ref = weakref.ref(app)
    served: Flask | None = None

    def middleware(  # noqa: C901  (each more call adds about 6 % to the cost)
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        nonlocal served
        app = served
        if app is None:
            served = app = app_ref()
            if app is None:
                _raise_gone()
        mark: AppState | Note = state
        if ASKED_METHOD in environ:
            answered = _answer_preflight(app, state, environ, start_response)
            if answered is not None:
                return answered
            mark = Note(state)
        outer = environ.get(MARK)  # another app's, if its view calls this one
        environ[MARK] = mark

        def start(status: str, headers: ResponseLines, exc_info: ExcInfo | None = None) -> Write:
            policy: Policy | Literal[False] | None = False
            if environ.get(MARK) is state:
                request: Request | None = environ.get("werkzeug.request")
                rule: Rule | None = getattr(request, "url_rule", None)
                # Else an app inside routed it.
                if request is not None and rule is not None and rule.map is app.url_map:
                    entry = state.entries.get(rule.endpoint)
                    if entry is not None and entry.view is app.view_functions.get(rule.endpoint):
                        policy = entry.policy
                        if policy is False and len(request.path) <= MAX_MEMO_PATH:
                            policy = entry.policies.get(request.path, False)
            if policy is False:
                policy = state.response_policy(app, environ, status)
            if app.config["DEBUG"]:
                headers = decided_fields(app, environ, policy, status, headers)
            elif policy is not None:
                known = known_fields(policy, environ, headers) if mark is state else None
                headers = known or decided_fields(app, environ, policy, status, headers)
            environ[MARK] = outer
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        try:
            return serve(app, environ, start)
        except BaseException as error:
            page = _debugger_page(app, state, environ, error)
            if page is None:
                environ[MARK] = outer
                raise
            return page(environ, start)

    return middleware


def _answer_preflight(
    app: Flask, state: AppState, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes] | None:
    """Answer a preflight; `None` if the request is none, or if Flask and the view answer it."""
    try:
        policy = state.preflight_policy(app, environ) if is_preflight(environ) else None
    except ConfigurationError:  # the view will raise it, with its name
        policy = None
    if policy is None or not policy.settings.automatic_options:
        return None
    decision = decide_in(app, environ, policy)
    if app.config["DEBUG"]:
        complete(app, environ, (policy, decision), "200", ())
    return answer_preflight(decision, start_response)


def _override(app: Flask, state: AppState) -> Callable[..., Response]:
    """Return the function that overrides an app's `process_response`.

    The app refers to it, so it refers to the app weakly. Flask 3.2 passes a context before the
    response.
    """
    before: Callable[..., Response] | None = vars(app).get("process_response")
    process = cast("Callable[..., Response]", type(app).process_response)
    app_ref = weakref.ref(app)
    served: Flask | None = None

    def process_response(first: object, *more: object) -> Response:
        nonlocal served
        app = served
        if app is None:
            served = app = app_ref()
            if app is None:  # only a copy of it still exists
                app = this_app()
        try:
            if before is not None:
                processed = before(first, *more)
            else:  # a call takes twice as long with a star
                processed = process(app, first, *more) if more else process(app, first)
        except Exception as error:
            environ = current_request().environ
            # If a hook fails while Flask answers an exception, Flask sends this response.
            response = cast("Response", more[-1] if more else first)
            if error.__context__ is not None and note_of(environ).acting is not state:
                _set_headers(state, response, _finished(app, state, environ, response).headers)
            raise
        environ = current_request().environ
        if environ.get(MARK) is not state:
            note = note_of(environ)
            settled = tuple(response for response in note.settled if response is processed)
            environ[MARK] = note._replace(settled=settled)
            if settled:
                return processed
            if note.acting is not state:
                return _finished(app, state, environ, processed)
        # The middleware is going to add the headers.
        return own_copy(processed) if state.adds and hasattr(processed, _ADDED) else processed

    return process_response


def _finished(
    app: Flask, state: AppState, environ: WSGIEnvironment, response: Response
) -> Response:
    """Return a response that does not leave through the middleware, with its headers."""
    policy = state.response_policy(app, environ, response.status)
    if policy is not None:
        if is_preflight(environ) and policy.settings.automatic_options:
            response = app.response_class()
        response = own_copy(response)
    add_fields(app, environ, policy, response)
    environ[MARK] = note_of(environ).acting
    return response


def decide_in(app: Flask, environ: WSGIEnvironment, policy: Policy) -> Decision:
    """Return the decision of an app's policy, with the request's context for its callables."""
    return decide(policy, environ, wait, partial(request_context, app, environ))


def decided_fields(
    app: Flask,
    environ: WSGIEnvironment,
    policy: Policy | None,
    status: str,
    present: Sequence[Field],
) -> list[Field]:
    """Return what `known_fields` does, for a request that the policy has to decide about.

    Without a policy, no field is added.
    """
    decided = None if policy is None else (policy, decide_in(app, environ, policy))
    return complete(app, environ, decided, status, present)


def complete(
    app: Flask,
    environ: WSGIEnvironment,
    decided: tuple[Policy, Decision] | None,
    status: str,
    present: Sequence[Field],
) -> list[Field]:
    """Return the fields of a response together with those of a decision.

    In debug mode, warn in the developer's terminal of what a browser is going to block.

    Args:
        app: the app.
        environ: the WSGI environment of the request.
        decided: the policy for the request and its decision, if there is one.
        status: the status of the response.
        present: the fields that the response has.
    """
    fields = [*present] if decided is None else decided[1].added_to(present)
    if app.config["DEBUG"]:
        from ._terminal import warn_of_blocked  # noqa: PLC0415  (production does not need it)

        warn_of_blocked(app, environ, decided, status, fields)
    return fields


def own_copy(response: Response) -> Response:
    """Return a copy of a response that has its own headers, without those that were added before.

    The app may keep the response, and return it to another origin later.
    """
    copied = copy.copy(response)
    copied.headers = Headers(_own_fields(response))
    vars(copied).pop(_ADDED, None)
    return copied


_ADDED = "_flask_cors_added"


def _own_fields(response: Response) -> list[Field]:
    """Return the header fields of a response, without those that `remember_added` knows."""
    headers: object = response.headers
    fields = headers if isinstance(headers, Headers) else Headers(response.headers)
    added: list[Field] = vars(response).get(_ADDED, [])
    return [field for field in fields if field not in added]


def remember_added(state: AppState, response: Response, own: Sequence[Field]) -> None:
    """Remember which header fields a response that the app may keep did not have itself."""
    state.adds = True
    # A `Vary` that names too much does no harm, and its own may have been joined to that one.
    vars(response)[_ADDED] = [
        field for field in response.headers if field not in own and field[0] != VARY
    ]


def _set_headers(state: AppState, response: Response, headers: Headers) -> None:
    """Set the headers of a response that the app may keep, and remember what is not its own."""
    own = _own_fields(response)
    response.headers = headers
    remember_added(state, response, own)


def add_fields(
    app: Flask, environ: WSGIEnvironment, policy: Policy | None, response: Response
) -> None:
    """Add the header fields of a policy's decision to the response itself; see `complete`."""
    headers: object = response.headers
    if not isinstance(headers, Headers):  # the app replaced them by a dict
        headers = response.headers = Headers(response.headers)
    present: list[Field] = [*headers]
    known = None
    if policy is not None and ASKED_METHOD not in environ and not app.config["DEBUG"]:
        known = known_fields(policy, environ, present)
    fields = known or decided_fields(app, environ, policy, response.status, present)
    if fields[: len(present)] == present:
        for name, value in fields[len(present) :]:
            response.headers.add(name, value)
    else:  # `Vary` was replaced
        response.headers = Headers(fields)


def _debugger_page(
    app: Flask, state: AppState, environ: WSGIEnvironment, error: BaseException
) -> WSGIApplication | None:
    """Return a WSGI app that answers an exception with the page of Werkzeug's debugger.

    `None` if there is no debugger around the app, or no headers to add. The debugger starts its
    response outside the middleware, which cannot add headers there. A copy of it, inside, shares
    its frames, secret and PIN, so its console works as before.
    """
    if not isinstance(error, Exception):
        return None
    if state.response_policy(app, environ, "500") is None:
        complete(app, environ, None, "500", ())
        return None
    debugger = _debugger_around(environ)
    if debugger is None:
        return None
    preserve = environ.get(_PRESERVE)

    def fail(environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        __traceback_hide__ = True  # the debugger does not show such a frame
        for context in getattr(preserve, "__self__", ()):
            environ[_PRESERVE](context)  # the console runs code in the request's context
        raise error

    inner = copy.copy(debugger)
    inner.app = fail
    return cast("WSGIApplication", inner.debug_application)


def _debugger_around(environ: WSGIEnvironment) -> DebuggedApplication | None:
    """Return the debugger that called the app with a request, if one did."""
    debug = sys.modules.get("werkzeug.debug")
    if debug is None:
        return None
    frame: FrameType | None = sys._getframe()  # noqa: SLF001  (the only way to the caller)
    while frame is not None:
        if frame.f_code.co_name == "debug_application":
            caller: object = frame.f_locals.get("self")
            is_of_request = frame.f_locals.get("environ") is environ
            if isinstance(caller, debug.DebuggedApplication) and is_of_request:
                return cast("DebuggedApplication", caller)
        frame = frame.f_back
    return None


_PRESERVE = "werkzeug.debug.preserve_context"
