"""Real servers: for each framework the CORS headers on the wire are those of the table."""

from __future__ import annotations

import contextlib
import json
import os
import re
import runpy
import socket
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace

import pytest

from ..support.servers import free_port, running

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PYTHON = (sys.executable, "-W", "ignore")
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
served = SimpleNamespace(**runpy.run_path(str(HERE / "served.py")))

GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--graceful-timeout", "5")
SERVERS = {
    "gunicorn-sync": (*GUNICORN, "--worker-class", "sync", "served:{app}()"),
    "gunicorn-threads": (
        *(*GUNICORN, "--worker-class", "gthread", "--threads", "2"),
        "served:{app}()",
    ),
    "gunicorn-gevent": (*GUNICORN, "--worker-class", "gevent", "served:{app}()"),
    "waitress": ("waitress", "--listen", "127.0.0.1:{port}", "--call", "served:{app}"),
    "uvicorn": ("uvicorn", "--port", "{port}", "--factory", "served:{app}"),
    "hypercorn": ("hypercorn", "--bind", "127.0.0.1:{port}", "served:{app}()"),
    "hypercorn-wsgi": ("hypercorn", "--bind", "127.0.0.1:{port}", "wsgi:served:{app}()"),
}
APPS = {**served.WSGI_APPS, **served.ASGI_APPS}

# `test_table` asks every app. On a server each framework is asked once in each form it has, and
# what a server itself may change is asked on all of them.
RUNNING = [
    *[(server, app) for server in list(SERVERS)[:4] for app in ("wsgi_app", "flask_app")],
    *[(server, "django_wsgi_app") for server in ("gunicorn-threads", "waitress")],
    *[
        (server, app)
        for server in ("uvicorn", "hypercorn")
        for app in (
            "asgi_app",
            "flask_behind_asgi",
            "starlette_app",
            "fastapi_app",
            "fastapi_in_starlette",
            "quart_app",
            "django_app",
            "falcon_app",
            "connexion_app",
        )
    ],
]


def on_servers(pairs):
    named = [pytest.param(*pair, id="-".join(pair)) for pair in pairs]
    return pytest.mark.parametrize(("command", "app"), named, scope="module")


on_every_server = on_servers(RUNNING)
pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(command, app, tmp_path_factory):
    """Give the port on which a server runs an app, and the file with what it logs."""
    arguments = [part.format(port="{port}", app=app) for part in SERVERS[command]]
    packages = {arguments[0], *APPS[app], *(["gevent"] if command == "gunicorn-gevent" else [])}
    for package in packages:
        pytest.importorskip(package, reason=f"{package} is not installed")
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    arguments = [part.format(port=port) for part in arguments]
    with running([*PYTHON, "-m", *arguments], log, port, HERE, ENVIRONMENT):
        yield SimpleNamespace(port=port, log=log)


def fetch(port, exchange):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(exchange.method, exchange.path)
        for name, value in exchange.sent:
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read().decode("utf-8")


@on_every_server
@pytest.mark.parametrize("exchange", served.EXCHANGES, ids=lambda exchange: exchange.id)
def test_the_answer_is_that_of_the_table(server, exchange):
    status, lines, body = fetch(server.port, exchange)

    assert served.expected(exchange) == served.about_cors(lines)
    if exchange.status is not None:
        assert exchange.status == status
    if exchange.status == 200:
        name = exchange.path.rpartition("/")[2]
        assert body == (served.BODIES[name] if exchange.method == "GET" else "")


# Other responses without a body, such as one to HEAD, are a 500 there even without the middleware.
@on_servers(("hypercorn-wsgi", app) for app in ("wsgi_app", "flask_app"))
@pytest.mark.parametrize("name", ["granted", "refused-by-origin"])
def test_hypercorn_answers_a_preflight_of_a_wsgi_app(server, name):
    [exchange] = [exchange for exchange in served.EXCHANGES if exchange.id == name]
    status, lines, body = fetch(server.port, exchange)
    assert (status, body) == (200, "")
    assert served.expected(exchange) == served.about_cors(lines)


@on_every_server
def test_an_exception_that_escapes_is_in_the_server_s_log(server):
    before = server.log.stat().st_size
    [exchange] = [exchange for exchange in served.EXCHANGES if exchange.id == "500"]
    fetch(server.port, exchange)

    deadline = time.monotonic() + 10
    logged = ""
    while "BoomError: boom" not in logged and time.monotonic() < deadline:
        logged = server.log.read_bytes()[before:].decode("utf-8", "replace")
        time.sleep(0.02)
    assert "Traceback (most recent call last)" in logged
    assert "BoomError: boom" in logged


@on_every_server
def test_a_preflight_in_lower_case_is_one_or_is_refused_by_the_server(server):
    [granted] = [exchange for exchange in served.EXCHANGES if exchange.id == "granted"]
    status, lines, _ = fetch(server.port, granted._replace(method="options"))
    if status == 200:
        assert served.expected(granted) == served.about_cors(lines)
    else:
        assert (status, served.about_cors(lines)) == (400, ([], [""]))  # as Gunicorn does


@on_servers(pair for pair in RUNNING if pair[1] in served.WITH_WEBSOCKETS)
def test_a_websocket_is_served_whatever_its_origin(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(
            b"GET /api/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: https://evil.example\r\n\r\n"
        )
        with connection.makefile("rb") as incoming:
            head = b"".join(iter(incoming.readline, b"\r\n"))
            assert head.startswith(b"HTTP/1.1 101 ")
            assert b"access-control-" not in head.lower()
            # RFC 6455, section 5.2: a whole text of five bytes, masked with zeros, and without.
            connection.sendall(b"\x81\x85\0\0\0\0hello")
            assert incoming.read(7) == b"\x81\x05hello"


EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*_app.py"))


PORT_OF = {
    "hypercorn": ("--bind", "127.0.0.1:{port}"),
    "python": ("{port}",),
    "uvicorn": ("--port", "{port}"),
}
FROM_APP = (("Origin", "https://app.example.com"),)
ASKED = [
    SimpleNamespace(method="GET", path="/api/hello", sent=FROM_APP),
    SimpleNamespace(
        method="OPTIONS",
        path="/api/hello",
        sent=(*FROM_APP, ("Access-Control-Request-Method", "PUT")),
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_by_the_command_in_its_docstring(example, tmp_path):
    text = example.read_text("utf-8")
    [command] = re.findall(r"^    (\w+ .*docs/examples.*)$", text, re.MULTILINE)
    program, *arguments = command.split()
    for package in {program, example.stem.removesuffix("_app")} - {"python", "wsgi"}:
        pytest.importorskip(package, reason=f"{package} is not installed")
    port = free_port()
    arguments += [part.format(port=port) for part in PORT_OF[program]]

    module = [] if program == "python" else ["-m", program]
    command = [*PYTHON, *module, *arguments]
    with running(command, tmp_path / "log", port, ROOT, ENVIRONMENT):
        (status, lines, body), (_, preflight_lines, _) = (fetch(port, asked) for asked in ASKED)

    assert (status, json.loads(body)) == (200, {"message": "Hello"})
    assert ("allow-origin", "https://app.example.com") in served.about_cors(lines)[0]
    assert ("max-age", "600") in served.about_cors(preflight_lines)[0]
