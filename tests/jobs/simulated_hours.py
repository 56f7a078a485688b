"""Hours of watching, held against the truth: `python -m tests.jobs.simulated_hours`.

The first table has each way of paging, each rate of faults and how often agents come and go:
nothing that was told may be false, all of it has to add up to the truth, and the share has to be
kept. The second one is that of `docs/jobs.md`: how long it takes until something is told. Anything
that is not as it should be fails the run. It takes a few minutes.
"""

import asyncio
import sys
from itertools import product
from typing import Final

from ngrok_async.testing import TurnableClock
from tests.jobs.simulated import STYLES, Seen, Server, hour

RATES: Final = (0.0, 0.05, 1 / 3)
LIFETIMES: Final = (1800.0, 7200.0, 43_200.0)
FLEETS: Final = (10, 60, 250, 1000)
SEEDS: Final = range(4)
SIZES: Final = (10, 100, 300, 1_000, 3_000, 10_000)


def failed(seen: Seen) -> list[str]:
    """Return what is not as it should be."""
    over = ["too many requests"] if seen.requests > 1.05 * seen.allowed else []
    return [*seen.wrong, *over, *(f"{id_} differs at the end" for id_ in seen.missing)]


async def hours() -> list[str]:
    """Print the table of truth."""
    print("paging    faults  lifetime  hours  notices  reconnected  requests/allowed  false")
    problems: list[str] = []
    for style, fails, lifetime in product(STYLES, RATES, LIFETIMES):
        found: list[str] = []
        told = reconnected = count = 0
        most = 0.0
        for agents, seed in product(FLEETS, SEEDS):
            server = Server(
                TurnableClock(running=False),
                agents,
                style=style,
                fails=fails,
                lifetime=lifetime,
                alike=0.3,
                seed=seed,
            )
            seen = await hour(server, quiet=2400)
            found += failed(seen)
            count += 1
            told += sum(seen.told.values())
            reconnected += seen.told["Reconnected"]
            most = max(most, seen.requests / seen.allowed)
        print(
            f"{style:9} {fails:6.0%} {lifetime / 3600:7.1f} h {count:6} {told:8} {reconnected:12}"
            f" {most:17.1%} {len(found):6}",
            flush=True,
        )
        problems += [f"{style} {fails:.0%} {lifetime}: {problem}" for problem in found]
    return problems


async def delays() -> list[str]:
    """Print the table of the page: seconds until something is told."""
    print("\nshare  agents  added: median  worst  removed: median  worst")
    problems: list[str] = []
    for share, agents in product((0.1, 0.5), SIZES):
        all_of_them = Seen()
        for seed in SEEDS:
            server = Server(TurnableClock(running=False), agents, lifetime=43_200, seed=seed)
            # What happens while the watch gets to know them counts as the start.
            seen = await hour(server, share=share, seconds=3600 + agents / 2, settled=agents / 2)
            all_of_them.added += seen.added
            all_of_them.removed += seen.removed
            problems += seen.wrong
        added, longest, removed, worst = all_of_them.delays
        print(f"{share:5} {agents:7} {added:14} {longest:6} {removed:16} {worst:6}", flush=True)
    return problems


async def main() -> int:
    """Run both; the exit code is 1 where something is wrong."""
    problems = await hours() + await delays()
    print(*problems, sep="\n")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
