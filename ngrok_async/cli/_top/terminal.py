"""The terminal while the live view is in it. What was there before is there again afterwards."""

import asyncio
import os
import signal
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final, Protocol

from ngrok_async.cli._top.keys import Keys
from ngrok_async.cli._top.view import Line

# The other screen, without a cursor; and back.
_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE: Final = "\x1b[0m\x1b[?25h\x1b[?1049l"
_CHUNK: Final = 1024
# What ends a program from outside, and would leave the terminal as it is now.
_ENDS: Final = ("SIGTERM", "SIGHUP", "SIGQUIT")


class Styled(Protocol):
    """What gives a line its colours."""

    def __call__(self, line: Line) -> str:
        """Return a line for a terminal."""
        ...


class Terminal:
    """A terminal that the live view has to itself.

    Attributes:
        changed: Is set when a key was pressed, or the size changed.
        keys: What was pressed since somebody looked.
        ended_by: The number of the signal that ended it; None where none did.
        closed: Whether there is nobody at the terminal any more.
    """

    def __init__(self, styled: Styled, *, keys_from: int = 0, to: int = 1) -> None:
        """Take the descriptors of a terminal; nothing happens before `taken`."""
        self._styled = styled
        self._from = keys_from
        self._to = to
        self._read = Keys()
        self._shown: list[str] = []
        self._before: list[Any] = []  # how keys are read, in the form of `termios`
        self.changed: asyncio.Event = asyncio.Event()
        self.keys: list[str] = []
        self.ended_by: int | None = None
        self.closed: bool = False

    def take_keys(self) -> list[str]:
        """Return the keys that were pressed since the last time."""
        keys, self.keys = self.keys, []
        return keys

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        try:
            columns, lines = os.get_terminal_size(self._to)
        except OSError:
            return 80, 24
        return (columns, lines) if columns and lines else (80, 24)

    def draw(self, lines: Sequence[Line]) -> None:
        """Show lines in the place of those before; only what differs is written."""
        texts = [self._styled(line) for line in lines]
        parts: list[str] = []
        for row, text in enumerate(texts):
            if row >= len(self._shown) or self._shown[row] != text:
                # Erased first: after a text up to the edge, that would take its end away.
                parts.append(f"\x1b[{row + 1};1H\x1b[0m\x1b[2K{text}\x1b[0m")
        if parts:
            self._write("".join(parts))
        self._shown = texts

    def forget(self) -> None:
        """Draw everything the next time."""
        self._shown = []
        self._write("\x1b[0m\x1b[2J")

    @contextmanager
    def taken(self) -> Generator[None]:
        """Take the terminal, and give it back as it was however this ends."""
        import termios  # noqa: PLC0415 # Windows has none

        loop = asyncio.get_running_loop()
        self._before = termios.tcgetattr(self._from)
        handled = self._handle(loop)
        try:
            self._enter()
            loop.add_reader(self._from, self._pressed)
            yield
        finally:
            loop.remove_reader(self._from)
            for number in handled:
                loop.remove_signal_handler(number)
            with suppress(OSError, termios.error):  # it may be gone
                termios.tcsetattr(self._from, termios.TCSADRAIN, self._before)
            self._write(_LEAVE)

    def _handle(self, loop: asyncio.AbstractEventLoop) -> Sequence[int]:
        """Notice what would end or stop the program without giving the terminal back."""
        handlers: dict[int, Callable[[], None]] = {
            signal.SIGWINCH: self._resized,
            signal.SIGTSTP: self._stop,
        }
        handlers |= {signal.Signals[name]: partial(self._end, name) for name in _ENDS}
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        return [*handlers]

    def _enter(self) -> None:
        import tty  # noqa: PLC0415 # Windows has none

        # A key at a time and unseen; Ctrl-C and Ctrl-Z are signals as before.
        tty.setcbreak(self._from)
        self._shown = []
        self._write(_ENTER)

    def _pressed(self) -> None:
        try:
            chunk = os.read(self._from, _CHUNK)
        except OSError:
            chunk = b""
        if not chunk:
            self._close()
            return
        self.keys += self._read.read(chunk)
        self.changed.set()

    def _resized(self) -> None:
        self.forget()
        self.changed.set()

    def _stop(self) -> None:
        """Give the terminal back for as long as the program is stopped, after Ctrl-Z."""
        import termios  # noqa: PLC0415 # Windows has none

        # All of it, since `setcbreak` of Python 3.12.1 changes more than others do.
        termios.tcsetattr(self._from, termios.TCSADRAIN, self._before)
        self._write(_LEAVE)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._enter()  # from here on after `fg`
        self.changed.set()

    def _end(self, name: str) -> None:
        self.ended_by = signal.Signals[name]
        self.changed.set()

    def _close(self) -> None:
        self.closed = True
        asyncio.get_running_loop().remove_reader(self._from)
        self.changed.set()

    def _write(self, text: str) -> None:
        content = text.encode("utf-8", "replace")
        try:
            while content:
                content = content[os.write(self._to, content) :]
        except OSError:  # nobody is there any more
            self.closed = True
            self.changed.set()
