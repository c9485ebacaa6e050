"""The app behind the shared caches: each path begins with an area, whose policy differs.

Whatever it answers may be kept by a shared cache.
"""

from __future__ import annotations

import time

from flask import Blueprint, Flask, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_compress import Compress
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_cors import CORS, ResourceOptions, cross_origin

A, B = "https://a.example", "https://b.example"
TWO = [A, B]


def is_one_of_two(origin: str) -> bool:
    return origin in TWO


RESOURCES: dict[str, ResourceOptions] = {
    "/two/*": {"origins": TWO},
    "/two-exposed/*": {"origins": TWO, "expose_headers": "X-Total"},
    "/two-trusted/*": {"origins": TWO, "supports_credentials": True},
    "/pattern/*": {"origins": "https://*.example"},
    "/callable/*": {"origins": is_one_of_two},
    "/null/*": {"origins": [A, "null"]},
    "/nobody/*": {"origins": []},
    "/anyone/*": {"origins": "*"},
    "/anyone-exposed/*": {"origins": "*", "expose_headers": "X-Total"},
    "/anyone-asking/*": {"origins": "*", "always_send": False},
    "/star/*": {"origins": "*", "send_wildcard": True},
    "/star-asking/*": {"origins": "*", "send_wildcard": True, "always_send": False},
    "/one/*": {"origins": A},
    "/one-exposed/*": {"origins": A, "expose_headers": "X-Total"},
    "/one-trusted/*": {"origins": A, "supports_credentials": True},
    "/one-asking/*": {"origins": A, "always_send": False},
    "/asks/*": {"origins": TWO, "methods": ["GET", "PUT"], "allow_headers": ["X-Token"]},
    "/asks-one/*": {"origins": A, "methods": ["GET", "PUT"], "allow_headers": ["X-Token"]},
    "/asks-trusted/*": {
        "origins": TWO,
        "methods": ["GET", "PUT"],
        "allow_headers": ["X-Token"],
        "supports_credentials": True,
    },
    "/asks-anyone/*": {"methods": ["GET", "PUT"], "allow_headers": ["X-Token"]},
    # What happens without `Vary` is what the judge has to see.
    "/unvaried/*": {"origins": TWO, "vary_header": False},
    "/asks-unvaried/*": {
        "origins": TWO,
        "methods": ["GET", "PUT"],
        "allow_headers": ["X-Token"],
        "vary_header": False,
    },
}


def item() -> ResponseReturnValue:
    return "item", {"X-Total": "3"}


def moved() -> ResponseReturnValue:
    return redirect(f"item?{request.query_string.decode()}", 301)


def tagged() -> ResponseReturnValue:
    response = Response("tagged")
    response.set_etag("one")
    return response.make_conditional(request)


def brief() -> ResponseReturnValue:
    response = tagged()
    assert isinstance(response, Response)
    response.cache_control.max_age = 1
    return response


def slow() -> ResponseReturnValue:
    time.sleep(0.005)
    return "slow"


def large() -> ResponseReturnValue:
    return "large " * 1000


def varied() -> ResponseReturnValue:
    language = request.accept_languages.best_match(["en", "de"]) or "en"
    return language, {"Vary": "Accept-Encoding, Accept-Language", "Content-Language": language}


def cacheable(response: Response) -> Response:
    response.cache_control.public = True
    if response.cache_control.max_age is None:
        response.cache_control.max_age = 600
    return response


def leave_area_out(_endpoint: str | None, values: dict[str, str] | None) -> None:
    if values:
        values.pop("area", None)


def by_resource() -> Flask:
    app = Flask(__name__)
    CORS(app, resources=RESOURCES)
    app.after_request(cacheable)
    app.url_value_preprocessor(leave_area_out)
    for view in (item, moved, tagged, brief, slow, varied):
        name = view.__name__
        app.add_url_rule(f"/<area>/{name}", name, view, methods=["GET", "PUT", "DELETE"])
    return app


def compressed() -> Flask:
    app = Flask(__name__)
    CORS(app, origins=TWO)
    Compress(app)
    app.after_request(cacheable)
    app.add_url_rule("/large", "large", large)
    return app


def by_view() -> Flask:
    app = Flask(__name__)
    app.after_request(cacheable)
    app.add_url_rule("/item", "item", cross_origin(origins=TWO)(item))
    return app


def by_blueprint() -> Flask:
    app = Flask(__name__)
    inner = Blueprint("inner", __name__)
    inner.add_url_rule("/item", "item", item)
    CORS(inner, origins=TWO)
    CORS(app, origins=[])
    app.register_blueprint(inner)
    app.after_request(cacheable)
    return app


app = DispatcherMiddleware(
    by_resource(),
    {"/compressed": compressed(), "/view": by_view(), "/blueprint": by_blueprint()},
)
