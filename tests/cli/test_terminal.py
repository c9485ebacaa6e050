"""The output of the commands: groups of routes, colour, and the width of lines."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys

import pytest

from ..support.commands import ONLY, ORIGIN, app_with

pytestmark = pytest.mark.flaskless

MANY = app_with(ONLY, *(f"app.add_url_rule('/r{n}', 'r{n}', lambda: '')" for n in range(30)))
EXPLAIN = ["explain", "--origin", ORIGIN, "/items"]
REFUSING = app_with("CORS(app, origins=['https://a.example', 'https://b.example'])")


def test_routes_are_grouped_by_their_policy(cors):
    output = cors(MANY, "routes").stdout
    assert output.count("resource '/*'") == 1
    assert [n for n in range(30) if f" /r{n} (" not in output] == []


def test_methods_of_a_class_with_different_policies_are_listed_separately(cors):
    source = app_with(
        "",
        """
        from flask.views import MethodView
        class Things(MethodView):
            @cross_origin(origins="https://a.example")
            def get(self): return ""
            @cross_origin(origins="https://b.example")
            def put(self): return ""
        app.add_url_rule("/things", view_func=Things.as_view("things"))
        """,
        imports="CORS, cross_origin",
    )
    output = cors(source, "routes").stdout
    assert "cross_origin on things: origins=['https://a.example']\n    GET /things" in output
    assert "cross_origin on things: origins=['https://b.example']\n    PUT /things" in output


HOSTS = {
    "hosts": (
        """
app = Flask(__name__, host_matching=True, static_host="a.example")
CORS(app, origins=["https://app.example"])
app.add_url_rule("/api/x", "a", lambda: "", host="a.example")
app.add_url_rule("/api/x", "b", lambda: "", host="b.example")
""",
        ["a.example", "b.example"],
    ),
    "subdomains": (
        """
app = Flask(__name__, subdomain_matching=True)
app.config["SERVER_NAME"] = "shop.example"
CORS(app, origins=["https://app.example"])
app.add_url_rule("/api/x", "a", lambda: "", subdomain="a")
app.add_url_rule("/api/x", "b", lambda: "", subdomain="<tenant>")
""",
        ["<tenant>.shop.example", "a.shop.example"],
    ),
}


@pytest.mark.parametrize(("call", "hosts"), HOSTS.values(), ids=HOSTS)
def test_routes_show_their_hosts(cors, call, hosts):
    source = app_with(call).replace("@app.route('/items', ", "@app.route('/items', **at, ")
    at = "at = {'host': 'a.example'} if app.url_map.host_matching else {}"
    source = source.replace("@app.route('/items'", f"{at}\n@app.route('/items'")
    rows = json.loads(cors(source, "routes", "--json").stdout)
    assert hosts == sorted(row["host"] for row in rows if row["rule"] == "/api/x")
    output = cors(source, "routes")
    assert [host for host in hosts if f"GET {host}/api/x (" not in output.stdout] == []
    assert output.stderr == ""


# Colour -------------------------------------------------------------------------------------------

ESCAPE = "\x1b["


def on_a_terminal(tmp_path, source, *arguments, columns=80, **variables):
    """Return what `flask cors` prints on a terminal."""
    (tmp_path / "app.py").write_text(source, "utf-8")
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLASK_", "NO_COLOR", "FORCE_COLOR", "COLUMNS"))
    }
    master, slave = pty.openpty()
    import fcntl  # noqa: PLC0415  (not on every system, like the pseudo-terminal itself)
    import struct  # noqa: PLC0415
    import termios  # noqa: PLC0415

    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "flask", "--app", "app", "cors", *arguments],
        cwd=tmp_path,
        env={**ours, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **variables},
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        close_fds=True,
    ) as process:
        os.close(slave)
        output = b""
        while select.select([master], [], [], 30)[0]:
            try:
                part = os.read(master, 65536)
            except OSError:  # Linux reports a closed pseudo-terminal this way
                break
            if not part:
                break
            output += part
        os.close(master)
        assert process.stderr is not None
        assert process.stderr.read() == b""
    return output.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colour_and_lines_of_its_width(tmp_path):
    output = on_a_terminal(tmp_path, REFUSING, *EXPLAIN, columns=140)
    assert f"{ESCAPE}31m✗{ESCAPE}0m" in output
    assert f"{ESCAPE}36m" in output
    assert max(len(re.sub(r"\x1b\[\d*m", "", line)) for line in output.split("\n")) > 79


@pytest.mark.parametrize(
    "variables",
    [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}],
    ids=str,
)
def test_colour_can_be_turned_off(tmp_path, variables):
    assert ESCAPE not in on_a_terminal(tmp_path, REFUSING, *EXPLAIN, **variables)


def test_json_has_no_colour(tmp_path):
    output = on_a_terminal(tmp_path, REFUSING, *EXPLAIN, "--json")
    assert json.loads(output)["code"] == "origin-not-listed"


@pytest.mark.parametrize("command", [EXPLAIN, ["routes"], ["check"]], ids=lambda c: c[0])
def test_a_pipe_gets_colour_only_on_request(cors, monkeypatch, command):
    source = app_with("CORS(app, max_age=100_000)")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert ESCAPE not in cors(source, *command).stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert ESCAPE in cors(source, *command).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert ESCAPE not in cors(source, *command).stdout


def test_an_unknown_command_is_a_usage_error(cors):
    assert "No such command 'explane'" in cors("", "explane").stderr


def test_the_help_lists_the_commands(cors):
    output = cors("", "--help").stdout
    assert [name for name in ("check", "explain", "routes") if f"  {name} " not in output] == []


# Width --------------------------------------------------------------------------------------------


def widest(text):
    """Return the width of the widest line with a blank, at which it could have been wrapped."""
    return max(len(line) for line in text.split("\n") if " " in line.strip())


@pytest.mark.parametrize("columns", [140, 100, 80, 60, 40])
def test_lines_are_as_wide_as_the_terminal(cors, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    origins = [f"https://{name}.example" for name in "abcdefg"]
    output = cors(app_with(f"CORS(app, origins={origins})"), *EXPLAIN).stdout
    assert columns - 45 < widest(output) < columns


def test_a_very_narrow_terminal_is_supported(cors, monkeypatch):
    monkeypatch.setenv("COLUMNS", "5")
    assert cors(REFUSING, *EXPLAIN).exit_code == 1
