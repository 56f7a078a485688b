"""The shared rate limit within one process: real Redis, real time, short windows."""

import asyncio
import hashlib
import json
import logging
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from redis.asyncio import Redis

from ngrok_async import Budget, Client, Request, Response
from ngrok_async._limits.redis_script import SCRIPT
from ngrok_async.errors import (
    ConnectError,
    ConnectionLostError,
    RateLimitedError,
)
from ngrok_async.events import Event, PauseEvent, WaitEvent
from ngrok_async.redis import RedisRateLimit
from ngrok_async.testing import FakeNgrok, TurnableClock

LOGGER = "ngrok_async.rate_limit"
OK = Response(status=200)
# What conftest.py gives cannot be imported: a directory of tests is no package.
Make = Callable[..., Any]  # the fixture `process`: makes a Process
Server = Any  # a RedisServer


def refused(
    message: str = "", *, code: str | None = "ERR_NGROK_226", after: float | None = None
) -> Response:
    """Make a 429 as ngrok gives it."""
    return Response(
        status=429,
        headers={} if after is None else {"Retry-After": str(after)},
        body=json.dumps({"error_code": code, "status_code": 429, "msg": message}).encode(),
    )


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings of the rate limit."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == LOGGER and record.levelno >= logging.WARNING
    ]


async def until(condition: Callable[[], object]) -> None:
    """Wait until something has happened."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 # what it looks at has no event
            await asyncio.sleep(0.001)


# --- the window ---------------------------------------------------------------------------------


async def test_window_is_filled_at_once_and_no_further(process: Make) -> None:
    """As many requests as the limit allows leave; the next ones leave one window later."""
    one = process()
    begin = time.monotonic()
    tasks = [one.call(name) for name in "abcde"]
    await asyncio.gather(*tasks)

    assert list("abcde") == one.sent
    assert [0, 0, 0, 1, 1] == [int((at - begin) / 0.4) for at in one.sent_at]


async def test_repeated_call_keeps_its_place(process: Make) -> None:
    """It goes before all that came later in its process."""
    one = process()
    request = Request(method="GET", path="a")
    await one._limited(request)
    await asyncio.gather(*(one.call(name) for name in "bc"))
    tasks = [one.call(name) for name in "def"]
    await until(lambda: one.limiter.budget.waiting == 3)
    again = asyncio.create_task(one._limited(attrs.evolve(request, path="again", attempt=2)))
    await asyncio.gather(*tasks, again)

    assert ["a", "b", "c", "again", "d", "e", "f"] == one.sent


async def test_listener_that_fails_loses_no_slot(process: Make) -> None:
    """What it kept from leaving counts nowhere."""

    class Stop(BaseException):
        pass

    def listen(_: object) -> None:
        raise Stop

    one = process(requests=1)
    await one.call("a")
    loud = Request(method="GET", path="loud", on_event=listen)
    with pytest.raises(Stop):
        await one._limited(loud)
    await one.call("b")

    assert ["a", "b"] == one.sent
    assert one.sent_at[1] - one.sent_at[0] < 0.75  # one window, not two


async def test_stated_limit_is_not_inherited_for_ever(process: Make) -> None:
    """A process that begins ten windows after the last statement starts with what was set."""
    one = process(window=0.05)
    one.answers = [refused("rate limited to `1` API requests per `0.05 seconds`", after=0)]
    await one.call("a")
    heir = process(window=0.05)
    await heir.limiter.read_budget()
    assert (1, 1) == (one.limiter.budget.limit, heir.limiter.budget.limit)
    await asyncio.sleep(0.6)
    late = process(window=0.05)
    await late.call("b")

    assert [3, 3, 3] == [each.limiter.budget.limit for each in (one, heir, late)]


async def test_processes_share_the_window(process: Make) -> None:
    """What one process has used, another one cannot use."""
    one, other = process(), process()
    await asyncio.gather(*(one.call(name) for name in "abc"))
    begin = time.monotonic()
    await other.call("d")

    assert 0.3 <= time.monotonic() - begin <= 1


async def test_slot_is_freed_one_window_after_the_answer(process: Make) -> None:
    """What counts is when the answer came, not when the request left."""
    one, other = process(requests=1), process(requests=1)
    one.hold()
    first = one.call("a")
    await until(lambda: one.sent)
    late = other.call("b")
    await asyncio.sleep(0.5)
    assert [] == other.sent
    answered = time.monotonic()
    one.answer("a")
    await asyncio.gather(first, late)

    assert 0.4 <= other.sent_at[0] - answered <= 1


async def test_number_in_flight_is_shared(process: Make) -> None:
    """No more than `in_flight` are out at a time, whoever sent them."""
    one, other = process(requests=99, in_flight=2), process(requests=99, in_flight=2)
    one.hold()
    tasks = [one.call(name) for name in "abc"]
    await until(lambda: len(one.sent) == 2)
    tasks.append(other.call("d"))
    await asyncio.sleep(0.05)
    assert ["a", "b"] == one.sent
    assert [] == other.sent
    one.answer("a")
    one.answer("b")
    await until(lambda: len(one.sent) == 3)
    one.answer("c")
    await asyncio.gather(*tasks)

    assert ["d"] == other.sent


async def test_request_that_never_left_gives_its_slot_back(process: Make) -> None:
    """Without a connection nothing was counted."""
    one = process(requests=1, window=60)
    one.answers = [ConnectError("no", attempts=1)]
    with pytest.raises(ConnectError):
        await one.call("a")
    await one.call("b")

    assert 1 == (await one.limiter.read_budget()).used


async def test_request_without_an_answer_counts_a_little_longer(process: Make) -> None:
    """What was given up may arrive later still: its slot is kept for 1/60 more of the window."""
    one = process(requests=1, window=0.6)
    one.answers = [ConnectionLostError("lost", attempts=1)]
    with pytest.raises(ConnectionLostError):
        await one.call("a")
    begin = time.monotonic()
    await one.call("b")

    assert 0.609 <= time.monotonic() - begin <= 1.2


async def test_lease_of_one_that_says_nothing_expires(process: Make) -> None:
    """A place in flight comes back after the lease, the slot a window later."""
    one, other = (process(requests=1, window=1, lease=0.2, command_timeout=1) for _ in range(2))
    one.hold()
    # It lives, but Redis does not hear of it.
    one.wire.before = lambda verb: asyncio.sleep(9) if verb == "tell" else None
    first = one.call("a")
    await until(lambda: one.sent)
    while (budget := await other.limiter.read_budget()).in_flight:  # noqa: ASYNC110 # has no event
        await asyncio.sleep(0.01)
    assert 1 == budget.used
    await other.call("b")

    assert 1.19 <= other.sent_at[0] - one.sent_at[0] <= 5
    one.wire.before = None
    one.answer("a")
    await first


async def test_long_request_keeps_its_place(process: Make) -> None:
    """Its process says so three times per lease, and nobody else gets the place."""
    one, other = (process(in_flight=1, window=60, lease=0.6) for _ in range(2))
    one.hold()
    first = one.call("a")
    await until(lambda: one.sent)
    await asyncio.sleep(1)
    assert (1, 1) == ((b := await other.limiter.read_budget()).used, b.in_flight)
    assert one.wire.calls[:2] == ["ask", "tell"]
    one.answer("a")
    await first


async def test_short_request_says_nothing_on_its_way(process: Make) -> None:
    """A command that asks tells of what has ended, and a call waits for that one alone."""
    one = process(requests=9, window=60)
    for name in "abc":
        await one.call(name)
    await one.idle()

    assert ["ask", "ask", "ask", "tell"] == one.wire.calls[-4:]


async def test_budget_is_what_redis_says(process: Make) -> None:
    """It costs a command to read; the property tells the last answer."""
    one, other = process(window=60), process(window=60)
    assert Budget(3, 60, 0, 0, 0, 0) == one.limiter.budget
    one.hold()
    task = one.call("a")
    await until(lambda: one.sent)
    await other.call("b")
    await other.idle()

    read = await one.limiter.read_budget()
    assert Budget(3, 60, 2, 1, 0, 0, shared=True, processes=2) == read == one.limiter.budget
    assert 1 == one.limiter.budget.remaining
    one.answer("a")
    await task


async def test_keys_expire_and_hold_no_account_text(process: Make, server: Server) -> None:
    """The names hold a salted hash, the values ids and numbers; all of it goes by itself."""
    key = "2abcdefghijKLMNOP_secret"
    one = process()
    limiter = RedisRateLimit(one.wire, account=key, window=0.1, lease=0.1, prefix="mine")
    await limiter(Request(method="GET", path="/"), one._send)

    async with Redis.from_url(server.url) as redis:
        names = [name.decode() for name in await redis.keys("mine:*")]
        assert ["mine", "1"] == names[0].split(":")[:2]
        assert 1 == len(names)
        assert 0 < await redis.pttl(names[0]) < 3_700_000
        everything = [names, await redis.dump(names[0])]
    for text in (str(everything), repr(limiter), str(vars(limiter))):
        assert key not in text
        assert hashlib.sha256(key.encode()).hexdigest()[:16] not in text


async def test_client_shows_the_budget(process: Make) -> None:
    """It is a `RateLimit`, so a client passes it on."""
    one = process()
    async with (
        FakeNgrok(agents=1) as fake,
        Client(fake.api_key, base_url=fake.url, limiter=one.limiter) as ngrok,
    ):
        await ngrok.tunnel_sessions.list(limit=1)

        assert one.limiter.budget == ngrok.budget
        assert 1 == one.limiter.budget.used


# --- waits that are too long --------------------------------------------------------------------


async def test_patience_ends_in_the_step_in_which_it_gets_its_slot(process: Make) -> None:
    """Then it goes."""
    one = process()
    loop = asyncio.get_running_loop()

    def end(verb: str) -> None:
        if verb == "ask":
            loop.call_soon(one.limiter._turns._give_up, one.limiter._turns.line._line.first())

    one.wire.after = end

    assert OK == await one.call("a", max_wait=9)


async def test_max_wait_fails_at_once(process: Make) -> None:
    """A wait that is known to be too long is not begun, not even at the end of a line."""
    one = process(window=60)
    await asyncio.gather(*(one.call(name) for name in "abc"))
    begin = time.monotonic()
    first, second = one.call("d"), one.call("e", max_wait=1)
    with pytest.raises(RateLimitedError) as caught:
        await second

    assert time.monotonic() - begin < 1
    assert 59 < (caught.value.retry_after or 0) <= 60
    text = str(caught.value)
    assert "not sent: the limit of 3 requests per 60 s, 100 at a time, has no place for" in text
    assert "more than max_wait=1 allows" in text
    assert 1 == one.limiter.budget.waiting
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_wait_is_predicted_for_each_place_in_the_line(process: Make) -> None:
    """Whoever stands behind as many as a window holds waits a window more."""
    one = process(window=60)
    await asyncio.gather(*(one.call(name) for name in "abc"))
    tasks = [one.call(name) for name in "defghi"]
    await until(lambda: one.limiter.budget.waiting == 6)
    with pytest.raises(RateLimitedError) as caught:
        await one.call("j", max_wait=100)

    assert 179 < (caught.value.retry_after or 0) <= 180
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_max_wait_0_takes_a_free_slot(process: Make) -> None:
    """It waits for nothing but the answer of Redis."""
    one = process(window=60)
    await asyncio.gather(*(one.call(name, max_wait=0) for name in "abc"))

    assert list("abc") == one.sent
    with pytest.raises(RateLimitedError):
        await one.call("d", max_wait=0)


async def test_patience_ends_while_it_waits(process: Make) -> None:
    """Nobody can tell when an answer comes; who waits for one waits no longer than allowed."""
    one = process(requests=99, window=60, in_flight=1)
    one.hold()
    first = one.call("a")
    await until(lambda: one.sent)
    begin = time.monotonic()
    second, third = one.call("b", max_wait=0.1), one.call("c", max_wait=0)
    with pytest.raises(RateLimitedError, match=r"had no place for 0\.1 s, all that max_wait"):
        await second
    assert 0.1 <= time.monotonic() - begin < 1
    with pytest.raises(RateLimitedError, match=r"had no place for 0\.0 s"):
        await third
    one.answer("a")
    await first


async def test_patience_ends_before_redis_has_answered(process: Make) -> None:
    """`max_wait` grants Redis its time to answer, and then holds for what it says."""
    one = process(requests=1, window=60, command_timeout=3)
    one.wire.before = lambda _: asyncio.sleep(0.1)
    begin = time.monotonic()
    await one.call("a", max_wait=0.05)
    with pytest.raises(RateLimitedError, match=r"has no place for at least [56]\d"):
        await one.call("b", max_wait=0.05)
    assert 0.2 <= time.monotonic() - begin < 3


# --- 429 ----------------------------------------------------------------------------------------


async def test_one_429_pauses_all_processes(
    process: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody leaves in the pause; each process says so once."""
    one, other = process(requests=50), process(requests=50)
    await other.call("x")
    one.answers = [refused(after=0.5)]
    begin = time.monotonic()
    assert 429 == (await one.call("a")).status
    assert 0 < one.limiter.budget.paused <= 0.5
    tasks = [each.call(name) for each in (one, other) for name in "bcd"]
    await asyncio.gather(*tasks)

    assert all(at - begin >= 0.5 for at in one.sent_at[1:] + other.sent_at[1:])
    # How much of the pause is left when the other hears of it, the machine decides.
    assert [
        "ngrok refused a request for the rate limit (ERR_NGROK_226); all calls pause",
        "ngrok refused a request of another process for the rate limit; all calls pause",
    ] == [warning.rpartition(" for ")[0] for warning in warnings(caplog)]


async def test_release_after_a_pause_is_staggered(process: Make) -> None:
    """For a window, requests of all processes leave one by one."""
    one, other = (process(requests=10, window=0.5, jitter=lambda: 0.5) for _ in range(2))
    one.answers = [refused(after=0.1)]
    await one.call("a")
    end = time.monotonic() + 0.1
    await asyncio.gather(*(each.call(name) for each in (one, other) for name in "bcde"))
    times = sorted(one.sent_at[1:] + other.sent_at)

    # Redis lets one go every 50 ms; how much later each leaves from there, the machine decides.
    assert all(end + (0.5 + turn) * 0.05 - 0.04 <= at for turn, at in enumerate(times))
    assert times[-1] - end < 2


async def test_pause_lasts_until_the_shared_log_frees_a_slot(process: Make) -> None:
    """Without `Retry-After`, what all processes have sent says when to go on."""
    one, other = process(window=60), process(window=60)
    await other.call("x")
    await asyncio.sleep(0.3)
    one.answers = [refused()]
    await one.call("a")

    assert 59 < one.limiter.budget.paused < 59.75


async def test_225_pauses_nobody_for_long_and_lowers_the_number_in_flight(process: Make) -> None:
    """One in flight less is enough, and a stated number is shared."""
    one, other = process(), process()
    one.answers = [
        refused("limited to 2 simultaneous API requests.", code="ERR_NGROK_225"),
    ]
    await one.call("a")
    assert 0 == one.limiter.budget.paused
    await other.call("b")

    assert 2 == other.state.whole.max_in_flight


async def test_stated_limit_is_adopted_by_all(
    process: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """What ngrok states to one process holds for the others and for those that come later."""
    message = "Your account is rate limited to 2 API requests per 60 seconds."
    one, other = process(requests=5, window=60), process(requests=4, window=60)
    await other.call("x")
    one.answers = [refused(message, after=0)]
    await one.call("a")
    with pytest.raises(RateLimitedError, match="the limit of 2 requests per 60 s"):
        await other.call("b", max_wait=1)
    late = process(requests=1, window=60)
    with pytest.raises(RateLimitedError, match="the limit of 1 requests per 60 s"):
        await late.call("c", max_wait=1)

    adopted = "ngrok states a limit: 2 requests per 60 s, 100 at a time from now on"
    assert 2 == warnings(caplog).count(adopted)
    one.answers = [refused(message, after=0)]
    one.state.refuse(time.monotonic(), one.answers[0])  # said again: nothing new
    assert 2 == warnings(caplog).count(adopted)


# --- cancellation -------------------------------------------------------------------------------


async def test_cancelled_waiters_leave_no_trace(process: Make) -> None:
    """Wherever in the line they stand, the others keep their order and lose no slot."""
    one = process()
    tasks = [one.call(name) for name in "abcdefgh"]
    await until(lambda: len(one.sent) == 3)
    await asyncio.sleep(0.01)
    for place in (3, 5, 7):
        tasks[place].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)

    assert list("abceg") == one.sent
    assert 3 == sum(isinstance(each, asyncio.CancelledError) for each in done)


@pytest.mark.parametrize("step", range(12))
async def test_cancelled_at_any_point_loses_no_slot(process: Make, step: int) -> None:
    """Before, while and after Redis is asked, and while it is told of the end."""
    one = process(requests=2, window=0.2)
    one.wire.before = lambda _: asyncio.sleep(0.01)
    task = one.call("a")
    await asyncio.sleep(step * 0.005)
    task.cancel()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await one.idle()
    one.wire.before = None

    budget = await one.limiter.read_budget()
    assert 0 == budget.in_flight
    assert len(one.sent) == budget.used
    await asyncio.sleep(0.21)
    await asyncio.gather(*(one.call(name, max_wait=0) for name in "xy"))


async def test_grant_that_nobody_takes_goes_to_the_next(process: Make) -> None:
    """If the first in the line goes while Redis grants it a slot, the second takes it."""
    one = process(requests=1, window=60)
    first, second = one.call("a"), one.call("b")
    one.wire.after = lambda _: first.cancel() and None
    await second

    assert first.cancelled()
    assert ["b"] == one.sent
    assert 1 == (await one.limiter.read_budget()).used


async def test_grant_that_nobody_takes_is_returned(process: Make) -> None:
    """Without a second one, Redis gets it back."""
    one = process(requests=1, window=60)
    task = one.call("a")

    async def cancel() -> None:
        one.wire.after = None
        task.cancel()
        await asyncio.sleep(0)

    one.wire.before = lambda verb: cancel() if verb == "ask" else None
    with pytest.raises(asyncio.CancelledError):
        await task
    await one.idle()

    assert ["ask", "tell"] == one.wire.calls[-2:]
    assert 0 == (await one.limiter.read_budget()).used


async def test_cancelled_in_the_step_in_which_it_gets_its_slot(process: Make) -> None:
    """The slot is there, the call is not any more: it is given back."""
    one = process(requests=1, window=60)
    task, loop = one.call("a"), asyncio.get_running_loop()
    one.wire.after = lambda verb: verb == "ask" and loop.call_soon(task.cancel) and None
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [] == one.sent
    assert 0 == (await one.limiter.read_budget()).used


async def test_cancelled_while_redis_is_told_of_a_429(process: Make) -> None:
    """All the same, everybody pauses."""
    one, other = process(requests=9), process(requests=9)
    one.answers = [refused(after=60)]
    one.wire.before = lambda verb: asyncio.sleep(0.05) if verb == "tell" else None
    task = one.call("a")
    await until(lambda: "tell" in one.wire.calls)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await one.idle()

    assert 59 < (await other.limiter.read_budget()).paused <= 60


def test_event_loop_may_end_amid_everything(server: Server) -> None:
    """What `asyncio.run` does at its end: all tasks are cancelled, and nobody hangs."""

    async def main() -> list[asyncio.Task[Response]]:
        redis = Redis.from_url(server.url)
        limiter = RedisRateLimit(redis, account="ends", requests=1)

        async def send(_: Request) -> Response:
            await asyncio.sleep(60)
            raise AssertionError

        async def call() -> Response:
            return await limiter(Request(method="GET", path="/"), send)

        tasks = [asyncio.create_task(call()) for _ in range(3)]
        await until(lambda: limiter._turns._alarm is not None)
        assert limiter._turns._worker is not None
        limiter._turns._worker.cancel()
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await redis.aclose()
        return tasks

    tasks = asyncio.run(main())
    assert all(task.cancelled() for task in tasks)


class BrokenClock:
    """A clock of the caller's that fails once it is told to."""

    def __init__(self) -> None:
        """Run, for now."""
        self.error: BaseException | None = None

    def time(self) -> float:
        """Return the loop's time, or fail."""
        if self.error is not None:
            raise self.error
        return asyncio.get_running_loop().time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> asyncio.TimerHandle:
        """Have the loop call back."""
        return asyncio.get_running_loop().call_at(when, callback)


async def test_clock_that_fails_hangs_nobody(process: Make) -> None:
    """Those who wait, in the line or for what Redis says, get its error."""
    clock = BrokenClock()
    one = process(requests=1, window=0.3, clock=clock)
    await one.call("a")
    await one.idle()
    tasks = [one.call(name) for name in "bc"]
    await until(lambda: one.limiter._turns._alarm)
    tasks.append(asyncio.create_task(one.limiter.read_budget()))
    await asyncio.sleep(0)
    clock.error = OSError("no clock")
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    clock.error = None

    assert [OSError] * 3 == [type(each) for each in outcomes]
    assert OK == await one.call("d")


def test_next_loop_begins_anew(server: Server) -> None:
    """A loop that stopped amid a call is no hindrance for the next one."""

    class Client:
        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 # the commands
            return getattr(self.redis, name)

        redis: Any

    client = Client()
    limiter = RedisRateLimit(client, account="loops", lease=0.5)

    async def begin() -> asyncio.Task[Response]:
        client.redis = Redis.from_url(server.url)

        async def send(_: Request) -> Response:
            await asyncio.sleep(60)
            raise AssertionError

        task = asyncio.create_task(limiter(Request(method="GET", path="/"), send))
        await until(lambda: limiter.budget.in_flight)
        return task

    async def go_on() -> None:
        client.redis = Redis.from_url(server.url)

        async def send(_: Request) -> Response:
            return OK

        assert OK == await limiter(Request(method="GET", path="/"), send)
        await client.redis.aclose()

    async def end(old: Any) -> None:  # noqa: ANN401 # a client
        # The end of the call makes another worker start, which the old one must not disturb.
        for each in (task, worker):
            each.cancel()
            await asyncio.gather(each, return_exceptions=True)
        assert limiter._turns._loop is loop
        assert limiter._turns._worker is not worker
        limiter._turns._worker.cancel()
        await asyncio.gather(limiter._turns._worker, return_exceptions=True)
        await old.aclose()

    loop = asyncio.new_event_loop()
    task = loop.run_until_complete(begin())
    worker, old = limiter._turns._worker, client.redis
    assert worker is not None
    asyncio.run(go_on())
    loop.run_until_complete(end(old))
    loop.close()

    assert 0 == limiter._state.part.window.in_flight


def test_call_of_a_closed_loop_gives_its_place_back(server: Server) -> None:
    """Wherever the garbage collector finds it: there is no loop then, and no task to start."""
    loop = asyncio.new_event_loop()
    redis = Redis.from_url(server.url)
    limiter = RedisRateLimit(redis, account="closed")

    async def send(_: Request) -> Response:
        await asyncio.sleep(60)
        raise AssertionError

    call = limiter(Request(method="GET", path="/"), send)

    async def main() -> None:
        task = asyncio.create_task(call)
        await until(lambda: limiter.budget.in_flight)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await redis.aclose()

    loop.run_until_complete(main())
    limiter._state.part.window.in_flight += 1  # as if it had not been cancelled
    for task in asyncio.all_tasks(loop):
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    limiter._turns.end(0.0)

    assert 0 == limiter._state.part.window.in_flight


def test_worker_of_a_closed_loop_takes_no_alarm_with_it(server: Server) -> None:
    """What the collector finds of one loop ends nothing in the next one."""
    limits = {"requests": 1, "window": 0.2, "command_timeout": 5.0}
    first = Redis.from_url(server.url)
    limiter = RedisRateLimit(first, account="two loops", **limits)  # type: ignore[arg-type] # numbers
    old = asyncio.new_event_loop()

    async def send(_: Request) -> Response:
        return OK

    async def one_call() -> None:
        await limiter(Request(method="GET", path="/"), send)
        await until(lambda: limiter._turns._alarm is not None)
        await first.aclose()

    old.run_until_complete(one_call())
    worker = limiter._turns._worker
    assert worker is not None
    rest: Any = worker.get_coro()
    worker._log_destroy_pending = False  # type: ignore[attr-defined] # that is what is tried

    async def calls() -> None:
        async with Redis.from_url(server.url) as second:
            limiter._turns._link._redis = second
            for _ in range(2):
                await asyncio.wait_for(limiter(Request(method="GET", path="/"), send), 5)
            await until(lambda: limiter._turns._alarm is not None)
            alarm = limiter._turns._alarm
            rest.close()  # as the collector does
            assert alarm is limiter._turns._alarm
            await limiter.read_budget()

    asyncio.run(calls())
    old._ready.clear()  # type: ignore[attr-defined] # its task is closed already
    old.close()


async def test_clock_that_fails_at_the_end_loses_no_slot(process: Make) -> None:
    """A clock of the caller's own may do anything."""

    class Clock(TurnableClock):
        broken = False

        def time(self) -> float:
            if self.broken:
                raise ZeroDivisionError
            return super().time()

    clock = Clock()
    one = process(requests=40, clock=clock)
    one.hold()
    call = one.call("a")
    await until(lambda: one.sent)
    clock.broken = True
    one.answer("a")
    with pytest.raises(ZeroDivisionError):
        await call
    clock.broken = False

    assert 0 == one.state.part.window.in_flight
    one._open = None
    await one.call("b")


# --- Redis away ---------------------------------------------------------------------------------


async def test_unknown_script_is_sent_again(process: Make, server: Server) -> None:
    """After SCRIPT FLUSH nothing is lost, and nobody is warned."""
    one = process(requests=9)
    await one.call("a")
    async with Redis.from_url(server.url) as redis:
        await redis.script_flush()
    await one.call("b")

    assert 2 == one.limiter.budget.used
    assert one.limiter.budget.shared


async def test_answer_that_got_lost_counts_once(process: Make) -> None:
    """The same step is asked for again, and Redis sees that it was taken."""
    one = process(requests=1, window=60)
    lost = [ConnectionError("lost")]

    async def lose() -> None:
        raise lost.pop()

    one.wire.after = lambda verb: lose() if lost and verb == "ask" else None
    await one.call("a")

    assert ["a"] == one.sent
    assert 1 == (await one.limiter.read_budget()).used


async def test_lost_data_is_missed_for_a_window(process: Make, server: Server) -> None:
    """Who misses what it has told makes all go by their shares, also those who knew nothing."""
    one, other = (process(requests=8, window=0.6) for _ in range(2))
    await asyncio.gather(*(one.call(name) for name in "abcdef"), other.call("g"))
    await one.idle()
    async with Redis.from_url(server.url) as redis:
        await redis.flushall()
    begin = time.monotonic()
    late = process(requests=8, window=0.6)
    assert (await late.limiter.read_budget()).shared
    await asyncio.gather(*(each.call("x") for each in (one, other) for _ in range(9)))
    assert not (await late.limiter.read_budget()).shared or time.monotonic() - begin > 0.6
    times = sorted(at for each in (one, other) for at in each.sent_at)

    assert all(after - at >= 0.6 for at, after in zip(times, times[8:], strict=False))
    await one.shares()
    assert time.monotonic() - begin >= 0.6


async def test_data_of_before_is_missed(process: Make, server: Server) -> None:
    """A copy that lacks what was told last, as a promoted replica may have, counts as lost."""
    one = process(requests=16, window=60)
    await one.call("a")
    await one.idle()
    async with Redis.from_url(server.url) as redis:
        (name,) = await redis.keys("*")
        before = await redis.get(name)
        await one.call("b")
        await one.idle()
        await redis.set(name, before)
    await one.call("c")
    await one.idle()

    assert not one.limiter.budget.shared
    assert 4 == one.limiter.budget.limit


async def test_what_was_sent_without_redis_is_told(process: Make, own_server: Server) -> None:
    """A Redis that was silent hears what left meanwhile, and what has ended."""
    one = process(server=own_server, requests=40, window=60, command_timeout=0.4)
    one.hold()
    flying = one.call("a")
    await until(lambda: one.sent)
    one._open, held = None, one._open
    own_server.signal(signal.SIGSTOP)
    await asyncio.gather(*(one.call(name) for name in "bc"))
    held.pop("a").set_result(OK)
    await flying
    own_server.signal(signal.SIGCONT)
    await one.shares()
    await one.call("d")
    await one.idle()

    budget = await one.limiter.read_budget()
    assert (4, 0) == (budget.used, budget.in_flight)


async def test_end_that_crosses_a_command_is_told_by_the_next(process: Make) -> None:
    """A request that ends while Redis hears that it is in flight is not in flight afterwards."""
    one = process(requests=9)
    one.hold()
    task = one.call("a")
    await until(lambda: one.sent)

    async def end() -> None:
        one.wire.before = None
        one.answer("a")
        await task

    one.wire.before = lambda verb: end() if verb == "tell" else None
    await one.limiter.read_budget()
    await one.idle()

    assert (1, 0) == ((b := await one.limiter.read_budget()).used, b.in_flight)


async def test_share_is_kept_while_redis_is_away(
    process: Make,
    own_server: Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A local limit, one warning, and back to Redis within a second or so once it is there."""
    caplog.set_level(logging.INFO, LOGGER)
    one = process(server=own_server, requests=8, window=0.6, share=0.5, in_flight=2)
    await one.call("a")
    await one.idle()
    own_server.stop()
    begin = time.monotonic()
    await asyncio.gather(*(one.call(name) for name in "bcde"))
    early = [at for at in one.sent_at if at - begin < 0.5]

    assert 2 == len(early)  # a quarter, and "a" is one of them
    budget = one.limiter.budget
    assert (2, 0.6, 1) == (budget.limit, budget.window, one.state.part.window.max_in_flight)
    assert (False, 1) == (budget.shared, budget.processes)
    assert 1 == len(warnings(caplog))
    assert "ConnectionError" in warnings(caplog)[0]
    assert "keep to 2 requests per 0.6 s" in warnings(caplog)[0]
    own_server.start()
    await one.shares()
    await one.call("g")

    assert one.limiter.budget.shared
    assert 1 == len(warnings(caplog))
    assert "Redis answers again" in caplog.messages[-1]


async def test_waiting_calls_return_to_redis(process: Make, own_server: Server) -> None:
    """Who waits for a slot of the share does not wait for it once Redis is back."""
    one = process(server=own_server, requests=4, window=60, share=0.01)
    own_server.stop()
    tasks = [one.call(name) for name in "abc"]
    await until(lambda: one.sent)
    own_server.start()
    begin = time.monotonic()
    await asyncio.gather(*tasks)

    assert time.monotonic() - begin < 4
    assert 3 == (await one.limiter.read_budget()).used


async def test_limits_of_a_call_hold_while_redis_is_away(process: Make, own_server: Server) -> None:
    """`max_wait` is held against the share, and the text tells its numbers."""
    one = process(server=own_server, requests=8, window=60)
    own_server.stop()
    await asyncio.gather(one.call("a"), one.call("b"))
    with pytest.raises(RateLimitedError, match="2 requests per 60 s, 25 at a time, has no place"):
        await one.call("c", max_wait=1)


async def test_place_in_flight_is_passed_on_while_redis_is_away(
    process: Make,
    own_server: Server,
) -> None:
    """An answer lets the next one go at once."""
    one = process(server=own_server, requests=99, window=60, in_flight=1)
    own_server.stop()
    one.hold()
    tasks = [one.call("a"), one.call("b")]
    await until(lambda: one.sent and one.limiter.budget.waiting)
    one.answer("a")
    await until(lambda: len(one.sent) == 2)
    one.answer("b")
    await asyncio.gather(*tasks)

    assert one.sent_at[1] - one.sent_at[0] < 0.9


async def test_429_while_redis_is_away(
    process: Make,
    own_server: Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """This process pauses and goes by its own log; Redis hears of it later."""
    one = process(server=own_server, requests=99, window=0.5)
    own_server.stop()
    one.answers = [OK, refused()]
    await one.call("a")
    await asyncio.sleep(0.1)
    begin = time.monotonic()
    await one.call("b")
    await asyncio.gather(*(one.call(name) for name in "cd"))

    assert 0.35 <= one.sent_at[2] - begin <= 0.9
    assert one.sent_at[2] < one.sent_at[3]
    assert 2 == len(warnings(caplog))
    one.answers = [refused(after=30)]
    await one.call("e")
    own_server.start()
    await one.shares()
    other = process(server=own_server)
    assert 25 < (await other.limiter.read_budget()).paused <= 30


async def test_calls_fail_without_a_share(
    process: Make,
    own_server: Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """If that was asked for, no request leaves that Redis did not grant."""
    one = process(server=own_server, share=None)
    own_server.stop()
    outcomes = await asyncio.gather(*(one.call(n) for n in "abc"), return_exceptions=True)

    assert {"ConnectError"} == {type(each).__name__ for each in outcomes}
    assert "not sent: Redis, which keeps the rate limit, does not answer on GET a" == str(
        outcomes[0]
    )
    assert 0 == outcomes[0].attempts
    assert [] == one.sent
    assert ["until it is shared again, the calls of this process fail"] == [
        text.partition("): ")[2] for text in warnings(caplog)
    ]


async def test_who_wants_to_be_heard_waits_for_one_command(
    process: Make, own_server: Server
) -> None:
    """Also who comes while another command is under way that fails: it is not tried twice."""
    one = process(server=own_server, requests=40, command_timeout=0.3)
    await one.call("a")
    await one.idle()
    own_server.signal(signal.SIGSTOP)
    try:
        call = one.call("b")
        await asyncio.sleep(0.05)
        begin = time.monotonic()
        await one.limiter.read_budget()
        assert time.monotonic() - begin < 0.6
        await call
    finally:
        own_server.signal(signal.SIGCONT)
    await one.shares()
    await one.idle()


async def test_silent_redis_is_not_waited_for(process: Make, own_server: Server) -> None:
    """One call waits for `command_timeout`, once; no end does, and nobody while it is away."""
    one = process(server=own_server, requests=40, command_timeout=0.3)
    one.hold()
    first = one.call("a")
    await until(lambda: one.sent)
    own_server.signal(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        one.answer("a")
        await first
        assert time.monotonic() - begin < 0.3
        one._open = None
        await one.call("b")
        assert 0.2 <= time.monotonic() - begin < 0.6
        for _ in range(5):
            begin = time.monotonic()
            await one.call("c")
            assert time.monotonic() - begin < 0.2
            await asyncio.sleep(0.2)
    finally:
        own_server.signal(signal.SIGCONT)
    await one.shares()
    await one.call("d")
    await one.idle()

    assert 0 == (await one.limiter.read_budget()).in_flight


@pytest.mark.parametrize("lost", ["ask", "tell"])
async def test_redis_goes_in_the_middle_of_it(process: Make, lost: str) -> None:
    """Whichever command fails, the call goes on."""
    one = process(requests=40)

    def fail(verb: str) -> None:
        if verb == lost:
            raise ConnectionError("LOADING Redis is loading the dataset in memory")

    one.wire.before = fail
    one.answers = [refused(after=0)]
    await one.call("a")

    assert ["a"] == one.sent
    assert not one.limiter.budget.shared
    one.wire.before = None


async def test_any_answer_that_makes_no_sense_is_none(process: Make) -> None:
    """A client that is something else does not take the calls down."""
    one = process(requests=40)

    async def nonsense() -> str:
        return "OK"

    one.wire.after = lambda _: nonsense()
    await one.call("a")

    assert not one.limiter.budget.shared
    one.wire.after = None


async def test_command_that_was_given_up_changes_nothing(process: Make) -> None:
    """Redis may come to it when its process has gone on long ago."""
    one = process(requests=9, window=60)
    late: list[Any] = []

    async def drop() -> None:
        late[:] = one.wire.words
        one.wire.before = None
        raise ConnectionError("slow")

    await one.call("a")
    await one.idle()
    one.wire.before = lambda _: drop()
    await one.call("b")
    await one.shares()
    await one.idle()
    assert [] == await one.redis.eval(SCRIPT, *late)

    budget = await one.limiter.read_budget()
    assert (2, 0) == (budget.used, budget.in_flight)


# --- the constructor ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"requests": 0}, "requests must be an integer above 0, got 0"),
        ({"window": 0}, "window must be seconds above 0, got 0"),
        ({"in_flight": True}, "in_flight must be an integer above 0, got True"),
        ({"lease": 0}, "lease must be seconds above 0, got 0"),
        ({"command_timeout": float("inf")}, "command_timeout must be seconds above 0, got inf"),
        ({"share": 0}, "share must be above 0 and at most 1, or None; got 0"),
        ({"share": 1.5}, "share must be above 0 and at most 1, or None; got 1.5"),
        ({"share": True}, "share must be above 0 and at most 1, or None; got True"),
        ({"prefix": "{a}"}, "prefix must be a text without braces, got '{a}'"),
        ({"prefix": ""}, "prefix must be a text without braces, got ''"),
    ],
    ids=str,
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    """Each says what it may be; the account is in no traceback."""
    with pytest.raises(ValueError, match=r".") as caught:
        RedisRateLimit(object(), **({"account": "se" + "cret"} | options))  # type: ignore[arg-type] # wrong or open on purpose

    assert message == str(caught.value)
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in frames.stack if "ngrok_async" in frame.filename]
    assert ours
    assert "secret" not in str([frame.locals for frame in ours if "tests" not in frame.filename])


@pytest.mark.parametrize("account", ["", b"secret", None], ids=repr)
def test_account_is_a_text(account: Any) -> None:  # noqa: ANN401 # what is wrong about it
    """And what was passed instead is not shown."""
    with pytest.raises(ValueError, match=r"^account must be a text") as caught:
        RedisRateLimit(object(), account=account)  # type: ignore[arg-type] # wrong or open on purpose

    assert "secret" not in str(caught.value)


def test_names_of_keys_depend_on_the_account_alone() -> None:
    """Processes meet if they name the same account, and only then."""

    def keys(account: str) -> str:
        return RedisRateLimit(object(), account=account)._turns._link.key  # type: ignore[arg-type] # wrong or open on purpose

    assert keys("a") == keys("a") != keys("b")
    assert keys("\ud800") != keys("\ud801")


def test_import_needs_no_redis() -> None:
    """Any client with `evalsha` and `eval` will do, so nothing is imported to name one."""
    program = "import sys; sys.modules['redis'] = None; import ngrok_async.redis"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert (0, b"") == (done.returncode, done.stderr)


async def test_waits_and_pauses_are_told(process: Make) -> None:
    """`on_event` hears of the wait for a slot and of the pause after a 429, as without Redis."""
    one = process(requests=1, window=0.1)
    told: list[Event] = []

    async def call(answer: Response) -> None:
        async def send(_: Request) -> Response:
            return answer

        request = Request(method="GET", path="/", route="GET /x", on_event=told.append)
        await one.limiter(request, send)

    await call(OK)
    await call(Response(status=429, headers={"Retry-After": "0.01"}))

    wait, pause = told
    assert isinstance(wait, WaitEvent)
    assert isinstance(pause, PauseEvent)
    assert wait.seconds > 0
    assert (429, "GET /x") == (pause.status, pause.route)
