"""Many timeouts on one timer."""

import gc
import weakref
from collections.abc import Callable

import pytest

from ngrok_async._clock import Clock, Timer
from ngrok_async._way.timers import _GRACE, Timers
from ngrok_async.testing import TurnableClock


class Noted:
    """Notes when it expired."""

    def __init__(self, clock: Clock) -> None:
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
def timeouts(clock: CountingClock) -> Timers:
    """Return timeouts on that clock."""
    return Timers(lambda: clock)


async def test_each_ends_at_its_own_time(clock: CountingClock, timeouts: Timers) -> None:
    """Whatever the order in which they began; what ends at the same time ends together."""
    every = [Noted(clock) for _ in range(4)]
    for noted, seconds in zip(every, (5, 2, 8, 2), strict=True):
        timeouts.start(noted, seconds)
    for _ in range(9):
        clock.advance(1)

    assert [[5], [2], [8], [2]] == [noted.at for noted in every]


async def test_what_has_stopped_does_not_expire(clock: CountingClock, timeouts: Timers) -> None:
    """It was in time. Stopping once more changes nothing."""
    fast, slow = Noted(clock), Noted(clock)
    timeouts.start(fast, 2)
    timeouts.start(slow, 3)
    timeouts.stop(fast)
    timeouts.stop(fast)
    clock.advance(9)
    timeouts.stop(slow)

    assert ([], [3]) == (fast.at, slow.at)


async def test_one_timer_for_all(clock: CountingClock, timeouts: Timers) -> None:
    """A thousand requests of a second each, one after the other, set a timer now and then."""
    for _ in range(1000):
        noted = Noted(clock)
        timeouts.start(noted, 30)
        clock.advance(1)
        timeouts.stop(noted)

    assert 35 == len(clock.set)


async def test_a_shorter_one_sets_the_timer_anew(clock: CountingClock, timeouts: Timers) -> None:
    """The timer is always due for the one that ends first."""
    long, short = Noted(clock), Noted(clock)
    timeouts.start(long, 30)
    timeouts.start(short, 3)
    clock.advance(3)

    assert ([], [3]) == (long.at, short.at)
    assert [30, 3, 30] == clock.set


async def test_a_loop_that_calls_too_early(clock: CountingClock, timeouts: Timers) -> None:
    """An event loop does, by less than its clock can tell; the timeout ends all the same."""
    noted = Noted(clock)
    timeouts.start(noted, 3)
    clock.advance(2.999)
    timeouts._ring()
    clock.advance(1)

    assert [2.999] == noted.at


async def test_closed_timeouts_do_not_ring(
    clock: CountingClock, timeouts: Timers, monkeypatch: pytest.MonkeyPatch
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


async def test_what_runs_on_after_the_close_expires(clock: CountingClock, timeouts: Timers) -> None:
    """A task that a middleware has made may outlive the client's calls; it must not hang."""
    noted = Noted(clock)
    timeouts.start(noted, 3)
    timeouts.close()
    clock.advance(3)

    assert [3] == noted.at


# --- a loop that was held up ----------------------------------------------------------------------


class Never:
    """A timer that rings only when a test rings it, as in a loop that somebody blocks."""

    def cancel(self) -> None:
        """Do nothing."""


class StandingClock:
    """Shows the time that it is set to."""

    def __init__(self) -> None:
        """Stand at 0."""
        self.shows = 0.0
        self.set: list[float] = []

    def time(self) -> float:
        """Return the time that was set."""
        return self.shows

    def call_at(self, when: float, _: Callable[[], object], /) -> Timer:
        """Note the time."""
        self.set.append(when)
        return Never()


@pytest.fixture
def standing() -> StandingClock:
    """Return a clock that is set by hand, and rings late."""
    return StandingClock()


async def test_a_timer_that_rings_late_gives_a_moment_more(standing: StandingClock) -> None:
    """What has arrived while the loop stood still is read first, and then it is in time."""
    timeouts = Timers(lambda: standing)
    read, silent = Noted(standing), Noted(standing)
    timeouts.start(read, 3)
    timeouts.start(silent, 3)
    standing.shows = 60.0
    timeouts._ring()
    assert ([], []) == (read.at, silent.at)
    timeouts.stop(read)
    standing.shows = standing.set[-1]
    timeouts._ring()

    assert ([], [60 + _GRACE]) == (read.at, silent.at)
    assert _GRACE < 1


async def test_what_would_end_in_that_moment_gets_it_too(standing: StandingClock) -> None:
    """Its answer may lie in the socket as well; what has time is left alone."""
    timeouts = Timers(lambda: standing)
    over, near, far = Noted(standing), Noted(standing), Noted(standing)
    timeouts.start(over, 3)
    timeouts.start(near, 60 + _GRACE / 2)
    timeouts.start(far, 90)
    standing.shows = 60.0
    timeouts._ring()
    assert 60 + _GRACE == standing.set[-1]
    standing.shows = 60 + _GRACE
    timeouts._ring()

    assert ([60 + _GRACE], [60 + _GRACE], []) == (over.at, near.at, far.at)
    assert 90 == standing.set[-1]


async def test_the_moment_is_given_once(standing: StandingClock) -> None:
    """In a loop that is always late, everything ends all the same."""
    timeouts = Timers(lambda: standing)
    noted, later = Noted(standing), Noted(standing)
    timeouts.start(noted, 3)
    for now in (10.0, 20.0):
        standing.shows = now
        timeouts._ring()
        timeouts.start(later, 5)

    assert ([20], []) == (noted.at, later.at)


async def test_a_timer_in_time_gives_none(standing: StandingClock) -> None:
    """The usual lateness of a timer is none."""
    timeouts = Timers(lambda: standing)
    noted = Noted(standing)
    timeouts.start(noted, 3)
    standing.shows = 3.01
    timeouts._ring()

    assert [3.01] == noted.at


async def test_shorter_from_now_on(clock: CountingClock, timeouts: Timers) -> None:
    """Never longer; what had no end has one then."""
    long, short, endless = Noted(clock), Noted(clock), Noted(clock)
    timeouts.start(long, 30)
    timeouts.start(short, 2)
    for each in (long, short, endless):
        timeouts.shorten(each, 5)
    clock.advance(30)

    assert ([5], [2], [5]) == (long.at, short.at, endless.at)


async def test_what_has_got_a_moment_more_is_let_go(standing: StandingClock) -> None:
    """It leads to a request and its key; a client may live for months."""
    timeouts = Timers(lambda: standing)
    noted = Noted(standing)
    there = weakref.ref(noted)
    timeouts.start(noted, 3)
    standing.shows = 60.0
    timeouts._ring()
    timeouts.stop(noted)
    standing.shows = standing.set[-1]
    timeouts._ring()
    del noted
    gc.collect()

    assert there() is None
