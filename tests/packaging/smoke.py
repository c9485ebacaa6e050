"""Run in an environment that has the installed package alone, and served for real."""

from __future__ import annotations

import http.client
import importlib
import pkgutil
import sys
from pathlib import Path
from threading import Thread

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

import flask_cors
from flask_cors import CORS, cross_origin

APP = "https://app.example"
EVIL = "https://evil.test"
ASKED = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a"}


class QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  (the overridden method's name)
        pass


def make_app() -> Flask:
    app = Flask(__name__)
    CORS(app, origins=APP, supports_credentials=True, max_age=600)

    @app.put("/items")
    def items() -> dict[str, int]:
        return {"tea": 2}

    @app.get("/news")
    @cross_origin(origins=r"https://(app|admin)\.example", supports_credentials=False)
    async def news() -> str:
        return "news"

    return app


def answer(port: int, method: str, path: str, **fields: str) -> tuple[int, str, dict[str, str]]:
    """Return the status, the body, and the fields of CORS in an answer."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request(method, path, headers={n.replace("_", "-"): v for n, v in fields.items()})
    response = client.getresponse()
    body = response.read().decode()
    client.close()
    ours = {
        name: value
        for name, value in response.getheaders()
        if name == "Vary" or name.startswith("Access-Control-")
    }
    return response.status, body, ours


def check_imports(version: str) -> None:
    """Check that it is the installed package that is imported, whole, and of the right version."""
    package = Path(flask_cors.__file__).parent
    assert package.is_relative_to(sys.prefix), package
    assert version == flask_cors.__version__
    names = [found.name for found in pkgutil.walk_packages([str(package)], "flask_cors.")]
    assert {"flask_cors.asgi", "flask_cors.cli", "flask_cors.core.policy"} <= {*names}
    for name in names:
        importlib.import_module(name)
    assert (package / "py.typed").is_file()


def check_answers(port: int) -> None:
    """Check an actual request, a preflight and a refusal, with and without a view's own policy."""
    granted = {"Access-Control-Allow-Origin": APP, "Access-Control-Allow-Credentials": "true"}
    preflight = {
        **granted,
        "Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
        "Access-Control-Allow-Headers": "x-a",
        "Access-Control-Max-Age": "600",
    }
    vary = {"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}
    of_view = {"Access-Control-Allow-Origin": APP, "Vary": "Origin"}

    body = '{"tea":2}\n'
    assert (200, body, granted) == answer(port, "PUT", "/items", Origin=APP)
    assert (200, "", {**preflight, **vary}) == answer(
        port, "OPTIONS", "/items", Origin=APP, **ASKED
    )
    assert (200, body, {"Vary": "Origin"}) == answer(port, "PUT", "/items", Origin=EVIL)
    assert (200, "", vary) == answer(port, "OPTIONS", "/items", Origin=EVIL, **ASKED)
    assert (200, "news", of_view) == answer(port, "GET", "/news", Origin=APP)
    assert answer(port, "GET", "/news", Origin=EVIL) == (200, "news", {"Vary": "Origin"})
    status, _, fields = answer(port, "GET", "/nowhere", Origin=APP)
    assert (404, granted) == (status, fields)


if __name__ == "__main__":
    check_imports(sys.argv[1])
    server = make_server("127.0.0.1", 0, make_app(), request_handler=QuietHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        check_answers(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    print("every module imported, every answer as promised")  # noqa: T201  (for the caller)
