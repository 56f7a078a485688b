"""What a watch knows, and what it concludes from pages and answers. Nothing here asks ngrok."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Generic, Literal, TypeVar

import attrs

from ngrok_async._id import HasId
from ngrok_async.jobs._notices import Added, Changed, Notice, Reconnected, Removed, Synced
from ngrok_async.jobs._returns import Returns

T = TypeVar("T", bound=HasId)

# So many are asked for by a request each; the rest waits for the next walk to miss them too.
ASKED: Final = 3
# Ids in one filter: a URL of 8,000 bytes holds some 150.
AT_ONCE: Final = 50


@attrs.frozen
class Question:
    """What is to be asked of some items that a walk has missed.

    Attributes:
        ids: Their ids.
        how: "get": one by itself; "ids": which of them are there; "filter": which of them meet the
            filter of the watch.
    """

    ids: tuple[str, ...]
    how: Literal["get", "ids", "filter"]


class Known(Generic[T]):
    """What is there, as far as it was told.

    Attributes:
        items: What was handed out so far adds up to this.
        synced: Whether all was seen once.
    """

    def __init__(
        self,
        meets: Callable[[T], bool | None],
        *,
        asks_many: bool,
        is_text: bool,
    ) -> None:
        """Know of nothing.

        Args:
            meets: Tells whether an item meets the filter; None where only ngrok can tell.
            asks_many: Whether one request can ask for several items.
            is_text: Whether `meets` never tells.
        """
        self.items: dict[str, T] = {}
        self.synced = False
        self._meets = meets
        self._returns = Returns()
        self._asks_many = asks_many
        self._is_text = is_text
        self._told: deque[Notice[T]] = deque()
        self._sync: Synced | None = None  # told when the doubts of its walk are settled:
        self._unsettled: list[str] = []
        self._unseen: set[str] = set()  # by the whole walk that is under way
        self._missed: set[str] = set()  # by the last one
        self._missing: list[str] = []  # to be asked for, one by one
        self._uncertain: list[str] = []  # missed twice, and the filter cannot be asked here
        self._absent: list[str] = []  # missed twice
        self._gone: dict[str, T] = {}  # agents that may be back on the next page
        self._held: dict[str, T] = {}  # agents that may have had this session before

    # --- telling -----------------------------------------------------------------------------

    def tell(self, notice: Notice[T]) -> None:
        """Hand something out as well."""
        self._told.append(notice)

    def hand_out(self) -> Notice[T] | None:
        """Return what is to be told next; from then on it is known."""
        if not self._told:
            if self._sync is None or any(map(self._is_doubted, self._unsettled)):
                return None
            self.tell(Synced(len(self.items), again=self._sync.again))
            self._sync, self._unsettled = None, []
        notice = self._told.popleft()
        if isinstance(notice, Removed):
            self._forget(notice.item.id)
        elif isinstance(notice, Reconnected | Changed):
            self._forget(notice.before.id)
        if isinstance(notice, Added | Changed | Reconnected):
            self.items[notice.item.id] = notice.item
            self._returns.add(notice.item)
        return notice

    def _is_doubted(self, id_: str) -> bool:
        doubts = (self._missing, self._uncertain, self._absent, self._gone)
        return any(id_ in doubted for doubted in doubts)

    def _forget(self, id_: str) -> None:
        self._returns.remove(self.items.pop(id_))

    # --- pages -------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin a walk over all of them."""
        self._unseen = set(self.items) - self._gone.keys()

    def take(self, page: Iterable[T], *, newest: bool) -> bool:
        """Take in a page; `newest` is the first one of a list.

        Returns:
            Whether its last item is new, so that there may be more of them.
        """
        waiting = dict(self._gone)
        come: list[T] = []
        is_new = False
        for item in page:
            is_new = item.id not in self.items
            self._seen(item.id)
            if is_new:
                come.append(item)
            else:
                self._compare(item)
        self._come(come)
        if newest:
            for id_ in waiting.keys() & self._gone.keys():
                self.tell(Removed(self._gone.pop(id_)))
        return is_new

    def end(self, *, again: bool) -> None:
        """End a walk over all of them, and see whom it has missed.

        Args:
            again: Whether this walk was due to a long gap.
        """
        missing = [id_ for id_ in self.items if id_ in self._unseen]
        twice = [id_ for id_ in missing if id_ in self._missed]
        once = [id_ for id_ in missing if id_ not in self._missed]
        self._missed = set(missing)
        self._missing = once[:ASKED]
        if self._asks_many and self._is_text:
            self._uncertain = twice
        elif self._asks_many:
            self._absent = twice
        elif len(missing) <= ASKED:
            self._missing = missing
        else:
            for id_ in twice:
                self._lost(id_)
        if again or not self.synced:
            self._sync = Synced(0, again=self.synced)
            self._unsettled = [*self._missing, *twice]
            self.synced = True

    def _seen(self, id_: str) -> None:
        self._unseen.discard(id_)
        self._missed.discard(id_)
        self._gone.pop(id_, None)

    def _compare(self, item: T) -> None:
        before = self.items[item.id]
        if before != item:
            self.tell(Changed(item, before=before))

    def _come(self, come: Iterable[T]) -> None:
        """Tell of new items, and of agents once it is clear whether they were there before."""
        by_old: dict[str, list[T]] = {}
        for item in come:
            old = self._returns.before(item) if self.synced else None
            if old is None:
                self.tell(Added(item, first=not self.synced))
            else:
                by_old.setdefault(old, []).append(item)
        for old, items in by_old.items():
            if len(items) == 1 and old in self._gone:
                self.tell(Reconnected(items[0], before=self._gone.pop(old)))
            elif len(items) == 1 and (self._asks_many or len(self._held) < ASKED):
                self._held[old] = items[0]  # no page comes before the answer
            else:
                for item in items:
                    self.tell(Added(item))

    # --- doubts ------------------------------------------------------------------------------

    @property
    def is_holding(self) -> bool:
        """Whether new agents are not told of before a question is answered."""
        return bool(self._held)

    def question(self) -> Question | None:
        """Return what to ask next, or None where nothing is in doubt."""
        if len(self._held) > 1 and self._asks_many:
            return Question(tuple(self._held)[:AT_ONCE], "ids")
        for id_ in (*self._held, *self._missing):
            return Question((id_,), "get")
        if self._uncertain:
            return Question(tuple(self._uncertain[:AT_ONCE]), "filter")
        if self._absent:
            return Question(tuple(self._absent[:AT_ONCE]), "ids")
        return None

    def answer(self, question: Question, there: Mapping[str, T]) -> None:
        """Conclude what an answer shows.

        Args:
            question: What was asked.
            there: Those of them that are there, or meet the filter, as ngrok says.
        """
        for id_ in question.ids:
            item = there.get(id_)
            if question.how == "filter":
                self._settle(id_)
                if item is None:
                    self._absent.append(id_)
                else:
                    self._found(item)
            else:
                self._exists(id_, item)

    def ask_one_by_one(self) -> None:
        """Ask no more for several at once: ngrok does not take such a filter."""
        self._asks_many = False
        for doubts in (self._uncertain, self._absent):
            while doubts:
                self._lost(doubts.pop())

    def _exists(self, id_: str, item: T | None) -> None:
        held = self._held.pop(id_, None)
        is_twice = id_ in self._absent
        self._settle(id_)
        if item is None:
            self._lost(id_, held)
            return
        if held is not None:
            self.tell(Added(held))
        meets = self._meets(item)
        if meets:
            self._found(item)
        elif meets is False or is_twice:
            self._seen(id_)
            self.tell(Removed(item, reason="left"))

    def put_off(self, question: Question) -> None:
        """Ask again only when the next walk has missed them too: there is no answer to be had."""
        for id_ in question.ids:
            held = self._held.pop(id_, None)
            if held is not None:
                self.tell(Added(held))
            self._settle(id_)

    def _settle(self, id_: str) -> None:
        for doubts in (self._missing, self._uncertain, self._absent):
            if id_ in doubts:
                doubts.remove(id_)

    def _found(self, item: T) -> None:
        self._seen(item.id)
        self._compare(item)

    def _lost(self, id_: str, held: T | None = None) -> None:
        item = self.items[id_]
        self._seen(id_)
        if held is not None:
            self.tell(Reconnected(held, before=item))
        elif self._returns.may_return(item):
            self._gone[id_] = item
        else:
            self.tell(Removed(item))
