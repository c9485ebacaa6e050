from __future__ import annotations

import importlib
import itertools
import math
import re
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from flask_cors.core import redos
from flask_cors.core.headers import is_token
from flask_cors.core.origins import is_origin
from flask_cors.core.redos import ORIGIN_LETTERS, TOKEN_LETTERS, degree

INF = math.inf

# Expressions, worked out by hand ------------------------------------------------------------------

LINEAR = [
    # As they are written for origins.
    r"https://app\.example\.com",
    r"https://([a-z0-9-]+\.)*example\.com",
    r"https://([a-z0-9-]+\.)+example\.com",
    r"^https?://(www\.|app\.)?example\.(com|org)(:\d+)?$",
    r"https://.*\.example\.com",
    r"https://.+\.example\.com",
    r"^https://.*?\.example\.com$",
    r"https://[\w-]+\.[\w-]+\.example\.com",
    r"https?://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?",
    r"(.+\.)?example\.com",
    r"https?://(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?",
    r"http://192\.168\.\d{1,3}\.\d{1,3}:3000",
    r"https://pr-\d+\.my-app\.vercel\.app",
    r"https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com",
    r"https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}example\.com",
    r"https://[a-z]+(-[a-z]+)*\.example\.com",
    r"https://(?!evil)[a-z]+\.example\.com",
    r"https://(?:(?!--)[a-z-])+\.example\.com",
    r"https://[^./]+\.example\.com",
    r"https://[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\.example\.com",
    r"https://\w+(?<!evil)\.example\.com",
    r"\Ahttps://(a|b|c)\.example\.com\Z",
    r"(?i:https)://APP\.example\.com",
    r"(chrome|moz)-extension://[a-p]{32}",
    # As they are written for header names and paths.
    r"X-[A-Za-z]+(-[A-Za-z]+)*",
    r"X-.*",
    r"/api/v[0-9]+/.*",
    r"/(?!admin)[a-z]+(/[a-z]+)*/?",
    # Back-references and conditional groups.
    r"(a)\1",
    r"(?P<x>a+)(?P=x)+",
    r"(a)?(?(1)b|c)",
    r"(a)?(?(1)b)c*",
    # As IPv4 addresses are often written.
    r"^https?://((25[0-5]|(2[0-4]|1\d|[1-9]|)\d)\.?\b){4}(:\d+)?$",
    r"https?://(\d{1,3}(\.|:|$)){4}",
    # What looks like the dangerous ones and is not.
    r"",
    r"(a|b)*",
    r"(ab|ba)*",
    r"(a[ab])*",
    r"(ab*)*",
    r"(a*b)*",
    r"(a*b)+a*",
    r"a*b*c*",
    r"a*ba*",
    r"(a*b)?a*",
    r"(aa)*a",
    r"([a-m]+[n-z])*",
    r"(a{3}b)*",
    r"(a{2,3}b)*",
    r"(\d+\D)*",
    r"(\w+\W+)*",
    r"(\s\S+)*",
    r"((a+b)+c)*",
    r"(a?b)*",
    r"a{0}(b)*",
    r"(?:a*)?b",
    r"(?a:\w+[é]+)*",  # in ASCII é is no \w
    r"([^a]+a)*",
    r"([^ab]+a)*",
    r"(?:a|b(?=c))*",
    r"a{1,5}a{1,5}",
    r"a{1000}",
    r"a?a?a?",
]
QUADRATIC = [
    r"a*a*",
    r"a*?a*?",
    r"a+b?a+",
    r"\w*\d*",
    r".*a.*",
    r"https://.*\..*\.com",
    r"https://[a-z0-9]+[a-z0-9-]*\.example\.com",
    r"https://[\w.-]+\.[\w.-]+\.example\.com",
    r"https?://[^/]+(:\d+)?.*",
    r"a*(?=a*b)",
    r"a*(?!a*b)",
    r"(ab)*(a|b)*",
    r"(?i)a*A*",
    r"(a?)+a?(?:a?)*b",
    r"a{0,50}a{0,50}",
    r"a{2,}a{2,}",
    r"(a+){2}",
    r"(a*b)*a*a*",
    r"[^x]*[^y]*",
    r"[é-ë]*[ê-í]*",
    r"[\u4e00-\u4e10]+[\u4e05-\u4e20]+",
    r"[\u4e00-\u4e20]*[^\x00-\u4e05\u4e10-\uffff]*",
    r"(?s)(.\n)*\n*\n",
]
CUBIC = [
    r"a*a*a*",
    r".*a.*b.*",
    r"\w*\d*1*",
    r"(a+){3}",
    r"a*(ab)*a*b*(ba)*a*",
]
EXPONENTIAL = [
    r"^https://(a+)+\.example\.com$",
    r"https://(.*\.)*example\.com",
    r"https://(.+\.)+example\.com",
    r"https://([a-z0-9-]+\.?)+example\.com",
    r"https://(\w+-?)*\.example\.com",
    r"https://([a-z]|[a-z0-9]+)+\.example\.com",
    r"X-(?:[A-Za-z]+-?)*",
    r"(\w+\s?)*",
    r"(a*)*",
    r"(a*)+",
    r"(a+)*",
    r"(a+?)+?",
    r"(a|a)*",
    r"(a|ab|b)*",
    r"(a|aa)+",
    r"((a?)*b)*",
    r"(()*b)*",
    r"(a*b*)*",
    r"(a*a*b)*",
    r"(.*,)*",
    r"(\w|-|[a-z]x?x)*x?(xx|x)*",
    r"(a?){30}",
    r"((a|b)+c?){1,63}",
    r"(?i)(a|A+)*",
    r"x(?=(a+)+b)",
    r"(?:(?:a*?b?)*?c)*",
    r"([ab]c|a[cd])*",
    r"(.*)*",
    r"((a{0,2}){4}b)*",
    # Within their limits they are as bad as without.
    r"https://(?:.|-){1,100}",
    r"https://(?:.{0,2}){1,40}",
    r"https://(?:(?:(?:[a-z]{1,4}){1,3}){1,3}){1,3}\.example\.com",
    r"(?P<n>([a-z]+)+)@(?P=n)",
]
UNKNOWN = ["(?:" * 90 + "(?:ab){3}" + "){3}" * 90]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        *((pattern, 1) for pattern in LINEAR),
        *((pattern, 2) for pattern in QUADRATIC),
        *((pattern, 3) for pattern in CUBIC),
        *((pattern, INF) for pattern in EXPONENTIAL),
        *((pattern, None) for pattern in UNKNOWN),
    ],
)
def test_the_growth_of_a_whole_match_is_told(pattern, expected):
    assert expected == degree(re.compile(pattern))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"/api/.*", 1),
        (r"/a/.*/b/.*", 1),
        (r"/(\w+)*", 1),
        (r"/((\w+)+/)?", INF),  # the group is tried to its end before it is left out
        (r"/(\w+)+x", INF),
        (r"/(\w+)+$", INF),
        (r"/(\w+)+\Z", INF),
        (r"/.*/.*/x", 2),
        (r"(a*b|a)*", 2),
        (r"a*a*", 1),
        (r"a*a*b", 2),
        (r"a*a*b?", 1),
        (r"a*a*ba*", 2),
        (r"(a|a)*", 1),
        (r"/(?!(a+)+b)", INF),
        (r"/(a+)+(?=b)", INF),
        (r"/(a+)+\b", INF),
    ],
)
def test_a_match_of_a_start_ends_with_the_first_way_that_is_right(pattern, expected):
    assert expected == degree(re.compile(pattern), whole=False)


@pytest.mark.parametrize(
    ("pattern", "letters", "expected"),
    [
        (r"(.*)*", ORIGIN_LETTERS, 1),  # matches whatever it is
        (r".*.*", ORIGIN_LETTERS, 1),
        (r"https://.*example.*com.*", ORIGIN_LETTERS, 2),
        (r"(.*)*\.example", ORIGIN_LETTERS, INF),
        (r"(.*.*)*a.*", ORIGIN_LETTERS, INF),
        (r"(\s*\t*)*", ORIGIN_LETTERS, 1),  # never reads a thing
        (r"([^a]|[^b])*", "ab", 1),
        (r"([^a]|[^b])*", "abc", 1),  # the parser makes one class of them
        (r"(([^a])|([^b]))*x", "ab", 1),
        (r"(([^a])|([^b]))*x", "abc", INF),
        (r"X-(\w+-?)*", TOKEN_LETTERS, INF),
        (r"X-[\w-]*.*", TOKEN_LETTERS, 1),
        (r"[\S]*[\S]*", TOKEN_LETTERS, 1),
        (r"\w*\W*.*", TOKEN_LETTERS, 1),
    ],
)
def test_only_texts_of_the_given_letters_count(pattern, letters, expected):
    assert expected == degree(re.compile(pattern), letters=letters)


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
        (0, r"(a|B|[Ab]+)*x", INF),
        (0, r"(a*A*c)*", 1),
        (re.IGNORECASE, r"(a*A*c)*", INF),
        (0, r"a*(?i:A*)", 2),
        (re.IGNORECASE, r"a*(?-i:A*)b", 2),
        (0, r"(.*\n*x)*", INF),
        (0, r"([^x]*\n*x)*", INF),
        (0, r"(.*\n*)?", 1),
        (re.DOTALL, r"(.*\n*)?", 2),
        (re.VERBOSE, r"( a + \#?)* x  # a comment", INF),
        (re.VERBOSE, r" (a \ )* a [ ]", 1),
        (re.ASCII, r"\w*[\u0430-\u044f]*", 1),
        (0, r"\w*[\u0430-\u044f]*", 2),
        (re.MULTILINE, r"^a*$", 1),
    ],
)
def test_flags_count(flags, pattern, expected):
    assert expected == degree(re.compile(pattern, flags))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are none before Python 3.11")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(?>[a-z]+)\.example", 1),
        (r"[a-z]++\.example", 1),
        (r"([a-z]++\.)*+example", 1),
        (r"(a++)+b", INF),  # a false alarm: `a++b` is the same
        (r"(?>a+)(?>a+)", 2),  # likewise
    ],
)
def test_what_does_not_backtrack_counts_as_if_it_did(pattern, expected):
    assert expected == degree(re.compile(pattern))


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
def test_what_a_parser_may_say_some_day_cannot_be_told(monkeypatch, tree):
    class Parsed:
        data = tree

    regex = re.compile("a")
    parser = importlib.import_module(redos._PARSER)
    monkeypatch.setattr(parser, "parse", lambda *_: Parsed)
    assert degree.__wrapped__(regex) is None


def test_without_the_parser_nothing_can_be_told(monkeypatch):
    monkeypatch.setattr(redos, "_PARSER", "re.parser_of_some_day")
    assert degree.__wrapped__(re.compile("(a+)+")) is None


def test_what_was_warned_of_is_not_warned_of_again():
    with pytest.warns(FutureWarning, match="nested set"):
        regex = re.compile("([[a]+)+")
    assert degree(regex) == INF


# The largest expressions that end well are far below the limit; the others have to reach it.
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("|".join(f"https://a{n}\\.example" for n in range(60)), 1, id="hosts"),
        pytest.param("(" * 30 + "a" + ")*" * 30, INF, id="nested"),
        pytest.param(".*a" * 30, 30, id="loops"),
        pytest.param("(" + "|".join(f"(x{n:03})" for n in range(300)) + ")*", None, id="branches"),
        pytest.param("([ab]{37})*([ab]{41})*([ab]{43})*", 3, id="lengths"),
        pytest.param("([ab]{87})*([ab]{89})*([ab]{97})*", None, id="long-lengths"),
        pytest.param("(" + "a?" * 300 + ")*", None, id="optional"),
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
        told = degree(regex)
    finally:
        sys.setprofile(before)
    assert expected == told
    assert calls < 1_500_000


# Compared with a matcher that counts ------------------------------------------------------------

Continuation: TypeAlias = Callable[[int], bool]
Matcher: TypeAlias = Callable[["Count", int, Continuation], bool]
"""Tries a part from a place on, and what comes after it at each place where the part may end."""
Tried: TypeAlias = tuple[str, Matcher]
"""A part as it is written, and how it is matched."""


class TooManyError(Exception):
    pass


class Count:
    """Counts the steps of a match, up to a limit."""

    def __init__(self, text: str, limit: int):
        self.text = text
        self.steps = 0
        self.limit = limit

    def step(self) -> None:
        self.steps += 1
        if self.steps > self.limit:
            raise TooManyError


def one_of(letters: str) -> Tried:
    def matcher(count, place, after):
        count.step()
        return place < len(count.text) and count.text[place] in letters and after(place + 1)

    # In groups, for the parser makes one class of bare ones that are alternatives.
    return f"([{letters}])", matcher


def sequence(parts: list[Tried]) -> Tried:
    def matcher(count, place, after, index=0):
        count.step()
        if index == len(parts):
            return after(place)
        return parts[index][1](count, place, lambda end: matcher(count, end, after, index + 1))

    return "".join(text for text, _ in parts), matcher


def alternatives(parts: list[Tried]) -> Tried:
    def matcher(count, place, after):
        count.step()
        return any(part(count, place, after) for _, part in parts)

    return "(" + "|".join(f"({text})" for text, _ in parts) + ")", matcher


def ahead(part: Tried) -> Tried:
    def matcher(count, place, after):
        count.step()
        return part[1](count, place, lambda _: True) and after(place)

    return f"(?={part[0]})", matcher


def repeated(part: Tried, low: int, high: int | None, lazy: bool) -> Tried:
    def matcher(count, place, after, turn=0, before=None):
        def again() -> bool:
            # As `re`: after the required turns, one that reads nothing is the last.
            begin = place if turn >= low else None
            return part[1](count, place, lambda end: matcher(count, end, after, turn + 1, begin))

        count.step()
        if turn < low:
            return again()
        if (high is not None and turn >= high) or place == before:
            return after(place)
        return (after(place) or again()) if lazy else (again() or after(place))

    return f"({part[0]}){{{low},{'' if high is None else high}}}{'?' if lazy else ''}", matcher


def parts(smaller: st.SearchStrategy[Tried]) -> st.SearchStrategy[Tried]:
    several = st.lists(smaller, min_size=2, max_size=3)
    limits = st.sampled_from([(0, None), (0, None), (1, None), (0, 1), (2, 2), (0, 2), (1, 3)])
    repeats = st.builds(
        lambda part, limit, lazy: repeated(part, *limit, lazy), smaller, limits, st.booleans()
    )
    return several.map(sequence) | several.map(alternatives) | repeats | repeats


LETTERS = st.sampled_from(["a", "b", "ab"]).map(one_of)
PARTS = st.recursive(LETTERS, parts, max_leaves=5)

MANY = 60_000
WORDS = ["".join(word) for size in range(1, 7) for word in itertools.product("ab", repeat=size)]
SHORT_WORDS = [word for word in WORDS if len(word) <= 4]
STARTS = ["", "a", "b"]


def steps(part: Tried, text: str, *, whole: bool) -> float:
    count = Count(text, MANY)
    try:
        part[1](count, 0, lambda end: not whole or end == len(text))
    except TooManyError:
        return INF
    return count.steps


def powers(
    part: Tried, ends: list[str], *, whole: bool = True, words: list[str] = SHORT_WORDS
) -> Iterator[float]:
    """Yield the powers with which the steps grow as a text repeats a word twice as often."""
    for start, word, end in itertools.product(STARTS, words, ends):
        few = many = INF
        for turns in (24 // len(word), 6, 5, 4, 3):
            many = steps(part, start + word * 2 * turns + end, whole=whole)
            if many < INF:
                few = steps(part, start + word * turns + end, whole=whole)
                break
        yield INF if many == INF else math.log2(many / few)


LAW = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TWO = sequence([one_of("a"), one_of("ab")])
THREE = sequence([one_of("ab"), one_of("a"), one_of("b")])
NEVER = "c"  # is in none of the expressions, so that each way to read what is before is tried


@LAW
@given(PARTS)
@example(repeated(repeated(one_of("a"), 1, None, False), 1, None, False))
@example(repeated(sequence([repeated(one_of("ab"), 0, None, False), one_of("b")]), 1, 3, False))
def test_no_whole_match_grows_faster_than_told(part):
    told = degree(re.compile(part[0]))
    assert told is not None
    assume(told < INF)
    assert max(powers(part, [NEVER])) <= told + 0.6


@LAW
@given(PARTS)
def test_no_match_of_a_start_grows_faster_than_told(part):
    told = degree(re.compile(part[0]), whole=False)
    assert told is not None
    assume(told < INF)
    assert max(powers(part, ["", NEVER], whole=False)) <= told + 0.6


@LAW
@given(PARTS)
def test_no_whole_match_of_known_letters_grows_faster_than_told(part):
    told = degree(re.compile(part[0]), letters="ab")
    assert told is not None
    assume(told < INF)
    assert max(powers(part, ["", "a", "b"])) <= told + 0.6


@LAW
@given(PARTS, PARTS)
def test_no_look_ahead_grows_faster_than_told(part, seen):
    both = sequence([part, ahead(seen), part])
    told = degree(re.compile(both[0]))
    assert told is not None
    assume(told < INF)
    assert max(powers(both, [NEVER])) <= told + 0.6


@LAW
@given(PARTS.map(lambda part: repeated(part, 0, None, False)))
@example(repeated(alternatives([TWO, THREE]), 0, None, False))
def test_what_is_told_to_explode_explodes(part):
    assume(degree(re.compile(part[0])) == INF)
    # Turns of two and of three letters meet every six.
    assert any(power >= 3.5 for power in powers(part, [NEVER], words=WORDS))
