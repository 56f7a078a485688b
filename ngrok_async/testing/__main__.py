"""Serves the fake alone: `python -m ngrok_async.testing`.

The first line on standard output is one JSON object with `url` and `api_key`.
"""

import argparse
import asyncio
import json
import signal
import sys
from types import FrameType

from ngrok_async.testing import FakeNgrok


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ngrok_async.testing",
        description="Serve a fake ngrok API on 127.0.0.1 until SIGINT or SIGTERM.",
    )
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    parser.add_argument("--agents", type=int, default=0, help="connected agents (default: 0)")
    parser.add_argument("--limit", type=int, default=120, help="requests per window; 0: no limit")
    parser.add_argument("--window", type=float, default=60.0, metavar="SECONDS", help="default: 60")
    parser.add_argument("--api-key", help="the key to let in (default: a made-up one)")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(over.set)

    # Not loop.add_signal_handler: Windows has none. Before the first line is out, since whoever
    # reads that line may end us at once.
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    fake = FakeNgrok(
        api_key=options.api_key,
        limit=options.limit,
        window=options.window,
        port=options.port,
        agents=options.agents,
    )
    async with fake:
        sys.stdout.write(json.dumps({"url": fake.url, "api_key": fake.api_key}) + "\n")
        sys.stdout.flush()
        await over.wait()


if __name__ == "__main__":
    asyncio.run(_serve(_options()))
