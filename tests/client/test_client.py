"""The client: views, middlewares, requests by hand, and the object itself."""

import asyncio
import copy
import inspect
import pickle
from typing import Any

import pytest
from yarl import URL

from ngrok_async import (
    Client,
    ClientClosedError,
    ConfigurationError,
    RateLimit,
    Request,
    Response,
    Retry,
    Send,
    ServerError,
    Timeout,
)
from ngrok_async.testing import FakeNgrok

KEY = "2key"


# Views


def test_view_changes_what_is_passed() -> None:
    """Options that are not passed stay as they are; the client itself is not touched."""
    client = Client(KEY, timeout=Timeout(total=7), max_wait=3, prefetch=False)
    view = client.with_options(max_wait=None, prefetch=True)
    other = view.with_options(timeout=Timeout(total=8), retry=Retry(max_attempts=1))

    options = [each.limits() for each in (client, view, other)]
    assert [7, 7, 8] == [each["timeout"].total for each in options]
    assert [3, None, None] == [each["max_wait"] for each in options]
    assert (False, True, True) == (client.prefetch, view.prefetch, other.prefetch)
    assert client._retry is view._retry
    assert view._retry is not other._retry


async def test_views_share_the_retry_budget(fake: FakeNgrok) -> None:
    """A view per call does not hammer a dead server at full count."""
    fake.fail(503, times=None)
    policy = Retry(backoff=1e-6, budget=6)
    async with Client(
        fake.api_key, base_url=fake.url, retry=policy, limiter=RateLimit(1000)
    ) as ngrok:
        for n in range(10):
            view = (ngrok, ngrok.with_options(retry=policy), ngrok.with_options(max_wait=9))[n % 3]
            with pytest.raises(ServerError):
                await view.with_options(retry=policy).tunnels.list()

    assert 10 + 6 == len(fake.requests)


def test_view_has_resources_of_its_own() -> None:
    """A resource sends through the client or view that it was taken from."""
    client = Client(KEY)
    first = client.tunnels
    view = client.with_options(retry=None)

    assert view is view.tunnels.client
    assert first is client.tunnels
    assert client is first.client


def test_view_of_a_subclass_is_one() -> None:
    """A subclass keeps its type."""

    class Mine(Client):
        """A client of somebody."""

    assert Mine is type(Mine(KEY).with_options())


async def test_view_has_its_options(fake: FakeNgrok) -> None:
    """What a view is told holds for its calls, and for no others."""
    async with Client(fake.api_key, base_url=fake.url) as ngrok:
        fake.fail(503)
        hasty = ngrok.with_options(retry=None)
        with pytest.raises(Exception, match="HTTP 503"):
            await hasty.tunnels.list()
        await hasty.tunnels.list()

        assert 2 == len(fake.requests)


# Middlewares


async def test_middlewares_stand_around_retry_and_limit(fake: FakeNgrok) -> None:
    """The first one is outermost; they see a call once, the limiter sees each attempt."""
    seen: list[str] = []

    def noting(name: str) -> Any:  # noqa: ANN401 # a middleware
        async def note(request: Request, send: Send) -> Response:
            seen.append(name)
            response = await send(request)
            seen.append(f"{name} {response.status} in {response.attempts}")
            return response

        return note

    fake.fail(503)
    async with Client(
        fake.api_key,
        base_url=fake.url,
        middlewares=[noting("first"), noting("second")],
        limiter=noting("limiter"),
        retry=Retry(backoff=1e-6),
    ) as ngrok:
        await ngrok.tunnels.list()

    assert [
        *("first", "second", "limiter", "limiter 503 in 1", "limiter", "limiter 200 in 1"),
        *("second 200 in 2", "first 200 in 2"),
    ] == seen


async def test_middleware_sees_the_limits_of_the_call(fake: FakeNgrok) -> None:
    """Route, effect and limits are on the request; each call has all of its time."""
    seen: list[Request] = []

    async def note(request: Request, send: Send) -> Response:
        seen.append(request)
        return await send(request)

    limits = Timeout(total=9)
    async with Client(
        fake.api_key,
        base_url=fake.url,
        clock=fake.clock,
        middlewares=[note],
        timeout=limits,
        max_wait=4,
    ) as ngrok:
        await ngrok.tunnels.list()
        await ngrok.with_options(timeout=Timeout(total=None)).tunnels.list()

    assert ("GET /tunnels", "read", limits, 4) == (
        seen[0].route,
        seen[0].effect,
        seen[0].timeout,
        seen[0].max_wait,
    )
    now = fake.clock.time()
    assert [9.0, float("inf")] == [request.remaining(now) for request in seen]


# Request


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param({"method": "BREW"}, "method must be one of GET", id="method"),
        pytest.param({"method": "GET\r\n"}, "method must be one of GET", id="two lines"),
        pytest.param({"path": "tunnels"}, "must start with '/'", id="relative path"),
        pytest.param({"path": "//evil.example"}, "empty or dot segments", id="another host"),
        pytest.param({"path": "/a/../b"}, "empty or dot segments", id="dot segments"),
        pytest.param({"path": "/a?b=c"}, "pass params= for a query", id="query in the path"),
        pytest.param({"json": {1, 2}}, "json cannot be encoded", id="a set"),
        pytest.param({"json": float("nan")}, "json cannot be encoded", id="NaN"),
        pytest.param({"json": "\ud800"}, "json cannot be encoded", id="lone surrogate"),
        pytest.param({"method": None}, "method must be one of GET", id="no method"),
        pytest.param({"path": None}, 'path must be a text, such as "/tunnels"', id="no path"),
        pytest.param({"path": URL("/tunnels")}, "path must be a text", id="URL as path"),
        pytest.param({"params": [("a", "b")]}, "params must be a mapping, .*got list", id="pairs"),
        pytest.param({"params": "limit=3"}, "params must be a mapping, .*got str", id="query text"),
        pytest.param({"params": {1: "x"}}, "names in params must be texts", id="number as name"),
        pytest.param({"params": {"limit": None}}, "limit must be a string", id="None in params"),
        pytest.param({"params": {"ids": [1]}}, "ids must be a string", id="list in params"),
        pytest.param({"params": {"x": "\ud800"}}, "surrogates not allowed", id="broken value"),
        pytest.param({"params": {"\ud800": "x"}}, "surrogates not allowed", id="broken name"),
    ],
)
async def test_request_that_cannot_be_sent(arguments: Any, reason: str) -> None:  # noqa: ANN401 # wrong
    """A wrong argument is a plain ValueError, before a slot is taken or a session opened."""
    async with Client(KEY) as ngrok:
        with pytest.raises(ValueError, match=reason) as caught:
            await ngrok.request(**{"method": "GET", "path": "/tunnels"} | arguments)

        assert ngrok.budget is not None
        assert 0 == ngrok.budget.used
        assert ngrok._transport._session is None
    assert not isinstance(caught.value, ConfigurationError)


async def test_request_with_json_that_is_too_deep() -> None:
    """A structure that contains itself is a ValueError as well."""
    endless: list[object] = []
    endless.append(endless)
    async with Client(KEY) as ngrok:
        with pytest.raises(ValueError, match="json cannot be encoded"):
            await ngrok.request("POST", "/things", json=endless)


@pytest.mark.parametrize(
    ("method", "effect"),
    [("get", "read"), ("PUT", "set"), ("PATCH", "set"), ("DELETE", "remove"), ("post", "act")],
)
async def test_request_knows_what_may_be_repeated(method: str, effect: str) -> None:
    """The method decides, and its case does not matter."""

    async def stop(request: Request, _: Send) -> Response:
        seen.append(request)
        return Response(status=200, body=b"[]")

    seen: list[Request] = []
    async with Client(KEY, middlewares=[stop]) as ngrok:
        assert [] == await ngrok.request(method, "/things/ü", params={"ok": False, "n": 1.5})

    assert (method.upper(), effect) == (seen[0].method, seen[0].effect)
    assert ("/things/%C3%BC", (("ok", "false"), ("n", "1.5"))) == (seen[0].path, seen[0].query)
    assert f"{method.upper()} /things/%C3%BC" == seen[0].route


async def test_request_after_close() -> None:
    """A closed client sends nothing."""
    ngrok = Client(KEY)
    await ngrok.aclose()
    with pytest.raises(ClientClosedError):
        await ngrok.request("GET", "/tunnels")


# The object


def test_repr_shows_where_it_leads() -> None:
    """URL and state, and nothing else."""
    client = Client(KEY, base_url="https://api.example")
    asyncio.run(client.with_options().aclose())

    assert "<Client https://api.example open>" == repr(client)

    asyncio.run(client.aclose())

    assert "<Client https://api.example closed>" == repr(client.with_options())


@pytest.mark.parametrize("action", [copy.copy, copy.deepcopy, pickle.dumps])
def test_is_not_copied(action: Any) -> None:  # noqa: ANN401 # three functions
    """A copy would share connections and carry the key along; a view can be had instead."""
    with pytest.raises(TypeError, match="not pickled or copied"):
        action(Client(KEY).with_options())


def test_every_option_is_explained() -> None:
    """Each parameter of the client has its line under `Args`."""
    for function in (Client.__init__, Client.request):
        names = list(inspect.signature(function).parameters)[1:]
        text = inspect.getdoc(function) or ""

        assert [] == [name for name in names if f"\n    {name}:" not in text]
