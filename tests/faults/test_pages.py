"""Cases 38 to 46 of the catalogue: walks over lists, over real connections."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ngrok_async import APIError, Client, PaginationError, Request, Response, Retry, Send
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok

if TYPE_CHECKING:
    from tests.fault_server import FaultServer

Connect = Callable[..., Client]
AT_ONCE = Retry(backoff=0, max_attempts=3)


async def settle() -> None:
    """Let what was cancelled come to its end."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_case_38_101_items(fake: FakeNgrok, connect: Connect, *, prefetch: bool) -> None:
    """They come in two requests, 100 and 1."""
    fake.add_agents(100)
    sessions = await connect(fake, prefetch=prefetch).tunnel_sessions.list().collect()

    assert [agent.id for agent in reversed(fake.agents)] == [session.id for session in sessions]
    assert 2 == len(fake.requests)


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("http://127.0.0.1:{other}", id="another port"),
        pytest.param("http://localhost:{other}", id="another host"),
        pytest.param("http://localhost:{own}", id="another name"),
        pytest.param("//127.0.0.1:{other}", id="no scheme"),
        pytest.param("https://127.0.0.1:{own}", id="another scheme"),
        pytest.param("http://user:password@127.0.0.1:{own}", id="user and password"),
        pytest.param("http://127.0.0.1:{own}@127.0.0.1:{other}", id="looks like ours"),
    ],
)
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_case_42_link_to_another_origin(
    raw: "FaultServer", another: "FaultServer", connect: Connect, origin: str, *, prefetch: bool
) -> None:
    """The items of the page are given, then the link is refused; nobody hears from us."""
    own, other = (server.url.rpartition(":")[2] for server in (raw, another))
    link = f"{origin.format(own=own, other=other)}/ip_policies?before_id=x"
    items = b",".join(b'{"id": "%d", "created_at": "2026-11-22T10:00:00Z"}' % n for n in range(60))
    raw.answers(body=b'{"ip_policies": [%b], "next_page_uri": "%b"}' % (items, link.encode()))
    walk = aiter(connect(raw, prefetch=prefetch).ip_policies.list())

    assert [str(n) for n in range(60)] == [(await anext(walk)).id for _ in range(60)]
    with pytest.raises(PaginationError, match="it leads away from the list"):
        await anext(walk)
    assert ["GET /ip_policies"] == raw.heads
    assert 0 == another.connections


async def test_case_43_list_without_a_link(raw: "FaultServer", connect: Connect) -> None:
    """A list of event sources has no such field at all: it is one page."""
    raw.answers(body=b'{"sources": [{"type": "a.v0"}, {"type": "b.v0"}]}')
    sources = await connect(raw).event_sources.list("esb_1").collect()

    assert ["a.v0", "b.v0"] == [source.type for source in sources]
    assert 1 == len(raw.heads)


Way = Callable[[Client], AsyncIterator[Sequence[TunnelSession]]]


async def _by_items(ngrok: Client) -> AsyncIterator[Sequence[TunnelSession]]:
    walk = aiter(ngrok.tunnel_sessions.list(limit=30))
    while True:
        try:
            item = await anext(walk)
        except APIError:
            yield ()
        except StopAsyncIteration:
            return
        else:
            yield (item,)


async def _by_pages(ngrok: Client) -> AsyncIterator[Sequence[TunnelSession]]:
    walk = ngrok.tunnel_sessions.list(limit=30).pages()
    while True:
        try:
            page = await anext(walk)
        except APIError:
            yield ()
        except StopAsyncIteration:
            return
        else:
            yield page.items


async def _by_collecting(ngrok: Client) -> AsyncIterator[Sequence[TunnelSession]]:
    pager = ngrok.tunnel_sessions.list(limit=30)
    while True:
        try:
            items = await pager.collect()
        except APIError:
            yield ()
        else:
            yield items
            return


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(_by_items, id="items"),
        pytest.param(_by_pages, id="pages"),
        pytest.param(_by_collecting, id="collect"),
    ],
)
@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
@pytest.mark.parametrize("failing", [0, 2, 3], ids=["first page", "in the middle", "last page"])
@pytest.mark.parametrize(
    ("times", "errors"),
    [
        pytest.param(1, 0, id="repeated"),
        pytest.param(3, 1, id="exhausted"),
        pytest.param(7, 2, id="exhausted twice"),
    ],
)
async def test_case_44_failures_in_the_middle(
    fake: FakeNgrok,
    connect: Connect,
    *,
    way: Way,
    status: int,
    times: int,
    errors: int,
    failing: int,
    prefetch: bool,
) -> None:
    """They are repeated; when that is exhausted, the next step asks for the same page again."""
    calls = 0

    async def break_one(request: Request, send: Send) -> Response:
        nonlocal calls
        if calls == failing:
            fake.fail(status, times=times)
        calls += 1
        return await send(request)

    fake.add_agents(119)
    ngrok = connect(fake, prefetch=prefetch, retry=AT_ONCE, clock=None, middlewares=[break_one])
    seen: list[str] = []
    failed = 0
    async for part in way(ngrok):
        failed += not part
        seen += [session.id for session in part]

    assert [agent.id for agent in reversed(fake.agents)] == seen
    assert errors == failed
    assert 4 + times == len(fake.requests)
    assert times == sum(request.status == status for request in fake.requests)


@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
@settings(max_examples=20)
@given(
    size=st.integers(1, 7),
    changes=st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 19))), max_size=8),
)
@example(size=5, changes=[(2, {15})])  # what goes away is the one that the link points to
@example(size=5, changes=[(9, set(range(10, 20)))])
def test_case_45_list_that_changes_between_its_pages(
    *, prefetch: bool, size: int, changes: list[tuple[int, set[int]]]
) -> None:
    """No session is given twice, and each one that is there all the time is given."""

    async def walk() -> None:
        async with (
            FakeNgrok(agents=20, limit=None) as fake,
            Client(fake.api_key, base_url=fake.url, limiter=None, prefetch=prefetch) as ngrok,
        ):
            old = [agent.id for agent in fake.agents]
            seen: list[str] = []
            async for page in ngrok.tunnel_sessions.list(limit=size).pages():
                seen += [session.id for session in page.items]
                created, deleted = changes.pop() if changes else (0, set[int]())
                fake.add_agents(created)
                for agent in [fake.agents[number] for number in deleted]:
                    if agent.online:
                        await ngrok.tunnel_sessions.stop(agent)
            survivors = {agent.id for agent in fake.agents if agent.online}

        assert len(set(seen)) == len(seen)
        assert survivors & set(old) <= set(seen)
        assert set(seen) <= set(old)  # newest first: what is created later is before the walk
        assert sorted(seen, key=old.index, reverse=True) == seen

    changes = changes.copy()
    asyncio.run(walk())


async def test_first_page_while_the_next_one_is_fetched(fake: FakeNgrok, connect: Connect) -> None:
    """To await a pager gives the first page, even if the walk has its next one under way."""
    fake.add_agents(119)
    pager = connect(fake).tunnel_sessions.list(limit=60)
    walk = aiter(pager)
    seen = [(await anext(walk)).id for _ in range(30)]
    await fake.wait_for_requests(2)  # the first page, and the one that is fetched early
    first = await pager
    seen += [session.id async for session in walk]

    ids = [agent.id for agent in reversed(fake.agents)]
    assert ids == seen
    assert ids[:60] == [session.id for session in first.items]
    assert 3 == len(fake.requests)


async def _break(ngrok: Client) -> None:
    async for _ in ngrok.ip_policies.list():
        break


async def _break_later(ngrok: Client) -> None:
    left = 30
    async for _ in ngrok.ip_policies.list():
        left -= 1
        await asyncio.sleep(0)
        if not left:
            break


async def _close(ngrok: Client) -> None:
    async with aclosing(aiter(ngrok.ip_policies.list())) as walk:
        for _ in range(30):
            await anext(walk)
            await asyncio.sleep(0)


async def _cancel(ngrok: Client) -> None:
    walk = asyncio.create_task(ngrok.ip_policies.list().collect())
    await asyncio.wait([walk], timeout=0.02)
    walk.cancel()
    await asyncio.wait([walk])

    assert walk.cancelled()


async def _cancel_a_reader(ngrok: Client) -> None:
    async def read() -> None:
        async for _ in ngrok.ip_policies.list():
            pass

    walk = asyncio.create_task(read())
    await asyncio.wait([walk], timeout=0.02)
    walk.cancel()
    await asyncio.wait([walk])

    assert walk.cancelled()


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(_break, id="break at once"),
        pytest.param(_break_later, id="break in the middle"),
        pytest.param(_close, id="aclose"),
        pytest.param(_cancel, id="cancelled collect"),
        pytest.param(_cancel_a_reader, id="cancelled walk"),
    ],
)
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"", id="no answer"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", id="half an answer"),
    ],
)
async def test_case_46_walk_that_is_left(
    raw: "FaultServer",
    connect: Connect,
    leave: Callable[[Client], Awaitable[None]],
    begun: bytes,
    *,
    prefetch: bool,
) -> None:
    """Its request ends with it: no answer stays open, and nothing warns of anything."""
    items = b",".join(b'{"id": "%d", "created_at": "2026-11-22T10:00:00Z"}' % n for n in range(60))
    raw.answers(body=b'{"ip_policies": [%b], "next_page_uri": "?before_id=59"}' % items)
    raw.sends(begun, "stall")  # the second page
    ngrok = connect(raw, prefetch=prefetch)
    await leave(ngrok)
    gc.collect()
    await settle()
    await raw.until(lambda: raw.open <= (len(raw.heads) == 1))  # an idle connection is kept

    assert {asyncio.current_task()} == _tasks_of_the_client()
    raw.forget()
    raw.answers(body=b"[1]")
    assert [1] == await ngrok.request("GET", "/things")
    assert {} == ngrok._calls


def _tasks_of_the_client() -> set[asyncio.Task[object] | None]:
    return {task for task in asyncio.all_tasks() if "FaultServer" not in repr(task)}
