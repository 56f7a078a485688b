"""What listeners, clocks and dice of others do to the limit."""

import asyncio
from collections.abc import Callable

import pytest

from ngrok_async._clock import Timer
from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async._request import Request, Response
from ngrok_async.testing import TurnableClock
from tests.limits.scene import OK, Scene, refused, settle, whole


class Stop(BaseException):
    """What no handler expects."""


@pytest.mark.parametrize("error", [Stop, KeyboardInterrupt, SystemExit, asyncio.CancelledError])
@pytest.mark.parametrize("moment", ["WaitEvent", "PauseEvent"])
async def test_listener_that_fails_loses_no_slot(error: type[BaseException], moment: str) -> None:
    """Whatever it raises and when: the slot is given back, and the next one goes."""
    scene = Scene(3, 60, in_flight=1)
    scene.at_once = refused(after=1) if moment == "PauseEvent" else None

    def listen(event: object) -> None:
        if type(event).__name__ == moment:
            raise error

    async def call() -> str:
        request = Request(method="GET", path="loud", on_event=listen)
        try:
            await scene._limited(request)
        except BaseException as failure:  # noqa: BLE001 # that is what is tried
            return type(failure).__name__
        return "answered"

    first = scene.call("first")
    await settle()
    loud = asyncio.create_task(call())
    await settle()
    scene.at_once = OK if moment == "WaitEvent" else scene.at_once
    if moment == "WaitEvent":
        await scene.answer(["first"])
    else:
        await scene.run()

    assert error.__name__ == await loud
    await first
    # What a listener kept from leaving counts nowhere.
    assert (1 if moment == "WaitEvent" else 2) == scene.limiter.budget.used
    await whole(scene)


class Failing:
    """A clock, or numbers in [0, 1), that fail while a test says so."""

    def __init__(self, clock: TurnableClock) -> None:
        """Work at first."""
        self.error: BaseException | None = None
        self.call_at = clock.call_at
        self._clock = clock

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    def time(self) -> float:
        """Return the time, or fail."""
        self._check()
        return self._clock.time()

    def jitter(self) -> float:
        """Return a number, or fail."""
        self._check()
        return 0.5


@pytest.mark.parametrize(
    "error", [ValueError("mine"), Stop()], ids=lambda each: type(each).__name__
)
@pytest.mark.parametrize("what", ["clock", "jitter"])
@pytest.mark.parametrize("moment", ["start", "wait", "ring", "answer", "refusal", "cancel"])
async def test_clock_and_jitter_that_fail_lose_no_slot(
    error: BaseException, what: str, moment: str
) -> None:
    """Who calls gets the error; no slot is lost, and nobody waits for ever."""
    clock = TurnableClock(running=False)
    failing = Failing(clock)
    limiter = RateLimit(
        4,
        60,
        in_flight=1,
        clock=failing if what == "clock" else clock,
        jitter=failing.jitter if what == "jitter" else lambda: 0.5,
    )
    scene = Scene(clock=clock, limiter=limiter)
    scene.at_once = refused(after=0)
    await scene.calls(["before"])  # staggered from now on, so that jitter is asked
    scene.at_once = None
    await scene.turn(20)
    tasks: list[asyncio.Task[Response]] = []
    if moment != "start":
        tasks += await scene.calls(["first"])
    if moment in {"ring", "answer", "refusal", "cancel"}:
        tasks += await scene.calls(["second", "third"])
    failing.error = error
    try:
        if moment in {"start", "wait"}:
            tasks += await scene.calls(["now"])
        elif moment == "cancel":
            tasks[2].cancel()
            tasks[1].cancel()
        elif moment in {"answer", "refusal"}:
            await scene.answer(["first"], OK if moment == "answer" else refused(after=0))
        else:
            limiter._wake(limiter._side.queue)  # type: ignore[union-attr, arg-type] # two wait
        await settle()
    except Stop:
        pass
    failing.error = None
    scene.at_once = OK
    for name in list(scene._open):
        await scene.answer([name])
    await scene.run()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert (0, 0) == (limiter.budget.in_flight, limiter.budget.waiting)
    await scene.turn(200)
    assert limiter.budget.limit == limiter.budget.remaining


async def test_clock_that_goes_back_while_calls_wait() -> None:
    """Their timer is set anew as soon as anybody notices: they wait for a window, not for hours."""
    shift = 0.0
    base = TurnableClock(running=False)

    class Shifted:
        def time(self) -> float:
            return base.time() + shift

        def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
            return base.call_at(when - shift, callback)

    scene = Scene(clock=base, limiter=RateLimit(1, 60, clock=Shifted(), jitter=lambda: 0.5))
    scene.at_once = OK
    base.advance(10_000)
    await scene.calls("ab")
    shift = -3600.0
    await scene.calls("c")  # notices
    await scene.run()

    assert list("abc") == scene.sent
    assert base.time() <= 10_000 + 3 * 60
    await whole(scene)
