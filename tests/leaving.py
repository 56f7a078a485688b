"""A program that ends in the midst of its calls, for `test_no_secret_left.py`."""

import asyncio
import gc
import json
import logging
import sys
from contextlib import suppress
from typing import Any

import sentry_sdk
import sentry_sdk.transport
from sentry_sdk.envelope import Envelope

from ngrok_async import Client

secrets = dict(zip(("key", "password", "value", "token"), sys.stdin.read().split(), strict=True))
events: list[str] = []


class Kept(sentry_sdk.transport.Transport):
    """Prints what would go to Sentry."""

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep it."""
        events.append(json.dumps([item.payload.json for item in envelope.items], default=repr))


async def server() -> tuple[asyncio.Server, str]:
    """Begin an answer, and never end it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # its frames have what this server sends
            if not (await reader.read(4096)).startswith(b"CONNECT"):
                writer.write(b"HTTP/1.1 201 OK\r\nContent-Length: 99\r\nX-Echo: ")
                writer.write(f"{secrets['key']}\r\n\r\n{secrets['token']}".encode())
            await reader.read()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    return listening, f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def call(ngrok: Client) -> object:
    """Wait for an answer that does not come."""
    return await ngrok.secrets.create(value=secrets["value"])


def options(host: str) -> list[dict[str, Any]]:
    """Return where calls go: straight, and through a proxy."""
    proxy = f"http://user:{secrets['password']}@{host}"
    return [
        {"base_url": f"http://{host}"},
        {"base_url": "http://127.0.0.1:9", "proxy": proxy},
        {"base_url": "https://far.example", "proxy": proxy},
    ]


async def report(ngrok: Client, limit: float | None) -> None:
    """Tell Sentry and the log what a call ends with."""
    task = asyncio.create_task(call(ngrok))
    if limit is None:
        asyncio.get_running_loop().call_later(0.03, task.cancel)
    try:
        async with asyncio.timeout(limit):
            await task
    except (TimeoutError, asyncio.CancelledError) as error:
        sentry_sdk.capture_exception(error)
        logging.getLogger("leaving").exception("ended")


async def main() -> None:
    """End calls in two ways, and leave others behind."""
    _, host = await server()
    kept: list[Any] = []
    for each in options(host):
        for limit in (0.03, None):
            await report(Client(secrets["key"], limiter=None, retry=None, **each), limit)
        left = Client(secrets["key"], limiter=None, retry=None, **each)
        kept += [left, asyncio.create_task(call(left))]
    await asyncio.sleep(0.03)
    sys.stdout.write(f"{[repr(each) for each in kept]}\n")
    for each in kept[1::2]:
        each.print_stack(file=sys.stdout)


logging.basicConfig(level=0)
sentry_sdk.init(dsn="http://public@127.0.0.1:1/1", transport=Kept)
# Its calls are cancelled in the end ...
asyncio.run(main(), debug=True)
# ... or forgotten together with their loop.
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
del loop
gc.collect()
sys.stdout.write("\n".join(events))
sys.stdout.write(f"\n{sum('report' in event for event in events)} endings\n")
