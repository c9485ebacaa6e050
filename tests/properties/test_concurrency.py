"""Many requests at once, in threads and in an event loop: no answer crosses over."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from threading import Barrier, Thread
from types import FrameType
from typing import Any, TypeVar

import pytest
from flask import Blueprint, Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_cors import CORS, cross_origin
from flask_cors.asgi import CORSMiddleware
from flask_cors.core import Policy

from ..support.strategies import (
    PROPERTY_SETTINGS,
    Asked,
    Configuration,
    configurations,
    ignore_cors_warnings,
    near,
    requests,
)

A = "https://a.example"
T = TypeVar("T")
THREADS = 16
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


pytestmark = pytest.mark.usefixtures("eager_switches")


def at_once(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Run tasks in threads of their own that all begin together; return their results in order."""
    ready = Barrier(len(tasks))

    def run(task: Callable[[], T]) -> T:
        ready.wait(30)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


async def by_coroutine(origin: str) -> bool:
    await asyncio.sleep(0.001 * (len(origin) % 3))
    return origin.endswith(".awaited.example")


def by_callable(origin: str) -> bool:
    return origin.endswith(".asked.example")


def area_view(area: str) -> str:
    return ""


# What is asked of every app below, and who may read it.
ORIGINS = {
    f"https://{name}-{number}.{kind}.example": kind
    for kind in ("pattern", "regex", "asked", "awaited", "nobody")
    for number in range(8)
    for name in ("a", "bc")
}
AREAS: dict[str, list[Any]] = {
    "/pattern": ["https://*.pattern.example"],
    "/regex": [r"https://[a-z]+-\d\.regex\.example"],
    "/asked": [by_callable],
    "/awaited": [by_coroutine],
    "/mixed": ["https://*.pattern.example", "https://a-1.nobody.example", by_coroutine],
}


def readers(path: str) -> set[str]:
    """Return the origins that may read an area."""
    if path == "/mixed":
        kinds = ("pattern", "awaited")
        return {origin for origin, kind in ORIGINS.items() if kind in kinds} | {MIXED}
    return {origin for origin, kind in ORIGINS.items() if path == f"/{kind}"}


MIXED = "https://a-1.nobody.example"
VISITS = [(path, origin) for origin in ORIGINS for path in AREAS]
KEPT_ORIGINS = [origin for origin, kind in ORIGINS.items() if kind in ("pattern", "nobody")][:4]
EXPECTED = [origin if origin in readers(path) else None for path, origin in VISITS]


def areas_app() -> Flask:
    """Make an app with a policy for each area: of its resources, a view and a blueprint."""
    app = Flask(__name__, static_folder=None)
    blueprint = Blueprint("blueprint", __name__)
    CORS(blueprint, origins=AREAS["/asked"])
    blueprint.add_url_rule("/asked", "asked", lambda: "")
    decorated = cross_origin(origins=AREAS["/regex"])(lambda: "")
    app.add_url_rule("/regex", "regex", decorated)
    app.add_url_rule("/<path:area>", "area", area_view)
    app.register_blueprint(blueprint)
    named = ("/pattern", "/awaited", "/mixed")
    CORS(app, resources={path: {"origins": AREAS[path]} for path in named})
    return app


def visit(app: Flask, path: str, origin: str, method: str = "GET") -> TestResponse:
    headers = {"Origin": origin}
    if method == "OPTIONS":
        headers["Access-Control-Request-Method"] = "GET"
    return app.test_client().open(path, method=method, headers=headers)


def allowed(app: Flask, path: str, origin: str, method: str = "GET") -> str | None:
    return visit(app, path, origin, method).headers.get(ALLOW_ORIGIN)


def max_age(app: Flask, path: str) -> str | None:
    headers = visit(app, path, "https://a.example", "OPTIONS").headers
    return headers.get("Access-Control-Max-Age")


# Threads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_answer_of_many_threads_crosses_over(method: str) -> None:
    app = areas_app()
    ask = partial(allowed, app, method=method)
    with ThreadPoolExecutor(THREADS) as pool:
        actual = list(pool.map(ask, *zip(*VISITS, strict=True)))
    assert actual == EXPECTED


def test_what_is_remembered_overflows_in_many_threads_without_harm() -> None:
    policy = Policy.from_options(origins=AREAS["/pattern"])

    def ask(origin: str) -> str | None:
        return dict(policy.decide("GET", {"Origin": origin}).headers).get(ALLOW_ORIGIN)

    more_than_is_kept = [f"https://{number}.pattern.example" for number in range(2_000)]
    origins = [origin for other in more_than_is_kept for origin in (other, *KEPT_ORIGINS)]
    with ThreadPoolExecutor(THREADS) as pool:
        actual = list(pool.map(ask, origins))
    assert [o if ORIGINS.get(o, "pattern") == "pattern" else None for o in origins] == actual


@pytest.mark.parametrize("path", sorted(AREAS))
def test_the_first_requests_may_come_from_many_threads_at_once(path: str) -> None:
    origins = [*sorted(readers(path)), *sorted(ORIGINS.keys() - readers(path))][8 : 8 + THREADS]
    for _ in range(3):
        app = areas_app()
        expected = [origin if origin in readers(path) else None for origin in origins]
        assert expected == at_once([partial(allowed, app, path, origin) for origin in origins])


@ignore_cors_warnings
@settings(PROPERTY_SETTINGS, max_examples=25)
@given(configurations(), st.data())
def test_a_policy_decides_the_same_in_many_threads(
    configuration: Configuration, data: st.DataObject
) -> None:
    asked = data.draw(st.lists(requests(near(configuration)), min_size=2, max_size=8))

    def decide(policy: Policy, each: Asked) -> tuple[object, ...]:
        decision = policy.decide(each.method, each.fields)
        said = (decision.kind, decision.outcome, decision.headers, decision.vary)
        return (*said, type(decision.error))

    expected = [decide(Policy.from_options(**configuration.options), each) for each in asked]
    shared = Policy.from_options(**configuration.options)

    def decide_from(start: int) -> list[tuple[object, ...]]:
        return [decide(shared, each) for each in asked[start:] + asked[:start]]

    rotated = [expected[start:] + expected[:start] for start in range(len(asked))]
    assert rotated == at_once([partial(decide_from, start) for start in range(len(asked))])


# Set-up -------------------------------------------------------------------------------------------


def set_up(app: Flask, resources: Any) -> None:
    CORS(app, resources=resources)


def test_two_threads_set_up_all_resources_and_decide_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "flask_cors")
    for _ in range(40):
        app = Flask(__name__, static_folder=None)
        tables = [[f"/{number}/{each}" for each in range(5)] for number in range(2)]
        at_once([partial(set_up, app, table) for table in tables])
        caplog.clear()
        paths = tables[0] + tables[1]
        assert [allowed(app, path, MIXED) for path in paths] == [MIXED] * len(paths)
        assert len(caplog.records) == len(paths)  # one line for each decision


def test_blueprints_are_registered_while_the_app_is_set_up() -> None:
    for _ in range(20):
        app = Flask(__name__, static_folder=None)
        blueprints = [Blueprint(f"b{number}", __name__) for number in range(4)]
        for number, blueprint in enumerate(blueprints):
            CORS(blueprint, max_age=number)
            blueprint.add_url_rule(f"/b{number}", "view", lambda: "")

        def register(app: Flask = app, blueprints: Sequence[Blueprint] = blueprints) -> None:
            # In one thread: Werkzeug parses code for each rule, which CPython 3.11 does not survive
            # in two at once.
            for blueprint in blueprints:
                app.register_blueprint(blueprint)

        at_once([register, partial(set_up, app, {"/app": {"max_age": 9}})])
        ages = [max_age(app, path) for path in ("/b0", "/b1", "/b2", "/b3", "/app")]
        assert ages == ["0", "1", "2", "3", "9"]


def interrupted(set_up: Callable[[], None], number: int, other: Callable[[], None]) -> bool:
    """Set up, and before its `number`-th call within this package have another thread set up too.

    The other one is waited for until it is done, or for long enough to see that it waits itself.
    Return whether there are so many calls.
    """
    calls = count()
    second = Thread(target=other)

    def trace(frame: FrameType, event: str, _: object) -> None:
        is_ours = frame.f_globals.get("__name__", "").partition(".")[0] == "flask_cors"
        if event == "call" and is_ours and next(calls) == number:
            second.start()
            second.join(0.05)

    def run() -> None:
        sys.settrace(trace)
        try:
            set_up()
        finally:
            sys.settrace(None)

    first = Thread(target=run)
    first.start()
    first.join()
    if second.ident is not None:
        second.join()
    return second.ident is not None


def app_with_blueprints() -> tuple[Flask, list[Blueprint]]:
    """Make an app, and two blueprints for it that only bring policies: its rules are there."""
    app = Flask(__name__, static_folder=None)
    blueprints = [Blueprint(f"b{number}", __name__) for number in range(2)]
    for number, blueprint in enumerate(blueprints):
        CORS(blueprint, max_age=number)
        app.add_url_rule(f"/b{number}", f"b{number}.view", lambda: "")
    return app, blueprints


ONE, ALL = {"/b0": {"max_age": 0}}, {"/*": {"max_age": 1}}


@pytest.mark.parametrize(
    "tables", [(ONE, ALL), (ALL, ONE), None], ids=["one-first", "all-first", "blueprints"]
)
def test_a_set_up_that_is_interrupted_by_another_loses_nothing(
    tables: tuple[object, object] | None,
) -> None:
    for number in count():
        app, blueprints = app_with_blueprints()
        if tables is None:
            set_ups = [partial(app.register_blueprint, blueprint) for blueprint in blueprints]
        else:
            set_ups = [partial(set_up, app, table) for table in tables]
        if not interrupted(set_ups[0], number, set_ups[1]):
            break
        assert (number, [max_age(app, path) for path in ("/b0", "/b1")]) == (number, ["0", "1"])
    assert number > 10  # it was interrupted


@pytest.mark.parametrize("what", ["view", "key"])
def test_an_app_that_grows_while_it_is_set_up_loses_nothing(what: str) -> None:
    def grow(app: Flask) -> None:
        if what == "view":
            app.view_functions["late"] = lambda: ""
        else:
            app.config["LATE"] = True

    for number in count():
        app, _ = app_with_blueprints()
        app.config["CORS_MAX_AGE"] = 7
        app.config["CORS_TEAM"] = "platform"  # no option, so it is compared with their names
        if not interrupted(partial(set_up, app, ["/b0"]), number, partial(grow, app)):
            break
        assert (number, max_age(app, "/b0")) == (number, "7")
    assert number > 10  # it was interrupted


def test_an_app_may_be_set_up_further_while_it_answers() -> None:
    app = Flask(__name__, static_folder=None)
    set_up(app, {"/0": {"max_age": 0}})
    answers: list[str | None] = []

    def ask() -> None:
        answers.extend(max_age(app, "/0") for _ in range(200))

    asking = Thread(target=ask)
    asking.start()
    for number in range(1, 50):
        set_up(app, {f"/{number}": {"max_age": number}})
    asking.join()
    assert answers == ["0"] * 200
    assert max_age(app, "/49") == "49"


def test_a_decorated_view_is_compiled_for_each_of_many_apps_at_once() -> None:
    view = cross_origin(methods="GET")(lambda: "")
    apps = [Flask(f"app{number}", static_folder=None) for number in range(THREADS)]
    for number, app in enumerate(apps):
        app.config["CORS_MAX_AGE"] = number
        app.add_url_rule("/", "view", view)
    ages = at_once([partial(max_age, app, "/") for app in apps])
    assert [str(number) for number in range(THREADS)] == ages


# An event loop ------------------------------------------------------------------------------------


async def inner(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


async def asked_of(app: CORSMiddleware, path: str, origin: str, method: str) -> str | None:
    sent: list[Any] = []

    async def send(event: Any) -> None:
        await asyncio.sleep(0)
        sent.append(event)

    headers = [(b"origin", origin.encode())]
    if method == "OPTIONS":
        headers.append((b"access-control-request-method", b"GET"))
    scope: Any = {"type": "http", "method": method, "path": path, "headers": headers}
    receive: Any = None
    await app(scope, receive, send)
    return {name: value.decode() for name, value in sent[0]["headers"]}.get(
        b"access-control-allow-origin"
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_no_answer_of_an_event_loop_crosses_over(method: str) -> None:
    app = CORSMiddleware(
        inner, resources={path: {"origins": origins} for path, origins in AREAS.items()}
    )
    actual = await asyncio.gather(*(asked_of(app, *each, method) for each in VISITS))
    assert actual == EXPECTED


def test_no_answer_of_several_event_loops_crosses_over() -> None:
    app = CORSMiddleware(
        inner, resources={path: {"origins": origins} for path, origins in AREAS.items()}
    )

    async def ask() -> list[str | None]:
        return await asyncio.gather(*(asked_of(app, *each, "GET") for each in VISITS))

    assert at_once([lambda: asyncio.run(ask())] * 4) == [EXPECTED] * 4


@pytest.mark.asyncio
async def test_async_views_at_once_keep_their_policies() -> None:
    app = Flask(__name__, static_folder=None)

    @cross_origin(origins=AREAS["/mixed"])
    async def view() -> str:
        await asyncio.sleep(0.001)
        return "text"

    app.add_url_rule("/mixed", "view", view)
    visits = [each for each in VISITS if each[0] == "/mixed"]
    expected = [origin if origin in readers("/mixed") else None for _, origin in visits]
    answers = await asyncio.gather(
        *(asyncio.to_thread(visit, app, path, origin) for path, origin in visits)
    )
    assert expected == [each.headers.get(ALLOW_ORIGIN) for each in answers]
