from __future__ import annotations

import pytest
from flask import Blueprint, Flask, abort
from werkzeug.test import TestResponse

from flask_cors import CORS, ConfigurationError, CORSWarning, cross_origin

from ..support.apps import Door, doors_before_hooks

APP = "https://app.example"
OTHER = "https://other.example"


def make_blueprint(name: str, prefix: str | None = None) -> Blueprint:
    blueprint = Blueprint(name, __name__, url_prefix=prefix or f"/{name}")
    blueprint.add_url_rule("/", "view", lambda: "view", methods=["GET", "PUT"])
    blueprint.add_url_rule("/a", "a", lambda: "a", methods=["GET", "PUT"])
    blueprint.add_url_rule("/missing", "missing", lambda: abort(404))
    blueprint.add_url_rule("/fails", "fails", lambda: 1 / 0)
    return blueprint


def make_app(*blueprints: Blueprint, **config: object) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/", "index", lambda: "index", methods=["GET", "PUT"])
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def get(app: Flask, path: str, origin: str = APP) -> TestResponse:
    return app.test_client().get(path, headers={"Origin": origin})


def preflight(app: Flask, path: str, method: str = "PUT") -> TestResponse:
    headers = {"Origin": APP, "Access-Control-Request-Method": method}
    return app.test_client().options(path, headers=headers)


def cors_headers(response: TestResponse) -> list[str]:
    return [name for name, _ in response.headers if name.startswith("Access-Control-")]


def governing(app: Flask, path: str, method: str = "PUT") -> str | None:
    """Return the max age by which a preflight tells whose policy answered it."""
    return preflight(app, path, method).headers.get("Access-Control-Max-Age")


def exposed(app: Flask, path: str) -> str | None:
    """Return the exposed header by which a response tells whose policy it was."""
    return get(app, path).headers.get("Access-Control-Expose-Headers")


def marked(name: int) -> dict[str, object]:
    return {"max_age": name, "expose_headers": f"X-{name}"}


# With and without CORS(app) ---------------------------------------------------------------------


def test_a_blueprint_alone_opens_its_own_urls_only():
    blueprint = make_blueprint("api")
    CORS(blueprint)
    app = make_app(blueprint)
    assert get(app, "/api/a").headers["Access-Control-Allow-Origin"] == APP
    assert preflight(app, "/api/a").headers["Access-Control-Allow-Origin"] == APP
    assert cors_headers(get(app, "/")) == []
    assert cors_headers(preflight(app, "/")) == []
    assert cors_headers(get(app, "/api/none")) == []


@pytest.mark.parametrize("first", ["app", "blueprint"])
def test_the_blueprint_wins_over_the_app_in_either_order(first: str):
    blueprint = make_blueprint("api")
    CORS(blueprint, **marked(1))
    app = make_app()
    if first == "app":
        CORS(app, **marked(2))
    app.register_blueprint(blueprint)
    if first == "blueprint":
        CORS(app, **marked(2))
    assert (governing(app, "/api/a"), governing(app, "/")) == ("1", "2")
    assert (exposed(app, "/api/a"), exposed(app, "/")) == ("X-1", "X-2")


def test_the_blueprint_wins_over_a_more_specific_resource_of_the_app():
    blueprint = make_blueprint("api")
    CORS(blueprint, **marked(1))
    app = make_app(blueprint)
    CORS(app, resources={"/api/a": marked(2)})
    assert (governing(app, "/api/a"), exposed(app, "/api/a")) == ("1", "X-1")


def test_the_view_wins_over_its_blueprint():
    blueprint = make_blueprint("api")
    view = cross_origin(**marked(2))(lambda: "")
    blueprint.add_url_rule("/own", "own", view, methods=["GET", "PUT"])
    CORS(blueprint, **marked(1))
    app = make_app(blueprint)
    assert (governing(app, "/api/own"), exposed(app, "/api/own")) == ("2", "X-2")
    assert (governing(app, "/api/a"), exposed(app, "/api/a")) == ("1", "X-1")


def test_several_on_one_blueprint_form_one_table():
    blueprint = make_blueprint("api")
    CORS(blueprint, resources={"/api/*": marked(1)})
    CORS(blueprint, resources={"/api/a": marked(2)})
    app = make_app(blueprint)
    assert (governing(app, "/api/"), governing(app, "/api/a")) == ("1", "2")


def test_one_object_serves_an_app_and_its_blueprints():
    cors = CORS(**marked(1))
    blueprints = [make_blueprint(name) for name in ("one", "two")]
    for blueprint in blueprints:
        cors.init_app(blueprint)
    cors.init_app(blueprints[1], **marked(3))
    app = make_app(*blueprints)
    cors.init_app(app, **marked(2))
    assert [governing(app, path) for path in ("/one/a", "/two/a", "/")] == ["1", "3", "2"]


def test_one_blueprint_in_two_apps_is_set_up_in_both():
    blueprint = make_blueprint("api")
    CORS(blueprint)
    apps = [make_app(blueprint, CORS_MAX_AGE=age) for age in (1, 2)]
    assert [governing(app, "/api/a") for app in apps] == ["1", "2"]


# Where its options come from ---------------------------------------------------------------------


def test_the_app_s_keys_are_read_at_registration():
    blueprint = make_blueprint("api")
    CORS(blueprint, expose_headers="X-1")
    app = make_app(CORS_ORIGINS=APP)
    app.config["CORS_MAX_AGE"] = 1
    app.register_blueprint(blueprint)
    app.config["CORS_MAX_AGE"] = 2
    assert (governing(app, "/api/a"), exposed(app, "/api/a")) == ("1", "X-1")
    assert cors_headers(get(app, "/api/a", OTHER)) == []


def test_each_registration_reads_the_keys_anew():
    blueprint = make_blueprint("api")
    CORS(blueprint)
    app = make_app(CORS_MAX_AGE=1)
    app.register_blueprint(blueprint, url_prefix="/one", name="one")
    app.config["CORS_MAX_AGE"] = 2
    app.register_blueprint(blueprint, url_prefix="/two", name="two")
    assert (governing(app, "/one/a"), governing(app, "/two/a")) == ("1", "2")


def test_own_problems_are_raised_at_once():
    with pytest.raises(ConfigurationError) as caught:
        CORS(make_blueprint("api"), origins="*", supports_credentials=True, max_age=-1)
    assert {problem.code for problem in caught.value.problems} == {
        "credentials-wildcard",
        "max-age",
    }


def test_what_the_app_adds_is_judged_at_registration():
    blueprint = make_blueprint("api")
    CORS(blueprint, supports_credentials=True)
    with pytest.raises(ConfigurationError, match="credentials-wildcard"):
        make_app(blueprint)
    response = get(make_app(blueprint, CORS_ORIGINS=APP), "/api/a")
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


def test_a_doubt_about_a_blueprint_is_told_once_where_it_was_written():
    blueprint = make_blueprint("api")
    with pytest.warns(CORSWarning, match="private-network") as caught:
        CORS(blueprint, allow_private_network=True)
    assert [warning.filename for warning in caught] == [__file__]
    app = make_app(blueprint)  # says nothing, else it would be an error here
    assert get(app, "/api/a").headers["Access-Control-Allow-Origin"] == APP


def test_what_is_doubtful_in_the_app_s_keys_is_told_at_registration():
    blueprint = make_blueprint("api")
    CORS(blueprint)
    with pytest.warns(CORSWarning, match="private-network"):
        make_app(blueprint, CORS_ALLOW_PRIVATE_NETWORK=True)


# Names and nesting ------------------------------------------------------------------------------


NESTED = ["/outer/a", "/outer/middle/a", "/outer/middle/inner/a"]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        pytest.param((1, 2, 3), ["1", "2", "3"], id="all"),
        pytest.param((1, None, None), ["1", "1", "1"], id="outer"),
        pytest.param((None, 2, None), ["9", "2", "2"], id="middle"),
        pytest.param((None, None, 3), ["9", "9", "3"], id="inner"),
        pytest.param((1, None, 3), ["1", "1", "3"], id="outer-and-inner"),
    ],
)
def test_the_innermost_blueprint_with_a_policy_wins(
    marks: tuple[int | None, ...], expected: list[str]
):
    outer, middle, inner = (make_blueprint(name) for name in ("outer", "middle", "inner"))
    for blueprint, mark in zip((outer, middle, inner), marks, strict=True):
        if mark is not None:
            CORS(blueprint, **marked(mark))
    middle.register_blueprint(inner)
    outer.register_blueprint(middle)
    app = make_app(outer)
    CORS(app, **marked(9))
    assert [governing(app, path) for path in NESTED] == expected
    assert [exposed(app, path) for path in NESTED] == [f"X-{mark}" for mark in expected]


def test_paths_that_the_innermost_does_not_name_fall_through():
    outer, inner = make_blueprint("outer"), make_blueprint("inner")
    CORS(outer, resources={"/outer/inner/a": marked(1), "/outer/a": marked(1)})
    CORS(inner, resources={"/outer/inner/missing": marked(2)})
    outer.register_blueprint(inner)
    app = make_app(outer)
    CORS(app, **marked(3))
    assert exposed(app, "/outer/inner/missing") == "X-2"
    assert (governing(app, "/outer/inner/a"), exposed(app, "/outer/inner/a")) == ("1", "X-1")
    assert (governing(app, "/outer/inner/"), exposed(app, "/outer/inner/")) == ("3", "X-3")
    assert (governing(app, "/outer/"), exposed(app, "/outer/")) == ("3", "X-3")


def test_a_closed_blueprint_is_not_opened_by_the_app():
    blueprint = make_blueprint("api")
    CORS(blueprint, origins=[])
    app = make_app(blueprint)
    CORS(app)
    assert cors_headers(get(app, "/api/a")) == []
    assert cors_headers(preflight(app, "/api/a")) == []
    assert get(app, "/api/a").headers["Vary"] == "Origin"
    assert get(app, "/").headers["Access-Control-Allow-Origin"] == APP


def test_every_registration_has_the_policy():
    blueprint = make_blueprint("api")
    CORS(blueprint, **marked(1))
    app = make_app(blueprint)
    app.register_blueprint(blueprint, url_prefix="/again", name="again")
    assert [exposed(app, path) for path in ("/api/a", "/again/a", "/")] == ["X-1", "X-1", None]
    assert [governing(app, path) for path in ("/api/a", "/again/a")] == ["1", "1"]


def test_a_name_of_the_registration_does_not_matter_when_nested():
    outer, inner = make_blueprint("outer"), make_blueprint("inner")
    CORS(inner, **marked(1))
    outer.register_blueprint(inner, url_prefix="/x", name="x")
    outer.register_blueprint(inner, url_prefix="/y", name="y")
    app = make_app()
    app.register_blueprint(outer, url_prefix="/o", name="o")
    assert [exposed(app, path) for path in ("/o/x/a", "/o/y/a", "/o/a")] == ["X-1", "X-1", None]
    assert [governing(app, path) for path in ("/o/x/a", "/o/y/a")] == ["1", "1"]


def test_a_blueprint_of_the_same_name_elsewhere_is_another():
    one, two = make_blueprint("one"), make_blueprint("two")
    api, closed = make_blueprint("api"), make_blueprint("api")
    CORS(api, **marked(1))
    one.register_blueprint(api)
    two.register_blueprint(closed)
    app = make_app(one, two)
    assert [exposed(app, path) for path in ("/one/api/a", "/two/api/a")] == ["X-1", None]
    assert cors_headers(get(app, "/two/api/a")) == []


def test_two_blueprints_on_one_url_each_answer_for_their_methods():
    reading = Blueprint("reading", __name__)
    reading.get("/x", endpoint="x")(lambda: "")
    writing = Blueprint("writing", __name__)
    writing.put("/x", endpoint="x")(lambda: "")
    CORS(reading, **marked(1))
    CORS(writing, **marked(2))
    app = make_app(reading, writing)
    CORS(app, **marked(3))
    # No view takes DELETE: the one that answers OPTIONS is in the first blueprint.
    methods = ["GET", "PUT", "DELETE"]
    assert [governing(app, "/x", method) for method in methods] == ["1", "2", "1"]


def test_a_blueprint_on_a_subdomain_has_its_policy():
    blueprint = Blueprint("api", __name__, subdomain="api")
    blueprint.put("/", endpoint="view")(lambda: "")
    CORS(blueprint, **marked(1))
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "site.test"
    app.register_blueprint(blueprint)
    CORS(app, **marked(2))
    paths = ["http://api.site.test/", "http://site.test/"]
    assert [governing(app, path) for path in paths] == ["1", "2"]


def test_a_blueprint_whose_name_begins_like_another_s_is_another():
    blueprint = make_blueprint("api")
    CORS(blueprint, **marked(1))
    app = make_app(blueprint, make_blueprint("api2"))
    assert exposed(app, "/api2/a") is None
    assert exposed(app, "/api/a") == "X-1"


# Its errors and its answers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        pytest.param("/api/missing", 404, "X-1", id="abort"),
        pytest.param("/api/fails", 500, "X-1", id="exception"),
        pytest.param("/api/none", 404, "X-2", id="no-url"),
    ],
)
def test_errors_of_its_views_are_its_own_and_of_no_view_the_app_s(
    path: str, status: int, expected: str
):
    blueprint = make_blueprint("api")
    CORS(blueprint, **marked(1))
    app = make_app(blueprint)
    CORS(app, **marked(2))
    assert (get(app, path).status_code, exposed(app, path)) == (status, expected)


def test_a_preflight_where_there_is_no_view_is_answered_by_the_app():
    blueprint = make_blueprint("api")
    CORS(blueprint, **marked(1))
    app = make_app(blueprint)
    CORS(app, **marked(2))
    assert governing(app, "/api/none") == "2"


def test_its_error_handlers_get_its_headers():
    blueprint = make_blueprint("api")
    blueprint.register_error_handler(404, lambda error: ("handled", 404))
    CORS(blueprint, **marked(1))
    app = make_app(blueprint)
    assert get(app, "/api/missing").text == "handled"
    assert exposed(app, "/api/missing") == "X-1"


def test_its_exceptions_can_be_left_alone():
    blueprint = make_blueprint("api")
    CORS(blueprint, intercept_exceptions=False)
    app = make_app(blueprint, make_blueprint("open"))
    CORS(app)
    assert get(app, "/api/fails").status_code == 500
    assert cors_headers(get(app, "/api/fails")) == []
    assert get(app, "/open/fails").headers["Access-Control-Allow-Origin"] == APP


@doors_before_hooks
def test_its_preflights_come_before_its_hooks(door: Door):
    blueprint = make_blueprint("api")
    called: list[object] = []
    blueprint.before_request(lambda: called.append("before") or abort(401))
    blueprint.after_request(lambda response: called.append("after") or response)
    blueprint.url_value_preprocessor(lambda endpoint, values: called.append("values"))
    CORS(blueprint, **marked(1))
    app = door(make_app())
    app.register_blueprint(blueprint)
    response = preflight(app, "/api/a")
    assert (response.status_code, response.data, governing(app, "/api/a")) == (200, b"", "1")
    assert called == []
    assert (get(app, "/api/a").status_code, exposed(app, "/api/a")) == (401, "X-1")


def test_its_preflights_can_be_handed_back():
    blueprint = make_blueprint("api")
    answer = lambda: ("own", 299, {"X-Own": "1"})  # noqa: E731  (a view of one expression)
    blueprint.add_url_rule("/own", "own", answer, methods=["PUT", "OPTIONS"])
    CORS(blueprint, automatic_options=False, **marked(1))
    response = preflight(make_app(blueprint), "/api/own")
    assert (response.status_code, response.text) == (299, "own")
    assert response.headers["Access-Control-Max-Age"] == "1"
    assert response.headers["Access-Control-Allow-Origin"] == APP


def test_its_static_files_have_its_headers(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    blueprint = Blueprint("files", __name__, static_folder=str(tmp_path), url_prefix="/files")
    CORS(blueprint, **marked(1))
    app = make_app(blueprint)
    path = f"/files/{tmp_path.name}/a.txt"
    with get(app, path) as response:
        assert response.text == "text"
    with app.test_client().get(path, headers={"Origin": APP}) as response:
        assert response.headers["Access-Control-Expose-Headers"] == "X-1"
