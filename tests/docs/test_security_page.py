"""The page on security names tests, and each of them is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import flask_cors

pytestmark = pytest.mark.flaskless

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
POLICY = (ROOT / "SECURITY.md").read_text("utf-8")

CVES = [
    "CVE-2020-25032",
    "CVE-2024-1681",
    "CVE-2024-6221",
    "CVE-2024-6839",
    "CVE-2024-6844",
    "CVE-2024-6866",
    "CVE-2026-37737",
]
# A file, or a test in it: as pytest takes it.
NAMED = re.compile(r"^ *(tests/[\w/]+\.py)(?:::(\w+))?$", re.MULTILINE)


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


# A promise or a flaw, and the lines of the block below it that name what holds it.
PROMISES = re.findall(
    r"^(\S.+)\n: ```none\n((?:  tests/.+\n)+)  ```$", section("What is promised"), re.MULTILINE
)
FLAWS = re.findall(
    r"^### (.+)\n\n.+\n\nHere: .+\n\n```none\n((?:tests/.+\n)+)```$",
    section("What went wrong elsewhere"),
    re.MULTILINE,
)
NAMES: list[tuple[str, str]] = sorted({*NAMED.findall(PAGE)})


@cache
def functions(file: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the tests of a file."""
    body = ast.parse((ROOT / file).read_text("utf-8")).body
    return {
        node.name: node
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_"
    }


def told_by(file: str, name: str) -> str:
    """Return the CVEs that the name or the docstring of a test names, as text."""
    return f"{name} {ast.get_docstring(functions(file)[name])}".upper().replace("_", "-")


def test_every_block_is_found() -> None:
    assert PAGE.count("```none\n") == len(PROMISES) + len(FLAWS)
    assert len(PROMISES) >= 15


@pytest.mark.parametrize(("file", "name"), NAMES, ids=map("::".join, NAMES))
def test_what_the_page_names_exists(file: str, name: str) -> None:
    assert (ROOT / file).is_file()
    assert functions(file)
    assert not name or name in functions(file)


@pytest.mark.parametrize(
    "block", [block for _, block in [*PROMISES, *FLAWS]], ids=[each for each, _ in PROMISES + FLAWS]
)
def test_each_line_of_a_block_names_what_holds_it(block: str) -> None:
    assert NAMED.sub("", block).strip() == ""


def test_each_promise_is_made_once() -> None:
    firsts = [row[0] for row in [*PROMISES, *FLAWS]]
    assert sorted({*firsts}) == sorted(firsts)


@pytest.mark.parametrize("cve", CVES)
def test_each_cve_has_a_row_and_every_test_of_it_stands_there(cve: str) -> None:
    [block] = [block for name, block in FLAWS if name.partition(" ")[0] == cve]
    named = NAMED.findall(block)
    assert [test for test in named if cve not in told_by(*test)] == []
    file = "tests/properties/test_hostile.py"
    tests = [(file, name) for name in functions(file) if cve in told_by(file, name)]
    assert tests != []
    assert sorted(named) == sorted(tests)


def test_no_cve_has_a_test_and_no_row() -> None:
    tested = "".join(
        told_by("tests/properties/test_hostile.py", name)
        for name in functions("tests/properties/test_hostile.py")
    )
    assert {*re.findall(r"CVE-\d{4}-\d+", tested)} == {*CVES}
    assert {row[0].partition(" ")[0] for row in FLAWS} == {*CVES}


def test_the_newest_version_is_supported() -> None:
    newest = ".".join(flask_cors.__version__.split(".")[:2])
    assert re.findall(r"^\| ([\d.]+) \| yes \|$", POLICY, re.MULTILINE) == [newest]


def test_links_of_the_policy_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", POLICY)
    assert "docs/security.md" in links
    assert [link for link in links if not (ROOT / link).is_file()] == []
