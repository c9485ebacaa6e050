"""Quart's own test client goes through a middleware that stands inside the app."""

from __future__ import annotations

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
