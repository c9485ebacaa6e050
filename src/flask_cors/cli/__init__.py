"""`flask cors explain | routes | check`: why a browser refuses, who may read, what is risky."""

from __future__ import annotations

import json
import sys
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple, TypedDict, get_args
from urllib.parse import urlsplit

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.test import EnvironBuilder

from .._flask import policy_for
from ..browser import Exchange, FetchOutcome, Step, origin_of
from ..core import ConfigurationError, CORSWarning, Policy
from ..core.errors import Code
from ..core.options import Unpack
from ..core.origin_patterns import OriginError, read_origin
from ..core.origins import is_origin
from ..testing import Browser
from ..wsgi import StartResponse, WSGIApplication, WSGIEnvironment, routed_path
from .checks import Finding, doubts, errors, findings, sample_path
from .explain import Case, advice, line_of, notes, serve, source_of, written

cli: AppGroup = AppGroup(
    "cors", help="Explain and check CORS: who may read which response, and why not."
)

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")


def _load(context: click.Context) -> tuple[Flask | None, list[Finding]]:
    """Return the app, if it can be made, and everything that is found."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            app = context.ensure_object(ScriptInfo).load_app()
        except ConfigurationError as error:
            return None, errors(error.problems, line_of(error))
    told: list[Finding] = []
    for item in caught:
        if isinstance(item.message, CORSWarning):
            place = f"{Path(item.filename).name}, line {item.lineno}"
            told += doubts([item.message.problem], place)
    once: dict[tuple[str, str], Finding] = {}
    for finding in [*told, *findings(app)]:
        once.setdefault((finding.problem.code, finding.problem.message), finding)
    return app, [*once.values()]


def _load_or_exit(context: click.Context, *, as_json: bool) -> tuple[Flask, list[Finding]]:
    """Return the app and what is doubtful; say what is wrong instead, if anything is."""
    app, found = _load(context)
    wrong = [finding for finding in found if finding.level == "error"]
    if app is not None and not wrong:
        return app, found
    if as_json:
        click.echo(json.dumps({"problems": _rows(wrong)}, indent=2))
    else:
        _print("✗ CORS cannot be set up. Mend this first:")
        _print_findings(wrong)
    return context.exit(1)


_ASCII = str.maketrans({"✓": "+", "✗": "x", "→": ">", "←": "<"})


def _print(text: str, indent: str = "") -> None:
    """Print a paragraph within 80 columns; what cannot be broken, like a URL, may be longer."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = indent + text
    if text.encode(encoding, "ignore").decode(encoding) != text:
        text = text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    hanging = " " * (len(text) - len(text.lstrip()) + 2)
    wrapped = textwrap.wrap(
        text, 79, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )
    click.echo("\n".join(wrapped))


# explain ------------------------------------------------------------------------------------------


class ExplainOptions(TypedDict):
    """The command line of `flask cors explain`."""

    origin: str
    method: str
    headers: tuple[tuple[str, str], ...]
    credentials: bool
    as_json: bool
    path: str


def _origin(_context: click.Context, _option: click.Parameter, text: str) -> str:
    try:
        origin = read_origin(text)
    except OriginError as error:
        raise click.BadParameter(f"{text!r} {error}.") from error
    if isinstance(origin, str) and is_origin(origin):
        return origin
    raise click.BadParameter(f"{text!r} is no single origin. Write https://app.example")


def _fields(
    _context: click.Context, _option: click.Parameter, headers: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    lines = [header.partition(":") for header in headers]
    for name, colon, _ in lines:
        if not colon:
            raise click.BadParameter(f"{name!r} has no colon. Write NAME:VALUE")
    return tuple((name.strip(), value.strip()) for name, _, value in lines)


@cli.command("explain", with_appcontext=False)
@click.option("--origin", required=True, callback=_origin, help="The page's: https://app.example")
@click.option("-X", "--method", default="GET", show_default=True, help="The method.")
@click.option(
    "-H", "--header", "headers", multiple=True, callback=_fields, help="NAME:VALUE; repeatable."
)
@click.option("--credentials", is_flag=True, help="As with credentials: 'include'.")
@_as_json
@click.argument("path")
@click.pass_context
def explain(context: click.Context, /, **options: Unpack[ExplainOptions]) -> None:
    """Tell why a page may read PATH, or may not.

    The requests are carried out: the view of PATH is called, unless a preflight forbids it.
    Exit code 0 if the page may read the response, else 1.
    """
    app, found = _load_or_exit(context, as_json=options["as_json"])
    url = options["path"]
    if not url.startswith(("http://", "https://")):
        host = f"{app.config['SERVER_NAME'] or 'localhost'}"
        url = f"{app.config['PREFERRED_URL_SCHEME']}://{host}/{url.lstrip('/')}"
    host = urlsplit(origin_of(url)).netloc
    raised = serve(app)
    outcome = Browser(_at(host, app), options["origin"]).outcome(
        options["method"],
        url,
        headers=options["headers"],
        credentials="include" if options["credentials"] else "same-origin",
    )
    cases = [Case(app, host, exchange, raised) for exchange in outcome.exchanges]
    if options["as_json"]:
        click.echo(json.dumps(_explained(cases, outcome), indent=2))
    else:
        _print_steps(cases, outcome)
        _print_verdict(cases, outcome, found)
    context.exit(0 if outcome.response is not None else 1)


def _at(host: str, app: Flask) -> WSGIApplication:
    """Return an app that answers for its own host alone: a redirect may lead elsewhere."""

    def served(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["HTTP_HOST"] == host:
            return app(environ, start_response)
        start_response("502 Bad Gateway", [])
        return []

    return served


def _cors_fields(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in lines:
        if name.lower().startswith("access-control-") or name.lower() in {"origin", "location"}:
            yield name, value


def _print_steps(cases: list[Case], outcome: FetchOutcome) -> None:
    remaining = iter(cases)
    for event in outcome.events:
        if isinstance(event, Exchange):
            _print_exchange(next(remaining))
        elif event.code == "preflight":
            _print(f"preflight {event.detail}", "  ")
        else:
            label = event.code.removeprefix("preflight-") + ": "
            detail = event.detail if event.detail.startswith(label[:-2]) else label + event.detail
            _print(f"{'✓' if event.passed else '✗'} {detail}", "  ")


def _print_exchange(case: Case) -> None:
    request, response = case.exchange.sent.request, case.exchange.response
    _print(f"→ {request.method} {request.url}")
    for name, value in _cors_fields(request.headers):
        _print(f"{name}: {value}", "    ")
    phrase = HTTP_STATUS_CODES.get(response.status, "")
    _print(f"← {response.status} {phrase} ({case.source})")
    for name, value in _cors_fields(response.headers):
        _print(f"{name}: {value}", "    ")


def _print_verdict(cases: list[Case], outcome: FetchOutcome, found: list[Finding]) -> None:
    click.echo()
    told = advice(cases, outcome)
    if told is not None:
        _print(f"✗ {told.cause}")
        _print(told.cure, "  ")
    else:
        _print(f"✓ The script reads the response, {cases[-1].exchange.response.status}.")
        for note in notes(cases[-1], outcome):
            _print(note, "  ")
    if found:
        codes = ", ".join(sorted({finding.problem.code for finding in found}))
        _print(f"See also what `flask cors check` finds: {codes}")


def _explained(cases: list[Case], outcome: FetchOutcome) -> dict[str, object]:
    told, remaining = advice(cases, outcome), iter(cases)
    return {
        "readable": outcome.response is not None,
        "status": outcome.response.status if outcome.response else None,
        "cause": told.cause if told else None,
        "cure": told.cure if told else None,
        "notes": [] if told else notes(cases[-1], outcome),
        "events": [
            {"step": _step_row(event)}
            if isinstance(event, Step)
            else {
                "request": asdict(event.sent.request),
                "response": {"status": event.response.status, "headers": event.response.headers},
                "policy": next(remaining).source,
            }
            for event in outcome.events
        ],
    }


def _step_row(step: Step) -> dict[str, object]:
    code, passed, detail, section = step
    return {"code": code, "passed": passed, "told": detail, "section": section}


# routes -------------------------------------------------------------------------------------------


@cli.command("routes", with_appcontext=False)
@_as_json
@click.pass_context
def routes(context: click.Context, /, *, as_json: bool) -> None:
    """Show the policy of every route, and its source."""
    app, _ = _load_or_exit(context, as_json=as_json)
    found = _routes(app)
    if as_json:
        rows = [
            {**route._asdict(), "methods": methods, "policy": written(route.policy)}
            for route, methods in found.items()
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for route, methods in found.items():
        options = [f"{name}={value}" for name, value in written(route.policy, most=3).items()]
        _print(f"{','.join(methods)} {route.rule} ({route.endpoint})")
        _print(f"{route.source}: {', '.join(options) or 'for the same origin alone'}", "    ")


class _Route(NamedTuple):
    rule: str
    endpoint: str
    source: str
    policy: Policy | None


def _routes(app: Flask) -> dict[_Route, list[str]]:
    """Return the methods of each route, by whose policy holds for them."""
    found: dict[_Route, list[str]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        environ = EnvironBuilder(sample_path(rule.rule)).get_environ()
        for method in sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
            policy = policy_for(app, rule.endpoint, method, routed_path(environ))
            source = source_of(app, policy, rule.endpoint, method)
            found.setdefault(_Route(rule.rule, rule.endpoint, source, policy), []).append(method)
    return found


# check --------------------------------------------------------------------------------------------


@cli.command("check", with_appcontext=False)
@click.option("--strict", is_flag=True, help="Exit 1 on warnings, too.")
@click.option(
    "--silence",
    multiple=True,
    metavar="CODE",
    type=click.Choice(sorted(get_args(Code))),
    help="Leave out what has this code; repeatable.",
)
@_as_json
@click.pass_context
def check(
    context: click.Context, /, *, strict: bool, silence: tuple[str, ...], as_json: bool
) -> None:
    """Find problems and risks.

    Exit code 1 on errors, with --strict also on warnings; else 0.
    """
    _, every = _load(context)
    found = [finding for finding in every if finding.problem.code not in silence]
    wrong = sum(finding.level == "error" for finding in found)
    if as_json:
        click.echo(json.dumps(_rows(found), indent=2))
    else:
        _print_findings(found)
        silenced = f", {len(every) - len(found)} silenced" if silence else ""
        _print(f"{_counted(wrong, 'error')}, {_counted(len(found) - wrong, 'warning')}{silenced}")
    context.exit(1 if wrong or (strict and found) else 0)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _print_findings(found: list[Finding]) -> None:
    for level, problem, place in found:
        _print(f"{level} {problem.code}" + (f" ({place})" if place else ""))
        _print(problem.message + ("" if problem.message.endswith("?") else "."), "  ")


def _rows(found: list[Finding]) -> list[dict[str, object]]:
    return [
        {
            "level": level,
            **problem._asdict(),
            "value": problem.value if isinstance(problem.value, str) else repr(problem.value),
            "place": place,
        }
        for level, problem, place in found
    ]
