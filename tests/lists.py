"""A list that is kept in memory, and pagers of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType

import attrs

from ngrok_async import (
    Page,
    Pager,
)
from ngrok_async.pagination import Query


@attrs.frozen
class Thing:
    """What the lists hold."""

    id: str


class BrokenError(Exception):
    """Stands for whatever a request may raise."""


class Things:
    """A list in pages, one letter per item. Its cursors are `@1`, `@2`, ... and no item's id."""

    url = "https://api.ngrok.com/things"
    path = "/things"

    def __init__(
        self,
        *pages: Sequence[str],
        prefetch: bool = False,
        links: Mapping[int, str | None] = MappingProxyType({}),
    ) -> None:
        """Lay the pages out."""
        self.pages = [tuple(Thing(id_) for id_ in page) for page in pages]
        self.prefetch = prefetch
        self.links = links  # of pages that do not simply lead to the one behind them
        self.asked: list[Query] = []
        self.faults: dict[int, list[Exception]] = {}  # raised one by one before a page is given
        self.answering = asyncio.Event()
        self.answering.set()
        self.in_flight = 0
        self.most_in_flight = 0

    async def fetch(self, query: Query) -> Page[Thing]:
        """Answer with the page that the query's cursor stands for, once answers are let through."""
        self.asked.append(query)
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            await asyncio.sleep(0)
            await self.answering.wait()
        finally:
            self.in_flight -= 1
        number = number_of(query)
        if faults := self.faults.get(number):
            raise faults.pop(0)
        follow = f"{self.url}?before_id=@{number + 1}" if number + 1 < len(self.pages) else None
        return Page(
            items=self.pages[number],
            uri=self.url,
            next_page_uri=self.links.get(number, follow),
        )

    @property
    def numbers(self) -> list[int]:
        """The pages that were asked for, in order."""
        return [number_of(query) for query in self.asked]


def number_of(query: Query) -> int:
    """Return the number of the page that a query asks for."""
    return int(dict(query).get("before_id", "@0").removeprefix("@"))


def pager_of(things: Things, *query: tuple[str, str]) -> Pager[Thing]:
    """Return a pager, as `list()` would."""
    return Pager(things, query)


def ids(items: Sequence[Thing]) -> str:
    """Return the letters of some items."""
    return "".join(item.id for item in items)


async def take(items: AsyncIterator[Thing], count: int) -> str:
    """Walk over so many items and return their letters."""
    return ids([await anext(items) for _ in range(count)])


async def walked(pager: Pager[Thing]) -> str:
    """Walk to the end and return the letters."""
    return ids([item async for item in pager])


async def pages_of(pager: Pager[Thing]) -> str:
    """Walk over all pages and return the letters."""
    return "".join([ids(page.items) async for page in pager.pages()])


async def collected(pager: Pager[Thing]) -> str:
    """Collect all items and return the letters."""
    return ids(await pager.collect())


async def settle() -> None:
    """Let all tasks go on until they wait for something from outside."""
    for _ in range(10):
        await asyncio.sleep(0)
