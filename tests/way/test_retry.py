"""When a call is repeated, how long it pauses, and what its outcome says about all attempts."""

import asyncio
import json
import logging
from collections.abc import Coroutine, Iterable
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async._request import Effect, Request, Response, Timeout
from ngrok_async._way.retry import Decision, Outcome, Retry, RetryDebt, RetryMiddleware, decide
from ngrok_async.errors import (
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    NgrokError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseError,
    TransportError,
)
from ngrok_async.testing import TurnableClock

EVERY: frozenset[Effect] = frozenset(get_args(Effect))
SAFE: frozenset[Effect] = EVERY - {"act"}
NEVER: frozenset[Effect] = frozenset()
ALWAYS = float("inf")


def answer(
    status: int, code: str | None = None, *, after: str | None = None, body: bytes | None = None
) -> Response:
    """Make an answer as ngrok gives it."""
    if body is None:
        body = json.dumps({"error_code": code, "status_code": status, "msg": "no"}).encode()
    return Response(
        status=status, headers={} if after is None else {"Retry-After": after}, body=body
    )


def failed(kind: type[TransportError], *, permanent: bool = False) -> TransportError:
    """Make an error as the transport raises it, for an operation that changes something."""
    error = kind("broken", attempts=1, maybe_applied=kind is not ConnectError)
    if isinstance(error, ConnectError):
        error.permanent = permanent
    return error


def decided(
    outcome: Outcome,
    *,
    policy: Retry | None = None,
    attempt: int = 1,
    effect: Effect = "read",
    remaining: float = ALWAYS,
    max_wait: float | None = None,
    tokens: float = 20.0,
    jitter: float = 0.5,
    paced: bool = True,
) -> Decision:
    """Decide about a read's first attempt, unless told otherwise."""
    return decide(
        policy or Retry(),
        outcome,
        attempt=attempt,
        effect=effect,
        remaining=remaining,
        max_wait=max_wait,
        tokens=tokens,
        jitter=jitter,
        paced=paced,
    )


def repeated_effects(outcome: Outcome, policy: Retry | None = None) -> frozenset[Effect]:
    """Return the effects for which this outcome leads to another attempt."""
    return frozenset(e for e in EVERY if decided(outcome, policy=policy, effect=e).wait is not None)


# --- which outcomes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "effects"),
    [
        *((status, NEVER) for status in (200, 204, 301, 302, 303, 307, 308)),
        *((status, NEVER) for status in (400, 401, 403, 404, 405, 407, 409, 410, 413, 422, 451)),
        (408, SAFE),
        (429, EVERY),
        *((status, SAFE) for status in (500, 502, 503, 504)),
        *((status, NEVER) for status in (501, 505, 507, 511, 520, 599)),
    ],
)
@pytest.mark.parametrize("body", [b"{}", b"", b"<html>", b"[1]"], ids=["{}", "empty", "html", "[]"])
def test_status_decides(status: int, effects: frozenset[Effect], body: bytes) -> None:
    """Without a code of ngrok's, the status and the operation's effect tell whether to repeat."""
    assert effects == repeated_effects(answer(status, body=body))


@pytest.mark.parametrize("status", [400, 409, 429, 500, 501, 503])
@pytest.mark.parametrize("code", ["ERR_NGROK_225", "ERR_NGROK_226"])
def test_limit_codes_are_repeated(status: int, code: str) -> None:
    """A refusal for the rate or concurrency limit is repeated, whatever its status."""
    assert EVERY == repeated_effects(answer(status, code))


@pytest.mark.parametrize("status", [400, 500, 501, 503])
@pytest.mark.parametrize(
    "code", ["ERR_NGROK_212", "ERR_NGROK_803", "ERR_NGROK_1500", "ERR_NGROK_1501"]
)
def test_unprocessed_codes_are_repeated(status: int, code: str) -> None:
    """An unreadable body and a server that shuts down did nothing, so even a create is repeated."""
    assert EVERY == repeated_effects(answer(status, code))


@pytest.mark.parametrize("status", [400, 403, 408, 409, 500, 503])
@pytest.mark.parametrize("code", ["ERR_NGROK_203", "ERR_NGROK_413", "ERR_NGROK_1402"])
def test_refusals_are_final(status: int, code: str) -> None:
    """A wrong key, a name that is taken: the code says so, and again would not help."""
    assert NEVER == repeated_effects(answer(status, code))
    assert EVERY == repeated_effects(answer(status, code), Retry(codes={code}))


@pytest.mark.parametrize("status", [400, 408, 409, 500, 502, 504])
def test_unknown_result_of_a_command_is_repeated_where_harmless(status: int) -> None:
    """ERR_NGROK_810 says the agent may have obeyed: `stop` is repeated, `restart` is not."""
    assert SAFE == repeated_effects(answer(status, "ERR_NGROK_810"))


@pytest.mark.parametrize("status", [200, 204, 301])
@pytest.mark.parametrize("code", ["ERR_NGROK_226", "ERR_NGROK_803", "ERR_NGROK_810", "mine"])
def test_codes_count_in_errors_only(status: int, code: str) -> None:
    """A success is final, even with an error code in its body."""
    assert NEVER == repeated_effects(answer(status, code), Retry(codes={"mine"}))


@pytest.mark.parametrize(
    ("codes", "effects"),
    [((), NEVER), (["ERR_NGROK_18016"], EVERY), ({"ERR_NGROK_1"}, NEVER), ({"x", "y"}, NEVER)],
    ids=["none", "this one", "another", "two others"],
)
def test_callers_codes(codes: Iterable[str], effects: frozenset[Effect]) -> None:
    """Codes that the caller names are repeated for every operation."""
    assert effects == repeated_effects(answer(409, "ERR_NGROK_18016"), Retry(codes=codes))


@pytest.mark.parametrize(
    ("error", "effects"),
    [
        (failed(ConnectError), EVERY),
        (failed(ConnectError, permanent=True), NEVER),
        (failed(ConnectionLostError), SAFE),
        (failed(RequestTimeoutError), SAFE),
        (ResponseError("?", status=200), NEVER),
        (RateLimitedError("?", status=429), NEVER),
        (ClientClosedError("?", attempts=1), NEVER),
        (ConfigurationError("?"), NEVER),
        (NgrokError("?"), NEVER),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_errors_decide(error: NgrokError, effects: frozenset[Effect]) -> None:
    """What never left is repeated, what may have arrived only where that is harmless."""
    assert effects == repeated_effects(error)


@pytest.mark.parametrize("code", [None, *(f"ERR_NGROK_{n}" for n in (212, 225, 226, 803, 810))])
def test_act_is_repeated_only_if_provably_unprocessed(code: str | None) -> None:
    """No status makes a create, `restart` or `update` repeat unless ngrok says it did nothing."""
    repeated = {s for s in range(100, 600) if "act" in repeated_effects(answer(s, code))}

    assert repeated == ({429} if code in {None, "ERR_NGROK_810"} else set(range(400, 600)))


OUTCOMES = st.one_of(
    st.builds(
        answer,
        st.sampled_from([200, 404, 408, 429, 500, 503]),
        st.sampled_from([None, "ERR_NGROK_226", "ERR_NGROK_803", "ERR_NGROK_810"]),
        after=st.sampled_from([None, "0", "2", "121", "soon"]),
    ),
    st.builds(failed, st.sampled_from([ConnectError, ConnectionLostError, RequestTimeoutError])),
)


@given(
    outcome=OUTCOMES,
    attempts=st.tuples(st.integers(1, 2**70), st.integers(1, 2**70)),
    effect=st.sampled_from(sorted(EVERY)),
    remaining=st.floats(-10, 200),
    max_wait=st.one_of(st.none(), st.floats(0, 10)),
    tokens=st.floats(0, 20),
    jitter=st.floats(0, 1, exclude_max=True),
)
@example(
    outcome=answer(503),
    attempts=(2**40, 2**50),
    effect="read",
    remaining=100.0,
    max_wait=None,
    tokens=1.0,
    jitter=0.999,
)
def test_decision_keeps_its_bounds(
    *,
    outcome: Outcome,
    attempts: tuple[int, int],
    effect: Effect,
    remaining: float,
    max_wait: float | None,
    tokens: float,
    jitter: float,
) -> None:
    """Whatever happens, a pause fits into every limit, and a repetition is paid for."""
    decision = decided(
        outcome,
        policy=Retry(max_attempts=attempts[1]),
        attempt=attempts[0],
        effect=effect,
        remaining=remaining,
        max_wait=max_wait,
        tokens=tokens,
        jitter=jitter,
    )

    if decision.wait is not None:
        assert attempts[0] < attempts[1]
        assert 0 <= decision.wait < remaining
        assert decision.wait <= 120
        assert max_wait is None or decision.cost or decision.wait <= max_wait
        assert decision.cost <= tokens
        assert not decision.exhausted


# --- how often ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempt", "most", "repeated"),
    [(1, 1, False), (1, 2, True), (2, 2, False), (3, 4, True), (4, 4, False), (5, 4, False)],
)
@pytest.mark.parametrize("outcome", [answer(429), answer(503), failed(ConnectError)], ids=repr)
def test_attempts_are_counted_from_one(
    attempt: int, most: int, *, repeated: bool, outcome: Outcome
) -> None:
    """`max_attempts` counts the first request too."""
    decision = decided(outcome, policy=Retry(max_attempts=most), attempt=attempt)

    assert repeated == (decision.wait is not None)
    assert not decision.exhausted
    assert repeated or "attempts spent" in decision.reason


@pytest.mark.parametrize(
    ("outcome", "cost"),
    [
        (answer(429), 0.0),
        (answer(400, "ERR_NGROK_225"), 0.0),
        (answer(503, "ERR_NGROK_226"), 0.0),
        (answer(503), 1.0),
        (answer(503, "ERR_NGROK_803"), 1.0),
        (failed(ConnectError), 1.0),
        (failed(ConnectionLostError), 1.0),
    ],
    ids=["429", "225", "226", "503", "803", "connect", "lost"],
)
def test_repetitions_cost(outcome: Outcome, cost: float) -> None:
    """A repetition takes 1 from the budget; after a 429 it is free, as the rate limit paces it."""
    enough, short = decided(outcome, tokens=cost), decided(outcome, tokens=cost - 0.01)

    assert (cost, False) == (enough.cost, enough.exhausted)
    assert enough.wait is not None
    assert (None, True) == (short.wait, short.exhausted)
    assert "budget spent" in short.reason


@pytest.mark.parametrize(
    ("outcome", "other"),
    [
        (answer(503), {"attempt": 4}),
        (answer(503), {"remaining": 0.1}),
        (answer(503), {"effect": "act"}),
        (answer(503, after="3600"), {}),
        (answer(400), {}),
        (answer(200), {}),
    ],
    ids=["attempts spent", "no time", "unsafe", "too long", "final", "success"],
)
def test_budget_is_blamed_alone(outcome: Outcome, other: dict[str, Any]) -> None:
    """An empty budget is the reason only where nothing else stood against a repetition."""
    decision = decided(outcome, tokens=0.0, **other)

    assert (None, False) == (decision.wait, decision.exhausted)


# --- how long -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempt", "bound"),
    [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 8.0), (50, 8.0), (10**9, 8.0)],
)
@pytest.mark.parametrize("jitter", [0.0, 0.25, 0.999])
def test_full_jitter(attempt: int, bound: float, jitter: float) -> None:
    """A pause is anything from nothing to a bound that doubles, up to 8 seconds."""
    decision = decided(
        answer(503), policy=Retry(max_attempts=2 * 10**9), attempt=attempt, jitter=jitter
    )

    assert jitter * bound == decision.wait


@pytest.mark.parametrize(
    ("policy", "bound"),
    [
        (Retry(backoff=3), 3),
        (Retry(backoff=3, max_backoff=2), 2),
        (Retry(backoff=0), 0),
        (Retry(max_backoff=0), 0),
    ],
    ids=["longer", "capped", "no backoff", "no maximum"],
)
def test_backoff_is_an_option(policy: Retry, bound: float) -> None:
    """The bound of the first pause, and that of all pauses, are the caller's."""
    assert 0.5 * bound == decided(answer(503), policy=policy).wait


@pytest.mark.parametrize("status", [408, 429, 500, 503])
@pytest.mark.parametrize(
    ("after", "wait"),
    [
        ("0", 0.0),
        ("2", 2.0),
        ("2.5", 2.5),
        ("120", 120.0),
        ("120.001", None),
        ("3600", None),
        ("9999999999", None),
        ("soon", 0.25),
        ("-5", 0.25),
        ("inf", 0.25),
        ("9" * 5000, 0.25),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_retry_after_is_obeyed(status: int, after: str, wait: float | None) -> None:
    """Nobody comes sooner than the server asks for; beyond 120 s, and junk, is not obeyed."""
    decision = decided(answer(status, after=after), jitter=0.0)
    wait = 0.0 if wait == 0.25 else wait  # the usual pause

    assert wait == decision.wait
    assert wait is not None or "too long" in decision.reason


@pytest.mark.parametrize("status", [408, 429, 500, 503])
@pytest.mark.parametrize("after", [0, 5, 120])
@pytest.mark.parametrize("attempt", [1, 3])
@pytest.mark.parametrize("paced", [True, False])
def test_who_was_told_the_same_does_not_come_back_at_once(
    status: int, after: int, attempt: int, *, paced: bool
) -> None:
    """After the server's time comes the usual pause, unless the rate limit spreads the calls."""
    bound = 0.5 * 2 ** (attempt - 1)
    waits = [
        decided(answer(status, after=str(after)), attempt=attempt, jitter=jitter, paced=paced).wait
        for jitter in (0.0, 0.5, 0.75)
    ]
    exact = paced and status == 429

    assert [after + (0 if exact else jitter * bound) for jitter in (0.0, 0.5, 0.75)] == waits


def test_longest_retry_after_is_an_option() -> None:
    """`max_retry_after` moves the border in both directions."""
    assert decided(answer(429, after="2"), policy=Retry(max_retry_after=1)).wait is None
    assert 300 == decided(answer(429, after="300"), policy=Retry(max_retry_after=300)).wait


@pytest.mark.parametrize(
    ("remaining", "wait"),
    [(0.26, 0.25), (0.25, None), (0.1, None), (0.0, None), (-1.0, None), (ALWAYS, 0.25)],
)
def test_pause_has_to_fit(remaining: float, wait: float | None) -> None:
    """A pause that leaves no time for another attempt is not made."""
    decision = decided(answer(503), remaining=remaining)

    assert wait == decision.wait
    assert wait is not None or "does not fit" in decision.reason


@pytest.mark.parametrize(
    ("outcome", "wait"),
    [
        (answer(429, after="5"), 5.0),
        (answer(429, after="5.1"), None),
        (answer(400, "ERR_NGROK_225", after="20"), None),
        (answer(429), 0.25),
        (answer(503, after="20"), 20.25),
    ],
    ids=["just fits", "429", "225", "own pause", "no rate limit"],
)
def test_longest_wait_for_the_rate_limit(outcome: Outcome, wait: float | None) -> None:
    """`max_wait` bounds the pause that a 429 asks for, as it bounds the wait before a request."""
    decision = decided(outcome, max_wait=5.0)

    assert wait == decision.wait
    assert wait is not None or "does not fit" in decision.reason


@pytest.mark.parametrize("jitter", [0.0, 0.5])
def test_nothing_is_repeated_after_the_deadline(jitter: float) -> None:
    """Without any time left, not even a pause of length 0 fits."""
    assert decided(answer(503), remaining=0.0, jitter=jitter).wait is None


# --- the policy's values ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("max_attempts", value) for value in (0, -1, 1.5, True, "3", None)),
        *(
            (name, value)
            for name in ("backoff", "max_backoff", "max_retry_after", "budget")
            for value in (-0.1, float("nan"), "1", True, None)
        ),
        ("codes", "ERR_NGROK_18016"),
        ("codes", {429}),
    ],
)
def test_policy_refuses_nonsense(name: str, value: object) -> None:
    """A value that could not work is refused when it is written, not when the server fails."""
    with pytest.raises(ValueError, match=name):
        Retry(**{name: value})  # type: ignore[arg-type]


# --- the shell ----------------------------------------------------------------------------------

PATH = "/tunnel_sessions/ts_1"


def request(
    effect: Effect = "read", *, total: float | None = None, max_wait: float | None = None
) -> Request:
    """Build a request with this effect."""
    return Request(
        method="X",
        path=PATH,
        route="X /tunnel_sessions/{id}",
        effect=effect,
        timeout=Timeout(total=total),
        max_wait=max_wait,
    )


class Wire:
    """What is below the retries: gives one outcome after another and notes when it was asked."""

    def __init__(self, clock: TurnableClock, *outcomes: Outcome | BaseException) -> None:
        """Set what will happen."""
        self.outcomes = list(outcomes)
        self.times: list[float] = []
        self._clock = clock

    async def __call__(self, _: Request) -> Response:
        """Note the time and return, or raise, what is next."""
        self.times.append(self._clock.time())
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Response):
            return outcome
        raise outcome


async def settle() -> None:
    """Let every task go on until it waits for time."""
    for _ in range(5):
        await asyncio.sleep(0)


async def finish(clock: TurnableClock, call: Coroutine[Any, Any, Response]) -> Response:
    """Turn the clock from timer to timer until the call is over."""
    task = asyncio.ensure_future(call)
    await settle()
    while not task.done():
        assert clock.next_due is not None, "nothing will ever wake the call"
        clock.advance(clock.next_due - clock.time())
        await settle()
    assert clock.next_due is None, "a timer is left"
    return task.result()


@pytest.fixture
def clock() -> TurnableClock:
    """Stop the time."""
    return TurnableClock(running=False)


def retry(clock: TurnableClock, policy: Retry | None = None) -> RetryMiddleware:
    """Make the middleware with pauses of half their bound."""
    return RetryMiddleware(policy or Retry(), lambda: clock, lambda: 0.5)


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


LOST = "lost"
TIMEOUT = "timeout"
CONNECT = "connect"


def outcome_of(word: int | str) -> Outcome:
    """Make a new outcome: a status, a code of ngrok's, or what the transport raises."""
    if word == LOST:
        return failed(ConnectionLostError)
    if word == TIMEOUT:
        return failed(RequestTimeoutError)
    if word == CONNECT:
        return failed(ConnectError)
    return answer(word) if isinstance(word, int) else answer(400, f"ERR_NGROK_{word}")


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


# --- the total timeout --------------------------------------------------------------------------


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


# --- the budget ---------------------------------------------------------------------------------


async def call(
    clock: TurnableClock, middleware: RetryMiddleware, *outcomes: Outcome
) -> tuple[int, bool]:
    """Make a call and return how many attempts it took and whether the budget ended it."""
    try:
        response = await finish(clock, middleware(request(), Wire(clock, *outcomes)))
    except NgrokError as error:
        return error.attempts, error.retry_budget_exhausted
    return response.attempts, response.retry_budget_exhausted


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


# --- cancellation and logs ----------------------------------------------------------------------


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
