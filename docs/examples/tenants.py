"""Origins from a database: only the pages of the tenants may call the API.

    python docs/examples/tenants.py                                 # Flask, on port 5000
    uvicorn --app-dir docs/examples --factory tenants:create_asgi   # behind an ASGI server

It needs aiosqlite. The database is `tenants.sqlite`, or the file in the variable TENANTS_DATABASE.
The port is 5000, or the one in the variable PORT.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import aiosqlite
from asgiref.wsgi import WsgiToAsgi
from flask import Flask, request
from flask.typing import ResponseReturnValue

from flask_cors import CORS, ConfigurationError, MiddlewareOptions
from flask_cors.asgi import CORSMiddleware
from flask_cors.core import Policy

SCHEMA = "CREATE TABLE IF NOT EXISTS tenants (name TEXT PRIMARY KEY, origin TEXT NOT NULL)"
DATABASE = Path(os.environ.get("TENANTS_DATABASE", "tenants.sqlite"))


class Tenants:
    """The tenants and their origins, read from the database and remembered for a while.

    All threads and event loops can use one object. Flask runs each async call in a new loop, so the
    object keeps nothing that belongs to a loop: each call opens its own connection, and the
    remembered origins are a plain set, protected by a lock for threads.

    Args:
        database: the SQLite file.
        seconds: how long the origins are remembered.
        clock: returns the time in seconds.
    """

    def __init__(
        self,
        database: Path,
        *,
        seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()  # never held while something is awaited
        self._remembered: frozenset[str] = frozenset()
        self._until = float("-inf")
        self._changes = 0

    def allow(self, origin: str) -> bool | Awaitable[bool]:
        """Return whether an origin is a tenant's, or an awaitable if the database must be read."""
        with self._lock:
            if self._clock() < self._until:
                return origin in self._remembered
        return self._look_up(origin)

    async def put(self, name: str, origin: str) -> None:
        """Set or replace the origin of a tenant."""
        await self._write("INSERT OR REPLACE INTO tenants VALUES (?, ?)", name, origin)

    async def remove(self, name: str) -> None:
        """Remove a tenant."""
        await self._write("DELETE FROM tenants WHERE name = ?", name)

    def forget(self) -> None:
        """Forget the remembered origins, so that the next call reads the database."""
        with self._lock:
            self._changes += 1
            self._until = float("-inf")

    async def _look_up(self, origin: str) -> bool:
        with self._lock:
            asked, changes = self._clock(), self._changes
        async with self._connection() as connection:
            rows = await connection.execute_fetchall("SELECT origin FROM tenants")
        origins = frozenset(str(found) for (found,) in rows)
        with self._lock:
            if changes == self._changes:  # otherwise there was a change in the meantime
                self._remembered, self._until = origins, asked + self._seconds
        return origin in origins

    async def _write(self, statement: str, *values: str) -> None:
        async with self._connection() as connection:
            await connection.execute(statement, values)
            await connection.commit()
        self.forget()

    def _connection(self) -> aiosqlite.Connection:
        return aiosqlite.connect(self._database, timeout=2.0)


def canonical(text: str) -> str | None:
    """Return an origin as browsers send it, or `None` if the text is not exactly one origin."""
    try:
        origin = Policy.from_options(origins=[text]).settings.origins.only_origin
    except ConfigurationError:
        return None
    return origin if origin != "null" else None


def cors_options(tenants: Tenants) -> MiddlewareOptions:
    """Return the options that the Flask extension and the ASGI middleware share."""
    return {
        "resources": {"/api/*": {"origins": tenants.allow}},
        "supports_credentials": True,
        "max_age": 600,
    }


def create_api(tenants: Tenants) -> Flask:
    """Return the app, without CORS."""
    app = Flask(__name__)

    @app.get("/api/products")
    async def products() -> ResponseReturnValue:
        return {"products": ["tea", "cake"]}

    # For the administrator, so not below /api: pages of other origins must not call these.
    @app.put("/tenants/<name>")
    async def put(name: str) -> ResponseReturnValue:
        origin = canonical(request.get_data(as_text=True))
        if origin is None:
            return {"error": "Send an origin: https://shop.example"}, 400
        await tenants.put(name, origin)
        return {"name": name, "origin": origin}

    @app.delete("/tenants/<name>")
    async def remove(name: str) -> ResponseReturnValue:
        await tenants.remove(name)
        return "", 204

    return app


def create_database(database: Path = DATABASE) -> Path:
    """Create the table if it does not exist, and return the file."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(SCHEMA)
    return database


def create_app(tenants: Tenants | None = None) -> Flask:
    """Return the app for a WSGI server."""
    tenants = tenants or Tenants(create_database())
    app = create_api(tenants)
    CORS(app, **cors_options(tenants))
    return app


def create_asgi(tenants: Tenants | None = None) -> CORSMiddleware:
    """Return the app for an ASGI server, which answers preflights in its own event loop."""
    tenants = tenants or Tenants(create_database())
    served = WsgiToAsgi(create_api(tenants))  # type: ignore[no-untyped-call]  # asgiref types only its protocol
    return CORSMiddleware(served, **cors_options(tenants))


if __name__ == "__main__":
    create_app().run(port=int(os.environ.get("PORT", "5000")))
