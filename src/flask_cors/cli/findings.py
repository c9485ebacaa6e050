"""What is doubtful about a policy beyond what set-up says: the risks that `flask cors check` names.

Pure functions over compiled settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core import Problem, Settings
from ..core.errors import safe_repr
from ..core.sites import is_shared_suffix

LONGEST_MAX_AGE = 86_400  # Firefox; Chromium remembers 7,200 seconds, WebKit 600

_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]")  # of characters, in a regular expression
# A host name within a regular expression, its dots escaped or not.
_HOST_IN_REGEX = re.compile(r"[a-z0-9-]+(?:\\?\.[a-z0-9-]+)+", re.IGNORECASE)
_BARE_DOT = re.compile(r"(?<=[\w-])\.(?=[\w-])")


def in_python(pattern: str) -> str:
    """Return a regular expression as it is written in Python."""
    return "r" + safe_repr(pattern).replace(r"\\", "\\")


def settings_findings(settings: Settings, place: str) -> Iterator[Problem]:
    """Return the findings about the settings of one place, which `place` names for a person."""
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
            f"{place}: max_age={settings.max_age} is more than any browser remembers (Firefox "
            f"86400, Chromium 7200, Safari 600 seconds). Write max_age={LONGEST_MAX_AGE} or less",
        )


def _wildcard_findings(pattern: str, place: str) -> Iterator[Problem]:
    host = re.sub(r":[0-9*]+$", "", pattern.partition("://")[2])
    suffix = host.removeprefix("*.")
    if host != suffix and is_shared_suffix(suffix):
        yield Problem(
            "origin-public-suffix",
            "origins",
            pattern,
            f"{place}: origins: {safe_repr(pattern)} covers hosts that anyone can have. "
            f"Write those that are yours: {safe_repr(pattern.replace('*', 'my-app', 1))}",
        )


def _regex_findings(regex: re.Pattern[str], where: str) -> Iterator[Problem]:
    hosts = sorted(set(_HOST_IN_REGEX.findall(_CLASS.sub("[]", regex.pattern))))
    for host in filter(_BARE_DOT.search, hosts):
        escaped = _BARE_DOT.sub(r"\\.", host)
        yield Problem(
            "regex-dot",
            "origins",
            regex.pattern,
            f"{where} has a dot that is not escaped, which stands for any character: {host}. "
            f"Write {escaped}",
        )
    names = [host.replace("\\", "").lower() for host in hosts]
    others = [other for name in names for other in _lookalikes(name)] or ["evil.test"]
    origins = [f"{scheme}://{other}" for other in others for scheme in ("https", "http")]
    lookalike = next(filter(regex.fullmatch, origins), None)
    if lookalike is not None:
        yield Problem(
            "regex-lookalike",
            "origins",
            regex.pattern,
            f"{where} also lets in {lookalike}, which anyone can have. Write the hosts that are "
            "yours, or an origin pattern like 'https://*.example.com'",
        )


def _lookalikes(name: str) -> Iterator[str]:
    """Return hosts that look like `name`, or stand below it, and can be anyone's."""
    yield from (f"evil{name}", f"evil-{name}", "evil.test")
    yield from (f"{name}.evil.test", f"www.{name}.evil.test")
    if is_shared_suffix(name):
        yield f"evil.{name}"


def start_of(regex: re.Pattern[str], usual: str) -> str:
    """Return what a match of a regular expression starts with, as far as it is literal."""
    text = regex.pattern.removeprefix("^").replace("s?:", "s:")
    literal = re.match(r"(?:\\[./-]|[\w:/-])*", text)
    start = literal[0].replace("\\", "") if literal else ""
    return start if usual[-1:] in start else usual
