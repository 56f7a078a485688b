"""Who an agent is that has connected anew: told from what it keeps, and never guessed.

An agent's session gets another id whenever it connects. What stays is its identity: the credential,
the metadata and the operating system. Where several agents share one, only a URL or an address that
nobody else of them has tells which of them it is. Nothing here knows the client.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias

import attrs

from ngrok_async.jobs._urls import as_written
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.tunnel_sessions import TunnelSession

How: TypeAlias = Literal["url", "ip", "only"]
"""What two sessions were told to be one agent by: a URL that they share, an address that nobody
else has among those that are gone, or that one is gone and one has come."""

_BETWEEN: Final = "\0"  # in none of the parts, so that no two identities have one text


@attrs.frozen
class Trace:
    """What of a session tells who it is.

    Attributes:
        id: The session's id.
        identity: What the agent keeps for as long as its configuration is the same.
        ip: The address that it comes from; "" where ngrok did not tell.
        urls: The URLs that it offers.
        fixed: Whether one of these is reserved, so that the agent has it again when it is back.
    """

    id: str
    identity: str
    ip: str = ""
    urls: frozenset[str] = frozenset()
    fixed: bool = False


@attrs.frozen
class Match:
    """A session, and the one in which its agent is back.

    Attributes:
        old: The session that is gone.
        new: The session that has come.
        how: What shows that they are one agent's.
    """

    old: Trace
    new: Trace
    how: How


def trace_of(
    session: TunnelSession, offered: Iterable[Endpoint] = (), hide: Callable[[str], str] = str
) -> Trace:
    """Return what tells who a session is.

    Args:
        session: The session.
        offered: Its endpoints, as far as they are known.
        hide: Makes of a text what is kept in its place, the same for the same text; for instance
            its hash.
    """
    endpoints = tuple(offered)
    identity = _BETWEEN.join((session.credential.id, session.os, session.metadata))
    return Trace(
        session.id,
        hide(identity),
        hide(session.ip) if session.ip else "",
        frozenset(hide(as_written(each.url)) for each in endpoints if each.url),
        any(each.domain is not None or each.tcp_addr is not None for each in endpoints),
    )


def matches(gone: Iterable[Trace], come: Iterable[Trace]) -> Mapping[str, Match]:
    """Tell of which sessions that are gone it is certain where their agents are now.

    Args:
        gone: All sessions that were there before and are not any more.
        come: All sessions that were not there before and are now.

    Returns:
        The matches by the id of the old session. What could be two is not among them.
    """
    found: dict[str, Match] = {}
    arrived = _by_identity(come)
    for identity, left in _by_identity(gone).items():
        found |= {match.old.id: match for match in _within(left, arrived.get(identity, []))}
    return found


def _by_identity(traces: Iterable[Trace]) -> dict[str, list[Trace]]:
    groups: defaultdict[str, list[Trace]] = defaultdict(list)
    for trace in traces:
        groups[trace.identity].append(trace)
    return groups


def _within(gone: list[Trace], come: list[Trace]) -> list[Match]:
    """Match sessions that have one identity."""
    found: list[Match] = []
    by_url = [(old, new) for old in gone for new in come if old.urls & new.urls]
    _take(found, by_url, "url", gone, come)
    by_ip = [
        (old, new)
        for old in gone
        for new in come
        if old.ip and old.ip == new.ip and not _is_elses(new, old)
    ]
    _take(found, by_ip, "ip", gone, come)
    if len(gone) == len(come) == 1 and not gone[0].fixed:
        found.append(Match(gone[0], come[0], "only"))
    return found


def _take(
    found: list[Match],
    pairs: Sequence[tuple[Trace, Trace]],
    how: How,
    gone: list[Trace],
    come: list[Trace],
) -> None:
    """Move the pairs into `found` of which neither side could be another's."""
    olds = Counter(old.id for old, _ in pairs)
    news = Counter(new.id for _, new in pairs)
    for old, new in pairs:
        if olds[old.id] == news[new.id] == 1:
            found.append(Match(old, new, how))
            gone.remove(old)
            come.remove(new)


def _is_elses(new: Trace, old: Trace) -> bool:
    """Tell whether a session has a reserved URL, and the agent that is looked for another one."""
    return new.fixed and old.fixed and not new.urls & old.urls
