"""A rate limit with a clock that is turned by hand, and calls that end when a test says so."""

import asyncio
import json
from collections.abc import Callable, Iterable

import pytest

from ngrok_async._clock import Timer
from ngrok_async._limits.accounts import shared_rate_limit
from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async._request import Request, Response
from ngrok_async.testing import TurnableClock

OK = Response(status=200)
LOGGER = "ngrok_async.rate_limit"


def refused(
    message: str = "", *, code: str | None = "ERR_NGROK_226", after: float | None = None
) -> Response:
    """Make a 429 as ngrok gives it."""
    return Response(
        status=429,
        headers={} if after is None else {"Retry-After": str(after)},
        body=json.dumps({"error_code": code, "status_code": 429, "msg": message}).encode(),
    )


class Scene:
    """A rate limit on a clock that stands still, and calls that end when the test says so."""

    def __init__(
        self,
        requests: int = 3,
        window: float = 60.0,
        *,
        in_flight: int = 1000,
        jitter: float = 0.5,
        clock: TurnableClock | None = None,
        limiter: RateLimit | None = None,
    ) -> None:
        """Set the limit; jitter 0.5 makes staggered requests leave at equal distances."""
        self.clock = clock or TurnableClock(running=False)
        self.limiter = limiter or RateLimit(
            requests, window, in_flight=in_flight, clock=self.clock, jitter=lambda: jitter
        )
        self.sent: list[str] = []
        self.sent_at: list[float] = []
        self.at_once: Response | None = None  # what to answer without being told
        self._open: dict[str, asyncio.Future[Response]] = {}

    async def _send(self, request: Request) -> Response:
        self.sent.append(request.path)
        self.sent_at.append(self.clock.time())
        if self.at_once is not None:
            return self.at_once
        answer = asyncio.get_running_loop().create_future()
        self._open[request.path] = answer
        try:
            return await answer
        finally:
            self._open.pop(request.path, None)

    def call(self, name: str, *, max_wait: float | None = None) -> asyncio.Task[Response]:
        """Start a call of this name."""
        request = Request(method="GET", path=name, route="GET /x", max_wait=max_wait)
        return asyncio.create_task(self._limited(request), name=name)

    async def _limited(self, request: Request) -> Response:
        return await self.limiter(request, self._send)

    async def calls(self, names: Iterable[str]) -> list[asyncio.Task[Response]]:
        """Start a call for each name and let them get as far as they can."""
        tasks = [self.call(name) for name in names]
        await settle()
        return tasks

    async def answer(self, names: Iterable[str], outcome: Response | Exception = OK) -> None:
        """End calls that are in flight, in this order."""
        for name in names:
            if isinstance(outcome, Response):
                self._open.pop(name).set_result(outcome)
            else:
                self._open.pop(name).set_exception(outcome)
            await settle()

    async def turn(self, seconds: float) -> None:
        """Turn the clock and let everybody go on who was woken."""
        self.clock.advance(seconds)
        await settle()

    async def run(self) -> None:
        """Turn the clock from timer to timer until none is left."""
        await settle()
        for _ in range(1000):
            if (due := self.clock.next_due) is None:
                return
            await self.turn(due - self.clock.time())
        pytest.fail("there is no end of timers")

    def close(self) -> None:
        """Check that nothing is left behind."""
        budget = self.limiter.budget
        assert (0, 0) == (budget.in_flight, budget.waiting)
        assert self.clock.next_due is None


async def settle() -> None:
    """Let every task go on until it waits for time or an answer."""
    for _ in range(5):
        await asyncio.sleep(0)


async def ended(task: asyncio.Task[Response]) -> Response:
    """Return what a call returns, or raise what it raises; it must be over."""
    await settle()
    assert task.done(), f"{task.get_name()} still waits"
    return await task


async def whole(scene: Scene) -> None:
    """Check that the budget comes back whole: no slot is lost, nobody waits."""
    scene.at_once = OK
    for name in list(scene._open):
        await scene.answer([name])
    await scene.run()
    await scene.turn(scene.limiter.budget.window * 2.1)
    limit, before = scene.limiter.budget.limit, len(scene.sent)
    assert limit == scene.limiter.budget.remaining
    tasks = await scene.calls(f"check {n}" for n in range(limit + 1))
    assert before + limit == len(scene.sent)
    tasks[-1].cancel()
    await settle()
    scene.close()


class BusyClock:
    """A clock on which every reading takes time and timers are late, as on a real one.

    Args:
        step: Seconds that go by with each reading.
    """

    def __init__(self, step: float = 0.0) -> None:
        """Start at zero."""
        self.now = 0.0
        self.timers: list[Callable[[], object]] = []
        self._step = step

    def time(self) -> float:
        """Return the time, which has gone on."""
        self.now += self._step
        return self.now

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Keep the timer until the test calls it."""
        del when
        self.timers.append(callback)
        return asyncio.get_running_loop().call_later(0, lambda: None)


def stated(limit: object, interval: str) -> str:
    """Return the message of ERR_NGROK_226."""
    return f"Your account is rate limited to `{limit}` API requests per `{interval}`."


def account_limit() -> Scene:
    """Make the default rate limit of an account: as documented, not as chosen by the caller."""
    clock = TurnableClock(running=False)
    return Scene(clock=clock, limiter=shared_rate_limit(object(), clock))
