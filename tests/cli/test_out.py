"""What a command writes: the forms, and that nothing but printable text reaches a terminal."""

import asyncio
import csv
import io
import json
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngrok_async.cli._cells import as_json, cut, width_of
from ngrok_async.cli._ends import Stop, UsageError
from ngrok_async.cli._out import FORMATS, Out

HOSTILE = (
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[31mred",
    "\x9b31m",
    "left\u202eright\u2066",
    "nul\0nul",
    "\r\n\t\v\f\x7f\x85\u2028",
    '{"a": "\x1b[0m"}',
    "x" * 4096,
    "界" * 2048,
    "\ud800",
    "e\u0301\u0301 👩‍👩‍👧 \U000e0041",
)


class Terminal(io.StringIO):
    """Looks like a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(params=[False, True], ids=["file", "terminal"])
def stream(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Write to a file, or to a terminal of 60 columns."""
    monkeypatch.setenv("COLUMNS", "60")
    return Terminal() if request.param else io.StringIO()


def written(form: str, rows: Sequence[Any], stream: io.StringIO, fields: Sequence[str] = ()) -> str:
    """Return what is written of some rows with the fields `id` and `name`."""
    stream.seek(0)
    stream.truncate()
    with Out(form, fields, stdout=stream, stderr=stream).rows(("id", "name")) as table:
        for row in rows:
            table.add(row)
    return stream.getvalue()


def is_harmless(text: str) -> bool:
    """Tell whether nothing in a text drives a terminal."""
    return all(c == "\n" or c.isprintable() for c in text)


SOME = settings(max_examples=60)
ANY = st.sampled_from(HOSTILE) | st.text() | st.text(st.characters(exclude_categories=()))


@SOME
@given(names=st.lists(ANY, max_size=3), form=st.sampled_from(FORMATS))
def test_nothing_drives_a_terminal(names: list[str], form: str) -> None:
    """Whatever somebody calls an agent; lines are no wider than the terminal."""
    with pytest.MonkeyPatch.context() as patch:
        stream = Terminal()
        patch.setenv("COLUMNS", "60")
        rows = [{"id": name, "name": name, "more": {name: [name]}} for name in names]
        text = written(form, rows, stream)
        for name in names:
            out = Out(form, stdout=stream, stderr=stream)
            out.one({"id": name, name: name})
            out.note(name)

    assert is_harmless(text)
    assert is_harmless(stream.getvalue())
    if form == "table":
        assert all(width_of(line) <= 60 for line in text.splitlines())


@SOME
@given(names=st.lists(ANY, max_size=3))
def test_json_is_exactly_json(names: list[str]) -> None:
    """What is read again is what was there, and one array, or a value in each line."""
    rows = [{"id": name, "name": {name: name}} for name in names]
    lines = written("jsonl", rows, io.StringIO()).split("\n")

    assert rows == json.loads(written("json", rows, io.StringIO()))
    assert rows == [json.loads(line) for line in lines[:-1]]


@SOME
@given(names=st.lists(ANY.filter(lambda name: not set("\r\n") & set(name)), max_size=3))
def test_csv_is_exactly_the_text(names: list[str]) -> None:
    """In a file; with names and other JSON as it is."""
    rows = [{"id": name, "name": {name: name}} for name in names]
    found = list(csv.reader(written("csv", rows, io.StringIO()).split("\n")[:-1]))

    assert [["id", "name"], *([name, as_json({name: name})] for name in names)] == found


def test_a_table_is_in_full_where_no_terminal_is(stream: io.StringIO) -> None:
    """A script gets whole ids; in a terminal a line is a line."""
    id_, name = "ep_" + "1" * 40, "n" * 100
    lines = written("table", [{"id": id_, "name": name}], stream).splitlines()

    assert "id" + " " * 40 + "name" == lines[0]
    if stream.isatty():
        assert f"{id_}  {'n' * 14}…" == lines[1]
    else:
        assert f"{id_}  {name}" == lines[1]


def test_columns_without_anything_are_left_out(stream: io.StringIO) -> None:
    """Unless somebody asks for them."""
    rows = [{"id": "a", "name": ""}, {"id": "b", "name": None}]

    assert "id\na\nb\n" == written("table", rows, stream)
    assert "name  id\n      a\n      b\n" == written("table", rows, stream, fields=["name", "id"])


def test_a_long_table_comes_in_parts(stream: io.StringIO) -> None:
    """Columns keep the width that they have in the first rows."""
    rows = [{"id": str(number), "name": "x"} for number in range(250)]
    lines = written("table", rows, stream).splitlines()

    assert 251 == len(lines)
    assert ["id  name", "0   x", "249  x"] == [lines[0], lines[1], lines[-1]]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("table", "there are none\n"),
        ("json", "[]\n"),
        ("jsonl", ""),
        ("csv", "id,name\n"),
        ("id", ""),
    ],
)
def test_nothing_found(form: str, text: str, stream: io.StringIO) -> None:
    """A program can read it all the same; people are told."""
    assert text == written(form, [], stream)


def test_json_is_not_begun_before_an_error(stream: io.StringIO) -> None:
    """The beginning of an array would be no JSON; lines are each for itself."""
    for form, left in (("json", ""), ("jsonl", '{"id": "a"}\n'), ("table", "id\na\n")):
        stream.seek(0)
        stream.truncate()
        with suppress(KeyError), Out(form, stdout=stream).rows(("id",)) as rows:
            rows.add({"id": "a"})
            raise KeyError

        assert left == stream.getvalue()


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("table", 'id     x_1\nlabel  {"a": 1}\nref    y_1\ntags   a, b\n'),
        ("jsonl", '{"id": "x_1", "label": {"a": 1}, "none": null, "ref": {"id": "y_1"}, "tags": ["a", "b"]}\n'),  # noqa: E501 # a line
        ("csv", 'id,label,none,ref,tags\nx_1,"{""a"": 1}",,y_1,"a, b"\n'),
        ("id", "x_1\n"),
    ],
)  # fmt: skip
def test_a_single_thing(form: str, text: str, stream: io.StringIO) -> None:
    """In a table its fields are below each other."""
    row = {"id": "x_1", "label": {"a": 1}, "none": None, "ref": {"id": "y_1"}, "tags": ["a", "b"]}
    Out(form, stdout=stream).one(row)

    assert text == stream.getvalue()


def test_a_token_is_shown_in_full(stream: io.StringIO) -> None:
    """However narrow the terminal is: it is shown once."""
    Out(stdout=stream).one({"id": "ak_1", "token": "t" * 100})

    assert f"id     ak_1\ntoken  {'t' * 100}\n" == stream.getvalue()


def test_fields_go_down(stream: io.StringIO) -> None:
    """With the same names in each form."""
    row: Any = {"id": "x_1", "ref": {"id": "y_1"}, "a.b": 1}
    out = Out("json", ["ref.id", "a.b", "ref.no", "id.no"], stdout=stream)
    out.one(row)

    assert {"ref.id": "y_1", "a.b": 1, "ref.no": None, "id.no": None} == json.loads(
        stream.getvalue()
    )
    with pytest.raises(UsageError, match="there is no field 'ids'; there are id, name"):
        Out("table", ["ids"]).rows(("id", "name"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_fits_any_encoding(encoding: str) -> None:
    """It means the same in all of them."""
    file = io.BytesIO()
    stream = io.TextIOWrapper(file, encoding=encoding)
    Out("json", stdout=stream).one({"id": "é界"})

    assert {"id": "é界"} == json.loads(file.getvalue().decode(encoding))


def test_text_is_cut_by_what_it_takes() -> None:
    """A wide character takes two columns, an accent none."""
    assert "a界…" == cut("a界界界", 4)
    assert "a…" == cut("a界界", 3)
    assert "e\u0301e\u0301" == cut("e\u0301e\u0301", 2)
    assert "" == cut("", 0)


@pytest.mark.parametrize(("answer", "code"), [("y\n", None), ("yes\n", None), ("n\n", 1), ("", 1)])
def test_it_asks(answer: str, code: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard error, with a list; no answer is no."""
    err, answers = Terminal(), Terminal(answer)
    monkeypatch.setattr("sys.stdin", answers)
    ended: int | None = None
    try:
        Out(stderr=err).confirm("stop", ["ts_1 (a\x1b)", "ts_2"])
    except Stop as stop:
        ended = stop.code

    assert code == ended
    assert "stop ts_1 (a\\x1b)\nstop ts_2\nstop these 2? [y/N] " == err.getvalue()


async def test_a_question_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By Ctrl-C at once: by itself an event loop would first wait for the answer."""

    class Answers(Terminal):
        def readline(self, _size: int | None = -1, /) -> str:
            signal.raise_signal(signal.SIGINT)
            return "y\n"

    monkeypatch.setattr("sys.stdin", Answers())
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        Out(stderr=Terminal()).confirm("stop", ["a", "b"])

    assert before is signal.getsignal(signal.SIGINT)
    # In another thread there are no signals to hear.
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    await asyncio.to_thread(Out(stderr=Terminal()).confirm, "stop", ["a", "b"])


def test_it_asks_no_more_than_it_must() -> None:
    """About one thing only where that is due, and never after `--yes`."""
    err = io.StringIO()
    Out(stderr=err).confirm("stop", ["ts_1"])
    Out(stderr=err, yes=True).confirm("stop", ["ts_2", "ts_3"])
    with pytest.raises(UsageError, match=r"^stop this\? .* say so with --yes$"):
        Out(stderr=err).confirm("stop", ["ts_4"], always=True)
    with pytest.raises(Stop) as stopped:
        Out(stderr=err, dry_run=True, yes=True).confirm("stop", ["ts_5"])

    assert 0 == stopped.value.code
    assert "stop ts_2\nstop ts_3\nstop ts_4\nwould stop ts_5\n" == err.getvalue()


@pytest.mark.parametrize("name", ["TERM", "CI", "NO_COLOR"])
def test_the_environment_makes_it_plain(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without colours everywhere, and without what changes in place but for NO_COLOR."""
    err = Terminal()
    for each in ("TERM", "CI", "NO_COLOR"):
        monkeypatch.delenv(each, raising=False)
    assert (True, True) == (Out(stderr=err).is_live, Out(stderr=err).has_colour)
    monkeypatch.setenv(name, "dumb")

    assert (name == "NO_COLOR", False) == (Out(stderr=err).is_live, Out(stderr=err).has_colour)
