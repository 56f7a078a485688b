"""Lists of the fake: pages, cursors, filters."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from ngrok_async.testing import FakeNgrok

TUNNEL_SESSIONS = "tunnel_sessions"


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


async def test_the_link_is_absolute_and_keeps_the_query(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """The link to the next page has limit and filter, and a cursor that is no id."""
    agents = fake.add_agents(3)
    first = (await pages(http, "/tunnel_sessions?limit=1&filter=true"))[0]
    link = urlsplit(first["next_page_uri"])
    query = parse_qs(link.query)

    assert first["next_page_uri"].startswith(f"{fake.url}/tunnel_sessions?")
    assert {"limit", "filter", "before_id"} == query.keys()
    assert query["before_id"][0] not in {agent.id for agent in agents}


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


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param('obj.os == "linux"', "ab", id="field"),
        pytest.param('obj.metadata == ""', "ac", id="absent field"),
        pytest.param("size(obj.metadata) > 0", "b", id="size"),
        pytest.param('obj.region in ["eu", "in"] && !(obj.os == "linux")', "c", id="operators"),
        pytest.param('obj.credential.id == "cr_b"', "b", id="nested field"),
        pytest.param('obj.os.startsWith("lin")', "ab", id="substring"),
        pytest.param('obj.started_at < timestamp(time.now).subtract("7d")', "a", id="last week"),
        pytest.param('obj.started_at.add("1h") > timestamp(time.now)', "bc", id="last hour"),
        pytest.param(
            'timestamp(obj.started_at) < timestamp("2001-01-01T00:00:00Z")', "", id="none"
        ),
        pytest.param("true", "abc", id="all"),
    ],
)
async def test_filters(
    fake: FakeNgrok, http: aiohttp.ClientSession, expression: str, expected: str
) -> None:
    """Conditions in CEL pick items."""
    now = fake.clock.now()
    names = {
        fake.add_agent(
            os="linux", region="us", metadata="", credential="cr_a", started_at=now - timedelta(8)
        ).id: "a",
        fake.add_agent(
            os="linux", region="eu", metadata="x", credential="cr_b", started_at=now
        ).id: "b",
        fake.add_agent(
            os="darwin", region="in", metadata="", credential="cr_c", started_at=now
        ).id: "c",
    }
    async with http.get("/tunnel_sessions", params={"filter": expression}) as answer:
        items = (await answer.json())[TUNNEL_SESSIONS]

    assert expected == "".join(sorted(names[item["id"]] for item in items))


async def test_pages_of_a_filtered_list(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """The limit counts what the filter lets through, and the last page knows that it is."""
    for number in range(12):
        fake.add_agent(os="linux" if number % 3 == 0 else "windows")
    found = await pages(http, "/tunnel_sessions?limit=2&filter=obj.os == 'linux'")

    assert [2, 2] == [len(page[TUNNEL_SESSIONS]) for page in found]


def filterable() -> Iterator[Any]:
    """Find the fields of each list that ngrok documents for filters."""
    facts = json.loads((Path(__file__).parent.parent / "contract" / "facts.json").read_text())
    for service in facts["services"].values():
        for operation in service["operations"].values():
            for field in operation.get("filter_fields", ()):
                # The one that is not the name of a field: what it is compared with is not told.
                if field != "binding":
                    path = operation["path"]
                    yield pytest.param(path, field, id=f"{path} {field}")


@pytest.mark.parametrize(("path", "field"), list(filterable()))
async def test_filters_know_what_is_documented(
    http: aiohttp.ClientSession, path: str, field: str
) -> None:
    """Each documented field can be compared, of references their id too."""
    async with http.get(path, params={"filter": f"obj.{field} == obj.{field}"}) as answer:
        assert 200 == answer.status


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("", id="empty"),
        pytest.param("obj.os ==", id="broken off"),
        pytest.param('obj.nothing == "x"', id="unknown field"),
        pytest.param('os == "linux"', id="without obj"),
        pytest.param("obj.os", id="no condition"),
        pytest.param("obj.os == 3", id="wrong type"),
        pytest.param('dance(obj.os) == "x"', id="unknown function"),
        pytest.param('obj.started_at.subtract("x") < timestamp(time.now)', id="bad duration"),
    ],
)
async def test_refuses_a_bad_filter(http: aiohttp.ClientSession, expression: str) -> None:
    """A condition that makes no sense is refused, even if there is nothing to filter."""
    async with http.get("/tunnel_sessions", params={"filter": expression}) as answer:
        body = await answer.json()

    assert (400, "ERR_NGROK_250") == (answer.status, body["error_code"])
    assert len(body["msg"]) < 200


async def test_filters_need_the_extra(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without cel-python the answer says what to install."""
    monkeypatch.setitem(sys.modules, "celpy", None)
    async with http.get("/tunnel_sessions?filter=true") as answer:
        body = await answer.json()

    assert 501 == answer.status
    assert 'pip install "ngrok-async[testing]"' in body["msg"]
