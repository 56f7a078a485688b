"""Whom a rollout takes an agent for that has connected anew."""

import math

from ngrok_async import Client
from ngrok_async.jobs import Rollout, RolloutReport
from ngrok_async.testing import FakeNgrok
from tests.jobs.conftest import turned
from tests.jobs.rolled import agents_of, commands, done, ends


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


async def test_a_pool_of_agents_that_look_alike(ngrok: Client, fake: FakeNgrok) -> None:
    """The URL that they share tells who has come only while all others are there."""
    agents = agents_of(fake, 2, metadata="store", credential="cr_1", ip="203.0.113.7", tunnels=0)
    for agent in agents:
        fake.add_tunnel(agent, public_url="https://pool.example.com", pooling_enabled=True)

    report = await done(ngrok, fake, Rollout.restart(ngrok, None))

    owner = {id_: agent for agent in agents for id_ in agent.ids}
    assert [(step.state, step.match) for step in report.steps] == [("done", "url")] * 2
    assert all(step.new and owner[step.id] is owner[step.new] for step in report.steps)


async def test_a_stranger_who_came_before_the_command(ngrok: Client, fake: FakeNgrok) -> None:
    """Who was there before an agent was told to restart is not the agent, though it looks alike."""
    agents = agents_of(fake, 2, tunnels=0, restart_delay=math.inf)
    rollout = Rollout.update(ngrok, None, waves=(2,))
    steps, strangers = aiter(rollout), list[str]()

    while (step := await turned(ngrok, fake, anext(steps, None))) is not None:
        if step.phase == "updating" and not strangers:
            (other,) = (agent for agent in agents if agent.ids[0] != step.id)
            alike = {"metadata": other.metadata, "credential": other.credential}
            version = {"agent_version": fake.newest_version}
            stranger = agents_of(fake, 1, **alike, **version, tunnels=0, ip="198.51.100.99")[0]
            strangers.append(stranger.id)

    assert strangers
    assert {None} == {step.new for step in rollout.report.steps}


async def test_an_agent_that_has_moved(ngrok: Client, fake: FakeNgrok) -> None:
    """Its address is the one that it had last; who comes from the one before is not the agent."""
    (agent,) = agents_of(fake, 1, tunnels=0, restart_delay=2)
    rollout = Rollout.restart(ngrok, None)
    await turned(ngrok, fake, rollout.plan())
    before, agent.ip = agent.ip, "192.0.2.200"
    fake.drop(agent, back_after=2)
    told = 0

    def come() -> None:
        alike = {"metadata": agent.metadata, "credential": agent.credential}
        agents_of(fake, 1, **alike, tunnels=0, ip=before)

    steps = aiter(rollout)
    while (step := await turned(ngrok, fake, anext(steps, None))) is not None:
        told += step.phase == "restarting"
        if step.phase == "restarting" and told == 2:
            fake.clock.call_at(fake.clock.time() + 3, come)

    assert told == 2
    assert [(step.new, step.match) for step in rollout.report.steps] == [(agent.id, "ip")]
