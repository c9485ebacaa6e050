"""Lines copied from the consoles of Chrome, Firefox and Safari."""

# ruff: noqa: E501
from __future__ import annotations

from pathlib import Path

import pytest

from flask_cors.cli.console import ConsoleLine, looks_like_a_console, read_console
from flask_cors.core import ACL_ALLOW_HEADERS as HEADERS
from flask_cors.core import ACL_METHODS as METHODS
from flask_cors.core import ACL_ORIGIN as ACAO

from ..support.commands import ONLY, ORIGIN, app_with, explained

NOT_LISTED = "origin-not-listed"
URL = "http://localhost:5000/items"
CHROME = (
    f"Access to fetch at '{URL}' from origin 'https://app.example' has been blocked by CORS policy:"
)
FIREFOX = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource "
    f"at {URL}. (Reason:"
)

LINES = {
    "chrome": (
        f"{CHROME} No 'Access-Control-Allow-Origin' header is present on the requested resource.",
        ConsoleLine(URL, "https://app.example", check=ACAO),
    ),
    "chrome-xhr": (
        (
            f"{CHROME.replace('fetch', 'XMLHttpRequest')} The 'Access-Control-Allow-Origin' header has "
            "a value 'https://x.example' that is not equal to the supplied origin."
        ),
        ConsoleLine(URL, "https://app.example", check=ACAO),
    ),
    "chrome-with-location": (
        (
            f"(index):1 {CHROME} No 'Access-Control-Allow-Origin' header is present on the requested "
            "resource. If an opaque response serves your needs, set the request's mode to 'no-cors'"
        ),
        ConsoleLine(URL, "https://app.example", check=ACAO),
    ),
    "chrome-null": (
        CHROME.replace("https://app.example", "null") + " No 'Access-Control-Allow-Origin'",
        ConsoleLine(URL, "null", check=ACAO),
    ),
    "chrome-redirected": (
        (
            f"Access to fetch at 'https://login.example/' (redirected from '{URL}') from origin "
            "'https://app.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin'"
        ),
        ConsoleLine(URL, "https://app.example", check=ACAO),
    ),
    "chrome-preflight": (
        (
            f"{CHROME} Response to preflight request doesn't pass access control check: It does not "
            "have HTTP ok status."
        ),
        ConsoleLine(URL, "https://app.example", preflighted=True),
    ),
    "chrome-preflight-origin": (
        (
            f"{CHROME} Response to preflight request doesn't pass access control check: No "
            "'Access-Control-Allow-Origin' header is present on the requested resource."
        ),
        ConsoleLine(URL, "https://app.example", preflighted=True, check=ACAO),
    ),
    "chrome-method": (
        (
            f"{CHROME} Method PUT is not allowed by Access-Control-Allow-Methods in preflight "
            "response."
        ),
        ConsoleLine(URL, "https://app.example", "PUT", preflighted=True, check=METHODS),
    ),
    "chrome-header": (
        (
            f"{CHROME} Request header field x-tenant is not allowed by Access-Control-Allow-Headers "
            "in preflight response."
        ),
        ConsoleLine(URL, "https://app.example", header="x-tenant", preflighted=True, check=HEADERS),
    ),
    "chrome-credentials": (
        (
            f"{CHROME} The value of the 'Access-Control-Allow-Origin' header in the response must not "
            "be the wildcard '*' when the request's credentials mode is 'include'."
        ),
        ConsoleLine(URL, "https://app.example", credentials=True, check=ACAO),
    ),
    "older-chrome": (
        (
            f"XMLHttpRequest cannot load {URL}. No 'Access-Control-Allow-Origin' header is present. "
            "Origin 'https://app.example' is therefore not allowed access."
        ),
        ConsoleLine(URL, "https://app.example", check=ACAO),
    ),
    "firefox": (
        f"{FIREFOX} CORS header 'Access-Control-Allow-Origin' missing). Status code: 200.",
        ConsoleLine(URL, check=ACAO),
    ),
    "firefox-method": (
        f"{FIREFOX} Did not find method in CORS header 'Access-Control-Allow-Methods').",
        ConsoleLine(URL, preflighted=True, check=METHODS),
    ),
    "firefox-header": (
        (
            f"{FIREFOX} header 'x-tenant' is not allowed according to header "
            "'Access-Control-Allow-Headers' from CORS preflight response)."
        ),
        ConsoleLine(URL, header="x-tenant", preflighted=True, check=HEADERS),
    ),
    "firefox-credentials": (
        (
            f"{FIREFOX} Credential is not supported if the CORS header 'Access-Control-Allow-Origin' "
            "is '*')."
        ),
        ConsoleLine(URL, credentials=True, check=ACAO),
    ),
    "firefox-in-german": (
        (
            "Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel "
            f"verbietet das Lesen der externen Ressource auf {URL}. (Grund: CORS-Kopfzeile "
            "'Access-Control-Allow-Origin' fehlt). Statuscode: 200."
        ),
        ConsoleLine(URL, check=ACAO),
    ),
    "firefox-with-a-query": (
        FIREFOX.replace(URL, f"{URL}?page=1&q=a.b") + " CORS request did not succeed).",
        ConsoleLine(f"{URL}?page=1&q=a.b"),
    ),
    "safari": (
        f"Fetch API cannot load {URL} due to access control checks.",
        ConsoleLine(URL),
    ),
    "safari-xhr": (
        f"XMLHttpRequest cannot load {URL} due to access control checks.",
        ConsoleLine(URL),
    ),
    "safari-origin": (
        (
            "Origin https://app.example is not allowed by Access-Control-Allow-Origin. "
            "Status code: 200"
        ),
        ConsoleLine("", "https://app.example", check=ACAO),
    ),
    "safari-credentials": (
        'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".',
        ConsoleLine(credentials=True),
    ),
    "safari-method": (
        "Method PUT is not allowed by Access-Control-Allow-Methods.",
        ConsoleLine(method="PUT", preflighted=True, check=METHODS),
    ),
    "chrome-mixed": (
        (
            "Mixed Content: The page at 'https://app.example/' was loaded over HTTPS, but requested an "
            "insecure resource 'http://api.example/x'. This request has been blocked; the content must "
            "be served over HTTPS."
        ),
        ConsoleLine("http://api.example/x", "https://app.example"),
    ),
    "chrome-mixed-xhr": (
        (
            "Mixed Content: The page at 'https://app.example/a/' was loaded over HTTPS, but requested "
            "an insecure XMLHttpRequest endpoint 'http://api.example'. This request has been blocked."
        ),
        ConsoleLine("http://api.example", "https://app.example"),
    ),
    "safari-mixed": (
        (
            "[blocked] The page at https://app.example/ requested insecure content from "
            "http://api.example/x. This content was blocked and must be served over HTTPS."
        ),
        ConsoleLine("http://api.example/x", "https://app.example"),
    ),
    "firefox-mixed": (
        "Blocked loading mixed active content \u201chttp://api.example/x\u201d",
        ConsoleLine("http://api.example/x"),
    ),
    "firefox-mixed-in-german": (
        "Laden von gemischten aktiven Inhalten \u201ehttp://api.example/x\u201c wurde blockiert.",
        ConsoleLine("http://api.example/x"),
    ),
    "two-lines": (
        f"Access to fetch at '{URL}'\n  from origin 'https://app.example' has been blocked",
        ConsoleLine(URL, "https://app.example"),
    ),
    "whatever": (
        "Something went wrong with http://localhost:5000/items, sorry",
        ConsoleLine(URL),
    ),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_the_facts_in_a_console_line_are_found(text, expected):
    assert expected == read_console(text)


@pytest.mark.parametrize("name", [name for name in LINES if name.startswith("firefox")])
def test_typographic_quotes_of_firefox_are_understood(name):
    text, expected = LINES[name]
    assert expected == read_console(text.replace("'", "\u2019"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LINES["chrome"][0], True),
        (LINES["firefox"][0], True),
        (LINES["safari"][0], True),
        ("/items", False),
        ("http://localhost/items", False),
        ("/a b", False),
    ],
)
def test_an_argument_with_words_and_a_url_is_a_console_line(text, expected):
    assert expected == looks_like_a_console(text)


@pytest.mark.parametrize("name", [name for name in LINES if "-mixed" in name])
def test_a_line_about_mixed_content_is_explained_as_such(cors, name):
    text, line = LINES[name]
    explanation = explained(
        cors, app_with(ONLY), text, path="", origin="" if line.origin else "https://app.example"
    )
    assert (explanation["code"], explanation["notes"]) == ("mixed-content", [])


REFUSING = app_with("CORS(app, origins='https://x.example')")


@pytest.mark.parametrize("name", ["chrome", "firefox", "safari", "two-lines"])
@pytest.mark.parametrize("way", ["argument", "option"])
def test_a_console_line_is_explained_like_typed_options(cors, name, way):
    text = LINES[name][0]
    arguments = [text] if way == "argument" else ["--console", text]
    named = "https://app.example" in text
    explanation = explained(
        cors, REFUSING, *arguments, path="", origin="" if named else "https://app.example"
    )
    assert explanation["code"] == "origin-not-listed"
    assert explanation["events"][0]["request"]["url"] == URL


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("chrome-method", "method-not-listed"),
        ("chrome-header", "header-not-listed"),
        ("chrome-credentials", "credentials-off"),
    ],
)
def test_the_method_header_and_credentials_of_a_line_are_used(cors, name, code):
    source = app_with("CORS(app, methods='GET, POST', allow_headers=[])")
    explanation = explained(cors, source, LINES[name][0], path="", origin="")
    assert explanation["code"] == code


def test_a_preflight_that_a_line_mentions_is_sent(cors):
    explanation = explained(cors, REFUSING, LINES["chrome-preflight"][0], path="", origin="")
    assert explanation["events"][1]["request"]["method"] == "OPTIONS"


def test_a_line_without_a_url_needs_the_path(cors):
    line = ["--console", LINES["safari-origin"][0]]
    assert explained(cors, REFUSING, *line, origin="")["code"] == "origin-not-listed"
    result = cors(REFUSING, "explain", *line)
    assert result.exit_code == 2
    assert "names no URL" in result.stderr


def test_an_origin_that_the_line_does_not_name_is_required(cors):
    result = cors(REFUSING, "explain", LINES["safari"][0])
    assert result.exit_code == 2
    assert "Missing option '--origin'" in result.stderr


def test_an_allowed_request_that_the_console_blocks_gets_a_note(cors):
    result = cors(app_with(ONLY, methods=["GET"]), "explain", LINES["chrome"][0])
    assert result.exit_code == 0
    assert "The browser blocks the request, but the app allows it" in result.stdout
    assert "--live URL" in result.stdout


# Lines that do not name the method ----------------------------------------------------------------

CALLED = """
def called(): open("called", "w").close(); return ""
"""


def views(**methods_by_name):
    """Return the lines of an app with views at /items that write a file when they are called."""
    lines = [
        f"app.add_url_rule('/items', {name!r}, called, methods={methods})"
        for name, methods in methods_by_name.items()
    ]
    return "\n".join([CALLED, *lines])


GUESSED = {
    "no-policy": ("", views(post=["POST"]), "chrome", "POST", "no-policy"),
    "preflight": ("", views(post=["POST"]), "chrome-preflight-origin", "POST", "no-policy"),
    "of-firefox": ("", views(post=["POST"]), "firefox", "POST", "no-policy"),
    "of-safari": ("CORS(app, origins=[])", views(d=["DELETE"]), "safari", "DELETE", NOT_LISTED),
    "another-method": ("", views(own=["PROPFIND"]), "chrome", "PROPFIND", "no-policy"),
    "with-a-slash": (
        "CORS(app, origins=[])",
        views(post=["POST"]).replace("/items", "/items/"),
        "chrome",
        "POST",
        NOT_LISTED,
    ),
    "below-a-prefix": (
        "from werkzeug.middleware.dispatcher import DispatcherMiddleware",
        views(post=["POST"]).replace("/items", "/")
        + "\napp.wsgi_app = DispatcherMiddleware(called, {'/items': app.wsgi_app})",
        "chrome",
        "POST",
        "redirect-slash",
    ),
    "methods": (
        f"CORS(app, origins={ORIGIN!r}, methods='GET, POST')",
        views(get=["GET"], post=["POST"], put=["PUT"]),
        "firefox-method",
        "PUT",
        "method-not-listed",
    ),
    "one-view-is-decorated": (
        "get = cross_origin(origins='https://app.example')(lambda: '')",
        views(put=["PUT"]) + "\napp.add_url_rule('/items', 'get', get)",
        "chrome-preflight-origin",
        "PUT",
        "view-beside",
    ),
}


@pytest.mark.parametrize(
    ("call", "lines", "name", "expected"),
    [(call, lines, name, (method, code)) for call, lines, name, method, code in GUESSED.values()],
    ids=GUESSED,
)
def test_the_first_method_of_the_url_that_is_blocked_is_explained(
    cors, call, lines, name, expected
):
    source = app_with(call, lines, imports="CORS, cross_origin", route="/other")
    text, line = LINES[name]
    origin = "" if line.origin else ORIGIN
    explanation = explained(cors, source, text, path="", origin=origin)
    requests = [event["request"] for event in explanation["events"] if "request" in event]
    asked = dict(requests[-1]["headers"])["Access-Control-Request-Method"]
    assert (asked, explanation["code"]) == expected
    assert explanation["note_codes"] == ["method-unnamed"]
    assert f"This is for {asked}" in explanation["notes"][0]
    assert not Path("called").exists()


UNFIT = {
    "allowed": (f"CORS(app, origins={ORIGIN!r})", views(post=["POST"]), "chrome"),
    "a-header-that-is-a-guess": (
        f"CORS(app, origins={ORIGIN!r}, allow_headers=[])",
        views(post=["POST"]),
        "safari",
    ),
    "another-check-fails": (
        f"CORS(app, origins={ORIGIN!r}, methods='GET, POST')",
        views(put=["PUT"]),
        "chrome-preflight-origin",
    ),
    "no-route-takes-another-method": (
        f"CORS(app, origins={ORIGIN!r}, methods='GET')",
        views(get=["GET"]),
        "firefox-method",
    ),
}


@pytest.mark.parametrize(("call", "lines", "name"), UNFIT.values(), ids=UNFIT)
def test_a_method_has_to_be_named_if_none_is_blocked_as_the_line_says(cors, call, lines, name):
    text, line = LINES[name]
    origin = [] if line.origin else ["--origin", ORIGIN]
    result = cors(app_with(call, lines, route="/other"), "explain", *origin, text)
    assert result.exit_code == 2
    assert "does not name the method" in result.stderr
    assert "Add -X METHOD" in result.stderr
    assert not Path("called").exists()


def test_a_guess_that_the_page_may_read_says_that_it_is_one(cors):
    result = cors(app_with(ONLY), "explain", LINES["chrome"][0])
    assert result.exit_code == 0
    output = " ".join(result.stdout.split())
    assert "does not name the method. This is for GET, which the app allows" in output
    assert "A proxy may be between them" not in output


def test_a_method_that_is_given_is_no_guess(cors):
    explanation = explained(
        cors, app_with(ONLY), "-X", "PUT", LINES["chrome-preflight-origin"][0], path="", origin=""
    )
    assert explanation["note_codes"] == ["console-differs"]


@pytest.mark.parametrize(
    ("header", "sent"), [("content-type", "application/json"), ("accept", '"1"'), ("x-a", "1")]
)
def test_a_header_that_a_line_names_gets_a_value_that_needs_permission(cors, header, sent):
    source = app_with(f"CORS(app, origins={ORIGIN!r}, allow_headers=[])", methods=["GET"])
    line = LINES["chrome-header"][0].replace("x-tenant", header)
    explanation = explained(cors, source, line, path="", origin="")
    assert explanation["code"] == "header-not-listed"
    told = explanation["events"][0]["step"]["told"]
    assert header != "content-type" or sent in told


def test_the_help_names_the_option(cors):
    output = " ".join(cors("", "explain", "--help").stdout.split())
    assert "--console LINE" in output
    assert all(name in output for name in ("Chrome", "Firefox", "Safari"))
