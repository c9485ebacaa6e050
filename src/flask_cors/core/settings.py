"""The options of one policy, read from several places and merged, and checks for contradictions."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, TypeVar, cast

from .errors import LISTS, Problems, safe_repr
from .headers import ALL_METHODS, HeaderRules, MethodRules
from .option_names import holds_paths, is_meant_to_restrict, meant_option, nearest_option
from .options import CROSS_ORIGIN_OPTIONS, OPTIONS, RESOURCE_OPTIONS, SupportsItems
from .origins import OriginRules
from .resource_patterns import read_path, read_resources
from .resources import PathPattern
from .sites import is_loopback, is_shared_suffix
from .validation import (
    OptionValue,
    covers_shared_suffix,
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
    """A configuration key of another library, or one that is similar to a key of this library."""

    key: str
    meant: str
    """the option that was probably meant"""
    value: object
    restricts: bool
    """whether it was probably meant to restrict the origins"""


class OptionSource(NamedTuple):
    """A place where options are written, with the options written there."""

    options: Mapping[str, object]
    prefix: str = ""
    """what precedes an option's name there: `CORS_` or `resources['/api/*'].`"""
    place: str = ""
    """the file and line, `app.py, line 12`, if known"""
    misnamed: tuple[MisnamedKey, ...] = ()

    def name(self, option: str) -> str:
        """Return the name of `option` as it is written in this place."""
        return self.prefix + (option.upper() if self.prefix == CONFIG_PREFIX else option)

    def assignment(self, option: str, value: str) -> str:
        """Return the code that sets `option` to `value` in this place."""
        if self.prefix == CONFIG_PREFIX:
            return f"{self.name(option)} = {value}"
        return f"'{option}': {value}" if self.prefix else f"{option}={value}"

    def without_values(self) -> "OptionSource":
        """Return the same place without its options, so that they are not kept in memory."""
        return OptionSource(_NOTHING, self.prefix, self.place)


_NOTHING: Mapping[str, object] = MappingProxyType({})


def materialize(value: object) -> object:
    """Return options that can be read more than once, by replacing iterators with tuples."""
    if isinstance(value, Iterator):
        return tuple(cast("Iterator[object]", value))
    if has_items(value):
        with suppress(TypeError, ValueError):  # not pairs: reported when the option is read
            pairs = [*cast("SupportsItems[object, object]", value).items()]
            return {name: materialize(option) for name, option in pairs}
    return value


def config_source(config: Mapping[str, object], problems: Problems) -> OptionSource:
    """Return the options in a framework's configuration: its `CORS_*` keys.

    Unknown keys are ignored, unless they are similar to an option or were probably meant to
    restrict the origins. The latter are an error if no origins are set anywhere else, which
    `resolve_view` and `resolve_resources` find out.
    """
    given: dict[str, object] = {}
    misnamed: list[MisnamedKey] = []
    for key, value in [*config.items()]:  # a copy: another thread may add a key meanwhile
        name = str(key)  # the keys of a configuration need not be strings
        option = name.removeprefix(CONFIG_PREFIX).lower()
        if not name.startswith(CONFIG_PREFIX):
            continue
        if name.isupper() and option in (*OPTIONS, "headers"):
            given[option] = value
            continue
        meant = meant_option(option, OPTIONS)
        if is_meant_to_restrict(option, value, meant):
            meant = "resources" if holds_paths(value) else "origins"
            misnamed.append(MisnamedKey(name, meant, value, restricts=True))
        elif meant is not None:
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
        f"{key.key} is not a key of Flask-CORS and has no effect. Write CORS_{key.meant.upper()}, "
        "or, if the key is your own, give it a less similar name",
    )


# The merged options -------------------------------------------------------------------------------


def _option(read: Callable[[OptionValue], T], default: T) -> T:
    """Declare an option of `Settings`: the function that reads its value, and its default."""
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
    """for each option that was given, the place where it is written, without its value"""

    def name(self, option: str) -> str:
        """Return the name of `option` as it is written where it was given."""
        return self.sources.get(option, _NOWHERE).name(option)

    def assignment(self, option: str, value: str, near: str = "") -> str:
        """Return the code that sets `option` where it was given, or else where `near` was."""
        source = self.sources.get(option) or self.sources.get(near, _NOWHERE)
        return source.assignment(option, value)


_NOWHERE = OptionSource(_NOTHING)


_READERS: Mapping[str, Callable[[OptionValue], object]] = {
    name: declared.metadata["read"]
    for name, declared in Settings.__dataclass_fields__.items()
    if declared.metadata
}


class _Merged:
    """The options of several places; those added later override those added earlier."""

    def __init__(self, before: "_Merged | None" = None) -> None:
        self.values: dict[str, object] = dict(before.values) if before else {}
        self.sources: dict[str, OptionSource] = dict(before.sources) if before else {}
        self.misnamed: tuple[MisnamedKey, ...] = before.misnamed if before else ()

    def add(self, source: OptionSource, allowed: AbstractSet[str], problems: Problems) -> None:
        """Read the options of one place, except `resources`.

        Mistakes are recorded in `problems`; a wrong value counts as the most restrictive one.
        """
        place = source.without_values()
        self.misnamed += source.misnamed
        for option, value in source.options.items():
            if option == "headers":
                _warn_of_headers(source, value, problems)
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
        """Record an unknown name, and use its value for the option that was probably meant.

        So the other problems reported are those that will remain once the name is corrected.
        """
        meant = meant_option(str(name), allowed) or ""
        text = _unknown_option_message(source, name, meant, allowed)
        if meant in _READERS and meant not in source.options:
            found = Problems()
            read = _READERS[meant](OptionValue(meant, source.name(meant), value, found))
            self.values[meant], self.sources[meant] = read, source.without_values()
            if found.errors and value is not None:
                text += f" Also, {found.errors[0].message}"
        problems.error("option-unknown", str(name), value, text)

    def settings(self, label: str, problems: Problems, *, complete: bool) -> Settings:
        """Return the merged settings, and record options that contradict each other.

        If they are not `complete`, the origins may still be added, so missing ones are no mistake.
        """
        values = self.values if complete else {"origins": OriginRules(), **self.values}
        sources = MappingProxyType(self.sources)
        result = Settings(**values, sources=sources)  # type: ignore[arg-type]  # each reader returns its field's type
        if "origins" not in sources:
            for key in self.misnamed:
                _report_misnamed(key, problems)
        _validate(result, label, problems)
        return result


def _report_misnamed(key: MisnamedKey, problems: Problems) -> None:
    if not key.restricts:
        _warn_of_key(key, problems)
        return
    # The threat: the author believes that the origins are restricted, but every origin is allowed.
    problems.error(
        "origin-key",
        "origins",
        key.value,
        f"{key.key} = {safe_repr(key.value)} restricts nothing: it is not a key of Flask-CORS, and "
        "no origins are set anywhere else, so every website could read the responses. "
        f"Write CORS_{key.meant.upper()} = {_accepted_value(key)}; or, if every website may read "
        "them, CORS_ORIGINS = '*'",
    )


def _accepted_value(key: MisnamedKey) -> str:
    """Return the value of a misnamed key if the option accepts it, else an example."""
    if isinstance(key.value, (str, Mapping, *LISTS)) and key.value:
        found = Problems()
        resolve_resources([OptionSource({key.meant: key.value}, CONFIG_PREFIX)], found)
        if not found.errors:
            return safe_repr(key.value)
    example = "['https://app.example']"
    return example if key.meant == "origins" else f"{{'/*': {{'origins': {example}}}}}"


def resolve_view(
    sources: Iterable[OptionSource], problems: Problems, *, complete: bool = True
) -> Settings:
    """Return the settings of one view, merged from options in several places, the weakest first.

    Errors and warnings are recorded in `problems`; nothing is raised.

    Args:
        sources: the options of the configuration, and those of the view.
        problems: where to record errors and warnings.
        complete: whether these are all the sources; if not, missing origins are not checked.
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

    `allowed` has the names of the options that are accepted.
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
        path = read_path(resources._replace(name=label, value=pattern), resources.value)
        if path is not None:
            own = _Merged(merged)
            source = OptionSource(options, f"{label}.", place)
            own.add(source, allowed & RESOURCE_OPTIONS, problems)
            label = f"{label}: " if options else ""
            resolved.append((path, own.settings(label, problems, complete=complete)))
    return resolved


# Contradictions between options -------------------------------------------------------------------


def _validate(result: Settings, place: str, problems: Problems) -> None:
    """Record contradictions between options, and combinations without effect or with a risk."""
    if result.supports_credentials:
        _validate_credentials(result, place, problems)
    if result.supports_credentials and "*" in result.expose_headers:
        written = result.assignment("expose_headers", "'*'")
        instead = result.assignment("expose_headers", "['X-Total']")
        problems.warning(
            "expose-wildcard",
            "expose_headers",
            "*",
            f"{place}{written} has no effect together with supports_credentials: "
            f"browsers then take '*' for the name of a header. List the headers: {instead}",
        )
    if result.allow_private_network:
        written = result.assignment("allow_private_network", "True")
        problems.warning(
            "private-network",
            "allow_private_network",
            result.allow_private_network,
            f"{place}{written} has no effect: browsers replaced the header with a "
            "permission that the user gives. Remove it",
        )


def _validate_credentials(result: Settings, place: str, problems: Problems) -> None:
    origins = result.origins
    written = result.assignment("supports_credentials", "True")
    if origins.any:
        listed = result.assignment(
            "origins", "['https://app.example']", near="supports_credentials"
        )
        problems.error(
            "credentials-wildcard",
            "supports_credentials",
            result.supports_credentials,
            f"{place}{written} needs a list of origins: with '*' (also the default) every website "
            "could act as the user who is logged in, so browsers do not allow it. "
            f"List the origins: {listed}; or remove {written} if no cookies are used",
        )
    if "null" in origins.exact:
        problems.error(
            "credentials-null",
            "origins",
            "null",
            f"{place}{result.assignment('origins', safe_repr('null'))} together with {written} "
            "would let any page in a sandboxed frame act as the user who is logged in. "
            f"Remove 'null', or remove {written} if no cookies are used",
        )
    _warn_of_credentials(origins, f"{place}{result.name('origins')}", problems)


def _warn_of_credentials(origins: OriginRules, place: str, problems: Problems) -> None:
    """Warn of origins that are allowed with credentials, but that other people can use as well."""
    everyone = sorted(filter(_is_anyones, origins.wildcards))
    everyone += [
        regex.pattern
        for regex in origins.regexes
        if regex in origins.wide_regexes or covers_shared_suffix(regex)
    ]
    for written in everyone:
        problems.warning(
            "credentials-anyone",
            "origins",
            written,
            f"{place}: {safe_repr(written)} covers hosts that anyone can get: every website there "
            "could act as the user who is logged in. List only your own origins: "
            "['https://app.example']",
        )
    for origin in sorted(origins.exact | origins.wildcards):
        if origin.startswith("http://") and not (
            origin in everyone or is_loopback(_host_of(origin))
        ):
            secure = "https" + origin.removeprefix("http")
            problems.warning(
                "credentials-insecure",
                "origins",
                origin,
                f"{place}: {safe_repr(origin)} is allowed with credentials but is not "
                "encrypted: anyone on the network can pretend to be that origin. "
                f"Write {safe_repr(secure)}",
            )


def _host_of(origin: str) -> str:
    return re.sub(r":(?:[0-9]+|\*)$", "", origin.partition("://")[2])


def _is_anyones(pattern: str) -> bool:
    """Return whether an origin pattern covers hosts that anyone can register."""
    host = _host_of(pattern)
    web = pattern.startswith(("https://", "http://"))
    return web and (host == "*" or (host.startswith("*.") and is_shared_suffix(host[2:])))


# Unknown options ----------------------------------------------------------------------------------


def _unknown_option_message(
    source: OptionSource, name: object, meant: str, allowed: AbstractSet[str]
) -> str:
    if meant:
        remedy = f"Did you mean {source.name(meant)}?"
    elif name == "resources" and source.prefix:
        remedy = "Write each path as a key of its own, beside that of this resource, or remove it"
    elif name in OPTIONS:
        remedy = f"{name} is an option of CORS(app): write it there, or remove it"
    else:
        remedy = f"The options are {', '.join(sorted(allowed))}"
    written = source.prefix + (name if isinstance(name, str) else safe_repr(name))
    return f"{written} is not an option. {remedy}"


def _warn_of_headers(source: OptionSource, value: object, problems: Problems) -> None:
    problems.warning(
        "option-historic",
        "headers",
        value,
        f"{source.name('headers')} has had no effect since flask-cors 2. "
        f"Write {source.name('allow_headers')}, or remove it",
    )
