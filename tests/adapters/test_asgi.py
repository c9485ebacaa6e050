from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import runpy
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest

from flask_cors import ConfigurationError
from flask_cors.asgi import CORSMiddleware

pytestmark = pytest.mark.flaskless

served = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parent.parent / "frameworks" / "served.py"))
)

APP = "https://app.example"
EVIL = "https://evil.example"

START = {"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]}
BODY = {"type": "http.response.body", "body": b"hello"}
PREFLIGHT = {
    "Origin": APP,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "x-token",
}


def scope_of(method="GET", path="/", headers=None, **extra):
    lines = [(k.lower().encode(), v.encode("latin-1")) for k, v in (headers or {}).items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "root_path": "",
        "headers": lines,
    }
    return {**scope, **extra}


async def receive():
    return {"type": "http.request", "body": b"", "more_body": False}


async def sent_by(app, scope):
    """Return what an app sends."""
    events = []

    async def send(event):
        events.append(event)

    await app(scope, receive, send)
    return events


async def hello(scope, receive, send):
    await send(START)
    await send(BODY)


def sends(*events):
    """Make an app that sends these."""

    async def app(scope, receive, send):
        for event in events:
            await send(event)

    return app


def lines_of(event):
    """Return the header lines of a response as text."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event["headers"]]


def allowed_origin(events):
    values = [v for k, v in lines_of(events[0]) if k == "access-control-allow-origin"]
    assert len(values) <= 1
    return values[0] if values else None


# What is answered --------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("exchange", served.EXCHANGES, ids=lambda exchange: exchange.id)
async def test_the_answer_is_that_of_the_table(exchange):
    lines = [(k.lower().encode(), v.encode("latin-1")) for k, v in exchange.sent]
    scope = scope_of(exchange.method, exchange.path, headers=None) | {"headers": lines}
    events = []

    async def send(event):
        events.append(event)

    fails = exchange.status == 500
    with pytest.raises(served.BoomError) if fails else contextlib.nullcontext():
        await served.asgi_app()(scope, receive, send)

    assert served.expected(exchange) == served.about_cors(lines_of(events[0]))
    if exchange.status is not None:
        assert exchange.status == events[0]["status"]


@pytest.mark.asyncio
async def test_a_preflight_is_answered_without_the_app():
    called = []

    async def app(scope, receive, send):
        called.append(scope)

    start, body = await sent_by(
        CORSMiddleware(app, origins=APP), scope_of("OPTIONS", "/", PREFLIGHT)
    )

    assert called == []
    assert (start["status"], start["type"]) == (200, "http.response.start")
    # The type is what the standard library's WSGI validator asks of any 200, and so the same here.
    assert lines_of(start)[:2] == [("content-length", "0"), ("content-type", "text/plain")]
    assert body == {"type": "http.response.body", "body": b"", "more_body": False}


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["options", "Options", "OPTIONS"])
async def test_a_method_is_told_without_regard_to_case(method):
    """Servers pass it on as it came, and frameworks take `options` for OPTIONS."""
    [start, _] = await sent_by(
        CORSMiddleware(sends(), origins=APP), scope_of(method, "/", PREFLIGHT)
    )
    assert dict(lines_of(start))["access-control-allow-headers"] == "x-token"


@pytest.mark.asyncio
async def test_without_automatic_options_the_app_answers_with_the_headers_of_a_preflight():
    middleware = CORSMiddleware(sends(START, BODY), origins=APP, automatic_options=False)
    start, body = await sent_by(middleware, scope_of("OPTIONS", "/", PREFLIGHT))

    names = dict(lines_of(start))
    assert body is BODY
    assert names["x-own"] == "1"
    assert names["access-control-allow-headers"] == "x-token"
    assert "PUT" in names["access-control-allow-methods"].split(", ")


@pytest.mark.asyncio
async def test_added_lines_follow_those_of_the_app_in_lower_case():
    [start, _] = await sent_by(
        CORSMiddleware(hello, origins=[APP, EVIL]), scope_of("GET", "/", {"Origin": APP})
    )
    assert [
        (b"x-own", b"1"),
        (b"access-control-allow-origin", APP.encode()),
        (b"vary", b"Origin"),
    ] == list(start["headers"])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("own", "vary"),
    [
        pytest.param([], ["Origin"], id="none"),
        pytest.param([b"Accept-Encoding"], ["Accept-Encoding, Origin"], id="another"),
        pytest.param(
            [b"Accept", b"Cookie"], ["Accept, Cookie, Origin"], id="two-lines-and-another"
        ),
        pytest.param([b"accept, ORIGIN"], ["accept, ORIGIN"], id="names-it"),
        pytest.param([b"Accept", b"origin"], ["Accept, origin"], id="names-it-in-a-second-line"),
        pytest.param([b"*", b"Accept"], ["*"], id="everything-and-another"),
        pytest.param([b"*"], ["*"], id="everything"),
    ],
)
@pytest.mark.parametrize("name", [b"vary", b"Vary", b"VARY", bytearray(b"Vary")], ids=repr)
async def test_vary_is_completed(own, vary, name):
    start = {**START, "headers": [(name, value) for value in own]}
    events = await sent_by(
        CORSMiddleware(sends(start, BODY), origins=[APP, EVIL]),
        scope_of(headers={"Origin": APP}),
    )
    assert vary == [value for key, value in lines_of(events[0]) if key.lower() == "vary"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "name",
    [
        b"access-control-allow-origin",
        b"Access-Control-Allow-Origin",
        b"ACCESS-CONTROL-ALLOW-ORIGIN",
    ],
)
async def test_a_response_with_an_allow_origin_is_left_alone(name):
    lines = [(name, b"https://own.example"), (b"x-own", b"caf\xe9")]
    events = await sent_by(
        CORSMiddleware(sends({**START, "headers": lines}, BODY), origins=APP),
        scope_of(headers={"Origin": EVIL}),
    )
    assert lines == list(events[0]["headers"])


@pytest.mark.asyncio
@pytest.mark.parametrize(("origins", "expected"), [("*", "*"), ([APP, EVIL], APP)])
async def test_credentials_of_the_app_s_own_are_for_no_website_that_anyone_has(origins, expected):
    lines = [(b"access-control-allow-credentials", b"true")]
    middleware = CORSMiddleware(sends({**START, "headers": lines}, BODY), origins=origins)
    events = await sent_by(middleware, scope_of(headers={"Origin": APP}))
    assert expected == allowed_origin(events)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "own",
    [
        pytest.param([(b"x-name", b"caf\xe9 \xff"), (b"x\xff", b"")], id="not-ascii"),
        pytest.param(
            [(b"X-ODD-Case", b"A, B"), (b"set-cookie", b"a"), (b"set-cookie", b"b")], id="odd-case"
        ),
        pytest.param([[b"x-list", b"1"]], id="lists-for-pairs"),
        pytest.param([(bytearray(b"x-own"), bytearray(b"1"))], id="bytearrays"),
        pytest.param(((b"x-tuple", b"1"),), id="a-tuple"),
    ],
)
async def test_lines_of_the_app_stay_as_they_are(own):
    events = await sent_by(
        CORSMiddleware(sends({**START, "headers": own}, BODY), origins=APP),
        scope_of(headers={"Origin": APP}),
    )
    assert list(own) == list(events[0]["headers"])[: len(own)]
    assert allowed_origin(events) == APP


@pytest.mark.asyncio
async def test_lines_may_come_from_an_iterator():
    start = {**START, "headers": iter([(b"x-own", b"1")])}
    events = await sent_by(CORSMiddleware(sends(start, BODY), origins=APP), scope_of())
    assert ("x-own", "1") in lines_of(events[0])
    assert allowed_origin(events) == APP


@pytest.mark.asyncio
async def test_the_start_of_a_response_may_be_any_mapping():
    start = MappingProxyType(START)
    events = await sent_by(
        CORSMiddleware(sends(start, BODY), origins=APP), scope_of(headers={"Origin": APP})
    )
    assert {**events[0], "headers": None} == {**START, "headers": None}
    assert allowed_origin(events) == APP


@pytest.mark.asyncio
async def test_a_response_may_have_no_headers_of_its_own():
    start = {"type": "http.response.start", "status": 204}
    events = await sent_by(
        CORSMiddleware(sends(start, BODY), origins=APP), scope_of(headers={"Origin": APP})
    )
    assert allowed_origin(events) == APP
    assert start == {"type": "http.response.start", "status": 204}


# What is asked -----------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("lines", "allowed"),
    [
        pytest.param([(b"origin", APP.encode())], APP, id="lower-case"),
        pytest.param([(b"OrIgIn", APP.encode())], APP, id="odd-case"),
        pytest.param([[b"origin", APP.encode()]], APP, id="lists-for-pairs"),
        pytest.param([(b"origin", APP.encode()), (b"Origin", APP.encode())], None, id="twice"),
        pytest.param([(b"origin", APP.encode()), (b"origin", b"")], None, id="and-an-empty-one"),
        pytest.param([(b"origin", b"")] * 1000 + [(b"origin", APP.encode())], None, id="many"),
        pytest.param([(b"origin", b"")], None, id="empty"),
        pytest.param([(b"origin", b" " + APP.encode())], None, id="with-a-blank"),
        pytest.param([(b"origin", "https://app.example\xe9".encode("latin-1"))], None, id="latin"),
        pytest.param([(b"origin", "https://app.example\u212a".encode())], None, id="utf-8"),
        pytest.param([(b"origin", b"\xff\xfe\x00\r\n")], None, id="bytes"),
        pytest.param([(b"x-origin", APP.encode()), (b"origin\xff", b"x")], None, id="other-names"),
    ],
)
async def test_origin_is_read_from_the_lines_of_the_scope(lines, allowed):
    middleware = CORSMiddleware(hello, origins=[APP, "https://*.apps.example"])
    assert allowed == allowed_origin(await sent_by(middleware, scope_of() | {"headers": lines}))


@pytest.mark.asyncio
async def test_request_headers_in_several_lines_are_one_list():
    lines = [
        (b"origin", APP.encode()),
        (b"access-control-request-method", b"GET"),
        (b"Access-Control-Request-Headers", b"x-b"),
        (b"access-control-request-headers", b"x-a"),
    ]
    [start, _] = await sent_by(
        CORSMiddleware(hello, origins=APP), scope_of("OPTIONS") | {"headers": lines}
    )
    assert dict(lines_of(start))["access-control-allow-headers"] == "x-a, x-b"


@pytest.mark.asyncio
@pytest.mark.parametrize(("lines", "granted"), [(128, True), (129, False), (1_000, False)])
async def test_as_many_request_headers_are_read_from_lines_as_from_a_list(lines, granted):
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": "x-0"}
    scope = scope_of("OPTIONS", headers=asked)
    scope["headers"] += [
        (b"access-control-request-headers", b"x-%d" % number) for number in range(1, lines)
    ]
    [start, _] = await sent_by(CORSMiddleware(hello, origins=APP), scope)
    assert granted == ("access-control-allow-headers" in dict(lines_of(start)))


@pytest.mark.asyncio
@pytest.mark.parametrize("missing", ["headers", "root_path"])
async def test_a_server_may_leave_out_of_the_scope_what_has_a_default(missing):
    scope = scope_of()
    del scope[missing]
    events = await sent_by(CORSMiddleware(hello, origins=APP), scope)
    assert allowed_origin(events) == APP


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "root_path", "open_"),
    [
        pytest.param("/api/x", "", True, id="no-root"),
        pytest.param("/mount/api/x", "/mount", True, id="below-the-root"),
        pytest.param("/mount/api/x", "/mount/", True, id="root-with-a-slash"),
        pytest.param("/mount/api", "/mount", True, id="the-resource-itself"),
        pytest.param("/api/x", "/mount", True, id="a-server-that-took-the-root-off"),
        pytest.param("/mount/api/x", "", False, id="no-root-but-in-the-path"),
        pytest.param("/mountapi/x", "/mount", False, id="only-begins-like-the-root"),
        pytest.param("/api/api/x", "/api", True, id="the-root-twice"),
        pytest.param("/api/x", None, True, id="no-root-path"),
        pytest.param("/mount", "/mount", False, id="the-root-itself"),
        pytest.param("//api/x", "", True, id="two-slashes"),
        pytest.param("/mount//api/x", "/mount", True, id="two-slashes-below-the-root"),
        pytest.param("api/x", "", True, id="no-slash"),
        pytest.param("", "", False, id="empty"),
        pytest.param("/API/x", "", False, id="another-case"),
        pytest.param("/apifoo", "", False, id="another-segment"),
        # Hypercorn passes such a request target on as it came, and Quart routes on its path.
        pytest.param("http://any.example:80/api/x", "", True, id="a-whole-url"),
        pytest.param("http://any.example/mount/api/x", "/mount", True, id="below-the-root-in-it"),
        pytest.param("MAQm059+.-Z://any.example/api/x", "", True, id="any-scheme"),
        pytest.param("h:///api/x", "", True, id="a-whole-url-without-a-host"),
        pytest.param("http://any.example", "", False, id="a-whole-url-without-a-path"),
        pytest.param("1://any.example/api/x", "", False, id="no-scheme"),
        pytest.param("/x/http://any.example/api/x", "", False, id="a-url-further-on"),
        pytest.param("/http://any.example/api/x", "", False, id="a-url-behind-the-slash"),
        pytest.param("http://a.example/http://b.example/api/x", "", False, id="a-url-in-a-url"),
        pytest.param("/APIX/api/x", "/APIX", True, id="a-root-in-capitals"),
        pytest.param("/X/api/x", "", False, id="below-a-capital"),
    ],
)
async def test_the_resource_is_found_by_the_path_that_the_app_routes_on(path, root_path, open_):
    middleware = CORSMiddleware(hello, resources="/api/*")
    events = await sent_by(middleware, scope_of("GET", path, root_path=root_path))
    assert ("*" if open_ else None) == allowed_origin(events)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param("/mountprivate/x", None, id="stricter-for-some"),
        pytest.param("/mountopen/x", EVIL, id="the-same-for-all"),
        pytest.param("/mount/private/x", None, id="stricter"),
        pytest.param("/mount/open/x", EVIL, id="open"),
    ],
)
async def test_a_path_that_frameworks_read_differently_leads_past_no_stricter_resource(
    path, allowed
):
    """Quart takes a root path off whatever begins with it; Starlette leaves `/mountprivate`."""
    resources = {"/*": {"origins": "*"}, "/private/*": {"origins": APP}}
    middleware = CORSMiddleware(hello, resources=resources)
    scope = scope_of("GET", path, {"Origin": EVIL}, root_path="/mount")
    assert allowed == allowed_origin(await sent_by(middleware, scope))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param("http:/private", None, id="a-scheme"),
        pytest.param("http://any.example/private", None, id="a-whole-url"),
        pytest.param("http://any.example/private;", None, id="parameters"),
        pytest.param("http://any.example/private?", None, id="a-query"),
        pytest.param("http://any.example/private#", None, id="a-fragment"),
        pytest.param("private;", None, id="parameters-without-a-host"),
        pytest.param(" private", None, id="a-blank"),
        pytest.param("ht\ttp://any.example/private", None, id="a-tab-in-the-scheme"),
        pytest.param("http://any.example?/private", None, id="a-slash-in-the-query"),
        pytest.param("http://any.example/open;", EVIL, id="the-same-for-all"),
        pytest.param("http://[any.example/open", None, id="no-url"),
    ],
)
async def test_a_path_without_a_slash_leads_past_no_stricter_resource(path, allowed):
    """Quart routes on what `urllib.parse.urlparse` takes for the path."""
    resources = {"/*": {"origins": "*"}, "/private": {"origins": APP}}
    middleware = CORSMiddleware(hello, resources=resources)
    scope = scope_of("GET", path, {"Origin": EVIL})
    assert allowed == allowed_origin(await sent_by(middleware, scope))


class WithRootPath:
    """An app that puts a root path of its own in the place of the server's, as FastAPI does."""

    def __init__(self, root_path, **attributes):
        self.root_path = root_path
        vars(self).update(attributes)

    async def __call__(self, scope, receive, send):
        await hello(scope, receive, send)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("app", "path", "allowed"),
    [
        pytest.param(WithRootPath("/v1"), "/v1/private", None, id="stricter"),
        pytest.param(WithRootPath("/v1/"), "/v1/private", None, id="with-a-slash"),
        pytest.param(WithRootPath("/v1"), "/private", None, id="without-the-root"),
        pytest.param(WithRootPath("/v1"), "/v1/open", EVIL, id="open"),
        pytest.param(WithRootPath("/v1"), "/mount/open", EVIL, id="below-the-server-s"),
        pytest.param(WithRootPath("/v1"), "/v1private", None, id="stricter-for-some"),
        pytest.param(WithRootPath(""), "/mount/private", None, id="an-empty-one"),
        pytest.param(WithRootPath(None), "/v1/private", EVIL, id="none"),
        pytest.param(WithRootPath("/v1", import_name="v1"), "/v1/private", EVIL, id="a-folder"),
        pytest.param(
            CORSMiddleware(CORSMiddleware(WithRootPath("/v1"), resources=[]), resources=[]),
            "/v1/private",
            None,
            id="below-other-layers",
        ),
    ],
)
async def test_a_root_path_of_the_app_s_own_leads_past_no_stricter_resource(app, path, allowed):
    resources = {"/*": {"origins": "*"}, "/private": {"origins": APP}}
    middleware = CORSMiddleware(app, resources=resources)
    scope = scope_of("GET", path, {"Origin": EVIL}, root_path="/mount")
    assert allowed == allowed_origin(await sent_by(middleware, scope))


@pytest.mark.asyncio
async def test_an_empty_root_path_of_the_app_s_own_is_none():
    middleware = CORSMiddleware(WithRootPath(""), resources={"/x": {"origins": APP}})
    scope = scope_of("GET", "/mount/x", {"Origin": APP}, root_path="/mount")
    assert allowed_origin(await sent_by(middleware, scope)) == APP


@pytest.mark.asyncio
async def test_an_app_may_have_any_attribute():
    class Any:
        def __getattr__(self, name):
            return Any()

        async def __call__(self, scope, receive, send):
            await hello(scope, receive, send)

    events = await sent_by(CORSMiddleware(Any()), scope_of(headers={"Origin": APP}))
    assert allowed_origin(events) == APP


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "root_path"), [("/", ""), ("/mount", "/mount"), ("/mount/", "/mount")]
)
async def test_the_resource_of_the_root_is_a_slash(path, root_path):
    middleware = CORSMiddleware(hello, resources={"/": {"origins": APP}})
    events = await sent_by(middleware, scope_of("GET", path, root_path=root_path))
    assert allowed_origin(events) == APP


@pytest.mark.asyncio
async def test_a_slash_at_the_end_is_part_of_the_path():
    middleware = CORSMiddleware(hello, resources="/a")
    assert allowed_origin(await sent_by(middleware, scope_of("GET", "/a"))) == "*"
    assert allowed_origin(await sent_by(middleware, scope_of("GET", "/a/"))) is None


@pytest.mark.asyncio
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
async def test_dots_and_slashes_lead_past_no_stricter_resource(path):
    resources = {"/*": {"origins": "*"}, "/private/*": {"origins": APP}}
    middleware = CORSMiddleware(hello, resources=resources)
    events = await sent_by(middleware, scope_of("GET", path, {"Origin": EVIL}))
    assert allowed_origin(events) is None


# What is left alone ------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["lifespan", "websocket", "something.new"])
async def test_what_is_no_http_passes_with_the_same_objects(kind):
    passed = []
    scope = {"type": kind, "path": "/", "headers": [(b"origin", APP.encode())]}

    async def app(*given):
        passed.extend(given)

    async def send(event):
        raise AssertionError

    await CORSMiddleware(app, origins=APP)(scope, receive, send)
    assert [given is own for given, own in zip(passed, (scope, receive, send), strict=True)] == [
        True,
        True,
        True,
    ]


@pytest.mark.asyncio
async def test_a_path_without_a_rule_passes_with_the_same_objects():
    passed = []
    scope = scope_of("OPTIONS", "/closed", PREFLIGHT)

    async def app(*given):
        passed.extend(given)

    async def send(event):
        raise AssertionError

    await CORSMiddleware(app, resources="/api/*")(scope, receive, send)
    assert [given is own for given, own in zip(passed, (scope, receive, send), strict=True)] == [
        True,
        True,
        True,
    ]


@pytest.mark.asyncio
async def test_the_app_gets_the_scope_and_the_receive_of_the_server():
    passed = []
    scope = scope_of(headers={"Origin": APP})
    before = dict(scope)

    async def app(scope, receive, send):
        passed.extend((scope, receive))
        await hello(scope, receive, send)

    await sent_by(CORSMiddleware(app, origins=APP), scope)
    assert [passed[0] is scope, passed[1] is receive] == [True, True]
    assert before == scope


@pytest.mark.asyncio
async def test_only_the_start_of_the_response_is_touched():
    others = [
        {"type": "http.response.early_hint", "links": [b"</a>; rel=preload"]},
        {"type": "http.response.body", "body": b"1", "more_body": True},
        {"type": "http.response.zerocopysend", "file": 3, "more_body": True},
        {"type": "http.response.pathsend", "path": "/a/file"},
        {"type": "http.response.push", "path": "/a.js", "headers": []},
        {"type": "http.response.body", "body": b"2", "more_body": False},
        {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]},
        {"type": "something.new"},
    ]
    start = {**START, "trailers": True, "a.key": object()}
    before = dict(start)
    events = await sent_by(
        CORSMiddleware(sends(others[0], start, *others[1:]), origins=APP),
        scope_of(headers={"Origin": APP}),
    )

    started = events.pop(1)
    assert [sent is own for sent, own in zip(events, others, strict=True)] == [True] * 8
    assert before == start
    assert {**before, "headers": None} == {**started, "headers": None}
    assert ("access-control-allow-origin", APP) in lines_of(started)


@pytest.mark.asyncio
async def test_an_app_that_waits_for_the_client_to_go_sees_it_go():
    seen = []

    async def app(scope, receive, send):
        await send(START)
        await send({**BODY, "more_body": True})
        while (event := await receive())["type"] != "http.disconnect":
            seen.append(event)
        seen.append(event)

    messages = [{"type": "http.request"}, {"type": "http.disconnect"}]
    coming = list(messages)

    async def receive():
        return coming.pop(0)

    async def send(event):
        pass

    await CORSMiddleware(app, origins=APP)(scope_of(), receive, send)
    assert [got is sent for got, sent in zip(seen, messages, strict=True)] == [True, True]


@pytest.mark.asyncio
async def test_a_slow_client_holds_the_app_back():
    order = []

    async def app(scope, receive, send):
        for number, event in enumerate([START, {**BODY, "more_body": True}, BODY]):
            order.append(f"makes {number}")
            await send(event)

    async def send(event):
        order.append("takes")
        for _ in range(3):
            await asyncio.sleep(0)
        order.append("took")

    await CORSMiddleware(app, origins=APP)(scope_of(), receive, send)
    parts = [[f"makes {number}", "takes", "took"] for number in range(3)]
    assert sum(parts, []) == order  # noqa: RUF017  (three short lists)


@pytest.mark.asyncio
async def test_each_part_of_a_stream_arrives_before_the_next_is_made():
    arrived = asyncio.Queue()

    async def app(scope, receive, send):
        await send(START)
        for part in (b"1", b"2"):
            await send({**BODY, "body": part, "more_body": True})
            await asked_for_more.wait()

    asked_for_more = asyncio.Event()
    serving = asyncio.create_task(
        CORSMiddleware(app, origins=APP)(scope_of(), receive, arrived.put)
    )
    got = [await asyncio.wait_for(arrived.get(), 5) for _ in range(2)]
    assert [got[0]["type"], got[1]["body"]] == ["http.response.start", b"1"]
    assert arrived.empty()
    asked_for_more.set()
    await asyncio.wait_for(serving, 5)
    assert arrived.get_nowait()["body"] == b"2"


@pytest.mark.asyncio
async def test_a_background_task_runs_after_the_response_and_is_waited_for():
    order = []

    async def app(scope, receive, send):
        await hello(scope, receive, send)
        await asyncio.sleep(0)
        order.append("background")

    async def send(event):
        order.append(event["type"])

    await CORSMiddleware(app, origins=APP)(scope_of(), receive, send)
    assert order == ["http.response.start", "http.response.body", "background"]


@pytest.mark.asyncio
async def test_an_app_that_begins_with_a_body_is_the_server_s_business():
    events = await sent_by(CORSMiddleware(sends(BODY, START), origins=APP), scope_of())
    assert events[0] is BODY
    assert ("access-control-allow-origin", APP) in lines_of(events[1])


@pytest.mark.asyncio
async def test_a_second_layer_adds_nothing():
    inner = CORSMiddleware(hello, origins=[APP, EVIL], expose_headers="X-Own")
    scope = scope_of(headers={"Origin": APP})
    once = await sent_by(inner, scope)
    twice = await sent_by(CORSMiddleware(inner, origins="*"), scope)
    assert list(once[0]["headers"]) == list(twice[0]["headers"])


# Exceptions --------------------------------------------------------------------------------------


async def fails(scope, receive, send):
    raise LookupError("lost")


async def fails_after_start(scope, receive, send):
    await send(START)
    raise LookupError("lost")


async def fails_after_response(scope, receive, send):
    await hello(scope, receive, send)
    raise LookupError("lost")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("app", "types"),
    [
        pytest.param(fails, [], id="before-the-start"),
        pytest.param(fails_after_start, [START["type"]], id="after-the-start"),
        pytest.param(fails_after_response, [START["type"], BODY["type"]], id="after-the-response"),
    ],
)
@pytest.mark.parametrize(
    ("options", "scope"),
    [
        pytest.param({}, scope_of(), id="plain"),
        pytest.param({"origins": APP}, scope_of(headers={"Origin": APP}), id="granted"),
        pytest.param({"origins": APP}, scope_of(headers={"Origin": EVIL}), id="refused"),
        pytest.param({"resources": "/api/*"}, scope_of(headers={"Origin": APP}), id="no-rule"),
        pytest.param(
            {"automatic_options": False}, scope_of("OPTIONS", "/", PREFLIGHT), id="preflight"
        ),
    ],
)
async def test_an_exception_passes_and_is_never_answered(app, types, options, scope):
    """What is around may answer it: a mount's parent, a handler, a debugger."""
    events = []

    async def send(event):
        events.append(event)

    with pytest.raises(LookupError, match="lost"):
        await CORSMiddleware(app, **options)(scope, receive, send)
    assert types == [event["type"] for event in events]


@pytest.mark.asyncio
async def test_an_exception_arrives_as_the_object_that_was_raised():
    error = LookupError("lost")

    async def app(scope, receive, send):
        raise error

    with pytest.raises(LookupError) as caught:
        await sent_by(CORSMiddleware(app, origins=APP), scope_of(headers={"Origin": APP}))
    assert caught.value is error
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.asyncio
async def test_what_is_around_answers_an_exception():
    """Starlette's router leaves its 404 to the app that it is mounted in, as an exception."""

    async def around(scope, receive, send):
        try:
            await CORSMiddleware(fails, origins=APP)(scope, receive, send)
        except LookupError:
            await send({**START, "status": 404})

    [start] = await sent_by(around, scope_of(headers={"Origin": APP}))
    assert start == {**START, "status": 404}


@pytest.mark.asyncio
async def test_an_exception_of_the_server_s_send_is_answered_by_no_second_start():
    attempts = []

    async def send(event):
        attempts.append(event["type"])
        raise ConnectionResetError("lost")

    with pytest.raises(ConnectionResetError, match="lost"):
        await CORSMiddleware(hello, origins=APP)(scope_of(), receive, send)
    assert attempts == ["http.response.start"]


@pytest.mark.asyncio
async def test_a_cancelled_request_is_not_answered():
    waiting = asyncio.Event()
    events = []

    async def app(scope, receive, send):
        waiting.set()
        await asyncio.Event().wait()

    async def send(event):
        events.append(event)

    serving = asyncio.create_task(CORSMiddleware(app, origins=APP)(scope_of(), receive, send))
    await asyncio.wait_for(waiting.wait(), 5)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert events == []


# Callables ---------------------------------------------------------------------------------------


class Asked:
    """An origin callable that notes what it was asked."""

    def __init__(self, answer=True):
        self.answer = answer
        self.origins = []

    async def __call__(self, origin):
        self.origins.append(origin)
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "allowed"),
    [(True, APP), (False, None), (None, None), (1, None), (LookupError("lost"), None)],
    ids=["yes", "no", "nothing", "truthy", "raises"],
)
@pytest.mark.parametrize(
    "scope",
    [scope_of(headers={"Origin": APP}), scope_of("OPTIONS", "/", PREFLIGHT)],
    ids=["actual", "preflight"],
)
async def test_an_async_callable_is_awaited_once(scope, answer, allowed):
    asked = Asked(answer)
    events = await sent_by(CORSMiddleware(hello, origins=asked), scope)
    assert allowed == allowed_origin(events)
    assert asked.origins == [APP]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        pytest.param(APP, True, id="exact"),
        pytest.param("https://a.apps.example", True, id="pattern"),
        pytest.param("https://app-7.example", True, id="regex"),
        pytest.param("null", False, id="null"),
        pytest.param("", False, id="empty"),
        pytest.param("https://", False, id="no-host"),
        pytest.param("evil.example", False, id="no-scheme"),
        pytest.param(EVIL + "/", False, id="path"),
        pytest.param(EVIL + ", " + EVIL, False, id="two"),
        pytest.param("https://caf\xe9.example", False, id="not-ascii"),
        pytest.param("https://evil.example\n", False, id="line-feed"),
        pytest.param(f"https://{'a' * 400}.example", False, id="long"),
    ],
)
async def test_a_callable_is_not_asked_about_what_is_decided_without_it(origin, allowed):
    asked = Asked()
    middleware = CORSMiddleware(
        hello,
        origins=[asked, APP, "https://*.apps.example", re.compile(r"https://app-\d\.example")],
    )
    events = await sent_by(middleware, scope_of(headers={"Origin": origin}))
    assert asked.origins == []
    assert (origin if allowed else None) == allowed_origin(events)


@pytest.mark.asyncio
async def test_a_callable_is_not_asked_without_an_origin():
    asked = Asked()
    await sent_by(CORSMiddleware(hello, origins=[asked]), scope_of())
    assert asked.origins == []


@pytest.mark.asyncio
async def test_callables_of_both_kinds_are_asked_in_turn_until_one_allows():
    order = []

    def sync(origin):
        order.append("sync")
        return False

    async def first(origin):
        order.append("first")
        return False

    async def second(origin):
        order.append("second")
        return True

    async def third(origin):
        order.append("third")
        return True

    middleware = CORSMiddleware(hello, origins=[APP, sync, first, second, third])
    events = await sent_by(middleware, scope_of(headers={"Origin": EVIL}))
    assert allowed_origin(events) == EVIL
    assert order == ["sync", "first", "second"]


@pytest.mark.asyncio
async def test_one_that_raises_denies_for_all_and_is_logged_with_its_traceback(caplog):
    later = Asked()
    middleware = CORSMiddleware(hello, origins=[Asked(LookupError("lost")), later])
    events = await sent_by(middleware, scope_of(headers={"Origin": EVIL}))

    assert allowed_origin(events) is None
    assert later.origins == []
    [record] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert (record.name, record.levelno) == ("flask_cors", logging.ERROR)
    assert EVIL in record.getMessage()
    assert "LookupError: lost" in caplog.text
    assert "in __call__" in caplog.text


@pytest.mark.asyncio
async def test_a_request_does_not_wait_for_the_callable_of_another():
    order = []
    second_asked = asyncio.Event()

    async def allow(origin):
        order.append(f"asks {origin}")
        if origin == APP:
            await asyncio.wait_for(second_asked.wait(), 5)
        else:
            second_asked.set()
        order.append(f"answers {origin}")
        return True

    middleware = CORSMiddleware(hello, origins=[allow])
    first, second = await asyncio.gather(
        sent_by(middleware, scope_of(headers={"Origin": APP})),
        sent_by(middleware, scope_of(headers={"Origin": EVIL})),
    )
    assert [f"asks {APP}", f"asks {EVIL}", f"answers {EVIL}", f"answers {APP}"] == order
    assert [allowed_origin(first), allowed_origin(second)] == [APP, EVIL]


@pytest.mark.asyncio
async def test_a_cancelled_callable_is_no_denial():
    asking = asyncio.Event()

    async def allow(origin):
        asking.set()
        await asyncio.Event().wait()

    serving = asyncio.create_task(
        sent_by(CORSMiddleware(hello, origins=allow), scope_of(headers={"Origin": APP}))
    )
    await asyncio.wait_for(asking.wait(), 5)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert serving.cancelled()


# Set-up ------------------------------------------------------------------------------------------


def test_every_problem_is_told_at_once():
    with pytest.raises(ConfigurationError) as caught:
        CORSMiddleware(hello, origin="*", max_age=-1, resources={"/x": {"methods": "TRACE"}})
    assert {"option-unknown", "max-age", "method-forbidden"} == {
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


def test_credentials_with_the_default_origins_are_refused():
    with pytest.raises(ConfigurationError, match="credentials-wildcard"):
        CORSMiddleware(hello, supports_credentials=True)


@pytest.mark.asyncio
async def test_each_resource_has_its_own_policy():
    middleware = CORSMiddleware(
        hello,
        resources={
            "/api/*": {"origins": APP},
            "/api/open/*": {"origins": "*", "send_wildcard": True},
        },
    )
    found = [
        allowed_origin(await sent_by(middleware, scope_of("GET", path, {"Origin": EVIL})))
        for path in ("/api/x", "/api/open/x", "/x")
    ]
    assert found == [None, "*", None]


@pytest.mark.asyncio
async def test_a_decision_is_logged(caplog):
    caplog.set_level(logging.DEBUG, "flask_cors")
    middleware = CORSMiddleware(hello, origins=APP)
    await sent_by(middleware, scope_of("GET", "/mount/x", {"Origin": APP}, root_path="/mount"))
    await sent_by(middleware, scope_of("OPTIONS", "/x", {**PREFLIGHT, "Origin": EVIL}))
    actual, refused = caplog.records
    assert [actual.levelno, refused.levelno] == [logging.DEBUG, logging.INFO]
    assert re.search(rf"GET /x\b.*{APP}.*granted", actual.getMessage())
    assert re.search(rf"preflight OPTIONS /x\b.*{EVIL}.*not in origins", refused.getMessage())


@pytest.mark.asyncio
async def test_the_path_that_is_logged_is_that_of_the_request(caplog):
    caplog.set_level(logging.DEBUG, "flask_cors")
    scope = scope_of("GET", "/mounted", {"Origin": APP}, root_path="/mount")
    await sent_by(CORSMiddleware(hello, origins=APP), scope)
    [record] = caplog.records
    assert "GET /mounted" in record.getMessage()
