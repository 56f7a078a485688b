"""The event loops that share a rate limit, and those who wait in each."""

import asyncio
from typing import Final
from weakref import ref

from ngrok_async._clock import Clock, Timer
from ngrok_async._limits.line import Line

_HOUR: Final = 3600.0


class Side:
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
        self._queue: ref[Queue] | None = None

    @property
    def queue(self) -> "Queue | None":
        return None if self._queue is None else self._queue()

    @queue.setter
    def queue(self, queue: "Queue | None") -> None:
        self._queue = None if queue is None else ref(queue)
        self.has_queue = queue is not None

    @property
    def is_closed(self) -> bool:
        loop = self.loop()
        return loop is None or loop.is_closed()


class Queue:
    """Those who wait in one event loop.

    A timer of that loop keeps it alive for as long as somebody waits, and nothing else does that
    outlives the loop.
    """

    def __init__(self, side: Side, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
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
