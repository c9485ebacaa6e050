"""Real shared caches: whoever asked before, everybody gets the answer that is right for them.

nginx and Varnish keep the answers of a real server. All that a page may be is asked for the same
URL, in every order, twice; what arrives is judged by the model browser.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

from flask_cors import browser
from flask_cors.browser import Fields, Request, Response
from flask_cors.core import ACL_ORIGIN

from ..support.servers import free_port, running

HERE = Path(__file__).parent
pytestmark = pytest.mark.server

A, B = "https://a.example", "https://b.example"
EVIL = "https://a.example.evil.test"
NULL = "null"  # a sandboxed frame
NO_PAGE = None  # a request without Origin: a reader, a crawler, a monitor
REQUESTERS = (A, B, EVIL, NULL, NO_PAGE)
ORDERS = tuple(itertools.permutations(REQUESTERS))


# The servers --------------------------------------------------------------------------------------

NGINX = """
daemon off;
worker_processes 1;
{user}
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path body;
    proxy_temp_path proxied;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    proxy_cache_path kept keys_zone=kept:16m use_temp_path=off;
    upstream app {{
        server 127.0.0.1:{backend};
        keepalive 8;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_cache kept;
            proxy_cache_revalidate on;
            add_header X-Cache $upstream_cache_status always;
        }}
    }}
}}
"""

# Unlike nginx, which never keeps the answer to OPTIONS, this one is made to: some do.
VARNISH = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{backend}"; }}
sub vcl_recv {{
    unset req.http.X-Method;
    if (req.method == "OPTIONS") {{
        set req.http.X-Method = req.method;
        return (hash);
    }}
}}
sub vcl_hash {{
    if (req.http.X-Method) {{ hash_data(req.http.X-Method); }}
}}
sub vcl_backend_fetch {{
    if (bereq.http.X-Method) {{ set bereq.method = bereq.http.X-Method; }}
}}
sub vcl_backend_response {{
    set beresp.grace = 0s;
    set beresp.keep = 60s;
    unset beresp.http.X-Revalidated;
    if (bereq.http.X-Method) {{ set beresp.ttl = 600s; }}
    if (beresp.was_304) {{ set beresp.http.X-Revalidated = "yes"; }}
}}
sub vcl_deliver {{
    set resp.http.X-Cache = "MISS";
    if (resp.http.X-Revalidated) {{ set resp.http.X-Cache = "REVALIDATED"; }}
    if (obj.hits > 0) {{ set resp.http.X-Cache = "HIT"; }}
}}
"""

ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
GUNICORN = ("-m", "gunicorn", "--worker-class", "gthread", "--threads", "8", "--keep-alive", "60")


def missing(name: str) -> None:
    """Skip for want of a program or package; where it has to be there, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{name} is not installed, and CI has to have it")
    pytest.skip(f"{name} is not installed")


def program(name: str) -> str:
    """Return where a program is: Debian puts servers where only root looks."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    if found is None:
        missing(name)
    return str(found)


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port on which gunicorn serves the app."""
    for package in ("gunicorn", "flask_compress"):
        if importlib.util.find_spec(package) is None:
            missing(package)
    port, log = free_port(), tmp_path_factory.mktemp("gunicorn") / "log"
    command = [sys.executable, *GUNICORN, "--bind", f"127.0.0.1:{port}", "served:app"]
    with running(command, log, port, HERE, ENVIRONMENT):
        yield port


def nginx(folder: Path, port: int, backend: int) -> list[str]:
    user = "user root;" if os.geteuid() == 0 else ""  # else it takes one that cannot write there
    (folder / "nginx.conf").write_text(NGINX.format(user=user, port=port, backend=backend), "utf-8")
    return [program("nginx"), "-p", str(folder), "-c", "nginx.conf"]


def varnish(folder: Path, port: int, backend: int) -> list[str]:
    (folder / "cache.vcl").write_text(VARNISH.format(backend=backend), "utf-8")
    # No jail, as root would have; no port for its administration; a short log.
    aside = ["-j", "none", "-T", "none", "-l", "1m", "-s", "malloc,256m"]
    listening = ["-a", f"127.0.0.1:{port}", "-f", str(folder / "cache.vcl")]
    return [program("varnishd"), "-F", "-n", str(folder / "work"), *aside, *listening]


class Answer(NamedTuple):
    response: Response
    kept: str
    """what the cache says: HIT, MISS, REVALIDATED, or nothing where it keeps nothing"""


class Cache:
    """Is a shared cache, as who asks it sees it."""

    def __init__(self, port: int, keeps_preflights: str) -> None:
        self.keeps_preflights = keeps_preflights
        """what it says of a preflight that was asked before"""
        self._port = port
        self._mine = threading.local()
        self._all: list[HTTPConnection] = []
        self._numbers = itertools.count()

    def fresh(self, path: str) -> str:
        """Return a URL that nobody has asked for yet."""
        return f"{path}?fresh={next(self._numbers)}"

    def send(self, method: str, url: str, headers: Fields) -> Answer:
        connection: HTTPConnection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
            self._all.append(connection)
        connection.putrequest(method, url, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        lines = tuple(response.getheaders())
        received = Response(response.status, lines, body)
        return Answer(received, received.get("X-Cache") or "")

    def close(self) -> None:
        for connection in self._all:
            connection.close()


@pytest.fixture(scope="session", params=[nginx, varnish], ids=["nginx", "varnish"])
def cache(
    request: pytest.FixtureRequest, backend: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cache]:
    folder, port = tmp_path_factory.mktemp("cache"), free_port()
    command: list[str] = request.param(folder, port, backend)
    with running(command, folder / "log", port, HERE, ENVIRONMENT):
        cache = Cache(port, "HIT" if request.param is varnish else "")
        yield cache
        cache.close()
    shutil.rmtree(folder / "kept", ignore_errors=True)  # thousands of small files


# The judge ----------------------------------------------------------------------------------------


class Area(NamedTuple):
    """Is a part of the app with a policy of its own, and what is right there."""

    name: str
    allowed: frozenset[str]
    shared: str | None = None
    """the Allow-Origin that may be sent to everyone"""
    credentials: browser.Credentials = "omit"
    exposes: bool = False
    sharers: tuple[str | None, ...] = ()
    """who gets an answer that may be kept for everyone"""


def area(
    name: str,
    *allowed: str,
    shared: str | None = None,
    credentials: browser.Credentials = "omit",
    exposes: bool = False,
    sharers: tuple[str | None, ...] = (),
) -> Area:
    return Area(name, frozenset(allowed), shared, credentials, exposes, sharers)


ANYONE = (A, B, EVIL, NULL)
TWO = area("two", A, B)
ONE = area("one", A, shared=A, sharers=(A, NO_PAGE))
OPEN = area("anyone", *ANYONE, shared="*", sharers=(NO_PAGE,))
STAR = area("star", *ANYONE, shared="*", sharers=REQUESTERS)
UNVARIED = area("unvaried", A, B)
# fmt: off
AREAS = [
    TWO,
    area("two-exposed", A, B, exposes=True),
    area("two-trusted", A, B, credentials="include"),
    area("pattern", A, B),
    area("callable", A, B),
    area("null", A, NULL),
    area("nobody"),
    OPEN,
    area("anyone-exposed", *ANYONE, shared="*", exposes=True, sharers=(NO_PAGE,)),
    area("anyone-asking", *ANYONE),
    STAR,
    area("star-asking", *ANYONE, shared="*", sharers=ANYONE),
    ONE,
    area("one-exposed", A, shared=A, exposes=True, sharers=(A, NO_PAGE)),
    area("one-trusted", A, shared=A, credentials="include", sharers=(A, NO_PAGE)),
    area("one-asking", A),
    area("view", A, B),
    area("blueprint", A, B),
]
# fmt: on


class Visit(NamedTuple):
    """Is one request through the cache, and what came of it."""

    origin: str | None
    answers: tuple[Answer, ...]
    readable: Response | None
    """what a script of the origin gets"""


def visit(
    cache: Cache,
    area: Area,
    origin: str | None,
    url: str,
    *,
    method: str = "GET",
    headers: Fields = (),
    unseen: Fields = (),
) -> Visit:
    """Ask as a page of an origin, `unseen` being what its browser adds, or without a page."""
    if origin is None:
        answer = cache.send(method, url, (*headers, *unseen))
        return Visit(None, (answer,), None)
    page = Request(method, f"https://cache.example{url}", headers, origin, area.credentials)
    flow, answers = browser.fetch(page), list[Answer]()
    sent = next(flow)
    while True:
        path = sent.request.url.removeprefix("https://cache.example")
        answers.append(cache.send(sent.request.method, path, (*sent.request.headers, *unseen)))
        try:
            sent = flow.send(answers[-1].response)
        except StopIteration as stop:
            outcome: browser.FetchOutcome = stop.value
            return Visit(origin, tuple(answers), outcome.response)


def wrongs(area: Area, visit: Visit, status: int = 200) -> list[str]:
    """Return what is wrong with what somebody got; nothing if it was meant for them."""
    origin, readable = visit.origin, visit.readable
    found = [
        f"it was for {got}"
        for answer in visit.answers
        if (got := answer.response.get(ACL_ORIGIN)) not in {None, origin, area.shared}
    ]
    if origin is not None and (readable is not None) != (origin in area.allowed):
        found.append("refused" if readable is None else "let through")
    if readable is not None and (readable.get("X-Total") is not None) != area.exposes:
        found.append("it exposes what it should not, or not what it should")
    if visit.answers[0].response.status != status:
        found.append(f"the status is {visit.answers[0].response.status}")
    return [f"{origin}: {wrong}" for wrong in found]


def judged(area: Area, visits: Sequence[Visit], status: int = 200) -> list[str]:
    """Return everything that is wrong, with who asked before."""
    told = " after ".join(str(visit.origin) for visit in reversed(visits))
    found = [wrong for visit in visits for wrong in wrongs(area, visit, status)]
    return [f"{area.name}: {wrong}; asked: {told}" for wrong in found]


def few(wrong: Sequence[str]) -> list[str]:
    """Return the first of many, so that a failure can be read."""
    return [*wrong[:3], f"and {len(wrong) - 3} more"] if len(wrong) > 3 else [*wrong]


def kept(visits: Sequence[Visit]) -> list[str]:
    """Return what the cache says of each answer."""
    return [answer.kept for visit in visits for answer in visit.answers]


# Every order --------------------------------------------------------------------------------------


def misses(area: Area, order: Sequence[str | None]) -> int:
    """Return how many of those who ask for the first time have to be answered by the server."""
    return min([order.index(origin) + 1 for origin in area.sharers], default=len(order))


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_everybody_gets_their_own_answer_in_every_order(cache: Cache, area: Area) -> None:
    wrong, expected, actual = list[str](), list[list[str]](), list[list[str]]()
    for order in ORDERS:
        url = cache.fresh(f"/{area.name}/item")
        visits = [visit(cache, area, origin, url) for origin in order * 2]
        wrong += judged(area, visits)
        first = misses(area, order)
        expected.append(["MISS"] * first + ["HIT"] * (len(visits) - first))
        actual.append(kept(visits))

    assert few(wrong) == []
    assert expected == actual


class Kind(NamedTuple):
    """Is a kind of answer that a cache may keep."""

    name: str
    view: str
    status: int = 200
    method: str = "GET"
    """of those who ask for the first time"""
    unseen: Fields = ()


KINDS = [
    Kind("404", "nothing", 404),
    Kind("redirect", "moved", 301),
    Kind("304", "tagged", 304, unseen=(("If-None-Match", '"one"'),)),
    Kind("head", "item", method="HEAD"),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("area", [TWO, ONE], ids=lambda area: area.name)
def test_whatever_is_answered_is_kept_for_the_right_ones(
    cache: Cache, area: Area, kind: Kind
) -> None:
    wrong, again = list[str](), list[str]()
    for order in ORDERS:
        url = cache.fresh(f"/{area.name}/{kind.view}")
        first = [
            visit(cache, area, origin, url, method=kind.method, unseen=kind.unseen)
            for origin in order
        ]
        second = [visit(cache, area, origin, url, unseen=kind.unseen) for origin in order]
        wrong += judged(area, [*first, *second], kind.status)
        again += kept(second)

    assert few(wrong) == []
    assert {"HIT"} == set(again)


def test_an_answer_that_is_confirmed_stays_with_the_right_ones(cache: Cache) -> None:
    wrong, confirmed = list[str](), dict[str, list[str]]()
    areas = (TWO, ONE, OPEN)
    asked = [
        (area, order, cache.fresh(f"/{area.name}/brief")) for area in areas for order in ORDERS
    ]
    first = [[visit(cache, area, origin, url) for origin in order] for area, order, url in asked]
    time.sleep(2.1)  # it is kept for one second, and nginx counts whole ones
    for (area, order, url), before in zip(asked, first, strict=True):
        after = [visit(cache, area, origin, url) for origin in order]
        wrong += judged(area, [*before, *after])
        confirmed.setdefault(area.name, []).extend(kept(after))

    assert few(wrong) == []
    assert {"REVALIDATED"} == set(confirmed["two"])
    assert all(len(ORDERS) <= said.count("REVALIDATED") for said in confirmed.values())


@pytest.mark.parametrize("area", [TWO, ONE, OPEN], ids=lambda area: area.name)
def test_everybody_gets_their_own_answer_where_all_ask_at_once(cache: Cache, area: Area) -> None:
    wrong, again = list[str](), list[str]()
    barrier = threading.Barrier(len(REQUESTERS))

    def ask(origin: str | None, url: str) -> Visit:
        barrier.wait(30)
        return visit(cache, area, origin, url)

    with ThreadPoolExecutor(len(REQUESTERS)) as pool:
        for _ in range(40):
            url = cache.fresh(f"/{area.name}/slow")
            visits = list(pool.map(ask, REQUESTERS, [url] * len(REQUESTERS)))
            later = [visit(cache, area, origin, url) for origin in REQUESTERS]
            wrong += judged(area, [*visits, *later])
            again += kept(later)

    assert few(wrong) == []
    assert "HIT" in again  # not always: nginx may lose one where two are kept at once


# What the app varies by itself --------------------------------------------------------------------

ENCODINGS = ((A, "gzip"), (A, ""), (B, "gzip"), (EVIL, ""), (NO_PAGE, "gzip"))
LANGUAGES = ((A, "en"), (A, "de"), (B, "de"), (EVIL, "en"), (NO_PAGE, "de"))


def test_nobody_gets_an_encoding_that_they_do_not_know(cache: Cache) -> None:
    compressed, wrong, again = area("compressed", A, B), list[str](), list[str]()
    for order in itertools.permutations(ENCODINGS):
        url, visits = cache.fresh("/compressed/large"), list[Visit]()
        for origin, encoding in order * 2:
            known = (("Accept-Encoding", encoding),) if encoding else ()
            visits.append(visit(cache, compressed, origin, url, unseen=known))
            got = visits[-1].answers[-1].response.get("Content-Encoding")
            if got not in {None, encoding}:
                wrong.append(f"{origin} knows {encoding or 'none'}, and gets {got}: {order}")
        wrong += judged(compressed, visits)
        again += kept(visits[len(order) :])

    assert few(wrong) == []
    assert {"HIT"} == set(again)


def test_what_a_view_varies_by_is_kept_apart_too(cache: Cache) -> None:
    wrong, again = list[str](), list[str]()
    for order in itertools.permutations(LANGUAGES):
        url, visits = cache.fresh("/two/varied"), list[Visit]()
        for origin, language in order * 2:
            asked = (("Accept-Language", language),)
            visits.append(visit(cache, TWO, origin, url, unseen=asked))
            got = visits[-1].answers[-1].response.get("Content-Language")
            if got != language:
                wrong.append(f"{origin} reads {language}, and gets {got}: {order}")
        wrong += judged(TWO, visits)
        again += kept(visits[len(order) :])

    assert few(wrong) == []
    assert {"HIT"} == set(again)


# Preflights ---------------------------------------------------------------------------------------


class Asker(NamedTuple):
    """Is a page that wants to send a request; one without a page gets the same URL."""

    origin: str | None
    method: str = "PUT"
    header: str | None = "X-Token"

    @property
    def permitted(self) -> bool:
        """Return whether every area for preflights permits what is asked, if it does the origin."""
        return self.method == "PUT" and self.header in {None, "X-Token"}


PAGES = [Asker(origin) for origin in REQUESTERS]
REQUESTS = [
    Asker(A),
    Asker(A, "DELETE"),
    Asker(A, header="X-Other"),
    Asker(A, header=None),
    Asker(B),
]
ASKED_AREAS = [
    area("asks", A, B),
    area("asks-one", A, shared=A),
    area("asks-trusted", A, B, credentials="include"),
    area("asks-anyone", *ANYONE, shared="*"),
]


def ask(cache: Cache, area: Area, asker: Asker, url: str) -> tuple[list[str], str]:
    """Send a preflight; return what is wrong with its answer, and what the cache says of it."""
    if asker.origin is None:
        return wrongs(area, visit(cache, area, None, url)), ""
    headers = ((asker.header, "1"),) if asker.header else ()
    page = Request(
        asker.method, f"https://cache.example{url}", headers, asker.origin, area.credentials
    )
    answer = cache.send("OPTIONS", url, browser.preflight_request(page).headers)
    steps = browser.preflight_check(page, answer.response)
    got = answer.response.get(ACL_ORIGIN)
    found = [f"it was for {got}"] if got not in {None, asker.origin, area.shared} else []
    if steps[-1].passed != (asker.permitted and asker.origin in area.allowed):
        found.append(steps[-1].detail)
    return [f"{area.name}: {asker}: {wrong}" for wrong in found], answer.kept


@pytest.mark.parametrize(
    ("area", "askers"),
    [
        *[pytest.param(area, PAGES, id=f"{area.name}-pages") for area in ASKED_AREAS],
        pytest.param(ASKED_AREAS[0], REQUESTS, id="asks-requests"),
    ],
)
def test_a_preflight_is_never_answered_with_that_of_another(
    cache: Cache, area: Area, askers: list[Asker]
) -> None:
    wrong, again = list[str](), list[str]()
    for order in itertools.permutations(askers):
        url = cache.fresh(f"/{area.name}/item")
        asked = [(asker, *ask(cache, area, asker, url)) for asker in order * 2]
        wrong += [wrong for _, found, _ in asked for wrong in found]
        again += [kept for asker, _, kept in asked[len(order) :] if asker.origin is not None]

    assert few(wrong) == []
    assert {cache.keeps_preflights} == set(again)


# What the judge is worth --------------------------------------------------------------------------


def test_the_judge_sees_what_happens_without_vary(cache: Cache) -> None:
    seen, again = 0, list[str]()
    for order in ORDERS:
        url = cache.fresh("/unvaried/item")
        visits = [visit(cache, UNVARIED, origin, url) for origin in order]
        seen += bool(judged(UNVARIED, visits))
        again += kept(visits[1:])

    assert len(ORDERS) == seen
    assert {"HIT"} == set(again)


def test_the_judge_sees_what_happens_to_preflights_without_vary(cache: Cache) -> None:
    unvaried, seen = area("asks-unvaried", A, B), 0
    for order in ORDERS:
        url = cache.fresh("/asks-unvaried/item")
        answered = [ask(cache, unvaried, Asker(origin), url) for origin in order]
        seen += any(found for found, _ in answered)

    assert (len(ORDERS) if cache.keeps_preflights else 0) == seen
