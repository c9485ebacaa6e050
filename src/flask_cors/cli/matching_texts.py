"""Texts that a regular expression matches, with an attacker's words in its arbitrary parts.

`flask cors check` tries them to find expressions that allow the origins of strangers.
"""

from __future__ import annotations

import importlib
import re
import string
import warnings
from functools import reduce
from typing import NamedTuple, Protocol, TypeAlias, cast

from ..core.origins import MAX_ORIGIN_LENGTH
from ..core.redos import ORIGIN_LETTERS, PARSER

WORD = "evil"
"""The word that an attacker registers."""

_INSERTED = (f".{WORD}.test", WORD, f"{WORD}.", f"{WORD}-", f"{WORD}.test")
_SIGNS = string.ascii_lowercase + "1" + ORIGIN_LETTERS  # tried in this order for one character
_MOST_PLAIN = 16
_MOST_ATTACKS = 1000

Nodes: TypeAlias = list[tuple[object, object]]
"""A sequence in the parser's tree: operations with their values."""


class _Sequence(Protocol):
    data: Nodes


class _Texts(NamedTuple):
    """Texts that a part of an expression matches; some may not match because of its assertions."""

    plain: list[str]
    attacks: list[str]
    """texts with one of the inserted ones"""


_NOTHING = _Texts([""], [])


def attacks_on(regex: re.Pattern[str]) -> list[str]:
    """Return texts with an attacker's word that an expression probably matches as a whole."""
    try:
        parser = importlib.import_module(PARSER)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they were issued when the expression was compiled
            tree: _Sequence = parser.parse(regex.pattern, regex.flags)
        return _sequence(tree.data).attacks
    except (ImportError, AttributeError, RecursionError, ValueError):
        return []  # the parser has no public name, and may change


def _sequence(nodes: Nodes) -> _Texts:
    return reduce(_then, (_part(str(op), value) for op, value in nodes), _NOTHING)


def _then(one: _Texts, other: _Texts) -> _Texts:
    plain = [before + after for before in one.plain for after in other.plain]
    attacks = [before + after for before in one.plain for after in other.attacks]
    attacks += [before + after for before in one.attacks for after in other.plain]
    return _Texts(plain[:_MOST_PLAIN], attacks[:_MOST_ATTACKS])


def _body(body: object) -> _Texts:
    return _sequence(cast("_Sequence", body).data)


def _values(value: object) -> tuple[object, ...]:
    """Return the values of an operation in the tree as a tuple."""
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)


def _part(op: str, value: object) -> _Texts:
    match op, _values(value):
        case (("LITERAL" | "NOT_LITERAL" | "ANY" | "IN"), _):
            return _Texts([next((sign for sign in _SIGNS if _reads(op, value, sign)), "")], [])
        case (("MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT"), (int(low), int(high), body)):
            return _repeated(cast("_Sequence", body).data, low, high)
        case (("SUBPATTERN" | "ATOMIC_GROUP"), (*_, body)):
            return _body(body)
        case "BRANCH", (_, bodies):
            each = [_body(body) for body in cast("list[object]", bodies)]
            return _Texts(
                [text for texts in each for text in texts.plain],
                [text for texts in each for text in texts.attacks],
            )
        case _:  # an assertion, or a back-reference
            return _NOTHING


def _repeated(nodes: Nodes, low: int, high: int) -> _Texts:
    once = _sequence(nodes)
    low = min(low, MAX_ORIGIN_LENGTH)  # a longer text is no origin
    plain = [(text * low)[:MAX_ORIGIN_LENGTH] for text in once.plain]
    if low == 0:
        plain = ["", *once.plain]
    attacks = [text + once.plain[0] * (low - 1) for text in once.attacks]
    if len(nodes) == 1:
        ((op, value),) = nodes
        attacks += [
            text
            for text in _INSERTED
            if low <= len(text) <= high and all(_reads(str(op), value, sign) for sign in text)
        ]
    return _Texts(plain, attacks)


def _reads(op: str, value: object, sign: str) -> bool:
    """Return whether a character or a class matches a sign without regard to case."""
    codes = {ord(sign.lower()), ord(sign.upper())}
    match op, value:
        case "LITERAL", int(written):
            return written in codes
        case "NOT_LITERAL", int(written):
            return written not in codes
        case "ANY", _:
            return True
        case "RANGE", (int(low), int(high)):
            return any(low <= code <= high for code in codes)
        case "CATEGORY", _:
            *_, negation, kind = str(value).split("_")  # as in CATEGORY_NOT_DIGIT
            found = re.match("\\" + kind[0].lower(), sign)
            return (found is None) == (negation == "NOT")
        case "IN", _:
            parts = [(str(part), inner) for part, inner in cast("Nodes", value)]
            negated = parts[0][0] == "NEGATE"
            return any(_reads(*part, sign) for part in parts) != negated
        case _:  # the negation of a class
            return False
