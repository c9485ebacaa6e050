"""Apps of every framework answer the requests of one table alike, each called without a server.

`test_servers` asks the same of real servers.
"""

from __future__ import annotations

import asyncio
import functools
import io
import runpy
from pathlib import Path
from types import SimpleNamespace
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from flask_cors.core import Policy

served = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "served.py")))
APPS = {**served.WSGI_APPS, **served.ASGI_APPS}
each_exchange = pytest.mark.parametrize(
    "exchange", served.EXCHANGES, ids=lambda exchange: exchange.id
)


class Headers:
    def __init__(self, lines):
        self.lines = lines

    def get(self, name, /):
        found = [value for key, value in self.lines if key == name]
        return ", ".join(found) if found else None


@each_exchange
def test_a_policy_decides_what_the_table_says(exchange):
    options = served.RESOURCES.get(f"/{exchange.path.split('/')[1]}/*")
    lines = list(exchange.app)
    if options is not None:
        policy = Policy.from_options(**options)
        lines = policy.decide(exchange.method, Headers(exchange.sent)).added_to(lines)
    assert served.expected(exchange) == served.about_cors(lines)


def test_names_in_the_table_are_unique():
    names = [exchange.id for exchange in served.EXCHANGES]
    assert sorted(set(names)) == sorted(names)


# The frameworks -----------------------------------------------------------------------------------


@functools.cache
def made(name):
    """Return an app by name: made once, as a server does it."""
    for package in APPS[name]:
        pytest.importorskip(package, reason=f"{package} is not installed")
    return getattr(served, name)()


def ask_wsgi(app, exchange):
    """Send a request to an app; the standard library's validator looks on."""
    environ = {
        "REQUEST_METHOD": exchange.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": exchange.path,
        "QUERY_STRING": "",
        "HTTP_HOST": "127.0.0.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.errors": io.StringIO(),
        "wsgi.input": io.BytesIO(),
    }
    for name, value in exchange.sent:  # servers join the lines of one name
        key = "HTTP_" + name.upper().replace("-", "_")
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    setup_testing_defaults(environ)
    started = []

    def start_response(status, lines, exc_info=None):
        started.append((int(status[:3]), lines))
        return io.BytesIO().write

    parts = validator(app)(environ, start_response)
    body = b"".join(parts)
    parts.close()
    return *started[-1], body.decode()


def scope_of(kind, path, sent, **more):
    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in sent]
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), *lines],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        **more,
    }


async def answer_of(app, scope, *received):
    """Return what an app sends to a client that sends these, and stays."""
    events = []
    coming = list(received)

    async def receive():
        return coming.pop(0) if coming else await asyncio.Event().wait()

    async def send(event):
        events.append(event)

    try:
        await asyncio.wait_for(app(scope, receive, send), 30)
    except served.BoomError:  # which frameworks raise on, for the server's log
        assert scope["path"].endswith("/error")
    return events


def ask_asgi(app, exchange):
    scope = scope_of("http", exchange.path, exchange.sent, scheme="http", method=exchange.method)
    start, *others = asyncio.run(answer_of(app, scope, {"type": "http.request", "body": b""}))
    lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    body = b"".join(bytes(event.get("body", b"")) for event in others)
    return start["status"], lines, body.decode()


def is_as_expected(name, exchange, status, lines, body):
    """Return whether an answer is that of the table; what is not can be read where it fails."""
    if name in served.WITH_BARE_500 and exchange.id.startswith("500"):
        assert served.about_cors(lines) == ([], [""])
    else:
        assert served.expected(exchange) == served.about_cors(lines)
    if exchange.status is not None:
        assert exchange.status == status
    if exchange.status == 200 and exchange.method != "HEAD":  # whose body a server leaves out
        name = exchange.path.rpartition("/")[2]
        assert body == (served.BODIES[name] if exchange.method == "GET" else "")
    return True


@each_exchange
@pytest.mark.parametrize("name", served.WSGI_APPS)
def test_a_wsgi_app_answers_what_the_table_says(name, exchange):
    assert is_as_expected(name, exchange, *ask_wsgi(made(name), exchange))


@each_exchange
@pytest.mark.parametrize("name", served.ASGI_APPS)
def test_an_asgi_app_answers_what_the_table_says(name, exchange):
    assert is_as_expected(name, exchange, *ask_asgi(made(name), exchange))


@pytest.mark.parametrize("name", served.WITH_WEBSOCKETS)
@pytest.mark.parametrize("origin", [served.APP, served.EVIL])
def test_a_websocket_passes_whatever_its_origin(name, origin):
    scope = scope_of("websocket", "/api/socket", [("Origin", origin)], scheme="ws", subprotocols=[])
    received = {"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}
    accepted, sent, *_ = asyncio.run(answer_of(made(name), scope, *received))
    assert accepted["type"] == "websocket.accept"
    assert served.about_cors(accepted.get("headers", [])) == ([], [""])
    assert (sent["type"], sent["text"]) == ("websocket.send", "hello")
