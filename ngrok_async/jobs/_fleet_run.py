"""The course of a rollout: one command, one look or one wait at a time.

All that is known is in the members and in the journal, so it can end at any `await` and go on.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs

from ngrok_async.errors import (
    APIError,
    AuthenticationError,
    NgrokError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    TransportError,
)
from ngrok_async.jobs._fleet_account import MOMENT, Account
from ngrok_async.jobs._fleet_known import Known, Seen, Verdict
from ngrok_async.jobs._fleet_plan import FETCH, Member, Options
from ngrok_async.jobs._fleet_sight import Sight
from ngrok_async.jobs._fleet_told import Targets, number_of, words_of
from ngrok_async.jobs._fleet_values import Phase, State, Step, Verb
from ngrok_async.jobs._journal import Journal, change
from ngrok_async.jobs._time import sleep

_log: Final = logging.getLogger("ngrok_async.jobs.fleet")

_SENT: Final[dict[Verb, Phase]] = {
    "update": "updating",
    "restart": "restarting",
    "stop": "stopping",
}
# The agent does not support it, or has nothing to fetch: nothing has changed.
_SKIPPED: Final = frozenset({804, 805, 806})
_NOTHING_NEW: Final = 809  # or it failed to fetch it: which of them is stated nowhere
_UNCLEAR: Final = 810
_SENDS: Final = 2  # of one command, at most
# What is said of an agent or of the plan, and not of ngrok's servers.
_AGENTS: Final = frozenset(range(804, 811)) | frozenset(range(1700, 1703))
_PLAN: Final = frozenset({1700, 1701, 1702})
# Seconds between looks.
_FIRST: Final = 5.0
_SLOWER: Final = 1.5
_SLOWEST: Final = 30.0
# Seconds for which a look is as good as new to agents that nobody looks like.
_FRESH: Final = 5.0


class Course:
    """A rollout that is under way."""

    def __init__(
        self,
        account: Account,
        options: Options,
        members: Sequence[Member],
        known: Known,
        *,
        learned: dict[str, str],
        hide: Callable[[str], str],
    ) -> None:
        """Take what was planned."""
        self.account: Account = account
        self.options: Options = options
        self._known = known
        self._sight = Sight(account, known, options, hide)
        self.targets: Targets = Targets(options, learned)
        self._look_at = 0.0
        self._look_wait = _FIRST
        self._looked_for = -1  # the wave before which was last looked
        self._seen_at = float("-inf")  # when was last looked before a command
        self._failing: float | None = None
        self.members: Sequence[Member] = members
        self.journal: Journal | None = None
        self.queue: deque[Step] = deque(member.step for member in members)
        self.stopped: str = ""
        self.header: dict[str, Any] = {}

    # --- one piece of work --------------------------------------------------------------------

    async def work(self) -> bool:
        """Do what is next; tell whether there was anything to do.

        Raises:
            NgrokError: A look failed for good. Call it again to go on.
        """
        wave = self._wave()
        if not wave:
            return False
        try:
            await self._next(wave)
        except (ServerError, TransportError) as error:
            now = self._now
            self._failing = now if self._failing is None else self._failing
            if now - self._failing > self.options.patience:
                self._failing = None
                raise
            _log.info("a look failed, and comes again: %s", type(error).__name__)
            await sleep(self.account.clock, self._look_wait)
            self._look_wait = min(_SLOWEST, self._look_wait * _SLOWER)
        else:
            self._failing = None
        return True

    @property
    def _now(self) -> float:
        return self.account.clock.time()

    def _wave(self) -> list[Member]:
        """Return those of the current wave that are not at their end; none: it is over."""
        pending = [member for member in self.members if member.state == "pending"]
        if self.stopped or not pending:
            return []
        number = min(member.wave for member in pending)
        wave = [member for member in pending if member.wave == number]
        has_begun = any(member.wave == number and member.sends for member in self.members)
        failures = sum(member.state in {"failed", "unclear"} for member in self.members)
        if not has_begun and failures > self.options.max_failures:
            self.stopped = (
                f"{failures} failed or unclear, more than max_failures={self.options.max_failures}"
            )
            return []
        return wave

    async def _next(self, wave: list[Member]) -> None:
        # What an `update` leads to is told by the restart, which has a look of its own.
        if self.options.verb != "update" and self._looked_for != wave[0].wave:
            await self._sight.newcomers()
            self._looked_for = wave[0].wave
            return
        now = self._now
        for member in wave:
            self._settle(member, now)
        wave = [member for member in wave if member.state == "pending"]
        for member in wave:
            if not member.is_lost and member.phase in {"planned", "fetched"}:
                await self._command(member, self._verb_for(member))
                return
        followed = [member for member in wave if self._is_followed(member)]
        dues = [member.sent + FETCH for member in wave if member.phase == "updating"]
        if followed:
            if self._look_at <= now:
                await self._look(followed)
                return
            dues.append(self._look_at)
        if dues:
            await sleep(self.account.clock, max(MOMENT, min(dues) - now))

    def _verb_for(self, member: Member) -> Verb:
        return "restart" if member.phase == "fetched" else self.options.verb

    @staticmethod
    def _is_followed(member: Member) -> bool:
        return member.is_lost or member.phase not in {"planned", "updating", "fetched"}

    def _settle(self, member: Member, now: float) -> None:
        """Bring a member on for which nothing has to be asked."""
        if member.phase in _SENT.values() and not member.answer:
            # It was cut off while the command was under way: as if the answer was lost.
            member.answer, member.sent = "unclear", now
            if member.phase == "updating":
                member.update = "unclear"
            self._keep(member)
        if member.phase == "planned" and not member.is_lost and self.targets.has(member.version):
            self._end(member, "skipped", f"it is at {member.version} already")
        if member.phase == "updating" and now >= member.sent + FETCH:
            if not self.options.fetch_only:
                self._tell(member, "fetched")
            elif member.update == "taken":
                self._end(member, "done", phase="fetched")
            else:
                self._end(member, "unclear", "whether it took the update is not known")

    # --- commands -----------------------------------------------------------------------------

    async def _command(self, member: Member, verb: Verb) -> None:
        """Send a command, after it is written down that it will be."""
        before = attrs.evolve(member, sends=dict(member.sends))
        again = member.sends.get(verb, 0)
        await self._see_who_is_there(member, verb)
        resource = self.account.commands
        call = {"update": resource.update, "restart": resource.restart, "stop": resource.stop}[verb]
        is_sent = False

        async def send() -> None:
            nonlocal is_sent
            if not is_sent:
                is_sent = True
                member.sends[verb] = again + 1
                member.answer, member.mark = "", self._known.newest
                member.seen, member.floor = len(self._known) - 1, ""
                member.sent = self._now
                self._tell(member, _SENT[verb])
            await call(member.now)

        try:
            await self.account.ask(send)
        except NotFoundError:
            self._missed(member, verb, before)
        except NgrokError as error:
            number = number_of(error)
            if isinstance(error, APIError) and not (
                isinstance(error, ServerError) and number not in _AGENTS
            ):
                self._refused(member, verb, error)
            elif error.maybe_applied:
                self._answered(member, verb, "unclear")
            else:  # nobody got it
                self._undo(member, before)
                self._tell(member, member.phase)
                raise
        else:
            self._answered(member, verb, "taken")

    async def _see_who_is_there(self, member: Member, verb: Verb) -> None:
        """Look before a command: who is there then is not the agent that comes back from it."""
        is_alone = self._known.is_alone(member)
        if verb == "update" or (is_alone and (verb == "stop" or member.trace.fixed)):
            return
        if is_alone and self._now - self._seen_at < _FRESH:
            return
        await self.account.room(2)
        await self._sight.newcomers()
        self._seen_at = self._now

    def _answered(self, member: Member, verb: Verb, answer: str) -> None:
        member.answer = "taken" if answer == "taken" else "unclear"
        member.sent = self._now
        if verb == "update":
            member.update = member.answer
        else:
            self._look_wait = _FIRST
            self._look_at = self._now + _FIRST
        self._keep(member)

    @staticmethod
    def _undo(member: Member, before: Member) -> None:
        """Have a member as it was before a command that did not reach anybody."""
        for name in ("phase", "answer", "sends", "mark", "floor", "seen", "sent"):
            setattr(member, name, getattr(before, name))

    def _missed(self, member: Member, verb: Verb, before: Member) -> None:
        """The session was gone when the command came."""
        member.answer = "taken"
        self._look_wait, self._look_at = _FIRST, self._now
        if before.sends.get(verb, 0):  # so the one before it was taken
            if verb == "stop":
                self._end(member, "done", phase="away")
            else:
                self._tell(member, "away")
        else:  # it may be back for long already
            self._undo(member, before)
            member.is_lost, member.sent = True, self._now
            self._tell(member, member.phase)

    def _refused(self, member: Member, verb: Verb, error: APIError) -> None:
        code = number_of(error)
        is_first = verb == self.options.verb  # it has done nothing yet
        if (code in _SKIPPED and is_first) or (verb == "update" and code == _NOTHING_NEW):
            self._end(member, "skipped", words_of(error), phase=member.phase)
        elif code == _UNCLEAR:
            self._answered(member, verb, "unclear")
        else:
            self._end(member, "failed", words_of(error))
            if code in _PLAN or isinstance(error, AuthenticationError | PermissionDeniedError):
                self.stopped = f"no command is accepted: {words_of(error)}"

    # --- looks --------------------------------------------------------------------------------

    async def _look(self, followed: list[Member]) -> None:
        await self._sight.newcomers()
        asked = [member.now for member in followed if member.phase != "away"]
        asked += [seen.trace.id for member in followed for seen in self._several(member)]
        there = await self.account.still_there(asked) if asked else set[str]()
        for member in followed:
            self._known.mark_gone(self._several(member), there)
        gone = [member for member in followed if member.phase == "away" or member.now not in there]
        await self._sight.see_offers(gone)
        self._look_at = self._now + self._look_wait
        self._look_wait = min(_SLOWEST, self._look_wait * _SLOWER)
        for member in followed:
            if member in gone:
                await self._gone(member)
            else:
                await self._still_there(member)
        ends = [member.sent + self._patience(member) for member in followed]
        self._look_at = min([self._look_at, *(end for end in ends if end > self._now)])

    def _several(self, member: Member) -> list[Seen]:
        come = self._known.come(member)
        return come if len(come) > 1 else []

    async def _still_there(self, member: Member) -> None:
        """Go on with an agent whose session has not ended."""
        over = self._now - member.sent
        verb: Verb = "stop" if member.phase == "stopping" else "restart"
        if member.is_lost:  # the answer that it was gone was wrong
            member.is_lost = False
            self._keep(member)
            return
        member.seen, member.floor = len(self._known) - 1, ""
        is_settled = member.answer == "unclear" and over >= self.options.settle
        if is_settled and member.sends.get(verb, 0) < _SENDS:
            await self._command(member, verb)
            return
        if over >= self.options.patience:
            self._end(
                member, "failed", f"it is still there {over:.0f} s after it was told to {verb}"
            )

    async def _gone(self, member: Member) -> None:
        """Go on with an agent whose session has ended."""
        if member.phase == "stopping":
            self._end(member, "done", phase="away")
            return
        if not member.is_lost and member.phase != "away":
            self._tell(member, "away")
        verdict = self._known.verdict(member)
        if verdict is not None and await self._sight.is_certain(member, verdict):
            self._back(member, verdict)
        elif self._now - member.sent >= self._patience(member):
            self._give_up(member)

    def _patience(self, member: Member) -> float:
        """Return how long an agent is waited for: who is to be gone need not come back."""
        is_to_go = member.is_lost and self.options.verb == "stop"
        return self.options.settle if is_to_go else self.options.patience

    def _back(self, member: Member, verdict: Verdict) -> None:
        new, match = verdict.seen.session, verdict.match
        version = "" if new is None else new.agent_version
        is_new = bool(version) and version != member.version
        self._known.follow(member, verdict)
        if member.is_lost and not (member.phase == "fetched" and is_new):
            # It connected anew by itself, so the command goes to its new session.
            member.is_lost = False
            member.now, member.seen, member.floor = match.new.id, verdict.seen.number, ""
            self._keep(member)
            return
        member.is_lost = False
        member.new, member.match = match.new.id, match.how
        self._tell(member, "back")
        wrong = self.targets.problem(member, version)
        if wrong:
            self._end(member, "failed", wrong)
            return
        self._learn(version)
        self._end(member, "done", phase="verified")

    def _learn(self, version: str) -> None:
        if self.targets.learn(version) and self.journal is not None:
            self.journal.write({"learned": self.targets.learned})

    def _give_up(self, member: Member) -> None:
        count = len(self._known.come(member))
        patience = f"{self._patience(member):g} s"
        if member.is_lost and member.phase == "planned":
            what = "came back as one of several" if count else "did not come back"
            self._end(
                member, "skipped", f"it went away before its turn, and {what} within {patience}"
            )
        elif count:
            self._end(
                member,
                "unclear",
                f"{count} that look like it have come within {patience}, and none is certain"
                " to be it",
            )
        else:
            self._end(member, "failed", f"it is not back within {patience}")

    # --- telling ------------------------------------------------------------------------------

    def _tell(self, member: Member, phase: Phase) -> None:
        member.phase = phase
        self._keep(member)
        _log.info("%s: %s", member.id, phase)
        self.queue.append(member.step)

    def _end(
        self, member: Member, state: State, reason: str = "", phase: Phase | None = None
    ) -> None:
        member.state, member.reason = state, reason
        self._tell(member, phase or member.phase)

    def _keep(self, member: Member) -> None:
        if self.journal is not None:
            self.journal.write(change(member))
