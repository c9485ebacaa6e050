"""Laws that hold for any configuration and any request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, get_args

import pytest
from flask import Blueprint, Flask
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from flask_cors import CORS, ConfigurationError, cross_origin
from flask_cors.asgi import CORSMiddleware as ASGIMiddleware
from flask_cors.core import Decision, Policy, Problem
from flask_cors.core.errors import Code
from flask_cors.wsgi import CORSMiddleware as WSGIMiddleware
from flask_cors.wsgi import decide

from ..support.found import ASKED, OPTIONS, ORIGINS
from ..support.strategies import (
    ALLOW_ORIGIN,
    CHANGES,
    CREDENTIALS,
    DEFAULT_PORTS,
    PROPERTY_SETTINGS,
    TOKEN,
    Asked,
    Configuration,
    Entry,
    Line,
    Options,
    any_options,
    cases,
    changed,
    configurations,
    elements,
    entry_lists,
    environ_of,
    examples,
    ignore_cors_warnings,
    near,
    normalized,
    origins,
    requested_names,
    requests,
    serialized,
    site_of,
    values,
    written_origins,
)

pytestmark = pytest.mark.slow


def decided(configuration: Configuration, asked: Asked) -> Decision:
    return Policy.from_options(**configuration.options).decide(asked.method, asked.fields)


def told(decision: Decision) -> tuple[object, ...]:
    """Return a decision with what compares: exceptions do by their type."""
    return (decision.kind, decision.outcome, decision.headers, decision.vary, type(decision.error))


# What is sent -------------------------------------------------------------------------------------

NAMED = "Access-Control-Allow-"


REQUEST_METHOD = "Access-Control-Request-Method"
REQUEST_HEADERS = "Access-Control-Request-Headers"
REQUEST_PRIVATE = "Access-Control-Request-Private-Network"
ASKED_FIELDS = ("Origin", REQUEST_METHOD, REQUEST_HEADERS)


def varied(told: Configuration, asked: Asked, value: str | None) -> set[str]:
    """Return what `Vary` has to name beside an Allow-Origin."""
    if not told.vary:
        return set()
    if asked.is_preflight:
        private = {REQUEST_PRIVATE} if told.private_network else set()
        return {"Origin", REQUEST_METHOD, REQUEST_HEADERS, *private}
    return (
        set()
        if value == "*" or (told.always_send and value == told.sole is not None)
        else {"Origin"}
    )


def allowed_origin(told: Configuration, origin: str | None) -> str | None:
    """Return the value of Allow-Origin, if any is sent."""
    if origin is None:
        return ("*" if told.everyone else told.sole) if told.always_send else None
    if not told.allows(origin):
        return None
    if told.always_send and told.sole:
        return told.sole  # however the client spells it
    valid = origin == "null" or site_of(origin) is not None
    return "*" if told.everyone and (told.send_wildcard or not valid) else origin


def preflight_fields(told: Configuration, asked: Asked) -> tuple[str, dict[str, str]]:
    """Return the outcome of a preflight of an allowed origin, and what it alone is sent."""
    method = asked.fields[REQUEST_METHOD]
    fields: dict[str, str] = {}
    if told.private_network and asked.fields.get(REQUEST_PRIVATE) == "true":
        fields[NAMED + "Private-Network"] = "true"
    if not told.allows_method(method):
        return "method", fields
    listed = {normalized(method)} if told.methods is None else told.methods
    fields[NAMED + "Methods"] = ", ".join(sorted(listed))
    names = requested_names(asked.fields.get(REQUEST_HEADERS, ""))
    allowed = {name for name in names or () if told.allows_name(name)}
    if allowed:
        fields[NAMED + "Headers"] = ", ".join(sorted(allowed))
    if told.max_age is not None:
        fields["Access-Control-Max-Age"] = str(told.max_age)
    granted = names is not None and allowed == set(names)
    return "granted" if granted else "headers", fields


def as_the_table_says(told: Configuration, asked: Asked) -> tuple[str, dict[str, str], set[str]]:
    """Return the outcome, the fields and what they vary by, as the documentation has them."""
    origin = asked.fields.get("Origin")
    value = allowed_origin(told, origin)
    varies = varied(told, asked, value)
    if value is None:
        return "granted" if origin is None else "origin", {}, varies
    outcome, fields = "granted", {NAMED + "Origin": value}
    if told.credentials:
        fields[NAMED + "Credentials"] = "true"
    if asked.is_preflight:
        outcome, more = preflight_fields(told, asked)
        fields |= more
    elif told.exposed:
        fields["Access-Control-Expose-Headers"] = ", ".join(told.exposed)
    return outcome, fields, varies


@ignore_cors_warnings
@settings(PROPERTY_SETTINGS, max_examples=500)
@given(cases())
def test_a_policy_decides_as_the_table_says(case: tuple[Configuration, Asked]) -> None:
    configuration, asked = case
    decision = decided(configuration, asked)
    outcome, fields, varies = as_the_table_says(configuration, asked)
    assert outcome == decision.outcome
    assert sorted(fields.items()) == sorted(decision.headers)
    assert varies == set(decision.vary)


@ignore_cors_warnings
@PROPERTY_SETTINGS
@given(cases())
@example((Configuration({"origins": "null"}, (), None, None), Asked("GET", {"Origin": "NULL"})))
@examples(
    *[
        (
            (
                Configuration({}, (), None, None),
                Asked("OPTIONS", dict(zip(ASKED_FIELDS, asked, strict=True))),
            ),
        )
        for asked in [*ASKED, *((origin, "PUT", "x-a") for origin in ORIGINS)]
    ]
)
def test_nothing_comes_back_unvalidated(case: tuple[Configuration, Asked]) -> None:
    fields = {
        name.removeprefix("Access-Control-"): value for name, value in decided(*case).added_to([])
    }
    assert [
        value for value in fields.values() if not (value.isascii() and value.isprintable())
    ] == []
    origin = fields.get("Allow-Origin", "*")
    assert origin in ("*", "null") or site_of(origin) is not None
    for name in ("Allow-Methods", "Allow-Headers", "Expose-Headers", "Vary"):
        listed = fields[name].split(", ") if name in fields else []
        assert [element for element in listed if not TOKEN.fullmatch(element)] == []
    assert fields.get("Allow-Credentials", "true") == "true"
    assert fields.get("Max-Age", "0").isdigit()


@ignore_cors_warnings
@PROPERTY_SETTINGS
@given(configurations(), st.booleans(), st.data())
def test_credentials_are_never_granted_to_everyone_or_null(
    configuration: Configuration, credentials: bool, data: st.DataObject
) -> None:
    options: Options = {**configuration.options, "supports_credentials": credentials}
    try:
        policy = Policy.from_options(**options)
    except ConfigurationError as error:
        codes = {problem.code for problem in error.problems}
        assert codes <= {"credentials-wildcard", "credentials-null"}
        assert credentials
        assert configuration.everyone or configuration.allows("null")
        return
    drawn = data.draw(st.lists(requests(near(configuration)), min_size=1, max_size=3))
    for asked in [*drawn, drawn[0].of("null"), drawn[0].of("no origin")]:
        lines = policy.decide(asked.method, asked.fields).added_to([])
        if values(lines, CREDENTIALS):
            assert credentials
            assert values(lines, ALLOW_ORIGIN) not in ([], ["*"], ["null"])


# What is kept by a cache --------------------------------------------------------------------------


def varying(options: Options) -> Policy:
    """Return the policy of options that write `Vary`."""
    written: Options = {**options, "vary_header": True}
    return Policy.from_options(**written)


class SharedCache:
    """Is a cache as RFC 9111 has it (section 4.1), but ruder: it keeps preflights too."""

    def __init__(self, serve: Callable[[Asked], list[Line]]) -> None:
        self._serve = serve
        self._kept: list[tuple[Asked, list[Line]]] = []

    def get(self, asked: Asked) -> list[Line]:
        for kept, lines in self._kept:
            if kept.method == asked.method and self._selected(lines, kept, asked):
                return lines
        lines = self._serve(asked)
        if asked.method == "GET" or asked.is_preflight:
            self._kept.append((asked, lines))
        return lines

    @staticmethod
    def _selected(lines: list[Line], kept: Asked, asked: Asked) -> bool:
        ours, theirs = (
            {name.lower(): value for name, value in request.fields.items()}
            for request in (kept, asked)
        )
        same_kind = kept.is_preflight == asked.is_preflight
        return same_kind and all(
            name != "*" and ours.get(name) == theirs.get(name) for name in elements(lines, "vary")
        )


def seen(asked: Asked, lines: Iterable[Line]) -> tuple[object, ...] | None:
    """Return what an answer comes to for a page, or `None` where no browser asks like this."""
    origin = asked.fields.get("Origin")
    if origin is None or (origin != "null" and (site := site_of(origin)) and site.text != origin):
        return None
    lines = list(lines)
    allowed = values(lines, ALLOW_ORIGIN)
    if allowed not in ([origin], ["*"]):
        return ()
    with_credentials = allowed == [origin] and values(lines, CREDENTIALS) == ["true"]
    names = ["expose-headers", "allow-methods", "allow-headers", "max-age"]
    return (with_credentials, *(elements(lines, f"access-control-{name}") for name in names))


@st.composite
def crowds(draw: st.DrawFn) -> tuple[Configuration, list[Asked]]:
    """Draw a configuration, and what several pages ask of one URL."""
    configuration = draw(configurations())
    pages = st.sampled_from([entry.sample for entry in configuration.origins] or ["null"])
    origin = pages | pages | st.none() | serialized | near(configuration)
    asked = draw(st.lists(requests(serialized), min_size=1, max_size=2))
    crowd = draw(
        st.lists(st.builds(Asked.of, st.sampled_from(asked), origin), min_size=2, max_size=6)
    )
    for each in crowd:  # deprecated, and by no `Vary`
        each.fields.pop(REQUEST_PRIVATE, None)
    return configuration, crowd


@ignore_cors_warnings
@settings(PROPERTY_SETTINGS, max_examples=400)
@given(crowds())
def test_a_shared_cache_hands_out_no_wrong_answer(crowd: tuple[Configuration, list[Asked]]) -> None:
    configuration, asked = crowd
    policy = varying(configuration.options)

    def serve(asked: Asked) -> list[Line]:
        return policy.decide(asked.method, asked.fields).added_to([("Vary", "Cookie")])

    cache = SharedCache(serve)
    expected = [seen(each, serve(each)) for each in asked]
    assert expected == [seen(each, cache.get(each)) for each in asked]


@ignore_cors_warnings
@PROPERTY_SETTINGS
@given(crowds())
def test_without_always_send_whatever_is_not_for_everyone_varies(
    crowd: tuple[Configuration, list[Asked]],
) -> None:
    configuration, asked = crowd
    options: Options = {**configuration.options, "vary_header": True, "always_send": False}
    policy = Policy.from_options(**options)
    for each in asked:
        lines = policy.decide(each.method, each.fields).added_to([])
        assert "origin" in elements(lines, "vary") or values(lines, ALLOW_ORIGIN) == ["*"]


# What is remembered -------------------------------------------------------------------------------


@ignore_cors_warnings
@PROPERTY_SETTINGS
@given(crowds(), st.sampled_from([0, 0, 0, 3_000]))
def test_a_decision_is_the_same_whatever_was_asked_before(
    crowd: tuple[Configuration, list[Asked]], others: int
) -> None:
    configuration, asked = crowd
    alone = [told(decided(configuration, each)) for each in asked]
    policy = Policy.from_options(**configuration.options)
    again = [*range(len(asked)), *reversed(range(len(asked))), *range(len(asked))]
    for number in again:
        assert alone[number] == told(decide(policy, environ_of(asked[number])))
    for number in range(others):  # more than are remembered
        policy.decide("GET", {"Origin": f"https://{number}.example"})
    for number in again:
        each = asked[number]
        assert alone[number] == told(policy.decide(each.method, each.fields))


ASKS = "https://asks.example"


@PROPERTY_SETTINGS
@given(
    entry_lists.filter(lambda entries: not any(entry.allows(ASKS) for entry in entries)),
    st.lists(st.booleans(), min_size=2, max_size=6),
)
def test_a_callable_may_change_its_mind(entries: list[Entry], answers: list[bool]) -> None:
    left = iter(answers)

    def asked_anew(origin: str) -> bool:
        return next(left)

    listed = [*(entry.written for entry in entries), asked_anew]
    policy, asked = Policy.from_options(origins=listed), Asked("GET", {"Origin": ASKS})
    outcomes = [decide(policy, environ_of(asked)).outcome for _ in answers]
    assert ["granted" if answer else "origin" for answer in answers] == outcomes


# Origins ------------------------------------------------------------------------------------------


@settings(PROPERTY_SETTINGS, max_examples=600)
@given(entry_lists, st.data())
def test_the_index_of_origins_agrees_with_a_linear_model(
    entries: list[Entry], data: st.DataObject
) -> None:
    samples = [entry.sample for entry in entries] or ["https://a.example"]
    text = data.draw(changed(st.sampled_from(samples)) | origins)
    policy = Policy.from_options(origins=[entry.written for entry in entries])
    expected = "granted" if any(entry.allows(text) for entry in entries) else "origin"
    assert expected == policy.decide("GET", {"Origin": text}).outcome


@PROPERTY_SETTINGS
@given(entry_lists, entry_lists, st.data())
def test_origins_allow_together_what_each_list_of_them_does(
    first: list[Entry], second: list[Entry], data: st.DataObject
) -> None:
    samples = [entry.sample for entry in first + second] or ["https://a.example"]
    text = data.draw(changed(st.sampled_from(samples)))
    each, other, both = (
        Policy.from_options(origins=[entry.written for entry in entries])
        .decide("GET", {"Origin": text})
        .outcome
        for entries in (first, second, first + second)
    )
    assert both == ("granted" if "granted" in (each, other) else "origin")


ignoring_re = pytest.mark.filterwarnings("ignore::FutureWarning")  # of what `re` may change
REGEX_SYNTAX = re.compile(r"[\\^$\[\]()?|]|\.\*")
EVERYONE = {"*", ".*", "^.*", ".*$", "^.*$", ".+", "^.+$"}


def at_most(item: str, text: str) -> bool:
    """Return whether one item, read with all good will, can allow an `Origin`."""
    if item in EVERYONE or (item.lower() == "null" == text):
        return True
    site = site_of(text)
    if site is None:
        return False
    item = item.removesuffix("/").lower()
    default = DEFAULT_PORTS.get(site.scheme, "")
    spellings = [text.lower(), site.text, f"{site.text}:{default}"]
    if site_of(item.removesuffix(":*")) is None and REGEX_SYNTAX.search(item):
        return re.fullmatch(item, text, re.IGNORECASE) is not None
    glob = re.escape(item).replace(r":\*", r"(:\d+)?").replace(r"\*", ".+")
    return any(re.fullmatch(glob, spelling) for spelling in spellings)


def lookalikes(item: str) -> list[str]:
    """Return origins that an item may be thought to allow."""
    bare = re.sub(r"\[ab\]|\(a\|b\)", "a", item.strip()).replace("\\", "").rstrip("/$")
    bare = bare.removeprefix("^").replace(":*", ":8000")
    found = [bare.replace("*", sub) for sub in ("b", "b.a", "evil", "a.evil.test/", "")]
    found += [text.replace("*", "b").replace("?", "") for text in (bare, bare.replace(".", "x", 1))]
    return [*found, *(re.sub(r"(?<=[/.])\.|\.(?=\.)", "a.", text) for text in found)]


@ignore_cors_warnings
@ignoring_re
@settings(PROPERTY_SETTINGS, max_examples=600)
@given(
    st.lists(written_origins, min_size=1, max_size=2),
    st.booleans(),
    st.integers(0, 30),
    st.sampled_from(CHANGES),
)
def test_no_origin_is_allowed_that_no_item_says(
    items: list[str], joined: bool, number: int, change: Callable[[str], str]
) -> None:
    try:
        policy = Policy.from_options(origins=",".join(items) if joined else items)
    except ConfigurationError:
        return
    read = [part.strip() for part in re.split(r",(?![0-9]*\})", ",".join(items))]
    texts = [text for item in items for text in lookalikes(item)]
    text = change(texts[number % len(texts)])
    if policy.decide("GET", {"Origin": text}).outcome == "granted":
        assert [item for item in read if at_most(item, text)] != []


# Set-up -------------------------------------------------------------------------------------------

REMEDY = re.compile(
    r"\b(?:Write|Fill|Leave|List|Parse|Remove|Use|Did you mean|The options are|write it there)\b"
)


def with_policy(options: Options) -> None:
    Policy.from_options(**options)


def with_wsgi(options: Options) -> None:
    WSGIMiddleware(lambda environ, start: [], **options)


def with_asgi(options: Options) -> None:
    async def app(scope: object, receive: object, send: object) -> None: ...

    ASGIMiddleware(app, **options)


def with_app(options: Options) -> None:
    CORS(Flask(__name__), **options)


def with_blueprint(options: Options) -> None:
    CORS(Blueprint("blueprint", __name__), **options)


def with_view(options: Options) -> None:
    cross_origin(**options)(lambda: "")


def with_config(options: Options) -> None:
    app = Flask(__name__)
    app.config.from_mapping({f"CORS_{name.upper()}": value for name, value in options.items()})
    CORS(app)


def with_resource(options: Options) -> None:
    resources: Any = {"/api/*": options}
    CORS(Flask(__name__), resources=resources)


def problems_of(way: Callable[[Options], None], options: Options) -> tuple[Problem, ...]:
    """Return what is wrong with options; what else is raised than that is not for a user to see."""
    try:
        way(options)
    except ConfigurationError as error:
        return error.problems or (NOTHING,)
    return ()


NOTHING = Problem("option-type", "nothing said", None, "")
WAYS = [
    with_policy,
    with_wsgi,
    with_asgi,
    with_app,
    with_blueprint,
    with_view,
    with_config,
    with_resource,
]


@ignore_cors_warnings
@ignoring_re
@pytest.mark.parametrize("way", WAYS)
@settings(PROPERTY_SETTINGS, max_examples=150)
@given(any_options)
@examples(*OPTIONS)
def test_a_configuration_compiles_or_says_what_is_wrong(
    way: Callable[[Options], None], options: Options
) -> None:
    for code, option, value, message in problems_of(way, options):
        assert code in get_args(Code)
        assert option.lower() in message.lower()
        assert code == "option-unknown" or ascii(value)[:40] in message
        assert REMEDY.search(message)


@pytest.mark.parametrize("option", ["origins", "methods", "supports_credentials", "max_age"])
def test_a_number_too_long_to_print_is_wrong_as_any_other(option: str) -> None:
    number = [10**5000] if option in ("origins", "methods") else 10**5000
    assert problems_of(with_policy, {option: number}) != ()


# What a response has already ----------------------------------------------------------------------

present_lines = st.lists(
    st.tuples(
        st.sampled_from(["Vary", "vary"]),
        st.sampled_from(
            ["Cookie", "origin", "Accept, Cookie", "*", "Access-Control-Request-Method"]
        ),
    )
    | st.sampled_from(
        [
            ("Access-Control-Allow-Origin", "https://a.example"),
            ("access-control-allow-origin", "*"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "GET"),
            ("access-control-expose-headers", "X-C"),
            ("Access-Control-Max-Age", "1"),
            ("Content-Type", "text/html"),
            ("Set-Cookie", "a=b"),
        ]
    ),
    max_size=5,
    unique_by=lambda line: (line[0], line[1] if line[0].lower() in ("vary", "set-cookie") else ""),
).filter(lambda lines: len(values(lines, ALLOW_ORIGIN)) < 2)


def by_name(lines: Iterable[Line]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in lines:
        fields.setdefault(name.lower(), []).extend(value.split(", "))
    return fields


@ignore_cors_warnings
@PROPERTY_SETTINGS
@given(cases(), present_lines)
def test_what_is_applied_is_what_is_added(
    case: tuple[Configuration, Asked], present: list[Line]
) -> None:
    decision = decided(*case)
    headers = Headers(present)
    decision.apply(headers)
    assert by_name(decision.added_to(present)) == by_name(headers.items())


@ignore_cors_warnings
@PROPERTY_SETTINGS
@given(cases(), present_lines)
def test_a_response_is_only_added_to(
    case: tuple[Configuration, Asked], present: list[Line]
) -> None:
    decision = decided(*case)
    lines = decision.added_to(present)
    if decision.vary and not values(present, ALLOW_ORIGIN):
        assert len(values(lines, "vary")) == 1
    # But for `Vary`, which is completed, and in one line then.
    others = [line for line in present if line[0].lower() != "vary"]
    if values(lines, "vary") != values(present, "vary"):
        assert others == lines[: len(others)]
    else:
        assert present == lines[: len(present)]
    lists = {"vary", "access-control-expose-headers", "set-cookie"}
    for name in {name.lower() for name, _ in lines} - lists:
        assert len(values(lines, name)) <= max(1, len(values(present, name)))
    if values(present, ALLOW_ORIGIN):
        assert present == lines


@ignore_cors_warnings
@PROPERTY_SETTINGS
@given(cases(), present_lines)
def test_what_varies_is_named_once(case: tuple[Configuration, Asked], present: list[Line]) -> None:
    decision = decided(*case)
    assume(not values(present, ALLOW_ORIGIN))
    own = by_name(present).get("vary", [])
    before = {name.lower() for name in own}
    missing = [name for name in decision.vary if name.lower() not in before]
    expected = ["*"] if decision.vary and "*" in before else [*own, *missing]
    assert expected == by_name(decision.added_to(present)).get("vary", [])
