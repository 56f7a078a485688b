"""The rate limit: lets calls leave as the window allows, first come, first served."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import RLock
from typing import Final

from ngrok_async._clock import Clock, Timer
from ngrok_async._limits.budget import Budget
from ngrok_async._limits.refusals import (
    now_of,
    patience_of,
    place_of,
    refusal,
    slow_down,
    tell_waiting,
)
from ngrok_async._limits.sides import Queue, Side
from ngrok_async._limits.window import Window
from ngrok_async._request import Request, Response, Send, left
from ngrok_async._way.answer import is_throttled
from ngrok_async.errors import ERRORS_FROM

_log: Final = logging.getLogger("ngrok_async.rate_limit")

# Every so many seconds the log tells how many wait.
TOLD_EVERY: Final = 60.0


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
        self._side: Side | None = None  # the one that was used last
        self._sides: list[Side] = []
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
            if response.status >= ERRORS_FROM and is_throttled(response):
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
        side: Side,
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

    def _give_up(self, queue: Queue, waiter: asyncio.Future[bool]) -> None:
        self._wake(queue)  # a slot that is free in this very moment is still taken
        if not waiter.done():
            waiter.set_result(False)

    def _leave(self, queue: Queue, place: int, waiter: asyncio.Future[bool]) -> None:
        # That frees no slot, so nobody else can go for it.
        queue.line.leave(place, waiter)
        if not queue.line:
            self._close_queue(queue)

    def _wake(self, queue: Queue, rang_at: float = float("-inf")) -> None:
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

    def _schedule(self, queue: Queue, now: float) -> None:
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

    def _open_queue(self, side: Side, loop: asyncio.AbstractEventLoop) -> Queue:
        queue = Queue(side, loop, self._given_clock or loop)
        with self._lock:
            window = self._window
            queue.turned_back = window.turned_back
            # Nobody has waited for a window: a new episode, which is told of at once.
            if window.now - self._empty_since >= window.seconds:
                self._report_at = float("-inf")
        return queue

    def _close_queue(self, queue: Queue) -> None:
        queue.close()
        self._empty_since = self._window.now

    def _report(self, queue: Queue) -> None:
        """Log how many wait, and for how long."""
        self._report_at = float("-inf")
        with self._lock:
            window, waiting = self._window, self._waiting
            now = window.now
            expected = window.expected(now, waiting - 1) if waiting else 0.0
        if queue.line and tell_waiting(window, waiting, expected):
            self._report_at = now + TOLD_EVERY

    # --- slots, and event loops --------------------------------------------------------------

    def _take(self, side: Side, now: float) -> bool:
        lock = self._lock
        lock.acquire()  # `with` would double the cost of this
        try:
            if not self._window.take(now):
                return False
            side.in_flight += 1
            return True
        finally:
            lock.release()

    def _end(self, side: Side, clock: Clock, *, counts: bool = True, late: bool = False) -> None:
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

    def _wake_others(self, side: Side) -> None:
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

    def _side_of(self, loop: asyncio.AbstractEventLoop) -> Side:
        now = (self._given_clock or loop).time()
        with self._lock:
            self._bury(now)
            for side in self._sides:
                if side.loop() is loop:
                    break
            else:
                side = Side(loop)
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
