"""An hour of a list that changes, held against the truth; see `simulated.py`."""

import asyncio
import gc
from itertools import cycle

import pytest

from ngrok_async.errors import PaginationError
from ngrok_async.filters import Condition
from ngrok_async.jobs import Added, Notice, Reconnected, Removed, Synced, Trouble, Watch, watch
from ngrok_async.jobs._known import Known
from ngrok_async.pagination import Pager
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import TurnableClock
from tests.jobs.simulated import STYLES, Server, Sessions, Style, hour, turn


def server_of(agents: int, *, churns: bool = False, style: Style = "id") -> Server:
    """Return a server, which stands still unless it is told to change."""
    server = Server(TurnableClock(running=False), agents, style=style)
    server.churns = churns
    return server


async def told(
    watched: Watch[TunnelSession], server: Server, beats: int
) -> list[Notice[TunnelSession]]:
    """Return what is told in so many beats."""
    notices: list[Notice[TunnelSession]] = []

    async def iterate() -> None:
        async for notice in watched:
            notices.append(notice)  # noqa: PERF401 # it is cancelled on the way

    task = asyncio.create_task(iterate())
    end = server.clock.time() + 5 * beats - 1
    while server.clock.time() < end:
        await turn(server.clock, task)
    task.cancel()
    await asyncio.wait([task])
    return notices


@pytest.mark.parametrize("fails", [0.0, 0.05, 1 / 3], ids=["none", "some", "third"])
@pytest.mark.parametrize("style", STYLES)
async def test_an_hour(style: Style, fails: float) -> None:
    """Nothing that is told is wrong, all of it together is the truth, and the share is kept."""
    clock = TurnableClock(running=False)
    server = Server(clock, 220, style=style, fails=fails, lifetime=1800, alike=0.3, seed=7)

    seen = await hour(server, quiet=1200)

    assert [] == seen.wrong
    assert set() == seen.missing
    assert seen.requests <= 1.05 * seen.allowed
    assert seen.told["Added"] > 220
    assert seen.told["Reconnected"] > 20
    assert seen.told["Removed"] > 20


async def test_what_is_new_is_told_soon_among_a_thousand() -> None:
    """After ten seconds in the median, with a tenth of the limit."""
    server = Server(TurnableClock(running=False), 1000, lifetime=4 * 3600)

    seen = await hour(server)

    assert [] == seen.wrong
    assert seen.delays[0] <= 10


def test_what_is_known_does_not_grow() -> None:
    """Ten thousand changes later it holds what it held after four thousand."""
    server = server_of(50)
    known: Known[TunnelSession] = Known(lambda _: True, asks_many=True, is_text=False)
    levels: list[int] = []
    for turns in range(1, 1_001):
        for id_ in list(server.truth)[:5]:
            server.end(id_)
            server.connect()
        known.begin()
        known.take(server.truth.values(), newest=True)
        known.end(again=False)
        while True:
            while known.hand_out() is not None:
                pass
            question = known.question()
            if question is None:
                break
            there = {id_: server.truth[id_] for id_ in question.ids if id_ in server.truth}
            known.answer(question, there)
        if turns in {400, 1_000}:
            levels.append(reached(known))

    assert levels[1] <= 1.1 * levels[0]


def reached(root: object) -> int:
    """Return how many objects hang on one, and on nothing that all share."""
    seen: dict[int, object] = {}
    due = [root]
    while due:
        found = due.pop()
        if id(found) in seen or isinstance(found, type | Watch | Sessions):
            continue
        if callable(found):
            continue
        seen[id(found)] = found
        due += gc.get_referents(found)
    return len(seen)


async def test_cancelled_anywhere_it_goes_on() -> None:
    """Whatever is cut, and however often, what is told in the end is the truth."""
    server = Server(TurnableClock(running=False), 250, lifetime=1800, fails=0.05)
    watched = watch(Sessions(server), share=0.5)
    fold: dict[str, TunnelSession] = {}
    for steps in range(3_000):
        server.churns = steps < 2_500
        task = asyncio.create_task(anext(watched))
        for _ in range(steps % 7):
            await asyncio.sleep(0)
        if not task.done() and steps % 3 == 0 and server.clock.next_due is not None:
            server.clock.advance(server.clock.next_due - server.clock.time())
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            notice = task.result()
            if isinstance(notice, Removed | Reconnected):
                del fold[(notice.item if isinstance(notice, Removed) else notice.before).id]
            if isinstance(notice, Added | Reconnected):
                fold[notice.item.id] = notice.item
        assert fold == watched.items
    assert len(fold) > 200
    assert fold.keys() == server.truth.keys()


async def test_interrupted_anywhere_it_goes_on() -> None:
    """As by Ctrl+C, in the middle of a request; no task of pytest's is to see that."""
    server = server_of(250)
    watched = watch(Sessions(server))
    receive, interrupts = server._receive, cycle([True, False])

    def interrupted(kind: str) -> None:
        receive(kind)
        if next(interrupts):
            raise KeyboardInterrupt

    server._receive = interrupted  # type: ignore[method-assign] # on purpose
    seen: list[Notice[TunnelSession]] = []
    for turns in range(4_000):
        if turns == 1_000:
            server.end("ts_0000001")
        step = watched.__anext__()
        try:
            while step.send(None) is None:  # until it waits for the clock
                pass
            step.close()
            server.clock.advance(1)
        except StopIteration as end:
            seen.append(end.value)
        except KeyboardInterrupt:
            continue

    assert [type(notice) for notice in seen] == [*[Added] * 250, Synced, Removed]
    assert watched.items.keys() == server.truth.keys()


async def test_who_is_missed_by_a_page_is_asked_for() -> None:
    """Servers skip items while lists change: who is there stays."""
    server = server_of(150)
    watched = watch(Sessions(server))
    await told(watched, server, 5)

    server.hidden = {"ts_0000010", "ts_0000140"}
    assert [] == await told(watched, server, 60)
    server.hidden = {f"ts_{number:07}" for number in range(20, 30)}
    assert [] == await told(watched, server, 60)
    assert server.kinds["get"] > 3
    assert server.kinds["ids"] > 1


async def test_where_many_are_gone_the_rest_waits() -> None:
    """Three are asked for; the others are told once the next walk has missed them too."""
    server = server_of(40)
    watched = watch(Sessions(server))
    await told(watched, server, 2)
    for number in range(1, 11):
        server.end(f"ts_{number:07}")

    notices = await told(watched, server, 12)

    assert 10 == len([notice for notice in notices if isinstance(notice, Removed)])
    assert {"page": 13, "get": 3, "ids": 1}.items() >= {**server.kinds, "page": 13}.items()


@pytest.mark.parametrize("has_fields", [True, False])
async def test_without_a_filter_by_ids_the_second_walk_decides(
    has_fields: bool,  # noqa: FBT001 # a case
) -> None:
    """Where a list has no filter, or ngrok does not take this one."""
    server = server_of(40)
    server.refused = {"ids"}
    resource = Sessions(server)
    if not has_fields:
        resource.fields = None  # type: ignore[assignment,misc]
    watched = watch(resource)
    await told(watched, server, 2)
    for number in range(1, 11):
        server.end(f"ts_{number:07}")

    assert 10 == len([n for n in await told(watched, server, 14) if isinstance(n, Removed)])
    server.end("ts_0000011")
    assert 1 == len([n for n in await told(watched, server, 6) if isinstance(n, Removed)])


async def test_a_question_that_is_too_long_for_a_url() -> None:
    """Then what two walks have shown decides."""

    class Long(Sessions):
        def list(
            self,
            *,
            filter: str | Condition[TunnelSession] | None = None,  # noqa: A002 # ngrok's name
            before_id: str | None = None,
        ) -> Pager[TunnelSession]:
            if "&&" in str(filter):
                raise ValueError("filter makes a URL that is too long")
            return super().list(filter=filter, before_id=before_id)

    server = server_of(40)
    watched = watch(Long(server), filter='obj.os == "linux"')
    await told(watched, server, 2)
    server.hidden = {f"ts_{number:07}" for number in range(1, 11)}

    assert 10 == len([n for n in await told(watched, server, 40) if isinstance(n, Removed)])


async def test_a_question_that_is_never_answered() -> None:
    """It waits for the next walk: the walks have to go on, and new agents have to be told of."""
    server = server_of(150)
    old = server.connect(**AGENT)
    server.refused = {"get", "ids"}
    server.errors = 503
    watched = watch(Sessions(server))
    await told(watched, server, 4)
    server.hidden = {old}
    new = server.connect(**AGENT)

    notices = await told(watched, server, 200)
    assert new in {notice.item.id for notice in notices if isinstance(notice, Added)}
    assert len([notice for notice in notices if isinstance(notice, Trouble)]) > 5
    assert len(notices) < 50
    late = server.connect()
    assert late in {n.item.id for n in await told(watched, server, 100) if isinstance(n, Added)}
    server.refused = set()
    server.hidden = set()
    server.end(old)

    (removed,) = [n for n in await told(watched, server, 100) if isinstance(n, Removed)]
    assert removed.item.id == old


async def test_a_cursor_that_is_gone() -> None:
    """The walk goes on at an item before it, and tells nobody."""
    server = server_of(250, style="existing")
    watched = watch(Sessions(server))
    first = await told(watched, server, 1)
    server.end("ts_0000151")  # the last of the first page
    server.end("ts_0000152")

    rest = await told(watched, server, 40)

    assert not [notice for notice in (*first, *rest) if isinstance(notice, Trouble)]
    assert watched.items.keys() == server.truth.keys()


@pytest.mark.parametrize("refused", ["cursor", "link"])
async def test_no_cursor_is_taken_any_more(refused: str) -> None:
    """Or the links lead in a circle: the walk begins anew, and says why."""
    server = server_of(250)
    server.refused = {refused}
    watched = watch(Sessions(server))

    notices = await told(watched, server, 5)
    trouble, *_ = [notice for notice in notices if isinstance(notice, Trouble)]
    assert isinstance(trouble.error, PaginationError)
    server.refused = set()

    assert Synced(250) in await told(watched, server, 20)


async def test_a_look_that_is_lost_leaves_the_walk_over_all() -> None:
    """What is new then is seen by the next one."""
    server = server_of(250)
    watched = watch(Sessions(server))
    await told(watched, server, 5)
    server.refused = {"link"}
    for _ in range(120):
        server.connect()

    notices = await told(watched, server, 3)
    assert ["Added"] * 100 + ["Trouble"] == [type(notice).__name__ for notice in notices]
    server.refused = set()

    assert [Added] * 20 == [type(notice) for notice in await told(watched, server, 40)]


async def test_what_is_new_is_seen_between_the_pages_of_a_long_walk() -> None:
    """And all of it, where one page does not have it."""
    server = server_of(450)
    watched = watch(Sessions(server))
    await told(watched, server, 6)
    for _ in range(230):
        server.connect()

    notices = await told(watched, server, 4)

    assert 230 == len([notice for notice in notices if isinstance(notice, Added)])


@pytest.mark.parametrize("beats", range(4, 18))
async def test_after_a_long_gap_all_is_seen_again(beats: int) -> None:
    """Wherever the walks were when nobody iterated any more."""
    server = server_of(250)
    watched = watch(Sessions(server))
    await told(watched, server, beats)

    server.clock.advance(3600)
    server.end("ts_0000001")
    server.connect()

    names = [type(notice).__name__ for notice in await told(watched, server, 12)]
    assert sorted(names) == ["Added", "Removed", "Synced"]
    assert names[-1] == "Synced"


AGENT = {"metadata": "store 7", "ip": "198.51.100.7"}
BARE = {"metadata": "", "ip": "198.51.100.7"}


@pytest.mark.parametrize(
    ("known", "gone", "come", "kinds"),
    [
        ([AGENT], [0], [AGENT], ["Reconnected"]),
        ([AGENT], [0], [AGENT | {"ip": "203.0.113.9"}], ["Reconnected"]),
        ([BARE], [0], [BARE], ["Reconnected"]),
        ([BARE], [0], [BARE | {"ip": "203.0.113.9"}], ["Added", "Removed"]),
        ([BARE], [0], [BARE | {"ip": ""}], ["Added", "Removed"]),
        ([AGENT], [0], [AGENT | {"os": "darwin"}], ["Added", "Removed"]),
        ([AGENT], [], [AGENT], ["Added"]),
        ([AGENT], [0], [AGENT, AGENT], ["Added", "Added", "Removed"]),
        ([AGENT, AGENT], [0], [AGENT], ["Added", "Removed"]),
        ([AGENT, AGENT | {"ip": "203.0.113.9"}], [0], [AGENT], ["Added", "Removed"]),
        ([AGENT, BARE], [0, 1], [AGENT, BARE], ["Reconnected", "Reconnected"]),
        ([AGENT], [0], [], ["Removed"]),
    ],
)
@pytest.mark.parametrize("others", [0, 150])
async def test_who_is_back(
    known: list[dict[str, str]],
    gone: list[int],
    come: list[dict[str, str]],
    kinds: list[str],
    others: int,
) -> None:
    """One notice of two sessions where it is certain, else one for each."""
    server = server_of(0)
    sessions = [server.connect(**fields) for fields in known]
    for _ in range(others):
        server.connect()
    watched = watch(Sessions(server))
    await told(watched, server, 4)

    for index in gone:
        server.end(sessions[index])
    new = [server.connect(**fields) for fields in come]
    notices = await told(watched, server, 30)

    assert sorted(type(notice).__name__ for notice in notices) == kinds
    assert watched.items.keys() == server.truth.keys()
    back = [notice for notice in notices if isinstance(notice, Reconnected)]
    assert all(notice.item.id in new and notice.before.id in sessions for notice in back)


async def test_who_is_back_a_moment_later() -> None:
    """Between two looks the old session is gone already, and the new one is not there yet."""
    server = server_of(0)
    old = server.connect(**AGENT)
    watched = watch(Sessions(server))
    await told(watched, server, 2)

    server.end(old)
    assert [] == await told(watched, server, 2)
    new = server.connect(**AGENT)

    (notice,) = await told(watched, server, 3)
    assert isinstance(notice, Reconnected)
    assert (notice.before.id, notice.item.id) == (old, new)


async def test_who_looked_alike_once_is_never_guessed() -> None:
    """The one that was away may be back just when the other one leaves."""
    server = server_of(0)
    first, second = (server.connect(**AGENT) for _ in range(2))
    watched = watch(Sessions(server))
    await told(watched, server, 2)
    server.end(first)
    await told(watched, server, 5)
    server.end(second)
    server.connect(**AGENT)

    notices = await told(watched, server, 5)
    assert ["Added", "Removed"] == sorted(type(notice).__name__ for notice in notices)

    server.end(next(iter(watched.items)))
    await told(watched, server, 5)
    again = server.connect(**AGENT)
    await told(watched, server, 5)
    server.end(again)
    server.connect(**AGENT)
    assert [Reconnected] == [type(notice) for notice in await told(watched, server, 5)]
