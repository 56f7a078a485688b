"""An error needs no body: status and headers count, and the body is read as far as it comes."""

import asyncio
import gzip
from typing import TYPE_CHECKING

import pytest

from ngrok_async import (
    APIError,
    Client,
    ClientClosedError,
    NgrokError,
    RateLimit,
    RateLimitedError,
    Request,
    Response,
    ResponseError,
    Retry,
    Send,
    ServerError,
    Timeout,
)
from ngrok_async._way import transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import InstantClock

    from tests.fault_server import FaultServer

    Connect = Callable[..., Client]

SAYS = b'{"error_code": "ERR_NGROK_1", "msg": "no"}'
# The head behind the status line, what comes of the body, and what the server does then.
BODIES = [
    pytest.param(b"content-length: 500\r\n\r\n", "stall", id="stalls"),
    pytest.param(b"content-length: 500\r\n\r\n{", "stall", id="stalls after a byte"),
    pytest.param(b"content-length: 500\r\n\r\n{", "reset", id="is reset"),
    pytest.param(b"content-length: 500\r\n\r\n{", "close", id="breaks off"),
    pytest.param(b"content-length: 99999999999\r\n\r\n{", "stall", id="is too long by its length"),
    pytest.param(b"\r\n{", "stall", id="has no end"),
    pytest.param(b"\r\n" + b"x" * 1_000_000, "stall", id="is endless and comes fast"),
    pytest.param(b"transfer-encoding: chunked\r\n\r\n5\r\n{}", "stall", id="stalls in a chunk"),
    pytest.param(b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope", "keep", id="no gzip"),
    pytest.param(
        b"content-encoding: gzip\r\ncontent-length: 99\r\n\r\n" + gzip.compress(SAYS)[:20],
        "stall",
        id="stalls in a gzip",
    ),
]


@pytest.mark.parametrize(("content", "end"), BODIES)
@pytest.mark.parametrize("status", [400, 404, 429, 503])
async def test_the_status_counts(
    server: "FaultServer", connect: "Connect", status: int, content: bytes, end: str
) -> None:
    """Whatever becomes of the body; it is not waited for beyond the attempt, and not kept."""
    server.sends(b"HTTP/1.1 %d Reason\r\n%b" % (status, content), then=end)
    ngrok = connect(server, retry=None, timeout=Timeout(attempt=0.5))
    with pytest.raises(APIError) as caught:
        await ngrok.tunnel_sessions.restart("ts_1")
    await server.hung_up(0)

    assert (status, 1) == (caught.value.status, caught.value.attempts)
    assert (status == 503) == caught.value.maybe_applied


@pytest.mark.parametrize(("content", "end"), BODIES)
async def test_a_redirect_needs_none_either(
    server: "FaultServer", connect: "Connect", content: bytes, end: str
) -> None:
    """It is not followed, whatever its body says."""
    server.sends(b"HTTP/1.1 302 Found\r\nlocation: /x\r\n" + content, then=end)
    ngrok = connect(server, retry=None, timeout=Timeout(attempt=0.5))
    with pytest.raises(ResponseError, match="redirect to '/x'"):
        await ngrok.tunnel_sessions.restart("ts_1")


@pytest.mark.parametrize(("content", "end"), BODIES)
async def test_a_429_pauses_everybody(
    server: "FaultServer", connect: "Connect", clock: "InstantClock", content: bytes, end: str
) -> None:
    """`Retry-After` is in the head, and that is what everybody goes by."""
    server.sends(b"HTTP/1.1 429 Slow\r\nretry-after: 7\r\n" + content, then=end)
    limiter = RateLimit(99, clock=clock)
    ngrok = connect(server, limiter=limiter, retry=None, timeout=Timeout(attempt=0.5))
    with pytest.raises(RateLimitedError) as caught:
        await ngrok.tunnel_sessions.restart("ts_1")

    assert 7 == caught.value.retry_after
    assert 6 < limiter.budget.paused <= 7


@pytest.mark.parametrize("limit", [100, None])
async def test_a_body_that_stalls_is_not_waited_for(
    server: "FaultServer",
    connect: "Connect",
    monkeypatch: pytest.MonkeyPatch,
    limit: float | None,
) -> None:
    """For no longer than a second, however long the attempt may take."""
    assert 1 == transport._ERROR_BODY_SECONDS
    monkeypatch.setattr(transport, "_ERROR_BODY_SECONDS", 0.01)
    server.stalls(b"HTTP/1.1 503 Down\r\ncontent-length: 9\r\n\r\n")
    ngrok = connect(server, retry=None, timeout=Timeout(attempt=limit, total=None))
    async with asyncio.timeout(10):
        with pytest.raises(ServerError):
            await ngrok.tunnel_sessions.restart("ts_1")

    assert 1 == len(server.requests)


@pytest.mark.parametrize("broken", [b"zz\r\n", b"2\r\n{}zz"], ids=["no size", "no end"])
async def test_a_body_that_is_no_http(
    server: "FaultServer", connect: "Connect", monkeypatch: pytest.MonkeyPatch, broken: bytes
) -> None:
    """When the head has come, the status counts."""
    monkeypatch.setattr(transport, "_ERROR_BODY_SECONDS", 0.02)

    async def step(_: object, __: object, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 429 Slow\r\ntransfer-encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.005)
        writer.write(broken)
        return True

    server._steps.append(step)
    with pytest.raises(RateLimitedError):
        await connect(server, retry=None).tunnel_sessions.restart("ts_1")


async def test_a_slow_body_is_read(server: "FaultServer", connect: "Connect") -> None:
    """What comes in time says why, as ever, and the connection is kept."""
    server.trickles(server.answer(400, SAYS))
    ngrok = connect(server, retry=None)
    with pytest.raises(APIError, match=r"no \[ERR_NGROK_1\]"):
        await ngrok.tunnel_sessions.restart("ts_1")
    await ngrok.request("GET", "/things")

    assert [0, 0] == [request.connection for request in server.requests]


@pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 200_000, 3_000_000])
async def test_64_kib_are_read(server: "FaultServer", connect: "Connect", size: int) -> None:
    """The rest is not even waited for."""
    server.answers(503, b"x" * size)
    got: list[int] = []

    async def look(request: Request, send: Send) -> Response:
        response = await send(request)
        got.append(len(response.body))
        return response

    with pytest.raises(ServerError):
        await connect(server, retry=None, middlewares=[look]).request("GET", "/things")

    assert [min(size, 64 * 1024)] == got


@pytest.mark.parametrize("how", ["cancel", "aclose"])
async def test_ended_while_the_body_stalls(
    server: "FaultServer", connect: "Connect", how: str
) -> None:
    """A cancellation stays one, and a close ends the call."""
    server.stalls(b"HTTP/1.1 503 Down\r\ncontent-length: 9\r\n\r\n")
    ngrok = connect(server, retry=Retry(3))
    call = asyncio.create_task(ngrok.tunnel_sessions.restart("ts_1"))
    await server.arrived()
    await asyncio.sleep(0.005)
    if how == "cancel":
        call.cancel()
    else:
        await ngrok.aclose()
    [outcome] = await asyncio.gather(call, return_exceptions=True)

    assert {"cancel": asyncio.CancelledError, "aclose": ClientClosedError}[how] is type(outcome)
    assert not isinstance(outcome, NgrokError) or outcome.maybe_applied
