"""Answers for the resources, without a network."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aioresponses import aioresponses
from yarl import URL

from ngrok_async import Client

BASE_URL = "https://api.ngrok.com"


class _Response(aiohttp.ClientResponse):
    """What aioresponses 0.7.9 makes lacks an argument that aiohttp asks for since 3.14.

    https://github.com/pnuckowski/aioresponses/issues/289
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Add the argument."""
        super().__init__(*args, stream_writer=SimpleNamespace(output_size=0), **kwargs)


class _Wire(aioresponses):
    """Answers by path and query, as they are to stand in the first line of the request."""

    def add(self, url: str, method: str = "GET", **answer: object) -> None:
        """Answer one request; see aioresponses."""
        absolute = URL(f"{BASE_URL}{url}", encoded=True)
        super().add(absolute, method, response_class=_Response, **answer)


@pytest.fixture
def wire() -> Iterator[aioresponses]:
    """Take the place of the network; a request without an answer is a lost connection."""
    with _Wire() as mock:
        yield mock


@pytest.fixture
def sent(wire: aioresponses) -> Callable[[], list[str]]:
    """Return a function that tells method, path and query of each request so far."""
    return lambda: [
        f"{method} {url.raw_path_qs}"
        for (method, url), calls in wire.requests.items()
        for _ in calls
    ]


@pytest.fixture
def bodies(wire: aioresponses) -> Callable[[], list[Any]]:
    """Return a function that tells the body of each request so far that has one, decoded."""
    return lambda: [
        json.loads(call.kwargs["data"])
        for calls in wire.requests.values()
        for call in calls
        if call.kwargs["data"] is not None
    ]


@pytest.fixture
async def ngrok(wire: aioresponses) -> AsyncIterator[Client]:
    """Return a client that sends each request once, and none before it is asked for."""
    del wire  # only to be there before and after the client
    client = Client("key-of-the-tests", base_url=BASE_URL, retry=None, limiter=None, prefetch=False)
    async with client:
        yield client
