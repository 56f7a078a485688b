"""How far something is: a bar where somebody looks, else a line now and then."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Protocol

from ngrok_async._printable import printable
from ngrok_async.cli._out import Out

_LINES: Final = 10


class Advance(Protocol):
    """Tells that one more is done."""

    def __call__(self, what: str = "") -> None:
        """Say what it was, or what comes now."""
        ...


@contextmanager
def progress(out: Out, total: int, title: str) -> Generator[Advance]:
    """Show how far something is, on standard error.

    Args:
        out: Where to.
        total: How many there are.
        title: What is done to them.
    """
    if not out.is_live or not total:
        yield _lines(out, total, title)
        return
    try:
        from rich.console import Console  # noqa: PLC0415 # an extra
        from rich.progress import (  # noqa: PLC0415 # an extra
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
    except ImportError:
        yield _lines(out, total, title)
        return
    console = Console(file=out.stderr, no_color=not out.has_colour)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(title, total=total, what="")
        yield lambda what="": bars.update(task, advance=1, what=printable(what))


def _lines(out: Out, total: int, title: str) -> Advance:
    done = 0
    step = max(1, total // _LINES)

    def advance(what: str = "") -> None:
        nonlocal done
        done += 1
        if done % step == 0 or done == total:
            out.note(f"{title}: {done} of {total}{f', {what}' if what else ''}")

    return advance
