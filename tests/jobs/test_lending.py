"""What is lent for a while is gone afterwards, or named in what is raised."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from ngrok_async import Client
from ngrok_async.errors import (
    BadRequestError,
    ConnectionLostError,
    LeftOverError,
    NgrokError,
)
from ngrok_async.jobs import temporary
from ngrok_async.resources.vaults import Vault
from ngrok_async.testing import FakeNgrok
from tests.rendering import leaks

SECRET = "mustNotShow"
OF_LENDING = "_awaited"
"""The name of what runs in the tasks of a create, a delete and a look."""


def shows_it(error: BaseException) -> bool:
    """Tell whether the secret is seen by whoever looks at an error."""
    return bool(leaks(error, ["mustNotShow"]))


@pytest.fixture
async def ngrok(fake: FakeNgrok) -> AsyncIterator[Client]:
    """Open a client of the fake that goes by its clock, and repeats nothing."""
    async with Client(fake.api_key, base_url=fake.url, clock=fake.clock, retry=None) as ngrok:
        yield ngrok


async def vaults(fake: FakeNgrok) -> set[str]:
    """Return the ids of what there is, for the price of a request."""
    fake.heal()
    async with Client(fake.api_key, base_url=fake.url, limiter=None) as other:
        return {vault.id for vault in await other.vaults.list().collect()}


def named(error: BaseException | None) -> str:
    """Return everything that an exception and its causes say of what may be left."""
    told = ""
    while error is not None:
        told += " ".join([str(error), *getattr(error, "__notes__", ())])
        if isinstance(error, LeftOverError):
            told += " ".join([error.id or "", *(item.id for item in error.candidates)])
        error = error.__cause__
    return told


async def lend(ngrok: Client, body: Callable[[Vault], Awaitable[object]] | None = None) -> None:
    """Lend a vault and do something with it."""
    async with temporary(ngrok.vaults, name="lent", metadata={"for": "a while"}) as vault:
        await (asyncio.sleep(0) if body is None else body(vault))


async def outcome(work: Awaitable[object]) -> BaseException | None:
    """Return what it raises."""
    try:
        await work
    except BaseException as error:  # noqa: BLE001 # cancellations above all
        return error
    return None


async def test_there_while_it_is_used(fake: FakeNgrok, ngrok: Client) -> None:
    """It is created at the beginning and deleted at the end, one request each."""

    async def look(vault: Vault) -> None:
        assert "lent" == vault.name
        assert '{"for":"a while"}' == vault.metadata
        assert {vault.id} == await vaults(fake)
        fake.requests.clear()

    await lend(ngrok, look)

    assert ["DELETE"] == [request.method for request in fake.requests]
    assert set() == await vaults(fake)


async def test_gone_after_an_exception(fake: FakeNgrok, ngrok: Client) -> None:
    """The block's exception comes out as it is."""
    failure = RuntimeError("of the block")

    async def fail(_vault: Vault) -> None:
        raise failure

    assert failure is await outcome(lend(ngrok, fail))
    assert not hasattr(failure, "__notes__")
    assert set() == await vaults(fake)


async def test_deleted_by_somebody_else(fake: FakeNgrok, ngrok: Client) -> None:
    """That it is gone already is fine."""
    await lend(ngrok, lambda vault: ngrok.vaults.delete(vault.id))

    assert set() == await vaults(fake)


FAULTS: list[Mapping[str, Any]] = [
    {},
    {"drop": True},
    {"drop": True, "applied": True},
    {"status": 503},
    {"status": 503, "applied": True},
    {"status": 200, "body": b"no JSON", "content_type": "application/json", "applied": True},
    {"status": 400},
]
ROUTES = ["POST /vaults", "DELETE /vaults/{id}", "GET /vaults"]


async def cancelled_at(step: int, work: Awaitable[None], also: int | None) -> tuple[Any, bool]:
    """Cancel work at a step of the loop.

    Args:
        step: Which one.
        work: What is cancelled.
        also: How many steps later it is cancelled again; None: the tasks that it has started are
            cancelled along with it, as by a loop that ends.

    Returns:
        What it raised, and whether it was done before.
    """
    task = asyncio.ensure_future(work)
    for _ in range(step):
        await asyncio.sleep(0)
    was_done = task.done()
    task.cancel()
    if also is None:
        for each in asyncio.all_tasks():
            if OF_LENDING in getattr(each.get_coro(), "__qualname__", ""):
                each.cancel()
    for _ in range(also or 0):
        await asyncio.sleep(0)
        task.cancel()
    return await outcome(task), was_done


@pytest.mark.parametrize("also", [0, 1, None])
async def test_cancelled_at_every_step(fake: FakeNgrok, ngrok: Client, also: int | None) -> None:
    """Nothing is left that is not named, and the cancellation comes out of it."""
    seen: set[tuple[str, ...]] = set()
    for step in range(2000):
        fake.requests.clear()
        error, was_done = await cancelled_at(step, lend(ngrok), also)
        if was_done:
            break
        assert isinstance(error, asyncio.CancelledError)
        seen.add(tuple(request.method for request in fake.requests))
        left = await vaults(fake)
        assert all(id_ in named(error) for id_ in left)
        assert also is None or not left
        fake.clock.advance(60.0)
        await clear(fake, ngrok)
    assert {(), ("POST", "DELETE")} <= seen


async def clear(fake: FakeNgrok, ngrok: Client) -> None:
    """Delete everything."""
    for id_ in await vaults(fake):
        await ngrok.vaults.delete(id_)


@pytest.mark.parametrize("fault", FAULTS[1:], ids=str)
@pytest.mark.parametrize("route", ROUTES)
async def test_faults_at_every_request_and_cancelled_at_every_step(
    fake: FakeNgrok, ngrok: Client, route: str, fault: Mapping[str, Any]
) -> None:
    """Nothing is left that is not named, whatever comes together."""
    for step in [*range(24), None]:
        fake.fail(route=route, **fault)
        if route == ROUTES[2]:
            fake.fail(route=ROUTES[0], drop=True, applied=True)
        if step is None:
            error = await outcome(lend(ngrok))
        else:
            error, was_done = await cancelled_at(step, lend(ngrok), 0)
            assert was_done or isinstance(error, asyncio.CancelledError)
        left = await vaults(fake)
        look_failed = "looking for it failed" in named(error)
        assert look_failed or all(id_ in named(error) for id_ in left)
        assert error is not None or not left
        fake.clock.advance(60.0)
        await clear(fake, ngrok)


@pytest.mark.parametrize("fault", FAULTS[1:4], ids=str)
async def test_a_delete_that_fails(
    fake: FakeNgrok, ngrok: Client, fault: Mapping[str, Any]
) -> None:
    """The error has the id and comes from what the delete raised."""
    fake.fail(route="DELETE /vaults/{id}", **fault)

    with pytest.raises(LeftOverError) as caught:
        await lend(ngrok)

    assert isinstance(caught.value.__cause__, NgrokError)
    assert caught.value.id is not None
    assert caught.value.id in str(caught.value)
    assert () == caught.value.candidates


async def test_the_blocks_exception_stays_the_main_one(
    fake: FakeNgrok, ngrok: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """It gets a note with the id, and a warning is logged."""
    fake.fail(503, route="DELETE /vaults/{id}")
    failure = RuntimeError("of the block")

    async def fail(_vault: Vault) -> None:
        raise failure

    with caplog.at_level(logging.WARNING, "ngrok_async.jobs"):
        assert failure is await outcome(lend(ngrok, fail))

    (left,) = await vaults(fake)
    assert left in failure.__notes__[0]
    assert left in caplog.text
    assert failure.__cause__ is None


async def test_after_an_ambiguous_create_it_looks_once(fake: FakeNgrok, ngrok: Client) -> None:
    """What looks like it is named, the newest first, and stays; what does not is not."""
    fake.add("/vaults", name="lending", metadata='{"for": "a while"}')
    fake.add("/vaults", name="other", metadata='{"for": "a while"}')
    fake.fail(drop=True, applied=True, route="POST /vaults")

    with pytest.raises(LeftOverError) as caught:
        await lend(ngrok)

    assert ["POST", "GET"] == [request.method for request in fake.requests]
    assert isinstance(caught.value.__cause__, ConnectionLostError)
    assert caught.value.id is None
    assert caught.value.maybe_applied
    (vault,) = caught.value.candidates
    assert vault.id in await vaults(fake)


async def test_several_look_like_it(fake: FakeNgrok, ngrok: Client) -> None:
    """All of them are named, newest first, though most are somebody else's."""
    for _ in range(2):
        await ngrok.ip_policies.create(description="lent")
    fake.fail(drop=True, applied=True, route="POST /ip_policies")

    with pytest.raises(LeftOverError) as caught:
        async with temporary(ngrok.ip_policies, description="lent"):
            pytest.fail("nothing is known to be there")

    page = await ngrok.ip_policies.list()
    assert [item.id for item in page.items] == [item.id for item in caught.value.candidates]
    assert 3 == len(page.items)


async def test_an_ambiguous_create_that_made_nothing(fake: FakeNgrok, ngrok: Client) -> None:
    """The error is that of the create."""
    fake.fail(drop=True, route="POST /vaults")

    error = await outcome(lend(ngrok))

    assert isinstance(error, ConnectionLostError)
    assert ["POST", "GET"] == [request.method for request in fake.requests]


async def test_a_create_that_is_refused(fake: FakeNgrok, ngrok: Client) -> None:
    """The error is that of the create, and nothing is looked for."""
    fake.fail(400, route="POST /vaults")

    assert isinstance(await outcome(lend(ngrok)), BadRequestError)
    assert ["POST"] == [request.method for request in fake.requests]


async def test_the_look_fails_too(fake: FakeNgrok, ngrok: Client) -> None:
    """Then nobody knows, and the error says so."""
    fake.fail(drop=True, applied=True, route="POST /vaults")
    fake.fail(503, route="GET /vaults")

    error = await outcome(lend(ngrok))

    assert isinstance(error, LeftOverError)
    assert (None, ()) == (error.id, error.candidates)
    assert "ServerError" in str(error)


async def past(fake: FakeNgrok, seconds: float, task: "asyncio.Task[None]") -> None:
    """Turn the clock when everything that can happen without it has happened."""
    await fake.clock.wait_for_timer()
    for _ in range(50):
        await asyncio.sleep(0)
    assert not task.done()
    fake.clock.advance(seconds)


async def test_a_delete_is_cut_after_ten_seconds(fake: FakeNgrok, ngrok: Client) -> None:
    """It is not waited for any longer, and the id is named."""
    fake.fail(stall=True, route="DELETE /vaults/{id}")
    task = asyncio.create_task(lend(ngrok))
    await fake.wait_for_requests(2)

    await past(fake, 9.9, task)
    assert not task.done()
    fake.clock.advance(0.2)
    error = await outcome(task)

    assert isinstance(error, LeftOverError)
    (left,) = await vaults(fake)
    assert left == error.id
    assert 2 == sum(request.path.startswith("/vaults") for request in fake.requests[:2])


async def test_a_create_is_not_cut_before_its_caller_is_cancelled(
    fake: FakeNgrok, ngrok: Client
) -> None:
    """Ten seconds count from the cancellation on; then it looks for what was made."""
    fake.fail(stall=True, applied=True, route="POST /vaults")
    task = asyncio.create_task(lend(ngrok))
    await fake.wait_for_requests()
    fake.clock.advance(15.0)
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()

    await past(fake, 9.9, task)
    fake.clock.advance(0.2)
    error = await outcome(task)

    assert isinstance(error, asyncio.CancelledError)
    (left,) = await vaults(fake)
    assert left in error.__notes__[0]
    assert isinstance(error.__cause__, LeftOverError)
    assert [left] == [item.id for item in error.__cause__.candidates]


async def test_a_timeout_stays_one(fake: FakeNgrok, ngrok: Client) -> None:
    """`asyncio.timeout` around it works as around anything else."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await lend(ngrok, lambda _vault: asyncio.sleep(60))

    assert set() == await vaults(fake)


async def test_the_block_may_close_the_client(fake: FakeNgrok, ngrok: Client) -> None:
    """Then nothing can be deleted, and the id is named."""
    error = await outcome(lend(ngrok, lambda _vault: ngrok.aclose()))

    (left,) = await vaults(fake)
    assert isinstance(error, LeftOverError)
    assert left == error.id


async def test_a_delete_that_is_cancelled_by_others(ngrok: Client) -> None:
    """It is begun once more, as a loop that ends cancels all tasks; then the id is named."""
    deleted: list[str] = []

    class Cancelled:
        """A resource that cannot delete."""

        client, create, list = ngrok, ngrok.vaults.create, ngrok.vaults.list

        async def delete(self, id_: str) -> None:
            deleted.append(id_)
            raise asyncio.CancelledError

    with pytest.raises(LeftOverError, match="it was cut") as caught:
        async with temporary(Cancelled(), name="lent") as vault:
            pass

    assert [vault.id, vault.id] == deleted
    assert vault.id == caught.value.id


async def test_used_once(fake: FakeNgrok, ngrok: Client) -> None:
    """A second use could lose sight of the first item."""
    lent = temporary(ngrok.vaults, name="lent")
    async with lent:
        with pytest.raises(RuntimeError, match="has been used"):
            await lent.__aenter__()

    assert set() == await vaults(fake)


async def test_misuse_is_refused_before_anything_is_sent(fake: FakeNgrok, ngrok: Client) -> None:
    """What cannot be lent, and arguments that cannot be sent."""
    anything: Any = temporary
    for resource in (ngrok, ngrok.tunnel_sessions, ngrok.event_sources, ngrok.edges):
        with pytest.raises(TypeError, match="takes a resource that has `create`"):
            anything(resource)
    with pytest.raises(TypeError, match="nam"):
        anything(ngrok.vaults, nam="lent")
    with pytest.raises(ValueError, match="name must be a string, got 5"):
        anything(ngrok.vaults, name=5)

    assert [] == fake.requests


@pytest.mark.parametrize("fault", FAULTS[1:], ids=str)
async def test_shows_no_secret(fake: FakeNgrok, ngrok: Client, fault: Mapping[str, Any]) -> None:
    """Neither what is lent nor an error has the value of a secret, nor the frames behind it."""
    vault = await ngrok.vaults.create(name="lent")
    lent = temporary(ngrok.secrets, name="a", value=SECRET, vault_id=vault)
    fake.fail(route="POST /vault_secrets", **fault)

    error = await outcome(lent.__aenter__())

    assert error is not None
    assert not shows_it(error)
    assert "mustNotShow" not in repr(lent)


async def test_a_mistake_shows_no_secret(ngrok: Client) -> None:
    """Neither does that of an argument."""
    anything: Any = temporary
    with pytest.raises(TypeError) as caught:
        anything(ngrok.secrets, nam="a", value=SECRET)

    assert not shows_it(caught.value)


async def test_cancelled_in_the_line_of_the_rate_limit_it_ends_at_once(
    fake: FakeNgrok, ngrok: Client
) -> None:
    """Nothing of it has left, so there is nothing to wait for."""
    for _ in range(120):
        await ngrok.ip_policies.list(limit=1)

    async def lend() -> None:
        async with temporary(ngrok.ip_policies, description="late"):
            raise AssertionError

    task = asyncio.ensure_future(lend())
    while not (ngrok.budget and ngrok.budget.waiting):  # noqa: ASYNC110 # no event tells
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)

    assert (0, 120) == (fake.clock.time(), len(fake.requests))
