"""A list of agents that come and go, on a turned clock: what a watch of it tells, and what is true.

Nothing crosses the wire, so that an hour of ten thousand agents takes seconds. The pagers, the
pages and the errors are those of the package; the server pages as ngrok may (by id, by an id that
must be there, by offset), and fails as often as it is told to.
"""

import asyncio
import random
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from statistics import median
from typing import Any, Final, Literal

import attrs

from ngrok_async.errors import APIError, BadRequestError, NotFoundError, ServerError
from ngrok_async.filters import Condition
from ngrok_async.jobs import Added, Changed, Notice, Reconnected, Removed, watch
from ngrok_async.pagination import Page, Pager, Query
from ngrok_async.resources import Ref
from ngrok_async.resources.tunnel_sessions import TunnelSession, TunnelSessions
from ngrok_async.testing import TurnableClock

Style = Literal["id", "existing", "offset"]
STYLES: Final[tuple[Style, ...]] = ("id", "existing", "offset")

_URL: Final = "https://api.ngrok.com/tunnel_sessions"
_PAGE: Final = 100
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)


@attrs.define
class Machine:
    """A machine with an agent, for as long as it is there.

    Attributes:
        number: Which one.
        session: Its session now; None while it is away.
    """

    number: int
    session: TunnelSession | None = None


class Server:
    """What ngrok would be: its list changes by itself, whenever the clock is turned.

    Attributes:
        owners: Which machine had a session, by the session's id.
        began: When each session began.
        ended: When each ended that has.
        requests: When requests came.
        kinds: How many were for an item, for some ids, for a page.
        churns: Whether anything changes.
        hidden: Ids that no page has, although they are there.
        refused: What does not work: a "get", a filter by "ids", a "cursor", the "link" to the next
            page.
        errors: The status of that, but for cursors.
    """

    def __init__(
        self,
        clock: TurnableClock,
        agents: int,
        *,
        style: Style = "id",
        fails: float = 0.0,
        lifetime: float = 3600.0,
        alike: float = 0.0,
        seed: int = 1,
    ) -> None:
        """Connect agents.

        Args:
            clock: What it goes by.
            agents: How many there are from the start.
            style: How it pages.
            fails: The part of requests that fail.
            lifetime: Seconds after which an agent loses its connection, in the mean.
            alike: The part of agents that have nothing of their own but an address.
            seed: Of what is random.
        """
        self.clock = clock
        self.owners: dict[str, int] = {}
        self.began: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.requests: list[float] = []
        self.kinds: Counter[str] = Counter()
        self.churns = True
        self.hidden: set[str] = set()
        self.refused: set[str] = set()
        self.errors = 400
        self._style = style
        self._fails = fails
        self._lifetime = lifetime
        self._alike = alike
        self._random = random.Random(seed)  # noqa: S311 # a simulation
        self._order: list[str] = []  # ids, oldest first, which is their order as texts too
        self._there: dict[str, TunnelSession] = {}
        self._due: list[tuple[float, int, Machine, bool]] = []
        self._count = 0
        for _ in range(agents):
            self._connect(Machine(self._count))

    @property
    def truth(self) -> Mapping[str, TunnelSession]:
        """What is there now."""
        self._go_on()
        return self._there

    # --- churn -------------------------------------------------------------------------------

    def connect(self, number: int | None = None, **fields: str) -> str:
        """Connect one more agent, and return its session's id."""
        self._go_on()
        self._connect(Machine(self._count if number is None else number), **fields)
        return self._order[-1]

    def end(self, id_: str) -> None:
        """End a session for good."""
        self._go_on()
        self._drop(id_)

    def _connect(self, machine: Machine, **fields: str) -> None:
        self._count += 1
        own = (machine.number * 7919 % 1000) / 1000 >= self._alike
        id_ = f"ts_{self._count:07}"
        session = TunnelSession(
            id=id_,
            credential=Ref(id="cr_1"),
            metadata=f"machine {machine.number}" if own else "",
            os="linux",
            # A third of those that are alike is behind an address with others.
            ip=f"198.51.{machine.number % 250}.{machine.number // 250 % 250}"
            if machine.number % 3
            else f"203.0.113.{machine.number % 20}",
            started_at=_BEGAN + timedelta(seconds=self._count),
        )
        session = attrs.evolve(session, **fields)
        machine.session = session
        self._there[id_] = session
        self._order.append(id_)
        self.owners[id_] = machine.number
        self.began[id_] = self._now
        self._schedule(self._random.expovariate(1 / self._lifetime), machine, comes=False)

    def _leave(self, machine: Machine) -> None:
        assert machine.session is not None
        self._drop(machine.session.id)
        machine.session = None
        what = self._random.random()
        if what < 0.7:  # most are back soon
            self._schedule(self._random.choice((0.0, 1.0, 4.0, 20.0)), machine, comes=True)
        else:  # the others are away for good, and somebody else comes
            self._schedule(self._random.uniform(0, 300), Machine(self._count + 100_000), comes=True)

    def _drop(self, id_: str) -> None:
        del self._there[id_]
        del self._order[bisect_left(self._order, id_)]
        self.ended[id_] = self._now

    def _schedule(self, seconds: float, machine: Machine, *, comes: bool) -> None:
        heappush(self._due, (self._now + seconds, self._count * 2 + comes, machine, comes))

    _now: float = 0.0

    def _go_on(self) -> None:
        """Let happen what was due."""
        end = self.clock.time()
        while self.churns and self._due and self._due[0][0] <= end:
            self._now, _, machine, comes = heappop(self._due)
            if comes:
                self._connect(machine)
            else:
                self._leave(machine)
        self._now = end

    # --- answers -----------------------------------------------------------------------------

    def _receive(self, kind: str) -> None:
        self._go_on()
        self.requests.append(self.clock.time())
        self.kinds[kind] += 1
        if self._random.random() < self._fails:
            raise ServerError("The server was told to fail.", status=503)

    def _refusal(self) -> APIError:
        return APIError.for_answer(self.errors, None)("Refused.", status=self.errors)

    def get(self, id_: str) -> TunnelSession:
        """Answer for one item."""
        self._receive("get")
        if "get" in self.refused:
            raise self._refusal()
        if id_ not in self._there:
            raise NotFoundError("There is none.", status=404)
        return self._there[id_]

    def page(self, query: Mapping[str, str]) -> Page[TunnelSession]:
        """Answer with a page."""
        condition = query.get("filter", "")
        ids = re.findall('"(ts_[0-9]+)"', condition)
        self._receive("ids" if ids else "page")
        if ids and "ids" in self.refused:
            raise self._refusal()
        if ids:
            items = [self._there[id_] for id_ in ids if id_ in self._there]
            return Page(items=tuple(items))
        cursor = query.get("before_id")
        if cursor is not None and "cursor" in self.refused:
            raise BadRequestError("No valid id.", status=400, code="ERR_NGROK_223")
        end = len(self._order)
        if cursor is not None and cursor.startswith("ts_"):
            end = bisect_left(self._order, cursor)
            if self._style == "existing" and cursor not in self._there:
                raise BadRequestError("No valid id.", status=400, code="ERR_NGROK_223")
        elif cursor is not None:
            end = max(0, end - int(cursor))
        start = max(0, end - _PAGE)
        ids = self._order[start:end][::-1]
        following = str(len(self._order) - start) if self._style == "offset" else ids[-1:]
        link = f"{_URL}?before_id={''.join(following)}" if start else None
        if "link" in self.refused:
            link = _URL
        items = [self._there[id_] for id_ in ids if id_ not in self.hidden]
        return Page(items=tuple(items), next_page_uri=link)


class Listing:
    """The list as pagers know it."""

    url = _URL
    path = "/tunnel_sessions"
    prefetch = False

    def __init__(self, server: Server) -> None:
        """Ask this server."""
        self._server = server

    async def fetch(self, query: Query) -> Page[TunnelSession]:
        """Get one page."""
        await asyncio.sleep(0)
        return self._server.page(dict(query))


@attrs.frozen
class Account:
    """A client, as far as a watch goes."""

    clock: TurnableClock
    budget: None = None


class Sessions:
    """A resource of that server."""

    fields = TunnelSessions.fields

    def __init__(self, server: Server) -> None:
        """Ask this server."""
        self._server = server
        self.client: Any = Account(server.clock)

    def list(
        self,
        *,
        filter: str | Condition[TunnelSession] | None = None,  # noqa: A002 # ngrok's name
        before_id: str | None = None,
    ) -> Pager[TunnelSession]:
        """Walk over them."""
        named = {"filter": filter, "before_id": before_id}
        query = tuple((name, str(value)) for name, value in named.items() if value is not None)
        return Pager(Listing(self._server), query)

    async def get(self, id_: str, /) -> TunnelSession:
        """Return one."""
        await asyncio.sleep(0)
        return self._server.get(id_)


@attrs.define
class Seen:
    """What an hour has shown.

    Attributes:
        wrong: What was told and is not true.
        added: Seconds until each new session was told.
        removed: Seconds until each was told that is gone.
        told: How many notices of each kind there were.
        requests: How many requests there were.
        allowed: How many may be.
        missing: Ids in which what was told and the truth differ at the end.
    """

    wrong: list[str] = attrs.Factory(list)
    added: list[float] = attrs.Factory(list)
    removed: list[float] = attrs.Factory(list)
    told: Counter[str] = attrs.Factory(Counter)
    requests: int = 0
    allowed: float = 0.0
    missing: set[str] = attrs.Factory(set)

    @property
    def delays(self) -> tuple[float, float, float, float]:
        """Median and worst of what was added, and of what was removed."""
        return tuple(  # type: ignore[return-value] # twice two
            round(number, 1)
            for delays in (self.added, self.removed)
            for number in ((median(delays), max(delays)) if delays else (0.0, 0.0))
        )


def _check(
    notice: Notice[TunnelSession], fold: dict[str, TunnelSession], server: Server
) -> Iterator[str]:
    """Yield what is wrong about a notice, and add it to what was told."""
    if isinstance(notice, Changed):
        yield f"{notice.item.id} never changes"
    gone = None
    if isinstance(notice, Removed):
        gone = notice.item
    elif isinstance(notice, Reconnected):
        gone = notice.before
        if server.owners[notice.item.id] != server.owners[gone.id]:
            yield f"{notice.item.id} is not the agent of {gone.id}"
    if gone is not None and fold.pop(gone.id, None) is None:
        yield f"{gone.id} was not told"
    if gone is not None and gone.id not in server.ended:
        yield f"{gone.id} is there"
    if isinstance(notice, Added | Reconnected):
        if notice.item.id in fold:
            yield f"{notice.item.id} was told before"
        fold[notice.item.id] = notice.item


async def hour(
    server: Server,
    *,
    share: float = 0.1,
    seconds: float = 3600.0,
    quiet: float = 0.0,
    settled: float = 0.0,
) -> Seen:
    """Watch a server, and hold each notice against the truth.

    Args:
        server: Which.
        share: Of the limit.
        seconds: For how long.
        quiet: For how long after that nothing changes or fails.
        settled: From when on delays are counted.
    """
    clock, seen = server.clock, Seen()
    watched = watch(Sessions(server), share=share)
    fold: dict[str, TunnelSession] = {}

    async def iterate() -> None:
        async for notice in watched:
            now = clock.time()
            seen.told[type(notice).__name__] += 1
            seen.wrong += _check(notice, fold, server)
            if fold != watched.items and len(fold) < 500:  # else it takes long
                seen.wrong.append(f"items are not what was told at {now}")
            if isinstance(notice, Added) and server.began[notice.item.id] > settled:
                seen.added.append(now - server.began[notice.item.id])
            if isinstance(notice, Removed) and server.ended.get(notice.item.id, 0.0) > settled:
                seen.removed.append(now - server.ended[notice.item.id])

    task = asyncio.create_task(iterate())
    for end in (seconds, seconds + quiet):
        while clock.time() < end:
            await turn(clock, task)
        server.churns, server._fails = False, 0.0  # our own
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    seen.requests = len(server.requests)
    seen.allowed = 1 + 2 * share * clock.time()
    seen.missing = fold.keys() ^ server.truth.keys()
    return seen


async def turn(clock: TurnableClock, task: asyncio.Task[None]) -> None:
    """Turn the clock on to what is waited for next."""
    while clock.next_due is None and not task.done():  # noqa: ASYNC110 # for whichever is first
        await asyncio.sleep(0)
    if task.done():
        task.result()
    clock.advance(max(0.0, (clock.next_due or 0.0) - clock.time()))
    await asyncio.sleep(0)
