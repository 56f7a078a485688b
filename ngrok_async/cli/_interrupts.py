"""Ctrl-C: by its handler alone as long as nothing was begun, and by `KeyboardInterrupt` after that.

Python raises that one wherever it is: in the middle of an import it leaves a traceback, and in a
callback of the import system it gets lost. What is imported here comes before the handler does.
"""

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_INTERRUPTED = 130  # as in `_ends`, which loads more


def end_at_once() -> None:
    """Have Ctrl-C end the process until `listen` is called; leave handlers of others alone."""
    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end)
    except ValueError:  # only the main thread may
        pass


def listen() -> None:
    """Have Ctrl-C raised from now on: something is about to begin that has to be ended well."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: "FrameType | None") -> None:  # pragma: no cover # ends the process
    try:
        os.write(2, b"ngrok-async: interrupted\n")
    finally:
        os._exit(_INTERRUPTED)
