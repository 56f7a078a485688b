"""One call of a client, from its first attempt to its last."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias, cast

from ngrok_async._api_key import SentKeys
from ngrok_async._request import Request, Response, left
from ngrok_async._way import answer
from ngrok_async.errors import ERRORS_FROM, ConfigurationError, NgrokError

_log: Final = logging.getLogger("ngrok_async.attempts")


SendNoting: TypeAlias = Callable[[Request, SentKeys], Awaitable[Response]]
"""Leads to the wire, and notes the key that was sent."""


class Call:
    """A call under way, which `Client.aclose` may end."""

    __slots__ = ("_cancelling", "_keys", "_send", "attempts", "ended", "maybe_applied", "task")

    def __init__(self, task: asyncio.Task[object], send: SendNoting, keys: SentKeys) -> None:
        """Begin.

        Args:
            task: Who waits for the call.
            send: What leads to the wire.
            keys: Where the key that is sent is noted.
        """
        self.task = task
        self.attempts = 0
        self.maybe_applied = False
        self._send = send
        self._keys = keys
        self._cancelling = task.cancelling()
        self.ended = False

    async def send(self, request: Request) -> Response:
        """Send to the wire, and note what is known of the effect in case that the call is ended."""
        before, self.maybe_applied = self.maybe_applied, True
        self.attempts += 1
        told = request.on_event is not None or _log.isEnabledFor(logging.DEBUG)
        begin = time.monotonic() if told else 0.0
        try:
            response = await self._send(request, self._keys)
        except BaseException as error:
            self._failed(request, error, begin, before=before)
            raise
        if told:  # looking up a header costs more than this
            self._answered(request, response, time.monotonic() - begin)
        if response.status >= ERRORS_FROM and not answer.is_ambiguous(response):
            self.maybe_applied = before
        return response

    def _answered(self, request: Request, response: Response, seconds: float) -> None:
        id_ = answer.operation_id(response, self._keys.scrub)
        _log.debug(
            "%s: attempt %d: HTTP %d in %.3f s%s",
            request.route,
            request.attempt,
            response.status,
            seconds,
            f" (operation {id_})" if id_ else "",
        )
        request.emit("AttemptEvent", status=response.status, operation_id=id_, seconds=seconds)

    def _failed(
        self, request: Request, error: BaseException, begin: float, *, before: bool
    ) -> None:
        if isinstance(error, NgrokError):
            tried, self.maybe_applied = error.attempts > 0, before or error.maybe_applied
        else:
            tried = left(error)
            self.maybe_applied = before or tried
        if not tried:
            self.attempts -= 1  # refused, or ended by somebody, before anything was sent
            return
        seconds, kind = time.monotonic() - begin, type(error).__name__
        _log.debug("%s: attempt %d: %s after %.3f s", request.route, request.attempt, kind, seconds)
        if isinstance(error, NgrokError):
            request.emit("AttemptEvent", status=None, error=kind, seconds=seconds)

    def complete(self, error: BaseException, request: Request) -> None:
        """Say what became of the call where that was not known to who raised the error."""
        if type(error) is ConfigurationError:  # such as: a middleware returned no response
            error.attempts = self.attempts
            error.maybe_applied = self.maybe_applied and request.effect != "read"

    def end(self) -> None:
        """Cancel the task, but for no longer than the call lasts."""
        self.ended = True
        self.task.cancel()

    @property
    def cancelled_by_others(self) -> bool:
        """Whether somebody has cancelled the task, besides `end`."""
        return self.task.cancelling() - self.ended > self._cancelling or not self.ended

    def close(self) -> None:
        """Take back the cancellation of `end`, and no other, as `asyncio.timeout` does.

        https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.uncancel
        """
        if self.ended:
            self.task.uncancel()


def end_all(calls: Iterable[Call]) -> None:
    """End calls from the task that closes their client.

    Args:
        calls: In the order in which they began.
    """
    # A middleware may call the client again: the innermost call of a task comes last, and the
    # others see its error. One that closes the client goes on, to close it to the end.
    innermost = {call.task: call for call in calls}
    innermost.pop(cast("asyncio.Task[object]", asyncio.current_task()), None)
    for call in innermost.values():
        call.end()
