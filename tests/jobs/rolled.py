"""What the tests of rollouts share: agents, running one to its end, and what came of it."""

from typing import Any, Final

from ngrok_async import Client
from ngrok_async.jobs import Rollout, RolloutReport
from ngrok_async.testing import Agent, FakeNgrok
from tests.jobs.conftest import turned

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
