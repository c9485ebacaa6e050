"""The routes of an app and the policies that apply to them."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask

from ..core import Policy
from .inspection import environ_of, host_of, policy_at, source_of


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


def routes_of(app: Flask) -> list[Route]:
    """Return every route; one rule gives several if its methods have different policies."""
    found: dict[Route, list[str]] = {}
    for rule in sorted(
        app.url_map.iter_rules(), key=lambda rule: (host_of(app, rule), rule.rule, rule.endpoint)
    ):
        environ = environ_of(app, rule)
        for method in sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
            policy = policy_at(app, rule.endpoint, method, environ)
            source = source_of(app, policy, rule.endpoint, method)
            route = Route(host_of(app, rule), rule.rule, rule.endpoint, source, policy, ())
            found.setdefault(route, []).append(method)
    return [route._replace(methods=tuple(methods)) for route, methods in found.items()]
