"""What ngrok states about a limit when it refuses a request."""

import math
import re
from typing import Final, NamedTuple

# Compiled when there is a 429 to read, not when this is imported.
_REQUESTS: Final = (
    r"(?i)rate limited to\W{0,4}(\d{1,6})\W{0,4}API requests per\W{0,4}"
    r"(\d{0,6}(?:\.\d{1,9})?\s?[a-z]+(?:\d{1,6}(?:\.\d{1,9})?[a-z]+)*)"
)
_IN_FLIGHT: Final = r"(?i)limited to\W{0,4}(\d{1,6})\W{0,4}simultaneous"
_PART: Final = r"(\d*(?:\.\d+)?)\s?([a-z]+)"
_SECONDS: Final = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
# Nobody who means a rate counts for longer, and a program must not stop for days.
_LONGEST_WINDOW: Final = 3600.0


class Stated(NamedTuple):
    """A limit in ngrok's words; 0 stands for what it does not state.

    Attributes:
        requests: Requests in any window.
        window: Its length in seconds.
        in_flight: Requests at a time.
    """

    requests: int = 0
    window: float = 0.0
    in_flight: int = 0


NOTHING: Final = Stated()


def stated_limits(message: str) -> Stated:
    """Return what the message of a 429 states, as far as it can be read and meant."""
    if match := re.search(_IN_FLIGHT, message):
        return Stated(in_flight=int(match[1]))
    if match := re.search(_REQUESTS, message):
        requests, window = int(match[1]), _interval(match[2])
        if requests and 0 < window <= _LONGEST_WINDOW:
            return Stated(requests, window)
    return NOTHING


def _interval(text: str) -> float:
    """Return the seconds in "60 seconds", "minute" or "1m0s"; 0 for what is none of these."""
    total = 0.0
    for number, unit in re.findall(_PART, text.lower()):
        if unit not in _SECONDS:
            return 0.0
        total += float(number or 1) * _SECONDS[unit]
    return total


def allows(stated: tuple[int, float], limit: int, window: float) -> bool:
    """Tell whether who keeps to `limit` per `window` keeps to what is stated."""
    requests, seconds = stated
    # The last digit of a quotient must not count as one more window.
    return math.ceil(seconds / window - 1e-9) * limit <= requests


def within_both(one: tuple[int, float], other: tuple[int, float]) -> tuple[int, float]:
    """Return requests and a window that keep to both limits."""
    (fewer, short), (more, long) = sorted((one, other), key=lambda limit: limit[1])
    # The longer window in equal parts: as many as the other limit needs to fit into one of them,
    # no more than keep the parts as long as the short window.
    parts = max(1, min(math.ceil(more / fewer), int(long / short)))
    return min(more // parts, fewer), long / parts
