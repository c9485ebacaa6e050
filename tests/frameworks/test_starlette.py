"""Who answers in Starlette and FastAPI, depending on where the middleware stands.

The measure is always the same app without the middleware: its status, its body, the exception that
reaches the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from types import SimpleNamespace

import pytest

from flask_cors.asgi import CORSMiddleware

starlette = pytest.importorskip("starlette.applications", reason="starlette is not installed")
exceptions = pytest.importorskip("starlette.exceptions")
middleware = pytest.importorskip("starlette.middleware")
responses = pytest.importorskip("starlette.responses")
routing = pytest.importorskip("starlette.routing")
staticfiles = pytest.importorskip("starlette.staticfiles")

APP = "https://app.example"
EVIL = "https://evil.example"


async def hello(request):
    return responses.PlainTextResponse("hello")


async def boom(request):
    raise LookupError("lost")


async def sorry(request, error):
    return responses.JSONResponse({"sorry": str(error)}, 500)


def routes():
    return [routing.Route("/hello", hello), routing.Route("/boom", boom)]


def app_of(**options):
    return starlette.Starlette(routes=routes(), **options)


def around(app, **options):
    return CORSMiddleware(app, **{"origins": [APP], **options})


def added(app):
    app.add_middleware(CORSMiddleware, origins=[APP])
    return app


async def answer_of(app, path="/boom", method="GET", headers=(("origin", APP),)):
    """Return what an app answers, and the exception that it then lets escape."""
    events, escaped = [], None
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }

    coming = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return coming.pop() if coming else await asyncio.Event().wait()

    async def send(event):
        events.append(event)

    try:
        await app(scope, receive, send)
    except LookupError as error:
        escaped = error
    starts = [event for event in events if event["type"] == "http.response.start"]
    [start] = starts or [{"status": None, "headers": []}]
    fields = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    allowed = fields.pop("access-control-allow-origin", None)
    fields.pop("vary", None)
    body = b"".join(event.get("body", b"") for event in events)
    return SimpleNamespace(
        allowed=allowed, own=(start["status"], fields, body), escaped=str(escaped or "")
    )


# The app's own 500 --------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("headers", [(), [("origin", APP)]], ids=["plain", "actual"])
@pytest.mark.parametrize(
    "options", [{}, {"exception_handlers": {Exception: sorry}}, {"debug": True}]
)
async def test_the_app_s_own_500_is_that_without_the_middleware(options, headers):
    without = await answer_of(app_of(**options), headers=headers)
    inside = await answer_of(added(app_of(**options)), headers=headers)
    outside = await answer_of(around(app_of(**options)), headers=headers)

    assert [without.own[0], without.escaped] == [500, "lost"]
    if "debug" not in options:  # whose page names the middleware on the way
        assert [inside.own, outside.own] == [without.own] * 2
    assert [inside.own[0], outside.own[0]] == [500, 500]
    assert [inside.escaped, outside.escaped] == ["lost", "lost"]
    # What is added stands inside the handler for uncaught exceptions.
    assert [inside.allowed, outside.allowed] == [None, APP]


@pytest.mark.asyncio
@pytest.mark.parametrize("where", [around, added])
async def test_an_exception_with_a_handler_of_its_own_has_headers_wherever_it_stands(where):
    app = app_of(exception_handlers={LookupError: sorry})
    answer = await answer_of(where(app))
    assert (answer.own[0], answer.allowed, answer.escaped) == (500, APP, "")


@pytest.mark.asyncio
async def test_fastapi_s_handler_answers():
    fastapi = pytest.importorskip("fastapi", reason="fastapi is not installed")

    def made():
        app = fastapi.FastAPI()
        app.add_api_route("/boom", boom_of_fastapi)
        app.exception_handler(Exception)(sorry)
        return app

    async def boom_of_fastapi():
        raise LookupError("lost")

    for headers in ([], [("origin", APP)]):
        without = await answer_of(made(), headers=headers)
        inside = await answer_of(added(made()), headers=headers)
        assert (inside.own, inside.escaped) == (without.own, without.escaped)
        assert without.own[2] == b'{"sorry":"lost"}'


@pytest.mark.asyncio
@pytest.mark.parametrize("where", ["around", "added"])
@pytest.mark.parametrize("path", ["/private", "/v1/private"])
async def test_fastapi_s_own_root_path_leads_past_no_stricter_resource(where, path):
    fastapi = pytest.importorskip("fastapi", reason="fastapi is not installed")
    app = served = fastapi.FastAPI()
    app.root_path = "/v1"  # `FastAPI(root_path="/v1")` is deprecated
    app.add_api_route("/private", hello_of_fastapi)
    resources = {"/*": {"origins": "*"}, "/private/*": {"origins": [APP]}}
    if where == "around":
        served = CORSMiddleware(app, resources=resources)
    else:
        app.add_middleware(CORSMiddleware, resources=resources)
    answer = await answer_of(served, path, headers=[("origin", EVIL)])
    assert (answer.own[0], answer.allowed) == (200, None)


async def hello_of_fastapi():
    return "hello"


# Order --------------------------------------------------------------------------------------------


class Refusing:
    """A layer that answers every request itself, as a check of the login may."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await responses.PlainTextResponse("refused", 401)(scope, receive, send)


def added_last(app):
    app.add_middleware(Refusing)
    return added(app)


def added_before_another(app):
    added(app).add_middleware(Refusing)
    return app


def listed_first(app):
    layers = [middleware.Middleware(CORSMiddleware, origins=[APP]), middleware.Middleware(Refusing)]
    return starlette.Starlette(routes=app.routes, middleware=layers)


def around_others(app):
    app.add_middleware(Refusing)
    return around(app)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("place", "statuses", "allowed"),
    [
        (added_last, [200, 401], APP),
        (listed_first, [200, 401], APP),
        (around_others, [200, 401], APP),
        (added_before_another, [401, 401], None),
    ],
)
async def test_what_runs_before_the_middleware_answers_without_it(place, statuses, allowed):
    app = place(app_of())
    asks = [("origin", APP), ("access-control-request-method", "PUT")]
    answers = [await answer_of(app, "/hello", "OPTIONS", asks), await answer_of(app, "/hello")]
    assert statuses == [answer.own[0] for answer in answers]
    assert [allowed] * 2 == [answer.allowed for answer in answers]


# Mounts -------------------------------------------------------------------------------------------


def mounted(*middlewares):
    """Mount a router, which leaves its 404 and 405 to the app around as an exception."""
    app = routing.Router(routes())
    for made in middlewares:
        app = made(app)
    return starlette.Starlette(
        routes=[routing.Mount("/api", app=app)], exception_handlers={LookupError: sorry}
    )


MOUNTED = [
    pytest.param("GET", "/api/hello", 200, APP, id="found"),
    pytest.param("GET", "/api/nope", 404, None, id="404"),
    pytest.param("POST", "/api/hello", 405, None, id="405"),
    pytest.param("GET", "/api/boom", 500, APP, id="500"),
    pytest.param("GET", "/nope", 404, None, id="outside"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("method", "path", "status", "allowed"), MOUNTED)
async def test_the_app_around_a_mount_answers_for_it(method, path, status, allowed, caplog):
    without = await answer_of(mounted(), path, method)
    answer = await answer_of(mounted(around), path, method)

    assert status == without.own[0]
    assert without.own == answer.own
    assert allowed == answer.allowed
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.asyncio
@pytest.mark.parametrize(("method", "path", "status"), [case.values[:3] for case in MOUNTED])
async def test_around_everything_each_answer_has_headers(method, path, status):
    answer = await answer_of(around(mounted()), path, method)
    assert (answer.own[0], answer.allowed) == (status, APP)


@pytest.mark.asyncio
@pytest.mark.parametrize("prefix", ["/api", "/a/b", "/{tenant}"])
async def test_resources_of_a_mounted_middleware_are_paths_below_the_mount(prefix):
    app = around(routing.Router(routes()), resources="/hello")
    outer = starlette.Starlette(routes=[routing.Mount(prefix, app=app)])
    path = prefix.replace("{tenant}", "some-tenant") + "/hello"
    assert (await answer_of(outer, path)).allowed == APP
    assert (await answer_of(around(outer, resources=path), path)).allowed == APP
    assert (await answer_of(around(mounted(), resources="/hello"), "/api/hello")).allowed is None


@pytest.mark.asyncio
async def test_a_mount_s_own_middleware_answers_its_preflights():
    app = starlette.Starlette(
        routes=[
            routing.Mount(
                "/api",
                routes=routes(),
                middleware=[middleware.Middleware(CORSMiddleware, origins=[APP])],
            )
        ]
    )
    asks = [("origin", APP), ("access-control-request-method", "PUT")]
    inside = await answer_of(app, "/api/nope", "OPTIONS", asks)
    outside = await answer_of(app, "/other", "OPTIONS", asks)
    assert [inside.own[0], inside.allowed] == [200, APP]
    assert [outside.own[0], outside.allowed] == [404, None]


@pytest.mark.asyncio
@pytest.mark.parametrize("host", ["api.example", "other.example"])
async def test_a_host_has_its_own_policy(host):
    app = starlette.Starlette(routes=[routing.Host("api.example", app=around(app_of()))])
    answer = await answer_of(app, "/hello", headers=[("host", host), ("origin", APP)])
    expected = (200, APP) if host == "api.example" else (404, None)
    assert (answer.own[0], answer.allowed) == expected


# Paths that a file system reads otherwise ---------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    for name in ("private/x.txt", "public/y.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    return tmp_path


def static(folder, place):
    """Serve files, of which the private ones are for one origin alone; stand around or inside."""
    prefix = "/static" if place is around else ""
    options = {"resources": {"/*": {"origins": "*"}, f"{prefix}/private/*": {"origins": APP}}}
    files = staticfiles.StaticFiles(directory=folder)
    if place is around:
        mount = routing.Mount("/static", app=files)
        return around(starlette.Starlette(routes=[mount]), **options)
    return starlette.Starlette(routes=[routing.Mount("/static", app=around(files, **options))])


PRIVATE = [
    "/static/private/x.txt",
    "/static/public/../private/x.txt",
    "/static/./private/x.txt",
    "/static/private/./x.txt",
    "/static/public/.././private/x.txt",
    "/static//private/x.txt",
    "/static///private//x.txt",
    "/static/private//x.txt",
    "/static/public//../private/x.txt",
    "/static/private/../private/x.txt",
    "/static/public/../../static/private/x.txt",
]


@pytest.mark.asyncio
@pytest.mark.parametrize("place", [around, added])
@pytest.mark.parametrize("path", PRIVATE)
async def test_dots_and_slashes_do_not_lead_past_a_stricter_resource(folder, place, path):
    answer = await answer_of(static(folder, place), path, headers=[("origin", EVIL)])
    assert answer.allowed is None


@pytest.mark.asyncio
@pytest.mark.parametrize("place", [around, added])
async def test_files_have_the_policy_of_their_place(folder, place):
    app = static(folder, place)
    found = [
        (await answer_of(app, f"/static/{path}", headers=[("origin", origin)])).allowed
        for path in ("private/x.txt", "public/y.txt")
        for origin in (APP, EVIL)
    ]
    assert found == [APP, None, APP, EVIL]


# What is no request -------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("where", [around, added])
async def test_a_websocket_may_be_denied_with_a_response(where):
    async def deny(websocket):
        await websocket.send_denial_response(responses.PlainTextResponse("no", 403))

    async def denied(app):
        events = []
        scope = {
            "type": "websocket",
            "path": "/ws",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"origin", EVIL.encode())],
            "extensions": {"websocket.http.response": {}},
        }

        async def receive():
            return {"type": "websocket.connect"}

        async def send(event):
            events.append(event)

        await app(scope, receive, send)
        return events

    def made():
        return starlette.Starlette(routes=[routing.WebSocketRoute("/ws", deny)])

    events = await denied(where(made()))
    assert events == await denied(made())
    assert events[0]["type"] == "websocket.http.response.start"


@pytest.mark.asyncio
@pytest.mark.parametrize("where", [around, added])
async def test_the_lifespan_runs(where):
    seen = []

    async def lifespan(app):
        seen.append("up")
        yield {"key": "value"}
        seen.append("down")

    app = where(app_of(lifespan=contextlib.asynccontextmanager(lifespan)))
    coming = asyncio.Queue()
    going = []
    for kind in ("startup", "shutdown"):
        coming.put_nowait({"type": f"lifespan.{kind}"})
    state = {}

    async def send(event):
        going.append(event["type"])

    await app({"type": "lifespan", "state": state}, coming.get, send)
    assert seen == ["up", "down"]
    assert state == {"key": "value"}
    assert going == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
