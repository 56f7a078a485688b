"""Follows `docs/start-here.md` word by word in a fresh environment.

`python -m tools.pages.start_here` does it: types what the page has typed, saves what it has saved,
and compares what it shows. Needs bash.
"""

import asyncio
import os
import re
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "start-here.md"
FILES: Final = ("agents.py", "restart.py")
"""What the pieces of Python on the page are saved as, in their order."""

_PATIENCE: Final = 60.0


@attrs.frozen
class Block:
    """A fenced piece of a page.

    Attributes:
        language: What stands behind the fence.
        text: The lines between.
    """

    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the fenced pieces of a page in their order."""
    return [
        Block(*found)
        for found in re.findall(r"^```(\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    ]


async def follow(page: str, directory: Path, bin_directory: Path) -> None:
    """Do what a page says.

    Args:
        page: Its text.
        directory: Where files are saved and commands run.
        bin_directory: Where `python` is.

    Raises:
        ValueError: Something else is shown than the page has; "..." there stands for any text.
    """
    found = blocks(page)
    python = [block.text for block in found if block.language == "python"]
    for name, text in zip(FILES, python, strict=True):
        (directory / name).write_text(text, encoding="utf-8")
    bash = await asyncio.create_subprocess_exec(
        *("bash", "--norc", "-s"),
        cwd=directory,
        env=os.environ | {"PATH": f"{bin_directory}{os.pathsep}{os.environ['PATH']}"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # to end what it started as well, should anything fail
    )
    assert bash.stdin is not None  # noqa: S101 # both are pipes
    assert bash.stdout is not None  # noqa: S101
    try:
        for block in found:
            if block.language == "console":
                bash.stdin.write(block.text.encode())
            for line in block.text.splitlines() if block.language == "text" else ():
                shown = await asyncio.wait_for(bash.stdout.readline(), _PATIENCE)
                _compare(line, shown.decode().rstrip("\n"))
        bash.stdin.close()
        rest = await asyncio.wait_for(bash.stdout.read(), _PATIENCE)
        _compare("", rest.decode().strip())
    finally:
        with suppress(ProcessLookupError):
            os.killpg(bash.pid, signal.SIGTERM)
        await bash.wait()


def _compare(expected: str, shown: str) -> None:
    pattern = re.escape(expected).replace(r"\.\.\.", ".+")
    if not re.fullmatch(pattern, shown):
        raise ValueError(f"the page shows {expected!r}, and this is {shown!r}")


async def _run(*command: str, directory: Path) -> None:
    process = await asyncio.create_subprocess_exec(*command, cwd=directory)
    if await process.wait():
        raise SystemExit(f"failed: {' '.join(command)}")


async def main() -> None:
    """Make an empty environment, install into it as the page says, and follow the rest there."""
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        await _run(sys.executable, "-m", "venv", "env", directory=directory)
        python = directory / "env" / "bin" / "python"
        install, rest = install_and_rest(page)
        await _run(str(python), *install.split()[1:], "--quiet", directory=ROOT)
        await follow(rest, directory, python.parent)
    print("start-here.md: everything is as the page shows it")


def install_and_rest(page: str) -> tuple[str, str]:
    """Return the page's command to install, and the page without it."""
    command = "python -m pip install ."
    before, found, after = page.partition(f"```console\n{command}\n```\n")
    if not found:
        raise ValueError(f"the page does not say {command!r}")
    return command, before + after


if __name__ == "__main__":
    asyncio.run(main())
