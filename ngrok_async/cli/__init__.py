"""The command `ngrok-async`.

Its parser loads no aiohttp: help and completion come as fast as an `ls`. What a command needs of
the package is loaded when it runs.
"""

from ngrok_async.cli._main import main

__all__ = ["main"]
