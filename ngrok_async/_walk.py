"""A walk over a list: the place in it, the page that is fetched ahead, and where a link leads."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit
from weakref import ref

import attrs

from ngrok_async._page import Listing, Page, Query, query_of
from ngrok_async.errors import NgrokError, PaginationError

T = TypeVar("T")

# What a gateway, or a server of recorded answers, passes on without a change of its links.
_NGROK: Final = "https://api.ngrok.com"
# A caller who leaves within the first 25th of a page never needed the next one; one who goes on
# gets it while still at work on this one.
_EARLY: Final = 25


class Walk(Generic[T]):
    """The place in a list; it moves on only when a page has arrived whole."""

    def __init__(self, listing: Listing[T], query: Query) -> None:
        self._listing = listing
        self._query = query  # of the first page
        self._here = cursor_in(query)  # of the current page
        self._show(Page(items=()))
        self.started = False
        self.finished = False
        self._turning = False
        self._seen: set[int] = set()  # hashes of the queries: a walk may have 10,000 pages
        self._ids: frozenset[Hashable] = frozenset()  # of the current page
        self._ahead: asyncio.Task[Page[T]] | None = None

    def _show(self, page: Page[T]) -> None:
        """Make a page the current one."""
        self._page = page
        self._items = page.items
        self._index = 0  # of the next item to hand out
        self._early = max(1, len(page.items) // _EARLY)  # when to ask for the next page

    @property
    def rest(self) -> bool:
        """Whether the current page has items that were not handed out."""
        return self._index < len(self._items)

    @property
    def cursor(self) -> str | None:
        """The `before_id` to go on with; see `Pager.cursor`."""
        if not self.rest:
            # With a bad link, the page that has it is the last good place.
            with suppress(PaginationError):
                return cursor_in(self._next() or ())
        return self._here

    def take(self, count: int | None) -> tuple[T, ...]:
        """Hand out the next items of the current page."""
        items = self._items
        end = len(items) if count is None else min(len(items), self._index + count)
        taken = items[self._index : end]
        self._index = end
        return taken

    def take_item(self) -> T:
        """Hand out one item; ask for the next page once the caller is well inside this one."""
        index = self._index
        if index == self._early:
            self.prefetch()
        self._index = index + 1
        return self._items[index]

    def take_page(self) -> Page[T]:
        """Hand out what is left of the current page."""
        whole = self._index == 0
        items = self.take(None)
        return self._page if whole else attrs.evolve(self._page, items=items)

    def put_back(self, items: Sequence[T], cursor: str | None) -> None:
        """Put items that were taken since `cursor` before the next page, to be handed out again."""
        self._show(attrs.evolve(self._page, items=tuple(items)))
        self._here = cursor

    async def turn(self) -> bool:
        """Move to the next page; return False at the end of the list."""
        if self._turning:
            raise RuntimeError("this pager is being walked by another task; make one per task")
        self._turning = True
        try:
            query = self._next()
            if query is None:
                self.finished = True
                return False
            page = await self._get(query)
        finally:
            self._turning = False
        self._seen.add(hash(query))
        self._here = cursor_in(query)
        self._show(self._without_repeats(page))
        self.started = True
        return True

    def prefetch(self) -> None:
        """Ask for the next page now, in a task of its own."""
        if not self._listing.prefetch or self._ahead is not None or self._turning:
            return
        try:
            query = self._next()
        except PaginationError:
            return  # raised when the walk gets there, after this page's items
        if query is not None:
            task = asyncio.create_task(self._listing.fetch(query))
            task.add_done_callback(_retrieve)
            self._ahead = task

    def close(self) -> None:
        """Drop a prefetch that is under way."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead.done():
            return
        # Garbage is collected in whatever thread runs, and asyncio's tasks are not thread-safe.
        try:
            ahead.get_loop().call_soon_threadsafe(ahead.cancel)
        except RuntimeError:
            return  # the loop is closed, and nothing of it goes on

    def __del__(self) -> None:
        # After a `break` nobody tells us; the walk just goes out of sight.
        self.close()

    async def _get(self, query: Query) -> Page[T]:
        ahead = self._ahead
        try:
            if ahead is not None and _may_come(ahead):
                self._ahead = None
                return await ahead
            self.close()
            return await self._listing.fetch(query)
        except NgrokError as error:
            # All before this page was handed out: who begins there goes on exactly here.
            error.cursor = cursor_in(query)
            raise

    def _next(self) -> Query | None:
        """Return the query of the next page, as the current one's link has it."""
        if not self.started:
            return self._query
        if not self._page.next_page_uri:
            return None
        query, problem = self._follow(self._page.next_page_uri)
        if query is not None and hash(query) not in self._seen:
            return query
        del query  # a server may echo the key in it, and tracebacks print local variables
        raise self._bad_link(problem or "it leads to a page that this walk has already seen")

    def _follow(self, link: str) -> tuple[Query | None, str | None]:
        """Return the query of a link, or what is wrong with the link."""
        # The cursor is opaque: for some lists it is not the last item's id
        # (https://github.com/ngrok/ngrok-api-dotnet/issues/16). Only the query is taken from the
        # link, so the API key goes nowhere else, wherever it points.
        url = self._listing.url
        try:
            if link.startswith(f"{url}?") and "#" not in link and link.isprintable():
                same_place, encoded = True, link[len(url) + 1 :]
            else:
                target = urlsplit(urljoin(url, link))
                here = (_place(urlsplit(url)), _place(urlsplit(f"{_NGROK}{self._listing.path}")))
                same_place, encoded = _place(target) in here, target.query
            query = query_of(encoded)
        except ValueError:
            return None, "it is not a valid URL"
        if not same_place:
            return None, "it leads away from the list that it belongs to"
        # Servers have dropped these from the link.
        query.update((name, value) for name, value in self._query if name != "before_id")
        return tuple(query.items()), None

    def _bad_link(self, why: str) -> PaginationError:
        return PaginationError(
            f"the link to the next page cannot be followed: {why}",
            cursor=self._here,
            method="GET",
            path=self._listing.path,
        )

    def _without_repeats(self, page: Page[T]) -> Page[T]:
        before, ids = self._ids, [getattr(item, "id", None) for item in page.items]
        self._ids = frozenset(ids)
        if None in self._ids or (len(self._ids) == len(ids) and self._ids.isdisjoint(before)):
            return page
        first = {id_: index for index, id_ in reversed(list(enumerate(ids)))}
        kept = (
            item
            for index, (id_, item) in enumerate(zip(ids, page.items, strict=True))
            if first[id_] == index and id_ not in before
        )
        return attrs.evolve(page, items=tuple(kept))


def cursor_in(query: Query) -> str | None:
    return dict(query).get("before_id")


def _may_come(ahead: "asyncio.Task[Page[T]]") -> bool:
    """Tell whether a page that was asked for early has arrived, or is on its way."""
    if ahead.done():
        # One that failed while the caller was at work says nothing about now.
        return not ahead.cancelled() and ahead.exception() is None
    return ahead.get_loop() is asyncio.get_running_loop()


def _place(url: SplitResult) -> tuple[object, ...]:
    port = {"https": 443, "http": 80}.get(url.scheme) if url.port is None else url.port
    return url.scheme, url.username, url.hostname, port, url.path


def _retrieve(task: "asyncio.Task[Page[T]]") -> None:
    # A walk that was broken off never asks for the outcome; asyncio would complain about that.
    if not task.cancelled():
        task.exception()


class Items(AsyncIterator[T]):
    """The items of a walk. A class, not a generator: a generator is dead after an error."""

    def __init__(self, walk: Walk[T]) -> None:
        self._walk = walk

    async def __anext__(self) -> T:
        walk = self._walk
        while not walk.rest:
            if not await walk.turn():
                raise StopAsyncIteration
        return walk.take_item()

    async def aclose(self) -> None:
        """Drop a prefetch that is under way; the walk can still be resumed."""
        self._walk.close()


class Pages(AsyncIterator[Page[T]]):
    """The pages of a walk."""

    def __init__(self, walk: Walk[T]) -> None:
        self._walk = walk
        self._came_back = self._closed = False

    async def __anext__(self) -> Page[T]:
        if not self._walk.rest and not await self._walk.turn():
            raise StopAsyncIteration
        page = self._walk.take_page()
        if self._came_back:
            self._walk.prefetch()
        else:
            # One page is what many want. Who breaks off at once lets go of this here before the
            # event loop gets to it.
            self._came_back = True
            asyncio.get_running_loop().call_soon(_prefetch_if_wanted, ref(self))
        return page

    async def aclose(self) -> None:
        """Drop a prefetch that is under way; the walk can still be resumed."""
        self._closed = True
        self._walk.close()

    def prefetch(self) -> None:
        """Ask for the page after the first one, now that the caller is at work on that."""
        if not self._closed:
            self._walk.prefetch()


def _prefetch_if_wanted(pages: Callable[[], Pages[Any] | None]) -> None:
    wanted = pages()
    if wanted is not None:
        wanted.prefetch()
