from __future__ import annotations

import re
import runpy
import socket
from http.client import HTTPConnection
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from ..support.servers import free_port

SOURCE = Path(__file__).parent.parent.parent / "docs" / "examples" / "quickstart.py"
PAGE = "http://127.0.0.1:5000"


@pytest.fixture
def client() -> Client:
    module = runpy.run_path(str(SOURCE))
    return Client(module["watch"](module["app"]))


def preflight(client: Client, path: str, method: str) -> TestResponse:
    return client.options(
        path,
        headers={
            "Origin": PAGE,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "content-type",
        },
    )


@pytest.mark.parametrize(
    ("path", "allowed_origin", "allows_credentials"),
    [
        pytest.param("/api/hello", PAGE, None, id="open"),
        pytest.param("/async", PAGE, None, id="async-view"),
        pytest.param("/private/profile", PAGE, "true", id="with-credentials"),
        pytest.param("/partner/report", None, None, id="for-someone-else"),
        pytest.param("/", None, None, id="no-rule"),
    ],
)
def test_answers_name_the_page_where_a_rule_does(
    client: Client, path: str, allowed_origin: str | None, allows_credentials: str | None
) -> None:
    response = client.get(path, headers={"Origin": PAGE})
    assert response.status_code == 200
    assert allowed_origin == response.headers.get("Access-Control-Allow-Origin")
    assert allows_credentials == response.headers.get("Access-Control-Allow-Credentials")


def test_the_async_view_exposes_its_header(client: Client) -> None:
    response = client.get("/async", headers={"Origin": PAGE})
    assert response.headers["X-Waited"] == "50 ms"
    assert response.headers["Access-Control-Expose-Headers"] == "X-Waited"


def test_a_put_is_granted_by_its_preflight_and_carried_out(client: Client) -> None:
    asked = preflight(client, "/api/items/1", "PUT")
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == PAGE
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"].split(", ")
    assert asked.headers["Access-Control-Allow-Headers"] == "content-type"

    done = client.put("/api/items/1", json={"tea": 2}, headers={"Origin": PAGE})
    assert done.get_json() == {"number": 1, "stored": {"tea": 2}}
    assert done.headers["Access-Control-Allow-Origin"] == PAGE


def test_a_preflight_for_someone_else_s_resource_is_refused(client: Client) -> None:
    asked = preflight(client, "/partner/report", "PUT")
    assert "Access-Control-Allow-Origin" not in asked.headers


def test_the_page_is_told_what_was_said_for_one_of_its_calls(client: Client) -> None:
    preflight(client, "/api/items/1?mine", "PUT")
    client.get("/partner/report?mine", headers={"Origin": PAGE})
    client.get("/api/hello?another", headers={"Origin": PAGE})
    client.get("/api/hello?mine")

    asked, refused = client.get("/exchanges/mine").get_json()
    assert asked["request"] == "OPTIONS /api/items/1"
    assert asked["sent"] == {
        "Origin": PAGE,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    assert asked["status"] == "200 OK"
    assert asked["answer"]["Access-Control-Allow-Origin"] == PAGE
    assert refused == {
        "call": "mine",
        "request": "GET /partner/report",
        "sent": {"Origin": PAGE},
        "status": "200 OK",
        "answer": {},
    }


def test_the_page_shows_the_rules_that_the_app_has() -> None:
    code, _, html = SOURCE.read_text("utf-8").partition('HTML = """')
    rules = re.findall(r"(?:const [A-Z]+ =|rule:) '(.+)'", html)
    assert len(rules) == 4
    assert [rule for rule in rules if rule not in code] == []


def test_the_page_needs_nothing_from_elsewhere(client: Client) -> None:
    links = re.findall(r'(?:src|href)="([^"]*)"', client.get("/").text)
    assert links == ["data:,"]


def test_a_port_that_is_taken_is_passed_over_and_the_page_is_announced(
    capsys: pytest.CaptureFixture[str],
) -> None:
    port_to_use = runpy.run_path(str(SOURCE))["port_to_use"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        port = port_to_use(taken)
    assert taken < port
    assert (
        f"Port {taken} is taken by another program. This one uses {port}.\n"
        == capsys.readouterr().out
    )


def test_a_port_that_is_free_is_used_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert port == runpy.run_path(str(SOURCE))["port_to_use"](port)
    assert capsys.readouterr().out == ""


@pytest.mark.server
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_both_origins_reach_the_server(host: str, quickstart_port: int) -> None:
    connection = HTTPConnection(host, quickstart_port, timeout=30)
    connection.request("GET", "/api/hello", headers={"Origin": PAGE})
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == 200
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
