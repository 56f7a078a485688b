"""A line for each agent that is connected now, the newest first.

It has what the agent is called, what it runs, where it is, and what it offers.

ngrok has no names for agents. The name is what the metadata of its configuration says: the text
itself, or of a JSON object its "name", "hostname" or the like.
"""

from argparse import Namespace
from typing import TYPE_CHECKING, Final

from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._ends import PROGRAM
from ngrok_async.cli._jobs._lists import add_filter
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    import ngrok_async

EXAMPLES: Final = (
    ("See all agents", f"{PROGRAM} agents"),
    (
        "Save those in Europe",
        f"{PROGRAM} agents -o csv --filter 'obj.region == \"eu\"' > agents.csv",
    ),
)

COLUMNS: Final = ("name", "id", "version", "os", "region", "address", "up_since", "tunnels")


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    add_filter(parser)


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> None:
    """Print them, page by page."""
    from ngrok_async.cli._jobs import _sessions  # noqa: PLC0415 # not for the help

    urls = await _sessions.urls_by_session(client)
    known = (*COLUMNS, "credential", "metadata")
    with out.rows(COLUMNS, known=known) as rows:
        async for page in client.tunnel_sessions.list(filter=args.filter).pages():
            for session in page.items:
                rows.add(_sessions.row(session, urls))
            rows.flush()
