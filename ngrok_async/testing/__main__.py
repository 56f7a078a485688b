"""Serves the fake alone: `python -m ngrok_async.testing`.

The first line on standard output is one JSON object with `url` and `api_key`.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from types import FrameType
from typing import Final

from ngrok_async.testing import FakeNgrok

_LAST_PORT: Final = 65535


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
    options = parser.parse_args()
    if not 0 <= options.port <= _LAST_PORT:
        parser.error(f"argument --port: must be from 0 to {_LAST_PORT}, got {options.port}")
    for name in ("agents", "limit"):
        if (count := getattr(options, name)) < 0:
            parser.error(f"argument --{name}: must be 0 or more, got {count}")
    if not 0 < options.window < float("inf"):
        parser.error(f"argument --window: must be seconds above 0, got {options.window:g}")
    return options


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
    try:
        await fake.start()
    except OSError as error:
        sys.exit(f"cannot listen on port {options.port}: {os.strerror(error.errno or 0)}")
    try:
        sys.stdout.write(json.dumps({"url": fake.url, "api_key": fake.api_key}) + "\n")
        sys.stdout.flush()
        await over.wait()
    finally:
        await fake.stop()


if __name__ == "__main__":
    asyncio.run(_serve(_options()))
