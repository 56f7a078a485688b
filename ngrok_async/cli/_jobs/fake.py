"""Runs a fake ngrok API in the foreground, until Ctrl-C, and prints what to export for it.

Programs and this command then talk to it, and nothing of yours is touched.
"""

import signal
from argparse import Namespace
from types import FrameType
from typing import TYPE_CHECKING, Final

from ngrok_async.cli._command_line import Parser, seconds_of
from ngrok_async.cli._ends import FAILED, PROGRAM, Stop
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from ngrok_async.testing import FakeNgrok

EXAMPLES: Final = (
    ("Try something with three agents", f"{PROGRAM} fake --agents 3 --port 24040"),
    ("Write down where it is, for a script", f"{PROGRAM} fake -o jsonl > fake.json &"),
)


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    add = parser.add_argument
    add("--port", type=int, metavar="N", default=0, help="default: any free port")
    add("--agents", type=int, metavar="N", default=0, help="connected agents; default: 0")
    add("--limit", type=int, metavar="N", default=120, help="requests in a window; 0: no limit")
    add("--window", type=seconds_of, metavar="SECONDS", default=60.0, help="default: 60")
    add(
        "--restart-delay",
        type=seconds_of,
        metavar="SECONDS",
        default=0.0,
        help="that agents are away when they restart; default: 0",
    )


def run(args: Namespace, out: Out) -> None:
    """Serve it until a signal comes."""
    import asyncio  # noqa: PLC0415 # not for the help

    from ngrok_async.testing import FakeNgrok  # noqa: PLC0415 # as above

    fake = FakeNgrok(
        port=args.port,
        agents=args.agents,
        limit=args.limit,
        window=args.window,
        restart_delay=args.restart_delay,
    )

    async def serve() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def end(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(over.set)

        # Before anything is printed: who reads it may end us at once.
        signal.signal(signal.SIGINT, end)
        signal.signal(signal.SIGTERM, end)
        async with fake:
            _print(fake, out)
            await over.wait()

    try:
        asyncio.run(serve())
    except OSError as error:
        raise Stop(FAILED, f"cannot listen on port {args.port}: {error.strerror}") from None


def _print(fake: "FakeNgrok", out: Out) -> None:
    if out.format == "table":
        out.stdout.write(f"export NGROK_API_URL={fake.url}\nexport NGROK_API_KEY={fake.api_key}\n")
        out.stdout.flush()
        out.note("a fake ngrok API is there until Ctrl-C; in another terminal, paste these lines")
    else:
        out.one({"url": fake.url, "api_key": fake.api_key}, id="url")
