"""The judge of the simulations can find something: naive code is found out by it."""

import pytest

from tests.jobs.fleets import naive
from tests.jobs.fleets.killing import Killed, judge
from tests.jobs.fleets.world import KINDS, Kind, World, client_of, served, turned, wrong


async def guessed(kind: Kind, seed: int, size: int) -> tuple[int, int]:
    """Return how many matches of naive code there were, and how many of them were wrong."""
    async with served() as fake, client_of(fake) as ngrok:
        world = World(fake, kind, seed, size)
        world.live()
        matches = await turned(fake, [ngrok], naive.restart_all(ngrok))
        return len(matches), len(wrong(fake, matches))


@pytest.mark.parametrize("kind", KINDS)
async def test_guesses_are_found_out(kind: Kind) -> None:
    """Where agents look alike, some guesses are wrong; where they do not, none is."""
    matches, mistakes = await guessed(kind, 1, 12)

    assert matches > 6
    assert (mistakes > 0) == (kind != "own metadata")


async def test_a_repeated_command_is_found_out() -> None:
    """Who restarts an agent again under its new id, and calls one done that is not, is told."""
    async with served() as fake, client_of(fake) as ngrok:
        fake.add_agents(3)
        ids = [agent.ids[0] for agent in fake.agents]
        await ngrok.tunnel_sessions.restart(ids[0])
        await ngrok.tunnel_sessions.restart(ids[1])
        await ngrok.tunnel_sessions.restart(fake.agents[1].id)
        tally = Killed()
        judge(tally, fake, {"steps": [{"id": id_, "state": "done"} for id_ in ids]}, "restart")

    assert Killed(commands=3, doubled=1, lies=2) == tally
