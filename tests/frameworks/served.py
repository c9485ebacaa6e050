"""One table of requests with their answers, and apps of every framework that answer them.

A server finds the apps by name (`served:flask_app()`), a test loads the file with `runpy`.
An app imports its framework itself: what is not installed hinders no other.
"""

# ruff: noqa: PLC0415  (as just said)

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import NamedTuple

from asgiref.wsgi import WsgiToAsgi
from flask import Flask

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
    """Is a request, and what is said about CORS in the answer to it."""

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
    return sorted(fields), vary.lower().split(", ")


def expected(exchange: Exchange) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the same of an exchange as it should be."""
    fields = [(name.lower(), value) for name, value in exchange.answer.items()]
    return sorted(fields), exchange.vary.lower().split(", ")


class BoomError(Exception):
    pass


def body_of(path: str) -> str | None:
    """Return what a hand-made app answers below an area, or `None` for not found."""
    _, _, name = path.strip("/").partition("/")
    if name == "error":
        raise BoomError("boom")
    return BODIES.get(name)


def fields_of(path: str) -> tuple[tuple[str, str], ...]:
    return {"hello": HELLO, "varied": VARIED, "own": OWN}.get(path.rpartition("/")[2], ())


def status_of(method: str, path: str) -> HTTPStatus:
    if method not in ("GET", "HEAD"):
        return HTTPStatus.METHOD_NOT_ALLOWED
    return HTTPStatus.NOT_FOUND if body_of(path) is None else HTTPStatus.OK


# Hand-made --------------------------------------------------------------------------------------


def wsgi_app():
    def app(environ, start_response):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        status = status_of(method, path)
        fields = [("Content-Type", "text/plain"), *fields_of(path)]
        start_response(f"{status.value} {status.phrase}", fields)
        body = body_of(path) if method == "GET" else None
        return (part.encode() for part in (STREAM if path.endswith("stream") else [body or ""]))

    return wsgi.CORSMiddleware(app, resources=RESOURCES)


def asgi_app():
    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError
        method, path = scope["method"], scope["path"]
        status = status_of(method, path)
        fields = [(b"content-type", b"text/plain")]
        fields += [(name.lower().encode(), value.encode()) for name, value in fields_of(path)]
        await send({"type": "http.response.start", "status": status.value, "headers": fields})
        body = body_of(path) if method == "GET" else None
        for part in STREAM if path.endswith("stream") else [body or ""]:
            await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
        await send({"type": "http.response.body"})

    return asgi.CORSMiddleware(app, resources=RESOURCES)


# Frameworks -------------------------------------------------------------------------------------


def flask_app():
    app = Flask(__name__)
    CORS(app, resources=RESOURCES)
    app.add_url_rule("/<area>/hello", "hello", lambda area: ("hello", dict(HELLO)))
    app.add_url_rule("/<area>/varied", "varied", lambda area: ("varied", dict(VARIED)))
    app.add_url_rule("/<area>/own", "own", lambda area: ("own", dict(OWN)))
    app.add_url_rule("/<area>/stream", "stream", lambda area: (part for part in STREAM))

    @app.get("/<area>/error")
    def error(area):
        raise BoomError("boom")

    return app


def flask_behind_asgi():
    return WsgiToAsgi(flask_app())


def _starlette_routes():
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route

    async def stream(request):
        async def parts():
            for part in STREAM:
                await asyncio.sleep(0)
                yield part

        return StreamingResponse(parts())

    async def error(request):
        raise BoomError("boom")

    async def named(request):
        name = request.url.path.rpartition("/")[2]
        return PlainTextResponse(name, headers=dict(fields_of(name)))

    routes = [Route(f"/{{area}}/{name}", named) for name in ("hello", "varied", "own")]
    return [*routes, Route("/{area}/stream", stream), Route("/{area}/error", error)]


def starlette_app():
    from starlette.applications import Starlette

    app = Starlette(routes=_starlette_routes())
    app.add_middleware(asgi.CORSMiddleware, resources=RESOURCES)
    return app


def fastapi_app():
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse, StreamingResponse

    app = FastAPI()
    app.add_middleware(asgi.CORSMiddleware, resources=RESOURCES)

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

    @app.get("/{area}/stream")
    async def stream(area: str):
        return StreamingResponse(iter(STREAM))

    @app.get("/{area}/error")
    async def error(area: str):
        raise BoomError("boom")

    return app


def quart_app():
    from quart import Quart

    app = Quart(__name__)

    async def stream(area):
        async def parts():
            for part in STREAM:
                yield part

        return parts()

    async def error(area):
        raise BoomError("boom")

    def named(name, fields):
        async def view(area):
            return name, dict(fields)

        return view

    for name, fields in (("hello", HELLO), ("varied", VARIED), ("own", OWN)):
        app.add_url_rule(f"/<area>/{name}", name, named(name, fields))
    app.add_url_rule("/<area>/stream", "stream", stream)
    app.add_url_rule("/<area>/error", "error", error)
    return asgi.CORSMiddleware(app, resources=RESOURCES)


def django_app():
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.http import HttpResponse, StreamingHttpResponse
    from django.urls import path
    from django.views.decorators.http import require_safe

    async def hello(request, area):
        return HttpResponse("hello", headers=dict(HELLO))

    async def varied(request, area):
        return HttpResponse("varied", headers=dict(VARIED))

    def own(request, area):  # in a thread
        return HttpResponse("own", headers=dict(OWN))

    async def stream(request, area):
        async def parts():
            for part in STREAM:
                yield part

        return StreamingHttpResponse(parts())

    async def error(request, area):
        raise BoomError("boom")

    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        LOGGING={
            "version": 1,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "loggers": {"django": {"handlers": ["console"]}},
        },
        ROOT_URLCONF=tuple(
            path(f"<area>/{view.__name__}", require_safe(view))
            for view in (hello, varied, own, stream, error)
        ),
        SECRET_KEY="only for a test",
    )
    return asgi.CORSMiddleware(get_asgi_application(), resources=RESOURCES)
