"""The fake as its users see it."""

import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Literal, Self

from ngrok_async._request import JSON
from ngrok_async.testing._agent import Agent
from ngrok_async.testing._agents import Agents
from ngrok_async.testing._api import API
from ngrok_async.testing._arguments import text, whole, wrong
from ngrok_async.testing._cursors import Cursors
from ngrok_async.testing._faults import Fault, Faults
from ngrok_async.testing._fleet import Fleet
from ngrok_async.testing._limits import Limits
from ngrok_async.testing._routes import declared
from ngrok_async.testing._server import ReceivedRequest, Server
from ngrok_async.testing._store import Store
from ngrok_async.testing.clock import TurnableClock

_KEY: Final = "2fakeKeyOfTheFakeNgrokAPI{number:02}_7notARealSecretAtAll0"
_NOT_IN_HEADERS: Final = re.compile("[^!-~]")
_LAST_PORT: Final = 65535
# Where a fake is reached that listens at all addresses of the machine.
_HERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 # only where the user says so
_NO_HEADERS: Final[Mapping[str, str]] = {}


class FakeNgrok(Fleet):
    """An ngrok API for tests, served from within your process.

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
        host: str = "127.0.0.1",
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
            api_key: The key that it lets in; default: a made-up one, which no other fake of this
                process has.
            limit: Requests that it accepts in any window, counted when they arrive; rejected ones
                do not count (ngrok does not say whether they do). 0 or None: no limit.
            window: The length of the window in seconds.
            max_in_flight: Requests that it accepts at a time; 0 or None: no limit.
            host: Where it listens. "0.0.0.0" is at all addresses of the machine, for containers and
                other machines; then `links` has to be the address under which they reach it.
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
        if clock is not None and not isinstance(clock, TurnableClock):  # pyright: ignore[reportUnnecessaryIsInstance] # untyped callers
            raise wrong("clock", "a TurnableClock", clock)
        self.clock: TurnableClock = clock or TurnableClock()
        self._host = text("host", host, "127.0.0.1")
        self._port = whole("port", port, f"from 0 to {_LAST_PORT}", most=_LAST_PORT)
        self._agents_at_start = whole("agents", agents, "a whole number from 0 on")
        self._store = Store(self.clock.now, links)
        self.api_key: str = _key(api_key, self._store.number)
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
        """Begin to listen; after a `stop` on the same port, and with everything still there.

        Raises:
            RuntimeError: It listens already.
            OSError: There is no such host, or the port is taken.
        """
        address, self._port = await self._server.start(self._host, self._port)
        address = _HERE.get(address, address)
        self._store.url = f"http://{f'[{address}]' if ':' in address else address}:{self._port}"
        count, self._agents_at_start = self._agents_at_start, 0
        self.add_agents(count)

    async def stop(self) -> None:
        """Stop listening and cut all connections, stalled ones included.

        Harmless when it is not listening.

        Raises:
            RuntimeError: It was started in another event loop, which is still open.
        """
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
        """Wait until `requests` has as many entries.

        Raises:
            ValueError: It never can have.
        """
        count = whole("count", count, "a whole number from 0 on")
        await self._server.wait_for_requests(count)

    def add(self, path: str, **given: JSON) -> str:
        """Put a resource into the started fake, also of a kind that the API cannot create.

            user_id = fake.add("/app/users", email="ada@example.com")

        Args:
            path: The path of its list.
            given: Its fields, as answers have them; the others get plausible values.

        Returns:
            Its id.

        Raises:
            ValueError: There is no such list, or no such item can be in it, or one has the `id`.
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

        Raises:
            ValueError: An argument cannot be, no operation has the route, or two arguments exclude
                each other.
        """
        fault = Fault(
            routes=(route,),
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
            agent=None if agent is None else self._agents.known(agent),
        )
        self._faults.add(fault, times)

    def meanwhile(
        self, do: Callable[[], object], *, route: str = "*", after: int = 1, times: int | None = 1
    ) -> None:
        """Have something happen between requests, as what others do.

        It is done right before a request of the route is answered, so that a list changes between
        two of its pages, or an agent goes between a look and a command:

            fake.meanwhile(lambda: fake.drop(agent), route="GET /tunnel_sessions")
            fake.meanwhile(fake.add_agent, route="GET /tunnel_sessions", after=0, times=None)

        Args:
            do: Does it, without arguments; it may call all that the fake has, and must not raise.
            route: Which requests, as in `fail`.
            after: How many of them are answered first; 0: it is done before the next one.
            times: Before how many of those that then come it is done; None: before each.

        Raises:
            ValueError: An argument cannot be, or no operation has the route.
        """
        self._faults.meanwhile(do, route, after=after, times=times)

    def heal(self) -> None:
        """Forget all faults that are still to come, and what `meanwhile` was told."""
        self._faults.clear()

    @property
    def unmet_faults(self) -> tuple[str, ...]:
        """What was scripted and met no request, with the places where that was done."""
        return self._faults.unmet()


def _key(given: object, number: int) -> str:
    if given is None:
        return _KEY.format(number=number)
    # Without the value: somebody may try it with the true key.
    if not isinstance(given, str) or not given or _NOT_IN_HEADERS.search(given):
        raise ValueError(
            "api_key must be printable ASCII without spaces, or None for a made-up one"
        )
    return given
