"""Serves the fake alone: `python -m ngrok_async.testing`.

The first line on standard output is one JSON object with `url` and `api_key`.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
from types import FrameType
from typing import Any

from ngrok_async.testing import FakeNgrok


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ngrok_async.testing",
        description="Serve a fake ngrok API until SIGINT or SIGTERM.",
    )
    add, seconds = parser.add_argument, "SECONDS"
    add("--host", default="127.0.0.1", help="where to listen; 0.0.0.0: at all addresses")
    add("--port", type=int, default=0, help="default: any free port")
    add("--links", metavar="URL", help="what addresses in answers begin with; default: the fake's")
    add("--api-key", help="the key to let in (default: a made-up one)")
    add("--agents", type=int, default=0, help="connected agents (default: 0)")
    add(
        "--tunnel",
        metavar="URL[=ADDRESS]",
        action="append",
        default=[],
        help="a tunnel of one more agent, such as https://shop.ngrok.app=http://localhost:80; "
        "may be repeated",
    )
    add(
        "--fault",
        metavar="FAULT",
        type=_fault,
        action="append",
        default=[],
        help="what the next requests meet: a status and perhaps a route, such as "
        "'503 GET /tunnels', or a JSON object with arguments of FakeNgrok.fail, such as "
        """'{"delay": 2, "times": null}'; may be repeated""",
    )
    add("--limit", type=int, default=120, help="requests per window; 0: no limit")
    add("--window", type=float, default=60.0, metavar=seconds, help="default: 60")
    add("--max-in-flight", type=int, default=0, help="requests at a time; 0: no limit")
    add("--restart-delay", type=float, default=0.0, metavar=seconds, help="of agents; default: 0")
    add("--log", action="store_true", help="write each request to standard error")
    return parser


def _fault(text: str) -> dict[str, Any]:
    """Return the arguments of `FakeNgrok.fail` in a text."""
    try:
        if not text.startswith("{"):
            status, _, route = text.partition(" ")
            return {"status": int(status), "route": route or "*"}
        fault: dict[str, Any] = json.loads(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be like '503 GET /tunnels' or a JSON object; got {text!r}"
        ) from None
    if "body" in fault:
        fault["body"] = str(fault["body"]).encode()
    return fault


def _fake(options: argparse.Namespace) -> FakeNgrok:
    fake = FakeNgrok(
        api_key=options.api_key,
        limit=options.limit,
        window=options.window,
        max_in_flight=options.max_in_flight,
        host=options.host,
        port=options.port,
        agents=options.agents,
        restart_delay=options.restart_delay,
        links=options.links,
    )
    for fault in options.fault:
        try:
            fake.fail(**fault)
        except TypeError as error:  # an argument that it does not have
            raise ValueError(f"argument --fault: {error}") from None
    return fake


def _add_tunnels(fake: FakeNgrok, tunnels: list[str]) -> None:
    for tunnel in tunnels:
        agent = fake.add_agent(tunnels=0)
        url, _, address = tunnel.partition("=")
        fake.add_tunnel(agent, public_url=url, forwards_to=address or "http://localhost:80")


async def _serve(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(over.set)

    # Not loop.add_signal_handler: Windows has none. Before the first line is out, since whoever
    # reads that line may end us at once.
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    try:
        async with _fake(options) as fake:
            _add_tunnels(fake, options.tunnel)
            sys.stdout.write(json.dumps({"url": fake.url, "api_key": fake.api_key}) + "\n")
            sys.stdout.flush()
            await over.wait()
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        sys.exit(f"cannot listen on port {options.port}: {error.strerror}, at {options.host}")


def _main() -> None:
    parser = _parser()
    options = parser.parse_args()
    if options.log:
        logging.basicConfig(format="%(asctime)s %(message)s")
        logging.getLogger("ngrok_async.testing").setLevel(logging.DEBUG)
    asyncio.run(_serve(parser, options))


if __name__ == "__main__":
    _main()
