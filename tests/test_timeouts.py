"""Many timeouts on one timer."""

from collections.abc import Callable

import pytest

from ngrok_async._clock import Timer
from ngrok_async._timeouts import Timeouts
from ngrok_async.testing import TurnableClock


class Noted:
    """Notes when it expired."""

    def __init__(self, clock: TurnableClock) -> None:
        """Take the clock to look at."""
        self.clock = clock
        self.at: list[float] = []

    def expire(self) -> None:
        """Note the time."""
        self.at.append(self.clock.time())


class CountingClock(TurnableClock):
    """Notes when timers are set to."""

    def __init__(self) -> None:
        """Stand at 0."""
        super().__init__(running=False)
        self.set: list[float] = []

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Note the time and set the timer."""
        self.set.append(when)
        return super().call_at(when, callback)


@pytest.fixture
def clock() -> CountingClock:
    """Return a clock that is turned by hand."""
    return CountingClock()


@pytest.fixture
def timeouts(clock: CountingClock) -> Timeouts:
    """Return timeouts on that clock."""
    return Timeouts(lambda: clock)


async def test_each_ends_at_its_own_time(clock: CountingClock, timeouts: Timeouts) -> None:
    """Whatever the order in which they began; what ends at the same time ends together."""
    every = [Noted(clock) for _ in range(4)]
    for noted, seconds in zip(every, (5, 2, 8, 2), strict=True):
        timeouts.start(noted, seconds)
    for _ in range(9):
        clock.advance(1)

    assert [[5], [2], [8], [2]] == [noted.at for noted in every]


async def test_what_has_stopped_does_not_expire(clock: CountingClock, timeouts: Timeouts) -> None:
    """It was in time. Stopping once more changes nothing."""
    fast, slow = Noted(clock), Noted(clock)
    timeouts.start(fast, 2)
    timeouts.start(slow, 3)
    timeouts.stop(fast)
    timeouts.stop(fast)
    clock.advance(9)
    timeouts.stop(slow)

    assert ([], [3]) == (fast.at, slow.at)


async def test_one_timer_for_all(clock: CountingClock, timeouts: Timeouts) -> None:
    """A thousand requests of a second each, one after the other, set a timer now and then."""
    for _ in range(1000):
        noted = Noted(clock)
        timeouts.start(noted, 30)
        clock.advance(1)
        timeouts.stop(noted)

    assert 35 == len(clock.set)


async def test_a_shorter_one_sets_the_timer_anew(clock: CountingClock, timeouts: Timeouts) -> None:
    """The timer is always due for the one that ends first."""
    long, short = Noted(clock), Noted(clock)
    timeouts.start(long, 30)
    timeouts.start(short, 3)
    clock.advance(3)

    assert ([], [3]) == (long.at, short.at)
    assert [30, 3, 30] == clock.set


async def test_a_loop_that_calls_too_early(clock: CountingClock, timeouts: Timeouts) -> None:
    """An event loop does, by less than its clock can tell; the timeout ends all the same."""
    noted = Noted(clock)
    timeouts.start(noted, 3)
    clock.advance(2.999)
    timeouts._ring()
    clock.advance(1)

    assert [2.999] == noted.at


async def test_closed_timeouts_do_not_ring(
    clock: CountingClock, timeouts: Timeouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is there any more."""
    rung: list[float] = []
    monkeypatch.setattr(timeouts, "_ring", lambda: rung.append(clock.time()))
    noted = Noted(clock)
    timeouts.start(noted, 3)
    timeouts.stop(noted)
    timeouts.close()
    timeouts.close()
    clock.advance(9)

    assert [] == rung


async def test_what_runs_on_after_the_close_expires(
    clock: CountingClock, timeouts: Timeouts
) -> None:
    """A task that a middleware has made may outlive the client's calls; it must not hang."""
    noted = Noted(clock)
    timeouts.start(noted, 3)
    timeouts.close()
    clock.advance(3)

    assert [3] == noted.at
