"""Print what a shell needs to complete this command: its words, options and known values.

The shell asks the command itself at each press of the key, which takes about as long as an `ls`, so
what it offers is always what there is.
"""

import argparse
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ngrok_async.cli._command_line import Parser, add_common, split
from ngrok_async.cli._commands import COMMANDS
from ngrok_async.cli._ends import PROGRAM, UsageError
from ngrok_async.cli._find import find, next_words
from ngrok_async.cli._out import Out

EXAMPLES: Final = (
    ("For bash, in ~/.bashrc", f'eval "$({PROGRAM} completion bash)"'),
    ("For zsh, in ~/.zshrc after compinit", f'eval "$({PROGRAM} completion zsh)"'),
    ("For fish, in ~/.config/fish/config.fish", f"{PROGRAM} completion fish | source"),
)

_SCRIPTS: Final[Mapping[str, str]] = {
    "bash": """\
_ngrok_async() {
    local IFS=$'\\n'
    COMPREPLY=($(ngrok-async __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _ngrok_async ngrok-async
""",
    "zsh": """\
_ngrok_async() {
    local -a found
    found=("${(@f)$(ngrok-async __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[*]}" ]]; then _describe ngrok-async found; else _files; fi
}
compdef _ngrok_async ngrok-async
""",
    "fish": """\
function __ngrok_async
    set -l words (commandline -opc)
    ngrok-async __complete fish $words[2..] (commandline -ct) 2>/dev/null
end
complete -c ngrok-async -f -a '(__ngrok_async)'
complete -c ngrok-async -l key-file -r -F
""",
}


def arguments(parser: Parser) -> None:
    """Add the name of the shell."""
    parser.add_argument("shell", choices=tuple(_SCRIPTS), help="for which shell")


def run(args: Namespace, out: Out) -> None:
    """Print the script."""
    out.stdout.write(_SCRIPTS[args.shell])


def completed(shell: str, words: Sequence[str]) -> str:
    """Return what the last word may become, a line each, as the shell takes it."""
    *before, current = words or ("",)
    found = {w: text for w, text in _candidates(before, current) if w.startswith(current)}
    if shell == "bash":
        lines: Iterable[str] = found
    elif shell == "fish":
        lines = (f"{word}\t{text}" for word, text in found.items())
    else:
        lines = (f"{word.replace(':', chr(92) + ':')}:{text}" for word, text in found.items())
    return "".join(f"{line}\n" for line in lines)


def _candidates(before: Sequence[str], current: str) -> Iterator[tuple[str, str]]:
    given, rest = split(before)
    if rest and rest[0] == "help":
        given, rest = [], rest[1:]
    known = Parser()
    add_common(known)
    if not rest:
        yield from _of_parser(known, given, current)
        if not (given and _wants_value(known, given[-1])):
            yield from _first_words()
        return
    if further := next_words(rest):
        yield from further.items()
        return
    try:
        found = find(rest)
    except UsageError:
        return
    leaf = found.parser.leaf(found.rest)
    yield from _of_parser(leaf, found.rest, current)


def _first_words() -> Iterator[tuple[str, str]]:
    for name, command in COMMANDS.items():
        yield name, command.help
    yield from next_words(()).items()


def _wants_value(parser: Parser, word: str) -> bool:
    action = parser.options().get(word)
    return action is not None and action.nargs != 0


def _of_parser(parser: Parser, before: Sequence[str], current: str) -> Iterator[tuple[str, str]]:
    if before and _wants_value(parser, before[-1]):
        for value in _values(parser.options()[before[-1]]):
            yield value, ""
        return
    for name, child in parser.children().items():
        yield name, child.description or ""
    for action in parser.positionals():
        if action.nargs != argparse.PARSER:
            for value in _values(action):
                yield value, ""
    if current.startswith("-"):
        for name, action in parser.options().items():
            if name.startswith("--"):
                yield name, " ".join((action.help or "").replace("%%", "%").split())


def _values(action: argparse.Action) -> list[str]:
    """Return the values that are known: the choices, or those in the place of a name for them."""
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    return [value for value in metavar.split("|") if value.islower()]
