"""A request and its preflight have the same policy: in generated apps, served in each way.

Each policy has its own exposed header and its own max age, so that a response shows which policy
was applied. Which one is expected is computed by a model of the documented rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from flask_cors import CORS, cross_origin

from ..support.apps import behind_a_closure, below_a_proxy, untouched
from ..support.strategies import PROPERTY_SETTINGS

ORIGIN = "https://a.example"
ANY = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PURGE"]
URLS = ["/x", "/x/", "/y", "/y/1", "/z/", "/z", "/nowhere", "//x", "/again/x", "/again/z"]
HOSTS = ["one.example", "two.example"]
# Of `/x` beside `/x/` Werkzeug 2.2 redirects where later ones answer 405: not for us to say.
RULES = ["/x", "/y", "/y/<int:number>", "/z/"]


def marked(number: int) -> dict[str, Any]:
    return {"max_age": number, "expose_headers": f"X-{number}", "methods": "*"}


@dataclass
class Rule:
    """A rule of a generated app: a function, or a class with its methods."""

    url: str
    methods: list[str]
    blueprint: tuple[str, ...] = ()
    own: int = 0
    """the mark of its policy; 0 for none"""
    kind: str = "function"
    host: str = HOSTS[0]
    """where the app tells hosts apart"""


@dataclass
class Made:
    """A generated app."""

    rules: list[Rule]
    blueprints: dict[tuple[str, ...], int] = field(default_factory=dict)
    """marks of the policies of blueprints, by the names that they are nested in"""
    resources: dict[str, int] = field(default_factory=dict)
    by_host: bool = False
    """whether rules belong to hosts"""


names = st.sampled_from([(), ("a",), ("a", "b"), ("c",)])
rules = st.builds(
    Rule,
    st.sampled_from(RULES),
    st.lists(
        st.sampled_from(["GET", "POST", "PUT", "DELETE"]), min_size=1, max_size=2, unique=True
    ),
    names,
    st.sampled_from([0, 0, 11, 12]),
    st.sampled_from(["function", "function", "class", "decorators", "method"]),
    st.sampled_from(HOSTS),
)
apps = st.builds(
    Made,
    st.lists(rules, min_size=1, max_size=4),
    st.dictionaries(names.filter(bool), st.sampled_from([21, 22, 23]), max_size=2),
    st.dictionaries(
        st.sampled_from(["/*", "/x", "/y/*", "/z/", "/nowhere", "/again/*"]), st.integers(31, 34)
    ),
    st.booleans(),
)


def view_of(rule: Rule, endpoint: str) -> Any:
    decorate: Callable[[Any], Any] = lambda view: view  # noqa: E731  (one of two)
    if rule.own:
        decorate = cross_origin(**marked(rule.own))
    if rule.kind == "function":
        return decorate(lambda **_: "x")
    members: dict[str, Any] = {method.lower(): lambda self, **_: "x" for method in rule.methods}
    if rule.kind == "method":
        members = {name: decorate(member) for name, member in members.items()}
    if rule.kind == "decorators":
        members["decorators"] = [decorate] if rule.own else []
    made: Any = type(endpoint, (MethodView,), members)
    return (decorate(made) if rule.kind == "class" else made).as_view(endpoint)


def build(made: Made, door: Callable[[Flask], Flask]) -> Flask:
    app = Flask("made", static_folder=None, host_matching=made.by_host)
    blueprints = {name: Blueprint(name[-1], "made") for name in (("a",), ("a", "b"), ("c",))}
    for number, rule in enumerate(made.rules):
        target = blueprints[rule.blueprint] if rule.blueprint else app
        methods = rule.methods if rule.kind == "function" else None
        endpoint = f"e{number}"
        more: dict[str, Any] = {"host": rule.host} if made.by_host else {}
        target.add_url_rule(rule.url, endpoint, view_of(rule, endpoint), methods=methods, **more)
    for name, mark in made.blueprints.items():
        CORS(blueprints[name], **marked(mark))
    blueprints["a",].register_blueprint(blueprints["a", "b"])
    app.register_blueprint(blueprints["a",])
    app.register_blueprint(blueprints["c",])
    app.register_blueprint(blueprints["c",], name="d", url_prefix="/again")
    served = door(app)
    CORS(app, resources={path: marked(mark) for path, mark in made.resources.items()})
    return served


def marks_of(app: Flask, host: str, url: str, method: str) -> set[str | None]:
    """Return by which policies a request and its preflight are answered."""
    client = Client(app, use_cookies=False)

    def ask(method: str, **asked: str) -> Any:
        # The client would not send two slashes at the start of a path.
        more = {"environ_overrides": {"PATH_INFO": url}}
        headers = {"Origin": ORIGIN, **asked}
        return client.open("/", f"http://{host}", method=method, headers=headers, **more).headers

    preflight = ask("OPTIONS", **{"Access-Control-Request-Method": method})
    marks = {preflight.get("Access-Control-Max-Age")}
    if method != "OPTIONS":  # itself a preflight's method, whose answer exposes nothing
        exposed = ask(method).get("Access-Control-Expose-Headers")
        marks.add(exposed and exposed.removeprefix("X-"))
    return marks


def expected(made: Made, host: str, url: str, method: str) -> int | None:
    """Return the mark of the policy that applies, by the documented rule."""
    url = "/" + url.lstrip("/")
    rule = answering(made, host, url, method)
    if rule is not None:
        taken = {"HEAD": "GET"}.get(method, method) in rule.methods
        if rule.own and (taken or rule.kind != "method"):
            return rule.own
        for length in range(len(rule.blueprint), 0, -1):
            if rule.blueprint[:length] in made.blueprints:
                return made.blueprints[rule.blueprint[:length]]
    for pattern in sorted(made.resources, key=lambda pattern: ("*" not in pattern, len(pattern)))[
        ::-1
    ]:
        head = pattern.removesuffix("/*")
        if url == pattern or ("*" in pattern and (url == head or url.startswith(f"{head}/"))):
            return made.resources[pattern]
    return None


def answering(made: Made, host: str, url: str, method: str) -> Rule | None:
    """Return the rule whose view answers: for its method, for OPTIONS, or with a slash more."""
    for asked, candidate in ((method, url), ("OPTIONS", url), (method, f"{url}/")):
        for rule in in_order(made):
            urls = [rule.url, f"/again{rule.url}"] if rule.blueprint == ("c",) else [rule.url]
            matches = candidate.replace("/y/1", "/y/<int:number>") in urls
            matches = matches and not (made.by_host and rule.host != host)
            takes = {*rule.methods, "OPTIONS"} | ({"HEAD"} if "GET" in rule.methods else set())
            if matches and asked in takes:
                return rule
    return None


def in_order(made: Made) -> Iterator[Rule]:
    """Yield the rules as they are registered: those of blueprints when these are."""
    yield from (rule for rule in made.rules if not rule.blueprint)
    for name in (("a",), ("a", "b"), ("c",)):
        yield from (rule for rule in made.rules if rule.blueprint == name)


@pytest.mark.parametrize("door", [untouched, below_a_proxy, behind_a_closure])
@settings(PROPERTY_SETTINGS, max_examples=60)
@given(made=apps, host=st.sampled_from(HOSTS), method=st.sampled_from(ANY))
@example(Made([Rule("/z/", ["GET"], ("a", "b"))], {("a",): 21}), HOSTS[0], "GET")
@example(Made([Rule("/x", ["GET"], own=11)]), HOSTS[0], "PURGE")
@example(Made([Rule("/x", ["GET"], ("c",))], {("c",): 21}), HOSTS[0], "GET")
@example(Made([Rule("/y/<int:number>", ["GET"])], {}, {"/y/*": 31, "/x": 32}), HOSTS[0], "GET")
@example(Made([Rule("/x", ["GET"], own=11, host=HOSTS[1])], {}, {}, True), HOSTS[0], "GET")
def test_a_request_and_its_preflight_have_the_same_policy(
    door: Any, made: Made, host: str, method: str
) -> None:
    app = build(made, door)
    for url in URLS * 2:  # what is remembered of one must not hold for another
        wanted = expected(made, host, url, method)
        assert {None if wanted is None else str(wanted)} == marks_of(app, host, url, method)
