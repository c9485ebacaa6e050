"""`flask cors explain | routes | check`: why a browser refuses, who may read, what is risky."""

from __future__ import annotations

import json
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from typing import TypedDict, cast

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo
from werkzeug.test import EnvironBuilder

from ._checks import Finding, doubts, errors, findings, sample_path
from ._explain import Advice, advice, environ_of, outlook, place_of, summary
from .browser import Exchange, Outcome, Step
from .core import ConfigurationError, CORSWarning
from .core.options import Unpack
from .testing import Browser

cli: AppGroup = AppGroup(
    "cors", help="Explain and check CORS: who may read which response, and why not."
)

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")


def _load(context: click.Context) -> tuple[Flask | None, list[Finding]]:
    """Return the app, if it can be made, and what its set-up said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            app = context.ensure_object(ScriptInfo).load_app()
        except ConfigurationError as error:
            return None, errors(error.problems)
    told = [item.message for item in caught if isinstance(item.message, CORSWarning)]
    return app, doubts(warning.problem for warning in told)


def _load_or_exit(context: click.Context, *, as_json: bool) -> Flask:
    app, found = _load(context)
    if app is None:
        _print_findings(found, as_json=as_json)
        context.exit(1)
    return app


def _print(text: str, indent: str = "") -> None:
    """Print a paragraph within 80 columns; what cannot be broken, like a URL, may be longer."""
    wrapped = textwrap.wrap(
        text,
        79,
        initial_indent=indent,
        subsequent_indent=" " * (len(indent) - len(indent.lstrip()) + 2 if indent else 0),
        break_long_words=False,
        break_on_hyphens=False,
    )
    click.echo("\n".join(wrapped))


# explain ------------------------------------------------------------------------------------------


class ExplainOptions(TypedDict):
    """The command line of `flask cors explain`."""

    origin: str
    method: str
    headers: tuple[str, ...]
    credentials: bool
    as_json: bool
    path: str


@cli.command("explain", with_appcontext=False)
@click.option("--origin", required=True, help="The origin of the page: https://app.example")
@click.option("-X", "--method", default="GET", show_default=True, help="The method.")
@click.option("-H", "--header", "headers", multiple=True, help="NAME:VALUE, as often as needed.")
@click.option("--credentials", is_flag=True, help="With cookies: credentials: 'include'.")
@_as_json
@click.argument("path")
@click.pass_context
def explain(context: click.Context, /, **options: Unpack[ExplainOptions]) -> None:
    """Tell, step by step, whether a page may read PATH; exit 0 if it may, else 1."""
    app = _load_or_exit(context, as_json=options["as_json"])
    app.testing = False  # an exception is to become the 500 that a browser would see
    app.config["PROPAGATE_EXCEPTIONS"] = False
    outcome = Browser(app, options["origin"]).outcome(
        options["method"],
        options["path"],
        headers=list(_fields(options["headers"])),
        credentials="include" if options["credentials"] else "same-origin",
    )
    told = advice(app, outcome)
    if options["as_json"]:
        click.echo(json.dumps(_explained(app, outcome, told), indent=2))
    else:
        _print_explanation(app, outcome, told)
    context.exit(0 if outcome.response is not None else 1)


def _fields(headers: Iterable[str]) -> Iterator[tuple[str, str]]:
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon:
            raise click.BadParameter(f"{header!r} has no colon. Write NAME:VALUE", param_hint="-H")
        yield name.strip(), value.strip()


def _cors_fields(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in lines:
        if name.lower().startswith("access-control-") or name.lower() in {"origin", "location"}:
            yield name, value


def _source(app: Flask, exchange: Exchange) -> str:
    return place_of(app, environ_of(exchange))[0].source


def _print_explanation(app: Flask, outcome: Outcome, told: Advice | None) -> None:
    for event in outcome.events:
        if isinstance(event, Step):
            _print(event.told, f"  {'✓' if event.passed else '✗'} ")
            continue
        request, response = event.sent.request, event.response
        click.echo(f"→ {request.method} {request.url}")
        for name, value in _cors_fields(request.headers):
            click.echo(f"    {name}: {value}")
        click.echo(f"← {response.status}  ({_source(app, event)})")
        for name, value in _cors_fields(response.headers):
            click.echo(f"    {name}: {value}")
    click.echo()
    if told is not None:
        _print(told.cause, "✗ ")
        _print(told.cure, "  ")
    elif outcome.response is not None:
        _print(f"The script reads the response, status {outcome.response.status}.", "✓ ")
        if note := outlook(outcome):
            _print(note, "  ")
        if hidden := _hidden(outcome):
            _print(f"It cannot read {', '.join(hidden)}. Write expose_headers={hidden}", "  ")


def _hidden(outcome: Outcome) -> list[str]:
    """Return the headers of an app's own that a script cannot read."""
    if outcome.response is None:
        return []
    readable = {name.lower() for name, _ in outcome.response.headers}
    sent = {name for name, _ in outcome.exchanges[-1].response.headers}
    return sorted(
        name for name in sent if name.lower().startswith("x-") and name.lower() not in readable
    )


def _explained(app: Flask, outcome: Outcome, told: Advice | None) -> dict[str, object]:
    events: list[object] = []
    for event in outcome.events:
        if isinstance(event, Step):
            events.append({"step": event._asdict()})
            continue
        request = event.sent.request
        events.append(
            {
                "request": {
                    "method": request.method,
                    "url": request.url,
                    "headers": list(request.headers),
                    "with_credentials": event.sent.with_credentials,
                },
                "response": {
                    "status": event.response.status,
                    "headers": list(event.response.headers),
                },
                "policy": _source(app, event),
            }
        )
    return {
        "readable": outcome.response is not None,
        "status": outcome.response.status if outcome.response else None,
        "cause": told.cause if told else None,
        "cure": told.cure if told else None,
        "events": events,
    }


# routes -------------------------------------------------------------------------------------------


@cli.command("routes", with_appcontext=False)
@_as_json
@click.pass_context
def routes(context: click.Context, /, *, as_json: bool) -> None:
    """Show every route with its policy, and where that comes from."""
    app = _load_or_exit(context, as_json=as_json)
    rows: list[dict[str, object]] = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            environ = EnvironBuilder(sample_path(rule.rule), method=method).get_environ()
            place, _ = place_of(app, environ)
            row: dict[str, object] = {
                "rule": rule.rule,
                "methods": [method],
                "endpoint": rule.endpoint,
                "policy": summary(place.policy.settings) if place.policy else None,
                "source": place.source if place.policy else None,
            }
            if rows and {**rows[-1], "methods": []} == {**row, "methods": []}:
                cast("list[str]", rows[-1]["methods"]).append(method)
            else:
                rows.append(row)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        methods = ",".join(cast("list[str]", row["methods"]))
        click.echo(f"{methods} {row['rule']}  ({row['endpoint']})")
        told = (
            f"{row['source']}: {row['policy']}" if row["policy"] else "no policy: same origin only"
        )
        _print(told, "    ")


# check --------------------------------------------------------------------------------------------


@cli.command("check", with_appcontext=False)
@click.option("--strict", is_flag=True, help="Exit 1 on warnings, too.")
@click.option("--silence", multiple=True, metavar="CODE", help="Leave out a finding by its code.")
@_as_json
@click.pass_context
def check(
    context: click.Context, /, *, strict: bool, silence: tuple[str, ...], as_json: bool
) -> None:
    """Find the problems and the risks of the configuration; exit 1 on errors."""
    app, found = _load(context)
    if app is not None:
        found += findings(app)
    found = [finding for finding in found if finding.problem.code not in silence]
    _print_findings(found, as_json=as_json)
    failed = any(strict or finding.level == "error" for finding in found)
    context.exit(1 if failed else 0)


def _print_findings(found: list[Finding], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "level": level,
                "code": problem.code,
                "option": problem.option,
                "value": problem.value if isinstance(problem.value, str) else repr(problem.value),
                "message": problem.message,
            }
            for level, problem in found
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for level, problem in found:
        click.echo(f"{level}: {problem.code}")
        _print(problem.message + ".", "  ")
    counted = [sum(level == wanted for level, _ in found) for wanted in ("error", "warning")]
    click.echo(f"{counted[0]} error(s), {counted[1]} warning(s)")
