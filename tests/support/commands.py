"""`flask cors` on apps that are written in the test."""

from __future__ import annotations

import json
import os
import sys
import textwrap

import pytest
from click.testing import CliRunner
from flask.cli import FlaskGroup

from flask_cors import _flask

ORIGIN = "https://app.example"
ONLY = f"CORS(app, origins=[{ORIGIN!r}])"


@pytest.fixture
def cors(tmp_path, monkeypatch):
    """Return a function that runs `flask --app app cors` on the source of an app."""
    # `check` looks at every decorated function of the process, so hide those of other tests. The
    # list is internal, but to start a process for each test would take minutes.
    decorated = _flask.decorated_views
    others = list(decorated)
    decorated.clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "false")
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def run(source, *arguments, app="app", options=()):
        (tmp_path / "app.py").write_text(source, "utf-8")
        sys.modules.pop("app", None)
        decorated.clear()
        command = ["--app", app, *options, "cors", *arguments]
        return CliRunner().invoke(FlaskGroup(load_dotenv=False), command, prog_name="flask")

    yield run
    os.environ.pop("FLASK_DEBUG", None)  # `--debug` sets it
    sys.modules.pop("app", None)
    decorated.clear()
    decorated.update(others)


def app_with(cors_call, *lines, imports="CORS", route="/items", methods=("GET", "PUT", "PATCH")):
    """Return the source of an app with one route."""
    return "\n".join(
        [
            "import os, re",
            "from flask import Flask, abort, redirect, request",
            f"from flask_cors import {imports}",
            "app = Flask(__name__)",
            cors_call,
            *map(textwrap.dedent, lines),
            f"@app.route({route!r}, methods={list(methods)})",
            "def items(): return 'items'",
        ]
    )


def explained(run, source, *arguments, path="/items", origin=ORIGIN, options=()):
    """Return what `explain` prints as JSON."""
    named = ["--origin", origin] if origin else []
    result = run(
        source, "explain", "--json", *named, *arguments, *([path] if path else []), options=options
    )
    assert result.stdout, (result.exception, result.stderr)
    explanation = json.loads(result.stdout)
    assert result.exit_code == (0 if explanation["readable"] else 1)
    assert result.stderr == ""
    return explanation


def found(run, source):
    """Return what `check` prints as JSON."""
    result = run(source, "check", "--json")
    assert result.stdout, (result.exception, result.stderr)
    assert result.stderr == ""
    return json.loads(result.stdout)


def checked(run, source):
    """Return the codes that `check` finds."""
    return [row["code"] for row in found(run, source)]
