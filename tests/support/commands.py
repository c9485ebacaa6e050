"""`flask cors` on apps that are written in the test."""

from __future__ import annotations

import json
import textwrap

ORIGIN = "https://app.example"
ONLY = f"CORS(app, origins=[{ORIGIN!r}])"


def app_with(cors_call, *lines, imports="CORS", route="/items", methods=("GET", "PUT", "PATCH")):
    """Return the source of an app with one route."""
    return "\n".join(
        [
            "import os, re",
            "from flask import Flask, abort, redirect, request",
            f"from flask_cors import {imports}",
            "app = Flask(__name__)",
            cors_call,
            *map(textwrap.dedent, lines),
            f"@app.route({route!r}, methods={list(methods)})",
            "def items(): return 'items'",
        ]
    )


def explained(run, source, *arguments, path="/items", origin=ORIGIN, options=()):
    """Return what `explain` says, as JSON."""
    named = ["--origin", origin] if origin else []
    result = run(
        source, "explain", "--json", *named, *arguments, *([path] if path else []), options=options
    )
    assert result.stdout, (result.exception, result.stderr)
    told = json.loads(result.stdout)
    assert result.exit_code == (0 if told["readable"] else 1)
    assert result.stderr == ""
    return told


def found(run, source):
    """Return what `check` finds, as JSON."""
    result = run(source, "check", "--json")
    assert result.stdout, (result.exception, result.stderr)
    assert result.stderr == ""
    return json.loads(result.stdout)


def checked(run, source):
    """Return the codes that `check` finds."""
    return [row["code"] for row in found(run, source)]
