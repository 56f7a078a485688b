"""Pages and pagers, against lists that are kept in memory."""

import asyncio
import copy
import gc
import pickle
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from operator import attrgetter, itemgetter
from types import MappingProxyType

import attrs
import pytest

from ngrok_async import (
    Client,
    NgrokError,
    NothingFoundError,
    Page,
    Pager,
    PaginationError,
    SeveralFoundError,
)
from ngrok_async.pagination import Query
from ngrok_async.testing import FakeNgrok


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


@pytest.fixture(autouse=True)
async def quiet() -> AsyncIterator[None]:
    """Hold every test to this: asyncio has nothing to complain about, and no task is left."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    yield
    gc.collect(1)  # what a test has left is young
    await settle()

    assert [] == complaints
    assert {asyncio.current_task()} == asyncio.all_tasks()


# One page, all items, all pages


async def test_nothing_is_asked_before_it_is_awaited() -> None:
    """Making a pager and its iterators costs no request."""
    things = Things("ab", "c", prefetch=True)
    pager = pager_of(things)
    aiter(pager)
    pager.pages()
    repr(pager)
    _ = pager.cursor
    await settle()

    assert [] == things.asked


async def test_await_gives_one_page() -> None:
    """A pager that is awaited is its first page, with one request."""
    things = Things("ab", "c", prefetch=True)
    page = await pager_of(things, ("limit", "2"))

    assert (
        Page(
            items=(Thing("a"), Thing("b")),
            uri="https://api.ngrok.com/things",
            next_page_uri="https://api.ngrok.com/things?before_id=@1",
        )
        == page
    )
    assert [(("limit", "2"),)] == things.asked


async def test_await_neither_moves_a_walk_nor_depends_on_it() -> None:
    """In the middle of a walk, `await` gives the first page again and the walk goes on."""
    pager = pager_of(Things("ab", "cd"))
    items = aiter(pager)

    assert "abc" == await take(items, 3)
    assert "ab" == ids((await pager).items)
    assert "ab" == ids((await pager).items)
    assert "d" == await take(items, 1)


async def test_a_walk_gives_all_items_of_all_pages() -> None:
    """101 items in pages of 100 take two requests."""
    names = [f"t_{number}" for number in range(101)]
    things = Things(names[:100], names[100:])
    pager = pager_of(things)

    assert names == [item.id async for item in pager]
    assert [0, 1] == things.numbers


async def test_pages_gives_all_pages() -> None:
    """`pages()` gives each page as `await` would."""
    things = Things("ab", "", "c")
    pages = [page async for page in pager_of(things).pages()]

    assert ["ab", "", "c"] == [ids(page.items) for page in pages]
    assert [0, 1, 2] == things.numbers
    assert await pager_of(things) == pages[0]
    assert None is pages[-1].next_page_uri


@pytest.mark.parametrize(
    ("max_items", "expected", "requests"),
    [
        pytest.param(None, "abcdefg", 3, id="all"),
        pytest.param(0, "", 0, id="none"),
        pytest.param(1, "a", 1, id="one"),
        pytest.param(3, "abc", 1, id="exactly a page"),
        pytest.param(4, "abcd", 2, id="one more than a page"),
        pytest.param(6, "abcdef", 2, id="exactly two pages"),
        pytest.param(7, "abcdefg", 3, id="exactly all"),
        pytest.param(99, "abcdefg", 3, id="more than there are"),
    ],
)
async def test_collect_asks_for_no_page_that_it_does_not_need(
    max_items: int | None, expected: str, requests: int
) -> None:
    """`collect` returns a list of at most `max_items`, and the rest is still to be had."""
    things = Things("abc", "def", "g", prefetch=True)
    pager = pager_of(things)

    assert expected == ids(await pager.collect(max_items))
    assert requests == len(things.asked)
    if max_items is not None and max_items <= 7:  # else it has seen the end, and would start anew
        assert "abcdefg".removeprefix(expected) == await walked(pager)


@pytest.mark.parametrize(
    "max_items", [-1, True, "5", 2.0], ids=["negative", "boolean", "text", "float"]
)
async def test_collect_refuses_a_wrong_max_items(max_items: int) -> None:
    """`max_items` is checked before anything is sent."""
    things = Things("abc")

    with pytest.raises(ValueError, match=f"^max_items must be .* got {max_items!r}$"):
        await pager_of(things).collect(max_items)
    assert [] == things.asked


# One item


@pytest.mark.parametrize(
    ("pages", "first", "asked"),
    [
        (["abc", "d"], "a", 1),
        (["a"], "a", 1),
        (["", "", "b", "c"], "b", 3),
        ([""], None, 1),
        (["", ""], None, 2),
    ],
    ids=["many", "one", "behind empty pages", "none", "none on two pages"],
)
async def test_first_asks_until_there_is_an_item(
    pages: Sequence[str], first: str | None, asked: int
) -> None:
    """One request for one item; more only while pages are empty. None where there is nothing."""
    things = Things(*pages, prefetch=True)
    found = await pager_of(things).first()

    assert first == (found and found.id)
    assert list(range(asked)) == things.numbers
    assert {"1"} == {dict(query)["limit"] for query in things.asked}


@pytest.mark.parametrize(
    ("pages", "found", "asked"),
    [
        (["a"], "a", 1),
        (["", "a", ""], "a", 3),
        (["ab", "c"], "ab", 1),
        (["abc"], "ab", 1),
        (["a", "", "b", "c"], "ab", 3),
        (["a", "a"], "a", 2),
        ([""], "", 1),
        (["", ""], "", 2),
    ],
    ids=[
        *("one", "one among empty pages", "two", "three", "on pages of their own"),
        *("one that comes twice", "none", "none on two pages"),
    ],
)
async def test_one_asks_until_it_is_clear(pages: Sequence[str], found: str, asked: int) -> None:
    """No further page than it takes to tell one from none, and one from several."""
    things = Things(*pages, prefetch=True)
    expected = tuple(Thing(id_) for id_ in found)
    if len(found) == 1:
        assert expected[0] == await pager_of(things).one()
    else:
        kind = SeveralFoundError if found else NothingFoundError
        with pytest.raises(
            kind, match=r"^the list has (no|more than one) item.* on GET /things$"
        ) as e:
            await pager_of(things).one()
        assert expected == getattr(e.value, "items", ())
    assert list(range(asked)) == things.numbers
    assert {"2"} == {dict(query)["limit"] for query in things.asked}


@pytest.mark.parametrize("ask", [Pager.first, Pager.one], ids=["first", "one"])
async def test_what_was_asked_for_stays(ask: Callable[[Pager[Thing]], Awaitable[object]]) -> None:
    """A `limit`, filter and beginning of the caller's are kept, on each page."""
    things = Things("", "", "a")
    query = ("before_id", "@1"), ("limit", "7"), ("filter", "f")
    await ask(pager_of(things, *query))

    assert [1, 2] == things.numbers
    assert [dict(query), {**dict(query), "before_id": "@2"}] == [dict(q) for q in things.asked]


@pytest.mark.parametrize("ask", [Pager.first, Pager.one], ids=["first", "one"])
async def test_a_list_without_limit_is_asked_for_none(
    ask: Callable[[Pager[Thing]], Awaitable[object]],
) -> None:
    """A parameter that the API does not know is never sent."""
    things = Things("a")
    await ask(Pager(things, (), limited=False))

    assert [()] == things.asked


async def test_one_item_neither_moves_a_walk_nor_depends_on_it() -> None:
    """Both begin anew, like `await pager`, and fetch nothing ahead."""
    things = Things("ab", "c", prefetch=True)
    pager = pager_of(things)
    walk = aiter(pager)

    assert "a" == await take(walk, 1)
    before = pager.cursor
    assert Thing("a") == await pager.first()
    with pytest.raises(SeveralFoundError):
        await pager.one()
    await settle()
    assert [0, 0, 0] == things.numbers
    assert before == pager.cursor
    assert "bc" == await take(walk, 2)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ((), "the list has no item"),
        ([("filter", "f")], "the list has no item that meets the filter"),
    ],
    ids=["whole list", "with a filter"],
)
async def test_nothing_found_says_what_was_asked(
    query: Sequence[tuple[str, str]], text: str
) -> None:
    """A filter may be what is wrong."""
    with pytest.raises(NothingFoundError) as caught:
        await pager_of(Things(""), *query).one()

    assert f"{text} on GET /things" == str(caught.value)


@pytest.mark.parametrize("ask", [Pager.first, Pager.one], ids=["first", "one"])
async def test_an_error_of_a_single_item_has_the_cursor(
    ask: Callable[[Pager[Thing]], Awaitable[object]],
) -> None:
    """As any error that ends a walk; nothing is asked for again by itself."""
    things = Things("", "", "a")
    things.faults[2] = [NgrokError("no")]
    with pytest.raises(NgrokError) as caught:
        await ask(pager_of(things))

    assert "@2" == caught.value.cursor
    assert [0, 1, 2] == things.numbers


async def test_the_first_of_10000_is_one_request_for_one_item() -> None:
    """However long the list is."""
    async with (
        FakeNgrok(agents=10_000, limit=None) as fake,
        Client(fake.api_key, base_url=fake.url) as ngrok,
    ):
        newest = await ngrok.tunnel_sessions.list().first()

        assert newest is not None
        assert fake.agents[-1].id == newest.id
        assert [{"limit": "1"}] == [dict(request.query) for request in fake.requests]


# The cursor of a page


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        (None, None),
        ("", None),
        ("https://api.ngrok.com/things?before_id=@1", "@1"),
        ("?limit=2&before_id=a%20b%2Bc%2F%C3%BC%26%3D", "a b+c/ü&="),
        ("/things?before_id=@1#there", "@1"),
        ("/things?before_id=@1&before_id=@2", "@2"),
        ("/things?page=2", None),
        ("/things?before_id=", None),
        ("/things?before_id=%ff", None),
        ("https://[/things?before_id=@1", None),
    ],
)
def test_a_page_knows_the_cursor_of_the_next(link: str | None, cursor: str | None) -> None:
    """It is in the link; None where there is no next page, or none that a cursor leads to."""
    assert cursor == Page(items=(), next_page_uri=link).cursor


async def test_the_cursor_of_a_page_is_that_of_the_walk() -> None:
    """Pages by hand, one `before_id=` after the other, are the pages of a pager."""
    things = Things("ab", "", "c")
    found, cursor = "", "@0"
    while True:
        page = await pager_of(things, ("before_id", cursor))
        found += ids(page.items)
        if page.cursor is None:
            break
        cursor = page.cursor

    assert "abc" == found
    assert [0, 1, 2] == things.numbers


# The values


async def test_a_page_is_a_plain_value() -> None:
    """It compares, hashes, copies and pickles, and cannot be changed."""
    page = await pager_of(Things("ab", "c"))

    assert page == pickle.loads(pickle.dumps(page))  # noqa: S301 # made on this line
    assert {page} == {copy.deepcopy(page), page}
    with pytest.raises(AttributeError):
        page.items = ()


@pytest.mark.parametrize(
    ("mistake", "kind", "start"),
    [
        (iter, TypeError, "'Page' object is not iterable"),
        (aiter, TypeError, "'Page' object is not iterable"),
        (itemgetter(0), TypeError, "'Page' object is not subscriptable"),
    ],
    ids=["walked over", "walked over with async for", "asked for its first item"],
)
async def test_a_page_tells_that_it_is_not_the_list(
    mistake: Callable[[object], object], kind: type[Exception], start: str
) -> None:
    """Who takes one page for all items hears where the items are, and how to get the others."""
    page = await pager_of(Things("ab", "c"))

    with pytest.raises(kind, match=f"^{start}; .*take page.items, or `async for") as caught:
        mistake(page)
    assert "ab" == ids(page.items), caught.value


@pytest.mark.parametrize(
    ("mistake", "kind", "start"),
    [
        (iter, TypeError, "'Pager' object is not iterable"),
        (itemgetter(0), TypeError, "'Pager' object is not subscriptable"),
        (attrgetter("items"), AttributeError, "'Pager' object has no attribute 'items'"),
    ],
    ids=["walked over with for", "asked for its first item", "asked for the items of a page"],
)
async def test_a_pager_tells_who_forgot_to_await_it(
    mistake: Callable[[object], object], kind: type[Exception], start: str
) -> None:
    """Who takes a pager for what it will fetch hears that nothing is there yet, and what to do."""
    things = Things("ab")

    with pytest.raises(kind, match=f"^{start}; nothing has been fetched yet.*`page = await"):
        mistake(pager_of(things))
    assert [] == things.numbers


@pytest.mark.parametrize("made", [Page(items=()), pager_of(Things("ab"))], ids=["page", "pager"])
def test_other_attributes_are_missing_as_usual(made: object) -> None:
    """A misspelt name gets Python's own text, and `hasattr` works."""
    assert not hasattr(made, "itmes")
    with pytest.raises(AttributeError, match=r"^'Page(r)?' object has no attribute 'itmes'$"):
        attrgetter("itmes")(made)


async def test_a_page_keeps_unknown_fields_read_only() -> None:
    """What this version does not know is in `extra`, and nobody changes it by accident."""
    page = Page(items=(), extra={"total": 3})

    assert {"total": 3} == page.extra
    assert {} == Page(items=()).extra
    with pytest.raises(TypeError):
        page.extra["total"] = 4
    assert "total" not in repr(page)


async def test_repr_tells_list_and_place() -> None:
    """In a log, a pager shows what it walks and how far it is; a new one, what it is for."""
    pager = pager_of(Things("ab", "c"))
    new = "<Pager /things cursor=None: await it for one page, its collect() for all items>"

    assert new == repr(pager)
    await pager.collect(1)
    assert "<Pager /things cursor=None>" == repr(pager)
    await pager.collect(1)
    assert "<Pager /things cursor='@1'>" == repr(pager)


# Going on


@pytest.mark.parametrize("taken", range(8), ids=lambda taken: f"after {taken} items")
async def test_a_walk_goes_on_after_a_break(taken: int) -> None:
    """The next `async for` takes up the walk at the item after the last one."""
    things = Things("abc", "", "def", "g")
    pager = pager_of(things)
    await take(aiter(pager), taken)

    assert "abcdefg"[taken:] == await walked(pager)
    assert [0, 1, 2, 3] == things.numbers


async def test_a_walk_starts_anew_after_its_end() -> None:
    """A pager can be walked again from the beginning; the old iterator stays at its end."""
    things = Things("ab", "c")
    pager = pager_of(things)
    items = aiter(pager)

    assert "abc" == ids([item async for item in items])
    assert "abc" == await walked(pager)
    assert "abc" == ids(await pager.collect())
    with pytest.raises(StopAsyncIteration):
        await anext(items)
    assert [0, 1, 0, 1, 0, 1] == things.numbers


async def test_pages_begins_with_the_rest_of_a_page() -> None:
    """After a break in the middle of a page, `pages()` gives the rest of it first."""
    pager = pager_of(Things("abc", "d"))
    await take(aiter(pager), 1)
    pages = [page async for page in pager.pages()]

    assert ["bc", "d"] == [ids(page.items) for page in pages]
    assert "https://api.ngrok.com/things?before_id=@1" == pages[0].next_page_uri


async def test_two_tasks_cannot_walk_one_pager() -> None:
    """The second task is told so, whatever it calls, and the first one is not disturbed."""
    things = Things("ab", "cd")
    pager = pager_of(things)
    things.answering.clear()
    first = asyncio.create_task(pager.collect())
    await settle()
    for second in (anext(aiter(pager)), anext(pager.pages()), pager.collect()):
        with pytest.raises(RuntimeError, match="another task"):
            await second
    things.answering.set()

    assert "abcd" == ids(await first)
    assert [0, 1] == things.numbers


# The cursor


@pytest.mark.parametrize(
    ("taken", "cursor", "resumed"),
    [
        pytest.param(0, None, "abcdefg", id="at the beginning"),
        pytest.param(1, None, "abcdefg", id="within the first page"),
        pytest.param(2, None, "abcdefg", id="before the last item of a page"),
        pytest.param(3, "@1", "defg", id="behind the first page"),
        pytest.param(5, "@1", "defg", id="within the second page"),
        pytest.param(6, "@2", "g", id="behind the second page"),
        pytest.param(7, None, "abcdefg", id="behind the last item"),
    ],
)
async def test_the_cursor_takes_up_the_walk_in_another_call(
    taken: int, cursor: str | None, resumed: str
) -> None:
    """`list(before_id=pager.cursor)` gives the current page again and misses nothing."""
    things = Things("abc", "def", "g")
    pager = pager_of(things, ("filter", "x"))
    await take(aiter(pager), taken)

    assert cursor == pager.cursor
    query = [] if cursor is None else [("before_id", cursor)]
    assert resumed == await walked(pager_of(things, ("filter", "x"), *query))


async def test_the_cursor_is_none_again_after_the_end() -> None:
    """Once the end was reached there is nothing to go on with."""
    pager = pager_of(Things("abc", "d"))
    await walked(pager)

    assert None is pager.cursor


async def test_a_walk_can_begin_at_a_cursor() -> None:
    """The cursor that it began with is its place until the first page is read."""
    things = Things("ab", "cd", "e")
    pager = pager_of(things, ("before_id", "@1"))

    assert "@1" == pager.cursor
    await take(aiter(pager), 1)
    assert "@1" == pager.cursor
    await take(aiter(pager), 1)
    assert "@2" == pager.cursor
    assert "e" == await walked(pager)
    assert None is pager.cursor
    assert "cde" == await walked(pager)
    assert [1, 2, 1, 2] == things.numbers


async def test_the_cursor_stands_at_the_page_that_failed() -> None:
    """After an error, another call can ask for the failed page."""
    things = Things("ab", "cd")
    things.faults[1] = [BrokenError()]
    pager = pager_of(things)
    with pytest.raises(BrokenError):
        await walked(pager)

    assert "@1" == pager.cursor


@pytest.mark.parametrize("begin", [None, "@1"], ids=["the first page", "a page by its cursor"])
@pytest.mark.parametrize("way", ["await", "items", "pages", "collect"])
async def test_an_error_at_the_first_page_has_the_cursor_that_was_passed(
    begin: str | None, way: str
) -> None:
    """None where the list was to be read from its beginning."""
    things = Things("ab", "cd")
    failing = 0 if begin is None else 1
    things.faults[failing] = [NgrokError("down")]
    pager = pager_of(things, *([] if begin is None else [("before_id", begin)]))
    walk = {"await": _first, "items": walked, "pages": pages_of, "collect": collected}[way]
    with pytest.raises(NgrokError) as caught:
        await walk(pager)

    assert begin == caught.value.cursor


async def _first(pager: Pager[Thing]) -> str:
    return ids((await pager).items)


async def test_an_error_of_collect_has_the_place_where_it_began() -> None:
    """The caller has none of the items that it had got by then."""
    things = Things("ab", "cd", "ef", "gh")
    things.faults[3] = [NgrokError("down")]
    pager = pager_of(things)
    await take(aiter(pager), 2)
    with pytest.raises(NgrokError) as caught:
        await pager.collect()

    assert "@1" == caught.value.cursor == pager.cursor
    assert "cdefgh" == await walked(pager_of(things, ("before_id", "@1")))


# The link to the next page


@pytest.mark.parametrize(
    "link",
    [
        "https://api.ngrok.com/things?before_id=@1",
        "https://api.ngrok.com:443/things?before_id=@1",
        "HTTPS://API.NGROK.COM/things?before_id=@1",
        "https://api.ngrok.com/things?before_id=%401#top",
        "//api.ngrok.com/things?before_id=@1",
        "/things?before_id=@1",
        "things?before_id=@1",
        "?before_id=@1",
    ],
    ids=[
        "absolute",
        "with the usual port",
        "in capitals",
        "with a fragment",
        "without a scheme",
        "from the root",
        "from the folder",
        "only a query",
    ],
)
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_links_to_the_same_list_are_followed(link: str, *, prefetch: bool) -> None:
    """Absolute or relative, it is the same place."""
    things = Things("abc", "d", prefetch=prefetch, links={0: link})

    assert "abcd" == await walked(pager_of(things))
    assert [(), (("before_id", "@1"),)] == things.asked


async def test_the_cursor_is_taken_from_the_link_as_it_is() -> None:
    """The server's text goes back to it, decoded once; the last item's id plays no part."""
    link = "?before_id=a%20b%2Bc%2F%C3%BC%26%3D&page=2&flag="
    things = Things("abc", links={0: link})
    with pytest.raises(ValueError, match="a b"):  # `Things` does not know this cursor
        await walked(pager_of(things))

    assert [("before_id", "a b+c/ü&="), ("page", "2"), ("flag", "")] == list(things.asked[1])


@pytest.mark.parametrize(
    ("link", "second"),
    [
        pytest.param(
            "?before_id=@1",
            {"before_id": "@1", "limit": "3", "filter": "a && b"},
            id="both dropped",
        ),
        pytest.param(
            "?before_id=@1&limit=3&filter=a+%26%26+b",
            {"before_id": "@1", "limit": "3", "filter": "a && b"},
            id="both kept",
        ),
        pytest.param(
            "?limit=100&filter=&before_id=@1",
            {"before_id": "@1", "limit": "3", "filter": "a && b"},
            id="both changed",
        ),
    ],
)
async def test_filter_and_limit_hold_for_the_whole_walk(
    link: str, second: Mapping[str, str]
) -> None:
    """What the caller asked for is asked for on each page, whatever the server writes."""
    things = Things("abc", "d", links={0: link})
    pager = pager_of(things, ("before_id", "@0"), ("limit", "3"), ("filter", "a && b"))

    assert "abcd" == await walked(pager)
    assert second == dict(things.asked[1])


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://evil.example/things?before_id=@1", id="other host"),
        pytest.param("https://api.ngrok.com.evil.example/things?before_id=@1", id="longer host"),
        pytest.param("https://ngrok.com/things?before_id=@1", id="parent host"),
        pytest.param("https://api.ngrok.com./things?before_id=@1", id="host with a dot"),
        pytest.param("//evil.example/things?before_id=@1", id="other host without a scheme"),
        pytest.param("https://api.ngrok.com\\@evil.example/things?before_id=@1", id="backslash"),
        pytest.param("https://api.ngrok.com:444/things?before_id=@1", id="other port"),
        pytest.param("https://api.ngrok.com:0/things?before_id=@1", id="port 0"),
        pytest.param("https://api.ngrok.com:99999/things?before_id=@1", id="port out of range"),
        pytest.param("https://api.ngrok.com:x/things?before_id=@1", id="port of letters"),
        pytest.param("http://api.ngrok.com/things?before_id=@1", id="without TLS"),
        pytest.param("http://api.ngrok.com:443/things?before_id=@1", id="without TLS on 443"),
        pytest.param("https://me@api.ngrok.com/things?before_id=@1", id="user"),
        pytest.param("https://me:pw@api.ngrok.com/things?before_id=@1", id="user and password"),
        pytest.param("https://@api.ngrok.com/things?before_id=@1", id="empty user"),
        pytest.param("https://api.ngrok.com/api_keys?before_id=@1", id="other path"),
        pytest.param("https://api.ngrok.com/things/?before_id=@1", id="slash behind the path"),
        pytest.param("https://api.ngrok.com/things/t_1?before_id=@1", id="longer path"),
        pytest.param("https://api.ngrok.com/x/../things?before_id=@1", id="path with dots"),
        pytest.param("https://api.ngrok.com//things?before_id=@1", id="path with two slashes"),
        pytest.param("../api_keys?before_id=@1", id="relative path elsewhere"),
        pytest.param("things;before_id=@1", id="semicolon"),
        pytest.param("@1", id="only a cursor"),
        pytest.param("javascript:things?before_id=@1", id="javascript"),
        pytest.param("file:///things?before_id=@1", id="file"),
        pytest.param("https://[::1/things?before_id=@1", id="broken IPv6 address"),
        pytest.param("?before_id=%ff", id="query that is not UTF-8"),
        pytest.param("https://api.ngrok.com\uff0f@evil.example/things", id="full-width slash"),
    ],
)
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_links_that_lead_elsewhere_are_refused(link: str, *, prefetch: bool) -> None:
    """The items that are there are given, then the link is refused; nothing is asked for."""
    things = Things("abc", "d", prefetch=prefetch, links={0: link})
    pager = pager_of(things, ("before_id", "@0"))
    items = aiter(pager)

    assert "abc" == await take(items, 3)
    for _ in range(2):
        with pytest.raises(PaginationError, match="next page cannot be followed") as caught:
            await anext(items)
        assert ("GET", "/things", "@0") == (
            caught.value.method,
            caught.value.path,
            caught.value.cursor,
        )
    assert isinstance(caught.value, NgrokError)
    assert "evil" not in str(caught.value)
    assert [(("before_id", "@0"),)] == things.asked
    assert "@0" == pager.cursor  # the last good place


@pytest.mark.parametrize(
    ("port", "link"),
    [
        pytest.param(":8080", "http://127.0.0.1:8080/things?before_id=@1", id="same port"),
        pytest.param("", "http://127.0.0.1:80/things?before_id=@1", id="usual port"),
    ],
)
async def test_links_are_held_against_the_base_url_in_use(port: str, link: str) -> None:
    """A list on another base URL follows links to that one."""
    things = Things("abc", "d", links={0: link})
    things.url = f"http://127.0.0.1{port}/things"

    assert "abcd" == await walked(pager_of(things))


GATEWAYS = {
    "gateway": "https://gw.example/things",
    "gateway with a prefix": "https://gw.example/ngrok/things",
    "recorded answers": "http://127.0.0.1:8080/things",
}


@pytest.mark.parametrize("url", GATEWAYS.values(), ids=GATEWAYS)
@pytest.mark.parametrize("host", ["api.ngrok.com", "API.NGROK.COM:443"])
async def test_links_of_ngrok_itself_are_followed_under_another_base_url(
    url: str, host: str
) -> None:
    """What stands between does not rewrite the answers; only the query is taken, as ever."""
    things = Things("abc", "d", links={0: f"https://{host}/things?before_id=@1"})
    things.url = url

    assert "abcd" == await walked(pager_of(things, ("limit", "3")))
    assert (("before_id", "@1"), ("limit", "3")) == things.asked[1]


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://api.ngrok.com/ngrok/things?before_id=@1", id="with the prefix"),
        pytest.param("https://api.ngrok.com/api_keys?before_id=@1", id="other path"),
        pytest.param("https://api.ngrok.com/things/?before_id=@1", id="slash behind the path"),
        pytest.param("https://api.ngrok.com/x/../things?before_id=@1", id="path with dots"),
        pytest.param("https://api.ngrok.com/%74hings?before_id=@1", id="encoded path"),
        pytest.param("http://api.ngrok.com/things?before_id=@1", id="without TLS"),
        pytest.param("https://api.ngrok.com:8443/things?before_id=@1", id="other port"),
        pytest.param("https://me@api.ngrok.com/things?before_id=@1", id="user"),
        pytest.param("https://api.eu.ngrok.com/things?before_id=@1", id="other host of ngrok"),
        pytest.param("https://api.ngrok.com.evil.example/things?before_id=@1", id="longer host"),
        pytest.param("https://evil.example/things?before_id=@1", id="third host"),
        pytest.param("https://gw.example/things?before_id=@1", id="without the prefix"),
        pytest.param("/things?before_id=@1", id="from the root"),
    ],
)
async def test_other_links_are_refused_under_another_base_url(link: str) -> None:
    """That address is the one exception, and for the list's own path alone."""
    things = Things("abc", "d", links={0: link})
    things.url = "https://gw.example/ngrok/things"

    with pytest.raises(PaginationError, match="leads away from the list"):
        await walked(pager_of(things))
    assert [()] == things.asked


@pytest.mark.parametrize("link", [None, ""], ids=["null", "empty"])
async def test_a_walk_ends_where_there_is_no_link(link: str | None) -> None:
    """Without a link there is no further request, even if the page is full."""
    things = Things("abc", "d", prefetch=True, links={0: link})

    assert "abc" == await walked(pager_of(things))
    assert [0] == things.numbers


@pytest.mark.parametrize("last", [0, 1, 2], ids=["itself", "a cycle of two", "a cycle of three"])
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_a_cycle_is_an_error_and_not_an_end(last: int, *, prefetch: bool) -> None:
    """A page that leads back is refused after its items: who ends silently there loses pages."""
    links = {last: "?before_id=@0"}
    things = Things("abc", "def", "ghi", prefetch=prefetch, links=links)
    pager = pager_of(things, ("before_id", "@0"))
    items = aiter(pager)

    assert "abcdefghi"[: 3 * last + 3] == await take(items, 3 * last + 3)
    with pytest.raises(PaginationError, match="already seen") as caught:
        await anext(items)
    assert f"@{last}" == caught.value.cursor
    assert list(range(last + 1)) == things.numbers


async def test_a_cycle_that_spares_the_first_page_is_an_error_too() -> None:
    """Every page of the walk is remembered, not just the first and the last one."""
    things = Things("a", "b", "c", "d", links={3: "?before_id=@1"})
    pager = pager_of(things)

    with pytest.raises(PaginationError, match="already seen"):
        await walked(pager)
    assert [0, 1, 2, 3] == things.numbers


async def test_a_page_that_links_to_itself_under_another_name_is_given_once() -> None:
    """The first page has no cursor yet: its own address looks new, its items do not."""
    things = Things("abc", links={0: "https://api.ngrok.com/things?limit=100"})
    items = aiter(pager_of(things))

    assert "abc" == await take(items, 3)
    with pytest.raises(PaginationError, match="already seen"):
        await anext(items)
    assert 2 == len(things.asked)


# Empty pages and repeated items


async def test_empty_pages_do_not_end_a_walk() -> None:
    """Filtered lists may have them anywhere."""
    things = Things("", "ab", "", "", "c", "", prefetch=True)

    assert "abc" == await walked(pager_of(things))
    assert [0, 1, 2, 3, 4, 5] == things.numbers


async def test_3000_empty_pages_are_walked_like_any_others() -> None:
    """Neither recursion nor patience ends before the list does."""
    things = Things(*[""] * 3000, "a")

    assert "a" == await walked(pager_of(things))
    assert 3001 == len(things.asked)


async def test_an_empty_list_has_one_empty_page() -> None:
    """A walk over nothing gives nothing, and takes one request."""
    things = Things("")
    pager = pager_of(things)

    assert [] == await pager.collect()
    assert [0] == things.numbers
    assert [""] == [ids(page.items) async for page in pager.pages()]


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        pytest.param(["abc", "cde", "ef"], ["abc", "de", "f"], id="shifted by one"),
        pytest.param(["abc", "abc", "d"], ["abc", "", "d"], id="a whole page"),
        pytest.param(["aab", "cdc"], ["ab", "cd"], id="within a page"),
        pytest.param(["abc", "dac", "ef"], ["abc", "d", "ef"], id="out of order"),
    ],
)
async def test_neighbouring_pages_give_no_id_twice(
    pages: Sequence[str], expected: Sequence[str]
) -> None:
    """What a server repeats, when a list moved under it, is given once, in the first place."""
    things = Things(*pages)

    assert "".join(expected) == await walked(pager_of(things))
    assert expected == [ids(page.items) async for page in pager_of(things).pages()]


async def test_items_without_an_id_are_all_given() -> None:
    """Equal values that have no id are no repetition."""
    things = Things("aa", "a")
    things.pages = [tuple("aa"), tuple("a")]
    pager = pager_of(things)

    assert ["a", "a", "a"] == await pager.collect()


# Errors


@pytest.mark.parametrize("failures", [1, 3], ids=["once", "three times"])
@pytest.mark.parametrize("page", [0, 1, 2], ids=["first page", "second page", "last page"])
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_a_walk_stays_at_a_page_that_fails(
    page: int, failures: int, *, prefetch: bool
) -> None:
    """The same iterator asks for the failed page again, and gives nothing twice."""
    things = Things("abc", "def", "ghi", prefetch=prefetch)
    things.faults[page] = [BrokenError(str(number)) for number in range(failures)]
    items = aiter(pager_of(things))
    given = await take(items, 3 * page)
    for number in range(failures):
        with pytest.raises(BrokenError, match=f"^{number}$"):
            await anext(items)
    given += ids([item async for item in items])

    assert "abcdefghi" == given
    assert [*range(page), *[page] * failures, *range(page, 3)] == things.numbers


async def test_pages_stays_at_a_page_that_fails() -> None:
    """`pages()` asks for it again, too."""
    things = Things("ab", "cd", "e", prefetch=True)
    things.faults[1] = [BrokenError()]
    things.faults[2] = [BrokenError()]
    pages, given = pager_of(things).pages(), list[str]()
    for page in ("ab", BrokenError, "cd", BrokenError, "e"):
        if isinstance(page, str):
            given.append(ids((await anext(pages)).items))
        else:
            with pytest.raises(page):
                await anext(pages)

    assert ["ab", "cd", "e"] == given
    assert [0, 1, 1, 2, 2] == things.numbers


@pytest.mark.parametrize("max_items", [None, 6], ids=["all", "six"])
@pytest.mark.parametrize("begun", [0, 1], ids=["from the start", "from within a page"])
async def test_collect_loses_nothing_to_an_error(max_items: int | None, begun: int) -> None:
    """What `collect` had when it failed is given by the next call, without asking for it again."""
    things = Things("ab", "cd", "ef", "gh")
    things.faults[2] = [BrokenError(), BrokenError()]
    pager = pager_of(things)
    await take(aiter(pager), begun)
    for _ in range(2):
        with pytest.raises(BrokenError):
            await pager.collect(max_items)
        assert None is pager.cursor  # where the items that were not handed out begin
    expected = "abcdefgh"[begun:][:max_items]

    assert expected == ids(await pager.collect(max_items))
    assert [0, 1, 2, 2, 2] == things.numbers[:5]


async def test_other_walks_get_what_a_failed_collect_had() -> None:
    """After an error in `collect`, `pages()` and `async for` begin where it began."""
    for walk in (walked, pages_of):
        things = Things("ab", "cd", "ef", "gh")
        things.faults[3] = [BrokenError()]
        pager = pager_of(things)
        await take(aiter(pager), 2)
        with pytest.raises(BrokenError):
            await pager.collect()

        assert "@1" == pager.cursor
        assert "cdefgh" == await walk(pager)
        assert [0, 1, 2, 3, 3] == things.numbers


async def test_a_cancelled_collect_loses_nothing() -> None:
    """A timeout around `collect` costs the page that was on its way, nothing else."""
    things = Things("ab", "cd")
    pager = pager_of(things)
    await take(aiter(pager), 1)
    things.answering.clear()
    collecting = asyncio.create_task(pager.collect())
    await settle()
    collecting.cancel()
    await asyncio.wait([collecting])
    things.answering.set()

    assert collecting.cancelled()
    assert "bcd" == ids(await pager.collect())
    assert [0, 1, 1] == things.numbers


async def test_a_cancelled_walk_can_be_resumed() -> None:
    """Cancelling the task that waits for a page leaves the walk where it was."""
    things = Things("ab", "cd")
    pager = pager_of(things)
    await take(aiter(pager), 2)
    things.answering.clear()
    walking = asyncio.create_task(walked(pager))
    await settle()
    walking.cancel()
    await asyncio.wait([walking])

    assert walking.cancelled()
    assert 0 == things.in_flight
    things.answering.set()
    assert "cd" == await walked(pager)


# Prefetch


@pytest.mark.parametrize(
    ("size", "taken"),
    [(2, 2), (25, 2), (49, 2), (50, 3), (99, 4), (100, 5)],
    ids=lambda value: f"{value}",
)
async def test_the_next_page_is_fetched_past_the_first_25th(size: int, taken: int) -> None:
    """Who leaves within the first 25th of a page costs no further request; who goes on does."""
    things = Things([f"t_{number}" for number in range(size)], "z", prefetch=True)
    items = aiter(pager_of(things))
    await take(items, taken - 1)
    await settle()

    assert [0] == things.numbers
    await take(items, 1)
    await settle()
    assert [0, 1] == things.numbers


async def test_a_page_of_one_item_is_left_before_the_next_is_fetched() -> None:
    """Its one item is its first 25th: whoever wants just one item pays for one page."""
    things = Things("a", "b", prefetch=True)
    items = aiter(pager_of(things))
    await take(items, 1)
    await settle()

    assert [0] == things.numbers
    assert "b" == ids([item async for item in items])


async def test_a_prefetched_page_is_there_without_waiting() -> None:
    """While the caller worked on one page, the next one has arrived."""
    things = Things("abc", "d", prefetch=True)
    items = aiter(pager_of(things))
    await take(items, 3)
    await settle()
    step = anext(items).__await__()

    with pytest.raises(StopIteration) as done:
        next(step)
    assert Thing("d") == done.value.value
    assert [0, 1] == things.numbers


async def test_a_page_on_its_way_is_waited_for_and_not_asked_for_again() -> None:
    """A caller who is faster than the network gets the page that was prefetched."""
    things = Things("abc", "def", prefetch=True)
    items = aiter(pager_of(things))
    await take(items, 2)
    things.answering.clear()
    walking = asyncio.create_task(take(items, 4))
    await settle()

    assert not walking.done()
    things.answering.set()
    assert "cdef" == await walking
    assert [0, 1] == things.numbers


async def test_one_page_at_a_time_is_fetched_ahead() -> None:
    """However long the list, and however slow the caller, there is one request in flight."""
    things = Things("abc", "def", "ghi", "jkl", prefetch=True)
    async for _ in pager_of(things):
        await settle()

    assert 1 == things.most_in_flight
    assert [0, 1, 2, 3] == things.numbers


async def test_items_and_pages_share_what_was_fetched_ahead() -> None:
    """Who reads a walk in both ways at once has one request under way all the same."""
    things = Things("ab", "cd", "efgh", "i", prefetch=True)
    pager = pager_of(things)
    pages, items = pager.pages(), aiter(pager)
    await anext(pages)
    await anext(pages)

    assert "ef" == await take(items, 2)
    things.answering.clear()
    await settle()
    assert "gh" == ids((await anext(pages)).items)
    await settle()
    things.answering.set()
    assert "i" == await walked(pager)
    assert [0, 1, 2, 3] == things.numbers


async def test_the_last_page_has_nothing_to_prefetch() -> None:
    """No request goes beyond the end."""
    things = Things("abc", prefetch=True)

    assert "abc" == await walked(pager_of(things))
    await settle()
    assert [0] == things.numbers


@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_pages_prefetches_while_the_caller_is_at_work(*, prefetch: bool) -> None:
    """With each page the next one is asked for, with the first one too; switched off, none is."""
    things = Things("ab", "cd", "ef", prefetch=prefetch)
    pages = pager_of(things).pages()
    asked = []
    for _ in range(3):
        await anext(pages)
        await settle()
        asked.append(len(things.asked))

    assert ([2, 3, 3] if prefetch else [1, 2, 3]) == asked


async def test_leaving_the_first_page_at_once_costs_no_second_request() -> None:
    """One page is what many want: who has awaited nothing has not begun to work on it."""
    things = Things("ab", "cd", prefetch=True)
    pager = pager_of(things)
    async for page in pager.pages():
        assert "ab" == ids(page.items)
        break
    await settle()

    assert [0] == things.numbers
    assert "cd" == await walked(pager)


async def test_pages_that_are_closed_at_once_cost_no_second_request() -> None:
    """The same with `aclosing`, while somebody still has the iterator."""
    things = Things("ab", "cd", prefetch=True)
    pager = pager_of(things)
    async with aclosing(pager.pages()) as pages:
        assert "ab" == ids((await anext(pages)).items)
    await settle()

    assert [0] == things.numbers
    assert "cd" == await walked(pager)


async def test_a_caller_who_comes_back_at_once_asks_for_the_second_page_once() -> None:
    """The walk itself is on its way to the second page before the prefetch has begun."""
    things = Things("ab", "cd", "ef", prefetch=True)
    pages = [ids(page.items) async for page in pager_of(things).pages()]
    await settle()

    assert ["ab", "cd", "ef"] == pages
    assert [0, 1, 2] == things.numbers
    assert 1 == things.most_in_flight


async def test_without_prefetch_no_page_is_asked_for_early() -> None:
    """`prefetch=False`: a page is asked for when the one before it is used up."""
    things = Things([f"t_{number}" for number in range(100)], "z", prefetch=False)
    items = aiter(pager_of(things))
    await take(items, 100)
    await settle()

    assert [0] == things.numbers
    assert "z" == await take(items, 1)


@pytest.mark.parametrize("kind", ["items", "pages", "collect"])
async def test_a_prefetch_that_failed_is_forgotten(kind: str) -> None:
    """What went wrong while the caller was at work says nothing about now: the walk asks itself."""
    things = Things("abc", "def", prefetch=True)
    things.faults[1] = [BrokenError()]
    pager = pager_of(things)
    await take(aiter(pager), 2)
    await settle()

    assert [0, 1] == things.numbers  # it has failed by now
    rest = {"items": walked, "pages": pages_of, "collect": collected}[kind]
    assert "cdef" == await rest(pager)
    assert [0, 1, 1] == things.numbers


async def test_the_error_of_a_walk_is_of_its_own_request() -> None:
    """Where it still cannot be had, the error is what the walk itself was told, and told late."""
    things = Things("abc", "def", prefetch=True)
    things.faults[1] = [BrokenError("early"), BrokenError("now")]
    items = aiter(pager_of(things))
    await take(items, 2)
    await settle()

    assert "c" == await take(items, 1)
    with pytest.raises(BrokenError, match="now"):
        await anext(items)
    assert "def" == ids([item async for item in items])


async def test_a_prefetch_that_fails_while_it_is_waited_for_is_the_walks_own() -> None:
    """Asking once more would make the caller wait for twice the time that a call may take."""
    things = Things("abc", "def", prefetch=True)
    things.faults[1] = [BrokenError()]
    items = aiter(pager_of(things))
    await take(items, 3)

    with pytest.raises(BrokenError):
        await anext(items)
    assert [0, 1] == things.numbers


@pytest.mark.parametrize("failing", [True, False], ids=["that fails", "that succeeds"])
async def test_nobody_misses_the_outcome_of_a_prefetch(*, failing: bool) -> None:
    """After a `break`, an answer that nobody asks for any more makes no noise."""
    things = Things("abc", "def", prefetch=True)
    things.faults[1] = [BrokenError()] if failing else []
    pager = pager_of(things)
    async for item in pager:
        if item.id == "b":
            break
    await settle()

    assert [0, 1] == things.numbers
    del pager  # what asyncio thinks of it, `quiet` sees


async def test_a_pager_that_goes_out_of_sight_cancels_its_prefetch() -> None:
    """`async for ... break` over a temporary pager leaves no request behind."""
    things = Things("abc", "def", prefetch=True)
    async for item in pager_of(things):
        if item.id == "b":
            things.answering.clear()
            await settle()

            assert 1 == things.in_flight
            break
    gc.collect()
    await settle()

    assert 0 == things.in_flight


@pytest.mark.parametrize("kind", ["items", "pages"])
async def test_aclose_drops_the_prefetch_and_keeps_the_place(kind: str) -> None:
    """`aclosing` ends the request at once, and the walk can go on later."""
    things = Things("abc", "def", "ghi", prefetch=True)
    pager = pager_of(things)
    iterator = aiter(pager) if kind == "items" else pager.pages()
    async with aclosing(iterator) as walk:
        for _ in range(2):
            await anext(walk)
        things.answering.clear()
        await settle()

        assert 1 == things.in_flight
        things.answering.set()

    assert ("cdefghi" if kind == "items" else "ghi") == await walked(pager)
    await iterator.aclose()  # once more, with nothing to drop


async def test_cancelling_a_walk_ends_the_prefetch_that_it_waits_for() -> None:
    """No request goes on after its caller was cancelled; the page can be had again."""
    things = Things("abc", "def", prefetch=True)
    pager = pager_of(things)
    items = aiter(pager)
    await take(items, 2)
    things.answering.clear()
    walking = asyncio.create_task(walked(pager))
    await settle()
    walking.cancel()
    await asyncio.wait([walking])

    assert walking.cancelled()
    assert 0 == things.in_flight
    things.answering.set()
    assert "def" == await walked(pager)
    assert [0, 1, 1] == things.numbers


async def test_cancelling_a_caller_at_work_ends_the_prefetch() -> None:
    """A task that is cancelled within the loop takes its prefetch along."""
    things = Things("abc", "def", prefetch=True)

    async def work() -> None:
        async for item in pager_of(things):
            if item.id == "b":
                things.answering.clear()
                await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await settle()

    assert 1 == things.in_flight
    working.cancel()
    await asyncio.wait([working])
    del working
    gc.collect()
    await settle()
    assert 0 == things.in_flight


async def test_a_prefetch_that_somebody_else_cancelled_is_asked_for_again() -> None:
    """The walker was not cancelled, so it gets its page."""
    things = Things("abc", "def", prefetch=True)
    items = aiter(pager_of(things))
    await take(items, 2)
    things.answering.clear()
    await settle()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await settle()
    things.answering.set()

    assert "cdef" == ids([item async for item in items])
    assert [0, 1, 1] == things.numbers


async def test_collect_takes_a_page_that_was_prefetched() -> None:
    """A walk is one walk, however its parts are read."""
    things = Things("abc", "def", "g", prefetch=True)
    pager = pager_of(things)
    await take(aiter(pager), 2)
    await settle()

    assert "cdef" == ids(await pager.collect(4))
    assert "g" == await walked(pager)
    assert [0, 1, 2] == things.numbers


@pytest.mark.parametrize("failing", [True, False], ids=["that failed", "that was cancelled"])
def test_a_prefetch_outlives_its_event_loop_in_silence(
    caplog: pytest.LogCaptureFixture, *, failing: bool
) -> None:
    """Dropping the pager after `asyncio.run` is over has nothing to say about the prefetch."""
    things = Things("abc", "def", prefetch=True)
    things.faults[1] = [BrokenError()]

    async def walk() -> Pager[Thing]:
        pager = pager_of(things)
        await take(aiter(pager), 2)
        if not failing:
            things.answering.clear()
        await settle()
        return pager

    pager = asyncio.run(walk())

    assert 0 == things.in_flight
    del pager
    gc.collect()
    assert [] == caplog.records


def test_a_loop_that_was_closed_too_early_is_not_touched() -> None:
    """Nothing can be cancelled there any more; what is lost, asyncio says itself, and only that."""
    complaints: list[str] = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))

    async def walk() -> tuple[Things, Pager[Thing]]:
        things = Things("abc", "def", prefetch=True)
        pager = pager_of(things)
        await take(aiter(pager), 2)
        things.answering.clear()
        await settle()
        return things, pager

    things, pager = loop.run_until_complete(walk())
    loop.close()

    assert 1 == things.in_flight
    del pager  # an error in `__del__` would be a warning, and thus fail
    del things
    gc.collect()
    assert ["Task was destroyed but it is pending!"] == complaints


async def test_garbage_may_be_collected_in_any_thread() -> None:
    """The prefetch of a walk that is in a cycle is cancelled in its own loop.

    The loop's debug mode looks for calls from elsewhere.
    """
    loop = asyncio.get_running_loop()
    loop.set_debug(enabled=True)
    things = Things("abc", "def", prefetch=True)

    async def leave() -> None:
        cycle: list[object] = [pager := pager_of(things)]
        cycle.append(cycle)
        await take(aiter(pager), 2)
        things.answering.clear()
        await settle()

    await leave()

    assert 1 == things.in_flight
    await asyncio.to_thread(gc.collect)
    await settle()
    assert 0 == things.in_flight


def test_a_walk_can_go_on_while_its_first_loop_still_runs() -> None:
    """A request under way in the loop of another thread is dropped there, and asked for here."""
    things = Things("abc", "def", prefetch=True)
    pager = pager_of(things)
    begun, over = threading.Event(), threading.Event()

    async def begin() -> None:
        await take(aiter(pager), 2)
        things.answering.clear()
        await settle()
        begun.set()
        await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=[begin()])
    thread.start()
    begun.wait()
    things.answering = asyncio.Event()  # of this loop
    things.answering.set()
    rest = asyncio.run(walked(pager))
    over.set()
    thread.join()

    assert "cdef" == rest
    assert 0 == things.in_flight


def test_a_walk_can_go_on_in_another_event_loop() -> None:
    """The page whose request ended with its loop is asked for again."""
    things = Things("abc", "def", prefetch=True)
    pager = pager_of(things)

    assert "ab" == asyncio.run(take(aiter(pager), 2))
    assert "cdef" == asyncio.run(walked(pager))
