"""Reading of one value of one option: a typed value results, or a description of the mistake."""

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
    MAX_LIST_NAMES,
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
from .sites import shared_suffixes_in

_SEPARATOR = r",(?![0-9]*\})"  # a comma, except the one in a quantifier `{1,3}`


class OptionValue(NamedTuple):
    """The value of one option as it was written, before it is read."""

    option: str
    name: str
    """the name of the option as it is written there"""
    value: object
    problems: Problems

    def error(self, code: Code, text: str, *item: object) -> None:
        """Record that the value, or an `item` of it, is wrong."""
        (value,) = item or (self.value,)
        self.problems.error(code, self.option, value, f"{self.name}: {safe_repr(value)} {text}")

    def warning(self, code: Code, text: str, item: object) -> None:
        """Record that an item of the value is allowed but has no effect or is risky."""
        text = f"{self.name}: {safe_repr(item)} {text}"
        self.problems.warning(code, self.option, item, text)

    def assignment(self, option: str, value: str) -> str:
        """Return the code that sets `option` to `value` in the same place."""
        if self.name.isupper():
            return f"CORS_{option.upper()} = {value}"
        return f"'{option}': {value}" if "." in self.name else f"{option}={value}"

    def separated(self, names: Iterable[str]) -> str:
        """Return what to write instead of several names in one item."""
        if isinstance(self.value, str):
            return f"Write commas between them, {safe_repr(', '.join(names))}, or a list"
        return f"Write one item for each: {', '.join(map(safe_repr, names))}"

    def items(self) -> list[object]:
        """Return the items of the value: a string is split at its commas, blanks are stripped."""
        value = self.value
        if isinstance(value, str):
            if self.has_environment_mistake(value):
                return []
            return [part.strip() for part in re.split(_SEPARATOR, value)]
        if isinstance(value, re.Pattern) or callable(value):
            return [value]
        is_list = hasattr(value, "__iter__") and not isinstance(value, bytes)
        if is_list and not has_items(value):
            value = cast("Iterable[object]", value)
            return [item.strip() if isinstance(item, str) else item for item in value]
        self.error("option-type", "has the wrong type. Write a string, or a list of strings")
        return []

    def has_environment_mistake(self, item: object) -> bool:
        """Return whether an item is a mistake such as an unset variable; if it is, record it."""
        if item is None or (isinstance(item, str) and item.strip().lower() in _UNSET_TEXTS):
            self._report_unset(item)
            return True
        mistake = environment_mistake(item) if isinstance(item, str) else None
        if mistake is not None:
            self.error(mistake[0], mistake[1], item)
        return mistake is not None

    def _report_unset(self, item: object) -> None:
        code = _UNSET_CODES.get(self.option, "boolean")
        if item == "" and self.option == "origins":
            code = "origin-empty"
        elif item is self.value and self.option in _LISTS:
            code = "value-unset"
        is_blank = isinstance(item, str) and not item.strip()
        what = "is empty" if is_blank else "means that there is no value"
        remedy = "Remove it, and any extra comma" if is_blank else "Remove it"
        if item is self.value:
            remedy = f"Write {_EXAMPLES.get(self.option, 'True or False')}"
        text = f"{what}; is an environment variable unset? {remedy}"
        if self.option == "expose_headers" and item is self.value:
            self.warning(code, text, item)  # not an error: by default no headers are exposed either
        else:
            self.error(code, text, item)


# `null` is missing here, since it is the origin of sandboxed frames.
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
    """Return whether `value` has the method of `SupportsItems`."""
    return not isinstance(value, type) and callable(getattr(value, "items", None))


# The options that accept regular expressions, with the longest text that is matched against them.
_MATCHED_LENGTH = MappingProxyType(
    {
        "origins": MAX_ORIGIN_LENGTH,
        "allow_headers": MAX_MATCHED_LENGTH,
        "resources": MAX_PATH_LENGTH,
    }
)


@lru_cache(maxsize=1024)  # several apps, views and resources often use the same expressions
def match_time(
    regex: re.Pattern[str], option: str, length: int | None = None
) -> Literal["fine", "slow", "unknown"]:
    """Return whether a client can send a text that takes very long to match against `regex`."""
    from . import redos  # noqa: PLC0415  (most configurations have no regular expression)

    letters = {"origins": redos.ORIGIN_LETTERS, "allow_headers": redos.TOKEN_LETTERS}.get(option)
    return redos.verdict(
        regex,
        whole=option != "resources",
        letters=letters,
        length=length or _MATCHED_LENGTH[option],
        texts=MAX_LIST_NAMES if option == "allow_headers" else 1,
    )


def check_match_time(
    regex: re.Pattern[str], raw: OptionValue, label: str, written: object, *, instead: str
) -> bool:
    """Record an expression that can keep a worker busy; return whether it may be used."""
    verdict = match_time(regex, raw.option)
    remedy = f"Use [a-z]+ instead of ([a-z]+)+, or a pattern with '*': {instead}"
    if verdict == "slow":
        text = "can take extremely long to match, and clients choose the text"
        text = f"{label} {text}. {remedy}"
        raw.problems.error("regex-backtracking", raw.option, written, text)
    elif verdict == "unknown":
        text = "is too complex to tell whether it can take extremely long to match"
        text = f"{label} {text}, and clients choose the text. {remedy}"
        raw.problems.warning("regex-undecided", raw.option, written, text)
    return verdict != "slow"


def read_origins(raw: OptionValue) -> OriginRules:
    """Read the allowed origins."""
    value = raw.value
    if value is None or (isinstance(value, str) and not value.strip()):
        raw.error(
            "origin-unset",
            "could mean nobody or everybody; is an environment variable unset? List the allowed "
            "origins: ['https://app.example']; or write [] for nobody, '*' for everyone",
        )
        return OriginRules()
    if has_items(value) and not callable(value):
        mapping = "{'/api/*': {'origins': ['https://app.example']}}"
        place = raw if raw.name.isupper() else raw._replace(name="origins")
        raw.error(
            "option-type",
            "is a mapping. Write options that differ by path in resources: "
            f"{place.assignment('resources', mapping)}",
        )
        return OriginRules()
    exact: set[str] = set()
    wildcards: set[str] = set()
    regexes: list[re.Pattern[str]] = []
    predicates: list[OriginPredicate] = []
    for item in raw.items():
        if isinstance(item, str) and len(item) < _MAX_USUAL and _USUAL_ORIGIN.fullmatch(item):
            exact.add(item)
            continue
        origin = _read_origin(raw, item)
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
        wide_regexes=tuple(filter(_matches_any_website, regexes)),
    )


# Origins that nobody has a reason to allow: an expression that matches one of them matches any.
# Short and long ones, with and without hyphens, digits and a subdomain, for more kinds of these.
_PROBE_ORIGINS = tuple(
    f"{scheme}://{host}{port}"
    for host in (
        "everybody-is-let-in.invalid",
        "everybody-is-let-in.com",
        "evil.com",
        "www.evil.net",
        "e-v-i-l1.org",
    )
    for scheme in ("https", "http")
    for port in ("", ":443", ":8443")
)
_LONGEST_PROBE = max(map(len, _PROBE_ORIGINS))


def _matches_any_website(regex: re.Pattern[str]) -> bool:
    return _matches_one_of(regex, _PROBE_ORIGINS)


def covers_shared_suffix(regex: re.Pattern[str]) -> bool:
    """Return whether an expression matches whatever host there is below a public suffix."""
    may_need_port = ":" in regex.pattern.rpartition("://")[2]
    return _matches_one_of(
        regex,
        (
            f"{scheme}://{host}.{suffix}{port}"
            for suffix in shared_suffixes_in(regex.pattern)
            for host in ("evil", "e-v-i-l1")
            for scheme in ("https", "http")
            for port in ("", ":8443")[: 1 + may_need_port]
        ),
    )


def _matches_one_of(regex: re.Pattern[str], origins: Iterable[str]) -> bool:
    """Return whether an expression matches one of some origins that are not long."""
    # An expression that only caused a warning may take extremely long here, too. Try it only if it
    # is known to be fast for texts as short as these.
    if (
        match_time(regex, "origins") != "fine"
        and match_time(regex, "origins", _LONGEST_PROBE) != "fine"
    ):
        return False
    return any(map(regex.fullmatch, origins))


# Most origins are already written as browsers send them. They need no parsing, which makes long
# lists load faster. The last label starts with a letter, so that the host is not an IP address;
# default ports are excluded.
_USUAL_ORIGIN = re.compile(
    r"https?://(?:[a-z0-9_-]+\.)*[a-z][a-z0-9_-]*(?::(?!443$|80$)[1-9][0-9]{0,3})?"
)
_MAX_USUAL = 250  # characters; the longest host has 253


def _read_origin(raw: OptionValue, item: object) -> str | re.Pattern[str] | OriginPredicate | None:
    """Return one origin, pattern, expression or callable; or record a problem and return `None`."""
    if raw.has_environment_mistake(item):
        return None
    try:
        origin = _parse_origin(item)
    except OriginError as error:
        raw.error(error.code, str(error), item)
        return None
    if isinstance(origin, re.Pattern):
        label = f"{raw.name}: {safe_repr(item)}"
        if not check_match_time(origin, raw, label, item, instead="'https://*.example.com'"):
            return None
    return origin


def _parse_origin(item: object) -> str | re.Pattern[str] | OriginPredicate:
    if isinstance(item, str):
        if re.search(_SEPARATOR, item):
            raise OriginError(
                "origin-comma",
                "contains a comma; an origin has none. Write one item for each origin: "
                "['https://a.example', 'https://b.example']",
            )
        return read_origin(item)
    if is_text_pattern(item):
        return read_origin(item)
    if callable(item):
        _check_callable(item)
        return cast("OriginPredicate", item)
    raise OriginError(
        "option-type",
        "is not an origin. Write a string like 'https://app.example', a compiled pattern of str, "
        "or a callable that takes the origin",
    )


def _check_callable(item: Callable[..., object]) -> None:
    """Raise an error for a callable that can never return `True`.

    Otherwise the mistake would show only at request time, when every origin is refused.
    """
    function: object = item
    while isinstance(function, partial):
        function = cast("partial[object]", function).func
    call = getattr(function, "__call__", None)  # noqa: B004  (it is inspected, not only found)
    if isinstance(function, type):
        what = "is a class: a call creates an object, not True or False"
    elif any(map(inspect.isgeneratorfunction, (function, call))):
        what = "is a generator function: a call returns a generator, not True or False"
    elif any(map(inspect.isasyncgenfunction, (function, call))):
        what = "is an async generator function: a call returns a generator, not True or False"
    elif not _takes_one_argument(item):
        what = "cannot be called with the origin as its only argument"
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
    except ValueError:  # some built-in callables have no signature
        pass
    return True


_WORDS_FOR_ALL = frozenset({"all", "any"})


def read_methods(raw: OptionValue) -> MethodRules:
    """Read methods; the usual ones may be in lower case."""
    methods: set[str] = set()
    for item in raw.items():
        if raw.has_environment_mistake(item):
            continue
        if not isinstance(item, str) or not _is_method(item):
            raw.error("method", _method_mistake(raw, item), item)
        elif item.upper() in FORBIDDEN_METHODS:
            raw.error("method-forbidden", "is a method that no browser sends. Remove it", item)
        else:
            methods.add(item.upper() if item.upper() in ALL_METHODS else item)
    return MethodRules("*" in methods, frozenset(methods))


def _is_method(item: str) -> bool:
    """Return whether an item is one method; `GET|POST`, although a token, is two."""
    return item == "*" or (
        is_token(item) and not re.search(r"[|*]", item) and item.lower() not in _WORDS_FOR_ALL
    )


def _method_mistake(raw: OptionValue, item: object) -> str:
    if not isinstance(item, str):
        return "is not a method. Write its name: 'PUT'"
    if item.lower() in _WORDS_FOR_ALL or item in ANY_SPELLINGS:
        return "is not a method. Write '*' for any method"
    if "*" in item:
        return "is not a method; only '*' alone stands for others. Write each name: 'PUT'"
    names = re.split(r"[\s;|/&+]+", re.sub(r"\s+#.*", "", item))
    if not all(map(_is_usual_method, names)):
        return "is not a method. Write its name: 'PUT'"
    if len(names) == 1:
        return f"is more than a method. Write {safe_repr(names[0])}"
    return f"is more than one method. {raw.separated(names)}"


def _is_usual_method(name: str) -> bool:
    return _is_method(name) and name[0].isalpha() and name.upper() not in FORBIDDEN_METHODS


def read_allow_headers(raw: OptionValue) -> HeaderRules:
    """Read names of request headers, globs and regular expressions."""
    names: set[str] = set()
    globs: set[str] = set()
    regexes: list[re.Pattern[str]] = []
    for item in raw.items():
        if raw.has_environment_mistake(item):
            continue
        if is_text_pattern(item) or (isinstance(item, str) and has_regex_syntax(item)):
            regexes += _read_name_regex(raw, item)
        elif not isinstance(item, str) or not _is_field_name(item):
            raw.error("header-name", _header_name_mistake(raw, item), item)
        else:
            if is_forbidden_name(item):
                text = "is a header that scripts cannot set: browsers control it. Remove it"
                raw.warning("header-forbidden", text, item)
            (globs if item != "*" and "*" in item else names).add(item.lower())
    return HeaderRules("*" in names, frozenset(names), tuple(sorted(globs)), tuple(regexes))


def _read_name_regex(raw: OptionValue, item: Pattern) -> list[re.Pattern[str]]:
    try:
        regex = compile_regex(item)
    except REGEX_ERRORS as error:
        remedy = "Write 'X-Request-ID', a glob 'X-*', or fix the expression"
        text = f"is not a valid regular expression ({error}). {remedy}"
        raw.error("pattern-regex", text, item)
        return []
    label = f"{raw.name}: {safe_repr(item)}"
    return [regex] if check_match_time(regex, raw, label, item, instead="'X-*'") else []


def read_expose_headers(raw: OptionValue) -> tuple[str, ...]:
    """Read names of response headers."""
    names: set[str] = set()
    for item in raw.items():
        if raw.has_environment_mistake(item):
            continue
        if not isinstance(item, str) or not _is_field_name(item) or re.search(r"\||\.\*", item):
            raw.error("header-name", _header_name_mistake(raw, item), item)
            continue
        if item != "*" and "*" in item:
            text = "has no effect: only '*' alone stands for others. Write '*', or each name: 'X-A'"
            raw.warning("expose-wildcard", text, item)
        if item.lower() in UNREADABLE_NAMES:
            text = "is a header that scripts can never read. Remove it"
            raw.warning("header-forbidden", text, item)
        names.add(item)
    return tuple(sorted(names))


def _is_field_name(item: str) -> bool:
    return is_token(item) and item.lower() not in _WORDS_FOR_ALL


def _header_name_mistake(raw: OptionValue, item: object) -> str:
    """Return what is wrong with the name of a header, and what was probably meant."""
    if not isinstance(item, str):
        return "is not the name of a header. Write 'X-Request-ID'"
    if item.lower() in _WORDS_FOR_ALL or ".*" in item:
        return "is not the name of a header. Write '*' for any header"
    if re.match(r"(?:application|audio|font|image|model|multipart|text|video)/", item):
        return "is a media type. Write the name of the header that carries it: 'Content-Type'"
    name = item.partition(":")[0].strip()
    if ":" in item and _is_field_name(name):
        return f"is a header with its value. Write only its name: '{name}'"
    names = re.split(r"[\s;|]+", re.sub(r"\s+#.*", "", item))
    if not all(re.fullmatch(r"[A-Za-z][\w-]*", each) and _is_field_name(each) for each in names):
        return "is not the name of a header. Write 'X-Request-ID'"
    if len(names) == 1:
        return f"is more than a name. Write {safe_repr(names[0])}"
    return f"is more than one name. {raw.separated(names)}"


_TRUE = frozenset[object]({1, "true", "1", "yes", "on"})  # 1 is also `True`
_FALSE = frozenset[object]({0, "false", "0", "no", "off"})


def read_switch(raw: OptionValue) -> bool:
    """Read a boolean, which may be written as a number or a word."""
    if raw.has_environment_mistake(raw.value):
        return False
    switch = switch_of(raw.value)
    if switch is None:
        raw.error("boolean", "is not a boolean. Write True or False")
    return bool(switch)


def switch_of(value: object) -> bool | None:
    """Return what a boolean, a number or a word means as a boolean; `None` if it means none."""
    value = value.strip().lower() if isinstance(value, str) else value
    if isinstance(value, (int, str)) and value in _TRUE | _FALSE:
        return value in _TRUE
    return None


_MAX_SECONDS = 2**31  # the greatest number that recipients handle (RFC 9111, section 1.2.2)


def read_max_age(raw: OptionValue) -> int | None:
    """Read a number of seconds, without its fraction."""
    value = raw.value
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, str):
        if raw.has_environment_mistake(value):
            return None
        if re.fullmatch(r"[0-9]{1,10}", value.strip()):
            value = int(value.strip())  # `strip` removes more characters than `int` ignores
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and 0 <= value <= _MAX_SECONDS  # also excludes infinity and NaN
    ):
        return int(value)
    raw.error(
        "max-age",
        f"is not a number of seconds from 0 to {_MAX_SECONDS}. "
        f"Write {raw.assignment('max_age', str(_seconds(value)))}, or a timedelta",
    )
    return None


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _seconds(value: object) -> int:
    """Return the seconds that were probably meant, for use in a message."""
    text = value.strip().lower() if isinstance(value, str) else ""
    found = re.fullmatch(r"([0-9]{1,9})\s*([smhdw])[a-z]*", text)
    number = re.sub(r"[\s,_']|\.0*$", "", text)
    if found is not None:
        return min(int(found[1]) * _UNITS[found[2]], _MAX_SECONDS)
    return int(number) if re.fullmatch(r"[0-9]{1,9}", number) else 600


def is_text_pattern(value: object) -> TypeGuard[re.Pattern[str]]:
    """Return whether `value` is a compiled pattern for strings, not for bytes."""
    return isinstance(value, re.Pattern) and isinstance(
        cast("re.Pattern[str] | re.Pattern[bytes]", value).pattern, str
    )


def pattern_text(pattern: Pattern) -> str:
    """Return the text of a pattern as it was written."""
    return pattern if isinstance(pattern, str) else pattern.pattern
