"""The log lines of the logger `flask_cors`: one for each decision, escaped and shortened."""

from __future__ import annotations

import logging

from .core import ACL_REQUEST_HEADERS, ACL_REQUEST_METHOD, Decision, Policy, RequestHeaders
from .core.errors import AnswerError, safe_repr
from .core.headers import parse_names

logger = logging.getLogger("flask_cors")
root_logger = logging.getLogger()
logger.addHandler(logging.NullHandler())


def is_worth_logging(decision: Decision) -> bool:
    """Return whether `log_decision` may write anything; otherwise it need not be called."""
    return decision.error is not None or logger.isEnabledFor(logging.INFO)


def log_decision(
    decision: Decision, policy: Policy, method: str, path: str, headers: RequestHeaders
) -> None:
    """Log one decision: at DEBUG, a refused preflight at INFO, a failed callable at ERROR."""
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
        result = _describe(decision, policy, headers)
        logger.log(level, "CORS: %s %s: %s", decision.kind, about, result)


def _describe(decision: Decision, policy: Policy, headers: RequestHeaders) -> str:
    """Return the outcome in words, with the values that the request asked for."""
    origin = headers.get("Origin")
    if origin is None:
        return f"no Origin, {len(decision.headers)} header(s) to add"
    start = f"origin {safe_repr(origin)}"
    if decision.outcome == "granted":
        return f"{start} granted"
    if decision.outcome == "method":
        return f"{start}: method {safe_repr(headers.get(ACL_REQUEST_METHOD))} is not in methods"
    if decision.outcome == "headers":
        names = parse_names(headers.get(ACL_REQUEST_HEADERS) or "")
        if names is None:
            return f"{start}: the preflight asks for too many headers"
        refused = [name for name in names if not policy.settings.allow_headers.allow(name)]
        return f"{start}: header {safe_repr(refused[0])} is not in allow_headers"
    pattern = policy.settings.origins.near_miss(origin)
    hint = f" (only its start matches {safe_repr(pattern)})" if pattern is not None else ""
    return f"{start} is not in origins{hint}"
