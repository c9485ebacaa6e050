"""Every task of a developer. Plain `nox` runs what a change needs before it is shared."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
# A Python that is not on this machine is skipped with a word: never fetched, and no failure,
# which it would be by default where `CI` is set.
nox.options.error_on_missing_interpreters = False
os.environ["UV_PYTHON_DOWNLOADS"] = "never"

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
RUNNING = ".".join(platform.python_version_tuple()[:2])

# Each Flask with the Werkzeug of its time.
FLASKS = {
    "2.2": ("flask[async]~=2.2.0", "werkzeug<2.3"),
    "2.3": ("flask[async]~=2.3.0", "werkzeug<3"),
    "3.0": ("flask[async]~=3.0.0", "werkzeug<3.1"),
    "3.1": ("flask[async]~=3.1.0",),
}
NEWEST_FLASK = list(FLASKS)[-1]

# They have a session of their own: what they need does not go with every Flask and Python.
WITHOUT_FRAMEWORKS = [
    "--ignore=tests/frameworks",
    "--ignore=tests/browser",
    "--ignore=tests/cache",
]

FUZZED = ("Linux", "x86_64", ("3.11", "3.12", "3.13"))  # where atheris works

# These take long, and are the same with every Flask.
ONCE = (
    "core/test_redos",
    "test_browser",
    "docs/test_consoles",
    "properties/test_growth",
    "properties/test_properties",
)

MATRIX = [(python, flask) for python in PYTHONS for flask in FLASKS]
if RUNNING not in PYTHONS:
    # A Python that is newer than the classifiers: only the newest Flask is expected to know it.
    MATRIX.append((RUNNING, NEWEST_FLASK))

nox.options.sessions = [
    "lint",
    "typecheck",
    f"tests(python='{RUNNING}', flask='{NEWEST_FLASK}')",
    "docs",
]


def put_pyenv_on_path() -> None:
    """Let the Pythons that pyenv keeps be found: its shims run only the ones it has selected."""
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    bins = [str(path) for python in PYTHONS for path in root.glob(f"{python}.*/bin")]
    os.environ["PATH"] = os.pathsep.join([*bins, os.environ["PATH"]])


put_pyenv_on_path()


def install(session: nox.Session, *packages: str, groups: tuple[str, ...] = ()) -> None:
    """Install `packages`, and those of the dependency `groups`, in one resolution."""
    grouped = nox.project.dependency_groups(PROJECT, *groups)
    session.install(*packages, *grouped)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; `nox -s lint -- --fix` mends what can be mended."""
    install(session, groups=("lint",))
    fix = "--fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []))
    session.run("ruff", "format", *([] if fix else ["--diff"]))


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check the types with mypy and pyright, and that all that is public has one."""
    # Nox puts the bin of the session's venv first on PATH, where pyright looks for `python`.
    install(session, "-e", ".", groups=("typecheck",))
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "flask_cors", "--ignoreexternal")
    session.run("pytest", "tests/project/test_typing.py")


@nox.session
@nox.parametrize(("python", "flask"), MATRIX)
def tests(session: nox.Session, flask: str) -> None:
    """Run the tests against an installed build, on every Python with every Flask."""
    install(session, ".", *FLASKS[flask], groups=("test",))
    # Once a Python: what is not Flask's, and the commands that the docs tell people to type.
    once = [f"--ignore=tests/{name}.py" for name in ONCE if flask != NEWEST_FLASK]
    session.run("pytest", *(session.posargs or [*WITHOUT_FRAMEWORKS, *once]))


@nox.session
def frameworks(session: nox.Session) -> None:
    """Run the tests with other frameworks, real servers and real Flask extensions."""
    install(session, ".", groups=("test", "frameworks", "typecheck"))
    found = ["tests/frameworks", "tests/cli/test_cli.py", "tests/docs/test_consoles.py"]
    found += ["tests/docs/test_readme.py"]  # and the pages on other frameworks
    session.run("pytest", *(session.posargs or found))


@nox.session
def browser(session: nox.Session) -> None:
    """Compare the model browser with a real Chromium (Debian: chromium, chromium-driver)."""
    install(session, ".", groups=("test", "browser"))
    session.run("pytest", *(session.posargs or ["tests/browser"]))


@nox.session
def cache(session: nox.Session) -> None:
    """Put real shared caches in front of a real server (Debian: nginx, varnish)."""
    install(session, ".", groups=("test", "cache"))
    session.run("pytest", *(session.posargs or ["tests/cache"]))


@nox.session
def package(session: nox.Session) -> None:
    """Check what is built, twice, what is in it, and what is installed of it."""
    install(session, groups=("package",))
    session.run("pytest", *(session.posargs or ["tests/packaging/check.py"]))


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests and require that they pass through every branch."""
    install(session, "-e", ".", groups=("test",))
    session.run("coverage", "run", "-m", "pytest", *(session.posargs or WITHOUT_FRAMEWORKS))
    session.run("coverage", "report")


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Fuzz for a minute: `nox -s fuzz -- decision --seconds 600 --update`."""
    system, machine, pythons = FUZZED
    if (platform.system(), platform.machine()) != (system, machine) or RUNNING not in pythons:
        session.skip(f"atheris does not work on {platform.platform()} with Python {RUNNING}")
    install(session, "-e", ".", groups=("fuzz",))
    session.run("python", "tests/fuzz/run.py", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure side by side with flask-cors 6.0.5; writes the picture and tables of the docs."""
    session.run("python", "tests/benchmarks/run.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; every warning and every dead reference is an error."""
    install(session, "-e", ".", groups=("docs",))
    session.run("sphinx-build", "-W", "-n", "--keep-going", "-q", "docs", "docs/_build/html")
    session.log("Open docs/_build/html/index.html")


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Run the quickstart: `nox -s demo -- 8000` on another port."""
    install(session, ".")
    session.run("python", "docs/examples/quickstart.py", *session.posargs)
