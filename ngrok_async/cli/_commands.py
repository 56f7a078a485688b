"""The commands that are no operation of the API, as a table.

A module is loaded when its command is called, or when somebody asks how.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Command(NamedTuple):
    """A command, and the module below `ngrok_async.cli` that has it.

    Attributes:
        help: What it does, in one line.
        module: See `Declares` in `ngrok_async.cli._find` for what it has.
        needs_client: Whether `run` is a coroutine function that takes a client.
    """

    help: str
    module: str
    needs_client: bool = True


COMMANDS: Final[Mapping[str, Command]] = {
    "agents": Command("List the agents that are connected", "_jobs.agents"),
    "api": Command("Call a route that has no command yet", "_jobs.api"),
    "check": Command("Tell whether the key is accepted, and how fast answers come", "_jobs.check"),
    "completion": Command("Print the completion for a shell", "_completion", needs_client=False),
    "diff": Command(
        "Compare an export with another, or the account", "_jobs.diff", needs_client=False
    ),
    "export": Command("Write all of an account into files", "_jobs.export"),
    "fake": Command("Run a fake ngrok API, to try things", "_jobs.fake", needs_client=False),
    "find": Command("Print the one thing that is like this", "_jobs.find"),
    "fleet": Command("Update, restart or stop agents in waves", "_jobs.fleet"),
    "help": Command("Explain a command, with examples", "_help", needs_client=False),
    "release": Command("Free a URL: stop the agents that hold it", "_jobs.release"),
    "rules": Command("Make the rules of an IP policy what they should be", "_jobs.rules"),
    "top": Command("Look at agents, endpoints and what changes, live", "_jobs.top"),
    "url": Command("Tell the public URL of a local address", "_jobs.url"),
    "wait": Command("Wait until something is there, or gone", "_jobs.wait"),
    "watch": Command("Tell what comes, goes and changes in a list", "_jobs.watch"),
}
