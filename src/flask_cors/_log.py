"""What the logger `flask_cors` says: every decision, escaped and of bounded length."""

from __future__ import annotations

import logging

from .core import ACL_REQUEST_HEADERS, ACL_REQUEST_METHOD, Decision, Policy, RequestHeaders
from .core.errors import AnswerError, safe_repr
from .core.headers import parse_names

logger = logging.getLogger("flask_cors")
root_logger = logging.getLogger()
logger.addHandler(logging.NullHandler())


def is_worth_logging(decision: Decision) -> bool:
    """Return whether `log_decision` may have something to say; else it need not be called."""
    return decision.error is not None or logger.isEnabledFor(logging.INFO)


def log_decision(
    decision: Decision, policy: Policy, method: str, path: str, headers: RequestHeaders
) -> None:
    """Log one decision: DEBUG, a refused preflight INFO, a callable that raised ERROR."""
    error = decision.error
    if isinstance(error, AnswerError):
        logger.error("CORS: %s; the origin %s is refused", error, safe_repr(headers.get("Origin")))
    elif error is not None:
        logger.error(
            "CORS: an origin callable raised for %s; the origin is refused",
            safe_repr(headers.get("Origin")),
            exc_info=error,
        )
    refused_preflight = decision.kind == "preflight" and decision.outcome != "granted"
    level = logging.INFO if refused_preflight else logging.DEBUG
    if logger.isEnabledFor(level):
        about = f"{safe_repr(method)[1:-1]} {safe_repr(path)[1:-1]}"
        logger.log(level, "CORS: %s %s: %s", decision.kind, about, _told(decision, policy, headers))


def _told(decision: Decision, policy: Policy, headers: RequestHeaders) -> str:
    """Return the outcome in words, with what was asked for."""
    origin = headers.get("Origin")
    if origin is None:
        return f"no Origin, {len(decision.headers)} header(s) to add"
    told = f"origin {safe_repr(origin)}"
    if decision.outcome == "granted":
        return f"{told} granted"
    if decision.outcome == "method":
        return f"{told}: method {safe_repr(headers.get(ACL_REQUEST_METHOD))} is not in methods"
    if decision.outcome == "headers":
        names = parse_names(headers.get(ACL_REQUEST_HEADERS) or "")
        if names is None:
            return f"{told}: more headers are asked for than are checked"
        refused = [name for name in names if not policy.settings.allow_headers.allow(name)]
        return f"{told}: header {safe_repr(refused[0])} is not in allow_headers"
    pattern = policy.settings.origins.near_miss(origin)
    hint = f" (only its start matches {safe_repr(pattern)})" if pattern is not None else ""
    return f"{told} is not in origins{hint}"
