"""What processes know of one another: how many they are, the smallest limit, who is first."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from ngrok_async import Request, Response
from ngrok_async.events import Event, SharingEvent
from tests.redis.servers import RedisServer

LOGGER = "ngrok_async.rate_limit"
OK = Response(status=200)
Make = Callable[..., Any]  # the fixture `process`: makes a Process

CHANGE = """
local all = cmsgpack.unpack(redis.call('GET', KEYS[1]))
local by = tonumber(ARGV[1])
for _, one in pairs(all.members) do one.seen, one.ticket = one.seen + by, one.ticket + by end
for i = 1, #all.stamps, 2 do all.stamps[i] = all.stamps[i] + by end
for _, name in ipairs({'whole', 'paused', 'spread', 'next', 'rate_till', 'flights_till'}) do
  if ARGV[2] == name or all[name] > 0 then all[name] = all[name] + by end
end
if ARGV[2] == 'paused' then all.paused = all.born + by end
redis.call('SET', KEYS[1], cmsgpack.pack(all), 'PX', 100000)
"""


async def change(server: RedisServer, by: float, what: str = "") -> None:
    """Make the state one of a clock that was wrong by so many seconds."""
    async with Redis.from_url(server.url) as redis:
        (key,) = await redis.keys("*")
        await redis.eval(CHANGE, 1, key, str(int(by * 1e6)), what)


async def until(condition: Callable[[], object]) -> None:
    """Wait until something has happened."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 # what it looks at has no event
            await asyncio.sleep(0.001)


def messages(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    """Return what the rate limit has logged with these words."""
    return [each for each in caplog.messages if words in each]


# --- who is there ---------------------------------------------------------------------------


async def test_processes_are_counted_for_as_long_as_they_are_heard(process: Make) -> None:
    """One that says nothing for a window and a lease is none any more."""
    one, other, third = (process(window=0.2, lease=0.2) for _ in range(3))
    for each in (one, other, third):
        await each.call()
        await each.idle()
    assert 3 == (await one.limiter.read_budget()).processes
    await asyncio.sleep(0.25)

    assert 1 == (await one.limiter.read_budget()).processes


@pytest.mark.parametrize(
    ("processes", "share", "alone"),
    [(1, 0.25, (24, 4)), (1, 1.0, (24, 4)), (1, 0.125, (12, 2)), (6, 0.25, (16, 2))],
)
async def test_part_of_a_process_goes_by_their_number(
    process: Make, processes: int, share: float, alone: tuple[int, int]
) -> None:
    """While Redis is away, no more than one in as many as there are, or in four."""
    all_ = [process(requests=96, window=60, in_flight=16, share=share) for _ in range(processes)]
    for each in all_:
        await each.call()
        await each.idle()
    one = all_[-1]
    one.wire.before = fail
    await one.call()

    budget = one.limiter.budget
    assert (alone[0], False, processes) == (budget.limit, budget.shared, budget.processes)
    assert alone[1] == one.state.part.window.max_in_flight


def fail(_: str) -> None:
    """Be away."""
    raise ConnectionError("away")


async def test_all_keep_to_the_smallest_limit(
    process: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody starves who is modest; who gave more is told so, and told when that is over."""
    large, small = (
        process(requests=number, in_flight=flights, window=0.4, lease=0.1)
        for number, flights in ((6, 3), (2, 5))
    )
    await small.call()
    await large.call()
    assert (2, 3) == (large.limiter.budget.limit, large.state.whole.max_in_flight)
    begin = time.monotonic()
    await large.call()
    assert time.monotonic() - begin >= 0.3
    assert 3 == (await small.limiter.read_budget()).limit + 1
    # One had more requests, the other more at a time.
    assert 2 == len(messages(caplog, "2 requests per 0.4 s, 3 at a time; all keep to it"))
    await large.idle()
    await small.idle()
    await asyncio.sleep(0.5)

    assert 6 == (await large.limiter.read_budget()).limit


async def test_number_in_flight_recovers(process: Make) -> None:
    """When the one that set a smaller one is gone, and when a stated one is over."""
    many = process(requests=9, in_flight=10, window=0.3, lease=0.1)
    few = process(requests=9, in_flight=2, window=0.3, lease=0.1)
    await few.call()
    await many.call()
    assert 2 == many.state.whole.max_in_flight
    await few.idle()
    await asyncio.sleep(0.5)
    await many.limiter.read_budget()
    assert 10 == many.state.whole.max_in_flight
    await many.call()
    await many.limiter.read_budget()

    assert 10 == many.state.whole.max_in_flight


async def test_smallest_limit_is_the_slowest(process: Make) -> None:
    """It goes by requests per second, whatever the window."""
    one, other = process(requests=10, window=1), process(requests=20, window=60)
    await other.call()
    await one.call()

    assert (20, 60) == ((budget := one.limiter.budget).limit, budget.window)


# --- who is first ---------------------------------------------------------------------------


async def test_processes_stand_in_line(process: Make) -> None:
    """Whoever comes back stands behind all who wait, so they take turns."""
    one, other, third = (process(requests=99, window=60, in_flight=1) for _ in range(3))
    order: list[str] = []

    async def send(request: Request) -> Response:
        order.append(request.path)
        await asyncio.sleep(0.01)
        return OK

    async def call(each: Any, name: str) -> None:  # noqa: ANN401 # a Process
        await each.limiter(Request(method="GET", path=name), send)

    calls = [(one, "a"), (other, "b"), (third, "c")]
    await asyncio.gather(*(call(each, name) for each, name in calls for _ in range(6)))

    assert {"a": 6, "b": 6, "c": 6} == {name: order.count(name) for name in "abc"}
    for turn in range(1, 5):
        assert {"a", "b", "c"} == set(order[3 * turn : 3 * turn + 3]), order


async def test_nobody_asks_before_it_is_told_to(process: Make) -> None:
    """The window is full for a while: two who wait ask a handful of times, not all the time."""
    one, other = (process(requests=2, window=0.5) for _ in range(2))
    await asyncio.gather(*(one.call() for _ in range(2)))
    tasks = [each.call() for each in (one, other) for _ in range(2)]
    await asyncio.gather(*tasks)
    await one.idle()
    await other.idle()

    assert len(one.wire.calls) + len(other.wire.calls) <= 24


async def test_dead_head_of_the_line_costs_a_moment(process: Make) -> None:
    """A slot is kept for who is first, but not for one who does not ask."""
    holder, dead, other = (process(requests=99, window=60, in_flight=1) for _ in range(3))
    holder.hold()
    held = holder.call("a")
    await until(lambda: holder.sent)
    doomed = dead.call()
    await until(lambda: dead.wire.calls and dead.limiter._turns._alarm)
    dead.wire.before = lambda _: asyncio.sleep(9)  # as if it were killed
    last = other.call()
    await until(lambda: other.limiter._turns._alarm)
    holder.answer("a")
    await held
    begin = time.monotonic()
    await last

    assert time.monotonic() - begin < 0.9
    doomed.cancel()
    await asyncio.gather(doomed, return_exceptions=True)
    dead.wire.before = None


# --- what is told ---------------------------------------------------------------------------


async def test_change_of_sharing_is_an_event(
    process: Make, own_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Once when it is lost, to a call that notices, and once when it is there again."""
    caplog.set_level(logging.INFO, LOGGER)
    one = process(server=own_server, requests=40)
    told: list[Event] = []

    async def call() -> None:
        request = Request(method="GET", path="/", route="GET /x", on_event=told.append)
        await one.limiter(request, one._send)

    await call()
    assert [] == told  # that it is shared is what everybody expects
    await one.idle()
    own_server.stop()
    await call()
    await call()
    (lost,) = told
    assert isinstance(lost, SharingEvent)
    assert (False, 1, "GET /x", 1) == (lost.shared, lost.processes, lost.route, lost.attempt)
    assert lost.reason.startswith("Redis does not answer (ConnectionError: ")
    own_server.start()
    await one.shares()
    await call()

    assert [lost, SharingEvent(
        method="GET", route="GET /x", attempt=1, shared=True, processes=1,
        reason="Redis answers again",
    )] == told  # fmt: skip
    assert 1 == len(messages(caplog, "Redis answers again: the rate limit is shared"))


async def test_listener_that_fails_at_a_change_loses_no_slot(process: Make) -> None:
    """As it does at the other events."""

    class Stop(BaseException):
        pass

    def listen(_: object) -> None:
        raise Stop

    one = process(requests=40)
    one.wire.before = fail
    request = Request(method="GET", path="/", on_event=listen)
    with pytest.raises(Stop):
        await one.limiter(request, one._send)

    assert 0 == one.limiter.budget.in_flight == one.state.part.window.in_flight
    assert [] == one.sent
    one.wire.before = None


async def test_event_is_told_where_no_call_can_go_on(process: Make) -> None:
    """Also to one that fails."""
    one = process(share=None)
    told: list[Event] = []
    one.wire.before = fail
    request = Request(method="GET", path="/", on_event=told.append)
    with pytest.raises(Exception, match="does not answer"):
        await one.limiter(request, one._send)

    assert ["SharingEvent"] == [type(each).__name__ for each in told]
    one.wire.before = None
    await asyncio.sleep(0.6)
    assert OK == await one.call()


async def test_waits_are_logged_once_a_minute(
    process: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """How many wait and for how long, as `RateLimit` says it."""
    caplog.set_level(logging.INFO, LOGGER)
    one = process(requests=2, window=0.3)
    await asyncio.gather(*(one.call() for _ in range(7)))
    (text,) = messages(caplog, "calls that wait for the rate limit of 2 requests per 0.3 s")

    assert "the last one leaves in about 1 s (max_wait= bounds such waits)" in text


# --- a clock that was wrong -----------------------------------------------------------------


@pytest.mark.parametrize("by", [3600, -3600])
async def test_clock_that_jumps_heals(process: Make, server: RedisServer, by: float) -> None:
    """What seems to lie in the future is of now: a lease and a window later nothing is left."""
    one, other = (process(requests=2, window=0.3, lease=0.2) for _ in range(2))
    other.hold()
    flying = other.call("a")
    await until(lambda: other.sent)
    await one.call()
    await one.idle()
    await change(server, by)
    begin = time.monotonic()
    for _ in range(3):
        await one.call()

    assert time.monotonic() - begin < 2
    other.answer("a")
    await flying


async def test_pause_is_believed_for_an_hour_at_most(process: Make, server: RedisServer) -> None:
    """And no longer than Redis knows of it."""
    one, other = (process(requests=16, window=0.3, lease=0.2) for _ in range(2))
    await one.call()
    await one.idle()
    await change(server, 36_000, "paused")
    assert 3500 < (await one.limiter.read_budget()).paused <= 3600
    assert 3500 < (await other.limiter.read_budget()).paused <= 3600
    async with Redis.from_url(server.url) as redis:
        await redis.flushall()

    assert OK == await one.call(max_wait=5)
    assert 0 == one.limiter.budget.paused


async def test_own_pause_outlives_lost_data(process: Make, server: RedisServer) -> None:
    """Who was refused says so again, so the others pause too."""
    one, other = (process(requests=16, window=60) for _ in range(2))
    one.answers = [Response(status=429, headers={"Retry-After": "30"})]
    await one.call()
    async with Redis.from_url(server.url) as redis:
        await redis.flushall()
    await one.limiter.read_budget()

    assert 29 < (await other.limiter.read_budget()).paused <= 30
