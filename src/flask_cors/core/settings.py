"""The options of one policy: what stands in several places, read and merged, and contradictions."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import NamedTuple, TypeVar, cast

from .errors import Problems, safe_repr
from .headers import ALL_METHODS, HeaderRules, MethodRules
from .options import CROSS_ORIGIN_OPTIONS, OPTIONS, RESOURCE_OPTIONS
from .origins import OriginRules
from .resources import PathPattern
from .validation import (
    OptionValue,
    match_time,
    pattern_text,
    read_allow_headers,
    read_expose_headers,
    read_max_age,
    read_methods,
    read_origins,
    read_path,
    read_resources,
    read_switch,
)

T = TypeVar("T")

# Where options are written ------------------------------------------------------------------------

CONFIG_PREFIX = "CORS_"


class OptionSource(NamedTuple):
    """A place where options are written, with what is written there."""

    options: Mapping[str, object]
    prefix: str = ""
    """what stands before an option's name there: `CORS_` or `resources['/api/*'].`"""
    place: str = ""
    """the file and line, `app.py, line 12`, where that is known"""

    def name(self, option: str) -> str:
        """Return how `option` is written in this place."""
        return self.prefix + (option.upper() if self.prefix == CONFIG_PREFIX else option)

    def without_values(self) -> "OptionSource":
        """Return the same place, without holding on to what is written there."""
        return self._replace(options=_NOTHING)


_NOTHING: Mapping[str, object] = MappingProxyType({})


def materialize(value: object) -> object:
    """Return options that can be read more than once: what an iterator yields is kept."""
    if isinstance(value, Iterator):
        return tuple(cast("Iterator[object]", value))
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {name: materialize(option) for name, option in items}
    return value


def config_source(config: Mapping[str, object], problems: Problems) -> OptionSource:
    """Return what a framework's configuration says: its `CORS_*` keys.

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
        elif meant := _meant_option(option, OPTIONS):
            problems.warning(
                "key-unknown",
                option,
                value,
                f"{key} is no key of Flask-CORS and has no effect. "
                f"Write CORS_{meant.upper()}, or give your own key a name that is less near",
            )
    return OptionSource(given, CONFIG_PREFIX)


# What results -------------------------------------------------------------------------------------


def _option(read: Callable[[OptionValue], T], default: T) -> T:
    """Declare an option of `Settings`: how its value is read, and its default."""
    declared: object = field(default=default, metadata={"read": read})
    return cast("T", declared)


@dataclass(frozen=True)
class Settings:
    """The options of one policy after reading and merging, with defaults filled in."""

    origins: OriginRules = _option(read_origins, OriginRules(any=True))
    methods: MethodRules = _option(read_methods, MethodRules(names=frozenset(ALL_METHODS)))
    allow_headers: HeaderRules = _option(read_allow_headers, HeaderRules(any=True))
    expose_headers: tuple[str, ...] = _option(read_expose_headers, ())
    supports_credentials: bool = _option(read_switch, False)
    max_age: int | None = _option(read_max_age, None)
    """in seconds"""
    send_wildcard: bool = _option(read_switch, False)
    vary_header: bool = _option(read_switch, True)
    allow_private_network: bool = _option(read_switch, False)
    always_send: bool = _option(read_switch, True)
    automatic_options: bool = _option(read_switch, True)
    intercept_exceptions: bool = _option(read_switch, True)
    sources: Mapping[str, OptionSource] = field(
        default_factory=lambda: MappingProxyType({}), compare=False, repr=False
    )
    """the places where those options that are given were written, without their values"""


_READERS: Mapping[str, Callable[[OptionValue], object]] = {
    name: declared.metadata["read"]
    for name, declared in Settings.__dataclass_fields__.items()
    if declared.metadata
}


class _Merged:
    """The options of several places, of which the later win over the earlier."""

    def __init__(
        self,
        values: Mapping[str, object] = _NOTHING,
        sources: Iterable[tuple[str, OptionSource]] = (),
    ) -> None:
        self.values = dict(values)
        self.sources = dict(sources)

    def add(self, source: OptionSource, allowed: AbstractSet[str], problems: Problems) -> None:
        """Read what stands in one place, but for `resources`.

        What is wrong is noted in `problems` and read as what allows the least.
        """
        place = source.without_values()
        for option, value in source.options.items():
            if option == "headers":
                _historic(problems, source.name("headers"), value, source.name("allow_headers"))
            elif option not in allowed:
                _unknown(source, option, value, allowed, problems)
            elif option != "resources" and (value is not None or option == "origins"):
                read = _READERS[option]
                self.values[option] = read(
                    OptionValue(option, source.name(option), value, problems)
                )
                self.sources[option] = place

    def settings(self, label: str, problems: Problems, *, complete: bool) -> Settings:
        """Return the settings that result; note what contradicts itself.

        Where options are still to come, origins that are not given contradict nothing yet.
        """
        values = self.values if complete else {"origins": OriginRules(), **self.values}
        result = Settings(**values, sources=MappingProxyType(self.sources))  # type: ignore[arg-type]  # each reader returns its field's type
        _validate(result, label, problems)
        return result


def resolve_view(
    sources: Iterable[OptionSource], problems: Problems, *, complete: bool = True
) -> Settings:
    """Return the settings of one view that options in several places, the weakest first, result in.

    What is wrong or doubtful is noted in `problems`; nothing is raised.

    Args:
        sources: the configuration's, and the view's own.
        problems: where to note what is wrong.
        complete: whether nothing is still to come; else what is not given is not judged.
    """
    merged = _Merged()
    for source in sources:
        allowed = OPTIONS if source.prefix == CONFIG_PREFIX else CROSS_ORIGIN_OPTIONS
        merged.add(source, allowed, problems)
    return merged.settings("", problems, complete=complete)


def resolve_resources(
    sources: Iterable[OptionSource],
    problems: Problems,
    allowed: AbstractSet[str] = OPTIONS,
    *,
    complete: bool = True,
) -> list[tuple[PathPattern, Settings]]:
    """Same as `resolve_view`, for each resource of an app, a blueprint or a middleware.

    `allowed` has the names of the options there are.
    """
    merged = _Merged()
    resources = OptionValue("resources", "resources", "/*", problems)
    place = ""
    for source in sources:
        merged.add(source, allowed, problems)
        value = source.options.get("resources")
        if value is not None:
            resources = OptionValue("resources", source.name("resources"), value, problems)
            place = source.place
    resolved: list[tuple[PathPattern, Settings]] = []
    for pattern, options in read_resources(resources):
        label = f"{resources.name}[{safe_repr(pattern_text(pattern))}]"
        path = read_path(resources._replace(name=label, value=pattern))
        if path is not None:
            own = _Merged(merged.values, merged.sources.items())
            source = OptionSource(options, f"{label}.", place)
            own.add(source, allowed & RESOURCE_OPTIONS, problems)
            label = f"{label}: " if options else ""
            resolved.append((path, own.settings(label, problems, complete=complete)))
    return resolved


# Contradictions between options -------------------------------------------------------------------


def _validate(result: Settings, place: str, problems: Problems) -> None:
    """Note what contradicts itself, has no effect or is doubtful in options taken together."""
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
        regex.pattern
        for regex in origins.regexes
        # An expression that was warned of could take for ever here too.
        if match_time(regex, "origins", len(max(_NOBODYS_ORIGINS, key=len))) == "fine"
        and any(map(regex.fullmatch, _NOBODYS_ORIGINS))
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


def _meant_option(name: str, allowed: Iterable[str], cutoff: float = 0.8) -> str | None:
    """Return the option that was probably meant by `name`."""
    allowed = sorted(allowed)
    near = get_close_matches(name.lower(), allowed, 1, cutoff)
    alias = _MEANT.get(name.lower())
    return near[0] if near else alias if alias in allowed else None


def _unknown(
    source: OptionSource, name: object, value: object, allowed: AbstractSet[str], problems: Problems
) -> None:
    meant = _meant_option(str(name), allowed)
    if meant:
        remedy = f"Did you mean {source.name(meant)}?"
    elif name in OPTIONS:
        remedy = f"{name} is an option of CORS(app): write it there, or take it out"
    else:
        remedy = f"The options are {', '.join(sorted(allowed))}"
    written = source.prefix + (name if isinstance(name, str) else safe_repr(name))
    problems.error("option-unknown", str(name), value, f"{written} is no option. {remedy}")


def _historic(problems: Problems, name: str, value: object, meant: str) -> None:
    problems.warning(
        "option-historic",
        "headers",
        value,
        f"{name} has had no effect since flask-cors 2. Write {meant}, or take it out",
    )
