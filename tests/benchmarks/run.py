"""Measures this library and flask-cors 6.0.5 side by side, and says which goals are met.

Each library gets an environment of its own, with the same Flask and Werkzeug; processes of the two
take turns, round by round. Writes `results.json` beside this file, and the
picture and the tables of `docs/performance.md`. Exit status 1 where a goal is missed.
"""

# ruff: noqa: T201  (a program that prints)

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import venv
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import load
import picture
import report

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
OLDER = "flask-cors==6.0.5"
BOTH = ("flask[async]~=3.1.0", "gunicorn>=22", "starlette>=0.40")

GENERATIONS = 5  # of processes: each has its own hash seed and its own layout of memory
ROUNDS = 9  # of each generation, where the machine is free enough
SECONDS = 34  # for each generation, else fewer rounds
FRESH = 15  # processes for what can be measured once in each
SERVED = 20  # rounds of requests to each server
SERVED_FOR = 0.4  # seconds a round

Samples = dict[str, dict[str, list[dict[str, float]]]]
"""By case and library: the rounds."""


def environments(root: Path) -> dict[str, Path]:
    """Make the two environments, or renew them, and return their Pythons."""
    pythons = {library: python_in(root / library) for library in ("old", "new")}
    # A wheel of what stands in the checkout, so that later edits do not reach a running benchmark.
    pip(pythons["new"], *BOTH)
    pip(pythons["new"], "--force-reinstall", "--no-deps", str(PROJECT))
    freeze = [pythons["new"], "-m", "pip", "freeze", "--exclude", "flask-cors"]
    pinned = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout.split("\n")
    pip(pythons["old"], OLDER, *filter(None, pinned))
    return pythons


def python_in(environment: Path) -> Path:
    bin_of = "Scripts" if os.name == "nt" else "bin"
    python = environment / bin_of / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
    return python


def pip(python: Path, *packages: str) -> None:
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)


def versions(python: Path) -> dict[str, str]:
    code = (
        "import json; from importlib.metadata import version as v; "
        "print(json.dumps({n: v(n) for n in "
        "('flask-cors', 'flask', 'werkzeug', 'starlette', 'gunicorn')}))"
    )
    return json.loads(answer(python, "-c", code))


def answer(python: Path, *arguments: str) -> str:
    """Run a program and return what it prints."""
    return subprocess.run(
        [python, "-W", "ignore", *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=HERE,
        env=quiet(),
    ).stdout


def quiet() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def worker(python: Path) -> Iterator[subprocess.Popen[str]]:
    command = [python, "-W", "ignore", "worker.py", "serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, cwd=HERE, env=quiet()
    ) as process:
        yield process
        process.stdin.close()


def ask(process: subprocess.Popen[str], case: str) -> dict[str, float]:
    process.stdin.write(case + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the process that was to measure {case!r} ended; it says why above")
    return json.loads(line)


def cases(python: Path) -> dict[str, tuple[str, ...]]:
    """Return each case with the libraries that are measured on it."""
    code = (
        "import json; from scenarios import CASES; "
        "print(json.dumps({n: c.only_newer for n, c in CASES.items()}))"
    )
    only_newer = json.loads(answer(python, "-c", code))
    measured = {name: ("new",) if only else ("old", "new") for name, only in only_newer.items()}
    asgi = ("allowed", "refused", "plain", "preflight")
    return measured | {f"asgi {name}": ("new",) for name in asgi}


def measure(pythons: dict[str, Path], rounds: int) -> Samples:
    """Measure every case, the libraries in turns."""
    named = cases(pythons["new"])
    samples: Samples = defaultdict(lambda: defaultdict(list))
    for generation in range(GENERATIONS):
        with worker(pythons["old"]) as old, worker(pythons["new"]) as new:
            processes = {"old": old, "new": new}
            deadline = time.monotonic() + SECONDS
            for number in range(rounds):
                if time.monotonic() > deadline:
                    break
                for case, libraries in named.items():
                    for library in libraries[:: 1 if number % 2 else -1]:
                        samples[case][library].append(ask(processes[library], case))
        print(f"  {generation + 1} of {GENERATIONS} generations of processes measured", flush=True)
    return samples


def fresh(pythons: dict[str, Path]) -> dict[str, dict[str, list[dict[str, float]]]]:
    """Measure what a process does once."""
    tasks = {
        "import": (["import"], FRESH),
        "set-up of 100000 exact": (["set-up", "exact", "100000"], 5),
        "set-up of 100000 wildcard": (["set-up", "wildcard", "100000"], 3),
    }
    measured: dict[str, dict[str, list[dict[str, float]]]] = {}
    for name, (arguments, times) in tasks.items():
        libraries = ["new"] if "wildcard" in name else ["old", "new"]
        measured[name] = {library: [] for library in libraries}
        for _ in range(times):
            for library in libraries:
                printed = answer(pythons[library], "worker.py", *arguments)
                measured[name][library].append(json.loads(printed))
    return measured


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=Path, default=PROJECT / ".nox" / "benchmark")
    parser.add_argument("--output", type=Path, default=PROJECT)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each generation")
    given = parser.parse_args()
    started = time.monotonic()
    pythons = environments(given.environments.resolve())
    print(f"  environments ready after {time.monotonic() - started:.0f} s", flush=True)
    named = {library: versions(python) for library, python in pythons.items()}
    samples = measure(pythons, given.rounds)
    once = fresh(pythons)
    served = load.requests_per_second(pythons, HERE, SERVED, SERVED_FOR)
    machine = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "seconds": round(time.monotonic() - started),
    }
    results = report.results(samples, once, served, {"versions": named, "machine": machine})
    data = given.output / "tests" / "benchmarks" / "results.json"
    drawing = given.output / "docs" / "pictures" / "overhead.svg"
    for path, text in (
        (data, json.dumps(results, indent=1) + "\n"),
        (drawing, picture.drawn(results)),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    report.put_into(given.output / "docs" / "performance.md", results)
    print(report.tables(results))
    print(f"\n{machine['seconds']} s in all; written to {given.output}")
    return 0 if all(goal["met"] for goal in results["goals"]) else 1


if __name__ == "__main__":
    sys.exit(main())
