"""The next page is fetched while the caller works on the current one."""

import asyncio
import gc
import threading
from contextlib import aclosing

import pytest

from ngrok_async import (
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
