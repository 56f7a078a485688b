"""Cases 18 to 26 of the catalogue: answers that come late, in part, or far too large."""

import asyncio
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ngrok_async import Client, ConnectionLostError, RequestTimeoutError, Retry, Timeout

if TYPE_CHECKING:
    from tests.fault_server import FaultServer, Timers

Connect = Callable[..., Client]
AT_ONCE = Retry(backoff=0, max_attempts=3)
LIMITS = Timeout(attempt=100)
MIB = 1024 * 1024

STALLS = [
    pytest.param(b"", id="case 18: no answer"),
    pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n", id="case 19: in the headers"),
    pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", id="case 19: before the body"),
    pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[1]", id="case 19: in the body"),
]


async def settle() -> None:
    """Let what has arrived be read."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("content", STALLS)
async def test_case_18_and_19_stalled_answer_to_a_get(
    raw: "FaultServer", connect: Connect, timers: "Timers", content: bytes
) -> None:
    """At the limit of the attempt the connection is closed, and the GET goes out once more."""
    raw.sends(content, "stall")
    raw.answers(body=b"[2]")
    ngrok = connect(raw, timeout=LIMITS, retry=AT_ONCE, clock=None)
    call = asyncio.create_task(ngrok.request("GET", "/things"))
    await raw.until(lambda: len(raw.heads) == 1)
    await settle()
    timers.expire()

    assert [2] == await call
    await raw.until(lambda: raw.open == 1)
    assert (2, 2) == (len(raw.heads), raw.connections)


@pytest.mark.parametrize("content", STALLS)
async def test_case_18_and_19_stalled_answer_to_every_attempt(
    raw: "FaultServer", connect: Connect, timers: "Timers", content: bytes
) -> None:
    """When all attempts have run into their limit, the error says so; no connection is left."""
    for _ in range(3):
        raw.sends(content, "stall")
    ngrok = connect(raw, timeout=LIMITS, retry=AT_ONCE, clock=None)
    call = asyncio.create_task(ngrok.request("GET", "/things"))
    for number in range(1, 4):
        await raw.until(lambda sent=number: len(raw.heads) == sent)  # type: ignore[misc] # of a lambda
        await settle()
        timers.expire()
    with pytest.raises(RequestTimeoutError, match="no whole answer within 100 s") as caught:
        await call
    await raw.until(lambda: raw.open == 0)

    assert (3, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert 3 == len(raw.heads)


# Five of the thousand bytes that were promised; taken for the whole, they would be a value.
BROKEN_OFF = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n[1,2]"


async def test_case_20_broken_body_of_a_get(raw: "FaultServer", connect: Connect) -> None:
    """What arrived of it is thrown away, and the GET goes out once more."""
    raw.sends(BROKEN_OFF, "reset")
    raw.answers(body=b"[1,2,3]")

    assert [1, 2, 3] == await connect(raw, retry=AT_ONCE, clock=None).request("GET", "/things")
    assert ["GET /things"] * 2 == raw.heads


async def test_case_20_broken_body_at_every_attempt(raw: "FaultServer", connect: Connect) -> None:
    """After the last attempt it is a lost connection: never the part that is there."""
    for _ in range(3):
        raw.sends(BROKEN_OFF, "reset")
    with pytest.raises(ConnectionLostError) as caught:
        await connect(raw, retry=AT_ONCE, clock=None).request("GET", "/things")

    assert (3, False) == (caught.value.attempts, caught.value.maybe_applied)
    assert 3 == len(raw.heads)


async def test_case_20_broken_body_of_a_create(raw: "FaultServer", connect: Connect) -> None:
    """A 200 whose body got lost was a success, most likely: it is not sent again."""
    raw.sends(BROKEN_OFF, "reset")
    with pytest.raises(ConnectionLostError, match="it may have been applied") as caught:
        await connect(raw, retry=AT_ONCE, clock=None).request("POST", "/things", json={})

    assert (1, True) == (caught.value.attempts, caught.value.maybe_applied)
    assert ["POST /things"] == raw.heads


UNPACK = """
import asyncio, sys
from pathlib import Path
from ngrok_async import Client, ResponseTooLargeError

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024

async def main():
    async with Client("key", base_url=sys.argv[1], limiter=None) as ngrok:
        assert [1] == await ngrok.request("GET", "/small")
        before = peak()
        try:
            await ngrok.request("GET", "/large")
        except ResponseTooLargeError:
            print(peak() - before)

asyncio.run(main())
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process's memory"
)
async def test_case_23_memory_of_a_process_that_is_sent_a_bomb(raw: "FaultServer") -> None:
    """200 MiB in 200 KiB cost less than 30 MiB of a process's memory at any moment."""
    small, zip_ = zlib.compressobj(wbits=31), zlib.compressobj(wbits=31)
    first, other = (zip_.compress(b"\0" * MIB) + zip_.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    packed = first + other * 199
    assert len(packed) < MIB / 4
    raw.answers(body=small.compress(b"[1]") + small.flush(), content_encoding="gzip")
    raw.answers(body=packed, content_encoding="gzip")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", UNPACK, raw.url), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()

    assert 0 == process.returncode
    assert int(out) < 30 * MIB
    assert 2 == len(raw.heads)
