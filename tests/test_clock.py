"""Sleeping by a clock that tests can turn."""

import asyncio
from collections.abc import Callable

import pytest

from ngrok_async._clock import Clock, sleep


class HandTimer:
    """A timer that remembers being cancelled, and whose callback a test can still run."""

    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        """Keep both."""
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Remember it."""
        self.cancelled = True


class HandClock:
    """A clock that stands still."""

    def __init__(self) -> None:
        """Begin at an odd time: only differences mean something."""
        self.now = 1000.5
        self.timers: list[HandTimer] = []

    def time(self) -> float:
        """Return the current time in seconds."""
        return self.now

    def call_at(self, when: float, callback: Callable[[], object], /) -> HandTimer:
        """Keep the callback for the test to run."""
        self.timers.append(HandTimer(when, callback))
        return self.timers[-1]


async def turn() -> None:
    """Let other tasks run until they wait."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_it_wakes_when_the_clock_says_so() -> None:
    """Nothing but the clock's own timer ends the sleep."""
    clock = HandClock()
    sleeper = asyncio.create_task(sleep(clock, 2.5))
    await turn()
    [timer] = clock.timers

    assert 1003.0 == timer.when
    assert not sleeper.done()
    timer.callback()
    await sleeper


async def test_a_cancelled_sleep_leaves_no_timer() -> None:
    """The timer is dropped, and if it fires all the same, nothing breaks."""
    clock = HandClock()
    sleeper = asyncio.create_task(sleep(clock, 60))
    await turn()
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper
    [timer] = clock.timers

    assert timer.cancelled
    timer.callback()


async def test_a_timer_that_fires_twice_is_harmless() -> None:
    """A clock that is turned far may run a callback that was due anyway."""
    clock = HandClock()
    sleeper = asyncio.create_task(sleep(clock, 1))
    await turn()
    clock.timers[0].callback()
    clock.timers[0].callback()

    await sleeper
    assert clock.timers[0].cancelled


@pytest.mark.parametrize("seconds", [0.005, 0, -1])
async def test_an_event_loop_is_a_clock(seconds: float) -> None:
    """Outside of tests the loop's own time counts; a pause that is over does not wait."""
    loop: Clock = asyncio.get_running_loop()
    start = loop.time()
    await sleep(loop, seconds)

    # Loops fire timers that are due within their clock's resolution.
    assert loop.time() - start >= seconds - 0.001
