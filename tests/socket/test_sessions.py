"""A session that the user passes in: what of it applies, and what does not."""

import asyncio
import gzip
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from ngrok_async import (
    Client,
    ClientClosedError,
    ConfigurationError,
    NotFoundError,
    Retry,
    Timeout,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault_server import FaultServer, Timers

    Connect = Callable[..., Client]


async def test_its_options_for_answers_do_not_apply(
    server: "FaultServer", connect: "Connect"
) -> None:
    """Errors have their code, bodies are unpacked, and time limits are the client's."""
    async with aiohttp.ClientSession(
        raise_for_status=True, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=1e-9)
    ) as session:
        ngrok = connect(server, session=session)
        server.answers(404, b'{"error_code": "ERR_NGROK_1"}')
        server.answers(200, gzip.compress(b"[1]"), content_encoding="gzip")
        with pytest.raises(NotFoundError) as caught:
            await ngrok.request("GET", "/things/x")

        assert "ERR_NGROK_1" == caught.value.code
        assert [1] == await ngrok.request("GET", "/things")


async def test_its_headers_yield_to_ours(
    server: "FaultServer", connect: "Connect", key: str
) -> None:
    """Its own headers are sent too, except for those that the API needs."""
    headers = {"authorization": "Bearer theirs", "NGROK-VERSION": "1", "x-trace": "7"}
    async with aiohttp.ClientSession(headers=headers) as session:
        await connect(server, session=session).request("GET", "/tunnels")

    received = server.requests[0].headers
    assert (f"Bearer {key}", "2", "7") == (
        received["authorization"],
        received["ngrok-version"],
        received["x-trace"],
    )


async def test_its_cookies_are_not_sent(server: "FaultServer", connect: "Connect") -> None:
    """Neither from the jar, nor from its headers, nor those that ngrok has set."""
    jar = aiohttp.CookieJar(unsafe=True)  # unsafe: also for IP addresses
    async with aiohttp.ClientSession(
        cookie_jar=jar, cookies={"sid": "theirs"}, headers={"Cookie": "a=b"}
    ) as session:
        ngrok = connect(server, session=session)
        server.answers(200, set_cookie="seen=1")
        await ngrok.request("GET", "/first")
        await ngrok.request("GET", "/second")

    assert [False, False] == ["cookie" in request.headers for request in server.requests]


async def test_own_session_keeps_no_cookies(server: "FaultServer", connect: "Connect") -> None:
    """What ngrok sets is dropped."""
    ngrok = connect(server, base_url=server.url.replace("127.0.0.1", "localhost"))
    server.answers(200, set_cookie="seen=1")
    await ngrok.request("GET", "/first")
    await ngrok.request("GET", "/second")

    assert "cookie" not in server.requests[1].headers
    assert [] == list(ngrok._transport.open().cookie_jar)


async def test_its_middlewares_run_at_every_attempt(
    server: "FaultServer", connect: "Connect"
) -> None:
    """They stand inside of ours, in their own order."""
    seen: list[str] = []

    def noting(name: str) -> aiohttp.ClientMiddlewareType:
        async def note(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            seen.append(name)
            request.headers["x-seen"] = name
            return await handler(request)

        return note

    async with aiohttp.ClientSession(middlewares=[noting("outer"), noting("inner")]) as session:
        server.hangs_up()
        await connect(server, session=session).request("GET", "/tunnels")

    assert ["outer", "inner"] * 2 == seen
    assert ["inner"] * 2 == [request.headers["x-seen"] for request in server.requests]


async def test_its_middleware_leaks_no_key_through_a_redirect(
    server: "FaultServer", another: "FaultServer", connect: "Connect"
) -> None:
    """Aiohttp would run it again at the other host; no redirect, no second run."""

    async def sign(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.headers["x-signature"] = "secret"
        return await handler(request)

    async with aiohttp.ClientSession(middlewares=[sign]) as session:
        server.answers(307, b"", location=f"{another.url}/")
        with pytest.raises(Exception, match="redirect"):
            await connect(server, session=session).request("GET", "/tunnels")

    assert 0 == another.connections


async def test_its_credentials_would_replace_the_key(
    server: "FaultServer", connect: "Connect"
) -> None:
    """A session with `auth=` is refused by name, and sends nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of newer aiohttp
        session = aiohttp.ClientSession(auth=aiohttp.BasicAuth("user", "password"))
    async with session:
        with pytest.raises(ConfigurationError, match="auth=") as caught:
            await connect(server, session=session).request("GET", "/tunnels")

    assert "password" not in repr(caught.value)
    assert caught.value.__context__ is None
    assert [] == server.seen


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a netrc file with credentials for every host."""
    path = tmp_path / "netrc"
    path.write_text("default login theirs password alsotheirs\n")
    monkeypatch.setenv("NETRC", str(path))


@pytest.mark.usefixtures("netrc")
async def test_netrc_would_replace_the_key(server: "FaultServer", connect: "Connect") -> None:
    """A session that reads netrc is refused by name when there is an entry."""
    async with aiohttp.ClientSession(trust_env=True) as session:
        with pytest.raises(ConfigurationError, match="netrc") as caught:
            await connect(server, session=session).request("GET", "/tunnels")

    assert "theirs" not in str(caught.value)
    assert [] == server.seen


@pytest.mark.usefixtures("netrc")
async def test_own_session_reads_no_netrc(
    server: "FaultServer", connect: "Connect", key: str
) -> None:
    """The key that was given is the key that is sent."""
    await connect(server).request("GET", "/tunnels")

    assert f"Bearer {key}" == server.requests[0].headers["authorization"]


async def test_stays_open(server: "FaultServer", connect: "Connect") -> None:
    """Who opens a session closes it."""
    async with aiohttp.ClientSession() as session:
        ngrok = connect(server, session=session)
        await ngrok.request("GET", "/tunnels")
        await ngrok.aclose()

        assert not session.closed
        async with session.get(server.url) as answer:
            assert 200 == answer.status


async def test_closed_before(server: "FaultServer", connect: "Connect") -> None:
    """A closed session is not replaced by another one; the message says whose it is."""
    async with aiohttp.ClientSession() as session:
        ngrok = connect(server, session=session)
    with pytest.raises(ClientClosedError, match="passed as session= is closed"):
        await ngrok.request("GET", "/tunnels")

    assert [] == server.seen


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="before the answer"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", id="in the body"),
    ],
)
async def test_closed_during_a_call(
    server: "FaultServer", connect: "Connect", timers: "Timers", content: bytes
) -> None:
    """The call fails as it would with the client's own session, and is not repeated."""
    async with aiohttp.ClientSession() as session:
        server.stalls(content)
        ngrok = connect(server, session=session, timeout=Timeout(attempt=100))
        call = asyncio.create_task(ngrok.tunnel_sessions.stop("ts_1"))
        await server.arrived()
        await asyncio.sleep(0.01)
    timers.expire()  # aiohttp forgets to wake who reads a body, so the attempt's limit has to
    with pytest.raises(ClientClosedError, match="closed during the call") as caught:
        await call

    assert (1, True) == (caught.value.attempts, caught.value.maybe_applied)
    assert 1 == len(server.requests)


async def test_closed_while_a_call_waits_for_a_connection(
    server: "FaultServer", connect: "Connect"
) -> None:
    """Aiohttp cancels such a waiter; to the caller that must not look like a cancellation."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        server.stalls()
        ngrok = connect(server, session=session, retry=Retry(max_attempts=2))
        calls = [asyncio.create_task(ngrok.tunnel_sessions.restart("ts_1"))]
        await server.arrived()
        calls.append(asyncio.create_task(ngrok.tunnel_sessions.restart("ts_2")))
        await asyncio.sleep(0.01)
    first, second = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(first, ClientClosedError)
    assert isinstance(second, ClientClosedError)
    assert (True, False) == (first.maybe_applied, second.maybe_applied)
    assert 1 == len(server.requests)


async def test_cancelled_while_it_is_closed(server: "FaultServer", connect: "Connect") -> None:
    """A cancellation of the caller's own stays one."""
    async with aiohttp.ClientSession() as session:
        server.stalls()
        call = asyncio.create_task(connect(server, session=session).request("GET", "/tunnels"))
        await server.arrived()
        call.cancel()
    await asyncio.wait([call])

    assert call.cancelled()


async def test_belongs_to_another_loop(connect: "Connect", server: "FaultServer") -> None:
    """A session of another event loop would fail in odd ways; it is refused at once."""

    async def make() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    other = asyncio.new_event_loop()
    session = await asyncio.to_thread(other.run_until_complete, make())
    with pytest.raises(ConfigurationError, match="another event loop"):
        await connect(server, session=session).request("GET", "/tunnels")
    await asyncio.to_thread(other.run_until_complete, session.close())
    other.close()

    assert [] == server.seen
