"""What `explain` says is true for how the app is run."""

from __future__ import annotations

import pytest

from ..support.commands import ONLY, ORIGIN, app_with, explained

# Debug mode ---------------------------------------------------------------------------------------

BOOM = """
@app.get("/boom")
def boom(): raise ValueError("boom")
"""
DECORATED_BOOM = """
@app.get("/boom")
@cross_origin(origins="https://app.example")
def boom(): raise ValueError("boom")
"""


def test_without_debug_a_500_is_readable(cors):
    told = explained(cors, app_with(ONLY, BOOM), path="/boom")
    assert told["status"] == 500
    assert told["note_codes"] == ["error-status"]


@pytest.mark.parametrize("way", ["environment", "option"])
def test_under_debug_a_decorator_alone_does_not_reach_the_debugger_s_page(cors, monkeypatch, way):
    options = []
    if way == "environment":
        monkeypatch.setenv("FLASK_DEBUG", "1")
    else:
        options = ["--debug"]
    source = app_with("", DECORATED_BOOM, imports="CORS, cross_origin")
    told = explained(cors, source, path="/boom", options=options)
    assert told["readable"] is False
    assert told["code"] == "debugger"
    assert "debug" in told["cause"]
    assert "ValueError: boom" in told["cause"]
    assert "CORS(app, resources=[])" in told["cure"]


def test_an_exception_that_is_propagated_is_not_readable(cors):
    source = app_with(ONLY, "app.config['PROPAGATE_EXCEPTIONS'] = True", BOOM)
    told = explained(cors, source, path="/boom")
    assert (told["code"], told["readable"]) == ("exception-propagated", False)
    assert "PROPAGATE_EXCEPTIONS" in told["cure"]


# Who answers --------------------------------------------------------------------------------------

MOUNTED = """
from werkzeug.middleware.dispatcher import DispatcherMiddleware
def other(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"other"]
"""
SOCKET = """
class Engine:
    def __init__(self, wsgi_app): self.wsgi_app = wsgi_app
    def __call__(self, environ, start_response):
        if environ["PATH_INFO"].startswith("/socket.io/"):
            start_response("200 OK", [])
            return [b"0"]
        return self.wsgi_app(environ, start_response)
app.wsgi_app = Engine(app.wsgi_app)
"""
MOUNT = 'app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/bare": other})'
CLOSURE = """
def around(inner):
    def guard(environ, start_response):
        if "HTTP_AUTHORIZATION" not in environ:
            start_response("401 Unauthorized", [])
            return []
        return inner(environ, start_response)
    return guard
app.wsgi_app = around(app.wsgi_app)
"""


@pytest.mark.parametrize(
    ("lines", "path", "arguments"),
    [
        pytest.param([MOUNTED, MOUNT, ONLY], "/bare/y", [], id="mounted-before"),
        pytest.param([MOUNTED, ONLY, MOUNT], "/bare/y", [], id="mounted-after"),
        pytest.param([MOUNTED, MOUNT, ONLY], "/bare/y", ["-X", "PUT"], id="preflight"),
        pytest.param([SOCKET, ONLY], "/socket.io/?EIO=4", [], id="wrapper-before"),
        pytest.param([ONLY, SOCKET], "/socket.io/?EIO=4", [], id="wrapper-after"),
        pytest.param([CLOSURE, ONLY], "/items", [], id="closure-before"),
        pytest.param([ONLY, CLOSURE], "/items", ["-X", "PUT"], id="closure-after"),
    ],
)
def test_what_another_app_or_a_wrapper_answers_is_not_this_app_s(cors, lines, path, arguments):
    told = explained(cors, app_with("", *lines), *arguments, path=path)
    assert (told["readable"], told["code"]) == (False, "other-app")
    assert "another app" in told["cause"]
    assert "resource" not in told["events"][-2]["policy"]
    assert "CORS" in told["cure"]
    assert "before CORS(app)" not in told["cure"]


def test_a_mounted_flask_app_needs_its_own(cors):
    source = app_with(ONLY, MOUNTED, 'other = Flask("other")', MOUNT)
    told = explained(cors, source, path="/bare/y")
    assert "mounts at /bare" in told["cause"]
    assert told["cure"].endswith("Write CORS(other, origins=['https://app.example'])")


def test_an_app_that_is_mounted_below_a_prefix_is_explained_by_its_own_paths(cors):
    source = app_with(
        "CORS(app, resources='/items')",
        MOUNTED,
        'app.wsgi_app = DispatcherMiddleware(other, {"/api": app.wsgi_app})',
    )
    for arguments in ([], ["-X", "PUT"]):
        told = explained(cors, source, *arguments, path="/api/items")
        assert told["readable"] is True
        assert told["events"][-2]["policy"] == "resource '/items'"


# Other truths -------------------------------------------------------------------------------------


def test_a_decorated_error_handler_is_no_second_layer(cors):
    source = app_with(
        "",
        """
        @app.errorhandler(404)
        @cross_origin(origins="https://app.example")
        def missing(error): return "nothing here", 404
        """,
        imports="CORS, cross_origin",
    )
    told = explained(cors, source, path="/nowhere")
    assert told["note_codes"] in ([], ["error-status"])


def test_a_callable_that_reads_the_request_is_asked_within_one(cors):
    source = app_with("CORS(app, origins=lambda origin: request.host == 'api.localhost')")
    told = explained(
        cors, source, path="http://api.localhost/items", origin="https://app.localhost"
    )
    assert (told["readable"], told["notes"]) == (True, [])


ONE_OF_TWO = """
@app.get("/both")
@cross_origin(origins="https://app.example")
def read_both(): return ""
@app.post("/both")
def create_item(): return ""
"""


@pytest.mark.parametrize("call", ["", "CORS(app, resources=[])", "CORS(app, resources='/x/*')"])
def test_a_view_beside_a_decorated_one_is_named(cors, call):
    source = app_with(call, ONE_OF_TWO, imports="CORS, cross_origin")
    told = explained(
        cors, source, "-X", "POST", "-H", "Content-Type: application/json", path="/both"
    )
    assert told["code"] == "view-beside"
    assert "create_item" in told["cause"]
    assert "@cross_origin(origins=['https://app.example'])" in told["cure"]


def test_nothing_is_written_to_the_terminal_for_a_server_name(cors):
    source = app_with(
        "app = Flask(__name__, subdomain_matching=True)\n"
        f"app.config['SERVER_NAME'] = 'shop.example'\n{ONLY}",
        "app.add_url_rule('/x', 'x', lambda: 'x', subdomain='api')",
    )
    for arguments in (
        ["check"],
        ["routes"],
        ["explain", "--origin", ORIGIN, "/items"],
        ["explain", "--origin", ORIGIN, "http://localhost/items"],
    ):
        assert cors(source, *arguments).stderr == ""
    told = explained(cors, source, path="/x")
    assert told["events"][0]["request"]["url"] == "https://api.shop.example/x"


# Bodies -------------------------------------------------------------------------------------------

BODIES = """
from flask import Response
closed = []
def endless():
    try:
        while True: yield b"more"
    finally:
        closed.append(True)
def breaks():
    yield b"first"
    raise ValueError("later")
app.add_url_rule("/endless", "endless", lambda: Response(endless()))
app.add_url_rule("/breaks", "breaks", lambda: Response(breaks()))
app.add_url_rule("/waits", "waits", lambda: Response(iter(int, 1)))
"""


@pytest.mark.parametrize("path", ["/endless", "/breaks", "/waits"])
@pytest.mark.parametrize("options", [[], ["--debug"]], ids=["production", "debug"])
def test_no_more_of_a_body_is_read_than_the_head(cors, path, options):
    told = explained(cors, app_with(ONLY, BODIES), path=path, options=options)
    assert (told["status"], told["notes"]) == (200, [])


# Redirects ----------------------------------------------------------------------------------------

LOGIN = """
@app.get("/api/me")
def me(): return redirect("/login?next=/api/me")
@app.get("/login")
def login(): return "log in"
@app.get("/api/old")
def old(): return redirect("/api/new")
@app.get("/api/new")
def new(): return "new"
@app.get("/api/away")
def away(): return redirect("https://login.example/?next=/")
@app.get("/api/secure")
def secure(): return redirect("https://localhost/api/new")
@app.get("/me")
def me_too(): return redirect("/login")
@app.get("/old")
def too_old(): return redirect("/new")
"""


def test_a_redirect_to_a_login_page_does_not_open_it(cors):
    told = explained(cors, app_with("CORS(app, resources='/api/*')", LOGIN), path="/api/me")
    assert told["code"] == "login-redirect"
    assert "401" in told["cure"]
    assert "/login" not in told["cure"]


def test_a_redirect_to_a_login_page_that_no_policy_lets_be_read(cors):
    told = explained(cors, app_with("CORS(app, resources='/api/*')", LOGIN), path="/me")
    assert told["code"] == "login-redirect"
    assert "401" in told["cure"]
    assert "/login" not in told["cure"]
    assert told["cure"].endswith(
        "Write CORS(app, resources={'/me': {'origins': ['https://app.example']}})"
    )


def test_a_login_page_that_is_read_is_named(cors):
    told = explained(cors, app_with(ONLY, LOGIN), path="/api/me")
    assert told["note_codes"] == ["login-redirect"]
    assert "401" in told["notes"][0]


def test_a_redirect_that_is_read_is_nothing_to_tell(cors):
    assert explained(cors, app_with(ONLY, LOGIN), path="/api/old")["notes"] == []


def test_a_login_of_another_server_is_answered_with_401_too(cors):
    told = explained(cors, app_with(ONLY, LOGIN), path="/api/away")
    assert told["code"] == "redirect-elsewhere"
    assert "401" in told["cure"]
    assert told["events"][-2]["policy"] == "another server, which was not contacted"


def test_a_redirect_across_origins_is_told_from_a_page_without_one(cors):
    told = explained(cors, app_with(ONLY, LOGIN), path="/api/secure")
    assert told["code"] == "redirect-null"
    assert told["cure"] == "Fetch https://localhost/api/new directly."


def test_any_other_redirect_without_a_policy_is_named(cors):
    told = explained(cors, app_with("CORS(app, resources='/api/*')", LOGIN), path="/old")
    assert told["code"] == "redirect"
    assert "/new" in told["cause"]


def test_a_hook_that_redirects_is_one_that_asks_for_a_login(cors):
    source = app_with(
        "CORS(app, resources='/api/*')",
        LOGIN,
        """
        @app.before_request
        def welcome():
            if request.path != "/welcome":
                return redirect("/welcome")
        """,
    )
    told = explained(cors, source, path="/api/new")
    assert told["code"] == "login-redirect"
    assert "resources={'/welcome" not in told["cure"]
