"""What can keep the shared limit, and what is told where something cannot."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis as redis_py
from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis

from ngrok_async import Request, Response
from ngrok_async._limits.redis_script import SCRIPT
from ngrok_async.errors import ConfigurationError
from ngrok_async.redis import RedisRateLimit
from tests.redis.servers import RedisServer

OK = Response(status=200)
REQUEST = Request(method="GET", path="/", route="GET /x")


async def send(_: Request) -> Response:
    """Answer."""
    await asyncio.sleep(0.001)
    return OK


def limit(redis: Any, account: str = "fits", **options: Any) -> RedisRateLimit:  # noqa: ANN401 # whatever is tried
    """Make a rate limit that shows quickly whether it is kept."""
    return RedisRateLimit(
        redis, account=account, **({"requests": 5, "window": 0.3, "command_timeout": 5} | options)
    )


class Answers:
    """A client that does as the test says."""

    def __init__(self, answer: Callable[..., Any]) -> None:
        """Give this answer to both commands."""
        self.evalsha = self.eval = answer


def raising(error: Exception) -> Callable[..., Awaitable[Any]]:
    """Make a command that fails."""

    async def run(*_: object) -> None:
        raise error

    return run


def blocking(*_: object) -> list[int]:
    """Answer as a client does that is not asyncio's."""
    return [0]


async def with_lists(script: str, keys: object = (), args: object = ()) -> None:
    """Take what the commands of some clients take."""


class ResponseError(Exception):
    """As clients call what Redis refuses."""


@pytest.mark.parametrize(
    ("client", "hint"),
    [
        (Answers(blocking), "pass an asyncio client"),
        (Answers(with_lists), "pass an asyncio client"),
        (object(), "pass an asyncio client"),
        (Answers(raising(ResponseError("NOPERM no"))), "its user needs the commands EVALSHA, EVAL"),
        (
            Answers(raising(ResponseError("The user executing the script can't run this command"))),
            "its user needs the commands EVALSHA, EVAL, GET, SET and TIME, on the keys 'mine:*'",
        ),
        (Answers(raising(ResponseError("WRONGTYPE Operation"))), "something else is stored at 'm"),
        (Answers(raising(ResponseError("user_script:9: attempt to index"))), "something else is"),
        (Answers(raising(ResponseError("WRONGPASS no"))), "another username or password"),
        (Answers(raising(ResponseError("MOVED 1 h:1"))), "pass a client such as RedisCluster"),
        (Answers(raising(ResponseError("unknown command 'EVAL'"))), "Redis 5 or newer"),
        (Answers(raising(ResponseError("Error compiling script"))), "Redis 5 or newer"),
    ],
    ids=range(11),
)
async def test_what_cannot_keep_the_limit_is_said_at_once(client: object, hint: str) -> None:
    """At the first request, at each one after it, and where the budget is read."""
    limiter = limit(client, prefix="mine")
    for ask in (limiter(REQUEST, send), limiter(REQUEST, send), limiter.read_budget()):
        with pytest.raises(ConfigurationError, match=r"^Redis cannot keep the rate limit: ") as it:
            await ask
        assert hint in str(it.value)
    assert 0 == limiter.budget.used


@pytest.mark.parametrize(
    "text",
    [
        "OOM command not allowed when used memory > 'maxmemory'. script: 1, on @user_script:3.",
        "READONLY You can't write against a read only replica. script: 1, on @user_script:3.",
        "BUSY Redis is busy running a script",
        "LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down",
        "CLUSTERDOWN The cluster is down",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "NOREPLICAS Not enough good replicas to write.",
        "MISCONF Redis is configured to save RDB snapshots",
        "max number of clients reached",
    ],
)
async def test_what_passes_is_no_mistake(text: str) -> None:
    """The calls go on, though the first one has never been granted by Redis."""
    limiter = limit(Answers(raising(ResponseError(text))))

    assert OK == await limiter(REQUEST, send)
    assert not limiter.budget.shared


async def test_mistake_may_be_mended(server: RedisServer) -> None:
    """Half a second later Redis is asked again, and then it fits."""
    redis = Redis.from_url(server.url)
    limiter = limit(redis, "mended")
    key = limiter._turns._link.key
    await redis.lpush(key, "x")
    with pytest.raises(ConfigurationError, match=r"choose another prefix"):
        await limiter(REQUEST, send)
    await redis.delete(key)
    await asyncio.sleep(0.6)

    assert OK == await limiter(REQUEST, send)
    assert (await limiter.read_budget()).shared
    await redis.aclose()


async def test_what_was_right_goes_on(server: RedisServer) -> None:
    """A key that is overwritten, or a permission that is taken, ends no program that runs."""
    redis = Redis.from_url(server.url)
    limiter = limit(redis, "overwritten")
    await limiter(REQUEST, send)
    await limiter.read_budget()
    await redis.set(limiter._turns._link.key, "x")

    assert OK == await limiter(REQUEST, send)
    assert not limiter.budget.shared
    await redis.delete(limiter._turns._link.key)
    await redis.aclose()


async def test_client_that_blocks_is_said(server: RedisServer) -> None:
    """`redis.Redis` in the place of `redis.asyncio.Redis`."""
    with redis_py.Redis.from_url(server.url) as redis:
        for _ in range(2):
            with pytest.raises(ConfigurationError, match=r"pass an asyncio client"):
                await limit(redis)(REQUEST, send)
            redis.eval(SCRIPT, 1, "k", "p", *[1] * 21)  # so that EVALSHA answers too


async def test_password_is_said_in_spite_of_the_repetitions(server: RedisServer) -> None:
    """A client that tries for too long is cut short; what it tried for is the reason."""
    redis = Redis.from_url(server.url, username="nobody", password="wrong")
    with pytest.raises(ConfigurationError, match=r"another username or password"):
        await limit(redis, command_timeout=0.5)(REQUEST, send)
    await redis.aclose()


@pytest.mark.parametrize(
    "options",
    [
        {"decode_responses": True},
        {"protocol": 2},
        {"protocol": 3},
        {"protocol": 3, "decode_responses": True},
        {"single_connection_client": True},
        {"max_connections": 1},
        {"connection_pool": (BlockingConnectionPool, 1)},
        {"connection_pool": (ConnectionPool, 1)},
    ],
    ids=str,
)
async def test_options_of_the_client(server: RedisServer, options: dict[str, Any]) -> None:
    """However it answers, and with one connection: the limit sends one command at a time."""
    if "connection_pool" in options:
        kind, size = options["connection_pool"]
        redis = Redis(connection_pool=kind.from_url(server.url, max_connections=size))
    else:
        redis = Redis.from_url(server.url, **options)
    begin = asyncio.get_running_loop().time()
    limiter = limit(redis, str(options), requests=20, in_flight=20)
    await asyncio.gather(*(limiter(REQUEST, send) for _ in range(25)))

    assert asyncio.get_running_loop().time() - begin >= 0.3
    assert (await limiter.read_budget()).shared
    await redis.aclose(close_connection_pool=True)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="has no eager tasks")
@pytest.mark.parametrize("away", [True, False])
def test_eager_tasks(server: RedisServer, away: bool) -> None:  # noqa: FBT001 # a parameter
    """A task that has ended before it was returned is no task that runs."""

    async def main() -> None:
        factory = asyncio.eager_task_factory  # type: ignore[attr-defined,unused-ignore] # as skipped
        asyncio.get_running_loop().set_task_factory(factory)
        redis = Redis.from_url(server.url)
        client = Answers(raising(ConnectionError("away"))) if away else redis
        limiter = limit(client, f"eager {away}", requests=40, in_flight=4)
        async with asyncio.timeout(5):
            for _ in range(3):
                assert OK == await limiter(REQUEST, send)
            await asyncio.gather(*(limiter(REQUEST, send) for _ in range(7)))
            assert away is not (await limiter.read_budget()).shared
        await redis.aclose()

    asyncio.run(main())
