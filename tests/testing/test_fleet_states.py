"""Whatever agents, commands and the clock do: sessions, tunnels and endpoints fit together."""

import json
import math
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from ngrok_async.testing import Agent, TurnableClock
from ngrok_async.testing._agents import Agents
from ngrok_async.testing._api import API
from ngrok_async.testing._faults import Faults
from ngrok_async.testing._fleet import AgentOptions, Fleet
from ngrok_async.testing._messages import Answer, Incoming, RefusedError
from ngrok_async.testing._routes import declared
from ngrok_async.testing._store import Store

OPERATIONS = declared()
HEADERS = {
    "authorization": "Bearer key",
    "ngrok-version": "2",
    "content-type": "application/json",
}
URLS = ("https://a.example.com", "https://b.example.com", "tcp://1.tcp.ngrok.io:20000")

KINDS: tuple[AgentOptions, ...] = (
    {"os": "linux"},
    {"os": "darwin"},
    {"os": "freebsd"},
    {"os": "windows"},
    {"transport": "ssh"},
    {"obeys": ("stop",)},
)

commands = st.sampled_from(["restart", "stop", "update"])
delays = st.sampled_from([0, 1, 5, math.inf])
picks = st.integers(0, 2**31)


def done(answering: Coroutine[None, None, Answer]) -> Answer:
    """Return what a coroutine returns that waits for nothing but its turn."""
    while True:
        try:
            answering.send(None)
        except StopIteration as stop:
            return cast("Answer", stop.value)


class Fleets(RuleBasedStateMachine):
    """Random agents under random commands, on a clock that is turned by hand."""

    @initialize()
    def begin(self) -> None:
        """Serve nothing, to nobody."""
        self.clock = TurnableClock(running=False)
        self.store = Store(self.clock.now)
        self.store.url = "http://fake"
        agents = Agents(self.store, self.clock)
        self.fleet = Fleet(agents, Faults(), restart_delay=2, stop_delay=0, update_delay=3)
        self.api = API(OPERATIONS, self.store, self.clock, "key", agents)
        self.there: set[str] = set()
        self.gone: set[str] = set()

    def ask(self, method: str, path: str) -> tuple[int, Any]:
        """Return the status and the body of an answer."""
        headers = HEADERS if method == "POST" else dict([*HEADERS.items()][:2])
        body = b"{}" if method == "POST" else b""
        try:
            answer = done(
                self.api.answer(
                    Incoming(method=method, path=path, query=(), headers=headers, body=body)
                )
            )
        except RefusedError as refused:
            return refused.status, refused.code
        return answer.status, json.loads(answer.body or b"null")

    def listed(self, name: str) -> list[dict[str, Any]]:
        """Return a list, which is short enough for one page."""
        page = self.ask("GET", f"/{name}")[1]

        assert page["next_page_uri"] is None
        return list(page[name])

    def pick(self, number: int) -> Agent:
        """Return any of the agents."""
        return self.fleet.agents[number % len(self.fleet.agents)]

    @precondition(lambda self: len(self.fleet.agents) < 4)
    @rule(
        kind=st.sampled_from(KINDS),
        tunnels=st.integers(0, 2),
        stop=delays,
        restart=delays,
        revive=delays,
        update=delays,
    )
    def add(
        self,
        *,
        kind: AgentOptions,
        tunnels: int,
        stop: float,
        restart: float,
        revive: float,
        update: float,
    ) -> None:
        """Connect an agent."""
        options: AgentOptions = {
            "tunnels": tunnels,
            "stop_delay": stop,
            "restart_delay": restart,
            "revive_delay": revive,
            "update_delay": update,
            **kind,
        }
        self.fleet.add_agent(**options)

    @precondition(lambda self: self.fleet.agents)
    @rule(number=picks, url=st.sampled_from(URLS), pooled=st.booleans())
    def offer(self, number: int, url: str, *, pooled: bool) -> None:
        """Offer a URL that others may have."""
        agent, endpoints = self.pick(number), self.listed("endpoints")
        rivals = [e["pooling_enabled"] for e in endpoints if e["url"] == url]
        try:
            self.fleet.add_tunnel(agent, public_url=url, pooling_enabled=pooled)
        except ValueError:
            assert not agent.online or not (pooled and all(rivals))
        else:
            assert agent.online
            assert not rivals or (pooled and all(rivals))

    @precondition(lambda self: self.fleet.agents)
    @rule(number=picks, command=commands)
    def order(self, number: int, command: str) -> None:
        """Send a command to an agent, which obeys, refuses, or is not there."""
        agent = self.pick(number)
        was_there = agent.online
        status, code = self.ask("POST", f"/tunnel_sessions/{agent.id}/{command}")

        assert (status == 404) is not was_there
        assert status in {204, 400, 404, 502}
        assert (status == 502) is (code == "ERR_NGROK_810")

    @precondition(lambda self: self.fleet.agents)
    @rule(number=picks, command=commands)
    def order_the_past(self, number: int, command: str) -> None:
        """Send a command to a session that has ended."""
        for id_ in self.pick(number).ids[:-1]:
            assert 404 == self.ask("POST", f"/tunnel_sessions/{id_}/{command}")[0]

    @precondition(lambda self: self.fleet.agents)
    @rule(number=picks, back_after=delays, restarted=st.booleans())
    def drop(self, number: int, back_after: float, *, restarted: bool) -> None:
        """Cut the line of an agent, if it has one."""
        agent = self.pick(number)
        with suppress(ValueError):  # not online, or about to leave
            was_online = agent.online
            self.fleet.drop(agent, back_after=back_after, restarted=restarted)

            assert was_online
            assert agent.online is (back_after == 0)

    @precondition(lambda self: self.fleet.agents)
    @rule(number=picks)
    def start(self, number: int) -> None:
        """Start an agent that is away."""
        agent = self.pick(number)
        if not agent.online:
            self.fleet.start_agent(agent)

        assert agent.online

    @precondition(lambda self: self.fleet.agents)
    @rule(number=picks)
    def reserve(self, number: int) -> None:
        """Reserve the domain of an endpoint: it stays, and others change, in a reconnect."""
        agent = self.pick(number)
        before = [e["url"] for e in self.listed("endpoints") if e["url"].endswith(".ngrok.app")]
        mine = [url for url in before if url in self.urls_of(agent)]
        with suppress(ValueError):  # not online, about to leave, or reserved already
            self.api.add(
                "/reserved_domains", {"domain": mine[0].partition("//")[2]} if mine else {}
            )
            reserved = [url for url in mine if self.is_reserved(url)]
            self.fleet.drop(agent)

            assert set(reserved) == set(mine) & set(self.urls_of(agent))

    def urls_of(self, agent: Agent) -> list[str]:
        """Return the URLs of an agent."""
        endpoints = self.listed("endpoints")
        return [e["url"] for e in endpoints if e["tunnel_session"]["id"] == agent.id]

    def is_reserved(self, url: str) -> bool:
        """Tell whether the domain of a URL is reserved."""
        domains = {domain["domain"] for domain in self.listed("reserved_domains")}
        return url.partition("//")[2] in domains

    @rule(seconds=st.floats(0, 20))
    def turn(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.advance(seconds)

    @invariant()
    def each_agent_has_its_session(self) -> None:
        """Who is online has one session, the newest; nobody else has any, nor ever will again."""
        sessions = [session["id"] for session in self.listed("tunnel_sessions")]

        assert sorted(a.id for a in self.fleet.agents if a.online) == sorted(sessions)
        assert sorted(sessions, reverse=True) == sessions
        for agent in self.fleet.agents:
            assert sorted(set(agent.ids)) == [*agent.ids]
            for id_ in agent.ids[:-1]:
                assert 404 == self.ask("GET", f"/tunnel_sessions/{id_}")[0]

    @invariant()
    def tunnels_are_those_of_sessions(self) -> None:
        """Tunnels, endpoints, sessions and agents name one another, and nobody else."""
        tunnels = {tunnel["id"]: tunnel for tunnel in self.listed("tunnels")}
        endpoints = {endpoint["id"]: endpoint for endpoint in self.listed("endpoints")}
        online = [agent for agent in self.fleet.agents if agent.online]

        assert {id_: a.id for a in online for id_ in a.tunnel_ids} == {
            id_: tunnel["tunnel_session"]["id"] for id_, tunnel in tunnels.items()
        }
        assert {e["id"]: e["tunnel"]["id"] for e in endpoints.values()} == {
            tunnel["endpoint"]["id"]: id_ for id_, tunnel in tunnels.items()
        }
        for endpoint in endpoints.values():
            tunnel = tunnels[endpoint["tunnel"]["id"]]
            session = self.ask("GET", f"/tunnel_sessions/{endpoint['tunnel_session']['id']}")[1]

            assert tunnel["tunnel_session"] == endpoint["tunnel_session"]
            assert tunnel["public_url"] == endpoint["url"] == endpoint["public_url"]
            assert tunnel["started_at"] == endpoint["created_at"] >= session["started_at"]
            assert session["region"] == tunnel["region"]

    @invariant()
    def urls_belong_to_one_or_to_a_pool(self) -> None:
        """Two endpoints have the same URL only where both are pooled."""
        endpoints = self.listed("endpoints")
        for one in endpoints:
            for other in endpoints:
                if one is not other and one["url"] == other["url"]:
                    assert one["pooling_enabled"]
                    assert other["pooling_enabled"]

    @invariant()
    def ids_are_never_used_again(self) -> None:
        """What has gone does not come back under its id."""
        now = {
            item["id"]
            for name in ("tunnel_sessions", "tunnels", "endpoints")
            for item in self.listed(name)
        }
        self.gone |= self.there - now
        self.there = now

        assert self.gone.isdisjoint(now)


Fleets.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFleets = Fleets.TestCase
