"""Paragraphs on a terminal: within its width, with colour where it has some."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

import click

_ASCII = str.maketrans({"✓": "+", "✗": "x", "→": ">", "←": "<", "…": "..."})
_NARROWEST = 20  # columns; below, lines of single words are no easier to read


def emit(text: str, indent: str = "", *, colour: str = "", mark_only: bool = False) -> None:
    """Print a paragraph; what cannot be broken, like a URL, may be longer than a line.

    Args:
        text: the paragraph.
        indent: what stands before its first line; the others stand two columns deeper.
        colour: of the paragraph, as click names it.
        mark_only: whether only the first word has the colour.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = indent + text
    if text.encode(encoding, "ignore").decode(encoding) != text:
        text = text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    hanging = " " * (len(text) - len(text.lstrip()) + 2)
    lines = textwrap.wrap(
        text,
        max(_NARROWEST, shutil.get_terminal_size().columns - 1),
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
    """Return whether to write colours: see https://no-color.org and https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
