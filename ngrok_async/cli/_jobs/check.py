"""Asks ngrok once, which has to connect, and once more.

It tells how long both took, and which limit it keeps to. Exit code 1: the key is refused; 5: there
is no way to ngrok.
"""

from argparse import Namespace
from contextlib import suppress
from typing import Final

import ngrok_async
from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._ends import PROGRAM
from ngrok_async.cli._out import Out

EXAMPLES: Final = (
    ("See whether everything is in place", f"{PROGRAM} check"),
    ("Use it in a script", f"{PROGRAM} check -o id || exit 1"),
)


def arguments(parser: Parser) -> None:
    """It takes nothing."""


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> None:
    """Ask, and tell."""
    del args
    first = await _seconds(client)
    second = await _seconds(client)
    budget = client.budget
    out.one(
        {
            "key": "accepted",
            "url": client.base_url,
            "first_answer_ms": round(first * 1000, 1),
            "round_trip_ms": round(second * 1000, 1),
            "limit": budget.limit if budget else None,
            "window_s": budget.window if budget else None,
            "used": budget.used if budget else None,
        },
        id="key",
    )


async def _seconds(client: "ngrok_async.Client") -> float:
    """Return how long an answer takes."""
    before = client.clock.time()
    with suppress(ngrok_async.PermissionDeniedError):  # of this list: it is a key all the same
        await client.tunnel_sessions.list(limit=1)
    return client.clock.time() - before
