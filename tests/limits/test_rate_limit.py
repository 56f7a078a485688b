"""The rate limit: who waits, for how long, and what a 429 changes."""

import asyncio
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any, Self

import attrs
import pytest

from ngrok_async import _limits as limits
from ngrok_async._clock import Timer
from ngrok_async._limits.accounts import shared_rate_limit
from ngrok_async._limits.rate_limit import Budget, RateLimit
from ngrok_async._request import Request, Response, Timeout
from ngrok_async._way.retry import Retry, RetryMiddleware
from ngrok_async.errors import (
    ConnectError,
    ConnectionLostError,
    RateLimitedError,
    RequestTimeoutError,
)
from ngrok_async.testing import TurnableClock

OK = Response(status=200)
LOGGER = "ngrok_async.rate_limit"
PACKAGE = Path(limits.__file__).parent


def refused(
    message: str = "", *, code: str | None = "ERR_NGROK_226", after: float | None = None
) -> Response:
    """Make a 429 as ngrok gives it."""
    return Response(
        status=429,
        headers={} if after is None else {"Retry-After": str(after)},
        body=json.dumps({"error_code": code, "status_code": 429, "msg": message}).encode(),
    )


class Scene:
    """A rate limit on a clock that stands still, and calls that end when the test says so."""

    def __init__(
        self,
        requests: int = 3,
        window: float = 60.0,
        *,
        in_flight: int = 1000,
        jitter: float = 0.5,
        clock: TurnableClock | None = None,
        limiter: RateLimit | None = None,
    ) -> None:
        """Set the limit; jitter 0.5 makes staggered requests leave at equal distances."""
        self.clock = clock or TurnableClock(running=False)
        self.limiter = limiter or RateLimit(
            requests, window, in_flight=in_flight, clock=self.clock, jitter=lambda: jitter
        )
        self.sent: list[str] = []
        self.sent_at: list[float] = []
        self.at_once: Response | None = None  # what to answer without being told
        self._open: dict[str, asyncio.Future[Response]] = {}

    async def _send(self, request: Request) -> Response:
        self.sent.append(request.path)
        self.sent_at.append(self.clock.time())
        if self.at_once is not None:
            return self.at_once
        answer = asyncio.get_running_loop().create_future()
        self._open[request.path] = answer
        try:
            return await answer
        finally:
            self._open.pop(request.path, None)

    def call(self, name: str, *, max_wait: float | None = None) -> asyncio.Task[Response]:
        """Start a call of this name."""
        request = Request(method="GET", path=name, route="GET /x", max_wait=max_wait)
        return asyncio.create_task(self._limited(request), name=name)

    async def _limited(self, request: Request) -> Response:
        return await self.limiter(request, self._send)

    async def calls(self, names: Iterable[str]) -> list[asyncio.Task[Response]]:
        """Start a call for each name and let them get as far as they can."""
        tasks = [self.call(name) for name in names]
        await settle()
        return tasks

    async def answer(self, names: Iterable[str], outcome: Response | Exception = OK) -> None:
        """End calls that are in flight, in this order."""
        for name in names:
            if isinstance(outcome, Response):
                self._open.pop(name).set_result(outcome)
            else:
                self._open.pop(name).set_exception(outcome)
            await settle()

    async def turn(self, seconds: float) -> None:
        """Turn the clock and let everybody go on who was woken."""
        self.clock.advance(seconds)
        await settle()

    async def run(self) -> None:
        """Turn the clock from timer to timer until none is left."""
        await settle()
        for _ in range(1000):
            if (due := self.clock.next_due) is None:
                return
            await self.turn(due - self.clock.time())
        pytest.fail("there is no end of timers")

    def close(self) -> None:
        """Check that nothing is left behind."""
        budget = self.limiter.budget
        assert (0, 0) == (budget.in_flight, budget.waiting)
        assert self.clock.next_due is None


async def fine(_: Request) -> Response:
    """Stand for the wire where every answer is good."""
    return OK


async def settle() -> None:
    """Let every task go on until it waits for time or an answer."""
    for _ in range(5):
        await asyncio.sleep(0)


async def ended(task: asyncio.Task[Response]) -> Response:
    """Return what a call returns, or raise what it raises; it must be over."""
    await settle()
    assert task.done(), f"{task.get_name()} still waits"
    return await task


async def whole(scene: Scene) -> None:
    """Check that the budget comes back whole: no slot is lost, nobody waits."""
    scene.at_once = OK
    for name in list(scene._open):
        await scene.answer([name])
    await scene.run()
    await scene.turn(scene.limiter.budget.window * 2.1)
    limit, before = scene.limiter.budget.limit, len(scene.sent)
    assert limit == scene.limiter.budget.remaining
    tasks = await scene.calls(f"check {n}" for n in range(limit + 1))
    assert before + limit == len(scene.sent)
    tasks[-1].cancel()
    await settle()
    scene.close()


# --- the window ---------------------------------------------------------------------------------


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


class BusyClock:
    """A clock on which every reading takes time and timers are late, as on a real one.

    Args:
        step: Seconds that go by with each reading.
    """

    def __init__(self, step: float = 0.0) -> None:
        """Start at zero."""
        self.now = 0.0
        self.timers: list[Callable[[], object]] = []
        self._step = step

    def time(self) -> float:
        """Return the time, which has gone on."""
        self.now += self._step
        return self.now

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Keep the timer until the test calls it."""
        del when
        self.timers.append(callback)
        return asyncio.get_running_loop().call_later(0, lambda: None)


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


# --- the order ----------------------------------------------------------------------------------


async def test_first_come_first_served() -> None:
    """Those who wait leave in the order in which they came."""
    scene = Scene(2, 60)
    scene.at_once = OK
    await scene.calls("abcdefgh")
    await scene.run()

    assert list("abcdefgh") == scene.sent
    assert [0, 0, 60, 60, 120, 120, 180, 180] == scene.sent_at
    await whole(scene)


async def test_nobody_overtakes_one_who_was_just_let_go() -> None:
    """A call that comes between a timer and the waiter that it woke stays behind that waiter."""
    scene = Scene(1, 60)
    scene.at_once = OK
    await scene.calls("ab")
    scene.clock.advance(60)
    await scene.calls("c")

    assert ["a", "b"] == scene.sent
    await scene.run()
    assert ["a", "b", "c"] == scene.sent
    await whole(scene)


async def test_nobody_overtakes_the_queue() -> None:
    """A call that comes before a busy event loop gets to its timers goes behind those who wait."""
    clock, order = BusyClock(), list[str]()
    limiter = RateLimit(1, 60, clock=clock)

    async def send(request: Request) -> Response:
        order.append(request.path)
        return OK

    async def call(name: str) -> Response:
        return await limiter(Request(method="GET", path=name), send)

    await call("a")
    tasks = [asyncio.create_task(call("b"))]
    await settle()
    clock.now = 60
    tasks.append(asyncio.create_task(call("c")))
    await settle()
    assert ["a"] == order
    clock.timers[0]()
    await settle()

    assert ["a", "b"] == order
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# --- how a request ends -------------------------------------------------------------------------


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


# --- requests at a time -------------------------------------------------------------------------


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


# --- waits that are refused ---------------------------------------------------------------------


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


# --- waits that turn out too long ---------------------------------------------------------------


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


# --- after a 429 --------------------------------------------------------------------------------


async def test_one_refusal_pauses_everybody() -> None:
    """After a 429 nobody leaves for as long as ngrok asks; then they leave one by one."""
    scene = Scene(60, 60, in_flight=3)
    await scene.calls("abcdefgh")
    await scene.answer("a", refused(after=20))
    assert 20 == scene.limiter.budget.paused
    await scene.answer("bc")
    scene.at_once = OK
    await scene.calls("i")  # one who comes later is paused too
    assert ["a", "b", "c"] == scene.sent
    await scene.run()

    assert list("abcdefghi") == scene.sent
    # The first after half a distance (jitter 0.5), the others at the distance of 60 per minute.
    assert [20.5, 21.5, 22.5, 23.5, 24.5, 25.5] == scene.sent_at[3:]
    await whole(scene)


async def test_refused_request_does_not_pass_on_its_place() -> None:
    """The next in the queue does not leave in the moment in which a 429 comes in."""
    scene = Scene(60, 60, in_flight=1)
    await scene.calls("ab")
    await scene.answer("a", refused(after=20))

    assert ["a"] == scene.sent
    await whole(scene)


@pytest.mark.parametrize(("jitter", "first", "second"), [(0.0, 20, 20.5), (0.999, 20.999, 22.498)])
async def test_release_is_spread_at_random(jitter: float, first: float, second: float) -> None:
    """Programs that share an account do not all come back in the same moments."""
    scene = Scene(60, 60, jitter=jitter)
    scene.at_once = refused(after=20)
    await scene.calls("a")
    scene.at_once = OK
    await scene.calls("bc")
    await scene.run()

    assert [0, first, second] == [round(at, 6) for at in scene.sent_at]
    await whole(scene)


async def test_release_is_staggered_for_one_window() -> None:
    """One window after the pause everything is as before, bursts included."""
    scene = Scene(60, 60)
    scene.at_once = refused(after=20)
    await scene.calls("a")
    scene.at_once = OK
    await scene.turn(79.9)
    await scene.calls("bc")
    assert 2 == len(scene.sent)
    await scene.turn(0.1)  # 20 + 60

    assert ["a", "b", "c"] == scene.sent
    await scene.calls("defgh")
    assert 8 == len(scene.sent)
    await whole(scene)


async def test_longest_pause_counts() -> None:
    """A second 429 can lengthen a pause, not shorten it."""
    scene = Scene(60, 60)
    await scene.calls("abc")
    await scene.answer("a", refused(after=20))
    await scene.answer("b", refused(after=5))
    assert 20 == scene.limiter.budget.paused
    await scene.answer("c", refused(after=40))

    assert 40 == scene.limiter.budget.paused
    await whole(scene)


async def test_pause_without_retry_after_comes_from_the_own_log() -> None:
    """Without a time from ngrok, the next request leaves when the oldest one is forgotten."""
    scene = Scene(60, 60, jitter=0.0)
    scene.at_once = OK
    await scene.calls("a")
    await scene.turn(15)
    scene.at_once = refused()
    await scene.calls("b")
    scene.at_once = OK
    assert 45 == scene.limiter.budget.paused
    await scene.calls("c")
    await scene.run()

    assert [0, 15, 60] == scene.sent_at
    await whole(scene)


async def test_pause_without_any_log_is_a_window() -> None:
    """A 429 to the only request means that somebody else used up the account."""
    scene = Scene(60, 60)
    scene.at_once = refused()
    await scene.calls("a")

    assert 60 == scene.limiter.budget.paused
    await whole(scene)


@pytest.mark.parametrize(
    "response",
    [
        Response(status=429, headers={"Retry-After": "2"}),
        Response(status=429, headers={"Retry-After": "2"}, body=b"<html>slow down</html>"),
        Response(status=503, headers={"Retry-After": "2"}, body=b'{"error_code":"ERR_NGROK_226"}'),
    ],
    ids=["empty", "of a proxy", "other status"],
)
async def test_any_refusal_pauses(response: Response) -> None:
    """The status or the code tells a refusal; the body need not be ngrok's."""
    scene = Scene(60, 60)
    scene.at_once = response
    (task,) = await scene.calls("a")

    assert response is await ended(task)
    assert 2 == scene.limiter.budget.paused


@pytest.mark.parametrize("status", [200, 400, 404, 500, 503])
async def test_other_answers_do_not_pause(status: int) -> None:
    """Only a refusal for the rate limit pauses, whatever else an answer asks for."""
    scene = Scene(60, 60)
    scene.at_once = Response(status=status, headers={"Retry-After": "2"}, body=b"{}")
    await scene.calls("ab")

    assert (0, 2) == (scene.limiter.budget.paused, len(scene.sent))


@pytest.mark.parametrize("after", ["9999999999", "3601", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_absurd_pause_ends_some_time(after: str) -> None:
    """A time that nobody can have meant stops a long-lived program for an hour, not for good."""
    scene = Scene(60, 60)
    scene.at_once = Response(status=429, headers={"Retry-After": after})
    await scene.calls("a")

    assert 3600 == scene.limiter.budget.paused


async def test_one_warning_per_episode(caplog: pytest.LogCaptureFixture) -> None:
    """Many refusals in one go make one line in the log; the next episode makes another."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(60, 60)
    await scene.calls("abcde")
    await scene.answer("abcd", refused(after=20))
    await scene.turn(30)
    await scene.answer("e", refused(code=None, after=20))
    line = "ngrok refused a request for the rate limit (%s); all calls pause for 20.0 s"
    assert [line % "ERR_NGROK_226"] == caplog.messages
    await scene.turn(120)
    scene.at_once = refused(code=None, after=20)
    await scene.calls("f")

    assert [line % "ERR_NGROK_226", line % "429"] == caplog.messages


async def test_log_repeats_no_text_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    """The error code is free text, which may echo the API key: only known ones are logged."""
    caplog.set_level(logging.DEBUG, LOGGER)
    scene = Scene(60, 60)
    scene.at_once = refused("secret", code="secret\nsecret", after=20)
    await scene.calls("ab")

    assert caplog.messages
    assert "secret" not in caplog.text


async def test_failed_calls_in_a_pause_are_told_its_end() -> None:
    """A call that cannot wait out the pause fails at once and knows when to come back."""
    scene = Scene(60, 60, jitter=0.0)
    scene.at_once = refused(after=20)
    await scene.calls("a")
    await scene.turn(5)
    task = scene.call("b", max_wait=14.9)
    await settle()

    with pytest.raises(RateLimitedError, match=r"at least 15\.0 s") as caught:
        await ended(task)
    assert 15 == caught.value.retry_after


# --- limits that ngrok states -------------------------------------------------------------------


def stated(limit: object, interval: str) -> str:
    """Return the message of ERR_NGROK_226."""
    return f"Your account is rate limited to `{limit}` API requests per `{interval}`."


def account_limit() -> Scene:
    """Make the default rate limit of an account: as documented, not as chosen by the caller."""
    clock = TurnableClock(running=False)
    return Scene(clock=clock, limiter=shared_rate_limit(object(), clock))


@pytest.mark.parametrize(
    ("message", "limit", "window"),
    [
        (stated(60, "60 seconds"), 60, 60),
        (stated(60, "60s"), 60, 60),
        (stated(60, "1m0s"), 60, 60),
        (stated(60, "1m"), 60, 60),
        (stated(60, "minute"), 60, 60),
        (stated(60, "1 minute"), 60, 60),
        (stated(60, "MINUTE"), 60, 60),
        (stated(60, "1m30s"), 60, 90),
        (stated(60, "1m30.5s"), 60, 90.5),
        (stated(60, "2 minutes"), 60, 120),
        (stated(10, "second"), 10, 1),
        (stated(5, "0.5 seconds"), 5, 0.5),
        (stated(5, "1.25s"), 5, 1.25),
        (stated(100, "hour"), 100, 3600),
        (stated(100, "1h0m0s"), 100, 3600),
        (stated(100, "30m"), 100, 1800),
        (stated(120, "60m"), 120, 3600),
        ("You are rate limited to 60 API requests per minute, sorry", 60, 60),
        ("rate limited to '60' api requests per '60 seconds' and not more", 60, 60),
        # More per window than we would send at a time: smaller parts of the same.
        (stated(1000, "hour"), 111, 400),
        (stated(150, "65s"), 120, 65),
    ],
)
async def test_stated_limit_is_adopted(message: str, limit: int, window: float) -> None:
    """What ngrok says about the account's limit holds from then on."""
    scene = account_limit()
    scene.at_once = refused(message)
    await scene.calls("a")
    budget = scene.limiter.budget

    assert (limit, window) == (budget.limit, budget.window)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "slow down",
        stated("MAX", "INTERVAL"),
        stated(0, "60s"),
        stated(60, "0s"),
        stated(60, "0.0s"),
        stated(60, "60.s"),
        stated(60, "1.5.5s"),
        stated(60, "fortnight"),
        stated(60, "100ms"),
        stated(60, "month"),
        stated(60, "1m0x"),
        stated(60, ""),
        stated("1,200", "hour"),
        stated("9" * 5000, "60s"),
        stated(60, "9" * 5000 + "s"),
        stated(60, "60\u017f"),
        stated(120, "60s"),
        stated(120, "second"),
        stated(5000, "minute"),
        stated(9000, "hour"),
        # Nobody can mean these, or a program would stand still for days.
        stated(100, "1h30m"),
        stated(120, "day"),
        stated(1, "300 days"),
        stated(1, "3601s"),
    ],
    ids=lambda message: message[32:70] or message or "empty",
)
async def test_other_texts_change_nothing(message: str) -> None:
    """What cannot be read, and what allows more than is documented, is not adopted."""
    scene = account_limit()
    scene.at_once = refused(message)
    (task,) = await scene.calls("a")
    budget = scene.limiter.budget

    assert 429 == (await ended(task)).status
    assert (120, 60) == (budget.limit, budget.window)
    assert 0 < budget.paused <= 60


@pytest.mark.parametrize(
    ("share", "message", "limit", "window"),
    [
        ((60, 60), stated(120, "minute"), 60, 60),
        ((60, 60), stated(60, "minute"), 60, 60),
        ((60, 60), stated(30, "minute"), 30, 60),
        ((60, 60), stated(10, "second"), 10, 10),
        ((25, 60), stated(10, "second"), 8, 20),
        ((60, 60), stated(100, "200s"), 50, 100),
        ((60, 60), stated(40, "80s"), 40, 80),
        ((1, 60), stated(1, "second"), 1, 60),
        ((7, 0.5), stated(5, "second"), 5, 1),
    ],
)
async def test_share_is_never_exceeded(
    share: tuple[int, float], message: str, limit: int, window: float
) -> None:
    """A limit that the caller chose stays one: the rest may be somebody else's."""
    scene = Scene(*share)
    scene.at_once = refused(message)
    await scene.calls("a")
    budget = scene.limiter.budget

    assert (limit, window) == (budget.limit, budget.window)


async def test_second_statement_tightens_only() -> None:
    """Of two limits that ngrok states one after the other both hold."""
    scene = account_limit()
    states = []
    for message in (stated(10, "1s"), stated(60, "60s"), stated(100, "60s"), stated(5, "1s")):
        scene.at_once = refused(message, after=0)
        await scene.calls("a")
        await scene.run()
        states.append((scene.limiter.budget.limit, scene.limiter.budget.window))
        await scene.turn(200)

    assert [(10, 1), (10, 10), (10, 10), (5, 5)] == states


@pytest.mark.parametrize(
    "message", [stated(60, "minute"), stated(1000, "hour"), stated(721, "10m")]
)
async def test_adoption_is_logged_once(message: str, caplog: pytest.LogCaptureFixture) -> None:
    """A limit that is stated again and again is news only once."""
    caplog.set_level(logging.WARNING, LOGGER)
    scene = account_limit()
    scene.at_once = refused(message, after=0)
    for _ in range(5):
        await scene.calls("a")
        await scene.turn(200)

    assert 1 == len([line for line in caplog.messages if "ngrok states a limit" in line])


async def test_adopted_limit_holds() -> None:
    """Requests that were sent under the old limit count under the new one."""
    scene = account_limit()
    scene.at_once = OK
    await scene.calls("abc")
    scene.at_once = refused(stated(4, "10 seconds"), after=0)
    await scene.calls("d")
    scene.at_once = OK
    await scene.turn(9.9)
    await scene.calls("e")
    assert 4 == len(scene.sent)
    await scene.run()

    assert [10.0] == scene.sent_at[4:]


@pytest.mark.parametrize(("number", "in_flight"), [(3, 3), (1, 1), (0, 4), (4, 4), (50, 4)])
async def test_stated_number_in_flight_is_adopted(number: int, in_flight: int) -> None:
    """ERR_NGROK_225 lowers the number of requests at a time, and never raises it."""
    scene = Scene(1000, 60, in_flight=4, jitter=0.0)
    scene.at_once = refused(
        f"Your account is limited to `{number}` simultaneous API requests.", code="ERR_NGROK_225"
    )
    await scene.calls("a")
    scene.at_once = None
    await scene.calls("bcdefgh")

    assert in_flight == scene.limiter.budget.in_flight
    await whole(scene)


async def test_too_many_at_a_time_is_no_reason_to_pause() -> None:
    """After ERR_NGROK_225 everybody may go as soon as there is a place."""
    scene = Scene(60, 60, in_flight=2, jitter=0.0)
    await scene.calls("abcd")
    scene.at_once = OK
    await scene.answer("a", refused(code="ERR_NGROK_225"))
    assert 0 == scene.limiter.budget.paused
    await scene.answer("b")

    assert list("abcd") == scene.sent
    assert [0.0] * 4 == scene.sent_at
    await whole(scene)


async def test_too_many_at_a_time_with_a_time_to_wait() -> None:
    """ERR_NGROK_225 pauses too when ngrok asks for it."""
    scene = Scene(60, 60)
    scene.at_once = refused(code="ERR_NGROK_225", after=3)
    await scene.calls("a")

    assert 3 == scene.limiter.budget.paused


# --- cancellation -------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["waiting", "woken", "in flight"])
@pytest.mark.parametrize("who", ["b", "c", "d", "bc", "cd", "bd", "bcd", "dcb"])
@pytest.mark.parametrize("limit", ["window", "in flight", "pause"])
async def test_cancelling_anybody_anywhere(moment: str, who: str, limit: str) -> None:
    """Whoever is cancelled, the others keep their order, and the budget comes back whole."""
    scene = Scene(
        5 if limit == "pause" else 1 if limit == "window" else 100,
        60,
        in_flight=1 if limit == "in flight" else 100,
        jitter=0.0,
    )
    scene.at_once = refused(after=60) if limit == "pause" else OK
    if limit == "in flight":
        scene.at_once = None
    await scene.calls("a")
    tasks = dict(zip("bcd", await scene.calls("bcd"), strict=True))
    scene.at_once = None
    if moment != "waiting":
        scene.clock.advance(60)
        if limit == "in flight":
            scene._open["a"].set_result(OK)
            await asyncio.sleep(0)  # a ends; b is woken and has not gone on yet
    if moment == "in flight":
        await settle()
        assert "b" in scene.sent
    for name in who:
        tasks[name].cancel()
    await settle()
    scene.at_once = OK
    for name in list(scene._open):
        await scene.answer([name])
    await scene.run()

    left = [name for name in "bcd" if name not in who]
    assert [OK] * len(left) == [await ended(tasks[name]) for name in left]
    sent = [name for name in scene.sent if name in left]
    assert left == sent
    assert all(tasks[name].cancelled() for name in who)
    if moment == "woken":
        assert not set(who) & set(scene.sent)
    await whole(scene)


async def test_slot_of_a_cancelled_waiter_goes_to_the_next() -> None:
    """A slot given to somebody who is cancelled before it could go is passed on at once."""
    scene = Scene(1, 60)
    scene.at_once = OK
    _, b, _ = await scene.calls("abc")
    scene.clock.advance(60)
    b.cancel()
    await settle()

    assert ["a", "c"] == scene.sent
    assert [0, 60] == scene.sent_at
    await whole(scene)


async def test_cancelled_while_giving_up() -> None:
    """A call whose wait ends and that is cancelled in the same moment is cancelled."""
    scene = Scene(10, in_flight=1)
    await scene.calls("a")
    task = scene.call("b", max_wait=5)
    await settle()
    scene.clock.advance(5)
    task.cancel()
    await settle()

    assert task.cancelled()
    await whole(scene)


async def test_cancelling_all_of_a_long_queue() -> None:
    """A thousand calls that are cancelled together leave nothing behind."""
    scene = Scene(1, 60)
    scene.at_once = OK
    tasks = await scene.calls(str(n) for n in range(1000))
    for task in tasks:
        task.cancel()
    await settle()

    assert (0, 1) == (scene.limiter.budget.waiting, scene.limiter.budget.used)
    assert scene.clock.next_due is None
    await whole(scene)


# --- cost ---------------------------------------------------------------------------------------


class Work:
    """Counts what the rate limit calls, which tells its cost without looking at a watch."""

    def __init__(self) -> None:
        """Start at zero."""
        self.calls = 0

    def _count(self, frame: FrameType, event: str, _: object) -> None:
        if event in {"call", "c_call"} and frame.f_code.co_filename.startswith(str(PACKAGE)):
            self.calls += 1

    def __enter__(self) -> Self:
        """Begin to count."""
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        sys.setprofile(None)


async def drain(count: int) -> int:
    """Count the work of a queue that drains one by one."""
    scene = Scene(2 * count, 60, in_flight=1)
    with Work() as work:
        tasks = await scene.calls(str(n) for n in range(count))
        for n in range(count):
            scene._open.pop(str(n)).set_result(OK)
            await settle()
    assert all(task.done() for task in tasks)
    return work.calls


async def abandon(count: int) -> int:
    """Count the work of a queue that is cancelled from its end."""
    scene = Scene(1, 60)
    await scene.calls("a")
    tasks = await scene.calls(str(n) for n in range(count))
    with Work() as work:
        for task in reversed(tasks):
            task.cancel()
        await settle()
    assert 0 == scene.limiter.budget.waiting
    await scene.answer("a")
    return work.calls


async def refuse(count: int) -> int:
    """Count the work of calls that a long queue makes too late."""
    scene = Scene(3, 60)
    scene.at_once = OK
    tasks = await scene.calls(str(n) for n in range(count))
    with Work() as work:
        late = [scene.call(f"late {n}", max_wait=60) for n in range(count)]
        await settle()
    assert all(isinstance(task.exception(), RateLimitedError) for task in late)
    for task in tasks:
        task.cancel()
    await settle()
    return work.calls


async def free(count: int) -> int:
    """Count the work of calls that need not wait."""
    scene = Scene(2 * count, 60)
    scene.at_once = OK
    with Work() as work:
        await scene.calls(str(n) for n in range(count))
    assert count == len(scene.sent)
    return work.calls


@pytest.mark.parametrize("what", [drain, abandon, refuse, free])
async def test_cost_of_a_call_does_not_grow_with_the_queue(
    what: Callable[[int], Any],
) -> None:
    """A call costs the same behind ten others and behind hundreds."""
    few, many = await what(20), await what(400)

    assert 0 < few
    assert many / 400 <= 1.1 * few / 20


# --- the values ---------------------------------------------------------------------------------


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


# --- who comes back -----------------------------------------------------------------------------


async def again(scene: Scene, task: asyncio.Task[Response], request: Request) -> Response:
    """Send the request once more when a call has ended, as a retry does."""
    await asyncio.gather(task, return_exceptions=True)
    return await scene._limited(attrs.evolve(request, attempt=request.attempt + 1))


@pytest.mark.parametrize("back", ["a", "b", "ab", "ba", "abc", "cba"])
@pytest.mark.parametrize("how", [Response(status=503), ConnectionLostError("lost", attempts=1)])
async def test_repeated_call_keeps_its_place(back: str, how: Response | Exception) -> None:
    """Whoever comes back goes before all that came later, in the order of the first attempts."""
    scene = Scene(3, 60)
    requests = {name: Request(method="GET", path=name) for name in "abcdefgh"}
    tasks = {name: asyncio.create_task(scene._limited(requests[name])) for name in requests}
    await settle()
    assert list("abc") == scene.sent
    scene.at_once = OK
    repeated = [asyncio.create_task(again(scene, tasks[name], requests[name])) for name in back]
    await scene.answer(back, how)
    await scene.answer(set("abc") - set(back))
    await scene.run()

    assert [*"abc", *sorted(back), *"defgh"] == scene.sent
    assert [OK] * len(back) == await asyncio.gather(*repeated)
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    await whole(scene)


async def test_repeated_call_keeps_its_place_among_clients() -> None:
    """Who shares the limit shares the line; a call that has ended has no place in it."""
    scene = Scene(1, 60)
    scene.at_once = OK
    old = Request(method="GET", path="old")
    await scene._limited(old)
    tasks = await scene.calls("bc")
    tasks.append(asyncio.create_task(scene._limited(old)))  # a new call, since it is attempt 1
    repeated = attrs.evolve(old, path="repeated", attempt=2)
    await settle()
    tasks.append(asyncio.create_task(scene._limited(repeated)))
    await scene.run()

    assert ["old", "b", "c", "old", "repeated"] == scene.sent  # its place is that of its last call
    await asyncio.gather(*tasks)
    await whole(scene)


async def test_storm_of_refusals_keeps_the_order() -> None:
    """However many are refused, and however often: who came first is served first."""
    scene = Scene(20, 60, in_flight=5, jitter=0.5)
    retry = RetryMiddleware(Retry(10), lambda: scene.clock, lambda: 0.5)
    done: list[str] = []
    storms = 3

    async def wire(request: Request) -> Response:
        await asyncio.sleep(0)
        if request.attempt <= storms and int(request.path) < 10:
            return refused(after=2)
        return OK

    async def call(name: str) -> None:
        request = Request(method="GET", path=name, effect="read")
        response = await retry(request, lambda each: scene.limiter(each, wire))
        assert 200 == response.status
        done.append(name)

    names = [str(n) for n in range(60)]
    tasks = [asyncio.create_task(call(name)) for name in names]
    await scene.run()
    await asyncio.gather(*tasks)

    assert names == done
    await whole(scene)


# --- what the log tells -------------------------------------------------------------------------


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, int]]:
    """Return what the log says at INFO: how many wait, and for how long."""
    found = [re.search(r"a time: (\d+); .* about (\d+) s", text) for text in caplog.messages]
    return [(int(match[1]), int(match[2])) for match in found if match]


async def test_log_tells_how_many_wait_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """A script at the limit does not look hung."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(60, 60, in_flight=10)
    scene.at_once = OK
    await scene.calls(str(n) for n in range(200))
    assert [(140, 180)] == told(caplog)
    await scene.run()

    assert [(140, 180), (130, 120), (80, 60)] == told(caplog)
    assert {logging.INFO} == {record.levelno for record in caplog.records}


async def test_log_tells_of_each_episode(caplog: pytest.LogCaptureFixture) -> None:
    """One that begins a window after the last one ended is told at once."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(1, 5)
    scene.at_once = OK
    for episodes in (1, 2, 3):
        await scene.calls("abc")
        assert episodes == len(told(caplog))
        await scene.run()
        assert episodes == len(told(caplog))  # it was over within a minute
        await scene.turn(10)


async def test_log_does_not_chatter_at_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    """A service that is at its limit all the time makes a line a minute."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(2, 2)
    scene.at_once = OK
    for _ in range(300):  # one more than fits, each second
        await scene.calls("abc")
        await scene.turn(1)
        await scene.run()

    assert 2 <= scene.clock.time() / 60 - len(told(caplog)) + 3 <= 4
    await scene.run()


async def test_log_says_nothing_of_waits_for_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    """Bursts of more than fit at a time are everyday, and over in a moment."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(1000, 60, in_flight=2)
    for burst in range(3):
        names = [f"{burst}/{n}" for n in range(6)]
        await scene.calls(names)
        await scene.answer(names)

    assert [] == told(caplog)
    await whole(scene)


# --- failing callbacks --------------------------------------------------------------------------


class Stop(BaseException):
    """What no handler expects."""


@pytest.mark.parametrize("error", [Stop, KeyboardInterrupt, SystemExit, asyncio.CancelledError])
@pytest.mark.parametrize("moment", ["WaitEvent", "PauseEvent"])
async def test_listener_that_fails_loses_no_slot(error: type[BaseException], moment: str) -> None:
    """Whatever it raises and when: the slot is given back, and the next one goes."""
    scene = Scene(3, 60, in_flight=1)
    scene.at_once = refused(after=1) if moment == "PauseEvent" else None

    def listen(event: object) -> None:
        if type(event).__name__ == moment:
            raise error

    async def call() -> str:
        request = Request(method="GET", path="loud", on_event=listen)
        try:
            await scene._limited(request)
        except BaseException as failure:  # noqa: BLE001 # that is what is tried
            return type(failure).__name__
        return "answered"

    first = scene.call("first")
    await settle()
    loud = asyncio.create_task(call())
    await settle()
    scene.at_once = OK if moment == "WaitEvent" else scene.at_once
    if moment == "WaitEvent":
        await scene.answer(["first"])
    else:
        await scene.run()

    assert error.__name__ == await loud
    await first
    # What a listener kept from leaving counts nowhere.
    assert (1 if moment == "WaitEvent" else 2) == scene.limiter.budget.used
    await whole(scene)


class Failing:
    """A clock, or numbers in [0, 1), that fail while a test says so."""

    def __init__(self, clock: TurnableClock) -> None:
        """Work at first."""
        self.error: BaseException | None = None
        self.call_at = clock.call_at
        self._clock = clock

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    def time(self) -> float:
        """Return the time, or fail."""
        self._check()
        return self._clock.time()

    def jitter(self) -> float:
        """Return a number, or fail."""
        self._check()
        return 0.5


@pytest.mark.parametrize(
    "error", [ValueError("mine"), Stop()], ids=lambda each: type(each).__name__
)
@pytest.mark.parametrize("what", ["clock", "jitter"])
@pytest.mark.parametrize("moment", ["start", "wait", "ring", "answer", "refusal", "cancel"])
async def test_clock_and_jitter_that_fail_lose_no_slot(
    error: BaseException, what: str, moment: str
) -> None:
    """Who calls gets the error; no slot is lost, and nobody waits for ever."""
    clock = TurnableClock(running=False)
    failing = Failing(clock)
    limiter = RateLimit(
        4,
        60,
        in_flight=1,
        clock=failing if what == "clock" else clock,
        jitter=failing.jitter if what == "jitter" else lambda: 0.5,
    )
    scene = Scene(clock=clock, limiter=limiter)
    scene.at_once = refused(after=0)
    await scene.calls(["before"])  # staggered from now on, so that jitter is asked
    scene.at_once = None
    await scene.turn(20)
    tasks: list[asyncio.Task[Response]] = []
    if moment != "start":
        tasks += await scene.calls(["first"])
    if moment in {"ring", "answer", "refusal", "cancel"}:
        tasks += await scene.calls(["second", "third"])
    failing.error = error
    try:
        if moment in {"start", "wait"}:
            tasks += await scene.calls(["now"])
        elif moment == "cancel":
            tasks[2].cancel()
            tasks[1].cancel()
        elif moment in {"answer", "refusal"}:
            await scene.answer(["first"], OK if moment == "answer" else refused(after=0))
        else:
            limiter._wake(limiter._side.queue)  # type: ignore[union-attr, arg-type] # two wait
        await settle()
    except Stop:
        pass
    failing.error = None
    scene.at_once = OK
    for name in list(scene._open):
        await scene.answer([name])
    await scene.run()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert (0, 0) == (limiter.budget.in_flight, limiter.budget.waiting)
    await scene.turn(200)
    assert limiter.budget.limit == limiter.budget.remaining


async def test_clock_that_goes_back_while_calls_wait() -> None:
    """Their timer is set anew as soon as anybody notices: they wait for a window, not for hours."""
    shift = 0.0
    base = TurnableClock(running=False)

    class Shifted:
        def time(self) -> float:
            return base.time() + shift

        def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
            return base.call_at(when - shift, callback)

    scene = Scene(clock=base, limiter=RateLimit(1, 60, clock=Shifted(), jitter=lambda: 0.5))
    scene.at_once = OK
    base.advance(10_000)
    await scene.calls("ab")
    shift = -3600.0
    await scene.calls("c")  # notices
    await scene.run()

    assert list("abc") == scene.sent
    assert base.time() <= 10_000 + 3 * 60
    await whole(scene)
