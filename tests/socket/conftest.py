"""A server that does to each request what a test tells it to, byte by byte."""

import asyncio
import socket
import ssl
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ngrok_async import Client

KEY = "2marker0fTheKeyThatMustNotShow_5upErSecretPart0fIt"
LOOPBACK = "127.0.0.1"


@attrs.frozen
class Received:
    """A request that arrived with its whole body, and the number of its connection, from 0."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Step = Callable[[Received, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]
"""Deals with one request; tells whether the connection is kept."""


class FaultServer:
    """HTTP/1.1 on a loopback port; a request without a script is answered with `{}`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Take a free port; connections to it are refused until `start`."""
        self.requests: list[Received] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []  # of every connection
        self._tls = tls
        self._steps: deque[Step] = deque()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._ended: set[int] = set()
        # With the protocol named, asyncio has each write sent at once (TCP_NODELAY).
        self._socket = socket.socket(proto=socket.IPPROTO_TCP)
        self._socket.bind((LOOPBACK, 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Accept connections from now on."""
        self._server = await asyncio.start_server(self._serve, sock=self._socket, ssl=self._tls)

    async def stop(self) -> None:
        """Cut everything off."""
        if self._server is None:
            self._socket.close()
            return
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def arrived(self, count: int = 1) -> None:
        """Wait until as many requests have arrived."""
        await self._until(lambda: len(self.requests) >= count)

    async def hung_up(self, connection: int = 0) -> None:
        """Wait until a connection has been closed."""
        await self._until(lambda: connection in self._ended)

    @property
    def seen(self) -> list[tuple[int, str, str]]:
        """The connection, method and target of each request."""
        return [(request.connection, request.method, request.target) for request in self.requests]

    # --- the script: each call is about one more request -------------------------------------

    def answers(self, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
        """Answer, and keep the connection."""
        self.sends(self.answer(status, body, **headers))

    def sends(self, content: bytes, then: str = "keep") -> None:
        """Send these bytes, then: keep, close, reset or stall the connection."""

        async def step(
            _: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> bool:
            writer.write(content)
            await writer.drain()
            if then == "reset":
                await _reset(writer)
            if then == "stall":
                await reader.read()  # until the client hangs up
            return then == "keep"

        self._steps.append(step)

    def resets(self) -> None:
        """Read the whole request, then cut the connection with a TCP reset."""
        self.sends(b"", then="reset")

    def hangs_up(self) -> None:
        """Read the whole request, then close the connection without a word."""
        self.sends(b"", then="close")

    def stalls(self, content: bytes = b"") -> None:
        """Send at most a part of an answer, and nothing more."""
        self.sends(content, then="stall")

    def trickles(self, content: bytes) -> None:
        """Send one byte at a time."""

        async def step(_: Received, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            for index in range(len(content)):
                writer.write(content[index : index + 1])
                await writer.drain()
                await asyncio.sleep(0)
            return True

        self._steps.append(step)

    def tunnels(self) -> None:
        """Be a proxy: connect to the host of a CONNECT request, and pass on what is said."""

        async def step(
            request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> bool:
            host, port = request.target.split(":")
            there = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))
            finally:
                there[1].transport.abort()
            return False

        self._steps.append(step)

    @staticmethod
    def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
        """Return the bytes of an answer; `_` in the name of a header stands for a hyphen."""
        given = {"content-type": "application/json", "content-length": str(len(body))}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        return f"HTTP/1.1 {status} Reason\r\n{lines}\r\n".encode() + body

    # --- the work ----------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.connections = self.connections, self.connections + 1
        self.writers.append(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.CancelledError):  # of the client, of `stop`
                while received := await _receive(number, reader):
                    self.requests.append(received)
                    self._changed.set()
                    step = self._steps.popleft() if self._steps else _default
                    if not await step(received, reader, writer):
                        break
        finally:
            self._tasks.discard(task)
            self._ended.add(number)
            self._changed.set()
            if task.cancelling():
                writer.transport.abort()
            else:
                writer.close()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()


async def _receive(connection: int, reader: asyncio.StreamReader) -> Received | None:
    try:
        start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        method, target, _ = start.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError:
        return None
    return Received(connection, method, target, headers, body)


async def _default(_: Received, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(FaultServer.answer())
    return True


async def _reset(writer: asyncio.StreamWriter) -> None:
    # Without lingering, closing sends RST in place of FIN.
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    await writer.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()
    writer.close()


class InstantClock:
    """A clock on which pauses take no time, but are noted and counted."""

    def __init__(self) -> None:
        """Begin with no pauses."""
        self.pauses: list[float] = []

    def time(self) -> float:
        """Return real seconds, plus those of the pauses."""
        return asyncio.get_running_loop().time() + sum(self.pauses)

    def call_at(self, when: float, callback: Callable[[], object], /) -> asyncio.Handle:
        """Call `callback` at once, and let the time go by."""
        self.pauses.append(when - self.time())
        return asyncio.get_running_loop().call_soon(callback)


class Timers:
    """The long timers of the event loop, to let the time run out when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Note all timers from now on."""
        self._loop = asyncio.get_running_loop()
        self._noted: list[tuple[asyncio.TimerHandle, Callable[..., object], Any]] = []
        self._call_at = self._loop.call_at
        monkeypatch.setattr(self._loop, "call_at", self._note)

    @property
    def due(self) -> list[float]:
        """When each of them would be due, on the clock of the loop."""
        return [handle.when() for handle, _, _ in self._noted if not handle.cancelled()]

    def expire(self) -> None:
        """Run all that would be due in a minute or later, as if it were."""
        for handle, callback, args in self._noted:
            if not handle.cancelled():
                handle.cancel()
                callback(*args)

    def _note(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401 # passed on
        context: Any = None,  # noqa: ANN401 # passed on
    ) -> asyncio.TimerHandle:
        handle = self._call_at(when, callback, *args, context=context)
        if when > self._loop.time() + 60:
            self._noted.append((handle, callback, args))
        return handle


class Authority:
    """Somebody who signs certificates, unless they shall be signed by nobody."""

    def __init__(self, folder: Path) -> None:
        """Make the key and the root certificate."""
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name.from_rfc4514_string("CN=Authority of the tests")
        usage = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        root = (
            self._builder(self._name, self._key, days=1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._root = folder / "root.pem"
        self._root.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def trusting(self) -> ssl.SSLContext:
        """Return the context of a client that trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self._root))

    def server(
        self, host: str = LOOPBACK, *, days: int = 1, self_signed: bool = False
    ) -> ssl.SSLContext:
        """Return the context of a server with a certificate for an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name.from_rfc4514_string(f"CN={host}")
        signer = key if self_signed else self._key
        certificate = (
            self._builder(name, key, days=days, issuer=name if self_signed else self._name)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
            .sign(signer, hashes.SHA256())
        )
        path = self._folder / "server.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context

    @staticmethod
    def _builder(
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        days: int,
        issuer: x509.Name | None = None,
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer or name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
        )


@pytest.fixture(autouse=True)
async def _nothing_left() -> AsyncIterator[None]:
    """Check that a test leaves no task behind: neither of the client, nor of aiohttp."""
    yield
    assert {asyncio.current_task()} == asyncio.all_tasks()


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of the machine that runs the tests out of them."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def key() -> str:
    """Return the API key that all clients have here."""
    return KEY


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    """Serve scripted faults over plain HTTP."""
    server = FaultServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def another() -> AsyncIterator[FaultServer]:
    """Serve at a second address: a proxy, or where nothing may arrive."""
    server = FaultServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def unstarted() -> AsyncIterator[FaultServer]:
    """Refuse connections until the test calls `start`."""
    server = FaultServer()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return what signs the certificates."""
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def secure(authority: Authority) -> AsyncIterator[Callable[..., Awaitable[FaultServer]]]:
    """Return a function that starts a server with TLS; it takes what `Authority.server` takes."""
    servers: list[FaultServer] = []

    async def start(*args: Any, **kwargs: Any) -> FaultServer:  # noqa: ANN401 # passed on
        servers.append(FaultServer(authority.server(*args, **kwargs)))
        await servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
def clock() -> InstantClock:
    """Return the clock of the test's clients."""
    return InstantClock()


@pytest.fixture
async def timers(monkeypatch: pytest.MonkeyPatch) -> Timers:
    """Return what lets limits of a minute and more pass at once."""
    return Timers(monkeypatch)


@pytest.fixture
async def connect(clock: InstantClock) -> AsyncIterator[Callable[..., Client]]:
    """Return a function that makes a client for a server; without a rate limit, if not given."""
    clients: list[Client] = []

    def make(server: FaultServer, **options: Any) -> Client:  # noqa: ANN401 # passed on
        defaults = {"base_url": server.url, "limiter": None, "clock": clock}
        clients.append(Client(KEY, **(defaults | options)))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()
