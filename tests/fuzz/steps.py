"""Event loops that stop at the n-th step of a call, and what has really been written by then."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

Hook = Callable[[], None]


class StepLoop(asyncio.SelectorEventLoop):
    """Runs one callback per step, and the hook before the n-th."""

    _hook: Hook | None = None
    _left = 0

    def arm(self, step: int, hook: Hook) -> None:
        """Call `hook` so many steps from now."""
        self._hook, self._left = hook, step

    def disarm(self) -> None:
        """Do not call it any more."""
        self._hook = None

    def _run_once(self) -> None:
        if self._hook is not None:
            self._left -= 1
            if self._left < 0:
                hook, self._hook = self._hook, None
                hook()
        # Private, as the loop has no other way to be driven by hand.
        ready: Any = vars(self)["_ready"]
        later = []
        while len(ready) > 1:
            later.append(ready.pop())
        super()._run_once()  # type: ignore[misc] # known to no stub
        ready.extendleft(later)


def uvloop_steps() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes such a loop of uvloop, in rounds in place of callbacks; None without it."""
    try:
        import uvloop  # noqa: PLC0415 # only where it is installed
    except ImportError:
        return None

    class SpinLoop(uvloop.Loop):  # type: ignore[misc] # it has no types
        _hook: Hook | None = None

        def arm(self, step: int, hook: Hook) -> None:
            self._hook = hook

            def spin(left: int) -> None:
                if self._hook is None:
                    return
                if left:
                    self.call_soon(spin, left - 1)
                else:
                    due, self._hook = self._hook, None
                    due()

            self.call_soon(spin, step)

        def disarm(self) -> None:
            self._hook = None

    return SpinLoop


class Writes:
    """What the system has taken of the requests of a process, by their targets."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._seen: list[bytes] = []

    def has(self, target: str) -> bool:
        """Tell whether a byte of a request for that target has left."""
        return any(f" {target} ".encode() in data for data in self._seen)

    def forget(self) -> None:
        """Begin anew."""
        self._seen.clear()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Listen in where asyncio hands bytes over: to TLS, and to the socket."""
        send, encrypt = socket.socket.send, ssl.SSLObject.write
        pending: list[bytes] = []
        ours = get_ident()  # the server has a thread of its own

        def watch_send(self_: socket.socket, data: Any, *flags: int) -> int:  # noqa: ANN401 # of bytes
            sent = send(self_, data, *flags)
            if sent and get_ident() == ours:
                self._seen.append(bytes(data[:sent]))
                self._seen.extend(pending)
                pending.clear()
            return sent

        def watch_encrypt(self_: ssl.SSLObject, data: Any) -> int:  # noqa: ANN401 # of bytes
            taken = encrypt(self_, data)
            if get_ident() == ours:
                pending[:] = [bytes(data[:taken])]
            return taken

        socket.socket.send = watch_send  # type: ignore[assignment,method-assign] # for the while
        ssl.SSLObject.write = watch_encrypt  # type: ignore[method-assign] # for the while
        try:
            yield
        finally:
            del socket.socket.send  # the class below has the real one
            ssl.SSLObject.write = encrypt  # type: ignore[method-assign] # as it was
