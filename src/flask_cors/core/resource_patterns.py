"""Parsing of configured resources: paths, globs and regular expressions, with their options.

This is needed at set-up. What is needed at request time is in `resources`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import cast

from .environment import CHARACTER_CLASS, environment_mistake
from .errors import LISTS, safe_repr
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
        parts = [part.strip() for part in spec.split(",")]
        paths = parts if all(part.startswith("/") for part in parts) else [spec]
        return [(path, {}) for path in paths]
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


def read_path(raw: OptionValue) -> PathPattern | None:
    """Return the pattern of one resource; or record a problem and return `None`."""
    written = cast("Pattern", raw.value)
    if isinstance(written, str):
        wrong = _path_mistake(written)
        mistake = environment_mistake(written) if wrong is None else ("resource-path", wrong)
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


_URL = r"(?is)[a-z][a-z0-9+.-]*://[^/]*(?P<path>/.*)?"
_VARIABLE = r"(?<!\?)(?<!\?P)<[A-Za-z_][^<>]*>|(?<![$\\{N])\{[A-Za-z_][^{}]*\}|(?<=/):[A-Za-z_]\w*"
_QUERY = r"(?<![(\\])\?(?:[\w.~-]+=|\*)|(?<![(?\\])#"


_ENCODED = r"(?i)(?:%[0-9a-f]{2})+"


def _decoded(encoded: re.Match[str]) -> str:
    return bytes.fromhex(encoded[0].replace("%", "")).decode("utf-8", "replace")


def _path_mistake(text: str) -> str | None:
    """Return what is wrong with a string that looks like a path but is not one, if anything."""
    url = re.fullmatch(_URL, text)
    if url is not None:
        path = re.sub(r"[?#].*", "", url["path"] or "/*")
        return f"is a URL, but resources are paths. Write {safe_repr(path)}"
    if re.search(_VARIABLE, text):
        return (
            "looks like a route, but resources are compared with the requested path; a '*' stands "
            f"for each part that varies. Write {safe_repr(re.sub(_VARIABLE, '*', text))}"
        )
    if re.search(_ENCODED, text):
        return (
            "is percent-encoded and would match nothing: it is compared with decoded paths. "
            f"Write {safe_repr(re.sub(_ENCODED, _decoded, text))}"
        )
    if re.search(r"[\s;]/", text):
        listed = ", ".join(re.split(r"[\s;]+(?=/)", text))
        return f"is more than one path. Write commas between them: {safe_repr(listed)}"
    query = re.search(_QUERY, re.sub(CHARACTER_CLASS, lambda found: "_" * len(found[0]), text))
    if query is not None:
        return (
            "has a query or fragment, which is not part of a path, so it would match nothing. "
            f"Write {safe_repr(text[: query.start()] or '/*')}"
        )
    return None
