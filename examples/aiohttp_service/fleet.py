"""The agents of an account with their tunnels, as two watches tell of them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias, TypedDict, cast

import attrs
from words import explain

from ngrok_async import Client, NgrokError
from ngrok_async.events import AttemptEvent, Event
from ngrok_async.jobs import (
    Added,
    Changed,
    Notice,
    Reconnected,
    Removed,
    Step,
    Synced,
    Trouble,
    wait_for,
    watch,
)
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.resources.tunnels import Tunnel

State: TypeAlias = Literal["connected", "restarting", "stopping", "left"]

_PATIENT: Final = 60.0  # seconds that an agent may take to do as it was told
_KEPT: Final = 900.0  # seconds for which one that left stays in view
_KEPT_AT_MOST: Final = 200
_NAMES: Final = ("name", "hostname", "host", "device", "machine", "site", "label", "title", "id")
_LOOKS: Final = {"GET /tunnel_sessions": "agents", "GET /tunnels": "tunnels"}
_OK: Final = 200
_NOTES: Final = {
    "update": "It has fetched the newest version, or does so now. It runs it after its next"
    " restart; give it ten seconds before that.",
    "restart": "It restarts. It will come back as a new session, with a new id.",
    "stop": "It stops. Nothing starts it again unless its machine does.",
}


class Offer(TypedDict):
    """What the page shows of a tunnel; one that only has labels has no URL."""

    url: str
    forwards_to: str


class Row(TypedDict):
    """What the page shows of an agent.

    The key stays when the session id changes; `was` is the id before the latest change.
    """

    key: str
    id: str
    was: str
    name: str
    metadata: str
    version: str
    os: str
    region: str
    ip: str
    started_at: str
    state: State
    since: str | None
    note: str
    phase: str
    tunnels: list[Offer]


class Look(TypedDict):
    """How good what is shown is: its age in seconds, and from which age on it is late."""

    known: bool
    tunnels: bool
    age: float | None
    late: float
    trouble: str | None


@attrs.define(kw_only=True)
class Agent:
    """An agent through its sessions.

    Attributes:
        key: The id of the first session that was seen of it.
        session: The latest one.
        was: The id of the one before.
        state: What it does.
        since: Since when.
        until: For how long it may be in this state, by the client's clock.
        note: What happened to it, for a person.
        is_away: Whether its session is known to have ended.
    """

    key: str
    session: TunnelSession
    was: str = ""
    state: State = "connected"
    since: datetime | None = None
    until: float | None = None
    note: str = ""
    is_away: bool = False


class Fleet:
    """What is known now, for all who look at it.

    There are two watches, however many look, and they ask nothing while nobody does.
    """

    def __init__(
        self,
        eyes: Client,
        hands: Client,
        *,
        share: float,
        steps: Callable[[], Iterable[Step]] = tuple,
    ) -> None:
        """Begin without a look.

        Args:
            eyes: A client for the watches alone, whose `on_event` is `noted`.
            hands: The one for commands.
            share: How much of the rate limit looking may cost.
            steps: Tells how far a rollout is with its agents.
        """
        self._steps = steps
        self._ngrok, self._clock = hands, hands.clock
        self._sessions = watch(eyes.tunnel_sessions, share=share * 2 / 3)
        self._tunnels = watch(eyes.tunnels, share=share / 3)
        self._errands: set[asyncio.Task[None]] = set()
        self._share = share
        self._poked = asyncio.Event()
        self.is_closed = False
        self._viewers = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self._agents: dict[str, Agent] = {}
        self._keys: dict[str, str] = {}  # by session id
        self._phases: dict[str, str] = {}  # of a rollout, by session id
        self._rows: dict[str, Row] | None = None
        self._known = self._knows_tunnels = False
        self._looked: float | None = None
        self._trouble: dict[str, str] = {}  # by what was looked at

    # --- who looks ---------------------------------------------------------------------------

    @asynccontextmanager
    async def viewer(self) -> AsyncGenerator[None]:
        """Keep the watches going for as long as somebody looks."""
        self._viewers += 1
        if self._viewers == 1 and not self.is_closed:
            before = self._tasks  # of the viewers before; they may still be ending
            self._tasks = [
                asyncio.create_task(self._follow("agents", self._next_session, before)),
                asyncio.create_task(self._follow("tunnels", self._next_tunnel, before)),
            ]
        try:
            yield
        finally:
            self._viewers -= 1
            if not self._viewers:
                for task in self._tasks:
                    task.cancel()

    async def news(self, seen: dict[str, Row] | None, *, within: float) -> None:
        """Wait until there is something besides these rows, or for so many seconds."""
        if self._rows is seen:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._news.wait()

    async def seen_by(self, *, patience: float) -> None:
        """Wait for the first look, where there was none."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not (self._known or self._trouble or self.is_closed):
                    await self._news.wait()

    async def aclose(self) -> None:
        """End the watches and whoever looks."""
        self.is_closed = True
        tasks, self._tasks = [*self._tasks, *self._errands], []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.tell()

    def poke(self) -> None:
        """Look as soon as the rate limit's share allows."""
        self._sessions.poke()
        self._tunnels.poke()
        self._poked.set()
        self._poked = asyncio.Event()

    def noted(self, event: Event) -> None:
        """Note when ngrok last answered a look; give this to the client as `on_event`."""
        name = _LOOKS.get(event.route)
        if name is None or not isinstance(event, AttemptEvent) or event.status != _OK:
            return
        if name == "agents":
            self._looked = self._clock.time()
        if self._trouble.pop(name, None):
            self.tell()

    # --- what is seen ------------------------------------------------------------------------

    def look(self) -> Look:
        """Tell how good the rows are."""
        return Look(
            known=self._known,
            tunnels=self._knows_tunnels,
            age=None if self._looked is None else self._clock.time() - self._looked,
            late=3 * self._beat() + 10,
            trouble=next(iter(self._trouble.values()), None),
        )

    def rows(self) -> dict[str, Row]:
        """Return what the page shows, by key."""
        self._forget()
        if self._rows is None:
            self._follow_rollout()
            offers = self._offers()
            self._rows = {key: self._row(agent, offers) for key, agent in self._agents.items()}
        return self._rows

    def _follow_rollout(self) -> None:
        self._phases.clear()
        is_ahead = False
        for step in self._steps():
            phase = step.phase if step.state == "pending" else step.state
            new = self._sessions.items.get(step.new or "")
            agent = self._agents.get(self._keys.get(step.id, ""))
            if agent is not None and new is not None:
                self._returned(agent, new)  # the rollout may be certain where the watch is not
            elif step.new is not None and step.state == "done":
                phase, is_ahead = "back", True  # what is shown of it is still from before
            self._phases |= {step.id: phase, step.new or step.id: phase}
        if is_ahead:
            self._sessions.poke()

    def _row(self, agent: Agent, offers: dict[str, list[Offer]]) -> Row:
        session = agent.session
        return Row(
            key=agent.key,
            id=session.id,
            was=agent.was,
            name=name_of(session),
            metadata=session.metadata,
            version=session.agent_version,
            os=session.os,
            region=session.region,
            ip=session.ip,
            started_at=session.started_at.isoformat(),
            state=agent.state,
            since=None if agent.since is None else agent.since.isoformat(),
            note=agent.note,
            phase=self._phases.get(session.id) or self._phases.get(agent.was, ""),
            tunnels=offers.get(session.id, []),
        )

    def _offers(self) -> dict[str, list[Offer]]:
        offers: dict[str, list[Offer]] = {}
        for tunnel in self._tunnels.items.values():
            offer = Offer(url=tunnel.public_url, forwards_to=tunnel.forwards_to)
            offers.setdefault(tunnel.tunnel_session.id, []).append(offer)
        return offers

    def _forget(self) -> None:
        """End what has lasted long enough: waiting for an agent, and showing one that left."""
        for agent in list(self._agents.values()):
            if agent.until is None or agent.until > self._clock.time():
                continue
            if agent.state == "left":
                self._drop(agent)
            elif agent.is_away:
                self._turn(agent, "left", "It has not come back.", seconds=_KEPT)
            else:
                self._turn(agent, "connected", "It has not done as it was told, so far.")
            self.tell()

    def _drop(self, agent: Agent) -> None:
        del self._agents[agent.key]
        self._keys = {id_: key for id_, key in self._keys.items() if key != agent.key}

    def tell(self) -> None:
        """Have those who look see what has changed."""
        self._rows = None
        self._news.set()
        self._news = asyncio.Event()

    def _turn(self, agent: Agent, state: State, note: str, *, seconds: float | None = None) -> None:
        """Have an agent go into a state, and not stay in it for longer than this."""
        agent.state, agent.note, agent.since = state, note, datetime.now(UTC)
        agent.until = None if seconds is None else self._clock.time() + seconds

    # --- the watches -------------------------------------------------------------------------

    async def _follow(
        self,
        name: str,
        take_next: Callable[[], Awaitable[None]],
        before: list[asyncio.Task[None]],
    ) -> None:
        await asyncio.gather(*before, return_exceptions=True)
        while True:
            try:
                await take_next()
            except NgrokError as error:  # a key that is refused, for one; somebody may mend that
                self._trouble[name] = explain(error)[1]
                self.tell()
                with suppress(TimeoutError):
                    async with asyncio.timeout(10 * self._beat()):
                        await self._poked.wait()
            else:
                self.tell()

    async def _next_session(self) -> None:
        notice = await anext(self._sessions)
        self._hear("agents", notice)
        match notice:
            case Added(item=session):
                self._came(session)
            case Changed(item=session):
                self._came(session)
            case Reconnected(item=session, before=before):
                agent = self._agents.get(self._keys.get(before.id, ""))
                if agent is None:  # it has been away for so long that it is not shown any more
                    self._came(session)
                else:
                    self._returned(agent, session)
            case Removed(item=session):
                self._went(session.id)
            case Synced():
                self._known = True
            case Trouble():
                pass

    async def _next_tunnel(self) -> None:
        notice = await anext(self._tunnels)
        self._hear("tunnels", notice)
        self._knows_tunnels = self._knows_tunnels or isinstance(notice, Synced)

    def _beat(self) -> float:
        """Return the seconds between two looks at least."""
        budget = self._ngrok.budget
        limit, window = (120, 60.0) if budget is None else (budget.limit, budget.window)
        return window / (limit * self._share / 3)

    def _hear(self, name: str, notice: Notice[TunnelSession] | Notice[Tunnel]) -> None:
        if isinstance(notice, Trouble):
            self._trouble[name] = explain(notice.error)[1]
        else:
            self._trouble.pop(name, None)

    def _came(self, session: TunnelSession) -> None:
        known = self._agents.get(self._keys.get(session.id, ""))
        if known is not None:
            known.session = session
            return
        alike = [
            agent for agent in self._agents.values() if identity(agent.session) == identity(session)
        ]
        is_awaited = alike and (alike[0].state != "left" or session.metadata)
        if len(alike) == 1 and alike[0].is_away and is_awaited:
            self._returned(alike[0], session)  # nobody else who is known could have come
            return
        self._agents[session.id] = Agent(key=session.id, session=session)
        self._keys[session.id] = session.id

    def _returned(self, agent: Agent, session: TunnelSession) -> None:
        if agent.session.id == session.id:
            return
        other = self._agents.get(self._keys.get(session.id, ""))
        if other is not None:
            self._drop(other)  # it was taken for somebody new
        self._keys[session.id] = agent.key
        agent.was, agent.session, agent.is_away = agent.session.id, session, False
        self._turn(agent, "connected", f"It is back as a new session. Before it was {agent.was}.")

    def _went(self, id_: str) -> None:
        agent = self._agents.get(self._keys.get(id_, ""))
        if agent is None or agent.session.id != id_ or agent.is_away:
            return
        agent.is_away = True
        if self._phases.get(id_) in {"restarting", "away"}:
            self._turn(agent, "restarting", "A rollout restarts it.", seconds=5 * _PATIENT)
        elif agent.state != "restarting":  # else it is awaited until its time is over
            told = agent.state == "stopping"
            self._turn(
                agent, "left", "It stopped." if told else "Its session ended.", seconds=_KEPT
            )
        left = [agent for agent in self._agents.values() if agent.state == "left"]
        for oldest in left[:-_KEPT_AT_MOST]:
            self._drop(oldest)

    # --- commands ----------------------------------------------------------------------------

    async def command(self, command: str, id_: str) -> str:
        """Have an agent update, restart or stop itself; returns what comes of it."""
        resource = self._ngrok.tunnel_sessions
        send = {"update": resource.update, "restart": resource.restart, "stop": resource.stop}
        try:
            await send[command](id_)
        except NgrokError as error:
            if error.maybe_applied:
                self._expect(command, id_)
            raise
        self._expect(command, id_)
        return _NOTES[command]

    def _expect(self, command: str, id_: str) -> None:
        agent = self._agents.get(self._keys.get(id_, ""))
        if agent is None or agent.session.id != id_ or agent.state == "left":
            return
        if command == "update":
            self._turn(agent, "connected", _NOTES[command])
        else:
            state: State = "restarting" if command == "restart" else "stopping"
            self._turn(agent, state, _NOTES[command], seconds=_PATIENT)
            errand = asyncio.create_task(self._see_it_go(id_))
            self._errands.add(errand)
            errand.add_done_callback(self._errands.discard)
        self.tell()

    async def _see_it_go(self, id_: str) -> None:
        """Look for this one: the watches take minutes to miss one of thousands."""
        sessions = self._ngrok.tunnel_sessions
        with suppress(NgrokError):  # not in time, or nobody answers: its state ends with its time
            await wait_for(sessions, sessions.fields.id == id_, absent=True, timeout=_PATIENT)
            self._went(id_)
            self.tell()
            self.poke()


def identity(session: TunnelSession) -> tuple[str, str, str]:
    """Return what an agent keeps when it connects anew."""
    return session.credential.id, session.metadata, session.os


def name_of(session: TunnelSession) -> str:
    """Return what to call an agent: its metadata, or what looks like a name in JSON."""
    return _named(session.metadata) or session.metadata.strip() or session.ip or "An agent"


def _named(metadata: str) -> str:
    if not metadata.lstrip().startswith("{"):
        return ""
    try:
        found: object = json.loads(metadata)
    except (ValueError, RecursionError):
        return ""
    return _name_in(cast("dict[str, object]", found))


def _name_in(values: dict[str, object]) -> str:
    lower = {name.lower(): value for name, value in values.items()}
    for name in _NAMES:
        value = lower.get(name)
        if isinstance(value, dict):
            value = _name_in(cast("dict[str, object]", value))
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""
