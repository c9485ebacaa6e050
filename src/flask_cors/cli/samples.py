"""Paths of URL rules, and the resources that may apply to them."""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol, TypeAlias, cast

from werkzeug.routing import Rule
from werkzeug.routing.converters import NumberConverter

from .._advice import VARIABLE, may_match
from ..core.redos import PARSER
from ..core.resources import PathPattern

_UUID = "00000000-0000-0000-0000-000000000000"
_USUAL = ("a/b", "a", "1", "1.5", _UUID)
# Values that have as little as possible in common with the usual ones.
_UNUSUAL = ("230", "27.0", _UUID.replace("0", "f"), "~\xe9.Z-9", "~\xe9.Z-9/_")


# Paths of rules -----------------------------------------------------------------------------------


def sample_path(rule: Rule, text: str | None = None) -> str:
    """Return a path that a URL rule probably matches; or a host, if `text` is that of the rule."""
    return _filled(rule, rule.rule if text is None else text, 0)


def sample_paths(rule: Rule) -> list[str]:
    """Return paths that a URL rule probably matches, with values that differ widely."""
    return [_filled(rule, rule.rule, index) for index in (0, -1)]


def _filled(rule: Rule, text: str, index: int) -> str:
    return VARIABLE.sub(lambda found: _values(_converter(rule, found["name"]))[index], text)


def _converter(rule: Rule, name: str) -> object:
    converters: dict[str, object] = getattr(rule, "_converters", {})
    return converters.get(name)


def _regex(converter: object) -> str:
    return str(getattr(converter, "regex", "[^/]+"))


def _values(converter: object) -> list[str]:
    """Return values that a converter accepts; `a` if none is found."""
    regex = _regex(converter)
    values = [*_USUAL, *_numbers(converter), text_of(re.compile(regex)), *_UNUSUAL]
    return [value for value in values if _accepts(converter, regex, value)] or ["a"]


def _accepts(converter: object, regex: str, value: str) -> bool:
    if re.fullmatch(regex, value) is None:
        return False
    # The code of the app's own converters is not run: it may use a database.
    if getattr(type(converter), "to_python", None) is NumberConverter.to_python:
        try:
            cast("NumberConverter", converter).to_python(value)
        except ValueError:
            return False
    return True


def _numbers(converter: object) -> Iterator[str]:
    """Yield the limits of a converter of numbers, and a number with as many digits as it needs."""
    digits: int = getattr(converter, "fixed_digits", 0)
    for number in (1, getattr(converter, "min", None), getattr(converter, "max", None)):
        if number is not None:
            yield str(number).zfill(digits)
            yield str(float(number))


# Resources and rules ------------------------------------------------------------------------------


def may_apply(pattern: PathPattern, rule: Rule) -> bool:
    """Return whether a resource matches a path of a URL rule, as far as can be told."""
    paths = {rule.rule, rule.rule.rstrip("/")}  # Flask redirects from the one without the slash
    if not VARIABLE.search(rule.rule):
        return any(map(pattern.matches, paths))
    glob = _glob_of(pattern)
    if "*" not in glob:
        return any(re.fullmatch(_regex_of(rule), path) for path in (glob, glob + "/"))
    return any(may_match(glob, path) for path in paths)


def always_applies(pattern: PathPattern, paths: Iterable[str]) -> bool:
    """Return whether a resource matches every path of a URL rule, as far as samples can tell."""
    return all(map(pattern.matches, paths))


def _regex_of(rule: Rule) -> str:
    """Return the expression that the paths of a rule match."""
    parts: list[str] = []
    end = 0
    for variable in VARIABLE.finditer(rule.rule):
        regex = _regex(_converter(rule, variable["name"]))
        parts += [re.escape(rule.rule[end : variable.start()]), f"(?:{regex})"]
        end = variable.end()
    return "".join([*parts, re.escape(rule.rule[end:])])


@lru_cache(maxsize=2000)
def _glob_of(pattern: PathPattern) -> str:
    """Return a path or glob that matches what a pattern matches, and perhaps more."""
    if pattern.regex is None:
        return pattern.text
    if pattern.regex.flags & re.IGNORECASE:
        return "*"
    nodes = _parsed(pattern.regex)
    is_whole = bool(nodes) and str(nodes[-1][1]) in {"AT_END", "AT_END_STRING"}
    return _literals(nodes) + ("" if is_whole else "*")


# Regular expressions ------------------------------------------------------------------------------

_Nodes: TypeAlias = list[tuple[object, object]]


class _Tree(Protocol):
    """A sequence of operations in the parser's tree, with their values."""

    data: _Nodes


def _parsed(regex: re.Pattern[str]) -> _Nodes:
    parser = importlib.import_module(PARSER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were issued when the expression was compiled
        tree: _Tree = parser.parse(regex.pattern, regex.flags)
    return tree.data


def text_of(regex: re.Pattern[str]) -> str:
    """Return a text that an expression probably matches."""
    return "".join(_texts(_parsed(regex)))


def _tuple(value: object) -> tuple[object, ...]:
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)


def _literals(nodes: _Nodes) -> str:
    """Return the glob for an expression: all but its literal characters are left open."""
    parts: list[str] = []
    for op, value in nodes:
        match str(op), _tuple(value):
            case "LITERAL", (int(code),):
                parts.append(chr(code))
            case "SUBPATTERN", (*_, body):
                parts.append(_literals(cast("_Tree", body).data))
            case "AT", _:
                pass
            case _:
                parts.append("*")
    return "".join(parts)


def _texts(nodes: _Nodes) -> Iterator[str]:
    """Yield, for each part of an expression, a text that the part probably matches."""
    for op, value in nodes:
        match str(op), _tuple(value):
            case "LITERAL", (int(code),):
                yield chr(code)
            case "SUBPATTERN", (*_, body):
                yield from _texts(cast("_Tree", body).data)
            case (("MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT"), (int(low), _, body)):
                yield from [*_texts(cast("_Tree", body).data)] * min(low, 100)
            case "BRANCH", (_, bodies):
                yield from _texts(cast("list[_Tree]", bodies)[0].data)
            case "IN", (items,):
                yield _one_of(cast("_Nodes", items))
            case (("AT" | "ASSERT" | "ASSERT_NOT"), _):
                pass
            case _:
                yield "a"


def _one_of(items: _Nodes) -> str:
    """Return a character of a set."""
    op, value = items[0]
    match str(op), _tuple(value):
        case (("LITERAL" | "RANGE"), (int(code), *_)):
            return chr(code)
        case _:
            return "1" if str(value) == "CATEGORY_DIGIT" else "a"
