from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from .support.servers import free_port, running

TESTS = Path(__file__).parent
# What a folder under tests marks all tests in it with.
MARKS = {"browser": "browser", "cache": "cache", "core": "flaskless", "frameworks": "frameworks"}
# What is in these needs packages that the others do not have.
APART = ("browser", "cache", "frameworks")
QUICKSTART = Path(__file__).parent.parent / "docs" / "examples" / "quickstart.py"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave a folder whose tests need more alone, unless `-m` asks for it, or a path names it."""
    if collection_path.parent != TESTS or collection_path.name not in APART:
        return None
    wanted = rf"(?<!not ){collection_path.name}"
    return None if re.search(wanted, config.getoption("markexpr")) else True


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    asked_for = bool(config.getoption("markexpr"))
    for item in items:
        if " at 0x" in item.nodeid:  # several processes would collect different tests
            raise pytest.UsageError(f"{item.nodeid}: give this case a name, not an address")
        mark = MARKS.get(item.path.relative_to(TESTS).parts[0])
        if mark is not None:
            item.add_marker(mark)
        if mark != "frameworks" and not asked_for and item.get_closest_marker("frameworks"):
            item.add_marker(pytest.mark.skip(reason="nox -s frameworks has what it needs"))


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture(scope="session")
def quickstart_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port on which the quickstart runs, started as a person starts it."""
    port, log = free_port(), tmp_path_factory.mktemp("quickstart") / "log"
    command = [sys.executable, "-W", "ignore", str(QUICKSTART)]
    with running(command, log, port, env={**os.environ, "PORT": str(port)}):
        yield port
