"""Runs a fuzzer on the targets, each in a process of its own, guided by coverage.

Needs `atheris`. An input that breaks a law is written to `findings/` and named; exit status 1.
`--update` keeps new inputs that reach more of the package, minimised, in `corpus/`.
"""

# ruff: noqa: T201  (a program that prints)

from __future__ import annotations

import argparse
import importlib
import runpy
import shlex
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha1
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
DICTIONARY = HERE / "cors.dict"

MAX_LENGTH = 400  # what is longer stands in the seeds; a fuzzer is at its best with short inputs
MAX_KEPT_LENGTH = 160
TIMEOUT = 60  # seconds for one input: there are regular expressions among them
MEMORY = 2048  # MiB


def main() -> int:
    seeds: dict[str, dict[str, bytes]] = runpy.run_path(str(HERE / "seeds.py"))["SEEDS"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(seeds))
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--update", action="store_true", help="renew the kept inputs")
    parser.add_argument("--findings", type=Path, default=HERE / "findings")
    arguments = parser.parse_args()
    chosen: list[str] = arguments.targets or list(seeds)
    if unknown := set(chosen) - set(seeds):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    each = max(1, arguments.seconds // len(chosen))
    broken = [
        target
        for target in chosen
        if not fuzz(target, seeds[target], each, arguments.findings, update=arguments.update)
    ]
    return 1 if broken else 0


def fuzz(
    target: str, seeds: dict[str, bytes], seconds: int, findings: Path, *, update: bool
) -> bool:
    """Fuzz one target; return whether every law held."""
    with tempfile.TemporaryDirectory() as directory:
        program = written_program(target, Path(directory))
        new, written = Path(directory, "new"), Path(directory, "seeds")
        kept = CORPUS / target
        for folder in (new, written, kept, findings / target):
            folder.mkdir(parents=True, exist_ok=True)
        for data in seeds.values():
            keep(data, written)
        before = set((findings / target).iterdir())
        code, said = run(
            program,
            f"-max_total_time={seconds}",
            f"-max_len={MAX_LENGTH}",
            f"-artifact_prefix={findings / target}/",
            f"-dict={DICTIONARY}",
            "-print_final_stats=1",
            *map(str, (new, kept, written)),
        )
        found = sorted(set((findings / target).iterdir()) - before)
        print(f"{target}: {executions(said)} inputs in {seconds} s", flush=True)
        if code or found:
            print("\n".join(said.splitlines()[-60:]))
            for path in found:
                print(f"{target}: a law is broken by {path}: {path.read_bytes()!r}", flush=True)
            return False
        return merge(program, new, kept, Path(directory, "merged")) if update else True


def written_program(target: str, directory: Path) -> Path:
    """Write the program that is the fuzzer: to merge, it starts itself again by its name."""
    program = directory / "fuzz"
    command = shlex.join([sys.executable, "-W", "ignore", str(HERE / "run.py"), "--child", target])
    program.write_text(f'#!/bin/sh\nexec {command} "$0" "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    return program


def merge(program: Path, new: Path, kept: Path, merged: Path) -> bool:
    """Keep the shortest inputs that reach together what the old and the new ones do."""
    merged.mkdir()
    # What is reached counts, not how often: else it would be hundreds.
    options = ("-merge=1", "-use_counters=0", f"-max_len={MAX_KEPT_LENGTH}")
    code, said = run(program, *options, *map(str, (merged, kept, new)))
    if code or not any(merged.iterdir()):
        print(said)
        return False
    shutil.rmtree(kept)
    kept.mkdir()
    for path in merged.iterdir():
        keep(path.read_bytes(), kept)
    print(f"{kept.name}: {len(list(kept.iterdir()))} inputs kept", flush=True)
    return True


def keep(data: bytes, folder: Path) -> None:
    (folder / sha1(data, usedforsecurity=False).hexdigest()[:12]).write_bytes(data)


def run(program: Path, *arguments: str) -> tuple[int, str]:
    """Run the fuzzer in a process of its own; return its exit status and what it said."""
    limits = (f"-timeout={TIMEOUT}", f"-rss_limit_mb={MEMORY}")
    process = subprocess.run(
        [program, *limits, *arguments],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=HERE,
    )
    return process.returncode, process.stdout.decode("utf-8", "replace")


def executions(said: str) -> str:
    lines = [line for line in said.splitlines() if "number_of_executed_units" in line]
    return lines[-1].split()[-1] if lines else "an unknown number of"


def child(target: str, command: list[str]) -> None:
    """Be the fuzzer: run one target until the time is up or a law is broken."""
    atheris: Any = importlib.import_module("atheris")  # has no types, and is not always there

    # What is expected is instrumented too: the grammar is a regular expression in the package, of
    # which a fuzzer sees no more than whether it matches, and there it is spelt out.
    with atheris.instrument_imports(include=["flask_cors", "targets"]):
        targets = importlib.import_module("targets")
    atheris.Setup(command, targets.TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main())
