"""The rights that `docs/redis.md` tells the operator to give: all of them, and no more."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version
from redis.asyncio import Redis, RedisCluster

from ngrok_async import ConfigurationError, Response
from ngrok_async.redis import RedisRateLimit
from tests.redis.load import REQUEST, Load, clients
from tests.redis.servers import Cluster, RedisServer

PAGE = (Path(__file__).parents[2] / "docs" / "redis.md").read_text("utf-8")
(RULES,) = (line.split() for line in re.findall(r"^ACL SETUSER (.+)$", PAGE, re.MULTILINE))
(FOR_CLUSTER,) = (line.split() for line in re.findall(r"^A cluster: `([^`]+)`", PAGE, re.MULTILINE))
FOR_OLD_CLIENTS = ["+info"] if Version(version("redis")) < Version("5.0.8") else []
USER = {"username": RULES[0], "password": RULES[2].removeprefix(">")}
COMMANDS = [word for word in RULES if word.startswith("+")]


@pytest.fixture
def guarded(server: RedisServer) -> Iterator[RedisServer]:
    """A server with nothing in it but that user."""
    server.ask("FLUSHALL")
    server.ask("SCRIPT", "FLUSH")
    server.ask("ACL", "LOG", "RESET")
    server.ask("ACL", "SETUSER", *RULES)
    yield server
    server.ask("ACL", "DELUSER", RULES[0])


async def first_call(client: object, prefix: str = "ngrok-async") -> None:
    """Make a call through a rate limit of its own."""

    async def send(_: object) -> Response:
        return Response(status=200)

    limiter = RedisRateLimit(client, account="guarded", command_timeout=5, prefix=prefix)  # type: ignore[arg-type] # redis-py's own types differ
    assert 200 == (await limiter(REQUEST, send)).status
    await limiter.read_budget()  # so that nothing is on its way to Redis any more


async def test_these_rights_are_enough(guarded: RedisServer) -> None:
    """Also for waiting, for pauses after a 429, and for a limit that ngrok states."""
    async with clients(2, lambda: Redis(port=guarded.port, **USER)) as redis, Load(redis) as load:
        await load.more()
        load.refuse_next("rate limited to `10` API requests per `0.5 seconds`")
        await load.more()

        assert [10, 10] == [each.budget.limit for each in load.limiters]
    assert not load.was_alone
    assert [] == guarded.ask("ACL", "LOG")


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != "+evalsha"])
async def test_each_right_is_needed(guarded: RedisServer, command: str) -> None:
    """The first call says which rights there should be."""
    guarded.ask("ACL", "SETUSER", RULES[0], command.replace("+", "-"))
    async with Redis(port=guarded.port, **USER) as redis:
        with pytest.raises(ConfigurationError, match=command.removeprefix("+").upper()):
            await first_call(redis)


async def test_evalsha_saves_sending_the_script(guarded: RedisServer) -> None:
    """Without it, each command sends the script."""
    sent: list[bool] = []
    async with Redis(port=guarded.port, **USER) as redis:
        await first_call(redis)
        for right in ("+evalsha", "-evalsha"):
            guarded.ask("ACL", "SETUSER", RULES[0], right)
            guarded.ask("CONFIG", "RESETSTAT")
            await first_call(redis)
            sent.append("cmdstat_eval" in guarded.info("commandstats"))

    assert [False, True] == sent


async def test_other_keys_are_not_needed(guarded: RedisServer) -> None:
    """With another prefix, the first call says which keys it wanted."""
    async with Redis(port=guarded.port, **USER) as redis:
        with pytest.raises(ConfigurationError, match=r"other:\*"):
            await first_call(redis, prefix="other")


async def test_rights_in_a_cluster(cluster: Cluster) -> None:
    """Its client also asks which node has which slot, and where a command has its keys."""
    for node in cluster.nodes:
        node.ask("ACL", "LOG", "RESET")
        node.ask("ACL", "SETUSER", *RULES, *FOR_CLUSTER, *FOR_OLD_CLIENTS)
    async with RedisCluster(host="127.0.0.1", port=cluster.port, **USER) as redis:
        await first_call(redis)
    log = [entry for node in cluster.nodes for entry in node.ask("ACL", "LOG")]
    # Clients introduce themselves to newer servers, and go on if they may not. Older clients do not
    # know what newer servers say of it, and leave it as a list.
    denied = [entry for entry in log if "client|setinfo" not in str(entry)]
    for node in cluster.nodes:
        node.ask("ACL", "DELUSER", RULES[0])

    assert [] == denied
