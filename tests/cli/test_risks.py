"""The risks in the settings of a policy that `flask cors check` reports."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from flask_cors._advice import in_python
from flask_cors.cli.risks import settings_findings, start_of
from flask_cors.core import Policy


def codes(**options: object) -> list[str]:
    """Return the codes of what is found in a policy."""
    return [problem.code for problem in found(**options)]


def found(**options: object) -> Iterator:
    return settings_findings(Policy.from_options(**options).settings, "here")


# Regular expressions of origins -------------------------------------------------------------------


@pytest.mark.parametrize(
    "origins",
    [
        pytest.param(r"https://app\.example\.com", id="one"),
        pytest.param(r"^https://([a-z0-9-]+\.)?example\.com$", id="subdomains"),
        pytest.param(r"https://.+\.example\.com", id="any-subdomain"),
        pytest.param(r"https://[a-z.-]+\.example\.com", id="dot-in-a-class"),
        pytest.param(r"https://[^].x]+\.example\.com", id="bracket-in-a-class"),
        pytest.param(r"https://(www|api)\.example\.com(:\d+)?", id="alternatives"),
        pytest.param(r"https?://localhost(:\d+)?", id="loopback"),
        pytest.param(r"http://192\.168\.\d{1,3}\.\d{1,3}:3000", id="addresses"),
        pytest.param(r"https://pr-\d+\.my-app\.vercel\.app", id="previews"),
        pytest.param(re.compile(r"(?i)https://app\.example"), id="compiled"),
        pytest.param(["https://app.example", "https://*.app.example"], id="no-regex"),
        pytest.param("*", id="wildcard"),
        pytest.param([], id="nobody"),
    ],
)
def test_what_is_right_is_left_alone(origins):
    assert codes(origins=origins) == []


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        pytest.param(r"https://app.example.com|x", ["regex-dot"], id="dot"),
        pytest.param(
            re.compile("https://app.example.com"), ["regex-dot"], id="compiled-plain-origin"
        ),
        pytest.param(r"https://.*example\.com", ["regex-lookalike"], id="glued-to-the-name"),
        pytest.param(r"https?://.*-?example\.com", ["regex-lookalike"], id="any-scheme"),
        pytest.param(r"https://example\.com.*", ["regex-lookalike"], id="open-end"),
        pytest.param(r"https://[a-z.]+", ["regex-lookalike"], id="everyone"),
        pytest.param(r"http://[^/]+", ["regex-lookalike"], id="everyone-unencrypted"),
        pytest.param(r"https://.*\.vercel\.app", ["regex-lookalike"], id="shared-suffix"),
        pytest.param(r"https://(.*)\.EXAMPLE.com.*", ["regex-dot", "regex-lookalike"], id="both"),
    ],
)
def test_risky_expressions_are_found(origins, expected):
    assert expected == codes(origins=origins)


def test_the_finding_on_a_dot_shows_it_escaped():
    (problem,) = found(origins=r"https://app.example.com|x")
    assert problem.option == "origins"
    assert problem.value == r"https://app.example.com|x"
    assert problem.message == (
        r"here: origins: the regular expression r'https://app.example.com|x' has a dot that is "
        r"not escaped, which matches any character. Write r'https://app\.example\.com|x'"
    )


def test_the_finding_on_a_look_alike_names_one_that_gets_in():
    (problem,) = found(origins=r"https://.*example\.com")
    (named,) = re.findall(r"allows (\S+),", problem.message)
    assert named == "https://evilexample.com"
    assert re.fullmatch(r"https://.*example\.com", named)


@pytest.mark.parametrize(
    ("origins", "lets_in"),
    [
        (r"https://(www.)?example\.com", "https://wwwXexample.com"),
        (r"https://(app|admin).example\.com", "https://appXexample.com"),
        (r"https://(?:a|b).(c|d)\.example\.com", "https://aXc.example.com"),
        (r"https?://localhost.*", "http://localhost.evil.test"),
        (r"https://app-\d+.example\.com", "https://app-1Xexample.com"),
        (r"https://[a-z]+.example\.com", "https://aXexample.com"),
        (r"http://(intranet).*", "http://intranet.evil.test"),
        (r"https://.*:3000", "https://evil.test:3000"),
        (r"https://example\.com(:\d+)?.*", "https://example.com.evil.test"),
        (r"https://(app|example)\.(com|.*)", "https://app.evil.test"),
        (r".*\.example\.com|https://.*", "https://evil.test"),
    ],
)
def test_an_expression_that_lets_in_a_look_alike_is_found(origins, lets_in):
    assert re.fullmatch(origins, lets_in)
    found = codes(origins=origins)
    assert found
    assert set(found) <= {"regex-dot", "regex-lookalike"}


@pytest.mark.parametrize(
    "origins",
    [
        r"https://(?:www\.)?example\.com",
        r"https://app-\d+\.example\.com",
        r"https://app[.]example[.]com",
        r"http://localhost:.*",
        r"https?://.*localhost(:\d+)?",
        r"http://127\.0\.0\.1:\d+",
        r".*\.example\.com(:\d+)?",
        r"(https?|app)://[a-z]{2}\.example\.com",
        r"^https?://(?:[\w-]+\.){1,2}example\.com(?::\d{4})?$",
        r"[a-z]+\://app\.example",
        r"https:\/\/app\.example\.com",
        r"\S+\.example\.com",
        r"[^.]+\.example\.com",
    ],
)
def test_expressions_that_people_write_with_care_are_left_alone(origins):
    assert codes(origins=origins) == []


@pytest.mark.parametrize(
    "origins", [r"(www.)?shop\.example", r"localhost:\d+", r"app\.example$", r"(a|b)\.example"]
)
def test_an_expression_without_a_scheme_matches_no_origin(origins):
    assert codes(origins=origins) == (["regex-scheme"] if ":" not in origins else [])


# Origin patterns ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origins", "credentials", "expected"),
    [
        pytest.param("https://*.com", False, ["origin-public-suffix"], id="registry"),
        pytest.param("https://*.co.uk:8443", False, ["origin-public-suffix"], id="second-level"),
        pytest.param("https://*.github.io:*", False, ["origin-public-suffix"], id="any-port"),
        pytest.param("https://*.me.github.io", False, [], id="below-one's-own"),
        pytest.param("http://*.localhost:*", False, [], id="loopback"),
        pytest.param("https://*.internal", True, [], id="of-no-registry"),
        pytest.param("https://*", False, [], id="any-host"),
        pytest.param("http://localhost:*", True, [], id="any-port-of-a-host"),
    ],
)
def test_patterns_that_cover_what_anyone_can_have_are_found(origins, credentials, expected):
    assert expected == codes(origins=origins, supports_credentials=credentials)


def test_the_finding_on_a_pattern_says_what_to_write():
    (problem,) = found(origins="https://*.github.io")
    assert problem.message == (
        "here: origins: 'https://*.github.io' covers hosts that anyone can register. "
        "Write your own hosts only: 'https://my-app.github.io'"
    )


# Other options ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("max_age", "expected"), [(None, []), (0, []), (86_400, []), (86_401, ["max-age-cap"])]
)
def test_max_ages_above_every_browsers_cap_are_found(max_age, expected):
    assert expected == codes(max_age=max_age)


@pytest.mark.parametrize(
    ("pattern", "usual", "start"),
    [
        (r"^https://app\.x", "https://", "https://app.x"),
        (r"https?://(a|b)", "https://", "https://"),
        (r"(a|b)", "https://", "https://"),
        (r"localhost.*", "https://", "https://"),
        (r"^/api/v\d", "/", "/api/v"),
        (r".*/x", "/", "/"),
        (r"X-[a-z]", "", "X-"),
    ],
)
def test_texts_to_try_start_as_the_expression_demands(pattern, usual, start):
    assert start == start_of(re.compile(pattern), usual)


@pytest.mark.parametrize(
    ("pattern", "code"), [(r"\d", r"r'\d'"), ("a'b", '''r"a'b"'''), ("é", r"r'\xe9'")]
)
def test_an_expression_is_shown_as_it_is_written(pattern, code):
    assert code == in_python(pattern)
