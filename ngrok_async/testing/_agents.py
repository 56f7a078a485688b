"""Agents of the fake: they come and go, by themselves and as commands tell them to."""

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ngrok_async.testing._agent import Agent
from ngrok_async.testing._agent_excuses import check_able
from ngrok_async.testing._arguments import wrong
from ngrok_async.testing._refusals import refusal
from ngrok_async.testing._store import Store, timestamp, without_empty
from ngrok_async.testing._tunnels import SESSIONS, Offer, Offers
from ngrok_async.testing._versions import Releases
from ngrok_async.testing.clock import TurnableClock

_SYSTEMS: Final = ("linux", "linux", "darwin", "windows", "freebsd")
_REGIONS: Final = ("us", "eu", "us", "ap", "au", "sa", "jp", "in")
_VERSIONS: Final = ("3.18.4", "3.19.1", "3.22.0", "3.30.0")
_OWNERS: Final = 3
_HISTORY: Final = timedelta(days=30)
_SPACING: Final = timedelta(seconds=61)


class Agents:
    """All agents of the account.

    Attributes:
        releases: What there is to update to.
        is_seen: Whether somebody has asked for anything yet.
    """

    def __init__(self, store: Store, clock: TurnableClock) -> None:
        """Begin without agents."""
        self.releases: Releases = Releases()
        self.is_seen: bool = False
        self._store = store
        self._clock = clock
        self._offers = Offers(store)
        self._plans: dict[Agent, _Plan] = {}
        self._online: dict[str, Agent] = {}
        self._latest = clock.now() - _HISTORY

    @property
    def all(self) -> tuple[Agent, ...]:
        """Every agent that was ever added."""
        return tuple(self._plans)

    def add(self, given: Mapping[str, Any], started_at: datetime | None) -> Agent:
        """Connect a new agent; what is None gets a made-up value, or the usual one.

        Raises:
            ValueError: No agent is like that.
        """
        number = len(self._plans)
        made_up: dict[str, Any] = {
            "agent_version": _VERSIONS[number % len(_VERSIONS)],
            "credential": f"cr_{number % _OWNERS:027d}",
            "ip": f"198.51.100.{number % 254 + 1}",
            "metadata": json.dumps({"site": f"store-{number:04d}"}) if number % _OWNERS else "",
            "os": _SYSTEMS[number % len(_SYSTEMS)],
            "region": _REGIONS[number % len(_REGIONS)],
            "transport": "ngrok/2",
        }
        agent = Agent(**made_up | {name: one for name, one in given.items() if one is not None})
        # Those that are there at first have been connecting one a minute for the last month.
        now = self._clock.now()
        usual = now if self.is_seen else min(self._latest + _SPACING, now)
        self._latest = max(self._latest, usual)
        self._connect(agent, _Plan(self._clock), started_at or usual)
        return agent

    def offer(self, agent: Agent, offer: Offer) -> str:
        """Let an agent that is online offer a tunnel, from now on; returns the tunnel's id.

        Raises:
            ValueError: It cannot.
        """
        plan = self._plan(agent, online=True)
        session = self._store[SESSIONS].get(agent.id) or {}
        id_ = self._open(agent, offer, datetime.fromisoformat(session["started_at"]))
        if id_ is None:
            raise ValueError(
                f"public_url {offer.url!r} is taken; both need pooling_enabled=True to share it"
            )
        plan.offers.append(offer)
        return id_

    def drop(self, agent: Agent, back_after: float, *, restarted: bool) -> None:
        """Let an agent lose its connection, and come back.

        Raises:
            ValueError: It has no connection to lose.
        """
        plan = self._plan(agent, online=True)
        if plan.is_leaving:
            raise ValueError(f"{agent.id} is about to leave: a command has told it to")
        self._disconnect(agent)
        if restarted:
            plan.end_program()
        plan.next.plan(back_after, lambda: self._come_back(agent, plan, restarted=restarted))

    def start(self, agent: Agent) -> None:
        """Start the program of an agent that is away.

        Raises:
            ValueError: It is online.
        """
        plan = self._plan(agent, online=False)
        plan.next.cancel()
        plan.end_program()
        self._come_back(agent, plan, restarted=True)

    def restart(self, id_: str) -> None:
        """Have the agent of a session start itself again."""
        agent, plan = self._obedient(id_, "restart")
        self._leave(agent, plan, agent.restart_delay)

    def stop(self, id_: str) -> None:
        """Have the agent of a session end."""
        agent, plan = self._obedient(id_, "stop")
        self._leave(agent, plan, agent.revive_delay)

    def update(self, id_: str) -> None:
        """Have the agent of a session fetch the newest version that suits it."""
        agent, plan = self._obedient(id_, "update")
        newest = self.releases.update_of(agent.agent_version, agent.channel)
        if plan.fetching:
            raise refusal(809, reason="an update is under way")
        if plan.fetched:
            raise refusal(809, reason=f"version {plan.fetched} waits for a restart")
        if newest is None:
            raise refusal(809, reason=f"nothing is newer than version {agent.agent_version}")
        plan.fetching = newest
        plan.fetch.plan(agent.update_delay, plan.have_fetched)

    def known(self, agent: object) -> Agent:
        """Return an agent of this fake.

        Raises:
            ValueError: It is none.
        """
        if not isinstance(agent, Agent) or agent not in self._plans:
            raise wrong("agent", "one that add_agent() of this fake has returned", agent)
        return agent

    def _plan(self, agent: Agent, *, online: bool) -> "_Plan":
        plan = self._plans[self.known(agent)]
        if agent.online is not online:
            raise ValueError(f"the agent is {'not ' if online else ''}online: {agent.id}")
        return plan

    def _obedient(self, id_: str, command: str) -> "tuple[Agent, _Plan]":
        """Return the agent that a command is for, and its plan.

        Raises:
            RefusedError: It does not obey.
        """
        agent = self._online.get(id_)
        if agent is None:
            raise refusal(810, reason="no agent is behind a session that was added by hand")
        plan = self._plans[agent]
        if plan.is_leaving:
            raise refusal(810, reason="it is shutting down")
        check_able(agent, command)
        return agent, plan

    def _leave(self, agent: Agent, plan: "_Plan", back_after: float) -> None:
        def left() -> None:
            self._disconnect(agent)
            plan.end_program()
            plan.next.plan(back_after, lambda: self._come_back(agent, plan, restarted=True))

        plan.is_leaving = True
        plan.next.plan(agent.stop_delay, left)

    def _come_back(self, agent: Agent, plan: "_Plan", *, restarted: bool) -> None:
        if restarted:
            agent.agent_version, plan.fetched = plan.fetched or agent.agent_version, ""
        self._connect(agent, plan, self._clock.now())

    def _connect(self, agent: Agent, plan: "_Plan", at: datetime) -> None:
        store, id_ = self._store, self._store.new_id("ts_", at)
        session = store.ref(SESSIONS, id_) | {
            "agent_version": agent.agent_version,
            "credential": store.ref("/credentials", agent.credential),
            "ip": agent.ip,
            "metadata": agent.metadata,
            "os": agent.os,
            "region": agent.region,
            "started_at": timestamp(at),
            "transport": agent.transport,
        }
        store[SESSIONS].add(without_empty(session), at=at)
        self._plans[agent] = plan
        self._online[id_] = agent
        agent.ids += (id_,)
        agent.online, plan.is_leaving = True, False
        for offer in plan.offers:
            self._open(agent, offer, at)

    def _open(self, agent: Agent, offer: Offer, at: datetime) -> str | None:
        id_ = self._offers.open(agent, offer, at)
        if id_ is not None:
            agent.tunnel_ids += (id_,)
        return id_

    def _disconnect(self, agent: Agent) -> None:
        del self._online[agent.id]
        self._store[SESSIONS].remove(agent.id)
        for id_ in agent.tunnel_ids:
            self._offers.close(id_)
        agent.online, agent.tunnel_ids = False, ()


class _Plan:
    """What an agent is about to do.

    Attributes:
        offers: What it offers each time that it connects.
        is_leaving: Whether it has taken a command that ends its session.
        next: What it does next: leave, or come back.
        fetching: The version that it is fetching; "": none.
        fetched: The version that its program has when it starts the next time; "": the same.
        fetch: The end of the fetch.
    """

    def __init__(self, clock: TurnableClock) -> None:
        """Plan nothing."""
        self.offers: list[Offer] = []
        self.is_leaving = False
        self.next = _Later(clock)
        self.fetching = ""
        self.fetched = ""
        self.fetch = _Later(clock)

    def have_fetched(self) -> None:
        """End the fetch well."""
        self.fetched, self.fetching = self.fetching, ""

    def end_program(self) -> None:
        """End the program, and with it what it is fetching."""
        self.fetch.cancel()
        self.fetching = ""


class _Later:
    """One thing that happens after a while."""

    def __init__(self, clock: TurnableClock) -> None:
        """Plan nothing."""
        self._clock = clock
        self._cancel: Callable[[], None] | None = None

    def plan(self, seconds: float, then: Callable[[], None]) -> None:
        """Do it after some seconds: 0 is now, `math.inf` is never."""
        if seconds == 0:
            then()
        elif seconds < math.inf:
            self._cancel = self._clock.call_at(self._clock.time() + seconds, then).cancel

    def cancel(self) -> None:
        """Do not do it; harmless when nothing is planned."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
