"""What the fake account holds: plain JSON objects in lists."""

import random
import re
import string
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from ngrok_async._shown import shown

Item: TypeAlias = dict[str, Any]
"""A resource as it goes over the wire; empty texts are left out, as ngrok does."""

_RELATIVE: Final = frozenset({"/agent_ingresses"})
"""The lists whose items tell their own address without the host, as ngrok's do."""

_BASE: Final = re.compile(r"https?://[^\s?#]*[^\s?#/]")

# ngrok's ids are KSUIDs (https://github.com/segmentio/ksuid): 32 bits of seconds since 2014 and 128
# others, written with 62 digits in the order of ASCII. So they sort by time. Here the others begin
# with a counter, so that ids of one second sort too.
_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_LENGTH: Final = 27
_EPOCH: Final = 1_400_000_000
_NUMBERS: Final = count()
_SECONDS: Final = 32
_COUNTER: Final = 40
_RANDOM: Final = 88


class Collection:
    """The items of one list, in the order of their creation."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Begin without items."""
        self._now = now
        self._positions: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        self._items: dict[int, Item] = {}
        self._order: list[int] = []
        self._added = 0

    def add(self, item: Item, key: str | None = None, at: datetime | None = None) -> None:
        """Add an item.

        Args:
            item: The item.
            key: What names it; default: its id.
            at: When it was created; default: now.
        """
        self._added += 1
        position = (_seconds(at or self._now()) << _COUNTER) + self._added
        self._positions[key or item["id"]] = position
        self._items[position] = item
        insort(self._order, position)

    def get(self, id_: str) -> Item | None:
        """Return the item of an id."""
        position = self._positions.get(id_)
        return None if position is None else self._items[position]

    def remove(self, id_: str) -> None:
        """Drop an item that is there."""
        self._gone[id_] = position = self._positions.pop(id_)
        del self._items[position]
        del self._order[bisect_left(self._order, position)]

    def position(self, id_: str, *, gone: bool = False) -> int | None:
        """Return the place of an item in the order of creation.

        Args:
            id_: Its id.
            gone: Whether to look among those too that have been removed.
        """
        position = self._positions.get(id_)
        return self._gone.get(id_) if gone and position is None else position

    def older_than(self, position: int | None) -> Iterator[tuple[int, Item]]:
        """Walk from the newest item to the oldest, or from just before a place.

        The place need not be taken any more: a page goes on after an item that was deleted. What
        is added during the walk is not part of it, and what is removed neither.
        """
        end = len(self._order) if position is None else bisect_left(self._order, position)
        for place in reversed(self._order[:end]):
            item = self._items.get(place)
            if item is not None:
                yield place, item


class Store:
    """All lists of the account by their path, such as "/tunnels", and the maker of ids.

    Attributes:
        number: The number of the account, which no other one of this process has.
        user: The id of the user to whom the account and its API key belong.
    """

    def __init__(self, now: Callable[[], datetime], links: str | None = None) -> None:
        """Begin empty.

        Args:
            now: Tells the time of day.
            links: What addresses in answers begin with; None: `url`.

        Raises:
            ValueError: Nothing can begin with that.
        """
        if links is not None and _BASE.fullmatch(str(links)) is None:
            raise ValueError(f"links must be like 'https://api.ngrok.com'; got {shown(links)}")
        self.number: int = next(_NUMBERS)
        self._now = now
        self._links = links
        self._url = ""
        self._collections: dict[str, Collection] = {}
        self._random: dict[str, random.Random] = {}
        self._count = self._made("").getrandbits(_COUNTER - 1)
        self.user: str = self.new_id("usr_")

    @property
    def url(self) -> str:
        """Where the fake is reached."""
        if not self._url:
            raise RuntimeError("start the fake first: its address is not known before")
        return self._url

    @url.setter
    def url(self, url: str) -> None:
        self._url = url

    @property
    def base(self) -> str:
        """What the addresses in answers begin with; part of everything that it holds."""
        return self._links or self.url

    def __getitem__(self, path: str) -> Collection:
        """Return the list of a path; it may be empty."""
        if path not in self._collections:
            self._collections[path] = Collection(self._now)
        return self._collections[path]

    def new_id(self, prefix: str, at: datetime | None = None) -> str:
        """Make up an id in ngrok's form, such as "ts_" and 27 letters and digits.

        Ids sort by time, and those of one second in the order in which they were made.

        Args:
            prefix: What it begins with.
            at: When the thing was created; default: now.
        """
        self._count += 1
        number = _seconds(at or self._now()) << _COUNTER | self._count
        number = number << _RANDOM | self._made(prefix).getrandbits(_RANDOM)
        digits: list[str] = []
        for _ in range(_ID_LENGTH):
            number, digit = divmod(number, len(_DIGITS))
            digits.append(_DIGITS[digit])
        return prefix + "".join(reversed(digits))

    def letters(self, count: int) -> str:
        """Make up a text of letters and digits, all lower case, for the name of a host."""
        return "".join(self._made("").choices(string.ascii_lowercase + string.digits, k=count))

    def _made(self, prefix: str) -> random.Random:
        # The same in every run, however many other things got one: a failing test shows the same
        # ones again, but for their time. Those of another account are others.
        if prefix not in self._random:
            self._random[prefix] = random.Random(f"{self.number} {prefix}")  # noqa: S311 # nothing secret
        return self._random[prefix]

    def uri(self, path: str, key: str) -> str:
        """Return the address of an item of the list `path`."""
        host = "" if path in _RELATIVE else self.base
        return f"{host}{path}/{quote(key, safe='')}"

    def ref(self, path: str, id_: str) -> Item:
        """Return a reference to an item of the list `path`."""
        return {"id": id_, "uri": self.uri(path, id_)}

    def clear(self, path: str) -> None:
        """Drop the list of a path, and all lists below it."""
        gone = [p for p in self._collections if p == path or p.startswith(f"{path}/")]
        for name in gone:
            del self._collections[name]


def without_empty(item: Item) -> Item:
    """Leave out empty texts, as ngrok does, and what has been set to null."""
    return {name: value for name, value in item.items() if value is not None and value != ""}


def timestamp(at: datetime) -> str:
    """Write an instant as ngrok does: UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(at: datetime) -> int:
    """Return an instant as ids and lists have it: seconds, as far as 32 bits go."""
    return min(max(int(at.timestamp()) - _EPOCH, 0), (1 << _SECONDS) - 1)
