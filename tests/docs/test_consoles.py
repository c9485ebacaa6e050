"""Every command in a console block of README and docs is run, and has to print what is shown.

If a command names no example, `app.py` is the program that the reader has at that point: the Python
blocks above, from the last one that imports Flask. `curl` asks the server that the page started
last, or the example that it named last. `.venv/bin/` means the environment of the tests.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import pytest

from ..support.servers import answers, await_answer, free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
BLOCKED = ROOT / "docs" / "blocked.md"
DOCS = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in page.parts]

# Commands that are not run, and why. A command that is neither here nor known below is a failure.
NOT_RUN = {
    "pip install .": "how this environment came about: nox installs what it tests",
    "pip uninstall types-Flask-Cors": "would change the environment that the tests run in",
    "nox -s bench": "takes minutes, and measures nothing beside other tests",
    "python -m http.server 3000 --bind 127.0.0.1": "serves a page: tests/browser opens it",
    "python3 -m venv .venv && pip install .": "as `pip install .`",
}
VARIABLES = r'(?:\w+=(?:"[^"]*"|\S+) )*'
SERVES = re.compile(
    VARIABLES + r"(?:python docs/examples/\w+\.py|flask (?:--app \S+ )?run(?: --debug)?"
    r"|(?:uvicorn|hypercorn) .+"
    r"|functions-framework .+)"
)
PRINTS = re.compile(
    VARIABLES + r"(?:curl .+|flask (?:--app \S+ )?cors .+|python app\.py|python -m pytest .+)"
)
# The options that give a server another port.
PORT_OPTIONS = {
    "flask": "--port",
    "functions-framework": "--port",
    "hypercorn": "--bind 127.0.0.1:",
    "uvicorn": "--port",
}
URL = re.compile(r"http://(?:localhost|127\.0\.0\.1):(\d+)/")


class Command(NamedTuple):
    place: str
    text: str
    output: str
    program: str
    """the source of `app.py`"""
    server: str
    """the command that started the server which `curl` asks"""
    served: str
    """the source of `app.py` when the server was started"""


def blocks(page: Path) -> list[re.Match[str]]:
    fenced = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [*fenced.finditer(page.read_text("utf-8"))]


def commands(page: Path) -> Iterator[Command]:
    text = page.read_text("utf-8")
    program = server = served = ""
    end = 0
    for block in blocks(page):
        language, body = block.groups()
        for example in re.findall(r"docs/examples/\w+\.py", text[end : block.end()]):
            server = f"python {example}"
        end = block.end()
        if language in {"python", "py"}:
            program = (
                body if re.search("^from flask import", body, re.MULTILINE) else program + body
            )
        if language == "console":
            place = (
                f"{page.relative_to(ROOT).as_posix()}:{text.count(chr(10), 0, block.start()) + 1}"
            )
            for written in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, output = re.sub(r"\\\n *", "", written).partition("\n")
                command = command.replace(".venv/bin/", "")
                if SERVES.fullmatch(command):
                    server, served = command, program
                # A blank line may precede the next command.
                output = re.sub(r"\n\n\Z", "\n", output)
                yield Command(place, command, output, program, server, served)


COMMANDS = [command for page in (README, *DOCS) for command in commands(page)]
# test_blocked.py runs these.
RUN_BY_TEST_BLOCKED = [command for command in COMMANDS if command.place.startswith("docs/blocked")]


def environment() -> dict[str, str]:
    """Return the environment variables of a shell with an activated environment of the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")}
    return {
        **ours,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "NO_PROXY": "localhost,127.0.0.1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONWARNINGS": "ignore",
    }


def program_of(command: str) -> str:
    return re.sub(f"^{VARIABLES}", "", command).split()[0]


def needs(command: str) -> None:
    """Skip a test that needs curl if curl is not installed."""
    if program_of(command) == "curl" and not shutil.which("curl", path=environment()["PATH"]):
        pytest.skip("curl is not installed")


# Modules that an example may import without the packages of `nox -s frameworks`.
ALWAYS_THERE = {*sys.stdlib_module_names, "flask", "flask_cors", "pytest", "werkzeug"}


def needs_frameworks(command: str) -> bool:
    """Return whether a command or its example needs the packages of `nox -s frameworks`."""
    if command and program_of(command) in {"functions-framework", "hypercorn", "uvicorn"}:
        return True
    examples = [ROOT / name for name in re.findall(r"docs/examples/\w+\.py", command)]
    imported = {
        module
        for example in examples
        for module in re.findall(
            r"^(?:from|import) (\w+)", example.read_text("utf-8"), re.MULTILINE
        )
        if not example.with_name(f"{module}.py").exists()
    }
    return bool(imported - ALWAYS_THERE)


@contextmanager
def started(command: str, folder: Path) -> Iterator[int]:
    """Start a server as the page says, but on a free port; yield the port."""
    needs(command)
    port = free_port()
    option = PORT_OPTIONS.get(program_of(command), "")
    with_port = f"{command} {option}{'' if option.endswith(':') else ' '}{port}"
    with subprocess.Popen(
        ["sh", "-c", with_port],
        cwd=ROOT if "docs/" in command else folder,
        env={
            **environment(),
            "PORT": str(port),
            "TENANTS_DATABASE": str(folder / "tenants.sqlite"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        await_answer(port, process, 60)
        try:
            if not answers(port):
                pytest.fail(f"{with_port} does not answer")
            yield port
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate()


@pytest.fixture(scope="module")
def port_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Command], int]]:
    """Return a function that returns the port of the server for a command."""
    ports: dict[tuple[str, str], int] = {}
    with ExitStack() as servers:

        def port(command: Command) -> int:
            key = (command.server, command.served)
            if key not in ports:
                folder = tmp_path_factory.mktemp("server")
                (folder / "app.py").write_text(command.served, "utf-8")
                ports[key] = servers.enter_context(started(command.server, folder))
            return ports[key]

        yield port


def shown(output: str) -> str:
    return re.sub(r"in \d+\.\d\ds$", "in 0.00s", output.replace("\r", ""), flags=re.MULTILINE)


def consoles() -> Iterator[object]:
    """Yield the blocks to run, each with its commands, which may depend on each other."""
    for place, block in groupby(COMMANDS, attrgetter("place")):
        tested = [command for command in block if command not in RUN_BY_TEST_BLOCKED]
        run = [command for command in tested if command.text not in NOT_RUN]
        if run:
            apart = any(needs_frameworks(text) for each in run for text in (each.text, each.server))
            yield pytest.param(run, id=place, marks=[pytest.mark.frameworks] if apart else [])


@pytest.mark.server
@pytest.mark.parametrize("block", [*consoles()])
def test_the_commands_print_what_the_page_shows(
    block: list[Command], port_of: Callable[[Command], int], tmp_path: Path
) -> None:
    for command in block:
        needs(command.text)
        if SERVES.fullmatch(command.text):
            assert command.output == ""
            assert answers(port_of(command))
        else:
            check(command, port_of, tmp_path)


def check(command: Command, port_of: Callable[[Command], int], tmp_path: Path) -> None:
    assert PRINTS.fullmatch(command.text), "add this kind of command to this file"
    text, output = command.text, command.output
    if url := URL.search(text):
        port = f":{port_of(command)}"
        text, output = (part.replace(f":{url[1]}", port) for part in (text, output))
    (tmp_path / "app.py").write_text(command.program, "utf-8")
    run = subprocess.run(
        ["sh", "-c", text],
        cwd=ROOT if "docs/" in text else tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )
    if output:  # some outputs are not shown
        assert shown(output) == shown(run.stdout), run.stderr
    is_told_no = re.search("^(✗ |error )", output, re.MULTILINE) is not None
    assert is_told_no == (run.returncode != 0), run.stderr


def test_every_console_block_is_seen() -> None:
    for page in (README, *DOCS):
        fences = re.findall(r"console\b", "\n".join(re.findall("```.*", page.read_text("utf-8"))))
        found = [block for block in blocks(page) if block[1] == "console"]
        assert len(fences) == len(found), page
        assert [block[0] for block in found if not block[2].startswith("$ ")] == []


def test_what_is_not_run_is_still_shown() -> None:
    texts = {command.text for command in COMMANDS}
    assert {text for text in NOT_RUN if text not in texts} == set()


def test_the_consoles_of_another_test_have_the_app_that_it_needs() -> None:
    sections = re.split("^## ", BLOCKED.read_text("utf-8"), flags=re.MULTILINE)
    with_console = [section for section in sections if "```console" in section]
    assert [section for section in with_console if "```py\n" not in section] == []
    assert {command.text[:20] for command in RUN_BY_TEST_BLOCKED} == {"flask --app app cors"}
    assert len(RUN_BY_TEST_BLOCKED) > len(with_console)


def test_the_readme_has_console_examples() -> None:
    assert any(command.place.startswith("README.md:") for command in COMMANDS)
