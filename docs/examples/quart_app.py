"""CORS for a Quart app.

Run it, and open http://127.0.0.1:8000/api/hello:

    hypercorn docs/examples/quart_app:asgi
"""

from __future__ import annotations

from quart import Quart

from flask_cors.asgi import CORSMiddleware

app = Quart(__name__)


@app.get("/api/hello")
async def hello() -> dict[str, str]:
    """Answer a simple call."""
    return {"message": "Hello"}


asgi = CORSMiddleware(app, origins=["https://app.example.com"], max_age=600)
