"""Lists: pages, cursors, and what is picked."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias
from urllib.parse import urlencode

import attrs

from ngrok_async._operation import Operation
from ngrok_async._request import JSON
from ngrok_async.testing._answers import Answer, RefusedError, json_answer
from ngrok_async.testing._filter import condition
from ngrok_async.testing._query import Query, is_repeatable, page_size
from ngrok_async.testing._store import Collection, Item

Picked: TypeAlias = Callable[[Item], bool]


def pick(operation: Operation, query: Query, now: datetime) -> Picked:
    """Return what tells whether an item is asked for, by the filter and other conditions.

    Raises:
        RefusedError: The filter is not valid.
    """
    names = [name for name in query if is_repeatable(operation, name)]
    meets = None
    if "filter" in query:
        meets = condition(query["filter"][0], operation.model, now)

    def picked(item: Item) -> bool:
        named = all(item.get(name) in query[name] for name in names)
        return named and (meets is None or meets(item))

    return picked


@attrs.frozen(kw_only=True)
class Listing:
    """A list that was asked for.

    Attributes:
        name: The field of the answer that has the items.
        url: The address of the fake.
        path: The path of the list.
        collection: All items.
        shown: What an answer has of an item.
        picked: Which items are asked for.
    """

    name: str
    url: str
    path: str
    collection: Collection
    shown: Callable[[Item], Item]
    picked: Picked

    def page(self, query: Query) -> Answer:
        """Return one page, newest first; the link to the next one keeps the whole query.

        Raises:
            RefusedError: Size or cursor are not valid.
        """
        size = page_size(query)
        items: list[JSON] = []
        last, link = 0, None
        for position, item in self.collection.older_than(self._position(query)):
            shown = self.shown(item)
            if not self.picked(shown):
                continue
            if len(items) == size:
                following = {**query, "before_id": self._cursor(last)}
                link = f"{self.url}{self.path}?{urlencode(following, doseq=True)}"
                break
            items.append(shown)
            last = position
        return self._answer(items, {"next_page_uri": link})

    def whole(self) -> Answer:
        """Return all items at once, oldest first, as a list without pages does."""
        items: list[JSON] = [self.shown(item) for _, item in self.collection.older_than(None)]
        return self._answer(items[::-1], {})

    def _answer(self, items: list[JSON], link: Item) -> Answer:
        return json_answer(200, {self.name: items, "uri": f"{self.url}{self.path}", **link})

    def _cursor(self, position: int) -> str:
        # Encoded, so that no client takes it for the id of the last item.
        return urlsafe_b64encode(f"{self.path} {position}".encode()).decode()

    def _position(self, query: Query) -> int | None:
        if "before_id" not in query:
            return None
        (before_id,) = query["before_id"]
        position = self.collection.position(before_id)
        if position is not None:
            return position
        try:
            of, _, place = urlsafe_b64decode(before_id).decode().rpartition(" ")
            position = int(place) if of == self.path else None
        except ValueError:  # of any of the three steps
            position = None
        if position is None:
            raise RefusedError(f"{before_id!r} is not a valid identifier.", code=223)
        return position
