"""What holds for every walk, whatever happens to the list and to the requests meanwhile."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import suppress
from typing import TypeVar

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from ngrok_async import (
    ClientClosedError,
    ConnectionLostError,
    NgrokError,
    Page,
    Pager,
    RateLimitedError,
    ResponseError,
)
from ngrok_async.pagination import Query

T = TypeVar("T")

QUICK = settings(
    max_examples=40,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no bug
)


@attrs.frozen
class Thing:
    """What the list holds; the higher the number, the newer."""

    number: int

    @property
    def id(self) -> str:
        """The number as an id."""
        return f"t_{self.number}"


class BrokenError(Exception):
    """Stands for whatever a request may raise."""


class Store:
    """A list that is kept newest first and changes while it is read.

    A cursor means "older than this item", whether the item still exists or not. It is written so
    that it cannot be taken for an item's id.
    """

    url = "https://api.ngrok.com/things"
    path = "/things"

    def __init__(self, size: int, latency: int, *, prefetch: bool) -> None:
        """Begin with nothing."""
        self.size = size  # of a page
        self.latency = latency  # in rounds of the event loop
        self.prefetch = prefetch
        self.alive: list[int] = []  # newest first
        self.created = 0
        self.failures = 0  # so many of the next requests fail
        self.empty_pages = 0  # so many of the next answers are an empty page in between
        self.in_flight = 0

    def create(self, count: int) -> None:
        """Put new items to the front."""
        for _ in range(count):
            self.created += 1
            self.alive.insert(0, self.created)

    async def fetch(self, query: Query) -> Page[Thing]:
        """Answer as ngrok would."""
        self.in_flight += 1
        try:
            for _ in range(self.latency):
                await asyncio.sleep(0)
        finally:
            self.in_flight -= 1
        if self.failures:
            self.failures -= 1
            raise BrokenError
        place, _, detour = dict(query).get("before_id", f"<{self.created + 1}:").partition(":")
        older = [number for number in self.alive if number < int(place[1:])]
        if self.empty_pages:
            self.empty_pages -= 1
            return Page(items=(), next_page_uri=f"?before_id={place}:{detour}x")
        numbers = older[: self.size]
        more = len(older) > self.size
        return Page(
            items=tuple(Thing(number) for number in numbers),
            next_page_uri=f"?before_id=<{numbers[-1]}:" if more else None,
        )


class Walk(RuleBasedStateMachine):
    """A caller, a list that changes, and a network that fails, in any order of events."""

    def __init__(self) -> None:
        """Make an event loop, and note what it complains about."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.complaints: list[object] = []
        self.runner.get_loop().set_exception_handler(
            lambda _, context: self.complaints.append(context)
        )

    @initialize(
        size=st.sampled_from([1, 2, 3, 7, 60]),
        count=st.integers(0, 150),
        latency=st.integers(1, 9),
        prefetch=st.booleans(),
    )
    def begin(self, size: int, count: int, latency: int, *, prefetch: bool) -> None:
        """Fill the list and get a pager."""
        self.store = Store(size, latency, prefetch=prefetch)
        self.store.create(count)
        self.renew(None)
        self.witnesses = set(self.store.alive)  # what was there all the time
        self.seen: set[int] = set()  # by this walk, and by those that it took up

    def renew(self, cursor: str | None) -> None:
        """Take another pager."""
        query = () if cursor is None else (("before_id", cursor),)
        self.pager: Pager[Thing] = Pager(self.store, query)
        self.items: AsyncIterator[Thing] = aiter(self.pager)
        self.pages = self.pager.pages()
        self.given: list[int] = []  # by this pager

    def run(self, step: Awaitable[T]) -> T:
        """Let the event loop run until the step is done, and no further."""

        async def run() -> T:
            return await step

        return self.runner.run(run())

    def hand_out(self, things: Sequence[Thing]) -> None:
        """Note what the caller got."""
        numbers = [thing.number for thing in things]
        self.given += numbers
        self.seen.update(numbers)

    # The world

    @rule(count=st.integers(1, 20))
    def create(self, count: int) -> None:
        """New items arrive."""
        self.store.create(count)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Some items go away, anywhere."""
        gone = data.draw(st.sets(st.integers(1, self.store.created + 1), max_size=10))
        self.store.alive = [number for number in self.store.alive if number not in gone]
        self.witnesses -= gone

    @rule(count=st.integers(1, 4))
    def break_down(self, count: int) -> None:
        """Some of the next requests will fail."""
        self.store.failures += count

    @rule(count=st.integers(1, 4))
    def answer_empty_pages(self, count: int) -> None:
        """Some of the next pages will be empty."""
        self.store.empty_pages += count

    @rule()
    def work(self) -> None:
        """Time goes by; what was asked for early arrives."""

        async def pause() -> None:
            for _ in range(10):
                await asyncio.sleep(0)

        self.run(pause())

    # The caller

    @rule(count=st.integers(1, 70))
    def take_items(self, count: int) -> None:
        """Walk on item by item."""
        for _ in range(count):
            try:
                self.hand_out([self.run(anext(self.items))])
            except BrokenError:
                continue
            except StopAsyncIteration:
                self.ended()
                break

    @rule()
    def take_page(self) -> None:
        """Walk on by a page."""
        with suppress(BrokenError):
            try:
                self.hand_out(self.run(anext(self.pages)).items)
            except StopAsyncIteration:
                self.ended()

    @rule(max_items=st.integers(0, 100))
    def collect(self, max_items: int) -> None:
        """Walk on by many items at once."""
        try:
            items = self.run(self.pager.collect(max_items))
        except BrokenError:
            return

        assert len(items) <= max_items
        self.hand_out(items)
        if len(items) < max_items:
            self.ended()

    @rule(after=st.integers(0, 12))
    def cancel(self, after: int) -> None:
        """Give up on a `collect` somewhere on its way."""

        async def run() -> asyncio.Task[list[Thing]]:
            collecting = asyncio.create_task(self.pager.collect())
            for _ in range(after):
                await asyncio.sleep(0)
            collecting.cancel()
            await asyncio.wait([collecting])
            return collecting

        collecting = self.runner.run(run())
        if not collecting.cancelled() and not isinstance(collecting.exception(), BrokenError):
            self.hand_out(collecting.result())
            self.ended()

    @rule()
    def leave(self) -> None:
        """Break off, and come back with new iterators on the same pager."""
        self.run(self.items.aclose())
        self.items, self.pages = aiter(self.pager), self.pager.pages()

    @rule()
    def look(self) -> None:
        """Look at the first page in between; the walk does not mind."""
        with suppress(BrokenError):
            self.run(self.pager)

    @precondition(lambda self: self.pager.cursor is not None)
    @rule()
    def resume(self) -> None:
        """Give the pager up, and go on in another call with its cursor."""
        self.renew(self.pager.cursor)

    @rule()
    def go_to_the_end(self) -> None:
        """Walk until nothing is left."""
        self.store.failures = 0
        self.hand_out(self.run(self.pager.collect()))
        self.ended()

    def ended(self) -> None:
        """Hold the finished walk to its promise, and start anew."""
        assert self.witnesses <= self.seen
        assert None is self.pager.cursor
        self.renew(None)
        self.witnesses = set(self.store.alive)
        self.seen = set()

    @invariant()
    def nothing_is_given_twice_and_all_in_order(self) -> None:
        """One pager gives each item once, newest first."""
        if hasattr(self, "given"):
            assert sorted(set(self.given), reverse=True) == self.given

    def teardown(self) -> None:
        """End the walk; nothing may be left over, and asyncio may not complain."""
        if hasattr(self, "pager"):
            self.go_to_the_end()
            del self.pager, self.items, self.pages
            gc.collect()
            self.run(asyncio.sleep(0))

            assert 0 == self.store.in_flight
            assert set() == asyncio.all_tasks(self.runner.get_loop())
        self.runner.close()
        assert [] == self.complaints


TestWalk = Walk.TestCase
TestWalk.settings = QUICK


@given(size=st.integers(1, 10), data=st.data())
@QUICK
def test_a_list_that_moves_under_its_pages_is_given_once(size: int, data: st.DataObject) -> None:
    """Where pages are counted from the front, new items push old ones into the next page."""
    moves = data.draw(st.lists(st.integers(0, size), max_size=12))  # new items before each page
    starts = [0]
    for moved in moves:
        starts.append(starts[-1] + size - moved)

    class Moving:
        """A list whose pages are counted, not cut at an item."""

        url, path, prefetch = Store.url, Store.path, False

        async def fetch(self, query: Query) -> Page[Thing]:
            """Answer with a page by its number."""
            number = int(dict(query).get("page", "0"))
            return Page(
                items=tuple(Thing(starts[number] + offset) for offset in range(size)),
                next_page_uri=f"?page={number + 1}" if number < len(moves) else None,
            )

    given = [thing.number for thing in asyncio.run(Pager(Moving(), ()).collect())]

    assert list(range(starts[-1] + size)) == given


class Failing(Store):
    """A list that stays as it is, where each request may fail, with each kind of error."""

    kinds = (
        lambda: ConnectionLostError("the server hung up"),
        lambda: RateLimitedError("rate limited", status=429),
        lambda: ResponseError("no JSON", status=200),
        lambda: ClientClosedError("closed"),
    )

    def __init__(
        self, size: int, latency: int, outcomes: Sequence[bool], *, prefetch: bool
    ) -> None:
        """Take whether the first requests fail, one by one; the others do not."""
        super().__init__(size, latency, prefetch=prefetch)
        self.outcomes = list(outcomes)
        self.requests = 0

    async def fetch(self, query: Query) -> Page[Thing]:
        """Answer, or fail if it is this request's turn."""
        self.requests += 1
        fails = bool(self.outcomes) and self.outcomes.pop(0)
        page = await super().fetch(query)
        if fails:
            error = self.kinds[self.requests % len(self.kinds)]()
            raise error
        return page


async def walk_on(pager: Pager[Thing], way: str, given: list[int], pause: int) -> None:
    """Walk to the end in one of the ways, and note what the caller got before an error."""

    async def work() -> None:
        for _ in range(pause):  # what was asked for early arrives, or fails
            await asyncio.sleep(0)

    if way == "items":
        async for thing in pager:
            given.append(thing.number)
            await work()
    elif way == "pages":
        async for page in pager.pages():
            given += [thing.number for thing in page.items]
            await work()
    else:
        given += [thing.number for thing in await pager.collect()]


@given(
    count=st.integers(0, 40),
    size=st.integers(1, 9),
    outcomes=st.lists(st.booleans(), max_size=30),
    ways=st.lists(st.sampled_from(["items", "pages", "collect"]), min_size=1, max_size=4),
    pause=st.integers(0, 3),
    prefetch=st.booleans(),
)
@QUICK
def test_every_error_of_a_walk_says_where_to_go_on(
    count: int,
    size: int,
    outcomes: Sequence[bool],
    ways: Sequence[str],
    pause: int,
    *,
    prefetch: bool,
) -> None:
    """Whatever fails and how often, and however one walks: nothing is lost and nothing doubled."""
    store = Failing(size, 1, outcomes, prefetch=prefetch)
    store.create(count)
    given: list[int] = []

    async def walk() -> None:
        query: Query = ()
        for turn in range(len(outcomes) + 1):
            try:
                await walk_on(Pager(store, query), ways[turn % len(ways)], given, pause)
            except NgrokError as error:
                query = () if error.cursor is None else (("before_id", error.cursor),)
            else:
                return

    asyncio.run(walk())

    assert list(range(count, 0, -1)) == given
