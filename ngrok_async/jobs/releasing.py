"""Freeing a URL: whoever holds it is stopped, and it is seen that they are gone."""

import logging
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias, cast

from ngrok_async._shown import shown
from ngrok_async.client import Client
from ngrok_async.errors import (
    APIError,
    CameBackError,
    CannotStopError,
    NgrokError,
    NotFoundError,
    OtherURLsError,
    RateLimitedError,
    WaitTimeoutError,
)
from ngrok_async.jobs._time import Looks, is_out_of_time, span, until
from ngrok_async.jobs._urls import as_written
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.tunnel_sessions import TunnelSession

_log: Final = logging.getLogger("ngrok_async.jobs.releasing")

Released: TypeAlias = TunnelSession | Endpoint

# What an agent answers that does not take the command, and never will.
_NEVER: Final = frozenset({"ERR_NGROK_804", "ERR_NGROK_805", "ERR_NGROK_806"})
# The command may have reached the agent, or not.
_UNCLEAR: Final = "ERR_NGROK_810"
_PACE: Final = 1.0


async def release(
    ngrok: Client,
    url: str,
    *,
    timeout: float = 30.0,  # noqa: ASYNC109 # by the client's clock
    cloud: bool = False,
    others: bool = False,
) -> tuple[Released, ...]:
    """Free a URL: stop the agents that hold it, and wait until they are gone.

        released = await release(ngrok, "https://shop.example.com")
        for gone in released:
            print("stopped:", gone.id)

    It costs a request for each hundred endpoints, three or more for each agent, and one at the end.
    https://ngrok.com/docs/api-reference/tunnelsessions/stop

    Args:
        ngrok: The client.
        url: The URL, such as "https://shop.example.com" or "tcp://1.tcp.ngrok.io:12345". All that
            share it in a pool are stopped.
        timeout: Seconds in which it has to be done.
        cloud: Whether an endpoint that lives at ngrok may be deleted.
        others: Whether agents may be stopped that offer other URLs too.

    Returns:
        The sessions that were stopped and the cloud endpoints that were deleted; empty where
        nobody had the URL.

    Raises:
        OtherURLsError: Other URLs would go down too. Nothing was stopped.
        CannotStopError: An agent does not stop on command, or an edge or cloud endpoint holds the
            URL.
        CameBackError: Somebody holds the URL again: a supervisor has restarted the agent.
        WaitTimeoutError: They were not gone in time.
        NgrokError: A call failed. Whatever is raised has `released`, what was done before.
    """
    seconds, wanted = span("timeout", timeout), _checked(url)
    clock = ngrok.clock
    end = clock.time() + seconds
    job = _Release(ngrok.with_options(max_wait=seconds), wanted, cloud=cloud, others=others)
    try:
        async with until(clock, end):
            return await job.run()
    except (TimeoutError, NgrokError) as error:
        might_be = isinstance(error, TimeoutError | RateLimitedError)
        if might_be and is_out_of_time(error, end - clock.time()):
            raise WaitTimeoutError(
                f"{wanted} was not free within {seconds:g} s",
                last=job.last,
                looks=job.looks.count,
                released=job.released,
            ) from error
        # One that is nothing but a `TimeoutError` is the end of the time, above.
        cast("NgrokError", error).released = job.released
        raise


def _checked(url: object) -> str:
    if not isinstance(url, str) or not url.partition("://")[0] or not url.partition("://")[2]:
        raise ValueError(f"url must be one such as 'https://shop.example.com', got {shown(url)}")
    return as_written(url)


class _Release:
    """One URL that is being freed."""

    def __init__(self, ngrok: Client, url: str, *, cloud: bool, others: bool) -> None:
        self._ngrok = ngrok
        self._url = url
        self._cloud = cloud
        self._others = others
        self._done: list[Released] = []
        self.looks = Looks(ngrok.clock, _PACE)
        self.last: TunnelSession | None = None

    @property
    def released(self) -> tuple[Released, ...]:
        return tuple(self._done)

    async def run(self) -> tuple[Released, ...]:
        endpoints = [endpoint async for endpoint in self._ngrok.endpoints.list()]
        held = [each for each in endpoints if as_written(each.url) == self._url]
        if not held:
            return ()
        self._refuse_what_stays(held)
        self._refuse_others(endpoints, held)
        for endpoint in held:
            if endpoint.type == "cloud":
                await self._delete(endpoint)
        sessions = [await self._stopped(each) for each in _sessions(held)]
        await self._gone([session for session in sessions if session is not None])
        await self._stay_gone(held)
        return self.released

    def _refuse_what_stays(self, held: Iterable[Endpoint]) -> None:
        for endpoint in held:
            if endpoint.type == "cloud" and not self._cloud:
                raise CannotStopError(
                    f"{endpoint.id} with this URL lives at ngrok, where no agent holds it: pass"
                    " cloud=True to have it deleted; nothing was stopped",
                    id=endpoint.id,
                )
            if endpoint.type != "cloud" and endpoint.tunnel_session is None:
                behind = f"edge {endpoint.edge.id}" if endpoint.edge else "no agent"
                raise CannotStopError(
                    f"behind {endpoint.id} with this URL is {behind}, which does not stop on"
                    " command; nothing was stopped",
                    id=endpoint.id,
                )

    def _refuse_others(self, endpoints: Iterable[Endpoint], held: Sequence[Endpoint]) -> None:
        sessions = set(_sessions(held))
        urls = dict.fromkeys(
            each.url
            for each in endpoints
            if each.tunnel_session and each.tunnel_session.id in sessions and each not in held
        )
        if urls and not self._others:
            raise OtherURLsError(
                f"{', '.join(urls)} would go down too: pass others=True to stop them as well;"
                " nothing was stopped",
                urls=urls,
            )

    async def _delete(self, endpoint: Endpoint) -> None:
        try:
            await self._ngrok.endpoints.delete(endpoint)
        except NotFoundError:
            return
        _log.info("deleted %s", endpoint.id)
        self._done.append(endpoint)

    async def _stopped(self, session_id: str) -> TunnelSession | None:
        """Tell an agent to stop; return its session if it is still to be waited for."""
        session = await self._session(session_id)
        if session is None:  # gone already
            return None
        try:
            await self._ngrok.tunnel_sessions.stop(session)
        except NotFoundError:
            return None
        except NgrokError as error:
            code = error.code if isinstance(error, APIError) else None
            if code in _NEVER:
                raise self._cannot_stop(session, code) from error
            if code != _UNCLEAR and not error.maybe_applied:
                raise
        _log.info("%s: told to stop", session_id)
        self._done.append(session)
        return session

    def _cannot_stop(self, session: TunnelSession, code: str | None) -> CannotStopError:
        return CannotStopError(
            f"{session.id} does not stop on command ({code}): its agent is out for good once"
            f" the credential {session.credential.id} is deleted",
            id=session.id,
            credential=session.credential.id,
            released=self.released,
        )

    async def _gone(self, sessions: Sequence[TunnelSession]) -> None:
        """Wait until none of the sessions is there any more."""
        left = list(sessions)
        while left and await self.looks.due():
            for session in tuple(left):
                self.last = await self._session(session.id)
                if self.last is None:
                    left.remove(session)

    async def _stay_gone(self, held: Sequence[Endpoint]) -> None:
        """See on the newest page that nobody has come back under the URL."""
        before = {endpoint.id for endpoint in held}
        page = await self._ngrok.endpoints.list()
        back = [e for e in page.items if as_written(e.url) == self._url and e.id not in before]
        if not back:
            return
        newest = back[0]
        session = newest.tunnel_session
        raise CameBackError(
            f"it is held again by {session.id if session else newest.id}: whatever starts the agent"
            " has to be stopped, or the credential deleted that it connects with",
            session=await self._session(session.id) if session else None,
            released=self.released,
        )

    async def _session(self, session_id: str) -> TunnelSession | None:
        try:
            return await self._ngrok.tunnel_sessions.get(session_id)
        except NotFoundError:
            return None


def _sessions(endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
    """Return the ids of the sessions behind endpoints, each once."""
    return tuple(dict.fromkeys(e.tunnel_session.id for e in endpoints if e.tunnel_session))
