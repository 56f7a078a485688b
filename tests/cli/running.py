"""The command, run in the process of the tests."""

import io
from collections.abc import Awaitable, Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from ngrok_async.cli import main


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


Command = Callable[..., Awaitable[Ended]]


def run(*words: str, stdin: str = "") -> Ended:
    """Run the command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr("sys.stdin", io.StringIO(stdin))
        code = main(words)
    return Ended(code, out.getvalue(), err.getvalue())
