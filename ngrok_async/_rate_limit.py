"""The rate limit: a rolling window that we never overrun, shared by all clients of an account.

A slot is taken when a request leaves and freed one window after its answer came back; what is in
flight counts as used. The server counts a request somewhere between the two, so whatever the
network does, it never counts more than the limit within its own window.
"""

import asyncio
import logging
import math
import random
import re
from collections import deque
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary, WeakValueDictionary

import attrs

from ngrok_async._answer import THROTTLED_CODES, envelope, is_throttled
from ngrok_async._clock import Clock, Timer
from ngrok_async._request import Request, Response, Send
from ngrok_async._retry_after import retry_after
from ngrok_async.errors import ConnectError, RateLimitedError

_log: Final = logging.getLogger("ngrok_async.rate_limit")

# Compiled when there is a 429 to read, not when this is imported.
_STATED_LIMIT: Final = (
    r"(?i)rate limited to\W{0,4}(\d{1,6})\W{0,4}API requests per\W{0,4}"
    r"(\d{0,6}(?:\.\d{1,9})?\s?[a-z]+(?:\d{1,6}(?:\.\d{1,9})?[a-z]+)*)"
)
_STATED_IN_FLIGHT: Final = r"(?i)limited to\W{0,4}(\d{1,6})\W{0,4}simultaneous"
_PART: Final = r"(\d*(?:\.\d+)?)\s?([a-z]+)"
_UNITS: Final = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
# A `Retry-After` of the year 9999 must not end a process's calls for good: ask once an hour.
_LONGEST_PAUSE: Final = 3600.0


@attrs.frozen
class Budget:
    """The state of a rate limit at one moment.

    Attributes:
        limit: Requests that may go out in any window.
        window: The window's length in seconds.
        used: Requests that count against it now, those in flight included.
        in_flight: Requests whose answer is still out.
        waiting: Calls that wait for a slot.
        paused: Seconds until the pause after a 429 ends; 0 without one.
    """

    limit: int
    window: float
    used: int
    in_flight: int
    waiting: int
    paused: float

    @property
    def remaining(self) -> int:
        """Requests that could go out at once."""
        return max(0, self.limit - self.used)


class RateLimit:
    """A middleware that lets no more requests through than an account has.

    Calls are served first come, first served. One 429 pauses everybody; after the pause they leave
    one by one. A limit that ngrok states in a 429 is adopted when it allows less than ours.

    One instance may serve many clients of one event loop. https://ngrok.com/docs/api#rate-limits
    """

    def __init__(
        self,
        requests: int = 120,
        window: float = 60.0,
        *,
        in_flight: int = 10,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Set the limit; nothing runs until the first request.

        Args:
            requests: Requests in any `window`. Give less than the account's 120 to leave room for
                other programs.
            window: Seconds.
            in_flight: Requests at a time; ngrok has a limit on these too, but does not publish it.
            clock: Time and timers; default: the running event loop.
            jitter: Numbers in [0, 1), to spread what starts after a pause.
        """
        for name, value in (("requests", requests), ("in_flight", in_flight)):
            if type(value) is not int or value < 1:
                msg = f"{name} must be an integer above 0, got {value!r}"
                raise ValueError(msg)
        if isinstance(window, bool) or not 0 < window < float("inf"):
            msg = f"window must be seconds above 0, got {window!r}"
            raise ValueError(msg)
        self._limit = requests
        self._window = float(window)
        self._max_in_flight = in_flight
        self._is_share = True  # whatever ngrok states: somebody else may have the rest
        self._given_clock = clock
        self._jitter = jitter
        self._stamps: deque[float] = deque()  # when each finished request's window began, ascending
        self._in_flight = 0
        self._waiters: deque[asyncio.Future[bool]] = deque()
        self._abandoned = 0  # waiters that gave up and are still in the queue
        self._timer: Timer | None = None
        self._paused_until = float("-inf")
        self._spread_until = float("-inf")  # until then, one start per interval
        self._next_start = float("-inf")

    @property
    def budget(self) -> Budget:
        """The state now."""
        now = self._clock.time()
        self._expire(now)
        return Budget(
            limit=self._limit,
            window=self._window,
            used=len(self._stamps) + self._in_flight,
            in_flight=self._in_flight,
            waiting=len(self._waiters) - self._abandoned,
            paused=max(0.0, self._paused_until - now),
        )

    @property
    def _clock(self) -> Clock:
        return self._given_clock or asyncio.get_running_loop()

    async def __call__(self, request: Request, send: Send) -> Response:
        """Send the request once there is a slot.

        Raises:
            RateLimitedError: The wait would be, or was, longer than the request's `max_wait`.
        """
        now = self._clock.time()
        if self._waiters or not self._may_start(now):
            await self._wait(request, now)
        else:
            self._start(now)
        try:
            response = await send(request)
            if is_throttled(response):
                pause = self._slow_down(response)  # before the next in the queue gets its place
                request.emit("PauseEvent", status=response.status, seconds=pause)
        except ConnectError:
            self._finish(counts=False)
            raise
        except BaseException:
            # It may arrive a little later than we gave up on it.
            self._finish(late=self._window / 60)
            raise
        self._finish()
        return response

    # --- waiting -----------------------------------------------------------------------------

    async def _wait(self, request: Request, now: float) -> None:
        # `now` is the moment when there was no slot: with a later one, the slot that has come free
        # in between would be nobody's.
        clock = self._clock
        patience, expected = patience_of(request), self._expected_wait(now)
        if expected > patience:
            raise self._refusal(request, patience, expected)
        _log.debug("%s: waits for the rate limit, at least %.2f s", request.route, expected)
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)

        def give_up() -> None:
            self._wake()  # a slot that is free in this very moment is still taken
            if not waiter.done():
                waiter.set_result(False)

        bound = clock.call_at(now + patience, give_up) if patience < float("inf") else None
        self._schedule(now)
        try:
            has_slot = await waiter
        except asyncio.CancelledError:
            if waiter.cancelled() or not waiter.result():
                self._leave_queue()
            else:
                self._finish(counts=False)  # it got its slot just as it was cancelled
            raise
        finally:
            if bound is not None:
                bound.cancel()
        if not has_slot:
            self._leave_queue()
            raise self._refusal(request, patience)
        request.emit("WaitEvent", seconds=clock.time() - now)

    def _leave_queue(self) -> None:
        # The queue drops it when it comes to the front; looking for it would cost its length.
        self._abandoned += 1
        self._wake()

    def _expected_wait(self, now: float, ahead: int | None = None) -> float:
        """Return the least that a call which comes now has to wait, in seconds.

        Args:
            now: The time.
            ahead: How many wait before it; default: all who do.
        """
        self._expire(now)
        used = len(self._stamps) + self._in_flight
        if ahead is None:
            ahead = len(self._waiters) - self._abandoned
        wait = 0.0
        if (index := used + ahead - self._limit) >= 0:
            # It takes the slot of the request `index` places down this line: the stamps, those in
            # flight (whose windows have not even begun), then the queue, `limit` per window. More
            # than `limit` are out where the limit was lowered meanwhile.
            windows = max(0, (index - max(used, self._limit)) // self._limit + 1)
            index -= windows * self._limit
            # One in flight may be back before a late stamp begins.
            stamp = min(self._stamps[index], now) if index < len(self._stamps) else now
            wait = stamp + self._window * (windows + 1) - now
        return max(wait, self._opens_at - now)

    def _refusal(
        self, request: Request, patience: float, expected: float | None = None
    ) -> RateLimitedError:
        """Make the error: `expected` was too long, or (without it) the wait lasted too long."""
        limit = (
            f"the limit of {self._limit} requests per {self._window:g} s, "
            f"{self._max_in_flight} at a time,"
        )
        if expected is None:
            text = f"not sent: {limit} had no place for {patience:.1f} s, all that"
        else:
            text = f"not sent: {limit} has no place for at least {expected:.1f} s, more than"
        error = RateLimitedError(
            f"{text} max_wait={patience:g} allows (None: as long as it takes)",
            status=429,
            method=request.method,
            path=request.path,
            attempts=0,
        )
        error.retry_after = (
            self._expected_wait(self._clock.time()) if expected is None else expected
        )
        return error

    # --- slots -------------------------------------------------------------------------------

    @property
    def _opens_at(self) -> float:
        """When the next request may start as far as pauses go."""
        return max(self._paused_until, min(self._next_start, self._spread_until))

    def _may_start(self, now: float) -> bool:
        # Most often there is no pause at all.
        if (now < self._spread_until or now < self._paused_until) and now < self._opens_at:
            return False
        in_flight = self._in_flight
        if in_flight >= self._max_in_flight:
            return False
        self._expire(now)
        return len(self._stamps) + in_flight < self._limit

    def _start(self, now: float) -> None:
        self._in_flight += 1
        if now < self._spread_until:
            interval = self._window / self._limit
            self._next_start = now + interval * (0.5 + self._jitter())

    def _finish(self, *, counts: bool = True, late: float = 0.0) -> None:
        self._in_flight -= 1
        if counts:
            stamp = self._clock.time() + late
            stamps = self._stamps
            # Late stamps are rare and small: insert from the right.
            place = len(stamps)
            while place and stamps[place - 1] > stamp:
                place -= 1
            stamps.insert(place, stamp)
        if self._waiters:
            self._wake()

    def _expire(self, now: float) -> None:
        # The very sum that the timer was set to: rounded otherwise, it may miss its own slot.
        stamps, window = self._stamps, self._window
        while stamps and stamps[0] + window <= now:
            stamps.popleft()

    def _wake(self) -> None:
        """Hand free slots to the first in the queue, then set the timer for the next one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.time()
        while self._waiters:
            if self._waiters[0].done():
                self._waiters.popleft()
                self._abandoned -= 1
            elif self._may_start(now):
                self._start(now)
                self._waiters.popleft().set_result(True)
            else:
                break
        self._schedule(now)

    def _schedule(self, now: float) -> None:
        if not self._waiters:
            return
        at = self._opens_at
        if len(self._stamps) + self._in_flight >= self._limit:
            if not self._stamps:
                return  # all slots are in flight: the next answer wakes us
            at = max(at, self._stamps[0] + self._window)
        if at <= now:
            return  # only the number in flight holds us back: the next answer wakes us
        if self._timer is None:  # one that is set already is due no later, and sets the next
            self._timer = self._clock.call_at(at, self._wake)

    # --- 429 ---------------------------------------------------------------------------------

    def _slow_down(self, response: Response) -> float:
        """Pause everybody, and return for how many seconds from now on."""
        now = self._clock.time()
        told = envelope(response)
        self._adopt(*stated_limits(told.message or ""))
        pause = retry_after(response.headers)
        if pause is None and told.code == "ERR_NGROK_225":
            pause = 0.0  # one in flight less, and an answer frees a place any moment
        if pause is None:
            # Somebody else uses the account. Ours is the only log there is: go on when it frees.
            self._expire(now)
            pause = next(iter(self._stamps), now) + self._window - now
        pause = min(pause, _LONGEST_PAUSE)
        if now >= self._spread_until:
            _log.warning(
                "ngrok refused a request for the rate limit (%s); all calls pause for %.1f s",
                # Other codes are free text, which may echo the key.
                told.code if told.code in THROTTLED_CODES else response.status,
                pause,
            )
        self._paused_until = max(self._paused_until, now + pause)
        self._spread_until = max(self._spread_until, self._paused_until + self._window)
        self._next_start = max(
            self._next_start, self._paused_until + self._jitter() * self._window / self._limit
        )
        return self._paused_until - now

    def _adopt(self, limit: int, window: float, in_flight: int) -> None:
        """Keep to limits that ngrok states, as far as they allow less than ours; 0: not stated."""
        if in_flight:
            self._max_in_flight = min(self._max_in_flight, in_flight)
        if not limit:
            return
        # The last digit of a quotient must not count as one more window.
        windows = math.ceil(window / self._window - 1e-9)
        if windows * self._limit <= limit:
            return  # it allows what we do anyway
        if self._is_share or limit > self._limit:
            self._limit, self._window = _within_both((self._limit, self._window), (limit, window))
        else:
            self._limit, self._window = limit, window
        self._is_share = True
        _log.warning("ngrok states a limit of %d requests per %g s: adopted", limit, window)


def stated_limits(message: str) -> tuple[int, float, int]:
    """Return the limits that a 429 states: requests, their window, requests at a time.

    0 stands for what it does not state, or not in a way that can be read.
    """
    if match := re.search(_STATED_IN_FLIGHT, message):
        return 0, 0.0, max(1, int(match[1]))
    if match := re.search(_STATED_LIMIT, message):
        limit, window = int(match[1]), _interval(match[2])
        if limit and window:
            return limit, window, 0
    return 0, 0.0, 0


def _interval(text: str) -> float:
    """Return the seconds in "60 seconds", "minute" or "1m0s"; 0 for what is none of these."""
    total = 0.0
    for number, unit in re.findall(_PART, text.lower()):
        if unit not in _UNITS:
            return 0.0
        total += float(number or 1) * _UNITS[unit]
    return total


def _within_both(one: tuple[int, float], other: tuple[int, float]) -> tuple[int, float]:
    """Return requests and a window that keep to both limits."""
    (fewer, short), (more, long) = sorted((one, other), key=lambda limit: limit[1])
    # The longer window in equal parts: as many as the other limit needs to fit into one of them,
    # no more than keep the parts as long as the short window.
    parts = max(1, min(math.ceil(more / fewer), int(long / short)))
    return min(more // parts, fewer), long / parts


def patience_of(request: Request) -> float:
    """Return the seconds that a request may wait for a slot."""
    return float("inf") if request.max_wait is None else request.max_wait


class _AccountRateLimit(RateLimit):
    """120 per minute is what ngrok documents, not a share: what it states instead is adopted."""

    def __init__(self, clock: Clock | None) -> None:
        super().__init__(clock=clock)
        self._is_share = False


class _Accounts:
    """The rate limits of one event loop: as long as a client uses them or a window runs."""

    def __init__(self) -> None:
        self._all: WeakValueDictionary[object, RateLimit] = WeakValueDictionary()
        # A program that makes a client per call must not get a fresh budget each time.
        self._running: set[RateLimit] = set()

    def get(self, account: object, clock: Clock | None) -> RateLimit:
        found = self._all.get(account)
        if found is None:
            # A service with many tenants would otherwise keep a log for each of them for ever.
            budgets = [(limit, limit.budget) for limit in self._running]
            self._running = {limit for limit, budget in budgets if budget.used or budget.paused}
            found = self._all[account] = _AccountRateLimit(clock=clock)
        self._running.add(found)
        return found


_shared: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Accounts]] = WeakKeyDictionary()


def shared_rate_limit(account: object, clock: Clock | None) -> RateLimit:
    """Return the one rate limit that all clients of an account share in this event loop.

    Args:
        account: Whatever tells accounts apart: the base URL and the key.
        clock: Time and timers; default: the running event loop.
    """
    accounts = _shared.setdefault(asyncio.get_running_loop(), _Accounts())
    return accounts.get(account, clock)
