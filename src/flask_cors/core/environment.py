"""Mistakes in strings that come from an environment: placeholders, lists as strings, extra quotes.

Environment variables, files and templates sometimes deliver a string that is not the value that was
meant. Such a string is often a valid regular expression, so it must be recognized before it is
compiled as one.
"""

import re

from .errors import Code, safe_repr

# Plain strings: `re` compiles them when they are first used, and most apps never need them.
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
CHARACTER_CLASS = r"\[\^?\]?(?:[^\]\\]|\\.)*\]"  # in a regular expression
_PLACEHOLDER = r"""(?x)
    (?<!\\)\$(?:\{[^{}]*\}?|\((?!\?)\w*\)?|[A-Za-z_]\w*)  # of shells, Docker, PowerShell
    | %[A-Za-z_]\w*% | %\(\w+\)s               # of Windows, of Python
    | \{\{[^{}]*\}{0,2} | \{%[^{}]*\}?         # of templates
    | (?<!\\N)\{[A-Za-z_][\w.]*\}              # of `str.format`
    | (?<!\?)(?<!\?P)<[A-Za-z_][\w .-]*>       # of documentation; not `(?P<name>`
    | __[A-Z][A-Z0-9_]*__ | @[A-Z][A-Z0-9_]*@  # of build tools
    """
_LIST_START = r"[\[(]\s*[rbu]?[\"']|\{|\[\]|\(\)"
# A whole string in one pair of brackets: as a class of characters, it would match a single one. But
# `[a-z]` and `[::1]` are no lists.
_UNQUOTED_LIST = r"""(?x)
    \[ (?: [^\[\]]*(?:://|,)[^\[\]]* | [^^\[\]\\]*/[^\[\]\\]* | \* | [\w.*-]*[^\W_]{3}[\w.*-]* ) \]
    """


def environment_mistake(text: str) -> tuple[Code, str] | None:
    """Return the code and message of a mistake in a string from an environment, if there is one.

    Compiled as a regular expression, such a string would match nothing or too much.
    """
    text = text.strip()
    placeholder = re.search(_PLACEHOLDER, re.sub(CHARACTER_CLASS, "[]", text))
    if placeholder is not None:
        found = safe_repr(placeholder[0])[1:-1]
        text = f"has a placeholder that was not filled in: {found}"
        return "value-placeholder", f"{text}. Fill it in, or write the value itself"
    if _is_list_as_text(text):
        return "value-list", _list_message(text)
    if text[0] in _QUOTES or text[-1] in _QUOTES:
        return "value-quoted", f"has extra quotes. Write it without them: {_without_quotes(text)}"
    return None


def _without_quotes(text: str) -> str:
    """Return the items between the commas of `text` without quotes and prefixes of Python."""
    parts = [re.sub("^[rbu](?=[\"'])", "", part.strip()).strip(_QUOTES) for part in text.split(",")]
    return safe_repr(",".join(filter(None, parts)))[1:-1]


def _is_list_as_text(text: str) -> bool:
    """Return whether a string is a list, tuple, set or mapping in Python, JSON or YAML syntax."""
    if text[-1] not in "])}":
        return False
    return re.match(_LIST_START, text) is not None or re.fullmatch(_UNQUOTED_LIST, text) is not None


def _list_message(text: str) -> str:
    if re.match(r"\{.*[\"']\s*:", text, re.DOTALL):
        return "is a mapping written as a string. Parse it first, for example with json.loads(...)"
    written = _without_quotes(text[1:-1]) or "[] in Python"
    return (
        "is a list written as a string. Write a list, or in an environment variable only its "
        f"items, separated by commas, without brackets or quotes: {written}"
    )
