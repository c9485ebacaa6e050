"""The page on security names test files, and each of them exists."""

from __future__ import annotations

import re
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
HELD_BY = re.compile(r"^ *(tests/[\w/]+\.py)$", re.MULTILINE)


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


# A promise or a flaw, and the lines below it that name its test files.
PROMISES = re.findall(
    r"^(\S.+)\n: ```none\n((?:  tests/.+\n)+)  ```$", section("What is promised"), re.MULTILINE
)
FLAWS = re.findall(
    r"^### (.+)\n\n.+\n\nHere: .+\n\n```none\n((?:tests/.+\n)+)```$",
    section("What went wrong elsewhere"),
    re.MULTILINE,
)
FILES = sorted({*HELD_BY.findall(PAGE)})
OF_CVES = ROOT / "tests" / "properties" / "test_hostile.py"


def test_every_block_is_found() -> None:
    assert PAGE.count("```none\n") == len(PROMISES) + len(FLAWS)
    assert len(PROMISES) >= 15


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_the_page_names_is_there_and_holds_tests(file: str) -> None:
    assert re.search(r"^(?:async )?def test_", (ROOT / file).read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    "block", [block for _, block in [*PROMISES, *FLAWS]], ids=[each for each, _ in PROMISES + FLAWS]
)
def test_each_line_of_a_block_names_what_holds_it(block: str) -> None:
    assert HELD_BY.sub("", block).strip() == ""


def test_each_promise_is_made_once() -> None:
    firsts = [row[0] for row in [*PROMISES, *FLAWS]]
    assert sorted({*firsts}) == sorted(firsts)


def test_each_cve_has_a_paragraph_and_tests_and_no_other_has() -> None:
    tests = re.findall(r"^def test_cve_(\d{4}_\d+)_", OF_CVES.read_text("utf-8"), re.MULTILINE)
    assert {f"CVE-{number.replace('_', '-')}" for number in tests} == {*CVES}
    assert [name.partition(" ")[0] for name, _ in FLAWS] == CVES
    file = OF_CVES.relative_to(ROOT).as_posix()
    assert [name for name, block in FLAWS if file not in HELD_BY.findall(block)] == []


def test_the_newest_version_is_supported() -> None:
    newest = ".".join(flask_cors.__version__.split(".")[:2])
    assert re.findall(r"^\| ([\d.]+) \| yes \|$", POLICY, re.MULTILINE) == [newest]


def test_links_of_the_policy_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", POLICY)
    assert "docs/security.md" in links
    assert [link for link in links if not (ROOT / link).is_file()] == []
