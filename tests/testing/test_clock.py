"""The clock that tests turn."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ngrok_async._clock import Clock, sleep
from ngrok_async.testing import TurnableClock


def test_stands_still_when_told_so() -> None:
    """A clock that does not run shows 0 until it is turned."""
    clock = TurnableClock(running=False)

    assert 0.0 == clock.time() == clock.time()

    clock.advance(1.5)

    assert 1.5 == clock.time()


def test_runs_without_an_event_loop() -> None:
    """A running clock goes on by itself, plus what it was turned by."""
    clock = TurnableClock()
    before = clock.time()
    clock.advance(1000)

    assert before + 1000 <= clock.time() < before + 1060


def test_tells_the_time_of_day() -> None:
    """The time of day begins as the real one and goes by with the clock."""
    clock = TurnableClock(running=False)
    start = clock.now()

    assert timedelta(0) <= datetime.now(UTC) - start < timedelta(minutes=1)

    clock.advance(90)

    assert start + timedelta(seconds=90) == clock.now()


def test_advance_runs_callbacks_in_the_order_of_their_time() -> None:
    """Each callback sees the time at which it was due; equal times keep their order."""
    clock = TurnableClock(running=False)
    seen: list[tuple[str, float]] = []
    for name, when in (("c", 3.0), ("a", 1.0), ("late", 9.0), ("b1", 2.0), ("b2", 2.0)):
        clock.call_at(when, lambda name=name: seen.append((name, clock.time())))

    assert 1.0 == clock.next_due

    clock.advance(5)

    assert [("a", 1.0), ("b1", 2.0), ("b2", 2.0), ("c", 3.0)] == seen
    assert 5.0 == clock.time()
    assert 9.0 == clock.next_due


def test_advance_runs_timers_that_callbacks_add() -> None:
    """A timer that is set within the span and due within it is run too."""
    clock = TurnableClock(running=False)
    seen: list[float] = []

    def tick() -> None:
        seen.append(clock.time())
        clock.call_at(clock.time() + 2, tick)

    clock.call_at(1, tick)
    clock.advance(6)

    assert [1.0, 3.0, 5.0] == seen
    assert 7.0 == clock.next_due


def test_time_does_not_go_back_for_an_overdue_timer() -> None:
    """A timer that was set for the past runs at the next turn, at the time of that turn."""
    clock = TurnableClock(running=False)
    clock.advance(10)
    seen: list[float] = []
    clock.call_at(4, lambda: seen.append(clock.time()))
    clock.advance(0)

    assert [10.0] == seen
    assert clock.next_due is None


def test_a_cancelled_timer_is_not_run() -> None:
    """Cancelling drops the callback; doing it twice is harmless."""
    clock = TurnableClock(running=False)
    timer = clock.call_at(1, lambda: pytest.fail("it was cancelled"))
    timer.cancel()
    timer.cancel()
    clock.advance(2)

    assert clock.next_due is None


def test_cannot_be_turned_back() -> None:
    """Time only goes on."""
    with pytest.raises(ValueError, match="seconds must be seconds from 0 on; got -1"):
        TurnableClock().advance(-1)


def test_a_callback_cannot_turn_the_clock() -> None:
    """A turn within a turn is refused; the outer one still ends where it should."""
    clock = TurnableClock(running=False)
    clock.call_at(1, lambda: clock.advance(1))

    with pytest.raises(RuntimeError, match="callback"):
        clock.advance(5)

    assert 5.0 == clock.time()


async def test_a_running_clock_calls_by_itself() -> None:
    """On a running clock timers fire without anybody turning it, in their order."""
    clock: Clock = TurnableClock()
    seen: list[str] = []
    clock.call_at(clock.time() + 0.002, lambda: seen.append("second"))
    clock.call_at(clock.time() + 0.001, lambda: seen.append("first"))
    clock.call_at(clock.time() + 0.0005, lambda: seen.append("cancelled")).cancel()
    await sleep(clock, 0.003)

    assert ["first", "second"] == seen


async def test_turning_a_running_clock_wakes_sleepers() -> None:
    """A minute on the clock takes no real minute."""
    clock = TurnableClock()
    sleeper = asyncio.create_task(sleep(clock, 60))
    await asyncio.sleep(0)
    clock.advance(59.9)

    assert not sleeper.done()

    clock.advance(0.1)
    await sleeper

    assert clock.next_due is None


def test_timers_of_a_loop_that_is_gone_do_no_harm() -> None:
    """Turning the clock after its event loop was closed runs what is left."""
    clock = TurnableClock()
    seen: list[str] = []

    async def set_timers() -> None:
        clock.call_at(clock.time() + 10, lambda: seen.append("ran"))
        clock.call_at(clock.time() + 99, lambda: seen.append("not yet"))

    asyncio.run(set_timers())
    clock.advance(20)

    assert ["ran"] == seen


async def test_waits_until_something_waits_for_it() -> None:
    """A test learns how far to turn the clock, be the timer set before or after it asks."""
    clock = TurnableClock(running=False)
    asked = [asyncio.create_task(clock.wait_for_timer()) for _ in range(2)]
    await asyncio.sleep(0)
    sleeper = asyncio.create_task(sleep(clock, 30))
    another = asyncio.create_task(sleep(clock, 45))

    assert [30.0, 30.0] == await asyncio.gather(*asked)

    clock.advance(await clock.wait_for_timer())
    await sleeper

    assert 15.0 == await clock.wait_for_timer()

    clock.advance(15)
    await another


async def test_asks_again_for_a_timer_that_was_dropped() -> None:
    """A timer that is cancelled at once is none to turn the clock to."""
    clock = TurnableClock(running=False)
    asked = asyncio.create_task(clock.wait_for_timer())
    await asyncio.sleep(0)
    clock.call_at(1, list).cancel()
    await asyncio.sleep(0)
    clock.call_at(2, list)

    assert 2.0 == await asked
