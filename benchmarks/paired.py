"""Ratios that hold on a machine whose speed drifts: paired batches in random order."""

import gc
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import attrs

Batch: TypeAlias = Callable[[], Awaitable[int]]
"""Does some work; returns how many units of it."""


@attrs.frozen
class Ratio:
    """What a kind of work costs one adapter, by that of the baseline.

    Attributes:
        median: The median over the rounds.
        low: A quarter of the rounds are below.
        high: A quarter of the rounds are above.
        cost: The median cost of a unit of work, in seconds of CPU time.
    """

    median: float
    low: float
    high: float
    cost: float

    def __str__(self) -> str:
        """Show what a table has room for."""
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


async def measure(batches: Mapping[str, Batch], rounds: int) -> dict[str, Ratio]:
    """Run each batch once per round; return the ratios to the first one's cost.

    A slow second of the machine meets all batches of a round, and none of them always first.
    """
    names = list(batches)
    costs: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-1, rounds):  # the first round warms up
        order = random.sample(names, len(names))
        for name in order:
            cost = await _cost(batches[name])
            if number >= 0:
                costs[name].append(cost)
    return {name: _ratio(costs[name], costs[names[0]]) for name in names}


async def _cost(batch: Batch) -> float:
    gc.collect()  # nobody pays for the garbage of another; what a batch makes, it pays for
    begin = time.process_time()
    units = await batch()
    return (time.process_time() - begin) / units


def _ratio(costs: list[float], baseline: list[float]) -> Ratio:
    ratios = [cost / one for cost, one in zip(costs, baseline, strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(median, low, high, statistics.median(costs))
