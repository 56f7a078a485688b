"""Rollouts over fleets to which things happen. `python -m tests.jobs.fleets` has large numbers."""

from pathlib import Path

import pytest

from tests.jobs.fleets.runs import Tally, simulated
from tests.jobs.fleets.world import KINDS, Kind

SIZE = 9


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_is_taken_for_somebody_else(kind: Kind, tmp_path: Path) -> None:
    """Nothing is guessed, sent twice or told that is not so, whatever happens meanwhile."""
    tally = Tally()
    await simulated(kind, 1, SIZE, tmp_path / "rollout.jsonl", tally)

    assert (0, 0, 0, 0) == (tally.wrong, tally.doubled, tally.strangers, tally.lies)
    assert tally.restarts > SIZE / 2
    assert SIZE == sum(tally.states.values())
    assert sum(tally.told_by.values()) > SIZE / 2
