"""What a rollout makes of refusals, lost answers and requests that fail."""

import asyncio
from typing import Final, Literal, TypeAlias

import pytest

from ngrok_async import Client, Request, Response, Send
from ngrok_async.errors import ClientClosedError, NgrokError, RolloutFailedError
from ngrok_async.jobs import Rollout
from ngrok_async.jobs._fleet_account import Account
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok
from tests.jobs.conftest import turned
from tests.jobs.rolled import agents_of, commands, done, ends

Command: TypeAlias = Literal["update", "restart", "stop"]
REFUSED: Final = [
    ("update", "ERR_NGROK_806", "skipped"),
    ("update", "ERR_NGROK_809", "skipped"),
    ("restart", "ERR_NGROK_804", "skipped"),
    ("restart", "ERR_NGROK_808", "failed"),
    ("stop", "ERR_NGROK_805", "skipped"),
    ("stop", "ERR_NGROK_807", "failed"),
]


@pytest.mark.parametrize(("verb", "code", "state"), REFUSED)
async def test_what_an_agent_refuses(
    ngrok: Client, fake: FakeNgrok, verb: Command, code: str, state: str
) -> None:
    """It is skipped where it cannot, failed where it tried; the words are ngrok's."""
    agents = agents_of(fake, 2)
    fake.refuse(code, agent=agents[0], command=verb, reason="for a reason")
    rollout = getattr(Rollout, verb)(ngrok, None, max_failures=1)

    report = await done(ngrok, fake, rollout)

    states = {step.id: step for step in report.steps}
    (refused,) = [step for step in states.values() if step.reason]
    assert refused.state == state
    assert "for a reason" in refused.reason
    assert code in refused.reason
    assert [step.state for step in report.steps if step is not refused] == ["done"]


@pytest.mark.parametrize("code", ["ERR_NGROK_1700", "ERR_NGROK_1701"])
async def test_a_plan_that_has_no_commands(ngrok: Client, fake: FakeNgrok, code: str) -> None:
    """The first refusal ends it, whatever number may fail: it would be the same for all."""
    agents_of(fake, 6)
    fake.refuse(code, times=None)

    report = await done(ngrok, fake, Rollout.restart(ngrok, None, max_failures=9, waves=(5,)))

    assert len(commands(fake)) == 1
    assert [step.state for step in report.steps].count("pending") == 5
    assert code in report.stopped
    with pytest.raises(RolloutFailedError, match="5 pending") as caught:
        report.raise_if_failed()
    assert caught.value.report is report


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_refused(ngrok: Client, fake: FakeNgrok, status: int) -> None:
    """A command that the key may not send ends it."""
    agents_of(fake, 3)
    fake.fail(status, route="POST /tunnel_sessions/{id}/stop", times=None)

    report = await done(ngrok, fake, Rollout.stop(ngrok, None, max_failures=9))

    assert len(commands(fake)) == 1
    assert report.stopped
    assert not report.ok


@pytest.mark.parametrize("verb", ["restart", "stop"])
@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("lost", ["810", "cut"])
async def test_an_answer_that_is_lost(
    ngrok: Client, fake: FakeNgrok, verb: Command, lost: str, *, applied: bool
) -> None:
    """It is looked whether it happened; only where the session stays is it sent once more."""
    (agent,) = agents_of(fake, 1)
    if lost == "810":
        fake.refuse("ERR_NGROK_810", command=verb, applied=applied)
    else:
        fake.fail(route=f"POST /tunnel_sessions/{{id}}/{verb}", drop=True, applied=applied)
    first = agent.id

    report = await done(ngrok, fake, getattr(Rollout, verb)(ngrok, None))

    assert report.ok
    assert commands(fake) == [(first, verb)] * (1 if applied else 2)


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("lost", ["810", "cut"])
async def test_an_update_whose_answer_is_lost(
    ngrok: Client, fake: FakeNgrok, lost: str, *, applied: bool
) -> None:
    """It is never sent again: the restart follows, and the version tells what happened."""
    (agent,) = agents_of(fake, 1)
    if lost == "810":
        fake.refuse("ERR_NGROK_810", command="update", applied=applied)
    else:
        fake.fail(route="POST /tunnel_sessions/{id}/update", drop=True, applied=applied)
    first = agent.id

    report = await done(ngrok, fake, Rollout.update(ngrok, None))

    assert commands(fake) == [(first, "update"), (first, "restart")]
    assert report.ok is applied
    assert applied or "update unclear" in report.steps[0].reason


async def test_a_look_that_fails(ngrok: Client, fake: FakeNgrok) -> None:
    """It comes again; nothing is concluded from it."""
    agents_of(fake, 1)
    rollout = Rollout.restart(ngrok, None)
    await turned(ngrok, fake, rollout.plan())
    fake.fail(503, route="GET /tunnel_sessions", times=3)

    assert (await done(ngrok, fake, rollout)).ok


async def test_looks_that_fail_for_good(ngrok: Client, fake: FakeNgrok) -> None:
    """After `patience` the error is raised, and running it again goes on."""
    agents_of(fake, 1)
    rollout = Rollout.restart(ngrok, None, patience=60)
    await turned(ngrok, fake, rollout.plan())
    fake.fail(503, route="GET /tunnel_sessions", times=None)
    with pytest.raises(NgrokError):
        await done(ngrok, fake, rollout)
    fake.heal()

    assert (await done(ngrok, fake, rollout)).ok


async def test_a_filter_that_is_refused(ngrok: Client, fake: FakeNgrok) -> None:
    """Where ngrok does not take a filter of a look, whole lists are read in its place."""
    agents_of(fake, 3)
    rollout = Rollout.restart(ngrok, None)
    await turned(ngrok, fake, rollout.plan())
    fake.fail(400, route="GET /tunnel_sessions", code="ERR_NGROK_250")

    report = await done(ngrok, fake, rollout)

    assert report.ok
    assert len([1 for r in fake.requests if "filter" in r.query]) == 1


async def test_a_list_that_lacks_who_is_there(ngrok: Client, fake: FakeNgrok) -> None:
    """A list that changes while it is read may do so: who is missed there is asked for."""
    (agent,) = agents_of(fake, 1, stop_delay=12)
    first = agent.id
    rollout = Rollout.restart(ngrok, None)
    await turned(ngrok, fake, rollout.plan())
    fake.fail(400, route="GET /tunnel_sessions", code="ERR_NGROK_250")
    empty = b'{"tunnel_sessions": [], "uri": "", "next_page_uri": null}'
    for _ in range(3):  # those before the command, and the two of the first look after it
        fake.fail(200, route="GET /tunnel_sessions", body=empty, content_type="application/json")

    report = await done(ngrok, fake, rollout)

    assert report.ok
    assert commands(fake) == [(first, "restart")]
    assert f"/tunnel_sessions/{first}" in {r.path for r in fake.requests if r.method == "GET"}


async def test_servers_that_are_away_for_a_moment(ngrok: Client, fake: FakeNgrok) -> None:
    """A command that nobody got is sent later, and nothing has failed."""
    (agent,) = agents_of(fake, 1)
    fake.fail(503, route="POST /tunnel_sessions/{id}/restart", code="ERR_NGROK_803", times=2)
    first = agent.id

    report = await done(ngrok, fake, Rollout.restart(ngrok, None))

    assert report.ok
    assert commands(fake) == [(first, "restart")] * 3


async def test_a_503_that_may_have_been_obeyed(ngrok: Client, fake: FakeNgrok) -> None:
    """It is looked at first, as after a lost answer."""
    (agent,) = agents_of(fake, 1)
    fake.fail(503, route="POST /tunnel_sessions/{id}/restart", applied=True)
    first = agent.id

    report = await done(ngrok, fake, Rollout.restart(ngrok, None))

    assert report.ok
    assert commands(fake) == [(first, "restart")]


async def test_a_client_that_is_closed(ngrok: Client, fake: FakeNgrok) -> None:
    """It is an error of whoever closed it, and no agent has failed."""
    agents_of(fake, 1)
    rollout = Rollout.restart(ngrok, None)
    await turned(ngrok, fake, rollout.plan())
    steps = aiter(rollout)
    assert (await anext(steps)).phase == "planned"
    await ngrok.aclose()

    with pytest.raises(ClientClosedError):
        await anext(steps)

    assert [step.state for step in rollout.report.steps] == ["pending"]


async def test_a_limit_that_others_use_up(ngrok: Client, fake: FakeNgrok) -> None:
    """Other calls go first, and none is refused by ngrok."""
    agents_of(fake, 2)
    rollout = Rollout.restart(ngrok, None)
    await turned(ngrok, fake, rollout.plan())
    await asyncio.gather(*(ngrok.vaults.list() for _ in range(118)))

    assert (await done(ngrok, fake, rollout)).ok
    assert fake.clock.time() >= 60


@pytest.mark.parametrize("applied", [True, False])
async def test_a_fetch_whose_answer_is_lost(
    ngrok: Client, fake: FakeNgrok, *, applied: bool
) -> None:
    """Nothing shows whether it happened, so it is unclear."""
    agents_of(fake, 1)
    fake.refuse("ERR_NGROK_810", command="update", applied=applied)

    report = await done(ngrok, fake, Rollout.update(ngrok, None, fetch_only=True))

    assert ends(report) == [("unclear", "updating")]
    assert len(commands(fake)) == 1


async def test_two_lost_answers_in_a_row(ngrok: Client, fake: FakeNgrok) -> None:
    """A command is sent twice at most, each time after it was seen that it did not arrive."""
    (agent,) = agents_of(fake, 1)
    fake.refuse("ERR_NGROK_810", command="stop", times=None)

    report = await done(ngrok, fake, Rollout.stop(ngrok, None, patience=60))

    assert ends(report) == [("failed", "stopping")]
    assert commands(fake) == [(agent.id, "stop")] * 2


async def test_a_second_stop_that_comes_too_late(ngrok: Client, fake: FakeNgrok) -> None:
    """The first one was taken after all: the session is gone when the second arrives."""
    agents_of(fake, 1, stop_delay=60)
    fake.refuse("ERR_NGROK_810", command="stop", applied=True)
    fake.fail(404, route="POST /tunnel_sessions/{id}/stop")

    report = await done(ngrok, fake, Rollout.stop(ngrok, None))

    assert ends(report) == [("done", "away")]


async def test_a_second_restart_that_comes_too_late(ngrok: Client, fake: FakeNgrok) -> None:
    """As with a stop; the agent is followed."""
    agents_of(fake, 1, stop_delay=60)
    fake.refuse("ERR_NGROK_810", command="restart", applied=True)
    fake.fail(404, route="POST /tunnel_sessions/{id}/restart")

    report = await done(ngrok, fake, Rollout.restart(ngrok, None))

    assert ends(report) == [("done", "verified")]


async def test_a_404_that_was_wrong(ngrok: Client, fake: FakeNgrok) -> None:
    """The session is there at the next look, and gets its command."""
    (agent,) = agents_of(fake, 1)
    fake.fail(404, route="POST /tunnel_sessions/{id}/restart")

    assert (await done(ngrok, fake, Rollout.restart(ngrok, None))).ok
    assert len(agent.ids) == 2


async def test_filters_that_are_refused_all_along(ngrok: Client, fake: FakeNgrok) -> None:
    """The complement of a filter too is read as the whole list then; agents look alike in it."""
    agents_of(fake, 3, metadata="store", credential="cr_1", region="eu")
    agents_of(fake, 1, metadata="store", credential="cr_1", region="us")
    rollout = Rollout.restart(ngrok, 'obj.region == "eu"')
    refused = 0

    async def refuse_after_the_first(request: Request, send: Send) -> Response:
        nonlocal refused
        if dict(request.query).get("filter", "").startswith('obj.region == "eu"'):
            return await send(request)
        if "filter" in dict(request.query):
            refused += 1
            fake.fail(400, route="GET /tunnel_sessions", code="ERR_NGROK_250")
        return await send(request)

    strict = Client(
        fake.api_key, base_url=fake.url, clock=fake.clock, middlewares=[refuse_after_the_first]
    )
    async with strict:
        rollout = Rollout.restart(strict, 'obj.region == "eu"')
        report = await done(strict, fake, rollout)

    assert report.ok
    assert len(report.steps) == 3
    assert refused == 2


async def test_a_command_that_has_to_wait(ngrok: Client, fake: FakeNgrok) -> None:
    """After a 429 it is sent again, since nobody got it; it is told once."""
    (agent,) = agents_of(fake, 1)
    fake.fail(429, route="POST /tunnel_sessions/{id}/restart")
    first = agent.id

    async def phases() -> list[str]:
        return [step.phase async for step in Rollout.restart(ngrok, None)]

    told = await turned(ngrok, fake, phases())

    assert told == ["planned", "restarting", "away", "back", "verified"]
    assert commands(fake) == [(first, "restart")] * 2


async def test_a_restart_that_is_refused_after_an_update(ngrok: Client, fake: FakeNgrok) -> None:
    """It failed and was not skipped: the agent has the new version, and does not run it."""
    (agent,) = agents_of(fake, 1)
    fake.newest_version = "3.39.0"
    fake.refuse("ERR_NGROK_804", agent=agent, command="restart")

    report = await done(ngrok, fake, Rollout.update(ngrok, None))

    assert ends(report) == [("failed", "restarting")]


async def test_a_whole_list_that_lacks_an_agent(ngrok: Client, fake: FakeNgrok) -> None:
    """Where filters are refused, an agent counts as gone once it cannot be asked for either."""
    agents = agents_of(fake, 2)
    account = Account(ngrok, 0.5)
    fake.fail(400, route="GET /tunnel_sessions", code="ERR_NGROK_250")
    gone = agents[1].id
    fake.drop(agents[1], back_after=60)

    async def none() -> list[TunnelSession]:
        return []

    account.sessions = none  # type: ignore[method-assign, assignment] # a list that lacks both
    there = await turned(ngrok, fake, account.still_there([agents[0].id, gone]))

    assert there == {agents[0].id}
