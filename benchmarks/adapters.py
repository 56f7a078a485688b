"""The ways to call the API that are compared, each with the same methods.

Each is written as a good developer would who has only that library. Where BENCH_PLAIN is set in the
environment, ngrok-async does not find the libraries of its extra `speed`; the others still do.
"""

import asyncio
import importlib
import importlib.util
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from http import HTTPStatus
from types import ModuleType
from typing import Any, Final, TypeAlias

import aiohttp

_FASTER: Final = ("msgspec", "orjson")
_hide = bool(os.environ.get("BENCH_PLAIN"))
if _hide:
    sys.modules.update(dict.fromkeys(_FASTER))  # type: ignore[arg-type] # None: not to be imported

from ngrok_async import Client, RateLimit  # noqa: E402 # see above
from ngrok_async._operation import operations  # noqa: E402 # see above
from ngrok_async._wire import read  # noqa: E402 # see above
from ngrok_async.resources.endpoints import Endpoints  # noqa: E402 # see above
from ngrok_async.resources.tunnel_sessions import TunnelSessions  # noqa: E402 # see above

if _hide:
    for _name in _FASTER:
        del sys.modules[_name]

AT_ONCE: Final = 20
KEY: Final = "made-up-key"
HEADERS: Final = {"Authorization": f"Bearer {KEY}", "Ngrok-Version": "2"}

Page: TypeAlias = tuple[Sequence[object], str | None]
"""Items, and the link to the next page."""


def decoder() -> str:
    """Return what ngrok-async decodes JSON with here."""
    return read.decoder()


def session_of(context: ssl.SSLContext | None) -> aiohttp.ClientSession:
    """Return a session that trusts the server."""
    connector = None if context is None else aiohttp.TCPConnector(ssl=context)
    return aiohttp.ClientSession(connector=connector)


async def at_once(call: Callable[[str], Any], ids: Sequence[str]) -> list[Any]:
    """Make a call for each id, by a number of workers."""
    results, queue = list[Any](), iter(ids)

    async def work() -> None:
        for id_ in queue:
            results.append(await call(id_))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return results


class Adapter:
    """A way to call the API.

    Attributes:
        name: What the table calls it.
        share: The part of a batch that it does: a slow one would take most of the time.
        injected: Whether ours goes through a session of the caller's.
    """

    name = ""
    share = 1.0
    injected = False

    async def open(self, url: str, context: ssl.SSLContext | None = None) -> None:
        """Prepare for a server; `context` trusts its self-signed certificate."""

    async def close(self) -> None:
        """Close the connections."""

    async def get(self, id_: str) -> object:
        """Get one session."""
        raise NotImplementedError

    async def stop(self, id_: str) -> None:
        """Stop a session."""
        raise NotImplementedError

    async def gets(self, ids: Sequence[str]) -> list[Any]:
        """Get sessions, some at a time."""
        return await at_once(self.get, ids)

    async def stops(self, ids: Sequence[str], *, pause: float) -> None:
        """Stop sessions, some at a time; without anything better, with a pause after each."""
        del pause
        await at_once(self.stop, ids)

    async def collect(self) -> list[Any]:
        """List all sessions."""
        raise NotImplementedError

    def walk(self) -> AsyncIterator[object]:
        """Walk over all sessions, one by one."""
        raise NotImplementedError

    def sessions(self, body: bytes) -> Sequence[object]:
        """Decode a page of sessions."""
        raise NotImplementedError

    def endpoints(self, body: bytes) -> Sequence[object]:
        """Decode a page of endpoints."""
        raise NotImplementedError


class RawJSON(Adapter):
    """aiohttp, and dicts made by `json.loads`: the baseline."""

    name = "aiohttp + json"

    async def open(self, url: str, context: ssl.SSLContext | None = None) -> None:
        """Open a session."""
        self._url = url
        self._session = session_of(context)

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()

    async def get(self, id_: str) -> object:
        """Get one session."""
        url = f"{self._url}/tunnel_sessions/{id_}"
        async with self._session.get(url, headers=HEADERS) as response:
            response.raise_for_status()
            return await self._one(response)

    async def stop(self, id_: str) -> None:
        """Stop a session; when the limit refuses it, try twice again."""
        url = f"{self._url}/tunnel_sessions/{id_}/stop"
        for pause in (0.25, 0.5, 0.0):
            async with self._session.post(url, headers=HEADERS) as response:
                if response.status != HTTPStatus.TOO_MANY_REQUESTS:
                    response.raise_for_status()
                    return
            await asyncio.sleep(pause)

    async def collect(self) -> list[Any]:
        """List all sessions."""
        items: list[Any] = []
        async for page in self._pages():
            items += page
        return items

    async def walk(self) -> AsyncIterator[object]:
        """Walk over all sessions, one by one."""
        async for page in self._pages():
            for item in page:
                yield item

    def sessions(self, body: bytes) -> Sequence[object]:
        """Decode a page of sessions."""
        return json.loads(body)["tunnel_sessions"]  # type: ignore[no-any-return] # of course

    def endpoints(self, body: bytes) -> Sequence[object]:
        """Decode a page of endpoints."""
        return json.loads(body)["endpoints"]  # type: ignore[no-any-return] # of course

    async def _pages(self) -> AsyncIterator[Sequence[object]]:
        url: str | None = f"{self._url}/tunnel_sessions?limit=100"
        while url:
            async with self._session.get(url, headers=HEADERS) as response:
                response.raise_for_status()
                items, url = await self._page(response)
            yield items

    async def _one(self, response: aiohttp.ClientResponse) -> object:
        return await response.json()

    async def _page(self, response: aiohttp.ClientResponse) -> Page:
        page = await response.json()
        return page["tunnel_sessions"], page["next_page_uri"]


class RawOrjson(RawJSON):
    """aiohttp, and dicts made by orjson."""

    name = "aiohttp + orjson"

    def __init__(self, orjson: ModuleType) -> None:
        """Use the library."""
        self._loads = orjson.loads

    def sessions(self, body: bytes) -> Sequence[object]:
        """Decode a page of sessions."""
        return self._loads(body)["tunnel_sessions"]  # type: ignore[no-any-return] # of course

    def endpoints(self, body: bytes) -> Sequence[object]:
        """Decode a page of endpoints."""
        return self._loads(body)["endpoints"]  # type: ignore[no-any-return] # of course

    async def _one(self, response: aiohttp.ClientResponse) -> object:
        return self._loads(await response.read())

    async def _page(self, response: aiohttp.ClientResponse) -> Page:
        page = self._loads(await response.read())
        return page["tunnel_sessions"], page["next_page_uri"]


class RawStructs(RawJSON):
    """aiohttp, and typed structs made by msgspec."""

    name = "aiohttp + msgspec"

    def __init__(self, msgspec: ModuleType) -> None:
        """Make a decoder per answer."""
        structs = importlib.import_module("structs")
        self._decode_one = msgspec.json.Decoder(structs.TunnelSession).decode
        self._decode_page = msgspec.json.Decoder(structs.Sessions).decode
        self._decode_endpoints = msgspec.json.Decoder(structs.Endpoints).decode

    def sessions(self, body: bytes) -> Sequence[object]:
        """Decode a page of sessions."""
        return self._decode_page(body).tunnel_sessions  # type: ignore[no-any-return] # of course

    def endpoints(self, body: bytes) -> Sequence[object]:
        """Decode a page of endpoints."""
        return self._decode_endpoints(body).endpoints  # type: ignore[no-any-return] # of course

    async def _one(self, response: aiohttp.ClientResponse) -> object:
        return self._decode_one(await response.read())

    async def _page(self, response: aiohttp.ClientResponse) -> Page:
        page = self._decode_page(await response.read())
        return page.tunnel_sessions, page.next_page_uri


class Ours(Adapter):
    """This package with all that it does: limit, retries, strict decoding, prefetched pages."""

    name = "ngrok-async"

    def __init__(self, limit: int = 1_000_000, window: float = 60.0) -> None:
        """Set the rate limit; by default one that never makes anybody wait."""
        self._limit = RateLimit(limit, window, in_flight=2 * AT_ONCE)
        self._stack = AsyncExitStack()
        self._sessions = operations(TunnelSessions)["list"].decode
        self._endpoints = operations(Endpoints)["list"].decode

    async def open(self, url: str, context: ssl.SSLContext | None = None) -> None:
        """Make a client: with a session of its own, or one that trusts the certificate."""
        session = None
        if self.injected or context is not None:
            session = await self._stack.enter_async_context(session_of(context))
        client = Client(KEY, base_url=url, session=session, limiter=self._limit)
        self._client = await self._stack.enter_async_context(client)

    async def close(self) -> None:
        """Close the client."""
        await self._stack.aclose()

    async def get(self, id_: str) -> object:
        """Get one session."""
        return await self._client.tunnel_sessions.get(id_)

    async def stop(self, id_: str) -> None:
        """Stop a session."""
        await self._client.tunnel_sessions.stop(id_)

    async def collect(self) -> list[Any]:
        """List all sessions."""
        return await self._client.tunnel_sessions.list(limit=100).collect()

    def walk(self) -> AsyncIterator[object]:
        """Walk over all sessions, one by one."""
        return aiter(self._client.tunnel_sessions.list(limit=100))

    def pages(self) -> AsyncIterator[object]:
        """Walk over the pages of all sessions."""
        return self._client.tunnel_sessions.list(limit=100).pages()

    def sessions(self, body: bytes) -> Sequence[object]:
        """Decode a page of sessions."""
        return self._sessions(body).items  # type: ignore[no-any-return] # of course

    def endpoints(self, body: bytes) -> Sequence[object]:
        """Decode a page of endpoints."""
        return self._endpoints(body).items  # type: ignore[no-any-return] # of course


class Official(Adapter):
    """The official client, ngrok-api: synchronous, so in threads where several run at a time."""

    name = "ngrok-api"
    share = 0.1

    def __init__(self, ngrok: ModuleType) -> None:
        """Use the library."""
        self._ngrok = ngrok
        self._client: Any = ngrok.Client(KEY)

    async def open(self, url: str, context: ssl.SSLContext | None = None) -> None:
        """Make a client."""
        del context  # it trusts what REQUESTS_CA_BUNDLE names; there is no other way
        self._client = self._ngrok.Client(KEY, url)
        self._threads = ThreadPoolExecutor(AT_ONCE)

    async def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    async def get(self, id_: str) -> object:
        """Get one session."""
        return self._client.tunnel_sessions.get(id_)

    async def gets(self, ids: Sequence[str]) -> list[Any]:
        """Get sessions in threads."""
        return [*self._threads.map(self._client.tunnel_sessions.get, ids)]

    async def stops(self, ids: Sequence[str], *, pause: float) -> None:
        """Stop sessions one by one: it has no rate limit, so a pause keeps within it."""
        for id_ in ids:
            with suppress(RuntimeError):  # it takes the answer 204 for a failure
                self._client.tunnel_sessions.stop(id_)
            await asyncio.sleep(pause)

    async def collect(self) -> list[Any]:
        """List all sessions."""
        return list(self._client.tunnel_sessions.list(limit="100"))

    async def walk(self) -> AsyncIterator[object]:
        """Walk over all sessions, one by one."""
        for item in self._client.tunnel_sessions.list(limit="100"):
            yield item

    def sessions(self, body: bytes) -> Sequence[object]:
        """Decode a page of sessions."""
        types = self._ngrok.datatypes
        return types.TunnelSessionList(self._client, json.loads(body)).tunnel_sessions  # type: ignore[no-any-return] # of course

    def endpoints(self, body: bytes) -> Sequence[object]:
        """Decode a page of endpoints."""
        types = self._ngrok.datatypes
        return types.EndpointList(self._client, json.loads(body)).endpoints  # type: ignore[no-any-return] # of course


def adapters() -> list[Adapter]:
    """Return those whose library is installed, the baseline first."""
    found: list[Adapter] = [RawJSON()]
    found += [
        kind(importlib.import_module(module))
        for module, kind in (("orjson", RawOrjson), ("msgspec", RawStructs))
        if importlib.util.find_spec(module)
    ]
    found.append(Ours())
    if importlib.util.find_spec("ngrok"):
        found.append(Official(importlib.import_module("ngrok")))
    return found
