"""A clock that tests can turn by hand."""

import asyncio
import math
import time
from bisect import insort
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ngrok_async._numbers import as_float
from ngrok_async.testing._arguments import flag, span, wrong


class TurnableClock:
    """Monotonic seconds and timers, as an event loop has them, plus `advance`.

    Give the same clock to the fake and to whatever else counts seconds, and a minute passes for all
    of them when you say so. It may be made before the event loop runs.

    Args:
        running: Whether time goes by on its own as well. If not, the clock shows 0 until you turn
            it, and no timer fires by itself. Where freezegun has stopped the time of Python, a
            running clock stands too, and moves as it does; time-machine turns its time of day only.
    """

    def __init__(self, *, running: bool = True) -> None:
        """Start the clock; see the class for its argument."""
        self._running = flag("running", running)
        self._turned = 0.0
        self._seen = 0.0
        self._lost = 0.0
        self._turning: float | None = None  # the time shown to the callbacks of `advance`
        self._turning_from = 0.0
        self._timers: list[_Timer] = []  # by due time; first set, first run
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0
        self._watchers: set[asyncio.Future[None]] = set()
        self._origin = datetime.now(UTC)

    def time(self) -> float:
        """Return the current time in seconds; only differences mean something."""
        if self._turning is not None:
            return self._turning
        return self._turned + self._unturned()

    def now(self) -> datetime:
        """Return the time of day: the real one, plus how far the clock was turned.

        That of a clock that does not run is the one when it was made.
        """
        origin = datetime.now(UTC) if self._running else self._origin
        on_the_way = 0.0 if self._turning is None else self._turning - self._turning_from
        return origin + timedelta(seconds=self._turned + on_the_way)

    def _unturned(self) -> float:
        if not self._running:
            return 0.0
        seen = time.monotonic()
        # When freezegun lets time go, this goes back by decades. What waits would wait as long.
        self._lost += max(0.0, self._seen - seen)
        self._seen = seen
        return self._lost + seen

    @property
    def next_due(self) -> float | None:
        """When the next timer is due, or None without timers."""
        return self._timers[0].when if self._timers else None

    def call_at(self, when: float, callback: Callable[[], object], /) -> "_Timer":
        """Call `callback` once `time()` has reached `when`.

        A running clock needs a running event loop for this.

        Raises:
            ValueError: `when` is no time, or there is nothing to call.
        """
        if not math.isfinite(as_float(when)):
            raise wrong("when", "a time of this clock, such as clock.time() + 5", when)
        if not callable(callback):
            raise wrong("callback", "what can be called without arguments", callback)
        if self._running:
            self._loop = asyncio.get_running_loop()
        timer = _Timer(when, callback, self._drop)
        insort(self._timers, timer, key=_due)
        self._set_alarm()
        for watcher in tuple(self._watchers):
            wake(watcher)
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
        go on later, when the caller next awaits something. It may be called in any thread.

        Args:
            seconds: How far to turn it; from 0 on.

        Raises:
            ValueError: They are not seconds from 0 on, or lead beyond the year 9999.
            RuntimeError: A callback of `advance` calls it.
        """
        seconds = span("seconds", seconds)
        try:
            _ = self.now() + timedelta(seconds=seconds)
        except OverflowError:
            raise wrong("seconds", "fewer: the clock ends with the year 9999", seconds) from None
        if self._turning is not None:
            raise RuntimeError("a callback of advance() must not advance the clock itself")
        self._turning = self._turning_from = self.time()
        end = self._turning + seconds
        try:
            while self._timers and self._timers[0].when <= end:
                timer = self._timers.pop(0)
                self._turning = max(self._turning, timer.when)
                timer.callback()
        finally:
            self._turning = None
            self._turned += seconds
            self._set_alarm()

    def _set_alarm(self) -> None:
        if self._loop is not None:
            call_in(self._loop, self._set_alarm_here)

    def _set_alarm_here(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._timers:
            self._alarm_at = self._timers[0].when
            delay = max(0.0, self._alarm_at - self.time())
            self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

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


def call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    """Call in an event loop: now if it is the running one, soon if not, never if it is closed."""
    try:
        is_here = asyncio.get_running_loop() is loop
    except RuntimeError:  # none runs in this thread
        is_here = False
    if is_here:
        callback()
    elif not loop.is_closed():
        loop.call_soon_threadsafe(callback)


def wake(waiting: asyncio.Future[None]) -> None:
    """Let whoever awaits a future go on, whatever the thread or event loop of each."""

    def go_on() -> None:
        if not waiting.done():
            waiting.set_result(None)

    call_in(waiting.get_loop(), go_on)


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
