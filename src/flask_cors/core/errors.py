"""What can be wrong with a configuration, and how it is told.

Nothing here knows an option: a problem is a code, a name, a value and a sentence.
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
"""The stable names of everything that the validation says."""


class CORSError(Exception):
    """The base of every exception of this library."""


class AnswerError(CORSError, TypeError):
    """An answer of an origin callable that is neither `True` nor false: it lets nobody in."""


class Problem(NamedTuple):
    """One thing that is wrong, or doubtful, in a configuration."""

    code: Code
    """its stable name"""
    option: str
    """the option that it is about, as a keyword (`origins`)"""
    value: object
    """the value that was given; of a list, the item"""
    message: str
    """what is wrong, where it stands, and what to write instead"""


class ConfigurationError(CORSError, ValueError):
    """Everything that is wrong with a configuration, at once.

    `problems` holds each of them with its code, option and value.
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
    """A warning of what is legal in a configuration but has no effect or is doubtful."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.problem.message} [{self.problem.code}]"


LISTS: tuple[type, ...] = (list, tuple, set, frozenset)
"""What people write lists as."""


def safe_repr(value: object) -> str:
    """Return `value` as it is printed in a message: escaped and of bounded length."""
    try:
        text = ascii(value)
    except Exception:  # noqa: BLE001  (whatever a value's own `repr` raises, an int's of 10,000 digits)
        text = object.__repr__(value)
    return text if len(text) <= 120 else f"{text[:100]}...{text[-12:]}"


class Problems:
    """What the reading of options finds, errors apart from warnings.

    Args:
        place: what each message starts with, such as the view that the options are of.
    """

    def __init__(self, place: str = "") -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self._start = f"{place}: " if place else ""

    def error(self, code: Code, option: str, value: object, message: str) -> None:
        """Note what makes the configuration unusable."""
        self.errors.append(Problem(code, option, value, self._start + message))

    def warning(self, code: Code, option: str, value: object, message: str) -> None:
        """Note what is legal, but has no effect or is doubtful."""
        self.warnings.append(Problem(code, option, value, self._start + message))

    def raise_errors(self) -> None:
        """Raise a `ConfigurationError` with every problem, each once, if there is any."""
        if self.errors:
            raise ConfigurationError(_each_once(self.errors))

    def issue_warnings(self, already_warned: Sequence[Problem] = ()) -> None:
        """Issue a `CORSWarning` for each doubt, each once, at the caller outside this package.

        Those already warned of are left out.
        """
        for problem in _each_once([one for one in self.warnings if one not in already_warned]):
            warnings.warn(CORSWarning(problem), stacklevel=_caller()[1])


def _each_once(found: list[Problem]) -> tuple[Problem, ...]:
    # Keyed by the text: a value need not be hashable.
    return tuple({(problem.code, problem.message): problem for problem in found}.values())


def place_of_caller() -> str:
    """Return the file and line, `app.py, line 12`, of the caller outside this package."""
    frame, _ = _caller()
    file = frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"{file}, line {frame.f_lineno}"


def _caller() -> tuple[FrameType, int]:
    """Return the first frame outside this package, and its stack level as `warn` counts it."""
    package = __name__.partition(".")[0]
    frame, depth = sys._getframe(1), 1  # noqa: SLF001  (`inspect.stack` reads every source file)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, depth = frame.f_back, depth + 1
    return frame, depth
