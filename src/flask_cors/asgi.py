"""CORS for any ASGI app: Quart, Starlette, FastAPI, Django, or Flask behind an ASGI server.

Preflights are answered here; of other responses, only `http.response.start` is changed. Exceptions
are passed on, since something around the middleware (the parent of a mount, a handler, a debugger)
may answer them, which it cannot know.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlparse

from ._log import is_worth_logging, log_decision
from .core import Decision, Policy
from .core.errors import Problems
from .core.headers import MAX_LIST_EMPTY, MAX_LIST_NAMES, REQUEST_FIELDS
from .core.merge import MERGED_FIELDS, RESPONSE_FIELDS, Field, merge
from .core.options import MIDDLEWARE_OPTIONS, MiddlewareOptions, Unpack
from .core.policy import compile_resources
from .core.resources import ResourceTable
from .core.settings import OptionSource

# Each framework and server has its own types for these. Only types as wide as these fit all of
# them, both as parameters and as arguments; `asgiref.typing` would reject the apps of most.
Scope: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
Lines: TypeAlias = Iterable[tuple[bytes, bytes]]

# In ASGI, field names are bytes, and those of a response are in lower case.
_READ = {name.lower().encode("ascii"): name for name in REQUEST_FIELDS}
_WRITTEN = {name: name.lower().encode("ascii") for name in RESPONSE_FIELDS}
_MERGED = frozenset(name.encode("ascii") for name in MERGED_FIELDS)

_AUTHORITY = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*")
_MAX_LAYERS = 100  # around an app; some objects make up any attribute, `app` too

# A list of more lines has more elements than a policy accepts; of other fields, two are too many.
_MAX_LINES = MAX_LIST_NAMES + MAX_LIST_EMPTY + 1


class ScopeHeaders:
    """The header fields of an ASGI request that a policy reads.

    Several lines of one name are joined (RFC 9110, section 5.3).
    """

    __slots__ = ("_fields",)

    def __init__(self, lines: Lines) -> None:
        self._fields: dict[str, list[bytes]] = {}
        for key, value in lines:
            name = _READ.get(key.lower())
            if name is None:
                continue
            values = self._fields.get(name)
            if values is None:
                self._fields[name] = [value]
            elif len(values) < _MAX_LINES:
                values.append(value)

    def get(self, name: str, /) -> str | None:
        """Return the value of the field `name`, or `None` where the request has none."""
        values = self._fields.get(name)
        return None if values is None else b", ".join(values).decode("latin-1")


def routed_paths(scope: Scope, own_roots: Iterable[str] = ()) -> list[str]:
    """Return the path that frameworks route on: without the root path, with one leading slash.

    If frameworks differ, there are several: Quart removes a root path of `/app` from `/apple` too.
    There is none if a framework cannot read the path.

    Args:
        scope: the scope of the request.
        own_roots: root paths that an app may put in the place of the server's.
    """
    path: str = scope["path"]
    roots = (scope.get("root_path") or "", *own_roots)
    if roots == ("",) and path.startswith("/"):  # the usual case
        return ["/" + path.lstrip("/")]
    paths = [path]
    if not path.startswith("/"):  # Hypercorn may pass a whole URL, and Quart routes on its path
        try:
            paths = [_AUTHORITY.sub("", path), urlparse(path).path]
        except ValueError:
            return []
    read: list[str] = []
    for root in roots:
        for each in paths:
            below = each.removeprefix(root.rstrip("/"))
            read += [below] if below[:1] in {"", "/"} else [each, below]
    return ["/" + each.lstrip("/") for each in read]


def _with_root_path(app: object) -> list[Any]:
    """Return those of an app and the apps that it wraps that can have a root path of their own.

    FastAPI has, and routes on what is below it. `root_path` of Quart and Flask is a folder.
    """
    wrapped = [app]
    while (inner := getattr(wrapped[-1], "app", None)) is not None and len(wrapped) < _MAX_LAYERS:
        wrapped.append(inner)
    return [
        each
        for each in wrapped
        if isinstance(getattr(each, "root_path", None), str) and not hasattr(each, "import_name")
    ]


class CORSMiddleware:
    """A middleware that answers preflights and adds CORS headers to the responses of an ASGI app.

    Exceptions of the app are passed on. The 500 response to one has the headers if the framework
    that creates it is inside the middleware (`app = CORSMiddleware(app, …)`).

    Args:
        app: the ASGI app.
        options: the options of `flask_cors.CORS`, by name, except `intercept_exceptions`. Origin
            callables may be `async`.

    Raises:
        ConfigurationError: with all problems of the options.
    """

    def __init__(self, app: ASGIApp, **options: Unpack[MiddlewareOptions]) -> None:
        self.app = app
        entries = compile_resources(
            [OptionSource({**options})], Problems(), allowed=MIDDLEWARE_OPTIONS
        )
        self._resources = ResourceTable(entries)
        self._with_root_path = _with_root_path(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        policy = self._policy(scope) if scope["type"] == "http" else None
        if policy is None:
            await self.app(scope, receive, send)
            return
        decision = await _decide(policy, scope)
        if decision.kind == "preflight" and policy.settings.automatic_options:
            await _answer_preflight(decision, send)
            return

        async def send_with_headers(event: Mapping[str, Any]) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": _added(decision, event.get("headers", ()))}
            await send(event)

        await self.app(scope, receive, send_with_headers)

    def _policy(self, scope: Scope) -> Policy | None:
        """Return the policy that applies; none if that depends on the framework."""
        apps = self._with_root_path
        own_roots = {app.root_path for app in apps if app.root_path} if apps else ()
        policies = [*map(self._resources.find, routed_paths(scope, own_roots))]
        policy, *others = policies or [None]
        return policy if all(other is policy for other in others) else None


async def _decide(policy: Policy, scope: Scope) -> Decision:
    """Return the decision of a policy about a request, and log it."""
    method: str = scope["method"]
    headers = ScopeHeaders(scope.get("headers", ()))
    # Servers do not change the method's case, and frameworks accept `options` for OPTIONS.
    decision = await policy.decide_async(method.upper(), headers)
    if is_worth_logging(decision):
        log_decision(decision, policy, method, routed_paths(scope)[0], headers)
    return decision


async def _answer_preflight(decision: Decision, send: Send) -> None:
    """Answer with 200 and no body, even if refused, so that browsers can say what failed."""
    lines = [(b"content-length", b"0"), (b"content-type", b"text/plain")]
    lines += map(_encoded, decision.lines)
    await send({"type": "http.response.start", "status": 200, "headers": lines})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _added(decision: Decision, lines: Lines) -> Lines:
    """Return the lines of a response with those of the decision; the app's are not changed."""
    lines = list(lines)
    if not any(bytes(name).lower() in _MERGED for name, _ in lines):
        return [*lines, *map(_encoded, decision.lines)]
    present = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines]
    own = dict(zip(present, lines, strict=True))
    merged = merge(present, decision.lines, anyone=decision.anyone)
    return [own.get(field) or _encoded(field) for field in merged]


def _encoded(field: Field) -> tuple[bytes, bytes]:
    name, value = field
    return _WRITTEN[name], value.encode("latin-1")
