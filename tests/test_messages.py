"""A message shows a value shortened, whatever was passed and wherever it was passed."""

import enum
from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any

import pytest

from ngrok_async import Client, NgrokError, NotFoundError, RateLimit, Retry, Timeout
from ngrok_async._operation import Operation
from ngrok_async.redis import RedisRateLimit
from ngrok_async.testing import FakeNgrok
from ngrok_async.testing._routes import declared

LONGEST = 600
MEGABYTE = "x" * 1_000_000
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


class Untold:
    """Cannot be shown."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError


class Region(str, enum.Enum):  # noqa: UP042 # on purpose: str() of its members is another text
    """A text with a name."""

    EU = "eu"


HOSTILE = {
    "a megabyte": MEGABYTE,
    "a megabyte of line breaks": "\n" * 1_000_000,
    "bytes": b"x" * 1_000_000,
    "5001 digits": 10**5000,
    "5001 digits below zero": -(10**5000),
    "many items": ["x"] * 100_000,
    "a megabyte within": [MEGABYTE, {MEGABYTE: MEGABYTE}],
    "a megabyte as a name": {MEGABYTE: 1},
    "5001 digits as a name": {10**5000: 1},
    "deep": DEEP,
    "deep within": {"a": DEEP},
    "cannot be shown": Untold(),
    "cannot be shown within": [Untold()],
}


def _message(make: Callable[[], object]) -> str:
    """Return the text of the error that a call raises; empty where it raises none."""
    try:
        make()
    except (ValueError, TypeError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("bad", declared(), ids=lambda o: o.route.replace("/", " "))
def test_a_bad_argument_is_named_in_a_short_message(bad: Operation) -> None:
    """Every parameter of every operation: a request, or a `ValueError` that can be read."""
    usual = {"module": {}} if "module" in bad.parameters else {}
    usual |= dict.fromkeys(bad.path_names, "x_1")
    for name, value in product(bad.parameters, HOSTILE.values()):
        message = _message(lambda: bad.request(usual | {name: value}))  # noqa: B023 # called at once

        assert not message or name in message or message.startswith("nothing to change")
        assert len(message) < LONGEST


OPTIONS: dict[str, Callable[[Any], object]] = {
    "allow_insecure": lambda v: Client("key-0123", allow_insecure=v),
    "app_info": lambda v: Client("key-0123", app_info=v + "\n" if isinstance(v, str) else v),
    "base_url": lambda v: Client("key-0123", base_url=v),
    "base_url with a query": lambda _: Client("key-0123", base_url=f"https://a.example?{MEGABYTE}"),
    "limiter": lambda v: Client("key-0123", limiter=v),
    "max_wait": lambda v: Client("key-0123", max_wait=v),
    "middlewares": lambda v: Client("key-0123", middlewares=v),
    "middlewares, one": lambda v: Client("key-0123", middlewares=[v]),
    "on_event": lambda v: Client("key-0123", on_event=v),
    "prefetch": lambda v: Client("key-0123", prefetch=v),
    "proxy": lambda v: Client("key-0123", proxy=v),
    "retry": lambda v: Client("key-0123", retry=v),
    "session": lambda v: Client("key-0123", session=v),
    "timeout": lambda v: Client("key-0123", timeout=v),
    "Timeout.attempt": lambda v: Timeout(attempt=v),
    "Retry.max_attempts": lambda v: Retry(max_attempts=v),
    "Retry.backoff": lambda v: Retry(backoff=v),
    "Retry.codes": lambda v: Retry(codes=v),
    "RateLimit.requests": RateLimit,
    "RateLimit.window": lambda v: RateLimit(40, v),
    "RedisRateLimit.limit": lambda v: RedisRateLimit(None, v),  # type: ignore[arg-type] # not reached
    "RedisRateLimit.prefix": lambda v: RedisRateLimit(None, prefix=v),  # type: ignore[arg-type] # not reached
    "RedisRateLimit.share": lambda v: RedisRateLimit(None, share=v),  # type: ignore[arg-type] # not reached
}


@pytest.mark.parametrize("make", OPTIONS.values(), ids=OPTIONS)
def test_a_bad_option_is_named_in_a_short_message(make: Callable[[Any], object]) -> None:
    """Options too: a client, or an error that can be read."""
    for value in HOSTILE.values():
        message = _message(lambda: make(value))  # noqa: B023 # called at once

        assert len(message) < LONGEST


CALLS: dict[str, Callable[[Client, Any], Awaitable[object]]] = {
    "method": lambda c, v: c.request(v, "/x"),
    "path": lambda c, v: c.request("GET", v),
    "path with a query": lambda c, _: c.request("GET", f"/x?{MEGABYTE}"),
    "params": lambda c, v: c.request("GET", "/x", params={"a": [v]}),
    "a name in params": lambda c, v: c.request("GET", "/x", params={MEGABYTE: [v]}),
    "json": lambda c, v: c.request("POST", "/x", json={"a": [v, {1}]}),
    "max_items": lambda c, v: c.tunnels.list().collect(
        max_items=-v if isinstance(v, int) and v > 0 else v
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_bad_call_is_named_in_a_short_message(
    call: Callable[[Client, Any], Awaitable[object]],
) -> None:
    """What is passed by hand is shown shortened as well, and nothing is sent."""
    async with FakeNgrok() as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        for value in HOSTILE.values():
            with pytest.raises(ValueError, match=r"must|cannot be encoded") as caught:
                await call(ngrok, value)

            assert len(str(caught.value)) < LONGEST
        assert [] == fake.requests


def test_an_error_shows_a_long_path_shortened() -> None:
    """The path holds ids, and those are whatever was passed; `path` has it whole."""
    error = NotFoundError("gone", status=404, method="GET", path=f"/tunnels/{MEGABYTE}")

    assert len(str(error)) < LONGEST
    assert "(1000009 characters)" in str(error)
    assert f"/tunnels/{MEGABYTE}" == error.path


async def test_a_text_with_a_name_is_sent_as_its_value() -> None:
    """`str()` of an enumeration's member is its name; ngrok gets the text that it is."""
    async with FakeNgrok() as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        await ngrok.ip_policies.create(description=Region.EU)
        with pytest.raises(NgrokError):
            await ngrok.tunnels.list(before_id=Region.EU).collect()
        with pytest.raises(NgrokError):
            await ngrok.tunnel_sessions.list(filter=Region.EU)
        with pytest.raises(NgrokError):
            await ngrok.request("GET", "/tunnels", params={"before_id": Region.EU, "limit": 1})
        with pytest.raises(NotFoundError):
            await ngrok.tunnels.get(Region.EU)

    created, listed, filtered, asked, got = fake.requests
    assert {"description": "eu"} == created.json
    assert ["eu", "eu", "eu"] == [
        listed.query["before_id"],
        filtered.query["filter"],
        asked.query["before_id"],
    ]
    assert "/tunnels/eu" == got.path
