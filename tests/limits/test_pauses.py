"""What a 429 does to everybody, and what the log tells of it."""

import logging
import re

import pytest

from ngrok_async._request import Response
from ngrok_async.errors import (
    RateLimitedError,
)
from tests.limits.scene import LOGGER, OK, Scene, ended, refused, settle, whole

# After a 429


async def test_one_refusal_pauses_everybody() -> None:
    """After a 429 nobody leaves for as long as ngrok asks; then they leave one by one."""
    scene = Scene(60, 60, in_flight=3)
    await scene.calls("abcdefgh")
    await scene.answer("a", refused(after=20))
    assert 20 == scene.limiter.budget.paused
    await scene.answer("bc")
    scene.at_once = OK
    await scene.calls("i")  # one who comes later is paused too
    assert ["a", "b", "c"] == scene.sent
    await scene.run()

    assert list("abcdefghi") == scene.sent
    # The first after half a distance (jitter 0.5), the others at the distance of 60 per minute.
    assert [20.5, 21.5, 22.5, 23.5, 24.5, 25.5] == scene.sent_at[3:]
    await whole(scene)


async def test_refused_request_does_not_pass_on_its_place() -> None:
    """The next in the queue does not leave in the moment in which a 429 comes in."""
    scene = Scene(60, 60, in_flight=1)
    await scene.calls("ab")
    await scene.answer("a", refused(after=20))

    assert ["a"] == scene.sent
    await whole(scene)


@pytest.mark.parametrize(("jitter", "first", "second"), [(0.0, 20, 20.5), (0.999, 20.999, 22.498)])
async def test_release_is_spread_at_random(jitter: float, first: float, second: float) -> None:
    """Programs that share an account do not all come back in the same moments."""
    scene = Scene(60, 60, jitter=jitter)
    scene.at_once = refused(after=20)
    await scene.calls("a")
    scene.at_once = OK
    await scene.calls("bc")
    await scene.run()

    assert [0, first, second] == [round(at, 6) for at in scene.sent_at]
    await whole(scene)


async def test_release_is_staggered_for_one_window() -> None:
    """One window after the pause everything is as before, bursts included."""
    scene = Scene(60, 60)
    scene.at_once = refused(after=20)
    await scene.calls("a")
    scene.at_once = OK
    await scene.turn(79.9)
    await scene.calls("bc")
    assert 2 == len(scene.sent)
    await scene.turn(0.1)  # 20 + 60

    assert ["a", "b", "c"] == scene.sent
    await scene.calls("defgh")
    assert 8 == len(scene.sent)
    await whole(scene)


async def test_longest_pause_counts() -> None:
    """A second 429 can lengthen a pause, not shorten it."""
    scene = Scene(60, 60)
    await scene.calls("abc")
    await scene.answer("a", refused(after=20))
    await scene.answer("b", refused(after=5))
    assert 20 == scene.limiter.budget.paused
    await scene.answer("c", refused(after=40))

    assert 40 == scene.limiter.budget.paused
    await whole(scene)


async def test_pause_without_retry_after_comes_from_the_own_log() -> None:
    """Without a time from ngrok, the next request leaves when the oldest one is forgotten."""
    scene = Scene(60, 60, jitter=0.0)
    scene.at_once = OK
    await scene.calls("a")
    await scene.turn(15)
    scene.at_once = refused()
    await scene.calls("b")
    scene.at_once = OK
    assert 45 == scene.limiter.budget.paused
    await scene.calls("c")
    await scene.run()

    assert [0, 15, 60] == scene.sent_at
    await whole(scene)


async def test_pause_without_any_log_is_a_window() -> None:
    """A 429 to the only request means that somebody else used up the account."""
    scene = Scene(60, 60)
    scene.at_once = refused()
    await scene.calls("a")

    assert 60 == scene.limiter.budget.paused
    await whole(scene)


@pytest.mark.parametrize(
    "response",
    [
        Response(status=429, headers={"Retry-After": "2"}),
        Response(status=429, headers={"Retry-After": "2"}, body=b"<html>slow down</html>"),
        Response(status=503, headers={"Retry-After": "2"}, body=b'{"error_code":"ERR_NGROK_226"}'),
    ],
    ids=["empty", "of a proxy", "other status"],
)
async def test_any_refusal_pauses(response: Response) -> None:
    """The status or the code tells a refusal; the body need not be ngrok's."""
    scene = Scene(60, 60)
    scene.at_once = response
    (task,) = await scene.calls("a")

    assert response is await ended(task)
    assert 2 == scene.limiter.budget.paused


@pytest.mark.parametrize("status", [200, 400, 404, 500, 503])
async def test_other_answers_do_not_pause(status: int) -> None:
    """Only a refusal for the rate limit pauses, whatever else an answer asks for."""
    scene = Scene(60, 60)
    scene.at_once = Response(status=status, headers={"Retry-After": "2"}, body=b"{}")
    await scene.calls("ab")

    assert (0, 2) == (scene.limiter.budget.paused, len(scene.sent))


@pytest.mark.parametrize("after", ["9999999999", "3601", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_absurd_pause_ends_some_time(after: str) -> None:
    """A time that nobody can have meant stops a long-lived program for an hour, not for good."""
    scene = Scene(60, 60)
    scene.at_once = Response(status=429, headers={"Retry-After": after})
    await scene.calls("a")

    assert 3600 == scene.limiter.budget.paused


async def test_one_warning_per_episode(caplog: pytest.LogCaptureFixture) -> None:
    """Many refusals in one go make one line in the log; the next episode makes another."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(60, 60)
    await scene.calls("abcde")
    await scene.answer("abcd", refused(after=20))
    await scene.turn(30)
    await scene.answer("e", refused(code=None, after=20))
    line = "ngrok refused a request for the rate limit (%s); all calls pause for 20.0 s"
    assert [line % "ERR_NGROK_226"] == caplog.messages
    await scene.turn(120)
    scene.at_once = refused(code=None, after=20)
    await scene.calls("f")

    assert [line % "ERR_NGROK_226", line % "429"] == caplog.messages


async def test_log_repeats_no_text_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    """The error code is free text, which may echo the API key: only known ones are logged."""
    caplog.set_level(logging.DEBUG, LOGGER)
    scene = Scene(60, 60)
    scene.at_once = refused("secret", code="secret\nsecret", after=20)
    await scene.calls("ab")

    assert caplog.messages
    assert "secret" not in caplog.text


async def test_failed_calls_in_a_pause_are_told_its_end() -> None:
    """A call that cannot wait out the pause fails at once and knows when to come back."""
    scene = Scene(60, 60, jitter=0.0)
    scene.at_once = refused(after=20)
    await scene.calls("a")
    await scene.turn(5)
    task = scene.call("b", max_wait=14.9)
    await settle()

    with pytest.raises(RateLimitedError, match=r"at least 15\.0 s") as caught:
        await ended(task)
    assert 15 == caught.value.retry_after


# What the log tells


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, int]]:
    """Return what the log says at INFO: how many wait, and for how long."""
    found = [re.search(r"a time: (\d+); .* about (\d+) s", text) for text in caplog.messages]
    return [(int(match[1]), int(match[2])) for match in found if match]


async def test_log_tells_how_many_wait_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """A script at the limit does not look hung."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(60, 60, in_flight=10)
    scene.at_once = OK
    await scene.calls(str(n) for n in range(200))
    assert [(140, 180)] == told(caplog)
    await scene.run()

    assert [(140, 180), (130, 120), (80, 60)] == told(caplog)
    assert {logging.INFO} == {record.levelno for record in caplog.records}


async def test_log_tells_of_each_episode(caplog: pytest.LogCaptureFixture) -> None:
    """One that begins a window after the last one ended is told at once."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(1, 5)
    scene.at_once = OK
    for episodes in (1, 2, 3):
        await scene.calls("abc")
        assert episodes == len(told(caplog))
        await scene.run()
        assert episodes == len(told(caplog))  # it was over within a minute
        await scene.turn(10)


async def test_log_does_not_chatter_at_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    """A service that is at its limit all the time makes a line a minute."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(2, 2)
    scene.at_once = OK
    for _ in range(300):  # one more than fits, each second
        await scene.calls("abc")
        await scene.turn(1)
        await scene.run()

    assert 2 <= scene.clock.time() / 60 - len(told(caplog)) + 3 <= 4
    await scene.run()


async def test_log_says_nothing_of_waits_for_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    """Bursts of more than fit at a time are everyday, and over in a moment."""
    caplog.set_level(logging.INFO, LOGGER)
    scene = Scene(1000, 60, in_flight=2)
    for burst in range(3):
        names = [f"{burst}/{n}" for n in range(6)]
        await scene.calls(names)
        await scene.answer(names)

    assert [] == told(caplog)
    await whole(scene)
