"""What stands in several places: merged, with the places remembered, and judged on what results."""

from __future__ import annotations

import functools
import gc
import re
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from unittest.mock import Mock

import pytest
from flask import Blueprint, Flask

from flask_cors import CORS, ConfigurationError, CORSWarning, Problem, cross_origin
from flask_cors.core import Policy
from flask_cors.core.errors import Problems
from flask_cors.core.settings import (
    OptionSource,
    config_source,
    resolve_resources,
    resolve_view,
)

A = "https://a.example"
EXAMPLE = "['https://app.example']"
EVIL = "https://evil.test"


def refused(set_up: Callable[[], object]) -> tuple[Problem, ...]:
    """Return why a configuration is refused."""
    with pytest.raises(ConfigurationError) as raised:
        set_up()
    return raised.value.problems


def app_with(**config: object) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/<path:path>", "page", lambda path: "body")
    return app


def allowed(app: Flask, path: str = "/x", origin: str = EVIL) -> str | None:
    response = app.test_client().get(path, headers={"Origin": origin})
    return response.headers.get("Access-Control-Allow-Origin")


# Where an option was written ---------------------------------------------------------------------


def test_settings_remember_where_each_option_was_written() -> None:
    problems = Problems()
    config = config_source({"CORS_MAX_AGE": "5", "CORS_METHODS": "GET"}, problems)
    call = OptionSource(
        {"methods": "PUT", "resources": {"/a": {"origins": A}, "/b": {}}}, place="app.py, line 3"
    )
    (_, a), (_, b) = resolve_resources([config, call], problems)
    assert {name: (found.name(name), found.place) for name, found in a.sources.items()} == {
        "max_age": ("CORS_MAX_AGE", ""),
        "methods": ("methods", "app.py, line 3"),
        "origins": ("resources['/a'].origins", "app.py, line 3"),
    }
    assert sorted(b.sources) == ["max_age", "methods"]


def test_where_an_option_was_written_makes_no_other_policy() -> None:
    problems = Problems()
    one = resolve_view([OptionSource({"max_age": 5})], problems)
    other = resolve_view([config_source({"CORS_MAX_AGE": "5"}, problems)], problems)
    assert (one, hash(one)) == (other, hash(other))
    assert one.sources != other.sources


def test_settings_hold_nothing_of_what_was_written() -> None:
    class Mine(list[str]):
        """A list that can be referred to weakly."""

    listed = Mine([A])
    here = weakref.ref(listed)
    settings = resolve_view([OptionSource({"origins": listed})], Problems())
    del listed
    gc.collect()
    assert here() is None
    assert settings.origins.exact == {A}


def test_a_place_stands_before_its_problems() -> None:
    problems = Problems("view (app.py, line 3)")
    resolve_view([OptionSource({"max_age": -1})], problems)
    assert problems.errors[0].message.startswith("view (app.py, line 3): max_age: -1 ")


# Keys that were meant to restrict -----------------------------------------------------------------

RESTRICTING = [
    "CORS_ORIGIN",
    "CORS_ORGINS",
    "CORS_ALLOWED_ORIGINS",
    "CORS_ALLOW_ORIGINS",
    "CORS_ALLOW_ORIGIN",
    "CORS_WHITELIST",
    "CORS_ORIGIN_WHITELIST",
    "CORS_ORIGINS_ALLOWLIST",
    "CORS_ALLOWED_ORIGIN_REGEXES",
    "CORS_TRUSTED_ORIGINS",
    "CORS_ALLOWED_HOSTS",
    "CORS_ALLOWED_DOMAINS",
    "CORS_origins",
]


@pytest.mark.parametrize("key", RESTRICTING)
def test_a_restricting_key_under_a_wrong_name_is_an_error_where_no_origins_are_given(
    key: str,
) -> None:
    (problem,) = refused(lambda: CORS(app_with(**{key: [A]})))
    assert (problem.code, problem.option, problem.value) == ("origin-key", "origins", [A])
    assert problem.message.startswith(f"{key} = ['{A}'] restricts nothing")
    assert f"Write CORS_ORIGINS = ['{A}']" in problem.message


@pytest.mark.parametrize(
    "value",
    [None, "", A, [], lambda origin: True],
    ids=["None", "empty", "origin", "nobody", "callable"],
)
def test_whatever_a_restricting_key_is_set_to(value: object) -> None:
    (problem,) = refused(lambda: CORS(app_with(CORS_ALLOWED_ORIGINS=value)))
    assert problem.code == "origin-key"


def test_a_switch_for_all_that_is_off_restricts() -> None:
    (problem,) = refused(lambda: CORS(app_with(CORS_ALLOW_ALL_ORIGINS=False)))
    assert problem.code == "origin-key"
    assert "Write CORS_ORIGINS = ['https://app.example'];" in problem.message


@pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CORS_ALLOW_ALL_ORIGINS", True),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("CORS_ORIGIN", ["*"]),
        ("CORS_MY_FLAG", 1),
        ("CORS_ORIGIN_HEADER", "X-Origin"),
        ("CORS_ORIGINS_FILE", "origins.txt"),
        ("CORS_ORIGIN_COUNT", 5),
        ("CORS_PROXY_URL", "https://proxy.example"),
        ("CORS_ORIGINAL", True),
    ],
)
def test_what_restricts_nobody_is_no_error(key: str, value: object) -> None:
    app = app_with(**{key: value})
    CORS(app)
    assert allowed(app) == EVIL


@pytest.mark.filterwarnings("error::flask_cors.CORSWarning")
@pytest.mark.parametrize(
    "key", ["CORS_ALLOWED_ORIGINS", "CORS_WHITELIST", "CORS_ALLOW_CREDENTIALS"]
)
def test_names_of_other_libraries_are_silent_where_origins_are_given(key: str) -> None:
    CORS(app_with(**{key: [A]}), origins=A)
    CORS(app_with(**{key: [A]}, CORS_ORIGINS=A))
    CORS(app_with(**{key: [A]}), resources={"/*": {"origins": A}})
    CORS(app_with(**{key: [A]}), resources=[])


@pytest.mark.parametrize("key", ["CORS_ORIGIN", "CORS_SUPPORT_CREDENTIALS", "CORS_METHOD"])
def test_a_misspelt_key_warns_where_origins_are_given_too(key: str) -> None:
    with pytest.warns(CORSWarning, match=f"{key} is not a key"):
        CORS(app_with(**{key: "x"}), origins=A)


@pytest.mark.parametrize("key", ["CORS_ALLOW_CREDENTIALS", "CORS_ALLOW_METHODS"])
def test_names_of_other_libraries_are_told_where_no_origins_are_given(key: str) -> None:
    with pytest.warns(CORSWarning, match=f"{key} is not a key"):
        CORS(app_with(**{key: "x"}))


def test_each_resource_needs_its_origins() -> None:
    app = app_with(CORS_ORIGIN=A)
    (problem,) = refused(lambda: CORS(app, resources={"/a/*": {"origins": A}, "/b/*": {}}))
    assert problem.code == "origin-key"


def test_a_decorated_view_alone_and_a_blueprint_are_judged_alike() -> None:
    app = app_with(CORS_ALLOWED_ORIGINS=A, PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/", view_func=cross_origin(lambda: "body"))
    assert [one.code for one in refused(lambda: app.test_client().get("/"))] == ["origin-key"]

    blueprint = Blueprint("b", "b")
    CORS(blueprint)
    app = app_with(CORS_ALLOWED_ORIGINS=A)
    assert [one.code for one in refused(lambda: app.register_blueprint(blueprint))] == [
        "origin-key"
    ]


# Whatever has items keeps its options -------------------------------------------------------------


class Pairs:
    """A mapping by its shape alone."""

    def __init__(self, **given: object) -> None:
        self._given = given

    def items(self) -> list[tuple[str, object]]:
        return [*self._given.items()]

    def keys(self) -> list[str]:
        return [*self._given]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __getitem__(self, name: str) -> object:
        return self._given[name]


@pytest.mark.parametrize(
    "resources",
    [
        Pairs(**{"/*": {"origins": A}}),
        {"/*": Pairs(origins=A)},
        Pairs(**{"/*": Pairs(origins=iter([A]))}),
    ],
    ids=["resources", "options", "both"],
)
def test_what_has_items_keeps_its_options(resources: object) -> None:
    app = app_with()
    CORS(app, resources=resources)
    assert [allowed(app, origin=origin) for origin in (A, EVIL)] == [A, None]


def test_options_that_are_no_dict_are_options() -> None:
    app = app_with()
    CORS(app, **Pairs(origins=A))
    assert allowed(app) is None


class NoPairs:
    def __init__(self, *items: object) -> None:
        self._items = items

    def items(self) -> tuple[object, ...]:
        return self._items


@pytest.mark.parametrize("item", [1, (1,), (1, 2, 3)], ids=repr)
@pytest.mark.parametrize("option", ["resources", "origins", "methods", "allow_headers"])
def test_what_has_items_and_no_pairs_is_refused(option: str, item: object) -> None:
    (problem,) = refused(lambda: CORS(app_with(), **{option: NoPairs(item)}))
    assert problem.code in ("resource-type", "option-type")


@pytest.mark.parametrize(
    ("resources", "value"),
    [(dict, dict), (["/a", dict], dict), ({"/a": dict}, dict), ({dict: {}}, dict)],
    ids=["resources", "item", "options", "path"],
)
def test_a_class_of_mappings_is_no_mapping(resources: object, value: object) -> None:
    (problem,) = refused(lambda: CORS(app_with(), resources=resources))
    assert (problem.code, problem.value) == ("resource-type", value)
    assert "pairs" not in problem.message


# Callables that never answer ----------------------------------------------------------------------


class Allow:
    def __init__(self, origin: str) -> None:
        self.origin = origin


class Generates:
    def __call__(self, origin: str) -> Iterator[bool]:
        yield True


def generates(origin: str) -> Iterator[bool]:
    yield origin == A


async def generates_async(origin: str) -> AsyncIterator[bool]:
    yield origin == A


@pytest.mark.parametrize(
    "origins",
    [
        Allow,
        generates,
        generates_async,
        Generates(),
        functools.partial(Allow),
        functools.partial(functools.partial(generates)),
        lambda: True,
        lambda origin, request: True,
        [A, Allow],
    ],
    ids=[
        "class",
        "generator",
        "async-generator",
        "generating-object",
        "partial-class",
        "partial-generator",
        "takes-nothing",
        "takes-two",
        "in-a-list",
    ],
)
@pytest.mark.parametrize("reader", [Policy.from_options, cross_origin], ids=["policy", "view"])
def test_a_callable_that_never_answers_is_refused_at_set_up(
    reader: Callable[..., object], origins: object
) -> None:
    (problem,) = refused(lambda: reader(origins=origins))
    assert (problem.code, problem.option) == ("origin-callable", "origins")
    assert "returns True or False" in problem.message


class Answers:
    def __call__(self, origin: str) -> bool:
        return origin == A

    def method(self, origin: str, more: object = None) -> bool:
        return origin == A


def test_what_is_called_is_no_mapping() -> None:
    policy = Policy.from_options(origins=Mock(return_value=True))
    assert policy.decide("GET", {"Origin": A}).outcome == "granted"


@pytest.mark.parametrize(
    "function",
    [
        Answers(),
        Answers().method,
        functools.partial(Answers().method, more=1),
        lambda *origins: A in origins,
        A.__eq__,
        f"{A} https://b.example".startswith,  # which does not tell what it takes
    ],
    ids=["object", "method", "partial", "any-arguments", "built-in", "without-a-signature"],
)
def test_a_callable_that_answers_is_asked(function: Callable[[str], bool]) -> None:
    policy = Policy.from_options(origins=function)
    answers = [policy.decide("GET", {"Origin": origin}).outcome for origin in (A, EVIL)]
    assert answers == ["granted", "origin"]


# Credentials --------------------------------------------------------------------------------------


def message(set_up: Callable[[], object]) -> str:
    (problem,) = refused(set_up)
    return problem.message


def test_credentials_for_everyone_name_both_ways_out() -> None:
    text = message(lambda: CORS(app_with(), supports_credentials=True))
    assert "List the origins: origins=['https://app.example']" in text
    assert "or remove supports_credentials=True if no cookies are used" in text


def test_credentials_for_everyone_name_the_keys_where_keys_were_written() -> None:
    text = message(lambda: CORS(app_with(CORS_SUPPORTS_CREDENTIALS="true")))
    assert text.startswith("CORS_SUPPORTS_CREDENTIALS = True needs a list of origins")
    assert "CORS_ORIGINS = ['https://app.example']" in text
    text = message(lambda: CORS(app_with(CORS_SUPPORTS_CREDENTIALS=True), origins="*"))
    assert "List the origins: origins=[" in text


def test_credentials_for_everyone_name_the_resource() -> None:
    given = {"/api/*": {"supports_credentials": True}}
    text = message(lambda: CORS(app_with(), resources=given))
    assert text.startswith(
        "resources['/api/*']: 'supports_credentials': True needs a list of origins"
    )
    assert "'origins': ['https://app.example']" in text


@pytest.mark.parametrize("place", ["", "/api/*"])
def test_contradictions_are_judged_on_what_results(place: str) -> None:
    if place:
        CORS(app_with(), supports_credentials=True, resources={place: {"origins": A}})
    else:
        CORS(supports_credentials=True).init_app(app_with(), origins=[A])


@pytest.mark.parametrize(
    "origins",
    [
        "https://*.com",
        "https://*.co.uk:8443",
        "https://*.github.io",
        "http://*.vercel.app",
        r"https://[^.]+\.io",
        r"https://.*\.de(:\d+)?",
        r"http://.*\.co\.uk",
        r"https://\w+[.](?:co|org)[.]uk",
        r"https://.*\.github\.io",
        r"https://[a-z]+\.(vercel|netlify)\.app",
        r"https://\w+\.\w+\.app",
        r"https://\w+\.(io|de)",
        r".*\.(dev|app)",
        r"https://[a-z]+-[a-z]-[a-z]-[a-z0-9]+\.vercel\.app:8443",
        re.compile(r"https://[^.]+\.ORG"),
    ],
)
def test_credentials_for_a_whole_public_suffix_warn(origins: str) -> None:
    with pytest.warns(CORSWarning) as caught:
        Policy.from_options(origins=origins, supports_credentials=True)
    assert [warning.message.problem.code for warning in caught] == ["credentials-anyone"]


@pytest.mark.filterwarnings("error::flask_cors.CORSWarning")
@pytest.mark.parametrize(
    "origins",
    [
        "http://localhost.:3000",
        "http://a.localhost:*",
        "http://a.localhost.",
        "http://127.9.9.9:80",
        "http://[::1]:3000",
        "https://*.example.com",
        "chrome-extension://*",
        "file://",
        r"https://[a-z0-9-]+\.example\.com",
        r"https://pr-\d+\.preview\.example\.com",
        r"https://([a-z]+\.)*example\.co\.uk",
        r"https://(?!admin\.).+\.a\.github\.io",
        r"https://.*-my-team\.vercel\.app",
        r"https://.*\.(internal|local|example)",
        r"https?://(.+\.)?localhost(:\d+)?",
        r"https://192\.168\.\d+\.\d+",
        r"chrome-extension://[a-p]{32}",
    ],
)
def test_credentials_for_what_is_ones_own_are_silent(origins: str) -> None:
    Policy.from_options(origins=origins, supports_credentials=True)


def warned_of(*origins: str) -> list[tuple[str, object]]:
    """Return what credentials for some origins are warned of."""
    problems = Problems()
    resolve_view([OptionSource({"origins": origins, "supports_credentials": True})], problems)
    return [(problem.code, problem.value) for problem in problems.warnings]


def test_origins_are_warned_of_in_order() -> None:
    hosts = [f"http://{letter}.example" for letter in "kfbpdgaohcnielmj"]
    assert warned_of(*hosts) == [("credentials-insecure", host) for host in sorted(hosts)]
    suffixes = [f"https://*.{name}" for name in ("net", "com", "org", "app", "dev", "io")]
    assert warned_of(*suffixes) == [("credentials-anyone", suffix) for suffix in sorted(suffixes)]


@pytest.mark.parametrize(
    "origin", ["http://localhost:19", "http://127.0.0.1:8090", "http://localhost:*"]
)
def test_a_port_makes_no_other_host(origin: str) -> None:
    assert warned_of(origin) == []
    assert warned_of(origin.replace("localhost", "a.example").replace("127", "10")) != []


# What is said of options taken together -----------------------------------------------------------

EXPOSES_NAME = (
    "has no effect together with supports_credentials: browsers then take '*' for the name of a "
    "header. List the headers:"
)
NO_EFFECT = (
    "has no effect: browsers replaced the header with a permission that the user gives. Remove it"
)


def said(
    config: dict[str, object] | None = None,
    resource: dict[str, object] | None = None,
    **options: object,
) -> list[str]:
    """Return all that is said of a configuration."""
    problems = Problems()
    own = {"/a": resource} if resource is not None else "/*"
    sources = [
        config_source(config or {}, problems),
        OptionSource({**options, "resources": own}),
    ]
    resolve_resources(sources, problems)
    return [problem.message for problem in (*problems.errors, *problems.warnings)]


def test_exposing_everything_to_credentials_is_told_where_it_stands() -> None:
    start = {"origins": A, "supports_credentials": True}
    assert said(**start, expose_headers="*") == [
        f"expose_headers='*' {EXPOSES_NAME} expose_headers=['X-Total']"
    ]
    assert said({"CORS_EXPOSE_HEADERS": "X-A, *"}, **start) == [
        f"CORS_EXPOSE_HEADERS = '*' {EXPOSES_NAME} CORS_EXPOSE_HEADERS = ['X-Total']"
    ]
    assert said(resource={"expose_headers": "*"}, **start) == [
        f"resources['/a']: 'expose_headers': '*' {EXPOSES_NAME} 'expose_headers': ['X-Total']"
    ]


def test_a_private_network_is_told_where_it_stands() -> None:
    assert said(allow_private_network=True) == [f"allow_private_network=True {NO_EFFECT}"]
    assert said({"CORS_ALLOW_PRIVATE_NETWORK": "on"}) == [
        f"CORS_ALLOW_PRIVATE_NETWORK = True {NO_EFFECT}"
    ]
    assert said(resource={"allow_private_network": 1}) == [
        f"resources['/a']: 'allow_private_network': True {NO_EFFECT}"
    ]


@pytest.mark.parametrize(
    ("given", "origins", "credentials"),
    [
        pytest.param(
            lambda: said(origins=[A, "null"], supports_credentials=True),
            "origins='null'",
            "supports_credentials=True",
            id="keywords",
        ),
        pytest.param(
            lambda: said({"CORS_ORIGINS": "null", "CORS_SUPPORTS_CREDENTIALS": "1"}),
            "CORS_ORIGINS = 'null'",
            "CORS_SUPPORTS_CREDENTIALS = True",
            id="keys",
        ),
        pytest.param(
            lambda: said(resource={"supports_credentials": True}, origins="null"),
            "resources['/a']: origins='null'",
            "'supports_credentials': True",
            id="resource",
        ),
    ],
)
def test_credentials_for_null_are_told_where_both_stand(
    given: Callable[[], list[str]], origins: str, credentials: str
) -> None:
    assert given() == [
        (
            f"{origins} together with {credentials} would let any page in a sandboxed frame act "
            "as the user who is logged in. "
            f"Remove 'null', or remove {credentials} if no cookies are used"
        )
    ]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        pytest.param(
            lambda **more: said(origins=more["origins"], supports_credentials=True),
            "origins",
            id="keyword",
        ),
        pytest.param(
            lambda **more: said({"CORS_ORIGINS": more["origins"]}, supports_credentials=True),
            "CORS_ORIGINS",
            id="key",
        ),
        pytest.param(
            lambda **more: said(resource=more, supports_credentials=True),
            "resources['/a']: resources['/a'].origins",
            id="resource",
        ),
    ],
)
def test_doubtful_credentials_are_told_where_the_origins_stand(
    given: Callable[..., list[str]], place: str
) -> None:
    (message,) = given(origins="http://http.example:8080")
    assert message == (
        f"{place}: 'http://http.example:8080' is allowed with credentials but is not encrypted: "
        "anyone on the network can pretend to be that origin. "
        "Write 'https://http.example:8080'"
    )
    for origins in ("https://*.com", "https://.*"):
        (message,) = given(origins=origins)
        assert message == (
            f"{place}: '{origins}' covers hosts that anyone can get: every website there could "
            "act as the user who is logged in. List only your own origins: "
            "['https://app.example']"
        )


def test_the_historic_option_is_told_with_what_to_write() -> None:
    assert said(headers="X-A") == [
        "headers has had no effect since flask-cors 2. Write allow_headers, or remove it"
    ]


# Names that are no option -------------------------------------------------------------------------


def test_a_misspelt_key_is_told_by_its_option_and_with_the_key() -> None:
    problems = Problems()
    config_source({"CORS_SUPPORT_CREDENTIALS": "x"}, problems)
    (problem,) = problems.warnings
    assert problem[:3] == ("key-unknown", "support_credentials", "x")
    assert problem.message == (
        "CORS_SUPPORT_CREDENTIALS is not a key of Flask-CORS and has no effect. Write "
        "CORS_SUPPORTS_CREDENTIALS, or, if the key is your own, give it a less similar name"
    )


@pytest.mark.parametrize(
    ("value", "shown", "instead"),
    [
        (A, f"'{A}'", f"'{A}'"),
        ([A], f"['{A}']", f"['{A}']"),
        ((A,), f"('{A}',)", f"('{A}',)"),
        ({A}, f"{{'{A}'}}", f"{{'{A}'}}"),
        ("", "''", EXAMPLE),
        ([], "[]", EXAMPLE),
        (None, "None", EXAMPLE),
        ({A: 1}, f"{{'{A}': 1}}", EXAMPLE),
        ("localhost:3000", "'localhost:3000'", EXAMPLE),
    ],
    ids=repr,
)
def test_a_restricting_key_is_told_with_the_value_to_write(
    value: object, shown: str, instead: str
) -> None:
    assert said({"CORS_WHITELIST": value}) == [
        (
            f"CORS_WHITELIST = {shown} restricts nothing: it is not a key of Flask-CORS, and no "
            "origins are set anywhere else, so every website could read the responses. "
            f"Write CORS_ORIGINS = {instead}; or, if every website may read them, "
            "CORS_ORIGINS = '*'"
        )
    ]


def test_a_restricting_key_of_any_length_is_told_shortly() -> None:
    (message,) = said({"CORS_WHITELIST": [A] * 1_000})
    assert len(message) < 500


OF_AN_APP = "resources is an option of CORS(app): write it there, or remove it"
OPTIONS_OF_A_VIEW = (
    "allow_headers, allow_private_network, always_send, automatic_options, expose_headers, "
    "max_age, methods, origins, send_wildcard, supports_credentials, vary_header"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tea", f"tea is not an option. The options are {OPTIONS_OF_A_VIEW}"),
        (5, f"5 is not an option. The options are {OPTIONS_OF_A_VIEW}"),
        ("methd", "methd is not an option. Did you mean methods?"),
        (
            "resources",
            f"resources is not an option. {OF_AN_APP}",
        ),
    ],
    ids=repr,
)
@pytest.mark.parametrize("value", [None, "x"], ids=repr)
def test_a_name_that_is_no_option_of_a_view_is_told_with_those_there_are(
    name: str, text: str, value: object
) -> None:
    problems = Problems()
    resolve_view([OptionSource({name: value})], problems)
    assert [problem.message.partition(" Also, ")[0] for problem in problems.errors] == [text]


def test_a_name_is_told_with_its_resource() -> None:
    assert said(resource={"tea": 1})[0].startswith("resources['/a'].tea is not an option. ")
    assert said(resource={5: 1})[0].startswith("resources['/a'].5 is not an option. ")
    assert said(resource={"origin": A}) == [
        "resources['/a'].origin is not an option. Did you mean resources['/a'].origins?"
    ]


def test_resources_of_a_resource_are_told_to_stand_beside_it() -> None:
    (message,) = said(resource={"resources": "/b"})
    assert message == (
        "resources['/a'].resources is not an option. "
        "Write each path as a key of its own, beside that of this resource, or remove it"
    )


def test_the_value_of_a_misspelt_option_is_judged_too() -> None:
    start = "origin is not an option. Did you mean origins?"
    assert said(origin=None) == [start]
    assert said(origin=iter([A])) == [start]
    (message,) = said(origin=["a.example", "http://a.1"])
    assert message.startswith(f"{start} Also, origins: 'a.example' ")


@pytest.mark.parametrize("names", [("origin", "origins"), ("origins", "origin")])
def test_a_misspelt_option_does_not_replace_one_that_is_there(names: tuple[str, str]) -> None:
    values = {"origin": "*", "origins": A}
    given = {name: values[name] for name in names}
    assert said(**given, supports_credentials=True) == [
        "origin is not an option. Did you mean origins?"
    ]


def test_a_view_passes_over_what_only_an_app_has_in_the_configuration() -> None:
    problems = Problems()
    config = config_source(
        {"CORS_RESOURCES": "/a", "CORS_INTERCEPT_EXCEPTIONS": "no", "CORS_ORIGINS": A}, problems
    )
    settings = resolve_view([config, OptionSource({"max_age": 5})], problems)
    assert problems.errors == []
    assert (settings.intercept_exceptions, settings.max_age) == (False, 5)


def test_a_resource_that_cannot_be_read_is_left_out() -> None:
    problems = Problems()
    found = resolve_resources([OptionSource({"resources": ["/a", "/b("]})], problems)
    assert [path.text for path, _ in found] == ["/a"]
    assert [problem.message.partition(" is not")[0] for problem in problems.errors] == [
        "resources['/b(']"
    ]


# Names of headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"allow_headers": ["Content-Type", "Cookie"]}, ["Cookie"]),
        ({"allow_headers": "origin, HOST, Sec-Fetch-Mode, Proxy-X, Sec-*"}, 5),
        ({"expose_headers": ["X-A", "Set-Cookie", "set-cookie2"]}, 2),
    ],
)
def test_headers_that_no_script_may_set_or_read_warn(
    options: dict[str, object], names: object
) -> None:
    with pytest.warns(CORSWarning, match="scripts can(not set| never read)") as caught:
        Policy.from_options(**options)
    assert {warning.message.problem.code for warning in caught} == {"header-forbidden"}
    found = [warning.message.problem.value for warning in caught]
    assert found == names or len(found) == names


@pytest.mark.filterwarnings("error::flask_cors.CORSWarning")
def test_other_headers_are_silent() -> None:
    names = ["Content-Type", "Authorization", "Security", "User-Agent", "X-Sec-A"]
    Policy.from_options(allow_headers=names, expose_headers=["Location", "X-Set-Cookie"])


# What was meant -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"methods": "GET POST"}, "commas between them, 'GET, POST'"),
        ({"methods": "GET|POST"}, "'GET, POST'"),
        ({"methods": "GET; POST"}, "'GET, POST'"),
        ({"methods": "all"}, "'*' for any"),
        ({"allow_headers": "application/json"}, "'Content-Type'"),
        ({"allow_headers": "Content-Type Authorization"}, "'Content-Type, Authorization'"),
        ({"allow_headers": "Content-Type: application/json"}, "'Content-Type'"),
        ({"allow_headers": "any"}, "'*' for any"),
        ({"expose_headers": "text/csv"}, "'Content-Type'"),
        ({"max_age": "10m"}, "max_age=600"),
        ({"max_age": "1 hour"}, "max_age=3600"),
        ({"max_age": "2d"}, "max_age=172800"),
        ({"max_age": "3600s"}, "max_age=3600"),
        ({"max_age": "86,400"}, "max_age=86400"),
        ({"max_age": "600.0"}, "max_age=600"),
        ({"max_age": "soon"}, "max_age=600"),
        ({"origin": "localhost:3000"}, "Did you mean origins? Also, origins: 'localhost:3000'"),
        ({"support_credentials": True, "origins": A}, "supports_credentials?"),
        ({"CORS_ORIGINS": A}, "Did you mean origins?"),
        ({"resources": ("/*", {"origins": A})}, "{'/*': {'origins': "),
        ({"resources": [("/*", {"origins": A})]}, "{'/*': {'origins': "),
        ({"resources": [{"/*": {"origins": A}}]}, "{'/*': {'origins': "),
        ({"resources": {"origins": A}}, "{'/*': {'origins': "),
        ({"resources": {"/*": A}}, f"{{'origins': '{A}'}}"),
        ({"resources": {"/*": None}}, "or {}"),
        ({"resources": "/api/<id>"}, "Write '/api/*'"),
        ({"resources": "/api/<int:id>/x"}, "Write '/api/*/x'"),
        ({"resources": "/api/{id}"}, "Write '/api/*'"),
        ({"resources": ["/api/:id"]}, "Write '/api/*'"),
        ({"resources": {"/my%20files/*": {}}}, "Write '/my files/*'"),
        ({"resources": "/search?q=1"}, "Write '/search'"),
        ({"resources": "/search?*"}, "Write '/search'"),
        ({"resources": "/page#top"}, "Write '/page'"),
        ({"resources": "https://a.example/api/*"}, "Write '/api/*'"),
        ({"resources": "https://a.example"}, "Write '/*'"),
        ({"resources": "/${PREFIX}/*"}, "placeholder"),
        ({"resources": "/a/* /b/*"}, "'/a/*, /b/*'"),
        ({"resources": "/a/*; /b/*"}, "'/a/*, /b/*'"),
    ],
    ids=repr,
)
def test_a_message_names_what_was_meant(options: dict[str, object], words: str) -> None:
    assert words in message(lambda: CORS(app_with(), **options))


@pytest.mark.filterwarnings("error::flask_cors.CORSWarning")
@pytest.mark.parametrize(
    "pattern",
    [
        r"/api/v[12]/.*",
        r"/(?P<name>a|b)/.*",
        r"/colou?r/.*",
        r"/users/?$",
        r"/a/[^?#]+",
        r"/(?:a|b)(?=x)x",
        r"/(?#here)a",
        "/v1/items:archive",
        "/a,/b",
        "/100%/*",
        re.compile("/api/"),
    ],
)
def test_what_people_write_as_resources_is_silent(pattern: object) -> None:
    CORS(app_with(), resources=pattern)


def test_a_name_that_was_meant_is_judged_as_if_it_stood_there() -> None:
    (problem,) = refused(lambda: CORS(app_with(), origin=A, supports_credentials=True))
    assert problem.code == "option-unknown"  # and not that there are no origins
