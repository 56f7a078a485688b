"""Who gets a command, and in which wave: told from what was read, without a request."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Final, Literal, TypeAlias, cast

import attrs

from ngrok_async._numbers import as_float
from ngrok_async._shown import shown
from ngrok_async.jobs._fleet_values import Phase, RolloutPlan, State, Step, Verb
from ngrok_async.jobs._identity import How, Trace
from ngrok_async.jobs._time import span
from ngrok_async.resources.tunnel_sessions import TunnelSession

Apart: TypeAlias = Literal["pool"]
Answer: TypeAlias = Literal["", "taken", "unclear"]

# Seconds from `update` to `restart`: ngrok wants ten at least.
FETCH: Final = 15.0
# What an agent needs to be back, about, and the looks until then.
_BACK: Final = 20.0
_LOOKS: Final = 3
_LOOK: Final = 3
_LIMIT: Final = (120, 60.0)


@attrs.frozen(kw_only=True)
class Options:
    """What a rollout was asked for, checked; `Rollout` tells what each is."""

    verb: Verb
    to: str | None
    fetch_only: bool
    waves: tuple[int, ...]
    max_failures: int
    share: float
    settle: float
    patience: float
    apart: Apart | None


def options_of(
    verb: Verb,
    *,
    to: str | None = None,
    fetch_only: bool = False,
    waves: Sequence[int] = (1, 5, 25),
    max_failures: int = 0,
    share: float = 0.5,
    settle: float = 20.0,
    patience: float = 300.0,
    apart: Apart | None = None,
) -> Options:
    """Check what was asked for.

    Raises:
        ValueError: It cannot be; what would be right is said.
    """
    given: dict[str, object] = {"to": to, "fetch_only": fetch_only}  # untyped callers
    if not (given["to"] is None or (isinstance(given["to"], str) and given["to"].strip())):
        raise ValueError(f"to must be a version such as '3.39.11', or None; got {shown(to)}")
    if given["fetch_only"] not in (True, False):
        raise ValueError(f"fetch_only must be True or False, got {shown(fetch_only)}")
    sizes = _sizes(waves)
    if not sizes:
        raise ValueError(f"waves must be sizes from 1 on, such as (1, 5, 25); got {shown(waves)}")
    if type(max_failures) is not int or max_failures < 0:
        raise ValueError(f"max_failures must be a number from 0 on, got {shown(max_failures)}")
    if not 0 < as_float(share) <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {shown(share)}")
    if apart not in (None, "pool"):
        raise ValueError(f"apart must be 'pool' or None, got {shown(apart)}")
    return Options(
        verb=verb,
        to=to,
        fetch_only=bool(fetch_only),
        waves=sizes,
        max_failures=max_failures,
        share=float(share),
        settle=span("settle", settle),
        patience=span("patience", patience),
        apart=apart,
    )


def _is_sequence(waves: object) -> bool:
    return isinstance(waves, Sequence) and not isinstance(waves, str | bytes)


def _sizes(waves: object) -> tuple[int, ...]:
    """Return the sizes of waves; none where one cannot be."""
    given = tuple(cast("Sequence[object]", waves)) if _is_sequence(waves) else ()
    sizes = tuple(size for size in given if type(size) is int and size > 0)
    return sizes if len(sizes) == len(given) else ()


@attrs.define(eq=False)
class Member:
    """An agent of the rollout, and how far it is.

    Attributes:
        trace: What tells who it is, by the session that it had when this was planned.
        version: The version that it had then.
        wave: The number of its wave; -1: it is skipped.
        session: That session, where it is known.
        now: The id of the session that commands go to. It changes when the agent connects anew by
            itself before its turn.
        state: As in `Step`, like the next four.
        sends: How often each command was sent.
        answer: What the last command was answered; "" while it is not known.
        update: What the `update` was answered.
        mark: The newest id that was seen before the last command.
        floor: After a resume, the id that those are greater than who have come since.
        seen: How many sessions were known when it was last certain that it was there.
        sent: When the last command was sent, or when it was missed.
        is_lost: Whether it was gone before a command could reach it.
    """

    trace: Trace
    version: str
    wave: int
    session: TunnelSession | None = None
    now: str = ""
    state: State = "pending"
    phase: Phase = "planned"
    reason: str = ""
    new: str | None = None
    match: How | None = None
    sends: dict[str, int] = attrs.field(factory=dict[str, int])
    answer: Answer = ""
    update: Answer = ""
    mark: str = ""
    floor: str = ""
    seen: int = -1
    sent: float = 0.0
    is_lost: bool = False

    def __attrs_post_init__(self) -> None:
        """Commands go to the session that was planned."""
        self.now = self.now or self.trace.id

    @property
    def id(self) -> str:
        """The id of the session that was planned."""
        return self.trace.id

    @property
    def step(self) -> Step:
        """How far it is, as people are told."""
        return Step(
            self.id, self.session, self.state, self.phase, self.reason, self.new, self.match
        )


def reason_to_skip(session: TunnelSession, options: Options) -> str:
    """Tell why an agent gets no command; "" where it gets one."""
    if session.transport == "ssh":
        return "it is connected over SSH, and takes no command"
    is_restarted = options.verb == "restart" or (
        options.verb == "update" and not options.fetch_only
    )
    if is_restarted and session.os.lower().startswith("windows"):
        cure = "; with `fetch_only` the new version waits for the next start of its machine"
        return f"agents on Windows cannot be restarted{cure if options.verb == 'update' else ''}"
    if options.verb == "update" and session.agent_version == options.to:
        return f"it is at {options.to} already"
    return ""


def members_of(
    sessions: Iterable[TunnelSession], traces: Mapping[str, Trace], options: Options
) -> list[Member]:
    """Return the agents, each in a wave or skipped."""
    members: list[Member] = []
    for session in sessions:
        reason = reason_to_skip(session, options)
        state: State = "skipped" if reason else "pending"
        members.append(
            Member(
                traces[session.id],
                session.agent_version,
                -1,
                session,
                state=state,
                reason=reason,
            )
        )
    _into_waves([member for member in members if member.state == "pending"], options)
    return members


def _into_waves(members: list[Member], options: Options) -> None:
    """Number the waves: no two agents in one that look alike, or that share a URL if so asked."""
    left, number = members, 0
    while left:
        size = options.waves[min(number, len(options.waves) - 1)]
        identities: set[str] = set()
        urls: set[str] = set()
        count, later = 0, list[Member]()
        for member in left:
            trace = member.trace
            is_apart = options.apart is None or not trace.urls & urls
            if count < size and trace.identity not in identities and is_apart:
                member.wave = number
                count += 1
                identities.add(trace.identity)
                urls |= trace.urls
            else:
                later.append(member)
        left, number = later, number + 1


def plan_of(
    members: Sequence[Member], options: Options, budget: tuple[int, float] | None
) -> RolloutPlan:
    """Return what people are shown before anything is done."""
    waves: defaultdict[int, list[Member]] = defaultdict(list)
    alike: defaultdict[str, list[TunnelSession]] = defaultdict(list)
    for member in members:
        if member.state == "pending":
            waves[member.wave].append(member)
            if member.session is not None:
                alike[member.trace.identity].append(member.session)
    commands = 2 if options.verb == "update" and not options.fetch_only else 1
    pending = sum(map(len, waves.values()))
    requests = pending * commands + len(waves) * (1 + _LOOK * _LOOKS)
    if options.fetch_only:
        requests = pending
    elif options.verb != "stop":  # agents that look alike are looked for before each command
        requests += sum(len(group) for group in alike.values() if len(group) > 1)
    limit, window = budget or _LIMIT
    usual = (FETCH if options.verb == "update" else 0.0) + _BACK
    at_limit = ceil(requests / max(1.0, limit * options.share)) - 1
    return RolloutPlan(
        tuple(member.step for member in members),
        tuple(
            tuple(member.session for member in waves[n] if member.session is not None)
            for n in sorted(waves)
        ),
        tuple(tuple(group) for group in alike.values() if len(group) > 1),
        requests,
        max(len(waves) * usual, at_limit * window),
    )
