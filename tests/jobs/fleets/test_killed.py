"""A process that runs a rollout is killed, and another one goes on."""

import os
from pathlib import Path

import pytest

from tests.jobs.fleets.killing import Killed, killed

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")


async def test_nothing_is_sent_twice_after_a_kill(tmp_path: Path) -> None:
    """Who goes on with the journal of the dead repeats nothing, and tells what is so."""
    tally = Killed()
    await killed(tally, tmp_path / "rollout.jsonl", "update", [9, 3], size=3)

    assert 2 == tally.kills
    assert (0, 0) == (tally.doubled, tally.lies)
