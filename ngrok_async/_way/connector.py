"""The pool of our own session: it gives out no connection that is not as an answer left it."""

import select
from typing import TYPE_CHECKING, Any, Final

import aiohttp

if TYPE_CHECKING:
    from types import CoroutineType

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace


_HAS_POLL: Final = hasattr(select, "poll")


class Connector(aiohttp.TCPConnector):
    """Looks at a kept connection before it is used again.

    aiohttp asks only whether it is open, as far as the event loop knows. So an answer that nobody
    asked for would be given to the next call, and a command would be written to a connection that
    the server has closed while the loop stood still: the next one in a frozen AWS Lambda.
    """

    def __init__(self) -> None:
        """Begin without a connection."""
        super().__init__()  # pyright: ignore[reportUnknownMemberType] # of its `socket_factory`
        self._polls: dict[int, select.poll] = {}  # one for each number of a socket

    def _get(
        self, key: "ConnectionKey", traces: list["Trace"]
    ) -> "CoroutineType[Any, Any, Connection | None]":
        # There is no public place between the pool and a request.
        kept = self._conns.get(key)
        while kept and not self._is_quiet(kept[0][0]):
            protocol, _ = kept.popleft()
            protocol.close()
        # No `await`: it would be a frame more for each request.
        return super()._get(key, traces)  # type: ignore[return-value] # mypy's kind of coroutine

    def _is_quiet(self, protocol: "ResponseHandler") -> bool:
        """Tell whether nothing has come since the last answer: no byte, no error and no end."""
        transport = protocol.transport
        if transport is None or transport.is_closing() or protocol.should_close:
            return False
        parser = getattr(protocol, "_parser", None)  # who alone knows of a head that has only begun
        if parser is not None and parser.feed_eof() is not None:
            return False
        # Is there something that the loop has not read yet? It takes 1 µs to know.
        descriptor = transport.get_extra_info("socket").fileno()
        if not _HAS_POLL:  # pragma: no cover # on Windows
            return not select.select([descriptor], [], [], 0)[0]
        poll = self._polls.get(descriptor)
        if poll is None:  # making one takes longer than asking it
            poll = self._polls[descriptor] = select.poll()
            poll.register(descriptor, select.POLLIN)
        return not poll.poll(0)
