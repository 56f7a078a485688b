"""Provisioning a device: what is made, what is left when a step fails, and the order of the end."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from examples.provision_device import Device, add, lent, remove
from ngrok_async import BadRequestError, Client, ServerError
from ngrok_async.testing import FakeNgrok

DEVICE = Device("camera-17", "devices.example.com")
PROGRAM = Path(__file__).parents[1] / "provision_device.py"


@pytest.fixture
async def fake() -> AsyncGenerator[FakeNgrok]:
    """Serve an empty fake."""
    async with FakeNgrok() as running:
        yield running


@pytest.fixture
async def ngrok(fake: FakeNgrok) -> AsyncGenerator[Client]:
    """Call it, and repeat nothing."""
    async with Client(fake.api_key, base_url=fake.url, retry=None) as client:
        yield client


async def left(ngrok: Client) -> int:
    """Return how much there is."""
    lists = (ngrok.credentials, ngrok.reserved_domains, ngrok.endpoints, ngrok.tunnel_sessions)
    return sum([len(await resource.list().collect()) for resource in lists])


def sent(fake: FakeNgrok, *methods: str) -> list[str]:
    """Return the lists that requests of some methods concerned, in their order."""
    return [request.path.split("/")[1] for request in fake.requests if request.method in methods]


async def test_adds_all_that_a_device_needs(ngrok: Client) -> None:
    """Its authtoken is good for its own internal URL, to which its public one leads."""
    what = await add(ngrok, DEVICE)
    credential = await ngrok.credentials.list().one()
    endpoint = await ngrok.endpoints.list().one()
    domain = await ngrok.reserved_domains.list().one()

    assert {"credential": "created", "domain": "created", "endpoint": "created"} == what.steps
    assert what.token is not None
    assert what.token not in repr(what)
    assert ("bind:camera-17.internal",) == credential.acl
    assert "https://camera-17.devices.example.com" == endpoint.url
    assert "https://camera-17.internal" in endpoint.traffic_policy
    assert "camera-17.devices.example.com" == domain.domain


async def test_adding_again_changes_what_differs(fake: FakeNgrok, ngrok: Client) -> None:
    """Nothing is made twice, the token stays, and a policy that somebody changed comes back."""
    await add(ngrok, DEVICE)
    endpoint = await ngrok.endpoints.list().one()
    await ngrok.endpoints.update(endpoint, traffic_policy="{}")
    fake.requests.clear()
    again = await add(ngrok, DEVICE)

    assert {"credential": "unchanged", "domain": "unchanged", "endpoint": "updated"} == again.steps
    assert again.token is None
    assert [] == sent(fake, "POST")
    assert 3 == await left(ngrok)


@pytest.mark.parametrize(
    "route", ["POST /credentials", "POST /reserved_domains", "POST /endpoints"]
)
async def test_a_step_that_fails_leaves_nothing(fake: FakeNgrok, ngrok: Client, route: str) -> None:
    """What the steps before have made is deleted."""
    fake.fail(400, route=route)
    with pytest.raises(BadRequestError):
        await add(ngrok, DEVICE)

    assert 0 == await left(ngrok)


async def test_a_step_that_fails_leaves_what_was_there(fake: FakeNgrok, ngrok: Client) -> None:
    """What an earlier call has made is not this one's to delete."""
    await add(ngrok, DEVICE)
    await ngrok.endpoints.delete(await ngrok.endpoints.list().one())
    fake.fail(400, route="POST /endpoints")
    with pytest.raises(BadRequestError):
        await add(ngrok, DEVICE)

    assert 2 == await left(ngrok)


async def test_removes_in_an_order_that_ngrok_allows(fake: FakeNgrok, ngrok: Client) -> None:
    """The endpoint before its domain, and the credential before the agent that could come back."""
    await add(ngrok, DEVICE)
    other = await ngrok.credentials.create(description="of another device")
    credential = await ngrok.credentials.list(before_id=other.id).first()
    assert credential is not None
    fake.add_agent(credential=credential.id)
    fake.add_agent(credential=other.id)
    fake.requests.clear()
    done = await remove(ngrok, DEVICE)

    expected = ["endpoints", "credentials", "tunnel_sessions", "reserved_domains"]
    assert expected == sent(fake, "DELETE", "POST")
    assert len(expected) == len(done)
    assert [] == await remove(ngrok, DEVICE)
    assert [other.id] == [each.id for each in await ngrok.credentials.list().collect()]


async def test_removing_goes_on_when_a_step_fails(fake: FakeNgrok, ngrok: Client) -> None:
    """The error comes out at the end, and the next call does the rest."""
    await add(ngrok, DEVICE)
    fake.fail(500, route="DELETE /credentials/{id}")
    with pytest.raises(ServerError):
        await remove(ngrok, DEVICE)

    assert 1 == await left(ngrok)
    assert 1 == len(await remove(ngrok, DEVICE))


async def test_lends_a_device_and_takes_it_down(fake: FakeNgrok, ngrok: Client) -> None:
    """Cancelled in the middle of the block, it still deletes in the reverse order."""
    is_there = asyncio.Event()

    async def hold() -> None:
        async with lent(ngrok, DEVICE) as what:
            assert what.token
            is_there.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await is_there.wait()
    assert 3 == await left(ngrok)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert ["credentials", "reserved_domains", "endpoints"] == sent(fake, "POST")
    assert ["endpoints", "reserved_domains", "credentials"] == sent(fake, "DELETE")


async def test_program_with_an_account(fake: FakeNgrok) -> None:
    """It does the one thing that it was asked for; the token is shown once, by `add`."""
    account = {"NGROK_API_KEY": fake.api_key, "NGROK_API_URL": fake.url}
    added, again, removed = [await run(command, **account) for command in ("add", "add", "remove")]

    assert [1, 0, 0] == [out.count("--authtoken") for out in (added, again, removed)]
    assert ["credentials", "reserved_domains", "endpoints"] == sent(fake, "POST")
    assert 3 == removed.count("removed: ")


async def test_program_without_an_account() -> None:
    """It shows everything at a fake."""
    out = await run("add", NGROK_API_KEY="")

    assert "credential: created\ndomain: created\nendpoint: created\nfor the device: " in out
    assert "credential: unchanged\ndomain: unchanged\nendpoint: unchanged\n-- remove" in out
    assert 3 == out.count("removed: ")


async def run(command: str, **environment: str) -> str:
    """Run the program, and return what it prints."""
    arguments = (str(PROGRAM), command, "camera-17", "--domain", "devices.example.com")
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "dev", "-W", "error", *arguments),
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await program.communicate()

    assert 0 == program.returncode, err.decode()
    assert b"Traceback" not in err
    return out.decode()
