"""Commands whose answer is lost: those that were obeyed, and those that were not."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from ngrok_async.jobs import Rollout
from ngrok_async.testing import Agent, FakeNgrok
from tests.jobs.fleets.world import NEW, OLD, client_of, commands, served, turned

Lose: TypeAlias = Callable[[FakeNgrok, Agent, str, bool], None]


def cut(fake: FakeNgrok, agent: Agent, verb: str, applied: bool) -> None:  # noqa: FBT001 # one of a table
    """Cut the connection."""
    route = f"POST /tunnel_sessions/{{id}}/{verb}"
    fake.fail(drop=True, applied=applied, route=route, agent=agent)


def unknown(fake: FakeNgrok, agent: Agent, verb: str, applied: bool) -> None:  # noqa: FBT001 # one of a table
    """Have ngrok lose contact to the agent."""
    route = f"POST /tunnel_sessions/{{id}}/{verb}"
    fake.fail(502, code="ERR_NGROK_810", applied=applied, route=route, agent=agent)


def proxy(fake: FakeNgrok, agent: Agent, verb: str, applied: bool) -> None:  # noqa: FBT001 # one of a table
    """Have something between here and ngrok answer."""
    route = f"POST /tunnel_sessions/{{id}}/{verb}"
    fake.fail(504, body=b"<h1>Gateway timeout</h1>", applied=applied, route=route, agent=agent)


@pytest.mark.parametrize("lose", [cut, unknown, proxy])
@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize(
    ("job", "verb"),
    [("restart", "restart"), ("stop", "stop"), ("update", "update"), ("update", "restart")],
)
async def test_a_command_takes_effect_once(
    job: str, verb: str, lose: Lose, tmp_path: Path, *, applied: bool
) -> None:
    """What happened is found out and not repeated; what did not is repeated where that is safe."""
    async with served() as fake, client_of(fake) as ngrok:
        fake.newest_version = NEW
        for number in range(2):
            fake.add_agent(
                agent_version=OLD,
                os="linux",
                metadata=f"till {number}",
                stop_delay=1,
                update_delay=4,
                restart_delay=6,
            )
        agent = fake.agents[0]
        (first,) = agent.ids
        lose(fake, agent, verb, applied)
        begin = {"restart": Rollout.restart, "update": Rollout.update, "stop": Rollout.stop}[job]
        rollout = begin(ngrok, None, max_failures=2, journal=tmp_path / "rollout.jsonl")
        report = await turned(fake, [ngrok], rollout.run())
        fake.heal()

    state = {step.id: step.state for step in report.steps}
    sessions = 1 if job == "stop" else 2
    assert [sessions] * 2 == [len(each.ids) for each in fake.agents]
    assert "done" == state[fake.agents[1].ids[0]]
    if verb == "update" and not applied:  # never sent again, so the version has not changed
        assert "failed" == state[first]
        assert (OLD, NEW) == tuple(each.agent_version for each in fake.agents)
    else:
        assert "done" == state[first]
        assert (agent.agent_version == NEW) == (job == "update")
    sent = commands(fake, verb)[first]
    assert (1 if applied or verb == "update" else 2) == sent or (verb, applied) == ("stop", True)
