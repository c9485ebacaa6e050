"""Field names, methods and lists of them: the token grammar, parsed within a budget.

Nothing that is not a token (RFC 9110, section 5.6.2) leaves this module.
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
"""The names of all fields of a request that a policy reads."""

ALL_METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"]

FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})  # Fetch, section 2.2.1
NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})  # the same

# Fetch, "forbidden request-header" (https://fetch.spec.whatwg.org/#forbidden-request-header).
_FORBIDDEN_NAMES = frozenset(
    """
    accept-charset accept-encoding access-control-request-headers access-control-request-method
    access-control-request-private-network connection content-length cookie cookie2 date dnt expect
    host keep-alive origin referer set-cookie te trailer transfer-encoding upgrade via
    """.split()  # noqa: SIM905  (one a line would be twenty lines)
)
UNREADABLE_NAMES = frozenset({"set-cookie", "set-cookie2"})  # "forbidden response-header name"

# The budget of Access-Control-Request-Headers. Browsers send what a script names, a handful;
# beyond it the header check fails rather than costs.
MAX_LIST_LENGTH = 8 * 1024
MAX_LIST_NAMES = 128
MAX_LIST_EMPTY = 16
MAX_NAME_LENGTH = 256  # of a method, and of a name that a glob is tried on
MAX_MATCHED_LENGTH = 64  # of a name that a regular expression is tried on

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REGEX_SYNTAX = re.compile(r"[\\^$\[\]()?|]|\.\*")


def is_token(text: str) -> bool:
    """Return whether `text` is a token, the grammar of methods and field names."""
    return _TOKEN.fullmatch(text) is not None


def is_forbidden_name(name: str) -> bool:
    """Return whether no script may set the request header `name`."""
    name = name.lower()
    return name in _FORBIDDEN_NAMES or name.startswith(("proxy-", "sec-"))


def has_regex_syntax(text: str) -> bool:
    r"""Return whether a pattern is a regular expression: it has `\ ^ $ [ ] ( ) ? |` or `.*`."""
    return _REGEX_SYNTAX.search(text) is not None


def normalize_method(method: str) -> str:
    """Return `method` as a browser sends it (Fetch, "normalize a method")."""
    if method in NORMALIZED_METHODS:
        return method
    upper = method.upper()
    return upper if upper in NORMALIZED_METHODS and method.isascii() else method


def parse_names(value: str) -> list[str] | None:
    """Return the elements of a comma-separated list, or `None` if it is beyond the budget.

    Elements are stripped of blanks; empty ones, which RFC 9110 (section 5.6.1.2) asks a recipient
    to bear in a reasonable number, are dropped. What is returned may still be no token.
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

    Leftmost first is enough, so the time is linear; a regular expression with several `.*` would
    backtrack.
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
    """The field names that a policy allows: names, and patterns for the rest."""

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
        """Return whether the field `name` is allowed; what is no token never is."""
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
