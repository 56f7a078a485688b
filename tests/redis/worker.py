"""A process that makes calls; `test_processes.py` starts several of them.

Usage: worker.py REDIS_URL NGROK_URL KEY CALLS REQUESTS WINDOW LEASE
It says "ready", waits for a line on standard input, and prints what came of the calls as JSON.
"""

import asyncio
import json
import sys
import time

from redis.asyncio import Redis

from ngrok_async import Client, Timeout
from ngrok_async.redis import RedisRateLimit


async def main() -> None:
    """Make the calls."""
    redis_url, url, key, calls, requests, window, lease = sys.argv[1:]
    async with Redis.from_url(redis_url) as redis:
        limiter = RedisRateLimit(
            redis,
            account=key,
            requests=int(requests),
            window=float(window),
            lease=float(lease),
        )
        async with Client(key, base_url=url, limiter=limiter, timeout=Timeout(total=60)) as ngrok:
            await redis.ping()
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            done = 0

            async def call() -> None:
                nonlocal done
                await ngrok.tunnel_sessions.list(limit=1)
                done += 1

            begin = time.monotonic()
            await asyncio.gather(*(call() for _ in range(int(calls))))
            sys.stdout.write(json.dumps({"done": done, "seconds": time.monotonic() - begin}) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
