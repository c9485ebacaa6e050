"""`cross_origin`: the policy of one view, sync or async, function, method or class."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar, Union, cast, overload

import flask.views
from flask import after_this_request, current_app, request
from flask.typing import ResponseReturnValue
from flask.views import View
from flask.wrappers import Response

from ._flask import (
    DECIDED,
    PASSAGE,
    UNCAUGHT,
    VIEW_POLICY,
    ViewPolicy,
    asked_method,
    matched,
    run_in,
    this_app,
    view_policy,
)
from ._log import log_decision, to_be_logged
from .core import Decision, Policy
from .core.errors import Report, shown
from .core.options import CrossOriginOptions, Unpack
from .core.origins import is_async
from .wsgi import EnvironHeaders, is_preflight, routed_path

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
        self, view: Callable[P, Awaitable[R]], /
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
    view: Callable[P, Awaitable[R]], /
) -> Callable[P, Coroutine[Any, Any, Union[R, Response]]]: ...
@overload
def cross_origin(view: F, /) -> F: ...
def cross_origin(view: object = None, /, **options: Unpack[CrossOriginOptions]) -> object:
    """Let other origins read the responses of one view; its policy wins over the app's.

    Goes directly above the view and below `@app.route`, bare or with options, on functions,
    methods, `View` classes and in their `decorators`; an `async def` view stays one. What is not
    given is read from `app.config["CORS_<NAME>"]` at the first request in an app.

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

    def __call__(self, view: object) -> object:
        self._own.view = view
        if isinstance(view, type) and issubclass(view, View):
            view.decorators = [*view.decorators, cast("CrossOriginDecorator", self)]
            return view
        if isinstance(view, type) or not callable(view):
            report = Report()
            report.error(
                "not-a-view",
                "view",
                view,
                f"cross_origin: {shown(view)} is no view. Options are given by name: "
                "cross_origin(origins=['https://app.example'])",
            )
            report.raise_problems()
        function = cast("Callable[..., object]", view)
        wrapper = (_async_wrapper if is_async(view) else _sync_wrapper)(self._own, function)
        setattr(wrapper, VIEW_POLICY, self._own)
        if not self._own.automatic_options:
            return wrapper
        if getattr(inspect.unwrap(function), "__globals__", None) is vars(flask.views):
            return _ClassView(wrapper)
        _take_options(vars(wrapper))
        return _Method(wrapper) if _is_written_in_a_class(function) else wrapper


def _sync_wrapper(own: ViewPolicy, view: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(view)
    def wrapper(*args: object, **kwargs: object) -> object:
        policy = _governing(own)
        answer = _settle(*_decide(policy)) if policy else None
        if answer is not None:
            return answer
        result = view(*args, **kwargs)
        # Flask awaits what a coroutine function returns, but this one is none.
        return run_in(this_app(), result) if inspect.isawaitable(result) else result

    return wrapper


def _async_wrapper(own: ViewPolicy, view: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(view)
    async def wrapper(*args: object, **kwargs: object) -> object:
        policy = _governing(own)
        answer = _settle(*await _decide_async(policy)) if policy else None
        if answer is not None:
            return answer
        return await cast("Awaitable[object]", view(*args, **kwargs))

    return wrapper


def _decide(own: ViewPolicy) -> tuple[Policy, Decision]:
    app = this_app()
    policy = own.within(app)
    headers = EnvironHeaders(request.environ)
    return policy, policy.decide(request.method, headers, functools.partial(run_in, app))


async def _decide_async(own: ViewPolicy) -> tuple[Policy, Decision]:
    policy = own.within(this_app())
    return policy, await policy.decide_async(request.method, EnvironHeaders(request.environ))


def _governing(own: ViewPolicy | None) -> ViewPolicy | None:
    """Return the policy that decides here, if one does: of stacked ones the outermost.

    For a preflight it is that of the view which it asks for: several may share a URL, and Flask
    passes OPTIONS to the first.
    """
    environ = request.environ
    if DECIDED in environ:
        return None
    if request.method == "OPTIONS" and is_preflight(environ):
        method = asked_method(environ)
        endpoint = matched(this_app(), environ, method)
        if endpoint is not None:
            return view_policy(current_app.view_functions.get(endpoint), method)
    return own


def _settle(policy: Policy, decision: Decision) -> Response | None:
    """See to it that the decision reaches the response; return that one, if it is made here."""
    environ = request.environ
    environ[DECIDED] = (policy, decision)
    if to_be_logged(decision):
        headers = EnvironHeaders(environ)
        log_decision(decision, policy, request.method, routed_path(environ), headers)
    passage = environ.get(PASSAGE)
    if passage is None or passage[0] is not current_app.extensions.get("cors"):
        # No extension is around this app to do it.
        after_this_request(functools.partial(_apply, policy, decision))
    if request.method != "OPTIONS" or not policy.settings.automatic_options:
        return None
    if decision.kind == "preflight":
        return current_app.response_class()
    return None if _lists_options() else current_app.make_default_options_response()


def _apply(policy: Policy, decision: Decision, response: Response) -> Response:
    if UNCAUGHT not in request.environ or policy.settings.intercept_exceptions:
        decision.apply(response.headers)
    return response


def _lists_options() -> bool:
    """Return whether the view is class-based and has a method of its own for OPTIONS."""
    view = current_app.view_functions.get(request.endpoint or "")
    return "OPTIONS" in (getattr(view, "methods", None) or ())


def _take_options(attributes: dict[str, object]) -> None:
    """Tell Flask, by a view's attributes, to pass OPTIONS to the view."""
    required = cast("set[str]", attributes.get("required_methods") or set())
    attributes["required_methods"] = {*required, "OPTIONS"}
    attributes["provide_automatic_options"] = False


class _ClassView:
    """Is a view that `View.as_view` makes, decorated.

    `as_view` sets `provide_automatic_options` on what its decorators return, and Flask would then
    answer preflights without asking; a function cannot refuse that, an object can.
    """

    def __init__(self, view: Callable[..., object]) -> None:
        functools.update_wrapper(self, view)
        self._view = view
        _take_options(vars(self))

    def __setattr__(self, name: str, value: object) -> None:
        if name != "provide_automatic_options":
            super().__setattr__(name, value)

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self._view(*args, **kwargs)


class _MethodsView(_ClassView):
    """Is a view whose class has methods with policies: it answers their preflights."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        if request.method != "OPTIONS" or _lists_options():
            return super().__call__(*args, **kwargs)
        policy = _governing(None)
        answer = _settle(*_decide(policy)) if policy else None
        return answer or current_app.make_default_options_response()


class _Method:
    """Is a decorated function in the body of a class; the class, once made, gets the function.

    The class is known only then, and a `View` has to pass OPTIONS on for its methods' preflights.
    """

    def __init__(self, wrapper: Callable[..., object]) -> None:
        functools.update_wrapper(self, wrapper)
        self._wrapper = wrapper

    def __set_name__(self, owner: type, name: str) -> None:
        setattr(owner, name, self._wrapper)
        if issubclass(owner, View) and _MethodsView not in owner.decorators:
            owner.decorators = [*owner.decorators, _MethodsView]

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., object]:
        return cast("Callable[..., object]", self._wrapper.__get__(instance, owner))

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self._wrapper(*args, **kwargs)


def _is_written_in_a_class(function: object) -> bool:
    scope = getattr(function, "__qualname__", "").rpartition(".")[0]
    return inspect.isfunction(function) and bool(scope) and not scope.endswith("<locals>")
