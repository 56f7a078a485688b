"""Wall time over the least possible: waiting for pages, and for the rate limit."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterable

import attrs
from adapters import Adapter, Ours
from bodies import PAGE, session_id
from server import running

_LATENCY = 0.05
_WORK = 0.05  # per page
_PAGES = 20
_PORTIONS = 10  # of the work of a page
_STOPS = 240
_LIMIT = 120


async def prefetch(all_: Iterable[Adapter], repeats: int) -> dict[str, float]:
    """Walk over pages from a slow server, with work on each; return ratios by adapter.

    The least possible is one latency and then the same work on items that are there already.
    """
    ratios: dict[str, float] = {}
    with running(latency=_LATENCY, sessions=_PAGES * PAGE) as server:
        for adapter in all_:
            await adapter.open(server.url)
            await adapter.get(session_id(0))  # connects
            taken: list[float] = []
            for _ in range(repeats):
                least = await _seconds(_ready()) + await _one_get(adapter)
                taken.append(await _seconds(adapter.walk()) / least)
            ratios[adapter.name] = statistics.median(taken)
            await adapter.close()
    return ratios


async def pages(number: int, repeats: int) -> dict[str, float]:
    """Walk over as many pages by `pages()`, with work on each; return our ratio.

    The least possible is one latency and then the work.
    """
    adapter = Ours()
    ratios: list[float] = []
    with running(latency=_LATENCY, sessions=number * PAGE) as server:
        await adapter.open(server.url)
        await adapter.get(session_id(0))  # connects
        for _ in range(repeats):
            least = await _one_get(adapter) + await _worked(range(number))
            ratios.append(await _worked(adapter.pages()) / least)
        await adapter.close()
    return {adapter.name: statistics.median(ratios)}


async def _worked(pages: AsyncIterator[object] | range) -> float:
    begin = time.perf_counter()
    if isinstance(pages, range):
        for _ in pages:
            await asyncio.sleep(_WORK)
    else:
        async for _ in pages:
            await asyncio.sleep(_WORK)
    return time.perf_counter() - begin


async def _ready() -> AsyncIterator[object]:
    for number in range(_PAGES * PAGE):
        yield number


async def _one_get(adapter: Adapter) -> float:
    begin = time.perf_counter()
    await adapter.get(session_id(0))
    return time.perf_counter() - begin


async def _seconds(items: AsyncIterator[object]) -> float:
    begin, count = time.perf_counter(), 0
    async for _ in items:
        count += 1
        if count % (PAGE // _PORTIONS) == 0:
            await asyncio.sleep(_WORK / _PORTIONS)
    if count != _PAGES * PAGE:
        raise RuntimeError(f"{count} items")
    return time.perf_counter() - begin


@attrs.frozen
class Stops:
    """How stopping all sessions went.

    Attributes:
        ratio: Wall time by the least possible.
        rejected: How many requests the server refused.
        left: How many sessions run on.
    """

    ratio: float
    rejected: int
    left: int

    def __str__(self) -> str:
        """Show what a table has room for."""
        left = f"; {self.left} never stopped" if self.left else ""
        return f"{self.ratio:.2f}; {self.rejected}{left}"


async def stops(all_: Iterable[Adapter], window: float) -> dict[str, Stops]:
    """Stop twice as many sessions as a window allows; return how it went by adapter.

    The least possible is one window: then the second half may go out.
    """
    results: dict[str, Stops] = {}
    ids = [session_id(number) for number in range(_STOPS)]
    for adapter in all_:
        with running(limit=_LIMIT, window=window) as server:
            one = Ours(_LIMIT, window) if isinstance(adapter, Ours) else adapter
            await one.open(server.url)
            begin = time.perf_counter()
            await one.stops(ids, pause=window / _LIMIT)
            seconds = time.perf_counter() - begin
            await one.close()
        counts = server.counts
        results[adapter.name] = Stops(
            seconds / window, counts["rejected"], _STOPS - counts["stopped"]
        )
    return results
