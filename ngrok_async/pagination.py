"""Lists that come in pages."""

from collections.abc import AsyncIterator, Generator
from typing import ClassVar, Generic, TypeVar

from ngrok_async._hints import ExplainedList
from ngrok_async._page import Listing, Page, Query
from ngrok_async._shown import shown
from ngrok_async._walk import Items, Pages, Walk, cursor_in
from ngrok_async.errors import NgrokError, NothingFoundError, SeveralFoundError

__all__ = ["Page", "Pager", "Query"]

T = TypeVar("T")


class Pager(ExplainedList, Generic[T]):
    """A list that was asked for, but not fetched yet.

    `await pager` gets the first page. `async for item in pager` gets all items, page by page, and
    `async for page in pager.pages()` all pages.

    A pager remembers one walk: after a `break` or an error the next `async for` (or `anext`) goes
    on where the last one stopped and asks for a page that failed again. After the end it starts
    anew. Two tasks must not walk one pager at the same time.

    A walk goes from the newest item to the oldest. It gives no id twice in neighbouring pages, and
    every item that exists throughout; what is created after its start is not part of it.

    What all lists take, if they take it at all:

    - `before_id`: begin with the next older item than this one: an id, a model, or the `cursor` of
      another pager.
    - `limit`: items per page, 1 to 100; ngrok's default is 100. How many come in all is up to who
      walks: `collect(max_items=...)`, or a `break`.
    - `filter`: only what meets a condition, made of the resource's `fields` or a text in ngrok's
      subset of CEL: `fields.region == "eu"`, `'obj.region == "eu"'`. See `ngrok_async.filters`.

    Unless the client was made with `prefetch=False`, the next page is fetched while the caller
    works on the current one, with `async for` once it is past the first 25th of it.
    https://ngrok.com/docs/api#pagination
    """

    _instead: ClassVar[str] = (
        "nothing has been fetched yet: `async for item in ...list()` gets all items, "
        "`page = await ...list()` the first page"
    )

    def __init__(self, listing: Listing[T], query: Query, *, limited: bool = True) -> None:
        """Remember what to ask for, and whether a `limit` may be; nothing is sent yet."""
        self._listing = listing
        self._query = query
        self._limited = limited
        self._walk = Walk(listing, query)

    def __await__(self) -> Generator[object, object, Page[T]]:
        """Get the first page, whatever has been walked so far."""
        try:
            return (yield from self._listing.fetch(self._query).__await__())
        except NgrokError as error:
            error.cursor = cursor_in(self._query)
            raise

    def __aiter__(self) -> AsyncIterator[T]:
        """Walk over all items."""
        return Items(self._resumed())

    def pages(self) -> AsyncIterator[Page[T]]:
        """Walk over all pages; the rest of one that was left half-way comes first.

        The next page is prefetched while the caller works on one. A caller who leaves the first
        page without having awaited anything costs no request for a second one.
        """
        return Pages(self._resumed())

    async def collect(self, max_items: int | None = None) -> list[T]:
        """Return the items of the walk as a list.

        After an error or a cancellation the next call, or `async for`, begins with the items that
        this one had got: none is lost or asked for twice.

        Args:
            max_items: Stop after as many; no page is asked for that they do not need.
        """
        if max_items is not None and (type(max_items) is not int or max_items < 0):
            raise ValueError(
                f"max_items must be 0 or more, or None for all; got {shown(max_items)}"
            )
        walk, cursor = self._resumed(), self.cursor
        items: list[T] = []
        try:
            while max_items is None or len(items) < max_items:
                if not walk.rest and not await walk.turn():
                    break
                items += walk.take(None if max_items is None else max_items - len(items))
        except BaseException as error:  # the caller's cancellation as well
            walk.put_back(items, cursor)
            if isinstance(error, NgrokError):
                error.cursor = cursor  # the caller has none of these items
            raise
        return items

    async def first(self) -> T | None:
        """Return the newest item, or None where there is none.

        It asks for one item, unless the list was made with a `limit`: one request, and more only
        while pages are empty. Like `await pager` it begins anew and does not move a walk.
        """
        items = await self._beginning(1)
        return items[0] if items else None

    async def one(self) -> T:
        """Return the only item.

        It asks for two items, unless the list was made with a `limit`: one request, and more only
        while it is not clear yet. Like `await pager` it begins anew and does not move a walk.

        Raises:
            NothingFoundError: There is none.
            SeveralFoundError: There is more than one; the error has two of them.
        """
        items = await self._beginning(2)
        if len(items) == 1:
            return items[0]
        path, which = self._listing.path, " that meets the filter" * ("filter" in dict(self._query))
        if not items:
            raise NothingFoundError(f"the list has no item{which}", method="GET", path=path)
        raise SeveralFoundError(
            f"the list has more than one item{which}; two are in `items` of this error: pass a "
            "filter that is met by one only, or take the newest by first()",
            items=items,
            method="GET",
            path=path,
        )

    async def _beginning(self, count: int) -> list[T]:
        """Return the first items of the list, asking for no more than these."""
        query = self._query
        if self._limited and "limit" not in dict(query):
            query = (*query, ("limit", str(count)))
        walk = Walk(self._listing, query)
        items: list[T] = []
        try:
            while len(items) < count and await walk.turn():
                items += walk.take(count - len(items))
        except NgrokError as error:
            if items:  # the caller has none of them
                error.cursor = cursor_in(query)
            raise
        return items

    @property
    def cursor(self) -> str | None:
        """The `before_id` that takes up the walk in another call, or None for its beginning.

        It stands at the current page until that page's last item was handed out, then at the next
        one: who resumes may see items of a half-read page again, but misses none. None again after
        the end.
        """
        return self._walk.cursor

    def __repr__(self) -> str:
        """Show the list and the place in it."""
        # What asyncio says to `create_task(pager)` has nothing but this in it.
        new = "" if self._walk.started else ": await it for one page, its collect() for all items"
        return f"<Pager {self._listing.path} cursor={self.cursor!r}{new}>"

    def _resumed(self) -> Walk[T]:
        if self._walk.finished:
            self._walk = Walk(self._listing, self._query)
        return self._walk
