"""What the commands ask about an app: whose policy holds, which views have one, what a URL is.

All that the commands know of how the extension works inside stands here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from inspect import getattr_static
from types import CodeType, FunctionType, MethodType
from typing import NamedTuple, cast

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter, Rule
from werkzeug.test import EnvironBuilder

from .. import _terminal
from .._advice import Advice, line_of_function
from .._flask import (
    VIEW_POLICY,
    Policies,
    ViewPolicy,
    answering_endpoint,
    config_of,
    is_installed,
    policy_for,
    state_of,
    view_policy,
    wait,
)
from .._flask import decorated_views as _decorated_views
from .._terminal import resource_name as resource_name
from ..core import Decision, Policy
from ..core.errors import Problem, Problems
from ..core.headers import normalize_method
from ..wsgi import EnvironHeaders, WSGIEnvironment, is_preflight, routed_path

__all__ = ["VIEW_POLICY", "Policies", "ViewPolicy", "is_installed", "is_preflight"]


# Policies -----------------------------------------------------------------------------------------


def policy_at(
    app: Flask, endpoint: str | None, method: str, environ: WSGIEnvironment
) -> Policy | None:
    """Return whose policy holds for a request to a view."""
    return policy_for(app, endpoint, method, routed_path(environ))


def answering_view(app: Flask, environ: WSGIEnvironment, method: str) -> str | None:
    """Return the endpoint of the view that answers a method at a URL."""
    with without_noise():
        return answering_endpoint(app, environ, method)


def method_of(environ: WSGIEnvironment) -> str:
    """Return the method of a request, or the one that a preflight asks for."""
    asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "")
    return normalize_method(asked) if is_preflight(environ) else environ["REQUEST_METHOD"]


def decide(app: Flask, policy: Policy, environ: WSGIEnvironment) -> Decision:
    """Return what a policy says about a request, whose context origin callables may read."""
    headers = EnvironHeaders(environ)
    with without_noise(), app.request_context({**environ}):
        return policy.decide(environ["REQUEST_METHOD"], headers, wait)


def watch_preflights(app: Flask, note: Callable[[WSGIEnvironment], object]) -> None:
    """Have the environment of each preflight noted that the extension is about to answer."""
    state = state_of(app)
    preflight_policy = state.preflight_policy

    def watched(app: Flask, environ: WSGIEnvironment) -> Policy | None:
        note(environ)
        return preflight_policy(app, environ)

    setattr(state, "preflight_policy", watched)  # noqa: B010  (no method is assigned to otherwise)


def tables(app: Flask) -> Iterator[tuple[str, Policies]]:
    """Yield the resources of the app, whose name is empty, and of its blueprints."""
    state = state_of(app)
    yield "", state.resources
    yield from state.blueprints.items()


def late_keys(app: Flask) -> tuple[dict[str, object], list[Problem]]:
    """Return the options whose keys were set or changed after the set-up, and misspelt keys."""
    state, problems = state_of(app), Problems()
    before = dict(state.config)
    now = config_of(app, problems).options
    state.config = before
    missing = object()
    changed = {name: value for name, value in now.items() if before.get(name, missing) != value}
    return changed, problems.warnings


def view_policies(app: Flask) -> dict[ViewPolicy, str]:
    """Return the policies of views that routes use, each with its endpoint."""
    found: dict[ViewPolicy, str] = {}
    for endpoint, view in [*app.view_functions.items()]:
        for method in getattr(getattr(view, "view_class", None), "methods", None) or ("GET",):
            own = view_policy(view, method)
            if own is not None:
                found[own] = endpoint
    return found


def own_policy(app: Flask, endpoint: str | None, method: str) -> ViewPolicy | None:
    """Return the policy that a view has by itself."""
    return view_policy(app.view_functions.get(endpoint or ""), method)


def settings_of(own: ViewPolicy, app: Flask) -> Policy:
    """Return the policy of a view in an app.

    Raises:
        ConfigurationError: with every problem that the app's configuration adds.
    """
    return own.within(app)


def decorated_views() -> list[ViewPolicy]:
    """Return the policies of all views in the process."""
    return [*_decorated_views]


def handler_policies(app: Flask) -> set[ViewPolicy]:
    """Return the policies of decorated functions that are no views: error handlers and hooks."""
    return {own for function in hooks(app) if isinstance(own := policy_of(function), ViewPolicy)}


def hooks(app: Flask) -> Iterator[object]:
    """Yield the functions of an app, and of its blueprints, that are called around its views."""
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
    """Return where a policy was written, as the developer's terminal says it."""
    return _terminal.source_of(app, state_of(app), policy, endpoint, method)


# URLs ---------------------------------------------------------------------------------------------

_SAMPLES = {"int": "1", "float": "1.5", "path": "a/b", "uuid": f"{0:08}{'-0000' * 3}-{0:012}"}


def sample_path(rule: str) -> str:
    """Return a path that a URL rule is likely to match."""
    pattern = r"<(?:([a-zA-Z_]\w*)(?:\(['\"]?(\w*)[^)]*\))?:)?\w+>"

    def sample(match: re.Match[str]) -> str:
        converter, argument = match.groups()
        return str(argument) if converter == "any" else _SAMPLES.get(converter, "a")

    return re.sub(pattern, sample, rule)


def setting(app: Flask, key: str) -> str:
    """Return a setting of Flask's that is text, empty where it is not set."""
    value = cast("Mapping[str, object]", app.config)[key]
    return str(value) if value else ""


def host_of(app: Flask, rule: Rule) -> str:
    """Return the host that a rule is for, or nothing where it is for any."""
    if app.url_map.host_matching:
        return rule.host or ""
    domain = setting(app, "SERVER_NAME")
    subdomain = rule.subdomain or ""
    if subdomain and domain:
        return f"{subdomain}.{domain}"
    return domain if getattr(app, "subdomain_matching", False) else ""


def usual_host(app: Flask) -> str:
    """Return the host that the app is most likely served at."""
    return setting(app, "SERVER_NAME") or "localhost"


def environ_of(app: Flask, rule: Rule) -> WSGIEnvironment:
    """Return the environment of a request that a rule is likely to match."""
    host = sample_path(host_of(app, rule)) or usual_host(app)
    return environ_at(host, sample_path(rule.rule))


def environ_at(host: str, path: str, method: str = "GET") -> WSGIEnvironment:
    """Return the environment of a request for a path at a host."""
    return EnvironBuilder(path, f"http://{host}/", method=method).get_environ()


def rule_of(app: Flask, environ: WSGIEnvironment, method: str) -> Rule | HTTPException | None:
    """Return the rule that a request with `method` matches, or what keeps it from a view."""
    try:
        with without_noise():
            adapter = app.create_url_adapter(app.request_class(environ, populate_request=False))
            rule, _ = cast("MapAdapter", adapter).match(method=method, return_rule=True)
    except HTTPException as error:
        return error
    except Exception:  # noqa: BLE001  (of a converter of the app, which may need its context)
        return None
    return rule


@contextmanager
def without_noise() -> Generator[None]:
    """Have nothing written to the terminal that is not about CORS, such as a host to no route."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# Functions ----------------------------------------------------------------------------------------


class Function(NamedTuple):
    """A function of the app, for a person to find it."""

    name: str
    line: str
    """`app.py, line 12`; empty where it is unknown"""

    def __str__(self) -> str:
        """Return the name, with the line where it is known."""
        return f"{self.name} ({self.line})" if self.line else self.name


def function_at(function: object) -> Function:
    """Return the name and the place of a function, looked for below its decorators."""
    inner = unwrapped(function)
    name = getattr(inner, "__name__", type(inner).__name__)
    return Function(str(name), line_of_function(inner))


def view_at(app: Flask, endpoint: str, method: str) -> Function:
    """Return the function that answers a method: a view, or the method of a class."""
    view = app.view_functions[endpoint]
    view_class: type | None = getattr(view, "view_class", None)
    handler = getattr(view_class, method.lower(), None)
    if handler is None or view_class is None:
        return function_at(view)
    found = function_at(handler)
    return found._replace(name=f"{view_class.__name__}.{found.name}")


def unwrapped(function: object) -> object:
    """Return what stands below the decorators of a function that say so."""
    inner = getattr(function, "view_class", function)
    for _ in range(20):  # a cycle is no decorator's fault that this could mend
        inner = getattr(inner, "func", None) or getattr(inner, "__wrapped__", inner)
    return inner


def members(view_class: type) -> list[object]:
    """Return what stands in the body of a class."""
    return [*cast("Mapping[str, object]", vars(view_class)).values()]


def code_of(function: object) -> CodeType | None:
    """Return the code of a function, below its decorators, if it has some."""
    return getattr(unwrapped(function), "__code__", None)


def constants(code: CodeType | None) -> Iterator[str]:
    """Yield the texts that stand in a function, and in those within it."""
    for value in code.co_consts if code else ():
        if isinstance(value, str):
            yield value
        elif isinstance(value, CodeType):
            yield from constants(value)
        elif isinstance(value, (tuple, frozenset)):
            yield from (item for item in cast("tuple[object, ...]", value) if isinstance(item, str))


def names_used(code: CodeType | None) -> Iterator[str]:
    """Yield the names of globals and attributes that a function uses, and those within it."""
    yield from code.co_names if code else ()
    for value in code.co_consts if code else ():
        if isinstance(value, CodeType):
            yield from names_used(value)


def enclosed(function: object) -> Iterator[tuple[str, object]]:
    """Yield the names and the values of the variables that a function has of those around it."""
    names: tuple[str, ...] = getattr(getattr(function, "__code__", None), "co_freevars", ())
    for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not assigned yet
            continue


def policy_of(value: object) -> object:
    """Return the policy that a decorated function holds, without asking a stand-in (`request`)."""
    return getattr_static(value, VIEW_POLICY, None)


def is_function(value: object) -> bool:
    """Return whether a value is a function or a partial of one, without asking a stand-in."""
    return issubclass(type(value), (FunctionType, partial))


# Views that have no policy although one was meant -------------------------------------------------


class UnseenPolicy(NamedTuple):
    """The reason why Flask does not see what `cross_origin` returned."""

    cause: str
    fix: str


def explain_unseen_policy(view: object, own: ViewPolicy, depth: int = 3) -> UnseenPolicy | None:
    """Return why Flask does not see the policy of a view, where it is so."""
    if own.view is view:
        return UnseenPolicy(
            "@cross_origin stands above @app.route", "Put it below, directly above the function"
        )
    decorated = getattr(own.view, "__name__", None)
    for name, inner in enclosed(view):
        # A variable with the function's own name is a call of it, and not a decorator's.
        if not is_function(inner) or name == decorated:
            continue
        below = depth and explain_unseen_policy(inner, own, depth - 1)
        if policy_of(inner) is own or below:
            return UnseenPolicy(
                "a decorator between @app.route and @cross_origin hides the latter",
                "Put @cross_origin above that one, directly below @app.route",
            )
    return None


def explain_unseen_view(app: Flask, endpoint: str) -> Advice | None:
    """Return why the policy of a view is not seen, where it is so."""
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
    """Return a decorated view, or another method of the class, that shares a URL with a view."""
    for rule in (*app.url_map.iter_rules(endpoint), *rules_beside(app, endpoint)):
        for method in sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
            if own_policy(app, rule.endpoint, method):
                return view_at(app, rule.endpoint, method)
    return None


# Hosts, and what stands around the app ------------------------------------------------------------


def other_hosts(app: Flask, environ: WSGIEnvironment) -> list[str]:
    """Return the hosts, other than that of a request, on which there is a route for its path."""
    found: set[str] = set()
    for rule in app.url_map.iter_rules():
        host = sample_path(host_of(app, rule))
        if host and host != environ["HTTP_HOST"]:
            elsewhere = {**environ, "HTTP_HOST": host}
            if isinstance(rule_of(app, elsewhere, environ["REQUEST_METHOD"]), Rule):
                found.add(host)
    return sorted(found)


def layers_around(app: Flask) -> list[object]:
    """Return what is put around an app's own `wsgi_app`, from the outside, as far as it is seen."""
    layers: list[object] = []
    layer: object = app.wsgi_app
    while layer is not None and len(layers) < _MOST_LAYERS and not _is_own(layer):
        layers.append(layer)
        parts = (getattr(layer, name, None) for name in ("app", "wsgi_app", "application"))
        layer = next((part for part in parts if callable(part) and part is not app), None)
    return layers


_MOST_LAYERS = 50


def _is_own(layer: object) -> bool:
    """Return whether a layer is Flask's own `wsgi_app`, or this library's around it."""
    module = str(getattr(layer, "__module__", ""))
    return isinstance(layer, MethodType) or module.partition(".")[0] == __name__.partition(".")[0]


def mounted_at(layer: object, path: str) -> tuple[str, object] | None:
    """Return where another app is mounted that a path belongs to, and the app."""
    mounts: object = getattr(layer, "mounts", None)
    if not isinstance(mounts, dict):
        return None
    for prefix, mounted in sorted(cast("dict[str, object]", mounts).items(), reverse=True):
        if path == prefix or path.startswith(f"{prefix}/"):
            return prefix, mounted
    return None
