"""The findings of `flask cors check`: the problems of set-up, and risks in the whole app."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from flask import Flask
from flask.cli import ScriptInfo

from .._advice import line_of
from ..core import ConfigurationError, CORSWarning, Problem
from ..core.resources import PathPattern
from .inspection import (
    Policies,
    ViewPolicy,
    code_of,
    decorated_views,
    explain_unseen_policy,
    handler_policies,
    hooks,
    is_function,
    is_installed,
    late_keys,
    names_used,
    policy_of,
    reaches,
    resource_name,
    settings_of,
    tables,
    view_policies,
)
from .probes import probe_findings
from .risks import settings_findings
from .samples import always_applies, may_apply, sample_paths
from .sessions import session_findings
from .views import view_findings

_UNROUTED_PATH = "/.flask-cors-check"


class Finding(NamedTuple):
    """An error or a warning about an app."""

    level: Literal["error", "warning"]
    problem: Problem
    place: str = ""
    """where the cause was written, if the message does not say so"""


def as_errors(problems: Iterable[Problem], place: str = "") -> list[Finding]:
    """Return problems as findings of level `error`."""
    return [Finding("error", problem, place) for problem in problems]


def as_warnings(problems: Iterable[Problem], place: str = "") -> list[Finding]:
    """Return problems as findings of level `warning`."""
    return [Finding("warning", problem, place) for problem in problems]


def load(script: ScriptInfo) -> tuple[Flask | None, list[Finding]]:
    """Return the app, or `None` if it cannot be set up, and all findings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            app = script.load_app()
        except ConfigurationError as error:
            return None, as_errors(error.problems, line_of(error))
    found: list[Finding] = []
    for item in caught:
        if isinstance(item.message, CORSWarning):
            place = f"{Path(item.filename).name}, line {item.lineno}"
            found += as_warnings([item.message.problem], place)
    unique: dict[tuple[str, str], Finding] = {}
    for finding in [*found, *findings(app)]:
        unique.setdefault((finding.problem.code, finding.problem.message), finding)
    return app, [*unique.values()]


def findings(app: Flask) -> list[Finding]:
    """Return the findings about an app."""
    late = [*_late_keys(app)]  # before a view's policy is compiled, which reads the configuration
    found = [*_view_policies(app)]
    if any(finding.level == "error" for finding in found):
        return [*found, *as_warnings(late)]  # the app cannot serve requests, so send none
    return [
        *found,
        *as_warnings(_policies(app)),
        *as_warnings(_resources(app)),
        *as_warnings(_unrouted(app)),
        *as_warnings(view_findings(app)),
        *as_warnings(session_findings(app)),
        *as_warnings(late),
        *as_warnings(probe_findings(app)),
    ]


def _view_policies(app: Flask) -> Iterator[Finding]:
    """Compile the policies of views now instead of at their first request."""
    for own, endpoint in view_policies(app).items():
        place = f"cross_origin on {endpoint}"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                settings = settings_of(own, app).settings
            except ConfigurationError as error:
                yield from as_errors(error.problems, place)
                continue
        messages = [item.message for item in caught if isinstance(item.message, CORSWarning)]
        yield from as_warnings((message.problem for message in messages), place)
        yield from as_warnings(settings_findings(settings, place))


def _policies(app: Flask) -> Iterator[Problem]:
    for blueprint, table in tables(app):
        for pattern, policy in table.entries:
            place = resource_name(blueprint, pattern.text)
            yield from settings_findings(policy.settings, place)


# Resources ----------------------------------------------------------------------------------------


def _resources(app: Flask) -> Iterator[Problem]:
    """Find resources that match no route, and resources that others override for every route."""
    for blueprint, table in tables(app):
        rules = [
            (rule, sample_paths(rule))
            for rule in app.url_map.iter_rules()
            if not blueprint or f"{rule.endpoint}.".startswith(f"{blueprint}.")
        ]
        for index, (pattern, policy) in enumerate(table.entries):
            matching = [paths for rule, paths in rules if may_apply(pattern, rule)]
            label = resource_name(blueprint, pattern.text)
            if pattern.prefix != "" and not matching and not _is_routed(app, pattern):
                yield Problem(
                    "resource-unused",
                    "resources",
                    pattern.text,
                    f"{label} matches no route of the app. Correct the pattern, or remove it",
                )
            elif all(always_applies(pattern, paths) for paths in matching):
                paths = [path for paths in matching for path in paths]
                paths += (
                    [_UNROUTED_PATH] if pattern.prefix == "" else []
                )  # or paths without a route
                if paths and all(table.find(path) is not policy for path in paths):
                    yield _overridden(table, index, label, paths[0])


def _overridden(table: Policies, index: int, label: str, path: str) -> Problem:
    """Return the finding on a resource that is never used; it depends on what overrides it."""
    pattern, policy = table.entries[index]
    winner = table.find(path)
    same = [other for other, found in table.entries[index + 1 :] if found is winner]
    if same and same[0].text == pattern.text and winner is not None:
        if winner.settings.origins.any and not policy.settings.origins.any:
            return Problem(
                "resource-opened",
                "resources",
                pattern.text,
                f"{label} is restricted by one CORS(), but a later one opens it to every origin: "
                "the later one wins. Remove that, or list its origins",
            )
        if not winner.settings.origins.any and policy.settings.origins.any:
            return Problem(
                "resource-shadowed",
                "resources",
                pattern.text,
                f"{label} is set up twice, and the first is never used: the later CORS() allows "
                "fewer origins, and wins. Remove the first",
            )
    return Problem(
        "resource-shadowed",
        "resources",
        pattern.text,
        f"{label} is never used: for every route that it matches, such as {path}, another "
        "resource is more specific or later. Remove one of them",
    )


def _is_routed(app: Flask, pattern: PathPattern) -> bool:
    """Return whether a resource may match a path of any route, also of other blueprints."""
    return any(may_apply(pattern, rule) for rule in app.url_map.iter_rules())


# Decorated functions that are not views -----------------------------------------------------------


def _unrouted(app: Flask) -> Iterator[Problem]:
    """Find decorated functions that nothing uses; often `cross_origin` is above the route."""
    apps = [app, *_other_apps(app)]
    used = {own for one in apps for own in (*view_policies(one), *handler_policies(one))}
    for own in decorated_views():
        name = getattr(own.view, "__name__", None)
        if own in used or name is None:
            continue
        views = (view for one in apps for view in one.view_functions.values())
        unseen = next(filter(None, (explain_unseen_policy(view, own) for view in views)), None)
        if unseen is not None:
            cause, fix = unseen
        elif _is_called(own, name, apps):
            continue
        else:
            cause = "no route uses the decorated function"
            fix = "Give it a route (is its blueprint registered?), or remove @cross_origin"
        text = f"cross_origin on {name} has no effect: {cause}. {fix}"
        yield Problem("view-unrouted", "cross_origin", name, text)


def _other_apps(app: Flask) -> Iterator[Flask]:
    """Yield the other apps in the modules that contain decorated functions."""
    for module in _modules():
        for value in [*module.values()]:
            if issubclass(type(value), Flask) and value is not app:
                yield value  # type: ignore[misc]  # a Flask app: the type of a proxy is another


def _modules() -> list[dict[str, object]]:
    names = {getattr(own.view, "__module__", "") for own in decorated_views()}
    return [vars(sys.modules[name]) for name in sorted(names) if name in sys.modules]


def _is_called(own: ViewPolicy, name: str, apps: Iterable[Flask]) -> bool:
    """Return whether other functions call a decorated one, as far as their code shows it."""
    functions = [view for app in apps for view in (*app.view_functions.values(), *hooks(app))]
    functions += [value for module in _modules() for value in module.values() if is_function(value)]
    home = getattr(own.view, "__module__", "")
    for module_name, module in [*sys.modules.items()]:
        value = vars(module).get(name)
        if module_name != home and policy_of(value) is own:
            return True  # another module imports it, so it is probably called there
    return any(
        name in names_used(code_of(function)) or reaches(function, own)
        for function in functions
        if policy_of(function) is not own
    )


# Keys ---------------------------------------------------------------------------------------------


def _late_keys(app: Flask) -> Iterator[Problem]:
    if not is_installed(app):
        return
    late, misspelt = late_keys(app)
    yield from misspelt
    for option, value in late.items():
        yield Problem(
            "key-late",
            option,
            value,
            f"app.config['CORS_{option.upper()}'] was set after CORS(app) had read the "
            "configuration. Set it before, or call init_app afterwards",
        )
