"""The exact pass, the loop and msgspec read any body alike; `nox -s fuzz` tries a million."""

import random

import pytest

from ngrok_async._wire import read as reading
from tests.fuzz.bodies import differences

ANY = random.randrange(2**32)  # noqa: S311 # no secret


@pytest.mark.parametrize("seed", [1, 2, ANY], ids=["1", "2", "any"])
def test_all_ways_of_reading_agree(seed: int) -> None:
    """Values, what is not known, messages and places are the same to the last field."""
    found, counts = differences(1500, seed)

    assert [] == found, f"seed {seed}"
    assert counts["read"] > 500
    assert counts["refused"] > 100
    assert (reading.decoder() == "msgspec") == (counts["with types"] > 0)
