"""Findings on views: code for OPTIONS that is never reached, URLs with undecorated methods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from flask import Flask
from flask.views import MethodView
from werkzeug.routing import Rule

from .._advice import decorate, function_at
from ..core import Problem
from .inspection import (
    VIEW_POLICY,
    code_of,
    constants,
    environ_of,
    is_installed,
    own_policy,
    policy_at,
    policy_of,
    rules_beside,
)


def view_findings(app: Flask) -> Iterator[Problem]:
    """Return the findings on the views of an app."""
    for endpoint in [*app.view_functions]:
        rules = [*app.url_map.iter_rules(endpoint)] if endpoint in _endpoints(app) else []
        yield from _unreached_options(app, endpoint, rules)
        if not is_installed(app):
            yield from _beside_undecorated(app, endpoint, rules)
            yield from _cached(app, endpoint)


def _endpoints(app: Flask) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules()}


# OPTIONS ------------------------------------------------------------------------------------------


def _unreached_options(app: Flask, endpoint: str, rules: list[Rule]) -> Iterator[Problem]:
    """Find a view that handles OPTIONS although preflights are answered before they reach it."""
    handling = [rule for rule in rules if _handles_options(app, rule)]
    for rule in handling:
        methods = _methods(rule)
        policies = [policy_at(app, endpoint, method, environ_of(app, rule)) for method in methods]
        if not methods:  # the view handles only OPTIONS, other views of the URL handle the rest
            policies = [policy_at(app, None, "OPTIONS", environ_of(app, rule))]
        answered = [policy for policy in policies if policy and policy.settings.automatic_options]
        view = app.view_functions[endpoint]
        decorated = any(own_policy(app, endpoint, method) for method in methods)
        if answered and (is_installed(app) or (decorated and _is_called_for_options(view))):
            yield Problem(
                "options-unreached",
                "automatic_options",
                endpoint,
                f"{function_at(view)} handles OPTIONS of {rule.rule}, but preflights never "
                "reach it: CORS answers them before. Remove that code, or write "
                "automatic_options=False to answer them in the view",
            )
            return


def _handles_options(app: Flask, rule: Rule) -> bool:
    """Return whether a view has code for OPTIONS and not only lists the method."""
    methods = rule.methods or set()
    if "OPTIONS" not in methods or getattr(rule, "provide_automatic_options", False):
        return False
    view: object = app.view_functions[rule.endpoint]
    view_class = getattr(view, "view_class", None)
    if view_class is not None and issubclass(view_class, MethodView):
        handler = getattr(view_class, "options", None)
        return handler is not None and _is_own_code(handler)
    if view_class is not None:
        view = getattr(view_class, "dispatch_request", None)
    return methods == {"OPTIONS"} or "OPTIONS" in constants(code_of(view))


def _is_called_for_options(view: object) -> bool:
    """Return whether a decorator is around a view or its handler, not only another method."""
    handler = getattr(getattr(view, "view_class", None), "options", None)
    return policy_of(view) is not None or hasattr(handler, "__wrapped__")


def _is_own_code(handler: object) -> bool:
    """Return whether a handler was written in the app, not added by `cross_origin`."""
    module = str(getattr(handler, "__module__", ""))
    return module.partition(".")[0] != __name__.partition(".")[0]


# Decorators without the extension -----------------------------------------------------------------


def _beside_undecorated(app: Flask, endpoint: str, rules: list[Rule]) -> Iterator[Problem]:
    """Find a decorated view whose URL has another, undecorated view."""
    own = {
        method for rule in rules for method in _methods(rule) if own_policy(app, endpoint, method)
    }
    if not own:
        return
    view = app.view_functions[endpoint]
    for rule in rules_beside(app, endpoint):
        other = app.view_functions.get(rule.endpoint)
        decorated = any(own_policy(app, rule.endpoint, method) for method in _methods(rule))
        if decorated or other is None:
            continue
        undecorated = function_at(other)
        fix = decorate(undecorated, "https://app.example")
        methods = ", ".join(_methods(rule)) or "OPTIONS"
        yield Problem(
            "view-beside",
            "cross_origin",
            endpoint,
            f"cross_origin is on {function_at(view)}, but not on {undecorated}, which handles "
            f"{methods} of the same URL, {rule.rule}. Pages cannot use that method, and preflights "
            f"of the URL may reach it first. {fix}; or write CORS(app, resources=[]) if this is "
            "intended",
        )


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})


def _cached(app: Flask, endpoint: str) -> Iterator[Problem]:
    """Find a cache above a decorator: every origin gets the headers of the first."""
    view = app.view_functions[endpoint]
    cached = hasattr(view, "uncached") or hasattr(view, "cache_timeout")
    inner = getattr(view, "__wrapped__", None)
    if cached and getattr(inner, VIEW_POLICY, None) is not None:
        text = (
            f"a cache is above cross_origin on {function_at(view)}: it sends the headers for one "
            "origin to all. Write CORS(app, resources=[]), or put @cross_origin "
            "above the cache"
        )
        yield Problem("view-cached", "cross_origin", cast("object", endpoint), text)
