from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_cors.core.resources import (
    MAX_MEMO_PATH,
    MAX_MEMO_PATHS,
    PathPattern,
    ResourceTable,
    without_dot_segments,
)


def table(*patterns: str | re.Pattern[str]) -> ResourceTable[int]:
    """Return a table in which each pattern has its position."""
    return ResourceTable((PathPattern.read(p), number) for number, p in enumerate(patterns))


PATTERNS = [
    # literals
    pytest.param("/api", "/api", True, id="literal"),
    pytest.param("/api", "/api/", False, id="literal-slash"),
    pytest.param("/api", "/API", False, id="literal-case"),
    pytest.param("/api", "/apifoo", False, id="literal-longer"),
    pytest.param("/a.b", "/aXb", False, id="literal-dot"),
    pytest.param("/a+b", "/a+b", True, id="literal-plus"),
    pytest.param("/user/{id}", "/user/{id}", True, id="literal-braces"),
    pytest.param("/grüße", "/grüße", True, id="literal-decoded"),
    # globs
    pytest.param("/*", "/", True, id="all-root"),
    pytest.param("/*", "/a/b", True, id="all-below"),
    pytest.param("*", "/a/b", True, id="star"),
    pytest.param("/api/*", "/api", True, id="prefix-itself"),
    pytest.param("/api/*", "/api/", True, id="prefix-slash"),
    pytest.param("/api/*", "/api/a/b", True, id="prefix-below"),
    pytest.param("/api/*", "/apifoo", False, id="prefix-ends-at-a-segment"),
    pytest.param("/api/*", "/API/a", False, id="prefix-case"),
    pytest.param("/api/*", "/x/api/a", False, id="prefix-from-the-start"),
    pytest.param("/api*", "/apifoo/bar", True, id="any-characters"),
    pytest.param("/a/*/c", "/a/b/b/c", True, id="middle"),
    pytest.param("/a/*/c", "/a/c", False, id="middle-slashes"),
    pytest.param("/a/*/c", "/a/b/c/d", False, id="middle-whole"),
    pytest.param("/*/admin/*", "/x/admin", True, id="two-stars-itself"),
    pytest.param("/*/admin/*", "/x/admin/y", True, id="two-stars"),
    pytest.param("/*/admin/*", "/x/administer", False, id="two-stars-segment"),
    pytest.param("/*.json", "/a/b.json", True, id="ending"),
    pytest.param("/*.json", "/b.jsonx", False, id="ending-whole"),
    pytest.param("/*ab*ab", "/ab", False, id="parts-do-not-overlap"),
    pytest.param("/ab*b", "/ab", False, id="start-and-end-do-not-overlap"),
    pytest.param("/ab*b", "/abb", True, id="start-and-end-touch"),
    pytest.param("/a*b*c", "/axxbxxc", True, id="parts-in-order"),
    pytest.param("/a*b*c", "/axxcxxb", False, id="parts-out-of-order"),
    pytest.param("/a*", "/a\n/b", True, id="line-feed"),
    pytest.param("/a**b", "/ab", True, id="stars-in-a-row"),
    # regular expressions
    pytest.param("/api/.*", "/api/a", True, id="regex"),
    pytest.param("/api/.*", "/api", False, id="regex-is-no-glob"),
    pytest.param("/api/v[12]", "/api/v1/users", True, id="regex-from-the-start"),
    pytest.param("/api/v[12]", "/x/api/v1", False, id="regex-not-anywhere"),
    pytest.param("^/api/(v1|v2)$", "/api/v2", True, id="regex-whole"),
    pytest.param("^/api/(v1|v2)$", "/api/v2/x", False, id="regex-end"),
    pytest.param("/api/v[12]", "/API/v1", False, id="regex-case"),
    pytest.param(re.compile("/api", re.IGNORECASE), "/API/v1", True, id="compiled-flags"),
    pytest.param(re.compile("/api/*"), "/api//", True, id="compiled-is-no-glob"),
    pytest.param(re.compile("/api/*"), "/apifoo", True, id="compiled-from-the-start"),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), PATTERNS)
def test_a_pattern_matches(pattern: str | re.Pattern[str], path: str, expected: bool) -> None:
    assert PathPattern.read(pattern).matches(path) is expected
    assert (table(pattern).find(path) is not None) is expected


@pytest.mark.filterwarnings("error::FutureWarning")
def test_a_class_that_a_later_python_may_read_otherwise_causes_no_warning() -> None:
    assert PathPattern.read("/[[a]b").matches("/[b")


def test_a_glob_with_many_stars_is_compared_in_linear_time() -> None:
    # A regular expression would not come back in a lifetime.
    pattern = PathPattern.read("/" + "*a" * 30 + "*b")
    assert not pattern.matches("/" + "a" * 20_000)


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        pytest.param(["/*", "/a"], "/a", 1, id="literal-over-glob"),
        pytest.param(["/a/b/c/*", "/a/b/c/d"], "/a/b/c/d", 1, id="literal-over-longer-glob"),
        pytest.param(["/a", re.compile("/a/?(b/c/d)?")], "/a", 0, id="literal-over-longer-regex"),
        pytest.param(["/a/*", "/*"], "/a/b", 0, id="more-slashes"),
        pytest.param(["/*", "/a/*"], "/a/b", 1, id="more-slashes-later"),
        pytest.param(["/aaaaaa*", "/*/*"], "/aaaaaaa/b", 1, id="slashes-before-length"),
        pytest.param(["/ab*", "/a*"], "/abc", 0, id="longer"),
        pytest.param(["/a*", "/ab*"], "/abc", 1, id="longer-later"),
        pytest.param(["/a*", "/*b"], "/ab", 1, id="later"),
        pytest.param(["/*b", "/a*"], "/ab", 1, id="later-the-other-way-round"),
        pytest.param(["/a", "/a"], "/a", 1, id="same-literal-later"),
        pytest.param(["/a/*", "/a/*"], "/a/b", 1, id="same-prefix-later"),
        pytest.param(["/a/*", "/(a/)"], "/a/b", 1, id="regex-longer-than-prefix"),
        pytest.param(["/abc/*", "/(a)"], "/abc/d", 0, id="prefix-over-shorter-regex"),
        pytest.param(["/a/*", "/[ab]"], "/a", 0, id="prefix-over-regex-with-fewer-slashes"),
        pytest.param(["/*", "/[ab]"], "/a", 1, id="regex-over-everything"),
        pytest.param(["*", "/*"], "/a", 1, id="slash-star-over-star"),
        pytest.param(["/*", "*"], "/a", 0, id="slash-star-over-star-earlier"),
        pytest.param(["/a/*", "/a/b/c/*"], "/a/b/x", 0, id="the-longer-prefix-does-not-match"),
        pytest.param(["/a/*", "/x[0-9]"], "/b", None, id="none"),
    ],
)
def test_the_most_specific_pattern_wins(
    patterns: list[str | re.Pattern[str]], path: str, expected: int | None
) -> None:
    assert table(*patterns).find(path) == expected


def test_an_empty_table_finds_nothing() -> None:
    assert table().find("/") is None
    assert table().catch_all is None


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        pytest.param(["/*"], 0, id="everything"),
        pytest.param(["*"], 0, id="star"),
        pytest.param(["/*", "/*"], 1, id="twice"),
        pytest.param(["/*", "*"], 0, id="both"),
        pytest.param(["/*", "/a"], None, id="literal-too"),
        pytest.param(["/*", "/a/*"], None, id="prefix-too"),
        pytest.param(["/*", "/a.*"], None, id="regex-too"),
        pytest.param(["/a/*"], None, id="prefix-only"),
    ],
)
def test_it_is_known_where_one_holds_everywhere(patterns: list[str], expected: int | None) -> None:
    assert table(*patterns).catch_all == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("/", True, id="root"),
        pytest.param("/api/*", True, id="glob"),
        pytest.param("*", True, id="star"),
        pytest.param("*/api", True, id="star-first"),
        pytest.param("^/api", True, id="regex-anchored"),
        pytest.param(r"\A/api", True, id="regex-anchored-otherwise"),
        pytest.param(".*/api", True, id="regex-any-start"),
        pytest.param("(/a|/b)", True, id="regex-group"),
        pytest.param("api|/v1", True, id="regex-one-alternative-of-two"),
        pytest.param("x?/v1", True, id="regex-optional-start"),
        pytest.param("api", False, id="no-slash"),
        pytest.param("api/*", False, id="glob-no-slash"),
        pytest.param("", False, id="empty"),
        pytest.param("//api", False, id="two-slashes"),
        pytest.param("//*", True, id="glob-of-the-root"),
        pytest.param("//a/*", False, id="glob-two-slashes"),
        pytest.param("https://a.example/*", False, id="url"),
        pytest.param("api/.*", False, id="regex-no-slash"),
        pytest.param("^api/.*", False, id="regex-anchored-no-slash"),
        pytest.param("//a(b)", False, id="regex-two-slashes"),
    ],
)
def test_it_is_told_whether_a_path_can_match(pattern: str, expected: bool) -> None:
    assert PathPattern.read(pattern).reachable is expected


def test_an_invalid_regex_raises() -> None:
    with pytest.raises(re.error):
        PathPattern.read("/api/(v1")


@pytest.mark.parametrize("length", [2, 254, 255, 256, 257, 300])
@pytest.mark.parametrize("longest", [2, 255, 256, 257, 300])
def test_a_prefix_holds_for_paths_of_any_length(length: int, longest: int) -> None:
    prefix, other = "/".ljust(length, "p"), "/".ljust(longest, "q")
    of = table(f"{prefix}/*", f"{other}/*", "/*")
    below = ["", "/", "/a", "/a/b", "/" + "a" * 400, "/a" * 400]
    assert [of.find(prefix + tail) for tail in below] == [0] * len(below)
    assert [of.find(prefix + "q" + tail) for tail in below] == [2] * len(below)


@pytest.mark.parametrize("path", ["/a" * 2000, "/" + "a" * 4000, "/" * 4000])
def test_a_long_path_that_no_prefix_has_belongs_to_nothing(path: str) -> None:
    assert table("/b/*", "/b/c").find(path) is None


def test_one_of_many_literals_is_found_at_once() -> None:
    many = table(*(f"/n/{number}" for number in range(10_000)))
    assert many.find("/n/9999") == 9999


CHARACTERS = st.text("/ab", max_size=6).map(lambda tail: f"/{tail}")
GLOBS = st.text("/ab*", max_size=5).map(lambda tail: f"/{tail}")


def matches(pattern: str, path: str) -> bool:
    """Return whether a glob matches, by an equivalent regular expression."""
    tried = [pattern, pattern[:-2]] if pattern.endswith("/*") else [pattern]
    regexes = [re.escape(glob).replace(r"\*", ".*") for glob in tried]
    return any(re.fullmatch(regex, path) for regex in regexes)


@settings(deadline=None, max_examples=300)
@given(st.lists(GLOBS, max_size=5), CHARACTERS)
def test_the_index_agrees_with_trying_one_glob_after_the_other(
    patterns: list[str], path: str
) -> None:
    def owner(path: str) -> int | None:
        ranked = [
            (("*" not in pattern, pattern.count("/"), len(pattern), number), number)
            for number, pattern in enumerate(patterns)
            if matches(pattern, path)
        ]
        return max(ranked)[1] if ranked else None

    merged = re.sub("/+", "/", path)
    expected = owner(path) if owner(path) == owner(merged) else None
    assert table(*patterns).find(path) == expected


def test_a_path_that_no_expression_is_tried_on_belongs_to_nothing():
    given = [(r"/private/.*", "private"), ("/private/open", "literal"), ("/*", "all")]
    of = ResourceTable((PathPattern.read(pattern), name) for pattern, name in given)
    short, long = (f"/private/{'a' * number}" for number in (2_039, 2_040))
    assert [of.find(short), of.find(long)] == ["private", None]
    assert of.find("/private/open") == "literal"


# What is not as it looks --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/a/../b", "/b"),
        ("/a/..", "/"),
        ("/..", "/"),
        ("/../../b", "/b"),
        ("/a/./b", "/a/b"),
        ("/a/.", "/a/"),
        ("/a/b/", "/a/b/"),
        ("/a//b", "/a/b"),
        ("/a/..\\b", "/b"),
        ("/a\\..\\b", "/b"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/..%2fb", "/b"),
        ("/a/..%5Cb", "/b"),
        ("/a/%252e%252e%252fb", "/b"),
        ("/a/..;x=1/b", "/b"),
        ("/a/.;/b", "/a/b"),
        ("/a/b/..", "/a/"),
        ("/a/;x", "/a/;x"),
        ("/a/b/..;x", "/a/"),
        ("/.well-known/x", "/.well-known/x"),
        ("/a/...", "/a/..."),
        ("/a/..b", "/a/..b"),
        ("/100%", "/100%"),
        ("/", "/"),
    ],
)
def test_what_a_path_stands_for(path: str, plain: str) -> None:
    assert without_dot_segments(path) == plain


GUARDED = {"/*": "all", "/static/private/*": "private"}
AROUND = [
    "/static/public/../private/x",
    "/static/public/..\\private/x",
    "/static\\private/x",
    "/static/public/%2e%2e/private/x",
    "/static/public/..%2fprivate/x",
    "/static/public/%252e%252e%252fprivate/x",
    "/static/public/..;/private/x",
    "/static/./private/x",
    "/static//private/x",
    "/static/private/../public/x",
]


@pytest.mark.parametrize("path", AROUND)
def test_no_path_leads_past_a_stricter_resource(path: str) -> None:
    of = ResourceTable((PathPattern.read(pattern), name) for pattern, name in GUARDED.items())
    assert [of.find(path), of.find(path)] == [None, None]


@pytest.mark.parametrize("path", AROUND[:-1])
def test_what_is_not_opened_stays_closed(path: str) -> None:
    of = ResourceTable([(PathPattern.read("/static/public/*"), "public")])
    assert of.find(path) is None


@pytest.mark.parametrize("path", ["/static/public/./x", "/static/private/a/../x", "/a//b", "/./a"])
def test_a_path_that_belongs_to_one_resource_either_way_belongs_to_it(path: str) -> None:
    of = ResourceTable((PathPattern.read(pattern), name) for pattern, name in GUARDED.items())
    assert of.find(path) == ("private" if "private" in path else "all")


def test_what_paths_belong_to_is_remembered_within_a_bound() -> None:
    tried: list[str] = []

    class Counted(PathPattern):
        def matches(self, path: str) -> bool:
            tried.append(path)
            return super().matches(path)

    of = ResourceTable([(Counted(*PathPattern.read(r"/a[0-9]+$")), "a")])
    for _ in range(3):
        assert [of.find("/a1"), of.find("/b")] == ["a", None]
    assert tried == ["/a1", "/b"]

    for number in range(MAX_MEMO_PATHS - 2):
        of.find(f"/b{number}")
    tried.clear()
    assert of.find("/a1") == "a"
    assert tried == []
    of.find("/one-more")
    assert of.find("/a1") == "a"
    assert tried == ["/one-more", "/a1"]  # it was forgotten

    long = "/a" + "1" * (MAX_MEMO_PATH - 2)
    tried.clear()
    assert [of.find(path) for path in (long, long, f"{long}1", f"{long}1")] == ["a"] * 4
    assert tried == [long, f"{long}1", f"{long}1"]


@pytest.mark.parametrize("unit", ["/.", "//", "/a/..", "/%2e"])
def test_a_path_too_long_to_take_dot_segments_out_belongs_to_nothing(unit: str) -> None:
    long = "/a" + unit * 2_048
    guarded = ResourceTable((PathPattern.read(pattern), name) for pattern, name in GUARDED.items())
    assert guarded.find(long) is None
    assert ResourceTable([(PathPattern.read("/*"), "all")]).find(long) == "all"


@pytest.mark.parametrize(("length", "expected"), [(2_048, "all"), (2_049, None)])
def test_of_a_path_that_is_not_too_long_dot_segments_are_taken_out(
    length: int, expected: str | None
) -> None:
    guarded = ResourceTable((PathPattern.read(pattern), name) for pattern, name in GUARDED.items())
    assert guarded.find("/a//".ljust(length, "b")) == expected
