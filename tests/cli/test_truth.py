"""`explain` gives the answer of the app as it is really run: debugger, wrappers, redirects."""

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
    explanation = explained(cors, app_with(ONLY, BOOM), path="/boom")
    assert explanation["status"] == 500
    assert explanation["note_codes"] == ["error-status"]


@pytest.mark.parametrize("way", ["environment", "option"])
def test_in_debug_mode_a_decorator_alone_does_not_reach_the_debugger_s_page(cors, monkeypatch, way):
    options = []
    if way == "environment":
        monkeypatch.setenv("FLASK_DEBUG", "1")
    else:
        options = ["--debug"]
    source = app_with("", DECORATED_BOOM, imports="CORS, cross_origin")
    explanation = explained(cors, source, path="/boom", options=options)
    assert explanation["readable"] is False
    assert explanation["code"] == "debugger"
    assert "debug" in explanation["cause"]
    assert "ValueError: boom" in explanation["cause"]
    assert "CORS(app, resources=[])" in explanation["cure"]


@pytest.mark.parametrize(
    "keys", [["PROPAGATE_EXCEPTIONS"], ["TESTING"], ["PROPAGATE_EXCEPTIONS", "TESTING"]]
)
def test_an_exception_that_is_propagated_is_not_readable(cors, keys):
    config = [f"app.config[{key!r}] = True" for key in keys]
    explanation = explained(cors, app_with(ONLY, *config, BOOM), path="/boom")
    assert (explanation["code"], explanation["readable"]) == ("exception-propagated", False)
    named = " and ".join(f"app.config[{key!r}]" for key in keys)
    assert explanation["cure"] == f"Fix the exception, and remove {named}"


TEARDOWN = """
@app.teardown_request
def last(error): raise ValueError("late")
"""
AROUND = """
def around(inner):
    def raising(environ, start_response):
        inner(environ, start_response)
        raise ValueError("late")
    return raising
app.wsgi_app = around(app.wsgi_app)
"""
HANDLER = """
@app.errorhandler(500)
def broken(error): raise ValueError("late")
@app.before_request
def first(): raise KeyError("first")
"""
EXIT = """
@app.before_request
def leave(): raise SystemExit("late")
"""


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        pytest.param(TEARDOWN, [], id="teardown"),
        pytest.param(f"app.config['PROPAGATE_EXCEPTIONS'] = True\n{TEARDOWN}", [], id="with-key"),
        pytest.param(AROUND, [], id="layer"),
        pytest.param(AROUND, ["--debug"], id="layer-in-debug-mode"),
        pytest.param(HANDLER, [], id="error-handler"),
        pytest.param(EXIT, [], id="exit"),
        pytest.param(EXIT, ["--debug"], id="exit-in-debug-mode"),
    ],
)
def test_an_exception_that_no_setting_propagates_is_to_be_fixed(cors, lines, options):
    explanation = explained(cors, app_with(ONLY, lines), options=options)
    assert explanation["code"] == "exception-propagated"
    assert ": late (app.py, line " in explanation["cause"]
    assert ("teardown function" in explanation["cause"]) is (lines != EXIT)
    assert explanation["cure"] == "Fix the exception."


# Responses of other apps and of wrappers ----------------------------------------------------------

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
def test_responses_of_other_apps_and_wrappers_are_recognized(cors, lines, path, arguments):
    explanation = explained(cors, app_with("", *lines), *arguments, path=path)
    assert (explanation["readable"], explanation["code"]) == (False, "other-app")
    assert "another app" in explanation["cause"]
    assert "resource" not in explanation["events"][-2]["policy"]
    assert "CORS" in explanation["cure"]
    assert "before CORS(app)" not in explanation["cure"]


OTHER = """
other = Flask("other")
@other.get("/y")
def y(): return ""
@other.get("/secret")
def secret(): return ""
"""
NEEDED = {
    "nothing": ("", [], "CORS(other, resources={'/y': {'origins': ['https://app.example']}})"),
    "credentials-too": (
        "",
        ["--credentials"],
        (
            "CORS(other, resources={'/y': {'origins': ['https://app.example'], "
            "'supports_credentials': True}})"
        ),
    ),
    "only-credentials": (
        "CORS(other, origins='https://app.example')",
        ["--credentials"],
        "Write supports_credentials=True",
    ),
    "another-origin": (
        "CORS(other, resources={'/y': {'origins': ['https://b.example']}})",
        [],
        "Write 'origins': ['https://app.example', 'https://b.example']",
    ),
}


@pytest.mark.parametrize("mounted", ["other", "other.wsgi_app"])
@pytest.mark.parametrize(("call", "arguments", "fix"), NEEDED.values(), ids=NEEDED)
def test_a_mounted_flask_app_is_explained_itself(cors, call, arguments, fix, mounted):
    mount = MOUNT.replace("other", mounted)
    allowed = ONLY.replace(")", ", supports_credentials=True)")
    explanation = explained(
        cors, app_with(allowed, MOUNTED, OTHER, call, mount), *arguments, path="/bare/y"
    )
    assert explanation["code"] == "other-app"
    assert "mounts at /bare" in explanation["cause"]
    assert explanation["cure"].endswith(fix)
    if fix.startswith("CORS("):
        source = app_with(allowed, MOUNTED, OTHER, fix, mount)
        assert explained(cors, source, *arguments, path="/bare/y")["readable"]
        assert not explained(cors, source, path="/bare/secret")["readable"]


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ([MOUNTED, OTHER, MOUNT], "/bare/none"),
        ([MOUNTED.replace("200 OK", "404 Not Found"), MOUNT], "/bare/none"),
        ([SOCKET.replace("200 OK", "404 Not Found")], "/socket.io/"),
    ],
    ids=["flask", "wsgi", "wrapper"],
)
def test_a_404_of_another_app_needs_no_cors(cors, lines, path):
    explanation = explained(cors, app_with(ONLY, *lines), path=path)
    assert explanation["code"] == "other-app"
    assert "404" in explanation["cause"]
    assert "CORS" not in explanation["cure"]


@pytest.mark.parametrize("lines", [[MOUNTED, MOUNT], [CLOSURE]], ids=["mounted", "wrapper"])
def test_the_edit_for_another_app_allows_credentials_if_they_are_sent(cors, lines):
    explanation = explained(cors, app_with(ONLY, *lines), "--credentials", path="/bare/y")
    assert "supports_credentials" in explanation["cure"]


def test_an_error_of_another_app_is_named_by_its_status_alone(cors):
    source = app_with(
        ONLY, MOUNTED, OTHER, "CORS(other, origins='https://app.example')", MOUNT, methods=["GET"]
    )
    explanation = explained(cors, source, "-X", "DELETE", path="/bare/y")
    assert explanation["notes"] == [
        "That is not a CORS error: another app or a wrapper answers 405 Method Not Allowed."
    ]


def test_an_app_below_a_prefix_is_explained_with_its_own_paths(cors):
    source = app_with(
        "CORS(app, resources='/items')",
        MOUNTED,
        'app.wsgi_app = DispatcherMiddleware(other, {"/api": app.wsgi_app})',
    )
    for arguments in ([], ["-X", "PUT"]):
        explanation = explained(cors, source, *arguments, path="/api/items")
        assert explanation["readable"] is True
        assert explanation["events"][-2]["policy"] == "resource '/items'"


# Decorators and callables -------------------------------------------------------------------------


def test_a_decorated_error_handler_is_not_a_second_layer(cors):
    source = app_with(
        "",
        """
        @app.errorhandler(404)
        @cross_origin(origins="https://app.example")
        def missing(error): return "nothing here", 404
        """,
        imports="CORS, cross_origin",
    )
    explanation = explained(cors, source, path="/nowhere")
    assert explanation["note_codes"] in ([], ["error-status"])


def test_an_origin_callable_can_read_the_request(cors):
    source = app_with("CORS(app, origins=lambda origin: request.host == 'api.localhost')")
    explanation = explained(
        cors, source, path="http://api.localhost/items", origin="https://app.localhost"
    )
    assert (explanation["readable"], explanation["notes"]) == (True, [])


@pytest.mark.parametrize("view", ["def x(): return ''", "async def x(): return ''"])
def test_an_origin_callable_can_read_what_a_hook_has_set(cors, view):
    source = app_with(
        "CORS(app, origins=lambda origin: origin in g.allowed)",
        f"""
        from flask import g
        @app.before_request
        def tenant(): g.allowed = {{"https://app.example"}}
        @app.get("/x")
        {view}
        """,
    )
    explanation = explained(cors, source, path="/x")
    assert (explanation["readable"], explanation["notes"]) == (True, [])


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
    explanation = explained(
        cors, source, "-X", "POST", "-H", "Content-Type: application/json", path="/both"
    )
    assert explanation["code"] == "view-beside"
    assert "create_item" in explanation["cause"]
    assert "@cross_origin(origins=['https://app.example'])" in explanation["cure"]


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
    explanation = explained(cors, source, path="/x")
    assert explanation["events"][0]["request"]["url"] == "https://api.shop.example/x"


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
def test_the_body_of_a_response_is_not_read(cors, path, options):
    explanation = explained(cors, app_with(ONLY, BODIES), path=path, options=options)
    assert (explanation["status"], explanation["notes"]) == (200, [])


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


def test_the_edit_for_a_login_redirect_does_not_allow_the_login_page(cors):
    explanation = explained(cors, app_with("CORS(app, resources='/api/*')", LOGIN), path="/api/me")
    assert explanation["code"] == "login-redirect"
    assert "401" in explanation["cure"]
    assert "/login" not in explanation["cure"]


def test_a_login_redirect_without_a_policy_is_named(cors):
    explanation = explained(cors, app_with("CORS(app, resources='/api/*')", LOGIN), path="/me")
    assert explanation["code"] == "login-redirect"
    assert "401" in explanation["cure"]
    assert "/login" not in explanation["cure"]
    assert explanation["cure"].endswith(
        "Write CORS(app, resources={'/me': {'origins': ['https://app.example']}})"
    )


def test_a_login_page_that_the_script_reads_gets_a_note(cors):
    explanation = explained(cors, app_with(ONLY, LOGIN), path="/api/me")
    assert explanation["note_codes"] == ["login-redirect"]
    assert "401" in explanation["notes"][0]


def test_any_other_redirect_gets_no_note(cors):
    assert explained(cors, app_with(ONLY, LOGIN), path="/api/old")["notes"] == []


def test_a_login_on_another_server_is_named(cors):
    explanation = explained(cors, app_with(ONLY, LOGIN), path="/api/away")
    assert explanation["code"] == "redirect-elsewhere"
    assert "401" in explanation["cure"]
    assert explanation["events"][-2]["policy"] == "another server, which was not contacted"


def test_a_redirect_across_origins_is_named(cors):
    explanation = explained(cors, app_with(ONLY, LOGIN), path="/api/secure")
    assert explanation["code"] == "redirect-null"
    assert explanation["cure"] == "Fetch https://localhost/api/new directly."


def test_any_other_redirect_without_a_policy_is_named(cors):
    explanation = explained(cors, app_with("CORS(app, resources='/api/*')", LOGIN), path="/old")
    assert explanation["code"] == "redirect"
    assert "/new" in explanation["cause"]


def test_a_hook_that_redirects_is_not_taken_for_a_login(cors):
    source = app_with(
        "CORS(app, resources='/api/*')",
        LOGIN,
        """
        @app.before_request
        def language():
            if not request.path.startswith("/en/"):
                return redirect(f"/en{request.path}")
        @app.get("/en/api/new")
        def english(): return "new"
        """,
    )
    assert explained(cors, source, path="/old")["code"] == "redirect"
    explanation = explained(cors, source, path="/api/new")
    assert explanation["code"] == "no-policy"
    assert explanation["cure"].endswith(
        "Write CORS(app, resources={'/en/api/new': {'origins': ['https://app.example']}})"
    )


LOGINS = [
    "/login",
    "/users/sign_in?x=1",
    "/log-in/",
    "/auth",
    "/auth/",
    "/authenticate",
    "/accounts/login/",
    "/oauth2/authorize?client_id=1",
    "/sso/start",
    "/welcome?next=/start%3Fpage%3D2",
    "/welcome?next=http%3A%2F%2Flocalhost%2Fstart",
]
OTHERS = [
    "/authors/5",
    "/authors",
    "/author/auth-7/books",
    "/accounts/5",
    "/account",
    "/items?next=abc",
    "/items?back=&next=",
    "/items?next=/items/2",
    "/items?page=/start",
    "/en/start",
]


@pytest.mark.parametrize("location", LOGINS + OTHERS)
def test_only_a_redirect_to_a_login_page_is_taken_for_one(cors, location):
    source = app_with(
        "CORS(app, resources='/api/*')",
        f"app.add_url_rule('/start', 's', lambda: redirect({location!r}))",
    )
    code = "login-redirect" if location in LOGINS else "redirect"
    assert explained(cors, source, path="/start")["code"] == code
