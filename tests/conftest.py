from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from .support.servers import free_port, running

TESTS = Path(__file__).parent
# The mark of all tests in a folder.
MARKS = {"browser": "browser", "cache": "cache", "core": "flaskless", "frameworks": "frameworks"}
# Folders whose tests need further packages.
APART = ("browser", "cache", "frameworks")
QUICKSTART = Path(__file__).parent.parent / "docs" / "examples" / "quickstart.py"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip a folder whose tests need further packages, unless `-m` or a path names it."""
    if collection_path.parent != TESTS or collection_path.name not in APART:
        return None
    wanted = rf"(?<!not ){collection_path.name}"
    return None if re.search(wanted, config.getoption("markexpr")) else True


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    asked_for = bool(config.getoption("markexpr"))
    for item in items:
        if " at 0x" in item.nodeid:  # xdist needs the same ids in all its processes
            raise pytest.UsageError(f"{item.nodeid}: give this case a name, not an address")
        mark = MARKS.get(item.path.relative_to(TESTS).parts[0])
        if mark is not None:
            item.add_marker(mark)
        if mark != "frameworks" and not asked_for and item.get_closest_marker("frameworks"):
            item.add_marker(pytest.mark.skip(reason="nox -s frameworks has what it needs"))


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Switch between threads as often as possible."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture(scope="session")
def quickstart_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of the quickstart, started as README.md says."""
    port, log = free_port(), tmp_path_factory.mktemp("quickstart") / "log"
    command = [sys.executable, "-W", "ignore", str(QUICKSTART)]
    with running(command, log, port, env={**os.environ, "PORT": str(port)}):
        yield port
