"""The Python examples of README and docs do what they say; test_consoles.py runs the commands."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from flask_cors.testing import Browser

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
DOCS = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in page.parts]


def blocks(language: str) -> list[str]:
    parser = CodeBlockParser(language=language, evaluator=lambda example: None)
    return [str(example.parsed) for example in Sybil([parser]).parse(README).examples()]


# Packages for the pages on other frameworks and hosts, installed by `nox -s frameworks`.
PACKAGES = ("apiflask", "connexion", "dash", "fastapi", "flask_openapi3", "flask_restx")
PACKAGES += ("flask_socketio", "serverless_wsgi")


def case_of(page: Path) -> object:
    """Return a test case; pages on other frameworks have the mark `frameworks`."""
    imports = rf"^(?:from|import) (?:{'|'.join(PACKAGES)})\b"
    apart = re.search(imports, page.read_text("utf-8"), re.MULTILINE)
    # Other packages may cause deprecation warnings when they are imported.
    others = [pytest.mark.frameworks, pytest.mark.filterwarnings("default")]
    marks = others if apart else []
    return pytest.param(page, id=page.relative_to(ROOT).as_posix(), marks=marks)


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Restore the package's logger after an example has changed it."""
    logger = logging.getLogger("flask_cors")
    level, handlers, root = logger.level, [*logger.handlers], [*logging.getLogger().handlers]
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers
    logging.getLogger().handlers[:] = root


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("page", [case_of(page) for page in (README, *DOCS)])
def test_python_examples_run_and_print_what_the_next_text_block_shows(page: Path) -> None:
    printed = io.StringIO()

    def check_output(example: Example) -> None:
        assert example.parsed == printed.getvalue()
        printed.truncate(0)
        printed.seek(0)

    parsers = [PythonCodeBlockParser(), CodeBlockParser(language="text", evaluator=check_output)]
    document = Sybil(parsers).parse(page)
    document.namespace["__name__"] = "__main__"  # Flask gets this name, as in a program
    with contextlib.redirect_stdout(printed):
        for example in document.examples():
            example.evaluate()

    assert printed.getvalue() == ""


@pytest.mark.parametrize("program", blocks("python"))
def test_each_python_block_of_the_readme_runs_by_itself(program: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(program, "app.py", "exec"), {"__name__": "__main__"})  # noqa: S102  (an example of the page)


def test_the_page_of_the_readme_may_read_the_app_of_the_readme() -> None:
    [page], app = blocks("html"), blocks("python")[0]
    [url] = re.findall(r'fetch\("([^"]+)"\)', page)
    namespace: dict[str, Any] = {"__name__": "app"}
    exec(compile(app, "app.py", "exec"), namespace)  # noqa: S102  (an example of the page)
    from_localhost = Browser(namespace["app"], "http://localhost:3000").outcome("GET", url)
    from_address = Browser(namespace["app"], "http://127.0.0.1:3000").outcome("GET", url)
    assert from_localhost.response is not None
    assert from_address.response is None


def test_the_readme_links_to_no_file_since_a_package_index_has_none() -> None:
    text = README.read_text("utf-8")
    without_pictures = re.sub(
        r"<!-- picture: begin -->.*?<!-- picture: end -->", "", text, flags=re.DOTALL
    )
    links = re.findall(r"\]\(([^)]+)\)|(?:src|srcset|href)=\"([^\"]+)", without_pictures)
    assert links == []


def test_the_pictures_of_the_readme_are_there_and_small() -> None:
    names = re.findall(r'(?:src|srcset)="([^"]+)"', README.read_text("utf-8"))
    assert len(names) == 4
    assert [name for name in names if (ROOT / name).stat().st_size > 100_000] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_of_the_terminal_shows_what_the_readme_does(theme: str) -> None:
    picture = runpy.run_path(str(ROOT / "docs" / "terminal_picture.py"))["drawn"](theme)
    shown = (ROOT / "docs" / "pictures" / f"explain-{theme}.svg").read_text("utf-8")
    assert picture == shown, "run python docs/terminal_picture.py"


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
