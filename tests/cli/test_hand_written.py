"""Which functions write Access-Control-Allow-Origin, and which only read or remove it."""

from __future__ import annotations

import textwrap

import pytest

from flask_cors.cli.hand_written import writes_origin

FIELD = "'Access-Control-Allow-Origin'"
WRITING = [
    "response.headers[FIELD] = '*'",
    "response.headers[FIELD.lower()] = FIELD",
    "response.headers.add(FIELD, '*')",
    "response.headers.setdefault(FIELD, '*')",
    "response.headers.extend({FIELD: '*'})",
    "return '', {FIELD: '*'}",
    "return '', [(FIELD, '*')]",
    "response.headers.pop(FIELD, None)\nresponse.headers['access-control-allow-origin'] = '*'",
    "if FIELD not in response.headers:\n    response.headers[FIELD] = '*'",
    "name = FIELD\nresponse.headers[name] = '*'",
    "for name in ('Vary', FIELD):\n    response.headers[name] = '*'",
    "def inner(): response.headers[FIELD] = '*'\ninner()",
    "response.headers.get('X', FIELD)",
]
READING = [
    "response.headers.pop(FIELD, None)",
    "response.headers.remove(FIELD)",
    "del response.headers[FIELD]",
    "if FIELD in response.headers: return None",
    "return response.headers.get(FIELD)",
    "return response.headers[FIELD]",
    "name = FIELD\ndel response.headers[name]",
    "for name in [FIELD, 'Vary']:\n    response.headers.pop(name, None)",
    "[response.headers.pop(name) for name in {FIELD}]",
    "return [line for line in response.headers if line[0] != FIELD]",
    "return [line for line in response.headers if line[0] not in ('Vary', FIELD)]",
    "x.y = 'Vary'",
]


def function_of(tmp_path, body):
    """Return a function with a body, from a file."""
    source = f"def hook(response):\n{textwrap.indent(body.replace('FIELD', FIELD), '    ')}\n"
    path = tmp_path / "hooks.py"
    path.write_text(source, "utf-8")
    namespace = {}
    exec(compile(source, path, "exec"), namespace)  # noqa: S102  (the sources above)
    return namespace["hook"]


@pytest.mark.parametrize("body", WRITING)
def test_a_function_that_writes_the_header_is_recognized(tmp_path, body):
    assert writes_origin(function_of(tmp_path, body))


@pytest.mark.parametrize("body", READING)
def test_a_function_that_reads_or_removes_the_header_does_not_write_it(tmp_path, body):
    assert not writes_origin(function_of(tmp_path, body))


def test_a_function_without_source_that_names_the_header_probably_writes_it():
    namespace = {}
    exec(f"def hook(response): response.headers.pop({FIELD})", namespace)  # noqa: S102  (no file)
    assert writes_origin(namespace["hook"])


def test_a_function_whose_source_has_changed_probably_writes_the_header(tmp_path):
    hook = function_of(tmp_path, "response.headers.pop(FIELD)")
    (tmp_path / "hooks.py").write_text("def hook(response): pass", "utf-8")
    assert writes_origin(hook)


def test_a_function_without_code_writes_nothing():
    assert not writes_origin(len)
