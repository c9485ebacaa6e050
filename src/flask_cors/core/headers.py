"""Methods, field names and lists of them, parsed within limits.

Methods and field names are tokens (RFC 9110, section 5.6.2). The rules here allow nothing else.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

ACL_ORIGIN = "Access-Control-Allow-Origin"
ACL_METHODS = "Access-Control-Allow-Methods"
ACL_ALLOW_HEADERS = "Access-Control-Allow-Headers"
ACL_EXPOSE_HEADERS = "Access-Control-Expose-Headers"
ACL_CREDENTIALS = "Access-Control-Allow-Credentials"
ACL_MAX_AGE = "Access-Control-Max-Age"
ACL_RESPONSE_PRIVATE_NETWORK = "Access-Control-Allow-Private-Network"

ACL_REQUEST_METHOD = "Access-Control-Request-Method"
ACL_REQUEST_HEADERS = "Access-Control-Request-Headers"
ACL_REQUEST_HEADER_PRIVATE_NETWORK = "Access-Control-Request-Private-Network"

REQUEST_FIELDS = (
    "Origin",
    ACL_REQUEST_METHOD,
    ACL_REQUEST_HEADERS,
    ACL_REQUEST_HEADER_PRIVATE_NETWORK,
)
"""The names of all request header fields that a policy reads."""

ALL_METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"]

FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
"""Methods that no script may use (https://fetch.spec.whatwg.org/#forbidden-method)."""
NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
"""Methods that browsers put in upper case (https://fetch.spec.whatwg.org/#concept-method-normalize)."""

# https://fetch.spec.whatwg.org/#forbidden-request-header
_FORBIDDEN_NAMES = frozenset(
    """
    accept-charset accept-encoding access-control-request-headers access-control-request-method
    access-control-request-private-network connection content-length cookie cookie2 date dnt expect
    host keep-alive origin referer set-cookie te trailer transfer-encoding upgrade via
    """.split()  # noqa: SIM905  (one name per line would take twenty lines)
)
# https://fetch.spec.whatwg.org/#forbidden-response-header-name
UNREADABLE_NAMES = frozenset({"set-cookie", "set-cookie2"})

# Limits on Access-Control-Request-Headers. Browsers list the few names that a script sets. Any
# other client could make long lists cost time; beyond the limits, the header check just fails.
MAX_LIST_LENGTH = 8 * 1024
MAX_LIST_NAMES = 128
MAX_LIST_EMPTY = 16
MAX_NAME_LENGTH = 256  # of a method, and of a field name that is compared with globs
MAX_MATCHED_LENGTH = 64  # of a field name that is compared with regular expressions

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REGEX_SYNTAX = re.compile(r"[\\^$\[\]()?|]|\.\*")


def is_token(text: str) -> bool:
    """Return whether `text` is a token, as methods and field names must be."""
    return _TOKEN.fullmatch(text) is not None


def is_forbidden_name(name: str) -> bool:
    """Return whether scripts are forbidden to set the request header `name`."""
    name = name.lower()
    return name in _FORBIDDEN_NAMES or name.startswith(("proxy-", "sec-"))


def has_regex_syntax(text: str) -> bool:
    r"""Return whether a pattern is a regular expression: it has `\ ^ $ [ ] ( ) ? |` or `.*`."""
    return _REGEX_SYNTAX.search(text) is not None


def normalize_method(method: str) -> str:
    """Return `method` as a browser sends it.

    https://fetch.spec.whatwg.org/#concept-method-normalize
    """
    if method in NORMALIZED_METHODS:
        return method
    upper = method.upper()
    return upper if upper in NORMALIZED_METHODS and method.isascii() else method


def parse_names(value: str) -> list[str] | None:
    """Return the elements of a comma-separated list, or `None` if it exceeds a limit.

    Blanks around elements are stripped. Empty elements are dropped: RFC 9110 (section 5.6.1.2) asks
    recipients to accept a reasonable number of them. The elements returned need not be tokens.
    """
    if len(value) > MAX_LIST_LENGTH or value.count(",") >= MAX_LIST_NAMES + MAX_LIST_EMPTY:
        return None
    elements = [element.strip(" \t") for element in value.split(",")] if value else []
    names = [element for element in elements if element]
    if len(names) > MAX_LIST_NAMES or len(elements) - len(names) > MAX_LIST_EMPTY:
        return None
    return names


def matches_glob(glob: str, text: str) -> bool:
    """Return whether `text` matches `glob`, in which each `*` stands for any characters.

    Taking the first match of each part is enough, so the time is linear. A regular expression with
    several `.*` would backtrack.
    """
    first, *rest = glob.split("*")
    if not rest:
        return text == glob
    if not text.startswith(first):
        return False
    last = rest.pop()
    position, end = len(first), len(text) - len(last)
    for part in rest:
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return position <= end and text.endswith(last)


class MethodRules(NamedTuple):
    """The methods that a policy allows."""

    any: bool = False
    names: frozenset[str] = frozenset()

    def allow(self, method: str) -> bool:
        """Return whether a normalized `method` is allowed; a forbidden one never is."""
        if self.any:
            short = len(method) <= MAX_NAME_LENGTH
            return short and is_token(method) and method.upper() not in FORBIDDEN_METHODS
        return method in self.names


class HeaderRules(NamedTuple):
    """The field names that a policy allows: exact names, globs and regular expressions."""

    any: bool = False
    names: frozenset[str] = frozenset()
    """in lower case"""
    globs: tuple[str, ...] = ()
    """in lower case"""
    regexes: tuple[re.Pattern[str], ...] = ()

    def allowed(self, names: Iterable[str]) -> list[str]:
        """Return those of `names` that are allowed."""
        if self.any:
            return [name for name in names if _TOKEN.fullmatch(name)]
        return [name for name in names if self.allow(name)]

    def allow(self, name: str) -> bool:
        """Return whether the field `name` is allowed; a name that is not a token never is."""
        if not is_token(name):
            return False
        lower = name.lower()
        if self.any or lower in self.names:
            return True
        if len(name) <= MAX_MATCHED_LENGTH and any(each.fullmatch(name) for each in self.regexes):
            return True
        return len(name) <= MAX_NAME_LENGTH and any(
            matches_glob(glob, lower) for glob in self.globs
        )
