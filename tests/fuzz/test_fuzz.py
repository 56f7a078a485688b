"""What is told about a call is the truth, whatever happens to it at whatever step.

A sample of the runs, always the same; `nox -s fuzz` does them all.
"""

import random
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.fuzz.certificate import contexts
from tests.fuzz.journal import Journal
from tests.fuzz.scenarios import SCENARIOS, Fuzz
from tests.fuzz.steps import StepLoop, uvloop_steps

STEPS = 45  # some more than the longest call has
SAMPLES = 120
LOOPS = {"asyncio": StepLoop, "eager tasks": StepLoop, "uvloop": uvloop_steps()}


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
def test_the_truth_is_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, secured: bool
) -> None:
    """Nothing false is said of `maybe_applied`, and nothing is lost, swallowed or left behind."""
    loop = LOOPS[name]
    if loop is None or (name == "eager tasks" and sys.version_info < (3, 12)):
        pytest.skip("not to be had here")
    server, client = contexts(tmp_path)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", client)
    journal = Journal(server if secured else None)
    fuzz = Fuzz(journal, loop, exact=name != "uvloop", eager=name == "eager tasks")
    dice = random.Random(f"{name} {secured}")  # noqa: S311 # no secret
    for _ in range(SAMPLES):
        fuzz.run(dice.choice(SCENARIOS), dice.randrange(STEPS))
    journal.stop()

    assert [] == fuzz.faults
    assert fuzz.left_by_asyncio < SAMPLES / 10
    assert SAMPLES == fuzz.runs == sum(fuzz.outcomes.values())
    assert 10 < len(fuzz.outcomes)
