"""The server of the benchmarks, in a process of its own and as cheap as Python has it.

It prints its address as JSON, serves until its standard input ends, and then prints what it
counted.
"""

import argparse
import asyncio
import json
import re
import ssl
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bodies import dumps, number_of, page, session, sessions_page

_KEPT = 1000  # answers that are kept ready: not those of a list of a million items
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def response(status: str, body: bytes = b"") -> bytes:
    """Return a whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\nNgrok-Operation-Id: op_2RfBenchmark\r\n\r\n" + body


STOPPED = b"HTTP/1.1 204 No Content\r\n\r\n"
REJECTED = response(
    "429 Too Many Requests",
    dumps({"error_code": "ERR_NGROK_226", "status_code": 429, "msg": "Slow down.", "details": {}}),
)


class Server:
    """What all connections share."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Begin with nothing counted."""
        self.base_url = ""
        self.stopped = 0
        self.rejected = 0
        self._options = options
        self._ready: dict[bytes, bytes] = {}
        self._accepted: deque[float] = deque()
        self._held: list[tuple[asyncio.Transport, bytes]] = []

    def answer(self, transport: asyncio.Transport, method: bytes, target: bytes) -> None:
        """Answer a request: at once, after the latency, or when as many as asked for have come."""
        options = self._options
        if method == b"POST":
            answer = self._stop()
        else:
            answer = self._ready.get(target) or self._make(target)
        if options.hold:
            self._held.append((transport, answer))
            if len(self._held) == options.hold:
                held, self._held = self._held, []
                for waiting, bytes_ in held:
                    waiting.write(bytes_)
        elif options.latency:
            asyncio.get_running_loop().call_later(options.latency, transport.write, answer)
        else:
            transport.write(answer)

    def _stop(self) -> bytes:
        now, accepted = time.monotonic(), self._accepted
        while accepted and accepted[0] <= now - self._options.window:
            accepted.popleft()
        if len(accepted) >= self._options.limit:
            self.rejected += 1
            return REJECTED
        accepted.append(now)
        self.stopped += 1
        return STOPPED

    def _make(self, target: bytes) -> bytes:
        url = urlsplit(target.decode())
        _, collection, *id_ = url.path.split("/")
        if collection == "endpoints":
            body = dumps(page("endpoints", 0, 100))
        elif id_:
            body = dumps(session(number_of(id_[0])))
        else:
            before = parse_qs(url.query).get("before_id")
            first = number_of(before[0]) + 1 if before else 0
            body = sessions_page(first, self._options.sessions, self.base_url)
        answer = response("200 OK", body)
        if len(self._ready) < _KEPT:
            self._ready[target] = answer
        return answer


class Connection(asyncio.Protocol):
    """A connection that is kept alive."""

    def __init__(self, server: Server) -> None:
        """Wait for requests."""
        self._server = server
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write to."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are whole."""
        data = self._rest + data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head, end = data[:end], end + 4
            if length := _LENGTH.search(head):
                end += int(length[1])
                if len(data) < end:
                    break
            method, target, _ = head.split(b" ", 2)
            data = data[end:]
            self._server.answer(self._transport, method, target)
        self._rest = data


async def serve(options: argparse.Namespace) -> None:
    """Serve until standard input ends."""
    loop, server = asyncio.get_running_loop(), Server(options)
    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.tls)
    # Thousands of connections at once are part of the curves.
    listening = await loop.create_server(
        lambda: Connection(server), "127.0.0.1", 0, ssl=context, backlog=4096
    )
    port = listening.sockets[0].getsockname()[1]
    server.base_url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
    sys.stdout.write(f"{json.dumps({'url': server.base_url})}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    sys.stdout.write(json.dumps({"stopped": server.stopped, "rejected": server.rejected}))


class Running:
    """A server that runs.

    Attributes:
        url: Its base URL.
        counts: What it counted, once it has ended.
    """

    def __init__(self, url: str) -> None:
        """Keep the address."""
        self.url = url
        self.counts: dict[str, int] = {}


@contextmanager
def running(**options: object) -> Iterator[Running]:
    """Start a server in a process of its own, with the options of the command line; end it."""
    arguments = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen(  # noqa: S603 # ourselves
        [sys.executable, __file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    try:
        server = Running(json.loads(process.stdout.readline())["url"])
        yield server
        process.stdin.close()
        server.counts = json.loads(process.stdout.read())
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def certificate(folder: Path) -> Path:
    """Make a self-signed certificate for 127.0.0.1; returns the file, which has its key as well."""
    key, cert, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    subprocess.run(  # noqa: S603 # nobody else's words
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2"),
            *("-subj", "/CN=benchmarks", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
        ],
        check=True,
        capture_output=True,
    )
    both.write_text(key.read_text() + cert.read_text())
    return both


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000, help="how many the list has")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--hold", type=int, default=0, help="answer only so many at once")
    parser.add_argument("--limit", type=int, default=10**9, help="stops per window")
    parser.add_argument("--window", type=float, default=60.0, help="in seconds, rolling")
    parser.add_argument("--tls", help="a file with a certificate and its key")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
