"""Many timeouts on one timer: one for each would cost a request 3 % more."""

from collections.abc import Callable
from typing import Final, Protocol

from ngrok_async._clock import Clock, Timer

_NEVER: Final = float("inf")
# A timer that rings later than that, in seconds, was held up: somebody's code blocked the loop, or
# the machine slept. The longest step of a clock is 16 ms, on Windows.
_LATE: Final = 0.02
# What has arrived meanwhile is in the socket. This is time enough to read megabytes.
_GRACE: Final = 0.1


class Expiring(Protocol):
    """What may take too long."""

    def expire(self) -> None:
        """End it."""


class Timers:
    """Ends what still runs when its time is over.

    The timer is set to the earliest end and left alone while later ones come and go, which they do
    where all have about the same time. When it rings late, what is over gets a moment more, once:
    it was the loop that took too long, and the answer may have been there for long.
    """

    def __init__(self, clock: Callable[[], Clock]) -> None:
        """Begin with none.

        Args:
            clock: Returns the time and timers to go by.
        """
        self._clock = clock
        self._ends: dict[Expiring, float] = {}
        self._spared: set[Expiring] = set()
        self._next = _NEVER
        self._timer: Timer | None = None

    def start(self, expiring: Expiring, seconds: float, now: float | None = None) -> None:
        """Let `expiring` run for so long; `now` spares asking who knows it for the time."""
        end = (self._clock().time() if now is None else now) + seconds
        self._ends[expiring] = end
        if end < self._next:
            self._set(end)

    def shorten(self, expiring: Expiring, seconds: float) -> None:
        """Let `expiring` run for so long from now on, if not for less."""
        if self._clock().time() + seconds < self._ends.get(expiring, _NEVER):
            self.start(expiring, seconds)

    def stop(self, expiring: Expiring) -> None:
        """Forget it; harmless if it has expired."""
        self._ends.pop(expiring, None)

    def close(self) -> None:
        """Drop the timer, if nothing runs any more that it has to end."""
        # A middleware may have sent a request in a task of its own, which goes on.
        if not self._ends:
            self._drop()

    def _drop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._next = None, _NEVER

    def _set(self, end: float) -> None:
        self._drop()
        self._next = end
        self._timer = self._clock().call_at(end, self._ring)

    def _ring(self) -> None:
        # An event loop may call up to the resolution of its clock too early.
        now = max(self._clock().time(), self._next)
        late = now - self._next > _LATE
        self._drop()
        for expiring, end in list(self._ends.items()):
            if late and end < now + _GRACE and expiring not in self._spared:
                self._spared.add(expiring)
                self._ends[expiring] = now + _GRACE
            elif end <= now:
                del self._ends[expiring]
                expiring.expire()
        self._spared &= self._ends.keys()
        if self._ends:
            self._set(min(self._ends.values()))
