"""Which key a request carries and where it may go; and what an exception forgets."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import attrs
import pytest
from yarl import URL

from ngrok_async import (
    APIError,
    AuthenticationError,
    Client,
    ConfigurationError,
    RateLimit,
    Request,
    RequestTimeoutError,
    Response,
    Retry,
    Send,
    Timeout,
)
from ngrok_async._api_key import AskedKey, SentKeys
from ngrok_async._tracebacks import forget_locals
from ngrok_async.events import AttemptEvent
from ngrok_async.testing import FakeNgrok

FIRST, SECOND = "2firstKeyOfTheTests0123456789", "2secondKeyOfTheTests0123456789"


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake."""
    async with FakeNgrok() as server:
        yield server


class _Echo:
    """Answers 400 with all that it was sent."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        text = head.replace("\r\n", " ").replace('"', "")
        body = f'{{"error_code": "ERR_NGROK_400", "msg": "{text}", "details": {{"a": "{text}"}}}}'
        start = f"HTTP/1.1 400 Bad\r\nngrok-operation-id: {text}\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{start}Connection: close\r\n\r\n{body}".encode())
        writer.close()

    @property
    def keys(self) -> list[str]:
        """Return the keys that came."""
        lines = [line for head in self.heads for line in head.split("\r\n")]
        return [line.partition(" ")[2] for line in lines if line.startswith("Authorization:")]


@pytest.fixture
async def echo() -> AsyncIterator[_Echo]:
    """Serve on a loopback port."""
    echo = _Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield echo
    server.close()
    await server.wait_closed()


async def _refusal(ngrok: Client) -> str:
    """Return all that is told of a refused request."""
    with pytest.raises(APIError) as caught:
        await ngrok.request("GET", "/tunnels")
    error = caught.value
    assert "***" in str(error)
    return f"{error!r} {error} {error.details} {error.operation_id} {vars(error)}"


# --- a key that is asked for ------------------------------------------------------------------


def _plain(keys: list[str]) -> Callable[[], str]:
    return lambda: keys.pop(0)


def _waiting(keys: list[str]) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        await asyncio.sleep(0)
        return keys.pop(0)

    return ask


@pytest.mark.parametrize("kind", [_plain, _waiting])
async def test_a_function_is_asked_before_each_attempt(
    fake: FakeNgrok, kind: Callable[[list[str]], Any]
) -> None:
    """A key that was changed meanwhile is used by the next attempt already."""
    keys = [fake.api_key, FIRST, f" {fake.api_key}\n"]
    async with Client(kind(keys), base_url=fake.url, retry=Retry(backoff=0)) as ngrok:
        fake.fail(503)
        with pytest.raises(AuthenticationError):
            await ngrok.tunnels.list()
        assert [fake.api_key] == [key.strip() for key in keys]
        await ngrok.tunnels.list()

    assert not keys
    assert 3 == len(fake.requests)


async def test_every_key_that_was_sent_is_scrubbed(echo: _Echo) -> None:
    """Also that of an earlier attempt, and in what `on_event` is told."""
    events: list[object] = []
    keys = [FIRST, SECOND]

    async def twice(request: Request, send: Send) -> Response:
        await send(request)
        return await send(request)

    async with Client(
        _plain(keys), base_url=echo.url, limiter=None, middlewares=[twice], on_event=events.append
    ) as ngrok:
        told = await _refusal(ngrok)

    assert [f"Bearer {FIRST}", f"Bearer {SECOND}"] == echo.keys
    assert [AttemptEvent] * 2 == [type(event) for event in events]
    assert not [key for key in (FIRST, SECOND) if key in told + repr(events)]


class _Vault:
    """Has a method that returns a key."""

    def __init__(self, key: str) -> None:
        self.key = key

    def read(self) -> str:
        return self.key

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    __call__ = read


def test_a_function_has_one_budget() -> None:
    """Functions, methods and objects are told apart by what they are, not by what they equal."""
    one, other = _Vault(FIRST), _Vault(FIRST)

    def ask() -> str:
        return FIRST

    assert AskedKey(ask) == AskedKey(ask)
    assert AskedKey(one.read) == AskedKey(one.read) != AskedKey(other.read)
    assert AskedKey(one) == AskedKey(one) != AskedKey(other)
    assert hash(AskedKey(one.read)) == hash(AskedKey(one.read))
    assert AskedKey(one) != AskedKey(one.read)
    assert "<asked API key>" == repr(AskedKey(ask))
    with pytest.raises(TypeError, match="not pickled"):
        AskedKey(ask).__reduce__()


async def test_clients_with_one_function_share_a_budget(fake: FakeNgrok) -> None:
    """The account is that of the function, whatever key it returns."""
    vault, other = _Vault(fake.api_key), _Vault(fake.api_key)
    async with (
        Client(vault.read, base_url=fake.url) as first,
        Client(vault.read, base_url=fake.url) as second,
        Client(other.read, base_url=fake.url) as third,
    ):
        await first.tunnels.list()
        budgets = [client.budget for client in (first, second, third)]

    assert [119, 119, 120] == [budget and budget.remaining for budget in budgets]


def _raises() -> str:
    raise LookupError(FIRST)


async def _raises_later() -> str:
    await asyncio.sleep(0)
    raise LookupError(FIRST)


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        pytest.param(_raises, r"raised LookupError in _raises \(test_credentials\.py", id="error"),
        pytest.param(_raises_later, r"LookupError in _raises_later", id="error, async"),
        pytest.param(FIRST.encode, "returned bytes, and not a string", id="bytes"),
        pytest.param(lambda: None, "returned NoneType", id="None"),
        pytest.param(lambda: lambda: FIRST, "returned function", id="another function"),
        pytest.param(lambda: "", "the API key is empty", id="empty"),
        pytest.param(lambda: f"{FIRST} {FIRST}", "position 29", id="space"),
        pytest.param(lambda _: FIRST, "raised TypeError", id="parameter"),
    ],
)
async def test_a_function_that_gives_no_key(fake: FakeNgrok, ask: Any, reason: str) -> None:  # noqa: ANN401 # wrong
    """Nothing is sent, no slot is kept, and neither key nor the text of an error is told."""
    limiter = RateLimit(10)
    told: list[object] = []
    async with Client(ask, base_url=fake.url, limiter=limiter, on_event=told.append) as ngrok:
        with pytest.raises(ConfigurationError, match=reason) as caught:
            await ngrok.tunnel_sessions.restart("ts_1")

    assert (10, []) == (limiter.budget.remaining, told)
    error = caught.value
    assert FIRST not in f"{error} {error!r}"
    assert error.__cause__ is error.__context__ is None
    assert (0, False) == (error.attempts, error.maybe_applied)
    assert not fake.requests


async def test_a_function_that_hangs(fake: FakeNgrok) -> None:
    """The time of an attempt is that of the function too."""

    async def hang() -> str:
        await asyncio.Event().wait()
        return FIRST

    async with Client(hang, base_url=fake.url, timeout=Timeout(attempt=0.01), retry=None) as ngrok:
        with pytest.raises(RequestTimeoutError):
            await ngrok.tunnels.list()

    assert not fake.requests


def test_a_class_is_no_function() -> None:
    """It would return an object, and never a key."""
    with pytest.raises(ConfigurationError, match="must be a string, got type"):
        Client(_Vault)  # type: ignore[arg-type]


# --- a key that somebody else sets --------------------------------------------------------------


async def _own(request: Request, send: Send) -> Response:
    return await send(attrs.evolve(request, headers={"authorization": f"Bearer {SECOND}"}))


async def _own_of_a_session(request: aiohttp.ClientRequest, handler: Any) -> Any:  # noqa: ANN401 # aiohttp's
    assert "Bearer ***" == request.headers["Authorization"]
    request.headers["Authorization"] = f"Bearer {SECOND}"
    return await handler(request)


async def _own_of_a_hook(_: object, __: object, params: Any) -> None:  # noqa: ANN401 # aiohttp's
    params.headers["Authorization"] = f"Bearer {SECOND}"


def _hooks(*names: str) -> list[aiohttp.TraceConfig]:
    config = aiohttp.TraceConfig()
    for name in names:
        getattr(config, name).append(_own_of_a_hook)
    return [config]


OWN: Mapping[str, Callable[[], tuple[dict[str, Any], dict[str, Any]]]] = {
    "middleware": lambda: ({"middlewares": [_own]}, {}),
    "middleware of the session": lambda: ({}, {"middlewares": [_own_of_a_session]}),
    "first hook": lambda: ({}, {"trace_configs": _hooks("on_request_start")}),
    "last hook": lambda: ({}, {"trace_configs": _hooks("on_request_headers_sent")}),
}


@pytest.mark.parametrize("own", OWN.values(), ids=OWN)
async def test_a_key_of_somebody_else_is_sent_and_scrubbed(
    echo: _Echo, own: Callable[[], tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """Rotation in a middleware or hook works; what the server echoes is no secret's way out."""
    ours, theirs = own()
    async with aiohttp.ClientSession(**theirs) as session:
        ngrok = Client(FIRST, base_url=echo.url, session=session, limiter=None, **ours)
        told = await _refusal(ngrok)

    assert [f"Bearer {SECOND}"] == echo.keys
    assert SECOND not in told


async def test_a_middleware_may_take_the_key_away(echo: _Echo) -> None:
    """Then none is sent."""

    async def take(request: aiohttp.ClientRequest, handler: Any) -> Any:  # noqa: ANN401 # aiohttp's
        del request.headers["Authorization"]
        return await handler(request)

    async with aiohttp.ClientSession(middlewares=[take]) as session:
        ngrok = Client(FIRST, base_url=echo.url, session=session, limiter=None)
        with pytest.raises(APIError):
            await ngrok.request("GET", "/tunnels")

    assert [] == echo.keys


async def test_a_middleware_of_the_session_may_send_again(echo: _Echo) -> None:
    """Each time with the key, and each time it is gone afterwards."""
    seen: list[str] = []

    async def again(request: aiohttp.ClientRequest, handler: Any) -> Any:  # noqa: ANN401 # aiohttp's
        (await handler(request)).close()
        seen.append(request.headers["Authorization"])
        return await handler(request)

    async def look(*_: object) -> None:
        seen.append("hook")

    config = aiohttp.TraceConfig()
    config.on_request_chunk_sent.append(look)
    for hooks in ([], [config]):
        async with aiohttp.ClientSession(middlewares=[again], trace_configs=hooks) as session:
            ngrok = Client(FIRST, base_url=echo.url, session=session, limiter=None, retry=None)
            with pytest.raises(APIError):
                await ngrok.request("POST", "/x", json={})

    assert [f"Bearer {FIRST}"] * 4 == echo.keys
    assert ["Bearer ***", "hook", "Bearer ***", "hook"] == seen


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ("Bearer abcdefgh1", ["abcdefgh1"]),
        ("abcdefgh1", ["abcdefgh1"]),
        ("Basic  abcdefgh1 ", ["abcdefgh1"]),
    ],
)
def test_what_is_scrubbed_of_a_header(header: str, texts: list[str]) -> None:
    """The word in front is no secret."""
    keys = SentKeys(AskedKey(lambda: ""))
    keys.add(header)
    keys.add(header)

    assert [f"<{text}>" for text in texts] != [keys.scrub(f"<{text}>") for text in texts]
    assert "Bearer Basic <***>" == keys.scrub(f"Bearer Basic <{texts[0]}>")


# --- where it may go ----------------------------------------------------------------------------

CHANGES: Mapping[str, dict[str, Any]] = {
    "no slash": {"path": "tunnels"},
    "port": {"path": "0/tunnels"},
    "host": {"path": ".evil.example/tunnels"},
    "name": {"path": "@evil.example/tunnels"},
    "name and password": {"path": ":a@evil.example/tunnels"},
    "empty": {"path": ""},
    "slash": {"path": "/"},
    "two slashes": {"path": "//evil.example/tunnels"},
    "whole URL": {"path": "http://evil.example/tunnels"},
    "backslash": {"path": "\\evil.example/tunnels"},
    "backslash in it": {"path": "/\\evil.example/tunnels"},
    "dots": {"path": "/tunnels/../../x"},
    "encoded dots": {"path": "/tunnels/%2E%2e"},
    "query": {"path": "/tunnels?a=b"},
    "fragment": {"path": "/tunnels#a"},
    "space": {"path": "/tun nels"},
    "line break": {"path": "/tunnels\r\nHost: evil.example"},
    "tabulator": {"path": "/\t/evil.example"},
    "not ASCII": {"path": "/tünnels"},
    "bytes": {"path": b"/tunnels"},
    "None": {"path": None},
    "method": {"method": "GET http://evil.example/ HTTP/1.1\r\n"},
    "CONNECT": {"method": "CONNECT"},
    "no method": {"method": None},
    "query of numbers": {"query": 7},
    "query of one": {"query": (("a",),)},
    "query with a surrogate": {"query": (("a", "\ud800"),)},
    "Host": {"headers": {"Host": "evil.example"}},
    "host in small letters": {"headers": {"host": "evil.example"}},
    "length": {"headers": {"Content-Length": "0"}},
    "encoding": {"headers": {"transfer-encoding": "chunked"}},
    "name of a header": {"headers": {"X: 1\r\nHost": "evil.example"}},
    "name with a colon": {"headers": {"Host:": "evil.example"}},
    "name of bytes": {"headers": {b"x": "1"}},
    "value": {"headers": {"X": "1\r\nHost: evil.example"}},
    "value of bytes": {"headers": {"X": b"1"}},
    "value with a surrogate": {"headers": {"X": "\ud800"}},
}


@pytest.mark.parametrize("where", ["middlewares", "limiter"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_middleware_cannot_lead_elsewhere(
    fake: FakeNgrok, change: dict[str, Any], where: str
) -> None:
    """Whatever it makes of a request: refused, before a slot is taken and anything is sent."""

    async def lead(request: Request, send: Send) -> Response:
        return await send(attrs.evolve(request, **change))

    limiter = RateLimit(10)
    options: dict[str, Any] = {"middlewares": [lead], "limiter": limiter}
    if where == "limiter":
        options = {"limiter": lead}
    async with Client(fake.api_key, base_url=fake.url, **options) as ngrok:
        with pytest.raises(ConfigurationError) as caught:
            await ngrok.tunnels.list()

    assert (0, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert not fake.requests
    assert 10 == limiter.budget.remaining


async def test_what_a_middleware_may_change(fake: FakeNgrok) -> None:
    """Path, query and headers below the base URL."""

    async def change(request: Request, send: Send) -> Response:
        path, query = "/tunnel_sessions", (("limit", "1"),)
        return await send(attrs.evolve(request, path=path, query=query, headers={"X-A": "ü\t1"}))

    async with Client(fake.api_key, base_url=fake.url, middlewares=[change]) as ngrok:
        await ngrok.request("GET", "/tunnels")

    (sent,) = fake.requests
    assert "/tunnel_sessions?limit=1" == f"{sent.path}?limit=1"


def _new_url(request: aiohttp.ClientRequest, url: URL) -> None:
    request.url = url


LEADING: Mapping[str, Callable[[aiohttp.ClientRequest, URL], None]] = {
    "URL": _new_url,
    "header": lambda request, url: request.headers.update(Host=str(url.host)),
    "both": lambda request, url: (
        _new_url(request, url),
        request.headers.update(Host=str(url.host_port_subcomponent)),
    )[0],
}


@pytest.mark.parametrize("lead", LEADING.values(), ids=LEADING)
async def test_a_middleware_of_the_session_cannot_lead_elsewhere(
    fake: FakeNgrok, echo: _Echo, lead: Callable[[aiohttp.ClientRequest, URL], None]
) -> None:
    """It may change the URL, but then it does not get the key."""

    async def leading(request: aiohttp.ClientRequest, handler: Any) -> Any:  # noqa: ANN401 # aiohttp's
        lead(request, URL(echo.url.replace("127.0.0.1", "localhost")))
        return await handler(request)

    async with aiohttp.ClientSession(middlewares=[leading]) as session:
        ngrok = Client(fake.api_key, base_url=fake.url, session=session)
        with pytest.raises(ConfigurationError, match="changed the host"):
            await ngrok.tunnels.list()

    assert not [*fake.requests, *echo.heads]


async def test_a_host_of_the_session_is_refused(fake: FakeNgrok) -> None:
    """Its default headers would lead behind a shared address to another site."""
    async with aiohttp.ClientSession(headers={"host": "evil.example"}) as session:
        with pytest.raises(ConfigurationError, match="has a header Host"):
            await Client(fake.api_key, base_url=fake.url, session=session).tunnels.list()

    assert not fake.requests


# --- what an exception forgets --------------------------------------------------------------------


class _Pause:
    def __await__(self) -> Any:  # noqa: ANN401 # a generator
        yield


def _library(source: str, name: str = "aiohttp.made_up") -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": name, "Pause": _Pause}
    exec(source, names)  # noqa: S102 # our own
    return names


def _locals(error: BaseException) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    step = error.__traceback__
    while step is not None:
        found.append(dict(step.tb_frame.f_locals))
        step = step.tb_next
    return found


def test_frames_of_libraries_forget() -> None:
    """The caller's own keep theirs, and lines stay."""
    fail = _library("def fail(secret): raise KeyError")["fail"]

    def own() -> None:
        mine = 1
        fail(mine)

    with pytest.raises(KeyError) as caught:
        own()
    forget_locals(caught.value)
    assert [{"mine": 1, "fail": fail}, {}] == _locals(caught.value)[1:]
    forget_locals(caught.value, of_all=True)
    assert [{}, {}] == _locals(caught.value)[1:]


def test_linked_exceptions_forget_too() -> None:
    """Causes, contexts and groups, also if they go in a circle."""
    fail = _library("def fail(secret, kind=KeyError): raise kind")["fail"]
    errors: list[BaseException] = []
    for _ in range(4):
        with pytest.raises(KeyError) as caught:
            fail(1)
        errors.append(caught.value)
    cause, context, member, _ = errors
    group = BaseExceptionGroup("", [member])
    group.__cause__, group.__context__, cause.__cause__ = cause, context, group
    forget_locals(group)

    assert [{}] * 3 == [_locals(error)[-1] for error in (cause, context, member)]


def test_what_still_runs_keeps_its_variables() -> None:
    """An exception may lead to a coroutine that waits: it goes on as if nothing had been."""
    names = _library(
        "async def run(kept):\n"
        "    secret = 1\n"
        "    try:\n"
        "        raise KeyError\n"
        "    except KeyError as error:\n"
        "        kept.append(error)\n"
        "    await Pause()\n"
        "    return secret\n"
        "def stay(forget, secret):\n"
        "    try:\n"
        "        raise KeyError\n"
        "    except KeyError as error:\n"
        "        forget(error)\n"
        "    return secret\n"
    )
    kept: list[BaseException] = []
    waiting = names["run"](kept)
    waiting.send(None)
    forget_locals(kept[0])
    with pytest.raises(StopIteration) as ended:
        waiting.send(None)

    assert 1 == ended.value.value
    assert 2 == names["stay"](forget_locals, 2)
    gc.collect()
