"""Quart's own test client goes through a middleware that stands inside the app."""

from __future__ import annotations

import asyncio

import pytest

from flask_cors.asgi import CORSMiddleware

quart = pytest.importorskip("quart", reason="quart is not installed")

APP = "https://app.example"


async def hello():
    return {"origin": quart.request.headers["Origin"]}


async def boom():
    raise LookupError("lost")


@pytest.fixture
def client():
    app = quart.Quart(__name__)
    app.add_url_rule("/hello", "hello", hello)
    app.add_url_rule("/boom", "boom", boom)
    app.asgi_app = CORSMiddleware(app.asgi_app, origins=APP)
    return app.test_client()


@pytest.mark.asyncio
@pytest.mark.parametrize(("path", "status"), [("/hello", 200), ("/boom", 500), ("/missing", 404)])
async def test_its_answers_have_headers(client, path, status):
    response = await client.get(path, headers={"Origin": APP})
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == APP


@pytest.mark.asyncio
async def test_its_preflights_are_answered(client):
    headers = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    response = await client.options("/hello", headers=headers)
    assert response.status_code == 200
    assert "PUT" in response.headers["Access-Control-Allow-Methods"].split(", ")


@pytest.mark.asyncio
async def test_a_websocket_passes_through(client):
    async def echo():
        await quart.websocket.send(await quart.websocket.receive())

    client.app.add_websocket("/echo", "echo", echo)
    async with client.websocket("/echo", headers={"Origin": "https://evil.example"}) as connection:
        await connection.send("hello")
        assert await connection.receive() == "hello"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "path",
    [
        "/mount/private",
        "/mountprivate",
        "/mount//private",
        "http://any.example/mount/private",
        "http://any.example/mount/private?",
        "http://any.example/mount/private;",
        "http:/mount/private",
        "ht\ttp://any.example/mount/private",
        " /mount/private",
    ],
)
async def test_no_way_to_write_a_path_leads_past_a_stricter_resource(path):
    """Quart takes a root path off whatever begins with it, and the host off a whole URL."""

    async def view():
        return "private"

    app = quart.Quart(__name__)
    app.add_url_rule("/private", "private", view)
    resources = {"/*": {"origins": "*"}, "/private/*": {"origins": APP}}
    events = []

    async def send(event):
        events.append(event)

    coming = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return coming.pop() if coming else await asyncio.Event().wait()

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "root_path": "/mount",
        "query_string": b"",
        "headers": [(b"host", b"any.example"), (b"origin", b"https://evil.example")],
    }
    await CORSMiddleware(app, resources=resources)(scope, receive, send)
    assert events[0]["status"] == 200
    assert b"access-control-allow-origin" not in dict(events[0]["headers"])
