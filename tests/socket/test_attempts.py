"""One attempt is one request on the wire; what is repeated, and what an error then says."""

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import pytest
from yarl import URL

from ngrok_async import (
    APIError,
    Client,
    ConnectionLostError,
    NgrokError,
    NotFoundError,
    RateLimit,
    RateLimitedError,
    Request,
    RequestTimeoutError,
    Response,
    Retry,
    Send,
    ServerError,
    Timeout,
)
from ngrok_async._way.attempt import _current
from ngrok_async._way.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import InstantClock

    from tests.fault_server import FaultServer, Timers

    Connect = Callable[..., Client]

STOP = "/tunnel_sessions/ts_1/stop"
RESTART = "/tunnel_sessions/ts_1/restart"


def _says(code: str, message: str = "") -> bytes:
    return b'{"error_code": "%b", "msg": "%b"}' % (code.encode(), message.encode())


# --- no request behind our back -------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "PATCH"])
@pytest.mark.parametrize("fate", ["resets", "hangs_up"])
async def test_sends_once_when_a_kept_connection_dies(
    server: "FaultServer", connect: "Connect", method: str, fate: str
) -> None:
    """At this, aiohttp would send GET, PUT and DELETE again, and nobody would know."""
    ngrok = connect(server, retry=None)
    await ngrok.request("GET", "/first")
    getattr(server, fate)()
    with pytest.raises(ConnectionLostError) as caught:
        await ngrok.request(method, "/second", json={} if method[0] == "P" else None)

    assert [(0, "GET", "/first"), (0, method, "/second")] == server.seen
    assert (1, method != "GET") == (caught.value.attempts, caught.value.maybe_applied)


async def test_sends_once_even_where_aiohttp_would_not_be_told(
    server: "FaultServer", connect: "Connect"
) -> None:
    """The switch for that is a private one of aiohttp's: without it our own request refuses."""
    ngrok = connect(server, retry=None)
    session = ngrok._transport.open()
    session._retry_connection = True
    await ngrok.request("GET", "/first")
    server.hangs_up()
    with pytest.raises(ConnectionLostError, match="no whole answer: the connection was closed"):
        await ngrok.request("GET", "/second")

    assert [(0, "GET", "/first"), (0, "GET", "/second")] == server.seen


async def test_hooks_that_somebody_put_into_every_session_are_told(
    server: "FaultServer", connect: "Connect", key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As OpenTelemetry does: our own session has them then, and they see no key."""
    told: list[str] = []

    async def see(_: object, __: object, params: object) -> None:
        told.append(str(getattr(params, "headers", "")))

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(see)
    trace.on_request_headers_sent.append(see)
    monkeypatch.setattr(
        aiohttp, "ClientSession", partial(aiohttp.ClientSession, trace_configs=[trace])
    )
    await connect(server).request("GET", "/tunnels")

    assert 2 == len(told)
    assert key not in "".join(told)
    assert f"Bearer {key}" == server.requests[0].headers["authorization"]


async def test_what_lasts_longer_than_an_attempt_keeps_nothing_of_it(
    server: "FaultServer", connect: "Connect"
) -> None:
    """A connection keeps the context in which it began, and that one a body no longer."""
    ngrok = connect(server)
    server.answers(201)
    await ngrok.request("POST", "/secrets", json={"value": "a secret value"})

    kept = {type(value) for value in vars(_current.get()).values()}
    assert kept <= {bool, int, float, type(None), URL, Credentials}


@pytest.mark.parametrize("fate", ["resets", "hangs_up"])
async def test_three_attempts_are_three_requests(
    server: "FaultServer", connect: "Connect", clock: "InstantClock", fate: str
) -> None:
    """The number of attempts in `Retry` is the number of requests."""
    for _ in range(4):
        getattr(server, fate)()
    with pytest.raises(ConnectionLostError) as caught:
        await connect(server, retry=Retry(max_attempts=3)).request("GET", "/tunnels")

    assert 3 == len(server.requests)
    assert (3, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert 2 == len(clock.pauses)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", id="by its length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}", id="in a chunk"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", id="after a chunk"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="in its headers"),
        pytest.param(b"HTTP/1.1 2", id="in its status"),
    ],
)
@pytest.mark.parametrize("end", ["reset", "close"])
async def test_asks_again_for_an_answer_that_breaks_off(
    server: "FaultServer", connect: "Connect", content: bytes, end: str
) -> None:
    """A part of an answer is none, even if it happens to be JSON; a GET is repeated."""
    server.sends(content, then=end)
    server.answers(200, b'{"whole": true}')

    assert {"whole": True} == await connect(server).request("GET", "/tunnels")
    assert [0, 1] == [request.connection for request in server.requests]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", id="no header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 20_000 + b"\r\n\r\n", id="a long header"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", id="no chunk"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope",
            id="no gzip",
        ),
    ],
)
async def test_takes_garbage_for_a_lost_answer(
    server: "FaultServer", connect: "Connect", content: bytes
) -> None:
    """What is not HTTP is no answer: a command may have been applied, and is not repeated."""
    server.sends(content, then="close")
    with pytest.raises(ConnectionLostError, match="no whole answer") as caught:
        await connect(server).tunnel_sessions.restart("ts_1")

    assert [(0, "POST", RESTART)] == server.seen
    assert (1, True) == (caught.value.attempts, caught.value.maybe_applied)
    assert "\n" not in str(caught.value)


async def test_large_error_does_not_block_the_next_attempt(
    server: "FaultServer", connect: "Connect"
) -> None:
    """An answer is done with before the pause, so a session's only connection is free again."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        server.answers(503, b"x" * 2_000_000)
        await connect(server, session=session).request("GET", "/tunnels")

    assert [0, 1] == [request.connection for request in server.requests]


# --- commands -------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["restart", "update"])
@pytest.mark.parametrize("fate", ["resets", "hangs_up"])
async def test_never_repeats_a_command_that_may_have_happened(
    server: "FaultServer", connect: "Connect", command: str, fate: str
) -> None:
    """Killed after its body was read: one request, and the error says that it may be done."""
    getattr(server, fate)()
    with pytest.raises(ConnectionLostError, match="it may have been applied") as caught:
        await getattr(connect(server).tunnel_sessions, command)("ts_1")

    assert [b"{}"] == [request.body for request in server.requests]
    assert (1, True) == (caught.value.attempts, caught.value.maybe_applied)


@pytest.mark.parametrize("second", [204, 404], ids=["done", "gone"])
@pytest.mark.parametrize("fate", ["resets", "hangs_up"])
async def test_repeats_a_stop_until_it_is_done(
    server: "FaultServer", connect: "Connect", second: int, fate: str
) -> None:
    """To stop twice is to stop once; an agent that is gone by then has been stopped."""
    getattr(server, fate)()
    server.answers(second, b"")

    assert await connect(server).tunnel_sessions.stop("ts_1") is None
    assert [(0, "POST", STOP), (1, "POST", STOP)] == server.seen


async def test_stop_of_an_agent_that_was_never_there_fails(
    server: "FaultServer", connect: "Connect"
) -> None:
    """A 404 is a success after a lost answer only."""
    server.answers(404, _says("ERR_NGROK_404"))
    with pytest.raises(NotFoundError) as caught:
        await connect(server).tunnel_sessions.stop("ts_1")

    assert not caught.value.maybe_applied
    assert 1 == len(server.requests)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(500, "ERR_NGROK_810", id="810: unlikely, but possible"),
        pytest.param(503, "", id="503"),
        pytest.param(502, "", id="502"),
        pytest.param(504, "", id="504"),
    ],
)
async def test_a_failing_server_may_have_applied_a_command(
    server: "FaultServer", connect: "Connect", status: int, code: str
) -> None:
    """An error of the server does not say that nothing was done."""
    server.answers(status, _says(code))
    with pytest.raises(ServerError) as caught:
        await connect(server).tunnel_sessions.restart("ts_1")

    assert 1 == len(server.requests)
    assert caught.value.maybe_applied


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(429, "ERR_NGROK_226", id="too many requests"),
        pytest.param(400, "ERR_NGROK_225", id="too many at a time"),
        pytest.param(503, "ERR_NGROK_803", id="shutting down"),
    ],
)
async def test_repeats_a_command_that_was_not_processed(
    server: "FaultServer", connect: "Connect", status: int, code: str
) -> None:
    """Where ngrok says that it did nothing, even a restart is sent again."""
    server.answers(status, _says(code))
    server.answers(204, b"")
    await connect(server).tunnel_sessions.restart("ts_1")

    assert 2 == len(server.requests)


async def test_503_twice_then_200(
    server: "FaultServer", connect: "Connect", clock: "InstantClock"
) -> None:
    """A GET gets through after two pauses, in three requests on one connection."""
    server.answers(503, b"<h1>busy</h1>")
    server.answers(503, b"<h1>busy</h1>")
    server.answers(200, b'{"tunnels": []}')

    assert () == (await connect(server).tunnels.list()).items
    assert [0, 0, 0] == [request.connection for request in server.requests]
    assert 2 == len(clock.pauses)


async def test_503_on_a_create(server: "FaultServer", connect: "Connect") -> None:
    """An unknown POST is taken for a create: one request, and it may be there."""
    server.answers(503)
    with pytest.raises(ServerError) as caught:
        await connect(server).request("POST", "/ip_policies", json={})

    assert 1 == len(server.requests)
    assert caught.value.maybe_applied


# --- time -----------------------------------------------------------------------------------


async def test_repeats_a_patch_after_a_timeout(
    server: "FaultServer", connect: "Connect", timers: "Timers"
) -> None:
    """PATCH sets absolute values, so the same body goes out twice."""
    ngrok = connect(server, timeout=Timeout(attempt=100))
    server.stalls()
    server.answers(200, b'{"id": "x"}')
    content = {"description": "d"}
    call = asyncio.create_task(ngrok.request("PATCH", "/things/x", json=content))
    await server.arrived()
    timers.expire()

    assert {"id": "x"} == await call
    assert [b'{"description":"d"}'] * 2 == [request.body for request in server.requests]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="before the status"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", id="in the headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", id="before the body"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", id="in the body"),
    ],
)
async def test_gives_up_on_a_server_that_stalls(
    server: "FaultServer", connect: "Connect", timers: "Timers", content: bytes
) -> None:
    """An attempt has a limit of its own; its connection is closed, not used again."""
    ngrok = connect(server, timeout=Timeout(attempt=100))
    server.stalls(content)
    call = asyncio.create_task(ngrok.tunnel_sessions.restart("ts_1"))
    await server.arrived()
    await asyncio.sleep(0.01)
    timers.expire()
    with pytest.raises(RequestTimeoutError, match="no whole answer within 100 s") as caught:
        await call
    await server.hung_up(0)
    await ngrok.request("GET", "/tunnels")

    assert isinstance(caught.value, TimeoutError)
    assert (1, True) == (caught.value.attempts, caught.value.maybe_applied)
    assert [(0, "POST", RESTART), (1, "GET", "/tunnels")] == server.seen


async def test_limits_of_whole_seconds_are_not_rounded_up(
    server: "FaultServer", connect: "Connect", timers: "Timers"
) -> None:
    """Aiohttp moves a limit of 5 seconds or more to the next full second; ours stays."""
    server.stalls()
    call = asyncio.create_task(
        connect(server, timeout=Timeout(connect=None, attempt=100)).request("GET", "/tunnels")
    )
    await server.arrived()
    due = timers.due
    call.cancel()
    await asyncio.wait([call])

    assert [False] == [when.is_integer() for when in due]


async def test_attempts_end_with_the_total(server: "FaultServer", connect: "Connect") -> None:
    """However many attempts are allowed, the last one ends when the call's time is up."""
    limits = Timeout(attempt=0.05, total=0.12)
    ngrok = connect(server, timeout=limits, retry=Retry(max_attempts=99, backoff=1e-6))
    for _ in range(99):
        server.stalls()
    begin = asyncio.get_running_loop().time()
    with pytest.raises(RequestTimeoutError):
        await ngrok.request("GET", "/tunnels")

    assert asyncio.get_running_loop().time() - begin < 99 * 0.05
    assert len(server.requests) <= 3


@pytest.mark.parametrize("first", ["cancelled", "expired"])
async def test_cancelled_in_the_moment_of_its_timeout(
    server: "FaultServer", connect: "Connect", timers: "Timers", first: str
) -> None:
    """Who cancels gets the cancellation, whichever comes first, and the place is free again."""
    server.stalls()
    ngrok = connect(server, timeout=Timeout(attempt=100), limiter=RateLimit(5), clock=None)
    call = asyncio.create_task(ngrok.request("GET", "/tunnels"))
    await server.arrived()
    if first == "cancelled":
        call.cancel()
    timers.expire()
    if first == "expired":
        call.cancel()
    await asyncio.wait([call])

    assert call.cancelled()
    assert ngrok.budget is not None
    assert 0 == ngrok.budget.in_flight


async def test_a_timeout_leaves_the_task_as_it_was(
    server: "FaultServer", connect: "Connect", timers: "Timers"
) -> None:
    """The cancellation that ended the attempt is taken back: the task can go on, and wait."""
    server.stalls()
    ngrok = connect(server, timeout=Timeout(attempt=100), retry=None)

    async def call() -> int:
        with pytest.raises(RequestTimeoutError):
            await ngrok.request("GET", "/tunnels")
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    task = asyncio.create_task(call())
    await server.arrived()
    timers.expire()

    assert 0 == await task


async def test_an_attempt_is_cut_to_what_is_left(server: "FaultServer", connect: "Connect") -> None:
    """Without a limit for the attempt, the call's own one ends it."""
    server.stalls()
    ngrok = connect(server, timeout=Timeout(attempt=None, total=0.02))
    with pytest.raises(RequestTimeoutError):
        await ngrok.request("GET", "/tunnels")


async def test_without_limits_a_call_waits(server: "FaultServer", connect: "Connect") -> None:
    """All limits can be switched off."""
    ngrok = connect(server, timeout=Timeout(connect=None, attempt=None, total=None))
    server.trickles(server.answer(200, b"[1]"))

    assert [1] == await ngrok.request("GET", "/things")


async def test_a_timeout_without_a_limit_names_none(
    server: "FaultServer", connect: "Connect"
) -> None:
    """A middleware of the session may run out of patience by itself."""

    async def hasty(*_: object) -> aiohttp.ClientResponse:
        raise TimeoutError

    async with aiohttp.ClientSession(middlewares=[hasty]) as session:
        limits = Timeout(connect=None, attempt=None, total=None)
        ngrok = connect(server, session=session, timeout=limits, retry=None)
        with pytest.raises(RequestTimeoutError, match="nothing could be sent on POST") as caught:
            await ngrok.tunnel_sessions.restart("ts_1")

    assert not caught.value.maybe_applied


async def test_sends_nothing_when_the_wait_cannot_fit(
    server: "FaultServer", connect: "Connect"
) -> None:
    """A slot that comes free after `max_wait` is not waited for."""
    ngrok = connect(server, limiter=RateLimit(1, 30), clock=None, max_wait=5)
    await ngrok.request("GET", "/first")
    with pytest.raises(RateLimitedError, match="not sent") as caught:
        await ngrok.request("GET", "/second")

    assert (0, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert [(0, "GET", "/first")] == server.seen


async def test_time_in_middlewares_is_no_part_of_the_total(
    server: "FaultServer", connect: "Connect", clock: "InstantClock"
) -> None:
    """A limiter, a middleware and the calls that it makes take nothing of a call's time."""

    async def slow(request: Request, send: Send) -> Response:
        clock.pauses.append(5)
        return await send(request)

    async def asks_first(request: Request, send: Send) -> Response:
        if request.path != "/other":
            await ngrok.request("GET", "/other")
        return await send(request)

    server.answers(200, b"1")
    server.answers(503)
    server.answers(200, b"2")
    ngrok = connect(server, limiter=slow, middlewares=[slow, asks_first], timeout=Timeout(total=4))

    assert 2 == await ngrok.request("GET", "/things")
    assert ["/other", "/things", "/things"] == [path for _, _, path in server.seen]


async def test_sends_nothing_when_the_time_is_over(
    server: "FaultServer", connect: "Connect", clock: "InstantClock"
) -> None:
    """Attempts that a middleware repeats on its own share the total, and the last has none left."""

    async def twice(request: Request, send: Send) -> Response:
        with pytest.raises(ConnectionLostError):
            await send(request)
        return await send(request)

    class Slow(type(clock)):  # type: ignore[misc] # the fixture's class is not imported
        def time(self) -> float:
            return super().time() + 5 * len(server.seen)

    server.resets()
    options = {"middlewares": [twice], "retry": None, "timeout": Timeout(total=5)}
    ngrok = connect(server, clock=Slow(), **options)
    with pytest.raises(RequestTimeoutError, match=r"not sent: .* the 5 s that Timeout") as caught:
        await ngrok.tunnel_sessions.restart("ts_1")

    assert (0, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert 1 == len(server.seen)


# --- errors keep what the attempts before them meant ------------------------------------------


async def test_error_after_a_lost_answer_says_so(server: "FaultServer", connect: "Connect") -> None:
    """The first attempt may have set the value that the second one was refused."""
    server.resets()
    server.answers(409, _says("ERR_NGROK_409"))
    with pytest.raises(APIError) as caught:
        await connect(server).request("PUT", "/things/x", json={})

    assert (2, True) == (caught.value.attempts, caught.value.maybe_applied)


@pytest.mark.parametrize("error", [ValueError, RuntimeError])
async def test_leaves_errors_of_others_alone(
    server: "FaultServer", connect: "Connect", error: type[Exception]
) -> None:
    """What a middleware of the session raises is none of ours to explain."""

    async def broken(*_: object) -> aiohttp.ClientResponse:
        raise error("of the middleware")

    async with aiohttp.ClientSession(middlewares=[broken]) as session:
        with pytest.raises(error, match="of the middleware") as caught:
            await connect(server, session=session).request("GET", "/tunnels")

    assert not isinstance(caught.value, NgrokError)


# --- a loop that stands still -----------------------------------------------------------------


@pytest.mark.parametrize(("method", "json"), [("GET", None), ("POST", {})])
@pytest.mark.parametrize("size", [2, 3_000_000], ids=["small", "large"])
async def test_an_answer_that_came_while_the_loop_stood_still(
    server: "FaultServer", connect: "Connect", method: str, json: object, size: int
) -> None:
    """It waits in the socket, so it was in time: the loop is late, and not the server."""
    ngrok = connect(server, retry=None, timeout=Timeout(attempt=0.05))
    await ngrok.request("GET", "/first")

    async def answer(_: object, __: object, writer: asyncio.StreamWriter) -> bool:
        writer.write(server.answer(200, b'"' + b"x" * size + b'"'))
        time.sleep(0.1)  # noqa: ASYNC251 # somebody's slow code
        return True

    server._steps.append(answer)

    assert "x" * size == await ngrok.request(method, "/second", json=json)
    assert 2 == len(server.requests)
