"""`flask cors check`: what it reports in addition to set-up, and what it does not report."""

from __future__ import annotations

import sys

import pytest
from flask import Flask, redirect

from ..support.commands import ONLY, app_with, checked, found

BOTH = "CORS, cross_origin"
with Flask("redirecting").app_context():
    REDIRECTED = str(redirect("/").status_code)  # differs between versions of Flask


def view(name, *decorators):
    """Return the source of a view with decorators."""
    return "\n".join([*decorators, f"def {name}(*args, **kwargs): return ''"])


CROSS = "@cross_origin(origins='https://app.example')"

# Apps without findings ----------------------------------------------------------------------------

SILENT = {
    "decorated-error-handler": app_with(
        "", view("missing", "@app.errorhandler(404)", CROSS), imports=BOTH
    ),
    "decorated-error-handler-beside-cors": app_with(
        "CORS(app, origins='https://x.example')",
        view("missing", "@app.errorhandler(404)", CROSS),
        imports=BOTH,
    ),
    "decorated-handler-of-an-exception": app_with(
        ONLY, view("wrong", "@app.errorhandler(ValueError)", CROSS), imports=BOTH
    ),
    "decorated-catch-all": app_with(
        "", view("everything", "@app.route('/<path:path>')", CROSS), imports=BOTH
    ),
    "catch-all-that-fails": app_with(
        ONLY, "@app.get('/<path:path>')\ndef everything(path): raise ValueError"
    ),
    "decorated-helper-that-a-view-calls": app_with(
        "",
        view("helper", CROSS),
        "@app.get('/calls')\ndef calls(): return helper()",
        imports=BOTH,
    ),
    "decorated-helper-within-a-factory": app_with(
        "",
        """
        def make():
            @cross_origin(origins='https://app.example')
            def helper(): return ""
            @app.get("/calls")
            def calls(): return helper()
        make()
        """,
        imports=BOTH,
    ),
    "decorated-helper-of-another-module": app_with(
        "",
        view("helper", CROSS),
        "import sys, types\nother = types.ModuleType('beside_the_app')\n"
        "other.helper = helper\nsys.modules['beside_the_app'] = other",
        imports=BOTH,
    ),
    "decorated-helper-that-is-called-within": app_with(
        "",
        view("helper", CROSS),
        "@app.get('/calls')\ndef calls():\n    def inner(): return helper()\n    return inner()",
        "def unfinished():\n    def use(): return later\n    app.add_url_rule('/use', 'use', use)\n"
        "    return\n    later = 1\nunfinished()\napp.add_url_rule('/sum', 'sum', sum)",
        imports=BOTH,
    ),
    "view-of-nested-functions": app_with(
        ONLY,
        "@app.get('/nested')\ndef nested():\n    def inner(): return 'text'\n    return inner()",
    ),
    "options-listed-alone": app_with(
        ONLY, view("thing", "@app.route('/thing', methods=['GET', 'OPTIONS'])")
    ),
    "options-left-to-the-view": app_with(
        "CORS(app, automatic_options=False)",
        "@app.route('/thing', methods=['GET', 'OPTIONS'])\n"
        "def thing(): return 'o' if request.method == 'OPTIONS' else 'g'",
    ),
    "options-by-cross-origin": app_with(
        "", view("thing", "@app.route('/thing', methods=['PUT'])", CROSS), imports=BOTH
    ),
    "options-of-a-subclass-of-a-decorated-class": app_with(
        "",
        "from flask.views import MethodView\nclass Things(MethodView):\n"
        f"    {CROSS}\n    def put(self): return ''\n"
        "class More(Things):\n    def options(self): return ''\n"
        "app.add_url_rule('/more', view_func=More.as_view('more'))",
        imports=BOTH,
    ),
    "partial-of-a-decorated-function": app_with(
        "",
        "from functools import partial",
        view("own", CROSS),
        "app.add_url_rule('/own', 'own', partial(own, 1))",
        imports=BOTH,
    ),
    "view-that-calls-a-partial": app_with(
        "",
        "from functools import partial",
        view("own", CROSS),
        "def calling(function): return lambda: function()",
        "app.add_url_rule('/own', 'own', calling(partial(own, 1)))",
        imports=BOTH,
    ),
    "decorated-helper-that-an-object-calls": app_with(
        "",
        view("helper", CROSS),
        "class Inner:\n    def __init__(self, serve): self.serve = serve\n"
        "    def __call__(self): return self.serve()\n"
        "class Outer(Inner): pass\n"
        "app.add_url_rule('/own', 'own', Outer(Inner(helper)))",
        imports=BOTH,
    ),
    "decorated-method-of-a-callable-object": app_with(
        "",
        f"class Callable:\n    {CROSS}\n    def __call__(self): return ''\n"
        "app.add_url_rule('/own', 'own', Callable())",
        imports=BOTH,
    ),
    "options-outside-of-the-resources": app_with(
        "CORS(app, resources='/items')",
        "@app.route('/thing', methods=['GET', 'OPTIONS'])\n"
        "def thing(): return 'o' if request.method == 'OPTIONS' else 'g'",
    ),
    "class-without-options": app_with(
        ONLY,
        "from flask.views import MethodView\nclass Things(MethodView):\n"
        "    def get(self): return ''\n    def put(self): return ''\n"
        "app.add_url_rule('/things', view_func=Things.as_view('things'))",
    ),
    "decorated-class": app_with(
        "",
        "from flask.views import MethodView\n@cross_origin\nclass Things(MethodView):\n"
        "    def get(self): return ''\n"
        "app.add_url_rule('/things', view_func=Things.as_view('things'))",
        imports=BOTH,
    ),
    "decorated-beside-undecorated-with-the-extension": app_with(
        "CORS(app, resources=[])",
        view("read", "@app.get('/both')", CROSS),
        view("write", "@app.post('/both')"),
        imports=BOTH,
    ),
    "decorated-beside-decorated": app_with(
        "",
        view("read", "@app.get('/both')", CROSS),
        view("write", "@app.post('/both')", CROSS),
        imports=BOTH,
    ),
    "hook-that-lets-preflights-pass": app_with(
        "",
        "@app.before_request\ndef hook():\n"
        "    if request.method != 'OPTIONS' and 'Authorization' not in request.headers: abort(401)",
        view("own", "@app.put('/own')", CROSS),
        imports=BOTH,
    ),
    "hook-that-answers-preflights-by-itself": app_with(
        "",
        "@app.before_request\ndef hook():\n    if request.method == 'OPTIONS':\n"
        "        return '', 204, {'access-control-allow-origin': '*', "
        "'access-control-allow-methods': 'PUT'}",
        view("own", "@app.put('/own')", CROSS),
        imports=BOTH,
    ),
    "hook-that-answers-options-before-a-view-for-unknown-origins": app_with(
        "",
        "@app.before_request\ndef hook():\n    if request.method == 'OPTIONS': return '', 204",
        view("own", "@app.put('/own')", "@cross_origin(origins=lambda origin: False)"),
        imports=BOTH,
    ),
    "hook-before-an-endpoint-without-a-rule": app_with(
        "",
        "@app.before_request\ndef hook(): abort(401)",
        view("own", "@app.endpoint('own')", CROSS),
        imports=BOTH,
    ),
    "hook-before-a-view-of-options-alone": app_with(
        "",
        "@app.before_request\ndef hook(): abort(401)",
        view("own", "@app.route('/own', methods=['OPTIONS'])", CROSS),
        imports=BOTH,
    ),
    "hook-behind-the-extension": app_with(
        "CORS(app, resources=[])",
        "@app.before_request\ndef hook(): abort(401)",
        view("own", "@app.put('/own')", CROSS),
        imports=BOTH,
    ),
    "server-name-and-subdomains": app_with(
        "app = Flask(__name__, subdomain_matching=True)\n"
        "app.config['SERVER_NAME'] = 'shop.example'\n" + ONLY,
        "app.add_url_rule('/x', 'x', lambda: 'x', subdomain='api')",
        "app.add_url_rule('/y', 'y', lambda: 'y', subdomain='<tenant>')",
    ),
    "resource-on-another-host": app_with(
        "app = Flask(__name__, host_matching=True, static_host='a.example')\n"
        "CORS(app, resources=['/x', '/y/*'])",
        "app.add_url_rule('/x', 'x', lambda: 'x', host='a.example')",
        "app.add_url_rule('/y/<path:p>', 'y', lambda p: 'y', host='b.example:5000')",
    ).replace("@app.route('/items', ", "@app.route('/items', host='a.example', "),
    "resource-within-a-more-open-one": app_with(
        "CORS(app, resources={'/items': {'origins': '*'}, '/*': {'origins': 'https://x.example'}})"
    ),
    "later-resource-beside-an-earlier": app_with(
        "CORS(app, origins='https://x.example')\nCORS(app, resources='/items')"
    ),
    "blueprint-more-open-than-the-app": app_with(
        ONLY,
        "from flask import Blueprint\nopen_ = Blueprint('open', __name__)\nCORS(open_)\n"
        "open_.add_url_rule('/open', 'open', lambda: '')\napp.register_blueprint(open_)",
    ),
    "session-of-the-same-site": app_with(
        "app.secret_key = 'x'\napp.config['SERVER_NAME'] = 'api.shop.example'\n"
        "CORS(app, origins='https://www.shop.example', supports_credentials=True)"
    ),
    "session-that-is-sent": app_with(
        "app.secret_key = 'x'\napp.config.update(SERVER_NAME='api.example', "
        "SESSION_COOKIE_SAMESITE='None', SESSION_COOKIE_SECURE=True)\n"
        "CORS(app, origins='https://app.test', supports_credentials=True)"
    ),
    "session-without-credentials": app_with(
        "app.secret_key = 'x'\napp.config['SERVER_NAME'] = 'api.example'\n"
        "CORS(app, origins='https://app.test')"
    ),
    "session-without-a-key": app_with(
        "app.config['SERVER_NAME'] = 'api.example'\n"
        "CORS(app, origins='https://app.test', supports_credentials=True)"
    ),
    "session-of-a-development-server": app_with(
        "app.secret_key = 'x'\napp.config['SERVER_NAME'] = 'api.example'\n"
        "CORS(app, origins='http://localhost:3000', supports_credentials=True)"
    ),
    "session-of-an-unknown-host": app_with(
        "app.secret_key = 'x'\nCORS(app, origins='https://app.test', supports_credentials=True)"
    ),
    "wrapper-that-answers-everything": app_with(
        ONLY,
        "def around(environ, start_response):\n"
        "    start_response('200 OK', [('Access-Control-Allow-Origin', '*')])\n    return []\n"
        "app.wsgi_app = around",
    ),
    "exposed-by-hand": app_with(
        ONLY,
        "@app.after_request\ndef expose(response):\n"
        "    response.headers['Access-Control-Expose-Headers'] = 'X-A'\n    return response",
    ),
    "allowed-origin-removed-by-a-view": app_with(
        ONLY,
        "@app.get('/bare')\ndef bare():\n    response = app.make_response('')\n"
        "    response.headers.pop('Access-Control-Allow-Origin', None)\n    return response",
    ),
    "allowed-origin-removed-by-a-hook": app_with(
        "",
        "@app.after_request\ndef bare(response):\n"
        "    if 'Access-Control-Allow-Origin' in response.headers:\n"
        "        del response.headers['Access-Control-Allow-Origin']\n    return response",
    ),
    "allowed-origin-read-by-a-test-view": app_with(
        "CORS(app, resources='/items')",
        "@app.get('/proxy')\ndef proxy(): return {'Access-Control-Allow-Origin': 'x'}",
    ),
}


SOME_PATHS = [
    ("/en/*", "/<lang>/items"),
    ("/en/items", "/<string(length=2):l>/items"),
    (r"/api/v[0-9]+/.*", "/api/<version>/items"),
    ("/2024/*", "/<int(fixed_digits=4):y>/items"),
    (r"/[a-z]/.*", "/<name>/items"),
    ("/a-1/*", "/<code:c>/items"),
]
for _resource, _rule in SOME_PATHS:
    SILENT[f"resource-{_resource}-of-some-paths-of-{_rule}"] = app_with(
        f"CORS(app, resources=[{_resource!r}, '/a/*'])",
        "from werkzeug.routing import BaseConverter\nclass Code(BaseConverter):\n"
        "    regex = '[a-z]-[0-9]'\napp.url_map.converters['code'] = Code",
        "app.add_url_rule('/a/b', 'b', lambda: '')",
        route=_rule,
    )


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT)
def test_correct_configurations_have_no_findings(cors, source):
    result = cors(source, "check", "--strict")
    sys.modules.pop("beside_the_app", None)
    assert (result.stdout, result.stderr) == ("0 errors, 0 warnings\n", "")


# Apps with a finding ------------------------------------------------------------------------------

BY_HAND = """
@app.after_request
def add_cors(response):
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
"""
FOUND = {
    "view that waits for OPTIONS": (
        app_with(
            ONLY,
            "@app.route('/thing', methods=['GET', 'OPTIONS'])\n"
            "def thing(): return 'o' if request.method == 'OPTIONS' else 'g'",
        ),
        "options-unreached",
        ["thing", "OPTIONS", "never"],
    ),
    "view for OPTIONS alone": (
        app_with(ONLY, view("preflights", "@app.route('/<path:p>', methods=['OPTIONS'])")),
        "options-unreached",
        ["preflights", "OPTIONS"],
    ),
    "class that waits for OPTIONS": (
        app_with(
            ONLY,
            "from flask.views import MethodView\nclass Things(MethodView):\n"
            "    def get(self): return ''\n    def options(self): return ''\n"
            "app.add_url_rule('/things', view_func=Things.as_view('things'))",
        ),
        "options-unreached",
        ["Things", "/things"],
    ),
    "class with a branch for OPTIONS": (
        app_with(
            ONLY,
            "from flask.views import View\nclass Things(View):\n    methods = ['GET', 'OPTIONS']\n"
            "    def dispatch_request(self): return request.method == 'OPTIONS' and 'o' or 'g'\n"
            "app.add_url_rule('/things', view_func=Things.as_view('things'))",
        ),
        "options-unreached",
        ["Things", "/things"],
    ),
    "decorated view with a branch for OPTIONS": (
        app_with(
            "",
            "@app.route('/thing', methods=['GET', 'OPTIONS'])\n"
            f"{CROSS}\ndef thing(): return 'o' if request.method == 'OPTIONS' else 'g'",
            imports=BOTH,
        ),
        "options-unreached",
        ["thing", "OPTIONS"],
    ),
    "later CORS opens": (
        app_with(f"{ONLY}\nCORS(app)"),
        "resource-opened",
        ["opens", "every origin"],
    ),
    "later CORS opens a resource": (
        app_with(
            "CORS(app, resources={'/items': {'origins': 'https://x.example'}})\n"
            "CORS(app, resources=['/items'])"
        ),
        "resource-opened",
        ["'/items'", "opens", "every origin"],
    ),
    "later CORS closes": (
        app_with(f"CORS(app)\n{ONLY}"),
        "resource-shadowed",
        ["fewer origins"],
    ),
    "decorated beside undecorated": (
        app_with(
            "",
            view("read_both", "@app.get('/both')", CROSS),
            view("create_item", "@app.post('/both')"),
            imports=BOTH,
        ),
        "view-beside",
        ["read_both", "create_item", "POST", "cross_origin"],
    ),
    "second view of a URL": (
        app_with(
            "",
            view("read_both", "@app.get('/both')"),
            view("create_item", "@app.post('/both')", CROSS),
            imports=BOTH,
        ),
        "view-beside",
        ["create_item", "CORS(app, resources=[])"],
    ),
    "hook before a decorated view": (
        app_with(
            "",
            "@app.before_request\ndef hook(): abort(401)",
            view("own", "@app.put('/own')", CROSS),
            imports=BOTH,
        ),
        "view-behind-hook",
        ["/own", "401", "CORS(app, resources=[])"],
    ),
    "hook that redirects to a login": (
        app_with(
            "",
            "@app.before_request\ndef hook(): return redirect('/login')",
            view("own", "@app.route('/own/<int:n>', methods=['GET', 'PUT'])", CROSS),
            imports=BOTH,
        ),
        "view-behind-hook",
        ["/own/<int:n>", REDIRECTED],
    ),
    "cache above a decorated view": (
        app_with(
            "",
            "import functools\ndef cached(view):\n    @functools.wraps(view)\n"
            "    def caching(*args): return view(*args)\n    caching.uncached = view\n"
            "    return caching",
            view("own", "@app.get('/own')", "@cached", CROSS),
            imports=BOTH,
        ),
        "view-cached",
        ["own", "cache"],
    ),
    "session that is not sent": (
        app_with(
            "app.secret_key = 'x'\napp.config.update(SERVER_NAME='api.example', "
            "PREFERRED_URL_SCHEME='https')\n"
            "CORS(app, origins='https://app.test', supports_credentials=True)"
        ),
        "session-cookie",
        ["SESSION_COOKIE_SAMESITE", "SESSION_COOKIE_SECURE", "https://app.test"],
    ),
    "session that is not sent to a decorated view": (
        app_with(
            "app.secret_key = 'x'\napp.config['SERVER_NAME'] = 'api.example:8443'",
            view(
                "own",
                "@app.get('/own')",
                "@cross_origin(origins='https://*.app.test', supports_credentials=True)",
            ),
            imports=BOTH,
        ),
        "session-cookie",
        ["SESSION_COOKIE_SAMESITE", "https://*.app.test", "cross_origin on own"],
    ),
    "session that is not secure": (
        app_with(
            "app.secret_key = 'x'\napp.config.update(SERVER_NAME='api.example', "
            "SESSION_COOKIE_SAMESITE='None')\n"
            "CORS(app, origins='https://app.test', supports_credentials=True)"
        ),
        "session-cookie",
        ["SESSION_COOKIE_SECURE"],
    ),
    "headers by hand alone": (
        app_with("", BY_HAND),
        "headers-by-hand",
        ["add_cors (app.py, line 7)", "by hand", "CORS("],
    ),
    "headers by hand in a view": (
        app_with(
            ONLY,
            "@app.get('/own')\ndef own(): return '', {'Access-Control-Allow-Origin': '*'}",
        ),
        "headers-by-hand",
        ["own (app.py, line 6)"],
    ),
    "headers by hand beside the extension": (
        app_with("CORS(app, origins='https://x.example')", BY_HAND),
        "second-layer",
        ["add_cors", "only one place"],
    ),
    "second layer beside a catch-all": (
        app_with(
            "CORS(app, origins='https://x.example')",
            "@app.get('/<path:path>')\ndef everything(path): raise ValueError",
            BY_HAND,
        ),
        "second-layer",
        ["add_cors"],
    ),
    "decorator that is a class": (
        app_with(
            "",
            "class Logged:\n    def __init__(self, view): self.view = view\n"
            "    def __call__(self): return self.view()",
            view("own", CROSS),
            "app.add_url_rule('/own', 'own', Logged(own))",
            imports=BOTH,
        ),
        "view-unrouted",
        ["own", "hides @cross_origin"],
    ),
    "decorator below a partial": (
        app_with(
            "",
            "from functools import partial\ndef logged(function):\n"
            "    def logging(*args): return function(*args)\n    return logging",
            view("own", CROSS),
            "app.add_url_rule('/own', 'own', partial(logged(own), 1))",
            imports=BOTH,
        ),
        "view-unrouted",
        ["own", "hides @cross_origin"],
    ),
    "decorated method whose class handles OPTIONS": (
        app_with(
            "",
            "from flask.views import MethodView\nclass Things(MethodView):\n"
            f"    {CROSS}\n    def put(self): return ''\n    def options(self): return ''\n"
            "app.add_url_rule('/things', view_func=Things.as_view('things'))",
            imports=BOTH,
        ),
        "options-unreached",
        ["Things", "/things"],
    ),
    "decorated class that handles OPTIONS": (
        app_with(
            "",
            f"from flask.views import MethodView\n{CROSS}\nclass Things(MethodView):\n"
            "    def put(self): return ''\n    def options(self): return ''\n"
            "app.add_url_rule('/things', view_func=Things.as_view('things'))",
            imports=BOTH,
        ),
        "options-unreached",
        ["Things", "/things"],
    ),
    "unregistered blueprint": (
        app_with(
            "",
            "from flask import Blueprint\nbp = Blueprint('bp', __name__)",
            view("own", "@bp.get('/own')", CROSS),
            imports=BOTH,
        ),
        "view-unrouted",
        ["own", "is its blueprint registered?"],
    ),
    "expression without a scheme": (
        app_with(r"CORS(app, origins=r'(www.)?shop\.example')"),
        "regex-scheme",
        ["no scheme", r"https://(www.)?shop\.example"],
    ),
}


@pytest.mark.parametrize(("source", "code", "words"), FOUND.values(), ids=FOUND)
def test_each_risk_is_found_and_explained(cors, source, code, words):
    rows = found(cors, source)
    assert [row["code"] for row in rows] == [code]
    assert rows[0]["level"] == "warning"
    assert [word for word in words if word not in rows[0]["message"]] == []


@pytest.mark.parametrize(
    "origins",
    ["'*'", "'https://app.example'", "'http://localhost:*'", r"r'https://(a|b)\.x\.example'"],
)
def test_a_hook_that_answers_options_before_a_decorated_view_is_found(cors, origins):
    source = app_with(
        "",
        "@app.before_request\ndef hook():\n    if request.method == 'OPTIONS': return '', 204",
        view("own", "@app.put('/own')", f"@cross_origin(origins={origins})"),
        imports=BOTH,
    )
    rows = found(cors, source)
    assert [row["code"] for row in rows] == ["view-behind-hook"]
    assert "with 204, before cross_origin" in rows[0]["message"]
    assert "without the CORS headers" in rows[0]["message"]


@pytest.mark.parametrize("part", ["string(minlength=3):n", "int(min=5):n", "kind:n", "any(x, y):n"])
def test_preflights_are_sent_to_a_path_that_the_route_matches(cors, part):
    source = app_with(
        "",
        "from werkzeug.routing import BaseConverter\nclass Kind(BaseConverter):\n"
        "    regex = '[A-Z]{2}[?]'\napp.url_map.converters['kind'] = Kind",
        "@app.before_request\ndef hook():\n    if request.url_rule: abort(401)",
        view("own", f"@app.put('/own/<{part}>')", CROSS),
        imports=BOTH,
    )
    assert checked(cors, source) == ["view-behind-hook"]


def test_an_app_with_errors_gets_no_requests(cors):
    source = app_with(
        "app.config['CORS_SUPPORTS_CREDENTIALS'] = True",
        "app.before_request(lambda: print('asked'))",
        view("own", "@app.get('/own')", "@cross_origin(origins='*')"),
        imports=BOTH,
    )
    assert checked(cors, source) == ["credentials-wildcard"]
    assert "asked" not in cors(source, "check").stdout
