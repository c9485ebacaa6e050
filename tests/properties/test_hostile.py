"""What no browser sends: any bytes that a server lets through, and what has gone wrong before."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse, run_wsgi_app
from werkzeug.wrappers import Request

from flask_cors import CORS, ResourceOptions, cross_origin
from flask_cors.core.options import Origins

from ..support.serving import serving

APP = "https://app.example"
OTHER = "https://other.example"
# Each resource is a policy of another kind.
PATHS = ["/any", "/list", "/pattern", "/regex", "/callable", "/null", "/view", "/none"]

# The grammar as this file reads it, apart from the one that is tested.
ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
TOKENS = re.compile(rf"{TOKEN}(, {TOKEN})*")
GRAMMAR = {
    "access-control-allow-origin": re.compile(rf"\*|null|{ORIGIN.pattern}"),
    "access-control-allow-methods": TOKENS,
    "access-control-allow-headers": TOKENS,
    "access-control-max-age": re.compile("600"),
    "vary": TOKENS,
}

HOSTILE = {
    "empty": b"",
    "blanks": b"  \t ",
    "latin-1": b"https://\xe9.example",
    "utf-8": "https://b\u00fccher.example".encode(),
    "every-high-byte": bytes(range(0x80, 0x100)),
    "nul": b"https://app.example\x00",
    "escape": b"\x1b[31mhttps://app.example",
    "delete": b"https://app.example\x7f",
    "tab": b"https://app.example\thttps://app.example",
    "next-line": b"https://app.example\x85",
    "cr": b"https://app.example\rX-Injected: 1",
    "folded": b"https://app.example\r\n X-Injected: 1",
    "second-field": b"https://app.example\r\nX-Injected: 1",
    "comma": b"https://app.example,https://app.example",
    "comma-and-blank": b"https://app.example, https://evil.test",
    "two": b"https://app.example https://evil.test",
    "wildcard": b"*",
    "null": b"null",
    "upper-null": b"NULL",
    "null-and-more": b"null, null",
    "markup": b"<script>alert(1)</script>",
    "quotes": b"\"'`\\",
    "userinfo": b"https://app.example@evil.test",
    "path": b"https://app.example/",
    "query": b"https://app.example?",
    "no-host": b"https://",
    "dots": b"https://...",
    "no-scheme": b"//app.example",
    "port": b"https://app.example:99999999999999999999",
    "zero-port": b"https://app.example:0",
    "brackets": b"https://[::1",
    "bad-ipv6": b"https://[:::::::::]",
    "encoded-line": b"https://app.example%0d%0aX-Injected:1",
    "format": b"%s%n{0}{origin}%(origin)s",
    "look-alike": b"https://app.example.evil.test",
    "prefixed": b"evil-https://app.example",
    "scheme": b"javascript://app.example",
    "upper": b"HTTPS://APP.EXAMPLE",
    "64-kib": b"a" * 65_000,
    "64-kib-of-labels": b"https://" + b"a." * 32_000 + b"example",
    "64-kib-of-commas": b"," * 65_000,
    "64-kib-of-names": b"x-a," * 16_000,
    "64-kib-of-blanks": b"x" + b" " * 65_000 + b"x",
    "64-kib-of-high-bytes": b"\xff" * 65_000,
}
VALUES = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
FIELDS = ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]


def is_ours(origin: str) -> bool:
    return origin == APP


def make_app() -> Flask:
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    for path in PATHS[:-2]:
        app.add_url_rule(path, path, lambda: "view", methods=["GET", "PUT"])
    view = cross_origin(origins=r"https://.*\.example", methods="*")(lambda: "view")
    app.add_url_rule("/view", "view", view, methods=["GET", "PUT"])
    resources: dict[str, ResourceOptions] = {
        "/any": {"origins": "*"},
        "/list": {"origins": [APP, OTHER]},
        "/pattern": {"origins": "https://*.example"},
        "/regex": {"origins": r"https://(.+\.)?example"},
        "/callable": {"origins": is_ours},
        "/null": {"origins": "null"},
        "/none": {"origins": []},
    }
    CORS(app, methods="*", max_age=600, resources=resources)
    CORS(app, resources={r"/[a-z]+(/.*)+": {"origins": "*", "allow_headers": "X-*"}})
    return app


def unsound(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the lines that no response should have, whatever was asked."""
    names = [name.lower() for name, _ in lines]
    bad = [
        (name, value)
        for name, value in lines
        if name.lower() in GRAMMAR and not GRAMMAR[name.lower()].fullmatch(value)
    ]
    bad += [line for line in lines if re.search(r"[\x00-\x1f\x7f]", "".join(line))]
    bad += [line for line in lines if line[0].lower() == "x-injected"]
    bad += [line for line in lines if line[0].lower() == "access-control-allow-credentials"]
    if names.count("access-control-allow-origin") > 1:
        bad += [line for line in lines if line[0].lower() == "access-control-allow-origin"]
    return bad


# Straight to the app -----------------------------------------------------------------------------

APPLICATION = make_app()


def ask(method: str, path: str, fields: dict[str, str], app: Flask = APPLICATION) -> TestResponse:
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in fields.items()},
    }
    parts, status, headers = run_wsgi_app(app, environ, buffered=True)
    return TestResponse(parts, status, headers, Request(environ))


def request_fields(field: str, value: str) -> dict[str, str]:
    sound = dict(zip(FIELDS, [APP, "PUT", "x-a"], strict=True))
    return {**sound, field: value}


@VALUES
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_any_value_of_a_field_is_answered_soundly(method: str, field: str, value: bytes) -> None:
    fields = request_fields(field, value.decode("latin-1"))
    for path in PATHS:
        response = ask(method, path, fields)
        assert response.status_code in {200, 404}
        assert unsound(list(response.headers)) == []


@VALUES
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_any_path_is_answered_soundly(method: str, value: bytes) -> None:
    for path in (
        value.decode("latin-1"),
        "/" + value.decode("latin-1"),
        "/any/" + value.decode("latin-1"),
    ):
        response = ask(method, path, request_fields("Origin", APP))
        assert response.status_code in {200, 308, 404}
        assert unsound(list(response.headers)) == []


@pytest.mark.parametrize(
    "method",
    ["options", "Options", "GET\x00", "", "\xff", "<b>", "a" * 65_000],
    ids=["lower", "title", "nul", "empty", "latin-1", "markup", "64-kib"],
)
def test_any_method_is_answered_soundly(method: str) -> None:
    for path in PATHS:
        response = ask(method, path, request_fields("Origin", APP))
        assert response.status_code in {200, 404, 405}
        assert unsound(list(response.headers)) == []


@VALUES
def test_any_host_is_answered_soundly(value: bytes) -> None:
    fields = {**request_fields("Origin", APP), "Host": value.decode("latin-1")}
    assert ask("OPTIONS", "/any", fields).headers["Access-Control-Allow-Origin"] == APP
    for path in PATHS:
        response = ask("OPTIONS", path, fields)
        assert response.status_code in {200, 400}
        assert unsound(list(response.headers)) == []


def test_a_path_that_is_not_there_is_the_root() -> None:
    app = Flask(__name__)
    app.get("/")(lambda: "root")
    CORS(app, resources="/")
    assert ask("GET", "", {"Origin": APP}, app).headers["Access-Control-Allow-Origin"] == APP


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - {"upper"}))  # that is the listed origin
def test_no_value_that_is_not_the_listed_origin_is_let_in(name: str) -> None:
    text = HOSTILE[name].decode("latin-1")
    for path in ("/list", "/pattern", "/regex", "/callable", "/view"):
        for method in ("GET", "OPTIONS"):
            response = ask(method, path, request_fields("Origin", text))
            assert response.headers.get("Access-Control-Allow-Origin") is None
            assert "Origin" in response.headers["Vary"]


def test_only_null_itself_is_let_in_as_null() -> None:
    answers = {
        text: ask("GET", "/null", {"Origin": text}).headers.get("Access-Control-Allow-Origin")
        for text in ("null", "NULL", "Null", " null", "null ", "null\x00", "'null'", APP)
    }
    assert answers == {**dict.fromkeys(answers), "null": "null"}


@pytest.mark.parametrize(
    "value", ["\u212aelvin", "https://app.e\u017fample", "po\u017ft", "\udc80"]
)
def test_what_no_server_passes_on_is_answered_soundly(value: str) -> None:
    for field in FIELDS:
        for path in PATHS:
            response = ask("OPTIONS", path, request_fields(field, value))
            assert unsound(list(response.headers)) == []


@settings(max_examples=200, deadline=None)
@given(
    method=st.sampled_from(["GET", "OPTIONS", "PUT"]),
    path=st.sampled_from(PATHS) | st.binary(max_size=20).map(lambda text: text.decode("latin-1")),
    values=st.lists(st.binary(max_size=60), min_size=3, max_size=3),
)
def test_any_text_is_answered_soundly(method: str, path: str, values: list[bytes]) -> None:
    texts = [value.decode("latin-1") for value in values]
    response = ask(method, path, dict(zip(FIELDS, texts, strict=True)))
    assert unsound(list(response.headers)) == []


def test_beyond_the_budget_no_header_is_granted() -> None:
    many = ",".join(f"x-{number}" for number in range(129))
    headers = ask("OPTIONS", "/any", request_fields(FIELDS[2], many)).headers
    assert headers["Access-Control-Allow-Methods"] == "PUT"
    assert "Access-Control-Allow-Headers" not in headers


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "TRACK", "trace"])
def test_a_forbidden_method_is_not_granted_by_the_wildcard(method: str) -> None:
    headers = ask("OPTIONS", "/any", request_fields(FIELDS[1], method)).headers
    assert headers["Access-Control-Allow-Origin"] == APP
    assert "Access-Control-Allow-Methods" not in headers


# Through a server --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(make_app()) as port:
        yield port


def exchange(port: int, target: bytes, *lines: bytes) -> tuple[int, list[tuple[str, str]]]:
    """Send a request as it is written; return the status and the header lines of the answer."""
    head = [target + b" HTTP/1.1", b"Host: localhost", *lines, b"Connection: close"]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"\r\n".join(head) + b"\r\n\r\n")
        with client.makefile("rb") as answer:
            received = answer.read()
    status, *fields = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return int(status.split()[1]), [(name, value) for name, value in map(split_field, fields)]


def split_field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name, value


def lines_of(fields: dict[str, bytes]) -> list[bytes]:
    return [name.encode() + b": " + value for name, value in fields.items()]


@pytest.mark.server
@VALUES
def test_any_bytes_of_a_field_are_answered_soundly(port: int, value: bytes) -> None:
    # What a server makes of the bytes is the same for each field; what is made of that is above.
    asked_by_anyone = {FIELDS[0]: value, FIELDS[1]: b"PUT"}
    asks_for_anything = {FIELDS[0]: APP.encode(), FIELDS[1]: value, FIELDS[2]: value}
    for fields in (asked_by_anyone, asks_for_anything):
        for target in (b"OPTIONS /any", b"GET /view"):
            status, lines = exchange(port, target, *lines_of(fields))
            assert status in {200, 400, 431}
            assert unsound(lines) == []


@pytest.mark.server
@pytest.mark.parametrize(
    "target",
    [
        b"/any\x00",
        b"/any\xff",
        b"/\xc3\xa9",
        b"/%",
        b"/%zz",
        b"/%00",
        b"/%0d%0aX-Injected:%201",
        b"/any%0d%0aX-Injected:%201",
        b"/any/%0d%0aX-Injected:%201/",
        b"//evil.test/any",
        b"http://evil.test/any",
        b"*",
        b"any",
        b"?x",
        b"/../any",
        b"/" + b"a/" * 30_000,
        b"/" + b"%ff" * 20_000,
    ],
    ids=lambda target: ascii(target[:30])[2:-1],
)
@pytest.mark.parametrize("method", [b"GET", b"OPTIONS"])
def test_any_target_is_answered_soundly(port: int, method: bytes, target: bytes) -> None:
    fields = dict(zip(FIELDS, [APP.encode(), b"PUT", b"x-a"], strict=True))
    status, lines = exchange(port, method + b" " + target, *lines_of(fields))
    assert status in {200, 308, 400, 404, 414}
    assert unsound(lines) == []


@pytest.mark.server
@pytest.mark.parametrize("path", [b"/list", b"/pattern", b"/regex", b"/callable", b"/view"])
@pytest.mark.parametrize(
    "second", [APP.encode(), b"https://evil.test", b"null", b""], ids=["same", "evil", "null", "no"]
)
def test_several_origins_are_no_origin(port: int, path: bytes, second: bytes) -> None:
    fields = [b"Origin: " + APP.encode(), b"Origin: " + second]
    for order in (fields, fields[::-1]):
        asked = [*order, b"Access-Control-Request-Method: PUT"]
        for method in (b"GET ", b"OPTIONS "):
            _, lines = exchange(port, method + path, *asked)
            assert "Access-Control-Allow-Origin" not in dict(lines)
            assert "Origin" in dict(lines)["Vary"]


@pytest.mark.server
def test_several_lines_of_requested_headers_are_one_list(port: int) -> None:
    fields = lines_of({"Origin": APP.encode(), "Access-Control-Request-Method": b"PUT"})
    names = [b"Access-Control-Request-Headers: " + name for name in (b"x-a", b"x-b, x-c")]
    _, lines = exchange(port, b"OPTIONS /any", *fields, *names)
    assert dict(lines)["Access-Control-Allow-Headers"] == "x-a, x-b, x-c"


@pytest.mark.server
@pytest.mark.parametrize(
    "field",
    [b"Origin : https://app.example", b"Origin\t: https://app.example", b"Access_Control: x"],
)
def test_a_field_with_a_strange_name_is_none(port: int, field: bytes) -> None:
    status, lines = exchange(port, b"GET /list", field)
    assert status in {200, 400}
    assert "Access-Control-Allow-Origin" not in dict(lines)


# Each once had a CVE in flask-cors, the last in its port to Sanic --------------------------------


def path_as_routed(path: str) -> str:
    return path


def app_with(resources: dict[str, ResourceOptions]) -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/<path:path>", view_func=path_as_routed, methods=["GET", "PUT"])
    CORS(app, resources=resources)
    return app


def let_in(app: Flask, target: str, origin: str = OTHER) -> bool:
    """Return whether `origin` may read `target`, by its response and by its preflight."""
    client = app.test_client()
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    answers = [client.get(target, headers=headers), client.options(target, headers=headers)]
    allowed = ["Access-Control-Allow-Origin" in answer.headers for answer in answers]
    assert allowed[0] == allowed[1]
    return allowed[0]


@pytest.mark.parametrize(
    "target",
    ["/private/x", "/private%2Fx", "/%70rivate/x", "/p%72ivate%2fx", "/private/%2e%2e/private/x"],
)
def test_cve_2020_25032_the_rule_is_that_of_the_path_which_is_routed(target: str) -> None:
    """A path in another spelling was looked up as written, and missed the rule that guards it."""
    app = app_with({"/*": {"origins": "*"}, "/private/*": {"origins": APP}})
    assert let_in(app, "/public/x")
    assert not let_in(app, target)
    assert let_in(app, target, APP)


def test_cve_2020_25032_a_path_that_only_starts_like_an_open_one_is_not_open() -> None:
    """Dots were not resolved either; here a rule sees exactly what the view gets."""
    app = app_with({"/public/*": {"origins": "*"}, "/private/*": {"origins": APP}})
    client = app.test_client()
    response = client.get("/x", environ_overrides={"PATH_INFO": "/../private/x"})
    assert response.text == "../private/x"
    assert not let_in(app, "/%2e%2e/public/x")


@pytest.mark.parametrize("forged", ["\r\n", "\n", "\r", "\x1b[2J", "\x00", "\x85", "\u2028"])
def test_cve_2024_1681_a_request_writes_no_log_line_of_its_own(
    forged: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With debug logging on, a line break in the path wrote whatever lines the client wanted."""
    text = (forged + "INFO root logged in").encode().decode("latin-1")
    app = app_with({"/*": {"origins": [APP, r"https://.*\.example"]}})
    with caplog.at_level(logging.DEBUG, "flask_cors"):
        for method in ("GET", "OPTIONS", "X" + text):
            ask(method, "/" + text, dict.fromkeys(FIELDS, text), app)
            ask(method, "/" + text, {**dict.fromkeys(FIELDS, text), "Origin": APP}, app)
    messages = [record.getMessage() for record in caplog.records if record.name == "flask_cors"]
    assert len(messages) == 6
    assert [message for message in messages if not re.fullmatch(r"[ -~]+", message)] == []


def test_cve_2024_1681_a_request_cannot_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The same, by length: what a client sends is shortened."""
    app = app_with({"/*": {"origins": APP}})
    with caplog.at_level(logging.DEBUG, "flask_cors"):
        ask("OPTIONS", "/" + "p" * 65_000, dict.fromkeys(FIELDS, "x" * 65_000), app)
        ask("OPTIONS", "/", {**dict.fromkeys(FIELDS, "x" * 65_000), "Origin": APP}, app)
    assert max(len(record.getMessage()) for record in caplog.records) < 1000


def test_cve_2024_6221_private_networks_are_closed_by_default() -> None:
    """Any website was told that it may reach into the network which the server stands in."""
    fields = {**request_fields("Origin", APP), "Access-Control-Request-Private-Network": "true"}
    headers = ask("OPTIONS", "/x", fields, app_with({"/*": {}})).headers
    assert headers["Access-Control-Allow-Origin"] == APP
    assert "Access-Control-Allow-Private-Network" not in headers


@pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")  # told: it has no effect any more
@pytest.mark.parametrize(
    ("asked", "answer"), [("true", "true"), ("false", None), ("TRUE", None), ("1", None)]
)
def test_cve_2024_6221_private_networks_are_opened_on_request_only(
    asked: str, answer: str | None
) -> None:
    """Who wants it can still have it, where a preflight asks for it."""
    app = app_with({"/*": {"allow_private_network": True}})
    fields = {**request_fields("Origin", APP), "Access-Control-Request-Private-Network": asked}
    headers = ask("OPTIONS", "/x", fields, app).headers
    assert headers.get("Access-Control-Allow-Private-Network") == answer


def test_cve_2024_6839_the_more_specific_pattern_wins_over_the_longer_one() -> None:
    """The longest pattern won, so a wordy one for much of the app lifted the rule for a part."""
    wordy = r"/(api|application|anything-else-there-is).*"
    app = app_with({wordy: {"origins": "*"}, "/api/private/*": {"origins": APP}})
    assert let_in(app, "/api/x")
    assert not let_in(app, "/api/private/x")
    assert let_in(app, "/api/private/x", APP)


def test_cve_2024_6839_a_literal_wins_over_every_pattern() -> None:
    """The same, for a rule that names one path."""
    app = app_with(
        {r"/api/v1/users/\d*[a-z]*": {"origins": "*"}, "/api/v1/users/me": {"origins": APP}}
    )
    assert let_in(app, "/api/v1/users/you")
    assert not let_in(app, "/api/v1/users/me")


def test_cve_2024_6844_a_plus_in_a_path_is_a_plus() -> None:
    """The path was decoded like a form, so `/a+b` was looked up as `/a b` and missed its rule."""
    app = app_with({"/*": {"origins": "*"}, "/a+b": {"origins": APP}})
    assert not let_in(app, "/a+b")
    assert not let_in(app, "/a%2Bb")
    assert let_in(app, "/a%20b")


@pytest.mark.parametrize("pattern", ["/Private/*", r"/Private/\w+", "/Private/x"])
def test_cve_2024_6866_paths_differ_by_case(pattern: str) -> None:
    """Paths were compared without regard to case, so an open rule covered other views as well."""
    app = app_with({pattern: {"origins": "*"}})
    assert let_in(app, "/Private/x")
    assert not let_in(app, "/private/x")
    assert not let_in(app, "/PRIVATE/x")


TRUSTED = r"https://trusted\.example"


@pytest.mark.parametrize(
    "origins",
    [
        TRUSTED,
        "^" + TRUSTED,
        re.compile(TRUSTED),
        re.compile(TRUSTED, re.MULTILINE),
        [APP, TRUSTED],
        [rf"{TRUSTED}|https://admin\.example"],
    ],
    ids=["string", "anchored", "compiled", "lines", "list", "alternatives"],
)
@pytest.mark.parametrize(
    "origin",
    [
        "https://trusted.example.evil.test",
        "https://trusted.examples",
        "https://trusted.example-evil.test",
        "https://trusted.example:8443",
        "https://trusted.example@evil.test",
        "https://trusted.example/.evil.test",
        "https://trusted.example, https://evil.test",
    ],
    ids=["subdomain", "label", "dash", "port", "userinfo", "path", "two"],
)
def test_cve_2026_37737_an_origin_that_only_begins_like_a_trusted_one_is_refused(
    origins: Origins, origin: str
) -> None:
    """A regular expression had to match the start of an origin alone; the rest was anybody's."""
    app = app_with({"/*": {"origins": origins, "supports_credentials": True}})
    app.get("/view")(cross_origin(origins=origins)(lambda: "view"))
    assert let_in(app, "/x", "https://trusted.example")
    assert not let_in(app, "/x", origin)
    view = {
        asked: ask("GET", "/view", {"Origin": asked}, app).headers
        for asked in ("https://trusted.example", origin)
    }
    answered = [headers.get("Access-Control-Allow-Origin") for headers in view.values()]
    assert answered == ["https://trusted.example", None]


@pytest.mark.parametrize("name", ["x-tenant-secret", "x-tenants", "evil-x-tenant"])
def test_cve_2026_37737_a_header_that_only_begins_like_an_allowed_one_is_refused(name: str) -> None:
    """The same, for the names that a preflight asks for."""
    app = app_with({"/*": {"origins": APP, "allow_headers": [r"X-Tenant(-Id)?"]}})
    asked = {**request_fields("Origin", APP), FIELDS[2]: f"x-tenant-id,{name}"}
    headers = ask("OPTIONS", "/x", asked, app).headers
    assert headers["Access-Control-Allow-Headers"] == "x-tenant-id"
