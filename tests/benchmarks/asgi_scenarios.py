"""The same Starlette app bare, behind Starlette's CORSMiddleware, and behind the one here."""

from __future__ import annotations

from scenarios import ALLOWED, EVIL, LISTED, PATH, asks
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from flask_cors import asgi

METHODS = ["GET", "PUT"]
HEADERS = ["Content-Type", "X-Token"]

SENT = {
    "allowed": ("GET", {"Origin": ALLOWED}),
    "refused": ("GET", {"Origin": EVIL}),
    "plain": ("GET", {}),
    "preflight": ("OPTIONS", asks()),
}


async def view(_request):
    return PlainTextResponse("x")


def apps(name: str):
    """Return each app with the scope of the request `name`."""
    method, sent = SENT[name]
    bare = Starlette(routes=[Route(PATH, view, methods=METHODS)])
    theirs = CORSMiddleware(
        bare, allow_origins=LISTED, allow_methods=METHODS, allow_headers=HEADERS
    )
    ours = asgi.CORSMiddleware(bare, origins=LISTED, methods=METHODS, allow_headers=HEADERS)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"user-agent", b"benchmark"),
            (b"accept", b"*/*"),
            (b"accept-encoding", b"gzip, deflate"),
            *((key.lower().encode(), value.encode()) for key, value in sent.items()),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    return {"bare": (bare, scope), "starlette": (theirs, scope), "cors": (ours, scope)}
