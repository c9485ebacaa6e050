"""The table says what a `Policy` says: what equals the one equals the other."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from flask_cors.core import Policy

served = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "served.py")))


class Headers:
    def __init__(self, lines):
        self.lines = lines

    def get(self, name, /):
        found = [value for key, value in self.lines if key == name]
        return ", ".join(found) if found else None


@pytest.mark.parametrize("exchange", served.EXCHANGES, ids=lambda exchange: exchange.id)
def test_a_policy_decides_what_the_table_says(exchange):
    options = served.RESOURCES.get(f"/{exchange.path.split('/')[1]}/*")
    lines = list(exchange.app)
    if options is not None:
        policy = Policy.from_options(**options)
        lines = policy.decide(exchange.method, Headers(exchange.sent)).added_to(lines)
    assert served.expected(exchange) == served.about_cors(lines)


def test_names_in_the_table_are_unique():
    names = [exchange.id for exchange in served.EXCHANGES]
    assert sorted(set(names)) == sorted(names)
