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
from threading import Lock
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

_lock = Lock()


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


@contextmanager
def request_context(app: Flask, environ: WSGIEnvironment) -> Generator[None]:
    """Push the context of a request for origin callables, which may read `request` or a database.

    The app's `before_request` functions do not run for a preflight, so its teardown functions may
    miss what they expect. The preflight is answered all the same.
    """
    with suppress(RuntimeError):
        if current_request().environ is environ:
            yield
            return
    context = app.request_context(environ)
    context.push()
    try:
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


def methods_of(view: object) -> set[str]:
    """Return the methods for which the policies of a view may differ.

    A class may handle HEAD apart from GET. OPTIONS stands for all methods that it does not handle.
    """
    taken: Iterable[str] | None = getattr(getattr(view, "view_class", None), "methods", None)
    return {*(taken or ("GET",)), "HEAD", "OPTIONS"}


def view_policy(view: object, method: str) -> ViewPolicy | None:
    """Return the policy that `cross_origin` gave a view function, or a method of its class."""
    holders: list[object] = [view]
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        names = ("head", "get") if method == "HEAD" else (method.lower(), "options")
        handlers = [getattr(view_class, name, None) for name in names]
        # Flask-RESTful decorates a method only when it is called, so the method has no mark yet.
        applied: object = getattr(view_class, "method_decorators", ())
        if isinstance(applied, Mapping):
            applied = cast("Mapping[object, object]", applied).get(names[0], ())
        holders += [*reversed(cast("Sequence[object]", applied)), *filter(None, handlers[:1])]
        holders += [] if handlers[0] else [handlers[1]]
        holders.append(getattr(view_class, "dispatch_request", None))
    for holder in holders:
        own = getattr(holder, VIEW_POLICY, None)
        if isinstance(own, ViewPolicy):
            return own
    return None


# Which policy applies -----------------------------------------------------------------------------


class Entry(NamedTuple):
    """The policies of an endpoint whose view has the same policy for every method."""

    view: object
    """the view function, by which it is noticed if another one replaces it"""
    own: ViewPolicy | None
    """the policy that `cross_origin` gave the view"""
    policy: Policy | Literal[False] | None
    """the policy for all paths of the endpoint, or `False` if it depends on the path"""
    policies: Mapping[str, Policy | None]
    """the policies for paths that were requested lately"""


class Note(NamedTuple):
    """What is known of a request that the usual way through the middleware does not suit."""

    acting: AppState | None
    """the state of the app whose middleware is going to add the headers, if any"""
    reason: Response | AppState | None = None
    """a response that already has its headers, or the state of the app that did not catch an
    exception"""


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
        self.undecorated: list[object] = []
        """the app's views, as last seen when none of them had a policy of its own"""
        self.installed_in: Callable[[], Flask | None] = NoneType
        """returns the app that was set up, if any; a copy of that app shares its state"""
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
        if not isinstance(exception, HTTPException):  # Flask-RESTful sends it for `abort` too
            environ = current_request().environ
            environ[MARK] = note_of(environ)._replace(reason=self)

    def entry(self, app: Flask, endpoint: str) -> Entry | None:
        """Return the policies of an endpoint, or `None` if those of its methods differ."""
        # `add` begins a new dict. An entry that was computed before must not get into that one.
        entries = self.entries
        view = app.view_functions.get(endpoint)
        entry = entries.get(endpoint)
        if entry is not None and entry.view is view:
            return entry
        policies_of_methods = {view_policy(view, method) for method in methods_of(view)}
        if len(policies_of_methods) > 1:
            return None
        own = policies_of_methods.pop()
        if own is not None:
            entry = Entry(view, own, own.within(app), {})
        else:
            tables = [*self._blueprint_tables(endpoint), self.resources]
            # `policy_for` looks a path up where several tables may have it.
            policies = tables[0].memo if len(tables) == 1 else {}
            entry = Entry(view, None, _policy_of_all_paths(tables), policies)
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
            if entry is None:
                own = view_policy(app.view_functions.get(endpoint), method)
                if own is not None:
                    return own.within(app)
            elif entry.policy is not False:
                return entry.policy
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
        if views == self.undecorated:  # functions are equal only if they are the same one
            return False
        if any(hasattr(view, "view_class") or view_policy(view, "GET") for view in views):
            return True
        self.undecorated = views
        return False

    def response_policy(self, app: Flask, environ: WSGIEnvironment) -> Policy | None:
        """Return the policy for the response to a request."""
        if note_of(environ).reason not in (None, self):  # the response already has its headers
            return None
        try:
            routed = current_request()
        except RuntimeError:  # no context is active
            routed = None
        try:
            if is_preflight(environ):
                return self.preflight_policy(app, environ)
            if routed is None or routed.environ is not environ:
                method = request_method(environ)
                endpoint = answering_endpoint(app, environ, method)
            elif routed.url_rule is not None:
                method, endpoint = routed.method, routed.url_rule.endpoint
            else:
                method, error = routed.method, routed.routing_exception
                unrouted = isinstance(error, (MethodNotAllowed, RequestRedirect))
                endpoint = answering_endpoint(app, environ, method) if unrouted else None
            return self.policy_for(app, endpoint, method, routed_path(environ))
        except ConfigurationError:  # the view has raised it already
            return None

    def withholds(self, environ: WSGIEnvironment, policy: Policy | None, status: str) -> bool:
        """Return whether this response gets no headers because of `intercept_exceptions=False`.

        That holds for the 500 of an uncaught exception. Flask-RESTful sends Flask's signal also for
        exceptions that it handles, so the status has to be looked at too.
        """
        return (
            note_of(environ).reason is self
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
    views: Mapping[str, object] = app.view_functions
    # A copy: another thread may add a view meanwhile.
    for view in [*views.values()] if isinstance(cast("object", views), Mapping) else ():
        for method in methods_of(view):
            own = view_policy(view, method)
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
    adapter = app.create_url_adapter(app.request_class(environ, populate_request=False))
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
            with app.app_context():
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
    if "wsgi_app" not in vars(app):
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
    for name in ("app", "wsgi_app", "application"):
        yield name, getattr(layer, name, None), partial(setattr, layer)
    mounts: object = getattr(layer, "mounts", None)
    if isinstance(mounts, dict):
        mounted = cast("dict[str, object]", mounts)
        for path, inner in [*mounted.items()]:
            yield path, inner, mounted.__setitem__


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
        served = app = served or app_ref() or _raise_gone()
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
            withheld = False
            if environ.get(MARK) is state:
                rule: Rule | None = getattr(environ.get("werkzeug.request"), "url_rule", None)
                if rule is not None and rule.map is app.url_map:  # else an app inside routed it
                    entry = state.entries.get(rule.endpoint)
                    if entry is not None and entry.view is app.view_functions.get(rule.endpoint):
                        policy = entry.policy
                        if policy is False and len(environ.get("PATH_INFO", "")) <= MAX_MEMO_PATH:
                            policy = entry.policies.get(routed_path(environ), False)
            if policy is False:
                policy = state.response_policy(app, environ)
                withheld = state.withholds(environ, policy, status)
            if policy is not None and not withheld:
                known = known_fields(policy, environ, headers)
                headers = known or decided_fields(app, policy, environ, headers)
            if app.config["DEBUG"]:
                warn_of_blocked(app, state, environ, policy, headers)
            environ[MARK] = outer
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        try:
            return serve(app, environ, start)
        except Exception as error:
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
    decision = decide_in(app, policy, environ)
    if app.config["DEBUG"]:
        warn_of_blocked(app, state, environ, policy, decision.lines)
    return answer_preflight(decision, start_response)


def warn_of_blocked(
    app: Flask,
    state: AppState,
    environ: WSGIEnvironment,
    policy: Policy | None,
    headers: Headers | Iterable[tuple[str, str]],
) -> None:
    """Warn in the developer's terminal of what a browser is going to block."""
    from ._terminal import warn_of_blocked  # noqa: PLC0415  (production does not need it)

    warn_of_blocked(app, state, environ, policy, [*Headers(headers)])


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
        served = app = served or app_ref() or this_app()  # only a copy of the app may still exist
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
                set_headers(response, _finished(app, state, environ, response).headers)
            raise
        environ = current_request().environ
        if environ.get(MARK) is state:  # the middleware is going to add the headers
            return processed
        note = note_of(environ)
        if note.reason is processed:  # a decorated function that the view called added the headers
            return processed
        if note.reason is not state:
            environ[MARK] = Note(note.acting)
        if note.acting is state:
            return processed
        return _finished(app, state, environ, processed)

    return process_response


def _finished(
    app: Flask, state: AppState, environ: WSGIEnvironment, response: Response
) -> Response:
    """Return a response that does not leave through the middleware, with its headers."""
    policy = state.response_policy(app, environ)
    if policy is not None:
        if is_preflight(environ) and policy.settings.automatic_options:
            response = app.response_class()
        if not state.withholds(environ, policy, response.status):
            response = own_copy(response)
            add_fields(app, policy, environ, response)
        environ[MARK] = note_of(environ).acting
    if app.config["DEBUG"]:
        warn_of_blocked(app, state, environ, policy, response.headers)
    return response


def decided_fields(
    app: Flask, policy: Policy, environ: WSGIEnvironment, present: Sequence[Field]
) -> list[Field]:
    """Return what `known_fields` does, for a request that the policy has to decide about."""
    return decide_in(app, policy, environ).added_to(present)


def decide_in(app: Flask, policy: Policy, environ: WSGIEnvironment) -> Decision:
    """Return the decision of an app's policy, with the request's context for its callables."""
    if not policy.settings.origins.predicates:
        return decide(policy, environ)
    with request_context(app, environ):
        return decide(policy, environ, wait)


def own_copy(response: Response) -> Response:
    """Return a copy of a response that has its own headers.

    The app may keep the response, and return it to another origin later.
    """
    copied = copy.copy(response)
    copied.headers = Headers(_own_fields(response))
    vars(copied).pop(_ADDED, None)
    return copied


_ADDED = "_flask_cors_added"


def _own_fields(response: Response) -> list[Field]:
    """Return the header fields of a response, without those that `set_headers` added."""
    headers: object = response.headers
    fields = headers if isinstance(headers, Headers) else Headers(response.headers)
    added: list[Field] = vars(response).get(_ADDED, [])
    return [field for field in fields if field not in added]


def set_headers(response: Response, headers: Headers) -> None:
    """Set the headers of a response that the app may keep, and remember what is not its own.

    Args:
        response: the response.
        headers: the headers of a copy of it, to which those of a decision were added.
    """
    own = _own_fields(response)
    # A `Vary` that names too much does no harm, and its own may have been joined to that one.
    added = [field for field in headers if field not in own and field[0] != VARY]
    vars(response)[_ADDED] = added
    response.headers = headers


def add_fields(
    app: Flask,
    policy: Policy,
    environ: WSGIEnvironment,
    response: Response,
    decision: Decision | None = None,
) -> None:
    """Add the header fields of a decision to the response itself.

    Args:
        app: the app.
        policy: the policy for the request.
        environ: the WSGI environment of the request.
        response: the response.
        decision: the policy's decision, if it has been made already.
    """
    headers: object = response.headers
    if not isinstance(headers, Headers):  # the app replaced them by a dict
        headers = response.headers = Headers(response.headers)
    present: list[Field] = [*headers]
    if decision is not None:
        fields = decision.added_to(present)
    else:
        fields = known_fields(policy, environ, present) or decided_fields(
            app, policy, environ, present
        )
    if fields[: len(present)] == present:
        for name, value in fields[len(present) :]:
            response.headers.add(name, value)
    else:  # `Vary` was replaced
        response.headers = Headers(fields)


def _debugger_page(
    app: Flask, state: AppState, environ: WSGIEnvironment, error: Exception
) -> WSGIApplication | None:
    """Return a WSGI app that answers an exception with the page of Werkzeug's debugger.

    `None` if there is no debugger around the app, or no headers to add. The debugger starts its
    response outside the middleware, which cannot add headers there. A copy of it, inside, shares
    its frames, secret and PIN, so its console works as before.
    """
    debugger = _debugger_around()
    if debugger is None:
        return None
    policy = state.response_policy(app, environ)
    if policy is None or state.withholds(environ, policy, "500"):
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


def _debugger_around() -> DebuggedApplication | None:
    """Return the debugger that called the app, if one did."""
    debug = sys.modules.get("werkzeug.debug")
    if debug is None:
        return None
    frame: FrameType | None = sys._getframe()  # noqa: SLF001  (the only way to the caller)
    while frame is not None:
        if frame.f_code.co_name == "debug_application":
            caller: object = frame.f_locals.get("self")
            if isinstance(caller, debug.DebuggedApplication):
                return cast("DebuggedApplication", caller)
        frame = frame.f_back
    return None


_PRESERVE = "werkzeug.debug.preserve_context"
