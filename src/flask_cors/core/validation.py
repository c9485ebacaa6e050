"""One value of one option, read: a typed value, or what is wrong with it."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeGuard, cast

from .errors import Code, Problems, safe_repr
from .headers import (
    ALL_METHODS,
    FORBIDDEN_METHODS,
    MAX_MATCHED_LENGTH,
    HeaderRules,
    MethodRules,
    has_regex_syntax,
    is_token,
)
from .options import OriginPredicate, Pattern
from .origin_patterns import ANY_SPELLINGS, REGEX_ERRORS, OriginError, compile_regex, read_origin
from .origins import MAX_ORIGIN_LENGTH, OriginRules
from .resources import MAX_PATH_LENGTH, PathPattern

_SEPARATOR = re.compile(r",(?![0-9]*\})")  # a comma, but for the one in a quantifier `{1,3}`


class OptionValue(NamedTuple):
    """The value of one option while it is read."""

    option: str
    name: str
    """how the option is written where it stands"""
    value: object
    problems: Problems

    def error(self, code: Code, text: str, *item: object) -> None:
        """Note that the value, or an `item` of it, is wrong."""
        (value,) = item or (self.value,)
        self.problems.error(code, self.option, value, f"{self.name}: {safe_repr(value)} {text}")

    def items(self) -> list[object]:
        """Return what the option lists: of a string its parts between commas, without blanks."""
        value = self.value
        if isinstance(value, str):
            return [part.strip() for part in _SEPARATOR.split(value)] if value.strip() else []
        if isinstance(value, re.Pattern) or callable(value):
            return [value]
        if isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping)):
            value = cast("Iterable[object]", value)
            return [item.strip() if isinstance(item, str) else item for item in value]
        self.error("option-type", "is of the wrong type. Write a string, or a list of them")
        return []


# Of each option that takes regular expressions, how long a text may be that they are tried on.
_MATCHED_LENGTH = MappingProxyType(
    {
        "origins": MAX_ORIGIN_LENGTH,
        "allow_headers": MAX_MATCHED_LENGTH,
        "resources": MAX_PATH_LENGTH,
    }
)


def match_time(
    regex: re.Pattern[str], option: str, length: int | None = None
) -> Literal["fine", "slow", "unknown"]:
    """Return whether a client can make a match take very long with a value for `option`."""
    from . import redos  # noqa: PLC0415  (most configurations have no expression)

    letters = {"origins": redos.ORIGIN_LETTERS, "allow_headers": redos.TOKEN_LETTERS}.get(option)
    return redos.verdict(
        regex,
        whole=option != "resources",
        letters=letters,
        length=length or _MATCHED_LENGTH[option],
    )


def _check_match_time(
    regex: re.Pattern[str], reading: OptionValue, label: str, written: object, *, instead: str
) -> bool:
    """Note an expression that can keep a worker busy; return whether it may be tried."""
    verdict = match_time(regex, reading.option)
    remedy = f"Repeat once, [a-z]+ and not ([a-z]+)+, or write a pattern with '*': {instead}"
    if verdict == "slow":
        text = "takes far longer for some values than their length explains"
        text = f"{label} {text}, and clients choose the value. {remedy}"
        reading.problems.error("regex-backtracking", reading.option, written, text)
    elif verdict == "unknown":
        text = "is too intricate to tell whether some values take for ever"
        text = f"{label} {text}, and clients choose the value. {remedy}"
        reading.problems.warning("regex-undecided", reading.option, written, text)
    return verdict != "slow"


def read_origins(reading: OptionValue) -> OriginRules:
    """Read who is allowed."""
    value = reading.value
    if value is None or (isinstance(value, str) and not value.strip()):
        reading.error(
            "origin-unset",
            "could mean nobody or everybody; is an environment variable unset? List who may "
            "read: ['https://app.example']; or [] for nobody, '*' for everyone",
        )
        return OriginRules()
    if isinstance(value, Mapping):
        reading.error(
            "option-type",
            "is a mapping. What differs by path goes into resources: "
            "resources={'/api/*': {'origins': ['https://app.example']}}",
        )
        return OriginRules()
    strings: set[str] = set()
    regexes: list[re.Pattern[str]] = []
    predicates: list[OriginPredicate] = []
    for item in reading.items():
        try:
            origin = _read_origin(item)
        except OriginError as error:
            reading.error(error.code, str(error), item)
            continue
        if isinstance(origin, str):
            strings.add(origin)
        elif not isinstance(origin, re.Pattern):
            predicates.append(origin)
        else:
            label = f"{reading.name}: {safe_repr(item)}"
            if _check_match_time(origin, reading, label, item, instead="'https://*.example.com'"):
                regexes.append(origin)
    return OriginRules(
        any="*" in strings,
        exact=frozenset(origin for origin in strings if "*" not in origin),
        wildcards=frozenset(origin for origin in strings if "*" in origin and origin != "*"),
        regexes=tuple(regexes),
        predicates=tuple(predicates),
    )


def _read_origin(item: object) -> str | re.Pattern[str] | OriginPredicate:
    if item == "":
        raise OriginError("origin-empty", "is an empty item. Take it out, or the comma too many")
    if isinstance(item, str):
        if _SEPARATOR.search(item):
            raise OriginError(
                "origin-comma",
                "holds a comma, which no origin does. Write an item for each origin: "
                "['https://a.example', 'https://b.example']",
            )
        return read_origin(item)
    if _is_text_pattern(item):
        return "*" if item.pattern in ANY_SPELLINGS else compile_regex(item)
    if callable(item):
        return cast("OriginPredicate", item)
    raise OriginError(
        "option-type",
        "is no origin. Write a string like 'https://app.example', a compiled pattern of str, "
        "or a callable that takes the origin",
    )


def read_methods(reading: OptionValue) -> MethodRules:
    """Read names of methods; those that are known in upper case may be in lower case."""
    methods: set[str] = set()
    for item in reading.items():
        if not isinstance(item, str) or not is_token(item):
            reading.error("method", "is no method. Write its name: 'PUT'", item)
        elif item.upper() in FORBIDDEN_METHODS:
            reading.error("method-forbidden", "is a method no browser sends. Take it out", item)
        else:
            methods.add(item.upper() if item.upper() in ALL_METHODS else item)
    return MethodRules("*" in methods, frozenset(methods))


def read_allow_headers(reading: OptionValue) -> HeaderRules:
    """Read names of request headers, globs and regular expressions."""
    names: set[str] = set()
    globs: set[str] = set()
    regexes: list[re.Pattern[str]] = []
    for item in reading.items():
        if _is_text_pattern(item) or (isinstance(item, str) and has_regex_syntax(item)):
            try:
                regex = compile_regex(item)
            except REGEX_ERRORS as error:
                remedy = "Write 'X-Request-ID', a glob 'X-*', or mend the expression"
                text = f"is not a valid regular expression ({error}). {remedy}"
                reading.error("pattern-regex", text, item)
                continue
            label = f"{reading.name}: {safe_repr(item)}"
            _check_match_time(regex, reading, label, item, instead="'X-*'")
            regexes.append(regex)
        elif not isinstance(item, str) or not is_token(item):
            _header_name_error(reading, item)
        elif item != "*" and "*" in item:
            globs.add(item.lower())
        else:
            names.add(item.lower())
    return HeaderRules("*" in names, frozenset(names), tuple(sorted(globs)), tuple(regexes))


def read_expose_headers(reading: OptionValue) -> tuple[str, ...]:
    """Read names of response headers."""
    names: set[str] = set()
    for item in reading.items():
        if isinstance(item, str) and is_token(item):
            names.add(item)
        else:
            _header_name_error(reading, item)
    return tuple(sorted(names))


def _header_name_error(reading: OptionValue, item: object) -> None:
    reading.error("header-name", "is no name of a header field. Write 'X-Request-ID'", item)


_TRUE = frozenset[object]({1, "true", "1", "yes", "on"})  # 1 is also `True`
_FALSE = frozenset[object]({0, "false", "0", "no", "off"})


def read_switch(reading: OptionValue) -> bool:
    """Read a boolean, also as a number or a word."""
    value = reading.value.strip().lower() if isinstance(reading.value, str) else reading.value
    if isinstance(value, (int, str)) and value in _TRUE | _FALSE:
        return value in _TRUE
    reading.error("boolean", "is no boolean. Write True or False")
    return False


_MAX_SECONDS = 2**31  # RFC 9111, section 1.2.2: recipients hold no more


def read_max_age(reading: OptionValue) -> int | None:
    """Read a number of seconds; fractions are cut off."""
    value = reading.value
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value.strip()):
        value = int(value.strip())  # `int` does not take all that `strip` does
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and 0 <= value <= _MAX_SECONDS  # infinity and NaN are not
    ):
        return int(value)
    reading.error(
        "max-age",
        f"is no number of seconds from 0 to {_MAX_SECONDS}. Write max_age=600, or a timedelta",
    )
    return None


def read_resources(reading: OptionValue) -> list[tuple[Pattern, Mapping[str, object]]]:
    """Return the patterns of `resources`, each with the options that stand beside it."""
    spec = reading.value
    pairs: Iterable[tuple[object, object]]
    if isinstance(spec, Mapping):
        pairs = cast("Mapping[object, object]", spec).items()
    elif isinstance(spec, str):
        parts = [part.strip() for part in spec.split(",")]
        paths = parts if all(part.startswith("/") for part in parts) else [spec]
        pairs = [(path, {}) for path in paths]
    elif isinstance(spec, Iterable) and not isinstance(spec, bytes):
        pairs = [(path, {}) for path in cast("Iterable[object]", spec)]
    else:
        pairs = [(spec, {})]
    found: list[tuple[Pattern, Mapping[str, object]]] = []
    for path, options in pairs:
        if not isinstance(path, str) and not _is_text_pattern(path):
            text = "is no path pattern. Write '/api/*', a list of patterns, or a mapping of them"
            reading.error("resource-type", text, path)
        elif not isinstance(options, Mapping):
            text = "is no mapping of options. Write {'origins': ['https://app.example']}"
            label = f"{reading.name}[{safe_repr(pattern_text(path))}]"
            reading._replace(name=label).error("resource-type", text, options)
        else:
            found.append((path, cast("Mapping[str, object]", options)))
    return found


def read_path(reading: OptionValue) -> PathPattern | None:
    """Return the pattern of one resource, or `None` if it is none."""
    written = cast("Pattern", reading.value)
    try:
        path = PathPattern.read(written)
    except REGEX_ERRORS as error:
        message = f"{reading.name}: is not a valid regular expression ({error}). Write '/api/*'"
        reading.problems.error("pattern-regex", "resources", written, message)
        return None
    if path.regex is not None:
        _check_match_time(path.regex, reading, reading.name, written, instead="'/api/*'")
    if not path.reachable:
        reading.problems.warning(
            "resource-unmatchable",
            "resources",
            written,
            f"{reading.name} can match no path: every path starts with one '/'. Write '/api/*'",
        )
    return path


def _is_text_pattern(value: object) -> TypeGuard[re.Pattern[str]]:
    """Return whether `value` is a compiled pattern, and not one of bytes."""
    return isinstance(value, re.Pattern) and isinstance(
        cast("re.Pattern[str] | re.Pattern[bytes]", value).pattern, str
    )


def pattern_text(pattern: Pattern) -> str:
    """Return a pattern as it was written."""
    return pattern if isinstance(pattern, str) else pattern.pattern
