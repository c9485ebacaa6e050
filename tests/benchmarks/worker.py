"""Measures in the environment that it is run in, as it is asked on its standard input.

A line of input is a case, a line of output what one round of it took. Times are those of the
processor, in nanoseconds a request: what else runs on the machine takes no part in them.
"""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from math import inf
from multiprocessing.connection import Connection

Run = Callable[[int], int]
"""Serves a number of requests and returns the time they took."""

clock = time.process_time_ns
CHUNK = 1_000_000  # a chunk of requests takes about a millisecond,
WARM = 5_000_000
ROUND = 12_000_000  # and a round of chunks this long, on each side
CHUNKS = (2, 12)
FILLED = 20
FILLERS: list[object] = []


def wsgi_run(app, environs: Iterator[dict[str, object]]) -> Run:
    def start_response(_status, _headers, _exc_info=None):
        return None

    serve = app.wsgi_app if app else answer_nothing

    def run(number: int) -> int:
        start = clock()
        for environ in islice(environs, number):
            parts = serve(environ, start_response)
            for _ in parts:
                pass
            if hasattr(parts, "close"):
                parts.close()
        return clock() - start

    return run


def answer_nothing(_environ, _start_response):
    """Do nothing: the time that this takes is that of the benchmark itself, and is subtracted."""
    return ()


async def send_nothing(_scope, _receive, _send) -> None:
    """Same as `answer_nothing`, for ASGI."""


def asgi_run(app, scope) -> Run:
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_event):
        return None

    async def serve(number: int) -> int:
        start = clock()
        for _ in range(number):
            await app(with_own_headers(scope), receive, send)
        return clock() - start

    loop = asyncio.new_event_loop()
    return lambda number: loop.run_until_complete(serve(number))


def with_own_headers(scope):
    """Return a scope with texts of its own, as a server makes them."""
    lines = [(bytes(bytearray(name)), bytes(bytearray(text))) for name, text in scope["headers"]]
    return {**scope, "headers": lines}


def answer_of(app, environ) -> tuple[str, str | None]:
    """Return the status and the Allow-Origin of a WSGI app's answer."""
    answered = []
    parts = app.wsgi_app(environ, lambda *started: answered.append(started))
    b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    status, lines = answered[0][:2]
    return status, dict(lines).get("Access-Control-Allow-Origin")


def runs(name: str) -> dict[str, Run]:
    """Return what serves the requests of a case: the app without CORS, and those with it."""
    if name.startswith("asgi "):
        import asgi_scenarios  # noqa: PLC0415  (needs Starlette)

        pairs = asgi_scenarios.apps(name.removeprefix("asgi "))
        scope = pairs["bare"][1]
        sides = {side: asgi_run(app, scope) for side, (app, scope) in pairs.items()}
        return {"none": asgi_run(send_nothing, scope), **sides}
    from scenarios import CASES, OLDER  # noqa: PLC0415  (needs Flask)

    case = CASES[name]
    cors = case.app(with_cors=True)
    status, allowed = answer_of(cors, next(case.environs()))
    if status != "200 OK" or (allowed != case.expected and not OLDER):
        raise AssertionError((name, status, allowed))
    # A large set-up leaves holes in the memory, and what is put into them is slow: other apps are.
    FILLERS.extend(case.app(with_cors=False) for _ in range(FILLED))
    bare = case.app(with_cors=False)
    answer_of(bare, next(case.environs()))
    return {
        "none": wsgi_run(None, case.environs()),
        "bare": wsgi_run(bare, case.environs()),
        "cors": wsgi_run(cors, case.environs()),
    }


def plan(sides: dict[str, Run]) -> dict[str, int]:
    """Return how many requests make a chunk, for each side of a case."""
    took = {side: warmed(run) for side, run in sides.items()}
    gc.collect()
    gc.freeze()  # what was set up stays, and need not be looked through after each round
    return {side: max(1, int(CHUNK / each)) for side, each in took.items()}


def warmed(run: Run) -> float:
    """Return what a request takes once the interpreter has tuned itself."""
    spent = took = 0
    while spent < WARM:
        took = run(3)
        spent += took
    return took / 3


def one_round(sides: dict[str, Run], numbers: dict[str, int]) -> dict[str, float]:
    """Return the shortest chunk of each side, in turns so that noise hits all alike."""
    shortest = dict.fromkeys(sides, inf)
    low, high = CHUNKS
    spent = chunks = 0
    turns = [*sides.items()]
    gc.disable()
    while chunks < low or (chunks < high and spent < ROUND * len(sides)):
        for side, run in turns:
            gc.collect()  # Flask leaves cycles; uncollected they would reach for ever colder memory
            took = run(numbers[side])
            spent += took
            shortest[side] = min(shortest[side], took / numbers[side])
        chunks += 1
        turns = [*turns[1:], turns[0]]  # each after each: what one gives back, the next one gets
    gc.enable()
    return shortest


def measure_case(name: str, pipe: Connection) -> None:
    """Measure a round of a case whenever something comes down the pipe."""
    sides = runs(name)
    numbers = plan(sides)
    while pipe.recv():
        pipe.send(one_round(sides, numbers))


def serve() -> None:
    """Measure each case in a process of its own, forked from this one at its first round.

    In one process the interpreter would have tuned itself to all of them, and to none.
    """
    import scenarios  # noqa: F401, PLC0415  (once for all)

    gc.freeze()
    context = multiprocessing.get_context("fork")
    pipes: dict[str, Connection] = {}
    for line in sys.stdin:
        case = line.strip()
        if case not in pipes:
            pipes[case], other = context.Pipe()
            context.Process(target=measure_case, args=(case, other), daemon=True).start()
            other.close()  # so that its end is seen here
        pipes[case].send(True)
        print(json.dumps(pipes[case].recv()), flush=True)  # noqa: T201  (the answer)


def set_up(kind: str, count: int) -> dict[str, float]:
    """Return what the set-up of many origins takes, in seconds, and in bytes that stay."""
    import scenarios  # noqa: PLC0415
    from flask import Flask  # noqa: PLC0415

    import flask_cors  # noqa: PLC0415  (needs Flask)

    options = {"exact": scenarios.exact, "wildcard": scenarios.wildcard}[kind](count)
    flask_cors.CORS(Flask("warm"))
    app, traced = Flask("timed"), Flask("traced")
    start = clock()
    flask_cors.CORS(app, **options)
    took = clock() - start
    gc.collect()
    tracemalloc.start()
    flask_cors.CORS(traced, **options)
    gc.collect()
    return {"seconds": took / 1e9, "bytes": tracemalloc.get_traced_memory()[0]}


def import_time() -> dict[str, float]:
    """Return what `import flask_cors` takes where Flask is imported already, in milliseconds."""
    import flask  # noqa: F401, PLC0415  (what an app has imported before)

    start = clock()
    import flask_cors  # noqa: F401, PLC0415  (what is measured)

    return {"milliseconds": (clock() - start) / 1e6}


def main() -> None:
    task, *rest = sys.argv[1:]
    if task == "import":
        print(json.dumps(import_time()))  # noqa: T201  (the answer)
    elif task == "set-up":
        print(json.dumps(set_up(rest[0], int(rest[1]))))  # noqa: T201  (the answer)
    else:
        serve()


if __name__ == "__main__":
    main()
