"""The order of those who wait, whoever leaves it or comes back."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Self

import attrs
import pytest

from ngrok_async import _limits as limits
from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async._request import Request, Response
from ngrok_async._way.retry import Retry, RetryMiddleware
from ngrok_async.errors import (
    ConnectionLostError,
    RateLimitedError,
)
from tests.limits.scene import OK, BusyClock, Scene, ended, refused, settle, whole

PACKAGE = Path(limits.__file__).parent


# The order


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


# Who comes back


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


# Cancellation


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


# Cost


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
