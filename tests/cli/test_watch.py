"""`watch`, and what the live view makes of notices."""

import json
from datetime import UTC, datetime

import pytest

from ngrok_async import NgrokError
from ngrok_async.cli._jobs import _told
from ngrok_async.cli._top.feed import Feed
from ngrok_async.cli._top.state import State
from ngrok_async.cli._top.view import ORDERS
from ngrok_async.jobs import Added, Changed, Reconnected, Removed, Synced, Trouble
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok
from tests.cli.running import Command

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def session(id_: str, **fields: str) -> TunnelSession:
    """Return an agent."""
    return TunnelSession.from_dict({
        "id": id_,
        "credential": {"id": "cr_1"},
        "started_at": "2026-11-01T00:00:00Z",
        **fields,
    })  # fmt: skip


def point(id_: str, by: str | None, url: str = "https://a.example.com") -> Endpoint:
    """Return an endpoint."""
    return Endpoint.from_dict({
        "id": id_,
        "url": url,
        "created_at": "2026-11-01T00:00:00Z",
        "updated_at": "2026-11-01T00:00:00Z",
        "tunnel_session": by and {"id": by},
    })  # fmt: skip


@pytest.fixture
def state() -> State:
    """Begin with nothing."""
    return State(ORDERS)


@pytest.fixture
def feed(state: State) -> Feed:
    """Feed it."""
    return Feed(state, lambda: NOW)


def told(state: State) -> list[str]:
    """Return the changes, the oldest first."""
    return [f"{event.sign} {event.text}" for event in reversed(state.events)]


def test_agents_and_endpoints_are_brought_together(state: State, feed: Feed) -> None:
    """Whichever comes first; and apart again when one of them goes."""
    feed.begin("endpoints", [point("ep_1", "ts_1"), point("ep_2", None)])
    feed.begin("agents", [session("ts_1", metadata="till")])
    agents, endpoints = state.things["agents"], state.things["endpoints"]

    assert "https://a.example.com" == agents["ts_1"].cells["tunnels"]
    assert "till" == endpoints["ep_1"].cells["agent"]
    assert "" == endpoints["ep_2"].cells["agent"]
    feed.take("endpoints", Removed(point("ep_1", "ts_1")), {})
    feed.take("endpoints", Removed(point("ep_2", None)), {})
    assert "" == agents["ts_1"].cells["tunnels"]
    feed.take("endpoints", Added(point("ep_3", "ts_1")), {})
    feed.take("endpoints", Added(point("ep_4", "ts_unknown")), {})
    feed.take("agents", Removed(session("ts_1", metadata="till")), {})
    assert ["ts_unknown"] == [endpoints["ep_4"].cells["agent"]]
    assert {} == agents
    feed.take("endpoints", Removed(point("ep_9", "ts_1")), {})


def test_what_changes_is_told(state: State, feed: Feed) -> None:
    """What was there at the start is not, nor what a watch takes for new that is not."""
    one, two = session("ts_1", metadata="till"), session("ts_2", metadata="till")
    feed.begin("agents", [one])
    feed.take("agents", Added(one, first=True), {})
    feed.take("agents", Added(one), {})
    feed.take("agents", Reconnected(two, before=one), {})
    feed.take("endpoints", Added(point("ep_1", None)), {})
    feed.take("endpoints", Changed(point("ep_1", None, "tls://b"), before=point("ep_1", None)), {})
    feed.take("agents", Removed(two), {})

    assert [
        "~ till ts_2 (reconnected, was ts_1)",
        "+ https://a.example.com",
        "~ tls://b",
        "- till ts_2",
    ] == told(state)


def test_trouble_lasts_until_that_list_is_read_again(state: State, feed: Feed) -> None:
    """One list may be read while the other cannot."""
    feed.take("agents", Trouble(NgrokError("no network")), {})
    feed.take("endpoints", Synced(0), {})
    assert "no network" == state.trouble
    feed.take("agents", Synced(0), {})
    assert "" == state.trouble
    assert ["! no network"] == told(state)


def test_what_went_before_the_watch_began_goes(state: State, feed: Feed) -> None:
    """The list is read at once, and the watch begins a little later."""
    feed.begin("agents", [session("ts_1"), session("ts_2")])

    feed.take("agents", Synced(1), {"ts_2": session("ts_2")})

    assert ["ts_2"] == [*state.things["agents"]]


async def test_watch(fake: FakeNgrok, command: Command) -> None:
    """What is there at the start only if wanted, then a line for each change."""
    fake.add_agent(metadata='{"name": "till"}')
    words = ("watch", "tunnel-sessions", "--share", "1", "--for", "0.3")

    _, quiet, told_ = await command(*words)
    _, out, _ = await command(*words, "--first", "-o", "jsonl")
    await command(*words, "--for", "0.3")
    _, array, _ = await command(*words, "--first", "-o", "json", "--filter", 'obj.os == "none"')

    assert "" == quiet
    assert "1 is there" in told_
    (row,) = map(json.loads, out.splitlines())
    assert ("added", True, "till") == (row["change"], row["first"], row["name"])
    assert [] == json.loads(array)


async def test_watch_ends_after_so_many_changes(fake: FakeNgrok, command: Command) -> None:
    """A request that fails is told on standard error and is no change."""
    fake.add("/ip_policies", description="office")
    fake.fail(503, route="GET /ip_policies")
    fake.meanwhile(
        lambda: fake.add("/ip_policies", description="\x1b[2Jhome"),
        route="GET /ip_policies",
        after=2,
        times=2,
    )

    code, out, err = await command(
        "watch", "ip-policies", "--share", "1", "--changes", "2", "--for", "20"
    )

    assert 0 == code
    assert "HTTP 503" in err
    assert ["added", r"\x1b[2Jhome"] == out.splitlines()[1].split()[1:3]


def test_what_is_told_of_a_change() -> None:
    """Which fields differ, who it was, or why it is gone."""
    one, two = session("ts_1", region="eu"), session("ts_1", region="us")

    assert 'region: "eu" -> "us"' == _told.what(Changed(two, before=one))
    assert "was ts_1" == _told.what(Reconnected(session("ts_2"), before=one))
    assert "left" == _told.what(Removed(one, reason="left"))
    assert "was there already" == _told.what(Added(one, first=True))
    assert "" == _told.what(Added(one))
    assert {"id": "ts_1"}.items() <= _told.row(Changed(two, before=one))["before"].items()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("tunnel-session",), "did you mean tunnel-sessions"),
        (("tunnel-sessions", "-o", "json"), "use -o jsonl"),
        (("tunnel-sessions", "--share", "0"), "share"),
    ],
    ids=["list", "json", "share"],
)
async def test_what_cannot_be_watched(command: Command, words: tuple[str, ...], why: str) -> None:
    """It is said in a line."""
    ended = await command("watch", *words)

    assert 2 == ended.code
    assert why in ended.err
