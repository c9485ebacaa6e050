"""The commands of `flask cors`: their options and their output."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TypedDict, get_args
from urllib.parse import urlsplit

import click
from flask import Flask
from flask.cli import ScriptInfo
from werkzeug.http import HTTP_STATUS_CODES

from .._advice import format_options
from ..core import ACL_METHODS, Policy
from ..core.errors import Code
from ..core.headers import is_token
from ..core.options import Unpack
from ..core.origin_patterns import OriginError, read_origin
from ..core.origins import is_origin
from ..urls import parse_url
from .causes import Case
from .console import ConsoleLine, looks_like_a_console, read_console
from .explanation import Explanation, Question, explain_first_blocked, methods_at, url_of
from .explanation import explain as explain_question
from .findings import Finding, load
from .live import LiveError
from .routes import Route, routes_of
from .terminal import emit

_as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def _load_or_exit(context: click.Context, *, as_json: bool) -> tuple[Flask, list[Finding]]:
    """Return the app and its warnings; if it has errors, print them and exit."""
    app, found = load(context.ensure_object(ScriptInfo))
    errors = [finding for finding in found if finding.level == "error"]
    if app is not None and not errors:
        return app, found
    if as_json:
        click.echo(json.dumps({"problems": _findings_as_json(errors)}, indent=2))
    else:
        emit("✗ CORS cannot be set up. Fix this first:", colour="red", mark_only=True)
        _print_findings(errors)
    return context.exit(1)


# explain ------------------------------------------------------------------------------------------


class ExplainOptions(TypedDict):
    """The options and arguments of `flask cors explain`."""

    origin: str
    method: str
    headers: tuple[tuple[str, str], ...]
    data: str | None
    cookies: tuple[str, ...]
    credentials: bool
    live: str
    console: str
    as_json: bool
    path: str


def _origin(_context: click.Context, _option: click.Parameter, text: str) -> str:
    if not text:
        return ""
    try:
        origin = read_origin(text)
    except OriginError as error:
        raise click.BadParameter(f"{text!r} {error}.") from error
    if isinstance(origin, str) and is_origin(origin):
        return origin
    raise click.BadParameter(f"{text!r} is not a single origin. Write https://app.example")


def _method(_context: click.Context, _option: click.Parameter, method: str) -> str:
    if method and not is_token(method):
        raise click.BadParameter(f"{method!r} is not a method. Write -X PUT")
    return method


def _fields(
    _context: click.Context, _option: click.Parameter, headers: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    lines = [header.partition(":") for header in headers]
    for name, colon, value in lines:
        if not colon:
            raise click.BadParameter(f"{name!r} has no colon. Write NAME:VALUE")
        if not is_token(name.strip()):
            raise click.BadParameter(f"{name!r} is not the name of a header. Write NAME:VALUE")
        if not _HEADER_VALUE.fullmatch(value.strip()):
            raise click.BadParameter(
                f"{value!r} has a character that no header can have. Write it percent-encoded"
            )
    return tuple((name.strip(), value.strip()) for name, _, value in lines)


_HEADER_VALUE = re.compile(r"[^\x00\n\r\u0100-\U0010ffff]*")


def _cookies(
    _context: click.Context, _option: click.Parameter, cookies: Iterable[str]
) -> tuple[str, ...]:
    """Return each cookie with its attributes."""
    found: list[str] = []
    for cookie in cookies:
        for index, part in enumerate(cookie.strip(" ;").split(";")):
            name, equals, _ = part.strip().partition("=")
            if index and name.strip().lower() in _COOKIE_ATTRIBUTES:
                found[-1] += f";{part}"
            elif equals:
                found.append(part.strip())
            else:
                raise click.BadParameter(f"{name!r} has no equals sign. Write NAME=VALUE")
    return tuple(found)


_COOKIE_ATTRIBUTES = frozenset(
    {"domain", "expires", "httponly", "max-age", "partitioned", "path", "samesite", "secure"}
)


def _server(_context: click.Context, _option: click.Parameter, text: str) -> str:
    if not text:
        return ""
    try:
        url = parse_url(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not the URL of a server: {error}. Write http://localhost:5000"
        ) from error
    if not url.is_http:
        raise click.BadParameter(
            f"{text!r} is not the URL of a server. Write http://localhost:5000"
        )
    if url.username or url.password:
        raise click.BadParameter(f"{text!r} contains a user name. Write it without")
    return text.strip()


@click.command("explain")
@click.option(
    "--origin",
    default="",
    callback=_origin,
    help="The origin of the page, such as https://app.example",
)
@click.option(
    "-X",
    "--method",
    default="",
    callback=_method,
    help="The method; default: GET, or POST with data.",
)
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    callback=_fields,
    help="A request header, NAME:VALUE; repeatable.",
)
@click.option("-d", "--data", help="The body, as text.")
@click.option(
    "--cookie",
    "cookies",
    multiple=True,
    callback=_cookies,
    help="A cookie of the app that the browser has, NAME=VALUE, with attributes; repeatable.",
)
@click.option("--credentials", is_flag=True, help="Send as with credentials: 'include'.")
@click.option(
    "--live",
    default="",
    metavar="URL",
    callback=_server,
    help="Ask the server that runs there instead of the app.",
)
@click.option(
    "--console",
    default="",
    metavar="LINE",
    help="An error from the console of Chrome, Firefox or Safari; also accepted as PATH.",
)
@_as_json_option
@click.argument("path", default="")
@click.pass_context
def explain(context: click.Context, /, **options: Unpack[ExplainOptions]) -> None:
    """Explain why a page may or may not read PATH.

    The requests are really sent: the view of PATH is called, unless a preflight forbids it.
    Exit code 0 if the page may read the response, else 1.
    """
    line = _console_line(options)
    if line.url and not options["path"]:
        options["path"] = line.url
    origin = options["origin"] or line.origin
    if not origin:
        raise click.UsageError("Missing option '--origin', the origin of the page.", context)
    if not options["path"] and not urlsplit(options["live"]).path:
        raise click.UsageError("Missing argument 'PATH'.", context)
    app, found = _app_to_explain(context, options)
    try:
        explanation = _explanation(app, _questions(app, options, origin, line), line)
    except LiveError as error:
        _print_unreachable(error, as_json=options["as_json"])
        context.exit(1)
    if options["as_json"]:
        click.echo(json.dumps(explanation.as_json(), indent=2))
    else:
        _print_explanation(explanation, found)
    context.exit(0 if explanation.outcome.response is not None else 1)


def _console_line(options: ExplainOptions) -> ConsoleLine:
    """Return the facts in a pasted line of a console, given as an option or as PATH."""
    text = options["console"]
    if not text and looks_like_a_console(options["path"]):
        text, options["path"] = options["path"], ""
    if not text:
        return ConsoleLine()
    line = read_console(text)
    if not line.url and not options["path"]:
        raise click.UsageError("The line of the console names no URL. Add the URL as PATH.")
    return line


def _app_to_explain(
    context: click.Context, options: ExplainOptions
) -> tuple[Flask | None, list[Finding]]:
    """Return the app; `None` if it cannot be loaded and a running server is asked."""
    if not options["live"]:
        return _load_or_exit(context, as_json=options["as_json"])
    try:
        app, found = load(context.ensure_object(ScriptInfo))
    except (Exception, SystemExit):  # noqa: BLE001  (the app's own code; the server counts)
        return None, []
    has_errors = any(finding.level == "error" for finding in found)
    return (None if has_errors else app), found


def _questions(
    app: Flask | None, options: ExplainOptions, origin: str, line: ConsoleLine
) -> list[Question]:
    """Return the request to explain; several, with guessed methods, if none is named."""
    data, headers = options["data"], options["headers"]
    body = None if data is None else data.encode("utf-8", "surrogateescape")
    named = {name.lower() for name, _ in headers}
    if body is not None and "content-type" not in named:
        headers += (("Content-Type", "text/plain;charset=UTF-8"),)
    if line.header and line.header.lower() not in named:
        headers += ((line.header, _UNSAFE_VALUES.get(line.header.lower(), "1")),)
    method = options["method"] or line.method or ("GET" if body is None else "POST")
    if body is not None and method.upper() in {"GET", "HEAD"}:
        raise click.UsageError(f"A {method} request cannot have a body. Write -X POST")
    url, methods, is_guess = _url(app, options, origin, method), [method], False
    is_reported = line != ConsoleLine()
    if is_reported and not (options["method"] or line.method) and body is None:
        methods = _methods(app, url, line)
        is_guess = app is None or methods != ["GET"]
    return [
        Question(
            method,
            url,
            origin,
            _headers(headers, method, line, is_guess=is_guess),
            body,
            "include" if options["credentials"] or line.credentials else "same-origin",
            options["cookies"],
            options["live"],
            is_reported,
            is_guess,
        )
        for method in methods
    ]


# Values with which headers need permission; any other header needs it with any value.
_UNSAFE_VALUES = {
    "accept": '"1"',
    "accept-language": '"1"',
    "content-language": '"1"',
    "content-type": "application/json",
}
_SAFELISTED = frozenset({"GET", "HEAD", "POST"})


def _headers(
    headers: tuple[tuple[str, str], ...], method: str, line: ConsoleLine, *, is_guess: bool
) -> tuple[tuple[str, str], ...]:
    """Return the headers of a request, with one that needs a preflight if it has to have one."""
    reported = line.preflighted and method in _SAFELISTED
    # A guess is a preflight: the view must not be called.
    if not headers and (reported or (is_guess and method == "POST")):
        # The most common reason for a preflight.
        return (("Content-Type", _UNSAFE_VALUES["content-type"]),)
    return headers


def _methods(app: Flask | None, url: str, line: ConsoleLine) -> list[str]:
    """Return the methods that a request may have had if its console line names none."""
    methods = methods_at(app, url) if app is not None else []
    if line.check == ACL_METHODS:
        others = [method for method in methods if method not in _SAFELISTED]
        return others or ["PUT", "PATCH", "DELETE"]
    if line.preflighted:
        # GET and POST need a preflight only with some headers, which may be a guess too.
        methods.sort(key=lambda method: (method == "GET", method == "POST"))
    return methods or ["GET"]


def _explanation(app: Flask | None, questions: list[Question], line: ConsoleLine) -> Explanation:
    """Return the explanation of a request, or of the first guess that fits a console line."""
    if not questions[0].is_guess:
        return explain_question(app, questions[0])
    explanation = explain_first_blocked(app, questions, line.check)
    if explanation is None:
        methods = " or ".join(question.method for question in questions)
        raise click.UsageError(
            "The line of the console does not name the method, and the app does not block "
            f"{methods} as the line says. Add -X METHOD; then the view is called."
        )
    return explanation


_HOST_AND_PORT = re.compile(r"(?:localhost|[^/?#:]+\.[^/?#:]+|\[[^/?#\]]*\]):[0-9]+(?![^/?#])")


def _url(app: Flask | None, options: ExplainOptions, origin: str, method: str) -> str:
    """Return the URL of the request.

    Raises:
        BadParameter: if PATH is a URL that no script can fetch.
    """
    path, live = options["path"], options["live"]
    if re.match(r"[a-z][a-z0-9+.-]*://", path, re.IGNORECASE):
        return _checked_url(path)
    if _HOST_AND_PORT.match(path):
        raise click.BadParameter(
            f"{path!r} has no scheme. Write http://{path}, or /{path} if it is a path",
            param_hint="'PATH'",
        )
    if live:
        return f"{live.rstrip('/')}/{path.lstrip('/')}" if path else live
    return url_of(app, path, origin, method) if app is not None else path


def _checked_url(text: str) -> str:
    try:
        url = parse_url(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{error}. Write http://localhost/items", param_hint="'PATH'"
        ) from error
    if not url.is_http:
        raise click.BadParameter(
            f"{text!r} is not an http or https URL. Write http://localhost/items",
            param_hint="'PATH'",
        )
    if url.username or url.password:
        raise click.BadParameter(
            f"{text!r} contains a user name; no script can fetch it. Write it without",
            param_hint="'PATH'",
        )
    return text


def _print_unreachable(error: LiveError, *, as_json: bool) -> None:
    reason = f"{error}"
    cause = f"{reason[:1].upper()}{reason[1:]}" + ("" if reason.endswith("?") else ".")
    fix = "Start the server, or remove --live to ask the app itself."
    if as_json:
        answer: dict[str, object] = {
            "readable": False,
            "status": None,
            "code": "no-server",
            "cause": cause,
            "cure": fix,
            "notes": [],
            "note_codes": [],
            "cookies": [],
            "events": [],
        }
        click.echo(json.dumps(answer, indent=2))
    else:
        emit(f"✗ {cause}", colour="red", mark_only=True)
        emit(fix, "  ", colour="cyan")


def _cors_fields(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in lines:
        if name.lower().startswith("access-control-") or name.lower() in {"origin", "location"}:
            yield name, value


def _print_explanation(explanation: Explanation, found: list[Finding]) -> None:
    for event in explanation.events:
        if isinstance(event, Case):
            _print_exchange(event)
        elif event.code == "preflight":
            emit(f"preflight {event.detail}", "  ")
        else:
            label = event.code.removeprefix("preflight-") + ": "
            text = event.detail
            text = text if text.startswith(label[:-2]) else label + text
            mark, colour = ("✓", "green") if event.passed else ("✗", "red")
            emit(f"{mark} {text}", "  ", colour=colour, mark_only=True)
    click.echo()
    _print_verdict(explanation)
    if found:
        codes = ", ".join(sorted({finding.problem.code for finding in found}))
        emit(f"See also what `flask cors check` finds: {codes}")


def _print_exchange(case: Case) -> None:
    sent, response = case.exchange
    request = sent.request
    emit(f"→ {request.method} {request.url}", colour="cyan", mark_only=True)
    for name, value in _cors_fields(request.headers):
        emit(f"{name}: {value}", "    ", colour="bright_black")
    if sent.cookies:
        emit(f"Cookie: {sent.cookies}", "    ", colour="bright_black")
    phrase = HTTP_STATUS_CODES.get(response.status, "")
    emit(f"← {response.status} {phrase} ({case.source})", colour="cyan", mark_only=True)
    for name, value in _cors_fields(response.headers):
        emit(f"{name}: {value}", "    ", colour="bright_black")


def _print_verdict(explanation: Explanation) -> None:
    advice = explanation.advice
    if advice is not None:
        emit(f"✗ {advice.cause} [{advice.code}]", colour="red", mark_only=True)
        emit(advice.fix, "  ", colour="cyan")
    else:
        text = f"✓ The script reads the response, {explanation.status}."
        emit(text, colour="green", mark_only=True)
    for note in explanation.notes:
        emit(note.text, "  ")


# routes -------------------------------------------------------------------------------------------


@click.command("routes")
@_as_json_option
@click.pass_context
def routes(context: click.Context, /, *, as_json: bool) -> None:
    """Show the policy of every route, and where it was written."""
    app, _ = _load_or_exit(context, as_json=as_json)
    found = routes_of(app)
    if as_json:
        click.echo(json.dumps([_route_as_json(route) for route in found], indent=2))
        return
    groups: dict[tuple[str, Policy | None, tuple[str, ...]], list[Route]] = {}
    for route in found:
        groups.setdefault((route.source, route.policy, route.sources), []).append(route)
    for (source, *_), group in groups.items():
        emit(f"{source}: {_describe(group[0])}", colour="cyan")
        for route in group:
            emit(f"{','.join(route.methods)} {route.host}{route.rule} ({route.endpoint})", "    ")


_MAX_SOURCES = 4


def _describe(route: Route) -> str:
    if route.sources:
        *first, last = route.sources
        if len(first) > _MAX_SOURCES:
            first[_MAX_SOURCES:] = [f"{len(first) - _MAX_SOURCES} more"]
        return " or ".join([*first, last])
    options = _options(route, most=3).items()
    return ", ".join(f"{name}={value}" for name, value in options) or "only for the same origin"


def _options(route: Route, most: int = 1000) -> dict[str, str]:
    return format_options(route.policy.settings, most) if route.policy else {}


def _route_as_json(route: Route) -> dict[str, object]:
    return {
        "rule": route.rule,
        "endpoint": route.endpoint,
        "source": f"{route.source}: {_describe(route)}" if route.sources else route.source,
        "policy": _options(route),
        "methods": [*route.methods],
        "host": route.host or None,
    }


# check --------------------------------------------------------------------------------------------


@click.command("check")
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings too.")
@click.option(
    "--silence",
    multiple=True,
    metavar="CODE",
    type=click.Choice(sorted(get_args(Code))),
    help="Leave out findings with this code; repeatable.",
)
@_as_json_option
@click.pass_context
def check(
    context: click.Context, /, *, strict: bool, silence: tuple[str, ...], as_json: bool
) -> None:
    """Find problems and risks in the CORS configuration.

    Exit code 1 on errors, with --strict also on warnings; else 0.
    """
    _, all_findings = load(context.ensure_object(ScriptInfo))
    found = [finding for finding in all_findings if finding.problem.code not in silence]
    errors = sum(finding.level == "error" for finding in found)
    if as_json:
        click.echo(json.dumps(_findings_as_json(found), indent=2))
    else:
        _print_findings(found)
        silenced = f", {len(all_findings) - len(found)} silenced" if silence else ""
        warnings = _count(len(found) - errors, "warning")
        emit(f"{_count(errors, 'error')}, {warnings}{silenced}")
    context.exit(1 if errors or (strict and found) else 0)


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _print_findings(found: list[Finding]) -> None:
    for level, problem, place in found:
        colour = "red" if level == "error" else "yellow"
        emit(
            f"{level} {problem.code}" + (f" ({place})" if place else ""),
            colour=colour,
            mark_only=True,
        )
        emit(problem.message + ("" if problem.message.endswith("?") else "."), "  ")


def _findings_as_json(found: list[Finding]) -> list[dict[str, object]]:
    return [
        {
            "level": level,
            **problem._asdict(),
            "value": problem.value if isinstance(problem.value, str) else repr(problem.value),
            "place": place,
        }
        for level, problem, place in found
    ]
