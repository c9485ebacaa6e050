"""What the processes that measure and the one that sums up have to agree on."""

from __future__ import annotations

ORIGIN_COUNTS = (1, 10, 100, 1_000, 10_000, 100_000)
RESOURCE_COUNTS = (1, 10, 100, 1_000)
# 6.0.5 compiles a regular expression for each, and tries one after the other.
MOST_REGEXES = 10_000

HOSTILE = {
    "hostile headers: commas": "commas asked for",
    "hostile headers: names": "names asked for",
    "hostile headers: one name": "one name asked for",
    "hostile headers: patterns": "one name, patterns allowed",
    "hostile origin: labels": "labels in `Origin`, a wildcard",
    "hostile origin: upper case": "letters in `Origin`, a list",
    "hostile origin: any": "host in `Origin`, any allowed",
}
