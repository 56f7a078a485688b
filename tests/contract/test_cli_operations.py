"""The command's table of operations, held to the declarations."""

import json
import re
from collections.abc import Iterator

from ngrok_async.cli._command_line import Parser, add_common, add_confirmation
from ngrok_async.cli._commands import COMMANDS
from ngrok_async.cli._operation import parser_of
from ngrok_async.cli._table import kebab, table
from tools.contract import facts
from tools.contract.cli_operations import COPY, copy, name, written

OURS = Parser("x")
add_common(OURS)
add_confirmation(OURS)
PYTHON = re.compile(r"\b(None|True|False|Pager|UNSET)\b|` takes an? `|\bArgs:")


def test_the_copy_is_up_to_date() -> None:
    """Otherwise run `nox -s write`."""
    assert written(copy()) == COPY.read_text("utf-8")


def test_every_operation_is_in_it() -> None:
    """All that the facts of the API have, under the name that `ngrok api` gives them."""
    services = facts.load()["services"].values()
    names = {f"{name(s['attribute'])} {name(verb)}" for s in services for verb in s["operations"]}

    assert names == set(table()["operations"])


def test_no_name_has_two_meanings() -> None:
    """Neither two commands, nor an option of ours and a field of the API."""
    known = table()
    ours = {*OURS.options(), "--max-items"}
    assert set(COMMANDS).isdisjoint(name.partition(" ")[0] for name in known["resources"])
    for entry in known["operations"].values():
        assert ours.isdisjoint(f"--{kebab(option)}" for option in entry.get("options", ()))


def texts() -> Iterator[str]:
    """Yield what is shown to people."""
    known = table()
    yield from known["resources"].values()
    for entry in known["operations"].values():
        yield from (entry["help"], entry.get("text", ""))
        yield from (option.get("help", "") for option in entry.get("options", {}).values())


def test_it_speaks_of_no_python() -> None:
    """In a shell there are null, true and false, and pages are none of one's business."""
    assert [] == [text for text in texts() if PYTHON.search(text)]


def test_every_option_is_known_to_the_parser() -> None:
    """Each parameter has its option, and each of the path its place."""
    for words, entry in table()["operations"].items():
        parser = parser_of(words)
        options = {f"--{kebab(option)}" for option in entry.get("options", ())}

        assert options <= parser.options().keys()
        assert len(entry.get("places", ())) == sum(
            not action.option_strings for _, actions in parser.groups() for action in actions
        )


def test_it_is_small() -> None:
    """It is read whenever somebody asks for help."""
    assert len(json.dumps(table())) < 150_000
