"""The budget of repetitions that calls share, and how a pause may end."""

import asyncio
import logging

import pytest

from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async._request import Response
from ngrok_async._way.retry import Retry, RetryDebt, RetryMiddleware
from ngrok_async.errors import (
    ConnectError,
)
from ngrok_async.testing import TurnableClock
from tests.way.outcomes import (
    LOST,
    Wire,
    answer,
    call,
    failed,
    finish,
    outcome_of,
    request,
    retry,
    settle,
)

# The budget


@pytest.mark.parametrize("word", [503, LOST], ids=["answers", "errors"])
async def test_budget_is_shared_by_the_calls(clock: TurnableClock, word: int | str) -> None:
    """A dead server gets fewer and fewer repetitions, and the error says why."""
    middleware = retry(clock, Retry(budget=5))
    dead = [outcome_of(word) for _ in range(13)]

    assert (4, False) == await call(clock, middleware, *dead[:4])
    assert (3, True) == await call(clock, middleware, *dead[4:7])
    assert (1, True) == await call(clock, middleware, *dead[7:8])
    assert (1, True) == await call(clock, middleware, *dead[8:9])


async def test_successes_fill_the_budget(clock: TurnableClock) -> None:
    """Five successes earn one repetition."""
    middleware = retry(clock, Retry(budget=1))
    good = Response(status=200)

    assert (2, True) == await call(clock, middleware, answer(503), answer(503))
    for _ in range(4):
        assert (1, False) == await call(clock, middleware, good)
    assert (1, True) == await call(clock, middleware, answer(503))
    assert (1, False) == await call(clock, middleware, good)
    assert (2, False) == await call(clock, middleware, answer(503), good)


async def test_budget_has_an_upper_end(clock: TurnableClock) -> None:
    """A long time of successes does not earn more than the budget started with."""
    middleware = retry(clock, Retry(budget=2))
    for _ in range(100):
        await call(clock, middleware, Response(status=200))

    assert (3, True) == await call(clock, middleware, answer(503), answer(503), answer(503))


@pytest.mark.parametrize("budget", [1, 3, 7])
async def test_successes_earn_exactly(clock: TurnableClock, budget: int) -> None:
    """Fifths add up to whole repetitions, however many there were."""
    middleware = retry(clock, Retry(max_attempts=budget + 1, budget=budget))
    for _ in range(3):
        dead = (answer(503) for _ in range(budget + 1))
        assert (budget + 1, False) == await call(clock, middleware, *dead)
        assert (1, True) == await call(clock, middleware, answer(503))
        for _ in range(5 * budget):
            await call(clock, middleware, Response(status=200))


async def test_budget_is_shared_by_policies(clock: TurnableClock) -> None:
    """What one has used is used for all; each still has its own size."""
    debt = RetryDebt()
    large, small, none = (
        RetryMiddleware(Retry(budget=size), lambda: clock, lambda: 0.5, debt=debt)
        for size in (5, 2, 0)
    )
    dead = [answer(503) for _ in range(4)]

    assert (3, True) == await call(clock, small, *dead[:3])
    assert (1, True) == await call(clock, none, *dead[:1])
    assert (4, False) == await call(clock, large, *dead)  # 2 and 3 of its 5
    assert (1, True) == await call(clock, small, *dead[:1])
    assert (1, True) == await call(clock, large, *dead[:1])


async def test_rate_limit_does_not_touch_the_budget(clock: TurnableClock) -> None:
    """Repetitions after a 429 go on when the budget is empty."""
    middleware = retry(clock, Retry(budget=0))

    assert (4, False) == await call(clock, middleware, *(answer(429) for _ in range(4)))
    assert (1, True) == await call(clock, middleware, answer(503))
    assert (2, False) == await call(clock, middleware, answer(429), Response(status=200))


# Cancellation and logs


async def test_cancelling_the_pause(clock: TurnableClock) -> None:
    """A call that is cancelled in its pause ends there, leaves no timer and does not disturb."""
    middleware = retry(clock)
    wire = Wire(clock, answer(503))
    task = asyncio.create_task(middleware(request(), wire))
    await settle()
    assert clock.next_due is not None
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.next_due is None
    assert 1 == len(wire.times)
    assert (2, False) == await call(clock, middleware, answer(503), Response(status=200))


async def test_cancelling_just_as_the_pause_ends(clock: TurnableClock) -> None:
    """A call that is cancelled in the very moment its pause ends sends nothing more."""
    wire = Wire(clock, answer(503))
    task = asyncio.create_task(retry(clock)(request(), wire))
    await settle()
    clock.advance(0.25)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert 1 == len(wire.times)


async def test_cancelling_a_pause_for_the_rate_limit_leaves_the_others(
    clock: TurnableClock,
) -> None:
    """Whoever got the 429 may go away in its pause; the others go on when that would have ended."""
    limiter = RateLimit(60, 60, in_flight=1, clock=clock, jitter=lambda: 0.0)
    middleware = retry(clock)
    wire = Wire(clock, answer(429, after="20"), *(Response(status=200) for _ in range(3)))

    async def call() -> Response:
        return await middleware(request(), lambda r: limiter(r, wire))

    tasks = [asyncio.create_task(call()) for _ in range(3)]
    await settle()
    tasks[0].cancel()
    await settle()
    await finish(clock, call())

    assert [0, 20, 20.5, 21] == wire.times
    assert [200, 200] == [(await task).status for task in tasks[1:]]


async def test_each_repetition_is_logged(
    clock: TurnableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Each repetition is one line with its reason and pause; ids are not in it."""
    caplog.set_level(logging.INFO, "ngrok_async.retry")
    wire = Wire(clock, answer(429), failed(ConnectError), answer(400, "ERR_NGROK_803"), answer(503))
    await finish(clock, retry(clock)(request(), wire))

    assert [
        "X /tunnel_sessions/{id}: attempt 1: rate limit; the next one follows in 0.25 s",
        "X /tunnel_sessions/{id}: attempt 2: ConnectError; the next one follows in 0.50 s",
        "X /tunnel_sessions/{id}: attempt 3: ERR_NGROK_803; the next one follows in 1.00 s",
    ] == caplog.messages


async def test_end_is_logged_for_those_who_look(
    clock: TurnableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Why a failed call was not repeated is in the debug log."""
    caplog.set_level(logging.DEBUG, "ngrok_async.retry")
    await finish(clock, retry(clock, Retry(max_attempts=1))(request(), Wire(clock, answer(503))))
    await finish(clock, retry(clock)(request(), Wire(clock, answer(400))))

    assert [
        "X /tunnel_sessions/{id}: attempt 1: HTTP 503; attempts spent",
        "X /tunnel_sessions/{id}: attempt 1: final",
    ] == caplog.messages
