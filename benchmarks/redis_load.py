"""What `redis_scale.py` measures with: a server that counts, and processes that call it."""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any, Self, TypeVar

import attrs

from tests.redis.servers import RedisServer

T = TypeVar("T")


class Counting:
    """A server that counts as ngrok does, and refuses what is over `limit` in any `window`.

    A request is a line, so that it costs little and 48 processes do not wait for this one.

    Attributes:
        log: When requests came, and from whom.
        refused: How many were over the limit.
        most: How many were out at a time, at most.
        crowded: How many came while more than `in_flight` were out.
    """

    def __init__(
        self, limit: int, window: float, in_flight: int, service: tuple[float, float]
    ) -> None:
        """Set the limit, and the bounds of the time that an answer takes."""
        self._limit, self._window, self._in_flight = limit, window, in_flight
        self._service = service
        self._recent: deque[float] = deque()
        self._out = 0
        self.log: list[tuple[float, str]] = []
        self.refused = self.most = self.crowded = 0

    async def __aenter__(self) -> Self:
        """Begin to serve."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop, out = asyncio.get_running_loop(), set[bytes]()

        def answer(number: bytes, said: bytes) -> None:
            if number in out:
                out.remove(number)
                self._out -= 1
                writer.write(number + said)

        try:
            while line := await reader.readline():
                name, number = line.split()
                said = b" ok\n" if self._count(name.decode()) else b" no\n"
                out.add(number)
                loop.call_later(random.uniform(*self._service), answer, number, said)
        except ConnectionError:  # its process was killed
            pass
        finally:
            self._out -= len(out)
            out.clear()
            writer.close()

    def _count(self, name: str) -> bool:
        now, recent = time.monotonic(), self._recent
        self.log.append((now, name))
        recent.append(now)
        while recent[0] <= now - self._window:
            recent.popleft()
        self._out += 1
        self.most = max(self.most, self._out)
        self.crowded += self._out > self._in_flight
        self.refused += len(recent) > self._limit
        return len(recent) <= self._limit

    def shares(self, since: float = 0.0) -> Counter[str]:
        """Return how many requests each process has sent."""
        return Counter(name for at, name in self.log if at >= since)


@attrs.frozen(kw_only=True)
class Worker:
    """A process that calls.

    Attributes:
        name: Its name in the log of the server.
        redis: Port of Redis, of a node of a cluster, or of Sentinel.
        server: Port of the server that counts.
        limiter: The options of its `RedisRateLimit`.
        callers: How many calls it makes at a time.
        calls: How many it makes in all; 0: as many as it can.
        seconds: When it ends at the latest.
        deployment: "", "cluster" or "sentinel".
    """

    name: str
    redis: int
    server: int
    limiter: Mapping[str, Any]
    callers: int = 3
    calls: int = 0
    seconds: float = 100.0
    deployment: str = ""


@attrs.frozen
class Result:
    """What a process says at its end.

    Attributes:
        waits: How long each request waited until it left, in seconds.
        failed: Calls that ended with an error.
        shared: Since when the limit was shared, or not; by the clock that all processes have.
        cpu: CPU seconds of its calls.
    """

    waits: list[float]
    failed: int
    shared: list[tuple[float, bool]]
    cpu: float


class Workers:
    """Processes that begin together."""

    def __init__(self, workers: Iterable[Worker]) -> None:
        """Say which."""
        self._workers = list(workers)
        self.processes: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Self:
        """Start them, and wait until all are ready."""
        for worker in self._workers:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benchmarks.redis_worker"),
                json.dumps(attrs.asdict(worker)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                limit=1 << 26,
            )
            self.processes.append(process)
        for process in self.processes:
            if await _there(process.stdout).readline() != b"ready\n":
                raise RuntimeError("a process did not begin")
        return self

    def go(self, first: int = 0, count: int | None = None) -> None:
        """Let them begin."""
        for process in self.processes[first:][:count]:
            _there(process.stdin).write(b"go\n")

    async def kill(self, number: int) -> None:
        """End one as `kill -9` does."""
        self.processes[number].kill()
        await self.processes[number].wait()

    async def results(self) -> list[Result]:
        """Return what those say that were not killed."""
        return [
            Result(**json.loads(line))
            for line in await asyncio.gather(*map(self._last_line, self.processes))
            if line
        ]

    @staticmethod
    async def _last_line(process: asyncio.subprocess.Process) -> bytes:
        line = await _there(process.stdout).readline()
        await process.wait()
        return line

    async def __aexit__(self, *_: object) -> None:
        """End them all."""
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _there(pipe: T | None) -> T:
    if pipe is None:
        raise RuntimeError("a process without its pipes")
    return pipe


def spread(values: Iterable[float], digits: int = 0) -> str:
    """Show least, median and most."""
    sorted_ = sorted(values)
    shown = (sorted_[0], statistics.median(sorted_), sorted_[-1]) if sorted_ else ()
    return " / ".join(f"{value:.{digits}f}" for value in shown)


def scripts(redis: RedisServer) -> int:
    """Return how many scripts were run."""
    stats = redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "eval"))
