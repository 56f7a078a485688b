"""Which command the words of a command line mean, and how it is called."""

from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from ngrok_async.cli._command_line import Parser, add_common, meant
from ngrok_async.cli._commands import COMMANDS
from ngrok_async.cli._ends import UsageError
from ngrok_async.cli._operation import Call, examples_of, parser_of
from ngrok_async.cli._out import Out
from ngrok_async.cli._table import table

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
    return _of_module(name, rest) if name in COMMANDS else _of_operation(words)


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


def _of_operation(words: Sequence[str]) -> Found:
    resource, verb, rest = split_operation(words)
    name = f"{resource} {verb}"
    entry = table()["operations"][name]

    def run(args: Namespace, out: Out) -> int | None:
        call = Call(name, args, out)  # what is wrong is told before anything is loaded
        call.confirm()
        from ngrok_async.cli._client import with_client  # noqa: PLC0415 # loads asyncio

        return with_client(call.send, args, out)

    return Found(
        words=name.split(),
        rest=rest,
        parser=parser_of(name),
        help=entry["help"],
        text=entry.get("text", ""),
        examples=tuple(examples_of(name)),
        alone=run,
    )


def verbs_of(resource: str) -> list[str]:
    """Return the verbs of a resource; [] where there is no such resource."""
    begin = f"{resource} "
    names = (name for name in table()["operations"] if name.startswith(begin))
    return [name.removeprefix(begin) for name in names] if resource in table()["resources"] else []


def next_words(words: Sequence[str]) -> dict[str, str]:
    """Return what may follow the words of a resource, or a part of them, and what each is for."""
    known = table()
    resource = " ".join(words)
    if resource in known["resources"]:
        operations = known["operations"]
        return {verb: operations[f"{resource} {verb}"]["help"] for verb in verbs_of(resource)}
    begin = f"{resource} ".lstrip()
    found: dict[str, str] = {}
    for name, text in known["resources"].items():
        if name.startswith(begin):
            word, _, further = name.removeprefix(begin).partition(" ")
            found[word] = f"{word} of several kinds" if further else text
    return found


def split_operation(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """Return resource, verb and the rest of a command line that calls an operation.

    Raises:
        UsageError: It calls none.
    """
    resources = table()["resources"]
    for count in (1, 2):
        resource = " ".join(words[:count])
        if len(words) >= count and resource in resources:
            return resource, _verb(resource, words[count:]), words[count + 1 :]
    first = words[0]
    seconds = [name.partition(" ")[2] for name in resources if name.startswith(f"{first} ")]
    if not seconds:
        known = {*COMMANDS, *(name.partition(" ")[0] for name in resources)}
        raise UsageError(f"there is no command {first!r}{meant(first, known)}")
    if not words[1:]:
        raise UsageError(f"{first} what? There are {', '.join(seconds)}", command=first)
    raise UsageError(f"there is no {first} {words[1]}{meant(words[1], seconds)}", command=first)


def _verb(resource: str, rest: Sequence[str]) -> str:
    verbs = verbs_of(resource)
    if not rest or rest[0].startswith("-"):
        raise UsageError(f"{resource} what? There are {', '.join(verbs)}", command=resource)
    if rest[0] not in verbs:
        hint = meant(rest[0], verbs) or f"; there are {', '.join(verbs)}"
        raise UsageError(f"{resource} has no {rest[0]!r}{hint}", command=resource)
    return rest[0]
