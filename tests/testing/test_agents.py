"""Agents of the fake, and the commands that they obey."""

from typing import Any

import aiohttp
import pytest

from ngrok_async._wire.read import decode
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.resources.tunnels import Tunnel
from ngrok_async.testing import FakeNgrok, TurnableClock


async def items(http: aiohttp.ClientSession, name: str) -> list[dict[str, Any]]:
    """Return the first page of a list."""
    async with http.get(f"/{name}") as answer:
        return list((await answer.json())[name])


async def command(http: aiohttp.ClientSession, verb: str, id_: str) -> None:
    """Send a command to an agent."""
    async with http.post(f"/tunnel_sessions/{id_}/{verb}", json={}) as answer:
        assert (204, b"") == (answer.status, await answer.read())
        assert "content-type" not in answer.headers


async def test_agents_differ(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """Made-up agents decode, vary, and sometimes lack metadata; each has a tunnel."""
    fake.add_agents(20)
    raw = await items(http, "tunnel_sessions")
    sessions = [decode(item, TunnelSession) for item in raw]
    tunnels = [decode(item, Tunnel) for item in await items(http, "tunnels")]

    assert len({session.os for session in sessions}) > 2
    assert len({session.region for session in sessions}) > 2
    assert len({session.agent_version for session in sessions}) > 2
    assert {True, False} == {"metadata" in item for item in raw}
    assert {"ngrok/2"} == {session.transport for session in sessions}
    assert [session.id for session in sessions] == [t.tunnel_session.id for t in tunnels]
    assert len({tunnel.public_url for tunnel in tunnels}) == 20


async def test_tunnels_with_a_url_have_an_endpoint(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """The list of endpoints has what took the place of tunnels."""
    fake.add_agent()
    (tunnel,) = await items(http, "tunnels")
    (raw,) = await items(http, "endpoints")
    endpoint = decode(raw, Endpoint)

    assert tunnel["endpoint"]["id"] == endpoint.id
    assert endpoint.tunnel is not None
    assert tunnel["id"] == endpoint.tunnel.id
    assert tunnel["public_url"] == endpoint.url == endpoint.public_url
    assert tunnel["forwards_to"] == endpoint.upstream_url


async def test_an_agent_as_told(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """Fields that are passed are the session's, empty ones are left out."""
    agent = fake.add_agent(
        agent_version="3.0.0",
        credential="cr_1",
        ip="192.0.2.7",
        metadata="",
        os="plan9",
        region="",
        started_at=fake.clock.now(),
        transport="ssh",
        tunnels=0,
    )
    async with http.get(f"/tunnel_sessions/{agent.id}") as answer:
        session = await answer.json()

    assert {
        "id": agent.id,
        "uri": f"{fake.url}/tunnel_sessions/{agent.id}",
        "agent_version": "3.0.0",
        "credential": {"id": "cr_1", "uri": f"{fake.url}/credentials/cr_1"},
        "ip": "192.0.2.7",
        "os": "plan9",
        "started_at": fake.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "transport": "ssh",
    } == session
    assert (agent,) == fake.agents
    assert [] == await items(http, "tunnels")


async def test_tunnels_as_told(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """A tunnel has a URL and an endpoint, or labels."""
    agent = fake.add_agent(tunnels=0)
    url = fake.add_tunnel(agent, public_url="tcp://1.tcp.ngrok.io:1", proto="tcp", metadata="m")
    labelled = fake.add_tunnel(agent, labels={"site": "a"}, forwards_to="http://localhost:8080")
    found = {item["id"]: item for item in await items(http, "tunnels")}

    assert (url, labelled) == agent.tunnel_ids == tuple(reversed(found))
    assert "tcp://1.tcp.ngrok.io:1" == found[url]["public_url"]
    assert {"proto": "tcp", "metadata": "m"}.items() <= found[url].items()
    assert found[url]["endpoint"]["id"].startswith("ep_")
    assert {"site": "a"} == found[labelled]["labels"]
    assert found[labelled].keys().isdisjoint({"public_url", "proto", "endpoint", "metadata"})
    assert "http://localhost:8080" == found[labelled]["forwards_to"]


async def test_stop_ends_session_and_tunnels(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """A stopped agent is gone with its tunnels; others stay."""
    stays = fake.add_agent()
    agent = fake.add_agent(tunnels=2)
    fake.add_tunnel(agent, labels={"site": "a"})
    await command(http, "stop", agent.id)

    assert not agent.online
    assert [stays.id] == [item["id"] for item in await items(http, "tunnel_sessions")]
    assert list(stays.tunnel_ids) == [item["id"] for item in await items(http, "tunnels")]
    assert 1 == len(await items(http, "endpoints"))
    with pytest.raises(ValueError, match="not online"):
        fake.add_tunnel(agent)


async def test_restart_brings_the_agent_back_anew(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """The same agent returns as a new session with new tunnels, newest in the list."""
    agent = fake.add_agent()
    fake.add_agent()
    old_id, old_tunnels = agent.id, agent.tunnel_ids
    before = {item["id"]: item for item in await items(http, "tunnel_sessions")}[old_id]
    await command(http, "restart", agent.id)
    after = (await items(http, "tunnel_sessions"))[0]
    tunnel = (await items(http, "tunnels"))[0]

    assert agent.id == after["id"] != old_id
    assert set(agent.tunnel_ids).isdisjoint(old_tunnels)
    assert (tunnel["id"],) == agent.tunnel_ids
    assert tunnel["started_at"] == after["started_at"] > before["started_at"]
    changed = {"id", "uri", "started_at"}
    assert {k: v for k, v in before.items() if k not in changed} == {
        k: v for k, v in after.items() if k not in changed
    }


async def test_update_counts_from_the_next_restart(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """An update fetches the newest version, a restart runs it."""
    fake.newest_version = "3.99.0"
    agent = fake.add_agent(agent_version="3.1.0")
    await command(http, "update", agent.id)

    assert "3.99.0" == fake.newest_version
    assert "3.1.0" == (await items(http, "tunnel_sessions"))[0]["agent_version"]

    await command(http, "restart", agent.id)

    assert "3.99.0" == (await items(http, "tunnel_sessions"))[0]["agent_version"]


async def test_a_restart_may_take_its_time() -> None:
    """With a delay the agent is away until the clock has moved on."""
    clock = TurnableClock(running=False)
    async with FakeNgrok(agents=1, restart_delay=8.0, clock=clock) as fake:
        headers = {"authorization": f"Bearer {fake.api_key}", "ngrok-version": "2"}
        async with aiohttp.ClientSession(fake.url, headers=headers) as http:
            (agent,) = fake.agents
            await command(http, "restart", agent.id)

            assert not agent.online
            assert [] == await items(http, "tunnel_sessions")

            clock.advance(8)

            assert agent.online
            assert [agent.id] == [item["id"] for item in await items(http, "tunnel_sessions")]


def test_agents_need_an_address() -> None:
    """Before the start nobody can connect, since resources hold the address of the fake."""
    with pytest.raises(RuntimeError, match="start the fake first"):
        FakeNgrok().add_agents(1)
