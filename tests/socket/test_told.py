"""What a program is told without asking: a line per attempt, a client that nobody has closed."""

import asyncio
import gc
import logging
import re
import warnings
from typing import TYPE_CHECKING

import aiohttp
import pytest

from ngrok_async import Client, NgrokError, Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault_server import FaultServer

    Connect = Callable[..., Client]

TWICE = Retry(max_attempts=2)


def _lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [
        re.sub(r"\d\.\d{3} s", "N s", record.getMessage())
        for record in log.records
        if (record.name, record.levelno) == ("ngrok_async.attempts", logging.DEBUG)
    ]


async def test_a_line_per_attempt(
    server: "FaultServer", connect: "Connect", caplog: pytest.LogCaptureFixture
) -> None:
    """Method and route, what came of it, ngrok's id of the operation, and the time it took."""
    caplog.set_level(logging.DEBUG, "ngrok_async")
    server.answers(503, b"", ngrok_operation_id="op_1")
    server.answers(204, b"", ngrok_operation_id="op_2")
    await connect(server, retry=TWICE).tunnel_sessions.stop("ts_1")

    assert [
        "POST /tunnel_sessions/{id}/stop: attempt 1: HTTP 503 in N s (operation op_1)",
        "POST /tunnel_sessions/{id}/stop: attempt 2: HTTP 204 in N s (operation op_2)",
    ] == _lines(caplog)


async def test_a_line_of_what_was_not_answered(
    server: "FaultServer",
    unstarted: "FaultServer",
    connect: "Connect",
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The kind of the error takes the place of the status; who cancels is told of too."""
    caplog.set_level(logging.DEBUG, "ngrok_async")
    server.resets()
    server.stalls()
    for at in (server, unstarted):
        with pytest.raises(NgrokError):
            await connect(at, retry=None).tunnels.get("tn_1")
    call = asyncio.create_task(connect(server).tunnels.get("tn_1"))
    await server.arrived(2)
    call.cancel()
    await asyncio.wait([call])

    assert [
        f"GET /tunnels/{{id}}: attempt 1: {kind} after N s"
        for kind in ("ConnectionLostError", "ConnectError", "CancelledError")
    ] == _lines(caplog)


async def test_no_line_of_what_was_not_tried(
    server: "FaultServer", connect: "Connect", caplog: pytest.LogCaptureFixture
) -> None:
    """A call that is refused before it is sent is no attempt."""
    caplog.set_level(logging.DEBUG, "ngrok_async")
    async with aiohttp.ClientSession() as session:
        ngrok = connect(server, session=session)
    with pytest.raises(NgrokError):
        await ngrok.tunnels.list()

    assert [] == _lines(caplog)


@pytest.mark.parametrize("echo", ["op {key}", "{key}", "x" * 190 + "{key}"])
async def test_an_id_that_repeats_the_key(
    *,
    server: "FaultServer",
    connect: "Connect",
    caplog: pytest.LogCaptureFixture,
    key: str,
    echo: str,
) -> None:
    """The server may put anything there; the line has no key, and no end of it."""
    caplog.set_level(logging.DEBUG, "ngrok_async")
    server.answers(200, ngrok_operation_id=echo.format(key=key))
    await connect(server).request("GET", "/things")

    [line] = _lines(caplog)
    assert key[:8] not in line
    assert len(line) < 300


# --- a client that is forgotten -----------------------------------------------------------------


async def _forgotten(server: "FaultServer", key: str, *, use: str) -> list[str]:
    """Return what is warned of when a client is dropped after some use."""
    async with aiohttp.ClientSession() as session:
        ngrok = Client(
            key,
            base_url=server.url,
            limiter=None,
            session=session if use == "an injected session" else None,
        )
        if use != "nothing sent":
            await ngrok.request("GET", "/things")
        if use == "closed":
            await ngrok.aclose()
        with warnings.catch_warnings(record=True, action="always") as caught:
            if use == "a view of it":
                view = ngrok.with_options(retry=None)
                del view
                gc.collect()
                kept = list(caught)
                await ngrok.aclose()
                del ngrok
                return [str(warning.message) for warning in kept]
            del ngrok
            gc.collect()
            await asyncio.sleep(0)
    return [
        str(warning.message) for warning in caught if issubclass(warning.category, ResourceWarning)
    ]


async def test_a_client_that_nobody_closes(server: "FaultServer", key: str) -> None:
    """The warning names it and says what to do, once; the key is not in it."""
    told = await _forgotten(server, key, use="a call")
    [ours] = [text for text in told if text.startswith("Unclosed ngrok_async.Client of ")]

    assert server.url in ours
    assert "`async with Client() as ngrok:`" in ours
    assert "`await ngrok.aclose()`" in ours
    assert key not in str(told)


@pytest.mark.parametrize("use", ["nothing sent", "an injected session", "closed", "a view of it"])
async def test_what_need_not_be_closed(server: "FaultServer", key: str, use: str) -> None:
    """Nothing was opened by the client, or it was closed, or it is a view of one that lives."""
    assert [] == await _forgotten(server, key, use=use)
