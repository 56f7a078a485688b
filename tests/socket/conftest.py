"""Servers with and without TLS, and clients that know them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ngrok_async import Client
from tests.fault_server import LOOPBACK, FaultServer, Timers

KEY = "2marker0fTheKeyThatMustNotShow_5upErSecretPart0fIt"


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
    async with FaultServer() as server:
        yield server


@pytest.fixture
async def another() -> AsyncIterator[FaultServer]:
    """Serve at a second address: a proxy, or where nothing may arrive."""
    async with FaultServer() as server:
        yield server


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
