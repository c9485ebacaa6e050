"""The risks in the settings of a policy that `flask cors check` reports."""

from __future__ import annotations

import re

import pytest

from ..support.commands import app_with
from ..support.commands import found as found_in


def found(cors, **options):
    """Return what `check` finds in an app with these options."""
    written = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return found_in(cors, app_with(f"CORS(app, {written})"))


def codes(cors, **options):
    return [finding["code"] for finding in found(cors, **options)]


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
def test_correct_configurations_have_no_findings(cors, origins):
    assert codes(cors, origins=origins) == []


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
def test_risky_expressions_are_found(cors, origins, expected):
    assert expected == codes(cors, origins=origins)


@pytest.mark.filterwarnings("error::FutureWarning")
def test_a_class_that_a_later_python_may_read_otherwise_causes_no_warning(cors):
    assert codes(cors, origins=r"[[:a]+") == []


def test_the_finding_on_a_dot_shows_it_escaped(cors):
    (problem,) = found(cors, origins=r"https://app.example.com|x")
    assert problem["option"] == "origins"
    assert problem["value"] == r"https://app.example.com|x"
    assert problem["message"] == (
        r"resource '/*': origins: the regular expression r'https://app.example.com|x' has a dot "
        r"that is not escaped, which matches any character. Write r'https://app\.example\.com|x'"
    )


def test_the_finding_on_a_lookalike_names_one_that_is_allowed(cors):
    (problem,) = found(cors, origins=r"https://.*example\.com")
    (named,) = re.findall(r"allows (\S+),", problem["message"])
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
        (r"https://.example\.com", "https://xexample.com"),
        (r"https://.*\.io", "https://evil.io"),
        (r"https://.*\.com", "https://evil.com"),
        (r"https://[^.]+\.org", "https://evil.org"),
        (r"https://\w+\.(?:com|net|org)", "https://evil.net"),
        (r".*\.(dev|app)", "https://evil.dev"),
        (r"https://\w+\.(io|de)", "https://evil.de"),
        (r"https://[a-z]+\.com", "https://evil.com"),
        (r"https://[a-z]+-[a-z]+\.vercel\.app", "https://a-evil.vercel.app"),
        (r"https://my-app-.*\.vercel\.app", "https://my-app-evil.vercel.app"),
        (r"https://tenant\d+\.example\.com.*", "https://tenant1.example.com.evil.test"),
        (r"http://192\.168\.\d+\..*", "http://192.168.1.evil.test"),
        (r"https://app-\d+\..*", "https://app-1.evil.test"),
        (r"https://\d+\.example\.com(.*)", "https://1.example.com.evil.test"),
        (r"https://[a-z]{2}\.example\.com.*", "https://aa.example.com.evil.test"),
        (r"https://(www|m)[a-z.]*example\.com", "https://wwwevilexample.com"),
        (r"[a-z]+://(a|b)\d\.example\.com[^/]*", "https://a1.example.com.evil.test"),
        (r"(?x) https?:// \d+ [^0-9.]* example\.com", "http://1evilexample.com"),
    ],
)
def test_an_expression_that_allows_a_lookalike_is_found(cors, origins, lets_in):
    assert re.fullmatch(origins, lets_in)
    found = codes(cors, origins=origins)
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
        r"https://[a-z0-9-]+\.example\.com",
        r"https://pr-\d+\.preview\.example\.com",
        r"https://[a-z0-9-]+--site\.netlify\.app",
        r"https://deploy-preview-\d+--site\.netlify\.app",
        r"https://(?:[a-z0-9-]+\.)*example\.co\.uk",
        r"https://.+\.my-app\.pages\.dev",
        r"https://.*\.(internal|local)(:\d+)?",
        r"https?://[a-z0-9-]+(:\d+)?",
        r"http://10\.\d+\.\d+\.\d+",
        r"https://(?!admin\.)[a-z]+\.example\.(com|org)",
        r"https://app(-(dev|test))?\.example\.com",
        r"chrome-extension://[a-p]+",
    ],
)
def test_careful_expressions_have_no_findings(cors, origins):
    assert codes(cors, origins=origins) == []


@pytest.mark.parametrize(
    "origins", [r"(www.)?shop\.example", r"localhost:\d+", r"app\.example$", r"(a|b)\.example"]
)
def test_an_expression_without_a_scheme_matches_no_origin(cors, origins):
    assert codes(cors, origins=origins) == (["regex-scheme"] if ":" not in origins else [])


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
def test_patterns_for_hosts_that_anyone_can_register_are_found(
    cors, origins, credentials, expected
):
    assert expected == codes(cors, origins=origins, supports_credentials=credentials)


def test_the_finding_on_a_pattern_says_what_to_write(cors):
    (problem,) = found(cors, origins="https://*.github.io")
    assert problem["message"] == (
        "resource '/*': origins: 'https://*.github.io' covers hosts that anyone can register. "
        "Write your own hosts only: 'https://my-app.github.io'"
    )


# Other options ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("max_age", "expected"), [(None, []), (0, []), (86_400, []), (86_401, ["max-age-cap"])]
)
def test_max_ages_above_every_browsers_cap_are_found(cors, max_age, expected):
    assert expected == codes(cors, max_age=max_age)
