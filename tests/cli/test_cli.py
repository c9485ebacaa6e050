"""`flask cors explain`, `routes` and `check`, on apps that are written in the test."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import textwrap

import pytest
from flask.cli import FlaskGroup

from ..support.commands import ORIGIN, app_with, checked, explained

# explain: its edits work -------------------------------------------------------------------------

BLOCKED = [
    pytest.param("CORS(app, origins=['https://x.example'])", (), id="origin"),
    pytest.param(
        "CORS(app, origins=[re.compile('https://x'), 'https://*.y.example'])", (), id="or"
    ),
    pytest.param("CORS(app, origins=[])", (), id="nobody"),
    pytest.param("CORS(app, origins='*')", ("--credentials",), id="credentials-of-everyone"),
    pytest.param("CORS(app, send_wildcard=True)", ("--credentials",), id="credentials-and-star"),
    pytest.param(f"CORS(app, origins={ORIGIN!r})", ("--credentials",), id="credentials"),
    pytest.param(f"CORS(app, origins={ORIGIN!r})", ("--credentials", "-X", "PUT"), id="preflight"),
    pytest.param("CORS(app, methods='GET')", ("-X", "PATCH"), id="method"),
    pytest.param("CORS(app, methods=[])", ("-X", "PUT"), id="no-method"),
    pytest.param("CORS(app, allow_headers='X-A, Y-*')", ("-H", "X-B: 1", "-H", "X-C: 1"), id="h"),
    pytest.param("CORS(app, allow_headers=[r'x-\\d'])", ("-H", "X-B: 1", "-H", "X-1: 1"), id="rx"),
    pytest.param("CORS(app, resources='/api/*')", (), id="resource"),
    pytest.param("", (), id="without-cors"),
    pytest.param("", ("-X", "PUT"), id="preflight-without-cors"),
    pytest.param(
        "CORS(app, automatic_options=False)\napp.before_request(lambda: abort(401) if "
        "request.method == 'OPTIONS' else None)",
        ("-X", "PUT"),
        id="preflight-left-to-a-hook",
    ),
    pytest.param(
        "CORS(app, intercept_exceptions=False)\napp.before_request(lambda: {}['x'])", (), id="500"
    ),
]


def edited(source, edit):
    """Return the source of an app with an edit applied."""
    written = edit.rpartition("rite ")[2]
    if written.startswith("CORS("):
        return source + "\n" + written
    assert "CORS(app" in source
    options = re.search(r"CORS\(app(?:, )?(.*)\)", source)
    return source.replace(options[0], f"CORS(app, **{{**dict({options[1]}), **dict({written})}})")


@pytest.mark.parametrize(("call", "arguments"), BLOCKED)
def test_the_edit_allows_the_page(cors, call, arguments):
    source = app_with(call)
    explanation = explained(cors, source, *arguments)
    assert explanation["readable"] is False
    fixed = explained(cors, edited(source, explanation["cure"]), *arguments)
    assert fixed["readable"] is True


def test_the_edit_for_a_redirect_allows_the_page(cors):
    source = app_with("", route="/items/")
    explanation = explained(cors, source, "-X", "PUT")
    assert explained(cors, edited(source, explanation["cure"]), "-X", "PUT")["readable"] is True


def test_the_edit_for_unread_headers_exposes_them(cors):
    source = app_with(
        "CORS(app, expose_headers='X-A')",
        """
        @app.after_request
        def note(response):
            response.headers["X-A"] = response.headers["X-Total"] = "1"
            return response
        """,
    )
    (note,) = explained(cors, source)["notes"]
    assert note == (
        "The script cannot read X-Total. In CORS() (app.py, line 5): "
        "Write expose_headers=['X-A', 'X-Total']"
    )
    assert explained(cors, edited(source, note))["notes"] == []


# explain: causes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origins", "origin", "cause"),
    [
        pytest.param(
            ["https://app.example"],
            "http://app.example",
            " Only the scheme differs from https://app.example.",
            id="scheme",
        ),
        pytest.param(
            ["https://x.example", "http://localhost:3000"],
            "http://localhost:5173",
            " Only the port differs from http://localhost:3000.",
            id="port",
        ),
        pytest.param(
            ["http://localhost:3000"],
            "http://127.0.0.1:3000",
            " To a browser, localhost and 127.0.0.1 are different hosts.",
            id="loopback",
        ),
        pytest.param(
            ["https://*.app.example"],
            "https://app.example",
            " https://*.app.example allows subdomains, but not the domain itself.",
            id="bare-domain",
        ),
        pytest.param(
            ["http://app.example:3000"],
            "https://app.example:8443",
            " Only the scheme and the port differ from http://app.example:3000.",
            id="scheme-and-port",
        ),
        pytest.param(
            ["https://app.example"],
            "https://www.app.example",
            " With and without www they are different hosts: https://app.example.",
            id="www",
        ),
        pytest.param(["http://localhost:*"], "https://app.example", "", id="nothing-near"),
        pytest.param(["null", "https://b.example"], "https://a.example", "", id="other-host"),
    ],
)
def test_a_refused_origin_is_compared_with_a_similar_one(cors, origins, origin, cause):
    explanation = explained(cors, app_with(f"CORS(app, origins={origins})"), origin=origin)
    listed = f"[{', '.join(map(repr, sorted(origins)))}]"
    assert (
        explanation["cause"]
        == f"{origin} is not among the origins of resource '/*': {listed}.{cause}"
    )


def test_a_long_list_of_origins_is_shortened_and_the_edit_adds_one(cors):
    known = [f"https://{name}.example" for name in "abcdefghi"]
    explanation = explained(cors, app_with(f"CORS(app, origins={known})"))
    assert explanation["cause"].endswith("'https://e.example', ... 4 more].")
    assert (
        explanation["cure"] == "In CORS() (app.py, line 5): Add to origins: 'https://app.example'"
    )


def test_a_prefix_that_is_not_loopback_gets_only_the_origin_as_the_edit(cors):
    source = app_with(r"CORS(app, origins=[r'https://app\.example'])")
    explanation = explained(cors, source, origin="https://app.example.evil.test")
    expression = r"r'https://app\.example'"
    whole = "has to match the whole origin."
    assert f"{expression} matches only its start, but {whole}" in explanation["cause"]
    assert explanation["cure"].endswith(
        f"Write origins=['https://app.example.evil.test', {expression}]"
    )


def test_a_callable_that_raises_is_named(cors):
    source = app_with(
        "def known(origin): return {}[origin]\nCORS(app, origins=known)", imports="CORS"
    )
    explanation = explained(cors, source)
    line = source.split("\n").index("def known(origin): return {}[origin]") + 1
    assert explanation["cause"] == (
        "The origin callable of resource '/*' raised KeyError: 'https://app.example' "
        f"(app.py, line {line})."
    )


def test_a_callable_that_refuses_is_named(cors):
    source = app_with("def known(origin): return False\nCORS(app, origins=known)")
    explanation = explained(cors, source)
    assert explanation["cause"].endswith("of resource '/*': [known].")
    assert (
        explanation["cure"] == "Make known (app.py, line 5) return True for 'https://app.example'"
    )


def test_an_async_callable_is_awaited(cors):
    source = app_with("async def known(origin): return True\nCORS(app, origins=known)")
    assert explained(cors, source)["notes"] == []
    assert checked(cors, source) == []


def test_a_page_without_an_origin_needs_a_web_server(cors):
    explanation = explained(cors, app_with("CORS(app, origins='https://x.example')"), origin="null")
    assert explanation["cause"] == (
        "The page has no origin: it is a local file, or it is in a sandboxed frame."
    )
    assert explanation["cure"] == "Serve it from a web server: python -m http.server"


@pytest.mark.parametrize(("method", "cure"), [("patch", "'PATCH'"), ("Patch", "'PATCH'")])
def test_a_method_in_lower_case_is_corrected_in_the_script(cors, method, cure):
    explanation = explained(cors, app_with("CORS(app)"), "-X", method)
    assert explanation["cause"].startswith(f"{method} is not PATCH")
    assert explanation["cure"] == f"In the script, write method: {cure}"


def test_a_forbidden_method_is_named(cors):
    explanation = explained(cors, app_with("CORS(app)"), "-X", "TRACE")
    assert explanation["cause"] == "In a browser, no script may send TRACE."
    assert explanation["cure"] == "Use another method."
    assert len(explanation["events"]) == 1


REDIRECTING = """
@app.get("/away")
def away(): return redirect("https://login.example/?next=/")
@app.get("/login")
def login(): return "log in"
@app.get("/api/private")
def private(): return redirect("/login")
@app.get("/mail")
def mail(): return redirect("mailto:a@app.example")
"""


def test_a_redirect_to_another_server_is_named_and_not_followed(cors):
    explanation = explained(cors, app_with("CORS(app)", REDIRECTING), path="/away")
    assert explanation["cause"] == (
        "The app redirects to https://login.example/?next=/, on another server. Only that server "
        "can allow scripts to read its response."
    )
    assert explanation["events"][-2]["policy"] == "another server, which was not contacted"
    assert explanation["events"][-2]["response"] == {"status": 502, "headers": []}


def test_a_redirect_to_another_scheme_is_named(cors):
    explanation = explained(cors, app_with("CORS(app)", REDIRECTING), path="/mail")
    assert explanation["cause"] == (
        "Browsers do not follow a redirect to mailto:a@app.example, which is not an http or https "
        "URL. It comes from resource '/*'."
    )


@pytest.mark.parametrize(
    ("status", "path", "method", "note"),
    [
        (404, "/nowhere", "GET", "the app has no route for /nowhere"),
        (405, "/items", "DELETE", "the route accepts GET, HEAD, OPTIONS, PATCH, PUT, not DELETE"),
        (404, "/missing", "GET", "the app itself answers 404 Not Found"),
        (401, "/private", "GET", "the app itself answers 401 Unauthorized"),
        (599, "/odd", "GET", "the app itself answers 599"),
        (500, "/broken", "GET", "the app raised ZeroDivisionError: division by zero (app.py, li"),
        (500, "/parse", "GET", "the app raised JSONDecodeError: Expecting value: line 1 column 1"),
    ],
)
def test_a_readable_error_is_not_called_a_cors_error(cors, status, path, method, note):
    source = app_with(
        "CORS(app)",
        """
        import json
        for name, view in {
            "missing": lambda: abort(404),
            "private": lambda: ("", 401),
            "odd": lambda: ("", 599),
            "broken": lambda: 1 / 0,
            "parse": lambda: json.loads("-"),
        }.items():
            app.add_url_rule("/" + name, name, view)
        """,
    )
    explanation = explained(cors, source, "-X", method, path=path)
    assert explanation["status"] == status
    (text,) = explanation["notes"]
    assert text.startswith(f"That is not a CORS error: {note}")


def test_an_exception_is_named_with_its_line_in_the_app(cors):
    source = app_with(
        "CORS(app)", 'import json\napp.add_url_rule("/j", "j", lambda: json.loads("-"))'
    )
    (note,) = explained(cors, source, path="/j")["notes"]
    line = next(n for n, text in enumerate(source.split("\n"), 1) if "json.loads" in text)
    assert note.endswith(f"(app.py, line {line}).")


def test_an_exception_outside_the_app_is_named_with_the_folder_of_its_file(cors):
    source = app_with("CORS(app)", "app.add_url_rule('/n/<number>', 'n', lambda: '')")
    (note,) = explained(cors, source, path="/n/1")["notes"]
    assert "unexpected keyword argument 'number' (flask/app.py, line " in note


def test_exceptions_are_named_in_debug_mode_too(cors):
    source = app_with("CORS(app)", "app.before_request(lambda: {}[1])")
    explanation = explained(cors, source, options=["--debug"])
    assert "the app raised KeyError: 1" in (explanation["cause"] or explanation["notes"][0])


def test_a_converter_that_needs_the_app_s_context_is_tolerated(cors):
    source = app_with(
        "CORS(app, resources='/api/*')",
        """
        from flask import current_app
        from werkzeug.routing import BaseConverter
        class Known(BaseConverter):
            def to_python(self, value):
                return current_app.config["TESTING"]
        app.url_map.converters["known"] = Known
        app.add_url_rule("/api/<known:it>", "known", lambda it: ("", 418))
        """,
    )
    assert "answers 418" in explained(cors, source, path="/api/1")["notes"][0]
    assert checked(cors, source) == []


# explain: other layers ---------------------------------------------------------------------------


def test_a_hook_that_overwrites_the_header_is_noted(cors):
    source = app_with(
        f"CORS(app, origins={ORIGIN!r})",
        """
        @app.after_request
        def add(response):
            response.headers["Access-Control-Allow-Origin"] = "*"
            return response
        """,
    )
    (note,) = explained(cors, source)["notes"]
    assert "Access-Control-Allow-Origin is * in add (app.py, line 7)." in note
    explanation = explained(cors, source, "--credentials")
    assert explanation["cause"].startswith("Another layer of the app writes these headers too")


def test_a_hook_that_writes_the_header_without_a_policy_is_named(cors):
    source = app_with(
        "CORS(app, resources='/api/*')",
        """
        @app.after_request
        def add(response):
            response.headers["Access-Control-Allow-Origin"] = "https://x.example"
            return response
        """,
    )
    explanation = explained(cors, source)
    assert explanation["code"] == "headers-by-hand"
    assert (
        "in add (app.py, line 7): Access-Control-Allow-Origin: https://x.example"
        in explanation["cause"]
    )


@pytest.mark.parametrize(
    ("method", "name"),
    [("PUT", "Access-Control-Allow-Methods"), ("GET", "Access-Control-Allow-Headers")],
)
def test_a_view_that_answers_the_preflight_wrongly_is_named(cors, method, name):
    source = app_with(
        "CORS(app, automatic_options=False)",
        """
        @app.route("/own", methods=["GET", "PUT", "OPTIONS"])
        def own():
            return "", {"Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "X"}
        """,
    )
    explanation = explained(cors, source, "-X", method, "-H", "X-A: 1", path="/own")
    assert f"writes these headers too: {name} is " in explanation["cause"]


# explain: views that Flask does not see ----------------------------------------------------------


def test_a_hook_that_answers_an_actual_request_is_named(cors):
    source = app_with(
        "app.before_request(lambda: abort(403))",
        "@app.get('/own')\n@cross_origin\ndef own(): return ''",
        imports="cross_origin",
    )
    explanation = explained(cors, source, path="/own")
    assert explanation["cause"] == (
        "cross_origin on own allows the page, but the app itself answers 403 Forbidden, in "
        "app.py, line 5, before the view is called."
    )


HIDDEN = """
def counted(view):
    def counting(*args): return view(*args)
    return counting
def logged(view):
    def before(): pass
    note, proxy = len, request
    def logging(*args): before(); note(args); proxy; return view(*args)
    return logging
"""


@pytest.mark.parametrize("decorators", [["counted"], ["logged", "counted", "logged"]])
def test_a_decorator_that_hides_the_policy_is_named(cors, decorators):
    source = "\n".join(
        [
            app_with("", HIDDEN, imports="cross_origin, CORS"),
            "@app.put('/own')",
            *(f"@{name}" for name in decorators),
            "@cross_origin(origins='https://app.example')",
            "def own(): return ''",
        ]
    ).replace("put('/own')", "put('/own', endpoint='own')")
    explanation = explained(cors, source, "-X", "PUT", path="/own")
    assert explanation["cause"] == (
        "On own, a decorator between @app.route and @cross_origin hides @cross_origin."
    )
    assert (
        explanation["cure"] == "Put @cross_origin above that decorator, directly below @app.route."
    )
    assert checked(cors, source) == ["view-unrouted"]


# explain: the command line -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--origin", "app.example", "/"], "'app.example' has no scheme"),
        (["--origin", "*", "/"], "'*' is not a single origin. Write https://app.example"),
        (["--origin", "https://*.x.example", "/"], "is not a single origin"),
        (["--origin", r"https://x\.example", "/"], "is not a single origin"),
        (["--origin", ORIGIN, "-H", "X-A", "/"], "'X-A' has no colon. Write NAME:VALUE"),
        (["--origin", ORIGIN, "-H", "X A: 1", "/"], "'X A' is not the name of a header"),
        (["--origin", ORIGIN, "-H", ": 1", "/"], "'' is not the name of a header"),
        (["--origin", ORIGIN, "-H", "X-A: \u2192", "/"], "a character that no header can have"),
        (["--origin", ORIGIN, "-H", "X-A: a\nb", "/"], "a character that no header can have"),
        (["--origin", ORIGIN, "-X", "A B", "/"], "'A B' is not a method. Write -X PUT"),
        (["--origin", ORIGIN, "http://localhost:99999/x"], "99999 is not a valid port"),
        (["--origin", ORIGIN, "http://[::1/x"], "is not a valid host and port"),
        (["--origin", ORIGIN, "http://user@localhost/x"], "contains a user name"),
        (["--origin", ORIGIN, "http://:secret@localhost/x"], "contains a user name"),
        (["--origin", ORIGIN, "ftp://localhost/x"], "is not an http or https URL"),
        (["--origin", ORIGIN, "localhost:5000/x"], "Write http://localhost:5000/x, or /local"),
        (["--origin", ORIGIN, "127.0.0.1:5000"], "Write http://127.0.0.1:5000, or /127.0"),
        (["--origin", ORIGIN, "[::1]:5000?x"], "Write http://[::1]:5000?x, or /[::1]"),
        (["--origin", ORIGIN, "cannot load http://x:99999/ due to"], "99999 is not a valid port"),
        (["/"], "Missing option '--origin'"),
        (["--origin", ORIGIN], "Missing argument 'PATH'"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(cors, arguments, message):
    result = cors(app_with("CORS(app)"), "explain", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_origin_is_read_as_a_browser_would_send_it(cors):
    explanation = explained(cors, app_with("CORS(app)"), origin="HTTPS://App.example:443/")
    assert ["Origin", "https://app.example"] in explanation["events"][0]["request"]["headers"]


def test_a_page_of_the_same_origin_needs_no_cors(cors):
    explanation = explained(cors, app_with(""), origin="http://localhost")
    assert explanation["notes"] == [
        "The page has the same origin as the app, so CORS does not apply."
    ]


@pytest.mark.parametrize(
    "path", ["/items", "items", "https://api.example/items", "https://api.example:443/items"]
)
def test_the_url_has_the_host_and_scheme_of_the_app(cors, path):
    source = app_with(
        "app.config.update(SERVER_NAME='api.example', PREFERRED_URL_SCHEME='https')\nCORS(app)"
    )
    explanation = explained(cors, source, path=path)
    assert (
        explanation["events"][0]["request"]["url"].replace(":443", "")
        == "https://api.example/items"
    )
    assert (explanation["readable"], explanation["status"]) == (True, 200)


@pytest.mark.parametrize("path", ["/localhost:5000/items", "a:5/b", "items:5000x", "x/http://y"])
def test_any_other_path_with_a_colon_is_a_path(cors, path):
    explanation = explained(cors, app_with("CORS(app)"), path=path)
    assert explanation["notes"] == [
        f"That is not a CORS error: the app has no route for /{path.lstrip('/')}."
    ]


def test_the_scheme_of_a_url_may_be_in_capital_letters(cors):
    explanation = explained(cors, app_with("CORS(app)"), path="HTTP://localhost/items")
    assert explanation["events"][0]["request"]["url"] == "http://localhost/items"


def test_json_contains_each_step(cors):
    explanation = explained(cors, app_with("CORS(app)"), "--credentials", "-X", "PUT")
    kinds = [next(iter(event)) for event in explanation["events"]]
    assert kinds == ["step", "request", "step", "step"]
    preflight = explanation["events"][1]
    assert preflight["request"]["method"] == "OPTIONS"
    assert preflight["request"]["credentials"] == "omit"
    assert preflight["response"]["status"] == 200
    assert preflight["policy"] == "resource '/*'"
    assert explanation["events"][3]["step"] == {
        "code": "preflight-credentials",
        "passed": False,
        "told": "no Access-Control-Allow-Credentials",
        "section": "CORS check",
    }
    assert (explanation["readable"], explanation["status"], explanation["notes"]) == (
        False,
        None,
        [],
    )


# An app that cannot be set up --------------------------------------------------------------------

BROKEN = app_with("CORS(app, origin='*', max_age='soon')")
IN_A_VIEW = app_with(
    "app.config['CORS_SUPPORTS_CREDENTIALS'] = True",
    "@app.get('/own')\n@cross_origin(origins='*')\ndef own(): return ''",
    imports="cross_origin",
)


@pytest.mark.parametrize("command", [["routes"], ["explain", "--origin", ORIGIN, "/items"]])
@pytest.mark.parametrize(
    ("source", "found"),
    [
        (BROKEN, [("option-unknown", "app.py, line 5"), ("max-age", "app.py, line 5")]),
        (IN_A_VIEW, [("credentials-wildcard", "cross_origin on own")]),
    ],
    ids=["at-set-up", "at-the-first-request"],
)
def test_every_problem_is_printed_instead_of_a_traceback(cors, command, source, found):
    result = cors(source, *command)
    assert result.exit_code == 1
    assert result.stdout.startswith("✗ CORS cannot be set up. Fix this first:\n")
    assert found == re.findall(r"^error (\S+) \((.+)\)$", result.stdout, re.MULTILINE)
    problems = json.loads(cors(source, *command, "--json").stdout)["problems"]
    assert found == [(problem["code"], problem["place"]) for problem in problems]


def test_check_prints_every_problem_too(cors):
    result = cors(BROKEN, "check", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {
            "level": "error",
            "code": "option-unknown",
            "option": "origin",
            "value": "*",
            "message": "origin is not an option. Did you mean origins?",
            "place": "app.py, line 5",
        },
        {
            "level": "error",
            "code": "max-age",
            "option": "max_age",
            "value": "soon",
            "message": "max_age: 'soon' is not a number of seconds from 0 to 2147483648. "
            "Write max_age=600, or a timedelta",
            "place": "app.py, line 5",
        },
    ]
    assert checked(cors, IN_A_VIEW) == ["credentials-wildcard"]


def test_an_app_factory_is_called(cors):
    source = """
from flask import Flask
from flask_cors import CORS
cors = CORS()
def make(origins):
    app = Flask(__name__)
    cors.init_app(app, origins=origins)
    return app
"""
    good = cors(source, "routes", app="app:make('https://x.example')")
    assert "origins=['https://x.example']" in good.stdout
    bad = cors(source, "check", app="app:make('x.example')")
    assert bad.stdout.startswith("error origin-scheme (app.py, line 7)\n")


# routes ------------------------------------------------------------------------------------------


def test_routes_are_shown_with_their_policies_and_sources(cors):
    source = """
import re
from flask import Blueprint, Flask
from flask.views import MethodView
from flask_cors import CORS, cross_origin

app = Flask(__name__, static_folder=None)
def known(origin): return True
some = ["https://a.example", "https://*.b.example", re.compile("https://c"), known]
CORS(app, resources={
    "/api/*": {"origins": some},
    "/open/*": dict(methods="*", allow_headers="X-B, X-*", expose_headers="X-A", max_age=60),
    "/safe/*": dict(origins="https://x.example", methods="PUT, GET", supports_credentials=True),
})
admin = Blueprint("admin", __name__, url_prefix="/admin")
CORS(admin, origins=[], always_send=False)

@admin.get("/")
def index(): return ""
@app.route("/api/<int:number>", methods=["GET", "POST"])
def number(number): return ""
@app.get("/open/<path:rest>")
def rest(rest): return ""
@app.get("/safe/<any(one, two):which>")
def which(which): return ""

class Items(MethodView):
    @cross_origin(origins="https://y.example")
    def get(self): return ""
    def put(self): return ""

app.add_url_rule("/items", view_func=Items.as_view("items"))
app.register_blueprint(admin)
"""
    assert cors(source, "routes").stdout == textwrap.dedent(
        """\
        blueprint admin, resource '/*': origins=[], always_send=False
            GET /admin/ (admin.index)
        resource '/api/*': origins=['https://*.b.example', 'https://a.example',
          r'https://c', ... 1 more]
            GET,POST /api/<int:number> (number)
        cross_origin on items: origins=['https://y.example']
            GET /items (items)
        no policy: only for the same origin
            PUT /items (items)
        resource '/open/*': origins='*', methods='*', allow_headers=['x-*', 'x-b'],
          expose_headers=['X-A'], max_age=60
            GET /open/<path:rest> (rest)
        resource '/safe/*': origins=['https://x.example'], methods=['GET', 'PUT'],
          supports_credentials=True
            GET /safe/<any(one, two):which> (which)
        """
    )
    rows = json.loads(cors(source, "routes", "--json").stdout)
    assert rows[1] == {
        "rule": "/api/<int:number>",
        "endpoint": "number",
        "source": "resource '/api/*'",
        "policy": {"origins": "['https://*.b.example', 'https://a.example', r'https://c', known]"},
        "methods": ["GET", "POST"],
        "host": None,
    }
    assert rows[3]["policy"] == {}


def test_a_route_whose_policy_depends_on_the_path_is_shown_so(cors):
    source = """
from flask import Blueprint, Flask
from flask_cors import CORS, cross_origin

app = Flask(__name__, static_folder=None)
CORS(app, resources=["/en/*", "/users/me", "/own/*", "/bp/x/*"])
bp = Blueprint("bp", __name__, url_prefix="/bp")
CORS(bp, resources={"/bp/y*": {}, "/bp/*": {}, "/bp/z": {"origins": "https://x.example"}})
bp.add_url_rule("/<name>", "name", str)
app.register_blueprint(bp)
plain = Blueprint("plain", __name__, url_prefix="/own")
plain.add_url_rule("/plain/<name>", "plain", str)
app.register_blueprint(plain)
app.add_url_rule("/<lang>/items", "items", str)
app.add_url_rule("/<int:number>/items", "numbers", str)
app.add_url_rule("/users/me", "me", str)
app.add_url_rule("/users/<name>", "user", str)
app.add_url_rule("/<lang>/own", "own", cross_origin(origins="https://app.example")(lambda lang: ""))
app.add_url_rule("/own/<name>/all", "all", str)
CORS(app, resources=["/same/x/*", "/same/*"])
app.add_url_rule("/same/<name>", "same", str)
CORS(app, resources=[f"/{letter}/a" for letter in "abcdef"])
app.add_url_rule("/<lang>/a", "a", str)
"""
    assert cors(source, "routes").stdout == textwrap.dedent(
        """\
        no policy: only for the same origin
            GET /<int:number>/items (numbers)
            GET /users/<name> (user)
        depends on the path: resource '/f/a' or resource '/e/a' or resource '/d/a' or
          resource '/c/a' or 5 more or no policy
            GET /<lang>/a (a)
        depends on the path: resource '/same/*' or resource '/own/*' or resource
          '/en/*' or no policy
            GET /<lang>/items (items)
        cross_origin on own: origins=['https://app.example']
            GET /<lang>/own (own)
        depends on the path: blueprint bp, resource '/bp/z' or blueprint bp, resource
          '/bp/y*' or blueprint bp, resource '/bp/*'
            GET /bp/<name> (bp.name)
        resource '/own/*': origins='*'
            GET /own/<name>/all (all)
            GET /own/plain/<name> (plain.plain)
        resource '/same/*': origins='*'
            GET /same/<name> (same)
        resource '/users/me': origins='*'
            GET /users/me (me)
        """
    )
    rows = json.loads(cors(source, "routes", "--json").stdout)
    assert rows[2]["source"] == (
        "depends on the path: resource '/same/*' or resource '/own/*' or resource '/en/*' "
        "or no policy"
    )
    assert rows[2]["policy"] == {}


def test_a_route_without_methods_is_shown(cors):
    source = app_with(
        "CORS(app)", "from werkzeug.routing import Rule\napp.url_map.add(Rule('/r', endpoint='r'))"
    )
    assert "\n    GET /r (r)\n" in cors(source, "routes").stdout


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/", "/"),
        ("/<name>/x", "/a/x"),
        ("/<int(fixed_digits=2):n>", "/1"),
        ("/<path:p>/<uuid:u>", "/a/b/00000000-0000-0000-0000-000000000000"),
        ("/<any(api, v2):root>/<float:f>", "/api/1.5"),
        ("/<any('api'):root>", "/api"),
    ],
)
def test_a_resource_that_matches_a_route_is_not_reported_as_unused(cors, rule, path):
    def unused(resource):
        source = app_with(f"CORS(app, resources=['{resource}$'])", route=rule)
        found = json.loads(cors(source, "check", "--json").stdout)
        return "resource-unused" in [finding["code"] for finding in found]

    assert unused("/none")
    assert not unused(path)


# check -------------------------------------------------------------------------------------------

ORDINARY = {
    "bare": app_with("CORS(app)"),
    "resources": app_with(
        "CORS(app, resources={r'/items': {'origins': '*'}, r'/static/*': {}, r'/*': {}})"
    ),
    "without-static": app_with("app.static_folder = None\nCORS(app, resources=r'/items/*')"),
    "regex": app_with("CORS(app, resources=[r'/it.*', re.compile('^/static/')])"),
    "catch-all": app_with(
        "CORS(app, resources=['/api/*', '/x/*/y', r'/(a|b)', r'/v\\d/x', '/exact'])",
        "@app.get('/<path:path>')\ndef everything(path): return ''",
    ),
    "regex-of-some-values": app_with(
        r"CORS(app, resources=[r'^/api/v\d', r'/it(e|a)ms', r'.*/x'])", route="/<path:rest>"
    ),
    "slash": app_with("CORS(app, resources=['/items'])", route="/items/"),
    "method-alone": app_with("CORS(app, resources=['/it*/here'])", route="/items/here"),
    "config": app_with("app.config['CORS_ORIGINS'] = ['https://x.example']\nCORS(app)"),
    "config-list-of-an-iterator": app_with(
        "app.config['CORS_ORIGINS'] = iter(['https://x.example'])\nCORS(app)"
    ),
    "decorated": app_with(
        "", "@app.get('/own')\n@cross_origin\ndef own(): return ''", imports="cross_origin"
    ),
    "no-cors": app_with(""),
    "blueprint": app_with(
        "from flask import Blueprint\nadmin = Blueprint('admin', __name__, url_prefix='/admin')\n"
        "CORS(admin)\nadmin.add_url_rule('/', 'index', lambda: '')\napp.register_blueprint(admin)"
    ),
    "two-apps": app_with(
        "",
        "beside = Flask('beside')\n@beside.get('/own')\n@cross_origin\ndef own(): return ''",
        imports="cross_origin",
    ),
    "class": app_with(
        """
from flask.views import MethodView, View
class Items(MethodView):
    decorators = [cross_origin(origins='https://x.example')]
    def get(self): return ''
@cross_origin
class Other(View):
    def dispatch_request(self): return ''
app.add_url_rule('/c', view_func=Items.as_view('c'))
app.add_url_rule('/d', view_func=Other.as_view('d'))
""",
        imports="cross_origin",
    ),
    "partial-of-a-view": app_with(
        "from functools import partial\n@cross_origin\ndef own(which): return which\n"
        "app.add_url_rule('/own', 'own', partial(own, 'x'))\n"
        "app.add_url_rule('/which/<which>', 'which', own)",
        imports="cross_origin",
    ),
    "async": app_with(
        "", "@app.get('/own')\n@cross_origin\nasync def own(): return ''", imports="cross_origin"
    ),
    "guard-that-raises": app_with("CORS(app)", "app.before_request(lambda: 1 / 0)"),
    "layer-that-raises": app_with("CORS(app)\napp.wsgi_app = lambda environ, start: 1 / 0"),
}


@pytest.mark.parametrize("source", ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_app_has_no_findings(cors, source):
    result = cors(source, "check", "--strict")
    assert (result.stdout, result.exit_code) == ("0 errors, 0 warnings\n", 0)


ADDED = """
@app.after_request
def add(response):
    response.headers.add("Access-Control-Allow-Origin", "*")
    return response
"""
ABOVE = "@cross_origin\n@app.get('/own')\ndef own(): return ''"
FOUND = {
    "key-late": app_with("CORS(app)\napp.config['CORS_ORIGINS'] = []"),
    "key-late in spite of views": app_with(
        "CORS(app)\napp.config['CORS_MAX_AGE'] = 1",
        "@app.get('/own')\n@cross_origin\ndef own(): return ''",
        imports="CORS, cross_origin",
    ),
    "key-late and changed": app_with(
        "app.config['CORS_MAX_AGE'] = 1\nCORS(app)\napp.config['CORS_MAX_AGE'] = 2"
    ),
    "key-unknown": app_with("app.config['CORS_METHOD'] = 'GET'\nCORS(app)"),
    "key-unknown late": app_with("CORS(app)\napp.config['CORS_ORIGIN'] = 'x'"),
    "max-age-cap": app_with("CORS(app, max_age=100_000)"),
    "max-age-cap in a view": app_with(
        "",
        "@app.get('/own')\n@cross_origin(max_age=100_000)\ndef own(): return ''",
        imports="cross_origin",
    ),
    "expose-wildcard": app_with(
        "app.config['CORS_SUPPORTS_CREDENTIALS'] = True",
        "@app.get('/own')\n@cross_origin(origins='https://x.example', expose_headers='*')\n"
        "def own(): return ''",
        imports="cross_origin",
    ),
    "private-network": app_with("CORS(app, allow_private_network=True)"),
    "origin-public-suffix": app_with("CORS(app, origins='https://*.github.io')"),
    "regex-dot": app_with("CORS(app, origins=r'https://app.example(:3000)?')"),
    "regex-lookalike": app_with(r"CORS(app, origins=r'https://.*app\.example')"),
    "resource-shadowed": app_with("CORS(app)\nCORS(app)"),
    "resource-shadowed by a closer one": app_with("CORS(app, resources=['/ite*', '/items'])"),
    "resource-unused": app_with("CORS(app, resources=['/items', '/apis/*'])"),
    "resource-unused regex": app_with(r"CORS(app, resources=['/items', r'/v\d/'])"),
    "resource-unmatchable": app_with("CORS(app, resources=['/items', 'items/*'])"),
    "second-layer": app_with("CORS(app, origins='https://x.example')", ADDED),
    "second-layer beside resources": app_with("CORS(app, resources='/items')", ADDED),
    "second-layer beside a view": app_with(
        "", ADDED, "@app.get('/own')\n@cross_origin\ndef own(): return ''", imports="cross_origin"
    ),
    "view-unrouted": app_with("", ABOVE, imports="cross_origin"),
    "view-unrouted without a route": app_with(
        "", "@cross_origin\ndef own(): return ''", imports="cross_origin"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FOUND)
def test_a_risk_is_found_and_can_be_silenced(cors, name):
    code = name.partition(" ")[0]
    codes = checked(cors, FOUND[name])
    expected = {code, "resource-unused"} if code == "resource-unmatchable" else {code}
    if "in a path" in name:
        expected.add("resource-unused")
    assert expected == set(codes)
    assert cors(FOUND[name], "check").exit_code == 0
    assert cors(FOUND[name], "check", "--strict").exit_code == 1
    silenced = [word for each in expected for word in ("--silence", each)]
    result = cors(FOUND[name], "check", "--strict", *silenced)
    assert (result.stdout, result.exit_code) == (
        f"0 errors, 0 warnings, {len(codes)} silenced\n",
        0,
    )


def test_warnings_of_set_up_are_printed_with_their_line(cors):
    assert cors(FOUND["private-network"], "check").stdout == textwrap.dedent(
        """\
        warning private-network (app.py, line 5)
          allow_private_network=True has no effect: browsers replaced the header with a
            permission that the user gives. Remove it.
        0 errors, 1 warning
        """
    )


def test_warnings_that_are_not_about_cors_are_not_printed(cors):
    source = app_with("CORS(app)\nimport warnings\nwarnings.warn('old', DeprecationWarning)")
    assert cors(source, "check").stdout == "0 errors, 0 warnings\n"


MESSAGES = {
    "key-late": (
        "app.config['CORS_ORIGINS'] was set after CORS(app) had read the configuration. "
        "Set it before, or call init_app afterwards"
    ),
    "second-layer": (
        "another layer writes Access-Control-Allow-Origin too: *. Remove it (add ("
        "app.py, line 7)), so that only one place writes the header"
    ),
    "view-unrouted": (
        "cross_origin on own has no effect: @cross_origin is above @app.route. "
        "Put it below, directly above the function"
    ),
    "view-unrouted without a route": (
        "cross_origin on own has no effect: no route uses the decorated function. Give it a route "
        "(is its blueprint registered?), or remove @cross_origin"
    ),
    "resource-unused": (
        "resource '/apis/*' matches no route of the app. Correct the pattern, or remove it"
    ),
    "resource-shadowed by a closer one": (
        "resource '/ite*' is never used: for every route that it matches, such as /items, "
        "another resource is more specific or later. Remove one of them"
    ),
}


@pytest.mark.parametrize(("name", "message"), MESSAGES.items(), ids=MESSAGES)
def test_a_finding_says_what_to_do(cors, name, message):
    rows = json.loads(cors(FOUND[name], "check", "--json").stdout)
    assert [row["message"] for row in rows] == [message]


def test_silence_accepts_only_codes(cors):
    result = cors(app_with("CORS(app)"), "check", "--silence", "regex-dots")
    assert result.exit_code == 2
    assert "'regex-dots' is not one of" in result.stderr


def test_a_decorated_object_without_a_name_is_not_reported(cors):
    source = app_with(
        "from functools import partial\nown = cross_origin(partial(int, '1'))",
        imports="cross_origin",
    )
    assert checked(cors, source) == []


def test_explain_points_to_what_check_finds(cors):
    result = cors(FOUND["regex-dot"], "explain", "--origin", ORIGIN, "/items")
    assert result.stdout.endswith("See also what `flask cors check` finds: regex-dot\n")


# The installed command ---------------------------------------------------------------------------


def test_the_command_is_part_of_flask(tmp_path):
    (tmp_path / "app.py").write_text(app_with("CORS(app, origins=['x.example'])"), "utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "flask", "--app", "app", "cors", "check"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stdout.startswith("error origin-scheme (app.py, line 5)\n")
    assert run.stderr == ""


def test_the_output_to_an_ascii_pipe_has_no_other_characters(cors, monkeypatch):
    written = io.TextIOWrapper(io.BytesIO(), "ascii")
    source = app_with("CORS(app, origins=[])")
    run = cors(source, "check")  # this also writes the source of the app
    assert run.exit_code == 0
    monkeypatch.setattr(sys, "stdout", written)
    command = ["--app", "app", "cors", "explain", "--origin", ORIGIN, "/items"]
    FlaskGroup(load_dotenv=False).main(command, prog_name="flask", standalone_mode=False)
    written.seek(0)
    output = written.read()
    assert output.startswith("> GET http://localhost/items\n")
    assert "\nx https://app.example is not among the origins" in output


def test_the_help_says_that_the_view_is_called(cors):
    output = " ".join(cors("", "explain", "--help").stdout.split())
    assert "The requests are really sent: the view of PATH is called" in output


@pytest.mark.frameworks
def test_restful_apps_have_no_findings(cors):
    source = app_with(
        """
from flask_restful import Api, Resource
api = Api(app, decorators=[cross_origin(origins='https://x.example')])
class Things(Resource):
    def get(self): return {}
    def put(self): return {}
api.add_resource(Things, '/i', '/i/<int:number>')
class Others(Resource):
    method_decorators = {'get': [cross_origin(origins='https://y.example')]}
    def get(self): return {}
Api(app).add_resource(Others, '/o')
CORS(app, resources='/items')
""",
        imports="CORS, cross_origin",
    )
    assert checked(cors, source) == []
