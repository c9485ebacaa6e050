"""Path patterns, ordered by how specific they are, and a table of them with an index."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar, Union

from .headers import has_regex_syntax, matches_glob

T = TypeVar("T")

MAX_PATH_LENGTH = 2048  # that a regular expression is tried on
MAX_MEMO_PATHS = 1024  # that a table remembers the answers to,
MAX_MEMO_PATH = 128  # of at most this length


class PathPattern(NamedTuple):
    """A literal path, a glob or a regular expression, told apart by how it is written."""

    text: str
    regex: re.Pattern[str] | None = None

    @classmethod
    def read(cls, pattern: Union[str, re.Pattern[str]]) -> "PathPattern":
        """Parse a pattern.

        Raises:
            re.error: if it is not a valid regular expression.
        """
        if isinstance(pattern, re.Pattern):
            return cls(pattern.pattern, pattern)
        return cls(pattern, re.compile(pattern) if has_regex_syntax(pattern) else None)

    @property
    def literal(self) -> bool:
        """Return whether the pattern is one path."""
        return self.regex is None and "*" not in self.text

    @property
    def prefix(self) -> str | None:
        """Return what stands before `/*`, if that is the pattern's only `*`; of `*` it is empty."""
        if self.regex is not None:
            return None
        if self.text == "*":
            return ""
        head = self.text.removesuffix("/*")
        return head if head != self.text and "*" not in head else None

    @property
    def specificity(self) -> tuple[bool, int, int]:
        """Return what patterns are ordered by; the greater is the more specific."""
        return (self.literal, self.text.count("/"), len(self.text))

    @property
    def reachable(self) -> bool:
        """Return whether a path can match, as far as can be told: each starts with one `/`."""
        if self.regex is None:
            # `//*` is also `/`, of which no path has more than one to start with.
            as_it_stands = without_dot_segments(self.text) == self.text
            return as_it_stands or self.text.startswith("*") or self.text == "//*"
        start = self.text.removeprefix("^")
        return "|" in start or not re.match(r"[\w-](?![?*{])|//(?![?*{])", start)

    def matches(self, path: str) -> bool:
        """Return whether a decoded path matches."""
        if self.regex is not None:
            return self.regex.match(path) is not None
        if self.text.endswith("/*"):
            return matches_glob(self.text, path) or matches_glob(self.text[:-2], path)
        return matches_glob(self.text, path)


# What stands for another path in the eyes of some servers, proxies or file systems: an encoded dot,
# slash or backslash that is left in a path decoded once (`%252e`), and a backslash.
_ENCODED = re.compile(r"%(?:25)*(?:2[ef]|5c)", re.IGNORECASE)


def without_dot_segments(path: str) -> str:
    """Return the path that `path` stands for: without dot segments and doubled slashes.

    RFC 3986, section 5.2.4, for whatever may be taken for a dot segment: also with backslashes,
    with parameters (`..;x`), or encoded once more.
    """
    if "%" in path:
        path = _ENCODED.sub(lambda found: _DECODED[found[0][-2:].lower()], path)
    kept: list[str] = []
    name = ""
    for segment in path.replace("\\", "/").split("/"):
        name = segment.partition(";")[0] if segment.startswith(".") else segment
        if name == "..":
            del kept[-1:]  # in place: a request may bring any number
        elif name not in ("", "."):
            kept.append(segment)
    ends_in_a_slash = bool(kept) and name in ("", ".", "..")
    return "/" + "/".join(kept) + "/" * ends_in_a_slash


_DECODED = {"2e": ".", "2f": "/", "5c": "\\"}


class ResourceTable(Generic[T]):
    """What belongs to a path: to the most specific pattern that matches it.

    Literals and `/prefix/*` are looked up, however many there are; other globs and regular
    expressions are tried one after the other, and what short paths belong to is remembered. A path
    that is too long to try a regular expression on, or to take dot segments out, belongs to
    nothing, rather than to what the expression is an exception from.
    """

    def __init__(self, entries: Iterable[tuple[PathPattern, T]]) -> None:
        self.entries: tuple[tuple[PathPattern, T], ...] = tuple(entries)
        # Of equals the later one wins. The sort is stable, and ends with the most specific.
        ordered = sorted(self.entries, key=lambda entry: entry[0].specificity)[::-1]
        self._literals: dict[str, T] = {}
        self._prefixes: dict[str, tuple[int, T]] = {}
        self._others: list[tuple[int, PathPattern, T]] = []
        for rank, (pattern, value) in enumerate(ordered):
            prefix = pattern.prefix
            if pattern.literal:
                self._literals.setdefault(pattern.text, value)
            elif prefix is not None:
                self._prefixes.setdefault(prefix, (rank, value))
            else:
                self._others.append((rank, pattern, value))
        self._limit = max([256, *map(len, self._prefixes)])
        self.memo: dict[str, T | None] = {}
        """What short paths that were asked for lately belong to: adapters look here first."""

    @cached_property
    def catch_all(self) -> T | None:
        """Return what belongs to every path alike, if the table says no more than that."""
        if self._literals or self._others or set(self._prefixes) != {""}:
            return None
        return self._prefixes[""][1]

    def find(self, path: str) -> T | None:
        """Return what belongs to a decoded path that starts with one `/`, or `None`.

        Threads share the memory of short paths without a lock: what one of them writes is what any
        other would.
        """
        if len(path) > MAX_MEMO_PATH:  # before it is hashed
            return self._find(path)
        try:
            return self.memo[path]
        except KeyError:
            found = self._find(path)
        if len(self.memo) >= MAX_MEMO_PATHS:
            self.memo.clear()  # those that are asked for often are soon back
        self.memo[path] = found
        return found

    def _find(self, path: str) -> T | None:
        found = self._most_specific(path)
        # The threat: `/public/..%2fprivate/x` looks like a path of /public, and a static folder
        # may serve the private file for it. So it has to belong to both, or belongs to nothing.
        if "/." in path or "//" in path or "\\" in path or "%" in path:
            if len(path) > MAX_PATH_LENGTH:  # a request may bring any number of segments
                return self.catch_all
            plain = without_dot_segments(path)
            if plain != path and self._most_specific(plain) != found:
                return None
        return found

    def _most_specific(self, path: str) -> T | None:
        if path in self._literals:
            return self._literals[path]
        rank, value = self._longest_prefix(path)
        for other_rank, pattern, other in self._others:
            if rank is not None and rank < other_rank:
                break
            if pattern.regex is not None and len(path) > MAX_PATH_LENGTH:
                return None
            if pattern.matches(path):
                return other
        return value

    def _longest_prefix(self, path: str) -> tuple[int | None, T | None]:
        head = path
        if len(path) > self._limit:  # a request may bring any number of slashes
            head = path[: self._limit + 1].rpartition("/")[0]
        while self._prefixes:
            found = self._prefixes.get(head)
            if found is not None:
                return found
            if not head:
                break
            head = head.rpartition("/")[0]
        return None, None
