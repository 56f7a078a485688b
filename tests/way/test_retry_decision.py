"""What is repeated, how often and after how long: the pure decision."""

from collections.abc import Iterable
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ngrok_async._request import Effect
from ngrok_async._way.retry import Decision, Outcome, Retry, decide
from ngrok_async.errors import (
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    NgrokError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseError,
)
from tests.way.outcomes import answer, failed

EVERY: frozenset[Effect] = frozenset(get_args(Effect))
SAFE: frozenset[Effect] = EVERY - {"act"}
NEVER: frozenset[Effect] = frozenset()
ALWAYS = float("inf")


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


# Which outcomes


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


# How often


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


# How long


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


# The policy's values


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
