"""A client with its fake, a clock to turn, and a server that sends bytes."""

import asyncio
import gc
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest

from ngrok_async import Client
from ngrok_async.testing import FakeNgrok, TurnableClock


class RawServer:
    """Sends scripted bytes, one script per request; without one it says nothing more.

    A script is what to send, and how to end: keep, reset or stall the connection.
    """

    def __init__(self) -> None:
        """Begin without scripts."""
        self.scripts: deque[tuple[bytes, str]] = deque()
        self.heads: list[str] = []  # the first line of each request
        self.connections = 0
        self.open = 0
        self.url = ""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    async def start(self) -> None:
        """Listen on a loopback port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Cut everything off."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def sends(self, content: bytes, end: str = "keep") -> None:
        """Answer one more request."""
        self.scripts.append((content, end))

    def answers(self, body: bytes, status: int = 200, head: bytes = b"") -> None:
        """Answer one more request with a whole body."""
        length = b"content-length: %d\r\n" % len(body)
        self.sends(b"HTTP/1.1 %d Reason\r\n%b%b\r\n%b" % (status, head, length, body))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._answer(reader, writer)
        finally:
            self._tasks.discard(task)
            self.open -= 1
            self._changed.set()
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length: ")[2].partition("\r\n")[0]
        await reader.readexactly(int(length or "0"))
        self.heads.append(head.partition(" http/")[0])
        self._changed.set()
        content, end = self.scripts.popleft() if self.scripts else (b"", "stall")
        writer.write(content)
        await writer.drain()
        if end == "stall":
            await reader.read()  # until the client hangs up
        if end == "reset":
            # Without lingering, closing sends RST in place of FIN.
            linger = struct.pack("ii", 1, 0)
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if end != "keep":
            raise ConnectionResetError


class Expirer:
    """Lets the time limits of a minute and more run out when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Note all such timers of the event loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._call_at = self._loop.call_at
        self._noted: list[tuple[asyncio.TimerHandle, Callable[..., object], Any]] = []
        monkeypatch.setattr(self._loop, "call_at", self._note)

    def expire(self) -> None:
        """Run them, as if it were time."""
        noted, self._noted = self._noted, []
        for handle, callback, arguments in noted:
            if not handle.cancelled():
                handle.cancel()
                callback(*arguments)

    def _note(
        self,
        when: float,
        callback: Callable[..., object],
        *arguments: Any,  # noqa: ANN401 # passed on
        context: Any = None,  # noqa: ANN401 # passed on
    ) -> asyncio.TimerHandle:
        handle = self._call_at(when, callback, *arguments, context=context)
        if when > self._loop.time() + 59:
            self._noted.append((handle, callback, arguments))
        return handle


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
async def raw() -> AsyncIterator[RawServer]:
    """Serve bytes."""
    server = RawServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def another() -> AsyncIterator[RawServer]:
    """Listen at another address, where nothing may arrive."""
    server = RawServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def expirer(monkeypatch: pytest.MonkeyPatch) -> Expirer:
    """Return what lets the limit of an attempt run out."""
    return Expirer(monkeypatch)


@pytest.fixture
async def connect(clock: TurnableClock) -> AsyncIterator[Callable[..., Client]]:
    """Return a function that makes a client for a server; without a rate limit, if not given."""
    clients: list[Client] = []

    def make(server: FakeNgrok | RawServer, **options: Any) -> Client:  # noqa: ANN401 # passed on
        key = server.api_key if isinstance(server, FakeNgrok) else "key-of-the-tests-0123456789"
        defaults: dict[str, Any] = {"base_url": server.url, "limiter": None, "clock": clock}
        clients.append(Client(key, **(defaults | options)))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()
