"""The apps that the soak asks: one for each server, all with the same rules and the same answers.

An app answers `/<area>/<kind>/...` by its kind, with the request's `X-Id` as the body: so a client
sees whether it got its own answer.
"""

from __future__ import annotations

from typing import Any

TENANTS = 200
KINDS = {"ok": 200, "missing": 404, "old": 307}


def is_asked(origin: str) -> bool:
    return origin.endswith(".asked.example")


RESOURCES: dict[str, Any] = {
    **{
        f"/t{number}/*": {"origins": f"https://t{number}.example", "supports_credentials": True}
        for number in range(TENANTS)
    },
    "/open/*": {"origins": "*"},
    "/asked/*": {"origins": [is_asked]},
    "/pattern/*": {"origins": ["https://*.pattern.example", r"https://re-\d+\.example"]},
}


class LostError(Exception):
    """What a view lets escape."""


def flask_app() -> Any:
    """Return an app of Flask with the extension."""
    from flask import Flask, request  # noqa: PLC0415  (each server loads its own framework alone)

    from flask_cors import CORS  # noqa: PLC0415  (as above)

    app = Flask(__name__, static_folder=None)
    app.logger.disabled = True

    def answer(area: str, kind: str, rest: str) -> Any:
        if kind == "error":
            raise LostError
        headers = {"Location": "/open/ok/x"} if kind == "old" else {}
        identity = request.headers.get("X-Id", "")
        body = iter([identity[:3], identity[3:]]) if kind == "stream" else identity
        return body, KINDS.get(kind, 200), headers

    methods = ["GET", "POST", "PUT", "DELETE"]
    app.add_url_rule("/<area>/<kind>/<path:rest>", "answer", answer, methods=methods)
    CORS(app, resources=RESOURCES)
    return app


def wsgi_app() -> Any:
    """Return a plain WSGI app in the middleware."""
    from flask_cors.wsgi import CORSMiddleware  # noqa: PLC0415  (as above)

    def app(environ: Any, start_response: Any) -> Any:
        kind = environ["PATH_INFO"].split("/")[2]
        status = 500 if kind == "error" else KINDS.get(kind, 200)
        start_response(f"{status} Said", [("Content-Type", "text/plain")])
        identity = environ.get("HTTP_X_ID", "").encode()
        return iter([identity[:3], identity[3:]]) if kind == "stream" else [identity]

    return CORSMiddleware(app, resources=RESOURCES)


def starlette_app() -> Any:
    """Return an app of Starlette in the middleware."""
    from starlette.applications import Starlette  # noqa: PLC0415  (as above)
    from starlette.responses import Response, StreamingResponse  # noqa: PLC0415  (as above)
    from starlette.routing import Route  # noqa: PLC0415  (as above)

    from flask_cors.asgi import CORSMiddleware  # noqa: PLC0415  (as above)

    async def answer(request: Any) -> Any:
        kind, identity = request.path_params["kind"], request.headers.get("X-Id", "")
        if kind == "error":
            raise LostError
        if kind == "stream":
            return StreamingResponse(iter([identity[:3], identity[3:]]))
        return Response(identity, KINDS.get(kind, 200))

    methods = ["GET", "POST", "PUT", "DELETE"]
    route = Route("/{area}/{kind}/{rest:path}", answer, methods=methods)
    return CORSMiddleware(Starlette(routes=[route]), resources=RESOURCES)


def quart_app() -> Any:
    """Return an app of Quart in the middleware."""
    from quart import Quart, request  # noqa: PLC0415  (as above)

    from flask_cors.asgi import CORSMiddleware  # noqa: PLC0415  (as above)

    app = Quart(__name__, static_folder=None)
    app.logger.disabled = True

    async def answer(area: str, kind: str, rest: str) -> Any:
        identity = request.headers.get("X-Id", "")
        if kind == "error":
            raise LostError

        async def parts() -> Any:
            yield identity[:3]
            yield identity[3:]

        return parts() if kind == "stream" else identity, KINDS.get(kind, 200)

    methods = ["GET", "POST", "PUT", "DELETE"]
    app.add_url_rule("/<area>/<kind>/<path:rest>", "answer", answer, methods=methods)
    return CORSMiddleware(app, resources=RESOURCES)
