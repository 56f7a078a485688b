"""What a watch tells."""

from typing import Generic, Literal, TypeAlias, TypeVar

import attrs

from ngrok_async._id import HasId
from ngrok_async._pickles import Stored
from ngrok_async.errors import NgrokError

T = TypeVar("T", bound=HasId)


@attrs.frozen
class Added(Stored, Generic[T]):
    """Something is there that was not known.

    Attributes:
        item: What is there.
        first: Whether it belongs to the state at the start, which ends with the first `Synced`.
    """

    item: T
    first: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class Removed(Stored, Generic[T]):
    """Something is not in the list any more; ngrok was asked for it by itself, or missed it twice.

    Attributes:
        item: What was known of it last.
        reason: "gone": it does not exist any more; "left": it does, and does not meet the filter.
    """

    item: T
    reason: Literal["gone", "left"] = attrs.field(default="gone", kw_only=True)


@attrs.frozen
class Changed(Stored, Generic[T]):
    """Something is not as it was.

    Attributes:
        item: What it is now.
        before: What it was.
    """

    item: T
    before: T = attrs.field(kw_only=True)


@attrs.frozen
class Reconnected(Stored, Generic[T]):
    """An agent has a new session, in place of `Removed` and `Added`; told where that is certain.

    Attributes:
        item: The new session.
        before: The one that is gone.
    """

    item: T
    before: T = attrs.field(kw_only=True)


@attrs.frozen
class Synced(Stored):
    """All that is there is known.

    Attributes:
        count: How many items there are.
        again: Whether nothing could be seen for so long that things may have come and gone.
    """

    count: int
    again: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class Trouble(Stored):
    """A request failed. Nothing is concluded from that; it is tried again, less and less often.

    Attributes:
        error: Why.
        failures: How many have failed in a row.
    """

    error: NgrokError
    failures: int = 1


Notice: TypeAlias = Added[T] | Removed[T] | Changed[T] | Reconnected[T] | Synced | Trouble
"""What a watch tells: one of these six."""
