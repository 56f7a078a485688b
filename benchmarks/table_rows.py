"""The rows of the table: what is measured."""

import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
from adapters import Adapter, Official, Ours, RawJSON, adapters
from bodies import session_id
from paired import Ratio, measure
from processes import Memory, Start, imports, memory
from same_results import differences
from server import certificate, running
from variations import VARIATIONS, distinct_pages
from waits import Stops, pages, prefetch, stops

GETS: Final = 400
KINDS: Final = {"tunnel_sessions": "session", "endpoints": "endpoint"}

Work: TypeAlias = Callable[[Adapter], Awaitable[int]]
"""Does something through an adapter; returns how many units of it."""


class DifferentError(Exception):
    """Adapters return different objects, so their costs cannot be compared."""


@attrs.frozen
class Varied:
    """What our decoding costs with a variation of the bodies.

    Attributes:
        raw: By `json.loads` of the same bodies.
        usual: By ours of the usual ones.
    """

    raw: Ratio
    usual: Ratio


def _reading(adapter: Adapter, name: str) -> Callable[[bytes], Sequence[object]]:
    return adapter.sessions if name == "tunnel_sessions" else adapter.endpoints


async def _decode(read: Callable[[bytes], Sequence[object]], bodies: Sequence[bytes]) -> int:
    for body in bodies:
        read(body)
    return len(bodies)


def compare(kind: str, results: Mapping[str, Any]) -> None:
    """Refuse to go on if results differ."""
    if found := differences(kind, results):
        raise DifferentError("\n".join(found[:10]))


class Rows:
    """All measurements: quick ones, or with rounds enough to trust the second decimal."""

    def __init__(self, *, quick: bool) -> None:
        """Take the adapters that are installed."""
        self._quick = quick
        self._all = adapters()
        self._plainest = [a for a in self._all if type(a) in {RawJSON, Ours}]
        self._decodes = 10 if quick else 60
        self._waiting = [a for a in self._all if type(a) in {RawJSON, Ours, Official}]

    @property
    def names(self) -> list[str]:
        """The adapters, the baseline first."""
        return [adapter.name for adapter in self._all]

    async def singly(self) -> dict[str, Ratio]:
        """Get single sessions, one after another."""
        with running() as server:
            return await self._gets(server.url, one_by_one=True)

    async def gets(self) -> dict[str, Ratio]:
        """Get single sessions, some at a time."""
        with running() as server:
            return await self._gets(server.url)

    async def injected(self) -> dict[str, Ratio]:
        """Get single sessions, ours through a session of the caller's."""
        with running() as server:
            return await self._gets(server.url, injected=True)

    async def tls(self) -> dict[str, Ratio]:
        """Get single sessions over TLS."""
        with tempfile.TemporaryDirectory() as folder:
            file = str(certificate(Path(folder)))
            os.environ["REQUESTS_CA_BUNDLE"] = file  # for the official client
            with running(tls=file) as server:
                return await self._gets(server.url, ssl.create_default_context(cafile=file))

    async def lists(self) -> dict[str, Ratio]:
        """List all sessions."""

        async def work(adapter: Adapter) -> int:
            return len(await adapter.collect())

        with running() as server:
            async with self._opened(server.url):
                compare("session", {a.name: await a.collect() for a in self._all})
                return await self._measure(work, 4 if self._quick else 25)

    async def walks(self) -> dict[str, Ratio]:
        """Walk over all sessions."""

        async def work(adapter: Adapter) -> int:
            count = 0
            async for _ in adapter.walk():
                count += 1
            return count

        with running() as server:
            async with self._opened(server.url):
                compare("session", {a.name: [i async for i in a.walk()] for a in self._all})
                return await self._measure(work, 4 if self._quick else 25)

    async def sessions(self) -> dict[str, Ratio]:
        """Decode pages of sessions."""
        return await self._decoded("tunnel_sessions", self._all, "as usual")

    async def endpoints(self) -> dict[str, Ratio]:
        """Decode pages of endpoints."""
        return await self._decoded("endpoints", self._all, "as usual")

    async def variations(self) -> dict[str, dict[str, Varied]]:
        """Decode pages with what may be in them on some day."""
        return {
            variation: {
                name: Varied(
                    (await self._decoded(name, self._plainest, variation))[Ours.name],
                    (await self._compared(name, variation))[variation],
                )
                for name in KINDS
            }
            for variation in VARIATIONS
        }

    async def memory(self) -> dict[str, Memory]:
        """Keep sessions."""
        return memory(self.names, 5_000 if self._quick else 20_000)

    async def prefetch(self) -> dict[str, float]:
        """Work on a page while the next one comes."""
        return await prefetch(self._waiting, 1 if self._quick else 5)

    async def pages_6(self) -> dict[str, float]:
        """Walk over a few pages with work on each."""
        return await pages(6, 3 if self._quick else 15)

    async def pages_20(self) -> dict[str, float]:
        """Walk over more of them."""
        return await pages(20, 1 if self._quick else 7)

    async def stops(self) -> dict[str, Stops]:
        """Stop more sessions than a window allows."""
        return await stops(self._waiting, 2.0 if self._quick else 5.0)

    def starts(self) -> dict[str, Start]:
        """Import, and use resources for the first time."""
        official = ["import ngrok"] if Official.name in self.names else []
        ours = ["import ngrok_async", "from ngrok_async import Client"]
        return imports([*ours, *official], 2 if self._quick else 9)

    async def _gets(
        self,
        url: str,
        context: ssl.SSLContext | None = None,
        *,
        injected: bool = False,
        one_by_one: bool = False,
    ) -> dict[str, Ratio]:
        ids = [session_id(number) for number in range(GETS)]

        async def work(adapter: Adapter) -> int:
            mine = ids[: int(GETS * adapter.share)]
            if one_by_one:
                return len([await adapter.get(id_) for id_ in mine])
            return len(await adapter.gets(mine))

        async with self._opened(url, context, injected=injected):
            few = ids[:20]
            compare("session", {a.name: [await a.get(id_) for id_ in few] for a in self._all})
            return await self._measure(work, 11 if self._quick else 60)

    async def _decoded(
        self, name: str, compared: Sequence[Adapter], variation: str
    ) -> dict[str, Ratio]:
        """Decode pages, each adapter the same."""
        bodies, kind = distinct_pages(name, variation), KINDS[name]
        compare(kind, {a.name: [*chain(*map(_reading(a, name), bodies))] for a in compared})
        works = {a.name: partial(_decode, _reading(a, name), bodies) for a in compared}
        return await measure(works, self._decodes)

    async def _compared(self, name: str, variation: str) -> dict[str, Ratio]:
        """Decode pages as they are usually and with a variation, with ours."""
        ours = _reading(Ours(), name)
        works = {
            each: partial(_decode, ours, distinct_pages(name, each))
            for each in ("as usual", variation)
        }
        return await measure(works, self._decodes)

    @asynccontextmanager
    async def _opened(
        self, url: str, context: ssl.SSLContext | None = None, *, injected: bool = False
    ) -> AsyncIterator[None]:
        for adapter in self._all:
            adapter.injected = injected
            await adapter.open(url, context)
        yield
        for adapter in self._all:
            await adapter.close()

    async def _measure(self, work: Work, rounds: int) -> dict[str, Ratio]:
        return await measure({a.name: partial(work, a) for a in self._all}, rounds)
