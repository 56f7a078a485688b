"""What the fake account holds: plain JSON objects in lists."""

import random
import string
from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, TypeAlias

Item: TypeAlias = dict[str, Any]
"""A resource as it goes over the wire; empty texts are left out, as ngrok does."""

_ALPHABET: Final = string.digits + string.ascii_letters
_ID_LENGTH: Final = 27


class Collection:
    """The items of one list, in the order of their creation."""

    def __init__(self) -> None:
        """Begin without items."""
        self._positions: dict[str, int] = {}
        self._items: dict[int, Item] = {}
        self._order: list[int] = []
        self._next = 1

    def add(self, item: Item) -> None:
        """Append an item; it has its id."""
        position, self._next = self._next, self._next + 1
        self._positions[item["id"]] = position
        self._items[position] = item
        self._order.append(position)

    def get(self, id_: str) -> Item | None:
        """Return the item of an id."""
        position = self._positions.get(id_)
        return None if position is None else self._items[position]

    def remove(self, id_: str) -> None:
        """Drop an item that is there."""
        position = self._positions.pop(id_)
        del self._items[position]
        del self._order[bisect_left(self._order, position)]

    def position(self, id_: str) -> int | None:
        """Return the place of an item in the order of creation."""
        return self._positions.get(id_)

    def older_than(self, position: int | None) -> Iterator[tuple[int, Item]]:
        """Walk from the newest item to the oldest, or from just before a place.

        The place need not be taken any more: a page goes on after an item that was deleted.
        """
        end = len(self._order) if position is None else bisect_left(self._order, position)
        for index in range(end - 1, -1, -1):
            place = self._order[index]
            yield place, self._items[place]


class Store:
    """All lists of the account by their path, such as "/tunnels", and the maker of ids."""

    def __init__(self) -> None:
        """Begin empty."""
        self._url = ""
        self._collections: dict[str, Collection] = {}
        self._random: dict[str, random.Random] = {}

    @property
    def url(self) -> str:
        """Where the fake is reached; part of everything that it holds."""
        if not self._url:
            raise RuntimeError("start the fake first: its address is not known before")
        return self._url

    @url.setter
    def url(self, url: str) -> None:
        self._url = url

    def __getitem__(self, path: str) -> Collection:
        """Return the list of a path; it may be empty."""
        return self._collections.setdefault(path, Collection())

    def new_id(self, prefix: str) -> str:
        """Make up an id in ngrok's form, such as "ts_" and 27 letters and digits."""
        # The same ids in every run, however many other things got one: a failing test shows the
        # same ones again.
        if prefix not in self._random:
            self._random[prefix] = random.Random(prefix)  # noqa: S311
        return prefix + "".join(self._random[prefix].choices(_ALPHABET, k=_ID_LENGTH))

    def ref(self, path: str, id_: str) -> Item:
        """Return a reference to an item of the list `path`."""
        return {"id": id_, "uri": f"{self.url}{path}/{id_}"}


def without_empty(item: Item) -> Item:
    """Leave out empty texts, as ngrok does."""
    return {name: value for name, value in item.items() if value != ""}


def timestamp(at: datetime) -> str:
    """Write an instant as ngrok does: UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
