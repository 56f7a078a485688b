"""The line of those who wait in one process for a slot of the shared rate limit."""

import asyncio
import logging
from typing import Final

import attrs

from ngrok_async._limits.line import Line
from ngrok_async._limits.rate_limit import TOLD_EVERY
from ngrok_async._limits.redis_state import State
from ngrok_async._limits.refusals import patience_of, place_of, refusal, tell_waiting
from ngrok_async._request import Request
from ngrok_async.errors import ConfigurationError, ConnectError

_log: Final = logging.getLogger("ngrok_async.rate_limit")


@attrs.define(eq=False)
class Place:
    """A call's place in the line.

    Attributes:
        number: Its place among all calls, which a repetition keeps.
        request: Its request.
        until: When its patience ends.
        turn: Done once it has a slot.
        checked: Whether its wait was held against its patience.
    """

    number: int
    request: Request
    until: float
    turn: asyncio.Future[None]
    checked: bool = False


class Waiting:
    """Those who wait: first come, first served, and nobody for longer than it wants to.

    Attributes:
        misfit: Why Redis, or its client, cannot keep the limit at all.
    """

    def __init__(self, state: State) -> None:
        """Begin with nobody."""
        self.misfit = ""
        self._state = state
        self._line: Line[Place] = Line()
        self._new: list[Place] = []  # not yet held against their patience
        self._report_at = float("-inf")

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._line)

    def join(self, request: Request, now: float) -> Place:
        """Put a call into the line."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = Place(place_of(request), request, now + patience_of(request), turn)
        self._line.join(place.number, place)
        self._new.append(place)
        return place

    def leave(self, place: Place) -> None:
        """Take a call out of the line, where it is there still."""
        self._line.leave(place.number, place)

    def serve(self, now: float, granted: int = 0) -> None:
        """Hand slots to the first in the line, and tell the others if there are no more."""
        state = self._state
        for _ in range(granted):
            if (place := self._first()) is None:  # who wanted it has gone
                state.end(now, now, counts=False, late=False, hurry=False)
            else:
                place.turn.set_result(None)
                self.leave(place)
        while state.is_alone(now) and (place := self._first()) is not None:
            if not state.goes_alone:
                self._fail(place)
            elif state.take(now):
                place.turn.set_result(None)
            else:
                break
            self.leave(place)
        if state.is_told_to_wait(now):
            self._check(now)
        else:
            self._new = self._new if self._line else []

    def _first(self) -> Place | None:
        """Return who waits first, without those who do so no longer."""
        while (place := self._line.first()) is not None and place.turn.done():
            self._line.pop()
        return place

    def _check(self, now: float) -> None:
        """Turn those away whose wait is known to be too long, once for each."""
        new = [place for place in self._new if not place.turn.done()]
        self._new = []
        known, before = self._state.known(now), len(self._line) - len(new)
        for index, place in enumerate(new):
            place.checked = True
            is_back = place.request.attempt > 1  # so before others that have not gone yet
            ahead = self._line.ahead(place.number) if is_back else before + index
            expected = known.expected(now, ahead + self._state.ahead)
            patience = max(0.0, place.until - now)
            if expected > patience or not patience:
                self._turn_away(place, now, expected, waited=expected <= patience)
            else:
                route = place.request.route
                _log.debug("%s: waits for the rate limit, at least %.2f s", route, expected)

    def give_up(self, place: Place, now: float) -> None:
        """End a call's patience."""
        # Where nobody knows yet whether there is a slot, the next answer tells: `max_wait=0` takes
        # one that is free.
        if place.checked and not place.turn.done():
            expected = self._state.known(now).expected(now, len(self._line) - 1)
            self._turn_away(place, now, expected, waited=True)

    def _turn_away(self, place: Place, now: float, expected: float, *, waited: bool) -> None:
        known = self._state.known(now)
        place.turn.set_exception(refusal(known, place.request, expected, waited=waited))
        self.leave(place)

    def _fail(self, place: Place) -> None:
        if self.misfit:
            place.turn.set_exception(ConfigurationError(self.misfit))
            return
        place.turn.set_exception(
            ConnectError(
                "not sent: Redis, which keeps the rate limit, does not answer",
                method=place.request.method,
                path=place.request.path,
            )
        )

    def fail(self, error: BaseException) -> None:
        """Let nobody wait any longer: for an error, or since the event loop is torn down."""
        while self._line:
            end_turn(self._line.pop().turn, error)

    def report(self, now: float) -> None:
        """Log how many wait, and for how long: at once, and then every minute."""
        known, waiting = self._state.known(now), len(self._line)
        if not waiting:
            self._report_at = min(self._report_at, now + known.seconds)
        elif now >= self._report_at:
            expected = known.expected(now, waiting - 1 + self._state.ahead)
            if tell_waiting(known, waiting, expected):
                self._report_at = now + TOLD_EVERY


def end_turn(turn: asyncio.Future[None], error: BaseException) -> None:
    """End what somebody waits for: with an error, or where it is none for callers, with nothing."""
    if isinstance(error, Exception) and not turn.done():
        turn.set_exception(error)
    turn.cancel()
