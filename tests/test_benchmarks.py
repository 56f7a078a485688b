"""The benchmarks refuse to compare the cost of different objects; nothing is timed here."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.same_results import differences, plain
from ngrok_async._json import dumps
from ngrok_async._operation import operations
from ngrok_async.resources.endpoints import Endpoints
from ngrok_async.resources.tunnel_sessions import TunnelSessions

SESSION: dict[str, Any] = {
    "id": "ts_1",
    "uri": "https://api.ngrok.com/tunnel_sessions/ts_1",
    "agent_version": "3.19.1",
    "credential": {"id": "cr_1", "uri": "https://api.ngrok.com/credentials/cr_1"},
    "ip": "203.0.113.7",
    "os": "linux",
    "region": "eu",
    "started_at": "2026-10-25T12:00:00Z",
    "transport": "ngrok/v2",
}
ENDPOINT: dict[str, Any] = {
    "id": "ep_1",
    "created_at": "2026-10-25T12:00:00Z",
    "updated_at": "2026-10-25T14:00:00+02:00",
    "bindings": ["public"],
    "pooling_enabled": True,
    "tunnel": {"id": "tn_1", "uri": ""},
}


def official(item: dict[str, Any]) -> object:
    """Return what the official client makes of an answer: objects around its dicts."""
    credential = SimpleNamespace(_props=item["credential"])
    return SimpleNamespace(_client=None, _props={**item, "credential": credential})


def test_dicts_models_and_official_objects_are_the_same() -> None:
    """The same answer gives no difference, in whatever form an adapter has it."""
    decode = operations(TunnelSessions)["list"].decode
    page = decode(dumps({"tunnel_sessions": [SESSION]}))

    results = {"dicts": [SESSION], "ours": page.items, "official": [official(SESSION)]}

    assert [] == differences("session", results)


def test_endpoints_are_the_same() -> None:
    """Lists, booleans, times of another offset and absent references compare equal too."""
    page = operations(Endpoints)["list"].decode(dumps({"endpoints": [ENDPOINT]}))

    assert [] == differences("endpoint", {"dicts": [ENDPOINT], "ours": page.items})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "ts_2"),
        ("metadata", "more"),
        ("started_at", "2026-10-25T12:00:01Z"),
        ("credential", {"id": "cr_2", "uri": SESSION["credential"]["uri"]}),
        ("credential", None),
        ("os", None),
    ],
    ids=["id", "metadata", "time", "reference", "no reference", "no text"],
)
def test_each_difference_is_told(field: str, value: object) -> None:
    """Another value of any field is a difference that names adapter, item and field."""
    [found] = differences("session", {"one": [SESSION], "other": [{**SESSION, field: value}]})

    assert found.startswith(f"other: session 0: {field} is ")


def test_missing_items_are_told() -> None:
    """An adapter that drops an item is found out."""
    found = differences("session", {"one": [SESSION, SESSION], "other": [SESSION]})

    assert ["other: 1 items of kind session, one: 2"] == found


def test_objects_without_a_field() -> None:
    """An object that lacks a field altogether is a mistake of the adapter, not an empty value."""
    with pytest.raises(AttributeError, match="SimpleNamespace has no uri"):
        plain("session", SimpleNamespace(id="ts_1"))


def test_times_are_times() -> None:
    """A number in the place of a time is refused."""
    with pytest.raises(TypeError, match="started_at is 7"):
        plain("session", {**SESSION, "started_at": 7})

    at = datetime(2026, 10, 25, 12, tzinfo=UTC)
    assert plain("session", SESSION) == plain("session", {**SESSION, "started_at": at})
