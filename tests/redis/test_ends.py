"""What other processes know of one that has ended."""

import asyncio

from redis.asyncio import Redis

from ngrok_async import Client
from ngrok_async.redis import RedisRateLimit
from ngrok_async.testing import FakeNgrok
from tests.redis.servers import RedisServer, free_port


async def test_programs_of_one_call_do_not_wait_for_one_another(server: RedisServer) -> None:
    """Whoever closes its client, and then Redis, leaves no place taken until its lease ends."""
    server.ask("FLUSHALL")
    async with FakeNgrok(agents=1) as fake, asyncio.timeout(10):
        for _ in range(5):
            async with Redis(port=server.port) as redis:
                limiter = RedisRateLimit(
                    redis, account="short", in_flight=2, lease=60, command_timeout=5
                )
                async with Client(fake.api_key, base_url=fake.url, limiter=limiter) as ngrok:
                    await ngrok.tunnel_sessions.list(limit=1)

    assert 5 == len(fake.requests)


async def test_client_is_closed_though_redis_is_away() -> None:
    """Nobody can be told, which is not waited for."""
    async with FakeNgrok(agents=1) as fake, Redis(port=free_port()) as redis, asyncio.timeout(10):
        limiter = RedisRateLimit(redis, account="away")
        async with Client(fake.api_key, base_url=fake.url, limiter=limiter) as ngrok:
            await ngrok.tunnel_sessions.list(limit=1)

    assert 1 == len(fake.requests)


async def test_client_that_made_no_call_tells_nothing(server: RedisServer) -> None:
    """There is nothing to tell."""
    server.ask("CONFIG", "RESETSTAT")
    async with (
        Redis(port=server.port) as redis,
        Client("made-up-key", limiter=RedisRateLimit(redis, account="idle")),
    ):
        pass

    assert not [name for name in server.info("commandstats") if "eval" in name]
