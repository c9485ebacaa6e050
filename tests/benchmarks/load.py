"""Requests per second under gunicorn, each server in turns; over loopback, to own servers only."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

CONNECTIONS = 8

REQUESTS = {
    "actual": (
        b"GET /api/x HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: benchmark\r\nAccept: */*\r\n"
        b"Origin: https://app2.example\r\n\r\n"
    ),
    "preflight": (
        b"OPTIONS /api/x HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: benchmark\r\nAccept: */*\r\n"
        b"Origin: https://app2.example\r\nAccess-Control-Request-Method: PUT\r\n"
        b"Access-Control-Request-Headers: content-type,x-token\r\n\r\n"
    ),
}
SERVERS = {
    "bare": ("new", "served:bare"),
    "old": ("old", "served:cors"),
    "new": ("new", "served:cors"),
}


def requests_per_second(
    pythons: dict[str, Path], folder: Path, rounds: int, seconds: float
) -> dict[str, dict[str, list[float]]]:
    """Return what each round counted, by kind of request and server."""
    with ExitStack() as stack:
        connections = {
            name: stack.enter_context(served(pythons[library], app, folder))
            for name, (library, app) in SERVERS.items()
        }
        counted: dict[str, dict[str, list[float]]] = {
            kind: {name: [] for name in SERVERS} for kind in REQUESTS
        }
        for number in range(rounds):
            for kind, request in REQUESTS.items():
                for name in list(SERVERS)[:: 1 if number % 2 else -1]:
                    counted[kind][name].append(rate(connections[name], request, seconds))
    return counted


@contextmanager
def served(python: Path, app: str, folder: Path) -> Iterator[list[socket.socket]]:
    """Serve an app, and give connections to it that are kept alive."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [python, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    command += ["--worker-class", "gthread", "--threads", "1", "--keep-alive", "60"]
    command += ["--no-control-socket"] if has_control_socket(python) else []
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            with ExitStack() as stack:
                yield [stack.enter_context(connected(port)) for _ in range(CONNECTIONS)]
        finally:
            process.terminate()


def has_control_socket(python: Path) -> bool:
    """Return whether this gunicorn would open a socket to be controlled by."""
    told = subprocess.run(
        [python, "-m", "gunicorn", "--help"], check=True, capture_output=True, text=True
    )
    return "--no-control-socket" in told.stdout


def connected(port: int) -> socket.socket:
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection


def rate(connections: list[socket.socket], request: bytes, seconds: float) -> float:
    """Keep every connection busy, and return how many requests a second were answered."""
    start = time.perf_counter()
    done = 0
    while time.perf_counter() - start < seconds:
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            read_response(connection)
        done += len(connections)
    return done / (time.perf_counter() - start)


def read_response(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("the server closed a connection that was to be kept alive")
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
