"""The policy, compiled once and immutable, and the decision that it makes about one request.

Values in, values out: a policy reads the method and the header fields of a request and answers
with the fields of the response. The steps are those of Fetch, "CORS protocol", seen from the
server.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
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
"""Whether the callables allow an origin, and what one of them raised"""

MAX_REMEMBERED = 1024  # origins, beside the exact ones, whose decision is kept

_TOO_LONG = "," * (MAX_LIST_LENGTH + 1)  # for a method, and for a list

_VARY_ORIGIN = ("Origin",)
_VARY_PREFLIGHT = ("Origin", ACL_REQUEST_METHOD, ACL_REQUEST_HEADERS)


class Decision(NamedTuple):
    """What a policy says about one request."""

    kind: Kind
    """`preflight`, `actual` (with `Origin`) or `plain` (without)"""
    outcome: Outcome = "granted"
    """`granted`, or the first check that failed, in Fetch's order"""
    headers: Lines = ()
    """the response fields, but for `Vary`"""
    vary: tuple[str, ...] = ()
    """the request fields that `Vary` has to name"""
    error: Exception | None = None
    """what went wrong with an origin callable; the origin was refused for it"""
    anyone: bool = False
    """whether the policy lets any website in, by the wildcard or by what is as wide"""

    @property
    def lines(self) -> Lines:
        """Return the response fields, with `Vary`."""
        return (*self.headers, (VARY, ", ".join(self.vary))) if self.vary else self.headers

    def added_to(self, fields: Iterable[Field]) -> list[Field]:
        """Return the lines of a response together with what the decision adds to them.

        A response that has an Allow-Origin already is left alone, `Vary` included.
        """
        return merge([*fields], self.lines, anyone=self.anyone)

    def apply(self, headers: ResponseHeaders) -> None:
        """Write the decision to a framework's response headers."""
        present = list(headers.items())
        for name, value in changed(present, self.added_to(present)):
            # One line for all: a mapping's assignment replaces the lines of that name.
            same = [old for old_name, old in present if old_name.lower() == name.lower()]
            headers[name] = value if name == VARY else ", ".join([*same, value])


def ask(
    predicates: Iterable[OriginPredicate],
    origin: str,
    wait: Callable[[Awaitable[bool]], bool] | None = None,
) -> Answer:
    """Ask callables whether an origin is allowed, one after the other until one says so.

    `wait` runs an awaitable to its end; without it an `async` callable denies with a `TypeError`.
    One that raises, or gives no answer, denies for all.
    """
    for predicate in predicates:
        try:
            answer = predicate(origin)
            if wait is not None and isawaitable(answer):
                answer = wait(answer)
            if _is_yes(answer):
                return True, None
        except Exception as error:  # noqa: BLE001  (whatever a user's code raises denies)
            return False, error
    return False, None


async def ask_async(predicates: Iterable[OriginPredicate], origin: str) -> Answer:
    """Same as `ask`, awaiting what needs to be."""
    for predicate in predicates:
        try:
            answer = predicate(origin)
            if isawaitable(answer):
                answer = await answer
            if _is_yes(answer):
                return True, None
        except Exception as error:  # noqa: BLE001  (as above)
            return False, error
    return False, None


def _is_yes(answer: object) -> bool:
    """Return whether what a callable answered lets an origin in: only `True` does.

    The threat: what is merely truthy (a response with status 403, a match that found a part, a
    coroutine or generator that has not even run) would let everyone in.

    Raises:
        AnswerError: if the answer is neither `True` nor false.
    """
    if isinstance(answer, CoroutineType):
        answer.close()  # else it warns that it was never awaited, without saying of whom
        raise AnswerError(
            "an origin callable answered with a coroutine, which nobody awaits here: "
            "write `def` instead of `async def`"
        )
    if answer is not True and answer:
        raise AnswerError(
            f"an origin callable answered with a value of type {type(answer).__name__}; "
            "only True lets an origin in"
        )
    return answer is True


class Policy:
    """One configuration, compiled: it compares, and answers with a `Decision`.

    It does not change, so one policy serves any number of threads and tasks.

    Args:
        settings: the options, read and merged.
    """

    settings: Settings
    anyone: bool
    """whether any website is let in, by the wildcard or by what is as wide"""
    memo: dict[str | None, Lines]
    """The fields of responses that answer no preflight, by the request's `Origin` (`None`: it has
    none). Adapters look here first, and `decide` where nothing is found. It holds what was asked
    for lately: at most 1,024 origins beside the exact ones, none longer than an origin can be, and
    none where a callable decides."""
    _only_origin: str | None
    """the origin, if Allow-Origin is that one for everyone"""
    _vary: tuple[str, ...]
    _vary_preflight: tuple[str, ...]
    _credentials: Lines
    _readable: Lines
    """what a granted response carries beside Allow-Origin, if it is no preflight"""
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
            # Browsers ask for the same few things again and again.
            _preflight=lru_cache(maxsize=64)(partial(_check_preflight, settings, methods)),
            _plain=plain,
            _refused=Decision("actual", "origin", vary=vary),
            _refused_preflight=Decision("preflight", "origin", vary=vary_preflight),
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a policy does not change: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a policy does not change: {name} cannot be deleted")

    def __repr__(self) -> str:
        return f"Policy({self.settings!r})"

    @classmethod
    def from_options(cls, **options: Unpack[CrossOriginOptions]) -> "Policy":
        """Compile a policy from options.

        Raises:
            ConfigurationError: with every problem of the options.
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
    ) -> Decision:
        """Decide about one request.

        Args:
            method: the request's method.
            headers: its header fields.
            wait: runs what an `async` origin callable returns; without it such a callable denies.
        """
        origin = headers.get("Origin")
        if origin is None:
            return self._plain
        rules = self.settings.origins
        allowed, error = rules.verdict(origin), None
        if allowed is None:
            allowed, error = ask(rules.predicates, origin, wait)
        return self._answer(method, headers, origin, (allowed, error))

    async def decide_async(self, method: str, headers: RequestHeaders) -> Decision:
        """Same as `decide`, awaiting the origin callables that need it."""
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
        """Return the decision, now that it is known whether the origin is allowed."""
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
        """Return the decision about a request that is no preflight, from an allowed origin."""
        value, vary = self._allowed_origin(origin)
        fields = ((ACL_ORIGIN, value), *self._readable)
        return Decision("actual", "granted", fields, vary, anyone=self.anyone)

    def _grant_preflight(self, origin: str, method: str, headers: RequestHeaders) -> Decision:
        """Return the decision about a preflight from an allowed origin."""
        value, _ = self._allowed_origin(origin)
        names = headers.get(ACL_REQUEST_HEADERS) or ""
        # What is longer is refused, whatever it is; so the cache hashes and holds short texts only.
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
        # Nothing that is no origin is echoed. Only where any origin is allowed can it get here.
        if settings.origins.any and (settings.send_wildcard or not is_origin(origin)):
            return "*", ()
        return origin, self._vary

    def _remember(self, origin: str, decision: Decision) -> None:
        """Keep what is decided about an origin, where no callable may say otherwise tomorrow."""
        rules = self.settings.origins
        if rules.predicates or len(origin) > MAX_ORIGIN_LENGTH:
            return
        if len(self.memo) >= MAX_REMEMBERED + len(rules.exact):
            self.memo.clear()  # those that ask often are soon back
            self.memo[None] = self._plain.lines
        self.memo[origin] = decision.lines


def _check_preflight(
    settings: Settings, methods: str, method: str, headers: str
) -> tuple[Outcome, Lines]:
    """Check the method and the headers that a preflight asks for; return what it is granted."""
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
    """Return the policy of each resource that options in places, the weakest first, result in.

    Raises:
        ConfigurationError: with every problem of the options.
    """
    resolved = resolve_resources(sources, problems, allowed)
    problems.raise_errors()
    problems.issue_warnings(already_warned)
    return [(path, Policy(settings)) for path, settings in resolved]
