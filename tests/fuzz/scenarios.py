"""One call that something happens to at its n-th step, and what has to hold then."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count, product
from typing import Any, Final, Literal

import attrs

from ngrok_async import (
    Client,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    NgrokError,
    RateLimit,
    RateLimitedError,
    RequestTimeoutError,
    Retry,
    ServerError,
    Timeout,
)
from tests.fuzz.journal import Journal
from tests.fuzz.steps import StepLoop, Writes

KEY: Final = "key-of-the-fuzz-0123456789"
_numbers: Final = count()

Act = Literal["cancel", "close", "expire", "timeout", "reset", "close and cancel"]
ACTS: Final[tuple[Act, ...]] = (
    "cancel", "close", "expire", "timeout", "reset", "close and cancel",
)  # fmt: skip
METHODS: Final = (("create", "POST"), ("delete", "DELETE"), ("set", "PUT"), ("get", "GET"))
KINDS: Final = ("at-once", "slow", "parts", "refused", "down")


@attrs.frozen
class Scenario:
    """A call, and what happens to it.

    Attributes:
        act: What happens.
        name: What the call does.
        method: How it says so.
        kind: How the server answers.
        pooled: Whether there is a connection from a call before.
        retry: Whether the call is repeated.
    """

    act: Act
    name: str
    method: str
    kind: str
    pooled: bool
    retry: bool

    @property
    def answers(self) -> tuple[type[NgrokError], ...]:
        """The errors that are the server's last word."""
        if self.kind == "refused":
            return () if self.retry else (RateLimitedError,)
        repeated = self.retry and self.method != "POST"
        return (ServerError,) if self.kind == "down" and not repeated else ()

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{self.act} a {self.name}, answered {self.kind}, on a "
            f"{'pooled' if self.pooled else 'new'} connection, "
            f"{'with' if self.retry else 'without'} retry"
        )


SCENARIOS: Final = [
    Scenario(act, name, method, kind, pooled, retry)
    for act, (name, method), kind, pooled, retry in product(
        ACTS, METHODS, KINDS, (False, True), (False, True)
    )
]

# What a call may end with besides its result, by what happened to it.
_ENDS: Final[dict[Act, tuple[type[BaseException], ...]]] = {
    "cancel": (asyncio.CancelledError,),
    "close": (ClientClosedError,),
    "expire": (RequestTimeoutError,),
    "timeout": (TimeoutError,),
    "reset": (ConnectError, ConnectionLostError),
    "close and cancel": (asyncio.CancelledError, ClientClosedError),
}


class Fuzz:
    """Runs scenarios against a journal, and counts what came of them."""

    def __init__(
        self,
        journal: Journal,
        new_loop: Callable[[], Any] = StepLoop,
        *,
        exact: bool = True,
        eager: bool = False,
    ) -> None:
        """Prepare.

        Args:
            journal: The server.
            new_loop: Makes an event loop that can be armed.
            exact: Whether what is written can be observed; not in uvloop.
            eager: Whether tasks begin at once, as Python 3.12 can.
        """
        self._journal = journal
        self._new_loop = new_loop
        self._exact = exact
        self._eager = eager
        self.runs = 0
        self.left_by_asyncio = 0  # connections, see `_close`
        self._writes = Writes()
        self.outcomes: Counter[str] = Counter()
        self.faults: list[str] = []

    def run(self, scenario: Scenario, step: int) -> bool:
        """Run it; tell whether the call was still under way at that step."""
        loop = self._new_loop()
        if self._eager:
            loop.set_task_factory(asyncio.eager_task_factory)
        self._writes.forget()
        self.runs += 1
        try:
            with self._writes.watched():
                return loop.run_until_complete(self._bounded(scenario, step))
        except TimeoutError:
            self.faults.append(f"{scenario}, step {step}: hangs")
            return True
        finally:
            self._close(loop, scenario, step)

    def _close(self, loop: asyncio.AbstractEventLoop, scenario: Scenario, step: int) -> None:
        # A task that is cancelled in the very round in which asyncio begins with TLS leaves its
        # connection behind, which is closed before it is known: SSLProtocol._start_shutdown does
        # nothing then (https://github.com/python/cpython/blob/v3.13.0/Lib/asyncio/sslproto.py).
        for transport in list(vars(loop).get("_transports", {}).values()):
            if transport.is_closing():
                continue
            self.left_by_asyncio += 1
            if self._journal.url.startswith("http:") or scenario.pooled:
                self.faults.append(f"{scenario}, step {step}: {transport} is left")
            transport.abort()
        loop.run_until_complete(asyncio.sleep(0.001))
        loop.close()

    async def _bounded(self, scenario: Scenario, step: int) -> bool:
        async with asyncio.timeout(20):
            return await self._call(scenario, step)

    async def _call(self, scenario: Scenario, step: int) -> bool:
        loop: Any = asyncio.get_running_loop()
        limiter = RateLimit(1000, 60.0)
        retry = Retry(backoff=0.001, max_backoff=0.001) if scenario.retry else None
        client = Client(
            KEY, base_url=self._journal.url, limiter=limiter, retry=retry, timeout=Timeout(5, 5, 10)
        )
        if scenario.pooled:
            await client.request("GET", "/warm")
        before = limiter.budget.used
        target = f"/{scenario.kind}/{next(_numbers)}"
        happened: list[asyncio.Task[None] | None] = []
        seen = _Seen()

        async def call() -> object:
            json = {"a": 1} if scenario.method.startswith("P") else None
            try:
                async with asyncio.timeout(None) as seen.timeout:
                    return await client.request(scenario.method, target, json=json)
            finally:
                seen.cancelling = _task().cancelling()

        task = loop.create_task(call())

        def act() -> None:
            happened.append(self._act(scenario.act, client, task, seen))

        loop.arm(step, act)
        [result] = await asyncio.gather(task, return_exceptions=True)
        loop.disarm()
        for closing in filter(None, happened):
            await closing
        found = self._judge(scenario, target, result, seen)
        found += await self._left_over(scenario, client, limiter, before, target)
        kind = type(result).__name__ if isinstance(result, BaseException) else "a result"
        self.outcomes[f"{scenario.act}: {kind}"] += 1
        self.faults += [f"{scenario}, step {step}: {what} ({result!r})" for what in found]
        return bool(happened)

    def _act(
        self, act: Act, client: Client, task: "asyncio.Task[object]", seen: "_Seen"
    ) -> "asyncio.Task[None] | None":
        closing = None
        if act.startswith("close"):
            closing = task.get_loop().create_task(client.aclose())
        if act.endswith("cancel"):
            task.cancel()
        if act == "timeout" and seen.timeout is not None:
            with suppress(RuntimeError):  # the call is over
                seen.timeout.reschedule(task.get_loop().time())
        if act == "expire":
            timeouts = client._transport._timers
            for expiring in timeouts._ends:
                timeouts._ends[expiring] = 0.0
            timeouts._ring()
        if act == "reset":
            self._journal.reset()
        return closing

    def _judge(self, scenario: Scenario, target: str, result: object, seen: "_Seen") -> list[str]:
        found: list[str] = []
        self._journal.settle()
        applied, written = self._journal.applied(target), self._writes.has(target)
        ended = isinstance(result, BaseException)
        answered = (scenario.kind == "down" and not scenario.retry) or scenario.method == "POST"
        if ended and not isinstance(result, _ENDS[scenario.act]):
            refused = scenario.kind in {"down", "refused"} and isinstance(result, NgrokError)
            if not (refused and (answered or not scenario.retry)):
                found.append("ended in another way")
        if not ended and result != target:
            found.append("the answer of another call")
        if isinstance(result, NgrokError) and scenario.method != "GET":
            if applied and not result.maybe_applied:
                found.append("applied, and says that it was not")
            if self._exact and result.maybe_applied and not written:
                found.append("nothing was written, and says that it may have been applied")
        if scenario.method == "POST" and applied > 1:
            found.append(f"sent {applied} times")
        if scenario.act in {"close", "expire", "timeout", "reset"} and seen.cancelling:
            found.append("the task is still being cancelled")
        return found

    async def _left_over(
        self, scenario: Scenario, client: Client, limiter: RateLimit, before: int, target: str
    ) -> list[str]:
        found: list[str] = []
        if scenario.act in {"cancel", "expire", "timeout", "reset"}:
            next_ = f"/at-once/after{next(_numbers)}"
            if await client.request("GET", next_) != next_:
                found.append("the next call has another answer")
            before += 1
        session = client._transport._session
        connector: Any = session.connector if session is not None else None
        budget = limiter.budget
        received = self._journal.received[target]
        if budget.in_flight or budget.waiting:
            found.append(f"a slot is lost: {budget}")
        if budget.used - before < received:
            found.append(f"{received} received, but {budget.used - before} slots used")
        if self._exact and not self._writes.has(target) and budget.used > before:
            found.append("nothing was written, but a slot is used")
        if client._calls or client._transport._timers._ends:
            found.append("a call or a timeout is left")
        if connector is not None and connector._acquired:
            found.append("a connection is not given back")
        await client.aclose()
        for _ in range(200):
            if self._journal.settle() == 0 and asyncio.all_tasks() == {_task()}:
                return found
            await asyncio.sleep(0.001)
        return [*found, "a connection or a task is left"]


class _Seen:
    """What the call itself knows."""

    timeout: asyncio.Timeout | None = None
    cancelling = 0


def _task() -> "asyncio.Task[Any]":
    task = asyncio.current_task()
    assert task is not None
    return task
