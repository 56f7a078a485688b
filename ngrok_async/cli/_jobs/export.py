"""Writes everything that an account has as JSON files: ip-policies/ipp_1.json and so on.

Secrets are left out. Names are in a stable order, and a file that is the same is not written again,
so the directory is fit for git; what is gone is taken away.

"live" is a name for what comes and goes by itself: agents, tunnels, endpoints, the sessions and
users of applications. Where the key may not read something, the rest is exported, and the exit code
is 4.
"""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._ends import OK, PARTLY, PROGRAM
from ngrok_async.cli._jobs._lists import kinds_of, told
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    import ngrok_async

EXAMPLES: Final = (
    (
        "Keep the history of an account, from cron",
        f"cd account && {PROGRAM} export . --without live && git add -A && git commit -qm daily",
    ),
    ("Save the IP rules alone", f"{PROGRAM} export rules --only ip-policies,ip-policy-rules"),
)


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    parser.add_argument("directory", metavar="DIR", help="where to; it is made if need be")
    add_kinds(parser)
    parser.add_argument(
        "--per",
        choices=("item", "kind"),
        default="item",
        help="whether each item gets a file, or each kind; default: item",
    )


def add_kinds(parser: Parser) -> None:
    """Add which lists are meant."""
    parser.add_argument(
        "--only", metavar="A,B", help="only these lists, such as ip-policies or live"
    )
    parser.add_argument("--without", metavar="A,B", help="all lists but these, such as live")


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> int:
    """Read everything, and only then write."""
    from ngrok_async.cli._account import files, snapshots  # noqa: PLC0415 # not for the help

    kinds = kinds_of(args.only, args.without, snapshots.LIVE)
    directory = Path(args.directory)
    if (directory / files.MANIFEST).exists():
        files.read(directory)  # before the requests: it may be none, and then nothing is written
    found = await snapshots.taken(client, kinds)
    written, gone = files.write(directory, found, args.per)
    for kind, why in found.refused.items():
        out.note(f"{kind}: not exported, this key may not read it ({why})")
    if written or gone:
        out.note(
            f"{told(written, 'file', 'files')} written, {gone} taken away: "
            f"{told(sum(map(len, found.kinds.values())), 'item', 'items')} in {directory}"
        )
    return PARTLY if found.refused else OK
