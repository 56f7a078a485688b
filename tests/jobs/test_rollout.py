"""A fleet that is rolled over: whom it is for, waves, plan, report, pauses."""

import asyncio
import math
from typing import Any

import pytest

from ngrok_async import Client
from ngrok_async.jobs import Rollout, Step
from ngrok_async.testing import FakeNgrok
from tests.jobs.conftest import turned
from tests.jobs.rolled import OLD, agents_of, commands, done, ends


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


@pytest.mark.parametrize(("size", "most"), [(5, 4.5), (25, 3.5)])
async def test_what_it_costs(ngrok: Client, fake: FakeNgrok, size: int, most: float) -> None:
    """A look costs the same for a large wave, and all of it keeps to half of the limit."""
    agents_of(fake, 3 * size)
    rollout = Rollout.update(ngrok, None, waves=(size,))
    plan = await turned(ngrok, fake, rollout.plan())

    assert (await done(ngrok, fake, rollout)).ok

    count = len(fake.requests)
    assert count <= most * 3 * size
    assert count <= 60 * (fake.clock.time() / 60 + 1)
    assert 0.8 * count < plan.requests < 1.5 * count
    assert plan.minutes == plan.seconds / 60 < 2 * fake.clock.time() / 60


async def test_what_a_plan_costs(ngrok: Client, fake: FakeNgrok) -> None:
    """A request for each hundred agents and endpoints, whoever is chosen."""
    agents_of(fake, 250, tunnels=1)
    f = ngrok.tunnel_sessions.fields

    plan = await turned(ngrok, fake, Rollout.stop(ngrok, f.metadata == "m7").plan())

    assert [len(wave) for wave in plan.waves] == [1]
    assert len(fake.requests) <= 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": ""}, "to must be a version"),
        ({"to": 3.39}, "to must be a version"),
        ({"fetch_only": "yes"}, "fetch_only must be True or False"),
        ({"waves": ()}, "waves must be sizes"),
        ({"waves": (0,)}, "waves must be sizes"),
        ({"waves": (True,)}, "waves must be sizes"),
        ({"waves": "15"}, "waves must be sizes"),
        ({"waves": 5}, "waves must be sizes"),
        ({"max_failures": -1}, "max_failures must be a number"),
        ({"max_failures": True}, "max_failures must be a number"),
        ({"share": 0}, "share must be above 0"),
        ({"share": 1.1}, "share must be above 0"),
        ({"settle": 0}, "settle must be seconds"),
        ({"patience": math.inf}, "patience must be seconds"),
        ({"apart": "region"}, "apart must be 'pool'"),
    ],
)
async def test_options_that_cannot_be(
    ngrok: Client, fake: FakeNgrok, options: dict[str, Any], message: str
) -> None:
    """They are refused before anything is sent, with what would be right."""
    with pytest.raises(ValueError, match=message):
        Rollout.update(ngrok, None, **options)
    assert not fake.requests


@pytest.mark.parametrize("where", ["", " ", 5, lambda: True, b"x"])
async def test_a_where_that_is_none(ngrok: Client, where: Any) -> None:  # noqa: ANN401 # wrong
    """Whom it is for has no default, and is a condition, a filter, or None for all."""
    with pytest.raises(TypeError, match="where must be a condition"):
        Rollout.stop(ngrok, where)
    with pytest.raises(TypeError, match="path of a file"):
        Rollout.stop(ngrok, None, journal=where if where == 5 else 5)  # type: ignore[arg-type] # wrong


async def test_a_report_as_json(ngrok: Client, fake: FakeNgrok) -> None:
    """It has every step, and nothing to raise where all is well."""
    (agent,) = agents_of(fake, 1)
    id_ = agent.id
    rollout = Rollout.stop(ngrok, None)
    assert rollout.report.to_dict() == {"ok": True, "stopped": "", "steps": []}

    report = await done(ngrok, fake, rollout)

    report.raise_if_failed()
    assert report == rollout.report
    step = {
        "id": id_, "state": "done", "phase": "away", "reason": "", "new": None, "match": None,
    }  # fmt: skip
    assert report.to_dict() == {"ok": True, "stopped": "", "steps": [step]}
    assert repr(rollout).startswith("<Rollout stop <Client ")


async def test_an_agent_that_takes_a_command_and_stays(ngrok: Client, fake: FakeNgrok) -> None:
    """It is not told again, and has failed at the end of `patience`."""
    (agent,) = agents_of(fake, 1, stop_delay=9_999)

    report = await done(ngrok, fake, Rollout.restart(ngrok, None, patience=90))

    assert ends(report) == [("failed", "restarting")]
    assert "still there" in report.steps[0].reason
    assert commands(fake) == [(agent.id, "restart")]


async def test_an_agent_back_with_another_version(ngrok: Client, fake: FakeNgrok) -> None:
    """It has failed where another one was asked for."""
    agents_of(fake, 1)

    report = await done(ngrok, fake, Rollout.update(ngrok, None, to="3.39.99"))

    assert ends(report) == [("failed", "back")]
    assert "and not with 3.39.99" in report.steps[0].reason


async def test_the_plan_of_a_fetch(ngrok: Client, fake: FakeNgrok) -> None:
    """It takes a request for each agent. A cloud endpoint is no agent's."""
    agents_of(fake, 3)
    await ngrok.endpoints.create(url="https://a.internal", type="cloud", traffic_policy="{}")
    rollout = Rollout.update(ngrok, None, fetch_only=True, waves=(2,))

    assert (await turned(ngrok, fake, rollout.plan())).requests == 3

    before = len(fake.requests)
    assert (await done(ngrok, fake, rollout)).ok
    assert len(fake.requests) - before == 3


async def test_a_loop_over_a_loop(ngrok: Client, fake: FakeNgrok) -> None:
    """Its iterator is its own, as that of any."""
    agents_of(fake, 1)
    steps = aiter(Rollout.stop(ngrok, None))

    assert aiter(steps) is steps
    assert (await turned(ngrok, fake, anext(steps))).phase == "planned"


async def test_a_wave_is_finished(ngrok: Client, fake: FakeNgrok) -> None:
    """Whoever of it fails, the others get their command; those of the next wave do not."""
    agents = agents_of(fake, 5)
    fake.refuse("ERR_NGROK_807", agent=agents[-1])

    report = await done(ngrok, fake, Rollout.stop(ngrok, None, waves=(3,)))

    assert [step.state for step in report.steps] == ["failed", "done", "done", "pending", "pending"]


async def test_a_plan_beside_a_run(ngrok: Client, fake: FakeNgrok) -> None:
    """The account is read once for all who ask at a time, so that nobody is told twice."""
    agents_of(fake, 3)
    rollout = Rollout.update(ngrok, None, fetch_only=True)

    async def both() -> None:
        await asyncio.gather(rollout.plan(), rollout.run(), rollout.plan())

    await turned(ngrok, fake, both())

    assert len(commands(fake)) == len(set(commands(fake))) == 3
    assert rollout.report.ok


async def test_waves_that_are_a_range(ngrok: Client, fake: FakeNgrok) -> None:
    """Any sequence of sizes will do."""
    agents_of(fake, 4)

    plan = await turned(ngrok, fake, Rollout.stop(ngrok, None, waves=range(1, 3)).plan())

    assert [len(wave) for wave in plan.waves] == [1, 2, 1]
