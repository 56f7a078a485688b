"""What a call may wait for its slot, what it is told, and what a refusal of ngrok's teaches."""

import asyncio
import logging
from itertools import count
from typing import Final

from ngrok_async._clock import Clock
from ngrok_async._limits.stated import stated_limits
from ngrok_async._limits.window import Window
from ngrok_async._request import Request, Response
from ngrok_async._retry_after import retry_after
from ngrok_async._way.answer import THROTTLED_CODES, envelope
from ngrok_async.errors import RateLimitedError

_log: Final = logging.getLogger("ngrok_async.rate_limit")

_TOO_MANY_AT_ONCE: Final = "ERR_NGROK_225"

_places: Final = count(1)


def now_of(clock: Clock | None, window: Window) -> float:
    """Return the time, or what the window was last told where nobody knows it."""
    if clock is not None:
        return clock.time()
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return window.now


def tell_waiting(window: Window, waiting: int, expected: float) -> bool:
    """Log how many wait and for how long, unless it is for an answer only: that is a moment."""
    if expected <= 0:
        return False
    _log.info(
        "calls that wait for the rate limit of %d requests per %g s, %d at a time: %d; "
        "the last one leaves in about %.0f s (max_wait= bounds such waits)",
        *(window.limit, window.seconds, window.max_in_flight, waiting, expected),
    )
    return True


def place_of(request: Request) -> int:
    """Return the place in the line of the call that the request belongs to."""
    progress = request.progress
    if request.attempt == 1 or not progress.place:
        progress.place = next(_places)
    return progress.place


def patience_of(request: Request) -> float:
    """Return the seconds that a request may wait for a slot."""
    return float("inf") if request.max_wait is None else request.max_wait


def slow_down(window: Window, now: float, response: Response) -> float:
    """Learn from a refusal, and return for how many seconds everybody pauses from now on."""
    told = envelope(response)
    pause, is_news = window.refuse(
        now,
        stated_limits(told.message or ""),
        retry_after=retry_after(response.headers),
        too_many_at_once=told.code == _TOO_MANY_AT_ONCE,
    )
    if is_news:
        _log.warning(
            "ngrok refused a request for the rate limit (%s); all calls pause for %.1f s",
            # Other codes are free text, which may echo the key.
            told.code if told.code in THROTTLED_CODES else response.status,
            pause,
        )
    return pause


def refusal(
    window: Window, request: Request, expected: float, *, waited: bool = False
) -> RateLimitedError:
    """Make the error for a wait that would be too long, or was: it took all that was allowed."""
    limit = (
        f"the limit of {window.limit} requests per {window.seconds:g} s, "
        f"{window.max_in_flight} at a time,"
    )
    patience = patience_of(request)
    if waited:
        text = f"not sent: {limit} had no place for {patience:.1f} s, all that"
    else:
        text = f"not sent: {limit} has no place for at least {expected:.1f} s, more than"
    error = RateLimitedError(
        f"{text} max_wait={patience:g} allows (None: as long as it takes)",
        status=429,
        method=request.method,
        path=request.path,
        attempts=0,
    )
    error.retry_after = expected
    return error
