"""A server that does what a test tells it to, byte by byte; and timers to let run out."""

import asyncio
import socket
import ssl
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Self

import attrs
import pytest

LOOPBACK = "127.0.0.1"


@attrs.frozen
class Received:
    """A request that arrived with its whole body, and the number of its connection, from 0."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Step = Callable[[Received, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]
"""Deals with one request; tells whether the connection is kept."""


class FaultServer:
    """HTTP/1.1 on a loopback port; a request without a script is answered with `{}`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Take a free port; connections to it are refused until `start`."""
        self.requests: list[Received] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []  # of every connection
        self._tls = tls
        self._steps: deque[Step] = deque()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._ended: set[int] = set()
        # With the protocol named, asyncio has each write sent at once (TCP_NODELAY).
        self._socket = socket.socket(proto=socket.IPPROTO_TCP)
        self._socket.bind((LOOPBACK, 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{LOOPBACK}:{self.port}"

    async def __aenter__(self) -> Self:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it."""
        await self.stop()

    async def start(self) -> None:
        """Accept connections from now on."""
        self._server = await asyncio.start_server(self._serve, sock=self._socket, ssl=self._tls)

    async def stop(self) -> None:
        """Cut everything off."""
        if self._server is None:
            self._socket.close()
            return
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def arrived(self, count: int = 1) -> None:
        """Wait until as many requests have arrived."""
        await self.until(lambda: len(self.requests) >= count)

    async def hung_up(self, connection: int = 0) -> None:
        """Wait until a connection has been closed."""
        await self.until(lambda: connection in self._ended)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    @property
    def open(self) -> int:
        """How many connections have not been closed."""
        return self.connections - len(self._ended)

    @property
    def heads(self) -> list[str]:
        """The method and target of each request."""
        return [f"{request.method} {request.target}" for request in self.requests]

    @property
    def seen(self) -> list[tuple[int, str, str]]:
        """The connection, method and target of each request."""
        return [(request.connection, request.method, request.target) for request in self.requests]

    # --- the script: each call is about one more request -------------------------------------

    def answers(self, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
        """Answer, and keep the connection."""
        self.sends(self.answer(status, body, **headers))

    def sends(self, content: bytes, then: str = "keep") -> None:
        """Send these bytes, then: keep, close, reset or stall the connection."""

        async def step(
            _: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> bool:
            writer.write(content)
            await writer.drain()
            if then == "reset":
                await _reset(writer)
            if then == "stall":
                await reader.read()  # until the client hangs up
            return then == "keep"

        self._steps.append(step)

    def forget(self) -> None:
        """Take back what was said of requests that have not come."""
        self._steps.clear()

    def resets(self) -> None:
        """Read the whole request, then cut the connection with a TCP reset."""
        self.sends(b"", then="reset")

    def hangs_up(self) -> None:
        """Read the whole request, then close the connection without a word."""
        self.sends(b"", then="close")

    def stalls(self, content: bytes = b"") -> None:
        """Send at most a part of an answer, and nothing more."""
        self.sends(content, then="stall")

    def trickles(self, content: bytes) -> None:
        """Send one byte at a time."""

        async def step(_: Received, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            for index in range(len(content)):
                writer.write(content[index : index + 1])
                await writer.drain()
                await asyncio.sleep(0)
            return True

        self._steps.append(step)

    def tunnels(self) -> None:
        """Be a proxy: connect to the host of a CONNECT request, and pass on what is said."""

        async def step(
            request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> bool:
            host, port = request.target.split(":")
            there = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))
            finally:
                there[1].transport.abort()
            return False

        self._steps.append(step)

    @staticmethod
    def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
        """Return the bytes of an answer; `_` in the name of a header stands for a hyphen."""
        given = {"content-type": "application/json", "content-length": str(len(body))}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        return f"HTTP/1.1 {status} Reason\r\n{lines}\r\n".encode() + body

    # --- the work ----------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.connections = self.connections, self.connections + 1
        self.writers.append(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.CancelledError):  # of the client, of `stop`
                while received := await _receive(number, reader):
                    self.requests.append(received)
                    self._changed.set()
                    step = self._steps.popleft() if self._steps else _default
                    if not await step(received, reader, writer):
                        break
        finally:
            self._tasks.discard(task)
            self._ended.add(number)
            self._changed.set()
            if task.cancelling():
                writer.transport.abort()
            else:
                writer.close()


async def _receive(connection: int, reader: asyncio.StreamReader) -> Received | None:
    try:
        start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        method, target, _ = start.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError:
        return None
    return Received(connection, method, target, headers, body)


async def _default(_: Received, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(FaultServer.answer())
    return True


async def _reset(writer: asyncio.StreamWriter) -> None:
    # Without lingering, closing sends RST in place of FIN.
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    await writer.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()
    writer.close()


class Timers:
    """The long timers of the event loop, to let the time run out when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Note all timers from now on."""
        self._loop = asyncio.get_running_loop()
        self._noted: list[tuple[asyncio.TimerHandle, Callable[..., object], Any]] = []
        self._call_at = self._loop.call_at
        monkeypatch.setattr(self._loop, "call_at", self._note)

    @property
    def due(self) -> list[float]:
        """When each of them would be due, on the clock of the loop."""
        return [handle.when() for handle, _, _ in self._noted if not handle.cancelled()]

    def expire(self) -> None:
        """Run all that would be due in a minute or later, as if it were."""
        for handle, callback, args in self._noted:
            if not handle.cancelled():
                handle.cancel()
                callback(*args)

    def _note(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401 # passed on
        context: Any = None,  # noqa: ANN401 # passed on
    ) -> asyncio.TimerHandle:
        handle = self._call_at(when, callback, *args, context=context)
        if when > self._loop.time() + 60:
            self._noted.append((handle, callback, args))
        return handle
