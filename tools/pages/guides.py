"""Follows the guides word by word: pastes their pieces at a prompt that awaits, as they say.

`python -m tools.pages.guides [PYTHON]` does it for all of them, each against a fake of its own,
with this Python or that of another environment.
"""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Final

from ngrok_async.testing import FakeNgrok
from tools.pages.start_here import blocks

DIRECTORY: Final = Path(__file__).parents[2] / "docs" / "guides"
_PATIENCE: Final = 60.0
# What `python -m asyncio` does; that of Python 3.13 reads a pipe line by line, each for itself.
_PROMPT: Final = """
import ast, asyncio, code, inspect, sys, types

loop = asyncio.new_event_loop()

class Prompt(code.InteractiveConsole):
    def runcode(self, code):
        async def run():
            made = types.FunctionType(code, self.locals)()
            return await made if inspect.iscoroutine(made) else made
        try:
            loop.run_until_complete(run())
        except Exception:
            self.showtraceback()

prompt = Prompt({"__name__": "__main__", "__builtins__": __builtins__})
prompt.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
for line in sys.stdin:
    prompt.push(line.rstrip())
loop.run_until_complete(loop.shutdown_default_executor())
loop.close()
"""


def pieces(page: str) -> list[str]:
    """Return what a reader of a guide pastes, piece by piece."""
    return [block.text for block in blocks(page) if block.language == "python"]


async def follow(page: str, python: str = sys.executable) -> str:
    """Paste the pieces of a guide at Python's prompt.

    Args:
        page: The text of the guide.
        python: The Python that gets them.

    Returns:
        What is shown.

    Raises:
        ValueError: A piece raises, or is no Python at the prompt.
    """
    async with FakeNgrok(agents=3) as fake:
        process = await asyncio.create_subprocess_exec(
            *(python, "-X", "dev", "-c", _PROMPT),
            env={**os.environ, "NGROK_API_KEY": fake.api_key, "NGROK_API_URL": fake.url},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        typed = "".join(f"{piece}\n" for piece in pieces(page)).encode()
        out, err = await asyncio.wait_for(process.communicate(typed), _PATIENCE)
    if trouble := re.search(r"^(\w+Error\b.*|.*Warning: .*)$", err.decode(), re.MULTILINE):
        raise ValueError(f"the prompt shows {trouble[1]!r}\n{err.decode()}")
    return out.decode()


async def main(python: str) -> None:
    """Follow all guides."""
    for path in sorted(DIRECTORY.glob("*.md")):
        await follow(path.read_text("utf-8"), python)
        print(f"{path.name}: as it says")


if __name__ == "__main__":
    asyncio.run(main(*(sys.argv[1:] or [sys.executable])))
