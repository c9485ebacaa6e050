r"""Detection of regular expressions that can take extremely long to match.

`re` tries the ways to match a text one after another (backtracking), so a failing match takes as
many attempts as there are ways to match a part of the text. Clients choose the text: for
`([a-z]+)+`, a few dozen letters can take years (ReDoS, regular expression denial of service).

Nothing is measured. The expression is converted to an automaton, in which each step reads one
character. Then the ways to match are counted for all texts at once: texts that lead to the same set
of states are treated as one text, with the greatest number of ways to each state. So the count is
never too low.
"""

from __future__ import annotations

import importlib
import math
import re
import string
import sys
import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache, reduce
from heapq import nlargest
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast

# The parser has no public name. If it returns anything that is not known here, the verdict is
# "unknown".
PARSER = "re._parser" if sys.version_info >= (3, 11) else "sre_parse"

ORIGIN_LETTERS = string.ascii_letters + string.digits + "+-.:/[]_"
"""The characters of a serialized origin."""

TOKEN_LETTERS = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
"""The characters of a token (RFC 9110, section 5.6.2)."""

# For any text: ASCII, and one character of each other kind that `\w`, `\d` and `\s` distinguish.
_LETTERS = "".join(map(chr, range(128))) + "\xa0\xb7\xe9\u0436\u0663\u2003\u4e2d\U0001f600"

MAX_ATTEMPTS = 50_000_000
"""The number of attempts that the matches of a request may take: about a second."""

_MAX_STATES = 10_000
_MAX_WORK = 500_000  # steps of the count below; most expressions need a few hundred
_PERIOD = 24  # the growth of the count is examined after each period of so many letters
_MAX_TEXTS = 50  # texts that are followed in the search for a slow one
_FEW_COPIES = 4  # copies of a repeated part in the first, simplified automaton

_KINDS = re.ASCII | re.UNICODE  # flags that exclude each other
_FLAGS = _KINDS | re.IGNORECASE | re.DOTALL | re.VERBOSE

Verdict: TypeAlias = Literal["fine", "slow", "unknown"]
Nodes: TypeAlias = list[tuple[object, object]]
"""A sequence in the parser's tree: operations with their values."""
Ways: TypeAlias = dict[int, int]
"""States, each with the number of ways that lead to it."""


class _UnknownError(Exception):
    """An expression that is too large to examine, or has an operation that is not known here."""


@lru_cache(maxsize=256)
def verdict(
    regex: re.Pattern[str], *, whole: bool, letters: str | None, length: int, texts: int = 1
) -> Verdict:
    """Return whether a request can take more than `MAX_ATTEMPTS`, or that this is unknown.

    Args:
        regex: the compiled expression.
        whole: whether `fullmatch` is used, or `match`, which matches the start of a text.
        letters: the characters that a text may contain; `None` for any.
        length: the greatest length of a text.
        texts: the number of texts that one request can have matched.
    """
    limit = MAX_ATTEMPTS // texts
    if _is_plain(regex, length, limit):
        return "fine"
    try:
        # Without the limits of its repetitions, an expression can match in more ways, never in
        # fewer. It also needs fewer states, so this first count is quick.
        simple = _build(regex, _FEW_COPIES, whole=whole, letters=letters)
        if not _Count(simple).exceeds(length, limit):
            return "fine"
        exact = _build(regex, None, whole=whole, letters=letters) if simple.simplified else simple
        if not exact.loose and _Count(exact, of_single_texts=True).exceeds(length, limit):
            return "slow"
        if simple.simplified and not _Count(exact).exceeds(length, limit):
            return "fine"
    except (ImportError, AttributeError, _UnknownError, RecursionError):
        pass
    return "unknown"


# A repeated group, a back-reference, or a group with an extension such as `(?(1)`. An escaped one
# is found as well, which does no harm: the full check then decides.
_NOT_PLAIN = re.compile(r"\)[*+{]|\\[1-9]|\(\?(?![:=!]|<[=!]|P<|[aimsu]+\))")
_ESCAPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)  # or a class of characters


def _is_plain(regex: re.Pattern[str], length: int, limit: int) -> bool:
    """Return whether the text of an expression shows that it is harmless; for most it does.

    Without repeated groups, the number of ways to match is the product of three: the choices of
    optional parts, the choices of alternatives, and the places where one repeated character can end
    and the next begin. On each way, the text up to the next repeated character is compared.
    """
    if regex.flags & re.VERBOSE or _NOT_PLAIN.search(regex.pattern):
        return False
    text = _ESCAPED.sub("x", regex.pattern)
    ways = 0
    for repeats, part in enumerate(re.split(r"[*+{]", text)):
        # Of the alternatives in a group, or in a part of a group, one is compared.
        compared = sum(max(map(len, group.split("|"))) for group in re.split(r"[()]", part))
        ways += math.comb(length + repeats, repeats) * (4 + compared)
    ways <<= text.count("?") - text.count("(?")
    for group in re.split(r"[()]", text) if "|" in text else ():  # or a part of a group
        ways *= 1 + group.count("|")
    return ways < limit


# The automaton ------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """A part of an expression: the number of ways to skip it, to enter it and to leave it."""

    empty: int
    first: Ways
    last: Ways


_NOTHING = _Part(1, {}, {})


def _sum(one: Ways, other: Ways, factor: int) -> Ways:
    """Return the ways of `one` plus `factor` times those of `other`."""
    if not factor:
        return one
    total = dict(one)
    for state, ways in other.items():
        total[state] = total.get(state, 0) + ways * factor
    return total


def _either(one: _Part, other: _Part) -> _Part:
    return _Part(
        one.empty + other.empty, _sum(one.first, other.first, 1), _sum(one.last, other.last, 1)
    )


class _Automaton(NamedTuple):
    """States that each read one character when they are entered, except state 0, the start."""

    follow: list[Ways]
    """for each state, the number of ways from it to each other state"""
    tries: list[int]
    """for each state, the number of attempts made from it"""
    reads: list[int]
    """for each state, the characters that it reads, as bits"""
    certain: set[int]
    """states from which every text matches, so that the search ends there"""
    simplified: bool
    """whether limits of repetitions were left out"""
    loose: bool
    """whether it may read more than the expression does, so that counts may be too high"""


class _Sequence(Protocol):
    """A sequence of operations in the parser's tree, with their values."""

    data: list[tuple[object, object]]

    def getwidth(self) -> tuple[int, int]:
        """Return the smallest and greatest number of characters that it reads."""
        ...


def _values(value: object) -> tuple[object, ...]:
    """Return the values of an operation in the tree as a tuple."""
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)


def _items(value: object) -> list[object]:
    """Return the items of a list in the tree."""
    if not isinstance(value, list):
        raise _UnknownError
    return cast("list[object]", value)


def _build(
    regex: re.Pattern[str], copies: int | None, *, whole: bool, letters: str | None
) -> _Automaton:
    """Return the automaton of an expression.

    Args:
        regex: the compiled expression.
        copies: the greatest number of copies of a repeated part; a repetition with a higher limit
            counts as unlimited.
        whole: same as for `verdict`.
        letters: same as for `verdict`.
    """
    flags = regex.flags & _FLAGS
    parser = importlib.import_module(PARSER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were issued when the expression was compiled
        tree: _Sequence = parser.parse(regex.pattern, flags)
    unlimited = int(parser.MAXREPEAT)
    builder = _Builder(unlimited, copies or unlimited)
    return builder.build(tree.data, flags, whole=whole, letters=letters)


class _Builder:
    """A builder of Glushkov's automaton: one state for each class of characters."""

    def __init__(self, unlimited: int, copies: int) -> None:
        self.unlimited = unlimited  # the parser's number for a repetition without a limit
        self.copies = copies
        self.simplified = False
        self.loose = False
        self.asserts = False  # whether the expression may reject what the automaton accepts
        self.groups: dict[object, tuple[object, int]] = {}  # for back-references
        self.work = 0
        self.follow: list[Ways] = [{}]
        self.classes = [("", 0)]  # for each state, its class of characters and flags
        self.named: set[int] = set()  # characters in the expression, and the one after each

    def build(self, nodes: Nodes, flags: int, *, whole: bool, letters: str | None) -> _Automaton:
        places = [str(value) for _, value in nodes]
        begin = int(places[:1] in (["AT_BEGINNING"], ["AT_BEGINNING_STRING"]))
        end = len(nodes) - int(whole and places[-1:] in (["AT_END"], ["AT_END_STRING"]))
        part = self._sequence(nodes[begin:end], flags)  # these anchors reject nothing
        self._link({0: 1}, part.first)
        text = letters or "".join(dict.fromkeys([*_LETTERS, *map(chr, sorted(self.named))]))
        reads = [0, *(_read(written, flags, text) for written, flags in self.classes[1:])]
        ends = {**part.last, **({0: part.empty} if part.empty else {})}
        certain: set[int] = set()
        if not self.asserts:
            certain = self._certain({*ends}, reads, (1 << len(text)) - 1) if whole else {*ends}
        tries = [
            1 + sum(after.values()) + ends.get(state, 0) for state, after in enumerate(self.follow)
        ]
        return _Automaton(self.follow, tries, reads, certain, self.simplified, self.loose)

    def _sequence(self, nodes: Nodes, flags: int) -> _Part:
        return reduce(self._then, (self._part(op, value, flags) for op, value in nodes), _NOTHING)

    def _body(self, body: object, flags: int) -> _Part:
        self._spend(10)  # it takes longer than a step of the counting
        return self._sequence(cast("_Sequence", body).data, flags)

    def _part(self, op: object, value: object, flags: int) -> _Part:
        match str(op), _values(value):
            case (("LITERAL" | "NOT_LITERAL" | "ANY" | "IN"), _):
                return self._state(self._written(op, value), flags)
            case "SUBPATTERN", (group, int(added), int(removed), body):
                # `(?a:...)` and `(?u:...)` each replace the outer flag.
                kept = flags & ~_KINDS if added & _KINDS else flags
                inner = (kept | added) & ~removed
                self.groups[group] = (body, inner)
                return self._body(body, inner)
            case "BRANCH", (_, bodies):
                return reduce(_either, [self._body(body, flags) for body in _items(bodies)])
            case (("MAX_REPEAT" | "MIN_REPEAT"), (int(low), int(high), body)):
                return self._repeated(body, flags, low, high)
            case "POSSESSIVE_REPEAT", _:
                self.loose = True
                return self._part("MAX_REPEAT", value, flags)
            case "ATOMIC_GROUP", (body,):
                self.loose = True
                return self._body(body, flags)
            case _:
                self.asserts = True
                return self._assertion(op, value, flags)

    def _assertion(self, op: object, value: object, flags: int) -> _Part:
        """Return the part of an assertion, which reads nothing, or of a back-reference."""
        match str(op), _values(value):
            case (("AT" | "FAILURE"), _):
                return _NOTHING
            case (("ASSERT" | "ASSERT_NOT"), (_, body)):
                return _Part(1, self._body(body, flags).first, {})  # skipped, or a dead end
            case "GROUPREF", (group,):
                # It reads the same text as the group. A copy of the group reads that, and more.
                body, inner = self.groups[group]
                least, most = cast("_Sequence", body).getwidth()
                self.loose |= least != most
                return self._body(body, inner | flags & re.IGNORECASE)
            case "GROUPREF_EXISTS", (_, there, missing):
                other = self._body(missing, flags) if missing else _NOTHING
                return _either(self._body(there, flags), other)
            case _:
                raise _UnknownError

    def _state(self, written: str, flags: int) -> _Part:
        state = len(self.follow)
        if state > _MAX_STATES:
            raise _UnknownError
        self.follow.append({})
        self.classes.append((written, flags))
        return _Part(0, {state: 1}, {state: 1})

    def _written(self, op: object, value: object) -> str:
        """Return a class of characters, or an item of one, in the syntax of expressions."""
        match str(op), _values(value):
            case "LITERAL", (int(code),):
                self.named |= {code, min(code + 1, sys.maxunicode)}
                return re.escape(chr(code))
            case "NOT_LITERAL", _:
                return f"[^{self._written('LITERAL', value)}]"
            case "RANGE", (low, high):
                return f"{self._written('LITERAL', low)}-{self._written('LITERAL', high)}"
            case "CATEGORY", _:
                *_, negation, kind = str(value).split("_")  # as in CATEGORY_NOT_DIGIT
                return "\\" + (kind[0] if negation == "NOT" else kind[0].lower())
            case "NEGATE", _:
                return "^"
            case "ANY", _:
                return "."
            case "IN", (items,):
                return f"[{''.join(self._written(*_values(item)) for item in _items(items))}]"
            case _:
                raise _UnknownError

    def _link(self, last: Ways, first: Ways) -> None:
        self._spend(len(last) * len(first))
        for state, ways in last.items():
            self.follow[state] = _sum(self.follow[state], first, ways)

    def _then(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        self._spend(len(one.last) + len(other.last))
        return _Part(
            min(one.empty * other.empty, MAX_ATTEMPTS + 1),  # greater numbers make no difference
            _sum(one.first, other.first, one.empty),
            _sum(other.last, one.last, other.empty),
        )

    def _spend(self, work: int) -> None:
        self.work += work
        if self.work > _MAX_WORK:
            raise _UnknownError

    def _repeated(self, body: object, flags: int, low: int, high: int) -> _Part:
        if high == 0:
            return _NOTHING
        part = self._body(body, flags)
        most = low if high == self.unlimited else high
        if most > self.copies and not part.empty:
            # Not for a part that may read nothing: each of the turns in `(a?){30}` can be skipped,
            # so their number must be counted.
            self.simplified = self.asserts = True
            low, high = min(low, 1), self.unlimited
        if high == self.unlimited:
            before = [self._body(body, flags) for _ in range(low - 1)]
            return reduce(self._then, [*before, self._looped(part, low)], _NOTHING)
        parts = [part, *(self._body(body, flags) for _ in range(high - 1))]
        rest = _NOTHING
        for copy in reversed(parts[low:]):
            rest = _either(self._then(copy, rest), _NOTHING)
        return reduce(self._then, [*parts[:low], rest], _NOTHING)

    def _looped(self, part: _Part, low: int) -> _Part:
        """Return a part repeated without a limit, at least `low` times; `low` is 0 or 1."""
        self._link(part.last, part.first)
        last = _sum(part.last, part.last, part.empty)  # a turn that reads nothing ends the loop
        if low == 0:
            return _Part(1 + part.empty, part.first, last)
        first = _sum(part.first, part.first, part.empty)
        return _Part(part.empty * (1 + part.empty), first, last)

    def _certain(self, final: set[int], reads: list[int], every: int) -> set[int]:
        """Return the states from which every text matches as a whole."""
        certain, before = final, -1
        while len(certain) != before:
            before = len(certain)
            certain = {
                state
                for state in certain
                if every
                == reduce(int.__or__, [reads[to] for to in certain & {*self.follow[state]}], 0)
            }
        return certain


@lru_cache(maxsize=1024)
def _read(written: str, flags: int, text: str) -> int:
    """Return the characters of `text` that a class of characters reads, as bits."""
    found = {*re.findall(written, text, flags)}
    return sum(1 << place for place, letter in enumerate(text) if letter in found)


# Counting -----------------------------------------------------------------------------------------


Move: TypeAlias = dict[int, list[tuple[int, int]]]
"""The states that a letter leads to, each with the states before it and the number of ways."""


class _Count:
    """A count, letter by letter, of the ways to the sets of states that texts lead to.

    A set of states is a number with one bit for each state. Several texts can lead to the same set.
    By default the greatest number of ways to each state is kept, even if no single text has all of
    them, so the count is never too low. With `of_single_texts`, the ways of the text with the most
    attempts are kept, so the count is never too high.
    """

    def __init__(self, automaton: _Automaton, *, of_single_texts: bool = False) -> None:
        self.automaton = automaton
        self.of_single_texts = of_single_texts
        self.letters = _distinct_letters(automaton.reads)
        self.moves: dict[int, dict[int, Move]] = {}
        self.work = 0

    def exceeds(self, length: int, limit: int) -> bool:
        """Return whether a text of at most `length` characters takes more than `limit` attempts.

        If the count takes too long, the answer is the one on the safe side: yes, or no with
        `of_single_texts`, whose yes must be certain.
        """
        ways: dict[int, Ways] = {1: {0: 1}}  # to the states of each set
        changed = [1]
        total = most = self._attempts_after(ways[1])
        before: dict[int, Ways] = {}
        for left in reversed(range(length)):
            changed = self._read(ways, changed)
            costs = {states: self._attempts_after(ways[states]) for states in changed}
            if self.of_single_texts:  # the other texts are unlikely to become the slowest
                changed = nlargest(_MAX_TEXTS, changed, costs.__getitem__)
            # A single text that ends here takes no more; of all texts, another one may go on.
            most = max([0 if self.of_single_texts else most, *costs.values()])
            total += most
            if total > limit:
                return True
            if self.work > _MAX_WORK:
                return not self.of_single_texts
            if left % _PERIOD == 0 and not self.of_single_texts:
                periods = left // _PERIOD
                more = self._growth(before, ways) * _PERIOD * periods * (periods + 1) / 2
                if total + left * most + more <= limit:
                    return False
                before = dict(ways)
        return False

    def _growth(self, before: Mapping[int, Ways], ways: Mapping[int, Ways]) -> float:
        """Return an upper bound on the attempts after one letter that each further period adds.

        Each period adds the ways that the last period added, and the ways that result from these
        within another period. If there are still new ones after that, there is no bound.
        """
        added = {
            states: {
                state: count - before.get(states, {}).get(state, 0) for state, count in now.items()
            }
            for states, now in ways.items()
        }
        changed = [states for states, more in added.items() if any(more.values())]
        for _ in range(_PERIOD):
            changed = self._read(added, changed, at_certain=0)
        if changed or self.work > _MAX_WORK:
            return math.inf
        return max(map(self._attempts_after, added.values()))

    def _attempts_after(self, ways: Ways) -> int:
        return sum(times * self.automaton.tries[state] for state, times in ways.items())

    def _read(self, ways: dict[int, Ways], changed: list[int], *, at_certain: int = 1) -> list[int]:
        """Read one more letter; return the sets of states that more ways lead to than before.

        Args:
            ways: the ways to the states of each set, for shorter texts.
            changed: the sets that were returned for the letter before.
            at_certain: the number of ways to a certain state; the search ends there, so it gets
                there only once.
        """
        reached: dict[int, Ways] = {}
        for states in changed:
            if self.work > _MAX_WORK:
                break
            for target, move in self._moves(states).items():
                new = {
                    state: at_certain
                    if state in self.automaton.certain
                    else sum(ways[states][one] * times for one, times in sources)
                    for state, sources in move.items()
                }
                self.work += sum(map(len, move.values()))
                reached[target] = self._most(reached.get(target, new), new)
        if self.of_single_texts:  # only those of this length go on
            ways.update(reached)
            return [*reached]
        grown: list[int] = []
        for states, new in reached.items():
            known = ways.get(states)
            ways[states] = self._most(known, new) if known else new
            if ways[states] != known:
                grown.append(states)
        return grown

    def _most(self, one: Ways, other: Ways) -> Ways:
        """Return the greater number of ways to each of the same states."""
        if self.of_single_texts:
            return max(one, other, key=self._attempts_after)
        return {state: max(ways, other[state]) for state, ways in one.items()}

    def _moves(self, states: int) -> dict[int, Move]:
        """Return the moves of all letters, without those whose target is part of another's."""
        if states not in self.moves:
            by_letter: dict[int, Move] = {}
            for state in _bits(states):
                for after, times in self.automaton.follow[state].items():
                    self.work += len(self.letters[after])
                    for letter in self.letters[after]:
                        by_letter.setdefault(letter, {}).setdefault(after, []).append(
                            (state, times)
                        )
            found = {sum(1 << after for after in move): move for move in by_letter.values()}
            self.moves[states] = {
                target: move
                for target, move in found.items()
                if not any(target & other == target != other for other in found)
            }
        return self.moves[states]


def _distinct_letters(reads: list[int]) -> list[list[int]]:
    """Return the letters that each state reads; of letters read by the same states, only one."""
    classes = {*reads}
    by_readers: dict[frozenset[int], int] = {}
    for place in range(max(reads).bit_length()):
        letter = 1 << place
        by_readers[frozenset(letters for letters in classes if letters & letter)] = letter
    return [[letter for letter in by_readers.values() if letter & read] for read in reads]


def _bits(number: int) -> Iterator[int]:
    """Yield the positions of the bits that are set."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
