from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_cors.core import Policy
from flask_cors.core.origin_patterns import OriginError, compile_regex, read_origin
from flask_cors.core.origins import (
    MAX_ORIGIN_LENGTH,
    OriginRules,
    is_async,
    is_origin,
    parse_origin,
)

LONG = "https://" + "a" * MAX_ORIGIN_LENGTH
LONGEST_NAME = ".".join(["a" * 62] * 4) + ".b"  # 253 characters

any_text = settings(deadline=None, max_examples=300)


def rules(*origins: object) -> OriginRules:
    return Policy.from_options(origins=origins).settings.origins


def decision(origin: str, *predicates: object):
    return Policy.from_options(origins=predicates).decide("GET", {"Origin": origin})


class Recorder:
    """Stands for a regular expression or a callable, and keeps what it was shown."""

    pattern = "recorder"

    def __init__(self, *, answer: bool = True) -> None:
        self.answer = answer
        self.seen: list[str] = []

    def fullmatch(self, text: str) -> bool:
        self.seen.append(text)
        return self.answer

    match = __call__ = fullmatch


# How a configured string is read -----------------------------------------------------------------


@pytest.mark.parametrize("text", ["*", ".*", "^.*", ".*$", "^.*$", ".+", "^.+$"])
def test_what_matches_everything_is_the_wildcard(text: str) -> None:
    assert read_origin(text) == "*"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://a.example", "https://a.example", id="origin"),
        pytest.param("https://a.example/", "https://a.example", id="trailing-slash"),
        pytest.param("HTTPS://A.Example", "https://a.example", id="upper-case"),
        pytest.param("https://a.example:443", "https://a.example", id="default-port-https"),
        pytest.param("http://a.example:80/", "http://a.example", id="default-port-http"),
        pytest.param("https://a.example:80", "https://a.example:80", id="port-of-another-scheme"),
        pytest.param("http://a.example:0080", "http://a.example", id="port-with-zeros"),
        pytest.param("http://localhost:3000", "http://localhost:3000", id="no-dot"),
        pytest.param("http://127.0.0.1:5000", "http://127.0.0.1:5000", id="ipv4"),
        pytest.param("http://[::1]:3000", "http://[::1]:3000", id="ipv6"),
        pytest.param("http://[::1]/", "http://[::1]", id="ipv6-trailing-slash"),
        pytest.param("http://[0:0:0:0:0:0:0:1]:80", "http://[::1]", id="ipv6-written-out"),
        pytest.param("http://[2001:DB8::00A]", "http://[2001:db8::a]", id="ipv6-upper-case"),
        pytest.param("http://[::ffff:1.2.3.4]", "http://[::ffff:102:304]", id="ipv6-of-ipv4"),
        pytest.param("https://a.example.", "https://a.example.", id="trailing-dot"),
        pytest.param("https://a_b-c.example", "https://a_b-c.example", id="underscore"),
        pytest.param("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", id="idn"),
        pytest.param("chrome-extension://AbC", "chrome-extension://abc", id="extension"),
        pytest.param("a1+b.c-d://x", "a1+b.c-d://x", id="every-character-of-a-scheme"),
        pytest.param("x://a", "x://a", id="shortest-scheme"),
        pytest.param(f"{'x' * 64}://a", f"{'x' * 64}://a", id="longest-scheme"),
        pytest.param("http://app1", "http://app1", id="name-that-ends-in-a-digit"),
        pytest.param(f"https://{LONGEST_NAME}", f"https://{LONGEST_NAME}", id="longest-name"),
        *(
            pytest.param(text, text, id=text)
            for text in (
                "file://",
                "app://.",
                "my-app://.",
                "qrc://",
                "tauri://localhost",
                "capacitor://localhost",
                "ms-appx-web://a.example",
                "http://127.0.0.1",
                "https://1e3.example",
                "http://255.255.255.255",
                "http://0.0.0.0",
                "app://127.1",
                "ftps://a.example",
                "http://a.example:1",
                "http://a.example:65535",
            )
        ),
        pytest.param("FILE:///", "file://", id="app-trailing-slash"),
        pytest.param("App://./", "app://.", id="app-with-a-dot-trailing-slash"),
        pytest.param("null", "null", id="null"),
        pytest.param("NULL", "null", id="null-in-upper-case"),
    ],
)
def test_an_origin_is_read_into_the_spelling_that_browsers_send(text: str, expected: str) -> None:
    assert read_origin(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://*.example.com", "https://*.example.com", id="labels"),
        pytest.param("HTTPS://*.Example.COM/", "https://*.example.com", id="labels-repaired"),
        pytest.param("https://*.example.com:443", "https://*.example.com", id="labels-port"),
        pytest.param("http://*.example.com:8080", "http://*.example.com:8080", id="other-port"),
        pytest.param("http://localhost:*", "http://localhost:*", id="any-port"),
        pytest.param("http://localhost:*/", "http://localhost:*", id="any-port-trailing-slash"),
        pytest.param("http://[::1]:*", "http://[::1]:*", id="any-port-ipv6"),
        pytest.param("http://*.a.test:*", "http://*.a.test:*", id="labels-and-any-port"),
        pytest.param("https://*", "https://*", id="any-host"),
        pytest.param("https://*:*", "https://*:*", id="any-host-and-port"),
        pytest.param("https://*:443", "https://*", id="any-host-default-port"),
        pytest.param("chrome-extension://*", "chrome-extension://*", id="any-extension"),
        pytest.param("http://*.localhost", "http://*.localhost", id="labels-of-one-label"),
        pytest.param("http://*.1a.example", "http://*.1a.example", id="labels-with-a-digit"),
    ],
)
def test_an_origin_pattern_is_read_into_one_spelling(text: str, expected: str) -> None:
    assert read_origin(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        r"https://a\.example",
        r"^https://a\.example$",
        r"https?://a\.example",
        r"https://(a|b)\.example",
        "https://(a|b).example",
        "https://[ab].example",
        "https://a.example|https://b.example",
        "http://localhost:3000|http://localhost:4000",
        r"http://localhost:\d+",
        r"http://localhost:80\d\d",
        "http://localhost:[0-9]+",
        "http://localhost:(3000|4000)",
        "http://localhost:.*",
        "http://localhost(:3000)?",
        "https://www.?example.test",
        "https://.*",
        "https://.*.example.com",
        "http://.*:8080",
        r"https://app-[0-9]{1,3}\.example",
        "(?i)https://a.example",
        r"[::1]|https://a\.example",
        r"https://[^@/#]+\.a\.example",
        "https://www.?test",
        "https://a*?b",
        "https://www1?.a.example",
        "https://[a:b]c",
        r".*\.example\.com",
        "https://a.example$",
        "(?x) https://a/?  # @",
    ],
)
def test_a_string_with_regex_syntax_is_a_regex_without_regard_to_case(text: str) -> None:
    assert read_origin(text) == re.compile(text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "code", "remedy"),
    [
        # no scheme
        pytest.param(
            "localhost:3000", "origin-scheme", "'http://localhost:3000'", id="localhost-port"
        ),
        pytest.param("a.example", "origin-scheme", "'https://a.example'", id="bare-host"),
        pytest.param("//a.example", "origin-scheme", "'https://a.example'", id="no-scheme"),
        pytest.param("https:/a.example", "origin-scheme", "'https://a.example'", id="one-slash"),
        pytest.param("https:a.example", "origin-scheme", "'https://a.example'", id="no-slash"),
        pytest.param("*.example.com", "origin-scheme", "'https://*.example.com'", id="bare-glob"),
        *(
            pytest.param(
                text,
                "origin-scheme",
                f"can never match. Write 'https://{host}' or 'http://{host}'",
                id=text,
            )
            for text, host in [
                ("HTTPS:a.example", "a.example"),
                ("Http//a.example", "a.example"),
                ("http:\\\\a.example", "a.example"),
                ("HTTP\\\\a.example", "a.example"),
                ("\\\\a.example", "a.example"),
                ("://a.example", "a.example"),
                ("https:\\\\a.example\\x", "a.example"),
                ("https:\\\\a.example?x", "a.example"),
                ("https//a.example", "a.example"),
                ("httpbin.example", "httpbin.example"),
                ("database.example", "database.example"),
                ("data:3000", "data:3000"),
                ("data:3000/", "data:3000"),
                ("a.example/x", "a.example"),
                ("a.example#x", "a.example"),
                ("me@a.example", "a.example"),
                ("me:pw@a.example:80/x", "a.example:80"),
                ("https:", "app.example"),
                ("http:/.", "app.example"),
                ("**", "app.example"),
            ]
        ),
        *(
            pytest.param(
                text, "origin-scheme", f"can never match. With one, it {rest}", id=ascii(text)
            )
            for text, rest in [
                ("b\xfccher.example", "has an internationalised host"),
                ("::1", "is not what browsers send"),
                ("127.1", "is not what browsers send"),
                (":3000", "has no valid host"),
                ("a.example:99999", "has an invalid port"),
            ]
        ),
        pytest.param(f"{'x' * 65}://a", "origin-scheme", "Write", id="long-scheme"),
        pytest.param("localhost:*", "origin-scheme", "'http://localhost:*'", id="bare-port-glob"),
        # what no origin has
        pytest.param("https://a.example/app", "origin-path", "'https://a.example'", id="path"),
        pytest.param("https://a.example//", "origin-path", "'https://a.example'", id="two-slashes"),
        pytest.param(
            "https://a.example:8443/x", "origin-path", "'https://a.example:8443'", id="port-path"
        ),
        pytest.param("https://a.example/*", "origin-path", "'https://a.example'", id="path-glob"),
        pytest.param("https://a.example/.*", "origin-path", "'https://a.example'", id="path-regex"),
        pytest.param("https://a.example/$", "origin-path", "'https://a.example'", id="path-end"),
        pytest.param("https://a.example/?x=1", "origin-path", "'https://a.example'", id="path-?"),
        pytest.param(
            "https://*.example.com/x", "origin-path", "'https://*.example.com'", id="glob-path"
        ),
        pytest.param("https://a.example#top", "origin-path", "'https://a.example'", id="fragment"),
        pytest.param("https://a.example#(x)", "origin-path", "'https://a.example'", id="#-regex"),
        pytest.param("http://a.example?x=1", "origin-query", "'http://a.example'", id="query"),
        pytest.param("http://a.example?", "origin-query", "'http://a.example'", id="query-empty"),
        pytest.param("http://a.example?x", "origin-query", "'http://a.example'", id="query-name"),
        *(
            pytest.param(
                f"http://a?{query}", "origin-query", "Write 'http://a'", id=f"query-{query}"
            )
            for query in ("b.c&d", "b.c/d", "b.c#d", "b.c%20")
        ),
        pytest.param(
            "http://a.example?u=b.example", "origin-query", "'http://a.example'", id="query-dot"
        ),
        pytest.param(
            "http://localhost:80?x=1", "origin-query", "'http://localhost:80'", id="port-query"
        ),
        pytest.param("https://a.example/@me", "origin-path", "'https://a.example'", id="path-@"),
        pytest.param("https://a.example#me@b", "origin-path", "'https://a.example'", id="#-@"),
        pytest.param("https://a.example?me@b", "origin-query", "'https://a.example'", id="?-@"),
        pytest.param("https://a.example/http://b", "origin-path", "'https://a.example'", id="url"),
        pytest.param("https://me@a.example/x", "origin-userinfo", "'https://a.example'", id="@-x"),
        pytest.param("https://a@b@c.example", "origin-userinfo", "'https://c.example'", id="@-@"),
        pytest.param("https://me@a.example", "origin-userinfo", "'https://a.example'", id="user"),
        pytest.param(
            "https://me:pw@a.example/", "origin-userinfo", "'https://a.example'", id="password"
        ),
        pytest.param(
            "https://me:123@a.example", "origin-userinfo", "'https://a.example'", id="digits"
        ),
        pytest.param(
            "https://me:p$[w@a.example", "origin-userinfo", "'https://a.example'", id="signs"
        ),
        pytest.param(r"https://me\d@a.example", "origin-userinfo", "'https://a.example'", id="\\d"),
        pytest.param("https://a.example@", "origin-userinfo", "'https://a.example'", id="@-last"),
        pytest.param("https://me@127.1", "origin-userinfo", "'https://127.0.0.1'", id="@-short"),
        pytest.param(
            "https://ex\xe4mple.com/x", "origin-path", "'https://xn--exmple-cua.com'", id="idn-path"
        ),
        # ports
        pytest.param("http://a.example:0", "origin-port", "65535", id="port-0"),
        pytest.param(
            "http://a.example:65536", "origin-port", "any: 'http://a.example:*'", id="port-65536"
        ),
        pytest.param("http://1::2::3", "origin-port", "65535", id="bare-and-bad-ipv6"),
        pytest.param("http://a.example:" + "9" * 5000, "origin-port", "65535", id="port-endless"),
        pytest.param(
            "http://a.example:",
            "origin-port",
            "'http://a.example:8000', 'http://a.example:*'",
            id="port-empty",
        ),
        pytest.param("http://a.example:-1", "origin-port", "'http://a.example:*'", id="port-sign"),
        pytest.param("http://a.example:http", "origin-port", "'http://a.example:*'", id="port-abc"),
        pytest.param("http://a.example:80a", "origin-port", "'http://a.example:*'", id="port-80a"),
        # stars
        pytest.param(
            "*://a.example",
            "origin-wildcard",
            "schemes: 'https://a.example', 'http://a.example'",
            id="any-scheme",
        ),
        pytest.param("https://**.example.com", "origin-wildcard", "'https://*.ex", id="two-stars"),
        pytest.param("https://**", "origin-wildcard", "'https://*'", id="only-two-stars"),
        pytest.param("http://192.168.1.*", "origin-wildcard", "regular expression", id="ipv4"),
        pytest.param("https://a.*.example.com", "origin-wildcard", "'https://*.ex", id="middle"),
        pytest.param("https://a.*", "origin-wildcard", "'https://*.ex", id="suffix"),
        pytest.param("https://*.*.example", "origin-wildcard", "'https://*.ex", id="two-labels"),
        pytest.param("https://app-*.example", "origin-wildcard", "'https://*.ex", id="in-a-label"),
        pytest.param(
            "https://*app.example", "origin-wildcard", "'https://*.app.ex", id="label-start"
        ),
        pytest.param("https://*example.com", "origin-wildcard", "'https://*.ex", id="no-dot"),
        pytest.param(
            "http://a.example:80*", "origin-wildcard", "'http://*.a.ex", id="port-of-name"
        ),
        pytest.param("https://*.a.example(x)", "origin-wildcard", "'https://*.a.ex", id="regex"),
        *(
            pytest.param(text, "origin-wildcard", f"Write {remedy}", id=text)
            for text, remedy in [
                ("http://x*.a.example", "'http://*.a.example', 'http://*' or 'http://localhost:*'"),
                ("https://*.*.a.example", "'https://*.a.example'"),
                ("https://x*.1a.example", "'https://*.1a.example'"),
                ("https://a*com", "'https://*.example.com'"),
                ("https://x*a..example", "'https://*.example.com'"),
            ]
        ),
        pytest.param(
            "http://a*", "origin-wildcard", r"r'http://app-\d+\.example\.com'", id="finer"
        ),
        pytest.param("http://localhost:80*", "origin-wildcard", "localhost:*'", id="part-of-port"),
        pytest.param("http://localhost:*0", "origin-wildcard", "localhost:*'", id="port-end"),
        pytest.param("http://localhost:**", "origin-wildcard", "localhost:*'", id="port-stars"),
        # hosts
        pytest.param("https://", "origin-host", "'https://app.example'", id="no-host"),
        pytest.param("https://*.", "origin-host", "'https://app.example'", id="glob-of-nothing"),
        pytest.param("https://a..example", "origin-host", "'https://a.example'", id="two-dots"),
        pytest.param("https://.a.example", "origin-host", "'https://*.a.example'", id="dot-first"),
        pytest.param("https://a%20b.example", "origin-host", "app.example", id="percent"),
        pytest.param(
            "https://a.example https://b.example", "origin-host", "comma", id="two-origins"
        ),
        pytest.param("https://" + "a" * 254, "origin-host", "app.example", id="long-host"),
        pytest.param("http://[1::2::3]", "origin-host", "'http://[2001:db8::1]'", id="bad-ipv6"),
        pytest.param("http://[]", "origin-host", "IPv6", id="empty-ipv6"),
        pytest.param(
            "https://bücher.example",
            "origin-idn",
            "'https://xn--bcher-kva.example'",
            id="internationalised",
        ),
        pytest.param(
            "https://*.BÜCHER.example:8443/",
            "origin-idn",
            "'https://*.xn--bcher-kva.example:8443'",
            id="internationalised-pattern",
        ),
        *(
            pytest.param(text, "origin-idn", f"form. Write '{sent}'", id=ascii(text))
            for text, sent in [
                ("https://\u65e5\u672c\u3002jp", "https://xn--wgv71a.jp"),
                ("https://*.\u65e5\u672c\uff0ejp", "https://*.xn--wgv71a.jp"),
                ("https://\u65e5\u672c\uff61jp", "https://xn--wgv71a.jp"),
                ("https://a.\u039f\u0394\u039f\u03a3", "https://a.xn--pxavbq"),
                ("https://\uff41.example", "https://a.example"),
                ("https://\u0915\u094d\u200d\u0937.example", "https://xn--11b2ezcw70k.example"),
            ]
        ),
        *(
            pytest.param(
                text,
                "origin-idn",
                f"invisible character (U+{code}). Write '{sent}'",
                id=ascii(text),
            )
            for text, code, sent in [
                ("https://a\u200b.example", "200B", "https://a.example"),
                ("https://a.example\u200b", "200B", "https://a.example"),
                ("\ufeffhttps://a.example", "FEFF", "https://a.example"),
                ("https://a\u00ad.example", "00AD", "https://a.example"),
                ("https://a\ufe0f.example:80", "FE0F", "https://a.example:80"),
                ("https://a\U000e0101.example", "E0101", "https://a.example"),
                ("https://\u65e5\u672c\u200b.jp", "200B", "https://xn--wgv71a.jp"),
                ("a\u200b.example", "200B", "https://a.example"),
            ]
        ),
        *(
            pytest.param(text, "origin-host", f"Write '{sent}'", id=text)
            for text, sent in [
                ("http://127.1", "http://127.0.0.1"),
                ("http://0x7f.1:3000", "http://127.0.0.1:3000"),
                ("http://0177.0.0.1", "http://127.0.0.1"),
                ("http://2130706433", "http://127.0.0.1"),
                ("http://0x05ac9f", "http://0.5.172.159"),
                ("https://10.0.0.1.", "https://10.0.0.1"),
                ("http://-127.1", "http://127.0.0.1"),
                ("http://1_0.1", "http://127.0.0.1"),
                ("http://012.0.0.1", "http://10.0.0.1"),
                ("http://0x1f.1", "http://31.0.0.1"),
                ("http://255.1", "http://255.0.0.1"),
                ("http://256.1", "http://127.0.0.1"),
                ("http://1.2.3.256", "http://127.0.0.1"),
                ("http://1.2.65535", "http://1.2.255.255"),
                ("http://1.2.65536", "http://127.0.0.1"),
                ("http://1.16777215", "http://1.255.255.255"),
                ("http://1.16777216", "http://127.0.0.1"),
                ("http://4294967295", "http://255.255.255.255"),
                ("http://4294967296", "http://127.0.0.1"),
                ("http://1.2.3.4.0", "http://127.0.0.1"),
                ("http://0x", "http://0.0.0.0"),
                ("http://256.1.1.1", "http://127.0.0.1"),
                ("http://1.2.3.4.5", "http://127.0.0.1"),
                ("http://1.2.3.99999:80", "http://127.0.0.1:80"),
                ("http://a.08", "http://127.0.0.1"),
                ("http://[::1]3000", "http://[::1]:3000"),
                ("http://[::1:3000]x", "http://[::1:3000]:*"),
                ("http://[fe80::1%25eth0]", "http://[fe80::1]"),
                ("http://2001:db8::8080", "http://[2001:db8::8080]"),
                ("http://::1:beef", "http://[::1:beef]"),
                ("http://::1:443", "http://[::1:443]"),
                ("http://[::1]:3000/x", "http://[::1]:3000"),
                ("http://::1:3000", "http://[::1]:3000"),
                ("http://::1]:3000", "http://[::1]:3000"),
                ("http://::1", "http://[::1]"),
                ("http://2001:DB8::1/", "http://[2001:db8::1]"),
                ("http://[fe80::1%eth0]:80", "http://[fe80::1]:80"),
                (r"http://[::1]:\d+", "http://[::1]:*"),
                ("http:///a.example", "http://a.example"),
                ("http:///a.example/", "http://a.example"),
                ("http:///a%20b.example", "http://app.example"),
                ("https://.", "https://app.example"),
                ("https://..", "https://app.example"),
                ("https://a..b.example:8443", "https://a.b.example:8443"),
                ("http://:3000", "http://app.example"),
                ("http://:abc", "http://app.example"),
                ("app://.:80", "app://app.example"),
            ]
        ),
        *(
            pytest.param(
                text, "origin-host", "'https://a.example, https://b.example'", id=ascii(text)
            )
            for text in (
                "https://a.example;https://b.example",
                "https://a.example; https://b.example",
                "https://a.example\nhttps://b.example",
                "https://a.example\thttps://b.example",
            )
        ),
        *(
            pytest.param(
                f"https://(a|b){between}https://c",
                "origin-host",
                "'https://(a|b), https://c'",
                id=between,
            )
            for between in ("; ", " ", ";")
        ),
        *(
            pytest.param(text, "origin-scheme", f"Write {sent}", id=text)
            for text, sent in [
                ("https://https://a.example", "'https://a.example'"),
                ("https://http://a.example:80", "'http://a.example:80'"),
                ("https://https//a.example", "'https://a.example'"),
                ("https://https://(a|b).example", "'https://(a|b).example'"),
                ("https://https:/a.example", "'https://a.example'"),
                ("https://http://https://a.example", "'https://a.example'"),
                ("https://http//https//a.example", "'https://a.example'"),
                ("https://HTTP://a.example", "'http://a.example'"),
                ("https:\\\\a.example", "'https://a.example'"),
                ("ws://a.example", "'http://a.example'"),
                ("wss://a.example:8443", "'https://a.example:8443'"),
                ("ws://", "'http://app.example'"),
                ("htps://", "'https://app.example'"),
                ("htps://a.example", "'https://a.example'"),
                ("htpt://a.example", "'http://a.example'"),
                ("htttp://a.example/", "'http://a.example'"),
                ("file:", "'file://'"),
                ("app:.", "'app://.'"),
                ("FILE:/", "'file://'"),
                ("a059z+.-:/.", "'a059z+.-://.'"),
                ("tauri:80", "'https://tauri:80'"),
                ("tauri:localhost", "'tauri://localhost'"),
                ("chrome-extension:abc", "'chrome-extension://abc'"),
                ("origins: https://a.example", "'https://a.example'"),
                ("CORS_ORIGINS=https://a.example", "'https://a.example'"),
                ("wss://127.1", "'https://127.0.0.1'"),
                ("htps://a..b", "'https://a.b'"),
                ("https://https://ex\xe4mple.com", "'https://xn--exmple-cua.com'"),
                ("data:", "'null'"),
                ("about:", "'null'"),
                ("blob:", "'null'"),
                ("javascript:", "'null'"),
                ("blob:https://127.1/1", "'https://127.0.0.1'"),
                ("blob:https://a.example", "'https://a.example'"),
                ("blob:https://a.example:80/7c6b", "'https://a.example:80'"),
                ("BLOB:https://a.example#x", "'https://a.example'"),
                ("filesystem:https://a.example/temporary/x", "'https://a.example'"),
                ("view-source:https://a.example/x", "'https://a.example'"),
                ("data:text/html", "'null'"),
                ("Data:,x", "'null'"),
                ("data:3000x", "'null'"),
                ("about:blank", "'null'"),
                ("javascript:x", "'null'"),
                ("all", "'*'"),
                ("Any", "'*'"),
                ("anyone", "'*'"),
                ("everyone", "'*'"),
            ]
        ),
        pytest.param(
            "file:///android_asset/x.html", "origin-path", "Write 'file://'", id="path-of-an-app"
        ),
        pytest.param("http://*.168.1.1", "origin-wildcard", "'http://*.ex", id="below-an-address"),
        pytest.param(
            "http://a.0X7F:8*", "origin-wildcard", "'http://*.ex", id="port-of-an-address"
        ),
        pytest.param(
            "https://*-app.a.example", "origin-wildcard", "'https://*.app.a.ex", id="label-end"
        ),
        # regular expressions
        pytest.param(
            r"/https:\/\/.*\.a\.example/",
            "origin-regex",
            r"r'https://.*\.a\.example'",
            id="slashes",
        ),
        pytest.param(
            "/https:..(a|b).example\n/gi", "origin-regex", r"r'https:..(a|b).example\n'", id="flags"
        ),
        pytest.param(
            "https://b\xfccher\\.example", "origin-idn", r"r'https://xn--", id="idn-regex"
        ),
        pytest.param("https://(a.example", "origin-regex", "'https://app.example'", id="paren"),
        pytest.param("https://(a.example", "origin-regex", "unterminated", id="paren-reason"),
        pytest.param("https://[a.example", "origin-regex", "'https://app.example'", id="bracket"),
        pytest.param("https://a.example\\", "origin-regex", "'https://app.example'", id="escape"),
        pytest.param("(a){99999999999999999999}", "origin-regex", "fix", id="overflow"),
    ],
)
def test_a_string_that_can_never_match_is_an_error_that_says_what_to_write(
    text: str, code: str, remedy: str
) -> None:
    with pytest.raises(OriginError) as raised:
        read_origin(text)
    assert raised.value.code == code
    assert remedy in str(raised.value)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("https://a..example:80", "'https://a.example:80'"),
        (
            "https://.a.example:80",
            "'https://a.example:80', or 'https://*.a.example:80' for its subdomains",
        ),
        ("https://.a.example", "'https://a.example', or 'https://*.a.example' for its subdomains"),
    ],
)
def test_a_dot_first_may_stand_for_subdomains(text: str, remedy: str) -> None:
    with pytest.raises(OriginError) as raised:
        read_origin(text)
    assert str(raised.value).endswith(f" Write {remedy}")


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("::1", "::1"),
        ("F::", "f::"),
        ("05aA:9cfC:F05a:9cfA:C::1.2.3.4", "5aa:9cfc:f05a:9cfa:c:0:102:304"),
    ],
)
def test_an_ipv6_address_is_read_or_told_with_all_its_digits(address: str, sent: str) -> None:
    assert read_origin(f"http://[{address}]:*") == f"http://[{sent}]:*"
    for text, remedy in [
        (f"http://[{address}%eth0]", f"'http://[{sent}]'"),
        (f"http://[{address}%eth0]:80", f"'http://[{sent}]:80'"),
        (f"http://{address}]", f"'http://[{sent}]'"),
        (f"http://[{address}]x", f"'http://[{sent}]:*'"),
        (f"[{address}]", f"'https://[{address}]' or 'http://[{address}]'"),
        (f"[{address}]/", f"'https://[{address}]' or 'http://[{address}]'"),
        (f"[{address}]:0589/", f"'https://[{address}]:0589' or 'http://[{address}]:0589'"),
        (f"[{address}]:", f"'https://[{sent}]'"),
        (f"[{address}]:*", f"'https://[{address}]:*' or 'http://[{address}]:*'"),
    ]:
        with pytest.raises(OriginError) as raised:
            read_origin(text)
        assert str(raised.value).endswith(f" Write {remedy}")


SUBDOMAINS = "Write 'https://*.a.example' and 'http://*.a.example'; or, with the domain itself, "


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        (r"https://*\.example\.com", "Write 'https://*.example.com'"),
        (r"https://*.example\.com", "Write 'https://*.example.com'"),
        ("https://*.a.example|https://b.example", "Write 'https://*.a.example'"),
        (r"https?://*.a.example", rf"{SUBDOMAINS}r'https?://(.+\.)?a\.example'"),
        (r"https?:\/\/*\.a\.example", SUBDOMAINS),
        (r"^https://*.a.example$", r"; or, with the domain itself, r'https://(.+\.)?a\.example'"),
        ("^http://*.A.example", "Write 'http://*.a.example'; or"),
        (r"https://?.a.example", "Write 'https://*.a.example'; or"),
        ("(http|https)://*.a.example", SUBDOMAINS),
        ("http[s]?://*.a.example", SUBDOMAINS),
        ("https?://*a", "Write 'https://*.example.com' and 'http://*.example.com'; or"),
        ("https?://*", "Write 'https://*' and 'http://*' for any host"),
        ("https?://*:3000", "Write 'https://*:3000' and 'http://*:3000' for any host"),
        ("^(https?://*)$", "Write 'https://*' and 'http://*' for any host"),
        ("^https://?$", "Write 'https://*' for any host"),
        (re.compile("https://*.a.example"), "Write 'https://*.a.example'; or"),
        (re.compile("https?://*"), "Write 'https://*' and 'http://*' for any host"),
    ],
    ids=str,
)
def test_a_star_after_the_slashes_is_not_read_as_a_quantifier(
    written: str | re.Pattern[str], remedy: str
) -> None:
    # As a regular expression, `//*` repeats a slash: `https://xexample.com` would be let in.
    with pytest.raises(OriginError) as raised:
        read_origin(written)
    assert raised.value.code == "origin-wildcard"
    assert remedy in str(raised.value)
    assert all(map(read_origin, raised.value.remedies))


NEVER_MATCHING = [
    (r"https://a\.example/.*", "origin-path", r"https://a\.example"),
    ("^https://a.example/", "origin-path", "^https://a.example"),
    (r"^https?:\/\/a\.example\/$", "origin-path", r"^https?:\/\/a\.example"),
    (r"https?://a\.example[/]x", "origin-path", r"https?://a\.example"),
    (r"https://(a|b)\.example#x", "origin-path", r"https://(a|b)\.example"),
    (r"https://a\.example\?x", "origin-query", r"https://a\.example"),
    (r"^https://user@a\.example$", "origin-userinfo", r"^https://a\.example$"),
    (r"https://\*\.a\.example", "origin-wildcard", r"https://[^.]+\.a\.example"),
    ("http://[*]:3000", "origin-wildcard", "http://[^.]+:3000"),
    ("https?://localhost:*", "origin-wildcard", r"https?://localhost(:\d+)?"),
    ("^http://localhost:*$", "origin-wildcard", r"^http://localhost(:\d+)?$"),
    (r"https://a\.example:443", "origin-port", r"https://a\.example"),
    (r"^http://a\.example:80$", "origin-port", r"^http://a\.example$"),
    (r"https://a\.example:65536", "origin-port", r"https://a\.example(:\d+)?"),
    (r"https://a\.example:123456", "origin-port", r"https://a\.example(:\d+)?"),
    (r"https?://a\.example:0", "origin-port", r"https?://a\.example(:\d+)?"),
    (r"ws://a\.example", "origin-scheme", r"http://a\.example"),
    (r"^WSS?://a\.example", "origin-scheme", r"https?://a\.example"),
    (r"htps://a\.example", "origin-scheme", r"https://a\.example"),
    ("http://[::g]", "origin-host", r"http://\[2001:db8::1\]"),
    (r"^http://[::1](:\d+)?$", "origin-host", r"^http://\[::1\](:\d+)?$"),
    ("[*]", "origin-scheme", "https://app.example"),
    ("[% host %]", "origin-scheme", "https://app.example"),
    ("^[a-z]$", "origin-scheme", "https://app.example"),
    ("[[HOST]]", "origin-scheme", "https://app.example"),
]


@pytest.mark.parametrize(("text", "code", "remedy"), NEVER_MATCHING)
@pytest.mark.parametrize("compiled", [False, True], ids=["string", "compiled"])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_an_expression_that_no_origin_can_match_is_an_error(
    text: str, code: str, remedy: str, compiled: bool
) -> None:
    with pytest.raises(OriginError) as raised:
        read_origin(re.compile(text) if compiled else text)
    assert (raised.value.code, raised.value.remedies) == (code, (remedy,))
    assert read_origin(remedy)


def test_a_compiled_expression_with_a_letter_outside_ascii_is_an_error() -> None:
    with pytest.raises(OriginError, match="punycode") as raised:
        read_origin(re.compile("https://b\xfccher[.]example"))
    assert raised.value.code == "origin-idn"


@pytest.mark.parametrize(
    "written",
    [
        r"https://a\.example/?",
        r"https://a\.example(/.*)?",
        r"https://a\.example/*",
        r"https://a\.example/{0,1}",
        r"https://[^@/#?*]+\.a\.example",
        r"https://a\.example|https://b\.example/",
        r"https?://a\.example:443",
        r"https://a\.example:80",
        r"http://a\.example:80(80)?",
        r"http://localhost:?\d*",
        r"http://localhost:*\d*",
        r"http://a\.example:8080?",
        r"(https://)a\.example/?",
        r"(app|file)://.*",
        r"app://[a-z]",
        r"http://\[::1\]:\d+",
        r"http://\[[0-9a-f:]+\]",
        r"http://[a-f0-9:.:]+",
        r"https?:\/\/a\.example",
        "[a-z]+://a",
        re.compile("(?x) https://a\\.example/? # a/b@c"),
        re.compile("https://[^\xe4]"),
        re.compile("https://a\xe4?"),
        re.compile("https://\u212a"),  # without regard to case, it matches a "k"
        re.compile("https://a|https://\xe4"),
    ],
)
def test_an_expression_that_some_origin_can_match_is_none(written: str | re.Pattern[str]) -> None:
    assert read_origin(written) == compile_regex(written)


@pytest.mark.parametrize(
    "text",
    [
        "localhost:3000",
        "a.example/path",
        "*://a.example",
        "https://a.example/app",
        "https://A.example:8443/app",
        "http://a.example?x=1",
        "https://me:pw@a.example:8443/",
        "http://a.example:",
        "http://a.example:99999",
        "http://a.example:8080:9090",
        "https://a.*.example",
        "http://localhost:80*",
        "https://a..example",
        "https://bücher.example:8443",
        "http//a.example",
        "http:///a.example",
        "http://:abc",
        "blob:https://a.example/7c6b",
        "HTTPS:a.example",
        "me@a.example",
        "b\xfccher.example",
        ":3000",
        "::1",
        "**",
        "https://(a",
    ],
)
def test_what_an_error_says_to_write_is_accepted(text: str) -> None:
    with pytest.raises(OriginError) as raised:
        read_origin(text)
    refused = []
    for remedy in re.findall(r"'([a-z]+://[^']*)'", str(raised.value)):
        try:
            read_origin(remedy)
        except OriginError:
            refused.append(remedy)
    assert refused == []


@pytest.mark.parametrize(
    "text", ["https://[[a].b", "https://[+--].c", "https://[a&&b].c", "https://[a||b~~].c"]
)
@pytest.mark.filterwarnings("error::FutureWarning")
def test_a_class_that_a_later_python_may_read_otherwise_causes_no_warning(text: str) -> None:
    assert isinstance(read_origin(text), re.Pattern)


def test_an_example_is_suggested_for_an_origin_with_too_many_mistakes() -> None:
    with pytest.raises(OriginError) as raised:
        read_origin("\u200bblob:wss://user@ex\xe4..mple/x")
    assert raised.value.remedies == ("https://app.example",)


@pytest.mark.parametrize("flags", [0, re.VERBOSE, re.DOTALL], ids=["none", "verbose", "dotall"])
def test_a_compiled_regex_keeps_its_flags_and_loses_its_regard_to_case(flags: int) -> None:
    compiled = compile_regex(re.compile("https://a[.]example", flags))
    assert compiled == re.compile("https://a[.]example", flags | re.IGNORECASE)


WRITTEN_PARTS = """
    https http ws htps blob: data: file: tauri: :// : / // a b . .. * *. ? [ ] ( | ) ^ $ @ user@
    127.1 ::1 0x7f.1 - + { } {3} \\ ' " # % ; é 。 Σ \u200b localhost a.example :80 :443 :99999 :*
    .* [*] \\d+ \\.
""".split()  # noqa: SIM905  (one part per line would take fifty lines)
written_origins = st.lists(st.sampled_from(WRITTEN_PARTS), max_size=8).map("".join)


@any_text
@given(st.text() | st.from_regex(r"[a-z]{1,5}://[a-z0-9.*:/@?\[\]é_-]{0,20}") | written_origins)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_any_text_is_read_or_refused_and_what_was_read_is_read_the_same_again(text: str) -> None:
    try:
        origin = read_origin(text)
    except OriginError as error:
        assert str(error)  # noqa: PT017  (not whether it raises is the point, but that nothing else)
        for remedy in ", ".join(error.remedies).split(", "):
            read_origin(remedy)
    else:
        assert origin == (read_origin(origin) if isinstance(origin, str) else origin)


# What a request sends ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://a.example", ("https", "a.example", ""), id="origin"),
        pytest.param("HTTP://A.Example:80", ("HTTP", "A.Example", "80"), id="as-it-stands"),
        pytest.param("http://[::1]:3000", ("http", "[::1]", "3000"), id="ipv6"),
        pytest.param("https://a.example.", ("https", "a.example.", ""), id="trailing-dot"),
        pytest.param("file://", ("file", "", ""), id="app-without-a-host"),
        pytest.param("app://.", ("app", ".", ""), id="app-with-a-dot"),
        pytest.param("http://a:65535", ("http", "a", "65535"), id="last-port"),
        pytest.param("x" * 64 + "://a", ("x" * 64, "a", ""), id="longest-scheme"),
        pytest.param(
            f"{'x' * 64}://{LONGEST_NAME}:65535", ("x" * 64, LONGEST_NAME, "65535"), id="longest"
        ),
    ],
)
def test_a_serialized_origin_has_three_parts(text: str, expected: tuple[str, str, str]) -> None:
    assert parse_origin(text) == expected
    assert is_origin(text)


MALFORMED = [
    pytest.param("", id="empty"),
    pytest.param("*", id="star"),
    pytest.param("a.example", id="no-scheme"),
    pytest.param("://a.example", id="empty-scheme"),
    pytest.param("1http://a.example", id="scheme-with-a-digit-first"),
    pytest.param("https://", id="no-host"),
    pytest.param("https://a.example/", id="slash"),
    pytest.param("https://a.example?x", id="query"),
    pytest.param("https://a.example#x", id="fragment"),
    pytest.param("https://me@a.example", id="userinfo"),
    pytest.param("https://a.example:", id="empty-port"),
    pytest.param("https://a.example:0", id="port-0"),
    pytest.param("https://a.example:65536", id="port-65536"),
    pytest.param("https://a.example:٣", id="port-of-other-digits"),
    pytest.param("https://a..example", id="two-dots"),
    pytest.param("https://.a.example", id="dot-first"),
    pytest.param("https://*.example.com", id="pattern"),
    pytest.param("https://a b.example", id="blank"),
    pytest.param(" https://a.example", id="blank-first"),
    pytest.param("https://a.example ", id="blank-last"),
    pytest.param("https://a.example\n", id="line-feed"),
    pytest.param("https://a.example\r\nX: y", id="another-field"),
    pytest.param("https://a.example, https://b.example", id="two"),
    pytest.param("https://a.example https://b.example", id="a-list"),
    pytest.param("https://bücher.example", id="internationalised"),
    pytest.param("http\u017f://a.example", id="long-s"),
    pytest.param("https://\u212a.example", id="kelvin"),
    pytest.param("https://a%2eexample", id="percent"),
    pytest.param("https://a\x00.example", id="nul"),
    pytest.param("http://[::1", id="ipv6-open"),
    pytest.param("http://[1::2::3]", id="ipv6-bad"),
    pytest.param("http://[::1%eth0]", id="ipv6-zone"),
    pytest.param("http://::1", id="ipv6-bare"),
    pytest.param("x" * 65 + "://a", id="long-scheme"),
    pytest.param("https://" + "a" * 254, id="long-host"),
    pytest.param(LONG, id="long"),
    pytest.param("https://a.example" * 4096, id="64-kib"),
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_serialized_origin_is_refused(text: str) -> None:
    assert parse_origin(text) is None
    assert not is_origin(text)


def test_null_is_an_origin_without_parts() -> None:
    assert is_origin("null")
    assert parse_origin("null") is None


@pytest.mark.parametrize("text", [*MALFORMED, pytest.param("null", id="null")])
def test_a_malformed_origin_reaches_neither_regex_nor_callable(text: str) -> None:
    recorder = Recorder()
    rule = OriginRules(regexes=(recorder,), predicates=(recorder,))
    assert rule.verdict(text) is False
    assert rule.near_miss(text) is None
    assert recorder.seen == []


@any_text
@given(st.text() | st.from_regex(r"https?://[a-z.:\[\]0-9-]+\n?"))
def test_any_origin_is_judged_and_its_parts_make_it_up(text: str) -> None:
    rule = rules("https://*.a.test", r"https://b\.test", "http://localhost:*", "https://c.test")
    assert rule.verdict(text) in {True, False}
    parts = parse_origin(text)
    if parts is not None:
        assert text == f"{parts.scheme}://{parts.host}{':' * bool(parts.port)}{parts.port}"


# What is allowed ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configured", "sent", "allowed"),
    [
        # exact origins
        pytest.param("https://a.example", "https://a.example", True, id="equal"),
        pytest.param("https://a.example", "HTTPS://A.EXAMPLE", True, id="equal-but-for-case"),
        pytest.param("https://a.example", "http://a.example", False, id="other-scheme"),
        pytest.param("https://a.example", "https://a.example:8443", False, id="other-port"),
        pytest.param("https://a.example", "https://a.example.", False, id="trailing-dot"),
        pytest.param("https://a.example", "https://a.example.evil.test", False, id="look-alike"),
        pytest.param("https://a.example", "https://b.a.example", False, id="subdomain"),
        pytest.param("https://a.example", "https://aXexample", False, id="dot-is-a-dot"),
        pytest.param("https://a.example:443/", "https://a.example", True, id="repaired"),
        pytest.param("http://[0::1]:80", "http://[::1]", True, id="ipv6"),
        pytest.param("http://[2001:DB8::A]", "http://[2001:DB8::A]", True, id="ipv6-upper-case"),
        # leading labels
        pytest.param("https://*.a.example", "https://x.a.example", True, id="one-label"),
        pytest.param("https://*.a.example", "https://x.y.a.example", True, id="two-labels"),
        pytest.param("https://*.a.example", "https://X.A.EXAMPLE", True, id="labels-in-upper-case"),
        pytest.param("https://*.a.example", "https://a.example", False, id="never-the-bare-domain"),
        pytest.param("https://*.a.example", "https://xa.example", False, id="no-part-of-a-label"),
        pytest.param("https://*.a.example", "https://x.a.example.evil.test", False, id="suffix"),
        pytest.param("https://*.a.example", "https://x.a.example.", False, id="labels-and-dot"),
        pytest.param("https://*.a.example.", "https://x.a.example.", True, id="both-with-dot"),
        pytest.param("https://*.a.example", "http://x.a.example", False, id="labels-scheme"),
        pytest.param("https://*.a.example", "https://x.a.example:8443", False, id="labels-port"),
        pytest.param("https://*.a.example:8443", "https://x.a.example:8443", True, id="own-port"),
        pytest.param("https://*.a.example:8443", "https://x.a.example", False, id="no-port"),
        pytest.param("https://*.a.example:443", "https://x.a.example", True, id="default-port"),
        pytest.param("https://*.a.example:*", "https://x.a.example", True, id="both-default"),
        pytest.param("https://*.a.example:*", "https://x.a.example:1", True, id="both"),
        pytest.param("https://*.a.example:*", "https://a.example:1", False, id="both-bare-domain"),
        # any port
        pytest.param("http://localhost:*", "http://localhost:3000", True, id="any-port"),
        pytest.param("http://localhost:*", "http://localhost", True, id="the-default-port-too"),
        pytest.param("http://localhost:*", "https://localhost:3000", False, id="any-port-scheme"),
        pytest.param("http://localhost:*", "http://x.localhost:3000", False, id="any-port-host"),
        pytest.param("http://localhost:*", "http://localhost.evil.test", False, id="no-suffix"),
        pytest.param("http://[::1]:*", "http://[::1]:3000", True, id="any-port-ipv6"),
        pytest.param("http://[::1]:*", "http://[::2]:3000", False, id="any-port-other-ipv6"),
        # any host
        pytest.param("https://*", "https://a.example", True, id="any-host"),
        pytest.param("https://*", "https://localhost", True, id="any-host-one-label"),
        pytest.param("https://*", "https://[::1]", True, id="any-host-ipv6"),
        pytest.param("https://*", "http://a.example", False, id="any-host-scheme"),
        pytest.param("https://*", "https://a.example:8443", False, id="any-host-port"),
        pytest.param("https://*:*", "https://a.example:8443", True, id="any-host-any-port"),
        pytest.param("https://*:8443", "https://a.example:8443", True, id="any-host-own-port"),
        pytest.param("https://*:8443", "https://a.example", False, id="any-host-no-port"),
        pytest.param("chrome-extension://*", "chrome-extension://abc", True, id="extension"),
        pytest.param("https://*", "null", False, id="any-host-null"),
        # regular expressions
        pytest.param("^https://a", "https://a", True, id="regex-whole"),
        pytest.param("^https://a", "https://a.evil.test", False, id="regex-prefix"),
        pytest.param(r"https://a\.test$", "x://https://a.test", False, id="regex-end"),
        pytest.param(r"a\.test", "https://a.test", False, id="regex-middle"),
        pytest.param(r"https://a\.test|https://b", "https://b.test", False, id="alternative"),
        pytest.param(r"https://a\.test|https://b", "https://b", True, id="alternative-whole"),
        pytest.param(r"https://.*\.a\.test", "https://X.A.TEST", True, id="regex-case"),
        pytest.param(r"https://a\.test$", "https://a.test\n", False, id="regex-line-feed"),
        pytest.param(r"http://localhost:\d+", "http://localhost:1", True, id="regex-port"),
        pytest.param(r"(null|https://a)", "null", False, id="regex-null"),
        pytest.param(re.compile(r"https://a\.test"), "https://a.test", True, id="compiled"),
        pytest.param(re.compile(r"https://a"), "https://a.test", False, id="compiled-prefix"),
        pytest.param(re.compile(r"https://A"), "https://a", True, id="compiled-case"),
        # null and the wildcard
        pytest.param("null", "null", True, id="null-listed"),
        pytest.param("null", "NULL", False, id="null-is-lower-case"),
        pytest.param("null", "https://null", False, id="null-is-no-host"),
        pytest.param("https://a.example", "null", False, id="null-not-listed"),
        pytest.param("*", "null", True, id="wildcard-null"),
        pytest.param("*", "https://a.example", True, id="wildcard"),
        pytest.param(".*", "https://a.example", True, id="wildcard-as-a-regex"),
        pytest.param(re.compile(".*"), "null", True, id="wildcard-compiled"),
    ],
)
def test_an_origin_is_allowed_by_what_is_configured(
    configured: object, sent: str, allowed: bool
) -> None:
    assert rules(configured).verdict(sent) is allowed


def test_nobody_is_allowed_by_an_empty_list() -> None:
    assert rules() == OriginRules()
    assert rules().verdict("https://a.example") is False


@pytest.mark.parametrize("position", [0, 4999, 9999])
def test_one_of_many_patterns_is_found(position: int) -> None:
    rule = rules(*(f"https://*.n{number}.example" for number in range(10_000)))
    assert rule.verdict(f"https://www.n{position}.example") is True
    assert rule.verdict("https://www.example") is False


LABELS = st.sampled_from(["a", "b", "c"])
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join) | st.just("[::1]")
SCHEMES = st.sampled_from(["http", "https", "app"])
PORTS = st.sampled_from(["", ":80", ":443", ":8080"])
STARRED = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join(["*", *labels]))
PATTERNS = st.builds(
    "{}://{}{}".format, SCHEMES, st.just("*") | HOSTS | STARRED, PORTS | st.just(":*")
)


def matches(pattern: str, origin: str) -> bool:
    """Return whether a pattern matches, by the documented rules, part by part."""

    def parts(text: str) -> tuple[str, str, str]:
        scheme, _, rest = text.partition("://")
        host, port = re.fullmatch(r"(\[.*\]|[^:]*)(?::(.*))?", rest).groups()
        return scheme, host, port or {"http": "80", "https": "443"}.get(scheme, "")

    scheme, host, port = parts(pattern)
    sent_scheme, sent_host, sent_port = parts(origin)
    return (
        scheme == sent_scheme
        and port in {"*", sent_port}
        and (
            host in {"*", sent_host}
            or (host.startswith("*.") and sent_host.endswith(host[1:]) and sent_host != host[1:])
        )
    )


@any_text
@given(st.lists(PATTERNS, max_size=5), st.builds("{}://{}{}".format, SCHEMES, HOSTS, PORTS))
def test_the_index_agrees_with_comparing_one_pattern_after_the_other(
    patterns: list[str], origin: str
) -> None:
    sent = str(read_origin(origin))  # browsers leave the default port out
    assert rules(*patterns).verdict(sent) is any(matches(pattern, sent) for pattern in patterns)


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        pytest.param(["https://a.example/"], "https://a.example", id="one"),
        pytest.param(["https://a.example", "HTTPS://A.example"], "https://a.example", id="twice"),
        pytest.param(["null"], "null", id="null"),
        pytest.param([], None, id="none"),
        pytest.param(["https://a.example", "https://b.example"], None, id="two"),
        pytest.param(["https://a.example", "https://*.b.example"], None, id="pattern-too"),
        pytest.param(["https://a.example", r"https://b\.example"], None, id="regex-too"),
        pytest.param(["https://a.example", str.isascii], None, id="callable-too"),
        pytest.param(["https://a.example", "*"], None, id="wildcard-too"),
    ],
)
def test_the_sole_origin_is_known(origins: list[object], expected: str | None) -> None:
    assert rules(*origins).only_origin == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param("http://localhost:3000", "^http://localhost", id="prefix"),
        pytest.param("http://b.test:1", r"http://b\.test", id="prefix-of-the-second"),
        pytest.param("https://localhost", None, id="other"),
        pytest.param(LONG, None, id="over-long"),
    ],
)
def test_a_refused_origin_that_matches_as_a_prefix_is_named(
    sent: str, expected: str | None
) -> None:
    rule = rules("^http://localhost", r"http://b\.test")
    assert rule.verdict(sent) is False
    assert rule.near_miss(sent) == expected


# Callables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [True, False])
def test_a_callable_is_asked_once_about_a_wellformed_origin(answer: bool) -> None:
    predicate = Recorder(answer=answer)
    outcome = decision("https://A.example", predicate).outcome
    assert outcome == ("granted" if answer else "origin")
    assert predicate.seen == ["https://A.example"]


@pytest.mark.parametrize(
    "listed", ["https://a.example", "https://*.example", r"https://a\.example", "https://a:*", "*"]
)
def test_a_callable_is_asked_only_where_nothing_else_allows(listed: str) -> None:
    predicate = Recorder(answer=False)
    policy = Policy.from_options(origins=[predicate, listed])
    sent = "https://a" if listed == "https://a:*" else "https://a.example"
    assert policy.decide("GET", {"Origin": sent}).outcome == "granted"
    assert predicate.seen == []


def test_a_callable_is_not_asked_without_an_origin() -> None:
    predicate = Recorder()
    policy = Policy.from_options(origins=predicate)
    assert policy.decide("GET", {}).kind == "plain"
    assert predicate.seen == []


def test_callables_are_asked_in_turn_until_one_allows() -> None:
    predicates = [Recorder(answer=False), Recorder(), Recorder()]
    assert decision("https://a.example", *predicates).outcome == "granted"
    assert [len(predicate.seen) for predicate in predicates] == [1, 1, 0]


def test_a_preflight_asks_once_too() -> None:
    predicate = Recorder()
    policy = Policy.from_options(origins=predicate)
    headers = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-a",
    }
    assert policy.decide("OPTIONS", headers).outcome == "granted"
    assert predicate.seen == ["https://a.example"]


def test_a_callable_that_raises_denies_whatever_the_next_one_says() -> None:
    def raises(origin: str) -> bool:
        raise LookupError(origin)

    following = Recorder()
    refused = decision("https://a.example", raises, following)
    assert refused.outcome == "origin"
    assert isinstance(refused.error, LookupError)
    assert following.seen == []


async def allows(origin: str) -> bool:
    return origin == "https://a.example"


class AsyncCallable:
    async def __call__(self, origin: str) -> bool:
        return await allows(origin)


@pytest.mark.parametrize(
    "predicate",
    [
        pytest.param(allows, id="function"),
        pytest.param(AsyncCallable(), id="object"),
        pytest.param(lambda origin: allows(origin), id="returns-a-coroutine"),  # noqa: PLW0108  (the lambda is the case)
    ],
)
def test_an_async_callable_without_a_loop_denies_and_is_closed(predicate: object) -> None:
    refused = decision("https://a.example", predicate)
    assert refused.outcome == "origin"
    assert isinstance(refused.error, TypeError)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("origin", "outcome"), [("https://a.example", "granted"), ("https://b.example", "origin")]
)
async def test_an_async_callable_is_awaited_in_async_code(origin: str, outcome: str) -> None:
    policy = Policy.from_options(origins=["https://x.example", AsyncCallable()])
    decided = await policy.decide_async("GET", {"Origin": origin})
    assert decided.outcome == outcome


@pytest.mark.asyncio
async def test_an_async_callable_that_raises_denies() -> None:
    async def raises(origin: str) -> bool:
        raise LookupError(origin)

    policy = Policy.from_options(origins=[raises, str.isascii])
    decided = await policy.decide_async("GET", {"Origin": "https://a.example"})
    assert decided.outcome == "origin"
    assert isinstance(decided.error, LookupError)


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        pytest.param(allows, True, id="function"),
        pytest.param(AsyncCallable(), True, id="object"),
        pytest.param(AsyncCallable().__call__, True, id="method"),
        pytest.param(bool, False, id="sync"),
        pytest.param(Recorder(), False, id="sync-object"),
    ],
)
def test_it_is_known_which_callables_need_a_loop(predicate: object, expected: bool) -> None:
    assert is_async(predicate) is expected


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://x.a.example:443", True),
        ("http://x.a.example:80", True),
        ("https://x.a.example:80", False),
        ("http://x.a.example:443", False),
        ("ftp://x.a.example:21", True),
        ("ftp://x.a.example:80", False),
    ],
)
def test_a_pattern_without_a_port_is_for_that_of_its_scheme(origin: str, allowed: bool) -> None:
    wildcards = frozenset({"https://*.a.example", "http://*.a.example", "ftp://*.a.example"})
    assert allowed is OriginRules(wildcards=wildcards).verdict(origin)


def test_the_longest_origin_is_compared_and_no_longer_one() -> None:
    longest = "s" * 64 + "://" + ".".join(["h" * 63] * 3) + "." + "h" * 61 + ":65535"
    rules = OriginRules(regexes=(re.compile(".*"),))
    assert [rules.verdict(origin) for origin in (longest, "s" + longest)] == [True, False]


SCHEME = "x0+y-z.9"


@pytest.mark.parametrize(
    "text",
    [
        "https://my-app.example",
        "https://a_b.example",
        "https://a.b-c_d9.example0",
        "https://A0.example.",
        f"{SCHEME}://a.example",
        f"{SCHEME}://",
        f"{SCHEME.upper()}://.",
        f"{'a' * 64}://",
        f"{'a' * 64}://a.example",
    ],
)
def test_every_character_of_schemes_and_hosts_may_be_in_an_origin(text: str) -> None:
    assert is_origin(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{'a' * 65}://",
        f"{'a' * 65}://a.example",
        "9x://",
        "x_y://",
        "app://..",
        "app://.a",
        "app:///",
        "https://a!b.example",
        "https://a..example",
        "https://",
    ],
)
def test_no_other_character_of_schemes_and_hosts_is_in_an_origin(text: str) -> None:
    assert not is_origin(text)
