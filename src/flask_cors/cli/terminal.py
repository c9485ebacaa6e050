"""Paragraphs on a terminal, wrapped to its width and coloured if it has colours."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

import click

_ASCII = str.maketrans({"✓": "+", "✗": "x", "→": ">", "←": "<", "…": "..."})
_MIN_WIDTH = 20  # columns; narrower lines would have one word each


def emit(text: str, indent: str = "", *, colour: str = "", mark_only: bool = False) -> None:
    """Print a paragraph; a long word, such as a URL, may exceed the width.

    Args:
        text: the paragraph.
        indent: the indentation of its first line; further lines are indented two columns more.
        colour: a colour name of click.
        mark_only: whether to colour only the first word.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = indent + text
    if text.encode(encoding, "ignore").decode(encoding) != text:
        text = text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    hanging = " " * (len(text) - len(text.lstrip()) + 2)
    lines = textwrap.wrap(
        text,
        max(_MIN_WIDTH, shutil.get_terminal_size().columns - 1),
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    if colour and mark_only:
        mark = lines[0].split()[0]
        lines[0] = lines[0].replace(mark, click.style(mark, fg=colour), 1)
    elif colour:
        lines = [click.style(line, fg=colour) for line in lines]
    click.echo("\n".join(lines), color=_is_coloured())


def _is_coloured() -> bool:
    """Return whether to use colours: see https://no-color.org and https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
