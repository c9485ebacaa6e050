"""What is measured: apps with and without CORS, and the requests that they get.

Runs in the environment of either library; only what both can read is written here, but for the
spelling of a wildcard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import count

from flask import Blueprint, Flask, Response
from names import MOST_REGEXES, ORIGIN_COUNTS, RESOURCE_COUNTS
from werkzeug.test import create_environ

from flask_cors import CORS, cross_origin

OLDER = version("flask-cors").startswith("6.")

LISTED = [f"https://app{number}.example" for number in range(5)]
ALLOWED = LISTED[2]
EVIL = "https://evil.test"
PATH = "/api/x"
BLUEPRINT_PATH = "/bp/x"
LIST = {"origins": LISTED}
KIB_64 = 64 * 1024


@dataclass(frozen=True)
class Case:
    """An app and a request to it."""

    options: dict[str, object] | None = None
    """of `CORS(app)`, if there is one"""
    view_options: dict[str, object] | None = None
    """of `cross_origin` on the view, if it is decorated"""
    sent: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    path: str = PATH
    is_async: bool = False
    neighbours: int = 0
    """how many decorated views the app has beside the one that is asked for"""
    blueprint: bool = False
    """whether the app has a blueprint with a policy of its own, at `/bp/x`"""
    varies: bool = False
    """whether the view sets `Vary`"""
    expected: str | None = ALLOWED
    """Allow-Origin of this library's answer"""
    only_newer: bool = False
    """whether 6.0.5 cannot do it, or not in a time that can be waited for"""

    def app(self, *, with_cors: bool) -> Flask:
        """Make the app, with CORS or without."""
        app = (AppWithoutLoops if self.is_async else Flask)("benchmark", static_folder=None)

        def view() -> str:
            return "x"

        if self.varies:

            def view() -> Response:
                return Response("x", headers={"Vary": "Cookie"})

        async def async_view() -> str:
            return "x"

        decorated = with_cors and self.view_options is not None
        decorate = cross_origin(**self.view_options) if decorated else _left_as_it_is
        chosen = async_view if self.is_async else view
        if self.path != BLUEPRINT_PATH:
            app.add_url_rule(self.path, "x", decorate(chosen), methods=["GET", "PUT"])
        if self.blueprint:
            blueprint = Blueprint("bp", "benchmark")
            blueprint.add_url_rule(BLUEPRINT_PATH, "x", view)
            if with_cors:
                CORS(blueprint, **LIST)
            app.register_blueprint(blueprint)
        for number in range(self.neighbours):
            decorate = cross_origin(**LIST) if with_cors else _left_as_it_is
            app.add_url_rule(f"/n{number}", f"n{number}", decorate(lambda: "n"))
        if with_cors and self.options is not None:
            CORS(app, **self.options)
        return app

    def environs(self) -> Iterator[dict[str, object]]:
        """Yield the WSGI environment of the request, with texts of its own as a server makes them.

        A `#` in what is sent is a number, another in each.
        """
        base = create_environ(self.path, method=self.method)
        fields = {
            f"HTTP_{name.upper().replace('-', '_')}": text for name, text in self.sent.items()
        }
        # By way of bytes, for a text that was hashed before keeps its hash.
        parts = [
            (key, *(part.encode() for part in text.partition("#")))
            for key, text in (fields | {"PATH_INFO": self.path}).items()
        ]
        for number in count():
            digits = b"%d" % number
            environ = base.copy()
            for key, head, mark, tail in parts:
                environ[key] = (head + digits + tail if mark else head).decode("latin-1")
            yield environ


class AppWithoutLoops(Flask):
    """Runs async views that never wait for anything, without an event loop.

    Making one takes 300 µs, give or take 20: what a decorator adds could not be seen beside it.
    """

    def async_to_sync(self, func):
        def run(*args: object, **kwargs: object) -> object:
            try:
                func(*args, **kwargs).send(None)
            except StopIteration as stop:
                return stop.value
            raise RuntimeError("the view waits for something")

        return run


def _left_as_it_is(view):
    return view


def asks(headers: str = "content-type,x-token", origin: str = ALLOWED) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": headers,
    }


def preflight(headers: str = "content-type,x-token", origin: str = ALLOWED, **case: object) -> Case:
    return Case(method="OPTIONS", sent=asks(headers, origin), **{"options": LIST, **case})


def exact(count: int) -> dict[str, object]:
    return {"origins": [f"https://site{number}.example" for number in range(count)]}


def wildcard(count: int) -> dict[str, object]:
    written = r"https://.*\.site{}\.example" if OLDER else "https://*.site{}.example"
    return {"origins": [written.format(number) for number in range(count)]}


def resources(written: str, count: int) -> dict[str, object]:
    return {"resources": {written.format(number): LIST for number in range(count)}}


FROM_ALLOWED = {"Origin": ALLOWED}
FROM_EVIL = {"Origin": EVIL}
NAMES = ["Content-Type", "X-Token", r"x-app-.*-id"]

# Of an app as people have them: with decorated views, and a blueprint with a policy.
VIEWS = {"neighbours": 20, "blueprint": True}
COVERED = {f"/r{number}/*": LIST for number in range(10)} | {"/api/*": LIST}
EXPRESSIONS = {rf"/r{number}/\d+": LIST for number in range(10)} | {r"/api/[a-z]+": LIST}
ELSEWHERE = {f"/r{number}/*": LIST for number in range(10)}

CASES = {
    "views, plain": Case(LIST, **VIEWS, expected=None),
    "views, allowed": Case(LIST, **VIEWS, sent=FROM_ALLOWED),
    "views, refused": Case(LIST, **VIEWS, sent=FROM_EVIL, expected=None),
    "views, blueprint": Case(LIST, **VIEWS, sent=FROM_ALLOWED, path=BLUEPRINT_PATH),
    "views, prefixes": Case({"resources": COVERED}, **VIEWS, sent=FROM_ALLOWED),
    "views, expressions": Case({"resources": EXPRESSIONS}, **VIEWS, sent=FROM_ALLOWED),
    "views, not covered": Case({"resources": ELSEWHERE}, **VIEWS, sent=FROM_ALLOWED, expected=None),
    "views, decorated": Case(LIST, LIST, **VIEWS, sent=FROM_ALLOWED),
    "views, decorated alone": Case(None, LIST, neighbours=20, sent=FROM_ALLOWED),
    "views, Vary": Case(LIST, **VIEWS, sent=FROM_ALLOWED, varies=True),
    "views, preflight": preflight(**VIEWS),
    "default": Case({}, sent=FROM_ALLOWED),
    "allowed": Case(LIST, sent=FROM_ALLOWED),
    "refused": Case(LIST, sent=FROM_EVIL, expected=None),
    "plain": Case(LIST, expected=None),
    "preflight": preflight(),
    "preflight, new": preflight("content-type,x-#"),
    "default, new": Case({}, sent={"Origin": "https://a#.example"}, expected="https://a0.example"),
    "refused, new": Case(LIST, sent={"Origin": "https://evil#.test"}, expected=None),
    "preflight refused": preflight(origin=EVIL, expected=None),
    "decorated": Case(view_options=LIST, sent=FROM_ALLOWED),
    "decorated, app too": Case(LIST, LIST, sent=FROM_ALLOWED),
    "decorated async": Case(view_options=LIST, sent=FROM_ALLOWED, is_async=True, only_newer=True),
    "beside decorated": Case(LIST, sent=FROM_ALLOWED, neighbours=20),
    "preflight of view": preflight(view_options=LIST, neighbours=20),
}
for _count in ORIGIN_COUNTS:
    _middle = f"site{_count // 2}.example"
    CASES[f"exact {_count}"] = Case(
        exact(_count), sent={"Origin": f"https://{_middle}"}, expected=f"https://{_middle}"
    )
    CASES[f"exact {_count} missed"] = Case(exact(_count), sent=FROM_EVIL, expected=None)
    CASES[f"wildcard {_count}"] = Case(
        wildcard(_count),
        sent={"Origin": f"https://a#.{_middle}"},
        expected=f"https://a0.{_middle}",
        only_newer=_count > MOST_REGEXES,
    )
    CASES[f"wildcard {_count} missed"] = Case(
        wildcard(_count), sent=FROM_EVIL, expected=None, only_newer=_count > MOST_REGEXES
    )
for _count in RESOURCE_COUNTS:
    CASES[f"literals {_count}"] = Case(
        resources("/r{}", _count), sent=FROM_ALLOWED, path=f"/r{_count // 2}"
    )
    CASES[f"globs {_count}"] = Case(
        resources("/r{}/*", _count), sent=FROM_ALLOWED, path=f"/r{_count // 2}/x"
    )
CASES |= {
    "hostile headers: commas": preflight("#" + "," * KIB_64),
    "hostile headers: names": preflight("#" + "a," * (KIB_64 // 2)),
    "hostile headers: one name": preflight("#" + "a" * KIB_64),
    "hostile headers: patterns": preflight(
        "x-#" + "x-app-" * (KIB_64 // 6), options={**LIST, "allow_headers": NAMES}
    ),
    "hostile origin: labels": preflight(
        origin="https://#" + "a." * (KIB_64 // 2), options=wildcard(1), expected=None
    ),
    "hostile origin: upper case": preflight(origin="#" + "A" * KIB_64, expected=None),
    "hostile origin: any": preflight(origin="https://#" + "a" * KIB_64, options={}, expected="*"),
}
