"""Ctrl-C: by its handler alone as long as nothing was begun, and by `KeyboardInterrupt` after that.

Python raises that one wherever it is: in the middle of an import it leaves a traceback, and in a
callback of the import system it gets lost.
"""

import os
import signal
from contextlib import contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

_INTERRUPTED = 130  # as in `_ends`, which loads more


@contextmanager
def while_loading() -> "Generator[None]":
    """End the process at once, until `listen` is called; leave handlers of others alone."""
    try:
        # In another thread this is refused.
        ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if ours:
            signal.signal(signal.SIGINT, _end)
    except ValueError:
        ours = False
    try:
        yield
    finally:
        if ours:
            listen()


def listen() -> None:
    """Have Ctrl-C raised from now on: something is about to begin that has to be ended well."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: "FrameType | None") -> None:  # pragma: no cover # ends the process
    with suppress(OSError):
        os.write(2, b"ngrok-async: interrupted\n")
    os._exit(_INTERRUPTED)
