"""Edits for requests to which no policy applies, and guesses about what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule

from .._advice import allow_rule, function_of_view
from ..wsgi import WSGIEnvironment
from .inspection import is_installed, other_rules, rule_of, view_policies


def allow_route(
    app: Flask, environ: WSGIEnvironment, method: str, *origins: str, credentials: bool
) -> str:
    """Return the edit that allows pages to use the route of a request.

    It covers all paths of the route and no other. Empty if there is no route.
    """
    rule = _rule_behind(app, environ, method)
    if not isinstance(rule, Rule):
        rule = _rule_behind(app, environ, "OPTIONS")
    if not isinstance(rule, Rule):
        return ""
    view = function_of_view(app.view_functions.get(rule.endpoint), method)
    by_decorator = bool(view_policies(app)) and not is_installed(app)
    others = other_rules(app, rule)
    return allow_rule(
        rule.rule, view, *origins, others=others, credentials=credentials, by_decorator=by_decorator
    )


def _rule_behind(app: Flask, environ: WSGIEnvironment, method: str) -> Rule | HTTPException | None:
    """Return the rule that a request matches, or the one to which Flask redirects it."""
    rule = rule_of(app, environ, method)
    if not isinstance(rule, RequestRedirect):
        return rule
    target = urlsplit(rule.new_url)
    path = unquote(target.path, "latin-1").removeprefix(environ.get("SCRIPT_NAME", ""))
    return rule_of(app, {**environ, "HTTP_HOST": target.netloc, "PATH_INFO": path}, method)


_LOGIN = re.compile(
    r"(?:^|[/._-])(?:log-?_?in|sign-?_?in|logon|sso|oauth2?|oidc|openid|saml2?|cas)(?:$|[/#._-])"
    r"|/auth(?:enticate|entication|orize)?/?(?:$|#)",
    re.IGNORECASE,
)
_RETURN_PARAMETER = re.compile(
    r"next|return(?:_?to|_?url)?|redirect(?:_?uri|_?url|_?to)?|continue|goto|came_from|rd"
    r"|service|RelayState|target|back",
    re.IGNORECASE,
)


def looks_like_login(location: str, requested: str) -> bool:
    """Return whether a URL looks like that of a login page.

    Args:
        location: the URL to which a request was redirected.
        requested: the URL of that request. A login page usually gets it as a parameter.
    """
    place, _, query = location.partition("?")
    if _LOGIN.search(place):
        return True
    path = urlsplit(requested).path
    return any(
        _RETURN_PARAMETER.fullmatch(name)
        and value.startswith(("/", "http"))
        and urlsplit(urljoin(requested, value)).path == path
        for name, value in parse_qsl(query)
    )


def similar_routes(app: Flask, path: str) -> Iterator[str]:
    """Yield the routes that a misspelt path was probably meant for."""
    from difflib import get_close_matches  # noqa: PLC0415  (rarely needed, and slow to import)

    rules = {rule.rule for rule in app.url_map.iter_rules()}
    yield from get_close_matches(path, sorted(rules), 2, 0.75)
