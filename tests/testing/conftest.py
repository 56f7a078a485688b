"""What the tests of the fake share."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from ngrok_async.testing import FakeNgrok, TurnableClock


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake without a limit, on a clock that stands still."""
    async with FakeNgrok(limit=None, clock=TurnableClock(running=False)) as fake:
        yield fake


@pytest.fixture
async def http(fake: FakeNgrok) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session that sends what the API asks for."""
    headers = {"authorization": f"Bearer {fake.api_key}", "ngrok-version": "2"}
    async with aiohttp.ClientSession(fake.url, headers=headers) as http:
        yield http
