"""Every command has a place in the fake where it is written what it does."""

from ngrok_async.testing._commands import DEEDS
from ngrok_async.testing._routes import declared


def test_the_fake_knows_what_each_command_does() -> None:
    """A declared POST that creates nothing has a line in the table, and no line is left over."""
    commands = {
        operation.route
        for operation in declared()
        if operation.method == "POST" and not operation.function.__name__.startswith("create")
    }

    assert commands == DEEDS.keys(), (
        "tell in DEEDS of ngrok_async/testing/_commands.py what each command does: "
        f"{sorted(commands ^ DEEDS.keys())}"
    )
