"""Real servers: for each framework the CORS headers on the wire are those of the table."""

from __future__ import annotations

import contextlib
import json
import os
import re
import runpy
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
SYNC = (*GUNICORN, "--worker-class", "sync")
THREADS = (*GUNICORN, "--worker-class", "gthread", "--threads", "2")
UVICORN = ("uvicorn", "--port", "{port}", "--factory")
HYPERCORN = ("hypercorn", "--bind", "127.0.0.1:{port}")

NEEDED = {
    "asgi_app": (),
    "django_app": ("django",),
    "fastapi_app": ("fastapi",),
    "flask_app": (),
    "flask_behind_asgi": (),
    "quart_app": ("quart",),
    "starlette_app": ("starlette",),
    "wsgi_app": (),
}
ASGI_APPS = [
    "asgi_app",
    "django_app",
    "fastapi_app",
    "flask_behind_asgi",
    "quart_app",
    "starlette_app",
]
RUNNING = [
    *[pytest.param(SYNC, app, id=f"gunicorn-sync-{app}") for app in ("flask_app", "wsgi_app")],
    *[
        pytest.param(THREADS, app, id=f"gunicorn-threads-{app}")
        for app in ("flask_app", "wsgi_app")
    ],
    *[pytest.param(UVICORN, app, id=f"uvicorn-{app}") for app in ASGI_APPS],
    *[pytest.param(HYPERCORN, app, id=f"hypercorn-{app}") for app in ASGI_APPS],
]

on_every_server = pytest.mark.parametrize(("command", "app"), RUNNING, scope="module")
pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(command, app, tmp_path_factory):
    """Give the port on which a server runs an app, and the file with what it logs."""
    for package in (command[0], *NEEDED[app]):
        pytest.importorskip(package, reason=f"{package} is not installed")
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    arguments = [part.format(port=port) for part in command]
    target = f"served:{app}" if command is UVICORN else f"served:{app}()"
    with running([*PYTHON, "-m", *arguments, target], log, port, HERE, ENVIRONMENT):
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
