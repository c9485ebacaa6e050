"""WSGI apps served in threads of this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server


class QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  (Werkzeug's name)
        pass


@contextmanager
def serving(app: Any) -> Iterator[int]:
    """Serve a WSGI app in threads of this process until the end of the block; yield the port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    with running_in_a_thread(server) as port:
        yield port


@contextmanager
def running_in_a_thread(server: Any) -> Iterator[int]:
    """Run a server of the standard library until the end of the block; yield its port."""
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
