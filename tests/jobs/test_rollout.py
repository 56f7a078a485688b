"""A fleet that is rolled over: commands, waves, refusals, pauses."""

import asyncio
import math
from typing import Any, Final, Literal, TypeAlias

import pytest

from ngrok_async import Client
from ngrok_async.errors import NgrokError, RolloutFailedError
from ngrok_async.jobs import Rollout, RolloutReport, Step
from ngrok_async.testing import Agent, FakeNgrok
from tests.jobs.conftest import turned

Command: TypeAlias = Literal["update", "restart", "stop"]

OLD: Final = "3.18.4"
_USUAL: Final[dict[str, Any]] = {
    "agent_version": OLD,
    "os": "linux",
    "stop_delay": 1,
    "restart_delay": 7,
    "update_delay": 5,
}


def agents_of(fake: FakeNgrok, count: int, **alike: Any) -> list[Agent]:  # noqa: ANN401 # of `add_agent`
    """Connect agents that each have metadata of their own, and are back soon."""
    number = len(fake.agents)
    agents: list[Agent] = []
    for n in range(count):
        given: dict[str, Any] = {"metadata": f"m{number + n}", **_USUAL, **alike}
        agents.append(fake.add_agent(**given))
    return agents


async def done(ngrok: Client, fake: FakeNgrok, rollout: Rollout) -> RolloutReport:
    """Run it to its end."""
    return await turned(ngrok, fake, rollout.run())


def commands(fake: FakeNgrok) -> list[tuple[str, str]]:
    """Return the commands that the fake got: the id of the session and the verb."""
    return [
        (request.path.split("/")[2], request.path.split("/")[3])
        for request in fake.requests
        if request.method == "POST"
    ]


def ends(report: RolloutReport) -> list[tuple[str, str]]:
    """Return how each agent ended."""
    return [(step.state, step.phase) for step in report.steps]


async def test_an_update(ngrok: Client, fake: FakeNgrok) -> None:
    """Each agent fetches the version, is restarted 15 seconds later, and is seen to run it."""
    agents = agents_of(fake, 8)
    before = {agent.id: agent for agent in agents}

    report = await done(ngrok, fake, Rollout.update(ngrok, None, to=fake.newest_version))

    assert report.ok
    assert {agent.agent_version for agent in agents} == {fake.newest_version}
    assert {step.new: before[step.id].id for step in report.steps} == {
        agent.id: agent.id for agent in agents
    }
    assert sorted(commands(fake)) == sorted(
        (id_, verb) for id_ in before for verb in ("update", "restart")
    )


async def test_what_is_told(ngrok: Client, fake: FakeNgrok) -> None:
    """At first each agent as planned, then each phase, in the order in which they come."""
    (agent,) = agents_of(fake, 1)
    id_ = agent.id

    async def steps() -> list[Step]:
        return [step async for step in Rollout.update(ngrok, None)]

    told = await turned(ngrok, fake, steps())

    assert [step.phase for step in told] == [
        "planned", "updating", "fetched", "restarting", "away", "back", "verified",
    ]  # fmt: skip
    assert [step.state for step in told] == ["pending"] * 6 + ["done"]
    assert {step.id for step in told} == {id_}
    assert all(step.agent is not None and step.agent.id == id_ for step in told)
    assert (told[-1].new, told[-1].match) == (agent.id, "ip")


async def test_a_restart(ngrok: Client, fake: FakeNgrok) -> None:
    """Each agent is restarted once, and seen to be back."""
    agents = agents_of(fake, 3)
    before = [agent.id for agent in agents]

    report = await done(ngrok, fake, Rollout.restart(ngrok, None))

    assert ends(report) == [("done", "verified")] * 3
    assert sorted(commands(fake)) == sorted((id_, "restart") for id_ in before)


async def test_a_stop(ngrok: Client, fake: FakeNgrok) -> None:
    """Each agent is stopped once, and seen to be gone; one on Windows too."""
    agents = [*agents_of(fake, 3), *agents_of(fake, 1, os="windows")]

    report = await done(ngrok, fake, Rollout.stop(ngrok, None))

    assert ends(report) == [("done", "away")] * 4
    assert not any(agent.online for agent in agents)


async def test_whom_it_is_for(ngrok: Client, fake: FakeNgrok) -> None:
    """A condition or a filter says so; nobody else gets a command."""
    (mine,), (other,) = agents_of(fake, 1, region="eu"), agents_of(fake, 1, region="us")
    first, second = mine.id, other.id
    f = ngrok.tunnel_sessions.fields

    await done(ngrok, fake, Rollout.stop(ngrok, f.region == "eu"))
    assert commands(fake) == [(first, "stop")]
    await done(ngrok, fake, Rollout.stop(ngrok, 'obj.region == "us"'))

    assert commands(fake) == [(first, "stop"), (second, "stop")]


@pytest.mark.parametrize(
    ("agent", "why"),
    [({"transport": "ssh"}, "SSH"), ({"os": "windows"}, "Windows"), ({}, "at 3.18.4 already")],
)
async def test_who_is_skipped(
    ngrok: Client, fake: FakeNgrok, agent: dict[str, Any], why: str
) -> None:
    """Who cannot, and who is there already, gets no command, and the plan says why."""
    agents_of(fake, 1, **agent)
    rollout = Rollout.update(ngrok, None, to=OLD)

    plan = await turned(ngrok, fake, rollout.plan())
    report = await done(ngrok, fake, rollout)

    assert [step.state for step in plan.skipped] == ["skipped"]
    assert why in plan.skipped[0].reason
    assert f"skipped: 1, {plan.skipped[0].reason}" in str(plan)
    assert report.ok
    assert commands(fake) == []


async def test_a_machine_that_is_started_later(ngrok: Client, fake: FakeNgrok) -> None:
    """With `fetch_only` an agent fetches the version, and nothing is restarted."""
    (agent,) = agents_of(fake, 1, os="windows")

    report = await done(ngrok, fake, Rollout.update(ngrok, None, fetch_only=True))

    assert ends(report) == [("done", "fetched")]
    assert commands(fake) == [(agent.id, "update")]


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


async def test_too_many_failures(ngrok: Client, fake: FakeNgrok) -> None:
    """A wave is finished, and no further one begins."""
    agents = agents_of(fake, 9)
    agents[-1].restart_delay = math.inf  # the newest is the first

    report = await done(ngrok, fake, Rollout.restart(ngrok, None, waves=(3,), patience=60))

    assert [step.state for step in report.steps] == ["failed", "done", "done"] + ["pending"] * 6
    assert "not back within 60 s" in report.steps[0].reason
    assert "max_failures=0" in report.stopped
    assert len(commands(fake)) == 3


async def test_the_first_wave_teaches_the_version(ngrok: Client, fake: FakeNgrok) -> None:
    """Without `to` whoever is at what the first got is left alone, and others have to get there."""
    agents_of(fake, 1, agent_version=fake.newest_version)
    agents_of(fake, 1)
    agents_of(fake, 1)

    report = await done(ngrok, fake, Rollout.update(ngrok, None))

    assert [step.state for step in report.steps] == ["done", "done", "skipped"]
    assert len(commands(fake)) == 4


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


async def test_leaving_the_loop_pauses(ngrok: Client, fake: FakeNgrok) -> None:
    """No command follows; the next loop goes on with what is sent as it is."""
    agents_of(fake, 3)
    rollout = Rollout.restart(ngrok, None)

    async def some() -> None:
        async for step in rollout:
            if step.phase == "restarting":
                break

    await turned(ngrok, fake, some())
    assert len(commands(fake)) == 1

    assert (await done(ngrok, fake, rollout)).ok
    assert len(commands(fake)) == 3


async def test_one_loop_at_a_time(ngrok: Client, fake: FakeNgrok) -> None:
    """Two tasks cannot carry out one rollout."""
    agents_of(fake, 1)
    rollout = Rollout.restart(ngrok, None)

    with pytest.raises(RuntimeError, match="under way in another task"):
        await turned(ngrok, fake, asyncio.wait_for(asyncio.gather(rollout.run(), rollout.run()), 9))


async def test_a_filter_that_is_refused(ngrok: Client, fake: FakeNgrok) -> None:
    """Where ngrok does not take a filter of a look, whole lists are read in its place."""
    agents_of(fake, 3)
    rollout = Rollout.restart(ngrok, None)
    await turned(ngrok, fake, rollout.plan())
    fake.fail(400, route="GET /tunnel_sessions", code="ERR_NGROK_250")

    report = await done(ngrok, fake, rollout)

    assert report.ok
    assert len([1 for r in fake.requests if "filter" in r.query]) == 1


async def test_an_agent_that_connects_anew_before_its_turn(ngrok: Client, fake: FakeNgrok) -> None:
    """It is found by what it keeps, and its new session gets the command."""
    (agent,) = agents_of(fake, 1)
    rollout = Rollout.restart(ngrok, None)
    await turned(ngrok, fake, rollout.plan())
    planned = agent.id
    fake.drop(agent, back_after=30)

    report = await done(ngrok, fake, rollout)

    assert report.ok
    assert report.steps[0].new == agent.id
    assert commands(fake) == [(planned, "restart"), (agent.ids[1], "restart")]


async def test_an_agent_that_is_gone_before_its_turn(ngrok: Client, fake: FakeNgrok) -> None:
    """It is skipped, and told."""
    (agent,) = agents_of(fake, 1)
    rollout = Rollout.restart(ngrok, None)
    await turned(ngrok, fake, rollout.plan())
    fake.drop(agent, back_after=math.inf)

    report = await done(ngrok, fake, rollout)

    assert ends(report) == [("skipped", "planned")]
    assert "before its turn" in report.steps[0].reason
