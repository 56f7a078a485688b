"""Connections that do not come about: nothing was sent, so every call may be repeated."""

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from ngrok_async import (
    Client,
    ConnectError,
    Request,
    RequestTimeoutError,
    Response,
    Retry,
    Send,
    Timeout,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from conftest import Authority, InstantClock

    from tests.fault_server import FaultServer

    Connect = Callable[..., Client]
    Secure = Callable[..., Awaitable[FaultServer]]


async def test_repeats_a_create_until_the_server_is_up(
    unstarted: "FaultServer", connect: "Connect"
) -> None:
    """Refused, then up: the POST is sent, and there is one resource."""
    attempts = 0

    async def start_before_the_third(request: Request, send: Send) -> Response:
        nonlocal attempts
        attempts += 1
        if attempts == 3:
            await unstarted.start()
        return await send(request)

    ngrok = connect(unstarted, limiter=start_before_the_third)
    await ngrok.request("POST", "/ip_policies", json={})

    assert [(0, "POST", "/ip_policies")] == unstarted.seen
    assert 3 == attempts


async def test_says_who_refused(unstarted: "FaultServer", connect: "Connect") -> None:
    """The message has host and port; the call was certainly not applied."""
    with pytest.raises(ConnectError, match=rf"127\.0\.0\.1:{unstarted.port}: .+") as caught:
        await connect(unstarted, retry=Retry(max_attempts=2)).tunnel_sessions.restart("ts_1")

    assert (2, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert not caught.value.permanent


class _Resolver(AbstractResolver):
    """Answers as it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        """Fail with an error; without one, never answer."""
        self._error = error

    async def resolve(self, *_: object, **__: object) -> list[ResolveResult]:
        """Take the time that it takes."""
        if self._error is not None:
            raise self._error
        return await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        """Stop."""


async def test_unknown_host(
    server: "FaultServer", connect: "Connect", clock: "InstantClock"
) -> None:
    """A name that does not resolve is named, and asked for again: servers of names recover."""
    resolver = _Resolver(OSError(None, "Name or service not known"))
    connector = aiohttp.TCPConnector(resolver=resolver)
    async with aiohttp.ClientSession(connector=connector) as session:
        ngrok = connect(server, base_url="https://api.ngrok.example", session=session)
        with pytest.raises(ConnectError, match=r"api\.ngrok\.example:443: Name") as caught:
            await ngrok.tunnel_sessions.restart("ts_1")

    assert (4, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert 3 == len(clock.pauses)


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        pytest.param(3.5, "no connection within 3.5 s on", id="with a limit"),
        pytest.param(None, "no connection on", id="without one"),
    ],
)
async def test_resolver_that_gives_up(
    server: "FaultServer", connect: "Connect", limit: float | None, text: str
) -> None:
    """A resolver may have a limit of its own."""
    connector = aiohttp.TCPConnector(resolver=_Resolver(TimeoutError()))
    async with aiohttp.ClientSession(connector=connector) as session:
        ngrok = connect(
            server,
            base_url="https://api.ngrok.example",
            session=session,
            retry=None,
            timeout=Timeout(connect=limit),
        )
        with pytest.raises(ConnectError) as caught:
            await ngrok.request("GET", "/tunnels")

    assert text in str(caught.value)


async def test_resolver_that_never_answers(server: "FaultServer", connect: "Connect") -> None:
    """The limit of the attempt ends it; as nothing was sent, nothing can have been applied."""
    connector = aiohttp.TCPConnector(resolver=_Resolver(), use_dns_cache=False)
    async with aiohttp.ClientSession(connector=connector) as session:
        ngrok = connect(
            server,
            base_url="https://api.ngrok.example",
            session=session,
            timeout=Timeout(attempt=0.02),
        )
        with pytest.raises(RequestTimeoutError, match=r"nothing could be sent within 0\.02 s") as e:
            await ngrok.tunnel_sessions.restart("ts_1")

    assert (4, False) == (e.value.attempts, e.value.maybe_applied)


async def test_no_connection_is_free(server: "FaultServer", connect: "Connect") -> None:
    """To wait for a connection of a small pool is part of the attempt, and sends nothing."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        server.stalls()
        taken = asyncio.create_task(
            connect(server, session=session, retry=None).request("GET", "/slow")
        )
        await server.arrived()
        ngrok = connect(server, session=session, timeout=Timeout(attempt=0.02))
        with pytest.raises(RequestTimeoutError) as caught:
            await ngrok.tunnel_sessions.restart("ts_1")
        taken.cancel()
        await asyncio.wait([taken])

    assert not caught.value.maybe_applied
    assert [(0, "GET", "/slow")] == server.seen


# --- TLS ------------------------------------------------------------------------------------


async def test_talks_tls(secure: "Secure", authority: "Authority", connect: "Connect") -> None:
    """With a certificate of somebody trusted, the call gets through."""
    server = await secure()
    connector = aiohttp.TCPConnector(ssl=authority.trusting())
    async with aiohttp.ClientSession(connector=connector) as session:
        await connect(server, session=session).request("GET", "/tunnels")

    assert [(0, "GET", "/tunnels")] == server.seen


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        pytest.param({"host": "127.0.0.2"}, "not valid for '127.0.0.1'", id="of another host"),
        pytest.param({"days": -1}, "certificate has expired", id="expired"),
        pytest.param({"self_signed": True}, "self-signed certificate", id="self-signed"),
    ],
)
async def test_certificate(
    secure: "Secure",
    authority: "Authority",
    connect: "Connect",
    certificate: dict[str, object],
    reason: str,
) -> None:
    """A certificate that proves nothing ends the call at once, and the message says why."""
    server = await secure(**certificate)
    connector = aiohttp.TCPConnector(ssl=authority.trusting())
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(
            ConnectError, match=r"certificate of 127\.0\.0\.1 is not trus"
        ) as caught:
            await connect(server, session=session).request("GET", "/tunnels")

    assert reason in str(caught.value)
    assert (1, True) == (caught.value.attempts, caught.value.permanent)
    assert [] == server.seen


async def test_own_session_trusts_nobody_unknown(secure: "Secure", connect: "Connect") -> None:
    """Certificates are checked without being asked for."""
    server = await secure()
    with pytest.raises(ConnectError, match="is not trusted") as caught:
        await connect(server).request("GET", "/tunnels")

    assert caught.value.permanent


async def test_fingerprint(secure: "Secure", connect: "Connect") -> None:
    """A session may insist on one certificate; another one ends the call at once."""
    server = await secure()
    connector = aiohttp.TCPConnector(ssl=aiohttp.Fingerprint(b"\0" * 32))
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(ConnectError, match="the expected fingerprint") as caught:
            await connect(server, session=session).tunnel_sessions.restart("ts_1")

    assert (True, False) == (caught.value.permanent, caught.value.maybe_applied)
    assert [] == server.seen


async def test_no_tls_at_the_other_end(server: "FaultServer", connect: "Connect") -> None:
    """A server that hangs up at the handshake may be starting: the call is repeated."""

    async def reject(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    plain = await asyncio.start_server(reject, "127.0.0.1", 0)
    port = plain.sockets[0].getsockname()[1]
    ngrok = connect(server, base_url=f"https://127.0.0.1:{port}")
    with pytest.raises(ConnectError) as caught:
        await ngrok.tunnel_sessions.restart("ts_1")
    plain.close()
    await plain.wait_closed()

    assert (4, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("limits", "error", "text"),
    [
        pytest.param(
            Timeout(connect=0.02), ConnectError, "no connection within 0.02 s", id="connect"
        ),
        pytest.param(
            Timeout(attempt=0.02),
            RequestTimeoutError,
            "nothing could be sent within 0.02 s",
            id="attempt",
        ),
    ],
)
async def test_handshake_stalls(
    server: "FaultServer",
    connect: "Connect",
    limits: Timeout,
    error: type[Exception],
    text: str,
) -> None:
    """A server that says nothing at the handshake has had nothing of the request."""
    ngrok = connect(server, base_url=f"https://127.0.0.1:{server.port}", timeout=limits, retry=None)
    with pytest.raises(error) as caught:
        await ngrok.tunnel_sessions.restart("ts_1")
    await server.hung_up(0)

    assert text in str(caught.value)
    assert not caught.value.maybe_applied
