"""Items as a table, for people who look at a page in IPython or a notebook.

Texts come from the account: whoever names an agent must neither drive the terminal of who looks at
it, nor write into the notebook.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final, cast

from ngrok_async._printable import printable
from ngrok_async._request import JSON

Row = Mapping[str, JSON]
"""An item as JSON, without what nobody is to see."""

_LONGEST: Final = 40  # characters of a cell; an id has about 30
_GAP: Final = "  "


def as_text(rows: Sequence[Row], note: str, width: int) -> str:
    """Return lines of no more than `width` characters, as far as two columns fit in them.

    What is wider goes on below, with the first column again.
    """
    columns: list[list[str]] = _columns(rows)
    lines: list[str] = []
    while columns:
        first, rest = columns[0], columns[1:]
        taken = _fitting(first, rest, width)
        lines += [_GAP.join(cells).rstrip() for cells in zip(first, *rest[:taken], strict=True)]
        lines.append("")
        columns = [first, *rest[taken:]] if taken < len(rest) else []
    return "\n".join([*lines, note])


def as_html(rows: Sequence[Row], note: str) -> str:
    """Return a table, and the note below it."""
    columns = _columns(rows)
    if not columns:
        return f"<p>{escape(note)}</p>"
    head, *lines = zip(*columns, strict=True)
    table = "".join([
        "<table>\n<thead>\n",
        _html_line("th", head),
        "</thead>\n<tbody>\n",
        *(_html_line("td", cells) for cells in lines),
        "</tbody>\n</table>\n",
    ])  # fmt: skip
    return f"{table}<p>{escape(note)}</p>"


def _html_line(tag: str, cells: Iterable[str]) -> str:
    inner = "".join(f"<{tag}>{escape(cell.rstrip())}</{tag}>" for cell in cells)
    return f"<tr>{inner}</tr>\n"


def _columns(rows: Sequence[Row]) -> list[list[str]]:
    """Return the columns that have something in them: their names, then the cells, equally wide."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = [[name, *(_cell(row.get(name)) for row in rows)] for name in names]
    widths = [max(map(len, column)) for column in columns]
    return [
        [cell.ljust(width) for cell in column]
        for column, width in zip(columns, widths, strict=True)
        if any(column[1:])
    ]


def _fitting(first: list[str], rest: list[list[str]], width: int) -> int:
    """Return how many columns fit beside the first one; one does at least."""
    left = width - len(first[0])
    for count, column in enumerate(rest):
        left -= len(_GAP) + len(column[0])
        if left < 0 and count:
            return count
    return len(rest)


def _cell(value: JSON) -> str:
    text = printable(_text(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list):
        return ", ".join(map(_text, cast("list[object]", value)))
    if isinstance(value, dict) and "id" in value:  # a reference
        return _text(cast("dict[str, object]", value)["id"])
    return json.dumps(value, ensure_ascii=False) if value != {} else ""
