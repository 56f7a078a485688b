"""Kept connections: what came without being asked for is given to no call."""

import asyncio
import socket
from typing import TYPE_CHECKING

import aiohttp
import pytest

from ngrok_async._way import connector

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from conftest import Authority

    from ngrok_async import Client
    from tests.fault_server import FaultServer

    Connect = Callable[..., Client]
    Secure = Callable[..., Awaitable[FaultServer]]

UNASKED = [
    pytest.param(b'HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{"a": 1}', id="an answer"),
    pytest.param(b"HTTP/1.1 408 Late\r\nconnection: close\r\n\r\n", id="an unasked 408"),
    pytest.param(b"HTTP/1.1 204 Done\r\n\r\n", id="an answer without a body"),
    pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="an early answer"),
    pytest.param(b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nx", id="101"),
    pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", id="the half of a head"),
    pytest.param(b"H", id="the first letter of one"),
    pytest.param(b"garbage\r\n\r\n", id="garbage"),
    pytest.param(b"\0", id="a byte"),
    pytest.param(b"", id="its end"),
]


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
    await asyncio.sleep(0.001)


@pytest.mark.parametrize("content", UNASKED)
@pytest.mark.parametrize("read", [True, False], ids=["read by the loop", "still in the socket"])
@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
async def test_what_nobody_asked_for(
    *,
    server: "FaultServer",
    secure: "Secure",
    authority: "Authority",
    connect: "Connect",
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    read: bool,
    secured: bool,
) -> None:
    """The connection is closed, and a command goes out on another one, once, and is answered."""
    if secured:
        server = await secure()
        monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", authority.trusting())
    ngrok = connect(server, retry=None)
    await ngrok.request("GET", "/first")
    await _settle()
    writer = server.writers[0]
    if content:
        writer.write(content)  # goes into the socket at once; the loop does not run before the call
    else:
        writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
    if read:
        await _settle()

    assert {} == await ngrok.request("POST", "/second", json={})
    assert [(0, "GET", "/first"), (1, "POST", "/second")] == server.seen
    async with asyncio.timeout(5):
        await server.hung_up(0)  # nobody would ever close it


async def test_half_an_answer_behind_one(server: "FaultServer", connect: "Connect") -> None:
    """It came in the same packet, so only the parser knows of it."""
    server.sends(server.answer() + b"HTTP/1.1 20")
    ngrok = connect(server, retry=None)
    await ngrok.request("GET", "/first")

    assert {} == await ngrok.request("POST", "/second", json={})
    assert [0, 1] == [request.connection for request in server.requests]


async def test_a_quiet_connection_is_kept(
    secure: "Secure",
    authority: "Authority",
    connect: "Connect",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of TLS itself, such as tickets for a later session, is in the way of that."""
    server = await secure()
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", authority.trusting())
    ngrok = connect(server)
    for number in range(20):
        await ngrok.request("GET" if number % 2 else "DELETE", "/things")

    assert {0} == {request.connection for request in server.requests}


async def test_every_bad_one_is_passed_over(server: "FaultServer", connect: "Connect") -> None:
    """Of several kept connections the first good one is taken."""
    ngrok = connect(server, retry=None)
    await asyncio.gather(*(ngrok.request("GET", "/first") for _ in range(4)))
    assert 4 == server.connections
    for writer in server.writers[:3]:
        writer.write(b"!")

    await ngrok.request("GET", "/second")
    assert 4 == server.connections


async def test_where_there_is_no_poll(
    server: "FaultServer", connect: "Connect", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has only `select`."""
    monkeypatch.setattr(connector, "_HAS_POLL", False)
    monkeypatch.delattr(connector.select, "poll")
    ngrok = connect(server, retry=None)
    await ngrok.request("GET", "/first")
    await ngrok.request("GET", "/kept")
    server.writers[0].write(b"!")
    await ngrok.request("POST", "/second", json={})

    assert [0, 0, 1] == [request.connection for request in server.requests]
