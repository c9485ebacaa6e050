"""The texts of an attacker that `flask cors check` tries on a regular expression."""

from __future__ import annotations

import re

import pytest

from flask_cors.cli import matching_texts
from flask_cors.cli.matching_texts import attacks_on

pytestmark = pytest.mark.flaskless


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"a.*b", ["a.evil.testb", "aevilb", "aevil.b", "aevil-b", "aevil.testb"]),
        (r"\d[a-z]+", ["1evil"]),
        (r"[^a-z]\.[A-Z]{2,5}", ["1.evil"]),
        (r"(\w+\.)?x", ["evil.x"]),
        (r"(?:[a-z]+-){2}x", ["evil-a-x"]),
        (r"(?:b|[a-z]*)(cc|d)", ["evilcc", "evild"]),
        (r"(?=a)\D+?[^x]", ["evila"]),
        (r"a(?:)*[^\d.-]+$", ["aevil"]),
        (r"[^x]*(?<!x)", ["evil"]),
        (r"\u4e2d[a-z]+", ["evil"]),
        (r"a{5}\d+[a-z]{1,3}", []),
        (r"a", []),
    ],
)
def test_arbitrary_parts_are_replaced_by_an_attackers_word(
    pattern: str, expected: list[str]
) -> None:
    found = attacks_on(re.compile(pattern))
    assert {*expected} <= {*found}
    assert bool(expected) is bool(found)


def test_the_number_of_texts_is_limited() -> None:
    pattern = re.compile("[a-z]*(a|b|c|d)" * 50)
    assert len(attacks_on(pattern)) <= 1000


def test_repetitions_are_limited() -> None:
    (text, *_) = attacks_on(re.compile("((a{9999}){9999}){9999}[a-z]*"))
    assert len(text) < 1000


def test_a_python_without_the_parser_has_no_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching_texts, "PARSER", "re._no_parser")
    assert attacks_on(re.compile("a.*")) == []
