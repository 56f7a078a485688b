"""The command `ngrok-async`.

Its parser loads no aiohttp: help and completion come as fast as an `ls`. What a command needs of
the package is loaded when it runs.
"""

from collections.abc import Sequence

from ngrok_async.cli._interrupts import end_at_once, listen

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Its words and options; default: those of the process.

    Returns:
        The exit code: 0; 1 refused or failed; 2 wrong usage; 3 not found or not in time; 4 partly
        done; 5 rate limit or network; 130 interrupted.
    """
    end_at_once()
    try:
        from ngrok_async.cli._main import run  # noqa: PLC0415 # Ctrl-C may come before that

        return run(arguments)
    finally:
        listen()
