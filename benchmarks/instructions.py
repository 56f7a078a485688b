"""Count the instructions of the hot paths, which a noisy machine does not change.

`python benchmarks/instructions.py` runs them under callgrind (`apt-get install valgrind`), compares
with what instructions.toml has of the last release, and fails when they are 5 % above.
`--write` keeps the new counts.
"""

import argparse
import asyncio
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

if "--plain" in sys.argv:  # before the package is imported
    os.environ["BENCH_PLAIN"] = "1"

from adapters import Adapter, Ours, RawJSON, decoder
from bodies import PAGE, session_id
from server import running
from variations import PAGES, distinct_pages

KEPT: Final = Path(__file__).with_name("instructions.toml")
TOLERANCE: Final = 1.05
GETS: Final = 60
DECODES: Final = PAGES // 2  # each page is another one
WALKS: Final = 10
NAMES: Final = ("get", "sessions", "endpoints", "walk")
# Called between the parts, and by nothing else: callgrind writes a file each time.
_MARK: Final = "getpriority"
_TOTAL: Final = re.compile(r"^totals: (\d+)$", re.MULTILINE)


async def parts(url: str) -> None:
    """Run each path N and 2N times; the difference is free of what is done once."""
    for adapter in (RawJSON(), Ours()):
        await adapter.open(url)
        for path, count in _paths(adapter):
            for _ in range(3):
                await path(2 * count)  # what is made once, and learned
            await _measured(path, count)
        await adapter.close()


def _paths(adapter: Adapter) -> Iterator[tuple[Callable[[int], Awaitable[None]], int]]:
    """Yield what is counted, in the order of the names, and how often it is done."""
    # Each another one, as in the table: yarl keeps URLs that it has parsed.
    ids = iter([session_id(number) for number in range(9 * GETS)])

    async def get(count: int) -> None:
        for id_ in islice(ids, count):
            await adapter.get(id_)

    async def walk(count: int) -> None:
        left = count * PAGE
        async with aclosing(cast("AsyncGenerator[Any]", adapter.walk())) as items:
            async for _ in items:
                left -= 1
                if not left:
                    break

    yield get, GETS
    yield _reading(adapter.sessions, "tunnel_sessions"), DECODES
    yield _reading(adapter.endpoints, "endpoints"), DECODES
    yield walk, WALKS


def _reading(
    read: Callable[[bytes], Sequence[object]], name: str
) -> Callable[[int], Awaitable[None]]:
    bodies = distinct_pages(name)

    async def decode(count: int) -> None:
        for body in bodies[:count]:
            read(body)

    return decode


async def _measured(path: Callable[[int], Awaitable[None]], count: int) -> None:
    for times in (count, 2 * count):
        gc.collect()
        os.getpriority(os.PRIO_PROCESS, 0)
        await path(times)
        os.getpriority(os.PRIO_PROCESS, 0)


def count() -> dict[str, int]:
    """Return the instructions of a get, of pages and of a walk per page, raw and ours."""
    with tempfile.TemporaryDirectory() as folder, running() as server:
        subprocess.run(  # noqa: S603 # ourselves
            [
                *("valgrind", "--tool=callgrind", f"--dump-before={_MARK}", "--quiet"),
                f"--callgrind-out-file={folder}/out",
                *(sys.executable, __file__, "--parts", server.url),
            ],
            env={**os.environ, "PYTHONHASHSEED": "0"},
            check=True,
        )
        # out.1 is the start; then each part, and what is between it and the next.
        files = range(2, 2 + 8 * len(NAMES), 2)
        totals = [_total(Path(folder, f"out.{number}")) for number in files]
    names = [*(f"raw_{name}" for name in NAMES), *NAMES]
    counts = [GETS, DECODES, DECODES, WALKS] * 2
    pairs = zip(names, totals[::2], totals[1::2], counts, strict=True)
    return {name: round((twice - once) / times) for name, once, twice, times in pairs}


def _total(file: Path) -> int:
    match = _TOTAL.search(file.read_text())
    if match is None:
        raise RuntimeError(f"{file.name} has no totals")
    return int(match[1])


def changed(kept: Mapping[str, int], counts: Mapping[str, int]) -> list[str]:
    """Return which of our counts are too far above the kept ones."""
    return [
        f"{name}: {counts[name]:,} instructions, {counts[name] / kept[name] - 1:+.1%}"
        for name in NAMES
        if name in kept and counts[name] > TOLERANCE * kept[name]
    ]


def written(everything: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield the lines of instructions.toml."""
    yield "# Instructions per get, decoded page of 100 sessions or endpoints, and page of a walk."
    yield "# Written by `python benchmarks/instructions.py --write`; raw: aiohttp and json.loads."
    for name, counts in sorted(everything.items()):
        yield f'\n["{name}"]'
        yield from (f"{path} = {value}" for path, value in counts.items())


def main() -> int:
    """Count, compare or write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep these counts")
    parser.add_argument("--plain", action="store_true", help="without the extra `speed`")
    parser.add_argument("--parts", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.parts:
        asyncio.run(parts(options.parts))
        return 0
    if not shutil.which("valgrind"):
        print("valgrind is missing: apt-get install valgrind", file=sys.stderr)
        return 2
    name = f"{sys.version_info.major}.{sys.version_info.minor} {decoder()}"
    everything = tomllib.loads(KEPT.read_text()) if KEPT.exists() else {}
    kept, counts = everything.get(name, {}), count()
    print(f"| Python {name} | instructions | by raw | by the last release |\n|---|---|---|---|")
    for path, value in counts.items():
        raw = value / counts[f"raw_{path.removeprefix('raw_')}"]
        last = f"{value / kept[path]:.3f}" if path in kept else ""
        print(f"| {path} | {value:,} | {raw:.2f} | {last} |")
    if options.write:
        KEPT.write_text("\n".join(written({**everything, name: counts})) + "\n")
        return 0
    if too_many := changed(kept, counts):
        print("more than 5 % above the last release:", *too_many, sep="\n", file=sys.stderr)
    return 1 if too_many else 0


if __name__ == "__main__":
    sys.exit(main())
