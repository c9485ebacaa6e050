"""Parsing of configured resources: paths, globs and regular expressions, with their options.

This is needed at set-up. What is needed at request time is in `resources`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from .environment import CHARACTER_CLASS, environment_mistake
from .errors import LISTS, Problems, safe_repr
from .headers import ALL_METHODS, has_regex_syntax
from .options import RESOURCE_OPTIONS, Pattern, SupportsItems
from .origin_patterns import REGEX_ERRORS
from .resources import PathPattern, without_dot_segments
from .validation import OptionValue, check_match_time, has_items, is_text_pattern, pattern_text

_AS_A_MAPPING = "{'/*': {'origins': ['https://app.example']}}"


def read_resources(raw: OptionValue) -> list[tuple[Pattern, Mapping[str, object]]]:
    """Return the patterns of `resources`, each with its own options."""
    found: list[tuple[Pattern, Mapping[str, object]]] = []
    for written, options in _pairs_of(raw):
        path = written.strip() if isinstance(written, str) else written
        if path is None or path == "":
            raw.has_environment_mistake(written)
        elif isinstance(path, str) and path in RESOURCE_OPTIONS:
            text = f"is an option, not a path. Write the path before its options: {_AS_A_MAPPING}"
            raw.error("resource-type", text, path)
        elif not isinstance(path, str) and not is_text_pattern(path):
            raw.error("resource-type", _resource_mistake(path), path)
        elif not has_items(options):
            label = f"{raw.name}[{safe_repr(pattern_text(path))}]"
            text = f"is not a mapping of options. Write {_probable_options(options)}"
            raw._replace(name=label).error("resource-type", text, options)
        else:
            given = cast("SupportsItems[str, object]", options)
            found.append((path, dict(given.items())))
    return found


def _pairs_of(raw: OptionValue) -> Iterable[tuple[object, object]]:
    """Return the entries of `resources` in any of its forms, each with its options."""
    spec = raw.value
    if has_items(spec):
        try:
            pairs = cast("SupportsItems[object, object]", spec).items()
            return [(path, options) for path, options in pairs]
        except (TypeError, ValueError):
            text = f"has items that are not pairs. Write a mapping: {_AS_A_MAPPING}"
            raw.error("resource-type", text)
            return []
    if isinstance(spec, str):
        if not spec.lstrip().startswith("/") and raw.has_environment_mistake(spec):
            return []
        return [(path, {}) for path in _split(spec, _COMMA)]
    if isinstance(spec, Iterable) and not isinstance(spec, bytes):
        return [(path, {}) for path in cast("Iterable[object]", spec)]
    return [(spec, {})]


def _resource_mistake(path: object) -> str:
    parts = cast("Iterable[object]", path) if isinstance(path, LISTS) else ()
    if has_items(path) or any(map(has_items, parts)):
        return f"is not a path pattern. Write one mapping from paths to options: {_AS_A_MAPPING}"
    return (
        f"is not a path pattern. Write '/api/*', a list of patterns, or a mapping: {_AS_A_MAPPING}"
    )


def _probable_options(value: object) -> str:
    """Return the options that were probably meant: a string or list is meant as the origins."""
    if isinstance(value, (str, *LISTS)) and value:
        return f"{{'origins': {safe_repr(value)}}}"
    return "{'origins': ['https://app.example']}, or {} for no options of its own"


def read_path(raw: OptionValue, resources: object = None) -> PathPattern | None:
    """Return the pattern of one resource; or record a problem and return `None`.

    Args:
        raw: the pattern.
        resources: the value of the option, in which the pattern is written.
    """
    written = cast("Pattern", raw.value)
    if isinstance(written, str):
        wrong = _path_mistake(written)
        if wrong is not None:
            text = f"{raw.name} {wrong.text}. {_remedy(wrong, resources)}"
            raw.problems.error("resource-path", "resources", written, text)
            return None
        mistake = environment_mistake(written)
        if mistake is not None:
            code, text = mistake
            raw.problems.error(code, "resources", written, f"{raw.name} {text}")
            return None
    try:
        path = PathPattern.read(written)
    except REGEX_ERRORS as error:
        message = f"{raw.name} is not a valid regular expression ({error}). Write '/api/*'"
        raw.problems.error("pattern-regex", "resources", written, message)
        return None
    if path.regex is not None:
        check_match_time(path.regex, raw, raw.name, written, instead="'/api/*'")
    if not path.reachable:
        likely = "/api/*" if path.regex else without_dot_segments(f"/{path.text}")
        raw.problems.warning(
            "resource-unmatchable",
            "resources",
            written,
            f"{raw.name} cannot match any path: every path starts with one '/' and has no dot "
            f"segments or double slashes. Write {safe_repr(likely)}",
        )
    return path


# Strings that look like a path but are not one ----------------------------------------------------


class _Mistake(NamedTuple):
    """What is wrong with a string that looks like a path."""

    text: str
    paths: list[str]
    """what was probably meant, which can be wrong in another way"""


def _remedy(mistake: _Mistake, resources: object) -> str:
    paths = _corrected(mistake.paths)
    if not paths:
        return "Write a path such as '/api/*'"
    if len(paths) == 1:
        return f"Write {safe_repr(paths[0])}"
    if isinstance(resources, str):
        return f"Write commas between them: {safe_repr(', '.join(paths))}"
    listed = ", ".join(map(safe_repr, paths))
    return f"Write one {'key' if has_items(resources) else 'item'} for each: {listed}"


def _corrected(texts: list[str], tries: int = 8) -> list[str]:
    """Return the paths that were probably meant, all of which are accepted; or none at all."""
    found = [_corrected_path(text, tries - 1) for text in texts if tries]
    return [path for paths in found for path in paths] if all(found) else []


def _corrected_path(text: str, tries: int) -> list[str]:
    mistake = _path_mistake(text)
    if mistake is not None:
        return _corrected(mistake.paths, tries)
    found = Problems()
    path = read_path(OptionValue("resources", "resources", text, found))
    if path is not None and not path.reachable:
        return _corrected([f"/{text}" if path.regex else without_dot_segments(f"/{text}")], tries)
    return [] if found.errors or found.warnings else [text]


def _path_mistake(text: str) -> _Mistake | None:
    """Return what is wrong with a string that looks like a path but is not one, if anything."""
    if re.search(_ENCODED, text):
        what = "is percent-encoded and would match nothing: it is compared with decoded paths"
        return _other_mistake(text) or _Mistake(what, [_decoded_path(text)])
    return _other_mistake(text)


def _other_mistake(text: str) -> _Mistake | None:
    """Return a mistake that is no encoding."""
    finders = (_url, _several, _query, _glob_with_end, _route, _bare_query)
    return next(filter(None, (find(text) for find in finders)), None)


# What has a meaning of its own in a regular expression: an escaped character, a class of characters
# and a quantifier with braces.
_REGEX_ITEM = rf"(?s)\\N\{{[^{{}}]*\}}|\\.|{CHARACTER_CLASS}|\{{(?:[0-9]+(?:,[0-9]*)?|,[0-9]*)\}}"
_GROUP = r"\([^()]*\)"
_COMMA = r",(?![\w.~%?*+{-])|(?<=/\*),"  # not the one in `/points/1,2` or `/a,?b`


def _masked(text: str, pattern: str = _REGEX_ITEM) -> str:
    """Return `text` with each match of `pattern` replaced by as many underscores."""
    return re.sub(pattern, lambda found: "_" * len(found[0]), text)


def _split(text: str, separator: str) -> list[str]:
    """Return the parts of `text` between separators outside of classes, groups and escapes."""
    masked, before = _masked(text), ""
    while masked != before:
        masked, before = _masked(masked, _GROUP), masked
    cuts = [found.span() for found in re.finditer(separator, masked)]
    begins, ends = [0, *(end for _, end in cuts)], [*(begin for begin, _ in cuts), len(text)]
    return [text[begin:end].strip() for begin, end in zip(begins, ends, strict=True)]


_URL = r"(?is)[a-z][a-z0-9+.-]*://[^/]*(?P<path>/.*)?"


def _url(text: str) -> _Mistake | None:
    url = re.fullmatch(_URL, text)
    if url is None:
        return None
    path = re.sub(r"[?#].*", "", url["path"] or "/*")
    return _Mistake("is a URL, but resources are paths", [path])


def _several(text: str) -> _Mistake | None:
    parts = _split(text, r"[\s;,]+(?=/)|(?<=/\*)[;,]|[;,]\s*$")
    if len(parts) == 1:
        return None
    paths = [part for part in parts if not {*re.split(r"\W+", part)} <= {"", *ALL_METHODS}]
    return _Mistake(f"is more than {'one' if len(paths) > 1 else 'a'} path", paths)


_QUERY = r"(?<!\()\?(?:[\w.~-]+=|\*|\{)|(?<![(?])#"
# A `?` at the end, or before one word, in a string without any other syntax of expressions.
_LITERAL = r"[^\\^$\[\](){}?|*]"
_BARE_QUERY = rf"(?s)(?P<path>(?:{_LITERAL}|(?<!\.)\*)*(?:(?![/+.]){_LITERAL}|/\*))\?[\w&;%~-]*"


def _query(text: str) -> _Mistake | None:
    query = re.search(_QUERY, _masked(text))
    if query is None:
        return None
    what = "has a query or fragment, which is not part of a path, so it would match nothing"
    return _Mistake(what, [text[: query.start()] or "/*"])


def _bare_query(text: str) -> _Mistake | None:
    query = re.fullmatch(_BARE_QUERY, text)
    if query is None:
        return None
    regex = safe_repr(f"^{text}")
    what = f"has a query, which is not part of a path (a regular expression would be {regex})"
    return _Mistake(what, [query["path"]])


def _glob_with_end(text: str) -> _Mistake | None:
    if not text.endswith("/*$"):
        return None
    head = text.removeprefix("^").removesuffix("/*$")
    path = f"{head}(/.*)?$" if has_regex_syntax(head) else f"{head}/*"
    return _Mistake("repeats only the last '/': '/*' has another meaning before '$'", [path])


_VARIABLE = r"""(?x) (?:
    (?<!\?)(?<!\?P)<[A-Za-z_][^<>]*>              # Flask, Django
    | (?<![${])\{(?!%)[^{}'"]*\}                  # FastAPI, OpenAPI, ASP.NET
    | (?<=/):[A-Za-z_]\w*(?:\([^()]*\))?          # Express, Rails
    | (?<=/)\*[A-Za-z]\w*(?=/|$)
    ) (?:[?*+](?=/|$))?
    """
_BRACKETS = r"(?<=/)\[{1,2}(?P<dots>\.\.\.)?(?P<name>[A-Za-z_]\w*)\]{1,2}(?=/|\?\w*$|$)"  # Next.js


def _route(text: str) -> _Mistake | None:
    found = [each for each in re.finditer(_BRACKETS, text) if _is_name(each)]
    found += re.finditer(_VARIABLE, _masked(text))
    if not found:
        return None
    found.sort(key=lambda each: each.start())
    begins = [0, *(each.end() for each in found)]
    fixed = [text[begin : each.start()] for begin, each in zip(begins, found, strict=False)]
    last, _, query = text[begins[-1] :].partition("?")
    regex = has_regex_syntax("".join([*fixed, last]))
    any_text = "[^/]*" if regex else "*"
    parts = [
        before + _wildcard(each[0], any_text) for before, each in zip(fixed, found, strict=True)
    ]
    path = "".join(parts) + last + (f"?{query}" if query and regex else "")
    return _Mistake(
        "looks like a route, but resources are compared with the requested path; a '*' stands "
        "for each part that varies",
        [path],
    )


def _wildcard(variable: str, any_text: str) -> str:
    """Return what stands for a variable of a route: nothing for one in the query."""
    if variable.startswith(("{?", "{&", "{#")):
        return ""
    return f"/{any_text}" if variable.startswith("{/") else any_text


def _is_name(found: re.Match[str]) -> bool:
    """Return whether brackets hold a name, not a class of characters such as `[ab]` or `[aA]`."""
    letters = [*found["name"].lower()]
    return bool(found["dots"]) or (len({*letters}) > 1 and letters != sorted(letters))


_ENCODED = r"(?i)(?<!\\)(?:%[0-9a-f]{2})+"


def _decoded_path(text: str) -> str:
    """Return an encoded path decoded; as an expression if special characters result."""
    if has_regex_syntax(text):
        return re.sub(_ENCODED, lambda found: _escaped(_decoded(found)), text)
    path = re.sub(_ENCODED, _decoded, text)
    special = re.search(r"[*,]", "".join(map(_decoded, re.finditer(_ENCODED, text))))
    unclear = has_regex_syntax(path) or re.search(_ENCODED, path) or _other_mistake(path)
    if path == path.strip() and not (special or unclear or environment_mistake(path)):
        return path
    head = text.removesuffix("/*")
    regex = re.sub(rf"{_ENCODED}|[^\w/-]", _as_regex, head)
    return f"{regex}$" if head == text else f"{regex}(/.*)?$"


def _decoded(encoded: re.Match[str]) -> str:
    return bytes.fromhex(encoded[0].replace("%", "")).decode("utf-8", "replace")


def _as_regex(found: re.Match[str]) -> str:
    if found[0] == "*":
        return "[^/]*"
    return _escaped(_decoded(found) if found[0].startswith("%") else found[0])


def _escaped(text: str) -> str:
    return re.sub(r"[^\w/-]", r"\\\g<0>", text)
