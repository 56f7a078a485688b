"""Backends: a list or weights that a change would empty have to be passed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aioresponses import aioresponses

from ngrok_async import Client
from ngrok_async.resources import Ref
from ngrok_async.resources.edges.backends import (
    FailoverBackend,
    HTTPResponseBackend,
    StaticBackend,
    StaticBackendTLS,
    WeightedBackend,
)

CREATED = datetime(2025, 9, 4, 17, 12, 36, tzinfo=UTC)
COMMON = {"id": "bkdfo_1", "uri": "", "created_at": "2025-09-04T17:12:36Z"}


@pytest.mark.parametrize("kind", ["failover", "weighted"])
async def test_update_requires_the_backends(ngrok: Client, wire: aioresponses, kind: str) -> None:
    """Ngrok would empty them otherwise: the call fails before anything is sent."""
    update = getattr(ngrok.backends, kind).update

    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'backends'"):
        await update("b_1", description="x")
    assert {} == wire.requests


async def test_failover_takes_backends_of_any_kind_in_their_order(
    ngrok: Client, wire: aioresponses, bodies: Callable[[], list[Any]]
) -> None:
    """Ids, models and references; the answer has ids."""
    wire.patch("/backends/failover/bkdfo_1", payload={**COMMON, "backends": ["a", "b", "c"]})
    response = HTTPResponseBackend(id="b", created_at=CREATED)
    changed = await ngrok.backends.failover.update(
        "bkdfo_1", backends=["a", response, Ref(id="c")], metadata=""
    )

    assert [{"backends": ["a", "b", "c"], "metadata": ""}] == bodies()
    assert FailoverBackend(id="bkdfo_1", created_at=CREATED, backends=("a", "b", "c")) == changed


async def test_what_get_returned_leaves_the_backends_alone(
    ngrok: Client, wire: aioresponses, bodies: Callable[[], list[Any]]
) -> None:
    """As the docstring advises, for both kinds."""
    failover = {**COMMON, "backends": ["a", "b"]}
    wire.get("/backends/failover/bkdfo_1", payload=failover)
    wire.patch("/backends/failover/bkdfo_1", payload=failover)
    before = await ngrok.backends.failover.get("bkdfo_1")
    await ngrok.backends.failover.update(before, backends=before.backends, description="new")
    assert {"backends": ["a", "b"], "description": "new"} == bodies()[-1]

    weighted = WeightedBackend(id="bkdwd_1", created_at=CREATED, backends={"a": 1, "b": 0})
    wire.patch("/backends/weighted/bkdwd_1", payload={**COMMON, "backends": {"a": 1, "b": 0}})
    changed = await ngrok.backends.weighted.update(weighted, backends=weighted.backends)
    assert {"backends": {"a": 1, "b": 0}} == bodies()[-1]
    assert weighted.backends == changed.backends


async def test_an_empty_list_is_sent(
    ngrok: Client, wire: aioresponses, bodies: Callable[[], list[Any]]
) -> None:
    """Who asks for no backends gets none."""
    wire.patch("/backends/failover/bkdfo_1", payload={**COMMON, "backends": None})
    changed = await ngrok.backends.failover.update("bkdfo_1", backends=[])

    assert [{"backends": []}] == bodies()
    assert () == changed.backends


async def test_a_static_backend_has_its_tls_as_a_class_or_a_mapping(
    ngrok: Client, wire: aioresponses, bodies: Callable[[], list[Any]]
) -> None:
    """False is the default of the class, so only a mapping sends it."""
    answer = {**COMMON, "address": "example.com:443", "tls": {"enabled": True}}
    for _ in range(3):
        wire.post("/backends/static", payload=answer)
    on, off = StaticBackendTLS(enabled=True), {"enabled": False}
    created = await ngrok.backends.static_address.create(address="example.com:443", tls=on)
    await ngrok.backends.static_address.create(tls=off)
    await ngrok.backends.static_address.create(tls=StaticBackendTLS(enabled=False))

    assert [
        {"address": "example.com:443", "tls": {"enabled": True}},
        {"tls": {"enabled": False}},
        {"tls": {}},
    ] == bodies()
    assert (
        StaticBackend(id="bkdfo_1", created_at=CREATED, address="example.com:443", tls=on)
        == created
    )
