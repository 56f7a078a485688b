"""Gives a device what it needs at ngrok, and takes it away again: a URL, a domain, an authtoken.

    NGROK_API_KEY=... python examples/provision_device.py add camera-17 --domain example.com
    NGROK_API_KEY=... python examples/provision_device.py remove camera-17 --domain example.com
    NGROK_API_KEY=... python examples/provision_device.py lend camera-17 --domain example.com

`add` may be said again: what is there already stays, and what differs is brought to what it should
be. If a step fails, what the steps before have made is deleted. `remove` takes down in the order in
which ngrok lets things go, and goes on when one of them fails. `lend` keeps the device until
Ctrl-C. Without NGROK_API_KEY all of it happens at a fake ngrok inside this process, which forgets
it at the end.

The device's agent offers an internal endpoint, and a cloud endpoint under the device's domain
forwards to it, so what is public stays there when the device is not:

    ngrok http 80 --url https://camera-17.internal --authtoken ...
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import attrs

from ngrok_async import Client, NgrokError, NotFoundError
from ngrok_async.jobs import ensure, temporary
from ngrok_async.resources.credentials import Credential
from ngrok_async.testing import FakeNgrok


@attrs.frozen
class Device:
    """What a device has at ngrok.

    Attributes:
        name: What it is called; its domain and the internal URL of its agent begin with it.
        domain: The domain that it is one label below.
    """

    name: str
    domain: str

    @property
    def host(self) -> str:
        """The domain of its own."""
        return f"{self.name}.{self.domain}"

    @property
    def url(self) -> str:
        """Where the world reaches it."""
        return f"https://{self.host}"

    @property
    def inner_url(self) -> str:
        """What its agent offers, for ngrok alone."""
        return f"https://{self.name}.internal"

    @property
    def acl(self) -> list[str]:
        """All that its authtoken is good for."""
        return [f"bind:{self.name}.internal"]

    @property
    def mark(self) -> str:
        """By what its credential is found again, as credentials have no names."""
        return f"device:{self.host}"

    @property
    def policy(self) -> dict[str, object]:
        """What its cloud endpoint does with traffic."""
        forward = {"type": "forward-internal", "config": {"url": self.inner_url}}
        return {"on_http_request": [{"actions": [forward]}]}


@attrs.frozen
class Provisioned:
    """What was done for a device.

    Attributes:
        steps: What became of each thing.
        token: Its authtoken, which nothing shows again; None if it had one before.
    """

    steps: Mapping[str, str]
    token: str | None = attrs.field(default=None, repr=False)


async def add(ngrok: Client, device: Device) -> Provisioned:
    """Have everything there that a device needs.

    Raises:
        NgrokError: A step failed; what this call had created is deleted.
    """
    async with AsyncExitStack() as undo:
        steps: dict[str, str] = {}
        token: str | None = None
        credential = await credential_of(ngrok, device)
        if credential is None:
            made = await ngrok.credentials.create(
                description=device.name, metadata=device.mark, acl=device.acl
            )
            undo.push_async_callback(ngrok.credentials.delete, made.id)
            token = made.token
        steps["credential"] = "unchanged" if token is None else "created"
        reserved, steps["domain"] = await ensure(ngrok.reserved_domains, domain=device.host)
        if steps["domain"] == "created":
            undo.push_async_callback(ngrok.reserved_domains.delete, reserved.id)
        _, steps["endpoint"] = await ensure(
            ngrok.endpoints, url=device.url, type="cloud", traffic_policy=device.policy
        )
        undo.pop_all()  # all is there, so nothing is taken back
    return Provisioned(steps, token)


@asynccontextmanager
async def lent(ngrok: Client, device: Device) -> AsyncGenerator[Provisioned]:
    """Have a device for as long as the block runs, however that ends.

    What is made last goes first, as an exit stack has it: the endpoint before its domain, which
    could not go while it is used.
    """
    async with AsyncExitStack() as stack:
        credential = await stack.enter_async_context(
            temporary(
                ngrok.credentials, description=device.name, metadata=device.mark, acl=device.acl
            )
        )
        await stack.enter_async_context(temporary(ngrok.reserved_domains, domain=device.host))
        await stack.enter_async_context(
            temporary(ngrok.endpoints, url=device.url, type="cloud", traffic_policy=device.policy)
        )
        steps: dict[str, str] = dict.fromkeys(("credential", "domain", "endpoint"), "created")
        yield Provisioned(steps, credential.token)


async def remove(ngrok: Client, device: Device) -> list[str]:
    """Take everything down that a device has; what is not there is fine.

    Returns:
        The ids of what was taken down, in that order.

    Raises:
        NgrokError: A step failed; the others were made all the same.
    """
    done: list[str] = []

    async def step(command: Callable[[str], Awaitable[None]], item: str) -> None:
        with suppress(NotFoundError):  # somebody else was faster
            await command(item)
            done.append(item)

    # The last one that is pushed goes first, and each is tried though one before has failed.
    async with AsyncExitStack() as steps:
        domains = ngrok.reserved_domains.fields.domain == device.host
        async for domain in ngrok.reserved_domains.list(filter=domains):
            steps.push_async_callback(step, ngrok.reserved_domains.delete, domain.id)
        credential = await credential_of(ngrok, device)
        if credential is not None:
            # Behind the credential: an agent that something starts again is not let in any more.
            sessions = ngrok.tunnel_sessions.fields.credential == credential
            async for session in ngrok.tunnel_sessions.list(filter=sessions):
                steps.push_async_callback(step, ngrok.tunnel_sessions.stop, session.id)
            steps.push_async_callback(step, ngrok.credentials.delete, credential.id)
        async for endpoint in ngrok.endpoints.list(filter=ngrok.endpoints.fields.url == device.url):
            if endpoint.type == "cloud":
                steps.push_async_callback(step, ngrok.endpoints.delete, endpoint.id)
    return done


async def credential_of(ngrok: Client, device: Device) -> Credential | None:
    """Return the newest credential of a device, if it has one."""
    mark = ngrok.credentials.fields.metadata == device.mark
    return await ngrok.credentials.list(filter=mark).first()


def report(device: Device, what: Provisioned) -> None:
    """Print what was done, and once the token."""
    for name, outcome in what.steps.items():
        print(f"{name}: {outcome}")
    if what.token is not None:
        print(f"for the device: --url {device.inner_url} --authtoken {what.token}")


async def work(ngrok: Client, command: str, device: Device) -> None:
    """Do one command."""
    if command == "add":
        report(device, await add(ngrok, device))
    elif command == "remove":
        for item in await remove(ngrok, device):
            print(f"removed: {item}")
    else:
        async with lent(ngrok, device) as what:
            report(device, what)
            print("Ctrl-C takes it away again")
            await asyncio.Event().wait()


async def main(command: str, device: Device) -> None:
    """Do one command with the account of the environment, or all but lending with a fake."""
    async with AsyncExitStack() as stack:
        if os.environ.get("NGROK_API_KEY"):
            await work(await stack.enter_async_context(Client()), command, device)
            return
        fake = await stack.enter_async_context(FakeNgrok())
        print("No NGROK_API_KEY: this is a fake ngrok", file=sys.stderr)
        ngrok = await stack.enter_async_context(Client(fake.api_key, base_url=fake.url))
        for each in ("add", "add", "remove"):
            print(f"-- {each} {device.name}")
            await work(ngrok, each, device)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Give a device what it needs at ngrok.")
    parser.add_argument("command", choices=("add", "remove", "lend"))
    parser.add_argument("name", help="such as camera-17")
    parser.add_argument("--domain", required=True, help="what it is one label below")
    given = parser.parse_args()
    try:
        asyncio.run(main(given.command, Device(given.name, given.domain)))
    except NgrokError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    except KeyboardInterrupt:
        pass  # and everything is taken away by now
