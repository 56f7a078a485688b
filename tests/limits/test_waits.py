"""How long a call waits, and when it gives up."""

import asyncio
import logging

import pytest

from ngrok_async._request import Request, Timeout
from ngrok_async.errors import (
    RateLimitedError,
)
from tests.limits.scene import LOGGER, OK, Scene, ended, refused, settle, whole

# Waits that are refused


async def test_longer_wait_than_max_wait_fails_at_once() -> None:
    """`max_wait` raises before anything is sent or waited for, and says when to come back."""
    scene = Scene(1, 60)
    scene.at_once = OK
    await scene.calls("a")
    await scene.turn(10)
    task = scene.call("b", max_wait=49.9)
    await settle()

    with pytest.raises(RateLimitedError, match=r"at least 50\.0 s, more than max_wait=49\.9") as e:
        await ended(task)
    assert (50.0, 0, False) == (e.value.retry_after, e.value.attempts, e.value.maybe_applied)
    assert (429, "GET", "b") == (e.value.status, e.value.method, e.value.path)
    assert ["a"] == scene.sent
    scene.close()


@pytest.mark.parametrize("max_wait", [0, 5])
async def test_wait_of_unknown_length_may_be_refused(max_wait: float) -> None:
    """A request in flight is forgotten a window from now at the earliest: longer than allowed."""
    scene = Scene(1, 60)
    await scene.calls("a")
    task = scene.call("b", max_wait=max_wait)
    await settle()

    with pytest.raises(RateLimitedError):
        await ended(task)
    await whole(scene)


async def test_wait_is_no_part_of_the_total_timeout() -> None:
    """A call may wait for hours and still has all of its time for its attempts."""
    scene = Scene(1, 3600)
    scene.at_once = OK
    requests = [Request(method="GET", path=name, timeout=Timeout(total=1)) for name in "abc"]
    tasks = [asyncio.create_task(scene._limited(request)) for request in requests]
    await scene.run()

    assert [OK, OK, OK] == [await task for task in tasks]
    assert 7200 == scene.clock.time()
    assert {1} == {request.remaining(7200) for request in requests}


@pytest.mark.parametrize("ahead", range(10))
async def test_predicted_wait_is_the_real_one(ahead: int) -> None:
    """When answers come at once, a wait is what was predicted, be it windows away."""
    scene = Scene(3, 60)
    scene.at_once = OK
    for name in "abc":
        await scene.calls(name)
        await scene.turn(10)
    await scene.calls(f"ahead {n}" for n in range(ahead))
    expected = [30, 40, 50, 90, 100, 110, 150, 160, 170, 210][ahead]
    too_short = scene.call("no", max_wait=expected - 0.001)
    just_fits = scene.call("yes", max_wait=expected)
    await settle()

    with pytest.raises(RateLimitedError) as caught:
        await ended(too_short)
    assert expected == caught.value.retry_after
    await scene.run()
    assert OK == await ended(just_fits)
    assert ("yes", 30 + expected) == (scene.sent[-1], scene.sent_at[-1])
    await whole(scene)


@pytest.mark.parametrize(
    ("ahead", "expected"), [(0, 59), (1, 60), (2, 60), (3, 119), (4, 120), (5, 120), (6, 179)]
)
async def test_prediction_counts_what_is_in_flight(ahead: int, expected: float) -> None:
    """The window of a request without an answer has not begun: at the least it begins now."""
    scene = Scene(3, 60)
    await scene.calls("abc")
    await scene.answer("b")
    await scene.turn(1)
    await scene.calls(f"ahead {n}" for n in range(ahead))
    task = scene.call("no", max_wait=1)
    await settle()

    with pytest.raises(RateLimitedError) as caught:
        await ended(task)
    assert expected == caught.value.retry_after
    await whole(scene)


async def test_prediction_counts_neither_those_who_left_nor_itself() -> None:
    """Cancelled and refused calls do not make the queue look longer."""
    scene = Scene(1, 60)
    scene.at_once = OK
    tasks = await scene.calls("abcd")
    for task in tasks[1:3]:
        task.cancel()
    gone = scene.call("e", max_wait=1)
    await settle()
    refusal = scene.call("f", max_wait=1)
    await settle()

    assert isinstance(gone.exception(), RateLimitedError)
    with pytest.raises(RateLimitedError) as caught:
        await ended(refusal)
    assert 120 == caught.value.retry_after  # behind d
    await whole(scene)


async def test_prediction_with_late_slots() -> None:
    """A request in flight may be answered before a slot that is kept longer comes free."""
    scene = Scene(2, 60)
    a, _ = await scene.calls("ab")
    a.cancel()
    await settle()
    task = scene.call("c", max_wait=60)
    await settle()
    await scene.answer("b")
    await scene.turn(60)

    assert ["a", "b", "c"] == scene.sent
    await scene.answer("c")
    assert OK == await ended(task)
    await whole(scene)


async def test_prediction_after_the_limit_was_lowered() -> None:
    """With more out than the new limit allows, the wait is counted from the right request."""
    scene = Scene(10, 60, in_flight=1000, jitter=0.0)
    scene.at_once = OK
    for n in range(9):
        await scene.calls([str(n)])
        await scene.turn(1)
    scene.at_once = refused("Your account is rate limited to `4` API requests per `60s`.", after=1)
    await scene.calls("x")  # at 9, the tenth
    scene.at_once = OK
    await scene.turn(1)
    await scene.calls(f"ahead {n}" for n in range(3))
    # One slot is free when the seventh of the ten is forgotten; three wait, so it takes the tenth.
    for bound, fits in ((58.999, False), (59, True)):
        task = scene.call(f"{bound}", max_wait=bound)
        await settle()
        assert fits != task.done()
        if not fits:
            assert isinstance(error := task.exception(), RateLimitedError)
            assert 59 == error.retry_after
    await whole(scene)


# Waits that turn out too long


async def test_max_wait_ends_a_wait() -> None:
    """A call that might have got its slot in time, but did not, ends when `max_wait` is over."""
    scene = Scene(1, 60)
    (a,) = await scene.calls("a")
    task = scene.call("b", max_wait=70)
    await settle()
    await scene.turn(69.9)
    assert not task.done()
    await scene.turn(0.1)

    with pytest.raises(RateLimitedError, match=r"no place for 70\.0 s, all that max_wait=70") as e:
        await ended(task)
    assert (60, 0) == (e.value.retry_after, e.value.attempts)
    await scene.answer("a")
    assert OK == await ended(a)
    await whole(scene)


async def test_wait_that_ended_well_leaves_no_timer() -> None:
    """Once a call has its slot, nothing is left of the bound of its wait."""
    scene = Scene(10, in_flight=1)
    await scene.calls("a")
    task = scene.call("b", max_wait=70)
    await settle()
    assert 70 == scene.clock.next_due
    await scene.answer("ab")

    assert OK == await ended(task)
    scene.close()


async def test_those_behind_one_who_gave_up_move_on() -> None:
    """Somebody who gives up takes no slot, wherever in the queue it was."""
    scene = Scene(10, in_flight=1)
    await scene.calls("a")
    tasks = [
        scene.call(name, max_wait=wait) for name, wait in zip("bcde", [5, 50, 5, 50], strict=True)
    ]
    await settle()
    await scene.turn(10)
    assert [True, False, True, False] == [task.done() for task in tasks]
    assert 2 == scene.limiter.budget.waiting
    for task in (tasks[0], tasks[2]):
        assert isinstance(task.exception(), RateLimitedError)
    await scene.answer("ac")

    assert ["a", "c", "e"] == scene.sent
    await whole(scene)


@pytest.mark.parametrize("order", ["gives up first", "slot first"])
async def test_slot_that_comes_as_a_wait_ends(order: str) -> None:
    """A slot that comes free in the moment of giving up is used by this call or the next one."""
    scene = Scene(10, in_flight=1)
    await scene.calls("a")
    task = scene.call("b", max_wait=5)
    behind = scene.call("c")
    await settle()
    if order == "gives up first":
        scene.clock.advance(5)
        scene._open["a"].set_result(OK)
    else:
        scene._open["a"].set_result(OK)
        await asyncio.sleep(0)
        scene.clock.advance(5)
    await settle()

    if order == "gives up first":
        assert isinstance(task.exception(), RateLimitedError)
        assert ["a", "c"] == scene.sent
    else:
        assert ["a", "b"] == scene.sent
        await scene.answer("b")
    await scene.answer("c")
    assert OK == await ended(behind)
    await whole(scene)


async def test_waits_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Who wonders why a call takes so long finds it in the debug log; ids are not in it."""
    caplog.set_level(logging.DEBUG, LOGGER)
    scene = Scene(1, 60)
    scene.at_once = OK
    await scene.calls("ab")

    assert "GET /x: waits for the rate limit, at least 60.00 s" == caplog.messages[0]
    await whole(scene)
