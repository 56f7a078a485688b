"""Which session an agent had before: told from what is known, and only where it is certain."""

from collections.abc import Hashable, Iterator

from ngrok_async._id import HasId
from ngrok_async.resources.tunnel_sessions import TunnelSession


class Returns:
    """An index of the sessions that are known, by what an agent keeps when it connects anew.

    That is its credential, its metadata and its operating system, and with agents that look alike
    the address that none of the others has. Where two were ever seen at once that are the same in
    that, it is not certain who of them comes back, for as long as any of them is there.
    """

    def __init__(self) -> None:
        """Know of none."""
        self._alike: dict[Hashable, set[str]] = {}
        self._shared: set[Hashable] = set()

    def add(self, item: HasId) -> None:
        """Take in what is known now."""
        for key in _keys(item):
            alike = self._alike.setdefault(key, set())
            alike.add(item.id)
            if len(alike) > 1:
                self._shared.add(key)

    def remove(self, item: HasId) -> None:
        """Forget what is not known any more."""
        for key in _keys(item):
            alike = self._alike.get(key, set())
            alike.discard(item.id)
            if not alike:
                self._alike.pop(key, None)
                self._shared.discard(key)

    def before(self, item: HasId) -> str | None:
        """Return the id of the only session that the agent of a new one may have had."""
        for key in _keys(item):
            alike = self._alike.get(key)
            if alike and key not in self._shared:
                return next(iter(alike))
        return None


def _keys(item: HasId) -> Iterator[Hashable]:
    """Return what tells agents apart: at first what is all their own."""
    if isinstance(item, TunnelSession):
        identity = (item.credential.id, item.metadata, item.os)
        if item.metadata:  # nothing of its own is no identity
            yield identity
        if item.ip:
            yield (*identity, item.ip)
