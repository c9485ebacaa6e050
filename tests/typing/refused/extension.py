"""What type checkers have to refuse of `CORS` and the configuration; nothing else."""

from __future__ import annotations

import re

from flask import Flask

import flask_cors
from flask_cors import CORS, ConfigurationError, CORSConfig, CORSOptions, ResourceOptions

app = Flask(__name__)


def no_origin() -> bool:
    return True


def of_a_number(number: int) -> bool:
    return number > 0


def maybe(origin: str) -> str:
    return origin


async def maybe_later(origin: str) -> str:
    return origin


flask_cors.cors()  # expect: attr-defined
flask_cors.Cors()  # expect: attr-defined
len(flask_cors.core.ACL_ORIGINS)  # expect: attr-defined

# Whom it is given to
CORS("app")  # expect: arg-type
CORS(app, "https://a.example")  # expect: call-arg
CORS(app, {"origins": "*"})  # expect: call-arg
CORS().init_app()  # expect: call-arg
CORS().init_app(None)  # expect: arg-type
CORS().init_app(app, "https://a.example")  # expect: call-arg

# Misspelt
CORS(app, origin="https://a.example")  # expect: call-arg
CORS(app, support_credentials=True)  # expect: call-arg
CORS(app, headers="Content-Type")  # expect: call-arg
CORS(app, resource="/api/*")  # expect: call-arg
CORS().init_app(app, allow_origins="*")  # expect: call-arg
misspelt: CORSOptions = {"origin": "*"}  # expect: typeddict-unknown-key
misspelt_key: CORSConfig = {"CORS_ORIGIN": "*"}  # expect: typeddict-unknown-key
misspelt_option: ResourceOptions = {"max_ages": 1}  # expect: typeddict-unknown-key

# Of the wrong type
CORS(app, origins=5)  # expect: arg-type
CORS(app, origins=None)  # expect: arg-type
CORS(app, origins=True)  # expect: arg-type
CORS(app, origins=[5])  # expect: list-item
CORS(app, origins=re.compile(b"https://.+"))  # expect: arg-type
CORS(app, origins=no_origin)  # expect: arg-type
CORS(app, origins=of_a_number)  # expect: arg-type
CORS(app, origins=maybe)  # expect: arg-type
CORS(app, origins=maybe_later)  # expect: arg-type
CORS(app, origins=[maybe])  # expect: list-item
CORS(app, methods=5)  # expect: arg-type
CORS(app, methods=[5])  # expect: list-item
CORS(app, methods=re.compile("GET"))  # expect: arg-type
CORS(app, allow_headers=True)  # expect: arg-type
CORS(app, allow_headers=[b"X-A"])  # expect: list-item
CORS(app, expose_headers=re.compile("X-.*"))  # expect: arg-type
CORS(app, supports_credentials="yes")  # expect: arg-type
CORS(app, send_wildcard=1)  # expect: arg-type
CORS(app, vary_header="no")  # expect: arg-type
CORS(app, always_send=[])  # expect: arg-type
CORS(app, automatic_options="off")  # expect: arg-type
CORS(app, intercept_exceptions="off")  # expect: arg-type
CORS(app, allow_private_network="on")  # expect: arg-type
CORS(app, max_age=[600])  # expect: arg-type
CORS(app, max_age=b"600")  # expect: arg-type
mistyped: CORSConfig = {"CORS_MAX_AGE": [600]}  # expect: typeddict-item
mistyped_origins: CORSConfig = {"CORS_ORIGINS": None}  # expect: typeddict-item

# Resources
CORS(app, resources=5)  # expect: arg-type
CORS(app, resources=[5])  # expect: list-item
CORS(app, resources={5: {}})  # expect: dict-item
CORS(app, resources={"/api/*": {"origin": "*"}})  # expect: typeddict-unknown-key
CORS(app, resources={"/api/*": {"origins": 5}})  # expect: typeddict-item
CORS(app, resources={"/api/*": {"supports_credentials": "yes"}})  # expect: typeddict-item
CORS(app, resources={"/api/*": {"resources": "/*"}})  # expect: typeddict-unknown-key
CORS(app, resources={"/api/*": "https://a.example"})  # expect: dict-item
CORS(app, resources={re.compile("/"): {"origin": "*"}})  # expect: typeddict-unknown-key

# What is raised
len(ConfigurationError(()).problem)  # expect: attr-defined
