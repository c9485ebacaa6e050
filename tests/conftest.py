from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .support.servers import free_port, running

QUICKSTART = Path(__file__).parent.parent / "docs" / "examples" / "quickstart.py"


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
