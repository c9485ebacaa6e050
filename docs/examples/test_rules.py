"""Tests of the rules of `factory.py`: which pages may do what, in a model of a browser.

    python -m pytest docs/examples/test_rules.py

They run like the tests of a separate project, with their own `pytest.ini`.
"""

# ruff: noqa: D103, S101  (the name of a test says what it shows, and tests assert)

from __future__ import annotations

from typing import Literal

import pytest
from factory import create_app
from flask import Flask

from flask_cors.testing import Browser, CORSBlocked

OURS = "https://app.example"
SECOND = "https://admin.example"
EVIL = "https://evil.example"
SERVER = "https://api.example"


@pytest.fixture
def app() -> Flask:
    return create_app({"CORS_ORIGINS": f"{OURS}, {SECOND}", "TESTING": True})


def page_at(origin: str, app: Flask) -> Browser:
    return Browser(app, origin, server=SERVER)


@pytest.mark.parametrize("origin", [OURS, SECOND])
def test_our_pages_read_items_and_their_number(app: Flask, origin: str) -> None:
    fetched = page_at(origin, app).fetch("GET", "/api/items")
    assert fetched.json() == {"items": ["tea", "cake"]}
    assert fetched.headers["X-Total"] == "2"


def test_our_pages_store_an_item(app: Flask) -> None:
    fetched = page_at(OURS, app).fetch("PUT", "/api/items/tea", json={"price": 2})
    assert fetched.json() == {"name": "tea", "stored": {"price": 2}}


def test_our_pages_stay_logged_in(app: Flask) -> None:
    page = page_at(OURS, app)
    page.fetch("POST", "/account/login", json={"name": "Ada"}, credentials="include")
    assert page.fetch("GET", "/account/me", credentials="include").json() == {"name": "Ada"}
    assert page.fetch("GET", "/account/me").json() == {"name": None}


@pytest.mark.parametrize("credentials", ["omit", "include"])
@pytest.mark.parametrize("path", ["/api/items", "/account/me"])
@pytest.mark.parametrize("origin", [EVIL, "null", "http://app.example"])
def test_no_other_page_reads(
    app: Flask, origin: str, path: str, credentials: Literal["omit", "include"]
) -> None:
    with pytest.raises(CORSBlocked) as caught:
        page_at(origin, app).fetch("GET", path, credentials=credentials)
    assert caught.value.step.code == "origin"


def test_no_other_page_gets_to_store_an_item(app: Flask) -> None:
    with pytest.raises(CORSBlocked) as caught:
        page_at(EVIL, app).fetch("PUT", "/api/items/tea", json={"price": 0})
    assert caught.value.step.code == "preflight-origin"
    assert [sent.request.method for sent, _ in caught.value.outcome.exchanges] == ["OPTIONS"]


def test_no_page_deletes(app: Flask) -> None:
    with pytest.raises(CORSBlocked) as caught:
        page_at(OURS, app).fetch("DELETE", "/api/items/tea")
    assert caught.value.step.code == "preflight-method"


def test_a_form_of_another_site_logs_nobody_in(app: Flask) -> None:
    # Browsers send a form, or plain text, without a preflight, so the view itself has to refuse it.
    app.testing = False
    outcome = page_at(EVIL, app).outcome(
        "POST", "/account/login", body='{"name": "Eve"}', credentials="include"
    )
    [(_, response)] = outcome.exchanges
    assert response.status in {400, 415}
    assert "Set-Cookie" not in dict(response.headers)


def test_everyone_reads_the_status(app: Flask) -> None:
    assert page_at(EVIL, app).fetch("GET", "/status").json() == {"status": "up"}
