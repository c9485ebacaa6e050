"""Notes on a response that the page may read: error statuses, unread headers, lost cookies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias, cast

from .._advice import format_rules, write_options
from ..browser import FetchOutcome, Response, is_forbidden_header
from ..cookies import CookieNote
from ..core import ACL_ORIGIN
from ..core.headers import HeaderRules
from .causes import Case
from .fixes import looks_like_login
from .hand_written import hand_written
from .inspection import setting

# Response headers that scripts rarely need: for the connection, for security, for caches.
_RARELY_NEEDED = frozenset(
    """
    accept-ch accept-ranges age allow alt-svc clear-site-data connection content-encoding
    content-security-policy content-security-policy-report-only critical-ch
    cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy date
    document-policy expect-ct feature-policy keep-alive nel origin-agent-cluster p3p
    permissions-policy proxy-connection public-key-pins referrer-policy refresh report-to
    reporting-endpoints server server-timing set-cookie set-cookie2 sourcemap
    strict-transport-security timing-allow-origin trailer transfer-encoding upgrade vary via
    x-cache x-content-type-options x-dns-prefetch-control x-download-options x-frame-options
    x-permitted-cross-domain-policies x-powered-by x-robots-tag x-ua-compatible x-xss-protection
    """.split()  # noqa: SIM905  (one a line would be fifty lines)
)


NoteCode: TypeAlias = Literal[
    "console-differs",
    "cookie",
    "debugger",
    "error-status",
    "header-forbidden",
    "header-unread",
    "headers-by-hand",
    "login-redirect",
    "method-unnamed",
    "not-this-app",
    "same-origin",
    "second-layer",
    "session-cookie",
]
"""The stable codes of notes."""


class Note(NamedTuple):
    """A note on a response, with its stable code."""

    code: NoteCode
    text: str


def notes(cases: Sequence[Case], outcome: FetchOutcome) -> list[Note]:
    """Return the notes on a response that a page may read."""
    case, readable = cases[-1], cast("Response", outcome.response)
    return [
        *_about_the_status(case),
        *_about_the_origin(case, outcome),
        *_about_redirects(cases),
        *_unread_headers(case, readable),
        *_about_cookies(case, outcome),
    ]


def _about_the_status(case: Case) -> Iterator[Note]:
    if case.exchange.response.status < 400:
        return
    error = case.describe_error()
    if case.trace.error is not None and case.app is not None and case.app.debug:
        yield Note("debugger", f"In debug mode this is the debugger's page: {error}.")
    else:
        yield Note("error-status", f"That is not a CORS error: {error}.")


def _about_the_origin(case: Case, outcome: FetchOutcome) -> Iterator[Note]:
    if not any(step.code in {"origin", "preflight-origin"} for step in outcome.steps):
        yield Note(
            "same-origin", "The page has the same origin as the app, so CORS does not apply."
        )
        return
    found = ", ".join(case.found(ACL_ORIGIN))
    if case.app is None or case.trace.for_other_server:
        return
    where = ", ".join(map(str, hand_written(case.app, case.endpoint)))
    at = f" in {where}" if where else ""
    differs = case.policy is not None and found != case.expected(ACL_ORIGIN)
    if differs and case.trace.is_live:
        yield Note(
            "not-this-app",
            f"With this app, {ACL_ORIGIN} is {case.expected(ACL_ORIGIN) or 'missing'}: the server "
            "runs other code, or something in front of it writes the header.",
        )
    elif differs:
        look = at or ": look for an after_request hook, a view, a second library or a middleware"
        yield Note(
            "second-layer",
            f"Another layer of the app writes these headers too: {ACL_ORIGIN} is {found}{look}. "
            "Let only one place write them.",
        )
    elif case.policy is None and where:
        yield Note(
            "headers-by-hand",
            f"These headers are written by hand{at}. Use CORS(app) instead.",
        )


def _about_redirects(cases: Sequence[Case]) -> Iterator[Note]:
    if len(cases) < 2 or not cases[-2].found("Location"):
        return
    url, before = cases[-1].exchange.sent.request.url, cases[-2]
    if looks_like_login(url, before.exchange.sent.request.url):
        yield Note(
            "login-redirect",
            f"The app redirects {before.path} to {url}, which looks like a login page. Answer "
            "scripts with 401 instead.",
        )


def _unread_headers(case: Case, readable: Response) -> Iterator[Note]:
    seen = {name.lower() for name, _ in readable.headers}
    unread = sorted(
        {
            name
            for name, _ in case.exchange.response.headers
            if name.lower() not in seen | _RARELY_NEEDED
            and not name.lower().startswith("access-control-")
        }
    )
    if not unread:
        return
    text = f"The script cannot read {', '.join(unread)}."
    if case.policy is None:
        names = format_rules(HeaderRules(names=frozenset(unread)))
        yield Note("header-unread", f"{text} To allow it: expose_headers={names}")
        return
    exposed = HeaderRules(names=frozenset(case.settings.expose_headers))
    edit = write_options(
        case.settings, {"expose_headers": format_rules(exposed, *unread)}, case.source
    )
    yield Note("header-unread", f"{text} {edit}")


def _about_cookies(case: Case, outcome: FetchOutcome) -> Iterator[Note]:
    first: dict[str, CookieNote] = {}
    for note in outcome.cookie_notes:
        first.setdefault(note.name, note)
    session = setting(case.app, "SESSION_COOKIE_NAME") if case.app else "session"
    for name, note in first.items():
        event = "is not stored" if note.event == "not-stored" else "is not sent"
        if note.code == "without-credentials":
            # A request without credentials is often meant to store no cookies.
            if name != session and note.event == "not-stored":
                continue
            yield Note(
                "cookie", f"The cookie {name} {event}: {note.detail}. Write credentials: 'include'"
            )
        elif name == session and note.code in _CROSS_SITE:
            yield Note(
                "session-cookie",
                f"The session cookie {event}: {note.detail}{_session_fix(case, note)}",
            )
        else:
            fix = ". Set it with samesite='None', secure=True" if note.code in _CROSS_SITE else ""
            if note.code == "secure-over-http":
                fix = _OVER_HTTPS
            yield Note("cookie", f"The cookie {name} {event}: {note.detail}{fix}")


_OVER_HTTPS = ". Serve the app over https"


def _session_fix(case: Case, note: CookieNote) -> str:
    """Return what to set so that browsers send the session cookie for pages of another site."""
    is_none = case.app and setting(case.app, "SESSION_COOKIE_SAMESITE").lower() == "none"
    if not (is_none and case.app and setting(case.app, "SESSION_COOKIE_SECURE")):
        return (
            ". For pages of another site set SESSION_COOKIE_SAMESITE = 'None' and "
            "SESSION_COOKIE_SECURE = True, and serve the app over https"
        )
    return _OVER_HTTPS if note.code == "secure-over-http" else ""


_CROSS_SITE = frozenset(
    {
        "samesite-lax",
        "samesite-lax-default",
        "samesite-none-insecure",
        "samesite-strict",
        "secure-over-http",
    }
)


CONSOLE_DIFFERS = Note(
    "console-differs",
    "The browser blocks the request, but the app allows it. A proxy may be between them, or the "
    "server runs older code. Ask the running server: --live URL",
)


def method_unnamed(method: str, *, with_json: bool, readable: bool) -> Note:
    """Return a note that a console line does not name the method, and which one was tried."""
    text = f"The line of the console does not name the method. This is for {method}"
    text += " with JSON" if with_json else ""
    if readable:
        text += (
            ", which the app allows. If the script uses another method, add -X METHOD; else ask "
            "the running server: --live URL"
        )
    else:
        text += ", the first one that is blocked. If the script uses another, add -X METHOD"
    return Note("method-unnamed", text)


def forbidden_headers(headers: Sequence[tuple[str, str]]) -> list[Note]:
    """Return a note for each header that no script can set."""
    return [
        Note(
            "header-forbidden",
            f"No script can set {name}, so it is left out."
            + (" Write --cookie NAME=VALUE" if name.lower() == "cookie" else ""),
        )
        for name, value in headers
        if is_forbidden_header(name, value)
    ]
