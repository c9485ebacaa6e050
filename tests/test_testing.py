"""`Browser.fetch` on real apps: what a script gets, and which requests reach the app."""

from __future__ import annotations

import importlib.util
import itertools
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask, Response, jsonify, redirect, request, session, stream_with_context
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_cors import CORS, testing
from flask_cors.browser import CHROMIUM
from flask_cors.core import CORSError
from flask_cors.testing import Browser, CORSBlocked
from flask_cors.wsgi import CORSMiddleware

APP = "https://app.example"
SAME_SITE = "http://localhost:3000"
browser = testing.browser  # projects import this fixture


def make_app(**options):
    """Return an app that answers with a description of the request and records it in `app.seen`."""
    app = Flask(__name__)
    app.secret_key = "secret"
    app.seen = []

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    @app.route("/<path:path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def echo(path):
        answer = jsonify(
            method=request.method,
            url=request.url,
            path=path,
            body=request.get_data(as_text=True),
            type=request.headers.get("Content-Type"),
            token=request.headers.get("X-Token"),
            cookies=request.cookies,
        )
        answer.headers["X-Path"] = path or "none"
        answer.set_cookie("seen", "yes")
        return answer

    @app.route("/to/<int:status>", methods=["GET", "POST", "PUT"])
    def away(status):
        return redirect(request.args["at"], status)

    @app.get("/failing")
    def failing():
        raise LookupError("nothing there")

    @app.get("/stopping")
    def stopping():
        return next(iter([]))

    @app.get("/bytes")
    def octets():
        return Response(b"caf\xc3\xa9 \xff", 202, content_type="text/plain")

    CORS(app, **options)
    app.wsgi_app = noting(app.wsgi_app, app.seen)
    return app


def noting(wsgi_app, seen):
    """Record the method, host, path and cookies of each request."""

    def app(environ, start_response):
        path = environ["PATH_INFO"]
        cookie = environ.get("HTTP_COOKIE")
        seen.append((environ["REQUEST_METHOD"], environ["HTTP_HOST"], path, cookie))
        return wsgi_app(environ, start_response)

    return app


@pytest.fixture
def app():
    return make_app(origins=APP, supports_credentials=True, expose_headers="X-Path")


def methods(outcome):
    return [each.sent.request.method for each in outcome.exchanges]


# What a script gets -------------------------------------------------------------------------------


def test_a_script_gets_what_it_may_read(browser):
    fetched = browser.fetch("GET", "/a?b=1")
    assert fetched.status == 200
    assert fetched.json()["url"] == "http://localhost/a?b=1"
    assert fetched.headers["x-path"] == "a"
    assert {name for name, _ in fetched.headers} == {"Content-Type", "Content-Length", "X-Path"}
    assert methods(fetched.outcome) == ["GET"]


def test_a_body_is_bytes_and_text(app):
    fetched = Browser(app).fetch("GET", "/bytes")
    assert (fetched.status, fetched.body, fetched.text) == (202, b"caf\xc3\xa9 \xff", "café \ufffd")


def test_a_preflight_comes_first(browser):
    fetched = browser.fetch("PUT", "/a", headers={"X-Token": "1"})
    assert (fetched.json()["method"], fetched.json()["token"]) == ("PUT", "1")
    preflight, actual = fetched.outcome.exchanges
    assert ("Access-Control-Request-Headers", "x-token") in preflight.sent.request.headers
    assert (preflight.response.status, preflight.response.body) == (200, b"")
    assert ("Origin", APP) in actual.sent.request.headers


def test_a_blocked_request_raises(app):
    with pytest.raises(CORSBlocked) as caught:
        Browser(app, "https://evil.example").fetch("GET", "/a")
    step = caught.value.step
    assert (step.code, step.passed, step.section) == ("origin", False, "CORS check")
    assert caught.value.outcome.response is None
    assert caught.value.outcome.steps[-1] is step
    assert methods(caught.value.outcome) == ["GET"]


@pytest.mark.parametrize(
    ("page", "method", "path", "message"),
    [
        (
            "null",
            "GET",
            "/a",
            """origin: no Access-Control-Allow-Origin; the page is null (Fetch, CORS check)
  GET http://localhost/a -> 200""",
        ),
        (
            APP,
            "PURGE",
            "/a",
            """preflight-method: no Access-Control-Allow-Methods (Fetch, CORS-preflight fetch)
  OPTIONS http://localhost/a -> 200""",
        ),
        (
            APP,
            "GET",
            "/to/302?at=data:,x",
            """redirect: to data:,x, which is not an http or https URL (Fetch, HTTP-redirect fetch)
  GET http://localhost/to/302?at=data:,x -> 302""",
        ),
        (APP, "trace", "/a", "method: no script may send trace (Fetch, forbidden method)"),
    ],
)
def test_the_error_names_the_check_and_the_requests(app, page, method, path, message):
    with pytest.raises(CORSBlocked) as caught:
        Browser(app, page).fetch(method, path)
    assert str(caught.value) == message


def test_the_error_is_one_of_this_package_and_can_be_pickled(app):
    with pytest.raises(CORSError) as caught:
        Browser(app, "https://evil.example").fetch("GET", "/a")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  (pytest-xdist pickles exceptions)
    assert (copy.step, copy.outcome) == (caught.value.step, caught.value.outcome)


def test_outcome_does_not_raise(app):
    outcome = Browser(app, "https://evil.example").outcome("PUT", "/a")
    assert outcome.response is None
    assert [step.code for step in outcome.steps] == ["preflight", "preflight-origin"]
    assert app.seen == [("OPTIONS", "localhost", "/a", None)]


# What is sent -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "kind", "body", "preflight"),
    [
        ({}, None, "", False),
        ({"body": "é"}, "text/plain;charset=UTF-8", "é", False),
        ({"body": ""}, "text/plain;charset=UTF-8", "", False),
        ({"body": b"bytes"}, None, "bytes", False),
        ({"json": {"a": 1}}, "application/json", '{"a": 1}', True),
        ({"json": None}, "application/json", "null", True),
        ({"body": "x", "json": []}, "application/json", "[]", True),
        (
            {"body": "a=1", "headers": {"content-type": "application/x-www-form-urlencoded"}},
            "application/x-www-form-urlencoded",
            "a=1",
            False,
        ),
        (
            {"json": 1, "headers": [("CONTENT-TYPE", "application/problem+json")]},
            "application/problem+json",
            "1",
            True,
        ),
    ],
)
def test_bodies(browser, options, kind, body, preflight):
    fetched = browser.fetch("POST", "/a", **options)
    assert (fetched.json()["type"], fetched.json()["body"]) == (kind, body)
    assert methods(fetched.outcome) == (["OPTIONS"] if preflight else []) + ["POST"]
    lines = [
        (name.lower(), value) for name, value in fetched.outcome.exchanges[-1].sent.request.headers
    ]
    assert [value for name, value in lines if name == "content-type"] == ([kind] if kind else [])


def test_a_preflight_has_no_body():
    seen = []

    def app(environ, start_response):
        seen.append((environ["REQUEST_METHOD"], environ["wsgi.input"].read()))
        names = ("Origin", "Methods", "Headers")
        start_response("200 OK", [(f"Access-Control-Allow-{name}", "*") for name in names])
        return []

    Browser(app).fetch("PUT", "/", json=1)
    assert seen == [("OPTIONS", b""), ("PUT", b"1")]


@pytest.mark.parametrize("method", ["GET", "head"])
@pytest.mark.parametrize("options", [{"body": "x"}, {"body": b""}, {"json": None}])
def test_a_get_with_a_body_is_an_error(browser, method, options):
    with pytest.raises(ValueError, match=f"a {method} request cannot have a body"):
        browser.fetch(method, "/a", **options)


@pytest.mark.parametrize("url", ["ftp://localhost/a", "http://[::1/", "data:,x"])
def test_an_invalid_url_is_an_error(app, browser, url):
    with pytest.raises(ValueError, match="is not a"):
        browser.fetch("GET", url)
    assert app.seen == []


@pytest.mark.parametrize("headers", [{"X-Token": "1"}, [("X-Token", "1")], (("x-token", "1"),)])
def test_headers_are_a_mapping_or_pairs(browser, headers):
    assert browser.fetch("GET", "/a", headers=headers).json()["token"] == "1"


def test_headers_that_a_script_cannot_set_are_left_out(app, browser):
    browser.fetch("GET", "/a", headers={"Cookie": "a=b", "Origin": "https://evil.example"})
    assert app.seen == [("GET", "localhost", "/a", None)]


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("/a", "localhost", "/a"),
        ("a", "localhost", "/a"),
        ("", "localhost", "/"),
        ("http://localhost", "localhost", "/"),
        ("/a%20b/c%2Fd#e", "localhost", "/a b/c/d"),
        ("/%C3%A9", "localhost", "/\xc3\xa9"),
        ("/é", "localhost", "/\xc3\xa9"),
        ("/a/../b", "localhost", "/b"),
        ("//b.localhost/a", "b.localhost", "/a"),
        ("http://localhost//b.example/a", "localhost", "//b.example/a"),
        ("https://b.example:8080/a", "b.example:8080", "/a"),
        ("https://b\xfccher.example:443/a", "xn--bcher-kva.example", "/a"),
        ("http://127.1:5000/a", "127.0.0.1:5000", "/a"),
        ("http://[::1]:8080/a", "[::1]:8080", "/a"),
    ],
)
def test_the_url_of_a_request(app, url, host, path):
    Browser(app).outcome("GET", url)
    assert app.seen == [("GET", host, path, None)]


def test_the_server_may_have_another_url(app):
    fetched = Browser(app, server="https://api.example:8443/v1/").fetch("GET", "a?b")
    assert fetched.json()["url"] == "https://api.example:8443/v1/a?b"


@pytest.mark.parametrize("server", ["", "/", "localhost:5000", "ftp://localhost/", "http://"])
def test_a_server_without_a_url_is_an_error(app, server):
    with pytest.raises(ValueError, match="is not a"):
        Browser(app, server=server)


@pytest.mark.parametrize(
    ("page", "origin"),
    [
        (APP, APP),
        ("https://App.Example:443/page?x#y", APP),
        ("http://[::1]:5000/", "http://[::1]:5000"),
        ("null", "null"),
        ("chrome-extension://abc/", "chrome-extension://abc"),
    ],
)
def test_a_page_is_named_by_its_origin_or_url(page, origin):
    assert Browser(make_app(), page).origin == origin
    sent = Browser(make_app(), page).fetch("GET", "/a").outcome.exchanges[0].sent
    assert sent.request.headers == (("Origin", origin),)


@pytest.mark.parametrize("page", ["", "app.example", "localhost:3000", "https://*.example", "*"])
def test_a_page_without_an_origin_is_an_error(app, page):
    with pytest.raises(ValueError, match="has no origin"):
        Browser(app, page)


def test_a_page_of_the_app_s_own_origin_reads_everything():
    fetched = Browser(make_app(origins=[]), "http://localhost").fetch("PUT", "/a", json=1)
    assert methods(fetched.outcome) == ["PUT"]
    assert fetched.headers["X-Path"] == "a"
    assert "Set-Cookie" not in fetched.headers


def test_the_engine_is_an_option():
    def app(environ, start_response):
        names = ("Origin", "Headers")
        start_response("200 OK", [(f"Access-Control-Allow-{name}", "*") for name in names])
        return []

    headers = {"Authorization": "x"}
    assert Browser(app, engine=CHROMIUM).fetch("GET", "/", headers=headers).status == 200
    with pytest.raises(CORSBlocked, match="does not list authorization"):
        Browser(app).fetch("GET", "/", headers=headers)


# Cookies and the preflight cache ------------------------------------------------------------------

SERVER = "https://api.example"


def session_app(**config):
    """Return an app with a login in Flask's session and with these settings."""
    app = Flask(__name__)
    app.config.from_mapping(SECRET_KEY="secret", **config)

    @app.post("/login")
    def log_in():
        session["user"] = "Ada"
        return "in"

    @app.get("/me")
    def me():
        return session.get("user", "nobody")

    CORS(app, origins=r"https?://.*", supports_credentials=True)
    return app


@pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")  # about origins that anyone can have
@pytest.mark.parametrize(
    ("page", "server", "config", "user", "code"),
    [
        (APP, SERVER, {}, "nobody", "samesite-lax-default"),
        (APP, SERVER, {"SAMESITE": "Lax"}, "nobody", "samesite-lax"),
        (APP, SERVER, {"SAMESITE": "Strict"}, "nobody", "samesite-strict"),
        (APP, SERVER, {"SAMESITE": "None"}, "nobody", "samesite-none-insecure"),
        (APP, SERVER, {"SECURE": True}, "nobody", "samesite-lax-default"),
        (APP, SERVER, {"SAMESITE": "None", "SECURE": True}, "Ada", None),
        (
            "http://app.example",
            "http://api.example",
            {"SAMESITE": "None", "SECURE": True},
            "nobody",
            "secure-over-http",
        ),
        (APP, "http://localhost", {"SAMESITE": "None", "SECURE": True}, "Ada", None),
        ("https://www.shop.example", "https://api.shop.example", {}, "Ada", None),
        ("https://www.shop.example", "https://api.shop.example:8443", {}, "Ada", None),
        ("http://www.shop.example", SERVER, {}, "nobody", "samesite-lax-default"),
        (
            "http://www.shop.example",
            "https://api.shop.example",
            {"SAMESITE": "Strict"},
            "nobody",
            "samesite-strict",
        ),
        (
            "https://one.github.io",
            "https://two.github.io",
            {},
            "nobody",
            "samesite-lax-default",
        ),
        ("http://localhost:3000", "http://localhost:5000", {}, "Ada", None),
        ("http://localhost:3000", "http://127.0.0.1:5000", {}, "nobody", "samesite-lax-default"),
        (
            "https://www.shop.co.uk",
            "https://api.shop.co.uk",
            {"DOMAIN": "co.uk"},
            "nobody",
            "public-suffix",
        ),
        (APP, SERVER, {"DOMAIN": "other.example"}, "nobody", "domain-mismatch"),
    ],
)
def test_whether_a_session_cookie_is_stored(page, server, config, user, code):
    app = session_app(**{f"SESSION_COOKIE_{name}": value for name, value in config.items()})
    browser = Browser(app, page, server=server)
    notes = browser.fetch("POST", "/login", credentials="include").outcome.cookie_notes
    assert browser.fetch("GET", "/me", credentials="include").text == user
    assert [("session", "not-stored", code)] * bool(code) == [note[:3] for note in notes]
    assert [note.url for note in notes] == [f"{server}/login"] * bool(code)


@pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")  # about origins that anyone can have
def test_a_script_without_credentials_gets_cookie_notes():
    app = session_app(SESSION_COOKIE_SAMESITE="None", SESSION_COOKIE_SECURE=True)
    browser = Browser(app, server=SERVER)
    notes = browser.fetch("POST", "/login").outcome.cookie_notes
    browser.fetch("POST", "/login", credentials="include")
    notes += browser.fetch("GET", "/me", credentials="omit").outcome.cookie_notes
    events = [(note.name, note.event, note.code) for note in notes]
    assert events == [
        ("session", "not-stored", "without-credentials"),
        ("session", "not-sent", "without-credentials"),
    ]


@pytest.mark.parametrize(
    ("page", "credentials", "kept"),
    [
        (SAME_SITE, "include", True),
        (SAME_SITE, "same-origin", False),
        (SAME_SITE, "omit", False),
        ("http://localhost", "include", True),
        ("http://localhost", "same-origin", True),
        ("http://localhost", "omit", False),
    ],
)
def test_cookies_are_stored_and_sent_by_credentials_mode(page, credentials, kept):
    app = make_app(origins=SAME_SITE, supports_credentials=True)
    browser = Browser(app, page)
    browser.fetch("GET", "/a", credentials=credentials)
    browser.fetch("GET", "/a", credentials=credentials)
    browser.fetch("GET", "/a", credentials="include")
    after = "seen=yes" if kept else None
    assert [cookie for *_, cookie in app.seen] == [None, after, after]


def test_cookies_are_not_sent_to_another_host():
    app = make_app(origins=SAME_SITE, supports_credentials=True)
    browser = Browser(app, SAME_SITE)
    browser.fetch("GET", "/a", credentials="include")
    browser.fetch("GET", "http://a.localhost/a", credentials="include")
    assert [cookie for *_, cookie in app.seen] == [None, None]


def test_cookies_of_a_redirect_are_stored():
    app = make_app(origins=SAME_SITE, supports_credentials=True)

    @app.after_request
    def hop(response):
        if response.location:
            response.set_cookie("hop", request.args["at"].strip("/"))
        return response

    Browser(app, SAME_SITE).fetch("GET", "/to/302?at=/a", credentials="include")
    assert [cookie for *_, cookie in app.seen] == [None, "hop=a"]


@pytest.mark.parametrize(
    ("cookie", "page", "sent", "code"),
    [
        ("user=Ada", SAME_SITE, "user=Ada", None),
        ("user=Ada", APP, None, "samesite-lax-default"),
        ("user=Ada; SameSite=None; Secure", APP, "user=Ada", None),
        ("user=Ada; Path=/b", SAME_SITE, None, "path-mismatch"),
        ("user=caf\xc3\xa9", SAME_SITE, "user=caf\xc3\xa9", None),
    ],
)
def test_set_cookie_stores_a_cookie(cookie, page, sent, code):
    app = make_app(origins=page, supports_credentials=True)
    browser = Browser(app, page)
    assert browser.set_cookie(cookie) is None
    outcome = browser.outcome("GET", "/a", credentials="include")
    assert sent == app.seen[0][-1]
    assert (sent or "") == outcome.exchanges[0].sent.cookies
    notes = [(note.name, note.code) for note in outcome.cookie_notes if note.event == "not-sent"]
    assert [("user", code)] * bool(code) == notes


def test_set_cookie_stores_the_cookie_for_its_url():
    app = make_app(origins=SAME_SITE, supports_credentials=True)
    browser = Browser(app, SAME_SITE)
    browser.set_cookie("a=1", "/deep/down")
    browser.set_cookie("b=1", "https://b.example/")
    browser.fetch("GET", "/deep/er", credentials="include")
    assert [cookie for *_, cookie in app.seen] == ["a=1"]
    note = browser.set_cookie("c=1; Domain=other.example")
    assert note[:3] == ("c", "not-stored", "domain-mismatch")


def test_a_cookie_expires_by_the_clock(monkeypatch):
    date = [1_800_000_000.0]
    monkeypatch.setattr(testing.time, "time", lambda: date[0])
    app = make_app(origins=SAME_SITE, supports_credentials=True)
    browser = Browser(app, SAME_SITE)
    browser.set_cookie("a=1; Max-Age=60")
    for date[0] in (1_800_000_059.0, 1_800_000_060.0):
        browser.fetch("GET", "/a", credentials="include")
    assert [cookie for *_, cookie in app.seen] == ["a=1", "seen=yes"]


def test_the_default_credentials_mode_is_same_origin(app):
    browser = Browser(app, "http://localhost")
    browser.fetch("GET", "/a")
    assert browser.fetch("GET", "/a").json()["cookies"] == {"seen": "yes"}


def test_a_preflight_has_no_cookies():
    app = make_app(origins=SAME_SITE, supports_credentials=True)
    browser = Browser(app, SAME_SITE)
    browser.fetch("GET", "/a", credentials="include")
    browser.fetch("PUT", "/a", credentials="include")
    assert [(method, cookie) for method, *_, cookie in app.seen] == [
        ("GET", None),
        ("OPTIONS", None),
        ("PUT", "seen=yes"),
    ]


def test_a_blocked_response_still_sets_its_cookies(app):
    browser = Browser(app, SAME_SITE)
    for _ in range(2):
        with pytest.raises(CORSBlocked):
            browser.fetch("GET", "/a", credentials="include")
    assert [cookie for *_, cookie in app.seen] == [None, "seen=yes"]


def test_a_preflight_is_cached_per_browser(app):
    browser = Browser(app)
    assert methods(browser.fetch("PUT", "/a").outcome) == ["OPTIONS", "PUT"]
    assert methods(browser.fetch("PUT", "/a").outcome) == ["PUT"]
    assert methods(browser.fetch("PUT", "/b").outcome) == ["OPTIONS", "PUT"]
    assert methods(Browser(app).fetch("PUT", "/a").outcome) == ["OPTIONS", "PUT"]


@pytest.mark.parametrize(("max_age", "seconds"), [(None, 5), (600, 600)])
def test_a_preflight_is_sent_again_after_its_max_age(monkeypatch, max_age, seconds):
    clock = [1000.0]
    monkeypatch.setattr(testing.time, "monotonic", lambda: clock[0])
    browser = Browser(make_app(origins=APP, max_age=max_age))
    browser.fetch("PUT", "/a")
    clock[0] += seconds - 0.5
    assert methods(browser.fetch("PUT", "/a").outcome) == ["PUT"]
    clock[0] += 0.5
    assert methods(browser.fetch("PUT", "/a").outcome) == ["OPTIONS", "PUT"]


# Redirects ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "method", "body", "kind"),
    [
        (302, "GET", "", None),
        (303, "GET", "", None),
        (307, "POST", "x", "text/plain;charset=UTF-8"),
        (308, "POST", "x", "text/plain;charset=UTF-8"),
    ],
)
def test_a_body_is_sent_again_unless_the_redirect_makes_it_a_get(
    browser, status, method, body, kind
):
    fetched = browser.fetch("POST", f"/to/{status}?at=/a", body="x")
    got = fetched.json()
    assert (got["method"], got["body"], got["type"]) == (method, body, kind)
    assert fetched.outcome.exchanges[0].response.get("Location") == "/a"


def test_a_redirect_leads_to_other_hosts_of_the_same_app(app, browser):
    with pytest.raises(CORSBlocked, match="the page is null"):
        browser.fetch("GET", "/to/302?at=https://b.example/a")
    assert [(host, path) for _, host, path, _ in app.seen] == [
        ("localhost", "/to/302"),
        ("b.example", "/a"),
    ]


def test_a_user_name_in_a_url_does_not_reach_the_app(app):
    fetched = Browser(app, "http://localhost").fetch("GET", "/to/302?at=//me:it@localhost/a")
    assert fetched.json()["url"] == "http://localhost/a"


# Apps ---------------------------------------------------------------------------------------------


def plain(environ, start_response):
    """Answer `HEAD` with a body, like other methods."""
    start_response("404 Not Found", [("X-Own", "1"), ("Content-Type", "text/plain")])
    return [environ["REQUEST_METHOD"].encode(), b"!"]


@pytest.mark.parametrize(
    "wrapped",
    [
        CORSMiddleware(plain, origins=APP),
        CORSMiddleware(DispatcherMiddleware(plain), origins=APP),
        DispatcherMiddleware(plain, {"/a": CORSMiddleware(plain, origins=APP)}),
    ],
    ids=["plain", "around", "inside"],
)
def test_any_wsgi_app_can_be_used(wrapped):
    fetched = Browser(wrapped).fetch("DELETE", "/a")
    assert (fetched.status, fetched.text) == (404, "DELETE!")
    assert list(fetched.headers) == [("Content-Type", "text/plain")]
    with pytest.raises(CORSBlocked, match="preflight-origin"):
        Browser(wrapped, "https://evil.example").fetch("DELETE", "/a")


@pytest.mark.parametrize(
    ("path", "error"), [("/failing", LookupError), ("/stopping", StopIteration)]
)
def test_an_exception_reaches_the_test_under_testing(app, browser, path, error):
    app.testing = True
    with pytest.raises(error):
        browser.fetch("GET", path)


@pytest.mark.parametrize("path", ["/failing", "/stopping"])
def test_an_exception_is_a_500_otherwise(app, browser, path):
    app.logger.disabled = True
    assert browser.fetch("GET", path).status == 500


def test_an_app_may_be_tested_under_testing(app, browser):
    app.testing = True
    assert browser.fetch("PUT", "/a", json=1).status == 200


# Bodies -------------------------------------------------------------------------------------------


class Body:
    """A body of three parts that records how it is used."""

    def __init__(self, done, fails_after=3):
        self.done = done
        self.fails_after = fails_after

    def __iter__(self):
        for number in range(3):
            if number == self.fails_after:
                raise LookupError("no more")
            self.done.append(number)
            yield b"part"

    def close(self):
        self.done.append("closed")


@pytest.mark.parametrize(
    ("read_body", "body", "done"),
    [(True, b"part" * 3, [0, 1, 2, "closed"]), (False, b"", ["closed"])],
)
def test_a_body_is_closed_whether_it_is_read_or_not(read_body, body, done):
    did = []

    def app(environ, start_response):
        start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
        return Body(did)

    assert body == Browser(app, read_body=read_body).fetch("GET", "/").body
    assert done == did


def test_without_the_body_only_the_headers_are_read():
    did = []

    def app(environ, start_response):
        try:
            did.append("asked")
            yield b""
            start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
            yield b"first"
            did.append("more")
        finally:
            did.append("closed")

    fetched = Browser(app, read_body=False).fetch("GET", "/")
    assert (fetched.status, fetched.body, did) == (200, b"", ["asked", "closed"])


@pytest.mark.parametrize("fails_after", [0, 1])
def test_a_body_that_raises_does_so_only_if_it_is_read(fails_after):
    did = []

    def app(environ, start_response):
        start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
        return Body(did, fails_after)

    assert Browser(app, read_body=False).fetch("GET", "/").status == 200
    with pytest.raises(LookupError):
        Browser(app).fetch("GET", "/")
    assert did.count("closed") == 2


def test_an_endless_stream_of_flask_is_closed():
    did = []
    app = Flask(__name__)

    @app.get("/")
    def endless():
        response = Response(stream_with_context(itertools.repeat(b"part")))
        response.call_on_close(lambda: did.append("closed"))
        return response

    CORS(app)
    assert Browser(app, read_body=False).fetch("GET", "/").status == 200
    assert did == ["closed"]


def test_data_that_an_app_writes_is_part_of_the_body():
    def app(environ, start_response):
        write = start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
        write(b"one ")
        return [b"two"]

    assert Browser(app).fetch("GET", "/").text == "one two"


def test_an_error_may_replace_the_headers():
    def app(environ, start_response):
        start_response("200 OK", [("X-First", "1")])
        error = (LookupError, LookupError(), None)
        start_response("500 Oh", [("Access-Control-Allow-Origin", "*")], error)
        return [b"sorry"]

    fetched = Browser(app).fetch("GET", "/")
    assert (fetched.status, fetched.text) == (500, "sorry")


# The fixture --------------------------------------------------------------------------------------


def test_the_fixture_is_a_page_of_another_origin(app, browser):
    assert isinstance(browser, Browser)
    assert browser.origin == APP
    browser.fetch("GET", "/a")
    assert len(app.seen) == 1


@pytest.mark.parametrize("pytest_is", ["absent", "not loaded", "loaded"])
def test_the_fixture_exists_only_if_pytest_is_imported(monkeypatch, pytest_is):
    if pytest_is == "absent":
        monkeypatch.setitem(sys.modules, "pytest", None)
    elif pytest_is == "not loaded":
        monkeypatch.delitem(sys.modules, "pytest")
    spec = importlib.util.spec_from_file_location("flask_cors.testing_again", testing.__file__)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    assert hasattr(module, "browser") == (pytest_is == "loaded")
    assert module.Browser(plain, "http://localhost").fetch("GET", "/").text == "GET!"


def test_the_command_line_does_not_import_pytest():
    program = "import sys, flask_cors.cli; sys.exit('pytest' in sys.modules)"
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=False)
    assert ran.returncode == 0


@pytest.mark.slow
def test_the_tests_of_the_guide_pass(tmp_path):
    guide = Path(__file__).parent.parent / "docs" / "guides" / "testing.md"
    blocks = Sybil([CodeBlockParser("python", str)]).parse(guide).examples()
    program = tmp_path / "test_guide.py"
    program.write_text("\n".join(str(block.parsed) for block in blocks), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(program)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, "4 passed" in ran.stdout) == (0, True)
