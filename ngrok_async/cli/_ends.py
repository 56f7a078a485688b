"""How a command may end: the exit codes, and what ends it early."""

import sys
from typing import Final

PROGRAM: Final = "ngrok-async"

OK: Final = 0
FAILED: Final = 1
"""ngrok refused it, or something failed, or the answer to a question was no."""
USAGE: Final = 2
"""The command line cannot be meant so."""
NOT_FOUND: Final = 3
"""There is no such thing, or it was not so in time."""
PARTLY: Final = 4
"""Some of it was done."""
UNREACHABLE: Final = 5
"""The rate limit is used up, or the network does not work."""
INTERRUPTED: Final = 130
"""Ctrl-C."""


class UsageError(Exception):
    """The command line cannot be meant so.

    Attributes:
        command: The words of the command whose help tells more.
    """

    def __init__(self, message: str, *, command: str = "") -> None:
        """Keep what is wrong with it."""
        super().__init__(message)
        self.command = command


class Stop(Exception):  # noqa: N818 # it need not be an error
    """Ends a command.

    Attributes:
        code: The exit code.
    """

    def __init__(self, code: int, message: str = "") -> None:
        """Keep the code, and what is to be said on standard error."""
        super().__init__(message)
        self.code = code


def standard_input() -> str:
    """Return what is on standard input.

    Raises:
        UsageError: Whoever started us has closed it, or it is no text in UTF-8.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed, so nothing can be read from it")
    try:
        return sys.stdin.read()
    except UnicodeError:
        raise UsageError("standard input is no text in UTF-8") from None
