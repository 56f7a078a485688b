"""A real Redis for the tests, and what they say about calls."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from ngrok_async import Request, Response
from ngrok_async._limits.redis_state import State
from ngrok_async.redis import RedisRateLimit
from tests.redis.load import end_worker
from tests.redis.servers import Cluster, MissingServerError, RedisServer, Sentinel

OK = Response(status=200)


@contextmanager
def installed() -> Iterator[None]:
    """Skip the test where its server is not installed; in CI, fail, but on Windows: it has none."""
    try:
        yield
    except MissingServerError as error:
        due = "CI" in os.environ and sys.platform != "win32"
        (pytest.fail if due else pytest.skip)(str(error))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests that leave it alive."""
    with installed(), RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that the test may stop, and start again."""
    with installed(), RedisServer(tmp_path) as running:
        yield running


@pytest.fixture(scope="session", params=["redis", "valkey", "old redis"])
def any_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    """A server of each kind."""
    if request.param == "old redis" and sys.version_info >= (3, 12):
        pytest.skip("the package that brings it has no wheel for this Python")
    with installed(), RedisServer(tmp_path_factory.mktemp("any"), kind=request.param) as running:
        yield running


@pytest.fixture(scope="session", params=["redis", "valkey"])
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A cluster of each kind."""
    with installed(), closing(Cluster(tmp_path_factory.mktemp("nodes"), request.param)) as running:
        yield running


@pytest.fixture(params=["redis", "valkey"])
def sentinel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sentinel]:
    """A primary of each kind with a replica and Sentinel, of which the test may end the first."""
    with installed(), closing(Sentinel(tmp_path, request.param)) as running:
        yield running


class Wire:
    """A Redis client that counts the commands, and fails or waits when the test says so."""

    def __init__(self, redis: Redis) -> None:
        """Let everything through."""
        self.redis = redis
        self.calls: list[str] = []
        self.before: Callable[[str], Any] | None = None  # may raise; what it returns is awaited
        self.after: Callable[[str], Any] | None = None  # as above, and may replace the answer

    async def evalsha(self, sha: str, numkeys: int, *keys_and_args: Any) -> Any:  # noqa: ANN401 # as in redis-py
        """Run a script that Redis knows."""
        return await self._run(self.redis.evalsha, sha, numkeys, *keys_and_args)

    async def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:  # noqa: ANN401 # as in redis-py
        """Run a script that it does not know."""
        return await self._run(self.redis.eval, script, numkeys, *keys_and_args)

    async def _run(self, command: Callable[..., Any], script: str, numkeys: int, *rest: Any) -> Any:  # noqa: ANN401 # as above
        verb = "ask" if rest[numkeys + 5] else "tell"
        self.calls.append(verb)
        self.words: list[Any] = [numkeys, *rest]
        if self.before is not None and (waiting := self.before(verb)):
            await waiting
        reply = await command(script, numkeys, *rest)
        if self.after is not None and (waiting := self.after(verb)):
            reply = await waiting
        return reply


class Process:
    """What one process would have: a connection of its own and a rate limit."""

    def __init__(self, server: RedisServer, account: str, **options: Any) -> None:  # noqa: ANN401 # those of RedisRateLimit
        """Set the limit."""
        self.redis = Redis.from_url(server.url)
        self.wire = Wire(self.redis)
        defaults: dict[str, Any] = {"requests": 3, "window": 0.4, "in_flight": 100}
        self.limiter = RedisRateLimit(self.wire, account=account, **(defaults | options))
        self.sent: list[str] = []
        self.sent_at: list[float] = []
        self.answers: list[Response | Exception] = []  # the next ones; then 200
        self._open: dict[str, asyncio.Future[Response]] | None = None

    def hold(self) -> None:
        """From now on calls stay in flight until `answer`."""
        self._open = {}

    async def _send(self, request: Request) -> Response:
        self.sent.append(request.path)
        self.sent_at.append(time.monotonic())
        if self._open is not None:
            answer = self._open[request.path] = asyncio.get_running_loop().create_future()
            return await answer
        outcome = self.answers.pop(0) if self.answers else OK
        if isinstance(outcome, Response):
            return outcome
        raise outcome

    def answer(self, name: str, outcome: Response | Exception = OK) -> None:
        """End a call that is in flight."""
        assert self._open is not None
        if isinstance(outcome, Response):
            self._open.pop(name).set_result(outcome)
        else:
            self._open.pop(name).set_exception(outcome)

    def call(self, name: str = "/", **limits: float) -> asyncio.Task[Response]:
        """Start a call; `max_wait` as in a request."""
        request = Request(method="GET", path=name, route="GET /x", **limits)  # type: ignore[arg-type] # wrong or open on purpose
        return asyncio.create_task(self._limited(request), name=name)

    async def _limited(self, request: Request) -> Response:
        return await self.limiter(request, self._send)

    async def close(self) -> None:
        """Check that nothing is left behind."""
        try:
            await self.idle()
        finally:
            await end_worker(self.limiter)
            await self.redis.aclose()
        assert 0 == self.limiter.budget.waiting
        assert 0 == self.state.part.window.in_flight

    @property
    def state(self) -> State:
        """What its rate limit knows."""
        return self.limiter._state

    async def idle(self) -> None:
        """Wait until it has told everything; while Redis is away, there is no end of that."""
        turns = self.limiter._turns
        async with asyncio.timeout(10):
            while turns._loop and not self.state._trouble:  # noqa: ASYNC110 # it has no event
                await asyncio.sleep(0.001)

    async def shares(self) -> None:
        """Wait until the limit is shared."""
        async with asyncio.timeout(5):
            while not (await self.limiter.read_budget()).shared:  # noqa: ASYNC110 # as above
                await asyncio.sleep(0.01)


@pytest.fixture
async def process(
    server: RedisServer, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[..., Process]]:
    """Make processes of one account, which is that of this test alone."""
    made: list[Process] = []

    def make(**options: Any) -> Process:  # noqa: ANN401 # those of RedisRateLimit
        if "server" not in options:  # it answers, however slow the machine is
            options.setdefault("command_timeout", 5)
        made.append(Process(options.pop("server", server), request.node.nodeid, **options))
        return made[-1]

    async with Redis.from_url(server.url) as redis:
        await redis.flushall()
    yield make
    for each in made:
        await each.close()
