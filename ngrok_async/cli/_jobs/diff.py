"""Tells what differs between two exports, or an export and the account as it is now.

A kind that only one of them has is not compared.

The exit code is 0 where nothing differs and 1 where something does, as with `git diff --exit-code`;
then there are lines on standard output, and after an error there are none.
"""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ngrok_async._printable import printable
from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._ends import FAILED, OK, PROGRAM
from ngrok_async.cli._jobs._lists import kinds_of
from ngrok_async.cli._jobs.export import add_kinds
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    import ngrok_async
    from ngrok_async.cli._account.snapshots import Snapshot

EXAMPLES: Final = (
    ("Hear from cron that somebody has changed the account", f"{PROGRAM} diff account"),
    ("Compare two exports", f"{PROGRAM} diff monday tuesday"),
    ("See who went offline", f"{PROGRAM} diff monday --only tunnel-sessions"),
)


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    parser.add_argument("before", metavar="DIR", help="an export")
    parser.add_argument(
        "after", metavar="DIR", nargs="?", help="another one; default: the account as it is"
    )
    add_kinds(parser)


def run(args: Namespace, out: Out) -> int | None:
    """Compare, and print what differs."""
    from ngrok_async.cli._account import files, snapshots  # noqa: PLC0415 # not for the help

    kinds = kinds_of(args.only, args.without, snapshots.LIVE)
    before = _chosen(files.read(Path(args.before)), kinds)
    if args.after is not None:
        return _compare(before, _chosen(files.read(Path(args.after)), kinds), out)
    from ngrok_async.cli._client import with_client  # noqa: PLC0415 # not for the help

    async def compare(client: "ngrok_async.Client") -> int:
        known = {name: path for name, path in kinds.items() if name in before.kinds}
        return _compare(before, await snapshots.taken(client, known), out)

    return with_client(compare, args, out)


def _chosen(snapshot: "Snapshot", kinds: "dict[str, str]") -> "Snapshot":
    from ngrok_async.cli._account.snapshots import Snapshot  # noqa: PLC0415 # not for the help

    found = {name: items for name, items in snapshot.kinds.items() if name in kinds}
    return Snapshot(found, snapshot.refused)


def _compare(before: "Snapshot", after: "Snapshot", out: Out) -> int:
    from ngrok_async.cli._account import differences  # noqa: PLC0415 # not for the help

    for kind in differences.not_compared(before, after):
        out.note(f"{kind}: not compared, only one of the two has it")
    found = list(differences.changes(before, after))
    if out.format == "table" and not out.fields:
        for change in found:
            for line in differences.lines(change):
                out.stdout.write(f"{printable(line)}\n")
    else:
        names = ("change", "kind", "id", "title")
        with out.rows(names, known=(*names, "fields")) as rows:
            for change in found:
                rows.add(change.to_dict())
    return FAILED if found else OK
