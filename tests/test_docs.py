"""The reference says what the tables of the source say."""

from __future__ import annotations

import re
from pathlib import Path

from flask_cors.core.options import OPTIONS, RESOURCE_OPTIONS, Settings

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "reference" / "options.md").read_text("utf-8")
ROWS = {
    row[0].strip("`"): row
    for row in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if line.startswith("| `")
    )
}


def test_the_table_has_every_option_and_no_other():
    assert set(ROWS) == OPTIONS


def test_each_option_stands_beside_its_key():
    assert {f"`CORS_{option.upper()}`" for option in ROWS} == {row[1] for row in ROWS.values()}


def test_the_defaults_are_those_of_the_settings():
    settings = Settings()
    switches = {name: row[2] for name, row in ROWS.items() if re.search("a boolean", row[3])}
    assert switches == {name: f"`{getattr(settings, name)}`" for name in switches}
    assert len(switches) == 7
    assert set(ROWS["methods"][2].split(", ")) == settings.methods.names
    assert [ROWS["max_age"][2], ROWS["expose_headers"][2]] == ["none", "none"]
    assert (settings.max_age, settings.expose_headers) == (None, ())
    assert (settings.origins.any, settings.allow_headers.any) == (True, True)
    assert {ROWS["origins"][2], ROWS["allow_headers"][2]} == {'`"*"`'}


def test_what_is_no_option_of_a_resource_is_said_to_be_none():
    assert {"resources"} == OPTIONS - RESOURCE_OPTIONS
    assert "not in `cross_origin`" in ROWS["resources"][3]
    assert "not in `cross_origin`" in ROWS["intercept_exceptions"][3]


def test_every_page_is_in_the_table_of_contents():
    index = (DOCS / "index.md").read_text("utf-8")
    pages = {
        page.relative_to(DOCS).with_suffix("").as_posix()
        for page in DOCS.rglob("*.md")
        if "_build" not in page.parts
    }
    listed = set(re.findall(r"^([a-z-]+(?:/[a-z-]+)*)$", index, re.MULTILINE))
    assert pages - {"index"} == listed
