"""Type checkers accept the files of tests/typing, and refuse the marked lines of `refused`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.flaskless

TYPING = Path(__file__).parent.parent / "typing"
FILES = sorted(TYPING.rglob("*.py"))
# The oldest Python that is supported sees the fewest conveniences.
PYTHON = "3.10"


def marked() -> set[tuple[str, int, str]]:
    """Return what has to be refused: file, line, and the code that mypy has for it."""
    return {
        (path.relative_to(TYPING).as_posix(), number, found[1])
        for path in FILES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (found := re.search(r"# expect: ([a-z-]+)$", line))
    }


def needs(checker: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not find_spec(checker), reason=f"{checker} is not installed")


def test_there_are_lines_to_refuse() -> None:
    assert {"refused/decorator.py", "refused/extension.py"} == {file for file, _, _ in marked()}


@needs("mypy")
def test_mypy_refuses_exactly_the_marked_lines(tmp_path: Path) -> None:
    options = ["--strict", "--config-file=", "--python-version", PYTHON, "--cache-dir", tmp_path]
    layout = ["--namespace-packages", "--explicit-package-bases", "--show-error-codes"]
    run = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *layout, "--hide-error-context", *FILES],
        capture_output=True,
        check=False,
        cwd=TYPING,
        env={key: value for key, value in os.environ.items() if key != "MYPYPATH"},
        text=True,
    )
    errors = re.findall(r"^(.+?):(\d+): error: .*  \[([a-z-]+)\]$", run.stdout, re.MULTILINE)
    found = {(Path(file).as_posix(), int(line), code) for file, line, code in errors}
    assert run.stderr == ""
    assert sorted(found - marked()) == []
    assert sorted(marked() - found) == []


@needs("pyright")
def test_pyright_refuses_exactly_the_marked_lines(tmp_path: Path) -> None:
    config = {
        "include": [os.path.relpath(TYPING, tmp_path)],  # absolute ones are ignored
        "pythonVersion": PYTHON,
        "typeCheckingMode": "strict",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config), "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        text=True,
    )
    errors = json.loads(run.stdout)["generalDiagnostics"]
    found = {
        (
            Path(error["file"]).relative_to(TYPING).as_posix(),
            error["range"]["start"]["line"] + 1,
        )
        for error in errors
    }
    expected = {(file, line) for file, line, _ in marked()}
    assert sorted(found - expected) == []
    assert sorted(expected - found) == []
