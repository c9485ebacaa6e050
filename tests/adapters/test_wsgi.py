from __future__ import annotations

import asyncio
import functools
import gc
import io
import logging
import re
import runpy
import sys
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from wsgiref.handlers import SimpleHandler
from wsgiref.util import FileWrapper, setup_testing_defaults, shift_path_info
from wsgiref.validate import validator

import pytest
from werkzeug.datastructures import Headers
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_cors import ConfigurationError, CORSWarning
from flask_cors.wsgi import CORSMiddleware

pytestmark = pytest.mark.flaskless

served = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parent.parent / "frameworks" / "served.py"))
)

APP = "https://app.example"
EVIL = "https://evil.example"
PREFLIGHT = {
    "Origin": APP,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "x-token",
}
OWN = [("X-Own", "1")]


def environ_of(method="GET", path="/", headers=(), **extra):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", **extra}
    for name, value in dict(headers).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    setup_testing_defaults(environ)
    return environ


class Server:
    """Serves one request as PEP 3333 asks a server to; `error` is what reached it."""

    def __init__(self, app, environ):
        self.status, self.lines, self.body, self.error = None, [], b"", None
        self.exc_infos = []
        parts = None
        try:
            parts = app(environ, self.start)
            for part in parts:
                self.write(part)
        except Exception as error:  # noqa: BLE001  (a server survives whatever an app raises)
            self.error = error
        finally:
            getattr(parts, "close", bool)()

    def start(self, status, lines, exc_info=None):
        if exc_info is None:
            assert self.status is None
        elif self.body:
            raise exc_info[1].with_traceback(exc_info[2])
        self.exc_infos.append(exc_info)
        self.status, self.lines = status, list(lines)
        return self.write

    def write(self, part):
        assert self.status is not None
        self.body += part

    @property
    def fields(self):
        """The header fields; each must be there once."""
        names = [name.lower() for name, _ in self.lines]
        assert sorted(set(names)) == sorted(names)
        return {name.lower(): value for name, value in self.lines}

    @property
    def allowed_origin(self):
        return self.fields.get("access-control-allow-origin")


def hello(environ, start_response):
    start_response("200 OK", OWN)
    return [b"hello"]


def lose(*_):
    raise LookupError("lost")


def lazy(environ, start_response):
    start_response("200 OK", OWN)
    yield b"hel"
    yield b"lo"


# What is answered --------------------------------------------------------------------------------


@pytest.mark.parametrize("exchange", served.EXCHANGES, ids=lambda exchange: exchange.id)
def test_the_answer_is_that_of_the_table(exchange):
    headers = {}
    for name, value in exchange.sent:  # servers join the lines of one name
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    server = Server(served.wsgi_app(), environ_of(exchange.method, exchange.path, headers))

    assert served.expected(exchange) == served.about_cors(server.lines)
    if exchange.status is not None:
        assert f"{exchange.status} {HTTPStatus(exchange.status).phrase}" == server.status
    assert server.error is None


def test_a_preflight_is_answered_without_the_app():
    called = []
    server = Server(
        CORSMiddleware(lambda *given: called.append(given), origins=APP),
        environ_of("OPTIONS", "/", PREFLIGHT),
    )
    assert called == []
    assert (server.status, server.body) == ("200 OK", b"")
    assert (server.fields["content-length"], server.fields["content-type"]) == ("0", "text/plain")
    assert server.fields["access-control-allow-headers"] == "x-token"


def test_an_answer_to_a_preflight_has_a_part_for_servers_that_start_it_with_the_first():
    """Hypercorn does; without a part it answers with 500."""
    parts = CORSMiddleware(lose, origins=APP)(
        environ_of("OPTIONS", "/", PREFLIGHT), lambda *_: bool
    )
    assert list(parts) == [b""]


@pytest.mark.parametrize("method", ["options", "Options", "OPTIONS"])
def test_a_method_is_told_without_regard_to_case(method):
    """Servers pass it on as it came, and frameworks take `options` for OPTIONS."""
    server = Server(CORSMiddleware(lose, origins=APP), environ_of(method, "/", PREFLIGHT))
    assert server.fields["access-control-allow-headers"] == "x-token"


def test_a_server_may_leave_out_the_method():
    environ = environ_of(headers=PREFLIGHT)
    del environ["REQUEST_METHOD"]
    server = Server(CORSMiddleware(hello, origins=APP), environ)
    assert (server.body, server.allowed_origin) == (b"hello", APP)
    assert "access-control-allow-methods" not in server.fields


def test_without_automatic_options_the_app_answers_with_the_headers_of_a_preflight():
    server = Server(
        CORSMiddleware(hello, origins=APP, automatic_options=False),
        environ_of("OPTIONS", "/", PREFLIGHT),
    )
    assert server.body == b"hello"
    assert server.fields["x-own"] == "1"
    assert server.fields["access-control-allow-headers"] == "x-token"


@pytest.mark.parametrize("app", [hello, lazy], ids=["at-once", "lazy"])
def test_the_app_s_own_lines_come_first_and_its_list_is_not_changed(app):
    server = Server(CORSMiddleware(app, origins=[APP, EVIL]), environ_of(headers={"Origin": APP}))
    assert [*OWN, ("Access-Control-Allow-Origin", APP), ("Vary", "Origin")] == server.lines
    assert OWN == [("X-Own", "1")]
    assert server.body == b"hello"


@pytest.mark.parametrize(
    ("own", "vary"),
    [
        pytest.param([], ["Origin"], id="none"),
        pytest.param(["Accept-Encoding"], ["Accept-Encoding, Origin"], id="another"),
        pytest.param(["Accept", "Cookie"], ["Accept, Cookie, Origin"], id="two-lines-and-another"),
        pytest.param(["accept, ORIGIN"], ["accept, ORIGIN"], id="names-it"),
        pytest.param(["Accept", "origin"], ["Accept, origin"], id="names-it-in-a-second-line"),
        pytest.param(["*", "Accept"], ["*"], id="everything-and-another"),
        pytest.param(["*"], ["*"], id="everything"),
    ],
)
def test_vary_is_completed(own, vary):
    def app(environ, start_response):
        start_response("200 OK", [("vAry", value) for value in own])
        return [b""]

    server = Server(CORSMiddleware(app, origins=[APP, EVIL]), environ_of(headers={"Origin": APP}))
    assert vary == [value for name, value in server.lines if name.lower() == "vary"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(tuple, id="tuple"),
        pytest.param(iter, id="iterator"),
        pytest.param(Headers, id="werkzeug"),
        pytest.param(lambda lines: [list(line) for line in lines], id="lists-for-pairs"),
    ],
)
def test_lines_may_be_any_iterable_of_pairs(given):
    def app(environ, start_response):
        start_response("200 OK", given([*OWN, ("Vary", "Cookie")]))
        return [b""]

    server = Server(CORSMiddleware(app, origins=[APP, EVIL]), environ_of(headers={"Origin": APP}))
    assert server.fields == {
        "x-own": "1",
        "access-control-allow-origin": APP,
        "vary": "Cookie, Origin",
    }


@pytest.mark.parametrize("name", ["Access-Control-Allow-Origin", "access-control-allow-origin"])
def test_a_response_with_an_allow_origin_is_left_alone(name):
    lines = [(name, "https://own.example"), ("X-Own", "caf\xe9")]

    def app(environ, start_response):
        start_response("200 OK", lines)
        return [b""]

    server = Server(CORSMiddleware(app, origins=APP), environ_of(headers={"Origin": EVIL}))
    assert lines == server.lines


@pytest.mark.parametrize(
    ("pattern", "path", "open_"),
    [
        pytest.param("/api/*", "/api/x", True, id="below"),
        pytest.param("/api/*", "/api", True, id="itself"),
        pytest.param("/api/*", "/apifoo", False, id="another-segment"),
        pytest.param("/api/*", "//api/x", True, id="two-slashes"),
        pytest.param("/api/*", "api/x", True, id="no-slash"),
        pytest.param("/api/*", "/%61pi/x", False, id="decoded-once"),
        pytest.param("/caf\xe9", "/caf\xc3\xa9", True, id="utf-8"),
        pytest.param("/caf\xe9", "/caf\xe9", False, id="no-utf-8"),
        pytest.param("/", "", True, id="empty"),
        pytest.param("/a", "/a/", False, id="slash-at-the-end"),
        pytest.param("/files/*", "/files/\xff", True, id="bytes-that-are-no-text"),
        pytest.param("/files/*", "/files/\u4e00", True, id="text-that-is-no-bytes"),
        pytest.param("/X/*", "/X/a", True, id="a-capital"),
    ],
)
def test_the_resource_is_found_by_the_decoded_path(pattern, path, open_):
    server = Server(CORSMiddleware(hello, resources=pattern), environ_of("GET", path))
    assert ("*" if open_ else None) == server.allowed_origin


@pytest.mark.parametrize(
    "path",
    [
        "/private/x",
        "/public/../private/x",
        "/./private/x",
        "/public/%2e%2e/private/x",
        "//private/x",
        "/private//x",
        "/public//..//private/x",
        "/private/../public/x",
    ],
)
def test_dots_and_slashes_lead_past_no_stricter_resource(path):
    resources = {"/*": {"origins": "*"}, "/private/*": {"origins": APP}}
    middleware = CORSMiddleware(hello, resources=resources)
    server = Server(middleware, environ_of("GET", path, {"Origin": EVIL}))
    assert server.allowed_origin is None


def test_a_server_may_leave_out_an_empty_path():
    environ = environ_of()
    del environ["PATH_INFO"]
    assert Server(CORSMiddleware(hello, resources="/"), environ).allowed_origin == "*"


@pytest.mark.parametrize("path", ["/api/hello", "/api", "/api/deep/er"])
def test_the_resource_is_that_of_the_request_though_the_app_moves_the_path(path):
    """What dispatches by path shortens the path in the environment for the app it calls."""
    middleware = CORSMiddleware(
        DispatcherMiddleware(hello, {"/api": hello}), resources={"/api/*": {"origins": APP}}
    )
    server = Server(middleware, environ_of("GET", path, {"Origin": APP}))
    assert server.allowed_origin == APP


def test_no_other_resource_is_opened_by_an_app_that_moves_the_path():
    def app(environ, start_response):
        shift_path_info(environ)
        return hello(environ, start_response)

    middleware = CORSMiddleware(app, resources={"/open/*": {}, "/*": {"origins": APP}})
    server = Server(middleware, environ_of("GET", "/private/open/x", {"Origin": EVIL}))
    assert server.allowed_origin is None


def test_a_server_gets_two_arguments_where_the_app_gives_two():
    started = []

    def start(status, lines):
        started.append((status, lines))

    assert CORSMiddleware(hello, origins=APP)(environ_of(), start) == [b"hello"]
    assert started == [("200 OK", [*OWN, ("Access-Control-Allow-Origin", APP)])]


def test_the_app_gets_the_environment_of_the_server():
    passed = []

    def app(environ, start_response):
        passed.append(environ)
        return hello(environ, start_response)

    environ = environ_of(headers={"Origin": APP})
    before = dict(environ)
    Server(CORSMiddleware(app, origins=APP), environ)
    assert passed[0] is environ
    assert before == environ


@pytest.mark.parametrize("resources", ["/*", "/closed"], ids=["rule", "no-rule"])
def test_an_iterable_whose_response_has_started_is_passed_on_itself(resources):
    """A server may send a file without reading it, if it is its own wrapper that it gets."""
    wrapper = FileWrapper(io.BytesIO(b"file"))

    def app(environ, start_response):
        start_response("200 OK", OWN)
        return wrapper

    middleware = CORSMiddleware(app, resources=resources)
    assert middleware(environ_of(), lambda *_: bool) is wrapper


def test_what_the_app_writes_is_written():
    def app(environ, start_response):
        write = start_response("200 OK", OWN)
        write(b"hel")
        return [b"lo"]

    server = Server(CORSMiddleware(app, origins=APP), environ_of(headers={"Origin": APP}))
    assert (server.body, server.allowed_origin) == (b"hello", APP)


def test_an_app_may_give_the_arguments_of_start_response_by_name():
    """PEP 3333 has them by position, but servers take them by name."""

    def app(environ, start_response):
        try:
            lose()
        except LookupError:
            start_response(status="503 Sorry", headers=OWN, exc_info=sys.exc_info())
        return [b"sorry"]

    server = Server(CORSMiddleware(app, origins=APP), environ_of(headers={"Origin": APP}))
    assert (server.status, server.body, server.allowed_origin) == ("503 Sorry", b"sorry", APP)
    assert [LookupError] == [info[0] for info in server.exc_infos]


def test_an_app_that_changes_the_environment_changes_no_decision():
    def app(environ, start_response):
        environ["REQUEST_METHOD"] = "OPTIONS"
        environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] = "PUT"
        environ["HTTP_ORIGIN"] = APP
        return hello(environ, start_response)

    server = Server(CORSMiddleware(app, origins=APP), environ_of(headers={"Origin": EVIL}))
    assert server.lines == [*OWN, ("Vary", "Origin")]


def test_a_path_without_a_rule_is_left_alone():
    def app(environ, start_response):
        start_response("200 OK", OWN)
        return [environ["REQUEST_METHOD"].encode()]

    server = Server(
        CORSMiddleware(app, resources="/api/*"), environ_of("OPTIONS", "/closed", PREFLIGHT)
    )
    assert (server.lines, server.body) == (OWN, b"OPTIONS")


def test_a_second_layer_adds_nothing():
    inner = CORSMiddleware(hello, origins=[APP, EVIL], expose_headers="X-Own")
    environ = environ_of(headers={"Origin": APP})
    twice = Server(CORSMiddleware(inner, origins="*"), environ)
    assert Server(inner, environ).lines == twice.lines


# Responses that are started twice ----------------------------------------------------------------


def replaces(environ, start_response):
    """Answer an error in place of what had begun."""
    start_response("200 OK", OWN)
    try:
        lose()
    except LookupError:
        start_response("404 Not Found", [("X-Error", "1")], sys.exc_info())
    return [b"sorry"]


def test_a_response_that_replaces_the_first_has_the_headers_too():
    asked = []
    middleware = CORSMiddleware(replaces, origins=[lambda origin: not asked.append(origin)])
    server = Server(middleware, environ_of(headers={"Origin": APP}))

    assert (server.status, server.body) == ("404 Not Found", b"sorry")
    assert (server.lines) == [
        ("X-Error", "1"),
        ("Access-Control-Allow-Origin", APP),
        ("Vary", "Origin"),
    ]
    assert asked == [APP]
    assert [None, LookupError] == [info and info[0] for info in server.exc_infos]


def test_a_response_that_comes_too_late_to_replace_the_first_raises_in_the_app():
    def app(environ, start_response):
        write = start_response("200 OK", OWN)
        write(b"hel")
        try:
            lose()
        except LookupError:
            start_response("404 Not Found", [], sys.exc_info())
        return [b"never"]

    server = Server(CORSMiddleware(app, origins=APP), environ_of(headers={"Origin": APP}))
    assert (server.status, server.body) == ("200 OK", b"hel")
    assert str(server.error) == "lost"


# Exceptions --------------------------------------------------------------------------------------


def fails_at_once(environ, start_response):
    raise LookupError("lost")


def fails_when_asked_for_a_part(environ, start_response):
    raise LookupError("lost")
    yield b"never"


def fails_once_started(environ, start_response):
    start_response("200 OK", OWN)
    raise LookupError("lost")


def fails_once_started_when_asked_for_a_part(environ, start_response):
    start_response("200 OK", OWN)
    raise LookupError("lost")
    yield b"never"


def fails_after_an_empty_part(environ, start_response):
    start_response("200 OK", OWN)
    yield b""
    raise LookupError("lost")


class Fails:
    """An app in the form of a class, as PEP 3333 shows one: its instances are the bodies."""

    def __init__(self, environ, start_response):
        self.start = start_response

    def __iter__(self):
        lose()
        self.start("200 OK", OWN)
        yield b"never"


def fails_in_the_middle(environ, start_response):
    start_response("200 OK", OWN)
    yield b"hel"
    raise LookupError("lost")


def fails_in_the_middle_of_a_started_response(environ, start_response):
    def parts():
        yield b"hel"
        raise LookupError("lost")

    start_response("200 OK", OWN)
    return parts()


def fails_after_a_write(environ, start_response):
    start_response("200 OK", OWN)(b"hel")
    raise LookupError("lost")


@pytest.mark.parametrize(
    ("app", "started"),
    [
        (fails_at_once, None),
        (fails_when_asked_for_a_part, None),
        (Fails, None),
        # The server has sent nothing yet: it holds the headers until there is a body (PEP 3333).
        (fails_once_started, "200 OK"),
        (fails_once_started_when_asked_for_a_part, "200 OK"),
        (fails_after_an_empty_part, "200 OK"),
    ],
)
@pytest.mark.parametrize(
    ("options", "environ"),
    [
        pytest.param({}, ("GET", "/"), id="plain"),
        pytest.param({"origins": APP}, ("GET", "/", {"Origin": APP}), id="granted"),
        pytest.param({"origins": APP}, ("HEAD", "/", {"Origin": APP}), id="head"),
        pytest.param({"origins": APP}, ("GET", "/", {"Origin": EVIL}), id="refused"),
        pytest.param({"resources": "/api/*"}, ("GET", "/", {"Origin": APP}), id="no-rule"),
        pytest.param({"automatic_options": False}, ("OPTIONS", "/", PREFLIGHT), id="preflight"),
    ],
)
def test_an_exception_passes_and_is_never_answered(app, started, options, environ):
    """What is around may answer it: a debugger, a framework's handler."""
    server = Server(CORSMiddleware(app, **options), environ_of(*environ))
    assert (server.status, server.body) == (started, b"")
    assert (LookupError, "lost") == (type(server.error), str(server.error))


def test_an_exception_arrives_as_the_object_that_was_raised():
    error = LookupError("lost")

    def app(environ, start_response):
        raise error

    server = Server(CORSMiddleware(app, origins=APP), environ_of(headers={"Origin": APP}))
    assert server.error is error
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize(
    "app",
    [fails_in_the_middle, fails_in_the_middle_of_a_started_response, fails_after_a_write],
)
def test_an_exception_in_the_middle_of_the_body_passes_too(app):
    server = Server(CORSMiddleware(app, origins=APP), environ_of(headers={"Origin": APP}))
    assert (server.status, server.body, server.allowed_origin) == ("200 OK", b"hel", APP)
    assert str(server.error) == "lost"


@pytest.mark.parametrize("headers", [{}, {"Origin": APP}], ids=["plain", "actual"])
@pytest.mark.parametrize("app", [fails_at_once, fails_when_asked_for_a_part])
def test_the_debugger_around_shows_its_page(app, headers):
    debugger = DebuggedApplication(CORSMiddleware(app, origins=APP), pin_security=False)
    server = Server(debugger, environ_of(headers=headers))
    assert (server.status, server.error) == ("500 INTERNAL SERVER ERROR", None)
    assert b"Werkzeug Debugger" in server.body
    assert b"LookupError" in server.body


# close() -----------------------------------------------------------------------------------------


class Parts:
    """A body that counts how often it is closed; `lazy` ones start their response late."""

    def __init__(self, lazy, start_response, *parts):
        self.start = functools.partial(start_response, "200 OK", OWN)
        self.parts = iter(parts)
        self.closed = 0
        self.lazy = lazy
        if not lazy:
            self.start()

    def __iter__(self):
        return self

    def __next__(self):
        if self.lazy:
            self.lazy = self.start() is None
        part = next(self.parts)
        if isinstance(part, Exception):
            raise part
        return part

    def close(self):
        self.closed += 1


def made_of(lazy, *parts):
    made = []

    def app(environ, start_response):
        made.append(Parts(lazy, start_response, *parts))
        return made[0]

    return CORSMiddleware(app, origins=APP), made


@pytest.mark.parametrize("lazy", [False, True], ids=["at-once", "lazy"])
@pytest.mark.parametrize(
    "parts",
    [(b"hel", b"lo"), (), (b"hel", LookupError("lost")), (LookupError("lost"),)],
    ids=["read", "empty", "fails-in-the-middle", "fails"],
)
def test_the_body_is_closed_once(lazy, parts):
    middleware, made = made_of(lazy, *parts)
    Server(middleware, environ_of())
    assert made[0].closed == 1


@pytest.mark.parametrize("lazy", [False, True], ids=["at-once", "lazy"])
@pytest.mark.parametrize("read", [0, 1])
def test_the_body_is_closed_once_where_the_client_goes_early(lazy, read):
    middleware, made = made_of(lazy, b"hel", b"lo")
    body = middleware(environ_of(), lambda *_: bool)
    for _ in range(read):
        next(iter(body))
    body.close()
    assert made[0].closed == 1


# Callables ---------------------------------------------------------------------------------------


async def allow(origin):
    return True


async def allow_in(place, origin):
    return True


class AsyncCallable:
    async def __call__(self, origin):
        return True


def allow_later(origin):
    return allow(origin)


class LaterTrue:
    """An awaitable that is no coroutine."""

    def __await__(self):
        yield
        return True


@pytest.mark.parametrize(
    "origins",
    [
        pytest.param(allow, id="async-def"),
        pytest.param([APP, allow], id="in-a-list"),
        pytest.param(AsyncCallable(), id="object"),
        pytest.param([AsyncCallable().__call__], id="method"),
        pytest.param(functools.partial(allow_in, "here"), id="partial"),
    ],
)
@pytest.mark.parametrize("place", ["origins", "resources['/api/*'].origins"])
def test_an_async_callable_is_refused_at_set_up(origins, place):
    options = {"origins": origins}
    if place != "origins":
        options = {"resources": {"/api/*": options, "/open/*": {}}}
    with pytest.raises(ConfigurationError) as caught:
        CORSMiddleware(hello, **options)

    [problem] = caught.value.problems
    assert (problem.code, problem.option) == ("origin-async", "origins")
    assert problem.message.startswith(f"{place}: ")
    assert "is async" in problem.message
    assert "Write `def`" in problem.message
    assert "flask_cors.asgi" in problem.message


def test_each_async_callable_is_told():
    callables = [allow, AsyncCallable()]
    with pytest.raises(ConfigurationError) as caught:
        CORSMiddleware(hello, origins=[*callables, lambda origin: True])
    assert [problem.code for problem in caught.value.problems] == ["origin-async"] * 2
    assert [problem.value for problem in caught.value.problems] == callables


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(allow_later, id="coroutine"),
        pytest.param(lambda origin: LaterTrue(), id="awaitable"),
    ],
)
def test_a_callable_whose_answer_must_be_awaited_denies_and_is_logged(answer, caplog):
    middleware = CORSMiddleware(hello, origins=[answer])
    server = Server(middleware, environ_of(headers={"Origin": APP}))
    gc.collect()  # a coroutine that was never awaited would warn here, which is an error

    assert (server.allowed_origin, server.body) == (None, b"hello")
    [record] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.levelno == logging.ERROR
    assert "an origin callable returned" in record.getMessage()
    assert record.exc_info is None  # it raised nothing


def test_a_future_is_not_waited_for_either(caplog):
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    future.set_result(True)
    loop.close()
    middleware = CORSMiddleware(hello, origins=[lambda origin: future])
    assert Server(middleware, environ_of(headers={"Origin": APP})).allowed_origin is None


def test_a_callable_that_raises_denies_and_is_logged_with_its_traceback(caplog):
    middleware = CORSMiddleware(hello, origins=[lose, lambda origin: True])
    server = Server(middleware, environ_of(headers={"Origin": EVIL}))

    assert (server.allowed_origin, server.body) == (None, b"hello")
    [record] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert (record.name, record.levelno) == ("flask_cors", logging.ERROR)
    assert EVIL in record.getMessage()
    assert "in lose" in caplog.text


@pytest.mark.parametrize("app", [hello, lazy, replaces])
@pytest.mark.parametrize("headers", [{"Origin": EVIL}, PREFLIGHT], ids=["actual", "preflight"])
def test_a_callable_is_asked_once(app, headers):
    asked = []
    middleware = CORSMiddleware(app, origins=[lambda origin: not asked.append(origin)])
    method = "OPTIONS" if headers is PREFLIGHT else "GET"
    server = Server(middleware, environ_of(method, "/", headers))
    assert [headers["Origin"]] == asked
    assert headers["Origin"] == server.allowed_origin


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        pytest.param(APP, True, id="exact"),
        pytest.param("https://a.apps.example", True, id="pattern"),
        pytest.param("null", False, id="null"),
        pytest.param("", False, id="empty"),
        pytest.param(EVIL + "/", False, id="path"),
        pytest.param("https://evil.example\n", False, id="line-feed"),
        pytest.param(f"https://{'a' * 400}.example", False, id="long"),
    ],
)
def test_a_callable_is_not_asked_about_what_is_decided_without_it(origin, allowed):
    asked = []
    middleware = CORSMiddleware(
        hello, origins=[lambda origin: not asked.append(origin), APP, "https://*.apps.example"]
    )
    server = Server(middleware, environ_of(headers={"Origin": origin}))
    assert asked == []
    assert (origin if allowed else None) == server.allowed_origin


# The interface -----------------------------------------------------------------------------------


def validated(app, environ):
    """Serve a request with the standard library's server, in which both sides are checked."""
    output, errors = io.BytesIO(), io.StringIO()
    handler = SimpleHandler(io.BytesIO(), output, errors, environ)
    handler.run(validator(CORSMiddleware(validator(app), origins=[APP, EVIL])))
    gc.collect()  # where a body is not closed, the validator says so when it is collected
    return output.getvalue().decode("latin-1"), errors.getvalue()


def typed(app):
    """Make an app that the validator has nothing against."""

    def served_by(environ, start_response):
        def start(status, lines, *exc_info):
            return start_response(status, [("Content-Type", "text/plain"), *lines], *exc_info)

        return app(environ, start)

    return served_by


@pytest.mark.parametrize(
    ("app", "method", "headers", "status"),
    [
        pytest.param(hello, "GET", {"Origin": APP}, 200, id="actual"),
        pytest.param(hello, "GET", {}, 200, id="plain"),
        pytest.param(lazy, "GET", {"Origin": APP}, 200, id="lazy"),
        pytest.param(replaces, "GET", {"Origin": APP}, 404, id="replaced"),
        pytest.param(lose, "OPTIONS", PREFLIGHT, 200, id="preflight"),
    ],
)
def test_the_middleware_keeps_to_the_interface(app, method, headers, status):
    output, errors = validated(typed(app), environ_of(method, "/", headers, QUERY_STRING=""))
    assert errors == ""
    assert f"Status: {status} " in output or output.startswith(f"HTTP/1.0 {status} ")
    expected = [f"Access-Control-Allow-Origin: {APP}"] if headers else []
    assert expected == [line for line in output.split("\r\n") if "Allow-Origin" in line]


# Set-up and log -----------------------------------------------------------------------------------


def test_every_problem_is_told_at_once():
    resources = {"/x": {"methods": "TRACE"}, "/y": {"origins": allow}}
    with pytest.raises(ConfigurationError) as caught:
        CORSMiddleware(hello, origin="*", max_age=-1, resources=resources)
    assert {"option-unknown", "max-age", "method-forbidden", "origin-async"} == {
        problem.code for problem in caught.value.problems
    }


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ({"intercept_exceptions": False}, "intercept_exceptions"),
        (
            {"resources": {"/api/*": {"intercept_exceptions": True}}},
            "resources['/api/*'].intercept_exceptions",
        ),
    ],
    ids=["all", "resource"],
)
def test_an_option_that_is_flask_s_alone_is_refused(options, written):
    with pytest.raises(ConfigurationError) as caught:
        CORSMiddleware(hello, **options)
    [problem] = caught.value.problems
    assert (problem.code, problem.option) == ("option-unknown", "intercept_exceptions")
    assert problem.message.startswith(f"{written} is not an option.")
    assert "is an option of CORS(app)" in problem.message
    assert "remove it" in problem.message


def test_a_warning_points_at_the_line_that_sets_the_middleware_up():
    with pytest.warns(CORSWarning, match="private-network") as caught:
        CORSMiddleware(hello, allow_private_network=True)
    assert [Path(warning.filename).name for warning in caught] == [Path(__file__).name]


def test_credentials_with_the_default_origins_are_refused():
    with pytest.raises(ConfigurationError, match="credentials-wildcard"):
        CORSMiddleware(hello, supports_credentials=True)


def test_a_decision_is_logged(caplog):
    caplog.set_level(logging.DEBUG, "flask_cors")
    middleware = CORSMiddleware(hello, origins=APP)
    Server(middleware, environ_of("GET", "/x", {"Origin": APP}))
    Server(middleware, environ_of("OPTIONS", "/x", {**PREFLIGHT, "Origin": EVIL}))
    actual, refused = caplog.records
    assert [actual.levelno, refused.levelno] == [logging.DEBUG, logging.INFO]
    assert re.search(rf"GET /x\b.*{APP}.*granted", actual.getMessage())
    assert re.search(rf"preflight OPTIONS /x\b.*{EVIL}.*not in origins", refused.getMessage())


def test_the_path_that_is_logged_is_that_of_the_request(caplog):
    caplog.set_level(logging.DEBUG, "flask_cors")
    middleware = CORSMiddleware(DispatcherMiddleware(hello, {"/api": hello}), origins=APP)
    Server(middleware, environ_of("GET", "/api/hello", {"Origin": APP}))
    [record] = caplog.records
    assert "GET /api/hello" in record.getMessage()
