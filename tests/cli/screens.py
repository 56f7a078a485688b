"""A terminal with somebody in front of it, for the tests: a pty, and what would be seen on it."""

import asyncio
import os
import re
import struct
import sys
from collections.abc import Callable, Mapping

import pytest

fcntl = pytest.importorskip("fcntl")  # Windows has no such terminals
termios = pytest.importorskip("termios")

_CODES = re.compile(r"\x1b\[(\??)([\d;]*)([A-Za-z])|(\r)|(\n)|(.)", re.DOTALL)
# Makes the terminal that of the process, so that Ctrl-C in it reaches it, and is then the program.
_IN_IT = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


class Screen:
    """A pty, and what is on it.

    Attributes:
        keys: The descriptor of who sits in front of it.
        program: That of the program.
        is_other: Whether the program has switched to the other screen, with its cursor hidden.
        lines: What is on the screen that is shown now.
        all: Everything that was written.
    """

    def __init__(self, columns: int, rows: int) -> None:
        """Set it up with a size."""
        self.keys, self.program = os.openpty()
        self.before = termios.tcgetattr(self.program)
        self.is_other = False
        self.all = ""
        self._kept: dict[int, str] = {}
        self._lines: dict[int, str] = {}
        self._row = 0
        self.resize(columns, rows)
        asyncio.get_running_loop().add_reader(self.keys, self._read)

    def resize(self, columns: int, rows: int) -> None:
        """Make it larger or smaller; a program in it is told by a signal."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.program, termios.TIOCSWINSZ, size)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.keys, keys.encode())

    @property
    def text(self) -> str:
        """What is seen."""
        return "\n".join(self._lines[row].rstrip() for row in sorted(self._lines))

    async def until(self, is_so: "str | Callable[[str], bool]") -> str:
        """Wait until something is seen, and return all that is."""
        async with asyncio.timeout(20):
            while not (is_so in self.text if isinstance(is_so, str) else is_so(self.text)):  # noqa: ASYNC110 # a terminal has no event
                await asyncio.sleep(0.01)
        return self.text

    async def start(
        self, *words: str, environment: Mapping[str, str]
    ) -> asyncio.subprocess.Process:
        """Run the command in it."""
        names = {"CI", "NO_COLOR", "TERM"}
        base = {name: value for name, value in os.environ.items() if name not in names}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _IN_IT, "-m", "ngrok_async", *words),
            stdin=self.program,
            stdout=self.program,
            stderr=self.program,
            start_new_session=True,
            env={**base, "TERM": "xterm", **environment},
        )

    def is_as_before(self) -> bool:
        """Tell whether keys are read as they were, and the first screen is shown, with a cursor."""
        return not self.is_other and self.before == termios.tcgetattr(self.program)

    def close(self, *, also_program: bool = True) -> None:
        """Go away."""
        if self.keys >= 0:
            asyncio.get_running_loop().remove_reader(self.keys)
            os.close(self.keys)
            self.keys = -1
        if also_program and self.program >= 0:
            os.close(self.program)
            self.program = -1

    def _read(self) -> None:
        try:
            text = os.read(self.keys, 100_000).decode("utf-8", "replace")
        except OSError:
            return
        self.all += text
        for private, number, code, back, end, character in _CODES.findall(text):
            if character:
                self._lines[self._row] = self._lines.get(self._row, "") + character
            elif back:
                pass
            elif end:
                self._row += 1
            elif private and number == "1049":
                self.is_other = code == "h"
                self._kept, self._lines = self._lines, {} if code == "h" else self._kept
            elif code == "H":
                self._row = int(number.split(";")[0] or 1) - 1
            elif code == "J":
                self._lines = {}
            elif code == "K":
                self._lines[self._row] = ""
