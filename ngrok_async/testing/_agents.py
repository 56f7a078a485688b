"""Agents of the fake: sessions and tunnels that come and go as commands tell them to."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import attrs

from ngrok_async._request import JSON
from ngrok_async.testing._answers import Answer, Behaviour, RefusedError
from ngrok_async.testing._store import Item, Store, timestamp, without_empty
from ngrok_async.testing.clock import TurnableClock

SESSIONS: Final = "/tunnel_sessions"
TUNNELS: Final = "/tunnels"
ENDPOINTS: Final = "/endpoints"

_SYSTEMS: Final = ("linux", "linux", "darwin", "windows", "freebsd")
_REGIONS: Final = ("us", "eu", "us", "ap", "au", "sa", "jp", "in")
_VERSIONS: Final = ("3.18.4", "3.19.1", "3.22.0", "3.30.0")
_OWNERS: Final = 3
_HISTORY: Final = timedelta(days=30)
_SPACING: Final = timedelta(seconds=61)
_SECOND: Final = timedelta(seconds=1)


@attrs.define(eq=False)
class Agent:
    """An agent of the fake; goes wherever the id of its session goes.

    Attributes:
        id: The id of its session now, or of the last one while it is away. It changes at a restart.
        online: Whether it is connected.
        tunnel_ids: The ids of the tunnels that it offers now.
    """

    id: str = ""
    online: bool = False
    tunnel_ids: tuple[str, ...] = ()


@attrs.define
class _Plan:
    """What an agent shows each time that it connects.

    Attributes:
        session: The fields of its session.
        tunnels: The fields of its tunnels.
        fetched_version: What it runs after the next restart; empty: the same as now.
    """

    session: Item
    tunnels: list[Item] = attrs.field(factory=list[Item])
    fetched_version: str = ""


class Agents:
    """All agents of the account.

    Attributes:
        newest_version: What an update fetches.
    """

    def __init__(self, store: Store, clock: TurnableClock, restart_delay: float) -> None:
        """Begin without agents."""
        self.newest_version = "3.39.0"
        self._store = store
        self._clock = clock
        self._restart_delay = restart_delay
        self._plans: dict[Agent, _Plan] = {}
        self._online: dict[str, Agent] = {}
        self._latest = clock.now() - _HISTORY

    @property
    def all(self) -> tuple[Agent, ...]:
        """Every agent that was ever added."""
        return tuple(self._plans)

    def behaviours(self) -> Mapping[str, Behaviour]:
        """Return what the commands do, by route."""
        return {
            f"POST {SESSIONS}/{{id}}/restart": self._restart,
            f"POST {SESSIONS}/{{id}}/stop": self._stop,
            f"POST {SESSIONS}/{{id}}/update": self._update,
        }

    def add(self, given: Mapping[str, str | None], started_at: datetime | None) -> Agent:
        """Connect a new agent; fields that are None get made-up values."""
        number = len(self._plans)
        fields: Item = {
            "agent_version": _VERSIONS[number % len(_VERSIONS)],
            "credential": f"cr_{number % _OWNERS:027d}",
            "ip": f"198.51.100.{number % 254 + 1}",
            "metadata": json.dumps({"site": f"store-{number:04d}"}) if number % _OWNERS else "",
            "os": _SYSTEMS[number % len(_SYSTEMS)],
            "region": _REGIONS[number % len(_REGIONS)],
            "transport": "ngrok/2",
        }
        fields |= {name: value for name, value in given.items() if value is not None}
        fields["credential"] = self._store.ref("/credentials", fields["credential"])
        agent = Agent()
        self._plans[agent] = _Plan(fields)
        # Newest first must also be latest first, and one does not want to wait between two adds:
        # the agents of a test have been connecting one a minute for the last month.
        self._connect(agent, started_at or self._started(self._latest + _SPACING))
        return agent

    def add_tunnel(self, agent: Agent, fields: Item) -> str:
        """Let an agent that is online offer a tunnel; returns the tunnel's id."""
        if not agent.online:
            raise ValueError("the agent is not online")
        self._plans[agent].tunnels.append(fields)
        return self._open(agent, fields)

    def _started(self, wanted: datetime) -> datetime:
        # Whole seconds are all that the wire shows, and no two are to be the same.
        self._latest = max(self._latest + _SECOND, min(wanted, self._clock.now()))
        return self._latest

    def _connect(self, agent: Agent, at: datetime) -> None:
        plan = self._plans[agent]
        agent.id = self._store.new_id("ts_")
        agent.online = True
        self._online[agent.id] = agent
        plan.session |= self._store.ref(SESSIONS, agent.id) | {"started_at": timestamp(at)}
        self._store[SESSIONS].add(without_empty(plan.session))
        for fields in plan.tunnels:
            self._open(agent, fields)

    def _open(self, agent: Agent, fields: Item) -> str:
        session, id_ = self._plans[agent].session, self._store.new_id("tn_")
        tunnel: Item = {
            "id": id_,
            "started_at": session["started_at"],
            "region": session["region"],
            "tunnel_session": self._store.ref(SESSIONS, agent.id),
            **fields,
        }
        if "labels" not in fields:
            # A tunnel that only has labels has no endpoint of its own, nor a URL.
            tunnel["endpoint"] = self._store.ref(ENDPOINTS, self._store.new_id("ep_"))
            self._store[ENDPOINTS].add(without_empty(self._endpoint(tunnel)))
        self._store[TUNNELS].add(without_empty(tunnel))
        agent.tunnel_ids += (id_,)
        return id_

    def _endpoint(self, tunnel: Item) -> Item:
        """Return what the list of endpoints has of a tunnel."""
        return {
            "id": tunnel["endpoint"]["id"],
            "region": tunnel.get("region", ""),
            "created_at": tunnel["started_at"],
            "updated_at": tunnel["started_at"],
            "public_url": tunnel["public_url"],
            "url": tunnel["public_url"],
            "proto": tunnel["proto"],
            "type": "ephemeral",
            "metadata": tunnel["metadata"],
            "bindings": ["public"],
            "principal": {"id": self._store.user, "uri": ""},
            "tunnel": self._store.ref(TUNNELS, tunnel["id"]),
            "tunnel_session": tunnel["tunnel_session"],
            "upstream_url": tunnel["forwards_to"],
        }

    def _disconnect(self, agent: Agent) -> None:
        del self._online[agent.id]
        self._store[SESSIONS].remove(agent.id)
        for id_ in agent.tunnel_ids:
            tunnel = self._store[TUNNELS].get(id_) or {}
            if "endpoint" in tunnel:
                self._store[ENDPOINTS].remove(tunnel["endpoint"]["id"])
            self._store[TUNNELS].remove(id_)
        agent.online, agent.tunnel_ids = False, ()

    def _find(self, path: Mapping[str, str]) -> Agent:
        try:
            return self._online[path["id"]]
        except KeyError:
            raise RefusedError("There is no tunnel session with this id.", status=404) from None

    def _stop(self, path: Mapping[str, str], _body: JSON) -> Answer:
        self._disconnect(self._find(path))
        return Answer(204)

    def _update(self, path: Mapping[str, str], _body: JSON) -> Answer:
        self._plans[self._find(path)].fetched_version = self.newest_version
        return Answer(204)

    def _restart(self, path: Mapping[str, str], _body: JSON) -> Answer:
        agent = self._find(path)
        self._disconnect(agent)
        if self._restart_delay:
            back = self._clock.time() + self._restart_delay
            self._clock.call_at(back, lambda: self._come_back(agent))
        else:
            self._come_back(agent)
        return Answer(204)

    def _come_back(self, agent: Agent) -> None:
        plan = self._plans[agent]
        plan.session["agent_version"] = plan.fetched_version or plan.session["agent_version"]
        plan.fetched_version = ""
        self._connect(agent, self._started(self._clock.now()))
