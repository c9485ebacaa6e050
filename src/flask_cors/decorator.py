"""`cross_origin`: the policy of one view, sync or async, function, method or class."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar, Union, cast, overload

import flask.views
from flask import Flask, after_this_request, has_request_context
from flask.typing import ResponseReturnValue
from flask.views import MethodView, View
from flask.wrappers import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from ._flask import (
    MARK,
    VIEW_POLICY,
    AppState,
    ViewPolicy,
    add_fields,
    complete,
    current_request,
    is_installed,
    note_of,
    own_copy,
    remember_added,
    run_in,
    state_of,
    this_app,
    url_adapter,
    wait,
)
from .core import Decision, Policy
from .core.errors import Problems, safe_repr
from .core.options import CrossOriginOptions, Unpack
from .core.origins import is_async
from .wsgi import WSGIEnvironment, decide, decide_async, is_preflight

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)
F = TypeVar("F", bound=Callable[..., object])


class CrossOriginDecorator(Protocol):
    """A decorator that gives a view a policy; the view answers preflights with a `Response`."""

    # The sync view comes first, for a view that never returns would match the other one too.
    @overload
    def __call__(self, view: Callable[P, R], /) -> Callable[P, Union[R, Response]]: ...
    @overload
    def __call__(
        self, view: Callable[P, Coroutine[Any, Any, R]], /
    ) -> Callable[P, Coroutine[Any, Any, Union[R, Response]]]: ...
    # Classes, and `View.decorators`, which Flask 3.0 types as a list of these.
    @overload
    def __call__(self, view: F, /) -> F: ...


@overload
def cross_origin(**options: Unpack[CrossOriginOptions]) -> CrossOriginDecorator: ...
@overload
def cross_origin(view: Callable[P, R], /) -> Callable[P, Union[R, Response]]: ...
@overload
def cross_origin(
    view: Callable[P, Coroutine[Any, Any, R]], /
) -> Callable[P, Coroutine[Any, Any, Union[R, Response]]]: ...
@overload
def cross_origin(view: F, /) -> F: ...
def cross_origin(view: object = None, /, **options: Unpack[CrossOriginOptions]) -> object:
    """Let other origins read the responses of one view; its policy wins over the app's.

    Write it below `@app.route`, with or without options, on a function, a method or a `View` class,
    or list it in the class's `decorators`. An `async def` view stays one. An option that is not
    given is read from `app.config["CORS_<NAME>"]`, once for each app: by `CORS(app)` if the view
    exists by then, else at the view's first request.

    Without `CORS(app)`, preflights reach the decorator after the app's hooks; on a single method or
    in `decorators`, only if it is the outermost decorator.

    The options, which `CrossOriginOptions` describes in full:

    - `origins`: the websites whose scripts may read responses.
    - `methods`: the request methods that a preflight allows.
    - `allow_headers`: the request headers that scripts may set.
    - `expose_headers`: the response headers that scripts may read, in addition to the few that they
      always may.
    - `supports_credentials`: whether requests may include cookies and HTTP authentication.
    - `max_age`: how long browsers may cache the answer to a preflight.
    - `send_wildcard`: whether to send `*` instead of the request's origin if any origin is allowed.
    - `vary_header`: whether `Vary` names the request headers that a response depends on.
    - `allow_private_network`: whether a preflight that asks for access to a private network is
      granted it.
    - `always_send`: whether requests without an `Origin` header get the headers too, if one value
      is right for everyone.
    - `automatic_options`: whether preflights are answered automatically.

    Args:
        view: the view, if the decorator is used without options.
        options: the options, by name.

    Returns:
        The decorated view, or a decorator.

    Raises:
        ConfigurationError: with every problem of the options.
    """
    decorator = _Decorator(ViewPolicy(options))
    return decorator if view is None else decorator(view)


class _Decorator:
    """A decorator that gives views one policy."""

    def __init__(self, own: ViewPolicy) -> None:
        self._own = own
        setattr(self, VIEW_POLICY, own)

    def __call__(self, view: object) -> object:
        self._own.decorate(view)
        if isinstance(view, type) and issubclass(view, View):
            view.decorators = [*view.decorators, cast("CrossOriginDecorator", self)]
            if issubclass(view, MethodView):
                _take_options_of(view)
            return view
        if isinstance(view, (type, Flask)) or not callable(view):
            _raise_no_view(view)
        function = cast("Callable[..., object]", view)
        wrapper = (_async_wrapper if is_async(view) else _sync_wrapper)(self._own, function)
        setattr(wrapper, VIEW_POLICY, self._own)
        if not self._own.automatic_options:
            return wrapper
        _take_options(vars(wrapper))
        if getattr(inspect.unwrap(function), "__globals__", None) is vars(flask.views):
            return functools.update_wrapper(_ClassView(wrapper), wrapper)
        if _is_written_in_a_class(function):
            return functools.update_wrapper(_Method(wrapper), wrapper)
        return wrapper


def _raise_no_view(given: object) -> None:
    problems = Problems()
    problems.error(
        "not-a-view",
        "view",
        given,
        f"cross_origin: {safe_repr(given)} is no view. Write options by name: "
        "cross_origin(origins=['https://app.example'])",
    )
    problems.raise_errors()


def _sync_wrapper(own: ViewPolicy | None, view: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(view)
    def wrapper(*args: object, **kwargs: object) -> object:
        if len(args) == 1 and callable(args[0]) and not has_request_context():
            _raise_no_view(view)  # an origin callable, given as `cross_origin(callable)`
        call = _begin(own)
        if isinstance(call, BaseResponse):
            return call
        if call is not None and call.answer is not None:
            result: object = call.answer
        else:
            result = view(*args, **kwargs)
            # Flask awaits only what a coroutine function returns, and this wrapper is none.
            if hasattr(result, "__await__"):
                result = run_in(this_app(), cast("Awaitable[object]", result))
        if call is None or call.acts_later(result):
            return result
        return call.add_to(result, decide(call.policy, call.environ, wait))

    return wrapper


def _async_wrapper(own: ViewPolicy | None, view: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(view)
    async def wrapper(*args: object, **kwargs: object) -> object:
        call = _begin(own)
        if isinstance(call, BaseResponse):
            return call
        if call is not None and call.answer is not None:
            result: object = call.answer
        else:
            result = await cast("Awaitable[object]", view(*args, **kwargs))
        if call is None or call.acts_later(result):
            return result
        return call.add_to(result, await decide_async(call.policy, call.environ))

    return wrapper


class _Call:
    """One call of a decorated function whose response needs headers."""

    __slots__ = ("_app", "_is_fresh", "_is_routed", "answer", "environ", "policy")

    def __init__(
        self, app: Flask, environ: WSGIEnvironment, policy: Policy, *, is_routed: bool
    ) -> None:
        self._app = app
        self.environ = environ
        self.policy = policy
        self.answer: Response | None = None
        """the answer, if the function itself is not to be called"""
        self._is_routed = is_routed
        self._is_fresh = False
        if is_routed:  # add the headers to any response, also that of `abort` or an exception
            after_this_request(self._after_the_view)

    def acts_later(self, result: object) -> bool:
        """Return whether `_after_the_view` adds the headers, once there is a response."""
        # The app may keep a response object, and return it again.
        parts = cast("tuple[object, ...]", result) if type(result) is tuple else (result,)
        self._is_fresh = not (parts and isinstance(parts[0], BaseResponse))
        return self._is_routed or result is None

    def _after_the_view(self, response: Response) -> Response:
        app, environ, policy = self._app, self.environ, self.policy
        marked = MARK in environ
        withheld = marked and state_of(app).withholds(environ, policy, response.status)
        response = response if self._is_fresh else own_copy(response)
        add_fields(app, environ, None if withheld else policy, response)
        return response

    def add_to(self, result: object, decision: Decision) -> Response:
        """Return the response for the result of the function, with the headers."""
        app, environ = self._app, self.environ
        response = own_copy(app.make_response(cast("ResponseReturnValue", result)))
        own = [*response.headers]
        fields = complete(app, environ, (self.policy, decision), response.status, own)
        response.headers = Headers(fields)
        remember_added(state_of(app), response, own)
        # So that the caller's policy is not applied too.
        note = note_of(environ)
        environ[MARK] = note._replace(settled=(*note.settled, response))
        return response


def _begin(own: ViewPolicy | None) -> _Call | Response | None:
    """Return the call of a decorated function if its result needs headers, else `None`.

    A response is returned if it is the answer, without a call. `None` is returned for the view that
    the request was routed to if the extension is installed, which looks its policy up, and for a
    function that is called by a view with another policy of its own.

    Raises:
        ConfigurationError: with the problems of the view's policy.
    """
    request = current_request()
    if own is None:
        return _begin_options(None, this_app(), request)
    environ, rule, method = request.environ, request.url_rule, request.method
    # Below the middleware, this takes less time than `current_app`.
    mark: object = environ.get(MARK)
    state = mark if isinstance(mark, AppState) else None
    app = state.installed_in() if state is not None else None
    if state is None or app is None or rule is None or rule.map is not app.url_map:
        app = this_app()
        state = state_of(app)
    entry = state.entry(app, rule.endpoint) if rule is not None else None
    routed = entry.view_policy(method) if entry is not None else None
    if routed is not None and routed is not own:
        return None
    if method == "OPTIONS":
        return _begin_options(own, app, request, is_routed=routed is own)
    if routed is not None and state.installed_in() is app:
        return None
    policy = entry.policy if entry is not None and routed is own else None
    return _Call(app, environ, policy or own.within(app), is_routed=routed is own)


def _begin_options(
    own: ViewPolicy | None, app: Flask, request: Request, *, is_routed: bool = True
) -> _Call | Response | None:
    """Do what `_begin` does, for OPTIONS, for which the function itself is not called.

    For a class's own `options` handler, `own` is `None`.
    """
    environ = request.environ
    if own is not None and not is_routed:
        policy: Policy | None = own.within(app)
    elif is_installed(app):
        policy = None  # the extension adds the headers
    elif is_preflight(environ):
        # Several views may share a URL, and Flask passes OPTIONS to the first of them.
        policy = state_of(app).preflight_policy(app, environ)
    else:
        policy = own.within(app) if own else None
    is_answered = is_preflight(environ) and policy and policy.settings.automatic_options
    call = None if policy is None else _Call(app, environ, policy, is_routed=is_routed)
    if not is_answered and _is_left_to_the_view(own, app, request):
        return call
    answer = app.response_class() if is_answered else _default_options_response()
    if call is None:
        return answer
    call.answer = answer
    return call


def _is_left_to_the_view(own: ViewPolicy | None, app: Flask, request: Request) -> bool:
    """Return whether a view answers OPTIONS itself, by its options or by its class's handler."""
    if own is not None and not own.automatic_options:
        return True
    view_class = getattr(app.view_functions.get(request.endpoint or ""), "view_class", None)
    handler = getattr(view_class, "options", None)
    return handler is not None and not getattr(handler, _GIVEN, False)


def _default_options_response() -> Response:
    """Return Flask's own answer to OPTIONS, which lists the methods of the URL."""
    app, environ = this_app(), current_request().environ
    response = app.response_class()
    response.allow.update(url_adapter(app, environ).allowed_methods())
    return response


# Settings that make Flask pass OPTIONS to a view --------------------------------------------------

# Marks what was added to a class, so that an OPTIONS request that is no preflight is answered as
# before.
_GIVEN = "_flask_cors_given"


def _take_options(attributes: dict[str, object]) -> None:
    """Set the attributes of a view that make Flask pass OPTIONS to it."""
    required = cast("set[str]", attributes.get("required_methods") or set())
    attributes["required_methods"] = {*required, "OPTIONS"}
    attributes["provide_automatic_options"] = False


def _take_options_of(owner: type[View]) -> None:
    """Make Flask pass OPTIONS to a class that has a decorated method."""
    methods = owner.methods or ("GET",)
    if not issubclass(owner, MethodView):
        owner.methods = {*methods, "OPTIONS"}
        return
    handler = getattr(owner, "options", None)
    if not hasattr(handler, _GIVEN):
        wrapper = _async_wrapper if is_async(handler) else _sync_wrapper
        # What stands in for a missing handler is never called: the wrapper answers.
        options = wrapper(None, handler or _default_options_response)
        setattr(options, _GIVEN, handler is None)
        setattr(owner, "options", options)  # noqa: B010  (no attribute that `MethodView` declares)
    if "methods" in vars(owner):  # else Flask collects them when the class has been created
        owner.methods = {*methods, "OPTIONS"}


class _ClassView(partial[object]):
    """A decorated view that `View.as_view` made.

    `as_view` sets `provide_automatic_options` on what its decorators return, and Flask would then
    answer preflights by itself. An object can ignore that, a function cannot.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name != "provide_automatic_options":
            super().__setattr__(name, value)


class _Method(partial[object]):
    """A decorated function in the body of a class; the function replaces it in the class itself.

    Only then is the class known, and Flask has to be told to pass OPTIONS to it.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        # Decorators above may have set attributes here (flask-restx).
        noted = {key: value for key, value in vars(self).items() if key != "__wrapped__"}
        vars(self.func).update(noted)
        setattr(owner, name, self.func)
        if issubclass(owner, View):
            _take_options_of(owner)

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., object]:
        return cast("Callable[..., object]", self.func.__get__(instance, owner))


def _is_written_in_a_class(function: object) -> bool:
    scope = getattr(function, "__qualname__", "").rpartition(".")[0]
    written = inspect.isfunction(function) or isinstance(function, _Method)
    return written and bool(scope) and not scope.endswith("<locals>")
