"""What `flask cors check` finds in an app beyond what its set-up said."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import Client

from ._explain import state_of
from ._flask import Policies, ViewPolicy, all_view_policies, config_of, view_policy
from .core import ACL_ORIGIN, ConfigurationError, CORSWarning, Problem
from .core.errors import Report, shown
from .findings import settings_findings
from .wsgi import EnvironHeaders

_PROBE = "https://flask-cors-check.invalid"
_SAMPLES = {
    "int": "1",
    "float": "1.5",
    "path": "a/b",
    "uuid": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
}


class Finding(NamedTuple):
    """Is one thing to tell, an error or a warning."""

    level: Literal["error", "warning"]
    problem: Problem


def errors(problems: Iterable[Problem]) -> list[Finding]:
    """Return problems as errors."""
    return [Finding("error", problem) for problem in problems]


def doubts(problems: Iterable[Problem]) -> list[Finding]:
    """Return problems as warnings."""
    return [Finding("warning", problem) for problem in problems]


def findings(app: Flask) -> list[Finding]:
    """Return everything that is found, each once."""
    found = [
        *_views(app),
        *doubts(_policies(app)),
        *doubts(_resources(app)),
        *doubts(_unrouted(app)),
        *doubts(_late_keys(app)),
        *doubts(_second_layer(app)),
    ]
    return list({(level, p.code, p.message): Finding(level, p) for level, p in found}.values())


def sample_path(rule: str) -> str:
    """Return a path that a URL rule is likely to match."""
    pattern = r"<(?:([a-zA-Z_]\w*)(?:\([^)]*\))?:)?\w+>"
    return re.sub(pattern, lambda match: _SAMPLES.get(match[1] or "", "a"), rule)


def view_policies(app: Flask) -> dict[ViewPolicy, str]:
    """Return the policies of views that routes use, each with its endpoint."""
    found: dict[ViewPolicy, str] = {}
    for endpoint, view in app.view_functions.items():
        for method in getattr(getattr(view, "view_class", None), "methods", None) or ("GET",):
            own = view_policy(view, method)
            if own is not None:
                found[own] = endpoint
    return found


def _views(app: Flask) -> Iterator[Finding]:
    """Compile the policies of views, which is done at their first request."""
    for own, endpoint in view_policies(app).items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                settings = own.within(app).settings
            except ConfigurationError as error:
                yield from errors(error.problems)
                continue
        told = [item.message for item in caught if isinstance(item.message, CORSWarning)]
        yield from doubts(warning.problem for warning in told)
        yield from doubts(settings_findings(settings, f"cross_origin on {endpoint}"))


def _tables(app: Flask) -> Iterator[tuple[str, Policies]]:
    state = state_of(app)
    yield "", state.resources
    yield from state.blueprints.items()


def _policies(app: Flask) -> Iterator[Problem]:
    for name, table in _tables(app):
        for pattern, policy in table.given:
            place = f"blueprint {name}, " if name else ""
            yield from settings_findings(policy.settings, f"{place}resource {shown(pattern.text)}")


def _resources(app: Flask) -> Iterator[Problem]:
    """Find resources that match no route, or only routes that a more specific one has."""
    for name, table in _tables(app):
        paths = {
            sample_path(rule.rule): rule
            for rule in app.url_map.iter_rules()
            if not name or f"{rule.endpoint}.".startswith(f"{name}.")
        }
        for pattern, policy in table.given:
            matching = [path for path in paths if pattern.matches(path)]
            if pattern.literal and not matching and _routes(app, pattern.text):
                matching = [pattern.text]
            if not matching and pattern.prefix is not None and _routes(app, pattern.prefix + "/a"):
                matching = [pattern.prefix + "/a"]
            label = f"resource {shown(pattern.text)}"
            if not matching:
                yield Problem(
                    "resource-unused",
                    "resources",
                    pattern.text,
                    f"{label} matches no route of the app. Mend the pattern, or take it out",
                )
            elif all(table.find(path) is not policy for path in matching):
                yield Problem(
                    "resource-shadowed",
                    "resources",
                    pattern.text,
                    f"{label} is never used: for every route that it matches, such as "
                    f"{matching[0]}, another resource is more specific or later. Take one out",
                )


def _routes(app: Flask, path: str) -> bool:
    """Return whether the app has a route for a path, whatever the method."""
    try:
        app.url_map.bind("localhost").match(path)
    except RequestRedirect:
        return True
    except HTTPException as error:
        return error.code == 405
    return True


def _unrouted(app: Flask) -> Iterator[Problem]:
    """Find decorated functions that no route uses: most often the decorator is above the route."""
    used = view_policies(app)
    for own in list(all_view_policies):
        name = getattr(own.view, "__name__", None)
        if own in used or name is None:
            continue
        routed = [endpoint for endpoint, view in app.view_functions.items() if view is own.view]
        cure = (
            "@cross_origin stands above @app.route: put it below, directly above the function"
            if routed
            else "Give it a route, or take @cross_origin off"
        )
        yield Problem(
            "view-unrouted",
            "cross_origin",
            name,
            f"cross_origin decorates {name}, and no route uses what it returns. {cure}",
        )


def _late_keys(app: Flask) -> Iterator[Problem]:
    state = state_of(app)
    if not state.installed:
        return
    before = dict(state.config)
    now = config_of(app, Report()).options
    state.config = before
    for option, value in now.items():
        if option not in before or before[option] != value:
            key = f"CORS_{option.upper()}"
            yield Problem(
                "key-late",
                option,
                value,
                f"app.config[{key!r}] was set after CORS(app) had read the configuration, and has "
                "no effect. Set it before, or call init_app after",
            )


def _second_layer(app: Flask) -> Iterator[Problem]:
    """Send a request that no route takes, and see whether somebody else adds headers."""
    client = Client(app, use_cookies=False)
    try:
        response = client.get("/.flask-cors-check", headers={"Origin": _PROBE}, buffered=True)
    except Exception:  # noqa: BLE001  (with testing or debug an app lets its exceptions escape)
        return
    environ = response.request.environ
    policy = state_of(app).policy(None, "GET", environ)
    own = dict(policy.decide("GET", EnvironHeaders(environ)).headers) if policy else {}
    found = response.headers.getlist(ACL_ORIGIN)
    if found not in ([], [own.get(ACL_ORIGIN)]):
        yield Problem(
            "second-layer",
            "app",
            found,
            f"another layer writes {ACL_ORIGIN} too: {shown(', '.join(found))}. Take it out (an "
            "after_request hook, a second library, a middleware): one place decides",
        )
