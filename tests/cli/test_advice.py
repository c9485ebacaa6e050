"""What to write instead, for what a policy refuses."""

from __future__ import annotations

import re

import pytest

from flask_cors._advice import (
    Advice,
    explain_credentials,
    explain_refusal,
    format_options,
    in_python,
    line_of_function,
)
from flask_cors.core import Policy

HERE = "resource '/*'"


def refusal(origin="https://app.example", method=None, headers=None, **options):
    """Return what is said about a request, a preflight where a method is asked for."""
    policy = Policy.from_options(**options)
    fields = {"Origin": origin}
    if method:
        fields["Access-Control-Request-Method"] = method
    if headers:
        fields["Access-Control-Request-Headers"] = headers
    decision = policy.decide("OPTIONS" if method else "GET", fields)
    return explain_refusal(decision, policy.settings, fields, HERE)


def known(origin):
    return {}[origin]


def never(origin):
    return False


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(
            {"origins": ["https://x.example"]},
            Advice(
                "origin-not-listed",
                "https://app.example is not among the origins of resource '/*': "
                "['https://x.example'].",
                "Write origins=['https://app.example', 'https://x.example']",
            ),
            id="origin",
        ),
        pytest.param(
            {"origins": [], "origin": "null"},
            Advice(
                "origin-null",
                "The page has no origin: it is a file, or in a sandboxed frame.",
                "Serve it from a web server: python -m http.server",
            ),
            id="null",
        ),
        pytest.param(
            {"origins": [], "origin": "nonsense"},
            Advice(
                "origin-not-listed",
                "nonsense is not among the origins of resource '/*': []. It is no origin that a "
                "browser sends.",
                "Ask again as a browser does: Origin: https://app.example",
            ),
            id="malformed",
        ),
        pytest.param(
            {"origins": ["https://b.example", *(f"https://a{n}.example" for n in range(8))]},
            Advice(
                "origin-not-listed",
                "https://app.example is not among the origins of resource '/*': "
                "['https://a0.example', 'https://a1.example', 'https://a2.example', "
                "'https://a3.example', 'https://a4.example', ... 4 more].",
                "Where it stands: Add to origins: 'https://app.example'",
            ),
            id="one-of-many",
        ),
        pytest.param(
            {"origins": never},
            Advice(
                "origin-not-listed",
                "https://app.example is not among the origins of resource '/*': [never].",
                f"Have never ({line_of_function(never)}) return True for 'https://app.example'",
            ),
            id="callable",
        ),
        pytest.param(
            {"origins": known},
            Advice(
                "callable-raised",
                "The origin callable of resource '/*' raised KeyError: 'https://app.example' "
                f"(test_advice.py, line {known.__code__.co_firstlineno + 1}).",
                "Mend it: one that raises lets nobody in.",
            ),
            id="callable-that-raises",
        ),
        pytest.param(
            {"methods": ["GET"], "method": "PUT"},
            Advice(
                "method-not-listed",
                "PUT is not among the methods of resource '/*': ['GET'].",
                "Write methods=['GET', 'PUT']",
            ),
            id="method",
        ),
        pytest.param(
            {"method": "patch"},
            Advice(
                "method-case",
                "patch is not PATCH, and browsers do not put it in capitals.",
                "In the script, write method: 'PATCH'",
            ),
            id="method-in-lower-case",
        ),
        pytest.param(
            {"allow_headers": ["X-A", "Y-*", r"z\d"], "method": "PUT", "headers": "x-a,x-b,y-c"},
            Advice(
                "header-not-listed",
                "x-b: not among the allow_headers of resource '/*': ['x-a', 'y-*', r'z\\d'].",
                "Write allow_headers=['x-a', 'x-b', 'y-*', r'z\\d']",
            ),
            id="header",
        ),
        pytest.param(
            {"allow_headers": [], "method": "PUT", "headers": "access-control-allow-origin"},
            Advice(
                "header-of-responses",
                "The script sends access-control-allow-origin, which belongs to responses: "
                "a page cannot let itself in.",
                "In the script, take out access-control-allow-origin",
            ),
            id="header-of-responses",
        ),
        pytest.param(
            {"method": "PUT", "headers": "x," * 500},
            Advice(
                "headers-too-many",
                "The preflight asks for more headers than are checked.",
                "Send fewer headers from the script.",
            ),
            id="too-many-headers",
        ),
        pytest.param({"method": "PUT", "headers": "x-a"}, None, id="granted"),
    ],
)
def test_a_refusal_is_told_with_its_cause_and_what_to_write(request_, expected):
    assert expected == refusal(**request_)


@pytest.mark.parametrize(
    ("origin", "origins", "hint"),
    [
        ("http://app.example", ["https://app.example"], "Only the scheme is another than in"),
        ("http://localhost:5173", ["http://localhost:3000"], "Only the port is another than in"),
        (
            "https://app.example:8443",
            ["http://app.example:3000"],
            "Only the scheme and the port are others than in http://app.example:3000.",
        ),
        (
            "http://localhost:3000",
            ["http://127.0.0.1:3000"],
            "To a browser 127.0.0.1 and localhost are two hosts.",
        ),
        (
            "https://www.app.example",
            ["https://app.example"],
            "With and without www they are two hosts: https://app.example.",
        ),
        (
            "https://app.example",
            ["https://*.app.example"],
            "https://*.app.example stands for subdomains, not for the bare domain.",
        ),
        (
            "https://app.example.evil.test",
            [r"https://app\.example"],
            r"r'https://app\.example' matches its start, but has to match the whole.",
        ),
        ("https://a.example", ["null", "https://b.example"], "'https://b.example', 'null']."),
    ],
)
def test_an_origin_is_told_from_what_it_is_near(origin, origins, hint):
    advice = refusal(origin, origins=origins)
    assert advice.code == "origin-not-listed"
    assert hint in advice.cause


def test_a_prefix_of_a_loopback_host_was_meant_for_any_port():
    advice = refusal("http://localhost:3000", origins=[r"^http://localhost"])
    assert advice.fix == "Write origins=['http://localhost:*', r'^http://localhost']"


@pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")
@pytest.mark.parametrize(
    ("origin", "fix"),
    [
        (
            "http://app.example",
            "Open the page with https, and allow that: Write origins=['https://app.example']",
        ),
        (
            "http://localhost:3000",
            "Write origins=['http://localhost:3000']",
        ),
    ],
)
def test_credentials_are_not_advised_for_an_origin_that_is_not_encrypted(origin, fix):
    advice = refusal(origin, origins=[], supports_credentials=True)
    assert fix == advice.fix


def test_a_page_by_http_of_an_origin_that_is_listed_is_to_be_opened_with_https():
    advice = refusal("http://x.example", origins=["https://x.example"], supports_credentials=True)
    assert advice.fix == "Open the page with https: https://x.example"


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        (
            {},
            "Write supports_credentials=True, origins=['https://app.example']",
        ),
        ({"origins": ["https://app.example"]}, "Write supports_credentials=True"),
    ],
)
def test_credentials_need_their_origins_by_name(options, fix):
    settings = Policy.from_options(**options).settings
    advice = explain_credentials(settings, "https://app.example", HERE)
    assert (advice.code, advice.fix) == ("credentials-off", fix)


def test_untrusted_text_is_escaped():
    advice = refusal(method="PU\x1b[2J", headers=None, methods=["GET"])
    assert "\x1b" not in advice.cause + advice.fix


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"origins": "'*'"}),
        (
            {"origins": [never, re.compile("https://c"), "https://a.example"], "max_age": 60},
            {"origins": "['https://a.example', r'https://c', never]", "max_age": "60"},
        ),
        (
            {"methods": "*", "expose_headers": "X-A", "supports_credentials": False},
            {"origins": "'*'", "methods": "'*'", "expose_headers": "['X-A']"},
        ),
    ],
)
def test_options_are_shown_as_they_are_written(options, expected):
    assert expected == format_options(Policy.from_options(**options).settings)


@pytest.mark.parametrize(
    ("pattern", "code"), [(r"\d", r"r'\d'"), ("a'b", '''r"a'b"'''), ("é", r"r'\xe9'")]
)
def test_an_expression_is_shown_as_it_is_written(pattern, code):
    assert code == in_python(pattern)


def test_what_is_no_function_has_no_line():
    assert line_of_function(re.compile("").fullmatch) == ""
