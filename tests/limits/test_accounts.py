"""One rate limit for each account: who shares it, how long it lives, and what it costs."""

import asyncio
import gc
import sys
import time
import weakref
from collections.abc import Callable
from types import FrameType

import pytest

from ngrok_async import Request, Response
from ngrok_async._clock import Clock, Timer
from ngrok_async._limits import accounts
from ngrok_async._limits.accounts import shared_rate_limit
from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async.testing import TurnableClock

OK = Response(status=200)


async def fine(_: Request) -> Response:
    """Stand for the wire where every answer is good."""
    return OK


async def use(account: object, clock: Clock | None = None, response: Response = OK) -> RateLimit:
    """Use the account once, as a client would."""

    async def send(_: Request) -> Response:
        return response

    limiter = shared_rate_limit(account, clock)
    await limiter(Request(method="GET", path="/"), send)
    return limiter


async def spend(
    clock: Clock | None, account: object, response: Response = OK
) -> weakref.ref[RateLimit]:
    """Use the account once, as a client would that is thrown away after its call."""
    return weakref.ref(await use(account, clock, response))


# --- who shares ---------------------------------------------------------------------------------


async def test_account_has_one_rate_limit() -> None:
    """Who asks for the same account gets the same object, with the documented limit."""
    account = object()
    limiter = shared_rate_limit(account, None)

    assert limiter is shared_rate_limit(account, None)
    assert (120, 60, 120) == (limiter.budget.limit, limiter.budget.window, limiter.budget.remaining)


async def test_accounts_do_not_share() -> None:
    """Another key, base URL or clock is another account."""
    limiters = [
        shared_rate_limit((url, key), clock)
        for url in "ab"
        for key in "cd"
        for clock in (None, TurnableClock(), TurnableClock())
    ]

    assert 12 == len(set(limiters))


@pytest.mark.parametrize("runs", [1, 5])
def test_event_loops_share_one_after_another(runs: int) -> None:
    """Scripts and workers that call `asyncio.run` for each job stay within the limit together."""
    account = object()
    for _ in range(runs):
        asyncio.run(use(account))

    async def used() -> tuple[int, int]:
        budget = shared_rate_limit(account, None).budget
        return budget.used, budget.in_flight

    assert (runs, 0) == asyncio.run(used())


class LoopWithItsOwnTime(asyncio.SelectorEventLoop):
    """An event loop in simulated time, which begins at 0."""

    def time(self) -> float:
        """Return the same time for ever."""
        return 0.0


def test_event_loop_with_a_time_of_its_own_does_not_share() -> None:
    """What a simulation sends at its time says nothing about the next one, or about real time."""
    account = object()

    async def used() -> int:
        return (await use(account)).budget.used

    with asyncio.Runner(loop_factory=LoopWithItsOwnTime) as runner:
        assert [1, 2] == [runner.run(used()) for _ in range(2)]
    with asyncio.Runner(loop_factory=LoopWithItsOwnTime) as runner:
        assert 1 == runner.run(used())
    assert 1 == asyncio.run(used())


async def test_fork_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child process has the account for itself: nobody can count for both."""
    account = object()
    parent = await use(account)
    monkeypatch.setattr(accounts.os, "getpid", lambda: -1)

    assert parent is not shared_rate_limit(account, None)


class SlotsClock:
    """A clock that cannot be referred to weakly."""

    __slots__ = ()

    def time(self) -> float:
        """Return the time."""
        return 5.0

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Refuse; nobody waits here."""
        raise NotImplementedError


async def test_clock_that_cannot_be_found_again() -> None:
    """It works, and its clients have a limit each."""
    clock = SlotsClock()
    limiter = await use("account", clock)

    assert 1 == limiter.budget.used
    assert limiter is not shared_rate_limit("account", clock)


# --- for how long -------------------------------------------------------------------------------


async def test_budget_outlives_its_clients() -> None:
    """A program that makes a client for each call does not get a fresh budget each time."""
    clock = TurnableClock(running=False)
    for n in range(5):
        await spend(clock, "account")
        shared_rate_limit(f"other {n}", clock)
        gc.collect()

    assert 5 == shared_rate_limit("account", clock).budget.used


async def test_old_budgets_are_dropped() -> None:
    """A service with many tenants keeps no log of those whose window is over."""
    clock = TurnableClock(running=False)
    tenants = [await spend(clock, f"tenant {n}") for n in range(20)]
    clock.advance(59.9)
    for n in range(20):
        shared_rate_limit(f"new {n}", clock)
    gc.collect()
    assert None not in [tenant() for tenant in tenants]
    clock.advance(0.1)
    for n in range(40):  # each of them looks at two
        shared_rate_limit(f"newer {n}", clock)
    gc.collect()

    assert {None} == {tenant() for tenant in tenants}
    assert len(accounts._of_clocks[clock]._kept) <= 20


async def test_pause_outlives_its_clients() -> None:
    """Nobody knocks early at an account that is paused for longer than a window."""
    clock = TurnableClock(running=False)
    await spend(clock, "account", Response(status=429, headers={"Retry-After": "100"}))
    clock.advance(70)
    for n in range(5):
        shared_rate_limit(f"other {n}", clock)
        gc.collect()

    assert 30 == shared_rate_limit("account", clock).budget.paused


async def test_budget_outlives_a_client_that_was_idle() -> None:
    """A client that wakes up after hours and goes away still leaves its log behind."""
    clock = TurnableClock(running=False)
    limiter = shared_rate_limit("account", clock)
    for n in range(20):
        clock.advance(1000)
        shared_rate_limit(f"other {n}", clock)
        gc.collect()
    assert limiter is shared_rate_limit("account", clock)
    await limiter(Request(method="GET", path="/"), fine)
    del limiter
    shared_rate_limit("one more", clock)
    gc.collect()

    assert 1 == shared_rate_limit("account", clock).budget.used


def test_nothing_keeps_a_passed_clock() -> None:
    """A test's clock, and an event loop that was passed as one, go when nobody has them."""

    async def own_loop() -> weakref.ref[asyncio.AbstractEventLoop]:
        loop = asyncio.get_running_loop()
        await use("account", loop)
        return weakref.ref(loop)

    async def turned() -> weakref.ref[TurnableClock]:
        clock = TurnableClock(running=False)
        await use("account", clock)
        return weakref.ref(clock)

    gone = [asyncio.run(own_loop()), asyncio.run(turned())]
    gc.collect()

    assert [None, None] == [each() for each in gone]


async def test_borrowed_clock_says_that_it_is_gone() -> None:
    """Who keeps a shared limit for longer than its clock gets a readable error."""
    limiter = await use("account", TurnableClock(running=False))
    gc.collect()

    with pytest.raises(RuntimeError, match="clock of this rate limit is gone"):
        _ = limiter.budget


async def test_borrowed_clock_keeps_time() -> None:
    """Waits and pauses go by it as by any other."""
    clock = TurnableClock(running=False)
    limiter = shared_rate_limit("account", clock)
    for _ in range(120):
        await limiter(Request(method="GET", path="/"), fine)
    task = asyncio.create_task(limiter(Request(method="GET", path="/"), fine))
    clock.advance(await clock.wait_for_timer())

    assert OK == await task
    assert 60 == clock.time()


# --- what it costs ------------------------------------------------------------------------------


async def calls_for_new_accounts(count: int, known: int) -> float:
    """Count the function calls for each new account where so many are known."""
    clock = TurnableClock(running=False)
    for n in range(known):
        await use(n, clock)
    calls = 0

    def note(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(note)
    for n in range(count):
        shared_rate_limit(f"new {n}", clock)
    sys.setprofile(None)
    return calls / count


async def test_cost_of_a_new_account_does_not_depend_on_the_others() -> None:
    """A tenant more costs the same among ten as among a thousand."""
    few, many = await calls_for_new_accounts(50, 10), await calls_for_new_accounts(50, 1000)

    assert 0 < many <= 1.2 * few


def test_clocks_of_event_loops_are_that_of_the_process() -> None:
    """So stamps of one loop mean the same in the next."""

    async def difference() -> float:
        return abs(asyncio.get_running_loop().time() - time.monotonic())

    assert asyncio.run(difference()) < 1
