"""Tells what comes, goes and changes in a list, a line each, until Ctrl-C.

It looks again and again, within a share of the account's limit; the other calls of this account go
first. What comes and goes between two looks is not seen. With `-o jsonl` each line has the whole
item, and what it was before.
"""

from argparse import Namespace
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import ngrok_async
from ngrok_async.cli._command_line import Parser, seconds_of
from ngrok_async.cli._ends import PROGRAM, UsageError
from ngrok_async.cli._jobs._lists import add_filter, add_list, list_of, told
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from ngrok_async.cli._out import Rows
    from ngrok_async.jobs import Notice

EXAMPLES: Final = (
    ("See agents come and go", f"{PROGRAM} watch tunnel-sessions"),
    (
        "Do something for each agent that goes offline",
        f"{PROGRAM} watch tunnel-sessions -o jsonl | jq 'select(.change == \"removed\").id'",
    ),
    ("Wait for the next change", f"{PROGRAM} watch endpoints --changes 1"),
)


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    add_list(parser)
    add_filter(parser)
    parser.add_argument("--first", action="store_true", help="also tell what is there at the start")
    parser.add_argument("--changes", type=int, metavar="N", help="end after so many")
    parser.add_argument("--for", dest="span", type=seconds_of, metavar="SECONDS", help="end then")
    add_share(parser, 0.1)


def add_share(parser: Parser, default: float) -> None:
    """Add how much of the limit may be used."""
    parser.add_argument(
        "--share",
        type=float,
        metavar="PART",
        default=default,
        help=f"the part of the account's limit that may be used; default: {default}",
    )


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> None:
    """Tell, until somebody ends it."""
    import asyncio  # noqa: PLC0415 # not for the help

    from ngrok_async.cli._jobs import _told  # noqa: PLC0415 # as above

    if out.format == "json" and args.changes is None and args.span is None:
        raise UsageError("a JSON array has an end: use -o jsonl, or --for or --changes")
    resource = list_of(client, args.resource)
    options: dict[str, Any] = {} if args.filter is None else {"filter": args.filter}
    with out.rows(_told.COLUMNS, known=_told.KNOWN) as rows, suppress(TimeoutError):
        async with (
            asyncio.timeout(args.span),
            ngrok_async.jobs.watch(resource, share=args.share, **options) as watched,
        ):
            left = args.changes
            async for notice in watched:
                if _tell(notice, args, out, rows) and left is not None:
                    left -= 1
                    if left <= 0:
                        return


def _tell(notice: "Notice[Any]", args: Namespace, out: Out, rows: "Rows") -> bool:
    """Print a notice; tell whether it was a change."""
    from ngrok_async.cli._jobs import _told  # noqa: PLC0415 # not for the help

    if isinstance(notice, ngrok_async.jobs.Trouble):
        out.note(f"{notice.error}; looking again, less and less often")
        return False
    if isinstance(notice, ngrok_async.jobs.Synced):
        rows.flush()
        again = ", after a gap in which things may have come and gone" * notice.again
        out.note(f"{told(notice.count, 'is', 'are')} there{again}")
        return False
    is_first = isinstance(notice, ngrok_async.jobs.Added) and notice.first
    if is_first and not args.first:
        return False
    rows.add(_told.row(notice))
    if not is_first:
        rows.flush()
    return not is_first
