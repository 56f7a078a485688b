"""Edges: their modules and routes; and the sources of event subscriptions, which are alike."""

from collections.abc import Awaitable, Callable
from typing import Any

from ngrok_async.testing import FakeNgrok

from .conftest import Call

Create = Callable[..., Awaitable[Any]]
ROUTE = {"match_type": "exact_path", "match": "/"}


async def test_a_module_is_put_read_and_removed(
    fake: FakeNgrok, call: Call, create: Create
) -> None:
    """A module is sent and answered alone, and the edge shows it."""
    address = await create("/reserved_addrs")
    edge = await create("/edges/tcp", hostports=[address["addr"]])
    policy = await create("/ip_policies")
    path = f"/edges/tcp/{edge['id']}"
    module = f"{path}/ip_restriction"
    shown = {
        "enabled": True,
        "ip_policies": [{"id": policy["id"], "uri": f"{fake.url}/ip_policies/{policy['id']}"}],
    }

    assert edge["ip_restriction"] is None
    assert 404 == (await call("GET", module))[0] == (await call("DELETE", module))[0]
    assert (200, shown) == await call("PUT", module, {"ip_policy_ids": [policy["id"]]})
    assert (200, shown) == await call("GET", module)
    assert (200, edge | {"ip_restriction": shown}) == await call("GET", path)
    off = {"enabled": False, "ip_policies": []}
    assert (200, off) == await call("PUT", module, {"enabled": False})
    assert (204, None) == await call("DELETE", module)
    assert (200, edge) == await call("GET", path)


async def test_a_module_of_nothing(call: Call) -> None:
    """An edge that is not there has no modules."""
    for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
        status, error = await call(method, "/edges/tcp/edgtcp_1/traffic_policy", body)

        assert (404, "ERR_NGROK_7000") == (status, error["error_code"])


async def test_what_is_wrong_in_a_module_is_refused(call: Call, create: Create) -> None:
    """A module is checked like any body."""
    edge = await create("/edges/tls")
    path = f"/edges/tls/{edge['id']}/tls_termination"

    assert "ERR_NGROK_214" == (await call("PUT", path, {"module": {}}))[1]["error_code"]
    assert "ERR_NGROK_215" == (await call("PUT", path, {"enabled": "no"}))[1]["error_code"]


async def test_an_update_sets_keeps_and_removes_modules(call: Call, create: Create) -> None:
    """A module that is not sent stays, null takes it away."""
    await create("/reserved_domains", domain="a.example.com")
    edge = await create(
        "/edges/tls", tls_termination={"terminate_at": "edge"}, hostports=["a.example.com:443"]
    )
    path = f"/edges/tls/{edge['id']}"
    policy = {"enabled": True, "value": "{}"}
    changed = edge | {"traffic_policy": policy}

    assert (200, changed) == await call("PATCH", path, {"traffic_policy": policy})

    changed["tls_termination"] = None

    assert (200, changed) == await call("PATCH", path, {"tls_termination": None})


async def test_routes_of_an_edge(fake: FakeNgrok, call: Call, create: Create) -> None:
    """A route knows its edge, the edge shows its routes and takes them along."""
    edge, other = await create("/edges/https"), await create("/edges/https")
    path = f"/edges/https/{edge['id']}"
    route = await create(f"{path}/routes", **ROUTE, compression={})
    address = f"{path}/routes/{route['id']}"

    assert edge["id"] == route["edge_id"]
    assert f"{fake.url}{address}" == route["uri"]
    assert {"enabled": True} == route["compression"]
    assert [] == edge["routes"]
    assert [route] == (await call("GET", path))[1]["routes"]
    assert [[], [route]] == [
        found["routes"] for found in (await call("GET", "/edges/https"))[1]["https_edges"]
    ]
    assert 404 == (await call("GET", address.replace(edge["id"], other["id"])))[0]
    assert (200, {"enabled": True}) == await call("PUT", f"{address}/websocket_tcp_converter", {})
    assert {"enabled": True} == (await call("GET", address))[1]["websocket_tcp_converter"]
    assert (200, []) == (
        200,
        (await call("PATCH", f"/edges/https/{other['id']}", {"metadata": "m"}))[1]["routes"],
    )
    assert 204 == (await call("DELETE", path))[0]
    assert 404 == (await call("GET", address))[0]
    assert "ERR_NGROK_7000" == (await call("POST", f"{path}/routes", ROUTE))[1]["error_code"]


def types(answer: tuple[int, Any]) -> list[str]:
    """Return the types of the sources in an answer."""
    return [source["type"] for source in answer[1]["sources"]]


async def test_sources_of_a_subscription(fake: FakeNgrok, call: Call, create: Create) -> None:
    """A source is named by its type; the subscription shows the same ones."""
    subscription = await create("/event_subscriptions", sources=[{"type": "a.v0"}])
    path = f"/event_subscriptions/{subscription['id']}"
    source = await create(f"{path}/sources", type="b/c.v0")
    address = f"{path}/sources/b%2Fc.v0"

    assert {"type": "b/c.v0", "uri": f"{fake.url}{address}"} == source
    assert (200, source) == await call("GET", address) == await call("PATCH", address, {})
    assert ["a.v0", "b/c.v0"] == types(await call("GET", path))

    status, found = await call("GET", f"{path}/sources")

    assert (200, {"sources", "uri"}) == (status, found.keys())
    assert ["a.v0", "b/c.v0"] == [each["type"] for each in found["sources"]]
    assert 204 == (await call("DELETE", f"{path}/sources/a.v0"))[0]
    assert ["b/c.v0"] == types(await call("GET", path))
    assert "ERR_NGROK_5125" == (await call("GET", f"{path}/sources/a.v0"))[1]["error_code"]


async def test_an_update_replaces_all_sources(call: Call, create: Create) -> None:
    """A list that is sent takes the place of the former one; else that stays."""
    subscription = await create("/event_subscriptions", sources=[{"type": "a.v0"}])
    path = f"/event_subscriptions/{subscription['id']}"

    assert ["a.v0"] == types(await call("PATCH", path, {"description": "d"}))
    sent = {"sources": [{"type": "c.v0"}, {"type": "b.v0"}]}
    assert ["c.v0", "b.v0"] == types(await call("PATCH", path, sent))
    assert [] == types(await call("PATCH", path, {"sources": []}))


async def test_a_type_is_there_once(call: Call, create: Create) -> None:
    """The same source twice is a conflict, and changes nothing."""
    subscription = await create("/event_subscriptions", sources=[{"type": "a.v0"}])
    path = f"/event_subscriptions/{subscription['id']}"
    twice = {"sources": [{"type": "b.v0"}, {"type": "b.v0"}]}

    for method, where, body in (
        ("POST", f"{path}/sources", {"type": "a.v0"}),
        ("PATCH", path, twice),
        ("POST", "/event_subscriptions", twice),
    ):
        status, error = await call(method, where, body)

        assert (400, "ERR_NGROK_5127") == (status, error["error_code"])

    assert ["a.v0"] == types(await call("GET", path))
    assert 1 == len((await call("GET", "/event_subscriptions"))[1]["event_subscriptions"])


async def test_a_source_needs_a_type(call: Call, create: Create) -> None:
    """Nothing else names it."""
    subscription = await create("/event_subscriptions")
    path = f"/event_subscriptions/{subscription['id']}"

    assert "ERR_NGROK_215" == (await call("POST", f"{path}/sources", {}))[1]["error_code"]
    status, error = await call("PATCH", path, {"description": "d", "sources": [{"type": ""}]})
    assert (400, "ERR_NGROK_215") == (status, error["error_code"])
    assert (200, subscription) == await call("GET", path)


async def test_a_module_without_what_it_refers_to(call: Call, create: Create) -> None:
    """Null for an id is no id, and no mistake."""
    edge = await create("/edges/tcp")

    assert 200 == (await call("PUT", f"/edges/tcp/{edge['id']}/backend", {"backend_id": None}))[0]
