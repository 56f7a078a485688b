"""What a rollout reads of the account, within its share of the rate limit."""

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from ngrok_async.client import Client
from ngrok_async.errors import BadRequestError, NotFoundError, RateLimitedError
from ngrok_async.filters import Condition, Filter
from ngrok_async.jobs._time import sleep
from ngrok_async.pagination import Page, Pager
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.tunnel_sessions import TunnelSession, TunnelSessions

M = TypeVar("M")
T = TypeVar("T")

_LIMIT: Final = (120, 60.0)
MOMENT: Final = 0.001  # what is shorter may be lost in the sum with a clock's time
_IDS: Final = 100  # in one filter; more would not fit into one page


class Account:
    """The lists that a rollout looks at, and the pace of all its requests."""

    def __init__(self, ngrok: Client, share: float) -> None:
        """Take a client; others of its calls go first."""
        self.clock = ngrok.clock
        reader = ngrok.with_options(max_wait=0, prefetch=False)
        self._sessions = reader.tunnel_sessions
        self._endpoints = reader.endpoints
        # Whether a command is sent again is for whoever knows what it does.
        self.commands: TunnelSessions = ngrok.with_options(retry=None, max_wait=0).tunnel_sessions
        self._ngrok = ngrok
        self._share = share
        self._answered: deque[float] = deque()
        self._filters = True

    @property
    def budget(self) -> tuple[int, float] | None:
        """The account's limit, where it is known."""
        budget = self._ngrok.budget
        return (budget.limit, budget.window) if budget is not None else None

    async def ask(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call once the share and the rate limit allow; it is made again after a 429 only.

        Raises:
            NgrokError: The call failed.
        """
        while True:
            wait, is_sent = await self._turn(), True
            try:
                return await call()
            except RateLimitedError as error:
                wait = max(wait, error.retry_after or 0.0)
                is_sent = error.attempts > 0  # if not, others go first
            finally:
                if is_sent:
                    self._answered.append(self.clock.time())
            await sleep(self.clock, wait)

    async def room(self, count: int) -> None:
        """Wait until the share has room for requests that are to follow each other at once."""
        await self._turn(count)

    async def _turn(self, count: int = 1) -> float:
        """Wait until the share has room; return the seconds that a request has on average."""
        limit, window = self.budget or _LIMIT
        most = max(1, int(limit * self._share))
        while True:
            now = self.clock.time()
            while self._answered and self._answered[0] <= now - window:
                self._answered.popleft()
            if len(self._answered) <= max(0, most - count):
                return window / most
            await sleep(self.clock, max(MOMENT, self._answered[0] + window - now))

    async def sessions(self, where: Filter[TunnelSession] | None = None) -> list[TunnelSession]:
        """Read the agents that meet a filter."""
        return await self._all(self._sessions.list(filter=where))

    async def endpoints(self) -> list[Endpoint]:
        """Read all endpoints."""
        return await self._all(self._endpoints.list())

    async def sessions_since(self, when: datetime | None) -> list[TunnelSession]:
        """Read the agents that have connected from a moment of ngrok's clock on."""
        resource = self._sessions
        return await self._those(
            resource.list, None if when is None else resource.fields.started_at >= when
        )

    async def endpoints_since(self, when: datetime | None) -> list[Endpoint]:
        """Read the endpoints that are there from a moment of ngrok's clock on."""
        resource = self._endpoints
        return await self._those(
            resource.list, None if when is None else resource.fields.created_at >= when
        )

    async def still_there(self, ids: Iterable[str]) -> set[str]:
        """Return those ids whose sessions are connected."""
        wanted, there = set(ids), set[str]()
        resource = self._sessions
        asked = sorted(wanted)
        for begin in range(0, len(asked), _IDS):
            if self._filters:
                some = resource.fields.id.in_(asked[begin : begin + _IDS])
                there |= {session.id for session in await self._those(resource.list, some)}
        if self._filters:
            return there & wanted
        there = {session.id for session in await self.sessions()}
        # A list that changes while it is read may lack what is there.
        return {id_ for id_ in wanted if id_ in there or await self._is_there(id_)}

    async def _is_there(self, id_: str) -> bool:
        try:
            await self.ask(lambda: self._sessions.get(id_))
        except NotFoundError:
            return False
        return True

    async def _those(self, listed: Callable[..., Pager[M]], where: Condition[M] | None) -> list[M]:
        """Read what meets a condition; everything where ngrok refuses the filter."""
        if self._filters and where is not None:
            try:
                return await self._all(listed(filter=where))
            except BadRequestError:
                self._filters = False
        return await self._all(listed())

    async def _all(self, pager: Pager[M]) -> list[M]:
        items: list[M] = []
        pages = aiter(pager.pages())
        page: Page[M] | None = None
        while page is None or page.next_page_uri:
            page = await self.ask(lambda: anext(pages))
            items += page.items
        return items


def by_session(endpoints: Iterable[Endpoint]) -> Mapping[str, Sequence[Endpoint]]:
    """Sort endpoints by the sessions that offer them."""
    found: defaultdict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in endpoints:
        if endpoint.tunnel_session is not None:
            found[endpoint.tunnel_session.id].append(endpoint)
    return found
