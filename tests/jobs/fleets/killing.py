"""Rollouts in a process of their own that is killed, and resumed until it ends."""

import asyncio
import json
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import attrs

from ngrok_async.testing import FakeNgrok
from tests.jobs.fleets import child
from tests.jobs.fleets.world import NEW, OLD, commands, served

SPEED: Final = 60.0
_TICK: Final = 0.002
_LONGEST: Final = 60.0


@attrs.define
class Killed:
    """What became of rollouts that were killed.

    Attributes:
        kills: How often that was.
        commands: What the agents were told.
        doubled: What they were told twice.
        lies: Agents of which the report says what is not so.
    """

    kills: int = 0
    commands: int = 0
    doubled: int = 0
    lies: int = 0


@asynccontextmanager
async def fleet(size: int) -> AsyncGenerator[FakeNgrok]:
    """Serve agents whose time goes as fast as that of the process."""
    async with served(limit=None) as fake:
        fake.newest_version = NEW
        for number in range(size):
            fake.add_agent(
                agent_version=OLD,
                metadata=f"till {number}",
                os="linux",
                stop_delay=1,
                update_delay=4,
                restart_delay=6,
            )
        turning = asyncio.create_task(_turn(fake))
        yield fake
        turning.cancel()
        with suppress(asyncio.CancelledError):
            await turning


async def _turn(fake: FakeNgrok) -> None:
    before = time.monotonic()
    while True:
        await asyncio.sleep(_TICK)
        now = time.monotonic()
        fake.clock.advance((now - before) * SPEED)
        before = now


async def killed(
    tally: Killed,
    journal: Path,
    verb: str,
    after: list[int],
    *,
    size: int,
    how: signal.Signals = signal.SIGKILL,
) -> None:
    """Run a rollout in a process, kill it after so many requests each time, and let it end.

    What is killed right before a request is answered has sent it, and does not know what became of
    it. Half of the kills come a moment later, when the answer is on its way, or has been read.
    """
    dice = random.Random(str(after))  # noqa: S311 # no secret
    async with fleet(size) as fake:
        for count in after:
            begun = await _begin(fake, journal, verb)
            moment = dice.choice([0.0, dice.uniform(0, 0.05)])

            def kill(begun: Process = begun, moment: float = moment) -> None:
                def now() -> None:
                    with suppress(ProcessLookupError):
                        begun.send_signal(how)

                asyncio.get_running_loop().call_later(moment, now) if moment else now()

            fake.meanwhile(kill, after=count)
            async with asyncio.timeout(_LONGEST):
                await begun.communicate()
            fake.heal()
            tally.kills += begun.returncode != 0
        ending = await _begin(fake, journal, verb)
        async with asyncio.timeout(_LONGEST):
            out, error = await ending.communicate()
        assert 0 == ending.returncode, error.decode()
        judge(tally, fake, json.loads(out), verb)


async def _begin(fake: FakeNgrok, journal: Path, verb: str) -> Process:
    arguments = (child.__file__, fake.url, fake.api_key, str(journal), verb, str(SPEED))
    return await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=PIPE, stderr=PIPE
    )


def judge(tally: Killed, fake: FakeNgrok, report: Mapping[str, Any], verb: str) -> None:
    """Compare what the fake received, and what became of its agents, with the report."""
    sent = {one: commands(fake, one) for one in ("update", "restart", "stop")}
    tally.commands += sum(sum(counts.values()) for counts in sent.values())
    tally.doubled += sum(count - 1 for counts in sent.values() for count in counts.values())
    states = {step["id"]: step for step in report["steps"]}
    for agent in fake.agents:
        sessions = 1 if verb == "stop" else 2
        tally.doubled += len(agent.ids) > sessions  # it was told again under its new id
        told = states[agent.ids[0]]
        is_so = (
            len(agent.ids) == sessions
            and agent.online == (verb != "stop")
            and (verb != "update" or agent.agent_version == NEW)
        )
        tally.lies += (told["state"] == "done") != is_so
