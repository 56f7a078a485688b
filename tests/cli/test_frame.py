"""The frame of the command: help, mistakes, and how it ends."""

import subprocess
import sys

import pytest

from tests.cli.running import run


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"]])
def test_help_lists_the_commands(words: list[str]) -> None:
    """On standard output, since somebody asked for it."""
    code, out, err = run(*words)

    assert (0, "") == (code, err)
    assert "Explain a command" in out


def test_without_a_word_it_is_wrong() -> None:
    """A script that lost its command learns of it."""
    code, out, err = run()

    assert (2, "") == (code, out)
    assert "Exit codes" in err


def test_the_module_is_the_command() -> None:
    """`python -m ngrok_async` is `ngrok-async`."""
    done = subprocess.run(
        [sys.executable, "-m", "ngrok_async", "hepl"], capture_output=True, check=False, text=True
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert (
        "ngrok-async: there is no command 'hepl'; did you mean help? (see `ngrok-async help`)"
        == (done.stderr.strip())
    )
