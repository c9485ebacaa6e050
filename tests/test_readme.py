"""The examples of README and docs do what they say, typed as they stand there."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(language: str) -> list[str]:
    parser = CodeBlockParser(language=language, evaluator=lambda example: None)
    return [str(example.parsed) for example in Sybil([parser]).parse(README).examples()]


def commands() -> list[tuple[str, str]]:
    """Return the `$` lines of the README's console blocks, each with what it prints."""
    parts = [block.removeprefix("$ ").partition("\n") for block in blocks("console")]
    return [(command, output) for command, _, output in parts]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_python_examples_run_and_print_what_the_next_text_block_shows(page: Path) -> None:
    printed = io.StringIO()

    def check_output(example: Example) -> None:
        assert example.parsed == printed.getvalue()
        printed.truncate(0)
        printed.seek(0)

    parsers = [PythonCodeBlockParser(), CodeBlockParser(language="text", evaluator=check_output)]
    document = Sybil(parsers).parse(page)
    document.namespace["__name__"] = "__main__"  # what Flask is given, as in a program
    with contextlib.redirect_stdout(printed):
        for example in document.examples():
            example.evaluate()

    assert printed.getvalue() == ""


@pytest.mark.server
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize(("command", "output"), commands())
def test_curl_prints_what_the_readme_shows(command: str, output: str, quickstart_port: int) -> None:
    port = f":{quickstart_port}"
    environment = {**os.environ, "NO_PROXY": "localhost,127.0.0.1"}
    run = subprocess.run(
        ["sh", "-c", command.replace(":5000", port)],
        capture_output=True,
        check=True,
        env=environment,
        text=True,
        timeout=60,
    )
    assert output.replace(":5000", port) == run.stdout.replace("\r", "")


def test_the_readme_has_console_examples() -> None:
    assert len(commands()) == 3


def test_the_commands_at_the_top_are_one_line_each() -> None:
    run, test = (block.strip() for block in blocks("sh"))
    assert "\n" not in run
    assert run.endswith(" docs/examples/quickstart.py")
    assert "\n" not in test
    assert test.endswith("/nox -s tests")


def test_ci_runs_the_readme_s_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    [pattern] = re.findall(r"grep --max-count=1 '(.*)' README\.md", script)
    found = [line for line in README.read_text("utf-8").splitlines() if re.search(pattern, line)]
    assert [blocks("sh")[1].strip()] == found
