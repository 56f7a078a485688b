"""The frame of the command: help, mistakes, and how it ends."""

import os
import subprocess
import sys

import pytest

from ngrok_async.cli._commands import COMMANDS
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


LINES = [
    ["--help"],
    ["help", "endpoints", "create"],
    ["__complete", "bash", "endpoints", "create", "--p"],
    ["completion", "zsh"],
    ["vaults", "get"],
    *(["help", name] for name in COMMANDS),
]


def test_words_alone_load_little() -> None:
    """Help and completion come as fast as an `ls`; what they load is counted, not timed."""
    program = f"""if True:
        import sys
        from ngrok_async.cli import main
        for line in {LINES}:
            main(line)
        print(*sys.modules)"""
    alone = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=alone, capture_output=True, check=True
    )
    loaded = set(done.stdout.decode().splitlines()[-1].split())

    assert {f"ngrok_async.cli.{command.module}" for command in COMMANDS.values()} <= loaded
    slow = {"aiohttp", "asyncio", "attr", "cattrs", "importlib.resources", "logging", "rich", "ssl"}
    assert set() == {"ngrok_async.client", "ngrok_async.jobs", *slow} & loaded
