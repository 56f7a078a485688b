"""Rollouts beside each other, beside a watch, and interrupted."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ngrok_async import Client
from ngrok_async.jobs import Notice, Reconnected, Rollout, watch
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok
from tests.jobs.fleets.world import (
    NEW,
    OLD,
    client_of,
    commands,
    owners,
    served,
    turned,
    wrong,
)

SIZE = 4
PHASES = ("updating", "fetched", "restarting", "away", "back", "verified")


@asynccontextmanager
async def fleet() -> AsyncGenerator[tuple[FakeNgrok, Client]]:
    """Serve some agents that have all the time they want."""
    async with served() as fake, client_of(fake) as ngrok:
        fake.newest_version = NEW
        for number in range(SIZE):
            fake.add_agent(
                agent_version=OLD,
                os="linux" if number % 2 else "darwin",
                metadata=f"till {number}",
                stop_delay=1,
                update_delay=4,
                restart_delay=6,
            )
        yield fake, ngrok


def check(fake: FakeNgrok) -> None:
    """Check that each agent was told each thing once, and has done it."""
    assert [1] * SIZE == [*commands(fake, "update").values()]
    assert [1] * SIZE == [*commands(fake, "restart").values()]
    assert [2] * SIZE == [len(agent.ids) for agent in fake.agents]
    assert {NEW} == {agent.agent_version for agent in fake.agents}


def back(notice: Notice[TunnelSession]) -> list[tuple[str, str]]:
    """Return who is taken for whom."""
    return [(notice.before.id, notice.item.id)] if isinstance(notice, Reconnected) else []


async def test_two_rollouts_at_once() -> None:
    """Each has agents of its own, and takes none of the other's for them."""
    async with fleet() as (fake, ngrok):
        f = ngrok.tunnel_sessions.fields
        rollouts = [Rollout.update(ngrok, f.os == name, to=NEW) for name in ("linux", "darwin")]
        work = asyncio.gather(*(rollout.run() for rollout in rollouts))
        reports = await turned(fake, [ngrok], work)

        check(fake)
        assert all(report.ok for report in reports)
        matches = [(s.id, s.new) for r in reports for s in r.steps if s.new is not None]
        assert SIZE == len(matches)
        assert [] == wrong(fake, matches)


async def test_two_rollouts_over_the_same_agents() -> None:
    """Who tells agents to restart that somebody else restarts never takes one for another."""
    async with fleet() as (fake, ngrok):
        work = asyncio.gather(
            *(Rollout.restart(ngrok, None, max_failures=SIZE).run() for _ in range(2))
        )
        reports = await turned(fake, [ngrok], work)

        matches = [(s.id, s.new) for r in reports for s in r.steps if s.new is not None]
        assert [] == wrong(fake, matches)


async def test_a_rollout_beside_a_watch() -> None:
    """Both see the same agents come back, and keep to what each may ask for."""
    async with fleet() as (fake, ngrok):
        agents = watch(ngrok.tunnel_sessions)
        seen: list[tuple[str, str]] = []

        async def follow() -> None:
            async for notice in agents:
                seen.extend(back(notice))

        following = asyncio.create_task(follow())
        report = await turned(fake, [ngrok], Rollout.update(ngrok, None, to=NEW).run())

        async def settled() -> None:
            while set(agents.items) != {agent.id for agent in fake.agents}:
                before = len(fake.requests)
                await fake.wait_for_requests(before + 1)

        await turned(fake, [ngrok], settled())
        following.cancel()
        await asyncio.wait([following])

        check(fake)
        assert report.ok
        assert 0 == fake.rejections
        assert [] == wrong(fake, seen)


@pytest.mark.parametrize("phase", PHASES)
async def test_interrupted_in_a_phase(phase: str, tmp_path: Path) -> None:
    """Ctrl-C in a loop over the steps loses nothing: the journal knows what was sent."""
    journal = tmp_path / "rollout.jsonl"
    async with fleet() as (fake, ngrok):

        async def until_interrupted() -> None:
            async for step in Rollout.update(ngrok, None, to=NEW, journal=journal):
                if step.phase == phase:
                    raise KeyboardInterrupt

        interrupted = turned(fake, [ngrok], _outcome(until_interrupted()))
        assert "KeyboardInterrupt" == await interrupted
        report = await turned(fake, [ngrok], Rollout.resume(ngrok, journal).run())

        check(fake)
        assert report.ok


@pytest.mark.parametrize("phase", PHASES[:-1])
async def test_cancelled_in_a_phase(phase: str, tmp_path: Path) -> None:
    """A rollout that is cancelled while it waits or asks goes on with its journal."""
    journal = tmp_path / "rollout.jsonl"
    async with fleet() as (fake, ngrok):
        reached = asyncio.Event()

        async def run() -> None:
            async for step in Rollout.update(ngrok, None, to=NEW, journal=journal):
                if step.phase == phase:
                    reached.set()

        running = asyncio.create_task(run())
        await turned(fake, [ngrok], reached.wait())
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()
        report = await turned(fake, [ngrok], Rollout.resume(ngrok, journal).run())

        check(fake)
        assert report.ok
        assert set(owners(fake)) >= {step.id for step in report.steps}


async def _outcome(work: Awaitable[None]) -> str:
    """Tell how something ended; an interrupt that leaves a task would end the test run."""
    try:
        await work
    except KeyboardInterrupt as interrupt:
        return type(interrupt).__name__
    return "none"
