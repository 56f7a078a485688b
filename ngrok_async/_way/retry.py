"""Repeating what may be repeated: one pure decision, and a thin shell that sleeps."""

import logging
import random
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeAlias, cast

import attrs

from ngrok_async._clock import Clock, sleep
from ngrok_async._numbers import as_float
from ngrok_async._request import Effect, Request, Response, Send, concluded, left
from ngrok_async._retry_after import retry_after
from ngrok_async._shown import shown
from ngrok_async._way.answer import UNPROCESSED_CODES, envelope, is_ambiguous, is_throttled
from ngrok_async.errors import (
    ERRORS_FROM,
    SERVER_ERRORS_FROM,
    ConnectError,
    NgrokError,
    RateLimitedError,
    RequestTimeoutError,
    TransportError,
)

_log: Final = logging.getLogger("ngrok_async.retry")

Outcome: TypeAlias = Response | NgrokError

_RETRIED_STATUS: Final = frozenset({408, 500, 502, 503, 504})
_NOT_FOUND: Final = 404
# So many successes earn one repetition.
_SUCCESSES: Final = 5


def _at_least_one(_: object, attribute: "attrs.Attribute[int]", value: object) -> None:
    if type(value) is not int or value < 1:
        raise ValueError(
            f"{attribute.name} must be an integer above 0 (1: no repetition), got {shown(value)}"
        )


def _not_negative(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not as_float(value) >= 0:
        raise ValueError(f"{attribute.name} must be a number, 0 or more, got {shown(value)}")


def _codes(value: Iterable[object]) -> frozenset[str]:
    if isinstance(value, str):  # it would become a set of letters
        raise ValueError(f"codes must be a set such as {{{shown(value)}}}, got {shown(value)}")  # noqa: TRY004 # one type for every bad argument value
    codes = tuple(value)
    if wrong := [code for code in codes if not isinstance(code, str)]:
        raise ValueError(
            f"codes must be codes of ngrok such as 'ERR_NGROK_18016', got {shown(wrong[0])}"
        )
    return frozenset(cast("tuple[str, ...]", codes))


@attrs.frozen
class Retry:
    """When a call is repeated.

    429 is repeated for every operation, and so is what provably never reached ngrok. 408, 500, 502,
    503, 504, lost connections and timeouts are repeated where the operation has the same effect
    twice: never for a create, `restart` or `update` of an agent.

    Attributes:
        max_attempts: Requests for one call, the first one included; 1 switches repeating off.
        backoff: The bound of the first random pause in seconds; it doubles with each attempt.
        max_backoff: Where the doubling ends, in seconds.
        max_retry_after: The longest `Retry-After` to obey, in seconds; a longer one fails at once.
        codes: Further ngrok error codes to repeat for every operation, such as "ERR_NGROK_18016".
        budget: How many repetitions a client may have open before successes earn new ones: it
            starts with this many, every repetition but one after a 429 costs 1, every success
            gives 0.2 back. A dead server is thus not hammered by every caller at full count.
            `Client.with_options` shares what is used up of it.
    """

    max_attempts: int = attrs.field(default=4, validator=_at_least_one)
    backoff: float = attrs.field(kw_only=True, default=0.5, validator=_not_negative)
    max_backoff: float = attrs.field(kw_only=True, default=8.0, validator=_not_negative)
    max_retry_after: float = attrs.field(kw_only=True, default=120.0, validator=_not_negative)
    codes: frozenset[str] = attrs.field(kw_only=True, default=frozenset(), converter=_codes)
    budget: int = attrs.field(kw_only=True, default=20, validator=_not_negative)


class Decision(NamedTuple):
    """What to do after an attempt.

    Attributes:
        wait: Seconds before the next attempt, or None to give up.
        reason: Why, for the log.
        cost: What the repetition takes from the retry budget.
        exhausted: Whether the budget alone stood against another attempt.
    """

    wait: float | None
    reason: str
    cost: int = 0
    exhausted: bool = False


def decide(
    policy: Retry,
    outcome: Outcome,
    *,
    attempt: int,
    effect: Effect,
    remaining: float,
    max_wait: float | None,
    tokens: float,
    jitter: float,
    paced: bool = True,
) -> Decision:
    """Decide whether to send a request again, and when.

    Args:
        policy: The rules.
        outcome: What the attempt brought.
        attempt: Its number, from 1.
        effect: What sending it twice does.
        remaining: Seconds that are left of the total timeout; infinite without one.
        max_wait: The longest wait for the rate limit in seconds; None without a limit.
        tokens: What is left of the retry budget.
        jitter: A number in [0, 1) that picks the pause out of its range.
        paced: Whether a rate limit spreads what ngrok refused for its own.
    """
    reason = _reason(policy, outcome, effect)
    if reason is None:
        return Decision(None, "final")
    if attempt >= policy.max_attempts:
        return Decision(None, f"{reason}; attempts spent")
    throttled = isinstance(outcome, Response) and is_throttled(outcome)
    told = retry_after(outcome.headers) if isinstance(outcome, Response) else None
    if told is not None and told > policy.max_retry_after:
        return Decision(None, f"{reason}; Retry-After of {told:.0f} s is too long")
    # min() before 2**n: attempt numbers are the caller's choice.
    range_ = min(policy.max_backoff, policy.backoff * 2 ** min(attempt - 1, 30))
    wait = jitter * range_
    if told is not None:
        # Whoever else was told the same would come back in the same moment. What the rate limit
        # spreads comes back to its place in the line when the pause ends.
        wait = told if throttled and paced else told + wait
    if wait >= remaining or (throttled and max_wait is not None and wait > max_wait):
        return Decision(None, f"{reason}; a pause of {wait:.1f} s does not fit")
    # The rate limit paces what it refused already.
    cost = 0 if throttled else 1
    if cost > tokens:
        return Decision(None, f"{reason}; retry budget spent", exhausted=True)
    return Decision(wait, reason, cost)


def _reason(policy: Retry, outcome: Outcome, effect: Effect) -> str | None:
    """Return why the outcome calls for another attempt, or None where it does not."""
    if isinstance(outcome, NgrokError):
        if isinstance(outcome, ConnectError):
            repeat = not outcome.permanent
        else:
            harmless = effect != "act" or not left(outcome)
            repeat = isinstance(outcome, TransportError) and harmless
        return type(outcome).__name__ if repeat else None
    if outcome.status < ERRORS_FROM:
        return None
    if is_throttled(outcome):
        return "rate limit"
    code = envelope(outcome).code
    if code is not None and (code in policy.codes or code in UNPROCESSED_CODES):
        return code
    # Below 500 is what says by its code that nobody knows whether it was done.
    passing = outcome.status in _RETRIED_STATUS or outcome.status < SERVER_ERRORS_FROM
    if effect != "act" and passing and is_ambiguous(outcome):
        return f"HTTP {outcome.status}"
    return None


class RetryDebt:
    """What a client and its views have used of their retry budgets.

    Attributes:
        fifths: Repetitions that no success has earned back yet, in fifths, which add up exactly.
    """

    __slots__ = ("fifths",)

    def __init__(self) -> None:
        """Begin with none."""
        self.fifths = 0


class RetryMiddleware:
    """Applies a `Retry` to the calls of one client."""

    def __init__(
        self,
        policy: Retry,
        clock: Callable[[], Clock],
        jitter: Callable[[], float] = random.random,
        *,
        debt: RetryDebt | None = None,
        paced: bool = True,
    ) -> None:
        """Prepare.

        Args:
            policy: The rules.
            clock: Returns the time and timers to wait by.
            jitter: Numbers in [0, 1).
            debt: What is used of the retry budget; default: nothing yet.
            paced: Whether a rate limit spreads what ngrok refused for its own.
        """
        self._policy = policy
        self._clock = clock
        self._jitter = jitter
        self._debt = debt or RetryDebt()
        self._paced = paced

    async def __call__(self, request: Request, send: Send) -> Response:
        """Send the request until it is answered for good, and tell how that went."""
        attempts, ambiguous = 0, False
        last: Outcome | None = None
        while True:
            outcome: Outcome
            try:
                outcome = await send(request)
            except NgrokError as error:
                outcome = error
            else:
                if outcome.status < ERRORS_FROM:
                    if self._debt.fifths:
                        self._debt.fifths -= 1
                    return self._conclude(request, outcome, attempts + 1, ambiguous=ambiguous)
            if isinstance(outcome, Response) or outcome.attempts:
                attempts += 1
            else:
                # It was not sent, and asking again would not change that. If it was the rate limit
                # that would not let us wait: what ngrok itself said before tells more.
                if isinstance(outcome, RateLimitedError | RequestTimeoutError):
                    outcome = last or outcome
                return self._conclude(request, outcome, attempts, ambiguous=ambiguous)
            if request.effect == "remove" and ambiguous and _is_gone(outcome):
                # The attempt whose answer got lost did it.
                return Response(status=204, attempts=attempts)
            ambiguous = ambiguous or _may_have_applied(outcome)
            clock = self._clock()
            decision = decide(
                self._policy,
                outcome,
                attempt=attempts,
                effect=request.effect,
                remaining=request.remaining(clock.time()),
                max_wait=request.max_wait,
                tokens=self._policy.budget - self._debt.fifths / _SUCCESSES,
                jitter=self._jitter(),
                paced=self._paced,
            )
            if decision.wait is None:
                _log.debug("%s: attempt %d: %s", request.route, attempts, decision.reason)
                return self._conclude(
                    request, outcome, attempts, ambiguous=ambiguous, exhausted=decision.exhausted
                )
            self._debt.fifths += decision.cost * _SUCCESSES
            _log.info(
                "%s: attempt %d: %s; the next one follows in %.2f s",
                request.route,
                attempts,
                decision.reason,
                decision.wait,
            )
            request.emit("RetryEvent", reason=decision.reason, seconds=decision.wait)
            last = outcome
            request.progress.begin(clock.time())
            try:
                await sleep(clock, decision.wait)
            finally:
                request.progress.end(clock.time())
            request = attrs.evolve(request, attempt=attempts + 1)

    @staticmethod
    def _conclude(
        request: Request,
        outcome: Outcome,
        attempts: int,
        *,
        ambiguous: bool,
        exhausted: bool = False,
    ) -> Response:
        """Return the response, or raise the error, with what all attempts together mean."""
        if isinstance(outcome, Response):
            if attempts == 1 and not exhausted:
                return outcome
            return concluded(
                outcome,
                attempts=attempts,
                maybe_applied=ambiguous,
                retry_budget_exhausted=exhausted,
            )
        outcome.attempts = attempts
        outcome.maybe_applied = ambiguous and request.effect != "read"
        outcome.retry_budget_exhausted = exhausted
        raise outcome


def _is_gone(outcome: Outcome) -> bool:
    return isinstance(outcome, Response) and outcome.status == _NOT_FOUND


def _may_have_applied(outcome: Outcome) -> bool:
    return is_ambiguous(outcome) if isinstance(outcome, Response) else outcome.maybe_applied
