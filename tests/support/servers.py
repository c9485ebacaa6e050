"""Server processes on a port of this machine."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def await_answer(port: int, process: subprocess.Popen[Any], seconds: float = 30) -> None:
    """Wait until a server answers on a port, the process ends, or the time is up."""
    deadline = time.monotonic() + seconds
    while not answers(port) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    port: int,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Run a server until the end of the block, even if the block raises."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        await_answer(port, process)
        assert process.poll() is None, log.read_text("utf-8", "replace")
        assert answers(port), log.read_text("utf-8", "replace")
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
