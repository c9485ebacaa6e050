"""`explain --live`, which asks a running server instead of the app."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flask_cors.cli import live

from ..support.commands import ONLY, ORIGIN, app_with, explained
from ..support.serving import running_in_a_thread

pytestmark = pytest.mark.flaskless


@contextmanager
def serving(answer, server_class=HTTPServer):
    """Serve the status, headers and body that a function returns for a request."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self):
            length = int(self.headers.get("Content-Length") or 0)
            asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            status, lines, body = answer(self)
            self.send_response_only(status)
            for name, value in lines:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_OPTIONS = do_DELETE = handle_one  # noqa: N815  (names of the base class)

        def log_message(self, *arguments):
            pass

    with running_in_a_thread(server_class(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}", asked


def as_the_app(handler):
    """Answer like an app with `CORS(app, origins=[ORIGIN])`."""
    lines = [("Access-Control-Allow-Origin", ORIGIN), ("Vary", "Origin")]
    if handler.command == "OPTIONS":
        lines += [
            ("Access-Control-Allow-Methods", "GET, PUT"),
            ("Access-Control-Allow-Headers", "content-type"),
        ]
    return 200, lines, b"body"


def answering(status, *lines):
    return lambda handler: (status, [*lines], b"")


def test_a_running_server_is_asked_as_a_browser_would(cors):
    with serving(as_the_app) as (url, asked):
        explanation = explained(
            cors,
            app_with("CORS(app, origins=[])"),
            *("--live", url, "-X", "PUT", "-H", "Content-Type: application/json", "-d", "{}"),
            path="/anything?q=1",
        )
    assert (explanation["readable"], explanation["status"]) == (True, 200)
    assert [(method, path) for method, path, _, _ in asked] == [
        ("OPTIONS", "/anything?q=1"),
        ("PUT", "/anything?q=1"),
    ]
    _, _, headers, body = asked[-1]
    assert headers["Origin"] == ORIGIN
    assert headers["Host"] == url.partition("://")[2]
    assert headers["Content-Type"] == "application/json"
    assert body == b"{}"


def test_the_host_of_the_url_is_sent_to_the_server_s_address(cors):
    with serving(as_the_app) as (url, asked):
        explained(cors, app_with(ONLY), "--live", url, path="http://api.localhost/items")
    assert asked[0][2]["Host"] == "api.localhost"


def test_a_redirect_to_another_server_is_not_followed(cors):
    answer = answering(
        302, ("Access-Control-Allow-Origin", ORIGIN), ("Location", "https://login.example/")
    )
    with serving(answer) as (url, _):
        explanation = explained(cors, app_with(ONLY), "--live", url)
    assert explanation["code"] == "redirect-elsewhere"


def test_a_server_that_allows_the_page_needs_no_app(cors):
    with serving(as_the_app) as (url, _):
        explanation = explained(cors, "", "--live", url)
    assert (explanation["readable"], explanation["notes"]) == (True, [])


@pytest.mark.parametrize(
    ("app", "source"),
    [
        ("missing", ""),
        ("app", "raise ImportError('not here')"),
        ("app", "raise KeyError('DATABASE_URL')"),
        ("app", "raise SystemExit(3)"),
    ],
)
def test_the_server_is_asked_without_the_app_too(cors, app, source):
    with serving(lambda handler: (200, [], b"")) as (url, _):
        result = cors(source, "explain", "--json", "--origin", ORIGIN, "--live", url, "/x", app=app)
    explanation = json.loads(result.stdout)
    assert (result.exit_code, explanation["code"]) == (1, "no-policy")


@pytest.mark.parametrize(
    ("status", "lines", "words"),
    [
        (200, [("Access-Control-Allow-Methods", "GET")], "sends Access-Control-Allow-Methods: GET"),
        (200, [], "sends no Access-Control-Allow-Methods"),
        (405, [], "answers the preflight with 405"),
    ],
)
def test_without_the_app_the_header_that_is_wrong_is_named(cors, status, lines, words):
    answer = answering(status, ("Access-Control-Allow-Origin", ORIGIN), *lines)
    with serving(answer) as (url, _):
        arguments = ["--json", "--origin", ORIGIN, "--live", url, "-X", "PUT", "/x"]
        result = cors("", "explain", *arguments, app="missing")
    explanation = json.loads(result.stdout)
    assert explanation["code"] == "no-policy"
    assert words in explanation["cause"]
    assert explanation["cure"] == "Allow the request in the policy of the server."


def test_a_console_line_without_a_method_is_explained_without_the_app_too(cors):
    line = "Access to fetch at 'http://localhost/x' from origin 'https://app.example' has been"
    with serving(lambda handler: (200, [], b"")) as (url, _):
        result = cors("", "explain", "--json", "--live", url, line, app="missing")
    assert json.loads(result.stdout)["note_codes"] == ["method-unnamed"]


def test_the_url_of_the_server_may_contain_the_path(cors):
    with serving(as_the_app) as (url, asked):
        explained(cors, app_with(ONLY), "--live", f"{url}/deep/path", path="")
    assert asked[0][1] == "/deep/path"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        pytest.param(answering(502, ("Server", "nginx")), "proxy", ["502", "nginx"], id="502"),
        pytest.param(answering(504), "proxy", ["504", "proxy"], id="504"),
        pytest.param(answering(521), "proxy", ["521", "proxy"], id="521"),
        pytest.param(
            lambda handler: (
                301,
                [("Location", f"https://{handler.headers['Host']}{handler.path}")],
                b"",
            ),
            "proxy",
            ["redirect", "proxy"],
            id="redirect-to-https",
        ),
        pytest.param(
            answering(301, ("Location", "https://www.example/items")),
            "proxy",
            ["redirect", "proxy"],
            id="redirect-to-another-host",
        ),
        pytest.param(answering(500), "exception", ["500", "exception"], id="500"),
        pytest.param(answering(403), "not-this-app", ["403", "older code"], id="403"),
        pytest.param(answering(200), "not-this-app", ["resource '/*'"], id="headers-taken-away"),
        pytest.param(
            answering(302, ("Location", "/signin")),
            "login-redirect",
            ["/items is redirected to /signin", "proxy"],
            id="login",
        ),
        pytest.param(
            answering(200, ("Access-Control-Allow-Origin", "https://x.example")),
            "not-this-app",
            ["Access-Control-Allow-Origin: https://x.example", f"this app sends {ORIGIN}"],
            id="another-origin",
        ),
        pytest.param(
            answering(
                200,
                ("Access-Control-Allow-Origin", ORIGIN),
                ("Access-Control-Allow-Origin", ORIGIN),
                ("Server", "nginx"),
            ),
            "headers-twice",
            ["twice", "nginx"],
            id="twice",
        ),
        pytest.param(
            answering(200, ("Access-Control-Allow-Origin", f"{ORIGIN}, *")),
            "headers-twice",
            ["twice"],
            id="twice-in-a-line",
        ),
    ],
)
def test_a_proxy_in_front_of_the_app_is_named(cors, answer, code, words):
    with serving(answer) as (url, _):
        explanation = explained(cors, app_with(ONLY), "--live", url)
    assert explanation["code"] == code
    assert [word for word in words if word not in explanation["cause"]] == []


@pytest.mark.parametrize(
    ("call", "answer", "words"),
    [
        pytest.param(
            ONLY,
            answering(200, ("Access-Control-Allow-Origin", ORIGIN)),
            ["200 with no Access-Control-Allow-Methods, where this app sends DELETE, GET"],
            id="methods",
        ),
        pytest.param(
            ONLY,
            answering(405, ("Access-Control-Allow-Origin", ORIGIN)),
            ["405 with the headers, where this app answers the preflight with 200"],
            id="status",
        ),
        pytest.param(
            "",
            answering(200, ("Access-Control-Allow-Origin", ORIGIN)),
            [f"Access-Control-Allow-Origin: {ORIGIN}, which this app does not send"],
            id="without-a-policy",
        ),
    ],
)
def test_a_preflight_that_the_server_answers_differently_is_named(cors, call, answer, words):
    with serving(answer) as (url, _):
        explanation = explained(cors, app_with(call), "--live", url, "-X", "PUT")
    assert explanation["code"] == "not-this-app"
    assert [word for word in words if word not in explanation["cause"]] == []
    assert explanation["cure"].startswith("Restart the server")


def test_headers_of_another_app_that_the_page_may_read_get_a_note(cors):
    with serving(answering(200, ("Access-Control-Allow-Origin", "*"))) as (url, _):
        explanation = explained(cors, app_with(ONLY), "--live", url)
    assert explanation["note_codes"] == ["not-this-app"]
    assert f"With this app, Access-Control-Allow-Origin is {ORIGIN}" in explanation["notes"][0]


def test_a_refusal_of_the_policy_is_explained_by_the_app(cors):
    with serving(lambda handler: (200, [("Vary", "Origin")], b"")) as (url, _):
        explanation = explained(
            cors, app_with("CORS(app, origins='https://x.example')"), "--live", url
        )
    assert explanation["code"] == "origin-not-listed"


def test_the_body_of_a_live_response_is_not_read(cors):
    def endless(handler):
        handler.close_connection = True
        return 200, [("Access-Control-Allow-Origin", ORIGIN), ("Content-Length", "9" * 9)], b"1"

    with serving(endless) as (url, _):
        assert explained(cors, app_with(ONLY), "--live", url)["readable"] is True


# Servers that do not answer -----------------------------------------------------------------------


def free_address():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{held.getsockname()[1]}"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_is_not_running_is_reported(cors, scheme):
    address = f"{scheme}://{free_address()}"
    result = cors(app_with(ONLY), "explain", "--origin", ORIGIN, "--live", address, "/x")
    assert result.exit_code == 1
    assert f"No server answers at {address}" in " ".join(result.stdout.split())
    explanation = explained(cors, app_with(ONLY), "--live", address)
    assert (explanation["code"], explanation["events"]) == ("no-server", [])
    assert explanation["cookies"] == []


def test_an_unknown_host_is_reported(cors):
    explanation = explained(
        cors,
        app_with(ONLY),
        "--live",
        "http://no-such-host.localhost.invalid",
        path="http://localhost/x",
    )
    assert explanation["code"] == "no-server"


@contextmanager
def talking(say):
    """Run a TCP server that calls a function for each connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            say(self.request)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    with running_in_a_thread(server) as port:
        yield f"127.0.0.1:{port}"


def test_a_server_that_does_not_speak_http_is_reported(cors):
    def say(connection):
        connection.recv(1000)
        connection.sendall(b"220 mail.example ESMTP\r\n")

    with talking(say) as address:
        explanation = explained(cors, app_with(ONLY), "--live", f"http://{address}")
    assert "does not answer like a web server" in explanation["cause"]


def test_insecure_tls_is_reported(cors):
    def say(connection):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with talking(say) as address:
        explanation = explained(cors, app_with(ONLY), "--live", f"https://{address}")
    assert "a browser would refuse it" in explanation["cause"]


def test_a_timeout_is_reported(cors, monkeypatch):
    monkeypatch.setattr(live, "TIMEOUT", 0.2)
    done = threading.Event()
    with talking(lambda connection: done.wait(5)) as address:
        explanation = explained(cors, app_with(ONLY), "--live", f"http://{address}")
        done.set()
    assert "did not answer within" in explanation["cause"]


@pytest.mark.parametrize(
    "url",
    ["localhost:5000", "ftp://x.example", "http://", "http://127.0.0.1:99999", "http://[::1"],
)
def test_an_invalid_server_url_is_a_usage_error(cors, url):
    result = cors(app_with(ONLY), "explain", "--origin", ORIGIN, "--live", url, "/x")
    assert result.exit_code == 2
    assert "is not the URL of a server" in result.stderr


def test_a_server_url_with_a_user_name_is_a_usage_error(cors):
    result = cors(
        app_with(ONLY), "explain", "--origin", ORIGIN, "--live", "http://a@localhost", "/x"
    )
    assert result.exit_code == 2
    assert "contains a user name" in result.stderr
