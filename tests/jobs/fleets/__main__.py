"""Run the simulations with large numbers: `python -m tests.jobs.fleets [--every N] [PART ...]`.

It prints the tables of `docs/agents.md`, and fails where something was wrong.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from tests.jobs.fleets.killing import Killed, killed
from tests.jobs.fleets.runs import Tally, simulated
from tests.jobs.fleets.test_counts import beside_another, planned, restarted
from tests.jobs.fleets.world import KINDS, client_of, served

SEEDS = 100
SIZE = 24
KILLS = 50
PARTS = ("fleets", "kills", "counts")


async def fleets(every: int) -> int:
    """Run all kinds of fleets with all seeds."""
    bad = 0
    columns = "restarts", "wrong", "not told", "never back", "done", "failed", "unclear", "requests"
    print("| command | fleet |", " | ".join(columns), "|")
    print("|---" * (len(columns) + 2), "|", sep="")
    for update, kind in product((True, False), KINDS):
        tally = Tally()
        for seed in range(0, SEEDS, every):
            with tempfile.TemporaryDirectory() as folder:
                journal = Path(folder, "rollout.jsonl")
                await simulated(kind, seed, SIZE, journal, tally, update=update)
        row = [
            *(f"{count:,}" for count in (tally.restarts, tally.wrong, tally.untold, tally.never)),
            *(f"{tally.states[state]:,}" for state in ("done", "failed", "unclear")),
            f"{tally.requests / max(1, tally.restarts):.1f}",
        ]
        print(f"| {'update' if update else 'restart'} | {kind} |", " | ".join(row), "|")
        print(f"    {dict(tally.told_by)} {dict(tally.happened)} {dict(tally.states)}")
        print(
            f"    sent twice: {tally.doubled}, to strangers: {tally.strangers},"
            f" told what is not so: {tally.lies}",
            flush=True,
        )
        bad += tally.wrong + tally.doubled + tally.strangers + tally.lies
    return bad


async def kills(every: int) -> int:
    """Kill processes at random moments, and interrupt some as Ctrl-C does."""
    dice = random.Random("kills")  # noqa: S311 # no secret
    tallies = {signal.SIGKILL: Killed(), signal.SIGINT: Killed()}
    for how, tally in tallies.items():
        while tally.kills < KILLS // every:
            after = [dice.randrange(1, 40)] + [dice.randrange(1, 15) for _ in range(3)]
            with tempfile.TemporaryDirectory() as folder:
                verb = dice.choice(["update", "update", "restart", "stop"])
                journal = Path(folder, "rollout.jsonl")
                await killed(tally, journal, verb, after, size=8, how=how)
        print(f"{how.name}: {tally}", flush=True)
    return sum(tally.doubled + tally.lies for tally in tallies.values())


async def counts(every: int) -> int:
    """Count requests."""
    for wave in (1, 5, 25, 100):
        async with served() as fake, client_of(fake) as ngrok:
            begin = fake.clock.time()
            each = await restarted(fake, ngrok, wave, 100 // every)
            minutes = (fake.clock.time() - begin) / 60
            print(f"waves of {wave}: {each:.2f} requests for each agent, {minutes:.0f} min")
    print(f"plan of 1,000 agents: {await planned(1000)} requests")
    refused, own, others = await beside_another(200 // every)
    print(f"beside another client: {refused} refused, {own} own, {others} of the other")
    return refused


def main() -> int:
    """Run; tell whether something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--every", type=int, default=1, help="only every n-th part of it")
    given = parser.parse_args()
    bad = 0
    for part in given.parts or PARTS:
        begin = time.monotonic()
        bad += asyncio.run(globals()[part](given.every))
        print(f"{part}: {time.monotonic() - begin:.0f} s")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
