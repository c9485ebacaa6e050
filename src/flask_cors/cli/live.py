"""A running server, asked over the network, in the place of the app."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from ..wsgi import StartResponse, WSGIEnvironment
from .serving import Passage

TIMEOUT = 30  # seconds; a development server that starts with the first request may take some

# Of one hop; the request is made anew.
_HOP_BY_HOP = frozenset({"connection", "content-length", "host", "transfer-encoding"})


class LiveError(Exception):
    """The reason why a running server gave no answer, in a sentence."""


class LiveServer:
    """A running server, as far as a browser's requests to one host go.

    Args:
        base: its URL, with the port that it listens on.
        host: the host and port of the URLs that are asked for; what is for another is not sent.
    """

    def __init__(self, base: str, host: str) -> None:
        self.passages: list[Passage] = []
        """what became of each request, in their order"""
        self._base = urlsplit(base)
        self._host = host

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send one request, and pass on the head of what comes back."""
        self.passages.append(Passage(is_live=True))
        if environ["HTTP_HOST"] != self._host:
            self.passages[-1].is_elsewhere = True
            start_response("502 Bad Gateway", [])
            return []
        status, reason, headers = self._ask(environ)
        start_response(f"{status} {reason}".strip(), headers)
        return []

    def _ask(self, environ: WSGIEnvironment) -> tuple[int, str, list[tuple[str, str]]]:
        url, place = self._base, f"{self._base.scheme}://{self._base.netloc}"
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
                response = connection.getresponse()  # its head alone
                return response.status, response.reason, response.getheaders()
            finally:
                connection.close()
        except ssl.SSLError as error:
            told = getattr(error, "verify_message", "") or error.reason or error
            raise LiveError(
                f"{place} cannot be reached safely, and no browser would: {told}"
            ) from error
        except TimeoutError as error:
            raise LiveError(f"{place} gave no answer within {TIMEOUT} seconds") from error
        except OSError as error:
            raise LiveError(
                f"no server answers at {place}: {error.strerror or error}. Is it running?"
            ) from error
        except HTTPException as error:
            raise LiveError(
                f"{place} does not answer as a web server does ({type(error).__name__}). "
                "Is the port the right one, and http or https?"
            ) from error


def _target(uri: str) -> str:
    """Return the path and the query of a URL, which may stand without its host."""
    host = re.match(r"https?://[^/?#]*", uri)
    return uri[host.end() :] if host else uri


def _body(environ: WSGIEnvironment) -> bytes | None:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length)
    return body or None


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    """Return the header fields of a request as they stand in its WSGI environment."""
    headers = {"Host": environ["HTTP_HOST"], "User-Agent": "flask-cors-explain"}
    for key, value in environ.items():
        name = key.removeprefix("HTTP_").replace("_", "-").title()
        if key.startswith("HTTP_") and name.lower() not in _HOP_BY_HOP:
            headers[name] = value
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    return headers
