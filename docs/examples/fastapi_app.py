"""CORS for a FastAPI app.

Run it, and open http://127.0.0.1:8000/api/hello:

    uvicorn --app-dir docs/examples fastapi_app:app
"""

from __future__ import annotations

from fastapi import FastAPI

from flask_cors.asgi import CORSMiddleware

api = FastAPI()


@api.get("/api/hello")
async def hello() -> dict[str, str]:
    """Answer a simple call."""
    return {"message": "Hello"}


app = CORSMiddleware(api, origins=["https://app.example.com"], max_age=600)
