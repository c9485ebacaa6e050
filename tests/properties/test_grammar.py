"""How texts are read, by grammars that are written here anew: any text, and what a fuzzer found."""

from __future__ import annotations

import re
import warnings
from ast import literal_eval
from contextlib import suppress
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_cors import ConfigurationError
from flask_cors.core import Policy
from flask_cors.core.errors import Problems
from flask_cors.core.headers import is_token, matches_glob, normalize_method, parse_names
from flask_cors.core.origins import is_origin, parse_origin
from flask_cors.core.resources import PathPattern, ResourceTable, without_dot_segments
from flask_cors.core.settings import OptionSource, resolve_resources

from ..support.found import LISTS, ORIGINS, RESOURCES, WRITTEN_ORIGINS
from ..support.strategies import (
    PROPERTY_SETTINGS,
    TOKEN,
    examples,
    normalized,
    origins,
    requested_names,
    site_of,
    written_origins,
)

pytestmark = pytest.mark.flaskless


@PROPERTY_SETTINGS
@given(origins | st.text(max_size=60))
@examples(*ORIGINS)
def test_an_origin_is_what_its_grammar_says_and_nothing_else(text: str) -> None:
    found, site = parse_origin(text), site_of(text)
    assert (found is None) == (site is None)
    assert is_origin(text) == (site is not None or text == "null")
    if found is not None and site is not None:
        assert (found.scheme.lower(), found.host.lower()) == (site.scheme, site.host)


@PROPERTY_SETTINGS
@given(written_origins | origins | st.text(max_size=40))
@examples(*ORIGINS, *WRITTEN_ORIGINS)
def test_an_origin_that_is_written_is_refused_or_lets_in_no_look_alike(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            policy = Policy.from_options(origins=[text])
        except ConfigurationError:
            return
    if text.strip().lower() in ("*", "null") or re.search(r"[\\^$\[\]()?|*,]", text):
        return  # they mean more than one origin: test_properties.py asks for those
    written = site_of(text.strip().removesuffix("/"))
    if written is None:
        return  # a spelling that was repaired, of which test_origins.py has a table
    for suffix in (".evil.test", "0", ":1", "/x", "\n"):
        outcome = policy.decide("GET", {"Origin": written.text + suffix}).outcome
        assert outcome == "origin"


def glob_allows(glob: str, text: str) -> bool:
    """Follow every way in which each `*` of a glob may stand for some of a text."""
    places = {0}
    for character in [*text, None]:
        for place in sorted(places):
            after = place
            while glob[after : after + 1] == "*":  # it may stand for no more
                after += 1
                places.add(after)
        if character is not None:
            stay = {place for place in places if glob[place : place + 1] == "*"}
            places = stay | {p + 1 for p in places if glob[p : p + 1] == character != "*"}
    return len(glob) in places


names = st.text("ab,- \t*", max_size=12)


@PROPERTY_SETTINGS
@given(names, names)
@examples(*LISTS)
def test_a_list_a_token_a_method_and_a_glob_are_read_as_their_grammars_say(
    text: str, glob: str
) -> None:
    assert parse_names(text) == requested_names(text)
    assert is_token(text) == bool(TOKEN.fullmatch(text))
    assert normalize_method(text) == normalized(text)
    text = text[:80].replace("*", "")
    assert matches_glob(glob, text) == glob_allows(glob, text)


def is_expression(pattern: str) -> bool:
    return bool(re.search(r"[\\^$\[\]()?|]|\.\*", pattern))


def covers(pattern: str, path: str) -> bool:
    """Return whether a resource is for a path."""
    if is_expression(pattern):
        return re.match(pattern, path) is not None
    below = pattern.endswith("/*") and glob_allows(pattern[:-2], path)
    return below or glob_allows(pattern, path)


paths = st.text("/ab.%", max_size=8)
patterns = st.lists(st.text("/ab*", max_size=6) | st.sampled_from(["/[ab]", "/a.*", "/(a|b)/"]))


@PROPERTY_SETTINGS
@given(paths, patterns)
@examples(*RESOURCES)
def test_the_table_of_resources_finds_what_trying_each_of_them_finds(
    path: str, written: list[str]
) -> None:
    path = "/" + path.lstrip("/")
    if len(path) > 2_000:
        return  # a bound, on what an expression is tried on
    entries: list[tuple[PathPattern, int]] = []
    for number, pattern in enumerate(written):
        with suppress(re.error, OverflowError, RecursionError):
            entries.append((PathPattern.read(pattern), number))
    plain = without_dot_segments(path)
    assert without_dot_segments(plain) == plain
    found, stood_for = most_specific(entries, path), most_specific(entries, plain)
    assert ResourceTable(entries).find(path) == (found if found == stood_for else None)
    assert [each.text for each, _ in entries if each.matches(plain) and not each.reachable] == []


def most_specific(entries: list[tuple[PathPattern, int]], path: str) -> int | None:
    found = [
        ((not is_expression(text) and "*" not in text, text.count("/"), len(text), number), number)
        for pattern, number in entries
        for text in [pattern.text]
        if covers(text, path)
    ]
    return max(found)[1] if found else None


# Segments of resources as people write them, each with one that is meant.
SEGMENTS = {
    **dict.fromkeys(("<id>", "<path:id>", "{id}", "{}", "{*id}", ":id", "[id]", "[...id]"), "7"),
    **{text: text for text in ("api", "v1.0", "a b", "x-y")},
    **{text: unquote(text) for text in ("a%20b", "%C3%A9", "%23x", "x%3F", "%5B%7Bid%7D", "%2A")},
}
ENDS = ("", "", "/*", "?x=1", "?q", "?", "#x", "?{q}", ",", " /other")


@PROPERTY_SETTINGS
@given(
    st.sampled_from(["api", "a%20b", "C%23", "x%3Fy", "%2E%2A"]),
    st.lists(st.sampled_from([*SEGMENTS]), max_size=3),
    st.sampled_from(ENDS),
    st.sampled_from(["", "", "GET ", "https://a.example"]),
)
def test_a_path_that_a_message_suggests_is_accepted_and_covers_what_was_meant_and_no_more(
    first: str, others: list[str], end: str, start: str
) -> None:
    problems = Problems()
    text = start + "/".join(["", first, *others]) + end
    resolve_resources([OptionSource({"resources": [text]})], problems)
    if not problems.errors:
        return
    (problem,) = problems.errors
    suggested = re.search(r"(?:Write|for each:) ((?:'[^']*'(?:, )?)+)$", problem.message)
    assert suggested is not None, problem.message
    found = Problems()
    written = literal_eval(f"[{suggested[1]}]")
    resolved = resolve_resources([OptionSource({"resources": written})], found)
    assert found.errors + found.warnings == []
    segments = [unquote(first), *map(SEGMENTS.__getitem__, others)]
    meant, other = (f"/{'/'.join(each)}" for each in (segments, [f"{segments[0]}x", *segments[1:]]))
    covered = {path for path in (meant, other) for each, _ in resolved if each.matches(path)}
    assert covered == {meant}
