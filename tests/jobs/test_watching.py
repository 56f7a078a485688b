"""Watching a list, against the fake on a turned clock."""

import asyncio
import json
import pickle
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final, Protocol

import pytest

from ngrok_async import Client, RateLimit, Timeout
from ngrok_async.errors import AuthenticationError, ClientClosedError, FilterError, ServerError
from ngrok_async.jobs import (
    Added,
    Changed,
    Notice,
    Reconnected,
    Removed,
    Synced,
    Trouble,
    Watch,
    watch,
)
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok

BEAT: Final = 5.0


async def turn(ngrok: Client, fake: FakeNgrok, seconds: float) -> None:
    """Turn the clock on, step by step, while others do what is due."""
    end = fake.clock.time() + seconds
    while True:
        await settled(ngrok)
        due = fake.clock.next_due
        if due is None or due > end:
            break
        fake.clock.advance(max(0.0, due - fake.clock.time()))
    fake.clock.advance(end - fake.clock.time())


async def settled(ngrok: Client) -> None:
    """Let others do what they can without the clock."""
    idle = 0
    while idle < 20:  # steps between two requests
        await asyncio.sleep(0)
        busy = ngrok.budget is not None and ngrok.budget.in_flight
        idle = 0 if busy else idle + 1


class Told:
    """What a watch has told, and when."""

    def __init__(self, ngrok: Client, fake: FakeNgrok, watched: Watch[Any]) -> None:
        """Iterate from now on."""
        self.ngrok, self.fake, self.watched = ngrok, fake, watched
        self.notices: list[Notice[Any]] = []
        self.at: list[float] = []
        self.task = asyncio.create_task(self._iterate())

    async def _iterate(self) -> None:
        async for notice in self.watched:
            self.notices.append(notice)
            self.at.append(self.fake.clock.time())

    async def after(self, seconds: float) -> list[Notice[Any]]:
        """Return what is told within so many seconds."""
        count = len(self.notices)
        await turn(self.ngrok, self.fake, seconds)
        return self.notices[count:]


class Start(Protocol):
    """What begins to watch."""

    def __call__(self, resource: Any, **options: Any) -> Told:  # noqa: ANN401 # any resource
        """Iterate over what `watch` answers to these."""
        ...


@pytest.fixture
def told(ngrok: Client, fake: FakeNgrok) -> Iterator[Start]:
    """Watch a resource, and write down what is told."""
    made: list[Told] = []

    def start(resource: Any, **options: Any) -> Told:  # noqa: ANN401 # any resource
        made.append(Told(ngrok, fake, watch(resource, **options)))
        return made[-1]

    yield start
    for each in made:
        each.task.cancel()


def kinds(notices: list[Notice[Any]]) -> list[str]:
    """Return what kinds of notices these are."""
    return [type(notice).__name__ for notice in notices]


async def test_what_is_there_comes_first(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """Each of them as such, and then that this was all."""
    fake.add_agents(3)

    watched = told(ngrok.tunnel_sessions)
    await watched.after(0)

    *first, last = watched.notices
    assert all(isinstance(notice, Added) and notice.first for notice in first)
    assert last == Synced(3)
    assert set(watched.watched.items) == {agent.id for agent in fake.agents}


async def test_what_comes_and_goes(ngrok: Client, told: Start) -> None:
    """It is told within a few beats, and changes of it too."""
    watched = told(ngrok.ip_policies)
    await watched.after(BEAT)

    policy = await ngrok.ip_policies.create(description="a")
    assert await watched.after(BEAT) == [Added(policy)]
    changed = await ngrok.ip_policies.update(policy, description="b")
    assert await watched.after(BEAT) == [Changed(changed, before=policy)]
    await ngrok.ip_policies.delete(policy)
    assert await watched.after(2 * BEAT) == [Removed(changed)]
    assert watched.watched.items == {}


async def test_an_agent_that_is_back(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """It is one notice, of both sessions."""
    agent = fake.add_agent(metadata="store 7")
    fake.add_agents(2)
    watched = told(ngrok.tunnel_sessions)
    await watched.after(BEAT)
    before = watched.watched.items[agent.id]

    fake.drop(agent, back_after=1)

    (notice,) = await watched.after(3 * BEAT)
    assert notice == Reconnected(watched.watched.items[agent.id], before=before)


async def test_failures_are_told(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """They come less and less often; after a long gap all is seen again."""
    watched = told(ngrok.tunnel_sessions)
    await watched.after(BEAT)

    fake.fail(503, times=3)

    notices = await watched.after(30 * BEAT)
    assert kinds(notices) == ["Trouble", "Trouble", "Trouble", "Synced"]
    assert [t.failures for t in notices if isinstance(t, Trouble)] == [1, 2, 3]
    assert all(isinstance(t.error, ServerError) for t in notices if isinstance(t, Trouble))
    assert notices[-1] == Synced(0, again=True)
    gaps = [after - at for at, after in zip(watched.at[-4:], watched.at[-3:], strict=False)]
    assert gaps == [2 * BEAT, 4 * BEAT, 8 * BEAT]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(401, None, AuthenticationError), (400, "ERR_NGROK_250", FilterError)],
)
async def test_what_no_waiting_mends_is_raised(
    ngrok: Client, fake: FakeNgrok, status: int, code: str | None, kind: type[Exception]
) -> None:
    """And whoever iterates again goes on."""
    fake.add_agents(1)
    watched = watch(ngrok.tunnel_sessions)
    fake.fail(status, code=code)

    with pytest.raises(kind):
        await anext(watched)
    fake.clock.advance(BEAT)

    assert kinds([await anext(watched)]) == ["Added"]


@pytest.mark.parametrize("length", [0, 7800], ids=["short", "long"])
async def test_what_leaves_the_filter(ngrok: Client, told: Start, length: int) -> None:
    """A condition can be asked here; a text only ngrok knows, and two walks have to lack it."""
    f = ngrok.ip_policies.fields
    policy = await ngrok.ip_policies.create(description="ours")
    gone = await ngrok.ip_policies.create(description="ours")
    await ngrok.ip_policies.create(description="theirs")
    by_condition = told(ngrok.ip_policies, filter=f.description == "ours", share=0.2)
    text = f'obj.description == "ours{length * "x"}" || obj.description == "ours"'
    by_text = told(ngrok.ip_policies, filter=text, share=0.2)
    assert kinds(await by_text.after(BEAT)) == ["Added", "Added", "Synced"]

    changed = await ngrok.ip_policies.update(policy, description="theirs")
    await by_text.after(4 * BEAT)
    await ngrok.ip_policies.delete(gone)
    await by_text.after(2 * BEAT)

    expected = [Removed(changed, reason="left"), Removed(gone)]
    assert by_condition.notices[3:] == expected
    assert by_text.notices[3:] == expected


async def test_who_is_in_the_filter_after_all(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """Pages that lacked it twice do not count against an answer that has it."""
    for _ in range(2):
        await ngrok.ip_policies.create(description="ours")
    watched = told(ngrok.ip_policies, filter='obj.description == "ours"')
    await watched.after(BEAT - 1)
    *_, one = watched.watched.items.values()
    page = await ngrok.ip_policies.list(filter=f'obj.id == "{one.id}"')
    body = json.dumps(
        {
            "ip_policies": [item.to_dict() for item in page.items],
            "uri": "",
            "next_page_uri": None,
        }
    ).encode()

    for _ in range(2):  # two walks; between them it is asked for by itself
        fake.fail(200, body=body, content_type="application/json", route="GET /ip_policies")
        await watched.after(2 * BEAT)

    assert [] == await watched.after(4 * BEAT)
    assert len(watched.notices) == 3


async def test_a_walk_that_fails_goes_on_at_its_cursor(
    ngrok: Client, fake: FakeNgrok, told: Start
) -> None:
    """No page is asked for again that was there."""
    fake.add_agents(250, tunnels=0)
    watched = told(ngrok.tunnel_sessions)
    await watched.after(0)

    fake.fail(502)
    await watched.after(4 * BEAT)

    asked = [request.query.get("before_id") for request in fake.requests]
    assert len(asked) == 4
    assert asked[0] is None
    assert asked[1] == asked[2]
    assert kinds(watched.notices) == [*["Added"] * 100, "Trouble", *["Added"] * 150, "Synced"]


async def test_all_of_it_keeps_to_the_share(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """Gets included, whatever goes on; and a smaller limit makes a smaller share."""
    fake.add_agents(120, tunnels=0)
    watched = told(ngrok.tunnel_sessions, share=0.25)
    for agent in fake.agents[:40]:
        fake.drop(agent, back_after=3)
        await watched.after(5)

    assert len(fake.requests) <= 0.25 * 120 / 60 * 200 + 1
    assert any("ts_" in request.path for request in fake.requests)


async def test_people_go_first(fake: FakeNgrok) -> None:
    """Where the limit is used up the watch does not stand in line, and makes no fuss."""
    fake.add_agents(1)
    limiter = RateLimit(4, 60, clock=fake.clock)
    async with Client(
        fake.api_key, base_url=fake.url, clock=fake.clock, limiter=limiter, timeout=Timeout(None)
    ) as ngrok:
        for _ in range(4):
            await ngrok.ip_policies.list()
        watched = Told(ngrok, fake, watch(ngrok.tunnel_sessions, share=0.5))
        people = asyncio.create_task(ngrok.ip_policies.list().collect())
        await watched.after(59)
        assert len(fake.requests) == 4
        assert ngrok.budget is not None
        assert ngrok.budget.waiting == 1

        await watched.after(61)
        assert fake.requests[4].path == "/ip_policies"
        assert kinds(watched.notices) == ["Added", "Synced"]
        await people
        watched.task.cancel()


async def test_what_ngrok_asks_for_is_waited(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """A 429 says when."""
    watched = told(ngrok.tunnel_sessions)
    await watched.after(1)
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "40"})

    assert kinds(await watched.after(44)) == ["Trouble"]
    assert len(fake.requests) == 2
    await watched.after(2 + BEAT)  # those who wait leave one by one
    assert len(fake.requests) == 3


async def test_a_poke_ends_a_pause(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """And never more than the share allows."""
    watched = told(ngrok.tunnel_sessions)
    await watched.after(1)
    fake.fail(503, times=5)
    await watched.after(200)
    asked = len(fake.requests)

    watched.watched.poke()
    assert [Synced(0, again=True)] == await watched.after(1)
    assert len(fake.requests) == asked + 1
    watched.watched.poke()
    await watched.after(1)
    assert len(fake.requests) == asked + 1


async def test_a_poke_looks_at_what_is_new(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """Also in the middle of a long list."""
    fake.add_agents(250, tunnels=0)
    watched = told(ngrok.tunnel_sessions)
    await watched.after(11 * BEAT)
    while len(fake.requests) < 40:
        watched.watched.poke()
        before = len(fake.requests)
        await watched.after(BEAT)
        assert [r.query.get("before_id") for r in fake.requests[before:]] == [None]


async def test_one_iteration_at_a_time(ngrok: Client, fake: FakeNgrok) -> None:
    """The second one is refused, and the first goes on."""
    fake.add_agents(1)
    watched = watch(ngrok.tunnel_sessions)
    first = asyncio.create_task(anext(watched))
    await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="iterated already"):
        await anext(watched)
    assert isinstance(await first, Added)


async def test_leaving_ends_it(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """Also for whoever still iterates, and without a request more."""
    watched = told(ngrok.tunnel_sessions)
    await watched.after(1)

    async with watched.watched:
        pass
    await settled(ngrok)

    assert watched.task.done()
    assert [] == [notice async for notice in watched.watched]
    assert len(fake.requests) == 1


async def test_a_break_goes_on_later(ngrok: Client, fake: FakeNgrok) -> None:
    """Nothing that was not handed out is lost."""
    fake.add_agents(3)
    seen = []
    async with watch(ngrok.tunnel_sessions) as agents:
        while len(seen) < 4:
            async for notice in agents:
                seen.append(notice)
                break

    assert kinds(seen) == ["Added", "Added", "Added", "Synced"]
    assert len(fake.requests) == 1


async def test_a_closed_client_ends_it(ngrok: Client, fake: FakeNgrok, told: Start) -> None:
    """With the error that says so."""
    watched = told(ngrok.tunnel_sessions)
    await watched.after(1)

    await ngrok.aclose()
    fake.clock.advance(BEAT)

    with pytest.raises(ClientClosedError):
        await watched.task


async def test_without_a_limiter_it_goes_by_ngroks_limit(fake: FakeNgrok) -> None:
    """That is 120 requests in 60 seconds."""
    async with Client(fake.api_key, base_url=fake.url, clock=fake.clock, limiter=None) as ngrok:
        watched = watch(ngrok.ip_policies, share=0.5)
        assert await anext(watched) == Synced(0)
        task = asyncio.create_task(anext(watched))
        assert await fake.clock.wait_for_timer() == 1.0
        task.cancel()


async def test_a_gap_without_failures(ngrok: Client, fake: FakeNgrok) -> None:
    """Whoever does not iterate for long is told that things may have come and gone."""
    watched = watch(ngrok.tunnel_sessions)
    assert await anext(watched) == Synced(0)
    fake.clock.advance(4 * BEAT)
    assert await anext(watched) == Synced(0, again=True)


@pytest.mark.parametrize(
    ("resource", "options", "kind", "text"),
    [
        ("tunnel_sessions", {"share": 0}, ValueError, "share must be above 0 and at most 1, got 0"),
        ("tunnel_sessions", {"share": 1.5}, ValueError, "got 1.5"),
        ("tunnel_sessions", {"share": "x"}, ValueError, "got 'x'"),
        ("tunnel_sessions", {"filter": 5}, TypeError, "filter must be a condition or a text"),
        ("tunnels", {"filter": "obj.id"}, TypeError, "the list of <Tunnels> has no filter"),
        (
            "edges.https_routes",
            {},
            TypeError,
            "such as ngrok.tunnel_sessions; got EdgesHTTPSRoutes",
        ),
        ("event_sources", {}, TypeError, "got EventSources"),
        ("edge_modules.https_edge_mutual_tls", {}, TypeError, "has `list` and `get`"),
        ("", {}, TypeError, "got Client"),
    ],
)
def test_what_cannot_be_watched(
    resource: str, options: dict[str, Any], kind: type[Exception], text: str
) -> None:
    """It is refused before anything is sent, with the cure."""
    ngrok = Client("key")
    with pytest.raises(kind, match=text):
        watch(attrgetter(resource)(ngrok) if resource else ngrok, **options)


def test_how_a_watch_shows_itself() -> None:
    """What it is of, and how much it knows."""
    assert repr(watch(Client("key").endpoints)) == "<Watch <Endpoints> items=0>"


def test_notices_are_values() -> None:
    """They compare, and outlive their program in a pickle."""
    session = TunnelSession.from_dict(
        {
            "id": "ts_1",
            "credential": {"id": "cr_1", "uri": ""},
            "started_at": "2026-01-01T00:00:00Z",
        }
    )
    for notice in (Added(session, first=True), Removed(session), Synced(3, again=True)):
        assert pickle.loads(pickle.dumps(notice)) == notice  # noqa: S301 # our own
