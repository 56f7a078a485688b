"""The shell around the decision: it sends, sleeps, and tells what came of it."""

import asyncio

import pytest

from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async._request import Effect, Request, Response
from ngrok_async._way.retry import Retry
from ngrok_async.errors import (
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    NgrokError,
    RateLimitedError,
    RequestTimeoutError,
)
from ngrok_async.testing import TurnableClock
from tests.way.outcomes import (
    CONNECT,
    LOST,
    TIMEOUT,
    Wire,
    answer,
    failed,
    finish,
    outcome_of,
    request,
    retry,
    settle,
)

# The shell


async def test_success_is_passed_on_as_it_is(clock: TurnableClock) -> None:
    """The first answer that is good is returned untouched, at once."""
    good = Response(status=200, body=b"{}")
    wire = Wire(clock, good)

    assert good is await finish(clock, retry(clock)(request(), wire))
    assert [0] == wire.times


async def test_failures_are_repeated_after_growing_pauses(clock: TurnableClock) -> None:
    """503, 503, 200 makes three requests, with a pause before the second and the third."""
    wire = Wire(clock, answer(503), answer(503), Response(status=200))

    response = await finish(clock, retry(clock)(request(), wire))

    assert (200, 3) == (response.status, response.attempts)
    assert [0, 0.25, 0.75] == wire.times


async def test_last_answer_is_returned(clock: TurnableClock) -> None:
    """When the attempts are spent, the last answer says how many there were."""
    wire = Wire(clock, answer(503), answer(502), answer(503), answer(500))

    response = await finish(clock, retry(clock)(request(), wire))

    assert (500, 4) == (response.status, response.attempts)
    assert [] == wire.outcomes


async def test_last_error_is_raised(clock: TurnableClock) -> None:
    """When the attempts are spent, the last error says how many there were."""
    errors = [failed(ConnectError) for _ in range(4)]
    wire = Wire(clock, *errors)

    with pytest.raises(ConnectError) as caught:
        await finish(clock, retry(clock)(request(), wire))

    assert caught.value is errors[-1]
    assert (4, False) == (caught.value.attempts, caught.value.maybe_applied)


@pytest.mark.parametrize("error", [ValueError("mine"), asyncio.CancelledError()], ids=repr)
async def test_foreign_exceptions_go_through(clock: TurnableClock, error: BaseException) -> None:
    """What is no error of this package ends the call at once."""
    wire = Wire(clock, answer(503), error)

    with pytest.raises(type(error)):
        await finish(clock, retry(clock)(request(), wire))

    assert 2 == len(wire.times)


@pytest.mark.parametrize(
    ("effect", "outcomes", "maybe_applied"),
    [
        ("act", [LOST], True),
        ("act", [TIMEOUT], True),
        ("act", [CONNECT, LOST], True),
        ("act", [429, LOST], True),
        ("act", [CONNECT] * 4, False),
        ("act", [429] * 4, False),
        ("act", [CONNECT, 429, "803", 400], False),
        ("act", [429, "810"], True),
        ("act", [429, 503], True),
        ("act", [429, 200], False),
        ("set", [LOST, 400], True),
        ("set", [TIMEOUT, CONNECT, CONNECT, CONNECT], True),
        ("set", [503, 429, 429, 429], True),
        ("set", ["810", 409], True),
        ("set", [CONNECT, 400], False),
        ("set", [429, 400], False),
        ("remove", [TIMEOUT, 409], True),
        ("remove", ["212", 409], False),
        ("read", [LOST, TIMEOUT, LOST, TIMEOUT], False),
        ("read", [503, LOST, CONNECT, CONNECT], False),
    ],
    ids=lambda value: ", ".join(map(str, value)) if isinstance(value, list) else str(value),
)
async def test_effect_of_all_attempts_together(
    clock: TurnableClock, effect: Effect, outcomes: list[int | str], *, maybe_applied: bool
) -> None:
    """Any attempt may have had the effect, not only the last one."""
    wire = Wire(clock, *map(outcome_of, outcomes))
    try:
        response = await finish(clock, retry(clock)(request(effect), wire))
    except NgrokError as error:
        told, attempts = error.maybe_applied, error.attempts
    else:
        told, attempts = response.maybe_applied, response.attempts

    assert len(outcomes) == attempts == len(wire.times)
    assert [] == wire.outcomes
    assert maybe_applied == told


@pytest.mark.parametrize(
    ("effect", "outcomes", "status"),
    [
        ("remove", [404], 404),
        ("remove", [CONNECT, 404], 404),
        ("remove", [429, 404], 404),
        ("remove", ["803", 404], 404),
        ("remove", [503, 404], 204),
        ("remove", [408, 404], 204),
        ("remove", [LOST, 404], 204),
        ("remove", [TIMEOUT, 404], 204),
        ("remove", ["810", 404], 204),
        ("remove", [LOST, CONNECT, 429, 404], 204),
        ("remove", [LOST, 403], 403),
        ("set", [LOST, 404], 404),
        ("read", [503, 404], 404),
    ],
    ids=lambda value: ", ".join(map(str, value)) if isinstance(value, list) else str(value),
)
async def test_gone_after_an_unknown_result_is_done(
    clock: TurnableClock, effect: Effect, outcomes: list[int | str], status: int
) -> None:
    """A delete or `stop` that meets 404 is done if an earlier attempt may have done it."""
    wire = Wire(clock, *map(outcome_of, outcomes))

    response = await finish(clock, retry(clock)(request(effect), wire))

    assert (status, len(outcomes)) == (response.status, response.attempts)
    assert status != 204 or (b"", False) == (response.body, response.maybe_applied)


def refusal(kind: type[NgrokError]) -> NgrokError:
    """Make an error of something that was not sent."""
    if kind is RateLimitedError:
        return RateLimitedError("not sent", status=429, attempts=0)
    return kind("not sent")


REFUSALS = [RateLimitedError, RequestTimeoutError, ClientClosedError, ConfigurationError]


@pytest.mark.parametrize("kind", REFUSALS)
async def test_refusal_to_send_is_final(clock: TurnableClock, kind: type[NgrokError]) -> None:
    """What was not sent on purpose fails at once, without a pause, at no cost to the budget."""
    middleware = retry(clock, Retry(budget=1))
    for _ in range(3):
        with pytest.raises(kind, match="not sent") as caught:
            await finish(clock, middleware(request(), Wire(clock, refusal(kind))))

        assert (0, False) == (caught.value.attempts, caught.value.maybe_applied)
        assert not caught.value.retry_budget_exhausted
    wire = Wire(clock, answer(503), Response(status=200))

    assert 2 == (await finish(clock, middleware(request(), wire))).attempts
    assert [0, 0.25] == wire.times


@pytest.mark.parametrize("kind", REFUSALS[:2])
@pytest.mark.parametrize("before", [429, 503, "803"])
async def test_answer_before_a_refused_wait_is_told(
    clock: TurnableClock, kind: type[NgrokError], before: int | str
) -> None:
    """If the rate limit refuses to wait for attempt 2, ngrok's answer to attempt 1 is returned."""
    first = outcome_of(before)
    wire = Wire(clock, first, refusal(kind))

    assert first == await finish(clock, retry(clock)(request(), wire))


@pytest.mark.parametrize("kind", REFUSALS[:2])
async def test_error_before_a_refused_wait_is_told(
    clock: TurnableClock, kind: type[NgrokError]
) -> None:
    """If the rate limit refuses to wait for attempt 3, the error of attempt 2 is raised."""
    wire = Wire(clock, answer(503), failed(ConnectError), refusal(kind))

    with pytest.raises(ConnectError) as caught:
        await finish(clock, retry(clock)(request("set"), wire))

    assert (2, True) == (caught.value.attempts, caught.value.maybe_applied)


@pytest.mark.parametrize(("effect", "maybe_applied"), [("set", True), ("read", False)])
async def test_closing_between_attempts_is_told(
    clock: TurnableClock, effect: Effect, *, maybe_applied: bool
) -> None:
    """A client that is closed meanwhile says so, and what the attempts before may have done."""
    wire = Wire(clock, answer(503), ClientClosedError("closed"))

    with pytest.raises(ClientClosedError) as caught:
        await finish(clock, retry(clock)(request(effect), wire))

    assert (1, maybe_applied) == (caught.value.attempts, caught.value.maybe_applied)


async def test_repetition_waits_for_the_rate_limit(clock: TurnableClock) -> None:
    """Below the retries sits the rate limit: a repetition takes a slot like any request."""
    limiter = RateLimit(1, 60, clock=clock, jitter=lambda: 0.0)
    wire = Wire(clock, answer(503), Response(status=200))

    response = await finish(clock, retry(clock)(request(), lambda r: limiter(r, wire)))

    assert 2 == response.attempts
    assert [0, 60] == wire.times


async def test_repetition_that_would_wait_too_long(clock: TurnableClock) -> None:
    """A 429 is told as soon as it is clear that `max_wait` forbids to sit out its pause."""
    limiter = RateLimit(10, 60, clock=clock, jitter=lambda: 0.0)
    for after in ("20", None):  # ngrok's own time, or that of the limiter's log
        wire = Wire(clock, answer(429, after=after))

        response = await finish(
            clock, retry(clock)(request("act", max_wait=5), lambda r, w=wire: limiter(r, w))
        )

        assert (429, 1) == (response.status, response.attempts)
        clock.advance(60)


# The total timeout


@pytest.mark.parametrize(
    ("total", "times"),
    [(0.25, [0]), (0.26, [0, 0.25]), (0.75, [0, 0.25]), (0.76, [0, 0.25, 0.75])],
)
async def test_total_ends_the_attempts_at_once(
    clock: TurnableClock, total: float, times: list[float]
) -> None:
    """The pause that would last beyond the total timeout is not begun."""
    wire = Wire(clock, *(answer(503) for _ in range(4)))

    response = await finish(clock, retry(clock)(request(total=total), wire))

    assert (503, len(times)) == (response.status, response.attempts)
    assert times == wire.times
    assert times[-1] == clock.time()


async def test_time_of_the_attempts_counts(clock: TurnableClock) -> None:
    """The total timeout runs on while an attempt is on its way."""

    async def slow(request: Request) -> Response:
        request.progress.begin(clock.time())
        clock.advance(9.9)
        request.progress.end(clock.time())
        return answer(503)

    response = await finish(clock, retry(clock)(request(total=10.0), slow))

    assert (1, 9.9) == (response.attempts, clock.time())


async def test_time_in_a_limiter_does_not_count(clock: TurnableClock) -> None:
    """Whoever makes a call wait, and however long: the attempts have all of the total timeout."""
    wire = Wire(clock, answer(503), answer(503), Response(status=200))

    async def limiter(request: Request) -> Response:
        clock.advance(1000)
        return await wire(request)

    response = await finish(clock, retry(clock)(request(total=0.8), limiter))

    assert (200, 3) == (response.status, response.attempts)


async def test_cancelled_pause_counts_as_far_as_it_went(clock: TurnableClock) -> None:
    """A middleware that survives it goes on with the rest of the time."""
    asked = request(total=0.8)
    task = asyncio.create_task(retry(clock)(asked, Wire(clock, answer(503))))
    await settle()
    clock.advance(0.2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    clock.advance(1000)

    assert 0.8 - 0.2 == asked.remaining(clock.time())


async def test_long_retry_after_fails_at_once(clock: TurnableClock) -> None:
    """`Retry-After: 3600` is not slept on."""
    wire = Wire(clock, answer(429, after="3600"))

    response = await finish(clock, retry(clock)(request("act"), wire))

    assert (429, 1, 0.0) == (response.status, response.attempts, clock.time())
