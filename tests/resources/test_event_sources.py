"""Event sources: they have no id, but a type below their subscription."""

from collections.abc import Callable
from typing import Any

import pytest
from aioresponses import aioresponses

from ngrok_async import Client, Page, SeveralFoundError
from ngrok_async.resources import Ref
from ngrok_async.resources.event_sources import EventSource
from ngrok_async.resources.event_subscriptions import EventSourceReplace

TYPE = "ip_policy_created.v0"
PATH = "/event_subscriptions/esb_1/sources"
SOURCE = {"type": TYPE, "uri": f"{PATH}/{TYPE}"}
EXPECTED = EventSource(type=TYPE, uri=f"{PATH}/{TYPE}")


async def test_a_source_is_named_by_subscription_and_type(
    ngrok: Client,
    wire: aioresponses,
    sent: Callable[[], list[str]],
    bodies: Callable[[], list[Any]],
) -> None:
    """The update has no field, and is sent all the same."""
    subscription = Ref(id="esb_1")
    wire.post(PATH, payload=SOURCE)
    wire.get(f"{PATH}/{TYPE}", payload=SOURCE)
    wire.patch(f"{PATH}/{TYPE}", payload=SOURCE)
    wire.delete(f"{PATH}/{TYPE}", status=204)

    assert EXPECTED == await ngrok.event_sources.create(subscription, type=TYPE)
    assert EXPECTED == await ngrok.event_sources.get(subscription, TYPE)
    assert EXPECTED == await ngrok.event_sources.update(subscription, TYPE)
    assert None is await ngrok.event_sources.delete(subscription, TYPE)
    assert [
        f"POST {PATH}",
        f"GET {PATH}/{TYPE}",
        f"PATCH {PATH}/{TYPE}",
        f"DELETE {PATH}/{TYPE}",
    ] == sent()
    assert [{"type": TYPE}, {}] == bodies()


async def test_all_sources_come_in_one_page(ngrok: Client, wire: aioresponses) -> None:
    """The list takes no arguments, no `limit` either, and its items have no id."""
    answer = {"sources": [SOURCE, SOURCE], "uri": PATH, "next_page_uri": None}
    wire.get(PATH, payload=answer, repeat=True)

    assert Page(items=(EXPECTED, EXPECTED), uri=PATH) == await ngrok.event_sources.list("esb_1")
    assert [EXPECTED, EXPECTED] == await ngrok.event_sources.list("esb_1").collect()
    assert EXPECTED == await ngrok.event_sources.list("esb_1").first()
    with pytest.raises(SeveralFoundError) as caught:
        await ngrok.event_sources.list("esb_1").one()
    assert (EXPECTED, EXPECTED) == caught.value.items
    with pytest.raises(TypeError, match="unexpected keyword argument 'limit'"):
        ngrok.event_sources.list("esb_1", limit=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("given", "segment"), [("a/b", "a%2Fb"), ("*", "%2A")], ids=["slash", "star"]
)
async def test_types_are_encoded_into_one_segment(
    ngrok: Client, wire: aioresponses, sent: Callable[[], list[str]], given: str, segment: str
) -> None:
    """As ids are."""
    wire.get(f"{PATH}/{segment}", payload=SOURCE)
    await ngrok.event_sources.get("esb_1", given)

    assert [f"GET {PATH}/{segment}"] == sent()


@pytest.mark.parametrize("wrong", ["", ".", "..", None, 5], ids=str)
async def test_what_is_no_type_is_refused(
    ngrok: Client,
    wire: aioresponses,
    wrong: Any,  # noqa: ANN401 # that is the point
) -> None:
    """Nothing is sent: an empty type would lead to the list."""
    with pytest.raises(ValueError, match=r"^type must"):
        await ngrok.event_sources.delete("esb_1", wrong)
    assert {} == wire.requests


async def test_a_subscription_takes_its_sources_in_each_form(
    ngrok: Client, wire: aioresponses, bodies: Callable[[], list[Any]]
) -> None:
    """The request's class, what an answer had, and a mapping; never the `uri`."""
    answer = {"id": "esb_1", "created_at": "2025-09-04T17:12:36Z", "sources": [SOURCE]}
    wire.patch("/event_subscriptions/esb_1", payload=answer)
    changed = await ngrok.event_subscriptions.update(
        "esb_1", sources=[EventSourceReplace(type="a.v0"), EXPECTED, {"type": "b.v0"}]
    )

    assert [{"sources": [{"type": "a.v0"}, {"type": TYPE}, {"type": "b.v0"}]}] == bodies()
    assert (EXPECTED,) == changed.sources
