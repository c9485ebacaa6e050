"""Merging of the header fields of a decision with those of a response, shared by all adapters."""

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
"""Names in lower case. For a response that already has one of these, adding lines is not enough."""

ORDINARY_FIELDS = frozenset(
    """
    Allow Cache-Control Connection Content-Disposition Content-Encoding Content-Language
    Content-Length Content-Security-Policy Content-Type Date ETag Expires Last-Modified Link
    Location Server Set-Cookie Strict-Transport-Security X-Content-Type-Options X-Frame-Options
    """.split()  # noqa: SIM905  (one name per line would take twenty lines)
)
"""Common field names that have nothing to do with CORS, in their usual spelling. A look-up here is
faster than converting a name to lower case."""


def merge(present: Sequence[Field], lines: Lines, *, anyone: bool = False) -> list[Field]:
    """Return the fields of a response together with those of a decision.

    If the response already has an Allow-Origin, nothing is changed, not even `Vary`. Any other
    field that the response already has keeps its value. `Vary` becomes one line: where there are
    several, nginx up to 1.22 uses only the last one to tell cached responses apart.

    Args:
        present: the fields of the response.
        lines: the fields of the decision, `Vary` last.
        anyone: whether the policy allows any website.
    """
    vary = None
    for index, (name, _) in enumerate(present):
        if name in ORDINARY_FIELDS:
            continue
        if name == VARY and vary is None:
            vary = index
        elif name.lower() in MERGED_FIELDS:
            return _merge_all_cases(present, lines, anyone=anyone)
    if vary is None:
        return [*present, *lines]
    before, own = present[vary][1], lines[-1:]
    # The usual case, without parsing the list: `Vary` has other names, and needs only `Origin`.
    is_plain = before and before == before.strip(" ,") and "*" not in before
    if own == _VARY_ORIGIN and is_plain and "origin" not in before.lower():
        others = [*present[:vary], *present[vary + 1 :], *lines[:-1]]
        return [*others, (VARY, f"{before}, Origin")]
    return _merge_all_cases(present, lines, anyone=anyone)


_VARY_ORIGIN = ((VARY, "Origin"),)


def _merge_all_cases(present: Sequence[Field], lines: Lines, *, anyone: bool) -> list[Field]:
    names = {name.lower() for name, _ in present}
    if ACL_ORIGIN.lower() in names:
        return [*present]
    own = dict(lines)
    # The threat: a policy that allows any origin echoes the request's. If a view or hook sends
    # Allow-Credentials on its own, every website could act with the user's cookies. With `*`,
    # browsers block requests with credentials (https://fetch.spec.whatwg.org/#concept-cors-check).
    if anyone and ACL_ORIGIN in own and ACL_CREDENTIALS.lower() in names - {*map(str.lower, own)}:
        own[ACL_ORIGIN] = "*"
    merged = [*present]
    for name, value in own.items():
        if name == VARY:
            merged = _with_vary(merged, value)
        # Browsers join lines of one name. Two lines `true` would become `true, true`, which fails
        # the CORS check; two lists of exposed names become one longer list.
        elif name == ACL_EXPOSE_HEADERS or name.lower() not in names:
            merged.append((name, value))
    return merged


def _with_vary(present: list[Field], vary: str) -> list[Field]:
    """Return the fields of a response, with the names in `vary` added to its `Vary`."""
    lines = _vary_lines(present)
    before = [value for value in lines if value.strip()]
    varies = {element.strip().lower() for value in before for element in value.split(",")}
    missing = [name for name in vary.split(", ") if name.lower() not in varies]
    is_complete = "*" in varies or not missing
    if is_complete and len(lines) == 1:
        return present
    joined = "*" if "*" in varies else ", ".join([*before, *missing])
    others = [field for field in present if field[0].lower() != "vary"]
    return [*others, (VARY, joined)]


def _vary_lines(fields: Iterable[Field]) -> list[str]:
    return [value for name, value in fields if name.lower() == "vary"]


def changed(present: Sequence[Field], merged: Sequence[Field]) -> list[Field]:
    """Return the fields that `merge` added to `present`, changed, or joined from several lines."""
    before = {*present}
    is_joined = len(_vary_lines(merged)) < len(_vary_lines(present))
    return [field for field in merged if field not in before or (is_joined and field[0] == VARY)]
