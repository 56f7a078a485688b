"""Measure the shared rate limit: `python -m benchmarks.redis_scale [NAME...]`.

Redis, the server that counts and all processes are on this machine, so the times are those of a
machine that is busy with all of them. The windows are of 2 s, for ngrok's 60 would take hours. Each
measure prints a table; the names are those of the functions below that begin with `measure_`.
"""

import argparse
import asyncio
import math
import signal
import statistics
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

import attrs
from redis.asyncio import Redis

from benchmarks.redis_load import Counting, Worker, Workers, scripts, spread
from ngrok_async import Request, Response
from ngrok_async.redis import RedisRateLimit
from tests.redis.servers import Cluster, RedisServer, Sentinel, replica

LIMIT, WINDOW, IN_FLIGHT = 120, 2.0, 10
LIMITER: Final = {"requests": LIMIT, "window": WINDOW, "in_flight": IN_FLIGHT}
SHORT = (0.005, 0.02)
CALLS = 720
MANY = 16

_directories = tempfile.TemporaryDirectory(prefix="redis-scale-")


def _directory() -> Path:
    return Path(tempfile.mkdtemp(dir=_directories.name))


def _row(*cells: object) -> None:
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def _head(title: str, *cells: str) -> None:
    print(f"\n{title}\n")
    _row(*cells)
    _row(*("---" for _ in cells))


async def _quota(count: int, limiter: dict[str, Any], service: tuple[float, float]) -> None:
    """Print the row of some processes that make 720 calls together, as fast as they may."""
    with RedisServer(_directory()) as redis:
        async with Counting(limiter["requests"], WINDOW, IN_FLIGHT, service) as server:
            workers = [
                Worker(
                    name=f"{number}",
                    redis=redis.port,
                    server=server.port,
                    limiter=limiter,
                    calls=CALLS // count,
                    callers=CALLS // count,
                )
                for number in range(count)
            ]
            async with Workers(workers) as running:
                redis.ask("CONFIG", "RESETSTAT")
                begin = time.monotonic()
                running.go()
                results = await running.results()
            took = server.log[-1][0] - begin
            run = scripts(redis)
    by_window = (math.ceil(CALLS / limiter["requests"]) - 1) * WINDOW
    least = max(by_window, (CALLS / IN_FLIGHT - 1) * statistics.mean(service))
    half = begin + took / 2  # at the end, all have made the calls that they were given
    shares = [sum(name == w.name for at, name in server.log if at < half) for w in workers]
    _row(
        count,
        *(f"{server.refused}, {server.crowded}", f"{took:.1f} s", f"{least:.1f} s"),
        f"{run / CALLS:.1f}",
        spread(shares),
        spread((_longest_gap(begin, w.name, server) for w in workers), 1),
        f"{sum(each.cpu for each in results) / took:.0%}",
    )


def _longest_gap(begin: float, name: str, server: Counting) -> float:
    """Return for how long a process that has calls to make made none."""
    times = [begin, *(at for at, each in server.log if each == name)]
    return max(after - before for before, after in pairwise(times))


_QUOTA: Final = (
    *("processes", "refused, over the number in flight", "took", "least possible"),
    *("scripts per call", "share at half-time, min / median / max"),
    *("longest time without a turn per process, min / median / max, s", "CPU of all processes"),
)


async def measure_window() -> None:
    """720 calls, 120 per window."""
    _head("The window holds them back", *_QUOTA)
    for count in (1, 4, 16, 48):
        await _quota(count, LIMITER, SHORT)


async def measure_in_flight() -> None:
    """The same, with the number in flight as the bottleneck."""
    _head("The number in flight holds them back", *_QUOTA)
    for count in (1, 4, 16, 48):
        await _quota(count, LIMITER | {"requests": 2000}, (0.1, 0.2))


class Proxy:
    """A service address, which moves to another server."""

    def __init__(self, port: int) -> None:
        """Lead to the server at a port."""
        self.target = port
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        """Begin to serve."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        self._server.close()
        self.move(self.target)

    def move(self, port: int) -> None:
        """Let new connections go there, and end the old ones."""
        self.target = port
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, back}
        await asyncio.gather(self._pipe(reader, back), self._pipe(there, writer))

    @staticmethod
    async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()


async def _broken(
    what: str, redis: int, break_it: Callable[[], object], *, deployment: str = ""
) -> None:
    """Print the row of 16 processes at full load amid which something breaks after 4 s."""
    async with Counting(LIMIT, WINDOW, IN_FLIGHT, SHORT) as server:
        workers = [
            Worker(
                name=f"{number}",
                redis=redis,
                server=server.port,
                limiter=LIMITER,
                seconds=16,
                deployment=deployment,
            )
            for number in range(MANY)
        ]
        async with Workers(workers) as running:
            running.go()
            await asyncio.sleep(4)
            broken = time.monotonic()
            await asyncio.to_thread(break_it)
            mended = time.monotonic()
            results = await running.results()
    alone = sum(any(at > broken and not shared for at, shared in r.shared) for r in results)
    back = [r.shared[-1][0] - mended for r in results if r.shared[-1][1]]
    again = f"{max(0.0, *back):.1f} s" if len(back) == MANY else f"never: {MANY - len(back)}"
    sent = sum(broken <= at < mended + 2 * WINDOW for at, _ in server.log)
    allowed = (mended - broken + 2 * WINDOW) * LIMIT / WINDOW
    _row(
        what,
        *(server.refused, server.most, sum(r.failed for r in results)),
        f"{max(wait for r in results for wait in r.waits):.1f} s",
        *(alone, again if alone else "-", f"{sent / allowed:.0%}"),
    )


def _restart(redis: RedisServer) -> None:
    redis.stop()
    redis.start()


def _stall(seconds: float, redis: RedisServer) -> None:
    redis.signal(signal.SIGSTOP)
    time.sleep(seconds)
    redis.signal(signal.SIGCONT)


def _migrate(cluster: Cluster) -> None:
    """Move the slot of the limit to another node, taking 3 s about it."""
    with cluster.moving(cluster.names()[0]) as move:
        time.sleep(1.5)
        move()
        time.sleep(1.5)


_OUTAGES: Final[dict[str, tuple[Callable[[RedisServer], object], tuple[str, ...]]]] = {
    "nothing": (lambda _: None, ()),
    "gone for good": (RedisServer.stop, ()),
    "stalled for 1 s": (partial(_stall, 1), ()),
    "stalled for 5 s": (partial(_stall, 5), ()),
    "restarted empty": (_restart, ()),
    "restarted from disk, as it was 1 s ago": (_restart, ("--save", "1 1")),
}


async def measure_outages() -> None:
    """16 processes; Redis goes, stalls, forgets, is replaced."""
    _head(
        f"Outages, {MANY} processes",
        *("what", "refused", "most in flight", "calls that failed", "longest wait"),
        *("processes that were alone", "seconds until all shared again"),
        "sent from its begin until 4 s after its end, of what the limit allows",
    )
    for what, (break_it, options) in _OUTAGES.items():
        with RedisServer(_directory(), *options) as redis:
            await _broken(what, redis.port, partial(break_it, redis))
    with RedisServer(_directory()) as redis, replica(_directory(), redis) as copy:
        async with Proxy(redis.port) as proxy:
            loop = asyncio.get_running_loop()

            def promote() -> None:
                redis.stop()
                copy.ask("REPLICAOF", "NO", "ONE")
                loop.call_soon_threadsafe(proxy.move, copy.port)

            await _broken("replica promoted", proxy.port, promote)
    with closing(Cluster(_directory(), "redis")) as cluster:
        break_it = partial(_migrate, cluster)
        await _broken("slot migrating, 3 s", cluster.port, break_it, deployment="cluster")
    with closing(Sentinel(_directory(), "redis")) as three:
        port = three.address[1]
        await _broken("Sentinel failover", port, three.fail_over, deployment="sentinel")


async def measure_kills() -> None:
    """Twelve of 16 processes are killed at random and replaced; then one that holds all places."""
    _head(
        "Killed processes, the lease being the default",
        *("what", "refused", "most in flight", "calls a second before", "and during"),
        "seconds of capacity lost",
    )
    with RedisServer(_directory()) as redis:
        async with Counting(LIMIT, WINDOW, IN_FLIGHT, (0.1, 0.25)) as server:
            base = Worker(name="", redis=redis.port, server=server.port, limiter=LIMITER, callers=2)
            workers = [attrs.evolve(base, name=f"{number}") for number in range(MANY + 12)]
            async with Workers(workers) as running:
                running.go(0, MANY)
                await asyncio.sleep(5)
                killed = time.monotonic()
                for number in range(12):
                    await running.kill(number)
                    running.go(MANY + number, 1)
                    await asyncio.sleep(0.7)
                took = time.monotonic() - killed
    before = sum(killed - 4 <= at < killed for at, _ in server.log) / 4
    during = sum(killed <= at for at, _ in server.log) / took
    _row(
        *("12 in 8 s", server.refused, server.most, f"{before:.0f}", f"{during:.0f}"),
        f"{took * max(0.0, 1 - during / before):.1f}",
    )
    with RedisServer(_directory()) as redis:
        async with Counting(LIMIT, WINDOW, IN_FLIGHT, (1000, 1000)) as server:
            base = Worker(
                name="", redis=redis.port, server=server.port, limiter=LIMITER, seconds=300
            )
            holder = attrs.evolve(base, name="holder", callers=IN_FLIGHT)
            others = [attrs.evolve(base, name=f"{number}") for number in range(4)]
            async with Workers([holder, *others]) as running:
                running.go(0, 1)
                await asyncio.sleep(1)
                running.go(1)
                await asyncio.sleep(1)
                killed = time.monotonic()
                await running.kill(0)
                while len(server.log) <= IN_FLIGHT:  # noqa: ASYNC110 # the log has no event
                    await asyncio.sleep(0.01)
                lost = time.monotonic() - killed
    _row("one that holds all places", server.refused, server.most, "-", "-", f"{lost:.1f}")


async def measure_mixed() -> None:
    """Half of 16 processes are told a lower limit, as while a new setting is rolled out."""
    _head(
        "Mixed limits, 8 processes with 120 and 8 with 100",
        *("requests in a window at most", "share of one with 120", "of one with 100"),
    )
    with RedisServer(_directory()) as redis:
        async with Counting(LIMIT, WINDOW, IN_FLIGHT, SHORT) as server:
            base = Worker(
                name="", redis=redis.port, server=server.port, limiter=LIMITER, seconds=12
            )
            lower = attrs.evolve(base, limiter=LIMITER | {"requests": 100})
            workers = [
                attrs.evolve(each, name=f"{number}{each.limiter['requests']}")
                for number in range(8)
                for each in (base, lower)
            ]
            async with Workers(workers) as running:
                running.go()
                await running.results()
    shares = server.shares()
    by_limit = [
        spread(shares[w.name] for w in workers if w.limiter["requests"] == limit)
        for limit in (120, 100)
    ]
    times = [at for at, _ in server.log if at > server.log[0][0] + WINDOW]
    most = max(bisect_right(times, at + WINDOW) - n for n, at in enumerate(times))
    _row(most, *by_limit)


async def _at_once(_: Request) -> Response:
    return Response(status=200)


async def measure_latency() -> None:
    """What a call without contention pays, beside a PING on the same connection."""
    _head("Latency, medians of 2,000 calls", "", "us", "PINGs", "99 of 100, us")
    pings, before, after = list[float](), list[float](), list[float]()
    request = Request(method="GET", path="/", route="GET /")
    with RedisServer(_directory()) as server:
        async with Redis(port=server.port) as redis:
            limiter = RedisRateLimit(redis, account="one", window=0.2)  # it is never full
            for _ in range(2000):
                begin = time.perf_counter()
                await redis.ping()
                pings.append(time.perf_counter() - begin)
                left = 0.0

                async def send(request: Request) -> Response:
                    nonlocal left
                    left = time.perf_counter()
                    return await _at_once(request)

                begin = time.perf_counter()
                await limiter(request, send)
                after.append(time.perf_counter() - left)
                before.append(left - begin)
                await asyncio.sleep(0.002)
    ping = statistics.median(pings)
    for what, times in (("a PING", pings), ("before a call", before), ("after it", after)):
        median = statistics.median(times)
        worst = statistics.quantiles(times, n=100)[-1]
        _row(what, *(f"{median * 1e6:.0f}", f"{median / ping:.1f}", f"{worst * 1e6:.0f}"))


async def measure_accounts() -> None:
    """1,000 accounts in one process: time, and memory in Redis."""
    _head("Accounts", "what", "keys", "bytes in Redis per account")
    request = Request(method="GET", path="/", route="GET /")

    async def calls(limiter: RedisRateLimit, count: int) -> None:
        for _ in range(count):
            await limiter(request, _at_once)

    for accounts, count in ((1000, 1), (1000, 10), (100, 120)):
        with RedisServer(_directory()) as server:
            async with Redis(port=server.port, max_connections=1000) as redis:
                limits = [RedisRateLimit(redis, account=f"{n}") for n in range(accounts)]
                begin = time.monotonic()
                for first in range(0, accounts, 50):
                    await asyncio.gather(*(calls(each, count) for each in limits[first:][:50]))
                took = time.monotonic() - begin
                await asyncio.gather(*(each.read_budget() for each in limits[-50:]))
                names = server.ask("KEYS", "*")
                each = sum(server.ask("MEMORY", "USAGE", name) for name in names) / accounts
        what = f"{accounts:,} accounts, {count} calls each, in {took:.1f} s"
        _row(what, len(names), f"{each:.0f}")


async def measure_capacity() -> None:
    """What an account with many processes costs Redis."""
    _head("Capacity", "processes", "bytes in Redis", "us of Redis per script", "scripts a second")
    request = Request(method="GET", path="/", route="GET /")
    for count in (1, 4, 16, 48, 200):
        with RedisServer(_directory()) as server:
            async with Redis(port=server.port) as redis:
                limits = [RedisRateLimit(redis, account="one") for _ in range(count)]
                for number in range(LIMIT - 1):
                    await limits[number % count](request, _at_once)
                for each in limits:
                    await each.read_budget()
                server.ask("CONFIG", "RESETSTAT")
                for _ in range(500):
                    await limits[0].read_budget()
                each = server.info("commandstats")["cmdstat_evalsha"]["usec_per_call"]
                used = sum(server.ask("MEMORY", "USAGE", key) for key in server.ask("KEYS", "*"))
        _row(count, used, f"{each:.0f}", f"{1e6 / each:,.0f}")


def main() -> None:
    """Measure what is named, or everything."""
    measures = {
        name.removeprefix("measure_"): value
        for name, value in globals().items()
        if name.startswith("measure_")
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="*", help=", ".join(measures))
    chosen = parser.parse_args().name or measures
    with _directories:
        for name in chosen:
            asyncio.run(measures[name]())


if __name__ == "__main__":
    main()
