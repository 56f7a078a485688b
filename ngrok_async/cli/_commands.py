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
    "help": Command("Explain a command, with examples", "_help", needs_client=False),
}
