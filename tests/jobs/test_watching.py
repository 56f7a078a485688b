"""Watching a list, against the fake on a turned clock."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final, Protocol

import pytest

from ngrok_async import Client
from ngrok_async.errors import AuthenticationError, FilterError, ServerError
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
