"""URLs, compared with `ada-url`, which follows the URL standard like browsers do."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flask_cors.urls import parse_url

from .support.strategies import PROPERTY_SETTINGS

pytestmark = pytest.mark.flaskless

BASE = "https://api.example/a/b?q"


def read(text: str, base: str = BASE) -> str | None:
    """Return the URL, serialized, or `None` if it is not valid."""
    try:
        return parse_url(text, parse_url(base)).href
    except ValueError:
        return None


def oracle(text: str, base: str = BASE) -> str | None:
    ada_url = pytest.importorskip("ada_url", reason="ada-url has no wheel for this Python")
    try:
        return ada_url.URL(text, base).href
    except ValueError:
        return None


TABLE = [
    # Slashes and backslashes, schemes
    ("https://other.example/x", "https://other.example/x"),
    ("///other.example/x", "https://other.example/x"),
    ("//other.example", "https://other.example/"),
    ("////other.example/x", "https://other.example/x"),
    (r"\\other.example\x", "https://other.example/x"),
    (r"/\other.example", "https://other.example/"),
    (r"\x\y", "https://api.example/x/y"),
    (r"x\y?\z#\z", r"https://api.example/a/x/y?\z#\z"),
    ("http:other.example/x", "http://other.example/x"),
    ("http:/other.example/x", "http://other.example/x"),
    (r"http:\\\other.example", "http://other.example/"),
    ("https:other.example/x", "https://api.example/a/other.example/x"),
    ("https:/x", "https://api.example/x"),
    ("https://x", "https://x/"),
    (r"https:\\x", "https://x/"),
    ("https:", BASE),
    ("HTTPS://Other.EXAMPLE/X", "https://other.example/X"),
    ("", BASE),
    ("#f", BASE + "#f"),
    ("?", "https://api.example/a/b?"),
    ("?x#", "https://api.example/a/b?x#"),
    ("http://", None),
    ("http:///", None),
    ("http://?x", None),
    # White space
    ("  \t https://other.example/ \n", "https://other.example/"),
    ("ht\ttps://oth\ner.example/\rx", "https://other.example/x"),
    ("x y", "https://api.example/a/x%20y"),
    ("https://other .example/", None),
    # Dot segments
    ("../../c", "https://api.example/c"),
    ("./c/..", "https://api.example/a/"),
    ("c/.", "https://api.example/a/c/"),
    ("/a/%2e%2E/b/%2e/c", "https://api.example/b/c"),
    ("/a/.%2e", "https://api.example/"),
    ("/a/%2e.", "https://api.example/"),
    ("/a/...", "https://api.example/a/..."),
    ("//o//a//../b", "https://o//a/b"),
    # Ports
    ("https://other.example:/x", "https://other.example/x"),
    ("https://other.example:443/x", "https://other.example/x"),
    ("https://other.example:0443/x", "https://other.example/x"),
    ("https://other.example:80/x", "https://other.example:80/x"),
    ("http://other.example:80/x", "http://other.example/x"),
    ("http://other.example:0/", "http://other.example:0/"),
    ("http://other.example:65535/", "http://other.example:65535/"),
    ("http://other.example:65536/", None),
    ("http://other.example:" + "9" * 5000, None),
    ("http://other.example:8x/", None),
    ("http://other.example:-1/", None),
    ("http://other.example:\u0661/", None),
    ("http://:80/", None),
    ("http://a:80:80/", None),
    # User names
    ("https://user:secret@other.example/", "https://user:secret@other.example/"),
    ("https://user@other.example/", "https://user@other.example/"),
    ("https://:secret@other.example/", "https://:secret@other.example/"),
    ("https://@other.example/", "https://other.example/"),
    ("https://:@other.example/", "https://other.example/"),
    ("https://a@b:c@other.example/", "https://a%40b:c@other.example/"),
    ("https://a:b:c@other.example/", "https://a:b%3Ac@other.example/"),
    ("https://user@/", None),
    # Addresses
    ("http://127.1/", "http://127.0.0.1/"),
    ("http://2130706433/", "http://127.0.0.1/"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("http://0X7F.0x1/", "http://127.0.0.1/"),
    ("http://0177.0.0.01/", "http://127.0.0.1/"),
    ("http://127.0.0.1./", "http://127.0.0.1/"),
    ("http://0x/", "http://0.0.0.0/"),
    ("http://1.2.3.4.5/", None),
    ("http://256.1.1.1/", None),
    ("http://1.2.3.256/", None),
    ("http://4294967295/", "http://255.255.255.255/"),
    ("http://4294967296/", None),
    ("http://1.2.65536/", None),
    ("http://08.1/", None),
    ("http://1..1/", None),
    ("http://a.0x1/", None),
    ("http://a.1_0/", "http://a.1_0/"),
    ("http://1.a/", "http://1.a/"),
    ("http://1../", "http://1../"),
    ("http://\uff11.\uff12.\uff13.\uff14/", "http://1.2.3.4/"),
    ("http://[::1]:80/", "http://[::1]/"),
    ("http://[1:0:0:2:0:0:0:3]/", "http://[1:0:0:2::3]/"),
    ("http://[1:0:2:3:4:5:6:7]/", "http://[1:0:2:3:4:5:6:7]/"),
    ("http://[2001:DB8::00FF]/", "http://[2001:db8::ff]/"),
    ("http://[::ffff:1.2.3.4]/", "http://[::ffff:102:304]/"),
    ("http://[::1.2.3.4]/", "http://[::102:304]/"),
    ("http://[fe80::1%eth0]/", None),
    ("http://[::1", None),
    ("http://[::1]x/", None),
    ("http://[]/", None),
    ("http://[1:2]/", None),
    ("http://::1/", None),
    # Hosts
    ("http://a_b.example/", "http://a_b.example/"),
    ("http://a..b/", "http://a..b/"),
    ("http://a.example./", "http://a.example./"),
    ("http://*/", "http://*/"),
    ("http://a%2eexample/", "http://a.example/"),
    ("http://%65xample/", "http://example/"),
    ("http://a%00b/", None),
    ("http://a%2fb/", None),
    ("http://a|b/", None),
    ("http://a<b/", None),
    ("http://a^b/", None),
    ("http://a%/", None),
    ("https://b\xfccher.example/x", "https://xn--bcher-kva.example/x"),
    ("https://B\xdcCHER.Example/x", "https://xn--bcher-kva.example/x"),
    ("https://bu\u0308cher.example/", "https://xn--bcher-kva.example/"),
    ("https://b%C3%BCcher.example/", "https://xn--bcher-kva.example/"),
    ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
    ("https://XN--BCHER-KVA.example/", "https://xn--bcher-kva.example/"),
    ("https://fa\xdf.example/", "https://xn--fa-hia.example/"),
    ("https://FA\u1e9e.example/", "https://xn--fa-hia.example/"),
    ("https://\u65e5\u672c\u8a9e\u3002jp/", "https://xn--wgv71a119e.jp/"),
    ("https://\u2603.example/", "https://xn--n3h.example/"),
    ("https://\ufb01.example/", "https://fi.example/"),
    ("https://a\u00adb.example/", "https://ab.example/"),
    ("https://\u00ad/", None),
    ("https://a\u2024b/", None),
    ("https://a=\u0338b.example/", "https://xn--ab-miv.example/"),
    ("https://a\ufffdb.example/", None),
    ("https://\u0301a.example/", None),
    ("https://a\u200cb.example/", None),
    ("https://\u200db.example/", None),
    ("https://\u0915\u094d\u200d\u0937.example/", "https://xn--11b2ezcw70k.example/"),
    ("https://\u0646\u0627\u0645\u0647\u200c\u0627\u06cc/", "https://xn--mgba3gch31f060k/"),
    ("https://\u05d0\u05d1.example/", "https://xn--4dbc.example/"),
    ("https://\u05d01.example/", "https://xn--1-zhc.example/"),
    ("https://1\u05d0.example/", None),
    ("https://\u05d0a.example/", None),
    ("https://a\u05d0.example/", None),
    ("https://\u06281\u0661/", None),
    ("https://xn--\xfc.example/", None),
    ("https://\ue000.example/", None),
    # Percent-encoding
    ("/\xe9", "https://api.example/%C3%A9"),
    ("/%e9%zz", "https://api.example/%e9%zz"),
    ("/\"<>^`{}|'[]", "https://api.example/%22%3C%3E%5E%60%7B%7D|'[]"),
    ("?\"<>^`{}|'\xe9", "https://api.example/a/b?%22%3C%3E^`{}|%27%C3%A9"),
    ("#\"<>^`{}|'\xe9", BASE + "#%22%3C%3E^%60{}|'%C3%A9"),
    ("/\x00\x1f\x7f", "https://api.example/%00%1F%7F"),
]


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[ascii(text)[:40] for text, _ in TABLE])
def test_urls_are_parsed_like_in_browsers(text, expected):
    assert expected == read(text)
    assert expected == oracle(text)


@pytest.mark.parametrize("text", ["xn--a", "xn--", "xn--ab-cde-"])
def test_invalid_punycode_is_not_a_host(text):
    # As the tests of the URL standard require; ada-url does not check labels in ASCII.
    assert read(f"https://{text}/") is None


def test_a_lone_surrogate_becomes_a_replacement_character():
    assert read("/\ud800") == "https://api.example/%EF%BF%BD"


@pytest.mark.parametrize(
    "text", ["ftp://other.example/", "data:,x", "javascript:alert(1)", "chrome-extension://abc/"]
)
def test_only_the_scheme_of_other_urls_is_parsed(text):
    url = parse_url(text)
    assert (False, text.partition(":")[0], "null", text) == (
        url.is_http,
        url.scheme,
        url.origin,
        url.href,
    )


@pytest.mark.parametrize("text", ["", "/a", "//a.example/", "a.example", "1http://a/"])
def test_a_url_without_a_base_needs_a_scheme(text):
    with pytest.raises(ValueError, match="has no scheme"):
        parse_url(text)


def test_the_origin_of_a_url():
    url = parse_url("https://me:it@A.example:8443/x?y#z")
    assert url.origin == "https://a.example:8443"
    assert parse_url("http://[::1]:80/").origin == "http://[::1]"


def fetchable(href: str | None) -> str | None:
    """Return a URL if a script may fetch it; ada-url refuses some others that are parsed here."""
    return href if href and href.startswith(("http:", "https:")) else None


pieces = st.sampled_from(
    [
        *"/\\.:@?#%[]|^ \t\n'\"<>`{}*_-+&=;,$!~",
        *("http", "https", "http:", "https://", "//", "\\\\", "..", "%2e", "%2E%2e", "%", "%41"),
        *("other", "example", "A", "b", "0", "1", "127", "0x7f", "0x", "08", "255", "256", "65536"),
        *(":80", ":443", ":", "::1", "[::1]", "[2001:db8::", "ffff", "1.2.3.4", "user", "xyz"),
        *("\xfc", "\xdc", "\xdf", "\u65e5", "\u3002", "\u05d0", "\u0661", "\u0301", "\ufb01"),
        *("\u00ad", "\u2603", "\u200d", "\U0001f600", "\x00", "\x7f", "\x80"),
    ]
)
texts = st.lists(pieces, max_size=8).map("".join)
hosts = st.sampled_from(["http://", "https://", "//"])


@settings(PROPERTY_SETTINGS, max_examples=1000)
@given(texts | st.tuples(hosts, texts).map("".join), st.sampled_from([BASE, "http://h:8/a/b/"]))
@example("http:?q", "http://h:8/a/b/")
@example("https://xyz-.\xfc", BASE)
def test_random_urls_are_parsed_like_in_ada(text, base):
    expected = oracle(text, base)
    if expected is not None and not expected.startswith(("http:", "https:")):
        assert not parse_url(text).is_http
    else:
        assert expected == fetchable(read(text, base))


groups = st.lists(
    st.sampled_from(["0", "1", "ffff", "00ff", "", "1.2.3.4"]), min_size=1, max_size=9
)


@settings(PROPERTY_SETTINGS, max_examples=500)
@given(groups.map(":".join))
def test_random_addresses_are_parsed_like_in_ada(address):
    assert oracle(f"http://[{address}]/") == read(f"http://[{address}]/")
