"""What a process knows of the shared rate limit, and has to tell: no event loop, no Redis."""

import logging
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from ngrok_async._limits.redis_answer import Answer
from ngrok_async._limits.redis_part import Part
from ngrok_async._limits.redis_report import Report
from ngrok_async._limits.refusals import slow_down
from ngrok_async._limits.stated import stated_limits
from ngrok_async._limits.window import Window
from ngrok_async._request import Response
from ngrok_async._way.answer import envelope

_log: Final = logging.getLogger("ngrok_async.rate_limit")

_NEVER: Final = float("inf")
# How long an end may be kept for the next command to carry, where nobody waits for it.
_LINGER: Final = 0.005
# How soon Redis is tried again,
_RETRY: Final = 0.5
# and for how long then, so that all processes have told what they sent alone, nobody relies on it.
_SETTLE: Final = 1.0


class Change(NamedTuple):
    """The limit is shared from now on, or not."""

    shared: bool
    processes: int
    reason: str


class State:
    """The limit of all processes as it was last told, and the part that this one has in it.

    Attributes:
        whole: The limit of all.
        part: What this process has of it, and keeps to where it cannot rely on Redis.
        processes: How many there are, as far as is known.
        shared: Whether they share the limit now.
        goes_alone: Whether this process goes on where Redis is away.
        ahead: How many other processes wait before this one.
        changes: What nobody has heard of yet.
        ask_at: Redis has said that there is no slot before.
        retry_at: No command makes sense before.
        careful_until: Nobody goes beyond the part, since Redis does not know of all requests.
    """

    def __init__(
        self,
        limit: tuple[int, float, int],
        *,
        lease: float,
        share: float | None,
        jitter: Callable[[], float],
    ) -> None:
        """Begin without any knowledge."""
        self.whole = Window(*limit, jitter=jitter)
        self.part = Part(limit, share, jitter)
        self.processes = 1
        self.shared = False
        self.goes_alone = share is not None
        self.ahead = 0
        self.changes: list[Change] = []
        self.ask_at = self.retry_at = self.careful_until = -_NEVER
        self._report = Report(limit, lease)
        self._smallest = limit
        self._lease = lease
        self._share = share
        self._jitter = jitter
        self._unsure_until = -_NEVER
        self._tell_at = _NEVER
        self._others = 0
        self._trouble = ""

    @property
    def has_heard(self) -> bool:
        """Whether Redis has ever answered."""
        return self._report.told_at > -_NEVER

    def is_alone(self, now: float) -> bool:
        """Tell whether this process has to go by itself."""
        if not self.goes_alone:
            return now < self.retry_at
        return self.retry_at > -_NEVER

    def known(self, now: float) -> Window:
        """Return the window that counts for this process."""
        is_part = self.is_alone(now) or now < self.careful_until
        return self.part.window if is_part else self.whole

    def is_told_to_wait(self, now: float) -> bool:
        """Tell whether it is known already that there is no slot."""
        return now < self.ask_at or self.is_alone(now) or not self._room(now)

    def _room(self, now: float) -> float:
        return self.part.room(now) if now < self.careful_until else _NEVER

    def next_look(self, now: float) -> float:
        """Return when the part has a slot again; infinity: not before a request has ended."""
        look = self.part.window.next_look(now)
        return _NEVER if look is None else look

    def due(self, now: float, *, waits: bool) -> float:
        """Return when the next command is due; infinity where there is nothing to ask or tell."""
        at = self._tell_at
        if waits:
            ask_at = max(self.ask_at, self.retry_at)
            if not self._room(now):
                ask_at = min(self.careful_until, self.next_look(now))
            at = min(at, ask_at)
        if self.part.window.in_flight:
            at = min(at, self._report.told_at + self._lease / 3)
        return max(at, self.retry_at)

    # --- requests ----------------------------------------------------------------------------

    def take(self, now: float) -> bool:
        """Take a slot of the part, if there is one."""
        if not self.part.take(now):
            return False
        self._tell_at = min(self._tell_at, now + _LINGER)
        return True

    def end(self, now: float, begun: float, *, counts: bool, late: bool, hurry: bool) -> None:
        """End a request that had a slot."""
        self.part.window.give_back(now, counts=counts, late=late)
        at = now + self.whole.seconds / 60 if late else now
        self._report.end(at, now - begun, counts=counts)
        self._tell_at = min(self._tell_at, now if hurry or self._others else now + _LINGER)

    def refuse(self, now: float, response: Response) -> float:
        """Pause after a 429, and return for how many seconds from now on."""
        whole = self.whole
        is_whole = self.known(now) is whole
        if not is_whole:
            whole.stamps = self.part.window.stamps.copy()
        pause = slow_down(whole, now, response)
        self._report.refuse(stated_limits(envelope(response).message or ""), whole)
        self._tell_at = now
        self.part.keep(whole, self.processes)
        return pause

    # --- Redis -------------------------------------------------------------------------------

    def words(self, now: float, waiting: int) -> list[str | int]:
        """Return what to tell, and for how many slots to ask."""
        want = 0 if self.is_alone(now) else int(min(waiting, self._room(now)))
        self._tell_at = _NEVER
        return self._report.words(
            now,
            self.whole,
            self.part.window.in_flight,
            want,
            careful=now < self.careful_until,
            jitter=self._jitter(),
        )

    def learn(self, now: float, answer: Answer) -> None:
        """Learn from the answer to what was told last."""
        self.goes_alone = self._share is not None
        self._report.hear(answer.born)
        self.ask_at = now + answer.wait if answer.granted < self._report.want else -_NEVER
        self.part.window.tick(now)  # it forgets what is too long ago
        self.part.window.in_flight += answer.granted
        self._others, self.ahead = answer.others, answer.ahead
        careful = answer.careful
        if self._trouble and self.retry_at > -_NEVER:
            # Others have yet to tell what they sent alone.
            careful = max(careful, min(_SETTLE, self.whole.seconds))
        self.retry_at = -_NEVER
        self.careful_until = max(self.careful_until, now + careful)
        is_careful = now < self.careful_until
        # In a new state, not all have turned up yet.
        self.processes = max(answer.processes, self.processes if is_careful else 1)
        if is_careful:  # by what was known before
            self._stop_sharing(now, "has lost a part of what it knew")
        self._adopt(now, answer)
        if is_careful:
            self.part.keep(self.whole, self.processes)
            self._tell_at = min(self._tell_at, self.careful_until)  # and hear that it is over
        else:
            self.shared = True
            if self._trouble:
                self._trouble = ""
                self._tell("Redis answers again")
                _log.info("Redis answers again: the rate limit is shared by all processes")

    def lose(self, now: float, reason: str) -> None:
        """Go on without Redis, which did not answer what was told last."""
        self.goes_alone = self._share is not None
        if not self._trouble:
            self._unsure_until = now + self._lease  # what it granted all the same is over then
        self.retry_at = now + _RETRY
        if self._report or self.part.window.in_flight or now < self._unsure_until:
            self._tell_at = now
        self._stop_sharing(now, f"does not answer ({reason})")

    def put_off(self, now: float) -> None:
        """Stop, since Redis cannot keep the limit."""
        self.goes_alone = False
        self.retry_at = now + _RETRY

    def _stop_sharing(self, now: float, reason: str) -> None:
        part, whole = self.part, self.whole
        if self._trouble:
            part.keep(whole, self.processes)
            return
        part.begin(now, whole, self.processes)
        part.keep(whole, self.processes)
        part.spread(now)
        self._trouble, self.shared = reason, False
        self._tell(f"Redis {reason}")
        keeps = self.goes_alone or now < self.careful_until
        _log.warning(
            "Redis, which keeps the rate limit, %s: until it is shared again, the calls of this"
            " process %s",
            reason,
            f"keep to {part.limit} requests per {whole.seconds:g} s" if keeps else "fail",
        )

    def _adopt(self, now: float, answer: Answer) -> None:
        whole = self.whole
        if answer.limit != self._smallest:
            self._smallest = answer.limit
            whole.keep_to(*answer.limit)
            _log.warning(
                "the smallest limit that is set for a process of this account: %d requests per"
                " %g s, %d at a time; all keep to it",
                *answer.limit,
            )
        whole.adopt(now, answer.stated, again=False)
        if answer.spread and now >= whole.spread_until:
            _log.warning(
                "ngrok refused a request of another process for the rate limit;"
                " all calls pause for %.1f s",
                answer.paused,
            )
        whole.in_flight = answer.in_flight
        whole.stamps = deque(now - age for age in answer.ages)
        whole.paused_until = now + answer.paused
        whole.spread_until = now + answer.spread
        whole.next_start = now + answer.next_start

    def _tell(self, reason: str) -> None:
        self.changes.append(Change(self.shared, self.processes, reason))
