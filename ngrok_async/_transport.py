"""The aiohttp session: one `Request` in, one request on the wire, one `Response` out."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Final, TypeVar, cast
from urllib.parse import quote, urlencode

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from ngrok_async._clock import Clock
from ngrok_async._request import Request, Response, new_response
from ngrok_async._secret import APIKey
from ngrok_async._timeouts import Timeouts
from ngrok_async._wire import dumps
from ngrok_async.errors import (
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    NgrokError,
    RequestTimeoutError,
    ResponseTooLargeError,
)

E = TypeVar("E", bound=NgrokError)

# Client.call has made sure that there is one.
_current_task: Final = cast("Callable[[], asyncio.Task[object]]", asyncio.current_task)

MAX_BODY: Final = 10 * 1024 * 1024
# A proxy forbids it, or wants credentials: trying again helps nobody. Anything else that it says,
# such as 404 for a host that it cannot find, must not pass for an answer of ngrok.
_PROXY_REFUSALS: Final = frozenset({403, 407})
# aiohttp would add one of its own to these if they come without a body.
_NOT_ADDED: Final[Mapping[str, tuple[str]]] = dict.fromkeys(
    ("POST", "PUT", "PATCH"), ("Content-Type",)
)
# Where the texts of aiohttp's parser begin to quote the server.
_QUOTE: Final = r"(?s)\s*[:'\"\n].*"


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that runs now.

    Raises:
        ConfigurationError: None does.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    msg = (
        "no event loop is running: this belongs into a coroutine that asyncio.run() runs "
        "(ngrok_async is for asyncio, not for trio)"
    )
    raise ConfigurationError(msg)


class Private(dict[str, str]):
    """A proxy's URL; tracebacks print local variables."""

    def __repr__(self) -> str:
        """Hide the values."""
        return f"<{len(self)} values, not shown>"


class PrivateHeaders(CIMultiDict[str]):
    """Headers with the key, in the form that aiohttp need not convert."""

    def __repr__(self) -> str:
        """Hide the values."""
        return f"<{len(self)} values, not shown>"


class _LostError(Exception):
    """Stands for the two errors at which aiohttp would send an idempotent request once more."""


class _Attempt:
    """One trip through a session: an aiohttp middleware that notes how far the request got."""

    __slots__ = (
        "_cancelling",
        "_expired",
        "_leaving",
        "_scrub",
        "_task",
        "request",
        "seconds",
        "session",
    )

    def __init__(
        self,
        request: Request,
        session: aiohttp.ClientSession,
        seconds: float | None,
        scrub: Callable[[str], str],
    ) -> None:
        self.request = request
        self.session = session
        self.seconds = seconds
        self._scrub = scrub
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
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise  # nothing was sent, and aiohttp does not repeat it
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            reason = _reason(error)
        raise _LostError(reason)

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
        if isinstance(error, _LostError | aiohttp.ClientError | OSError):
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
            self._scrub(message),
            method=self.request.method,
            path=self.request.path,
            attempts=1,
            maybe_applied=self._sent and self.request.effect != "read",
        )


class Transport:
    """Sends requests through its own aiohttp session, or through one that was passed in."""

    def __init__(
        self,
        *,
        base_url: str,
        key: APIKey,
        user_agent: str,
        session: aiohttp.ClientSession | None,
        proxy: Private,
        clock: Clock | None,
    ) -> None:
        """Prepare; a session of its own is opened at the first request."""
        self.base_url = base_url
        self.closed = False
        self._proxy = proxy
        self._clock = clock
        self._scrub = key.scrub
        self._session = session
        self._owns_session = session is None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._timeouts = Timeouts(asyncio.get_running_loop)
        self._headers = PrivateHeaders({
            "Authorization": f"Bearer {key.reveal()}",
            "Ngrok-Version": "2",
            "User-Agent": user_agent,
            "Accept": "application/json",
        })  # fmt: skip
        self._json_headers = PrivateHeaders(self._headers)
        self._json_headers["Content-Type"] = "application/json"

    def open(self) -> aiohttp.ClientSession:
        """Return the session to use now.

        Raises:
            ClientClosedError: The client or the injected session is closed.
            ConfigurationError: The client is used in another event loop or process than before, or
                the injected session belongs to another loop.
        """
        session, loop = self._session, running_loop()
        if (
            session is None
            or session.closed
            or self.closed
            or self._loop is not loop
            or self._pid != os.getpid()
        ):
            return self._open(loop)
        return session

    def _open(self, loop: asyncio.AbstractEventLoop) -> aiohttp.ClientSession:
        if self.closed:
            msg = "this client is closed; make a new one, or close it later"
            raise ClientClosedError(msg)
        if self._loop is None:
            # aiohttp has no other way to ask a session for its loop.
            self._loop, self._pid = getattr(self._session, "_loop", loop), os.getpid()
        if self._loop is not loop or self._pid != os.getpid():
            msg = (
                "this client, or the session that was passed to it, belongs to another event loop "
                "or process; make one client per loop (asyncio.run makes a new loop each time), "
                "and after a fork"
            )
            raise ConfigurationError(msg)
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # a netrc entry would take the place of the API key
            )
        if self._session.closed:
            msg = (
                "the aiohttp.ClientSession that was passed as session= is closed; "
                "keep it open for as long as the client is used"
            )
            raise ClientClosedError(msg)
        return self._session

    async def close(self) -> None:
        """Close the own session; a passed one stays as it is."""
        self.closed = True
        self._timeouts.close()
        if self._owns_session and self._session is not None:
            await self._session.close()

    async def send(self, request: Request) -> Response:
        """Send the request once and read the whole answer.

        Raises:
            TransportError: There was no whole answer.
            ResponseTooLargeError: Its body is larger than 10 MiB.
            ClientClosedError: The client or its session was closed meanwhile.
            ConfigurationError: The session cannot be used for this.
        """
        session = self._session
        if session is None or self.closed:
            session = self.open()
        seconds = self._seconds(request)
        attempt = _Attempt(request, session, seconds, self._scrub)
        if seconds is not None:
            self._timeouts.start(attempt, seconds)
        outcome: Response | NgrokError | None
        try:
            outcome = await self._exchange(attempt)
        except (
            asyncio.CancelledError,
            _LostError,
            aiohttp.ClientError,
            OSError,  # and TimeoutError, which is one
            RuntimeError,
            ValueError,
        ) as error:
            outcome = attempt.outcome(error)
            if outcome is None:
                raise
        finally:
            self._timeouts.stop(attempt)
            attempt.end()
        # Outside of the handler: aiohttp's errors hold the request's headers, so the key
        # (https://github.com/aio-libs/aiohttp/issues/8402), and must not be the context of ours.
        if isinstance(outcome, NgrokError):
            raise outcome
        return outcome

    async def _exchange(self, attempt: _Attempt) -> Response | ResponseTooLargeError:
        # A coroutine of its own: tracebacks print local variables, and the response has the key.
        request, session = attempt.request, attempt.session
        # These replace the session's own, so those are put behind ours. There is no public way to
        # read them: https://github.com/aio-libs/aiohttp/issues/11162
        others = getattr(session, "_middlewares", ())
        bare = request.json is None
        response = await session.request(
            request.method,
            self._url(request),
            data=None if bare else dumps(request.json),
            headers=self._headers_of(request),
            skip_auto_headers=_NOT_ADDED.get(request.method) if bare else None,
            timeout=_connect_timeout(request.timeout.connect),
            allow_redirects=False,  # the key would go along
            raise_for_status=False,
            auto_decompress=True,
            middlewares=(attempt, *others) if others else (attempt,),
            proxy=self._proxy.get("proxy"),  # None: as the session has it
        )
        # Not `async with`: at the end of the body aiohttp has released the connection already, and
        # looking after it once more costs a twentieth of a request.
        try:
            whole = response.content.is_eof()  # most bodies have arrived together with the headers
            body = response.content.read_nowait() if whole else b""
            if whole and len(body) <= MAX_BODY:
                return new_response(response.status, response.headers, body)
            return await _read_on(request, response, body)
        except BaseException:
            response.close()
            raise

    def _url(self, request: Request) -> URL:
        query = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
        return URL(f"{self.base_url}{request.path}{query}", encoded=True)

    def _headers_of(self, request: Request) -> PrivateHeaders:
        headers = self._headers if request.json is None else self._json_headers
        if request.headers:
            headers = PrivateHeaders(headers)
            headers.update(request.headers)
        return headers

    def _seconds(self, request: Request) -> float | None:
        """Return how long the attempt may take."""
        attempt = request.timeout.attempt
        if request.deadline is None:
            return attempt
        remaining = request.deadline - (self._clock or asyncio.get_running_loop()).time()
        if remaining <= 0:
            raise RequestTimeoutError(
                f"not sent: the total timeout of {request.timeout.total:g} s is over",
                method=request.method,
                path=request.path,
            )
        return remaining if attempt is None else min(attempt, remaining)


@lru_cache(maxsize=16)
def _connect_timeout(seconds: float | None) -> aiohttp.ClientTimeout:
    # No total: aiohttp would set a timer for each request. Without a threshold it would round up to
    # whole seconds.
    return aiohttp.ClientTimeout(total=None, sock_connect=seconds, ceil_threshold=float("inf"))


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


async def _read_on(
    request: Request, response: aiohttp.ClientResponse, begun: bytes
) -> Response | ResponseTooLargeError:
    """Read the body to its end, or refuse it before it fills the memory."""
    chunks = [begun]
    size = max(len(begun), response.content_length or 0)
    if size <= MAX_BODY:
        size = 0
        while size <= MAX_BODY and (chunk := await response.content.readany()):
            size += len(chunk)  # decompressed
            chunks.append(chunk)
    if size <= MAX_BODY:
        return new_response(response.status, response.headers, b"".join(chunks))
    response.close()
    return ResponseTooLargeError(
        f"HTTP {response.status}: the body is larger than {MAX_BODY} bytes",
        status=response.status,
        method=request.method,
        path=request.path,
        maybe_applied=request.effect != "read",
    )
