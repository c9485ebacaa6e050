"""The problems of a configuration, and the exceptions and warnings that report them.

Nothing here depends on a particular option: a problem is a code, the name of an option, a value and
a message.
"""

import sys
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import Literal, NamedTuple, TypeAlias

Code: TypeAlias = Literal[
    # errors
    "boolean",
    "credentials-null",
    "credentials-wildcard",
    "header-name",
    "max-age",
    "method",
    "method-forbidden",
    "not-a-view",
    "not-an-app",
    "option-type",
    "option-unknown",
    "origin-callable",
    "origin-async",
    "origin-comma",
    "origin-empty",
    "origin-host",
    "origin-idn",
    "origin-key",
    "origin-path",
    "origin-port",
    "origin-query",
    "origin-regex",
    "origin-scheme",
    "origin-unset",
    "origin-userinfo",
    "origin-wildcard",
    "pattern-regex",
    "regex-backtracking",
    "resource-path",
    "resource-type",
    "signals-missing",
    "value-list",
    "value-placeholder",
    "value-quoted",
    "value-unset",
    # warnings
    "credentials-anyone",
    "credentials-insecure",
    "expose-wildcard",
    "header-forbidden",
    "key-unknown",
    "option-historic",
    "private-network",
    "regex-undecided",
    "resource-unmatchable",
    # findings of `flask cors check`
    "headers-by-hand",
    "key-late",
    "max-age-cap",
    "options-unreached",
    "origin-public-suffix",
    "regex-dot",
    "regex-lookalike",
    "regex-scheme",
    "resource-opened",
    "resource-shadowed",
    "resource-unused",
    "second-layer",
    "session-cookie",
    "view-behind-hook",
    "view-beside",
    "view-cached",
    "view-unrouted",
]
"""The stable names of all errors, warnings and findings."""


class CORSError(Exception):
    """The base class of all exceptions of this library."""


class AnswerError(CORSError, TypeError):
    """A result of an origin callable that is truthy but not `True`: the origin is refused."""


class Problem(NamedTuple):
    """One error or warning about a configuration."""

    code: Code
    """the stable name of this kind of problem"""
    option: str
    """the keyword of the option concerned (`origins`)"""
    value: object
    """the value that was given, or the one item of a list"""
    message: str
    """what is wrong, where it is written, and what to write instead"""


class ConfigurationError(CORSError, ValueError):
    """All errors of a configuration, reported at once.

    `problems` holds each of them with its code, option, value and message.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        lines = [f"{problem.message} [{problem.code}]" for problem in self.problems]
        if len(lines) == 1:
            return lines[0]
        return "\n  - ".join([f"{len(lines)} problems in the CORS configuration:", *lines])


class CORSWarning(UserWarning):
    """A warning about a setting that is allowed but has no effect or is risky."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.problem.message} [{self.problem.code}]"


LISTS: tuple[type, ...] = (list, tuple, set, frozenset)
"""The built-in types that are read as lists."""


def safe_repr(value: object) -> str:
    """Return `value` as text for a message: escaped and of limited length."""
    try:
        text = ascii(value)
    except Exception:  # noqa: BLE001  (a `repr` may raise anything; that of a very long int does)
        text = object.__repr__(value)
    return text if len(text) <= 120 else f"{text[:100]}...{text[-12:]}"


class Problems:
    """The errors and warnings found while options are read.

    Args:
        place: the start of each message, such as the view that the options belong to.
    """

    def __init__(self, place: str = "") -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self._start = f"{place}: " if place else ""

    def error(self, code: Code, option: str, value: object, message: str) -> None:
        """Record a mistake that makes the configuration unusable."""
        self.errors.append(Problem(code, option, value, self._start + message))

    def warning(self, code: Code, option: str, value: object, message: str) -> None:
        """Record a setting that is allowed but has no effect or is risky."""
        self.warnings.append(Problem(code, option, value, self._start + message))

    def raise_errors(self) -> None:
        """Raise a `ConfigurationError` with all errors, without duplicates, if there are any."""
        if self.errors:
            raise ConfigurationError(_without_duplicates(self.errors))

    def issue_warnings(self, already_warned: Sequence[Problem] = ()) -> None:
        """Issue a `CORSWarning` for each warning, without duplicates.

        They point at the caller outside this package. Those in `already_warned` are left out.
        """
        new = [warning for warning in self.warnings if warning not in already_warned]
        for problem in _without_duplicates(new):
            warnings.warn(CORSWarning(problem), stacklevel=_caller()[1])


def _without_duplicates(found: list[Problem]) -> tuple[Problem, ...]:
    # The value is not part of the key, since it may not be hashable.
    return tuple({(problem.code, problem.message): problem for problem in found}.values())


def place_of_caller() -> str:
    """Return the file and line, `app.py, line 12`, of the caller outside this package."""
    frame, _ = _caller()
    file = frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"{file}, line {frame.f_lineno}"


def _caller() -> tuple[FrameType, int]:
    """Return the first frame outside this package, and its stack level for `warnings.warn`."""
    package = __name__.partition(".")[0]
    frame, depth = sys._getframe(1), 1  # noqa: SLF001  (`inspect.stack` would read every source file)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, depth = frame.f_back, depth + 1
    return frame, depth
