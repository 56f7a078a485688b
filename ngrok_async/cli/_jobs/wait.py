"""Waits until something is there, and prints it; or until it is gone.

Whether it was so in time is the exit code: 0 or 3.

It looks at once, then after a second, then less and less often, up to every 10 seconds.
"""

from argparse import Namespace
from typing import TYPE_CHECKING, Final

import ngrok_async
from ngrok_async.cli._command_line import Parser, seconds_of
from ngrok_async.cli._ends import PROGRAM
from ngrok_async.cli._jobs._lists import add_conditions, condition_of, list_of
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from ngrok_async._model import Model

EXAMPLES: Final = (
    (
        "Go on when a URL is online",
        f"{PROGRAM} wait endpoints url=https://shop.example.com --within 30 && ./deploy",
    ),
    ("Go on when an agent is gone", f"{PROGRAM} wait tunnel-sessions id=ts_1 --gone"),
)

_WITHIN: Final = 60.0


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    add_conditions(parser)
    parser.add_argument("--gone", action="store_true", help="until there is none like this")
    parser.add_argument(
        "--within",
        type=seconds_of,
        metavar="SECONDS",
        default=_WITHIN,
        help=f"for so long at most; default: {_WITHIN:g}",
    )
    parser.add_argument(
        "--pace",
        type=seconds_of,
        metavar="SECONDS",
        default=1.0,
        help="between the first two looks; default: 1",
    )


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> None:
    """Wait, and print what came."""
    resource = list_of(client, args.resource)
    item: Model | None = await ngrok_async.jobs.wait_for(
        resource,
        condition_of(resource, args),
        absent=args.gone,
        timeout=args.within,
        pace=args.pace,
    )
    if item is not None:
        out.one(item.to_dict())
