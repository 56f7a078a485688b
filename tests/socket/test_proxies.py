"""An HTTP proxy on the way: what it is told, and what its own answers mean."""

import asyncio
import base64
from typing import TYPE_CHECKING

import aiohttp
import pytest

from ngrok_async import (
    APIError,
    Client,
    ConfigurationError,
    ConnectError,
    NgrokError,
    RequestTimeoutError,
    Retry,
    Timeout,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from conftest import Authority, InstantClock

    from ngrok_async._way.credentials import Handler
    from tests.fault_server import FaultServer

    Connect = Callable[..., Client]
    Secure = Callable[..., Awaitable[FaultServer]]

FAR = "https://api.ngrok.example"
PASSWORD = "pr0xyPassw0rd"
BASIC = "Basic " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()


def _with_password(url: str) -> str:
    return url.replace("://", f"://user:{PASSWORD}@")


@pytest.fixture
async def session(authority: "Authority") -> "AsyncIterator[aiohttp.ClientSession]":
    """Open a session that trusts the certificates of the tests."""
    connector = aiohttp.TCPConnector(ssl=authority.trusting())
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


async def test_tunnels_to_the_api(
    secure: "Secure",
    another: "FaultServer",
    connect: "Connect",
    session: aiohttp.ClientSession,
    key: str,
) -> None:
    """The proxy learns the host and its own password; the key is inside of the tunnel."""
    server = await secure()
    another.tunnels()
    ngrok = connect(server, session=session, proxy=_with_password(another.url))
    await ngrok.request("GET", "/tunnels")
    await ngrok.request("GET", "/tunnels")

    assert [(0, "CONNECT", f"127.0.0.1:{server.port}")] == another.seen
    assert BASIC == another.requests[0].headers["proxy-authorization"]
    assert "authorization" not in another.requests[0].headers
    assert [(0, "GET", "/tunnels")] * 2 == server.seen
    assert f"Bearer {key}" == server.requests[0].headers["authorization"]
    assert "proxy-authorization" not in server.requests[0].headers


async def test_passes_plain_http_on(another: "FaultServer", connect: "Connect") -> None:
    """Without TLS, which only this machine has, the proxy is sent the request itself."""
    ngrok = connect(
        another, base_url="http://localhost:1", proxy=_with_password(another.url), retry=None
    )
    await ngrok.request("GET", "/tunnels")

    assert [(0, "GET", "http://localhost:1/tunnels")] == another.seen
    assert BASIC == another.requests[0].headers["proxy-authorization"]


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "all_proxy"])
async def test_own_session_ignores_proxies_of_the_environment(
    server: "FaultServer", connect: "Connect", monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Only the option, or a session that asks the environment, sends requests through a proxy."""
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    await connect(server).request("GET", "/tunnels")

    assert 1 == len(server.requests)


async def test_session_may_use_proxies_of_the_environment(
    another: "FaultServer", connect: "Connect", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session with `trust_env` does, as it was made to."""
    monkeypatch.setenv("http_proxy", another.url)
    async with aiohttp.ClientSession(trust_env=True) as session:
        ngrok = connect(another, base_url="http://localhost:1", session=session, retry=None)
        await ngrok.request("GET", "/tunnels")

    assert [(0, "GET", "http://localhost:1/tunnels")] == another.seen


@pytest.mark.parametrize("status", [403, 407])
async def test_is_refused_by_the_proxy(
    another: "FaultServer", connect: "Connect", status: int
) -> None:
    """What will be the same at the next attempt is an `APIError` with the proxy's status."""
    another.answers(status, b"<h1>No</h1>", proxy_authenticate="Basic")
    with pytest.raises(APIError, match=f"the proxy answered {status}") as caught:
        await connect(another, base_url=FAR, proxy=_with_password(another.url)).request("GET", "/x")

    assert (status, None, 1) == (caught.value.status, caught.value.code, caught.value.attempts)
    assert [(0, "CONNECT", "api.ngrok.example:443")] == another.seen


@pytest.mark.parametrize("status", [407, 502])
async def test_a_middleware_of_the_session_sees_no_password(
    another: "FaultServer", connect: "Connect", status: int
) -> None:
    """The error of a refused tunnel leads to no header that the proxy was sent, by any way."""
    caught: list[aiohttp.ClientHttpProxyError] = []

    async def watch(request: aiohttp.ClientRequest, handler: "Handler") -> aiohttp.ClientResponse:
        try:
            return await handler(request)
        except aiohttp.ClientHttpProxyError as error:
            caught.append(error)
            raise

    another.answers(status)
    async with aiohttp.ClientSession(middlewares=[watch]) as session:
        proxy = _with_password(another.url)
        ngrok = connect(another, base_url=FAR, session=session, proxy=proxy, retry=None)
        with pytest.raises(NgrokError):
            await ngrok.request("GET", "/x")

    (error,) = caught
    assert BASIC == another.requests[0].headers["proxy-authorization"]
    shown = f"{error!r} {error.args!r} {vars(error)!r}"
    assert "headers" in shown  # or there is nothing to find
    assert BASIC not in shown
    assert PASSWORD not in shown


@pytest.mark.parametrize("status", [302, 404, 429, 500, 502, 503])
async def test_cannot_reach_the_api_through_the_proxy(
    another: "FaultServer", connect: "Connect", status: int
) -> None:
    """Any other refusal is a connection that did not come about: even a restart is repeated."""
    for _ in range(3):
        another.answers(status, b"<h1>Sorry</h1>")
    ngrok = connect(another, base_url=FAR, proxy=another.url, retry=Retry(max_attempts=3))
    with pytest.raises(ConnectError, match=f"the proxy answered {status}") as caught:
        await ngrok.tunnel_sessions.restart("ts_1")

    assert (3, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert 3 == len(another.requests)


async def test_gets_through_later(
    secure: "Secure",
    another: "FaultServer",
    connect: "Connect",
    session: aiohttp.ClientSession,
    clock: "InstantClock",
) -> None:
    """A proxy that fails twice costs a restart two pauses, and it is sent once."""
    server = await secure()
    another.answers(502, b"")
    another.hangs_up()
    another.tunnels()
    await connect(server, session=session, proxy=another.url).tunnel_sessions.restart("ts_1")

    assert 1 == len(server.requests)
    assert 2 == len(clock.pauses)


@pytest.mark.parametrize(
    ("content", "end"),
    [
        pytest.param(b"", "close", id="hangs up"),
        pytest.param(b"", "reset", id="resets"),
        pytest.param(b"HTTP/1.1 200", "close", id="breaks off"),
        pytest.param(b"220 smtp.example.com ESMTP\r\n\r\n", "close", id="is none"),
    ],
)
async def test_breaks_before_the_tunnel_is_there(
    another: "FaultServer", connect: "Connect", content: bytes, end: str
) -> None:
    """Whatever goes wrong at CONNECT, nothing of the request has left."""
    another.sends(content, then=end)
    ngrok = connect(another, base_url=FAR, proxy=another.url, retry=None)
    with pytest.raises(ConnectError, match="nothing could be sent") as caught:
        await ngrok.tunnel_sessions.restart("ts_1")

    assert (1, False) == (caught.value.attempts, caught.value.maybe_applied)


async def test_stalls_before_the_tunnel_is_there(
    another: "FaultServer", connect: "Connect"
) -> None:
    """A proxy that says nothing has passed nothing on."""
    another.stalls()
    ngrok = connect(another, base_url=FAR, proxy=another.url, timeout=Timeout(attempt=0.05))
    with pytest.raises(RequestTimeoutError, match="nothing could be sent within") as caught:
        await ngrok.tunnel_sessions.restart("ts_1")

    assert not caught.value.maybe_applied


async def test_breaks_in_the_tunnel(
    secure: "Secure", another: "FaultServer", connect: "Connect", session: aiohttp.ClientSession
) -> None:
    """Once the request went through the tunnel, it may have been applied."""
    server = await secure()
    another.tunnels()
    server.resets()
    with pytest.raises(NgrokError) as caught:
        await connect(server, session=session, proxy=another.url).tunnel_sessions.restart("ts_1")

    assert caught.value.maybe_applied
    assert 1 == len(server.requests)


async def test_its_404_is_no_answer_of_ngrok(
    secure: "Secure", another: "FaultServer", connect: "Connect", session: aiohttp.ClientSession
) -> None:
    """After a lost answer, 404 means that the agent is gone; not when it comes from a proxy."""
    server = await secure()
    another.tunnels()
    server.resets()
    another.answers(404, b"no such host")
    ngrok = connect(server, session=session, proxy=another.url, retry=Retry(max_attempts=2))
    with pytest.raises(ConnectError) as caught:
        await ngrok.tunnel_sessions.stop("ts_1")

    assert (2, True) == (caught.value.attempts, caught.value.maybe_applied)


async def test_is_down(unstarted: "FaultServer", connect: "Connect") -> None:
    """The message names the proxy, for it is what cannot be reached; but not its password."""
    proxy = _with_password(unstarted.url)
    ngrok = connect(unstarted, base_url=FAR, proxy=proxy, retry=None)
    with pytest.raises(
        ConnectError, match=rf"no connection to 127\.0\.0\.1:{unstarted.port}: "
    ) as e:
        await ngrok.request("GET", "/tunnels")

    shown = [str(e.value), repr(e.value), repr(vars(e.value)), repr(ngrok), repr(vars(ngrok))]
    shown.append(repr(vars(ngrok._transport)))
    assert not [text for text in shown if PASSWORD in text]


async def test_is_wrong_in_the_session(connect: "Connect", server: "FaultServer") -> None:
    """A proxy of the session that is no URL is refused, without its password."""
    async with aiohttp.ClientSession(proxy=f"http://user:{PASSWORD}@proxy:99999") as session:
        with pytest.raises(ConfigurationError, match="URL of the proxy") as caught:
            await connect(server, session=session).request("GET", "/tunnels")

    assert PASSWORD not in str(caught.value)
    assert caught.value.__context__ is None


async def test_closing_cuts_the_tunnel(
    secure: "Secure", another: "FaultServer", connect: "Connect", session: aiohttp.ClientSession
) -> None:
    """A call inside of a tunnel ends with the client like any other."""
    server = await secure()
    another.tunnels()
    server.stalls()
    ngrok = connect(server, session=session, proxy=another.url)
    call = asyncio.create_task(ngrok.request("GET", "/tunnels"))
    await server.arrived()
    await ngrok.aclose()
    with pytest.raises(NgrokError, match="closed"):
        await call
    await server.hung_up()
