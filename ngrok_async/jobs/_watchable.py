"""What can be watched, and how a watch calls it."""

from collections.abc import Awaitable, Callable
from inspect import Parameter, signature
from typing import Any, Protocol, TypeVar

from ngrok_async._id import HasId
from ngrok_async._operation import Resource
from ngrok_async._shown import shown
from ngrok_async.client import Client
from ngrok_async.filters import Condition, Fields, Filter
from ngrok_async.pagination import Pager

T = TypeVar("T", bound=HasId)


class Watchable(Protocol[T]):
    """A resource whose items can be listed, and asked for one by one."""

    client: Client

    def list(self) -> Pager[T]:
        """Walk over all items."""
        ...

    def get(self, id_: str, /) -> Awaitable[T]:
        """Return one item."""
        ...


class FilteredWatchable(Protocol[T]):
    """Such a resource whose list has a filter."""

    client: Client

    def list(self, *, filter: Filter[T] | None = None) -> Pager[T]:  # noqa: A002 # ngrok's name
        """Walk over the items that meet the condition."""
        ...

    def get(self, id_: str, /) -> Awaitable[T]:
        """Return one item."""
        ...


def check(resource: object, condition: object) -> None:
    """Refuse what cannot be watched."""
    get = getattr(resource, "get", None)
    is_listed = callable(getattr(resource, "list", None)) and not isinstance(resource, type)
    if not is_listed or not callable(get) or _needed(get) > 1:
        raise TypeError(
            "watch takes a resource that has `list` and `get` by an id, such as"
            f" ngrok.tunnel_sessions; got {shown(resource)}"
        )
    if condition is None:
        return
    if not isinstance(condition, str | Condition):
        raise TypeError(f"filter must be a condition or a text, got {shown(condition)}")
    if not isinstance(getattr(resource, "fields", None), Fields):
        raise TypeError(
            f"the list of {resource!r} has no filter: watch all of it, and choose by the item of"
            " each notice"
        )


def _needed(function: Callable[..., object]) -> int:
    """Return how many arguments a function cannot do without."""
    parameters = signature(function).parameters.values()
    several = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return sum(each.default is each.empty and each.kind not in several for each in parameters)


def last_in_line(resource: Any) -> Any:  # noqa: ANN401 # a double in somebody's tests as well
    """Return the resource with calls that fail at once: others go first, and so do repetitions."""
    if not isinstance(resource, Resource):
        return resource
    view = resource.client.with_options(max_wait=0, retry=None, prefetch=False)
    return type(resource)(view)
