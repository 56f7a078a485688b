"""One process with a shared rate limit: `redis_load.py` starts many of them.

Its only argument is the JSON of `redis_load.Worker`. It says "ready", waits for a line on standard
input, makes its calls over one socket, and prints what came of them as JSON.
"""

import asyncio
import itertools
import json
import logging
import os
import sys
import time
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.sentinel import Sentinel

from ngrok_async import NgrokError, Request, Response
from ngrok_async.redis import RedisRateLimit

REQUEST = Request(method="GET", path="/", route="GET /")
REFUSED = Response(status=429, body=b'{"error_code": "ERR_NGROK_226", "status_code": 429}')


class Line:
    """A connection to the server that counts; an answer is a line with the request's number."""

    async def open(self, port: int, name: str) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._name = name
        self._numbers = itertools.count()
        self._open: dict[bytes, asyncio.Future[bytes]] = {}
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while line := await self._reader.readline():
            number, said = line.split()
            if (answer := self._open.pop(number, None)) is not None and not answer.done():
                answer.set_result(said)

    async def send(self, _: Request) -> Response:
        """Send a request."""
        number = b"%d" % next(self._numbers)
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        self._writer.write(self._name.encode() + b" " + number + b"\n")
        return Response(status=200) if await answer == b"ok" else REFUSED


def connect(settings: dict[str, Any]) -> Any:  # noqa: ANN401 # three kinds of clients
    """Make the Redis client."""
    port = settings["redis"]
    if settings["deployment"] == "cluster":
        return RedisCluster(host="127.0.0.1", port=port)
    if settings["deployment"] == "sentinel":
        return Sentinel([("127.0.0.1", port)]).master_for("main")
    return Redis(port=port)


async def watch(limiter: RedisRateLimit, told: list[tuple[float, bool]]) -> None:
    """Note when the limit begins and ceases to be shared."""
    while True:
        shared = limiter.budget.shared
        if not told or told[-1][1] != shared:
            told.append((time.monotonic(), shared))
        await asyncio.sleep(0.01)


async def main() -> None:
    """Make the calls."""
    logging.disable()  # what it would warn of is what is measured
    settings = json.loads(sys.argv[1])
    redis, line = connect(settings), Line()
    limiter = RedisRateLimit(redis, account="one", **settings["limiter"])
    await line.open(settings["server"], settings["name"])
    await redis.ping()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    left, end = settings["calls"] or 10**9, time.monotonic() + settings["seconds"]
    cpu = time.process_time()
    waits: list[float] = []
    failed = 0

    async def caller() -> None:
        nonlocal left, failed
        while left > 0 and time.monotonic() < end:
            left -= 1
            begin = time.monotonic()

            async def send(request: Request) -> Response:
                waits.append(round(time.monotonic() - begin, 4))  # noqa: B023 # this call's
                return await line.send(request)

            try:
                await limiter(REQUEST, send)
            except NgrokError:
                failed += 1
                await asyncio.sleep(0.05)

    told: list[tuple[float, bool]] = []
    watching = asyncio.create_task(watch(limiter, told))
    tasks = [asyncio.create_task(caller()) for _ in range(settings["callers"])]
    await asyncio.wait(tasks, timeout=settings["seconds"])
    cpu = time.process_time() - cpu
    answer = {"waits": waits, "failed": failed, "shared": told, "cpu": cpu}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    watching.cancel()
    os._exit(0)  # who still waits need not be told


if __name__ == "__main__":
    asyncio.run(main())
