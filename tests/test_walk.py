"""A walk goes on where it stopped, whatever stopped it."""

import asyncio
from collections.abc import Sequence

import pytest

from ngrok_async import (
    NgrokError,
    Page,
    Pager,
)
from tests.lists import (
    BrokenError,
    Thing,
    Things,
    collected,
    ids,
    pager_of,
    pages_of,
    settle,
    take,
    walked,
)

pytestmark = pytest.mark.usefixtures("quiet")


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
