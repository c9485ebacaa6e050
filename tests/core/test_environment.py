"""Strings that came from an environment unfinished are told, whatever the option."""

from __future__ import annotations

import pytest
from flask import Flask

from flask_cors import CORS, ConfigurationError, CORSWarning, Problem, cross_origin
from flask_cors.core import Policy
from flask_cors.core.environment import environment_mistake

OPTIONS = {
    "CORS_ORIGINS": "https://a.example",
    "CORS_METHODS": "GET",
    "CORS_ALLOW_HEADERS": "X-A",
    "CORS_EXPOSE_HEADERS": "X-A",
    "CORS_SUPPORTS_CREDENTIALS": "false",
    "CORS_MAX_AGE": "600",
    "CORS_ALWAYS_SEND": "true",
    "CORS_RESOURCES": "/api/*",
}


def problems(config: dict[str, object]) -> tuple[Problem, ...]:
    """Return what is wrong with a configuration."""
    app = Flask(__name__)
    app.config.update(config)
    with pytest.raises(ConfigurationError) as raised:
        CORS(app)
    return raised.value.problems


@pytest.mark.parametrize(
    ("form", "code"),
    [
        pytest.param("'{}'", "value-quoted", id="quoted"),
        pytest.param('"{}"', "value-quoted", id="quoted-twice"),
        pytest.param("\u201c{}\u201d", "value-quoted", id="typographic"),
        pytest.param("{}'", "value-quoted", id="last-quote-alone"),
        pytest.param('r"{}"', "value-quoted", id="raw"),
        pytest.param('["{}"]', "value-list", id="json"),
        pytest.param("['{}', '{}']", "value-list", id="python-list"),
        pytest.param("('{}',)", "value-list", id="tuple"),
        pytest.param("{{'{}'}}", "value-list", id="set"),
        pytest.param('{{"{}": 1}}', "value-list", id="mapping"),
        pytest.param("[{}, {}]", "value-list", id="yaml"),
        pytest.param("[]", "value-list", id="empty-list"),
        pytest.param("{}${{VALUE}}", "value-placeholder", id="shell"),
        pytest.param("$VALUE", "value-placeholder", id="shell-bare"),
        pytest.param("$(value)", "value-placeholder", id="command"),
        pytest.param("$env:VALUE", "value-placeholder", id="powershell"),
        pytest.param("{}%VALUE%", "value-placeholder", id="windows"),
        pytest.param("%(value)s", "value-placeholder", id="python-format"),
        pytest.param("{{{{ value }}}}", "value-placeholder", id="template"),
        pytest.param("{{% if x %}}{}", "value-placeholder", id="template-tag"),
        pytest.param("{{value}}", "value-placeholder", id="braces"),
        pytest.param("<your value>", "value-placeholder", id="documentation"),
        pytest.param("__VALUE__", "value-placeholder", id="build-tool"),
        pytest.param("@VALUE@", "value-placeholder", id="cmake"),
    ],
)
@pytest.mark.parametrize("key", OPTIONS)
def test_what_was_not_finished_is_told_with_its_key(key: str, form: str, code: str) -> None:
    value = form.format(*[OPTIONS[key]] * form.count("{}"))
    (problem,) = problems({key: value})
    assert (problem.code, problem.value) == (code, value)
    assert problem.message.startswith(key)


@pytest.mark.parametrize("value", ["", "  ", "None", "undefined"])
@pytest.mark.parametrize("key", OPTIONS)
def test_a_variable_that_is_not_set_is_told_with_its_key(key: str, value: str) -> None:
    app = Flask(__name__)
    app.config[key] = value
    if key == "CORS_EXPOSE_HEADERS":  # to expose none is what happens anyway
        with pytest.warns(CORSWarning, match=f"{key}: .* environment variable unset"):
            CORS(app)
    else:
        (problem,) = problems({key: value})
        assert problem.message.startswith(f"{key}: {value!r} ")
        assert "environment variable unset" in problem.message


LISTS = ["CORS_ORIGINS", "CORS_METHODS", "CORS_ALLOW_HEADERS", "CORS_EXPOSE_HEADERS"]


@pytest.mark.parametrize("item", [None, "", " ", "None"], ids=repr)
@pytest.mark.parametrize("key", LISTS)
def test_an_item_that_is_not_set_is_told_with_its_key(key: str, item: object) -> None:
    (problem,) = problems({key: [OPTIONS[key], item]})
    assert problem.message.startswith(f"{key}: ")
    assert "environment variable unset" in problem.message


@pytest.mark.parametrize("value", ['["https://a.example"]', "https://${HOST}", "'https://a'"])
def test_a_decorated_view_alone_tells_it_too(value: str) -> None:
    app = Flask(__name__)
    app.config.update(CORS_ORIGINS=value, PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/", view_func=cross_origin()(lambda: "body"))
    with pytest.raises(ConfigurationError, match="CORS_ORIGINS"):
        app.test_client().get("/", headers={"Origin": "https://a.example"})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (
            '["https://a.example","https://b.example"]',
            "quotes: https://a.example,https://b.example",
        ),
        (
            "'https://a.example','https://b.example'",
            "without them: https://a.example,https://b.example",
        ),
        ("[]", "[] in Python"),
        ('{"https://a.example": {}}', "json.loads"),
    ],
)
def test_the_message_says_what_to_write(value: str, written: str) -> None:
    (problem,) = problems({"CORS_ORIGINS": value})
    assert written in problem.message


@pytest.mark.parametrize(
    "text",
    [
        r"^https://app\d$",
        r"https://(a|b)\.example$|null",
        r"https://(?P<name>a|b)\.example",
        r"https://(?<!x)a\.example",
        r"https://a{1,3}\.example",
        r"https://[$a-z]+\.example",
        r"https://a\.example$(?!\n)",
        r"\$a",
        "https://a_b__c.example",
        "[::1]:3000",
        "(a)",
        "[a-z]",
        "X-*",
        "http://[::1]:3000",
    ],
)
def test_what_people_mean_is_no_slip(text: str) -> None:
    assert environment_mistake(text) is None


def test_an_expression_with_an_end_is_an_expression() -> None:
    policy = Policy.from_options(origins=r"^https://app\d\.example$")
    assert policy.decide("GET", {"Origin": "https://app1.example"}).outcome == "granted"
