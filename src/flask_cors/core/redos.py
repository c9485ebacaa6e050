r"""Whether a match of a regular expression can take for ever, read from the expression itself.

`re` tries the ways to read a text one after another, so a match that fails takes as many attempts
as there are ways to read a part of the text. Clients choose the text: with `([a-z]+)+` they can
make a few dozen letters cost years.

The expression is turned into an automaton, in which one step reads one character. Then the ways to
read a text are counted, for all texts at once: texts that lead to the same set of states are taken
for one that has the most ways to each of them. So no count is too small, and no stopwatch is
needed.
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

# The parser has no public name. What it says that is not known here makes the answer "unknown".
PARSER = "re._parser" if sys.version_info >= (3, 11) else "sre_parse"

ORIGIN_LETTERS = string.ascii_letters + string.digits + "+-.:/[]_"
"""What a serialized origin is made of."""

TOKEN_LETTERS = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
"""What a token (RFC 9110, section 5.6.2) is made of."""

# Of any text: ASCII, and one each of the other kinds that `\w`, `\d` and `\s` know.
_LETTERS = "".join(map(chr, range(128))) + "\xa0\xb7\xe9\u0436\u0663\u2003\u4e2d\U0001f600"

MAX_ATTEMPTS = 50_000_000
"""Attempts that a match may take: up to about a second."""

_MAX_STATES = 10_000
_MAX_WORK = 500_000  # steps of the counting below; a few hundred suffice for most expressions
_PERIOD = 24  # letters after which growth is looked at
_MOST_TEXTS = 50  # that are followed in search of one that takes long
_FEW = 4  # so many copies of a repeated part are written out at first

_FLAGS = re.ASCII | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.UNICODE

Verdict: TypeAlias = Literal["fine", "slow", "unknown"]
Nodes: TypeAlias = list[tuple[object, object]]
"""A sequence in the parser's tree: operations with their values."""
Ways: TypeAlias = dict[int, int]
"""States, each with the number of ways to it."""


class _UnknownError(Exception):
    """An expression that is too large to judge, or that holds what is not known here."""


@lru_cache(maxsize=256)
def verdict(regex: re.Pattern[str], *, whole: bool, letters: str | None, length: int) -> Verdict:
    """Return whether a match can take more than `MAX_ATTEMPTS`, or that it cannot be decided.

    Arguments:
        regex: compiled.
        whole: whether `fullmatch` is used; else `match`, which is content with a start of the text.
        letters: the characters that a text may hold; `None` for any.
        length: the most characters that a text may have.
    """
    if _is_plain(regex, length):
        return "fine"
    try:
        # Without its limit a part can be read in more ways, never in fewer, and judged sooner.
        simple = _build(regex, _FEW, whole=whole, letters=letters)
        if not _Count(simple).exceeds(length):
            return "fine"
        exact = _build(regex, None, whole=whole, letters=letters) if simple.simplified else simple
        if not exact.loose and _Count(exact, of_single_texts=True).exceeds(length):
            return "slow"
        if simple.simplified and not _Count(exact).exceeds(length):
            return "fine"
    except (ImportError, AttributeError, _UnknownError, RecursionError):
        pass
    return "unknown"


# A repeated group, a back-reference, or a group that is more than a group. An escaped one counts
# too: then the expression is judged by its tree.
_NOT_PLAIN = re.compile(r"\)[*+{]|\\[1-9]|\(\?(?![:=!]|<[=!]|P<|[aimsu]+\))")
_ESCAPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)  # or in a class of characters


def _is_plain(regex: re.Pattern[str], length: int) -> bool:
    """Return whether an expression is harmless by its looks; most are.

    Without repeated groups, a text is read in as many ways as there are choices of what is
    optional and of alternatives, and of places where one repeated character ends and another
    begins.
    """
    if regex.flags & re.VERBOSE or _NOT_PLAIN.search(regex.pattern):
        return False
    text = _ESCAPED.sub("x", regex.pattern)
    repeats = text.count("*") + text.count("+") + text.count("{")
    ways = math.comb(length + repeats, repeats)
    ways <<= text.count("?") - text.count("(?")
    for group in re.split(r"[()]", text) if "|" in text else ():  # or a part of one
        ways *= 1 + group.count("|")
    return ways * 4 < MAX_ATTEMPTS


# The automaton ------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """A part of an expression: in how many ways it is passed by, entered and left."""

    empty: int
    first: Ways
    last: Ways


_NOTHING = _Part(1, {}, {})


def _sum(one: Ways, other: Ways, factor: int) -> Ways:
    """Return the ways of `one`, and those of `other` as often as `factor` says."""
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
    """States that each read one character when they are entered; state 0, the start, reads none."""

    follow: list[Ways]
    """of each state, in how many ways it leads to others"""
    tries: list[int]
    """of each state, how many attempts are made from it"""
    reads: list[int]
    """of each state, what it reads: a bit for each letter"""
    certain: set[int]
    """states after which any text matches, so that the search ends there"""
    simplified: bool
    """whether limits of repetitions were left out"""
    loose: bool
    """whether a part counts as if it could read more than it can"""


class _Sequence(Protocol):
    """A sequence of operations in the parser's tree, with their values."""

    data: list[tuple[object, object]]

    def getwidth(self) -> tuple[int, int]:
        """Return how many characters it reads at least and at most."""
        ...


def _values(value: object) -> tuple[object, ...]:
    """Return what stands with an operation of the tree, one or several."""
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)


def _items(value: object) -> list[object]:
    """Return the items of a list in the tree."""
    if not isinstance(value, list):
        raise _UnknownError
    return cast("list[object]", value)


def _build(
    regex: re.Pattern[str], copies: int | None, *, whole: bool, letters: str | None
) -> _Automaton:
    """Return the automaton of an expression; `copies` are the most that a limit is written out in.

    The other arguments are those of `verdict`.
    """
    flags = regex.flags & _FLAGS
    parser = importlib.import_module(PARSER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were given when it was compiled
        tree: _Sequence = parser.parse(regex.pattern, flags)
    unlimited = int(parser.MAXREPEAT)
    builder = _Builder(unlimited, copies or unlimited)
    return builder.build(tree.data, flags, whole=whole, letters=letters)


class _Builder:
    """Builds the automaton: a state for each class of characters in the expression (Glushkov)."""

    def __init__(self, unlimited: int, copies: int) -> None:
        self.unlimited = unlimited  # how the parser writes that a repetition has no limit
        self.copies = copies
        self.simplified = False
        self.loose = False
        self.asserts = False  # whether something may forbid what the automaton allows
        self.groups: dict[object, tuple[object, int]] = {}  # for back-references
        self.work = 0
        self.follow: list[Ways] = [{}]
        self.classes = [("", 0)]  # of each state, as they are written, with their flags
        self.named: set[int] = set()  # characters in the expression, and those next to them

    def build(self, nodes: Nodes, flags: int, *, whole: bool, letters: str | None) -> _Automaton:
        places = [str(value) for _, value in nodes]
        begin = int(places[:1] in (["AT_BEGINNING"], ["AT_BEGINNING_STRING"]))
        end = len(nodes) - int(whole and places[-1:] in (["AT_END"], ["AT_END_STRING"]))
        part = self._sequence(nodes[begin:end], flags)  # these forbid nothing
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
        self._spend(1)
        return self._sequence(cast("_Sequence", body).data, flags)

    def _part(self, op: object, value: object, flags: int) -> _Part:
        match str(op), _values(value):
            case (("LITERAL" | "NOT_LITERAL" | "ANY" | "IN"), _):
                return self._state(self._written(op, value), flags)
            case "SUBPATTERN", (group, int(added), int(removed), body):
                # One kind of text, as in `(?a:...)`, takes the place of the other.
                kept = flags & ~re.UNICODE if added & re.ASCII else flags
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
        """Return what reads nothing, or only what was read before."""
        match str(op), _values(value):
            case (("AT" | "FAILURE"), _):
                return _NOTHING
            case (("ASSERT" | "ASSERT_NOT"), (_, body)):
                return _Part(1, self._body(body, flags).first, {})  # goes on beside a dead end
            case "GROUPREF", (group,):
                # It reads what the group read: the group once more reads that, and other things.
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
        self.classes.append((written, flags & ~re.VERBOSE))
        return _Part(0, {state: 1}, {state: 1})

    def _written(self, op: object, value: object) -> str:
        """Return a class of characters, or an item of one, as it is written."""
        match str(op), _values(value):
            case "LITERAL", (int(code),):
                self.named |= {max(code - 1, 0), code, min(code + 1, sys.maxunicode)}
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
            min(one.empty * other.empty, MAX_ATTEMPTS + 1),  # more need no telling apart
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
            # What reads nothing must be counted: `(a?){30}` can leave out any of its turns.
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
        """Return a part repeated without a limit; `low` times at least, but no more than once."""
        self._link(part.last, part.first)
        last = _sum(part.last, part.last, part.empty)  # a turn that reads nothing is the last one
        if low == 0:
            return _Part(1 + part.empty, part.first, last)
        first = _sum(part.first, part.first, part.empty)
        return _Part(part.empty * (1 + part.empty), first, last)

    def _certain(self, final: set[int], reads: list[int], every: int) -> set[int]:
        """Return the states after which any text matches as a whole."""
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
    """Return which of the characters of `text` a class of characters reads, as bits."""
    found = {*re.findall(written, text, flags)}
    return sum(1 << place for place, letter in enumerate(text) if letter in found)


# Counting -----------------------------------------------------------------------------------------


Move: TypeAlias = dict[int, list[tuple[int, int]]]
"""The states that a letter leads to, each with the states before it, and in how many ways."""


class _Count:
    """A count of the ways to the sets of states that a text can lead to, letter by letter.

    A set of states is a number with a bit for each of them. Of the texts that lead to the same set
    the most ways to each state are kept, which no single one of them may have: the count is never
    too low. Or, with `of_single_texts`, the ways of the one that costs most: it is never too high.
    """

    def __init__(self, automaton: _Automaton, *, of_single_texts: bool = False) -> None:
        self.automaton = automaton
        self.of_single_texts = of_single_texts
        self.letters = _telling_letters(automaton.reads)
        self.moves: dict[int, dict[int, Move]] = {}
        self.work = 0

    def exceeds(self, length: int) -> bool:
        """Return whether a text of at most `length` costs more than `MAX_ATTEMPTS`.

        If that takes too long to find out, it does if it may, and does not if it must be certain.
        """
        ways: dict[int, Ways] = {1: {0: 1}}  # to the states of each set
        changed = [1]
        total = most = self._attempts_after(ways[1])
        before: dict[int, Ways] = {}
        for left in reversed(range(length)):
            changed = self._read(ways, changed)
            costs = {states: self._attempts_after(ways[states]) for states in changed}
            if self.of_single_texts:  # the others will hardly catch up with these
                changed = nlargest(_MOST_TEXTS, changed, costs.__getitem__)
            most = max([most, *costs.values()])
            total += most
            if total > MAX_ATTEMPTS:
                return True
            if self.work > _MAX_WORK:
                return not self.of_single_texts
            if left % _PERIOD == 0 and not self.of_single_texts:
                periods = left // _PERIOD
                more = self._growth(before, ways) * _PERIOD * periods * (periods + 1) / 2
                if total + left * most + more <= MAX_ATTEMPTS:
                    return False
                before = dict(ways)
        return False

    def _growth(self, before: Mapping[int, Ways], ways: Mapping[int, Ways]) -> float:
        """Return how many attempts each period adds at most to those after the last letter.

        The ways that the last one added are added by each, and so are those that they lead to, if
        that comes to an end; else there is no limit.
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
        """Read one more letter; return the sets of states that there are more ways to than before.

        Arguments:
            ways: to the states of each set, with texts that are shorter.
            changed: what the letter before returned.
            at_certain: the ways to a state from which the search does not come back: it gets there
                once.
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
        grown: list[int] = []
        for states, new in reached.items():
            known = ways.get(states)
            ways[states] = self._most(known, new) if known else new
            if ways[states] != known:
                grown.append(states)
        return grown

    def _most(self, one: Ways, other: Ways) -> Ways:
        """Return the most ways to the same states."""
        if self.of_single_texts:
            return max(one, other, key=self._attempts_after)
        return {state: max(ways, other[state]) for state, ways in one.items()}

    def _moves(self, states: int) -> dict[int, Move]:
        """Return what letters lead to, but for those that lead to less than another one does."""
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


def _telling_letters(reads: list[int]) -> list[list[int]]:
    """Return the letters that each state reads; of letters read by the same states only one."""
    states: dict[int, int] = {}
    for state, letters in enumerate(reads):
        states[letters] = states.get(letters, 0) | 1 << state
    by_readers: dict[int, int] = {}
    for place in range(max(reads).bit_length()):
        letter = 1 << place
        readers = sum(some for letters, some in states.items() if letters & letter)
        by_readers[readers] = letter
    return [[letter for letter in by_readers.values() if letter & read] for read in reads]


def _bits(number: int) -> Iterator[int]:
    """Yield the places of the bits that are set."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
