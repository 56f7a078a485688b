"""The values that travel through the middlewares, and how a path is made safe."""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from inspect import iscoroutine
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict, TypeVar, cast
from urllib.parse import quote

import attrs
from multidict import CIMultiDict, MultiMapping

from ngrok_async._json import Body, checked_dumps
from ngrok_async._numbers import as_float
from ngrok_async._shown import shown
from ngrok_async._unfrozen import unfrozen
from ngrok_async.errors import ConnectError, NgrokError

if TYPE_CHECKING:
    from ngrok_async.events import Event
else:
    # Most programs never listen, and making the classes of events is a sixth of our import; whoever
    # resolves annotations finds this in their place.
    Event = object

T = TypeVar("T")

_log: Final = logging.getLogger("ngrok_async.events")

OnEvent: TypeAlias = Callable[[Event], object]
"""Is told what happens during calls."""

JSON: TypeAlias = Any
"""Decoded JSON: None, a bool, int, float or str, or lists and dicts of them.

`Any`, since a caller who knows the route knows the shape, and a recursive union would make them
prove it at every step.
"""

EventName: TypeAlias = Literal[
    "AttemptEvent", "PauseEvent", "RetryEvent", "SharingEvent", "WaitEvent"
]

Effect: TypeAlias = Literal["read", "set", "remove", "act"]
"""What sending a request once more would do.

`read` and `set` (PUT, PATCH: absolute values) may be repeated. `remove` (DELETE, `stop`) may be
too, and a 404 on the repetition means done. `act` (create, `restart`, `update`) may not.
"""

EFFECTS: Final[Mapping[str, Effect]] = {
    "GET": "read",
    "HEAD": "read",
    "PUT": "set",
    "PATCH": "set",
    "DELETE": "remove",
    "POST": "act",
}

# Most ids: nothing to encode, and quote() is slow. (Asking for an identifier, which most of them
# are, is faster still.)
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


def _seconds(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value is not None and not 0 < as_float(value) < float("inf"):
        raise ValueError(
            f"{attribute.name} must be seconds above 0, or None for no limit; got {shown(value)}"
        )


@attrs.frozen
class Timeout:
    """How long a call may take, in seconds; None switches a limit off.

    Attributes:
        connect: To open a TCP connection and agree on TLS. Name resolution counts as `attempt`.
        attempt: For one request and its whole answer.
        total: For all attempts of a call and the pauses between them. A pause that would not fit is
            not begun. Waiting for the rate limit does not count: `max_wait` bounds that.
    """

    connect: float | None = attrs.field(default=5.0, validator=_seconds)
    attempt: float | None = attrs.field(default=30.0, validator=_seconds)
    total: float | None = attrs.field(default=180.0, validator=_seconds)


DEFAULT_TIMEOUT: Final = Timeout()


class Progress:
    """What the attempts of one call have in common.

    An attempt and a pause say when they begin and end, so nothing else that happens during a call
    uses up its `Timeout.total`: no wait in a limiter, and no middleware.

    Attributes:
        place: The place in the line of the rate limit that the first attempt had.
    """

    __slots__ = ("_running", "_since", "_spent", "place")

    def __init__(self) -> None:
        """Begin with no time spent."""
        self.place: int = 0
        self._spent = 0.0
        self._running = 0  # a middleware may send twice at the same time
        self._since = 0.0

    def begin(self, now: float) -> None:
        """Count the time from now on."""
        if not self._running:
            self._since = now
        self._running += 1

    def end(self, now: float) -> None:
        """Stop that."""
        # A clock that goes back gives nothing back.
        if now > self._since:
            self._spent += now - self._since
        self._since = now
        self._running -= 1

    def spent(self, now: float) -> float:
        """Return how many seconds attempts and pauses have taken."""
        return self._spent + max(0.0, now - self._since) if self._running else self._spent


class Options(TypedDict):
    """What a client sets in every request."""

    timeout: Timeout
    max_wait: float | None
    on_event: OnEvent | None


class Limits(Options):
    """The same for the requests of one call."""

    progress: Progress


NO_LIMITS: Final[Limits] = {
    "timeout": DEFAULT_TIMEOUT,
    "max_wait": None,
    "on_event": None,
    "progress": Progress(),
}


def _body(json: JSON) -> Body | None:
    # `attrs.evolve` hands on what was encoded before.
    return json if json is None or type(json) is Body else checked_dumps(json)


@attrs.frozen(kw_only=True, weakref_slot=False)  # see `unfrozen`
class Request:
    """A request that is built but not sent.

    It is made, and changed by `attrs.evolve`, with `json=`: plain JSON values, None for no body.
    They are encoded then and there, so that all attempts of a call have one body, whatever happens
    to the values. What cannot be encoded is a ValueError with its place.

    Attributes:
        method: The HTTP method in capitals.
        path: The percent-encoded path below the base URL, with a leading slash.
        query: Names and values, not yet encoded.
        body: The encoded body, or None. Not shown, since it may be secret.
        route: Method and path with the names of ids in place of the ids, for logs and metrics.
        effect: Whether sending it again is safe; see `Effect`.
        headers: Further headers that a middleware wants sent.
        timeout: The limits of the call that it belongs to.
        max_wait: The longest wait for the rate limit in seconds; None without a limit.
        attempt: Which attempt of the call it is, from 1.
        on_event: Who is told what happens; see `ngrok_async.events`.
        progress: What all attempts of the call share.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Body | None = attrs.field(default=None, alias="json", converter=_body, repr=False)
    route: str = ""
    effect: Effect = "act"
    headers: Mapping[str, str] = attrs.field(default=_NO_HEADERS, repr=False)
    timeout: Timeout = DEFAULT_TIMEOUT
    max_wait: float | None = None
    attempt: int = 1
    on_event: OnEvent | None = attrs.field(default=None, repr=False)
    progress: Progress = attrs.field(factory=Progress, repr=False, eq=False)
    # Whether path and query are as `new_request` got them. `attrs.evolve` begins without it.
    _is_whole: bool = attrs.field(default=False, init=False, eq=False, repr=False)

    def remaining(self, now: float) -> float:
        """Return the seconds that are left of the call's `Timeout.total`; infinite without one.

        Args:
            now: The time on the client's clock.
        """
        total = self.timeout.total
        return float("inf") if total is None else total - self.progress.spent(now)

    @property
    def json(self) -> JSON:
        """The body as plain JSON values, each time a copy; None where there is none.

        To send another one, pass on `attrs.evolve(request, json=...)`.
        """
        return None if self.body is None else json.loads(self.body)

    def emit(self, kind: EventName, **facts: object) -> None:
        """Tell `on_event` what happens, if anybody listens."""
        if self.on_event is None:
            return
        # Most programs never listen, and making its classes is a sixth of our import.
        make = getattr(import_module("ngrok_async.events"), kind)
        event: Event = make(method=self.method, route=self.route, attempt=self.attempt, **facts)
        try:
            made = self.on_event(event)
        except Exception:  # noqa: BLE001 # a listener's trouble is not the caller's
            _log.exception("on_event failed at %r", event)
        else:
            if iscoroutine(made):
                made.close()  # else Python would say that it was never awaited, but not by whom
                _log.error("on_event must be a plain function: nobody awaits what it returned")


def _any_case(headers: Mapping[str, str]) -> Mapping[str, str]:
    # A middleware, or the test of one, may make a response of a plain dictionary.
    return headers if isinstance(headers, MultiMapping) else CIMultiDict(headers)


@attrs.frozen(kw_only=True, weakref_slot=False)  # see `unfrozen`
class Response:
    """A whole answer, its body read to the end.

    Attributes:
        status: The HTTP status.
        headers: The headers, looked up in any case.
        body: The decompressed body. Not shown, since it may hold secrets.
        attempts: How many requests it took.
        maybe_applied: Whether an earlier attempt of this call may have had its effect.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(default=_NO_HEADERS, converter=_any_case, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    attempts: int = 1
    maybe_applied: bool = False
    retry_budget_exhausted: bool = False
    # See `once`. `attrs.evolve` begins without it.
    _read: object = attrs.field(default=None, init=False, eq=False, repr=False)


# Attributes of no interest to users.
is_whole: Final[Callable[[Request], bool]] = attrgetter("_is_whole")
_what_was_read: Final = attrgetter("_read")
_unfrozen_request, _unfrozen_response = unfrozen(Request), unfrozen(Response)


def new_request(
    method: str,
    path: str,
    query: tuple[tuple[str, str], ...],
    *,
    body: Body | None,
    route: str,
    effect: Effect,
    limits: Limits,
) -> Request:
    """Return what `Request(...)` returns, in a fraction of the time.

    Args:
        method: One of `EFFECTS`.
        path: Made of what `encode_segment` or `encode_path` returned, so nobody looks at it again.
        query: Names and values that can be sent as UTF-8.
        body: The encoded body, or None.
        route: See `Request`.
        effect: See `Effect`.
        limits: What the client's options set.
    """
    made: Any = _unfrozen_request()
    made.method = method
    made.path = path
    made.query = query
    made.body = body
    made.route = route
    made.effect = effect
    made.headers = _NO_HEADERS
    made.timeout = limits["timeout"]
    made.max_wait = limits["max_wait"]
    made.attempt = 1
    made.on_event = limits["on_event"]
    made.progress = limits["progress"]
    made._is_whole = True  # noqa: SLF001 # its own class
    made.__class__ = Request
    request: Request = made  # typing.cast() would be a call
    return request


def new_response(status: int, headers: Mapping[str, str], body: bytes) -> Response:
    """Return what `Response(...)` returns, in a fraction of the time."""
    made: Any = _unfrozen_response()
    made.status = status
    made.headers = headers
    made.body = body
    made.attempts = 1
    made.maybe_applied = made.retry_budget_exhausted = False
    made._read = None  # noqa: SLF001 # its own class
    made.__class__ = Response
    response: Response = made
    return response


def concluded(
    response: Response, *, attempts: int, maybe_applied: bool, retry_budget_exhausted: bool
) -> Response:
    """Return the last response of a call with what all of its attempts mean."""
    made = attrs.evolve(
        response,
        attempts=attempts,
        maybe_applied=maybe_applied,
        retry_budget_exhausted=retry_budget_exhausted,
    )
    object.__setattr__(made, "_read", _what_was_read(response))  # the body is the same
    return made


def once(response: Response, read: Callable[[bytes], T]) -> T:
    """Return `read(response.body)`, and remember it: limiter, retries and error all ask.

    Always with the same `read`, which never returns None.
    """
    if _what_was_read(response) is None:
        object.__setattr__(response, "_read", read(response.body))
    return cast("T", _what_was_read(response))


Send: TypeAlias = Callable[[Request], Awaitable[Response]]
"""Hands a request on to the next middleware, or to the wire."""

Middleware: TypeAlias = Callable[[Request, Send], Awaitable[Response]]
"""Sees each request before, and each response after, `await send(request)`.

An answer with an error status is a `Response` here; without an answer a `TransportError` is raised.
"""


def encode_segment(name: str, value: str) -> str:
    """Return `value` as one segment of a path.

    Raises:
        ValueError: It is no text, empty, a dot segment or has a control character: such an id
            cannot exist, and some of them would lead to another resource's URL.
    """
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] # untyped callers
        raise ValueError(f"{name} must be a string, got {type(value).__name__}")  # noqa: TRY004 # one type for every bad argument value
    if value.isascii() and (value.isidentifier() or _PLAIN.fullmatch(value)):
        return value
    if value in {"", ".", ".."}:
        raise ValueError(f"{name} must be the id of a resource, got {shown(value)}")
    if not value.isprintable():
        raise ValueError(f"{name} must not have control characters, got {shown(value)}")
    if "://" in value:  # the `uri` of a model, where its `id` was meant
        raise ValueError(
            f"{name} must be the id of a resource, and not its address; got {shown(value)}"
        )
    return quote(value, safe="")


def encode_path(path: str) -> str:
    """Return a path that the caller wrote by hand, encoded where needed.

    Raises:
        ValueError: It does not start with one slash, or has a query, a fragment, an empty or a dot
            segment (encoded ones included) or a control character.
    """
    if not isinstance(path, str):  # pyright: ignore[reportUnnecessaryIsInstance] # untyped callers
        raise ValueError(f"the path must be a string, got {shown(path)}")  # noqa: TRY004 # one type for every bad argument value
    if not path.startswith("/"):
        raise ValueError(
            f"the path must start with '/' (the base URL stands before it), got {shown(path)}"
        )
    for wrong, hint in (("?", "pass params= for a query"), ("#", "a fragment is never sent")):
        if wrong in path:
            raise ValueError(f"the path must not have {wrong!r} ({hint}), got {shown(path)}")
    if not path.isprintable() or "\\" in path:
        raise ValueError(
            f"the path must not have backslashes or control characters, got {shown(path)}"
        )
    for segment in path[1:].split("/"):
        if segment.lower().replace("%2e", ".") in {"", ".", ".."}:
            raise ValueError(f"the path must not have empty or dot segments, got {shown(path)}")
    return quote(path, safe="/%:@!$&'()*+,;=~")


def mark_unsent(error: BaseException) -> None:
    """Note of an error that nothing of its request has left."""
    vars(error)["_unsent"] = True


def left(error: BaseException) -> bool:
    """Tell whether a part of a request may have left before it ended in this error.

    What has not left takes no slot of the rate limit.
    """
    if isinstance(error, NgrokError) and (isinstance(error, ConnectError) or not error.attempts):
        return False
    return "_unsent" not in vars(error)
