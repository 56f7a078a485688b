"""Telling what comes, goes and changes in a list."""

import logging
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Final, Generic, Self, TypeVar, cast, overload

from ngrok_async._id import HasId
from ngrok_async._numbers import as_float
from ngrok_async._shown import shown
from ngrok_async.errors import (
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    NgrokError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
)
from ngrok_async.filters import Condition, Filter, IdField
from ngrok_async.jobs._known import Known, Question
from ngrok_async.jobs._notices import Notice, Trouble
from ngrok_async.jobs._pace import Pace
from ngrok_async.jobs._walks import Walks
from ngrok_async.jobs._watchable import FilteredWatchable, Watchable, check, last_in_line
from ngrok_async.pagination import Pager

T = TypeVar("T", bound=HasId)

_log: Final = logging.getLogger("ngrok_async.jobs.watching")

# What no waiting mends.
_FINAL: Final = (
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    PermissionDeniedError,
)
# A question that fails so often in a row waits: the walks have to go on.
_TRIES: Final = 3


@overload
def watch(
    resource: FilteredWatchable[T],
    *,
    filter: Filter[T] | None = None,
    share: float = 0.1,
) -> "Watch[T]": ...
@overload
def watch(resource: Watchable[T], *, share: float = 0.1) -> "Watch[T]": ...
def watch(
    resource: Any,
    *,
    filter: Any = None,  # noqa: A002 # ngrok's name
    share: float = 0.1,
) -> "Watch[Any]":
    """Tell what comes, goes and changes in a list, for as long as you like.

        async with watch(ngrok.tunnel_sessions) as agents:
            async for notice in agents:
                print(notice)
                break

    At first everything is told that is there, each as `Added(first=True)`, and then `Synced`. From
    then on it is looked again and again, as often as the share of the rate limit allows; other
    calls of the account go first. What comes and goes between two looks is not seen.

    Work is done only while you iterate, one request at a time. After a `break`, an error or a
    cancellation, iterating goes on where it was.

    Args:
        resource: What has `list` and `get`, such as `ngrok.endpoints`.
        filter: Only what meets it: a condition of its `fields`, or a text.
        share: The part of the account's rate limit that all of its requests together may use,
            above 0 up to 1. Several watches add up.

    Returns:
        A `Watch`, to be iterated: `async for notice in agents`.

    Raises:
        TypeError: The resource cannot be watched, or has no filter.
        ValueError: The share is none.
        BadRequestError: While iterating: ngrok does not understand the filter.
        AuthenticationError: While iterating: the key is refused; likewise `PermissionDeniedError`.
            All other failures are told as `Trouble`.
    """
    part = as_float(share)
    if not 0 < part <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {shown(share)}")
    check(resource, filter)
    return Watch(resource, filter, part)


class Watch(Generic[T]):
    """What `watch` answers: `async with` it, and `async for` its notices.

    It does nothing in the background. One task at a time may iterate.
    """

    def __init__(
        self,
        resource: Any,  # noqa: ANN401 # a double in somebody's tests as well
        condition: Filter[T] | None,
        share: float,
    ) -> None:
        """Prepare it; `watch` does."""
        self._resource = last_in_line(resource)
        self._filter = condition
        fields = getattr(resource, "fields", None)
        self._ids: IdField[T] | None = getattr(fields, "id", None)
        if not isinstance(self._ids, IdField):
            self._ids = None
        self._known: Known[T] = Known(
            self._meets,
            asks_many=self._ids is not None,
            is_text=isinstance(condition, str),
        )
        self._walks: Walks[T] = Walks(self._pager_from)
        client = resource.client
        self._pace = Pace(client.clock, share, lambda: client.budget)
        self._is_late = self._again = False
        self._is_busy = self._is_closed = False

    @property
    def items(self) -> Mapping[str, T]:
        """What is there, by id, as told by the notices so far; a view that changes with them."""
        return MappingProxyType(self._known.items)

    def poke(self) -> None:
        """Look at what is new as soon as the share allows.

        It ends a pause after failures. What is not looked at for another reason, such as that
        nobody iterates, is not looked at by this either.
        """
        self._walks.poke()
        self._pace.poke()

    async def __aenter__(self) -> Self:
        """Return the watch itself; nothing is asked before it is iterated."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it: whoever still iterates is at the end."""
        self._is_closed = True
        self._pace.wake()

    def __aiter__(self) -> Self:
        """Go on where it was."""
        return self

    async def __anext__(self) -> Notice[T]:
        """Wait for the next notice.

        Raises:
            RuntimeError: Another task is waiting for it.
            NgrokError: What no waiting mends; see `watch`.
        """
        if self._is_busy:
            raise RuntimeError(
                "this watch is iterated already: make one per task, or hand its notices on"
            )
        self._is_busy = True
        try:
            while not self._is_closed:
                notice = self._known.hand_out()
                if notice is not None:
                    return notice
                if self._pace.is_due:
                    await self._ask()
                else:
                    await self._pace.turn()
        finally:
            self._is_busy = False
        raise StopAsyncIteration

    def __repr__(self) -> str:
        """Show what is watched, and how much of it is known."""
        return f"<Watch {self._resource!r} items={len(self._known.items)}>"

    # --- asking ------------------------------------------------------------------------------

    async def _ask(self) -> None:
        """Ask for a page, or for what is in doubt, and take in the answer."""
        self._pace.asks()
        question = self._known.question()
        if self._walks.is_newest_due and not self._known.is_holding:
            question = None
        try:
            if question is None:
                await self._turn()
            else:
                await self._clear_up(question)
        except _FINAL:
            raise
        except NgrokError as error:
            if isinstance(error, RateLimitedError) and not error.attempts:
                _log.debug("other calls go first")
                return
            self._pace.failed(getattr(error, "retry_after", None) or 0.0)
            _log.info("%r: failure %d: %s", self, self._pace.failures, error)
            self._known.tell(Trouble(error, self._pace.failures))
            if question is not None and self._pace.failures >= _TRIES:
                self._known.put_off(question)

    def _answered(self) -> None:
        if self._pace.answered(self._walks.length):
            self._is_late = True

    async def _turn(self) -> None:
        walk, is_whole = self._walks.next()
        if is_whole and not walk.pages:
            self._known.begin()
        try:
            page = await walk.turn()
        except NgrokError:
            if walk.is_over:
                self._walks.lost(walk)
            raise
        self._answered()
        if page is None:
            return
        is_first = walk.pages == 1
        more = self._known.take(page.items, newest=is_first)
        self._walks.took(walk, more=more)
        is_late, self._is_late = self._is_late, False
        if is_late and self._known.synced:
            self._again = True
            if not (is_whole and is_first):  # a walk that began before tells nothing of the gap
                self._walks.anew()
                return
        if is_whole and walk.is_over:
            self._known.end(again=self._again)
            self._again = False

    async def _clear_up(self, question: Question) -> None:
        """Ask about what a walk has missed."""
        there = await self._answer(question)
        self._answered()
        self._walks.answered_else()
        if there is None:
            self._known.ask_one_by_one()
        else:
            self._known.answer(question, there)

    async def _answer(self, question: Question) -> Mapping[str, T] | None:
        """Return those that are there; None where ngrok does not take the question."""
        ids = question.ids
        if question.how == "get":
            try:
                return {ids[0]: await self._resource.get(ids[0])}
            except NotFoundError:
                return {}
        condition: Filter[T] = cast("IdField[T]", self._ids).in_(ids)
        if question.how == "filter":
            condition = f"({self._filter}) && ({condition})"
        try:
            pager = self._resource.list(filter=condition)
        except ValueError:  # too long for a URL, so it stays with what two walks have shown
            return {}
        try:
            found = await pager.collect()
        except BadRequestError as error:
            _log.info("%r: ngrok does not take a filter by ids: %s", self, error)
            return None
        return {item.id: item for item in found}

    def _pager_from(self, id_: str | None) -> Pager[T]:
        """Return a pager that begins after an id."""
        options: dict[str, Any] = {} if self._filter is None else {"filter": self._filter}
        if id_ is not None:
            options["before_id"] = id_
        pager: Pager[T] = self._resource.list(**options)
        return pager

    def _meets(self, item: T) -> bool | None:
        if isinstance(self._filter, Condition):
            return self._filter.matches(item)
        return None if self._filter is not None else True
