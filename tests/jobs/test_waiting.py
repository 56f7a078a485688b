"""Waiting until something is there, or gone."""

import asyncio
from typing import Any

import pytest

from ngrok_async import Client, ConfigurationError, Timeout
from ngrok_async.errors import (
    BadRequestError,
    NgrokError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    WaitTimeoutError,
)
from ngrok_async.jobs import wait_for
from ngrok_async.jobs._time import sleep
from ngrok_async.testing import FakeNgrok
from tests.jobs.conftest import received, turned


async def test_what_is_there_costs_one_look(ngrok: Client, fake: FakeNgrok) -> None:
    """The newest item that meets it, by one request for one item."""
    fake.add_agents(150, os="linux")
    newest = fake.add_agent(os="linux")
    fake.requests.clear()
    f = ngrok.tunnel_sessions.fields

    session = await wait_for(ngrok.tunnel_sessions, f.os == "linux", timeout=60)

    assert newest.id == session.id
    assert ["1"] == [request.query["limit"] for request in fake.requests]


async def test_a_wait_of_twenty_seconds(ngrok: Client, fake: FakeNgrok) -> None:
    """It looks less and less often: at 0, 1, 2.5, 4.75, 8.125, 13.2 and 20.8 seconds."""
    f = ngrok.tunnel_sessions.fields
    wait = asyncio.ensure_future(wait_for(ngrok.tunnel_sessions, f.os == "windows", timeout=60))
    fake.clock.call_at(fake.clock.time() + 20, lambda: fake.add_agent(os="windows"))

    session = await turned(ngrok, fake, wait)

    assert "windows" == session.os
    assert 7 == len(fake.requests)
    assert 20 < fake.clock.time() < 22


async def test_what_is_gone(ngrok: Client, fake: FakeNgrok) -> None:
    """With `absent`, the wait ends when there is none."""
    agent = fake.add_agent()
    f = ngrok.tunnel_sessions.fields
    fake.clock.call_at(3, lambda: fake.drop(agent))

    gone = wait_for(ngrok.tunnel_sessions, f.id == agent.id, absent=True, timeout=60)

    assert await turned(ngrok, fake, gone) is None


@pytest.mark.parametrize("absent", [False, True])
async def test_too_late_says_what_was_seen(ngrok: Client, fake: FakeNgrok, absent: bool) -> None:  # noqa: FBT001 # a parameter
    """At the end of the timeout by the clock, not later."""
    agent = fake.add_agent()
    f = ngrok.tunnel_sessions.fields
    asked = agent.id if absent else "ts_1"

    with pytest.raises(WaitTimeoutError) as caught:
        await turned(
            ngrok,
            fake,
            wait_for(ngrok.tunnel_sessions, f.id == asked, absent=absent, timeout=10),
        )

    assert (10, 5) == (fake.clock.time(), caught.value.looks)
    seen: Any = caught.value.last
    assert agent.id == seen.id if absent else seen is None
    assert isinstance(caught.value, NgrokError)
    assert isinstance(caught.value, TimeoutError)
    word = "gone" if absent else "there"
    assert f"what was waited for was not {word} within 10 s, in 5 looks" == str(caught.value)


async def test_what_is_under_way_is_cut(ngrok: Client, fake: FakeNgrok) -> None:
    """A look that never ends does not make the wait longer."""
    fake.fail(stall=True, times=None)
    wait = asyncio.ensure_future(wait_for(ngrok.tunnel_sessions, "obj.os == 'x'", timeout=5))
    await received(fake)
    fake.clock.advance(5)

    with pytest.raises(WaitTimeoutError, match="in 1 looks"):
        await wait


async def test_the_rate_limit_is_not_waited_for_beyond_the_timeout(
    ngrok: Client, fake: FakeNgrok
) -> None:
    """Where no slot comes free in time, no look is worth waiting for."""
    for _ in range(120):
        await ngrok.ip_policies.list()

    with pytest.raises(WaitTimeoutError):
        await wait_for(ngrok.tunnel_sessions, "obj.os == 'x'", timeout=5)

    assert (0, 120) == (fake.clock.time(), len(fake.requests))


@pytest.mark.parametrize("retry_after", ["1", "600"])
async def test_a_429_of_the_last_attempt_is_no_timeout(fake: FakeNgrok, retry_after: str) -> None:
    """Unless the pause that ngrok asks for is longer than what is left."""
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": retry_after})
    limits = {"retry": None, "limiter": None, "clock": fake.clock}
    async with Client(fake.api_key, base_url=fake.url, **limits) as ngrok:  # type: ignore[arg-type] # options
        expected = RateLimitedError if retry_after == "1" else WaitTimeoutError
        with pytest.raises(expected):
            await wait_for(ngrok.tunnel_sessions, "obj.os == 'x'", timeout=60)


async def test_a_function_looks_at_the_whole_list(ngrok: Client, fake: FakeNgrok) -> None:
    """Also of a resource whose list has no filter."""
    users = [await ngrok.bot_users.create(name=f"u{n}") for n in range(3)]

    user = await wait_for(ngrok.bot_users, lambda user: user.name == "u0", timeout=5)

    assert users[0].id == user.id
    with pytest.raises(WaitTimeoutError):
        await turned(ngrok, fake, wait_for(ngrok.bot_users, lambda _: True, absent=True, timeout=3))


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"status": 400}, BadRequestError), ({"status": 501}, ServerError)],
)
async def test_what_a_look_raises_ends_the_wait(
    ngrok: Client, fake: FakeNgrok, fault: dict[str, Any], error: type[Exception]
) -> None:
    """What the client's retries mend is theirs, and the rest is not waited out."""
    fake.fail(**fault, times=None)

    with pytest.raises(error):
        await wait_for(ngrok.tunnel_sessions, "obj.os == 'x'", timeout=60)


async def test_the_timeout_of_one_call_is_told_as_such(fake: FakeNgrok) -> None:
    """It is the client's own, and not that of the wait."""
    fake.fail(stall=True)
    timeout = Timeout(attempt=0.01)
    async with Client(fake.api_key, base_url=fake.url, retry=None, timeout=timeout) as ngrok:
        with pytest.raises(RequestTimeoutError):
            await wait_for(ngrok.tunnel_sessions, "obj.os == 'x'", timeout=60)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"timeout": 0}, "timeout must be seconds above 0, got 0"),
        ({"timeout": float("inf")}, "timeout must be seconds above 0, got inf"),
        ({"timeout": 5, "pace": -1}, "pace must be seconds above 0, got -1"),
    ],
)
async def test_what_is_no_time_is_refused(
    ngrok: Client, arguments: dict[str, float], problem: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match=problem):
        await wait_for(ngrok.tunnel_sessions, "obj.os == 'x'", **arguments)


async def test_what_cannot_be_looked_for_is_refused(ngrok: Client, fake: FakeNgrok) -> None:
    """A filter for a list without one, something else, and a function that has to be awaited."""
    users: Any = ngrok.bot_users
    with pytest.raises(TypeError, match="the list of <BotUsers> has no filter: pass a func"):
        await wait_for(users, "obj.name == 'x'", timeout=5)
    for wrong in (users.list(), users.list, ngrok):
        with pytest.raises(
            TypeError, match=r"resource must have a list, such as ngrok\.endpoints, "
        ):
            await wait_for(wrong, lambda _: True, timeout=5)
    with pytest.raises(TypeError, match=r"condition must be a condition, .*, got 7"):
        await wait_for(users, 7, timeout=5)  # type: ignore[call-overload] # the mistake

    async def late(_: object) -> bool:
        return True

    with pytest.raises(ConfigurationError, match="condition must be a plain function of one item"):
        await wait_for(users, late, timeout=5)
    assert [] == [*fake.requests]


async def test_a_double_is_looked_at_as_it_is(ngrok: Client) -> None:
    """What only looks like a resource works in somebody's tests."""

    class Double:
        client = ngrok

        def list(self) -> Any:  # noqa: ANN401 # a pager
            return ngrok.ip_policies.list()

    policy = await ngrok.ip_policies.create()

    assert policy == await wait_for(Double(), lambda _: True, timeout=5)


async def test_cancelled_as_the_time_comes(fake: FakeNgrok) -> None:
    """A timer that fires for what was cancelled in the same moment changes nothing."""
    pause = asyncio.ensure_future(sleep(fake.clock, 5))
    await fake.clock.wait_for_timer()
    pause.cancel()
    fake.clock.advance(5)

    with pytest.raises(asyncio.CancelledError):
        await pause


async def test_who_does_not_come(ngrok: Client, fake: FakeNgrok) -> None:
    """A function that finds nobody in the whole list."""
    with pytest.raises(WaitTimeoutError):
        await turned(ngrok, fake, wait_for(ngrok.bot_users, lambda user: not user, timeout=3))


async def test_cancelled_it_is_over(ngrok: Client, fake: FakeNgrok) -> None:
    """Nothing goes on in the background."""
    wait = asyncio.ensure_future(wait_for(ngrok.tunnel_sessions, "obj.os == 'x'", timeout=60))
    await fake.clock.wait_for_timer()
    await received(fake)
    wait.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wait

    assert fake.clock.next_due is None
