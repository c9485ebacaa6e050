"""The Flask adapter: whose policy holds for a request, and how its headers reach the response.

Whose policy is one question, answered in one place: `policy_for` an endpoint, a method and a path,
where `answering_endpoint` says which view a request, or the one that a preflight asks for, is for.

Where it acts are two doors. A WSGI middleware directly around Flask's own `wsgi_app` answers
preflights before anything else, and adds the headers as a response starts. What does not come by it
(`app.full_dispatch_request()` in a context) passes `Flask.process_response`, which is documented as
made to be overridden. All that a request reads belongs to its app.
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
from .core.merge import Field
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

# Keys of the WSGI environment.
STATE_KEY = "flask_cors.state"  # the state of the app whose middleware will add the headers; later
# `None`, by which `flask cors explain` sees that it was here
NOTE_KEY = "flask_cors.note"
# A response that has its headers already, or the state of the app in which an exception was not
# caught.

VIEW_POLICY = "_flask_cors_policy"
"""An attribute of what `cross_origin` returns, its `ViewPolicy`; `functools.wraps` copies it."""

# A proxy's attributes cost ten times as much as those of what it stands for.
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
        if isinstance(awaitable, CoroutineType):  # it may not have come to be awaited
            awaitable.close()


def wait(awaitable: Awaitable[T]) -> T:
    """Same as `run_in`, within a context of the app."""
    return run_in(this_app(), awaitable)


@contextmanager
def request_context(app: Flask, environ: WSGIEnvironment) -> Generator[None]:
    """Have the request's context for origin callables, which may read the request or a database.

    The hooks of the app do not run for a preflight, so what its teardown functions expect of them
    may be missing; that is no reason to fail the preflight.
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
    """The policy of a decorated view: its options, compiled once for each app that it runs in."""

    def __init__(self, options: CrossOriginOptions) -> None:
        problems = Problems()
        given = cast("dict[str, object]", materialize({**options}))
        self._source = OptionSource(given, place=place_of_caller())
        # What is not given here may be by the app, so it is taken for harmless.
        settings = resolve_view([self._source], problems, complete=False)
        problems.raise_errors()
        problems.issue_warnings()
        self._already_warned = problems.warnings
        self._view: weakref.ref[object] | None = None
        self.place: str = ""
        """the function that is decorated, with its file and line"""
        self.automatic_options: bool = settings.automatic_options
        """whether the decorator itself leaves OPTIONS to be answered here"""

    def decorate(self, view: object) -> None:
        """Remember what is decorated, for messages and for the command line."""
        self.place = place_of(view)
        decorated_views.add(self)
        with suppress(TypeError):  # not everything that is callable can be referred to weakly
            self._view = weakref.ref(view)

    @property
    def view(self) -> object:
        """Return what was decorated with this policy last, if it is still there."""
        return self._view() if self._view else None

    def within(self, app: Flask) -> Policy:
        """Return the policy in an app, whose configuration says what the decorator does not.

        Raises:
            ConfigurationError: with every problem that the configuration adds; it names the view.
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
"""Those of every view in the process: for `flask cors` alone, to find views that no route uses."""


def place_of(view: object) -> str:
    """Return a function's or class's name, with file and line where they are known."""
    function = inspect.unwrap(cast("Callable[..., object]", view))
    name = str(getattr(function, "__name__", type(function).__name__))
    code = getattr(function, "__code__", None)
    return f"{name} ({code.co_filename}, line {code.co_firstlineno})" if code else name


def methods_of(view: object) -> set[str]:
    """Return the methods by which a view may have different policies; one will do for a function.

    A class may have a handler of HEAD beside that of GET; OPTIONS stands for what it does not take.
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
        # Flask-RESTful applies these to a method when it is called, so the method does not have it.
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


# Whose policy -------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """The policies of an endpoint whose view has the same policy for every method."""

    view: object
    """the view function that has them: another one may replace it"""
    own: ViewPolicy | None
    """the policy that `cross_origin` gave the view"""
    policy: Policy | Literal[False] | None
    """the policy of every path of the endpoint; `False` where it depends on the path"""
    policies: Mapping[str, Policy | None]
    """the policies of paths that were asked for lately"""


_NOWHERE: Policies = ResourceTable(())


class AppState:
    """The policies of one app: `app.extensions["cors"]`. It does not refer to the app."""

    def __init__(self) -> None:
        self.resources = _NOWHERE
        self.blueprints: dict[str, Policies] = {}
        # Weak, so that a view that is decorated anew for each request leaves nothing.
        self.views: weakref.WeakKeyDictionary[ViewPolicy, Policy] = weakref.WeakKeyDictionary()
        self.config: dict[str, object] = {}
        """the `CORS_*` keys as they were when they were last read"""
        self.entries: dict[str, Entry] = {}
        """what is known of endpoints that were asked for; another dict once something is added"""
        self.undecorated: list[object] = []
        """the views of the app when they were last seen to have no policies of their own"""
        self.installed_in: Callable[[], Flask | None] = NoneType
        """returns the app whose responses pass here; a copy of it has the same state"""
        self.warned: set[tuple[str, str, str]] = set()
        """what the terminal was told in debug mode: origin, method and endpoint"""
        self._watching = False

    def add(
        self, app: Flask, entries: Sequence[tuple[PathPattern, Policy]], blueprint: str = ""
    ) -> None:
        """Add resources, of a blueprint or of the app, and see to it that they are acted on."""
        if not all(policy.settings.intercept_exceptions for _, policy in entries):
            self.watch_exceptions(app)
        with _lock:
            if blueprint:
                before = self.blueprints.get(blueprint, _NOWHERE)
                added = ResourceTable((*before.entries, *entries))
                self.blueprints = {**self.blueprints, blueprint: added}
            else:
                self.resources = ResourceTable((*self.resources.entries, *entries))
            self.entries = {}
            install(app, self)

    def watch_exceptions(self, app: Flask) -> None:
        """Note in its environment when a request ends in an exception that nobody caught."""
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
            current_request().environ[NOTE_KEY] = self

    def entry(self, app: Flask, endpoint: str) -> Entry | None:
        """Return what is known of an endpoint, found out when it is first asked for.

        `None` where the methods of a class have policies of their own.
        """
        # Held, for what is added meanwhile begins a new one, which must not get an old entry.
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
            # Where a path may have to be looked up in several tables, `policy_for` does it.
            policies = tables[0].memo if len(tables) == 1 else {}
            entry = Entry(view, None, _policy_of_all_paths(tables), policies)
        entries[endpoint] = entry
        return entry

    def _blueprint_tables(self, endpoint: str) -> Iterator[Policies]:
        """Yield the tables of the blueprints that an endpoint is in, the innermost first."""
        if not self.blueprints:
            return
        blueprint = endpoint.rpartition(".")[0]
        while blueprint:
            table = self.blueprints.get(blueprint)
            if table is not None:
                yield table
            blueprint = blueprint.rpartition(".")[0]

    def policy_for(self, app: Flask, endpoint: str | None, method: str, path: str) -> Policy | None:
        """Return whose policy holds: the view's, the innermost blueprint's, or a resource's."""
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
        """Return whose policy holds for a preflight: that of the request it asks for."""
        path = routed_path(environ)
        if not self.blueprints and not self._has_decorated_views(app):
            return self.resources.find(path)
        method = normalize_method(environ[ASKED_METHOD])
        endpoint = answering_endpoint(app, environ, method)
        return self.policy_for(app, endpoint, method, path)

    def _has_decorated_views(self, app: Flask) -> bool:
        """Return whether a view may have a policy of its own, so that a URL has to be matched."""
        views: list[object] = [*app.view_functions.values()]
        if views == self.undecorated:  # compared by identity, so that a replaced one is seen
            return False
        if any(hasattr(view, "view_class") or view_policy(view, "GET") for view in views):
            return True
        self.undecorated = views
        return False

    def response_policy(self, app: Flask, environ: WSGIEnvironment) -> Policy | None:
        """Return whose policy holds for the response to a request."""
        note: object = environ.get(NOTE_KEY, self)
        if note is not self:  # the response has its headers
            return None
        routed = None
        with suppress(RuntimeError):  # there is no context
            routed = current_request()
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
        except ConfigurationError:  # of a view's own policy; the view has raised it, with its name
            return None

    def withholds(self, environ: WSGIEnvironment, policy: Policy | None, status: str) -> bool:
        """Return whether a response is that to an uncaught exception, `intercept_exceptions` off.

        Flask-RESTful sends the signal also for exceptions that it then handles, so the status
        counts.
        """
        return (
            environ.get(NOTE_KEY) is self
            and policy is not None
            and not policy.settings.intercept_exceptions
            and status.startswith("5")
        )


def _policy_of_all_paths(tables: Iterable[Policies]) -> Policy | Literal[False] | None:
    """Return the policy of every path, by tables of which the first ones decide, else `False`."""
    for table in tables:
        if table.catch_all is not None:
            return table.catch_all
        if table.entries:
            return False
    return None


def compile_views(app: Flask) -> None:
    """Compile the policies of the decorated views that an app has, to raise what is wrong early.

    Raises:
        ConfigurationError: with the problems of every view.
    """
    errors: dict[ViewPolicy, tuple[Problem, ...]] = {}
    views: Mapping[str, object] = app.view_functions
    for view in views.values() if isinstance(cast("object", views), Mapping) else ():
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
    """Return whether what leaves an app gets its headers here, and not by its views alone."""
    return state_of(app).installed_in() is app


def state_of(app: Flask) -> AppState:
    """Return the state of an app, made when it is first asked for."""
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
    """Return whose policy holds: the view's, the innermost blueprint's, or a resource's."""
    return state_of(app).policy_for(app, endpoint, method, path)


def config_of(app: Flask, problems: Problems) -> OptionSource:
    """Return the `CORS_*` keys of an app as a source of options."""
    config: object = app.config
    source = config_source(config if isinstance(config, Mapping) else {}, problems)
    for option, value in source.options.items():
        if isinstance(value, Iterator):  # it can be read once, and the configuration is by many
            app.config[source.name(option)] = tuple(cast("Iterator[object]", value))
            return config_of(app, problems)
    state_of(app).config = dict(source.options)
    return source


def url_adapter(app: Flask, environ: WSGIEnvironment) -> MapAdapter:
    """Return what matches URLs for a request, which need not be the current one."""
    adapter = app.create_url_adapter(app.request_class(environ, populate_request=False))
    return cast("MapAdapter", adapter)  # there is none only without a request


def answering_endpoint(app: Flask, environ: WSGIEnvironment, method: str) -> str | None:
    """Return the endpoint of the view that answers a request with `method` at its URL.

    Where no view takes the method (405), it is the one that answers OPTIONS; where Flask redirects
    to a URL of its own, the one there. `None` where there is no route.
    """
    try:
        return _answering_endpoint(app, environ, method)
    except HTTPException:
        return None
    except Exception:  # noqa: BLE001  (of a converter of the app, which may need its context)
        try:
            with app.app_context():
                return _answering_endpoint(app, environ, method)
        except Exception:  # noqa: BLE001  (the request itself will show it)
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
    if method:  # Werkzeug would take the preflight's own for an empty one, which no view takes
        with suppress(MethodNotAllowed):
            return str(adapter.match(path, method=method)[0])
    return str(adapter.match(path, method="OPTIONS")[0])


# The two doors ------------------------------------------------------------------------------------


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
    seen: list[object] = [own]
    for holder in seen:
        # What was put around the app before may answer by itself (`DispatcherMiddleware`), and
        # that is not for this app to open, so the middleware goes below it. A closure hides what
        # it holds: there the override acts alone.
        for name, held, put in _held_by(holder):
            if isinstance(held, MethodType) and held.__self__ is app:
                with suppress(AttributeError, TypeError):  # it may not let itself be changed
                    put(name, _middleware(app, held, state))
                    return
            if held is not None and held is not app and len(seen) < _MOST_LAYERS:
                seen.append(held)


_MOST_LAYERS = 50


def _held_by(layer: object) -> Iterator[tuple[str, object, Callable[[str, object], object]]]:
    """Yield the apps that a layer of WSGI holds: their names, themselves, and what replaces one."""
    for name in ("app", "wsgi_app", "application"):
        yield name, getattr(layer, name, None), partial(setattr, layer)
    mounts: object = getattr(layer, "mounts", None)
    if isinstance(mounts, dict):
        mounted = cast("dict[str, object]", mounts)
        for path, held in [*mounted.items()]:
            yield path, held, mounted.__setitem__


def _is_gone() -> NoReturn:
    raise RuntimeError(
        "the Flask app that this serves is gone. Keep it: app = create_app(), then app.wsgi_app"
    )


def _middleware(  # noqa: C901  (of what is in it)
    app: Flask, wsgi_app: object, state: AppState
) -> WSGIApplication:
    """Return the middleware around an app's own `wsgi_app`.

    The app holds it, so until the first request it refers to the app weakly: an app that is never
    served is freed with its last reference. From then on it keeps the app, as a bound method does.
    """
    serve: Callable[[Flask, WSGIEnvironment, StartResponse], Iterable[bytes]]
    serve = cast("MethodType", wsgi_app).__func__
    app_ref = weakref.ref(app)
    served: Flask | None = None

    def middleware(  # noqa: C901  (each function more would add a tenth to what a request pays)
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        nonlocal served
        served = app = served or app_ref() or _is_gone()
        if ASKED_METHOD in environ:
            answered = _answer_preflight(app, state, environ, start_response)
            if answered is not None:
                return answered
        outer = environ.get(STATE_KEY)  # of an app whose view calls this one
        environ[STATE_KEY] = state
        policy: Policy | Literal[False] | None = False

        def start(status: str, headers: ResponseLines, exc_info: ExcInfo | None = None) -> Write:
            nonlocal policy
            if policy is False:  # else the response is started once more
                rule: Rule | None = getattr(environ.get("werkzeug.request"), "url_rule", None)
                entry = state.entries.get(rule.endpoint) if rule is not None else None
                if (
                    entry is not None
                    and rule is not None
                    and rule.map is app.url_map  # else another app was called with this environment
                    and entry.view is app.view_functions.get(rule.endpoint)
                    and NOTE_KEY not in environ
                    and ASKED_METHOD not in environ
                ):
                    policy = entry.policy
                    if policy is False and len(environ.get("PATH_INFO", "")) <= MAX_MEMO_PATH:
                        policy = entry.policies.get(routed_path(environ), False)
                if policy is False:
                    policy = state.response_policy(app, environ)
            withheld = False
            if NOTE_KEY in environ:
                withheld = state.withholds(environ, policy, status)
                del environ[NOTE_KEY]
            if policy is not None and not withheld:
                known = known_fields(policy, environ, headers)
                headers = known or decided_fields(app, policy, environ, headers)
            if "HTTP_ORIGIN" in environ and app.config["DEBUG"]:
                warn_of_blocked(app, state, environ, policy, headers)
            environ[STATE_KEY] = outer
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        try:
            parts: Iterable[bytes] = serve(app, environ, start)
        except Exception as error:
            page = _debugger_page(app, state, environ, error)
            if page is None:
                environ[STATE_KEY] = outer
                environ.pop(NOTE_KEY, None)
                raise
            return page(environ, start)
        return parts

    return middleware


def _answer_preflight(
    app: Flask, state: AppState, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes] | None:
    """Answer a preflight, unless it is none or is left to Flask and the view."""
    try:
        policy = state.preflight_policy(app, environ) if is_preflight(environ) else None
    except ConfigurationError:  # of a view's own policy; the view will raise it, with its name
        policy = None
    if policy is None or not policy.settings.automatic_options:
        return None
    environ.setdefault(STATE_KEY, None)
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
    """Tell the developer's terminal what a browser blocks, while the app is in debug mode."""
    from ._terminal import warn_of_blocked  # noqa: PLC0415  (production does not load it)

    warn_of_blocked(app, state, environ, policy, [*Headers(headers)])


def _override(app: Flask, state: AppState) -> Callable[..., Response]:
    """Return what takes the place of an app's `process_response`.

    It does not refer to the app: the app holds it. Its arguments are left open, for Flask 3.2
    passes a context first.
    """
    before: Callable[..., Response] | None = vars(app).get("process_response")
    process = cast("Callable[..., Response]", type(app).process_response)
    app_ref = weakref.ref(app)

    def process_response(*args: object) -> Response:
        app = app_ref() or this_app()  # a copy of the app may be what is left of it
        try:
            processed = process(app, *args) if before is None else before(*args)
        except Exception:
            environ = current_request().environ
            # Where Flask answers an exception, it goes on with the response that came here.
            failed = cast("Response", args[-1])
            if environ.get(STATE_KEY) is not state and failed.status_code >= 500:
                failed.headers = _finished(app, state, environ, failed).headers
            raise
        environ = current_request().environ
        note: object = environ.get(NOTE_KEY)
        if note is processed:  # a function that the view called gave it its headers
            return processed
        if note is not None and note is not state:
            del environ[NOTE_KEY]
        if environ.get(STATE_KEY) is state:  # the middleware adds the headers
            return processed
        return _finished(app, state, environ, processed)

    return process_response


def _finished(
    app: Flask, state: AppState, environ: WSGIEnvironment, response: Response
) -> Response:
    """Return a response that leaves the app by another door, with its headers."""
    policy = state.response_policy(app, environ)
    if policy is not None:
        if is_preflight(environ) and policy.settings.automatic_options:
            response = app.response_class()
        if not state.withholds(environ, policy, response.status):
            response = own_copy(response)
            add_fields(app, policy, environ, response)
        environ.pop(NOTE_KEY, None)
        environ.setdefault(STATE_KEY, None)
    if "HTTP_ORIGIN" in environ and app.config["DEBUG"]:
        warn_of_blocked(app, state, environ, policy, response.headers)
    return response


def decided_fields(
    app: Flask, policy: Policy, environ: WSGIEnvironment, present: Sequence[Field]
) -> list[Field]:
    """Same as `known_fields`, for what a policy has yet to decide."""
    return decide_in(app, policy, environ).added_to(present)


def decide_in(app: Flask, policy: Policy, environ: WSGIEnvironment) -> Decision:
    """Return what a policy of an app says about a request, asking its callables."""
    if not policy.settings.origins.predicates:
        return decide(policy, environ)
    with request_context(app, environ):
        return decide(policy, environ, wait)


def own_copy(response: Response) -> Response:
    """Return a copy of a response with headers of its own.

    A response may be kept and returned again, to another origin.
    """
    copied = copy.copy(response)
    copied.headers = Headers(response.headers)
    return copied


def add_fields(
    app: Flask,
    policy: Policy,
    environ: WSGIEnvironment,
    response: Response,
    decision: Decision | None = None,
) -> None:
    """Add header fields to a response itself, where its policy has not decided yet also that."""
    headers: object = response.headers
    if not isinstance(headers, Headers):  # they were replaced by a dict
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
    """Return what answers an exception with the page of the debugger around the app, if there.

    Werkzeug's debugger starts its response by itself, where no header can be added any more. A copy
    of it shares its frames, secret and PIN, so that its console works as before.
    """
    debugger = _debugger_around()
    if debugger is None:
        return None
    policy = state.response_policy(app, environ)
    if policy is None or state.withholds(environ, policy, "500"):
        return None
    preserve = environ.get(_PRESERVE)

    def fail(environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        __traceback_hide__ = True  # the debugger leaves such frames out
        for context in getattr(preserve, "__self__", ()):
            environ[_PRESERVE](context)  # the console runs in the request's context
        raise error

    inner = copy.copy(debugger)
    inner.app = fail
    return cast("WSGIApplication", inner.debug_application)


def _debugger_around() -> DebuggedApplication | None:
    """Return the debugger that has called the app."""
    debug = sys.modules.get("werkzeug.debug")
    if debug is None:
        return None
    frame: FrameType | None = sys._getframe()  # noqa: SLF001  (nothing else leads to it)
    while frame is not None:
        if frame.f_code.co_name == "debug_application":
            caller: object = frame.f_locals.get("self")
            if isinstance(caller, debug.DebuggedApplication):
                return cast("DebuggedApplication", caller)
        frame = frame.f_back
    return None


_PRESERVE = "werkzeug.debug.preserve_context"
