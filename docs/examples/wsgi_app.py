"""CORS for any WSGI app, on port 8000 or another.

Run it, and open http://127.0.0.1:8000/api/hello:

    python docs/examples/wsgi_app.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from wsgiref.simple_server import make_server

from flask_cors.wsgi import CORSMiddleware, StartResponse, WSGIEnvironment


def hello(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer every call."""
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b'{"message": "Hello"}']


app = CORSMiddleware(hello, origins=["https://app.example.com"], max_age=600)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    with make_server("127.0.0.1", port, app) as server:
        server.serve_forever()
