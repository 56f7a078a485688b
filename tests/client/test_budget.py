"""The client's rate limit, budget and clock, with and without an event loop."""

import asyncio
from typing import Any

import pytest

from ngrok_async import (
    UNSET,
    Budget,
    Client,
    Clock,
    ConfigurationError,
    NgrokError,
    RateLimit,
    Request,
    Response,
    Send,
)
from ngrok_async.testing import FakeNgrok, TurnableClock

KEY = "2key"


async def test_clients_of_an_account_share_a_budget(fake: FakeNgrok) -> None:
    """Same key, same URL, same budget, for views too; another key has another one."""
    options: dict[str, Any] = {"base_url": fake.url, "clock": fake.clock}
    async with (
        Client(fake.api_key, **options) as first,
        Client(fake.api_key, **options) as second,
        Client("2another", **options) as stranger,
    ):
        await first.tunnels.list()
        await second.with_options(max_wait=1).tunnels.list()
        budgets = [first.budget, second.budget, first.with_options().budget, stranger.budget]

    assert [118, 118, 118, 120] == [budget.remaining for budget in budgets if budget is not None]


async def test_budget_costs_nothing(fake: FakeNgrok) -> None:
    """To look at the budget sends nothing, and works before the first call."""
    async with Client(fake.api_key, base_url=fake.url, clock=fake.clock) as ngrok:
        budget = ngrok.budget

    assert budget is not None
    assert (120, 60.0, 0) == (budget.limit, budget.window, budget.used)
    assert [] == fake.requests


def turn(awaitable: Any) -> None:  # noqa: ANN401 # coroutines of all kinds
    """Await something as trio would: with no event loop of asyncio."""
    with pytest.raises(StopIteration):
        awaitable.send(None)


@pytest.mark.parametrize(
    "options", [{}, {"clock": TurnableClock(running=False)}, {"limiter": None}]
)
def test_without_an_event_loop(options: Any) -> None:  # noqa: ANN401 # options of different types
    """As under trio, or at the top of a module: it says what is needed, wherever one begins."""
    ngrok = Client(KEY, base_url="http://127.0.0.1:1", **options)
    pager = ngrok.tunnel_sessions.list()
    for call in (
        ngrok.tunnel_sessions.get("ts_1"),
        ngrok.request("GET", "/tunnels"),
        pager.collect(),
        anext(aiter(pager)),
        anext(pager.pages()),
        ngrok.__aenter__(),
    ):
        with pytest.raises(ConfigurationError, match=r"no event loop is running: .* asyncio\.run"):
            turn(call)


def test_closing_without_an_event_loop_hides_no_other_error() -> None:
    """What was never used is closed anywhere: the message of the call is the one to be read."""

    async def body() -> None:
        ngrok = Client(KEY, base_url="http://127.0.0.1:1")
        try:
            await ngrok.tunnel_sessions.list()
        finally:
            await ngrok.aclose()
            assert "closed" in repr(ngrok)

    with pytest.raises(ConfigurationError, match="no event loop is running") as caught:
        body().send(None)
    assert caught.value.__context__ is None


def test_connections_are_not_closed_without_an_event_loop() -> None:
    """Then it is said, in the same words, and the client can still be closed where it belongs."""
    ngrok = Client(KEY, base_url="http://127.0.0.1:1", retry=None)

    async def use() -> None:
        with pytest.raises(NgrokError):
            await ngrok.tunnels.list()
        with pytest.raises(ConfigurationError, match="no event loop is running"):
            await asyncio.to_thread(ngrok.aclose().send, None)
        assert "open" in repr(ngrok)
        await ngrok.aclose()

    asyncio.run(use())

    assert "closed" in repr(ngrok)


class Odd:
    """A limiter that has something else under `budget`."""

    def __init__(self, budget: object) -> None:
        """Take what it has."""
        self._budget = budget

    async def __call__(self, request: Request, send: Send) -> Response:
        """Let everything through."""
        return await send(request)

    @property
    def budget(self) -> object:
        """Give it, or fail."""
        if isinstance(self._budget, BaseException):
            raise self._budget
        return self._budget


KNOWN = Budget(limit=3, window=1.0, used=1, in_flight=0, waiting=0, paused=0.0)
LIMITERS: dict[str, tuple[dict[str, Any], Budget | None]] = {
    "the account's": ({}, None),
    "none": ({"limiter": None}, None),
    "of the caller": (
        {"limiter": RateLimit(3)},
        Budget(limit=3, window=60.0, used=0, in_flight=0, waiting=0, paused=0.0),
    ),
    "with a budget of its own": ({"limiter": Odd(KNOWN)}, KNOWN),
    "with a budget of another kind": ({"limiter": Odd(5)}, None),
    "whose budget fails": ({"limiter": Odd(ValueError("odd"))}, None),
}


@pytest.mark.parametrize(("options", "expected"), LIMITERS.values(), ids=LIMITERS)
def test_the_budget_never_raises(options: Any, expected: Budget | None) -> None:  # noqa: ANN401
    """Debuggers, notebooks and test doubles look at every attribute, anywhere and at any time."""
    ngrok = Client(KEY, base_url="http://127.0.0.1:1", retry=None, **options)

    assert expected == ngrok.budget  # no event loop
    assert hasattr(ngrok, "budget")

    async def use() -> None:
        with pytest.raises(NgrokError):
            await ngrok.tunnels.list()
        assert (ngrok.budget is None) == (expected is None and "limiter" in options)
        assert await asyncio.to_thread(lambda: ngrok.budget) is None
        await ngrok.aclose()
        _ = ngrok.budget

    asyncio.run(use())

    assert ngrok.budget is None  # its loop is closed

    async def elsewhere() -> None:
        assert ngrok.budget is None

    asyncio.run(elsewhere())


def test_looking_at_the_budget_binds_to_no_event_loop() -> None:
    """Who looks in one loop may use the client in the next one, with the limit of that one."""
    ngrok = Client(KEY, base_url="http://127.0.0.1:1")

    async def look() -> None:
        assert ngrok.budget is not None

    asyncio.run(look())

    assert ngrok._limiter is UNSET


async def test_the_clock_is_what_waits_go_by() -> None:
    """That of the event loop, or the one that was passed; views have the same."""
    clock = TurnableClock(running=False)
    turned, ngrok = Client(KEY, clock=clock), Client(KEY)
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    ngrok.clock.call_at(ngrok.clock.time(), rung.set)
    await rung.wait()

    assert clock is turned.clock is turned.with_options(retry=None).clock
    assert abs(loop.time() - ngrok.clock.time()) < 60
    assert "<the clock of the running event loop>" == repr(ngrok.clock)


def test_the_clock_can_be_asked_without_an_event_loop() -> None:
    """It goes on at the same pace; only to wait takes a loop."""
    clock = Client(KEY).clock
    first = clock.time()

    assert first <= asyncio.run(_time_of(clock)) <= clock.time()
    with pytest.raises(RuntimeError, match="no running event loop"):
        clock.call_at(0, print)


async def _time_of(clock: Clock) -> float:
    return clock.time()


async def test_no_limiter_no_budget(fake: FakeNgrok) -> None:
    """Without a limiter, or with one of somebody else, there is no budget to show."""

    async def theirs(request: Request, send: Send) -> Response:
        return await send(request)

    async with (
        Client(fake.api_key, base_url=fake.url, limiter=None) as free,
        Client(fake.api_key, base_url=fake.url, limiter=theirs) as other,
    ):
        await free.tunnels.list()
        await other.tunnels.list()

        assert (None, None) == (free.budget, other.budget)


async def test_own_limiter(fake: FakeNgrok) -> None:
    """A limiter that is passed is used in place of the shared one."""
    async with Client(
        fake.api_key, base_url=fake.url, limiter=RateLimit(3, 30, clock=fake.clock)
    ) as ngrok:
        await ngrok.tunnels.list()

        assert ngrok.budget is not None
        assert (3, 1) == (ngrok.budget.limit, ngrok.budget.used)
