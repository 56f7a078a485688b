"""The agents of the fake ngrok that the page shows where there is no key."""

import json
from typing import Final

from ngrok_async.testing import FakeNgrok

_TOWNS: Final = ("Lisbon", "Porto", "Oslo", "Kyoto", "Austin", "Lagos", "Quito", "Perth", "Turin")
_JOBS: Final = ("Checkout", "Warehouse scanner", "Door sensor", "Kiosk", "Signage")
_VERSIONS: Final = ("3.39.0", "3.39.0", "3.30.0", "3.22.0", "3.18.4")
_SYSTEMS: Final = ("linux", "linux", "darwin", "freebsd")
_REGIONS: Final = ("eu", "us", "jp", "ap", "sa")


def connect_agents(fake: FakeNgrok, count: int) -> None:
    """Give the fake something to look at: four agents of all kinds, then shops full of them."""
    few = [
        {"metadata": "Checkout, Lisbon", "agent_version": "3.22.0", "os": "linux"},
        {"metadata": "Build server", "agent_version": "3.30.0", "os": "darwin", "region": "eu"},
        {"metadata": "Warehouse scanner", "agent_version": "3.18.4", "region": "us", "tunnels": 0},
        {"metadata": "", "agent_version": "3.39.0", "os": "freebsd", "region": "jp"},
    ]
    for number in range(count):
        if number < len(few):
            agent = fake.add_agent(**few[number])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # a table
            if number == 0:
                fake.add_tunnel(
                    agent, public_url="tcp://5.tcp.ngrok.io:20431", forwards_to="localhost:22"
                )
        else:
            town, job = _TOWNS[number % len(_TOWNS)], _JOBS[number % len(_JOBS)]
            fake.add_agent(
                metadata=json.dumps({"name": f"{job}, {town} {number}", "floor": number % 4}),
                agent_version=_VERSIONS[number * 7 % len(_VERSIONS)],
                os=_SYSTEMS[number % len(_SYSTEMS)],
                region=_REGIONS[number * 3 % len(_REGIONS)],
                tunnels=min(1, number % 8),
            )
