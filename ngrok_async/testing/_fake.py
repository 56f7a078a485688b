"""The fake as its users see it."""

from collections.abc import Mapping
from types import TracebackType
from typing import Literal, Self

from ngrok_async._request import JSON
from ngrok_async.testing._agent import Agent
from ngrok_async.testing._agents import Agents
from ngrok_async.testing._api import API
from ngrok_async.testing._cursors import Cursors
from ngrok_async.testing._faults import Fault, Faults
from ngrok_async.testing._fleet import Fleet
from ngrok_async.testing._limits import Limits
from ngrok_async.testing._routes import declared
from ngrok_async.testing._server import ReceivedRequest, Server
from ngrok_async.testing._store import Store
from ngrok_async.testing.clock import TurnableClock

_MADE_UP_KEY = "2fakeKeyOfTheFakeNgrokAPI00_7notARealSecretAtAll0"
_NO_HEADERS: Mapping[str, str] = {}


class FakeNgrok(Fleet):
    """An ngrok API for tests, served on 127.0.0.1 from within your process.

    It knows every operation that this package declares, insists on what ngrok insists on (the key,
    the version, the content type, known fields and parameters, the rate limit), and answers with
    the same codes. It holds nothing at first: create resources through the API, or add them and
    agents by hand.

        async with FakeNgrok(agents=3) as fake:
            async with Client(fake.api_key, base_url=fake.url) as ngrok:
                assert len(await ngrok.tunnel_sessions.list().collect()) == 3

    Attributes:
        api_key: The key that it lets in.
        clock: What its limit, its delays and its timestamps go by.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        limit: int | None = 120,
        window: float = 60.0,
        max_in_flight: int | None = None,
        port: int = 0,
        clock: TurnableClock | None = None,
        agents: int = 0,
        restart_delay: float = 0.0,
        stop_delay: float = 0.0,
        update_delay: float = 0.0,
        cursors: Literal["id", "existing", "offset", "opaque"] = "id",
        links: str | None = None,
    ) -> None:
        """Set the fake up; nothing listens before `start`.

        Args:
            api_key: The key that it lets in; default: a made-up one.
            limit: Requests that it accepts in any window, counted when they arrive; rejected ones
                do not count (ngrok does not say whether they do). 0 or None: no limit.
            window: The length of the window in seconds.
            max_in_flight: Requests that it accepts at a time; 0 or None: no limit.
            port: Where it listens; 0: any free port, the same again after a stop.
            clock: Another clock, to share it or to make it stand still.
            agents: How many agents are connected from the start.
            restart_delay: Seconds on the clock that agents are away when they restart.
            stop_delay: Seconds on the clock that the session of an agent is still there after it
                took a `stop` or `restart`.
            update_delay: Seconds on the clock that agents take to fetch an update.
            cursors: How the next page of a list is asked for; ngrok does not say how it goes on.
                "id": with the id of the last item, as in its links; that item may be gone by then.
                "existing": likewise, but the item must still be there, or it is ERR_NGROK_223.
                "offset": with a count, so that items are passed over when others are deleted
                meanwhile, and come twice when others are added. "opaque": with a text that is no
                id, which finds programs that make their cursors themselves.
            links: What addresses in answers begin with, such as "https://api.ngrok.com", as they
                are when a gateway passes ngrok's answers on; None: the fake's own.

        Raises:
            ValueError: An argument cannot be.
        """
        self.api_key: str = api_key or _MADE_UP_KEY
        self.clock: TurnableClock = clock or TurnableClock()
        self._port = port
        self._agents_at_start = agents
        self._store = Store(self.clock.now, links)
        super().__init__(
            Agents(self._store, self.clock),
            Faults(),
            restart_delay=restart_delay,
            stop_delay=stop_delay,
            update_delay=update_delay,
        )
        self._api = API(
            declared(),
            self._store,
            self.clock,
            self.api_key,
            self._agents,
            cursors=Cursors(cursors),
        )
        limits = Limits(limit, window, max_in_flight)
        self._server = Server(self._api, self._store, limits, self._faults, self.clock)

    async def start(self) -> None:
        """Begin to listen; after a `stop` on the same port, and with everything still there."""
        self._port = await self._server.start(self._port)
        self._store.url = f"http://127.0.0.1:{self._port}"
        count, self._agents_at_start = self._agents_at_start, 0
        self.add_agents(count)

    async def stop(self) -> None:
        """Stop listening and cut all connections, stalled ones included."""
        await self._server.stop()

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening."""
        await self.stop()

    @property
    def url(self) -> str:
        """The base URL to give to a client; known once the fake has been started."""
        return self._store.url

    @property
    def requests(self) -> list[ReceivedRequest]:
        """What arrived, in that order. Clear the list to forget about it."""
        return self._server.requests

    @property
    def rejections(self) -> int:
        """How often it answered with 429."""
        return self._server.rejections

    async def wait_for_requests(self, count: int = 1) -> None:
        """Wait until `requests` has as many entries."""
        await self._server.wait_for_requests(count)

    def add(self, path: str, **given: JSON) -> str:
        """Put a resource into the started fake, also of a kind that the API cannot create.

            user_id = fake.add("/app/users", email="ada@example.com")

        Args:
            path: The path of its list.
            given: Its fields, as answers have them; the others get plausible values.

        Returns:
            Its id.
        """
        return str(self._api.add(path, given)["id"])

    def fail(
        self,
        status: int | None = None,
        *,
        route: str = "*",
        times: int | None = 1,
        code: str | None = None,
        message: str = "The fake was told to fail.",
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        content_type: str = "text/html",
        delay: float = 0.0,
        drop: bool = False,
        stall: bool = False,
        applied: bool = False,
        agent: Agent | None = None,
    ) -> None:
        """Script trouble for the next requests.

        The first fault that fits a request is the one that it meets. Requests that meet a fault
        count against the rate limit like others; those that the limit rejects meet none.

            fake.fail(503, times=2)
            fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "2"})
            fake.fail(502, body=b"<h1>Bad gateway</h1>")
            fake.fail(drop=True, applied=True, route="POST /tunnel_sessions/{id}/restart")

        Args:
            status: Answer with this status; None: answer as usual, where nothing else is asked for.
            route: Which requests: a method, a path or both. `{name}` stands for a segment of the
                path, `*` for any text.
            times: How many of them; None: all from now on.
            code: The code in the error body.
            message: The text in the error body.
            headers: Further headers of the answer.
            body: Send these bytes instead of an error body, as a proxy might: without the header
                that has ngrok's operation id.
            content_type: What the bytes claim to be.
            delay: Wait so many seconds on the clock before anything else happens.
            drop: Read the request, then cut the connection.
            stall: Read the request and never answer it.
            applied: Whether the request has its effect all the same, before the delay.
            agent: Only requests that name the session of this agent, whichever it has then; see
                also `refuse`.
        """
        if status is None and not (delay or drop or stall):
            raise ValueError("a fault needs a status, delay=, drop= or stall=")
        fault = Fault(
            route=route,
            status=status,
            code=code,
            message=message,
            headers=headers,
            body=body,
            content_type=content_type,
            delay=delay,
            drop=drop,
            stall=stall,
            applied=applied,
            agent=agent,
        )
        self._faults.add(fault, times)

    def heal(self) -> None:
        """Forget all faults that are still to come."""
        self._faults.clear()
