"""Values as cells, and cells as lines of a terminal."""

import json
import re
from typing import TYPE_CHECKING, Final, cast
from unicodedata import category, east_asian_width

from ngrok_async._printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ngrok_async._request import JSON

GAP: Final = "  "
_BEYOND_ASCII: Final = re.compile(r"[^ -~\n]")  # line ends are of the indentation only


def at(row: "Mapping[str, JSON]", field: str) -> "JSON":
    """Return what a row has under a name, which may go down: `credential.id`."""
    value: object = row
    if field in row:
        return row[field]
    for name in field.split("."):
        value = cast("Mapping[str, object]", value).get(name) if isinstance(value, dict) else None
    return cast("JSON", value)


def text_of(value: "JSON") -> str:
    """Return what a cell says: a text as it is, a reference by its id, lists with commas."""
    if value is None or value == {}:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(text_of(item) for item in cast("Sequence[JSON]", value))
    if isinstance(value, dict) and "id" in value:
        return text_of(value["id"])
    return as_json(value)


def as_json(value: "JSON", *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Return JSON in which all that is not printable is escaped, which means the same."""
    return _BEYOND_ASCII.sub(_escaped, json.dumps(value, ensure_ascii=ascii_only, indent=indent))


def _escaped(found: "re.Match[str]") -> str:
    character = found.group()
    # `json` leaves DEL as it is.
    escaped = json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"
    return character if character.isprintable() else escaped


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if category(character) in {"Mn", "Me"}:  # an accent stands on what is before it
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1


def cut(text: str, width: int) -> str:
    """Return a text that takes no more than so many columns."""
    if width_of(text) <= width:
        return text
    left = width - 1  # for the sign that something is missing
    for index, character in enumerate(text):
        left -= _columns(character)
        if left < 0:
            return f"{text[:index]}…"
    return text  # pragma: no cover # it is wider than what is left


def padded(text: str, width: int) -> str:
    """Return a text with blanks behind it."""
    return text + " " * (width - width_of(text))


def cell(value: "JSON") -> str:
    """Return what a cell of a table shows: nothing but printable characters."""
    return printable(text_of(value))
