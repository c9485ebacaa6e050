"""`flask cors explain | routes | check`: why a browser refuses, who may read, what is risky.

Every `flask` command imports this module to learn what commands there are, so it holds no more than
their names: what they need is imported when one of them runs.
"""

from __future__ import annotations

from importlib import import_module

import click


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return ["check", "explain", "routes"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(import_module(".commands", __name__), cmd_name)
        return command


cli: click.Group = _LazyGroup(
    "cors", help="Explain and check CORS: who may read which response, and why not."
)
