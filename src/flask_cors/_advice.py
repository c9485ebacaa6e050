"""Why a policy refuses a request and how to fix that, as pure functions of settings and a request.

The debug log and `flask cors explain` share this module, so that both give the same advice. Nothing
in it depends on an app.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from .core import ACL_REQUEST_HEADERS, ACL_REQUEST_METHOD, Decision, RequestHeaders
from .core.errors import safe_repr
from .core.headers import HeaderRules, has_regex_syntax, parse_names
from .core.origins import Origin, parse_origin
from .core.settings import OptionSource, Settings

CauseCode: TypeAlias = Literal[
    # reasons of a policy
    "callable-answer",
    "callable-raised",
    "credentials-off",
    "header-not-listed",
    "header-of-responses",
    "headers-too-many",
    "method-case",
    "method-not-listed",
    "origin-not-listed",
    "origin-null",
    # other reasons
    "debugger",
    "exception",
    "exception-propagated",
    "headers-by-hand",
    "headers-lost",
    "headers-twice",
    "hook",
    "login-redirect",
    "method-forbidden",
    "method-not-routed",
    "mixed-content",
    "no-policy",
    "no-server",
    "not-found",
    "not-this-app",
    "other-app",
    "preflight-left",
    "proxy",
    "redirect",
    "redirect-elsewhere",
    "redirect-null",
    "redirect-refused",
    "redirect-slash",
    "second-layer",
    "view-beside",
    "view-unseen",
]
"""The stable names of the reasons why a page does not get a response."""

_MAX_LISTED = 8  # if there are more origins, an edit does not repeat them with the one to add


class Advice(NamedTuple):
    """The cause of a refusal and the edit that fixes it. Code to write is at the end."""

    code: CauseCode
    """the stable name of the cause"""
    cause: str
    """the reason, in sentences"""
    fix: str
    """what to do about it"""


# Options as they are written ----------------------------------------------------------------------


def in_python(pattern: str) -> str:
    """Return a regular expression as Python code."""
    return "r" + safe_repr(pattern).replace(r"\\", "\\")


def name_of(function: object) -> str:
    """Return the name of a callable in the source code."""
    return str(getattr(function, "__name__", type(function).__name__))


def format_rules(rules: object, *more: str, most: int = 1000) -> str:
    """Return the value of a list option as Python code, with `more` items added.

    After `most` items, the rest are left out.
    """
    if getattr(rules, "any", False):
        return "'*'"
    names = set(more)
    for part in ("exact", "wildcards", "names", "globs"):
        names.update(getattr(rules, part, ()))
    items = [repr(name) for name in sorted(names)]
    items += [in_python(regex.pattern) for regex in getattr(rules, "regexes", ())]
    items += [name_of(function) for function in getattr(rules, "predicates", ())]
    if len(items) > most:
        items[most:] = [f"... {len(items) - most} more"]
    return f"[{', '.join(items)}]"


def format_options(settings: Settings, most: int = 1000) -> dict[str, str]:
    """Return `origins`, and the options that differ from their defaults, as Python code."""
    found: dict[str, str] = {}
    for field in fields(settings):
        value: object = getattr(settings, field.name)
        if not field.compare or (value == field.default and field.name != "origins"):
            continue
        if field.name == "expose_headers":
            value = HeaderRules(names=frozenset(settings.expose_headers))
        listed = hasattr(value, "any")
        found[field.name] = format_rules(value, most=most) if listed else repr(value)
    return found


def write_options(settings: Settings, options: Mapping[str, str], source: str = "") -> str:
    """Return the edit that sets options to other values: where to write, and what.

    Args:
        settings: the settings to change.
        options: the new values, as Python code.
        source: the name of the policy (`cross_origin on items`), if its options are not written
            anywhere.
    """
    edits: dict[str, list[str]] = {}
    for option, value in options.items():
        place, written = _place_of(option, settings.sources, source)
        edits.setdefault(place, []).append(written.format(value))
    return ". ".join(
        f"{place}: Write {', '.join(written)}" if place else f"Write {', '.join(written)}"
        for place, written in edits.items()
    )


def _place_of(option: str, sources: Mapping[str, OptionSource], source: str) -> tuple[str, str]:
    """Return the place where an option is written, or belongs, and the code to write there."""
    found = sources.get(option) or _likely_place(sources)
    prefix, line = (found.prefix, found.place) if found else ("", "")
    at = f" ({line})" if line else ""
    if prefix.endswith("."):
        return f"In {prefix[:-1]}{at}", f"{option!r}: {{}}"
    if prefix:
        return "In the app's configuration", f"{prefix}{option.upper()} = {{}}"
    if source.startswith("cross_origin"):
        return f"In @{source}{at}", f"{option}={{}}"
    return (f"In CORS(){at}" if at else ""), f"{option}={{}}"


def _likely_place(sources: Mapping[str, OptionSource]) -> OptionSource | None:
    """Return the place where a missing option belongs: that of the policy's other options.

    The strongest place is taken: a resource's own options, then the keywords, then the keys.
    """
    places = [*sources.values()]
    return next(
        (place for fits in _STRENGTHS for place in places if fits(place.prefix)),
        None,
    )


_STRENGTHS: tuple[Callable[[str], bool], ...] = (
    lambda prefix: prefix.endswith("."),  # a resource
    lambda prefix: not prefix,  # keywords
    bool,  # keys of the configuration
)


# Where an exception comes from --------------------------------------------------------------------

_NOT_APP_FILES = (str(Path(traceback.__file__).parent), str(Path(__file__).parent), "<")


def _was_raised_by_this_package(error: BaseException) -> bool:
    """Return whether no function of the app was running when an exception was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and all(frame.filename.startswith(_NOT_APP_FILES) for frame in frames)


def line_of(error: BaseException) -> str:
    """Return the file and line of the app at which an exception was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_APP_FILES)]
    own = [frame for frame in own if "site-packages" not in frame.filename]
    frame = (own or frames)[-1]
    # With its folder if it is not the app's: Flask's app.py must not look like the app's own.
    name = "/".join(Path(frame.filename).parts[-1 if own else -2 :])
    return f"{name}, line {frame.lineno}"


def line_of_function(function: object) -> str:
    """Return the file and line of a function, or an empty string if it has no source code."""
    code = getattr(function, "__code__", None)
    return f"{Path(code.co_filename).name}, line {code.co_firstlineno}" if code else ""


class Function(NamedTuple):
    """The name and place of a function of the app."""

    name: str
    line: str
    """`app.py, line 12`; empty if it is unknown"""

    def __str__(self) -> str:
        """Return the name, with the line if it is known."""
        return f"{self.name} ({self.line})" if self.line else self.name


def function_at(function: object) -> Function:
    """Return the name and place of a function, below its decorators."""
    inner = unwrapped(function)
    return Function(name_of(inner), line_of_function(inner))


def function_of_view(view: object, method: str) -> Function:
    """Return the function that handles a method: the view, or a method of its class."""
    view_class: type | None = getattr(view, "view_class", None)
    handler = getattr(view_class, method.lower(), None)
    if handler is None or view_class is None:
        return function_at(view)
    found = function_at(handler)
    return found._replace(name=f"{view_class.__name__}.{found.name}")


def unwrapped(function: object) -> object:
    """Return the function or class below decorators that set `__wrapped__`, `func` or the like."""
    inner = getattr(function, "view_class", function)
    for _ in range(20):  # bounded: `__wrapped__` may refer to the function itself
        inner = getattr(inner, "func", None) or getattr(inner, "__wrapped__", inner)
    return inner


# Routes without a policy --------------------------------------------------------------------------


def allow_rule(
    rule: str,
    view: Function,
    *origins: str,
    others: Iterable[str] = (),
    credentials: bool = False,
    by_decorator: bool = False,
) -> str:
    """Return the edit that allows origins to use a URL rule, and nothing else.

    Args:
        rule: the URL rule.
        view: the function of its view.
        origins: the origins to allow.
        others: the other URL rules of the app, which the edit must not open.
        credentials: whether requests are made with credentials.
        by_decorator: whether the app uses `cross_origin` and not `CORS`.
    """
    pattern = resource_of_rule(rule, others)
    if pattern is None or by_decorator:
        return decorate(view, *origins, credentials=credentials)
    return allow_resource(pattern, *origins, credentials=credentials)


VARIABLE = re.compile(r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\(.*?\))?:)?(?P<name>[a-zA-Z]\w*)>")
"""A variable part of a URL rule, as Werkzeug reads it."""


def resource_of_rule(rule: str, others: Iterable[str] = ()) -> str | None:
    """Return the resource that covers a URL rule; `None` if it would cover other paths too.

    Args:
        rule: the URL rule.
        others: the other URL rules of the app.
    """
    pattern = VARIABLE.sub("*", rule)
    if pattern != "/" and pattern.endswith("/"):
        pattern += "*"  # also covers the redirect from the URL without the slash
    covers_everything = not pattern.strip("/*")
    if (covers_everything and pattern != "/") or has_regex_syntax(pattern):
        return None
    for other in others:
        # The path of a rule without variables belongs to that rule, whatever else matches it.
        if other == rule or ("*" in pattern and may_match(pattern, other)):
            return None
    return pattern


# The characters of a variable part; those of other converters may be any, slashes too.
_CHARACTERS = {
    None: "[^/]",
    "any": "[^/]",
    "float": r"[-.\d]",
    "int": r"[-\d]",
    "string": "[^/]",
    "uuid": "[-0-9a-fA-F]",
}


def may_match(pattern: str, rule: str) -> bool:
    """Return whether a resource, as a path or glob, may match a path of a URL rule.

    It is known of a variable part only which characters it has.
    """
    start, first = pattern.removesuffix("/*").partition("*")[0], rule.partition("<")[0]
    if not (start.startswith(first) or first.startswith(start)):
        return False  # an app may have thousands of rules and resources
    return any(_meet(glob, _parts(rule)) for glob in {pattern, pattern.removesuffix("/*")})


@lru_cache(maxsize=4096)
def _parts(rule: str) -> tuple[str, ...]:
    """Return the characters of a rule's paths as expressions; a set of them may be repeated."""
    parts: list[str] = []
    end = 0
    for variable in VARIABLE.finditer(rule):
        parts += map(re.escape, rule[end : variable.start()])
        parts.append(_CHARACTERS.get(variable["converter"], r"[\s\S]"))
        end = variable.end()
    return (*parts, *map(re.escape, rule[end:]))


def _meet(glob: str, parts: Sequence[str]) -> bool:
    """Return whether a glob matches a text of given characters and of repeated ones of a set."""
    seen: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        at = todo.pop()
        if at == (len(glob), len(parts)):
            return True
        if at not in seen:
            seen.add(at)
            todo += _steps(glob, parts, *at)
    return False


def _steps(glob: str, parts: Sequence[str], index: int, place: int) -> Iterator[tuple[int, int]]:
    """Yield the places in a glob and in a text after one more character of the text."""
    sign = glob[index : index + 1]
    if sign == "*":
        yield index + 1, place
    if not sign or place == len(parts):
        return
    part, after = parts[place], index + (sign != "*")
    if sign == "*" or re.fullmatch(part, sign):
        yield after, place + 1
        if part.startswith("["):
            yield after, place


def allow_resource(pattern: str, *origins: str, credentials: bool = False) -> str:
    """Return the edit that allows origins to use the paths of a resource."""
    return f"Write CORS(app, resources={list_resource(pattern, *origins, credentials=credentials)})"


def list_resource(pattern: str, *origins: str, credentials: bool = False) -> str:
    """Return the value of `resources` that allows origins to use the paths of one."""
    options: dict[str, object] = {"origins": [*origins]}
    if credentials:
        options["supports_credentials"] = True
    return f"{{{pattern!r}: {options}}}"


def decorate(view: Function, *origins: str, credentials: bool = False) -> str:
    """Return the edit that gives a view its own policy."""
    options = list_origins(*origins, credentials=credentials)
    return f"Write directly above {view}: @cross_origin({options})"


def list_origins(*origins: str, credentials: bool = False) -> str:
    """Return the options that allow origins, as keywords."""
    return f"origins={[*origins]}" + (", supports_credentials=True" if credentials else "")


# Reasons of a policy ------------------------------------------------------------------------------


def explain_refusal(
    decision: Decision, settings: Settings, headers: RequestHeaders, source: str
) -> Advice | None:
    """Return why a policy refuses a request, and what to write instead.

    Args:
        decision: the decision of the policy.
        settings: the settings of the policy.
        headers: the header fields of the request.
        source: the name of the policy: `resource '/api/*'`, `cross_origin on items`.

    Returns:
        The advice, or `None` if the request is granted.
    """
    if decision.outcome == "origin":
        origin = headers.get("Origin") or ""
        return _refused_origin(settings, origin, source, decision.error)
    if decision.outcome == "method":
        return _refused_method(settings, headers.get(ACL_REQUEST_METHOD) or "", source)
    if decision.outcome == "headers":
        return _refused_headers(settings, headers.get(ACL_REQUEST_HEADERS) or "", source)
    return None


def explain_credentials(settings: Settings, origin: str, source: str) -> Advice:
    """Return the advice for a request with credentials that a policy does not support."""
    options = {"supports_credentials": "True"}
    if settings.origins.any:
        options["origins"] = f"[{origin!r}]"
    return Advice(
        "credentials-off",
        f"The request includes credentials, which {source} does not support.",
        write_options(settings, options, source),
    )


def _refused_origin(
    settings: Settings, origin: str, source: str, error: Exception | None
) -> Advice:
    rules, shown = settings.origins, safe_repr(origin)[1:-1]
    if error is not None and _was_raised_by_this_package(error):
        function = rules.predicates[0]
        line = line_of_function(function)
        return Advice(
            "callable-answer",
            f"The origin callable of {source}, {name_of(function)}{f' ({line})' if line else ''}: "
            f"{error}.",
            "Make it return True or False.",
        )
    if error is not None:
        return Advice(
            "callable-raised",
            f"The origin callable of {source} raised {type(error).__name__}: {error}{_at(error)}.",
            "Fix it: a callable that raises allows no origin.",
        )
    if origin == "null":
        return Advice(
            "origin-null",
            "The page has no origin: it is a local file, or it is in a sandboxed frame.",
            "Serve it from a web server: python -m http.server",
        )
    cause = f"{shown} is not among the origins of {source}: {format_rules(rules, most=5)}."
    wanted = parse_origin(origin)
    if wanted is None:
        return Advice(
            "origin-not-listed",
            f"{cause} Browsers do not send an origin like this.",
            "Use an origin as browsers send it: https://app.example",
        )
    known = sorted(rules.exact | rules.wildcards)
    hint = next(filter(None, (_difference(name, wanted) for name in known)), "")
    if regex := rules.near_miss(origin):
        hint += f" {in_python(regex)} matches only its start, but has to match the whole origin."
        if wanted.host in _LOOPBACK:
            shown = f"{wanted.scheme}://{wanted.host}:*"
    return Advice("origin-not-listed", cause + hint, _origin_edit(settings, shown, wanted, source))


def _origin_edit(settings: Settings, origin: str, wanted: Origin, source: str) -> str:
    """Return the edit that allows an origin, and no other one."""
    rules = settings.origins
    if wanted.scheme == "http" and settings.supports_credentials and not _is_loopback(wanted.host):
        # The threat: without encryption, anyone on the network can pretend to be the origin, and
        # act as the user who is logged in.
        secure = f"https://{wanted.host}" + (f":{wanted.port}" if wanted.port else "")
        if secure in rules.exact:
            return f"Open the page with https: {secure}"
        return f"Open the page with https, and allow that: {_add_origin(settings, secure, source)}"
    if rules.predicates:
        function = rules.predicates[-1]
        line = line_of_function(function)
        at = f" ({line})" if line else ""
        return f"Make {name_of(function)}{at} return True for {origin!r}"
    return _add_origin(settings, origin, source)


def _add_origin(settings: Settings, origin: str, source: str) -> str:
    rules = settings.origins
    if len(rules.exact | rules.wildcards) < _MAX_LISTED:
        return write_options(settings, {"origins": format_rules(rules, origin)}, source)
    place, written = _place_of("origins", settings.sources, source)
    name = re.sub(r"\W*\{\}", "", written).strip("'")
    return f"{place or 'Where it is written'}: Add to {name}: {origin!r}"


def _at(error: Exception) -> str:
    return f" ({line_of(error)})" if error.__traceback__ else ""


_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def _is_loopback(host: str) -> bool:
    return host in _LOOPBACK or host.endswith(".localhost")


def _difference(known: str, wanted: Origin) -> str:
    """Return how an origin differs from an allowed one, if the difference is small."""
    parts = parse_origin(known.replace("://*.", "://", 1)) or Origin("", "", "")
    differing = [name for name in Origin._fields if getattr(parts, name) != getattr(wanted, name)]
    if not differing:
        return f" {known} allows subdomains, but not the domain itself."
    if differing == ["host"] and _LOOPBACK.issuperset({parts.host, wanted.host}):
        return f" To a browser, {parts.host} and {wanted.host} are different hosts."
    if differing == ["host"] and wanted.host.removeprefix("www.") == parts.host.removeprefix(
        "www."
    ):
        return f" With and without www they are different hosts: {known}."
    if differing in (["scheme"], ["port"]):
        return f" Only the {differing[0]} differs from {known}."
    if differing == ["scheme", "port"]:
        return f" Only the scheme and the port differ from {known}."
    return ""


def _refused_method(settings: Settings, method: str, source: str) -> Advice:
    rules, shown = settings.methods, safe_repr(method)[1:-1]
    if method.upper() in rules.names:
        return Advice(
            "method-case",
            f"{shown} is not {method.upper()}, and browsers do not change it to upper case.",
            f"In the script, write method: {method.upper()!r}",
        )
    return Advice(
        "method-not-listed",
        f"{shown} is not among the methods of {source}: {format_rules(rules)}.",
        write_options(settings, {"methods": format_rules(rules, shown)}, source),
    )


def _refused_headers(settings: Settings, asked: str, source: str) -> Advice:
    rules, names = settings.allow_headers, parse_names(asked)
    if names is None:
        return Advice(
            "headers-too-many",
            "The preflight asks for too many headers.",
            "Send fewer headers from the script.",
        )
    missing = [safe_repr(name)[1:-1] for name in names if not rules.allow(name)]
    misplaced = [name for name in missing if name.lower().startswith("access-control-")]
    if misplaced:
        return Advice(
            "header-of-responses",
            f"The script sends {', '.join(misplaced)}, which only responses have: "
            "a page cannot allow itself.",
            f"In the script, remove {', '.join(misplaced)}",
        )
    are = "is" if len(missing) == 1 else "are"
    return Advice(
        "header-not-listed",
        f"{', '.join(missing)} {are} not among the allow_headers of {source}: "
        f"{format_rules(rules)}.",
        write_options(settings, {"allow_headers": format_rules(rules, *missing)}, source),
    )
