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
        pytest.param("/colou?r", ["/colou?r"], id="optional"),
        pytest.param("/b(?<!ab)", ["/b(?<!ab)"], id="look-behind"),
        pytest.param("/\\{id\\}", ["/\\{id\\}"], id="escaped-braces"),
        pytest.param("/\\N{DIGIT ONE}", ["/\\N{DIGIT ONE}"], id="named-character"),
        pytest.param("/a??", ["/a??"], id="lazy-question-mark"),
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
        # Encoded
        ("/a%20b", "'/a b'"),
        ("/a%2fB%c3%A9/c", r"'/a/B\xe9/c'"),
        ("/%59", "'/Y'"),
        ("/%ff", r"'/\ufffd'"),
        # With a query or a fragment
        ("/a?x=1", "'/a'"),
        ("/a?x.y~z-0=1", "'/a'"),
        ("/a?*", "'/a'"),
        ("/a#b", "'/a'"),
        ("/[ab]?x=1", "'/[ab]'"),
        ("?x=1", "'/*'"),
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
