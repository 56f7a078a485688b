"""What a rollout sees of the account, and whether that makes a match certain."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from ngrok_async.jobs._fleet_account import Account, by_session
from ngrok_async.jobs._fleet_known import Known, Verdict
from ngrok_async.jobs._fleet_plan import Member, Options
from ngrok_async.jobs._identity import trace_of

# ngrok tells times in whole seconds, and what is new may be listed a little later.
_MARGIN: Final = timedelta(seconds=10)

# Times `settle`: in which an agent is back from a restart that shares its address with others.
_SOON: Final = 3


class Sight:
    """What is seen between two commands."""

    def __init__(
        self, account: Account, known: Known, options: Options, hide: Callable[[str], str]
    ) -> None:
        """Look at an account, and keep what is seen."""
        self._account = account
        self._known = known
        self._options = options
        self._hide = hide

    async def newcomers(self) -> None:
        """Take in the sessions that have come since the last look."""
        latest = self._known.latest
        since = latest and latest - _MARGIN
        new = await self._account.sessions_since(since)
        for session in sorted(new, key=lambda each: each.id):
            self._known.add(trace_of(session, (), self._hide), session, self._account.clock.time())

    async def see_offers(self, gone: list[Member]) -> None:
        """Read the endpoints of those who have come, if these can tell anything."""
        come = [
            seen.session
            for member in gone
            if member.trace.urls
            for seen in self._known.come(member)
            if seen.session is not None and not seen.trace.urls
        ]
        if not come:
            return
        since = min(session.started_at for session in come) - _MARGIN
        offers = by_session(await self._account.endpoints_since(since))
        for session in come:
            self._known.offers(trace_of(session, offers.get(session.id, ()), self._hide))

    async def is_certain(self, member: Member, verdict: Verdict) -> bool:
        """Tell whether a match counts; asks whether those are there who could be it too."""
        how = verdict.match.how
        is_late = self._account.clock.time() - verdict.seen.at >= self._options.settle
        if member.trace.fixed and how != "url" and not is_late:
            return False  # its URL may come yet
        if not verdict.rivals:
            return True
        if not await self._are_others_there(member, verdict):
            return False
        return how == "url" or (is_late and not member.is_lost and self._is_likely(member, verdict))

    async def _are_others_there(self, member: Member, verdict: Verdict) -> bool:
        """Ask whether those are still there who could be it too; tell whether the match holds."""
        left = [seen for seen in verdict.rivals if not seen.is_gone]
        there = await self._account.still_there(seen.trace.id for seen in left)
        if not self._known.mark_gone(left, there):
            return True
        again = self._known.verdict(member)
        return again is not None and again.match == verdict.match

    def _is_likely(self, member: Member, verdict: Verdict) -> bool:
        """Tell whether it is no agent that looks alike and has come by chance."""
        session = verdict.seen.session
        if self._options.verb == "update":
            return session is not None and session.agent_version != member.version
        # One that comes long after a restart may be new, and the other one may never come back.
        is_soon = verdict.seen.at - member.sent <= _SOON * self._options.settle
        return verdict.match.how == "ip" and is_soon
