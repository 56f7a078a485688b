"""What happens to Redis at full load: processes keep to about the limit, and it passes."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from tests.redis.load import Load, clients
from tests.redis.servers import RedisServer, replica


def restart(server: RedisServer) -> None:
    """Let it come back without what it knew."""
    server.stop()
    server.start()


def restart_from_disk(server: RedisServer) -> None:
    """Let it come back with what it knew a while ago."""
    server.ask("SAVE")
    time.sleep(0.3)
    server.stop()
    server.start()


def stall(server: RedisServer) -> None:
    """Let it say nothing for longer than it is waited for, and for longer than a window."""
    server.signal(signal.SIGSTOP)
    time.sleep(2)
    server.signal(signal.SIGCONT)


def evict(server: RedisServer) -> None:
    """Let it drop whatever it likes, for it is full of something else."""
    server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    server.ask("CONFIG", "SET", "maxmemory", 1)
    server.ask("PING")
    assert 0 == server.ask("DBSIZE")
    server.ask("CONFIG", "SET", "maxmemory", 0)


def fill_up(server: RedisServer) -> None:
    """Let it refuse to write for a while."""
    server.ask("CONFIG", "SET", "maxmemory", 1)
    time.sleep(0.3)
    server.ask("CONFIG", "SET", "maxmemory", 0)


def forget_scripts(server: RedisServer) -> None:
    """Let it forget the script, as after a restart."""
    server.ask("SCRIPT", "FLUSH")


def delete(server: RedisServer) -> None:
    """Let somebody delete the key."""
    server.ask("FLUSHALL")


OUTAGES = (restart, restart_from_disk, stall, evict, fill_up, forget_scripts, delete)
# Each takes some windows, so they are gone through side by side.
LIMIT = {"requests": 30, "window": 1.5}
# A tenth more is borne: a disk or a replica may be a moment behind, and so may be what a process
# has heard of the others. Parts on top of what was used before would be twice the limit.
ABOUT = 33


async def go_through(outage: Callable[[RedisServer], None], directory: Path) -> Load:
    """Let something happen to a server of its own; return what was counted."""
    with RedisServer(directory) as server:
        async with (
            clients(3, lambda: Redis(port=server.port)) as redis,
            Load(redis, **LIMIT, command_timeout=0.3) as load,
        ):
            await load.more()
            await load.shared()
            await asyncio.to_thread(outage, server)
            await load.more()
            await load.shared()
            await load.more()
    return load


async def test_outages_pass(server: RedisServer, tmp_path: Path) -> None:  # noqa: ARG001 # it shows that there is one
    """Meanwhile processes keep within the limit; a little later they share it again."""
    loads = await asyncio.gather(
        *(go_through(outage, tmp_path / outage.__name__) for outage in OUTAGES)
    )

    peaks = {outage.__name__: load.peak for outage, load in zip(OUTAGES, loads, strict=True)}
    assert all(peak <= ABOUT for peak in peaks.values()), peaks


async def test_gone_for_good(own_server: RedisServer) -> None:
    """Six processes know that they are six, and keep within the limit without Redis."""
    async with (
        clients(6, lambda: Redis(port=own_server.port)) as redis,
        Load(redis, requests=48, window=1.0, command_timeout=0.3) as load,
    ):
        await load.more()
        await load.shared()
        own_server.stop()
        await load.alone()
        await load.more(windows=2)

    assert {*range(6)} == load.was_alone
    assert load.peak <= 53


class Address:
    """A TCP address that leads to one server, then to another."""

    def __init__(self, target: RedisServer) -> None:
        """Lead there at first."""
        self.target = target
        self._writers: list[asyncio.StreamWriter] = []

    def move(self, target: RedisServer) -> None:
        """Lead elsewhere from now on; who is connected is thrown out."""
        self.target = target
        for writer in self._writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what is said, both ways."""
        self._writers.append(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target.port)
        except OSError:
            writer.close()
            return
        self._writers.append(back)
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))

    @staticmethod
    async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def address(target: RedisServer) -> AsyncIterator[tuple[int, Callable[[RedisServer], None]]]:
    """Open such an address; return its port, and what moves it."""
    moving = Address(target)
    server = await asyncio.start_server(moving.serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], moving.move
    server.close()
    moving.move(target)
    await asyncio.sleep(0.05)  # what was closed is read to its end


async def test_replica_is_promoted(own_server: RedisServer, tmp_path: Path) -> None:
    """It may lack the last of what the primary knew, and nothing is refused."""
    with replica(tmp_path / "replica", own_server) as copy:
        async with (
            address(own_server) as (port, move),
            clients(3, lambda: Redis(port=port)) as redis,
            Load(redis, **LIMIT, command_timeout=0.3) as load,
        ):
            await load.more()
            await load.shared()
            own_server.stop()
            copy.ask("REPLICAOF", "NO", "ONE")
            move(copy)
            await load.more()
            await load.shared()
            await load.more()

    assert load.peak <= ABOUT


async def test_mixed_limits(server: RedisServer) -> None:
    """While a new limit is rolled out, all go by the smaller, and nobody starves."""
    server.ask("FLUSHALL")
    async with (
        clients(4, lambda: Redis(port=server.port)) as redis,
        Load(redis[:2], requests=10) as low,
    ):
        await low.more()
        async with Load(redis[2:], requests=20) as high:
            await high.more()
            await low.more()

    assert low.peak <= 10
    assert high.peak <= 10
    assert min(high.sent) > 0


async def test_two_versions_with_half_each(server: RedisServer) -> None:
    """Their keys have other names, so each counts for itself; halves add up to the limit."""
    server.ask("FLUSHALL")
    async with clients(4, lambda: Redis(port=server.port)) as redis:
        old, new = (
            Load(redis[n : n + 2], requests=10, in_flight=3, prefix=f"version-{n}") for n in (0, 2)
        )
        async with old, new:
            await asyncio.gather(old.more(windows=2), new.more(windows=2))

        keys = [key.partition(":")[0] for key in server.ask("KEYS", "*")]
        assert {"version-0", "version-2"} == {*keys}
    assert (0, 0) == (old.refused, new.refused)
