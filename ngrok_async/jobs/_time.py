"""Waiting by a clock that tests can turn."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypeVar, cast

from ngrok_async._clock import Clock
from ngrok_async._numbers import as_float
from ngrok_async._operation import Resource
from ngrok_async._shown import shown
from ngrok_async.errors import RateLimitedError, RequestTimeoutError

R = TypeVar("R")

_log: Final = logging.getLogger("ngrok_async.jobs")


def span(name: str, seconds: float) -> float:
    """Return seconds above 0.

    Raises:
        ValueError: They are not.
    """
    if not 0 < as_float(seconds) < float("inf"):
        raise ValueError(f"{name} must be seconds above 0, got {shown(seconds)}")
    return float(seconds)


@asynccontextmanager
async def until(clock: Clock, when: float) -> AsyncGenerator[asyncio.Timeout]:
    """Cut what is under way at a time of the clock, with a `TimeoutError` at the end."""
    async with asyncio.timeout(None) as cut:
        loop = asyncio.get_running_loop()
        timer = clock.call_at(when, lambda: cut.reschedule(loop.time()))
        try:
            yield cut
        finally:
            timer.cancel()


async def sleep(clock: Clock, seconds: float) -> None:
    """Do nothing for so long by the clock."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = clock.call_at(clock.time() + seconds, partial(_end, over))
    try:
        await over
    finally:
        timer.cancel()


def _end(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


def is_out_of_time(error: Exception, left: float) -> bool:
    """Tell whether an error means that the time of a job is over, and not that a call failed.

    Args:
        error: A `TimeoutError` or `RateLimitedError`.
        left: Seconds that the job still has.
    """
    if isinstance(error, RateLimitedError) and error.attempts:  # ngrok's own, to the last attempt
        return (error.retry_after or 0.0) >= left
    return not isinstance(error, RequestTimeoutError)


class Looks:
    """When to look again: at first soon, then less and less often."""

    SLOWER = 1.5
    LONGEST = 10.0

    def __init__(self, clock: Clock, pace: float) -> None:
        """Look at once; wait so many seconds before the second look."""
        self._clock = clock
        self._wait = pace
        self.count = 0

    async def due(self) -> bool:
        """Wait until the next look; always True."""
        if self.count:
            _log.debug("look %d comes in %.1f s", self.count + 1, self._wait)
            await sleep(self._clock, self._wait)
            self._wait = max(self._wait, min(self.LONGEST, self._wait * self.SLOWER))
        self.count += 1
        return True


def waiting_no_longer(resource: R, seconds: float) -> R:
    """Return the resource with calls that wait for the rate limit for so long at most."""
    if not isinstance(resource, Resource):  # a double in somebody's tests
        return resource
    view = resource.client.with_options(max_wait=max(0.0, seconds))
    return cast("R", type(resource)(view))
