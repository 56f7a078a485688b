"""What a command says: data on standard output, everything else on standard error."""

import csv
import os
import signal
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from shutil import get_terminal_size
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TextIO, cast

from ngrok_async._printable import printable
from ngrok_async.cli._cells import GAP, as_json, at, cell, cut, padded, text_of, width_of
from ngrok_async.cli._ends import FAILED, OK, PROGRAM, Stop, UsageError

if TYPE_CHECKING:
    from ngrok_async._request import JSON

FORMATS: Final = ("table", "json", "jsonl", "csv", "id")

_LONGEST: Final = 40  # columns of a cell in a terminal; an id has about 30
_AT_ONCE: Final = 100  # rows by which a table measures its columns


class Out:
    """Where a command writes to, and in which form.

    Attributes:
        format: One of `FORMATS`.
        fields: What `--fields` asks for; () where it does not.
        stdout: For data.
        stderr: For the rest.
        is_terminal: Whether somebody looks at the data in a terminal.
        is_live: Whether standard error may show what changes in place, such as a bar of progress.
        has_colour: Whether colours are wanted there.
    """

    def __init__(
        self,
        form: str = "table",
        fields: Sequence[str] = (),
        *,
        yes: bool = False,
        dry_run: bool = False,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        """Look at where the output goes to: by default to the streams of the process."""
        self.format = form
        self.fields = tuple(fields)
        self.stdout: TextIO = stdout or sys.stdout
        self.stderr: TextIO = stderr or sys.stderr
        self._yes = yes
        self._dry_run = dry_run
        plain = os.environ.get("TERM") == "dumb"
        self.is_terminal: bool = self.stdout.isatty()
        self.is_live: bool = self.stderr.isatty() and not plain and not os.environ.get("CI")
        self.has_colour: bool = self.is_live and not os.environ.get("NO_COLOR")

    @property
    def width(self) -> int | None:
        """How many columns the terminal has; None where the output goes elsewhere."""
        return get_terminal_size().columns if self.is_terminal else None

    def note(self, text: str) -> None:
        """Say something that is no data, in one line."""
        self.stdout.flush()  # so that a terminal has both in their order
        with suppress(OSError):  # whether somebody listens decides nothing
            self.stderr.write(f"{printable(text)}\n")
            self.stderr.flush()

    def rows(
        self,
        columns: Sequence[str],
        *,
        id: str = "id",  # noqa: A002 # its name
        known: Sequence[str] = (),
    ) -> "Rows":
        """Begin a list of things.

        Args:
            columns: What a table and CSV show unless `--fields` says otherwise. Names may go down
                into a row: `credential.id`.
            id: Which of a row's fields `-o id` prints.
            known: The names of all fields that rows have, where there are more.

        Raises:
            UsageError: `--fields` has a name that no row has.
        """
        self.check(known or columns)
        return _KINDS[self.format](self, self.fields or tuple(columns), id)

    def check(self, known: Sequence[str]) -> None:
        """Refuse names in `--fields` that are misspelt: before anything is sent, if it can be.

        Raises:
            UsageError: `--fields` has a name that no row has.
        """
        names = {name.partition(".")[0] for name in known}
        for field in self.fields:
            if field.partition(".")[0] not in names:
                raise UsageError(f"there is no field {field!r}; there are {', '.join(known)}")

    def one(self, row: "Mapping[str, JSON]", *, id: str = "id") -> None:  # noqa: A002 # as above
        """Print a single thing: in a table, a line for each of its fields."""
        if self.format == "json":
            self._write(f"{self.json(self.chosen(row), indent=2)}\n")
        elif self.format == "table":
            shown = {printable(name): value for name, value in self.chosen(row).items()}
            wide = max(map(width_of, shown), default=0)
            lines = [(padded(name, wide), cell(value)) for name, value in shown.items()]
            # In full in a terminal too: nothing else may ever show a new token again.
            self._write("".join(f"{GAP.join(line)}\n" for line in lines if line[1]))
        else:
            with self.rows(tuple(row), id=id) as rows:
                rows.add(row)
        self.stdout.flush()

    def nothing(self) -> None:
        """Print what an operation answers that has nothing to tell: `null`, in JSON."""
        if self.format == "json":
            self._write("null\n")
            self.stdout.flush()

    def confirm(self, what: str, things: Sequence[str], *, always: bool = False) -> None:
        """List what is about to be stopped, deleted or restarted, and ask whether it may be.

        Returns if it may; `--dry-run` and the answer no end the command. A single thing is listed
        only by a dry run, and never asked about, unless `always`. From then on the output may get
        lost: what was begun goes on when nobody reads any more.

        Args:
            what: The verb, such as "restart".
            things: What it is done to, a line each.
            always: Whether to ask about a single thing too.

        Raises:
            UsageError: Nobody is there to ask, and `--yes` was not given.
        """
        asks = always or len(things) > 1
        if asks or self._dry_run:
            for thing in things:
                self.note(f"{'would ' if self._dry_run else ''}{what} {thing}")
        if self._dry_run:
            raise Stop(OK)
        if asks and not self._yes:
            self._ask(what, things)
        self.stdout = cast("TextIO", _Lasting(self.stdout))

    def _ask(self, what: str, things: Sequence[str]) -> None:
        question = f"{what} {'this' if len(things) == 1 else f'these {len(things)}'}?"
        if not (sys.stdin and sys.stdin.isatty() and self.stderr.isatty()):
            raise UsageError(f"{question} Nobody is there to ask: say so with --yes")
        if not self._asked(question):
            raise Stop(FAILED, "nothing was done")

    def _asked(self, question: str) -> bool:
        self.stderr.write(f"{printable(question)} [y/N] ")
        self.stderr.flush()
        with _interruptible():
            return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def chosen(self, row: "Mapping[str, JSON]") -> "Mapping[str, JSON]":
        """Return what `--fields` asks for of a row; all of it where it does not."""
        return {name: at(row, name) for name in self.fields} if self.fields else row

    def json(self, value: "JSON", indent: int | None = None) -> str:
        """Return JSON in characters that the output has; it means the same in all of them."""
        encoding = self.stdout.encoding or "utf-8"  # a text in memory has none
        has_all = encoding.lower().replace("-", "").startswith("utf")
        return as_json(value, indent=indent, ascii_only=not has_all)

    def fitted(self, line: str) -> str:
        """Cut a line to the width of the terminal."""
        width = self.width
        line = line.rstrip()
        return line if width is None else cut(line, width)

    def _write(self, text: str) -> None:
        self.stdout.write(text)


class _Lasting:
    """Standard output that ends nothing when it fails; the end of the program looks at it again."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_lost = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _try(self, call: Callable[[], object]) -> None:
        try:
            if not self._is_lost:
                call()
        except OSError:
            self._is_lost = True


class Rows(ABC):
    """A list of things that is being printed; use it in a `with`."""

    def __init__(self, out: Out, columns: Sequence[str], id_field: str) -> None:
        """Keep where to write, and what."""
        self._out = out
        self._write: Callable[[str], object] = out.stdout.write
        self._columns = columns
        self._id = id_field

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Print what is left; after an error, JSON is not begun."""
        self._end(failed=exc is not None)
        self._out.stdout.flush()

    @abstractmethod
    def add(self, row: "Mapping[str, JSON]") -> None:
        """Print a thing, now or with the next `flush`."""
        ...

    def flush(self) -> None:
        """Show what was added so far: call it after each page, or what somebody waits for."""
        self._out.stdout.flush()

    def _end(self, *, failed: bool) -> None:  # noqa: B027 # most forms have nothing to end
        pass


class _Table(Rows):
    """Columns as wide as in the first rows."""

    def __init__(self, out: Out, columns: Sequence[str], id_field: str) -> None:
        super().__init__(out, columns, id_field)
        self._waiting: list[list[str]] = []
        self._widths: list[int] | None = None

    def add(self, row: "Mapping[str, JSON]") -> None:
        self._waiting.append([cell(at(row, name)) for name in self._columns])
        if len(self._waiting) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            if self._widths is None:
                self._begin()
            for cells in self._waiting:
                self._line(cells)
            self._waiting.clear()
        super().flush()

    def _begin(self) -> None:
        """Measure, and leave out the columns that have nothing in them."""
        used = self._out.fields or [
            name for name, *cells in zip(self._columns, *self._waiting, strict=True) if any(cells)
        ]
        self._kept = [index for index, name in enumerate(self._columns) if name in used]
        lines = [list(self._columns), *self._waiting]
        self._widths = [
            min(max(width_of(line[index]) for line in lines), _LONGEST) for index in self._kept
        ]
        self._line([printable(name) for name in self._columns])

    def _line(self, cells: Sequence[str]) -> None:
        kept = [cells[index] for index in self._kept]
        if self._out.is_terminal:  # all of it only where a program may read it
            kept = [text if not place else cut(text, _LONGEST) for place, text in enumerate(kept)]
        pairs = zip(kept, self._widths or (), strict=True)
        line = GAP.join(padded(text, width) for text, width in pairs)
        self._write(f"{self._out.fitted(line)}\n")

    def _end(self, *, failed: bool) -> None:
        self.flush()  # what was found is shown, also after an error
        if self._widths is None and not failed:
            self._out.note("there are none")


class _JSON(Rows):
    """One array, written at the end: a part of one would be no JSON."""

    def __init__(self, out: Out, columns: Sequence[str], id_field: str) -> None:
        super().__init__(out, columns, id_field)
        self._items: list[str] = []

    def add(self, row: "Mapping[str, JSON]") -> None:
        self._items.append(self._out.json(self._out.chosen(row)))

    def _end(self, *, failed: bool) -> None:
        if not failed:
            self._write("[" + ",".join(f"\n  {item}" for item in self._items))
            self._write("\n]\n" if self._items else "]\n")


class _JSONLines(Rows):
    """A line of JSON for each thing."""

    def add(self, row: "Mapping[str, JSON]") -> None:
        self._write(f"{self._out.json(self._out.chosen(row))}\n")


class _CSV(Rows):
    """The columns of a table in full, with a line of their names."""

    def __init__(self, out: Out, columns: Sequence[str], id_field: str) -> None:
        super().__init__(out, columns, id_field)
        self._lines = csv.writer(out.stdout, lineterminator="\n")
        self._text: Callable[[JSON], str] = cell if out.is_terminal else text_of
        self._lines.writerow([self._text(name) for name in columns])

    def add(self, row: "Mapping[str, JSON]") -> None:
        self._lines.writerow([self._text(at(row, name)) for name in self._columns])


class _Ids(Rows):
    """An id in each line, for other programs."""

    def add(self, row: "Mapping[str, JSON]") -> None:
        self._write(f"{cell(at(row, self._id))}\n")


_KINDS: Final[Mapping[str, type[Rows]]] = dict(
    zip(FORMATS, (_Table, _JSON, _JSONLines, _CSV, _Ids), strict=True)
)


@contextmanager
def _interruptible() -> Generator[None]:
    """Let Ctrl-C end a question: `asyncio` would wait for the answer first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def say(text: str) -> None:
    """Tell on standard error what ended a command, if somebody listens."""
    if text:
        with suppress(OSError):
            sys.stderr.write(f"{PROGRAM}: {printable(text)}\n")
