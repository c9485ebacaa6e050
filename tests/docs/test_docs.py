"""The reference says what the source says, and CONTRIBUTING what the noxfile says."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import flask_cors
import flask_cors.browser
import flask_cors.core
import flask_cors.testing
from flask_cors.core import Settings
from flask_cors.core.options import OPTIONS, RESOURCE_OPTIONS

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if "_build" not in page.parts]
PAGE = (DOCS / "reference" / "options.md").read_text("utf-8")
ROWS = {
    row[0].strip("`"): row
    for row in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if line.startswith("| `")
    )
}


def test_the_table_has_every_option_and_no_other() -> None:
    assert set(ROWS) == OPTIONS


def test_each_option_stands_beside_its_key() -> None:
    assert {f"`CORS_{option.upper()}`" for option in ROWS} == {row[1] for row in ROWS.values()}


def test_the_defaults_are_those_of_the_settings() -> None:
    settings = Settings()
    switches = {name: row[2] for name, row in ROWS.items() if re.search("a boolean", row[3])}
    assert switches == {name: f"`{getattr(settings, name)}`" for name in switches}
    assert len(switches) == 7
    assert set(ROWS["methods"][2].split(", ")) == settings.methods.names
    assert [ROWS["max_age"][2], ROWS["expose_headers"][2]] == ["none", "none"]
    assert (settings.max_age, settings.expose_headers) == (None, ())
    assert (settings.origins.any, settings.allow_headers.any) == (True, True)
    assert {ROWS["origins"][2], ROWS["allow_headers"][2]} == {'`"*"`'}


def test_what_is_no_option_of_a_resource_is_said_to_be_none() -> None:
    assert {"resources"} == OPTIONS - RESOURCE_OPTIONS
    assert "not in `cross_origin`" in ROWS["resources"][3]
    assert "not in `cross_origin`" in ROWS["intercept_exceptions"][3]


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text("utf-8")
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in PAGES}
    listed = set(re.findall(r"^([a-z-]+(?:/[a-z-]+)*)$", index, re.MULTILINE))
    assert pages - {"index"} == listed


# The API page ------------------------------------------------------------------------------------

API = (DOCS / "reference" / "api.md").read_text("utf-8")
DIRECTIVE = re.compile(
    r"^\.\. (?:py:)?(module|currentmodule|\w+):: ([\w.]+)[^\n]*((?:\n {4,}\w+$)*)", re.MULTILINE
)


def documented() -> dict[str, set[str]]:
    """Return what the page describes, by module, but for aliases of types."""
    found: dict[str, set[str]] = {}
    module = ""
    for directive, name, more in DIRECTIVE.findall(API):
        if directive in {"module", "currentmodule"}:
            module = name
        elif directive != "type":
            found.setdefault(module, set()).update([name, *more.split()])
    return found


def constants() -> dict[str, str]:
    """Return the rows of the page's table, each a name with its value."""
    return dict(re.findall(r"^\| `(\w+)` \| `?([^|`]+?)`? \|$", API, re.MULTILINE))


def defined_in(module: ModuleType) -> set[str]:
    """Return the classes and functions that a module defines and does not mark as its own."""
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
    "module", [flask_cors.browser, flask_cors.testing], ids=lambda m: m.__name__
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
