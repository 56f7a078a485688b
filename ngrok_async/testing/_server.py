"""Serves the API over HTTP, with its limits and the scripted faults, and notes what it receives."""

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import Final

import attrs
from aiohttp import web
from multidict import CIMultiDict, MultiDict, MultiMapping

from ngrok_async._request import JSON
from ngrok_async._wire.read import MismatchError, loads
from ngrok_async.testing._api import API
from ngrok_async.testing._faults import Faults
from ngrok_async.testing._limits import Limits
from ngrok_async.testing._messages import Answer, Incoming, RefusedError
from ngrok_async.testing._store import Store
from ngrok_async.testing.clock import TurnableClock, wake

_LOG: Final = logging.getLogger("ngrok_async.testing")
# How long a stop waits for a client that is still sending; all else ends at once.
_GRACE: Final = 0.2
_TOO_MANY_REQUESTS: Final = 429


@attrs.frozen(kw_only=True)
class ReceivedRequest:
    """A request that the fake has received.

    Attributes:
        method: The HTTP method.
        path: The path, percent-encoded as on the wire.
        query: The decoded parameters of the query, by name: a mapping whose `getall(name)` has all
            values of one that was repeated.
        headers: The headers by their names in lower case, without the key.
        json: The decoded body, or None without one that is JSON.
        status: The status that it was answered with; None while or where it was not answered.
        time: When it arrived, on the clock of the fake.
    """

    method: str
    path: str
    query: MultiMapping[str]
    headers: Mapping[str, str]
    json: JSON
    status: int | None
    time: float


@attrs.frozen
class _Listening:
    """A server that has been started."""

    loop: asyncio.AbstractEventLoop
    socket: socket.socket
    runner: web.ServerRunner


class Server:
    """One HTTP server.

    Attributes:
        requests: What arrived, in that order.
        rejections: How often it answered with 429.
    """

    def __init__(
        self, api: API, store: Store, limits: Limits, faults: Faults, clock: TurnableClock
    ) -> None:
        """Put the parts together; nothing listens yet."""
        self.requests: list[ReceivedRequest] = []
        self.rejections = 0
        self._api = api
        self._store = store
        self._limits = limits
        self._faults = faults
        self._clock = clock
        self._pauses: set[asyncio.Future[None]] = set()
        self._arrivals: set[asyncio.Future[None]] = set()
        self._listening: _Listening | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen on a port, 0 for any free one; returns the address and the port."""
        loop = asyncio.get_running_loop()
        if self._listening is not None and not self._listening.loop.is_closed():
            raise RuntimeError("the fake has been started already")
        await self.stop()  # whoever closed the event loop may not have stopped it
        kind, flags = socket.SOCK_STREAM, socket.AI_PASSIVE
        family, *_, where = socket.getaddrinfo(host, port, type=kind, flags=flags)[0]
        listener = socket.create_server((where[0], where[1]), family=family)
        # A client that hangs up cancels its handler: stalled ones must not pile up.
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=_GRACE)
        self._listening = _Listening(loop, listener, runner)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        address, port, *_ = listener.getsockname()
        return address, port

    async def stop(self) -> None:
        """Stop listening, and cut all connections; harmless when it is not running."""
        listening = self._listening
        if listening is None:
            return
        if listening.loop is asyncio.get_running_loop():
            self._listening = None
            _wake(self._pauses)
            await listening.runner.cleanup()
        elif listening.loop.is_closed():
            self._listening = None
            listening.socket.close()
        else:
            raise RuntimeError("the fake serves in another event loop: stop it there")

    async def wait_for_requests(self, count: int) -> None:
        """Wait until as many requests have arrived in all."""
        while len(self.requests) < count:
            await self._wait(self._arrivals)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        status: int | str = "no answer"
        try:
            response, status = await self._respond(request)
        finally:
            _LOG.debug("%s %s %s", request.method, request.rel_url.raw_path_qs, status)
        return response

    async def _respond(self, request: web.BaseRequest) -> tuple[web.Response, int | str]:
        time = self._clock.time()
        ours = self._api.is_ours(request.headers)  # nobody else's requests count for the account
        refused = self._limits.enter(time) if ours else None
        try:
            incoming = Incoming(
                method=request.method,
                path=request.rel_url.raw_path,
                query=tuple(request.rel_url.query.items()),
                headers=request.headers,
                body=await request.read(),
            )
            received = _received(incoming, time)
            self.requests.append(received)
            _wake(self._arrivals)
            operation_id = self._store.new_id("op_")
            answer = await self._answer(incoming, refused, operation_id)
        finally:
            if ours and refused is None:
                self._limits.leave()
        if answer is None:
            request.protocol.force_close()
            return web.Response(), "cut"
        self._note(received, answer.status)
        return _response(answer, operation_id), answer.status

    async def _answer(
        self, request: Incoming, refused: RefusedError | None, operation_id: str
    ) -> Answer | None:
        """Return the answer, or None where the connection is to be cut."""
        if refused is not None:
            return refused.answer(operation_id)
        fault = self._faults.take(request.method, request.path)
        if fault is None:
            return await self._regular(request, operation_id)
        answer = await self._regular(request, operation_id) if fault.applied else None
        if fault.stall or fault.delay:
            await self._wait(self._pauses, None if fault.stall else fault.delay)
        if fault.stall or fault.drop or self._listening is None:
            return None
        if fault.status is not None:
            return fault.answer(fault.status, operation_id)
        return answer or await self._regular(request, operation_id)

    async def _regular(self, request: Incoming, operation_id: str) -> Answer:
        try:
            return await self._api.answer(request)
        except RefusedError as refused:
            return refused.answer(operation_id)

    async def _wait(self, group: set[asyncio.Future[None]], seconds: float | None = None) -> None:
        """Wait until the group is woken, or for some seconds on the clock."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        group.add(done)
        timer = None
        if seconds is not None:
            timer = self._clock.call_at(self._clock.time() + seconds, lambda: wake(done))
        try:
            await done
        finally:
            group.discard(done)
            if timer is not None:
                timer.cancel()

    def _note(self, received: ReceivedRequest, status: int) -> None:
        self.rejections += status == _TOO_MANY_REQUESTS
        # By identity and from the end: it is one of the last few, and others may look the same.
        for index in range(len(self.requests) - 1, -1, -1):
            if self.requests[index] is received:
                self.requests[index] = attrs.evolve(received, status=status)
                break


def _wake(waiting: set[asyncio.Future[None]]) -> None:
    for done in tuple(waiting):
        wake(done)


def _received(request: Incoming, time: float) -> ReceivedRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    if "authorization" in headers:
        headers["authorization"] = "***"
    try:
        content = loads(request.body)
    except MismatchError:
        content = None
    return ReceivedRequest(
        method=request.method,
        path=request.path,
        query=MultiDict(request.query),
        headers=headers,
        json=content,
        status=None,
        time=time,
    )


def _response(answer: Answer, operation_id: str) -> web.Response:
    headers = CIMultiDict({"ngrok-operation-id": operation_id} if answer.is_ngroks else {})
    if answer.body:
        headers["content-type"] = answer.content_type
    headers.update(answer.headers)
    return web.Response(status=answer.status, body=answer.body or None, headers=headers)
