"""The beginning of a rollout: what is read of the account before anything is done."""

import secrets
from functools import partial
from typing import Final

from ngrok_async.client import Client
from ngrok_async.errors import BadRequestError
from ngrok_async.filters import Condition, Filter
from ngrok_async.jobs._fleet_account import Account, by_session
from ngrok_async.jobs._fleet_known import Known
from ngrok_async.jobs._fleet_plan import Options, members_of
from ngrok_async.jobs._fleet_run import Course
from ngrok_async.jobs._identity import Trace, trace_of
from ngrok_async.jobs._journal import Saved, header, hidden
from ngrok_async.resources.tunnel_sessions import TunnelSession

_SALT: Final = 16


async def begun(ngrok: Client, where: Filter[TunnelSession] | None, options: Options) -> Course:
    """Read who is there, and return what is to be done.

    Raises:
        NgrokError: The lists cannot be read, or ngrok refuses the filter.
    """
    account, salt = Account(ngrok, options.share), secrets.token_bytes(_SALT)
    chosen, rest = await _chosen(account, where)
    offers = by_session(await account.endpoints())
    hide = partial(hidden, salt)
    known, traces = Known(), dict[str, Trace]()
    for session in sorted((*chosen, *rest), key=lambda each: each.id):
        traces[session.id] = trace_of(session, offers.get(session.id, ()), hide)
        known.add(traces[session.id], session, account.clock.time())
    members = members_of(chosen, traces, options)
    for member in members:
        member.seen = len(known) - 1
    identities = {member.trace.identity for member in members}
    ids = {member.id for member in members}
    others = [
        trace for id_, trace in traces.items() if trace.identity in identities and id_ not in ids
    ]
    course = Course(account, options, members, known, learned={}, hide=hide)
    course.header = header(options, members, others, known.newest, salt)
    return course


async def _chosen(
    account: Account, where: Filter[TunnelSession] | None
) -> tuple[list[TunnelSession], list[TunnelSession]]:
    """Return the agents that are meant, and all others."""
    if where is None:
        return await account.sessions(), []
    chosen = await account.sessions(where)
    others = ~where if isinstance(where, Condition) else f"!({where})"
    try:
        rest = await account.sessions(others)
    except (BadRequestError, ValueError):
        rest = await account.sessions()
    ids = {session.id for session in chosen}
    return chosen, [session for session in rest if session.id not in ids]


async def resumed(ngrok: Client, before: Saved) -> Course:
    """Read the account anew, and return what is still to be done.

    Raises:
        NgrokError: The lists cannot be read.
    """
    account = Account(ngrok, before.options.share)
    sessions = {session.id: session for session in await account.sessions()}
    offers = by_session(await account.endpoints())
    hide = partial(hidden, before.salt)
    known, now = Known(), account.clock.time()
    for trace in (*(member.trace for member in before.members), *before.others):
        known.add(trace, sessions.get(trace.id), now)
    for member in before.members:
        if member.state == "pending" and member.new is not None:  # it was not looked at any more
            member.phase, member.new, member.match = "away", None, None
        member.session = sessions.get(member.id)
        member.sent = now
        member.seen = len(known) - 1
        member.floor = member.mark or before.newest
        known.claimed |= {id_ for id_ in (member.new, member.now) if id_}
        if member.new:
            known.followed.add(member.now)
        if member.now != member.id:
            known.followed.add(member.id)
    for id_, session in sorted(sessions.items()):
        known.add(trace_of(session, offers.get(id_, ()), hide), session, now)
    known.mark_gone(known.all, sessions.keys())
    known.newest = max(known.newest, before.newest)
    return Course(account, before.options, before.members, known, learned=before.learned, hide=hide)
