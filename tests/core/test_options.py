from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import typing
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Blueprint, Flask

import flask_cors
from flask_cors import (
    CORS,
    ConfigurationError,
    CORSConfig,
    CORSOptions,
    CORSWarning,
    CrossOriginOptions,
    MiddlewareOptions,
    Problem,
    ResourceOptions,
    cross_origin,
)
from flask_cors.core import Policy, Settings
from flask_cors.core.errors import Code, Problems
from flask_cors.core.headers import HeaderRules, MethodRules
from flask_cors.core.options import OPTIONS, RESOURCE_OPTIONS
from flask_cors.core.origins import OriginRules
from flask_cors.core.settings import OptionSource, config_source, resolve_resources

A = "https://a.example"
B = "https://b.example"

SWITCHES = [
    "supports_credentials",
    "send_wildcard",
    "vary_header",
    "allow_private_network",
    "always_send",
    "automatic_options",
    "intercept_exceptions",
]


def settings(**given: object) -> Settings:
    problems = Problems()
    ((_, result),) = resolve_resources([OptionSource(given)], problems)
    problems.raise_errors()
    return result


def reported(*layers: dict[str, object]) -> Problems:
    problems = Problems()
    resolve_resources([OptionSource(layer) for layer in layers], problems)
    return problems


def problems(given: dict[str, object]) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as raised:
        reported(given).raise_errors()
    return raised.value.problems


def allows(*origins: str) -> OriginRules:
    return OriginRules(exact=frozenset(origins))


def compiled(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def says_yes(origin: str) -> bool:
    return bool(origin)


# The tables agree --------------------------------------------------------------------------------


def test_the_options_are_those_of_the_settings() -> None:
    names = {field.name for field in fields(Settings) if field.compare}
    assert names == RESOURCE_OPTIONS
    assert ResourceOptions.__annotations__.keys() == names
    assert CrossOriginOptions.__annotations__.keys() == names - {"intercept_exceptions"}
    assert CORSOptions.__annotations__.keys() == names | {"resources"}
    of_flask = {"intercept_exceptions"}
    assert MiddlewareOptions.__annotations__.keys() == CORSOptions.__annotations__.keys() - of_flask
    assert CORSConfig.__annotations__.keys() == {
        f"CORS_{name.upper()}" for name in (*names, "resources")
    }


def test_every_option_may_be_left_out() -> None:
    tables = (CrossOriginOptions, ResourceOptions, MiddlewareOptions, CORSOptions, CORSConfig)
    assert [sorted(table.__required_keys__) for table in tables] == [[]] * 5


def test_the_codes_of_problems_are_distinct() -> None:
    codes = typing.get_args(Code)
    assert len(set(codes)) == len(codes)


def test_the_defaults() -> None:
    expected = Settings(
        origins=OriginRules(any=True),
        methods=MethodRules(
            names=frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
        ),
        allow_headers=HeaderRules(any=True),
        expose_headers=(),
        supports_credentials=False,
        max_age=None,
        send_wildcard=False,
        vary_header=True,
        allow_private_network=False,
        always_send=True,
        automatic_options=True,
        intercept_exceptions=True,
    )
    assert settings() == expected
    assert Policy.from_options().settings == expected


def test_without_resources_the_options_hold_everywhere() -> None:
    ((path, _),) = resolve_resources([OptionSource({})], Problems())
    assert path.text == "/*"


MODULES = ["flask_cors"] + [
    module.name for module in pkgutil.walk_packages(flask_cors.__path__, "flask_cors.")
]


def annotated(module_name: str) -> Iterator[tuple[object, dict[str, object] | None]]:
    """Yield the public functions and classes of a module, and the functions of the classes.

    Each comes with the names by which its annotations are read, if it does not know them by itself:
    what a NamedTuple makes of its fields does not, from Python 3.14 on. Whoever looks at the class,
    its signature or its help does not meet that.
    """
    for name, found in vars(importlib.import_module(module_name)).items():
        own = getattr(found, "__module__", "").startswith("flask_cors")
        if (
            name.startswith("_")
            or not own
            or not (inspect.isfunction(found) or isinstance(found, type))
        ):
            continue
        yield found, None
        for attribute in vars(found).values() if isinstance(found, type) else ():
            function = getattr(attribute, "fget", getattr(attribute, "__func__", attribute))
            if inspect.isfunction(function):
                made = function.__name__ == "__new__"
                yield function, vars(sys.modules[found.__module__]) if made else None


@pytest.mark.parametrize("name", MODULES)
def test_type_hints_can_be_read(name: str) -> None:
    unreadable = []
    for found, names in annotated(name):
        try:
            typing.get_type_hints(found, names)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is told)
            unreadable.append((found, error))
    assert unreadable == []


def test_the_decorator_says_its_types() -> None:
    hints = typing.get_type_hints(cross_origin)
    assert hints.keys() == {"view", "options", "return"}


# What each option accepts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("*", OriginRules(any=True), id="wildcard"),
        pytest.param(".*", OriginRules(any=True), id="wildcard-regex"),
        pytest.param(re.compile(".*"), OriginRules(any=True), id="wildcard-compiled"),
        pytest.param(["*"], OriginRules(any=True), id="wildcard-in-a-list"),
        pytest.param(A, allows(A), id="string"),
        pytest.param(f"  {A}\n", allows(A), id="string-with-blanks"),
        pytest.param(f"{A},{B}", allows(A, B), id="string-with-a-comma"),
        pytest.param(f" {A} ,\t{B} ", allows(A, B), id="string-with-comma-and-blanks"),
        pytest.param([A, f" {B} "], allows(A, B), id="list"),
        pytest.param((A, B), allows(A, B), id="tuple"),
        pytest.param({A, B}, allows(A, B), id="set"),
        pytest.param(frozenset({A, B}), allows(A, B), id="frozenset"),
        pytest.param((o for o in (A, B)), allows(A, B), id="generator"),
        pytest.param(map(str.strip, [A, B]), allows(A, B), id="map"),
        pytest.param(dict.fromkeys([A, B]).keys(), allows(A, B), id="keys"),
        pytest.param([A, f"{A}/", A.upper()], allows(A), id="the-same-thrice"),
        pytest.param([], OriginRules(), id="nobody"),
        pytest.param((), OriginRules(), id="nobody-tuple"),
        pytest.param(
            "https://*.a.example, http://localhost:*",
            OriginRules(wildcards=frozenset({"https://*.a.example", "http://localhost:*"})),
            id="patterns",
        ),
        pytest.param(
            r"https://a\.example",
            OriginRules(regexes=(compiled(r"https://a\.example"),)),
            id="regex",
        ),
        pytest.param(
            r"https://a[0-9]{1,3}\.example",
            OriginRules(regexes=(compiled(r"https://a[0-9]{1,3}\.example"),)),
            id="regex-with-a-comma-in-its-quantifier",
        ),
        pytest.param(
            rf"https://a[0-9]{{1,}}\.example, {B}",
            OriginRules(exact=frozenset({B}), regexes=(compiled(r"https://a[0-9]{1,}\.example"),)),
            id="regex-and-origin-in-a-string",
        ),
        pytest.param(
            [r"https://a[0-9]{,3}\.example"],
            OriginRules(regexes=(compiled(r"https://a[0-9]{,3}\.example"),)),
            id="regex-with-a-comma-in-a-list",
        ),
        pytest.param(
            re.compile(r"https://a\.example"),
            OriginRules(regexes=(compiled(r"https://a\.example"),)),
            id="compiled",
        ),
        pytest.param(says_yes, OriginRules(predicates=(says_yes,)), id="callable"),
        pytest.param(
            [A, "*", "https://*.b.example", r"https://c\.example", says_yes, "null"],
            OriginRules(
                any=True,
                exact=frozenset({A, "null"}),
                wildcards=frozenset({"https://*.b.example"}),
                regexes=(compiled(r"https://c\.example"),),
                predicates=(says_yes,),
            ),
            id="all-kinds",
        ),
    ],
)
def test_origins_accepts(given: object, expected: OriginRules) -> None:
    assert settings(origins=given).origins == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("PUT", {"PUT"}, id="string"),
        pytest.param("GET, put ,Post", {"GET", "PUT", "POST"}, id="commas-blanks-and-case"),
        pytest.param(["get", "patch"], {"GET", "PATCH"}, id="list-in-lower-case"),
        pytest.param({"GET", "QUERY"}, {"GET", "QUERY"}, id="set"),
        pytest.param((m for m in ("GET", " PUT ")), {"GET", "PUT"}, id="generator"),
        pytest.param(["Query", "query"], {"Query", "query"}, id="own-methods-as-written"),
        pytest.param([], set(), id="none"),
    ],
)
def test_methods_accepts(given: object, expected: set[str]) -> None:
    assert settings(methods=given).methods == MethodRules(names=frozenset(expected))


@pytest.mark.parametrize(
    "given", ["*", ["*"], "GET,*", {"*", "PUT"}], ids=["string", "list", "commas", "set"]
)
def test_methods_accepts_any(given: object) -> None:
    assert settings(methods=given).methods.any


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("X-A", HeaderRules(names=frozenset({"x-a"})), id="string"),
        pytest.param("X-A, x-b", HeaderRules(names=frozenset({"x-a", "x-b"})), id="commas"),
        pytest.param({"X-A"}, HeaderRules(names=frozenset({"x-a"})), id="set"),
        pytest.param((h for h in ["X-A"]), HeaderRules(names=frozenset({"x-a"})), id="generator"),
        pytest.param("X-.*", HeaderRules(regexes=(compiled("X-.*"),)), id="regex"),
        pytest.param(
            "X-[a-z]{1,3}", HeaderRules(regexes=(compiled("X-[a-z]{1,3}"),)), id="regex-comma"
        ),
        pytest.param(re.compile("X-A"), HeaderRules(regexes=(compiled("X-A"),)), id="compiled"),
        pytest.param(
            ["X-A", re.compile("X-B+")],
            HeaderRules(names=frozenset({"x-a"}), regexes=(compiled("X-B+"),)),
            id="both",
        ),
        pytest.param([], HeaderRules(), id="none"),
    ],
)
def test_allow_headers_accepts(given: object, expected: HeaderRules) -> None:
    assert settings(allow_headers=given).allow_headers == expected


@pytest.mark.parametrize("given", ["*", ["*"], "X-A,*"], ids=repr)
def test_allow_headers_accepts_any(given: object) -> None:
    assert settings(allow_headers=given).allow_headers.any


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("X-B, X-A", ("X-A", "X-B"), id="string"),
        pytest.param(["X-B", " X-A "], ("X-A", "X-B"), id="list"),
        pytest.param({"X-A"}, ("X-A",), id="set"),
        pytest.param((h for h in ("X-A", "X-A")), ("X-A",), id="generator"),
        pytest.param("*", ("*",), id="any"),
        pytest.param([], (), id="none"),
        pytest.param("", (), id="none-as-a-string"),
    ],
)
def test_expose_headers_accepts(given: object, expected: tuple[str, ...]) -> None:
    assert settings(expose_headers=given).expose_headers == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(0, 0, id="zero"),
        pytest.param(600, 600, id="int"),
        pytest.param(600.9, 600, id="float"),
        pytest.param(0.5, 0, id="less-than-a-second"),
        pytest.param("600", 600, id="digits"),
        pytest.param(" 0 ", 0, id="digits-with-blanks"),
        pytest.param(timedelta(hours=1), 3600, id="timedelta"),
        pytest.param(timedelta(milliseconds=1500), 1, id="timedelta-cut"),
        pytest.param(timedelta(0), 0, id="timedelta-zero"),
    ],
)
def test_max_age_accepts(given: object, expected: int) -> None:
    assert settings(max_age=given).max_age == expected


@pytest.mark.parametrize("option", SWITCHES)
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        *((value, True) for value in (True, 1, "1", "true", "TRUE", "Yes", "on", " oN ")),
        *((value, False) for value in (False, 0, "0", "false", "FALSE", "No", "off", " oFF\n")),
    ],
    ids=repr,
)
def test_a_switch_accepts(option: str, given: object, expected: bool) -> None:
    result = settings(**{"origins": [A], option: given})
    assert getattr(result, option) is expected


@pytest.mark.parametrize("option", sorted(OPTIONS - {"origins"}))
def test_none_means_not_given(option: str) -> None:
    weaker = {"supports_credentials": True, "origins": A, "max_age": 5, "resources": "/a"}
    problems = Problems()
    assert resolve_resources(
        [OptionSource(weaker), OptionSource({option: None})], problems
    ) == resolve_resources([OptionSource(weaker)], problems)
    assert problems.errors == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("/a", ["/a"], id="string"),
        pytest.param("/a/*, /b", ["/a/*", "/b"], id="string-with-a-comma"),
        pytest.param("/a,b", ["/a,b"], id="comma-in-a-path"),
        pytest.param("/[0-9]{1,3}", ["/[0-9]{1,3}"], id="comma-in-a-regex"),
        pytest.param(["/a", "/b"], ["/a", "/b"], id="list"),
        pytest.param(("/a", re.compile("/b")), ["/a", "/b"], id="tuple"),
        pytest.param({"/a"}, ["/a"], id="set"),
        pytest.param((p for p in ("/a", "/b")), ["/a", "/b"], id="generator"),
        pytest.param(re.compile("/a"), ["/a"], id="compiled"),
        pytest.param({"/a": {}, "/b": {"origins": A}}, ["/a", "/b"], id="mapping"),
        pytest.param({re.compile("/a"): {}}, ["/a"], id="mapping-compiled"),
        pytest.param([], [], id="none"),
        pytest.param({}, [], id="none-mapping"),
    ],
)
def test_resources_accepts(given: object, expected: list[str]) -> None:
    problems = Problems()
    assert [
        path.text for path, _ in resolve_resources([OptionSource({"resources": given})], problems)
    ] == expected
    assert (problems.errors, problems.warnings) == ([], [])


def test_a_compiled_resource_is_used_as_it_is() -> None:
    given = re.compile("/a", re.IGNORECASE)
    ((path, _),) = resolve_resources([OptionSource({"resources": given})], Problems())
    assert path.regex is given


# Errors ------------------------------------------------------------------------------------------

NO_SWITCHES = ["", "maybe", "2", 2, -1, 1.0, [], b"true", "trueish"]

ERRORS = [
    # the type of an option
    *(
        pytest.param({"origins": value}, "option-type", "origins", value, "a list", id=f"{value!r}")
        for value in (5, True, False, b"https://a.example", 1.5)
    ),
    pytest.param(
        {"origins": {A: {}}}, "option-type", "origins", {A: {}}, "resources={", id="mapping"
    ),
    pytest.param({"origins": [5]}, "option-type", "origins", 5, f"'{A[:8]}", id="number-item"),
    pytest.param({"origins": [None]}, "origin-unset", "origins", None, "variable", id="none-item"),
    pytest.param({"origins": [[A]]}, "option-type", "origins", [A], "Write", id="list-item"),
    pytest.param({"methods": 5}, "option-type", "methods", 5, "a list", id="methods-number"),
    pytest.param(
        {"methods": {"GET": 1}}, "option-type", "methods", {"GET": 1}, "a list", id="methods-dict"
    ),
    pytest.param(
        {"allow_headers": b"X-A"}, "option-type", "allow_headers", b"X-A", "a list", id="bytes"
    ),
    pytest.param(
        {"expose_headers": True}, "option-type", "expose_headers", True, "a list", id="expose-bool"
    ),
    # origins
    pytest.param({"origins": None}, "origin-unset", "origins", None, "[] for nobody", id="none"),
    pytest.param({"origins": ""}, "origin-unset", "origins", "", "environment", id="empty"),
    pytest.param({"origins": " \t"}, "origin-unset", "origins", " \t", "'*' for", id="blank"),
    pytest.param({"origins": [""]}, "origin-empty", "origins", "", "Remove it", id="empty-item"),
    pytest.param({"origins": [" "]}, "origin-empty", "origins", "", "Remove it", id="blank-item"),
    pytest.param({"origins": f"{A},"}, "origin-empty", "origins", "", "comma", id="comma-last"),
    pytest.param({"origins": f"{A},,{B}"}, "origin-empty", "origins", "", "comma", id="two-commas"),
    pytest.param({"origins": ","}, "origin-empty", "origins", "", "comma", id="only-a-comma"),
    pytest.param(
        {"origins": [f"{A},{B}"]},
        "origin-comma",
        "origins",
        f"{A},{B}",
        "one item",
        id="comma-item",
    ),
    pytest.param(
        {"origins": [A, "localhost:3000"]},
        "origin-scheme",
        "origins",
        "localhost:3000",
        "'http://localhost:3000'",
        id="scheme",
    ),
    pytest.param(
        {"origins": f"{A}/x"}, "origin-path", "origins", f"{A}/x", f"'{A}'", id="origin-path"
    ),
    pytest.param(
        {"origins": f"{A}?x=1"}, "origin-query", "origins", f"{A}?x=1", f"'{A}'", id="origin-query"
    ),
    pytest.param(
        {"origins": "https://me@a.example"},
        "origin-userinfo",
        "origins",
        "https://me@a.example",
        f"'{A}'",
        id="origin-userinfo",
    ),
    pytest.param(
        {"origins": f"{A}:0"}, "origin-port", "origins", f"{A}:0", f"'{A}:*'", id="origin-port"
    ),
    pytest.param(
        {"origins": ["http://192.168.1.*"]},
        "origin-wildcard",
        "origins",
        "http://192.168.1.*",
        "'http://*.example.com'",
        id="origin-wildcard",
    ),
    pytest.param(
        {"origins": "https://bücher.example"},
        "origin-idn",
        "origins",
        "https://bücher.example",
        "'https://xn--bcher-kva.example'",
        id="origin-idn",
    ),
    pytest.param(
        {"origins": "https://(a"}, "origin-regex", "origins", "https://(a", "fix", id="regex"
    ),
    pytest.param(
        {"origins": [re.compile(b"a")]},
        "option-type",
        "origins",
        re.compile(b"a"),
        "compiled pattern of str",
        id="compiled-bytes",
    ),
    # methods and field names
    pytest.param({"methods": "G T"}, "method", "methods", "G T", "'G, T'", id="method-no-token"),
    pytest.param({"methods": ["GET,PUT"]}, "method", "methods", "GET,PUT", "'PUT'", id="comma"),
    pytest.param({"methods": "GET,"}, "method", "methods", "", "comma", id="method-empty"),
    pytest.param({"methods": [5]}, "method", "methods", 5, "'PUT'", id="method-number"),
    *(
        pytest.param({"methods": name}, "method-forbidden", "methods", name, "Remove it", id=name)
        for name in ("CONNECT", "TRACE", "TRACK", "connect", "Trace")
    ),
    pytest.param(
        {"allow_headers": "X A"},
        "header-name",
        "allow_headers",
        "X A",
        "'X, A",
        id="allow-no-token",
    ),
    pytest.param(
        {"allow_headers": ["X-A,X-B"]},
        "header-name",
        "allow_headers",
        "X-A,X-B",
        "'X-",
        id="allow-comma",
    ),
    pytest.param(
        {"allow_headers": "X-A,"}, "header-name", "allow_headers", "", "comma", id="allow-empty"
    ),
    pytest.param(
        {"allow_headers": [None]}, "header-name", "allow_headers", None, "unset", id="allow-none"
    ),
    pytest.param(
        {"allow_headers": says_yes},
        "header-name",
        "allow_headers",
        says_yes,
        "'X-",
        id="allow-callable",
    ),
    pytest.param(
        {"allow_headers": re.compile(b"X")},
        "header-name",
        "allow_headers",
        re.compile(b"X"),
        "'X-",
        id="allow-compiled-bytes",
    ),
    pytest.param(
        {"allow_headers": "X-("}, "pattern-regex", "allow_headers", "X-(", "'X-", id="allow-regex"
    ),
    pytest.param(
        {"expose_headers": "X:A"}, "header-name", "expose_headers", "X:A", "'X'", id="expose"
    ),
    pytest.param(
        {"expose_headers": "X-A\r\nX-B: 1"},
        "header-name",
        "expose_headers",
        "X-A\r\nX-B: 1",
        "'X-",
        id="expose-line-feed",
    ),
    pytest.param(
        {"expose_headers": re.compile("X")},
        "header-name",
        "expose_headers",
        re.compile("X"),
        "'X-",
        id="expose-regex",
    ),
    # seconds
    *(
        pytest.param({"max_age": value}, "max-age", "max_age", value, "max_age=600", id=f"{name}")
        for name, value in [
            ("negative", -1),
            ("negative-fraction", -0.5),
            ("negative-text", "-1"),
            ("negative-timedelta", timedelta(seconds=-1)),
            ("true", True),
            ("false", False),
            ("infinite", float("inf")),
            ("text", "ten"),
            ("fraction-as-text", "1.5"),
            ("other-digits", "٣"),
            ("a-list", [600]),
            ("endless", 10**400),
        ]
    ),
    # switches
    *(
        pytest.param({option: value}, "boolean", option, value, "True", id=f"{option}-{value!r}")
        for option in SWITCHES
        for value in NO_SWITCHES
    ),
    # credentials
    *(
        pytest.param(
            {"supports_credentials": True, **origins},
            "credentials-wildcard",
            "supports_credentials",
            True,
            f"origins=['{A[:8]}",
            id=f"wildcard-{name}",
        )
        for name, origins in [
            ("by-default", {}),
            ("given", {"origins": "*"}),
            ("in-a-list", {"origins": [A, "*"]}),
            ("in-a-string", {"origins": f"{A}, *"}),
            ("as-a-regex", {"origins": ".*"}),
            ("compiled", {"origins": re.compile(".*")}),
            ("compiled-in-a-list", {"origins": [A, re.compile(".*", re.IGNORECASE)]}),
        ]
    ),
    pytest.param(
        {"supports_credentials": "yes", "origins": [A, "null"]},
        "credentials-null",
        "origins",
        "null",
        "Remove 'null'",
        id="credentials-null",
    ),
    # resources
    *(
        pytest.param({"resources": value}, "resource-type", "resources", value, "'/api/*'", id=name)
        for name, value in [
            ("resources-number", 5),
            ("resources-bool", True),
            ("resources-bytes", b"/a"),
            ("resources-callable", says_yes),
            ("resources-compiled-bytes", re.compile(b"/a")),
        ]
    ),
    pytest.param(
        {"resources": ["/a", None]}, "resource-type", "resources", None, "variable", id="none-path"
    ),
    pytest.param({"resources": {5: {}}}, "resource-type", "resources", 5, "'/api/*'", id="key-5"),
    pytest.param(
        {"resources": "/a("}, "pattern-regex", "resources", "/a(", "'/api/*'", id="resource-regex"
    ),
    pytest.param(
        {"resources": "/(a){99999999999999999999}"},
        "pattern-regex",
        "resources",
        "/(a){99999999999999999999}",
        "'/api/*'",
        id="resource-regex-overflow",
    ),
    # unknown options
    *(
        pytest.param({name: "x"}, "option-unknown", name, "x", f"Did you mean {meant}?", id=name)
        for name, meant in [
            ("origin", "origins"),
            ("Origins", "origins"),
            ("ORIGINS", "origins"),
            ("orgins", "origins"),
            ("allow_origins", "origins"),
            ("allowed_origins", "origins"),
            ("allow_origin_regex", "origins"),
            ("method", "methods"),
            ("allow_methods", "methods"),
            ("allowed_headers", "allow_headers"),
            ("allow_header", "allow_headers"),
            ("exposed_headers", "expose_headers"),
            ("support_credentials", "supports_credentials"),
            ("allow_credentials", "supports_credentials"),
            ("maxage", "max_age"),
            ("resource", "resources"),
            ("paths", "resources"),
        ]
    ),
    pytest.param({"tea": 1}, "option-unknown", "tea", 1, "supports_credentials", id="unlike-any"),
    pytest.param({"origin": None}, "option-unknown", "origin", None, "origins?", id="unknown-none"),
    pytest.param({5: 1}, "option-unknown", "5", 1, "The options are", id="no-name"),
    pytest.param(
        {"resources": {"/a": {"origin": A}}},
        "option-unknown",
        "origin",
        A,
        "resources['/a'].origins?",
        id="unknown-of-a-resource",
    ),
    pytest.param(
        {"resources": {"/a": {"resources": "/b"}}},
        "option-unknown",
        "resources",
        "/b",
        "beside that of this resource",
        id="resources-of-a-resource",
    ),
    pytest.param(
        {"resources": {"/a": {"max_age": -1}}},
        "max-age",
        "max_age",
        -1,
        "resources['/a'].max_age: -1",
        id="of-a-resource",
    ),
]


@pytest.mark.parametrize(("given", "code", "option", "value", "remedy"), ERRORS)
def test_a_wrong_option_is_one_problem_that_says_what_to_write(
    given: dict[str, object], code: str, option: str, value: object, remedy: str
) -> None:
    (problem,) = problems(given)
    assert problem[:3] == (code, option, value)
    assert remedy in problem.message


def test_not_a_number_is_no_max_age() -> None:
    (problem,) = problems({"max_age": float("nan")})
    assert problem.code == "max-age"


def test_credentials_with_the_wildcard_say_why_and_what_to_do() -> None:
    (problem,) = problems({"supports_credentials": True})
    for words in ("default", "every website", "cookies", "List the origins: origins=["):
        assert words in problem.message


def test_the_remedy_for_a_field_name_is_no_origin() -> None:
    (problem,) = problems({"allow_headers": "X-("})
    assert "https://" not in problem.message


@pytest.mark.parametrize("value", [None, A, [A]], ids=repr)
def test_what_is_wrong_beside_a_good_path_is_not_told_of_the_path(value: object) -> None:
    (problem,) = problems({"resources": {"/api/*": value}})
    assert problem.code == "resource-type"
    assert repr(value) in problem.message
    assert "'/api/*' is not a path pattern" not in problem.message


@pytest.mark.parametrize(
    ("option", "told"),
    [
        pytest.param("resources", "is an option of CORS(app)", id="resources"),
        pytest.param("intercept_exceptions", "is an option of CORS(app)", id="of-an-app"),
        pytest.param("origin", "Did you mean origins?", id="misspelt"),
    ],
)
@pytest.mark.parametrize("reader", [Policy.from_options, cross_origin], ids=["policy", "view"])
def test_a_single_policy_has_no_such_option(
    reader: Callable[..., object], option: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)) as raised:
        reader(**{option: "/a"})
    assert [problem.code for problem in raised.value.problems] == ["option-unknown"]


def test_the_origins_of_a_resource_may_not_be_unset_either() -> None:
    (problem,) = problems({"origins": A, "resources": {"/a": {"origins": None}}})
    assert problem.code == "origin-unset"
    assert problem.message.startswith("resources['/a'].origins: None")


def test_a_key_of_the_configuration_is_named_as_it_is_written() -> None:
    config = {"CORS_MAX_AGE": "x", "CORS_RESOURCES": {"/a": {"origin": A, "max_age": -1}}}
    problems = Problems()
    resolve_resources([config_source(config, problems)], problems)
    assert [problem.message.split(" ")[0] for problem in problems.errors] == [
        "CORS_MAX_AGE:",
        "CORS_RESOURCES['/a'].origin",
        "CORS_RESOURCES['/a'].max_age:",
    ]


def test_a_wrong_value_is_shown_escaped_and_of_bounded_length() -> None:
    (problem,) = problems({"max_age": "\r\n\x1b" * 10_000})
    assert len(problem.message) < 400
    assert problem.message.isprintable()


EVERYTHING_WRONG = {
    "origins": ["localhost:3000", "", f"{A}/x"],
    "methods": "TRACE",
    "max_age": -1,
    "origin": A,
    "resources": {
        "/a": {"max_age": "x", "supports_credentials": True, "origins": "*"},
        "/b(": {},
        5: {},
    },
}


@pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(lambda: CORS(Flask("x"), **EVERYTHING_WRONG), id="app"),
        pytest.param(lambda: CORS().init_app(Flask("x"), **EVERYTHING_WRONG), id="init_app"),
        pytest.param(lambda: CORS(**EVERYTHING_WRONG), id="without-an-app"),
        pytest.param(lambda: CORS(Blueprint("b", "b"), **EVERYTHING_WRONG), id="blueprint"),
    ],
)
def test_all_problems_are_raised_at_once(set_up: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        set_up()
    assert sorted(problem.code for problem in raised.value.problems) == [
        "credentials-wildcard",
        "max-age",
        "max-age",
        "method-forbidden",
        "option-unknown",
        "origin-empty",
        "origin-path",
        "origin-scheme",
        "pattern-regex",
        "resource-type",
    ]
    assert str(raised.value).startswith("10 problems in the CORS configuration:\n  - ")


def test_the_problems_of_every_layer_are_raised_at_once() -> None:
    app = Flask("x")
    app.config.update(CORS_MAX_AGE="x", CORS_ORIGINS="")
    with pytest.raises(ConfigurationError) as raised:
        CORS(methods="TRACE").init_app(app, max_age=-1)  # the constructor raises on its own
    assert {problem.code for problem in raised.value.problems} == {"method-forbidden"}

    cors = CORS(methods="GET")
    with pytest.raises(ConfigurationError) as raised:
        cors.init_app(app, max_age=-1, allow_headers="X A")
    assert [problem.code for problem in raised.value.problems] == [
        "max-age",
        "origin-unset",
        "max-age",
        "header-name",
    ]


def test_nothing_is_set_up_where_something_is_wrong() -> None:
    app = Flask("x")
    with pytest.raises(ConfigurationError):
        CORS(app, max_age=-1)
    response = app.test_client().get("/", headers={"Origin": A})
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_wrong_option_does_not_seem_to_contradict_another() -> None:
    (problem,) = problems({"supports_credentials": True, "origins": "a.example"})
    assert problem.code == "origin-scheme"


# Layers and what they result in ------------------------------------------------------------------

LAYERS = [
    {"max_age": 1, "supports_credentials": True, "origins": A},
    {"max_age": 2, "send_wildcard": True},
    {"max_age": 3, "supports_credentials": False},
]


def test_the_stronger_layer_wins_option_by_option() -> None:
    config = config_source({f"CORS_{k.upper()}": v for k, v in LAYERS[0].items()}, Problems())
    resources = {"/a": {"max_age": 4, "send_wildcard": False}, "/b": {"supports_credentials": 1}}
    layers = [config, *map(OptionSource, LAYERS[1:]), OptionSource({"resources": resources})]
    problems = Problems()
    (_, a), (_, b) = resolve_resources(layers, problems)
    assert problems.errors == []
    assert (a.max_age, a.supports_credentials, a.send_wildcard) == (4, False, False)
    assert (b.max_age, b.supports_credentials, b.send_wildcard) == (3, True, True)
    assert a.origins == b.origins == allows(A)


@pytest.mark.parametrize("option", SWITCHES)
def test_an_explicit_false_wins_over_a_configured_true(option: str) -> None:
    config = config_source({f"CORS_{option.upper()}": "true", "CORS_ORIGINS": A}, Problems())
    ((_, result),) = resolve_resources([config, OptionSource({option: False})], Problems())
    assert getattr(result, option) is False


@pytest.mark.parametrize("option", ["methods", "allow_headers", "expose_headers", "origins"])
def test_an_empty_list_wins_over_a_configured_one(option: str) -> None:
    value = A if option == "origins" else "X"
    config = config_source({f"CORS_{option.upper()}": value}, Problems())
    ((_, result),) = resolve_resources([config, OptionSource({option: []})], Problems())
    assert getattr(result, option) == getattr(settings(**{option: []}), option)


def test_resources_of_a_stronger_layer_replace_those_of_a_weaker() -> None:
    layers = [
        OptionSource({"resources": {"/a": {"max_age": 1}}}),
        OptionSource({"resources": ["/b"]}),
    ]
    ((path, result),) = resolve_resources(layers, Problems())
    assert (path.text, result.max_age) == ("/b", None)


def test_the_layers_of_an_app_are_strongest_last() -> None:
    app = Flask("x")
    app.config.update(CORS_MAX_AGE=1, CORS_METHODS="GET", CORS_EXPOSE_HEADERS="X-A")
    CORS(max_age=2, methods="PUT", send_wildcard=True).init_app(app, max_age=3)
    client = app.test_client()
    asked = {"Origin": A, "Access-Control-Request-Method": "PUT"}
    preflight, actual = client.options("/", headers=asked), client.get("/", headers={"Origin": A})
    assert preflight.headers["Access-Control-Max-Age"] == "3"
    assert preflight.headers["Access-Control-Allow-Methods"] == "PUT"
    assert actual.headers["Access-Control-Expose-Headers"] == "X-A"
    assert actual.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("layers", "codes"),
    [
        pytest.param(
            [{"supports_credentials": True, "resources": {"/a": {"origins": A}}}], [], id="listed"
        ),
        pytest.param(
            [{"supports_credentials": True, "resources": {"/a": {"origins": A}, "/b": {}}}],
            ["credentials-wildcard"],
            id="one-is-open",
        ),
        pytest.param(
            [{"origins": "*", "resources": {"/a": {"supports_credentials": True}}}],
            ["credentials-wildcard"],
            id="credentials-of-a-resource",
        ),
        pytest.param(
            [{"supports_credentials": True}, {"supports_credentials": False}], [], id="taken-back"
        ),
        pytest.param([{"supports_credentials": True}, {"origins": A}], [], id="in-two-layers"),
        pytest.param(
            [{"origins": A}, {"supports_credentials": True, "origins": "*"}],
            ["credentials-wildcard"],
            id="opened-again",
        ),
        pytest.param(
            [{"origins": [A, "null"], "resources": {"/a": {"supports_credentials": True}}}],
            ["credentials-null"],
            id="null",
        ),
        pytest.param([{"supports_credentials": True, "origins": []}], [], id="nobody"),
        pytest.param([{"supports_credentials": True, "origins": says_yes}], [], id="callable"),
        pytest.param(
            [{"supports_credentials": True, "origins": r"https://.*\.a\.example"}], [], id="regex"
        ),
    ],
)
def test_contradictions_are_judged_on_what_results(
    layers: list[dict[str, object]], codes: list[str]
) -> None:
    assert [problem.code for problem in reported(*layers).errors] == codes


def test_a_contradiction_names_the_resource_where_it_results() -> None:
    resources = {"/a": {"origins": A}, "/b/*": {"max_age": 5}}
    (problem,) = problems({"supports_credentials": True, "resources": resources})
    assert problem.message.startswith("resources['/b/*']: supports_credentials=True")


def test_a_decorator_raises_at_once_what_its_own_options_show() -> None:
    with pytest.raises(ConfigurationError) as raised:
        cross_origin(origins="*", supports_credentials=True)
    assert [problem.code for problem in raised.value.problems] == ["credentials-wildcard"]


def test_a_decorator_leaves_to_the_app_what_it_does_not_show() -> None:
    app = Flask("x")
    app.config["CORS_ORIGINS"] = A

    @app.get("/")
    @cross_origin(supports_credentials=True)
    def view() -> str:
        return "tea"

    response = app.test_client().get("/", headers={"Origin": A})
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


# Iterators, which yield what they have once ------------------------------------------------------


def allowed(app: Flask, path: str = "/") -> str | None:
    """Return the origin that an app allows of two that ask; it answers with a 404 at most."""
    client = app.test_client()
    answers = [
        client.get(path, headers={"Origin": origin}).headers for origin in (A, "https://evil.test")
    ]
    assert answers[1].get("Access-Control-Allow-Origin") is None
    return answers[0].get("Access-Control-Allow-Origin")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(lambda: {"origins": iter([A])}, id="option"),
        pytest.param(lambda: {"origins": A, "resources": iter(["/*"])}, id="resources"),
        pytest.param(
            lambda: {"resources": {"/*": {"origins": iter([A])}}}, id="option-of-a-resource"
        ),
    ],
)
def test_an_iterator_serves_every_app(given: Callable[[], dict[str, object]]) -> None:
    cors = CORS(**given())
    first, second = Flask("x"), Flask("y")
    cors.init_app(first)
    cors.init_app(second)
    assert [allowed(app) for app in (first, second)] == [A, A]


@pytest.mark.parametrize("nested", [False, True], ids=["option", "option-of-a-resource"])
def test_an_iterator_serves_every_registration_of_a_blueprint(nested: bool) -> None:
    own = {"origins": iter([A])}
    blueprint = Blueprint("b", "b")
    blueprint.add_url_rule("/b", "b", lambda: "")
    CORS(blueprint, **({"resources": {"/*": own}} if nested else own))
    app = Flask("x")
    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="c", url_prefix="/c")
    assert [allowed(app, path) for path in ("/b", "/c/b")] == [A, A]


def test_an_iterator_in_the_configuration_serves_every_reader() -> None:
    app = Flask("x")
    app.config["CORS_ORIGINS"] = map(str.strip, f"{A} ,".split(",")[:1])
    CORS(app, resources="/a")
    CORS(app, resources="/b")
    assert [allowed(app, path) for path in ("/a", "/b")] == [A, A]


# Warnings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "code", "option", "value", "words"),
    [
        pytest.param(
            {"headers": "X-A"}, "option-historic", "headers", "X-A", "allow_headers", id="headers"
        ),
        pytest.param(
            {"resources": {"/a": {"headers": "X-A"}}},
            "option-historic",
            "headers",
            "X-A",
            "Write resources['/a'].allow_headers",
            id="headers-of-a-resource",
        ),
        *(
            pytest.param(
                {"supports_credentials": True, "origins": [A, origin]},
                "credentials-insecure",
                "origins",
                origin,
                f"Write '{origin.replace('http', 'https', 1)}'",
                id=origin,
            )
            for origin in (
                "http://b.example",
                "http://b.example:8080",
                "http://*.b.example",
                "http://localhost.b.example",
                "http://127.0.0.1.b.example",
                "http://notlocalhost",
                "http://10.0.0.1",
                "http://[::2]",
            )
        ),
        pytest.param(
            {"supports_credentials": True, "origins": "http://*"},
            "credentials-anyone",
            "origins",
            "http://*",
            "['https://app.example']",
            id="http://*",
        ),
        pytest.param(
            {"supports_credentials": True, "origins": A, "expose_headers": "*"},
            "expose-wildcard",
            "expose_headers",
            "*",
            "expose_headers=['X-",
            id="expose",
        ),
        pytest.param(
            {"allow_private_network": True},
            "private-network",
            "allow_private_network",
            True,
            "permission",
            id="private-network",
        ),
        *(
            pytest.param(
                {"resources": [path]},
                "resource-unmatchable",
                "resources",
                path,
                "'/api/*'",
                id=f"resource-{path}",
            )
            for path in ("api/*", "/api//*", "/x/../api/*", "//api/*", "api/v[12]")
        ),
    ],
)
def test_what_is_doubtful_warns(
    given: dict[str, object], code: str, option: str, value: object, words: str
) -> None:
    problems = reported(given)
    assert problems.errors == []
    (doubt,) = problems.warnings
    assert doubt[:3] == (code, option, value)
    assert words in doubt.message


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"expose_headers": "*"}, id="expose-without-credentials"),
        pytest.param({"allow_private_network": False}, id="no-private-network"),
        pytest.param({"origins": "http://a.example"}, id="http-without-credentials"),
        *(
            pytest.param({"supports_credentials": True, "origins": [origin]}, id=origin)
            for origin in (
                "http://localhost",
                "http://localhost:*",
                "http://localhost:3000",
                "http://a.localhost",
                "http://*.localhost:*",
                "http://127.0.0.1",
                "http://127.8.9.10:5000",
                "http://[::1]",
                "http://[::1]:*",
                "https://a.example",
                "chrome-extension://abc",
            )
        ),
        pytest.param({"origins": f"{A}:443/", "methods": "get,put"}, id="repaired"),
        pytest.param({"resources": "/never-routed"}, id="a-path-like-any"),
    ],
)
def test_what_is_sound_does_not_warn(given: dict[str, object]) -> None:
    problems = reported(given)
    assert (problems.errors, problems.warnings) == ([], [])


def test_a_doubt_about_a_resource_names_it() -> None:
    resources = {"/a": {"allow_private_network": True}, "/b": {"allow_private_network": True}}
    doubts = reported({"resources": resources}).warnings
    assert [doubt.message.split(" ")[0] for doubt in doubts] == [
        "resources['/a']:",
        "resources['/b']:",
    ]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("CORS_ORIGIN", "CORS_ORIGINS"),
        ("CORS_ORGINS", "CORS_ORIGINS"),
        ("CORS_origins", "CORS_ORIGINS"),
        ("CORS_METHOD", "CORS_METHODS"),
        ("CORS_SUPPORT_CREDENTIALS", "CORS_SUPPORTS_CREDENTIALS"),
        ("CORS_MAXAGE", "CORS_MAX_AGE"),
        ("CORS_EXPOSED_HEADERS", "CORS_EXPOSE_HEADERS"),
        ("CORS_RESOURCE", "CORS_RESOURCES"),
    ],
)
def test_a_key_that_is_nearly_an_option_warns(key: str, meant: str) -> None:
    problems = Problems()
    assert config_source({key: "x"}, problems).options == {}
    (doubt,) = problems.warnings
    assert (doubt.code, doubt.value) == ("key-unknown", "x")
    assert doubt.message.startswith(f"{key} ")
    assert f"Write {meant}," in doubt.message


@pytest.mark.parametrize(
    "key",
    [
        "CORS_ENABLED",
        "CORS_DEBUG",
        "CORS_LOG_LEVEL",
        "CORS_",
        "CORS",
        "ORIGINS",
        "MY_CORS_ORIGIN",
        "cors_origin",
        5,
        ("CORS_ORIGIN",),
    ],
    ids=repr,
)
def test_a_key_that_is_no_option_is_the_app_s_own_business(key: object) -> None:
    problems = Problems()
    assert config_source({key: "x"}, problems).options == {}
    assert problems.warnings == []


def test_every_option_is_read_from_the_configuration() -> None:
    given = {key: object() for key in CORSConfig.__annotations__}
    problems = Problems()
    layer = config_source({**given, "DEBUG": True}, problems)
    assert layer.options == {key[5:].lower(): value for key, value in given.items()}
    assert problems.warnings == []


def test_the_historic_key_warns() -> None:
    problems = Problems()
    resolve_resources([config_source({"CORS_HEADERS": "Content-Type"}, problems)], problems)
    (doubt,) = problems.warnings
    assert doubt[:3] == ("option-historic", "headers", "Content-Type")
    assert doubt.message.startswith("CORS_HEADERS ")
    assert "Write CORS_ALLOW_HEADERS" in doubt.message


def ours(caught: Iterable[warnings.WarningMessage]) -> list[warnings.WarningMessage]:
    """Return the warnings of this library: Flask 2.2 has some of its own on newer Pythons."""
    return [warning for warning in caught if warning.category is CORSWarning]


def warned_from_app() -> None:
    CORS(Flask("x"), headers="X-A")


def warned_from_config() -> None:
    app = Flask("x")
    app.config["CORS_HEADERS"] = "X-A"
    CORS(app)


def warned_from_init_app() -> None:
    CORS(headers="X-A").init_app(Flask("x"))


def warned_from_policy() -> None:
    Policy.from_options(headers="X-A")


def warned_from_decorator() -> None:
    cross_origin(headers="X-A")


def warned_from_blueprint() -> None:
    blueprint = Blueprint("b", "b")
    CORS(blueprint, headers="X-A")
    Flask("x").register_blueprint(blueprint)


@pytest.mark.parametrize(
    "set_up",
    [
        warned_from_app,
        warned_from_config,
        warned_from_init_app,
        warned_from_policy,
        warned_from_decorator,
        warned_from_blueprint,
    ],
)
def test_a_warning_points_at_the_code_that_configures(set_up: Callable[[], None]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        set_up()
    (warning,) = ours(caught)
    assert isinstance(warning.message.problem, Problem)
    assert warning.message.problem.code == "option-historic"
    first = set_up.__code__.co_firstlineno
    lines = len(inspect.getsource(set_up).splitlines())
    assert warning.filename == str(Path(__file__))
    assert first < warning.lineno < first + lines


def test_a_subclass_of_the_extension_is_the_user_s_code() -> None:
    class Ours(CORS):
        def __init__(self, app: Flask) -> None:
            super().__init__(app, headers="X-A")

    with pytest.warns(CORSWarning) as caught:
        Ours(Flask("x"))
    assert [warning.filename for warning in ours(caught)] == [__file__]


# What takes too long ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "option", "cure"),
    [
        ({"origins": r"https://(a+)+\.example"}, "origins", "'https://*.example.com'"),
        ({"origins": [re.compile(r"(.*\.)*example")]}, "origins", "'https://*.example.com'"),
        ({"origins": r"https://.*\..*\..*\..*\.d"}, "origins", "'https://*.example.com'"),
        ({"allow_headers": r"X-([a-z]+-?)*"}, "allow_headers", "'X-*'"),
        ({"allow_headers": re.compile(r"(X|x-?)*Y", re.IGNORECASE)}, "allow_headers", "'X-*'"),
        ({"resources": r"/(\w+)+x$"}, "resources", "'/api/*'"),
        ({"resources": [re.compile(r"/.*/.*/.*x")]}, "resources", "'/api/*'"),
        ({"resources": {r"/(a|a)*b": {}}}, "resources", "'/api/*'"),
    ],
    ids=["nested", "compiled", "polynomial", "header", "ignoring-case", "path", "cubic", "mapping"],
)
def test_an_expression_that_backtracks_is_refused_at_set_up(options, option, cure):
    with pytest.raises(ConfigurationError) as caught:
        CORS(Flask(__name__), **options)
    [problem] = caught.value.problems
    assert (problem.code, problem.option) == ("regex-backtracking", option)
    assert problem.message.startswith(option)
    assert problem.message.endswith(cure)


@pytest.mark.parametrize(
    "options",
    [
        {"origins": r"https://([a-z0-9-]+\.)*example\.com"},
        {"origins": r"^https?://(www\.|app\.)?example\.(com|org)(:\d+)?$"},
        {"origins": r"https://.*\.example\..*"},
        {"allow_headers": r"X-[A-Za-z-]+"},
        {"resources": r"/api/v[0-9]+/.*"},
        {"resources": re.compile(r"/(a|b)/.*\.json$")},
    ],
    ids=["labels", "usual", "quadratic", "header", "path", "path-with-an-end"],
)
def test_an_expression_that_does_not_is_none_of_these(options):
    CORS(Flask(__name__), **options)


@pytest.mark.parametrize(
    "origins",
    [
        "https://*",
        "https://*:8443",
        "https://*:*",
        r"https?://.*",
        re.compile(r".*://.*"),
        r"http://.*",
        r"https?://.*:\d+",
        r"https://[^/]+\.[a-z]{2,3}",
    ],
    ids=["host", "port", "any-port", "regex", "compiled", "plain-http", "ports", "domains"],
)
def test_credentials_for_everyone_who_has_a_host_warn(origins):
    app = Flask(__name__)  # Flask 2.2 itself warns on newer Pythons
    with pytest.warns(CORSWarning, match="every website") as warned:
        CORS(app, origins=origins, supports_credentials=True)
    codes = {warning.message.problem.code for warning in warned}
    assert codes - {"credentials-insecure"} == {"credentials-anyone"}
    assert CORS(Flask(__name__), origins=origins)


@pytest.mark.parametrize(
    "origins", ["https://*.example", "https://[a-z]+\\.example", "https://a.example"]
)
def test_credentials_for_hosts_of_ones_own_do_not_warn(origins):
    CORS(Flask(__name__), origins=origins, supports_credentials=True)


@pytest.mark.parametrize(
    ("options", "option", "cure"),
    [
        ({"origins": r"https://([a-z]+)(\1|[a-z])+\.a"}, "origins", "'https://*.example.com'"),
        ({"allow_headers": [r"X-([a-z]+)(\1|[a-z])+-Id"]}, "allow_headers", "'X-*'"),
        ({"resources": {r"/([a-z]+)(\1|[a-z])+/x": {}}}, "resources", "'/api/*'"),
    ],
    ids=["origin", "header", "path"],
)
def test_an_expression_that_cannot_be_judged_warns(options, option, cure):
    app = Flask(__name__)  # Flask 2.2 itself warns on newer Pythons
    with pytest.warns(CORSWarning, match="too complex to tell") as warned:
        CORS(app, **options)
    [problem] = [warning.message.problem for warning in warned]
    assert (problem.code, problem.option) == ("regex-undecided", option)
    assert problem.message.startswith(option)
    assert problem.message.endswith(cure)


def test_an_expression_that_backtracks_is_not_tried_at_set_up_either():
    with pytest.raises(ConfigurationError) as caught:
        CORS(Flask(__name__), origins=r"https?://([a-z.-]+)+x", supports_credentials=True)
    assert [problem.code for problem in caught.value.problems] == ["regex-backtracking"]


def test_an_expression_that_cannot_be_judged_is_not_tried_at_set_up():
    app = Flask(__name__)  # Flask 2.2 itself warns on newer Pythons
    with pytest.warns(CORSWarning, match="too complex to tell"):
        # It would take hours to find out that it lets in no host that nobody has.
        CORS(app, origins=r"https://(\w*)(\1|[-\w.])+([-\w.]+)+!", supports_credentials=True)
