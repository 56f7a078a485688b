"""The fake as a program."""

import asyncio
import contextlib
import io
import json
import runpy
import signal
import socket
import sys

import aiohttp
import pytest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_serves_until_a_signal(number: signal.Signals) -> None:
    """The first line says where; a signal ends it with 0, open connections or not."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ngrok_async.testing",
        "--agents", "3", "--limit", "2", "--window", "30", "--api-key", "mine",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = json.loads(await process.stdout.readline())

        assert {"url", "api_key"} == told.keys()
        assert "mine" == told["api_key"]

        headers = {"authorization": "Bearer mine", "ngrok-version": "2"}
        async with aiohttp.ClientSession(told["url"], headers=headers) as http:
            async with http.get("/tunnel_sessions") as answer:
                assert 3 == len((await answer.json())["tunnel_sessions"])
            async with http.get("/tunnels") as answer:
                assert 200 == answer.status
            async with http.get("/tunnels") as answer:
                assert "to 2 API requests per 30 seconds" in (await answer.json())["msg"]
            process.send_signal(number)
            async with asyncio.timeout(10):
                output, errors = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    assert (0, b"", b"") == (process.returncode, output, errors)


class EndingOutput(io.StringIO):
    """Sends the signal to end as soon as the first line has been written."""

    def flush(self) -> None:
        """Nobody may have to wait for the line."""
        signal.raise_signal(signal.SIGTERM)


def test_runs_without_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default it takes any port and a made-up key."""
    output = EndingOutput()
    monkeypatch.setattr(sys, "argv", ["ngrok_async.testing"])
    monkeypatch.setattr(sys, "stdout", output)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        runpy.run_module("ngrok_async.testing", run_name="__main__")
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])

    assert json.loads(output.getvalue())["url"].startswith("http://127.0.0.1:")


def test_an_import_serves_nothing() -> None:
    """The module may be imported, by tools that look at all modules."""
    assert "_serve" in runpy.run_module("ngrok_async.testing.__main__")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--port", "65536"], "argument --port: must be from 0 to 65535, got 65536"),
        (["--agents", "-3"], "argument --agents: must be 0 or more, got -3"),
        (["--window", "nan"], "argument --window: must be seconds above 0, got nan"),
    ],
    ids=["port too high", "fewer than no agents", "window that is no number"],
)
def test_refuses_numbers_that_cannot_be(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    reason: str,
) -> None:
    """It ends as programs do that were called wrongly."""
    monkeypatch.setattr(sys, "argv", ["ngrok_async.testing", *arguments])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("ngrok_async.testing", run_name="__main__")

    assert 2 == caught.value.code
    assert reason in capsys.readouterr().err


def test_says_that_the_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started twice with one port, the second one says so, in a line."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["ngrok_async.testing", "--port", str(port)])
        try:
            with pytest.raises(SystemExit, match=f"cannot listen on port {port}: "):
                runpy.run_module("ngrok_async.testing", run_name="__main__")
        finally:
            signal.signal(signal.SIGINT, before[0])
            signal.signal(signal.SIGTERM, before[1])
