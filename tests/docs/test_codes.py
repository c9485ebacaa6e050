"""The codes of problems, causes and notes, each explained on a page of the reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from flask_cors._advice import CauseCode
from flask_cors.cli.notes import NoteCode
from flask_cors.core.errors import Code

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference"
FINDINGS = REFERENCE / "findings.md"
CLI = REFERENCE / "cli.md"


def test_the_page_of_the_commands_has_every_cause_once_and_no_other():
    text = CLI.read_text("utf-8").partition("### Causes")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted(get_args(CauseCode))


def test_the_page_of_the_commands_has_every_note():
    text = CLI.read_text("utf-8")
    assert [code for code in get_args(NoteCode) if f"`{code}`" not in text] == []


def test_the_page_has_every_code_once_and_no_other():
    listed = re.findall(r"^\| `([a-z-]+)` \|", FINDINGS.read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(get_args(Code))
