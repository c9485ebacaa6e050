"""How the time of a match may grow with the text, read from the regular expression itself.

`re` tries the ways to match a text one after another, so a match that fails takes as many steps as
there are ways to read a part of the text. Two ways around one loop double their number with every
turn (`(a+)+`); loops that can share out a text between them multiply it by its length (`a*a*`).
Both show in the automaton of the expression (Weber and Seidl, "On the degree of ambiguity of finite
automata", 1991), so no stopwatch is needed.
"""

from __future__ import annotations

import importlib
import math
import re
import string
import sys
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache, reduce
from itertools import product
from typing import NamedTuple, TypeAlias, TypeVar, cast

# The parser has no public name: what is not as it is known here makes the answer "cannot be told".
_PARSER = "re._parser" if sys.version_info >= (3, 11) else "sre_parse"

ORIGIN_LETTERS = string.ascii_letters + string.digits + "+-.:/[]_"
"""What a serialized origin is made of."""

TOKEN_LETTERS = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
"""What a token (RFC 9110, section 5.6.2) is made of."""

# Of any text: ASCII and Latin-1, and one each of the other kinds that `\w`, `\d` and `\s` know.
_LETTERS = "".join(map(chr, range(256))) + "\u0436\u0663\u2003\u4e2d\U0001f600"

_MAX_STATES = 2_000  # that long is a list of a hundred hosts
_MAX_STEPS = 200_000
# A limited repetition is written out if it is short, else taken for one without a limit.
_MAX_COPIES = 4  # of a group
_MAX_REQUIRED = 100  # of a single character: `[0-9a-f]{40}`
_MAX_SPARE = 4  # of these, how many may be missing: `[0-9]{1,5}`
_SEVERAL = 2  # ways to do one thing; larger numbers are not told apart

MAX_DEGREE = 3  # for origins and names, which are short: tens of milliseconds
MAX_PATH_DEGREE = 2  # for paths of `MAX_PATH_LENGTH`: ten

_FLAGS = re.ASCII | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.UNICODE

T = TypeVar("T")
Nodes: TypeAlias = Iterable[tuple[object, object]]
"""A sequence in the parser's tree: operations with their values."""
Ways: TypeAlias = dict[int, int]
"""States, each with the number of ways to it: one or several."""


class _CannotTellError(Exception):
    """Says that an expression is beyond what is known here, or beyond the budget."""


@lru_cache(maxsize=1024)
def degree(
    regex: re.Pattern[str], *, whole: bool = True, letters: str | None = None
) -> float | None:
    """Return the power of a text's length with which the time of a match may grow.

    Too high where an assertion, an atomic group or a limit of repetitions forbids what the rest
    would allow. It is about growth: the constant factor of a long row of optional parts, like
    `a?a?a?a?a?a?a?a?`, does not show. Back-references count for nothing, so it may be one too low
    with each.

    Arguments:
        regex: compiled.
        whole: whether `fullmatch` is used; else `match`, which is content with a start of the text.
        letters: the characters that a text may hold; any, if not given.

    Returns:
        1 for linear time, 2 for quadratic and so on, `math.inf` for exponential. `None` where it
        cannot be told: for very large expressions.
    """
    flags = regex.flags & _FLAGS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they were given when it was compiled
            parser = importlib.import_module(_PARSER)
            tree: object = parser.parse(regex.pattern, flags)
        return (
            _Builder(flags, int(parser.MAXREPEAT))
            .build(_nodes(tree), whole=whole, letters=letters)
            .degree()
        )
    except (ImportError, AttributeError, _CannotTellError, RecursionError):
        return None


def is_slow(
    regex: re.Pattern[str], most: int, *, whole: bool = True, letters: str | None = None
) -> bool:
    """Return whether the time of a match may grow with a higher power of the length than `most`."""
    power = degree(regex, whole=whole, letters=letters)
    return power is not None and power > most


class _Budget:
    """Counts steps, so that the answer takes limited time, on any machine the same."""

    def __init__(self) -> None:
        self.left = _MAX_STEPS

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise _CannotTellError


class _Part(NamedTuple):
    """Is a part of an expression: the ways to pass it by, to enter and to leave it."""

    empty: int
    first: Ways
    last: Ways


_NOTHING = _Part(1, {}, {})


def _sum(one: Ways, other: Ways, factor: int) -> Ways:
    """Return the ways of `one`, and those of `other` as often as `factor` says."""
    more = {state: ways * factor for state, ways in other.items() if factor}
    return {
        state: min(one.get(state, 0) + more.get(state, 0), _SEVERAL) for state in {**one, **more}
    }


def _either(one: _Part, other: _Part) -> _Part:
    empty = min(one.empty + other.empty, _SEVERAL)
    return _Part(empty, _sum(one.first, other.first, 1), _sum(one.last, other.last, 1))


def _values(value: object) -> tuple[object, ...]:
    """Return what stands with an operation of the tree, one or several."""
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)


def _items(value: object) -> list[object]:
    """Return a list in the tree."""
    if not isinstance(value, list):
        raise _CannotTellError
    return cast("list[object]", value)


def _nodes(tree: object) -> Nodes:
    """Return the operations of a tree, or of a part of it."""
    return cast("list[tuple[object, object]]", _items(getattr(tree, "data", None)))


class _Builder:
    """Builds the automaton: a state for each class of characters in the expression (Glushkov).

    A state reads a character of its class when it is entered. State 0, the start, reads none.
    """

    def __init__(self, flags: int, unlimited: int) -> None:
        self.flags = flags
        self.unlimited = unlimited  # how the parser writes that a repetition has no limit
        self.spared: int = 0  # repetitions with a limit so far of which some may be missing
        self.budget = _Budget()
        self.follow: list[Ways] = [{}]
        self.classes = [("", 0)]  # of each state, as they are written, with their flags
        self.named: set[int] = set()  # characters in the expression, and those next to them
        self.asserts = False

    def build(self, tree: Nodes, *, whole: bool, letters: str | None) -> _Automaton:
        nodes = list(tree)
        # At the ends these forbid nothing.
        if nodes and str(nodes[0][1]) in {"AT_BEGINNING", "AT_BEGINNING_STRING"}:
            del nodes[0]
        if whole and nodes and str(nodes[-1][1]) in {"AT_END", "AT_END_STRING"}:
            del nodes[-1]
        part = self._sequence(nodes, self.flags)
        self._link({0: 1}, part.first)
        text = letters or "".join({*_LETTERS, *map(chr, self.named)})
        reads = self._reads(text)
        certain: set[int] = set()
        if not self.asserts:
            certain = {*part.last, *([0] if part.empty else [])}
            if whole:
                certain = self._certain(certain, reads, (1 << len(text)) - 1)
        return _Automaton(self.follow, reads, certain, self.budget)

    def _sequence(self, nodes: Nodes, flags: int) -> _Part:
        return reduce(self._then, (self._part(op, value, flags) for op, value in nodes), _NOTHING)

    def _body(self, body: object, flags: int) -> _Part:
        return self._sequence(_nodes(body), flags)

    def _part(self, op: object, value: object, flags: int) -> _Part:
        match str(op), _values(value):
            case (("LITERAL" | "NOT_LITERAL" | "ANY" | "IN"), _):
                return self._state(self._written(op, value), flags)
            case "SUBPATTERN", (_, int(added), int(removed), body):
                # One kind of text, as in `(?a:...)`, takes the place of the other.
                kept = flags & ~re.UNICODE if added & re.ASCII else flags
                return self._body(body, (kept | added) & ~removed)
            case "BRANCH", (_, bodies):
                return reduce(_either, [self._body(body, flags) for body in _items(bodies)])
            case (("MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT"), (int(low), int(high), body)):
                return self._repeated(body, flags, low, high)
            case "ATOMIC_GROUP", (body,):
                return self._body(body, flags)
            case (("ASSERT" | "ASSERT_NOT"), (_, body)):
                self.asserts = True
                return _Part(1, self._body(body, flags).first, {})  # goes on beside a dead end
            case "GROUPREF_EXISTS", (_, there, missing):
                self.asserts = True
                other = self._body(missing, flags) if missing else _NOTHING
                return _either(self._body(there, flags), other)
            case (("AT" | "GROUPREF"), _):
                self.asserts = True
                return _NOTHING
            case _:
                raise _CannotTellError

    def _state(self, written: str, flags: int) -> _Part:
        state = len(self.follow)
        if state > _MAX_STATES:
            raise _CannotTellError
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
                raise _CannotTellError

    def _link(self, last: Ways, first: Ways) -> None:
        for state, ways in last.items():
            self.budget.spend(len(first) + len(self.follow[state]))
            self.follow[state] = _sum(self.follow[state], first, ways)

    def _then(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        return _Part(
            min(one.empty * other.empty, _SEVERAL),
            _sum(one.first, other.first, one.empty),
            _sum(other.last, one.last, other.empty),
        )

    def _repeated(self, body: object, flags: int, low: int, high: int) -> _Part:
        begin, spared = len(self.follow), self.spared
        part = self._body(body, flags)
        nested = self.spared != spared and low < high and high > 1  # copies of copies multiply
        self.spared += int(low < high and 1 < high < self.unlimited)
        if high == 0:
            return _NOTHING
        single = len(self.follow) == begin + 1 and not part.empty and not self.follow[begin]
        most, spare = (_MAX_REQUIRED, _MAX_SPARE) if single else (_MAX_COPIES, _MAX_COPIES)
        if high <= most and high - low <= spare and not nested:
            parts = [part, *(self._body(body, flags) for _ in range(high - 1))]
            rest = _NOTHING
            for copy in reversed(parts[low:]):
                rest = _either(self._then(copy, rest), _NOTHING)
            return reduce(self._then, [*parts[:low], rest], _NOTHING)
        if high != self.unlimited:
            self.asserts = True  # beyond the limit, what was certain is not
        if single and 1 < low <= most:
            required = [part, *(self._body(body, flags) for _ in range(low - 1))]
            return reduce(self._then, [*required, self._repeated(body, flags, 0, self.unlimited)])
        return self._looped(part, low)

    def _looped(self, part: _Part, low: int) -> _Part:
        # A turn that reads nothing is the last one, unless more are required.
        again = _SEVERAL if part.empty and low > 1 else 1
        self._link(part.last, _sum({}, part.first, again))
        last = _sum(part.last, part.last, part.empty)
        if low == 0:
            return _Part(min(1 + part.empty, _SEVERAL), part.first, last)
        empty = _SEVERAL if part.empty else 0
        return _Part(empty, _sum(part.first, part.first, part.empty), last)

    def _reads(self, text: str) -> list[int]:
        """Return which of the characters of `text` each state reads, as bits."""
        bits = {letter: 1 << place for place, letter in enumerate(text)}
        known = {
            (written, flags): sum(bits[letter] for letter in re.findall(written, text, flags))
            for written, flags in {*self.classes[1:]}
        }
        return [0, *(known[written] for written in self.classes[1:])]

    def _certain(self, final: AbstractSet[int], reads: list[int], every: int) -> set[int]:
        """Return the states after which any text matches."""
        certain, before = {*final}, -1
        while len(certain) != before:
            before = len(certain)
            certain = {
                state
                for state in certain
                if every
                == reduce(
                    int.__or__, [reads[after] for after in certain & {*self.follow[state]}], 0
                )
            }
        return certain


class _Automaton:
    """Judges how the number of ways to read a text grows.

    A way that comes to a state that is `certain` of a match ends the search, so that loops over
    such states are no risk.
    """

    def __init__(
        self, follow: list[Ways], reads: list[int], certain: AbstractSet[int], budget: _Budget
    ) -> None:
        self.follow = follow
        self.reads = reads
        self.certain = certain
        self.budget = budget
        self.after: dict[int, AbstractSet[int]] = {}  # of the states that can be reached
        todo = [0]
        while todo:
            state = todo.pop()
            if state not in self.after:
                self.after[state] = {other for other in follow[state] if reads[other]}
                todo += self.after[state]
        self.risky = {state: others - certain for state, others in self.after.items()}

    def degree(self) -> float:
        loops = [*_loops({state: self.risky[state] for state in self.risky.keys() - self.certain})]
        if any(self._doubles(loop) for loop in loops):
            return math.inf
        growths: list[tuple[AbstractSet[int], int]] = []
        for loop in loops:  # those that come after a loop are judged before it
            growths.append((loop, self._growth(loop, growths)))
        # Ways may begin at a certain state too: its end may be tried last, as in `(a*b|a)*`.
        begins = [loop for loop in _loops(self.after) if loop & self.certain]
        growths += [(loop, self._growth(loop, growths)) for loop in begins]
        return 1 + max((growth for _, growth in growths), default=0)

    def _doubles(self, loop: AbstractSet[int]) -> bool:
        """Return whether two ways around a loop read the same text."""
        inside = {state: self.risky[state] & loop for state in loop}
        if any(self.follow[state][after] > 1 for state in loop for after in inside[state]):
            return True
        seen: set[tuple[int, int]] = set()
        todo = [(state, state) for state in loop]
        while todo:
            one, other = todo.pop()
            for pair in self._together(inside[one], inside[other]):
                if pair[0] == pair[1]:
                    if one != other:
                        return True
                elif pair not in seen:
                    seen |= {pair, (pair[1], pair[0])}
                    todo.append(pair)
        return False

    def _growth(
        self, loop: AbstractSet[int], growths: Collection[tuple[AbstractSet[int], int]]
    ) -> int:
        """Return the power with which the ways grow that begin in a loop."""
        reached: set[int] = set()
        todo = {*loop}
        while todo:
            reached |= todo
            self.budget.spend(len(todo))
            todo = {after for state in todo for after in self.risky[state]} - reached
        most = 0
        for other, growth in growths:
            if other & reached and growth >= most:
                most = growth + self._shares(loop, other)
        return most

    def _shares(self, loop: AbstractSet[int], other: AbstractSet[int]) -> bool:
        """Return whether a text can be shared out between two loops, wherever it is cut (IDA).

        A text that leads around each of them, and also from the one to the other.
        """
        pairs = {
            (one, two): {*self._together(self.after[one] & loop, self.risky[two] & other)}
            for one, two in self._together(loop, other)
        }
        for around in _loops(pairs):
            seen = {(one, one, two) for one, two in around if one != two}
            todo = [*seen]
            while todo:
                one, between, two = todo.pop()
                for pair, crossing in product(pairs[one, two] & around, self.risky[between]):
                    self.budget.spend(1)
                    if self.reads[pair[0]] & self.reads[pair[1]] & self.reads[crossing]:
                        if crossing == pair[1]:
                            return True
                        triple = (pair[0], crossing, pair[1])
                        if triple not in seen:
                            seen.add(triple)
                            todo.append(triple)
        return False

    def _together(self, some: Iterable[int], others: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Yield the pairs of states that can read the same character."""
        for one, other in product(some, others):
            self.budget.spend(1)
            if self.reads[one] & self.reads[other]:
                yield one, other


def _loops(graph: Mapping[T, Collection[T]]) -> Iterator[AbstractSet[T]]:
    """Yield the sets of nodes that lead to each other, those that come after before the others.

    Strongly connected components by Tarjan's algorithm, without those that have no cycle.
    """
    order: dict[T, int] = {}  # in which nodes are met
    lowest: dict[T, int] = {}  # that is reached from a node, among the open ones
    open_: list[T] = []
    for root in graph:
        path = [(root, iter(graph[root]))] if root not in order else []
        while path:
            node, rest = path[-1]
            if node not in order:
                order[node] = lowest[node] = len(order)
                open_.append(node)
            for after in rest:
                if after not in order:
                    path.append((after, iter(graph[after])))
                    break
                lowest[node] = min(lowest[node], lowest.get(after, order[node]))
            else:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
                if lowest[node] == order[node]:
                    component = open_[open_.index(node) :]
                    del open_[open_.index(node) :]
                    for closed in component:
                        del lowest[closed]
                    if len(component) > 1 or node in graph[node]:
                        yield {*component}
