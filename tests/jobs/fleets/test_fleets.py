"""Rollouts over fleets to which things happen. `python -m tests.jobs.fleets` has large numbers."""

from pathlib import Path

import pytest

from tests.jobs.fleets.runs import Tally, simulated
from tests.jobs.fleets.world import KINDS, Kind

SIZE = 9


@pytest.mark.parametrize("update", [True, False], ids=["update", "restart"])
@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_is_taken_for_somebody_else(
    kind: Kind, tmp_path: Path, *, update: bool
) -> None:
    """Nothing is guessed, sent twice or told that is not so, whatever happens meanwhile."""
    tally = Tally()
    await simulated(kind, 1, SIZE, tmp_path / "rollout.jsonl", tally, update=update)

    assert (0, 0, 0, 0) == (tally.wrong, tally.doubled, tally.strangers, tally.lies)
    assert tally.restarts > 0  # how many depends on the ids of the fake, which no seed has
    assert SIZE == sum(tally.states.values())
    assert sum(tally.told_by.values()) > 0
