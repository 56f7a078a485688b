"""What people write by hand: whoever looks the same and is new must be it.

It is here to show that the judge can find something.
"""

from ngrok_async import Client, NgrokError
from ngrok_async._clock import sleep
from ngrok_async.resources.tunnel_sessions import TunnelSession

_WAVE = 5
_PACE = 5.0
_LOOKS = 60


async def restart_all(ngrok: Client) -> list[tuple[str, str]]:
    """Restart all agents, and return whom it took for whom, by the ids of the sessions."""
    todo = await ngrok.tunnel_sessions.list().collect()
    taken: list[tuple[str, str]] = []
    while todo:
        wave, todo = todo[:_WAVE], todo[_WAVE:]
        known = {session.id for session in await ngrok.tunnel_sessions.list().collect()}
        away = [session for session in wave if await _restarts(ngrok, session)]
        for _ in range(_LOOKS):
            await sleep(ngrok.clock, _PACE)
            for new in reversed(await ngrok.tunnel_sessions.list().collect()):
                old = next((one for one in away if _alike(one, new)), None)
                if new.id not in known and old is not None:
                    away.remove(old)
                    known.add(new.id)
                    taken.append((old.id, new.id))
            if not away:
                break
    return taken


async def _restarts(ngrok: Client, session: TunnelSession) -> bool:
    try:
        await ngrok.tunnel_sessions.restart(session)
    except NgrokError:
        return False
    return True


def _alike(one: TunnelSession, other: TunnelSession) -> bool:
    return (one.credential.id, one.metadata, one.os) == (
        other.credential.id,
        other.metadata,
        other.os,
    )
