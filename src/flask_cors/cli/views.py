"""Findings on views: OPTIONS that never reach one, URLs of which only a part is decorated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from flask import Flask
from flask.views import MethodView
from werkzeug.routing import Rule

from ..core import Problem
from .fixes import decorate
from .inspection import (
    VIEW_POLICY,
    code_of,
    constants,
    environ_of,
    function_at,
    is_installed,
    own_policy,
    policy_at,
    rules_beside,
)


def view_findings(app: Flask) -> Iterator[Problem]:
    """Find what is doubtful about views."""
    for endpoint in [*app.view_functions]:
        rules = [*app.url_map.iter_rules(endpoint)] if endpoint in _endpoints(app) else []
        yield from _unreached_options(app, endpoint, rules)
        if not is_installed(app):
            yield from _beside(app, endpoint, rules)
            yield from _cached(app, endpoint)


def _endpoints(app: Flask) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules()}


# OPTIONS ------------------------------------------------------------------------------------------


def _unreached_options(app: Flask, endpoint: str, rules: list[Rule]) -> Iterator[Problem]:
    """Find a view that waits for OPTIONS, where preflights are answered before they reach it."""
    waiting = [rule for rule in rules if _waits_for_options(app, rule)]
    for rule in waiting:
        asked = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        policies = [policy_at(app, endpoint, method, environ_of(app, rule)) for method in asked]
        if not asked:  # it is for OPTIONS alone, and other views of the URL take the rest
            policies = [policy_at(app, None, "OPTIONS", environ_of(app, rule))]
        answered = [policy for policy in policies if policy and policy.settings.automatic_options]
        decorated = any(own_policy(app, endpoint, method) for method in asked)
        if answered and (is_installed(app) or decorated):
            view = function_at(app.view_functions[endpoint])
            yield Problem(
                "options-unreached",
                "automatic_options",
                endpoint,
                f"{view} waits for OPTIONS of {rule.rule}, and preflights never reach it: they "
                "are answered before. Take that out; or write automatic_options=False, to "
                "answer them there",
            )
            return


def _waits_for_options(app: Flask, rule: Rule) -> bool:
    """Return whether a view has code for OPTIONS, beside listing it."""
    methods = rule.methods or set()
    if "OPTIONS" not in methods or getattr(rule, "provide_automatic_options", False):
        return False
    view: object = app.view_functions[rule.endpoint]
    view_class = getattr(view, "view_class", None)
    if view_class is not None and issubclass(view_class, MethodView):
        handler = getattr(view_class, "options", None)
        return handler is not None and _is_of_the_app(handler)
    if view_class is not None:
        view = getattr(view_class, "dispatch_request", None)
    return methods == {"OPTIONS"} or "OPTIONS" in constants(code_of(view))


def _is_of_the_app(handler: object) -> bool:
    """Return whether a handler is not one that `cross_origin` gave a class."""
    module = str(getattr(handler, "__module__", ""))
    return module.partition(".")[0] != __name__.partition(".")[0]


# What a decorator alone cannot do -----------------------------------------------------------------


def _beside(app: Flask, endpoint: str, rules: list[Rule]) -> Iterator[Problem]:
    """Find a decorated view beside another of the same URL, without the extension."""
    own = {
        method for rule in rules for method in _methods(rule) if own_policy(app, endpoint, method)
    }
    if not own:
        return
    view = app.view_functions[endpoint]
    for rule in rules_beside(app, endpoint):
        other = app.view_functions.get(rule.endpoint)
        open_methods = [
            method for method in _methods(rule) if own_policy(app, rule.endpoint, method)
        ]
        if open_methods or other is None:
            continue
        bare = function_at(other)
        fix = decorate(bare, "https://app.example", credentials=False)
        methods = ", ".join(_methods(rule)) or "OPTIONS"
        yield Problem(
            "view-beside",
            "cross_origin",
            endpoint,
            f"cross_origin is on {function_at(view)}, and not on {bare}, which takes {methods} of "
            f"the same URL, {rule.rule}: pages cannot use that, and preflights of the URL may "
            f"reach it first. {fix}; or write CORS(app, resources=[]), if it is meant so",
        )


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})


def _cached(app: Flask, endpoint: str) -> Iterator[Problem]:
    """Find a cache above a decorator: it keeps the answer to one origin for all."""
    view = app.view_functions[endpoint]
    keeps = hasattr(view, "uncached") or hasattr(view, "cache_timeout")
    below = getattr(view, "__wrapped__", None)
    if keeps and getattr(below, VIEW_POLICY, None) is not None:
        text = (
            f"a cache stands above cross_origin on {function_at(view)}: what it keeps goes out "
            "without asking for the origin. Write CORS(app, resources=[]), or put @cross_origin "
            "above the cache"
        )
        yield Problem("view-cached", "cross_origin", cast("object", endpoint), text)
