from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).parent.parent / "docs" / "examples" / "quickstart.py"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def quickstart_port() -> Iterator[int]:
    """Give the port on which the quickstart runs, started as a person starts it."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(QUICKSTART)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 30
        while not answers(port) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        yield port
        process.terminate()
