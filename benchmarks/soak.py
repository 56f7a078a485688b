"""A soak: `python benchmarks/soak.py --minutes 3`.

One client with many tasks walks lists, reads, restarts, updates and stops agents, for minutes. The
server is a `FakeNgrok` in a process of its own that fails at random; callers lose their patience at
random as well. Every few seconds the levels of the client's process are printed. At the end the
journal of the server is held against what the callers were told:

- lost: a call that succeeded was applied, one whose error says "not applied" was not;
- doubled: no `restart` or `update` was applied twice, whatever its outcome was;
- walks that came to their end gave no id twice, and every agent that was there throughout;
- level: memory, sockets, file descriptors and tasks of the last third are those of the second.

Any of these fails the run, with exit code 1. It reads /proc, so it needs Linux.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, TextIO

import attrs

from ngrok_async import (
    Client,
    NgrokError,
    NotFoundError,
    RateLimit,
    Request,
    Response,
    Retry,
    Send,
    Timeout,
)
from ngrok_async.testing import FakeNgrok

AGENTS: Final = 250
TASKS: Final = 24
# ngrok's own window is longer; the limit is one that the tasks do run into.
LIMIT, WINDOW = 3000, 10.0
COMMANDS: Final = ("restart", "update", "stop")
CALL_HEADER: Final = "x-soak-call"
EVERY_S: Final = 5.0
# What the levels of the last third may have above those of the second one.
TOLERANCES: Final[Mapping[str, float]] = {"rss_mib": 3.0, "sockets": 3.0, "fds": 3.0, "tasks": 6.0}


class Journal:
    """A file with one JSON value per line: what is kept in memory would look like a leak."""

    def __init__(self, path: Path) -> None:
        """Begin an empty file."""
        self._file: TextIO = path.open("w", buffering=1 << 16)

    def note(self, **facts: object) -> None:
        """Append a line."""
        self._file.write(json.dumps(facts) + "\n")

    def close(self) -> None:
        """Write the rest out."""
        self._file.close()


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Read a journal."""
    with path.open() as file:
        for line in file:
            yield json.loads(line)


# --- the server, in a process of its own --------------------------------------------------------


class Chaos:
    """A fake API that fails at random and notes what each request really did."""

    def __init__(self, fake: FakeNgrok, seed: int, journal: Journal) -> None:
        """Get between the fake's HTTP server and its API."""
        self.fake = fake
        self.scripted = 0
        self.scripted_429 = 0
        self._random = random.Random(seed)
        self._journal = journal
        self._agents = {agent.id: agent for agent in fake.agents}
        for id_ in self._agents:
            journal.note(born=id_, at=time.monotonic())
        api = fake._server._api  # the only place that knows what was applied
        self._apply = api.answer
        api.answer = self._answer  # type: ignore[method-assign] # to keep a journal

    def _answer(self, request: Any) -> Any:  # noqa: ANN401 # passed on
        answer = self._apply(request)  # raises where it refuses: nothing was applied then
        if request.method == "POST":
            _, _, id_, command = request.path.split("/")
            call = request.headers.get(CALL_HEADER)
            agent = self._agents[id_]
            at = time.monotonic()
            self._journal.note(call=call, command=command, id=id_, at=at)
            if command != "update":
                del self._agents[id_]
                self._journal.note(died=id_, at=at)
            if command == "restart":
                self._agents[agent.id] = agent
                self._journal.note(born=agent.id, at=at)
        return answer

    async def run(self) -> None:
        """Make trouble, and replace the agents that were stopped."""
        while True:
            await asyncio.sleep(self._random.uniform(0.005, 0.06))
            self.fake.requests.clear()
            while len(self._agents) < AGENTS:
                agent = self.fake.add_agent()
                self._agents[agent.id] = agent
                self._journal.note(born=agent.id, at=time.monotonic())
            if len(self.fake._faults._script) < 10:
                self._fail()

    def _fail(self) -> None:
        pick, applied = self._random.random(), self._random.random() < 0.5
        command = self._random.choice(COMMANDS)
        route = self._random.choice(["*", "GET", f"POST /tunnel_sessions/{{id}}/{command}"])
        self.scripted += 1
        if pick < 0.03:
            self.scripted_429 += 1
            self.fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "0.1"}, route=route)
        elif pick < 0.25:
            self.fake.fail(503, applied=applied, route=route)
        elif pick < 0.35:
            self.fake.fail(502, body=b"<h1>Bad gateway</h1>", applied=applied, route=route)
        elif pick < 0.6:
            self.fake.fail(drop=True, applied=applied, route=route)
        elif pick < 0.75:
            self.fake.fail(stall=True, applied=applied, route=route)
        else:
            self.fake.fail(delay=self._random.uniform(0.001, 0.2), applied=applied, route=route)


async def serve(seed: int, path: Path) -> None:
    """Serve until standard input ends, then print what was done."""
    journal = Journal(path)
    async with FakeNgrok(agents=AGENTS, limit=LIMIT, window=WINDOW) as fake:
        chaos = Chaos(fake, seed, journal)
        sys.stdout.write(json.dumps({"url": fake.url, "api_key": fake.api_key}) + "\n")
        sys.stdout.flush()
        trouble = asyncio.create_task(chaos.run())
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        trouble.cancel()
        await asyncio.wait([trouble])
    journal.close()
    left = sum(fault.status == 429 for fault, _ in fake._faults._script)
    facts = {
        "faults": chaos.scripted - len(fake._faults._script),
        "rejected by the limit": fake.rejections - (chaos.scripted_429 - left),
    }
    sys.stdout.write(json.dumps(facts) + "\n")


# --- the client ---------------------------------------------------------------------------------

_call: ContextVar[str] = ContextVar("_call")


async def numbered(request: Request, send: Send) -> Response:
    """Tell the server which call a request belongs to."""
    headers = {**request.headers, CALL_HEADER: _call.get("")}
    return await send(attrs.evolve(request, headers=headers))


@attrs.frozen
class Levels:
    """What the process holds at one moment."""

    at: float
    rss_mib: float
    sockets: float
    fds: float
    tasks: float

    @classmethod
    def now(cls) -> "Levels":
        """Look."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        links: list[str] = []
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 # of names, not paths
            with contextlib.suppress(OSError):  # the directory's own is gone by now
                links.append(os.readlink(f"/proc/self/fd/{name}"))  # noqa: PTH115 # as above
        return cls(
            at=time.monotonic(),
            rss_mib=pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
            sockets=sum(link.startswith("socket:") for link in links),
            fds=len(links),
            tasks=len(asyncio.all_tasks()),
        )


class Callers:
    """Many tasks that do this and that, and note what they were told."""

    def __init__(self, ngrok: Client, seed: int, journal: Journal) -> None:
        """Begin with nothing done."""
        self.counts: Counter[str] = Counter()
        self._ngrok = ngrok
        self._random = random.Random(seed)
        self._journal = journal
        self._number = 0
        self._ids: list[str] = []  # some that were there lately

    async def one_after_another(self) -> None:
        """Make calls until cancelled, some of them with little patience."""
        while True:
            self._number += 1
            what = self._random.choices(
                ["walk", "get", "restart", "update", "stop"], [3, 8, 6, 4, 2]
            )[0]
            number, id_ = str(self._number), ""
            if self._ids:
                id_ = self._random.choice(self._ids)
            else:
                what = "walk"
            call = asyncio.create_task(self._do(what, number, id_))
            try:
                if self._random.random() < 0.1:
                    await asyncio.wait([call], timeout=self._random.uniform(0, 0.05))
                    call.cancel()
                await asyncio.wait([call])
            finally:
                call.cancel()  # if we are

    async def _do(self, what: str, number: str, id_: str) -> None:
        _call.set(number)
        begin, facts = time.monotonic(), dict[str, object]()
        outcome = "cancelled"
        try:
            if what == "walk":
                facts["ids"] = await self._walk()
            elif what == "get":
                await self._ngrok.tunnel_sessions.get(id_)
            else:
                await getattr(self._ngrok.tunnel_sessions, what)(id_)
            outcome = "left" if what == "walk" and not facts["ids"] else "done"
        except NotFoundError as error:
            outcome = "gone"
            facts["maybe_applied"] = error.maybe_applied
        except NgrokError as error:
            outcome = type(error).__name__
            facts["maybe_applied"] = error.maybe_applied
        finally:
            self.counts[f"{what}: {outcome}"] += 1
            if what == "walk":
                if outcome == "done":
                    self._journal.note(walk=number, begin=begin, end=time.monotonic(), **facts)
            elif what != "get":
                self._journal.note(call=number, command=what, id=id_, outcome=outcome, **facts)

    async def _walk(self) -> list[str]:
        """Return what a walk gave; nothing where it was left before its end."""
        pager = self._ngrok.tunnel_sessions.list(limit=self._random.choice([30, 60, 100]))
        walk, ids = aiter(pager), list[str]()
        leave_at = self._random.choice([None, None, 40])
        failures = 0
        while True:
            try:
                session = await anext(walk)
            except StopAsyncIteration:
                self._ids = ids[:100]
                return ids
            except NgrokError:
                failures += 1
                if failures > 5:  # it fails for good
                    raise
                continue  # the walk goes on at the page that failed
            ids.append(session.id)
            if len(ids) == leave_at:
                return []  # and a prefetch is left behind, perhaps
            if len(ids) % 10 == 0:
                await asyncio.sleep(0)


async def soak(options: argparse.Namespace, folder: Path) -> list[str]:
    """Run it all; return what was violated."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, "--serve", str(folder / "server"), "--seed", str(options.seed)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    stdin, stdout = server.stdin, server.stdout
    if stdin is None or stdout is None:
        raise RuntimeError("no pipes")
    address = json.loads(await stdout.readline())
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: complaints.append(f"asyncio: {context['message']}")
    )
    journal = Journal(folder / "client")
    before = Levels.now()
    async with Client(
        address["api_key"],
        base_url=address["url"],
        limiter=RateLimit(LIMIT, WINDOW, in_flight=16),
        retry=Retry(backoff=0.02, max_backoff=0.2, max_attempts=5),
        timeout=Timeout(connect=2, attempt=0.5, total=10),
        middlewares=[numbered],
    ) as ngrok:
        callers = Callers(ngrok, options.seed, journal)
        tasks = [asyncio.create_task(callers.one_after_another()) for _ in range(TASKS)]
        levels = await watch(options.minutes * 60, callers.counts.total)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        # Calls and prefetches are on their way out.
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=10)
        budget = ngrok.budget
    journal.close()
    stdin.close()
    facts = json.loads(await stdout.readline())
    await server.wait()
    gc.collect()
    await asyncio.sleep(0.1)
    after = Levels.now()

    say(f"calls: {callers.counts.total()}")
    for what, count in sorted(callers.counts.items()):
        say(f"  {what}: {count}")
    say(f"server: {facts}")
    say(f"sockets before and after the client: {before.sockets:g}, {after.sockets:g}")
    problems = [*complaints, *check_levels(levels), *check_journals(folder)]
    problems += [
        f"a caller died: {result!r}"
        for result in results
        if not isinstance(result, asyncio.CancelledError)
    ]
    # The pipes to the server are closed by now: there may be fewer than before.
    if after.sockets > before.sockets or after.tasks > before.tasks:
        problems.append(f"left behind: {before} -> {after}")
    if budget is None or budget.in_flight or budget.waiting:
        problems.append(f"slots lost: {budget}")
    return problems


async def watch(seconds: float, calls: Callable[[], int]) -> list[Levels]:
    """Print the levels until the time is over."""
    levels: list[Levels] = []
    end = time.monotonic() + seconds
    say("  time    calls  RSS MiB  sockets  fds  tasks")
    while time.monotonic() < end:
        # Several looks per line: levels go up and down with the calls of the moment.
        looks: list[Levels] = []
        for _ in range(20):
            await asyncio.sleep(EVERY_S / 20)
            looks.append(Levels.now())
        levels += looks
        mean = {name: statistics.mean(getattr(x, name) for x in looks) for name in TOLERANCES}
        say(
            f"{seconds - (end - time.monotonic()):5.0f} s {calls():8} {mean['rss_mib']:8.1f} "
            f"{mean['sockets']:8.1f} {mean['fds']:4.0f} {mean['tasks']:6.1f}"
        )
    return levels


def check_levels(levels: list[Levels]) -> Iterator[str]:
    """Hold the last third against the second one."""
    third = len(levels) // 3
    for name, tolerance in TOLERANCES.items():
        second, last = (
            statistics.mean(getattr(level, name) for level in part)
            for part in (levels[third : 2 * third], levels[2 * third :])
        )
        say(f"{name}: {second:.1f} -> {last:.1f} (at most +{tolerance:g})")
        if last > second + tolerance:
            yield f"{name} rises: {second:.1f} -> {last:.1f}"


def check_journals(folder: Path) -> Iterator[str]:
    """Hold what the callers were told against what the server did."""
    applied: Counter[str] = Counter()
    lives: dict[str, list[float]] = {}
    for entry in entries(folder / "server"):
        if "call" in entry:
            applied[entry["call"]] += 1
        elif "born" in entry:
            lives[entry["born"]] = [entry["at"], float("inf")]
        else:
            lives[entry["died"]][1] = entry["at"]
    told: Counter[str] = Counter()
    for entry in entries(folder / "client"):
        if "walk" in entry:
            told["walks to the end"] += 1
            yield from check_walk(entry, lives)
        else:
            times = applied.pop(entry["call"], 0)
            clear = "clear" if is_clear(entry) else "unclear"
            told[f"{entry['command']}: {clear}, applied {times} times"] += 1
            yield from check_call(entry, times, lives)
    if applied:
        yield f"nobody's: {len(applied)} calls in the journal"
    for what, count in sorted(told.items()):
        say(f"  {what}: {count}")


def is_clear(entry: Mapping[str, Any]) -> bool:
    """Tell whether the caller was told what its command did."""
    return entry["outcome"] != "cancelled" and not entry.get("maybe_applied", False)


def check_call(
    entry: Mapping[str, Any], times: int, lives: Mapping[str, list[float]]
) -> Iterator[str]:
    """Check that a command was applied as its caller was told, and never twice."""
    if times > 1:
        yield f"doubled: {entry} was applied {times} times"
    if not is_clear(entry):
        return
    if entry["outcome"] != "done":
        if times:
            yield f"denied: {entry} was applied"
    elif not times and (entry["command"] != "stop" or lives[entry["id"]][1] == float("inf")):
        # A `stop` is done too if somebody else has stopped the agent after a lost answer.
        yield f"lost: {entry} was not applied"


def check_walk(entry: Mapping[str, Any], lives: Mapping[str, list[float]]) -> Iterator[str]:
    """Check that a walk gave everything that lived throughout, and nothing twice."""
    ids, begin, end = entry["ids"], entry["begin"], entry["end"]
    if len(set(ids)) != len(ids):
        yield f"walk {entry['walk']} gave an id twice"
    # A death is noted at the moment after it: what died then may have been seen or not.
    missed = [i for i, (born, died) in lives.items() if born < begin and died > end]
    if missed := sorted(set(missed) - set(ids)):
        yield f"walk {entry['walk']} missed {missed}"


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def main() -> int:
    """Run the soak, or its server."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.randrange(2**32)
    if options.serve is not None:
        asyncio.run(serve(options.seed, options.serve))
        return 0
    say(f"seed {options.seed}, {options.minutes:g} minutes, {TASKS} tasks, {AGENTS} agents")
    # The pauses after a 429 are part of the plan: no line for each of them.
    logging.getLogger("ngrok_async").addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory() as folder:
        problems = asyncio.run(soak(options, Path(folder)))
    for problem in problems[:50]:
        say(f"VIOLATION: {problem}")
    say(f"{len(problems)} violations" if problems else "nothing lost, nothing doubled, all level")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
