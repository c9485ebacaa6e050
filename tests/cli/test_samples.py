"""Paths of URL rules, and the resources that may apply to them."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.routing import BaseConverter, Rule

from flask_cors.cli.samples import always_applies, may_apply, sample_path, sample_paths
from flask_cors.core.resources import PathPattern

UUID = "00000000-0000-0000-0000-000000000000"


class Expression(BaseConverter):
    """A converter with an expression as its argument."""

    def __init__(self, url_map, regex):
        super().__init__(url_map)
        self.regex = regex
        self.part_isolating = "/" not in regex

    def to_python(self, value):
        raise AssertionError(f"{value}: the app's own code was called")


def rule_at(text):
    app = Flask("samples", static_folder=None)
    app.url_map.converters["re"] = Expression
    app.add_url_rule(text, "view", str)
    return next(app.url_map.iter_rules("view"))


PATHS = {
    "/items": "/items",
    "/<name>/x": "/a/x",
    "/<path:p>/<uuid:u>": f"/a/b/{UUID}",
    "/<any(api, v2):root>/<float:f>": "/api/1.5",
    "/<string(length=2):l>": "/aa",
    "/<string(minlength=3):l>": "/1.5",
    "/<int:n>": "/1",
    "/<int(fixed_digits=4):n>": "/0001",
    "/<int(min=5):n>": "/5",
    "/<int(max=0):n>": "/0",
    "/<float(min=2.5):n>": "/2.5",
    r"/<re('v\d+'):version>/<re('[a-z]{2}(-[A-Z]{2})?'):lang>": "/v1/aa",
    r"/<re('^(draft|final)\b'):state>": "/draft",
    r"/<re('(?=x)x'):state>": "/x",
    r"/<re('[^a]bc'):state>": "/a",  # nothing fits: the sample is only a guess
    r"/<re('[_-]\w.?>'):state>": "/_a>",
    r"/<re('[\w-]z'):state>": "/az",
}


@pytest.mark.parametrize(("text", "path"), PATHS.items())
def test_a_sample_is_a_path_that_the_rule_matches(text, path):
    assert sample_path(rule_at(text)) == path


@pytest.mark.parametrize("text", [text for text in PATHS if "re(" not in text])
def test_all_samples_are_matched(text):
    rule = rule_at(text)
    for path in sample_paths(rule):
        adapter = rule.map.bind("localhost")
        assert adapter.match(path) == ("view", adapter.match(path)[1])


def test_a_host_gets_a_sample_too():
    app = Flask("samples", host_matching=True, static_host="a.example")
    app.add_url_rule("/<int:n>", "view", str, host="<tenant>.a.example")
    rule = next(app.url_map.iter_rules("view"))
    assert sample_path(rule, rule.host) == "a.a.example"


APPLYING = [
    # resource, rule, whether it may apply, whether it always does
    ("/items", "/items", True, True),
    ("/items", "/items/", True, False),
    ("/item", "/items", False, False),
    ("/items/7", "/items/<int:n>", True, False),
    ("/items/x", "/items/<int:n>", False, False),
    ("/items/*", "/items/<int:n>", True, True),
    ("/users/*/posts/*", "/users/<u>/posts/<int:p>", True, True),
    ("/en/*", "/<lang>/items", True, False),
    ("/en/*", "/<lang>", True, False),
    ("/en/*", "/<string(length=2):l>/items", True, False),
    ("/en/*", "/<int:n>/items", False, False),
    ("/2024/*", "/<int(fixed_digits=4):y>/items", True, False),
    ("/apii/*", "/api/<name>", False, False),
    ("/*.json", "/files/<path:name>", True, False),
    (re.compile("/api/v[0-9]+/.*"), "/api/<version>/items", True, False),
    (re.compile("/api/v[0-9]+/.*"), "/api/v1/<name>", True, True),
    (re.compile(r"/api/v\d+/.*"), "/api/v<int:n>/x", True, True),
    (re.compile(r"/api/v\d+/.*"), "/apii/<version>/items", False, False),
    (re.compile("^/(de|fr)/items$"), "/<lang>/items", True, False),
    (re.compile("^/(de|fr)/items$"), "/<lang>/item", False, False),
    (re.compile("/(en)/items$"), "/<lang>/items", True, False),
    (re.compile("/EN/items", re.IGNORECASE), "/<lang>/items", True, False),
    (re.compile(""), "/<lang>/items", True, True),
    ("/en/items", r"/<re('[a-z]{2}'):lang>/items", True, False),
    ("/eng/items", r"/<re('[a-z]{2}'):lang>/items", False, False),
    ("/en/*", r"/<re('[a-z]{2}'):lang>/items", True, False),
]


@pytest.mark.parametrize(("resource", "text", "may", "always"), APPLYING)
def test_a_resource_applies_to_a_rule_sometimes_always_or_never(resource, text, may, always):
    pattern, rule = PathPattern.read(resource), rule_at(text)
    assert (may_apply(pattern, rule), always_applies(pattern, sample_paths(rule))) == (may, always)


def test_a_rule_of_an_unknown_converter_is_still_sampled():
    assert sample_path(Rule("/<name>", endpoint="x")) == "/a"
