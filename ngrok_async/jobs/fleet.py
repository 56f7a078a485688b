"""Rolling a fleet of agents over: who gets a command when, and who they are when they are back."""

import asyncio
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Self, cast

from ngrok_async._shown import shown
from ngrok_async.client import Client
from ngrok_async.errors import ConfigurationError
from ngrok_async.filters import Condition, Filter
from ngrok_async.jobs._fleet_begin import begun, resumed
from ngrok_async.jobs._fleet_plan import Apart, Options, options_of, plan_of
from ngrok_async.jobs._fleet_run import Course
from ngrok_async.jobs._fleet_values import RolloutPlan, RolloutReport, Step
from ngrok_async.jobs._journal import Journal, Saved, has_lines, saved
from ngrok_async.resources.tunnel_sessions import TunnelSession


class Rollout:
    """A fleet that is updated, restarted or stopped, wave by wave.

        f = ngrok.tunnel_sessions.fields
        rollout = Rollout.update(ngrok, f.os == "linux", to="3.39.0", journal=path)
        print(await rollout.plan())
        print((await rollout.run()).ok)

    Made by `update`, `restart`, `stop` and `resume`; nothing is sent before `plan`, `run` or the
    first step. `async for step in rollout` tells of each agent at first, and then of all that
    happens. Leaving the loop pauses it: what was sent is sent, no further command follows, and the
    next loop goes on. https://ngrok.com/docs/api-reference/tunnelsessions/list
    """

    def __init__(
        self,
        ngrok: Client,
        where: Filter[TunnelSession] | None,
        options: Options | None,
        journal: Path | None,
    ) -> None:
        """See `update`, `restart`, `stop` and `resume`, which make one."""
        self._ngrok = ngrok
        self._where = where
        self._options = options
        self._path = journal
        self._course: Course | None = None
        self._reading: asyncio.Lock = asyncio.Lock()
        self._written: int | None = None  # how long the journal was when it was last ours
        self._journal: Journal | None = None
        self._is_busy = False
        self._turn = 0  # the number of the latest iteration, to whom the journal is open

    @classmethod
    def update(
        cls,
        ngrok: Client,
        where: Filter[TunnelSession] | None,
        *,
        to: str | None = None,
        fetch_only: bool = False,
        waves: Sequence[int] = (1, 5, 25),
        max_failures: int = 0,
        share: float = 0.5,
        settle: float = 20.0,
        patience: float = 300.0,
        apart: Apart | None = None,
        journal: str | PathLike[str] | None = None,
    ) -> Self:
        """Update agents: have them fetch the newest version, restart them, see that they run it.

        An update cannot be undone: the API has no way back.

        Args:
            ngrok: The client.
            where: Which agents: a condition, a filter, or None for all.
            to: The version that they are to run; None: what the first one gets.
            fetch_only: Whether they only fetch it, and run it when they are next started.
            waves: How many agents get a command at once; the last size repeats. Agents that look
                alike are never in one wave.
            max_failures: No further wave begins once more than these failed or are unclear.
            share: The part of the account's rate limit that it keeps to.
            settle: Seconds after which a session that is still there has not got a `restart` whose
                answer was lost, so that it is sent once more.
            patience: Seconds in which an agent has to be back.
            apart: "pool": agents that share a URL are never in one wave.
            journal: A file that `resume` can go on from; it must not have lines yet.

        Raises:
            ValueError: An option cannot be.
            TypeError: `where` is no condition or filter.
        """
        options = options_of(
            "update",
            to=to,
            fetch_only=fetch_only,
            waves=waves,
            max_failures=max_failures,
            share=share,
            settle=settle,
            patience=patience,
            apart=apart,
        )
        return cls(ngrok, _checked(where), options, _path(journal))

    @classmethod
    def restart(
        cls,
        ngrok: Client,
        where: Filter[TunnelSession] | None,
        *,
        waves: Sequence[int] = (1, 5, 25),
        max_failures: int = 0,
        share: float = 0.5,
        settle: float = 20.0,
        patience: float = 300.0,
        apart: Apart | None = None,
        journal: str | PathLike[str] | None = None,
    ) -> Self:
        """Restart agents, and see that each is back; the arguments are those of `update`.

        Raises:
            ValueError: An option cannot be.
            TypeError: `where` is no condition or filter.
        """
        options = options_of(
            "restart",
            waves=waves,
            max_failures=max_failures,
            share=share,
            settle=settle,
            patience=patience,
            apart=apart,
        )
        return cls(ngrok, _checked(where), options, _path(journal))

    @classmethod
    def stop(
        cls,
        ngrok: Client,
        where: Filter[TunnelSession] | None,
        *,
        waves: Sequence[int] = (1, 5, 25),
        max_failures: int = 0,
        share: float = 0.5,
        settle: float = 20.0,
        patience: float = 300.0,
        apart: Apart | None = None,
        journal: str | PathLike[str] | None = None,
    ) -> Self:
        """Stop agents, and see that each is gone; the arguments are those of `update`.

        Raises:
            ValueError: An option cannot be.
            TypeError: `where` is no condition or filter.
        """
        options = options_of(
            "stop",
            waves=waves,
            max_failures=max_failures,
            share=share,
            settle=settle,
            patience=patience,
            apart=apart,
        )
        return cls(ngrok, _checked(where), options, _path(journal))

    @classmethod
    def resume(cls, ngrok: Client, journal: str | PathLike[str]) -> Self:
        """Go on with a rollout whose process has ended, from its journal.

        It reads the account anew. What was sent is looked for and not sent again, and no agent
        gets a command that the journal does not have.

        Args:
            ngrok: The client.
            journal: The file. It is read by `plan`, `run` or the first step, which raise a
                `ConfigurationError` where it is none.
        """
        return cls(ngrok, None, None, _path(journal))

    async def plan(self) -> RolloutPlan:
        """Read who is there, and tell who gets a command in which wave. No agent gets one.

        It costs a request for each hundred agents of the account and each hundred endpoints. The
        first plan is the one that is carried out.

        Raises:
            ConfigurationError: The journal has lines already, or none to resume from.
            NgrokError: The lists cannot be read, or ngrok refuses the filter.
        """
        course = await self._planned()
        return plan_of(course.members, course.options, course.account.budget)

    async def run(self) -> RolloutReport:
        """Carry it out to its end.

        Returns:
            What became of every agent. That some failed is told there and raises nothing; see
            `RolloutReport.raise_if_failed`.

        Raises:
            ConfigurationError: As from `plan`; or another rollout has the journal now.
            NgrokError: The lists cannot be read. Call it again to go on.
        """
        async for _ in self:
            pass
        return self.report

    @property
    def report(self) -> RolloutReport:
        """What has become of every agent by now."""
        if self._course is None:
            return RolloutReport(())
        return RolloutReport(
            tuple(member.step for member in self._course.members), self._course.stopped
        )

    def __aiter__(self) -> "Steps":
        """Begin, or go on."""
        return Steps(self)

    def __repr__(self) -> str:
        """Show what it does."""
        verb = "resume" if self._options is None else self._options.verb
        return f"<Rollout {verb} {self._ngrok!r}>"

    # --- reading ------------------------------------------------------------------------------

    async def _planned(self) -> Course:
        """Return its course; reads the account the first time."""
        # Of two courses, each would send all commands.
        async with self._reading:
            if self._course is None:
                self._course = await self._read_account()
            return self._course

    async def _read_account(self) -> Course:
        if self._options is None:
            before, self._written = _read(self._path)
            return await resumed(self._ngrok, before)
        if self._path is not None and has_lines(self._path):
            raise _has_lines(self._path)
        return await begun(self._ngrok, self._where, self._options)

    # --- one step ------------------------------------------------------------------------------

    def begin(self) -> int:
        """Note that an iteration begins; what one before has open is its own from now on."""
        self._turn += 1
        return self._turn

    async def next_step(self) -> Step | None:
        """Work until there is something to tell; None: it is over."""
        if self._is_busy:
            raise RuntimeError(
                "this rollout is under way in another task: iterate over it, or run it, once at a"
                " time"
            )
        self._is_busy = True
        is_over = True
        try:
            course = await self._planned()
            if self._path is not None and self._journal is None:
                self._journal = self._open(course, self._path)
            course.journal = self._journal
            while not course.queue and await course.work():
                pass
            is_over = not course.queue
            return course.queue.popleft() if course.queue else None
        finally:
            self._is_busy = False
            if is_over:  # at its end, by an error or a cancellation
                self._close()

    def leave(self, turn: int) -> None:
        """Note that an iteration is over: others may have the journal."""
        if turn == self._turn and not self._is_busy:
            self._close()

    def _close(self) -> None:
        if self._journal is not None:
            self._written = self._journal.size
            self._journal.close()
            self._journal = None

    def _open(self, course: Course, path: Path) -> Journal:
        """Open the journal for as long as an iteration lasts."""
        journal = Journal(path)
        try:
            journal.lines()
            _check_ours(path, journal.size, self._written or 0)
            if not journal.size:
                journal.keep_private()
                journal.write(course.header)
        except BaseException:
            journal.close()
            raise
        self._written = journal.size
        return journal


class Steps:
    """The steps of a rollout, from where it is; what `async for` asks."""

    def __init__(self, rollout: Rollout) -> None:
        """Go on with a rollout."""
        self._rollout = rollout
        self._turn = rollout.begin()

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> Step:
        """Work until there is a step to tell."""
        step = await self._rollout.next_step()
        if step is None:
            raise StopAsyncIteration
        return step

    def __del__(self) -> None:
        """Give the journal free when a loop was left."""
        self._rollout.leave(self._turn)


def _checked(where: object) -> Filter[TunnelSession] | None:
    if where is None or isinstance(where, Condition):
        return cast("Condition[TunnelSession] | None", where)
    if isinstance(where, str) and where.strip():
        return where
    raise TypeError(
        "where must be a condition of ngrok.tunnel_sessions.fields, a filter, or None for all"
        f" agents; got {shown(where)}"
    )


def _path(journal: object) -> Path | None:
    if journal is None:
        return None
    if isinstance(journal, str | PathLike):
        return Path(fspath(journal))
    raise TypeError(f"journal must be the path of a file, got {shown(journal)}")


def _check_ours(path: Path, size: int, written: int) -> None:
    """Look whether a journal is as it was left here."""
    if size == written:
        return
    if not written:
        raise _has_lines(path)
    raise ConfigurationError(
        f"another rollout has gone on with the journal {str(path)!r}: go on from there with"
        " Rollout.resume(ngrok, journal)"
    )


def _has_lines(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"the journal {str(path)!r} has the lines of a rollout: go on with"
        " Rollout.resume(ngrok, journal), or name another file"
    )


def _read(path: Path | None) -> tuple[Saved, int]:
    """Return what a journal says, and how long it is."""
    if path is None or not path.is_file():
        raise ConfigurationError(f"there is no journal {str(path)!r} to resume from")
    journal = Journal(path)
    try:
        return saved(journal.lines(), path), journal.size
    finally:
        journal.close()
