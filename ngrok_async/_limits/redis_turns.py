"""Who of a process goes next by the shared rate limit: the one task that speaks to Redis."""

import asyncio
from functools import partial
from typing import Final

from ngrok_async._clock import Clock, Timer
from ngrok_async._limits.redis_answer import Answer
from ngrok_async._limits.redis_link import AwayError, Link
from ngrok_async._limits.redis_state import State
from ngrok_async._limits.redis_waiting import Place, Waiting, end_turn
from ngrok_async._limits.refusals import now_of
from ngrok_async._request import Request
from ngrok_async.errors import ConfigurationError

_NEVER: Final = float("inf")


class Turns:
    """The line of a process, and a task that lives as long as there is something to ask or tell."""

    def __init__(self, state: State, link: Link, clock: Clock | None) -> None:
        """Begin with nobody in the line."""
        self.line = Waiting(state)
        self._state = state
        self._link = link
        self._given_clock = clock
        self._heard: list[asyncio.Future[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # where the task is
        self._shift = 0
        self._worker: asyncio.Task[None] | None = None
        self._alarm: asyncio.Future[None] | None = None
        self._rings_at = _NEVER

    def now(self) -> float:
        """Return the time."""
        return now_of(self._given_clock, self._state.whole)

    async def slot(self, request: Request) -> float | None:
        """Wait for a slot; return for how long, if it was known that there was none."""
        loop, now, line = asyncio.get_running_loop(), self.now(), self.line
        if not line:  # what Redis said is for those who have waited since
            self._state.ask_at = now
        place = line.join(request, now)
        timer: Timer | None = None
        try:
            if self._state.is_told_to_wait(now):
                line.serve(now)
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
            line.leave(place)
            if timer is not None:
                timer.cancel()
        return self.now() - now if place.checked else None

    def end(self, begun: float, *, counts: bool = True, late: bool = False) -> None:
        """Give a slot back."""
        now = self._state.part.window.now
        try:
            now = self.now()
        finally:
            self._state.end(now, begun, counts=counts, late=late, hurry=bool(self.line))
        if self._state.is_alone(now):
            self.line.serve(now)
        self._stir(now)

    def _give_up(self, place: Place) -> None:
        self.line.give_up(place, self.now())

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

    # --- the task ----------------------------------------------------------------------------

    def _ask_at(self, now: float) -> float:
        state = self._state
        return state.retry_at if self._heard else state.due(now, waits=bool(self.line))

    def _due(self, now: float) -> float:
        """Return when there is something to do."""
        state = self._state
        look = state.next_look(now) if self.line and state.is_alone(now) else _NEVER
        return min(self._ask_at(now), look)

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
                    self.line.serve(now)
                self.line.report(now)
                if self._ask_at(now) <= now:
                    await self._ask(now)
                elif (due := self._due(now)) < _NEVER:
                    await self._rest(due)
                else:
                    return
        except BaseException as error:
            # The event loop is being torn down, or the caller's clock fails. Nobody else would
            # ever wake those who wait.
            if self._shift == shift:
                self.line.fail(error)
                while self._heard:
                    end_turn(self._heard.pop(), error)
            if not isinstance(error, Exception):
                raise
        finally:
            # Another one may have begun since, in another loop.
            self._loop = None if self._shift == shift else self._loop

    async def _rest(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        alarm = self._alarm = loop.create_future()
        self._rings_at = until
        timer = (self._given_clock or loop).call_at(until, self._ring)
        try:
            await alarm
        finally:
            if self._alarm is alarm:  # not that of another task, in another loop
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
                self.line.misfit = str(error)
                state.put_off(now)
        except (AwayError, ValueError, TypeError) as error:
            self.line.misfit = ""
            now = self.now()
            state.lose(now, str(error))
        else:
            self.line.misfit = ""
            now, granted = self.now(), answer.granted
            state.learn(now, answer)
        finally:
            if now < state.retry_at:  # nobody waits for a second attempt
                heard, self._heard = heard + self._heard, []
            for each in heard:
                if not each.done():
                    each.set_result(None)
        self.line.serve(now, granted)
