from __future__ import annotations

import importlib
import itertools
import re
import sys
from collections.abc import Callable
from typing import TypeAlias
from unittest import mock

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flask_cors.core import redos
from flask_cors.core.headers import MAX_LIST_NAMES, MAX_MATCHED_LENGTH, is_token
from flask_cors.core.origin_patterns import compile_regex
from flask_cors.core.origins import MAX_ORIGIN_LENGTH, is_origin
from flask_cors.core.redos import ORIGIN_LETTERS, TOKEN_LETTERS, verdict
from flask_cors.core.resources import MAX_PATH_LENGTH

from ..support.expressions import (
    FINE_HEADERS,
    FINE_ORIGINS,
    FINE_PATHS,
    SLOW_HEADERS,
    SLOW_ORIGINS,
    SLOW_PATHS,
    UNDECIDED_ORIGINS,
)


def of_origins(pattern: str) -> redos.Verdict:
    regex = compile_regex(pattern)
    return verdict(regex, whole=True, letters=ORIGIN_LETTERS, length=MAX_ORIGIN_LENGTH)


def of_headers(pattern: str) -> redos.Verdict:
    regex = compile_regex(pattern)
    return verdict(
        regex, whole=True, letters=TOKEN_LETTERS, length=MAX_MATCHED_LENGTH, texts=MAX_LIST_NAMES
    )


def of_paths(pattern: str) -> redos.Verdict:
    return verdict(re.compile(pattern), whole=False, letters=None, length=MAX_PATH_LENGTH)


# What is written and what is dangerous ------------------------------------------------------------


def label(pattern: object) -> str | None:
    return pattern[:60] if isinstance(pattern, str) else None


@pytest.mark.parametrize("pattern", FINE_ORIGINS, ids=label)
def test_what_people_write_for_origins_is_fine(pattern):
    assert of_origins(pattern) == "fine"


@pytest.mark.parametrize("pattern", FINE_HEADERS, ids=label)
def test_what_people_write_for_header_names_is_fine(pattern):
    assert of_headers(pattern) == "fine"


@pytest.mark.parametrize("pattern", FINE_PATHS, ids=label)
def test_what_people_write_for_paths_is_fine(pattern):
    assert of_paths(pattern) == "fine"


@pytest.mark.slow
@pytest.mark.parametrize("pattern", SLOW_ORIGINS, ids=label)
def test_an_origin_cannot_keep_a_worker_busy(pattern):
    assert of_origins(pattern) == "slow"


@pytest.mark.parametrize("pattern", SLOW_HEADERS, ids=label)
def test_a_header_name_cannot_keep_a_worker_busy(pattern):
    assert of_headers(pattern) == "slow"


@pytest.mark.parametrize("pattern", SLOW_PATHS, ids=label)
def test_a_path_cannot_keep_a_worker_busy(pattern):
    assert of_paths(pattern) == "slow"


@pytest.mark.parametrize("pattern", UNDECIDED_ORIGINS, ids=label)
def test_what_cannot_be_decided_is_not_called_fine(pattern):
    assert of_origins(pattern) == "unknown"


# What looks like a dangerous expression, or like a harmless one -----------------------------------


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        # One way around each loop.
        (r"(a|b)*", "fine"),
        (r"(ab|ba)*", "fine"),
        (r"(a[ab])*", "fine"),
        (r"(ab*)*", "fine"),
        (r"(a*b)*", "fine"),
        (r"(a*b)+a*", "fine"),
        (r"(aa)*a", "fine"),
        (r"(a?b)*", "fine"),
        (r"([a-m]+[n-z])*", "fine"),
        (r"(a{3}b)*", "fine"),
        (r"(a{2,3}b)*", "fine"),
        (r"((a+b)+c)*", "fine"),
        (r"(a+b+)*c", "fine"),
        (r"(\d+\D)*", "fine"),
        (r"(\w+\W+)*", "fine"),
        (r"([^a]+a)*", "fine"),
        (r"(?:a|b(?=c))*", "fine"),
        (r"(?:a|A)+", "fine"),  # the parser makes one class of them
        (r"(?:[a-z]|[a-z0-9])+", "fine"),
        # Two ways.
        (r"(?i:a|(A))+", "slow"),
        (r"(a|aa)+", "slow"),
        (r"(a|ab|b)*", "slow"),
        (r"([ab]c|a[cd])*", "slow"),
        (r"(a*)*", "slow"),
        (r"(a*)+", "slow"),
        (r"(a+?)+?", "slow"),
        (r"((a?)*b)*", "slow"),
        (r"(()*b)*", "slow"),
        (r"(a*a*b)*", "slow"),
        (r"(?:(?:a*?b?)*?c)*", "slow"),
        # Loops that share out a text.
        (r"a*a*", "fine"),
        (r"a*a*a*", "fine"),
        (r"a*a*a*a*a*", "slow"),
        (r"a*?a*?a*?a*?a*?", "slow"),
        (r"a+a+a+a+a+b", "slow"),
        (r"(a+){3}", "fine"),
        (r"(a+){5}", "slow"),
        (r"a*ba*ba*ba*ba*", "fine"),
        (r"a*(ab)*a*b*(ba)*a*(a|b)*", "slow"),
        # Limits, exact or not.
        (r"", "fine"),
        (r"a{0}(b)*", "fine"),
        (r"(a+){0}b", "fine"),
        (r"a{1000}", "fine"),
        (r"a{1,5}a{1,5}", "fine"),
        (r"(?:[a-z]{1,3}){1,3}", "fine"),
        (r"(?:[a-z]{1,4}\.?){4}", "fine"),
        (r"((a+)+){0}b", "fine"),
        (r"(a?){20}b", "unknown"),  # quick, for only the first letters can be left out
        (r"(a?){15,}b", "fine"),
        (r"(a?){16,}b", "slow"),
        (r"(?:[a-z]{2}){30}", "fine"),
        (r"(?:.|-(a)){1,100}", "slow"),
        (r"(?:.|([a-z])){1,100}", "slow"),
        (r"a{0,}" * 5 + "b", "slow"),
        (r"a?" * 30 + "b", "slow"),
        (r"(a?){15}", "fine"),
        (r"(a?){30}", "slow"),
        (r"(a?){5,}", "fine"),
        (r"((a{0,2}){4}b)*", "slow"),
        (r"((a{2}){0,4}b)*", "fine"),
        (r"(?:(?:a{1,90}){1,90}){1,90}", "unknown"),  # too large to be written out
        (r"(a|aa){4999}b", "slow"),
        (r"(a|aa){5000}b", "unknown"),  # too large as well
        # Ways that read nothing.
        (r"(?:|)" * 12 + "a", "fine"),
        (r"(?:|){40}a", "slow"),
        (r"(?:|){40}", "slow"),
        (r"(?:(?:|){9})+a", "unknown"),
        (r"(?:(?:|){12})+a", "slow"),
        # Look-arounds.
        (r"(?!(a+)+b)a*", "slow"),
        (r"(?=a+b)a*", "fine"),
        (r"(?=a)(a|aa)+b", "slow"),
        (r"(?:a(?=a*a*b))*", "fine"),
        (r"(?:a(?=a*a*a*b))*", "slow"),
        (r"(?!)(a)*", "fine"),
        # Back-references and conditional groups.
        (r"(a)\1", "fine"),
        (r"(a+)\1b", "fine"),
        (r"(?P<x>a+)(?P=x)+b", "unknown"),  # it counts as `(a+)(a+)+b`
        (r"(a+)(?:\1a*b)*", "unknown"),
        (r"(a*)-\1\1\1\1b", "unknown"),
        (r"()()()()(a*)-\5\5\5\5b", "unknown"),
        (r"()()()()()()()()(a*)-\9\9\9\9b", "unknown"),
        (r"(?P<x>a*)-(?P=x)(?P=x)(?P=x)(?P=x)b", "unknown"),
        (r"(?P<n>([a-z])+)@(?P=n)", "fine"),
        (r"(?P<n>([a-z]+)+)@(?P=n)", "unknown"),
        (r"(a)(?i:\1|(A))+b", "slow"),
        (r"(a)(?:(?i:\1)|(A))+b", "slow"),
        (r"(a)(?:\1|(A))+b", "fine"),
        (r"(.)(?:(?s:\1)|(\n))+b", "fine"),
        (r"(a+)(b)(?:\1a*b)*\2", "unknown"),
        (r"(a)?(?(1)b)c*", "fine"),
        (r"(a)?(?(1)b|c)", "fine"),
        (r"(a)?(?(1)b|(c|cc)+)d", "slow"),
    ],
    ids=label,
)
def test_ways_to_read_a_text_are_counted(pattern, expected):
    assert expected == verdict(re.compile(pattern), whole=True, letters=None, length=325)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"/(\w+)*", "fine"),
        (r"(.*)*", "fine"),
        (r"(a|a)*", "fine"),
        (r"/((\w+)+/)?", "slow"),  # the group is tried to its end before it is left out
        (r"/(\w+)+\b", "slow"),
        (r"/(\w+)+\Z", "slow"),
        (r"(a*b|a)*", "fine"),
        (r"(a*a*b|a)*", "slow"),  # its end is tried last
        (r"a*a*b?", "fine"),
        (r"a*a*a*b?", "fine"),
        (r"a*a*a*b", "slow"),
    ],
)
def test_a_match_of_a_start_ends_with_the_first_way_that_is_right(pattern, expected):
    assert expected == of_paths(pattern)


@pytest.mark.parametrize(
    ("length", "expected"), [(20, "fine"), (64, "fine"), (325, "slow"), (2048, "slow")]
)
def test_longer_texts_take_longer(length, expected):
    regex = re.compile(r"a*a*a*a*b")
    assert expected == verdict(regex, whole=True, letters=None, length=length)


@pytest.mark.parametrize(
    ("pattern", "whole", "longest"),
    [
        (r"(a|(a))*b", True, 22),
        (r"(a)*(a)*(a)*(a)*b", True, 138),
        (r"a*a*a*a*b", True, 138),
        (r"a*a*a*b", True, 461),
        (r"a*a*b", True, 5771),
        (r"/a*a*a*b", False, 462),
        (r"a*" * 20 + "b", True, 8),
    ],
)
def test_up_to_fifty_million_attempts_are_fine(pattern, whole, longest):
    regex = re.compile(pattern)
    lengths = (longest, longest + 1)
    told = [verdict(regex, whole=whole, letters=None, length=length) for length in lengths]
    assert told == ["fine", "slow"]


@pytest.mark.parametrize(("texts", "longest"), [(1, 138), (10, 76), (128, 39)])
def test_the_attempts_for_all_texts_of_a_request_are_counted(texts, longest):
    regex = re.compile(r"a*a*a*a*b")
    told = [
        verdict(regex, whole=True, letters=None, length=length, texts=texts)
        for length in (longest, longest + 1)
    ]
    assert told == ["fine", "slow"]


@pytest.mark.parametrize(
    ("pattern", "letters", "expected"),
    [
        (r"(.*)*", ORIGIN_LETTERS, "fine"),  # matches whatever it is
        (r"^(.*)*$", ORIGIN_LETTERS, "fine"),
        (r"\A(.*)*\Z", ORIGIN_LETTERS, "fine"),
        (r"(.*)*\.example", ORIGIN_LETTERS, "slow"),
        (r"(.*.*)*a.*", ORIGIN_LETTERS, "slow"),
        (r"(\s*\t*)*", ORIGIN_LETTERS, "fine"),  # never reads a thing
        (r"([^a]|[^b])*", "ab", "fine"),
        (r"(([^a])|([^b]))*x", "ab", "fine"),
        (r"(([^a])|([^b]))*x", "abc", "slow"),
        (r"(?:a|(a)|bb)*", "ab", "slow"),
        (r"(?:b|(b)|aa)*", "ab", "slow"),
        (r"X-(\w+-?)*", TOKEN_LETTERS, "slow"),
        (r"(\w*|\W*)*.*", TOKEN_LETTERS, "fine"),
    ],
)
def test_only_texts_of_the_given_letters_count(pattern, letters, expected):
    assert expected == verdict(re.compile(pattern), whole=True, letters=letters, length=325)


@pytest.mark.parametrize(
    "letter", [chr(code) for code in range(128)], ids=lambda letter: f"{ord(letter):#04x}"
)
def test_the_letters_are_those_of_the_grammars(letter):
    # Where a letter can stand in an origin: the scheme, the host, or in the brackets around one.
    places = (
        f"a{letter}b://c",
        f"a://b{letter}c",
        f"a:{letter}/b",
        f"a://{letter}::1]",
        f"a://b{letter}80",
    )
    origins = [*places, f"a://[::1{letter}"]
    assert any(map(is_origin, origins)) == (letter in ORIGIN_LETTERS)
    assert is_token(letter) == (letter in TOKEN_LETTERS)


@pytest.mark.parametrize(
    ("flags", "pattern", "expected"),
    [
        (0, r"(a|(B)|[Ab]+)*x", "slow"),
        (0, r"(a*A*c)*", "fine"),
        (0, r"(a|(A))*x", "fine"),
        (re.IGNORECASE, r"(a|(A))*x", "slow"),
        (0, r"(a|(?i:(A)))*x", "slow"),
        (re.IGNORECASE, r"(a|(?-i:(A)))*x", "slow"),
        (0, r"(.|(\n))*x", "fine"),
        (re.DOTALL, r"(.|(\n))*x", "slow"),
        (re.DOTALL, r"(.)(?:\1|(\n))+x", "slow"),
        (re.VERBOSE, r"( a + \#?) * x  # a comment", "slow"),
        (re.VERBOSE, r"( a \ ) * a [ ]", "fine"),
        (re.VERBOSE, r"( [ ] | (\ ) ) * a", "slow"),
        (0, r"(\w|([\u0430-\u044f]))*x", "slow"),
        (re.ASCII, r"(\w|([\u0430-\u044f]))*x", "fine"),
        (0, r"(?a:(\w|([\u0430-\u044f])))*x", "fine"),
        (0, r"(?a:(?u:(\w|([\u0430-\u044f]))))*x", "slow"),
        (re.ASCII, r"(?u:(\w|([\u0430-\u044f])))*x", "slow"),
        (re.ASCII, r"(\d|(\w))*x", "slow"),
        (re.ASCII, r"(\s|(\W))*x", "slow"),
        (0, r"([^\x00-\x7f]|(\w))*x", "slow"),
        (0, r"([^\x00-\x7f]|(\d))*x", "slow"),
        (0, r"([^\x00-\x7f]|(\s))*x", "slow"),
        (re.ASCII, r"([^\x00-\x7f]|([\w\d\s]))*x", "fine"),
        (re.MULTILINE, r"^(a)*$", "fine"),
        (0, r"(\w|([\u0561-\u0586]))*x", "slow"),
        (0, r"(\w|(\u0561))*x", "slow"),
        (0, r"([\u0561-\u0563]|([^\u0561\u0563]))*x", "slow"),
        (0, r"([a\U0010ffff]|(a))*x", "slow"),
        (re.ASCII, r"(?i:(\w|([\u0430-\u044f])))*x", "fine"),
        (re.IGNORECASE, r"((?-i:a)|(?-i:(A)))*x", "fine"),
    ],
)
def test_flags_count(flags, pattern, expected):
    regex = re.compile(pattern, flags)
    assert expected == verdict(regex, whole=True, letters=None, length=325)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are none before Python 3.11")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(?>[a-z]+)\.example", "fine"),
        (r"[a-z]++\.example", "fine"),
        (r"([a-z]++\.)*+example", "fine"),
        (r"(a++)+b", "unknown"),  # it counts as if it did, which is `(a+)+b`
        (r"(?>a|(a))*b", "unknown"),
    ],
)
def test_what_does_not_backtrack_is_never_called_slow(pattern, expected):
    assert expected == verdict(re.compile(pattern), whole=True, letters=None, length=325)


def test_what_was_warned_of_is_not_warned_of_again():
    with pytest.warns(FutureWarning, match="nested set"):
        regex = re.compile("([[a]+)+x")
    assert verdict(regex, whole=True, letters=None, length=325) == "slow"


# The work that a verdict takes --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("|".join(f"https://a{n}\\.example" for n in range(2000)), "fine", id="hosts"),
        pytest.param("(" * 30 + "a" + ")*" * 30, "slow", id="nested"),
        pytest.param("(.*a)*" + ".*a" * 30, "slow", id="loops"),
        pytest.param(
            "(" + "|".join(f"(x{n:03})" for n in range(300)) + ")*", "fine", id="branches"
        ),
        pytest.param("([ab]{37})*([ab]{41})*([ab]{43})*c", "fine", id="lengths"),
        pytest.param("(" + "a?" * 300 + ")*", "slow", id="optional"),
        pytest.param(".*a[ab]{40}b.*a[ab]{40}b.*c", "unknown", id="sets-of-states"),
        pytest.param("(?:" * 90 + "(?:ab){3}" + "){3}" * 90, "unknown", id="copies"),
        pytest.param("(" * 250 + "a" + ")" * 250 + "*", "unknown", id="depth"),
        pytest.param("(?:(?:){800}){800}", "unknown", id="nothing"),
        pytest.param("(?:a?b?c?d?){500}" * 2, "unknown", id="left-out"),
    ],
)
def test_the_work_is_limited(pattern, expected):
    regex = re.compile(pattern)
    calls = 0

    def count(_frame, event: str, _called: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        told = verdict(regex, whole=True, letters=None, length=325)
    finally:
        sys.setprofile(before)
    assert expected == told
    assert calls < 8_000_000


# The parser of the standard library, which has no public name -------------------------------------

TREES = [
    ("a", "[(LITERAL, 97)]"),
    ("[^a]", "[(NOT_LITERAL, 97)]"),
    (r"[^a-c\d]", "[(IN, [(NEGATE, None), (RANGE, (97, 99)), (CATEGORY, CATEGORY_DIGIT)])]"),
    (r"\S", "[(IN, [(CATEGORY, CATEGORY_NOT_SPACE)])]"),
    (".", "[(ANY, None)]"),
    ("(a)", "[(SUBPATTERN, (1, 0, 0, [(LITERAL, 97)]))]"),
    ("(?i-s:a)", "[(SUBPATTERN, (None, 2, 16, [(LITERAL, 97)]))]"),
    ("a|bc", "[(BRANCH, (None, [[(LITERAL, 97)], [(LITERAL, 98), (LITERAL, 99)]]))]"),
    ("a*", "[(MAX_REPEAT, (0, MAXREPEAT, [(LITERAL, 97)]))]"),
    ("a{2,3}?", "[(MIN_REPEAT, (2, 3, [(LITERAL, 97)]))]"),
    (r"^\b$", "[(AT, AT_BEGINNING), (AT, AT_BOUNDARY), (AT, AT_END)]"),
    (r"\A\Z", "[(AT, AT_BEGINNING_STRING), (AT, AT_END_STRING)]"),
    ("(?=a)", "[(ASSERT, (1, [(LITERAL, 97)]))]"),
    ("(?<!a)", "[(ASSERT_NOT, (-1, [(LITERAL, 97)]))]"),
    (r"()\1", "[(SUBPATTERN, (1, 0, 0, [])), (GROUPREF, 1)]"),
    (
        "()(?(1)b|c)",
        "[(SUBPATTERN, (1, 0, 0, [])), (GROUPREF_EXISTS, (1, [(LITERAL, 98)], [(LITERAL, 99)]))]",
    ),
]
SINCE_3_11 = [
    ("(?>a)", "[(ATOMIC_GROUP, [(LITERAL, 97)])]"),
    ("a++", "[(POSSESSIVE_REPEAT, (1, MAXREPEAT, [(LITERAL, 97)]))]"),
]


@pytest.mark.parametrize(
    ("pattern", "tree"), TREES + SINCE_3_11 * (sys.version_info >= (3, 11)), ids=label
)
def test_the_parser_speaks_as_it_did(pattern, tree):
    # Where this fails, a new Python parses differently: `redos` has to learn it.
    parser = importlib.import_module(redos.PARSER)
    assert tree == str(parser.parse(pattern).data)


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param([("A_NEW_ONE", None)], id="operation"),
        pytest.param([("IN", [("A_NEW_ONE", None)])], id="in-a-class"),
        pytest.param([("IN", None)], id="class"),
        pytest.param([("BRANCH", (None, [None]))], id="body"),
        pytest.param([("LITERAL", "a")], id="literal"),
    ],
)
def test_what_a_parser_may_say_some_day_cannot_be_decided(tree):
    class Parsed:
        data = tree

    regex = re.compile("(a)+")
    verdict.cache_clear()
    with mock.patch.object(importlib.import_module(redos.PARSER), "parse", return_value=Parsed):
        told = verdict(regex, whole=True, letters=None, length=325)
    verdict.cache_clear()
    assert told == "unknown"


def test_without_the_parser_nothing_can_be_decided():
    regex = re.compile("(a)+")
    verdict.cache_clear()
    with mock.patch.object(redos, "PARSER", "re.parser_of_some_day"):
        told = verdict(regex, whole=True, letters=None, length=325)
    verdict.cache_clear()
    assert told == "unknown"


# Compared with a matcher that counts --------------------------------------------------------------

Continuation: TypeAlias = Callable[[int], bool]
Matcher: TypeAlias = Callable[["Count", int, Continuation], bool]
"""Tries a part from a place on, and what comes after it at each place where the part may end."""
Tried: TypeAlias = tuple[str, Matcher]
"""A part as it is written, and how it is matched."""


class TooManyError(Exception):
    pass


class Count:
    """Counts the letters that are tried in a match, up to a limit."""

    def __init__(self, text: str, limit: int):
        self.text = text
        self.attempts = 0
        self.limit = limit

    def attempt(self) -> None:
        self.attempts += 1
        if self.attempts > self.limit:
            raise TooManyError


def one_of(letters: str) -> Tried:
    def matcher(count, place, after):
        count.attempt()
        return place < len(count.text) and count.text[place] in letters and after(place + 1)

    # In groups, for the parser makes one class of bare ones that are alternatives.
    return f"([{letters}])", matcher


def sequence(parts: list[Tried]) -> Tried:
    def matcher(count, place, after, index=0):
        if index == len(parts):
            return after(place)
        return parts[index][1](count, place, lambda end: matcher(count, end, after, index + 1))

    return "".join(text for text, _ in parts), matcher


def alternatives(parts: list[Tried]) -> Tried:
    def matcher(count, place, after):
        return any(part(count, place, after) for _, part in parts)

    return "(" + "|".join(f"({text})" for text, _ in parts) + ")", matcher


def ahead(part: Tried) -> Tried:
    def matcher(count, place, after):
        return part[1](count, place, lambda _: True) and after(place)

    return f"(?={part[0]})", matcher


def repeated(part: Tried, low: int, high: int | None, lazy: bool) -> Tried:
    def matcher(count, place, after, turn=0, before=None):
        def again() -> bool:
            # As `re`: after the required turns, one that reads nothing is the last.
            begin = place if turn >= low else None
            return part[1](count, place, lambda end: matcher(count, end, after, turn + 1, begin))

        if turn < low:
            return again()
        if (high is not None and turn >= high) or place == before:
            return after(place)
        return (after(place) or again()) if lazy else (again() or after(place))

    return f"({part[0]}){{{low},{'' if high is None else high}}}{'?' if lazy else ''}", matcher


def parts(smaller: st.SearchStrategy[Tried]) -> st.SearchStrategy[Tried]:
    several = st.lists(smaller, min_size=2, max_size=3)
    limits = st.sampled_from([(0, None), (0, None), (1, None), (0, 1), (2, 2), (0, 2), (1, 6)])
    repeats = st.builds(
        lambda part, limit, lazy: repeated(part, *limit, lazy), smaller, limits, st.booleans()
    )
    looks = st.builds(lambda part, seen: sequence([part, ahead(seen)]), smaller, smaller)
    return several.map(sequence) | several.map(alternatives) | repeats | repeats | looks


LETTERS = st.sampled_from(["a", "b", "ab"]).map(one_of)
PARTS = st.recursive(LETTERS, parts, max_leaves=6)
LIMIT = 400
LENGTH = 11
TEXTS = [
    start + "".join(word) * (LENGTH // size) + end
    for size in range(1, 5)
    for start, *word in itertools.product(("", "a", "b"), *["ab"] * size)
    for end in ("", "a", "b", "c")
]


def most_attempts(part: Tried, *, whole: bool, enough: int) -> int:
    """Return the most attempts that one of the texts takes; it stops at `enough`."""
    most = 0
    for text in TEXTS:
        count = Count(text[-LENGTH:], enough)
        try:
            part[1](count, 0, lambda end: not whole or end == len(count.text))  # noqa: B023  (called at once)
        except TooManyError:
            return enough
        most = max(most, count.attempts)
    return most


def judged(part: Tried, *, whole: bool) -> redos.Verdict:
    with mock.patch.object(redos, "MAX_ATTEMPTS", LIMIT):
        verdict.cache_clear()
        told = verdict(re.compile(part[0]), whole=whole, letters="abc", length=LENGTH)
    verdict.cache_clear()
    return told


PROPERTY_SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
A = one_of("a")
B = one_of("b")
NESTED = repeated(repeated(A, 1, None, False), 1, None, False)


@PROPERTY_SETTINGS
@given(PARTS, st.booleans())
@example(NESTED, True)
@example(repeated(alternatives([repeated(A, 0, 2, False), B]), 1, 6, False), True)
@example(repeated(repeated(A, 0, 1, False), 6, 6, True), True)
@example(sequence([repeated(A, 0, None, False)] * 4), True)
@example(
    repeated(alternatives([sequence([repeated(A, 0, None, False), B]), A]), 0, None, False), False
)
def test_what_is_fine_takes_few_attempts(part, whole):
    if judged(part, whole=whole) == "fine":
        assert most_attempts(part, whole=whole, enough=LIMIT + 1) <= LIMIT


@PROPERTY_SETTINGS
@given(PARTS.map(lambda part: repeated(part, 0, None, False)))
@example(NESTED)
@example(repeated(alternatives([sequence([A, one_of("ab")]), sequence([A, B])]), 0, None, False))
def test_what_is_slow_takes_many_attempts(part):
    if judged(part, whole=True) == "slow":
        assert most_attempts(part, whole=True, enough=LIMIT // 4) >= LIMIT // 4
