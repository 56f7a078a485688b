"""Stops the agents that hold a URL, and waits until they are gone.

Where nobody has it, that is fine too.

It refuses where other URLs would go down, unless --others, and deletes an endpoint that lives at
ngrok only with --cloud.
"""

from argparse import Namespace
from typing import TYPE_CHECKING, Final

import ngrok_async
from ngrok_async.cli._command_line import Parser, add_confirmation, seconds_of
from ngrok_async.cli._ends import PROGRAM
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ngrok_async._id import HasId

EXAMPLES: Final = (
    ("Take a URL away from a left-over agent", f"{PROGRAM} release https://shop.example.com"),
    ("See who would be stopped", f"{PROGRAM} release https://shop.example.com --dry-run"),
)

_WITHIN: Final = 30.0


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    parser.add_argument("url", help="such as https://shop.example.com")
    parser.add_argument("--cloud", action="store_true", help="also delete an endpoint at ngrok")
    parser.add_argument(
        "--others", action="store_true", help="also stop agents that offer other URLs too"
    )
    parser.add_argument(
        "--within",
        type=seconds_of,
        metavar="SECONDS",
        default=_WITHIN,
        help=f"for so long at most; default: {_WITHIN:g}",
    )
    add_confirmation(parser)


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> None:
    """Ask where there is more than one, and do it."""
    held = await _held(client, args.url)
    if not held:
        out.note(f"nobody has {args.url}")
    out.confirm("stop", held)
    try:
        released = await ngrok_async.jobs.release(
            client, args.url, timeout=args.within, cloud=args.cloud, others=args.others
        )
    except ngrok_async.NgrokError as error:
        _print(getattr(error, "released", ()), out)
        raise
    _print(released, out)


def _print(released: "Iterable[HasId]", out: Out) -> None:
    from ngrok_async.cli._agent_names import name_of  # noqa: PLC0415 # not for the help
    from ngrok_async.resources.tunnel_sessions import TunnelSession  # noqa: PLC0415 # as above

    names = ("id", "name", "what")
    with out.rows(names, known=names) as rows:
        for each in released:
            if isinstance(each, TunnelSession):
                row = {"id": each.id, "name": name_of(each.metadata), "what": "stopped"}
            else:
                row = {"id": each.id, "name": "", "what": "deleted"}
            rows.add(row)


async def _held(client: "ngrok_async.Client", url: str) -> list[str]:
    """Return who would be stopped or deleted, a line each."""
    from ngrok_async.cli._jobs._sessions import url_of  # noqa: PLC0415 # not for the help
    from ngrok_async.jobs._urls import as_written  # noqa: PLC0415 # as above

    wanted = as_written(url)
    urls: dict[str, list[str]] = {}
    holders: dict[str, None] = {}
    async for endpoint in client.endpoints.list():
        holder = endpoint.tunnel_session.id if endpoint.tunnel_session else endpoint.id
        urls.setdefault(holder, []).append(url_of(endpoint))
        if as_written(endpoint.url) == wanted:
            holders[holder] = None
    return [f"{holder}: {', '.join(urls[holder])}" for holder in holders]
