"""Prints the one thing that is like this.

None is exit code 3, and more than one is an error too: no script then goes on with the wrong one.

What ngrok's filter knows of the fields is asked for there, in one request; the rest is looked for
here, in the whole list.
"""

from argparse import Namespace
from typing import TYPE_CHECKING, Final

import ngrok_async
from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._ends import FAILED, NOT_FOUND, PROGRAM, Stop
from ngrok_async.cli._jobs._lists import add_conditions, condition_of, list_of
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from ngrok_async._model import Model

EXAMPLES: Final = (
    ("See what is behind a URL", f"{PROGRAM} find endpoints url=https://shop.example.com"),
    ("Get the id of a domain", f"{PROGRAM} find reserved-domains domain=shop.example.com -o id"),
    (
        "Get the agent that connected last, of several",
        f"""{PROGRAM} find tunnel-sessions --filter 'obj.os == "linux"' --newest""",
    ),
)


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    add_conditions(parser)
    parser.add_argument(
        "--newest", action="store_true", help="the newest one, where there are more"
    )


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> None:
    """Print it, or fail."""
    resource = list_of(client, args.resource)
    condition = condition_of(resource, args)
    most = 1 if args.newest else 2
    if not isinstance(condition, str | ngrok_async.filters.Condition):
        found: list[Model] = []
        async for item in resource.list():
            if condition(item):
                found.append(item)
                if len(found) == most:
                    break
    else:
        found = await resource.list(filter=condition, limit=most).collect(most)
    if not found:
        raise Stop(NOT_FOUND, f"none of the {args.resource} is like this")
    if len(found) > 1:
        ids = " and ".join(str(item.to_dict()["id"]) for item in found)
        raise Stop(FAILED, f"several are like this, {ids} among them: say more of it, or --newest")
    out.one(found[0].to_dict())
