"""A line of a browser's console about CORS, read for what it says of the request."""

from __future__ import annotations

import re
from typing import NamedTuple

_TARGETS = (
    # Chrome, Edge. After a redirect it names where that led to, and in parentheses where it began.
    r"Access to .+? at '[^']*' \(redirected from '(?P<url>[^']+)'\) from origin",
    r"Access to .+? at '(?P<url>[^']+)' from origin",
    # Firefox, whatever the words around are.
    r"(?P<url>https?://\S+?)[.\u3002]?\s*\((?:Reason|[^()]{2,30}):",
    # Safari, and Chrome as it was
    r"cannot load (?P<url>https?://\S+?)(?:\.? due to|\. |\.?$)",
    # whatever names one
    r"(?P<url>https?://[^\s'\"<>()]+/[^\s'\"<>()]*?)[.,;:]?(?=[\s'\"<>()]|$)",
)
_ORIGIN = re.compile(r"[Oo]rigin '?(?P<origin>null|[a-z][a-z0-9+.-]*://[^\s'\"/]+)")
_METHOD = (
    r"Method (?P<method>[!#$%&*+.^_`|~\w-]+) is not allowed by Access-Control-Allow-Methods",
)
_HEADER = (
    r"Request header field (?P<header>[!#$%&*+.^_`|~\w-]+) is not allowed by",
    r"header \W(?P<header>[!#$%&*+.^_`|~\w-]+)\W is not allowed according to header",
)
_PREFLIGHT = re.compile(
    r"preflight|did not find method in CORS header|Access-Control-Allow-(?:Methods|Headers)",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(
    r"credentials mode is 'include'|Credential is not supported|Access-Control-Allow-Credentials"
    r"|credentials flag is true",
    re.IGNORECASE,
)


class ConsoleLine(NamedTuple):
    """What a line of a console says about the request that was refused."""

    url: str = ""
    """empty where the line names none"""
    origin: str = ""
    """of the page; Firefox and Safari leave it out"""
    method: str = ""
    header: str = ""
    """the name of a header that was refused"""
    preflighted: bool = False
    """whether a preflight was sent"""
    credentials: bool = False
    """whether the request was made with credentials"""


def looks_like_a_console(text: str) -> bool:
    """Return whether an argument is a line of a console rather than a path or a URL."""
    return bool(re.search(r"\s", text.strip())) and "://" in text


def read_console(text: str) -> ConsoleLine:
    """Return what a line of a console says, as far as it can be told."""
    text = " ".join(text.split())
    origin = _ORIGIN.search(text)
    return ConsoleLine(
        _found("url", _TARGETS, text),
        origin["origin"].rstrip(".") if origin else "",
        _found("method", _METHOD, text),
        _found("header", _HEADER, text),
        _PREFLIGHT.search(text) is not None,
        _CREDENTIALS.search(text) is not None,
    )


def _found(name: str, patterns: tuple[str, ...], text: str) -> str:
    matches = (re.search(pattern, text) for pattern in patterns)
    return next((match[name] for match in matches if match), "")
