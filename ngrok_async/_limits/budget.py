"""The state of a rate limit, for those who look."""

import attrs


@attrs.frozen
class Budget:
    """The state of a rate limit at one moment.

    Attributes:
        limit: Requests that may go out in any window.
        window: The window's length in seconds.
        used: Requests that count against it now, those in flight included.
        in_flight: Requests whose answer is still out.
        waiting: Calls that wait for a slot.
        paused: Seconds until the pause after a 429 ends; 0 without one.
        shared: Whether other processes keep to the limit too, as they do now with a
            `RedisRateLimit` whose Redis answers. If not, all numbers are of this process alone.
        processes: How many share it, as far as is known.
    """

    limit: int
    window: float
    used: int
    in_flight: int
    waiting: int
    paused: float
    shared: bool = False
    processes: int = 1

    @property
    def remaining(self) -> int:
        """Requests that could go out at once; none in a pause."""
        return 0 if self.paused else max(0, self.limit - self.used)
