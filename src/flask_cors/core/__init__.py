"""The server's side of the CORS protocol: no framework, no I/O, no logging.

To write an adapter, compile a `Policy` from options, call `decide` with the method and the header
fields of a request, and `apply` the `Decision` to the response.
"""

from .errors import ConfigurationError, CORSError, CORSWarning, Problem
from .headers import (
    ACL_ALLOW_HEADERS,
    ACL_CREDENTIALS,
    ACL_EXPOSE_HEADERS,
    ACL_MAX_AGE,
    ACL_METHODS,
    ACL_ORIGIN,
    ACL_REQUEST_HEADER_PRIVATE_NETWORK,
    ACL_REQUEST_HEADERS,
    ACL_REQUEST_METHOD,
    ACL_RESPONSE_PRIVATE_NETWORK,
    ALL_METHODS,
)
from .options import (
    CORSConfig,
    CORSOptions,
    CrossOriginOptions,
    MiddlewareOptions,
    ResourceOptions,
)
from .policy import Decision, Policy
from .protocols import RequestHeaders, ResponseHeaders
from .settings import Settings

__all__ = [
    "ACL_ALLOW_HEADERS",
    "ACL_CREDENTIALS",
    "ACL_EXPOSE_HEADERS",
    "ACL_MAX_AGE",
    "ACL_METHODS",
    "ACL_ORIGIN",
    "ACL_REQUEST_HEADERS",
    "ACL_REQUEST_HEADER_PRIVATE_NETWORK",
    "ACL_REQUEST_METHOD",
    "ACL_RESPONSE_PRIVATE_NETWORK",
    "ALL_METHODS",
    "CORSConfig",
    "CORSError",
    "CORSOptions",
    "CORSWarning",
    "ConfigurationError",
    "CrossOriginOptions",
    "Decision",
    "MiddlewareOptions",
    "Policy",
    "Problem",
    "RequestHeaders",
    "ResourceOptions",
    "ResponseHeaders",
    "Settings",
]
