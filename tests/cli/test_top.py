"""The live view in a terminal."""

import asyncio
import os
import signal
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import pairwise

import pytest

from ngrok_async import Client
from ngrok_async.cli._jobs import top
from ngrok_async.cli._out import Out
from ngrok_async.cli._top.state import State
from ngrok_async.cli._top.terminal import Terminal
from ngrok_async.cli._top.view import Line, frame
from ngrok_async.testing import FakeNgrok
from tests.cli.screens import Screen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe a\0b\r\n\x9b1A " + "x" * 3900


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    """Set up a terminal of the usual size."""
    screen = Screen(80, 24)
    yield screen
    screen.close()


@pytest.fixture
async def ngrok(fake: FakeNgrok) -> AsyncIterator[Client]:
    """Open a client without a limit, so that watches look often."""
    async with Client(fake.api_key, base_url=fake.url, retry=None) as ngrok:
        yield ngrok


@pytest.fixture
def out(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Iterator[Out]:
    """Write to the terminal, and read its keys."""
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with (
        os.fdopen(os.dup(screen.program)) as stdin,
        os.fdopen(os.dup(screen.program), "w") as stdout,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("sys.stdin", stdin)
        patch.setattr("sys.stdout", stdout)
        patch.setattr("sys.stderr", stdout)
        yield Out()


def started(ngrok: Client, out: Out) -> "asyncio.Task[int | None]":
    """Start the live view in this process, where it costs no new one."""
    args = Namespace(share=1.0, debug=False)
    return asyncio.ensure_future(top.run(ngrok, args, out))


async def test_a_session_at_the_terminal(
    fake: FakeNgrok, ngrok: Client, screen: Screen, out: Out
) -> None:
    """What is there, what changes, the keys, another size; and the screen as it was before."""
    agent = fake.add_agent(metadata='{"name": "till"}', restart_delay=1.0)
    fake.add_agent(metadata=HOSTILE[:4000])
    out.stdout.write("$ ngrok-async top\r\n")
    task = started(ngrok, out)

    seen = await screen.until("2 agents  2 endpoints")
    assert seen.splitlines()[2].startswith(r"\x1b]0;owned\x07")
    assert screen.is_other
    screen.press("/till")
    await screen.until("find: till")
    await screen.until(lambda text: "owned" not in text)
    screen.press("\r\r")
    assert agent.id in await screen.until("credential")
    screen.press("\x1b")
    fake.drop(agent)
    screen.press(" ")
    await screen.until("reconnected, was")
    screen.resize(40, 10)
    os.kill(os.getpid(), signal.SIGWINCH)
    await screen.until(lambda text: len(text.splitlines()) == 10)
    out.note("this would stand in the picture")
    screen.press("q")

    assert await task is None
    assert "$ ngrok-async top" == await screen.until("$ ngrok-async top")
    assert screen.is_as_before()
    assert "this would stand" not in screen.all


async def _cancelled(task: "asyncio.Task[int | None]", _screen: Screen) -> None:
    task.cancel()  # what Ctrl-C does to it


async def _terminated(_task: "asyncio.Task[int | None]", _screen: Screen) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def _hung_up(_task: "asyncio.Task[int | None]", _screen: Screen) -> None:
    os.kill(os.getpid(), signal.SIGHUP)


async def _quit(_task: "asyncio.Task[int | None]", screen: Screen) -> None:
    screen.press("\x04")


@pytest.mark.parametrize(
    ("end", "code"),
    [(_cancelled, "cancelled"), (_terminated, 143), (_hung_up, 129), (_quit, None)],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP", "Ctrl-D"],
)
@pytest.mark.parametrize("phase", ["reading", "watching", "trouble"])
async def test_however_it_ends_the_screen_is_as_before(  # noqa: PLR0917 # fixtures, and a table
    fake: FakeNgrok,
    ngrok: Client,
    screen: Screen,
    out: Out,
    phase: str,
    end: Callable[["asyncio.Task[int | None]", Screen], Awaitable[None]],
    code: int | str | None,
) -> None:
    """In each phase: before anything is known, while it looks, and while there is trouble."""
    fake.add_agent()
    if phase == "reading":
        fake.fail(stall=True, times=None)
    task = started(ngrok, out)
    await screen.until("reading …" if phase == "reading" else "1 agents  1 endpoints")
    if phase == "trouble":
        fake.fail(503, times=None)
        await screen.until("HTTP 503")

    await end(task, screen)

    ended: int | str | None = "cancelled"
    with suppress(asyncio.CancelledError):
        ended = await task
    assert code == ended
    await screen.until(lambda _: screen.is_as_before())


async def test_a_wrong_key_ends_it(fake: FakeNgrok, screen: Screen, out: Out) -> None:
    """The error comes out as it is, when the terminal is given back."""
    async with Client("wrong", base_url=fake.url) as ngrok:
        with pytest.raises(Exception, match="ERR_NGROK"):
            await started(ngrok, out)

    await screen.until(lambda _: screen.is_as_before())


async def test_a_terminal_that_goes_away(
    fake: FakeNgrok, ngrok: Client, screen: Screen, out: Out
) -> None:
    """Nobody is there to press a key any more, so it ends."""
    fake.add_agent()
    task = started(ngrok, out)
    await screen.until("1 agents")
    screen.close(also_program=False)

    assert await task is None


async def test_drawing_is_rare(
    fake: FakeNgrok, ngrok: Client, screen: Screen, out: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys come as fast as they like: there are two pictures a second at most."""
    drawn: list[float] = []
    loop = asyncio.get_running_loop()

    def noted(state: State, width: int, height: int) -> list[Line]:
        drawn.append(loop.time())
        return frame(state, width, height)

    monkeypatch.setattr("ngrok_async.cli._top.view.frame", noted)
    fake.add_agents(3)
    task = started(ngrok, out)
    await screen.until("3 agents")
    for _ in range(10):
        screen.press("j")
        await asyncio.sleep(0.01)
    screen.press("jjq")
    await task

    assert all(later - sooner > 0.49 for sooner, later in pairwise(drawn))


@pytest.mark.parametrize(
    ("changes", "is_live"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"CI": "true"}, False),
        ({"TERM": "dumb"}, False),
    ],
    ids=["terminal", "NO_COLOR", "CI", "dumb"],
)
def test_where_it_is_live(
    out: Out,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    is_live: bool,  # noqa: FBT001 # of the table
) -> None:
    """In a terminal that somebody looks at, and nowhere else."""
    assert top._is_live(out)
    for name, value in changes.items():
        monkeypatch.setenv(name, value)

    monkeypatch.setattr("sys.stdout", out.stdout)  # pytest has taken them back
    monkeypatch.setattr("sys.stderr", out.stderr)

    assert is_live is top._is_live(Out())


async def test_without_rich_there_are_lines(
    fake: FakeNgrok, ngrok: Client, screen: Screen, out: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is missing, and tells what changes all the same; also of trouble."""
    agent = fake.add_agent(metadata="\x1b[2J", tunnels=0)
    monkeypatch.setitem(sys.modules, "rich.style", None)
    task = started(ngrok, out)
    seen = await screen.until("x1b[2J")
    assert "needs rich" in seen
    fake.fail(503)
    await screen.until("HTTP 503")
    fake.drop(agent)
    await screen.until("reconnected")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert all(line.isprintable() for line in screen.text.splitlines())
    assert not screen.is_other


def test_a_terminal_without_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the usual one, as it has where somebody says that it has no columns."""
    terminal = Terminal(str)
    monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((0, 0)))
    assert (80, 24) == terminal.size
    monkeypatch.undo()
    descriptor = os.open(os.devnull, os.O_RDONLY)
    assert (80, 24) == Terminal(str, to=descriptor).size
    os.close(descriptor)


async def test_without_a_limiter(fake: FakeNgrok, screen: Screen, out: Out) -> None:
    """There is no limit to be shown."""
    fake.add_agent()
    async with Client(fake.api_key, base_url=fake.url, limiter=None) as ngrok:
        task = started(ngrok, out)
        assert "limit" not in await screen.until("1 agents  1 endpoints")
        screen.press("q")
        await task


async def test_lines_end_with_the_client(ngrok: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch that is at its end has no more to tell, and that is no error."""

    async def at_its_end(*_: object) -> None:
        pass

    monkeypatch.setattr(top, "_follow", at_its_end)

    assert await top.run(ngrok, Namespace(share=1.0, debug=True), Out()) is None


def _fails(*_: object) -> bytes:
    raise OSError


async def test_a_terminal_that_fails(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read any more has nobody in front of it; the same picture is not written."""
    terminal = Terminal(str, keys_from=screen.program, to=screen.program)
    terminal.draw([()])
    terminal.draw([()])
    monkeypatch.setattr("os.read", _fails)
    terminal._pressed()

    assert terminal.closed


async def test_ctrl_z_and_ctrl_c_in_a_process_of_its_own(fake: FakeNgrok, screen: Screen) -> None:
    """Stopped, the terminal is the shell's; `fg` brings the view back, and Ctrl-C ends it: 130."""
    fake.add_agent(metadata="till")
    environment = {"NGROK_API_KEY": fake.api_key, "NGROK_API_URL": fake.url}
    process = await screen.start("top", environment=environment)
    await screen.until("till")
    screen.press("\x1a")
    await screen.until(lambda _: screen.is_as_before())
    stopped = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, process.pid, stopped) is None:  # noqa: ASYNC110,ASYNC222 # it has no event, and does not wait
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGCONT)
    await screen.until("till")
    screen.press("\x03")

    assert 130 == await process.wait()
    assert "ngrok-async: interrupted" in await screen.until("interrupted")
    assert screen.is_as_before()


async def test_who_has_read_enough_ends_it(fake: FakeNgrok) -> None:
    """`top | head` is lines, and no error when head has gone."""
    fake.add_agents(3)
    command = f"{sys.executable} -m ngrok_async top --share 1; echo $? >&2"
    process = await asyncio.create_subprocess_shell(
        f"({command}) | head -n 2",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NGROK_API_KEY": fake.api_key, "NGROK_API_URL": fake.url},
    )
    reading = asyncio.ensure_future(process.communicate())
    while not reading.done():
        fake.drop(fake.agents[0])
        await asyncio.wait([reading], timeout=0.2)
    written, told = await reading

    assert 2 == len(written.splitlines())
    assert b"0" == told.split()[-1]
