"""Who answers an uncaught exception, depending on where the middleware stands."""

from __future__ import annotations

import pytest

from flask_cors.asgi import CORSMiddleware

starlette = pytest.importorskip("starlette.applications", reason="starlette is not installed")
responses = pytest.importorskip("starlette.responses")
routing = pytest.importorskip("starlette.routing")

APP = "https://app.example"


async def sorry(request, error):
    return responses.PlainTextResponse("sorry", 500)


async def boom(request):
    raise LookupError("lost")


def app_of(**options):
    return starlette.Starlette(routes=[routing.Route("/boom", boom)], **options)


def added(app, **options):
    app.add_middleware(CORSMiddleware, origins=[APP], **options)
    return app


def wrapped(app):
    return CORSMiddleware(app, origins=[APP])


async def answer(app):
    """Return status, Allow-Origin and body of the answer to a request that fails."""
    events = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/boom",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"origin", APP.encode())],
    }

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event):
        events.append(event)

    with pytest.raises(LookupError, match="lost"):
        await app(scope, receive, send)
    fields = {name.lower(): value.decode() for name, value in events[0]["headers"]}
    body = b"".join(event.get("body", b"") for event in events[1:])
    return events[0]["status"], fields.get(b"access-control-allow-origin"), body.decode()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("app", "allowed", "body"),
    [
        pytest.param(added(app_of()), APP, "Internal Server Error", id="added"),
        pytest.param(wrapped(app_of()), APP, "Internal Server Error", id="wrapped"),
        pytest.param(
            wrapped(app_of(exception_handlers={Exception: sorry})),
            APP,
            "sorry",
            id="wrapped-handler",
        ),
        pytest.param(
            added(app_of(exception_handlers={Exception: sorry})),
            APP,
            "Internal Server Error",
            id="added-handler",
        ),
        pytest.param(
            added(app_of(exception_handlers={Exception: sorry}), intercept_exceptions=False),
            None,
            "sorry",
            id="added-handler-not-intercepted",
        ),
    ],
)
async def test_an_uncaught_exception_is_answered_as_the_guide_says(app, allowed, body):
    assert await answer(app) == (500, allowed, body)


@pytest.mark.asyncio
async def test_the_traceback_of_debug_mode_has_headers_where_the_app_is_wrapped():
    status, allowed, body = await answer(wrapped(app_of(debug=True)))
    assert (status, allowed) == (500, APP)
    assert "LookupError: lost" in body
