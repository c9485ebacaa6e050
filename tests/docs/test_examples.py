"""The examples `factory.py` and `async_views.py` over HTTP, and `test_rules.py` on broken rules."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask

from flask_cors import ConfigurationError
from flask_cors.testing import Browser

from ..support.serving import serving

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"
OURS = "https://app.example"
LOCAL = "http://localhost:3000"
EVIL = "https://evil.example"
PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


class Asked(NamedTuple):
    method: str
    path: str
    origin: str
    asks: str | None = None
    """the method that a preflight requests"""


def ask(port: int, asked: Asked) -> HTTPMessage:
    """Return the headers of the response; a preflight requests Content-Type too."""
    headers = {"Origin": asked.origin}
    if asked.asks is not None:
        headers["Access-Control-Request-Method"] = asked.asks
        headers["Access-Control-Request-Headers"] = "content-type"
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(asked.method, asked.path, headers=headers)
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    assert response.status == 200
    return response.headers


def about_cors(headers: HTTPMessage) -> dict[str, str]:
    """Return the CORS fields, without `Access-Control-`, and `Vary` unless it is `Cookie`."""
    vary = ", ".join(value for value in headers.get_all("Vary", []) if value != "Cookie")
    said = {
        name.removeprefix("Access-Control-"): ", ".join(headers.get_all(name, []))
        for name in headers
        if name.startswith("Access-Control-")
    }
    return {**said, "Vary": vary} if vary else said


@pytest.fixture
def make_app(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Flask]:
    for name in [name for name in os.environ if name.startswith("FLASK_")]:
        monkeypatch.delenv(name)
    return runpy.run_path(str(EXAMPLES / "factory.py"))["create_app"]


def asking(method: str, path: str, origin: str) -> Asked:
    return Asked("OPTIONS", path, origin, method)


PUT = {"Allow-Origin": OURS, "Allow-Methods": "GET, PUT", "Allow-Headers": "content-type"}
ITEMS = {"Allow-Origin": OURS, "Expose-Headers": "X-Total"}
LOG_IN = {
    "Allow-Origin": OURS,
    "Allow-Credentials": "true",
    "Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    "Allow-Headers": "content-type",
    "Max-Age": "600",
}
ME = {"Allow-Origin": LOCAL, "Allow-Credentials": "true"}


# fmt: off
FACTORY = [
    pytest.param(OURS, Asked("GET", "/api/items", OURS), ITEMS, id="blueprint"),
    pytest.param(OURS, Asked("GET", "/api/items", EVIL), {"Vary": "Origin"}, id="another-origin"),
    pytest.param(f"{LOCAL}, {OURS}", Asked("GET", "/api/items", OURS), {**ITEMS, "Vary": "Origin"},
                 id="two-in-the-environment"),
    pytest.param(None, Asked("GET", "/account/me", LOCAL), ME, id="nothing-in-the-environment"),
    pytest.param(OURS, asking("PUT", "/api/items/tea", OURS), {**PUT, "Vary": PREFLIGHT_VARY},
                 id="preflight-of-a-class"),
    pytest.param(OURS, asking("DELETE", "/api/items/tea", OURS),
                 {"Allow-Origin": OURS, "Vary": PREFLIGHT_VARY}, id="preflight-for-no-page"),
    pytest.param(OURS, asking("POST", "/account/login", OURS), {**LOG_IN, "Vary": PREFLIGHT_VARY},
                 id="preflight-with-credentials"),
    pytest.param(OURS, Asked("GET", "/status", EVIL), {"Allow-Origin": "*"}, id="decorated-class"),
]
# fmt: on


@pytest.mark.server
@pytest.mark.parametrize(("origins", "asked", "expected"), FACTORY)
def test_the_factory_answers_over_http(make_app, monkeypatch, origins, asked, expected):
    if origins is not None:
        monkeypatch.setenv("FLASK_CORS_ORIGINS", origins)
    with serving(make_app()) as port:
        assert expected == about_cors(ask(port, asked))


@pytest.mark.parametrize(
    ("origins", "code"),
    [
        pytest.param("", "origin-unset", id="empty"),
        pytest.param("app.example", "origin-scheme", id="no-scheme"),
        pytest.param("*", "credentials-wildcard", id="everyone"),
    ],
)
def test_the_factory_refuses_an_environment_that_cannot_be_meant(
    make_app, monkeypatch, origins, code
):
    monkeypatch.setenv("FLASK_CORS_ORIGINS", origins)
    with pytest.raises(ConfigurationError) as caught:
        make_app()
    assert [code] == [problem.code for problem in caught.value.problems]


@pytest.fixture
def async_views() -> Flask:
    return runpy.run_path(str(EXAMPLES / "async_views.py"))["app"]


PRICES, PRICE = "/api/prices", "/partner/prices/tea"
TEA, CAKE = "https://tea.example", "https://cake.example"
MAY_PUT = {"Allow-Origin": TEA, "Allow-Methods": "PUT", "Allow-Headers": "content-type"}


# fmt: off
ASYNC_APP = [
    pytest.param(Asked("GET", PRICES, OURS), {"Allow-Origin": OURS, "Vary": "Origin"}, id="listed"),
    pytest.param(Asked("GET", PRICES, TEA), {"Allow-Origin": TEA, "Vary": "Origin"}, id="found"),
    pytest.param(Asked("GET", PRICES, EVIL), {"Vary": "Origin"}, id="not-found"),
    pytest.param(Asked("PUT", PRICE, CAKE),
                 {"Allow-Origin": CAKE, "Expose-Headers": "X-Price", "Vary": "Origin"}, id="view"),
    pytest.param(Asked("PUT", PRICE, OURS), {"Vary": "Origin"}, id="view-not-for-us"),
    pytest.param(asking("PUT", PRICE, TEA), {**MAY_PUT, "Vary": PREFLIGHT_VARY}, id="preflight"),
    pytest.param(asking("PUT", PRICE, OURS), {"Vary": PREFLIGHT_VARY}, id="preflight-not-for-us"),
]
# fmt: on


@pytest.mark.server
@pytest.mark.parametrize(("asked", "expected"), ASYNC_APP)
def test_the_async_views_answers_over_http(async_views, asked, expected):
    with serving(async_views) as port:
        assert expected == about_cors(ask(port, asked))


def test_a_script_of_a_partner_reads_what_the_async_view_says(async_views):
    fetched = Browser(async_views, "https://tea.example").fetch("PUT", "/partner/prices/cake")
    assert fetched.json() == {"name": "cake"}
    assert fetched.headers["X-Price"] == "4"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        pytest.param('methods=["GET", "PUT"], ', "", id="any-method"),
        pytest.param("CORS(api, ", 'CORS(api, origins="*", ', id="everyone"),
        pytest.param(
            'request.get_json()["name"]',
            'request.get_json(force=True)["name"]',
            id="a-form-is-taken-for-json",
        ),
    ],
)
def test_the_rules_fail_where_one_is_broken(tmp_path, rule, broken):
    shutil.copy(EXAMPLES / "test_rules.py", tmp_path)
    source = (EXAMPLES / "factory.py").read_text("utf-8")
    assert rule in source
    (tmp_path / "factory.py").write_text(source.replace(rule, broken), "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "test_rules.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # it needs none
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1, run.stdout
    assert "1 failed" in run.stdout
