"""What a rollout costs, and that it leaves room for others. `__main__` has large numbers."""

import asyncio

import pytest

from ngrok_async import Client, RateLimit, Timeout
from ngrok_async.jobs import Rollout
from ngrok_async.testing import FakeNgrok
from tests.jobs.fleets.world import client_of, served, turned


async def restarted(fake: FakeNgrok, ngrok: Client, wave: int, count: int) -> float:
    """Restart agents in waves, and return the requests for each."""
    for number in range(count):
        fake.add_agent(metadata=f"till {number}", os="linux", stop_delay=1, restart_delay=8)
    report = await turned(fake, [ngrok], Rollout.restart(ngrok, None, waves=(wave,)).run())

    assert report.ok
    return len(fake.requests) / count


@pytest.mark.parametrize(("wave", "most"), [(25, 3.5)])
async def test_requests_for_each_agent(wave: int, most: float) -> None:
    """A look costs the same for any number of agents, so large waves are cheap."""
    async with served() as fake, client_of(fake) as ngrok:
        assert await restarted(fake, ngrok, wave, 50) <= most


async def planned(count: int) -> int:
    """Plan for many agents, and return the requests for it."""
    async with served() as fake, client_of(fake) as ngrok:
        for number in range(count):
            fake.add_agent(metadata=f"till {number}", os="linux")
        await turned(fake, [ngrok], Rollout.restart(ngrok, None).plan())
        return len(fake.requests)


async def test_the_plan_of_a_large_fleet() -> None:
    """It reads the agents and the endpoints once, a hundred at a time."""
    assert await planned(300) <= 8


async def beside_another(count: int) -> tuple[int, int, int]:
    """Restart agents while another client uses the other half of the limit.

    Returns:
        How often ngrok refused, the requests of the rollout, and those of the other client.
    """
    patient = Timeout(total=None)
    async with served() as fake, client_of(fake) as ngrok:
        limiter = RateLimit(60, clock=fake.clock)
        other = Client(
            fake.api_key, base_url=fake.url, clock=fake.clock, timeout=patient, limiter=limiter
        )
        for number in range(count):
            fake.add_agent(metadata=f"till {number}", os="linux", stop_delay=1, restart_delay=8)
        async with other:
            busy = [asyncio.create_task(_busy(other)) for _ in range(3)]
            work = Rollout.restart(ngrok, None, waves=(25,)).run()
            report = await turned(fake, [ngrok, other], work)
            for task in busy:
                task.cancel()
            await asyncio.wait(busy)

        assert report.ok
        of_other = sum(request.path == "/tunnels" for request in fake.requests)
        return fake.rejections, len(fake.requests) - of_other, of_other


async def _busy(ngrok: Client) -> None:
    while True:
        await ngrok.tunnels.list()


async def test_another_client_has_the_other_half() -> None:
    """A rollout keeps to its share, so that the account never refuses either of the two."""
    refused, own, others = await beside_another(30)

    assert 0 == refused
    assert 0 < own
    assert 60 <= others  # all of the other half
