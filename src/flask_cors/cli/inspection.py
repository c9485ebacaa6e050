"""Facts about an app for the commands: its policies, views, routes and hooks.

Only this module of the commands uses internals of the extension.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from inspect import getattr_static
from types import CodeType, FunctionType, MethodType
from typing import NamedTuple, cast
from urllib.parse import quote

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.routing import MapAdapter, Rule
from werkzeug.test import EnvironBuilder

from .. import _terminal
from .._advice import VARIABLE, Advice, Function, function_of_view, unwrapped
from .._flask import (
    VIEW_POLICY,
    Policies,
    ViewPolicy,
    answering_endpoint,
    config_of,
    is_installed,
    policies_by_method,
    policy_for,
    state_of,
    view_policy,
    wait,
)
from .._flask import decorated_views as _decorated_views
from .._terminal import other_rules as other_rules
from .._terminal import resource_name as resource_name
from ..core import Decision, Policy
from ..core.errors import Problem, Problems
from ..core.headers import normalize_method
from ..core.resources import PathPattern
from ..wsgi import EnvironHeaders, WSGIEnvironment, is_preflight, routed_path
from .samples import always_applies, may_apply, sample_path, sample_paths

__all__ = ["VIEW_POLICY", "Policies", "ViewPolicy", "is_installed", "is_preflight"]


# Policies -----------------------------------------------------------------------------------------


def policy_at(
    app: Flask, endpoint: str | None, method: str, environ: WSGIEnvironment
) -> Policy | None:
    """Return the policy that applies to a request."""
    return policy_for(app, endpoint, method, routed_path(environ))


def answering_view(app: Flask, environ: WSGIEnvironment, method: str) -> str | None:
    """Return the endpoint of the view that handles a method at a URL."""
    with warnings_ignored():
        return answering_endpoint(app, environ, method)


def method_of(environ: WSGIEnvironment) -> str:
    """Return the method of a request, or the one that a preflight asks for."""
    asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "")
    return normalize_method(asked) if is_preflight(environ) else environ["REQUEST_METHOD"]


def decide(app: Flask, policy: Policy, environ: WSGIEnvironment) -> Decision:
    """Return a policy's decision about a request, within its context for origin callables."""
    headers = EnvironHeaders(environ)
    with warnings_ignored(), app.request_context({**environ}):
        return policy.decide(environ["REQUEST_METHOD"], headers, wait)


@contextmanager
def decisions_recorded(found: dict[Policy, Decision]) -> Generator[None]:
    """Record the first decision of each policy, made while the state that callables read exists."""
    decide = Policy.decide

    def recorded(self: Policy, *args: object, **kwargs: object) -> Decision:
        decision = cast("Callable[..., Decision]", decide)(self, *args, **kwargs)
        found.setdefault(self, decision)
        return decision

    setattr(Policy, "decide", recorded)  # noqa: B010  (mypy refuses assigning to a method)
    try:
        yield
    finally:
        setattr(Policy, "decide", decide)  # noqa: B010  (mypy refuses assigning to a method)


def watch_preflights(app: Flask, note: Callable[[WSGIEnvironment], object]) -> None:
    """Call `note` with the environment of each preflight that the extension answers."""
    state = state_of(app)
    preflight_policy = state.preflight_policy

    def watched(app: Flask, environ: WSGIEnvironment) -> Policy | None:
        note(environ)
        return preflight_policy(app, environ)

    setattr(state, "preflight_policy", watched)  # noqa: B010  (mypy refuses assigning to a method)


def tables(app: Flask) -> Iterator[tuple[str, Policies]]:
    """Yield the resources of the app, under an empty name, and of each blueprint."""
    state = state_of(app)
    yield "", state.resources
    yield from state.blueprints.items()


def possible_policies(app: Flask, rule: Rule, method: str) -> list[Policy | None]:
    """Return the policies that may apply to the paths of a URL rule; mostly one."""
    policy = policy_at(app, rule.endpoint, method, environ_of(app, rule))
    if own_policy(app, rule.endpoint, method) or not VARIABLE.search(rule.rule):
        return [policy]
    found: list[Policy | None] = []
    paths, samples = {other.rule for other in app.url_map.iter_rules()}, sample_paths(rule)
    for table in _tables_of(app, rule.endpoint):
        for pattern, candidate in _by_rank(table):
            if pattern.text in paths:
                continue  # the path of a rule without variables belongs to that rule
            if may_apply(pattern, rule) and candidate not in found:
                found.append(candidate)
            if always_applies(pattern, samples):
                return found
    return [*found, None]


def _by_rank(table: Policies) -> list[tuple[PathPattern, Policy]]:
    """Return the resources of a table, the most specific first; of equal ones the later."""
    return sorted(table.entries, key=lambda entry: entry[0].specificity)[::-1]


def _tables_of(app: Flask, endpoint: str) -> Iterator[Policies]:
    """Yield the resources that may apply to a view, those of its innermost blueprint first."""
    found = dict(tables(app))
    name = endpoint
    while name:
        name = name.rpartition(".")[0]
        if name in found:
            yield found[name]


def late_keys(app: Flask) -> tuple[dict[str, object], list[Problem]]:
    """Return the options whose keys were set or changed after set-up, and misspelt keys."""
    state, problems = state_of(app), Problems()
    before = dict(state.config)
    now = config_of(app, problems).options
    state.config = before
    missing = object()
    changed = {name: value for name, value in now.items() if before.get(name, missing) != value}
    return changed, problems.warnings


def view_policies(app: Flask) -> dict[ViewPolicy, str]:
    """Return the policies of registered views, each with its endpoint."""
    return {
        own: endpoint
        for endpoint in [*app.view_functions]
        for own in policies_by_method(app, endpoint).values()
        if own is not None
    }


def own_policy(app: Flask, endpoint: str | None, method: str) -> ViewPolicy | None:
    """Return the policy that `cross_origin` gave a view."""
    return view_policy(app, endpoint, method)


def settings_of(own: ViewPolicy, app: Flask) -> Policy:
    """Return the policy of a view in an app.

    Raises:
        ConfigurationError: with every problem that results from the app's configuration.
    """
    return own.within(app)


def decorated_views() -> list[ViewPolicy]:
    """Return the policies of all decorated functions in the process."""
    return [*_decorated_views]


def handler_policies(app: Flask) -> set[ViewPolicy]:
    """Return the policies of decorated error handlers and hooks."""
    return {own for function in hooks(app) if isinstance(own := policy_of(function), ViewPolicy)}


def hooks(app: Flask) -> Iterator[object]:
    """Yield the error handlers and hooks of an app and its blueprints."""
    for by_code in app.error_handler_spec.values():
        for by_class in by_code.values():
            yield from by_class.values()
    for registered in (
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
    ):
        for functions in cast("Mapping[object, list[object]]", registered).values():
            yield from functions
    yield from app.teardown_appcontext_funcs


def source_of(app: Flask, policy: Policy | None, endpoint: str | None, method: str) -> str:
    """Return where a policy was written, in the words of the development terminal."""
    return _terminal.source_of(app, state_of(app), policy, endpoint, method)


# URLs ---------------------------------------------------------------------------------------------


def setting(app: Flask, key: str) -> str:
    """Return a text setting of Flask; empty if it is not set."""
    value = cast("Mapping[str, object]", app.config)[key]
    return str(value) if value else ""


def host_of(app: Flask, rule: Rule) -> str:
    """Return the host of a rule; empty if it matches any host."""
    if app.url_map.host_matching:
        return rule.host or ""
    domain = setting(app, "SERVER_NAME")
    subdomain = rule.subdomain or ""
    if subdomain and domain:
        return f"{subdomain}.{domain}"
    return domain if getattr(app, "subdomain_matching", False) else ""


def usual_host(app: Flask) -> str:
    """Return the host at which the app is probably served."""
    return setting(app, "SERVER_NAME") or "localhost"


def environ_of(app: Flask, rule: Rule) -> WSGIEnvironment:
    """Return the environment of a request that a rule probably matches."""
    host = sample_path(rule, host_of(app, rule)) or usual_host(app)
    return environ_at(host, quote(sample_path(rule)))


def environ_at(host: str, path: str, method: str = "GET") -> WSGIEnvironment:
    """Return the environment of a request for a path on a host."""
    return EnvironBuilder(path, f"http://{host}/", method=method).get_environ()


def rule_of(app: Flask, environ: WSGIEnvironment, method: str) -> Rule | HTTPException | None:
    """Return the rule that a request with `method` matches, or the routing error."""
    try:
        with warnings_ignored():
            adapter = app.create_url_adapter(app.request_class({**environ}))
            rule, _ = cast("MapAdapter", adapter).match(method=method, return_rule=True)
    except HTTPException as error:
        return error
    except Exception:  # noqa: BLE001  (a converter of the app may fail outside of its context)
        return None
    return rule


@contextmanager
def warnings_ignored() -> Generator[None]:
    """Ignore warnings that are not about CORS, such as that of Flask for an unknown host."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# Functions ----------------------------------------------------------------------------------------


def members(view_class: type) -> list[object]:
    """Return the attributes of a class, without those of its bases."""
    return [*cast("Mapping[str, object]", vars(view_class)).values()]


def code_of(function: object) -> CodeType | None:
    """Return the code object of a function, below its decorators, if it has one."""
    return getattr(unwrapped(function), "__code__", None)


def constants(code: CodeType | None) -> Iterator[str]:
    """Yield the string constants of a function and of the functions within it."""
    for value in code.co_consts if code else ():
        if isinstance(value, str):
            yield value
        elif isinstance(value, CodeType):
            yield from constants(value)
        elif isinstance(value, (tuple, frozenset)):
            yield from (item for item in cast("tuple[object, ...]", value) if isinstance(item, str))


def names_used(code: CodeType | None) -> Iterator[str]:
    """Yield the names of globals and attributes that a function and those within it use."""
    yield from code.co_names if code else ()
    for value in code.co_consts if code else ():
        if isinstance(value, CodeType):
            yield from names_used(value)


def closure_variables(function: object) -> Iterator[tuple[str, object]]:
    """Yield the names and values of the variables in a function's closure."""
    names: tuple[str, ...] = getattr(getattr(function, "__code__", None), "co_freevars", ())
    for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not assigned yet
            continue


def inner_values(function: object) -> Iterator[tuple[str, object]]:
    """Yield the values that a callable may call: its closure, attributes and wrapped function.

    Each has the name of its variable or attribute.
    """
    yield from closure_variables(function)
    yield "func", getattr(function, "func", None)
    yield "__call__", getattr_static(type(function), "__call__", None)
    attributes: object = getattr(function, "__dict__", None)
    if isinstance(attributes, dict):
        yield from cast("dict[str, object]", attributes).items()


def reaches(function: object, own: ViewPolicy, depth: int = 2) -> bool:
    """Return whether a callable holds a decorated function, itself or in what it may call."""
    return any(
        policy_of(value) is own
        or (depth > 0 and _is_callable_object(value) and reaches(value, own, depth - 1))
        for _, value in inner_values(function)
    )


def _is_callable_object(value: object) -> bool:
    """Return whether a value is a function or like one: no class, no app, no proxy."""
    kind = type(value)
    return hasattr(kind, "__call__") and not issubclass(kind, (type, Flask, LocalProxy))  # noqa: B004  (`callable` is true for proxies)


def policy_of(value: object) -> object:
    """Return the policy of a decorated function, without resolving proxies such as `request`."""
    return getattr_static(value, VIEW_POLICY, None)


def is_function(value: object) -> bool:
    """Return whether a value is a function or a partial, without resolving proxies."""
    return issubclass(type(value), (FunctionType, partial))


# Decorated views whose policy has no effect -------------------------------------------------------


class UnseenPolicy(NamedTuple):
    """The reason why Flask does not see what `cross_origin` returned, and how to fix it."""

    cause: str
    fix: str


def explain_unseen_policy(view: object, own: ViewPolicy, depth: int = 3) -> UnseenPolicy | None:
    """Return why Flask does not see the policy of a view; `None` if it does, or has another."""
    if own.view is view:
        return UnseenPolicy(
            "@cross_origin is above @app.route", "Put it below, directly above the function"
        )
    if issubclass(type(view), partial):
        view = cast("partial[object]", view).func
        if policy_of(view) is own:
            return None  # it calls the decorated function, and is no decorator
    decorated = getattr(own.view, "__name__", None)
    for name, inner in inner_values(view):
        # A variable with the name of the decorated function is used to call it: no decorator.
        if not is_function(inner) or name == decorated:
            continue
        deeper = depth and explain_unseen_policy(inner, own, depth - 1)
        if policy_of(inner) is own or deeper:
            return UnseenPolicy(
                "a decorator between @app.route and @cross_origin hides @cross_origin",
                "Put @cross_origin above that decorator, directly below @app.route",
            )
    return None


def explain_unseen_view(app: Flask, endpoint: str) -> Advice | None:
    """Return why Flask does not see the policy of a view, if that is so."""
    view = app.view_functions[endpoint]
    for own in decorated_views():
        unseen = explain_unseen_policy(view, own)
        if unseen is not None:
            return Advice("view-unseen", f"On {endpoint}, {unseen.cause}.", f"{unseen.fix}.")
    return None


def rules_beside(app: Flask, endpoint: str) -> Iterator[Rule]:
    """Yield the rules of other views that share a URL with a view."""
    own = {(rule.host, rule.subdomain, rule.rule) for rule in app.url_map.iter_rules(endpoint)}
    for rule in app.url_map.iter_rules():
        if rule.endpoint != endpoint and (rule.host, rule.subdomain, rule.rule) in own:
            yield rule


def decorated_beside(app: Flask, endpoint: str) -> Function | None:
    """Return a decorated view, or method of a class, that shares its URL with a view."""
    for rule in (*app.url_map.iter_rules(endpoint), *rules_beside(app, endpoint)):
        for method in sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
            if own_policy(app, rule.endpoint, method):
                return function_of_view(app.view_functions[rule.endpoint], method)
    return None


# Hosts, and layers around the app -----------------------------------------------------------------


def other_hosts(app: Flask, environ: WSGIEnvironment) -> list[str]:
    """Return the other hosts that have a route for the path of a request."""
    found: set[str] = set()
    for rule in app.url_map.iter_rules():
        host = sample_path(rule, host_of(app, rule))
        if host and host != environ["HTTP_HOST"]:
            on_host = {**environ, "HTTP_HOST": host}
            if isinstance(rule_of(app, on_host, environ["REQUEST_METHOD"]), Rule):
                found.add(host)
    return sorted(found)


def layers_around(app: Flask) -> list[object]:
    """Return the wrappers around an app's own `wsgi_app` that can be found, outermost first."""
    layers: list[object] = []
    layer: object = app.wsgi_app
    while layer is not None and len(layers) < _MAX_LAYERS and not _is_own(layer):
        layers.append(layer)
        parts = (getattr(layer, name, None) for name in ("app", "wsgi_app", "application"))
        layer = next((part for part in parts if callable(part) and part is not app), None)
    return layers


_MAX_LAYERS = 50


def _is_own(layer: object) -> bool:
    """Return whether a layer is Flask's own `wsgi_app` or a middleware of this library."""
    module = str(getattr(layer, "__module__", ""))
    return isinstance(layer, MethodType) or module.partition(".")[0] == __name__.partition(".")[0]


def mounted_at(layer: object, path: str) -> tuple[str, object] | None:
    """Return the prefix and the app of the mount to which a path belongs."""
    mounts: object = getattr(layer, "mounts", None)
    if not isinstance(mounts, dict):
        return None
    for prefix, mounted in sorted(cast("dict[str, object]", mounts).items(), reverse=True):
        if path == prefix or path.startswith(f"{prefix}/"):
            return prefix, mounted
    return None
