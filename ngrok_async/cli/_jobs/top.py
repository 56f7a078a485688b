"""A live view of the agents, the endpoints, what has changed, and how much of the limit is used.

Keys: q ends it, / finds, s sorts by the next column, space looks now, enter shows all of a row, tab
goes to the next list. Ctrl-C ends it too, and the screen is then as it was.

It needs a terminal and rich, which the extra `cli` brings. Without them, and with NO_COLOR,
CI, TERM=dumb, --debug or another output than a table, it prints a line for each change instead.
"""

import io
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import ngrok_async
from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._ends import PROGRAM
from ngrok_async.cli._jobs.watch import add_share
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from ngrok_async.cli._out import Rows
    from ngrok_async.cli._top.feed import Feed
    from ngrok_async.cli._top.state import Panel, State
    from ngrok_async.cli._top.terminal import Styled, Terminal
    from ngrok_async.jobs import Watch

EXAMPLES: Final = (
    ("Look at an account", f"{PROGRAM} top"),
    ("Look more often, where nothing else uses the limit", f"{PROGRAM} top --share 0.8"),
    ("Write down what changes", f"{PROGRAM} top -o jsonl >> changes.jsonl"),
)

_SHARE: Final = 0.2
_BETWEEN: Final = 0.5  # seconds between two pictures at least
_TICK: Final = 1.0  # and between two looks at the limit, which costs no request
_KILLED: Final = 128  # and the number of the signal: the exit code of what a signal ends


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    add_share(parser, _SHARE)


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> int | None:
    """Show it, until somebody ends it."""
    if not args.debug and out.format == "table" and _is_live(out):
        styled = _styled()
        if styled is not None:
            return await _live(client, args, out, styled)
        out.note("lines only: a live view needs rich, which the extra `cli` brings")
    await _lines(client, args, out)
    return None


def _is_live(out: Out) -> bool:
    has_keys = sys.stdin is not None and sys.stdin.isatty() and sys.platform != "win32"
    return out.has_colour and out.is_terminal and has_keys


def _styled() -> "Styled | None":
    """Return what gives lines their colours, or None without rich."""
    try:
        from rich.color import ColorSystem  # noqa: PLC0415 # an extra
        from rich.style import Style  # noqa: PLC0415 # an extra
    except ImportError:
        return None

    def styled(line: Any) -> str:  # noqa: ANN401 # pieces of text and style
        system = ColorSystem.STANDARD
        return "".join(
            Style.parse(style).render(text, color_system=system) if style else text
            for text, style in line
        )

    return styled


async def _lines(client: "ngrok_async.Client", args: Namespace, out: Out) -> None:
    """Print a line for each change."""
    from ngrok_async.cli._jobs import _told  # noqa: PLC0415 # not for the help

    watched = _watched(client, args.share)
    with out.rows(_told.COLUMNS, known=_told.KNOWN) as rows:
        await _together(*(_follow(watch, out, rows) for watch in watched.values()))


async def _follow(watched: "Watch[Any]", out: Out, rows: "Rows") -> None:
    from ngrok_async.cli._jobs import _told  # noqa: PLC0415 # not for the help

    jobs = ngrok_async.jobs
    async with watched as notices:
        async for notice in notices:
            if isinstance(notice, jobs.Trouble):
                out.note(str(notice.error))
            elif not isinstance(notice, jobs.Synced):
                rows.add(_told.row(notice))
                rows.flush()


def _watched(client: "ngrok_async.Client", share: float) -> "dict[Panel, Watch[Any]]":
    watch = ngrok_async.jobs.watch
    return {
        "agents": watch(client.tunnel_sessions, share=share / 2),
        "endpoints": watch(client.endpoints, share=share / 2),
    }


async def _live(
    client: "ngrok_async.Client", args: Namespace, out: Out, styled: "Styled"
) -> int | None:
    from ngrok_async.cli._top.feed import Feed  # noqa: PLC0415 # not for the help
    from ngrok_async.cli._top.state import State  # noqa: PLC0415 # as above
    from ngrok_async.cli._top.terminal import Terminal  # noqa: PLC0415 # as above
    from ngrok_async.cli._top.view import ORDERS  # noqa: PLC0415 # as above

    state = State(ORDERS)
    terminal = Terminal(styled, keys_from=sys.stdin.fileno(), to=out.stdout.fileno())
    feed = Feed(state, lambda: datetime.now().astimezone())
    watched = _watched(client, args.share)
    lists: dict[Panel, Callable[[], Any]] = {
        "agents": client.tunnel_sessions.list,
        "endpoints": client.endpoints.list,
    }

    def look() -> None:
        for each in watched.values():
            each.poke()

    out.stdout.flush()
    stderr, out.stderr = out.stderr, io.StringIO()  # what is told would stand in the picture
    try:
        with terminal.taken():
            await _together(
                _shown(client, state, terminal, look),
                *(_fed(feed, p, lists[p], watched[p], terminal) for p in watched),
            )
    finally:
        out.stderr = stderr
    return None if terminal.ended_by is None else _KILLED + terminal.ended_by


async def _fed(
    feed: "Feed",
    panel: "Panel",
    everything: Callable[[], Any],
    watched: "Watch[Any]",
    terminal: "Terminal",
) -> None:
    """Read a list at once, since a watch takes its time, and then what changes in it."""
    feed.begin(panel, await everything().collect())
    terminal.changed.set()
    async with watched as notices:
        async for notice in notices:
            feed.take(panel, notice, watched.items)
            terminal.changed.set()


async def _shown(
    client: "ngrok_async.Client", state: "State", terminal: "Terminal", look: Callable[[], object]
) -> None:
    """Draw what has changed, twice a second at most, until somebody ends it."""
    import asyncio  # noqa: PLC0415 # not for the help

    from ngrok_async.cli._top.view import frame  # noqa: PLC0415 # as above

    loop = asyncio.get_running_loop()
    drawn, size = float("-inf"), terminal.size
    while not terminal.closed and terminal.ended_by is None:
        terminal.changed.clear()
        for key in terminal.take_keys():
            action = state.press(key)
            if action == "quit":
                return
            if action == "look":
                look()
        state.set(limit=_limit(client))
        wait = _TICK
        if state.changed or size != terminal.size:
            wait = drawn + _BETWEEN - loop.time()
            if wait <= 0:
                state.changed, size, drawn = False, terminal.size, loop.time()
                terminal.draw(frame(state, *size))
                wait = _TICK
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await terminal.changed.wait()


def _limit(client: "ngrok_async.Client") -> tuple[str, float]:
    budget = client.budget
    if budget is None:
        return "", 0.0
    paused = f", paused {budget.paused:.0f} s" if budget.paused else ""
    return f"{budget.used}/{budget.limit}{paused}", budget.used / budget.limit


async def _together(*works: Awaitable[None]) -> None:
    """Do things side by side until one of them ends or fails; the others are then ended."""
    import asyncio  # noqa: PLC0415 # not for the help

    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
