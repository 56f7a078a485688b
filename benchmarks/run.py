"""Measure ngrok-async beside raw aiohttp and the official client; see README.md in this folder.

`python benchmarks/run.py --quick` takes about a minute.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import attrs

if "--plain" in sys.argv:  # before the package is imported
    os.environ["BENCH_PLAIN"] = "1"

from adapters import decoder
from table_rows import DifferentError, Rows, Varied

TITLES: Final = {
    "singly": "gets of one session, one after another",
    "gets": "the same 20 at a time",
    "injected": "the same, ours through an injected session",
    "tls": "the same over TLS, ours through an injected session",
    "lists": "list 10,000 sessions in 100 pages",
    "walks": "the same one by one, `async for`",
    "sessions": "page of 100 sessions, bytes to objects",
    "endpoints": "page of 100 endpoints, bytes to objects",
    "memory": "bytes per kept session",
    "prefetch": "20 pages, 50 ms latency, 50 ms of work each: time by the least",
    "pages_6": "6 pages by `pages()`, 50 ms latency, 50 ms of work each: time by the least",
    "pages_20": "20 pages by `pages()`: the same",
    "stops": "stop 240 at 120 per window: time by the least; rejections",
}
# Rows of tables of their own.
OTHERS: Final = ("variations", "starts")
_LIBRARIES: Final = ("aiohttp", "attrs", "cattrs", "msgspec", "orjson", "ngrok-api")


def conditions() -> dict[str, object]:
    """Return what figures depend on."""
    installed = {d.name: d.version for d in metadata.distributions() if d.name in _LIBRARIES}
    return {
        "python": platform.python_version(),
        "decoder": decoder(),
        "libraries": dict(sorted(installed.items())),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load": os.getloadavg()[0],
    }


def table(names: list[str], rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield f"| work | {' | '.join(names)} |"
    yield f"|---{'|---' * len(names)}|"
    for row, cells in rows.items():
        texts = [_text(cells[name]) if name in cells else "" for name in names]
        yield f"| {TITLES[row]} | {' | '.join(texts)} |"


def varied_table(rows: Mapping[str, Mapping[str, Varied]]) -> Iterator[str]:
    """Yield the lines of the table of variations; the worst of each column comes last."""
    if not rows:
        return
    yield "\n| decoding, by `json.loads`; by ours of the usual | sessions | endpoints |"
    yield "|---|---|---|"
    for name, kinds in rows.items():
        yield f"| {name} | {' | '.join(f'{v.raw}; {v.usual.median:.2f}' for v in kinds.values())} |"
    worst = [
        f"{max(v.raw.median for v in column):.2f}; {max(v.usual.median for v in column):.2f}"
        for column in zip(*(kinds.values() for kinds in rows.values()), strict=True)
    ]
    yield f"| the worst | {' | '.join(worst)} |"


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


async def main(options: argparse.Namespace) -> int:
    """Measure, print, write; returns the exit code."""
    begin, rows = time.monotonic(), Rows(quick=options.quick)
    facts = conditions()
    chosen = options.only or [*TITLES, *OTHERS]
    measured: dict[str, Mapping[str, Any]] = {}
    for name in (*TITLES, "variations"):
        if name in chosen:
            print(f"{name} ...", file=sys.stderr)
            try:
                measured[name] = await getattr(rows, name)()
            except DifferentError as error:
                print(f"The adapters differ, so nothing is compared:\n{error}", file=sys.stderr)
                return 1
    varied = measured.pop("variations", {})
    print("\n".join(table(rows.names, measured)))
    print("\n".join(varied_table(varied)))
    if varied:
        measured["variations"] = varied
    if "starts" in chosen:
        measured["starts"] = rows.starts()
        print("\n| start, over aiohttp + attrs + cattrs | CPU time |\n|---|---|")
        for what, start in measured["starts"].items():
            print(f"| {what} | {start} |")
    print(f"\n{json.dumps(facts)}; took {time.monotonic() - begin:.0f} s")
    if options.json:
        data = {"conditions": facts, "quick": options.quick, "rows": measured}
        text = json.dumps(data, indent=1, default=attrs.asdict)
        options.json.write_text(f"{text}\n")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--plain", action="store_true", help="without the extra `speed`")
    parser.add_argument("--only", nargs="+", choices=[*TITLES, *OTHERS], help="these rows")
    parser.add_argument("--json", type=Path, help="write the data to this file")
    sys.exit(asyncio.run(main(parser.parse_args())))
