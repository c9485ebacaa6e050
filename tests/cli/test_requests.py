"""What can be asked for: bodies, cookies, headers; and what is to be known of an answer."""

from __future__ import annotations

import pytest

from ..support.commands import ONLY, app_with, explained

ECHO = """
@app.post("/echo")
def echo():
    if request.is_json:
        return request.get_json()
    return request.get_data()
@app.get("/who")
def who():
    return "", 200 if request.cookies.get("user") == "Ada" else 401
"""
JSON = ("-H", "Content-Type: application/json")
CREDENTIALS = "CORS(app, origins=['http://localhost:3000'], supports_credentials=True)"


@pytest.mark.parametrize("option", ["-d", "--data"])
def test_the_body_arrives(cors, option):
    told = explained(
        cors, app_with(ONLY, ECHO), "-X", "POST", *JSON, option, '{"a": 1}', path="/echo"
    )
    assert (told["status"], told["notes"]) == (200, [])


def test_a_body_is_posted_as_the_text_that_a_script_sends(cors):
    told = explained(cors, app_with(ONLY, ECHO), "-d", "text", path="/echo")
    request = told["events"][0]["request"]
    assert (request["method"], told["status"]) == ("POST", 200)
    assert ["Content-Type", "text/plain;charset=UTF-8"] in request["headers"]


def test_a_get_has_no_body(cors):
    result = cors(app_with(ONLY), "explain", "--origin", "null", "-X", "GET", "-d", "x", "/items")
    assert result.exit_code == 2
    assert "A GET request cannot have a body" in result.stderr


def test_a_cookie_arrives(cors):
    source = app_with(CREDENTIALS, ECHO)
    asked = ["--credentials", "--cookie", "user=Ada"]
    told = explained(cors, source, *asked, path="/who", origin="http://localhost:3000")
    assert (told["status"], told["notes"]) == (200, [])
    assert told["events"][0]["request"]["cookies"] == "user=Ada"
    several = ["--credentials", "--cookie", "a=1; user=Ada", "--cookie", "b=2"]
    told = explained(cors, source, *several, path="/who", origin="http://localhost:3000")
    assert told["status"] == 200
    shown = cors(source, "explain", "--origin", "http://localhost:3000", *asked, "/who").stdout
    assert "    Cookie: user=Ada\n" in shown


def test_a_cookie_stays_at_home_without_credentials(cors):
    source = app_with(CREDENTIALS, ECHO)
    told = explained(
        cors, source, "--cookie", "user=Ada", path="/who", origin="http://localhost:3000"
    )
    assert told["status"] == 401
    assert any("credentials: 'include'" in note for note in told["notes"])


def test_a_cookie_without_samesite_is_not_sent_for_another_site(cors):
    source = app_with("CORS(app, origins=['https://app.test'], supports_credentials=True)", ECHO)
    told = explained(
        cors,
        source,
        *("--credentials", "--cookie", "user=Ada"),
        path="https://api.example/who",
        origin="https://app.test",
    )
    assert told["note_codes"] == ["error-status", "cookie"]
    assert "samesite='None', secure=True" in told["notes"][1]


@pytest.mark.parametrize("cookie", ["Ada", "user=Ada; Secure"])
def test_a_cookie_is_a_name_and_a_value(cors, cookie):
    result = cors(app_with(ONLY), "explain", "--origin", "null", "--cookie", cookie, "/items")
    assert result.exit_code == 2
    assert "has no equals sign. Write NAME=VALUE" in result.stderr


def test_a_header_that_no_script_can_set_is_left_out_and_named(cors):
    told = explained(cors, app_with(ONLY), "-H", "Cookie: a=1", "-H", "Host: x")
    assert told["note_codes"] == ["header-forbidden", "header-forbidden"]
    assert "--cookie" in told["notes"][0]


# The session --------------------------------------------------------------------------------------

LOGIN = """
from flask import session
app.secret_key = "secret"
@app.post("/login")
def login():
    session["user"] = "Ada"
    return "in"
@app.post("/other")
def other():
    response = app.make_response("")
    response.set_cookie("theme", "dark")
    return response
"""
CROSS_SITE = "CORS(app, origins=['https://app.test'], supports_credentials=True)"


def logged_in(cors, config, *arguments, path="/login", origin="https://app.test"):
    source = app_with(CROSS_SITE, LOGIN, config)
    return explained(
        cors, source, "-X", "POST", *arguments, path=f"https://api.example{path}", origin=origin
    )


@pytest.mark.parametrize(
    "config",
    [
        pytest.param("", id="default"),
        pytest.param("app.config['SESSION_COOKIE_SAMESITE'] = 'Lax'", id="lax"),
        pytest.param("app.config['SESSION_COOKIE_SAMESITE'] = 'Strict'", id="strict"),
        pytest.param("app.config['SESSION_COOKIE_SAMESITE'] = 'None'", id="none-without-secure"),
        pytest.param("app.config['SESSION_COOKIE_NAME'] = 'sid'", id="another-name"),
    ],
)
def test_a_session_that_is_not_kept_is_told(cors, config):
    told = logged_in(cors, config, "--credentials")
    assert told["readable"] is True
    assert told["note_codes"] == ["session-cookie"]
    assert "SESSION_COOKIE_SAMESITE" in told["notes"][0]
    assert "SESSION_COOKIE_SECURE" in told["notes"][0]


def test_a_session_that_is_kept_is_nothing_to_tell(cors):
    config = "app.config.update(SESSION_COOKIE_SAMESITE='None', SESSION_COOKIE_SECURE=True)"
    assert logged_in(cors, config, "--credentials")["notes"] == []


def test_a_session_needs_credentials(cors):
    told = logged_in(cors, "")
    assert told["note_codes"] == ["cookie"]
    assert "credentials: 'include'" in told["notes"][0]


def test_another_cookie_is_told_by_its_name(cors):
    told = logged_in(cors, "", "--credentials", path="/other")
    assert told["note_codes"] == ["cookie"]
    assert "theme" in told["notes"][0]
    assert "samesite='None', secure=True" in told["notes"][0]


# Headers of the response --------------------------------------------------------------------------


def with_header(name, value="x", call=ONLY):
    return app_with(call, f"app.add_url_rule('/h', 'h', lambda: ('', {{{name!r}: {value!r}}}))")


WANTED = [
    *("Location", "ETag", "Link", "Content-Disposition", "Retry-After", "RateLimit"),
    *("RateLimit-Policy", "X-Total-Count", "X-Request-ID", "Content-Range", "Deprecation"),
    *("Sunset", "Digest", "WWW-Authenticate", "Idempotency-Key"),
]
NOISE = [
    *("Date", "Server", "Vary", "Connection", "Set-Cookie", "Strict-Transport-Security"),
    *("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy"),
    *("Access-Control-Max-Age", "Server-Timing", "Allow", "Alt-Svc", "X-Powered-By", "Age"),
]
SAFELISTED = ["Cache-Control", "Content-Language", "Expires", "Last-Modified", "Pragma"]


@pytest.mark.parametrize("name", WANTED)
def test_a_header_that_a_script_would_want_and_cannot_read_is_named(cors, name):
    (note,) = explained(cors, with_header(name), path="/h")["notes"]
    assert name in note
    assert f"expose_headers=['{name}']" in note


@pytest.mark.parametrize("name", [*NOISE, *SAFELISTED])
def test_other_headers_are_nothing_to_tell(cors, name):
    assert explained(cors, with_header(name, "a=b"), path="/h")["notes"] == []


def test_what_is_exposed_or_of_the_same_origin_is_nothing_to_tell(cors):
    source = with_header(
        "ETag", "x", f"CORS(app, origins={['https://app.example']}, expose_headers='etag')"
    )
    assert explained(cors, source, path="/h")["notes"] == []
    told = explained(cors, source, path="/h", origin="http://localhost")
    assert told["note_codes"] == ["same-origin"]


def test_the_place_of_what_is_exposed_is_named(cors):
    source = with_header(
        "ETag", "x", "app.config['CORS_EXPOSE_HEADERS'] = 'X-A'\nCORS(app, origins='*')"
    )
    (note,) = explained(cors, source, path="/h")["notes"]
    assert "CORS_EXPOSE_HEADERS = ['ETag', 'X-A']" in note
    decorated = app_with(
        "",
        "@app.get('/h')\n@cross_origin\ndef h(): return '', {'ETag': 'x'}",
        imports="cross_origin",
    )
    (note,) = explained(cors, decorated, path="/h")["notes"]
    assert "@cross_origin on h" in note


def test_headers_of_a_response_that_is_opened_by_hand_are_named_too(cors):
    source = with_header("ETag", "x", "").replace(
        "{'ETag': 'x'}", "{'ETag': 'x', 'Access-Control-Allow-Origin': '*'}"
    )
    told = explained(cors, source, path="/h")
    assert told["note_codes"] == ["headers-by-hand", "header-unread"]


# Mixed content ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "readable"),
    [
        ("http://api.example/items", False),
        ("http://localhost/items", True),
        ("http://127.0.0.1:5000/items", True),
        ("https://api.example/items", True),
    ],
)
def test_mixed_content_is_no_cors_error(cors, url, readable):
    told = explained(cors, app_with(ONLY), path=url)
    assert told["readable"] is readable
    assert told["code"] == (None if readable else "mixed-content")
    assert readable or "mixed" in told["cause"]


def test_a_path_of_an_app_with_a_name_is_fetched_as_the_page_would(cors):
    source = app_with(f"app.config['SERVER_NAME'] = 'api.example'\n{ONLY}")
    told = explained(cors, source)
    assert told["events"][0]["request"]["url"] == "https://api.example/items"
    told = explained(cors, source, origin="http://app.example")
    assert told["events"][0]["request"]["url"] == "http://api.example/items"


def test_a_url_may_have_a_host_of_any_language(cors):
    told = explained(cors, app_with(ONLY), path="https://b\u00fccher.example:443/items")
    assert told["events"][0]["request"]["url"] == "https://xn--bcher-kva.example/items"
