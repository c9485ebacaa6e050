"""Names that are not options, and the options that were probably meant."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from types import MappingProxyType
from typing import cast

from .errors import LISTS
from .origin_patterns import ANY_SPELLINGS

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


def nearest_option(name: str, allowed: Iterable[str]) -> str | None:
    """Return the option whose name is most similar to `name`, if one is similar enough."""
    near = get_close_matches(_bare(name), sorted(allowed), 1, 0.8)
    return near[0] if near else None


def meant_option(name: str, allowed: AbstractSet[str]) -> str | None:
    """Return the option that was probably meant by `name`, if any."""
    alias = _ALIASES.get(_bare(name))
    return nearest_option(name, allowed) or (alias if alias in allowed else None)


def _bare(name: str) -> str:
    return name.lower().removeprefix("cors_")


_ORIGIN_WORDS = frozenset(
    "whitelist allowlist whitelisted allowlisted domain domains".split()  # noqa: SIM905  (one line)
)
_PERMISSION_WORDS = frozenset("allow allowed accept accepted permitted trusted valid".split())  # noqa: SIM905  (one line)
_HOST_WORDS = frozenset("host hosts url urls site sites client clients referer referers".split())  # noqa: SIM905  (one line)
_UNRELATED_LAST_WORDS = frozenset("cache count debug file header log logging name path".split())  # noqa: SIM905  (one line)


def is_meant_to_restrict(option: str, value: object) -> bool:
    """Return whether an unknown key was meant to restrict the origins, not to allow all of them.

    Args:
        option: the key, in lower case and without its prefix.
        value: what it is set to.
    """
    words = option.split("_")
    if words[-1] in _UNRELATED_LAST_WORDS:
        return False
    names_origins = any(
        word in _ORIGIN_WORDS or get_close_matches(word, ("origins",), 1, 0.8) for word in words
    )
    names_hosts = _PERMISSION_WORDS.intersection(words) and _HOST_WORDS.intersection(words)
    if not (names_origins or names_hosts):
        return False
    if isinstance(value, (int, float)):  # a bool too, as in `CORS_ALLOW_ALL_ORIGINS = False`
        return "all" in words and not value
    items = cast("Iterable[object]", value) if isinstance(value, LISTS) else (value,)
    return not any(isinstance(item, str) and item.strip() in ANY_SPELLINGS for item in items)
