"""One table of requests with their answers, and apps of every framework that answer them.

A server finds the apps by name (`served:flask_app()`), a test loads the file with `runpy`.
An app imports its framework itself: what is not installed hinders no other.
"""

# ruff: noqa: PLC0415  (as just said)

from __future__ import annotations

import asyncio
import traceback
from http import HTTPStatus
from typing import NamedTuple

from asgiref.wsgi import WsgiToAsgi
from flask import Flask, redirect

from flask_cors import CORS, asgi, wsgi

APP = "https://app.example"
SUBDOMAIN = "https://a.apps.example"
EVIL = "https://evil.example"


def asked(origin: str) -> bool:
    return origin.endswith(".asked.example")


RESOURCES = {
    "/api/*": {
        "origins": [APP, "https://*.apps.example"],
        "methods": ["GET", "PUT"],
        "allow_headers": ["Content-Type", "X-Token"],
        "expose_headers": ["X-Total"],
        "max_age": 600,
    },
    "/private/*": {"origins": APP, "supports_credentials": True},
    "/open/*": {"origins": "*"},
    "/star/*": {"origins": "*", "send_wildcard": True},
    "/sandbox/*": {"origins": ["null", APP]},
    "/asked/*": {"origins": [APP, asked]},
}
AREAS = ("/api/*", "/private/*", "/open/*", "/star/*", "/sandbox/*", "/asked/*", "/closed/*")

# What the apps say. Below each area are these paths; every other is not found.
HELLO = (("X-Total", "3"),)
VARIED = (("Vary", "Accept-Encoding, origin"),)  # says part of it already
OWN = (("Access-Control-Allow-Origin", "https://own.example"), ("Vary", "Accept-Encoding"))
STREAM = ("one ", "two ", "three")
BODIES = {"hello": "hello", "stream": "one two three", "varied": "varied", "own": "own"}


class Exchange(NamedTuple):
    """A request, and what is said about CORS in the answer to it."""

    id: str
    method: str
    path: str
    sent: tuple[tuple[str, str], ...]
    status: int | None
    """`None` where each framework has its own"""
    answer: dict[str, str]
    """the fields whose names start with `Access-Control-`, without that"""
    vary: str
    app: tuple[tuple[str, str], ...] = ()
    """what the app says that matters here"""


def _from(origin: str) -> tuple[tuple[str, str], ...]:
    return (("Origin", origin),)


def _asks(origin: str, method: str, headers: str | None = None) -> tuple[tuple[str, str], ...]:
    lines = (("Origin", origin), ("Access-Control-Request-Method", method))
    return lines if headers is None else (*lines, ("Access-Control-Request-Headers", headers))


_ALL = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
_PREFLIGHT = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
_API = {"Allow-Origin": APP, "Expose-Headers": "X-Total"}
_PUT = {"Allow-Origin": APP, "Allow-Methods": "GET, PUT", "Max-Age": "600"}
_CREDENTIALS = {"Allow-Origin": APP, "Allow-Credentials": "true"}
_TWO_LINES = (("Origin", APP), ("Origin", APP))
_NAMED = "Content-Type, x-token"

# fmt: off
EXCHANGES = [
    # actual requests
    Exchange("simple", "GET", "/api/hello", _from(APP), 200, _API, "Origin"),
    Exchange("head", "HEAD", "/api/hello", _from(APP), 200, _API, "Origin"),
    Exchange("pattern", "GET", "/api/hello", _from(SUBDOMAIN), 200,
             {**_API, "Allow-Origin": SUBDOMAIN}, "Origin"),
    Exchange("upper-case", "GET", "/api/hello", _from("HTTPS://App.Example"), 200,
             {**_API, "Allow-Origin": "HTTPS://App.Example"}, "Origin"),
    Exchange("refused", "GET", "/api/hello", _from(EVIL), 200, {}, "Origin"),
    Exchange("refused-look-alike", "GET", "/api/hello", _from(APP + ".evil.test"), 200, {},
             "Origin"),
    Exchange("refused-bare-domain", "GET", "/api/hello", _from("https://apps.example"), 200, {},
             "Origin"),
    Exchange("options-but-no-preflight", "OPTIONS", "/api/hello", _from(APP), None, _API,
             "Origin"),
    Exchange("credentials", "GET", "/private/hello", _from(APP), 200, _CREDENTIALS, ""),
    Exchange("credentials-refused", "GET", "/private/hello", _from(EVIL), 200, {}, "Origin"),
    Exchange("wildcard", "GET", "/open/hello", _from(EVIL), 200, {"Allow-Origin": EVIL}, "Origin"),
    Exchange("send-wildcard", "GET", "/star/hello", _from(EVIL), 200, {"Allow-Origin": "*"}, ""),
    Exchange("callable", "GET", "/asked/hello", _from("https://x.asked.example"), 200,
             {"Allow-Origin": "https://x.asked.example"}, "Origin"),
    Exchange("callable-refuses", "GET", "/asked/hello", _from(EVIL), 200, {}, "Origin"),
    Exchange("no-rule", "GET", "/closed/hello", _from(APP), 200, {}, ""),
    # without Origin
    Exchange("plain", "GET", "/api/hello", (), 200, {}, "Origin"),
    Exchange("plain-one-origin", "GET", "/private/hello", (), 200, _CREDENTIALS, ""),
    Exchange("plain-wildcard", "GET", "/open/hello", (), 200, {"Allow-Origin": "*"}, ""),
    # preflights
    Exchange("granted", "OPTIONS", "/api/hello", _asks(APP, "PUT", "x-token,Content-Type"), 200,
             {**_PUT, "Allow-Headers": _NAMED}, _PREFLIGHT),
    Exchange("granted-without-headers", "OPTIONS", "/api/hello", _asks(APP, "put"), 200, _PUT,
             _PREFLIGHT),
    Exchange("refused-by-origin", "OPTIONS", "/api/hello", _asks(EVIL, "PUT", "x-token"), 200, {},
             _PREFLIGHT),
    Exchange("refused-by-method", "OPTIONS", "/api/hello", _asks(APP, "DELETE", "x-token"), 200,
             {"Allow-Origin": APP}, _PREFLIGHT),
    Exchange("refused-by-header", "OPTIONS", "/api/hello", _asks(APP, "PUT", "x-token,x-other"),
             200, {**_PUT, "Allow-Headers": "x-token"}, _PREFLIGHT),
    Exchange("refused-by-size", "OPTIONS", "/api/hello", _asks(APP, "PUT", "x-token," * 500), 200,
             _PUT, _PREFLIGHT),
    Exchange("granted-with-credentials", "OPTIONS", "/private/hello",
             _asks(APP, "PATCH", "x-any"), 200,
             {**_CREDENTIALS, "Allow-Methods": _ALL, "Allow-Headers": "x-any"}, _PREFLIGHT),
    Exchange("granted-by-wildcard", "OPTIONS", "/star/hello", _asks(EVIL, "PUT"), 200,
             {"Allow-Origin": "*", "Allow-Methods": _ALL}, _PREFLIGHT),
    Exchange("granted-where-nothing-is", "OPTIONS", "/api/missing", _asks(APP, "PUT"), 200, _PUT,
             _PREFLIGHT),
    Exchange("preflight-without-rule", "OPTIONS", "/closed/hello", _asks(APP, "PUT"), None, {}, ""),
    Exchange("private-network", "OPTIONS", "/api/hello",
             (*_asks(APP, "PUT"), ("Access-Control-Request-Private-Network", "true")), 200, _PUT,
             _PREFLIGHT),
    # odd origins
    Exchange("null", "GET", "/sandbox/hello", _from("null"), 200, {"Allow-Origin": "null"},
             "Origin"),
    Exchange("null-refused", "GET", "/api/hello", _from("null"), 200, {}, "Origin"),
    Exchange("null-by-wildcard", "GET", "/open/hello", _from("null"), 200,
             {"Allow-Origin": "null"}, "Origin"),
    Exchange("malformed", "GET", "/api/hello", _from(APP + "/path"), 200, {}, "Origin"),
    Exchange("malformed-by-wildcard", "GET", "/open/hello", _from("<script>"), 200,
             {"Allow-Origin": "*"}, ""),
    Exchange("not-ascii", "GET", "/open/hello", _from("https://caf\xe9.example"), 200,
             {"Allow-Origin": "*"}, ""),
    Exchange("long", "GET", "/api/hello", _from(f"https://{'a' * 4000}.apps.example"), 200, {},
             "Origin"),
    Exchange("two-lines", "GET", "/api/hello", _TWO_LINES, 200, {}, "Origin"),
    Exchange("two-lines-by-wildcard", "GET", "/open/hello", _TWO_LINES, 200,
             {"Allow-Origin": "*"}, ""),
    # whatever the app answers
    Exchange("404", "GET", "/api/missing", _from(APP), 404, _API, "Origin"),
    Exchange("405", "DELETE", "/api/hello", _from(APP), 405, _API, "Origin"),
    Exchange("500", "GET", "/api/error", _from(APP), 500, _API, "Origin"),
    Exchange("500-refused", "GET", "/api/error", _from(EVIL), 500, {}, "Origin"),
    Exchange("redirect", "GET", "/api/old", _from(APP), 307, _API, "Origin"),
    Exchange("stream", "GET", "/api/stream", _from(APP), 200, _API, "Origin"),
    Exchange("varied", "GET", "/api/varied", _from(APP), 200, _API, "Accept-Encoding, origin",
             VARIED),
    Exchange("own", "GET", "/api/own", _from(APP), 200, {"Allow-Origin": "https://own.example"},
             "Accept-Encoding", OWN),
]
# fmt: on


def about_cors(lines: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the fields about CORS of a response, and the names in its `Vary`."""
    fields = [
        (name.lower().removeprefix("access-control-"), value)
        for name, value in lines
        if name.lower().startswith("access-control-")
    ]
    vary = ", ".join(value for name, value in lines if name.lower() == "vary")
    names = [name for name in vary.lower().split(", ") if name != "accept"]  # of Falcon's errors
    return sorted(fields), names or [""]


def expected(exchange: Exchange) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the same of an exchange as it should be."""
    fields = [(name.lower(), value) for name, value in exchange.answer.items()]
    return sorted(fields), exchange.vary.lower().split(", ")


class BoomError(Exception):
    pass


def fields_of(path: str) -> tuple[tuple[str, str], ...]:
    return {"hello": HELLO, "varied": VARIED, "own": OWN}.get(path.rpartition("/")[2], ())


def around(app):
    """Stand around an ASGI app, as the guide shows it."""
    return asgi.CORSMiddleware(app, resources=RESOURCES)


def around_wsgi(app):
    return wsgi.CORSMiddleware(app, resources=RESOURCES)


# Hand-made --------------------------------------------------------------------------------------

FAILED = (HTTPStatus.INTERNAL_SERVER_ERROR, [("Content-Type", "text/plain")], ("sorry",))


def _answer(method: str, path: str) -> tuple[HTTPStatus, list[tuple[str, str]], tuple[str, ...]]:
    """Return the status, the lines and the parts of what a hand-made app answers."""
    name = path.strip("/").partition("/")[2]
    fields = [("Content-Type", "text/plain"), *fields_of(path)]
    if name == "error":
        raise BoomError("boom")
    if name == "old":
        return HTTPStatus.TEMPORARY_REDIRECT, [*fields, ("Location", "hello")], ()
    if name not in BODIES:
        return HTTPStatus.NOT_FOUND, fields, ()
    if method not in ("GET", "HEAD"):
        return HTTPStatus.METHOD_NOT_ALLOWED, fields, ()
    parts = STREAM if name == "stream" else (BODIES[name],)
    return HTTPStatus.OK, fields, parts if method == "GET" else ()


def wsgi_app():
    def app(environ, start_response):
        try:
            status, fields, parts = _answer(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        except BoomError:
            traceback.print_exc(file=environ["wsgi.errors"])
            status, fields, parts = FAILED
        start_response(f"{status.value} {status.phrase}", fields)
        return (part.encode() for part in parts)

    return around_wsgi(app)


async def _echo(receive, send):
    """Serve a WebSocket: send the first text back."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    event = await receive()
    await send({"type": "websocket.send", "text": event["text"]})
    await send({"type": "websocket.close"})


async def _respond(send, status, fields, parts):
    lines = [(name.lower().encode(), value.encode()) for name, value in fields]
    await send({"type": "http.response.start", "status": status.value, "headers": lines})
    for part in parts:
        await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
    await send({"type": "http.response.body"})


def asgi_app():
    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            await _echo(receive, send)
            return
        if scope["type"] != "http":
            raise NotImplementedError
        try:
            answer = _answer(scope["method"], scope["path"])
        except BoomError:
            await _respond(send, *FAILED)
            raise  # for the server's log
        await _respond(send, *answer)

    return around(app)


# Flask ------------------------------------------------------------------------------------------


def _flask():
    app = Flask(__name__)
    app.add_url_rule("/<area>/hello", "hello", lambda area: ("hello", dict(HELLO)))
    app.add_url_rule("/<area>/varied", "varied", lambda area: ("varied", dict(VARIED)))
    app.add_url_rule("/<area>/own", "own", lambda area: ("own", dict(OWN)))
    app.add_url_rule("/<area>/old", "old", lambda area: redirect("hello", 307))
    app.add_url_rule("/<area>/stream", "stream", lambda area: (part for part in STREAM))

    @app.get("/<area>/error")
    def error(area):
        raise BoomError("boom")

    return app


def flask_app():
    app = _flask()
    CORS(app, resources=RESOURCES)
    return app


def flask_in_wsgi_middleware():
    app = _flask()
    app.wsgi_app = around_wsgi(app.wsgi_app)
    return app


def flask_behind_asgi():
    return WsgiToAsgi(flask_app())


def flask_behind_a2wsgi():
    from a2wsgi import WSGIMiddleware

    return WSGIMiddleware(flask_app())


def flask_in_asgi_middleware():
    return around(WsgiToAsgi(_flask()))


def flask_in_starlette():
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/", app=flask_behind_asgi())])


# Starlette and FastAPI --------------------------------------------------------------------------


def _starlette_routes():
    from starlette.responses import PlainTextResponse, RedirectResponse, StreamingResponse
    from starlette.routing import Route, WebSocketRoute

    async def stream(request):
        async def parts():
            for part in STREAM:
                await asyncio.sleep(0)
                yield part

        return StreamingResponse(parts())

    async def error(request):
        raise BoomError("boom")

    async def old(request):
        return RedirectResponse("hello")

    async def named(request):
        name = request.url.path.rpartition("/")[2]
        return PlainTextResponse(name, headers=dict(fields_of(name)))

    async def socket(websocket):
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    routes = [Route(f"/{{area}}/{name}", named) for name in ("hello", "varied", "own")]
    others = [Route(f"/{{area}}/{view.__name__}", view) for view in (stream, error, old)]
    return [*routes, *others, WebSocketRoute("/{area}/socket", socket)]


def _starlette():
    from starlette.applications import Starlette

    return Starlette(routes=_starlette_routes())


def starlette_app():
    return around(_starlette())


def starlette_with_added_middleware():
    app = _starlette()
    app.add_middleware(asgi.CORSMiddleware, resources=RESOURCES)
    return app


def _fastapi():
    from fastapi import FastAPI, WebSocket
    from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse

    app = FastAPI()

    # Unlike Starlette and Flask, FastAPI does not answer HEAD where it answers GET.
    @app.get("/{area}/hello")
    @app.head("/{area}/hello")
    async def hello(area: str):
        return PlainTextResponse("hello", headers=dict(HELLO))

    @app.get("/{area}/varied")
    async def varied(area: str):
        return PlainTextResponse("varied", headers=dict(VARIED))

    @app.get("/{area}/own")
    def own(area: str):  # in a thread
        return PlainTextResponse("own", headers=dict(OWN))

    @app.get("/{area}/old")
    async def old(area: str):
        return RedirectResponse("hello")

    @app.get("/{area}/stream")
    async def stream(area: str):
        return StreamingResponse(iter(STREAM))

    @app.get("/{area}/error")
    async def error(area: str):
        raise BoomError("boom")

    async def socket(websocket):
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    socket.__annotations__["websocket"] = WebSocket  # which is not known where this module begins
    app.websocket("/{area}/socket")(socket)
    return app


def fastapi_app():
    return around(_fastapi())


def fastapi_with_added_middleware():
    app = _fastapi()
    app.add_middleware(asgi.CORSMiddleware, resources=RESOURCES)
    return app


def fastapi_in_starlette():
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/", app=around(_fastapi()))])


def starlette_in_fastapi():
    from fastapi import FastAPI

    app = FastAPI()
    app.mount("/", around(_starlette()))
    return app


# Quart ------------------------------------------------------------------------------------------


def _quart():
    from quart import Quart, redirect, websocket

    app = Quart(__name__)

    async def named(area, name):
        return (name, dict(fields_of(name))) if name in BODIES else ("not found", 404)

    async def stream(area):
        async def parts():
            for part in STREAM:
                yield part

        return parts()

    async def error(area):
        raise BoomError("boom")

    async def old(area):
        return redirect("hello", 307)

    async def socket(area):
        await websocket.send(await websocket.receive())

    app.add_url_rule("/<area>/<name>", "named", named)
    for view in (stream, error, old):
        app.add_url_rule(f"/<area>/{view.__name__}", view.__name__, view)
    app.add_websocket("/<area>/socket", "socket", socket)
    return app


def quart_app():
    return around(_quart())


def quart_with_middleware_inside():
    app = _quart()
    app.asgi_app = around(app.asgi_app)
    return app


def quart_in_fastapi():
    from fastapi import FastAPI

    app = FastAPI()
    app.mount("/", around(_quart()))
    return app


# Django -----------------------------------------------------------------------------------------


def _configure_django():
    from django.conf import settings
    from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
    from django.urls import path
    from django.views.decorators.http import require_safe

    async def hello(request, area):
        return HttpResponse("hello", headers=dict(HELLO))

    async def varied(request, area):
        return HttpResponse("varied", headers=dict(VARIED))

    def own(request, area):  # in a thread
        return HttpResponse("own", headers=dict(OWN))

    def old(request, area):
        return HttpResponseRedirect("hello", status=307)

    def stream(request, area):
        async def parts():
            for part in STREAM:
                yield part

        return StreamingHttpResponse(parts() if hasattr(request, "scope") else iter(STREAM))

    async def error(request, area):
        raise BoomError("boom")

    if not settings.configured:  # it has one configuration for the whole process
        settings.configure(
            ALLOWED_HOSTS=["127.0.0.1"],
            LOGGING={
                "version": 1,
                "disable_existing_loggers": False,
                "handlers": {"console": {"class": "logging.StreamHandler"}},
                "loggers": {"django": {"handlers": ["console"]}},
            },
            ROOT_URLCONF=tuple(
                path(f"<area>/{view.__name__}", require_safe(view))
                for view in (hello, varied, own, old, stream, error)
            ),
            SECRET_KEY="only for a test",
        )


def django_app():
    from django.core.asgi import get_asgi_application

    _configure_django()
    return around(get_asgi_application())


def django_wsgi_app():
    from django.core.wsgi import get_wsgi_application

    _configure_django()
    return around_wsgi(get_wsgi_application())


def django_in_starlette():
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/", app=django_app())])


# Falcon -----------------------------------------------------------------------------------------


class FalconViews:
    """Views of an app of Falcon, which takes them as methods of an object."""

    def __init__(self, falcon):
        self.falcon = falcon

    def answer(self, request, response):
        name = request.path.rpartition("/")[2]
        if name == "error":
            raise BoomError("boom")
        if name == "old":
            raise self.falcon.HTTPTemporaryRedirect("hello")
        if name not in BODIES:
            raise self.falcon.HTTPNotFound
        response.set_headers(dict(fields_of(name)))
        response.text = BODIES[name]

    def on_get(self, request, response, area, name):
        self.answer(request, response)

    on_head = on_get


class AsyncFalconViews(FalconViews):
    async def on_get(self, request, response, area, name):
        self.answer(request, response)

    on_head = on_get

    async def on_websocket(self, request, websocket, area, name):
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()


def falcon_app():
    import falcon.asgi

    app = falcon.asgi.App()
    app.add_route("/{area}/{name}", AsyncFalconViews(falcon))
    return around(app)


def falcon_wsgi_app():
    import falcon

    app = falcon.App()
    app.add_route("/{area}/{name}", FalconViews(falcon))
    return around_wsgi(app)


# Connexion --------------------------------------------------------------------------------------


def _connexion():
    import connexion
    from connexion.resolver import Resolver
    from starlette.responses import PlainTextResponse, RedirectResponse, StreamingResponse

    async def stream(area):
        return StreamingResponse(iter(STREAM))

    async def error(area):
        raise BoomError("boom")

    async def old(area):
        return RedirectResponse("hello")

    def named(name, fields):
        async def view(area):
            return PlainTextResponse(name, headers=dict(fields))

        return view

    views = {name: named(name, fields_of(name)) for name in ("hello", "varied", "own")}
    views |= {"stream": stream, "error": error, "old": old}
    area = {"name": "area", "in": "path", "required": True, "schema": {"type": "string"}}

    def operation(name):
        responses = {"200": {"description": name}}
        return {"operationId": name, "parameters": [area], "responses": responses}

    paths = {
        f"/{{area}}/{name}": {method: operation(name) for method in ("get", "head")}
        for name in views
    }
    description = {
        "openapi": "3.0.3",
        "info": {"title": "the table", "version": "1"},
        "paths": paths,
    }
    app = connexion.AsyncApp(__name__)
    app.add_api(description, resolver=Resolver(views.__getitem__))
    return app


def connexion_app():
    return around(_connexion())


def connexion_with_added_middleware():
    from connexion.middleware import MiddlewarePosition

    app = _connexion()
    position = MiddlewarePosition.BEFORE_EXCEPTION
    app.add_middleware(asgi.CORSMiddleware, position, resources=RESOURCES)
    return app


# What there is ----------------------------------------------------------------------------------

# Each app with the packages that it needs, beside those of the tests themselves.
WSGI_APPS = {
    "wsgi_app": (),
    "flask_app": (),
    "flask_in_wsgi_middleware": (),
    "django_wsgi_app": ("django",),
    "falcon_wsgi_app": ("falcon",),
}
ASGI_APPS = {
    "asgi_app": (),
    "flask_behind_asgi": (),
    "flask_behind_a2wsgi": ("a2wsgi",),
    "flask_in_asgi_middleware": (),
    "flask_in_starlette": ("starlette",),
    "starlette_app": ("starlette",),
    "starlette_with_added_middleware": ("starlette",),
    "starlette_in_fastapi": ("fastapi",),
    "fastapi_app": ("fastapi",),
    "fastapi_with_added_middleware": ("fastapi",),
    "fastapi_in_starlette": ("fastapi",),
    "quart_app": ("quart",),
    "quart_with_middleware_inside": ("quart",),
    "quart_in_fastapi": ("fastapi", "quart"),
    "django_app": ("django",),
    "django_in_starlette": ("django", "starlette"),
    "falcon_app": ("falcon",),
    "connexion_app": ("connexion",),
    "connexion_with_added_middleware": ("connexion",),
}
WITH_WEBSOCKETS = [
    name
    for name in ASGI_APPS
    if name.split("_")[0] in ("asgi", "starlette", "fastapi", "quart", "falcon")
]
# The framework's own page for an exception stands around what is added to it, where no headers
# reach it.
WITH_BARE_500 = ["starlette_with_added_middleware", "fastapi_with_added_middleware"]
