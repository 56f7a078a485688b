"""The pages on the shell: each command is typed into one, beside a fake."""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

import ngrok_async
from ngrok_async.testing import FakeNgrok
from tests.cli.running import run
from tools.pages.start_here import blocks

DOCS = Path(__file__).parents[2] / "docs"
SCRIPTS = [
    b.text for b in blocks((DOCS / "shell-scripts.md").read_text()) if b.language == "console"
]
COMMANDS = [
    line
    for block in blocks((DOCS / "shell.md").read_text())
    if block.language == "console"
    for line in block.text.splitlines()
]
FASTER = 200

# The command, as far as a shell can tell. It asks the process of the tests, which has everything
# loaded already: forty Pythons that load aiohttp would take as many seconds.
STAND_IN = """\
#!{python} -IS
import json, os, socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect({path!r})
stdin = sys.stdin.read() if "-" in sys.argv else ""
asked.sendall(json.dumps([sys.argv[1:], stdin, os.getcwd()]).encode() + b"\\n")
code, out, err = json.loads(asked.makefile().read())
sys.stderr.write(err)
sys.stdout.write(out)
sys.exit(code)
"""

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("bash") is None, reason="they are for bash"
)


class Hurried:
    """A clock that runs faster, since agents take their time."""

    def time(self) -> float:
        """Return its time."""
        return time.monotonic() * FASTER

    def call_at(self, when: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Call back at one of its times."""
        loop = asyncio.get_running_loop()
        return loop.call_at(loop.time() + (when - self.time()) / FASTER, callback)


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve the account that the pages speak of."""
    async with FakeNgrok(limit=None) as fake:
        shop = fake.add_agent(
            metadata='{"name": "till-7"}', ip="203.0.113.7", os="linux", tunnels=0
        )
        fake.add_tunnel(
            shop, public_url="https://shop.example.com", forwards_to="http://localhost:8080"
        )
        fake.add_agent(metadata="till-8", os="linux", region="eu", agent_version="3.18.4")
        fake.add("/ip_policies", id="ipp_office")
        fake.add("/credentials", description="till-7")
        yield fake


@pytest.fixture
async def shell(
    fake: FakeNgrok, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[str], object]]:
    """Type something into bash, in a directory that has the files of the pages."""
    monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
    monkeypatch.setenv("NGROK_API_URL", fake.url)
    monkeypatch.setattr(ngrok_async, "Client", partial(ngrok_async.Client, clock=Hurried()))
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "cron")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "cron@localhost")
    (tmp_path / "office.txt").write_text("203.0.113.0/24 # office\n")
    (tmp_path / "cidrs.txt").write_text(
        "".join(f"10.{n // 250}.{n % 250}.0/24\n" for n in range(300))
    )
    command, path = tmp_path / "bin" / "ngrok-async", f"/tmp/{uuid4().hex}"  # noqa: S108 # the path of a socket must be short
    command.parent.mkdir()
    command.write_text(STAND_IN.format(python=sys.executable, path=path))
    command.chmod(0o755)
    one_at_a_time = asyncio.Lock()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        words, stdin, directory = json.loads(await reader.readline())
        async with one_at_a_time:
            monkeypatch.chdir(directory)
            ended = await asyncio.to_thread(run, *words, stdin=stdin)
        writer.write(json.dumps(ended).encode())
        writer.close()

    async def typed(text: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *("bash", "--norc", "-c", text),
            cwd=tmp_path,
            env=os.environ | {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    async with await asyncio.start_unix_server(answer, path):
        yield typed
    with suppress(FileNotFoundError):  # newer Pythons take it away themselves
        os.unlink(path)  # noqa: PTH108 # a call of a moment in an async function


async def test_every_command_of_the_page(
    shell: Callable[[str], "asyncio.Future[tuple[int, str, str]]"],
) -> None:
    """One after the other, as a reader types them; each does what it says."""
    for line in COMMANDS:
        code, _, err = await shell(line)
        assert 0 == code, f"{line}\n{err}"


SHOWN = (
    "callback: https://shop.example.com/webhook",
    "+       allow   10.1.49.0/24",
    "",
    "",
    "",
    "start",
    "2 3.18.4",
    "",
    "rd_",
    "",
)
"""What each of the ten prints, among other things."""


@pytest.mark.parametrize(("script", "shown"), [*zip(SCRIPTS, SHOWN, strict=True)], ids=range(10))
async def test_the_ten_jobs(
    fake: FakeNgrok,
    shell: Callable[[str], "asyncio.Future[tuple[int, str, str]]"],
    tmp_path: Path,
    script: str,
    shown: str,
) -> None:
    """At most five lines each, and run twice, as cron would."""
    code, out, err = await shell(script)

    assert 0 == code, err
    assert shown in out
    assert len(script.splitlines()) <= 5
    assert all(len(line) <= 110 for line in script.splitlines())
    if "now.txt" in script:
        async with ngrok_async.Client(fake.api_key, base_url=fake.url) as ngrok:
            await ngrok.tunnel_sessions.stop(fake.agents[1])
        assert (0, "till-8\n") == (await shell(script))[:2]
    if "git" in script:
        assert (0, "") == (await shell(script))[:2]
        assert (tmp_path / "account" / "ip-policies" / "ipp_office.json").exists()
    if "credentials" in script:
        async with ngrok_async.Client(fake.api_key, base_url=fake.url) as ngrok:
            left = [c.description async for c in ngrok.credentials.list()]
        assert "till-7" not in left
    if "done.csv" in script:
        assert "verified" in (tmp_path / "done.csv").read_text()
