"""What the tests of the fake share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import aiohttp
import pytest

from ngrok_async.testing import FakeNgrok, TurnableClock

TARGET = {"datadog": {"api_key": "k"}}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"

Call: TypeAlias = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake without a limit, on a clock that stands still."""
    async with FakeNgrok(limit=None, clock=TurnableClock(running=False)) as fake:
        yield fake


@pytest.fixture
async def http(fake: FakeNgrok) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session that sends what the API asks for."""
    headers = {"authorization": f"Bearer {fake.api_key}", "ngrok-version": "2"}
    async with aiohttp.ClientSession(fake.url, headers=headers) as http:
        yield http


@pytest.fixture
def call(http: aiohttp.ClientSession) -> Call:
    """Return what sends a request and returns the answer's status and body."""
    return call_of(http)


def call_of(http: aiohttp.ClientSession) -> Call:
    """Return what sends a request over a session."""

    async def send(method: str, path: str, body: object = None, **query: str) -> tuple[int, Any]:
        async with http.request(method, path, json=body, params=query) as answer:
            return answer.status, await answer.json() if answer.content_length else None

    return send


@pytest.fixture
def create(call: Call) -> Callable[..., Awaitable[Any]]:
    """Return what creates a resource that must not be refused."""

    async def send(path: str, **body: object) -> object:
        status, item = await call("POST", path, body)

        assert 201 == status, item
        return item

    return send
