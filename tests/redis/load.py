"""Callers of several rate limits in one event loop, and what a server with that limit counts."""

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

from ngrok_async import Request, Response
from ngrok_async.redis import RedisRateLimit

REQUEST = Request(method="GET", path="/", route="GET /")
OK = Response(status=200)


async def end_worker(limiter: RedisRateLimit) -> None:
    """Let it ask no more: where Redis was away it would try again, on a client that is closed."""
    worker = limiter._turns._worker
    if worker is not None:
        worker.cancel()
        await asyncio.wait([worker])


class Load:
    """Rate limits of one account, with clients of their own as processes have, at full load.

    Attributes:
        limiters: The rate limits.
        sent: How many requests each has sent.
        refused: How many requests a server with this limit would have refused.
        peak: How many came in the window that had the most.
        crowded: How many came while more were out than allowed.
        was_alone: Which of them once did without Redis.
    """

    def __init__(
        self,
        clients: Sequence[Any],
        *,
        requests: int = 20,
        window: float = 0.5,
        in_flight: int = 6,
        callers: int = 3,
        **options: Any,  # noqa: ANN401 # those of RedisRateLimit
    ) -> None:
        """Make a rate limit for each client."""
        self._limit, self._window, self._in_flight = requests, window, in_flight
        self._callers = callers
        defaults: dict[str, Any] = {"account": "load", "command_timeout": 5.0}
        limit = {"requests": requests, "window": window, "in_flight": in_flight}
        self.limiters = [
            RedisRateLimit(client, **(defaults | limit | options)) for client in clients
        ]
        self.sent = [0] * len(clients)
        self.refused = self.crowded = self.peak = self._out = 0
        self.was_alone: set[int] = set()
        self._ending = False
        self._next = OK
        self._recent: deque[float] = deque()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Begin."""
        self._tasks = [
            asyncio.create_task(self._call(number))
            for number in range(len(self.limiters))
            for _ in range(self._callers)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let each call that has begun come to its end."""
        self._ending = True
        async with asyncio.timeout(20):
            await asyncio.gather(*self._tasks)
            for limiter in self.limiters:  # so that nothing is on its way to Redis any more
                await limiter.read_budget()
                await end_worker(limiter)

    async def _call(self, number: int) -> None:
        async def send(_: Request) -> Response:
            self._count(number)
            await asyncio.sleep(random.uniform(0.002, 0.01))  # noqa: S311 # as networks are
            self._out -= 1
            answer, self._next = self._next, OK
            return answer

        while not self._ending:
            await self.limiters[number](REQUEST, send)
            if not self.limiters[number].budget.shared:
                self.was_alone.add(number)

    def _count(self, number: int) -> None:
        now, recent = time.monotonic(), self._recent
        recent.append(now)
        while recent[0] <= now - self._window:
            recent.popleft()
        self._out += 1
        self.sent[number] += 1
        self.refused += len(recent) > self._limit
        self.peak = max(self.peak, len(recent))
        self.crowded += self._out > self._in_flight

    def refuse_next(self, message: str) -> None:
        """Let one answer be a 429 that says something."""
        body = {"error_code": "ERR_NGROK_226", "status_code": 429, "msg": message}
        self._next = Response(status=429, body=json.dumps(body).encode())

    async def more(self, windows: int = 1) -> None:
        """Let as many more requests leave as fit into so many windows."""
        goal = sum(self.sent) + windows * self._limit
        await self._until(lambda: sum(self.sent) >= goal)

    async def shared(self) -> None:
        """Wait until all share the limit, and each knows how many they are."""
        count = len(self.limiters)
        await self._until(
            lambda: all(
                each.budget.shared and each.budget.processes >= count for each in self.limiters
            )
        )

    async def alone(self) -> None:
        """Wait until none is."""
        await self._until(lambda: not any(each.budget.shared for each in self.limiters))

    async def _until(self, condition: Any) -> None:  # noqa: ANN401 # a function without arguments
        async with asyncio.timeout(30):
            while not condition():
                for task in self._tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.005)


@asynccontextmanager
async def clients(count: int, make: Callable[[], Any]) -> AsyncIterator[list[Any]]:
    """Make Redis clients, and close them."""
    async with AsyncExitStack() as stack:
        made = [make() for _ in range(count)]
        for client in made:
            stack.push_async_callback(client.aclose)
        yield made
