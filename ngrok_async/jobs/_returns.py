"""Which session an agent had before: told from what is known, and only where it is certain."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from ngrok_async._id import HasId
from ngrok_async.resources.tunnel_sessions import TunnelSession

# Of so many addresses it is remembered that somebody has left who may come back to them.
_LEFT: Final = 1_000

_Key: TypeAlias = tuple[str, ...]


class Returns:
    """An index of the sessions that are known, by what an agent keeps when it connects anew.

    That is its credential, its operating system and its metadata, if it has any; and with agents
    that look alike the address that none of the others has. Where two were seen that are the same
    in that, it is not certain who of them comes back, for as long as any of them is there.
    """

    def __init__(self) -> None:
        """Know of none."""
        self._alike: dict[_Key, set[str]] = {}
        self._shared: set[_Key] = set()
        self._left: dict[_Key, None] = {}  # the oldest first

    def add(self, item: HasId) -> None:
        """Take in what is known now."""
        for key, is_address in _keys(item):
            alike = self._alike.setdefault(key, set())
            alike.add(item.id)
            if len(alike) > 1 or (is_address and key in self._left):
                self._shared.add(key)

    def remove(self, item: HasId, *, leaves: bool) -> None:
        """Forget what is not known any more.

        Args:
            item: What.
            leaves: Whether it is away, and not in another session.
        """
        for key, is_address in _keys(item):
            alike = self._alike[key]
            alike.discard(item.id)
            if not alike:
                del self._alike[key]
                self._shared.discard(key)
            if is_address and leaves:
                self._left.pop(key, None)
                self._left[key] = None
        while len(self._left) > _LEFT:
            del self._left[next(iter(self._left))]

    def may_return(self, item: HasId) -> bool:
        """Tell whether it would be known again, were its agent to come back."""
        return any(key not in self._shared for key, _ in _keys(item))

    def before(self, item: HasId) -> str | None:
        """Return the id of the only session that the agent of a new one may have had."""
        for key, _ in _keys(item):
            alike = self._alike.get(key)
            if alike and key not in self._shared:
                return next(iter(alike))
        return None


def _keys(item: HasId) -> Iterator[tuple[_Key, bool]]:
    """Return what tells agents apart, and whether it is their address: their own text first."""
    if isinstance(item, TunnelSession):
        identity = (item.credential.id, item.os, item.metadata)
        if item.metadata:
            yield identity, False
        if item.ip:
            yield (*identity, item.ip), True
