"""What callers hand over to be called, and what is said of it."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any
from unittest.mock import AsyncMock, MagicMock, create_autospec

import pytest

from ngrok_async import Client, ConfigurationError, Request, Response, Send
from ngrok_async.testing import FakeNgrok

KEY = "2key-of-some-length"


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake without a limit."""
    async with FakeNgrok(limit=None) as fake:
        yield fake


class Through:
    """A middleware of a class."""

    async def __call__(self, request: Request, send: Send) -> Response:
        """Let everything through."""
        return await send(request)

    def sync(self, request: Request, send: Send) -> Any:  # noqa: ANN401 # what `send` returns
        """Return something to await."""
        return send(request)


async def with_more(_: int, request: Request, send: Send) -> Response:
    """Take something in front."""
    return await send(request)


@pytest.mark.parametrize(
    "middleware",
    [
        Through(),
        Through().sync,
        partial(with_more, 1),
        partial(Through().__call__),
        lambda request, send: send(request),
        AsyncMock(side_effect=Through().__call__),
        MagicMock(side_effect=lambda request, send: send(request)),
        create_autospec(Through().__call__, side_effect=Through().__call__),
    ],
    ids=[
        "object",
        "method",
        "partial",
        "partial method",
        "lambda",
        "AsyncMock",
        "Mock",
        "autospec",
    ],
)
@pytest.mark.parametrize("option", ["limiter", "middlewares"])
async def test_whatever_returns_an_awaitable_is_a_middleware(
    fake: FakeNgrok,
    option: str,
    middleware: Any,  # noqa: ANN401 # of all kinds
) -> None:
    """Objects, methods, partials and doubles are taken as they are."""
    given = [middleware] if option == "middlewares" else middleware
    async with Client(fake.api_key, base_url=fake.url, **{option: given}) as ngrok:
        await ngrok.tunnels.list()

    assert 1 == len(fake.requests)


def _gives_none(request: Request, send: Send) -> None:
    """Forget everything."""


def _gives_a_response(_: Request, __: Send) -> Response:
    """Be no coroutine function."""
    return Response(status=200)


async def _forgets(request: Request, send: Send) -> None:
    """Forget to return."""
    await send(request)


async def _returns_a_body(request: Request, send: Send) -> bytes:
    """Return a part."""
    return (await send(request)).body


WRONG_AT_A_CALL: list[tuple[Any, str]] = [
    (_gives_none, "_gives_none returned None, which cannot be awaited; write `async def`"),
    (_gives_a_response, "_gives_a_response returned Response, which cannot be awaited; write"),
    (_forgets, "_forgets returned None; end it with `return await send"),
    (_returns_a_body, "_returns_a_body returned bytes; end it"),
]


@pytest.mark.parametrize(("wrong", "reason"), WRONG_AT_A_CALL)
@pytest.mark.parametrize("option", ["limiter", "middlewares"])
async def test_a_middleware_that_returns_no_response_is_named(
    fake: FakeNgrok,
    option: str,
    wrong: Any,  # noqa: ANN401 # of all kinds
    reason: str,
) -> None:
    """The error says which one it is, what it returned, and whether the call had its effect."""
    given = [Through(), wrong] if option == "middlewares" else wrong
    name = r"middlewares\[1\]" if option == "middlewares" else "limiter"
    sent = int(wrong in {_forgets, _returns_a_body})
    async with Client(fake.api_key, base_url=fake.url, **{option: given}) as ngrok:
        for call in (ngrok.ip_policies.create(), ngrok.ip_policies.list()):
            with pytest.raises(ConfigurationError, match=f"{name} must be .*; {reason}") as caught:
                await call
            error = caught.value
            effect = sent == 1 and error.method == "POST"

            assert ("/ip_policies", sent, effect) == (
                error.path,
                error.attempts,
                error.maybe_applied,
            )

    assert 2 * sent == len(fake.requests)


async def _waits(event: object) -> None:
    """Do what takes time."""


class Waits:
    """A listener of a class."""

    async def __call__(self, event: object) -> None:
        """Do what takes time."""


async def _stream(_: object) -> AsyncIterator[int]:
    yield 1


def _steps(_: object) -> Iterator[int]:
    yield 1


def _takes_two(event: object, more: object) -> None:
    """Take too much."""


ASYNC = "an async one, which nobody would await"
WRONG_AT_ONCE: list[tuple[dict[str, Any], str]] = [
    ({"on_event": _waits}, ASYNC),
    ({"on_event": Waits()}, ASYNC),
    ({"on_event": Waits().__call__}, ASYNC),
    ({"on_event": partial(_waits)}, ASYNC),
    ({"on_event": partial(partial(Waits()))}, ASYNC),
    ({"on_event": AsyncMock()}, ASYNC),
    ({"on_event": _steps}, "_steps, which has a `yield`"),
    ({"on_event": _stream}, "_stream, which has a `yield`"),
    ({"on_event": _takes_two}, r"_takes_two, which takes \(event: .*, more: .*\)"),
    ({"on_event": Waits}, "the class Waits"),
    ({"middlewares": [_stream]}, r"middlewares\[0\] must be .*got _stream, which has a `yield`"),
    ({"middlewares": [_waits]}, r"got _waits, which takes \(event"),
    ({"middlewares": [with_more]}, r"got with_more, which takes \(_: int"),
    ({"middlewares": Through()}, "must be a list or tuple, got Through"),
    ({"limiter": _waits}, r"limiter must be a RateLimit, .*got _waits, which takes \(event"),
]


@pytest.mark.parametrize(("options", "reason"), WRONG_AT_ONCE)
def test_what_could_never_be_called_is_refused(options: Any, reason: str) -> None:  # noqa: ANN401
    """Before there is a client, and not at its first call or never."""
    with pytest.raises(ConfigurationError, match=reason):
        Client(KEY, **options)


@pytest.mark.parametrize(
    "listener", [print, [].append, {}.update, MagicMock(), partial(print, "event"), lambda *_: None]
)
def test_listeners(listener: Any) -> None:  # noqa: ANN401 # of all kinds
    """Whatever can be called with an event is one, also where it does not tell what it takes."""
    assert listener == Client(KEY, on_event=listener).limits()["on_event"]


async def test_a_listener_that_returns_a_coroutine_is_named(
    fake: FakeNgrok, caplog: pytest.LogCaptureFixture
) -> None:
    """A plain function may return one all the same; it is not run, and not forgotten silently."""
    async with Client(
        fake.api_key, base_url=fake.url, on_event=lambda event: [_waits(event)][0]
    ) as ngrok:
        await ngrok.tunnels.list()

    assert "on_event must be a plain function: nobody awaits what it returned" in caplog.messages


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"limiter": "redis://:S3cret@host/0"}, id="limiter"),
        pytest.param({"on_event": "redis://:S3cret@host/0"}, id="on_event"),
        pytest.param({"middlewares": "redis://:S3cret@host/0"}, id="middlewares"),
        pytest.param({"middlewares": ["redis://:S3cret@host/0"]}, id="one of the middlewares"),
    ],
)
def test_a_text_is_not_shown(options: dict[str, Any]) -> None:
    """The URL of a Redis, passed where a `RedisRateLimit` of it belongs, has a password in it."""
    with pytest.raises(ConfigurationError) as caught:
        Client(KEY, **options)

    assert str(caught.value).endswith("got str")
    assert "S3cret" not in repr(caught.value)
