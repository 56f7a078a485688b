"""No secret anywhere: every way that a call can end, times every way to look at it."""

import asyncio
import logging
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from ngrok_async import Client, NgrokError, Request, Response, Send, Timeout
from tests.rendering import leaks, texts

KEY = "2marker0fTheKeyThatMustNotShow_5upErSecretPart0fIt"
PASSWORD = "pr0xyPassw0rdThatMustNotShow"
VALUE = "valueOfASecretThatMustNotShow"
TOKEN = "tokenOfAnAnswerThatMustNotShow"
BASIC = b64encode(f"user:{PASSWORD}".encode()).decode()
SECRETS = (KEY[:24], KEY[-24:], PASSWORD, BASIC, VALUE, TOKEN)
PROXY = f"http://user:{PASSWORD}@"


# What a server sends before it falls silent or hangs up.
BEGUN = b'HTTP/1.1 201 Created\r\nX-Echo: Bearer %b\r\nContent-Length: 999\r\n\r\n{"token": "%b' % (
    KEY.encode(), TOKEN.encode(),
)  # fmt: skip
WHOLE = b'{"id": "secret_1", "uri": "", "created_at": "2026-01-01T00:00:00Z", "token": "%b"}' % (
    TOKEN.encode()
)


class _Fatal(BaseException):
    """As raised by a handler of a signal."""


class _Server:
    """Says the same to everybody, after it has read the head of a request."""

    def __init__(self) -> None:
        self.answer = b""
        self.hangs_up = False
        self.reached = asyncio.Event()
        self.received = b""
        self.host = ""
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with suppress(OSError):
            self.received += await reader.read(4096)
            writer.write(self.answer)
            await writer.drain()
            self.reached.set()
            if not self.hangs_up:
                await reader.read()
        writer.close()

    async def end(self) -> None:
        """Cut all connections, and let both sides notice."""
        for writer in self._writers:
            writer.transport.abort()
        for _ in range(5):
            await asyncio.sleep(0)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:
            await asyncio.wait(rest, timeout=1)

    def answers(self, status: int = 201, body: bytes = WHOLE, *, length: int | None = None) -> None:
        """Answer in whole and hang up."""
        head = f"HTTP/1.1 {status} Bearer\r\nContent-Length: {length or len(body)}\r\n\r\n"
        self.answer, self.hangs_up = head.encode() + body, True


@pytest.fixture
async def server() -> AsyncIterator[_Server]:
    """Serve on a loopback port."""
    server = _Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.host = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield server
    listening.close()
    await server.end()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Keep everything that anybody logs, asyncio in its debug mode included."""
    caplog.set_level(logging.DEBUG)
    return caplog


async def _create(ngrok: Client) -> object:
    """Make a call that sends a secret and gets another back."""
    return await ngrok.secrets.create(name="n", value=VALUE)


async def _request(ngrok: Client) -> object:
    return await ngrok.request("POST", "/vault_secrets", json={"value": VALUE})


async def _error(call: Awaitable[object]) -> BaseException | None:
    """Return what a call ends with; the traceback begins here, where no secret is."""
    try:
        await call
    except BaseException as error:  # noqa: BLE001 # of any kind
        return error
    return None


def _assert_hidden(error: BaseException | None, log: pytest.LogCaptureFixture) -> None:
    assert error is not None
    assert not leaks(error, SECRETS)
    _assert_log_hides(log)


def _assert_log_hides(log: pytest.LogCaptureFixture) -> None:
    for record in log.records:
        for text in texts(vars(record)):
            assert not [secret for secret in SECRETS if secret in text]
        if record.exc_info and record.exc_info[1]:
            assert not leaks(record.exc_info[1], SECRETS)


# --- places: how far a call gets ------------------------------------------------------------------


class _Hanging(AbstractResolver):
    """Never finds the address."""

    def __init__(self, reached: asyncio.Event) -> None:
        self._reached = reached

    async def resolve(self, *_: object, **__: object) -> list[ResolveResult]:
        self._reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        """Have nothing to close."""


Place: TypeAlias = Callable[[_Server], dict[str, Any]]


def _connecting(server: _Server) -> dict[str, Any]:
    connector = aiohttp.TCPConnector(resolver=_Hanging(server.reached), use_dns_cache=False)
    return {
        "base_url": "https://far.example",
        "session": aiohttp.ClientSession(connector=connector),
    }


def _tls(server: _Server) -> dict[str, Any]:
    return {"base_url": f"https://{server.host}"}


def _tunnel(server: _Server) -> dict[str, Any]:
    return {"base_url": "https://far.example", "proxy": f"{PROXY}{server.host}"}


def _tls_in_tunnel(server: _Server) -> dict[str, Any]:
    server.answer = b"HTTP/1.1 200 OK\r\n\r\n"
    return {"base_url": "https://far.example", "proxy": f"{PROXY}{server.host}"}


def _proxy_of_the_session(server: _Server) -> dict[str, Any]:
    session = aiohttp.ClientSession(proxy=f"{PROXY}{server.host}")
    return {"base_url": "https://far.example", "session": session}


def _head(server: _Server) -> dict[str, Any]:
    return {"base_url": f"http://{server.host}"}


def _head_behind_a_proxy(server: _Server) -> dict[str, Any]:
    return {"base_url": "http://127.0.0.1:9", "proxy": f"{PROXY}{server.host}"}


def _head_behind_a_middleware(server: _Server) -> dict[str, Any]:
    session = aiohttp.ClientSession(middlewares=[lambda request, handler: handler(request)])
    return {"base_url": f"http://{server.host}", "session": session}


def _body(server: _Server) -> dict[str, Any]:
    server.answer = BEGUN
    return {"base_url": f"http://{server.host}"}


PLACES: Mapping[str, Place] = {
    "connecting": _connecting,
    "TLS": _tls,
    "tunnel": _tunnel,
    "TLS in the tunnel": _tls_in_tunnel,
    "the session's proxy": _proxy_of_the_session,
    "head": _head,
    "head behind a proxy": _head_behind_a_proxy,
    "head behind a middleware": _head_behind_a_middleware,
    "body": _body,
}


# --- ways to end it -------------------------------------------------------------------------------

End: TypeAlias = Callable[[Client, Awaitable[object], asyncio.Event], Awaitable[object]]


async def _by_timeout(_: Client, call: Awaitable[object], reached: asyncio.Event) -> None:
    async with asyncio.timeout(60) as limit:

        async def ring() -> None:
            await reached.wait()
            limit.reschedule(0)

        ringing = asyncio.create_task(ring())
        try:
            await call
        finally:
            ringing.cancel()


async def _by_wait_for(_: Client, call: Awaitable[object], __: asyncio.Event) -> None:
    await asyncio.wait_for(call, 0.03)


async def _by_cancelling(_: Client, call: Awaitable[object], reached: asyncio.Event) -> None:
    task = asyncio.ensure_future(call)
    await reached.wait()
    task.cancel("by hand")
    await task


async def _by_another_of_its_group(
    _: Client, call: Awaitable[object], reached: asyncio.Event
) -> None:
    async def fail() -> None:
        await reached.wait()
        raise LookupError

    async with asyncio.TaskGroup() as group:
        group.create_task(_only(call))
        group.create_task(fail())


async def _only(call: Awaitable[object]) -> object:
    return await call


async def _by_closing(ngrok: Client, call: Awaitable[object], reached: asyncio.Event) -> None:
    task = asyncio.ensure_future(call)
    await reached.wait()
    await ngrok.aclose()
    await task


async def _by_closing_the_session(
    ngrok: Client, call: Awaitable[object], reached: asyncio.Event
) -> None:
    task = asyncio.ensure_future(call)
    await reached.wait()
    await ngrok._transport.open().close()
    task.cancel()
    await task


async def _by_our_timeout(ngrok: Client, call: Awaitable[object], _: asyncio.Event) -> None:
    ngrok._options["timeout"] = Timeout(attempt=0.03)
    await call


ENDS: Mapping[str, End] = {
    "the caller's timeout": _by_timeout,
    "wait_for": _by_wait_for,
    "a cancelled task": _by_cancelling,
    "a task group": _by_another_of_its_group,
    "aclose": _by_closing,
    "a closed session": _by_closing_the_session,
    "our timeout": _by_our_timeout,
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_what_waits_is_ended(
    server: _Server, log: pytest.LogCaptureFixture, place: Place, end: End
) -> None:
    """Wherever a call waits and whoever ends it: no secret is in what it ends with."""
    asyncio.get_running_loop().set_debug(True)
    options = place(server)
    session = options.get("session")
    for call in (_create, _request):
        server.reached.clear()
        ngrok = Client(KEY, limiter=None, retry=None, **options)
        _assert_hidden(await _error(end(ngrok, call(ngrok), server.reached)), log)
        await ngrok.aclose()
        if session is not None and session.closed:
            break
    if session is not None:
        await session.close()


@pytest.mark.parametrize("kind", [RuntimeError, KeyError, _Fatal])
@pytest.mark.parametrize("place", [_head, _body, _tunnel, _head_behind_a_middleware])
async def test_what_a_middleware_sees(
    server: _Server, place: Place, kind: type[BaseException]
) -> None:
    """A middleware of the client may log what passes through it, with all variables."""
    found: list[Any] = []

    async def look(request: Request, send: Send) -> Response:
        try:
            return await send(request)
        except BaseException as error:
            found.extend([repr(error)[:20], *leaks(error, SECRETS)])
            raise

    options = place(server)
    ngrok = Client(KEY, limiter=None, retry=None, middlewares=[look], **options)
    task = asyncio.create_task(_create(ngrok))
    await server.reached.wait()
    for _ in range(20):  # what was sent arrives
        await asyncio.sleep(0)
    # As a handler of a signal would, in the midst of aiohttp.
    waits_for: Any = task._fut_waiter  # type: ignore[attr-defined] # private
    waits_for.set_exception(kind("of a signal"))
    error = await _error(task)
    await ngrok.aclose()
    if "session" in options:
        await options["session"].close()

    assert error is not None
    assert 1 == len(found), found


# --- what fails on the way ------------------------------------------------------------------------


class TroubleError(Exception):
    """Of the caller's own code."""


SIGNALS = sorted(
    name
    for name in vars(aiohttp.TraceConfig())
    if name.startswith("_on_") and "redirect" not in name
)


def _hooks(names: list[str], hook: Callable[..., Awaitable[None]]) -> list[aiohttp.TraceConfig]:
    config = aiohttp.TraceConfig()
    for name in names:
        getattr(config, name.removeprefix("_")).append(hook)
    return [config]


@pytest.mark.parametrize("kind", [TroubleError, _Fatal, KeyError, OSError, aiohttp.ClientError])
@pytest.mark.parametrize("signal", SIGNALS)
async def test_a_hook_fails(
    server: _Server, log: pytest.LogCaptureFixture, signal: str, kind: type[BaseException]
) -> None:
    """What a hook of the caller's session raises comes out as it is, and without our secrets."""

    async def fail(*_: object) -> None:
        raise kind("of the hook")

    server.answers()
    if signal == "_on_request_exception":
        server.answer = b"nonsense\r\n\r\n"
    async with aiohttp.ClientSession(trace_configs=_hooks([signal], fail)) as session:
        ngrok = Client(
            KEY, base_url=f"http://{server.host}", session=session, limiter=None, retry=None
        )
        error = await _error(_create(ngrok))

    # What becomes of an error in the task in which aiohttp writes a body is its own affair.
    assert error is None or isinstance(error, kind | NgrokError) or "chunk" in signal
    if error is not None:
        _assert_hidden(error, log)


class _Failing(AbstractResolver):
    async def resolve(self, *_: object, **__: object) -> list[ResolveResult]:
        raise TroubleError

    async def close(self) -> None:
        """Have nothing to close."""


class _FailingConnector(aiohttp.TCPConnector):
    async def connect(self, *_: object, **__: object) -> Any:  # noqa: ANN401 # never
        raise TroubleError


async def _fails_before(_: object, __: object) -> Any:  # noqa: ANN401 # never
    raise TroubleError


async def _fails_after(request: Any, send: Any) -> Any:  # noqa: ANN401 # either kind of middleware
    answer = await send(request)
    if isinstance(answer, aiohttp.ClientResponse):
        answer.close()
    del answer  # the caller's own variable
    raise TroubleError


async def _fails_of_it(request: Any, send: Any) -> Any:  # noqa: ANN401 # either kind of middleware
    try:
        return await send(request)
    except Exception as error:
        raise TroubleError from error


def _fail(*_: object) -> None:
    raise _Fatal


def _key_that_fails() -> str:
    hidden = KEY
    raise TroubleError(hidden)


async def _key_that_waits() -> str:
    hidden = KEY
    await asyncio.sleep(60)
    return hidden


FAILING: Mapping[str, Callable[[], dict[str, Any]]] = {
    "resolver": lambda: {
        "base_url": "https://far.example",
        "session": aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=_Failing())),
    },
    "connector": lambda: {"session": aiohttp.ClientSession(connector=_FailingConnector())},
    "session's middleware, before": lambda: {
        "session": aiohttp.ClientSession(middlewares=[_fails_before])
    },
    "session's middleware, after": lambda: {
        "session": aiohttp.ClientSession(middlewares=[_fails_after])
    },
    "session's middleware, of an error": lambda: {
        "session": aiohttp.ClientSession(middlewares=[_fails_of_it])
    },
    "middleware, before": lambda: {"middlewares": [_fails_before]},
    "middleware, after": lambda: {"middlewares": [_fails_after]},
    "middleware, of an error": lambda: {"middlewares": [_fails_of_it]},
    "limiter": lambda: {"limiter": _fails_after},
    "on_event": lambda: {"on_event": _fail},
    "api_key": lambda: {"api_key": _key_that_fails},
    "api_key, timeout": lambda: {"api_key": _key_that_waits, "timeout": Timeout(attempt=0.01)},
    "api_key, wait_for": lambda: {"api_key": _key_that_waits},
    "api_key of another kind": lambda: {"api_key": KEY.encode},
    "api_key that no header can carry": lambda: {"api_key": f"{KEY}\n{KEY}".__str__},
    "proxy that is away": lambda: {
        "base_url": "https://far.example",
        "proxy": f"{PROXY}127.0.0.1:1",
    },
    "server that is away": lambda: {"base_url": "http://127.0.0.1:1"},
}

ANSWERS: Mapping[str, tuple[int, bytes, int | None]] = {
    "a success": (201, b'{"id": "secret_1", "token": "%b", "value": 1}' % TOKEN.encode(), None),
    "no JSON": (201, b"<%b>" % KEY.encode(), None),
    "an error": (400, b'{"msg": "%b", "error_code": "%b"}' % (KEY.encode(), KEY.encode()), None),
    "a broken body": (201, WHOLE, 999),
    "a broken error": (500, b'{"msg": "%b' % KEY.encode(), 999),
    "too much": (201, WHOLE, 99_999_999),
    "refused by the proxy": (407, KEY.encode(), None),
    "redirect": (302, KEY.encode(), None),
}


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
@pytest.mark.parametrize("answer", ["a success", "an error", "a broken body"])
async def test_something_fails_on_the_way(
    server: _Server,
    log: pytest.LogCaptureFixture,
    failing: Callable[[], dict[str, Any]],
    answer: str,
) -> None:
    """Whatever part of the caller's fails, before or after the answer: no secret is seen."""
    status, body, length = ANSWERS[answer]
    server.answers(status, body, length=length)
    options: dict[str, Any] = {"api_key": KEY, "base_url": f"http://{server.host}", "limiter": None}
    options |= failing()
    session = options.get("session")
    ngrok = Client(**options, retry=None)
    _assert_hidden(await _error(asyncio.wait_for(_create(ngrok), 0.05)), log)
    await ngrok.aclose()
    if session is not None:
        await session.close()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("place", [_head, _tunnel, _head_behind_a_proxy, _head_behind_a_middleware])
async def test_an_answer_that_is_none(
    server: _Server,
    log: pytest.LogCaptureFixture,
    place: Place,
    answer: tuple[int, bytes, int | None],
) -> None:
    """What is wrong with an answer is told without what it repeats or brings."""
    status, body, length = answer
    server.answers(status, body, length=length)
    options = place(server)
    ngrok = Client(KEY, limiter=None, retry=None, **options)
    _assert_hidden(await _error(_create(ngrok)), log)
    await ngrok.aclose()
    if "session" in options:
        await options["session"].close()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"value": [VALUE]}, id="type"),
        pytest.param({"value": VALUE, "name": object()}, id="another's type"),
        pytest.param({"value": f"{VALUE}\ud800"}, id="surrogate"),
        pytest.param({"value": VALUE, "nam": "n"}, id="unknown name"),
        pytest.param({"value": VALUE, "vault_id": "", "name": 7}, id="a number"),
    ],
)
async def test_arguments_that_cannot_be_sent(
    log: pytest.LogCaptureFixture, wrong: dict[str, Any]
) -> None:
    """A wrong argument is told without those beside it."""
    ngrok = Client(KEY)
    call: Any = ngrok.secrets.create
    _assert_hidden(await _error(call(**wrong)), log)
    for path, json in (
        ("/x\n", wrong),
        ("/x", [wrong, object()]),
        ("/x", {"n": VALUE, "o": float("nan")}),
    ):
        _assert_hidden(await _error(ngrok.request("POST", path, json=json)), log)


# --- what hooks, middlewares and recorders are shown ----------------------------------------------


@pytest.mark.parametrize("proxied", [False, True])
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("middlewares", [0, 1])
async def test_what_a_session_is_shown(
    server: _Server, *, proxied: bool, fails: bool, middlewares: int
) -> None:
    """Hooks and middlewares of the caller's session may print all that they are told."""
    shown: list[str] = []

    async def look(_: object, __: object, params: Any) -> None:  # noqa: ANN401 # of each signal
        shown.extend(texts(params))
        for name in ("headers", "exception"):
            told = getattr(params, name, None)
            shown.extend(texts(told))
            if isinstance(told, BaseException):
                shown.extend(map(repr, leaks(told, SECRETS)))

    async def see(request: aiohttp.ClientRequest, handler: Any) -> Any:  # noqa: ANN401 # aiohttp's
        shown.extend(texts(request.headers))
        try:
            answer = await handler(request)
        except BaseException as error:
            shown.extend(map(repr, leaks(error, SECRETS)))
            raise
        shown.extend([*texts(request.headers), *texts(answer.request_info)])
        return answer

    server.answers()
    if fails:
        server.answer = (
            b"HTTP/1.1 407 Bearer\r\nContent-Length: 0\r\n\r\n" if proxied else b"no\r\n\r\n"
        )
    signals = [name for name in SIGNALS if "chunk" not in name and "request_end" not in name]
    async with aiohttp.ClientSession(
        trace_configs=_hooks(signals, look), middlewares=[see] * middlewares
    ) as session:
        target = "https://far.example" if proxied and fails else f"http://{server.host}"
        proxy = f"{PROXY}{server.host}" if proxied else None
        ngrok = Client(KEY, base_url=target, proxy=proxy, session=session, limiter=None, retry=None)
        error = await _error(ngrok.request("GET", "/tunnels"))

    assert fails == (error is not None)
    assert shown
    assert not [text for text in shown for secret in SECRETS if secret in text]
    if not (fails and proxied):
        assert f"Authorization: Bearer {KEY}\r\n".encode() in server.received
    assert proxied == (f"Proxy-Authorization: Basic {BASIC}\r\n".encode() in server.received)


# --- a program of its own -------------------------------------------------------------------------


def test_what_a_program_leaves_behind() -> None:
    """Neither Sentry with its default options nor any log has a secret when a program ends.

    The program leaves calls that wait, are cancelled or are forgotten, in asyncio's debug mode.
    """
    program = Path(__file__).with_name("leaving.py")
    secrets = f"{KEY} {PASSWORD} {VALUE} {TOKEN}"
    ended = subprocess.run(
        [sys.executable, str(program)],
        input=secrets, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    told = ended.stdout + ended.stderr

    assert "12 endings" in ended.stdout, told
    assert not [secret for secret in SECRETS if secret in told]
