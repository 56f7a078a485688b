"""Rollouts over simulated fleets, and what became of them."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import attrs

from ngrok_async.jobs import Rollout, Step
from tests.jobs.fleets.world import (
    NEW,
    Kind,
    World,
    client_of,
    owners,
    served,
    taken,
    turned,
    wrong,
)


@attrs.define
class Tally:
    """What a judge counts over runs.

    Attributes:
        restarts: Agents that were told to restart.
        wrong: Sessions that were taken for those of another agent.
        doubled: Agents that were told more than once to do the same, and did.
        strangers: Agents that were told something, and that the plan did not have.
        lies: Agents of which the report says what is not so.
        never: Agents that did not come back.
        untold: Agents that are back, and of which the report does not tell as whom.
        states: How the agents ended, by state.
        told_by: The matches, by what showed them.
        requests: What it cost.
        happened: What happened meanwhile.
    """

    restarts: int = 0
    wrong: int = 0
    doubled: int = 0
    strangers: int = 0
    lies: int = 0
    never: int = 0
    untold: int = 0
    states: Counter[str] = attrs.Factory(Counter[str])
    told_by: Counter[str] = attrs.Factory(Counter[str])
    requests: int = 0
    happened: Counter[str] = attrs.Factory(Counter[str])

    def take(self, world: World, steps: Iterable[Step]) -> None:
        """Count a run that has ended."""
        fake = world.fake
        last = {step.id: step for step in steps}
        matches = [(step.id, step.new) for step in last.values() if step.new is not None]
        restarts, updates = taken(fake, "restart"), taken(fake, "update")
        owner = owners(fake)
        self.restarts += len(restarts)
        self.wrong += len(wrong(fake, matches))
        self.doubled += sum(count > 1 for count in (*restarts.values(), *updates.values()))
        self.strangers += len({*restarts, *updates} - {*world.agents})
        for id_, step in last.items():
            agent = owner[id_]
            is_so = agent in restarts and (agent not in updates or agent.agent_version == NEW)
            self.lies += step.state == "done" and not is_so
            self.never += agent in restarts and not agent.online
            self.untold += agent in restarts and agent.online and step.new is None
            self.states[step.state] += 1
            if step.match is not None:
                self.told_by[str(step.match)] += 1
        self.requests += len(fake.requests)
        self.happened.update(world.told)


async def simulated(
    kind: Kind, seed: int, size: int, journal: Path, tally: Tally, *, update: bool = True
) -> None:
    """Update or restart a fleet to which things happen, and count what became of it."""
    async with served() as fake, client_of(fake) as ngrok:
        world = World(fake, kind, seed, size)
        begin = partial(Rollout.update, to=NEW) if update else Rollout.restart
        rollout = begin(ngrok, None, max_failures=size, journal=journal)
        world.live()
        report = await turned(fake, [ngrok], rollout.run())
        world.end()
        assert 0 == fake.rejections
        tally.take(world, report.steps)
