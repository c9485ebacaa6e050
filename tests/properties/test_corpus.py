"""The inputs that fuzzing found worth keeping, and others written by hand: every law holds there.

How they are made: `tests/fuzz/run.py`. An input that breaks a law is kept here until it does not.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path
from types import SimpleNamespace

import pytest

FUZZ = Path(__file__).parent.parent / "fuzz"
CORPUS = FUZZ / "corpus"
fuzzed = SimpleNamespace(**runpy.run_path(str(FUZZ / "targets.py")))
TARGETS: dict[str, Callable[[bytes], None]] = fuzzed.TARGETS
SEEDS: dict[str, dict[str, bytes]] = runpy.run_path(str(FUZZ / "seeds.py"))["SEEDS"]
KEPT = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize(
    ("target", "data"),
    [
        pytest.param(target, data, id=f"{target}-{name}")
        for target, inputs in SEEDS.items()
        for name, data in inputs.items()
    ],
)
def test_an_input_written_by_hand_breaks_no_law(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input_that_was_kept_breaks_no_law(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_every_target_has_inputs_and_every_input_a_target() -> None:
    assert set(TARGETS) == set(SEEDS) == {path.parent.name for path in KEPT}


def test_an_input_is_named_after_what_it_holds() -> None:
    assert [sha1(path.read_bytes(), usedforsecurity=False).hexdigest()[:12] for path in KEPT] == [
        path.name for path in KEPT
    ]
