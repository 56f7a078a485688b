"""The rate limit against a simulated ngrok, in simulated time: what holds for any schedule."""

import asyncio
import json
import logging
import random
import selectors
from collections import deque
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, Final, TypeVar

import attrs
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ngrok_async._limits.accounts import shared_rate_limit
from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async._limits.stated import within_both
from ngrok_async._request import Request, Response
from ngrok_async._way.retry import Retry, RetryMiddleware
from ngrok_async.errors import ConnectError, NgrokError

T = TypeVar("T")

# The loop calls timers up to its clock's resolution early, and sums round.
TINY: Final = 1e-6


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the warnings about hundreds of simulated refusals out of reports."""
    log = logging.getLogger("ngrok_async.rate_limit")
    log.disabled = True
    yield
    log.disabled = False


class _SkippingSelector(selectors.SelectSelector):
    """Lets the time pass at once instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:  # noqa: ANN401 # as in the base class
        events = super().select(0)
        if not events:
            assert timeout is not None, "everybody waits, and nobody will ever wake them"
            self.now += timeout
        return events


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop in which an hour takes no time, and which fails where a real one hangs."""

    def __init__(self) -> None:
        """Begin at 0."""
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Return the simulated time."""
        return self._skipping.now


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """Run in simulated time."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main)


@attrs.define
class Server:
    """An account's window as ngrok keeps it: over arrivals, refused ones included."""

    limit: int
    window: float
    arrivals: list[float] = attrs.field(factory=list)
    worst: int = 0
    _counted: deque[float] = attrs.field(factory=deque)

    def arrive(self) -> bool:
        """Count a request and tell whether it is within the limit."""
        now = asyncio.get_running_loop().time()
        while self._counted and self._counted[0] <= now - self.window + TINY:
            self._counted.popleft()
        self._counted.append(now)
        self.arrivals.append(now)
        self.worst = max(self.worst, len(self._counted))
        return len(self._counted) <= self.limit


@attrs.frozen
class Call:
    """What happens to one call.

    Attributes:
        after: Seconds since the call before it.
        up: Seconds on the way to the server.
        down: Seconds on the way back.
        connects: Whether a connection comes about.
        cancelled: When the caller loses patience, in seconds; None: never.
        max_wait: The call's option.
        refused: Whether ngrok answers 429 in any case, as others use the account too.
        retry_after: What the 429 asks for, in seconds.
        states: The limit that the 429 states.
    """

    after: float = 0.0
    up: float = 0.0
    down: float = 0.0
    connects: bool = True
    cancelled: float | None = None
    max_wait: float | None = None
    refused: bool = False
    retry_after: float | None = None
    states: int | None = None


class Simulation:
    """Plays calls through a rate limit and notes who was sent when."""

    def __init__(self, limiter: RateLimit, server: Server) -> None:
        """Set the scene."""
        self.limiter = limiter
        self.server = server
        self.started: dict[int, float] = {}
        self.predicted: dict[int, float] = {}
        self.came: dict[int, float] = {}
        self.pauses: list[tuple[float, float]] = []
        self.outcomes: list[object] = []

    async def play(self, calls: Sequence[Call]) -> None:
        """Start each call in its time and wait until all are over."""
        tasks = []
        for number, call in enumerate(calls):
            await asyncio.sleep(call.after)
            tasks.append(asyncio.create_task(self._call(number, call)))
        self.outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    async def _call(self, number: int, call: Call) -> object:
        loop = asyncio.get_running_loop()
        self.came[number] = loop.time()
        side = self.limiter._side
        queue = side and side.queue
        ahead = len(queue.line) if queue else 0
        self.predicted[number] = self.limiter._window.expected(loop.time(), ahead)
        request = Request(method="GET", path="/", max_wait=call.max_wait)
        try:
            async with asyncio.timeout(call.cancelled):
                return await self.limiter(request, lambda _: self._send(number, call))
        except (NgrokError, TimeoutError) as error:
            return error

    async def _send(self, number: int, call: Call) -> Response:
        loop = asyncio.get_running_loop()
        self.started[number] = loop.time()
        try:
            await asyncio.sleep(call.up)
        except asyncio.CancelledError:
            # It is on its way, and arrives although nobody waits for it any more.
            arrival = self.started[number] + call.up
            latest = loop.time() + self.limiter.budget.window / 60
            if call.connects:
                loop.call_at(min(arrival, latest), self.server.arrive)
            raise
        if not call.connects:
            raise ConnectError("no connection", attempts=1)
        within = self.server.arrive()
        await asyncio.sleep(call.down)
        if within and not call.refused:
            return Response(status=200)
        message = f"rate limited to {call.states} API requests per {self.server.window:g} seconds"
        body = json.dumps({"msg": message}).encode()
        if call.retry_after is None:
            return Response(status=429, body=body)
        self.pauses.append((loop.time(), loop.time() + call.retry_after))
        return Response(status=429, headers={"Retry-After": str(call.retry_after)}, body=body)

    async def check_end(self) -> None:
        """Check that nothing is lost: nobody waits, and the whole window is free again."""
        budget = self.limiter.budget
        assert (0, 0) == (budget.waiting, budget.in_flight)
        assert self.limiter._side is None or self.limiter._side.queue is None
        await asyncio.sleep(budget.paused + 2.1 * budget.window)
        budget = self.limiter.budget  # a limit that was stated may be over by now
        assert budget.limit == budget.remaining
        begin = asyncio.get_running_loop().time()
        await asyncio.gather(*(self._call(1000 + n, Call()) for n in range(budget.limit)))
        assert begin == asyncio.get_running_loop().time()

    def check_order(self) -> None:
        """Check that those who were sent left in the order in which they came."""
        assert sorted(self.started) == list(self.started)


# Eighths of a second are exact in binary.
def times(maximum: float) -> st.SearchStrategy[float]:
    """Draw times up to a maximum, often none at all."""
    return st.one_of(st.just(0.0), st.integers(0, int(maximum * 8)).map(lambda n: n / 8))


LIMITS = st.tuples(st.integers(1, 6), st.sampled_from([1.0, 4.0, 60.0]), st.integers(1, 6))
PATIENT = st.builds(Call, after=times(10), up=times(3), down=times(3))
ANY = st.builds(
    Call,
    after=times(10),
    up=times(70),
    down=times(70),
    connects=st.sampled_from([True, True, True, False]),
    cancelled=st.one_of(st.none(), times(150)),
    max_wait=st.one_of(st.none(), times(150)),
)
REFUSED = st.builds(
    Call,
    after=times(10),
    up=times(3),
    down=times(3),
    cancelled=st.one_of(st.none(), st.none(), times(150)),
    refused=st.sampled_from([True, False, False, False]),
    retry_after=st.one_of(st.none(), times(100)),
    states=st.one_of(st.none(), st.integers(1, 6)),
)


def simulation(limits: tuple[int, float, int], seed: int = 0) -> Simulation:
    """Make a rate limit for a server with the same limit."""
    requests, window, in_flight = limits
    jitter = random.Random(seed).random  # noqa: S311 # not for secrets
    limiter = RateLimit(requests, window, in_flight=in_flight, jitter=jitter)
    return Simulation(limiter, Server(requests, window))


@settings(max_examples=150)
@given(limits=LIMITS, calls=st.lists(ANY, max_size=30))
def test_server_never_counts_too_many(limits: tuple[int, float, int], calls: list[Call]) -> None:
    """Whatever comes when, takes however long, or is given up: no 429, no lost slot, no hang."""

    async def main() -> Simulation:
        simulated = simulation(limits)
        await simulated.play(calls)
        await simulated.check_end()
        return simulated

    simulated = simulate(main())

    assert simulated.server.worst <= limits[0]
    simulated.check_order()
    ends = [type(outcome).__name__ for outcome in simulated.outcomes]
    assert {"Response", "ConnectError", "TimeoutError", "RateLimitedError"} >= set(ends)
    for end in set(ends):
        event(end)
    for call, end in zip(calls, ends, strict=True):
        if call.cancelled is None and call.max_wait is None:
            assert end == ("Response" if call.connects else "ConnectError")


@settings(max_examples=150)
@given(limits=LIMITS, calls=st.lists(REFUSED, max_size=30), seed=st.integers(0, 99))
def test_refusals_pause_everybody(
    limits: tuple[int, float, int], calls: list[Call], seed: int
) -> None:
    """Whatever ngrok refuses: nobody leaves in a pause, then all do, in order and within limits."""

    async def main() -> Simulation:
        simulated = simulation(limits, seed)
        await simulated.play(calls)
        await simulated.check_end()
        return simulated

    simulated = simulate(main())

    assert simulated.server.worst <= limits[0]
    simulated.check_order()
    for begin, end in simulated.pauses:
        event("pause" if end > begin else "no pause")
        in_pause = [at for at in simulated.started.values() if begin < at < end - TINY]
        assert [] == in_pause
    for call, outcome in zip(calls, simulated.outcomes, strict=True):
        if call.cancelled is None:
            assert isinstance(outcome, Response)
            assert outcome.status == (429 if call.refused else 200)


@settings(max_examples=100)
@given(limits=LIMITS, calls=st.lists(st.one_of(PATIENT, REFUSED), max_size=40))
def test_predicted_wait_is_never_too_long(
    limits: tuple[int, float, int], calls: list[Call]
) -> None:
    """If nobody drops out, no call goes earlier than predicted, so none is refused for nothing."""
    calls = [attrs.evolve(call, cancelled=None) for call in calls]

    async def main() -> Simulation:
        simulated = simulation(limits)
        await simulated.play(calls)
        return simulated

    simulated = simulate(main())

    waited = {n: at - simulated.came[n] for n, at in simulated.started.items()}
    assert [] == [n for n in waited if simulated.predicted[n] > waited[n] + TINY]


@settings(max_examples=100)
@given(
    limits=LIMITS,
    after=st.lists(times(10), min_size=1, max_size=40),
)
def test_predicted_wait_is_exact_for_quick_answers(
    limits: tuple[int, float, int], after: list[float]
) -> None:
    """Where answers take no time, each wait is what was predicted, however long the queue."""

    async def main() -> Simulation:
        simulated = simulation(limits)
        await simulated.play([Call(after=seconds) for seconds in after])
        return simulated

    simulated = simulate(main())

    waited = [simulated.started[n] - simulated.came[n] for n in range(len(after))]
    assert waited == pytest.approx([simulated.predicted[n] for n in range(len(after))], abs=TINY)


LIMIT = st.tuples(
    st.integers(1, 1000),
    st.sampled_from([0.1, 0.7, 1.0, 7.0, 10.0, 49.0, 60.0, 65.0, 3600.0, 86400.0]),
)


@given(one=LIMIT, other=LIMIT)
def test_two_limits_hold_together(one: tuple[int, float], other: tuple[int, float]) -> None:
    """The limit that is made of two keeps to both, in any window, and leaves something."""
    limit, window = within_both(one, other)

    assert limit >= 1
    for most, length in (one, other):
        assert limit * -(-length // (window * (1 + 1e-9))) <= most


def shake(seed: int, count: int) -> list[Call]:
    """Make calls that come at once, over a network with 10 to 150 ms each way."""
    shaken = random.Random(seed)  # noqa: S311 # not for secrets
    return [
        Call(up=shaken.uniform(0.01, 0.15), down=shaken.uniform(0.01, 0.15)) for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("count", "least"), [(120, 0), (130, 60), (240, 60), (500, 240)])
def test_burst_is_neither_refused_nor_slow(count: int, least: float, seed: int) -> None:
    """More calls at once than a window allows: no refusal, in order, nearly as fast as allowed."""

    async def main() -> tuple[Simulation, float]:
        simulated = Simulation(shared_rate_limit("account", None), Server(120, 60))
        await simulated.play(shake(seed, count))
        return simulated, asyncio.get_running_loop().time()

    simulated, seconds = simulate(main())

    assert count == len(simulated.server.arrivals)
    assert 120 >= simulated.server.worst
    assert list(range(count)) == list(simulated.started)
    assert seconds <= 1.1 * least or not least
    assert least <= seconds


@pytest.mark.parametrize("seed", range(5))
def test_four_clients_share_the_budget(seed: int) -> None:
    """130 calls from four clients of one account are like 130 calls from one."""
    server, order = Server(120, 60), list[int]()
    calls = shake(seed, 130)

    async def main() -> float:
        loop = asyncio.get_running_loop()
        clients = [
            (RetryMiddleware(Retry(), lambda: loop), shared_rate_limit("account", None))
            for _ in range(4)
        ]

        async def call(number: int) -> Response:
            async def wire(_: Request) -> Response:
                order.append(number)
                await asyncio.sleep(calls[number].up)
                within = server.arrive()
                await asyncio.sleep(calls[number].down)
                return Response(status=200 if within else 429)

            retry, limiter = clients[number % 4]
            return await retry(
                Request(method="GET", path="/"),
                lambda request: limiter(request, wire),
            )

        responses = await asyncio.gather(*map(call, range(130)))
        assert {(200, 1)} == {(response.status, response.attempts) for response in responses}
        return loop.time()

    seconds = simulate(main())

    assert 120 == server.worst
    assert list(range(130)) == order
    assert 60 <= seconds <= 66
