"""A line of those who wait, in the order of their places."""

from bisect import bisect, insort
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
    """Who waits, first come, first served; who comes back stands where it stood before.

    Joining at the end, leaving from anywhere, and taking the first out cost the same however long
    the line is.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._new: OrderedDict[int, T] = OrderedDict()  # by ascending places
        # Those with places before the last one's: few, since they have been served once already.
        self._back: list[tuple[int, T]] = []

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._new) + len(self._back)

    def join(self, place: int, waiter: T) -> None:
        """Put somebody into the line."""
        if not self._new or place > next(reversed(self._new)):
            self._new[place] = waiter
        else:
            insort(self._back, (place, waiter), key=_place)

    def ahead(self, place: int) -> int:
        """Return how many, at the least, a place has before it."""
        back = bisect(self._back, place, key=_place)
        is_last = bool(self._new) and place > next(reversed(self._new))
        return back + len(self._new) if is_last else back

    def first(self) -> T | None:
        """Return who is served next."""
        if self._back and self._is_back_first():
            return self._back[0][1]
        return next(iter(self._new.values()), None)

    def pop(self) -> T:
        """Take out who is served next; somebody has to be there."""
        if self._back and self._is_back_first():
            return self._back.pop(0)[1]
        return self._new.popitem(last=False)[1]

    def leave(self, place: int, waiter: T) -> None:
        """Take somebody out, who may be gone already."""
        if self._new.get(place) is waiter:
            del self._new[place]
        elif (place, waiter) in self._back:
            self._back.remove((place, waiter))

    def _is_back_first(self) -> bool:
        return not self._new or self._back[0][0] < next(iter(self._new))


def _place(entry: tuple[int, object]) -> int:
    return entry[0]
