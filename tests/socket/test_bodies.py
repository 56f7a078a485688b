"""Bodies: their size, their compression, and what does not belong there."""

import gzip
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from ngrok_async import APIError, ResponseError, ResponseTooLargeError, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ngrok_async import Client
    from tests.fault_server import FaultServer

    Connect = Callable[..., Client]

MIB = 1024 * 1024


async def test_reads_compressed_bodies(server: "FaultServer", connect: "Connect") -> None:
    """An answer may be compressed; errors too."""
    server.answers(200, gzip.compress(b'{"tunnels": []}'), content_encoding="gzip")
    server.answers(200, zlib.compress(b"[1]"), content_encoding="deflate")
    server.answers(404, gzip.compress(b'{"msg": "gone"}'), content_encoding="gzip")
    ngrok = connect(server)

    assert () == (await ngrok.tunnels.list()).items
    assert [1] == await ngrok.request("GET", "/things")
    with pytest.raises(APIError, match="gone"):
        await ngrok.request("GET", "/things")


async def test_reads_10_mib(server: "FaultServer", connect: "Connect") -> None:
    """The limit itself is still read."""
    server.answers(200, b'"' + b"x" * (10 * MIB - 2) + b'"')

    assert 10 * MIB - 2 == len(await connect(server).request("GET", "/things"))


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"", id="until the connection is closed"),
        pytest.param(b"transfer-encoding: chunked\r\n", id="in chunks"),
    ],
)
async def test_refuses_one_byte_more(
    server: "FaultServer", connect: "Connect", head: bytes
) -> None:
    """A body that does not tell its length is given up at the limit, and its connection closed."""
    size = 10 * MIB + 1
    body = b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n" if head else b"x" * size
    server.sends(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body, then="close")
    with pytest.raises(ResponseTooLargeError, match="HTTP 200: the body is larger") as caught:
        await connect(server).tunnel_sessions.restart("ts_1")
    await server.hung_up(0)

    assert (200, 1, True) == (
        caught.value.status,
        caught.value.attempts,
        caught.value.maybe_applied,
    )
    assert 1 == len(server.requests)


async def test_refuses_a_declared_size_before_it_comes(
    server: "FaultServer", connect: "Connect"
) -> None:
    """11 MiB that are announced are not waited for."""
    server.stalls(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n{" % (11 * MIB))
    with pytest.raises(ResponseTooLargeError) as caught:
        await connect(server).request("GET", "/things")
    await server.hung_up(0)

    assert not caught.value.maybe_applied


async def test_does_not_unpack_a_bomb(server: "FaultServer", connect: "Connect") -> None:
    """200 MiB in a body of 200 KiB stay there."""
    zip_ = zlib.compressobj(wbits=31)
    first, other = (zip_.compress(b"\0" * MIB) + zip_.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    packed = first + other * 199
    assert len(packed) < MIB / 4
    server.answers(200, packed, content_encoding="gzip")
    ngrok = connect(server)
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTooLargeError):
            await ngrok.request("GET", "/things")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 30 * MIB
    assert 1 == len(server.requests)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b'"x"', id="a string"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b"<html>", id="HTML"),
        pytest.param(gzip.compress(b"{}"), id="compressed without saying so"),
        pytest.param(b"[" * 100_000, id="a deep array"),
        pytest.param(b"1" * 5000, id="a long number"),
    ],
)
async def test_200_without_the_object(
    server: "FaultServer", connect: "Connect", body: bytes
) -> None:
    """A success that holds no such object is an error, and asked for once."""
    server.answers(200, body, content_type="text/html")
    with pytest.raises(ResponseError) as caught:
        await connect(server).tunnel_sessions.get("ts_1")

    assert 200 == caught.value.status
    assert 1 == len(server.requests)


async def test_compressed_body_that_was_cut(server: "FaultServer", connect: "Connect") -> None:
    """Where compression hides that a body is cut, its JSON shows it."""
    packed = gzip.compress(b'{"tunnels": [' + b"1," * 999 + b"1]}")[:-12]
    server.answers(200, packed, content_encoding="gzip")
    with pytest.raises(ResponseError, match="not valid JSON"):
        await connect(server).request("GET", "/tunnels")


async def test_page_of_a_gateway(server: "FaultServer", connect: "Connect") -> None:
    """A 502 with HTML is an error of the server, without a code."""
    for _ in range(4):
        server.answers(502, b"<h1>Bad gateway</h1>", content_type="text/html")
    with pytest.raises(ServerError, match="Bad gateway") as caught:
        await connect(server).request("GET", "/tunnels")

    assert (502, None, 4) == (caught.value.status, caught.value.code, caught.value.attempts)


async def test_empty_body_of_an_unknown_route_is_none(
    server: "FaultServer", connect: "Connect"
) -> None:
    """`request` has no result where there is no content."""
    server.answers(200, b" \n")
    server.answers(204, b"")
    ngrok = connect(server)

    assert [None, None] == [await ngrok.request("DELETE", "/things/x") for _ in range(2)]
