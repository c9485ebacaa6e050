"""The options of one policy: what stands in several places, read and merged, and contradictions."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, TypeVar, cast

from .errors import LISTS, Problems, safe_repr
from .headers import ALL_METHODS, HeaderRules, MethodRules
from .option_names import is_meant_to_restrict, meant_option, nearest_option
from .options import CROSS_ORIGIN_OPTIONS, OPTIONS, RESOURCE_OPTIONS, SupportsItems
from .origins import OriginRules
from .resource_patterns import read_path, read_resources
from .resources import PathPattern
from .sites import is_loopback, is_shared_suffix
from .validation import (
    OptionValue,
    has_items,
    pattern_text,
    read_allow_headers,
    read_expose_headers,
    read_max_age,
    read_methods,
    read_origins,
    read_switch,
)

T = TypeVar("T")

# Where options are written ------------------------------------------------------------------------

CONFIG_PREFIX = "CORS_"


class MisnamedKey(NamedTuple):
    """A key of a configuration that other libraries have, or that is nearly one of ours."""

    key: str
    meant: str
    """the option that was probably meant"""
    value: object
    restricts: bool
    """whether it was to say who is let in"""


class OptionSource(NamedTuple):
    """A place where options are written, with what is written there."""

    options: Mapping[str, object]
    prefix: str = ""
    """what stands before an option's name there: `CORS_` or `resources['/api/*'].`"""
    place: str = ""
    """the file and line, `app.py, line 12`, where that is known"""
    misnamed: tuple[MisnamedKey, ...] = ()

    def name(self, option: str) -> str:
        """Return how `option` is written in this place."""
        return self.prefix + (option.upper() if self.prefix == CONFIG_PREFIX else option)

    def assignment(self, option: str, value: str) -> str:
        """Return how `option` is given a value in this place."""
        if self.prefix == CONFIG_PREFIX:
            return f"{self.name(option)} = {value}"
        return f"'{option}': {value}" if self.prefix else f"{option}={value}"

    def without_values(self) -> "OptionSource":
        """Return the same place, without holding on to what is written there."""
        return OptionSource(_NOTHING, self.prefix, self.place)


_NOTHING: Mapping[str, object] = MappingProxyType({})


def materialize(value: object) -> object:
    """Return options that can be read more than once: what an iterator yields is kept."""
    if isinstance(value, Iterator):
        return tuple(cast("Iterator[object]", value))
    if has_items(value):
        # Options keep their place beside a name, whatever the mapping is made of.
        try:
            pairs = [*cast("SupportsItems[object, object]", value).items()]
            return {name: materialize(option) for name, option in pairs}
        except (TypeError, ValueError):  # no pairs: told where the option is read
            return value
    return value


def config_source(config: Mapping[str, object], problems: Problems) -> OptionSource:
    """Return what a framework's configuration says: its `CORS_*` keys.

    Keys that are no option are the app's own business, unless they are nearly one, or were meant to
    say who is let in. The latter are judged with what results (`resolve_view`,
    `resolve_resources`): an error where no origins are given at all.
    """
    given: dict[str, object] = {}
    misnamed: list[MisnamedKey] = []
    for key, value in config.items():
        name = str(key)  # a configuration is a dict, whose keys are not always text
        option = name.removeprefix(CONFIG_PREFIX).lower()
        if not name.startswith(CONFIG_PREFIX):
            continue
        if name.isupper() and option in (*OPTIONS, "headers"):
            given[option] = value
        elif is_meant_to_restrict(option, value):
            misnamed.append(MisnamedKey(name, "origins", value, restricts=True))
        elif (meant := meant_option(option, OPTIONS)) is not None:
            misnamed.append(MisnamedKey(name, meant, value, restricts=False))
    for found in misnamed:
        if nearest_option(found.key, OPTIONS):
            _warn_of_key(found, problems)
    return OptionSource(given, CONFIG_PREFIX, misnamed=tuple(misnamed))


def _warn_of_key(key: MisnamedKey, problems: Problems) -> None:
    problems.warning(
        "key-unknown",
        key.key.removeprefix(CONFIG_PREFIX).lower(),
        key.value,
        f"{key.key} is no key of Flask-CORS and has no effect. Write CORS_{key.meant.upper()}, "
        "or give your own key a name that is less near",
    )


# What results -------------------------------------------------------------------------------------


def _option(read: Callable[[OptionValue], T], default: T) -> T:
    """Declare an option of `Settings`: how its value is read, and its default."""
    return field(default=default, metadata={"read": read})


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

    def name(self, option: str) -> str:
        """Return how `option` is written where it was given."""
        return self.sources.get(option, _NOWHERE).name(option)

    def written(self, option: str, value: str, beside: str = "") -> str:
        """Return how `option` is given a value in its place, or in that of the one `beside`."""
        source = self.sources.get(option) or self.sources.get(beside, _NOWHERE)
        return source.assignment(option, value)


_NOWHERE = OptionSource(_NOTHING)


_READERS: Mapping[str, Callable[[OptionValue], object]] = {
    name: declared.metadata["read"]
    for name, declared in Settings.__dataclass_fields__.items()
    if declared.metadata
}


class _Merged:
    """The options of several places, of which the later win over the earlier."""

    def __init__(self, before: "_Merged | None" = None) -> None:
        self.values: dict[str, object] = dict(before.values) if before else {}
        self.sources: dict[str, OptionSource] = dict(before.sources) if before else {}
        self.misnamed: tuple[MisnamedKey, ...] = before.misnamed if before else ()

    def add(self, source: OptionSource, allowed: AbstractSet[str], problems: Problems) -> None:
        """Read what stands in one place, but for `resources`.

        What is wrong is noted in `problems` and read as what allows the least.
        """
        place = source.without_values()
        self.misnamed += source.misnamed
        for option, value in source.options.items():
            if option == "headers":
                _note_historic(source, value, problems)
            elif option not in allowed:
                self._add_unknown(source, option, value, allowed, problems)
            elif option != "resources" and (value is not None or option == "origins"):
                read = _READERS[option]
                written = OptionValue(option, source.name(option), value, problems)
                self.values[option], self.sources[option] = read(written), place

    def _add_unknown(
        self,
        source: OptionSource,
        name: object,
        value: object,
        allowed: AbstractSet[str],
        problems: Problems,
    ) -> None:
        """Note a name that is no option, and take its value for that of the one that was meant.

        So what is told beside it is what will be left when the name is mended.
        """
        meant = meant_option(str(name), allowed) or ""
        text = _about_an_unknown(source, name, meant, allowed)
        is_read_once = hasattr(value, "__next__")
        if meant in _READERS and meant not in source.options and not is_read_once:
            found = Problems()
            read = _READERS[meant](OptionValue(meant, source.name(meant), value, found))
            self.values[meant], self.sources[meant] = read, source.without_values()
            if found.errors and value is not None:
                text += f" And then, {found.errors[0].message}"
        problems.error("option-unknown", str(name), value, text)

    def settings(self, label: str, problems: Problems, *, complete: bool) -> Settings:
        """Return the settings that result; note what contradicts itself.

        Where options are still to come, origins that are not given contradict nothing yet.
        """
        values = self.values if complete else {"origins": OriginRules(), **self.values}
        sources = MappingProxyType(self.sources)
        result = Settings(**values, sources=sources)  # type: ignore[arg-type]  # each reader returns its field's type
        if "origins" not in sources and complete:
            for key in self.misnamed:
                _note_misnamed(key, problems)
        _validate(result, label, problems)
        return result


def _note_misnamed(key: MisnamedKey, problems: Problems) -> None:
    if not key.restricts:
        _warn_of_key(key, problems)
        return
    # The threat: an app that is open to all against its author's will.
    value = safe_repr(key.value)
    instead = value if isinstance(key.value, (str, *LISTS)) and key.value else "[...]"
    problems.error(
        "origin-key",
        "origins",
        key.value,
        f"{key.key} = {value} restricts nothing: it is no key of Flask-CORS, and no origins are "
        "given elsewhere, so every website could read the responses. "
        f"Write CORS_ORIGINS = {instead}",
    )


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
            own = _Merged(merged)
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
        written = result.written("expose_headers", "'*'")
        instead = result.written("expose_headers", "['X-Total']")
        problems.warning(
            "expose-wildcard",
            "expose_headers",
            "*",
            f"{place}{written} has no effect together with supports_credentials: "
            f"browsers then read '*' as a name. List the headers: {instead}",
        )
    if result.allow_private_network:
        written = result.written("allow_private_network", "True")
        problems.warning(
            "private-network",
            "allow_private_network",
            result.allow_private_network,
            f"{place}{written} has no effect: browsers replaced the header by a "
            "permission that the user gives. Leave it out",
        )


def _validate_credentials(result: Settings, place: str, problems: Problems) -> None:
    origins = result.origins
    written = result.written("supports_credentials", "True")
    if origins.any:
        listed = result.written("origins", "['https://app.example']", beside="supports_credentials")
        problems.error(
            "credentials-wildcard",
            "supports_credentials",
            result.supports_credentials,
            f"{place}{written} needs its origins by name: with '*' (also the default) every "
            "website could act with the cookies of whoever is logged in, and browsers refuse it. "
            f"List them: {listed}; or take {written} out, if no cookies are used",
        )
    if "null" in origins.exact:
        problems.error(
            "credentials-null",
            "origins",
            "null",
            f"{place}{result.written('origins', safe_repr('null'))} together with {written} would "
            "let any page in a sandboxed frame act with the user's cookies. Take 'null' out, or "
            f"leave {written} out, if no cookies are used",
        )
    _warn_of_credentials(origins, f"{place}{result.name('origins')}", problems)


def _warn_of_credentials(origins: OriginRules, place: str, problems: Problems) -> None:
    """Note origins that credentials are allowed to, and that are not only whose they seem to be."""
    everyone = sorted(filter(_is_anyones, origins.wildcards))
    everyone += [regex.pattern for regex in origins.wide_regexes]
    for written in everyone:
        problems.warning(
            "credentials-anyone",
            "origins",
            written,
            f"{place}: {safe_repr(written)} covers hosts that anyone can have: every website there "
            "could act with the cookies of whoever is logged in. List those that are yours: "
            "['https://app.example']",
        )
    for origin in sorted(origins.exact | origins.wildcards):
        if origin.startswith("http://") and not (
            origin in everyone or is_loopback(_host_of(origin))
        ):
            secure = re.sub("^http", "https", origin)
            problems.warning(
                "credentials-insecure",
                "origins",
                origin,
                f"{place}: {safe_repr(origin)} is allowed with credentials and is not "
                "encrypted: whoever is on the network can be that origin. "
                f"Write {safe_repr(re.sub(_EVERY_HOST, 'https://app.example', secure))}",
            )


_EVERY_HOST = r"https://\*(?=:|$)"


def _host_of(origin: str) -> str:
    return re.sub(r":(?:[0-9]+|\*)$", "", origin.partition("://")[2])


def _is_anyones(pattern: str) -> bool:
    """Return whether an origin pattern covers hosts that anyone can register."""
    host = _host_of(pattern)
    web = pattern.startswith(("https://", "http://"))
    return web and (host == "*" or (host.startswith("*.") and is_shared_suffix(host[2:])))


# Names that are no option ------------------------------------------------------------------------


def _about_an_unknown(
    source: OptionSource, name: object, meant: str, allowed: AbstractSet[str]
) -> str:
    if meant:
        remedy = f"Did you mean {source.name(meant)}?"
    elif name in OPTIONS:
        remedy = f"{name} is an option of CORS(app): write it there, or take it out"
    else:
        remedy = f"The options are {', '.join(sorted(allowed))}"
    written = source.prefix + (name if isinstance(name, str) else safe_repr(name))
    return f"{written} is no option. {remedy}"


def _note_historic(source: OptionSource, value: object, problems: Problems) -> None:
    problems.warning(
        "option-historic",
        "headers",
        value,
        f"{source.name('headers')} has had no effect since flask-cors 2. "
        f"Write {source.name('allow_headers')}, or take it out",
    )
