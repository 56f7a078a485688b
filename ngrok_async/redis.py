"""The rate limit of an account, shared by all processes that reach one Redis.

    from redis.asyncio import Redis

    redis = Redis.from_url("redis://localhost")
    async with Client(key, limiter=RedisRateLimit(redis, account=key)) as ngrok:
        ...

This module does not import redis-py: any client with the same `evalsha` and `eval` will do. The
extra `redis` installs redis-py 5.0.1 or newer, whose connections survive a cancelled command.
"""

import hashlib
import random
from collections.abc import Callable
from typing import Final

from ngrok_async._clock import Clock
from ngrok_async._limits.budget import Budget
from ngrok_async._limits.redis_link import Link, Scripts
from ngrok_async._limits.redis_state import State
from ngrok_async._limits.redis_turns import Turns
from ngrok_async._numbers import as_float
from ngrok_async._request import Request, Response, Send, left
from ngrok_async._shown import shown
from ngrok_async._way.answer import is_throttled
from ngrok_async.errors import ConfigurationError

__all__ = ["RedisRateLimit", "Scripts"]

# So that a key name cannot be looked up in a table of hashes made for something else.
_SALT: Final = b"ngrok_async.redis: rate limit of an account\0"


class RedisRateLimit:
    """A rate limit that all processes of an account share; give it to `Client(limiter=...)`.

    What `RateLimit` does in an event loop, this does for all that use the same Redis: a slot is
    taken when a request leaves and freed one window after its answer came back, one 429 pauses
    everybody, a limit that ngrok states is adopted by all. Within a process, calls are served first
    come, first served. The slots of a process that dies come back after `lease` and a window.

    Processes take turns, by Redis' clock, and all keep to the smallest limit that is set for one.
    Redis is told of a request's end with the next command, so no call waits for that.

    A command that fails or takes too long is not waited for: until Redis answers again, which is
    tried twice a second, each process keeps to its part, one in as many as there are, and to
    `share` at most. So do all for a window after Redis has lost its data. `budget.shared` tells,
    and a `SharingEvent`.

    One instance serves the event loop that its Redis client serves.
    """

    def __init__(
        self,
        redis: Scripts,
        *,
        account: str,
        requests: int = 120,
        window: float = 60.0,
        in_flight: int = 10,
        lease: float = 15.0,
        share: float | None = 0.25,
        command_timeout: float = 0.5,
        prefix: str = "ngrok-async",
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Set the limit; Redis is first asked for the first request.

        Args:
            redis: A client such as `redis.asyncio.Redis`. It is never closed.
            account: What tells accounts apart, such as the API key. Only a salted SHA-256 of it is
                kept, and is in the name of the key in Redis.
            requests: Requests in any `window`, of all processes together.
            window: Seconds.
            in_flight: Requests at a time, of all processes together.
            lease: Seconds after which the requests of a process count as answered that says nothing
                more. While one is in flight, it says so three times per lease.
            share: The largest part of `requests` and `in_flight` that this process allows itself
                while Redis is away, at least one; a quarter at most, and less where there are more
                than four. None: calls fail with `ConnectError`.
            command_timeout: Seconds to wait for Redis, once per command.
            prefix: What the name of the key begins with.
            clock: Time and timers for waiting; default: the running event loop.
            jitter: Numbers in [0, 1), to spread what starts after a pause.
        """
        try:
            key = _key(prefix, account)
        finally:
            del account  # tracebacks print local variables
        for what, seconds in (("lease", lease), ("command_timeout", command_timeout)):
            if not 0 < as_float(seconds) < float("inf"):
                raise ValueError(f"{what} must be seconds above 0, got {shown(seconds)}")
        if share is not None and not 0 < as_float(share) <= 1:
            raise ValueError(f"share must be above 0 and at most 1, or None; got {shown(share)}")
        limit = (requests, window, in_flight)
        self._state = State(limit, lease=lease, share=share, jitter=jitter)
        self._turns = Turns(self._state, Link(redis, key, command_timeout), clock)

    @property
    def budget(self) -> Budget:
        """The state as Redis last told it, or of this process alone while Redis is away."""
        now = self._turns.now()
        known = self._state.known(now)
        now = known.tick(now)
        return Budget(
            limit=known.limit,
            window=known.seconds,
            used=known.used,
            in_flight=known.in_flight,
            waiting=len(self._turns.line),
            paused=max(0.0, known.paused_until - now),
            shared=self._state.shared,
            processes=self._state.processes,
        )

    async def read_budget(self) -> Budget:
        """Ask Redis for the state; where it does not answer, return the last known.

        Raises:
            ConfigurationError: This Redis, or its client, cannot keep the limit.
        """
        await self._turns.until_heard()
        if self._turns.line.misfit:
            raise ConfigurationError(self._turns.line.misfit)
        return self.budget

    async def _tell_ended(self) -> None:
        """Tell Redis what it does not know yet; a client that is closed asks for it."""
        await self._turns.until_told()

    async def __call__(self, request: Request, send: Send) -> Response:
        """Send the request once there is a slot.

        Raises:
            RateLimitedError: The wait would be, or was, longer than the request's `max_wait`.
            ConnectError: Redis does not answer, and there is no `share` to go on with.
            ConfigurationError: This Redis, or its client, cannot keep the limit.
        """
        try:
            waited = await self._turns.slot(request)
        except BaseException:
            self._tell_changes(request)
            raise
        has_left, begun = False, self._turns.now()
        try:
            self._tell_changes(request)
            if waited is not None:
                request.emit("WaitEvent", seconds=waited)
            has_left = True
            response = await send(request)
            if is_throttled(response):
                pause = self._state.refuse(self._turns.now(), response)
                await self._turns.until_heard()  # before others have their turn
                request.emit("PauseEvent", status=response.status, seconds=pause)
        except BaseException as error:
            # It may arrive a little later than we gave up on it.
            self._turns.end(begun, counts=has_left and left(error), late=True)
            raise
        self._turns.end(begun)
        return response

    def _tell_changes(self, request: Request) -> None:
        while self._state.changes:
            shared, processes, reason = self._state.changes.pop(0)
            request.emit("SharingEvent", shared=shared, processes=processes, reason=reason)


def _key(prefix: str, account: object) -> str:
    """Return the name of the account's key; the number in it changes with what is stored there."""
    try:
        if not isinstance(account, str) or not account:
            raise ValueError(
                "account must be a text that tells accounts apart, such as the API key"
            )
        digest = hashlib.sha256(_SALT + account.encode(errors="surrogatepass")).hexdigest()
    finally:
        del account  # tracebacks print local variables
    if not prefix or set(prefix) & set("{}"):
        raise ValueError(f"prefix must be a text without braces, got {shown(prefix)}")
    return f"{prefix}:1:{{{digest[:32]}}}"
