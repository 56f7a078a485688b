"""What needs a process per measurement: memory and imports."""

import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
from bodies import PAGE, dumps, endpoint, session, sessions_page

# What each resource's first use decodes: a page with one item.
_NEW: Final = {"id": "x_1", "created_at": "2026-10-25T12:00:00Z"}
FIRST_USES: Final[Mapping[str, object]] = {
    "tunnel_sessions": {"tunnel_sessions": [session(1)]},
    "endpoints": {"endpoints": [endpoint(1)]},
    "event_destinations": {"event_destinations": [_NEW]},
    "edges.https": {"https_edges": [_NEW]},
}
_IMPORT: Final = """
import aiohttp, attrs, cattrs
begin = time.process_time()
{statement}
first = second = time.process_time()
"""
_FIRST_USE: Final = """
from operator import attrgetter
from ngrok_async import Client
from ngrok_async._operation import operations
client, body = Client("made-up-key"), sys.stdin.buffer.read()
begin = time.process_time()
resource = attrgetter("{resource}")(client)
first = time.process_time()
operations(type(resource))["list"].decode(body)
second = time.process_time()
"""
_BEFORE: Final = """
import json, os, sys, time
if os.environ.get("BENCH_PLAIN"): sys.modules.update(msgspec=None, orjson=None)
"""
_AFTER: Final = "print(json.dumps([first - begin, second - begin]))"


@attrs.frozen
class Memory:
    """What a kept session needs.

    Attributes:
        counted: Bytes that Python's allocators gave out (tracemalloc).
        resident: What the process grew by, in bytes.
    """

    counted: float
    resident: float

    def __str__(self) -> str:
        """Show what a table has room for."""
        return f"{self.counted:.0f}"


@attrs.frozen
class Start:
    """What comes before the first call.

    Attributes:
        loaded_ms: Until the module, or the resource's attribute, is there.
        used_ms: Until the resource has also decoded its first answer.
    """

    loaded_ms: float
    used_ms: float

    def __str__(self) -> str:
        """Show what a table has room for."""
        if self.used_ms == self.loaded_ms:
            return f"{self.loaded_ms:.1f} ms"
        return f"{self.loaded_ms:.1f} ms; with its first answer {self.used_ms:.1f} ms"


def _run(*arguments: str, stdin: bytes = b"") -> Any:  # noqa: ANN401 # decoded JSON
    """Run Python; return what it prints."""
    done = subprocess.run(  # noqa: S603 # ourselves
        [sys.executable, *arguments],
        input=stdin,
        stdout=subprocess.PIPE,
        check=True,
        # Where that is set, each process would compile what it imports.
        env={
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        },
    )
    return json.loads(done.stdout)


def imports(statements: Iterable[str], repeats: int) -> dict[str, Start]:
    """Measure imports on top of aiohttp, attrs and cattrs, and each resource's first use."""
    programs = {line: (_IMPORT.format(statement=line), b"") for line in statements}
    programs |= {
        name: (_FIRST_USE.format(resource=name), dumps(page)) for name, page in FIRST_USES.items()
    }
    times: dict[str, list[list[float]]] = {name: [] for name in programs}
    for number in range(repeats + 1):  # the first round writes the .pyc files
        for name in random.sample([*programs], len(programs)):
            program, stdin = programs[name]
            taken = _run("-c", _BEFORE + program + _AFTER, stdin=stdin)
            if number:
                times[name].append(taken)
    return {
        name: Start(*(1000 * statistics.median(column) for column in zip(*taken, strict=True)))
        for name, taken in times.items()
    }


def memory(names: Sequence[str], count: int) -> dict[str, Memory]:
    """Measure what a kept session needs, by adapter."""
    return {name: Memory(**_run(__file__, name, str(count))) for name in names}


def _keep(name: str, count: int) -> dict[str, float]:
    """Decode pages and keep the sessions: first unobserved, then counted by tracemalloc."""
    from adapters import adapters  # noqa: PLC0415 # only this process needs it

    [adapter] = [a for a in adapters() if a.name == name]
    adapter.sessions(sessions_page(0, PAGE))  # what is made once is nobody's share

    def keep() -> list[object]:
        kept: list[object] = []
        for first in range(0, count, PAGE):
            kept += adapter.sessions(sessions_page(first, count))
        gc.collect()
        return kept

    before = _resident()
    kept = keep()
    resident = _resident() - before
    del kept
    gc.collect()
    tracemalloc.start()
    begin, _ = tracemalloc.get_traced_memory()
    kept = keep()
    end, _ = tracemalloc.get_traced_memory()
    return {"counted": (end - begin) / len(kept), "resident": resident / len(kept)}


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_keep(sys.argv[1], int(sys.argv[2]))))
