"""The commands `flask cors explain`, `flask cors routes` and `flask cors check`.

Every `flask` command imports this module to list the commands. So it contains only their names, and
imports the code of a command when it runs.
"""

from __future__ import annotations

from importlib import import_module

import click


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return ["check", "explain", "routes"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(import_module(".commands", __name__), cmd_name)
        return command


cli: click.Group = _LazyGroup(
    "cors", help="Explain and check CORS: which pages may read which responses, and why."
)
