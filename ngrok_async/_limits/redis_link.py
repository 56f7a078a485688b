"""The way to Redis: one command, how long it may take, and what its failure means."""

import asyncio
import re
from collections.abc import Sequence
from inspect import isawaitable
from typing import Any, Final, Protocol

from ngrok_async._limits.redis_script import SCRIPT, SHA
from ngrok_async.errors import ConfigurationError

# These pass, wherever they come from: also out of the script.
_PASSING: Final = re.compile(
    r"\b(OOM|OutOfMemory|maxmemory|READONLY|ReadOnly|read only|BUSY|LOADING|BusyLoading|MASTERDOWN"
    r"|MasterDown|CLUSTERDOWN|ClusterDown|TRYAGAIN|TryAgain|ASK|MISCONF|NOREPLICAS)"
)
# And these do not: what the failure says, and what to do about it.
_HINTS: Final = (
    (
        r"NOPERM|NoPermission|no permissions|can't run this command",
        "its user needs the commands EVALSHA, EVAL, GET, SET and TIME, on the keys '{prefix}:*'",
    ),
    (
        r"WRONGTYPE|wrong kind of value|attempt to|[Bb]ad data",
        "something else is stored at '{key}': choose another prefix=",
    ),
    (
        r"NOAUTH|WRONGPASS|Authentication|invalid username",
        "it wants another username or password",
    ),
    (r"\bMOVED|MovedError", "it is part of a cluster: pass a client such as RedisCluster"),
    (
        r"unknown command|script",
        "Redis 5 or newer, or Valkey, is needed",
    ),
    (
        r"^TypeError|^AttributeError: .*\beval(sha)?\b",
        "pass an asyncio client with redis-py's `evalsha` and `eval`, such as redis.asyncio.Redis",
    ),
)


class Scripts(Protocol):
    """What the rate limit needs of a Redis client; `redis.asyncio.Redis` has it."""

    def evalsha(self, sha: str, numkeys: int, /, *keys_and_args: Any) -> Any:  # noqa: ANN401 # redis-py's own types differ from version to version
        """Return an awaitable that runs a script which Redis knows."""

    def eval(self, script: str, numkeys: int, /, *keys_and_args: Any) -> Any:  # noqa: ANN401 # as above
        """Return an awaitable that runs a script and makes it known."""


class AwayError(Exception):
    """Redis does not answer; the text says why."""


class Link:
    """Runs the script on the one key of an account."""

    def __init__(self, redis: Scripts, key: str, timeout: float) -> None:
        """Nothing is sent yet."""
        self.key = key
        self._redis = redis
        self._timeout = timeout

    async def run(self, words: Sequence[str | int]) -> Any:  # noqa: ANN401 # what Redis answers
        """Return what the script answers.

        Raises:
            AwayError: It may answer at another time.
            ConfigurationError: It will not, whenever it is asked.
        """
        try:
            async with asyncio.timeout(self._timeout):
                try:
                    return await self._call(self._redis.evalsha, SHA, words)
                except Exception:  # noqa: BLE001 # of any client; if it matters, it comes again
                    # It does not know the script, or had closed the connection, which is noticed
                    # only now. What a command tells may be told twice.
                    return await self._call(self._redis.eval, SCRIPT, words)
        except Exception as failure:
            error = _cause(failure)
            text = f"{type(error).__name__}: {error}".rstrip(": ")
            if not _PASSING.search(text):
                for what, hint in _HINTS:
                    if re.search(what, text):
                        to_do = hint.format(key=self.key, prefix=self.key.partition(":1:")[0])
                        raise ConfigurationError(
                            f"Redis cannot keep the rate limit: {to_do} ({text})"
                        ) from failure
            raise AwayError(text) from failure

    async def _call(self, command: Any, script: str, words: Sequence[str | int]) -> Any:  # noqa: ANN401 # as in Scripts
        reply = command(script, 1, self.key, *words)
        if not isawaitable(reply):
            raise TypeError("its answer cannot be awaited")
        return await reply


def _cause(error: Exception) -> BaseException:
    """Return what a client was about to try again when the time was over, or else the error."""
    cancelled = error.__cause__ if isinstance(error, TimeoutError) else None
    return (cancelled and cancelled.__context__) or error
