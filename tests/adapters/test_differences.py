"""What changed on purpose since flask-cors 6.0.5, each with its reason, and what did not."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from unittest.mock import Mock

import pytest
from flask import Blueprint, Flask, Response, abort
from werkzeug.test import TestResponse

import flask_cors
import flask_cors.core
import flask_cors.decorator
import flask_cors.extension
from flask_cors import CORS, ConfigurationError, cross_origin

A = "https://a.example"
B = "https://b.example"
EVIL = "https://evil.test"
GUIDE = Path(__file__).parent.parent.parent / "docs" / "migrating.md"

F = TypeVar("F", bound=Callable[..., object])

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
EXPOSE_HEADERS = "Access-Control-Expose-Headers"
CREDENTIALS = "Access-Control-Allow-Credentials"
MAX_AGE = "Access-Control-Max-Age"
PRIVATE_NETWORK = "Access-Control-Allow-Private-Network"
ALL_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def app_with(**options: object) -> Flask:
    """Return an app with one view for every path below /, and `CORS` with options."""
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "body", methods=["GET", "PUT"])
    app.add_url_rule("/<path:path>", "page", lambda path: "body")
    CORS(app, **options)  # type: ignore[arg-type]  # from tables
    return app


def get(app: Flask, path: str = "/", origin: str | None = A) -> TestResponse:
    return app.test_client().get(path, headers={"Origin": origin} if origin else {})


def preflight(
    app: Flask, path: str = "/", method: str = "GET", origin: str = A, **fields: str
) -> TestResponse:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    asked |= {f"Access-Control-Request-{name.replace('_', '-')}": fields[name] for name in fields}
    return app.test_client().options(path, headers=asked)


def allowed(response: TestResponse) -> str | None:
    return response.headers.get(ALLOW_ORIGIN)


DIFFERENCES: set[str] = set()


def difference(name: str) -> Callable[[F], F]:
    """Mark a test as one of a difference that the migration guide has under this name."""
    DIFFERENCES.add(name)
    return lambda test: test


# Different ---------------------------------------------------------------------------------------


@difference("whole-origins")
@pytest.mark.parametrize(
    "origins",
    [r"https://(www\.)?a\.example", re.compile(r"https://(www\.)?a\.example")],
    ids=["string", "compiled"],
)
@pytest.mark.parametrize(
    "origin", [f"{A}.evil.test", "https://a.example:8443", "https://a.examples"]
)
def test_regexes_match_whole_origins_since_a_prefix_lets_lookalikes_in(
    origins: object, origin: str
) -> None:
    app = app_with(origins=origins)
    assert allowed(get(app)) == A
    assert allowed(get(app, origin=origin)) is None


@difference("wildcards")
@pytest.mark.parametrize(
    ("origins", "let_in", "kept_out"),
    [
        pytest.param(
            "https://*.a.example",
            ["https://x.a.example", "https://x.y.a.example"],
            [A, "https://xa.example", "http://x.a.example", "https://x.a.example.evil.test"],
            id="subdomains",
        ),
        pytest.param(
            "http://localhost:*",
            ["http://localhost", "http://localhost:3000"],
            ["http://localhost.evil.test", "https://localhost:3000"],
            id="ports",
        ),
        pytest.param("https://*", [A, B], ["http://a.example"], id="hosts"),
    ],
)
def test_wildcard_strings_mean_what_they_say_since_as_regexes_they_match_something_else(
    origins: str, let_in: list[str], kept_out: list[str]
) -> None:
    app = app_with(origins=origins)
    assert let_in == [allowed(get(app, origin=origin)) for origin in let_in]
    assert {None} == {allowed(get(app, origin=origin)) for origin in kept_out}


@difference("credentials")
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="default"),
        pytest.param({"origins": "*"}, id="given"),
        pytest.param({"origins": ".*"}, id="as-regex"),
        pytest.param({"origins": re.compile(".*")}, id="compiled"),
        pytest.param({"origins": [A, "*"]}, id="in-a-list"),
        pytest.param({"resources": {"/api/*": {"origins": "*"}}}, id="resource"),
    ],
)
def test_credentials_with_the_wildcard_raise_since_every_site_could_act_as_the_user(
    options: dict[str, object],
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        app_with(supports_credentials=True, **options)
    assert [problem.code for problem in raised.value.problems] == ["credentials-wildcard"]


@difference("unknown-options")
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"origin": A}, id="misspelt"),
        pytest.param({"resources": {"/*": {"origin": A}}}, id="in-a-resource"),
        pytest.param({"foo": 1}, id="unheard-of"),
    ],
)
def test_unknown_options_raise_since_a_misspelt_one_leaves_the_door_open(
    options: dict[str, object],
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        app_with(**options)
    assert [problem.code for problem in raised.value.problems] == ["option-unknown"]


@difference("preflights-first")
def test_preflights_come_before_hooks_since_browsers_send_no_credentials_with_them() -> None:
    app = app_with(origins=A)
    seen = []
    app.before_request(lambda: seen.append("before") or abort(401))
    app.after_request(lambda response: seen.append("after") or response)
    assert (preflight(app).status_code, allowed(preflight(app))) == (200, A)
    assert seen == []
    assert (get(app).status_code, allowed(get(app))) == (401, A)


@difference("preflights-everywhere")
@pytest.mark.parametrize(
    ("path", "status"), [("/slash", 308), ("/nowhere", 404), ("/", 405)], ids=str
)
def test_preflights_are_answered_where_flask_has_no_view_since_the_real_status_is_then_readable(
    path: str, status: int
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "body", methods=["POST"])
    app.add_url_rule("/slash/", "slash", lambda: "body")
    CORS(app, origins=A)
    assert (preflight(app, path).status_code, allowed(preflight(app, path))) == (200, A)
    assert (status, A) == (get(app, path).status_code, allowed(get(app, path)))


@difference("preflights-not-to-views")
def test_preflights_do_not_reach_views_that_list_options_since_those_rarely_expect_them() -> None:
    app = Flask(__name__)
    ran = []
    app.add_url_rule("/", "index", lambda: ran.append(1) or "body", methods=["GET", "OPTIONS"])
    CORS(app)
    assert preflight(app).data == b""
    assert ran == []
    assert app.test_client().options("/").data == b"body"


@difference("exact-methods")
@pytest.mark.parametrize(
    ("method", "granted"),
    [("GET", True), ("get", True), ("ET", False), (",", False), ("patch", False), ("PAT", False)],
)
def test_methods_are_compared_exactly_since_a_part_of_a_list_is_no_method(
    method: str, granted: bool
) -> None:
    assert granted == (ALLOW_METHODS in preflight(app_with(), method=method).headers)


@difference("globs-end-at-a-segment")
@pytest.mark.parametrize(
    ("path", "inside"),
    [("/api", True), ("/api/", True), ("/api/x/y", True), ("/apifoo", False), ("/ap", False)],
)
def test_a_path_glob_ends_at_a_segment_since_as_a_regex_it_matches_any_path_with_its_start(
    path: str, inside: bool
) -> None:
    app = app_with(resources={"/api/*": {"origins": A}})
    assert (A if inside else None) == allowed(get(app, path))


@difference("one-allow-origin")
def test_there_is_one_allow_origin_line_at_most_since_browsers_refuse_several() -> None:
    app = app_with(origins=[A, B])
    assert get(app, origin=None).headers.getlist(ALLOW_ORIGIN) == []
    assert get(app).headers.getlist(ALLOW_ORIGIN) == [A]


@difference("complete-vary")
@pytest.mark.parametrize("origin", [A, EVIL, None], ids=["allowed", "refused", "none"])
def test_vary_is_complete_since_caches_would_serve_one_origin_the_answer_to_another(
    origin: str | None,
) -> None:
    app = app_with(origins=[A, B])
    assert get(app, origin=origin).headers.getlist("Vary") == ["Origin"]


@difference("complete-vary")
@pytest.mark.parametrize("origin", [A, EVIL], ids=["allowed", "refused"])
def test_vary_of_a_preflight_names_what_it_asks_since_its_answer_depends_on_that(
    origin: str,
) -> None:
    asked = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    assert asked == preflight(app_with(origins=A), origin=origin).headers["Vary"]


@difference("max-age-0")
@pytest.mark.parametrize("max_age", [0, "0", timedelta(0), 0.5], ids=repr)
def test_a_max_age_of_0_is_sent_since_without_it_browsers_cache_for_5_seconds(
    max_age: object,
) -> None:
    assert preflight(app_with(max_age=max_age)).headers[MAX_AGE] == "0"


@difference("decoded-once")
@pytest.mark.parametrize(
    ("path", "matches"), [("/Api", True), ("/%41pi", True), ("/%2541pi", False)]
)
def test_the_path_is_decoded_once_since_flask_routes_on_that(path: str, matches: bool) -> None:
    app = app_with(resources={"/Api": {"origins": A}})
    assert (A if matches else None) == allowed(get(app, path))


@difference("private-network")
def test_the_private_network_answer_is_never_false_since_only_true_is_one() -> None:
    app = app_with()
    assert PRIVATE_NETWORK not in preflight(app, Private_Network="true").headers
    request = {"Origin": A, "Access-Control-Request-Private-Network": "true"}
    assert PRIVATE_NETWORK not in app.test_client().get("/", headers=request).headers


@difference("bare-decorator")
def test_a_bare_cross_origin_decorates_since_who_forgets_the_brackets_would_break_the_view() -> (
    None
):
    app = Flask(__name__)
    app.add_url_rule("/", "index", cross_origin(lambda: "body"))
    assert (get(app).text, allowed(get(app))) == ("body", A)
    assert allowed(preflight(app)) == A


@difference("async-views")
def test_a_decorated_async_view_works_and_stays_one_since_flask_runs_those() -> None:
    app = Flask(__name__)

    @app.route("/")
    @cross_origin()
    async def view() -> str:
        await asyncio.sleep(0)
        return "body"

    assert inspect.iscoroutinefunction(view)
    assert (get(app).text, allowed(get(app))) == ("body", A)


@difference("decorated-errors")
def test_a_decorated_view_has_headers_on_its_errors_since_scripts_want_to_read_the_status() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "index", cross_origin()(lambda: abort(404)))
    assert (get(app).status_code, allowed(get(app))) == (404, A)


@difference("unset-origins")
@pytest.mark.parametrize("value", [None, ""], ids=repr)
def test_unset_origins_raise_since_they_would_mean_everyone(value: object) -> None:
    app = Flask(__name__)
    app.config["CORS_ORIGINS"] = value
    with pytest.raises(ConfigurationError, match="CORS_ORIGINS"):
        CORS(app)


@difference("comma-separated")
def test_a_comma_separated_string_is_split_since_environments_hold_nothing_else() -> None:
    app = app_with(origins=f"{A}, {B}")
    assert [allowed(get(app, origin=origin)) for origin in (A, B)] == [A, B]


@difference("no-interception")
def test_without_intercepting_an_uncaught_exception_has_no_headers_since_that_is_the_option() -> (
    None
):
    app = app_with(intercept_exceptions=False)
    app.add_url_rule("/failing", "failing", lambda: 1 // 0)
    assert (get(app, "/failing").status_code, allowed(get(app, "/failing"))) == (500, None)


@difference("malformed-origins")
def test_a_malformed_origin_is_not_echoed_since_a_header_is_no_place_for_unchecked_text() -> None:
    assert allowed(get(app_with(), origin="www.a.example")) == "*"


@difference("callables")
@pytest.mark.parametrize(
    ("answer", "origin"), [(True, A), (False, None), ("yes", None), (1, None)], ids=repr
)
def test_a_callable_is_asked_and_only_true_lets_in_since_a_response_is_truthy_too(
    answer: object, origin: str | None
) -> None:
    assert allowed(get(app_with(origins=lambda _: answer))) == origin


@difference("origins-as-browsers-send-them")
def test_an_origin_is_repaired_or_refused_since_what_no_browser_sends_matches_nothing() -> None:
    assert allowed(get(app_with(origins=f"{A}/"))) == A
    for written in ("localhost:3000", "http://127.1", f"{A}/path", "https://bücher.example"):
        with pytest.raises(ConfigurationError):
            app_with(origins=written)


@difference("empty-items")
@pytest.mark.parametrize("items", [[A, ""], [A, None], f"{A},"], ids=repr)
def test_empty_items_of_lists_raise_since_a_variable_is_not_set(items: object) -> None:
    with pytest.raises(ConfigurationError, match="unset"):
        app_with(origins=items)


@difference("unfinished-strings")
@pytest.mark.parametrize("text", [f'["{A}"]', f"'{A}'", "https://${HOST}"])
def test_unfinished_strings_raise_since_as_regexes_they_match_what_nobody_meant(text: str) -> None:
    with pytest.raises(ConfigurationError):
        app_with(origins=text)


@difference("booleans-as-text")
def test_a_boolean_as_text_means_what_it_says_since_any_text_is_truthy() -> None:
    assert CREDENTIALS not in get(app_with(supports_credentials="False", origins=A)).headers
    assert get(app_with(supports_credentials="true", origins=A)).headers[CREDENTIALS] == "true"
    with pytest.raises(ConfigurationError):
        app_with(supports_credentials="maybe", origins=A)


@difference("negative-max-age")
def test_a_negative_max_age_raises_since_browsers_take_it_for_none() -> None:
    with pytest.raises(ConfigurationError):
        app_with(max_age=-1)


@difference("misnamed-keys")
def test_a_restricting_key_under_a_wrong_name_raises_since_the_app_would_be_open() -> None:
    app = Flask(__name__)
    app.config["CORS_ALLOWED_ORIGINS"] = [A]
    with pytest.raises(ConfigurationError, match="CORS_ORIGINS"):
        CORS(app)


@difference("several-extensions")
def test_several_extensions_form_one_table_since_each_alone_sends_headers_of_its_own() -> None:
    app = Flask(__name__)
    app.add_url_rule("/<path:path>", "page", lambda path: "body")
    CORS(app, resources={"/api/*": {"origins": A}})
    CORS(app, resources={"/*": {"origins": B}})
    assert [allowed(get(app, "/api/x", origin)) for origin in (A, B)] == [A, None]
    assert [allowed(get(app, "/x", origin)) for origin in (A, B)] == [None, B]


@difference("decorated-credentials")
def test_credentials_of_a_view_need_its_origins_since_every_site_could_act_as_the_user() -> None:
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    view = cross_origin(supports_credentials=True)(lambda: "body")

    def serve() -> None:
        app.add_url_rule("/", view_func=view)
        app.test_client().get("/")

    with pytest.raises(ConfigurationError, match="supports_credentials"):
        serve()


def test_kept_a_decorated_function_that_a_view_calls_returns_a_response() -> None:
    app = Flask(__name__)

    @cross_origin(origins=A)
    def inner() -> str:
        return "body"

    @app.get("/")
    def outer() -> str:
        result = inner()
        return type(result).__name__ if isinstance(result, Response) else "text"

    assert get(app).text == "Response"


@difference("blueprints-alone")
def test_a_blueprint_has_its_policy_alone_since_it_may_be_stricter() -> None:
    app, blueprint = Flask(__name__), Blueprint("api", __name__)
    blueprint.add_url_rule("/api", "view", lambda: "body")
    CORS(blueprint, origins=B)
    app.register_blueprint(blueprint)
    CORS(app, origins=A)
    assert [allowed(get(app, "/api", origin)) for origin in (A, B)] == [None, B]


@difference("any-method")
@pytest.mark.parametrize("methods", ["*", ["*"]], ids=repr)
def test_any_method_is_the_one_that_is_asked_for_since_that_is_what_the_asterisk_says(
    methods: object,
) -> None:
    assert preflight(app_with(methods=methods), method="PUT").headers[ALLOW_METHODS] == "PUT"


@difference("header-patterns")
@pytest.mark.parametrize("pattern", ["X-*", "X-[a-c]"])
def test_a_pattern_of_names_matches_whole_names_since_a_start_lets_others_in(pattern: str) -> None:
    app = app_with(allow_headers=[pattern])
    asked = preflight(app, headers="x-a, xylophone, x-afoo")
    expected = {"X-*": "x-a, x-afoo", "X-[a-c]": "x-a"}
    assert asked.headers[ALLOW_HEADERS] == expected[pattern]


@difference("configuration-once")
@pytest.mark.parametrize("existed", [True, False])
def test_a_decorated_view_reads_the_configuration_once_since_that_takes_time(existed: bool) -> None:
    app, view = Flask(__name__), cross_origin(lambda: "body")
    app.config["CORS_ORIGINS"] = A
    if existed:
        app.add_url_rule("/", "view", view)
        CORS(app, resources=[])
        app.config["CORS_ORIGINS"] = B
    else:
        CORS(app, resources=[])
        app.config["CORS_ORIGINS"] = B
        app.add_url_rule("/", "view", view)
    expected = A if existed else B
    for _ in range(2):
        assert [allowed(get(app, origin=origin)) for origin in (expected, EVIL)] == [expected, None]
        app.config["CORS_ORIGINS"] = EVIL


@difference("exposed-once")
def test_exposed_names_are_sent_where_scripts_read_since_browsers_ignore_them_elsewhere() -> None:
    app = app_with(expose_headers="X-B,X-A")
    assert get(app).headers[EXPOSE_HEADERS] == "X-A, X-B"
    assert EXPOSE_HEADERS not in preflight(app).headers


@difference("dot-segments")
def test_dot_segments_lead_past_no_stricter_resource_since_servers_may_resolve_them() -> None:
    app = app_with(resources={"/*": {"origins": "*"}, "/private/*": {"origins": A}})
    assert allowed(get(app, "/public/..%2fprivate/x", EVIL)) is None


@difference("resources-are-paths")
@pytest.mark.parametrize(
    "resource", ["/api/<id>", "https://a.example/api/*", "/a%20b", "/search?q"]
)
def test_a_resource_that_is_no_path_raises_since_it_would_match_nothing_meant(
    resource: str,
) -> None:
    with pytest.raises(ConfigurationError):
        app_with(resources=resource)


@difference("slow-expressions")
def test_an_expression_that_takes_for_ever_raises_since_clients_choose_the_value() -> None:
    with pytest.raises(ConfigurationError):
        app_with(origins=r"https://(.+\.)+example\.com")


def test_the_migration_guide_has_every_difference_that_is_tested_and_no_other() -> None:
    _, _, section = GUIDE.read_text("utf-8").partition("### Every difference")
    told = re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.MULTILINE)
    assert sorted(DIFFERENCES) == told


# The same ----------------------------------------------------------------------------------------


def test_kept_open_by_default_without_credentials() -> None:
    response = get(app_with(), origin=EVIL)
    assert allowed(response) == EVIL
    assert CREDENTIALS not in response.headers


def test_kept_the_origin_is_echoed_by_default_and_plain_requests_get_the_wildcard() -> None:
    app = app_with()
    assert allowed(get(app)) == A
    assert allowed(get(app, origin=None)) == "*"


@pytest.mark.parametrize("origin", [A, EVIL], ids=["granted", "refused"])
def test_kept_preflights_are_answered_with_200(origin: str) -> None:
    assert preflight(app_with(origins=A), origin=origin).status_code == 200


def test_kept_lists_are_sorted() -> None:
    app = app_with(methods=["PUT", "GET"], expose_headers={"X-B", "X-A"})
    granted = preflight(app, Headers="X-Two, X-One")
    assert granted.headers[ALLOW_METHODS] == "GET, PUT"
    assert granted.headers[ALLOW_HEADERS] == "X-One, X-Two"
    assert get(app).headers[EXPOSE_HEADERS] == "X-A, X-B"


def test_kept_cors_is_in_extension() -> None:
    assert CORS is flask_cors.extension.CORS


def test_kept_cross_origin_is_in_decorator() -> None:
    assert cross_origin is flask_cors.decorator.cross_origin


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACL_ORIGIN", ALLOW_ORIGIN),
        ("ACL_METHODS", ALLOW_METHODS),
        ("ACL_ALLOW_HEADERS", ALLOW_HEADERS),
        ("ACL_EXPOSE_HEADERS", EXPOSE_HEADERS),
        ("ACL_CREDENTIALS", CREDENTIALS),
        ("ACL_MAX_AGE", MAX_AGE),
        ("ACL_RESPONSE_PRIVATE_NETWORK", PRIVATE_NETWORK),
        ("ACL_REQUEST_METHOD", "Access-Control-Request-Method"),
        ("ACL_REQUEST_HEADERS", "Access-Control-Request-Headers"),
        ("ACL_REQUEST_HEADER_PRIVATE_NETWORK", "Access-Control-Request-Private-Network"),
        ("ALL_METHODS", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"]),
    ],
)
def test_kept_the_constants_of_core(name: str, value: object) -> None:
    assert value == getattr(flask_cors.core, name)
    assert name in flask_cors.core.__all__


def test_kept_the_name_of_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="flask_cors")
    get(app_with())
    assert {"flask_cors"} == {record.name for record in caplog.records}


def test_kept_star_imports_bring_the_extension_and_the_decorator() -> None:
    program = (
        "from flask_cors import *; from flask_cors.core import *; CORS, cross_origin, ACL_ORIGIN"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert {"CORS", "cross_origin"} <= set(flask_cors.__all__)


def test_kept_a_mock_passes_as_an_app() -> None:
    assert isinstance(CORS(Mock()), CORS)


@pytest.mark.parametrize(
    ("options", "origin", "expected"),
    [
        pytest.param({"origins": A}, A, A, id="string"),
        pytest.param({"origins": A}, EVIL, None, id="string-other"),
        pytest.param({"origins": [A, B]}, B, B, id="list"),
        pytest.param({"origins": {A, B}}, B, B, id="set"),
        pytest.param({"origins": [A, r"https://.*\.b\.example"]}, A, A, id="mixed"),
        pytest.param(
            {"origins": [A, r"https://.*\.b\.example"]},
            "https://x.b.example",
            "https://x.b.example",
            id="mixed-regex",
        ),
        pytest.param({"origins": "https?://a.example"}, A, A, id="regex-with-question-mark"),
        pytest.param({"origins": re.compile(r"https://\w\.example")}, A, A, id="compiled"),
        pytest.param({"origins": A}, "https://A.Example", A, id="any-case"),
        pytest.param({"origins": ["null"]}, "null", "null", id="null-listed"),
        pytest.param({}, "null", "null", id="null-by-wildcard"),
        pytest.param({"origins": []}, A, None, id="nobody"),
        pytest.param({"send_wildcard": True}, A, "*", id="send-wildcard"),
        pytest.param({"send_wildcard": True, "origins": [A]}, A, A, id="send-wildcard-list"),
        pytest.param({"always_send": False}, None, None, id="not-always"),
        pytest.param({"always_send": False}, A, A, id="not-always-asked"),
        pytest.param({"origins": A}, None, A, id="one-always"),
        pytest.param({"resources": r"/api/*"}, A, None, id="other-path"),
        pytest.param({"resources": "*"}, A, A, id="every-path"),
        pytest.param({"resources": ["/", "/x"]}, A, A, id="path-in-list"),
        pytest.param({"resources": {"/"}}, A, A, id="path-in-set"),
        pytest.param({"resources": re.compile("/$")}, A, A, id="compiled-path"),
        pytest.param(
            {"resources": {r"/*": {"origins": B}}, "origins": A}, B, B, id="resource-wins"
        ),
        pytest.param({"resources": {r"/*": {}}, "origins": A}, A, A, id="resource-inherits"),
        pytest.param(
            {"resources": {"/*": {"origins": A}, "/": {"origins": B}}}, A, None, id="most"
        ),
    ],
)
def test_kept_whom_the_options_let_in(
    options: dict[str, object], origin: str | None, expected: str | None
) -> None:
    assert expected == allowed(get(app_with(**options), origin=origin))


@pytest.mark.parametrize(
    ("options", "fields", "name", "expected"),
    [
        pytest.param({}, {}, ALLOW_METHODS, ALL_METHODS, id="methods"),
        pytest.param({"methods": "get, put"}, {}, ALLOW_METHODS, "GET, PUT", id="methods-string"),
        pytest.param({"methods": ["POST"]}, {}, ALLOW_METHODS, None, id="methods-other"),
        pytest.param({}, {}, ALLOW_HEADERS, None, id="no-headers-asked"),
        pytest.param({}, {"Headers": "X-B, x-a"}, ALLOW_HEADERS, "X-B, x-a", id="headers"),
        pytest.param(
            {"allow_headers": ["X-A"]}, {"Headers": "x-a, x-b"}, ALLOW_HEADERS, "x-a", id="listed"
        ),
        pytest.param(
            {"allow_headers": "X-.*"}, {"Headers": "X-A,Y"}, ALLOW_HEADERS, "X-A", id="regex"
        ),
        pytest.param({}, {}, MAX_AGE, None, id="no-max-age"),
        pytest.param({"max_age": 600}, {}, MAX_AGE, "600", id="max-age"),
        pytest.param({"max_age": "600"}, {}, MAX_AGE, "600", id="max-age-string"),
        pytest.param({"max_age": timedelta(minutes=10)}, {}, MAX_AGE, "600", id="timedelta"),
        pytest.param({}, {}, CREDENTIALS, None, id="no-credentials"),
        pytest.param(
            {"supports_credentials": True, "origins": A}, {}, CREDENTIALS, "true", id="credentials"
        ),
    ],
)
def test_kept_what_a_preflight_is_answered(
    options: dict[str, object], fields: dict[str, str], name: str, expected: str | None
) -> None:
    assert expected == preflight(app_with(**options), **fields).headers.get(name)


def test_kept_the_order_of_resource_keyword_configuration_default() -> None:
    app = Flask(__name__)
    app.config.update(CORS_ORIGINS=A, CORS_MAX_AGE=1, CORS_METHODS=["GET"])
    CORS(app, max_age=2, methods=["PUT"], resources={"/x": {"methods": ["GET", "PUT"]}})
    response = preflight(app, "/x")
    assert (
        allowed(response),
        response.headers[MAX_AGE],
        response.headers[ALLOW_METHODS],
    ) == (A, "2", "GET, PUT")


@pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(lambda app: CORS(app, origins=A), id="constructor"),
        pytest.param(lambda app: CORS(origins=A).init_app(app), id="init_app"),
        pytest.param(lambda app: CORS().init_app(app, origins=A), id="init_app-options"),
        pytest.param(lambda app: CORS(origins=B).init_app(app, origins=A), id="init_app-wins"),
    ],
)
@pytest.mark.parametrize("blueprint", [False, True], ids=["app", "blueprint"])
def test_kept_ways_to_set_up_an_app_or_blueprint(
    set_up: Callable[[Flask | Blueprint], object], blueprint: bool
) -> None:
    app, part = Flask(__name__), Blueprint("part", __name__)
    part.add_url_rule("/", "index", lambda: "body")
    set_up(part if blueprint else app)
    app.register_blueprint(part)
    assert (allowed(get(app)), allowed(get(app, origin=EVIL))) == (A, None)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"resources": 5}, id="resources"),
        pytest.param({"origins": "https://["}, id="regex"),
        pytest.param({"supports_credentials": True, "send_wildcard": True}, id="credentials"),
    ],
)
def test_kept_configuration_errors_are_value_errors(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\[.*\]$"):
        app_with(**options)


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        pytest.param(lambda: abort(404), 404, id="abort"),
        pytest.param(lambda: 1 // 0, 500, id="500"),
    ],
)
def test_kept_errors_have_headers(handler: Callable[[], object], status: int) -> None:
    app = app_with()
    app.add_url_rule("/failing", "failing", handler)  # type: ignore[arg-type]  # never returns
    response = get(app, "/failing")
    assert (status, A) == (response.status_code, allowed(response))


def test_kept_what_a_view_sets_itself_stays() -> None:
    app = app_with()
    headers = [(ALLOW_ORIGIN, B), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    app.add_url_rule("/own", "own", lambda: Response("body", headers=headers))
    response = get(app, "/own")
    assert response.headers.getlist(ALLOW_ORIGIN) == [B]
    assert response.headers.getlist("Set-Cookie") == ["a=1", "b=2"]


def test_kept_no_vary_where_the_answer_is_the_same_for_everyone() -> None:
    assert "Vary" not in get(app_with(origins=A)).headers
    assert "Vary" not in get(app_with(origins=[A, B], vary_header=False)).headers
    assert "Vary" not in get(app_with(send_wildcard=True)).headers


def test_kept_plus_and_blank_in_a_path_are_two_things() -> None:
    app = app_with(resources={r"/a\+b": {"origins": A}, "/a b": {"origins": B}})
    assert (allowed(get(app, "/a+b")), allowed(get(app, "/a+b", B))) == (A, None)
    assert (allowed(get(app, "/a%20b")), allowed(get(app, "/a%20b", B))) == (None, B)


def test_kept_private_network_access_is_answered_where_it_is_allowed() -> None:
    with pytest.warns(flask_cors.CORSWarning, match="allow_private_network"):
        app = app_with(allow_private_network=True)
    assert preflight(app, Private_Network="true").headers[PRIVATE_NETWORK] == "true"
    assert PRIVATE_NETWORK not in preflight(app).headers
