"""Takes the pictures of the page on the shell: `python -m tools.pages.terminals`. Needs tmux.

Each is what a terminal of tmux shows of the command beside a fake, as text and as SVG. They are
taken anew by hand, when the command looks different.
"""

import asyncio
import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from ngrok_async.testing import FakeNgrok

DIRECTORY: Final = Path(__file__).parents[2] / "docs" / "images" / "shell"
SIZES: Final = ((40, 10), (80, 24), (200, 60))
_SERVER: Final = "ngrok-async-pictures"
_NAMES: Final = (
    "till-1",
    "till-2",
    "kiosk",
    "pi-3",
    "build",
    "store-7",
    "lab",
    "edge-1",
    "van",
    "demo",
)
_LOOKED: Final = 0.1
_PATIENCE: Final = 60.0


async def main() -> None:
    """Take all of them."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    shots = (
        ("agents", "agents", "till-1 "),
        ("top", "top", r"\+ new"),
        ("fleet", "fleet update --all --waves 1,3,6 --yes", "wave 1 of 3"),
    )
    try:
        for name, words, awaited in shots:
            await asyncio.gather(*(_take(name, words, awaited, *size) for size in SIZES))
    finally:
        _tmux("kill-server")


async def _take(name: str, words: str, awaited: str, columns: int, rows: int) -> None:
    async with FakeNgrok(limit=None) as fake:
        for number, agent in enumerate(_NAMES):
            fake.add_agent(
                metadata=json.dumps({"name": agent}),
                os="linux",
                agent_version="3.18.4" if number % 3 else "3.30.0",
                tunnels=0 if number % 4 == 3 else 1,  # noqa: PLR2004 # some have none
                restart_delay=2.0,
            )
        session = f"{name}-{columns}x{rows}"
        variables = f"NGROK_API_KEY={fake.api_key} NGROK_API_URL={fake.url} TERM=xterm-256color"
        command = f"env -u CI -u NO_COLOR {variables} {shlex.quote(sys.executable)} -m ngrok_async"
        size = ("-x", str(columns), "-y", str(rows))
        _tmux("new-session", "-d", "-s", session, *size, f"{command} {words} --share 1; sleep 99"
              if name != "agents" else f"{command} {words}; sleep 99")  # fmt: skip
        async with asyncio.timeout(_PATIENCE):
            if name == "top":
                await _until(session, "10 agents  8 endpoints")
                fake.drop(fake.agents[2])
                await asyncio.sleep(3)
                fake.add_agent(metadata='{"name": "new"}', os="linux", agent_version="3.39.0")
                await asyncio.sleep(4)
                awaited = "11 agents"
            await _until(session, awaited)
        text = _tmux("capture-pane", "-p", "-t", session).rstrip("\n")
        styled = _tmux("capture-pane", "-e", "-p", "-t", session).rstrip("\n")
    (DIRECTORY / f"{session}.txt").write_text(
        "\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8"
    )
    title = f"ngrok-async {words}"
    (DIRECTORY / f"{session}.svg").write_text(_svg(styled, columns, title), encoding="utf-8")
    print(session)


async def _until(session: str, awaited: str) -> None:
    while awaited not in _tmux("capture-pane", "-p", "-t", session):  # noqa: ASYNC110 # tmux has no event
        await asyncio.sleep(_LOOKED)


def _svg(styled: str, columns: int, title: str) -> str:
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(styled), no_wrap=True, crop=True)
    svg = console.export_svg(title=title, unique_id="shell")
    # A picture in our pages loads nothing from elsewhere.
    return re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL).replace(
        "font-family: Fira Code", "font-family: ui-monospace, Menlo, Consolas"
    )


def _tmux(*words: str) -> str:
    done = subprocess.run(
        ["tmux", "-L", _SERVER, *words],  # noqa: S607 # wherever it is
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.stdout.decode()


if __name__ == "__main__":
    asyncio.run(main())
