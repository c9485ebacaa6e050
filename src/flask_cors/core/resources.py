"""Path patterns, ordered by how specific they are, and an indexed table of them."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar, Union

from .headers import has_regex_syntax, matches_glob
from .origin_patterns import compile_text

T = TypeVar("T")

MAX_PATH_LENGTH = 2048  # of a path that regular expressions are tried on
MAX_MEMO_PATHS = 1024  # paths whose entry is remembered
MAX_MEMO_PATH = 128  # length of a path whose entry is remembered


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
        return cls(pattern, compile_text(pattern) if has_regex_syntax(pattern) else None)

    @property
    def literal(self) -> bool:
        """Return whether the pattern is one path."""
        return self.regex is None and "*" not in self.text

    @property
    def prefix(self) -> str | None:
        """Return the part before `/*`, if that has the pattern's only `*`; for `*` it is empty."""
        if self.regex is not None:
            return None
        if self.text == "*":
            return ""
        head = self.text.removesuffix("/*")
        return head if head != self.text and "*" not in head else None

    @property
    def specificity(self) -> tuple[bool, int, int]:
        """Return the sort key of the pattern; the greatest is the most specific."""
        return (self.literal, self.text.count("/"), len(self.text))

    @property
    def reachable(self) -> bool:
        """Return whether any path can match, as far as can be told; each starts with one `/`."""
        if self.regex is None:
            # A final `/*` also matches the path before it, so `//*` matches the path `/`.
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


# A dot, slash or backslash that is still encoded in a path that was decoded once (from `%252e`).
# Some servers, proxies and file systems decode it again, and take the path for another one.
_ENCODED = re.compile(r"%(?:25)*(?:2[ef]|5c)", re.IGNORECASE)


def without_dot_segments(path: str) -> str:
    """Return `path` without dot segments and double slashes (RFC 3986, section 5.2.4).

    Everything that some server may take for a dot segment is removed: also with backslashes, with
    parameters (`..;x`), or encoded twice.
    """
    if "%" in path:
        path = _ENCODED.sub(lambda found: _DECODED[found[0][-2:].lower()], path)
    kept: list[str] = []
    name = ""
    for segment in path.replace("\\", "/").split("/"):
        name = segment.partition(";")[0] if segment.startswith(".") else segment
        if name == "..":
            del kept[-1:]  # in place, since a request may have any number of segments
        elif name not in ("", "."):
            kept.append(segment)
    ends_in_a_slash = bool(kept) and name in ("", ".", "..")
    return "/" + "/".join(kept) + "/" * ends_in_a_slash


_DECODED = {"2e": ".", "2f": "/", "5c": "\\"}


class ResourceTable(Generic[T]):
    """A table that returns, for a path, the value of the most specific pattern that matches it.

    Literals and `/prefix/*` take one look-up each, however many there are. Other globs and regular
    expressions are tried one after the other; the results for short paths are remembered.

    A path that is too long for regular expressions, or for removing its dot segments, gets nothing:
    a longer path must not get around an exception that is written as an expression.
    """

    def __init__(self, entries: Iterable[tuple[PathPattern, T]]) -> None:
        self.entries: tuple[tuple[PathPattern, T], ...] = tuple(entries)
        # Of equally specific patterns the later one wins: the sort is stable and then reversed.
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
        """The values of short paths of recent requests. Adapters look here first."""

    @cached_property
    def catch_all(self) -> T | None:
        """Return the value of all paths, if the table has only one pattern and it matches all."""
        if self._literals or self._others or set(self._prefixes) != {""}:
            return None
        return self._prefixes[""][1]

    def find(self, path: str) -> T | None:
        """Return the value for a decoded path that starts with one `/`, or `None`.

        Threads share the remembered results without a lock: each of them would write the same.
        """
        # Check the length first: a look-up hashes the whole, client-controlled string.
        if len(path) > MAX_MEMO_PATH:
            return self._find(path)
        try:
            return self.memo[path]
        except KeyError:
            found = self._find(path)
        if len(self.memo) >= MAX_MEMO_PATHS:
            self.memo.clear()  # frequent paths are soon added again
        self.memo[path] = found
        return found

    def _find(self, path: str) -> T | None:
        found = self._most_specific(path)
        # The threat: `/public/..%2fprivate/x` looks like a path in /public, but a static folder
        # may serve the private file for it. So both readings of the path must have the same value.
        if "/." in path or "//" in path or "\\" in path or "%" in path:
            if len(path) > MAX_PATH_LENGTH:  # a request may have any number of segments
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
        if len(path) > self._limit:  # a request may have any number of slashes
            head = path[: self._limit + 1].rpartition("/")[0]
        while self._prefixes:
            found = self._prefixes.get(head)
            if found is not None:
                return found
            if not head:
                break
            head = head.rpartition("/")[0]
        return None, None
