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
        pytest.param(" '{}'\n", "value-quoted", id="quoted-with-blanks"),
        pytest.param('["{}"]', "value-list", id="json"),
        pytest.param("['{}', '{}']", "value-list", id="python-list"),
        pytest.param("('{}',)", "value-list", id="tuple"),
        pytest.param("{{'{}'}}", "value-list", id="set"),
        pytest.param('{{"{}": 1}}', "value-list", id="mapping"),
        pytest.param("[{}, {}]", "value-list", id="yaml"),
        pytest.param(" ['{}'] ", "value-list", id="list-with-blanks"),
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


@pytest.mark.parametrize("value", ["", "  ", "None", "undefined", "NIL", "''", '""'])
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


@pytest.mark.parametrize("key", LISTS)
def test_an_item_that_is_quoted_is_told_by_itself(key: str) -> None:
    item = f"'{OPTIONS[key]}'"
    (problem,) = problems({key: [OPTIONS[key], item]})
    assert (problem.code, problem.value) == ("value-quoted", item)
    assert problem.message == (
        f"{key}: {item!a} has extra quotes. Write it without them: {OPTIONS[key]}"
    )


@pytest.mark.parametrize("value", ['["https://a.example"]', "https://${HOST}", "'https://a'"])
def test_a_decorated_view_alone_tells_it_too(value: str) -> None:
    app = Flask(__name__)
    app.config.update(CORS_ORIGINS=value, PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/", view_func=cross_origin()(lambda: "body"))
    with pytest.raises(ConfigurationError, match="CORS_ORIGINS"):
        app.test_client().get("/", headers={"Origin": "https://a.example"})


# What is wrong, and what to write -----------------------------------------------------------------

SITE = "https://a.example"
LIST_AS_TEXT = (
    "is a list written as a string. Write a list, or in an environment variable only its items, "
    "separated by commas, without brackets or quotes"
)


@pytest.mark.parametrize("quote", "\"'`\u2018\u2019\u201c\u201d")
@pytest.mark.parametrize("form", ["{0}X{0}", "{0}X", "X{0}", " {0}X{0} ", "{0} X {0}"])
def test_each_kind_of_quote_is_told(form: str, quote: str) -> None:
    code, message = environment_mistake(form.format(quote)) or ("", "")
    assert (code, message.rpartition(": ")[2].strip()) == ("value-quoted", "X")


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        pytest.param(f"'{SITE}', 'https://b.example'", f"{SITE},https://b.example", id="items"),
        pytest.param(f"'{SITE}' , \"https://b.example\"", f"{SITE},https://b.example", id="blanks"),
        *(pytest.param(f"{prefix}'{SITE}'", SITE, id=prefix) for prefix in "rbu"),
        *(pytest.param(f'{prefix}"{SITE}"', SITE, id=f"{prefix}-twice") for prefix in "rbu"),
        pytest.param(r"r'https://a\.b', r'c'", r"https://a\\.b,c", id="raw-items"),
        pytest.param("'https://a.bar'", "https://a.bar", id="a-last-letter-like-a-prefix"),
        pytest.param("'u.example'", "u.example", id="a-first-letter-like-a-prefix"),
    ],
)
def test_a_quoted_value_is_written_out_without_its_quotes(text: str, bare: str) -> None:
    assert environment_mistake(text) == (
        "value-quoted",
        f"has extra quotes. Write it without them: {bare}",
    )


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        pytest.param(f'["{SITE}","https://b.example"]', f"{SITE},https://b.example", id="json"),
        pytest.param(f"[ '{SITE}' , '*' ]", f"{SITE},*", id="blanks"),
        pytest.param(f"('{SITE}',)", SITE, id="tuple"),
        pytest.param(f"( '{SITE}', )", SITE, id="tuple-with-blanks"),
        pytest.param(f"{{'{SITE}'}}", SITE, id="set"),
        pytest.param(f"{{ '{SITE}', '*' }}", f"{SITE},*", id="set-with-blanks"),
        pytest.param(f"[{SITE}]", SITE, id="yaml"),
        pytest.param("[GET, PUT]", "GET,PUT", id="yaml-without-origins"),
        pytest.param("[Authorization]", "Authorization", id="yaml-with-one-item"),
        pytest.param("[localhost]", "localhost", id="yaml-with-a-host"),
        pytest.param("[/api/*]", "/api/*", id="yaml-with-a-path"),
        pytest.param("[*]", "*", id="yaml-with-a-wildcard"),
        *(pytest.param(f"[{prefix}'GET']", "GET", id=f"prefix-{prefix}") for prefix in "rbu"),
        pytest.param("[]", "[] in Python", id="empty-list"),
        pytest.param("()", "[] in Python", id="empty-tuple"),
        pytest.param("{}", "[] in Python", id="empty-set"),
    ],
)
def test_a_list_is_written_out_without_brackets_and_quotes(text: str, bare: str) -> None:
    code, message = environment_mistake(text) or ("", "")
    assert (code, message) == ("value-list", f"{LIST_AS_TEXT}: {bare}")


@pytest.mark.parametrize(
    "text",
    [f'{{"{SITE}": {{}}}}', "{'/api/*': 1}", '{"a" : 1}', '{\n  "a": 1\n}'],
    ids=["json", "python", "a-blank-before-the-colon", "lines"],
)
def test_a_mapping_is_to_be_parsed(text: str) -> None:
    assert environment_mistake(text) == (
        "value-list",
        "is a mapping written as a string. Parse it first, for example with json.loads(...)",
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$VALUE", "$VALUE"),
        ("$_VALUE", "$_VALUE"),
        ("https://$value.example", "$value"),
        ("https://${VALUE}:3000", "${VALUE}"),
        ("${1:-x}", "${1:-x}"),
        ("${VALUE", "${VALUE"),
        ("https://$(hostname):3000", "$(hostname)"),
        ("$(hostname", "$(hostname"),
        ("%VALUE%", "%VALUE%"),
        ("%value_2%", "%value_2%"),
        ("%_v%", "%_v%"),
        ("%A%", "%A%"),
        ("%(value)s", "%(value)s"),
        ("https://{{ value }}.example", "{{ value }}"),
        ("{{value|lower}}", "{{value|lower}}"),
        ("{{ value", "{{ value"),
        ("{%if x%}https", "{%if x%}"),
        ("{% if x", "{% if x"),
        ("{VALUE}", "{VALUE}"),
        ("{_value}", "{_value}"),
        ("{x}", "{x}"),
        ("{env.VALUE}", "{env.VALUE}"),
        ("<VALUE>", "<VALUE>"),
        ("<_value>", "<_value>"),
        ("<your value>", "<your value>"),
        ("<your-value>", "<your-value>"),
        ("<app.example>", "<app.example>"),
        ("<x>", "<x>"),
        ("__VALUE__", "__VALUE__"),
        ("__V__", "__V__"),
        ("__V_059__", "__V_059__"),
        ("@VALUE@", "@VALUE@"),
        ("@V@", "@V@"),
        ("@V_059@", "@V_059@"),
        ("[a-z]+$VALUE", "$VALUE"),
        (r"[\w]$VALUE[x]", "$VALUE"),
        ("('$VALUE')", "$VALUE"),
    ],
)
def test_a_placeholder_is_shown(text: str, found: str) -> None:
    assert environment_mistake(text) == (
        "value-placeholder",
        f"has a placeholder that was not filled in: {found}. Fill it in, or write the value itself",
    )


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
        r"https://[^]$a]+\.example",
        r"https://[]$a]+\.example",
        r"https://[\]$a]+\.example",
        r"https://\N{BULLET}\.example",
        r"https://(?<name>a)\.example",  # JavaScript's spelling: told as an invalid expression
        r"https://(www)s?\.example",
        r"(https://a\.example|https://b\.example)",
        r"(a,b)",
        r"[a-z]+://[a-z]",
        r"[a-z]+,[a-z]",
        "(/a)?/b[\"']",
        "[\"']X",
        "(b|u)",
        "/100%/*",
        "/a%/*",
        "/%ab/*",
        "/100%(a)?",
        "/a<b/*",
        "X_A__B",
        "X__A_B",
        "X____B",
        "https://ME@a.example",
        "https://me@A.example",
        "me@",
        "https://a_b__c.example",
        "[::1]:3000",
        "(a)",
        "[a-z]",
        "[a-zA-Z0-9]",
        r"[\w/-]",
        "[^/]",
        "[2001:db8::1]",
        "X-*",
        "http://[::1]:3000",
    ],
)
def test_what_people_mean_is_no_slip(text: str) -> None:
    assert environment_mistake(text) is None


def test_an_expression_with_an_end_is_an_expression() -> None:
    policy = Policy.from_options(origins=r"^https://app\d\.example$")
    assert policy.decide("GET", {"Origin": "https://app1.example"}).outcome == "granted"
