"""One call is one body and one query: what its values become while it waits changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from ngrok_async import Client, Middleware, Request, Response, Send

if TYPE_CHECKING:
    from tests.fault_server import FaultServer

    Connect = Callable[..., Client]

Call = Callable[[Client, Any], Awaitable[object]]


def _way(value: object, change: Callable[[Any], object], call: Call, name: str) -> Any:  # noqa: ANN401 # pytest's parameter sets have no public type
    return pytest.param(value, change, call, id=name)


WAYS = [
    _way({"a": 1}, lambda v: v.update(a=2), lambda c, v: c.request("PATCH", "/x", json=v), "json"),
    _way(
        {"a": [{"b": 1}]},
        lambda v: v["a"][0].update(b={1, 2}),
        lambda c, v: c.request("PUT", "/x", json=v),
        "deep in json",
    ),
    _way({"a": 1}, lambda v: v.clear(), lambda c, v: c.request("GET", "/x", params=v), "params"),
    _way(
        {"url": "https://a.example"},
        lambda v: v.update(url=object()),
        lambda c, v: c.endpoints.update("ep_1", **v),
        "keywords",
    ),
    _way(
        {"enabled": True, "ip_policy_ids": ["ipp_1"]},
        lambda v: v["ip_policy_ids"].append(5),
        lambda c, v: c.edge_modules.tcp_edge_ip_restriction.replace("edgtcp_1", v),
        "a list in a mapping",
    ),
    _way(
        ["bindings"],
        lambda v: v.append("\ud800"),
        lambda c, v: c.endpoints.update("ep_1", bindings=v),
        "a list",
    ),
    _way(
        SimpleNamespace(id="ep_1"),
        lambda v: setattr(v, "id", "ep_2"),
        lambda c, v: c.endpoints.update(v, metadata="m"),
        "an id",
    ),
    _way(
        SimpleNamespace(id="ep_1"),
        lambda v: setattr(v, "id", 5),
        lambda c, v: c.endpoints.list(before_id=v, filter="obj.id != ''").collect(),
        "a list's arguments",
    ),
]


@pytest.mark.parametrize(("value", "change", "call"), WAYS)
async def test_every_attempt_of_a_call_sends_the_same(
    server: "FaultServer",
    connect: "Connect",
    value: object,
    change: Callable[[Any], object],
    call: Call,
) -> None:
    """Values that the caller changes meanwhile, even to what cannot be sent, change nothing."""
    made: list[bytes] = []

    async def changes(request: Request, send: Send) -> Response:
        body = request.json
        made.append(request.body or b"")
        change(value)
        if isinstance(request.json, dict):
            request.json.clear()  # a copy
        assert body == request.json
        return await send(request)

    server.answers(503)
    server.answers(503)
    server.answers(200, b'{"endpoints": [], "id": "ep_1"}')
    ngrok = connect(server, middlewares=[changes])
    # A model of an answer this short is not what is asked about.
    await asyncio.gather(call(ngrok, value), return_exceptions=True)

    sent = [(request.target, request.body) for request in server.requests]
    assert 3 == len(sent)
    assert 1 == len(set(sent))
    assert made == [sent[0][1]]


async def test_a_list_that_was_made_keeps_its_arguments(
    server: "FaultServer", connect: "Connect"
) -> None:
    """A pager asks when it is awaited for what it was made with."""
    newest = SimpleNamespace(id="ts_9")
    server.answers(200, b'{"tunnel_sessions": []}')
    pager = connect(server).tunnel_sessions.list(before_id=newest, limit=5)
    newest.id = "ts_1"
    await pager

    assert ["/tunnel_sessions?before_id=ts_9&limit=5"] == [r.target for r in server.requests]


@pytest.mark.parametrize("wrong", [{1}, b"{}", "\ud800", float("nan"), 2**64], ids=repr)
async def test_a_body_of_a_middleware_is_checked_too(
    server: "FaultServer", connect: "Connect", wrong: object
) -> None:
    """What cannot be encoded is refused where the middleware passes it on, and nothing is sent."""

    async def replaces(request: Request, send: Send) -> Response:
        return await send(attrs.evolve(request, json={"a": [wrong]}))

    async with connect(server, middlewares=[replaces]) as ngrok:
        with pytest.raises(ValueError, match=r"^json\['a'\]\[0\] cannot be encoded as JSON: "):
            await ngrok.request("POST", "/x", json={})

    assert [] == server.requests


@pytest.mark.parametrize("before", [None, {"a": 1}], ids=["no body", "another body"])
@pytest.mark.parametrize("after", [None, {"b": ["é"]}], ids=["to none", "to one"])
async def test_a_middleware_may_replace_the_body(
    server: "FaultServer", connect: "Connect", before: object, after: object
) -> None:
    """By `attrs.evolve`; what else it changes leaves the body as it was."""

    async def replaces(request: Request, send: Send) -> Response:
        same = attrs.evolve(request, headers={"X-A": "b"})
        assert request.json == same.json
        return await send(attrs.evolve(same, json=after))

    server.answers(200, b"{}")
    middlewares: list[Middleware] = [replaces]
    async with connect(server, middlewares=middlewares) as ngrok:
        await ngrok.request("PATCH", "/x", json=before)

    [request] = server.requests
    assert (b"" if after is None else '{"b":["é"]}'.encode()) == request.body
    assert (None if after is None else "application/json") == request.headers.get("content-type")
