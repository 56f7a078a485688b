"""What the limiter and the retries need of time, so that tests can turn it by hand."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol


class Timer(Protocol):
    """A callback that is due later."""

    def cancel(self) -> None:
        """Drop the callback; harmless once it has run."""


class Clock(Protocol):
    """Monotonic seconds and a way to be called later; every asyncio event loop is one."""

    def time(self) -> float:
        """Return the current time in seconds; only differences mean something."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call `callback` once `time()` has reached `when`."""
        ...


class LoopClock:
    """The clock of whatever event loop runs; it can be asked, and shown, where none does."""

    def time(self) -> float:
        """Return the running loop's time; outside of one that of asyncio's own loops."""
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return time.monotonic()

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Have the running loop call back."""
        return asyncio.get_running_loop().call_at(when, callback)

    def __repr__(self) -> str:
        """Say whose it is."""
        return "<the clock of the running event loop>"


LOOP_CLOCK: Final = LoopClock()


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait until `clock` has moved on by `seconds`."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not done.done():
            done.set_result(None)

    timer = clock.call_at(clock.time() + seconds, wake)
    try:
        await done
    finally:
        timer.cancel()
