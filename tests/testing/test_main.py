"""The fake as a program."""

import asyncio
import contextlib
import io
import json
import re
import runpy
import shlex
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from ngrok_async import Client, testing

# By its path: in an editable install pytest loads the package by a hook of its own, which does not
# tell `runpy` the code of a module.
PROGRAM = str(Path(testing.__file__).with_name("__main__.py"))


ended_by_signal = pytest.mark.skipif(
    sys.platform == "win32", reason="no signal of another process ends a program in peace there"
)


@ended_by_signal
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_serves_until_a_signal(number: signal.Signals) -> None:
    """The first line says where; a signal ends it with 0, open connections or not."""
    options = ("--agents", "3", "--limit", "2", "--window", "30", "--api-key", "mine")
    async with served(*options) as (told, process):
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

    assert (0, b"", b"") == (process.returncode, output, errors)


@contextlib.asynccontextmanager
async def served(*arguments: str) -> AsyncIterator[tuple[Any, asyncio.subprocess.Process]]:
    """Serve in a process; returns what its first line says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ngrok_async.testing", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline()), process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@contextlib.contextmanager
def kept_signals() -> Iterator[None]:
    """Put back what the program does with signals."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


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
    with kept_signals():
        runpy.run_path(PROGRAM, run_name="__main__")

    assert json.loads(output.getvalue())["url"].startswith("http://127.0.0.1:")


def test_an_import_serves_nothing() -> None:
    """The module may be imported, by tools that look at all modules."""
    assert "_serve" in runpy.run_path(PROGRAM)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--port", "65536"], "port must be from 0 to 65535; got 65536"),
        (["--agents", "-3"], "agents must be a whole number from 0 on; got -3"),
        (["--window", "nan"], "window must be seconds above 0; got nan"),
        (["--max-in-flight", "-1"], "max_in_flight must be a whole number from 0 on"),
        (["--restart-delay", "nan"], "restart_delay must be seconds"),
        (["--links", "ngrok:4040"], "links must be like"),
        (["--tunnel", "shop"], "public_url must be like"),
        (["--fault", "none"], "argument --fault: must be like '503 GET /tunnels' or a JSON object"),
        (["--fault", "{"], "argument --fault: must be like"),
        (["--fault", "503 GET /tunnel"], "no operation has the route 'GET /tunnel'"),
        (["--fault", '{"state": 503}'], "argument --fault: *unexpected keyword argument 'state'"),
        (["--fault", '{"status": "503"}'], "status must be an HTTP status"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refuses_numbers_that_cannot_be(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    reason: str,
) -> None:
    """It ends as programs do that were called wrongly."""
    monkeypatch.setattr(sys, "argv", ["ngrok_async.testing", *arguments])
    with kept_signals(), pytest.raises(SystemExit) as caught:
        runpy.run_path(PROGRAM, run_name="__main__")

    assert 2 == caught.value.code
    assert fnmatch(capsys.readouterr().err, f"*{reason}*")


def test_says_that_the_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started twice with one port, the second one says so, in a line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["ngrok_async.testing", "--port", str(port)])
        with kept_signals(), pytest.raises(SystemExit, match=f"cannot listen on port {port}: "):
            runpy.run_path(PROGRAM, run_name="__main__")


@ended_by_signal
async def test_serves_what_a_test_needs() -> None:
    """Tunnels, faults and delays come from the command line; each request is logged."""
    options = (
        *("--agents", "1", "--restart-delay", "60", "--max-in-flight", "1", "--log"),
        *("--tunnel", "https://shop.ngrok.app=http://localhost:8080"),
        *("--tunnel", "tcp://1.tcp.ngrok.io:12345"),
        *("--fault", "418 GET /vaults", "--fault", '{"status": 502, "body": "<h1>Gone</h1>"}'),
    )
    async with served(*options) as (told, process):
        headers = {"authorization": f"Bearer {told['api_key']}", "ngrok-version": "2"}
        async with aiohttp.ClientSession(told["url"], headers=headers) as http:
            async with http.get("/tunnels") as answer:
                assert (502, "<h1>Gone</h1>") == (answer.status, await answer.text())
            async with http.get("/vaults") as answer:
                assert 418 == answer.status
            async with http.get("/tunnels") as answer:
                tunnels = (await answer.json())["tunnels"]
        process.send_signal(signal.SIGTERM)
        _, log = await process.communicate()

    found = {tunnel["public_url"]: tunnel["forwards_to"] for tunnel in tunnels}
    assert 3 == len(found)
    assert "http://localhost:8080" == found["https://shop.ngrok.app"]
    assert "http://localhost:80" == found["tcp://1.tcp.ngrok.io:12345"]
    assert ["GET /tunnels 502", "GET /vaults 418", "GET /tunnels 200"] == [
        line.split(" ", 2)[2] for line in log.decode().splitlines()
    ]


async def test_the_pages_compose_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The services of the page find each other, but for the name and port that Docker gives."""
    page = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
    [compose] = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    ngrok, service = yaml.safe_load(compose)["services"].values()
    shell, option, script = shlex.split(ngrok["command"])
    url = service["environment"]["NGROK_API_URL"]
    install, _, line = script.partition(" && exec python -m ngrok_async.testing ")
    arguments = shlex.split(line)
    assert ["sh", "-c", "pip install --quiet /src[fake]"] == [shell, option, install]
    where = arguments.index("--port") + 1
    assert url == arguments[arguments.index("--links") + 1] == f"http://ngrok:{arguments[where]}"

    with socket.create_server(("127.0.0.1", 0)) as free:
        arguments[where] = str(free.getsockname()[1])
    # Not a loopback address to the client, and there without Docker.
    there = f"http://0.0.0.0:{arguments[where]}"
    arguments[arguments.index("--links") + 1] = there
    for name, value in (service["environment"] | {"NGROK_API_URL": there}).items():
        monkeypatch.setenv(name, value)
    async with served(*arguments), Client() as client:
        agents = await client.tunnel_sessions.list(limit=1).collect()

    assert 1 < len(agents)
