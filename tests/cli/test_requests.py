"""The requests of `explain`, with bodies, cookies and headers, and its notes on a response."""

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
def test_the_body_is_sent(cors, option):
    explanation = explained(
        cors, app_with(ONLY, ECHO), "-X", "POST", *JSON, option, '{"a": 1}', path="/echo"
    )
    assert (explanation["status"], explanation["notes"]) == (200, [])


def test_a_body_is_posted_as_text_by_default(cors):
    explanation = explained(cors, app_with(ONLY, ECHO), "-d", "text", path="/echo")
    request = explanation["events"][0]["request"]
    assert (request["method"], explanation["status"]) == ("POST", 200)
    assert ["Content-Type", "text/plain;charset=UTF-8"] in request["headers"]


def test_a_get_has_no_body(cors):
    result = cors(app_with(ONLY), "explain", "--origin", "null", "-X", "GET", "-d", "x", "/items")
    assert result.exit_code == 2
    assert "A GET request cannot have a body" in result.stderr


def test_cookies_are_sent_with_credentials(cors):
    source = app_with(CREDENTIALS, ECHO)
    asked = ["--credentials", "--cookie", "user=Ada"]
    explanation = explained(cors, source, *asked, path="/who", origin="http://localhost:3000")
    assert (explanation["status"], explanation["notes"]) == (200, [])
    assert explanation["events"][0]["request"]["cookies"] == "user=Ada"
    several = ["--credentials", "--cookie", "a=1; user=Ada", "--cookie", "b=2"]
    explanation = explained(cors, source, *several, path="/who", origin="http://localhost:3000")
    assert explanation["status"] == 200
    shown = cors(source, "explain", "--origin", "http://localhost:3000", *asked, "/who").stdout
    assert "    Cookie: user=Ada\n" in shown


def test_cookies_are_not_sent_without_credentials(cors):
    source = app_with(CREDENTIALS, ECHO)
    explanation = explained(
        cors, source, "--cookie", "user=Ada", path="/who", origin="http://localhost:3000"
    )
    assert explanation["status"] == 401
    assert any("credentials: 'include'" in note for note in explanation["notes"])


def test_a_cookie_without_samesite_is_not_sent_for_another_site(cors):
    source = app_with("CORS(app, origins=['https://app.test'], supports_credentials=True)", ECHO)
    explanation = explained(
        cors,
        source,
        *("--credentials", "--cookie", "user=Ada"),
        path="https://api.example/who",
        origin="https://app.test",
    )
    assert explanation["note_codes"] == ["error-status", "cookie"]
    assert "samesite='None', secure=True" in explanation["notes"][1]


def test_cookies_may_have_attributes(cors):
    source = app_with("CORS(app, origins=['https://app.test'], supports_credentials=True)", ECHO)
    cookies = "a=1; user=Ada; SameSite=None; Secure; b=2; Path=/; samesite = none; secure;"
    explanation = explained(
        cors,
        source,
        *("--credentials", "--cookie", cookies),
        path="https://api.example/who",
        origin="https://app.test",
    )
    assert explanation["events"][0]["request"]["cookies"] == "user=Ada; b=2"
    assert (explanation["status"], explanation["note_codes"]) == (200, ["cookie"])
    assert "The cookie a is not sent" in explanation["notes"][0]


@pytest.mark.parametrize("name", ["__Host-user", "__Secure-user", "__host-user"])
def test_a_cookie_with_a_prefix_is_one_that_a_browser_can_have(cors, name):
    source = app_with(CREDENTIALS, ECHO)
    asked = ["--credentials", "--cookie", f"{name}=Ada"]
    explanation = explained(
        cors, source, *asked, path="http://localhost/who", origin="http://localhost:3000"
    )
    assert explanation["events"][0]["request"]["cookies"] == f"{name}=Ada"


def test_a_cookie_that_a_browser_cannot_have_gets_a_note(cors):
    source = app_with("CORS(app, origins=['http://app.test'], supports_credentials=True)", ECHO)
    cookies = ["--cookie", "user=Ada; Domain=other.example", "--cookie", "__Host-a=1"]
    explanation = explained(
        cors,
        source,
        *("--credentials", *cookies),
        path="http://api.example/who",
        origin="http://app.test",
    )
    assert [note["event"] for note in explanation["cookies"]] == ["not-stored", "not-stored"]
    assert explanation["notes"][1:] == [
        "The cookie user is not stored: Domain=other.example does not match api.example",
        (
            "The cookie __Host-a is not stored: it is Secure, and http://api.example is not. Serve "
            "the app over https"
        ),
    ]


@pytest.mark.parametrize("cookie", ["Ada", "user=Ada; Other", "Secure", ""])
def test_a_cookie_without_name_and_value_is_a_usage_error(cors, cookie):
    result = cors(app_with(ONLY), "explain", "--origin", "null", "--cookie", cookie, "/items")
    assert result.exit_code == 2
    assert "has no equals sign. Write NAME=VALUE" in result.stderr


def test_a_header_that_no_script_can_set_is_left_out_and_named(cors):
    explanation = explained(cors, app_with(ONLY), "-H", "Cookie: a=1", "-H", "Host: x")
    assert explanation["note_codes"] == ["header-forbidden", "header-forbidden"]
    assert "--cookie" in explanation["notes"][0]


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
def test_a_session_cookie_that_is_not_stored_gets_a_note(cors, config):
    explanation = logged_in(cors, config, "--credentials")
    assert explanation["readable"] is True
    assert explanation["note_codes"] == ["session-cookie"]
    assert "SESSION_COOKIE_SAMESITE" in explanation["notes"][0]
    assert "SESSION_COOKIE_SECURE" in explanation["notes"][0]


def test_a_session_cookie_that_is_stored_gets_no_note(cors):
    config = "app.config.update(SESSION_COOKIE_SAMESITE='None', SESSION_COOKIE_SECURE=True)"
    assert logged_in(cors, config, "--credentials")["notes"] == []


SENT_TO_ALL = "app.config.update(SESSION_COOKIE_SAMESITE='None', SESSION_COOKIE_SECURE=True)"


@pytest.mark.parametrize(
    ("config", "cookie", "sent", "note"),
    [
        pytest.param(SENT_TO_ALL, "session=a", "session=a", None, id="sent"),
        pytest.param("", "session=a", "", "SESSION_COOKIE_SAMESITE = 'None'", id="default"),
        pytest.param(SENT_TO_ALL, "session=a; SameSite=Lax", "", "on another site", id="attribute"),
        pytest.param(
            f"{SENT_TO_ALL}\napp.config['SESSION_COOKIE_DOMAIN'] = 'x.example'",
            "session=a",
            "",
            "Domain=x.example does not match api.example",
            id="domain",
        ),
        pytest.param(
            f"{SENT_TO_ALL}\napp.config['SESSION_COOKIE_PATH'] = '/api'",
            "session=a",
            "",
            "it is for /api",
            id="path",
        ),
        pytest.param(
            "app.config.update(SESSION_COOKIE_NAME='__Host-s', SESSION_COOKIE_SAMESITE='Lax')",
            "__Host-s=a",
            "",
            "requires Secure",
            id="prefix",
        ),
    ],
)
def test_the_session_cookie_has_the_attributes_that_the_app_gives_it(
    cors, config, cookie, sent, note
):
    explanation = logged_in(cors, config, "--credentials", "--cookie", cookie, path="/none")
    requests = [event["request"] for event in explanation["events"] if "request" in event]
    assert requests[-1]["cookies"] == sent
    notes = explanation["notes"][1:]  # the first one is about the status
    assert [note in text for text in notes] == ([True] if note else [])


def test_a_secure_session_cookie_needs_https_and_nothing_else(cors):
    source = app_with(CROSS_SITE.replace("https", "http"), LOGIN, SENT_TO_ALL)
    explanation = explained(
        cors,
        source,
        *("-X", "POST", "--credentials"),
        path="http://api.example/login",
        origin="http://app.test",
    )
    (note,) = explanation["notes"]
    assert note.endswith("it is Secure, and http://api.example is not. Serve the app over https")


def test_a_session_needs_credentials(cors):
    explanation = logged_in(cors, "")
    assert explanation["note_codes"] == ["cookie"]
    assert "credentials: 'include'" in explanation["notes"][0]


def test_another_cookie_gets_a_note_with_its_name(cors):
    explanation = logged_in(cors, "", "--credentials", path="/other")
    assert explanation["note_codes"] == ["cookie"]
    assert "theme" in explanation["notes"][0]
    assert "samesite='None', secure=True" in explanation["notes"][0]


# Headers of the response --------------------------------------------------------------------------


def with_header(name, value="x", call=ONLY):
    return app_with(call, f"app.add_url_rule('/h', 'h', lambda: ('', {{{name!r}: {value!r}}}))")


USEFUL = [
    *("Location", "ETag", "Link", "Content-Disposition", "Retry-After", "RateLimit"),
    *("RateLimit-Policy", "X-Total-Count", "X-Request-ID", "Content-Range", "Deprecation"),
    *("Sunset", "Digest", "WWW-Authenticate", "Idempotency-Key"),
]
RARELY_NEEDED = [
    *("Date", "Server", "Vary", "Connection", "Set-Cookie", "Strict-Transport-Security"),
    *("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy"),
    *("Access-Control-Max-Age", "Server-Timing", "Allow", "Alt-Svc", "X-Powered-By", "Age"),
]
SAFELISTED = ["Cache-Control", "Content-Language", "Expires", "Last-Modified", "Pragma"]


@pytest.mark.parametrize("name", USEFUL)
def test_a_useful_header_that_the_script_cannot_read_gets_a_note(cors, name):
    (note,) = explained(cors, with_header(name), path="/h")["notes"]
    assert name in note
    assert f"expose_headers=['{name}']" in note


@pytest.mark.parametrize("name", [*RARELY_NEEDED, *SAFELISTED])
def test_other_headers_get_no_note(cors, name):
    assert explained(cors, with_header(name, "a=b"), path="/h")["notes"] == []


def test_headers_that_the_script_can_read_get_no_note(cors):
    source = with_header(
        "ETag", "x", f"CORS(app, origins={['https://app.example']}, expose_headers='etag')"
    )
    assert explained(cors, source, path="/h")["notes"] == []
    explanation = explained(cors, source, path="/h", origin="http://localhost")
    assert explanation["note_codes"] == ["same-origin"]


def test_the_edit_names_the_place_of_expose_headers(cors):
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


def test_unread_headers_are_named_without_a_policy_too(cors):
    source = with_header("ETag", "x", "").replace(
        "{'ETag': 'x'}", "{'ETag': 'x', 'Access-Control-Allow-Origin': '*'}"
    )
    explanation = explained(cors, source, path="/h")
    assert explanation["note_codes"] == ["headers-by-hand", "header-unread"]


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
def test_mixed_content_is_not_called_a_cors_error(cors, url, readable):
    explanation = explained(cors, app_with(ONLY), path=url)
    assert explanation["readable"] is readable
    assert explanation["code"] == (None if readable else "mixed-content")
    assert readable or "mixed" in explanation["cause"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/items", ["ProxyFix(app.wsgi_app, x_proto=1)"]),
        ("/away", ["Redirect to an https URL."]),
    ],
)
def test_a_redirect_to_http_is_named_as_the_cause_of_mixed_content(cors, path, words):
    source = app_with(
        ONLY,
        """
        @app.get("/away")
        def away(): return redirect("http://other.example/")
        @app.before_request
        def plain():
            if request.path == "/items": return redirect("http://api.example/items/")
        """,
    )
    explanation = explained(cors, source, path=f"https://api.example{path}")
    assert explanation["code"] == "mixed-content"
    assert f"the app redirects {path} to http" in explanation["cause"]
    assert [word for word in words if word not in explanation["cure"]] == []
    assert ("ProxyFix" in explanation["cure"]) is (path == "/items")


def test_a_path_is_fetched_from_the_server_name_with_the_page_s_scheme(cors):
    source = app_with(f"app.config['SERVER_NAME'] = 'api.example'\n{ONLY}")
    explanation = explained(cors, source)
    assert explanation["events"][0]["request"]["url"] == "https://api.example/items"
    explanation = explained(cors, source, origin="http://app.example")
    assert explanation["events"][0]["request"]["url"] == "http://api.example/items"


def test_a_url_may_have_an_internationalized_host(cors):
    explanation = explained(cors, app_with(ONLY), path="https://b\u00fccher.example:443/items")
    assert explanation["events"][0]["request"]["url"] == "https://xn--bcher-kva.example/items"
