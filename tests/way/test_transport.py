"""What the transport makes of a request and of aiohttp's errors; the wire itself is in `wire/`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from ngrok_async import (
    ClientClosedError,
    ConfigurationError,
    ConnectionLostError,
    Request,
    RequestTimeoutError,
    Timeout,
)
from ngrok_async._api_key import APIKey
from ngrok_async._request import NO_LIMITS, encode_path, encode_segment, new_request
from ngrok_async._way.attempt import _reason
from ngrok_async._way.sendable import target
from ngrok_async._way.transport import Transport, _connect_timeout, _seconds
from ngrok_async.testing import TurnableClock

KEY = "2key"


@pytest.fixture
def clock() -> TurnableClock:
    """Return a clock that shows 0 until it is turned."""
    return TurnableClock(running=False)


@pytest.fixture
async def transport(clock: TurnableClock) -> AsyncIterator[Transport]:
    """Return a transport to nowhere."""
    transport = Transport(
        base_url="https://api.example/v9",
        key=APIKey(KEY),
        user_agent="test",
        session=None,
        proxy=None,
        clock=clock,
    )
    yield transport
    await transport.close()


@pytest.mark.parametrize(
    ("request_", "url"),
    [
        pytest.param(Request(method="GET", path="/x"), "/x", id="path"),
        pytest.param(Request(method="GET", path="/a%2Fb"), "/a%2Fb", id="encoded slash"),
        pytest.param(
            Request(method="GET", path="/x", query=(("a b", "ü&=+#?/"), ("a b", ""))),
            "/x?a%20b=%C3%BC%26%3D%2B%23%3F%2F&a%20b=",
            id="query",
        ),
        pytest.param(
            Request(method="GET", path="/x", query=(("a", "%2e%2e"),)),
            "/x?a=%252e%252e",
            id="what looks encoded",
        ),
    ],
)
def test_target(request_: Request, url: str) -> None:
    """The path is taken as it is, and the query is encoded once."""
    assert url == target(request_)


@given(id_=st.text(), path=st.text())
@example(id_="..", path="/..")
@example(id_="a\u00adb", path="/%2E%2e/a")
@example(id_="\u00e9", path="/a//b")
def test_what_an_operation_made_would_pass(id_: str, path: str) -> None:
    """The path of a request that nobody has changed is not looked at: it could not be refused."""
    for make in (lambda: f"/things/{encode_segment('id', id_)}/stop", lambda: encode_path(path)):
        try:
            safe = make()
        except ValueError:
            continue
        request = new_request("GET", safe, (), body=None, route="", effect="read", limits=NO_LIMITS)
        assert safe == target(request) == target(attrs.evolve(request))


async def test_changed_requests_are_looked_at(transport: Transport) -> None:
    """What a middleware makes of a request that an operation made is held to the base URL."""
    made = new_request("GET", "/a", (), body=None, route="", effect="read", limits=NO_LIMITS)

    assert "https://api.example/v9/a" == str(transport._url_of(made))
    for change in ({"path": "//evil.example"}, {"path": "/a/../b"}, {"method": "BREW"}):
        with pytest.raises(ConfigurationError):
            target(attrs.evolve(made, **change))


@pytest.mark.parametrize("base", ["https://api.example", "https://api.example:8443/a%20b/c"])
@pytest.mark.parametrize("query", [(), (("a", "b c"),)], ids=["no query", "query"])
async def test_urls_begin_with_the_base_url(base: str, query: tuple[tuple[str, str], ...]) -> None:
    """Whether or not it has a path: what is sent is the base URL, the path and the query."""
    transport = Transport(
        base_url=base, key=APIKey(KEY), user_agent="", session=None, proxy=None, clock=None
    )
    request = Request(method="GET", path="/x%2Fy", query=query)

    assert URL(f"{base}{target(request)}", encoded=True) == transport._url_of(request)


def test_headers_of_a_request_are_its_own(transport: Transport) -> None:
    """Headers that one request brings along are not those of the next."""
    first = transport._headers_of(Request(method="GET", path="/", headers={"x": "1"}))
    second = transport._headers_of(Request(method="POST", path="/", json={}))

    assert {**first, "Content-Type": "application/json"} == {**second, "x": "1"}
    assert "Bearer ***" == first["Authorization"]


@pytest.mark.parametrize(
    ("attempt", "total", "seconds"),
    [
        pytest.param(30.0, None, 30.0, id="no total"),
        pytest.param(30.0, 100.0, 30.0, id="much left"),
        pytest.param(30.0, 17.5, 7.5, id="little left"),
        pytest.param(None, 17.5, 7.5, id="only a total"),
        pytest.param(None, None, None, id="no limit"),
    ],
)
def test_limit_of_an_attempt(
    attempt: float | None, total: float | None, seconds: float | None
) -> None:
    """An attempt ends at its own limit or with what is left of the total, if that is less."""
    limits = Timeout(connect=3, attempt=attempt, total=total)
    request = Request(method="GET", path="/", timeout=limits)
    request.progress.begin(1000)
    request.progress.end(1010)

    assert seconds == _seconds(request, 2000)


def test_what_aiohttp_itself_limits() -> None:
    """Opening a connection; it sets no timer for the request as a whole."""
    timeout = _connect_timeout(3)

    assert (3, None) == (timeout.sock_connect, timeout.total)
    assert (None, None) == (timeout.connect, timeout.sock_read)


@pytest.mark.parametrize("spent", [9.0, 10.0])
async def test_nothing_is_sent_when_the_total_is_spent(transport: Transport, spent: float) -> None:
    """A pause that took longer than planned leaves no time for the attempt."""
    request = Request(method="GET", path="/x", timeout=Timeout(total=9))
    request.progress.begin(0)
    request.progress.end(spent)
    with pytest.raises(RequestTimeoutError, match=r"not sent: .* the 9 s that Timeout") as caught:
        await transport.send(request)

    assert ("GET", "/x", 0) == (caught.value.method, caught.value.path, caught.value.attempts)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(aiohttp.ServerDisconnectedError(), "the server hung up", id="hung up"),
        pytest.param(
            aiohttp.ServerDisconnectedError("X-Echo: Bearer 2key"),
            "the server hung up",
            id="hung up with a part of an answer",
        ),
        pytest.param(
            aiohttp.ClientOSError(104, "Connection reset"), "Connection reset", id="reset"
        ),
        pytest.param(aiohttp.ClientOSError(), "ClientOSError", id="no text"),
        pytest.param(
            aiohttp.ClientConnectionError("Connection closed"), "Connection closed", id="text"
        ),
        pytest.param(
            aiohttp.ClientPayloadError("400, message: Bearer 2key"),
            "the body breaks off, or cannot be decompressed",
            id="body",
        ),
    ],
)
def test_reason(error: Exception, text: str) -> None:
    """The words of the operating system are kept; those of the server never were ours to show."""
    assert text == _reason(error)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        pytest.param("Bad status line:\n  b'Bearer 2ke'\n    ^", "Bad status line", id="lines"),
        pytest.param("Invalid header 'Bearer 2key'", "Invalid header", id="quotes"),
        pytest.param('Invalid header "2key"', "Invalid header", id="double quotes"),
        pytest.param("Got more than 9 bytes: b'2ke", "Got more than 9 bytes", id="half a key"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_reason_quotes_nothing_of_the_server(message: str, kept: str) -> None:
    """A server may send the key back, even half of it: only aiohttp's own words are taken over."""
    error = aiohttp.ClientResponseError(None, (), message=message)

    assert f"it is not HTTP ({kept})" == _reason(error)


async def test_tools_that_replace_aiohttps_sending(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test tools do, and run no middlewares; what is not known to be unsent counts as sent."""

    async def disconnect(*_: object, **__: object) -> None:
        raise aiohttp.ServerDisconnectedError

    monkeypatch.setattr(aiohttp.ClientSession, "_request", disconnect)
    with pytest.raises(ConnectionLostError, match="the server hung up") as caught:
        await transport.send(Request(method="POST", path="/x", json={}))

    assert caught.value.maybe_applied


@pytest.mark.parametrize("error", [RuntimeError, ValueError, OSError, asyncio.CancelledError])
async def test_any_error_of_a_closed_session_means_that(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """However aiohttp puts it: the session was closed, and that is what is said."""

    async def close(session: aiohttp.ClientSession, *_: object, **__: object) -> None:
        await session.close()
        raise error

    monkeypatch.setattr(aiohttp.ClientSession, "_request", close)
    with pytest.raises(ClientClosedError, match="closed during the call") as caught:
        await transport.send(Request(method="GET", path="/x"))

    assert caught.value.__context__ is None


async def test_close_may_be_cancelled(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A close that was cancelled half-way has closed all the same: no call gets through."""
    session = transport.open()
    close: Callable[[], Any] = session.close

    async def slow() -> None:
        await close()
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(session, "close", slow)
    closing = asyncio.create_task(transport.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])

    assert session.closed
    with pytest.raises(ClientClosedError):
        transport.open()
