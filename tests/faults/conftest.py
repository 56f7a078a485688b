"""A client with its fake, a clock to turn, and a server that sends bytes."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ngrok_async import Client
from ngrok_async.testing import FakeNgrok, TurnableClock
from tests.fault_server import FaultServer, Timers


@pytest.fixture(autouse=True)
async def _nothing_left() -> AsyncIterator[None]:
    """Hold every test to this: no task is left, and asyncio has nothing to complain about."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    yield
    gc.collect(1)  # what a test has left is young
    for _ in range(10):
        await asyncio.sleep(0)

    assert [] == complaints
    assert {asyncio.current_task()} == asyncio.all_tasks()


@pytest.fixture
def clock() -> TurnableClock:
    """Stop the time: it moves when a test turns it."""
    return TurnableClock(running=False)


@pytest.fixture
async def fake(clock: TurnableClock) -> AsyncIterator[FakeNgrok]:
    """Serve a fake API with one agent, on the clock of the test, without a limit."""
    async with FakeNgrok(agents=1, limit=None, clock=clock) as fake:
        yield fake


@pytest.fixture
async def raw() -> AsyncIterator[FaultServer]:
    """Serve bytes."""
    async with FaultServer() as server:
        yield server


@pytest.fixture
async def another() -> AsyncIterator[FaultServer]:
    """Listen at another address, where nothing may arrive."""
    async with FaultServer() as server:
        yield server


@pytest.fixture
async def timers(monkeypatch: pytest.MonkeyPatch) -> Timers:
    """Return what lets the limit of an attempt run out."""
    return Timers(monkeypatch)


@pytest.fixture
async def connect(clock: TurnableClock) -> AsyncIterator[Callable[..., Client]]:
    """Return a function that makes a client for a server; without a rate limit, if not given."""
    clients: list[Client] = []

    def make(server: FakeNgrok | FaultServer, **options: Any) -> Client:  # noqa: ANN401 # passed on
        key = server.api_key if isinstance(server, FakeNgrok) else "key-of-the-tests-0123456789"
        defaults: dict[str, Any] = {"base_url": server.url, "limiter": None, "clock": clock}
        clients.append(Client(key, **(defaults | options)))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()
