"""A rollout over a part of the fleet: planned, begun, paused, and gone on with after a restart."""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypedDict

import attrs
from attrs.validators import deep_iterable, ge, gt, in_, instance_of, min_len
from fleet import name_of
from words import explain

from ngrok_async import Client, NgrokError
from ngrok_async.filters import Condition
from ngrok_async.jobs import Rollout, RolloutPlan, Step
from ngrok_async.resources.tunnel_sessions import TunnelSession

Kind: TypeAlias = Literal["update", "fetch", "restart", "stop"]

_COUNTS: Final = ("done", "under_way", "failed", "unclear", "skipped", "pending")
_LOOK_AT: Final = ("failed", "unclear", "skipped")  # and not those that the plan skipped
_AT_MOST: Final = 200  # steps that the page tells one by one
_WHAT_TO_DO: Final = (
    "It is not known what became of it, and it is not told again. See whether it is in the list:"
    " if it runs the version it should, all is well; if it is missing, look at its machine."
)

_INTERRUPTED: Final = (
    "The service ended meanwhile. The journal has what was done: go on, and what was sent is looked"
    " for and not sent again."
)
_PAUSED: Final = "No further command is sent. What an agent was told by now, it does."

_log: Final = logging.getLogger("agents_page.rollouts")


@attrs.frozen(kw_only=True)
class Order:
    """What a person wants to be done; a `ValueError` or `TypeError` where it cannot be.

    Attributes:
        kind: What the agents do; "fetch": update, without a restart.
        versions: Those that run one of these.
        region: And are in this region; "": in any.
        metadata: And have this in their metadata; "": whatever it is.
        to: The version to end with; "": the newest.
        waves: The sizes of the waves, of which the last repeats.
        max_failures: More than these, and no further wave begins.
    """

    kind: Kind = attrs.field(validator=in_(("update", "fetch", "restart", "stop")))
    versions: list[str] = attrs.field(
        validator=[min_len(1), deep_iterable(instance_of(str), instance_of(list))]
    )
    region: str = attrs.field(default="", validator=instance_of(str))
    metadata: str = attrs.field(default="", validator=instance_of(str))
    to: str = attrs.field(default="", validator=instance_of(str))
    waves: list[int] = attrs.field(
        factory=lambda: [1, 5, 25],
        validator=[min_len(1), deep_iterable([instance_of(int), gt(0)], instance_of(list))],
    )
    max_failures: int = attrs.field(default=0, validator=[instance_of(int), ge(0)])

    def where(self, ngrok: Client) -> Condition[TunnelSession]:
        """Return whom it concerns."""
        f = ngrok.tunnel_sessions.fields
        condition = f.agent_version.in_(self.versions)
        if self.region:
            condition &= f.region == self.region
        if self.metadata:
            condition &= f.metadata.contains(self.metadata)
        return condition

    @property
    def title(self) -> str:
        """What to call it."""
        verb = {"restart": "Restart", "stop": "Stop"}.get(self.kind, "Update")
        to = f" to {self.to}" if self.to else ""
        place = f" in {self.region}" if self.region else ""
        return f"{verb} of {', '.join(self.versions)}{place}{to}"

    def rollout(self, ngrok: Client, journal: Path) -> Rollout:
        """Return the rollout, which has done nothing yet."""
        where, waves, most = self.where(ngrok), tuple(self.waves), self.max_failures
        begin = {"restart": Rollout.restart, "stop": Rollout.stop}.get(self.kind)
        if begin is not None:
            return begin(ngrok, where, waves=waves, max_failures=most, journal=journal)
        return Rollout.update(
            ngrok,
            where,
            to=self.to or None,
            fetch_only=self.kind == "fetch",
            waves=waves,
            max_failures=most,
            journal=journal,
        )


class Told(TypedDict):
    """An agent that the page tells of by name."""

    name: str
    state: str
    reason: str


class Skipped(TypedDict):
    """Agents that a rollout leaves alone, and why."""

    reason: str
    names: list[str]


class Progress(TypedDict):
    """What the page shows of a rollout."""

    title: str
    state: str
    message: str
    counts: dict[str, int]
    steps: list[Told]


class Plan(TypedDict):
    """What the page shows before anything is sent."""

    plan: str
    total: int
    requests: int
    seconds: float
    waves: list[list[str]]
    skipped: list[Skipped]
    alike: list[list[str]]


class Refused(Exception):  # noqa: N818 # it is no error, a person wanted what cannot be now
    """What is wanted cannot be done now; the text says why."""


class Rollouts:
    """One rollout at a time, and its journal, which outlives this process."""

    def __init__(self, ngrok: Client, journal: Path, *, changed: Callable[[], None]) -> None:
        """Look whether a rollout was interrupted; nothing goes on by itself.

        Args:
            ngrok: The client.
            journal: The file of the rollout that is not at its end.
            changed: Called after each change.
        """
        self._ngrok = ngrok
        self._journal = journal
        self._changed = changed
        self._planned: tuple[str, str, Rollout] | None = None
        self._rollout: Rollout | None = None
        self._task: asyncio.Task[None] | None = None
        self._title = "A rollout from before"
        self._state, self._message = ("interrupted", _INTERRUPTED) if journal.exists() else ("", "")

    def steps(self) -> tuple[Step, ...]:
        """Return how far each agent is."""
        return () if self._rollout is None else self._rollout.report.steps

    def progress(self) -> Progress | None:
        """Tell what the page shows, or None where there is nothing to show."""
        if not self._state:
            return None
        steps = self.steps()
        counts = Counter(_count(step) for step in steps)
        told = [step for step in steps if step.state in _LOOK_AT and step.phase != "planned"]
        told.sort(key=lambda step: _LOOK_AT.index(step.state))
        return Progress(
            title=self._title,
            state=self._state,
            message=self._message,
            counts={name: counts[name] for name in _COUNTS},
            steps=[told_of(step) for step in told[:_AT_MOST]],
        )

    # --- what a person may do ----------------------------------------------------------------

    async def plan(self, order: Order) -> Plan:
        """Tell what a rollout would do; no agent gets a command."""
        self._refuse_a_second()
        rollout = order.rollout(self._ngrok, self._journal)
        plan = await rollout.plan()
        key = secrets.token_urlsafe(8)
        self._planned = key, order.title, rollout
        return shown(key, plan)

    def start(self, plan: str) -> None:
        """Begin with what was planned last: with those agents, and no others."""
        self._refuse_a_second()
        if self._planned is None or self._planned[0] != plan:
            raise Refused("This plan is not the latest any more. Plan it again.")
        _, self._title, rollout = self._planned
        self._planned = None
        self._go(rollout)

    async def pause(self) -> None:
        """Send no further command; what agents do by then, they do."""
        if self._state != "running":
            raise Refused("No rollout is running.")
        await self._end("paused", _PAUSED)

    def resume(self) -> None:
        """Go on with the one that was paused, or that an earlier service began."""
        if self._state not in {"paused", "interrupted"}:
            raise Refused("There is no rollout to go on with.")
        self._go(self._rollout or Rollout.resume(self._ngrok, self._journal))

    def dismiss(self) -> None:
        """Put it away: its journal gets the time as its name and stays."""
        if self._state in {"", "running"}:
            raise Refused("There is no rollout that could be put away.")
        self._rollout = None
        self._put_away()
        self._turn("", "")

    async def aclose(self) -> None:
        """End with the service; the journal has what is needed to go on."""
        if self._state == "running":
            await self._end("interrupted", _INTERRUPTED)

    def _refuse_a_second(self) -> None:
        if self._state in {"running", "paused", "interrupted"}:
            raise Refused("One rollout at a time: let the other come to its end, or put it away.")

    # --- how it goes -------------------------------------------------------------------------

    def _go(self, rollout: Rollout) -> None:
        self._rollout = rollout
        self._turn("running", "")
        self._task = asyncio.create_task(self._run(rollout))

    async def _run(self, rollout: Rollout) -> None:
        try:
            async for _ in rollout:
                self._changed()
        except NgrokError as error:  # it can be gone on with
            _log.warning("%s: %s", type(error).__name__, error)
            self._turn("paused", explain(error)[1])
        else:
            self._put_away()
            stopped = rollout.report.stopped.replace("max_failures=", "the allowed ")
            self._turn("stopped" if stopped else "finished", stopped)

    async def _end(self, state: str, message: str) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._state == "running":  # else it has come to its end by itself meanwhile
            self._turn(state, message)

    def _turn(self, state: str, message: str) -> None:
        self._state, self._message = state, message
        self._changed()

    def _put_away(self) -> None:
        if self._journal.exists():
            at = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
            self._journal.rename(self._journal.with_stem(f"{self._journal.stem}-{at}"))


def _count(step: Step) -> str:
    if step.state == "pending" and step.phase != "planned":
        return "under_way"
    return step.state


def told_of(step: Step) -> Told:
    """Return what the page tells of an agent that is not done."""
    name = step.id if step.agent is None else name_of(step.agent)
    reason = step.reason
    if step.state == "unclear":
        reason = f"{reason} {_WHAT_TO_DO}".strip()
    return Told(name=name, state=step.state, reason=reason)


def shown(key: str, plan: RolloutPlan) -> Plan:
    """Return what the page shows of a plan."""
    skipped: dict[str, list[str]] = {}
    for step in plan.skipped:
        name = step.id if step.agent is None else name_of(step.agent)
        skipped.setdefault(step.reason, []).append(name)
    return Plan(
        plan=key,
        total=sum(len(wave) for wave in plan.waves),
        requests=plan.requests,
        seconds=plan.seconds,
        waves=[[name_of(agent) for agent in wave] for wave in plan.waves],
        skipped=[Skipped(reason=reason, names=names) for reason, names in skipped.items()],
        alike=[[name_of(agent) for agent in agents] for agents in plan.alike],
    )
