"""The policy, compiled once and immutable, and its decision about one request.

A policy reads the method and the header fields of a request, and returns header fields for the
response. The steps are the server's side of the CORS protocol
(https://fetch.spec.whatwg.org/#http-cors-protocol).
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial
from inspect import isawaitable
from types import CoroutineType
from typing import Literal, NamedTuple, TypeAlias

from .errors import AnswerError, Problem, Problems
from .headers import (
    ACL_ALLOW_HEADERS,
    ACL_CREDENTIALS,
    ACL_EXPOSE_HEADERS,
    ACL_MAX_AGE,
    ACL_METHODS,
    ACL_ORIGIN,
    ACL_REQUEST_HEADER_PRIVATE_NETWORK,
    ACL_REQUEST_HEADERS,
    ACL_REQUEST_METHOD,
    ACL_RESPONSE_PRIVATE_NETWORK,
    MAX_LIST_LENGTH,
    MAX_NAME_LENGTH,
    normalize_method,
    parse_names,
)
from .merge import VARY, Field, Lines, changed, merge
from .options import OPTIONS, CrossOriginOptions, OriginPredicate, Unpack
from .origins import MAX_ORIGIN_LENGTH, is_origin
from .protocols import RequestHeaders, ResponseHeaders
from .resources import PathPattern
from .settings import OptionSource, Settings, resolve_resources, resolve_view

Kind: TypeAlias = Literal["preflight", "actual", "plain"]
Outcome: TypeAlias = Literal["granted", "origin", "method", "headers"]
Answer: TypeAlias = tuple[bool, "Exception | None"]
"""Whether the callables allow an origin, and the exception that one of them raised."""

Context: TypeAlias = Callable[[], AbstractContextManager[object]]
"""Returns the context in which callables are called."""

MAX_REMEMBERED = 1024  # origins whose decision is kept, in addition to the exact ones

_TOO_LONG = "," * (MAX_LIST_LENGTH + 1)  # refused both as a method and as a list of headers

_VARY_ORIGIN = ("Origin",)
_VARY_PREFLIGHT = ("Origin", ACL_REQUEST_METHOD, ACL_REQUEST_HEADERS)


class Decision(NamedTuple):
    """A policy's answer to one request."""

    kind: Kind
    """`preflight`, `actual` (with `Origin`) or `plain` (without)"""
    outcome: Outcome = "granted"
    """`granted`, or the first check that failed, in Fetch's order"""
    headers: Lines = ()
    """the response fields, except `Vary`"""
    vary: tuple[str, ...] = ()
    """the request fields that `Vary` has to name"""
    error: Exception | None = None
    """the exception of an origin callable, because of which the origin was refused"""
    anyone: bool = False
    """whether the policy allows any website, by the wildcard or by a pattern as wide"""

    @property
    def lines(self) -> Lines:
        """Return the response fields, including `Vary`."""
        return (*self.headers, (VARY, ", ".join(self.vary))) if self.vary else self.headers

    def added_to(self, fields: Iterable[Field]) -> list[Field]:
        """Return the fields of a response together with those of the decision.

        If the response already has an Allow-Origin, nothing is changed, not even `Vary`.
        """
        return merge([*fields], self.lines, anyone=self.anyone)

    def apply(self, headers: ResponseHeaders) -> None:
        """Write the decision to a framework's response headers."""
        present = list(headers.items())
        for name, value in changed(present, self.added_to(present)):
            # Join the values in one line: assigning to a mapping replaces all lines of a name.
            same = [old for old_name, old in present if old_name.lower() == name.lower()]
            headers[name] = value if name == VARY else ", ".join([*same, value])


def ask(
    predicates: Iterable[OriginPredicate],
    origin: str,
    wait: Callable[[Awaitable[bool]], bool] | None = None,
    context: Context = nullcontext,
) -> Answer:
    """Call the callables one after the other until one allows the origin.

    `wait` runs an awaitable to completion; without it, the result of an `async` callable counts as
    a `TypeError`. If a callable or its context raises, or a callable returns a truthy value other
    than `True`, the origin is refused and the rest are not called.
    """
    try:
        with context():
            for predicate in predicates:
                answer = predicate(origin)
                if wait is not None and isawaitable(answer):
                    answer = wait(answer)
                if _allows(answer):
                    return True, None
    except Exception as error:  # noqa: BLE001  (the origin is refused, whatever users' code raises)
        return False, error
    return False, None


async def ask_async(predicates: Iterable[OriginPredicate], origin: str) -> Answer:
    """Same as `ask`, but awaits the results that are awaitable."""
    for predicate in predicates:
        try:
            answer = predicate(origin)
            if isawaitable(answer):
                answer = await answer
            if _allows(answer):
                return True, None
        except Exception as error:  # noqa: BLE001  (as above)
            return False, error
    return False, None


def _allows(answer: object) -> bool:
    """Return whether a callable's result allows the origin: only `True` does.

    The threat: if any truthy value did, a response with status 403, a partial match or a coroutine
    that has not even run would allow every origin.

    Raises:
        AnswerError: if the result is truthy, but not `True`.
    """
    if isinstance(answer, CoroutineType):
        answer.close()  # else Python warns that it was never awaited, but not where it comes from
        raise AnswerError(
            "an origin callable returned a coroutine, which cannot be awaited here: "
            "write `def` instead of `async def`"
        )
    if answer is not True and answer:
        raise AnswerError(
            f"an origin callable returned a value of type {type(answer).__name__}; "
            "only True allows an origin"
        )
    return answer is True


class Policy:
    """A compiled configuration, which makes a `Decision` about each request.

    It is immutable, so any number of threads and tasks can share one.

    Args:
        settings: the options after reading and merging.
    """

    settings: Settings
    anyone: bool
    """whether any website is allowed, by the wildcard or by a pattern as wide"""
    memo: dict[str | None, Lines]
    """The response fields for requests that are not preflights, by their `Origin` (`None` if they
    have none). Adapters look here first, and call `decide` if there is no entry. It remembers at
    most 1,024 origins in addition to the exact ones, none that is longer than an origin can be, and
    none if the policy has callables."""
    _only_origin: str | None
    """the value of Allow-Origin, if it is the same for everyone"""
    _vary: tuple[str, ...]
    _vary_preflight: tuple[str, ...]
    _credentials: Lines
    _readable: Lines
    """the fields of a granted response after Allow-Origin, if it does not answer a preflight"""
    _preflight: Callable[[str, str], tuple[Outcome, Lines]]
    _plain: Decision
    _refused: Decision
    _refused_preflight: Decision

    def __init__(self, settings: Settings) -> None:
        only_origin = settings.origins.only_origin if settings.always_send else None
        vary: tuple[str, ...] = ()
        vary_preflight: tuple[str, ...] = ()
        if settings.vary_header:
            vary, vary_preflight = _VARY_ORIGIN, _VARY_PREFLIGHT
            if settings.allow_private_network:
                vary_preflight = (*_VARY_PREFLIGHT, ACL_REQUEST_HEADER_PRIVATE_NETWORK)
        credentials = ((ACL_CREDENTIALS, "true"),) if settings.supports_credentials else ()
        exposed = ", ".join(settings.expose_headers)
        readable = (*credentials, (ACL_EXPOSE_HEADERS, exposed)) if exposed else credentials
        anyone = settings.origins.anyone
        everyone = "*" if settings.origins.any and settings.always_send else only_origin
        if everyone:
            plain = Decision("plain", headers=((ACL_ORIGIN, everyone), *readable), anyone=anyone)
        else:
            plain = Decision("plain", vary=vary)
        methods = ", ".join(sorted(settings.methods.names))
        vars(self).update(
            settings=settings,
            anyone=anyone,
            memo={None: plain.lines},
            _only_origin=only_origin,
            _vary=vary,
            _vary_preflight=vary_preflight,
            _credentials=credentials,
            _readable=readable,
            # Browsers send the same few preflights again and again.
            _preflight=lru_cache(maxsize=64)(partial(_check_preflight, settings, methods)),
            _plain=plain,
            _refused=Decision("actual", "origin", vary=vary),
            _refused_preflight=Decision("preflight", "origin", vary=vary_preflight),
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a policy is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a policy is immutable: {name} cannot be deleted")

    def __repr__(self) -> str:
        return f"Policy({self.settings!r})"

    @classmethod
    def from_options(cls, **options: Unpack[CrossOriginOptions]) -> "Policy":
        """Compile a policy from options.

        Raises:
            ConfigurationError: with all problems of the options.
        """
        problems = Problems()
        settings = resolve_view([OptionSource(options)], problems)
        problems.raise_errors()
        problems.issue_warnings()
        return cls(settings)

    def decide(
        self,
        method: str,
        headers: RequestHeaders,
        wait: Callable[[Awaitable[bool]], bool] | None = None,
        context: Context = nullcontext,
    ) -> Decision:
        """Decide about one request.

        Args:
            method: the request's method.
            headers: its header fields.
            wait: runs the awaitable of an `async` origin callable; without it, such a callable
                refuses the origin.
            context: returns the context manager in which origin callables are called.
        """
        origin = headers.get("Origin")
        if origin is None:
            return self._plain
        rules = self.settings.origins
        allowed, error = rules.verdict(origin), None
        if allowed is None:
            allowed, error = ask(rules.predicates, origin, wait, context)
        return self._answer(method, headers, origin, (allowed, error))

    async def decide_async(self, method: str, headers: RequestHeaders) -> Decision:
        """Same as `decide`, but awaits `async` origin callables."""
        origin = headers.get("Origin")
        if origin is None:
            return self._plain
        rules = self.settings.origins
        allowed, error = rules.verdict(origin), None
        if allowed is None:
            allowed, error = await ask_async(rules.predicates, origin)
        return self._answer(method, headers, origin, (allowed, error))

    def _answer(
        self, method: str, headers: RequestHeaders, origin: str, answer: Answer
    ) -> Decision:
        """Return the decision, once it is known whether the origin is allowed."""
        allowed, error = answer
        requested = headers.get(ACL_REQUEST_METHOD) if method == "OPTIONS" else None
        if not allowed:
            refused = self._refused if requested is None else self._refused_preflight
            decision = refused if error is None else refused._replace(error=error)
        elif requested is None:
            decision = self._grant(origin)
        else:
            decision = self._grant_preflight(origin, requested, headers)
        if requested is None:
            self._remember(origin, decision)
        return decision

    def _grant(self, origin: str) -> Decision:
        """Return the decision about a request from an allowed origin that is not a preflight."""
        value, vary = self._allowed_origin(origin)
        fields = ((ACL_ORIGIN, value), *self._readable)
        return Decision("actual", "granted", fields, vary, anyone=self.anyone)

    def _grant_preflight(self, origin: str, method: str, headers: RequestHeaders) -> Decision:
        """Return the decision about a preflight from an allowed origin."""
        value, _ = self._allowed_origin(origin)
        names = headers.get(ACL_REQUEST_HEADERS) or ""
        # Longer values are refused in any case. Replacing them keeps the cache small: it would
        # otherwise hash and store client-controlled strings of any length.
        outcome, granted = self._preflight(
            method if len(method) <= MAX_NAME_LENGTH else _TOO_LONG,
            names if len(names) <= MAX_LIST_LENGTH else _TOO_LONG,
        )
        fields = ((ACL_ORIGIN, value), *self._credentials, *granted)
        asked = ACL_REQUEST_HEADER_PRIVATE_NETWORK
        if self.settings.allow_private_network and headers.get(asked) == "true":
            fields = (*fields, (ACL_RESPONSE_PRIVATE_NETWORK, "true"))
        return Decision("preflight", outcome, fields, self._vary_preflight, anyone=self.anyone)

    def _allowed_origin(self, origin: str) -> tuple[str, tuple[str, ...]]:
        """Return the Allow-Origin of an allowed origin, and the `Vary` that it needs."""
        if self._only_origin is not None:
            return self._only_origin, ()
        settings = self.settings
        # Never echo a value that is not an origin. It gets here only if any origin is allowed.
        if settings.origins.any and (settings.send_wildcard or not is_origin(origin)):
            return "*", ()
        return origin, self._vary

    def _remember(self, origin: str, decision: Decision) -> None:
        """Remember the decision about an origin, unless callables may decide differently later."""
        rules = self.settings.origins
        if rules.predicates or len(origin) > MAX_ORIGIN_LENGTH:
            return
        if len(self.memo) >= MAX_REMEMBERED + len(rules.exact):
            self.memo.clear()  # frequent origins are soon added again
            self.memo[None] = self._plain.lines
        self.memo[origin] = decision.lines


def _check_preflight(
    settings: Settings, methods: str, method: str, headers: str
) -> tuple[Outcome, Lines]:
    """Check the method and headers that a preflight asks for; return the outcome and fields."""
    method = normalize_method(method)
    if not settings.methods.allow(method):
        return "method", ()
    fields = [(ACL_METHODS, method if settings.methods.any else methods)]
    names = parse_names(headers)
    allowed = settings.allow_headers.allowed(names or ())
    if allowed:
        fields.append((ACL_ALLOW_HEADERS, ", ".join(sorted(set(allowed)))))
    if settings.max_age is not None:
        fields.append((ACL_MAX_AGE, str(settings.max_age)))
    granted = names is not None and len(allowed) == len(names)
    return "granted" if granted else "headers", tuple(fields)


def compile_resources(
    sources: Iterable[OptionSource],
    problems: Problems,
    already_warned: Sequence[Problem] = (),
    allowed: AbstractSet[str] = OPTIONS,
) -> list[tuple[PathPattern, Policy]]:
    """Compile the policy of each resource from options in several places, the weakest first.

    Raises:
        ConfigurationError: with all problems of the options.
    """
    resolved = resolve_resources(sources, problems, allowed)
    problems.raise_errors()
    problems.issue_warnings(already_warned)
    return [(path, Policy(settings)) for path, settings in resolved]
