"""The app from which both a real Chromium and the test browser fetch.

It answers requests for every host, so it serves the pages too. The first segment of a path is an
area with its own CORS configuration. `/hand/answer` sends the headers that its query names.
"""

from __future__ import annotations

import base64
import threading
import warnings
from collections import defaultdict
from pathlib import Path
from urllib.parse import parse_qs

from flask import Blueprint, Flask, Response, abort, jsonify, redirect, request
from flask.views import MethodView

from flask_cors import CORS, CORSWarning, cross_origin

APP = "http://app.example.test"
OTHER = "http://other.example.test"
API = "http://api.example.test"
# Servers on other sites than the pages.
FOREIGN = "http://api.shop.test"
LOCAL = "http://localhost"

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PURGE"]
RED_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)


def is_other(origin):
    return origin == OTHER


async def is_other_async(origin):
    return origin == OTHER


RESOURCES = {
    "/list/*": {
        "origins": [APP, OTHER],
        "methods": ["GET", "POST", "PUT", "PATCH"],
        "allow_headers": ["Content-Type", "X-Token", "Authorization"],
        "expose_headers": ["X-Total"],
    },
    "/one/*": {"origins": APP},
    "/open/*": {},
    "/star/*": {"send_wildcard": True, "expose_headers": "*"},
    "/private/*": {"origins": [APP, OTHER], "supports_credentials": True},
    "/exposed/*": {"origins": APP, "supports_credentials": True, "expose_headers": "*"},
    "/exposes/*": {"origins": APP, "expose_headers": "x-total, X-OTHER"},
    "/nobody/*": {"origins": []},
    "/null/*": {"origins": ["null"]},
    "/regex/*": {"origins": r"http://(app|other)\.example\.test"},
    "/prefix/*": {"origins": "http://*.example.test"},
    "/any-port/*": {"origins": APP + ":*"},
    "/any-host/*": {"origins": "http://*"},
    "/asked/*": {"origins": is_other},
    "/asked-async/*": {"origins": is_other_async},
    "/any-method/*": {"origins": APP, "methods": "*"},
    "/no-method/*": {"origins": APP, "methods": []},
    "/no-header/*": {"origins": APP, "allow_headers": []},
    "/glob/*": {"origins": APP, "allow_headers": "X-*"},
    "/regex-header/*": {"origins": APP, "allow_headers": r"X-T[a-z]+"},
    "/remembered/*": {"origins": APP, "max_age": 600},
    "/remembered-private/*": {"origins": APP, "max_age": 600, "supports_credentials": True},
    "/forgotten/*": {"origins": APP, "max_age": 0},
    "/one-second/*": {"origins": APP, "max_age": 1},
    "/guarded/*": {"origins": APP},
    "/added-too/*": {"origins": APP},
    "/added-twice/*": {"origins": APP},
    "/malformed/*": {"origins": APP, "automatic_options": False},
    "/bare-error/*": {"origins": APP, "intercept_exceptions": False},
}


class Recorder:
    """A WSGI middleware that records the requests of each case, which the query names."""

    # Other headers, which browsers add, are not recorded; neither are cookies of other cases.
    RECORDED = (
        "ORIGIN",
        "ACCESS_CONTROL_REQUEST_METHOD",
        "ACCESS_CONTROL_REQUEST_HEADERS",
        "AUTHORIZATION",
        "RANGE",
    )

    def __init__(self, app):
        self._app = app
        self.arrived = defaultdict(list)

    def __call__(self, environ, start_response):
        case = parse_qs(environ["QUERY_STRING"]).get("case", [""])[0]
        recorded = {
            key.removeprefix("HTTP_"): value
            for key, value in environ.items()
            if key.startswith("HTTP_X_") or key.removeprefix("HTTP_") in self.RECORDED
        }
        if environ.get("CONTENT_TYPE"):
            recorded["CONTENT_TYPE"] = environ["CONTENT_TYPE"]
        if f"{case}=" in environ.get("HTTP_COOKIE", ""):
            recorded["COOKIE"] = case
        url = f"{environ['HTTP_HOST']}{environ['PATH_INFO']}"
        self.arrived[case].append((environ["REQUEST_METHOD"], url, recorded))
        return self._app(environ, start_response)

    def preflights(self, case):
        return sum(
            "ACCESS_CONTROL_REQUEST_METHOD" in recorded for _, _, recorded in self.arrived[case]
        )


def said():
    """Return a response that describes the request, with headers that need `expose_headers`."""
    case = request.args.get("case", "")
    answer = jsonify(
        method=request.environ["REQUEST_METHOD"],
        cookie=request.cookies.get(case),
        body=request.get_data(as_text=True),
    )
    answer.headers["X-Total"] = "3"
    answer.headers["X-Other"] = "4"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def make_app():
    app = Flask(__name__)
    app.logger.disabled = True  # /error raises on purpose
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CORSWarning)  # plain http with credentials
        CORS(app, resources=RESOURCES)
    add_hooks(app)
    add_pages(app)
    add_answers(app)
    add_cookies(app)
    add_redirects(app)
    add_media(app)
    add_views(app)
    add_classes(app)
    add_blueprints(app)
    app.wsgi_app = redirecting(app.wsgi_app)
    return app


def add_hooks(app):
    @app.before_request
    def guard():
        if request.path.startswith("/guarded/") and "Authorization" not in request.headers:
            abort(403)

    @app.after_request
    def add_headers(response):
        area = request.path.split("/")[1]
        if area in {"added-too", "added-twice"}:
            response.headers.add("Access-Control-Allow-Origin", APP)
        if area == "added-twice":
            response.headers.add("Access-Control-Allow-Origin", APP)
        if area == "malformed":
            response.headers["Access-Control-Allow-Methods"] = "PUT; DELETE"
        return response


def add_pages(app):
    @app.get("/page")
    def page():
        return '<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>'

    @app.get("/page.js")
    def script():
        text = (Path(__file__).parent / "page.js").read_text()
        return Response(text, mimetype="text/javascript")


def add_answers(app):
    @app.route("/<area>/hello", methods=METHODS)
    def hello(area):
        return said()

    @app.route("/<area>/login", methods=["POST"])
    def login(area):
        answer = said()
        answer.set_cookie(request.args["case"], "yes", path="/")
        return answer

    @app.route("/hand/answer", methods=[*METHODS, "OPTIONS"])
    def hand():
        kind = "preflight" if "Access-Control-Request-Method" in request.headers else "answer"
        answer = Response(status=204) if kind == "preflight" else said()
        for line in request.args.getlist(kind):
            name, _, value = line.partition(": ")
            answer.headers.add(f"Access-Control-{name}", value)
        answer.status_code = int(request.args.get(f"{kind}-status", answer.status_code))
        return answer

    @app.get("/<area>/parts")
    def parts(area):
        return Response(iter(["one ", "two ", "three"]), mimetype="text/plain")

    @app.get("/<area>/empty")
    def empty(area):
        return Response(status=204)

    @app.get("/<area>/status/<int:code>")
    def status(area, code):
        return Response(status=code)

    @app.route("/<area>/error", methods=METHODS)
    def error(area):
        raise RuntimeError


def add_cookies(app):
    @app.get("/<area>/cookie")
    def cookie(area):
        answer = said()
        name = request.args.get("prefix", "") + request.args["case"]
        for attributes in request.args.getlist("set"):
            answer.headers.add("Set-Cookie", f"{name}=yes; {attributes}")
        return answer


def redirecting(wsgi_app):
    """Answer `/raw` with redirects exactly as given; Flask would normalize their URLs."""

    def answer(environ, start_response):
        if environ["PATH_INFO"] != "/raw":
            return wsgi_app(environ, start_response)
        asked = parse_qs(environ["QUERY_STRING"])
        lines = [("Access-Control-Allow-Origin", asked["origin"][0]), ("Content-Length", "0")]
        lines.append(("Access-Control-Allow-Credentials", "true"))
        for location in asked["to"]:
            to = f"{location}{'&' if '?' in location else '?'}case={asked['case'][0]}"
            lines.append(("Location", to.encode().decode("latin-1")))
        start_response("302 Found", lines)
        return []

    return answer


def add_redirects(app):
    @app.route("/<area>/slash/")
    def slash(area):
        return said()

    @app.route("/<area>/redirect", methods=METHODS)
    def to(area):
        url, case = request.args["to"], request.args["case"]
        joint = "&" if "?" in url else "?"
        return redirect(f"{url}{joint}case={case}", int(request.args.get("status", "302")))

    @app.route("/<area>/round", methods=METHODS)
    def around(area):
        return redirect(f"/{area}/round?case={request.args['case']}", 307)


def add_media(app):
    released = threading.Event()

    @app.get("/<area>/stream")
    def stream(area):
        def parts():
            yield "one "
            released.wait(5)
            yield "two"

        released.clear()
        return Response(parts(), mimetype="text/plain")

    @app.post("/<area>/release")
    def release(area):
        released.set()
        return ""

    @app.get("/<area>/events")
    def events(area):
        cookie = request.cookies.get(request.args["case"], "no cookie")
        return Response(f"data: {cookie}\n\n", mimetype="text/event-stream")

    @app.get("/<area>/module.js")
    def module(area):
        return Response("export const answer = 42;", mimetype="text/javascript")

    @app.get("/<area>/style.css")
    def style(area):
        return Response("p { color: red }", mimetype="text/css")

    @app.get("/<area>/tagged")
    def tagged(area):
        answer = Response("text", mimetype="text/plain", headers={"ETag": '"1"'})
        return answer.make_conditional(request)

    @app.get("/<area>/dot.png")
    def dot(area):
        headers = {"Cache-Control": "max-age=600"}
        if (
            area == "naive" and "Origin" in request.headers
        ):  # as people write it by hand, without Vary
            headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        return Response(RED_DOT, mimetype="image/png", headers=headers)


for_app = cross_origin(origins=APP, expose_headers="X-Total", methods=["GET", "PUT"])


def add_views(app):
    @app.route("/views/sync", methods=["GET", "PUT"])
    @for_app
    def sync_view():
        return said()

    @app.route("/views/async", methods=["GET", "PUT"])
    @for_app
    async def async_view():
        return said()

    @app.route("/views/abort")
    @for_app
    def aborting():
        abort(418)

    @app.route("/views/raise")
    @for_app
    def raising():
        raise RuntimeError

    @app.get("/views/split")
    @cross_origin(origins=APP)
    def read():
        return said()

    @app.put("/views/split")
    @cross_origin(origins=OTHER)
    def write():
        return said()


def add_classes(app):
    class Decorated(MethodView):
        decorators = (for_app,)

        def get(self):
            return said()

        def put(self):
            return said()

    @for_app
    class Marked(MethodView):
        async def get(self):
            return said()

        async def put(self):
            return said()

    class ByMethod(MethodView):
        def get(self):
            return said()

        @for_app
        def put(self):
            return said()

    for view in (Decorated, Marked, ByMethod):
        name = view.__name__.lower()
        app.add_url_rule(f"/views/{name}", view_func=view.as_view(name))


def add_blueprints(app):
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner.add_url_rule("/hello", view_func=said, methods=METHODS)
    outer.add_url_rule("/hello", view_func=said, methods=METHODS)
    CORS(inner, origins=OTHER, methods=["GET", "DELETE"])
    CORS(outer, origins=APP, methods=["GET", "PUT"])
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
