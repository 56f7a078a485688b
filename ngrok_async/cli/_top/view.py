"""What the live view shows, as lines of pieces with a style. It writes to no terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from ngrok_async._printable import printable
from ngrok_async.cli._cells import cut, padded, width_of
from ngrok_async.cli._top.state import PANELS, Panel, State, Thing

Piece: TypeAlias = tuple[str, str]
"""A text that is fit to be printed, and how."""
Line: TypeAlias = Sequence[Piece]

_KEYS: Final = (
    *(("q", "quit"), ("/", "find"), ("s", "sort"), ("space", "look"), ("enter", "more")),
    ("tab", "next"),
)
_SHORT: Final = {"space": "␣", "enter": "↵"}
_WIDE: Final = 60
_GAP: Final = 2
_NARROWEST: Final = 6  # columns of a cell that was cut
_SIGNS: Final = {"+": "green", "-": "red", "~": "yellow", "!": "bold red"}
_BAR: Final = 10
_TALL: Final = 16  # lines from which on the changes are shown too
_TALLER: Final = 36  # and from which on the endpoints are
_FULL: Final = (0.5, 0.9)  # of the limit: from here on it is worth a look, and a worry


@attrs.frozen
class Column:
    """A column of a list.

    Attributes:
        name: Its name, as in `Thing.cells`.
        rank: Which columns are left out first where the terminal is narrow: the highest.
        widest: How many columns of the terminal it gets at most; 0: what is left.
    """

    name: str
    rank: int
    widest: int


COLUMNS: Final[Mapping[Panel, Sequence[Column]]] = {
    "agents": (
        Column("name", 0, 0),
        Column("id", 7, 32),
        Column("version", 1, 12),
        Column("os", 4, 10),
        Column("region", 2, 8),
        Column("address", 5, 40),
        Column("up since", 3, 16),
        Column("tunnels", 6, 0),
    ),
    "endpoints": (
        Column("url", 0, 0),
        Column("id", 5, 32),
        Column("type", 3, 10),
        Column("forwards to", 1, 0),
        Column("agent", 2, 0),
        Column("up since", 4, 16),
    ),
}
ORDERS: Final[Mapping[Panel, Sequence[str]]] = {
    "agents": ("since", "name", "version", "region", "os", "address"),
    "endpoints": ("since", "url", "forwards to", "agent", "type"),
    "changes": ("since",),
}


def frame(state: State, width: int, height: int) -> list[Line]:
    """Return exactly `height` lines of no more than `width` columns each.

    The last one is for the keys, unless there is one line only.
    """
    lines: list[Line] = [_head(state, width)]
    if state.trouble:
        lines.append(_cut([(printable(state.trouble), "bold red")], width))
    left = height - len(lines) - 1
    current = state.current
    if state.has_details and current is not None:
        lines += _details(current, width, left)
    else:
        lines += _panels(state, width, left)
    lines = lines[: max(1, height - 1)]
    lines += [()] * (height - 1 - len(lines))
    return [*lines, _foot(state, width)][:height]


def _head(state: State, width: int) -> Line:
    pieces: list[Piece] = [("ngrok-async top", "bold")] if width >= _WIDE else []
    for panel in state.things:
        mark = "" if state.synced[panel] else "…"
        pieces.append((f"{'  ' if pieces else ''}{len(state.things[panel])}{mark} {panel}", ""))
    text, share = state.limit
    if text:
        style = "green" if share < _FULL[0] else "yellow" if share < _FULL[1] else "red"
        full = min(_BAR, round(share * _BAR))
        bar = [("▮" * full, style), ("▯" * (_BAR - full), "dim")]
        pieces += [("  limit ", ""), *bar, (" ", "")] if width >= _WIDE else [("  ", "")]
        pieces.append((text, style))
    return _cut(pieces, width)


def _foot(state: State, width: int) -> Line:
    query = printable(state.query)
    if state.is_typing:
        return _cut([("find: ", "bold"), (query, ""), ("▏", "blink")], width)
    pieces: list[Piece] = []
    for key, what in _KEYS:
        name = key if width >= _WIDE else _SHORT.get(key, key)
        pieces += [(" " if pieces else "", ""), (name, "bold"), (f" {what}", "dim")]
    if query:
        pieces = [(f"found: {query} (esc: all) ", "reverse"), *pieces]
    return _cut(pieces, width)


def _panels(state: State, width: int, height: int) -> Iterator[Line]:
    """Yield the list that the keys are in, and others where there is room."""
    shown: list[Panel] = [state.panel]
    if height >= _TALL and "changes" not in shown:
        shown.append("changes")
    if height >= _TALLER:
        shown = list(PANELS)
    heights = _shared(state, shown, height)
    for panel in shown:
        lines = heights[panel]
        if panel == "changes":
            yield from _changes(state, width, lines)
        else:
            yield from _list(state, panel, width, lines)


def _shared(state: State, shown: Sequence[Panel], height: int) -> Mapping[Panel, int]:
    """Return how many lines each list gets: the changes a quarter, the longer list what is left."""
    if len(shown) == 1:
        return {shown[0]: height}
    changes = height // 4
    if len(shown) < len(PANELS):
        return {shown[0]: height - changes, "changes": changes}
    left = height - changes
    wanted: dict[Panel, int] = {
        panel: len(state.rows(panel)) + 2 for panel in ("agents", "endpoints")
    }
    endpoints = min(wanted["endpoints"], max(left // 2, left - wanted["agents"]))
    return {"agents": left - endpoints, "endpoints": endpoints, "changes": changes}


def _list(state: State, panel: Panel, width: int, height: int) -> Iterator[Line]:
    """Yield a heading and the rows around the one that the keys are at."""
    room = height - 1
    rows = state.rows(panel)
    is_here = panel == state.panel
    place = state.place if is_here else 0
    begin = max(0, min(place - room // 2, len(rows) - room))
    visible = rows[begin : begin + room]
    columns = COLUMNS[panel]
    cells = [[printable(_text(thing, column)) for column in columns] for thing in visible]
    widths = _widths(columns, cells, width)
    order = state.order(panel)
    heads = [f"{_name(column)}▾" if _is(column, order) else _name(column) for column in columns]
    yield [(_row(heads, widths), "bold underline" if is_here else "underline")]
    for index, line in enumerate(cells, begin):
        at = is_here and index == place
        yield [(_row(line, widths), "reverse" if at else "")]
    if room > 0 and not rows:
        yield [(_cut_text(_nothing(state, panel), width), "dim")]
    for _ in range(room - max(len(visible), 1)):
        yield ()


def _nothing(state: State, panel: Panel) -> str:
    if not state.synced[panel]:
        return "reading …"
    return "nothing found" if state.query else f"no {panel} online"


def _changes(state: State, width: int, height: int) -> Iterator[Line]:
    yield [(padded(_cut_text("changes", width), width), "underline")]
    lines = 1
    for event in state.found_events():
        if lines >= height:
            return
        lines += 1
        style = _SIGNS.get(event.sign, "")
        pieces = [(f"{event.at:%H:%M:%S} ", "dim"), (f"{event.sign} ", style)]
        yield _cut([*pieces, (printable(event.text), "")], width)
    if lines == 1 and height > 1:
        lines += 1
        yield [(_cut_text("nothing found" if state.query else "none yet", width), "dim")]
    for _ in range(height - lines):
        yield ()


def _details(thing: Thing, width: int, height: int) -> list[Line]:
    """Return all that is known of a row; what is long goes on below."""
    wide = max(width_of(name) for name in thing.more)
    lines: list[Line] = []
    for name, texts in thing.more.items():
        head = padded(name, wide)
        for line in [line for text in texts for line in text.splitlines()] or [""]:
            for part in _wrapped(printable(line), max(1, width - wide - _GAP)):
                lines.append([(_cut_text(f"{head}  ", width), "dim"), (part, "")])
                head = " " * wide
    return [_cut(pieces, width) for pieces in lines[:height]]


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Yield a text in pieces that fit."""
    piece, used = "", 0
    for character in text:
        wide = width_of(character)
        if used + wide > width and piece:
            yield piece
            piece, used = "", 0
        piece, used = piece + character, used + wide
    yield piece


def _widths(columns: Sequence[Column], cells: Iterable[Sequence[str]], width: int) -> Sequence[int]:
    """Return how wide each column is: 0 where there is no room for it.

    Those of the lowest ranks come first. What then is left of the terminal goes to the columns
    that are cut.
    """
    wanted = [width_of(_name(column)) + 1 for column in columns]
    for line in cells:
        wanted = [max(w, width_of(text)) for w, text in zip(wanted, line, strict=True)]
    given = [0] * len(columns)
    left = width + _GAP
    for index in sorted(range(len(columns)), key=lambda index: columns[index].rank):
        widest = columns[index].widest or max(2 * _NARROWEST, width // 4)
        wish = min(wanted[index], widest)
        if left < (wish if columns[index].widest else min(wish, _NARROWEST)) + _GAP:
            continue
        given[index] = min(wish, left - _GAP)
        left -= given[index] + _GAP
    for index, column in enumerate(columns):
        if given[index] and not column.widest:
            more = min(left, wanted[index] - given[index])
            given[index] += more
            left -= more
    return given


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = [padded(cut(text, w), w) for text, w in zip(cells, widths, strict=True) if w]
    return (" " * _GAP).join(shown)


def _text(thing: Thing, column: Column) -> str:
    return (
        f"{thing.since:%Y-%m-%d %H:%M}" if column.name == "up since" else thing.cells[column.name]
    )


def _name(column: Column) -> str:
    return column.name


def _is(column: Column, order: str) -> bool:
    return column.name == ("up since" if order == "since" else order)


def _cut_text(text: str, width: int) -> str:
    return cut(text, width) if width > 0 else ""


def _cut(pieces: Iterable[Piece], width: int) -> Line:
    """Return the pieces that fit, the last of them cut."""
    line: list[Piece] = []
    left = width
    for text, style in pieces:
        if width_of(text) > left:
            return [*line, (_cut_text(text, left), style)]
        line.append((text, style))
        left -= width_of(text)
    return line
