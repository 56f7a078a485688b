"""How time and memory grow with items walked, calls in flight and callers that wait at the limit.

`python benchmarks/growth_curves.py` writes docs/curves.json and docs/curves.svg, and prints what a
unit costs at each size. Each point is the best of processes of its own, with and without Python's
garbage collector, which looks at all that is alive again and again. It reads /proc: Linux only.
"""

import argparse
import asyncio
import gc
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp
import attrs
from adapters import KEY, decoder
from bodies import session_id
from chart import Panel, Point, drawn
from server import running

from ngrok_async import Client, RateLimit, Request, Response
from ngrok_async.testing import TurnableClock

DOCS: Final = Path(__file__).parent.parent / "docs"
_NO_LIMIT: Final = 1_000_000_000
_WINDOW: Final = 60.0
_ROUNDS: Final = 3
_CHEAP: Final = 100_000  # larger sizes are measured once


class Meter:
    """CPU time, and peak memory above what the process had before."""

    def __init__(self) -> None:
        """Start."""
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        self._resident = _kib("VmRSS")
        self.restart()

    def restart(self) -> None:
        """Count time from now on."""
        self._begin = time.process_time()

    def read(self, times: int = 1) -> tuple[float, int]:
        """Return seconds, divided by how often it was done, and bytes."""
        seconds = (time.process_time() - self._begin) / times
        return seconds, 1024 * (_kib("VmHWM") - self._resident)


def _kib(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    [value] = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(value)


async def walk(size: int) -> tuple[float, int]:
    """Walk over a list whose pages the server makes as it goes."""
    with running(sessions=size) as server:
        limit = RateLimit(_NO_LIMIT)
        async with Client(KEY, base_url=server.url, limiter=limit) as ngrok:
            async for _ in ngrok.tunnel_sessions.list(limit=100):
                break  # what happens once is done
            meter, count = Meter(), 0
            async for _ in ngrok.tunnel_sessions.list(limit=100):
                count += 1
            taken = meter.read()
    if count != size:
        raise RuntimeError(f"{count} items")
    return taken


async def flight(size: int) -> tuple[float, int]:
    """Have calls in flight together: the server answers when all of them have come."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a socket per call
    times = max(4, 2000 // size)
    ids = [session_id(number) for number in range(size)]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        limit = RateLimit(_NO_LIMIT, in_flight=size)
        with running() as server:
            ngrok = Client(KEY, base_url=server.url, session=session, limiter=limit)
            await ngrok.tunnel_sessions.get(ids[0])  # what happens once is done
        with running(hold=size) as server:
            ngrok = Client(KEY, base_url=server.url, session=session, limiter=limit)
            meter = Meter()
            for number in range(times + 1):
                if number == 1:  # connecting counts for the memory, not for the time
                    meter.restart()
                await asyncio.gather(*(ngrok.tunnel_sessions.get(id_) for id_ in ids))
            return meter.read(times)


async def wait(size: int) -> tuple[float, int]:
    """Have callers wait at the default limit, and turn the clock until all were served."""
    clock = TurnableClock(running=False)
    limiter = RateLimit(clock=clock)
    answer = Response(status=200)

    async def send(_: Request) -> Response:
        return answer

    async def call() -> None:
        await limiter(Request(method="GET", path="/tunnels"), send)

    async def served() -> None:
        while limiter.budget.in_flight:  # noqa: ASYNC110 # no event tells
            await asyncio.sleep(0)

    await asyncio.gather(*(call() for _ in range(limiter.budget.limit)))  # the window is full
    meter = Meter()
    tasks = [asyncio.create_task(call()) for _ in range(size)]
    await asyncio.sleep(0)
    if limiter.budget.waiting != size:
        raise RuntimeError(f"{limiter.budget.waiting} wait")
    while limiter.budget.waiting:
        clock.advance(_WINDOW)
        await served()
    await asyncio.gather(*tasks)
    return meter.read()


@attrs.frozen
class Curve:
    """What grows.

    Attributes:
        title: What is counted.
        unit: One of it.
        measure: Measures one size, in this process.
        sizes: In ascending order.
        large: The size from which on costs per unit are compared: below, what is done once shows.
    """

    title: str
    unit: str
    measure: Callable[[int], Coroutine[Any, Any, tuple[float, int]]]
    sizes: tuple[int, ...]
    large: int


CURVES: Final[Mapping[str, Curve]] = {
    "walk": Curve("items walked", "item", walk, (100, 1000, 10_000, 100_000, 1_000_000), 10_000),
    "flight": Curve("calls in flight", "call", flight, (1, 10, 100, 500, 1000, 2000), 100),
    "wait": Curve(
        "callers waiting at the limit", "caller", wait, (10, 100, 1000, 10_000, 100_000), 1000
    ),
}


def measured(name: str, sizes: Sequence[int]) -> list[Point]:
    """Measure points, in rounds over all of them: the least is what the machine disturbed least."""
    runs: dict[tuple[int, bool], list[tuple[float, int]]] = {}
    for number in range(_ROUNDS):
        for size in sizes:
            for with_gc in (True, False):
                if number == 0 or size <= _CHEAP:
                    runs.setdefault((size, with_gc), []).append(_run(name, size, with_gc=with_gc))
    return [
        Point(
            size,
            seconds=min(seconds for seconds, _ in runs[size, True]),
            without_gc=min(seconds for seconds, _ in runs[size, False]),
            bytes=max(bytes_ for _, bytes_ in runs[size, True]),
        )
        for size in sizes
    ]


def _run(name: str, size: int, *, with_gc: bool) -> tuple[float, int]:
    done = subprocess.run(  # noqa: S603 # ourselves
        [sys.executable, __file__, "--point", name, str(size), *([] if with_gc else ["--no-gc"])],
        stdout=subprocess.PIPE,
        check=True,
    )
    seconds, bytes_ = json.loads(done.stdout)
    return seconds, bytes_


def described(curve: Curve, points: list[Point]) -> None:
    """Print what a unit costs, also by what it cost at the first large size."""
    [large] = [point for point in points if point.size == curve.large]

    def each(point: Point, seconds: float, at_large: float) -> str:
        cost = seconds / point.size
        ratio = f" ({cost * large.size / at_large:.2f})" if point.size >= large.size else ""
        return f"{1e6 * cost:.1f} us{ratio}"

    print(f"\n| {curve.title} | CPU time | per {curve.unit} | without gc | peak memory |")
    print("|---|---|---|---|---|")
    for point in points:
        print(
            f"| {point.size:,} | {1000 * point.seconds:,.1f} ms "
            f"| {each(point, point.seconds, large.seconds)} "
            f"| {each(point, point.without_gc, large.without_gc)} "
            f"| {point.bytes / 1e6:.2f} MB |",
            flush=True,
        )


def main() -> None:
    """Measure, print, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the largest of each")
    parser.add_argument("--into", type=Path, default=DOCS, help="folder of curves.json and .svg")
    parser.add_argument("--point", nargs=2, metavar=("CURVE", "SIZE"), help=argparse.SUPPRESS)
    parser.add_argument("--no-gc", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.point:
        if options.no_gc:
            gc.disable()
        name, size = options.point
        sys.stdout.write(json.dumps(asyncio.run(CURVES[name].measure(int(size)))))
        return
    curves: dict[str, list[Point]] = {}
    for name, curve in CURVES.items():
        sizes = curve.sizes[:-1] if options.quick else curve.sizes
        curves[name] = measured(name, sizes)
        described(curve, curves[name])
    data = {"python": platform.python_version(), "decoder": decoder(), "curves": curves}
    text = json.dumps(data, indent=1, default=attrs.asdict)
    (options.into / "curves.json").write_text(f"{text}\n")
    panels = [Panel(CURVES[name].title, CURVES[name].large, curves[name]) for name in CURVES]
    (options.into / "curves.svg").write_text(drawn(panels))


if __name__ == "__main__":
    main()
