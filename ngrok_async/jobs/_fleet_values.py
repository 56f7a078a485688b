"""What a rollout tells: its steps, its plan and its report."""

from collections import Counter
from typing import Final, Literal, TypeAlias

import attrs

from ngrok_async._request import JSON
from ngrok_async.errors import RolloutFailedError
from ngrok_async.jobs._identity import How
from ngrok_async.resources.tunnel_sessions import TunnelSession

Verb: TypeAlias = Literal["update", "restart", "stop"]
State: TypeAlias = Literal["pending", "done", "skipped", "failed", "unclear"]
Phase: TypeAlias = Literal[
    "planned",
    "updating",
    "fetched",
    "restarting",
    "stopping",
    "away",
    "back",
    "verified",
]

_SHOWN: Final = 10


@attrs.frozen
class Step:
    """How far a rollout is with an agent.

    Attributes:
        id: The id of its session when the rollout was planned.
        agent: That session; None after a `resume` where it is gone.
        state: "pending" until it is known how it ends: "done", "skipped", "failed", or "unclear"
            where it cannot be known.
        phase: What it got to: "planned", "updating", "fetched", "restarting" (or "stopping"),
            "away", "back", "verified".
        reason: Why it is not done, for people; may be ngrok's words.
        new: The id of the session that it is back as.
        match: What shows that this is the same agent: a "url" that both have, an "ip" that no
            other of the agents that look alike has, or that it is the "only" one.
    """

    id: str
    agent: TunnelSession | None = attrs.field(repr=False)
    state: State = "pending"
    phase: Phase = "planned"
    reason: str = ""
    new: str | None = None
    match: How | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Return it as JSON, without the session."""
        return {
            "id": self.id,
            "state": self.state,
            "phase": self.phase,
            "reason": self.reason,
            "new": self.new,
            "match": self.match,
        }


@attrs.frozen
class RolloutPlan:
    """Who gets a command, and when. `print(plan)` shows it.

    Attributes:
        steps: Every agent that was meant, the skipped ones with their `reason`.
        waves: Those that get a command, wave by wave; after a `resume` those still there.
        alike: Groups that have credential, metadata and operating system in common, so that
            they can be told apart by a URL or an address only. They are never in one wave.
        requests: How many requests are to be expected.
        seconds: How long it takes, about, where every agent is back soon.
    """

    steps: tuple[Step, ...]
    waves: tuple[tuple[TunnelSession, ...], ...]
    alike: tuple[tuple[TunnelSession, ...], ...]
    requests: int
    seconds: float

    @property
    def skipped(self) -> tuple[Step, ...]:
        """Those that get no command."""
        return tuple(step for step in self.steps if step.state == "skipped")

    @property
    def minutes(self) -> float:
        """The seconds, in minutes."""
        return self.seconds / 60

    def __str__(self) -> str:
        """Return a line for each wave and for each reason to skip agents."""
        lines = [f"wave {n}: {_named(wave)}" for n, wave in enumerate(self.waves, 1)]
        reasons = Counter(step.reason for step in self.skipped)
        lines += [f"skipped: {count}, {reason}" for reason, count in reasons.items()]
        lines += [f"look alike, so one a wave: {_named(group)}" for group in self.alike]
        lines.append(f"about {self.requests} requests, {self.minutes:.0f} minutes or more")
        return "\n".join(lines)


def _named(agents: tuple[TunnelSession, ...]) -> str:
    ids = ", ".join(agent.id for agent in agents[:_SHOWN])
    more = len(agents) - _SHOWN
    return f"{ids} and {more} more" if more > 0 else ids


@attrs.frozen
class RolloutReport:
    """What became of every agent.

    Attributes:
        steps: The last step of each.
        stopped: Why the rollout ended before its last wave; "" where it did not.
    """

    steps: tuple[Step, ...]
    stopped: str = ""

    @property
    def ok(self) -> bool:
        """Whether each agent is done or was skipped."""
        return all(step.state in {"done", "skipped"} for step in self.steps)

    def to_dict(self) -> dict[str, JSON]:
        """Return it as JSON."""
        return {
            "ok": self.ok,
            "stopped": self.stopped,
            "steps": [step.to_dict() for step in self.steps],
        }

    def raise_if_failed(self) -> None:
        """Raise where an agent failed, where it is unclear, or where some had no turn.

        Raises:
            RolloutFailedError: With this report.
        """
        if self.ok:
            return
        counts = Counter(step.state for step in self.steps)
        told = ", ".join(f"{counts[state]} {state}" for state in counts)
        why = f" ({self.stopped})" if self.stopped else ""
        raise RolloutFailedError(f"not every agent is done: {told}{why}", report=self)
