"""Type checkers accept the examples and the apps of every framework, and refuse marked lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPED = Path(__file__).parent / "typed_apps.py"
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*_app.py"))
MARKED = {
    (TYPED.name, number, found[1])
    for number, line in enumerate(TYPED.read_text("utf-8").splitlines(), 1)
    if (found := re.search(r"# expect: ([a-z-]+)$", line))
}


def check(checker, *options):
    for package in (checker, "a2wsgi", "django", "falcon", "fastapi", "quart", "starlette"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    return subprocess.run(
        [sys.executable, "-m", checker, *options, TYPED, *EXAMPLES],
        capture_output=True,
        check=False,
        cwd=ROOT,
        text=True,
        timeout=300,
    )


def test_mypy_refuses_exactly_the_marked_lines(tmp_path):
    run = check("mypy", "--strict", "--hide-error-context", "--cache-dir", tmp_path)
    errors = re.findall(r"^(.+?):(\d+): error: .*  \[([a-z-]+)\]$", run.stdout, re.MULTILINE)
    assert run.stderr == ""
    assert {(Path(file).name, int(line), code) for file, line, code in errors} == MARKED


def test_pyright_refuses_exactly_the_marked_lines():
    run = check("pyright", "--outputjson", "--pythonpath", sys.executable)
    found = {
        (Path(error["file"]).name, error["range"]["start"]["line"] + 1)
        for error in json.loads(run.stdout)["generalDiagnostics"]
    }
    assert found == {(file, line) for file, line, _ in MARKED}


def test_there_are_lines_to_refuse():
    assert len(MARKED) == 17
    assert len(EXAMPLES) == 5
