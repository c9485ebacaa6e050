"""Fuzz the property tests, guided by which branches are reached: `nox -s fuzz`.

`nox -s fuzz -- NAME… --seconds 600` fuzzes the tests with these names, ten minutes together. What
breaks one is printed as Hypothesis prints it: write it above the test as an `@example`, so that it
is tried ever after.
"""

# ruff: noqa: T201  (a program that prints)

from __future__ import annotations

import argparse
import importlib
import inspect
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
MODULES = [
    "tests.core.test_headers",
    "tests.core.test_origins",
    "tests.core.test_resources",
    "tests.properties.test_alike",
    "tests.properties.test_grammar",
    "tests.properties.test_hostile",
    "tests.properties.test_properties",
    "tests.test_browser",
]
TIMEOUT = 60  # seconds for one input: there are regular expressions among them
MEMORY = 2048  # MiB


def property_tests() -> dict[str, Callable[[bytes], object]]:
    """Return what Hypothesis makes of each property test for a fuzzer, by the test's name."""
    return {
        name: test.hypothesis.fuzz_one_input
        for module in MODULES
        for name, test in vars(importlib.import_module(module)).items()
        if name.startswith("test_") and hasattr(test, "hypothesis")
        if not inspect.signature(test).parameters  # a parameter is pytest's to give
    }


def main() -> int:
    tests = property_tests()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(tests))
    parser.add_argument("--seconds", type=int, default=60, help="for all tests together")
    arguments = parser.parse_args()
    names: list[str] = arguments.names or list(tests)
    if unknown := set(names) - set(tests):
        parser.error(f"no such test: {', '.join(sorted(unknown))}")
    each = max(1, arguments.seconds // len(names))
    broken = [name for name in names if not fuzz(name, each)]
    return 1 if broken else 0


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one test in a process of its own; return whether it held."""
    limits = [f"-max_total_time={seconds}", f"-timeout={TIMEOUT}", f"-rss_limit_mb={MEMORY}"]
    run = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, "--child", name, *limits, "-max_len=2000"],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
    )
    said = run.stdout.decode("utf-8", "replace")
    runs = [line.split()[1] for line in said.splitlines() if line.startswith("Done ")]
    print(f"{name}: {runs[-1] if runs else 'an unknown number of'} inputs", flush=True)
    if run.returncode:
        print("\n".join(said.splitlines()[-60:]), flush=True)
    return run.returncode == 0


def child(name: str, options: list[str]) -> None:
    """Be the fuzzer: run one test until the time is up or it fails."""
    atheris: Any = importlib.import_module("atheris")  # has no types, and is not always there
    warnings.simplefilter("ignore")
    logging.getLogger("flask_cors").propagate = False
    with atheris.instrument_imports(include=["flask_cors"]):
        importlib.import_module("flask_cors.asgi")
        importlib.import_module("flask_cors.testing")
    test = property_tests()[name]
    atheris.Setup([sys.argv[0], "-artifact_prefix=/dev/", *options], test)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main())
