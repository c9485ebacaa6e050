"""Edits for requests to which no policy applies, and guesses about what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import RequestRedirect, Rule

from .._advice import allow_resource, allow_rule, function_of_view
from ..wsgi import WSGIEnvironment
from .inspection import is_installed, rule_of, view_policies


def allow_route(
    app: Flask, environ: WSGIEnvironment, method: str, origin: str, *, credentials: bool
) -> str:
    """Return the edit that allows a page to use the route of a request.

    It covers all paths of the route and no other. Empty if there is no route.
    """
    rule = rule_of(app, environ, method)
    if isinstance(rule, RequestRedirect):
        pattern = f"{environ['PATH_INFO'].rstrip('/')}/*"
        return allow_resource(pattern, origin, credentials=credentials)
    if not isinstance(rule, Rule):
        rule = rule_of(app, environ, "OPTIONS")
    if not isinstance(rule, Rule):
        return ""
    view = function_of_view(app.view_functions.get(rule.endpoint), method)
    by_decorator = bool(view_policies(app)) and not is_installed(app)
    return allow_rule(rule.rule, view, origin, credentials=credentials, by_decorator=by_decorator)


_LOGIN = re.compile(
    r"(?:^|[/._-])(?:log-?_?in|sign-?_?in|logon|auth\w*|sso|oauth2?|oidc|openid|saml2?|cas|accounts?)"
    r"(?:$|[/?#._-])",
    re.IGNORECASE,
)
_RETURN_PARAMETER = re.compile(
    r"[?&](?:next|return(?:_?to|_?url)?|redirect(?:_?uri|_?url|_?to)?|continue|goto|came_from|rd"
    r"|service|RelayState|target|back)=",
    re.IGNORECASE,
)


def looks_like_login(location: str) -> bool:
    """Return whether a URL looks like that of a login page."""
    return bool(_LOGIN.search(location.partition("?")[0]) or _RETURN_PARAMETER.search(location))


def similar_routes(app: Flask, path: str) -> Iterator[str]:
    """Yield the routes that a misspelt path was probably meant for."""
    from difflib import get_close_matches  # noqa: PLC0415  (rarely needed, and slow to import)

    rules = {rule.rule for rule in app.url_map.iter_rules()}
    yield from get_close_matches(path, sorted(rules), 2, 0.75)
