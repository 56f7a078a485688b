"""The aiohttp session: one `Request` in, one request on the wire, one `Response` out."""

import asyncio
import os
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from http.cookies import BaseCookie, SimpleCookie
from typing import Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from ngrok_async._api_key import APIKey, AskedKey, SentKeys
from ngrok_async._clock import Clock
from ngrok_async._request import Request, Response, mark_unsent, new_response
from ngrok_async._tracebacks import forget_locals
from ngrok_async._way.attempt import Attempt, OwnRequest
from ngrok_async._way.connector import Connector
from ngrok_async._way.credentials import (
    STAND_IN,
    Credentials,
    Gate,
    LeavingBody,
    Proxy,
    unused_proxy,
)
from ngrok_async._way.sendable import check_headers, target
from ngrok_async._way.timers import Timers
from ngrok_async.errors import (
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    NgrokError,
    RequestTimeoutError,
    ResponseTooLargeError,
)

MAX_BODY: Final = 10 * 1024 * 1024
MAX_ERROR_BODY: Final = 64 * 1024
_ERROR_BODY_SECONDS: Final = 1.0
_REFUSALS_FROM: Final = 300  # a redirect is one too
# aiohttp would add one of its own to these if they come without a body.
_NOT_ADDED: Final[Mapping[str, tuple[str]]] = dict.fromkeys(
    ("POST", "PUT", "PATCH"), ("Content-Type",)
)


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that runs now.

    Raises:
        ConfigurationError: None does.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    raise ConfigurationError(
        "no event loop is running: this belongs into a coroutine that asyncio.run() runs "
        "(ngrok_async is for asyncio, not for trio)"
    )


class _NoCookies(aiohttp.DummyCookieJar):
    """A jar of no cookies, which makes no new object each time to say so."""

    _none: Final[BaseCookie[str]] = SimpleCookie()

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        del request_url
        return self._none


class Transport:
    """Sends requests through its own aiohttp session, or through one that was passed in."""

    def __init__(
        self,
        *,
        base_url: str,
        key: APIKey | AskedKey,
        user_agent: str,
        session: aiohttp.ClientSession | None,
        proxy: Proxy | None,
        clock: Clock | None,
    ) -> None:
        """Prepare; a session of its own is opened at the first request."""
        self.base_url = base_url
        self._base = URL(base_url, encoded=True)
        self._base_path = self._base.raw_path.rstrip("/")
        self.closed = False
        self._proxy = proxy
        self._proxy_url = None if proxy is None else proxy.url
        self._clock = clock
        self._key = key
        self._session = session
        self._owns_session = session is None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._timers = Timers(asyncio.get_running_loop)
        self._credentials = (
            Credentials(f"Bearer {key.reveal()}", proxy) if isinstance(key, APIKey) else None
        )
        self._headers = CIMultiDict({
            "Authorization": STAND_IN,
            "Ngrok-Version": "2",
            "User-Agent": user_agent,
            "Accept": "application/json",
        })  # fmt: skip
        self._json_headers = CIMultiDict(self._headers)
        self._json_headers["Content-Type"] = "application/json"

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """Whose the connections are; None before the first request."""
        return self._loop

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
            or self.closed
            or self._loop is not loop
            or self._pid != os.getpid()
            or (not self._owns_session and session.closed)
        ):
            return self._open(loop)
        return session

    def _open(self, loop: asyncio.AbstractEventLoop) -> aiohttp.ClientSession:
        if self.closed:
            raise ClientClosedError("this client is closed; make a new one, or close it later")
        if self._loop is None:
            # aiohttp has no other way to ask a session for its loop.
            self._loop, self._pid = getattr(self._session, "_loop", loop), os.getpid()
        if self._loop is not loop or self._pid != os.getpid():
            raise ConfigurationError(
                "this client, or the session that was passed to it, belongs to another event loop "
                "or process; make one client per loop (asyncio.run makes a new loop each time), "
                "and after a fork"
            )
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=Connector(),
                cookie_jar=_NoCookies(),
                trust_env=False,  # a netrc entry would take the place of the API key
                request_class=OwnRequest,
            )
            # Retry and rate limit decide whether a request is sent once more. There is no public
            # way to say so; without it `OwnRequest` refuses.
            setattr(self._session, "_retry_connection", False)  # noqa: B010 # it is private
        if "Host" in self._session.headers:
            raise ConfigurationError(
                "the aiohttp.ClientSession that was passed as session= has a header Host, which "
                "would give the API key to another host; set base_url= instead"
            )
        if self._session.closed:
            raise ClientClosedError(
                "the aiohttp.ClientSession that was passed as session= is closed; "
                "keep it open for as long as the client is used"
            )
        return self._session

    def complete(self, error: BaseException) -> None:
        """Say of a connection that did not come about which proxy nobody asked to take it."""
        if not isinstance(error, ConnectError) or error.permanent or self._proxy is not None:
            return
        if self._session is None or not self._session.trust_env:
            unused = unused_proxy(self.base_url)
            if unused is not None:
                error.message += f"; {unused} is set, but not used: pass its value as proxy="

    def __del__(self, warn: Callable[..., None] = warnings.warn) -> None:
        """Warn of connections that nobody has closed, by the name that their owner knows."""
        session = self._session
        if self._owns_session and session is not None and not session.closed:
            warn(
                f"Unclosed ngrok_async.Client of {self.base_url}: use it as `async with Client() "
                "as ngrok:`, or `await ngrok.aclose()` at the end",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )

    async def close(self) -> None:
        """Close the own session; a passed one stays as it is."""
        self.closed = True
        self._timers.close()
        if self._owns_session and self._session is not None:
            await self._session.close()

    async def send(self, request: Request, keys: SentKeys | None = None) -> Response:
        """Send the request once and read the whole answer.

        Args:
            request: Where it leads is checked.
            keys: The key that is sent is noted there.

        Raises:
            TransportError: There was no whole answer.
            ResponseTooLargeError: Its body is larger than 10 MiB.
            ClientClosedError: The client or its session was closed meanwhile.
            ConfigurationError: The session cannot be used for this.
        """
        session = self._session
        if session is None or self.closed:
            session = self.open()
        url = self._url_of(request)
        if request.headers:
            check_headers(request.headers)
        clock, progress = self._clock or asyncio.get_running_loop(), request.progress
        now = clock.time()
        seconds = _seconds(request, now)
        attempt = Attempt(request, url, session, seconds, keys or SentKeys(self._key))
        if seconds is not None:
            self._timers.start(attempt, seconds, now if self._clock is None else None)
        progress.begin(now)
        outcome: Response | NgrokError | None
        try:
            outcome = await self._exchange(attempt)
        except BaseException as error:
            outcome = attempt.outcome(error)
            if outcome is None:
                if not attempt.left(error):
                    mark_unsent(error)
                forget_locals(error)
                raise
        finally:
            self._timers.stop(attempt)
            attempt.end()
            progress.end(clock.time())
        # Outside of the handler: aiohttp's errors hold what was sent and received, and must not be
        # the context of ours.
        if isinstance(outcome, NgrokError):
            raise outcome
        return outcome

    async def _exchange(self, attempt: Attempt) -> Response | ResponseTooLargeError:
        # A coroutine of its own: tracebacks print local variables, and these forget theirs.
        if attempt.cancelling:
            await attempt.hear()
        request, session, keys, url = attempt.request, attempt.session, attempt.keys, attempt.url
        headers = self._headers_of(request)
        credentials = self._credentials
        if credentials is None or headers["Authorization"] != STAND_IN:
            credentials = await self._other_credentials(headers, keys)
        # These replace the session's own, so those are put between ours. There is no public way to
        # read them: https://github.com/aio-libs/aiohttp/issues/11162
        others = getattr(session, "_middlewares", ())
        middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = ()
        if others:
            middlewares = (attempt, *others, Gate(credentials, url, keys), attempt.innermost)
        elif self._owns_session and self._proxy is None and not session.trace_configs:
            attempt.goes_by_itself(credentials)
        else:  # hooks and proxies are told of a request before it has a connection
            attempt.credentials = credentials
            middlewares = (attempt,)
        payload = None if request.body is None else LeavingBody(request.body, attempt.wrote)
        attempt.begun = True
        response = await session.request(
            request.method,
            url,
            data=payload,
            headers=headers,
            skip_auto_headers=_NOT_ADDED.get(request.method) if payload is None else None,
            timeout=_connect_timeout(request.timeout.connect),
            allow_redirects=False,  # the key would go along
            raise_for_status=False,
            auto_decompress=True,
            middlewares=middlewares,
            proxy=self._proxy_url,  # None: as the session has it
        )
        # Not `async with`: at the end of the body aiohttp has released the connection already, and
        # looking after it once more costs a twentieth of a request.
        try:
            whole = response.content.is_eof()  # most bodies have arrived together with the headers
            body = response.content.read_nowait() if whole else b""
            if response.status >= _REFUSALS_FROM:
                return await self._read_error(attempt, response, body)
            if whole and len(body) <= MAX_BODY:
                return new_response(response.status, response.headers, body)
            return await _read_on(request, response, body)
        except BaseException:
            response.close()
            raise

    async def _other_credentials(self, headers: CIMultiDict[str], keys: SentKeys) -> Credentials:
        """Return what goes out in place of a known key, and leave its stand-in in the headers."""
        given = headers["Authorization"]
        if given == STAND_IN and isinstance(self._key, AskedKey):
            given = f"Bearer {(await self._key.ask()).reveal()}"
        headers["Authorization"] = STAND_IN
        keys.add(given)
        return Credentials(given, self._proxy)

    async def _read_error(
        self, attempt: Attempt, response: aiohttp.ClientResponse, body: bytes
    ) -> Response:
        """Read what comes soon of a body that only says why: status and headers count."""
        if not response.content.at_eof():
            self._timers.shorten(attempt, _ERROR_BODY_SECONDS)
        try:
            while len(body) < MAX_ERROR_BODY and (chunk := await response.content.readany()):
                body += chunk
        except (aiohttp.ClientError, OSError):
            pass  # it breaks off, or cannot be decompressed
        except asyncio.CancelledError:
            if not attempt.out_of_time:
                raise
        response.close()  # the rest is not waited for
        return new_response(response.status, response.headers, body[:MAX_ERROR_BODY])

    def _url_of(self, request: Request) -> URL:
        below = target(request)
        if request.query:
            return URL(f"{self.base_url}{below}", encoded=True)
        # The base URL is not parsed once more.
        return self._base.with_path(f"{self._base_path}{below}", encoded=True)

    def _headers_of(self, request: Request) -> CIMultiDict[str]:
        headers = self._headers if request.body is None else self._json_headers
        if request.headers:
            headers = CIMultiDict(headers)
            headers.update(request.headers)
        return headers


def _seconds(request: Request, now: float) -> float | None:
    """Return how long the attempt may take."""
    attempt, total = request.timeout.attempt, request.timeout.total
    if total is None:
        return attempt
    remaining = total - request.progress.spent(now)
    if remaining <= 0:
        raise RequestTimeoutError(
            f"not sent: attempts and pauses have taken the {total:g} s that Timeout(total=) allows",
            method=request.method,
            path=request.path,
        )
    return remaining if attempt is None else min(attempt, remaining)


@lru_cache(maxsize=16)
def _connect_timeout(seconds: float | None) -> aiohttp.ClientTimeout:
    # No total: aiohttp would set a timer for each request. Without a threshold it would round up to
    # whole seconds.
    return aiohttp.ClientTimeout(total=None, sock_connect=seconds, ceil_threshold=float("inf"))


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
