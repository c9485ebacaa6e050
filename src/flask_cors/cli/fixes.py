"""Edits that open a route to one page, and nothing else: what to write where no policy holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import RequestRedirect, Rule

from ..core.headers import has_regex_syntax
from ..wsgi import WSGIEnvironment
from .inspection import (
    Function,
    is_installed,
    rule_of,
    view_at,
    view_policies,
)


def open_route(
    app: Flask, environ: WSGIEnvironment, method: str, origin: str, *, credentials: bool
) -> str:
    """Return the edit that lets a page have what the route of a request answers.

    It names the route's pattern, never one path; empty where there is no route.
    """
    rule = rule_of(app, environ, method)
    if isinstance(rule, RequestRedirect):
        return _resource(f"{environ['PATH_INFO'].rstrip('/')}/*", origin, credentials=credentials)
    if not isinstance(rule, Rule):
        rule = rule_of(app, environ, "OPTIONS")
    if not isinstance(rule, Rule):
        return ""
    pattern = pattern_of(rule.rule)
    by_decorators = view_policies(app) and not is_installed(app)
    if pattern is None or by_decorators:
        return decorate(view_at(app, rule.endpoint, method), origin, credentials)
    return _resource(pattern, origin, credentials=credentials)


def pattern_of(rule: str) -> str | None:
    """Return the resource that a URL rule is, or `None` where that would be more than the rule."""
    pattern = re.sub(r"<[^>]*>", "*", rule)
    if pattern != "/" and pattern.endswith("/"):
        pattern += "*"  # a redirect to the slash is of the route, too
    covers_everything = not pattern.strip("/*")
    if (covers_everything and pattern != "/") or has_regex_syntax(pattern):
        return None
    return pattern


def _resource(pattern: str, origin: str, *, credentials: bool) -> str:
    options: dict[str, object] = {"origins": [origin]}
    if credentials:
        options["supports_credentials"] = True
    return f"Write CORS(app, resources={{{pattern!r}: {options}}})"


def decorate(view: Function, origin: str, credentials: bool) -> str:  # noqa: FBT001  (as the page asks)
    """Return the edit that gives a view a policy of its own."""
    options = f"origins=[{origin!r}]" + (", supports_credentials=True" if credentials else "")
    return f"Put it directly above {view}: @cross_origin({options})"


_LOGIN = re.compile(
    r"(?:^|[/._-])(?:log-?_?in|sign-?_?in|logon|auth\w*|sso|oauth2?|oidc|openid|saml2?|cas|accounts?)"
    r"(?:$|[/?#._-])",
    re.IGNORECASE,
)
_WAY_BACK = re.compile(
    r"[?&](?:next|return(?:_?to|_?url)?|redirect(?:_?uri|_?url|_?to)?|continue|goto|came_from|rd"
    r"|service|RelayState|target|back)=",
    re.IGNORECASE,
)


def leads_to_a_login(location: str) -> bool:
    """Return whether a redirect looks like one to a login page."""
    return bool(_LOGIN.search(location.partition("?")[0]) or _WAY_BACK.search(location))


def near_routes(app: Flask, path: str) -> Iterator[str]:
    """Yield the routes that a path without one may have been meant for."""
    from difflib import get_close_matches  # noqa: PLC0415  (only where something is misspelt)

    rules = {rule.rule for rule in app.url_map.iter_rules()}
    yield from get_close_matches(path, sorted(rules), 2, 0.75)
