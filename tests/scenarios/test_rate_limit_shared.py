"""The rate limit as a service meets it: many calls at once, against a server that counts."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from ngrok_async import Budget, Client, Timeout
from ngrok_async.testing import FakeNgrok, TurnableClock

CALLS = 130
LIMIT, WINDOW = 120, 60.0
PATIENT = Timeout(total=None)


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """A server with ngrok's own limit, on a clock that only moves when it is told to."""
    clock = TurnableClock(running=False)
    async with FakeNgrok(agents=1, limit=LIMIT, window=WINDOW, clock=clock) as server:
        yield server


def budget_of(client: Client) -> Budget:
    """Return the state of the limit, which a client without a limiter of its own always has."""
    assert client.budget is not None
    return client.budget


async def turn(fake: FakeNgrok, tasks: list[asyncio.Task[None]], clients: list[Client]) -> float:
    """Turn the clock to the next free slot whenever nothing else can happen; return its time."""
    begin = fake.clock.time()
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        budget = budget_of(clients[0])
        left = sum(not task.done() for task in tasks)
        if left and budget.in_flight == 0 and budget.waiting == left:
            due = fake.clock.next_due
            assert due is not None
            fake.clock.advance(due - fake.clock.time())
    await asyncio.gather(*tasks)
    return fake.clock.time() - begin


@pytest.mark.parametrize("count", [1, 4], ids=["one client", "four clients with one key"])
async def test_130_calls_at_once(fake: FakeNgrok, count: int) -> None:
    """No call is refused, the first come are the first served, and no time is wasted."""
    order: list[int] = []
    (agent,) = fake.agents
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                Client(fake.api_key, base_url=fake.url, clock=fake.clock, timeout=PATIENT)
            )
            for _ in range(count)
        ]

        async def call(number: int) -> None:
            await clients[number % count].tunnel_sessions.get(agent)
            order.append(number)

        tasks = [asyncio.create_task(call(number)) for number in range(CALLS)]
        took = await turn(fake, tasks, clients)

    assert 0 == fake.rejections
    assert CALLS == len(fake.requests)
    # Answers of the up to ten calls in flight may overtake each other; the starts do not.
    assert all(abs(place - number) < 10 for place, number in enumerate(order))
    least = WINDOW  # 120 at once, the other ten a window later
    assert least <= took <= 1.1 * least


async def test_5000_calls_at_once(fake: FakeNgrok, caplog: pytest.LogCaptureFixture) -> None:
    """With default options all are done, in order, none is refused, and no time is wasted."""
    caplog.set_level(logging.INFO, "ngrok_async.rate_limit")
    order: list[int] = []
    (agent,) = fake.agents
    async with Client(fake.api_key, base_url=fake.url, clock=fake.clock) as client:

        async def call(number: int) -> None:
            await client.tunnel_sessions.get(agent)
            order.append(number)

        tasks = [asyncio.create_task(call(number)) for number in range(5000)]
        took = await turn(fake, tasks, [client])

    assert (0, 5000) == (fake.rejections, len(fake.requests))
    assert all(abs(place - number) < 10 for place, number in enumerate(order))
    least = WINDOW * (5000 // LIMIT)
    assert least <= took <= 1.02 * least
    waiting = [message for message in caplog.messages if "calls that wait" in message]
    assert "at a time: 4990; the last one leaves in about 2460 s" in waiting[0]
    assert 35 <= len(waiting) <= 41  # one a minute


@pytest.mark.parametrize("status", [503, 429])
async def test_repeated_calls_keep_their_place(fake: FakeNgrok, status: int) -> None:
    """Who met a failing server goes before all that came later, and has time for it."""
    (agent,) = fake.agents
    fake.fail(status, headers={"Retry-After": "3"}, times=5)
    order: list[int] = []
    async with Client(fake.api_key, base_url=fake.url, clock=fake.clock) as client:

        async def call(number: int) -> None:
            await client.tunnel_sessions.get(agent)
            order.append(number)

        tasks = [asyncio.create_task(call(number)) for number in range(3 * LIMIT)]
        while not all(task.done() for task in tasks):
            for _ in range(5):
                await asyncio.sleep(0)
            if budget_of(client).in_flight == 0 and (due := fake.clock.next_due) is not None:
                fake.clock.advance(due - fake.clock.time())
        await asyncio.gather(*tasks)

    repeated = [order.index(number) for number in range(5)]
    # After a 503 the others go on meanwhile, after a 429 nobody does.
    assert max(repeated) < (LIMIT + 10 if status == 503 else 20)


async def test_cancelled_waiters_leave_no_trace(fake: FakeNgrok) -> None:
    """When 100 of 200 waiting calls are cancelled, the others finish and the budget is whole."""
    (agent,) = fake.agents
    async with Client(fake.api_key, base_url=fake.url, clock=fake.clock, timeout=PATIENT) as client:
        first = [asyncio.create_task(client.tunnel_sessions.get(agent)) for _ in range(LIMIT)]
        await asyncio.gather(*first)

        async def call() -> None:
            await client.tunnel_sessions.get(agent)

        tasks = [asyncio.create_task(call()) for _ in range(200)]
        for _ in range(3):  # each task reaches the queue in its first steps
            await asyncio.sleep(0)
        assert 200 == budget_of(client).waiting
        for task in tasks[::2]:
            task.cancel()
        done = await asyncio.gather(*tasks[::2], return_exceptions=True)
        await turn(fake, tasks[1::2], [client])
        fake.clock.advance(WINDOW)

        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in done)
        assert LIMIT + 100 == len(fake.requests)
        budget = budget_of(client)
        assert (0, 0, 0) == (budget.used, budget.in_flight, budget.waiting)
    assert 0 == fake.rejections
