"""Cases 1 to 17 of the catalogue: the rate limit and repetitions, over real connections."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from multidict import CIMultiDict

from ngrok_async import (
    Client,
    RateLimit,
    RateLimitedError,
    ServerError,
    Timeout,
)
from ngrok_async.testing import FakeNgrok, TurnableClock

Connect = Callable[..., Client]
PATIENT = Timeout(total=None)


@pytest.fixture
def limiter(clock: TurnableClock) -> RateLimit:
    """Return ngrok's own limit, on the clock of the test."""
    return RateLimit(120, 60, clock=clock)


@pytest.fixture
def ngrok(fake: FakeNgrok, limiter: RateLimit, connect: Connect) -> Client:
    """Return a client with that limit, whose calls have all the time in the world."""
    return connect(fake, limiter=limiter, timeout=PATIENT)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    while not condition():  # noqa: ASYNC110 # the limit has nothing to wait for
        await asyncio.sleep(0)


async def over(
    calls: Collection[asyncio.Future[object]], clock: TurnableClock, limiter: RateLimit
) -> None:
    """Turn the clock to its next timer whenever all calls wait for time, until they are over."""
    while not all(call.done() for call in calls):
        for _ in range(5):
            await asyncio.sleep(0)
        # What is in flight waits for the network; all others are in a queue or a pause.
        if limiter.budget.in_flight == 0 and clock.next_due is not None:
            clock.advance(clock.next_due - clock.time())


async def result(
    call: Awaitable[object], clock: TurnableClock, limiter: RateLimit
) -> asyncio.Future[object]:
    """Let a single call come to its end."""
    task = asyncio.ensure_future(call)
    await over([task], clock, limiter)
    return task


async def test_case_02_one_429_pauses_130_tasks(
    fake: FakeNgrok,
    ngrok: Client,
    clock: TurnableClock,
    limiter: RateLimit,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody leaves for 2 seconds, then one after another; the log has one warning."""
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "2"})
    calls = [asyncio.ensure_future(ngrok.tunnels.list()) for _ in range(130)]
    await over(calls, clock, limiter)
    await asyncio.gather(*calls)
    times = [request.time for request in fake.requests]
    later = [time for time in times if time]

    assert (10, 121) == (times.count(0), len(later))  # ten at a time; the refused one twice
    assert 2 <= later[0]
    # Two per second on average, and no less than half of that distance from one to the next.
    assert 0.25 <= min(after - before for before, after in pairwise(later) if after < 62)
    assert 1 == fake.rejections
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert 1 == len(warnings)


async def test_case_03_429_with_a_date_three_seconds_ahead(
    fake: FakeNgrok, ngrok: Client, clock: TurnableClock, limiter: RateLimit
) -> None:
    """The next attempt comes after 2 to 4 seconds, whatever our own clock says."""
    theirs = datetime.now(UTC) - timedelta(minutes=7)
    date, ahead = (
        format_datetime(time, usegmt=True) for time in (theirs, theirs + timedelta(seconds=3))
    )
    fake.fail(429, headers={"Retry-After": ahead, "Date": date})
    await (await result(ngrok.tunnels.list(), clock, limiter))

    assert [429, 200] == [request.status for request in fake.requests]
    assert 2 <= fake.requests[1].time <= 4


async def test_case_04_429_without_retry_after(
    fake: FakeNgrok, ngrok: Client, clock: TurnableClock, limiter: RateLimit
) -> None:
    """The next attempt leaves when our oldest request is forgotten: after 45 s, not after 1."""
    await (await result(ngrok.tunnels.list(), clock, limiter))
    clock.advance(15)
    fake.fail(429)
    await (await result(ngrok.tunnels.list(), clock, limiter))

    assert [0, 15] == [request.time for request in fake.requests[:2]]
    assert 60 <= fake.requests[2].time <= 60.5


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(("soon",), id="soon"),
        pytest.param(("-5",), id="-5"),
        pytest.param(("nan",), id="nan"),
        pytest.param(("inf",), id="inf"),
        pytest.param(("1e400",), id="1e400"),
        pytest.param(("9" * 5000,), id="5000 digits"),
        pytest.param(("",), id="empty"),
        pytest.param(("5", "6"), id="two headers"),
    ],
)
@pytest.mark.parametrize(
    ("status", "earliest", "latest"),
    [pytest.param(503, 0.0, 0.5, id="503"), pytest.param(429, 60.0, 60.5, id="429")],
)
async def test_case_05_retry_after_that_makes_no_sense(
    fake: FakeNgrok,
    ngrok: Client,
    clock: TurnableClock,
    limiter: RateLimit,
    *,
    values: tuple[str, ...],
    status: int,
    earliest: float,
    latest: float,
) -> None:
    """The pause is the one without the header, and no other exception comes of it."""
    fake.fail(status, headers=CIMultiDict(("Retry-After", value) for value in values))
    await (await result(ngrok.tunnels.list(), clock, limiter))

    assert [status, 200] == [request.status for request in fake.requests]
    assert earliest <= fake.requests[1].time <= latest


async def test_case_06_retry_after_of_an_hour(
    fake: FakeNgrok, ngrok: Client, clock: TurnableClock
) -> None:
    """The call fails at once, knows how long, and sent one request."""
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "3600"}, times=None)
    with pytest.raises(RateLimitedError) as caught:
        await ngrok.tunnels.list()

    assert (3600, 1) == (caught.value.retry_after, caught.value.attempts)
    assert 1 == len(fake.requests)
    assert (0, None) == (clock.time(), clock.next_due)


async def test_case_07_cancelled_while_it_sleeps_on_a_429(
    fake: FakeNgrok, connect: Connect, clock: TurnableClock
) -> None:
    """Who got the 429 goes away in its pause; the others go on when that ends, as they would."""
    limiter = RateLimit(120, 60, in_flight=1, clock=clock)
    ngrok = connect(fake, limiter=limiter, timeout=PATIENT)
    fake.fail(429, headers={"Retry-After": "20"})
    calls = [asyncio.ensure_future(ngrok.tunnels.list()) for _ in range(5)]
    await until(lambda: limiter.budget.paused > 0)
    calls[0].cancel()
    await over(calls, clock, limiter)

    assert calls[0].cancelled()
    assert [429, 200, 200, 200, 200] == [request.status for request in fake.requests]
    times = [request.time for request in fake.requests]
    assert 20 <= times[1] <= 20.5
    assert times[4] <= 20.5 + 3 * 0.75


async def test_case_10_503_that_was_applied(fake: FakeNgrok, connect: Connect) -> None:
    """A `restart` that was answered with 503 may have happened, and is not sent again."""
    (agent,) = fake.agents
    before = agent.id
    fake.fail(503, applied=True)
    with pytest.raises(ServerError) as caught:
        await connect(fake).tunnel_sessions.restart(agent)

    assert caught.value.maybe_applied
    assert before != agent.id  # it did happen
    assert [503] == [request.status for request in fake.requests]


async def test_case_17_max_wait_of_a_second_and_a_wait_of_30(
    fake: FakeNgrok, connect: Connect, clock: TurnableClock
) -> None:
    """The call fails before it waits, and sends nothing."""
    limiter = RateLimit(1, 30, clock=clock)
    ngrok = connect(fake, limiter=limiter, max_wait=1)
    await ngrok.tunnels.list()
    with pytest.raises(RateLimitedError, match=r"no place for at least 30\.0 s") as caught:
        await ngrok.tunnels.list()

    assert (0, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert 1 == len(fake.requests)
    assert (0, None) == (clock.time(), clock.next_due)
