"""Causes of refusals, each with the edit that mends it and opens nothing more."""

from __future__ import annotations

import pytest

from ..support.commands import ONLY, app_with, explained

API = "CORS(app, resources='/api/*')"
BOTH = "CORS, cross_origin"
BY_HAND = """
@app.after_request
def add_cors(response):
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
"""

# Where a value was written ------------------------------------------------------------------------

PLACES = {
    "keyword": (
        "CORS(app, origins='https://x.example')",
        [],
        "In CORS() (app.py, line 5): Write origins=['https://app.example', 'https://x.example']",
    ),
    "init_app": (
        "CORS().init_app(app, origins='https://x.example')",
        [],
        "In CORS() (app.py, line 5): Write origins=['https://app.example', 'https://x.example']",
    ),
    "key": (
        "app.config['CORS_ORIGINS'] = 'https://a.example'\nCORS(app)",
        [],
        (
            "In the app's configuration: Write CORS_ORIGINS = ['https://a.example', "
            "'https://app.example']"
        ),
    ),
    "key-of-a-list": (
        "app.config['CORS_METHODS'] = 'GET,POST'\nCORS(app)",
        ["-X", "PUT"],
        "In the app's configuration: Write CORS_METHODS = ['GET', 'POST', 'PUT']",
    ),
    "key-beside-a-default": (
        "app.config['CORS_ORIGINS'] = 'https://app.example'\nCORS(app)",
        ["--credentials"],
        "In the app's configuration: Write CORS_SUPPORTS_CREDENTIALS = True",
    ),
    "resource": (
        "CORS(app, resources={'/items': {'origins': 'https://x.example'}})",
        [],
        (
            "In resources['/items'] (app.py, line 5): Write 'origins': ['https://app.example', "
            "'https://x.example']"
        ),
    ),
    "resource-of-a-key": (
        "app.config['CORS_RESOURCES'] = {'/items': {'methods': ['GET']}}\nCORS(app)",
        ["-X", "PUT"],
        "In CORS_RESOURCES['/items']: Write 'methods': ['GET', 'PUT']",
    ),
    "keyword-beside-a-resource": (
        "CORS(app, origins='https://x.example', resources={'/items': {'methods': ['GET', 'PUT']}})",
        [],
        "In CORS() (app.py, line 5): Write origins=['https://app.example', 'https://x.example']",
    ),
    "two-places": (
        "app.config['CORS_ORIGINS'] = '*'\nCORS(app, resources={'/items': {'max_age': 1}})",
        ["--credentials"],
        (
            "In resources['/items'] (app.py, line 6): Write 'supports_credentials': True. In the "
            "app's configuration: Write CORS_ORIGINS = ['https://app.example']"
        ),
    ),
    "default": ("CORS(app)", ["-X", "PROPFIND"], "Use one of those methods, or add the route."),
    "exception": (
        (
            "app.config['CORS_INTERCEPT_EXCEPTIONS'] = False\nCORS(app)\n"
            "app.before_request(lambda: {}['x'])"
        ),
        [],
        "In the app's configuration: Write CORS_INTERCEPT_EXCEPTIONS = True",
    ),
    "preflight": (
        (
            "CORS(app, automatic_options=False)\n"
            "@app.before_request\ndef hook():\n    if request.method == 'OPTIONS': abort(405)"
        ),
        ["-X", "PUT"],
        "In CORS() (app.py, line 5): Write automatic_options=True",
    ),
}


@pytest.mark.parametrize(("call", "arguments", "fix"), PLACES.values(), ids=PLACES)
def test_the_edit_names_the_place_where_the_value_was_written(cors, call, arguments, fix):
    told = explained(cors, app_with(call), *arguments)
    assert told["cure"] == fix


def test_the_edit_names_the_decorator(cors):
    source = app_with(
        "", "@app.get('/own')\n@cross_origin(origins=[])\ndef own(): return ''", imports=BOTH
    )
    told = explained(cors, source, path="/own")
    assert told["cure"] == (
        "In @cross_origin on own (app.py, line 7): Write origins=['https://app.example']"
    )


def test_the_edit_names_the_blueprint(cors):
    source = app_with(
        "from flask import Blueprint\nbp = Blueprint('bp', __name__)\nCORS(bp, origins=[])",
        "bp.add_url_rule('/own', 'own', lambda: '')\napp.register_blueprint(bp)",
    )
    told = explained(cors, source, path="/own")
    assert "blueprint bp" in told["cause"]
    assert told["cure"] == "In CORS() (app.py, line 7): Write origins=['https://app.example']"


# What opens a route, and no more ------------------------------------------------------------------

ROUTES = [
    ("/items", "/items", "Write CORS(app, resources={'/items': "),
    ("/", "/", "Write CORS(app, resources={'/': "),
    ("/items/<int:number>", "/items/7", "Write CORS(app, resources={'/items/*': "),
    ("/<lang>/items", "/en/items", "Write CORS(app, resources={'/*/items': "),
    ("/users/<u>/posts/<int:p>", "/users/a/posts/1", "resources={'/users/*/posts/*': "),
    ("/items/", "/items/", "Write CORS(app, resources={'/items/*': "),
    ("/<name>", "/ada", "Put it directly above items (app.py, line 6): @cross_origin("),
    ("/<path:rest>", "/a/b", "Put it directly above items (app.py, line 6): @cross_origin("),
    ("/file.<ending>", "/file.txt", "Put it directly above items (app.py, line 6): @cross_origin("),
]


@pytest.mark.parametrize(("route", "path", "fix"), ROUTES)
def test_what_opens_a_route_names_its_pattern(cors, route, path, fix):
    told = explained(cors, app_with(API, route=route), path=path)
    assert told["code"] == "no-policy"
    assert fix in told["cure"]


def test_a_decorator_is_the_edit_where_decorators_are_used(cors):
    source = app_with(
        "", "@app.get('/own')\n@cross_origin\ndef own(): return ''", imports="cross_origin"
    )
    told = explained(cors, source, "--credentials")
    assert told["cure"] == (
        "Put it directly above items (app.py, line 9): "
        "@cross_origin(origins=['https://app.example'], supports_credentials=True)"
    )


def test_of_a_class_the_method_is_named(cors):
    source = app_with(
        "",
        """
        from flask.views import MethodView
        class Things(MethodView):
            @cross_origin(origins="https://app.example")
            def get(self): return ""
            def put(self): return ""
        app.add_url_rule("/things", view_func=Things.as_view("things"))
        """,
        imports=BOTH,
    )
    told = explained(cors, source, "-X", "PUT", path="/things")
    assert told["code"] == "view-beside"
    assert "Things.put" in told["cure"]
    assert "Things.get" in told["cause"]


# What is no CORS error ----------------------------------------------------------------------------


def test_a_path_that_is_nearly_one_is_named(cors):
    told = explained(cors, app_with(API), path="/item")
    assert told["code"] == "not-found"
    assert "A similar route is /items." in told["cause"]
    assert "CORS(" not in told["cure"]


def test_a_path_of_another_host_is_named(cors):
    source = app_with(
        f"app = Flask(__name__, host_matching=True, static_host='a.example')\n{API}",
        "app.add_url_rule('/x', 'x', lambda: '', host='b.example')",
    ).replace("@app.route('/items', ", "@app.route('/items', host='a.example', ")
    told = explained(cors, source, path="https://c.example/x")
    assert told["code"] == "not-found"
    assert "The host b.example has one." in told["cause"]


def test_a_method_that_the_route_does_not_take_is_named(cors):
    told = explained(cors, app_with(API), "-X", "DELETE")
    assert told["code"] == "method-not-routed"
    assert "the route accepts GET, HEAD, OPTIONS, PATCH, PUT, not DELETE" in told["cause"]
    assert told["cure"].endswith(
        "Write CORS(app, resources={'/items': {'origins': ['https://app.example']}})"
    )


def test_credentials_are_opened_where_they_are_asked_for(cors):
    told = explained(cors, app_with(API), "--credentials")
    assert told["cure"] == (
        "Write CORS(app, resources={'/items': {'origins': ['https://app.example'], "
        "'supports_credentials': True}})"
    )


def test_a_refused_origin_does_not_hide_a_missing_route(cors):
    told = explained(cors, app_with("CORS(app, origins='https://x.example')"), path="/nowhere")
    assert told["code"] == "origin-not-listed"
    assert "Also, the app has no route for /nowhere." in told["cause"]


def test_a_method_that_is_neither_listed_nor_routed_is_not_to_be_listed(cors):
    told = explained(cors, app_with("CORS(app, methods='GET')"), "-X", "DELETE")
    assert told["code"] == "method-not-routed"
    assert "methods=" not in told["cure"]


@pytest.mark.parametrize("arguments", [[], ["-X", "PUT"]], ids=["request", "preflight"])
def test_a_hook_without_a_policy_is_named_together_with_what_lacks(cors, arguments):
    source = app_with(API, "@app.before_request\ndef authenticate(): return 'no', 401")
    told = explained(cors, source, *arguments)
    assert told["code"] == "no-policy"
    assert "authenticate (app.py, line 6)" in told["cause"]
    assert told["cure"].endswith(
        "Write CORS(app, resources={'/items': {'origins': ['https://app.example']}})"
    )


def test_an_exception_without_a_policy_is_named_together_with_what_lacks(cors):
    source = app_with(API, "@app.before_request\ndef hook(): raise LookupError('db')")
    told = explained(cors, source)
    assert told["code"] == "no-policy"
    assert "The app raised LookupError: db (app.py, line 7)" in told["cause"]


# Layers -------------------------------------------------------------------------------------------

STRIPPING = """
def strip(inner):
    def stripped(environ, start_response):
        def start(status, headers, exc_info=None):
            kept = [line for line in headers if not line[0].startswith("Access-")]
            return start_response(status, kept)
        return inner(environ, start)
    return stripped
app.wsgi_app = strip(app.wsgi_app)
"""


def test_a_layer_that_takes_the_headers_away_is_named(cors):
    told = explained(cors, app_with(ONLY, STRIPPING))
    assert told["code"] == "headers-lost"
    assert "(stripped)" in told["cause"]


def test_a_wrapper_that_raises_is_named_with_its_line(cors):
    source = app_with(ONLY, "def broken(*args): raise ValueError('w')\napp.wsgi_app = broken")
    told = explained(cors, source)
    assert told["code"] == "other-app"
    assert "by raising ValueError: w (app.py, line 6)" in told["cause"]
    assert "CORSMiddleware(app.wsgi_app, resources={'/items/*'" in told["cure"]


def test_a_wrapper_around_the_root_is_named(cors):
    source = app_with(
        ONLY,
        "def other(environ, start): start('200 OK', []); return []\napp.wsgi_app = other",
    )
    assert "resources={'/*'" in explained(cors, source, path="/")["cure"]


def test_a_wrapper_around_what_mounts_is_told_from_what_is_mounted(cors):
    source = app_with(
        ONLY,
        """
        from werkzeug.middleware.dispatcher import DispatcherMiddleware
        class Guard:
            def __init__(self, app): self.app = app
            def __call__(self, environ, start):
                start("403 Forbidden", [])
                return []
        app.wsgi_app = Guard(DispatcherMiddleware(app.wsgi_app, {"/bare": app.wsgi_app}))
        """,
    )
    assert "A wrapper around the app, Guard," in explained(cors, source)["cause"]


def test_an_http_exception_that_is_trapped_is_none_that_was_raised(cors):
    source = app_with(
        f"app.config['TRAP_HTTP_EXCEPTIONS'] = True\n{ONLY}", "@app.get('/e')\ndef e(): abort(418)"
    )
    told = explained(cors, source, path="/e")
    assert told["status"] == 500


@pytest.mark.frameworks
def test_socket_io_has_an_option_of_its_own(cors):
    source = app_with(
        ONLY,
        "from flask_socketio import SocketIO\n"
        "io = SocketIO(app, async_mode='threading', cors_allowed_origins=[])",
    )
    told = explained(cors, source, path="/socket.io/?EIO=4&transport=polling")
    assert told["code"] == "other-app"
    assert told["cure"].endswith("Write cors_allowed_origins=['https://app.example']")


def test_a_wrapper_that_comes_from_socket_io_is_known_by_its_module(cors):
    source = app_with(
        ONLY,
        """
        class WSGIApp:
            __module__ = "engineio.middleware"
            def __init__(self, wsgi_app): self.wsgi_app = wsgi_app
            def __call__(self, environ, start):
                if not environ["PATH_INFO"].startswith("/socket.io"):
                    return self.wsgi_app(environ, start)
                start("200 OK", [])
                return []
        app.wsgi_app = WSGIApp(app.wsgi_app)
        """,
    )
    told = explained(cors, source, path="/socket.io/")
    assert told["cure"].endswith("Write cors_allowed_origins=['https://app.example']")


def test_a_mounted_app_that_is_no_flask_app_gets_the_middleware(cors):
    source = app_with(
        ONLY,
        """
        from werkzeug.middleware.dispatcher import DispatcherMiddleware
        def other(environ, start): start("200 OK", []); return []
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/bare": other, "/other": other})
        """,
    )
    cure = explained(cors, source, path="/bare")["cure"]
    assert cure.endswith("CORSMiddleware(other, origins=['https://app.example'])")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["Access-Control-Allow-Origin: https://x.example", "add_cors (app.py, line 7)"]),
        (["-X", "PUT"], ["without Access-Control-Allow-Methods"]),
    ],
)
def test_headers_that_are_written_by_hand_are_told_as_such(cors, arguments, words):
    source = app_with("", BY_HAND.replace('"*"', '"https://x.example"' if not arguments else '"*"'))
    told = explained(cors, source, *arguments)
    assert told["code"] == "headers-by-hand"
    assert [word for word in words if word not in told["cause"]] == []
    assert "CORS(app" in told["cure"]


def test_headers_by_hand_that_lack_the_origin(cors):
    source = app_with(
        "",
        "@app.after_request\ndef hook(response):\n"
        "    response.headers['Access-Control-Allow-Methods'] = 'PUT'\n    return response",
    )
    told = explained(cors, source, path="/nowhere")
    assert told["code"] == "headers-by-hand"
    assert "without Access-Control-Allow-Origin" in told["cause"]
    assert told["cure"].endswith("Write CORS(app, origins=['https://app.example'])")


# Debug --------------------------------------------------------------------------------------------

BOOM = "@app.get('/boom')\ndef boom(): raise ValueError('x')"


def test_under_debug_the_debugger_s_page_is_read_where_the_app_lets_it(cors):
    told = explained(cors, app_with(ONLY, BOOM), path="/boom", options=["--debug"])
    assert (told["readable"], told["note_codes"]) == (True, ["debugger"])
    assert "ValueError: x" in told["notes"][0]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (API, "debugger"),
        ("CORS(app, origins='https://x.example')", "origin-not-listed"),
        ("CORS(app, intercept_exceptions=False)", "exception"),
    ],
)
def test_under_debug_the_reason_is_still_told(cors, call, code):
    told = explained(cors, app_with(call, BOOM), path="/boom", options=["--debug"])
    assert told["code"] == code


def test_testing_passes_exceptions_on(cors):
    told = explained(cors, app_with(f"app.testing = True\n{ONLY}", BOOM), path="/boom")
    assert told["code"] == "exception-propagated"
    assert "TESTING" in told["cure"]


# Redirects ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["-X", "PUT"]], ids=["request", "preflight"])
def test_a_hook_that_redirects_before_a_decorated_view(cors, arguments):
    source = app_with(
        "",
        "@app.before_request\ndef hook(): return redirect('/login')",
        "@app.route('/own', methods=['GET', 'PUT'])\n@cross_origin\ndef own(): return ''",
        imports=BOTH,
    )
    told = explained(cors, source, *arguments, path="/own")
    assert told["code"] == ("hook" if arguments else "login-redirect")
    assert told["cure"].endswith("Write CORS(app, resources=[])")


def test_a_slash_before_a_decorated_view(cors):
    source = app_with("", "@app.put('/own/')\n@cross_origin\ndef own(): return ''", imports=BOTH)
    told = explained(cors, source, "-X", "PUT", path="/own")
    assert told["code"] == "redirect-slash"
    assert "Fetch http://localhost/own/ directly" in told["cure"]


@pytest.mark.parametrize(
    ("call", "target"),
    [(API, "ftp://x.example/"), (ONLY, "http://user:secret@localhost/x"), (ONLY, "mailto:a@b")],
)
def test_a_redirect_that_browsers_refuse(cors, call, target):
    source = app_with(call, f"@app.get('/away')\ndef away(): return redirect({target!r})")
    assert explained(cors, source, path="/away")["code"] == "redirect-refused"


def test_a_redirect_out_of_the_resources_that_is_no_login(cors):
    source = app_with(API, "@app.get('/api/old')\ndef old(): return redirect('/items')")
    told = explained(cors, source, path="/api/old")
    assert told["code"] == "no-policy"
    assert told["cause"].startswith("After the redirect to http://localhost/items: ")


# Callables ----------------------------------------------------------------------------------------


def test_a_callable_with_another_answer_than_true_or_false(cors):
    source = app_with("def known(origin): return 'yes'\nCORS(app, origins=known)")
    told = explained(cors, source)
    assert told["code"] == "callable-answer"
    assert "known (app.py, line 5)" in told["cause"]
