"""Every piece of Python in README and docs runs, and the example does what it says."""

import asyncio
import os
import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ngrok_async import Client, NotFoundError
from ngrok_async.testing import FakeNgrok
from tools import facts

ROOT = Path(__file__).parent.parent
README, NOT_OFFERED, LIMITS = (
    (ROOT / path).read_text()
    for path in ("README.md", "docs/not-offered.md", "docs/limits-and-retries.md")
)
BLOCKS = re.findall(r"```python\n(.*?)```", f"{README}{NOT_OFFERED}{LIMITS}", re.DOTALL)
PROGRAMS = [block for block in BLOCKS if "asyncio.run(" in block]
TESTS = [block for block in BLOCKS if "def test_" in block]
PIECES = [block for block in BLOCKS if block not in PROGRAMS + TESTS]


async def run(*arguments: str, **environment: str) -> str:
    """Run Python in a process and return what it prints."""
    unset = {"NGROK_API_KEY", "NGROK_API_URL"}
    base = {name: value for name, value in os.environ.items() if name not in unset}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=base | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()

    assert (0, "") == (process.returncode, err.decode())
    return out.decode()


@pytest.mark.parametrize(
    "program", PROGRAMS, ids=[f"program {n + 1}" for n in range(len(PROGRAMS))]
)
async def test_programs_of_the_readme(program: str) -> None:
    """A program runs as it stands, with the key and the address in the environment."""
    async with FakeNgrok() as fake:
        agents = [fake.add_agent(os=os) for os in ("linux", "windows", "linux")]
        out = await run("-c", program, NGROK_API_KEY=fake.api_key, NGROK_API_URL=fake.url)

    assert [agents[2].id, agents[0].id] == [line.split()[0] for line in out.splitlines()]


async def test_pieces_of_the_readme(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other pieces run one after the other inside one coroutine, as the README says."""
    assert len(PIECES) == 8
    code = "async def pieces(ngrok):\n" + textwrap.indent("".join(PIECES), "    ")
    scope: dict[str, Any] = {"Client": Client}
    exec(code, scope)  # noqa: S102 # the README is ours
    async with FakeNgrok(agents=3) as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
        monkeypatch.setenv("NGROK_API_URL", fake.url)
        await scope["pieces"](ngrok)

    commands = [request.path.rsplit("/")[-1] for request in fake.requests if request.json == {}]
    assert ["update", "restart", "stop", "restart"] == commands
    assert "3 agents; to go on later: None" in capsys.readouterr().out


@pytest.mark.parametrize("test", TESTS, ids=[f"test {n + 1}" for n in range(len(TESTS))])
async def test_tests_of_the_readme(test: str) -> None:
    """A test that the README shows passes."""
    scope: dict[str, Any] = {}
    exec(test, scope)  # noqa: S102 # the README is ours
    (shown,) = (value for name, value in scope.items() if name.startswith("test_"))
    await shown()


async def test_quickstart_against_the_fake() -> None:
    """Without a key, the example goes through everything, and no request is refused."""
    out = await run(str(ROOT / "examples" / "quickstart.py"))

    assert "250 agents on 3 page(s)" in out
    assert "249 agents are left" in out
    assert "0 of them answered with 429" in out


async def test_quickstart_only_reads_a_real_account() -> None:
    """With a key, the example lists what is there and sends no command."""
    async with FakeNgrok(agents=120) as fake:
        out = await run(
            str(ROOT / "examples" / "quickstart.py"),
            NGROK_API_KEY=fake.api_key,
            NGROK_API_URL=fake.url,
        )

        assert {"GET"} == {request.method for request in fake.requests}
    assert "120 agents on 2 page(s)" in out


async def test_quickstart_with_an_empty_account() -> None:
    """An account without agents is no error."""
    async with FakeNgrok() as fake:
        out = await run(
            str(ROOT / "examples" / "quickstart.py"),
            NGROK_API_KEY=fake.api_key,
            NGROK_API_URL=fake.url,
        )

    assert "0 agents on 1 page(s)" in out


async def test_error_of_the_readme_is_the_one_that_is_raised() -> None:
    """The id that the README restarts leads to the error that it catches."""
    async with FakeNgrok() as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        with pytest.raises(NotFoundError):
            await ngrok.tunnel_sessions.restart("ts_gone")


def test_what_is_not_offered_is_listed() -> None:
    """All that the facts know of and the package does not declare, and nothing else."""
    known = facts.load()
    cli, examples = known["unspecified"]["cli_only"], known["unspecified"]["example_only"]
    routes: dict[str, list[str]] = {}
    for method, route in map(str.split, examples):
        routes.setdefault(route, []).append(method)
    modules = [name.partition(".")[2] for name in cli if name.startswith("pointcfg_module.")]
    commands = {name: verbs for name, verbs in cli.items() if "." not in name}
    expected = [
        *(f"| `{name}` | {quoted(verbs)} |" for name, verbs in commands.items()),
        *(f"| `{route}` | {', '.join(methods)} |" for route, methods in routes.items()),
        *(f"| `{name}` | {quoted(fields)} |" for name, fields in known["extra_fields"].items()),
    ]
    rows = re.findall(r"^\| `[^`]*` \| .* \|$", NOT_OFFERED, re.MULTILINE)
    lists = " ".join(NOT_OFFERED.split())

    assert sorted(expected) == sorted(rows)
    assert quoted(modules) in lists
    assert lists.endswith(quoted(known["unspecified"]["docs_only_schemas"]))


def quoted(names: Iterable[str]) -> str:
    """Return names as the documentation writes them."""
    return ", ".join(f"`{name}`" for name in names)


def test_the_readme_counts_right() -> None:
    """The number of services and operations is that of the facts."""
    services = facts.load()["services"].values()
    total = sum(len(service["operations"]) for service in services)

    for text in (README, NOT_OFFERED):
        assert f"{len(services)} services" in text
        assert f"{total} operations" in text
