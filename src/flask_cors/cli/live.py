"""A running server, which answers over the network instead of the app."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from ..wsgi import StartResponse, WSGIEnvironment
from .serving import RequestTrace

TIMEOUT = 30  # seconds; some servers start their app at the first request, which takes a while

# Fields for one connection only: http.client writes those of the new connection.
_HOP_BY_HOP = frozenset({"connection", "content-length", "host", "transfer-encoding"})


class LiveError(Exception):
    """The reason why a running server did not answer, in a sentence."""


class LiveServer:
    """A WSGI app that forwards the requests for one host to a running server.

    Args:
        base: the URL of the server, with the port that it listens on.
        host: the host and port in the URLs of the requests; other requests are not sent.
    """

    def __init__(self, base: str, host: str) -> None:
        self.traces: list[RequestTrace] = []
        """one trace for each request, in order"""
        self._base = urlsplit(base)
        self._host = host

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Forward one request, and return the status and headers of its response, no body."""
        self.traces.append(RequestTrace(is_live=True))
        if environ["HTTP_HOST"] != self._host:
            self.traces[-1].for_other_server = True
            start_response("502 Bad Gateway", [])
            return []
        status, reason, headers = self._send(environ)
        start_response(f"{status} {reason}".strip(), headers)
        return []

    def _send(self, environ: WSGIEnvironment) -> tuple[int, str, list[tuple[str, str]]]:
        url, address = self._base, f"{self._base.scheme}://{self._base.netloc}"
        connect = HTTPSConnection if url.scheme == "https" else HTTPConnection
        try:
            connection = connect(url.hostname or "", url.port, timeout=TIMEOUT)
            try:
                connection.request(
                    environ["REQUEST_METHOD"],
                    _target(environ["REQUEST_URI"]),
                    _body(environ),
                    _headers(environ),
                )
                response = connection.getresponse()  # the body is not read
                return response.status, response.reason, response.getheaders()
            finally:
                connection.close()
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or error
            raise LiveError(
                f"the connection to {address} is not secure, and a browser would refuse it: "
                f"{reason}"
            ) from error
        except TimeoutError as error:
            raise LiveError(f"{address} did not answer within {TIMEOUT} seconds") from error
        except OSError as error:
            raise LiveError(
                f"no server answers at {address}: {error.strerror or error}. Is it running?"
            ) from error
        except HTTPException as error:
            raise LiveError(
                f"{address} does not answer like a web server ({type(error).__name__}). "
                "Are the port and the scheme, http or https, right?"
            ) from error


def _target(uri: str) -> str:
    """Return the path and query of a URL; it may have no scheme and host."""
    host = re.match(r"https?://[^/?#]*", uri)
    return uri[host.end() :] if host else uri


def _body(environ: WSGIEnvironment) -> bytes | None:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length)
    return body or None


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    """Return the header fields to forward, read from a WSGI environment."""
    headers = {"Host": environ["HTTP_HOST"], "User-Agent": "flask-cors-explain"}
    for key, value in environ.items():
        name = key.removeprefix("HTTP_").replace("_", "-").title()
        if key.startswith("HTTP_") and name.lower() not in _HOP_BY_HOP:
            headers[name] = value
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    return headers
