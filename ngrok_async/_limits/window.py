"""The window as a value: what was sent and when, and so whether one more may leave.

A slot is taken when a request leaves and freed one window after its answer came back; what is in
flight counts as used. The server counts a request somewhere between the two, so whatever the
network does, it never counts more than the limit within its own window.

It is told the time, and knows no event loop and nobody who waits.
"""

import logging
from bisect import bisect
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from ngrok_async._limits.stated import Stated, allows, within_both
from ngrok_async._numbers import as_float
from ngrok_async._shown import shown

_log: Final = logging.getLogger("ngrok_async.rate_limit")

_NEVER, _ALWAYS = float("inf"), float("-inf")
# A `Retry-After` of the year 9999 must not end a process's calls for good: ask once an hour.
_LONGEST_PAUSE: Final = 3600.0
# What ngrok states holds for so many windows, and no longer than an hour.
_WINDOWS_KEPT: Final = 10
_LONGEST_KEPT: Final = 3600.0
_MOST_KEPT: Final = 8
# The clocks of two event loops may differ a little, as some read the time once per turn; by more,
# a clock has gone back.
_SAME_TIME: Final = 1.0


class Refusal(NamedTuple):
    """What a refused request means.

    Attributes:
        pause: Seconds from now for which nobody leaves.
        is_news: Whether it is the first of its episode.
    """

    pause: float
    is_news: bool


class Window:
    """A rolling window over the requests of an account."""

    def __init__(
        self,
        requests: int,
        seconds: float,
        in_flight: int,
        *,
        jitter: Callable[[], float],
        is_share: bool = True,
    ) -> None:
        """Begin empty.

        Args:
            requests: Requests in any window.
            seconds: Its length.
            in_flight: Requests at a time.
            jitter: Numbers in [0, 1), to spread what starts after a pause.
            is_share: Whether somebody else may have the rest, so that nothing which ngrok states
                allows more.

        Raises:
            ValueError: With such numbers nothing, or anything, could leave.
        """
        for name, value in (("requests", requests), ("in_flight", in_flight)):
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be an integer above 0, got {shown(value)}")
        if not 0 < as_float(seconds) < _NEVER:
            raise ValueError(f"window must be seconds above 0, got {shown(seconds)}")
        self._own = (requests, float(seconds), in_flight)
        self._is_share = is_share
        self._jitter = jitter
        # In force, which is what was set unless ngrok has stated something else.
        self.limit, self.seconds, self.max_in_flight = self._own
        self.in_flight = 0
        self.now = _ALWAYS  # as it was last told
        self.turned_back = 0  # how often the clock was, for those who have set timers
        self.stamps: deque[float] = deque()  # when each finished request's window began, ascending
        self._kept_for = self.seconds  # the longer of the two windows, set and in force
        self._stated: dict[Stated, float] = {}  # until when each is kept to
        self._recovers_at = _NEVER
        self.paused_until = _ALWAYS
        self.spread_until = _ALWAYS  # until then, one start per interval
        self.next_start = _ALWAYS
        self._episode_until = _ALWAYS

    def keep_to(self, requests: int, seconds: float, in_flight: int) -> None:
        """Put other limits in the place of those that were set."""
        self._own = (requests, seconds, in_flight)
        self._settle()

    # --- slots -------------------------------------------------------------------------------

    def take(self, now: float) -> bool:
        """Take a slot, if there is one."""
        now = self.tick(now)
        # Most often there is no pause at all, and no other window than the one that was set.
        if (now < self.spread_until or now < self.paused_until) and now < self._opens_at:
            return False
        in_flight = self.in_flight
        counted = len(self.stamps) if self._kept_for == self.seconds else self._counted
        if in_flight >= self.max_in_flight or counted + in_flight >= self.limit:
            return False
        if now < self.spread_until:
            interval = self.seconds / self.limit
            self.next_start = now + interval * (0.5 + self._jitter())
        self.in_flight = in_flight + 1
        return True

    def give_back(self, now: float, *, counts: bool = True, late: bool = False) -> None:
        """End a request that had a slot.

        Args:
            now: The time.
            counts: Whether ngrok may have counted it.
            late: Whether it may arrive a little later still, since it was given up.
        """
        # What has left the window by now, and a clock that has gone back, is of no interest before
        # the next one comes.
        stamp = self.now = max(now, self.now)
        self.in_flight -= 1
        if not counts:
            return
        if late:
            stamp += self.seconds / 60
        stamps = self.stamps
        if not stamps or stamps[-1] <= stamp:
            stamps.append(stamp)
            return
        # Late stamps are rare and small: insert from the right.
        place = len(stamps)
        while place and stamps[place - 1] > stamp:
            place -= 1
        stamps.insert(place, stamp)

    @property
    def used(self) -> int:
        """Requests that count now, those in flight included."""
        return self._counted + self.in_flight

    @property
    def _counted(self) -> int:
        stamps, seconds = self.stamps, self.seconds
        if self._kept_for == seconds:
            return len(stamps)
        # A shorter window is in force for a while.
        return len(stamps) - bisect(stamps, self.now, key=lambda stamp: stamp + seconds)

    # --- predictions -------------------------------------------------------------------------

    def expected(self, now: float, ahead: int) -> float:
        """Return the least that a call which comes now has to wait, in seconds.

        Args:
            now: The time.
            ahead: How many wait before it.
        """
        now = self.tick(now)
        counted = self._counted
        used = counted + self.in_flight
        wait = 0.0
        if (index := used + ahead - self.limit) >= 0:
            # It takes the slot of the request `index` places down this line: the stamps, those in
            # flight (whose windows have not even begun), then the queue, `limit` per window. More
            # than `limit` are out where the limit was lowered meanwhile.
            windows = max(0, (index - max(used, self.limit)) // self.limit + 1)
            index -= windows * self.limit
            stamps = self.stamps
            # One in flight may be back before a late stamp begins.
            stamp = min(stamps[len(stamps) - counted + index], now) if index < counted else now
            wait = stamp - now + self.seconds * (windows + 1)
        # Nobody knows what will be once a limit that ngrok stated is no longer kept to.
        return max(min(wait, self._recovers_at - now), self._opens_at - now)

    def next_look(self, now: float) -> float | None:
        """Return when who waits should look again; None: not before a request has ended."""
        now = self.tick(now)
        at, counted = self._opens_at, self._counted
        if counted + self.in_flight >= self.limit:
            # Without a stamp all slots are in flight.
            first = self.stamps[-counted] + self.seconds if counted else _NEVER
            at = max(at, first)
        elif at <= now:  # only the number in flight holds back
            at = _NEVER
        at = min(at, self._recovers_at)
        return None if at == _NEVER else at

    @property
    def _opens_at(self) -> float:
        """When the next request may start as far as pauses go."""
        return max(self.paused_until, min(self.next_start, self.spread_until))

    # --- time --------------------------------------------------------------------------------

    def tick(self, now: float, *, reached: float = _ALWAYS) -> float:
        """Let the time go on, and return what counts as now.

        Args:
            now: The time.
            reached: A time that was reached for sure, since a timer rang.
        """
        if now < self.now:
            now = self._turn_back(now, max(self.now, reached))
        self.now = now
        if now >= self._recovers_at:
            self._recover()
        stamps, kept_for = self.stamps, self._kept_for
        # The very sum that a timer is set to: rounded otherwise, it may miss its own slot.
        while stamps and stamps[0] + kept_for <= now:
            stamps.popleft()
        return now

    def _turn_back(self, now: float, before: float) -> float:
        if self.now - now < _SAME_TIME:
            return self.now
        # All that was due in a while is due in the same while by the new time.
        by = now - before
        self.stamps = deque(stamp + by for stamp in self.stamps)
        self._stated = {stated: until + by for stated, until in self._stated.items()}
        self._recovers_at += by
        self.paused_until += by
        self.spread_until += by
        self.next_start += by
        self._episode_until += by
        self.turned_back += 1
        return now

    # --- what ngrok says ---------------------------------------------------------------------

    def refuse(
        self, now: float, stated: Stated, *, retry_after: float | None, too_many_at_once: bool
    ) -> Refusal:
        """Pause everybody, since ngrok refused a request.

        Args:
            now: The time.
            stated: What it says about the limit.
            retry_after: The seconds that it asks for.
            too_many_at_once: Whether only their number at a time was too large: an answer frees a
                place any moment, so nobody has to pause unless ngrok asks for it.
        """
        now = self.tick(now)
        self.adopt(now, stated)
        pause = retry_after
        if pause is None and too_many_at_once:
            pause = 0.0
        if pause is None:
            # Somebody else uses the account. Ours is the only log there is: go on when it frees.
            counted = self._counted
            pause = (self.stamps[-counted] if counted else now) + self.seconds - now
        until = now + min(pause, _LONGEST_PAUSE)
        is_news = now >= self._episode_until
        self._episode_until = max(self._episode_until, until + self.seconds)
        self.paused_until = max(self.paused_until, until)
        if not too_many_at_once:
            self.spread_until = max(self.spread_until, self.paused_until + self.seconds)
            first = self.paused_until + self._jitter() * self.seconds / self.limit
            self.next_start = max(self.next_start, first)
        return Refusal(self.paused_until - now, is_news)

    def adopt(self, now: float, stated: Stated, *, again: bool = True) -> None:
        """Keep to limits that ngrok states, as far as they allow less than what was set.

        Args:
            now: The time.
            stated: The limits.
            again: Whether ngrok has stated them just now, which renews what is known already.
        """
        if not any(stated) or (stated in self._stated and not again):
            return
        seconds = max(stated.window, self._own[1])
        self._stated[stated] = now + min(_WINDOWS_KEPT * seconds, _LONGEST_KEPT)
        if len(self._stated) > _MOST_KEPT:
            del self._stated[min(self._stated, key=lambda each: self._stated[each])]
        if self._settle():
            _log.warning(
                "ngrok states a limit: %d requests per %g s, %d at a time from now on",
                *(self.limit, self.seconds, self.max_in_flight),
            )

    def _recover(self) -> None:
        self._stated = {stated: end for stated, end in self._stated.items() if end > self.now}
        if self._settle():
            _log.info(
                "a limit that ngrok stated has not been repeated: %d requests per %g s, %d at a "
                "time from now on",
                *(self.limit, self.seconds, self.max_in_flight),
            )

    def _settle(self) -> bool:
        """Put in force what was set and stated; return whether that changes anything."""
        before = (self.limit, self.seconds, self.max_in_flight)
        limit, seconds, in_flight = self._own
        is_share = self._is_share
        for stated in self._stated:
            in_flight = min(in_flight, stated.in_flight or in_flight)
            requests = stated[:2]
            if not stated.requests or allows(requests, limit, seconds):
                continue
            if is_share or stated.requests > limit:
                limit, seconds = within_both((limit, seconds), requests)
            else:
                limit, seconds = requests
            is_share = True  # of two statements both hold
        self.limit, self.seconds, self.max_in_flight = limit, seconds, in_flight
        self._kept_for = max(seconds, self._own[1])
        self._recovers_at = min(self._stated.values(), default=_NEVER)
        return before != (limit, seconds, in_flight)
