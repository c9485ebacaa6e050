"""The policy, compiled once and immutable, and the decision that it makes about one request.

Values in, values out: a policy reads the method and the header fields of a request and answers
with the fields of the response. The steps are those of Fetch, "CORS protocol", seen from the
server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import isawaitable
from types import CoroutineType
from typing import Literal, NamedTuple, TypeAlias

from .errors import Problem, Problems
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
from .options import (
    CROSS_ORIGIN_OPTIONS,
    CrossOriginOptions,
    OptionSource,
    Settings,
    Unpack,
    read_layer,
    resolve,
    validate_settings,
)
from .origins import MAX_ORIGIN_LENGTH, OriginPredicate, is_origin
from .protocols import RequestHeaders, ResponseHeaders
from .resources import PathPattern

Kind: TypeAlias = Literal["preflight", "actual", "plain"]
Outcome: TypeAlias = Literal["granted", "origin", "method", "headers"]
Answer: TypeAlias = tuple[bool, "Exception | None"]
"""Whether the callables allow an origin, and what one of them raised"""

MAX_KNOWN = 1024  # origins, beside the exact ones, whose decision is kept

_TOO_LONG = "," * (MAX_LIST_LENGTH + 1)  # for a method, and for a list

_VARY_ORIGIN = ("Origin",)
_VARY_PREFLIGHT = ("Origin", ACL_REQUEST_METHOD, ACL_REQUEST_HEADERS)


class Decision(NamedTuple):
    """Is what a policy says about one request."""

    kind: Kind
    """`preflight`, `actual` (with `Origin`) or `plain` (without)"""
    outcome: Outcome = "granted"
    """`granted`, or the first check that failed, in Fetch's order"""
    headers: Lines = ()
    """the response fields, but for `Vary`"""
    vary: tuple[str, ...] = ()
    """the request fields that `Vary` has to name"""
    error: Exception | None = None
    """what an origin callable raised; the origin was refused for it"""
    anyone: bool = False
    """whether the policy allows any origin"""

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
    One that raises denies for all.
    """
    for predicate in predicates:
        try:
            answer = predicate(origin)
            if isawaitable(answer):
                answer = wait(answer) if wait else _not_awaited(answer)
            if answer:
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
            if answer:
                return True, None
        except Exception as error:  # noqa: BLE001  (as above)
            return False, error
    return False, None


def _not_awaited(answer: object) -> bool:
    if isinstance(answer, CoroutineType):
        answer.close()
    raise TypeError(
        "an origin callable returned an awaitable, and there is no event loop to run it"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """Is one configuration, compiled: it compares, and answers with a `Decision`.

    Immutable, so one policy serves any number of threads and tasks.
    """

    settings: Settings
    anyone: bool = field(init=False, repr=False)
    """whether any origin is allowed"""
    _only_origin: str | None = field(init=False, repr=False)
    """the origin, if Allow-Origin is that one for everyone"""
    _vary: tuple[str, ...] = field(init=False, repr=False)
    _vary_preflight: tuple[str, ...] = field(init=False, repr=False)
    _credentials: Lines = field(init=False, repr=False)
    _readable: Lines = field(init=False, repr=False)
    """what a granted response carries beside Allow-Origin, if it is no preflight"""
    _methods: str = field(init=False, repr=False)
    _preflight: Callable[[str, str], tuple[Outcome, Lines]] = field(init=False, repr=False)
    known: dict[str | None, Lines] = field(init=False, repr=False)
    """the lines that the response to a request which is no preflight gets, by its `Origin`"""
    _plain: Decision = field(init=False, repr=False)
    _refused: Decision = field(init=False, repr=False)
    _refused_preflight: Decision = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Compute what is the same for every request."""
        settings = self.settings
        only_origin = settings.origins.only_origin if settings.always_send else None
        vary = _VARY_ORIGIN if settings.vary_header else ()
        vary_preflight = _VARY_PREFLIGHT if settings.vary_header else ()
        credentials = ((ACL_CREDENTIALS, "true"),) if settings.supports_credentials else ()
        exposed = ", ".join(settings.expose_headers)
        readable = (*credentials, (ACL_EXPOSE_HEADERS, exposed)) if exposed else credentials
        anyone = settings.origins.any
        everyone = "*" if settings.origins.any and settings.always_send else only_origin
        if everyone:
            plain = Decision("plain", headers=((ACL_ORIGIN, everyone), *readable), anyone=anyone)
        else:
            plain = Decision("plain", vary=vary)
        for name, value in (
            ("anyone", anyone),
            ("_only_origin", only_origin),
            ("_vary", vary),
            ("_vary_preflight", vary_preflight),
            ("_credentials", credentials),
            ("_readable", readable),
            ("_methods", ", ".join(sorted(settings.methods.names))),
            # Browsers ask for the same few things again and again.
            ("_preflight", lru_cache(maxsize=64)(self._check_preflight)),
            ("known", {None: plain.lines}),
            ("_plain", plain),
            ("_refused", Decision("actual", "origin", vary=vary)),
            ("_refused_preflight", Decision("preflight", "origin", vary=vary_preflight)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def from_options(cls, **options: Unpack[CrossOriginOptions]) -> Policy:
        """Compile a policy from options.

        Raises:
            ConfigurationError: with every problem of the options.
        """
        problems = Problems()
        values = read_layer(OptionSource(options), CROSS_ORIGIN_OPTIONS, problems)
        settings = validate_settings(values, "", problems)
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
        allowed = rules.verdict(origin)
        if allowed is None:
            allowed, error = ask(rules.predicates, origin, wait)
            return self._answer(method, headers, origin, allowed, error)
        return self._answer(method, headers, origin, allowed)

    async def decide_async(self, method: str, headers: RequestHeaders) -> Decision:
        """Same as `decide`, awaiting the origin callables that need it."""
        origin = headers.get("Origin")
        if origin is None:
            return self._plain
        rules = self.settings.origins
        allowed = rules.verdict(origin)
        if allowed is None:
            allowed, error = await ask_async(rules.predicates, origin)
            return self._answer(method, headers, origin, allowed, error)
        return self._answer(method, headers, origin, allowed)

    def _answer(
        self,
        method: str,
        headers: RequestHeaders,
        origin: str,
        allowed: bool,  # noqa: FBT001  (what was found)
        error: Exception | None = None,
    ) -> Decision:
        """Return the decision, now that it is known whether the origin is allowed."""
        requested = headers.get(ACL_REQUEST_METHOD) if method == "OPTIONS" else None
        settings = self.settings
        if not allowed:
            if requested is not None or error is not None or settings.origins.predicates:
                refused = self._refused if requested is None else self._refused_preflight
                return refused if error is None else refused._replace(error=error)
            return self._remembered(origin, self._refused)
        value, vary = origin, self._vary
        if origin == self._only_origin:
            vary = ()
        elif settings.origins.any and (settings.send_wildcard or not is_origin(origin)):
            # Only where any origin is allowed can one get here that is malformed.
            value, vary = "*", ()
        if requested is None:
            fields = ((ACL_ORIGIN, value), *self._readable)
            decision = Decision("actual", "granted", fields, vary, anyone=self.anyone)
            return decision if settings.origins.predicates else self._remembered(origin, decision)
        # What is longer is refused, whatever it is.
        names = headers.get(ACL_REQUEST_HEADERS) or ""
        outcome, granted = self._preflight(
            requested if len(requested) <= MAX_NAME_LENGTH else _TOO_LONG,
            names if len(names) <= MAX_LIST_LENGTH else _TOO_LONG,
        )
        fields = ((ACL_ORIGIN, value), *self._credentials, *granted)
        if (
            settings.allow_private_network
            and headers.get(ACL_REQUEST_HEADER_PRIVATE_NETWORK) == "true"
        ):
            fields = (*fields, (ACL_RESPONSE_PRIVATE_NETWORK, "true"))
        return Decision("preflight", outcome, fields, self._vary_preflight, anyone=self.anyone)

    def _remembered(self, origin: str, decision: Decision) -> Decision:
        """Keep what is decided about an origin, where no callable may say otherwise tomorrow."""
        if len(origin) <= MAX_ORIGIN_LENGTH:
            if len(self.known) >= MAX_KNOWN + len(self.settings.origins.exact):
                self.known.clear()  # those that ask often are soon back
                self.known[None] = self._plain.lines
            self.known[origin] = decision.lines
        return decision

    def _check_preflight(self, method: str, headers: str) -> tuple[Outcome, Lines]:
        """Check the method and the headers that a preflight asks for; return what it is granted."""
        settings, method = self.settings, normalize_method(method)
        if not settings.methods.allow(method):
            return "method", ()
        fields = [(ACL_METHODS, method if settings.methods.any else self._methods)]
        names = parse_names(headers)
        allowed = settings.allow_headers.allowed(names or ())
        if allowed:
            fields.append((ACL_ALLOW_HEADERS, ", ".join(sorted(set(allowed)))))
        if settings.max_age is not None:
            fields.append((ACL_MAX_AGE, str(settings.max_age)))
        granted = names is not None and len(allowed) == len(names)
        return "granted" if granted else "headers", tuple(fields)


def compile_resources(
    layers: Iterable[OptionSource], problems: Problems, told: Sequence[Problem] = ()
) -> list[tuple[PathPattern, Policy]]:
    """Return the policy of each resource that layers of options, the weakest first, result in.

    Raises:
        ConfigurationError: with every problem of the options.
    """
    resolved = resolve(layers, problems)
    problems.raise_errors()
    problems.issue_warnings(told)
    return [(path, Policy(settings)) for path, settings in resolved]
