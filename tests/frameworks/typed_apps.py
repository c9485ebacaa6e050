"""Where frameworks and servers take the middlewares, and on marked lines what is refused.

Never run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from wsgiref.simple_server import make_server
from wsgiref.validate import validator

import _typeshed.wsgi as typeshed
import a2wsgi
import falcon
import falcon.asgi
import httpx
import uvicorn
from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from asgiref.wsgi import WsgiToAsgi
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from fastapi import FastAPI
from flask import Flask
from hypercorn import Config
from hypercorn.asyncio import serve  # pyright: ignore[reportUnknownVariableType]  # in part
from hypercorn.typing import ASGIFramework
from quart import Quart
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Host, Mount, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_cors import CORS, MiddlewareOptions, asgi, wsgi
from flask_cors.wsgi import StartResponse, WSGIEnvironment

starlette, fastapi, quart, flask = Starlette(), FastAPI(), Quart(__name__), Flask(__name__)


shared: MiddlewareOptions = {"resources": {"/api/*": {"origins": "*"}}, "max_age": 600}
CORS(flask, **shared)
asgi.CORSMiddleware(starlette, **shared)
wsgi.CORSMiddleware(flask, **shared)


async def allowed(origin: str) -> bool:
    return origin == "https://app.example"


# Around an app ----------------------------------------------------------------------------------

asgi.CORSMiddleware(starlette, origins=["https://app.example"])
asgi.CORSMiddleware(fastapi, origins=["https://app.example"])
asgi.CORSMiddleware(Router(), origins=["https://app.example"])
asgi.CORSMiddleware(StaticFiles(directory="static"), origins=["https://app.example"])
asgi.CORSMiddleware(quart, origins=allowed)
asgi.CORSMiddleware(quart.asgi_app, origins=["https://app.example", allowed])
asgi.CORSMiddleware(get_asgi_application(), origins=["https://app.example"])
asgi.CORSMiddleware(falcon.asgi.App(), origins=["https://app.example"])
behind_asgi = WsgiToAsgi(flask)  # type: ignore[no-untyped-call]  # asgiref has no type for it
asgi.CORSMiddleware(behind_asgi, origins=["https://app.example"])
asgi.CORSMiddleware(
    a2wsgi.WSGIMiddleware(wsgi.CORSMiddleware(flask)), origins=["https://app.example"]
)
asgi.CORSMiddleware(asgi.CORSMiddleware(starlette), resources="/api/*")
asgi.CORSMiddleware(starlette, resources={"/api/*": {"origins": "*", "max_age": 600}})


async def typed_app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    await asgi.CORSMiddleware(starlette)(scope, receive, send)


asgi.CORSMiddleware(typed_app)

# Where frameworks take or hold an app -------------------------------------------------------------

starlette.add_middleware(asgi.CORSMiddleware, origins=["https://app.example"], max_age=600)
fastapi.add_middleware(asgi.CORSMiddleware, origins=["https://app.example", allowed])
Starlette(middleware=[Middleware(asgi.CORSMiddleware, origins="*")])
fastapi.mount("/static", asgi.CORSMiddleware(StaticFiles(directory="static")))
starlette.mount("/quart", app=asgi.CORSMiddleware(quart, origins="*"))
starlette.host("api.example", asgi.CORSMiddleware(fastapi))
Mount("/django", app=asgi.CORSMiddleware(get_asgi_application()))
Mount("/api", routes=[], middleware=[Middleware(asgi.CORSMiddleware, origins="*")])
Host("api.example", app=asgi.CORSMiddleware(Router()))
quart.asgi_app = asgi.CORSMiddleware(quart.asgi_app)  # type: ignore[method-assign]  # Quart's own way

asgi3: ASGI3Application = asgi.CORSMiddleware(quart)
starlette_s: ASGIApp = asgi.CORSMiddleware(quart)
hypercorn_s: ASGIFramework = asgi.CORSMiddleware(starlette)
ours: asgi.ASGIApp = asgi.CORSMiddleware(fastapi)

# Where servers and clients do ---------------------------------------------------------------------

uvicorn.run(asgi.CORSMiddleware(fastapi))
uvicorn.Config(asgi.CORSMiddleware(starlette))
httpx.ASGITransport(asgi.CORSMiddleware(quart))
asyncio.run(serve(asgi.CORSMiddleware(starlette), Config()))

# WSGI -------------------------------------------------------------------------------------------

wsgi.CORSMiddleware(flask, origins=["https://app.example"])
wsgi.CORSMiddleware(flask.wsgi_app, origins=["https://app.example"])
wsgi.CORSMiddleware(get_wsgi_application(), origins=["https://app.example"])
wsgi.CORSMiddleware(falcon.App(), origins=["https://app.example"])
wsgi.CORSMiddleware(ProxyFix(flask.wsgi_app), origins=["https://app.example"])
wsgi.CORSMiddleware(wsgi.CORSMiddleware(flask), resources="/api/*")


def typed_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return wsgi.CORSMiddleware(flask)(environ, start_response)


def typed_by_python(
    environ: typeshed.WSGIEnvironment, start_response: typeshed.StartResponse
) -> Iterable[bytes]:
    return wsgi.CORSMiddleware(typed_wsgi)(environ, start_response)


wsgi.CORSMiddleware(typed_by_python)
flask.wsgi_app = wsgi.CORSMiddleware(flask.wsgi_app)  # type: ignore[method-assign]  # Flask's own way
ProxyFix(wsgi.CORSMiddleware(flask))
DispatcherMiddleware(wsgi.CORSMiddleware(flask), {"/api": wsgi.CORSMiddleware(typed_wsgi)})
a2wsgi.WSGIMiddleware(wsgi.CORSMiddleware(flask))
make_server("localhost", 8000, wsgi.CORSMiddleware(flask))
validator(wsgi.CORSMiddleware(flask))
httpx.WSGITransport(wsgi.CORSMiddleware(flask))
hypercorn_wsgi = serve(wsgi.CORSMiddleware(flask), Config())
python_s: typeshed.WSGIApplication = wsgi.CORSMiddleware(flask)
our_wsgi: wsgi.WSGIApplication = wsgi.CORSMiddleware(flask)

# Refused ----------------------------------------------------------------------------------------

asgi.CORSMiddleware(quart, origin="*")  # expect: call-arg
asgi.CORSMiddleware(quart, max_age=[600])  # expect: arg-type
asgi.CORSMiddleware(quart, resources={"/*": {"origin": "*"}})  # expect: typeddict-unknown-key
asgi.CORSMiddleware(quart, intercept_exceptions=False)  # expect: call-arg
starlette.add_middleware(asgi.CORSMiddleware, origin="*")  # expect: call-arg
starlette.add_middleware(asgi.CORSMiddleware, max_age=[600])  # expect: arg-type
fastapi.add_middleware(asgi.CORSMiddleware, origin="*")  # expect: call-arg
fastapi.add_middleware(asgi.CORSMiddleware, max_age=[600])  # expect: arg-type
Middleware(asgi.CORSMiddleware, origin="*")  # expect: call-arg
Middleware(asgi.CORSMiddleware, max_age=[600])  # expect: arg-type
fastapi.mount("/static", asgi.CORSMiddleware(StaticFiles(), origin="*"))  # expect: call-arg
wsgi.CORSMiddleware(flask, origin="*")  # expect: call-arg
wsgi.CORSMiddleware(flask, intercept_exceptions=False)  # expect: call-arg
wsgi.CORSMiddleware(flask, max_age=[600])  # expect: arg-type
asgi.CORSMiddleware(flask)  # expect: arg-type
wsgi.CORSMiddleware(quart)  # expect: arg-type
fastapi.mount("/flask", wsgi.CORSMiddleware(flask))  # expect: arg-type
