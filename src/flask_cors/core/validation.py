"""One value of one option, read: a typed value, or what is wrong with it."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeGuard, cast

from .environment import environment_mistake
from .errors import Code, Problems, safe_repr
from .headers import (
    ALL_METHODS,
    FORBIDDEN_METHODS,
    MAX_MATCHED_LENGTH,
    UNREADABLE_NAMES,
    HeaderRules,
    MethodRules,
    has_regex_syntax,
    is_forbidden_name,
    is_token,
)
from .options import OriginPredicate, Pattern
from .origin_patterns import ANY_SPELLINGS, REGEX_ERRORS, OriginError, compile_regex, read_origin
from .origins import MAX_ORIGIN_LENGTH, OriginRules
from .resources import MAX_PATH_LENGTH

_SEPARATOR = r",(?![0-9]*\})"  # a comma, but for the one in a quantifier `{1,3}`


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

    def warning(self, code: Code, text: str, item: object) -> None:
        """Note that an item of the value is legal, but has no effect or is doubtful."""
        text = f"{self.name}: {safe_repr(item)} {text}"
        self.problems.warning(code, self.option, item, text)

    def items(self) -> list[object]:
        """Return what the option lists: of a string its parts between commas, without blanks."""
        value = self.value
        if isinstance(value, str):
            if self.is_misread(value):
                return []
            return [part.strip() for part in re.split(_SEPARATOR, value)]
        if isinstance(value, re.Pattern) or callable(value):
            return [value]
        is_list = hasattr(value, "__iter__") and not isinstance(value, bytes)
        if is_list and not has_items(value):
            value = cast("Iterable[object]", value)
            return [item.strip() if isinstance(item, str) else item for item in value]
        self.error("option-type", "is of the wrong type. Write a string, or a list of them")
        return []

    def is_misread(self, item: object) -> bool:
        """Note an item that is no value but a trace of how it was to come from an environment."""
        if item is None or (isinstance(item, str) and item.strip().lower() in _UNSET_TEXTS):
            self._note_unset(item)
            return True
        slip = environment_mistake(item) if isinstance(item, str) else None
        if slip is not None:
            self.error(slip[0], slip[1], item)
        return slip is not None

    def _note_unset(self, item: object) -> None:
        code = _UNSET_CODES.get(self.option, "boolean")
        if item == "" and self.option == "origins":
            code = "origin-empty"
        elif item is self.value and self.option in _LISTS:
            code = "value-unset"
        what = "is empty" if isinstance(item, str) and not item.strip() else "stands for no value"
        cure = "Take it out" + (", or the comma too many" if what == "is empty" else "")
        if item is self.value:
            cure = f"Write {_EXAMPLES.get(self.option, 'True or False')}"
        text = f"{what}; is an environment variable unset? {cure}"
        if self.option == "expose_headers" and item is self.value:
            self.warning(code, text, item)  # to expose none is what happens anyway
        else:
            self.error(code, text, item)


# `null` is an origin, which sandboxed frames have.
_UNSET_TEXTS = frozenset({"", "''", '""', "none", "undefined", "nil"})

_LISTS = frozenset({"methods", "allow_headers", "expose_headers", "resources"})
_UNSET_CODES: Mapping[str, Code] = {
    "origins": "origin-unset",
    "methods": "method",
    "allow_headers": "header-name",
    "expose_headers": "header-name",
    "max_age": "max-age",
    "resources": "resource-type",
}
_EXAMPLES: Mapping[str, str] = {
    "origins": "['https://app.example'], [] for nobody, or '*' for everyone",
    "methods": "['GET', 'PUT'], [] for none, or '*' for any",
    "allow_headers": "['Content-Type'], [] for none, or '*' for any",
    "expose_headers": "['X-Total'], or [] for none",
    "max_age": "600, or leave it out",
    "resources": "'/api/*', or [] for none",
}


def has_items(value: object) -> bool:
    """Return whether `value` is a mapping as far as `SupportsItems` goes."""
    return not isinstance(value, type) and callable(getattr(value, "items", None))


# Of each option that takes regular expressions, how long a text may be that they are tried on.
_MATCHED_LENGTH = MappingProxyType(
    {
        "origins": MAX_ORIGIN_LENGTH,
        "allow_headers": MAX_MATCHED_LENGTH,
        "resources": MAX_PATH_LENGTH,
    }
)


@lru_cache(maxsize=1024)  # what is judged once is judged again: for each app, view and resource
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


def check_match_time(
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
    if has_items(value) and not callable(value):
        reading.error(
            "option-type",
            "is a mapping. What differs by path goes into resources: "
            "resources={'/api/*': {'origins': ['https://app.example']}}",
        )
        return OriginRules()
    exact: set[str] = set()
    wildcards: set[str] = set()
    regexes: list[re.Pattern[str]] = []
    predicates: list[OriginPredicate] = []
    for item in reading.items():
        if isinstance(item, str) and len(item) < MAX_ORDINARY and _ORDINARY.fullmatch(item):
            exact.add(item)
            continue
        origin = _read_origin(reading, item)
        if isinstance(origin, str):
            (wildcards if "*" in origin else exact).add(origin)
        elif isinstance(origin, re.Pattern):
            regexes.append(origin)
        elif origin is not None:
            predicates.append(origin)
    return OriginRules(
        any="*" in wildcards,
        exact=frozenset(exact),
        wildcards=frozenset(wildcards - {"*"}),
        regexes=tuple(regexes),
        predicates=tuple(predicates),
        wide_regexes=tuple(filter(_lets_any_website_in, regexes)),
    )


# Of hosts that no one has a reason to write: what lets these in lets everyone in.
_NOBODYS_ORIGINS = tuple(
    f"{scheme}://everybody-is-let-in.{domain}{port}"
    for scheme in ("https", "http")
    for domain in ("invalid", "com")
    for port in ("", ":443", ":8443")
)


def _lets_any_website_in(regex: re.Pattern[str]) -> bool:
    """Return whether an expression matches origins that no one has a reason to list."""
    # One that was warned of could take for ever here too, unless these are short enough for it.
    length = len(max(_NOBODYS_ORIGINS, key=len))
    if match_time(regex, "origins") != "fine" and match_time(regex, "origins", length) != "fine":
        return False
    return any(map(regex.fullmatch, _NOBODYS_ORIGINS))


# What most origins look like: as browsers write them, so that there is nothing to parse. The last
# label starts with a letter, so that the host is no address, and ports are none that is left out.
_ORDINARY = re.compile(
    r"https?://(?:[a-z0-9_-]+\.)*[a-z][a-z0-9_-]*(?::(?!443$|80$)[1-9][0-9]{0,3})?", re.ASCII
)
MAX_ORDINARY = 250  # characters: the longest host has 253


def _read_origin(
    reading: OptionValue, item: object
) -> str | re.Pattern[str] | OriginPredicate | None:
    """Return one origin, pattern, expression or callable; `None`, and a note, if it is none."""
    if reading.is_misread(item):
        return None
    try:
        origin = _parse_origin(item)
    except OriginError as error:
        reading.error(error.code, str(error), item)
        return None
    if isinstance(origin, re.Pattern):
        label = f"{reading.name}: {safe_repr(item)}"
        if not check_match_time(origin, reading, label, item, instead="'https://*.example.com'"):
            return None  # nor is it ever tried
    return origin


def _parse_origin(item: object) -> str | re.Pattern[str] | OriginPredicate:
    if isinstance(item, str):
        if re.search(_SEPARATOR, item):
            raise OriginError(
                "origin-comma",
                "holds a comma, which no origin does. Write an item for each origin: "
                "['https://a.example', 'https://b.example']",
            )
        return read_origin(item)
    if is_text_pattern(item):
        return "*" if item.pattern in ANY_SPELLINGS else compile_regex(item)
    if callable(item):
        _check_callable(item)
        return cast("OriginPredicate", item)
    raise OriginError(
        "option-type",
        "is no origin. Write a string like 'https://app.example', a compiled pattern of str, "
        "or a callable that takes the origin",
    )


def _check_callable(item: Callable[..., object]) -> None:
    """Raise an error for a callable that can never answer with `True`.

    The threat: an instance, or a generator that has not even run, is as good as a yes to whoever
    looks at its truth only.
    """
    function: object = item
    while isinstance(function, partial):
        function = cast("partial[object]", function).func
    call = getattr(function, "__call__", None)  # noqa: B004  (of which kind it is, not whether)
    if isinstance(function, type):
        what = "is a class: to call it makes an object, which is no answer"
    elif any(map(inspect.isgeneratorfunction, (function, call))):
        what = "is a generator function: to call it runs nothing, so it never answers"
    elif any(map(inspect.isasyncgenfunction, (function, call))):
        what = "is an async generator function: to call it runs nothing, so it never answers"
    elif not _takes_one_argument(item):
        what = "cannot be called with the origin alone"
    else:
        return
    raise OriginError(
        "origin-callable",
        f"{what}. Write a function that takes the origin and returns True or False: "
        "def allow(origin: str) -> bool",
    )


def _takes_one_argument(function: Callable[..., object]) -> bool:
    try:
        inspect.signature(function, follow_wrapped=False).bind("https://app.example")
    except TypeError:
        return False
    except ValueError:  # what is built in may not tell
        pass
    return True


_EVERYTHING = frozenset({"all", "any"})


def read_methods(reading: OptionValue) -> MethodRules:
    """Read names of methods; those that are known in upper case may be in lower case."""
    methods: set[str] = set()
    for item in reading.items():
        if reading.is_misread(item):
            continue
        if not isinstance(item, str) or not _is_method(item):
            reading.error("method", _about_a_method(item), item)
        elif item.upper() in FORBIDDEN_METHODS:
            reading.error("method-forbidden", "is a method no browser sends. Take it out", item)
        else:
            methods.add(item.upper() if item.upper() in ALL_METHODS else item)
    return MethodRules("*" in methods, frozenset(methods))


def _is_method(item: str) -> bool:
    """Return whether an item is a method; `GET|POST`, a token too, is two."""
    return is_token(item) and "|" not in item and item.lower() not in _EVERYTHING


def _about_a_method(item: object) -> str:
    if isinstance(item, str) and item.lower() in _EVERYTHING:
        return "is no method. Write '*' for any"
    names = re.split(r"[\s;|/&+]+", item.strip()) if isinstance(item, str) else []
    if len(names) > 1 and all(map(is_token, names)):
        listed = safe_repr(", ".join(names))
        return f"is more than one method. Write commas between them, {listed}, or a list"
    return "is no method. Write its name: 'PUT'"


def read_allow_headers(reading: OptionValue) -> HeaderRules:
    """Read names of request headers, globs and regular expressions."""
    names: set[str] = set()
    globs: set[str] = set()
    regexes: list[re.Pattern[str]] = []
    for item in reading.items():
        if reading.is_misread(item):
            continue
        if is_text_pattern(item) or (isinstance(item, str) and has_regex_syntax(item)):
            regexes += _read_name_regex(reading, item)
        elif not isinstance(item, str) or not _is_field_name(item):
            reading.error("header-name", _about_a_name(item), item)
        else:
            if is_forbidden_name(item):
                text = "is a header that no script may set: browsers add it. Take it out"
                reading.warning("header-forbidden", text, item)
            (globs if item != "*" and "*" in item else names).add(item.lower())
    return HeaderRules("*" in names, frozenset(names), tuple(sorted(globs)), tuple(regexes))


def _read_name_regex(reading: OptionValue, item: Pattern) -> list[re.Pattern[str]]:
    try:
        regex = compile_regex(item)
    except REGEX_ERRORS as error:
        remedy = "Write 'X-Request-ID', a glob 'X-*', or mend the expression"
        text = f"is not a valid regular expression ({error}). {remedy}"
        reading.error("pattern-regex", text, item)
        return []
    label = f"{reading.name}: {safe_repr(item)}"
    return [regex] if check_match_time(regex, reading, label, item, instead="'X-*'") else []


def read_expose_headers(reading: OptionValue) -> tuple[str, ...]:
    """Read names of response headers."""
    names: set[str] = set()
    for item in reading.items():
        if reading.is_misread(item):
            continue
        if not isinstance(item, str) or not _is_field_name(item):
            reading.error("header-name", _about_a_name(item), item)
            continue
        if item.lower() in UNREADABLE_NAMES:
            text = "is a header that no script may read, whoever exposes it. Take it out"
            reading.warning("header-forbidden", text, item)
        names.add(item)
    return tuple(sorted(names))


def _is_field_name(item: str) -> bool:
    return is_token(item) and item.lower() not in _EVERYTHING


def _about_a_name(item: object) -> str:
    """Return what is wrong with a name of a header field, and the name that was meant."""
    if not isinstance(item, str):
        return "is no name of a header field. Write 'X-Request-ID'"
    if item.lower() in _EVERYTHING:
        return "is no name of a header field. Write '*' for any"
    if re.fullmatch(r"(?:application|audio|font|image|model|multipart|text|video)/\S+", item):
        return "is a media type. Write the name of the header that carries it: 'Content-Type'"
    name = item.partition(":")[0].strip()
    if name != item and is_token(name):
        return f"is a header with its value. Write its name alone: '{name}'"
    names = re.split(r"[\s;]+", item.strip())
    if len(names) > 1 and all(map(is_token, names)):
        return (
            "is more than one name. Write commas between them, "
            f"{safe_repr(', '.join(names))}, or write a list"
        )
    return "is no name of a header field. Write 'X-Request-ID'"


_TRUE = frozenset[object]({1, "true", "1", "yes", "on"})  # 1 is also `True`
_FALSE = frozenset[object]({0, "false", "0", "no", "off"})


def read_switch(reading: OptionValue) -> bool:
    """Read a boolean, also as a number or a word."""
    if isinstance(reading.value, str) and reading.is_misread(reading.value):
        return False
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
    if isinstance(value, str):
        if reading.is_misread(value):
            return None
        if re.fullmatch(r"[0-9]{1,10}", value.strip()):
            value = int(value.strip())  # `int` does not take all that `strip` does
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and 0 <= value <= _MAX_SECONDS  # infinity and NaN are not
    ):
        return int(value)
    reading.error(
        "max-age",
        f"is no number of seconds from 0 to {_MAX_SECONDS}. "
        f"Write max_age={_seconds(value)}, or a timedelta",
    )
    return None


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _seconds(value: object) -> int:
    """Return the seconds that were probably meant; for a message."""
    text = value.strip().lower() if isinstance(value, str) else ""
    found = re.fullmatch(r"([0-9]{1,9})\s*([smhdw])[a-z]*", text)
    number = re.sub(r"[\s,_']|\.0*$", "", text)
    if found is not None:
        return min(int(found[1]) * _UNITS[found[2]], _MAX_SECONDS)
    return int(number) if re.fullmatch(r"[0-9]{1,9}", number) else 600


def is_text_pattern(value: object) -> TypeGuard[re.Pattern[str]]:
    """Return whether `value` is a compiled pattern, and not one of bytes."""
    return isinstance(value, re.Pattern) and isinstance(
        cast("re.Pattern[str] | re.Pattern[bytes]", value).pattern, str
    )


def pattern_text(pattern: Pattern) -> str:
    """Return a pattern as it was written."""
    return pattern if isinstance(pattern, str) else pattern.pattern
