"""Lines copied from the consoles of Chrome, Firefox and Safari."""

# ruff: noqa: E501
from __future__ import annotations

import pytest

from flask_cors.cli.console import ConsoleLine, looks_like_a_console, read_console

from ..support.commands import ONLY, app_with, explained

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
        ConsoleLine(URL, "https://app.example"),
    ),
    "chrome-xhr": (
        (
            f"{CHROME.replace('fetch', 'XMLHttpRequest')} The 'Access-Control-Allow-Origin' header has "
            "a value 'https://x.example' that is not equal to the supplied origin."
        ),
        ConsoleLine(URL, "https://app.example"),
    ),
    "chrome-with-location": (
        (
            f"(index):1 {CHROME} No 'Access-Control-Allow-Origin' header is present on the requested "
            "resource. If an opaque response serves your needs, set the request's mode to 'no-cors'"
        ),
        ConsoleLine(URL, "https://app.example"),
    ),
    "chrome-null": (
        CHROME.replace("https://app.example", "null") + " No 'Access-Control-Allow-Origin'",
        ConsoleLine(URL, "null"),
    ),
    "chrome-redirected": (
        (
            f"Access to fetch at 'https://login.example/' (redirected from '{URL}') from origin "
            "'https://app.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin'"
        ),
        ConsoleLine(URL, "https://app.example"),
    ),
    "chrome-preflight": (
        (
            f"{CHROME} Response to preflight request doesn't pass access control check: It does not "
            "have HTTP ok status."
        ),
        ConsoleLine(URL, "https://app.example", preflighted=True),
    ),
    "chrome-method": (
        (
            f"{CHROME} Method PUT is not allowed by Access-Control-Allow-Methods in preflight "
            "response."
        ),
        ConsoleLine(URL, "https://app.example", "PUT", preflighted=True),
    ),
    "chrome-header": (
        (
            f"{CHROME} Request header field x-tenant is not allowed by Access-Control-Allow-Headers "
            "in preflight response."
        ),
        ConsoleLine(URL, "https://app.example", header="x-tenant", preflighted=True),
    ),
    "chrome-credentials": (
        (
            f"{CHROME} The value of the 'Access-Control-Allow-Origin' header in the response must not "
            "be the wildcard '*' when the request's credentials mode is 'include'."
        ),
        ConsoleLine(URL, "https://app.example", credentials=True),
    ),
    "older-chrome": (
        (
            f"XMLHttpRequest cannot load {URL}. No 'Access-Control-Allow-Origin' header is present. "
            "Origin 'https://app.example' is therefore not allowed access."
        ),
        ConsoleLine(URL, "https://app.example"),
    ),
    "firefox": (
        f"{FIREFOX} CORS header 'Access-Control-Allow-Origin' missing). Status code: 200.",
        ConsoleLine(URL),
    ),
    "firefox-method": (
        f"{FIREFOX} Did not find method in CORS header 'Access-Control-Allow-Methods').",
        ConsoleLine(URL, preflighted=True),
    ),
    "firefox-header": (
        (
            f"{FIREFOX} header 'x-tenant' is not allowed according to header "
            "'Access-Control-Allow-Headers' from CORS preflight response)."
        ),
        ConsoleLine(URL, header="x-tenant", preflighted=True),
    ),
    "firefox-credentials": (
        (
            f"{FIREFOX} Credential is not supported if the CORS header 'Access-Control-Allow-Origin' "
            "is '*')."
        ),
        ConsoleLine(URL, credentials=True),
    ),
    "firefox-in-german": (
        (
            "Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel "
            f"verbietet das Lesen der externen Ressource auf {URL}. (Grund: CORS-Kopfzeile "
            "'Access-Control-Allow-Origin' fehlt). Statuscode: 200."
        ),
        ConsoleLine(URL),
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
        ConsoleLine("", "https://app.example"),
    ),
    "safari-credentials": (
        'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".',
        ConsoleLine(credentials=True),
    ),
    "safari-method": (
        "Method PUT is not allowed by Access-Control-Allow-Methods.",
        ConsoleLine(method="PUT", preflighted=True),
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
    result = cors(app_with(ONLY), "explain", LINES["chrome"][0])
    assert result.exit_code == 0
    assert "--live URL" in result.stdout


def test_the_help_names_the_option(cors):
    output = " ".join(cors("", "explain", "--help").stdout.split())
    assert "--console LINE" in output
    assert all(name in output for name in ("Chrome", "Firefox", "Safari"))
