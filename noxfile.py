"""All tasks of a developer. Plain `nox` runs the checks that every change has to pass."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
# A Python that is not on this machine is skipped with a message. It is never downloaded, and it is
# not a failure, which it would be by default if `CI` is set.
nox.options.error_on_missing_interpreters = False
os.environ["UV_PYTHON_DOWNLOADS"] = "never"

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
BUILT_FROM = [Path(name) for name in ("pyproject.toml", "pdm_build.py", "README.md", "LICENSE")]
RUNNING = ".".join(platform.python_version_tuple()[:2])

# Each version of Flask with the Werkzeug of its time.
FLASKS = {
    "2.2": ("flask[async]~=2.2.0", "werkzeug<2.3"),
    "2.3": ("flask[async]~=2.3.0", "werkzeug<3"),
    "3.0": ("flask[async]~=3.0.0", "werkzeug<3.1"),
    "3.1": ("flask[async]~=3.1.0",),
}
NEWEST_FLASK = list(FLASKS)[-1]

# The way in which Flask 2.2 looks for an app's folder was removed in Python 3.14.
LAST_PYTHON = {"2.2": "3.13"}

FUZZED = ("Linux", "x86_64", ("3.11", "3.12", "3.13"))  # where atheris works

QUICK = "not slow and not frameworks"
"""the tests of `nox -s tests`, as pytest's `-m` takes it"""
PARALLEL = ("--numprocesses=auto", "--maxprocesses=4", "--dist=worksteal")

MATRIX = [
    (python, flask)
    for python in PYTHONS
    for flask in FLASKS
    if (python, flask) != (RUNNING, NEWEST_FLASK)  # the `coverage` session runs that one
    and PYTHONS.index(python) <= PYTHONS.index(LAST_PYTHON.get(flask, python))
]

nox.options.sessions = [
    "lint",
    "typecheck",
    "tests",
    "docs",
]


def put_pyenv_on_path() -> None:
    """Put all Pythons of pyenv on PATH: its shims run only those that are selected."""
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    bins = [str(path) for python in PYTHONS for path in root.glob(f"{python}.*/bin")]
    os.environ["PATH"] = os.pathsep.join([*bins, os.environ["PATH"]])


put_pyenv_on_path()


def install(session: nox.Session, *packages: str, groups: tuple[str, ...] = ()) -> None:
    """Install `packages` and the dependency `groups` together, so that their versions fit."""
    grouped = nox.project.dependency_groups(PROJECT, *groups)
    session.install(*packages, *grouped)


def install_built(
    session: nox.Session, *packages: str, groups: tuple[str, ...] = ("test",)
) -> None:
    """Install the wheel of the project, so that the tests run what users get."""
    wheel = str(built_wheel(session))
    install(session, wheel, *packages, groups=groups)
    # A reused environment may have another wheel of the same version.
    again = "--reinstall" if session.venv_backend == "uv" else "--force-reinstall"
    session.install("--no-deps", again, wheel)


def built_wheel(session: nox.Session) -> Path:
    """Return the wheel of the current sources; the first session that needs it builds it."""
    digest = hashlib.sha256()
    for path in [*BUILT_FROM, *sorted(Path("src").rglob("*.*"))]:
        if "__pycache__" not in path.parts:
            digest.update(f"{path}\0".encode() + path.read_bytes())
    folder = session.cache_dir / "wheels" / digest.hexdigest()[:16]
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=session.cache_dir) as new:
            command: tuple[str, ...] = ("uv", "build", "--wheel", "--quiet", "--out-dir", new)
            if session.venv_backend != "uv":
                command = ("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", new, ".")
            session.run(*command)
            [wheel] = Path(new).glob("*.whl")
            folder.mkdir(parents=True, exist_ok=True)
            wheel.replace(folder / wheel.name)
    [wheel] = folder.glob("*.whl")
    return wheel


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; `nox -s lint -- --fix` fixes what it can."""
    install(session, groups=("lint",))
    fix = "--fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []))
    session.run("ruff", "format", *([] if fix else ["--diff"]))


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check the types with mypy and pyright, and that everything public has a type."""
    # Nox puts the session's venv first on PATH, so pyright finds its `python`.
    install(session, "-e", ".", groups=("typecheck",))
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "flask_cors", "--ignoreexternal")
    session.run("pytest", "tests/project/test_typing.py")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the quick tests with this Python and the newest Flask."""
    install_built(session, *FLASKS[NEWEST_FLASK])
    session.run("pytest", *(session.posargs or ["-m", QUICK, *PARALLEL]))
    session.log("Not run: the slow tests, and other Pythons and Flasks (nox -s everything);")
    session.log("other frameworks, a real browser and real caches (see CONTRIBUTING.md).")
    session.log("To run everything: .ci/run")


@nox.session(default=False, venv_backend="none")
def everything(session: nox.Session) -> None:
    """Run the tests with every Python and Flask, the slow ones once, and require full coverage."""
    session.notify("coverage")
    for python, flask in MATRIX:
        session.notify(f"matrix(python='{python}', flask='{flask}')")


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Run the quick and the slow tests once, and require that they cover every branch."""
    install(session, "-e", ".", *FLASKS[NEWEST_FLASK], groups=("test",))
    session.run("coverage", "erase")
    found = session.posargs or ["-m", "not frameworks", *PARALLEL]
    session.run("coverage", "run", "-m", "pytest", *found)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session(default=False)
@nox.parametrize(("python", "flask"), MATRIX)
def matrix(session: nox.Session, flask: str) -> None:
    """Run the quick tests with one Python and one Flask."""
    install_built(session, *FLASKS[flask])
    found = QUICK if flask == NEWEST_FLASK else f"{QUICK} and not flaskless"
    session.run("pytest", *(session.posargs or ["-m", found, *PARALLEL]))


@nox.session(default=False)
def next_flask(session: nox.Session) -> None:
    """Run the tests with a checkout of Flask: `nox -s next_flask -- ../flask`."""
    if not session.posargs:
        session.error("name the folder of the checkout: nox -s next_flask -- ../flask")
    checkout, *found = session.posargs
    install_built(session, f"flask[async] @ {Path(checkout).resolve().as_uri()}")
    session.run("python", "-c", "from importlib.metadata import version as v; print(v('flask'))")
    session.run("pytest", *(found or ["-m", "not frameworks", *PARALLEL]))


@nox.session(default=False)
def frameworks(session: nox.Session) -> None:
    """Run the tests with other frameworks, real servers and real Flask extensions."""
    install_built(session, groups=("test", "frameworks", "typecheck"))
    session.run("pytest", *(session.posargs or ["-m", "frameworks"]))


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Compare the model browser with a real Chromium (Debian: chromium, chromium-driver)."""
    install_built(session, groups=("test", "browser"))
    session.run("pytest", *(session.posargs or ["-m", "browser"]))


@nox.session(default=False)
def cache(session: nox.Session) -> None:
    """Put real shared caches in front of a real server (Debian: nginx, varnish)."""
    install_built(session, groups=("test", "cache"))
    session.run("pytest", *(session.posargs or ["-m", "cache"]))


@nox.session(default=False)
def package(session: nox.Session) -> None:
    """Check the built packages: that two builds are the same, their files, an installation."""
    install(session, groups=("package",))
    session.run("pytest", *(session.posargs or ["tests/packaging/check.py"]))


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Fuzz the property tests for a minute: `nox -s fuzz -- --seconds 600`."""
    system, machine, pythons = FUZZED
    if (platform.system(), platform.machine()) != (system, machine) or RUNNING not in pythons:
        session.skip(f"atheris does not work on {platform.platform()} with Python {RUNNING}")
    install(session, "-e", ".", groups=("fuzz", "test"))
    session.run("python", "tests/fuzz/run.py", *session.posargs)


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """Send an hour of traffic to four real servers: `nox -s soak -- --requests 20000`."""
    install(session, ".", groups=("test", "frameworks"))
    session.run("python", "tests/soak/run.py", *session.posargs)


@nox.session(default=False)
def mutate(session: nox.Session) -> None:
    """Change a file in small ways, and show the changes that its tests do not notice.

    `nox -s mutate -- core/headers.py` runs `tests/core/test_headers.py`; name other tests after it.
    """
    if not session.posargs:
        session.error("name a file of src/flask_cors: nox -s mutate -- core/headers.py")
    file, *found = session.posargs
    found = found or [(Path("tests") / Path(file).with_name(f"test_{Path(file).name}")).as_posix()]
    copy = Path(session.create_tmp()).resolve() / "mutated"  # its file is changed in place
    shutil.rmtree(copy, ignore_errors=True)
    for name in ("src", "tests", "docs", "typings"):
        shutil.copytree(name, copy / name)
    for path in (*BUILT_FROM, Path("noxfile.py"), Path("tests/mutate.toml")):
        shutil.copy(path, copy)
    install(session, "-e", str(copy), *FLASKS[NEWEST_FLASK], groups=("test", "mutate"))
    tests = " ".join(["python -m pytest -q -x -p no:cacheprovider", *found])
    with (copy / "mutate.toml").open("a") as settings:
        settings.write(f'module-path = "src/flask_cors/{file}"\ntest-command = "{tests}"\n')
    session.chdir(copy)
    session.run(*tests.split())  # the tests must pass before any change
    session.run("cosmic-ray", "init", "mutate.toml", "session.sqlite")
    session.run("cr-filter-operators", "session.sqlite", "mutate.toml")
    session.run("cosmic-ray", "exec", "mutate.toml", "session.sqlite")
    session.run("cr-report", "--surviving-only", "--show-diff", "session.sqlite")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Compare the speed with flask-cors 6.0.5; writes the picture and tables of the docs."""
    session.run("python", "tests/benchmarks/run.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; warnings and broken references are errors."""
    install(session, "-e", ".", groups=("docs",))
    session.run("sphinx-build", "-W", "-n", "--keep-going", "-q", "docs", "docs/_build/html")
    session.log("Open docs/_build/html/index.html")


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Run the quickstart: `nox -s demo -- 8000` on another port."""
    install(session, ".")
    session.run("python", "docs/examples/quickstart.py", *session.posargs)
