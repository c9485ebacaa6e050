from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_cors.core import Policy
from flask_cors.core.headers import (
    ALL_METHODS,
    MAX_LIST_EMPTY,
    MAX_LIST_LENGTH,
    MAX_LIST_NAMES,
    HeaderRules,
    MethodRules,
    has_regex_syntax,
    is_forbidden_name,
    is_token,
    matches_glob,
    normalize_method,
    parse_names,
)


def header_rules(*allow_headers: str | re.Pattern[str]) -> HeaderRules:
    return Policy.from_options(allow_headers=allow_headers).settings.allow_headers


NO_TOKENS = [
    pytest.param("", id="empty"),
    pytest.param("X A", id="blank"),
    pytest.param("X-A ", id="blank-last"),
    pytest.param("X-A\n", id="line-feed"),
    pytest.param("X-A\r\nX-B: c", id="another-field"),
    pytest.param("X-A:", id="colon"),
    pytest.param("X,A", id="comma"),
    pytest.param("X(A)", id="parentheses"),
    pytest.param('"X"', id="quotes"),
    pytest.param("X/A", id="slash"),
    pytest.param("X{A}", id="braces"),
    pytest.param("Ä", id="not-ascii"),
    pytest.param("X\x00", id="nul"),
    pytest.param("X\x7f", id="delete"),
]


@pytest.mark.parametrize("text", ["X-Request-ID", "a", "x_y.z", "!#$%&'*+-.^_`|~", "0", "*"])
def test_a_token_is_told(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize("text", NO_TOKENS)
def test_what_is_no_token_is_told(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((f"a{sign}", True) for sign in r"\^$[]()?|"),
        ("X-.*", True),
        ("X-*", False),
        ("*", False),
        ("a.example", False),
        ("a+b{c}", False),
        ("*.", False),
    ],
)
def test_regex_syntax_is_told_from_a_glob(text: str, expected: bool) -> None:
    assert has_regex_syntax(text) is expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        *(
            (name, name.upper())
            for name in ("get", "Head", "post", "POST", "pUt", "delete", "options")
        ),
        ("patch", "patch"),
        ("PATCH", "PATCH"),
        ("query", "query"),
    ],
)
def test_a_method_is_normalized_as_fetch_does(method: str, expected: str) -> None:
    assert normalize_method(method) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("x-a", ["x-a"], id="one"),
        pytest.param("x-a,x-b", ["x-a", "x-b"], id="bare-comma"),
        pytest.param(" x-a ,\tx-b\t", ["x-a", "x-b"], id="blanks"),
        pytest.param("x-a,,x-b,", ["x-a", "x-b"], id="empty-elements"),
        pytest.param("X-A, x-a", ["X-A", "x-a"], id="as-written"),
        pytest.param("x a, y", ["x a", "y"], id="no-token"),
        pytest.param("a\x0b, b", ["a\x0b", "b"], id="other-blanks-stay"),
    ],
)
def test_a_list_is_parsed(value: str, expected: list[str]) -> None:
    assert parse_names(value) == expected


@pytest.mark.parametrize(
    ("value", "names"),
    [
        pytest.param("a" * MAX_LIST_LENGTH, 1, id="length"),
        pytest.param(",".join("a" * MAX_LIST_NAMES), MAX_LIST_NAMES, id="names"),
        pytest.param("," * (MAX_LIST_EMPTY - 1), 0, id="empty-elements"),
        pytest.param("a" + "," * MAX_LIST_EMPTY, 1, id="a-name-and-empty-elements"),
        pytest.param(
            ",".join("a" * MAX_LIST_NAMES) + "," * MAX_LIST_EMPTY, MAX_LIST_NAMES, id="all"
        ),
    ],
)
def test_a_list_within_the_budget_is_parsed(value: str, names: int) -> None:
    assert len(parse_names(value) or []) == names


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("a" * (MAX_LIST_LENGTH + 1), id="length"),
        pytest.param("a" * 64 * 1024, id="64-kib"),
        pytest.param(",".join("a" * (MAX_LIST_NAMES + 1)), id="names"),
        pytest.param("," * MAX_LIST_EMPTY, id="empty-elements"),
        pytest.param("a" + "," * (MAX_LIST_EMPTY + 1), id="a-name-and-empty-elements"),
        pytest.param("," * MAX_LIST_LENGTH, id="commas"),
    ],
)
def test_a_list_beyond_the_budget_is_refused(value: str) -> None:
    assert parse_names(value) is None


def test_the_budget_is_the_documented_one() -> None:
    assert (MAX_LIST_LENGTH, MAX_LIST_NAMES, MAX_LIST_EMPTY) == (8192, 128, 16)


@pytest.mark.parametrize("method", ALL_METHODS)
def test_the_methods_of_the_default_are_allowed_by_it(method: str) -> None:
    assert Policy.from_options().settings.methods.allow(method)


@pytest.mark.parametrize(
    ("methods", "requested", "allowed"),
    [
        pytest.param("PUT", "PUT", True, id="listed"),
        pytest.param("PUT", "GET", False, id="safelisted-but-not-listed"),
        pytest.param("PUT", "PU", False, id="part"),
        pytest.param("GET", "ET", False, id="part-that-was-accepted-once"),
        pytest.param("PATCH", "patch", False, id="exact"),
        pytest.param("put", "PUT", True, id="repaired"),
        pytest.param("Query", "Query", True, id="own-method-as-written"),
        pytest.param("Query", "QUERY", False, id="own-method-exactly"),
        pytest.param("*", "QUERY", True, id="any"),
        pytest.param("*", "TRACE", False, id="any-but-forbidden"),
        pytest.param("*", "connect", False, id="any-but-forbidden-in-lower-case"),
        pytest.param("*", "A B", False, id="any-but-no-token"),
        pytest.param("*", "", False, id="any-but-empty"),
        pytest.param([], "GET", False, id="none"),
        pytest.param(["GET"], "*", False, id="star-is-no-method"),
    ],
)
def test_methods_are_compared_exactly(methods: object, requested: str, allowed: bool) -> None:
    assert Policy.from_options(methods=methods).settings.methods.allow(requested) is allowed


@pytest.mark.parametrize(
    ("configured", "name", "allowed"),
    [
        pytest.param("X-A", "x-a", True, id="name"),
        pytest.param("x-a", "X-A", True, id="name-in-upper-case"),
        pytest.param("X-A", "X-AB", False, id="longer"),
        pytest.param("X.A", "X-A", False, id="dot-is-a-dot"),
        pytest.param("*", "anything", True, id="any"),
        pytest.param("X-*", "x-a", True, id="glob"),
        pytest.param("X-*", "X-", True, id="glob-of-nothing"),
        pytest.param("X-*", "AX-A", False, id="glob-start"),
        pytest.param("*-Id", "Request-ID", True, id="glob-end"),
        pytest.param("*-Id", "Request-IDs", False, id="glob-whole"),
        pytest.param("X-*-Id", "x-request-id", True, id="glob-middle"),
        pytest.param("X-*-Id", "x-id", False, id="glob-whose-ends-overlap"),
        pytest.param("X-*-Id", "x--id", True, id="glob-whose-ends-meet"),
        pytest.param("X-*b*-Id", "x-abc-id", True, id="glob-with-a-part-between"),
        pytest.param("X-*b*-Id", "x-acd-id", False, id="glob-with-a-part-that-is-not-there"),
        pytest.param("X-*x-*-Id", "x-a-id", False, id="glob-with-a-part-that-is-in-its-start"),
        pytest.param("X-*-i*-Id", "x-a-id", False, id="glob-with-a-part-that-is-in-its-end"),
        pytest.param("X-*b*b*-Id", "x-ab-id", False, id="glob-with-a-part-twice"),
        pytest.param("X-*b*b*-Id", "x-abb-id", True, id="glob-with-a-part-twice-side-by-side"),
        pytest.param("X-*bc*b*-Id", "x-bcb-id", True, id="glob-with-the-leftmost-part-first"),
        pytest.param("*b*", "b", True, id="glob-of-a-part-alone"),
        pytest.param("X.*-A", "XB-A", True, id="regex"),
        pytest.param("X-.*", "x-a", True, id="regex-case"),
        pytest.param("X-[ab]", "X-ab", False, id="regex-whole"),
        pytest.param("^X-A", "X-AB", False, id="regex-whole-from-the-start"),
        pytest.param("X-A$", "Y-X-A", False, id="regex-whole-to-the-end"),
        pytest.param("X-A|X-B", "X-BC", False, id="regex-alternative"),
        pytest.param(re.compile("X-A"), "x-a", True, id="compiled-case"),
        pytest.param(re.compile("X-A"), "X-AB", False, id="compiled-whole"),
        pytest.param(re.compile("X-[0-9]{1,3}"), "x-12", True, id="compiled-quantifier"),
    ],
)
def test_field_names_are_compared_whole_and_without_regard_to_case(
    configured: str | re.Pattern[str], name: str, allowed: bool
) -> None:
    assert header_rules(configured).allow(name) is allowed


@pytest.mark.parametrize("name", NO_TOKENS)
def test_a_field_name_that_is_no_token_is_never_allowed(name: str) -> None:
    everything = re.compile(".*", re.DOTALL)
    assert not HeaderRules(any=True, names=frozenset({name}), regexes=(everything,)).allow(name)


def test_no_field_name_is_allowed_by_an_empty_list() -> None:
    assert not header_rules().allow("x-a")


def test_rules_without_a_name_allow_nothing() -> None:
    assert not MethodRules().allow("GET")
    assert HeaderRules().allowed(["x-a", "x-b"]) == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (HeaderRules(any=True), ["X-A", "x-b"]),
        (HeaderRules(names=frozenset({"x-a"})), ["X-A"]),
        (HeaderRules(globs=("x-*",)), ["X-A", "x-b"]),
    ],
    ids=["any", "names", "globs"],
)
def test_of_several_names_the_allowed_ones_are_kept_as_they_are_written(
    rules: HeaderRules, expected: list[str]
) -> None:
    assert sorted(rules.allowed(["X-A", "x b", "x-b"])) == expected


@settings(deadline=None)
@given(st.text())
def test_any_text_is_judged_and_only_tokens_are_allowed(text: str) -> None:
    assert MethodRules(any=True).allow(text) in {False, is_token(text)}
    assert HeaderRules(any=True).allow(text) is is_token(text)
    assert all(name and name in text for name in parse_names(text) or ())


@pytest.mark.parametrize(("length", "allowed"), [(256, True), (257, False)])
def test_a_method_or_a_name_is_as_long_as_someone_could_have_meant(length: int, allowed: bool):
    method = "M" * length
    name = "x-" + "a" * (length - 2)
    assert MethodRules(any=True).allow(method) is allowed
    assert HeaderRules(globs=("x-*",)).allow(name) is allowed


def test_a_glob_without_a_star_is_compared_whole() -> None:
    assert [matches_glob("/a", text) for text in ("/a", "/ab", "/", "")] == [True, *[False] * 3]


def test_a_glob_is_compared_in_linear_time() -> None:
    rules = header_rules("X-*-*-*-Id")
    start = time.process_time()
    assert not rules.allow("X" + "-" * 1500)
    assert time.process_time() - start < 0.2  # a regular expression takes seconds


def test_a_regular_expression_is_tried_on_names_that_someone_could_have_meant():
    rules = HeaderRules(globs=("y-*",), regexes=(re.compile("x-.*"),))
    assert [rules.allow("x-" + "a" * number) for number in (62, 63)] == [True, False]
    assert [rules.allow("y-" + "a" * number) for number in (62, 254, 255)] == [True, True, False]


FORBIDDEN_NAMES = """
    Accept-Charset Accept-Encoding Access-Control-Request-Headers Access-Control-Request-Method
    Access-Control-Request-Private-Network Connection Content-Length Cookie Cookie2 Date DNT Expect
    Host Keep-Alive Origin Referer Set-Cookie TE Trailer Transfer-Encoding Upgrade Via
    Sec-Fetch-Mode Proxy-Authorization
""".split()  # noqa: SIM905  (one name per line would take thirty lines)


@pytest.mark.parametrize("name", FORBIDDEN_NAMES)
def test_a_name_that_fetch_forbids_to_scripts_is_forbidden_in_any_case(name: str) -> None:
    assert [is_forbidden_name(each) for each in (name, name.lower(), name.upper())] == [True] * 3


@pytest.mark.parametrize("name", ["X-Host", "Hosts", "Accept", "Authorization", "Section", "Proxy"])
def test_any_other_name_is_not_forbidden(name: str) -> None:
    assert not is_forbidden_name(name)
