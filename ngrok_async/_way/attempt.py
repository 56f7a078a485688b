"""One attempt of a call on its way through aiohttp, and what its end means.

Through our own session it goes as an `OwnRequest`; through one of somebody else, where hooks,
cookies and other middlewares may be, as a middleware of aiohttp's.
"""

import asyncio
import re
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from ngrok_async._api_key import SentKeys
from ngrok_async._request import Request, Response, mark_unsent
from ngrok_async._way.credentials import Credentials, Handler, HiddenBody, tidy
from ngrok_async.errors import (
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    NgrokError,
    RequestTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from aiohttp.connector import Connection

E = TypeVar("E", bound=NgrokError)

# Client.call has made sure that there is one.
_current_task: Final = cast("Callable[[], asyncio.Task[object]]", asyncio.current_task)

# A proxy forbids it, or wants credentials: trying again helps nobody. Anything else that it says,
# such as 404 for a host that it cannot find, must not pass for an answer of ngrok.
_PROXY_REFUSALS: Final = frozenset({403, 407})
_REPEATED: Final = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)
# Where the texts of aiohttp's parser begin to quote the server.
_QUOTE: Final = r"(?s)\s*[:'\"\n].*"
_FOREIGN_TEXT: Final = 200
# User and password in a URL, such as a proxy's, which connectors of others put into their errors.
_USER_INFO: Final = r"//[^/\s@]*@"


_current: Final = ContextVar["Attempt"]("ngrok_async.attempt")


class LostError(Exception):
    """Stands for the two errors at which aiohttp would send an idempotent request once more."""


class OwnRequest(aiohttp.ClientRequest):
    """A request of our own session."""

    def update_headers(self, headers: Any) -> None:  # noqa: ANN401 # aiohttp's own `LooseHeaders`
        """Take all headers at once, which are none but ours."""
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.headers["Host"] = cast("str", self.url.host_port_subcomponent)
        self.headers.extend(headers)

    async def send(self, conn: "Connection") -> aiohttp.ClientResponse:
        """Send it, with the credentials in it for just as long.

        Raises:
            LostError: aiohttp has lost it, and would send it once more.
        """
        attempt = _current.get()
        if attempt.was_connected:
            raise LostError("the connection was closed")
        attempt.connected(self)
        credentials = cast("Credentials", attempt.credentials)
        try:
            credentials.fill(self, self.headers, attempt.keys)
            response = await aiohttp.ClientRequest.send(self, conn)
        except BaseException as error:
            tidy(self, error)
            raise
        finally:
            credentials.take_out(self)
        attempt.sent(self, conn)
        return response


class Attempt:
    """One trip through a session, and how far the request got."""

    credentials: Credentials | None = None  # where a `Gate` has them
    begun = False
    _leaving: aiohttp.ClientRequest | None = None
    _raised: BaseException | None = None
    was_connected = _by_itself = _written = _expired = False

    def __init__(
        self,
        request: Request,
        url: URL,
        session: aiohttp.ClientSession,
        seconds: float | None,
        keys: SentKeys,
    ) -> None:
        self.request = request
        self.url = url
        self.session = session
        self.seconds = seconds
        self.keys = keys
        self._task = _current_task()
        self.cancelling = self._task.cancelling()

    async def hear(self) -> None:
        """Let a cancellation come that was asked for before the attempt and is yet to be raised.

        Whether one is, no task tells: its count has those too that somebody caught and kept.
        """
        before, self.cancelling = self.cancelling, 0
        await asyncio.sleep(0)
        self.cancelling = before

    # --- on the way ----------------------------------------------------------------------------

    def goes_by_itself(self, credentials: Credentials) -> None:
        """Leave as the `OwnRequest` that aiohttp is about to make in this task."""
        self.credentials, self._by_itself = credentials, True
        _current.set(self)

    def connected(self, request: aiohttp.ClientRequest) -> None:
        """Take note that there is a connection: nothing else tells what fails before and after."""
        self._leaving, self.was_connected = request, True

    def sent(self, request: aiohttp.ClientRequest, connection: "Connection") -> None:
        """Take note of what was written."""
        body = request.body
        if not body:
            self.wrote(connection.transport)
        elif not isinstance(body, HiddenBody):  # of a middleware: nobody says when it is written
            self._written = True

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: Handler
    ) -> aiohttp.ClientResponse:
        """Keep aiohttp from sending twice behind the back of retry and rate limit."""
        # A cookie of another service in a shared jar is none of ngrok's business.
        request.headers.pop("Cookie", None)
        credentials = self.credentials
        try:
            if credentials is not None:
                self._watch(request)
                credentials.put_in(request, self.keys)
            return await handler(request)
        except BaseException as error:
            tidy(request, error)
            if credentials is not None:
                self._raised = error
            lost = _lost(error)
            if lost is None:
                raise
        finally:
            if credentials is not None:
                credentials.take_out(request)
        raise lost

    async def innermost(
        self, request: aiohttp.ClientRequest, handler: Handler
    ) -> aiohttp.ClientResponse:
        """Tell apart, in a session with middlewares, what they raise and what aiohttp does."""
        self._watch(request)
        try:
            return await handler(request)
        except BaseException as error:
            self._raised = error
            raise

    def _watch(self, request: aiohttp.ClientRequest) -> None:
        """Stand between a request of somebody else's session and its sending."""
        own = isinstance(request, OwnRequest)  # whose session has hooks or a proxy
        send = partial(aiohttp.ClientRequest.send, request) if own else request.send

        async def watched(connection: "Connection") -> aiohttp.ClientResponse:
            self.connected(request)
            response = await send(connection)
            self.sent(request, connection)
            return response

        self._leaving = request
        setattr(request, "send", watched)  # noqa: B010 # for one instance

    def wrote(self, transport: asyncio.BaseTransport | None) -> None:
        """Take note of the first write, right behind it.

        A write to a connection that is dead fails in silence, but at once: the transport is closing
        then. Nothing has left, or at most a part of the request (uvloop writes later and cannot
        tell: what may have left counts as left).
        """
        tls = getattr(transport, "_ssl_protocol", None)
        below = transport if tls is None else getattr(tls, "_transport", None)  # it shows there
        if below is not None and not below.is_closing():
            self._written = True

    # --- its end -------------------------------------------------------------------------------

    def expire(self) -> None:
        """Cancel the task, but for no longer than the attempt lasts."""
        self._expired = True
        self._task.cancel()

    def end(self) -> None:
        """Take the own cancellation back, and no other, as `asyncio.timeout` does."""
        if self._expired:
            self._task.uncancel()
        # The first two lead back to here. What begins while a request leaves, such as a connection,
        # keeps the context that it begins in, and so this, for as long as it lasts: empty.
        self._leaving = self._raised = None
        del self._task, self.request, self.keys, self.session

    @property
    def out_of_time(self) -> bool:
        """Whether the task was cancelled by `expire`, and by nobody else."""
        return self._expired and not self._cancelled_by_others

    @property
    def _cancelled_by_others(self) -> bool:
        return self._task.cancelling() - self._expired > self.cancelling

    def left(self, error: BaseException) -> bool:
        """Tell whether a part of the request may have left before the error."""
        if not self.begun:
            return False
        if self._leaving is None:
            # Test tools put something in the place of aiohttp's sending, which runs no middleware.
            return "aiohttp.client" not in _modules(error)
        if self.was_connected:
            return self._written
        # Should aiohttp once send by another method: it makes the response when it has written.
        return self._leaving.response is not None

    def outcome(self, error: BaseException) -> Response | NgrokError | None:
        """Return what an error means; None where it is not one of the connection."""
        # Closing a session also cancels what waits for one of its connections: CancelledError in a
        # task that nobody has cancelled.
        left = self.left(error)
        cancelled = isinstance(error, asyncio.CancelledError)
        if not (isinstance(error, Exception) or (cancelled and not self._cancelled_by_others)):
            return None
        if self.session.closed:
            closed = "the client or its aiohttp.ClientSession was closed during the call"
            return self._error(ClientClosedError, closed, left=left, attempts=int(left))
        failure = TimeoutError() if cancelled and self._expired else error
        if isinstance(failure, LostError | aiohttp.ClientError | OSError):
            return self._failure(failure, left=left)
        return self._of_others(failure)

    def _of_others(self, error: BaseException) -> NgrokError | None:
        if "Cannot combine AUTHORIZATION" in str(error):
            return ConfigurationError(
                "the aiohttp.ClientSession that was passed as session= has credentials of its own "
                "for this host: from a netrc file (trust_env=True) or its auth= option; they "
                "would replace the API key, so use a session without them"
            )
        if self._kept_from_connecting(error):
            # Connectors and resolvers of others raise anything, such as a plain Exception.
            url = self.url
            text = f"no connection to {url.host}:{url.port}: {_foreign(error)}"
            return self._error(ConnectError, text, left=False)
        return None

    def _kept_from_connecting(self, error: BaseException) -> bool:
        """Tell whether that came from what connects, and not from a middleware or a trace hook."""
        if self.was_connected:
            return False
        modules = _modules(error)
        came = "aiohttp.connector" in modules if self._by_itself else error is self._raised
        return came and "aiohttp.tracing" not in modules

    def _failure(self, error: Exception, *, left: bool) -> Response | NgrokError:
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return self._refused_by_proxy(error.status)
        if isinstance(error, aiohttp.InvalidURL):  # its text may hold the proxy's password
            return ConfigurationError("aiohttp cannot use the base URL, or the URL of the proxy")
        message = _connect_error(error, self.request.timeout.connect)
        if message is not None and not left:
            failure = self._error(ConnectError, message, left=False)
            failure.permanent = isinstance(
                error, aiohttp.ClientConnectorCertificateError | aiohttp.ServerFingerprintMismatch
            )
            return failure
        if isinstance(error, TimeoutError) and message is None:
            what = "no whole answer" if left else "nothing could be sent"
            return self._error(RequestTimeoutError, what + _within(self.seconds), left=left)
        if left:
            reason = message or _reason(error)
            return self._error(ConnectionLostError, f"no whole answer: {reason}", left=True)
        reason = "the connection was closed already" if self.was_connected else _reason(error)
        return self._error(ConnectError, f"nothing could be sent: {reason}", left=False)

    def _refused_by_proxy(self, status: int) -> Response | ConnectError:
        # The error's headers may hold the proxy's password: only the status is taken over.
        message = f"the proxy answered {status}"
        if status in _PROXY_REFUSALS:
            return Response(status=status, body=message.encode())
        return self._error(ConnectError, message, left=False)

    def _error(self, kind: type[E], message: str, *, left: bool, attempts: int = 1) -> E:
        error = kind(
            self.keys.scrub(re.sub(_USER_INFO, "//***@", message)),
            method=self.request.method,
            path=self.request.path,
            attempts=attempts,
            maybe_applied=left and self.request.effect != "read",
        )
        if not left:
            mark_unsent(error)
        return error


def _lost(error: BaseException) -> LostError | None:
    """Return what to raise instead of an error at which aiohttp would send once more.

    It does so, for idempotent methods, at these two and no others:
    https://docs.aiohttp.org/en/stable/client_advanced.html
    """
    if isinstance(error, aiohttp.ClientConnectorError):
        return None  # nothing was sent, and aiohttp does not repeat it
    if isinstance(error, _REPEATED):
        return LostError(_reason(error))
    return None


def _modules(error: BaseException) -> set[Any]:
    """Return the names of the modules that an error went through."""
    names: set[Any] = set()
    place: TracebackType | None = error.__traceback__
    while place is not None:
        names.add(place.tb_frame.f_globals.get("__name__"))
        place = place.tb_next
    return names


def _connect_error(error: Exception, seconds: float | None) -> str | None:
    """Return what kept the connection from coming about, or None if it was something else."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"no connection{_within(seconds)}"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate of {error.host} is not trusted: {error.certificate_error}"
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        return f"the certificate of {error.host} does not have the expected fingerprint"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {error.host}:{error.port}: {_reason(error.os_error)}"
    return None


def _foreign(error: BaseException) -> str:
    if isinstance(error.__cause__, StopIteration):  # what aiohttp makes of an empty list
        return "the name has no address"
    return f"{type(error).__name__}: {error}"[:_FOREIGN_TEXT]


def _within(seconds: float | None) -> str:
    return "" if seconds is None else f" within {seconds:g} s"


def _reason(error: BaseException) -> str:
    # Only texts of the operating system and of aiohttp: what a server sends may repeat the key, or
    # a half of it that no scrubbing finds.
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server hung up"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"it is not HTTP ({re.sub(_QUOTE, '', error.message)})"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the body breaks off, or cannot be decompressed"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
