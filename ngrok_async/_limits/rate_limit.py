"""The rate limit: lets calls leave as the window allows, first come, first served."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from threading import RLock
from typing import Final
from weakref import ref

import attrs

from ngrok_async._clock import Clock, Timer
from ngrok_async._limits.line import Line
from ngrok_async._limits.stated import stated_limits
from ngrok_async._limits.window import Window
from ngrok_async._request import Request, Response, Send, left
from ngrok_async._retry_after import retry_after
from ngrok_async._way.answer import THROTTLED_CODES, envelope, is_throttled
from ngrok_async.errors import RateLimitedError

_log: Final = logging.getLogger("ngrok_async.rate_limit")

_TOO_MANY_AT_ONCE: Final = "ERR_NGROK_225"
# Every so many seconds the log tells how many wait.
TOLD_EVERY: Final = 60.0
_HOUR: Final = 3600.0
_ERRORS_FROM: Final = 400

_places: Final = count(1)


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
        shared: Whether other processes keep to the limit too, as they do now with a
            `RedisRateLimit` whose Redis answers. If not, all numbers are of this process alone.
        processes: How many share it, as far as is known.
    """

    limit: int
    window: float
    used: int
    in_flight: int
    waiting: int
    paused: float
    shared: bool = False
    processes: int = 1

    @property
    def remaining(self) -> int:
        """Requests that could go out at once; none in a pause."""
        return 0 if self.paused else max(0, self.limit - self.used)


class _Side:
    """What a rate limit has to do with one event loop, without keeping that alive.

    Attributes:
        loop: The event loop.
        in_flight: Requests of its that are out.
        queue: Those who wait in it, if any.
        has_queue: Whether anybody does, which is asked for each request.
        is_over: Whether the loop was closed, and what was in flight is counted as ended.
    """

    __slots__ = ("_queue", "has_queue", "in_flight", "is_over", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = ref(loop)
        self.in_flight = 0
        self.is_over = False
        self.has_queue = False
        self._queue: ref[_Queue] | None = None

    @property
    def queue(self) -> "_Queue | None":
        return None if self._queue is None else self._queue()

    @queue.setter
    def queue(self, queue: "_Queue | None") -> None:
        self._queue = None if queue is None else ref(queue)
        self.has_queue = queue is not None

    @property
    def is_closed(self) -> bool:
        loop = self.loop()
        return loop is None or loop.is_closed()


class _Queue:
    """Those who wait in one event loop.

    A timer of that loop keeps it alive for as long as somebody waits, and nothing else does that
    outlives the loop.
    """

    def __init__(self, side: _Side, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self.side = side
        self.loop = loop
        self.clock = clock
        self.line = Line[asyncio.Future[bool]]()
        self.timer: Timer | None = None
        self.turned_back = 0  # as the window's, when the timer was set
        self._anchor = loop.call_later(_HOUR, self._stay)
        side.queue = self

    def _stay(self) -> None:
        self._anchor = self.loop.call_later(_HOUR, self._stay)

    def cancel_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def close(self) -> None:
        """Leave nothing behind, now that nobody waits."""
        self.cancel_timer()
        self._anchor.cancel()
        if self.side.queue is self:
            self.side.queue = None


class RateLimit:
    """A middleware that lets no more requests through than an account has.

    Calls are served first come, first served, and one that is repeated keeps its place. One 429
    pauses everybody; after the pause they leave one by one. A limit that ngrok states in a 429 is
    kept to for ten windows, an hour at most, when it allows less than ours.

    One instance may serve many clients, also in several event loops, one after another or in
    threads of their own: they share the window. https://ngrok.com/docs/api#rate-limits
    """

    _is_share = True  # somebody else may have the rest of the account's limit

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
        self._window = Window(requests, window, in_flight, jitter=jitter, is_share=self._is_share)
        self._given_clock = clock
        # Event loops in several threads share it, and the garbage collector may end a call of a
        # closed loop in the middle of any step of another.
        self._lock = RLock()
        self._side: _Side | None = None  # the one that was used last
        self._sides: list[_Side] = []
        self._report_at = float("-inf")
        self._empty_since = float("-inf")

    @property
    def budget(self) -> Budget:
        """The state now, or where no event loop runs, as it was last known."""
        now = now_of(self._given_clock, self._window)
        with self._lock:
            window = self._window
            self._bury(now)
            now = window.tick(now)
            return Budget(
                limit=window.limit,
                window=window.seconds,
                used=window.used,
                in_flight=window.in_flight,
                waiting=self._waiting,
                paused=max(0.0, window.paused_until - now),
            )

    async def __call__(self, request: Request, send: Send) -> Response:
        """Send the request once there is a slot.

        Raises:
            RateLimitedError: The wait would be, or was, longer than the request's `max_wait`.
        """
        loop, side = asyncio.get_running_loop(), self._side
        if side is None or side.loop() is not loop:
            side = self._side_of(loop)
        clock = self._given_clock or loop
        now = clock.time()
        place = place_of(request)
        # `now` is the moment when there was no slot: with a later one, the slot that has come free
        # in between would be nobody's.
        waits = side.has_queue or not self._take(side, now)
        if waits:
            await self._wait(request, place, side, loop, now)
        has_left = False
        try:
            if waits:
                request.emit("WaitEvent", seconds=clock.time() - now)
            has_left = True
            response = await send(request)
            # Before the next in the line gets its place.
            if response.status >= _ERRORS_FROM and is_throttled(response):
                with self._lock:
                    pause = slow_down(self._window, clock.time(), response)
                request.emit("PauseEvent", status=response.status, seconds=pause)
        except BaseException as error:
            # It may arrive a little later than we gave up on it.
            self._end(side, clock, counts=has_left and left(error), late=True)
            raise
        self._end(side, clock)
        return response

    # --- waiting -----------------------------------------------------------------------------

    async def _wait(
        self,
        request: Request,
        place: int,
        side: _Side,
        loop: asyncio.AbstractEventLoop,
        now: float,
    ) -> None:
        patience, queue = patience_of(request), side.queue
        with self._lock:
            expected = self._window.expected(now, queue.line.ahead(place) if queue else 0)
        if expected > patience:
            raise refusal(self._window, request, expected)
        _log.debug("%s: waits for the rate limit, at least %.2f s", request.route, expected)
        if queue is None:
            queue = self._open_queue(side, loop)
        line, clock = queue.line, queue.clock
        waiter: asyncio.Future[bool] = loop.create_future()
        line.join(place, waiter)
        bound: Timer | None = None
        try:
            if patience < float("inf"):
                bound = clock.call_at(now + patience, partial(self._give_up, queue, waiter))
            if now >= self._report_at:  # once all that start in this turn of the loop stand in line
                self._report_at = float("inf")
                loop.call_soon(self._report, queue)
            self._schedule(queue, now)
            has_slot = await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                has_slot = waiter.result()  # it got its slot just as it was cancelled
                if has_slot:
                    self._end(side, clock, counts=False)
            self._leave(queue, place, waiter)
            raise
        finally:
            if bound is not None:
                bound.cancel()
        if not has_slot:
            self._leave(queue, place, waiter)
            with self._lock:
                expected = self._window.expected(clock.time(), len(line))
            raise refusal(self._window, request, expected, waited=True)

    def _give_up(self, queue: _Queue, waiter: asyncio.Future[bool]) -> None:
        self._wake(queue)  # a slot that is free in this very moment is still taken
        if not waiter.done():
            waiter.set_result(False)

    def _leave(self, queue: _Queue, place: int, waiter: asyncio.Future[bool]) -> None:
        # That frees no slot, so nobody else can go for it.
        queue.line.leave(place, waiter)
        if not queue.line:
            self._close_queue(queue)

    def _wake(self, queue: _Queue, rang_at: float = float("-inf")) -> None:
        """Hand free slots to the first in the line, then set the timer for the next one."""
        queue.cancel_timer()
        line, side = queue.line, queue.side
        try:
            now = queue.clock.time()
            with self._lock:
                now = self._window.tick(now, reached=rang_at)
            while (waiter := line.first()) is not None:
                if waiter.done():
                    line.pop()
                elif self._take(side, now):
                    line.pop().set_result(True)
                else:
                    break
            self._schedule(queue, now)
        except BaseException as error:
            # The caller's clock or jitter fails. Nobody would ever wake those who wait.
            while line:
                with suppress(asyncio.InvalidStateError):  # who is done knows of nothing
                    line.pop().set_exception(error)
            self._close_queue(queue)
            if not isinstance(error, Exception):
                raise

    def _schedule(self, queue: _Queue, now: float) -> None:
        if not queue.line:
            self._close_queue(queue)
            return
        window = self._window
        with self._lock:
            at = window.next_look(now)
        if queue.turned_back != window.turned_back:
            queue.turned_back = window.turned_back
            queue.cancel_timer()
        if at is not None and queue.timer is None:
            # One that is set already is due no later, and sets the next.
            queue.timer = queue.clock.call_at(at, partial(self._wake, queue, at))
        if now >= self._report_at:
            self._report(queue)

    # --- telling -----------------------------------------------------------------------------

    def _open_queue(self, side: _Side, loop: asyncio.AbstractEventLoop) -> _Queue:
        queue = _Queue(side, loop, self._given_clock or loop)
        with self._lock:
            window = self._window
            queue.turned_back = window.turned_back
            # Nobody has waited for a window: a new episode, which is told of at once.
            if window.now - self._empty_since >= window.seconds:
                self._report_at = float("-inf")
        return queue

    def _close_queue(self, queue: _Queue) -> None:
        queue.close()
        self._empty_since = self._window.now

    def _report(self, queue: _Queue) -> None:
        """Log how many wait, and for how long."""
        self._report_at = float("-inf")
        with self._lock:
            window, waiting = self._window, self._waiting
            now = window.now
            expected = window.expected(now, waiting - 1) if waiting else 0.0
        if queue.line and tell_waiting(window, waiting, expected):
            self._report_at = now + TOLD_EVERY

    # --- slots, and event loops --------------------------------------------------------------

    def _take(self, side: _Side, now: float) -> bool:
        lock = self._lock
        lock.acquire()  # `with` would double the cost of this
        try:
            if not self._window.take(now):
                return False
            side.in_flight += 1
            return True
        finally:
            lock.release()

    def _end(self, side: _Side, clock: Clock, *, counts: bool = True, late: bool = False) -> None:
        """Give a slot back, whatever the clock does, and wake those who wait for it."""
        now = self._window.now
        try:
            now = clock.time()
        finally:
            lock = self._lock
            lock.acquire()
            try:
                if not side.is_over:
                    side.in_flight -= 1
                    self._window.give_back(now, counts=counts, late=late)
            finally:
                lock.release()
            if side.has_queue:
                queue = side.queue
                if queue is not None and not queue.loop.is_closed():
                    self._wake(queue)
            if len(self._sides) > 1:
                self._wake_others(side)

    def _wake_others(self, side: _Side) -> None:
        for other in self._sides.copy():
            queue = None if other is side else other.queue
            if queue is not None:
                try:
                    queue.loop.call_soon_threadsafe(self._wake, queue)
                except RuntimeError:  # it was closed meanwhile
                    continue

    @property
    def _waiting(self) -> int:
        queues = [side.queue for side in self._sides if not side.is_closed]
        return sum(len(queue.line) for queue in queues if queue is not None)

    def _side_of(self, loop: asyncio.AbstractEventLoop) -> _Side:
        now = (self._given_clock or loop).time()
        with self._lock:
            self._bury(now)
            for side in self._sides:
                if side.loop() is loop:
                    break
            else:
                side = _Side(loop)
                self._sides.append(side)
                self._report_at = min(self._report_at, now + TOLD_EVERY)
            self._side = side
            return side

    def _bury(self, now: float) -> None:
        """Count what was in flight in a closed event loop as ended."""
        for side in [side for side in self._sides if side.is_closed]:
            self._sides.remove(side)
            side.is_over = True
            for _ in range(side.in_flight):
                self._window.give_back(now, late=True)


def now_of(clock: Clock | None, window: Window) -> float:
    """Return the time, or what the window was last told where nobody knows it."""
    if clock is not None:
        return clock.time()
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return window.now


def tell_waiting(window: Window, waiting: int, expected: float) -> bool:
    """Log how many wait and for how long, unless it is for an answer only: that is a moment."""
    if expected <= 0:
        return False
    _log.info(
        "calls that wait for the rate limit of %d requests per %g s, %d at a time: %d; "
        "the last one leaves in about %.0f s (max_wait= bounds such waits)",
        *(window.limit, window.seconds, window.max_in_flight, waiting, expected),
    )
    return True


def place_of(request: Request) -> int:
    """Return the place in the line of the call that the request belongs to."""
    progress = request.progress
    if request.attempt == 1 or not progress.place:
        progress.place = next(_places)
    return progress.place


def patience_of(request: Request) -> float:
    """Return the seconds that a request may wait for a slot."""
    return float("inf") if request.max_wait is None else request.max_wait


def slow_down(window: Window, now: float, response: Response) -> float:
    """Learn from a refusal, and return for how many seconds everybody pauses from now on."""
    told = envelope(response)
    pause, is_news = window.refuse(
        now,
        stated_limits(told.message or ""),
        retry_after=retry_after(response.headers),
        too_many_at_once=told.code == _TOO_MANY_AT_ONCE,
    )
    if is_news:
        _log.warning(
            "ngrok refused a request for the rate limit (%s); all calls pause for %.1f s",
            # Other codes are free text, which may echo the key.
            told.code if told.code in THROTTLED_CODES else response.status,
            pause,
        )
    return pause


def refusal(
    window: Window, request: Request, expected: float, *, waited: bool = False
) -> RateLimitedError:
    """Make the error for a wait that would be too long, or was: it took all that was allowed."""
    limit = (
        f"the limit of {window.limit} requests per {window.seconds:g} s, "
        f"{window.max_in_flight} at a time,"
    )
    patience = patience_of(request)
    if waited:
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
    error.retry_after = expected
    return error
