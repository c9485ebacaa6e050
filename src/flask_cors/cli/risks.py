"""Risks in the settings of a policy that `flask cors check` reports in addition to set-up.

Pure functions over compiled settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from .._advice import in_python
from ..core import Problem, Settings
from ..core.errors import safe_repr
from ..core.origin_patterns import compile_text
from ..core.origins import parse_origin
from ..core.sites import is_shared_suffix, registrable_domain, shared_suffixes_in
from .matching_texts import WORD, attacks_on

LONGEST_MAX_AGE = 86_400  # seconds, in Firefox; Chromium caches for 7,200 at most, WebKit for 600

# The parts of a regular expression: an escape, a character class, the start of a group, a
# quantifier, or a character.
_PART = re.compile(
    r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|\(\?(?:P?<\w+>|<?[=!]|[a-zA-Z-]*[:)])|(?:[*+?]|\{\d*,?\d*\})[?+]?|.",
    re.DOTALL,
)
# A host, or the start of one, within a regular expression; its dots may be escaped.
_HOST_IN_REGEX = re.compile(r"[a-z0-9-]+(?:\\?\.[a-z0-9-]+)*", re.IGNORECASE)
_PORT_IN_REGEX = re.compile(r":(\d{2,5})")


def settings_findings(settings: Settings, place: str) -> Iterator[Problem]:
    """Return the findings about some settings; `place` names where they were written."""
    for pattern in sorted(settings.origins.wildcards):
        yield from _wildcard_findings(pattern, place)
    for regex in settings.origins.regexes:
        where = f"{place}: origins: the regular expression {in_python(regex.pattern)}"
        yield from _regex_findings(regex, where)
    if settings.max_age is not None and settings.max_age > LONGEST_MAX_AGE:
        yield Problem(
            "max-age-cap",
            "max_age",
            settings.max_age,
            f"{place}: max_age={settings.max_age} is longer than any browser caches a preflight "
            "(Firefox 86400, Chromium 7200, Safari 600 seconds). Write "
            f"max_age={LONGEST_MAX_AGE} or less",
        )


def _wildcard_findings(pattern: str, place: str) -> Iterator[Problem]:
    host = re.sub(r":[0-9*]+$", "", pattern.partition("://")[2])
    suffix = host.removeprefix("*.")
    if host != suffix and is_shared_suffix(suffix):
        yield Problem(
            "origin-public-suffix",
            "origins",
            pattern,
            f"{place}: origins: {safe_repr(pattern)} covers hosts that anyone can register. "
            f"Write your own hosts only: {safe_repr(pattern.replace('*', 'my-app', 1))}",
        )


def _regex_findings(regex: re.Pattern[str], where: str) -> Iterator[Problem]:
    parts = _PART.findall(regex.pattern)
    if not any(map(_may_match_a_colon, parts, [*parts[1:], ""])):
        yield Problem(
            "regex-scheme",
            "origins",
            regex.pattern,
            f"{where} has no scheme, so it matches no origin: it has to match a whole origin. "
            f"Write {in_python('https://' + regex.pattern.removeprefix('^'))}",
        )
        return
    escaped = "".join(_with_dots_escaped(parts))
    if escaped != regex.pattern:
        yield Problem(
            "regex-dot",
            "origins",
            regex.pattern,
            f"{where} has a dot that is not escaped, which matches any character. "
            f"Write {in_python(escaped)}",
        )
    lookalikes = chain(_lookalikes(parts), _of_strangers(regex))
    lookalike = next(filter(regex.fullmatch, lookalikes), None)
    if lookalike is not None:
        yield Problem(
            "regex-lookalike",
            "origins",
            regex.pattern,
            f"{where} also allows {lookalike}, which anyone can register. Write your own hosts "
            "only, or an origin pattern like 'https://*.example.com'",
        )


def _may_match_a_colon(part: str, following: str) -> bool:
    if part == ".":  # a single character cannot match "://"
        return following[:1] in {"*", "+", "{"}
    return part in {":", "\\:", "\\D", "\\S", "\\W"} or (
        part.startswith("[") and compile_text(part).search(":") is not None
    )


def _with_dots_escaped(parts: list[str]) -> Iterator[str]:
    """Yield the parts of an expression, with the dots between two names escaped."""
    for index, part in enumerate(parts):
        before = next(filter(_is_significant, parts[:index][::-1]), "/")
        after = next(filter(_is_significant, parts[index + 1 :]), "/")
        repeated = index + 1 < len(parts) and parts[index + 1][0] in "*+?{"
        bare = part == "." and not repeated and _is_of_a_name(before) and _is_of_a_name(after)
        yield "\\." if bare else part


def _is_significant(part: str) -> bool:
    """Return whether a part matches a character: it is no group, alternative or quantifier."""
    return part[0] not in "()|*+?{^$"


def _is_of_a_name(part: str) -> bool:
    return part in {"\\d", "\\w", "\\-", "-"} or part[0] == "[" or part.isalnum()


def _lookalikes(parts: list[str]) -> Iterator[str]:
    """Yield origins that look like the intended ones, but that an attacker could register."""
    text = "".join("[]" if part.startswith("[") else part for part in parts)
    names = {name.replace("\\", "").lower() for name in _HOST_IN_REGEX.findall(text)}
    ports = ["", ":8080", *(f":{port}" for port in sorted(set(_PORT_IN_REGEX.findall(text))))]
    for host in ["evil.test", *(host for name in sorted(names) for host in _hosts_like(name))]:
        for port in ports:
            yield f"https://{host}{port}"
            yield f"http://{host}{port}"


def _of_strangers(regex: re.Pattern[str]) -> Iterator[str]:
    """Yield origins that anyone can register and that an expression may match."""
    texts = [f"{WORD}.{suffix}" for suffix in shared_suffixes_in(regex.pattern)]
    for text in [*texts, *attacks_on(regex)]:
        authority = text.rpartition("://")[2]
        for origin in (f"https://{authority}", f"http://{authority}"):
            parts = parse_origin(origin)
            if parts is not None and _is_of_strangers(parts.host):
                yield origin


def _is_of_strangers(host: str) -> bool:
    """Return whether anyone can register a host with the attacker's word."""
    if f"{WORD}.test" in host:
        return host.endswith(f"{WORD}.test")
    label, _, suffix = registrable_domain(host).partition(".")
    # On some platforms, only the owner of a name gets hosts with `--` and the name.
    return WORD in label and "--" not in label and bool(suffix) and is_shared_suffix(suffix)


def _hosts_like(name: str) -> Iterator[str]:
    """Yield hosts that look like a name or are below it, but that an attacker could register."""
    yield f"{name}.evil.test"
    yield f"www.{name}.evil.test"
    if "." in name and not name.startswith("--"):
        yield from (f"evil{name}", f"evil-{name}", f"x{name}")
    if is_shared_suffix(name) and "." in name:
        yield f"evil.{name}"
