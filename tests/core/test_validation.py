"""One value of one option: what it is read as, and what is said of one that is wrong."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial, wraps

import pytest

from flask_cors.core.errors import Problem, Problems
from flask_cors.core.headers import HeaderRules
from flask_cors.core.origins import OriginRules
from flask_cors.core.settings import (
    OptionSource,
    Settings,
    config_source,
    resolve_resources,
)

A = "https://a.example"


def resolved(**options: object) -> tuple[Settings, Problems]:
    problems = Problems()
    ((_, settings),) = resolve_resources([OptionSource(options)], problems)
    return settings, problems


def read(option: str, value: object) -> object:
    """Return what the value of an option is read as, without a word."""
    settings, problems = resolved(**{option: value})
    assert problems.errors + problems.warnings == []
    return getattr(settings, option)


def problem_of(option: str, value: object) -> Problem:
    """Return what is wrong with the value of an option."""
    _, problems = resolved(**{option: value})
    (problem,) = problems.errors + problems.warnings
    return problem


# What is said -------------------------------------------------------------------------------------

LIST = "has the wrong type. Write a string, or a list of strings"
NO_METHOD = "is not a method. Write its name: 'PUT'"
PATTERN_OF_METHODS = "is not a method; only '*' alone stands for others. Write each name: 'PUT'"
NO_GLOB = "has no effect: only '*' alone stands for others. Write '*', or each name: 'X-A'"
NO_HEADER = "is not the name of a header. Write 'X-Request-ID'"
MEDIA_TYPE = "is a media type. Write the name of the header that carries it: 'Content-Type'"
NO_SECONDS = "is not a number of seconds from 0 to 2147483648. Write max_age={}, or a timedelta"


def several(what: str, listed: str) -> str:
    return f"is more than one {what}. Write one item for each: {str(listed.split(', '))[1:-1]}"


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (5, NO_METHOD),
        ("(PUT", NO_METHOD),
        ("GET P(T", NO_METHOD),
        ("GET; P(T", NO_METHOD),
        ("PÜT", NO_METHOD),
        ("all", "is not a method. Write '*' for any method"),
        ("ANY", "is not a method. Write '*' for any method"),
        ("GET PUT", several("method", "GET, PUT")),
        ("GET\tPUT", several("method", "GET, PUT")),
        ("GET|PUT|PATCH", several("method", "GET, PUT, PATCH")),
        ("GET; PUT", several("method", "GET, PUT")),
        ("GET / PUT", several("method", "GET, PUT")),
        ("GET & PUT", several("method", "GET, PUT")),
        ("GET + PUT", several("method", "GET, PUT")),
        ("GET PUT # both", several("method", "GET, PUT")),
        ("PUT # x", "is more than a method. Write 'PUT'"),
        ("# x", NO_METHOD),
        ("GET TRACE", NO_METHOD),
        ("GET all", NO_METHOD),
        (".*", "is not a method. Write '*' for any method"),
        ("P*", PATTERN_OF_METHODS),
        ("P.*", PATTERN_OF_METHODS),
        ("GET|P*", PATTERN_OF_METHODS),
    ],
)
def test_what_is_no_method_is_told_what_to_write(item: object, text: str) -> None:
    problem = problem_of("methods", ["GET", item])
    assert problem == ("method", "methods", item, f"methods: {item!a} {text}")


@pytest.mark.parametrize("option", ["allow_headers", "expose_headers"])
@pytest.mark.parametrize(
    ("item", "text"),
    [
        (5, NO_HEADER),
        ("X,A", NO_HEADER),
        ("X A,B", NO_HEADER),
        ("X A: 1", NO_HEADER),
        (": 1", NO_HEADER),
        ("Ä", NO_HEADER),
        ("all", "is not the name of a header. Write '*' for any header"),
        ("Any", "is not the name of a header. Write '*' for any header"),
        ("X-A X-B", several("name", "X-A, X-B")),
        ("X-A; X-B", several("name", "X-A, X-B")),
        ("X-A X-B # both", several("name", "X-A, X-B")),
        ("X-A # x", "is more than a name. Write 'X-A'"),
        ("X-A all", NO_HEADER),
        ("X-A # x: y", "is more than a name. Write 'X-A'"),
        ("all: x", NO_HEADER),
        ("X-A: 1", "is a header with its value. Write only its name: 'X-A'"),
        ("X-A : 1", "is a header with its value. Write only its name: 'X-A'"),
        ("X-A:1:2", "is a header with its value. Write only its name: 'X-A'"),
        ("x/y", NO_HEADER),
        *(
            (f"{kind}/x", MEDIA_TYPE)
            for kind in (
                "application",
                "audio",
                "font",
                "image",
                "model",
                "multipart",
                "text",
                "video",
            )
        ),
        ("text/html; charset=utf-8", MEDIA_TYPE),
        ("X text/html", NO_HEADER),
        ("video X-A", several("name", "video, X-A")),
    ],
)
def test_what_is_no_header_is_told_what_to_write(option: str, item: object, text: str) -> None:
    problem = problem_of(option, ["X-A", item])
    assert problem == ("header-name", option, item, f"{option}: {item!a} {text}")


@pytest.mark.parametrize(
    ("item", "code", "text"),
    [
        (".*", "header-name", "is not the name of a header. Write '*' for any header"),
        ("X-.*", "header-name", "is not the name of a header. Write '*' for any header"),
        ("X-A|X-B", "header-name", several("name", "X-A, X-B")),
        ("X-*", "expose-wildcard", NO_GLOB),
        ("*-A", "expose-wildcard", NO_GLOB),
    ],
)
def test_a_pattern_of_exposed_headers_is_told_to_have_no_effect(
    item: str, code: str, text: str
) -> None:
    message = f"expose_headers: {item!a} {text}"
    assert problem_of("expose_headers", ["X-A", item]) == (code, "expose_headers", item, message)


@pytest.mark.parametrize(
    ("option", "text", "listed"),
    [
        ("methods", "GET PUT", "GET, PUT"),
        ("allow_headers", "X-A X-B", "X-A, X-B"),
        ("expose_headers", "X-A|X-B", "X-A, X-B"),
    ],
)
def test_several_names_in_a_text_are_told_with_commas(option: str, text: str, listed: str) -> None:
    message = problem_of(option, text).message
    assert message.endswith(f"Write commas between them, '{listed}', or a list")
    assert read(option, listed)


def test_the_names_of_a_preflight_are_tried_one_after_the_other() -> None:
    assert problem_of("allow_headers", ["X-.*-.*-.*-.*-.*-id"]).code == "regex-backtracking"


@pytest.mark.parametrize(
    ("config", "remedy"),
    [
        ({"CORS_MAX_AGE": "1h"}, "Write CORS_MAX_AGE = 3600, or"),
        ({"CORS_RESOURCES": {"/a": {"max_age": "1h"}}}, "Write 'max_age': 3600, or"),
        ({"CORS_ORIGINS": {"/a": "*"}}, "in resources: CORS_RESOURCES = {"),
        ({"CORS_RESOURCES": {"/a": {"origins": {"/a": "*"}}}}, "in resources: resources={"),
    ],
)
def test_a_message_says_what_to_write_where_the_option_is(
    config: dict[str, object], remedy: str
) -> None:
    problems = Problems()
    resolve_resources([config_source(config, problems)], problems)
    (problem,) = problems.errors
    assert remedy in problem.message


def test_a_header_that_scripts_may_not_use_is_told() -> None:
    never_set = "is a header that scripts cannot set: browsers control it. Remove it"
    assert problem_of("allow_headers", ["X-A", "Cookie"]) == (
        "header-forbidden",
        "allow_headers",
        "Cookie",
        f"allow_headers: 'Cookie' {never_set}",
    )
    assert problem_of("expose_headers", ["X-A", "Set-Cookie"]) == (
        "header-forbidden",
        "expose_headers",
        "Set-Cookie",
        "expose_headers: 'Set-Cookie' is a header that scripts can never read. Remove it",
    )


def test_a_method_that_browsers_do_not_send_is_told() -> None:
    assert problem_of("methods", "GET, trace") == (
        "method-forbidden",
        "methods",
        "trace",
        "methods: 'trace' is a method that no browser sends. Remove it",
    )


def test_an_expression_for_headers_that_is_none_is_told_with_the_reason() -> None:
    problem = problem_of("allow_headers", ["X-A", "X-("])
    assert problem[:3] == ("pattern-regex", "allow_headers", "X-(")
    assert problem.message.startswith(
        "allow_headers: 'X-(' is not a valid regular expression (missing ), "
    )
    assert problem.message.endswith(
        ". Write 'X-Request-ID', a glob 'X-*', or fix the expression",
    )


@pytest.mark.parametrize("option", ["methods", "allow_headers", "expose_headers", "origins"])
@pytest.mark.parametrize("value", [5, b"X", 1.5], ids=repr)
def test_what_is_no_list_is_told_what_to_write(option: str, value: object) -> None:
    assert problem_of(option, value) == (
        "option-type",
        option,
        value,
        f"{option}: {value!a} {LIST}",
    )


def test_a_mapping_of_origins_is_told_where_it_goes() -> None:
    problem = problem_of("origins", {A: 1})
    assert problem[:3] == ("option-type", "origins", {A: 1})
    assert problem.message == (
        f"origins: {{'{A}': 1}} is a mapping. Write options that differ by path in resources: "
        "resources={'/api/*': {'origins': ['https://app.example']}}"
    )


@pytest.mark.parametrize("value", [None, "", " "], ids=repr)
def test_origins_that_are_not_there_are_told_what_to_write(value: object) -> None:
    problem = problem_of("origins", value)
    assert problem[:3] == ("origin-unset", "origins", value)
    assert problem.message == (
        f"origins: {value!a} could mean nobody or everybody; is an environment variable unset? "
        "List the allowed origins: ['https://app.example']; or write [] for nobody, '*' for "
        "everyone"
    )


@pytest.mark.parametrize("value", [None, {A: 1}, 5, ["a.example"]], ids=repr)
def test_origins_that_cannot_be_read_are_nobodys(value: object) -> None:
    settings, problems = resolved(origins=value, supports_credentials=True)
    assert len(problems.errors) == 1
    assert settings.origins == read("origins", [])


def test_origins_with_a_comma_are_told_to_be_items() -> None:
    assert problem_of("origins", [f"{A},null"]).message == (
        f"origins: '{A},null' contains a comma; an origin has none. Write one item for each "
        "origin: ['https://a.example', 'https://b.example']"
    )
    assert problem_of("origins", [5]).message == (
        "origins: 5 is not an origin. Write a string like 'https://app.example', a compiled "
        "pattern of str, or a callable that takes the origin"
    )


@pytest.mark.parametrize("value", [2, "maybe", None], ids=repr)
def test_what_is_no_switch_is_told_what_to_write(value: object) -> None:
    if value is None:  # which means that it is not given
        assert read("send_wildcard", value) is False
    else:
        assert problem_of("send_wildcard", value) == (
            "boolean",
            "send_wildcard",
            value,
            f"send_wildcard: {value!a} is not a boolean. Write True or False",
        )


# What is not set ----------------------------------------------------------------------------------

EXAMPLES = {
    "origins": "['https://app.example'], [] for nobody, or '*' for everyone",
    "methods": "['GET', 'PUT'], [] for none, or '*' for any",
    "allow_headers": "['Content-Type'], [] for none, or '*' for any",
    "expose_headers": "['X-Total'], or [] for none",
    "max_age": "600, or leave it out",
    "resources": "'/api/*', or [] for none",
    "always_send": "True or False",
}
CODES = {
    "origins": "origin-unset",
    "methods": "method",
    "allow_headers": "header-name",
    "expose_headers": "header-name",
    "resources": "resource-type",
}
ALONE = dict.fromkeys(CODES, "value-unset") | {
    "origins": "origin-unset",
    "max_age": "max-age",
    "always_send": "boolean",
}


@pytest.mark.parametrize("option", EXAMPLES)
@pytest.mark.parametrize("value", ["none", "NIL", " Undefined ", "''", '""'])
def test_a_value_that_stands_for_none_is_told_with_an_example(option: str, value: str) -> None:
    problems = Problems()
    resolve_resources([OptionSource({option: value})], problems)
    (problem,) = problems.errors + problems.warnings
    assert problem[:3] == (ALONE[option], option, value)
    assert problem.message == (
        f"{option}: {value!a} means that there is no value; is an environment variable unset? "
        f"Write {EXAMPLES[option]}"
    )
    assert bool(problems.warnings) is (option == "expose_headers")


@pytest.mark.parametrize("value", ["", " \t"], ids=repr)
@pytest.mark.parametrize("option", [option for option in EXAMPLES if option != "origins"])
def test_a_value_that_is_empty_is_told_with_an_example(option: str, value: str) -> None:
    problems = Problems()
    resolve_resources([OptionSource({option: value})], problems)
    (problem,) = problems.errors + problems.warnings
    assert problem == (
        ALONE[option],
        option,
        value,
        f"{option}: {value!a} is empty; is an environment variable unset? Write {EXAMPLES[option]}",
    )


@pytest.mark.parametrize(
    ("option", "item"),
    [
        *((option, item) for option in CODES for item in (None, "None") if option != "resources"),
        ("resources", None),
    ],
)
def test_an_item_that_stands_for_none_is_to_be_removed(option: str, item: object) -> None:
    good = {"origins": A, "resources": "/a"}.get(option, "X")
    _, problems = resolved(**{option: [good, item]})
    (problem,) = problems.errors
    assert problem[:3] == (CODES[option], option, item)
    assert problem.message == (
        f"{option}: {item!a} means that there is no value; is an environment variable unset? "
        "Remove it"
    )


# What is wrong counts as nothing ------------------------------------------------------------------

SLOW_ORIGIN = r"https://([a-z]+)+\.example"
SLOW_NAME = r"X-([a-z]+)+1"


@pytest.mark.parametrize(
    "item", [None, "", "None", 5, "a.example", "https://(", SLOW_ORIGIN, Ellipsis]
)
def test_an_origin_that_is_wrong_allows_nobody(item: object) -> None:
    settings, problems = resolved(origins=[item, A, item], supports_credentials=True)
    assert settings.origins == read("origins", [A])
    assert [problem.value for problem in problems.errors] == [item, item]


@pytest.mark.parametrize("option", ["methods", "allow_headers", "expose_headers"])
@pytest.mark.parametrize("item", [None, "", 5, "X A", "X,A"], ids=repr)
def test_a_name_that_is_wrong_is_left_out(option: str, item: object) -> None:
    settings, problems = resolved(**{option: [item, "X-A", item]})
    assert getattr(settings, option) == read(option, ["X-A"])
    assert [problem.value for problem in problems.errors] == [item, item]


@pytest.mark.parametrize("item", ["X-(", SLOW_NAME])
def test_an_expression_for_headers_that_is_wrong_is_left_out(item: str) -> None:
    settings, problems = resolved(allow_headers=[item, "X-A"])
    assert settings.allow_headers == read("allow_headers", ["X-A"])
    assert [problem.value for problem in problems.errors] == [item]


@pytest.mark.parametrize("value", ["None", "maybe", "'true'", "$VALUE"])
def test_a_value_that_is_wrong_is_not_set(value: str) -> None:
    settings, problems = resolved(max_age=value, send_wildcard=value)
    assert (settings.max_age, settings.send_wildcard) == (None, False)
    assert [problem.value for problem in problems.errors] == [value, value]


# Expressions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "written", "start", "pattern"),
    [
        ("origins", SLOW_ORIGIN, f"origins: {SLOW_ORIGIN!a}", "'https://*.example.com'"),
        ("allow_headers", SLOW_NAME, f"allow_headers: {SLOW_NAME!a}", "'X-*'"),
        ("resources", r"/(\w+)+x$", r"resources['/(\\w+)+x$']", "'/api/*'"),
    ],
)
def test_a_slow_expression_is_told_where_it_stands(
    option: str, written: str, start: str, pattern: str
) -> None:
    problems = Problems()
    resolve_resources([OptionSource({option: written})], problems)
    (problem,) = problems.errors
    assert problem[:3] == ("regex-backtracking", option, written)
    assert problem.message == (
        f"{start} can take extremely long to match, and clients choose the text. "
        f"Use [a-z]+ instead of ([a-z]+)+, or a pattern with '*': {pattern}"
    )


@pytest.mark.parametrize(
    ("option", "pattern"),
    [
        pytest.param("origins", r"https://a(\s+)+b", id="blanks-in-an-origin"),
        pytest.param("allow_headers", r"X-(\s+)+B", id="blanks-in-a-name"),
        pytest.param("resources", r"/(a+)+", id="a-path-that-may-go-on"),
    ],
)
def test_an_expression_is_fast_if_it_is_for_what_it_is_tried_on(option: str, pattern: str) -> None:
    problems = Problems()
    resolve_resources([OptionSource({option: pattern})], problems)
    assert problems.errors + problems.warnings == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"https://[a-z]+\.[a-z]+",
        r"https?://\w+(\.\w+)+",
        r"https://[^/]{1,20}",
        r"https://[a-z.]+",
        r"https://\w+\.\w{2,3}",
        r"https://[^-]+",
        r"https://[a-z]+\.\w+\.\w+",
        r"https?://.+-.+\d\.[a-z]+",
        r"https://[^.]+\.[a-z]{3}",
        r"https://[^.]+\.[a-z]{4,}",
        r"http://.+\.com",
        r"http://.+:\d{3}",
        r"https://.+:\d{4}",
    ],
)
def test_an_expression_that_lets_in_whoever_has_a_host_is_wide(pattern: str) -> None:
    settings, _ = resolved(origins=[pattern, r"https://[a-z]+\.example"])
    assert [regex.pattern for regex in settings.origins.wide_regexes] == [pattern]


def test_a_compiled_resource_is_named_by_its_pattern() -> None:
    problems = Problems()
    resource = {re.compile("/a(b|c)"): {"max_age": -1}}
    resolve_resources([OptionSource({"resources": resource})], problems)
    (problem,) = problems.errors
    assert problem.message.startswith("resources['/a(b|c)'].max_age: -1 ")


# Lists --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bounds", ["{1,3}", "{1,10}", "{2,90}", "{1,}", "{,9}", "{0,0}"])
def test_a_comma_in_a_quantifier_separates_nothing(bounds: str) -> None:
    settings, _ = resolved(allow_headers=f"X-[a-z]{bounds}, X-B")
    assert [regex.pattern for regex in settings.allow_headers.regexes] == [f"X-[a-z]{bounds}"]
    assert settings.allow_headers.names == {"x-b"}


def test_the_order_of_a_list_makes_no_other_policy() -> None:
    lists: dict[str, list[object]] = {
        "origins": [A, "https://*.b.example", "https://c.example"],
        "methods": ["GET", "PUT", "QUERY"],
        "allow_headers": ["X-A", *(f"{letter}-*" for letter in "kfbpdgaohc")],
        "expose_headers": ["X-B", "X-A", "X-C"],
    }
    one, other = (
        resolved(**lists)[0],
        resolved(**{name: value[::-1] for name, value in lists.items()})[0],
    )
    assert (one, hash(one)) == (other, hash(other))


def test_names_globs_and_expressions_are_told_apart() -> None:
    rules = read("allow_headers", ["X-B*", "*-A", "X-C", "X-[0-9]"])
    assert rules == HeaderRules(
        names=frozenset({"x-c"}),
        globs=("*-a", "x-b*"),
        regexes=(re.compile("X-[0-9]", re.IGNORECASE),),
    )
    assert read("allow_headers", ["*", "X-C"]) == HeaderRules(
        any=True, names=frozenset({"*", "x-c"})
    )


def test_each_expression_of_a_list_is_kept() -> None:
    settings, _ = resolved(
        allow_headers=["X-A.*", "X-B.*"], origins=["https://a\\d", "https://b\\d"]
    )
    assert [regex.pattern for regex in settings.allow_headers.regexes] == ["X-A.*", "X-B.*"]
    assert [regex.pattern for regex in settings.origins.regexes] == ["https://a\\d", "https://b\\d"]


# Origins ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        *(
            (text, text)
            for text in (
                "https://a.example",
                "http://a",
                "https://a0_z-9.a0_z-9.z09",
                "https://-.a",
                "https://_.z_",
                "https://0.9.a",
                "http://a.example:1",
                "http://a.example:9999",
                "http://a.example:4430",
                "http://a.example:44",
                "http://a.example:800",
                "http://a.example:8",
                "http://a.example:65535",
                "https://a.example:80",
                "http://a.example:443",
                "https://1.2.3.4",
                "https://[::1]",
                "https://a.",
                f"https://{'a.' * 126}a",
            )
        ),
        ("https://a.example:443", A),
        ("http://a.example:80", "http://a.example"),
        ("https://a.example:08", "https://a.example:8"),
        ("HTTPS://A.example", A),
        ("https://a.example/", A),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, origin: str) -> None:
    settings, problems = resolved(origins=[written])
    assert (problems.errors, settings.origins.exact) == ([], {origin})


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("a.example", "origin-scheme"),
        ("https:/a.example", "origin-scheme"),
        ("https//a.example", "origin-scheme"),
        ("https:a.example", "origin-scheme"),
        ("ahttps://a.example", "origin-scheme"),
        ("httpss://a.example", "origin-scheme"),
        ("htt://a.example", "origin-scheme"),
        ("ttp://a.example", "origin-scheme"),
        ("https:///a.example", "origin-host"),
        ("https://a.1", "origin-host"),
        ("https://a.1a.0x", "origin-host"),
        ("https://a..example", "origin-host"),
        ("https://.a.example", "origin-host"),
        ("https://a+b.example", "origin-host"),
        ("https://a.b+c", "origin-host"),
        ("https://a b.example", "origin-host"),
        (f"https://{'a.' * 126}ab", "origin-host"),
        ("https://a.\u017f", "origin-idn"),
        ("https://a.example:0", "origin-port"),
        ("https://a.example:65536", "origin-port"),
        ("https://a.example:", "origin-port"),
        ("https://a.example:1a", "origin-port"),
        ("https://a.example:1:2", "origin-port"),
    ],
)
def test_what_is_nearly_an_origin_is_refused(written: str, code: str) -> None:
    _, problems = resolved(origins=[A, written])
    assert [(problem.code, problem.value) for problem in problems.errors] == [(code, written)]


def test_an_expression_that_is_fast_for_short_texts_is_tried_for_whom_it_lets_in() -> None:
    wide = r"https?://(?:[a-z0-9.-]{1,5}\.?){1,5}[a-z]+"
    _, problems = resolved(origins=wide, supports_credentials=True)
    assert [problem.code for problem in problems.warnings] == [
        "regex-undecided",
        "credentials-anyone",
    ]
    assert problems.warnings[0].message == (
        f"origins: {wide!a} is too complex to tell whether it can take extremely long to match, "
        "and clients choose the text. Use [a-z]+ instead of ([a-z]+)+, or a pattern with '*': "
        "'https://*.example.com'"
    )


# Callables ----------------------------------------------------------------------------------------


class Allow:
    def __init__(self, origin: str) -> None: ...


def generates(origin: str) -> Iterator[bool]:
    yield True


class GeneratesAsync:
    async def __call__(self, origin: str) -> AsyncIterator[bool]:
        yield True


async def generates_async(origin: str) -> AsyncIterator[bool]:
    yield True


def takes_two(origin: str, request: object) -> bool:
    return origin == A and request is not None


@wraps(takes_two)
def takes_one(origin: str) -> bool:
    return takes_two(origin, "request")


def test_a_callable_is_called_as_it_is_and_not_as_what_it_wraps() -> None:
    assert read("origins", takes_one) == OriginRules(predicates=(takes_one,))


CALLABLE = (
    "Write a function that takes the origin and returns True or False: "
    "def allow(origin: str) -> bool"
)


@pytest.mark.parametrize(
    ("item", "what"),
    [
        (Allow, "is a class: a call creates an object, not True or False"),
        (partial(Allow), "is a class: a call creates an object, not True or False"),
        (generates, "is a generator function: a call returns a generator, not True or False"),
        (
            generates_async,
            "is an async generator function: a call returns a generator, not True or False",
        ),
        (
            partial(GeneratesAsync()),
            "is an async generator function: a call returns a generator, not True or False",
        ),
        (lambda: True, "cannot be called with the origin as its only argument"),
    ],
    ids=["class", "partial", "generator", "async-generator", "object", "no-argument"],
)
def test_a_callable_that_never_answers_is_told_what_to_write(
    item: Callable[..., object], what: str
) -> None:
    problem = problem_of("origins", item)
    assert problem[:3] == ("origin-callable", "origins", item)
    assert problem.message.endswith(f" {what}. {CALLABLE}")


# Seconds ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, 0),
        (2**31, 2**31),
        (float(2**31), 2**31),
        (str(2**31), 2**31),
        ("0000000600", 600),
        ("999", 999),
        ("\x1f600", 600),
        (timedelta(seconds=2**31), 2**31),
        (0.999, 0),
        (-0.0, 0),
    ],
    ids=repr,
)
def test_a_number_of_seconds_is_kept_up_to_what_caches_hold(value: object, seconds: int) -> None:
    assert read("max_age", value) == seconds


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (2**31 + 1, 600),
        (2**31 + 0.5, 600),
        (str(2**31 + 1), 600),
        ("00000000600", 600),
        (-1, 600),
        (timedelta(seconds=-1), 600),
        (True, 600),
        ("6OO", 600),
        ("10 s", 10),
        ("10 SEC", 10),
        ("2m", 120),
        (" 2m\n", 120),
        ("2 minutes", 120),
        ("3h", 10_800),
        ("3 hours", 10_800),
        ("1d", 86_400),
        ("1 day", 86_400),
        ("2w", 1_209_600),
        ("1 week", 604_800),
        ("999999999w", 2**31),
        ("1000000000s", 600),
        ("1h30", 600),
        ("5 years", 600),
        ("1 200", 1200),
        ("1_200", 1200),
        ("1'200", 1200),
        ("1,200", 1200),
        ("1200.", 1200),
        ("1200.00", 1200),
        ("12.50", 600),
        ("1,000,000,000", 600),
        ("123,456,789", 123_456_789),
        ("9,000", 9000),
        ("9.", 9),
        ("0600.0", 600),
    ],
    ids=repr,
)
def test_the_seconds_that_were_meant_are_told(value: object, meant: int) -> None:
    problem = problem_of("max_age", value)
    assert problem[:3] == ("max-age", "max_age", value)
    shown = repr(value)
    assert problem.message == f"max_age: {shown} {NO_SECONDS.format(meant)}"


def test_a_key_is_named_as_it_is_written_in_every_message() -> None:
    config: Mapping[str, object] = {
        "CORS_ORIGINS": {A: 1},
        "CORS_METHODS": 5,
        "CORS_ALLOW_HEADERS": "X A",
        "CORS_EXPOSE_HEADERS": "X A",
        "CORS_MAX_AGE": "1h",
        "CORS_SEND_WILDCARD": "maybe",
        "CORS_RESOURCES": 5,
    }
    problems = Problems()
    resolve_resources([config_source(config, problems)], problems)
    assert [problem.message.split(":")[0] for problem in problems.errors] == [*config]


def test_a_pattern_of_bytes_is_no_pattern() -> None:
    assert problem_of("allow_headers", re.compile(b"X")).code == "header-name"
