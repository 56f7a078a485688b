"""Which session an agent had before: told from what is known, and only where it is certain."""

from ngrok_async._id import HasId
from ngrok_async.jobs._identity import Trace, trace_of
from ngrok_async.resources.tunnel_sessions import TunnelSession


class Returns:
    """An index of the sessions that are known, by what an agent keeps when it connects anew.

    Nobody tells a watch who was about to connect anew, as a rollout knows of its commands. So
    agents that look alike are never matched, for as long as any of them is there: who of them is
    back could be another one that was away. One without metadata has nothing of its own, and has
    to come from the same address.
    """

    def __init__(self) -> None:
        """Know of none."""
        self._alike: dict[str, dict[str, Trace]] = {}
        self._shared: set[str] = set()

    def add(self, item: HasId) -> None:
        """Take in what is known now."""
        if isinstance(item, TunnelSession):
            trace = trace_of(item)
            alike = self._alike.setdefault(trace.identity, {})
            alike[trace.id] = trace
            if len(alike) > 1:
                self._shared.add(trace.identity)

    def remove(self, item: HasId) -> None:
        """Forget what is not known any more."""
        if isinstance(item, TunnelSession):
            trace = trace_of(item)
            alike = self._alike[trace.identity]
            del alike[trace.id]
            if not alike:
                del self._alike[trace.identity]
                self._shared.discard(trace.identity)

    def may_return(self, item: HasId) -> bool:
        """Tell whether it would be known again, were its agent to come back."""
        return isinstance(item, TunnelSession) and trace_of(item).identity not in self._shared

    def before(self, item: HasId) -> str | None:
        """Return the id of the only session that the agent of a new one may have had."""
        if not isinstance(item, TunnelSession):
            return None
        new = trace_of(item)
        if new.identity in self._shared:
            return None
        for old in self._alike.get(new.identity, {}).values():
            if item.metadata or old.ip == new.ip != "":
                return old.id
        return None
