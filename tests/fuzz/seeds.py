"""Inputs written by hand: what went wrong elsewhere, and what stands at the edge of a rule.

The fuzzer starts from them, and `test_corpus.py` runs them. Fields are as `targets.py` reads them.
"""

from __future__ import annotations

# What may stand where an origin is expected, by what is the matter with it.
ORIGINS = {
    "empty": b"",
    "origin": b"https://a.example",
    "with-a-port": b"http://a.example:8000",
    "upper": b"HTTPS://A.EXAMPLE:443",
    "null": b"null",
    "upper-null": b"NULL",
    "wildcard": b"*",
    "line-feed": b"https://a.example\n",
    "second-line": b"https://a.example\r\nSet-Cookie: a=b",
    "null-and-line-feed": b"null\n",
    "nul": b"https://a.example\x00",
    "look-alike": b"https://a.example.evil.test",
    "prefixed": b"https://xa.example",
    "dot-only-prefix": b"https://.a.example",
    "subdomain": b"https://x.a.example",
    "two": b"https://a.example, https://b.example",
    "path": b"https://a.example/",
    "userinfo": b"https://a.example@evil.test",
    "query": b"https://a.example?",
    "fragment": b"https://a.example#",
    "backslash": b"https://a.example\\",
    "empty-port": b"https://a.example:",
    "port-0": b"https://a.example:0",
    "port-65535": b"https://a.example:65535",
    "port-65536": b"https://a.example:65536",
    "padded-port": b"http://a.example:00080",
    "arabic-port": "https://a.example:\u0668\u0660".encode(),
    "superscript-port": "https://a.example:\u00b2".encode(),
    "ipv6": b"http://[::1]:8000",
    "ipv6-long": b"http://[2001:db8:0:0:0:0:0:1]",
    "ipv6-mapped": b"http://[::ffff:127.0.0.1]",
    "ipv6-dotted-zeros": b"http://[::ffff:127.0.0.01]",
    "ipv6-dotted-first": b"http://[127.0.0.1::]",
    "ipv6-eight-and-gap": b"http://[1:2:3:4:5:6:7::8]",
    "ipv6-nine": b"http://[1:2:3:4:5:6:7:8:9]",
    "ipv6-three-colons": b"http://[:::1]",
    "ipv6-zone": b"http://[fe80::1%25eth0]",
    "ipv6-open": b"http://[::1",
    "ipv6-and-more": b"http://[::1]evil.test",
    "ipv6-empty": b"http://[]",
    "double-dot": b"https://a..example",
    "trailing-dot": b"https://a.example.",
    "two-trailing-dots": b"https://a.example..",
    "kelvin": "https://\u212aelvin.example".encode(),
    "long-s": "http\u017f://a.example".encode(),
    "sharp-s": "https://stra\u00dfe.example".encode(),
    "full-width": "https://\uff41.example".encode(),
    "idn": "https://b\u00fccher.example".encode(),
    "surrogate": b"https://\xff.example",
    "scheme-digit": b"1https://a.example",
    "localhost": b"http://localhost:3000",
    "localhost-look-alike": b"http://localhost.evil.test",
    "localhost-port-and-more": b"http://localhost:3000.evil.test",
    "extension": b"chrome-extension://abcdefghijklmnop",
    "one-slash": b"https:/a.example",
    "no-host": b"https://",
    "no-scheme": b"//a.example",
    "longest-scheme": b"a" * 64 + b"://a",
    "too-long-scheme": b"a" * 65 + b"://a",
    "longest-host": b"https://" + b"a." * 126 + b"a:65535",
    "too-long-host": b"https://" + b"a." * 126 + b"aa",
    "labels": b"https://" + b"a." * 2000 + b"example",
    "huge-port": b"https://a.example:" + b"9" * 5000,
    "huge": b"https://" + b"a" * 65_000,
}

PATTERNS = {
    "subdomains": b"https://*.a.example\x1fhttps://b.a.example",
    "bare-domain": b"https://*.a.example\x1fhttps://a.example",
    "any-port": b"http://localhost:*\x1fhttp://localhost",
    "any-host": b"https://*\x1fhttps://[::1]",
    "any-host-and-port": b"https://*:*\x1fhttps://a:1",
    "ipv6-any-port": b"http://[::1]:*\x1fhttp://[::1]:80",
    "regex": b"https://(.+\\.)?a\\.example",
    "anchored": b"^https://a\\.example$",
    "prefix": b"^http://localhost",
    "optional-s": b"https?://a.example",
    "bad-regex": b"https://(a",
    "inner-wildcard": b"http://192.168.1.*",
    "wildcard-label": b"https://a.*.example",
    "half-label": b"https://a*.example",
    "two-wildcards": b"https://**.example",
    "wildcard-scheme": b"*://a.example",
    "wildcard-tld": b"https://*.",
    "comma": b"https://a.example,https://b.example",
    "quantifier": b"https://a{1,3}\\.example",
    "blanks": b" https://a.example ",
    "many-zeros": b"http://a.example:" + b"0" * 5000 + b"8080",
    "repeat": b"https://(a{4294967296})?",
    "groups": b"(" * 500 + b")" * 500,
}

LISTS = {
    "empty": b"0\x1f\x1f",
    "names": b"0\x1fx-a, x-b\x1fx-*",
    "blanks": b"0\x1f \t,\t ,\x0b\x1f*",
    "names-128": b"7\x1fa,",
    "empty-16": b"0\x1f,,,,,,,,,,,,,,,,",
    "empty-15": b"0\x1f,,,,,,,,,,,,,,,",
    "names-129": b"7\x1fa,a\x1f",
    "empty-17": b"0\x1f,,,,,,,,,,,,,,,,,",
    "longest": b":\x1fabcdefgh\x1fa*h",
    "too-long": b";\x1fabcdefgh\x1fa*h",
    "stars": b"0\x1faaaaaaaaaaaaaaaaaaaaaaaaab\x1f*a*a*a*a*a*a*a*c",
    "overlap": b"0\x1faba\x1fab*ba",
    "lower-method": b"0\x1foptions\x1fOPTIONS",
    "long-s-method": "0\x1fpo\u017ft\x1fpost".encode(),
    "kelvin": "0\x1f\u212a\x1fk".encode(),
    "patch": b"0\x1fpatch\x1fPATCH",
}

OPTIONS = {
    "none": b"",
    "all": b"GET, PUT\x1fX-A, x-*\x1fX-B\x1f600\x1fyes\x1fx-b",
    "any": b"*\x1f*\x1f*\x1f0\x1f1\x1fx",
    "line-feed": b"GET\n\x1fX-A\r\n\x1fX-B\n\x1f600\n\x1ftrue\n\x1fx",
    "line-feed-in-a-method": b"GET\nPUT",
    "line-feed-in-a-header": b"\x1fX-A\r\nX-B",
    "line-feed-in-an-exposed-header": b"\x1f\x1fX-A\r\nX-B",
    "line-feed-in-a-number": b"\x1f\x1f\x1f6\n0",
    "line-feed-in-a-switch": b"\x1f\x1f\x1f\x1ft\nrue",
    "forbidden": b"trace, CONNECT\x1f\x1f\x1f\x1f\x1f",
    "regex": b"GET\x1f^X-(A|B)$\x1f\x1f\x1f\x1fX-A",
    "bad-regex": b"GET\x1fX-[a\x1f\x1f\x1f\x1f",
    "arabic-max-age": "GET\x1f\x1f\x1f\u0663\x1f\x1f".encode(),
    "minus": b"\x1f\x1f\x1f-1\x1f\x1f",
    "separator-after-max-age": b"\x1f\x1f\x1f60\x1d",
    "long-max-age": b"\x1f\x1f\x1f99999999999\x1f\x1f",
    "most-seconds": b"\x1f\x1f\x1f2147483648\x1f\x1f",
}

RESOURCES = {
    "below": b"/api/x\x1f/api/*\x1f/*",
    "look-alike": b"/apifoo\x1f/api/*",
    "itself": b"/api\x1f/api/*\x1f/api",
    "slash": b"/api/\x1f/api/*\x1f/api/",
    "double-slash": b"/a//b\x1f/a//*\x1f/a/*",
    "slash-below-nothing": b"/\x1f//*",
    "star": b"/x\x1f*\x1f/*",
    "extension": b"/a/b.json\x1f/a/*.json\x1f/a/*\x1f/*.json",
    "regex": b"/v1/x\x1f/v\\d+/.*\x1f/v1/*",
    "regex-or-prefix": b"/a/b/c\x1f/a/(b|x)/c/d\x1f/a/b/*\x1f/a/.*",
    "later": b"/a\x1f/[a]\x1f/[ab]\x1f/[ba]",
    "bad-regex": b"/a\x1f/(a\x1f/a",
    "long": b"/a/" + b"b/" * 200 + b"\x1f/a/*\x1f/*/b/",
    "many-slashes": b"/" + b"a/" * 5000 + b"\x1f/a/*",
    "encoded": b"/%2e%2e/\x1f/../*\x1f/%2e%2e/*",
    "line-feed": b"/a\n\x1f/a\x1f/a/*\x1f/[a]$",
    "empty-pattern": b"/\x1f\x1f/",
}

# `0` is the first policy. Then flags (`0`: everything is there, on an OPTIONS), and what is asked.
POLICIES = b"0123456789:;<="


def requests() -> dict[str, bytes]:
    """Return an ordinary preflight and a request for each policy, and hostile ones for some."""
    made: dict[str, bytes] = {}
    for number, policy in enumerate(POLICIES):
        start = bytes([policy]) + b"\x1f"
        rest = b"PUT\x1fx-a, X-b\x1ftrue\x1f"
        made[f"preflight-{number}"] = start + b"0\x1fhttps://a.example\x1f" + rest
        made[f"actual-{number}"] = start + b"@\x1fhttps://x.a.example\x1f" + rest
        made[f"plain-{number}"] = start + b"A\x1f\x1f" + rest
        made[f"null-{number}"] = start + b"0\x1fnull\x1f" + rest
    hostile = dict(ORIGINS)
    hostile["long-names"] = b"https://a.example\x1fPUT\x1f" + b"x-a," * 20_000
    hostile["commas"] = b"https://a.example\x1fPUT\x1f" + b"," * 20_000
    hostile["long-method"] = b"https://a.example\x1f" + b"P" * 20_000
    hostile["injected-names"] = (
        b"https://a.example\x1fPUT\x1fx-a\r\nSet-Cookie: a=b, x-c\x1ftrue\r\n"
    )
    hostile["injected-method"] = b"https://a.example\x1fPUT\r\nX-Injected: 1\x1fx-a"
    for name, text in hostile.items():
        for number in (0, 3, 6):
            made[f"{name}-{number}"] = b"%d\x1f0\x1f" % number + text
    return made


def served() -> dict[str, bytes]:
    """Return the same through a middleware, with paths and apps of several kinds."""
    made: dict[str, bytes] = {}
    for name, text in requests().items():
        number, rest = text[:1][0] - 48, text[2:]
        flags, _, rest = rest.partition(b"\x1f")
        made[name] = b"0\x1f" + flags + b"\x1f/%d/x\x1f" % number + rest
    sound = b"\x1fhttps://a.example\x1fPUT\x1fx-a\x1ftrue\x1fGET"
    for app in range(8):
        for number in (0, 1, 4, 7):
            made[f"app-{app}-{number}"] = b"%d\x1f@\x1f/%d/" % (app, number) + sound
    for name, path in {
        "empty": b"",
        "slashes": b"//0//x",
        "look-alike": b"/0x",
        "latin-1": b"/0/\xe9\xff",
        "utf-8": "/0/\u00e9".encode(),
        "overlong": b"/\xc0\xb0",
        "full-width": "/\uff10".encode(),
        "line-feed": b"/0\n",
        "nul": b"/0/\x00",
        "escape": b"/0/\x1b[31m",
        "encoded": b"/%30",
        "dots": b"/x/../0",
    }.items():
        made[f"path-{name}"] = b"0\x1f0\x1f" + path + sound
    return made


SEEDS: dict[str, dict[str, bytes]] = {
    "origin": ORIGINS,
    "configured": {**ORIGINS, **PATTERNS},
    "lists": LISTS,
    "options": OPTIONS,
    "resources": RESOURCES,
    "decision": requests(),
    "middleware": served(),
}
