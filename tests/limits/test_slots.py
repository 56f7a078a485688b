"""The slots of a window: who gets one, and when it is free again."""

import asyncio

import pytest

from ngrok_async._limits.budget import Budget
from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async._request import Request, Response
from ngrok_async.errors import (
    ConnectError,
    ConnectionLostError,
    RequestTimeoutError,
)
from tests.limits.scene import (
    OK,
    BusyClock,
    Scene,
    account_limit,
    ended,
    refused,
    settle,
    stated,
    whole,
)


async def fine(_: Request) -> Response:
    """Stand for the wire where every answer is good."""
    return OK


# The window


async def test_window_is_filled_at_once_and_no_further() -> None:
    """As many requests as the limit allows leave immediately; the next one waits."""
    scene = Scene(3)
    await scene.calls("abcd")

    assert ["a", "b", "c"] == scene.sent
    assert (3, 0, 1) == (
        scene.limiter.budget.used,
        scene.limiter.budget.remaining,
        scene.limiter.budget.waiting,
    )
    await whole(scene)


async def test_slot_is_freed_one_window_after_the_answer() -> None:
    """What counts is when the answer came, not when the request left."""
    scene = Scene(1, 60)
    await scene.calls("ab")
    await scene.turn(45)
    await scene.answer("a")
    await scene.turn(59.9)
    assert ["a"] == scene.sent
    await scene.turn(0.1)

    assert ["a", "b"] == scene.sent
    await whole(scene)


async def test_request_in_flight_holds_its_slot() -> None:
    """A request that is not answered counts however long it takes."""
    scene = Scene(1, 60)
    await scene.calls("ab")
    await scene.turn(1000)

    assert ["a"] == scene.sent
    assert scene.clock.next_due is None
    await whole(scene)


async def test_window_rolls() -> None:
    """Each slot comes back in its own time, not all of them at the end of an interval."""
    scene = Scene(3, 60)
    scene.at_once = OK
    for name in "abc":
        await scene.calls(name)
        await scene.turn(10)
    await scene.calls("defghi")
    await scene.run()

    assert list("abcdefghi") == scene.sent
    assert [0, 10, 20, 60, 70, 80, 120, 130, 140] == scene.sent_at
    await whole(scene)


@pytest.mark.parametrize("window", [60.0, 1.0, 0.7])
async def test_timer_finds_its_slot_whatever_the_rounding(window: float) -> None:
    """Times that are no round numbers do not keep the timer from finding the slot it came for."""
    for step in range(200):
        scene = Scene(1, window)
        scene.at_once = OK
        await scene.turn(step * 0.1 + 1000 * (step % 7))
        await scene.calls("ab")
        assert scene.clock.next_due is not None
        await scene.run()

        assert ["a", "b"] == scene.sent


@pytest.mark.parametrize("start", range(90, 105))
@pytest.mark.parametrize("why", ["window", "pause"])
async def test_slot_that_frees_while_a_call_looks_for_it(start: int, why: str) -> None:
    """A slot that comes free between two looks at the clock is taken, or a timer waits for it."""
    clock = BusyClock(1)
    limiter = RateLimit(1 if why == "window" else 5, 100, clock=clock, jitter=lambda: 0.0)
    answers = [OK if why == "window" else refused(after=100), OK]

    async def send(_: Request) -> Response:
        return answers.pop(0)

    await limiter(Request(method="GET", path="a"), send)
    clock.now = start
    clock.timers.clear()
    task = asyncio.create_task(limiter(Request(method="GET", path="b"), send))
    await settle()

    assert clock.timers or not answers
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_event_loop_is_the_default_clock() -> None:
    """Without a clock of its own the rate limit goes by the running event loop."""
    limiter, loop = RateLimit(1, 0.005), asyncio.get_running_loop()
    begin = loop.time()
    for _ in range(3):
        await limiter(Request(method="GET", path="/"), fine)
    assert 0.01 <= loop.time() - begin


# How a request ends


async def test_request_that_never_left_gives_its_slot_back() -> None:
    """Without a connection nothing was counted: the next one goes at once."""
    scene = Scene(1, 60)
    a, _ = await scene.calls("ab")
    await scene.answer("a", ConnectError("no", attempts=1))

    with pytest.raises(ConnectError):
        await ended(a)
    assert ["a", "b"] == scene.sent
    await whole(scene)


async def test_connection_errors_leave_no_trace() -> None:
    """A budget is whole after any number of connections that did not come about."""
    scene = Scene(2, 60)
    for n in range(10):
        (task,) = await scene.calls([str(n)])
        await scene.answer([str(n)], ConnectError("no", attempts=1))
        assert isinstance(task.exception(), ConnectError)

    assert (0, 2) == (scene.limiter.budget.used, scene.limiter.budget.remaining)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionLostError("lost", attempts=1),
        RequestTimeoutError("late", attempts=1),
        ValueError("of a middleware"),
        asyncio.CancelledError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_request_without_an_answer_counts_a_little_longer(error: BaseException) -> None:
    """What was given up may arrive later still: its slot is kept for 1/60 more of the window."""
    scene = Scene(1, 60)
    a, b = await scene.calls("ab")
    if isinstance(error, asyncio.CancelledError):
        a.cancel()
        await settle()
    else:
        assert isinstance(error, Exception)
        await scene.answer("a", error)
    await scene.turn(60.9)
    assert ["a"] == scene.sent
    await scene.turn(0.1)

    assert ["a", "b"] == scene.sent
    with pytest.raises(type(error)):
        await ended(a)
    await scene.answer("b")
    assert OK == await ended(b)
    await whole(scene)


async def test_late_slots_do_not_delay_others() -> None:
    """A slot that is kept longer does not hold up those of requests that end after it."""
    scene = Scene(4, 60)
    tasks = await scene.calls("abcd")
    await scene.answer("a")
    for task in tasks[1:3]:
        task.cancel()  # at 0 and 0.25, so these count until 61 and 61.25
        await settle()
        await scene.turn(0.25)
    await scene.answer("d")  # at 0.5
    scene.at_once = OK
    await scene.calls("efgh")
    await scene.run()

    assert [60, 60.5, 61, 61.25] == scene.sent_at[4:]
    await whole(scene)


# Requests at a time


async def test_number_in_flight_is_limited() -> None:
    """No more than `in_flight` are out at a time; each answer lets the next one go."""
    scene = Scene(100, in_flight=2)
    await scene.calls("abcd")
    assert ["a", "b"] == scene.sent
    assert (98, 2, 2) == (
        scene.limiter.budget.remaining,
        scene.limiter.budget.in_flight,
        scene.limiter.budget.waiting,
    )
    await scene.answer("b")
    assert ["a", "b", "c"] == scene.sent
    await scene.answer("a")

    assert ["a", "b", "c", "d"] == scene.sent
    await whole(scene)


async def test_both_limits_hold() -> None:
    """With places in flight to spare, the window holds back, and the other way round."""
    scene = Scene(3, 60, in_flight=2)
    await scene.calls("abcde")
    await scene.answer("ab")
    assert ["a", "b", "c"] == scene.sent
    await scene.turn(60)
    assert ["a", "b", "c", "d"] == scene.sent
    await scene.answer("c")

    assert ["a", "b", "c", "d", "e"] == scene.sent
    await whole(scene)


# The values


@pytest.mark.parametrize("name", ["requests", "in_flight"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3", None])
def test_numbers_are_whole_and_above_zero(name: str, value: object) -> None:
    """A limit that makes no sense is refused, by its name."""
    with pytest.raises(ValueError, match=f"{name} must be an integer above 0"):
        RateLimit(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -1.0, float("inf"), float("nan"), True])
def test_window_is_some_time(value: float) -> None:
    """A window that never or at once ends is refused."""
    with pytest.raises(ValueError, match="window must be seconds above 0"):
        RateLimit(window=value)


async def test_budget_tells_the_state() -> None:
    """The budget is a snapshot, taken without waiting and without changing anything."""
    scene = Scene(4, 60, in_flight=2)
    whole_budget = Budget(limit=4, window=60, used=0, in_flight=0, waiting=0, paused=0)
    assert (whole_budget, 4) == (scene.limiter.budget, scene.limiter.budget.remaining)
    await scene.calls("abcd")
    await scene.answer("a", refused(after=100))
    budget = scene.limiter.budget

    assert Budget(limit=4, window=60, used=2, in_flight=1, waiting=2, paused=100) == budget
    assert 0 == budget.remaining  # nothing could go out at once
    await scene.answer("b")
    await scene.turn(70)
    budget = scene.limiter.budget
    assert Budget(limit=4, window=60, used=0, in_flight=0, waiting=2, paused=30) == budget
    await whole(scene)


async def test_nothing_remains_below_zero() -> None:
    """With more out than a newly stated limit allows, the rest is 0."""
    scene = account_limit()
    scene.at_once = OK
    await scene.calls("abcdef")
    scene.at_once = refused(stated(3, "minute"))
    await scene.calls("g")

    assert (7, 3, 0) == (
        scene.limiter.budget.used,
        scene.limiter.budget.limit,
        scene.limiter.budget.remaining,
    )


def test_no_event_loop_is_needed_to_make_one() -> None:
    """A rate limit may be made where no event loop runs."""
    assert isinstance(RateLimit(40), RateLimit)
