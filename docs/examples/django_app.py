"""CORS for a Django project; the last line belongs in its `asgi.py`.

Run it, and open http://127.0.0.1:8000/api/hello:

    uvicorn --app-dir docs/examples django_app:application
"""

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from flask_cors.asgi import CORSMiddleware

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY", "only for a try on this machine"),
)


async def hello(_request: HttpRequest) -> JsonResponse:
    """Answer a simple call."""
    return JsonResponse({"message": "Hello"})


urlpatterns = [path("api/hello", hello)]

application = CORSMiddleware(
    get_asgi_application(), origins=["https://app.example.com"], max_age=600
)
