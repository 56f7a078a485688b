"""Who of a process goes next by the shared rate limit, and the one task that speaks to Redis."""

import asyncio
import logging
from functools import partial
from typing import Final

import attrs

from ngrok_async._clock import Clock, Timer
from ngrok_async._limits.line import Line
from ngrok_async._limits.rate_limit import TOLD_EVERY
from ngrok_async._limits.redis_link import AwayError, Link
from ngrok_async._limits.redis_state import Answer, State
from ngrok_async._limits.refusals import now_of, patience_of, place_of, refusal, tell_waiting
from ngrok_async._request import Request
from ngrok_async.errors import ConfigurationError, ConnectError

_log: Final = logging.getLogger("ngrok_async.rate_limit")

_NEVER: Final = float("inf")


@attrs.define(eq=False)
class _Place:
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


class Turns:
    """The line of a process, and a task that lives as long as there is something to ask or tell."""

    def __init__(self, state: State, link: Link, clock: Clock | None) -> None:
        """Begin with nobody in the line."""
        self.line: Line[_Place] = Line()
        self.misfit = ""  # why Redis, or its client, cannot keep the limit at all
        self._state = state
        self._link = link
        self._given_clock = clock
        self._new: list[_Place] = []  # not yet held against their patience
        self._heard: list[asyncio.Future[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # where the task is
        self._shift = 0
        self._worker: asyncio.Task[None] | None = None
        self._alarm: asyncio.Future[None] | None = None
        self._rings_at = _NEVER
        self._report_at = -_NEVER

    def now(self) -> float:
        """Return the time."""
        return now_of(self._given_clock, self._state.whole)

    async def slot(self, request: Request) -> float | None:
        """Wait for a slot; return for how long, if it was known that there was none."""
        loop, now, state = asyncio.get_running_loop(), self.now(), self._state
        place = _Place(place_of(request), request, now + patience_of(request), loop.create_future())
        if not self.line:  # what Redis said is for those who have waited since
            state.ask_at = now
        self.line.join(place.number, place)
        self._new.append(place)
        timer: Timer | None = None
        try:
            if state.is_told_to_wait(now):
                self._serve(now)
            if place.until < _NEVER:
                clock = self._given_clock or loop
                timer = clock.call_at(place.until, partial(self._give_up, place))
            self._stir(now)
            await place.turn
        except BaseException:
            turn = place.turn
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.end(now, counts=False)  # it got its slot just as it was cancelled
            raise
        finally:
            self.line.leave(place.number, place)
            if timer is not None:
                timer.cancel()
        return self.now() - now if place.checked else None

    def end(self, begun: float, *, counts: bool = True, late: bool = False) -> None:
        """Give a slot back."""
        now = self.now()
        self._state.end(now, begun, counts=counts, late=late, hurry=bool(self.line))
        if self._state.is_alone(now):
            self._serve(now)
        self._stir(now)

    async def until_heard(self) -> None:
        """Let Redis hear, and say, what is new; where it is away, that is left for later."""
        now = self.now()
        if now >= self._state.retry_at:
            heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._heard.append(heard)
            self._stir(now)
            await heard

    async def until_told(self) -> None:
        """Let Redis hear what has ended, if there is anything, and Redis is not away."""
        # As long as there is something to tell, or on its way, there is a task in this loop.
        if self._loop is not None and self._loop is asyncio.get_running_loop():
            await self.until_heard()

    # --- the line ----------------------------------------------------------------------------

    def _serve(self, now: float, granted: int = 0) -> None:
        """Hand slots to the first in the line, and tell the others if there are no more."""
        state, line = self._state, self.line
        is_alone = state.is_alone(now)
        while (place := line.first()) is not None:
            if not place.turn.done():
                if granted:
                    granted -= 1
                elif not is_alone:
                    break
                elif not state.goes_alone:
                    self._fail(place)
                elif not state.take(now):
                    break
                if not place.turn.done():
                    place.turn.set_result(None)
            line.pop()
        for _ in range(granted):  # those who wanted it have gone
            state.end(now, now, counts=False, late=False, hurry=False)
        if state.is_told_to_wait(now):
            self._check(now)

    def _check(self, now: float) -> None:
        """Turn those away whose wait is known to be too long, once for each."""
        new = [place for place in self._new if not place.turn.done()]
        self._new = []
        known, before = self._state.known(now), len(self.line) - len(new)
        for index, place in enumerate(new):
            place.checked = True
            is_back = place.request.attempt > 1  # so before others that have not gone yet
            ahead = self.line.ahead(place.number) if is_back else before + index
            expected = known.expected(now, ahead + self._state.ahead)
            patience = max(0.0, place.until - now)
            if expected > patience or not patience:
                self._turn_away(place, expected, waited=expected <= patience)
            else:
                route = place.request.route
                _log.debug("%s: waits for the rate limit, at least %.2f s", route, expected)

    def _give_up(self, place: _Place) -> None:
        # Where nobody knows yet whether there is a slot, the next answer tells: `max_wait=0` takes
        # one that is free.
        if place.checked and not place.turn.done():
            now = self.now()
            expected = self._state.known(now).expected(now, len(self.line) - 1)
            self._turn_away(place, expected, waited=True)

    def _turn_away(self, place: _Place, expected: float, *, waited: bool) -> None:
        known = self._state.known(self.now())
        place.turn.set_exception(refusal(known, place.request, expected, waited=waited))
        self.line.leave(place.number, place)

    def _fail(self, place: _Place) -> None:
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

    # --- the task ----------------------------------------------------------------------------

    def _ask_at(self, now: float) -> float:
        state = self._state
        return state.retry_at if self._heard else state.due(now, waits=bool(self.line))

    def _due(self, now: float) -> float:
        """Return when there is something to do."""
        look = None
        if self.line and self._state.is_alone(now):
            look = self._state.part.next_look(now)
        return min(self._ask_at(now), _NEVER if look is None else look)

    def _stir(self, now: float) -> None:
        """See to it that what is due will be done."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a call of a loop that is closed was collected as garbage
            return
        if self._loop is not loop:
            self._loop = loop
            self._shift += 1
            self._worker = loop.create_task(self._work(self._shift))
        elif self._alarm is not None and self._due(now) < self._rings_at:
            self._ring()

    def _ring(self) -> None:
        if self._alarm is not None and not self._alarm.done():
            self._alarm.set_result(None)

    async def _work(self, shift: int) -> None:
        try:
            while True:
                now = self.now()
                if self._state.is_alone(now):
                    self._serve(now)
                self._report(now)
                if self._ask_at(now) <= now:
                    await self._ask(now)
                elif (due := self._due(now)) < _NEVER:
                    await self._rest(due)
                else:
                    return
        except BaseException as error:
            # The event loop is being torn down, or the caller's clock fails. Nobody else would
            # ever wake those who wait.
            while self._shift == shift and (self.line or self._heard):
                turn = self.line.pop().turn if self.line else self._heard.pop()
                if isinstance(error, Exception) and not turn.done():
                    turn.set_exception(error)
                turn.cancel()
            if not isinstance(error, Exception):
                raise
        finally:
            if self._shift == shift:  # else another one has begun since, in another loop
                self._loop = None

    async def _rest(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        self._alarm, self._rings_at = loop.create_future(), until
        timer = (self._given_clock or loop).call_at(until, self._ring)
        try:
            await self._alarm
        finally:
            self._alarm = None
            timer.cancel()

    async def _ask(self, now: float) -> None:
        state = self._state
        heard, self._heard = self._heard, []
        granted = 0
        try:
            answer = Answer.of(await self._link.run(state.words(now, len(self.line))))
        except ConfigurationError as error:
            now = self.now()
            if state.has_heard:  # it was right once, so it may be right again
                state.lose(now, str(error))
            else:
                self.misfit = str(error)
                state.put_off(now)
        except (AwayError, ValueError, TypeError) as error:
            self.misfit = ""
            now = self.now()
            state.lose(now, str(error))
        else:
            self.misfit = ""
            now, granted = self.now(), answer.granted
            state.learn(now, answer)
        finally:
            for each in heard:
                if not each.done():
                    each.set_result(None)
        self._serve(now, granted)

    def _report(self, now: float) -> None:
        """Log how many wait, and for how long: at once, and then every minute."""
        known, waiting = self._state.known(now), len(self.line)
        if not waiting:
            self._report_at = min(self._report_at, now + known.seconds)
        elif now >= self._report_at:
            expected = known.expected(now, waiting - 1 + self._state.ahead)
            if tell_waiting(known, waiting, expected):
                self._report_at = now + TOLD_EVERY
