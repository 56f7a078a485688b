"""What is told about a call whose request has not left, and when it counts as gone out."""

import asyncio
import contextlib
import gc
import socket
import ssl
import sys
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, cast

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http import StreamWriter

from ngrok_async import (
    Client,
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    NgrokError,
    RateLimit,
    RequestTimeoutError,
    Retry,
    Timeout,
)
from ngrok_async.events import AttemptEvent, Event

if TYPE_CHECKING:
    from conftest import Authority, InstantClock

    from tests.fault_server import FaultServer

    Connect = Callable[..., Client]
    Secure = Callable[..., Awaitable[FaultServer]]

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]
NAME = "https://api.ngrok.example"
TWICE = Retry(max_attempts=2)


class OddError(Exception):
    """What somebody else's connector may raise."""


# Effect, and how many attempts it makes where nothing was sent.
CALLS = [
    pytest.param("GET", None, id="read"),
    pytest.param("PATCH", {}, id="set"),
    pytest.param("DELETE", None, id="remove"),
    pytest.param("POST", {}, id="act"),
    pytest.param("POST", None, id="act without a body"),
]
ANYTHING = [
    Exception("no luck"),
    OddError("no luck"),
    RuntimeError("no luck"),
    ValueError("no luck"),
    KeyError("no luck"),
    AttributeError("no luck"),
    AssertionError("no luck"),
    OSError("no luck"),
    ConnectionResetError("no luck"),
    ssl.SSLError("no luck"),
    EOFError("no luck"),
    aiohttp.ClientError("no luck"),
    aiohttp.ServerDisconnectedError("no luck"),
    aiohttp.ClientPayloadError("no luck"),
]


class Resolver(AbstractResolver):
    """Fails, or finds nothing."""

    def __init__(self, error: Exception | None = None) -> None:
        """Raise an error; without one, know no address."""
        self.error = error

    async def resolve(self, *_: object, **__: object) -> list[ResolveResult]:
        """Fail."""
        if self.error is not None:
            raise self.error
        return []

    async def close(self) -> None:
        """Stop."""


class Connector(aiohttp.TCPConnector):
    """Fails as those that speak SOCKS do, when they connect."""

    def __init__(self, error: Exception) -> None:
        """Take the error to raise."""
        super().__init__()
        self.error = error

    async def _create_connection(self, *_: object) -> NoReturn:
        raise self.error


def _id(value: object) -> str:
    return type(value).__name__ if isinstance(value, Exception) else str(value)


@pytest.mark.parametrize("error", ANYTHING, ids=_id)
@pytest.mark.parametrize("place", [Connector, Resolver])
@pytest.mark.parametrize(("method", "json"), CALLS)
async def test_whatever_keeps_it_from_connecting(
    *,
    server: "FaultServer",
    connect: "Connect",
    clock: "InstantClock",
    error: Exception,
    place: Callable[[Exception], Any],
    method: str,
    json: object,
) -> None:
    """The class of the exception is no matter: nothing was sent, so any call may be repeated."""
    connector = place(error)
    if isinstance(connector, Resolver):
        connector = aiohttp.TCPConnector(resolver=connector)
    async with aiohttp.ClientSession(connector=connector) as session:
        ngrok = connect(server, base_url=NAME, session=session, retry=TWICE)
        with pytest.raises(ConnectError) as caught:
            await ngrok.request(method, "/things", json=json)

    assert (2, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert None is caught.value.__context__
    assert 1 == len(clock.pauses)


@pytest.mark.parametrize("kind", [Exception, OSError, aiohttp.ClientError, ssl.SSLError])
async def test_a_proxy_s_password_in_such_an_error_is_hidden(
    server: "FaultServer", connect: "Connect", kind: type[Exception]
) -> None:
    """Connectors that speak SOCKS have the whole URL of their proxy, and may quote it."""
    connector = Connector(kind("no way through socks5://me:pa55word@10.0.0.1:1080/"))
    async with aiohttp.ClientSession(connector=connector) as session:
        ngrok = connect(server, base_url=NAME, session=session, retry=None)
        with pytest.raises(ConnectError, match=r"socks5://\*\*\*@10\.0\.0\.1:1080/") as caught:
            await ngrok.tunnel_sessions.restart("ts_1")

    assert "pa55word" not in str(caught.value)


async def test_a_name_without_addresses(server: "FaultServer", connect: "Connect") -> None:
    """The text says which name, and not what aiohttp stumbles over."""
    connector = aiohttp.TCPConnector(resolver=Resolver())
    async with aiohttp.ClientSession(connector=connector) as session:
        ngrok = connect(server, base_url=NAME, session=session, retry=None)
        with pytest.raises(ConnectError, match=r"api\.ngrok\.example:443: the name has no address"):
            await ngrok.tunnel_sessions.restart("ts_1")


async def _middleware(error: Exception) -> aiohttp.ClientSession:
    async def broken(*_: object) -> aiohttp.ClientResponse:
        raise error

    return aiohttp.ClientSession(middlewares=[broken])


async def _rewording(error: Exception) -> aiohttp.ClientSession:
    async def reword(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        try:
            return await handler(request)
        except aiohttp.ClientError:
            raise error from None

    return aiohttp.ClientSession(middlewares=[reword])


async def _trace(error: Exception) -> aiohttp.ClientSession:
    async def broken(*_: object) -> None:
        raise error

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_start.append(broken)
    return aiohttp.ClientSession(trace_configs=[trace])


async def test_writing_from_our_own_session_fails(
    server: "FaultServer", connect: "Connect", key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises passes as it is: without the key, and with nothing left."""
    seen: list[object] = []

    async def fail(_: object, __: str, headers: Mapping[str, str]) -> None:
        seen.append(headers)
        assert f"Bearer {key}" == headers["Authorization"]
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(StreamWriter, "write_headers", fail)
    limiter = RateLimit(5)
    ngrok = connect(server, limiter=limiter, clock=None, retry=None)
    with pytest.raises(ZeroDivisionError):
        await ngrok.tunnel_sessions.restart("ts_1")

    assert key not in repr(seen)
    assert 0 == limiter.budget.used


async def test_a_resolver_of_our_own_session_fails(
    connect: "Connect", unstarted: "FaultServer", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises: there is no connection, and nothing has left."""
    limiter = RateLimit(5)
    ngrok = connect(
        unstarted, base_url="https://nowhere.example:9", limiter=limiter, clock=None, retry=None
    )

    async def fail(*_: object, **__: object) -> list[object]:
        raise ZeroDivisionError("no luck")

    connector = cast("Any", ngrok._transport.open().connector)
    monkeypatch.setattr(connector._resolver, "resolve", fail)
    with pytest.raises(ConnectError, match=r"no connection to nowhere\.example:9: Zero") as caught:
        await ngrok.tunnel_sessions.restart("ts_1")

    assert (1, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert 0 == limiter.budget.used


@pytest.mark.parametrize("make", [_middleware, _rewording, _trace])
@pytest.mark.parametrize("error", ANYTHING[:7], ids=_id)
async def test_what_others_raise_by_themselves(
    unstarted: "FaultServer",
    connect: "Connect",
    make: Callable[[Exception], Awaitable[aiohttp.ClientSession]],
    error: Exception,
) -> None:
    """Mistakes of a session's middlewares and trace hooks pass as they are, and cost no slot."""
    async with await make(error) as session:
        ngrok = connect(unstarted, session=session, limiter=RateLimit(5), clock=None)
        with pytest.raises(type(error)) as caught:
            await ngrok.tunnel_sessions.restart("ts_1")

    assert error is caught.value
    assert ngrok.budget is not None
    assert 0 == ngrok.budget.used


async def test_a_hook_that_fails_when_all_has_left(
    server: "FaultServer", connect: "Connect"
) -> None:
    """It passes as it is too, but the request counts: it was sent."""
    trace = aiohttp.TraceConfig()

    async def broken(*_: object) -> None:
        raise OddError

    trace.on_request_end.append(broken)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        ngrok = connect(server, session=session, limiter=RateLimit(5), clock=None)
        with pytest.raises(OddError):
            await ngrok.tunnel_sessions.restart("ts_1")

    assert ngrok.budget is not None
    assert 1 == ngrok.budget.used == len(server.requests)


@pytest.mark.parametrize("error", [aiohttp.ClientOSError, TimeoutError])
async def test_a_middleware_that_sends_twice(
    server: "FaultServer",
    connect: "Connect",
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    """What its first request did is not forgotten over the second, which found no connection."""

    async def again(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        with contextlib.suppress(aiohttp.ClientError):
            return await handler(request)
        monkeypatch.setattr(connector, "_create_connection", fail)
        return await handler(request)

    async def fail(*_: object) -> NoReturn:
        raise error

    connector = aiohttp.TCPConnector()
    server.resets()
    async with aiohttp.ClientSession(connector=connector, middlewares=[again]) as session:
        ngrok = connect(server, session=session)
        with pytest.raises(ConnectionLostError) as caught:
            await ngrok.tunnel_sessions.restart("ts_1")

    assert (1, True) == (caught.value.attempts, caught.value.maybe_applied)


async def test_a_body_that_a_middleware_has_put_in(
    server: "FaultServer", connect: "Connect"
) -> None:
    """Nobody tells when it is written, so it counts as written once there is a connection."""

    async def other(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        await request.update_body(b'{"other": true}')
        return await handler(request)

    server.resets()
    async with aiohttp.ClientSession(middlewares=[other]) as session:
        with pytest.raises(ConnectionLostError) as caught:
            await connect(server, session=session).tunnel_sessions.restart("ts_1")

    assert caught.value.maybe_applied
    assert [b'{"other": true}'] == [request.body for request in server.requests]


async def test_a_body_that_a_middleware_has_cut(server: "FaultServer", connect: "Connect") -> None:
    """A middleware may state another length; no more than that is sent."""

    async def cut(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        request.headers["Content-Length"] = "2"
        return await handler(request)

    async with aiohttp.ClientSession(middlewares=[cut]) as session:
        await connect(server, session=session).request("POST", "/things", json=[1, 2, 3])

    assert [b"[1"] == [request.body for request in server.requests]


async def test_a_large_body_is_no_reason_to_warn(server: "FaultServer", connect: "Connect") -> None:
    """Of bodies above 1 MiB aiohttp says that they may block the loop; a socket takes them."""
    with warnings.catch_warnings(action="error"):
        await connect(server).request("PUT", "/things/x", json="x" * 3_000_000)

    assert 3_000_002 == len(server.requests[0].body)


# --- a connection that dies before the first byte -------------------------------------------------


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize(("method", "json"), CALLS)
async def test_a_write_that_fails_at_once(
    *,
    server: "FaultServer",
    secure: "Secure",
    authority: "Authority",
    connect: "Connect",
    secured: bool,
    method: str,
    json: object,
) -> None:
    """A kept connection died while the loop stood still: not a byte has left, so it is repeated."""
    if secured:
        server = await secure()
    connector = aiohttp.TCPConnector(ssl=authority.trusting())
    async with aiohttp.ClientSession(connector=connector) as session:
        ngrok = connect(server, session=session, retry=TWICE, limiter=RateLimit(9), clock=None)
        await ngrok.request("GET", "/first")
        [kept] = [protocol for pool in connector._conns.values() for protocol, _ in pool]
        descriptor = kept.transport.get_extra_info("socket").fileno()
        with socket.socket(fileno=socket.dup(descriptor)) as copy:
            copy.shutdown(socket.SHUT_WR)  # any write to it is refused by the system
        assert isinstance(await ngrok.request(method, "/things", json=json), dict)
        assert ngrok.budget is not None

        assert ngrok.budget.used == len(server.requests) == 2
        assert [0, 1] == [request.connection for request in server.requests]


# --- ended before anything was sent ------------------------------------------------------------


@contextlib.contextmanager
def _nobody_accepts() -> Iterator[str]:
    """Give the URL of a port that takes no connections and refuses none."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        fill = [socket.socket() for _ in range(4)]
        for each in fill:
            each.setblocking(False)  # noqa: FBT003 # it takes it by position only
            each.connect_ex(deaf.getsockname())
        yield f"http://127.0.0.1:{deaf.getsockname()[1]}"
        for each in fill:
            each.close()


ENDS = ["aclose", "the session's close", "cancel", "attempt", "connect"]


@pytest.mark.skipif(sys.platform != "linux", reason="others refuse what does not fit the backlog")
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("method", "json"), CALLS)
async def test_ended_while_connecting(
    server: "FaultServer", connect: "Connect", end: str, method: str, json: object
) -> None:
    """However that happens: not applied, no slot of the limit, and no attempt unless it failed."""
    # aiohttp notices that it is closed when it has connected, or cannot.
    limits = Timeout(attempt=0.01) if end == "attempt" else Timeout(connect=0.02)
    events: list[Event] = []
    with _nobody_accepts() as url:
        async with aiohttp.ClientSession() as session:
            ngrok = connect(
                server,
                base_url=url,
                session=None if end == "aclose" else session,
                limiter=RateLimit(5),
                retry=None,
                timeout=limits,
                clock=None,
                on_event=events.append,
            )
            call = asyncio.create_task(ngrok.request(method, "/things", json=json))
            await asyncio.sleep(0.005)
            if end == "aclose":
                await ngrok.aclose()
            elif end == "cancel":
                call.cancel()
            elif end == "the session's close":
                await session.close()
            [outcome] = await asyncio.gather(call, return_exceptions=True)

    assert ngrok.budget is not None
    assert (0, 0) == (ngrok.budget.used, ngrok.budget.in_flight)
    kind, tried = {
        "cancel": (asyncio.CancelledError, 0),
        "attempt": (RequestTimeoutError, 1),
        "connect": (ConnectError, 1),
    }.get(end, (ClientClosedError, 0))
    assert kind is type(outcome)
    assert tried == len(events)
    if isinstance(outcome, NgrokError):
        assert (tried, False) == (outcome.attempts, outcome.maybe_applied)


@pytest.mark.parametrize("end", ["fails", "cancelled"])
async def test_ended_while_the_key_is_asked_for(server: "FaultServer", end: str) -> None:
    """A function that gives the key is asked before anything else."""
    asked = asyncio.Event()

    async def key() -> str:
        asked.set()
        if end == "fails":
            raise OddError
        return await asyncio.get_running_loop().create_future()

    async with Client(key, base_url=server.url, limiter=RateLimit(5), retry=None) as ngrok:
        call = asyncio.create_task(ngrok.tunnel_sessions.restart("ts_1"))
        await asked.wait()
        if end == "cancelled":
            call.cancel()
        [outcome] = await asyncio.gather(call, return_exceptions=True)

        assert isinstance(outcome, ConfigurationError | asyncio.CancelledError)
        assert getattr(outcome, "attempts", 0) == 0
        assert ngrok.budget is not None
        assert 0 == ngrok.budget.used


@pytest.mark.filterwarnings("ignore:.*auth:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:BasicAuth:DeprecationWarning")
async def test_refused_before_it_was_sent(server: "FaultServer", connect: "Connect") -> None:
    """A session that cannot be used is no attempt and takes no slot, however often it is tried."""
    events: list[Event] = []
    async with aiohttp.ClientSession(auth=aiohttp.BasicAuth("a", "b")) as session:
        ngrok = connect(
            server, session=session, limiter=RateLimit(2), clock=None, on_event=events.append
        )
        for _ in range(5):
            with pytest.raises(ConfigurationError) as caught:
                await ngrok.tunnel_sessions.restart("ts_1")
            assert 0 == caught.value.attempts

    assert ngrok.budget is not None
    assert (0, []) == (ngrok.budget.used, events)


@pytest.mark.parametrize("json", [None, {}], ids=["no body", "a body"])
async def test_closed_when_it_has_left(
    server: "FaultServer", connect: "Connect", json: object
) -> None:
    """Then nobody knows, and the slot counts."""
    events: list[Event] = []
    server.stalls()
    ngrok = connect(server, limiter=RateLimit(5), clock=None, on_event=events.append)
    call = asyncio.create_task(ngrok.request("POST", "/things", json=json))
    await server.arrived()
    await ngrok.aclose()
    with pytest.raises(ClientClosedError) as caught:
        await call

    assert (1, True) == (caught.value.attempts, caught.value.maybe_applied)
    assert ngrok.budget is not None
    assert 1 == ngrok.budget.used


async def test_a_cancelled_attempt_that_had_left_takes_its_slot(
    server: "FaultServer", connect: "Connect"
) -> None:
    """The server has it, and counts it."""
    server.stalls()
    ngrok = connect(server, limiter=RateLimit(5), clock=None)
    call = asyncio.create_task(ngrok.request("GET", "/things"))
    await server.arrived()
    call.cancel()
    await asyncio.wait([call])

    assert ngrok.budget is not None
    assert 1 == ngrok.budget.used


async def test_a_failed_try_to_connect_is_an_attempt(
    unstarted: "FaultServer", connect: "Connect"
) -> None:
    """It has tried, so it is told and counted by the retry; it takes no slot all the same."""
    events: list[Event] = []
    ngrok = connect(
        unstarted, limiter=RateLimit(1), max_wait=0, retry=TWICE, on_event=events.append
    )
    with pytest.raises(ConnectError) as caught:
        await ngrok.tunnel_sessions.restart("ts_1")

    attempts = [event for event in events if isinstance(event, AttemptEvent)]
    assert ["ConnectError"] * 2 == [event.error for event in attempts]
    assert 2 == caught.value.attempts


def _requests_alive() -> int:
    return sum(isinstance(one, aiohttp.ClientRequest) for one in gc.get_objects())


@pytest.mark.parametrize("json", [None, {}], ids=["no body", "a body"])
async def test_a_request_leaves_no_cycle(
    server: "FaultServer", connect: "Connect", json: object
) -> None:
    """What watches it is freed with it, and not when the garbage is collected some day."""
    ngrok = connect(server)
    await ngrok.request("GET", "/first")
    gc.collect()
    gc.disable()
    try:
        before = _requests_alive()  # errors of other tests hold some
        for _ in range(5):
            await ngrok.request("POST", "/things", json=json)
        after = _requests_alive()
    finally:
        gc.enable()

    assert before == after
