"""When a watch may ask: by its share of the rate limit, and less often while asking fails."""

import asyncio
from collections.abc import Callable
from typing import Final

from ngrok_async._clock import Clock
from ngrok_async._limits.budget import Budget

# What an account has, where the limiter does not tell.
_REQUESTS: Final = 120
_WINDOW: Final = 60.0
# Beats between two requests at most, however many fail in a row.
_SLOWEST: Final = 64
_GAP: Final = 3.0


class Pace:
    """The beat of a watch: so many seconds between two requests at least.

    Attributes:
        failures: How many requests have failed in a row.
    """

    def __init__(self, clock: Clock, share: float, budget: Callable[[], Budget | None]) -> None:
        """Ask at once.

        Args:
            clock: What to wait by.
            share: The part of the rate limit.
            budget: Tells the limit.
        """
        self._clock = clock
        self._share = share
        self._budget = budget
        self._due = float("-inf")
        self._rested = float("-inf")  # until then after failures
        self._answered: float | None = None
        self._waiting: asyncio.Future[None] | None = None
        self.failures = 0

    @property
    def beat(self) -> float:
        """Seconds between two requests."""
        budget = self._budget()
        if budget is None:
            return _WINDOW / (_REQUESTS * self._share)
        return budget.window / (budget.limit * self._share)

    async def turn(self) -> None:
        """Wait until a request is due, or for a `wake`."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        timer = self._clock.call_at(max(self._due, self._rested), self.wake)
        try:
            await waiting
        finally:
            timer.cancel()
            self._waiting = None

    @property
    def is_due(self) -> bool:
        """Whether a request may leave now."""
        return max(self._due, self._rested) <= self._clock.time()

    def wake(self) -> None:
        """Have whoever waits look again."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def poke(self) -> None:
        """Do not wait on because of failures."""
        self._rested = float("-inf")
        self.wake()

    def asks(self) -> None:
        """Note that a request leaves."""
        self._due = self._clock.time() + self.beat

    def failed(self, wait: float = 0.0) -> None:
        """Note that one failed: the next comes twice as late as after the last failure.

        Args:
            wait: Seconds that ngrok asks for.
        """
        self.failures += 1
        beats = min(_SLOWEST, 2 ** min(self.failures, _SLOWEST))
        self._rested = self._clock.time() + max(wait, beats * self.beat)

    def answered(self, pages: int) -> bool:
        """Note that one was answered; tell whether that was after a long gap.

        Args:
            pages: How many a walk has.
        """
        now, before = self._clock.time(), self._answered
        self.failures, self._answered = 0, now
        # Half a beat more, as no clock is exact.
        return before is not None and now - before > (_GAP * max(1, pages) + 0.5) * self.beat
