"""Names that are no option: which option they were meant for, and which were meant to restrict."""

from __future__ import annotations

import re

import pytest

from flask_cors.core.errors import Problem, Problems
from flask_cors.core.settings import OptionSource, config_source, resolve_resources, resolve_view

A = "https://a.example"


def in_config(key: str, value: object = A) -> Problems:
    """Return what is wrong with an app whose configuration has just this key."""
    problems = Problems()
    resolve_resources([config_source({key: value}, problems)], problems)
    return problems


def in_call(name: str, *, of_view: bool = False) -> Problem:
    """Return what is wrong with an option of this name, of an app or of one view."""
    problems = Problems()
    source = OptionSource({name: None})
    if of_view:
        resolve_view([source], problems)
    else:
        resolve_resources([source], problems)
    (problem,) = problems.errors
    return problem


# Options that were meant --------------------------------------------------------------------------

MEANT = {
    "allow_credentials": "supports_credentials",
    "allowed_headers": "allow_headers",
    "allowed_methods": "methods",
    "allowed_origin": "origins",
    "allowed_origins": "origins",
    "allow_methods": "methods",
    "allow_origin": "origins",
    "allow_origin_regex": "origins",
    "allow_origins": "origins",
    "credentials": "supports_credentials",
    "exposed_headers": "expose_headers",
    "max_ages": "max_age",
    "origin_whitelist": "origins",
    "path": "resources",
    "paths": "resources",
    "whitelist": "origins",
}


@pytest.mark.parametrize("name", MEANT)
def test_a_name_of_another_library_is_told_with_the_option_that_was_meant(name: str) -> None:
    assert in_call(name).message.endswith(f"{name} is not an option. Did you mean {MEANT[name]}?")
    key = f"CORS_{name.upper()}"
    found = in_config(key)
    told = {problem.message for problem in (*found.errors, *found.warnings)}
    assert [f"Write CORS_{MEANT[name].upper()}" in message for message in told] == [True]


@pytest.mark.parametrize("name", ["path", "paths", "teapot"])
def test_what_is_not_to_be_had_in_a_place_is_not_said_to_be_meant_there(name: str) -> None:
    message = in_call(name, of_view=True).message
    assert message.startswith(f"{name} is not an option. The options are allow_headers, ")
    assert "resources" not in message


# Keys that were meant to restrict -----------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        "CORS_ORIGIN",
        "CORS_SITE_ORIGINS",
        "CORS_MY_ORGINS",
        *(f"CORS_{word}" for word in ("WHITELIST", "ALLOWLIST", "WHITELISTED", "ALLOWLISTED")),
        *(f"CORS_MY_{word}" for word in ("DOMAIN", "DOMAINS")),
        *(
            f"CORS_{word}_HOSTS"
            for word in ("ALLOW", "ALLOWED", "ACCEPT", "ACCEPTED", "PERMITTED", "TRUSTED", "VALID")
        ),
        *(f"CORS_ALLOWED_{word}" for word in ("HOST", "URL", "SITE", "CLIENT", "REFERER")),
        *(f"CORS_ALLOWED_{word}" for word in ("HOSTS", "URLS", "SITES", "CLIENTS", "REFERERS")),
    ],
)
@pytest.mark.parametrize("value", [[A], A, (), None], ids=repr)
def test_a_key_that_names_who_is_let_in_was_meant_to_restrict(key: str, value: object) -> None:
    (problem,) = in_config(key, value).errors
    assert (problem.code, problem.value) == ("origin-key", value)
    assert problem.message.startswith(f"{key} = ")


@pytest.mark.parametrize(
    "key",
    [
        "WHITE_LIST",
        "SAFELIST",
        "SAFE_LIST",
        "PERMITTED",
        "ALLOWED",
        "URLS",
        "HOSTS",
        "CLIENTS",
        "TRUSTED",
        "SITES",
        "FRONTEND",
        "URL",
        "CLIENT_URL",
        "FRONTEND_URLS",
    ],
)
@pytest.mark.parametrize(
    "value", [[A], (A, "x"), f"x, {A}", [re.compile(f"^{A}$")], ["^https?://a"]], ids=repr
)
def test_a_key_that_holds_an_origin_was_meant_to_restrict_whatever_its_name(
    key: str, value: object
) -> None:
    (problem,) = in_config(f"CORS_{key}", value).errors
    assert (problem.code, problem.value) == ("origin-key", value)


@pytest.mark.parametrize("key", ["RESOURCE", "PATHS", "RULES"])
@pytest.mark.parametrize(
    ("value", "instead"),
    [
        ({"/*": {"origins": A}}, f"CORS_RESOURCES = {{'/*': {{'origins': '{A}'}}}};"),
        ({"^/a": {"origins": [A]}}, f"CORS_RESOURCES = {{'^/a': {{'origins': ['{A}']}}}};"),
        ({"/*": [A]}, "CORS_RESOURCES = {'/*': {'origins': ['https://app.example']}};"),
        ({"x": [A]}, "CORS_ORIGINS = ['https://app.example'];"),
        ([A], f"CORS_ORIGINS = ['{A}'];"),
    ],
    ids=repr,
)
def test_a_mapping_or_list_that_holds_an_origin_was_meant_to_restrict(
    key: str, value: object, instead: str
) -> None:
    (problem,) = in_config(f"CORS_{key}", value).errors
    assert (problem.code, problem.value) == ("origin-key", value)
    assert f"Write {instead}" in problem.message


@pytest.mark.parametrize("word", ["ORIGIN", "ORIGINS", "HOSTS"])
def test_a_switch_for_all_that_is_off_was_meant_to_restrict(word: str) -> None:
    key = f"CORS_ALLOW_ALL_{word}"
    for value in (False, 0, "False", " no "):
        (problem,) = in_config(key, value).errors
        assert problem.code == "origin-key"
        assert "Write CORS_ORIGINS = ['https://app.example'];" in problem.message
    for value in (True, 1, "True", "on"):
        assert in_config(key, value).errors == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(
            pytest.param(f"CORS_ORIGINS_{word}", "x", id=f"about-{word}")
            for word in (
                "CACHE",
                "COUNT",
                "DEBUG",
                "FILE",
                "HEADER",
                "LOG",
                "LOGGING",
                "NAME",
                "PATH",
            )
        ),
        pytest.param("CORS_CHECK_ORIGINS", False, id="switch"),
        pytest.param("CORS_CHECK_ORIGINS", True, id="switch-on"),
        pytest.param("CORS_ALLOWED_ORIGINS_TTL", 60, id="number"),
        pytest.param("CORS_ORIGINS_SAMPLED", 0.5, id="fraction"),
        pytest.param("CORS_ALLOWED_ORIGINS", " * ", id="everyone"),
        pytest.param("CORS_ALLOWED_ORIGINS", [A, ".*"], id="everyone-in-a-list"),
        pytest.param("CORS_REGIONS", "eu", id="a-word-that-is-not-very-like-it"),
        pytest.param("CORS_HOSTS", ["a"], id="hosts-without-permission"),
        pytest.param("CORS_ALLOWED", ["a"], id="permission-for-nobody-in-particular"),
        pytest.param("CORS_ALLOW_ALL_ORIGINS", "True", id="switch-for-all-as-text"),
        pytest.param("CORS_CHECK_ORIGINS", "false", id="switch-as-text"),
        pytest.param("CORS_ALLOWED_ORIGINS_TTL", " 60 ", id="number-as-text"),
        pytest.param("CORS_ORIGINAL", "x", id="another-word"),
        *(
            pytest.param(f"CORS_{word}", "https://docs.example", id=f"address-{word}")
            for word in ("DOCS_URL", "LOG_ENDPOINT", "PROXY_SERVER", "PROXY", "DOCS_LOG")
        ),
        pytest.param("CORS_DOCS", f"{A}/docs", id="url-with-a-path"),
        pytest.param("CORS_PAGES", [f"{A}/docs", "x", 5], id="urls-with-paths"),
        pytest.param("CORS_BROKERS", ["redis://a:6379"], id="addresses-of-no-website"),
        pytest.param("CORS_TREE", [[[[[[A]]]]]], id="nested-too-deeply"),
        pytest.param("CORS_RESOURCE", {"/*": {"origins": "*"}}, id="resources-for-everyone"),
        pytest.param("CORS_PATHS", A, id="a-path"),
        pytest.param("CORS_ALLOWED_HEADERS", [A], id="another-option"),
    ],
)
def test_a_key_about_something_else_restricts_nobody(key: str, value: object) -> None:
    assert in_config(key, value).errors == []
