"""Run every scenario at each step and read a million bodies: `python -m tests.fuzz [--every N]`."""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import connector

from tests.fuzz.bodies import differences
from tests.fuzz.certificate import contexts
from tests.fuzz.journal import Journal
from tests.fuzz.scenarios import SCENARIOS, Fuzz
from tests.fuzz.steps import StepLoop, uvloop_steps

LONGEST = 300
BODIES = 1_000_000


def main() -> int:
    """Run; tell whether something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every n-th scenario")
    every: int = parser.parse_args().every
    logging.disable()
    wrong = _read_bodies(BODIES // every)
    folder = tempfile.TemporaryDirectory()
    server, client = contexts(Path(folder.name))
    vars(connector)["_SSL_CONTEXT_VERIFIED"] = client
    loops = {"asyncio": StepLoop, "uvloop": uvloop_steps()}
    if hasattr(asyncio, "eager_task_factory"):
        loops["eager tasks"] = StepLoop
    for name, loop in loops.items():
        for tls in (None, server) if loop is not None else ():
            begin, journal = time.monotonic(), Journal(tls)
            fuzz = Fuzz(journal, loop, exact=name != "uvloop", eager=name == "eager tasks")
            for scenario in SCENARIOS[::every]:
                step = 0
                while step < LONGEST and fuzz.run(scenario, step):
                    step += 5 if name == "uvloop" else 1  # its rounds are short, and many
            journal.stop()
            wrong += len(fuzz.faults)
            _report(f"{name}, {'TLS' if tls else 'plain'}", fuzz, time.monotonic() - begin)
    folder.cleanup()
    return min(wrong, 1)


def _read_bodies(cases: int) -> int:
    begin, seed = time.monotonic(), random.randrange(2**32)  # noqa: S311 # no secret
    found, counts = differences(cases, seed)
    seconds = time.monotonic() - begin
    print(f"bodies, seed {seed}: {dict(counts)} in {seconds:.0f} s, {len(found)} differences")
    for difference in found[:20]:
        print(f"    ! {difference}")
    return len(found)


def _report(title: str, fuzz: Fuzz, seconds: float) -> None:
    print(f"{title}: {fuzz.runs} runs in {seconds:.0f} s, {len(fuzz.faults)} faults")
    if fuzz.left_by_asyncio:
        print(f"    {fuzz.left_by_asyncio:6} connections left by asyncio in the first step of TLS")
    for outcome, count in sorted(fuzz.outcomes.items()):
        print(f"    {count:6} {outcome}")
    for fault in fuzz.faults[:20]:
        print(f"    ! {fault}")
    sys.stdout.flush()


sys.exit(main())
