"""The rate limit of an account, shared by all processes that reach one Redis.

    from redis.asyncio import Redis

    redis = Redis.from_url("redis://localhost")
    async with Client(key, limiter=RedisRateLimit(redis, account=key)) as ngrok:
        ...

This module does not import redis-py: any client with the same `evalsha` and `eval` will do. The
extra `redis` installs redis-py 5.0.1 or newer, whose connections survive a cancelled command.
"""

import asyncio
import hashlib
import logging
import math
import random
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, Protocol, TypeVar
from uuid import uuid4

import attrs

from ngrok_async._clock import Clock, Timer
from ngrok_async._limits.rate_limit import (
    Budget,
    now_of,
    patience_of,
    place_of,
    refusal,
    slow_down,
)
from ngrok_async._limits.stated import NOTHING, Stated, stated_limits
from ngrok_async._limits.window import Window
from ngrok_async._numbers import as_float
from ngrok_async._redis_script import SCRIPT, SHA
from ngrok_async._request import Request, Response, Send, left
from ngrok_async._shown import shown
from ngrok_async._way.answer import envelope, is_throttled
from ngrok_async.errors import ConnectError

__all__ = ["RedisRateLimit", "Scripts"]

_log: Final = logging.getLogger("ngrok_async.rate_limit")

T = TypeVar("T")


# So that a key name cannot be looked up in a table of hashes made for something else.
_SALT: Final = b"ngrok_async.redis: rate limit of an account\0"

_MICRO: Final = 1e6
# What changes elsewhere is only seen by asking: a slot that was given back, a pause,
_LOOK_AGAIN: Final = 1.0
# one request in flight less in another process,
_POLL: Final = 0.02
# that Redis is back.
_RETRY: Final = 1.0


class Scripts(Protocol):
    """What the rate limit needs of a Redis client; `redis.asyncio.Redis` has it."""

    def evalsha(self, sha: str, numkeys: int, /, *keys_and_args: Any) -> Any:  # noqa: ANN401 # redis-py's own types differ from version to version
        """Return an awaitable that runs a script which Redis knows."""

    def eval(self, script: str, numkeys: int, /, *keys_and_args: Any) -> Any:  # noqa: ANN401 # as above
        """Return an awaitable that runs a script and makes it known."""


class RedisRateLimit:
    """A rate limit that all processes of an account share; give it to `Client(limiter=...)`.

    What `RateLimit` does in an event loop, this does for all that use the same Redis: a slot is
    taken when a request leaves and freed one window after its answer came back, one 429 pauses
    everybody, a limit that ngrok states is adopted by all. Within a process, calls are served first
    come, first served. The slots of a process that dies come back after `lease` and a window.

    Redis decides by its own clock. A command that fails or takes too long is not waited for: until
    Redis answers again, which is tried once a second, each process keeps to its own `share`. The
    limit is not exact then, and neither for a window after Redis has lost its data, as far as
    processes that have ended, or make no calls, had a part in it.

    One instance serves the event loop that its Redis client serves.
    """

    def __init__(
        self,
        redis: Scripts,
        *,
        account: str,
        requests: int = 120,
        window: float = 60.0,
        in_flight: int = 10,
        lease: float = 120.0,
        share: float | None = 0.25,
        command_timeout: float = 0.5,
        prefix: str = "ngrok-async",
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Set the limit; Redis is first asked for the first request.

        Args:
            redis: A client such as `redis.asyncio.Redis`. It is never closed.
            account: What tells accounts apart, such as the API key. Only a salted SHA-256 of it is
                kept, and is in the names of the keys in Redis.
            requests: Requests in any `window`, of all processes together.
            window: Seconds.
            in_flight: Requests at a time, of all processes together.
            lease: Seconds after which a request counts as answered whose process has not said so.
                Give more than `Timeout.attempt`.
            share: The part of `requests` and `in_flight` that this process allows itself while
                Redis is away, at least one; None: calls fail with `ConnectError`.
            command_timeout: Seconds to wait for Redis, once per command.
            prefix: What the names of the keys begin with.
            clock: Time and timers for waiting; default: the running event loop.
            jitter: Numbers in [0, 1), to spread what starts after a pause.
        """
        try:
            name = _name(prefix, account)
        finally:
            del account  # tracebacks print local variables
        self._window = Window(requests, window, in_flight, jitter=jitter)
        self._given_clock = clock
        for what, seconds in (("lease", lease), ("command_timeout", command_timeout)):
            if not 0 < as_float(seconds) < float("inf"):
                msg = f"{what} must be seconds above 0, got {shown(seconds)}"
                raise ValueError(msg)
        if share is not None and not 0 < as_float(share) <= 1:
            msg = f"share must be above 0 and at most 1, or None; got {shown(share)}"
            raise ValueError(msg)
        self._jitter = jitter
        self._redis = redis
        self._keys = (f"{name}:slots", f"{name}:flights", f"{name}:state")
        self._lease = lease
        self._share = share
        self._command_timeout = command_timeout
        # What is inherited is the state in Redis as it was last told, on our clock.
        self._told_at = self._used = self._flying = 0
        self._epoch = 0  # changes when there is something to learn or to tell; 0: unknown
        self._local = _Share(requests, window, in_flight, jitter=jitter)
        self._own: dict[str, _Own] = {}
        self._away = False
        self._retry_at = float("-inf")
        self._line: deque[_Place] = deque()
        self._server: asyncio.Task[None] | None = None
        self._alarm: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def budget(self) -> Budget:
        """The state as Redis last told it, or of this process alone while Redis is away."""
        now = now_of(self._given_clock, self._window)
        known = self._local if self._away else self._window
        known.tick(now)
        return Budget(
            limit=known.limit,
            window=known.seconds,
            used=known.used if self._away else self._used,
            in_flight=known.in_flight if self._away else self._flying,
            waiting=self._waiting,
            paused=max(0.0, known.paused_until - now),
        )

    @property
    def _clock(self) -> Clock:
        return self._given_clock or asyncio.get_running_loop()

    async def read_budget(self) -> Budget:
        """Ask Redis for the state; where it does not answer, return the last known."""
        if not self._away:
            await self._command("look")
        return self.budget

    async def __call__(self, request: Request, send: Send) -> Response:
        """Send the request once there is a slot.

        Raises:
            RateLimitedError: The wait would be, or was, longer than the request's `max_wait`.
            ConnectError: Redis does not answer, and there is no `share` to go on with.
        """
        slot, waited = await self._slot(request)
        has_left = False
        try:
            if waited is not None:
                request.emit("WaitEvent", seconds=waited)
            has_left = True
            response = await send(request)
            if is_throttled(response):
                pause = await self._whole(self._refused(response))
                request.emit("PauseEvent", status=response.status, seconds=pause)
        except BaseException as error:
            # It may arrive a little later than we gave up on it.
            counts = has_left and left(error)
            await self._whole(self._finished(slot, counts=counts, late=self._window.seconds / 60))
            raise
        await self._whole(self._finished(slot))
        return response

    # --- the line ----------------------------------------------------------------------------

    async def _slot(self, request: Request) -> tuple[str, float | None]:
        """Wait in the line for a slot; return its id, and for how long that was if it was full."""
        clock = self._clock
        now = clock.time()
        place = _Place(request, patience_of(request), now)
        index = len(self._line)
        if index and place.number < self._line[-1].number:  # a repetition, so near the front
            index = next(n for n, each in enumerate(self._line) if place.number < each.number)
        self._line.insert(index, place)
        if self._server is None:
            self._server = asyncio.create_task(self._serve())
        elif self._alarm is not None:
            self._check(now)  # what the last answer said still holds

        if place.until < float("inf"):
            place.timer = clock.call_at(place.until, partial(self._give_up, place))
        try:
            slot = await place.turn
        except asyncio.CancelledError:
            if not place.turn.cancelled() and place.turn.exception() is None:
                # It got its slot just as it was cancelled.
                await self._whole(self._finished(place.turn.result(), counts=False))
            raise
        else:
            # Where it was not checked, only the way to Redis took time.
            return slot, clock.time() - now if place.checked else None
        finally:
            if place.timer is not None:
                place.timer.cancel()
            if self._first() is None:
                self._wake()

    def _give_up(self, place: "_Place") -> None:
        if place.turn.done():
            return
        if place.checked or place.final:
            self._turn_away(place)
            return
        # Nobody knows yet whether there is a slot: `max_wait=0` takes one that is free.
        place.final = True
        end = place.until + self._command_timeout
        place.timer = self._clock.call_at(end, partial(self._give_up, place))

    def _first(self) -> "_Place | None":
        while self._line and self._line[0].turn.done():
            self._line.popleft()
        return self._line[0] if self._line else None

    async def _serve(self) -> None:
        """Get slots for those in the line, one after the other, until nobody is left."""
        try:
            while self._first() is not None:
                slot, wait = await self._ask()
                if slot is None:
                    if wait > 0:
                        self._check(self._clock.time())
                        await self._rest(wait)
                elif (place := self._first()) is not None:
                    place.turn.set_result(slot)
                else:
                    await self._whole(self._finished(slot, counts=False))
        finally:
            self._server = None
            for place in self._line:  # only where the event loop is being torn down
                place.turn.cancel()

    async def _rest(self, seconds: float) -> None:
        if self._first() is None:
            return
        self._alarm = asyncio.get_running_loop().create_future()
        timer = self._clock.call_at(self._clock.time() + seconds, self._wake)
        try:
            await self._alarm
        finally:
            self._alarm = None
            timer.cancel()

    def _wake(self) -> None:
        if self._alarm is not None and not self._alarm.done():
            self._alarm.set_result(None)

    def _check(self, now: float) -> None:
        """Turn those away whose wait is known to be too long, once for each."""
        ahead = 0
        for place in self._line:
            if place.turn.done():
                continue
            if not place.checked:
                place.checked = True
                left, expected = max(0.0, place.until - now), self._foresee(now, ahead)
                if expected > left or not left:
                    self._turn_away(place, expected if expected > left else None)
                    continue
                route = place.request.route
                _log.debug("%s: waits for the rate limit, at least %.2f s", route, expected)
            ahead += 1

    def _foresee(self, now: float, ahead: int) -> float:
        return (self._local if self._away else self._window).expected(now, ahead)

    def _turn_away(self, place: "_Place", expected: float | None = None) -> None:
        waited = expected is None
        if expected is None:
            expected = self._foresee(self._clock.time(), self._waiting - 1)
        window = self._local if self._away else self._window
        place.turn.set_exception(refusal(window, place.request, expected, waited=waited))

    @property
    def _waiting(self) -> int:
        return sum(not place.turn.done() for place in self._line)

    # --- slots -------------------------------------------------------------------------------

    async def _ask(self) -> tuple[str | None, float]:
        """Return the id of a slot, or None and the seconds until it makes sense to ask again."""
        now, window = self._clock.time(), self._window
        if self._away and now < self._retry_at:
            return self._take_own(now)
        slot, epoch = uuid4().hex, self._epoch
        state = await self._command(
            *("acquire", slot, epoch, window.limit, window.max_in_flight),
            *(_micro(self._lease + window.seconds), _micro(self._lease)),
            _micro(window.seconds / window.limit * (0.5 + self._jitter())),
        )
        now = self._clock.time()
        if state is None:
            self._own[slot] = _Own(now, counts=False)  # Redis may have granted it all the same
            return self._take_own(now)
        if not state.granted and (state.epoch == 0 or state.epoch != epoch):
            if await self._tell() is None:
                return self._take_own(self._clock.time())
            return None, 0.0
        if self._away:
            self._away = False
            _log.info("Redis answers again: the rate limit is shared by all processes")
        if state.granted:
            self._own[slot] = _Own()
            self._local.in_flight += 1
            return slot, 0.0
        # Without a wait, it is the number in flight that holds us back.
        wait = min(window.expected(now, 0), _LOOK_AGAIN) or _POLL
        return None, wait + self._jitter() * min(0.02, window.seconds / 100)

    def _take_own(self, now: float) -> tuple[str | None, float]:
        """Do what `_ask` does without Redis."""
        if self._share is None:
            while (place := self._first()) is not None:
                place.turn.set_exception(
                    ConnectError(
                        "not sent: Redis, which keeps the rate limit, does not answer",
                        method=place.request.method,
                        path=place.request.path,
                    )
                )
            return None, 0.0
        self._prepare_share(self._share)
        local = self._local
        if local.take(now):
            self._window.next_start = local.next_start
            slot = uuid4().hex
            self._own[slot] = _Own()
            return slot, 0.0
        wait = local.expected(now, 0) or _RETRY
        return None, min(wait, self._retry_at - now)

    def _prepare_share(self, share: float) -> None:
        self._local.follow(self._window, share)

    async def _finished(self, slot: str, *, counts: bool = True, late: float = 0.0) -> None:
        """Give the place in flight back, and the slot with it unless the request counts."""
        now = self._clock.time()
        window = self._window.seconds
        self._local.give_back(now, counts=counts, late=late > 0)
        self._own[slot] = _Own(now + late, counts=counts)
        for old in [s for s, own in self._own.items() if own.at + window <= now]:
            del self._own[old]
        if not self._away:
            await self._command("complete", slot, _micro(window + late) if counts else 0)
        self._wake()

    async def _refused(self, response: Response) -> float:
        """Make everybody pause after a 429, and return for how many seconds from now on."""
        if self._away or await self._command("look") is None:
            self._window.stamps = self._local.stamps.copy()
        pause = slow_down(self._window, self._clock.time(), response)
        if not self._away:
            await self._tell(stated_limits(envelope(response).message or ""))
        return pause

    async def _tell(self, stated: Stated = NOTHING) -> "_State | None":
        """Tell Redis what it should know of us: pauses, stated limits, each slot that we hold."""
        while True:
            now = self._clock.time()
            window = self._window
            ends = (window.paused_until, window.spread_until, window.next_start)
            pauses = [_micro(max(0.0, end - now)) for end in ends]
            settle = _micro(min(_RETRY, window.seconds))
            sent = dict(self._own)
            slots = [
                value
                for slot, own in sent.items()
                for value in (slot, *own.left(now, window.seconds, self._lease))
            ]
            limits = (stated.requests, _micro(stated.window), stated.in_flight)
            state = await self._command("tell", *pauses, *limits, settle, *slots)
            if state is None:
                return None
            self._epoch = state.epoch
            # What ended meanwhile may have been told before we told that it was in flight.
            if all(self._own.get(slot, own) == own for slot, own in sent.items()):
                return state

    # --- Redis -------------------------------------------------------------------------------

    async def _command(self, *arguments: str | int) -> "_State | None":
        """Run the script and learn from its answer; return None where there is none."""
        call = (*self._keys, *arguments)
        try:
            async with asyncio.timeout(self._command_timeout):
                try:
                    reply = await self._redis.evalsha(SHA, len(self._keys), *call)
                except Exception:  # noqa: BLE001 # of any client; if it matters, it comes again
                    # It does not know the script, or had closed the connection, which is noticed
                    # only now: a restart does both. A step that was taken is not taken twice.
                    reply = await self._redis.eval(SCRIPT, len(self._keys), *call)
            state = _State.of(reply)
        except Exception as error:  # noqa: BLE001 # whatever it is, calls must go on without Redis
            self._lose(error)
            return None
        self._learn(state, self._clock.time())
        return state

    def _lose(self, error: Exception) -> None:
        self._retry_at = self._clock.time() + _RETRY
        self._epoch = 0  # what happens from now on, Redis has to be told
        if self._share is not None:
            self._prepare_share(self._share)
        if not self._away:
            self._away = True
            instead = "fail" if self._share is None else f"keep to {self._share:.0%} of the limit"
            _log.warning(
                "Redis, which keeps the rate limit, does not answer (%s): until it does, the calls"
                " of this process %s",
                f"{type(error).__name__}: {error}".rstrip(": "),
                instead,
            )

    def _learn(self, state: "_State", now: float) -> None:
        window = self._window
        window.adopt(now, state.stated, again=False)
        if state.paused and state.spread and now >= window.spread_until:
            _log.warning(
                "ngrok refused a request of another process for the rate limit;"
                " all calls pause for %.1f s",
                state.paused,
            )
        window.paused_until = _later(window.paused_until, now, state.paused)
        window.spread_until = _later(window.spread_until, now, state.spread)
        window.next_start = _later(window.next_start, now, state.next_start)
        # On another connection, a later answer may have been faster.
        if 0 < self._told_at - state.at < _micro(self._command_timeout):
            return
        self._told_at, self._used, self._flying = state.at, state.used, state.flying
        if len(state.slots) == state.used:  # not every answer has them
            # A request that is in flight could be answered at once.
            seconds = window.seconds
            window.stamps = deque(now + min(free - seconds, 0.0) for free in state.slots)

    async def _whole(self, steps: Coroutine[Any, Any, T]) -> T:
        """Take the steps to their end, even if the caller is cancelled."""
        task = asyncio.create_task(steps)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)


class _Share(Window):
    """What this process alone has sent, and whether its share allows more."""

    def follow(self, whole: Window, share: float) -> None:
        """Take over the share of a limit, and its pauses."""
        self._own = self.limit, self.seconds, self.max_in_flight = (
            max(1, int(whole.limit * share)),
            whole.seconds,
            max(1, int(whole.max_in_flight * share)),
        )
        self._kept_for = whole.seconds
        self.paused_until = whole.paused_until
        self.spread_until = whole.spread_until
        self.next_start = whole.next_start


@attrs.frozen
class _Own:
    """A slot of this process.

    Attributes:
        at: When its request ended; infinite while it is in flight.
        counts: Whether the request counts; if not, Redis should forget the slot.
    """

    at: float = float("inf")
    counts: bool = True

    def left(self, now: float, window: float, lease: float) -> tuple[int, int]:
        """Return until when slot and place in flight are taken, in microseconds from now."""
        if not self.counts:
            return 0, 0
        if self.at == float("inf"):
            return _micro(lease + window), _micro(lease)
        return _micro(max(0.0, self.at + window - now)), 0


class _Place:
    """A call's place in the line.

    Attributes:
        request: Its request.
        number: Its place among all calls, which a repetition keeps.
        until: When its patience ends.
        turn: The id of its slot, once it has one.
        checked: Whether its wait was held against its patience.
        final: Whether its patience has ended before that.
        timer: Fires when its patience ends.
    """

    def __init__(self, request: Request, patience: float, now: float) -> None:
        """Put the call at the end of the line."""
        self.request = request
        self.number = place_of(request)
        self.until = now + patience
        self.turn: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.checked = False
        self.final = False
        self.timer: Timer | None = None


@attrs.frozen
class _State:
    """What the script answers at a moment of Redis' clock.

    Durations are in seconds; limits that ngrok has not stated are 0.
    """

    at: int
    granted: bool
    epoch: int
    used: int
    flying: int
    paused: float
    spread: float
    next_start: float
    stated: Stated
    slots: tuple[float, ...]

    @classmethod
    def of(cls, reply: Sequence[int]) -> "_State":
        """Read an answer."""
        at, granted, epoch, used, flying, *times = map(int, reply)
        paused, spread, next_start, requests, window, in_flight, *slots = times
        return cls(
            at=at,
            granted=bool(granted),
            epoch=epoch,
            used=used,
            flying=flying,
            paused=paused / _MICRO,
            spread=spread / _MICRO,
            next_start=next_start / _MICRO,
            stated=Stated(requests, window / _MICRO, in_flight),
            slots=tuple(slot / _MICRO for slot in slots),
        )


def _name(prefix: str, account: object) -> str:
    """Return what the names of the keys begin with.

    The part in braces puts them on the same node of a cluster:
    https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
    """
    try:
        if not isinstance(account, str) or not account:
            msg = "account must be a text that tells accounts apart, such as the API key"
            raise ValueError(msg)
        digest = hashlib.sha256(_SALT + account.encode(errors="surrogatepass")).hexdigest()
    finally:
        del account  # tracebacks print local variables
    if not prefix or set(prefix) & set("{}"):
        msg = f"prefix must be a text without braces, got {shown(prefix)}"
        raise ValueError(msg)
    return f"{prefix}:{{{digest[:32]}}}"


def _micro(seconds: float) -> int:
    """Return whole microseconds, none too few."""
    return math.ceil(seconds * _MICRO)


def _later(known: float, now: float, left: float) -> float:
    return max(known, now + left) if left else known
