"""What the tests of the jobs share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias, TypeVar

import pytest

from ngrok_async import Client, RateLimit
from ngrok_async.testing import FakeNgrok, TurnableClock

T = TypeVar("T")
Turned: TypeAlias = Callable[[Awaitable[T]], Awaitable[T]]


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake with ngrok's limit, on a clock that stands still."""
    async with FakeNgrok(clock=TurnableClock(running=False)) as fake:
        yield fake


@pytest.fixture
async def ngrok(fake: FakeNgrok) -> AsyncIterator[Client]:
    """Open a client of the fake, which keeps to the limit by the same clock."""
    limiter = RateLimit(clock=fake.clock)
    async with Client(fake.api_key, base_url=fake.url, limiter=limiter) as ngrok:
        yield ngrok


async def turned(ngrok: Client, fake: FakeNgrok, work: Awaitable[T]) -> T:
    """Turn the clock on to whatever is waited for, until the work is done."""
    task = asyncio.ensure_future(work)
    while not task.done():
        budget, due = ngrok.budget, fake.clock.next_due
        if due is not None and budget is not None and budget.in_flight == 0:
            fake.clock.advance(max(0.0, due - fake.clock.time()))
        await asyncio.sleep(0)
    return await task
