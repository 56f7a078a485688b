"""One rate limit and several event loops: one after another, dead ones, and at the same time."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Awaitable, Callable

import pytest

from ngrok_async import RateLimit, RateLimitedError, Request, Response
from ngrok_async._limits.accounts import shared_rate_limit

OK = Response(status=200)
Make = Callable[[], RateLimit]


async def fine(_: Request) -> Response:
    """Stand for the wire where every answer is good."""
    return OK


async def stall(_: Request) -> Response:
    """Stand for the wire that never answers."""
    return await asyncio.get_running_loop().create_future()


def ask(
    limiter: RateLimit,
    send: Callable[[Request], Awaitable[Response]] = fine,
    max_wait: float | None = None,
) -> "Task":
    """Start a call."""
    request = Request(method="GET", path="/", max_wait=max_wait)
    return asyncio.ensure_future(limiter(request, send))


Task = asyncio.Future[Response]


def dead_loop(
    limiter: RateLimit, *sends: Callable[[Request], Awaitable[Response]]
) -> tuple[weakref.ref[asyncio.AbstractEventLoop], list[Task]]:
    """Run calls in an event loop that is closed under them, without a word to its tasks."""
    loop = asyncio.new_event_loop()

    async def main() -> list[Task]:
        tasks = [ask(limiter, send) for send in sends]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return tasks

    tasks = loop.run_until_complete(main())
    for task in tasks:  # else asyncio complains about each in the log when it is collected
        task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    return weakref.ref(loop), tasks


# --- one after another --------------------------------------------------------------------------


def test_stamps_outlive_the_event_loop() -> None:
    """What was sent in one counts in the next."""
    limiter = RateLimit(3, 60)

    async def use() -> int:
        await ask(limiter, max_wait=30)
        return limiter.budget.used

    assert [1, 2, 3] == [asyncio.run(use()) for _ in range(3)]
    with pytest.raises(RateLimitedError):
        asyncio.run(use())
    assert 3 == limiter.budget.used  # no event loop runs


def test_jobs_that_wait_go_on_from_the_window_of_the_others() -> None:
    """Many short runs are neither refused nor slower than the limit."""
    limiter = RateLimit(5, 0.05)
    times: list[float] = []

    async def note(_: Request) -> Response:
        times.append(time.monotonic())
        return OK

    async def use() -> None:
        await ask(limiter, note)

    for _ in range(12):
        asyncio.run(use())

    assert all(later - first >= 0.05 for first, later in zip(times, times[5:], strict=False))


def test_run_that_ended_in_the_middle_leaves_no_trace() -> None:
    """`asyncio.run` cancels what still waits or is out: nothing of it is left for the next run."""
    limiter = RateLimit(4, 0.05, in_flight=2)

    async def leave() -> None:
        for _ in range(10):
            ask(limiter, stall)
        await asyncio.sleep(0)

    async def use() -> tuple[int, int]:
        await asyncio.gather(*(ask(limiter) for _ in range(6)))
        budget = limiter.budget
        return budget.in_flight, budget.waiting

    asyncio.run(leave())
    assert (0, 0) == asyncio.run(use())


# --- dead ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [True, False], ids=["tasks held", "tasks dropped"])
def test_loop_that_died_with_calls_does_not_stop_the_next(*, held: bool) -> None:
    """Who waited there is forgotten, and what was out counts for a window, not for ever."""
    limiter = RateLimit(2, 0.05, in_flight=2)
    _, tasks = dead_loop(limiter, stall, stall, fine, fine)
    if not held:
        tasks.clear()
        gc.collect()

    async def use() -> None:
        assert (0, 0, 2) == (
            limiter.budget.in_flight,
            limiter.budget.waiting,
            limiter.budget.used,
        )
        async with asyncio.timeout(5):
            assert [OK] * 4 == await asyncio.gather(*(ask(limiter) for _ in range(4)))

    asyncio.run(use())
    tasks.clear()
    gc.collect()

    async def afterwards() -> None:
        assert 0 == limiter.budget.in_flight
        async with asyncio.timeout(5):
            assert [OK] * 4 == await asyncio.gather(*(ask(limiter) for _ in range(4)))

    asyncio.run(afterwards())


@pytest.mark.parametrize("shared", [True, False], ids=["of an account", "of the caller"])
@pytest.mark.parametrize("sends", [(fine,), (fine, fine), (stall, fine)], ids=["ok", "w", "f"])
def test_nothing_keeps_a_dead_loop(
    sends: tuple[Callable[[Request], Awaitable[Response]], ...], *, shared: bool
) -> None:
    """Whether its calls were over, waited or were out, it goes although the limit stays."""
    account = object()
    own = RateLimit(1, 100)
    limiters: list[RateLimit] = []

    def limiter() -> RateLimit:
        if not shared:
            return own
        shared_ = shared_rate_limit(account, None)
        shared_._window.limit, shared_._window.seconds = 1, 100.0
        return shared_

    def die() -> weakref.ref[asyncio.AbstractEventLoop]:
        async def get() -> RateLimit:
            return limiter()

        limiters.append(asyncio.run(get()))
        return dead_loop(limiters[-1], *sends)[0]

    gone = [die() for _ in range(3)]
    gc.collect()

    assert [None] * 3 == [loop() for loop in gone]


def test_waiting_task_that_nobody_holds_is_served() -> None:
    """The line keeps those who wait alive while their event loop lives."""
    limiter = RateLimit(1, 0.02, in_flight=1)
    served: list[int] = []

    async def use() -> None:
        async def call(number: int) -> None:
            await ask(limiter)
            served.append(number)

        for number in range(3):
            asyncio.create_task(call(number))  # noqa: RUF006 # that is what is tried
        for _ in range(20):
            await asyncio.sleep(0.005)
            gc.collect()

    asyncio.run(use())
    assert [0, 1, 2] == served


def test_anchor_of_a_line_is_renewed() -> None:
    """A line that lasts for longer than its timer stays."""
    limiter = RateLimit(1, 100)

    async def use() -> None:
        await ask(limiter)
        task = asyncio.ensure_future(limiter(Request(method="GET", path="/"), fine))
        await asyncio.sleep(0)
        side = limiter._side
        assert side is not None
        queue = side.queue
        assert queue is not None
        before = queue._anchor
        queue._stay()
        assert before is not queue._anchor
        before.cancel()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert queue._anchor.cancelled()

    asyncio.run(use())


# --- at the same time ---------------------------------------------------------------------------


def in_threads(count: int, main: Callable[[int], Awaitable[None]]) -> None:
    """Run one event loop in each of so many threads."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        async def guarded() -> None:
            async with asyncio.timeout(20):
                await main(number)

        try:
            asyncio.run(guarded())
        except BaseException as error:  # noqa: BLE001 # it is raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [] == errors


@pytest.mark.parametrize("in_flight", [2, 1000])
def test_threads_share_the_window(in_flight: int) -> None:
    """Whatever the threads do to one another: never more than the limit, none lost, none hangs."""
    limiter = RateLimit(40, 0.1, in_flight=in_flight)
    times: list[float] = []
    out = most = 0
    lock = threading.Lock()

    async def note(_: Request) -> Response:
        nonlocal out, most
        with lock:
            out += 1
            most = max(most, out)
        times.append(time.monotonic())
        await asyncio.sleep(0)
        with lock:
            out -= 1
        return OK

    async def main(_: int) -> None:
        await asyncio.gather(*(ask(limiter, note) for _ in range(50)))

    in_threads(4, main)
    times.sort()

    assert 200 == len(times)
    assert most <= in_flight
    assert all(later - first >= 0.099 for first, later in zip(times, times[40:], strict=False))
    assert (0, 0) == (limiter.budget.in_flight, limiter.budget.waiting)


def test_answer_in_one_loop_wakes_another() -> None:
    """Who waits only for a place in flight has no timer: the loop that frees it says so."""
    limiter = RateLimit(1000, 60, in_flight=1)
    begun, waits, order = threading.Event(), threading.Event(), list[str]()

    async def slow(_: Request) -> Response:
        begun.set()
        while not waits.is_set() or limiter.budget.waiting == 0:  # noqa: ASYNC110 # another thread's
            await asyncio.sleep(0.001)
        order.append("first")
        return OK

    async def main(number: int) -> None:
        if number == 0:
            await ask(limiter, slow)
            return
        while not begun.is_set():  # noqa: ASYNC110 # another thread's
            await asyncio.sleep(0.001)
        waits.set()
        await ask(limiter)
        order.append("second")

    in_threads(2, main)
    assert ["first", "second"] == order


def test_loop_that_closes_in_the_moment_of_waking() -> None:
    """Another thread's loop may be closed between the look at it and the call into it."""
    limiter = RateLimit(1000, 60, in_flight=1)
    loop = asyncio.new_event_loop()

    async def waiter() -> None:
        ask(limiter, stall)
        ask(limiter, stall)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    loop.run_until_complete(waiter())
    side = limiter._side
    assert side is not None
    queue = side.queue
    assert queue is not None
    calls: list[object] = []

    def closed(*arguments: object) -> None:
        calls.append(arguments)
        raise RuntimeError("Event loop is closed")

    queue.loop.call_soon_threadsafe = closed  # type: ignore[method-assign]

    async def other() -> None:
        limiter._window.in_flight = 0
        assert OK == await ask(limiter)

    asyncio.run(other())
    assert 1 == len(calls)
    limiter._window.in_flight = 1
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()


def test_loops_that_take_turns() -> None:
    """Who comes back to an event loop finds those who wait there, and their order."""
    limiter = RateLimit(2, 0.05, in_flight=1)
    one, other = asyncio.new_event_loop(), asyncio.new_event_loop()
    order: list[str] = []

    async def begin(name: str) -> Task:
        async def note(_: Request) -> Response:
            order.append(name)
            return await stall(_) if name == "first" else OK

        task = ask(limiter, note)
        await asyncio.sleep(0)
        return task

    async def end(task: Task) -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    first = one.run_until_complete(begin("first"))
    waits = [loop.run_until_complete(begin(name)) for loop, name in ((one, "a"), (other, "b"))]
    waits.append(one.run_until_complete(begin("c")))
    assert 3 == limiter.budget.waiting
    one.run_until_complete(end(first))
    for loop, task in zip((one, other, one), waits, strict=True):
        assert OK == loop.run_until_complete(task)
    one.close()
    other.close()

    assert ["a", "c"] == [name for name in order if name in "ac"]
    assert {"first", *"abc"} == set(order)
    assert (0, 0) == (limiter.budget.in_flight, limiter.budget.waiting)
