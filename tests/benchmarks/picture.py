"""Draws the overhead against the number of origins, both axes by powers of ten."""

from __future__ import annotations

from math import ceil, floor, log10

from names import ORIGIN_COUNTS

# About as narrow as a phone: there, the letters of a wider picture would be too small.
WIDTH, HEIGHT = 440, 400
LEFT, RIGHT, TOP, BOTTOM = 62, 32, 100, 56
LINES = [
    ("exact {}", "old", "6.0.5, exact", "older"),
    ("wildcard {}", "old", "6.0.5, regular expressions", "older dashed"),
    ("exact {}", "new", "here, exact", "newer"),
    ("wildcard {}", "new", "here, wildcard", "newer dashed"),
]
# The ground is drawn too: a page may be dark where the reader's system is light.
STYLE = """
  .ground { fill: #ffffff } .grid { stroke: #d9dde3 } text { fill: #1f2430 }
  .older { --ink: #b3460b } .newer { --ink: #0b62a8 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #14171c } .grid { stroke: #333a44 } text { fill: #e6e9ee }
    .older { --ink: #f0a35e } .newer { --ink: #6cb8f2 }
  }
  text { font: 13px system-ui, sans-serif } .title { font-size: 15px; font-weight: 600 }
  polyline { fill: none; stroke: var(--ink); stroke-width: 2.5 }
  polyline.dashed { stroke-dasharray: 7 5 } circle { fill: var(--ink) }
  text.older, text.newer { fill: var(--ink) }
"""


def drawn(results: dict[str, object]) -> str:
    """Return the picture as SVG."""
    series = [
        (name, look, points)
        for case, library, name, look in LINES
        if (points := points_of(results, case, library))
    ]
    heights = [value for _, _, points in series for _, value in points]
    low, high = min(0, floor(log10(min(heights)))), ceil(log10(max(heights)))
    first, last = log10(ORIGIN_COUNTS[0]), log10(ORIGIN_COUNTS[-1])

    def x(count: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (log10(count) - first) / (last - first)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (log10(value) - low) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        'aria-labelledby="title desc">',
        '<title id="title">What CORS adds to a request, by the number of origins</title>',
        f'<desc id="desc">{described(series)}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        '<text class="title" x="16" y="28">What CORS adds to an actual request (µs)</text>',
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        parts.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text x="{LEFT - 10}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>'
        )
    parts += [
        f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">{count:,}</text>'
        for count in ORIGIN_COUNTS
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle:.1f}" y="{HEIGHT - 12}" text-anchor="middle">origins configured</text>'
    )
    for index, (name, look, points) in enumerate(series):
        path = " ".join(f"{x(count):.1f},{y(value):.1f}" for count, value in points)
        parts.append(f'<polyline class="{look}" points="{path}"/>')
        parts += [
            f'<circle class="{look}" cx="{x(count):.1f}" cy="{y(value):.1f}" r="3.5"/>'
            for count, value in points
        ]
        parts += legend(name, look, row=index % 2, column=index // 2)
    return "\n".join([*parts, "</svg>", ""])


def points_of(results, case: str, library: str) -> list[tuple[int, float]]:
    return [
        (number, max(measured[library]["overhead"]["median"], 0.01))
        for number in ORIGIN_COUNTS
        if library in (measured := results["cases"][case.format(number)])
    ]


def described(series) -> str:
    return "; ".join(
        f"{name}: {points[0][1]:.1f} µs with {points[0][0]:,} and {points[-1][1]:,.1f} µs "
        f"with {points[-1][0]:,}"
        for name, _, points in series
    )


def legend(name: str, look: str, row: int, column: int) -> list[str]:
    """Return a sample of a line and its name, at one of four places below the title."""
    left, middle = 16 + 220 * column, 52 + 22 * row
    return [
        f'<polyline class="{look}" points="{left},{middle} {left + 30},{middle}"/>',
        f'<text class="{look}" x="{left + 38}" y="{middle + 4}">{name}</text>',
    ]
