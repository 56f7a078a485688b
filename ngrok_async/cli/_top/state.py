"""What the live view knows and what its keys do to it. It draws nothing and asks nobody."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import attrs

Panel: TypeAlias = Literal["agents", "endpoints", "changes"]
Action: TypeAlias = Literal["quit", "look"]

PANELS: Final[tuple[Panel, ...]] = ("agents", "endpoints", "changes")
_KEPT: Final = 500  # changes that can be looked at
_LONGEST_QUERY: Final = 60
_PAGE: Final = 10
_FAR: Final = 1_000_000
_MOVES: Final = {
    "up": -1,
    "k": -1,
    "down": 1,
    "j": 1,
    "pageup": -_PAGE,
    "pagedown": _PAGE,
    "home": -_FAR,
    "end": _FAR,
}


@attrs.frozen(kw_only=True)
class Thing:
    """A row: an agent or an endpoint.

    Attributes:
        id: Its id.
        cells: What its columns say, as the account has it: not fit to be printed yet.
        more: What is shown of it alone, by name.
        since: When it came online.
    """

    id: str
    cells: Mapping[str, str]
    more: Mapping[str, Sequence[str]]
    since: datetime


@attrs.frozen
class Event:
    """What has changed.

    Attributes:
        at: When it was seen.
        sign: "+", "-", "~", or "!" for trouble.
        text: What it was, not fit to be printed yet.
    """

    at: datetime
    sign: str
    text: str


class State:
    """The live view at one moment.

    Attributes:
        things: The agents and the endpoints, by their ids.
        events: What has changed, the newest first.
        limit: How much of the limit is used, as a text and from 0 to 1.
        trouble: Why what is shown may be old; "" where it is not.
        synced: Whether all is known yet, of each panel.
        panel: Which of the lists the keys move in.
        query: What is looked for.
        is_typing: Whether keys go into `query`.
        selected: The id of the row that the keys are at; "" for the first.
        has_details: Whether all of that row is shown.
        changed: Whether anything differs from what was drawn last; who draws sets it back.
    """

    def __init__(self, columns: Mapping[Panel, Sequence[str]]) -> None:
        """Begin with nothing.

        Args:
            columns: What rows can be in the order of, for each list; "since" is the newest first.
        """
        self._columns = columns
        self._orders: dict[Panel, int] = dict.fromkeys(PANELS, 0)
        self.things: dict[Panel, dict[str, Thing]] = {"agents": {}, "endpoints": {}}
        self.events: deque[Event] = deque(maxlen=_KEPT)
        self.limit: tuple[str, float] = ("", 0.0)
        self.trouble: str = ""
        self.synced: dict[Panel, bool] = {"agents": False, "endpoints": False}
        self.panel: Panel = "agents"
        self.query: str = ""
        self.is_typing: bool = False
        self.selected: str = ""
        self.has_details: bool = False
        self.changed: bool = True
        self._rows: dict[Panel, list[Thing]] = {}

    def put(self, panel: Panel, thing: Thing) -> None:
        """Know a row, or know it anew."""
        self.things[panel][thing.id] = thing
        self._touch()

    def drop(self, panel: Panel, id_: str) -> None:
        """Forget a row."""
        self.things[panel].pop(id_, None)
        self._touch()

    def tell(self, event: Event) -> None:
        """Keep what has changed."""
        self.events.appendleft(event)
        self._touch()

    def set(self, *, limit: tuple[str, float] | None = None, trouble: str | None = None) -> None:
        """Take how the limit stands, or whether there is trouble; the same again is no change."""
        if limit is not None and limit != self.limit:
            self.limit = limit
            self.changed = True
        if trouble is not None and trouble != self.trouble:
            self.trouble = trouble
            self.changed = True

    def sync(self, panel: Panel) -> None:
        """Know that all of a list is known."""
        self.synced[panel] = True
        self.changed = True

    def order(self, panel: Panel) -> str:
        """Return the column that a list is in the order of."""
        return self._columns[panel][self._orders[panel]]

    def rows(self, panel: Panel) -> Sequence[Thing]:
        """Return what of a list is looked for, in its order."""
        if panel not in self._rows:
            self._rows[panel] = self._ordered(panel)
        return self._rows[panel]

    def found_events(self) -> Iterable[Event]:
        """Return the changes that are looked for, the newest first."""
        query = self.query.casefold()
        return (event for event in self.events if query in event.text.casefold())

    @property
    def place(self) -> int:
        """Where among the rows the keys are."""
        rows = self.rows(self.panel) if self.panel in self.things else ()
        return next((i for i, thing in enumerate(rows) if thing.id == self.selected), 0)

    @property
    def current(self) -> Thing | None:
        """The row that the keys are at."""
        rows = self.rows(self.panel) if self.panel in self.things else ()
        return rows[self.place] if rows else None

    def press(self, key: str) -> Action | None:
        """Do what a key does; return what is left to do for who called."""
        self._touch()
        if self.is_typing:
            self._type(key)
            return None
        if key in {"q", "ctrl-d"}:
            return "quit"
        if key == " ":
            return "look"
        self._press_known(key)
        return None

    def _touch(self) -> None:
        self.changed = True
        self._rows.clear()

    def _ordered(self, panel: Panel) -> list[Thing]:
        query = self.query.casefold()
        found = [
            thing
            for thing in self.things[panel].values()
            if not query
            or query in thing.id.casefold()
            or any(query in text.casefold() for text in thing.cells.values())
        ]
        column = self.order(panel)
        if column == "since":
            return sorted(found, key=lambda thing: (thing.since, thing.id), reverse=True)
        # What has no name comes last.
        by_text = [(not t.cells[column], _natural(t.cells[column]), t.id, t) for t in found]
        return [thing for *_, thing in sorted(by_text, key=lambda row: row[:3])]

    def _type(self, key: str) -> None:
        if key == "enter":
            self.is_typing = False
        elif key == "esc":
            self.is_typing, self.query = False, ""
        elif key == "backspace":
            self.query = self.query[:-1]
        elif len(key) == 1 and len(self.query) < _LONGEST_QUERY:
            self.query += key

    def _look_for(self) -> None:
        self.is_typing, self.has_details = True, False

    def _sort(self) -> None:
        if self.panel in self.things:
            at = self._orders[self.panel]
            self._orders[self.panel] = (at + 1) % len(self._columns[self.panel])

    def _open(self) -> None:
        self.has_details = not self.has_details and self.current is not None

    def _close(self) -> None:
        if self.has_details:
            self.has_details = False
        else:
            self.query = ""

    def _turn(self) -> None:
        self.panel = PANELS[(PANELS.index(self.panel) + 1) % len(PANELS)]
        self.selected, self.has_details = "", False

    def _move(self, by: int) -> None:
        rows = self.rows(self.panel) if self.panel in self.things else ()
        if rows:
            self.selected = rows[max(0, min(len(rows) - 1, self.place + by))].id

    def _press_known(self, key: str) -> None:
        if key in _MOVES:
            self._move(_MOVES[key])
            return
        keys = {
            "/": self._look_for,
            "s": self._sort,
            "enter": self._open,
            "esc": self._close,
            "tab": self._turn,
        }
        if key in keys:
            keys[key]()


def _natural(text: str) -> list[tuple[int, str]]:
    """Return a key by which "till 9" is before "till 10", and 3.9 before 3.18."""
    parts: list[tuple[int, str]] = []
    digits = letters = ""
    for character in [*text.casefold(), ""]:
        if character.isdecimal():
            if letters:
                parts.append((-1, letters))
                letters = ""
            digits += character
        else:
            if digits:
                parts.append((int(digits[:18]), digits))
                digits = ""
            letters += character
    return [*parts, (-1, letters)] if letters else parts
