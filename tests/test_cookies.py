"""The cookie jar against RFC 6265bis, attribute by attribute, and against the public suffixes."""

from __future__ import annotations

import functools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_cors.cookies import CookieJar, CookieNote, is_same_site, without_credentials
from flask_cors.urls import parse_url

from .support.strategies import PROPERTY_SETTINGS

pytestmark = pytest.mark.flaskless

HOST = "https://www.shop.example/a/b"
CLEAR = "http://www.shop.example/a/b"
LOCAL = "http://localhost:5000/"
NOW = 1_800_000_000.0  # 2027-01-15


def store(jar: CookieJar, line: str, url: str = HOST, now: float = NOW, *, same_site=True):
    """Store a cookie; return the code of the reason if it is not stored."""
    note = jar.store(line, parse_url(url), now, same_site=same_site)
    return note and note.code


def select(jar: CookieJar, url: str = HOST, now: float = NOW, *, same_site=True) -> str:
    """Return the `Cookie` field of a request."""
    cookies, _ = jar.select(parse_url(url), now, same_site=same_site)
    return "; ".join(cookie.pair for cookie in cookies)


def withheld(jar: CookieJar, url: str = HOST, now: float = NOW, *, same_site=True):
    """Return the names of the cookies that are not sent, with the codes of the reasons."""
    _, notes = jar.select(parse_url(url), now, same_site=same_site)
    assert {"not-sent"} >= {note.event for note in notes}
    return [(note.name, note.code) for note in notes]


# What is read -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("a=b", "a=b"),
        ("  a \t=\t b  ", "a=b"),
        ("a=b=c", "a=b=c"),
        ("a=", "a="),
        ("=b", "b"),
        ("b", "b"),
        ('a="b c"', 'a="b c"'),
        ("a=b;", "a=b"),
        ("a=b; unknown=1; ;=;", "a=b"),
        ("a=b\tc", "a=b\tc"),
        ("a=\xc3\xa9", "a=\xc3\xa9"),
        ("[a]=b", "[a]=b"),
        ("A=b", "A=b"),
        ("Path=/x", "Path=/x"),
    ],
)
def test_a_name_and_a_value_are_parsed(line, sent):
    jar = CookieJar()
    assert store(jar, line) is None
    assert sent == select(jar)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "malformed"),
        ("=", "malformed"),
        (" = ; Path=/", "malformed"),
        ("a=b\0c", "malformed"),
        ("a=b; Path=/\x0a", "malformed"),
        ("a=b\x7f", "malformed"),
        ("a=" + "b" * 4095, None),
        ("a=" + "b" * 4096, "too-large"),
        ("b" * 4097, "too-large"),
        ("=" + "b" * 4096, None),
    ],
    ids=[*"abcdef", "longest", "too long", "value too long", "longest value"],
)
def test_a_malformed_cookie_is_not_stored(line, code):
    jar = CookieJar()
    assert code == store(jar, line)
    assert bool(code) == (select(jar) == "")


def test_an_attribute_of_more_than_1024_bytes_is_ignored():
    jar = CookieJar()
    store(jar, "a=1; Path=/" + "a" * 1023)
    store(jar, "b=1; Path=/" + "a" * 1024)
    assert select(jar) == "b=1"
    assert select(jar, "https://www.shop.example/" + "a" * 1023) == "a=1"


# Domain -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "url", "code"),
    [
        ("www.shop.example", HOST, None),
        ("shop.example", HOST, None),
        (".shop.example", HOST, None),
        ("SHOP.Example", HOST, None),
        ("..shop.example", HOST, "domain-mismatch"),
        ("shop.example.", HOST, "domain-mismatch"),
        ("hop.example", HOST, "domain-mismatch"),
        ("a.www.shop.example", HOST, "domain-mismatch"),
        ("other.example", HOST, "domain-mismatch"),
        ("sh\xf6p.example", HOST, "domain-mismatch"),
        ("example", HOST, "public-suffix"),
        ("com", HOST, "public-suffix"),
        ("co.uk", "https://shop.co.uk/", "public-suffix"),
        ("shop.co.uk", "https://www.shop.co.uk/", None),
        ("github.io", "https://me.github.io/", "public-suffix"),
        ("github.io", "https://github.io/", None),
        ("localhost", LOCAL, None),
        ("localhost", "http://a.localhost/", "public-suffix"),
        ("127.0.0.1", "http://127.0.0.1/", None),
        ("0.0.1", "http://127.0.0.1/", "domain-mismatch"),
        ("[::1]", "http://[::1]/", None),
        ("", HOST, None),
    ],
)
def test_a_domain_attribute_has_to_match_the_host(domain, url, code):
    jar = CookieJar()
    assert code == store(jar, f"a=1; Domain={domain}", url)
    assert ("" if code else "a=1") == select(jar, url)


@pytest.mark.parametrize(
    ("attributes", "url", "sent"),
    [
        ("", HOST, True),
        ("", "https://shop.example/a/b", False),
        ("", "https://a.www.shop.example/a/b", False),
        ("", "https://www.shop.example:8443/a/b", True),
        ("; Domain=shop.example", "https://shop.example/a/b", True),
        ("; Domain=shop.example", "https://a.b.shop.example/a/b", True),
        ("; Domain=shop.example", "https://ashop.example/a/b", False),
        ("; Domain=other.example; Domain=shop.example", "https://shop.example/a/b", True),
        ("; Domain=shop.example; Domain=", "https://shop.example/a/b", False),
    ],
)
def test_the_hosts_to_which_a_cookie_is_sent(attributes, url, sent):
    jar = CookieJar()
    assert store(jar, "a=1" + attributes) is None
    assert ("a=1" if sent else "") == select(jar, url)
    assert withheld(jar, url) == []


def test_a_cookie_for_a_public_suffix_is_host_only_on_that_host():
    jar = CookieJar()
    store(jar, "a=1; Domain=github.io", "https://github.io/")
    assert select(jar, "https://me.github.io/") == ""
    store(jar, "a=1; Domain=127.0.0.1", "http://127.0.0.1/")
    assert select(jar, "http://1.127.0.0.1.example/") == ""


# Path ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "path", "default"),
    [
        ("https://h.example/", "", "/"),
        ("https://h.example/a", "", "/"),
        ("https://h.example/a/", "", "/a"),
        ("https://h.example/a/b?c/d", "", "/a"),
        ("https://h.example/a/b", "; Path=/x", "/x"),
        ("https://h.example/a/b", "; Path=x", "/a"),
        ("https://h.example/a/b", "; Path=", "/a"),
        ("https://h.example/a/b", "; Path", "/a"),
        ("https://h.example/a/b", "; Path=/x; path=/y", "/y"),
        ("https://h.example/a/b", "; Path=/x; path=", "/a"),
    ],
)
def test_the_path_of_a_cookie(url, path, default):
    jar = CookieJar()
    store(jar, "a=1" + path, url)
    [cookie], _ = jar.select(parse_url(f"https://h.example{default}"), NOW, same_site=True)
    assert default == cookie.path


@pytest.mark.parametrize(
    ("path", "asked", "sent"),
    [
        ("/", "/", True),
        ("/", "/a", True),
        ("/a", "/a", True),
        ("/a", "/a/", True),
        ("/a", "/a/b", True),
        ("/a", "/ab", False),
        ("/a", "/A", False),
        ("/a", "/", False),
        ("/a/", "/a", False),
        ("/a/", "/a/b", True),
    ],
)
def test_the_paths_to_which_a_cookie_is_sent(path, asked, sent):
    jar = CookieJar()
    store(jar, f"a=1; Path={path}")
    url = f"https://www.shop.example{asked}"
    assert ("a=1" if sent else "") == select(jar, url)
    assert ([] if sent else [("a", "path-mismatch")]) == withheld(jar, url)


# Secure -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (HOST, None),
        (CLEAR, "secure-over-http"),
        ("http://10.0.0.1/", "secure-over-http"),
        (LOCAL, None),
        ("http://api.localhost/", None),
        ("http://127.0.0.1:5000/", None),
        ("http://[::1]/", None),
    ],
)
def test_the_urls_that_may_set_a_secure_cookie(url, code):
    jar = CookieJar()
    assert code == store(jar, "a=1; Secure", url)
    assert ("" if code else "a=1") == select(jar, url)


def test_a_secure_cookie_is_not_sent_over_http():
    jar = CookieJar()
    store(jar, "a=1; SECURE=no")
    store(jar, "b=1")
    assert select(jar, CLEAR) == "b=1"
    assert withheld(jar, CLEAR) == [("a", "secure-over-http")]


@pytest.mark.parametrize(
    ("line", "url", "code"),
    [
        ("a=2", CLEAR, "overwrites-secure"),
        ("a=2; Path=/a/c", CLEAR, "overwrites-secure"),
        ("a=2; Path=/", CLEAR, None),
        ("a=2; Domain=shop.example", CLEAR, "overwrites-secure"),
        ("a=2; Path=/a", "http://shop.example/", "overwrites-secure"),
        ("a=2; Path=/a", "http://x.www.shop.example/", "overwrites-secure"),
        ("a=2; Path=/a", "http://api.shop.example/", None),
        ("b=2; Path=/a", CLEAR, None),
        ("a=2", HOST, None),
    ],
)
def test_a_cookie_over_http_does_not_replace_a_secure_one(line, url, code):
    jar = CookieJar()
    store(jar, "a=1; Secure; Path=/a; Domain=www.shop.example")
    assert code == store(jar, line, url)


def test_an_expired_secure_cookie_can_be_replaced():
    jar = CookieJar()
    store(jar, "a=1; Secure; Max-Age=1")
    assert store(jar, "a=2", CLEAR, NOW + 1) is None


# SameSite -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ("", "samesite-lax-default"),
        ("; SameSite", "samesite-lax-default"),
        ("; SameSite=", "samesite-lax-default"),
        ("; SameSite=other", "samesite-lax-default"),
        ("; Secure", "samesite-lax-default"),
        ("; SameSite=Lax", "samesite-lax"),
        ("; samesite=LAX; Secure", "samesite-lax"),
        ("; SameSite=Strict", "samesite-strict"),
        ("; SameSite=None; SameSite=Strict; Secure", "samesite-strict"),
        ("; SameSite=None", "samesite-none-insecure"),
        ("; SameSite=None; Secure", None),
        ("; SameSite = none ; Secure", None),
        ("; SameSite=Strict; SameSite=None; Secure", None),
    ],
)
def test_cookies_for_a_page_of_another_site(attributes, code):
    there, here = CookieJar(), CookieJar()
    assert code == store(there, "a=1" + attributes, same_site=False)
    assert ("" if code else "a=1") == select(there, same_site=False)
    insecure = code if code == "samesite-none-insecure" else None
    assert insecure == store(here, "a=1" + attributes)
    assert ("" if insecure else "a=1") == select(here)
    assert ("" if code else "a=1") == select(here, same_site=False)
    assert [("a", code)] * bool(code and not insecure) == withheld(here, same_site=False)


@pytest.mark.parametrize(
    ("page", "url", "same"),
    [
        ("https://www.shop.example", "https://api.shop.example/", True),
        ("https://www.shop.example:8443", "https://shop.example:444/", True),
        ("http://www.shop.example", "https://www.shop.example/", False),
        ("https://shop.example", "https://other.example/", False),
        ("https://a.co.uk", "https://b.co.uk/", False),
        ("https://a.shop.co.uk", "https://b.shop.co.uk/", True),
        ("https://a.github.io", "https://b.github.io/", False),
        ("http://localhost:3000", "http://localhost:5000/", True),
        ("http://localhost:3000", "http://127.0.0.1:5000/", False),
        ("http://app.localhost", "http://api.localhost/", False),
        ("http://app.localhost", "http://localhost/", False),
        ("http://127.0.0.1:3000", "http://127.0.0.1/", True),
        ("http://127.0.0.1", "http://127.0.0.2/", False),
        ("http://[::1]:3000", "http://[::1]/", True),
        ("null", "https://shop.example/", False),
        ("file://", "https://shop.example/", False),
        ("chrome-extension://abc", "https://abc/", False),
    ],
)
def test_which_urls_are_same_site(page, url, same):
    assert same == is_same_site(page, parse_url(url))


@functools.cache
def public_suffixes():
    return pytest.importorskip("publicsuffixlist").PublicSuffixList()


label = st.sampled_from(["a", "b", "shop", "www", "co", "com", "github", "uk", "io", "example"])
suffixes = ["com", "co.uk", "com.au", "ac.jp", "github.io", "vercel.app", "example", "org", "dev"]
names = st.tuples(st.lists(label, max_size=3), st.sampled_from(suffixes)).map(
    lambda parts: ".".join([*parts[0], parts[1]])
)


@settings(PROPERTY_SETTINGS)
@given(names, names)
def test_a_site_is_a_registrable_domain_of_the_public_suffixes(page, host):
    known = public_suffixes()
    one, other = known.privatesuffix(page) or page, known.privatesuffix(host) or host
    assert (one == other) == is_same_site(f"https://{page}", parse_url(f"https://{host}/"))


# Prefixes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("__Secure-a=1", "prefix"),
        ("__secure-a=1", "prefix"),
        ("__Secure-a=1; Secure", None),
        ("__Secure-a=1; Secure; Domain=shop.example", None),
        ("__Host-a=1; Secure; Path=/", None),
        ("__HOST-a=1; Path=/", "prefix"),
        ("__Host-a=1; Secure", "prefix"),
        ("__Host-a=1; Secure; Path=/a", "prefix"),
        ("__Host-a=1; Secure; Path=/; Domain=www.shop.example", "prefix"),
        ("__Host-a=1; Secure; Path=/; Domain=", None),
        ("=__Host-a=1; Secure; Path=/", "prefix"),
        ("__Host-a; Secure; Path=/", "prefix"),
        ("=__Secure-a; Secure", "prefix"),
        ("__Hosta=1", None),
        ("_Host-a=1", None),
    ],
)
def test_the_rules_of_name_prefixes(line, code):
    assert code == store(CookieJar(), line)


def test_a_host_prefix_forbids_a_domain_even_if_the_cookie_is_host_only():
    line = "__Host-a=1; Secure; Path=/; Domain=localhost"
    assert store(CookieJar(), line, LOCAL) == "prefix"
    assert store(CookieJar(), line.removeprefix("__Host-"), LOCAL) is None


def test_a_host_prefix_requires_the_path_attribute():
    # For a URL without directories the default path is `/`, but the attribute has to be given.
    assert store(CookieJar(), "__Host-a=1; Secure", "https://www.shop.example/") == "prefix"


# How long -----------------------------------------------------------------------------------------

DAY = 24 * 60 * 60


@pytest.mark.parametrize(
    ("attributes", "lives"),
    [
        ("", None),
        ("; Max-Age=60", 60),
        ("; Max-Age=0", 0),
        ("; Max-Age=-1", 0),
        ("; Max-Age=-" + "9" * 30, 0),
        ("; Max-Age=060", 60),
        ("; Max-Age=" + "9" * 30, 400 * DAY),
        ("; Max-Age=1.5", None),
        ("; Max-Age=", None),
        ("; Max-Age=-", None),
        ("; Max-Age=+60", None),
        ("; Max-Age=60; Max-Age=x", 60),
        ("; Max-Age=60; Max-Age=30", 30),
        ("; Expires=Fri, 15 Jan 2027 08:01:00 GMT", 60),
        ("; Expires=Fri, 15 Jan 2027 07:59:59 GMT", 0),
        ("; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("; Expires=Fri, 15 Jan 2100 00:00:00 GMT", 400 * DAY),
        ("; Expires=never", None),
        ("; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 60),
        ("; Expires=Fri, 15 Jan 2100 00:00:00 GMT; Max-Age=0", 0),
        ("; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=nonsense", 0),
    ],
)
def test_how_long_a_cookie_is_stored(attributes, lives):
    jar = CookieJar()
    assert store(jar, "a=1" + attributes) is None
    if lives is None:
        assert select(jar, now=NOW + 10_000 * DAY) == "a=1"
    else:
        assert ("a=1" if lives else "") == select(jar, now=NOW + max(lives - 1, 0))
        assert select(jar, now=NOW + lives) == ""


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 15 Jan 2027 08:01:00 GMT",
        "Friday, 15-Jan-27 08:01:00 GMT",
        "Fri Jan 15 08:01:00 2027",
        "15 jan 2027 8:1:0",
        "2027 January 15th 08:01:00+0900",
        "08:01:00 JAN 15 27",
        "/15/Jan/2027;08:01:00",
    ],
)
def test_how_dates_are_written(date):
    jar = CookieJar()
    # A semicolon would start another attribute.
    store(jar, f"a=1; Expires={date.replace(';', ' ')}")
    assert select(jar, now=NOW + 59) == "a=1"
    assert select(jar, now=NOW + 60) == ""


@pytest.mark.parametrize(
    "date",
    [
        "",
        "15 Jan 1999",
        "15 Jan 08:01:00",
        "Jan 1999 08:01:00",
        "15 1999 08:01:00",
        "31 Feb 1999 08:01:00",
        "15 Jan 1999 24:00:00",
        "15 Jan 1999 08:60:00",
        "15 Jan 1999 08:01:61",
        "15 Jan 1600 08:01:00",
        "15 Jan 19999 08:01:00",
        "0 Jan 1999 08:01:00",
    ],
)
def test_an_invalid_date_is_ignored(date):
    jar = CookieJar()
    store(jar, f"a=1; Expires={date}")
    assert select(jar) == "a=1"


@pytest.mark.parametrize(
    ("year", "ended"), [("70", True), ("99", True), ("26", True), ("69", False)]
)
def test_years_of_two_digits(year, ended):
    jar = CookieJar()
    store(jar, f"a=1; Expires=15 Jan {year} 08:00:00")
    assert ("" if ended else "a=1") == select(jar)


def test_an_expired_cookie_deletes_the_stored_one():
    jar = CookieJar()
    store(jar, "a=1; Path=/")
    store(jar, "a=; Path=/a; Max-Age=0")
    assert select(jar) == "a=1"
    store(jar, "a=; Path=/; Max-Age=0")
    assert select(jar) == ""


# Order --------------------------------------------------------------------------------------------


def test_longer_paths_are_sent_first_then_older_cookies():
    jar = CookieJar()
    for line in ("a=1; Path=/", "b=1; Path=/a/b", "c=1; Path=/", "d=1; Path=/a", "e=1; Path=/a/b"):
        store(jar, line)
    assert select(jar) == "b=1; e=1; d=1; a=1; c=1"


def test_a_replaced_cookie_keeps_its_position():
    jar = CookieJar()
    for line in ("a=1", "b=1", "a=2"):
        store(jar, line)
    assert select(jar) == "a=2; b=1"
    for line in ("a=; Max-Age=0", "a=3"):
        store(jar, line)
    assert select(jar) == "b=1; a=3"


@pytest.mark.parametrize("other", ["a=2; Path=/", "a=2; Domain=shop.example", "A=2"])
def test_the_fields_that_identify_a_cookie(other):
    jar = CookieJar()
    store(jar, "a=1")
    store(jar, other)
    assert sorted(["a=1", other.partition(";")[0]]) == sorted(select(jar).split("; "))


# Notes --------------------------------------------------------------------------------------------


def test_a_note_has_the_name_the_reason_and_the_url():
    jar = CookieJar()
    note = jar.store("a=1; Domain=other.example", parse_url(HOST), NOW, same_site=True)
    detail = "Domain=other.example does not match www.shop.example"
    assert CookieNote("a", "not-stored", "domain-mismatch", detail, HOST) == note


def test_notes_on_cookies_of_a_script_without_credentials():
    jar = CookieJar()
    store(jar, "a=1")
    cookies, _ = jar.select(parse_url(HOST), NOW, same_site=True)
    notes = [*without_credentials(parse_url(HOST), cookies, ["b=2; Path=/", "c"])]
    assert [note[:2] for note in notes] == [
        ("a", "not-sent"),
        ("b", "not-stored"),
        ("", "not-stored"),
    ]
    assert {"without-credentials"} == {note.code for note in notes}


# What may come ------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="latin-1"), max_size=20)
attributes = st.sampled_from(
    [
        *("Secure", "HttpOnly", "SameSite=None", "SameSite=Lax", "Path=/", "Path=/a", "Path"),
        *("Domain=shop.example", "Domain=example", "Max-Age=0", "Max-Age=9"),
        "Expires=1 Jan 2030 00:00:00",
    ]
)
lines = st.tuples(texts, st.lists(attributes | texts, max_size=4)).map(
    lambda parts: ";".join([parts[0], *parts[1]])
)


@settings(PROPERTY_SETTINGS, max_examples=300)
@given(st.lists(st.tuples(lines, st.booleans(), st.sampled_from([HOST, CLEAR])), max_size=5))
def test_a_sent_cookie_was_stored_and_matches_the_request(stored):
    jar = CookieJar()
    for line, same_site, url in stored:
        store(jar, line, url, same_site=same_site)
    for url in (HOST, CLEAR):
        for same_site in (True, False):
            cookies, notes = jar.select(parse_url(url), NOW, same_site=same_site)
            assert not any(re.search("[\r\n\0;]", cookie.pair) for cookie in cookies)
            assert all(len(cookie.name) + len(cookie.value) <= 4096 for cookie in cookies)
            assert same_site or all(cookie.same_site == "none" for cookie in cookies)
            assert url == HOST or not any(cookie.secure for cookie in cookies)
            lengths = [len(cookie.path) for cookie in cookies]
            assert lengths == sorted(lengths, reverse=True)
            assert len(cookies) + len(notes) <= len(stored)
