"""The client of a command: the key comes from the environment or a file, and from nowhere else."""

import argparse
import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ngrok_async
from ngrok_async.cli._ends import UsageError, standard_input
from ngrok_async.cli._interrupts import listen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ngrok_async.cli._out import Out
    from ngrok_async.events import Event

_TOLD: Final = 2.0  # seconds of a pause that people wonder about


def with_client(
    work: "Callable[[ngrok_async.Client], Awaitable[int | None]]",
    args: argparse.Namespace,
    out: "Out",
) -> int | None:
    """Open a client, do some work with it, and return what that returns.

    Raises:
        UsageError: There is no key.
        ConfigurationError: Key or URL cannot be.
    """

    async def run() -> int | None:
        timeout = ngrok_async.Timeout()
        if args.timeout is not None:
            timeout = ngrok_async.Timeout(total=args.timeout)
        async with ngrok_async.Client(
            _key(args),
            base_url=args.base_url,
            max_wait=args.max_wait,
            timeout=timeout,
            app_info="ngrok-async-cli",
            on_event=lambda event: _tell(event, out),
        ) as client:
            return await work(client)

    _ = ngrok_async.Client  # loads aiohttp, which takes a while
    # Where nothing is set up, Python prints warnings; what they say is said by `_tell`.
    logging.getLogger("ngrok_async").addHandler(logging.NullHandler())
    listen()
    return asyncio.run(run())


def _key(args: argparse.Namespace) -> str:
    if args.key_file is None:
        key = os.environ.get("NGROK_API_KEY", "")
        if not key:
            raise UsageError(
                "there is no API key: set NGROK_API_KEY, or name a file that has it with "
                "--key-file; keys are made at https://dashboard.ngrok.com/api-keys"
            )
        return key
    try:
        text = standard_input() if args.key_file == "-" else Path(args.key_file).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"cannot read --key-file {args.key_file}: {why}") from None
    return text.strip()


def _tell(event: "Event", out: "Out") -> None:
    """Tell of pauses, so that nobody takes them for a fault."""
    events = ngrok_async.events
    if isinstance(event, events.PauseEvent):
        out.note(f"ngrok's limit is used up; waiting {event.seconds:.0f} s")
    elif isinstance(event, events.RetryEvent) and event.seconds >= _TOLD:
        out.note(f"{event.reason}; trying again in {event.seconds:.0f} s")
