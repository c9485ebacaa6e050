"""The page "Why is my request blocked?": what each of its commands prints, and its links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from ..support.commands import cors as cors

PAGE = Path(__file__).parent.parent.parent / "docs" / "blocked.md"


def sections():
    """Yield each section of the page with its app and its commands with their outputs."""
    for section in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        heading = section.partition("\n")[0]
        blocks = re.findall(r"^```(py|console)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        apps = [body for language, body in blocks if language == "py"]
        runs = [body for language, body in blocks if language == "console"]
        if apps:
            (app,), (console,) = apps, runs
            commands = re.split(r"^\$ flask --app app cors ", console, flags=re.MULTILINE)[1:]
            for command in commands:
                line, _, output = command.partition("\n")
                # A blank line stands between two commands, and none after the last.
                yield heading, app, line, output if command is commands[-1] else output[:-1]


COMMANDS = list(sections())


@pytest.mark.parametrize(
    ("app", "line", "output"),
    [pytest.param(*rest, id=f"{heading}: {rest[1]}") for heading, *rest in COMMANDS],
)
def test_the_page_shows_the_whole_output(cors, app, line, output):
    result = cors(app, *shlex.split(line))
    assert output == result.stdout
    assert result.exit_code == (0 if output.rpartition("\n\n")[2].startswith("✓") else 1)
    assert [row for row in output.splitlines() if len(row) > 80] == []


# Words that the outputs of each section have to contain: an update must not lose its point.
KEY_WORDS = {
    "An origin that is not listed": ("'http://127.0.0.1:3000', 'http://localhost:3000'",),
    "Credentials that are not allowed": ("Write supports_credentials=True",),
    "An origin without a scheme": ("has no scheme", "'http://localhost:3000'"),
    "A trailing slash": ("✓ The script reads the response, 200.",),
    "Everyone, and cookies": ("with '*'", "List the origins: origins=['https://app.example']"),
    "A hook that asks for a login": ("401 Unauthorized", "Write CORS(app, resources=[])"),
    "A 500 in disguise": ("KeyError: 'price'", "Write intercept_exceptions=True"),
    "A `*` in the wrong place": (
        "has a '*' where it is not supported",
        "'https://*.example.com'",
    ),
    "A regular expression for a prefix": ("has to match the whole", "'http://localhost:*'"),
    "A misspelt option": ("Did you mean origins?", "Did you mean supports_credentials?"),
    "The decorator above the route": ("above @app.route", "directly above the function"),
    "Headers written twice": ("https://app.example, *", "only one place"),
    "A preflight that is redirected": ("The app redirects /items", "Fetch http://localhost/items/"),
    "An unset environment variable": ("is an environment variable unset?", "[] for nobody"),
    "A method or a header that is not listed": (
        "Write methods=['GET', 'POST', 'PUT']",
        "Write allow_headers=['content-type', 'x-tenant']",
    ),
    "A 404 or a 405 in disguise": ("no route for /items", "accepts GET, HEAD, OPTIONS, not DELETE"),
}


def test_the_page_has_the_mistakes_that_people_make():
    assert set(KEY_WORDS) == {heading for heading, *_ in COMMANDS}


@pytest.mark.parametrize("heading", KEY_WORDS)
def test_each_section_names_the_cause_and_the_fix(heading):
    outputs = " ".join(output for section, _, _, output in COMMANDS if section == heading)
    output = " ".join(outputs.split())
    assert [words for words in KEY_WORDS[heading] if words not in output] == []


def test_the_links_on_the_page_lead_to_its_sections():
    text = PAGE.read_text("utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert links
    assert links - slugs == set()
