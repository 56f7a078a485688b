"""All sessions that a rollout has seen, and which of them an agent may be back as."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import attrs

from ngrok_async.jobs._fleet_plan import Member
from ngrok_async.jobs._identity import Match, Trace, matches
from ngrok_async.resources.tunnel_sessions import TunnelSession

if TYPE_CHECKING:
    from datetime import datetime


@attrs.define(eq=False)
class Seen:
    """A session that was seen.

    Attributes:
        trace: What tells who it is.
        number: How many were seen before it.
        at: When it was first seen, by our clock.
        session: The session; None where only a journal tells of it.
        is_gone: Whether it is known to be gone.
    """

    trace: Trace
    number: int
    at: float
    session: TunnelSession | None
    is_gone: bool = False


@attrs.frozen
class Verdict:
    """A match, and what is still to be asked before it counts.

    Attributes:
        match: The match.
        seen: The new session.
        rivals: Agents that look alike to whom it could belong, if they are gone.
    """

    match: Match
    seen: Seen
    rivals: tuple[Seen, ...]


class Known:
    """The sessions that were seen, in that order."""

    def __init__(self) -> None:
        """Know none."""
        self._seen: dict[str, Seen] = {}
        self._alike: defaultdict[str, list[Seen]] = defaultdict(list)
        self.claimed: set[str] = set()  # who members are back as
        self.followed: set[str] = set()  # sessions whose agents are known to be elsewhere
        self.newest = ""
        self.latest: datetime | None = None

    def __len__(self) -> int:
        """Count them."""
        return len(self._seen)

    @property
    def all(self) -> Collection[Seen]:
        """All of them."""
        return self._seen.values()

    def add(self, trace: Trace, session: TunnelSession | None, at: float) -> None:
        """Take in a session."""
        if trace.id in self._seen:
            return
        seen = Seen(trace, len(self._seen), at, session)
        self._seen[trace.id] = seen
        self._alike[trace.identity].append(seen)
        self.newest = max(self.newest, trace.id)
        if session is not None and (self.latest is None or session.started_at > self.latest):
            self.latest = session.started_at

    def offers(self, trace: Trace) -> None:
        """Take in the URLs of a session that was seen before."""
        self._seen[trace.id].trace = trace

    def is_alone(self, member: Member) -> bool:
        """Tell whether no other agent was ever seen that looks like this one."""
        return len(self._alike[member.trace.identity]) == 1

    def come(self, member: Member) -> list[Seen]:
        """Return the sessions that an agent may be back as."""
        return [
            seen
            for seen in self._alike[member.trace.identity]
            if seen.number > member.seen
            and seen.trace.id > member.floor
            and seen.trace.id not in self.claimed
            and seen.trace.id != member.now
            and not seen.is_gone
        ]

    def verdict(self, member: Member) -> Verdict | None:
        """Tell as whom an agent that is gone is back, if it is certain as far as is known."""
        come = self.come(member)
        others = self._others(member, come)
        gone = [seen.trace for seen in others if seen.is_gone]
        ours = self._trace_of(member)
        match = matches([ours, *gone], [seen.trace for seen in come]).get(member.now)
        if match is None:
            return None
        rivals = tuple(seen for seen in others if _could_be(seen.trace, match))
        return Verdict(match, self._seen[match.new.id], rivals)

    def _trace_of(self, member: Member) -> Trace:
        """Return what tells who an agent is by the session that it had last."""
        if member.now == member.id:
            return member.trace
        # It connected anew by itself since the plan, and may have moved.
        last = self._seen.get(member.now)
        return attrs.evolve(member.trace, id=member.now, ip=last.trace.ip if last else "")

    def _others(self, member: Member, come: Collection[Seen]) -> list[Seen]:
        """Return the sessions of those who look like an agent, and are not its own."""
        own = {member.id, member.now, *(seen.trace.id for seen in come), *self.followed}
        alike = [seen for seen in self._alike[member.trace.identity] if seen.trace.id not in own]
        claimed = self.claimed
        before = [seen for seen in alike if seen.number <= member.seen or seen.trace.id in claimed]
        ip = self._trace_of(member).ip
        addresses = {"", *(seen.trace.ip for seen in before)}
        # Who came after it and is gone again was the agent itself, if nobody else could be that.
        return before + [
            seen
            for seen in alike
            if seen.number > member.seen
            and seen.trace.id not in claimed
            and before
            and (seen.trace.ip != ip or ip in addresses)
        ]

    def follow(self, member: Member, verdict: Verdict) -> None:
        """Note that an agent is back as another session; those it had before are nobody's now."""
        others = {seen.trace.id for seen in self._others(member, [verdict.seen])}
        self.followed |= {member.id, member.now} | {
            seen.trace.id
            for seen in self._alike[member.trace.identity]
            if seen.number > member.seen and seen.is_gone and seen.trace.id not in others
        }
        self.claimed.add(verdict.match.new.id)

    def mark_gone(self, asked: Iterable[Seen], there: Collection[str]) -> bool:
        """Note who is gone of those that were asked for; tell whether anybody is."""
        gone = [seen for seen in asked if seen.trace.id not in there]
        for seen in gone:
            seen.is_gone = True
        return bool(gone)


def _could_be(other: Trace, match: Match) -> bool:
    """Tell whether the new session of a match could be that of another agent that looks alike."""
    if match.how == "url":
        return bool(other.urls & match.new.urls)
    return match.how == "only" or other.ip == match.new.ip
