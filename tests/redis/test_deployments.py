"""The shared limit on every kind of server, and through every kind of client."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio import Sentinel as SentinelClient

from tests.redis.load import Load, clients
from tests.redis.servers import Cluster, RedisServer, Sentinel

CLIENTS: dict[str, Callable[[int], Any]] = {
    "RESP3": lambda port: Redis(port=port, protocol=3),
    "texts": lambda port: Redis(port=port, decode_responses=True),
    "texts in RESP3": lambda port: Redis(port=port, protocol=3, decode_responses=True),
    "one connection": lambda port: Redis(port=port, max_connections=1),
    "one connection for all": lambda port: Redis(port=port, single_connection_client=True),
    "one connection in turn": lambda port: Redis.from_pool(
        BlockingConnectionPool(port=port, max_connections=1)
    ),
}


async def test_steady(any_server: RedisServer) -> None:
    """Three processes use the limit up, and nothing else tells them of one another."""
    async with clients(3, lambda: Redis(port=any_server.port)) as redis, Load(redis) as load:
        await load.more(windows=3)
        await load.shared()

        assert [3, 3, 3] == [each.budget.processes for each in load.limiters]
    assert (0, 0, set()) == (load.refused, load.crowded, load.was_alone)


@pytest.mark.parametrize("name", CLIENTS)
async def test_steady_through_any_client(server: RedisServer, name: str) -> None:
    """What a client makes of answers, and how few connections it has, changes nothing."""
    server.ask("FLUSHALL")
    async with clients(2, lambda: CLIENTS[name](server.port)) as redis, Load(redis) as load:
        await load.more(windows=2)

    assert (0, 0, set()) == (load.refused, load.crowded, load.was_alone)


async def test_steady_with_eager_tasks(server: RedisServer) -> None:
    """Tasks may begin before who starts them goes on (3.12), also while Redis is away."""
    if sys.version_info < (3, 12):
        pytest.skip("Python 3.11 has no eager tasks")
    server.ask("FLUSHALL")
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    async with clients(2, lambda: Redis(port=server.port)) as redis, Load(redis) as load:
        await load.more(windows=2)
    async with clients(2, lambda: Redis(port=1)) as nobody, Load(nobody) as alone:
        await alone.more()

    assert (0, 0, set()) == (load.refused, load.crowded, load.was_alone)
    assert (0, 0, {0, 1}) == (alone.refused, alone.crowded, alone.was_alone)


async def test_slot_of_a_cluster_moves(cluster: Cluster) -> None:
    """Nothing is refused while its key is on the way to another node, nor afterwards."""

    def client() -> RedisCluster:
        return RedisCluster(host="127.0.0.1", port=cluster.port)

    async with clients(3, client) as redis, Load(redis, prefix="moving") as load:
        await load.more()
        (key,) = (key for key in cluster.names() if key.startswith("moving:"))
        with cluster.moving(key) as move:
            await load.more()
            await load.shared()
            move()
            await load.more()
        await load.shared()
        await load.more()

    assert 0 == load.refused


async def test_sentinel_replaces_the_primary(sentinel: Sentinel) -> None:
    """Processes are alone until the replica takes over, then they share again."""
    watching = SentinelClient([sentinel.address])
    async with (
        clients(3, lambda: watching.master_for(sentinel.name)) as redis,
        clients(1, lambda: watching.sentinels[0]),  # so that it is closed
        Load(redis, requests=30, window=1.5, command_timeout=0.3) as load,
    ):
        await load.more()
        await load.shared()
        await asyncio.to_thread(sentinel.fail_over)
        await load.more()
        await load.shared()
        await load.more()

    assert load.peak <= 33  # see ABOUT in test_outages.py
    assert load.was_alone
