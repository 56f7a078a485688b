"""`fleet`, on a clock that is turned; and progress as lines or a bar."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ngrok_async import Client, Timeout
from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._ends import Stop, UsageError
from ngrok_async.cli._jobs import fleet
from ngrok_async.cli._jobs._progress import progress
from ngrok_async.cli._out import Out
from ngrok_async.testing import FakeNgrok, TurnableClock
from tests.cli.running import Command
from tests.jobs.conftest import turned


@pytest.fixture
async def still() -> AsyncIterator[FakeNgrok]:
    """Serve a fake on a clock that stands still."""
    async with FakeNgrok(clock=TurnableClock(running=False), limit=None) as fake:
        yield fake


@pytest.fixture
async def ngrok(still: FakeNgrok) -> AsyncIterator[Client]:
    """Open a client that waits by the same clock."""
    patient = Timeout(total=None)
    async with Client(
        still.api_key, base_url=still.url, clock=still.clock, timeout=patient
    ) as ngrok:
        yield ngrok


async def do(ngrok: Client, fake: FakeNgrok, *words: str, form: str = "jsonl") -> int | None:
    """Run the command by the clock."""
    return await turned(ngrok, fake, begun(ngrok, *words, form=form))


def begun(ngrok: Client, *words: str, form: str = "jsonl") -> "asyncio.Future[int | None]":
    """Begin to run the command."""
    parser = Parser("fleet")
    fleet.arguments(parser)
    args = parser.parse_all(words)
    yes, dry = getattr(args, "yes", False), getattr(args, "dry_run", False)
    return asyncio.ensure_future(fleet.run(ngrok, args, Out(form, yes=yes, dry_run=dry)))


def rows(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, object]], str]:
    """Return what was printed: rows, and notes."""
    out, err = capsys.readouterr()
    return [json.loads(line) for line in out.splitlines()], err


async def test_update_of_what_is_old(
    still: FakeNgrok, ngrok: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """Versions are compared as numbers; a line for each agent, and one for each wave."""
    for version in ("3.9.0", "3.18.4", "3.39.0", ""):
        still.add_agent(agent_version=version, metadata=f"\x1b[2Jtill {version}", os="linux")

    code = await do(ngrok, still, "update", "--older-than", "3.39", "--waves", "1", "--yes")

    found, err = rows(capsys)
    assert 0 == code
    assert {"\x1b[2Jtill 3.9.0", "\x1b[2Jtill 3.18.4"} == {row["name"] for row in found}
    assert {"done"} == {row["state"] for row in found}
    assert ["wave 1 of 2: 1 done", "wave 2 of 2: 1 done"] == err.splitlines()[-2:]
    assert r"update " + still.agents[0].ids[0] + r" (\x1b[2Jtill 3.9.0)" in err


async def test_plan(still: FakeNgrok, ngrok: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is sent; who is skipped has the reason, and who looks alike is told."""
    still.add_agents(2, metadata="store", os="linux", credential="cr_1")
    still.add_agent(os="windows")

    assert None is await do(ngrok, still, "plan", "--all", "--to-do", "restart")

    found, err = rows(capsys)
    assert [1, 2, None] == [row["wave"] for row in found]
    assert found[2]["reason"]
    assert "look alike" in err
    assert "requests" in err
    assert all(request.method == "GET" for request in still.requests)


async def test_a_wave_of_two(
    still: FakeNgrok, ngrok: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its line comes when both are known."""
    for name in "ab":
        still.add_agent(os="linux", metadata=name)

    assert 0 == await do(ngrok, still, "stop", "--all", "--waves", "2", "--yes")

    assert "wave 1 of 1: 2 done" == rows(capsys)[1].splitlines()[-1]


async def test_dry_run(still: FakeNgrok, ngrok: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """It tells what would be done, and to whom."""
    agent = still.add_agent(os="linux", metadata="")

    with pytest.raises(Stop) as caught:
        await do(ngrok, still, "stop", "--filter", 'obj.os == "linux"', "--dry-run")

    assert 0 == caught.value.code
    assert f"would stop {agent.id}\n" in rows(capsys)[1]


async def test_some_fail(
    still: FakeNgrok, ngrok: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 4 where others are done, 1 where none is; who had no turn is printed as pending."""
    agents = [still.add_agent(os="linux", metadata=f"{n}") for n in range(3)]
    still.refuse("ERR_NGROK_808", agent=agents[1], command="restart")

    partly = await do(ngrok, still, "restart", "--all", "--waves", "1", "--yes")
    found, err = rows(capsys)
    still.refuse("ERR_NGROK_808", agent=agents[1], command="restart")
    none = await do(ngrok, still, "restart", "--filter", 'obj.metadata == "1"', "--yes")

    assert 4 == partly
    assert ["done", "failed", "pending"] == [row["state"] for row in found]
    assert "wave 2 of 3: 1 failed" in err
    assert 1 == none


async def test_resume(
    still: FakeNgrok, ngrok: Client, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Ctrl-C says how to go on, and what goes on sends no command twice."""
    journal = str(tmp_path / "restart.jsonl")
    for number in range(3):
        still.add_agent(os="linux", metadata=f"{number}", restart_delay=1.0)
    words = ("restart", "--all", "--waves", "1", "--yes", "--journal", journal)
    task = begun(ngrok, *words)
    turning = asyncio.ensure_future(turned(ngrok, still, task))
    while not any(request.method == "POST" for request in still.requests):  # noqa: ASYNC110 # it has no event for that
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turning
    assert f"fleet resume {journal}` goes on" in rows(capsys)[1]

    assert 0 == await do(ngrok, still, "resume", journal, "--yes")
    found, _ = rows(capsys)
    assert 0 == await do(ngrok, still, "resume", journal, "--yes", form="table")

    assert "verified" in capsys.readouterr().out
    sent = [request.path for request in still.requests if request.method == "POST"]
    assert 3 == len(found)
    assert len(sent) == len(set(sent))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("restart",), "say which agents"),
        (("restart", "--all", "--filter", "x"), "--all is said alone"),
        (("restart", "--all", "--waves", "1,x"), "such as 1,5,25"),
        (("update", "--older-than", "new"), "a version such as 3.39.0"),
        (("restart", "--all"), "ay so with --yes"),
    ],
    ids=["which", "all", "waves", "version", "not asked"],
)
async def test_what_cannot_be(
    still: FakeNgrok, ngrok: Client, words: tuple[str, ...], why: str
) -> None:
    """It is said in a line, and nothing is sent to an agent."""
    still.add_agents(2)

    with pytest.raises(UsageError, match=why):
        await do(ngrok, still, *words)

    assert all(request.method == "GET" for request in still.requests)


async def test_nobody(fake: FakeNgrok, command: Command) -> None:
    """No agent of this kind is 3; that none is old is fine."""
    assert 3 == (await command("fleet", "stop", "--filter", 'obj.os == "x"')).code
    code, _, err = await command("fleet", "update", "--older-than", "1", "--filter", "obj.os != ''")
    assert (0, "ngrok-async: no agent is older than 1\n") == (code, err)
    assert not [r for r in fake.requests if r.method == "POST"]


async def test_those_that_cannot_are_skipped(fake: FakeNgrok, command: Command) -> None:
    """That is no failure, and no command is sent."""
    fake.add_agent(os="windows")

    code, out, err = await command("fleet", "restart", "--all")

    assert (0, "0 agents in 0 waves\n") == (code, err)
    assert out == ""


@pytest.mark.parametrize("rich", [True, False], ids=["rich", "without"])
async def test_progress_in_a_terminal(monkeypatch: pytest.MonkeyPatch, rich: bool) -> None:  # noqa: FBT001 # of the table
    """A bar, with notes above it, that goes at the end; without rich a line now and then."""
    from tests.cli.screens import Screen  # noqa: PLC0415 # skips the test on Windows

    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    if not rich:
        monkeypatch.setitem(__import__("sys").modules, "rich.console", None)
    screen = Screen(80, 24)
    with os.fdopen(os.dup(screen.program), "w") as stderr:
        monkeypatch.setattr("sys.stderr", stderr)
        out = Out()
        with progress(out, 20, "rules") as shown:
            for number in range(20):
                shown.advance(f"\x1b[2Jstep {number}")
            out.note("a \x1b[2J[bold]pause")
        out.note("over")
    await screen.until("over")
    screen.close()

    assert r"a \x1b[2J[bold]pause" in screen.all
    assert rich is ("20/20" in screen.all)
    assert rich is not ("rules: 20 of 20, " in screen.all)
    assert "\x1b[2Jstep" not in screen.all
