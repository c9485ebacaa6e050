"""Session cookies that browsers do not send for pages that are allowed credentials."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ..core import Problem, Settings
from ..core.origins import parse_origin
from ..core.sites import is_loopback, registrable_domain
from .inspection import resource_name, setting, settings_of, tables, view_policies


def session_findings(app: Flask) -> Iterator[Problem]:
    """Find allowed pages of other sites, for which browsers do not send the session cookie."""
    host = setting(app, "SERVER_NAME").partition(":")[0]
    is_sent = setting(app, "SESSION_COOKIE_SAMESITE").lower() == "none"
    if not app.secret_key or not host or (is_sent and setting(app, "SESSION_COOKIE_SECURE")):
        return
    for place, settings in _settings(app):
        origins = [origin for origin in _origins(settings) if _is_cross_site(origin, host)]
        if settings.supports_credentials and origins:
            yield Problem(
                "session-cookie",
                "supports_credentials",
                origins[0],
                f"{place}: browsers do not send the session cookie for pages of {origins[0]}, "
                f"which are on another site than {host}. Set SESSION_COOKIE_SAMESITE = 'None' and "
                "SESSION_COOKIE_SECURE = True, and protect the app against cross-site request "
                "forgery; or serve page and app below one domain",
            )


def _settings(app: Flask) -> Iterator[tuple[str, Settings]]:
    for blueprint, table in tables(app):
        for pattern, policy in table.entries:
            yield resource_name(blueprint, pattern.text), policy.settings
    for own, endpoint in view_policies(app).items():
        yield f"cross_origin on {endpoint}", settings_of(own, app).settings


def _origins(settings: Settings) -> list[str]:
    return sorted(settings.origins.exact | settings.origins.wildcards)


def _is_cross_site(origin: str, host: str) -> bool:
    """Return whether a page is on another site than the app.

    Pages on loopback hosts do not count: they come from a development server.
    """
    page = parse_origin(origin.replace("://*.", "://", 1))
    if page is None or page.host == "*" or is_loopback(page.host):
        return False
    return registrable_domain(page.host) != registrable_domain(host)
