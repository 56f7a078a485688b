"""The two limits of an account: requests per window, and requests at a time."""

from collections import deque

from ngrok_async.testing._arguments import span, whole
from ngrok_async.testing._messages import RefusedError
from ngrok_async.testing._refusals import refusal


class Limits:
    """Counts requests when they arrive, over an exact rolling window.

    ngrok does not say whether a request that it rejects counts too. Here it does not.
    """

    def __init__(self, requests: int | None, window: float, in_flight: int | None) -> None:
        """Set the limits; None or 0 is no limit.

        Raises:
            ValueError: There are no such limits.
        """
        self._requests = _most("limit", requests)
        self._window = span("window", window, above=0)
        self._max_in_flight = _most("max_in_flight", in_flight)
        self._arrivals: deque[float] = deque()
        self._in_flight = 0

    def enter(self, now: float) -> RefusedError | None:
        """Count a request in, or return why not."""
        if self._max_in_flight and self._in_flight >= self._max_in_flight:
            return refusal(225, limit=self._max_in_flight)
        if self._requests:
            while self._arrivals and self._arrivals[0] + self._window <= now:
                self._arrivals.popleft()
            if len(self._arrivals) >= self._requests:
                return refusal(226, limit=self._requests, window=self._window)
            self._arrivals.append(now)
        self._in_flight += 1
        return None

    def leave(self) -> None:
        """Count a request out that `enter` let in."""
        self._in_flight -= 1


def _most(name: str, value: object) -> int:
    return 0 if value is None else whole(name, value, "a whole number from 0 on, or None")
