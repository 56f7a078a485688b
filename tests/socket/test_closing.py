"""The end of a client, and of the tasks that are inside of it."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import aiohttp
import pytest

from ngrok_async import (
    Client,
    ClientClosedError,
    ConfigurationError,
    Middleware,
    NgrokError,
    NotFoundError,
    RateLimit,
    Request,
    RequestTimeoutError,
    Response,
    Send,
    Timeout,
)

if TYPE_CHECKING:
    from tests.fault_server import FaultServer, Timers

    Connect = Callable[..., Client]


class _StoppedClock:
    """A clock whose pauses never end."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()

    def time(self) -> float:
        """Show the same time for ever."""
        return 0.0

    def call_at(self, _: float, __: Callable[[], object], /) -> asyncio.TimerHandle:
        """Never call."""
        self.waiting.set()
        return asyncio.get_running_loop().call_later(3600, lambda: None)


async def _five(ngrok: Client) -> Sequence[asyncio.Task[None]]:
    return [asyncio.create_task(ngrok.tunnel_sessions.restart(f"ts_{i}")) for i in range(5)]


async def _sent(send: Send, request: Request) -> Response:
    return await send(request)


async def _errors(calls: Sequence[asyncio.Task[None]]) -> list[NgrokError]:
    done, pending = await asyncio.wait(calls, timeout=5)
    assert not pending
    errors = [call.exception() for call in done]
    assert [ClientClosedError] * len(calls) == [type(error) for error in errors]
    assert [0] * len(calls) == [call.cancelling() for call in calls]
    return errors


async def test_ends_calls_in_flight(server: "FaultServer", connect: "Connect") -> None:
    """Five commands without an answer fail at once; each of them may have been applied."""
    for _ in range(5):
        server.stalls()
    ngrok = connect(server)
    calls = await _five(ngrok)
    await server.arrived(5)
    await ngrok.aclose()
    errors = await _errors(calls)
    for number in range(5):
        await server.hung_up(number)

    assert [(1, True)] * 5 == [(error.attempts, error.maybe_applied) for error in errors]
    assert {"POST"} == {error.method for error in errors}
    assert "/tunnel_sessions/ts_0/restart" in {error.path for error in errors}


async def test_ends_calls_that_wait_for_the_rate_limit(
    server: "FaultServer", connect: "Connect"
) -> None:
    """Five commands that wait for a slot fail at once, and were certainly not applied."""
    ngrok = connect(server, limiter=RateLimit(1, 10), clock=None)
    await ngrok.request("GET", "/tunnels")
    calls = await _five(ngrok)
    await asyncio.sleep(0)
    assert ngrok.budget is not None
    assert 5 == ngrok.budget.waiting
    await ngrok.aclose()
    errors = await _errors(calls)

    assert [(0, False)] * 5 == [(error.attempts, error.maybe_applied) for error in errors]
    assert [(0, "GET", "/tunnels")] == server.seen


async def test_ends_calls_that_pause_before_they_repeat(
    server: "FaultServer", connect: "Connect"
) -> None:
    """Calls between two attempts fail at once, and tell how many went out."""
    clock = _StoppedClock()
    for _ in range(5):
        server.hangs_up()
    ngrok = connect(server, clock=clock)
    calls = [asyncio.create_task(ngrok.tunnel_sessions.stop(f"ts_{i}")) for i in range(5)]
    await server.arrived(5)
    await clock.waiting.wait()
    await asyncio.sleep(0.01)
    await ngrok.aclose()
    errors = await _errors(calls)

    assert [(1, True)] * 5 == [(error.attempts, error.maybe_applied) for error in errors]
    assert 5 == len(server.requests)


@pytest.mark.parametrize(
    ("status", "body", "maybe_applied"),
    [
        pytest.param(429, b'{"error_code": "ERR_NGROK_226"}', False, id="refused"),
        pytest.param(503, b'{"error_code": "ERR_NGROK_803"}', False, id="not processed"),
        pytest.param(503, b"", True, id="unclear"),
    ],
)
async def test_knows_what_the_last_attempt_meant(
    server: "FaultServer", connect: "Connect", status: int, body: bytes, *, maybe_applied: bool
) -> None:
    """A call that ends in a pause says of its effect what the attempts before it told."""
    clock = _StoppedClock()
    server.answers(status, body)
    ngrok = connect(server, clock=clock)
    call = asyncio.create_task(ngrok.tunnel_sessions.stop("ts_1"))
    await clock.waiting.wait()
    await ngrok.aclose()
    [error] = await _errors([call])

    assert (1, maybe_applied) == (error.attempts, error.maybe_applied)


async def test_keeps_in_mind_what_an_attempt_before_the_last_meant(
    server: "FaultServer", connect: "Connect"
) -> None:
    """Neither a refusal nor a failure to connect undoes what a lost answer may have done."""
    clock = _StoppedClock()

    async def again(request: Request, send: Send) -> Response:
        for _ in range(2):
            with suppress(NgrokError):
                await send(request)
        await server.stop()
        return await send(request)

    server.hangs_up()
    server.answers(429, connection="close")
    ngrok = connect(server, clock=clock, limiter=again)
    call = asyncio.create_task(ngrok.tunnel_sessions.stop("ts_1"))
    await clock.waiting.wait()
    await ngrok.aclose()
    [error] = await _errors([call])

    assert (3, True) == (error.attempts, error.maybe_applied)


async def test_a_call_that_never_connected_was_not_applied(
    unstarted: "FaultServer", connect: "Connect"
) -> None:
    """To be closed while the server is down leaves nothing unclear."""
    clock = _StoppedClock()
    ngrok = connect(unstarted, clock=clock)
    call = asyncio.create_task(ngrok.tunnel_sessions.restart("ts_1"))
    await clock.waiting.wait()
    await ngrok.aclose()
    [error] = await _errors([call])

    assert (1, False) == (error.attempts, error.maybe_applied)


async def test_ends_a_middleware_after_a_success(server: "FaultServer", connect: "Connect") -> None:
    """A command whose 204 came back has been applied, even if the caller never sees it."""
    answered = asyncio.Event()

    async def slow(request: Request, send: Send) -> Response:
        await send(request)
        answered.set()
        return await asyncio.get_running_loop().create_future()

    server.answers(204, b"")
    ngrok = connect(server, middlewares=[slow])
    call = asyncio.create_task(ngrok.tunnel_sessions.restart("ts_1"))
    await answered.wait()
    await ngrok.aclose()
    [error] = await _errors([call])

    assert (1, True) == (error.attempts, error.maybe_applied)


async def test_ends_calls_in_a_middleware(server: "FaultServer", connect: "Connect") -> None:
    """A middleware that takes its time does not keep the client open."""
    inside = asyncio.Event()

    async def slow(_: Request, __: Send) -> Response:
        inside.set()
        return await asyncio.get_running_loop().create_future()

    ngrok = connect(server, middlewares=[slow])
    call = asyncio.create_task(ngrok.tunnel_sessions.restart("ts_1"))
    await inside.wait()
    await ngrok.aclose()
    [error] = await _errors([call])

    assert (0, False) == (error.attempts, error.maybe_applied)


async def test_a_read_was_never_applied(server: "FaultServer", connect: "Connect") -> None:
    """Nothing is left undone when a GET is cut off."""
    server.stalls()
    ngrok = connect(server)
    call = asyncio.create_task(ngrok.tunnel_sessions.get("ts_1"))
    await server.arrived()
    await ngrok.aclose()
    [error] = await _errors([call])

    assert (1, False) == (error.attempts, error.maybe_applied)
    assert "the client was closed during the call on GET /tunnel_sessions/ts_1" == str(error)


async def test_the_task_goes_on(server: "FaultServer", connect: "Connect") -> None:
    """Who handles the error can wait for other things: the task counts as not cancelled."""
    server.stalls()
    ngrok = connect(server)

    async def careful() -> str:
        try:
            await ngrok.request("GET", "/tunnels")
        except ClientClosedError:
            async with asyncio.timeout(5):
                await asyncio.sleep(0)
            return "went on"
        return "answered"

    task = asyncio.create_task(careful())
    await server.arrived()
    await ngrok.aclose()

    assert "went on" == await task
    assert 0 == task.cancelling()


# --- cancellations of others ------------------------------------------------------------------


@pytest.mark.parametrize("first", ["cancelled", "closed"])
async def test_cancellation_stays_one(
    server: "FaultServer", connect: "Connect", first: str
) -> None:
    """A task that is cancelled at the same time as its client is closed, is cancelled."""
    server.stalls()
    ngrok = connect(server)
    call = asyncio.create_task(ngrok.request("GET", "/tunnels"))
    await server.arrived()
    if first == "cancelled":
        call.cancel()
        await ngrok.aclose()
    else:
        closing = asyncio.create_task(ngrok.aclose())
        asyncio.get_running_loop().call_soon(call.cancel)
        await closing
    await asyncio.wait([call])

    assert call.cancelled()


async def test_a_cancellation_before_the_call_is_heard(
    server: "FaultServer", connect: "Connect"
) -> None:
    """Ctrl-C between two awaits asks for it so; nothing is sent, and nothing is tried again."""

    async def call() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await connect(server).request("GET", "/tunnels")

    work = asyncio.create_task(call())
    with pytest.raises(asyncio.CancelledError):
        await work

    assert work.cancelled()
    assert [] == server.requests


async def test_a_cancellation_that_was_caught_is_none(
    server: "FaultServer", connect: "Connect"
) -> None:
    """Who has caught one, and goes on, can make calls."""
    server.answers(404)

    async def call() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        with pytest.raises(NotFoundError):
            await connect(server).request("GET", "/tunnels")

    await asyncio.create_task(call())


def tidying(leaving: asyncio.Event, left: asyncio.Event) -> Middleware:
    """Return a middleware that takes its time to put things in order."""

    async def tidy(request: Request, send: Send) -> Response:
        try:
            return await send(request)
        finally:
            leaving.set()
            await left.wait()

    return tidy


async def test_cancellation_during_the_way_out_stays_one(
    server: "FaultServer", connect: "Connect"
) -> None:
    """It may come while a middleware still puts things in order."""
    leaving, left = asyncio.Event(), asyncio.Event()

    server.stalls()
    ngrok = connect(server, middlewares=[tidying(leaving, left)])
    call = asyncio.create_task(ngrok.request("GET", "/tunnels"))
    await server.arrived()
    await ngrok.aclose()
    await leaving.wait()
    call.cancel()
    await asyncio.wait([call])

    assert call.cancelled()


async def test_closing_twice_ends_a_call_once(server: "FaultServer", connect: "Connect") -> None:
    """A call that is on its way out is not ended again."""
    leaving, left = asyncio.Event(), asyncio.Event()

    server.stalls()
    ngrok = connect(server, middlewares=[tidying(leaving, left)])
    call = asyncio.create_task(ngrok.request("GET", "/tunnels"))
    await server.arrived()
    await ngrok.aclose()
    await leaving.wait()
    await ngrok.aclose()
    left.set()

    await _errors([call])


async def test_cancelled_calls_leave_the_client_usable(
    server: "FaultServer", connect: "Connect"
) -> None:
    """A cancelled call takes its connection with it, and no more."""
    server.stalls()
    ngrok = connect(server, limiter=RateLimit(100, in_flight=1), clock=None)
    call = asyncio.create_task(ngrok.request("GET", "/slow"))
    await server.arrived()
    call.cancel()
    await asyncio.wait([call])
    await server.hung_up(0)
    await ngrok.request("GET", "/tunnels")

    assert call.cancelled()
    assert [(0, "GET", "/slow"), (1, "GET", "/tunnels")] == server.seen


async def test_timeout_of_the_caller_stays_one(server: "FaultServer", connect: "Connect") -> None:
    """`asyncio.timeout` around a call still ends it with a TimeoutError of its own."""
    server.stalls()
    ngrok = connect(server)

    async def limited() -> None:
        async with asyncio.timeout(None) as limit:
            limits.append(limit)
            await ngrok.request("GET", "/tunnels")

    limits: list[asyncio.Timeout] = []
    call = asyncio.create_task(limited())
    await server.arrived()
    limits[0].reschedule(0)
    await asyncio.sleep(0)  # the timeout has cancelled the task, which has not noticed yet
    await ngrok.aclose()
    with pytest.raises(TimeoutError) as caught:
        await call

    assert not isinstance(caught.value, NgrokError)
    assert limits[0].expired()


async def test_middleware_may_swallow_the_end(server: "FaultServer", connect: "Connect") -> None:
    """If a middleware makes a result of it, that is the result, and the task is not cancelled."""

    async def fallback(request: Request, send: Send) -> Response:
        try:
            return await send(request)
        except asyncio.CancelledError:
            return Response(status=200, body=b'"fallback"')

    server.stalls()
    ngrok = connect(server, middlewares=[fallback])
    call = asyncio.create_task(ngrok.request("GET", "/tunnels"))
    await server.arrived()
    await ngrok.aclose()

    assert "fallback" == await call
    assert 0 == call.cancelling()


async def test_what_a_middleware_shields_ends_in_time(
    server: "FaultServer", connect: "Connect", timers: "Timers"
) -> None:
    """On a session that stays open, a request in a task of its own goes on, but not for ever."""
    shielded: list[asyncio.Task[Response]] = []

    async def shield(request: Request, send: Send) -> Response:
        shielded.append(asyncio.create_task(_sent(send, request)))
        return await asyncio.shield(shielded[0])

    server.stalls()
    async with aiohttp.ClientSession() as session:
        ngrok = connect(
            server,
            session=session,
            middlewares=[shield],
            retry=None,
            timeout=Timeout(attempt=600, total=None),
        )
        call = asyncio.create_task(ngrok.request("GET", "/tunnels"))
        await server.arrived()
        await ngrok.aclose()
        with pytest.raises(ClientClosedError):
            await call
        timers.expire()
        done, _ = await asyncio.wait(shielded, timeout=5)

    assert [RequestTimeoutError] == [type(task.exception()) for task in done]


async def test_middleware_may_translate_the_end(server: "FaultServer", connect: "Connect") -> None:
    """If a middleware raises something else, that is raised, and the task is not cancelled."""

    async def translate(request: Request, send: Send) -> Response:
        try:
            return await send(request)
        except asyncio.CancelledError:
            raise LookupError from None

    server.stalls()
    ngrok = connect(server, middlewares=[translate])
    call = asyncio.create_task(ngrok.request("GET", "/tunnels"))
    await server.arrived()
    await ngrok.aclose()
    with pytest.raises(LookupError):
        await call

    assert 0 == call.cancelling()


# --- calls inside of calls --------------------------------------------------------------------


async def test_middleware_may_call_the_client(server: "FaultServer", connect: "Connect") -> None:
    """A call in the middle of another one, in the same task, is nothing special."""

    async def ask_first(request: Request, send: Send) -> Response:
        if request.path != "/token":
            await ngrok.request("GET", "/token")
        return await send(request)

    ngrok = connect(server, middlewares=[ask_first])
    await ngrok.request("GET", "/tunnels")

    assert [(0, "GET", "/token"), (0, "GET", "/tunnels")] == server.seen
    assert {} == ngrok._calls


async def test_ends_a_call_inside_of_a_call(server: "FaultServer", connect: "Connect") -> None:
    """One task, two calls, one error, and no cancellation that is left over."""

    async def ask_first(request: Request, send: Send) -> Response:
        if request.path != "/token":
            await ngrok.request("GET", "/token")
        return await send(request)

    server.stalls()
    ngrok = connect(server, middlewares=[ask_first])
    call = asyncio.create_task(ngrok.tunnel_sessions.restart("ts_1"))
    await server.arrived()
    await ngrok.aclose()
    [error] = await _errors([call])

    assert "/token" == error.path
    assert [(0, "GET", "/token")] == server.seen


async def test_middleware_may_close_the_client(server: "FaultServer", connect: "Connect") -> None:
    """Who closes the client from inside of a call gets to the end of it."""

    async def fuse(request: Request, send: Send) -> Response:
        response = await send(request)
        await ngrok.aclose()
        return response

    server.answers(200, b"[1]")
    ngrok = connect(server, middlewares=[fuse])

    assert [1] == await ngrok.request("GET", "/things")
    with pytest.raises(ClientClosedError):
        await ngrok.request("GET", "/things")


async def test_nothing_is_sent_after_the_close(server: "FaultServer", connect: "Connect") -> None:
    """Also not through a session that is still open, by a call that began before."""

    async def fuse(request: Request, send: Send) -> Response:
        await ngrok.aclose()
        return await send(request)

    async with aiohttp.ClientSession() as session:
        ngrok = connect(server, session=session, middlewares=[fuse])
        with pytest.raises(ClientClosedError, match="this client is closed"):
            await ngrok.request("GET", "/things")

    assert [] == server.requests


async def test_middleware_may_send_from_another_task(
    server: "FaultServer", connect: "Connect"
) -> None:
    """The attempt of a task that the client does not know ends with the connection."""
    attempts: list[asyncio.Task[Response]] = []

    async def detached(request: Request, send: Send) -> Response:
        attempts.append(asyncio.create_task(_sent(send, request)))
        return await asyncio.shield(attempts[0])

    server.stalls()
    ngrok = connect(server, middlewares=[detached])
    call = asyncio.create_task(ngrok.tunnel_sessions.restart("ts_1"))
    await server.arrived()
    await ngrok.aclose()
    [error] = await _errors([call])
    [inner] = await _errors(attempts)

    assert (1, True) == (error.attempts, error.maybe_applied)
    assert (1, True) == (inner.attempts, inner.maybe_applied)


# --- the client itself --------------------------------------------------------------------------


async def test_closes_twice(server: "FaultServer", connect: "Connect") -> None:
    """The second time is a no-op, one at the same time too."""
    ngrok = connect(server)
    await ngrok.request("GET", "/tunnels")
    await asyncio.gather(ngrok.aclose(), ngrok.aclose())
    await ngrok.aclose()
    await server.hung_up()

    assert "closed>" in repr(ngrok)


async def test_closes_unused(connect: "Connect", server: "FaultServer") -> None:
    """A client that was never used has no connections to close."""
    async with connect(server) as ngrok:
        pass

    with pytest.raises(ClientClosedError):
        await ngrok.request("GET", "/tunnels")
    assert 0 == server.connections


async def test_closes_at_the_end_of_the_block(server: "FaultServer", connect: "Connect") -> None:
    """`async with` closes, after an error too."""
    ngrok = connect(server)

    async def use() -> None:
        async with ngrok:
            await ngrok.request("GET", "/tunnels")
            raise LookupError

    with pytest.raises(LookupError):
        await use()
    await server.hung_up()

    assert "closed>" in repr(ngrok)


async def test_is_closed_for_everything(server: "FaultServer", connect: "Connect") -> None:
    """Calls, pagers, resources and views of a closed client fail at once, without a slot."""
    ngrok = connect(server, limiter=RateLimit(1), clock=None)
    pager, agents, view = ngrok.tunnels.list(), ngrok.tunnel_sessions, ngrok.with_options()
    await ngrok.aclose()
    attempts: list[Awaitable[object]] = [
        ngrok.request("GET", "/tunnels"),
        pager.collect(),
        anext(aiter(pager)),
        agents.stop("ts_1"),
        view.request("GET", "/tunnels"),
        ngrok.with_options().request("GET", "/tunnels"),
    ]
    for attempt in attempts:
        with pytest.raises(ClientClosedError, match="this client is closed"):
            await attempt

    assert 0 == server.connections
    assert ngrok.budget is not None
    assert 0 == ngrok.budget.used


async def test_closing_a_view_closes_nothing(server: "FaultServer", connect: "Connect") -> None:
    """A view may be used in `async with`; the client that it came from stays open."""
    ngrok = connect(server)
    async with ngrok.with_options(timeout=Timeout(total=9)) as view:
        await view.request("GET", "/first")
    await view.aclose()
    await view.request("GET", "/second")
    await ngrok.request("GET", "/third")

    assert [0, 0, 0] == [request.connection for request in server.requests]


async def test_closing_ends_calls_of_views(server: "FaultServer", connect: "Connect") -> None:
    """A view lives as long as the client, and so do its calls."""
    server.stalls()
    ngrok = connect(server)
    call = asyncio.create_task(ngrok.with_options(retry=None).tunnel_sessions.stop("ts_1"))
    await server.arrived()
    await ngrok.aclose()

    await _errors([call])


async def test_views_share_the_rate_limit(server: "FaultServer", connect: "Connect") -> None:
    """Whoever sends, it counts for both."""
    ngrok = connect(server, limiter=RateLimit(5), clock=None)
    view = ngrok.with_options(max_wait=1)
    await ngrok.request("GET", "/tunnels")
    await view.request("GET", "/tunnels")

    assert view.budget == ngrok.budget
    assert ngrok.budget is not None
    assert 2 == ngrok.budget.used


async def test_leaves_nothing_behind(
    server: "FaultServer", connect: "Connect", timers: "Timers"
) -> None:
    """After calls that went wrong in many ways, no session and no connection is left to warn of."""
    ngrok = connect(server, timeout=Timeout(attempt=100), retry=None)
    for script in (server.answers, server.resets, server.hangs_up, server.stalls):
        script()
    server.sends(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n", then="stall")
    server.sends(b"not HTTP\r\n\r\n", then="close")
    calls = {asyncio.create_task(ngrok.request("GET", "/things")) for _ in range(6)}
    while len(calls) > 1:
        done, calls = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        errors = [call.exception() for call in done]
        assert not [error for error in errors if error and not isinstance(error, NgrokError)]
    timers.expire()
    with pytest.raises(NgrokError):
        await calls.pop()
    await ngrok.aclose()
    del ngrok, done, errors
    gc.collect()  # an unclosed session or transport would warn now, and warnings are errors

    assert 6 == len(server.requests)


def test_belongs_to_the_loop_of_its_first_call() -> None:
    """In another event loop it says what is wrong; it can be closed there."""
    ngrok = Client("key", base_url="http://127.0.0.1:1", retry=None)

    async def use() -> None:
        with pytest.raises(NgrokError):
            await ngrok.request("GET", "/tunnels")

    async def use_again() -> None:
        with pytest.raises(ConfigurationError, match="another event loop"):
            await ngrok.request("GET", "/tunnels")
        await ngrok.aclose()

    asyncio.run(use())
    asyncio.run(use_again())
    gc.collect()


def test_belongs_to_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fork, parent and child would talk over the same connections; that is refused."""

    async def use() -> None:
        async with Client("key", base_url="http://127.0.0.1:1", retry=None) as ngrok:
            with pytest.raises(NgrokError, match="no connection"):
                await ngrok.request("GET", "/tunnels")
            with monkeypatch.context() as child:
                child.setattr("os.getpid", lambda: -1)
                with pytest.raises(ConfigurationError, match="after a fork"):
                    await ngrok.request("GET", "/tunnels")

    asyncio.run(use())


async def test_needs_a_task(server: "FaultServer", connect: "Connect") -> None:
    """A coroutine that is driven by hand cannot be ended by `aclose`, so it is refused."""
    call = connect(server).request("GET", "/tunnels")
    outcome = asyncio.get_running_loop().create_future()

    def drive() -> None:
        try:
            call.send(None)
        except ConfigurationError as error:
            outcome.set_result(str(error))

    asyncio.get_running_loop().call_soon(drive)

    assert "inside a task" in await outcome
    assert [] == server.seen


async def test_session_is_opened_at_the_first_call(
    server: "FaultServer", connect: "Connect", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a client, nor a view, nor a pager makes a session."""
    made: list[aiohttp.ClientSession] = []
    session_class = aiohttp.ClientSession

    def noted(**options: object) -> aiohttp.ClientSession:
        made.append(session_class(**options))
        return made[-1]

    monkeypatch.setattr(aiohttp, "ClientSession", noted)
    ngrok = connect(server)
    ngrok.with_options(prefetch=False).tunnels.list()
    before = len(made)
    await ngrok.request("GET", "/tunnels")
    await ngrok.request("GET", "/tunnels")

    assert [0, 1] == [before, len(made)]
