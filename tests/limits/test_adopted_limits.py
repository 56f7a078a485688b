"""Limits that ngrok states are adopted."""

import logging

import pytest

from tests.limits.scene import LOGGER, OK, Scene, account_limit, ended, refused, stated, whole


@pytest.mark.parametrize(
    ("message", "limit", "window"),
    [
        (stated(60, "60 seconds"), 60, 60),
        (stated(60, "60s"), 60, 60),
        (stated(60, "1m0s"), 60, 60),
        (stated(60, "1m"), 60, 60),
        (stated(60, "minute"), 60, 60),
        (stated(60, "1 minute"), 60, 60),
        (stated(60, "MINUTE"), 60, 60),
        (stated(60, "1m30s"), 60, 90),
        (stated(60, "1m30.5s"), 60, 90.5),
        (stated(60, "2 minutes"), 60, 120),
        (stated(10, "second"), 10, 1),
        (stated(5, "0.5 seconds"), 5, 0.5),
        (stated(5, "1.25s"), 5, 1.25),
        (stated(100, "hour"), 100, 3600),
        (stated(100, "1h0m0s"), 100, 3600),
        (stated(100, "30m"), 100, 1800),
        (stated(120, "60m"), 120, 3600),
        ("You are rate limited to 60 API requests per minute, sorry", 60, 60),
        ("rate limited to '60' api requests per '60 seconds' and not more", 60, 60),
        # More per window than we would send at a time: smaller parts of the same.
        (stated(1000, "hour"), 111, 400),
        (stated(150, "65s"), 120, 65),
    ],
)
async def test_stated_limit_is_adopted(message: str, limit: int, window: float) -> None:
    """What ngrok says about the account's limit holds from then on."""
    scene = account_limit()
    scene.at_once = refused(message)
    await scene.calls("a")
    budget = scene.limiter.budget

    assert (limit, window) == (budget.limit, budget.window)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "slow down",
        stated("MAX", "INTERVAL"),
        stated(0, "60s"),
        stated(60, "0s"),
        stated(60, "0.0s"),
        stated(60, "60.s"),
        stated(60, "1.5.5s"),
        stated(60, "fortnight"),
        stated(60, "100ms"),
        stated(60, "month"),
        stated(60, "1m0x"),
        stated(60, ""),
        stated("1,200", "hour"),
        stated("9" * 5000, "60s"),
        stated(60, "9" * 5000 + "s"),
        stated(60, "60\u017f"),
        stated(120, "60s"),
        stated(120, "second"),
        stated(5000, "minute"),
        stated(9000, "hour"),
        # Nobody can mean these, or a program would stand still for days.
        stated(100, "1h30m"),
        stated(120, "day"),
        stated(1, "300 days"),
        stated(1, "3601s"),
    ],
    ids=lambda message: message[32:70] or message or "empty",
)
async def test_other_texts_change_nothing(message: str) -> None:
    """What cannot be read, and what allows more than is documented, is not adopted."""
    scene = account_limit()
    scene.at_once = refused(message)
    (task,) = await scene.calls("a")
    budget = scene.limiter.budget

    assert 429 == (await ended(task)).status
    assert (120, 60) == (budget.limit, budget.window)
    assert 0 < budget.paused <= 60


@pytest.mark.parametrize(
    ("share", "message", "limit", "window"),
    [
        ((60, 60), stated(120, "minute"), 60, 60),
        ((60, 60), stated(60, "minute"), 60, 60),
        ((60, 60), stated(30, "minute"), 30, 60),
        ((60, 60), stated(10, "second"), 10, 10),
        ((25, 60), stated(10, "second"), 8, 20),
        ((60, 60), stated(100, "200s"), 50, 100),
        ((60, 60), stated(40, "80s"), 40, 80),
        ((1, 60), stated(1, "second"), 1, 60),
        ((7, 0.5), stated(5, "second"), 5, 1),
    ],
)
async def test_share_is_never_exceeded(
    share: tuple[int, float], message: str, limit: int, window: float
) -> None:
    """A limit that the caller chose stays one: the rest may be somebody else's."""
    scene = Scene(*share)
    scene.at_once = refused(message)
    await scene.calls("a")
    budget = scene.limiter.budget

    assert (limit, window) == (budget.limit, budget.window)


async def test_second_statement_tightens_only() -> None:
    """Of two limits that ngrok states one after the other both hold."""
    scene = account_limit()
    states = []
    for message in (stated(10, "1s"), stated(60, "60s"), stated(100, "60s"), stated(5, "1s")):
        scene.at_once = refused(message, after=0)
        await scene.calls("a")
        await scene.run()
        states.append((scene.limiter.budget.limit, scene.limiter.budget.window))
        await scene.turn(200)

    assert [(10, 1), (10, 10), (10, 10), (5, 5)] == states


@pytest.mark.parametrize(
    "message", [stated(60, "minute"), stated(1000, "hour"), stated(721, "10m")]
)
async def test_adoption_is_logged_once(message: str, caplog: pytest.LogCaptureFixture) -> None:
    """A limit that is stated again and again is news only once."""
    caplog.set_level(logging.WARNING, LOGGER)
    scene = account_limit()
    scene.at_once = refused(message, after=0)
    for _ in range(5):
        await scene.calls("a")
        await scene.turn(200)

    assert 1 == len([line for line in caplog.messages if "ngrok states a limit" in line])


async def test_adopted_limit_holds() -> None:
    """Requests that were sent under the old limit count under the new one."""
    scene = account_limit()
    scene.at_once = OK
    await scene.calls("abc")
    scene.at_once = refused(stated(4, "10 seconds"), after=0)
    await scene.calls("d")
    scene.at_once = OK
    await scene.turn(9.9)
    await scene.calls("e")
    assert 4 == len(scene.sent)
    await scene.run()

    assert [10.0] == scene.sent_at[4:]


@pytest.mark.parametrize(("number", "in_flight"), [(3, 3), (1, 1), (0, 4), (4, 4), (50, 4)])
async def test_stated_number_in_flight_is_adopted(number: int, in_flight: int) -> None:
    """ERR_NGROK_225 lowers the number of requests at a time, and never raises it."""
    scene = Scene(1000, 60, in_flight=4, jitter=0.0)
    scene.at_once = refused(
        f"Your account is limited to `{number}` simultaneous API requests.", code="ERR_NGROK_225"
    )
    await scene.calls("a")
    scene.at_once = None
    await scene.calls("bcdefgh")

    assert in_flight == scene.limiter.budget.in_flight
    await whole(scene)


async def test_too_many_at_a_time_is_no_reason_to_pause() -> None:
    """After ERR_NGROK_225 everybody may go as soon as there is a place."""
    scene = Scene(60, 60, in_flight=2, jitter=0.0)
    await scene.calls("abcd")
    scene.at_once = OK
    await scene.answer("a", refused(code="ERR_NGROK_225"))
    assert 0 == scene.limiter.budget.paused
    await scene.answer("b")

    assert list("abcd") == scene.sent
    assert [0.0] * 4 == scene.sent_at
    await whole(scene)


async def test_too_many_at_a_time_with_a_time_to_wait() -> None:
    """ERR_NGROK_225 pauses too when ngrok asks for it."""
    scene = Scene(60, 60)
    scene.at_once = refused(code="ERR_NGROK_225", after=3)
    await scene.calls("a")

    assert 3 == scene.limiter.budget.paused
