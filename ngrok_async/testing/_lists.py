"""Lists: pages, and what is picked."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import urlencode

import attrs

from ngrok_async._operation import Operation
from ngrok_async._request import JSON
from ngrok_async.testing._cursors import Cursors, Place
from ngrok_async.testing._facts import of_operation
from ngrok_async.testing._filter import condition
from ngrok_async.testing._filter_terms import known_fields
from ngrok_async.testing._messages import Answer, json_answer
from ngrok_async.testing._query import Query, is_repeatable, page_size
from ngrok_async.testing._store import Collection, Item

Picked: TypeAlias = Callable[[Item], bool]

# Steps of a millionth of a second or so. So many may be done before it is the turn of others.
_SLICE: Final = 5_000
_STEPS_PER_ITEM: Final = 10


@attrs.frozen
class Pick:
    """Which items are asked for.

    Attributes:
        picked: Tells whether an item is.
        steps: About how many steps that takes.
    """

    picked: Picked
    steps: int = 0


def pick(operation: Operation, query: Query, now: datetime) -> Pick:
    """Return what tells whether an item is asked for, by the filter and other conditions.

    Raises:
        RefusedError: The filter is not valid.
    """
    names = [name for name in query if is_repeatable(operation, name)]
    if "filter" not in query:
        return Pick(lambda item: all(item.get(name) in query[name] for name in names))
    documented = of_operation(operation.route).get("filter_fields", [])
    known = known_fields(operation.template, documented, operation.model)
    asked = condition(query["filter"][0], known, now)

    def picked(item: Item) -> bool:
        return all(item.get(name) in query[name] for name in names) and asked.meets(item)

    return Pick(picked, asked.cost)


@attrs.frozen(kw_only=True)
class Listing:
    """A list that was asked for.

    Attributes:
        name: The field of the answer that has the items.
        base: What addresses in answers begin with.
        path: The path of the list.
        collection: All items.
        shown: What an answer has of an item.
        pick: Which items are asked for.
        cursors: How pages are told apart.
    """

    name: str
    base: str
    path: str
    collection: Collection
    shown: Callable[[Item], Item]
    pick: Pick
    cursors: Cursors

    async def page(self, query: Query) -> Answer:
        """Return one page, newest first; the link to the next one keeps the whole query.

        Raises:
            RefusedError: Size or cursor are not valid.
        """
        size = page_size(query)
        (before_id,) = query.get("before_id", [None])
        place = self.cursors.place(self.path, self.collection, before_id)
        found = await self._found(place, place.skip + size + 1)
        page = found[place.skip :][:size]
        link = None
        if len(found) > place.skip + size:
            last, item = page[-1]
            cursor = self.cursors.following(self.path, place, size, Place(last), item["id"])
            others = {name: query[name] for name in query if name not in {"before_id", "limit"}}
            following = {"before_id": cursor, "limit": size, **others}  # ngrok's order
            link = f"{self.base}{self.path}?{urlencode(following, doseq=True)}"
        return self._answer([item for _, item in page], {"next_page_uri": link})

    def whole(self) -> Answer:
        """Return all items at once, oldest first, as a list without pages does."""
        items = [self.shown(item) for _, item in self.collection.older_than(None)]
        return self._answer(items[::-1], {})

    async def _found(self, place: Place, count: int) -> list[tuple[int, Item]]:
        """Return the first items from a place on that are asked for, and where they are.

        Others have their turn meanwhile, however many items there are to look at.
        """
        found: list[tuple[int, Item]] = []
        at_once = max(1, _SLICE // (_STEPS_PER_ITEM + self.pick.steps))
        items = self.collection.older_than(place.position)
        for number, (position, item) in enumerate(items, start=1):
            if number % at_once == 0:
                await asyncio.sleep(0)
            shown = self.shown(item)
            if self.pick.picked(shown):
                found.append((position, shown))
            if len(found) == count:
                break
        return found

    def _answer(self, items: Iterable[JSON], link: Item) -> Answer:
        return json_answer(200, {self.name: [*items], "uri": f"{self.base}{self.path}", **link})
