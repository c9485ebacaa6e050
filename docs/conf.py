from __future__ import annotations

import re
from typing import Any

import sphinx
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

from flask_cors import __version__

project = "Flask-CORS"
author = "the Flask-CORS contributors"
copyright = f"2026 {author}"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "examples"]

add_module_names = False  # the headings have the names of the modules
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
maximum_signature_line_length = 40  # longer ones have one parameter per line, which phones need
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True

# Nothing is downloaded when the documentation is built, so there are no links to other projects.
nitpicky = True
nitpick_ignore_regex = [
    ("py:class", r"(collections\.abc|contextlib|datetime|re|typing)\..*"),  # the standard library
    ("py:class", r"typing_extensions\..*"),  # what it does not have on Python 3.10
    ("py:class", r"(flask|werkzeug)\..*"),  # the framework
    ("py:class", "Headers"),  # Werkzeug's; a field of a dataclass has only its bare name
]

# Show the names of aliases, which the page explains; in full they are very long.
ALIASES = (
    "ASGIApp",
    "Code",
    "Credentials",
    "Fetching",
    "Fields",
    "MaxAge",
    "Methods",
    "Origin",
    "Origins",
    "Resources",
    "WSGIApplication",
)
autodoc_type_aliases = {name: name for name in ALIASES}
if sphinx.version_info[0] < 9:  # the last version for Python 3.10 makes no links from them
    nitpick_ignore_regex.append(("py:class", "|".join((*ALIASES, "Unpack"))))

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
smartquotes_action = "D"  # only dashes: people search for the exact lines of a console

copybutton_prompt_text = "$ "  # copy only the commands of a console
copybutton_copy_empty_lines = False

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["page.css"]
html_title = f"Flask-CORS {release}"

# Overloads are for type checkers. Readers need only one signature of `cross_origin`, not four.
_decorator = ModuleAnalyzer.for_module("flask_cors.decorator")
_decorator.analyze()
_decorator.overloads.clear()


_attributes: dict[str, list[str]] = {}


def mark_as_code(*event: Any) -> None:
    """Make code of text between single backticks, which reStructuredText would read differently."""
    _, what, name, _, _, lines = event
    text = "\n".join(lines)
    if text.startswith("Alias for field number"):  # the default docstring in a named tuple
        text = ""
    lines[:] = re.sub(r"(?<![:`])`([^`]+)`(?!`)", r"``\1``", text).split("\n")
    if what in {"attribute", "data", "property"}:
        _attributes[name] = [*lines]


def keep_colons(*event: Any) -> None:
    """Undo a mistake of Napoleon: it takes an attribute's text up to the first colon for a type."""
    _, _, name, _, _, lines = event
    lines[:] = _attributes.get(name, lines)


def name_rows(app: Sphinx, doctree: nodes.document) -> None:
    """Give each row of the tables of findings and causes an anchor: its code."""
    if app.env.docname in {"reference/findings", "reference/cli"}:
        for row in doctree.findall(nodes.row):
            codes = [code.astext() for code in row[0].findall(nodes.literal)]
            if codes and re.fullmatch("[a-z]+(-[a-z]+)*", codes[0]):
                row["ids"].append(codes[0])


def keep_words(_app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Mark code whose words fit on a phone's line, so that they do not break at a hyphen."""
    for code in doctree.findall(nodes.literal):
        if max(map(len, code.astext().split()), default=0) <= 34:
            code["classes"].append("whole")


def name_cells(app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Add the name of the column to each cell: phones show rows as blocks, without a header."""
    for table in doctree.findall(nodes.tgroup) if app.builder.format == "html" else ():
        names = [entry.astext() for head in table.findall(nodes.thead) for entry in head[0]]
        rows = [row for body in table.findall(nodes.tbody) for row in body]
        for row in rows if len(names) > 2 else ():  # two columns need no names
            for name, entry in list(zip(names, row, strict=True))[1:]:
                if name and len(entry):
                    entry[0].insert(0, nodes.inline("", f"{name}: ", classes=["column-name"]))


def keep_options(*event: Any) -> None:
    """Mark the options of commands, so that they do not break at their hyphens."""
    context = event[3]
    for commands in re.findall(
        r'<div class="highlight-(?:console|sh) .*?</pre>', context.get("body", ""), re.DOTALL
    ):
        kept = re.sub(r"(?<![\w-])--?[A-Za-z][\w-]*", r'<span class="whole">\g<0></span>', commands)
        context["body"] = context["body"].replace(commands, kept)


def setup(app: Sphinx) -> None:
    """Connect the functions above; Napoleon, between the last two, has the priority 500."""
    app.connect("doctree-read", name_rows)
    app.connect("doctree-resolved", keep_words)
    app.connect("doctree-resolved", name_cells)
    app.connect("html-page-context", keep_options)
    app.connect("autodoc-process-docstring", mark_as_code, priority=400)
    app.connect("autodoc-process-docstring", keep_colons, priority=600)
