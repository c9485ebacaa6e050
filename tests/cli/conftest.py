from __future__ import annotations

import os
import sys

import pytest
from click.testing import CliRunner
from flask.cli import FlaskGroup

from flask_cors import _flask


@pytest.fixture
def cors(tmp_path, monkeypatch):
    """Give a function that runs `flask --app app cors` on the source of an app."""
    # The views that other tests have decorated are none of the app's.
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
