"""What a process knows of the shared rate limit, and has to tell: no event loop, no Redis."""

import logging
import math
import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple
from uuid import uuid4

import attrs

from ngrok_async._limits.refusals import slow_down
from ngrok_async._limits.stated import NOTHING, Stated, stated_limits
from ngrok_async._limits.window import Window
from ngrok_async._request import Response
from ngrok_async._way.answer import envelope

_log: Final = logging.getLogger("ngrok_async.rate_limit")

_NEVER: Final = float("inf")
_MICRO: Final = 1e6
_HOUR: Final = 3600.0
# How long an end may be kept for the next command to carry, where nobody waits for it.
_LINGER: Final = 0.005
# How soon Redis is tried again,
_RETRY: Final = 0.5
# and for how long then, so that all processes have told what they sent alone, nobody relies on it.
_SETTLE: Final = 1.0
# No process takes more of the limit than this while it is alone, however few there seem to be.
_FEWEST: Final = 4


@attrs.frozen
class Answer:
    """What the script answers; times are seconds from then on.

    Attributes:
        born: When the state came to be, which tells it from another one.
        granted: Slots that the process has got.
        wait: When to ask again for those that it has not.
        careful: For how long nobody may go beyond its share, since a part of the state was lost.
        processes: How many share the limit.
        others: How many of them wait, this one aside,
        ahead: and how many of these before it.
        in_flight: Requests of all that are out.
        limit: The smallest that is set for any of them: requests, seconds, in flight.
        paused: When the pause ends,
        spread: when requests need no longer leave one by one,
        next_start: when the next one may.
        stated: What ngrok states.
        ages: How long ago each request ended that counts.
    """

    born: int
    granted: int
    wait: float
    careful: float
    processes: int
    others: int
    ahead: int
    in_flight: int
    limit: tuple[int, float, int]
    paused: float
    spread: float
    next_start: float
    stated: Stated
    ages: tuple[float, ...]

    @classmethod
    def of(cls, reply: Sequence[Any]) -> "Answer":
        """Read it."""
        *numbers, text = reply
        born, granted, wait, careful, processes, others, ahead, in_flight, *more = map(int, numbers)
        limit, seconds, at_once, paused, spread, next_start, *stated = more
        words = (text.decode() if isinstance(text, bytes) else text).split()
        pairs = zip(map(float, words[::2]), map(int, words[1::2]), strict=True)
        requests, window, flights = stated
        return cls(
            born=born,
            granted=granted,
            wait=wait / _MICRO,
            careful=careful / _MICRO,
            processes=processes,
            others=others,
            ahead=ahead,
            in_flight=in_flight,
            limit=(limit, seconds / _MICRO, at_once),
            paused=min(paused / _MICRO, _HOUR),
            spread=spread / _MICRO,
            next_start=next_start / _MICRO,
            stated=Stated(requests, window / _MICRO, flights),
            ages=tuple(age / _MICRO for age, number in pairs for _ in range(number)),
        )


class Change(NamedTuple):
    """The limit is shared from now on, or not."""

    shared: bool
    processes: int
    reason: str


class _Told(NamedTuple):
    """What a command that is on its way has told."""

    at: float
    ended: int
    want: int
    stated: Stated


class State:
    """The limit of all processes as it was last told, and the part that this one has in it.

    Attributes:
        whole: The limit of all.
        part: The requests of this process, and the limit that it keeps to alone.
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
        self.whole, self.part = (Window(*limit, jitter=jitter) for _ in range(2))
        self.processes = 1
        self.shared = False
        self.goes_alone = share is not None
        self.ahead = 0
        self.changes: list[Change] = []
        self.ask_at = self.retry_at = self.careful_until = -_NEVER
        self._name = uuid4().hex[:16]
        self._set = self._smallest = limit
        self._lease = lease
        self._kept = max(lease, limit[1])  # so long Redis knows a process that says nothing
        self._share = share
        self._jitter = jitter
        self._turn = self._done = self._born = 0
        self._ended: list[float] = []  # not told yet, or not for sure
        self._stated = NOTHING  # as above
        self._pauses = (-_NEVER,) * 3  # after our own 429: no state that gets lost ends them
        self._told = _Told(-_NEVER, 0, 0, NOTHING)
        self._told_at = self._unsure_until = -_NEVER
        self._tell_at = _NEVER
        self._others = 0
        self._service = 0.0  # how long the last request took
        self._trouble = ""
        self._scarce = 0
        self._scarce_until = -_NEVER

    @property
    def has_heard(self) -> bool:
        """Whether Redis has ever answered."""
        return self._told_at > -_NEVER

    def is_alone(self, now: float) -> bool:
        """Tell whether this process has to go by itself."""
        if not self.goes_alone:
            return now < self.retry_at
        return self.retry_at > -_NEVER

    def known(self, now: float) -> Window:
        """Return the window that counts for this process."""
        return self.part if self.is_alone(now) or now < self.careful_until else self.whole

    def is_told_to_wait(self, now: float) -> bool:
        """Tell whether it is known already that there is no slot."""
        return now < self.ask_at or self.is_alone(now) or not self._room(now)

    def _room(self, now: float) -> float:
        """Return for how many slots this process may ask at most."""
        part = self.part
        if now >= self.careful_until:
            return _NEVER
        self._recover(now)
        part.tick(now)
        return max(0, min(part.limit - part.used, part.max_in_flight - part.in_flight))

    def due(self, now: float, *, waits: bool) -> float:
        """Return when the next command is due; infinity where there is nothing to ask or tell."""
        at = self._tell_at
        if waits:
            ask_at = max(self.ask_at, self.retry_at)
            if not self._room(now):
                look = self.part.next_look(now)
                ask_at = self.careful_until if look is None else min(self.careful_until, look)
            at = min(at, ask_at)
        if self.part.in_flight:
            at = min(at, self._told_at + self._lease / 3)
        return max(at, self.retry_at)

    # --- requests ----------------------------------------------------------------------------

    def take(self, now: float) -> bool:
        """Take a slot of the part, if there is one."""
        self._recover(now)
        if not self.part.take(now):
            return False
        self._tell_at = min(self._tell_at, now + _LINGER)
        return True

    def end(self, now: float, begun: float, *, counts: bool, late: bool, hurry: bool) -> None:
        """End a request that had a slot."""
        self._service = now - begun
        self.part.give_back(now, counts=counts, late=late)
        if counts:
            self._ended.append(now + self.whole.seconds / 60 if late else now)
        self._tell_at = min(self._tell_at, now if hurry or self._others else now + _LINGER)

    def refuse(self, now: float, response: Response) -> float:
        """Pause after a 429, and return for how many seconds from now on."""
        whole = self.whole
        is_whole = self.known(now) is whole
        if not is_whole:
            whole.stamps = self.part.stamps.copy()
        pause = slow_down(whole, now, response)
        self._stated = stated_limits(envelope(response).message or "")
        self._pauses = (whole.paused_until, whole.spread_until, whole.next_start)
        self._tell_at = now
        if not is_whole:
            self._keep_to_share(now, self._trouble)
        return pause

    # --- Redis -------------------------------------------------------------------------------

    def words(self, now: float, waiting: int) -> list[str | int]:
        """Return what to tell, and for how many slots to ask."""
        want = 0 if self.is_alone(now) else int(min(waiting, self._room(now)))
        forgotten = now - self._kept
        if self._told_at <= forgotten:  # nobody misses us any more, or what ended so long ago
            self._born = 0
            while self._ended and self._ended[0] <= forgotten:
                del self._ended[0]
                self._done += 1
        self._turn += 1
        self._tell_at = _NEVER
        self._told = _Told(now, len(self._ended), want, self._stated)
        whole, (requests, seconds, in_flight) = self.whole, self._set
        distance = whole.seconds / whole.limit * (0.5 + self._jitter())
        return [
            f"{self._name}-{os.getpid():x}",  # a fork is another process
            *(self._born, self._turn, self._done, self.part.in_flight, want),
            *(int(now < self.careful_until), _micro(self._lease), _micro(self._service)),
            *(requests, _micro(seconds), in_flight),
            *(whole.limit, _micro(whole.seconds), whole.max_in_flight, _micro(distance)),
            *(_micro(max(0.0, end - now)) for end in self._pauses),
            *(self._stated.requests, _micro(self._stated.window), self._stated.in_flight),
            *(_micro(now - at) for at in self._ended),
        ]

    def learn(self, now: float, answer: Answer) -> None:
        """Learn from the answer to what was told last."""
        self.goes_alone = self._share is not None
        told = self._told
        del self._ended[: told.ended]
        self._done += told.ended
        self._told_at, self._born = told.at, answer.born
        if self._stated is told.stated:
            self._stated = NOTHING
        self.ask_at = now + answer.wait if answer.granted < told.want else -_NEVER
        self.part.tick(now)  # it forgets what is too long ago
        self.part.in_flight += answer.granted
        self._others, self.ahead = answer.others, answer.ahead
        careful = answer.careful
        if (
            self._trouble and self.retry_at > -_NEVER
        ):  # others have yet to tell what they sent alone
            careful = max(careful, min(_SETTLE, self.whole.seconds))
        self.retry_at = -_NEVER
        # In a new state, not all have turned up yet.
        self.processes = max(answer.processes, self.processes if careful else 1)
        if careful:  # by what was known before
            self.careful_until = now + careful
            self._keep_to_share(now, "has lost a part of what it knew")
        self._adopt(now, answer)
        if now < self.careful_until:
            self._keep_to_share(now, self._trouble)  # with the pauses that Redis knows of
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
        is_news = not self._trouble
        if is_news:
            self._unsure_until = now + self._lease  # what it granted all the same is over then
        self.retry_at = now + _RETRY
        if self._ended or self.part.in_flight or now < self._unsure_until:
            self._tell_at = now
        self._keep_to_share(now, f"does not answer ({reason})")
        part = self.part
        if is_news and self.processes > self.whole.max_in_flight:  # not all at the same time
            part.next_start = max(part.next_start, now + self._jitter() * part.seconds / part.limit)

    def put_off(self, now: float) -> None:
        """Stop, since Redis cannot keep the limit."""
        self.goes_alone = False
        self.retry_at = now + _RETRY

    def _keep_to_share(self, now: float, reason: str) -> None:
        whole, part = self.whole, self.part
        fewest = max(_FEWEST, self.processes)
        if not self._trouble:
            # Some have used more than their part. Until that has left the window, all together have
            # what was free, and not what others have not used of theirs.
            whole.tick(now)
            part.tick(now)
            self._scarce = part.used + max(0, whole.limit - whole.used) // fewest
            self._scarce_until = now + whole.seconds
        share = min(self._share or 1.0, 1 / fewest)
        limit, in_flight = (int(n * share + 1e-9) for n in (whole.limit, whole.max_in_flight))
        if now < self._scarce_until:
            limit = min(limit, self._scarce)
        part.keep_to(max(1, limit), whole.seconds, max(1, in_flight))
        part.paused_until = whole.paused_until
        part.spread_until = whole.spread_until
        part.next_start = max(part.next_start, whole.next_start)
        if self.processes > whole.max_in_flight:
            part.spread_until = _NEVER
        if not self._trouble:
            self._trouble, self.shared = reason, False
            self._tell(reason)
            _log.warning(
                "Redis, which keeps the rate limit, %s: until it is shared again, the calls of this"
                " process %s",
                reason,
                f"keep to {part.limit} requests per {part.seconds:g} s"
                if self.goes_alone or not self.retry_at > -_NEVER
                else "fail",
            )

    def _recover(self, now: float) -> None:
        if now >= self._scarce_until > -_NEVER:
            self._scarce_until = -_NEVER
            self._keep_to_share(now, self._trouble)

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


def _micro(seconds: float) -> int:
    """Return whole microseconds, none too few."""
    return math.ceil(seconds * _MICRO)
