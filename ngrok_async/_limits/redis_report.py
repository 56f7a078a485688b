"""What a process tells of itself with each command, until it is sure that Redis has heard it."""

import math
import os
from typing import Final
from uuid import uuid4

from ngrok_async._limits.stated import NOTHING, Stated
from ngrok_async._limits.window import Window

_NEVER: Final = float("inf")
_MICRO: Final = 1e6


class Report:
    """The words of a command: all that Redis has to know of a process, and what has ended.

    Attributes:
        told_at: When the last command was sent that has been answered.
        want: For how many slots the last one asked.
    """

    def __init__(self, limit: tuple[int, float, int], lease: float) -> None:
        """Begin with nothing to tell."""
        self.told_at = -_NEVER
        self.want = 0
        self._name = uuid4().hex[:16]
        self._limit = limit
        self._lease = lease
        self._kept = max(lease, limit[1])  # so long Redis knows a process that says nothing
        self._turn = self._done = self._born = 0
        self._ended: list[float] = []
        self._service = 0.0  # how long the last request took
        self._stated = NOTHING
        self._pauses = (-_NEVER,) * 3
        # Of the last command: when it was sent, how many ends it told, and what ngrok stated.
        self._sent_at, self._sent_ended, self._sent_stated = -_NEVER, 0, NOTHING

    def __bool__(self) -> bool:
        """Tell whether an end has not been heard."""
        return bool(self._ended)

    def end(self, at: float, service: float, *, counts: bool) -> None:
        """Add the end of a request, which took so long."""
        self._service = service
        if counts:
            self._ended.append(at)

    def refuse(self, stated: Stated, whole: Window) -> None:
        """Add what follows from a 429: no state that gets lost ends the pauses."""
        self._stated = stated
        self._pauses = (whole.paused_until, whole.spread_until, whole.next_start)

    def words(
        self, now: float, whole: Window, in_flight: int, want: int, *, careful: bool, jitter: float
    ) -> list[str | int]:
        """Return what to tell, as the script takes it."""
        self._forget(now - self._kept)
        self._turn += 1
        self.want = want
        self._sent_at, self._sent_ended, self._sent_stated = now, len(self._ended), self._stated
        requests, seconds, flights = self._limit
        distance = whole.seconds / whole.limit * (0.5 + jitter)
        return [
            f"{self._name}-{os.getpid():x}",  # a fork is another process
            *(self._born, self._turn, self._done, in_flight, want, int(careful)),
            *(_micro(self._lease), _micro(self._service), requests, _micro(seconds), flights),
            *(whole.limit, _micro(whole.seconds), whole.max_in_flight, _micro(distance)),
            *(_micro(max(0.0, end - now)) for end in self._pauses),
            *(self._stated.requests, _micro(self._stated.window), self._stated.in_flight),
            *(_micro(now - at) for at in self._ended),
        ]

    def hear(self, born: int) -> None:
        """Drop what the last command told, since it was answered."""
        del self._ended[: self._sent_ended]
        self._done += self._sent_ended
        self.told_at, self._born = self._sent_at, born
        if self._stated is self._sent_stated:
            self._stated = NOTHING

    def _forget(self, before: float) -> None:
        if self.told_at > before:
            return
        self._born = 0  # nobody misses us any more, nor what ended so long ago
        while self._ended and self._ended[0] <= before:
            del self._ended[0]
            self._done += 1


def _micro(seconds: float) -> int:
    """Return whole microseconds, none too few."""
    return math.ceil(seconds * _MICRO)
