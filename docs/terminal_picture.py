"""Draws the output of `flask cors explain` in README.md as a terminal, light and dark.

    python docs/terminal_picture.py

A test fails if the pictures do not show the same as README.md.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMAND = re.compile(r"^\$ \.venv/bin/(flask cors explain .*?)^```$", re.MULTILINE | re.DOTALL)
COLUMN, ROW, MARGIN = 8.0, 19, 16
COLOURS = {
    "light": {"ground": "#fbfbfa", "text": "#1d2126", "good": "#12703a", "bad": "#b3261e"},
    "dark": {"ground": "#15181c", "text": "#e6e8ea", "good": "#63d192", "bad": "#ff8f85"},
}


def lines() -> list[str]:
    """Return the command and its output from README.md."""
    [shown] = COMMAND.findall((ROOT / "README.md").read_text("utf-8"))
    return f"$ {shown}".rstrip().split("\n")


def kind(line: str) -> str:
    """Return the colour of a line."""
    marks = {"✓": "good", "✗": "bad"}
    return marks.get(line.strip()[:1], "text")


def drawn(theme: str) -> str:
    """Return the picture as SVG."""
    colours, text = COLOURS[theme], lines()
    width = 2 * MARGIN + COLUMN * max(map(len, text))
    height = 2 * MARGIN + ROW * len(text)
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + ROW * number + 14}" class="{kind(line)}">'
        f"{escape(line, quote=False)}</text>"
        for number, line in enumerate(text)
        if line
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" role="img"
font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">
<title>flask cors explain in a terminal</title>
<style>
text {{ white-space: pre; fill: {colours["text"]}; }}
.good {{ fill: {colours["good"]}; }}
.bad {{ fill: {colours["bad"]}; }}
</style>
<rect width="100%" height="100%" rx="8" fill="{colours["ground"]}"/>
{rows}
</svg>
"""


if __name__ == "__main__":
    for name in COLOURS:
        (ROOT / "docs" / "pictures" / f"explain-{name}.svg").write_text(drawn(name), "utf-8")
