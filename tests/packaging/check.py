"""What is built, and what is installed of it: `nox -s package`.

Pytest collects this file only where it is named: it needs a checkout and a package index.
"""

from __future__ import annotations

import ast
import base64
import csv
import hashlib
import importlib
import io
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SMOKE = Path(__file__).parent / "smoke.py"

EPOCH = 1_700_000_000
NAME = "flask_cors"

# The only files of a checkout that are of no use without git.
NOT_IN_SDIST = {".gitignore"}
# A new dependency is a decision about everybody's installation, so it is made here too.
DEPENDENCIES = [
    "asgiref>=3.6",
    "flask[async]>=2.2",
    'typing-extensions>=4.4; python_version < "3.11"',
]
# What work leaves in a checkout, and none of it is anybody else's business.
LITTER = [
    ".coverage",
    ".hypothesis/examples/x",
    ".mypy_cache/3.10/cache.json",
    ".nox/tests/x.py",
    ".pdm-build/x",
    ".pytest_cache/README.md",
    ".ruff_cache/x",
    ".venv/lib/x.py",
    "build/lib/flask_cors/x.py",
    "dist/flask_cors-0.tar.gz",
    "docs/__pycache__/conf.cpython-311.pyc",
    "docs/_build/html/index.html",
    "docs/examples/__pycache__/x.cpython-311.pyc",
    "htmlcov/index.html",
    "src/flask_cors.egg-info/PKG-INFO",
    "src/flask_cors/.mypy_cache/x",
    "src/flask_cors/__pycache__/cli.cpython-311.pyc",
    "src/flask_cors/core/__pycache__/policy.cpython-311.pyc",
    "tests/.hypothesis/examples/x",
    "tests/.pytest_cache/README.md",
    "tests/__pycache__/x.cpython-311.pyc",
]


def run(
    *command: str | Path, cwd: Path, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    # No cwd on the path of modules, nor what the caller has there.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command,
        cwd=cwd,
        env={**environment, **(more or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def succeed(
    *command: str | Path, cwd: Path, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    ran = run(*command, cwd=cwd, more=more)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran


def checkout() -> list[str]:
    """Return the files of the checkout that git does not ignore, committed or not."""
    listed = succeed(
        *("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), cwd=ROOT
    )
    names = {*listed.stdout.split("\0")} - {""}
    return sorted(name for name in names if (ROOT / name).is_file())


FILES = checkout()


@dataclass(frozen=True)
class Built:
    """Are the wheel and the sdist that were built of one directory."""

    wheel: Path
    sdist: Path


def copy_to(target: Path, source: Path = ROOT) -> Path:
    for name in FILES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name)
    return target


def litter(copy: Path) -> None:
    """Make a copy look like one that is old, worked in, and somebody else's."""
    for name in FILES:
        path = copy / name
        path.chmod(stat.S_IRWXU & path.stat().st_mode)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    for name in LITTER:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("litter", encoding="utf-8")


def build(copy: Path, *kinds: str, more: Mapping[str, str] | None = None) -> Path:
    out = copy.parent / "out"
    kinds = ("--no-isolation", *kinds)
    succeed(
        *(sys.executable, "-m", "build", *kinds, "--outdir", str(out), str(copy)),
        cwd=copy.parent,
        more={"SOURCE_DATE_EPOCH": str(EPOCH), **(more or {})},
    )
    return out


def built(copy: Path, more: Mapping[str, str] | None = None) -> Built:
    out = build(copy, "--sdist", "--wheel", more=more)
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a fresh copy of the checkout, which may change meanwhile."""
    return copy_to(tmp_path_factory.mktemp("clean") / "checkout")


@pytest.fixture(scope="session")
def clean(copied: Path) -> Built:
    """Give what is built of a fresh copy of the checkout."""
    return built(copied)


@pytest.fixture(scope="session")
def littered(copied: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Give what is built elsewhere of a copy with other times, modes, surroundings and caches."""
    copy = copy_to(tmp_path_factory.mktemp("littered") / "a longer path" / "copy", copied)
    litter(copy)
    return built(copy, {"LC_ALL": "C", "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"})


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wheel_texts(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        assert len(archive.namelist()) == len({*archive.namelist()})
        return {name: archive.read(name) for name in archive.namelist()}


def sdist_members(sdist: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(sdist) as archive:
        members = {member.name: member for member in archive.getmembers()}
        assert len(members) == len(archive.getmembers())
    return members


def version() -> str:
    """Return what `__version__` is set to, without importing anything."""
    source = (ROOT / "src" / NAME / "__init__.py").read_text("utf-8")
    [value] = (
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and [ast.unparse(target) for target in node.targets] == ["__version__"]
    )
    return str(ast.literal_eval(value))


DIST_INFO = f"{NAME}-{version()}.dist-info"
IN_SDIST = f"{NAME}-{version()}/"


def metadata(built: Built) -> Message:
    return Parser().parsestr(wheel_texts(built.wheel)[f"{DIST_INFO}/METADATA"].decode())


# Reproducible ------------------------------------------------------------------------------------


def test_the_wheel_is_the_same_bytes_wherever_it_is_built(clean: Built, littered: Built) -> None:
    assert wheel_texts(clean.wheel) == wheel_texts(littered.wheel)  # says which file
    assert digest(clean.wheel) == digest(littered.wheel)


def test_the_sdist_is_the_same_bytes_wherever_it_is_built(clean: Built, littered: Built) -> None:
    assert sdist_members(clean.sdist).keys() == sdist_members(littered.sdist).keys()
    assert digest(clean.sdist) == digest(littered.sdist)


def test_the_sdist_holds_no_time_but_the_given(clean: Built) -> None:
    times = {name: member.mtime for name, member in sdist_members(clean.sdist).items()}
    assert dict.fromkeys(times, EPOCH) == times
    # RFC 1952, section 2.3.1: two builds within one second would agree by accident.
    [compressed_at] = struct.unpack("<I", clean.sdist.read_bytes()[4:8])
    assert compressed_at == EPOCH


def test_the_sdist_names_no_user(clean: Built) -> None:
    owners = {
        (member.uid, member.gid, member.uname, member.gname)
        for member in sdist_members(clean.sdist).values()
    }
    assert owners == {(0, 0, "", "")}


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_checkout(clean: Built, tmp_path: Path) -> None:
    shutil.unpack_archive(clean.sdist, tmp_path, filter="data")
    out = build(tmp_path / IN_SDIST, "--wheel")
    [wheel] = out.glob("*.whl")
    assert wheel_texts(clean.wheel) == wheel_texts(wheel)
    assert digest(clean.wheel) == digest(wheel)


# Content -----------------------------------------------------------------------------------------


def test_the_wheel_holds_the_package_and_nothing_else(clean: Built) -> None:
    package = {name.removeprefix("src/") for name in FILES if name.startswith(f"src/{NAME}/")}
    info = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert package | {f"{DIST_INFO}/{name}" for name in info} == wheel_texts(clean.wheel).keys()
    assert {f"{NAME}/py.typed", f"{NAME}/core/policy.py"} <= package


def test_the_wheel_holds_the_files_as_they_are(clean: Built, copied: Path) -> None:
    texts = wheel_texts(clean.wheel)
    sources = {name: copied / "src" / name for name in texts if name.startswith(f"{NAME}/")}
    sources[f"{DIST_INFO}/licenses/LICENSE"] = copied / "LICENSE"
    assert {name: path.read_bytes() for name, path in sources.items()} == {
        name: texts[name] for name in sources
    }


def test_the_record_has_the_hash_of_every_file(clean: Built) -> None:
    texts = wheel_texts(clean.wheel)
    record = f"{DIST_INFO}/RECORD"
    told = {
        name: (checked, size)
        for name, checked, size in csv.reader(io.StringIO(texts[record].decode()))
    }
    hashes = {
        name: base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")
        for name, text in texts.items()
    }
    expected = {name: (f"sha256={hashes[name]}", str(len(text))) for name, text in texts.items()}
    assert {**expected, record: ("", "")} == told


def test_the_wheel_is_for_every_python_and_platform(clean: Built) -> None:
    assert clean.wheel.name == f"{NAME}-{version()}-py3-none-any.whl"
    wheel = Parser().parsestr(wheel_texts(clean.wheel)[f"{DIST_INFO}/WHEEL"].decode())
    assert (wheel["Root-Is-Purelib"], wheel.get_all("Tag")) == ("true", ["py3-none-any"])


def test_the_sdist_holds_what_git_knows_and_nothing_else(clean: Built) -> None:
    expected = {IN_SDIST + name for name in FILES if name not in NOT_IN_SDIST}
    assert expected | {f"{IN_SDIST}PKG-INFO"} == sdist_members(clean.sdist).keys()


@pytest.mark.parametrize(
    "name",
    [
        ".ci/run",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "docs/conf.py",
        "docs/security.md",
        "noxfile.py",
        "pyproject.toml",
        "src/flask_cors/py.typed",
        "tests/conftest.py",
        "tests/packaging/check.py",
        "tests/properties/test_hostile.py",
        "typings/flask_httpauth.pyi",
    ],
)
def test_the_sdist_has_what_it_takes_to_work_on_it(clean: Built, name: str) -> None:
    assert IN_SDIST + name in sdist_members(clean.sdist)


def test_the_sdist_holds_plain_files_that_stay_in_their_place(clean: Built) -> None:
    members = sdist_members(clean.sdist).values()
    assert [member.name for member in members if not member.isreg()] == []
    assert [m.name for m in members if ".." in m.name.split("/") or m.name[0] == "/"] == []
    assert {member.mode for member in members} <= {0o644, 0o755}
    assert sdist_members(clean.sdist)[f"{IN_SDIST}.ci/run"].mode == 0o755


# Metadata ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("Name", ["flask-cors"]),
        ("Version", [version()]),
        ("Requires-Python", [">=3.10"]),
        ("Requires-Dist", DEPENDENCIES),
        ("Provides-Extra", []),
        ("License-Expression", ["MIT"]),
        ("License-File", ["LICENSE"]),
        ("Description-Content-Type", ["text/markdown"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_metadata_say(clean: Built, field: str, values: list[str]) -> None:
    told: list[str] = metadata(clean).get_all(field, [])
    assert sorted(values) == sorted(requirement.replace("'", '"') for requirement in told)


def description(built: Built) -> str:
    payload = metadata(built).get_payload()
    assert isinstance(payload, str)
    return payload


def test_the_description_is_the_readme_without_its_pictures(clean: Built, copied: Path) -> None:
    text = (copied / "README.md").read_text("utf-8")
    pictures = re.findall(r"<!-- picture: begin -->.*?<!-- picture: end -->\n\n", text, re.DOTALL)
    assert len(pictures) == 2
    for picture in pictures:
        text = text.replace(picture, "")
    assert text.strip() == description(clean).strip()


def test_the_readme_renders(clean: Built) -> None:
    renderer = importlib.import_module("readme_renderer.markdown")
    html: str | None = renderer.render(description(clean))
    assert html
    assert re.findall(r"<h1\b[^>]*>([^<]+)<", html) == ["Flask-CORS"]
    assert html.count("<pre") == description(clean).count("\n```") // 2
    assert "```" not in html


def test_the_command_is_announced(clean: Built) -> None:
    points = ConfigParser()
    points.read_string(wheel_texts(clean.wheel)[f"{DIST_INFO}/entry_points.txt"].decode())
    told = {group: dict(points[group]) for group in points.sections() if points[group]}
    assert told == {"flask.commands": {"cors": "flask_cors.cli:cli"}}


# Installed ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Installed:
    """Is a virtual environment with the wheel and its dependencies, and a folder to work in."""

    venv: Path
    folder: Path

    @property
    def bin(self) -> Path:
        return self.venv / ("Scripts" if os.name == "nt" else "bin")

    def run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return run(self.bin / program, *arguments, cwd=self.folder)

    def write(self, name: str, lines: Sequence[str]) -> Path:
        path = self.folder / name
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def installed(clean: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Give a bare environment into which the wheel was installed as anybody would."""
    place = tmp_path_factory.mktemp("installed")
    venv, folder = place / "venv", place / "folder"
    folder.mkdir()
    succeed(sys.executable, "-m", "venv", venv, cwd=place)
    installed = Installed(venv, folder)
    succeed(
        *(installed.bin / "python", "-m", "pip", "install", "-q", clean.wheel),
        cwd=place,
    )
    return installed


def test_it_works_where_it_is_installed_alone(installed: Installed) -> None:
    ran = installed.run("python", "-I", "-W", "error", SMOKE, version())
    assert (
        ran.returncode,
        ran.stderr,
        ran.stdout,
    ) == (0, "", "every module imported, every answer as promised\n")


def test_no_requirement_is_unmet_or_at_odds(installed: Installed) -> None:
    ran = installed.run("python", "-I", "-m", "pip", "check")
    assert ran.returncode == 0, ran.stdout


APP = ["from flask import Flask", "from flask_cors import CORS", "app = Flask(__name__)"]


@pytest.mark.parametrize(
    ("name", "line", "code", "told"),
    [
        ("sound", 'CORS(app, origins="https://app.example")', 0, "0 errors, 0 warnings"),
        ("misspelt", 'CORS(app, origin="https://app.example")', 1, "error option-unknown"),
        ("unset", "CORS(app, origins=None)", 1, "error origin-unset"),
    ],
    ids=["sound", "misspelt", "unset"],
)
def test_flask_has_the_command(
    installed: Installed, name: str, line: str, code: int, told: str
) -> None:
    installed.write(f"{name}.py", [*APP, line])
    ran = installed.run("flask", "--app", name, "cors", "check")
    assert told in ran.stdout + ran.stderr
    assert code == ran.returncode


@pytest.mark.parametrize(
    ("name", "line", "code"),
    [
        ("typed", 'CORS(app, origins=["https://app.example"], max_age=600)', None),
        ("untyped_option", 'CORS(app, origin="https://app.example")', "call-arg"),
        ("untyped_value", "CORS(app, max_age=[])", "arg-type"),
    ],
    ids=["right", "misspelt option", "mistyped value"],
)
def test_a_type_checker_sees_the_types(
    installed: Installed, name: str, line: str, code: str | None
) -> None:
    path = installed.write(f"{name}.py", [*APP, line])
    # The checker is the session's, so that the environment stays bare.
    ran = run(
        *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", os.devnull),
        *("--python-executable", installed.bin / "python", path.name),
        cwd=installed.folder,
    )
    assert [code] * bool(code) == re.findall(r"error: .*\[([a-z-]+)\]$", ran.stdout, re.MULTILINE)
    assert ran.returncode == bool(code), ran.stdout + ran.stderr
