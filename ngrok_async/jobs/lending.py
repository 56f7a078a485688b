"""What is there for as long as it is used."""

import asyncio
import logging
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import Final, Generic, ParamSpec, Protocol, TypeVar, cast

from ngrok_async._clock import Clock, Timer
from ngrok_async._id import HasId
from ngrok_async._limits.budget import Budget
from ngrok_async._operation import Operation
from ngrok_async._page import Page
from ngrok_async._request import JSON
from ngrok_async._tracebacks import forget_locals
from ngrok_async.errors import LeftOverError, NgrokError, NotFoundError
from ngrok_async.jobs._passed import Item, is_like, sent_for
from ngrok_async.jobs._time import waiting_no_longer

P = ParamSpec("P")
T = TypeVar("T")
I_co = TypeVar("I_co", bound=HasId, covariant=True)
I = TypeVar("I", bound=HasId)  # noqa: E741 # an item

_log: Final = logging.getLogger("ngrok_async.jobs.lending")
_PATIENCE: Final = 10.0
_AT_MOST: Final = 2


class HasClock(Protocol):
    """A client, as far as lending goes."""

    @property
    def clock(self) -> Clock:
        """The clock that it waits by."""
        ...


class Lendable(Protocol[P, I_co]):
    """A resource whose items can be created, listed and deleted."""

    @property
    def client(self) -> HasClock:
        """The client that it was taken from."""
        ...

    @property
    def create(self) -> Callable[P, Awaitable[I_co]]:
        """Create one."""
        ...

    @property
    def delete(self) -> Callable[[str], Awaitable[object]]:
        """Delete one."""
        ...

    @property
    def list(self) -> Callable[[], Awaitable[Page[HasId]]]:
        """List them; only the newest page is looked at."""
        ...


def temporary(
    resource: Lendable[P, I], *args: P.args, **kwargs: P.kwargs
) -> AbstractAsyncContextManager[I, None]:
    """Create something, and delete it again at the end, however that comes.

        async with temporary(
            ngrok.ip_policy_rules, cidr="203.0.113.7/32", ip_policy_id=policy, action="allow"
        ) as rule:
            print(rule.id)

    The delete runs to its end, for 10 seconds at most, although the caller is cancelled; so does a
    create that is under way then, and what it made is deleted. It is fine if somebody else has
    deleted it. After a create of which nobody knows whether ngrok did it, it looks once for what
    may have been made, but deletes nothing: that may be somebody else's.

    An exception of the block, and a cancellation, come out as they are. Where something is left
    over then, they get a note that names it, and a warning is logged.

    Args:
        resource: What has `create`, `delete` and `list`, such as `ngrok.credentials`.
        *args: None, as no `create` takes any by position.
        **kwargs: What its `create` takes.

    Returns:
        An async context manager of what was created, for one use.

    Raises:
        TypeError: The resource cannot create and delete, or its `create` does not take this.
        ValueError: An argument cannot be sent.
        LeftOverError: It could not be deleted (`id`), or may have been created (`candidates`).
        NgrokError: What the create raises.
    """
    _check(resource)
    try:
        sent = sent_for(resource.create, args, kwargs)
        return _Lent(resource, partial(resource.create, *args, **kwargs), sent)
    except BaseException as error:
        forget_locals(error)
        raise
    finally:
        del args, kwargs  # they may be secret, and tracebacks print local variables


def _check(resource: object) -> None:
    """Refuse what cannot be lent."""
    parts = [getattr(resource, name, None) for name in ("create", "delete", "list")]
    delete = getattr(parts[1], "operation", None)
    if None in parts or (isinstance(delete, Operation) and delete.path_names != ("id",)):
        raise TypeError(
            "temporary takes a resource that has `create`, `delete` by an id and `list`, such as"
            f" ngrok.credentials; got {resource!r}"
        )


class _Lent(Generic[I]):
    """One item, from its create to its delete. What is shown of it has no argument in it."""

    def __init__(
        self,
        resource: Lendable[..., I],
        create: Callable[[], Awaitable[I]],
        sent: Mapping[str, JSON],
    ) -> None:
        self._resource = resource
        self._create: Callable[[], Awaitable[I]] | None = create
        self._sent = sent
        self._id = ""
        self._cancelled: CancelledError | None = None

    async def __aenter__(self) -> I:
        task = asyncio.create_task(_awaited(self._once()))
        await self._end(task, at_once=False)
        error = _error_of(task)
        if error is not None:
            forget_locals(error)  # the frame that has called `create` knows its arguments
        if error is None and self._cancelled is None:
            item = task.result()
            self._id = item.id
            return item
        left = None
        if error is None:
            left = await self._take_back(task.result().id)
        elif not isinstance(error, NgrokError) or error.maybe_applied:
            left = await self._look(error)
        if isinstance(error, CancelledError):
            self._cancelled = self._cancelled or error
        self._raise_cancelled(left)
        if left is not None:
            raise left from error
        raise cast("BaseException", error)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        left = await self._take_back(self._id)
        self._raise_cancelled(left)
        if left is not None:
            if exc is None:
                raise left
            _note(exc, left)

    def _once(self) -> Callable[[], Awaitable[I]]:
        create, self._create = self._create, None
        if create is None:
            raise RuntimeError("this has been used: call temporary(...) again for another item")
        return create

    async def _take_back(self, id_: str) -> LeftOverError | None:
        """Delete an item; return what there is to say where that is not certain to have worked."""
        deadline = self._resource.client.clock.time() + _PATIENCE
        error: BaseException | None = None
        for _ in range(_AT_MOST):  # again where the task was cancelled, as by a loop that ends
            task = asyncio.create_task(_awaited(partial(self._hurried().delete, id_)))
            await self._end(task, at_once=True)
            error = _error_of(task)
            late = self._resource.client.clock.time() >= deadline
            if not isinstance(error, CancelledError) or late:
                break
        if error is None or isinstance(error, NotFoundError):
            return None
        left = LeftOverError(
            f"{id_} of {self._resource!r} may be left over, since deleting it failed:"
            f" {_told(error)}",
            id=id_,
        )
        left.__cause__ = error
        return left

    async def _look(self, error: BaseException) -> LeftOverError | None:
        """Look at the newest page for what a create may have made."""
        task = asyncio.create_task(_awaited(self._hurried().list))
        await self._end(task, at_once=True)
        failure = _error_of(task)
        found: list[HasId] = []
        if failure is None:
            items = task.result().items
            found = [each for each in items if is_like(self._sent, cast("Item", each))]
            if not found:
                return None
        ids = ", ".join(each.id for each in found)
        told = (
            f"it may be one of these, which look like it: {ids}"
            if failure is None
            else f"looking for it failed: {_told(failure)}"
        )
        return LeftOverError(
            f"nobody knows whether {self._resource!r} created what was asked for"
            f" ({_told(error)}); {told}",
            candidates=found,
            maybe_applied=True,
        )

    async def _end(self, task: "asyncio.Task[T]", *, at_once: bool) -> None:
        """Wait until a task ends, although the caller is cancelled meanwhile.

        Args:
            task: It is cut after 10 seconds; at once if it can only be waiting for the limit.
            at_once: Whether they count from now on; else from when the caller is cancelled.
        """
        clock = self._resource.client.clock
        timer: Timer | None = None
        try:
            while not task.done():
                if timer is None and (at_once or self._cancelled is not None):
                    if not at_once and self._waits():
                        task.cancel()
                    timer = clock.call_at(clock.time() + _PATIENCE, task.cancel)
                try:
                    await asyncio.wait((task,))
                except CancelledError as error:
                    self._cancelled = self._cancelled or error
        finally:
            if timer is not None:
                timer.cancel()

    def _hurried(self) -> Lendable[..., I]:
        """Return the resource for calls that are in vain after 10 seconds of waiting."""
        return waiting_no_longer(self._resource, _PATIENCE)

    def _waits(self) -> bool:
        """Tell whether the create can only be waiting for the rate limit: nothing is in flight."""
        budget = getattr(self._resource.client, "budget", None)
        return isinstance(budget, Budget) and budget.waiting > 0 and budget.in_flight == 0

    def _raise_cancelled(self, left: LeftOverError | None) -> None:
        """Raise the caller's cancellation, if there was one."""
        cancelled, self._cancelled = self._cancelled, None
        if cancelled is None:
            return
        if left is None:
            raise cancelled
        _note(cancelled, left)
        raise cancelled from left


async def _awaited(call: Callable[[], Awaitable[T]]) -> T:
    return await call()


def _error_of(task: "asyncio.Task[T]") -> BaseException | None:
    return CancelledError() if task.cancelled() else task.exception()


def _told(error: BaseException) -> str:
    return "it was cut" if isinstance(error, CancelledError) else f"{type(error).__name__}: {error}"


def _note(main: BaseException, left: LeftOverError) -> None:
    """Tell of what is left over beside another exception."""
    main.add_note(str(left))
    ids = [left.id] if left.id else [each.id for each in left.candidates]
    _log.warning("Left over, or perhaps: %s", ", ".join(ids) or "unknown")
