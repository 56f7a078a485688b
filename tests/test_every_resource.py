"""The example that calls every operation does so."""

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ngrok_async
from ngrok_async._lazy import Group, Lazy
from ngrok_async._operation import Resource, operations
from tools.contract import facts

PROGRAM = Path(__file__).parent.parent / "examples" / "every_resource.py"


def declared(owner: type, prefix: str = "") -> Iterator[tuple[str, type[Resource]]]:
    """Find all services: their names with dots, and their classes."""
    for name, member in vars(owner).items():
        if isinstance(member, Lazy):
            found = member.load(owner)
            assert isinstance(found, type)
            if issubclass(found, Group):
                yield from declared(found, f"{prefix}{name}.")
            else:
                yield prefix + name, found


SERVICES = dict(declared(ngrok_async.Client))


@pytest.fixture(scope="module")
def output() -> str:
    """Run the program, with the package that the tests have."""

    async def run() -> str:
        package = Path(ngrok_async.__file__).parent.parent
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            env=os.environ | {"PYTHONPATH": str(package)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()

        assert (0, "") == (process.returncode, errors.decode())
        return out.decode()

    return asyncio.run(run())


def test_knows_all_services() -> None:
    """All the services of the API are there."""
    expected = {service["attribute"] for service in facts.load()["services"].values()}

    assert expected == SERVICES.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_calls_every_operation(output: str, service: str) -> None:
    """Each operation of a service has a line of its own; each list finds what was created."""
    lines = re.findall(rf"^{re.escape(service)}\.(\w+) +(.+)$", output, re.MULTILINE)
    outcomes = dict(lines)
    found = [outcome for verb, outcome in lines if verb in {"list", "get_secrets_by_vault"}]

    assert operations(SERVICES[service]).keys() == outcomes.keys()
    assert all(re.fullmatch("[1-9] found", outcome) for outcome in found)


def test_stays_inside_the_limits(output: str) -> None:
    """There is one request per operation, but for one more update, and none is rejected."""
    lines = output.splitlines()
    total = sum(len(operations(service)) for service in SERVICES.values())

    assert f"{total + 1} requests, 0 of them answered with 429" == lines[-1]
    assert total + 1 == len(lines) - 2
