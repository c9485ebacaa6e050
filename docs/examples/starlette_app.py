"""CORS for a Starlette app.

Run it, and open http://127.0.0.1:8000/api/hello:

    uvicorn --app-dir docs/examples starlette_app:app
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from flask_cors.asgi import CORSMiddleware


async def hello(_request: Request) -> JSONResponse:
    """Answer a simple call."""
    return JSONResponse({"message": "Hello"})


api = Starlette(routes=[Route("/api/hello", hello)])
app = CORSMiddleware(api, origins=["https://app.example.com"], max_age=600)
