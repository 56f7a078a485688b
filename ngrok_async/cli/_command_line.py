"""Command lines: argparse, with one line for a mistake and a name for what was meant."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn, cast

from ngrok_async.cli._ends import PROGRAM, UsageError
from ngrok_async.cli._out import FORMATS

_ALIKE: Final = 0.6
# What may stand before the command too; those with a value, and those without.
_WITH_VALUE: Final = frozenset(
    {"-o", "--output", "--fields", "--key-file", "--base-url", "--max-wait", "--timeout"}
)
_FLAGS: Final = frozenset({"--debug"})
FIELD: Final = "field "
"""Begins the names under which the parameters of operations are kept.

So no field of the API takes the place of an option of ours; and these alone may be blank.
"""


def meant(word: str, known: Iterable[str]) -> str:
    """Return a question for a word that is misspelt, or "" where none comes near."""
    from difflib import get_close_matches  # noqa: PLC0415 # only after a mistake

    found = get_close_matches(word, list(known), n=2, cutoff=_ALIKE)
    return f"; did you mean {' or '.join(found)}?" if found else ""


class Parser(argparse.ArgumentParser):
    """A parser that raises `UsageError`, and neither prints nor exits.

    Attributes:
        words: The words of the command.
    """

    def __init__(self, words: str = "", **options: Any) -> None:  # noqa: ANN401 # argparse's
        """Begin with no argument at all; options are not shortened."""
        self.words = words or str(options.get("prog", "")).removeprefix(f"{PROGRAM} ")
        options.setdefault("prog", f"{PROGRAM} {words}")
        super().__init__(add_help=False, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong in one line."""
        raise UsageError(message, command=self.words)

    def parse_all(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse, and name what was probably meant by an option that there is not."""
        if not self.children():
            args, rest = self.parse_known_intermixed_args(arguments)
        else:
            args, rest = self.parse_known_args(arguments)
        if rest:
            self._refuse(rest, arguments)
        return args

    def _refuse(self, rest: Sequence[str], arguments: Sequence[str]) -> NoReturn:
        wrong = next((word for word in rest if word.startswith("-")), rest[0]).partition("=")[0]
        if not wrong.startswith("-"):
            self.error(f"there is one argument too many: {wrong}")
        leaf = self.leaf(arguments)
        known = [name for name in leaf.options() if name.startswith("--")]
        leaf.error(f"there is no option {wrong}{meant(wrong, known)}")

    def options(self) -> Mapping[str, argparse.Action]:
        """Return all options by their names."""
        return self._option_string_actions

    def groups(self) -> Iterator[tuple[str, Sequence[argparse.Action]]]:
        """Yield what it takes, under the titles of the groups."""
        for group in self._action_groups:
            if group._group_actions:  # noqa: SLF001 # argparse has no other way to them
                yield group.title or "", group._group_actions  # noqa: SLF001 # as above

    def positionals(self) -> list[argparse.Action]:
        """Return what is no option."""
        return [action for action in self._actions if not action.option_strings]

    def children(self) -> Mapping[str, "Parser"]:
        """Return the parsers of the next word, such as `update` of `fleet`."""
        kinds = (action.choices for action in self._actions if action.nargs == argparse.PARSER)
        return cast("Mapping[str, Parser]", next(kinds, None) or {})

    def leaf(self, arguments: Sequence[str]) -> "Parser":
        """Return the parser for what the words say, as far as they go."""
        for word in arguments:
            if word in self.children():
                return self.children()[word].leaf(arguments)
        return self

    def leaves(self) -> "list[Parser]":
        """Return the parsers that no further word follows."""
        below = [leaf for child in self.children().values() for leaf in child.leaves()]
        return below or [self]

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:  # noqa: ANN401 # argparse's
        may_be = action.nargs == argparse.PARSER or action.dest.startswith(FIELD)
        if not arg_string.strip() and not may_be:
            # As a variable that is not set gives it: what it stands for is not to be guessed.
            raise argparse.ArgumentError(action, "is empty")
        return super()._get_value(action, arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 # argparse's
        choices = action.choices
        if choices is not None and value not in choices:
            known = [str(choice) for choice in choices]
            hint = meant(str(value), known) or f"; it is one of {', '.join(known)}"
            raise argparse.ArgumentError(action, f"there is no {value!r}{hint}")


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add what every command takes."""
    group = parser.add_argument_group("common options")
    add = group.add_argument
    add("-o", "--output", choices=FORMATS, default="table", help="the form of the data")
    add("--fields", metavar="A,B", help="only these fields, in this order; they may go down: a.b")
    add("--key-file", metavar="FILE", help="a file with the API key; default: $NGROK_API_KEY")
    add("--base-url", metavar="URL", help="default: $NGROK_API_URL, else https://api.ngrok.com")
    for name, help_ in (
        ("--timeout", "for a request with its repetitions; default: 180"),
        ("--max-wait", "for the rate limit; default: as long as it takes"),
    ):
        add(name, type=seconds_of, metavar="SECONDS", help=help_)
    add("--debug", action="store_true", help="tell on standard error what happens")
    add("-h", "--help", action="store_true", help="explain the command, with examples")


def add_confirmation(parser: argparse.ArgumentParser) -> None:
    """Add what a command takes that calls `Out.confirm`."""
    parser.add_argument("-y", "--yes", action="store_true", help="do it without asking")
    parser.add_argument(
        "--dry-run", action="store_true", help="only tell what would be done, and to what"
    )


def seconds_of(text: str) -> float:
    """Return seconds; the `type` of an option."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"must be seconds, such as 30; got {text!r}")
    return seconds


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the common options that stand before the command, and the rest."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        name, equals, _ = arguments[at].partition("=")
        if name in _WITH_VALUE:
            at += 1 if equals else 2
        elif name in _FLAGS or (name.startswith("-o") and not name.startswith("--")):
            at += 1
        else:
            break
    return list(arguments[:at]), list(arguments[at:])
