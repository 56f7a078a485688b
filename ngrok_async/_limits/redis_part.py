"""The part of a shared rate limit that a process keeps to where it cannot rely on Redis."""

from collections.abc import Callable
from typing import Final

from ngrok_async._limits.window import Window

_NEVER: Final = float("inf")
# No process takes more than one of so many parts, however few there seem to be.
_FEWEST: Final = 4


class Part:
    """The requests of this process, and how many more of them its part of the limit allows.

    Attributes:
        window: They as a window, which also counts them while the limit is shared.
        limit: What is its part once nothing else counts.
    """

    def __init__(
        self,
        limit: tuple[int, float, int],
        share: float | None,
        jitter: Callable[[], float],
    ) -> None:
        """Begin with all of the limit."""
        self.window = Window(*limit, jitter=jitter)
        self.limit = limit[0]
        self._share = 1.0 if share is None else share
        self._jitter = jitter
        self._scarce = 0
        self._scarce_until = -_NEVER

    def begin(self, now: float, whole: Window, processes: int) -> None:
        """Note what was free when Redis was last heard.

        Some processes have used more than their part by then. Until that has left the window, all
        together have what was free, and not what others have not used of theirs.
        """
        whole.tick(now)
        self.window.tick(now)
        free = max(0, whole.limit - whole.used)
        self._scarce = self.window.used + free // max(_FEWEST, processes)
        self._scarce_until = now + whole.seconds

    def keep(self, whole: Window, processes: int) -> None:
        """Keep to one part in as many as there are processes, and to the pauses of all."""
        share = min(self._share, 1 / max(_FEWEST, processes))
        # Where a quotient is a little too small, its product would be one too few.
        self.limit, in_flight = (
            max(1, int(number * share + 1e-9)) for number in (whole.limit, whole.max_in_flight)
        )
        window = self.window
        window.keep_to(self.limit, whole.seconds, in_flight)
        window.paused_until = whole.paused_until
        window.spread_until = whole.spread_until
        window.next_start = max(window.next_start, whole.next_start)
        if processes > whole.max_in_flight:  # one in flight for each would be too many
            window.spread_until = _NEVER
        self._bound(window.now)

    def spread(self, now: float) -> None:
        """Where starts are spread, let not all processes begin with one at the same time."""
        window = self.window
        if window.spread_until == _NEVER:
            wait = self._jitter() * window.seconds / window.limit
            window.next_start = max(window.next_start, now + wait)

    def take(self, now: float) -> bool:
        """Take a slot, if there is one."""
        self._bound(now)
        return self.window.take(now)

    def room(self, now: float) -> int:
        """Return how many slots could be taken, whatever the pauses."""
        window = self.window
        self._bound(window.tick(now))
        return max(0, min(window.limit - window.used, window.max_in_flight - window.in_flight))

    def _bound(self, now: float) -> None:
        window = self.window
        limit = min(self.limit, self._scarce) if now < self._scarce_until else self.limit
        if window.limit != max(1, limit):
            window.keep_to(max(1, limit), window.seconds, window.max_in_flight)
