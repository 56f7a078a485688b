"""The key and a proxy's password on their way through aiohttp: there only while a request leaves.

aiohttp is handed a stand-in. Its frames, its errors, and hooks, middlewares and recorders around it
hold that one, and not the key.
"""

import asyncio
import os
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Self, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict
from yarl import URL

from ngrok_async._api_key import MASK, SentKeys
from ngrok_async._json import Body
from ngrok_async._tracebacks import forget_locals
from ngrok_async.errors import ConfigurationError

if TYPE_CHECKING:
    from aiohttp.http import StreamWriter

STAND_IN: Final = f"Bearer {MASK}"

_PROXY_VARIABLES: Final = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


class Proxy:
    """An HTTP proxy: its URL for all to see, and its password for itself."""

    __slots__ = ("authorization", "url")

    def __init__(self, given: str) -> None:
        """Take user name and password out of the URL, which `proxy_of` has checked."""
        url = URL(given)
        user, password = url.user or "", url.password or ""
        self.url: str = str(url.with_user(None))
        self.authorization: str | None = None
        if user or password:
            encoded = b64encode(f"{user}:{password}".encode("latin-1"))
            self.authorization = f"Basic {encoded.decode()}"


def unused_proxy(base_url: str) -> str | None:
    """Return the variable of the environment that names a proxy for requests to `base_url`."""
    from urllib.request import proxy_bypass  # noqa: PLC0415 # only after a failure

    parts = urlsplit(base_url)
    if parts.scheme != "https" or proxy_bypass(parts.netloc):
        return None
    return next((name for name in _PROXY_VARIABLES if os.environ.get(name)), None)


class Credentials:
    """What is put into a request of aiohttp for as long as it is sent."""

    __slots__ = ("_authorization", "_proxy")

    def __init__(self, authorization: str, proxy: Proxy | None) -> None:
        """Keep them.

        Args:
            authorization: The header of that name.
            proxy: What the request goes through.
        """
        self._authorization = authorization
        self._proxy = None if proxy is None else proxy.authorization

    def put_in(self, request: aiohttp.ClientRequest, keys: SentKeys) -> None:
        """Put them in the place of their stand-ins.

        A key that somebody else has set instead stays, and is noted.
        """
        # Hooks of a session are told the headers just before they are written.
        # aiohttp has no public way to come after them.
        hooks: list[Any] = getattr(request, "_traces", [])
        if hooks:
            setattr(request, "_traces", [*hooks, _LastHook(self, request, keys)])  # noqa: B010 # it is private
        else:
            self.fill(request, request.headers, keys)
        # aiohttp writes into this mapping. It is for the request that opens a tunnel, of which no
        # hook is told; within a tunnel the proxy reads nothing.
        if self._proxy is not None and request.is_ssl():
            request.proxy_headers = CIMultiDict({"Proxy-Authorization": self._proxy})

    def fill(
        self, request: aiohttp.ClientRequest, headers: CIMultiDict[str], keys: SentKeys
    ) -> None:
        """Put them into the headers that are about to be written."""
        given = headers.get("Authorization")
        if given == STAND_IN:
            headers["Authorization"] = self._authorization
        elif given:
            keys.add(given)
        if self._proxy is not None and not request.is_ssl():
            headers["Proxy-Authorization"] = self._proxy

    def take_out(self, request: aiohttp.ClientRequest) -> None:
        """Put the stand-ins in their place again."""
        headers = request.headers
        if headers.get("Authorization") == self._authorization:
            headers["Authorization"] = STAND_IN
        if self._proxy is not None:
            headers.pop("Proxy-Authorization", None)
            request.proxy_headers = None


class LeavingBody(Body):
    """A body on its way to aiohttp: bytes to a test that takes its place, a `HiddenBody` to it."""

    written: Callable[[asyncio.BaseTransport | None], None]

    def __new__(cls, body: bytes, written: Callable[[asyncio.BaseTransport | None], None]) -> Self:
        """Keep it, and what is called right behind writing it."""
        made = super().__new__(cls, body)
        made.written = written
        return made


class HiddenBody(aiohttp.BytesPayload):
    """A body that no variable of aiohttp's shows."""

    def __init__(self, body: LeavingBody, **_: object) -> None:
        """Keep it; it is written in one piece together with the head."""
        # Not its own: it warns of bodies from 1 MiB on, and there is no other form to send it in.
        aiohttp.Payload.__init__(self, body, content_type="application/json")
        self._size = len(body)
        self._written = body.written

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write it; in a task of aiohttp's, of whose end the event loop may tell."""
        out = cast("StreamWriter", writer)
        try:
            # A middleware may have changed the length.
            await out.write(self._cut(content_length), drain=False)
            self._written(out.transport)
            await out.drain()
        except BaseException as error:
            forget_locals(error)
            raise

    def _cut(self, length: int | None) -> bytes:
        return self._value if length == self._size else self._value[:length]


aiohttp.payload_type(LeavingBody)(HiddenBody)


class _LastHook:
    """Stands behind the hooks of a session, so that what they are told has no key in it."""

    __slots__ = ("_credentials", "_keys", "_request")

    def __init__(
        self, credentials: Credentials, request: aiohttp.ClientRequest, keys: SentKeys
    ) -> None:
        self._credentials = credentials
        self._request = request
        self._keys = keys

    async def send_request_headers(self, _: str, __: URL, headers: CIMultiDict[str]) -> None:
        self._credentials.fill(self._request, headers, self._keys)

    async def send_request_chunk_sent(self, _: str, __: URL, chunk: bytes) -> None:
        """Have nothing to do with it."""

    async def send_response_chunk_received(self, _: str, __: URL, chunk: bytes) -> None:
        """Have nothing to do with it."""


class Gate:
    """The innermost middleware of a session that has others: lets out what goes where it should."""

    __slots__ = ("_credentials", "_keys", "_url")

    def __init__(self, credentials: Credentials, url: URL, keys: SentKeys) -> None:
        """Keep what to hold requests against.

        Args:
            credentials: For the origin of `url`, and no other.
            url: What was asked for.
            keys: What was sent is noted there.
        """
        self._credentials = credentials
        self._url = url
        self._keys = keys

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: Handler
    ) -> aiohttp.ClientResponse:
        """Send the request.

        Raises:
            ConfigurationError: It would go elsewhere.
        """
        host = request.headers.get("Host")
        if request.url.origin() != self._url.origin() or host != self._url.host_port_subcomponent:
            raise ConfigurationError(
                "a middleware of the aiohttp.ClientSession that was passed as session= changed the "
                "host, which would give the API key to another one; set base_url= instead"
            )
        self._credentials.put_in(request, self._keys)
        try:
            return await handler(request)
        except BaseException as error:
            tidy(request, error)
            raise
        finally:
            self._credentials.take_out(request)


def tidy(request: aiohttp.ClientRequest, error: BaseException) -> None:
    """Take out of an exception what must not be seen by hooks and middlewares of a session."""
    if isinstance(error, aiohttp.ClientResponseError):
        # That of a refused tunnel has the headers for the proxy.
        error.request_info = request.request_info
        error.args = (error.request_info, error.history)
    forget_locals(error)
