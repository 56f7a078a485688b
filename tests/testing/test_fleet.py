"""Fleets of agents: alike, moving, refusing, updating, gone for a while or for good."""

import inspect
import math
from datetime import datetime, timedelta
from typing import Any, get_type_hints

import pytest

from ngrok_async.testing import Agent, FakeNgrok, TurnableClock
from ngrok_async.testing._agent_excuses import EXCUSES
from ngrok_async.testing._fleet import AgentOptions

from .conftest import Call

COMMANDS = ("restart", "stop", "update")
STATUSES = {810: 502, 1700: 403, 1701: 403, 1702: 403}


async def order(call: Call, agent: Agent, command: str) -> tuple[int, str | None]:
    """Send a command to an agent; returns the status and the code of the answer."""
    status, body = await call("POST", f"/tunnel_sessions/{agent.id}/{command}", {})
    return status, None if body is None else body.get("error_code")


async def listed(call: Call, name: str) -> list[Any]:
    """Return the first page of a list."""
    return list((await call("GET", f"/{name}"))[1][name])


async def session_of(call: Call, agent: Agent) -> dict[str, Any]:
    """Return the session of an agent."""
    status, session = await call("GET", f"/tunnel_sessions/{agent.id}")

    assert 200 == status
    return dict(session)


def turn(fake: FakeNgrok, seconds: float) -> None:
    """Let time go by."""
    fake.clock.advance(seconds)


async def test_agents_may_look_alike(fake: FakeNgrok, call: Call) -> None:
    """Agents behind one address differ in nothing but ids, times and URLs, if told so."""
    fake.add_agents(
        3,
        ip="203.0.113.7",
        metadata="store",
        os="linux",
        credential="cr_1",
        region="eu",
        agent_version="3.1.0",
    )
    sessions = await listed(call, "tunnel_sessions")
    own = {"id", "uri", "started_at"}

    assert 3 == len(sessions) == len({session["id"] for session in sessions})
    assert 1 == len({str({k: v for k, v in s.items() if k not in own}) for s in sessions})
    assert 3 == len({tunnel["public_url"] for tunnel in await listed(call, "tunnels")})


async def test_fields_may_be_left_out(fake: FakeNgrok, call: Call) -> None:
    """An empty text is what the API does not show."""
    agent = fake.add_agent(ip="", agent_version="", metadata="", transport="")

    assert {"ip", "agent_version", "metadata", "transport"}.isdisjoint(
        await session_of(call, agent)
    )


def test_what_agents_have_in_common_is_what_one_takes() -> None:
    """The arguments of `add_agents` are those of `add_agent`, of the same types."""
    signature = inspect.signature(FakeNgrok.add_agent)
    hints = get_type_hints(FakeNgrok.add_agent)

    assert {n: hints[n] for n in signature.parameters if n != "self"} == get_type_hints(
        AgentOptions
    )


async def test_agents_that_are_added_later_are_new(fake: FakeNgrok, call: Call) -> None:
    """Agents of the beginning have been there for a while; from the first request on it is now."""
    early, told = fake.add_agents(2)
    await listed(call, "tunnels")
    late = fake.add_agent()
    now = fake.clock.now().replace(microsecond=0)
    old = fake.add_agent(started_at=now - timedelta(days=400))
    sessions = await listed(call, "tunnel_sessions")

    assert [late.id, told.id, early.id, old.id] == [session["id"] for session in sessions]
    assert sorted((s["id"] for s in sessions), reverse=True) == [s["id"] for s in sessions]
    assert now == datetime.fromisoformat(sessions[0]["started_at"])
    assert now - datetime.fromisoformat(sessions[1]["started_at"]) > timedelta(days=29)


async def test_a_drop_is_a_new_session(fake: FakeNgrok, call: Call) -> None:
    """Whoever loses the connection is back under another id, with what it shows by then."""
    other = fake.add_agent()
    agent = fake.add_agent(ip="198.51.100.7", region="us", tunnels=2)
    before, tunnels = await session_of(call, agent), agent.tunnel_ids
    agent.ip, agent.region = "203.0.113.9", "eu"

    assert before == await session_of(call, agent)  # it is as it was when it connected

    fake.drop(agent, back_after=5)

    assert not agent.online
    assert [other.id] == [session["id"] for session in await listed(call, "tunnel_sessions")]
    assert 1 == len(await listed(call, "endpoints"))
    assert 404 == (await order(call, agent, "stop"))[0]

    turn(fake, 5)
    after = await session_of(call, agent)
    changed = {"id", "uri", "started_at", "ip", "region"}

    assert agent.online
    assert (before["id"], after["id"]) == agent.ids
    assert before["id"] < after["id"]
    assert before["started_at"] < after["started_at"]
    assert ("203.0.113.9", "eu") == (after["ip"], after["region"])
    assert changed == {name for name in before if before[name] != after[name]}
    assert 2 == len(agent.tunnel_ids)
    assert set(tunnels).isdisjoint(agent.tunnel_ids)
    assert {"eu"} == {t["region"] for t in (await listed(call, "tunnels"))[:2]}


async def test_a_drop_does_not_restart_the_program(fake: FakeNgrok, call: Call) -> None:
    """What an update has fetched runs after the machine has restarted, not after a lost line."""
    agent = fake.add_agent(agent_version="3.1.0", os="windows")

    assert (204, None) == await order(call, agent, "update")

    fake.drop(agent)

    assert "3.1.0" == (await session_of(call, agent))["agent_version"] == agent.agent_version

    fake.drop(agent, restarted=True)

    assert "3.39.0" == (await session_of(call, agent))["agent_version"] == agent.agent_version


async def test_some_never_come_back(fake: FakeNgrok, call: Call) -> None:
    """After a drop, a stop, or a restart that fails on the machine, until somebody starts them."""
    dropped = fake.add_agent()
    lost = fake.add_agent(restart_delay=math.inf, os="linux")
    stopped = fake.add_agent()
    fake.drop(dropped, back_after=math.inf)

    assert (204, None) == await order(call, lost, "restart")
    assert (204, None) == await order(call, stopped, "stop")

    turn(fake, 1e9)

    assert [] == await listed(call, "tunnel_sessions") == await listed(call, "endpoints")
    for agent in fake.agents:
        fake.start_agent(agent)
    assert [agent.id for agent in reversed(fake.agents)] == [
        session["id"] for session in await listed(call, "tunnel_sessions")
    ]


async def test_somebody_may_start_an_agent_before_it_is_back(fake: FakeNgrok, call: Call) -> None:
    """It then has one session, not two."""
    agent = fake.add_agent()
    fake.drop(agent, back_after=5)
    fake.start_agent(agent)
    turn(fake, 10)

    assert 2 == len(agent.ids)
    assert [agent.id] == [session["id"] for session in await listed(call, "tunnel_sessions")]


async def test_a_supervisor_starts_it_again(fake: FakeNgrok, call: Call) -> None:
    """A stopped agent may be back a moment later, and run what it has fetched."""
    agent = fake.add_agent(agent_version="3.1.0", os="linux", revive_delay=3)
    await order(call, agent, "update")

    assert (204, None) == await order(call, agent, "stop")

    turn(fake, 2)

    assert not agent.online

    turn(fake, 1)

    assert agent.online
    assert "3.39.0" == (await session_of(call, agent))["agent_version"]


async def test_a_session_may_end_some_time_after_the_answer(fake: FakeNgrok, call: Call) -> None:
    """Until it ends it is listed, and ngrok cannot reach the agent: 810."""
    stopped = fake.add_agent(stop_delay=4)
    restarted = fake.add_agent(stop_delay=4, restart_delay=6, os="linux")
    old = restarted.id

    assert (204, None) == await order(call, stopped, "stop")
    assert (204, None) == await order(call, restarted, "restart")

    turn(fake, 3)

    assert stopped.online
    assert restarted.online
    assert 2 == len(await listed(call, "tunnels"))
    for command in COMMANDS:
        assert (502, "ERR_NGROK_810") == await order(call, stopped, command)
    with pytest.raises(ValueError, match="about to leave"):
        fake.drop(stopped)

    turn(fake, 1)

    assert [] == await listed(call, "tunnel_sessions") == await listed(call, "tunnels")

    turn(fake, 6)

    assert [restarted.id] == [s["id"] for s in await listed(call, "tunnel_sessions")] != [old]


async def test_the_delays_of_the_fake_are_those_of_agents() -> None:
    """An agent has its own, or those of the fake."""
    fake = FakeNgrok(stop_delay=1, restart_delay=2, update_delay=3, clock=TurnableClock())
    async with fake:
        usual, own = fake.add_agent(), fake.add_agent(stop_delay=0, update_delay=9)

    assert (1, 2, 3) == (usual.stop_delay, usual.restart_delay, usual.update_delay)
    assert (0, 2, 9) == (own.stop_delay, own.restart_delay, own.update_delay)


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        pytest.param({"os": "linux"}, (None, None, None), id="all"),
        pytest.param({"os": "Windows 11"}, (804, None, None), id="Windows"),
        pytest.param({"os": "darwin", "transport": "ssh"}, (804, 805, 806), id="SSH"),
        pytest.param({"os": "linux", "obeys": ()}, (804, 805, 806), id="no handler"),
        pytest.param({"os": "linux", "obeys": ("stop",)}, (804, None, 806), id="a handler"),
        pytest.param({"os": "windows", "obeys": COMMANDS}, (None, None, None), id="as told"),
        pytest.param({"os": "linux", "update_check": False}, (None, None, 806), id="no updates"),
    ],
)
async def test_what_agents_cannot_do(
    fake: FakeNgrok, call: Call, options: dict[str, Any], codes: tuple[int | None, ...]
) -> None:
    """A command that an agent does not support is refused, and changes nothing."""
    for command, code in zip(COMMANDS, codes, strict=True):
        agent = fake.add_agent(agent_version="3.1.0", **options)
        id_ = agent.id
        expected = (204, None) if code is None else (400, f"ERR_NGROK_{code}")

        assert expected == await order(call, agent, command)
        if code is not None:
            assert (id_,) == agent.ids
            assert agent.online
            assert (204, None) != await order(call, agent, command)


async def test_an_update_takes_a_while(fake: FakeNgrok, call: Call) -> None:
    """Until it is fetched, and then until the restart, another update is refused."""
    agent = fake.add_agent(agent_version="3.1.0", os="linux", update_delay=10)
    refused = (400, "ERR_NGROK_809")

    assert (204, None) == await order(call, agent, "update")
    assert refused == await order(call, agent, "update")  # under way

    turn(fake, 10)

    assert refused == await order(call, agent, "update")  # waits for a restart
    assert "3.1.0" == (await session_of(call, agent))["agent_version"]
    assert (204, None) == await order(call, agent, "restart")
    assert "3.39.0" == (await session_of(call, agent))["agent_version"]
    assert refused == await order(call, agent, "update")  # nothing new


@pytest.mark.parametrize("command", ["restart", "stop"])
async def test_a_restart_in_between_ends_the_fetch(
    fake: FakeNgrok, call: Call, command: str
) -> None:
    """Whoever does not wait has the version of before, and can update again."""
    agent = fake.add_agent(agent_version="3.1.0", os="linux", update_delay=10, revive_delay=0)
    await order(call, agent, "update")
    turn(fake, 9)
    await order(call, agent, command)
    turn(fake, 9)

    assert "3.1.0" == (await session_of(call, agent))["agent_version"]
    assert (204, None) == await order(call, agent, "update")


async def test_a_lost_connection_does_not_end_the_fetch(fake: FakeNgrok, call: Call) -> None:
    """The program goes on fetching."""
    agent = fake.add_agent(agent_version="3.1.0", os="linux", update_delay=10)
    await order(call, agent, "update")
    fake.drop(agent, back_after=20)
    turn(fake, 20)
    await order(call, agent, "restart")

    assert "3.39.0" == (await session_of(call, agent))["agent_version"]


@pytest.mark.parametrize(
    ("version", "channel", "becomes"),
    [
        pytest.param("3.18.4", "stable", "3.40.0", id="older"),
        pytest.param("3.9.0", "stable", "3.40.0", id="not as texts compare"),
        pytest.param("3.40.0", "stable", None, id="the same"),
        pytest.param("3.41.0", "stable", None, id="newer"),
        pytest.param("3.40.0-rc.1", "stable", "3.40.0", id="a pre-release of it"),
        pytest.param("2.3.40", "stable", "2.3.41", id="older major version"),
        pytest.param("4.0.0", "stable", None, id="newer major version"),
        pytest.param("", "stable", None, id="unknown version"),
        pytest.param("3.40.0", "beta", "3.41.0-beta", id="another channel"),
        pytest.param("2.3.40", "beta", None, id="nothing in the channel"),
        pytest.param("3.1.0", "nightly", None, id="no such channel"),
    ],
)
async def test_what_an_update_fetches(
    fake: FakeNgrok, call: Call, version: str, channel: str, becomes: str | None
) -> None:
    """The newest of the agent's channel, never another major version, and nothing older."""
    fake.newest_version = "3.40.0"
    fake.release("2.3.41")
    fake.release("3.41.0-beta", channel="beta")
    agent = fake.add_agent(agent_version=version, channel=channel, os="linux")
    status, _ = await order(call, agent, "update")
    await order(call, agent, "restart")

    assert "3.40.0" == fake.newest_version
    assert (400 if becomes is None else 204) == status
    assert (becomes or version) == (await session_of(call, agent)).get("agent_version", "")


async def test_random_urls_change(fake: FakeNgrok, call: Call) -> None:
    """A reconnect brings new URLs, but for those that were told or have been reserved since."""
    agent = fake.add_agent(tunnels=3, region="eu")
    fake.add_tunnel(agent, proto="tcp")
    fake.add_tunnel(agent, proto="tcp")
    fake.add_tunnel(agent, proto="tls", binding="internal")
    fake.add_tunnel(agent, public_url="https://shop.example.com")
    fake.add_tunnel(agent, public_url="tcp://5.tcp.ngrok.io:20431")
    before = [endpoint["url"] for endpoint in (await listed(call, "endpoints"))[::-1]]
    fake.add("/reserved_domains", domain=before[0].partition("//")[2])
    fake.add("/reserved_addrs", addr=before[3].partition("//")[2])
    fake.drop(agent)
    endpoints = (await listed(call, "endpoints"))[::-1]
    after = [endpoint["url"] for endpoint in endpoints]
    kept = [old == new for old, new in zip(before, after, strict=True)]

    assert [True, False, False, True, False, False, True, True] == kept
    assert ["https", "https", "https", "tcp", "tcp", "tls", "https", "tcp"] == [
        endpoint["proto"] for endpoint in endpoints
    ]
    assert before[3].startswith("tcp://0.tcp.eu.ngrok.io:")
    assert before[5].endswith(".internal")
    assert len({*before, *after}) == 12


async def test_endpoints_name_what_is_reserved(fake: FakeNgrok, call: Call) -> None:
    """An endpoint refers to the domain or address that the account has reserved for it."""
    domain = fake.add("/reserved_domains", domain="shop.example.com")
    wild = fake.add("/reserved_domains", domain="*.example.org")
    address = fake.add("/reserved_addrs", addr="1.tcp.ngrok.io:20000")
    agent = fake.add_agent(tunnels=0)
    for url in (
        "https://shop.example.com",
        "https://a.example.org",
        "tcp://1.tcp.ngrok.io:20000",
        "https://example.org",
    ):
        fake.add_tunnel(agent, public_url=url)
    own, any_, tcp, none = (await listed(call, "endpoints"))[::-1]

    assert domain == own["domain"]["id"]
    assert wild == any_["domain"]["id"]
    assert address == tcp["tcp_addr"]["id"]
    assert {"domain", "tcp_addr"}.isdisjoint(none)


async def test_an_endpoint_of_an_agent(fake: FakeNgrok, call: Call) -> None:
    """It says whose it is, where it is, and what the agent's configuration says of it."""
    agent = fake.add_agent(tunnels=0)
    fake.add_tunnel(
        agent,
        public_url="https://shop.example.com",
        name="shop",
        description="The shop.",
        metadata="m",
        forwards_to="http://localhost:8080",
        pooling_enabled=True,
    )
    (tunnel,) = await listed(call, "tunnels")
    status, endpoint = await call("GET", f"/endpoints/{tunnel['endpoint']['id']}")
    session = await session_of(call, agent)

    assert 200 == status
    assert {
        "id": tunnel["endpoint"]["id"],
        "uri": tunnel["endpoint"]["uri"],
        "created_at": session["started_at"],
        "updated_at": session["started_at"],
        "public_url": "https://shop.example.com",
        "url": "https://shop.example.com",
        "proto": "https",
        "hostport": "shop.example.com:443",
        "type": "ephemeral",
        "name": "shop",
        "description": "The shop.",
        "metadata": "m",
        "bindings": ["public"],
        "pooling_enabled": True,
        "tunnel": {"id": tunnel["id"], "uri": f"{fake.url}/tunnels/{tunnel['id']}"},
        "tunnel_session": {"id": session["id"], "uri": session["uri"]},
        "upstream_url": "http://localhost:8080",
    }.items() <= endpoint.items()
    assert endpoint["principal"]["id"].startswith("usr_")


async def test_pools_share_a_url(fake: FakeNgrok, call: Call) -> None:
    """Endpoints have a URL in common where all of them are pooled, else it is taken."""
    url = "https://shop.example.com"
    first, second, third = fake.add_agents(3, tunnels=0)
    fake.add_tunnel(first, public_url=url, pooling_enabled=True)
    fake.add_tunnel(second, public_url=url, pooling_enabled=True)
    with pytest.raises(ValueError, match=r"shop\.example\.com' is taken"):
        fake.add_tunnel(third, public_url=url)

    endpoints = await listed(call, "endpoints")

    assert [(url, True)] * 2 == [(e["url"], e["pooling_enabled"]) for e in endpoints]
    assert () == third.tunnel_ids


async def test_somebody_else_may_have_taken_the_url(fake: FakeNgrok, call: Call) -> None:
    """Who comes back too late is back without that tunnel, and has it the next time."""
    agent, other = fake.add_agents(2, tunnels=0)
    fake.add_tunnel(agent, public_url="https://shop.example.com")
    fake.add_tunnel(agent, labels={"a": "b"})
    fake.drop(agent, back_after=5)
    fake.add_tunnel(other, public_url="https://shop.example.com")
    turn(fake, 5)

    assert 1 == len(agent.tunnel_ids)
    assert [other.id] == [e["tunnel_session"]["id"] for e in await listed(call, "endpoints")]

    fake.drop(other, back_after=math.inf)
    fake.drop(agent)

    assert 2 == len(agent.tunnel_ids)


@pytest.mark.parametrize("code", EXCUSES)
async def test_refusals_by_script(fake: FakeNgrok, call: Call, code: int) -> None:
    """A code refuses the commands that it is for, of one agent, as often as told."""
    name = f"ERR_NGROK_{code}"
    for command in COMMANDS:
        agent, other = fake.add_agents(2, os="linux", agent_version="3.1.0")
        fake.refuse(name, agent=agent, reason="no coffee")
        is_for_it = command in EXCUSES[code]
        expected = (STATUSES.get(code, 400), name) if is_for_it else (204, None)

        assert (204, None) == await order(call, other, command)

        fake.drop(agent)  # its id is another one now

        assert 200 == (await call("GET", f"/tunnel_sessions/{agent.id}"))[0]
        assert expected == await order(call, agent, command)
        if is_for_it:
            assert 2 == len(agent.ids)
            assert (204, None) == await order(call, agent, command)
        fake.heal()


async def test_a_refusal_may_be_a_lie(fake: FakeNgrok, call: Call) -> None:
    """With `applied` the agent has obeyed all the same, as 810 says it may have."""
    agent = fake.add_agent(os="linux")
    fake.refuse("ERR_NGROK_810", agent=agent, command="restart", reason="timeout", applied=True)
    status, body = await call("POST", f"/tunnel_sessions/{agent.id}/restart", {})

    assert (502, "ERR_NGROK_810") == (status, body["error_code"])
    assert "timeout" in body["msg"]
    assert 2 == len(agent.ids)


async def test_a_plan_without_commands(fake: FakeNgrok, call: Call) -> None:
    """Without an agent all are meant, and with `times=None` for good."""
    agents = fake.add_agents(2, os="linux", agent_version="3.1.0")
    fake.refuse("ERR_NGROK_1702", times=None)
    for agent in agents * 2:
        assert (403, "ERR_NGROK_1702") == await order(call, agent, "update")
    assert (204, None) == await order(call, agents[0], "restart")


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_session_without_an_agent(fake: FakeNgrok, call: Call, command: str) -> None:
    """A session that was added by hand has nobody who would obey."""
    session = fake.add("/tunnel_sessions", ip="203.0.113.7")
    status, body = await call("POST", f"/tunnel_sessions/{session}/{command}", {})

    assert (502, "ERR_NGROK_810") == (status, body["error_code"])
    assert "added by hand" in body["msg"]


async def test_other_faults_of_an_agent(fake: FakeNgrok, call: Call) -> None:
    """`fail` takes an agent too, for all that names its session."""
    agent, other = fake.add_agents(2)
    fake.fail(503, agent=agent, times=2)
    fake.drop(agent)

    assert 200 == (await call("GET", f"/tunnel_sessions/{other.id}"))[0]
    assert 503 == (await call("GET", f"/tunnel_sessions/{agent.id}"))[0]
    assert 503 == (await order(call, agent, "stop"))[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"ip": 5}, "ip must be a text, got 5", id="no text"),
        pytest.param({"ip": "203.0.113.777"}, "ip must be like '203.0.113.7'", id="no address"),
        pytest.param({"agent_version": "new"}, "agent_version must be like '3.39.0'", id="version"),
        pytest.param({"metadata": "x" * 4097}, "metadata may have 4096 bytes", id="too long"),
        pytest.param({"metadata": {"a": 1}}, "metadata must be a text", id="no text either"),
        pytest.param({"os": None, "region": 1}, "region must be a text", id="region"),
        pytest.param({"started_at": datetime(2026, 1, 1)}, "with a time zone", id="naive"),  # noqa: DTZ001 # that is it
        pytest.param({"tunnels": -1}, "tunnels must be a whole number from 0", id="negative"),
        pytest.param({"tunnels": True}, "tunnels must be a whole number", id="no number"),
        pytest.param({"tunnels": 1.0}, "tunnels must be a whole number", id="no whole number"),
        pytest.param({"obeys": "stop"}, "obeys must be commands", id="one text"),
        pytest.param({"obeys": ("dance",)}, "obeys must be commands", id="no command"),
        pytest.param({"update_check": 1}, "update_check must be True or False", id="no flag"),
        pytest.param({"channel": 1}, "channel must be a text", id="channel"),
        pytest.param({"restart_delay": -1}, "restart_delay must be seconds", id="before"),
        pytest.param({"stop_delay": math.nan}, "stop_delay must be seconds", id="nan"),
        pytest.param({"update_delay": "5"}, "update_delay must be seconds", id="no seconds"),
        pytest.param({"revive_delay": True}, "revive_delay must be seconds", id="a flag"),
    ],
)
async def test_agents_that_cannot_be(fake: FakeNgrok, options: dict[str, Any], says: str) -> None:
    """An argument that cannot be is told at the call, and nobody connects."""
    with pytest.raises(ValueError, match=says):
        fake.add_agent(**options)
    with pytest.raises(ValueError, match=says):
        fake.add_agents(1, **options)

    assert () == fake.agents
    settable = {name: value for name, value in options.items() if hasattr(Agent, name)}
    agent = fake.add_agent()
    for name, value in settable.items():
        if value is not None:
            with pytest.raises(ValueError, match=says):
                setattr(agent, name, value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"public_url": "shop.ngrok.app"}, "must be like 'https:", id="no scheme"),
        pytest.param({"public_url": "shop.ngrok.app:443"}, "must be like 'https:", id="host"),
        pytest.param({"public_url": "https://["}, "must be like 'https:", id="no URL"),
        pytest.param({"public_url": "tcp://a:99999"}, "must be like 'https:", id="no port"),
        pytest.param({"public_url": "tcp://a:0"}, "must be like 'https:", id="port 0"),
        pytest.param({"public_url": 5}, "public_url must be", id="no text"),
        pytest.param({"public_url": "tcp://a:1", "proto": "https"}, "is not that of", id="proto"),
        pytest.param({"binding": "private"}, "binding must be one of", id="binding"),
        pytest.param({"labels": ["a"]}, "labels must be texts by name", id="no mapping"),
        pytest.param({"labels": {"a": 1}}, "labels must be texts by name", id="no texts"),
        pytest.param({"forwards_to": 80}, "forwards_to must be a text", id="port"),
        pytest.param({"pooling_enabled": None}, "must be True or False", id="flag"),
    ],
)
async def test_tunnels_that_cannot_be(fake: FakeNgrok, options: dict[str, Any], says: str) -> None:
    """An argument that cannot be is told at the call."""
    agent = fake.add_agent(tunnels=0)
    with pytest.raises(ValueError, match=says):
        fake.add_tunnel(agent, **options)

    assert () == agent.tunnel_ids


async def test_calls_that_cannot_be(fake: FakeNgrok) -> None:
    """The other mistakes that one can make with agents are told at the call too."""
    agent = fake.add_agent()
    async with FakeNgrok() as another:
        stranger = another.add_agent()
    wrong: list[tuple[str, Any]] = [
        ("count must be", lambda: fake.add_agents(-1)),
        ("agent must be one that add_agent", lambda: fake.drop(stranger)),
        ("agent must be one that add_agent", lambda: fake.add_tunnel(agent.id)),  # type: ignore[arg-type] # that is it
        ("back_after must be seconds", lambda: fake.drop(agent, back_after=-1)),
        ("the agent is online", lambda: fake.start_agent(agent)),
        ("a version must be like", lambda: fake.release("newest")),
        ("a version must be like", lambda: setattr(fake, "newest_version", "4")),
        ("code must be one of ERR_NGROK_804, ", lambda: fake.refuse("ERR_NGROK_226")),
        ("code must be one of", lambda: fake.refuse("804")),
        ("code must be one of", lambda: fake.refuse("ERR_NGROK_x")),
        ("is a refusal of restart", lambda: fake.refuse("ERR_NGROK_804", command="stop")),
        (
            "is a refusal of restart and stop",
            lambda: fake.refuse("ERR_NGROK_1701", command="update"),
        ),
        ("restart_delay must be seconds", lambda: FakeNgrok(restart_delay=-1)),
        ("stop_delay must be seconds", lambda: FakeNgrok(stop_delay=math.nan)),
        ("update_delay must be seconds", lambda: FakeNgrok(update_delay=-0.1)),
    ]
    for says, call in wrong:
        with pytest.raises(ValueError, match=says):
            call()

    fake.drop(agent, back_after=math.inf)
    with pytest.raises(ValueError, match="the agent is not online"):
        fake.drop(agent)

    assert 1 == len(agent.ids)
