"""Names that are no option, and what was meant by them."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import cast

from .errors import LISTS
from .origin_patterns import ANY_SPELLINGS

# What other libraries call an option, and the slips of the pen that a measure of likeness misses.
_MEANT: Mapping[str, str] = MappingProxyType(
    {
        "allow_credentials": "supports_credentials",
        "allowed_headers": "allow_headers",
        "allowed_methods": "methods",
        "allowed_origin": "origins",
        "allowed_origins": "origins",
        "allow_methods": "methods",
        "allow_origin": "origins",
        "allow_origin_regex": "origins",
        "allow_origins": "origins",
        "credentials": "supports_credentials",
        "exposed_headers": "expose_headers",
        "origin_whitelist": "origins",
        "path": "resources",
        "paths": "resources",
        "whitelist": "origins",
    }
)


def nearest_option(name: str, allowed: Iterable[str]) -> str | None:
    """Return the option that `name` is nearly."""
    near = get_close_matches(_bare(name), sorted(allowed), 1, 0.8)
    return near[0] if near else None


def meant_option(name: str, allowed: Iterable[str]) -> str | None:
    """Return the option that was probably meant by `name`."""
    allowed = frozenset(allowed)
    alias = _MEANT.get(_bare(name))
    return nearest_option(name, allowed) or (alias if alias in allowed else None)


def _bare(name: str) -> str:
    return name.lower().removeprefix("cors_")


_WHO = frozenset(
    "origin origins whitelist allowlist whitelisted allowlisted domain domains".split()  # noqa: SIM905  (a line)
)
_PERMISSION = frozenset("allow allowed accept accepted permitted trusted valid".split())  # noqa: SIM905  (a line)
_PLACE = frozenset("host hosts url urls site sites client clients referer referers".split())  # noqa: SIM905  (a line)
_ABOUT_SOMETHING_ELSE = frozenset("cache count debug file header log logging name path".split())  # noqa: SIM905  (a line)


def is_meant_to_restrict(option: str, value: object) -> bool:
    """Return whether a key that is no option was to say who is let in, and not that all are.

    Args:
        option: the key, in lower case and without its prefix.
        value: what it is set to.
    """
    words = option.split("_")
    if words[-1] in _ABOUT_SOMETHING_ELSE:
        return False
    says_who = any(word in _WHO or get_close_matches(word, ("origins",), 1, 0.8) for word in words)
    if not says_who and not (_PERMISSION.intersection(words) and _PLACE.intersection(words)):
        return False
    if isinstance(value, (bool, int, float)):  # of a key like `ALLOW_ALL_ORIGINS`
        return "all" in words and not value
    items = cast("Iterable[object]", value) if isinstance(value, LISTS) else (value,)
    return not any(isinstance(item, str) and item.strip() in ANY_SPELLINGS for item in items)
