"""Waiting until something is there, or gone."""

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, cast, overload

from ngrok_async._callables import check_plain
from ngrok_async._shown import shown
from ngrok_async.client import Client
from ngrok_async.errors import RateLimitedError, WaitTimeoutError
from ngrok_async.filters import Condition, Fields, Filter
from ngrok_async.jobs._time import Looks, is_out_of_time, span, until, waiting_no_longer
from ngrok_async.pagination import Pager

M = TypeVar("M")

Predicate: TypeAlias = Callable[[M], object]


class Listed(Protocol[M]):
    """A resource with a list, such as `ngrok.service_users`."""

    client: Client

    def list(self) -> Pager[M]:
        """Walk over all items."""
        ...


class Filtered(Protocol[M]):
    """A resource whose list has a filter, such as `ngrok.endpoints`."""

    client: Client

    def list(self, *, filter: Filter[M] | None = None) -> Pager[M]:  # noqa: A002 # ngrok's name
        """Walk over the items that meet the condition."""
        ...


@overload
async def wait_for(
    resource: Filtered[M],
    condition: Filter[M],
    *,
    absent: Literal[False] = False,
    timeout: float,  # noqa: ASYNC109 # as below
    pace: float = 1.0,
) -> M: ...
@overload
async def wait_for(
    resource: Filtered[M],
    condition: Filter[M],
    *,
    absent: Literal[True],
    timeout: float,  # noqa: ASYNC109 # as below
    pace: float = 1.0,
) -> None: ...
@overload
async def wait_for(
    resource: Listed[M],
    condition: Predicate[M],
    *,
    absent: Literal[False] = False,
    timeout: float,  # noqa: ASYNC109 # as below
    pace: float = 1.0,
) -> M: ...
@overload
async def wait_for(
    resource: Listed[M],
    condition: Predicate[M],
    *,
    absent: Literal[True],
    timeout: float,  # noqa: ASYNC109 # as below
    pace: float = 1.0,
) -> None: ...
@overload
async def wait_for(
    resource: Filtered[M],
    condition: Filter[M],
    *,
    absent: bool,
    timeout: float,  # noqa: ASYNC109 # as below
    pace: float = 1.0,
) -> M | None: ...
@overload
async def wait_for(
    resource: Listed[M],
    condition: Predicate[M],
    *,
    absent: bool,
    timeout: float,  # noqa: ASYNC109 # as below
    pace: float = 1.0,
) -> M | None: ...
async def wait_for(
    resource: Any,
    condition: Any,
    *,
    absent: bool = False,
    timeout: float,  # noqa: ASYNC109 # by the client's clock, and required
    pace: float = 1.0,
) -> Any:
    """Wait until something is there, or gone.

        f = ngrok.endpoints.fields
        endpoint = await wait_for(ngrok.endpoints, f.url == url, timeout=60)
        f = ngrok.tunnel_sessions.fields
        await wait_for(ngrok.tunnel_sessions, f.id == old, absent=True, timeout=60)

    It looks at once and then at `pace`, each time half as slow again, up to every 10 seconds. A
    condition or filter costs one request a look, a function the whole list.

    Args:
        resource: Where to look, such as `ngrok.endpoints`.
        condition: A condition of its `fields`, a filter, or a function of one item that tells
            whether this is it.
        absent: Whether to wait until there is none.
        timeout: Seconds. It never takes longer: what is under way then is cut.
        pace: Seconds between the first two looks.

    Returns:
        The newest item that meets the condition; None with `absent`.

    Raises:
        WaitTimeoutError: It was not there, or not gone, in time.
        TypeError: A condition or filter for a list that has none.
        NgrokError: A look failed, after the client's retries; see `ngrok_async.errors`.
    """
    look = _look(resource, condition)
    clock = resource.client.clock
    seconds, looks = span("timeout", timeout), Looks(clock, span("pace", pace))
    end, last = clock.time() + seconds, None
    try:
        async with until(clock, end):
            while await looks.due():
                last = await look(waiting_no_longer(resource, end - clock.time()))
                if (last is None) is absent:
                    return last
    except (TimeoutError, RateLimitedError) as error:
        if not is_out_of_time(error, end - clock.time()):
            raise
        what = "gone" if absent else "there"
        raise WaitTimeoutError(
            f"what was waited for was not {what} within {seconds:g} s, in {looks.count} looks",
            last=last,
            looks=looks.count,
        ) from error


def _look(resource: object, condition: object) -> Callable[[Any], Any]:
    """Return what looks once."""
    if not callable(getattr(resource, "list", None)):
        raise TypeError(
            "resource must have a list, such as ngrok.endpoints, and what is looked for is the "
            f"condition; got {type(resource).__name__}"
        )
    if not isinstance(condition, str | Condition):
        if not callable(condition):
            raise TypeError(
                "condition must be a condition, a filter or a function of one item, got"
                f" {shown(condition)}"
            )
        check_plain(condition, "condition", "item")
        return lambda view: _found(view, cast("Predicate[Any]", condition))
    if not isinstance(getattr(resource, "fields", None), Fields):
        raise TypeError(
            f"the list of {resource!r} has no filter: pass a function of one item, such as"
            " `lambda item: item.description == 'shop'`"
        )
    return lambda view: view.list(filter=condition).first()


async def _found(view: Listed[Any], is_it: Predicate[Any]) -> object:
    async for item in view.list():
        if is_it(item):
            return item
    return None
