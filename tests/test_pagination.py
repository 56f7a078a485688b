"""Pages and pagers, against lists that are kept in memory."""

import copy
import pickle
from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter, itemgetter

import pytest

from ngrok_async import (
    Client,
    NgrokError,
    NothingFoundError,
    Page,
    Pager,
    SeveralFoundError,
)
from ngrok_async.testing import FakeNgrok
from tests.lists import Thing, Things, ids, pager_of, settle, take, walked

pytestmark = pytest.mark.usefixtures("quiet")


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


@pytest.mark.parametrize("begin", [None, "@1"])
async def test_one_that_fails_half_way_goes_on_at_its_beginning(begin: str | None) -> None:
    """The caller has seen no item yet, so none may be passed over."""
    things = Things("x", "a", "b")
    fails = 2 if begin else 1
    things.faults[fails] = [NgrokError("no answer")]
    query = (("limit", "1"), *((("before_id", begin),) if begin else ()))

    with pytest.raises(NgrokError) as caught:
        await pager_of(things, *query).one()

    assert begin == caught.value.cursor


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
    """A name that is like no other gets Python's own text, and `hasattr` works."""
    assert not hasattr(made, "itmz")
    with pytest.raises(AttributeError, match=r"^'Page(r)?' object has no attribute 'itmz'$"):
        attrgetter("itmz")(made)


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
