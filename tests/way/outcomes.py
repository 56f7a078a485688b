"""What attempts may end with, and a wire that answers as a test says."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

from ngrok_async._request import Effect, Request, Response, Timeout
from ngrok_async._way.retry import Outcome, Retry, RetryMiddleware
from ngrok_async.errors import (
    ConnectError,
    ConnectionLostError,
    NgrokError,
    RequestTimeoutError,
    TransportError,
)
from ngrok_async.testing import TurnableClock


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


def retry(clock: TurnableClock, policy: Retry | None = None) -> RetryMiddleware:
    """Make the middleware with pauses of half their bound."""
    return RetryMiddleware(policy or Retry(), lambda: clock, lambda: 0.5)


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


async def call(
    clock: TurnableClock, middleware: RetryMiddleware, *outcomes: Outcome
) -> tuple[int, bool]:
    """Make a call and return how many attempts it took and whether the budget ended it."""
    try:
        response = await finish(clock, middleware(request(), Wire(clock, *outcomes)))
    except NgrokError as error:
        return error.attempts, error.retry_budget_exhausted
    return response.attempts, response.retry_budget_exhausted
