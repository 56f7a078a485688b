"""One attempt of a call on its way through aiohttp, and what its end means."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, cast

import aiohttp

from ngrok_async._credentials import Credentials, tidy
from ngrok_async._request import Request, Response
from ngrok_async._secret import SentKeys
from ngrok_async.errors import (
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    NgrokError,
    RequestTimeoutError,
)

E = TypeVar("E", bound=NgrokError)

# Client.call has made sure that there is one.
_current_task: Final = cast("Callable[[], asyncio.Task[object]]", asyncio.current_task)

# A proxy forbids it, or wants credentials: trying again helps nobody. Anything else that it says,
# such as 404 for a host that it cannot find, must not pass for an answer of ngrok.
_PROXY_REFUSALS: Final = frozenset({403, 407})
_REPEATED: Final = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)
# Where the texts of aiohttp's parser begin to quote the server.
_QUOTE: Final = r"(?s)\s*[:'\"\n].*"


class LostError(Exception):
    """Stands for the two errors at which aiohttp would send an idempotent request once more."""


class Attempt:
    """One trip through a session: an aiohttp middleware that notes how far the request got."""

    __slots__ = (
        "_cancelling",
        "_expired",
        "_leaving",
        "_task",
        "credentials",
        "keys",
        "request",
        "seconds",
        "session",
    )

    def __init__(
        self,
        request: Request,
        session: aiohttp.ClientSession,
        seconds: float | None,
        keys: SentKeys,
    ) -> None:
        self.request = request
        self.session = session
        self.seconds = seconds
        self.keys = keys
        self.credentials: Credentials | None = None  # where a `Gate` has them
        self._leaving: aiohttp.ClientRequest | None = None
        self._task = _current_task()
        self._cancelling = self._task.cancelling()
        self._expired = False

    async def __call__(
        self,
        request: aiohttp.ClientRequest,
        handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
    ) -> aiohttp.ClientResponse:
        """Keep aiohttp from sending twice behind the back of retry and rate limit.

        It does so, for idempotent methods, at these two errors and no others:
        https://docs.aiohttp.org/en/stable/client_advanced.html
        """
        self._leaving = request
        # A cookie of another service in a shared jar is none of ngrok's business.
        request.headers.pop("Cookie", None)
        credentials = self.credentials
        try:
            if credentials is not None:
                credentials.put_in(request, self.keys)
            return await handler(request)
        except BaseException as error:
            tidy(request, error)
            # At a ClientConnectorError nothing was sent, and aiohttp does not repeat it.
            if not isinstance(error, _REPEATED) or isinstance(error, aiohttp.ClientConnectorError):
                raise
            reason = _reason(error)
        finally:
            if credentials is not None:
                credentials.take_out(request)
        raise LostError(reason)

    def expire(self) -> None:
        """Cancel the task, but for no longer than the attempt lasts."""
        self._expired = True
        self._task.cancel()

    def end(self) -> None:
        """Take the own cancellation back, and no other, as `asyncio.timeout` does."""
        if self._expired:
            self._task.uncancel()

    def outcome(self, error: BaseException) -> Response | NgrokError | None:
        """Return what an error means; None where it is not one of the connection."""
        # Closing a session also cancels what waits for one of its connections: CancelledError in a
        # task that nobody has cancelled.
        cancelled = isinstance(error, asyncio.CancelledError)
        if cancelled and self._task.cancelling() - self._expired > self._cancelling:
            return None
        if cancelled and self._expired:
            error = TimeoutError()
        if self.session.closed:
            return self._error(
                ClientClosedError,
                "the client or its aiohttp.ClientSession was closed during the call",
            )
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return self._refused_by_proxy(error.status)
        if isinstance(error, LostError | aiohttp.ClientError | OSError):
            return self._failure(error)
        if "Cannot combine AUTHORIZATION" in str(error):
            return ConfigurationError(
                "the aiohttp.ClientSession that was passed as session= has credentials of its own "
                "for this host: from a netrc file (trust_env=True) or its auth= option; they "
                "would replace the API key, so use a session without them"
            )
        return None

    @property
    def _sent(self) -> bool:
        """Whether a part of the request may have left."""
        # aiohttp makes the response object when it has written to a connection, not before.
        return self._leaving is None or self._leaving.response is not None

    def _failure(self, error: Exception) -> NgrokError:
        if isinstance(error, aiohttp.InvalidURL):  # its text may hold the proxy's password
            return ConfigurationError("aiohttp cannot use the base URL, or the URL of the proxy")
        message = _connect_error(error, self.request.timeout.connect)
        if message is not None:
            failure = self._error(ConnectError, message)
            failure.permanent = isinstance(
                error, aiohttp.ClientConnectorCertificateError | aiohttp.ServerFingerprintMismatch
            )
            return failure
        if isinstance(error, TimeoutError):
            what = "no whole answer" if self._sent else "nothing could be sent"
            return self._error(RequestTimeoutError, what + _within(self.seconds))
        if self._sent:
            return self._error(ConnectionLostError, f"no whole answer: {_reason(error)}")
        return self._error(ConnectError, f"nothing could be sent: {_reason(error)}")

    def _refused_by_proxy(self, status: int) -> Response | ConnectError:
        # The error's headers may hold the proxy's password: only the status is taken over.
        message = f"the proxy answered {status}"
        if status in _PROXY_REFUSALS:
            return Response(status=status, body=message.encode())
        return self._error(ConnectError, message)

    def _error(self, kind: type[E], message: str) -> E:
        return kind(
            self.keys.scrub(message),
            method=self.request.method,
            path=self.request.path,
            attempts=1,
            maybe_applied=self._sent and self.request.effect != "read",
        )


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
