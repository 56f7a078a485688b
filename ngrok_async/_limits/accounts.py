"""One rate limit for each account, whoever asks and in which event loop."""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary, WeakValueDictionary, ref

from ngrok_async._clock import LOOP_CLOCK, Clock, Timer
from ngrok_async._limits.rate_limit import RateLimit

# An event loop whose clock is the process's own may lag by as long as a turn of it takes.
_SAME_CLOCK: Final = 5.0


class AccountRateLimit(RateLimit):
    """120 per minute is what ngrok documents, not a share: what it states instead is adopted."""

    _is_share = False


class _BorrowedClock:
    """A clock that belongs to others, and is not kept alive."""

    def __init__(self, clock: Clock) -> None:
        self._clock = ref(clock)

    def _get(self) -> Clock:
        clock = self._clock()
        if clock is None:
            raise RuntimeError("the clock of this rate limit is gone")
        return clock

    def time(self) -> float:
        return self._get().time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        return self._get().call_at(when, callback)


class _Accounts:
    """The rate limits of one clock: each as long as a client uses it or its window runs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: WeakValueDictionary[object, RateLimit] = WeakValueDictionary()
        # A program that makes a client per call must not get a fresh budget each time.
        self._kept: OrderedDict[RateLimit, None] = OrderedDict()

    def get(self, account: object, clock: Clock | None) -> RateLimit:
        key = (os.getpid(), account)  # a fork begins anew: nobody can count for both processes
        with self._lock:
            found = self._all.get(key)
            if found is None:
                found = self._all[key] = AccountRateLimit(clock=clock)
            # Two for each that comes: so those go again whose window is over, and what a service
            # with many tenants pays for a new one does not depend on their number.
            for _ in range(min(2, len(self._kept))):
                self._look_at_oldest()
            self._kept[found] = None
            return found

    def _look_at_oldest(self) -> None:
        oldest, _ = self._kept.popitem(last=False)
        budget, weak = oldest.budget, ref(oldest)
        if not (budget.used or budget.paused):
            del oldest
        found = weak()
        if found is not None:  # it is needed, or a client has it and may use it again any moment
            self._kept[found] = None


_of_process: Final = _Accounts()
# Clocks that somebody passed, and event loops with a time of their own.
_of_clocks: Final[WeakKeyDictionary[object, _Accounts]] = WeakKeyDictionary()


def shared_rate_limit(account: object, clock: Clock | None) -> RateLimit:
    """Return the one rate limit that all clients of an account share in this process.

    Event loops have the process's monotonic clock, so their windows are one. Who passes a clock
    has an account of its own with it.

    Args:
        account: Whatever tells accounts apart: the base URL and the key.
        clock: Time and timers; default: the running event loop.
    """
    if clock is not None and clock is not LOOP_CLOCK:
        try:
            accounts = _of_clocks.setdefault(clock, _Accounts())
        except TypeError:  # no weak references, or no hash: nothing to find it by
            return AccountRateLimit(clock=clock)
        return accounts.get(account, _BorrowedClock(clock))
    loop = asyncio.get_running_loop()
    if abs(loop.time() - time.monotonic()) < _SAME_CLOCK:
        return _of_process.get(account, None)
    return _of_clocks.setdefault(loop, _Accounts()).get(account, None)
