"""What `CORS` and the configuration have to accept. Checked, never run."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Flask
from typing_extensions import assert_type

import flask_cors
from flask_cors import (
    CORS,
    ConfigurationError,
    CORSConfig,
    CORSError,
    CORSOptions,
    CORSWarning,
    Problem,
    ResourceOptions,
)
from flask_cors.core import ACL_ORIGIN, ALL_METHODS

app = Flask(__name__)
blueprint = Blueprint("api", __name__)


def is_ours(origin: str) -> bool:
    return origin.endswith(".app.example")


async def is_ours_async(origin: str) -> bool:
    return is_ours(origin)


class Tenants:
    def __call__(self, origin: str) -> bool:
        return bool(origin)

    def allow(self, origin: str) -> bool:
        return bool(origin)


class AsyncTenants:
    async def __call__(self, origin: str) -> bool:
        return bool(origin)


def names() -> Iterator[str]:
    yield "https://app.example"


# Whom it is given to ----------------------------------------------------------------------------

assert_type(CORS(app), CORS)
assert_type(CORS(), CORS)
assert_type(CORS(None), CORS)
assert_type(CORS(blueprint), CORS)
assert_type(CORS(app=app), CORS)
assert_type(CORS(max_age=1).init_app(app), None)
assert_type(CORS().init_app(blueprint, origins="https://app.example"), None)
assert_type(flask_cors.__version__, str)

either: Flask | Blueprint = app
optional: Flask | None = app
CORS(either)
CORS(optional)
CORS().init_app(app=either)

# Each option in each shape ----------------------------------------------------------------------

CORS(app, origins="*")
CORS(app, origins="https://a.example, https://b.example")
CORS(app, origins=re.compile(r"https://.+\.example"))
CORS(app, origins=["https://a.example", re.compile("https://b.+"), is_ours, is_ours_async])
CORS(app, origins=("https://a.example", "https://b.example"))
CORS(app, origins={"https://a.example"})
CORS(app, origins=frozenset({"https://a.example"}))
CORS(app, origins=names())
CORS(app, origins=(name for name in ("https://a.example",)))
CORS(app, origins=[])
CORS(app, origins=is_ours)
CORS(app, origins=is_ours_async)
CORS(app, origins=[is_ours, is_ours_async])
CORS(app, origins=lambda origin: origin.startswith("https://"))
CORS(app, origins=Tenants())
CORS(app, origins=Tenants().allow)
CORS(app, origins=AsyncTenants())

strings: list[str] = ["https://a.example"]
patterns: list[re.Pattern[str]] = [re.compile("https://.+")]
mixed: list[str | re.Pattern[str]] = [*strings, *patterns]
CORS(app, origins=strings)
CORS(app, origins=patterns)
CORS(app, origins=mixed)

CORS(app, methods="GET, POST")
CORS(app, methods=["GET", "POST"])
CORS(app, methods={"GET"})
CORS(app, methods=ALL_METHODS)
CORS(app, methods=[])
CORS(app, methods=None)

CORS(app, allow_headers="Content-Type, X-*")
CORS(app, allow_headers=["Content-Type", re.compile("X-.*")])
CORS(app, allow_headers=re.compile("X-.*"))
CORS(app, allow_headers=strings)
CORS(app, allow_headers=patterns)
CORS(app, allow_headers=None)

CORS(app, expose_headers="X-Total")
CORS(app, expose_headers=("X-Total", "X-Page"))
CORS(app, expose_headers=None)

CORS(app, max_age=600)
CORS(app, max_age=0.5)
CORS(app, max_age="600")
CORS(app, max_age=timedelta(minutes=10))
CORS(app, max_age=None)

CORS(app, supports_credentials=True, origins="https://a.example")
CORS(app, supports_credentials=None)
CORS(app, send_wildcard=True)
CORS(app, vary_header=False)
CORS(app, allow_private_network=False)
CORS(app, always_send=False)
CORS(app, automatic_options=False)
CORS(app, intercept_exceptions=False)

# Resources --------------------------------------------------------------------------------------

CORS(app, resources="/api/*")
CORS(app, resources=re.compile("/api/.*"))
CORS(app, resources=["/api/*", re.compile("/v[0-9]+/")])
CORS(app, resources=strings)
CORS(app, resources=("/api/*",))
CORS(app, resources={"/api/*", "/v1/*"})
CORS(app, resources=frozenset({"/api/*"}))
CORS(app, resources=None)
CORS(app, resources={})
CORS(app, resources={"/api/*": {}})
CORS(app, resources={"/api/*": {"origins": "*"}, "/private/*": {"max_age": 1}})
CORS(app, resources={re.compile("/v[0-9]+/"): {"origins": [is_ours], "methods": "GET"}})
CORS(app, resources={"/api/*": {"origins": "*"}, re.compile("/v[0-9]+/"): {"methods": ["GET"]}})
CORS(app, resources={"/api/*": {"intercept_exceptions": False, "automatic_options": True}})

only_strings: dict[str, ResourceOptions] = {"/api/*": {"origins": "https://a.example"}}
only_patterns: dict[re.Pattern[str], ResourceOptions] = {re.compile("/"): {"send_wildcard": True}}
read_only: Mapping[str, ResourceOptions] = MappingProxyType(only_strings)
ordered: OrderedDict[str, ResourceOptions] = OrderedDict(only_strings)
untyped: dict[str, Any] = {"/api/*": {"origins": "*"}}
CORS(app, resources=only_strings)
CORS(app, resources=only_patterns)
CORS(app, resources=read_only)
CORS(app, resources=ordered)
CORS(app, resources=untyped)

# Options from elsewhere -------------------------------------------------------------------------


def from_anywhere(options: dict[str, Any], typed: CORSOptions) -> None:
    CORS(app, **options)
    CORS(**options)
    CORS(app, **typed)
    CORS().init_app(app, **options)
    CORS().init_app(app, **typed)


options: CORSOptions = {
    "origins": ["https://a.example"],
    "methods": ["GET"],
    "allow_headers": ["X-*"],
    "expose_headers": ["X-Total"],
    "supports_credentials": True,
    "max_age": timedelta(hours=1),
    "send_wildcard": False,
    "vary_header": True,
    "allow_private_network": False,
    "always_send": True,
    "automatic_options": True,
    "intercept_exceptions": True,
    "resources": {"/api/*": {"origins": "https://b.example"}},
}
CORS(app, **options)

config: CORSConfig = {
    "CORS_ORIGINS": "https://a.example, https://b.example",
    "CORS_METHODS": "GET, POST",
    "CORS_ALLOW_HEADERS": "X-*",
    "CORS_EXPOSE_HEADERS": "X-Total",
    "CORS_SUPPORTS_CREDENTIALS": "yes",
    "CORS_MAX_AGE": "600",
    "CORS_SEND_WILDCARD": "0",
    "CORS_VARY_HEADER": True,
    "CORS_ALLOW_PRIVATE_NETWORK": 0,
    "CORS_ALWAYS_SEND": 1,
    "CORS_AUTOMATIC_OPTIONS": "on",
    "CORS_INTERCEPT_EXCEPTIONS": None,
    "CORS_RESOURCES": {"/api/*": {"origins": "*"}},
}
app.config.from_mapping(config)
app.config.from_mapping(CORSConfig(CORS_ORIGINS=[is_ours], CORS_MAX_AGE=timedelta(1)))

# What is raised ---------------------------------------------------------------------------------

try:
    CORS(app)
except ConfigurationError as error:
    assert_type(error.problems, tuple[Problem, ...])
    assert_type(error.problems[0].option, str)
    assert_type(error.problems[0].value, object)
    assert_type(error.problems[0].message, str)
    as_value_error: ValueError = error
    as_cors_error: CORSError = error


def warned(warning: CORSWarning) -> None:
    as_user_warning: UserWarning = warning
    assert_type(warning.problem, Problem)
    print(as_user_warning)  # noqa: T201  (uses it)


name_of_the_field: str = ACL_ORIGIN
assert_type(ALL_METHODS, list[str])
