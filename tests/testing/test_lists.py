"""Lists of the fake: pages and cursors."""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from ngrok_async import Client
from ngrok_async.resources.ip_policies import IPPolicy
from ngrok_async.testing import FakeNgrok
from ngrok_async.testing._cursors import Cursors, Style
from ngrok_async.testing._filter import condition
from ngrok_async.testing._filter_terms import known_fields
from ngrok_async.testing._lists import Listing, Pick
from ngrok_async.testing._store import Collection, Item

Call = Callable[..., Awaitable[tuple[int, Any]]]

TUNNEL_SESSIONS = "tunnel_sessions"


def b64(text: str) -> str:
    """Write a cursor as the fake does those that are no ids."""
    return urlsafe_b64encode(text.encode()).decode()


async def pages(http: aiohttp.ClientSession, url: str | None) -> list[dict[str, Any]]:
    """Follow the links from page to page."""
    found: list[dict[str, Any]] = []
    while url is not None:
        async with http.get(url) as answer:
            assert 200 == answer.status
            found.append(await answer.json())
        url = found[-1]["next_page_uri"]
    return found


async def test_an_empty_list(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """A list without items is one page."""
    async with http.get("/tunnels") as answer:
        page = await answer.json()

    assert {"tunnels": [], "uri": f"{fake.url}/tunnels", "next_page_uri": None} == page


async def test_pages_hold_everything_newest_first(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """Without a limit a page has 100 items; all pages have all of them, once."""
    agents = fake.add_agents(250)
    found = await pages(http, "/tunnel_sessions")
    items = [item for page in found for item in page[TUNNEL_SESSIONS]]

    assert [100, 100, 50] == [len(page[TUNNEL_SESSIONS]) for page in found]
    assert [agent.id for agent in reversed(agents)] == [item["id"] for item in items]

    started = [item["started_at"] for item in items]

    assert sorted(set(started), reverse=True) == started


async def test_the_last_page_may_be_full(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """A list that ends with a full page has no empty one after it."""
    fake.add_agents(4)
    found = await pages(http, "/tunnels?limit=2")

    assert [2, 2] == [len(page["tunnels"]) for page in found]


async def test_the_link_has_ngroks_form(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """The link to the next page has the id of the last item, the limit, and the whole query."""
    agents = fake.add_agents(3)
    first = (await pages(http, "/tunnel_sessions?filter=true%7C%7Cfalse&limit=1"))[0]

    assert first["next_page_uri"] == (
        f"{fake.url}/tunnel_sessions?before_id={agents[-1].id}&limit=1&filter=true%7C%7Cfalse"
    )
    assert f"{fake.url}/tunnel_sessions" == first["uri"]


async def test_a_link_keeps_what_is_repeated(call: Call, fake: FakeNgrok) -> None:
    """Parameters that are lists stay lists in the link."""
    fake.add_agents(2)
    ids = [item["id"] for item in (await call("GET", "/endpoints"))[1]["endpoints"]]
    _, page = await call("GET", f"/endpoints?limit=1&id={ids[0]}&id={ids[1]}")
    query = urlsplit(page["next_page_uri"]).query

    assert f"before_id={ids[0]}&limit=1&id={ids[0]}&id={ids[1]}" == query


async def test_links_name_another_address() -> None:
    """With `links` all addresses in answers are ngrok's, and a client finds its way."""
    async with (
        FakeNgrok(agents=5, links="https://api.ngrok.com") as fake,
        Client(fake.api_key, base_url=fake.url) as ngrok,
    ):
        page = await ngrok.tunnel_sessions.list(limit=2)
        found = await ngrok.tunnel_sessions.list(limit=2).collect()

    assert "https://api.ngrok.com/tunnel_sessions" == page.uri
    assert f"{page.uri}?before_id={page.items[-1].id}&limit=2" == page.next_page_uri
    assert f"{page.uri}/{page.items[0].id}" == page.items[0].uri
    assert [agent.id for agent in reversed(fake.agents)] == [item.id for item in found]


@pytest.mark.parametrize("links", ["", "api.ngrok.com", "https://api.ngrok.com/", "ftp://x", 5])
def test_links_are_an_address(links: str) -> None:
    """What no address can begin with is refused at once."""
    with pytest.raises(ValueError, match=r"links must be like .https://api\.ngrok\.com.; got"):
        FakeNgrok(links=links)


@pytest.mark.parametrize("cursors", ["", "page", None, 1])
def test_there_are_four_styles_of_cursors(cursors: Style) -> None:
    """A style that is none is refused with those that there are."""
    with pytest.raises(ValueError, match="one of id, existing, offset, opaque; got"):
        FakeNgrok(cursors=cursors)


STYLES: tuple[Style, ...] = ("id", "existing", "offset", "opaque")


@pytest.mark.parametrize("cursors", STYLES)
async def test_a_client_walks_in_every_style(cursors: Style) -> None:
    """A client that follows links finds everything once, whatever the links look like."""
    async with (
        FakeNgrok(agents=7, cursors=cursors) as fake,
        Client(fake.api_key, base_url=fake.url) as ngrok,
    ):
        for limit in (1, 2, 3, 7, 8):
            found = await ngrok.tunnel_sessions.list(limit=limit).collect()

            assert [agent.id for agent in reversed(fake.agents)] == [item.id for item in found]
        first = await ngrok.tunnel_sessions.list(limit=2)
        (cursor,) = parse_qs(urlsplit(first.next_page_uri or "").query)["before_id"]
        rest = await ngrok.tunnel_sessions.list(before_id=cursor).collect()
        newest = fake.agents[-1].id
        others = await ngrok.tunnel_sessions.list(before_id=newest, limit=2).collect()

    has_ids = cursors in {"id", "existing"}
    assert has_ids == (cursor == first.items[-1].id)
    assert [agent.id for agent in fake.agents[-3::-1]] == [item.id for item in rest]
    assert [agent.id for agent in fake.agents[-2::-1]] == [item.id for item in others]


@pytest.mark.parametrize(
    ("cursors", "change", "expected"),
    [
        ("id", "", "54 32 1"),
        ("id", "delete last", "54 32 1"),
        ("id", "delete first", "54 32 1"),
        ("id", "add", "54 32 1"),
        ("existing", "", "54 32 1"),
        ("existing", "delete last", "54 ERR_NGROK_223"),
        ("existing", "delete first", "54 32 1"),
        ("existing", "add", "54 32 1"),
        ("offset", "", "54 32 1"),
        ("offset", "delete last", "54 21"),
        ("offset", "delete first", "54 21"),
        ("offset", "add", "54 43 21"),
        ("opaque", "", "54 32 1"),
        ("opaque", "delete last", "54 32 1"),
        ("opaque", "delete first", "54 32 1"),
        ("opaque", "add", "54 32 1"),
    ],
)
async def test_a_list_that_changes_between_pages(
    cursors: Style, change: str, expected: str
) -> None:
    """In each style a walk misses, repeats or breaks as it would on such a server."""
    async with FakeNgrok(cursors=cursors) as fake, aiohttp.ClientSession() as http:
        http.headers.update({"authorization": f"Bearer {fake.api_key}", "ngrok-version": "2"})
        ids = {fake.add("/ip_policies", description=name): name for name in "12345"}
        link: str | None = f"{fake.url}/ip_policies?limit=2"
        seen: list[str] = []
        while link is not None:
            async with http.get(link) as answer:
                page = await answer.json()
            items = page.get("ip_policies", ())
            seen.append("".join(ids[item["id"]] for item in items) or page["error_code"])
            link = page.get("next_page_uri")
            if len(seen) == 1 and change == "add":
                ids[fake.add("/ip_policies")] = "6"
            elif len(seen) == 1 and change:
                item = items[-1 if change == "delete last" else 0]
                async with http.delete(f"{fake.url}/ip_policies/{item['id']}"):
                    pass

    assert expected == " ".join(seen)


@pytest.mark.parametrize(
    ("after", "times", "before"),
    [(0, 1, [2]), (1, 1, [4]), (2, 1, [6]), (0, 2, [2, 4]), (1, None, [4, 6])],
)
async def test_a_list_changes_when_it_is_told_to(
    fake: FakeNgrok, http: aiohttp.ClientSession, after: int, times: int | None, before: list[int]
) -> None:
    """What happens meanwhile comes right before a request of the route, and before no other."""
    agent = fake.add_agent()
    done: list[int] = []

    def change() -> None:
        done.append(len(fake.requests))
        fake.drop(agent)

    fake.meanwhile(change, route="GET /tunnel_sessions", after=after, times=times)
    for _ in range(3):
        shown = agent.ids
        async with http.get("/ip_policies"), http.get("/tunnel_sessions") as answer:
            (session,) = (await answer.json())["tunnel_sessions"]
        assert agent.id == session["id"]
        assert (len(fake.requests) in done) == (agent.ids != shown)

    assert before == done


async def test_the_id_of_an_item_is_a_cursor_too(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """Who resumes after an item gets what is older."""
    oldest, middle, _ = fake.add_agents(3)
    (page,) = await pages(http, f"/tunnel_sessions?before_id={middle.id}")

    assert [oldest.id] == [item["id"] for item in page[TUNNEL_SESSIONS]]


async def test_a_cursor_outlives_its_item(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """Neither the end of the last item seen nor new ones disturb a walk."""
    oldest, middle, newest = fake.add_agents(3)
    async with http.get("/tunnel_sessions?limit=1") as answer:
        link = (await answer.json())["next_page_uri"]
    async with http.post(f"/tunnel_sessions/{newest.id}/stop", json={}):
        fake.add_agents(1)
    found = await pages(http, link)

    assert [middle.id, oldest.id] == [i["id"] for page in found for i in page[TUNNEL_SESSIONS]]


async def test_pages_of_a_filtered_list(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """The limit counts what the filter lets through, and the last page knows that it is."""
    for number in range(12):
        fake.add_agent(os="linux" if number % 3 == 0 else "windows")
    found = await pages(http, "/tunnel_sessions?limit=2&filter=obj.os == 'linux'")

    assert [2, 2] == [len(page[TUNNEL_SESSIONS]) for page in found]


@pytest.mark.parametrize("cursors", ["offset", "opaque"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("é", id="no base64"),
        pytest.param("L3R1b", id="badly padded"),
        pytest.param(b64("/tunnels x 0"), id="no place"),
        pytest.param(b64("/tunnels 1"), id="one number"),
        pytest.param(b64("/tunnels 1 -9"), id="negative"),
        pytest.param(b64("/other 1 0"), id="another list"),
    ],
)
async def test_a_cursor_that_is_none(cursors: Style, text: str) -> None:
    """A text that is no cursor of this list is refused, not guessed at."""
    async with FakeNgrok(agents=1, cursors=cursors) as fake, aiohttp.ClientSession() as http:
        http.headers.update({"authorization": f"Bearer {fake.api_key}", "ngrok-version": "2"})
        async with http.get(f"{fake.url}/tunnels", params={"before_id": text}) as answer:
            body = await answer.json()

    assert (400, "ERR_NGROK_223") == (answer.status, body["error_code"])


def turns(listing: Listing, looked: list[Item]) -> list[int]:
    """Return how many items are looked at before each time that others have their turn."""
    asking, counts = listing.page({"limit": ["1"]}), []
    while True:
        before = len(looked)
        try:
            asking.send(None)
        except StopIteration:
            return [*counts, len(looked) - before]
        counts.append(len(looked) - before)


@pytest.mark.parametrize("conditions", [1, 10, 300])
def test_a_long_list_lets_others_have_their_turn(conditions: int) -> None:
    """However long a list and its filter are, few steps are done at a time: 5,000 or one item's."""
    known = known_fields("/ip_policies", ["description"], IPPolicy)
    text = " || ".join(['obj.description == "x"'] * conditions)
    asked = condition(text, known, datetime.now(UTC))
    collection, looked = Collection(lambda: datetime.now(UTC)), []
    for number in range(2_000):
        collection.add({"id": f"ipp_{number}", "description": "y"})

    def picked(item: Item) -> bool:
        looked.append(item)
        return asked.meets(item)

    listing = Listing(
        name="ip_policies",
        base="",
        path="/ip_policies",
        collection=collection,
        shown=lambda item: item,
        pick=Pick(picked, asked.cost),
        cursors=Cursors(),
    )
    counts = turns(listing, looked)

    assert 2_000 == sum(counts)
    assert asked.cost >= 4 * conditions
    assert max(counts) * asked.cost <= 5_000


def test_a_walk_passes_over_what_goes_meanwhile() -> None:
    """What is removed or added while a page is looked for is not part of it."""
    collection = Collection(lambda: datetime.now(UTC))
    for name in "abc":
        collection.add({"id": name})
    walk = collection.older_than(None)

    assert "c" == next(walk)[1]["id"]

    collection.remove("b")
    collection.add({"id": "d"})

    assert ["a"] == [item["id"] for _, item in walk]
