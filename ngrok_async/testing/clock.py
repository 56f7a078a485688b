"""A clock that tests can turn by hand."""

import asyncio
import time
from bisect import insort
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class TurnableClock:
    """Monotonic seconds and timers, as an event loop has them, plus `advance`.

    Give the same clock to the fake and to whatever else counts seconds, and a minute passes for all
    of them when you say so. It may be made before the event loop runs.

    Args:
        running: Whether time goes by on its own as well. If not, the clock shows 0 until you turn
            it, and no timer fires by itself.
    """

    def __init__(self, *, running: bool = True) -> None:
        """Start the clock; see the class for its argument."""
        self._running = running
        self._offset = 0.0
        self._turning: float | None = None  # the time shown to the callbacks of `advance`
        self._timers: list[_Timer] = []  # by due time; first set, first run
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0
        self._watchers: set[asyncio.Future[None]] = set()
        self._origin = datetime.now(UTC) - timedelta(seconds=self.time())

    def time(self) -> float:
        """Return the current time in seconds; only differences mean something."""
        if self._turning is not None:
            return self._turning
        return self._offset + (time.monotonic() if self._running else 0.0)

    def now(self) -> datetime:
        """Return the time of day: the real one when the clock was made, plus what went by since."""
        return self._origin + timedelta(seconds=self.time())

    @property
    def next_due(self) -> float | None:
        """When the next timer is due, or None without timers."""
        return self._timers[0].when if self._timers else None

    def call_at(self, when: float, callback: Callable[[], object], /) -> "_Timer":
        """Call `callback` once `time()` has reached `when`.

        A running clock needs a running event loop for this.
        """
        if self._running:
            self._loop = asyncio.get_running_loop()
        timer = _Timer(when, callback, self._drop)
        insort(self._timers, timer, key=_due)
        self._set_alarm()
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_result(None)
        return timer

    async def wait_for_timer(self) -> float:
        """Wait until something waits for this clock.

            clock.advance(await clock.wait_for_timer())

        Returns:
            How far to turn it until the first timer is due.
        """
        while not self._timers:
            watcher: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._watchers.add(watcher)
            try:
                await watcher
            finally:
                self._watchers.discard(watcher)
        return max(0.0, self._timers[0].when - self.time())

    def advance(self, seconds: float) -> None:
        """Turn the clock on and run what becomes due, in the order of its time.

        While a callback runs, the clock shows the time at which that callback was due. Timers that
        callbacks add are run as well if they fall within the same span. Tasks that a callback wakes
        go on later, when the caller next awaits something.

        Args:
            seconds: How far to turn it; not negative.
        """
        if seconds < 0:
            raise ValueError(f"a clock cannot be turned back, got {seconds!r} seconds")
        if self._turning is not None:
            raise RuntimeError("a callback of advance() must not advance the clock itself")
        self._turning = self.time()
        end = self._turning + seconds
        try:
            while self._timers and self._timers[0].when <= end:
                timer = self._timers.pop(0)
                self._turning = max(self._turning, timer.when)
                timer.callback()
        finally:
            self._turning = None
            self._offset += seconds
            self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._loop is not None and self._timers and not self._loop.is_closed():
            self._alarm_at = self._timers[0].when
            delay = max(0.0, self._alarm_at - self.time())
            self._alarm = self._loop.call_later(delay, self._ring)

    def _ring(self) -> None:
        # Event loops call up to one tick of their clock early.
        end = max(self.time(), self._alarm_at)
        try:
            while self._timers and self._timers[0].when <= end:
                self._timers.pop(0).callback()
        finally:
            self._set_alarm()

    def _drop(self, timer: "_Timer") -> None:
        if timer in self._timers:
            self._timers.remove(timer)
            self._set_alarm()


class _Timer:
    """A callback that is due later."""

    __slots__ = ("_drop", "callback", "when")

    def __init__(
        self, when: float, callback: Callable[[], object], drop: "Callable[[_Timer], None]"
    ) -> None:
        self.when: float = when
        self.callback: Callable[[], object] = callback
        self._drop = drop

    def cancel(self) -> None:
        """Drop the callback; harmless once it has run."""
        self._drop(self)


def _due(timer: _Timer) -> float:
    return timer.when
