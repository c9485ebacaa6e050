"""What `explain` says about a refused request, and the edit that it advises."""

from __future__ import annotations

import json

import pytest

from ..support.commands import app_with, explained

HERE = "In CORS() (app.py, line 5): "

REFUSED = {
    "origin": (
        "CORS(app, origins=['https://x.example'])",
        [],
        (
            "origin-not-listed",
            "https://app.example is not among the origins of resource '/*': ['https://x.example'].",
            f"{HERE}Write origins=['https://app.example', 'https://x.example']",
        ),
    ),
    "method": (
        "CORS(app, methods=['GET'])",
        ["-X", "PUT"],
        (
            "method-not-listed",
            "PUT is not among the methods of resource '/*': ['GET'].",
            f"{HERE}Write methods=['GET', 'PUT']",
        ),
    ),
    "header": (
        r"CORS(app, allow_headers=['X-A', 'Y-*', r'z\d'])",
        ["-H", "X-A: 1", "-H", "X-B: 1", "-H", "Y-C: 1"],
        (
            "header-not-listed",
            "x-b is not among the allow_headers of resource '/*': ['x-a', 'y-*', r'z\\d'].",
            f"{HERE}Write allow_headers=['x-a', 'x-b', 'y-*', r'z\\d']",
        ),
    ),
    "header-of-responses": (
        "CORS(app, allow_headers=[])",
        ["-H", "Access-Control-Allow-Origin: *"],
        (
            "header-of-responses",
            (
                "The script sends access-control-allow-origin, which only responses have: "
                "a page cannot allow itself."
            ),
            "In the script, remove access-control-allow-origin",
        ),
    ),
    "too-many-headers": (
        "CORS(app)",
        [word for number in range(129) for word in ("-H", f"X-{number}: 1")],
        (
            "headers-too-many",
            "The preflight asks for too many headers.",
            "Send fewer headers from the script.",
        ),
    ),
    "credentials": (
        "CORS(app, origins=['https://app.example'])",
        ["--credentials"],
        (
            "credentials-off",
            "The request includes credentials, which resource '/*' does not support.",
            f"{HERE}Write supports_credentials=True",
        ),
    ),
    "credentials-of-everyone": (
        "CORS(app, origins='*')",
        ["--credentials"],
        (
            "credentials-off",
            "The request includes credentials, which resource '/*' does not support.",
            f"{HERE}Write supports_credentials=True, origins=['https://app.example']",
        ),
    ),
}


@pytest.mark.parametrize(("call", "arguments", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_has_its_cause_and_its_edit(cors, call, arguments, expected):
    explanation = explained(cors, app_with(call), *arguments)
    assert expected == tuple(explanation[key] for key in ("code", "cause", "cure"))


@pytest.mark.parametrize(
    ("origins", "origin", "fix"),
    [
        (
            [],
            "http://app.example",
            (
                f"Open the page with https, and allow that: {HERE}"
                "Write origins=['https://app.example']"
            ),
        ),
        (
            [],
            "http://app.example:3000",
            (
                f"Open the page with https, and allow that: {HERE}"
                "Write origins=['https://app.example:3000']"
            ),
        ),
        (
            ["https://app.example"],
            "http://app.example",
            "Open the page with https: https://app.example",
        ),
        ([], "http://localhost:3000", f"{HERE}Write origins=['http://localhost:3000']"),
    ],
    ids=["unlisted", "unlisted-with-a-port", "listed-with-https", "loopback"],
)
def test_credentials_are_not_advised_for_an_origin_that_is_not_encrypted(
    cors, origins, origin, fix
):
    source = app_with(f"CORS(app, origins={origins}, supports_credentials=True)")
    assert explained(cors, source, origin=origin)["cure"] == fix


def test_a_callable_object_is_named_by_its_class(cors):
    source = app_with(
        "class Tenants:\n    def __call__(self, origin): return False\nCORS(app, origins=Tenants())"
    )
    fix = "Make Tenants return True for 'https://app.example'"
    assert explained(cors, source)["cure"] == fix


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        (r"https://\d\.example", r"r'https://\d\.example'"),
        ("https://a'b", '''r"https://a'b"'''),
        ("https://[é-]+", r"r'https://[\xe9-]+'"),
    ],
)
def test_an_expression_is_shown_as_it_is_written(cors, pattern, shown):
    routes = cors(app_with(f"CORS(app, origins=[re.compile({pattern!r})])"), "routes", "--json")
    assert json.loads(routes.stdout)[0]["policy"] == {"origins": f"[{shown}]"}
