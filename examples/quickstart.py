"""List agents, filter them, restart one and find it again, stop another.

Without NGROK_API_KEY it talks to a fake ngrok inside this process, which starts with 250 agents.
With a key it talks to your account, and then it only reads.
"""

import asyncio
import os
from collections.abc import Iterable

from ngrok_async import Client
from ngrok_async.jobs import wait_for
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok

ROW = "  {:<31} {:<8} {:<8} {:<7} {}"
NEXT = """
What next?
  docs/start-here.md  step by step from nothing to a restarted agent
  docs/testing.md     a fake ngrok like this one, in your own tests
  docs/index.md       all the rest; `python -m nox -s docs` makes a site of it"""
WITH_A_KEY = """
  NGROK_API_KEY=... python -m nox -s quickstart
                      your own agents; it changes nothing"""


async def main() -> None:
    """Run against your account where there is a key, else against the fake."""
    if "NGROK_API_KEY" in os.environ:
        async with Client() as ngrok:
            await read(ngrok)
        print(NEXT)
        return
    print("No NGROK_API_KEY: this is a fake ngrok with 250 agents, inside this process.\n")
    async with (
        FakeNgrok(agents=250) as fake,
        Client(fake.api_key, base_url=fake.url) as ngrok,
    ):
        agents = await read(ngrok)
        await command(ngrok, agents)
        print(f"\n{len(fake.requests)} requests, {fake.rejections} of them answered with 429")
    print(NEXT + WITH_A_KEY)


async def read(ngrok: Client) -> list[TunnelSession]:
    """Show what is connected."""
    pages = 0
    agents: list[TunnelSession] = []
    async for page in ngrok.tunnel_sessions.list().pages():
        pages += 1
        agents += page.items
    print(f"{len(agents)} agents on {pages} page(s)")
    if agents:
        show(agents[:5])  # a list begins with the newest

    linux = ngrok.tunnel_sessions.list(filter=ngrok.tunnel_sessions.fields.os == "linux")
    print(f"{len(await linux.collect())} of them run on Linux, says a filter")
    return agents


def show(agents: Iterable[TunnelSession]) -> None:
    """Print a table."""
    print("\n" + ROW.format("agent", "version", "system", "region", "address"))
    for agent in agents:
        cells = (agent.id, agent.agent_version, agent.os, agent.region, agent.ip)
        print(ROW.format(*map(printable, cells)))
    print()


def printable(text: str) -> str:
    """Return a text of the account's without what could drive a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


async def command(ngrok: Client, agents: list[TunnelSession]) -> None:
    """Update and restart one agent, stop another."""
    before, other = agents[0], agents[1]
    await ngrok.tunnel_sessions.update(before)
    # A real agent needs some ten seconds to fetch the new version.
    await ngrok.tunnel_sessions.restart(before)
    # The same agent has another id then; who it is, its configuration and address tell.
    f = ngrok.tunnel_sessions.fields
    same = (f.ip == before.ip) & (f.credential == before.credential)
    is_back = same & (f.metadata == before.metadata) & (f.started_at > before.started_at)
    after = await wait_for(ngrok.tunnel_sessions, is_back, timeout=60)
    print(f"restarted:  {before.id} is now {after.id}")
    print(f"            version {before.agent_version} is now {after.agent_version}")

    await ngrok.tunnel_sessions.stop(other)
    left = [agent.id async for agent in ngrok.tunnel_sessions.list()]
    print(f"stopped:    {other.id}; {len(left)} agents are left")


if __name__ == "__main__":
    asyncio.run(main())
