"""A fleet that is rolled over: commands, waves, refusals, pauses."""

import asyncio
import math
from typing import Any, Final, Literal, TypeAlias

import pytest

from ngrok_async import Client, Request, Response, Send
from ngrok_async.errors import ClientClosedError, NgrokError, RolloutFailedError
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


async def test_agents_that_look_alike(ngrok: Client, fake: FakeNgrok) -> None:
    """They are told by the plan, are never in one wave, and each is found by its address."""
    alike = agents_of(fake, 3, metadata="store", credential="cr_1")
    agents_of(fake, 3, credential="cr_1")
    ids = {agent.id for agent in alike}
    rollout = Rollout.restart(ngrok, None, waves=(6,))

    plan = await turned(ngrok, fake, rollout.plan())
    report = await done(ngrok, fake, rollout)

    assert [{agent.id for agent in group} for group in plan.alike] == [ids]
    assert [len(wave) for wave in plan.waves] == [4, 1, 1]
    assert "look alike, so one a wave" in str(plan)
    assert report.ok
    assert {step.new for step in report.steps} == {agent.id for agent in fake.agents}


async def test_agents_behind_one_address(ngrok: Client, fake: FakeNgrok) -> None:
    """One that flaps meanwhile is not taken for one that was told to restart."""
    first, second = agents_of(fake, 2, metadata="store", ip="203.0.113.7", credential="cr_1")
    second.restart_delay = 150  # the newest is the first
    planned = second.id

    async def flapping() -> RolloutReport:
        rollout = Rollout.restart(ngrok, None, max_failures=9)
        async for step in rollout:
            if step.id == planned and step.phase == "away":
                fake.drop(first, back_after=1)
                break
        return await rollout.run()

    report = await turned(ngrok, fake, flapping())

    owner = {id_: agent for agent in fake.agents for id_ in agent.ids}
    assert all(owner[step.id] is owner[step.new] for step in report.steps if step.new)
    assert report.steps[0].state == "unclear"
    assert "none is certain" in report.steps[0].reason


async def test_agents_of_a_pool(ngrok: Client, fake: FakeNgrok) -> None:
    """Those who share a URL go in turn where it is asked for, and together where not."""
    for agent in agents_of(fake, 3, tunnels=0):
        fake.add_tunnel(agent, public_url="https://pool.example.com", pooling_enabled=True)
    together = Rollout.restart(ngrok, None, waves=(3,))
    apart = Rollout.restart(ngrok, None, waves=(3,), apart="pool")

    assert len((await turned(ngrok, fake, together.plan())).waves) == 1
    assert len((await turned(ngrok, fake, apart.plan())).waves) == 3

    report = await done(ngrok, fake, apart)
    assert {step.match for step in report.steps} == {"url"}


async def test_an_agent_with_a_url_of_its_own(ngrok: Client, fake: FakeNgrok) -> None:
    """It is found by that, wherever it is back."""
    (agent,) = agents_of(fake, 1, tunnels=0)
    fake.add("/reserved_domains", domain="till.example.com")
    fake.add_tunnel(agent, public_url="https://till.example.com")
    agent.ip, agent.region = "203.0.113.99", "eu"

    report = await done(ngrok, fake, Rollout.restart(ngrok, None))

    assert [(step.state, step.match) for step in report.steps] == [("done", "url")]


async def test_an_agent_back_without_its_url(ngrok: Client, fake: FakeNgrok) -> None:
    """Its address tells who it is, once its URL had time to come."""
    (agent,) = agents_of(fake, 1, tunnels=0)
    fake.add("/reserved_domains", domain="till.example.com")
    fake.add_tunnel(agent, public_url="https://till.example.com")
    rollout = Rollout.restart(ngrok, None)
    thief = agents_of(fake, 1, tunnels=0)[0]

    async def stolen() -> RolloutReport:
        async for step in rollout:
            if step.phase == "away" and step.id != thief.ids[0]:
                fake.add_tunnel(thief, public_url="https://till.example.com")
                break
        return await rollout.run()

    report = await turned(ngrok, fake, stolen())

    assert [(step.state, step.match) for step in report.steps] == [("done", "ip")] * 2


async def test_an_agent_that_flaps_after_its_update(ngrok: Client, fake: FakeNgrok) -> None:
    """Its new session is restarted; one whose machine started anew is done without that."""
    agents = agents_of(fake, 2, update_delay=0)

    async def dropped() -> RolloutReport:
        rollout = Rollout.update(ngrok, None, waves=(2,), to=fake.newest_version)
        async for step in rollout:
            if step.phase == "updating" and step.id == agents[0].id:  # the second
                fake.drop(agents[0])
                fake.drop(agents[1], restarted=True)
                break
        return await rollout.run()

    report = await turned(ngrok, fake, dropped())

    assert ends(report) == [("done", "verified")] * 2
    assert [len(agent.ids) for agent in agents] == [3, 2]


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


async def test_a_stop_of_who_has_connected_anew(ngrok: Client, fake: FakeNgrok) -> None:
    """Its new session is stopped; who stays away for `settle` seconds is left."""
    agents = agents_of(fake, 2)
    rollout = Rollout.stop(ngrok, None, waves=(2,))
    await turned(ngrok, fake, rollout.plan())
    fake.drop(agents[0], back_after=5)
    fake.drop(agents[1], back_after=math.inf)

    report = await done(ngrok, fake, rollout)

    assert not agents[0].online
    assert sorted(ends(report)) == [("done", "away"), ("skipped", "planned")]
    assert "within 20 s" in next(step.reason for step in report.steps if step.reason)


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


async def test_the_plan_of_a_fetch(ngrok: Client, fake: FakeNgrok) -> None:
    """It takes a request for each agent and each wave. A cloud endpoint is no agent's."""
    agents_of(fake, 3)
    await ngrok.endpoints.create(url="https://a.internal", type="cloud", traffic_policy="{}")
    rollout = Rollout.update(ngrok, None, fetch_only=True, waves=(2,))

    assert (await turned(ngrok, fake, rollout.plan())).requests == 5

    before = len(fake.requests)
    assert (await done(ngrok, fake, rollout)).ok
    assert len(fake.requests) - before == 5


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


async def test_a_pool_of_agents_that_look_alike(ngrok: Client, fake: FakeNgrok) -> None:
    """The URL that they share tells who has come only while all others are there."""
    agents = agents_of(fake, 2, metadata="store", credential="cr_1", ip="203.0.113.7", tunnels=0)
    for agent in agents:
        fake.add_tunnel(agent, public_url="https://pool.example.com", pooling_enabled=True)

    report = await done(ngrok, fake, Rollout.restart(ngrok, None))

    owner = {id_: agent for agent in agents for id_ in agent.ids}
    assert [(step.state, step.match) for step in report.steps] == [("done", "url")] * 2
    assert all(step.new and owner[step.id] is owner[step.new] for step in report.steps)
