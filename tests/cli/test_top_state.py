"""The live view: its state, its keys, and what it shows, without a terminal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async.cli._cells import width_of
from ngrok_async.cli._top.keys import Keys
from ngrok_async.cli._top.state import Event, Panel, State, Thing
from ngrok_async.cli._top.view import COLUMNS, ORDERS, Line, frame

START = datetime(2026, 11, 1, tzinfo=UTC)
SIZES = [(40, 10), (80, 24), (200, 60)]
HOSTILE = ("\x1b]0;owned\x07\x1b[2J", "\u202egnp.exe", "a\0b\r\nc", "x" * 4096, '{"a": "\x9b1A"}')


def row(number: int, panel: Panel = "agents", **cells: str) -> Thing:
    """Return a row that was added as the `number`-th."""
    texts = {column.name: "" for column in COLUMNS[panel]} | {"id": f"ts_{number:027}"}
    texts |= {"name": f"till {number}", "version": "3.18.4"} if panel == "agents" else {}
    more = {name: (text,) for name, text in {**texts, **cells}.items()}
    since = START + timedelta(minutes=number)
    return Thing(id=f"ts_{number}", cells={**texts, **cells}, more=more, since=since)


def state_of(count: int = 0, **cells: str) -> State:
    """Return a view of so many agents, all known."""
    state = State(ORDERS)
    for number in range(count):
        state.put("agents", row(number, **cells))
    state.sync("agents")
    state.sync("endpoints")
    return state


def press(state: State, *keys: str) -> None:
    """Press keys that leave nothing to do."""
    for key in keys:
        assert state.press(key) is None


def names(state: State) -> list[str]:
    """Return the names of the rows in their order."""
    return [thing.cells["name"] for thing in state.rows("agents")]


def text(lines: list[Line]) -> str:
    """Return a frame as people read it."""
    return "\n".join("".join(piece for piece, _ in line).rstrip() for line in lines)


@pytest.mark.parametrize(
    ("chunks", "keys"),
    [
        ([b"q"], ["q"]),
        ([b"/till\r"], ["/", "t", "i", "l", "l", "enter"]),
        ([b"\x1b[A\x1b[B\x1bOH"], ["up", "down", "home"]),
        ([b"\x1b[5~j\x1b[6~"], ["pageup", "j", "pagedown"]),
        ([b"\x1b"], ["esc"]),
        ([b"\x1b["], ["esc", "["]),
        ([b"\x1b[200~", b"\x1b[1;5C", b"\x1b[12"], []),
        ([b"\xc3", b"\xa9"], ["é"]),
        ([b"\xff\x00\x01"], ["\ufffd"]),
        ([b"\x7f\x08\t\x04"], ["backspace", "backspace", "tab", "ctrl-d"]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_keys_are_read_from_bytes(chunks: list[bytes], keys: list[str]) -> None:
    """Whatever a terminal sends, in whatever pieces; what is unknown is no key."""
    reader = Keys()

    assert keys == [key for chunk in chunks for key in reader.read(chunk)]


@given(st.lists(st.binary()))
def test_any_bytes_are_keys(chunks: list[bytes]) -> None:
    """Nothing that is pasted ends the view by an error."""
    reader, state = Keys(), state_of(3)
    for chunk in chunks:
        for key in reader.read(chunk):
            state.press(key)
    frame(state, 80, 24)


def test_quit_and_look_are_for_who_called() -> None:
    """The key q ends it, the space bar looks now."""
    state = state_of()

    assert ["quit", "quit", "look"] == [state.press(key) for key in ("q", "ctrl-d", " ")]


def test_sorting() -> None:
    """The newest first; with s by name and so on, numbers by their size and what is empty last."""
    state = State(ORDERS)
    for number, (name, version) in enumerate([("till 10", "3.9"), ("till 9", "3.18"), ("", "2")]):
        state.put("agents", row(number, name=name, version=version))

    assert ["", "till 9", "till 10"] == names(state)
    press(state, "s")
    assert ["till 9", "till 10", ""] == names(state)
    press(state, "s")
    assert ["", "till 10", "till 9"] == names(state)
    press(state, *"s" * (len(ORDERS["agents"]) - 2))
    assert "since" == state.order("agents")


def test_finding() -> None:
    """/ narrows all lists down while one types; enter keeps what was found, esc shows all again."""
    state = state_of(12)
    state.tell(Event(START, "+", "Till 3"))
    state.tell(Event(START, "+", "Store"))

    press(state, "/", *"TILLx", "backspace", " ", "1")

    assert "TILL 1" == state.query
    assert ["till 11", "till 10", "till 1"] == names(state)
    press(state, "enter", "s")
    assert ["till 1", "till 10", "till 11"] == names(state)
    press(state, "/", *"x" * 99)
    assert 60 == len(state.query)
    press(state, "esc", "/", *"till", "enter")
    assert ["Till 3"] == [event.text for event in state.found_events()]
    press(state, "esc")
    assert 12 == len(names(state))


def test_an_id_is_found() -> None:
    """Also where its column is not shown."""
    state = state_of(3)

    press(state, "/", *"TS_2", "enter")

    assert ["till 2"] == names(state)


def test_moving() -> None:
    """The keys stay at a row while others come and go, and at neither end go further."""
    state = state_of(30)
    moves = {"down": 28, "j": 27, "k": 28, "pagedown": 18, "end": 0, "pageup": 10, "home": 29}
    for key, at in (*moves.items(), ("up", 29)):
        press(state, key)
        assert f"ts_{at}" == (state.current.id if state.current else None)
    press(state, "down")
    state.put("agents", row(99))
    assert "ts_28" == (state.current.id if state.current else None)
    state.drop("agents", "ts_28")
    assert "ts_99" == (state.current.id if state.current else None)


def test_details_open_and_close() -> None:
    """Enter shows all of a row and the table again; where there is no row, nothing happens."""
    state = state_of()
    press(state, "enter")
    assert not state.has_details
    state.put("agents", row(1, name="till 1"))
    press(state, "enter")
    assert state.has_details
    assert "name      till 1" in text(frame(state, 80, 24))
    press(state, "esc", "enter", "enter")
    assert not state.has_details
    press(state, "enter", "tab")
    assert not state.has_details


def test_the_panels_take_turns() -> None:
    """Tab goes from list to list; among the changes there is nothing to move in or to sort."""
    state = state_of(1)
    press(state, "tab")
    assert "endpoints" == state.panel
    press(state, "down", "enter", "tab", "down", "s", "enter")
    assert ("changes", None) == (state.panel, state.current)
    press(state, "tab", "x")
    assert "agents" == state.panel


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        (lambda s: s.set(limit=("1/120", 0.01)), True),
        (lambda s: s.set(limit=("", 0.0)), False),
        (lambda s: s.set(trouble="no network"), True),
        (lambda s: s.set(trouble=""), False),
        (lambda s: s.sync("agents"), True),
        (lambda s: s.drop("agents", "ts_0"), True),
        (lambda s: s.press("j"), True),
    ],
    ids=["limit", "same limit", "trouble", "no trouble", "synced", "gone", "key"],
)
def test_only_what_differs_is_drawn(change: Callable[[State], None], changes: bool) -> None:  # noqa: FBT001 # of the table
    """What is the same again does not wake the terminal."""
    state = state_of(1)
    state.changed = False

    change(state)

    assert changes is state.changed


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_sizes(width: int, height: int) -> None:
    """What there is room for is shown: the names always, the changes at 24 lines, then all."""
    state = state_of(1000)
    for number in range(40):
        point = row(number, "endpoints", url=f"https://{number}.ngrok.app")
        state.put("endpoints", point)
        state.tell(Event(START, "+", f"till {number}"))
    state.set(limit=("24/120", 0.2))

    shown = text(frame(state, width, height))

    lines = shown.splitlines()
    assert height == len(lines)
    assert "1000 agents" in lines[0]
    assert "24/120" in lines[0]
    assert "till 999" in shown
    assert "q quit" in lines[-1]
    assert (height > 10) is ("00:00:00 + till 39" in shown)
    assert (height > 24) is ("https://39.ngrok.app" in shown)
    assert (width > 80) is ("2026-11-01" in shown and f"ts_{999:027}" in shown)


@pytest.mark.parametrize("panel", ["agents", "endpoints", "changes"])
@pytest.mark.parametrize(
    "text_", HOSTILE, ids=["escapes", "right to left", "controls", "4 kB", "C1"]
)
@pytest.mark.parametrize("details", [False, True], ids=["list", "details"])
def test_nothing_of_the_account_drives_the_terminal(
    panel: Panel,
    text_: str,
    details: bool,  # noqa: FBT001 # of the table
) -> None:
    """Whatever somebody names an agent, it stays in its place, in every part of the view."""
    state = state_of()
    state.put("agents", row(1, **{column.name: text_ for column in COLUMNS["agents"]}))
    cells = {column.name: text_ for column in COLUMNS["endpoints"]}
    state.put("endpoints", row(1, "endpoints", **cells))
    state.tell(Event(START, "+", text_))
    state.set(trouble=text_, limit=("1/120", 0.01))
    state.panel, state.has_details, state.query = panel, details, text_[:1]

    for width, height in SIZES:
        for line in frame(state, width, height):
            shown = "".join(piece for piece, _ in line)
            assert shown.isprintable()
            assert width_of(shown) <= width


@given(st.integers(1, 120), st.integers(1, 70), st.text(), st.integers(0, 12), st.booleans())
def test_any_size_is_filled_exactly(
    width: int,
    height: int,
    name: str,
    count: int,
    details: bool,  # noqa: FBT001 # drawn
) -> None:
    """However small a terminal is made, no line wraps and none is missing."""
    state = state_of(count, name=name)
    state.has_details = details
    state.set(limit=("120/120", 1.0), trouble=name)
    lines = frame(state, width, height)

    assert height == len(lines)
    assert all(width_of("".join(piece for piece, _ in line)) <= width for line in lines)


def test_what_is_not_there() -> None:
    """It is told apart whether nothing is known yet, nothing is there, or nothing was found."""
    state = State(ORDERS)
    assert "reading …" in text(frame(state, 80, 10))
    state.sync("agents")
    assert "no agents online" in text(frame(state, 80, 10))
    state.query = "x"
    assert "nothing found" in text(frame(state, 80, 10))
    assert "found: x (esc: all)" in text(frame(state, 80, 10))
    press(state, "/")
    assert "find: x" in text(frame(state, 80, 10))


def test_trouble_is_seen() -> None:
    """What is shown may be old then, and the first line below the head says why."""
    state = state_of(2)
    state.set(trouble="cannot reach api.ngrok.com")

    assert "cannot reach api.ngrok.com" == text(frame(state, 80, 10)).splitlines()[1]


def test_the_keys_stay_in_sight() -> None:
    """The list moves along with them."""
    state = state_of(100)
    press(state, *["down"] * 50)

    shown = frame(state, 80, 10)

    assert "till 49" in text([line for line in shown if line and line[0][1] == "reverse"])
