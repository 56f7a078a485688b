"""What the tests of the jobs share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import pytest

from ngrok_async import Client, Timeout
from ngrok_async.testing import FakeNgrok, TurnableClock

T = TypeVar("T")


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake with ngrok's limit, on a clock that stands still."""
    async with FakeNgrok(clock=TurnableClock(running=False)) as fake:
        yield fake


@pytest.fixture
async def ngrok(fake: FakeNgrok) -> AsyncIterator[Client]:
    """Open a client of the fake, which keeps to the limit by the same clock."""
    patient = Timeout(total=None)
    async with Client(fake.api_key, base_url=fake.url, clock=fake.clock, timeout=patient) as ngrok:
        yield ngrok


async def turned(ngrok: Client, fake: FakeNgrok, work: Awaitable[T]) -> T:
    """Turn the clock on to whatever is waited for, until the work is done."""
    task = asyncio.ensure_future(work)
    while not task.done():
        for _ in range(20):  # steps between two requests
            await asyncio.sleep(0)
        budget, due = ngrok.budget, fake.clock.next_due
        if due is not None and budget is not None and budget.in_flight == 0:
            fake.clock.advance(max(0.0, due - fake.clock.time()))
    return await task


async def received(fake: FakeNgrok) -> None:
    """Wait until the fake has received a request."""
    while not fake.requests:  # noqa: ASYNC110 # it has no event for that
        await asyncio.sleep(0)
