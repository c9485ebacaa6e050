"""Sums the rounds up, judges the goals, and writes the tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from names import HOSTILE, ORIGIN_COUNTS, RESOURCE_COUNTS

BEGIN, END = "<!-- tables of the benchmark: begin -->", "<!-- end -->"

NONE = "-"  # what cannot be measured
NO_BREAK = "\N{NO-BREAK SPACE}"


class Goal(NamedTuple):
    """A ratio, and the most that it may be."""

    name: str
    over: tuple[str, str]
    """a case and a library: what is measured,"""
    under: tuple[str, str]
    """and what it is compared to"""
    at_most: float
    whole: bool = False
    """whether the whole request counts, not what CORS adds to it"""


def _against_older(name: str, case: str, at_most: float, *, whole: bool = False) -> Goal:
    return Goal(name, (case, "new"), (case, "old"), at_most, whole)


IN_AN_APP_WITH_VIEWS = {
    "views, plain": ("no `Origin`", 0.15),
    "views, allowed": ("origin from a list of 5", 0.15),
    "views, refused": ("origin not allowed", 0.25),
    "views, blueprint": ("a blueprint's view", 0.15),
    "views, prefixes": ("11 resources by prefix", 0.2),
    "views, expressions": ("11 resources by expression", 0.2),
    "views, not covered": ("10 resources, none for the path", 0.2),
    "views, decorated": ("decorated view", 0.15),
    "views, decorated alone": ("decorated view, without `CORS(app)`", 0.25),
    "views, Vary": ("the view sets `Vary`", 0.3),
}
"""What is measured in an app with twenty decorated views and a blueprint, and its goal."""

GOALS = [
    *(_against_older(name, case, goal) for case, (name, goal) in IN_AN_APP_WITH_VIEWS.items()),
    _against_older("preflight, whole request", "views, preflight", 0.2, whole=True),
    _against_older("preflight, app without views", "preflight", 0.1, whole=True),
    _against_older(
        "preflight for what was never asked, app without views", "preflight, new", 0.1, whole=True
    ),
    Goal(
        "decorated async view, to a sync one",
        ("decorated async", "new"),
        ("decorated", "old"),
        0.25,
    ),
    Goal("10,000 exact origins, to 1", ("exact 10000", "new"), ("exact 1", "new"), 1.5),
    Goal("10,000 wildcard origins, to 1", ("wildcard 10000", "new"), ("wildcard 1", "new"), 1.5),
    Goal("1,000 literal resources, to 1", ("literals 1000", "new"), ("literals 1", "new"), 1.5),
    *(
        Goal(
            f"64 KiB of {name}, to a preflight", (case, "new"), ("preflight", "new"), 2, whole=True
        )
        for case, name in HOSTILE.items()
    ),
]


def summary(values: Iterable[float]) -> dict[str, float]:
    """Return the median of `values` and their quartiles."""
    low, middle, high = quantiles(list(values), n=4, method="inclusive")
    return {"median": round(middle, 4), "low": round(low, 4), "high": round(high, 4)}


def overheads(rounds: list[dict[str, float]], side: str = "cors") -> list[float]:
    """Return what CORS added in each round, in µs."""
    return [(one[side] - one["bare"]) / 1000 for one in rounds]


def wholes(rounds: list[dict[str, float]], side: str = "cors") -> list[float]:
    """Return what a request took in each round, in µs."""
    return [(one[side] - one["none"]) / 1000 for one in rounds]


def judged(goal: Goal, samples) -> dict[str, object]:
    count = wholes if goal.whole else overheads
    over, under = (count(samples[case][library]) for case, library in (goal.over, goal.under))
    # What one round measured is compared to the same round: noise that lasts hits both.
    ratio = summary(a / b for a, b in zip(over, under, strict=True))
    return {
        "name": goal.name,
        "compared": summary(under),
        "measured": summary(over),
        "ratio": ratio,
        "at_most": goal.at_most,
        "met": ratio["median"] <= goal.at_most,
    }


def results(samples, once, served, about) -> dict[str, object]:
    """Return all that goes into the JSON file."""
    measured = {}
    for case, libraries in samples.items():
        of_case = {}
        for library, rounds in libraries.items():
            sides = [side for side in rounds[0] if side not in ("none", "bare")]
            for side in sides:
                of_case[library if side == "cors" else side] = {
                    "overhead": summary(overheads(rounds, side)),
                    "whole": summary(wholes(rounds, side)),
                    "bare": summary(wholes(rounds, "bare")),
                }
        measured[case] = of_case
    return {
        **about,
        "unit": "µs of processor time a request, where nothing else is said",
        "rounds": len(next(iter(samples.values()))["new"]),
        "goals": [judged(goal, samples) for goal in GOALS],
        "cases": measured,
        "once": {
            task: {
                library: {key: summary(one[key] for one in runs) for key in runs[0]}
                for library, runs in libraries.items()
            }
            for task, libraries in once.items()
        },
        "requests_per_second": {
            kind: {name: summary(rates) for name, rates in servers.items()}
            for kind, servers in served.items()
        },
    }


# Tables -------------------------------------------------------------------------------------------


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Return a table in Markdown that reads well as it stands too."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]

    def written(cells: list[str]) -> str:
        first, *rest = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join([first, *rest])} |"

    rule = [("-" * width)[:-1] + (":" if column else "-") for column, width in enumerate(widths)]
    return "\n".join([written(head), written(rule), *map(written, lines[1:])])


def number(value: float) -> str:
    """Return three digits of a number, which is as many as it is good for."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(summed: dict[str, float]) -> str:
    return bracketed(number(summed["median"]), number(summed["low"]), number(summed["high"]))


def bracketed(median: str, low: str, high: str) -> str:
    """Return a median with its quartiles in brackets, which do not break in a narrow column."""
    return f"{median} ({low}{NO_BREAK}to{NO_BREAK}{high})"


def ratio(summed: dict[str, float]) -> str:
    return bracketed(*(f"{summed[at]:.3f}" for at in ("median", "low", "high")))


def goals_table(found) -> str:
    return table(
        ["", "compared to, µs", "measured, µs", "ratio", "goal, met"],
        (
            [
                goal["name"],
                number(goal["compared"]["median"]),
                number(goal["measured"]["median"]),
                ratio(goal["ratio"]),
                f"{goal['at_most']:g}, {'yes' if goal['met'] else 'no'}",
            ]
            for goal in found["goals"]
        ),
    )


def overhead_of(found, case: str, library: str) -> str:
    measured = found["cases"][case].get(library)
    return spread(measured["overhead"]) if measured else NONE


def compared_table(found, head: str, named: dict[str, str]) -> str:
    return table(
        [head, "6.0.5, µs", "here, µs"],
        (
            [name, overhead_of(found, case, "old"), overhead_of(found, case, "new")]
            for case, name in named.items()
        ),
    )


def growth_table(found, head: str, kinds: dict[str, str], counts: Iterable[int]) -> str:
    columns = [(kind, library) for kind in kinds for library in ("old", "new")]
    return table(
        [head, *(f"{kinds[k]}, {'6.0.5' if lib == 'old' else 'here'}" for k, lib in columns)],
        (
            [
                f"{count:,}",
                *(short(found, kind.format(count), library) for kind, library in columns),
            ]
            for count in counts
        ),
    )


def short(found, case: str, library: str) -> str:
    measured = found["cases"][case].get(library)
    return number(measured["overhead"]["median"]) if measured else NONE


def asgi_table(found) -> str:
    return table(
        ["over the same Starlette app", "Starlette's, µs", "here, µs"],
        (
            [
                name,
                overhead_of(found, f"asgi {case}", "starlette"),
                overhead_of(found, f"asgi {case}", "new"),
            ]
            for case, name in {
                "allowed": "actual request, origin allowed",
                "refused": "actual request, origin not allowed",
                "plain": "no `Origin`",
                "preflight": "preflight (less than none: the app is not asked)",
            }.items()
        ),
    )


def once_table(found) -> str:
    once = found["once"]
    exact, wildcard = once["set-up of 100000 exact"], once["set-up of 100000 wildcard"]

    def row(name: str, task, key: str, scale: float) -> list[str]:
        def cell(library: str) -> str:
            if library not in task:
                return NONE
            return spread({at: value * scale for at, value in task[library][key].items()})

        return [name, cell("old"), cell("new")]

    return table(
        ["once a process", "6.0.5", "here"],
        [
            row("`import flask_cors` after Flask, ms", once["import"], "milliseconds", 1),
            row("set-up of 100,000 exact origins, ms", exact, "seconds", 1e3),
            row("memory they keep, MiB", exact, "bytes", 2**-20),
            row("set-up of 100,000 wildcard origins, ms", wildcard, "seconds", 1e3),
            row("memory they keep, MiB", wildcard, "bytes", 2**-20),
        ],
    )


def served_table(found) -> str:
    return table(
        ["requests a second", "without CORS", "6.0.5", "here"],
        (
            [kind, *(spread(servers[name]) for name in ("bare", "old", "new"))]
            for kind, servers in found["requests_per_second"].items()
        ),
    )


def tables(found) -> str:
    """Return all tables, in Markdown."""
    older, newer, machine = *found["versions"].values(), found["machine"]
    said = (
        f"flask-cors {older['flask-cors']} and {newer['flask-cors']}, Flask {newer['flask']}, "
        f"Werkzeug {newer['werkzeug']}, Starlette {newer['starlette']}, "
        f"gunicorn {newer['gunicorn']}, Python {machine['python']}, {machine['system']}, "
        f"{machine['cores']} cores; {found['rounds']} rounds. "
        "Each number is a median, with the quartiles in brackets."
    )
    return "\n\n".join(
        [
            said,
            "### The goals",
            goals_table(found),
            "### What CORS adds to a request",
            compared_table(
                found,
                "over the same app without CORS",
                {
                    "default": "`CORS(app)`, actual request",
                    "allowed": "list of 5, origin allowed",
                    "refused": "list of 5, origin not allowed",
                    "refused, new": "the same, each from another origin",
                    "plain": "list of 5, no `Origin`",
                    "preflight": "preflight (less than none: the app is not asked)",
                    "default, new": "`CORS(app)`, each request from another origin",
                    "preflight, new": "preflight, each for another header",
                    "preflight refused": "preflight, origin not allowed",
                    "preflight of view": "preflight of a decorated view, `CORS(app)` too",
                    "beside decorated": "list of 5, origin allowed, in an app with decorated views",
                    "decorated": "decorated view",
                    "decorated, app too": "decorated view, `CORS(app)` too",
                    "decorated async": "decorated async view",
                    **{case: f"preflight, 64 KiB of {name}" for case, name in HOSTILE.items()},
                },
            ),
            "### Growth",
            growth_table(
                found,
                "exact origins, µs",
                {"exact {}": "listed", "exact {} missed": "not listed"},
                ORIGIN_COUNTS,
            ),
            growth_table(
                found,
                "wildcards, µs",
                {"wildcard {}": "matched", "wildcard {} missed": "not matched"},
                ORIGIN_COUNTS,
            ),
            growth_table(
                found,
                "resources, µs",
                {"literals {}": "literal", "globs {}": "`/prefix/*`"},
                RESOURCE_COUNTS,
            ),
            "### ASGI",
            asgi_table(found),
            "### Set-up",
            once_table(found),
            "### Behind a server",
            served_table(found),
        ]
    )


def put_into(page: Path, found) -> None:
    """Replace the tables between the marks in a page, if it is there."""
    if page.exists():
        before, _, rest = page.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before}{BEGIN}\n\n{tables(found)}\n\n{END}{after}")
