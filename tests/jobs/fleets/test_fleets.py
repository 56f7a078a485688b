"""Rollouts over fleets to which things happen. `python -m tests.jobs.fleets` has large numbers."""

import math
from pathlib import Path

import pytest

from ngrok_async.jobs import Rollout
from ngrok_async.testing import AgentOptions
from tests.jobs.fleets.runs import Tally, simulated
from tests.jobs.fleets.world import KINDS, Kind, client_of, owners, served, taken, turned

SIZE = 9


@pytest.mark.parametrize("update", [True, False], ids=["update", "restart"])
@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_is_taken_for_somebody_else(
    kind: Kind, tmp_path: Path, *, update: bool
) -> None:
    """Nothing is guessed, sent twice or told that is not so, whatever happens meanwhile."""
    tally = Tally()
    await simulated(kind, 1, SIZE, tmp_path / "rollout.jsonl", tally, update=update)

    assert (0, 0, 0, 0) == (tally.wrong, tally.doubled, tally.strangers, tally.lies)
    assert tally.restarts > 0  # how many depends on the ids of the fake, which no seed has
    assert SIZE == sum(tally.states.values())
    assert sum(tally.told_by.values()) > 0


async def test_who_is_done_is_nobody_elses_successor() -> None:
    """One that was restarted, moves and connects anew is not taken for one that has gone away."""
    async with served() as fake, client_of(fake) as ngrok:
        fake.add_agents(2, metadata="store", credential="cr_1", os="linux")
        for agent, ip in zip(fake.agents, ("198.51.100.1", "198.51.100.2"), strict=True):
            agent.ip = ip
            fake.drop(agent)
        rollout = Rollout.restart(ngrok, None, max_failures=2)

        async def run() -> None:
            async for step in rollout:
                if step.state == "done":
                    owner = owners(fake)[step.id]
                    (other,) = (agent for agent in fake.agents if agent is not owner)
                    owner.ip = "198.51.100.3"
                    fake.drop(owner)
                    fake.drop(other, back_after=math.inf)

        await turned(fake, [ngrok], run())

    assert ["done", "skipped"] == sorted(step.state for step in rollout.report.steps)
    assert [1] == [*taken(fake, "restart").values()]


@pytest.mark.parametrize(("after", "state"), [(30, "done"), (100, "unclear")])
async def test_who_comes_late_to_a_shared_address(after: float, state: str) -> None:
    """Behind a NAT, one that looks the same and comes long after a restart may be somebody else."""
    async with served() as fake, client_of(fake) as ngrok:
        alike = AgentOptions(metadata="store", credential="cr_1", os="linux", ip="203.0.113.7")
        first, _ = fake.add_agents(2, **alike, restart_delay=after)
        rollout = Rollout.restart(ngrok, ngrok.tunnel_sessions.fields.id == first.id)
        report = await turned(fake, [ngrok], rollout.run())

    (step,) = report.steps
    assert state == step.state
