"""Sites, public suffixes and loopback hosts, beside the whole list of public suffixes."""

from __future__ import annotations

import pytest

from flask_cors.core import sites
from flask_cors.core.sites import (
    is_address,
    is_loopback,
    is_public_suffix,
    is_shared_suffix,
    is_trustworthy,
    registrable_domain,
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("shop.example", "shop.example"),
        ("www.shop.example", "shop.example"),
        ("a.b.shop.example", "shop.example"),
        ("www.shop.example.", "shop.example."),
        ("www.shop.co.uk", "shop.co.uk"),
        ("shop.co.uk", "shop.co.uk"),
        ("co.uk", "co.uk"),
        ("a.b.github.io", "b.github.io"),
        ("b.github.io", "b.github.io"),
        ("github.io", "github.io"),
        ("com", "com"),
        ("localhost", "localhost"),
        ("localhost.", "localhost."),
        ("a.localhost", "a.localhost"),
        ("b.a.localhost", "a.localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("10.0.0.1", "10.0.0.1"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_the_registrable_domain_of_a_host(host, expected):
    assert expected == registrable_domain(host)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("com", True),
        ("unknown", True),
        ("com.", True),
        ("co.uk", True),
        ("CO.UK", True),
        ("com.au", True),
        ("github.io", True),
        ("example.com", False),
        ("shop.co.uk", False),
        ("co.example", False),
        ("1.2.3.4", False),
        ("[::1]", False),
    ],
)
def test_public_suffixes(host, expected):
    assert expected == is_public_suffix(host)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("com", True),
        ("co.uk", True),
        ("Vercel.app", True),
        ("amazonaws.com", True),
        ("AmazonAWS.com.", True),
        ("glitch.me", True),
        ("nip.io", True),
        ("railway.app", True),
        ("sslip.io", True),
        ("corp", False),
        ("internal", False),
        ("localhost", False),
        ("test", False),
        ("example.com", False),
    ],
)
def test_suffixes_that_strangers_have_hosts_below(host, expected):
    assert expected == is_shared_suffix(host)


SOLD_BELOW = "ac co com edu gob gov mil ne net nom or org sch".split()  # noqa: SIM905  (a line)


def test_platforms_are_on_the_list_of_public_suffixes():
    known = pytest.importorskip("publicsuffixlist").PublicSuffixList()
    assert [host for host in sorted(sites._PLATFORMS) if not known.is_public(host)] == []


@pytest.mark.parametrize("registry", SOLD_BELOW)
def test_what_registries_sell_below_a_country_is_a_public_suffix(registry):
    known = pytest.importorskip("publicsuffixlist").PublicSuffixList(only_icann=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    listed = [f"{registry}.{one}{two}" for one in letters for two in letters]
    listed = [host for host in listed if known.publicsuffix(f"x.{host}") == host]
    assert len(listed) > 10
    assert [host for host in listed if not is_public_suffix(host)] == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("localhost.", True),
        ("a.localhost", True),
        ("a.localhost.", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("127.0.10.254", True),
        ("[::1]", True),
        ("localhost.example", False),
        ("mylocalhost", False),
        ("localhost..", False),
        (".localhost", False),
        ("128.0.0.1", False),
        ("127.0.0.1.example", False),
        ("127...", False),
        ("[::2]", False),
        ("0.0.0.0", False),
    ],
)
def test_loopback_hosts(host, expected):
    assert expected == is_loopback(host)


@pytest.mark.parametrize(
    ("scheme", "host", "expected"),
    [
        ("https", "a.example", True),
        ("wss", "a.example", True),
        ("file", "", True),
        ("http", "a.example", False),
        ("http", "localhost", True),
        ("ws", "127.0.0.1", True),
    ],
)
def test_trustworthy_origins(scheme, host, expected):
    assert expected == is_trustworthy(scheme, host)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("1.2.3.4", True),
        ("192.168.10.254", True),
        ("[::1]", True),
        ("1.2.3", False),
        (".1.2.3", False),
        ("1.2.3.", False),
        ("1.2.3.4.example", False),
        ("a.b.c.d", False),
    ],
)
def test_addresses(host, expected):
    assert expected == is_address(host)
