"""The names and types of the options, as users write them, with a docstring under each.

Editors show the docstrings, and the reference page of the options is generated from them.
`validation` reads the values, and `settings` merges the options of several places.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Literal, Protocol, TypeAlias, TypedDict, TypeVar, Union

if sys.version_info >= (3, 11):
    from typing import Unpack as Unpack
else:
    from typing_extensions import Unpack as Unpack

K_co = TypeVar("K_co", covariant=True)
V_co = TypeVar("V_co", covariant=True)


class SupportsItems(Protocol[K_co, V_co]):
    """A mapping of which only `items` is used. Unlike `Mapping`, it is covariant in its key."""

    def items(self) -> AbstractSet[tuple[K_co, V_co]]:
        """Return the pairs."""
        ...


Pattern: TypeAlias = Union[str, "re.Pattern[str]"]
OriginPredicate: TypeAlias = Callable[[str], Union[bool, Awaitable[bool]]]
"""A function that returns whether an origin is allowed, or an awaitable of that."""
Origin: TypeAlias = Union[Pattern, OriginPredicate]
Origins: TypeAlias = Union[Origin, Iterable[Origin]]
Methods: TypeAlias = Union[str, Iterable[str]]
Headers: TypeAlias = Union[Pattern, Iterable[Pattern]]
MaxAge: TypeAlias = Union[int, float, str, timedelta]
Switch: TypeAlias = Union[bool, Literal[0, 1], str]


class CrossOriginOptions(TypedDict, total=False):
    """The options of one policy: those of `cross_origin`.

    `None` means "not given", except for `origins`, where it is an error.
    """

    origins: Origins
    """The websites whose scripts may read responses. A string such as `"https://app.example"`, a
    pattern such as `"https://*.example.com"`, a regular expression, a callable that takes the
    origin and returns `True` to allow it (it may be `async`), or a list of these; a string is
    split at its commas. `"*"` allows everyone, `[]` nobody. Default: `"*"`."""
    methods: Methods | None
    """The request methods that a preflight allows. A list or a comma-separated string; `"*"` allows
    any, `[]` none. Default: GET, HEAD, POST, OPTIONS, PUT, PATCH and DELETE."""
    allow_headers: Headers | None
    """The request headers that scripts may set. Names, globs such as `"X-*"`, regular expressions,
    or a list of these; a string is split at its commas. Default: `"*"`, any."""
    expose_headers: Methods | None
    """The response headers that scripts may read, in addition to the few that they always may. A
    list or a comma-separated string. Default: none."""
    supports_credentials: bool | None
    """Whether requests may include cookies and HTTP authentication. This needs a list of `origins`:
    if every origin were allowed, any website could act as the user who is logged in. Default:
    `False`."""
    max_age: MaxAge | None
    """How long browsers may cache the answer to a preflight. Seconds as a number or a string of
    digits, or a `timedelta`; with `0` they ask each time. Default: not sent, and browsers cache
    it for 5 seconds."""
    send_wildcard: bool | None
    """Whether to send `*` instead of the request's origin if any origin is allowed. Default:
    `False`."""
    vary_header: bool | None
    """Whether `Vary` names the request headers that a response depends on. Shared caches need this.
    Default: `True`."""
    allow_private_network: bool | None
    """Whether a preflight that asks for access to a private network is granted it. Browsers
    replaced this header with a permission that the user gives, so the option has no effect today.
    Default: `False`."""
    always_send: bool | None
    """Whether requests without an `Origin` header get the headers too, if one value is right for
    everyone. Default: `True`."""
    automatic_options: bool | None
    """Whether preflights are answered automatically. With `False` the view or the app answers them,
    and the headers are added to its answer. Default: `True`."""


class ResourceOptions(CrossOriginOptions, total=False):
    """The options of one resource: a value in the `resources` mapping."""

    intercept_exceptions: bool | None
    """Whether the 500 response to an uncaught exception gets the headers too, so that scripts can
    read its status. Only the Flask extension has this option. Default: `True`."""


Resources: TypeAlias = Union[
    Pattern,
    Sequence[Pattern],
    AbstractSet[Pattern],
    SupportsItems[Pattern, ResourceOptions],
]


class MiddlewareOptions(CrossOriginOptions, total=False):
    """The options of the ASGI and WSGI middleware: those of `CORS` without the ones of Flask."""

    resources: Resources | None
    """The paths that other origins may access. A path, a pattern such as `"/api/*"`, a regular
    expression, a list of these, or a mapping from each to its own options:
    `{"/api/*": {"origins": "https://app.example"}}`. Default: `"/*"`, all."""


class CORSOptions(MiddlewareOptions, ResourceOptions, total=False):
    """The options of an app or a blueprint: those of `CORS`."""


class CORSConfig(TypedDict, total=False):
    """The keys of `app.config` that are read. An environment may provide each as a string.

    `None` means "not given", except for `CORS_ORIGINS`, where it is an error.
    """

    CORS_ORIGINS: Origins
    """The websites whose scripts may read responses: see `origins`. In an environment, a
    comma-separated string: `https://app.example,https://admin.example`. Default: `"*"`."""
    CORS_METHODS: Methods | None
    """The request methods that a preflight allows: see `methods`. A list or a comma-separated
    string, `GET,PUT`. Default: GET, HEAD, POST, OPTIONS, PUT, PATCH and DELETE."""
    CORS_ALLOW_HEADERS: Headers | None
    """The request headers that scripts may set: see `allow_headers`. A list or a comma-separated
    string of names and globs, `Content-Type,X-*`. Default: `"*"`, any."""
    CORS_EXPOSE_HEADERS: Methods | None
    """The response headers that scripts may read: see `expose_headers`. A list or a comma-separated
    string. Default: none."""
    CORS_SUPPORTS_CREDENTIALS: Switch | None
    """Whether requests may include cookies and HTTP authentication: see `supports_credentials`. A
    boolean, or a string such as `true` or `no`. Default: `False`."""
    CORS_MAX_AGE: MaxAge | None
    """How many seconds browsers may cache the answer to a preflight: see `max_age`. A number, a
    string of digits or a `timedelta`. Default: not sent."""
    CORS_SEND_WILDCARD: Switch | None
    """Whether to send `*` if any origin is allowed: see `send_wildcard`. A boolean, or a string
    such as `true` or `no`. Default: `False`."""
    CORS_VARY_HEADER: Switch | None
    """Whether `Vary` names what a response depends on: see `vary_header`. A boolean, or a string
    such as `true` or `no`. Default: `True`."""
    CORS_ALLOW_PRIVATE_NETWORK: Switch | None
    """Without effect in today's browsers: see `allow_private_network`. A boolean, or a string such
    as `true` or `no`. Default: `False`."""
    CORS_ALWAYS_SEND: Switch | None
    """Whether requests without an `Origin` header get the headers too: see `always_send`. A
    boolean, or a string such as `true` or `no`. Default: `True`."""
    CORS_AUTOMATIC_OPTIONS: Switch | None
    """Whether preflights are answered automatically: see `automatic_options`. A boolean, or a
    string such as `true` or `no`. Default: `True`."""
    CORS_INTERCEPT_EXCEPTIONS: Switch | None
    """Whether the 500 response to an uncaught exception gets the headers too: see
    `intercept_exceptions`. A boolean, or a string such as `true` or `no`. Default: `True`."""
    CORS_RESOURCES: Resources | None
    """The paths that other origins may access: see `resources`. A pattern, a comma-separated string
    of patterns, a list, or a mapping from each to its own options. Default: `"/*"`, all."""


CROSS_ORIGIN_OPTIONS: frozenset[str] = CrossOriginOptions.__optional_keys__
RESOURCE_OPTIONS: frozenset[str] = ResourceOptions.__optional_keys__
MIDDLEWARE_OPTIONS: frozenset[str] = MiddlewareOptions.__optional_keys__
OPTIONS: frozenset[str] = CORSOptions.__optional_keys__
