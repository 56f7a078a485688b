"""How far something is: a bar where somebody looks, else a line now and then."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ngrok_async._printable import printable
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_LINES: Final = 10


class Progress:
    """How far something is, as lines."""

    def __init__(self, out: Out, total: int, title: str, *, is_told: bool) -> None:
        """Begin.

        Args:
            out: Where to.
            total: How many there are.
            title: What is done to them.
            is_told: Whether to tell of each tenth; otherwise only by `note`.
        """
        self._out = out
        self._total = total
        self._title = title
        self._step = max(1, total // _LINES) if is_told else 0
        self._done = 0

    def advance(self, what: str) -> None:
        """One more is done."""
        self._done += 1
        if self._step and (self._done % self._step == 0 or self._done == self._total):
            self.note(f"{self._title}: {self._done} of {self._total}, {what}")

    def note(self, text: str) -> None:
        """Say something in a line."""
        self._out.note(text)


class Bar(Progress):
    """The same as a bar, with what is said above it."""

    def __init__(self, out: Out, title: str, bars: "Bars", task: "TaskID") -> None:
        """Begin."""
        super().__init__(out, 0, title, is_told=False)
        self._bars = bars
        self._task = task

    def advance(self, what: str) -> None:
        """One more is done."""
        self._bars.update(self._task, advance=1, what=printable(what))

    def note(self, text: str) -> None:
        """Say something in a line above the bar."""
        self._bars.console.print(printable(text), markup=False, highlight=False)


@contextmanager
def progress(out: Out, total: int, title: str, *, is_told: bool = True) -> Generator[Progress]:
    """Show on standard error how far something is; see `Progress` for the arguments."""
    lines = Progress(out, total, title, is_told=is_told)
    if not out.has_colour or not total:
        yield lines
        return
    try:
        from rich import progress as rich  # noqa: PLC0415 # an extra
        from rich.console import Console  # noqa: PLC0415 # an extra
    except ImportError:
        yield lines
        return
    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(bar_width=20),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
        rich.TextColumn("{task.fields[what]}", markup=False),
    )
    console = Console(file=out.stderr)
    with rich.Progress(*columns, console=console, transient=True, refresh_per_second=2) as bars:
        bar = Bar(out, title, bars, bars.add_task(title, total=total, what=""))
        note, out.note = out.note, bar.note  # type: ignore[method-assign] # a line of its own would tear the bar
        try:
            yield bar
        finally:
            out.note = note  # type: ignore[method-assign] # as above
