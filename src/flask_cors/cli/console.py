"""CORS errors in a browser's console, parsed for the request that they report."""

from __future__ import annotations

import re
from typing import NamedTuple

_IN_URL = "[^\\s'\"<>()\u00ab\u00bb\u2018-\u201f]"  # no quotes, brackets or spaces
_NAME = "[!#$%&*+.^_`|~0-9A-Za-z-]+"
_TARGETS = (
    # Mixed content: Chrome, Safari, Firefox. The first URL in the line is that of the page.
    r"requested an insecure [^']+'(?P<url>[^']+)'",
    r"requested insecure content from (?P<url>\S+?)(?:\. |\.?$)",
    r"mixed (?:\w+ )*content \W(?P<url>https?://[^\s'\"\u201d\u2019]+)",
    # Chrome, Edge. After a redirect, the URL that the script fetched stands in parentheses.
    r"Access to .+? at '[^']*' \(redirected from '(?P<url>[^']+)'\) from origin",
    r"Access to .+? at '(?P<url>[^']+)' from origin",
    # Firefox, in any language.
    r"(?P<url>https?://\S+?)[.\u3002]?\s*\((?:Reason|[^()]{2,30}):",
    # Safari, and older versions of Chrome
    r"cannot load (?P<url>https?://\S+?)(?:\.? due to|\. |\.?$)",
    # any other line with a URL
    rf"(?P<url>https?://{_IN_URL}+/{_IN_URL}*?)[.,;:]?(?!{_IN_URL})",
)
_ORIGIN = re.compile(
    r"(?:[Oo]rigin|[Tt]he page at) '?(?P<origin>null|[a-z][a-z0-9+.-]*://[^\s'\"/]+)"
)
_METHOD = (rf"Method (?P<method>{_NAME}) is not allowed by Access-Control-Allow-Methods",)
_HEADER = (
    rf"Request header field (?P<header>{_NAME}) is not allowed by",
    rf"header \W(?P<header>{_NAME})\W is not allowed according to header",
)
_PREFLIGHT = re.compile(
    r"preflight|did not find method in CORS header|Access-Control-Allow-(?:Methods|Headers)",
    re.IGNORECASE,
)
_CHECK = re.compile("Access-Control-Allow-(?:Origin|Methods|Headers)", re.IGNORECASE)
_CREDENTIALS = re.compile(
    r"credentials mode is 'include'|Credential is not supported|Access-Control-Allow-Credentials"
    r"|credentials flag is true",
    re.IGNORECASE,
)


class ConsoleLine(NamedTuple):
    """The facts about a blocked request that a line of a console contains."""

    url: str = ""
    """empty if the line names no URL"""
    origin: str = ""
    """the origin of the page; Firefox and Safari do not name it"""
    method: str = ""
    header: str = ""
    """the name of a header that was not allowed"""
    preflighted: bool = False
    """whether a preflight was sent"""
    credentials: bool = False
    """whether the request was made with credentials"""
    check: str = ""
    """the header that failed the check: Access-Control-Allow-Origin, -Methods or -Headers"""


def looks_like_a_console(text: str) -> bool:
    """Return whether an argument is a line of a console, not a path or a URL."""
    return bool(re.search(r"\s", text.strip())) and "://" in text


def read_console(text: str) -> ConsoleLine:
    """Return the facts that a line of a console contains."""
    text = " ".join(text.split())
    origin, check = _ORIGIN.search(text), _CHECK.search(text)
    return ConsoleLine(
        _found("url", _TARGETS, text),
        origin["origin"].rstrip(".") if origin else "",
        _found("method", _METHOD, text),
        _found("header", _HEADER, text),
        _PREFLIGHT.search(text) is not None,
        _CREDENTIALS.search(text) is not None,
        check[0].title() if check else "",
    )


def _found(name: str, patterns: tuple[str, ...], text: str) -> str:
    matches = (re.search(pattern, text) for pattern in patterns)
    return next((match[name] for match in matches if match), "")
