"""Writes the descriptions of the options from the source into `reference/options.md`.

    python docs/options_page.py

The docstrings in `flask_cors/core/options.py` are the only place where the options are described.
This program copies them between the markers on the page, each with examples of the places where the
option can be written. A test fails if the page is not up to date.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import NamedTuple

from flask_cors.core import options

PAGE = Path(__file__).parent / "reference" / "options.md"
ORIGINS = 'origins=["https://app.example"], '
END = "<!-- end -->"
BOOLEAN = "`True` or `False`; as a string `true`, `yes`, `on`, `1`, or `false`, `no`, `off`, `0`."


class Example(NamedTuple):
    """A value of an option, in Python and as a string in an environment."""

    value: str
    text: str
    needs: str = ""
    """other keyword arguments that the value requires"""


EXAMPLES = {
    "origins": Example(
        '["https://app.example", "https://*.example.org"]',
        "https://app.example, https://*.example.org",
    ),
    "methods": Example('["GET", "PUT"]', "GET, PUT"),
    "allow_headers": Example('["Content-Type", "X-*"]', "Content-Type, X-*"),
    "expose_headers": Example('["X-Total"]', "X-Total"),
    "supports_credentials": Example("True", "true", ORIGINS),
    "max_age": Example("600", "600"),
    "send_wildcard": Example("True", "true"),
    "vary_header": Example("False", "false"),
    "allow_private_network": Example("True", "true"),
    "always_send": Example("False", "false"),
    "automatic_options": Example("False", "false"),
    "intercept_exceptions": Example("False", "false"),
    "resources": Example('["/api/*", "/feed"]', "/api/*"),
}


class Described(NamedTuple):
    """The parts of an option's docstring."""

    summary: str
    details: str
    default: str


def docstrings() -> dict[str, str]:
    """Return the docstring of each option of `CORS`, in the order of the source."""
    found: dict[str, str] = {}
    for owner in (options.CrossOriginOptions, options.ResourceOptions, options.MiddlewareOptions):
        [definition] = ast.parse(inspect.getsource(owner)).body
        assert isinstance(definition, ast.ClassDef)  # noqa: S101  (it is the source of a class)
        for key, below in zip(definition.body, definition.body[1:], strict=False):
            if isinstance(key, ast.AnnAssign) and isinstance(below, ast.Expr):
                found[ast.unparse(key.target)] = " ".join(ast.literal_eval(below.value).split())
    return found


def described(docstring: str) -> Described:
    """Return the parts of a docstring: its first sentence, the rest, and the default."""
    text, _, default = docstring.partition("Default: ")
    summary, _, details = text.strip().partition(". ")
    return Described(summary.rstrip(".") + ".", details, default[0].upper() + default[1:])


def places(option: str) -> list[tuple[str, str]]:
    """Return each place where an option can be written, with an example."""
    value, text, needs = EXAMPLES[option]
    key = f"CORS_{option.upper()}"
    rows = [("keyword", f"CORS(app, {needs}{option}={value})")]
    if option in options.CrossOriginOptions.__annotations__:
        rows.append(("above a view", f"@cross_origin({needs}{option}={value})"))
    if option in options.ResourceOptions.__annotations__:
        needed = '"origins": ["https://app.example"], ' if needs else ""
        rows.append(("for a path", f'resources={{"/api/*": {{{needed}"{option}": {value}}}}}'))
    rows += [("key", f'app.config["{key}"] = {value}'), ("environment", f"{key}={text}")]
    return rows


def section(option: str, docstring: str) -> str:
    """Return the page's section about an option."""
    summary, details, default = described(docstring)
    is_boolean = "bool" in str(options.CORSOptions.__annotations__[option])
    meaning = f"{summary} {details}".strip() if is_boolean else summary
    accepts = BOOLEAN if is_boolean else details
    lines = [meaning, "", "Accepts", f": {accepts}", "", "Default", f": {default}", ""]
    lines += ["| written as | example |", "|---|---|"]
    lines += [f"| {place} | `{code}` |" for place, code in places(option)]
    return "\n".join(lines)


def table(found: dict[str, str]) -> str:
    """Return the table with one line for each option."""
    rows = ["| option | meaning | default |", "|---|---|---|"]
    for option, docstring in found.items():
        summary, _, default = described(docstring)
        rows.append(f"| [`{option}`](#{option}) | {summary} | {default} |")
    return "\n".join(rows)


def filled(page: str) -> str:
    """Return the page with the docstrings between its markers."""
    found = docstrings()
    parts = {"all": table(found), **{name: section(name, text) for name, text in found.items()}}
    for name, text in parts.items():
        begin = f"<!-- {name}: made by docs/options_page.py -->\n"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{text}\n\n{END}{rest.partition(END)[2]}"
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
