"""How `resources` are read, and what is said of what is no path."""

from __future__ import annotations

import re
from ast import literal_eval

import pytest

from flask_cors.core.errors import Problem, Problems
from flask_cors.core.settings import OptionSource, resolve_resources

A = "https://a.example"
MAPPING = "{'/*': {'origins': ['https://app.example']}}"


def read(resources: object) -> tuple[list[str], Problems]:
    problems = Problems()
    found = resolve_resources([OptionSource({"resources": resources})], problems)
    return [path.text for path, _ in found], problems


def problem_of(resources: object) -> Problem:
    _, problems = read(resources)
    (problem,) = problems.errors + problems.warnings
    return problem


@pytest.mark.parametrize(
    ("resources", "paths"),
    [
        pytest.param(" /a ", ["/a"], id="blanks"),
        pytest.param([" /a "], ["/a"], id="blanks-in-a-list"),
        pytest.param({" /a ": {}}, ["/a"], id="blanks-in-a-mapping"),
        pytest.param(" /a , /b ", ["/a", "/b"], id="blanks-and-a-comma"),
        pytest.param("/a b", ["/a b"], id="blank-in-a-path"),
        pytest.param("/x:y", ["/x:y"], id="colon"),
        pytest.param("/:3", ["/:3"], id="colon-and-a-digit"),
        pytest.param("/100%", ["/100%"], id="percent"),
        pytest.param("/a{2}", ["/a{2}"], id="braces"),
        pytest.param("/a\\?b=c", ["/a\\?b=c"], id="escaped-question-mark"),
        pytest.param("/a\\#b", ["/a\\#b"], id="escaped-hash"),
        pytest.param("/[?a=#]", ["/[?a=#]"], id="signs-in-a-set"),
        pytest.param("/a(#b)?", ["/a(#b)?"], id="hash-in-a-group"),
        pytest.param("/(?#x)a", ["/(?#x)a"], id="comment"),
        pytest.param("/(?=a)", ["/(?=a)"], id="look-ahead"),
        pytest.param("/(?P<name>a)", ["/(?P<name>a)"], id="named-group"),
        pytest.param("/(?P<x>a|b)(?P=x)", ["/(?P<x>a|b)(?P=x)"], id="back-reference"),
        pytest.param("^/colou?r", ["^/colou?r"], id="optional"),
        pytest.param("/b(?<!ab)", ["/b(?<!ab)"], id="look-behind"),
        pytest.param("/\\{id\\}", ["/\\{id\\}"], id="escaped-braces"),
        pytest.param("/\\N{DIGIT ONE}", ["/\\N{DIGIT ONE}"], id="named-character"),
        pytest.param("/a??", ["/a??"], id="lazy-question-mark"),
        pytest.param("/files?/.*", ["/files?/.*"], id="optional-letter"),
        pytest.param("/api/?", ["/api/?"], id="optional-slash"),
        pytest.param("^/api/?$", ["^/api/?$"], id="optional-slash-at-the-end"),
        pytest.param("/api/v[0-9]+/.*", ["/api/v[0-9]+/.*"], id="class"),
        pytest.param("/api/.+", ["/api/.+"], id="dot-and-plus"),
        pytest.param("/users/\\d{1,3}", ["/users/\\d{1,3}"], id="comma-in-a-quantifier"),
        pytest.param("/a{,3}b{2,}", ["/a{,3}b{2,}"], id="open-quantifiers"),
        pytest.param("/(a|b)/.*", ["/(a|b)/.*"], id="alternatives"),
        pytest.param("/([ab],/)*c", ["/([ab],/)*c"], id="comma-in-a-group"),
        pytest.param("/[,;]/[^{}]/", ["/[,;]/[^{}]/"], id="signs-in-sets"),
        pytest.param("/a\\,/b", ["/a\\,/b"], id="escaped-comma"),
        pytest.param("/points/1,2", ["/points/1,2"], id="comma-in-a-path"),
        pytest.param("/[ab]/[aA]/[abc]", ["/[ab]/[aA]/[abc]"], id="classes-of-letters"),
        pytest.param("/*.json", ["/*.json"], id="glob-with-an-extension"),
        pytest.param("^/a,?b", ["^/a,?b"], id="optional-comma"),
        pytest.param("/a*,b", ["/a*,b"], id="glob-with-a-comma"),
        pytest.param("/api/*, /v1/*", ["/api/*", "/v1/*"], id="globs-and-a-comma"),
    ],
)
def test_what_is_a_path_or_an_expression_is_read_as_such(
    resources: object, paths: list[str]
) -> None:
    found, problems = read(resources)
    assert found == paths
    assert problems.errors + problems.warnings == []


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        # A URL
        (f"{A}/api/*", "'/api/*'"),
        ("HTTPS://a.example/x?yy#zz", "'/x'"),
        (f"{A}/x?", "'/x'"),
        (f"{A}/x#z?y", "'/x'"),
        (f"{A}?y", "'/*'"),
        (f"{A}/", "'/'"),
        ("file:///x", "'/x'"),
        ("a+b.c-1://x/\ny", r"'/\ny'"),
        # A route
        ("/api/<id>", "'/api/*'"),
        ("/api/<int:id>/x/<path:rest>", "'/api/*/x/*'"),
        ("/api/<_id>/<A>/<M>/<z>", "'/api/*/*/*/*'"),
        ("/api/{id}", "'/api/*'"),
        ("/api/{_id}/{A}/{z}/{B:path}", "'/api/*/*/*/*'"),
        ("/api/:id", "'/api/*'"),
        ("/api/:_id/x/:A/:M/:z", "'/api/*/x/*/*/*'"),
        ("/api/{*path}", "'/api/*'"),
        ("/api/{}", "'/api/*'"),
        ("/api/{id:[0-9]{1,3}}/x", "'/api/*/x'"),
        ("/api/{id}?", "'/api/*'"),
        ("/users{/:id}", "'/users/*'"),
        ("/users{?page}", "'/users'"),
        ("/api/*path", "'/api/*'"),
        ("/api/[id]", "'/api/*'"),
        ("/api/[...slug]", "'/api/*'"),
        ("/api/[[...slug]]", "'/api/*'"),
        ("/api/:id?", "'/api/*'"),
        (r"/api/:id(\d+)", "'/api/*'"),
        ("/(a|b)/<id>", "'/(a|b)/[^/]*'"),
        ("/api/*$", "'/api/*'"),
        ("^/api/*$", "'/api/*'"),
        ("/(a|b)/*$", "'/(a|b)(/.*)?$'"),
        # Encoded
        ("/a%20b", "'/a b'"),
        ("/a%2fB%c3%A9/c", r"'/a/B\xe9/c'"),
        ("/%59", "'/Y'"),
        ("/%ff", r"'/\ufffd'"),
        ("/a%7Bid%7D", r"'/a\\{id\\}$'"),
        ("/a%5Bb*c", r"'/a\\[b[^/]*c$'"),
        ("/C%23/*", r"'/C\\#(/.*)?$'"),
        ("/api/%3Fx", r"'/api/\\?x$'"),
        ("/a%2C/b%20", r"'/a\\,/b\\ $'"),
        ("/a%2A", r"'/a\\*$'"),
        ("/a%2520b", r"'/a\\%20b$'"),
        ("/a%20(b|c)", r"'/a\\ (b|c)'"),
        ("/%2e%2e/x", "'/x'"),
        ("api/%20", r"'/api/\\ $'"),
        # With a query or a fragment
        ("/a?x=1", "'/a'"),
        ("/a?x.y~z-0=1", "'/a'"),
        ("/a?*", "'/a'"),
        ("/a#b", "'/a'"),
        ("/[ab]?x=1", "'/[ab]'"),
        ("?x=1", "'/*'"),
        ("/api?", "'/api'"),
        ("/search?q", "'/search'"),
        ("/v1.0/a-b?q&r", "'/v1.0/a-b'"),
        ("/api/*?", "'/api/*'"),
        ("/search?{q}", "'/search'"),
        ("/api/<id>?x=1", "'/api/*'"),
        # More than a path
        (f"{A}/a%20b", "'/a b'"),
        (f"{A}/api/:id", "'/api/*'"),
        ("GET /api", "'/api'"),
        ("GET|POST /api", "'/api'"),
        ("/api/*;", "'/api/*'"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("written", ["{}", " {} ", ["{}"]], ids=["text", "blanks", "list"])
def test_what_looks_like_a_path_and_is_none_is_told_what_to_write(
    written: str | list[str], path: str, remedy: str
) -> None:
    given = [path] if isinstance(written, list) else written.replace("{}", path)
    problem = problem_of(given)
    assert problem[:3] == ("resource-path", "resources", path)
    assert problem.message.startswith(f"resources[{path!a}] ")
    assert problem.message.endswith(f" Write {remedy}")
    assert read(literal_eval(remedy))[1].errors == []


@pytest.mark.parametrize("path", ["/a%20b/(", "/<id>(", "GET,", "/%5f%5fA%5f%5f"])
def test_a_mistake_that_cannot_be_corrected_is_told_with_an_example(path: str) -> None:
    problem = problem_of([path])
    assert problem[:3] == ("resource-path", "resources", path)
    assert problem.message.endswith(" Write a path such as '/api/*'")


@pytest.mark.parametrize("path", ["/api?", "/search?q"])
def test_an_optional_letter_at_the_end_is_told_how_to_write_it_as_an_expression(path: str) -> None:
    assert f"a regular expression would be '^{path}'" in problem_of([path]).message
    assert read([f"^{path}"])[0] == [f"^{path}"]


@pytest.mark.parametrize("text", ["/api/*,", ",/api/*", "/api/*,,/v1/*"])
def test_an_empty_part_of_a_text_is_told(text: str) -> None:
    problem = problem_of(text)
    assert problem[:3] == ("resource-type", "resources", "")
    assert problem.message.endswith("extra comma")


@pytest.mark.parametrize(
    ("path", "paths"),
    [
        ("/admin/*,/internal/*", "'/admin/*', '/internal/*'"),
        ("/admin, /internal", "'/admin', '/internal'"),
        ("/api/*, v1/*", "'/api/*', '/v1/*'"),
        ("/a%20b;/<id>", "'/a b', '/*'"),
    ],
)
@pytest.mark.parametrize("noun", ["item", "key"])
def test_several_paths_in_an_item_or_key_are_told_one_by_one(
    noun: str, path: str, paths: str
) -> None:
    problem = problem_of({path: {}} if noun == "key" else [path])
    assert problem[:3] == ("resource-path", "resources", path)
    assert problem.message.endswith(f"is more than one path. Write one {noun} for each: {paths}")
    assert read(list(literal_eval(paths)))[1].errors == []


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("/a /b", "'/a, /b'"),
        ("/a;/b", "'/a, /b'"),
        ("/a b /c", "'/a b, /c'"),
        ("/a;/b ;  /c", "'/a, /b, /c'"),
        ("/a\n/b", "'/a, /b'"),
    ],
    ids=ascii,
)
def test_several_paths_without_commas_are_told_with_commas(text: str, remedy: str) -> None:
    problem = problem_of(text)
    assert problem[:3] == ("resource-path", "resources", text)
    assert problem.message.endswith(f"Write commas between them: {remedy}")
    assert read(literal_eval(remedy))[1].errors == []


@pytest.mark.parametrize(
    ("resources", "value", "start", "end"),
    [
        pytest.param([""], "", "resources: '' ", "extra comma", id="empty"),
        pytest.param([" "], " ", "resources: ' ' ", "extra comma", id="blank"),
        pytest.param({"": {}}, "", "resources: '' ", "extra comma", id="empty-in-a-mapping"),
        pytest.param({"origins": A}, "origins", "resources: 'origins' ", MAPPING, id="option"),
        pytest.param(["max_age"], "max_age", "resources: 'max_age' ", MAPPING, id="listed-option"),
        pytest.param([5], 5, "resources: 5 ", f"a mapping: {MAPPING}", id="number"),
        pytest.param(
            [{"/a": {}}],
            {"/a": {}},
            "resources: {'/a': {}} ",
            f"from paths to options: {MAPPING}",
            id="listed-mapping",
        ),
        pytest.param(
            [("/a", {"max_age": 5})],
            ("/a", {"max_age": 5}),
            "resources: ('/a', {'max_age': 5}) ",
            f"from paths to options: {MAPPING}",
            id="listed-pair",
        ),
        pytest.param(
            [("/a", "/b")],
            ("/a", "/b"),
            "resources: ('/a', '/b') ",
            f"or a mapping: {MAPPING}",
            id="nested-list",
        ),
        pytest.param({"/a": A}, A, f"resources['/a']: '{A}' ", f"{{'origins': '{A}'}}", id="text"),
        pytest.param(
            {"/a": [A]}, [A], f"resources['/a']: ['{A}'] ", f"{{'origins': ['{A}']}}", id="list"
        ),
        pytest.param(
            {re.compile("/a"): (A,)},
            (A,),
            f"resources['/a']: ('{A}',) ",
            f"{{'origins': ('{A}',)}}",
            id="compiled",
        ),
        *(
            pytest.param(
                {"/a": value},
                value,
                f"resources['/a']: {value!r} ",
                "no options of its own",
                id=repr(value),
            )
            for value in (None, "", [], True)
        ),
    ],
)
def test_what_is_no_resource_is_told_where_it_stands_and_what_to_write(
    resources: object, value: object, start: str, end: str
) -> None:
    problem = problem_of(resources)
    assert problem[:3] == ("resource-type", "resources", value)
    assert problem.message.startswith(start)
    assert problem.message.endswith(end)


class Pairs:
    """Has items like a mapping, and hands out what it is given."""

    def __init__(self, *pairs: object) -> None:
        self.pairs = pairs

    def items(self) -> tuple[object, ...]:
        return self.pairs


@pytest.mark.parametrize("pair", [5, (1, 2, 3)], ids=["no-pair", "three"])
def test_items_that_are_no_pairs_are_refused(pair: object) -> None:
    problem = problem_of(Pairs(pair))
    assert problem[:2] == ("resource-type", "resources")
    assert problem.message.startswith("resources: ")
    assert problem.message.endswith(f"Write a mapping: {MAPPING}")


@pytest.mark.parametrize(
    ("text", "code", "end"),
    [
        ("${PATHS}", "value-placeholder", "write the value itself"),
        ("[/a, /b]", "value-list", ": /a,/b"),
        ("[/api/*]", "value-list", ": /api/*"),
        ("[*]", "value-list", ": *"),
        ("'/a', '/b'", "value-quoted", ": /a,/b"),
    ],
)
def test_an_unfinished_text_is_told_as_such(text: str, code: str, end: str) -> None:
    problem = problem_of(text)
    assert problem[:3] == (code, "resources", text)
    assert problem.message.endswith(end)


@pytest.mark.parametrize("path", ["/$NAME/a", "/${NAME}/a", "/{{name}}/a"])
def test_a_path_with_a_placeholder_is_told_where_it_stands(path: str) -> None:
    problem = problem_of([path])
    assert problem[:3] == ("value-placeholder", "resources", path)
    assert problem.message.startswith(f"resources['{path}'] ")


@pytest.mark.parametrize(
    ("path", "why"),
    [("/a(", "unterminated subpattern"), ("/(?<name>a)", "unknown extension ?<n")],
)
def test_an_invalid_expression_is_told_why(path: str, why: str) -> None:
    problem = problem_of([path])
    assert problem[:3] == ("pattern-regex", "resources", path)
    assert problem.message.startswith(f"resources['{path}'] is not a valid regular expression (")
    assert why in problem.message
    assert problem.message.endswith("Write '/api/*'")


def test_an_expression_that_takes_for_ever_is_told_where_it_stands() -> None:
    problem = problem_of(["/(a+)+b"])
    assert problem[:3] == ("regex-backtracking", "resources", "/(a+)+b")
    assert problem.message.startswith("resources['/(a+)+b'] ")
    assert problem.message.endswith("'/api/*'")


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("api/*", "'/api/*'"),
        ("api", "'/api'"),
        ("//a/x", "'/a/x'"),
        ("/a/../b/*", "'/b/*'"),
        ("/a//b", "'/a/b'"),
        ("api/v[12]", "'/api/*'"),
    ],
)
def test_a_path_that_nobody_can_ask_for_is_doubted_with_one_that_can_be(
    path: str, remedy: str
) -> None:
    problem = problem_of([path])
    assert problem[:3] == ("resource-unmatchable", "resources", path)
    assert problem.message.startswith(f"resources['{path}'] ")
    assert problem.message.endswith(f"Write {remedy}")
