"""The reference agrees with the source, and CONTRIBUTING.md with the noxfile."""

from __future__ import annotations

import ast
import inspect
import re
import runpy
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask

import flask_cors
import flask_cors.browser
import flask_cors.cookies
import flask_cors.core
import flask_cors.testing
import flask_cors.urls
from flask_cors import CORS, cross_origin
from flask_cors.core import Settings
from flask_cors.core.options import OPTIONS, CrossOriginOptions, ResourceOptions

pytestmark = pytest.mark.flaskless

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if "_build" not in page.parts]
OPTIONS_PAGE = DOCS / "reference" / "options.md"
made = SimpleNamespace(**runpy.run_path(str(DOCS / "options_page.py")))
DOCSTRINGS: dict[str, str] = made.docstrings()
SECTIONS = {
    section.partition("\n")[0]: section
    for section in re.split("^### ", OPTIONS_PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
}


def test_the_page_of_the_options_says_what_their_docstrings_say() -> None:
    page = OPTIONS_PAGE.read_text("utf-8")
    assert made.filled(page) == page, "run python docs/options_page.py"


def test_the_page_has_every_option_and_no_other() -> None:
    assert SECTIONS.keys() == OPTIONS
    assert DOCSTRINGS.keys() == OPTIONS


@pytest.mark.parametrize("option", SECTIONS)
def test_each_option_has_its_mistake_and_its_difference(option: str) -> None:
    section = SECTIONS[option]
    assert re.search(r"^The usual mistake\n: \S", section, re.MULTILINE)
    assert re.search(r"^Not as in 6\.0\.5\n: \S", section, re.MULTILINE)


def default_of(option: str) -> str:
    return made.described(DOCSTRINGS[option]).default.partition(",")[0].rstrip(".")


def test_the_docstrings_say_the_defaults() -> None:
    defaults = Settings()
    switches = {name for name in OPTIONS if isinstance(getattr(defaults, name, None), bool)}
    told = {name: default_of(name) for name in switches}
    assert len(switches) == 7
    assert told == {name: f"`{getattr(defaults, name)}`" for name in switches}
    methods = made.described(DOCSTRINGS["methods"]).default.rstrip(".")
    assert defaults.methods.names == set(re.split(", | and ", methods))
    assert [default_of("max_age"), default_of("expose_headers")] == ["Not sent", "None"]
    assert (defaults.max_age, defaults.expose_headers) == (None, ())
    assert {default_of("origins"), default_of("allow_headers")} == {'`"*"`'}
    assert (defaults.origins.any, defaults.allow_headers.any) == (True, True)


PLACES = [
    pytest.param(option, place, code, id=f"{option}-{place}")
    for option in SECTIONS
    for place, code in re.findall(
        r"^\| (keyword|above a view|for a path|key|environment) \| `(.*)` \|$",
        SECTIONS[option],
        re.MULTILINE,
    )
]


def answers_of(place: str, code: str) -> list[dict[str, str]]:
    """Return the responses of an app with these options to some requests."""
    app = Flask(__name__)
    view: Any = lambda: ("Hello", {"X-Total": "2"})  # noqa: E731  (a decorator may replace it)
    names: dict[str, Any] = {"CORS": CORS, "app": app, "cross_origin": cross_origin}
    if "CREDENTIALS" in code:
        app.config["CORS_ORIGINS"] = "https://app.example"
    if place == "environment":
        key, _, value = code.partition("=")
        app.config[key] = value
    elif place == "for a path":
        exec(f"CORS(app, {code})", names)  # noqa: S102  (an example of the page)
    elif place == "above a view":
        exec(f"decorated = {code[1:]}", names)  # noqa: S102  (an example of the page)
        view = names["decorated"](view)
    else:
        exec(code, names)  # noqa: S102  (an example of the page)
    if place in {"environment", "key"}:
        CORS(app)
    app.add_url_rule("/api/items", "items", view, methods=["GET", "OPTIONS"])
    return [
        {
            name: value
            for name, value in app.test_client().open("/api/items", **request).headers.items()
            if name.startswith("Access-Control") or name == "Vary"
        }
        for request in REQUESTS
    ]


ASKS = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
REQUESTS: list[dict[str, Any]] = [
    {},
    {"headers": {"Origin": "https://app.example"}},
    {"method": "OPTIONS", "headers": {**ASKS, "Access-Control-Request-Headers": "x-a"}},
    {"method": "OPTIONS", "headers": {**ASKS, "Access-Control-Request-Private-Network": "true"}},
]


@pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")
@pytest.mark.parametrize(("option", "place", "code"), PLACES)
def test_an_option_means_the_same_wherever_it_is_written(
    option: str, place: str, code: str
) -> None:
    [keyword] = [param.values[2] for param in PLACES if param.values[:2] == (option, "keyword")]
    assert answers_of("keyword", str(keyword)) == answers_of(place, code)


ANY_PLACE = ("keyword", "above a view", "for a path", "key", "environment")


def test_each_option_is_shown_in_every_place_that_takes_it() -> None:
    shown = {
        place: {o for o, at, _ in (p.values for p in PLACES) if at == place} for place in ANY_PLACE
    }
    assert shown == {
        "keyword": OPTIONS,
        "above a view": set(CrossOriginOptions.__annotations__),
        "for a path": set(ResourceOptions.__annotations__),
        "key": OPTIONS,
        "environment": OPTIONS,
    }


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text("utf-8")
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in PAGES}
    listed = set(re.findall(r"^([a-z-]+(?:/[a-z-]+)*)$", index, re.MULTILINE))
    assert pages - {"index"} == listed


@pytest.mark.parametrize(
    ("described", "options"),
    [
        pytest.param(CORS, OPTIONS, id="CORS"),
        pytest.param(cross_origin, CrossOriginOptions.__optional_keys__, id="cross_origin"),
    ],
)
def test_help_has_a_line_for_each_option(described: object, options: frozenset[str]) -> None:
    lines = re.findall(
        r"^- `(\w+)`: (.+(?:\n  .+)*)", inspect.getdoc(described) or "", re.MULTILINE
    )
    summaries = {name: made.described(DOCSTRINGS[name]).summary for name in options}
    assert {name: " ".join(line.split()) for name, line in lines} == {
        name: summary[0].lower() + summary[1:] for name, summary in summaries.items()
    }


# The API page ------------------------------------------------------------------------------------

API = (DOCS / "reference" / "api.md").read_text("utf-8")
DIRECTIVE = re.compile(
    r"^\.\. (?:py:)?(module|currentmodule|\w+):: ([\w.]+)[^\n]*((?:\n {4,}\w+$)*)", re.MULTILINE
)


def documented() -> dict[str, set[str]]:
    """Return the names that the page describes, by module, without type aliases."""
    found: dict[str, set[str]] = {}
    module = ""
    for directive, name, more in DIRECTIVE.findall(API):
        if directive in {"module", "currentmodule"}:
            module = name
        elif directive != "type":
            found.setdefault(module, set()).update([name, *more.split()])
    return found


def constants() -> dict[str, str]:
    """Return the names and values in the table of the page."""
    return dict(re.findall(r"^\| `(\w+)` \| `?([^|`]+?)`? \|$", API, re.MULTILINE))


def defined_in(module: ModuleType) -> set[str]:
    """Return the public classes and functions that a module defines."""
    return {
        name
        for name, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


def test_the_api_page_describes_the_public_names_of_the_package() -> None:
    assert set(flask_cors.__all__) == documented()["flask_cors"]


def test_the_api_page_describes_the_public_names_of_the_core() -> None:
    beside = set(flask_cors.core.__all__) - set(flask_cors.__all__)
    assert beside == documented()["flask_cors.core"] | constants().keys()


@pytest.mark.parametrize(
    "module",
    [flask_cors.browser, flask_cors.cookies, flask_cors.testing, flask_cors.urls],
    ids=lambda module: module.__name__,
)
def test_the_api_page_describes_what_a_module_defines(module: ModuleType) -> None:
    described = documented()[module.__name__]
    assert defined_in(module) == described & defined_in(module)
    assert [name for name in sorted(described) if not hasattr(module, name)] == []


def test_the_constants_of_the_api_page_have_their_values() -> None:
    values = {name: getattr(flask_cors.core, name) for name in constants()}
    methods = ", ".join(values.pop("ALL_METHODS"))
    assert {**values, "ALL_METHODS": methods} == constants()


# The picture -------------------------------------------------------------------------------------


def test_the_picture_of_the_protocol_can_be_heard() -> None:
    picture = (DOCS / "pictures" / "protocol.svg").read_text("utf-8")
    [told] = re.findall(r'<svg[^>]* role="img" aria-labelledby="([\w -]+)"', picture)
    elements = re.findall(r'<(title|desc) id="([\w-]+)">[^<]+</\1>', picture)
    assert told.split() == [name for _, name in elements]
    assert len(elements) == 2


# CONTRIBUTING ------------------------------------------------------------------------------------

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
NOXFILE = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))


def sessions() -> set[str]:
    """Return the names of the sessions of the noxfile, which needs nox to be imported."""
    return {
        node.name
        for node in NOXFILE.body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(line).startswith("nox.session") for line in node.decorator_list)
    }


def flasks() -> set[str]:
    [table] = (
        node.value
        for node in NOXFILE.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FLASKS"
    )
    return {*ast.literal_eval(table)}


def test_contributing_names_every_session_and_no_other() -> None:
    named = set(re.findall(r'nox -s "?(\w+)', CONTRIBUTING))
    assert sessions() == named


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *PAGES], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_pages_name_only_sessions_that_exist(page: Path) -> None:
    named = set(re.findall(r'nox -s "?(\w+)', page.read_text("utf-8")))
    assert set() == named - sessions()


def test_contributing_names_flasks_and_pythons_that_are_tested() -> None:
    pythons = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text("utf-8"))
    named = re.findall(r"python='([\d.]+)', flask='([\d.]+)'", CONTRIBUTING)
    assert len(named) == 2
    assert [pair for pair in named if pair[0] not in pythons or pair[1] not in flasks()] == []


def test_contributing_names_files_that_exist() -> None:
    paths = re.findall(r"`([\w./]+(?:/|\.py|\.md))`", CONTRIBUTING)
    assert "core/options.py" in paths
    places = (ROOT, Path(flask_cors.__file__).parent)
    assert [path for path in paths if not any((place / path).exists() for place in places)] == []
