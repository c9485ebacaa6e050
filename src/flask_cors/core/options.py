"""The options: their types, their defaults, how layers of them merge, and what is wrong with them.

`Settings` holds the defaults and `_READERS` says how each option is read; the TypedDicts, the
`CORS_*` keys and the documentation are tested against these two.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from types import MappingProxyType
from typing import (
    Literal,
    NamedTuple,
    Protocol,
    TypeAlias,
    TypedDict,
    TypeGuard,
    TypeVar,
    Union,
    cast,
)

from .errors import Code, Problems, safe_repr
from .headers import (
    ALL_METHODS,
    FORBIDDEN_METHODS,
    HeaderRules,
    MethodRules,
    has_regex_syntax,
    is_token,
)
from .origins import (
    ANY_SPELLINGS,
    REGEX_ERRORS,
    OriginError,
    OriginPredicate,
    OriginRules,
    compile_regex,
    read_origin,
)
from .redos import (
    MAX_DEGREE,
    MAX_PATH_DEGREE,
    ORIGIN_LETTERS,
    TOKEN_LETTERS,
    is_slow,
)
from .resources import PathPattern

if sys.version_info >= (3, 11):
    from typing import Unpack as Unpack
else:
    from typing_extensions import Unpack as Unpack

K_co = TypeVar("K_co", covariant=True)
V_co = TypeVar("V_co", covariant=True)


class SupportsItems(Protocol[K_co, V_co]):
    """Is a mapping as far as its pairs go; unlike `Mapping`, covariant in its key."""

    def items(self) -> AbstractSet[tuple[K_co, V_co]]:
        """Return the pairs."""
        ...


Pattern: TypeAlias = Union[str, "re.Pattern[str]"]
Origin: TypeAlias = Union[Pattern, OriginPredicate]
Origins: TypeAlias = Union[Origin, Iterable[Origin]]
Methods: TypeAlias = Union[str, Iterable[str]]
Headers: TypeAlias = Union[Pattern, Iterable[Pattern]]
MaxAge: TypeAlias = Union[int, float, str, timedelta]
Switch: TypeAlias = Union[bool, Literal[0, 1], str]


class CrossOriginOptions(TypedDict, total=False):
    """The options of one policy: those of `cross_origin`.

    `None` stands for "not given", but for `origins`, where it is an error.
    """

    origins: Origins
    methods: Methods | None
    allow_headers: Headers | None
    expose_headers: Methods | None
    supports_credentials: bool | None
    max_age: MaxAge | None
    send_wildcard: bool | None
    vary_header: bool | None
    allow_private_network: bool | None
    always_send: bool | None
    automatic_options: bool | None


class ResourceOptions(CrossOriginOptions, total=False):
    """The options of one resource: those in a value of the `resources` mapping."""

    intercept_exceptions: bool | None


Resources: TypeAlias = Union[
    Pattern,
    Sequence[Pattern],
    AbstractSet[Pattern],
    SupportsItems[Pattern, ResourceOptions],
]


class CORSOptions(ResourceOptions, total=False):
    """The options of an app, a blueprint or a middleware: those of `CORS`."""

    resources: Resources | None


class CORSConfig(TypedDict, total=False):
    """The keys of `app.config` that are read; an environment may give each as a string."""

    CORS_ORIGINS: Origins
    CORS_METHODS: Methods | None
    CORS_ALLOW_HEADERS: Headers | None
    CORS_EXPOSE_HEADERS: Methods | None
    CORS_SUPPORTS_CREDENTIALS: Switch | None
    CORS_MAX_AGE: MaxAge | None
    CORS_SEND_WILDCARD: Switch | None
    CORS_VARY_HEADER: Switch | None
    CORS_ALLOW_PRIVATE_NETWORK: Switch | None
    CORS_ALWAYS_SEND: Switch | None
    CORS_AUTOMATIC_OPTIONS: Switch | None
    CORS_INTERCEPT_EXCEPTIONS: Switch | None
    CORS_RESOURCES: Resources | None


@dataclass(frozen=True)
class Settings:
    """Are the options of one policy, read and merged. What is not given has its default."""

    origins: OriginRules = OriginRules(any=True)
    methods: MethodRules = MethodRules(names=frozenset(ALL_METHODS))
    allow_headers: HeaderRules = HeaderRules(any=True)
    expose_headers: tuple[str, ...] = ()
    supports_credentials: bool = False
    max_age: int | None = None
    """in seconds"""
    send_wildcard: bool = False
    vary_header: bool = True
    allow_private_network: bool = False
    always_send: bool = True
    automatic_options: bool = True
    intercept_exceptions: bool = True


def materialize(value: object) -> object:
    """Return options that can be read more than once: what an iterator yields is kept."""
    if isinstance(value, Iterator):
        return tuple(cast("Iterator[object]", value))
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {name: materialize(option) for name, option in items}
    return value


class OptionSource(NamedTuple):
    """Is one place where options were written."""

    options: Mapping[str, object]
    prefix: str = ""
    """what stands before an option's name there: `CORS_` or `resources['/api/*'].`"""

    def name(self, option: str) -> str:
        """Return how `option` is written in this place."""
        return self.prefix + (option.upper() if self.prefix == CONFIG_PREFIX else option)


CONFIG_PREFIX = "CORS_"


def config_layer(config: Mapping[str, object], problems: Problems) -> OptionSource:
    """Return the `CORS_*` keys of a framework's configuration as a layer.

    Keys that are no option are the app's own business, unless they are nearly one.
    """
    given: dict[str, object] = {}
    for key, value in config.items():
        name = str(key)  # a configuration is a dict, whose keys are not always text
        option = name.removeprefix(CONFIG_PREFIX).lower()
        if not name.startswith(CONFIG_PREFIX):
            continue
        if name.isupper() and option in (*OPTIONS, "headers"):
            given[option] = value
        elif meant := _meant(option, OPTIONS):
            problems.warning(
                "key-unknown",
                option,
                value,
                f"{key} is no key of Flask-CORS and has no effect. "
                f"Write CORS_{meant.upper()}, or give your own key a name that is less near",
            )
    return OptionSource(given, CONFIG_PREFIX)


Values: TypeAlias = Mapping[str, object]
"""Options by name, read: each value is of the type that `Settings` has for it."""


def read_layer(
    layer: OptionSource, allowed: AbstractSet[str], problems: Problems
) -> dict[str, object]:
    """Read what stands in one layer, but for `resources`.

    What is wrong is noted in `problems` and read as what allows the least.
    """
    values: dict[str, object] = {}
    for option, value in layer.options.items():
        if option == "headers":
            _historic(problems, layer.name("headers"), value, layer.name("allow_headers"))
        elif option not in allowed:
            _unknown(layer, option, value, allowed, problems)
        elif option != "resources" and (value is not None or option == "origins"):
            read = _READERS[option]
            values[option] = read(OptionValue(option, layer.name(option), value, problems))
    return values


def resolve(
    layers: Iterable[OptionSource], problems: Problems, defaults: Values = MappingProxyType({})
) -> list[tuple[PathPattern, Settings]]:
    """Return the settings of each resource that layers of options, the weakest first, result in.

    What is wrong or doubtful is noted in `problems`; nothing is raised.
    """
    merged = dict(defaults)
    spec: object = "/*"
    name = "resources"
    for layer in layers:
        merged |= read_layer(layer, OPTIONS, problems)
        if layer.options.get("resources") is not None:
            spec, name = layer.options["resources"], layer.name("resources")
    resolved: list[tuple[PathPattern, Settings]] = []
    for written, options in _resource_items(spec, name, problems):
        label = f"{name}[{safe_repr(_text(written))}]"
        try:
            path = PathPattern.read(written)
        except REGEX_ERRORS as error:
            message = f"{label}: is not a valid regular expression ({error}). Write '/api/*'"
            problems.error("pattern-regex", "resources", written, message)
            continue
        if path.regex and is_slow(path.regex, MAX_PATH_DEGREE, whole=False):
            problems.error("regex-backtracking", "resources", written, f"{label}: {_SLOW}'/api/*'")
        if not path.reachable:
            problems.warning(
                "resource-unmatchable",
                "resources",
                written,
                f"{label} can match no path: every path starts with one '/'. Write '/api/*'",
            )
        values = merged | read_layer(OptionSource(options, f"{label}."), RESOURCE_OPTIONS, problems)
        resolved.append(
            (path, validate_settings(values, f"{label}: " if options else "", problems))
        )
    return resolved


def validate_settings(values: Values, place: str, problems: Problems) -> Settings:
    """Return the settings that values, read and merged, result in; note what contradicts itself."""
    result = Settings(**values)  # type: ignore[arg-type]  # each reader returns its field's type
    if result.supports_credentials:
        _validate_credentials(result, place, problems)
    if result.supports_credentials and "*" in result.expose_headers:
        problems.warning(
            "expose-wildcard",
            "expose_headers",
            "*",
            f"{place}expose_headers='*' has no effect together with supports_credentials: "
            "browsers then read '*' as a name. List the headers: expose_headers=['X-Total']",
        )
    if result.allow_private_network:
        problems.warning(
            "private-network",
            "allow_private_network",
            result.allow_private_network,
            f"{place}allow_private_network=True has no effect: browsers replaced the header by a "
            "permission that the user gives. Leave it out",
        )
    return result


def _validate_credentials(result: Settings, place: str, problems: Problems) -> None:
    origins = result.origins
    if origins.any:
        problems.error(
            "credentials-wildcard",
            "supports_credentials",
            result.supports_credentials,
            f"{place}supports_credentials=True needs its origins by name: with '*' (also the "
            "default) every website could act with the cookies of whoever is logged in, and "
            "browsers refuse it. List them: origins=['https://app.example']",
        )
    if "null" in origins.exact:
        problems.error(
            "credentials-null",
            "origins",
            "null",
            f"{place}origins='null' together with supports_credentials=True would let any page "
            "in a sandboxed frame act with the user's cookies. Take 'null' out, or leave "
            "supports_credentials off",
        )
    _warn_of_credentials(origins, place, problems)


def _warn_of_credentials(origins: OriginRules, place: str, problems: Problems) -> None:
    """Note origins that credentials are allowed to, and that are not only whose they seem to be."""
    everyone = sorted(filter(_EVERY_HOST.match, origins.wildcards))
    everyone += [
        regex.pattern for regex in origins.regexes if any(map(regex.fullmatch, _NOBODYS_ORIGINS))
    ]
    for written in everyone:
        problems.warning(
            "credentials-anyone",
            "origins",
            written,
            f"{place}origins: {safe_repr(written)} lets every website act with the cookies of "
            "whoever is logged in. List those that are yours: origins=['https://app.example']",
        )
    for origin in sorted(origins.exact | origins.wildcards):
        if origin.startswith("http://") and not _LOOPBACK.match(origin):
            secure = re.sub("^http", "https", origin)
            problems.warning(
                "credentials-insecure",
                "origins",
                origin,
                f"{place}origins: {safe_repr(origin)} is allowed with credentials and is not "
                "encrypted: whoever is on the network can be that origin. "
                f"Write {safe_repr(_EVERY_HOST.sub('https://app.example', secure))}",
            )


_EVERY_HOST = re.compile(r"https://\*(?=:|$)")
# Of hosts that no one has a reason to write: what lets these in lets everyone in.
_NOBODYS_ORIGINS = [
    f"{scheme}://everybody-is-let-in.{domain}{port}"
    for scheme in ("https", "http")
    for domain in ("invalid", "com")
    for port in ("", ":443", ":8443")
]
_LOOPBACK = re.compile(r"http://(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::|$)")


# Reading one value -------------------------------------------------------------------------------

_SEPARATOR = re.compile(r",(?![0-9]*\})")  # a comma, but for the one in a quantifier `{1,3}`


class OptionValue(NamedTuple):
    """Is the value of one option while it is read."""

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


_SLOW = (
    "takes far longer for some values than their length explains, and clients choose the value. "
    "Repeat once, [a-z]+ and not ([a-z]+)+, or write a pattern with '*': "
)


def _read_origins(reading: OptionValue) -> OriginRules:
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
        elif is_slow(origin, MAX_DEGREE, letters=ORIGIN_LETTERS):  # nor is it ever tried
            reading.error("regex-backtracking", f"{_SLOW}'https://*.example.com'", item)
        else:
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


def _read_methods(reading: OptionValue) -> MethodRules:
    methods: set[str] = set()
    for item in reading.items():
        if not isinstance(item, str) or not is_token(item):
            reading.error("method", "is no method. Write its name: 'PUT'", item)
        elif item.upper() in FORBIDDEN_METHODS:
            reading.error("method-forbidden", "is a method no browser sends. Take it out", item)
        else:
            methods.add(item.upper() if item.upper() in ALL_METHODS else item)
    return MethodRules("*" in methods, frozenset(methods))


def _read_allow_headers(reading: OptionValue) -> HeaderRules:
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
            if is_slow(regex, MAX_DEGREE, letters=TOKEN_LETTERS):
                reading.error("regex-backtracking", f"{_SLOW}'X-*'", item)
            regexes.append(regex)
        elif not isinstance(item, str) or not is_token(item):
            _header_name_error(reading, item)
        elif item != "*" and "*" in item:
            globs.add(item.lower())
        else:
            names.add(item.lower())
    return HeaderRules("*" in names, frozenset(names), tuple(sorted(globs)), tuple(regexes))


def _read_expose_headers(reading: OptionValue) -> tuple[str, ...]:
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


def _read_switch(reading: OptionValue) -> bool:
    value = reading.value.strip().lower() if isinstance(reading.value, str) else reading.value
    if isinstance(value, (int, str)) and value in _TRUE | _FALSE:
        return value in _TRUE
    reading.error("boolean", "is no boolean. Write True or False")
    return False


_MAX_SECONDS = 2**31  # RFC 9111, section 1.2.2: recipients hold no more


def _read_max_age(reading: OptionValue) -> int | None:
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


_READERS: Mapping[str, Callable[[OptionValue], object]] = MappingProxyType(
    {
        "origins": _read_origins,
        "methods": _read_methods,
        "allow_headers": _read_allow_headers,
        "expose_headers": _read_expose_headers,
        "supports_credentials": _read_switch,
        "max_age": _read_max_age,
        "send_wildcard": _read_switch,
        "vary_header": _read_switch,
        "allow_private_network": _read_switch,
        "always_send": _read_switch,
        "automatic_options": _read_switch,
        "intercept_exceptions": _read_switch,
    }
)

RESOURCE_OPTIONS = frozenset(_READERS)
CROSS_ORIGIN_OPTIONS = RESOURCE_OPTIONS - {"intercept_exceptions"}
OPTIONS = RESOURCE_OPTIONS | {"resources"}


def _resource_items(
    spec: object, name: str, problems: Problems
) -> list[tuple[Pattern, Mapping[str, object]]]:
    """Return the patterns of `resources`, each with the options that stand beside it."""
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
            problems.error("resource-type", "resources", path, f"{name}: {safe_repr(path)} {text}")
        elif not isinstance(options, Mapping):
            text = "is no mapping of options. Write {'origins': ['https://app.example']}"
            label = f"{name}[{safe_repr(_text(path))}]: {safe_repr(options)}"
            problems.error("resource-type", "resources", options, f"{label} {text}")
        else:
            found.append((path, cast("Mapping[str, object]", options)))
    return found


def _is_text_pattern(value: object) -> TypeGuard[re.Pattern[str]]:
    """Return whether `value` is a compiled pattern, and not one of bytes."""
    return isinstance(value, re.Pattern) and isinstance(
        cast("re.Pattern[str] | re.Pattern[bytes]", value).pattern, str
    )


def _text(pattern: Pattern) -> str:
    return pattern if isinstance(pattern, str) else pattern.pattern


# Names that are no option ------------------------------------------------------------------------

# What other libraries call an option, and the slips of the pen that a measure of likeness misses.
_MEANT = MappingProxyType(
    {
        "allow_credentials": "supports_credentials",
        "allowed_headers": "allow_headers",
        "allowed_methods": "methods",
        "allowed_origins": "origins",
        "allow_methods": "methods",
        "allow_origin": "origins",
        "allow_origin_regex": "origins",
        "allow_origins": "origins",
        "credentials": "supports_credentials",
        "exposed_headers": "expose_headers",
        "path": "resources",
        "paths": "resources",
    }
)


def _meant(name: str, allowed: Iterable[str], cutoff: float = 0.8) -> str | None:
    """Return the option that was probably meant by `name`."""
    allowed = sorted(allowed)
    near = get_close_matches(name.lower(), allowed, 1, cutoff)
    alias = _MEANT.get(name.lower())
    return near[0] if near else alias if alias in allowed else None


def _unknown(
    layer: OptionSource, name: object, value: object, allowed: AbstractSet[str], problems: Problems
) -> None:
    meant = _meant(str(name), allowed)
    if meant:
        remedy = f"Did you mean {layer.name(meant)}?"
    elif name in OPTIONS:
        remedy = f"{name} is an option of CORS(app), not of a single policy: write it there"
    else:
        remedy = f"The options are {', '.join(sorted(allowed))}"
    written = layer.prefix + (name if isinstance(name, str) else safe_repr(name))
    problems.error("option-unknown", str(name), value, f"{written} is no option. {remedy}")


def _historic(problems: Problems, name: str, value: object, meant: str) -> None:
    problems.warning(
        "option-historic",
        "headers",
        value,
        f"{name} has had no effect since flask-cors 2. Write {meant}, or take it out",
    )
