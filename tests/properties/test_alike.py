"""The adapters against each other: same options and same request, same CORS headers.

One app stands behind all of them. What is compared is the set of CORS lines, what `Vary` names,
and the status of a preflight's answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import pytest
from flask import Flask, Response
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_cors import CORS, cross_origin
from flask_cors.asgi import CORSMiddleware as ASGIMiddleware
from flask_cors.core import Policy
from flask_cors.wsgi import CORSMiddleware as WSGIMiddleware

from ..support.strategies import (
    CALLABLES,
    PLACES,
    PROPERTY_SETTINGS,
    VERBS,
    Asked,
    Configuration,
    Entry,
    Line,
    Options,
    SetUp,
    configurations,
    entry_lists,
    environ_of,
    ignore_cors_warnings,
    near,
    requests,
    set_ups,
)

T = TypeVar("T")
# An app as these tests see it: it is sent a request for a path, and gives the status and the lines.
App: TypeAlias = Callable[[Asked, str], "Answer"]


class Answer(NamedTuple):
    """Is what an adapter gives for a request, as far as it is to be the same everywhere."""

    status: int
    """of a preflight's answer; else 0"""
    fields: dict[str, list[str]]
    """the elements of each CORS field, and of `Vary`, by name in lower case"""


def answer(asked: Asked, status: str | int, lines: Iterable[Line]) -> Answer:
    fields: dict[str, list[str]] = {}
    for name, value in lines:
        if name.lower().startswith("access-control-") or name.lower() == "vary":
            fields.setdefault(name.lower(), []).extend(value.split(", "))
    code = int(str(status)[:3]) if asked.is_preflight else 0
    return Answer(code, {name: sorted(listed) for name, listed in fields.items()})


# The app behind -----------------------------------------------------------------------------------

OWN: dict[str, list[Line]] = {
    "varied": [("Vary", "Cookie"), ("Vary", "origin")],
    "anything": [("Vary", "*")],
    "own": [("Access-Control-Allow-Origin", "https://own.example"), ("Vary", "Cookie")],
    "credentials": [("Access-Control-Allow-Credentials", "true")],
    "exposed": [("Access-Control-Expose-Headers", "X-Own")],
}
paths = st.sampled_from(
    [
        *("/", "/api", "/api/", "/api/x", "/api/x/y", "/apifoo", "/API/x", "//api/x", "/\u00fc/x"),
        *("/lists/options", "/missing", "/failing"),
        *(f"/{name}" for name in OWN),
    ]
)
METHODS = [verb for verb in VERBS if verb not in ("HEAD", "OPTIONS")]


def view(path: str = "") -> Response:
    if path == "failing":
        raise LookupError(path)
    if path == "missing":
        return Response(status=404)
    made = Response("text", status=201)
    for name, value in OWN.get(path, []):
        made.headers.add(name, value)
    return made


def plain_app(policy: Callable[[Any], Any] = lambda view: view) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.logger.disabled = True  # of the view that fails
    decorated = policy(view)
    app.add_url_rule("/", "root", decorated, methods=METHODS)
    app.add_url_rule("/<path:path>", "view", decorated, methods=METHODS)
    app.add_url_rule("/lists/options", "listing", decorated, methods=[*METHODS, "OPTIONS"])
    return app


BEHIND = plain_app()


def through(
    app: Callable[..., Any], asked: Asked, path: str, root: str = ""
) -> tuple[str, list[Line]]:
    """Send a request to a WSGI app as a server does."""
    environ = environ_of(asked, path, root)
    environ |= {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http"}
    started: list[tuple[str, list[Line]]] = []
    environ["wsgi.errors"] = environ["wsgi.input"] = None

    def start(status: str, lines: list[Line], *_: object) -> None:
        started.append((status, lines))

    parts = app(environ, start)
    for _ in parts:
        continue
    getattr(parts, "close", bool)()
    return started[-1]


# The adapters -------------------------------------------------------------------------------------


def by_wsgi(options: Options) -> App:
    app = WSGIMiddleware(BEHIND, **options)
    return lambda asked, path: answer(asked, *through(app, asked, path))


def by_mounted_wsgi(options: Options) -> App:
    app = WSGIMiddleware(BEHIND, **options)
    return lambda asked, path: answer(asked, *through(app, asked, path, "/mounted"))


def by_extension(options: Options) -> App:
    app = plain_app()
    CORS(app, **options)
    return lambda asked, path: answer(asked, *through(app, asked, path))


def by_config(options: Options) -> App:
    app = plain_app()
    app.config.from_mapping({f"CORS_{name.upper()}": value for name, value in options.items()})
    CORS(app)
    return lambda asked, path: answer(asked, *through(app, asked, path))


def by_extension_inside(options: Options) -> App:
    app = plain_app()
    inner = app.wsgi_app

    def around(environ: Any, start: Any) -> Iterable[bytes]:
        return inner(environ, start)

    app.wsgi_app = around  # type: ignore[method-assign, assignment]  # Flask's way to add middleware
    CORS(app, **options)
    return lambda asked, path: answer(asked, *through(app, asked, path))


def by_decorator(options: Options) -> App:
    app = plain_app(cross_origin(**options))
    return lambda asked, path: answer(asked, *through(app, asked, path))


async def served(app: Any, asked: Asked, path: str, root: str = "") -> tuple[str, list[Line]]:
    """Send a request to an ASGI app as a server does."""
    started: list[tuple[str, list[Line]]] = []

    async def send(event: Any) -> None:
        if event["type"] == "http.response.start":
            lines = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in event["headers"]]
            started.append((str(event["status"]), lines))

    fields = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in asked.fields.items()
    ]
    scope = {"type": "http", "method": asked.method, "path": root + path, "headers": fields}
    await app({**scope, "root_path": root, "asked": asked}, None, send)
    return started[-1]


async def behind_asgi(scope: Any, receive: Any, send: Any) -> None:
    """Answer as the app behind the others does."""
    status, lines = through(BEHIND, scope["asked"], scope["path"].removeprefix(scope["root_path"]))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
    await send({"type": "http.response.start", "status": int(status[:3]), "headers": raw})
    await send({"type": "http.response.body", "body": b""})


def finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of what never waits, without a loop."""
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    return cast("T", stop.value.value)


def by_asgi(options: Options) -> App:
    app = ASGIMiddleware(behind_asgi, **options)
    return lambda asked, path: answer(asked, *finished(served(app, asked, path)))


def by_mounted_asgi(options: Options) -> App:
    app = ASGIMiddleware(behind_asgi, **options)
    return lambda asked, path: answer(asked, *finished(served(app, asked, path, "/mounted")))


MIDDLEWARES = [by_wsgi, by_mounted_wsgi, by_asgi, by_mounted_asgi]
EXTENSIONS = [by_extension, by_config, by_extension_inside]


def of_a_middleware(options: Options) -> Options:
    """Return options without the one that only the extension has."""
    given = {name: value for name, value in options.items() if name != "intercept_exceptions"}
    resources: object = given.get("resources")
    if isinstance(resources, dict):
        mapping = cast("dict[Any, Options]", resources)
        given["resources"] = {path: of_a_middleware(own) for path, own in mapping.items()}
    return given


# What they are held to ----------------------------------------------------------------------------


def as_decided(options: Options | None, asked: Asked, path: str) -> Answer:
    """Return what the policy of these options makes of the answer of the app behind."""
    status, lines = through(BEHIND, asked, path)
    if options is None:
        return answer(asked, status, lines)
    policy = Policy.from_options(**of_a_middleware(options))
    if asked.is_preflight and policy.settings.automatic_options:
        status, lines = "200", []
    elif status.startswith("500") and not options.get("intercept_exceptions", True):
        return answer(asked, status, lines)
    return answer(asked, status, policy.decide(asked.method, asked.fields).added_to(lines))


def latin(text: str) -> str:
    """Return what a server can give to a WSGI app of a text."""
    return text.encode("latin-1", "ignore").decode("latin-1")


@st.composite
def visits(
    draw: st.DrawFn, set_ups: st.SearchStrategy[SetUp], paths: st.SearchStrategy[str] = paths
) -> tuple[SetUp, list[tuple[Asked, str]]]:
    """Draw what an app is set up with, and a few requests that it then gets."""
    set_up = draw(set_ups)
    asked = requests(near(*set_up.drawn)).map(
        lambda asked: Asked(
            asked.method, {name: latin(value) for name, value in asked.fields.items()}
        )
    )
    drawn = draw(st.lists(st.tuples(asked, paths), min_size=1, max_size=4))
    return set_up, [*drawn, *reversed(drawn)]  # each again, after the others


def everywhere(configuration: Configuration) -> SetUp:
    """Return what is set up with a configuration alone."""
    options = configuration.options
    return SetUp(options, configuration, ((PLACES[0], options),), (configuration,))


def asking(
    drawn: tuple[Configuration, list[Entry], Entry],
) -> SetUp:
    """Return a set-up that asks a callable, and answers preflights."""
    configuration, entries, asked = drawn
    listed = (*entries, asked)
    options = {
        **configuration.options,
        "origins": [entry.written for entry in listed],
        "supports_credentials": False,
        "automatic_options": True,
    }
    return everywhere(replace(configuration, options=options, origins=listed))


askings = st.tuples(configurations(), entry_lists, st.sampled_from(CALLABLES)).map(asking)


def answers(apps: dict[str, App], visits: list[tuple[Asked, str]]) -> dict[str, list[Answer]]:
    return {name: [app(asked, path) for asked, path in visits] for name, app in apps.items()}


@ignore_cors_warnings
@settings(PROPERTY_SETTINGS, max_examples=300)
@given(visits(set_ups()))
def test_every_adapter_sends_what_the_policy_of_the_resource_decides(
    drawn: tuple[SetUp, list[tuple[Asked, str]]],
) -> None:
    set_up, visits = drawn
    apps = {adapter.__name__: adapter(set_up.options) for adapter in EXTENSIONS}
    expected = [as_decided(set_up.governing(path), asked, path) for asked, path in visits]
    assert dict.fromkeys(apps, expected) == answers(apps, visits)


@pytest.mark.flaskless
@ignore_cors_warnings
@settings(PROPERTY_SETTINGS, max_examples=300)
@given(visits(set_ups()))
def test_every_middleware_sends_what_the_policy_of_the_resource_decides(
    drawn: tuple[SetUp, list[tuple[Asked, str]]],
) -> None:
    set_up, visits = drawn
    apps = {each.__name__: each(of_a_middleware(set_up.options)) for each in MIDDLEWARES}
    governing = [(set_up.governing(path), asked, path) for asked, path in visits]
    expected = [
        as_decided(options and of_a_middleware(options), asked, path)
        for options, asked, path in governing
    ]
    assert dict.fromkeys(apps, expected) == answers(apps, visits)


@ignore_cors_warnings
@settings(PROPERTY_SETTINGS, max_examples=150)
@given(visits(configurations().map(everywhere)))
def test_a_decorated_view_sends_what_its_policy_decides(
    drawn: tuple[SetUp, list[tuple[Asked, str]]],
) -> None:
    set_up, visits = drawn
    app = by_decorator(set_up.options)
    for asked, drawn_path in visits:
        # Without the extension it is for a route to say whether OPTIONS comes to its view.
        handed_on = asked.method == "OPTIONS" and not set_up.base.automatic
        path = "/lists/options" if handed_on else drawn_path
        expected = as_decided(set_up.options, asked, path)
        assert expected.fields == app(asked, path).fields


APP_WIDE: Options = {"origins": "https://app-wide.example", "max_age": 7}


@ignore_cors_warnings
@settings(PROPERTY_SETTINGS, max_examples=150)
@given(visits(configurations().map(everywhere)))
def test_the_policy_of_a_view_holds_for_the_requests_that_it_answers(
    drawn: tuple[SetUp, list[tuple[Asked, str]]],
) -> None:
    set_up, visits = drawn
    app = plain_app(cross_origin(**set_up.options))
    CORS(app, **APP_WIDE)
    for asked, path in visits:
        # A method that no view takes is for the one that answers OPTIONS there: the same here.
        expected = as_decided(set_up.options, asked, path)
        assert expected == answer(asked, *through(app, asked, path))


def test_a_preflight_for_an_empty_method_is_for_the_view_that_answers_options() -> None:
    view_wide = {"origins": "https://a.example"}
    app = plain_app(cross_origin(**view_wide))
    CORS(app, **APP_WIDE)
    fields = {"Origin": "https://a.example", "Access-Control-Request-Method": ""}
    asked = Asked("OPTIONS", fields)
    assert as_decided(view_wide, asked, "/") == answer(asked, *through(app, asked, "/"))


def in_loop(options: Options) -> App:
    app = ASGIMiddleware(behind_asgi, **options)
    return lambda asked, path: answer(asked, *asyncio.run(served(app, asked, path)))


def awaited(options: Options) -> Options:
    """Return options whose callables have become `async`."""

    def made_async(written: Any) -> Any:
        if not callable(written):
            return written

        async def asks(origin: str) -> bool:
            await asyncio.sleep(0)
            return cast("bool", written(origin))

        return asks

    listed = options["origins"]
    if callable(listed):
        return {**options, "origins": made_async(listed)}
    return {**options, "origins": [made_async(item) for item in listed]}


@ignore_cors_warnings
@settings(PROPERTY_SETTINGS, max_examples=60)
@given(visits(askings))
def test_an_async_callable_comes_to_the_same(drawn: tuple[SetUp, list[tuple[Asked, str]]]) -> None:
    set_up, visits = drawn
    adapters = [by_extension, by_extension_inside, by_decorator, in_loop]
    apps = {adapter.__name__: adapter(awaited(set_up.options)) for adapter in adapters}
    expected = [as_decided(set_up.options, asked, path) for asked, path in visits]
    assert dict.fromkeys(apps, expected) == answers(apps, visits)
