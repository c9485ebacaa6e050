"""The architecture: which module may import which, and what users of 6.0.5 still find."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import logging
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

import flask_cors
import flask_cors._log
import flask_cors.core
import flask_cors.decorator
import flask_cors.extension

pytestmark = pytest.mark.flaskless

# Not the checkout's `src`: the tests also run against an installed build.
PACKAGE = Path(flask_cors.__file__).parent
SOURCES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
CORE = [name for name in SOURCES if name.startswith("flask_cors.core")]
BEYOND_CORE = [name for name in SOURCES if name not in CORE]

# What a module may import from the package, in addition to the core and the log.
ADAPTERS = {"_flask", "_terminal", "asgi", "decorator", "extension", "wsgi"}
MAY_IMPORT = {
    "flask_cors.__init__": {"decorator", "extension"},
    "flask_cors._flask": {"_terminal", "wsgi"},  # the terminal when there is something to say
    "flask_cors._terminal": {"_advice", "_flask", "wsgi"},
    "flask_cors.decorator": {"_flask", "wsgi"},
    "flask_cors.extension": {"_flask", "wsgi"},
    "flask_cors.browser": {"cookies", "urls"},
    "flask_cors.cookies": {"urls"},
    "flask_cors.testing": {"browser", "cookies", "urls", *ADAPTERS},
}
OF_FLASK = {"_flask", "_terminal", "cli", "decorator", "extension", "testing"}
WITH_FLASK = {"click", "flask", "werkzeug"}
REQUIRED = {"asgiref", "flask_cors", "typing_extensions", *WITH_FLASK}


def imported(module: str) -> Iterator[str]:
    """Yield the absolute name of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def parts_of(module: str) -> set[str]:
    """Return the first part, below the package, of what a module imports from the package."""
    names = [name.split(".") for name in imported(module)]
    return {parts[1] for parts in names if parts[0] == "flask_cors"}


def roots(module: str) -> set[str]:
    return {name.partition(".")[0] for name in imported(module)}


def test_the_rules_are_about_this_package() -> None:
    assert {"flask_cors.__init__", "flask_cors.core.policy", "flask_cors.wsgi"} <= {*SOURCES}
    assert {"core", "_log"} <= parts_of("flask_cors.wsgi")
    assert {"flask", "werkzeug"} <= roots("flask_cors._flask")


@pytest.mark.parametrize("module", CORE)
def test_the_core_stands_on_the_standard_library_alone(module: str) -> None:
    allowed = sys.stdlib_module_names | {"typing_extensions", "flask_cors"}
    assert set() == roots(module) - allowed
    assert parts_of(module) <= {"core"}


@pytest.mark.parametrize("module", CORE)
def test_the_core_neither_logs_nor_reads_nor_writes(module: str) -> None:
    names = {"asyncio", "http", "io", "logging", "os", "pathlib", "socket", "subprocess", "urllib"}
    assert set() == roots(module) & names
    called = {
        node.func.id
        for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert set() == called & {"__import__", "eval", "exec", "input", "open", "print"}


@pytest.mark.parametrize("module", BEYOND_CORE)
def test_imports_point_one_way(module: str) -> None:
    allowed = {"core", "_advice", "_log"} | MAY_IMPORT.get(module, set())
    if module.startswith("flask_cors.cli."):
        allowed |= {"browser", "cli", "cookies", "testing", "urls", *ADAPTERS}
    assert set() == parts_of(module) - allowed - {module.rpartition(".")[2]}


@pytest.mark.parametrize("module", SOURCES)
def test_only_the_parts_for_flask_name_it(module: str) -> None:
    named = roots(module) & {"flask", "werkzeug"}
    assert set() == named or module.split(".")[1] in OF_FLASK


@pytest.mark.parametrize("module", SOURCES)
def test_nothing_is_imported_that_is_not_required(module: str) -> None:
    # The fixture is for those who have pytest.
    more = {"pytest"} if module == "flask_cors.testing" else set()
    assert set() == roots(module) - sys.stdlib_module_names - REQUIRED - more


def test_every_module_can_be_imported_without_pytest() -> None:
    names = [name.removesuffix(".__init__") for name in SOURCES]
    program = "\n".join(
        ["import sys", "sys.modules['pytest'] = None", *map("import {}".format, names)]
    )
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


# A marker, its codes, and a reason: in parentheses, or as a comment of its own.
MARKER = re.compile(r"#\s*(?:noqa|type:\s*ignore|pyright:\s*ignore|pragma|mypy:)")
WITH_REASON = re.compile(
    r"# (?:noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)*  (?:\(|# )"
    r"|type: ignore\[[a-z-]+(?:, ?[a-z-]+)*\]  (?:\(|# )"
    r"|pyright: ignore\[\w+(?:, ?\w+)*\]  (?:\(|# )"
    r"|pragma: no (?:cover|branch)  (?:\(|# ))(?!noqa|type:|pyright:|pragma:)\S+ \S"
)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("x = 1  # noqa", False),
        ("x = 1  # noqa: F841", False),
        ("x = 1  # type: ignore", False),
        ("x = 1  # type: ignore[misc]", False),
        ("x = 1  # pragma: no cover", False),
        ("x = 1  # noqa: F841  # type: ignore[misc]", False),
        ("x = 1  # noqa: F841  (kept for its name)", True),
        ("x = 1  # type: ignore[misc]  # as Flask has it", True),
        ("x = 1  # pragma: no cover  (another Python)", True),
    ],
)
def test_what_a_reason_is(line: str, told: bool) -> None:
    assert MARKER.search(line)
    assert told == bool(WITH_REASON.search(line))


@pytest.mark.parametrize("module", SOURCES)
def test_what_silences_a_tool_says_why(module: str) -> None:
    lines = SOURCES[module].read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if MARKER.search(line) and not WITH_REASON.search(line)] == []


# Where users of 6.0.5 look -----------------------------------------------------------------------


def test_the_star_gives_what_is_public() -> None:
    names: dict[str, object] = {}
    exec("from flask_cors import *", names)  # noqa: S102  (the star is only allowed in a module)
    assert {"CORS", "cross_origin", "__version__"} <= names.keys()
    assert set(flask_cors.__all__) == names.keys() - {"__builtins__"}


def test_the_entrances_are_the_same() -> None:
    assert flask_cors.CORS is flask_cors.extension.CORS
    assert flask_cors.cross_origin is flask_cors.decorator.cross_origin


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACL_ORIGIN", "Access-Control-Allow-Origin"),
        ("ACL_METHODS", "Access-Control-Allow-Methods"),
        ("ACL_ALLOW_HEADERS", "Access-Control-Allow-Headers"),
        ("ACL_EXPOSE_HEADERS", "Access-Control-Expose-Headers"),
        ("ACL_CREDENTIALS", "Access-Control-Allow-Credentials"),
        ("ACL_MAX_AGE", "Access-Control-Max-Age"),
        ("ACL_RESPONSE_PRIVATE_NETWORK", "Access-Control-Allow-Private-Network"),
        ("ACL_REQUEST_METHOD", "Access-Control-Request-Method"),
        ("ACL_REQUEST_HEADERS", "Access-Control-Request-Headers"),
        ("ACL_REQUEST_HEADER_PRIVATE_NETWORK", "Access-Control-Request-Private-Network"),
        ("ALL_METHODS", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"]),
    ],
)
def test_the_constants_are_in_the_core(name: str, value: object) -> None:
    assert value == getattr(flask_cors.core, name)
    assert name in flask_cors.core.__all__


@pytest.mark.parametrize("module", [flask_cors, flask_cors.core], ids=["package", "core"])
def test_what_is_public_exists(module: object) -> None:
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert len(module.__all__) == len(set(module.__all__))


def test_the_logger_has_the_packages_name() -> None:
    assert flask_cors._log.logger is logging.getLogger("flask_cors")


def test_the_errors_are_what_was_raised_before() -> None:
    assert issubclass(flask_cors.ConfigurationError, flask_cors.CORSError)
    assert issubclass(flask_cors.ConfigurationError, ValueError)
    assert issubclass(flask_cors.CORSWarning, UserWarning)


# The package -------------------------------------------------------------------------------------


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_the_version_is_the_distributions() -> None:
    assert flask_cors.__version__ == importlib.metadata.version("flask-cors")


PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (flask_cors, flask_cors.core)
    for name in module.__all__
}
CALLABLES = [
    pytest.param(member, id=f"{name}.{member_name}")
    for name, value in PUBLIC.items()
    if inspect.isclass(value)
    for member_name, member in inspect.getmembers(value, inspect.isroutine)
    if inspect.isfunction(member) and member.__module__.startswith("flask_cors")
]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(value, id=name)
        for name, value in PUBLIC.items()
        if inspect.isclass(value) or inspect.isfunction(value)
    ]
    + CALLABLES,
)
def test_type_hints_can_be_read(value: object) -> None:
    hints = typing.get_type_hints(value)
    assert [name for name, hint in hints.items() if isinstance(hint, str)] == []
