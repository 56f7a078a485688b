"""The journal of a rollout: what is in it, who may have it, and going on from it."""

# ruff: noqa: ASYNC240 # files of a few lines, in a loop that serves nobody else

import asyncio
import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from ngrok_async import Client
from ngrok_async.errors import ConfigurationError
from ngrok_async.jobs import Rollout
from ngrok_async.jobs._journal import Journal
from ngrok_async.testing import FakeNgrok
from tests.jobs.conftest import turned
from tests.jobs.rolled import agents_of, commands, done

SECRETS: Final = ("shop-4711", "203.0.113.77", "cr_secretive", "till.example.com")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a file that is not there yet."""
    return tmp_path / "rollout.jsonl"


async def test_what_is_in_it(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """The plan at first, then a line before each command and after each outcome; no identity."""
    (agent,) = agents_of(
        fake, 1, metadata="shop-4711", ip="203.0.113.77", credential="cr_secretive", tunnels=0
    )
    fake.add_tunnel(agent, public_url="https://till.example.com")
    id_ = agent.id

    assert (await done(ngrok, fake, Rollout.restart(ngrok, None, journal=path))).ok

    text = path.read_text()
    first, *others = map(json.loads, text.splitlines())
    assert [each["id"] for each in first["agents"]] == [id_]
    assert [line["phase"] for line in others if line["id"] == id_] == [
        "restarting", "restarting", "away", "back", "verified",
    ]  # fmt: skip
    assert others[0]["answer"] == ""
    assert others[0]["mark"] == id_
    assert others[1]["answer"] == "taken"
    assert not [secret for secret in (*SECRETS, fake.api_key) if secret in text]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_its_hashes_are_salted(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """Two journals of the same agents have no hash in common."""
    agents_of(fake, 1)
    found: list[str] = []
    for name in ("one", "two"):
        await done(ngrok, fake, Rollout.restart(ngrok, None, journal=path.with_name(name)))
        header = json.loads(path.with_name(name).read_text().splitlines()[0])
        found += [header["agents"][0]["identity"]]

    assert found[0] != found[1]


async def test_a_new_rollout_on_an_old_journal(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """It is refused, also by its plan, and nothing is sent; the way on is named."""
    agents_of(fake, 1)
    await done(ngrok, fake, Rollout.restart(ngrok, None, journal=path))
    sent = len(fake.requests)

    with pytest.raises(ConfigurationError, match=r"Rollout\.resume"):
        await Rollout.restart(ngrok, None, journal=path).plan()
    with pytest.raises(ConfigurationError, match=r"Rollout\.resume"):
        await Rollout.restart(ngrok, None, journal=path).run()

    assert len(fake.requests) == sent


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no journal"),
        (b"", "begin anew"),
        (b'{"kind": "ngrok-async roll', "begin anew"),
        (b"[]\n{}\n", "no journal of a rollout"),
        (b"{}\n", "no journal of a rollout"),
        (b'{"kind": "ngrok-async rollout", "form": 99}\n', "no journal of a rollout"),
        (b"Dear diary\n", "line 1"),
        (b"\xff\n", "line 1"),
        (b"Dear diary", "something else"),
        (b'{"kind": "Deployment"}', "something else"),
    ],
)
async def test_what_is_no_journal(
    ngrok: Client, fake: FakeNgrok, path: Path, content: bytes | None, message: str
) -> None:
    """It is told, and nothing is sent."""
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigurationError, match=message):
        await Rollout.resume(ngrok, path).run()

    assert not fake.requests


async def test_a_folder_is_no_journal(ngrok: Client, fake: FakeNgrok, tmp_path: Path) -> None:
    """What cannot be opened is told with its name."""
    agents_of(fake, 1)

    with pytest.raises(ConfigurationError, match=r"journal .*: "):
        await turned(ngrok, fake, Rollout.restart(ngrok, None, journal=tmp_path).run())


async def test_a_first_line_that_was_cut(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """No agent had a command yet, so a new rollout takes the file."""
    agents_of(fake, 1)
    path.write_bytes(b'{"kind": "ngrok-async roll')

    assert (await done(ngrok, fake, Rollout.restart(ngrok, None, journal=path))).ok
    assert (await done(ngrok, fake, Rollout.resume(ngrok, path))).ok


async def test_two_loops_on_one_journal(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """While one is under way, or waits between two steps, another is refused."""
    agents_of(fake, 2)
    steps = aiter(Rollout.restart(ngrok, None, journal=path))
    await turned(ngrok, fake, anext(steps))

    with pytest.raises(ConfigurationError, match="another rollout has the journal"):
        await done(ngrok, fake, Rollout.resume(ngrok, path))

    del steps
    assert (await done(ngrok, fake, Rollout.resume(ngrok, path))).ok


async def test_two_processes_on_one_journal(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """The lock is that of the operating system: it holds between processes, and ends with one."""
    agents_of(fake, 1)
    await done(ngrok, fake, Rollout.restart(ngrok, None, journal=path))
    code = (
        "import sys, pathlib; from ngrok_async.jobs._journal import Journal;"
        "held = Journal(pathlib.Path(sys.argv[1])); print('held', flush=True); input()"
    )
    other = subprocess.Popen(  # noqa: ASYNC220 # it says at once that it has begun
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    try:
        with pytest.raises(ConfigurationError, match="another rollout has the journal"):
            await done(ngrok, fake, Rollout.resume(ngrok, path))
    finally:
        other.kill()
        other.communicate()

    assert (await done(ngrok, fake, Rollout.resume(ngrok, path))).ok


async def test_a_journal_that_went_on_elsewhere(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """A rollout that was paused does not go on behind another one's back."""
    agents_of(fake, 2)
    paused = Rollout.restart(ngrok, None, journal=path)

    async def some() -> None:
        async for _ in paused:
            break

    await turned(ngrok, fake, some())
    await done(ngrok, fake, Rollout.resume(ngrok, path))

    with pytest.raises(ConfigurationError, match="has gone on with the journal"):
        await paused.run()


class KilledError(BaseException):
    """Nothing of the process goes on after this."""


@pytest.mark.parametrize("verb", ["update", "restart", "stop"])
@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
async def test_killed_at_any_line(
    ngrok: Client,
    fake: FakeNgrok,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    verb: str,
    part: float,
) -> None:
    """Wherever the process ended, before a line, in it or after it: no command is sent twice."""
    write, killed_at = Journal.write, 1
    f, count = ngrok.tunnel_sessions.fields, 0

    def until_killed(journal: Journal, line: dict[str, object]) -> None:
        nonlocal count
        count += 1
        write(journal, line)
        if count == killed_at:
            os.truncate(path, path.read_bytes().rstrip(b"\n").rfind(b"\n") + 1)
            with path.open("ab") as file:
                text = json.dumps(line, separators=(",", ":")).encode() + b"\n"
                file.write(text[: int(len(text) * part)])
            raise KilledError

    while True:
        (agent,) = agents_of(fake, 1)
        where, count = f.metadata == agent.metadata, 0
        monkeypatch.setattr(Journal, "write", until_killed)
        try:
            await done(ngrok, fake, getattr(Rollout, verb)(ngrok, where, journal=path))
        except KilledError:
            pass
        else:
            break
        monkeypatch.setattr(Journal, "write", write)
        if killed_at == 1 and part < 1:
            with pytest.raises(ConfigurationError, match="begin anew"):
                await done(ngrok, fake, Rollout.resume(ngrok, path))
        else:
            report = await done(ngrok, fake, Rollout.resume(ngrok, path))
            assert report.ok or "update unclear" in report.steps[0].reason
        path.unlink()
        killed_at += 1

    sent = commands(fake)
    assert len(sent) == len(set(sent))
    assert killed_at > (4 if verb == "stop" else 5)


async def test_resume_commands_nobody_new(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """Agents that have come since are in no journal, and get no command."""
    (first,) = agents_of(fake, 1)
    second = agents_of(fake, 1)[0]
    rollout = Rollout.stop(ngrok, None, waves=(1,), journal=path)

    async def some() -> None:
        async for step in rollout:
            if step.state == "done":
                break

    await turned(ngrok, fake, some())
    late = agents_of(fake, 1)[0]
    ids = {first.id, second.id}
    report = await done(ngrok, fake, Rollout.resume(ngrok, path))

    assert report.ok
    assert {id_ for id_, _ in commands(fake)} == ids
    assert late.online


async def test_failures_before_a_resume_count(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """What failed in an earlier process is a failure of the rollout."""
    agents = agents_of(fake, 3)
    fake.refuse("ERR_NGROK_807", agent=agents[-1])
    rollout = Rollout.stop(ngrok, None, waves=(1,), journal=path)

    async def some() -> None:
        async for step in rollout:
            if step.state == "failed":
                break

    await turned(ngrok, fake, some())
    report = await done(ngrok, fake, Rollout.resume(ngrok, path))

    assert [step.state for step in report.steps] == ["failed", "pending", "pending"]
    assert len(commands(fake)) == 1


@pytest.mark.parametrize("verb", ["update", "restart", "stop"])
async def test_cancelled_anywhere(ngrok: Client, fake: FakeNgrok, path: Path, verb: str) -> None:
    """After a cancellation at any of its awaits it goes on, and no command is sent twice."""
    f, cut, is_over = ngrok.tunnel_sessions.fields, 0, False
    while not is_over:
        (agent,) = agents_of(fake, 1)
        cut += 9 + cut // 9
        rollout: Rollout = getattr(Rollout, verb)(
            ngrok, f.metadata == agent.metadata, journal=path.with_name(str(cut))
        )
        task = asyncio.ensure_future(rollout.run())
        for _ in range(cut):
            await asyncio.sleep(0)
            due, budget = fake.clock.next_due, ngrok.budget
            if due is not None and budget is not None and not budget.in_flight:
                fake.clock.advance(max(0.0, due - fake.clock.time()))
        is_over = task.done()
        task.cancel()
        await asyncio.wait([task])

        report = await done(ngrok, fake, rollout)

        assert report.ok or "update unclear" in report.steps[0].reason
    sent = commands(fake)
    assert len(sent) == len(set(sent))
    assert cut > 40


async def test_a_journal_that_came_after_the_plan(
    ngrok: Client, fake: FakeNgrok, path: Path
) -> None:
    """Another rollout began on it meanwhile, so this one does not."""
    agents_of(fake, 1)
    late = Rollout.restart(ngrok, None, journal=path)
    await turned(ngrok, fake, late.plan())
    await done(ngrok, fake, Rollout.restart(ngrok, None, journal=path))
    sent = len(commands(fake))

    with pytest.raises(ConfigurationError, match=r"Rollout\.resume"):
        await late.run()

    assert len(commands(fake)) == sent


async def test_resume_after_agents_have_connected_anew(
    ngrok: Client, fake: FakeNgrok, path: Path
) -> None:
    """Who got its command under another id, and who moved while nobody looked, is found again."""
    first, second = agents_of(fake, 2)
    rollout = Rollout.restart(ngrok, None, waves=(1,), journal=path)
    await turned(ngrok, fake, rollout.plan())
    fake.drop(second, back_after=2)

    async def some() -> None:
        async for step in rollout:
            if step.phase == "restarting":
                break

    await turned(ngrok, fake, some())
    fake.drop(first)
    report = await done(ngrok, fake, Rollout.resume(ngrok, path))

    assert report.ok
    assert [step.agent for step in report.steps] == [None, None]
    assert {step.new for step in report.steps} == {first.id, second.id}
    assert [len(agent.ids) for agent in (first, second)] == [3, 3]
    sent = commands(fake)
    assert len(sent) == len(set(sent)) == 4


async def test_resume_among_agents_that_look_alike(
    ngrok: Client, fake: FakeNgrok, path: Path
) -> None:
    """Who was there before the command is nobody's successor, in the next process too."""
    agents_of(fake, 3, metadata="store", credential="cr_1")
    never = fake.agents[-1]
    never.restart_delay, planned = float("inf"), never.id
    others = {agent.id for agent in fake.agents}
    rollout = Rollout.restart(ngrok, None, max_failures=9, patience=60, journal=path)

    async def some() -> None:
        async for step in rollout:
            if step.phase == "restarting":
                break

    await turned(ngrok, fake, some())
    report = await done(ngrok, fake, Rollout.resume(ngrok, path))

    (lost,) = [step for step in report.steps if step.id == planned]
    assert (lost.state, lost.new) == ("failed", None)
    assert [step.state for step in report.steps] == ["failed", "done", "done"]
    assert not {step.new for step in report.steps} & others


async def test_resume_beside_who_came_before_the_command(
    ngrok: Client, fake: FakeNgrok, path: Path
) -> None:
    """Who connected between the plan and the command is not taken for who is back."""
    (agent,) = agents_of(fake, 1, metadata="store", credential="cr_1", restart_delay=float("inf"))
    rollout = Rollout.restart(ngrok, None, patience=60, journal=path)
    await turned(ngrok, fake, rollout.plan())
    fake.clock.advance(30)
    agents_of(fake, 1, metadata="store", credential="cr_1", ip=agent.ip)

    async def some() -> None:
        async for step in rollout:
            if step.phase == "restarting":
                break

    await turned(ngrok, fake, some())
    report = await done(ngrok, fake, Rollout.resume(ngrok, path))

    assert [(step.state, step.new) for step in report.steps] == [("failed", None)]


async def test_a_long_line_that_was_cut(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """Nothing of it is left behind the lines that follow."""
    agents_of(fake, 1)
    rollout = Rollout.restart(ngrok, None, journal=path)

    async def some() -> None:
        async for _ in rollout:
            break

    await turned(ngrok, fake, some())
    with path.open("ab") as file:
        file.write(b'{"id": "' + b"x" * 9_999)

    assert (await done(ngrok, fake, Rollout.resume(ngrok, path))).ok
    assert all(json.loads(line) for line in path.read_bytes().splitlines())


async def until_restarting(rollout: Rollout, times: int) -> None:
    """Leave the loop once so many restarts have been told."""
    async for step in rollout:
        times -= step.phase == "restarting"
        if not times:
            break


async def test_the_plan_of_a_resume(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """It tells who is still to come; whom it has been through is done already."""
    agents_of(fake, 3)
    rollout = Rollout.restart(ngrok, None, waves=(1,), journal=path)
    await turned(ngrok, fake, until_restarting(rollout, 2))
    fake.clock.advance(60)
    again = Rollout.resume(ngrok, path)
    plan = await turned(ngrok, fake, again.plan())

    assert [step.state for step in plan.steps] == ["done", "pending", "pending"]
    assert [len(wave) for wave in plan.waves] == [0, 1]
    assert (await done(ngrok, fake, again)).ok
    assert len(commands(fake)) == 3


async def test_resume_of_an_agent_under_another_id(
    ngrok: Client, fake: FakeNgrok, path: Path
) -> None:
    """The journal has the session that got the command in the place of the planned one."""
    (agent,) = agents_of(fake, 1)
    rollout = Rollout.restart(ngrok, None, journal=path)
    await turned(ngrok, fake, rollout.plan())
    fake.drop(agent, back_after=2)
    await turned(ngrok, fake, until_restarting(rollout, 2))

    report = await done(ngrok, fake, Rollout.resume(ngrok, path))

    assert report.ok
    assert report.steps[0].new == agent.id
    assert commands(fake) == [(id_, "restart") for id_ in agent.ids[:2]]


@pytest.mark.parametrize("content", [b"Dear diary", b'{"kind": "Deployment"}'])
async def test_somebody_elses_file(
    ngrok: Client, fake: FakeNgrok, path: Path, content: bytes
) -> None:
    """A file with a text that has no line is left as it is, and no agent is told anything."""
    agents_of(fake, 1)
    path.write_bytes(content)

    with pytest.raises(ConfigurationError, match="something else"):
        await done(ngrok, fake, Rollout.restart(ngrok, None, journal=path))

    assert path.read_bytes() == content
    assert not commands(fake)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such modes")
async def test_a_file_that_all_may_read(ngrok: Client, fake: FakeNgrok, path: Path) -> None:
    """An empty file that was there before is nobody else's from the first line on."""
    agents_of(fake, 1)
    path.touch()
    path.chmod(0o644)

    await done(ngrok, fake, Rollout.restart(ngrok, None, journal=path))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (0, {"options": 3}),
        (0, {"options": {"verb": "stop", "more": 1}}),
        (0, {"options": {"verb": "explode"}}),
        (0, {"options": {"verb": "stop", "waves": [0]}}),
        (0, {"options": {"verb": "stop", "patience": None}}),
        (0, {"agents": None}),
        (0, {"agents": [{"id": "ts_1"}]}),
        (0, {"salt": "no"}),
        (0, {"others": [3]}),
        (1, {"id": "ts_unknown"}),
        (1, {"learned": 3}),
    ],
)
async def test_lines_that_no_rollout_writes(
    ngrok: Client, fake: FakeNgrok, path: Path, number: int, change: dict[str, object]
) -> None:
    """They are told as such before anything is sent."""
    agents_of(fake, 1)
    await done(ngrok, fake, Rollout.restart(ngrok, None, journal=path))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[number] |= change
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    sent = len(fake.requests)

    with pytest.raises(ConfigurationError, match="a line is not as"):
        await Rollout.resume(ngrok, path).run()

    assert len(fake.requests) == sent


async def test_a_disk_that_is_full(
    ngrok: Client, fake: FakeNgrok, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line is no line: the rollout goes on behind the last whole one."""
    agents_of(fake, 2)
    write, calls = os.write, list[int]()

    def full(file: int, content: memoryview) -> int:
        calls.append(file)
        if len(calls) == 4:
            return write(file, content[:20])
        if len(calls) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, content)

    rollout = Rollout.restart(ngrok, None, journal=path)
    with monkeypatch.context() as patch:
        patch.setattr("ngrok_async.jobs._journal.os.write", full)
        with pytest.raises(OSError, match="No space"):
            await done(ngrok, fake, rollout)

    assert (await done(ngrok, fake, rollout)).ok
    assert (await done(ngrok, fake, Rollout.resume(ngrok, path))).ok
