"""What the tests of the command share."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from ngrok_async import client
from ngrok_async._limits.accounts import AccountRateLimit
from ngrok_async.testing import FakeNgrok
from tests.cli.running import Command, Ended, run


@pytest.fixture(autouse=True)
def as_silent_as_before() -> Iterator[None]:
    """Take back what `--debug` sets for its process, which here is that of all tests."""
    ours, root = logging.getLogger("ngrok_async"), logging.getLogger()
    level, handlers = ours.level, [*root.handlers]
    yield
    ours.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake API without a limit."""
    async with FakeNgrok(limit=None) as fake:
        yield fake


@pytest.fixture
def command(fake: FakeNgrok, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run it beside the fake; its words are the arguments."""
    monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
    monkeypatch.setenv("NGROK_API_URL", fake.url)
    # As in a process of its own: the tests together send more than an account may.
    monkeypatch.setattr(client, "shared_rate_limit", lambda _, clock: AccountRateLimit(clock=clock))

    async def command(*words: str, stdin: str = "") -> Ended:
        return await asyncio.to_thread(run, *words, stdin=stdin)

    return command
