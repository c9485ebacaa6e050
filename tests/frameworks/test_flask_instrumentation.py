"""What wraps a Flask app, or a view of it: tracing, error reports and caches, by real packages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request

from flask_cors import CORS, cross_origin

APP = "https://app.example"
OTHER = "https://other.example"
EVIL = "https://evil.test"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def set_up_cors(app: Flask) -> None:
    CORS(app, origins=[APP, OTHER])


def failing_app() -> Flask:
    app = Flask("wrapped")
    app.add_url_rule("/found", "found", lambda: "found")

    @app.get("/fails")
    def fail() -> str:
        raise LookupError

    return app


def ask(app: Flask, method: str, path: str, origin: str = APP) -> tuple[int, str | None]:
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    if method != "OPTIONS":
        del headers["Access-Control-Request-Method"]
    response = app.test_client().open(path, method=method, headers=headers)
    return response.status_code, response.headers.get(ALLOW_ORIGIN)


# method, path, status
REQUESTS = [
    ("GET", "/found", 200),
    ("OPTIONS", "/found", 200),
    ("POST", "/found", 405),
    ("GET", "/missing", 404),
    ("GET", "/fails", 500),
]


@pytest.mark.parametrize("cors_first", [True, False], ids=["cors-first", "cors-last"])
def test_an_app_that_opentelemetry_traces_is_answered_as_without(*, cors_first: bool) -> None:
    flask_tracing = pytest.importorskip("opentelemetry.instrumentation.flask")
    tracing = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    spans, provider, app = memory.InMemorySpanExporter(), tracing.TracerProvider(), failing_app()
    provider.add_span_processor(export.SimpleSpanProcessor(spans))

    def trace(app: Flask) -> None:
        flask_tracing.FlaskInstrumentor().instrument_app(app, tracer_provider=provider)

    for step in (set_up_cors, trace) if cors_first else (trace, set_up_cors):
        step(app)
    for method, path, status in REQUESTS:
        assert ask(app, method, path) == (status, APP)
        assert ask(app, method, path, EVIL) == (status, None)
    traced = {
        (span.name, span.attributes["http.status_code"]) for span in spans.get_finished_spans()
    }
    assert {("GET /found", 200), ("GET /missing", 404), ("GET /fails", 500)} <= traced


@pytest.fixture
def reported() -> Iterator[list[str]]:
    """Have Sentry installed, and its reports of exceptions collected."""
    sentry_sdk = pytest.importorskip("sentry_sdk")
    integration = pytest.importorskip("sentry_sdk.integrations.flask").FlaskIntegration()
    reports: list[str] = []

    def collect(event: dict[str, Any], _hint: object) -> None:
        reports.extend(each["type"] for each in event.get("exception", {}).get("values", ()))

    sentry_sdk.init(
        "https://key@sentry.invalid/1",
        default_integrations=False,
        integrations=[integration],
        before_send=collect,
    )
    yield reports
    sentry_sdk.init()


def test_an_app_that_sentry_watches_is_answered_as_without(reported: list[str]) -> None:
    app = failing_app()
    set_up_cors(app)
    for method, path, status in REQUESTS:
        assert ask(app, method, path) == (status, APP)
        assert ask(app, method, path, EVIL) == (status, None)
    assert reported == ["LookupError", "LookupError"]


def cached_app(cache: Any, *, above: bool, extension: bool) -> tuple[Flask, list[str]]:
    app, served = Flask("cached"), list[str]()
    app.config["CACHE_TYPE"] = "SimpleCache"
    cache.init_app(app)
    if extension:
        CORS(app, resources=[])

    def view() -> str:
        served.append(request.path)
        return "body"

    decorators = [cross_origin(origins=[APP, OTHER]), cache.cached(timeout=60)]
    for decorator in decorators if above else reversed(decorators):
        view = decorator(view)
    app.add_url_rule("/", "view", view)
    return app, served


@pytest.mark.parametrize(
    ("above", "extension"),
    [(True, True), (False, True), (False, False)],
    ids=["cache-above", "cache-below", "cache-below-alone"],
)
def test_what_flask_caching_keeps_is_served_to_each_origin_as_its_own(
    *, above: bool, extension: bool
) -> None:
    cache = pytest.importorskip("flask_caching").Cache()
    app, served = cached_app(cache, above=above, extension=extension)
    for origin in (APP, OTHER, EVIL, APP):
        expected = None if origin == EVIL else origin
        assert ask(app, "GET", "/", origin) == (200, expected)
        assert ask(app, "OPTIONS", "/", origin) == (200, expected)
    assert served == ["/"]
