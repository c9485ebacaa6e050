"""Session cookies: their attributes, and pages for which browsers do not send them."""

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


def cookie_line(app: Flask | None, cookie: str) -> str:
    """Return the `Set-Cookie` line of a cookie that a browser has: its pair and its attributes.

    The session cookie has the attributes that the app gives it, and a cookie with a prefix those
    that browsers require. Attributes in `cookie` take precedence.
    """
    pair, *given = cookie.split(";")
    name = pair.partition("=")[0].strip()
    attributes: list[str] = []
    if app is not None and name == setting(app, "SESSION_COOKIE_NAME"):
        attributes = [*_session_attributes(app)]
    elif name.lower().startswith(("__host-", "__secure-")):
        attributes = ["Path=/", "Secure"]
    return ";".join([pair, *attributes, *given])


def _session_attributes(app: Flask) -> Iterator[str]:
    path = setting(app, "SESSION_COOKIE_PATH") or setting(app, "APPLICATION_ROOT")
    values = {"Path": path, "Domain": setting(app, "SESSION_COOKIE_DOMAIN")}
    values["SameSite"] = setting(app, "SESSION_COOKIE_SAMESITE")
    yield from (f"{name}={value}" for name, value in values.items() if value)
    if setting(app, "SESSION_COOKIE_SECURE"):
        yield "Secure"
