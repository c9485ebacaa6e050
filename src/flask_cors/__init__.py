"""CORS for Flask, typed: `CORS(app)` for an app or blueprint, `@cross_origin` for a view."""

from .core import (
    ConfigurationError,
    CORSConfig,
    CORSError,
    CORSOptions,
    CORSWarning,
    CrossOriginOptions,
    MiddlewareOptions,
    Problem,
    ResourceOptions,
)
from .decorator import cross_origin
from .extension import CORS

__version__ = "7.0.0"

__all__ = [
    "CORS",
    "CORSConfig",
    "CORSError",
    "CORSOptions",
    "CORSWarning",
    "ConfigurationError",
    "CrossOriginOptions",
    "MiddlewareOptions",
    "Problem",
    "ResourceOptions",
    "__version__",
    "cross_origin",
]
