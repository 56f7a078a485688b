"""Explain a command: what it does, what it takes, and examples.

Without a command, it lists all of them.
"""

import argparse
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from shutil import get_terminal_size
from textwrap import fill, wrap
from typing import Final

from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._commands import COMMANDS
from ngrok_async.cli._ends import PROGRAM
from ngrok_async.cli._find import find, next_words
from ngrok_async.cli._out import Out
from ngrok_async.cli._table import table

EXAMPLES: Final = (
    ("See how the agents of a site are restarted", f"{PROGRAM} help fleet restart"),
    ("See what a list takes", f"{PROGRAM} help endpoints list"),
)

_WIDEST: Final = 90
_INDENT: Final = "    "
_ENDS: Final = (
    ("0", "it was done"),
    ("1", "it was refused, or failed"),
    ("2", "the command line cannot be meant so"),
    ("3", "there is no such thing, or it was not so in time"),
    ("4", "some of it was done"),
    ("5", "the rate limit is used up, or the network does not work"),
    ("130", "it was interrupted"),
)
_ENVIRONMENT: Final = (
    ("NGROK_API_KEY", "the key, unless --key-file names a file; it is never an option"),
    ("NGROK_API_URL", "where the API is, unless --base-url says so"),
    ("NO_COLOR, CI, TERM=dumb", "no colours; nothing that changes in place"),
)


def arguments(parser: Parser) -> None:
    """Add the words of a command."""
    parser.add_argument("words", nargs="*", metavar="COMMAND", help="such as `endpoints list`")


def run(args: Namespace, out: Out) -> None:
    """Print the page of a command, or the list of them."""
    out.stdout.write(page(args.words) if args.words else overview())


def overview() -> str:
    """Return what there is."""
    sections = [
        ("", [f"{PROGRAM} [options] COMMAND ...", f"{PROGRAM} help COMMAND"]),
        ("Jobs", _pairs((name, command.help) for name, command in COMMANDS.items())),
        ("Calls of the API: RESOURCE VERB ...", _pairs(table()["resources"].items())),
        ("Exit codes", _pairs(_ENDS)),
        ("Environment", _pairs(_ENVIRONMENT)),
    ]
    return _joined(sections)


def page(words: Sequence[str]) -> str:
    """Return the page of a command.

    Raises:
        UsageError: There is none of that name.
    """
    if words[0] not in COMMANDS and (verbs := next_words(words)):
        return _resource(" ".join(words), verbs)
    found = find(words)
    leaf = found.parser.leaf(found.rest)
    title = f"{PROGRAM} {leaf.words}"
    further = leaf.children()
    examples = [(what, line) for what, line in found.examples if title in line]
    sections = [
        ("Name", [f"{title} - {leaf.description or found.help}"]),
        ("Usage", [line.strip() for line in _usage(leaf).splitlines()]),
        ("Description", _paragraphs(found.text)),
        ("Commands", _pairs((name, child.description or "") for name, child in further.items())),
        *((_title(name), _options(actions)) for name, actions in leaf.groups() if not further),
        ("Examples", [line for what, how in examples for line in (f"# {what}", how, "")]),
        ("Exit codes", _pairs(_ENDS)),
    ]
    return _joined(sections)


def _resource(words: str, verbs: Mapping[str, str]) -> str:
    title = f"{PROGRAM} {words}"
    about = table()["resources"].get(words)
    sections = [
        ("Name", [f"{title} - {about}" if about else title]),
        ("Usage", [f"{title} COMMAND ...", f"{PROGRAM} help {words} COMMAND"]),
        ("Commands", _pairs(verbs.items())),
    ]
    return _joined(sections)


def _title(group: str) -> str:
    return group.capitalize().removeprefix("Positional ").capitalize()


def _usage(parser: Parser) -> str:
    required: list[str] = []
    places: list[str] = []
    for _, actions in parser.groups():
        for action in actions:
            if not action.option_strings:
                places += _place(action)
            elif action.required:
                required.append(f"{action.option_strings[-1]} {_metavar(action)}")
    return " ".join([parser.prog, *places, *required, "[options]"])


def _place(action: argparse.Action) -> list[str]:
    name = _metavar(action)
    if action.nargs == argparse.PARSER:
        return ["COMMAND ..."]
    many = {"*": [f"[{name} ...]"], "+": [name, f"[{name} ...]"], "?": [f"[{name}]"]}
    return many.get(str(action.nargs), [name])


def _metavar(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return action.dest.replace("_", "-").upper()


def _options(actions: Iterable[argparse.Action]) -> list[str]:
    return _pairs((_shown(action), (action.help or "").replace("%%", "%")) for action in actions)


def _shown(action: argparse.Action) -> str:
    if not action.option_strings:
        return " ".join(_place(action))
    names = ", ".join(action.option_strings)
    return names if action.nargs == 0 else f"{names} {_metavar(action)}"


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return lines with the explanations in a column of their own."""
    known = list(pairs)
    column = min(max((len(name) for name, _ in known), default=0), 24) + 2
    return [line for name, text in known for line in _pair(name, text, column)]


def _pair(name: str, text: str, column: int) -> Iterator[str]:
    first, *rest = wrap(text, _width() - column) or [""]
    if len(name) + 2 > column:
        yield name
        yield f"{' ' * column}{first}"
    else:
        yield f"{name.ljust(column)}{first}".rstrip()
    for line in rest:
        yield f"{' ' * column}{line}"


def _paragraphs(text: str) -> list[str]:
    """Return a docstring in lines of the width of the page; what is indented stays as it is."""
    paragraphs = [p for p in text.strip("\n").split("\n\n") if p.strip()]
    filled = (p if p.startswith(" ") else fill(" ".join(p.split()), _width()) for p in paragraphs)
    return "\n\n".join(filled).splitlines()


def _width() -> int:
    return max(min(get_terminal_size().columns, _WIDEST) - len(_INDENT), 20)


def _joined(sections: Iterable[tuple[str, Sequence[str]]]) -> str:
    blocks: list[str] = []
    for title, lines in sections:
        body = "\n".join(f"{_INDENT}{line}".rstrip() for line in lines).rstrip()
        if body:
            blocks.append(f"{title}\n{body}" if title else body)
    return "\n\n".join(blocks) + "\n"
