"""An hour of traffic in minutes, on four real servers.

    nox -s soak -- --requests 20000 --burst 400

Each request is for one of many paths and from one of many origins, and says who it is. What is
held to: every one is answered, with its own body; each answer allows the origin that asked if its
rules do, and never another; and memory does not grow. In between, thousands ask at once, and
workers are killed. The program ends with 1 where something of that does not hold.
"""

# ruff: noqa: T201  (it is a program, whose figures are what it is for)

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import served  # noqa: E402  (it stands beside this program)
from support.servers import free_port, running  # noqa: E402  (as above)

ROUNDS = 6
KILLED_IN = (1, 2)  # rounds in the middle of which a worker is killed
WARM = 3  # rounds after which memory may grow no more
MAX_GROWTH = 4096  # KiB for each process: allocators differ by that from one minute to the next
CONNECTIONS = 24  # of each server that are kept, beside those of a burst
HOUR = 3600

SERVERS = {
    "gunicorn": (
        *("gunicorn", "--workers", "2", "--worker-class", "gthread", "--threads", "4"),
        *("--bind", "127.0.0.1:{port}", "--log-level", "critical", "served:flask_app()"),
    ),
    "waitress": (
        *("waitress", "--threads", "8", "--connection-limit", "4000", "--backlog", "2048"),
        *("--listen", "127.0.0.1:{port}", "--call", "served:wsgi_app"),
    ),
    "uvicorn": (
        *("uvicorn", "--workers", "2", "--no-access-log", "--log-level", "critical"),
        *("--port", "{port}", "--factory", "served:starlette_app"),
    ),
    "hypercorn": (
        *("hypercorn", "--workers", "2", "--log-level", "critical"),
        *("--bind", "127.0.0.1:{port}", "served:quart_app()"),
    ),
}
RESTARTS = ("gunicorn", "uvicorn")  # the ones that start another worker for one that died


# What is asked, and what is to be answered --------------------------------------------------------


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    origin: str | None
    asks: str | None = None
    """the method that a preflight asks for"""


def origin_for(area: str, chance: random.Random) -> str | None:
    """Return an origin: often the one that an area is for, else any."""
    number = chance.randrange(10**6)
    own = {
        "open": f"https://{number}.example",
        "asked": f"https://x{number % 50}.asked.example",
        "pattern": f"https://a{number}.pattern.example",
    }.get(area, f"https://{area}.example")
    others = [
        f"https://t{number % served.TENANTS}.example",
        f"https://{number}.evil.example",
        f"https://re-{number}.example",
        f"https://t1.example.{number}.test",
        "null",
        f"not an origin {number}",
        "https://" + "a" * (1 + number % 3000) + ".example",
        None,
    ]
    return own if chance.random() < 0.5 else chance.choice(others)


def requests(seed: int, count: int) -> Iterator[Asked]:
    """Draw requests, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311  (traffic, no secret)
    for _ in range(count):
        area = chance.choice(["open", "asked", "pattern", "none", f"t{chance.randrange(200)}"])
        kind = chance.choice(["ok", "ok", "ok", "stream", "missing", "old", "error"])
        path = f"/{area}/{kind}/{chance.randrange(50_000)}"
        origin = origin_for(area, chance)
        if origin is not None and chance.random() < 0.25:
            yield Asked("OPTIONS", path, origin, chance.choice(["PUT", "DELETE", "PURGE"]))
        else:
            yield Asked(chance.choice(["GET", "GET", "POST", "PUT", "DELETE"]), path, origin)


def allowed_origin(asked: Asked) -> str | None:
    """Return the Allow-Origin that a request is to be answered with: a model of the rules."""
    area, origin = asked.path.split("/")[1], asked.origin
    if area == "none":
        return None
    if area.startswith("t"):
        own = f"https://{area}.example"
        return own if origin in (own, None) else None
    if origin is None:
        return "*" if area == "open" else None
    if area == "open":
        host = re.fullmatch(r"https://(\S{1,253})", origin)  # RFC 1035 knows no longer one
        return origin if origin == "null" or host else "*"
    pattern = r"x\d+\.asked" if area == "asked" else r"(a\d+\.pattern|re-\d+)"
    return origin if re.fullmatch(rf"https://{pattern}\.example", origin) else None


def is_right(asked: Asked, identity: str, answer: Answer) -> bool:
    """Return whether an answer is the one to a request, and to no other."""
    kind = asked.path.split("/")[2]
    covered = not asked.path.startswith("/none/")
    allowed = answer.fields.get("access-control-allow-origin")
    if allowed != allowed_origin(asked):
        return False
    varies = "origin" in answer.fields.get("vary", "").lower()
    if covered and allowed not in ("*", asked.origin) and asked.origin is not None and not varies:
        return False
    if asked.asks is not None:
        granted = "access-control-allow-methods" in answer.fields
        return not covered or (
            (answer.status, answer.body) == (200, "")
            and granted == (allowed is not None and asked.asks != "PURGE")
        )
    status = 500 if kind == "error" else served.KINDS.get(kind, 200)
    return answer.status == status and (kind == "error" or answer.body == identity)


# The client ---------------------------------------------------------------------------------------


class Answer(NamedTuple):
    """A response."""

    status: int
    fields: dict[str, str]
    body: str


class Client:
    """One connection to a server, opened again where it was closed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: Asked, identity: str) -> Answer:
        """Send a request, and return the answer to it.

        Raises:
            OSError, EOFError: where the connection breaks.
        """
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self._streams
            lines = [f"{asked.method} {asked.path} HTTP/1.1", "Host: 127.0.0.1"]
            lines += [f"X-Id: {identity}", "Content-Length: 0"]
            lines += [f"Origin: {asked.origin}"] if asked.origin is not None else []
            lines += [f"Access-Control-Request-Method: {asked.asks}"] if asked.asks else []
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
            answer = await asyncio.wait_for(received(reader), 120)
        except BaseException:
            self.close()
            raise
        if answer.fields.get("connection", "").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def received(reader: asyncio.StreamReader) -> Answer:
    """Read a response (RFC 9112, section 6)."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        fields[name] = f"{fields[name]}, {value.strip()}" if name in fields else value.strip()
    if fields.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readline()).split(b";")[0] or b"-1", 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    elif "content-length" in fields:
        body = await reader.readexactly(int(fields["content-length"]))
    else:
        body = await reader.read()
        fields["connection"] = "close"
    return Answer(int(first.split()[1]), fields, body.decode("latin-1"))


# The soak -----------------------------------------------------------------------------------------


@dataclass
class Server:
    """A server that runs, and what was seen of it."""

    name: str
    port: int
    log: Path
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    """in KiB, of all its processes together, at the end of each round"""
    origins: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)

    async def ask(self, client: Client, asked: Asked) -> None:
        """Ask until there is an answer; a request that breaks off is asked again."""
        self.seen["asked"] += 1
        self.origins.add(asked.origin or "")
        self.paths.add(asked.path)
        identity = f"{self.name}-{self.seen['asked']}"
        for _ in range(400):
            try:
                answer = await client.ask(asked, identity)
            except (OSError, EOFError, asyncio.LimitOverrunError):
                self.seen["asked again"] += 1
                await asyncio.sleep(0.05)
                continue
            self.seen["answered"] += 1
            if not is_right(asked, identity, answer):
                self.wrong.append(f"{asked} {answer}"[:600])
            return

    async def steady(self, traffic: Iterator[Asked]) -> None:
        """Ask one after the other, on the connections that are kept."""

        async def one() -> None:
            client = Client(self.port)
            for asked in traffic:
                await self.ask(client, asked)
            client.close()

        await asyncio.gather(*(one() for _ in range(CONNECTIONS)))

    async def burst(self, traffic: Iterator[Asked]) -> None:
        """Ask all at once, each on a connection of its own."""

        async def one(asked: Asked) -> None:
            client = Client(self.port)
            await self.ask(client, asked)
            client.close()

        await asyncio.gather(*map(one, traffic))

    def processes(self) -> list[int]:
        """Return its processes, the one that the others belong to first."""
        found: list[int] = []
        for folder in Path("/proc").iterdir():
            with suppress(OSError):
                if folder.name.isdigit() and (folder / "fd" / "1").readlink() == self.log:
                    found.append(int(folder.name))
        return sorted(found)

    async def lose_a_worker(self, requests: int) -> None:
        """After some more requests end a process that serves them, as a lack of memory would."""
        enough = self.seen["answered"] + requests
        while self.seen["answered"] < enough:  # noqa: ASYNC110  (others count)
            await asyncio.sleep(0.01)
        os.kill(self.processes()[-1], signal.SIGKILL)
        self.seen["killed"] += 1

    def note_memory(self) -> None:
        total = 0
        for process in self.processes():
            status = Path(f"/proc/{process}/status").read_text("ascii")
            total += int(re.findall(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)[0])
        self.memory.append(total)

    def complaints(self) -> list[str]:
        """Return what does not hold."""
        found = [f"{self.name}: wrong: {each}" for each in self.wrong[:5]]
        if self.seen["answered"] != self.seen["asked"]:
            found.append(f"{self.name}: {self.seen['asked'] - self.seen['answered']} lost")
        growth, most = self.memory[-1] - self.memory[WARM], MAX_GROWTH * len(self.processes())
        if growth > most:
            found.append(f"{self.name}: grew by {growth} KiB, more than {most}: {self.memory}")
        return found


async def soak(servers: list[Server], options: argparse.Namespace) -> None:
    """Run all rounds."""
    each = options.requests // len(servers) // ROUNDS - options.burst
    for number in range(ROUNDS):
        seeds = [options.seed + 1000 * number + place for place in range(len(servers))]
        running = [
            asyncio.create_task(server.steady(requests(seed, each)))
            for server, seed in zip(servers, seeds, strict=True)
        ]
        if number in KILLED_IN:
            running += [
                asyncio.create_task(server.lose_a_worker(each // 2))
                for server in servers
                if server.name in RESTARTS
            ]
        await asyncio.gather(*running)
        bursts = zip(servers, seeds, strict=True)
        await asyncio.gather(
            *(server.burst(requests(seed + 500, options.burst)) for server, seed in bursts)
        )
        for server in servers:
            server.note_memory()
        print(f"round {number + 1} of {ROUNDS}: {dict(servers[0].seen)}", flush=True)


def report(servers: list[Server], options: argparse.Namespace, seconds: float) -> str:
    """Return the figures as a table."""
    total = sum(server.seen["answered"] for server in servers)
    at_once = options.burst * len(servers)
    columns = ["server", "requests", "origins", "paths", "workers killed", "asked again"]
    columns += ["wrong", "lost", "memory, warm", "at the end"]
    lines = [
        f"{total:,} requests in {seconds:.0f} seconds, an hour of {total / HOUR:.0f} a second;",
        f"{ROUNDS} times {at_once:,} of them at once.",
        "",
        f"| {' | '.join(columns)} |",
        "|---" * len(columns) + "|",
    ]
    for server in servers:
        seen, memory = server.seen, server.memory
        cells: list[object] = [
            server.name,
            f"{seen['answered']:,}",
            f"{len(server.origins):,}",
            f"{len(server.paths):,}",
            seen["killed"],
            f"{seen['asked again']:,}",
            len(server.wrong),
            seen["asked"] - seen["answered"],
            f"{memory[WARM] / 1024:.1f} MiB",
            f"{memory[-1] / 1024:.1f} MiB",
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=180_000, help="of all servers")
    parser.add_argument("--burst", type=int, default=750, help="of each server at once")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [Server(name, free_port(), folder / name) for name in SERVERS]
        for server in servers:
            arguments = [part.format(port=server.port) for part in SERVERS[server.name]]
            command = [sys.executable, "-W", "ignore", "-m", *arguments]
            stack.enter_context(running(command, server.log, server.port, HERE, environment))
        start = time.monotonic()
        asyncio.run(soak(servers, options))
        print(report(servers, options, time.monotonic() - start))
        complaints = [each for server in servers for each in server.complaints()]
    print("\n".join(complaints) or "Nothing lost, nothing crossed, and memory did not grow.")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
