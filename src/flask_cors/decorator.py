"""`cross_origin`: the policy of one view, sync or async, function, method or class."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar, Union, cast, overload

import flask.views
from flask import Flask, after_this_request, current_app, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView, View
from flask.wrappers import Response

from ._flask import (
    PASSAGE,
    UNCAUGHT,
    VIEW_POLICY,
    AppState,
    ViewPolicy,
    add_to,
    app_proxy,
    asked_method,
    is_withheld,
    matched,
    request_proxy,
    run_in,
    state_of,
    this_app,
    this_environ,
    view_policy,
)
from .core import Decision, Policy
from .core.errors import Problems, safe_repr
from .core.merge import Lines
from .core.options import CrossOriginOptions, Unpack
from .core.origins import is_async
from .wsgi import WSGIEnvironment, decide, decide_async, is_preflight, lines_to_add

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)
F = TypeVar("F", bound=Callable[..., object])


class CrossOriginDecorator(Protocol):
    """Gives a view a policy. A preflight is answered with a `Response`; else the view's result."""

    # The sync view comes first: one that never returns is no coroutine function.
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

    Goes below `@app.route`, bare or with options, on functions, methods, `View` classes and in
    their `decorators`; an `async def` view stays one. Without `CORS(app)` preflights reach it
    after the app's hooks, and on a single method or in `decorators` only if it is outermost. What
    is not given is read from `app.config["CORS_<NAME>"]` at the first request in an app.

    Args:
        view: the view, where the decorator is used bare.
        options: the options, by name; those of `CrossOriginOptions`.

    Returns:
        The decorated view, or a decorator.

    Raises:
        ConfigurationError: with every problem of the options.
    """
    decorator = _Decorator(ViewPolicy(options))
    return decorator if view is None else decorator(view)


class _Decorator:
    """Decorates views with one policy."""

    def __init__(self, own: ViewPolicy) -> None:
        self._own = own
        setattr(self, VIEW_POLICY, own)

    def __call__(self, view: object) -> object:
        self._own.note(view)
        if isinstance(view, type) and issubclass(view, View):
            view.decorators = [*view.decorators, cast("CrossOriginDecorator", self)]
            if issubclass(view, MethodView):
                _take_options_of(view)
            return view
        if isinstance(view, type) or not callable(view):
            problems = Problems()
            problems.error(
                "not-a-view",
                "view",
                view,
                f"cross_origin: {safe_repr(view)} is no view. Options are given by name: "
                "cross_origin(origins=['https://app.example'])",
            )
            problems.raise_errors()
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


def _sync_wrapper(own: ViewPolicy | None, view: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(view)
    def wrapper(*args: object, **kwargs: object) -> object:
        policy, answer = _begin(own)
        if policy is not None:
            answer = _settle(policy, decide(policy, this_environ(), partial(run_in, this_app())))
        if answer is not None:
            return answer
        result = view(*args, **kwargs)
        # Flask awaits what a coroutine function returns, but this one is none.
        awaitable = hasattr(result, "__await__")
        return run_in(this_app(), cast("Awaitable[object]", result)) if awaitable else result

    return wrapper


def _async_wrapper(own: ViewPolicy | None, view: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(view)
    async def wrapper(*args: object, **kwargs: object) -> object:
        policy, answer = _begin(own)
        if policy is not None:
            answer = _settle(policy, await decide_async(policy, this_environ()))
        if answer is not None:
            return answer
        return await cast("Awaitable[object]", view(*args, **kwargs))

    return wrapper


_CALL_THE_VIEW = (None, None)


def _begin(own: ViewPolicy | None) -> tuple[Policy | None, Response | None]:
    """Return the policy that is to be asked before the view is called, or what is answered instead.

    Only one with callables is, for these may need the event loop of the view; what another says is
    found out when there is a response.
    """
    environ = request_proxy._get_current_object().environ
    app = app_proxy._get_current_object()
    if own is None or environ["REQUEST_METHOD"] == "OPTIONS":
        if state_of(app).decided in environ:
            return _CALL_THE_VIEW
        policy = _governing(own, environ, app)
        return policy, None if policy else _without_policy()
    compiled = own.within(app)
    state, policy = compiled.state, compiled.policy
    if state.decided in environ:
        return _CALL_THE_VIEW  # of stacked decorators the outermost holds
    if policy.settings.origins.predicates:
        return policy, None
    # As `_pass_on`, written out: nearly every request to a decorated view comes by here.
    environ[state.decided] = (policy, None)
    if environ.get(PASSAGE) is not state:
        after_this_request(partial(_apply, state, environ, policy, None))
    return _CALL_THE_VIEW


def _pass_on(state: AppState, environ: WSGIEnvironment, policy: Policy, lines: Lines) -> None:
    """Note whose policy the response gets, and what it adds."""
    environ[state.decided] = (policy, lines)
    if environ.get(PASSAGE) is not state:
        # No extension is around this app to do it.
        after_this_request(partial(_apply, state, environ, policy, lines))


def _governing(own: ViewPolicy | None, environ: WSGIEnvironment, app: Flask) -> Policy | None:
    """Return the policy that holds: for a preflight that of the view which it asks for.

    Several views may share a URL, and Flask passes OPTIONS to the first.
    """
    if is_preflight(environ):
        method = asked_method(environ)
        endpoint = matched(app, environ, method)
        if endpoint is not None:
            own = view_policy(app.view_functions.get(endpoint), method)
    return own.within(app).policy if own else None


def _settle(policy: Policy, decision: Decision) -> Response | None:
    """See to it that the decision reaches the response; return that one, if it is made here."""
    environ, app = this_environ(), this_app()
    _pass_on(state_of(app), environ, policy, decision.lines)
    if environ["REQUEST_METHOD"] != "OPTIONS":
        return None
    if decision.kind == "preflight" and policy.settings.automatic_options:
        return app.response_class()
    # What a function's route lists is not to be seen: where OPTIONS is left to it, it is asked.
    left_to_the_view = _view_class() is None and not policy.settings.automatic_options
    return None if left_to_the_view else _without_policy()


def _without_policy() -> Response | None:
    """Return Flask's own answer to OPTIONS, or `None` where the view is a class that has one."""
    view_class = _view_class()
    given = getattr(getattr(view_class, "options", view_class), _GIVEN, False)
    if "OPTIONS" in (getattr(view_class, "methods", None) or ()) and not given:
        return None
    return current_app.make_default_options_response()


def _view_class() -> object:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "view_class", None)


def _apply(
    state: AppState,
    environ: WSGIEnvironment,
    policy: Policy,
    lines: Lines | None,
    response: Response,
) -> Response:
    if lines is None:
        lines = lines_to_add(policy, environ)
    if UNCAUGHT not in environ or not is_withheld(state.app, policy, environ, response.status):
        add_to(response.headers, lines)
    return response


# What Flask has to be told to pass OPTIONS to a view ----------------------------------------------

# Marks what was added to a class, so that OPTIONS that is no preflight goes on as without it.
_GIVEN = "_flask_cors_given"


def _take_options(attributes: dict[str, object]) -> None:
    """Have Flask pass OPTIONS to a view with these attributes."""
    required = cast("set[str]", attributes.get("required_methods") or set())
    attributes["required_methods"] = {*required, "OPTIONS"}
    attributes["provide_automatic_options"] = False


def _take_options_of(owner: type[View]) -> None:
    """Have Flask pass OPTIONS to a class of which a method has a policy."""
    methods = owner.methods or ("GET",)
    if not issubclass(owner, MethodView):
        setattr(owner, _GIVEN, "OPTIONS" not in methods)
        owner.methods = {*methods, "OPTIONS"}
        return
    handler = getattr(owner, "options", None)
    if not hasattr(handler, _GIVEN):
        wrapper = _async_wrapper if is_async(handler) else _sync_wrapper
        # Without a handler it is never called: then `_without_policy` answers.
        options = wrapper(None, handler or _without_policy)
        setattr(options, _GIVEN, handler is None)
        setattr(owner, "options", options)  # noqa: B010  (no attribute that `MethodView` declares)
    if "methods" in vars(owner):  # else they are collected once the class is made
        owner.methods = {*methods, "OPTIONS"}


class _ClassView(partial[object]):
    """Is a view that `View.as_view` makes, decorated.

    `as_view` sets `provide_automatic_options` on what its decorators return, and Flask would then
    answer preflights without asking; a function cannot refuse that, an object can.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name != "provide_automatic_options":
            super().__setattr__(name, value)


class _Method(partial[object]):
    """Is a decorated function in the body of a class; the class, once made, gets the function.

    The class is known only then, and a `View` has to be told of OPTIONS.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        # Decorators above may have left their notes here (flask-restx).
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
