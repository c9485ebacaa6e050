"""What `flask cors check` finds in an app beyond what its set-up said."""

from __future__ import annotations

import gc
import re
import warnings
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Literal, NamedTuple

from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.test import Client, EnvironBuilder

from .._flask import (
    Policies,
    ViewPolicy,
    config_of,
    decorated_views,
    is_installed,
    policy_for,
    run_in,
    state_of,
    view_policy,
)
from ..core import ACL_ORIGIN, ConfigurationError, CORSWarning, Problem
from ..core.errors import Problems
from ..core.resources import PathPattern
from ..wsgi import EnvironHeaders, routed_path
from .explain import hidden, resource_name, route_error, serve
from .findings import settings_findings, start_of

_PROBE = "https://flask-cors-check.invalid"
_SAMPLES = {"int": "1", "float": "1.5", "path": "a/b", "uuid": f"{0:08}{'-0000' * 3}-{0:012}"}
_NOWHERE = "/.flask-cors-check"


class Finding(NamedTuple):
    """Is one thing to tell, an error or a warning."""

    level: Literal["error", "warning"]
    problem: Problem
    place: str = ""
    """where it was written, if the message does not say so"""


def errors(problems: Iterable[Problem], place: str = "") -> list[Finding]:
    """Return problems as errors."""
    return [Finding("error", problem, place) for problem in problems]


def doubts(problems: Iterable[Problem], place: str = "") -> list[Finding]:
    """Return problems as warnings."""
    return [Finding("warning", problem, place) for problem in problems]


def findings(app: Flask) -> list[Finding]:
    """Return everything that is found."""
    late = list(_late_keys(app))  # first, for to compile a view is to read the configuration
    return [
        *_views(app),
        *doubts(_policies(app)),
        *doubts(_resources(app)),
        *doubts(_unrouted(app)),
        *doubts(late),
        *doubts(_second_layer(app)),
    ]


def sample_path(rule: str) -> str:
    """Return a path that a URL rule is likely to match."""
    pattern = r"<(?:([a-zA-Z_]\w*)(?:\(['\"]?(\w*)[^)]*\))?:)?\w+>"

    def sample(match: re.Match[str]) -> str:
        converter, argument = match.groups()
        return str(argument) if converter == "any" else _SAMPLES.get(converter, "a")

    return re.sub(pattern, sample, rule)


def view_policies(app: Flask) -> dict[ViewPolicy, str]:
    """Return the policies of views that routes use, each with its endpoint."""
    found: dict[ViewPolicy, str] = {}
    for endpoint, view in list(app.view_functions.items()):
        for method in getattr(getattr(view, "view_class", None), "methods", None) or ("GET",):
            own = view_policy(view, method)
            if own is not None:
                found[own] = endpoint
    return found


def _views(app: Flask) -> Iterator[Finding]:
    """Compile the policies of views, which is done at their first request."""
    for own, endpoint in view_policies(app).items():
        place = f"cross_origin on {endpoint}"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                settings = own.within(app).settings
            except ConfigurationError as error:
                yield from errors(error.problems, place)
                continue
        told = [item.message for item in caught if isinstance(item.message, CORSWarning)]
        yield from doubts((warning.problem for warning in told), place)
        yield from doubts(settings_findings(settings, place))


def _tables(app: Flask) -> Iterator[tuple[str, Policies]]:
    yield "", state_of(app).resources
    yield from state_of(app).blueprints.items()


def _policies(app: Flask) -> Iterator[Problem]:
    for blueprint, table in _tables(app):
        for pattern, policy in table.entries:
            place = resource_name(blueprint, pattern.text)
            yield from settings_findings(policy.settings, place)


def _resources(app: Flask) -> Iterator[Problem]:
    """Find resources that match no route, or only routes that a more specific one has."""
    for blueprint, table in _tables(app):
        paths = [
            sample_path(rule.rule)
            for rule in app.url_map.iter_rules()
            if not blueprint or f"{rule.endpoint}.".startswith(f"{blueprint}.")
        ]
        for pattern, policy in table.entries:
            matching = list(filter(pattern.matches, paths))
            if pattern.prefix == "":  # it is for what has no route, too
                matching.append(_NOWHERE)
            label = resource_name(blueprint, pattern.text)
            if not matching and not _is_routed(app, pattern):
                yield Problem(
                    "resource-unused",
                    "resources",
                    pattern.text,
                    f"{label} matches no route of the app. Mend the pattern, or take it out",
                )
            elif matching and all(table.find(path) is not policy for path in matching):
                yield Problem(
                    "resource-shadowed",
                    "resources",
                    pattern.text,
                    f"{label} is never used: for every route that it matches, such as "
                    f"{matching[0]}, another resource is more specific or later. Take one out",
                )


def _is_routed(app: Flask, pattern: PathPattern) -> bool:
    """Return whether a route, whatever its method, takes a path like those of a pattern."""
    regex = pattern.regex
    start = start_of(regex, "/") if regex else pattern.text.replace("*", "a")
    found = (
        route_error(app, EnvironBuilder(path).get_environ(), "GET") for path in (start, start + "a")
    )
    return not all(isinstance(error, NotFound) for error in found)


def _unrouted(app: Flask) -> Iterator[Problem]:
    """Find decorated functions that no route uses: most often the decorator is above the route."""
    # An app by the side may use them.
    apps = [one for one in gc.get_objects() if issubclass(type(one), Flask)]
    used = {own for one in apps for own in view_policies(one)}
    for own in list(decorated_views):
        name = getattr(own.view, "__name__", None)
        if own in used or name is None:
            continue
        told = filter(None, (hidden(view, own) for view in app.view_functions.values()))
        cause, cure = next(
            told,
            (
                "no route uses what it returns",
                "Give it a route (is its blueprint registered?), or take @cross_origin off",
            ),
        )
        text = f"cross_origin on {name} has no effect: {cause}. {cure.rstrip('.')}"
        yield Problem("view-unrouted", "cross_origin", name, text)


def _late_keys(app: Flask) -> Iterator[Problem]:
    state = state_of(app)
    if not is_installed(app):
        return
    before, problems = dict(state.config), Problems()
    now = config_of(app, problems).options
    state.config = before
    yield from problems.warnings
    for option, value in now.items():
        if option not in before or before[option] != value:
            yield Problem(
                "key-late",
                option,
                value,
                f"app.config['CORS_{option.upper()}'] was set after CORS(app) had read the "
                "configuration. Set it before, or call init_app after",
            )


def _second_layer(app: Flask) -> Iterator[Problem]:
    """Send a request that no route takes, and see whether somebody else adds headers."""
    if not is_installed(app) and not view_policies(app):
        return
    serve(app)
    try:
        client = Client(app, use_cookies=False)
        response = client.get(_NOWHERE, headers={"Origin": _PROBE}, buffered=True)
    except Exception:  # noqa: BLE001  (what is around Flask may let its exceptions escape)
        return
    environ = response.request.environ
    policy = policy_for(app, None, "GET", routed_path(environ))
    wait = partial(run_in, app)
    own = dict(policy.decide("GET", EnvironHeaders(environ), wait).headers) if policy else {}
    found = response.headers.getlist(ACL_ORIGIN)
    if found not in ([], [own.get(ACL_ORIGIN)]):
        yield Problem(
            "second-layer",
            "app",
            found,
            f"another layer writes {ACL_ORIGIN} too: {', '.join(found)}. Take it out (an "
            "after_request hook, a second library, a middleware): one place decides",
        )
