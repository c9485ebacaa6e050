"""A table of configurations and requests, for which Chromium and `testing.Browser` must agree.

One Flask app on loopback serves the pages and answers their requests. Chromium runs the whole
table in one page load, with frames for pages of other origins; then each case is a test. The tests
compare what the script gets, or which check fails, and every request that arrives, in order.
"""

from __future__ import annotations

import contextlib
import json
import runpy
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

import pytest

from flask_cors.browser import CHROMIUM
from flask_cors.testing import Browser, CORSBlocked

from ..support.serving import serving

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM_PATH, DRIVER_PATH = shutil.which("chromium"), shutil.which("chromedriver")
if not CHROMIUM_PATH or not DRIVER_PATH:
    pytest.skip("Chromium or its driver is not installed", allow_module_level=True)

served = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "served.py")))
APP, OTHER, API = served.APP, served.OTHER, served.API
FOREIGN, LOCAL = served.FOREIGN, served.LOCAL

pytestmark = pytest.mark.browser


# Pages in sandboxed and data: frames, whose origin is `null`.
SANDBOX, DATA = "sandbox", "data"
# Origins that resemble an allowed one.
LONGER = "http://app.example.test.evil.example.test"
PREFIXED = "http://evil-app.example.test"
BELOW = "http://a.b.app.example.test"
PORT = "http://app.example.test:8080"


class Fetch(NamedTuple):
    method: str
    url: str
    """a path on the API server, or a whole URL"""
    headers: dict[str, str] | list[tuple[str, str]] = {}  # noqa: RUF012  (never modified)
    body: str | None = None
    credentials: str = "same-origin"
    wait: float = 0
    """the seconds to wait before the fetch"""


class Case(NamedTuple):
    id: str
    fetches: list[Fetch]
    expected: list[int | str]
    """for each fetch, the status that the script reads or the check that fails"""
    preflights: int
    page: str


def case(id, fetches, expected, preflights=0, page=APP):  # noqa: A002  (the name in pytest)
    if isinstance(fetches, Fetch):
        fetches, expected = [fetches], [expected]
    return Case(id, fetches, expected, preflights, page)


def get(url, **options):
    return Fetch("GET", url, **options)


def put(url, **options):
    return Fetch("PUT", url, **options)


def post(url, content_type=None, **options):
    headers = {} if content_type is None else {"Content-Type": content_type}
    return Fetch("POST", url, headers=headers, body="a=1", **options)


def including(method, url, **options):
    return Fetch(method, url, credentials="include", **options)


def hand(answer="", preflight="", **options):
    """Return a path that answers with these headers: split by `|`, without `Access-Control-`."""
    lines = {"answer": answer, "preflight": preflight}
    query = [(kind, line) for kind, text in lines.items() for line in text.split("|") if line]
    query += [(name.replace("_", "-"), str(value)) for name, value in options.items()]
    return f"/hand/answer?{urlencode(query)}"


def redirect(area, to, status=302, server=API):
    return f"{server}/{area}/redirect?{urlencode({'to': to, 'status': status})}"


def kept(attributes, *more, at=API, then=None, wait=0, **options):
    """Return two fetches: one that sets a cookie, and one that shows whether it is sent back."""
    query = urlencode({"set": [attributes, *more], **options}, doseq=True)
    return [
        including("GET", f"{at}/private/cookie?{query}"),
        including("GET", then or f"{at}/private/hello", wait=wait),
    ]


def to(*locations, origin=APP):
    """Return a path that redirects to these URLs, exactly as given."""
    return f"/raw?{urlencode({'to': locations, 'origin': origin}, doseq=True)}"


ANYONE = "Allow-Origin: *"
MINE = f"Allow-Origin: {APP}"
TRUSTED = f"{MINE}|Allow-Credentials: true"

# fmt: off
METHODS = [
    case("get", get("/list/hello"), 200),
    case("get-lower", Fetch("get", "/list/hello"), 200),
    case("head", Fetch("HEAD", "/one/hello"), 200),
    case("post", Fetch("POST", "/list/hello"), 200),
    case("put", put("/list/hello", body="text"), 200, 1),
    case("put-lower", Fetch("put", "/list/hello", body="text"), 200, 1),
    case("patch-upper", Fetch("PATCH", "/list/hello", body="text"), 200, 1),
    case("patch-lower", Fetch("patch", "/list/hello", body="text"), "preflight-method", 1),
    case("patch-lower-any", Fetch("patch", "/any-method/hello", body="text"), 200, 1),
    case("delete", Fetch("DELETE", "/one/hello"), 200, 1),
    case("delete-refused", Fetch("DELETE", "/list/hello"), "preflight-method", 1),
    case("custom-any", Fetch("PURGE", "/any-method/hello"), 200, 1),
    case("custom-refused", Fetch("PURGE", "/one/hello"), "preflight-method", 1),
    case("forbidden", Fetch("TRACE", "/any-method/hello"), "method"),
    case("forbidden-lower", Fetch("connect", "/any-method/hello"), "method"),
    case("no-token", Fetch("G T", "/any-method/hello"), "method"),
    case("simple-needs-no-method", get("/no-method/hello"), 200),
    case("no-method", put("/no-method/hello"), "preflight-method", 1),
    # A method that is not allowed gets no Allow-Headers either. GET needs no permission, so the
    # headers are the check that fails.
    case("no-method-header", get("/no-method/hello", headers={"X-A": "1"}), "preflight-headers",
         1),
    case("options", Fetch("OPTIONS", "/one/hello"), 200, 1),
    case("options-refused", Fetch("OPTIONS", "/list/hello"), "preflight-method", 1),
    case("query", Fetch("QUERY", "/any-method/hello"), 405, 1),
    case("empty", Fetch("", "/any-method/hello"), "method"),
    case("405-after-preflight", Fetch("DELETE", "/one/parts"), 405, 1),
]

HEADERS = [
    case("accept", get("/no-header/hello", headers={"Accept": "text/html, */*;q=0.1"}), 200),
    case("accept-128", get("/no-header/hello", headers={"Accept": "a" * 128}), 200),
    case("accept-129", get("/no-header/hello", headers={"Accept": "a" * 129}),
         "preflight-headers", 1),
    case("accept-128-and-blanks", get("/no-header/hello", headers={"Accept": f" {'a' * 128} "}),
         200),
    case("accept-unsafe", get("/no-header/hello", headers={"Accept": 'a;b="c"'}),
         "preflight-headers", 1),
    case("accept-latin", get("/no-header/hello", headers={"Accept": "\xe9" * 100}), 200),
    case("accept-tab", get("/no-header/hello", headers={"Accept": "a\tb"}), 200),
    case("accept-language", get("/no-header/hello", headers={"Accept-Language": "de, en;q=0.5"}),
         200),
    case("accept-language-empty", get("/no-header/hello", headers={"Accept-Language": ""}), 200),
    case("accept-language-unsafe", get("/no-header/hello", headers={"Accept-Language": "en_GB"}),
         "preflight-headers", 1),
    case("content-language", post("/no-header/hello")._replace(
        headers={"Content-Language": "de-AT"}), 200),
    case("content-language-unsafe", post("/no-header/hello")._replace(
        headers={"Content-Language": "de/AT"}), "preflight-headers", 1),
    case("all-safelisted", post("/no-header/hello")._replace(
        headers=dict.fromkeys(("Accept", "Accept-Language", "Content-Language"), "a" * 128)),
        200),
    case("over-1024", get("/no-header/hello", headers=[("Accept", "a" * 128)] * 9),
         "preflight-headers", 1),
    case("custom", get("/list/hello", headers={"X-Token": "1"}), 200, 1),
    case("custom-case", get("/list/hello", headers={"x-TOKEN": "1"}), 200, 1),
    case("custom-empty", get("/list/hello", headers={"X-Token": ""}), 200, 1),
    case("custom-twice", get("/list/hello", headers=[("X-Token", "1"), ("X-Token", "2")]), 200,
         1),
    case("custom-refused", get("/list/hello", headers={"X-Other": "1"}), "preflight-headers", 1),
    case("custom-one-refused", get("/list/hello", headers={"X-Token": "1", "X-Other": "1"}),
         "preflight-headers", 1),
    case("several-sorted", put("/one/hello", headers={"X-B": "1", "x-c": "1", "X-A": "1"}), 200,
         1),
    case("glob", get("/glob/hello", headers={"X-Token": "1"}), 200, 1),
    case("glob-refused", get("/glob/hello", headers={"Y-Token": "1"}), "preflight-headers", 1),
    case("regex", get("/regex-header/hello", headers={"X-Token": "1"}), 200, 1),
    case("regex-refused", get("/regex-header/hello", headers={"X-Token-2": "1"}),
         "preflight-headers", 1),
    case("authorization", get("/list/hello", headers={"Authorization": "Bearer a"}), 200, 1),
    case("authorization-any", get("/star/hello", headers={"Authorization": "Bearer a"}), 200, 1),
    case("authorization-refused", get("/glob/hello", headers={"Authorization": "Bearer a"}),
         "preflight-headers", 1),
    case("range", get("/no-header/hello", headers={"Range": "bytes=0-9"}), 200),
    case("range-open", get("/no-header/hello", headers={"Range": "bytes=5-"}), 200),
    case("range-suffix", get("/no-header/hello", headers={"Range": "bytes=-5"}),
         "preflight-headers", 1),
    case("range-empty", get("/no-header/hello", headers={"Range": "bytes=-"}),
         "preflight-headers", 1),
    case("range-several", get("/no-header/hello", headers={"Range": "bytes=0-1,4-5"}),
         "preflight-headers", 1),
    case("range-reversed", get("/no-header/hello", headers={"Range": "bytes=9-0"}),
         "preflight-headers", 1),
    case("range-blank", get("/no-header/hello", headers={"Range": "bytes= 0-9"}),
         "preflight-headers", 1),
    case("range-unit", get("/no-header/hello", headers={"Range": "Bytes=0-9"}),
         "preflight-headers", 1),
    case("range-granted", get("/one/hello", headers={"Range": "bytes=-5"}), 200, 1),
    case("forbidden", get("/no-header/hello", headers={
        "Cookie": "a=1", "Sec-X": "1", "Proxy-X": "1", "Date": "today", "Host": "a.example",
        "X-HTTP-Method-Override": "TRACE"}), 200),
    case("forbidden-too", get("/no-header/hello", headers={
        "Accept-Charset": "a", "DNT": "1", "Expect": "a", "Keep-Alive": "1", "Origin": OTHER,
        "Referer": "a", "TE": "a", "Upgrade": "a", "Via": "a", "X-HTTP-Method": "trace, get"}),
        200),
    *[case(name.lower(), get("/no-header/hello", headers={name: "1"}), "preflight-headers", 1)
      for name in ("Access-Control-Request-Private-Network", "Cache-Control", "If-None-Match",
                   "Priority", "Upgrade-Insecure-Requests")],
    case("method-override", get("/no-header/hello", headers={"X-HTTP-Method-Override": "PUT"}),
         "preflight-headers", 1),
]
CONTENT_TYPES = [
    case("none", post("/no-header/hello"), 200),
    case("form", post("/no-header/hello", "application/x-www-form-urlencoded"), 200),
    case("multipart", post("/no-header/hello", "multipart/form-data; boundary=a"), 200),
    case("text", post("/no-header/hello", "text/plain"), 200),
    case("text-charset", post("/no-header/hello", "text/plain;charset=utf-8"), 200),
    case("text-upper", post("/no-header/hello", "TEXT/PLAIN"), 200),
    case("text-semicolon", post("/no-header/hello", "text/plain;"), 200),
    case("text-blank", post("/no-header/hello", "text/plain ; charset=utf-8"), 200),
    case("text-and-blanks", post("/no-header/hello", " text/plain "), 200),
    case("text-latin", post("/no-header/hello", "text/plain; a=\xe9"), 200),
    case("text-control", post("/no-header/hello", "text/plain; a=\x01"), "preflight-headers", 1),
    case("text-list-in-parameter", post("/no-header/hello", "text/plain; a=b, application/json"),
         200),
    case("text-quoted", post("/no-header/hello", 'text/plain;charset="utf-8"'),
         "preflight-headers", 1),
    case("text-128", post("/no-header/hello", "text/plain;a=" + "a" * 115), 200),
    case("text-129", post("/no-header/hello", "text/plain;a=" + "a" * 116), "preflight-headers",
         1),
    case("text-list", post("/no-header/hello", "text/plain, text/html"), "preflight-headers", 1),
    case("text-inner-blank", post("/no-header/hello", "text /plain"), "preflight-headers", 1),
    case("html", post("/no-header/hello", "text/html"), "preflight-headers", 1),
    case("empty", post("/no-header/hello", ""), "preflight-headers", 1),
    case("json-refused", post("/no-header/hello", "application/json"), "preflight-headers", 1),
    case("json", post("/list/hello", "application/json"), 200, 1),
    case("json-put", put("/list/hello", headers={"Content-Type": "application/json"}, body="{}"),
         200, 1),
]

ORIGINS = [
    case("same-origin", get(APP + "/nobody/hello"), 200),
    case("same-origin-put", put(APP + "/nobody/hello", headers={"X-A": "1"}), 200),
    case("same-origin-hidden", get(APP + "/hand/answer"), 200),
    case("second-of-list", get("/list/hello"), 200, page=OTHER),
    case("not-listed", get("/list/hello"), "origin", page=BELOW),
    case("not-listed-preflight", put("/list/hello"), "preflight-origin", 1, page=BELOW),
    case("nobody", get("/nobody/hello"), "origin"),
    case("nobody-preflight", put("/nobody/hello"), "preflight-origin", 1),
    case("no-area", get("/closed/hello"), "origin"),
    case("no-area-preflight", put("/closed/hello"), "preflight-origin", 1),
    case("wildcard", get("/open/hello"), 200, page=LONGER),
    case("wildcard-preflight", put("/open/hello", headers={"X-A": "1"}), 200, 1, page=LONGER),
    case("send-wildcard", get("/star/hello"), 200, page=LONGER),
    case("send-wildcard-preflight", put("/star/hello", headers={"X-A": "1"}), 200, 1,
         page=LONGER),
    *[case(f"look-alike-{area}-{name}", get(f"/{area}/hello"), "origin", page=page)
      for area in ("one", "list", "regex")
      for name, page in (("longer", LONGER), ("prefixed", PREFIXED), ("below", BELOW),
                         ("port", PORT))],
    case("look-alike-preflight", put("/one/hello"), "preflight-origin", 1, page=LONGER),
    case("regex", get("/regex/hello"), 200, page=OTHER),
    case("subdomain", get("/prefix/hello"), 200, page=BELOW),
    case("subdomain-preflight", put("/prefix/hello"), 200, 1, page=PREFIXED),
    case("subdomain-port", get("/prefix/hello"), "origin", page=PORT),
    case("any-port", get("/any-port/hello"), 200, page=PORT),
    case("any-port-default", get("/any-port/hello"), 200),
    case("any-port-longer", get("/any-port/hello"), "origin", page=LONGER),
    case("any-host", get("/any-host/hello"), 200, page=LONGER),
    case("callable", get("/asked/hello"), 200, page=OTHER),
    case("callable-refuses", get("/asked/hello"), "origin"),
    case("callable-async", put("/asked-async/hello"), 200, 1, page=OTHER),
    case("callable-async-refuses", put("/asked-async/hello"), "preflight-origin", 1),
    case("other-port-of-api", get("http://api.example.test:8080/one/hello"), 200),
    case("own-host-other-port", get(PORT + "/one/hello"), 200),
    case("null-sandbox", get("/null/hello"), 200, page=SANDBOX),
    case("null-sandbox-preflight", put("/null/hello"), 200, 1, page=SANDBOX),
    case("null-data", get("/null/hello"), 200, page=DATA),
    case("null-include", including("GET", hand(
        "Allow-Origin: null|Allow-Credentials: true")), 200, page=SANDBOX),
    case("null-not-listed", get("/one/hello"), "origin", page=SANDBOX),
    case("null-pattern", get("/any-host/hello"), "origin", page=SANDBOX),
    case("null-wildcard", get("/open/hello"), 200, page=DATA),
    case("null-send-wildcard", put("/star/hello"), 200, 1, page=DATA),
    case("null-listed-alone", get("/null/hello"), "origin"),
    case("null-is-not-same-origin", get(APP + "/one/hello"), "origin", page=SANDBOX),
]

CREDENTIALS = [
    case("include", including("GET", "/private/hello"), 200),
    case("include-preflight", including("PUT", "/private/hello", headers={"X-A": "1"}), 200, 1),
    case("include-refused", including("GET", "/private/hello"), "origin", page=LONGER),
    case("include-not-supported", including("GET", "/one/hello"), "credentials"),
    case("include-not-supported-preflight", including("PUT", "/one/hello"),
         "preflight-credentials", 1),
    case("include-wildcard", including("GET", "/star/hello"), "origin"),
    case("include-wildcard-preflight", including("PUT", "/star/hello"), "preflight-origin", 1),
    case("include-wildcard-echoed", including("GET", "/open/hello"), "credentials"),
    case("omit-where-supported", get("/private/hello", credentials="omit"), 200),
    case("cookie-include", [including("POST", "/private/login"),
                            including("GET", "/private/hello")], [200, 200]),
    case("cookie-preflight-has-none", [including("POST", "/private/login"),
                                       including("PUT", "/private/hello")], [200, 200], 1),
    case("cookie-same-origin", [including("POST", "/private/login"), get("/private/hello")],
         [200, 200]),
    case("cookie-omit", [including("POST", "/private/login"),
                         get("/private/hello", credentials="omit")], [200, 200]),
    case("cookie-not-kept", [Fetch("POST", "/private/login"),
                             including("GET", "/private/hello")], [200, 200]),
    # A response that the script may not read still sets its cookie.
    case("cookie-kept-though-blocked", [including("POST", "/one/login"),
                                        including("GET", "/private/hello")],
         ["credentials", 200]),
    case("cookie-own-server", [Fetch("POST", APP + "/closed/login"), get(APP + "/closed/hello")],
         [200, 200]),
    case("cookie-own-server-omit", [Fetch("POST", APP + "/closed/login", credentials="omit"),
                                    get(APP + "/closed/hello")], [200, 200]),
]

READABLE = [
    case("listed", get("/list/hello"), 200),
    case("list-any-case", get("/exposes/hello"), 200),
    case("wildcard", get("/star/hello"), 200),
    case("wildcard-with-credentials", including("GET", "/exposed/hello"), 200),
    case("wildcard-credentials-supported-unused", get("/exposed/hello"), 200),
    case("set-cookie-never", including("POST", "/exposed/login"), 200),
    case("set-cookie-never-wildcard", Fetch("POST", "/star/login"), 200),
    case("set-cookie-never-same-origin", Fetch("POST", APP + "/closed/login"), 200),
    case("404", get("/list/missing"), 404),
    case("404-preflight", put("/list/missing"), 404, 1),
    case("404-refused", get("/list/missing"), "origin", page=LONGER),
    case("403", get("/list/status/403"), 403),
    case("429", get("/list/status/429"), 429),
    case("500", get("/list/error"), 500),
    case("500-preflight", put("/list/error"), 500, 1),
    case("500-given-up", get("/bare-error/error"), "origin"),
    case("500-given-up-else", get("/bare-error/hello"), 200),
    case("304", get("/list/status/304"), 304),
    case("204", get("/list/empty"), 204),
    case("stream", get("/list/parts"), 200),
]

REDIRECTS = [
    case("to-own-path", get(redirect("list", "/list/hello")), 200),
    case("slash", get("/list/slash"), 200),
    case("slash-preflight", get("/list/slash", headers={"X-Token": "1"}), 200, 2),
    case("own-to-api", get(redirect("closed", API + "/list/hello", server=APP)), 200),
    case("own-to-api-refused", get(redirect("closed", API + "/nobody/hello", server=APP)),
         "origin"),
    case("own-to-api-preflight", put(redirect("closed", API + "/list/hello", 307, APP)), 200, 1),
    case("own-to-api-preflight-refused",
         put(redirect("closed", API + "/nobody/hello", 307, APP)), "preflight-origin", 1),
    case("api-to-third", get(redirect("list", OTHER + "/null/hello")), 200),
    case("api-to-third-not-null", get(redirect("list", OTHER + "/one/hello")), "origin"),
    case("api-to-third-preflight", put(redirect("list", OTHER + "/null/hello", 307)), 200, 2),
    case("api-to-third-preflight-refused", put(redirect("list", OTHER + "/one/hello", 307)),
         "preflight-origin", 2),
    case("api-to-own", get(redirect("list", APP + "/null/hello")), 200),
    case("api-to-own-not-null", get(redirect("list", APP + "/one/hello")), "origin"),
    case("api-to-own-credentials", [Fetch("POST", APP + "/closed/login"),
                                    get(redirect("list", APP + "/null/hello"))], [200, 200]),
    case("own-to-api-credentials",
         including("GET", redirect("closed", API + "/private/hello", server=APP)), 200),
    case("hop-unreadable", get(redirect("nobody", API + "/list/hello")), "origin"),
    case("preflighted-307", put(redirect("list", "/list/hello", 307), body="text"), 200, 2),
    case("preflighted-308", put(redirect("list", "/list/hello", 308), body="text"), 200, 2),
    case("preflighted-302", put(redirect("list", "/list/hello"), body="text"), 200, 2),
    case("preflighted-303", put(redirect("list", "/list/hello", 303), body="text"), 200, 1),
    case("post-301", post(redirect("list", "/list/hello", 301), "text/plain"), 200),
    case("post-302", post(redirect("list", "/list/hello"), "application/json"), 200, 1),
    case("post-307", post(redirect("list", "/list/hello", 307), "application/json"), 200, 2),
    case("head-303", Fetch("HEAD", redirect("one", "/one/hello", 303)), 200),
    case("authorization-kept", get(redirect("list", "/list/hello"),
                                   headers={"Authorization": "Bearer a"}), 200, 2),
    case("authorization-dropped", get(redirect("list", OTHER + "/null/hello"),
                                      headers={"Authorization": "Bearer a"}), 200, 1),
    case("authorization-dropped-own-to-api",
         get(redirect("closed", API + "/no-header/hello", server=APP),
             headers={"Authorization": "Bearer a"}), 200),
    case("range-kept", get(redirect("no-header", "/no-header/hello"),
                           headers={"Range": "bytes=0-1"}), 200),
    case("api-to-third-scheme-relative", get(redirect("list", "//other.example.test/null/hello")),
         200),
    case("api-to-third-to-api",
         get(redirect("list", redirect("null", API + "/null/hello", server=OTHER))), 200),
    case("api-to-third-credentials", including("GET", redirect("private", OTHER + "/null/hello")),
         "credentials"),
    case("api-to-third-303", post(redirect("list", OTHER + "/null/hello", 303),
                                  "application/json"), 200, 1),
    case("own-to-api-to-own",
         get(redirect("closed", redirect("list", APP + "/null/hello"), server=APP)), 200),
    case("own-to-api-307", post(redirect("closed", API + "/list/hello", 307, APP), "text/plain"),
         200),
    case("own-to-own-302", post(redirect("closed", APP + "/closed/hello", 302, APP)), 200),
    case("cookie-to-own-path", [including("POST", "/private/login"),
                                including("GET", redirect("private", "/private/hello"))],
         [200, 200]),
    case("custom-303", Fetch("PURGE", redirect("any-method", "/any-method/hello", 303)), 200, 1),
    case("patch-301", Fetch("PATCH", redirect("any-method", "/any-method/hello", 301)), 200, 2),
    case("preflights-remembered", [put(redirect("remembered", "/remembered/hello", 307))] * 2,
         [200] * 2, 2),
    case("null-page", get(redirect("null", "/null/hello")), 200, page=SANDBOX),
    case("round", get("/list/round"), "redirect"),
    case("no-http", get(redirect("list", "ftp://api.example.test/")), "redirect"),
    case("own-to-ftp", get(redirect("closed", "ftp://api.example.test/", server=APP)),
         "redirect"),
    case("data", get(redirect("list", "data:text/plain,text")), "redirect"),
    case("own-to-data", get(redirect("closed", "data:text/plain,text", server=APP)), "redirect"),
    case("own-to-api-userinfo",
         get(redirect("closed", "http://a:b@api.example.test/list/hello", server=APP)),
         "redirect"),
    case("userinfo", get(redirect("list", "http://a:b@api.example.test/list/hello")),
         "redirect"),
    case("300-is-no-redirect", get(hand(MINE, answer_status=300)), 300),
]

LOCATIONS = [
    case("slashes", get(to("///api.example.test/one/hello")), 200),
    case("backslashes", get(to(r"\\api.example.test\one\hello")), 200),
    case("slash-and-backslash", get(to(r"/\api.example.test/one/hello")), 200),
    case("backslash-path", get(to(r"\one\hello")), 200),
    case("scheme-and-path", get(to("http:/one/hello")), 200),
    case("scheme-and-relative-path", get(to("http:../one/hello")), 200),
    case("upper", get(to("HTTP://API.Example.TEST/one/hello")), 200),
    case("empty-port", get(to("http://api.example.test:/one/hello")), 200),
    case("default-port", get(to("http://api.example.test:80/one/hello")), 200),
    case("zero-port", get(to("http://api.example.test:080/one/hello")), 200),
    case("bad-port", get(to("http://api.example.test:99999/one/hello")), "redirect"),
    case("dots", get(to("/a/../one/./b/%2e%2E/hello")), 200),
    case("spaces", get(to("/one/hello?a b")), 200),
    case("fragment", get(to("/one/hello?a#b")), 200),
    case("utf-8", get(to("/one/hello?\u00fc")), 200),
    case("idn", get(to("http://b\u00fccher.example.test/null/hello")), 200),
    case("bad-host", get(to("http://a|b.example.test/")), "redirect"),
    case("several", get(to("/one/hello", "/list/hello")), "redirect"),
    case("several-alike", get(to("/one/hello", "/one/hello")), 200),
]

BACK = to(API + "/private/hello", origin="null")
AWAY = to(FOREIGN + BACK)
BELOW_API = "http://a.api.example.test/private/hello"

# For each case, whether the cookie is sent with the last fetch. The page is on `APP`.
COOKIES = [
    ("default", kept(""), True),
    ("lax", kept("SameSite=Lax"), True),
    ("strict", kept("SameSite=Strict"), True),
    ("none", kept("SameSite=None"), False),
    ("none-secure", kept("SameSite=None; Secure"), False),
    ("secure", kept("Secure"), False),
    ("unknown-same-site", kept("SameSite=Some"), True),
    ("last-same-site", kept("SameSite=None; SameSite=Lax"), True),
    ("own-origin", kept("SameSite=Strict", at=APP), True),
    ("other-host", kept("", then=OTHER + "/private/hello"), False),
    ("domain", kept("Domain=example.test", then=OTHER + "/private/hello"), True),
    ("domain-dot", kept("Domain=.Example.test", then=OTHER + "/private/hello"), True),
    ("domain-own", kept("Domain=api.example.test"), True),
    ("domain-below", kept("Domain=api.example.test", then=BELOW_API),
     True),
    ("host-only-below", kept("", then=BELOW_API), False),
    ("domain-other", kept("Domain=other.example.test"), False),
    ("domain-suffix", kept("Domain=test"), False),
    ("domain-twice", kept("Domain=other.example.test; Domain=api.example.test"), True),
    ("domain-final-dot", kept("Domain=example.test."), False),
    ("path", kept("Path=/private"), True),
    ("path-slash", kept("Path=/private/"), True),
    ("path-part", kept("Path=/priv"), False),
    ("path-other", kept("Path=/list"), False),
    ("path-relative", kept("Path=x"), True),
    ("path-default", kept("", then=API + "/remembered-private/hello"), False),
    ("path-root", kept("Path=/", then=API + "/remembered-private/hello"), True),
    ("max-age", kept("Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), True),
    ("max-age-zero", kept("Path=/", "Path=/; Max-Age=0"), False),
    ("max-age-negative", kept("Max-Age=-1"), False),
    ("max-age-malformed", kept("Max-Age=0x"), True),
    ("max-age-over", kept("Max-Age=1", wait=1.5), False),
    ("expires-past", kept("Expires=Thu, 01 Jan 1970 00:00:00 GMT"), False),
    ("expires-loose", kept("Expires=1 jan 98 0:0:0"), False),
    ("expires-malformed", kept("Expires=yesterday"), True),
    ("http-only", kept("HttpOnly"), True),
    ("too-long-attribute", kept("Path=/" + "a" * 1024), True),
    ("secure-prefix", kept("Path=/", prefix="__Secure-"), False),
    ("host-prefix", kept("Path=/", prefix="__Host-"), False),
    ("away-default", kept("", at=FOREIGN), False),
    ("away-lax", kept("SameSite=Lax", at=FOREIGN), False),
    ("away-strict", kept("SameSite=Strict", at=FOREIGN), False),
    ("away-none", kept("SameSite=None", at=FOREIGN), False),
    ("away-none-secure", kept("SameSite=None; Secure", at=FOREIGN), False),
    ("local-default", kept("", at=LOCAL), False),
    ("local-secure", kept("Secure", at=LOCAL), False),
    ("local-none", kept("SameSite=None", at=LOCAL), False),
    ("local-none-secure", kept("SameSite=None; Secure", at=LOCAL), True),
    ("local-secure-prefix", kept("SameSite=None; Secure", at=LOCAL, prefix="__Secure-"), True),
    ("local-host-prefix",
     kept("SameSite=None; Secure; Path=/", at=LOCAL, prefix="__Host-"), True),
    ("local-host-prefix-path", kept("SameSite=None; Secure", at=LOCAL, prefix="__Host-"), False),
    ("local-host-prefix-domain", kept("SameSite=None; Secure; Path=/; Domain=localhost", at=LOCAL,
                                      prefix="__Host-"), False),
    ("local-domain", kept("SameSite=None; Secure; Domain=localhost", at=LOCAL), True),
    # A redirect through another site does not change the cookies of the page's site.
    ("there-and-back-default", kept("Path=/", then=AWAY), True),
    ("there-and-back-strict", kept("Path=/; SameSite=Strict", then=AWAY), True),
]
COOKIE_CASES = [
    case(name, fetches, [200, "origin" if AWAY in fetches[1].url else 200])
    for name, fetches, _ in COOKIES
]

VIEWS = [
    *[each for name in ("sync", "async", "decorated", "marked") for each in (
        case(f"{name}-get", get(f"/views/{name}"), 200),
        case(f"{name}-put", put(f"/views/{name}", headers={"X-A": "1"}), 200, 1),
        case(f"{name}-refused", get(f"/views/{name}"), "origin", page=OTHER),
        case(f"{name}-put-refused", put(f"/views/{name}"), "preflight-origin", 1, page=OTHER))],
    case("method-get", get("/views/bymethod"), "origin"),
    case("method-put", put("/views/bymethod"), 200, 1),
    case("abort", get("/views/abort"), 418),
    case("raise", get("/views/raise"), 500),
    case("split-get", get("/views/split"), 200),
    case("split-put", put("/views/split"), "preflight-origin", 1),
    case("split-other-get", get("/views/split"), "origin", page=OTHER),
    case("split-other-put", put("/views/split"), 200, 1, page=OTHER),
    case("blueprint", put("/outer/hello"), 200, 1),
    case("blueprint-refused", put("/outer/hello"), "preflight-origin", 1, page=OTHER),
    case("blueprint-method", Fetch("DELETE", "/outer/hello"), "preflight-method", 1),
    case("blueprint-inner", Fetch("DELETE", "/outer/inner/hello"), 200, 1, page=OTHER),
    case("blueprint-inner-refused", get("/outer/inner/hello"), "origin"),
]

HOOKS = [
    case("auth", get("/guarded/hello", headers={"Authorization": "Bearer a"}), 200, 1),
    case("auth-put", put("/guarded/hello", headers={"Authorization": "Bearer a"}), 200, 1),
    case("auth-missing", get("/guarded/hello"), 403),
    case("auth-missing-put", put("/guarded/hello"), 403, 1),
    case("auth-refused", put("/guarded/hello"), "preflight-origin", 1, page=OTHER),
    case("added-too", get("/added-too/hello"), 200),
    case("added-too-preflight", put("/added-too/hello"), 200, 1),
    case("added-twice", get("/added-twice/hello"), "origin"),
    case("malformed-methods", put("/malformed/hello"), "preflight-method", 1),
    case("malformed-methods-simple", get("/malformed/hello"), 200),
]

# Responses that this library would not send, which the model has to judge as Chromium does.
BY_HAND = [
    case("any", get(hand(ANYONE)), 200),
    case("any-include", including("GET", hand(ANYONE + "|Allow-Credentials: true")), "origin"),
    case("blanks", get(hand(f"Allow-Origin:   {APP}  ")), 200),
    case("slash", get(hand(f"Allow-Origin: {APP}/")), "origin"),
    case("upper", get(hand("Allow-Origin: HTTP://APP.EXAMPLE.TEST")), "origin"),
    case("port", get(hand(f"Allow-Origin: {APP}:80")), "origin"),
    case("pattern", get(hand("Allow-Origin: http://*.example.test")), "origin"),
    case("none", get(hand("Allow-Origin: ")), "origin"),
    case("null-for-app", get(hand("Allow-Origin: null")), "origin"),
    case("two-lines", get(hand(f"{MINE}|{MINE}")), "origin"),
    case("two-in-a-line", get(hand(f"{MINE}, {OTHER}")), "origin"),
    case("two-wildcards", get(hand(f"{ANYONE}|{ANYONE}")), "origin"),
    case("credentials", including("GET", hand(TRUSTED)), 200),
    case("credentials-case", including("GET", hand(f"{MINE}|Allow-Credentials: True")),
         "credentials"),
    case("credentials-twice", including("GET", hand(f"{TRUSTED}|Allow-Credentials: true")),
         "credentials"),
    case("credentials-unasked", get(hand(f"{MINE}|Allow-Credentials: yes")), 200),
    *[case(f"status-{status}", put(hand(MINE, f"{MINE}|Allow-Methods: PUT",
                                        preflight_status=status)), expected, 1)
      for status, expected in ((200, 200), (204, 200), (299, 200), (300, "preflight-status"),
                               (302, "preflight-status"), (401, "preflight-status"),
                               (404, "preflight-status"), (500, "preflight-status"))],
    case("actual-refuses", put(hand("", f"{MINE}|Allow-Methods: PUT")), "origin", 1),
    case("method-any", put(hand(ANYONE, f"{ANYONE}|Allow-Methods: *")), 200, 1),
    case("method-any-include", including("PUT", hand(TRUSTED, f"{TRUSTED}|Allow-Methods: *")),
         "preflight-method", 1),
    case("method-lower", put(hand(MINE, f"{MINE}|Allow-Methods: put")), "preflight-method", 1),
    case("method-lower-both", Fetch("patch", hand(MINE, f"{MINE}|Allow-Methods: patch")), 200,
         1),
    case("method-upper-only", Fetch("patch", hand(MINE, f"{MINE}|Allow-Methods: PATCH")),
         "preflight-method", 1),
    case("method-two-lines", put(hand(MINE, f"{MINE}|Allow-Methods: GET|Allow-Methods: PUT")),
         200, 1),
    case("method-empty-elements", put(hand(MINE, f"{MINE}|Allow-Methods: ,, PUT ,")), 200, 1),
    case("method-malformed", put(hand(MINE, f"{MINE}|Allow-Methods: PUT, @")),
         "preflight-method", 1),
    case("method-blanks", put(hand(MINE, f"{MINE}|Allow-Methods: GET PUT")), "preflight-method",
         1),
    case("method-malformed-simple", get(hand(
        MINE, f"{MINE}|Allow-Methods: @|Allow-Headers: X-A"), headers={"X-A": "1"}),
        "preflight-method", 1),
    case("headers-any", get(hand(ANYONE, f"{ANYONE}|Allow-Headers: *"), headers={"X-A": "1"}),
         200, 1),
    case("headers-any-include", including("GET", hand(TRUSTED, f"{TRUSTED}|Allow-Headers: *"),
                                          headers={"X-A": "1"}), "preflight-headers", 1),
    case("headers-any-authorization", get(hand(ANYONE, f"{ANYONE}|Allow-Headers: *"),
                                          headers={"Authorization": "Bearer a"}), 200, 1),
    case("headers-any-authorization-include", including(
        "GET", hand(TRUSTED, f"{TRUSTED}|Allow-Headers: *"),
        headers={"Authorization": "Bearer a"}), "preflight-headers", 1),
    case("headers-any-and-named", get(hand(MINE, f"{MINE}|Allow-Headers: *, X-A"),
                                      headers={"X-B": "1"}), 200, 1),
    case("head-with-header", Fetch("HEAD", hand(MINE, MINE), headers={"X-A": "1"}),
         "preflight-headers", 1),
    case("headers-case", get(hand(MINE, f"{MINE}|Allow-Headers: x-TOKEN"),
                             headers={"X-Token": "1"}), 200, 1),
    case("headers-two-lines", get(hand(MINE, f"{MINE}|Allow-Headers: X-A|Allow-Headers: X-B"),
                                  headers={"X-A": "1", "X-B": "2"}), 200, 1),
    case("headers-malformed", get(hand(MINE, f"{MINE}|Allow-Headers: X-A, X(B)"),
                                  headers={"X-A": "1"}), "preflight-headers", 1),
    case("headers-malformed-unasked", put(hand(
        MINE, f"{MINE}|Allow-Methods: PUT|Allow-Headers: X(B)")), "preflight-headers", 1),
    case("expose-malformed", get(hand(f"{MINE}|Expose-Headers: X-Total, X(B)")), 200),
    case("expose-two-lines", get(hand(f"{MINE}|Expose-Headers: X-Total|Expose-Headers: x-other")),
         200),
    case("expose-set-cookie", get(hand(f"{MINE}|Expose-Headers: Set-Cookie")), 200),
    case("expose-any-include", including("GET", hand(f"{TRUSTED}|Expose-Headers: *")), 200),
    case("expose-any-and-named", including(
        "GET", hand(f"{TRUSTED}|Expose-Headers: *, X-Total")), 200),
]

PUTS = "Allow-Methods: PUT"
CACHE = [
    case("remembered", [put("/remembered/hello")] * 3, [200] * 3, 1),
    case("default-of-five-seconds", [put("/one/hello")] * 2, [200] * 2, 1),
    case("zero", [put("/forgotten/hello")] * 2, [200] * 2, 2),
    case("one-second", [put("/one-second/hello"), put("/one-second/hello", wait=1.5)],
         [200] * 2, 2),
    case("other-url", [put("/remembered/hello"), put("/remembered/hello?a=1")], [200] * 2, 2),
    case("other-listed-method", [put("/remembered/hello"), Fetch("DELETE", "/remembered/hello")],
         [200] * 2, 1),
    case("other-header", [put("/remembered/hello", headers={"X-A": "1"}),
                          put("/remembered/hello", headers={"X-B": "1"})], [200] * 2, 2),
    case("fewer-headers", [put("/remembered/hello", headers={"X-A": "1", "X-B": "1"}),
                           put("/remembered/hello", headers={"X-B": "2"}),
                           get("/remembered/hello", headers={"X-A": "2"})], [200] * 3, 1),
    case("with-credentials-later", [put("/remembered-private/hello"),
                                    including("PUT", "/remembered-private/hello")],
         [200] * 2, 2),
    case("without-credentials-later", [including("PUT", "/remembered-private/hello"),
                                       put("/remembered-private/hello")], [200] * 2, 1),
    case("refusal-not-remembered", [Fetch("PURGE", "/remembered/hello")] * 2,
         ["preflight-method"] * 2, 2),
    case("refusal-makes-forget", [put("/remembered/hello"), Fetch("PURGE", "/remembered/hello"),
                                  put("/remembered/hello")],
         [200, "preflight-method", 200], 3),
    case("refused-by-other-origin", [put("/remembered/hello")] * 2, ["preflight-origin"] * 2, 2,
         page=OTHER),
    *[case(f"max-age-{name}", [put(hand(MINE, f"{MINE}|{PUTS}|Max-Age: {value}"))] * 2,
           [200] * 2, preflights)
      for name, value, preflights in (("blanks", "  600 ", 1), ("no-number", "abc", 1),
                                      ("huge", "99999999999999999999", 1), ("plus", "+600", 1),
                                      ("none", "", 1), ("zeros", "000", 2))],
]
# No script can make these requests: `fetch` throws, and the browser sends nothing.
IMPOSSIBLE = [
    case("body-of-get", get("/open/hello", body="text"), "impossible"),
    case("user-in-url", get("http://me@api.example.test/open/hello"), "impossible"),
    case("password-in-url", get("http://:secret@api.example.test/open/hello"), "impossible"),
    case("header-name", get("/open/hello", headers={"X A": "1"}), "impossible"),
    case("header-name-empty", get("/open/hello", headers={"": "1"}), "impossible"),
    case("header-value-lines", get("/open/hello", headers={"X-A": "1\n2"}), "impossible"),
    case("header-value-wide", get("/open/hello", headers={"X-A": "\u20ac"}), "impossible"),
]

# Cases in which Chromium departs from the standard; the model follows the standard. Each has the
# case with Chromium's result, then the result by the standard and its number of preflights.
DEPARTURES = [
    # Chromium joins the lines of a header before it checks their length.
    (case("lines-joined", get("/no-header/hello", headers=[("Accept", "a" * 100)] * 2),
          "preflight-headers", 1), [200], 0),
    (case("range-beyond-64-bits", get("/no-header/hello", headers={"Range": f"bytes=0-{'9' * 23}"}),
          "preflight-headers", 1), [200], 0),
    # Chromium safelists the client hints that the standard once contained.
    (case("client-hints", get("/no-header/hello", headers={"DPR": "2", "Save-Data": "on"}), 200),
     ["preflight-headers"], 1),
    # Chromium treats User-Agent as forbidden.
    (case("user-agent", get("/no-header/hello", headers={"User-Agent": "mine"}), 200),
     ["preflight-headers"], 1),
    # Chromium caches only the last preflight to a URL.
    (case("methods-in-turn", [put("/any-method/hello"), Fetch("DELETE", "/any-method/hello"),
                              put("/any-method/hello")], [200] * 3, 3), [200] * 3, 2),
    (case("headers-in-turn", [get("/one/hello", headers={name: "1"}) for name in
                              ("X-A", "X-B", "X-A")], [200] * 3, 3), [200] * 3, 2),
    # It keeps the cache entry if the request after the preflight fails,
    (case("failure-after-preflight", [put(hand("", f"{MINE}|{PUTS}"))] * 2, ["origin"] * 2, 1),
     ["origin"] * 2, 2),
    (case("max-age-negative", [put(hand(MINE, f"{MINE}|{PUTS}|Max-Age: -1"))] * 2, [200] * 2, 2),
     [200] * 2, 1),
    # and if a redirect is not followed.
    (case("redirect-refused", [put(redirect("remembered", "ftp://api.example.test/", 307))] * 2,
          ["redirect"] * 2, 1), ["redirect"] * 2, 2),
    # Chromium blocks every request to a URL with a user name.
    (case("redirect-to-own-userinfo", get(redirect(
        "closed", "http://a:b@app.example.test/closed/hello", server=APP)), "redirect"), [200], 0),
]
# fmt: on

GROUPS = {
    "method": METHODS,
    "header": HEADERS,
    "content-type": CONTENT_TYPES,
    "origin": ORIGINS,
    "credentials": CREDENTIALS,
    "readable": READABLE,
    "redirect": REDIRECTS,
    "location": LOCATIONS,
    "cookie": COOKIE_CASES,
    "view": VIEWS,
    "hook": HOOKS,
    "hand": BY_HAND,
    "cache": CACHE,
    "impossible": IMPOSSIBLE,
}
CASES = [
    each._replace(id=f"{group}-{each.id}") for group, cases in GROUPS.items() for each in cases
]

# Requests that the model does not cover: id, kind, parameters, and the expected result.
LIST, NOBODY, PRIVATE, STAR = (f"{API}/{area}/" for area in ("list", "nobody", "private", "star"))
RED, TAINTED = [255, 0, 0, 255], "SecurityError"
OTHERS = [
    ("events", "events", [LIST + "events", False], "no cookie"),
    ("events-refused", "events", [NOBODY + "events", False], "error"),
    ("events-include", "events", [PRIVATE + "events", True], "no cookie"),
    ("events-include-refused", "events", [LIST + "events", True], "error"),
    ("module", "module", [LIST + "module.js"], 42),
    ("module-wildcard", "module", [STAR + "module.js"], 42),
    ("module-refused", "module", [NOBODY + "module.js"], "error"),
    ("script-no-cors", "script", [NOBODY + "module.js", None], "loaded"),
    ("script", "script", [LIST + "style.css", "anonymous"], "loaded"),
    ("script-refused", "script", [NOBODY + "module.js", "anonymous"], "error"),
    ("style", "style", [LIST + "style.css", "anonymous"], "p { color: red; }"),
    ("style-no-cors", "style", [NOBODY + "style.css", None], TAINTED),
    ("style-refused", "style", [NOBODY + "style.css", "anonymous"], "error"),
    ("image", "image", [LIST + "dot.png", "anonymous"], RED),
    ("image-wildcard", "image", [STAR + "dot.png", "anonymous"], RED),
    ("image-no-cors", "image", [LIST + "dot.png", None], TAINTED),
    ("image-refused", "image", [NOBODY + "dot.png", "anonymous"], "error"),
    ("image-include", "image", [PRIVATE + "dot.png", "use-credentials"], RED),
    ("image-include-refused", "image", [STAR + "dot.png", "use-credentials"], "error"),
    # The HTTP cache stores the response without `Origin`; `Vary` stops the page from getting it.
    ("image-twice", "imageThenImage", [LIST + "dot.png"], [TAINTED, RED]),
    ("image-twice-one-origin", "imageThenImage", [API + "/one/dot.png"], [TAINTED, RED]),
    ("image-twice-no-vary", "imageThenImage", [API + "/naive/dot.png"], [TAINTED, "error"]),
    ("pages", "pages", [LIST + "dot.png", OTHER, "default"], [200, 200]),
    ("pages-no-vary", "pages", [API + "/naive/dot.png", OTHER, "default"], [200, "blocked"]),
    ("pages-revalidated", "pages", [LIST + "tagged", OTHER, "no-cache"], [200, 200]),
    ("pages-wildcard", "pages", [STAR + "dot.png", OTHER, "default"], [200, 200]),
    ("stream", "stream", [LIST + "stream", LIST + "release"], ["one ", "two"]),
    ("upload", "upload", [LIST + "hello"], 200),
    ("upload-refused", "upload", [NOBODY + "hello"], "error"),
]


# Chromium ---------------------------------------------------------------------------------------

# The names of failed checks in the DevTools protocol: Network.CorsError, else the error text.
CHECKS = {
    "MissingAllowOriginHeader": "origin",
    "MultipleAllowOriginValues": "origin",
    "InvalidAllowOriginValue": "origin",
    "AllowOriginMismatch": "origin",
    "WildcardOriginNotAllowed": "origin",
    "InvalidAllowCredentials": "credentials",
    "PreflightMissingAllowOriginHeader": "preflight-origin",
    "PreflightMultipleAllowOriginValues": "preflight-origin",
    "PreflightInvalidAllowOriginValue": "preflight-origin",
    "PreflightAllowOriginMismatch": "preflight-origin",
    "PreflightWildcardOriginNotAllowed": "preflight-origin",
    "PreflightInvalidAllowCredentials": "preflight-credentials",
    "PreflightInvalidStatus": "preflight-status",
    "PreflightDisallowedRedirect": "preflight-status",
    "InvalidAllowMethodsPreflightResponse": "preflight-method",
    "MethodDisallowedByPreflightResponse": "preflight-method",
    "InvalidAllowHeadersPreflightResponse": "preflight-headers",
    "HeaderDisallowedByPreflightResponse": "preflight-headers",
    "CorsDisabledScheme": "redirect",
    "": "redirect",  # to a URL with a user name on the page's own origin
    "net::ERR_TOO_MANY_REDIRECTS": "redirect",
    "net::ERR_UNSAFE_REDIRECT": "redirect",
    "net::ERR_INVALID_REDIRECT": "redirect",
    "net::ERR_RESPONSE_HEADERS_MULTIPLE_LOCATION": "redirect",
    "RedirectContainsCredentials": "redirect",
}
# Response headers that the server adds.
UNCOMPARED = {"connection", "date", "server", "transfer-encoding"}


class Verdicts(NamedTuple):
    of: dict[str, object]
    """what the page reports, by case"""
    checks: dict[str, list[str]]
    """the checks that failed, by case"""
    recorder: object
    origins: dict[str, str]


def with_case(url, id):  # noqa: A002  (the name in pytest)
    url = urljoin(API, url)
    return f"{url}{'&' if '?' in url else '?'}case={id}"


def instructions(each):
    """Return the fetches of a case, for the page."""
    fetches = [
        {
            "url": with_case(fetch.url, each.id),
            "method": fetch.method,
            "headers": [
                *(fetch.headers.items() if isinstance(fetch.headers, dict) else fetch.headers)
            ],
            "credentials": fetch.credentials,
            "wait": fetch.wait,
            **({} if fetch.body is None else {"body": fetch.body}),
        }
        for fetch in each.fetches
    ]
    return {"id": each.id, "page": each.page, "fetches": fetches}


def other_instructions(id, kind, parameters):  # noqa: A002  (the name in pytest)
    urls = [
        with_case(each, f"other-{id}") if str(each).startswith(API) else each for each in parameters
    ]
    return {"id": f"other-{id}", "kind": kind, "parameters": urls}


@contextlib.contextmanager
def driving(port, profile):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM_PATH
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-background-networking",
        "disable-component-update",
        "disable-features=HttpsUpgrades,IsolateSandboxedIframes",
        "disable-quic",
        "disable-sync",
        "no-first-run",
        "no-proxy-server",
        f"user-data-dir={profile}",
        "host-resolver-rules="  # whatever the port in the URL
        + ",".join(f"MAP {host} 127.0.0.1:{port}" for host in ("*.test", "localhost")),
    ):
        options.add_argument(f"--{argument}")
    # Debian's Chromium blocks third-party cookies by default; this preference allows them.
    options.add_experimental_option("prefs", {"profile.cookie_controls_mode": 0})
    service = webdriver.ChromeService(
        executable_path=DRIVER_PATH
    )  # else Selenium would search for a driver
    chrome = webdriver.Chrome(options=options, service=service)
    try:
        yield chrome
    finally:
        chrome.quit()


def failed_checks(log):
    """Return the checks that failed, by case, from the log of the DevTools protocol."""
    cases, checks = {}, {}
    for entry in log:
        event = json.loads(entry["message"])["message"]
        params = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            cases[params["requestId"]] = params["request"]["url"].rpartition("case=")[2]
        if event["method"] == "Network.loadingFailed" and params["type"] == "Fetch":
            error = params.get("corsErrorStatus", {}).get("corsError", params["errorText"])
            checks.setdefault(cases[params["requestId"]], []).append(CHECKS.get(error, error))
    return checks


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    recorder = served.Recorder(served.make_app())
    with serving(recorder) as port, driving(port, tmp_path_factory.mktemp("profile")) as chrome:
        chrome.set_script_timeout(50)
        chrome.get(APP + "/page")
        result = chrome.execute_async_script(
            "const done = arguments[2]; everything(arguments[0], arguments[1])"
            ".then(done, (error) => done({ error: String(error.stack) }))",
            [instructions(each) for each in (*CASES, *(each for each, _, _ in DEPARTURES))],
            [other_instructions(*other[:3]) for other in OTHERS],
        )
        assert "error" not in result, result
        checks = failed_checks(chrome.get_log("performance"))
    return Verdicts(result["verdicts"], checks, recorder, result["origins"])


def verdict_of_chromium(chromium, each):
    checks = iter(chromium.checks.get(each.id, []))
    return [
        failed(result["blocked"], checks)
        if "blocked" in result
        else (result["status"], readable(result["headers"]), result["body"])
        for result in chromium.of[each.id]
    ]


def failed(message, checks):
    """Return which check failed, or `impossible` if no request was made."""
    if "Failed to execute" in message:
        return "method" if "HTTP method" in message else "impossible"
    return next(checks, message)


def readable(headers):
    return sorted(
        [name.lower(), value] for name, value in headers if name.lower() not in UNCOMPARED
    )


def origin_of(page):
    return "null" if page in {SANDBOX, DATA} else page


def verdict_of_model(app, each):
    recorder = served.Recorder(app)
    browser = Browser(recorder, origin_of(each.page), server=API, engine=CHROMIUM)
    verdicts = []
    for fetch in each.fetches:
        time.sleep(fetch.wait)
        try:
            got = browser.fetch(
                fetch.method,
                with_case(fetch.url, each.id),
                headers=fetch.headers,
                credentials=fetch.credentials,
                **({} if fetch.body is None else {"body": fetch.body}),
            )
        except CORSBlocked as blocked:
            verdicts.append(blocked.step.code)
        except ValueError:
            verdicts.append("impossible")
        else:
            verdicts.append((got.status, readable(got.headers), got.text))
    return verdicts, recorder


def statuses(verdicts):
    return [verdict if isinstance(verdict, str) else verdict[0] for verdict in verdicts]


# The tests ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app():
    return served.make_app()


def test_frames_have_the_origins_that_the_cases_name(chromium):
    expected = {each.page: origin_of(each.page) for each in CASES}

    assert expected == chromium.origins


@pytest.mark.parametrize("each", [pytest.param(each, id=each.id) for each in CASES])
def test_chromium_does_what_is_expected(each, chromium):
    verdicts = statuses(verdict_of_chromium(chromium, each))
    preflights = chromium.recorder.preflights(each.id)

    assert (each.expected, each.preflights) == (verdicts, preflights)


@pytest.mark.parametrize("each", [pytest.param(each, id=each.id) for each in CASES])
def test_the_model_has_the_result_of_chromium_and_sends_the_same_requests(each, chromium, app):
    verdicts, recorder = verdict_of_model(app, each)

    expected = verdict_of_chromium(chromium, each), chromium.recorder.arrived[each.id]
    assert expected == (verdicts, recorder.arrived[each.id])


@pytest.mark.parametrize(
    ("name", "comes"), [pytest.param(name, comes, id=name) for name, _, comes in COOKIES]
)
def test_chromium_sends_a_cookie_back_as_expected(name, comes, chromium):
    *_, recorded = chromium.recorder.arrived[f"cookie-{name}"][-1]

    assert comes == ("COOKIE" in recorded)


@pytest.mark.parametrize(
    ("each", "standard", "preflights"),
    [pytest.param(*departure, id=departure[0].id) for departure in DEPARTURES],
)
def test_the_model_follows_the_standard_where_chromium_does_not(
    each, standard, preflights, chromium, app
):
    verdicts, recorder = verdict_of_model(app, each)
    by_chromium = statuses(verdict_of_chromium(chromium, each))

    assert (standard, preflights) == (statuses(verdicts), recorder.preflights(each.id))
    assert (each.expected, each.preflights) == (by_chromium, chromium.recorder.preflights(each.id))


@pytest.mark.parametrize(
    ("id", "expected"), [pytest.param(other[0], other[3], id=other[0]) for other in OTHERS]
)
def test_other_kinds_of_requests_are_allowed_or_blocked_too(id, expected, chromium):  # noqa: A002  (the name in pytest)
    assert expected == chromium.of[f"other-{id}"]
