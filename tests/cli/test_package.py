"""The import of the commands, which other commands of Flask do without."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import click
from flask.cli import FlaskGroup
group = FlaskGroup(load_dotenv=False)
group.get_command(click.Context(group), "routes")
assert "flask_cors.cli" in sys.modules
print([name for name in sys.modules if name.startswith("flask_cors.cli.")])
print([name for name in ("flask_cors.browser", "flask_cors.testing") if name in sys.modules])
"""


def test_other_flask_commands_do_not_import_these():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert (run.stdout, run.stderr) == ("[]\n[]\n", "")
