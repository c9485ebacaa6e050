"""Strings that come from an environment unfinished: quoted, listed as text, with placeholders.

People configure by variables, files and templates, and what comes out of these is not always what
went in. As a regular expression such a string is often valid, so it has to be told first.
"""

import re

from .errors import Code, safe_repr

# Texts, which `re` compiles when they are first tried: most apps never need them.
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
SET_OF_CHARACTERS = r"\[\^?\]?(?:[^\]\\]|\\.)*\]"  # in a regular expression
_PLACEHOLDER = r"""(?x)
    (?<!\\)\$(?:\{|\((?!\?)|[A-Za-z_])         # of shells, Docker, systemd, PowerShell
    | %[A-Za-z_]\w*% | %\(\w+\)s               # of Windows, of Python
    | \{\{ | \{% | (?<!\\N)\{[A-Za-z_][\w.]*\}  # of templates, of `str.format`
    | (?<!\?)(?<!\?P)<[A-Za-z_][\w .-]*>       # of documentation; not `(?P<name>`
    | __[A-Z][A-Z0-9_]*__ | @[A-Z][A-Z0-9_]*@  # of build tools
    """
_LISTED = r"[\[({]\s*[rbu]?[\"']|\{|\[\]|\(\)"


def environment_slip(text: str) -> tuple[Code, str] | None:
    """Return what is wrong with a string that came from an environment unfinished, if anything.

    As a regular expression such a text is often valid, and matches nothing or too much.
    """
    text = text.strip()
    placeholder = re.search(_PLACEHOLDER, re.sub(SET_OF_CHARACTERS, "[]", text))
    if placeholder is not None:
        found = safe_repr(placeholder[0])[1:-1]
        text = "has a placeholder that nobody filled in"
        return "value-placeholder", f"{text}, at {found}. Fill it in, or write the value itself"
    if _is_list_as_text(text):
        return "value-list", _about_a_list(text)
    if text[0] in _QUOTES or text[-1] in _QUOTES or re.match("[rbu][\"']", text):
        bare = re.sub("^[rbu](?=[\"'])", "", text)
        bare = ",".join(part.strip().strip(_QUOTES) for part in bare.split(","))
        return "value-quoted", f"has quotes too many. Write it without: {safe_repr(bare)[1:-1]}"
    return None


def _is_list_as_text(text: str) -> bool:
    """Return whether a string is a list, tuple, set or mapping as Python, JSON or YAML write it."""
    if text[0] not in "[({" or text[-1] not in "])}":
        return False
    inner = text[1:-1]
    unquoted = (
        text[0] == "[" and ("://" in inner or "," in inner) and not re.search(r"[\[\]]", inner)
    )
    return unquoted or re.match(_LISTED, text) is not None


def _about_a_list(text: str) -> str:
    if re.match(r"\{.*[\"']\s*:", text, re.DOTALL):
        return "is a mapping written as text. Read it first, for instance with json.loads(...)"
    parts = [part.strip().strip(_QUOTES) for part in text[1:-1].split(",")]
    written = safe_repr(",".join(filter(None, parts)))[1:-1] or "[] in Python"
    return (
        "is a list written as text. Write a list, or in an environment its items with commas "
        f"between, without brackets and quotes: {written}"
    )
