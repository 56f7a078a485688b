"""Which command the words of a command line mean, and how it is called."""

from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from ngrok_async.cli._command_line import Parser, add_common, meant
from ngrok_async.cli._commands import COMMANDS
from ngrok_async.cli._ends import UsageError
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from ngrok_async import Client

RunWithClient = Callable[["Client", Namespace, Out], Awaitable[int | None]]
RunAlone = Callable[[Namespace, Out], int | None]


class Declares(Protocol):
    """The module of a command.

    It has a `run` too: `RunWithClient`, or `RunAlone` where its line of the table says that it
    needs no client. What it returns is the exit code; None is 0.

    Attributes:
        __doc__: What the help tells of the command.
        EXAMPLES: Pairs of what somebody wants, and the line that does it.
    """

    EXAMPLES: Sequence[tuple[str, str]]

    def arguments(self, parser: Parser) -> None:
        """Add what it takes to a parser."""
        ...


class Found(NamedTuple):
    """A command.

    Attributes:
        words: Its own words, such as ("tunnel-sessions", "list").
        rest: What follows them.
        parser: For the rest.
        help: What it does, in one line.
        text: What else there is to say.
        examples: Pairs of what somebody wants, and the line that does it.
        with_client: What runs it; None where it runs alone.
        alone: What runs it without a client; None where it needs one.
    """

    words: Sequence[str]
    rest: Sequence[str]
    parser: Parser
    help: str
    text: str
    examples: Sequence[tuple[str, str]]
    with_client: RunWithClient | None = None
    alone: RunAlone | None = None


def find(words: Sequence[str]) -> Found:
    """Return the command that words begin with.

    Raises:
        UsageError: There is none.
    """
    name, *rest = words
    if name in COMMANDS:
        return _of_module(name, rest)
    raise UsageError(f"there is no command {name!r}{meant(name, COMMANDS)}")


def _of_module(name: str, rest: Sequence[str]) -> Found:
    command = COMMANDS[name]
    module = import_module(f"ngrok_async.cli.{command.module}")
    declares = cast("Declares", module)
    parser = Parser(name)
    declares.arguments(parser)
    for leaf in parser.leaves():
        add_common(leaf)
    return Found(
        words=(name,),
        rest=rest,
        parser=parser,
        help=command.help,
        text=module.__doc__ or "",
        examples=declares.EXAMPLES,
        with_client=module.run if command.needs_client else None,
        alone=None if command.needs_client else module.run,
    )
