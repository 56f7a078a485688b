"""The agents of the fake, as its users see them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final, Literal, TypedDict, Unpack
from urllib.parse import urlsplit

from ngrok_async._shown import shown
from ngrok_async.testing._agent import Agent, seconds
from ngrok_async.testing._agent_excuses import EXCUSES
from ngrok_async.testing._agents import Agents
from ngrok_async.testing._arguments import flag, moment, text, whole
from ngrok_async.testing._faults import Fault, Faults
from ngrok_async.testing._refusals import refusal
from ngrok_async.testing._tunnels import BINDINGS, SCHEMES, SESSIONS, Offer

_EXCUSES: Final = {f"ERR_NGROK_{number}": number for number in EXCUSES}


class AgentOptions(TypedDict, total=False):
    """What all agents of `FakeNgrok.add_agents` have in common; see `FakeNgrok.add_agent`."""

    agent_version: str | None
    credential: str | None
    ip: str | None
    metadata: str | None
    os: str | None
    region: str | None
    started_at: datetime | None
    transport: str | None
    tunnels: int
    channel: str
    update_check: bool
    obeys: Iterable[str] | None
    stop_delay: float | None
    restart_delay: float | None
    revive_delay: float | None
    update_delay: float | None


class Fleet:
    """The part of `FakeNgrok` that has the agents."""

    def __init__(
        self,
        agents: Agents,
        faults: Faults,
        *,
        restart_delay: float,
        stop_delay: float,
        update_delay: float,
    ) -> None:
        """Begin without agents; the delays are those of agents that have none of their own."""
        self._agents = agents
        self._faults = faults
        self._delays = {
            "restart_delay": seconds("restart_delay", restart_delay),
            "stop_delay": seconds("stop_delay", stop_delay),
            "update_delay": seconds("update_delay", update_delay),
        }

    @property
    def agents(self) -> tuple[Agent, ...]:
        """All agents in the order in which they were added, stopped ones included."""
        return self._agents.all

    @property
    def newest_version(self) -> str:
        """The newest stable version, which agents fetch on `update` and run after a restart.

        Agents stay at their major version. Setting it takes back all other stable versions; see
        `release`.
        """
        return self._agents.releases.newest

    @newest_version.setter
    def newest_version(self, version: str) -> None:
        self._agents.releases.newest = version

    def release(self, version: str, *, channel: str = "stable") -> None:
        """Publish a version, which agents of the channel fetch on `update`.

        They never fetch one with another major version, so each of those has a newest version:

            fake.release("2.3.41")  # for those that still run version 2
            fake.release("3.40.0-beta", channel="beta")

        Args:
            version: What is now the newest one of its major version.
            channel: Who gets it: agents with this `channel`.

        Raises:
            ValueError: It is no version.
        """
        self._agents.releases.add(version, channel)

    def add_agents(self, count: int, **alike: Unpack[AgentOptions]) -> tuple[Agent, ...]:
        """Connect agents, with what `add_agent` takes for all of them.

            fake.add_agents(3, metadata="store", os="linux", credential="cr_1")  # look alike
            fake.add_agents(20, ip="203.0.113.7")  # behind one address

        Raises:
            ValueError: There are no such agents.
        """
        return tuple(
            self.add_agent(**alike)
            for _ in range(whole("count", count, "a whole number from 0 on"))
        )

    def add_agent(
        self,
        *,
        agent_version: str | None = None,
        credential: str | None = None,
        ip: str | None = None,
        metadata: str | None = None,
        os: str | None = None,
        region: str | None = None,
        started_at: datetime | None = None,
        transport: str | None = None,
        tunnels: int = 1,
        channel: str = "stable",
        update_check: bool = True,
        obeys: Iterable[str] | None = None,
        stop_delay: float | None = None,
        restart_delay: float | None = None,
        revive_delay: float | None = None,
        update_delay: float | None = None,
    ) -> Agent:
        """Connect an agent to the started fake.

        Fields of its session that you do not pass get plausible values that vary from agent to
        agent; pass "" for a field that the API is to leave out. `Agent` tells what the arguments
        mean that are not told here, and they can be changed there later.

        Args:
            agent_version: The version of its program.
            credential: The id of its tunnel credential.
            ip: The address that it comes from.
            metadata: The text from its configuration.
            os: Its operating system; on "windows" it refuses `restart`.
            region: The ngrok region.
            started_at: When its session began, which is its place in the list too. Default: now;
                and before the first request a time of the last month, a minute after the one
                before.
            transport: The protocol; over "ssh" it refuses all commands.
            tunnels: How many HTTPS tunnels it offers, with URLs that change when it connects anew.
            channel: Where it gets updates from.
            update_check: Whether it may look for updates.
            obeys: The commands that it supports; default: what its `os` and `transport` can.
            stop_delay: Seconds until it leaves; default: those of the fake, as below.
            restart_delay: Seconds until it is back.
            revive_delay: Seconds until it is started again after a `stop`; default: never.
            update_delay: Seconds until it has fetched an update.

        Raises:
            ValueError: There is no such agent.
        """
        started_at = moment("started_at", started_at)
        tunnels = whole("tunnels", tunnels, "a whole number from 0 on")
        given = {
            **self._delays,
            "agent_version": agent_version,
            "credential": credential,
            "ip": ip,
            "metadata": metadata,
            "os": os,
            "region": region,
            "transport": transport,
            "channel": channel,
            "update_check": update_check,
            "obeys": obeys,
        }
        delays = {
            "stop_delay": stop_delay,
            "restart_delay": restart_delay,
            "revive_delay": revive_delay,
            "update_delay": update_delay,
        }
        given |= {name: delay for name, delay in delays.items() if delay is not None}
        agent = self._agents.add(given, started_at)
        for _ in range(tunnels):
            self.add_tunnel(agent)
        return agent

    def add_tunnel(
        self,
        agent: Agent,
        *,
        public_url: str | None = None,
        proto: str | None = None,
        forwards_to: str = "http://localhost:80",
        metadata: str = "",
        labels: Mapping[str, str] | None = None,
        name: str = "",
        description: str = "",
        binding: str = "public",
        pooling_enabled: bool = False,
    ) -> str:
        """Let a connected agent offer one more tunnel, also after it has connected anew.

        A tunnel has an endpoint, unless it has labels. Where an agent comes back and somebody else
        has the URL by then, it is back without that tunnel.

        Args:
            agent: Who offers it.
            public_url: Where it is reached, always. Default: a made-up URL, which changes whenever
                the agent connects anew, unless its host has been reserved by then.
            proto: What it speaks; default: what the URL says, or "https".
            forwards_to: The address that the agent forwards to.
            metadata: The text from the agent's configuration.
            labels: Makes it a labelled tunnel, which has neither URL nor protocol.
            name: The name of its endpoint.
            description: The description of its endpoint.
            binding: Who reaches it: "public", "internal" or "kubernetes".
            pooling_enabled: Whether endpoints that are pooled too may have the same URL.

        Returns:
            The id of the tunnel now; see `Agent.tunnel_ids`.

        Raises:
            ValueError: The agent is not online, the URL is taken, or an argument cannot be.
        """
        scheme = _scheme(public_url)
        if binding not in BINDINGS:
            raise ValueError(f"binding must be one of {BINDINGS}, got {binding!r}")
        if proto is not None and proto not in SCHEMES:
            raise ValueError(f"proto must be one of {SCHEMES}, got {proto!r}")
        if scheme and proto not in {None, scheme}:
            raise ValueError(f"proto {proto!r} is not that of public_url {public_url!r}")
        return self._agents.offer(
            agent,
            Offer(
                url=public_url or "",
                is_told=public_url is not None,
                proto=proto or scheme or "https",
                forwards_to=forwards_to,
                metadata=metadata,
                labels=labels,
                name=name,
                description=description,
                binding=binding,
                pooling_enabled=pooling_enabled,
            ),
        )

    def drop(self, agent: Agent, *, back_after: float = 0.0, restarted: bool = False) -> None:
        """Let an agent lose its connection without a command, and connect anew.

        It comes back as a new session with a new id, at the top of the list, and shows what its
        attributes say by then. Made-up URLs are others.

            agent.ip = "203.0.113.9"
            fake.drop(agent, back_after=5)

        Args:
            agent: Who.
            back_after: Seconds on the clock until it is back; `math.inf`: it stays away.
            restarted: Whether its program starts anew, as with its machine. It then runs what an
                `update` has fetched.

        Raises:
            ValueError: It is not online, or on its way out already.
        """
        self._agents.drop(
            agent, seconds("back_after", back_after), restarted=flag("restarted", restarted)
        )

    def start_agent(self, agent: Agent) -> None:
        """Start the program of an agent that is away, as somebody at its machine does.

        Raises:
            ValueError: It is online.
        """
        self._agents.start(agent)

    def refuse(
        self,
        code: str,
        *,
        agent: Agent | None = None,
        command: Literal["restart", "stop", "update"] | None = None,
        reason: str = "the fake was told to say so",
        times: int | None = 1,
        applied: bool = False,
    ) -> None:
        """Script how the next commands are refused; `heal` forgets it, like what `fail` was told.

        Agents refuse by themselves what they cannot do. This is for the rest:

            fake.refuse("ERR_NGROK_808", agent=agent)  # it cannot restart
            fake.refuse("ERR_NGROK_810", agent=agent, command="restart", applied=True)
            fake.refuse("ERR_NGROK_1702", times=None)  # the plan does not have `update`

        Args:
            code: ERR_NGROK_804 to 806: it does not support `restart`, `stop`, `update`; 807 to 809:
                it failed to `stop`, `restart`, `update`; 810: contact to it was lost; 1700 to 1702:
                the plan has no commands, no `stop` and `restart`, no `update`.
            agent: Only commands to this agent, whatever its id is by then.
            command: Only this command; default: those that the code is for.
            reason: What goes into the message.
            times: How many of them; None: all from now on.
            applied: Whether the agent obeys all the same.

        Raises:
            ValueError: The code is none of these, or not one of the command.
        """
        number = _EXCUSES.get(str(code))
        if number is None:
            raise ValueError(f"code must be one of {', '.join(_EXCUSES)}; got {shown(code)}")
        commands = EXCUSES[number]
        if command not in {None, *commands}:
            raise ValueError(f"{code} is a refusal of {' and '.join(commands)}, not of {command}")
        refused = refusal(number, reason=text("reason", reason, "no disk space"))
        fault = Fault(
            routes=tuple(
                f"POST {SESSIONS}/{{id}}/{one}" for one in commands if command in {None, one}
            ),
            status=refused.status,
            code=code,
            message=refused.message,
            applied=applied,
            agent=None if agent is None else self._agents.known(agent),
        )
        self._faults.add(fault, times)


def _scheme(url: object) -> str:
    """Return the scheme of a URL; "" without a URL.

    Raises:
        ValueError: It is none.
    """
    if url is None:
        return ""
    scheme = ""
    with suppress(ValueError):  # brackets that are no IPv6 address, a port that is none
        if isinstance(url, str) and urlsplit(url).port != 0:
            scheme = urlsplit(url).scheme
    if scheme not in SCHEMES:
        raise ValueError(f"public_url must be like 'https://shop.ngrok.app', got {url!r}")
    return scheme
