"""The causes that `explain` names, each with an edit that fixes it and allows nothing more."""

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

# Where an option was written ----------------------------------------------------------------------

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
    explanation = explained(cors, app_with(call), *arguments)
    assert explanation["cure"] == fix


def test_the_edit_names_the_decorator(cors):
    source = app_with(
        "", "@app.get('/own')\n@cross_origin(origins=[])\ndef own(): return ''", imports=BOTH
    )
    explanation = explained(cors, source, path="/own")
    assert explanation["cure"] == (
        "In @cross_origin on own (app.py, line 7): Write origins=['https://app.example']"
    )


def test_the_edit_names_the_blueprint(cors):
    source = app_with(
        "from flask import Blueprint\nbp = Blueprint('bp', __name__)\nCORS(bp, origins=[])",
        "bp.add_url_rule('/own', 'own', lambda: '')\napp.register_blueprint(bp)",
    )
    explanation = explained(cors, source, path="/own")
    assert "blueprint bp" in explanation["cause"]
    assert (
        explanation["cure"] == "In CORS() (app.py, line 7): Write origins=['https://app.example']"
    )


# Edits that allow one route and nothing else ------------------------------------------------------

ROUTES = [
    ("/items", "/items", "Write CORS(app, resources={'/items': "),
    ("/", "/", "Write CORS(app, resources={'/': "),
    ("/items/<int:number>", "/items/7", "Write CORS(app, resources={'/items/*': "),
    # The static route has paths that end in the same way: /static/a/items.
    ("/<lang>/items", "/en/items", "Write directly above items (app.py, line 6): @cross_origin("),
    ("/users/<u>/posts/<int:p>", "/users/a/posts/1", "resources={'/users/*/posts/*': "),
    ("/items/", "/items/", "Write CORS(app, resources={'/items/*': "),
    ("/<name>", "/ada", "Write directly above items (app.py, line 6): @cross_origin("),
    ("/<path:rest>", "/a/b", "Write directly above items (app.py, line 6): @cross_origin("),
    ("/file.<ending>", "/file.txt", "Write directly above items (app.py, line 6): @cross_origin("),
]


@pytest.mark.parametrize(("route", "path", "fix"), ROUTES)
def test_the_edit_allows_the_pattern_of_the_route(cors, route, path, fix):
    explanation = explained(cors, app_with(API, route=route), path=path)
    assert explanation["code"] == "no-policy"
    assert fix in explanation["cure"]


NO_STATIC = f"app = Flask(__name__, static_folder=None)\n{API}"
BESIDE = [
    ("/users/<name>", "/users/ada", "/users/<name>/tokens"),
    ("/users/<name>", "/users/ada", "/users"),
    ("/<lang>/about", "/en/about", "/<lang>/admin/about"),
    ("/x/<int:i>/", "/x/4/", "/x/<int:i>/secret"),
    ("/items/", "/items/", "/items/<int:number>"),
    ("/<lang>/about", "/en/about", "/files/<path:rest>"),
    ("/users/<name>", "/users/ada", "/<kind('>'):kind>/<int:number>"),
]


@pytest.mark.parametrize(("route", "path", "other"), BESIDE)
def test_a_resource_that_would_open_another_route_is_not_advised(cors, route, path, other):
    more = """
    from werkzeug.routing import BaseConverter
    class Kind(BaseConverter):
        def __init__(self, map, *args): super().__init__(map)
    app.url_map.converters["kind"] = Kind
    items = lambda **values: ""
    """
    source = app_with(NO_STATIC, more, f"app.add_url_rule({other!r}, 'other', items)", route=route)
    source = source.replace("def items()", "def items(**values)")
    explanation = explained(cors, source, path=path)
    assert explanation["code"] == "no-policy"
    assert explanation["cure"] == (
        "Write directly above items (app.py, line 15): "
        "@cross_origin(origins=['https://app.example'])"
    )


NOT_BESIDE = [
    ("/users/<name>", "/users/ada", "/tokens/<name>", "/users/*"),
    ("/<lang>/items", "/en/items", "/<lang>/item", "/*/items"),
    ("/users/me", "/users/me", "/users/<name>", "/users/me"),
    ("/<lang>/items", "/en/items", "/<int:number>/1", "/*/items"),
    ("/<int:n>/about", "/1/about", "/<float:x>/<uuid:u>", "/*/about"),
]


@pytest.mark.parametrize(("route", "path", "other", "pattern"), NOT_BESIDE)
def test_a_resource_that_opens_no_other_route_is_advised(cors, route, path, other, pattern):
    source = app_with(
        NO_STATIC, f"app.add_url_rule({other!r}, 'other', lambda **_: '')", route=route
    ).replace("def items()", "def items(**values)")
    cure = explained(cors, source, path=path)["cure"]
    assert cure == (
        f"Write CORS(app, resources={{{pattern!r}: {{'origins': ['https://app.example']}}}})"
    )
    assert explained(cors, f"{source}\n{cure.removeprefix('Write ')}", path=path)["readable"]


def test_a_resource_that_would_open_the_same_path_of_another_host_is_not_advised(cors):
    source = app_with(
        f"app = Flask(__name__, host_matching=True, static_folder=None)\n{API}",
        "app.add_url_rule('/items', 'other', lambda: '', host='b.example')",
    ).replace("@app.route('/items', ", "@app.route('/items', host='a.example', ")
    explanation = explained(cors, source, path="https://a.example/items")
    assert explanation["cure"].startswith("Write directly above items ")


@pytest.mark.parametrize(
    ("route", "path", "fix"),
    [
        ("/x/<int:i>/", "/x/4", "Write CORS(app, resources={'/x/*/*': {"),
        ("/x/<name>/", "/x/\xe9", "Write CORS(app, resources={'/x/*/*': {"),
        ("/<name>/", "/ada", "Write directly above items (app.py, line 6): @cross_origin("),
    ],
)
def test_the_edit_for_a_slash_redirect_allows_the_pattern_of_the_route(cors, route, path, fix):
    explanation = explained(cors, app_with(API, route=route), path=path)
    assert explanation["code"] == "redirect-slash"
    assert fix in explanation["cure"]


def test_an_app_with_decorators_gets_a_decorator_as_the_edit(cors):
    source = app_with(
        "", "@app.get('/own')\n@cross_origin\ndef own(): return ''", imports="cross_origin"
    )
    explanation = explained(cors, source, "--credentials")
    assert explanation["cure"] == (
        "Write directly above items (app.py, line 9): "
        "@cross_origin(origins=['https://app.example'], supports_credentials=True)"
    )


def test_the_method_of_a_class_is_named(cors):
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
    explanation = explained(cors, source, "-X", "PUT", path="/things")
    assert explanation["code"] == "view-beside"
    assert "Things.put" in explanation["cure"]
    assert "Things.get" in explanation["cause"]


# Errors that are not about CORS -------------------------------------------------------------------


def test_a_similar_route_is_named(cors):
    explanation = explained(cors, app_with(API), path="/item")
    assert explanation["code"] == "not-found"
    assert "A similar route is /items." in explanation["cause"]
    assert "CORS(" not in explanation["cure"]


def test_a_host_that_has_the_route_is_named(cors):
    source = app_with(
        f"app = Flask(__name__, host_matching=True, static_host='a.example')\n{API}",
        "app.add_url_rule('/x', 'x', lambda: '', host='b.example')",
    ).replace("@app.route('/items', ", "@app.route('/items', host='a.example', ")
    explanation = explained(cors, source, path="https://c.example/x")
    assert explanation["code"] == "not-found"
    assert "The host b.example has one." in explanation["cause"]


def test_a_method_that_the_route_does_not_accept_is_explained(cors):
    explanation = explained(cors, app_with(API), "-X", "DELETE")
    assert explanation["code"] == "method-not-routed"
    assert "the route accepts GET, HEAD, OPTIONS, PATCH, PUT, not DELETE" in explanation["cause"]
    assert explanation["cure"].endswith(
        "Write CORS(app, resources={'/items': {'origins': ['https://app.example']}})"
    )


def test_the_edit_allows_credentials_if_they_are_sent(cors):
    explanation = explained(cors, app_with(API), "--credentials")
    assert explanation["cure"] == (
        "Write CORS(app, resources={'/items': {'origins': ['https://app.example'], "
        "'supports_credentials': True}})"
    )


def test_a_refused_origin_does_not_hide_a_missing_route(cors):
    explanation = explained(
        cors, app_with("CORS(app, origins='https://x.example')"), path="/nowhere"
    )
    assert explanation["code"] == "origin-not-listed"
    assert "Also, the app has no route for /nowhere." in explanation["cause"]


def test_a_method_without_a_route_is_not_added_to_methods(cors):
    explanation = explained(cors, app_with("CORS(app, methods='GET')"), "-X", "DELETE")
    assert explanation["code"] == "method-not-routed"
    assert "methods=" not in explanation["cure"]


@pytest.mark.parametrize("arguments", [[], ["-X", "PUT"]], ids=["request", "preflight"])
def test_a_hook_is_named_together_with_the_missing_policy(cors, arguments):
    source = app_with(API, "@app.before_request\ndef authenticate(): return 'no', 401")
    explanation = explained(cors, source, *arguments)
    assert explanation["code"] == "no-policy"
    assert "authenticate (app.py, line 6)" in explanation["cause"]
    assert explanation["cure"].endswith(
        "Write CORS(app, resources={'/items': {'origins': ['https://app.example']}})"
    )


def test_a_decorator_as_the_edit_comes_with_an_extension_that_runs_before_the_hooks(cors):
    source = app_with("", "@app.before_request\ndef hook(): abort(401)", route="/<name>")
    explanation = explained(cors, source, "-X", "PUT", path="/ada")
    assert "in app.py, line 7" in explanation["cause"]
    assert explanation["cure"] == (
        "Let CORS run before the hooks, and add a policy. Write CORS(app, resources=[]). "
        "Write directly above items (app.py, line 8): "
        "@cross_origin(origins=['https://app.example'])"
    )


def test_an_exception_is_named_together_with_the_missing_policy(cors):
    source = app_with(API, "@app.before_request\ndef hook(): raise LookupError('db')")
    explanation = explained(cors, source)
    assert explanation["code"] == "no-policy"
    assert "The app raised LookupError: db (app.py, line 7)" in explanation["cause"]


# Layers -------------------------------------------------------------------------------------------

REMOVING = """
def without_headers(inner):
    def stripped(environ, start_response):
        def start(status, headers, exc_info=None):
            kept = [line for line in headers if not line[0].startswith("Access-")]
            return start_response(status, kept)
        return inner(environ, start)
    return stripped
app.wsgi_app = without_headers(app.wsgi_app)
"""


def test_a_layer_that_removes_the_headers_is_named(cors):
    explanation = explained(cors, app_with(ONLY, REMOVING))
    assert explanation["code"] == "headers-lost"
    assert "(stripped)" in explanation["cause"]


def test_a_wrapper_that_raises_is_named_with_its_line(cors):
    source = app_with(ONLY, "def broken(*args): raise ValueError('w')\napp.wsgi_app = broken")
    explanation = explained(cors, source)
    assert explanation["code"] == "other-app"
    assert "by raising ValueError: w (app.py, line 6)" in explanation["cause"]
    assert "CORSMiddleware(app.wsgi_app, resources={'/items/*'" in explanation["cure"]


def test_a_wrapper_around_the_root_is_named(cors):
    source = app_with(
        ONLY,
        "def other(environ, start): start('200 OK', []); return []\napp.wsgi_app = other",
    )
    assert "resources={'/*'" in explained(cors, source, path="/")["cure"]


def test_a_wrapper_around_a_dispatcher_is_not_taken_for_a_mounted_app(cors):
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


def test_a_trapped_http_exception_is_answered_with_500(cors):
    source = app_with(
        f"app.config['TRAP_HTTP_EXCEPTIONS'] = True\n{ONLY}", "@app.get('/e')\ndef e(): abort(418)"
    )
    explanation = explained(cors, source, path="/e")
    assert explanation["status"] == 500


@pytest.mark.frameworks
def test_socket_io_gets_its_own_option_as_the_edit(cors):
    source = app_with(
        ONLY,
        "from flask_socketio import SocketIO\n"
        "io = SocketIO(app, async_mode='threading', cors_allowed_origins=[])",
    )
    explanation = explained(cors, source, path="/socket.io/?EIO=4&transport=polling")
    assert explanation["code"] == "other-app"
    assert explanation["cure"].endswith("Write cors_allowed_origins=['https://app.example']")


def test_a_socket_io_wrapper_is_recognized_by_its_module(cors):
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
    explanation = explained(cors, source, path="/socket.io/")
    assert explanation["cure"].endswith("Write cors_allowed_origins=['https://app.example']")


def test_a_mounted_wsgi_app_gets_the_middleware_as_the_edit(cors):
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
        (["-X", "PUT"], ["missing: Access-Control-Allow-Methods"]),
    ],
)
def test_headers_written_by_hand_are_named(cors, arguments, words):
    source = app_with("", BY_HAND.replace('"*"', '"https://x.example"' if not arguments else '"*"'))
    explanation = explained(cors, source, *arguments)
    assert explanation["code"] == "headers-by-hand"
    assert [word for word in words if word not in explanation["cause"]] == []
    assert "CORS(app" in explanation["cure"]


BY_VIEW = """
@app.get("/own")
def own(): return "", {"Access-Control-Allow-Origin": "https://a.example"}
"""


@pytest.mark.parametrize(
    ("lines", "path", "hint"),
    [
        (
            BY_HAND.replace('"*"', '"https://a.example"'),
            "/items",
            "Other routes that https://a.example reads then need a policy too. ",
        ),
        (BY_VIEW, "/own", ""),
    ],
    ids=["hook", "view"],
)
def test_an_origin_that_is_allowed_by_hand_stays_allowed(cors, lines, path, hint):
    source = app_with("", lines)
    cure = explained(cors, source, path=path)["cure"]
    edit = (
        f"CORS(app, resources={{{path!r}: {{'origins': "
        "['https://a.example', 'https://app.example']}})"
    )
    assert cure == f"Remove the code that writes them. {hint}Write {edit}"
    if not hint:
        lines = lines.replace(', {"Access-Control-Allow-Origin": "https://a.example"}', "")
    applied = app_with("", "" if hint else lines) + f"\n{edit}"
    for origin in ("https://a.example", "https://app.example"):
        assert explained(cors, applied, path=path, origin=origin)["readable"]


def test_headers_by_hand_without_the_origin_are_named(cors):
    source = app_with(
        "",
        "@app.after_request\ndef hook(response):\n"
        "    response.headers['Access-Control-Allow-Methods'] = 'PUT'\n    return response",
    )
    explanation = explained(cors, source, path="/nowhere")
    assert explanation["code"] == "headers-by-hand"
    assert "missing: Access-Control-Allow-Origin" in explanation["cause"]
    assert explanation["cure"].endswith("Write CORS(app, origins=['https://app.example'])")


# Debug mode ---------------------------------------------------------------------------------------

BOOM = "@app.get('/boom')\ndef boom(): raise ValueError('x')"


def test_in_debug_mode_an_allowed_page_reads_the_debugger_s_page(cors):
    explanation = explained(cors, app_with(ONLY, BOOM), path="/boom", options=["--debug"])
    assert (explanation["readable"], explanation["note_codes"]) == (True, ["debugger"])
    assert "ValueError: x" in explanation["notes"][0]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (API, "debugger"),
        ("CORS(app, origins='https://x.example')", "origin-not-listed"),
        ("CORS(app, intercept_exceptions=False)", "exception"),
    ],
)
def test_in_debug_mode_the_cause_is_still_named(cors, call, code):
    explanation = explained(cors, app_with(call, BOOM), path="/boom", options=["--debug"])
    assert explanation["code"] == code


def test_testing_mode_is_named_where_it_propagates_an_exception(cors):
    explanation = explained(cors, app_with(f"app.testing = True\n{ONLY}", BOOM), path="/boom")
    assert explanation["code"] == "exception-propagated"
    assert "TESTING" in explanation["cure"]


# Redirects ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["-X", "PUT"]], ids=["request", "preflight"])
def test_a_hook_that_redirects_before_a_decorated_view_is_named(cors, arguments):
    source = app_with(
        "",
        "@app.before_request\ndef hook(): return redirect('/login')",
        "@app.route('/own', methods=['GET', 'PUT'])\n@cross_origin\ndef own(): return ''",
        imports=BOTH,
    )
    explanation = explained(cors, source, *arguments, path="/own")
    assert explanation["code"] == ("hook" if arguments else "login-redirect")
    assert explanation["cure"].endswith("Write CORS(app, resources=[])")


@pytest.mark.parametrize("location", ["/en/own", "/authors/5", "/accounts/5"])
def test_a_hook_that_redirects_elsewhere_is_not_taken_for_a_login(cors, location):
    source = app_with(
        "",
        f"@app.before_request\ndef hook(): return redirect({location!r})",
        "@app.get('/own')\n@cross_origin\ndef own(): return ''",
        imports=BOTH,
    )
    explanation = explained(cors, source, path="/own")
    assert explanation["code"] == "redirect"
    assert "401" not in explanation["cure"]
    assert explanation["cure"].endswith("Write CORS(app, resources=[])")


def test_a_slash_redirect_before_a_decorated_view_is_named(cors):
    source = app_with("", "@app.put('/own/')\n@cross_origin\ndef own(): return ''", imports=BOTH)
    explanation = explained(cors, source, "-X", "PUT", path="/own")
    assert explanation["code"] == "redirect-slash"
    assert "Fetch http://localhost/own/ directly" in explanation["cure"]


@pytest.mark.parametrize(
    ("call", "target"),
    [(API, "ftp://x.example/"), (ONLY, "http://user:secret@localhost/x"), (ONLY, "mailto:a@b")],
)
def test_a_redirect_that_browsers_do_not_follow_is_named(cors, call, target):
    source = app_with(call, f"@app.get('/away')\ndef away(): return redirect({target!r})")
    assert explained(cors, source, path="/away")["code"] == "redirect-refused"


def test_the_target_of_a_redirect_needs_a_policy_too(cors):
    source = app_with(API, "@app.get('/api/old')\ndef old(): return redirect('/items')")
    explanation = explained(cors, source, path="/api/old")
    assert explanation["code"] == "no-policy"
    assert explanation["cause"].startswith("After the redirect to http://localhost/items: ")


# Callables ----------------------------------------------------------------------------------------


def test_a_callable_that_returns_no_boolean_is_named(cors):
    source = app_with("def known(origin): return 'yes'\nCORS(app, origins=known)")
    explanation = explained(cors, source)
    assert explanation["code"] == "callable-answer"
    assert "known (app.py, line 5)" in explanation["cause"]
