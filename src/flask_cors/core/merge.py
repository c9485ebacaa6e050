"""The fields of a decision joined to those of a response: written once, for every adapter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from .headers import (
    ACL_ALLOW_HEADERS,
    ACL_CREDENTIALS,
    ACL_EXPOSE_HEADERS,
    ACL_MAX_AGE,
    ACL_METHODS,
    ACL_ORIGIN,
    ACL_RESPONSE_PRIVATE_NETWORK,
)

Field: TypeAlias = tuple[str, str]
Lines: TypeAlias = tuple[Field, ...]

VARY = "Vary"

RESPONSE_FIELDS = (
    VARY,
    ACL_ORIGIN,
    ACL_CREDENTIALS,
    ACL_METHODS,
    ACL_ALLOW_HEADERS,
    ACL_EXPOSE_HEADERS,
    ACL_MAX_AGE,
    ACL_RESPONSE_PRIVATE_NETWORK,
)
"""The names of all fields that a decision may add to a response."""

MERGED_FIELDS = frozenset(name.lower() for name in RESPONSE_FIELDS if name != ACL_EXPOSE_HEADERS)
"""Names, in lower case: a response that has one of these already is merged with care."""

ORDINARY_FIELDS = frozenset(
    """
    Allow Cache-Control Connection Content-Disposition Content-Encoding Content-Language
    Content-Length Content-Security-Policy Content-Type Date ETag Expires Last-Modified Link
    Location Server Set-Cookie Strict-Transport-Security X-Content-Type-Options X-Frame-Options
    """.split()  # noqa: SIM905  (one a line would be twenty lines)
)
"""Names as they are mostly spelled, which have nothing to do with CORS: to find one here takes
less than to write it in lower case."""


def merge(present: Sequence[Field], lines: Lines, *, anyone: bool = False) -> list[Field]:
    """Return the fields of a response together with those that a decision adds to it.

    A response that has an Allow-Origin already is left as it is, `Vary` included. Any other field
    that it brings by itself keeps its value. `Vary` becomes one line: nginx, up to 1.22, keeps
    cached responses apart by the last line alone where there are several.

    Args:
        present: the fields of the response.
        lines: those of the decision, `Vary` last.
        anyone: whether the policy lets any website in.
    """
    vary = None
    for index, (name, _) in enumerate(present):
        if name in ORDINARY_FIELDS:
            continue
        if name == VARY and vary is None:
            vary = index
        elif name.lower() in MERGED_FIELDS:
            return _merge_with_care(present, lines, anyone=anyone)
    if vary is None:
        return [*present, *lines]
    before, own = present[vary][1], lines[-1:]
    # What most often stands in `Vary`: names, of which none is the one that is to be added.
    is_plain = before and before == before.strip(" ,") and "*" not in before
    if own == _VARY_ORIGIN and is_plain and "origin" not in before.lower():
        others = [*present[:vary], *present[vary + 1 :], *lines[:-1]]
        return [*others, (VARY, f"{before}, Origin")]
    return _merge_with_care(present, lines, anyone=anyone)


_VARY_ORIGIN = ((VARY, "Origin"),)


def _merge_with_care(present: Sequence[Field], lines: Lines, *, anyone: bool) -> list[Field]:
    names = {name.lower() for name, _ in present}
    if ACL_ORIGIN.lower() in names:
        return [*present]
    own = dict(lines)
    # The threat: a policy that allows any origin echoes it, and a view or hook that sends
    # Allow-Credentials by itself would then let every website act with the user's cookies. Browsers
    # refuse the two together where Allow-Origin is `*` (Fetch, "CORS check").
    if anyone and ACL_ORIGIN in own and ACL_CREDENTIALS.lower() in names - {*map(str.lower, own)}:
        own[ACL_ORIGIN] = "*"
    merged = [*present]
    for name, value in own.items():
        if name == VARY:
            merged = _with_vary(merged, value)
        # Twice `true` reads `true, true`, which fails the check; lists of exposed names add up.
        elif name == ACL_EXPOSE_HEADERS or name.lower() not in names:
            merged.append((name, value))
    return merged


def _with_vary(present: list[Field], vary: str) -> list[Field]:
    """Return the fields of a response, its `Vary` naming what that of a decision does, too."""
    before = [value for name, value in present if name.lower() == "vary" and value.strip()]
    varies = {element.strip().lower() for value in before for element in value.split(",")}
    missing = [name for name in vary.split(", ") if name.lower() not in varies]
    if "*" in varies or not missing:
        return present
    others = [field for field in present if field[0].lower() != "vary"]
    return [*others, (VARY, ", ".join([*before, *missing]))]


def changed(present: Iterable[Field], merged: Iterable[Field]) -> list[Field]:
    """Return what `merge` has added to `present`, or put in the place of what was there."""
    before = {*present}
    return [field for field in merged if field not in before]
