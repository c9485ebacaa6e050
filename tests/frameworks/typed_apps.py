"""Which apps and options the middlewares accept, and on marked lines refuse. Never run."""

from __future__ import annotations

from asgiref.typing import ASGI3Application
from asgiref.wsgi import WsgiToAsgi
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from fastapi import FastAPI
from flask import Flask
from quart import Quart
from starlette.applications import Starlette
from starlette.middleware import Middleware

from flask_cors import asgi, wsgi

starlette, fastapi, quart, flask = Starlette(), FastAPI(), Quart(__name__), Flask(__name__)


async def allowed(origin: str) -> bool:
    return origin == "https://app.example"


asgi.CORSMiddleware(starlette, origins=["https://app.example"])
asgi.CORSMiddleware(fastapi, origins=["https://app.example"])
asgi.CORSMiddleware(quart, origins=allowed)
asgi.CORSMiddleware(quart.asgi_app, origins=["https://app.example", allowed])
asgi.CORSMiddleware(get_asgi_application(), origins=["https://app.example"])
behind_asgi = WsgiToAsgi(flask)  # type: ignore[no-untyped-call]  # asgiref has no type for it
asgi.CORSMiddleware(behind_asgi, origins=["https://app.example"])
asgi.CORSMiddleware(asgi.CORSMiddleware(starlette), resources="/api/*")
starlette.add_middleware(asgi.CORSMiddleware, origins=["https://app.example"], max_age=600)
fastapi.add_middleware(asgi.CORSMiddleware, origins=["https://app.example", allowed])
Starlette(middleware=[Middleware(asgi.CORSMiddleware, origins="*")])
wrapped: ASGI3Application = asgi.CORSMiddleware(quart)

wsgi.CORSMiddleware(flask, origins=["https://app.example"])
wsgi.CORSMiddleware(flask.wsgi_app, origins=["https://app.example"])
wsgi.CORSMiddleware(get_wsgi_application(), origins=["https://app.example"])
wsgi.CORSMiddleware(wsgi.CORSMiddleware(flask), resources="/api/*")

asgi.CORSMiddleware(quart, origin="*")  # expect: call-arg
asgi.CORSMiddleware(quart, max_age=[600])  # expect: arg-type
asgi.CORSMiddleware(quart, resources={"/*": {"origin": "*"}})  # expect: typeddict-unknown-key
starlette.add_middleware(asgi.CORSMiddleware, origin="*")  # expect: call-arg
fastapi.add_middleware(asgi.CORSMiddleware, max_age=[600])  # expect: arg-type
wsgi.CORSMiddleware(flask, origin="*")  # expect: call-arg
asgi.CORSMiddleware(flask)  # expect: arg-type
wsgi.CORSMiddleware(quart)  # expect: arg-type
