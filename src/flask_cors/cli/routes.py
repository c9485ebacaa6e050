"""The routes of an app and the policies that apply to them."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask
from werkzeug.routing import Rule

from ..core import Policy
from .inspection import host_of, possible_policies, source_of


class Route(NamedTuple):
    """A URL rule with those of its methods to which one policy applies."""

    host: str
    """empty for any host"""
    rule: str
    endpoint: str
    source: str
    """where the policy was written"""
    policy: Policy | None
    methods: tuple[str, ...]
    sources: tuple[str, ...] = ()
    """the places of all policies that may apply, if it depends on the path"""


def routes_of(app: Flask) -> list[Route]:
    """Return every route; one rule gives several if its methods have different policies."""
    found: dict[Route, list[str]] = {}
    for rule in sorted(
        app.url_map.iter_rules(), key=lambda rule: (host_of(app, rule), rule.rule, rule.endpoint)
    ):
        for method in sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
            found.setdefault(_route(app, rule, method), []).append(method)
    return [route._replace(methods=tuple(methods)) for route, methods in found.items()]


def _route(app: Flask, rule: Rule, method: str) -> Route:
    policies = possible_policies(app, rule, method)
    if all(_is_alike(policy, policies[-1]) for policy in policies):
        del policies[:-1]
    sources = tuple(source_of(app, policy, rule.endpoint, method) for policy in policies)
    host = host_of(app, rule)
    if len(policies) == 1:
        return Route(host, rule.rule, rule.endpoint, sources[0], policies[0], ())
    return Route(host, rule.rule, rule.endpoint, "depends on the path", None, (), sources)


def _is_alike(policy: Policy | None, other: Policy | None) -> bool:
    return policy is not None and other is not None and policy.settings == other.settings
