"""Names that are not options, and the options that were probably meant."""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import cast

from .errors import LISTS
from .origin_patterns import ANY_SPELLINGS, OriginError, read_origin
from .validation import is_text_pattern, switch_of

# Names that other libraries use, and misspellings that `get_close_matches` does not find.
_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "allow_credentials": "supports_credentials",
        "allowed_methods": "methods",
        "allowed_origin": "origins",
        "allowed_origins": "origins",
        "allow_methods": "methods",
        "allow_origin": "origins",
        "allow_origin_regex": "origins",
        "allow_origins": "origins",
        "credentials": "supports_credentials",
        "origin_whitelist": "origins",
        "path": "resources",
        "paths": "resources",
        "whitelist": "origins",
    }
)


def _nearest(name: str, names: list[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415  (rarely needed, and slow to import)

    return next(iter(get_close_matches(name, names, 1, 0.81)), None)


def nearest_option(name: str, allowed: Iterable[str]) -> str | None:
    """Return the option whose name is most similar to `name`, if one is similar enough."""
    return _nearest(_bare(name), sorted(allowed))


def meant_option(name: str, allowed: AbstractSet[str]) -> str | None:
    """Return the option that was probably meant by `name`, if any."""
    alias = _ALIASES.get(_bare(name))
    return nearest_option(name, allowed) or (alias if alias in allowed else None)


def _bare(name: str) -> str:
    return name.lower().removeprefix("cors_")


_ORIGIN_WORDS = frozenset(
    "whitelist allowlist safelist whitelisted allowlisted safelisted domain domains".split()  # noqa: SIM905  (one line)
)
_PERMISSION_WORDS = frozenset("allow allowed accept accepted permitted trusted valid".split())  # noqa: SIM905  (one line)
_HOST_WORDS = frozenset("host hosts url urls site sites client clients referer referers".split())  # noqa: SIM905  (one line)
_UNRELATED_LAST_WORDS = frozenset("cache count debug file header log logging name path".split())  # noqa: SIM905  (one line)
# Last words of a key for the address of something that the app uses, such as `CORS_DOCS_URL`.
_ADDRESS_WORDS = frozenset(
    "url uri endpoint server service proxy gateway address webhook link docs page".split()  # noqa: SIM905  (one line)
)
_PAGE_WORDS = frozenset("client frontend website ui spa".split())  # noqa: SIM905  (one line)


def is_meant_to_restrict(option: str, value: object, meant: str | None) -> bool:
    """Return whether an unknown key was meant to restrict the origins, not to allow all of them.

    Its name says so, or its value: an origin or several, whatever the name is.

    Args:
        option: the key, in lower case and without its prefix.
        value: what it is set to.
        meant: the option that was probably meant, judged by its name alone.
    """
    words = option.replace("_list", "list").split("_")
    if words[-1] in _UNRELATED_LAST_WORDS:
        return False
    named = _names_origins(words)
    switch = switch_of(value)
    is_number = (
        value.strip().isdecimal() if isinstance(value, str) else isinstance(value, (int, float))
    )
    if is_number or switch is not None:  # as in `ALLOW_ALL_ORIGINS = False`
        return named and "all" in words and not (value if switch is None else switch)
    items = cast("Iterable[object]", value) if isinstance(value, LISTS) else (value,)
    if any(isinstance(item, str) and item.strip() in ANY_SPELLINGS for item in items):
        return False
    if named or meant not in (None, "origins", "resources"):
        return named
    if isinstance(value, str) and (meant == "resources" or _names_an_address(words, value)):
        return False
    return _holds_an_origin(value)


def _names_origins(words: list[str]) -> bool:
    return bool(
        any(word in _ORIGIN_WORDS or _nearest(word, ["origins"]) for word in words)
        or (_PERMISSION_WORDS.intersection(words) and _HOST_WORDS.intersection(words))
    )


def _names_an_address(words: list[str], value: str) -> bool:
    is_one = words not in (["url"], ["uri"]) and "," not in value
    return is_one and words[-1] in _ADDRESS_WORDS and not _PAGE_WORDS.intersection(words)


_MAX_DEPTH = 4  # `{'/*': {'origins': ['https://app.example']}}`, and one more


def _holds_an_origin(value: object, depth: int = _MAX_DEPTH) -> bool:
    """Return whether a value is an origin of websites, or has one in a list or mapping."""
    if isinstance(value, str):
        return any(map(_is_web_origin, value.split(",")))
    if is_text_pattern(value):
        return _is_web_origin(value.pattern)
    inner: Iterable[object] = ()
    if isinstance(value, Mapping):
        inner = cast("Mapping[object, object]", value).values()
    elif isinstance(value, LISTS):
        inner = cast("Iterable[object]", value)
    return depth > 0 and any(_holds_an_origin(item, depth - 1) for item in inner)


def _is_web_origin(text: str) -> bool:
    text = text.strip()
    if "://" not in text or not re.match(r"(?i)[\^(?:]*http", text):
        return False
    try:
        read_origin(text)
    except OriginError:  # a URL with a path, for example
        return False
    return True


def holds_paths(value: object) -> bool:
    """Return whether a value is a mapping from paths, as `resources` is."""
    return isinstance(value, Mapping) and any(
        isinstance(key, str) and key.lstrip("^").startswith("/")
        for key in cast("Mapping[object, object]", value)
    )
