"""The API key goes into one header, and into nothing that anybody prints, logs or pickles."""

import asyncio
import copy
import gc
import logging
import pickle
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest

from ngrok_async import Client, NgrokError, RateLimit, Request, Response, Retry, Send, Timeout
from tests.rendering import chain, leaks

KEY = "2marker0fTheKeyThatMustNotShow_5upErSecretPart0fIt"
PASSWORD = "pr0xyPassw0rdThatMustNotShow"
PARTS = (KEY[:24], KEY[-24:], PASSWORD)
ECHO = KEY.encode()

Answer: TypeAlias = bytes | None
"""What the server sends before it hangs up; None for nothing, and no hanging up."""


def _assert_hidden(text: str) -> None:
    assert not [part for part in PARTS if part.casefold() in text.casefold()]


def _walk(value: object, seen: set[int]) -> Iterator[str]:
    """Yield the texts of a value, and of all that it is made of as far as that is ours."""
    if id(value) in seen:
        return
    seen.add(id(value))
    yield repr(value)
    yield str(value)
    parts: list[object] = []
    if type(value) is dict:
        parts += [*value.keys(), *value.values()]
    elif type(value) in {list, tuple, set, frozenset}:
        parts += value
    elif type(value).__module__.startswith("ngrok_async") and hasattr(value, "__dict__"):
        parts += [vars(value)]
    for part in parts:
        yield from _walk(part, seen)


def _assert_error_hides(error: BaseException) -> None:
    for text in _walk(error, set()):
        _assert_hidden(text)
    for linked in chain(error):
        assert not type(linked).__module__.startswith("aiohttp")
    assert not leaks(error, PARTS)


async def _failure(call: Awaitable[object]) -> BaseException | None:
    """Return what a call ends with; the traceback begins here, where no secret is."""
    try:
        await call
    except BaseException as error:  # noqa: BLE001 # of any kind
        return error
    return None


class _Server:
    """Sends the same bytes to whoever asks."""

    def __init__(self) -> None:
        self.answer: Answer = b""
        self.arrived = asyncio.Event()
        self.received: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read the head of a request, and answer."""
        with suppress(asyncio.IncompleteReadError):  # not every request gets that far
            self.received.append(await reader.readuntil(b"\r\n\r\n"))
            self.arrived.set()
            if self.answer is None:
                await reader.read()
            else:
                writer.write(self.answer)
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[_Server]:
    """Serve one answer on a loopback port."""
    server = _Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield server
    listening.close()
    await listening.wait_closed()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Keep everything that anybody logs."""
    caplog.set_level(logging.DEBUG)
    return caplog


def _assert_log_hides(log: pytest.LogCaptureFixture) -> None:
    for record in log.records:
        _assert_hidden(f"{record.getMessage()} {vars(record)!r}")


def _body(status: int, body: bytes, head: bytes = b"") -> bytes:
    first = b"HTTP/1.1 %d Bearer %b\r\nX-Echo: Bearer %b\r\n" % (status, ECHO, ECHO)
    return first + b"%bConnection: close\r\nContent-Length: %d\r\n\r\n" % (head, len(body)) + body


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            _body(401, b'{"error_code": "ERR_NGROK_203", "msg": "Your credential: %b"}' % ECHO),
            id="message",
        ),
        pytest.param(_body(401, b'{"error_code": "%b"}' % ECHO), id="code"),
        pytest.param(
            _body(403, b'{"details": {"%b": "%b", "operation_id": "%b"}}' % (ECHO, ECHO, ECHO)),
            id="details",
        ),
        pytest.param(
            _body(500, b"{}", b"ngrok-operation-id: %b\r\n" % ECHO), id="operation in a header"
        ),
        pytest.param(_body(502, b"<h1>%b</h1>" % ECHO), id="page of a gateway"),
        pytest.param(_body(502, b"x" * 180 + ECHO), id="cut off in the middle"),
        pytest.param(_body(429, b"%b" % ECHO, b"Retry-After: 999\r\n"), id="rate limit"),
        pytest.param(_body(200, b"<h1>%b</h1>" % ECHO), id="success that is HTML"),
        pytest.param(_body(200, b'{"id": {"%b": 1}}' % ECHO), id="wrong type"),
        pytest.param(_body(200, b'{"started_at": "%b"}' % ECHO), id="wrong time"),
        pytest.param(_body(302, b"", b"Location: http://u:%b@h/%b\r\n" % (ECHO, ECHO)), id="302"),
        pytest.param(b"Authorization: Bearer %b\r\n\r\n" % ECHO, id="echo"),
        pytest.param(b"Authorization: Bearer %b" % ECHO[:24], id="half an echo"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Ec ho: %b\r\n\r\n" % ECHO, id="invalid header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Echo: %b\r\nX" % ECHO, id="cut off in the headers"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX-Echo: %b\r\nContent-Length: 999\r\n\r\n%b" % (ECHO, ECHO),
            id="cut off in the body",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX-Echo: %b\r\nContent-Length: 99999999\r\n\r\n%b" % (ECHO, ECHO),
            id="too large",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX-Echo: %b\r\n\r\n" % ECHO + ECHO * 220_000,
            id="larger than it says",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%b\r\n" % ECHO, id="no chunk"
        ),
        pytest.param(
            _body(200, ECHO, b"content-encoding: gzip\r\n"),
            id="no gzip",
        ),
        pytest.param(b"", id="hung up"),
    ],
)
@pytest.mark.parametrize("call", ["get", "restart"])
async def test_answers_that_repeat_the_key(
    server: _Server, log: pytest.LogCaptureFixture, answer: Answer, call: str
) -> None:
    """Whatever a server makes of the key, it is in no error, log or local variable of ours."""
    server.answer = answer
    async with Client(
        KEY, base_url=server.url, limiter=None, retry=Retry(max_attempts=2, backoff=1e-6)
    ) as ngrok:
        failure = await _failure(getattr(ngrok.tunnel_sessions, call)("ts_1"))

    assert failure is None or isinstance(failure, NgrokError)

    # A command has no use for the body of a success.
    assert failure is not None or (call == "restart" and b" 200 " in (answer or b"")[:20])
    assert f"Authorization: Bearer {KEY}\r\n".encode() in server.received[0]
    if failure is not None:
        _assert_error_hides(failure)
        assert ECHO not in pickle.dumps(failure)
        assert str(failure) == str(copy.copy(failure)) == str(pickle.loads(pickle.dumps(failure)))  # noqa: S301 # our own
    _assert_log_hides(log)


# --- errors of other kinds ----------------------------------------------------------------------


async def _refused(_: _Server) -> None:
    async with Client(KEY, base_url="http://127.0.0.1:1", retry=Retry(backoff=1e-6)) as ngrok:
        await ngrok.tunnels.list()


async def _times_out(server: _Server) -> None:
    server.answer = None
    limits = Timeout(attempt=0.02)
    async with Client(KEY, base_url=server.url, timeout=limits, retry=None) as ngrok:
        await ngrok.tunnels.list()


def _with_password(url: str) -> str:
    return url.replace("://", f"://user:{PASSWORD}@")


async def _is_refused_by_a_proxy(server: _Server) -> None:
    server.answer = _body(407, ECHO)
    async with Client(KEY, proxy=_with_password(server.url)) as ngrok:
        await ngrok.tunnels.list()


async def _is_lost_by_a_proxy(server: _Server) -> None:
    server.answer = b"Bearer %b %b\r\n\r\n" % (ECHO, PASSWORD.encode())
    async with Client(KEY, proxy=_with_password(server.url), retry=None) as ngrok:
        await ngrok.tunnels.list()


async def _reads_netrc(server: _Server) -> None:
    async with aiohttp.ClientSession(trust_env=True) as session:
        await Client(KEY, base_url=server.url, session=session).tunnels.list()


async def _has_a_session_that_tells(server: _Server) -> None:
    async def tell(request: aiohttp.ClientRequest, _: object) -> aiohttp.ClientResponse:
        raise aiohttp.ClientConnectionError(f"cannot send {request.headers!r}")

    async with aiohttp.ClientSession(middlewares=[tell]) as session:
        await Client(KEY, base_url=server.url, session=session, retry=None).tunnels.list()


async def _has_a_closed_session(server: _Server) -> None:
    async with aiohttp.ClientSession() as session:
        pass
    await Client(KEY, base_url=server.url, session=session).tunnels.list()


async def _is_closed(server: _Server) -> None:
    ngrok = Client(KEY, base_url=server.url)
    await ngrok.aclose()
    await ngrok.tunnels.list()


async def _is_closed_meanwhile(server: _Server) -> None:
    server.answer = None
    ngrok = Client(KEY, base_url=server.url, limiter=None)
    call = asyncio.create_task(ngrok.tunnel_sessions.stop("ts_1"))
    await server.arrived.wait()
    await ngrok.aclose()
    await call


async def _is_cancelled(server: _Server) -> None:
    server.answer = None
    async with Client(KEY, base_url=server.url, limiter=None) as ngrok:
        call = asyncio.create_task(ngrok.tunnel_sessions.stop("ts_1"))
        await server.arrived.wait()
        call.cancel()
        await call


async def _waits_too_long(server: _Server) -> None:
    server.answer = _body(200, b"[]")
    limiter = RateLimit(1, 60)
    async with Client(KEY, base_url=server.url, limiter=limiter, max_wait=1) as ngrok:
        await ngrok.request("GET", "/tunnels")
        await ngrok.request("GET", "/tunnels")


async def _follows_a_bad_link(server: _Server) -> None:
    server.answer = _body(200, b'{"tunnels": [], "next_page_uri": "https://evil.example/tunnels"}')
    async with Client(KEY, base_url=server.url, limiter=None) as ngrok:
        await ngrok.tunnels.list().collect()


async def _sends_what_cannot_be_sent(server: _Server) -> None:
    async with Client(KEY, base_url=server.url, limiter=None) as ngrok:
        await ngrok.request("GET", "/tunnels", json=object())


async def _has_a_middleware_that_breaks(server: _Server) -> None:
    async def breaks(request: Request, send: Send) -> Response:
        await send(request)
        raise LookupError

    server.answer = _body(200, ECHO)
    async with Client(KEY, base_url=server.url, limiter=None, middlewares=[breaks]) as ngrok:
        await ngrok.tunnels.list()


async def _sends_a_header_that_cannot_be_sent(server: _Server) -> None:
    async def breaks(request: Request, send: Send) -> Response:
        return await send(Request(method="GET", path=request.path, headers={"x": "a\r\nb"}))

    async with Client(KEY, base_url=server.url, limiter=None, middlewares=[breaks]) as ngrok:
        await ngrok.tunnels.list()


async def _has_a_bad_url(_: _Server) -> None:
    Client(KEY, base_url="http://api.ngrok.com")


async def _has_a_bad_name(_: _Server) -> None:
    Client(KEY, app_info="\n", proxy=f"http://user:{PASSWORD}@127.0.0.1:1")


async def _has_a_bad_proxy(_: _Server) -> None:
    Client(KEY, proxy=f"http://user:{PASSWORD}@127.0.0.1:99999")


async def _has_a_bad_key(_: _Server) -> None:
    Client(f"{KEY}\n{KEY}")


async def _has_a_key_of_bytes(_: _Server) -> None:
    Client(KEY.encode())


async def _has_a_bad_key_in_the_environment(_: _Server) -> None:
    Client()


@pytest.mark.parametrize(
    "what",
    [
        _refused,
        _times_out,
        _is_refused_by_a_proxy,
        _is_lost_by_a_proxy,
        _reads_netrc,
        _has_a_session_that_tells,
        _has_a_closed_session,
        _is_closed,
        _is_closed_meanwhile,
        _is_cancelled,
        _waits_too_long,
        _follows_a_bad_link,
        _sends_what_cannot_be_sent,
        _has_a_middleware_that_breaks,
        _sends_a_header_that_cannot_be_sent,
        _has_a_bad_url,
        _has_a_bad_name,
        _has_a_bad_proxy,
        _has_a_bad_key,
        _has_a_key_of_bytes,
        _has_a_bad_key_in_the_environment,
    ],
    ids=lambda what: what.__name__.strip("_").replace("_", " "),
)
async def test_failures_hide_the_key(
    server: _Server,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    what: Callable[[_Server], Awaitable[None]],
) -> None:
    """Neither an error, nor what it is linked to, nor a frame on its way has the key."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"default login user password {PASSWORD}")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("NGROK_API_KEY", f"{KEY} {KEY}")
    failure = await _failure(what(server))

    assert failure is not None
    _assert_error_hides(failure)
    _assert_log_hides(log)


# --- objects ------------------------------------------------------------------------------------


async def test_objects_hide_the_key(server: _Server) -> None:
    """Before, during and after its work a client, its views and what it makes show no key."""
    shown: list[str] = []

    async def look(request: Request, send: Send) -> Response:
        shown.extend(_walk([request, send], set()))
        response = await send(request)
        # A body is for the program, and a header may be: what is printed must not have them.
        shown.extend([repr(response), str(response), f"{response}"])
        return response

    server.answer = _body(200, b'{"tunnels": []}')
    proxy = f"http://user:{PASSWORD}@127.0.0.1:1"
    ngrok = Client(KEY, base_url=server.url, middlewares=[look], limiter=None)
    things: list[Any] = [ngrok, ngrok.with_options(retry=None), ngrok.tunnels, ngrok.tunnels.list()]
    things += [Client(KEY, proxy=proxy), ngrok._transport, ngrok.tunnels.list]
    for thing in things:
        shown.extend(_walk(thing, set()))
    await ngrok.tunnels.list()
    await things[1].tunnels.list()
    await ngrok.aclose()
    for thing in things:
        shown.extend(_walk(thing, set()))

    assert len(shown) > 100
    for text in shown:
        _assert_hidden(text)


async def test_objects_cannot_be_taken_elsewhere() -> None:
    """What has the key inside cannot be pickled or copied, neither at once nor in a structure."""
    ngrok = Client(KEY)
    for thing in (ngrok, ngrok.with_options(), ngrok.tunnels, ngrok.tunnels.list(), [ngrok]):
        for action in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError) as caught:
                action(thing)
            _assert_hidden(str(caught.value))


async def test_tasks_hide_the_key(server: _Server) -> None:
    """Asyncio prints its tasks with what they run."""
    server.answer = None
    async with Client(KEY, base_url=server.url, limiter=None) as ngrok:
        call = asyncio.create_task(ngrok.tunnel_sessions.stop("ts_1"))
        await server.arrived.wait()
        shown = "".join(repr(task) for task in asyncio.all_tasks())
        call.cancel()
        await asyncio.wait([call])

    _assert_hidden(shown)


async def test_a_forgotten_client_hides_the_key(
    server: _Server, log: pytest.LogCaptureFixture
) -> None:
    """Who never closes a client is warned, and the warning has no key in it."""
    server.answer = _body(200, b'{"tunnels": []}')
    clients = [Client(KEY, base_url=server.url, limiter=None)]
    await clients[0].tunnels.list()

    def forget() -> None:
        clients.clear()
        gc.collect()

    with warnings.catch_warnings(record=True, action="always") as caught:
        forget()

    assert "Unclosed client session" in str([warning.message for warning in caught])
    for warning in caught:
        _assert_hidden(str(warning.message))
    _assert_log_hides(log)
