"""A server in a thread of its own, which writes down what it has received whole."""

import asyncio
import json
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Journal:
    """Counts the whole requests per target, and those of them that it refused."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a loopback port."""
        self.received: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.open: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        server: asyncio.Server = self._do(
            self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, ssl=tls)
        )
        self._server = server
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def applied(self, target: str) -> int:
        """Return how many requests may have had an effect."""
        return self.received[target] - self.refused[target]

    def reset(self) -> None:
        """Cut every connection; it is done when this returns."""
        self._do(self._reset())

    def settle(self) -> int:
        """Read all that has arrived, and return how many connections are open."""
        return self._do(self._settle())

    def stop(self) -> None:
        """End the thread."""
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _reset(self) -> None:
        for connection in list(self.open):
            raw = connection.transport.get_extra_info("socket")
            # Without lingering, closing sends RST in place of FIN.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)

    async def _settle(self) -> int:
        for _ in range(3):
            await asyncio.sleep(0)
        return len(self.open)

    async def _stop(self) -> None:
        self._server.close()
        for connection in list(self.open):
            connection.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)


class _Connection(asyncio.Protocol):
    """Reads requests, and answers them in order as their target says."""

    transport: asyncio.Transport

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._journal.open.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._journal.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(rest) < int(length or b"0"):
            return
        self._data = rest[int(length or b"0") :]
        target = head.split(b" ")[1].decode()
        self._journal.received[target] += 1
        task = asyncio.get_running_loop().create_task(self._answer(target))
        task.add_done_callback(asyncio.Task.result)

    async def _answer(self, target: str) -> None:
        kind = target.split("/")[1]
        first = self._journal.received[target] == 1
        body = json.dumps(target).encode()
        status, more = 200, ""
        if kind == "slow":
            await asyncio.sleep(0.002)
        if kind == "refused" and first:
            self._journal.refused[target] += 1
            status, more = 429, "retry-after: 0\r\n"
        if kind == "down" and first:
            status = 503
        head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode()
        if kind != "parts":
            self.transport.write(head + body)
            return
        self.transport.write(head)
        for at in range(0, len(body), 8):
            await asyncio.sleep(0.0005)
            self.transport.write(body[at : at + 8])
