"""What is doubtful about a policy beyond what set-up says: the risks that `flask cors check` names.

Pure functions over compiled settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import perf_counter

from .core import Problem, Settings
from .core.errors import Code, shown
from .core.origins import MAX_ORIGIN_LENGTH, OriginRules

SLOW = 0.02  # seconds
LONGEST_MAX_AGE = 86_400  # Firefox; Chromium remembers 7,200 seconds, WebKit 600

# Under these anyone can have a host. The registries' own suffixes are the hosts of one label; the
# whole list (https://publicsuffix.org) changes weekly and is not for a library to carry.
SHARED_SUFFIXES = frozenset(
    """
    ac.uk amazonaws.com azurestaticapps.net azurewebsites.net blogspot.com cloudfront.net co.jp
    co.kr co.nz co.uk co.za com.au com.br com.cn com.mx com.tr deno.dev firebaseapp.com fly.dev
    github.io gitlab.io glitch.me herokuapp.com netlify.app ngrok.app ngrok.io ngrok-free.app
    onrender.com org.uk pages.dev railway.app repl.co replit.app run.app surge.sh vercel.app
    web.app workers.dev
    """.split()  # noqa: SIM905  (one a line would be forty lines)
)

# A host name within a regular expression, its dots escaped or not.
_HOST_IN_REGEX = re.compile(r"[a-z0-9-]+(?:\\?\.[a-z0-9-]+)+", re.IGNORECASE)
_BARE_DOT = re.compile(r"(?<=[\w-])\.(?=[\w-])")


def settings_findings(settings: Settings, place: str) -> Iterator[Problem]:
    """Return the findings about the settings of one place, which `place` names for a person."""
    yield from origin_findings(settings.origins, place)
    if settings.max_age is not None and settings.max_age > LONGEST_MAX_AGE:
        yield Problem(
            "max-age-cap",
            "max_age",
            settings.max_age,
            f"{place}: max_age={settings.max_age} is more than any browser remembers (Firefox "
            f"86400, Chromium 7200, Safari 600 seconds). Write max_age={LONGEST_MAX_AGE} or less",
        )


def origin_findings(rules: OriginRules, place: str) -> Iterator[Problem]:
    """Return the findings about origins: patterns that let in more than was meant."""
    for pattern in sorted(rules.wildcards):
        suffix = re.sub(r":[0-9*]+$", "", pattern.partition("://")[2]).removeprefix("*.")
        if "*." in pattern and ("." not in suffix or suffix in SHARED_SUFFIXES):
            if suffix == "localhost":
                continue
            yield _origin(
                "origin-public-suffix",
                pattern,
                f"{place}: origins: {shown(pattern)} covers hosts that anyone can have, for "
                f"{suffix} is a public suffix. Write the hosts that are yours: "
                f"{shown(pattern.replace('*', 'my-app', 1))}",
            )
    for regex in rules.regexes:
        yield from _regex_findings(regex, place)


def _regex_findings(regex: re.Pattern[str], place: str) -> Iterator[Problem]:
    where = f"{place}: origins: the regular expression {shown(regex.pattern)}"
    if backtracks(regex):
        yield _origin(
            "regex-backtracking",
            regex.pattern,
            f"{where} takes some origins a time that doubles with each letter. Write an "
            "origin pattern like 'https://*.example.com', or repeat once: [a-z0-9-]+",
        )
        return  # to try origins on it would take that time
    hosts = sorted(set(_HOST_IN_REGEX.findall(regex.pattern)))
    for host in hosts:
        if _BARE_DOT.search(host):
            escaped = _BARE_DOT.sub(r"\\.", host)
            yield _origin(
                "regex-dot",
                regex.pattern,
                f"{where} has a dot that is not escaped, which stands for any character: {host}. "
                rf"Write {escaped}",
            )
    lookalike = next(
        (origin for host in hosts for origin in _lookalikes(host) if regex.fullmatch(origin)), None
    )
    if lookalike is None and not hosts and regex.fullmatch("https://evil.test"):
        lookalike = "https://evil.test"
    if lookalike is not None:
        yield _origin(
            "regex-lookalike",
            regex.pattern,
            f"{where} also lets in {lookalike}, which anyone can register. Write an origin "
            r"pattern like 'https://*.example.com', or end labels with an escaped dot: "
            r"'https://([a-z0-9-]+\.)?example\.com'",
        )


def _lookalikes(host: str) -> Iterator[str]:
    """Return origins that look like those of `host` and can be anyone's."""
    name = host.replace("\\", "").lower()
    for scheme in ("https", "http"):
        for other in (f"evil{name}", f"evil-{name}", f"{name}.evil.test", "evil.test"):
            yield f"{scheme}://{other}"


def backtracks(regex: re.Pattern[str]) -> bool:
    """Return whether some origin takes a regular expression far longer than its length explains.

    Tried, not told from its text: on origins that start as it demands and then repeat, a little
    longer each time, until one takes more than `SLOW` seconds. An ordinary one takes microseconds.
    """
    text = regex.pattern.removeprefix("^").replace("s?:", "s:")
    literal = re.match(r"(?:\\[./-]|[\w:/-])*", text)
    start = literal[0].replace("\\", "") if literal else ""
    start = start if "://" in start else "https://"
    for unit in ("a", "0", "a.", "a-", "aa", "a1"):
        for tail in ("", ":1", "_", "a.test"):
            length = 8
            while length * len(unit) < MAX_ORIGIN_LENGTH:
                began = perf_counter()
                regex.fullmatch(start + unit * length + tail)
                if perf_counter() - began > SLOW:
                    return True
                length += 1 + length // 8
    return False


def _origin(code: Code, value: object, message: str) -> Problem:
    return Problem(code, "origins", value, message)
