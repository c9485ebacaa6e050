"""The tenants example: who is let in, when the database is asked, and what its failure does."""

from __future__ import annotations

import asyncio
import inspect
import logging
import runpy
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

aiosqlite = pytest.importorskip("aiosqlite", reason="aiosqlite is not installed")

SOURCE = Path(__file__).parent.parent.parent / "docs" / "examples" / "tenants.py"
SHOP = "https://shop.example"
CAFE = "https://cafe.example:8443"
STRANGER = "https://stranger.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"

example = SimpleNamespace(**runpy.run_path(str(SOURCE)))


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path):
    path = example.create_database(tmp_path / "tenants.sqlite")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO tenants VALUES (?, ?)", [("shop", SHOP), ("cafe", CAFE)]
        )
    return path


@pytest.fixture
def opened(monkeypatch):
    """Give the loops in which a connection was opened, one item for each."""
    loops = []
    connect = aiosqlite.connect

    def noting(*args, **kwargs):
        loops.append(asyncio.get_running_loop())
        return connect(*args, **kwargs)

    monkeypatch.setattr(aiosqlite, "connect", noting)
    return loops


@pytest.fixture
def tenants(database, clock):
    return example.Tenants(database, seconds=30, clock=clock)


def by_flask(tenants):
    client = example.create_app(tenants).test_client()

    def ask(method, path, *, data=b"", **fields):
        response = client.open(path, method=method, data=data, headers=headers_of(fields))
        return response.status_code, response.headers

    return ask


def by_asgi(tenants):
    app = example.create_asgi(tenants)

    def ask(method, path, *, data=b"", **fields):
        return asyncio.run(over_asgi(app, method, path, headers_of(fields), data))

    return ask


def headers_of(fields):
    return {name.replace("_", "-"): value for name, value in fields.items()}


async def over_asgi(app, method, path, headers, data=b""):
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"content-length", str(len(data)).encode()),
            *((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()),
        ],
        "client": ("127.0.0.1", 5001),
        "server": ("127.0.0.1", 5000),
    }
    events = []
    pending = [{"type": "http.request", "body": data, "more_body": False}]

    async def receive():
        if pending:
            return pending.pop()
        return await asyncio.Event().wait()

    async def send(event):
        events.append(event)

    await app(scope, receive, send)
    lines = {name.decode().title(): value.decode() for name, value in events[0]["headers"]}
    return events[0]["status"], lines


async def allowed(tenants, origin):
    answer = tenants.allow(origin)
    return await answer if inspect.isawaitable(answer) else answer


EITHER = pytest.mark.parametrize("made", [by_flask, by_asgi], ids=["flask", "asgi"])


@EITHER
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        pytest.param(SHOP, SHOP, id="tenant"),
        pytest.param(CAFE, CAFE, id="tenant-with-a-port"),
        pytest.param(STRANGER, None, id="stranger"),
        pytest.param("https://cafe.example", None, id="other-port"),
        pytest.param("http://shop.example", None, id="other-scheme"),
        pytest.param("https://shop.example.evil.test", None, id="look-alike"),
        pytest.param("' OR '1'='1", None, id="injection"),
        pytest.param("null", None, id="null"),
    ],
)
def test_the_pages_of_tenants_may_read_those_of_others_may_not(made, tenants, origin, allowed):
    status, headers = made(tenants)("GET", "/api/products", Origin=origin)
    assert status == 200
    assert allowed == headers.get(ALLOW_ORIGIN)
    assert ("true" if allowed else None) == headers.get("Access-Control-Allow-Credentials")
    assert headers["Vary"] == "Origin"


@EITHER
@pytest.mark.parametrize(
    ("origin", "allowed", "max_age"),
    [
        pytest.param(SHOP, SHOP, "600", id="tenant"),
        pytest.param(STRANGER, None, None, id="stranger"),
    ],
)
def test_preflights_are_answered_by_the_database_too(made, tenants, origin, allowed, max_age):
    status, headers = made(tenants)(
        "OPTIONS", "/api/products", Origin=origin, Access_Control_Request_Method="PUT"
    )
    assert status == 200
    assert allowed == headers.get(ALLOW_ORIGIN)
    assert max_age == headers.get("Access-Control-Max-Age")


@EITHER
def test_other_origins_may_not_manage_tenants(made, tenants, opened):
    status, headers = made(tenants)(
        "OPTIONS", "/tenants/shop", Origin=SHOP, Access_Control_Request_Method="PUT"
    )
    assert status == 200
    assert ALLOW_ORIGIN not in headers
    assert opened == []


@EITHER
@pytest.mark.parametrize("origin", [SHOP, STRANGER], ids=["tenant", "stranger"])
def test_what_is_remembered_needs_no_query(made, tenants, opened, origin):
    ask = made(tenants)
    first = ask("GET", "/api/products", Origin=SHOP)[1]
    assert len(opened) == 1
    again = [ask("GET", "/api/products", Origin=origin)[1] for _ in range(3)]
    assert first[ALLOW_ORIGIN] == SHOP
    assert {SHOP if origin == SHOP else None} == {headers.get(ALLOW_ORIGIN) for headers in again}
    assert len(opened) == 1


@pytest.mark.asyncio
async def test_what_is_remembered_needs_no_event_loop(tenants):
    assert await tenants.allow(SHOP) is True
    assert [tenants.allow(SHOP), tenants.allow(STRANGER)] == [True, False]


@EITHER
def test_what_is_remembered_is_read_again_after_a_while(made, tenants, clock, database, opened):
    ask = made(tenants)
    assert ask("GET", "/api/products", Origin=SHOP)[1][ALLOW_ORIGIN] == SHOP
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM tenants")  # by another process
    clock.now += 29.9
    assert ask("GET", "/api/products", Origin=SHOP)[1][ALLOW_ORIGIN] == SHOP
    clock.now += 0.1
    assert ALLOW_ORIGIN not in ask("GET", "/api/products", Origin=SHOP)[1]
    assert len(opened) == 2


@EITHER
def test_a_change_is_in_force_at_once(made, tenants):
    ask = made(tenants)
    new = "https://new.example"
    assert ALLOW_ORIGIN not in ask("GET", "/api/products", Origin=new)[1]
    assert ask("PUT", "/tenants/shop", data=b"https://New.example/")[0] == 200
    assert ask("GET", "/api/products", Origin=new)[1][ALLOW_ORIGIN] == new
    assert ALLOW_ORIGIN not in ask("GET", "/api/products", Origin=SHOP)[1]
    assert ask("DELETE", "/tenants/shop")[0] == 204
    assert ALLOW_ORIGIN not in ask("GET", "/api/products", Origin=new)[1]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        pytest.param("https://Shop.Example:443/", SHOP, id="repaired"),
        pytest.param(SHOP, SHOP, id="as-it-is"),
        pytest.param("shop.example", None, id="no-scheme"),
        pytest.param("*", None, id="everyone"),
        pytest.param("https://*.shop.example", None, id="pattern"),
        pytest.param(r"https://.*\.example", None, id="regex"),
        pytest.param("null", None, id="null"),
        pytest.param("", None, id="empty"),
    ],
)
def test_only_one_origin_is_stored_as_browsers_send_it(text, canonical):
    assert canonical == example.canonical(text)


def test_what_is_no_origin_is_not_stored(tenants, database):
    status, _ = by_flask(tenants)("PUT", "/tenants/shop", data=b"*")
    assert status == 400
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT origin FROM tenants WHERE name = 'shop'").fetchall()
    assert rows == [(SHOP,)]


@EITHER
@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"", "no such table", id="empty"),
        pytest.param(b"no database" * 100, "not a database", id="corrupt"),
    ],
)
def test_a_database_that_fails_denies_and_is_logged(
    *, made, tenants, database, caplog, content, error
):
    database.write_bytes(content)
    status, headers = made(tenants)("GET", "/api/products", Origin=SHOP)
    assert status == 200
    assert ALLOW_ORIGIN not in headers
    assert headers["Vary"] == "Origin"
    [record] = [record for record in caplog.records if record.name == "flask_cors"]
    assert record.levelno == logging.ERROR
    assert isinstance(record.exc_info[1], sqlite3.DatabaseError)
    assert error in str(record.exc_info[1])


@EITHER
def test_a_database_that_is_back_is_asked_again(made, tenants, database):
    ask = made(tenants)
    content = database.read_bytes()
    database.write_bytes(b"")
    assert ALLOW_ORIGIN not in ask("GET", "/api/products", Origin=SHOP)[1]
    database.write_bytes(content)
    assert ask("GET", "/api/products", Origin=SHOP)[1][ALLOW_ORIGIN] == SHOP


@EITHER
@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("", id="empty"),
        pytest.param("shop.example", id="no-scheme"),
        pytest.param("https://shop.example/", id="path"),
        pytest.param("https://shop.example, https://cafe.example", id="two"),
        pytest.param("https://shop.example:99999", id="port"),
        pytest.param("https://" + "a" * 400 + ".example", id="too-long"),
        pytest.param("https://sh\xf6p.example", id="not-ascii"),
    ],
)
def test_the_database_is_not_asked_about_what_is_no_origin(made, tenants, opened, origin):
    _, headers = made(tenants)("GET", "/api/products", Origin=origin)
    assert ALLOW_ORIGIN not in headers
    assert opened == []


@EITHER
def test_the_database_is_not_asked_without_an_origin(made, tenants, opened):
    status, headers = made(tenants)("GET", "/api/products")
    assert status == 200
    assert ALLOW_ORIGIN not in headers
    assert opened == []


def test_flask_asks_in_a_loop_of_its_own_each_time(tenants, opened):
    ask = by_flask(tenants)
    for _ in range(3):
        tenants.forget()
        assert ask("GET", "/api/products", Origin=SHOP)[1][ALLOW_ORIGIN] == SHOP
    assert len(set(map(id, opened))) == len(opened) == 3
    assert all(loop.is_closed() for loop in opened)


def test_threads_share_what_is_remembered(tenants):
    app = example.create_app(tenants)
    origins = [SHOP, STRANGER, CAFE] * 20

    def ask(number):
        if number % 7 == 0:
            tenants.forget()
        headers = {"Origin": origins[number]}
        return app.test_client().get("/api/products", headers=headers).headers.get(ALLOW_ORIGIN)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(len(origins))))
    assert [None if origin == STRANGER else origin for origin in origins] == answers


@pytest.mark.asyncio
async def test_tasks_share_what_is_remembered(tenants, opened):
    app = example.create_asgi(tenants)
    method = {"Access-Control-Request-Method": "GET"}

    async def ask(origin):
        asked = {"Origin": origin, **method}
        return (await over_asgi(app, "OPTIONS", "/api/products", asked))[1].get(ALLOW_ORIGIN)

    assert await ask(SHOP) == SHOP
    origins = [SHOP, STRANGER, CAFE] * 20
    answers = await asyncio.gather(*map(ask, origins))
    assert [None if origin == STRANGER else origin for origin in origins] == answers
    assert opened == [asyncio.get_running_loop()]


def test_a_thread_and_a_running_loop_may_ask_at_once(tenants):
    app = example.create_app(tenants)
    answers = []

    def ask_flask():
        for _ in range(5):
            tenants.forget()
            response = app.test_client().get("/api/products", headers={"Origin": SHOP})
            answers.append(response.headers.get(ALLOW_ORIGIN))

    async def ask_here():
        thread = threading.Thread(target=ask_flask)
        thread.start()
        here = [await allowed(tenants, CAFE) for _ in range(20)]
        await asyncio.to_thread(thread.join)
        return here

    assert asyncio.run(ask_here()) == [True] * 20
    assert answers == [SHOP] * 5


@pytest.mark.asyncio
async def test_what_was_read_before_a_change_is_not_remembered_after_it(
    tenants, database, monkeypatch
):
    """The read is held after it has its rows, and let go when the tenant is gone."""
    has_read, may_go_on = asyncio.Event(), asyncio.Event()
    fetch = aiosqlite.Connection.execute_fetchall

    async def held(self, *args):
        rows = await fetch(self, *args)
        has_read.set()
        await may_go_on.wait()
        return rows

    monkeypatch.setattr(aiosqlite.Connection, "execute_fetchall", held)
    early = asyncio.create_task(tenants.allow(SHOP))
    await has_read.wait()
    await tenants.remove("shop")
    may_go_on.set()
    assert await early is True
    assert await allowed(tenants, SHOP) is False
